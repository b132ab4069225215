/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Networks, and sets of them that are searched for the longest match.
 *
 * For matching, the networks of a family are flattened into intervals: sorted addresses, each with
 * the most specific network from there to the next one, or none. Prefixes nest or are disjoint,
 * never half overlapping, so one pass over them in address order, with a stack of those it is in,
 * yields the intervals. Ranges are split into prefixes for that, except those that share no address
 * with anything else: these can stay whole, and so a list of disjoint ranges costs no more than a
 * list of prefixes. An exception takes part in this like a network, and leaves a gap.
 *
 * A list that has exceptions gets intervals of its own, because they are nobody else's. Afterwards
 * the intervals of all lists become one array: where several lists say something of an address, a
 * network goes before a gap. A match so costs the same whether there are exceptions or not.
 */

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "dns/vec.h"
#include "policy/netset.h"

static unsigned family_bits(int family)
{
	return family == 4 ? 32 : 128;
}

int net_from_addr(net_t *net, int family, const uint8_t *addr, const uint8_t *last,
                  unsigned prefix)
{
	if ((family != 4 && family != 6) || (last == NULL && prefix > family_bits(family))) {
		return KNOT_EINVAL;
	}

	const size_t size = family_bits(family) / 8;
	if (last != NULL && memcmp(addr, last, size) > 0) {
		return KNOT_EINVAL;
	}

	/* Octets that a family does not use stay zero: networks can be compared as a whole. */
	*net = (net_t){
		.family = (uint8_t)family,
		.range = last != NULL,
	};
	memcpy(net->first, addr, size);
	memcpy(net->last, last != NULL ? last : addr, size);
	if (last != NULL) {
		return KNOT_EOK;
	}

	net->prefix = (uint8_t)prefix;
	for (unsigned i = 0; i < size; i++) {
		unsigned bits = prefix <= i * 8 ? 0 : prefix - i * 8; /* Of the network, here. */
		uint8_t host = bits >= 8 ? 0 : 0xff >> bits;
		net->first[i] &= (uint8_t)~host;
		net->last[i] |= host;
	}
	return KNOT_EOK;
}

/*! Reads len characters as an address. Returns the family, or 0. */
static int addr_from_str(uint8_t out[16], const char *str, size_t len)
{
	char buf[INET6_ADDRSTRLEN];
	if (len >= sizeof(buf)) {
		return 0;
	}
	memcpy(buf, str, len);
	buf[len] = '\0';

	if (inet_pton(AF_INET, buf, out) == 1) {
		return 4;
	}
	return inet_pton(AF_INET6, buf, out) == 1 ? 6 : 0;
}

/*! Reads a prefix length: decimal, no sign, no leading zeros. Returns -1 if it is none. */
static int prefix_from_str(const char *str)
{
	unsigned value = 0;
	size_t len = strlen(str);
	if (len == 0 || len > 3 || (len > 1 && str[0] == '0')) {
		return -1;
	}
	for (; *str != '\0'; str++) {
		if (*str < '0' || *str > '9') {
			return -1;
		}
		value = value * 10 + (unsigned)(*str - '0');
	}
	return (int)value;
}

int net_from_str(net_t *net, const char *str)
{
	uint8_t addr[16], last[16];
	size_t len = strcspn(str, "/-");
	int family = addr_from_str(addr, str, len);
	if (family == 0) {
		return KNOT_EINVAL;
	}

	const char *rest = str + len;
	if (*rest == '\0') {
		return net_from_addr(net, family, addr, NULL, family_bits(family));
	}
	if (*rest == '/') {
		int prefix = prefix_from_str(rest + 1);
		return prefix < 0 ? KNOT_EINVAL
		                  : net_from_addr(net, family, addr, NULL, (unsigned)prefix);
	}
	if (addr_from_str(last, rest + 1, strlen(rest + 1)) != family) {
		return KNOT_EINVAL;
	}
	return net_from_addr(net, family, addr, last, 0);
}

char *net_to_str(const net_t *net, char buf[static NET_TEXT_MAX])
{
	const int af = net->family == 4 ? AF_INET : AF_INET6;
	(void)inet_ntop(af, net->first, buf, INET6_ADDRSTRLEN);
	char *end = buf + strlen(buf);
	if (net->range) {
		*end++ = '-';
		(void)inet_ntop(af, net->last, end, INET6_ADDRSTRLEN);
		return buf;
	}

	*end++ = '/';
	if (net->prefix >= 100) {
		*end++ = '1';
	}
	if (net->prefix >= 10) {
		*end++ = (char)('0' + net->prefix / 10 % 10);
	}
	*end++ = (char)('0' + net->prefix % 10);
	*end = '\0';
	return buf;
}

double net_addresses(const net_t *net)
{
	double count = 0;
	for (size_t i = 0; i < (net->family == 4 ? 4 : 16); i++) {
		count = count * 256 + net->last[i] - net->first[i];
	}
	return count + 1;
}

bool net_overlap(const net_t *a, const net_t *b)
{
	return a->family == b->family && memcmp(a->first, b->last, sizeof(a->first)) <= 0 &&
	       memcmp(b->first, a->last, sizeof(a->first)) <= 0;
}

/*! The interval is in no network. */
#define NO_NET UINT32_MAX

/*! The intervals of one family, none or beginning with its lowest address; zeroed is none. */
typedef struct {
	uint32_t *start4;  /*!< IPv4: where the intervals begin. */
	uint64_t *hi6;     /*!< IPv6: the same, upper halves, mostly all a search needs, */
	uint64_t *lo6;     /*!< and lower halves. */
	uint32_t *net;     /*!< Index of the network of each interval, or NO_NET. */
	size_t count;
} intervals_t;

typedef VEC(net_t) nets_t;

struct netset {
	nets_t nets;
	nets_t excepts;        /*!< This and the next one are empty once the set is built. */
	VEC(netset_t *) lists; /*!< Those with exceptions of their own. */
	bool built;
	intervals_t v4;
	intervals_t v6;
};

netset_t *netset_new(void)
{
	return calloc(1, sizeof(netset_t));
}

static int nets_add(nets_t *nets, const net_t *net)
{
	net_t *added = nets->count < NO_NET / 2 ? vec_add(nets) : NULL;
	if (added == NULL) {
		return KNOT_ENOMEM;
	}
	*added = *net;
	return KNOT_EOK;
}

int netset_add(netset_t *set, const net_t *net)
{
	return set->built ? KNOT_EINVAL : nets_add(&set->nets, net);
}

int netset_except(netset_t *set, const net_t *net)
{
	return set->built ? KNOT_EINVAL : nets_add(&set->excepts, net);
}

int netset_unite(netset_t *set, netset_t *list)
{
	if (set->built || list->built) {
		return KNOT_EINVAL;
	}
	if (list->excepts.count > 0 || list->lists.count > 0) {
		netset_t **added = vec_add(&set->lists);
		if (added == NULL) {
			return KNOT_ENOMEM;
		}
		*added = list;
		return KNOT_EOK;
	}

	int ret = KNOT_EOK;
	for (size_t i = 0; i < list->nets.count && ret == KNOT_EOK; i++) {
		ret = nets_add(&set->nets, &list->nets.at[i]);
	}
	if (ret == KNOT_EOK) {
		netset_free(list);
	}
	return ret;
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

/*! Sorts what is not in order yet; published lists mostly are. */
static void sort(void *array, size_t count, size_t size, int (*cmp)(const void *, const void *))
{
	const char *at = array;
	for (size_t i = 1; i < count; i++, at += size) {
		if (cmp(at, at + size) > 0) {
			qsort(array, count, size, cmp);
			return;
		}
	}
}

/*! An address of either family as a number; IPv4 is in lo. */
typedef struct {
	uint64_t hi;
	uint64_t lo;
} addr_t;

/*! Addresses start to end go to a network, or with NO_NET to none, unless a span inside says
 *  otherwise. */
typedef struct {
	addr_t start;
	addr_t end;
	uint32_t net;
} span_t;

typedef VEC(span_t) spans_t;

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

/*! True if the address is the last one of its family: nothing can begin after it. */
static bool addr_is_last(int family, addr_t a)
{
	return addr_equal(a, addr_fill((addr_t){ 0, 0 }, family_bits(family)));
}

static int spans_add(spans_t *spans, const span_t *span)
{
	span_t *added = vec_add(spans);
	if (added == NULL) {
		return KNOT_ENOMEM;
	}
	*added = *span;
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

static int spans_add_net(spans_t *spans, const net_t *net, uint32_t index, bool split)
{
	const span_t span = { addr_load(net->family, net->first),
	                      addr_load(net->family, net->last), index };
	return split ? spans_add_range(spans, net->family, span) : spans_add(spans, &span);
}

/*!
 * Makes the spans of a set's networks of one family.
 *
 * \param nets    The networks, in the order of net_cmp().
 * \param first   Index of the first one, and
 * \param end     of the first one that is not of this family any more.
 * \param whole   A range that has its addresses for itself need not be split.
 */
static int spans_make(spans_t *spans, const net_t *nets, size_t first, size_t end, bool whole)
{
	addr_t reach = { 0, 0 }; /* The highest address so far. */
	for (size_t i = first; i < end; i++) {
		const int family = nets[i].family;
		const addr_t start = addr_load(family, nets[i].first);
		const addr_t last = addr_load(family, nets[i].last);
		bool split = nets[i].range;
		if (split && whole && (i == first || addr_less(reach, start)) &&
		    (i + 1 == end || addr_less(last, addr_load(family, nets[i + 1].first)))) {
			split = false;
		}
		int ret = spans_add_net(spans, &nets[i], (uint32_t)i, split);
		if (ret != KNOT_EOK) {
			return ret;
		}
		if (addr_less(reach, last)) {
			reach = last;
		}
	}
	return KNOT_EOK;
}

/*! Adds the exceptions of one family. They may be in any order. */
static int spans_except(spans_t *spans, int family, const nets_t *excepts)
{
	int ret = KNOT_EOK;
	for (size_t i = 0; i < excepts->count && ret == KNOT_EOK; i++) {
		const net_t *except = &excepts->at[i];
		if (except->family == family) {
			ret = spans_add_net(spans, except, NO_NET, except->range);
		}
	}
	return ret;
}

/*!
 * Address order, outer before inner. Of equal ones the last counts: a range that holds a prefix
 * was sorted before it, and an exception has the highest index.
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

static addr_t intervals_at(const intervals_t *intervals, int family, size_t i)
{
	if (family == 4) {
		return (addr_t){ 0, intervals->start4[i] };
	}
	return (addr_t){ intervals->hi6[i], intervals->lo6[i] };
}

static void intervals_put(intervals_t *intervals, int family, addr_t start, uint32_t net)
{
	size_t i = intervals->count;
	if (i > 0 && addr_equal(intervals_at(intervals, family, i - 1), start)) {
		i--; /* Something more specific begins, or something outer ends, right there. */
	}
	if (i > 0 && intervals->net[i - 1] == net) {
		intervals->count = i;
		return;
	}

	if (family == 4) {
		intervals->start4[i] = (uint32_t)start.lo;
	} else {
		intervals->hi6[i] = start.hi;
		intervals->lo6[i] = start.lo;
	}
	intervals->net[i] = net;
	intervals->count = i + 1;
}

/*! Walks the sorted spans; the stack holds those that the walk is in, outermost first. */
static void intervals_fill(intervals_t *intervals, int family, const spans_t *spans)
{
	const span_t *in[129]; /* No two of them equal: one for each prefix length. */
	size_t depth = 0;

	intervals_put(intervals, family, (addr_t){ 0, 0 }, NO_NET);
	for (size_t i = 0; i <= spans->count; i++) {
		const span_t *span = i < spans->count ? &spans->at[i] : NULL;
		while (depth > 0 && (span == NULL || addr_less(in[depth - 1]->end, span->start))) {
			addr_t end = in[--depth]->end;
			if (!addr_is_last(family, end)) {
				intervals_put(intervals, family, addr_next(end),
				              depth > 0 ? in[depth - 1]->net : NO_NET);
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
		intervals_put(intervals, family, span->start, span->net);
	}
}

static int intervals_alloc(intervals_t *intervals, int family, size_t max)
{
	intervals->net = malloc(max * sizeof(*intervals->net));
	bool failed = intervals->net == NULL;
	if (family == 4) {
		intervals->start4 = malloc(max * sizeof(*intervals->start4));
		failed |= intervals->start4 == NULL;
	} else {
		intervals->hi6 = malloc(max * sizeof(*intervals->hi6));
		intervals->lo6 = malloc(max * sizeof(*intervals->lo6));
		failed |= intervals->hi6 == NULL || intervals->lo6 == NULL;
	}
	return failed ? KNOT_ENOMEM : KNOT_EOK;
}

/*! Gives back what the estimate took too much; keeps it where that fails. */
static void *shrink(void *array, size_t size)
{
	void *less = realloc(array, size);
	return less != NULL ? less : array;
}

static void intervals_shrink(intervals_t *intervals, int family)
{
	intervals->net = shrink(intervals->net, intervals->count * sizeof(*intervals->net));
	if (family == 4) {
		intervals->start4 = shrink(intervals->start4,
		                           intervals->count * sizeof(*intervals->start4));
	} else {
		intervals->hi6 = shrink(intervals->hi6, intervals->count * sizeof(*intervals->hi6));
		intervals->lo6 = shrink(intervals->lo6, intervals->count * sizeof(*intervals->lo6));
	}
}

/*!
 * Makes the intervals of one family from a set's networks and exceptions; to be cleared also after
 * an error. The networks first to end are those of the family, none twice.
 */
static int intervals_make(intervals_t *intervals, int family, const netset_t *set, size_t first,
                          size_t end)
{
	if (first == end) {
		return KNOT_EOK;
	}

	spans_t spans = { NULL, 0, 0 };
	int ret = spans_make(&spans, set->nets.at, first, end, set->excepts.count == 0);
	if (ret == KNOT_EOK) {
		ret = spans_except(&spans, family, &set->excepts);
	}
	if (ret == KNOT_EOK) {
		ret = intervals_alloc(intervals, family, 2 * spans.count + 1);
	}
	if (ret == KNOT_EOK) {
		sort(spans.at, spans.count, sizeof(*spans.at), span_cmp);
		intervals_fill(intervals, family, &spans);
		intervals_shrink(intervals, family);
	}
	vec_free(&spans);
	return ret;
}

static void intervals_clear(intervals_t *intervals)
{
	free(intervals->start4);
	free(intervals->hi6);
	free(intervals->lo6);
	free(intervals->net);
	memset(intervals, 0, sizeof(*intervals));
}

/*! The number of addresses of a network, less one. */
static addr_t net_size(const net_t *net)
{
	const addr_t first = addr_load(net->family, net->first);
	const addr_t last = addr_load(net->family, net->last);
	return (addr_t){ last.hi - first.hi - (last.lo < first.lo), last.lo - first.lo };
}

/*! Of two networks, by their index, the one with fewer addresses. */
static uint32_t narrower(const nets_t *nets, uint32_t a, uint32_t b)
{
	if (a == NO_NET || b == NO_NET) {
		return a == NO_NET ? b : a;
	}
	return addr_less(net_size(&nets->at[b]), net_size(&nets->at[a])) ? b : a;
}

/*! Adds the intervals of another list, whose networks are in the same array; clears those. */
static int intervals_unite(intervals_t *intervals, int family, intervals_t *other,
                           const nets_t *nets)
{
	if (other->count == 0) {
		return KNOT_EOK;
	}
	if (intervals->count == 0) {
		*intervals = *other;
		memset(other, 0, sizeof(*other));
		return KNOT_EOK;
	}

	intervals_t both = { .count = 0 };
	if (intervals_alloc(&both, family, intervals->count + other->count) != KNOT_EOK) {
		intervals_clear(&both);
		return KNOT_ENOMEM;
	}
	size_t i = 0, j = 0;
	addr_t start = { 0, 0 };
	for (;;) {
		intervals_put(&both, family, start,
		              narrower(nets, intervals->net[i], other->net[j]));
		const bool more = i + 1 < intervals->count, more_other = j + 1 < other->count;
		if (!more && !more_other) {
			break;
		}
		const int cmp = !more ? 1 : !more_other ? -1
		              : addr_cmp(intervals_at(intervals, family, i + 1),
		                         intervals_at(other, family, j + 1));
		i += cmp <= 0;
		j += cmp >= 0;
		start = cmp <= 0 ? intervals_at(intervals, family, i)
		                 : intervals_at(other, family, j);
	}
	intervals_shrink(&both, family);
	intervals_clear(intervals);
	intervals_clear(other);
	*intervals = both;
	return KNOT_EOK;
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

static size_t intervals_find6(const intervals_t *intervals, addr_t addr)
{
	const uint64_t *hi = intervals->hi6, *lo = intervals->lo6;
	const size_t last = find64(hi, intervals->count, addr.hi);
	if (hi[last] != addr.hi) {
		return last;
	}

	/* The lower half decides among the intervals that have this upper half. */
	size_t first = last;
	if (last > 0 && hi[last - 1] == addr.hi) {
		first = addr.hi == 0 ? 0 : find64(hi, last, addr.hi - 1) + 1;
	}
	if (lo[first] > addr.lo) {
		return first - 1; /* Not of the very first interval: that begins with zero. */
	}
	return first + find64(&lo[first], last - first + 1, addr.lo);
}

/*! Index of the interval that an address is in. There must be one. */
static size_t intervals_find(const intervals_t *intervals, int family, const uint8_t *addr)
{
	return family == 4 ? find32(intervals->start4, intervals->count, load32(addr))
	                   : intervals_find6(intervals, addr_load(family, addr));
}

static void nets_sort(nets_t *nets)
{
	sort(nets->at, nets->count, sizeof(*nets->at), net_cmp);
	size_t kept = 0;
	for (size_t i = 0; i < nets->count; i++) {
		if (kept == 0 || net_cmp(&nets->at[kept - 1], &nets->at[i]) != 0) {
			nets->at[kept++] = nets->at[i];
		}
	}
	nets->count = kept;
	if (kept > 0) {
		nets->at = shrink(nets->at, kept * sizeof(*nets->at));
		nets->room = kept;
	}
}

/*! Builds all but the lists that have exceptions of their own. */
static int build_own(netset_t *set)
{
	const nets_t *nets = &set->nets;
	nets_sort(&set->nets);
	size_t count4 = 0;
	while (count4 < nets->count && nets->at[count4].family == 4) {
		count4++;
	}
	int ret = intervals_make(&set->v4, 4, set, 0, count4);
	return ret == KNOT_EOK ? intervals_make(&set->v6, 6, set, count4, nets->count) : ret;
}

/*! What indices mean in an array that has others in front. */
static void shift(intervals_t *intervals, size_t by)
{
	for (size_t i = 0; i < intervals->count; i++) {
		intervals->net[i] += intervals->net[i] != NO_NET ? (uint32_t)by : 0;
	}
}

static int build_list(netset_t *set, netset_t *list)
{
	const size_t before = set->nets.count;
	int ret = netset_build(list);
	for (size_t i = 0; i < list->nets.count && ret == KNOT_EOK; i++) {
		ret = nets_add(&set->nets, &list->nets.at[i]);
	}
	shift(&list->v4, before);
	shift(&list->v6, before);
	if (ret == KNOT_EOK) {
		ret = intervals_unite(&set->v4, 4, &list->v4, &set->nets);
	}
	if (ret == KNOT_EOK) {
		ret = intervals_unite(&set->v6, 6, &list->v6, &set->nets);
	}
	return ret;
}

/*! Frees what is needed to build a set only. */
static void free_parts(netset_t *set)
{
	for (size_t i = 0; i < set->lists.count; i++) {
		netset_free(set->lists.at[i]);
	}
	vec_free(&set->lists);
	vec_free(&set->excepts);
}

int netset_build(netset_t *set)
{
	if (set->built) {
		return KNOT_EOK;
	}
	set->built = true; /* Also if this fails: it can only be freed then. */
	int ret = build_own(set);
	for (size_t i = 0; i < set->lists.count && ret == KNOT_EOK; i++) {
		ret = build_list(set, set->lists.at[i]);
	}
	free_parts(set);
	return ret;
}

size_t netset_count(const netset_t *set)
{
	return set->nets.count;
}

const net_t *netset_at(const netset_t *set, size_t i)
{
	return &set->nets.at[i];
}

const net_t *netset_match(const netset_t *set, int family, const uint8_t *addr)
{
	const intervals_t *intervals = set == NULL ? NULL : family == 4 ? &set->v4 : &set->v6;
	if (intervals == NULL || intervals->count == 0) {
		return NULL;
	}
	uint32_t net = intervals->net[intervals_find(intervals, family, addr)];
	return net != NO_NET ? &set->nets.at[net] : NULL;
}

double netset_addresses(const netset_t *set, int family)
{
	const intervals_t *intervals = family == 4 ? &set->v4 : &set->v6;
	const double high = 18446744073709551616.0, end = family == 4 ? 4294967296.0 : high * high;
	double count = 0, next = end;
	for (size_t i = intervals->count; i-- > 0;) {
		addr_t addr = intervals_at(intervals, family, i);
		double start = (double)addr.hi * high + (double)addr.lo;
		count += intervals->net[i] != NO_NET ? next - start : 0;
		next = start;
	}
	return count;
}

bool netset_overlaps(const netset_t *set, const net_t *net)
{
	const intervals_t *intervals = set == NULL ? NULL : net->family == 4 ? &set->v4 : &set->v6;
	if (intervals == NULL || intervals->count == 0) {
		return false;
	}

	/* If first is in a gap, any interval that begins up to last ends it: no two gaps are
	 * adjacent. */
	size_t i = intervals_find(intervals, net->family, net->first);
	return intervals->net[i] != NO_NET ||
	       i != intervals_find(intervals, net->family, net->last);
}

void netset_free(netset_t *set)
{
	if (set == NULL) {
		return;
	}
	intervals_clear(&set->v4);
	intervals_clear(&set->v6);
	free_parts(set);
	vec_free(&set->nets);
	free(set);
}
