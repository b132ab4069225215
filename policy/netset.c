/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Networks, and sets of them that are searched for the longest match.
 *
 * For matching, the networks of a family are an array of entries, sorted by their first address,
 * outer before inner. Prefixes nest or are disjoint, never half overlapping. So of the entries that
 * begin up to an address the last one holds it, or one of those around that entry does, if any:
 * each entry knows the narrowest one around it.
 *
 * Ranges are split into prefixes for that, except those that share no address with anything else:
 * these can stay whole, and so a list of disjoint ranges costs no more than a list of prefixes.
 *
 * An exception is an entry like a network. It belongs to one list. What an address in it matches
 * otherwise, by what other lists say, is found when the set is built: a match costs the same
 * whether there are exceptions or not.
 */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>
#include <libknot/wire.h>

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
	const size_t i = prefix / 8; /* The octet that the network ends in, or before. */
	if (i < size) {
		const uint8_t host = 0xff >> prefix % 8;
		net->first[i] &= (uint8_t)~host;
		net->last[i] |= host;
		memset(net->first + i + 1, 0, size - i - 1);
		memset(net->last + i + 1, 0xff, size - i - 1);
	}
	return KNOT_EOK;
}

/*! Reads len characters as an IPv4 address, as strictly as inet_pton() does, and many times as
 *  fast: four decimal numbers without leading zeros. */
static bool addr4_from_str(uint8_t out[4], const char *str, size_t len)
{
	const char *end = str + len;
	for (unsigned i = 0; i < 4; i++) {
		const char *begin = str;
		unsigned value = 0;
		while (str < end && *str >= '0' && *str <= '9' && value <= 255) {
			value = value * 10 + (unsigned)(*str++ - '0');
		}
		if (str == begin || value > 255 || (*begin == '0' && str - begin > 1) ||
		    (i < 3 && (str == end || *str++ != '.'))) {
			return false;
		}
		out[i] = (uint8_t)value;
	}
	return str == end;
}

/*! Reads len characters as an address. Returns the family, or 0. */
static int addr_from_str(uint8_t out[16], const char *str, size_t len)
{
	char buf[INET6_ADDRSTRLEN];
	if (addr4_from_str(out, str, len)) {
		return 4;
	}
	if (len >= sizeof(buf)) {
		return 0;
	}
	memcpy(buf, str, len);
	buf[len] = '\0';
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
	} else {
		(void)snprintf(end, sizeof("/128"), "/%u", net->prefix);
	}
	return buf;
}

bool net_overlap(const net_t *a, const net_t *b)
{
	return a->family == b->family && memcmp(a->first, b->last, sizeof(a->first)) <= 0 &&
	       memcmp(b->first, a->last, sizeof(a->first)) <= 0;
}

/*! An address of either family as a number; IPv4 is in lo. */
typedef struct {
	uint64_t hi;
	uint64_t lo;
} addr_t;

/* As knot_wire_read_u32(), but without an assertion each time. */
static uint32_t load32(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static uint64_t load64(const uint8_t *b)
{
	return (uint64_t)load32(b) << 32 | load32(b + 4);
}

static addr_t addr_load(int family, const uint8_t *b)
{
	if (family == 4) {
		return (addr_t){ 0, load32(b) };
	}
	return (addr_t){ load64(b), load64(b + 8) };
}

static void addr_store(uint8_t *b, int family, addr_t addr)
{
	if (family == 4) {
		knot_wire_write_u32(b, (uint32_t)addr.lo);
	} else {
		knot_wire_write_u64(b, addr.hi);
		knot_wire_write_u64(b + 8, addr.lo);
	}
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

/*! The number of addresses from one up to before another one that is not lower. */
static double addr_distance(addr_t from, addr_t to)
{
	return (double)(to.hi - from.hi - (to.lo < from.lo)) * 18446744073709551616.0 +
	       (double)(to.lo - from.lo);
}

double net_addresses(const net_t *net)
{
	return addr_distance(addr_load(net->family, net->first),
	                     addr_load(net->family, net->last)) + 1;
}

/*! What an entry is; of those that are equal the last one counts. */
typedef enum {
	KIND_PIECE,  /*!< A prefix, part of a range. */
	KIND_RANGE,  /*!< A whole range. */
	KIND_PREFIX,
	KIND_EXCEPT, /*!< A prefix. */
} kind_t;

/*! An entry while a set is made. */
typedef struct {
	addr_t start;
	uint32_t of;  /*!< Index of the range, if it is one or a piece of one; else the list. */
	uint8_t len;  /*!< Prefix length; 0 for a whole range. */
	uint8_t kind;
} span_t;

/*! A range while a set is made. */
typedef struct {
	addr_t first;
	addr_t last;
	uint32_t list; /*!< An exception is of the same list, or does not matter. */
} range_t;

typedef VEC(span_t) spans_t;
typedef VEC(range_t) ranges_t;

/*! Indices are of so many bits: what an entry is takes the others. */
#define INDEX_BITS 30
#define LEN_RANGE  255
/*! Entries for a bucket: some cache lines. */
#define BUCKET_ENTRIES4 2
#define BUCKET_ENTRIES6 1
/*! No entry. */
#define NONE       ((UINT32_C(1) << INDEX_BITS) - 1)

/*! An entry: all that a look-up needs of it is side by side, because in a large set each other
 *  place in memory costs more than the search. */
typedef struct {
	addr_t start;    /*!< Its first address. */
	uint32_t around; /*!< The narrowest entry around it, or NONE; of a range, its own index.
	                  *   Above these bits, what the entry is. */
	uint8_t len;     /*!< Prefix length; LEN_RANGE for a whole range. */
} entry_t;

/*! The same of IPv4, which takes half of that. */
typedef struct {
	uint32_t start;
	uint32_t around;
	uint8_t len;
} entry4_t;

/*! The networks of one family; zeroed: none. */
typedef struct {
	/* Until the set is built. */
	spans_t spans;
	ranges_t ranges;

	/* Built: the entries. */
	size_t count;
	entry4_t *entries4;
	entry_t *entries6;
	uint32_t *last;    /*!< Where to search: the last entry whose address (IPv6: upper half) is
	                    *   in a bucket before this one, or 0. One more than
	                    *   there are buckets. */
	uint32_t highest;  /*!< The number of the last bucket. */
	uint8_t shift;     /*!< A bucket is so many bits wide; */
	uint64_t low;      /*!< the first one begins with the first entry. */
	uint32_t *instead; /*!< For an exception, what an address in it matches, or NONE; for
	                    *   a piece, the index of its range. NULL: there is neither. */
	uint64_t *range4;  /*!< First and last address of the ranges, IPv4: in one number, */
	addr_t *range6;    /*!< IPv6: two addresses for each. */
	size_t range_count;
} family_t;

struct netset {
	family_t v4;
	family_t v6;
	size_t count;   /*!< Networks. */
	uint32_t lists; /*!< Lists that have exceptions of their own: numbered from 1. */
	bool excepts;   /*!< The set itself has some, as list 0. */
	bool built;
};

static const family_t *family_of(const netset_t *set, int family)
{
	return family == 4 ? &set->v4 : &set->v6;
}

netset_t *netset_new(void)
{
	return calloc(1, sizeof(netset_t));
}

static int spans_add(spans_t *spans, const span_t *span)
{
	span_t *added = spans->count < NONE ? vec_add(spans) : NULL;
	if (added == NULL) {
		return KNOT_ENOMEM;
	}
	*added = *span;
	return KNOT_EOK;
}

/*! Splits a range into the fewest prefixes: each time the widest that begins there and fits. */
static int spans_add_range(spans_t *spans, int family, span_t span, addr_t last)
{
	for (;;) {
		unsigned host = 0;
		addr_t end = span.start;
		while (host < family_bits(family)) {
			addr_t mask = addr_fill((addr_t){ 0, 0 }, host + 1);
			addr_t next = addr_fill(span.start, host + 1);
			if ((span.start.hi & mask.hi) != 0 || (span.start.lo & mask.lo) != 0 ||
			    addr_less(last, next)) {
				break;
			}
			end = next;
			host++;
		}

		span.len = (uint8_t)(family_bits(family) - host);
		int ret = spans_add(spans, &span);
		if (ret != KNOT_EOK || addr_equal(end, last)) {
			return ret;
		}
		span.start = addr_next(end);
	}
}

static int add(netset_t *set, const net_t *net, kind_t kind)
{
	family_t *family = net->family == 4 ? &set->v4 : &set->v6;
	span_t span = { .start = addr_load(net->family, net->first), .len = net->prefix,
	                .kind = kind };
	if (set->built) {
		return KNOT_EINVAL;
	}
	if (!net->range) {
		return spans_add(&family->spans, &span);
	}
	addr_t last = addr_load(net->family, net->last);
	if (kind == KIND_EXCEPT) {
		return spans_add_range(&family->spans, net->family, span, last);
	}
	range_t *range = family->ranges.count < NONE ? vec_add(&family->ranges) : NULL;
	if (range == NULL) {
		return KNOT_ENOMEM;
	}
	*range = (range_t){ span.start, last, 0 };
	return KNOT_EOK;
}

int netset_add(netset_t *set, const net_t *net)
{
	int ret = add(set, net, KIND_PREFIX);
	set->count += ret == KNOT_EOK;
	return ret;
}

int netset_except(netset_t *set, const net_t *net)
{
	int ret = add(set, net, KIND_EXCEPT);
	set->excepts = set->excepts || ret == KNOT_EOK;
	return ret;
}

/*! Makes room for a number of elements more. */
static bool reserve(void *at, size_t *room, size_t count, size_t more, size_t size)
{
	while (*room < count + more) {
		if (!vec_grow(at, room, size)) {
			return false;
		}
	}
	return count + more < NONE;
}

static bool reserve_family(family_t *family, const family_t *more)
{
	spans_t *spans = &family->spans;
	ranges_t *ranges = &family->ranges;
	return reserve(&spans->at, &spans->room, spans->count, more->spans.count,
	               sizeof(*spans->at)) &&
	       reserve(&ranges->at, &ranges->room, ranges->count, more->ranges.count,
	               sizeof(*ranges->at));
}

/*! Takes over what another set has of a family, where there is room;
 *  its lists get other numbers. */
static void move_family(family_t *to, family_t *from, uint32_t list)
{
	if (to->spans.count == 0 && list == 0) {
		const spans_t empty = to->spans;
		to->spans = from->spans;
		from->spans = empty;
	}
	for (size_t i = 0; i < from->spans.count; i++) {
		span_t *span = &to->spans.at[to->spans.count++];
		*span = from->spans.at[i];
		span->of += list;
	}
	for (size_t i = 0; i < from->ranges.count; i++) {
		range_t *range = &to->ranges.at[to->ranges.count++];
		*range = from->ranges.at[i];
		range->list += list;
	}
}

int netset_unite(netset_t *set, netset_t *list)
{
	if (set->built || list->built) {
		return KNOT_EINVAL;
	}
	if (!reserve_family(&set->v4, &list->v4) || !reserve_family(&set->v6, &list->v6)) {
		return KNOT_ENOMEM;
	}
	/* A list without exceptions says no more than if it were the set's own. */
	const bool own = !list->excepts && list->lists == 0;
	const uint32_t number = own ? 0 : set->lists + 1;
	move_family(&set->v4, &list->v4, number);
	move_family(&set->v6, &list->v6, number);
	set->lists += own ? 0 : 1 + list->lists;
	set->count += list->count;
	netset_free(list);
	return KNOT_EOK;
}

/*! One octet of what spans are sorted by, the least significant first. */
static unsigned key_octet(const span_t *span, unsigned octet)
{
	if (octet < 4) {
		return span->of >> (8 * octet) & 0xff;
	} else if (octet == 4) {
		return span->kind;
	} else if (octet == 5) {
		return span->len;
	}
	octet -= 6;
	return (octet < 8 ? span->start.lo >> (8 * octet) : span->start.hi >> (8 * (octet - 8))) &
	       0xff;
}

#define KEY_OCTETS (6 + 16)

/*! Finds the octets in which spans differ, and if they are sorted already: published lists mostly
 *  are. */
static bool spans_differ(const spans_t *spans, bool differ[static KEY_OCTETS])
{
	const span_t *first = &spans->at[0];
	uint64_t hi = 0, lo = 0;
	uint32_t of = 0;
	uint8_t kind = 0, len = 0;
	bool sorted = true;
	for (size_t i = 1; i < spans->count; i++) {
		const span_t *span = &spans->at[i];
		hi |= span->start.hi ^ first->start.hi;
		lo |= span->start.lo ^ first->start.lo;
		of |= span->of ^ first->of;
		kind |= span->kind ^ first->kind;
		len |= span->len ^ first->len;
		sorted = sorted && addr_less(span[-1].start, span->start);
	}
	const span_t all = { .start = { hi, lo }, .of = of, .kind = kind, .len = len };
	for (unsigned i = 0; i < KEY_OCTETS; i++) {
		differ[i] = key_octet(&all, i) != 0;
	}
	return !sorted;
}

/*! Sorts spans by one octet into out; those that have the same one keep their order. */
static void spans_sort_by_octet(const spans_t *spans, span_t *out, unsigned octet)
{
	size_t at[256] = { 0 }, sum = 0;
	for (size_t i = 0; i < spans->count; i++) {
		at[key_octet(&spans->at[i], octet)]++;
	}
	for (size_t i = 0; i < 256; i++) {
		const size_t count = at[i];
		at[i] = sum;
		sum += count;
	}
	for (size_t i = 0; i < spans->count; i++) {
		out[at[key_octet(&spans->at[i], octet)]++] = spans->at[i];
	}
}

/*! Sorts by address, outer before inner, then kind, then range or list: octet by octet, from the
 *  least significant one. */
static int spans_sort(spans_t *spans)
{
	bool differ[KEY_OCTETS];
	if (spans->count < 2 || !spans_differ(spans, differ)) {
		return KNOT_EOK;
	}
	span_t *other = malloc(spans->room * sizeof(*other));
	if (other == NULL) {
		return KNOT_ENOMEM;
	}
	for (unsigned i = 0; i < KEY_OCTETS; i++) {
		if (differ[i]) {
			span_t *sorted = other;
			spans_sort_by_octet(spans, sorted, i);
			other = spans->at;
			spans->at = sorted;
		}
	}
	free(other);
	return KNOT_EOK;
}

static int range_cmp(const void *pa, const void *pb)
{
	const range_t *a = pa, *b = pb;
	int ret = (a->list > b->list) - (a->list < b->list);
	if (ret == 0) {
		ret = addr_cmp(a->first, b->first);
	}
	return ret != 0 ? ret : addr_cmp(b->last, a->last);
}

/*! Sorts the ranges by list, then address, and leaves out those that are repeated. */
static void ranges_sort(ranges_t *ranges)
{
	vec_sort(ranges, range_cmp);
	size_t kept = 0;
	for (size_t i = 0; i < ranges->count; i++) {
		if (kept == 0 || range_cmp(&ranges->at[kept - 1], &ranges->at[i]) != 0) {
			ranges->at[kept++] = ranges->at[i];
		}
	}
	ranges->count = kept;
}

static uint32_t span_list(const span_t *span, const ranges_t *ranges)
{
	return span->kind < KIND_PREFIX ? ranges->at[span->of].list : span->of;
}

static addr_t span_end(const span_t *span, int bits, const ranges_t *ranges)
{
	return span->kind == KIND_RANGE ? ranges->at[span->of].last
	                                : addr_fill(span->start, (unsigned)(bits - span->len));
}

/*! Sorts the spans of all that was added, with the ranges; ranges that share addresses with others
 *  are split into prefixes. */
static int family_spans(family_t *family, int number)
{
	spans_t *spans = &family->spans;
	const ranges_t *ranges = &family->ranges;
	ranges_sort(&family->ranges);
	int ret = KNOT_EOK;
	for (size_t i = 0; i < ranges->count && ret == KNOT_EOK; i++) {
		ret = spans_add(spans, &(span_t){ .start = ranges->at[i].first, .kind = KIND_RANGE,
		                                  .of = (uint32_t)i });
	}
	if (ret == KNOT_EOK) {
		ret = spans_sort(spans);
	}
	if (ret != KNOT_EOK || ranges->count == 0) {
		return ret;
	}

	spans_t split = { NULL, 0, 0 };
	addr_t reach = { 0, 0 }; /* The highest address so far. */
	for (size_t i = 0; i < spans->count && ret == KNOT_EOK; i++) {
		span_t span = spans->at[i];
		const addr_t end = span_end(&span, (int)family_bits(number), ranges);
		const bool alone = (i == 0 || addr_less(reach, span.start)) &&
		                   (i + 1 == spans->count ||
		                    addr_less(end, spans->at[i + 1].start));
		if (span.kind == KIND_RANGE && !alone) {
			span.kind = KIND_PIECE;
			ret = spans_add_range(&split, number, span, end);
		} else {
			ret = spans_add(&split, &span);
		}
		reach = i == 0 || addr_less(reach, end) ? end : reach;
	}
	vec_free(spans);
	*spans = split;
	return ret == KNOT_EOK ? spans_sort(spans) : ret;
}

static inline entry_t entry_get(const family_t *family, int number, size_t i)
{
	if (number == 4) {
		const entry4_t *entry = &family->entries4[i];
		return (entry_t){ { 0, entry->start }, entry->around, entry->len };
	}
	return family->entries6[i];
}

static inline kind_t kind_of(uint32_t around)
{
	return (kind_t)(around >> INDEX_BITS);
}

static inline kind_t entry_kind(const family_t *family, int number, size_t i)
{
	return kind_of(entry_get(family, number, i).around);
}

/*! The narrowest entry around one. What is around a whole range is nothing. */
static inline uint32_t around_of(uint32_t around)
{
	return kind_of(around) == KIND_RANGE ? NONE : around & NONE;
}

static inline uint32_t entry_around(const family_t *family, int number, size_t i)
{
	return around_of(entry_get(family, number, i).around);
}

static addr_t entry_start(const family_t *family, int number, size_t i)
{
	return entry_get(family, number, i).start;
}

static void range_get(const family_t *family, int number, size_t i, addr_t *first, addr_t *last)
{
	if (number == 4) {
		*first = (addr_t){ 0, family->range4[i] >> 32 };
		*last = (addr_t){ 0, family->range4[i] & UINT32_MAX };
	} else {
		*first = family->range6[2 * i];
		*last = family->range6[2 * i + 1];
	}
}

static addr_t entry_end(const family_t *family, int number, size_t i)
{
	const entry_t entry = entry_get(family, number, i);
	addr_t first, last;
	if (entry.len != LEN_RANGE) {
		return addr_fill(entry.start, family_bits(number) - entry.len);
	}
	range_get(family, number, entry.around & NONE, &first, &last);
	return last;
}

static void net_of_range(const family_t *family, int number, size_t i, net_t *net)
{
	addr_t first, last;
	range_get(family, number, i, &first, &last);
	*net = (net_t){ .family = (uint8_t)number, .range = true };
	addr_store(net->first, number, first);
	addr_store(net->last, number, last);
}

/*! The network that an entry stands for, or is a piece of. Returns true. */
static bool entry_net(const family_t *family, int number, size_t i, net_t *net)
{
	const entry_t entry = entry_get(family, number, i);
	const kind_t kind = kind_of(entry.around);
	if (kind != KIND_PREFIX) {
		net_of_range(family, number, kind == KIND_PIECE ? family->instead[i]
		             : entry.around & NONE, net);
		return true;
	}
	*net = (net_t){ .family = (uint8_t)number, .prefix = entry.len };
	addr_store(net->first, number, entry.start);
	addr_store(net->last, number, entry_end(family, number, i));
	return true;
}

/*! Leaves out what is repeated: of equal pieces, all but that of the narrowest range. Returns the
 *  number of prefixes that are networks. */
static size_t spans_unique(spans_t *spans, const ranges_t *ranges)
{
	size_t kept = 0, count = 0;
	for (size_t i = 0; i < spans->count; i++) {
		const span_t *span = &spans->at[i], *last = kept > 0 ? &spans->at[kept - 1] : NULL;
		if (last != NULL && last->kind == span->kind && last->len == span->len &&
		    addr_equal(last->start, span->start) &&
		    span_list(last, ranges) == span_list(span, ranges)) {
			kept--;
		} else {
			count += span->kind == KIND_PREFIX;
		}
		spans->at[kept++] = *span;
	}
	spans->count = kept;
	return count;
}

static int family_alloc(family_t *family, int number, size_t count, bool instead)
{
	const size_t ranges = family->ranges.count;
	bool done = true;
	if (number == 4) {
		done &= (family->entries4 = calloc(count, sizeof(*family->entries4))) != NULL;
		done &= ranges == 0 ||
		        (family->range4 = malloc(ranges * sizeof(*family->range4))) != NULL;
	} else {
		done &= (family->entries6 = calloc(count, sizeof(*family->entries6))) != NULL;
		done &= ranges == 0 ||
		        (family->range6 = malloc(2 * ranges * sizeof(*family->range6))) != NULL;
	}
	if (instead) {
		done &= (family->instead = malloc(count * sizeof(*family->instead))) != NULL;
	}
	return done ? KNOT_EOK : KNOT_ENOMEM;
}

/*! What an address in an exception matches, whose narrowest entry that is: the narrowest network
 *  around it that no exception of the same list is in between. seen has, for each list, the entry
 *  for which its last exception was found. */
static uint32_t find_instead(const family_t *family, int number, uint32_t except, uint32_t *seen)
{
	uint32_t i = except;
	for (; i != NONE; i = entry_around(family, number, i)) {
		const uint32_t list = span_list(&family->spans.at[i], &family->ranges);
		if (entry_kind(family, number, i) == KIND_EXCEPT) {
			seen[list] = except + 1;
		} else if (seen[list] != except + 1) {
			break;
		}
	}
	return i;
}

static void fill_entry(family_t *family, int number, uint32_t i, uint32_t *seen)
{
	const span_t *span = &family->spans.at[i];
	uint32_t around = i > 0 ? i - 1 : NONE;
	while (around != NONE && addr_less(entry_end(family, number, around), span->start)) {
		around = entry_around(family, number, around);
	}
	if (span->kind == KIND_RANGE) {
		around = span->of;
	}
	around |= (uint32_t)span->kind << INDEX_BITS;
	const uint8_t len = span->kind == KIND_RANGE ? LEN_RANGE : span->len;
	if (number == 4) {
		family->entries4[i] = (entry4_t){ (uint32_t)span->start.lo, around, len };
	} else {
		family->entries6[i] = (entry_t){ span->start, around, len };
	}
	if (span->kind == KIND_PIECE) {
		family->instead[i] = span->of;
	} else if (span->kind == KIND_EXCEPT) {
		family->instead[i] = find_instead(family, number, i, seen);
	}
}

/*! An address as far as a search goes by its bucket. */
static uint64_t addr_key(int number, addr_t addr)
{
	return number == 4 ? addr.lo : addr.hi;
}

/*! How far an entry is from the first one. */
static uint64_t entry_distance(const family_t *family, int number, size_t i)
{
	return addr_key(number, entry_start(family, number, i)) - family->low;
}

/*! Puts the entries into buckets of equal width: some for each if they are spread evenly, and if
 *  they are not, the search in a bucket is longer. */
static int fill_buckets(family_t *family, int number)
{
	const size_t most = family->count / (number == 4 ? BUCKET_ENTRIES4 : BUCKET_ENTRIES6);
	family->low = addr_key(number, entry_start(family, number, 0));
	const uint64_t distance = entry_distance(family, number, family->count - 1);
	while (distance >> family->shift > most && family->shift < 63) {
		family->shift++;
	}
	family->highest = (uint32_t)(distance >> family->shift);
	family->last = malloc(((size_t)family->highest + 2) * sizeof(*family->last));
	if (family->last == NULL) {
		return KNOT_ENOMEM;
	}
	uint32_t i = 0;
	for (uint32_t bucket = 0; bucket <= family->highest + 1; bucket++) {
		family->last[bucket] = i;
		while (i + 1 < family->count &&
		       entry_distance(family, number, i + 1) >> family->shift <= bucket) {
			i++;
		}
	}
	return KNOT_EOK;
}

/*! Builds a family. Adds the networks that it has to count. For find_instead(), a zero for each
 *  list. */
static int family_build(family_t *family, int number, uint32_t *seen, size_t *networks)
{
	int ret = family_spans(family, number);
	if (ret != KNOT_EOK) {
		return ret;
	}
	spans_t *spans = &family->spans;
	const ranges_t *ranges = &family->ranges;
	*networks += spans_unique(spans, ranges) + ranges->count;
	bool instead = false;
	for (size_t i = 0; i < spans->count && !instead; i++) {
		instead = spans->at[i].kind == KIND_EXCEPT || spans->at[i].kind == KIND_PIECE;
	}
	if (spans->count > 0 &&
	    family_alloc(family, number, spans->count, instead) != KNOT_EOK) {
		return KNOT_ENOMEM;
	}
	for (size_t i = 0; i < ranges->count; i++) {
		if (number == 4) {
			family->range4[i] = ranges->at[i].first.lo << 32 | ranges->at[i].last.lo;
		} else {
			family->range6[2 * i] = ranges->at[i].first;
			family->range6[2 * i + 1] = ranges->at[i].last;
		}
	}
	for (size_t i = 0; i < spans->count; i++) {
		fill_entry(family, number, (uint32_t)i, seen);
	}
	family->count = spans->count;
	family->range_count = ranges->count;
	vec_free(&family->spans);
	vec_free(&family->ranges);
	return family->count > 0 ? fill_buckets(family, number) : KNOT_EOK;
}

int netset_build(netset_t *set)
{
	if (set->built) {
		return KNOT_EOK;
	}
	set->built = true; /* Also if this fails: it can only be freed then. */
	set->count = 0;
	const size_t lists = (size_t)set->lists + 1; /* With the set's own. */
	uint32_t *seen = calloc(2 * lists, sizeof(*seen));
	if (seen == NULL) {
		return KNOT_ENOMEM;
	}
	int ret = family_build(&set->v4, 4, seen, &set->count);
	if (ret == KNOT_EOK) {
		ret = family_build(&set->v6, 6, seen + lists, &set->count);
	}
	free(seen);
	return ret;
}

size_t netset_count(const netset_t *set)
{
	return set->count;
}

bool netset_next(const netset_t *set, size_t *at, net_t *net)
{
	size_t base = 0;
	for (int number = 4; number <= 6; number += 2) {
		const family_t *family = family_of(set, number);
		for (; *at - base < family->count; (*at)++) {
			if (entry_kind(family, number, *at - base) == KIND_PREFIX) {
				entry_net(family, number, *at - base, net);
				(*at)++;
				return true;
			}
		}
		base += family->count;
		if (*at - base < family->range_count) {
			net_of_range(family, number, *at - base, net);
			(*at)++;
			return true;
		}
		base += family->range_count;
	}
	return false;
}

/*! The entries among which to search for an address that is not before the first one: from the last
 *  one before its bucket on. Returns their number, and the index of the first one. */
static inline size_t bucket_of(const family_t *family, uint64_t key, size_t *first)
{
	uint64_t bucket = (key - family->low) >> family->shift;
	bucket = bucket < family->highest ? bucket : family->highest;
	*first = family->last[bucket];
	return family->last[bucket + 1] - *first + 1;
}

/*! Index of the last entry that begins up to an address that is not before the first one. */
static inline uint32_t search4(const family_t *family, uint32_t addr)
{
	size_t i;
	for (size_t n = bucket_of(family, addr, &i); n > 1; n -= n / 2) {
		/* A step, not a branch to be predicted. */
		i += family->entries4[i + n / 2].start <= addr ? n / 2 : 0;
	}
	return (uint32_t)i;
}

static inline uint32_t search6(const family_t *family, addr_t addr)
{
	size_t i;
	for (size_t n = bucket_of(family, addr.hi, &i); n > 1; n -= n / 2) {
		i += addr_less(addr, family->entries6[i + n / 2].start) ? 0 : n / 2;
	}
	return (uint32_t)i;
}

/*! Index of the last entry that begins up to an address, NONE if none does. */
static uint32_t find_last(const family_t *family, int number, addr_t addr)
{
	if (family->count == 0 || addr_less(addr, entry_start(family, number, 0))) {
		return NONE;
	}
	return number == 4 ? search4(family, (uint32_t)addr.lo) : search6(family, addr);
}

static inline bool holds4(const family_t *family, const entry4_t *entry, uint32_t addr)
{
	return entry->len == LEN_RANGE
	       ? addr <= (uint32_t)family->range4[entry->around & NONE]
	       : (uint64_t)(addr ^ entry->start) >> (32 - entry->len) == 0;
}

static inline bool holds6(const family_t *family, const entry_t *entry, addr_t addr)
{
	const unsigned len = entry->len;
	if (len == LEN_RANGE) {
		return !addr_less(family->range6[2 * (entry->around & NONE) + 1], addr);
	}
	if (len <= 64) {
		return len == 0 || (addr.hi ^ entry->start.hi) >> (64 - len) == 0;
	}
	return addr.hi == entry->start.hi && (addr.lo ^ entry->start.lo) >> (128 - len) == 0;
}

/*! Index of the narrowest entry that holds an address, NONE if none does. */
static inline uint32_t find_entry4(const family_t *family, uint32_t addr)
{
	if (family->count == 0 || addr < family->low) {
		return NONE;
	}
	uint32_t i = search4(family, addr);
	do {
		if (holds4(family, &family->entries4[i], addr)) {
			return i;
		}
		i = around_of(family->entries4[i].around);
	} while (i != NONE);
	return NONE;
}

static inline uint32_t find_entry6(const family_t *family, addr_t addr)
{
	if (family->count == 0 || addr_less(addr, family->entries6[0].start)) {
		return NONE;
	}
	uint32_t i = search6(family, addr);
	do {
		if (holds6(family, &family->entries6[i], addr)) {
			return i;
		}
		i = around_of(family->entries6[i].around);
	} while (i != NONE);
	return NONE;
}

static uint32_t find_entry(const family_t *family, int number, addr_t addr)
{
	return number == 4 ? find_entry4(family, (uint32_t)addr.lo) : find_entry6(family, addr);
}

/*! What an address matches of which this is the narrowest entry. */
static inline uint32_t find_network(const family_t *family, int number, uint32_t i)
{
	return i == NONE || family->instead == NULL || entry_kind(family, number, i) != KIND_EXCEPT
	       ? i : family->instead[i];
}

/*! True if there is a network; written to net if that is not NULL. */
static inline bool match(const family_t *family, int number, uint32_t entry, net_t *net)
{
	const uint32_t i = find_network(family, number, entry);
	return i != NONE && (net == NULL || entry_net(family, number, i, net));
}

/*! Not inlined: for IPv4, nothing then needs to be kept on the stack. */
__attribute__((noinline))
static bool match6(const family_t *family, const uint8_t *addr, net_t *net)
{
	return match(family, 6, find_entry6(family, addr_load(6, addr)), net);
}

bool netset_match(const netset_t *set, int family, const uint8_t *addr, net_t *net)
{
	if (set == NULL) {
		return false;
	}
	return family == 4 ? match(&set->v4, 4, find_entry4(&set->v4, load32(addr)), net)
	                   : match6(&set->v6, addr, net);
}

double netset_addresses(const netset_t *set, int family)
{
	const family_t *entries = family_of(set, family);
	addr_t at = { 0, 0 };
	uint32_t now = NONE; /* The narrowest entry that holds the addresses from here on. */
	double count = 0;
	for (uint32_t i = 0; i <= entries->count; i++) {
		const bool more = i < entries->count;
		const addr_t start = more ? entry_start(entries, family, i) : at;
		while (now != NONE) {
			const bool in = find_network(entries, family, now) != NONE;
			const addr_t end = entry_end(entries, family, now);
			if (more && !addr_less(end, start)) {
				count += in ? addr_distance(at, start) : 0;
				break;
			}
			if (addr_less(end, at)) { /* The one inside went up to the same end. */
				now = entry_around(entries, family, now);
				continue;
			}
			count += in ? addr_distance(at, end) + 1 : 0;
			at = addr_next(end);
			if (at.hi == 0 && at.lo == 0) {
				return count; /* That was the last address of all. */
			}
			now = entry_around(entries, family, now);
		}
		at = start;
		now = more ? i : NONE;
	}
	return count;
}

/*! The network of an address, if that is not above a limit. */
static uint32_t network_up_to(const family_t *family, int number, addr_t addr, addr_t last)
{
	return addr_less(last, addr) ? NONE
	                             : find_network(family, number,
	                                            find_entry(family, number, addr));
}

/*! Where an entry ends, a wider one may begin to count again, if the entry is an exception. */
static uint32_t network_after(const family_t *family, int number, uint32_t i, addr_t last)
{
	const addr_t end = entry_end(family, number, i);
	return entry_kind(family, number, i) != KIND_EXCEPT || !addr_less(end, last)
	       ? NONE : network_up_to(family, number, addr_next(end), last);
}

bool netset_overlaps(const netset_t *set, const net_t *net, net_t *found)
{
	if (set == NULL) {
		return false;
	}
	const int number = net->family;
	const family_t *family = family_of(set, number);
	const addr_t first = addr_load(number, net->first), last = addr_load(number, net->last);
	const uint32_t begin = find_last(family, number, first);
	uint32_t i = network_up_to(family, number, first, last);
	for (uint32_t j = find_entry(family, number, first); j != NONE && i == NONE;
	     j = entry_around(family, number, j)) {
		i = network_after(family, number, j, last);
	}
	for (size_t j = begin == NONE ? 0 : begin + 1; j < family->count && i == NONE; j++) {
		const addr_t start = entry_start(family, number, j);
		if (addr_less(last, start)) {
			break;
		}
		i = network_up_to(family, number, start, last);
		if (i == NONE) {
			i = network_after(family, number, (uint32_t)j, last);
		}
	}
	if (i != NONE && found != NULL) {
		entry_net(family, number, i, found);
	}
	return i != NONE;
}

static void family_clear(family_t *family)
{
	vec_free(&family->spans);
	vec_free(&family->ranges);
	free(family->entries4);
	free(family->entries6);
	free(family->last);
	free(family->instead);
	free(family->range4);
	free(family->range6);
}

void netset_free(netset_t *set)
{
	if (set == NULL) {
		return;
	}
	family_clear(&set->v4);
	family_clear(&set->v6);
	free(set);
}
