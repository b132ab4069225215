/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Reading a configuration with the parser that knotd has for it, and the files it includes in the
 * way knotd does: relative to the file that includes them, with wildcards, folders left out. Then
 * from its text to zones, their files and their stanzas.
 */

#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libknot/yparser/yparser.h>

#include "kmxcheck/config.h"
#include "kmxcheck/file.h"
#include "kmxcheck/lang.h"
#include "kmxcheck/xalloc.h"

#define MODULE "mod-mxguard"

/* The limit of knotd: a file that includes itself would never end. */
#define DEPTH_MAX 6

static const source_pos_t nowhere = { .file = NULL };

/* The text */

static const char *const section_names[CONF_SECTION_COUNT] = {
	[CONF_ZONE]     = "zone",
	[CONF_TEMPLATE] = "template",
	[CONF_MXGUARD]  = "mod-mxguard",
	[CONF_SERVER]   = "server",
	[CONF_CONTROL]  = "control",
};

/* NULL: a section without ids. */
static const char *const id_names[CONF_SECTION_COUNT] = {
	[CONF_ZONE]     = "domain",
	[CONF_TEMPLATE] = "id",
	[CONF_MXGUARD]  = "id",
};

/*! A configuration file being read. */
typedef struct {
	config_t *config;
	const char *file;
	unsigned depth;
	conf_section_t section; /*!< CONF_SECTION_COUNT: one that is skipped. */
	conf_group_t *group;    /*!< NULL before the first id of a section. */
	char *err;
} conf_reader_t;

static int read_file(config_t *config, const char *path, source_pos_t from, unsigned depth,
                     char *err);

static void add_group(conf_reader_t *reader, const char *id, source_pos_t pos)
{
	reader->group = xadd(&reader->config->sections[reader->section]);
	*reader->group = (conf_group_t){ .id = xstrdup(id), .pos = pos };
}

static void add_value(conf_reader_t *reader, const char *item, const char *data, source_pos_t pos)
{
	*(conf_value_t *)xadd(&reader->group->values) = (conf_value_t){
		.item = xstrdup(item), .text = xstrdup(data), .pos = pos
	};
}

/*! Reads the files that match a pattern, as knotd does: no match is fine if there is a wildcard. */
static int include(conf_reader_t *reader, const char *pattern, source_pos_t pos)
{
	if (pattern[0] == '\0') {
		return error_at(reader->err, KNOT_EINVAL, pos,
		                _("item 'include': a file is missing"));
	}
	char *real = realpath(reader->file, NULL);
	bool relative = pattern[0] != '/' && real != NULL;
	char *path = xformat("%s%s%s", relative ? dirname(real) : "", relative ? "/" : "", pattern);
	free(real);

	glob_t found = { 0 };
	int ret = glob(path, 0, NULL, &found);
	if (ret == 0 || (ret == GLOB_NOMATCH && strchr(path, '*') != NULL)) {
		ret = KNOT_EOK;
	} else {
		ret = error_at(reader->err, KNOT_EINVAL, pos, _("item 'include', value '%s': %s"),
		               pattern, ret == GLOB_NOMATCH ? _("there is no such file")
		                                            : _("can't be read"));
	}
	for (size_t i = 0; ret == KNOT_EOK && i < found.gl_pathc; i++) {
		struct stat st;
		bool known = stat(found.gl_pathv[i], &st) == 0;
		/* Other than knotd, say so where a FIFO or device is named, not only matched. */
		if (known && (S_ISREG(st.st_mode) ||
		              (!S_ISDIR(st.st_mode) && strchr(path, '*') == NULL))) {
			ret = read_file(reader->config, found.gl_pathv[i], pos, reader->depth + 1,
			                reader->err);
		}
	}
	globfree(&found);
	free(path);
	return ret;
}

static conf_section_t section_of(const char *name)
{
	conf_section_t section = 0;
	while (section < CONF_SECTION_COUNT && strcmp(section_names[section], name) != 0) {
		section++;
	}
	return section;
}

static int add_parsed(conf_reader_t *reader, const yp_parser_t *parser)
{
	const source_pos_t pos = { reader->file, parser->line_count };
	if (parser->event == YP_EKEY0) {
		reader->group = NULL;
		reader->section = section_of(parser->key);
		if (strcmp(parser->key, "include") == 0) {
			return include(reader, parser->data, pos);
		}
		if (reader->section < CONF_SECTION_COUNT && parser->data_len > 0) {
			return error_at(reader->err, KNOT_EINVAL, pos,
			                _("section '%s' can't have a value"), parser->key);
		}
		return KNOT_EOK;
	}
	if (reader->section == CONF_SECTION_COUNT) {
		return KNOT_EOK;
	}

	const char *id = id_names[reader->section];
	if (id == NULL) {
		reader->group = reader->config->sections[reader->section].at;
		if (reader->group == NULL) {
			add_group(reader, "", pos);
		}
		add_value(reader, parser->key, parser->data, pos);
		return KNOT_EOK;
	}
	if ((parser->event == YP_EID) != (strcmp(parser->key, id) == 0)) {
		return error_at(reader->err, KNOT_EINVAL, pos,
		                _("item '%s' where section '%s' needs '- %s'"), parser->key,
		                section_names[reader->section], id);
	}
	if (parser->event == YP_EID && parser->data_len == 0) {
		return error_at(reader->err, KNOT_EINVAL, pos, _("item '%s': no value"), id);
	} else if (parser->event == YP_EID) {
		add_group(reader, parser->data, pos);
	} else if (reader->group == NULL) {
		return error_at(reader->err, KNOT_EINVAL, pos, _("item '%s' before '- %s'"),
		                parser->key, id);
	} else {
		add_value(reader, parser->key, parser->data, pos);
	}
	return KNOT_EOK;
}

static int read_items(conf_reader_t *reader, yp_parser_t *parser)
{
	int ret;
	while ((ret = yp_parse(parser)) == KNOT_EOK) {
		ret = add_parsed(reader, parser);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	if (ret == KNOT_EOF) {
		return KNOT_EOK;
	}
	const source_pos_t pos = { reader->file, parser->line_count };
	(void)error_at(reader->err, KNOT_EINVAL, pos, _("not the form of a Knot DNS "
	               "configuration (%s)"), knot_strerror(ret));
	return ret;
}

static int read_file(config_t *config, const char *path, source_pos_t from, unsigned depth,
                     char *err)
{
	if (depth > DEPTH_MAX) {
		return error_at(err, KNOT_EINVAL, from, _("item 'include': too deep, a loop?"));
	}
	char **file = xadd(&config->files);
	conf_reader_t reader = {
		.config = config, .file = *file = xstrdup(path), .depth = depth,
		.section = CONF_SECTION_COUNT, .err = err
	};
	text_t text;
	const char *what;
	int ret = file_read(path, false, &text, &what);
	if (ret != KNOT_EOK) {
		free(text.at);
		return error_at(err, ret, from, _("%s: can't be read (%s)"), path, what);
	}
	yp_parser_t *parser = xcalloc(1, sizeof(*parser)); /* Too big for the stack. */
	yp_init(parser);
	ret = yp_set_input_string(parser, text.at, text.size);
	if (ret == KNOT_EOK) {
		ret = read_items(&reader, parser);
	}
	yp_deinit(parser);
	free(parser);
	free(text.at);
	return ret;
}

/*! The last value of an item, or NULL if it is not set. No group has no items. */
static const conf_value_t *last_value(const conf_group_t *group, const char *item)
{
	for (size_t i = group != NULL ? group->values.count : 0; i > 0; i--) {
		if (strcmp(group->values.at[i - 1].item, item) == 0) {
			return &group->values.at[i - 1];
		}
	}
	return NULL;
}

static int bad_value(char *err, const conf_value_t *value, const char *what)
{
	return error_at(err, KNOT_EINVAL, value->pos, _("item '%s', value '%s': %s"), value->item,
	                value->text, what);
}

/* Names of zone files. A zone's name may hold slashes, which become underscores: a name must not
 * lead out of its folder. */

/* The limit of knotd. */
#define PATH_LEN_MAX 1023
#define INDEX_MAX    255

/*! Writes the characters first to end - 1 of a name. */
static void write_name(FILE *out, const char *text, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++) {
		(void)fputc(text[i] == '/' ? '_' : text[i], out);
	}
}

/*! Writes a label, counted from the right; 0 is the one below the root. */
static void write_label(FILE *out, const knot_dname_t *zone, unsigned index)
{
	size_t labels = name_labels(zone);
	if (labels <= index) {
		return;
	}
	zone = name_parent(zone, labels - index - 1);
	knot_dname_t label[1 + KNOT_DNAME_MAXLABELLEN + 1] = { 0 };
	knot_dname_txt_storage_t text;
	memcpy(label, zone, 1 + zone[0]);
	(void)name_text(text, label);
	write_name(out, text, 0, strlen(text) - 1);
}

/*! Reads "[N]", or where a range is allowed "[N-M]", and moves behind it. */
static bool read_index(const char **at, bool range, unsigned *first, unsigned *last)
{
	int size = 0;
	if (sscanf(*at, "[%3u]%n", first, &size) == 1 && size > 0) {
		*last = *first;
	} else if (!range || sscanf(*at, "[%3u-%3u]%n", first, last, &size) != 2) {
		return false;
	}
	/* sscanf() accepts a sign or a space, too. */
	bool fine = size > 0 && strspn(*at, "[]-0123456789") >= (size_t)size &&
	            *first <= *last && *last <= INDEX_MAX;
	*at += size;
	return fine;
}

/*! Writes what a formatter stands for; at is behind the percent sign and is moved behind the rest.
 *  False: an index is missing or wrong. */
static bool write_format(FILE *out, const char **at, const knot_dname_t *zone)
{
	knot_dname_txt_storage_t text;
	unsigned first, last;
	char type = **at;
	size_t len = strlen(name_text(text, zone));
	*at += (type != '\0');
	if ((type == 'c' || type == 'l') && !read_index(at, type == 'c', &first, &last)) {
		return false;
	}
	switch (type) {
	case '%':
		(void)fputc('%', out);
		break;
	case 's': /* Without the final dot: nothing is left of the root. */
		write_name(out, text, 0, len - 1);
		break;
	case 'c': /* Of the name with its final dot. Beyond its end there are no characters. */
		write_name(out, text, first, last < len ? last + 1 : len);
		break;
	case 'l':
		write_label(out, zone, first);
		break;
	}
	return true;
}

int zonefile_path(char **out, const char *storage, const char *file, const knot_dname_t *zone)
{
	char *name = NULL;
	size_t size = 0;
	FILE *stream = xcheck(open_memstream(&name, &size));
	bool fine = true;
	while (*file != '\0' && fine) {
		if (*file == '%') {
			file++;
			fine = write_format(stream, &file, zone);
		} else {
			(void)fputc(*file++, stream);
		}
	}
	xdone(fclose(stream) == 0);
	bool absolute = name[0] == '/';
	*out = fine && size <= PATH_LEN_MAX ? xformat("%s%s%s", absolute ? "" : storage,
	                                              absolute ? "" : "/", name) : NULL;
	free(name);
	return !fine ? KNOT_EINVAL : *out == NULL ? KNOT_ERANGE : KNOT_EOK;
}

/* Stanzas */

static int add_raw_values(values_t *values, const conf_group_t *group, char *err)
{
	for (size_t i = 0; i < group->values.count; i++) {
		const conf_value_t *value = &group->values.at[i];
		item_t item = item_of(value->item);
		if (item == ITEM_COUNT) {
			return error_at(err, KNOT_EINVAL, value->pos,
			                _("item '%s': mod-mxguard has no such item"),
			                value->item);
		}
		values_add(values, item, value->text, value->pos);
	}
	return KNOT_EOK;
}

void config_add_marks(values_t *values)
{
	if (values->raw[ITEM_PROXY].texts.count + values->raw[ITEM_PROXY_FILE].texts.count +
	    values->raw[ITEM_PROXY_NAME].texts.count > 0) {
		values_add(values, ITEM_PROXY, MARKED_PROXY4, nowhere);
		values_add(values, ITEM_PROXY, MARKED_PROXY6, nowhere);
		values_add(values, ITEM_PROXY_NAME, MARKED_PROXY_NAME, nowhere);
	}
}

static int make_policies(config_t *config, char *err)
{
	int ret = KNOT_EOK;
	for (size_t i = 0; i < config->sections[CONF_MXGUARD].count && ret == KNOT_EOK; i++) {
		const conf_group_t *group = &config->sections[CONF_MXGUARD].at[i];
		if (config_policy(config, group->id) != NULL) {
			return error_at(err, KNOT_EINVAL, group->pos,
			                _("section 'mod-mxguard', id '%s': is there already"),
			                group->id);
		}
		values_t *values = xadd(&config->policies);
		values->pos = group->pos;
		values->id = xstrdup(group->id);
		ret = add_raw_values(values, group, err);
		config_add_marks(values);
		if (ret == KNOT_EOK) {
			ret = values_make(values, err);
		}
	}
	return ret;
}

/* Items of a zone */

/*! A zone's own items, and those of its template, if any. */
typedef struct {
	const conf_group_t *own;
	const conf_group_t *template;
} items_t;

static int find_items(const config_t *config, const conf_group_t *zone, items_t *items, char *err)
{
	const conf_value_t *name = last_value(zone, "template");
	const char *id = name != NULL ? name->text : "default";
	*items = (items_t){ .own = zone };
	for (size_t i = 0; i < config->sections[CONF_TEMPLATE].count; i++) {
		const conf_group_t *template = &config->sections[CONF_TEMPLATE].at[i];
		if (items->template == NULL && strcmp(template->id, id) == 0) {
			items->template = template;
		}
	}
	return name != NULL && items->template == NULL
	       ? bad_value(err, name, _("there is no such template")) : KNOT_EOK;
}

static const conf_value_t *value_of(const items_t *items, const char *item)
{
	const conf_value_t *own = last_value(items->own, item);
	return own != NULL ? own : last_value(items->template, item);
}

static bool value_is(const items_t *items, const char *item, const char *text)
{
	const conf_value_t *value = value_of(items, item);
	return value != NULL && strcmp(value->text, text) == 0;
}

/*! The id in a reference to the module ("mod-mxguard/ID"), or NULL: it is another module. */
static const char *module_id(const char *text)
{
	size_t len = strlen(MODULE);
	if (strncmp(text, MODULE, len) != 0 || (text[len] != '/' && text[len] != '\0')) {
		return NULL;
	}
	return text[len] == '/' ? text + len + 1 : text + len;
}

static int add_policy(const config_t *config, config_zone_t *zone, const conf_value_t *value,
                      const char *id, char *err)
{
	if (id[0] == '\0') {
		return bad_value(err, value, _("which stanza? It has to be mod-mxguard/ID"));
	}
	values_t *values = config_policy(config, id);
	if (values == NULL) {
		return bad_value(err, value, _("there is no such stanza of mod-mxguard"));
	}
	if (!values_protect(values, zone->name)) {
		zone->skip = _("not in the zone list of its stanza of mod-mxguard");
		return KNOT_EOK;
	}
	for (size_t i = 0; i < zone->policies.count; i++) {
		if (zone->policies.at[i] == values) {
			return KNOT_EOK;
		}
	}
	*(values_t **)xadd(&zone->policies) = values;
	return KNOT_EOK;
}

static int find_policies(const config_t *config, const items_t *items, config_zone_t *zone,
                         char *err)
{
	const conf_group_t *group = last_value(items->own, "module") != NULL ? items->own
	                                                                    : items->template;
	zone->skip = _("does not load mod-mxguard");
	for (size_t i = 0; group != NULL && i < group->values.count; i++) {
		const conf_value_t *value = &group->values.at[i];
		const char *id = module_id(value->text);
		if (strcmp(value->item, "module") != 0 || id == NULL) {
			continue;
		}
		int ret = add_policy(config, zone, value, id, err);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	if (zone->policies.count > 0) {
		zone->skip = NULL;
	}
	return KNOT_EOK;
}

static int find_file(const items_t *items, config_zone_t *zone, char *err)
{
	const conf_value_t *storage = value_of(items, "storage"), *file = value_of(items, "file");
	int ret = zonefile_path(&zone->file, storage != NULL ? storage->text : KNOT_STORAGE_DIR,
	                        file != NULL ? file->text : "%s.zone", zone->name);
	return ret == KNOT_EINVAL
	       ? bad_value(err, file, _("a formatter needs an index, as in %c[0] or %l[0]"))
	       : ret == KNOT_ERANGE
	       ? error_at(err, KNOT_EINVAL, zone->pos, _("the name of the zone file is too long"))
	       : ret;
}

/* Zones */

static int make_zone(config_t *config, const conf_group_t *group, char *err)
{
	config_zone_t *zone = xadd(&config->zones);
	zone->pos = group->pos;
	zone->name = dname_of(group->id);
	if (zone->name == NULL) {
		return error_at(err, KNOT_EINVAL, group->pos, _("item 'domain', value '%s': "
		                "not a domain name"), group->id);
	}

	items_t items;
	int ret = find_items(config, group, &items, err);
	if (ret == KNOT_EOK) {
		ret = find_policies(config, &items, zone, err);
	}
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (value_is(&items, "catalog-role", "generate")) {
		zone->skip = _("a catalog that the server makes: has no file");
		return KNOT_EOK;
	}
	if (value_is(&items, "catalog-role", "interpret")) {
		zone->skip = _("a catalog");
		zone->catalog = true;
	}
	return find_file(&items, zone, err);
}

/*! Indexes the names, and finds one that is there twice. */
static int index_zones(config_t *config, char *err)
{
	for (size_t i = 0; i < config->zones.count; i++) {
		const config_zone_t *zone = &config->zones.at[i];
		if (config_zone(config, zone->name) != NULL) {
			return error_at(err, KNOT_EINVAL, zone->pos, _("item 'domain': this zone "
			                "is there already"));
		}
		(void)xadd_index(&config->by_name, zone->name);
	}
	return KNOT_EOK;
}

int config_read(config_t *config, const char *path, char err[static ERROR_TEXT_MAX])
{
	memset(config, 0, sizeof(*config));
	int ret = read_file(config, path, nowhere, 0, err);
	if (ret == KNOT_EOK) {
		ret = make_policies(config, err);
	}
	for (size_t i = 0; i < config->sections[CONF_ZONE].count && ret == KNOT_EOK; i++) {
		ret = make_zone(config, &config->sections[CONF_ZONE].at[i], err);
	}
	return ret == KNOT_EOK ? index_zones(config, err) : ret;
}

const config_zone_t *config_zone(const config_t *config, const knot_dname_t *name)
{
	size_t number = name_index_find(&config->by_name, name);
	return number != NAME_INDEX_NONE ? &config->zones.at[number] : NULL;
}

const char *config_listen(const config_t *config, size_t i)
{
	const conf_group_t *group = config->sections[CONF_SERVER].at;
	for (size_t j = 0; group != NULL && j < group->values.count; j++) {
		if (strcmp(group->values.at[j].item, "listen") == 0 && i-- == 0) {
			return group->values.at[j].text;
		}
	}
	return NULL;
}

char *config_control(const config_t *config)
{
	const conf_value_t *rundir = last_value(config->sections[CONF_SERVER].at, "rundir");
	const conf_value_t *listen = last_value(config->sections[CONF_CONTROL].at, "listen");
	const char *name = listen != NULL ? listen->text : "knot.sock";
	if (name[0] == '/') {
		return xstrdup(name);
	}
	return rundir != NULL ? xformat("%s/%s", rundir->text, name) : NULL;
}

values_t *config_policy(const config_t *config, const char *id)
{
	for (size_t i = 0; i < config->policies.count; i++) {
		if (strcmp(config->policies.at[i].id, id) == 0) {
			return &config->policies.at[i];
		}
	}
	return NULL;
}
