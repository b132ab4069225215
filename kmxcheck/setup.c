/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The words of a policy: which items there are, and how they are kept.
 */

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmxcheck/setup.h"

static const struct {
	const char *name;
	bool multi;
} items[SETUP_ITEM_COUNT] = {
	[SETUP_MODE]          = { "mode", false },
	[SETUP_ZONE]          = { "zone", true },
	[SETUP_PROXY]         = { "proxy", true },
	[SETUP_PROXY_FILE]    = { "proxy-file", true },
	[SETUP_PROXY_EXCEPT]  = { "proxy-except", true },
	[SETUP_PROXY_NAME]    = { "proxy-name", true },
	[SETUP_WEB_HOST]      = { "web-host", true },
	[SETUP_MAIL_HOST]     = { "mail-host", true },
	[SETUP_MAIL_EXCHANGE] = { "mail-exchange", false },
	[SETUP_MAIL_ADDRESS]  = { "mail-address", true },
	[SETUP_WEB_ORIGIN]    = { "web-origin", true },
	[SETUP_MAIL_SERVICE]  = { "mail-service", true },
	[SETUP_TTL]           = { "ttl", false },
	[SETUP_SIGNING_KEY]   = { "signing-key", true },
	[SETUP_EDE]           = { "ede", false },
	[SETUP_LOG_INTERVAL]  = { "log-interval", false },
};

setup_item_t setup_item(const char *name)
{
	setup_item_t item = 0;
	while (item < SETUP_ITEM_COUNT && strcmp(items[item].name, name) != 0) {
		item++;
	}
	return item;
}

const char *setup_item_name(setup_item_t item)
{
	return items[item].name;
}

int setup_error(char err[static SETUP_ERR_MAX], place_t place, const char *fmt, ...)
{
	int used = 0;
	if (place.file != NULL) {
		used = snprintf(err, SETUP_ERR_MAX, "%s:%zu: ", place.file, place.line);
	}
	if (used < 0 || used >= SETUP_ERR_MAX) {
		return KNOT_EINVAL;
	}
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(err + used, SETUP_ERR_MAX - used, fmt, args);
	va_end(args);
	return KNOT_EINVAL;
}

int setup_add(setup_t *setup, setup_item_t item, const char *text, place_t place)
{
	setup_words_t *words = &setup->words[item];
	char *copy = strdup(text);
	if (copy == NULL) {
		return KNOT_ENOMEM;
	}
	if (!items[item].multi && words->count > 0) {
		free((char *)words->at[0]);
		words->at[0] = copy;
		words->places[0] = place;
		return KNOT_EOK;
	}

	const char **at = realloc(words->at, (words->count + 1) * sizeof(*at));
	if (at != NULL) {
		words->at = at;
	}
	place_t *places = realloc(words->places, (words->count + 1) * sizeof(*places));
	if (places != NULL) {
		words->places = places;
	}
	if (at == NULL || places == NULL) {
		free(copy);
		return KNOT_ENOMEM;
	}
	at[words->count] = copy;
	places[words->count++] = place;
	return KNOT_EOK;
}

static int is_list(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int setup_add_installed(setup_t *setup, char err[static SETUP_ERR_MAX])
{
	struct dirent **entries = NULL;
	const place_t place = { 0 };
	int ret = KNOT_EOK;

	/* Sorted, so that two machines with the same lists say the same. */
	int count = scandir(PROXIES_DIR, &entries, is_list, alphasort);
	for (int i = 0; i < count; i++) {
		char path[sizeof(PROXIES_DIR) + sizeof(entries[i]->d_name) + 1];
		(void)snprintf(path, sizeof(path), "%s/%s", PROXIES_DIR, entries[i]->d_name);
		if (ret == KNOT_EOK) {
			ret = setup_add(setup, SETUP_PROXY_FILE, path, place);
		}
		free(entries[i]);
	}
	free(entries);
	if (count <= 0) {
		(void)setup_error(err, place, "no lists of proxy networks are installed in '%s': "
		                  "use --proxy-file, --proxy or --config", PROXIES_DIR);
		return KNOT_ENOENT;
	}
	if (ret != KNOT_EOK) {
		(void)setup_error(err, place, "%s", knot_strerror(ret));
	}
	return ret;
}

bool setup_protects(const setup_t *setup, const knot_dname_t *zone)
{
	bool found = (setup->zone_count == 0);
	for (size_t i = 0; i < setup->zone_count && !found; i++) {
		found = knot_dname_is_equal(setup->zones[i], zone);
	}
	return found;
}

void setup_clear(setup_t *setup)
{
	for (setup_item_t item = 0; item < SETUP_ITEM_COUNT; item++) {
		setup_words_t *words = &setup->words[item];
		for (size_t i = 0; i < words->count; i++) {
			free((char *)words->at[i]);
		}
		free(words->at);
		free(words->places);
	}
	for (size_t i = 0; i < setup->zone_count; i++) {
		free(setup->zones[i]);
	}
	for (size_t i = 0; i < setup->proxy_name_count; i++) {
		free(setup->proxy_names[i]);
	}
	for (size_t i = 0; i < setup->list_count; i++) {
		free((char *)setup->lists[i].path);
	}
	free(setup->zones);
	free(setup->proxy_names);
	free(setup->lists);
	stanza_clear(&setup->stanza);
	netset_free(setup->proxies);
	netset_free(setup->excepts);
	netset_free(setup->origins);
	free(setup->id);
	memset(setup, 0, sizeof(*setup));
}
