/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * From the text of a configuration to zones, their files and their stanzas.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmxcheck/config.h"
#include "kmxcheck/zonefile.h"

#define MODULE "mod-mxguard"

static int no_memory(char *err)
{
	(void)setup_error(err, (place_t){ 0 }, "%s", knot_strerror(KNOT_ENOMEM));
	return KNOT_ENOMEM;
}

/*! Error: an item of the configuration. */
static int bad_value(char *err, const conf_value_t *value, const char *what)
{
	return setup_error(err, value->place, "item '%s', value '%s': %s", value->item,
	                   value->text, what);
}

/* Stanzas */

static int add_words(setup_t *setup, const conf_group_t *group, char *err)
{
	for (size_t i = 0; i < group->count; i++) {
		const conf_value_t *value = &group->values[i];
		setup_item_t item = setup_item(value->item);
		if (item == SETUP_ITEM_COUNT) {
			return setup_error(err, value->place, "item '%s': " MODULE " has no such "
			                   "item", value->item);
		}
		if (setup_add(setup, item, value->text, value->place) != KNOT_EOK) {
			return no_memory(err);
		}
	}
	return KNOT_EOK;
}

static int make_setups(config_t *config, char *err)
{
	const conf_groups_t *groups = &config->text.sections[CONF_MXGUARD];
	config->setups = calloc(groups->count + 1, sizeof(*config->setups));
	if (config->setups == NULL) {
		return no_memory(err);
	}
	int ret = KNOT_EOK;
	for (size_t i = 0; i < groups->count && ret == KNOT_EOK; i++) {
		const conf_group_t *group = &groups->at[i];
		if (config_setup(config, group->id) != NULL) {
			return setup_error(err, group->place, "section '" MODULE "', id '%s': "
			                   "is there already", group->id);
		}
		setup_t *setup = &config->setups[config->setup_count++];
		setup->place = group->place;
		setup->id = strdup(group->id);
		ret = (setup->id != NULL) ? add_words(setup, group, err) : no_memory(err);
		if (ret == KNOT_EOK) {
			ret = setup_make(setup, err);
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

static const conf_group_t *find_template(const config_t *config, const char *id)
{
	const conf_groups_t *groups = &config->text.sections[CONF_TEMPLATE];
	for (size_t i = 0; i < groups->count; i++) {
		if (strcmp(groups->at[i].id, id) == 0) {
			return &groups->at[i];
		}
	}
	return NULL;
}

static int find_items(const config_t *config, const conf_group_t *zone, items_t *items, char *err)
{
	const conf_value_t *name = conf_value(zone, "template");
	items->own = zone;
	items->template = find_template(config, name != NULL ? name->text : "default");
	return (name != NULL && items->template == NULL)
	       ? bad_value(err, name, "there is no such template") : KNOT_EOK;
}

/*! The group that an item of the zone comes from, or NULL. */
static const conf_group_t *source(const items_t *items, const char *item)
{
	if (conf_value(items->own, item) != NULL) {
		return items->own;
	}
	return (items->template != NULL && conf_value(items->template, item) != NULL)
	       ? items->template : NULL;
}

static const conf_value_t *value_of(const items_t *items, const char *item)
{
	const conf_group_t *group = source(items, item);
	return (group != NULL) ? conf_value(group, item) : NULL;
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

static int add_setup(const config_t *config, config_zone_t *zone, const conf_value_t *value,
                     const char *id, char *err)
{
	if (id[0] == '\0') {
		return bad_value(err, value, "which stanza? It has to be " MODULE "/ID");
	}
	setup_t *setup = config_setup(config, id);
	if (setup == NULL) {
		return bad_value(err, value, "there is no such stanza of " MODULE);
	}
	if (!setup_protects(setup, zone->name)) {
		zone->skip = "not in the zone list of its stanza of " MODULE;
		return KNOT_EOK;
	}
	for (size_t i = 0; i < zone->setup_count; i++) {
		if (zone->setups[i] == setup) {
			return KNOT_EOK;
		}
	}
	setup_t **setups = realloc(zone->setups, (zone->setup_count + 1) * sizeof(*setups));
	if (setups == NULL) {
		return no_memory(err);
	}
	zone->setups = setups;
	setups[zone->setup_count++] = setup;
	return KNOT_EOK;
}

static int find_setups(const config_t *config, const items_t *items, config_zone_t *zone,
                       char *err)
{
	const conf_group_t *group = source(items, "module");
	zone->skip = "does not load " MODULE;
	for (size_t i = 0; group != NULL && i < group->count; i++) {
		const conf_value_t *value = &group->values[i];
		const char *id = module_id(value->text);
		if (strcmp(value->item, "module") != 0 || id == NULL) {
			continue;
		}
		int ret = add_setup(config, zone, value, id, err);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	if (zone->setup_count > 0) {
		zone->skip = NULL;
	}
	return KNOT_EOK;
}

static int find_file(const items_t *items, config_zone_t *zone, char *err)
{
	const conf_value_t *storage = value_of(items, "storage"), *file = value_of(items, "file");
	int ret = zonefile_path(&zone->file, storage != NULL ? storage->text : KNOT_STORAGE_DIR,
	                        file != NULL ? file->text : "%s.zone", zone->name);
	switch (ret) {
	case KNOT_EINVAL:
		return bad_value(err, file, "a formatter needs an index, as in %c[0] or %l[0]");
	case KNOT_ERANGE:
		return setup_error(err, zone->place, "the name of the zone file is too long");
	case KNOT_ENOMEM:
		return no_memory(err);
	default:
		return ret;
	}
}

/* Zones */

static int make_zone(config_t *config, const conf_group_t *group, char *err)
{
	config_zone_t *zone = &config->zones[config->zone_count++];
	zone->place = group->place;
	zone->name = setup_dname(group->id);
	if (zone->name == NULL) {
		return setup_error(err, group->place, "item 'domain', value '%s': not a domain "
		                   "name", group->id);
	}

	items_t items;
	int ret = find_items(config, group, &items, err);
	if (ret == KNOT_EOK) {
		ret = find_setups(config, &items, zone, err);
	}
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (value_is(&items, "catalog-role", "generate")) {
		zone->skip = "a catalog that the server makes: has no file";
		return KNOT_EOK;
	}
	if (value_is(&items, "catalog-role", "interpret")) {
		zone->skip = "a catalog";
		zone->catalog = true;
	}
	return find_file(&items, zone, err);
}

static int zone_cmp(const void *a, const void *b)
{
	return knot_dname_cmp((*(config_zone_t *const *)a)->name, (*(config_zone_t *const *)b)->name);
}

/*! Sorts the names, and finds one that is there twice. */
static int index_zones(config_t *config, char *err)
{
	config->by_name = calloc(config->zone_count + 1, sizeof(*config->by_name));
	if (config->by_name == NULL) {
		return no_memory(err);
	}
	for (size_t i = 0; i < config->zone_count; i++) {
		config->by_name[i] = &config->zones[i];
	}
	qsort(config->by_name, config->zone_count, sizeof(*config->by_name), zone_cmp);
	for (size_t i = 1; i < config->zone_count; i++) {
		config_zone_t *const *pair = &config->by_name[i - 1];
		if (zone_cmp(&pair[0], &pair[1]) == 0) {
			const config_zone_t *later = pair[pair[0] < pair[1] ? 1 : 0];
			return setup_error(err, later->place, "item 'domain': this zone is there "
			                   "already");
		}
	}
	return KNOT_EOK;
}

int config_read(config_t *config, const char *path, char err[static SETUP_ERR_MAX])
{
	memset(config, 0, sizeof(*config));
	int ret = conftext_read(&config->text, path, err);
	if (ret == KNOT_EOK) {
		ret = make_setups(config, err);
	}
	if (ret != KNOT_EOK) {
		return ret;
	}

	const conf_groups_t *groups = &config->text.sections[CONF_ZONE];
	config->zones = calloc(groups->count + 1, sizeof(*config->zones));
	if (config->zones == NULL) {
		return no_memory(err);
	}
	for (size_t i = 0; i < groups->count && ret == KNOT_EOK; i++) {
		ret = make_zone(config, &groups->at[i], err);
	}
	return (ret == KNOT_EOK) ? index_zones(config, err) : ret;
}

void config_clear(config_t *config)
{
	for (size_t i = 0; i < config->zone_count; i++) {
		free(config->zones[i].name);
		free(config->zones[i].file);
		free(config->zones[i].setups);
	}
	for (size_t i = 0; i < config->setup_count; i++) {
		setup_clear(&config->setups[i]);
	}
	free(config->zones);
	free(config->by_name);
	free(config->setups);
	conftext_clear(&config->text);
	memset(config, 0, sizeof(*config));
}

const config_zone_t *config_zone(const config_t *config, const knot_dname_t *name)
{
	config_zone_t key = { .name = (knot_dname_t *)name }, *wanted = &key;
	config_zone_t **found = bsearch(&wanted, config->by_name, config->zone_count,
	                                sizeof(*config->by_name), zone_cmp);
	return (found != NULL) ? *found : NULL;
}

setup_t *config_setup(const config_t *config, const char *id)
{
	for (size_t i = 0; i < config->setup_count; i++) {
		if (strcmp(config->setups[i].id, id) == 0) {
			return &config->setups[i];
		}
	}
	return NULL;
}
