/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Opening a zone, and its passes.
 */

#include <stdlib.h>
#include <string.h>

#include "kmxcheck/spf.h"
#include "kmxcheck/zonedata.h"

/*! Octets of a zone that is kept instead of read again. */
#define CACHE_MAX (1U << 16)

struct cached {
	cached_t *next;
	record_t record;
	uint8_t data[];
};

int node_list_add(node_list_t *list, node_t *node)
{
	/* The array is full whenever the count is a power of two. */
	if ((list->count & (list->count - 1)) == 0) {
		size_t max = list->count == 0 ? 1 : list->count * 2;
		node_t **at = realloc(list->at, max * sizeof(*at));
		if (at == NULL) {
			return KNOT_ENOMEM;
		}
		list->at = at;
	}
	list->at[list->count++] = node;
	return KNOT_EOK;
}

static int node_cmp(const void *a, const void *b)
{
	return knot_dname_cmp((*(node_t *const *)a)->name, (*(node_t *const *)b)->name);
}

static void node_list_sort(node_list_t *list)
{
	if (list->count > 1) {
		qsort(list->at, list->count, sizeof(*list->at), node_cmp);
	}
}

static void add_alias(zone_t *zone, const record_t *record)
{
	aliases_add(&zone->aliases, nodes_hash(&zone->nodes, record->owner, record->owner_size),
	            record->rdata);
}

/*! The zone is not small: from here on aliases are kept, and nothing else. */
static void forget_cache(zone_t *zone)
{
	for (const cached_t *cached = zone->cached; cached != NULL; cached = cached->next) {
		if (cached->record.type == KNOT_RRTYPE_CNAME) {
			add_alias(zone, &cached->record);
		}
	}
	arena_clear(&zone->cache);
	zone->cached = NULL;
	zone->cached_end = NULL;
	zone->cache_full = true;
}

static int cache(zone_t *zone, const record_t *record)
{
	size_t size = sizeof(cached_t) + record->owner_size + record->rdata_len;
	zone->cache_size += size;
	if (zone->cache_size > CACHE_MAX) {
		forget_cache(zone);
		return KNOT_EOK;
	}
	cached_t *cached = arena_alloc(&zone->cache, size);
	if (cached == NULL) {
		return KNOT_ENOMEM;
	}
	cached->next = NULL;
	cached->record = *record;
	cached->record.owner = cached->data;
	cached->record.rdata = cached->data + record->owner_size;
	memcpy(cached->data, record->owner, record->owner_size);
	memcpy(cached->data + record->owner_size, record->rdata, record->rdata_len);
	*(zone->cached_end != NULL ? zone->cached_end : &zone->cached) = cached;
	zone->cached_end = &cached->next;
	return KNOT_EOK;
}

static int each_record(zone_t *zone, record_f call, char err[static ZONE_ERR_MAX])
{
	if (zone->cached == NULL) {
		return source_scan(&zone->source, zone->apex, call, zone, err);
	}
	int ret = KNOT_EOK;
	for (const cached_t *c = zone->cached; c != NULL && ret == KNOT_EOK; c = c->next) {
		ret = call(zone, &c->record);
	}
	return ret;
}

static bool uses_mail(const record_t *record)
{
	return record->type == KNOT_RRTYPE_MX || record->type == KNOT_RRTYPE_SRV ||
	       (record->type == KNOT_RRTYPE_TXT && spf_is(record->rdata, record->rdata_len));
}

static bool begins_with(const knot_dname_t *name, const char *label)
{
	size_t size = strlen(label);
	return *name == size && memcmp(name + 1, label, size) == 0;
}

/*! What decides whether names that may be there are worth asking for. */
static void note_kind(zone_t *zone, const record_t *record)
{
	switch (record->type) {
	case KNOT_RRTYPE_TLSA:
		zone->has_tlsa = true;
		break;
	case KNOT_RRTYPE_TXT:
		zone->has_sts |= begins_with(record->owner, "_mta-sts");
		break;
	case KNOT_RRTYPE_CNAME:
		zone->has_tlsa |= begins_with(record->owner, "_25");
		zone->has_sts |= begins_with(record->owner, "_mta-sts");
		if (zone->cache_full) {
			add_alias(zone, record);
		}
		break;
	default:
		break;
	}
}

static int add_owner(zone_t *zone, const record_t *record)
{
	node_t *node = nodes_want(&zone->nodes, record->owner);
	if (node == NULL) {
		return KNOT_ENOMEM;
	}
	if (!node->owner) {
		node->owner = true;
		int ret = node_list_add(&zone->owners, node);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	return nodes_add(&zone->nodes, node, record);
}

/*! The first pass: who uses mail? */
static int count_record(void *ctx, const record_t *record)
{
	zone_t *zone = ctx;
	taken_t taken;
	int ret = nodes_take(&zone->nodes, record, &taken);
	if (ret != KNOT_EOK || !taken.in_zone) {
		return ret;
	}
	if (record->type == KNOT_RRTYPE_SOA) {
		if (zone->has_soa || record->owner_size != zone->nodes.apex_size) {
			return KNOT_EOK;
		}
		knot_rdata_t *rdata = malloc(knot_rdata_size((uint16_t)record->rdata_len));
		if (rdata == NULL) {
			return KNOT_ENOMEM;
		}
		knot_rdata_init(rdata, (uint16_t)record->rdata_len, record->rdata);
		zone->has_soa = true;
		zone->serial = knot_soa_serial(rdata);
		free(rdata);
	}
	zone->records++;
	if (!zone->cache_full) {
		ret = cache(zone, record);
	}
	note_kind(zone, record);
	return ret == KNOT_EOK && uses_mail(record) ? add_owner(zone, record) : ret;
}

/*! A matched name whose addresses count: of a mail host all, of a web host where it really is. */
static bool is_match(const policy_t *policy, const record_t *record)
{
	int family = record->type == KNOT_RRTYPE_A ? 4 : record->type == KNOT_RRTYPE_AAAA ? 6 : 0;
	if (family == 0 && record->type != KNOT_RRTYPE_CNAME) {
		return false;
	}
	if (names_match(&policy->web_hosts, record->owner)) {
		return family == 0 || policy_proxied(policy, family, record->rdata) == NULL;
	}
	return names_match(&policy->mail_hosts, record->owner);
}

/*! All other passes. */
static int gather_record(void *ctx, const record_t *record)
{
	zone_t *zone = ctx;
	taken_t taken;
	int ret = nodes_take(&zone->nodes, record, &taken);
	if (ret != KNOT_EOK || !taken.below || zone->matched ||
	    !is_match(zone->policy, record)) {
		return ret;
	}
	node_t *node = nodes_want(&zone->nodes, record->owner);
	if (node == NULL) {
		return KNOT_ENOMEM;
	}
	if (!node->matched) {
		node->matched = true;
		ret = node_list_add(&zone->matches, node);
	}
	return ret;
}

static int pass(zone_t *zone, record_f call, bool known, char err[static ZONE_ERR_MAX])
{
	spot_t spot = { NULL, 0 };
	int ret = each_record(zone, call, err);
	if (ret == KNOT_EOK) {
		ret = nodes_end(&zone->nodes, known, &spot);
	}
	if (ret == KNOT_ESPACE && spot.file != NULL) {
		return source_error(err, ret, spot.file, spot.line,
		                    "more than %d records of one name and type", UINT16_MAX);
	} else if (ret == KNOT_ENOMEM) {
		return source_error(err, ret, zone->source.name, 0, "not enough memory");
	}
	return ret;
}

/*! Puts the names in question that known aliases lead to from those that are already. */
static void want_aliases(zone_t *zone)
{
	size_t from = zone->nodes.known;
	for (size_t links = 0; links <= HOST_ALIAS_MAX && from < zone->nodes.count; links++) {
		size_t to = zone->nodes.count;
		for (; from < to; from++) {
			const knot_dname_t *target = aliases_find(&zone->aliases,
			                                          zone->nodes.list[from]->hash);
			if (target != NULL) {
				zone_want(zone, target);
			}
		}
	}
}

int zone_gather(zone_t *zone, char err[static ZONE_ERR_MAX])
{
	want_aliases(zone);
	nodes_begin(&zone->nodes);
	int ret = pass(zone, gather_record, true, err);
	if (ret == KNOT_EOK && zone->policy != NULL && !zone->matched) {
		zone->matched = true;
		node_list_sort(&zone->matches);
	}
	return ret;
}

static int open_zone(zone_t *zone, const knot_dname_t *origin, char err[static ZONE_ERR_MAX])
{
	if (origin != NULL) {
		zone->apex = knot_dname_copy(origin, NULL);
	} else {
		int ret = zone_find_origin(zone, err);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	if (zone->apex == NULL || nodes_init(&zone->nodes, zone->apex) != KNOT_EOK) {
		return source_error(err, KNOT_ENOMEM, zone->source.name, 0, "not enough memory");
	}
	knot_dname_to_lower(zone->apex);

	int ret = pass(zone, count_record, false, err);
	if (ret == KNOT_EOK && !zone->has_soa) {
		knot_dname_txt_storage_t name;
		(void)knot_dname_to_str(name, zone->apex, sizeof(name));
		ret = source_error(err, KNOT_ESOAINVAL, zone->source.name, 0,
		                   "no SOA record at %.200s", name);
	}
	node_list_sort(&zone->owners);
	if (!zone->cache_full) {
		source_forget(&zone->source);
	}
	return ret;
}

static int finish(zone_t **out, zone_t *zone, int ret)
{
	if (ret != KNOT_EOK) {
		zone_free(zone);
		return ret;
	}
	*out = zone;
	return KNOT_EOK;
}

int zone_open(zone_t **out, const char *path, const knot_dname_t *origin,
              char err[static ZONE_ERR_MAX])
{
	zone_t *zone = calloc(1, sizeof(*zone));
	if (zone == NULL) {
		return source_error(err, KNOT_ENOMEM, path, 0, "not enough memory");
	}
	int ret = source_open(&zone->source, path, err);
	if (ret == KNOT_EOK) {
		ret = open_zone(zone, origin, err);
	}
	return finish(out, zone, ret);
}

int zone_open_text(zone_t **out, const char *name, char *text, size_t size,
                   const knot_dname_t *origin, char err[static ZONE_ERR_MAX])
{
	zone_t *zone = calloc(1, sizeof(*zone));
	if (zone == NULL) {
		free(text);
		return source_error(err, KNOT_ENOMEM, name, 0, "not enough memory");
	}
	int ret = source_open_text(&zone->source, name, text, size, err);
	if (ret == KNOT_EOK) {
		ret = open_zone(zone, origin, err);
	}
	return finish(out, zone, ret);
}

void zone_free(zone_t *zone)
{
	if (zone == NULL) {
		return;
	}
	source_clear(&zone->source);
	nodes_clear(&zone->nodes);
	arena_clear(&zone->cache);
	aliases_clear(&zone->aliases);
	free(zone->owners.at);
	free(zone->matches.at);
	knot_dname_free(zone->apex, NULL);
	free(zone);
}
