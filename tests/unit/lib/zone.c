/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Zones for tests, from text.
 */

#undef NDEBUG

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libzscanner/scanner.h>

#include "dns/name.h"
#include "tests/unit/lib/zone.h"

#define HEAD "@ IN SOA ns.example.org. hostmaster.example.org. 1 3600 600 86400 900\n" \
             "@ IN NS ns.example.org.\n"

/* Records as they are read: RRsets of one RR, or of none for what makes a node exist. */
typedef struct {
	knot_rrset_t **at;
	size_t count;
	size_t max;
	const char *text;
} records_t;

static void add_record(records_t *records, knot_rrset_t *rrset)
{
	if (records->count == records->max) {
		records->max = records->max == 0 ? 64 : 2 * records->max;
		records->at = realloc(records->at, records->max * sizeof(*records->at));
		assert(records->at != NULL);
	}
	records->at[records->count++] = rrset;
}

static void on_record(zs_scanner_t *scanner)
{
	knot_rrset_t *rrset = knot_rrset_new(scanner->r_owner, scanner->r_type, scanner->r_class,
	                                     scanner->r_ttl, NULL);
	assert(rrset != NULL);
	int ret = knot_rrset_add_rdata(rrset, scanner->r_data, scanner->r_data_length, NULL);
	assert(ret == KNOT_EOK);
	ret = knot_rrset_rr_to_canonical(rrset);
	assert(ret == KNOT_EOK);
	add_record(scanner->process.data, rrset);
}

static void on_error(zs_scanner_t *scanner)
{
	const records_t *records = scanner->process.data;
	fprintf(stderr, "line %llu: %s\n%s\n", (unsigned long long)scanner->line_counter,
	        zs_strerror(scanner->error.code), records->text);
	abort();
}

static void parse(records_t *records, const char *origin, const char *text)
{
	zs_scanner_t *scanner = malloc(sizeof(*scanner));
	assert(scanner != NULL);
	records->text = text;
	if (zs_init(scanner, origin, KNOT_CLASS_IN, 3600) != 0 ||
	    zs_set_processing(scanner, on_record, on_error, records) != 0 ||
	    zs_set_input_string(scanner, text, strlen(text)) != 0 ||
	    zs_parse_all(scanner) != 0) {
		fprintf(stderr, "%s: %s\n", origin, zs_strerror(scanner->error.code));
		abort();
	}
	zs_deinit(scanner);
	free(scanner);
}

/* Whatever has a node below it exists. */
static void add_ancestors(records_t *records, const knot_dname_t *apex)
{
	for (size_t i = 0, count = records->count; i < count; i++) {
		const knot_dname_t *name = records->at[i]->owner;
		assert(knot_dname_in_bailiwick(name, apex) >= 0);
		while (!knot_dname_is_equal(name, apex)) {
			name += 1 + *name;
			knot_rrset_t *none = knot_rrset_new(name, 0, KNOT_CLASS_IN, 0, NULL);
			assert(none != NULL);
			add_record(records, none);
		}
	}
}

static int record_cmp(const void *a, const void *b)
{
	const knot_rrset_t *x = *(knot_rrset_t *const *)a, *y = *(knot_rrset_t *const *)b;
	int cmp = name_compare(x->owner, y->owner);
	return cmp != 0 ? cmp : (int)x->type - (int)y->type;
}

static void add_to_node(test_node_t *node, knot_rrset_t *rrset)
{
	knot_rrset_t *last = node->count > 0 ? node->rrsets[node->count - 1] : NULL;
	if (rrset->type == 0) {
		knot_rrset_free(rrset, NULL);
	} else if (last != NULL && last->type == rrset->type) {
		int ret = knot_rdataset_merge(&last->rrs, &rrset->rrs, NULL);
		assert(ret == KNOT_EOK);
		knot_rrset_free(rrset, NULL);
	} else {
		node->rrsets = realloc(node->rrsets, (node->count + 1) * sizeof(*node->rrsets));
		assert(node->rrsets != NULL);
		node->rrsets[node->count++] = rrset;
	}
}

test_zone_t *zone_new(const char *origin, const char *text)
{
	test_zone_t *zone = calloc(1, sizeof(*zone));
	assert(zone != NULL);
	zone->apex = knot_dname_from_str_alloc(origin);
	assert(zone->apex != NULL);
	knot_dname_to_lower(zone->apex);

	records_t records = { 0 };
	parse(&records, origin, HEAD);
	parse(&records, origin, text);
	add_ancestors(&records, zone->apex);
	qsort(records.at, records.count, sizeof(*records.at), record_cmp);

	zone->nodes = calloc(records.count, sizeof(*zone->nodes));
	assert(zone->nodes != NULL);
	for (size_t i = 0; i < records.count; i++) {
		knot_rrset_t *rrset = records.at[i];
		test_node_t *node = &zone->nodes[zone->count - (zone->count > 0)];
		if (zone->count == 0 || !knot_dname_is_equal(node->name, rrset->owner)) {
			node = &zone->nodes[zone->count++];
			node->name = knot_dname_copy(rrset->owner, NULL);
			assert(node->name != NULL);
		}
		add_to_node(node, rrset);
	}
	free(records.at);
	return zone;
}

void zone_free(test_zone_t *zone)
{
	for (size_t i = 0; i < zone->count; i++) {
		test_node_t *node = &zone->nodes[i];
		for (size_t j = 0; j < node->count; j++) {
			knot_rrset_free(node->rrsets[j], NULL);
		}
		free(node->rrsets);
		knot_dname_free(node->name, NULL);
	}
	free(zone->nodes);
	knot_dname_free(zone->apex, NULL);
	free(zone);
}

static int node_cmp(const void *name, const void *node)
{
	return name_compare(name, ((const test_node_t *)node)->name);
}

const test_node_t *zone_node(const test_zone_t *zone, const knot_dname_t *name)
{
	return bsearch(name, zone->nodes, zone->count, sizeof(*zone->nodes), node_cmp);
}

void zone_add(test_zone_t *zone, knot_rrset_t *rrset)
{
	test_node_t *node = bsearch(rrset->owner, zone->nodes, zone->count, sizeof(*node),
	                            node_cmp);
	assert(node != NULL && node_rrset(node, rrset->type).rrs.count == 0);
	size_t at = node->count;
	node->rrsets = realloc(node->rrsets, (node->count + 1) * sizeof(*node->rrsets));
	assert(node->rrsets != NULL);
	for (; at > 0 && node->rrsets[at - 1]->type > rrset->type; at--) {
		node->rrsets[at] = node->rrsets[at - 1];
	}
	node->rrsets[at] = rrset;
	node->count++;
}

knot_rrset_t node_rrset(const test_node_t *node, uint16_t type)
{
	for (size_t i = 0; i < node->count; i++) {
		if (node->rrsets[i]->type == type) {
			return *node->rrsets[i];
		}
	}
	knot_rrset_t none;
	knot_rrset_init(&none, node->name, type, KNOT_CLASS_IN, 0);
	return none;
}

const test_node_t *zone_delegation(const test_zone_t *zone, const knot_dname_t *name)
{
	const test_node_t *delegation = NULL;
	for (; !knot_dname_is_equal(name, zone->apex); name += 1 + *name) {
		const test_node_t *node = zone_node(zone, name);
		if (node != NULL && node_rrset(node, KNOT_RRTYPE_NS).rrs.count > 0) {
			delegation = node;
		}
	}
	return delegation;
}

bool zone_redirects(const test_zone_t *zone, const knot_dname_t *name)
{
	while (!knot_dname_is_equal(name, zone->apex)) {
		name += 1 + *name;
		const test_node_t *node = zone_node(zone, name);
		if (node != NULL && node_rrset(node, KNOT_RRTYPE_DNAME).rrs.count > 0) {
			return true;
		}
	}
	return false;
}

const test_node_t *zone_node_or_wildcard(const test_zone_t *zone, const knot_dname_t *name,
                                    const test_node_t **encloser)
{
	const test_node_t *node = zone_node(zone, name);
	*encloser = node;
	if (node != NULL || knot_dname_in_bailiwick(name, zone->apex) < 0) {
		return node;
	}
	while (*encloser == NULL) {
		name += 1 + *name;
		*encloser = zone_node(zone, name);
	}
	uint8_t wildcard[2 + KNOT_DNAME_MAXLEN] = { 1, '*' };
	size_t size = knot_dname_size(name);
	memcpy(wildcard + 2, name, size);
	return 2 + size <= KNOT_DNAME_MAXLEN ? zone_node(zone, wildcard) : NULL;
}

int zone_lookup(void *ctx, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out)
{
	const test_zone_t *zone = ctx;
	const test_node_t *node = zone_node(zone, owner);
	if (node == NULL) {
		return KNOT_ENONODE;
	}
	*out = node_rrset(node, type);
	return KNOT_EOK;
}

int zone_lookup_apex(void *ctx, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out)
{
	const test_zone_t *zone = ctx;
	return knot_dname_is_equal(owner, zone->apex) ? zone_lookup(ctx, owner, type, out)
	                                              : KNOT_ENOTSUP;
}
