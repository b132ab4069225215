/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What is known of a zone: its names, its RRsets, where they stand.
 */

#include <string.h>

#include "kmxcheck/zonedata.h"

const knot_dname_t *zone_apex(const zone_t *zone)
{
	return zone->apex;
}

uint32_t zone_serial(const zone_t *zone)
{
	return zone->serial;
}

uint64_t zone_records(const zone_t *zone)
{
	return zone->records;
}

const char *zone_file(const zone_t *zone)
{
	return zone->source.name;
}

size_t zone_owner_count(const zone_t *zone)
{
	return zone->owners.count;
}

const knot_dname_t *zone_owner(const zone_t *zone, size_t i)
{
	return zone->owners.at[i]->name;
}

size_t zone_match_count(const zone_t *zone)
{
	return zone->matches.count;
}

const knot_dname_t *zone_match(const zone_t *zone, size_t i)
{
	return zone->matches.at[i]->name;
}

bool zone_has_tlsa(const zone_t *zone)
{
	return zone->has_tlsa;
}

bool zone_has_sts(const zone_t *zone)
{
	return zone->has_sts;
}

void zone_want(zone_t *zone, const knot_dname_t *name)
{
	if (name_in_zone(name, zone->apex) && nodes_want(&zone->nodes, name) == NULL) {
		zone->failed = true;
	}
}

static void fill(const node_t *node, const set_t *set, uint16_t type, knot_rrset_t *out)
{
	knot_rrset_init(out, node->name, type, KNOT_CLASS_IN, 0);
	if (set != NULL) {
		out->ttl = set->ttl;
		out->rrs = set->rrs;
	}
}

int zone_lookup(void *ctx, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out)
{
	zone_t *zone = ctx;
	const node_t *node = nodes_find(&zone->nodes, owner);
	if (node == NULL || node->state != NODE_KNOWN) {
		zone_want(zone, owner); /* The next pass will know. */
		return KNOT_ENOTSUP;
	}
	if (!node->exists) {
		return KNOT_ENONODE;
	}
	fill(node, node_set(node, type), type, out);
	return KNOT_EOK;
}

bool zone_rrset_at(const zone_t *zone, const knot_dname_t *owner, size_t i, knot_rrset_t *out)
{
	const node_t *node = nodes_find(&zone->nodes, owner);
	if (node == NULL || i >= node->count) {
		return false;
	}
	fill(node, &node->sets[i], node->sets[i].type, out);
	return true;
}

static const set_t *find_set(const zone_t *zone, const knot_dname_t *owner, uint16_t type)
{
	const node_t *node = zone != NULL ? nodes_find(&zone->nodes, owner) : NULL;
	return node != NULL ? node_set(node, type) : NULL;
}

void zone_place(const zone_t *zone, const knot_dname_t *owner, uint16_t type, size_t i,
                const char **file, uint64_t *line)
{
	const set_t *set = find_set(zone, owner, type);
	if (set == NULL) {
		set = find_set(zones_find(zone->zones, owner), owner, type);
	}
	bool there = set != NULL && i < set->rrs.count;
	*file = there ? set->spots[i].file : NULL;
	*line = there ? set->spots[i].line : 0;
}
