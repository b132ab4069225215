/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * From raw values to a stanza. Numbers, options and names go through the parser that knotd reads
 * its configuration with, so that what is right here is right there.
 */

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libknot/yparser/yptrafo.h>

#include "kmxcheck/lang.h"
#include "kmxcheck/values.h"
#include "kmxcheck/xalloc.h"
#include "policy/netfile.h"

static const source_pos_t nowhere = { .file = NULL };

static const knot_lookup_t modes[] = { SCHEMA_MODES, { 0, NULL } };
static const yp_item_t type_mode = { .type = YP_TOPT, YP_VOPT = { modes, SCHEMA_LOG } };
static const yp_item_t type_bool = { .type = YP_TBOOL };
static const yp_item_t type_name = { .type = YP_TDNAME };
static const yp_item_t type_time = {
	.type = YP_TINT, YP_VINT = { .max = SCHEMA_TIME_MAX, .unit = YP_STIME }
};

#define TYPE_MODE  &type_mode, N_("has to be log or enforce")
#define TYPE_BOOL  &type_bool, N_("has to be on or off")
#define TYPE_TIME  &type_time, N_("not a time")
#define TYPE_DNAME NULL, NULL
#define TYPE_NET   NULL, NULL
#define TYPE_ADDR  NULL, NULL
#define TYPE_STR   NULL, NULL
#define ITEM(id, length, name, type, multi, dflt) { name, multi, dflt, TYPE_##type },

static const struct {
	const char *name;
	bool multi;
	int64_t dflt;
	const yp_item_t *type; /* Of items that are a number. */
	const char *bad;       /* What is wrong with a value that is none. */
} items[ITEM_COUNT] = { SCHEMA_ITEMS(ITEM) };

item_t item_of(const char *name)
{
	item_t item = 0;
	while (item < ITEM_COUNT && strcmp(items[item].name, name) != 0) {
		item++;
	}
	return item;
}

void values_add(values_t *values, item_t item, const char *text, source_pos_t pos)
{
	raw_t *raw = &values->raw[item];
	if (!items[item].multi && raw->texts.count > 0) {
		free((char *)raw->texts.at[0]);
		raw->texts.count = raw->positions.count = 0;
	}
	*(const char **)xadd(&raw->texts) = xstrdup(text);
	*(source_pos_t *)xadd(&raw->positions) = pos;
}

static int is_list(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool exists_in(const char *folder, const char *name)
{
	char *path = xformat("%s/%s", folder, name);
	bool exists = access(path, F_OK) == 0;
	free(path);
	return exists;
}

/*!
 * The path of an installed list, or of the operator's own in its place. Their folder is below that
 * of Knot's configuration, which not everyone may look into: a user who may not gets the installed
 * list.
 */
static char *find_list(const char *name)
{
	char *path = xcheck(netfile_find(name));
	if (access(path, F_OK) != 0 && errno == EACCES && exists_in(PROXIES_DIR, name)) {
		free(path);
		return xformat("%s/%s", PROXIES_DIR, name);
	}
	return path;
}

/*! Adds the lists of a folder that another one has not. Returns how many. */
static size_t add_folder(values_t *values, const char *folder, const char *other)
{
	struct dirent **entries = NULL;
	/* Sorted, so that two machines with the same lists say the same. */
	int count = scandir(folder, &entries, is_list, alphasort);
	size_t added = 0;
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		if (other == NULL || !exists_in(other, name)) {
			char *path = find_list(name);
			values_add(values, ITEM_PROXY_FILE, path, nowhere);
			free(path);
			added++;
		}
		free(entries[i]);
	}
	free(entries);
	return added;
}

int values_add_installed(values_t *values, char err[static ERROR_TEXT_MAX])
{
	if (access(PROXIES_DIR, R_OK) != 0 && errno != ENOENT) {
		return error_at(err, knot_map_errno(), nowhere, _("'%s' can't be read: %s"),
		                PROXIES_DIR, strerror(errno));
	}
	size_t count = add_folder(values, PROXIES_DIR, NULL);
	count += add_folder(values, LOCAL_PROXIES_DIR, PROXIES_DIR);
	return count > 0 ? KNOT_EOK
	       : error_at(err, KNOT_ENOENT, nowhere, _("no lists of proxy networks are installed "
	                  "in '%s': use --proxy-file, --proxy or --config"), PROXIES_DIR);
}

bool values_protect(const values_t *values, const knot_dname_t *zone)
{
	return values->zones.count == 0 ||
	       name_index_find(&values->zone_names, zone) != NAME_INDEX_NONE;
}

/* Making */

static int bad_value(char *err, const values_t *values, item_t item, size_t i, const char *what)
{
	const raw_t *raw = &values->raw[item];
	const source_pos_t pos = raw->positions.at[i];
	return error_at(err, KNOT_EINVAL, pos, pos.file != NULL ? _("item '%s', value '%s': %s")
	                                                        : "--%s '%s': %s",
	                items[item].name, raw->texts.at[i], what);
}

knot_dname_t *dname_of(const char *text)
{
	knot_dname_storage_t name;
	size_t size = sizeof(name);
	/* The parser asks for text that fits in a name's longest form. */
	if (text[0] == '\0' || strlen(text) >= sizeof(knot_dname_txt_storage_t) ||
	    yp_item_to_bin(&type_name, text, strlen(text), name, &size) != KNOT_EOK) {
		return NULL;
	}
	return xname(name);
}

static int make_numbers(values_t *values, char *err)
{
	int64_t numbers[ITEM_COUNT];
	for (item_t item = 0; item < ITEM_COUNT; item++) {
		const yp_item_t *type = items[item].type;
		numbers[item] = items[item].dflt;
		if (type == NULL || values->raw[item].texts.count == 0) {
			continue;
		}
		uint8_t bin[sizeof(int64_t)];
		size_t size = sizeof(bin);
		const char *text = values->raw[item].texts.at[0];
		if (text[0] == '\0' ||
		    yp_item_to_bin(type, text, strlen(text), bin, &size) != KNOT_EOK) {
			return bad_value(err, values, item, 0, _(items[item].bad));
		}
		numbers[item] = type->type == YP_TINT ? yp_int(bin) : bin[0];
	}
	values->stanza.enforce = numbers[ITEM_MODE] == SCHEMA_ENFORCE;
	values->stanza.ttl = (uint32_t)numbers[ITEM_TTL];
	return KNOT_EOK;
}

static int make_dnames(const values_t *values, item_t item, name_list_t *out, char *err)
{
	const raw_t *raw = &values->raw[item];
	for (size_t i = 0; i < raw->texts.count; i++) {
		knot_dname_t *name = dname_of(raw->texts.at[i]);
		if (name == NULL) {
			return bad_value(err, values, item, i, _("not a domain name"));
		}
		xadd_name(out, name);
	}
	return KNOT_EOK;
}

/*! The names that are not in a file. */
static int make_proxy_names(values_t *values, char *err)
{
	name_list_t list = { 0 };
	values->proxy_names = xcalloc(1, sizeof(*values->proxy_names));
	int ret = make_dnames(values, ITEM_PROXY_NAME, &list, err);
	for (size_t i = 0; i < list.count; i++) {
		(void)xcheck_ret(names_append(values->proxy_names, list.at[i], false));
	}
	names_sort(values->proxy_names);
	vec_free_all(&list);
	return ret;
}

static int make_addresses(values_t *values, char *err)
{
	const raw_t *raw = &values->raw[ITEM_MAIL_ADDRESS];
	for (size_t i = 0; i < raw->texts.count; i++) {
		uint8_t address[16];
		int family = strchr(raw->texts.at[i], ':') != NULL ? 6 : 4;
		if (inet_pton(family == 6 ? AF_INET6 : AF_INET, raw->texts.at[i], address) != 1) {
			return bad_value(err, values, ITEM_MAIL_ADDRESS, i, _("not an IP address"));
		}
		(void)xcheck_ret(stanza_add_address(&values->stanza, family, address));
	}
	return KNOT_EOK;
}

static int add_nets(values_t *values, item_t item, netset_t *set, char *err)
{
	const raw_t *raw = &values->raw[item];
	for (size_t i = 0; i < raw->texts.count; i++) {
		net_t net;
		if (net_from_str(&net, raw->texts.at[i]) != KNOT_EOK) {
			return bad_value(err, values, item, i, _("not a network"));
		}
		(void)xcheck_ret(netset_add(set, &net));
	}
	return KNOT_EOK;
}

char *list_path(const char *text, source_pos_t pos)
{
	bool here = pos.file == NULL && (strchr(text, '/') != NULL || access(text, F_OK) == 0);
	return here ? xstrdup(text) : find_list(text);
}

static int add_files(values_t *values, netset_t *set, char *err)
{
	const raw_t *raw = &values->raw[ITEM_PROXY_FILE];
	for (size_t i = 0; i < raw->texts.count; i++) {
		char file_err[NETFILE_ERR_MAX];
		const source_pos_t pos = raw->positions.at[i];
		audit_list_t *list = xadd(&values->lists);
		list->path = list_path(raw->texts.at[i], pos);
		int ret = xcheck_ret(netfile_read(set, values->proxy_names, list->path, &list->info,
		                                  file_err));
		if (ret != KNOT_EOK) {
			return pos.file == NULL
			       ? error_at(err, ret, nowhere, "%s", file_err)
			       : error_at(err, ret, nowhere, _("%s (proxy-file in %s:%llu)"),
			                  file_err, pos.file, (unsigned long long)pos.line);
		}
	}
	return KNOT_EOK;
}

static int make_set(values_t *values, item_t item, netset_t **out, char *err)
{
	*out = xcheck(netset_new());
	int ret = add_nets(values, item, *out, err);
	if (ret == KNOT_EOK && item == ITEM_PROXY) {
		ret = add_files(values, *out, err);
	}
	return ret == KNOT_EOK ? xcheck_ret(netset_build(*out)) : ret;
}

static words_t words_of(const values_t *values, item_t item)
{
	return (words_t){ values->raw[item].texts.at, values->raw[item].texts.count };
}

/*! Hands the values over to the stanza, with the names and sets made of them. */
static void fill_stanza(values_t *values)
{
	stanza_t *stanza = &values->stanza;
	const raw_t *exchange = &values->raw[ITEM_MAIL_EXCHANGE];
	stanza->web_hosts = words_of(values, ITEM_WEB_HOST);
	stanza->mail_hosts = words_of(values, ITEM_MAIL_HOST);
	stanza->services = words_of(values, ITEM_MAIL_SERVICE);
	stanza->exchange = (exchange->texts.count > 0) ? exchange->texts.at[0] : NULL;
	stanza->proxy_names = values->proxy_names;
	stanza->proxies = values->proxies;
	stanza->excepts = values->excepts;
	stanza->origins = values->origins;
}

int values_error(const values_t *values, const char *text, char err[static ERROR_TEXT_MAX])
{
	return values->id != NULL
	       ? error_at(err, KNOT_EINVAL, values->pos, "mod-mxguard/%s: %s", values->id, text)
	       : error_at(err, KNOT_EINVAL, values->pos, "%s", text);
}

/*! The checks that need the whole stanza, for each of its zones or for any. */
static int check_stanza(const values_t *values, char *err)
{
	char text[STANZA_TEXT_MAX] = "";
	const name_list_t *zones = &values->zones;
	int ret = stanza_check(&values->stanza, text);
	for (size_t i = 0; ret == KNOT_EOK && (i == 0 || i < zones->count); i++) {
		policy_t policy;
		ret = xcheck_ret(stanza_policy(&policy, &values->stanza,
		                               zones->count > 0 ? zones->at[i] : NULL, text));
		stanza_policy_clear(&policy);
	}
	if (ret != KNOT_EOK) {
		(void)values_error(values, text[0] != '\0' ? text : knot_strerror(ret), err);
	}
	return ret;
}

int values_make(values_t *values, char err[static ERROR_TEXT_MAX])
{
	int ret = make_numbers(values, err);
	ret = ret == KNOT_EOK ? make_dnames(values, ITEM_ZONE, &values->zones, err) : ret;
	for (size_t i = 0; ret == KNOT_EOK && i < values->zones.count; i++) {
		(void)xadd_index(&values->zone_names, values->zones.at[i]);
	}
	ret = ret == KNOT_EOK ? make_proxy_names(values, err) : ret;
	ret = ret == KNOT_EOK ? make_addresses(values, err) : ret;
	ret = ret == KNOT_EOK ? make_set(values, ITEM_PROXY, &values->proxies, err) : ret;
	ret = ret == KNOT_EOK ? make_set(values, ITEM_PROXY_EXCEPT, &values->excepts, err) : ret;
	ret = ret == KNOT_EOK ? make_set(values, ITEM_WEB_ORIGIN, &values->origins, err) : ret;
	if (ret == KNOT_EOK) {
		fill_stanza(values);
		ret = check_stanza(values, err);
	}
	return ret;
}
