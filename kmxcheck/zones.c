/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The zones of a run: found by their names, and aliases followed from one to another.
 */

#include <stdlib.h>
#include <string.h>

#include "kmxcheck/zonedata.h"

struct zones {
	zone_t **table; /*!< Hash table, open addressing, a power of two in size. */
	size_t size;
	zone_t **list;
	size_t count;
	zone_t **pending; /*!< Zones with names to gather, room for all. */
	size_t pending_count;
};

static size_t slot_of(const zones_t *zones, const knot_dname_t *name)
{
	uint64_t hash = 0xcbf29ce484222325ULL;
	for (size_t i = 0, size = knot_dname_size(name); i < size; i++) {
		hash = (hash ^ name[i]) * 0x00000100000001b3ULL;
	}
	return (size_t)(hash ^ hash >> 32) & (zones->size - 1);
}

/*! The slot of a zone, or the free one where it would be. */
static zone_t **slot_find(const zones_t *zones, const knot_dname_t *apex)
{
	size_t slot = slot_of(zones, apex);
	while (zones->table[slot] != NULL && !knot_dname_is_equal(zones->table[slot]->apex, apex)) {
		slot = (slot + 1) & (zones->size - 1);
	}
	return &zones->table[slot];
}

zone_t *zones_find(const zones_t *zones, const knot_dname_t *name)
{
	while (zones != NULL) {
		zone_t *zone = *slot_find(zones, name);
		if (zone != NULL || *name == '\0') {
			return zone;
		}
		name += 1 + *name;
	}
	return NULL;
}

/*! Puts the targets in other zones in question there, so that one pass reads them all. */
static void want_targets(const zones_t *zones, const zone_t *zone, uint16_t type)
{
	for (size_t i = 0; i < zone->owners.count; i++) {
		const set_t *set = node_set(zone->owners.at[i], type);
		knot_rdata_t *rdata = set != NULL ? set->rrs.rdata : NULL;
		for (size_t j = 0; set != NULL && j < set->rrs.count; j++) {
			const knot_dname_t *target = knot_rdata_name(rdata, type);
			zone_t *other = !zone->has_below && name_in_zone(target, zone->apex)
			                ? NULL : zones_find(zones, target);
			if (other != NULL && other != zone) {
				zone_want(other, target);
			}
			rdata = knot_rdataset_next(rdata);
		}
	}
}

int zones_new(zones_t **out, zone_t *const *list, size_t count)
{
	zones_t *zones = calloc(1, sizeof(*zones));
	if (zones == NULL) {
		return KNOT_ENOMEM;
	}
	zones->size = 16;
	while (zones->size < count * 2) {
		zones->size *= 2;
	}
	zones->table = calloc(zones->size, sizeof(*zones->table));
	zones->list = calloc(count + 1, sizeof(*zones->list));
	zones->pending = calloc(count + 1, sizeof(*zones->pending));
	if (zones->table == NULL || zones->list == NULL || zones->pending == NULL) {
		zones_free(zones);
		return KNOT_ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		zone_t **slot = slot_find(zones, list[i]->apex);
		if (*slot == NULL) {
			*slot = list[i];
			zones->list[zones->count++] = list[i];
		}
	}
	for (size_t i = 0; i < zones->count; i++) {
		const knot_dname_t *apex = zones->list[i]->apex;
		zone_t *above = *apex != '\0' ? zones_find(zones, apex + 1 + *apex) : NULL;
		if (above != NULL) {
			above->has_below = true;
		}
	}
	for (size_t i = 0; i < zones->count; i++) {
		want_targets(zones, zones->list[i], KNOT_RRTYPE_MX);
		want_targets(zones, zones->list[i], KNOT_RRTYPE_SRV);
	}
	*out = zones;
	return KNOT_EOK;
}

void zones_free(zones_t *zones)
{
	if (zones != NULL) {
		free(zones->table);
		free(zones->list);
		free(zones->pending);
		free(zones);
	}
}

/*! The zone that knows a name best: another one of the run may be below this one. */
static zone_t *zone_of(zone_t *zone, const knot_dname_t *name)
{
	bool inside = name_in_zone(name, zone->apex);
	if (inside && !zone->has_below) {
		return zone;
	}
	zone_t *best = zones_find(zone->zones, name);
	if (best == NULL && inside) {
		return zone;
	}
	/* Of two with one apex, a zone is its own best. */
	return best != NULL && knot_dname_is_equal(best->apex, zone->apex) ? zone : best;
}

/*! Notes that a zone other than the one being resolved was asked for names it has to gather. */
static void note_pending(zones_t *zones, zone_t *zone)
{
	if (nodes_wanting(&zone->nodes) && !zone->pending) {
		zone->pending = true;
		zones->pending[zones->pending_count++] = zone;
	}
}

zone_t *zones_pending(zones_t *zones)
{
	if (zones == NULL || zones->pending_count == 0) {
		return NULL;
	}
	zone_t *zone = zones->pending[--zones->pending_count];
	zone->pending = false;
	return zone;
}

void zone_follow(zone_t *zone, const knot_dname_t *name, host_t *host)
{
	policy_t policy = *zone->policy;
	bool alias = false;
	uint32_t ttl = UINT32_MAX;
	knot_dname_storage_t at;
	knot_dname_copy_lower(at, name);
	zone_t *in = zone_of(zone, at);

	memset(host, 0, sizeof(*host));
	host->ttl = UINT32_MAX;
	memcpy(host->end, at, knot_dname_size(at));
	for (size_t hops = 0; in != NULL && hops < HOST_ALIAS_MAX; hops++) {
		policy.zone = in->apex;
		host_find(&policy, zone_lookup, in, at, host);
		if (in != zone) {
			note_pending(zone->zones, in);
		}
		alias |= host->alias;
		ttl = host->ttl < ttl ? host->ttl : ttl;
		zone_t *next = zone_of(zone, host->end);
		if (host->proxy_name || next == in) {
			break;
		}
		memcpy(at, host->end, knot_dname_size(host->end));
		in = next;
	}
	host->alias = alias;
	host->ttl = ttl;
}
