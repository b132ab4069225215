/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Freeing what kmxcheck leaves to the end of the program.
 */

#include <stdlib.h>
#include <string.h>

#include "tests/unit/lib/clear.h"

void audit_clear(audit_t *audit)
{
	for (size_t i = 0; i < audit->findings.count; i++) {
		audit_finding_t *finding = &audit->findings.at[i];
		knot_dname_free(finding->owner, NULL);
		knot_dname_free(finding->target, NULL);
		free(finding->message);
		free(finding->remedy);
	}
	for (size_t i = 0; i < audit->edits.count; i++) {
		knot_dname_free(audit->edits.at[i].owner, NULL);
		free(audit->edits.at[i].rdata);
	}
	for (size_t i = 0; i < audit->edges.count; i++) {
		knot_dname_free(audit->edges.at[i].from, NULL);
		knot_dname_free(audit->edges.at[i].to, NULL);
	}
	vec_free(&audit->findings);
	vec_free(&audit->edits);
	vec_free(&audit->edges);
}

void zones_clear(zones_t *zones)
{
	name_index_clear(&zones->names);
	vec_free(&zones->list);
}

void values_clear(values_t *values)
{
	for (item_t item = 0; item < ITEM_COUNT; item++) {
		vec_free_all(&values->raw[item].texts);
		vec_free(&values->raw[item].positions);
	}
	for (size_t i = 0; i < values->lists.count; i++) {
		free((char *)values->lists.at[i].path);
	}
	vec_free(&values->lists);
	name_index_clear(&values->zone_names);
	vec_free_all(&values->zones);
	if (values->proxy_names != NULL) {
		names_clear(values->proxy_names);
		free(values->proxy_names);
	}
	stanza_clear(&values->stanza);
	netset_free(values->proxies);
	netset_free(values->excepts);
	netset_free(values->origins);
	free(values->id);
	memset(values, 0, sizeof(*values));
}

static void clear_group(conf_group_t *group)
{
	for (size_t i = 0; i < group->values.count; i++) {
		free(group->values.at[i].item);
		free(group->values.at[i].text);
	}
	vec_free(&group->values);
	free(group->id);
}

void config_clear(config_t *config)
{
	for (size_t i = 0; i < config->zones.count; i++) {
		free(config->zones.at[i].name);
		free(config->zones.at[i].file);
		vec_free(&config->zones.at[i].policies);
	}
	for (size_t i = 0; i < config->policies.count; i++) {
		values_clear(&config->policies.at[i]);
	}
	for (conf_section_t section = 0; section < CONF_SECTION_COUNT; section++) {
		for (size_t i = 0; i < config->sections[section].count; i++) {
			clear_group(&config->sections[section].at[i]);
		}
		vec_free(&config->sections[section]);
	}
	vec_free_all(&config->files);
	vec_free(&config->zones);
	vec_free(&config->policies);
	name_index_clear(&config->by_name);
	memset(config, 0, sizeof(*config));
}

void ignores_clear(ignores_t *ignores)
{
	for (size_t i = 0; i < ignores->list.count; i++) {
		ignore_t *ignore = &ignores->list.at[i];
		free(ignore->text);
		free(ignore->owner);
		free(ignore->target);
		free(ignore->reason);
	}
	vec_free(&ignores->list);
}
