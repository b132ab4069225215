/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Reading a configuration with the parser that knotd has for it, and the files it includes in the
 * way knotd does: relative to the file that includes them, with wildcards, folders left out.
 */

#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libknot/yparser/yparser.h>

#include "kmxcheck/conftext.h"

/* Where knotd gives up too: a file that includes itself would go on for ever. */
#define DEPTH_MAX 6

static const char *const section_names[CONF_SECTION_COUNT] = {
	[CONF_ZONE]     = "zone",
	[CONF_TEMPLATE] = "template",
	[CONF_MXGUARD]  = "mod-mxguard",
};

static const char *const id_names[CONF_SECTION_COUNT] = {
	[CONF_ZONE]     = "domain",
	[CONF_TEMPLATE] = "id",
	[CONF_MXGUARD]  = "id",
};

/*! A file being read. */
typedef struct {
	conftext_t *text;
	const char *file;
	unsigned depth;
	conf_section_t section; /*!< CONF_SECTION_COUNT: one that is read over. */
	conf_group_t *group;    /*!< NULL before the first id of a section. */
	char *err;
} reader_t;

static int read_file(conftext_t *text, const char *path, const place_t *from, unsigned depth,
                     char *err);

static int no_memory(char *err)
{
	(void)setup_error(err, (place_t){ 0 }, "%s", knot_strerror(KNOT_ENOMEM));
	return KNOT_ENOMEM;
}

static int add_group(reader_t *reader, const char *id, place_t place)
{
	conf_groups_t *groups = &reader->text->sections[reader->section];
	if (groups->count == groups->room) {
		size_t room = 2 * groups->room + 8;
		conf_group_t *at = realloc(groups->at, room * sizeof(*at));
		if (at == NULL) {
			return no_memory(reader->err);
		}
		groups->at = at;
		groups->room = room;
	}
	conf_group_t *group = &groups->at[groups->count];
	*group = (conf_group_t){ .id = strdup(id), .place = place };
	if (group->id == NULL) {
		return no_memory(reader->err);
	}
	groups->count++;
	reader->group = group;
	return KNOT_EOK;
}

static int add_value(reader_t *reader, const char *item, const char *data, place_t place)
{
	conf_group_t *group = reader->group;
	if (group->count == group->room) {
		size_t room = 2 * group->room + 4;
		conf_value_t *values = realloc(group->values, room * sizeof(*values));
		if (values == NULL) {
			return no_memory(reader->err);
		}
		group->values = values;
		group->room = room;
	}
	conf_value_t *value = &group->values[group->count];
	*value = (conf_value_t){ strdup(item), strdup(data), place };
	if (value->item == NULL || value->text == NULL) {
		free(value->item);
		free(value->text);
		return no_memory(reader->err);
	}
	group->count++;
	return KNOT_EOK;
}

/*! The files of a pattern, as knotd takes them: no match is fine if there is a wildcard. */
static int include(reader_t *reader, const char *pattern, place_t place)
{
	if (pattern[0] == '\0') {
		return setup_error(reader->err, place, "item 'include': a file is missing");
	}
	char *real = realpath(reader->file, NULL);
	const char *dir = (pattern[0] == '/' || real == NULL) ? "" : dirname(real);
	size_t size = strlen(dir) + strlen(pattern) + 2;
	char *path = malloc(size);
	if (path == NULL) {
		free(real);
		return no_memory(reader->err);
	}
	(void)snprintf(path, size, "%s%s%s", dir, dir[0] != '\0' ? "/" : "", pattern);
	free(real);

	glob_t found = { 0 };
	int ret = glob(path, 0, NULL, &found);
	if (ret == 0 || (ret == GLOB_NOMATCH && strchr(path, '*') != NULL)) {
		ret = KNOT_EOK;
	} else {
		ret = setup_error(reader->err, place, "item 'include', value '%s': %s", pattern,
		                  ret == GLOB_NOMATCH ? "there is no such file"
		                                      : "can't be read");
	}
	for (size_t i = 0; ret == KNOT_EOK && i < found.gl_pathc; i++) {
		struct stat st;
		if (stat(found.gl_pathv[i], &st) == 0 && S_ISREG(st.st_mode)) {
			ret = read_file(reader->text, found.gl_pathv[i], &place,
			                reader->depth + 1, reader->err);
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

/*! Takes what the parser has found. */
static int take(reader_t *reader, const yp_parser_t *parser)
{
	const place_t place = { reader->file, parser->line_count };
	if (parser->event == YP_EKEY0) {
		reader->group = NULL;
		reader->section = section_of(parser->key);
		if (strcmp(parser->key, "include") == 0) {
			return include(reader, parser->data, place);
		}
		if (reader->section < CONF_SECTION_COUNT && parser->data_len > 0) {
			return setup_error(reader->err, place, "section '%s' can't have a value",
			                   parser->key);
		}
		return KNOT_EOK;
	}
	if (reader->section == CONF_SECTION_COUNT) {
		return KNOT_EOK;
	}

	const char *id = id_names[reader->section];
	if ((parser->event == YP_EID) != (strcmp(parser->key, id) == 0)) {
		return setup_error(reader->err, place, "item '%s' where section '%s' needs '- %s'",
		                   parser->key, section_names[reader->section], id);
	}
	if (parser->event == YP_EID) {
		return (parser->data_len > 0)
		       ? add_group(reader, parser->data, place)
		       : setup_error(reader->err, place, "item '%s': no value", id);
	}
	if (reader->group == NULL) {
		return setup_error(reader->err, place, "item '%s' before '- %s'", parser->key, id);
	}
	return add_value(reader, parser->key, parser->data, place);
}

static int read_items(reader_t *reader, yp_parser_t *parser)
{
	int ret;
	while ((ret = yp_parse(parser)) == KNOT_EOK) {
		ret = take(reader, parser);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	if (ret == KNOT_EOF) {
		return KNOT_EOK;
	}
	const place_t place = { reader->file, parser->line_count };
	(void)setup_error(reader->err, place, "not the form of a Knot DNS configuration (%s)",
	                  knot_strerror(ret));
	return ret;
}

/*! Keeps the name of a file for as long as there are places in it. */
static const char *keep_name(conftext_t *text, const char *path)
{
	char **files = realloc(text->files, (text->file_count + 1) * sizeof(*files));
	if (files == NULL) {
		return NULL;
	}
	text->files = files;
	files[text->file_count] = strdup(path);
	return (files[text->file_count] != NULL) ? files[text->file_count++] : NULL;
}

static int read_file(conftext_t *text, const char *path, const place_t *from, unsigned depth,
                     char *err)
{
	if (depth > DEPTH_MAX) {
		return setup_error(err, *from, "item 'include': too deep, a loop?");
	}
	reader_t reader = {
		.text = text, .file = keep_name(text, path), .depth = depth,
		.section = CONF_SECTION_COUNT, .err = err
	};
	yp_parser_t *parser = malloc(sizeof(*parser)); /* Too big for the stack of each level. */
	if (parser == NULL || reader.file == NULL) {
		free(parser);
		return no_memory(err);
	}
	yp_init(parser);
	int ret = yp_set_input_file(parser, path);
	if (ret != KNOT_EOK) {
		(void)setup_error(err, from != NULL ? *from : (place_t){ 0 },
		                  "%s: can't be read (%s)", path, knot_strerror(ret));
		/* The parser of some versions would close what it has closed already. */
		free(parser);
		return ret;
	}
	ret = read_items(&reader, parser);
	yp_deinit(parser);
	free(parser);
	return ret;
}

int conftext_read(conftext_t *text, const char *path, char err[static SETUP_ERR_MAX])
{
	return read_file(text, path, NULL, 0, err);
}

static void clear_group(conf_group_t *group)
{
	for (size_t i = 0; i < group->count; i++) {
		free(group->values[i].item);
		free(group->values[i].text);
	}
	free(group->values);
	free(group->id);
}

void conftext_clear(conftext_t *text)
{
	for (conf_section_t section = 0; section < CONF_SECTION_COUNT; section++) {
		conf_groups_t *groups = &text->sections[section];
		for (size_t i = 0; i < groups->count; i++) {
			clear_group(&groups->at[i]);
		}
		free(groups->at);
	}
	for (size_t i = 0; i < text->file_count; i++) {
		free(text->files[i]);
	}
	free(text->files);
	memset(text, 0, sizeof(*text));
}

const conf_value_t *conf_value(const conf_group_t *group, const char *item)
{
	for (size_t i = group->count; i > 0; i--) {
		if (strcmp(group->values[i - 1].item, item) == 0) {
			return &group->values[i - 1];
		}
	}
	return NULL;
}
