/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A set of networks: collected, sorted, and flattened into points for matching.
 */

#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "policy/netset.h"
#include "policy/points.h"

struct netset {
	net_t *nets;
	size_t count;
	size_t max;
	bool built;
	points_t v4;
	points_t v6;
};

netset_t *netset_new(void)
{
	return calloc(1, sizeof(netset_t));
}

int netset_add(netset_t *set, const net_t *net)
{
	if (set->built) {
		return KNOT_EINVAL;
	}
	if (set->count == set->max) {
		if (set->max >= POINT_NONE / 2) {
			return KNOT_ENOMEM;
		}
		size_t max = set->max == 0 ? 16 : set->max * 2;
		net_t *nets = realloc(set->nets, max * sizeof(*nets));
		if (nets == NULL) {
			return KNOT_ENOMEM;
		}
		set->nets = nets;
		set->max = max;
	}
	set->nets[set->count++] = *net;
	return KNOT_EOK;
}

/*! Address order; of those with one first address the wider before, a range before a prefix. */
static int net_cmp(const void *pa, const void *pb)
{
	const net_t *a = pa, *b = pb;
	if (a->family != b->family) {
		return a->family < b->family ? -1 : 1;
	}
	int ret = memcmp(a->first, b->first, sizeof(a->first));
	if (ret == 0) {
		ret = memcmp(b->last, a->last, sizeof(a->last));
	}
	return ret != 0 ? ret : b->range - a->range;
}

static void nets_sort(netset_t *set)
{
	size_t sorted = 1;
	while (sorted < set->count && net_cmp(&set->nets[sorted - 1], &set->nets[sorted]) <= 0) {
		sorted++;
	}
	if (sorted < set->count) { /* Published lists mostly come in order. */
		qsort(set->nets, set->count, sizeof(*set->nets), net_cmp);
	}

	size_t kept = 0;
	for (size_t i = 0; i < set->count; i++) {
		if (kept == 0 || net_cmp(&set->nets[kept - 1], &set->nets[i]) != 0) {
			set->nets[kept++] = set->nets[i];
		}
	}
	set->count = kept;

	net_t *less = realloc(set->nets, kept * sizeof(*less));
	if (less != NULL) {
		set->nets = less;
	}
}

int netset_build(netset_t *set)
{
	if (set->built) {
		return KNOT_EOK;
	}
	set->built = true; /* Also if this fails: it can only be freed then. */
	if (set->count == 0) {
		return KNOT_EOK;
	}

	nets_sort(set);
	size_t count4 = 0;
	while (count4 < set->count && set->nets[count4].family == 4) {
		count4++;
	}

	int ret = points_make(&set->v4, 4, set->nets, count4);
	if (ret == KNOT_EOK) {
		ret = points_make(&set->v6, 6, set->nets + count4, set->count - count4);
	}
	return ret;
}

size_t netset_count(const netset_t *set)
{
	return set->count;
}

const net_t *netset_at(const netset_t *set, size_t i)
{
	return &set->nets[i];
}

const net_t *netset_match(const netset_t *set, int family, const uint8_t *addr)
{
	if (set == NULL) {
		return NULL;
	}
	return points_match(family == 4 ? &set->v4 : &set->v6, family, addr);
}

bool netset_overlaps(const netset_t *set, const net_t *net)
{
	if (set == NULL) {
		return false;
	}
	return points_overlap(net->family == 4 ? &set->v4 : &set->v6, net->family, net->first,
	                      net->last);
}

void netset_free(netset_t *set)
{
	if (set == NULL) {
		return;
	}
	points_clear(&set->v4);
	points_clear(&set->v6);
	free(set->nets);
	free(set);
}
