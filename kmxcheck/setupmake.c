/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * From words to a stanza. Numbers, options and names go through the parser that knotd reads its
 * configuration with, so that what is right here is right there.
 */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libknot/yparser/yptrafo.h>

#include "kmxcheck/setup.h"
#include "policy/netfile.h"

enum { MODE_LOG, MODE_ENFORCE };

static const knot_lookup_t modes[] = {
	{ MODE_LOG,     "log" },
	{ MODE_ENFORCE, "enforce" },
	{ 0, NULL }
};

/* Types and limits as in the module's schema. */
static const yp_item_t type_mode = { .type = YP_TOPT, YP_VOPT = { modes, MODE_LOG } };
static const yp_item_t type_bool = { .type = YP_TBOOL };
static const yp_item_t type_name = { .type = YP_TDNAME };
static const yp_item_t type_time = {
	.type = YP_TINT, YP_VINT = { .max = INT32_MAX, .unit = YP_STIME }
};

#define TTL_DEFAULT 300

/*! Says what is wrong with a word. */
static int bad_word(char *err, const setup_t *setup, setup_item_t item, size_t i, const char *what)
{
	const setup_words_t *words = &setup->words[item];
	const char *name = setup_item_name(item);
	return (words->places[i].file != NULL)
	       ? setup_error(err, words->places[i], "item '%s', value '%s': %s", name,
	                     words->at[i], what)
	       : setup_error(err, words->places[i], "--%s '%s': %s", name, words->at[i], what);
}

static int no_memory(char *err)
{
	(void)setup_error(err, (place_t){ 0 }, "%s", knot_strerror(KNOT_ENOMEM));
	return KNOT_ENOMEM;
}

knot_dname_t *setup_dname(const char *text)
{
	knot_dname_storage_t name;
	size_t size = sizeof(name);
	/* The parser asks for text that fits in a name's longest form. */
	if (text[0] == '\0' || strlen(text) >= sizeof(knot_dname_txt_storage_t) ||
	    yp_item_to_bin(&type_name, text, strlen(text), name, &size) != KNOT_EOK) {
		return NULL;
	}
	return knot_dname_copy(name, NULL);
}

/*! The only word of an item as a number, or dflt if there is none. */
static int make_number(setup_t *setup, setup_item_t item, const yp_item_t *type, int64_t dflt,
                       const char *what, int64_t *out, char *err)
{
	const setup_words_t *words = &setup->words[item];
	uint8_t bin[sizeof(int64_t)];
	size_t size = sizeof(bin);

	*out = dflt;
	if (words->count == 0) {
		return KNOT_EOK;
	}
	const char *text = words->at[0];
	if (text[0] == '\0' || yp_item_to_bin(type, text, strlen(text), bin, &size) != KNOT_EOK) {
		return bad_word(err, setup, item, 0, what);
	}
	*out = (type->type == YP_TINT) ? yp_int(bin) : bin[0];
	return KNOT_EOK;
}

static int make_numbers(setup_t *setup, char *err)
{
	int64_t mode, ttl, other;
	int ret = make_number(setup, SETUP_MODE, &type_mode, MODE_LOG,
	                      "has to be log or enforce", &mode, err);
	if (ret == KNOT_EOK) {
		ret = make_number(setup, SETUP_TTL, &type_time, TTL_DEFAULT, "not a time", &ttl,
		                  err);
	}
	if (ret == KNOT_EOK) {
		ret = make_number(setup, SETUP_LOG_INTERVAL, &type_time, 0, "not a time", &other,
		                  err);
	}
	if (ret == KNOT_EOK) {
		ret = make_number(setup, SETUP_EDE, &type_bool, false, "has to be on or off",
		                  &other, err);
	}
	if (ret == KNOT_EOK) {
		setup->stanza.enforce = (mode == MODE_ENFORCE);
		setup->stanza.ttl = (uint32_t)ttl;
	}
	return ret;
}

static int make_dnames(setup_t *setup, setup_item_t item, knot_dname_t ***out, size_t *count,
                       char *err)
{
	const setup_words_t *words = &setup->words[item];
	if (words->count == 0) {
		return KNOT_EOK;
	}
	*out = calloc(words->count, sizeof(**out));
	if (*out == NULL) {
		return no_memory(err);
	}
	for (size_t i = 0; i < words->count; i++) {
		(*out)[i] = setup_dname(words->at[i]);
		if ((*out)[i] == NULL) {
			return bad_word(err, setup, item, i, "not a domain name");
		}
		*count = i + 1;
	}
	return KNOT_EOK;
}

static int make_addresses(setup_t *setup, char *err)
{
	const setup_words_t *words = &setup->words[SETUP_MAIL_ADDRESS];
	for (size_t i = 0; i < words->count; i++) {
		uint8_t address[16];
		int family = (strchr(words->at[i], ':') != NULL) ? 6 : 4;
		if (inet_pton(family == 6 ? AF_INET6 : AF_INET, words->at[i], address) != 1) {
			return bad_word(err, setup, SETUP_MAIL_ADDRESS, i, "not an IP address");
		}
		if (stanza_add_address(&setup->stanza, family, address) != KNOT_EOK) {
			return no_memory(err);
		}
	}
	return KNOT_EOK;
}

static int add_nets(setup_t *setup, setup_item_t item, netset_t *set, char *err)
{
	const setup_words_t *words = &setup->words[item];
	for (size_t i = 0; i < words->count; i++) {
		net_t net;
		if (net_from_str(&net, words->at[i]) != KNOT_EOK) {
			return bad_word(err, setup, item, i, "not a network");
		}
		if (netset_add(set, &net) != KNOT_EOK) {
			return no_memory(err);
		}
	}
	return KNOT_EOK;
}

/*!
 * Where a list is. In a configuration a relative path is that of an installed list, as in the
 * module. On a command line it is a file here first, for a shell completes it so.
 */
static char *list_path(const char *word, place_t place)
{
	bool here = (place.file == NULL) && (strchr(word, '/') != NULL || access(word, F_OK) == 0);
	const char *dir = (word[0] == '/' || here) ? "" : PROXIES_DIR "/";
	size_t size = strlen(dir) + strlen(word) + 1;
	char *path = malloc(size);
	if (path != NULL) {
		(void)snprintf(path, size, "%s%s", dir, word);
	}
	return path;
}

static int add_files(setup_t *setup, netset_t *set, char *err)
{
	const setup_words_t *words = &setup->words[SETUP_PROXY_FILE];
	setup->lists = calloc(words->count + 1, sizeof(*setup->lists));
	if (setup->lists == NULL) {
		return no_memory(err);
	}
	for (size_t i = 0; i < words->count; i++) {
		char file_err[NETFILE_ERR_MAX];
		netfile_info_t info = { 0 };
		char *path = list_path(words->at[i], words->places[i]);
		if (path == NULL) {
			return no_memory(err);
		}
		audit_list_t *list = &setup->lists[setup->list_count++];
		*list = (audit_list_t){ .path = path };
		int ret = netfile_read(set, path, &info, file_err);
		if (ret != KNOT_EOK) {
			const place_t place = words->places[i];
			if (place.file == NULL) {
				(void)setup_error(err, place, "%s", file_err);
			} else {
				(void)setup_error(err, (place_t){ 0 }, "%s (proxy-file in %s:%zu)",
				                  file_err, place.file, place.line);
			}
			return ret;
		}
		list->year = info.year;
		list->month = info.month;
		list->day = info.day;
	}
	return KNOT_EOK;
}

static int make_set(setup_t *setup, setup_item_t item, bool files, netset_t **out, char *err)
{
	*out = netset_new();
	int ret = (*out != NULL) ? add_nets(setup, item, *out, err) : no_memory(err);
	if (ret == KNOT_EOK && files) {
		ret = add_files(setup, *out, err);
	}
	if (ret == KNOT_EOK && netset_build(*out) != KNOT_EOK) {
		ret = no_memory(err);
	}
	return ret;
}

static int make_sets(setup_t *setup, char *err)
{
	int ret = make_set(setup, SETUP_PROXY, true, &setup->proxies, err);
	if (ret == KNOT_EOK) {
		ret = make_set(setup, SETUP_PROXY_EXCEPT, false, &setup->excepts, err);
	}
	if (ret == KNOT_EOK) {
		ret = make_set(setup, SETUP_WEB_ORIGIN, false, &setup->origins, err);
	}
	return ret;
}

static int make_names(setup_t *setup, char *err)
{
	int ret = make_dnames(setup, SETUP_ZONE, &setup->zones, &setup->zone_count, err);
	if (ret == KNOT_EOK) {
		ret = make_dnames(setup, SETUP_PROXY_NAME, &setup->proxy_names,
		                  &setup->proxy_name_count, err);
	}
	return ret;
}

static words_t words_of(const setup_t *setup, setup_item_t item)
{
	return (words_t){ setup->words[item].at, setup->words[item].count };
}

/*! Hands the words over to the stanza, with the names and sets made of them. */
static void fill_stanza(setup_t *setup)
{
	stanza_t *stanza = &setup->stanza;
	const setup_words_t *exchange = &setup->words[SETUP_MAIL_EXCHANGE];
	stanza->web_hosts = words_of(setup, SETUP_WEB_HOST);
	stanza->mail_hosts = words_of(setup, SETUP_MAIL_HOST);
	stanza->services = words_of(setup, SETUP_MAIL_SERVICE);
	stanza->exchange = (exchange->count > 0) ? exchange->at[0] : NULL;
	stanza->proxy_names = (const knot_dname_t **)setup->proxy_names;
	stanza->proxy_name_count = setup->proxy_name_count;
	stanza->proxies = setup->proxies;
	stanza->excepts = setup->excepts;
	stanza->origins = setup->origins;
}

int setup_stanza_error(const setup_t *setup, const char *text, char err[static SETUP_ERR_MAX])
{
	return (setup->id != NULL)
	       ? setup_error(err, setup->place, "mod-mxguard/%s: %s", setup->id, text)
	       : setup_error(err, setup->place, "%s", text);
}

/*! The checks that need the whole stanza, for each of its zones or for any. */
static int check_stanza(const setup_t *setup, char *err)
{
	char text[STANZA_TEXT_MAX] = "";
	int ret = stanza_check(&setup->stanza, text);
	for (size_t i = 0; ret == KNOT_EOK && (i == 0 || i < setup->zone_count); i++) {
		policy_t policy;
		ret = stanza_policy(&policy, &setup->stanza,
		                    setup->zone_count > 0 ? setup->zones[i] : NULL, text);
		stanza_policy_clear(&policy);
	}
	if (ret != KNOT_EOK) {
		(void)setup_stanza_error(setup, text[0] != '\0' ? text : knot_strerror(ret), err);
	}
	return ret;
}

int setup_make(setup_t *setup, char err[static SETUP_ERR_MAX])
{
	int ret = make_numbers(setup, err);
	if (ret == KNOT_EOK) {
		ret = make_names(setup, err);
	}
	if (ret == KNOT_EOK) {
		ret = make_addresses(setup, err);
	}
	if (ret == KNOT_EOK) {
		ret = make_sets(setup, err);
	}
	if (ret == KNOT_EOK) {
		fill_stanza(setup);
		ret = check_stanza(setup, err);
	}
	setup->made = (ret == KNOT_EOK);
	return ret;
}
