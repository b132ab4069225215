/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Gathering the records of names in question, and making RRsets of them. They are sorted once at
 * the end of a pass: an RRset may have as many RRs as an attacker likes.
 */

#include <stdlib.h>
#include <string.h>

#include "kmxcheck/nodes.h"
#include "kmxcheck/rdata.h"

/*! A record of the present pass, in the arena; what is behind it is knot_rdata_t. */
struct gathered {
	gathered_t *next;
	spot_t spot;
	size_t order;  /*!< Of reading, among those of the node. */
	uint32_t ttl;
	uint16_t type;
	knot_rdata_t rdata;
};

void nodes_begin(nodes_t *nodes)
{
	for (size_t i = nodes->known; i < nodes->count; i++) {
		node_t *node = nodes->list[i];
		free(node->sets);
		node->sets = NULL;
		node->count = 0;
		node->exists = false;
		node->state = NODE_GATHERING;
	}
}

int nodes_add(nodes_t *nodes, node_t *node, const record_t *record)
{
	gathered_t *gathered = arena_alloc(&nodes->pass, sizeof(*gathered) + record->rdata_len);
	if (gathered == NULL) {
		return KNOT_ENOMEM;
	}
	gathered->next = node->first;
	gathered->spot = (spot_t){ record->file, record->line };
	gathered->order = node->gathered;
	gathered->ttl = record->ttl;
	gathered->type = record->type;
	knot_rdata_init(&gathered->rdata, (uint16_t)record->rdata_len, record->rdata);

	rdata_to_lower(record->type, gathered->rdata.data);
	node->first = gathered;
	node->gathered++;
	return KNOT_EOK;
}

static int rdata_cmp(const knot_rdata_t *a, const knot_rdata_t *b)
{
	int cmp = memcmp(a->data, b->data, a->len < b->len ? a->len : b->len);
	return cmp != 0 ? cmp : (int)a->len - (int)b->len;
}

/*! By type, then canonical order, then the order of reading. */
static int gathered_cmp(const void *a, const void *b)
{
	const gathered_t *x = *(gathered_t *const *)a, *y = *(gathered_t *const *)b;
	if (x->type != y->type) {
		return x->type < y->type ? -1 : 1;
	}
	int cmp = rdata_cmp(&x->rdata, &y->rdata);
	return cmp != 0 ? cmp : (x->order > y->order) - (x->order < y->order);
}

/*! Records of one type, sorted, to an RRset; rdata is room for it. */
static void make_set(set_t *set, gathered_t *const *from, size_t count, knot_rdata_t *rdata,
                     spot_t *spots)
{
	*set = (set_t){ .type = from[0]->type, .spots = spots };
	set->rrs.rdata = rdata;
	size_t last = 0;
	for (size_t i = 0; i < count; i++) {
		if (from[i]->order >= last) {
			last = from[i]->order;
			set->ttl = from[i]->ttl;
		}
		knot_rdata_init(rdata, from[i]->rdata.len, from[i]->rdata.data);
		rdata = knot_rdataset_next(rdata);
		spots[i] = from[i]->spot;
	}
	set->rrs.count = (uint16_t)count;
	set->rrs.size = (uint32_t)((uint8_t *)rdata - (uint8_t *)set->rrs.rdata);
}

/*! Sorts the records of a node and leaves out what is there twice. Returns how many are left. */
static size_t sort(const node_t *node, gathered_t **at)
{
	size_t count = 0, kept = 0;
	for (gathered_t *gathered = node->first; gathered != NULL; gathered = gathered->next) {
		at[count++] = gathered;
	}
	qsort(at, count, sizeof(*at), gathered_cmp);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || at[kept - 1]->type != at[i]->type ||
		    rdata_cmp(&at[kept - 1]->rdata, &at[i]->rdata) != 0) {
			at[kept++] = at[i];
		} else { /* Its TTL counts all the same. */
			at[kept - 1]->order = at[i]->order;
			at[kept - 1]->ttl = at[i]->ttl;
		}
	}
	return kept;
}

/*! One block: the sets, where their RRs stand, the RRs. */
static int make_sets(node_t *node, gathered_t *const *at, size_t count, spot_t *spot)
{
	size_t types = 0, first = 0, size = 0;
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || at[i]->type != at[i - 1]->type) {
			types++;
			first = i;
		}
		if (i - first == UINT16_MAX) {
			*spot = at[i]->spot;
			return KNOT_ESPACE;
		}
		size += knot_rdata_size(at[i]->rdata.len);
	}

	set_t *sets = malloc(types * sizeof(*sets) + count * sizeof(spot_t) + size);
	if (sets == NULL) {
		return KNOT_ENOMEM;
	}
	spot_t *spots = (spot_t *)(sets + types);
	knot_rdata_t *rdata = (knot_rdata_t *)(spots + count);
	node->sets = sets;
	node->count = types;
	for (size_t i = 0; i < count; sets++) {
		size_t end = i + 1;
		while (end < count && at[end]->type == at[i]->type) {
			end++;
		}
		make_set(sets, at + i, end - i, rdata, spots + i);
		rdata = (knot_rdata_t *)((uint8_t *)rdata + sets->rrs.size);
		i = end;
	}
	return KNOT_EOK;
}

static int finish(node_t *node, gathered_t **at, bool known, spot_t *spot)
{
	int ret = KNOT_EOK;
	if (node->gathered > 0) {
		ret = make_sets(node, at, sort(node, at), spot);
	}
	node->first = NULL;
	node->gathered = 0;
	if (known && node->state == NODE_GATHERING) {
		node->state = NODE_KNOWN;
	}
	return ret;
}

int nodes_end(nodes_t *nodes, bool known, spot_t *spot)
{
	size_t most = 0, from = nodes->known;
	for (size_t i = from; i < nodes->count; i++) {
		most = nodes->list[i]->gathered > most ? nodes->list[i]->gathered : most;
	}
	gathered_t **at = malloc((most + 1) * sizeof(*at));
	int ret = at != NULL ? KNOT_EOK : KNOT_ENOMEM;
	for (size_t i = from; i < nodes->count && ret == KNOT_EOK; i++) {
		node_t *node = nodes->list[i];
		if (known && node->state == NODE_GATHERING) {
			nodes->known = i + 1; /* Added before the pass, they come first. */
		}
		ret = finish(node, at, known, spot);
	}
	free(at);
	arena_clear(&nodes->pass);
	return ret;
}

const set_t *node_set(const node_t *node, uint16_t type)
{
	for (size_t i = 0; i < node->count; i++) {
		if (node->sets[i].type == type) {
			return &node->sets[i];
		}
	}
	return NULL;
}
