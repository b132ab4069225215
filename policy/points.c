/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Flattening networks into points.
 *
 * Prefixes nest or are disjoint, never half overlapping, so one pass over them in address order,
 * with a stack of those it is in, yields the points. Ranges are split into prefixes for that,
 * except those that share no address with anything else: these can stay whole, and so a list of
 * disjoint ranges costs no more than a list of prefixes.
 */

#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "policy/points.h"

/*! An address of either family as a number; IPv4 is in lo. */
typedef struct {
	uint64_t hi;
	uint64_t lo;
} addr_t;

/*! Addresses start to end go to a network, unless a span inside says otherwise. */
typedef struct {
	addr_t start;
	addr_t end;
	uint32_t net;
} span_t;

typedef struct {
	span_t *at;
	size_t count;
	size_t max;
} spans_t;

static uint64_t load64(const uint8_t *b)
{
	return (uint64_t)b[0] << 56 | (uint64_t)b[1] << 48 | (uint64_t)b[2] << 40 |
	       (uint64_t)b[3] << 32 | (uint64_t)b[4] << 24 | (uint64_t)b[5] << 16 |
	       (uint64_t)b[6] << 8 | b[7];
}

static uint32_t load32(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static addr_t addr_load(int family, const uint8_t *b)
{
	if (family == 4) {
		return (addr_t){ 0, load32(b) };
	}
	return (addr_t){ load64(b), load64(b + 8) };
}

static bool addr_less(addr_t a, addr_t b)
{
	return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo);
}

static int addr_cmp(addr_t a, addr_t b)
{
	return addr_less(b, a) - addr_less(a, b);
}

static bool addr_equal(addr_t a, addr_t b)
{
	return a.hi == b.hi && a.lo == b.lo;
}

/*! The next address; wraps to zero after the last one of IPv6. */
static addr_t addr_next(addr_t a)
{
	a.lo++;
	a.hi += a.lo == 0;
	return a;
}

/*! An address with its lowest n bits set. */
static addr_t addr_fill(addr_t a, unsigned n)
{
	a.lo |= n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
	if (n > 64) {
		a.hi |= n >= 128 ? UINT64_MAX : (UINT64_C(1) << (n - 64)) - 1;
	}
	return a;
}

static unsigned family_bits(int family)
{
	return family == 4 ? 32 : 128;
}

/*! True if the address is the last one of its family: nothing can begin after it. */
static bool addr_is_last(int family, addr_t a)
{
	return addr_equal(a, addr_fill((addr_t){ 0, 0 }, family_bits(family)));
}

static int spans_add(spans_t *spans, const span_t *span)
{
	if (spans->count == spans->max) {
		size_t max = spans->max + spans->max / 2 + 16;
		span_t *at = realloc(spans->at, max * sizeof(*at));
		if (at == NULL) {
			return KNOT_ENOMEM;
		}
		spans->at = at;
		spans->max = max;
	}
	spans->at[spans->count++] = *span;
	return KNOT_EOK;
}

/*! Splits a range into the fewest prefixes: each time the widest that begins there and fits. */
static int spans_add_range(spans_t *spans, int family, span_t range)
{
	span_t span = range;
	for (;;) {
		unsigned host = 0;
		span.end = span.start;
		while (host < family_bits(family)) {
			addr_t mask = addr_fill((addr_t){ 0, 0 }, ++host);
			addr_t end = addr_fill(span.start, host);
			if ((span.start.hi & mask.hi) != 0 || (span.start.lo & mask.lo) != 0 ||
			    addr_less(range.end, end)) {
				break;
			}
			span.end = end;
		}

		int ret = spans_add(spans, &span);
		if (ret != KNOT_EOK || addr_equal(span.end, range.end)) {
			return ret;
		}
		span.start = addr_next(span.end);
	}
}

/*! Makes the spans of networks as points_make() takes them. */
static int spans_make(spans_t *spans, int family, const net_t *nets, size_t count)
{
	addr_t reach = { 0, 0 }; /* The highest address so far. */
	for (size_t i = 0; i < count; i++) {
		span_t span = { addr_load(family, nets[i].first), addr_load(family, nets[i].last),
		                (uint32_t)i };
		bool split = nets[i].range;
		if (split && (i == 0 || addr_less(reach, span.start)) &&
		    (i + 1 == count ||
		     addr_less(span.end, addr_load(family, nets[i + 1].first)))) {
			split = false; /* It has these addresses for itself. */
		}
		int ret = split ? spans_add_range(spans, family, span) : spans_add(spans, &span);
		if (ret != KNOT_EOK) {
			return ret;
		}
		if (addr_less(reach, span.end)) {
			reach = span.end;
		}
	}
	return KNOT_EOK;
}

/*!
 * Address order, outer before inner. Of equal ones the last counts: a range that holds a prefix
 * was sorted before it.
 */
static int span_cmp(const void *pa, const void *pb)
{
	const span_t *a = pa, *b = pb;
	int ret = addr_cmp(a->start, b->start);
	if (ret == 0) {
		ret = addr_cmp(b->end, a->end);
	}
	return ret != 0 ? ret : (a->net > b->net) - (a->net < b->net);
}

static void spans_sort(spans_t *spans)
{
	size_t sorted = 1;
	while (sorted < spans->count && span_cmp(&spans->at[sorted - 1], &spans->at[sorted]) <= 0) {
		sorted++;
	}
	if (sorted < spans->count) { /* Ranges were split. */
		qsort(spans->at, spans->count, sizeof(*spans->at), span_cmp);
	}
}

static addr_t points_at(const points_t *points, int family, size_t i)
{
	if (family == 4) {
		return (addr_t){ 0, points->start4[i] };
	}
	return (addr_t){ points->hi6[i], points->lo6[i] };
}

static void points_put(points_t *points, int family, addr_t start, uint32_t net)
{
	size_t i = points->count;
	if (i > 0 && addr_equal(points_at(points, family, i - 1), start)) {
		i--; /* Something more specific begins, or something outer ends, right there. */
	}
	if (i > 0 && points->net[i - 1] == net) {
		points->count = i;
		return;
	}

	if (family == 4) {
		points->start4[i] = (uint32_t)start.lo;
	} else {
		points->hi6[i] = start.hi;
		points->lo6[i] = start.lo;
	}
	points->net[i] = net;
	points->count = i + 1;
}

/*! Walks the sorted spans; the stack holds those that the walk is in, outermost first. */
static void points_fill(points_t *points, int family, const spans_t *spans)
{
	const span_t *in[129]; /* No two of them equal: one for each prefix length. */
	size_t depth = 0;

	points_put(points, family, (addr_t){ 0, 0 }, POINT_NONE);
	for (size_t i = 0; i <= spans->count; i++) {
		const span_t *span = i < spans->count ? &spans->at[i] : NULL;
		while (depth > 0 && (span == NULL || addr_less(in[depth - 1]->end, span->start))) {
			addr_t end = in[--depth]->end;
			if (!addr_is_last(family, end)) {
				points_put(points, family, addr_next(end),
				           depth > 0 ? in[depth - 1]->net : POINT_NONE);
			}
		}
		if (span == NULL) {
			break;
		}
		if (depth > 0 && addr_equal(in[depth - 1]->start, span->start) &&
		    addr_equal(in[depth - 1]->end, span->end)) {
			depth--;
		}
		in[depth++] = span;
		points_put(points, family, span->start, span->net);
	}
}

static int points_alloc(points_t *points, int family, size_t max)
{
	points->net = malloc(max * sizeof(*points->net));
	if (family == 4) {
		points->start4 = malloc(max * sizeof(*points->start4));
		return points->net != NULL && points->start4 != NULL ? KNOT_EOK : KNOT_ENOMEM;
	}
	points->hi6 = malloc(max * sizeof(*points->hi6));
	points->lo6 = malloc(max * sizeof(*points->lo6));
	return points->net != NULL && points->hi6 != NULL && points->lo6 != NULL ? KNOT_EOK
	                                                                         : KNOT_ENOMEM;
}

static void shrink64(uint64_t **at, size_t count)
{
	uint64_t *less = realloc(*at, count * sizeof(*less));
	if (less != NULL) {
		*at = less;
	}
}

static void shrink32(uint32_t **at, size_t count)
{
	uint32_t *less = realloc(*at, count * sizeof(*less));
	if (less != NULL) {
		*at = less;
	}
}

/*! Gives back what the estimate took too much; keeps it where that fails. */
static void points_shrink(points_t *points, int family)
{
	shrink32(&points->net, points->count);
	if (family == 4) {
		shrink32(&points->start4, points->count);
	} else {
		shrink64(&points->hi6, points->count);
		shrink64(&points->lo6, points->count);
	}
}

int points_make(points_t *points, int family, const net_t *nets, size_t count)
{
	if (count == 0) {
		return KNOT_EOK;
	}

	spans_t spans = { NULL, 0, 0 };
	int ret = spans_make(&spans, family, nets, count);
	if (ret == KNOT_EOK) {
		ret = points_alloc(points, family, 2 * spans.count + 1);
	}
	if (ret == KNOT_EOK) {
		spans_sort(&spans);
		points_fill(points, family, &spans);
		points_shrink(points, family);
		points->nets = nets;
	}
	free(spans.at);
	return ret;
}

/*! Index of the last of count sorted values that is not above one; the first never is. */
static size_t find32(const uint32_t *values, size_t count, uint32_t value)
{
	const uint32_t *base = values;
	for (size_t n = count; n > 1; n -= n / 2) {
		base += base[n / 2] <= value ? n / 2 : 0; /* A step, not a branch to be guessed. */
	}
	return (size_t)(base - values);
}

static size_t find64(const uint64_t *values, size_t count, uint64_t value)
{
	const uint64_t *base = values;
	for (size_t n = count; n > 1; n -= n / 2) {
		base += base[n / 2] <= value ? n / 2 : 0;
	}
	return (size_t)(base - values);
}

static size_t points_find6(const points_t *points, addr_t addr)
{
	const uint64_t *hi = points->hi6, *lo = points->lo6;
	const size_t last = find64(hi, points->count, addr.hi);
	if (hi[last] != addr.hi) {
		return last;
	}

	/* The lower half decides among the points that have this upper half. */
	size_t first = last;
	if (last > 0 && hi[last - 1] == addr.hi) {
		first = addr.hi == 0 ? 0 : find64(hi, last, addr.hi - 1) + 1;
	}
	if (lo[first] > addr.lo) {
		return first - 1; /* Not of the very first point: that is zero. */
	}
	return first + find64(&lo[first], last - first + 1, addr.lo);
}

/*! Index of the stretch that an address is in. There must be points. */
static size_t points_find(const points_t *points, int family, const uint8_t *addr)
{
	return family == 4 ? find32(points->start4, points->count, load32(addr))
	                   : points_find6(points, addr_load(family, addr));
}

const net_t *points_match(const points_t *points, int family, const uint8_t *addr)
{
	if (points->count == 0) {
		return NULL;
	}
	uint32_t net = points->net[points_find(points, family, addr)];
	return net != POINT_NONE ? &points->nets[net] : NULL;
}

bool points_overlap(const points_t *points, int family, const uint8_t *first, const uint8_t *last)
{
	if (points->count == 0) {
		return false;
	}

	/* If first is in a gap, any point up to last ends the gap: no two gaps are adjacent. */
	size_t i = points_find(points, family, first);
	return points->net[i] != POINT_NONE || i != points_find(points, family, last);
}

void points_clear(points_t *points)
{
	free(points->start4);
	free(points->hi6);
	free(points->lo6);
	free(points->net);
	memset(points, 0, sizeof(*points));
}
