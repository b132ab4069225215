/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Sets of networks. The longest match is also compared with a search through all networks, one by
 * one, for random sets.
 */

#undef NDEBUG

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <libknot/errcode.h>

#include "tests/unit/lib/nets.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void test_empty(void **state)
{
	(void)state;
	const uint8_t addr[16] = { 0 };
	net_t all4 = net("0.0.0.0/0"), all6 = net("::/0");

	assert_false(netset_match(NULL, 4, addr, NULL));
	assert_false(netset_overlaps(NULL, &all4, NULL));
	netset_free(NULL);

	netset_t *set = netset_new();
	assert_non_null(set);
	assert_false(netset_match(set, 4, addr, NULL)); /* Not built. */
	assert_int_equal(netset_build(set), KNOT_EOK);
	assert_int_equal(netset_count(set), 0);
	assert_false(netset_match(set, 4, addr, NULL));
	assert_false(netset_match(set, 6, addr, NULL));
	assert_false(netset_overlaps(set, &all4, NULL));
	assert_false(netset_overlaps(set, &all6, NULL));
	size_t at = 0;
	assert_false(netset_next(set, &at, &all4));

	/* Built is built. */
	assert_int_equal(netset_build(set), KNOT_EOK);
	assert_int_equal(netset_add(set, &all4), KNOT_EINVAL);
	assert_int_equal(netset_count(set), 0);
	netset_free(set);
}

static void test_order(void **state)
{
	(void)state;
	static const char *const in[] = {
		"2001:db8::/32", "192.0.2.0/24", "192.0.2.0-192.0.2.255", "192.0.2.128/25",
		"192.0.2.77/24", "::/0", "192.0.2.0/25", "0.0.0.0-255.255.255.255", "0.0.0.0/0",
		"2001:db8:0:0::/32", "192.0.2.0-192.0.2.255",
	};
	static const char *const out[] = {
		"0.0.0.0/0", "192.0.2.0/24", "192.0.2.0/25", "192.0.2.128/25",
		"0.0.0.0-255.255.255.255", "192.0.2.0-192.0.2.255", "::/0", "2001:db8::/32",
	};

	netset_t *set = netset_new();
	assert_non_null(set);
	for (size_t i = 0; i < COUNT(in); i++) {
		net_t one = net(in[i]);
		assert_int_equal(netset_add(set, &one), KNOT_EOK);
		assert_int_equal(netset_count(set), i + 1);
	}
	assert_int_equal(netset_build(set), KNOT_EOK);
	assert_int_equal(netset_count(set), COUNT(out));
	net_t one;
	size_t at = 0;
	for (size_t i = 0; i < COUNT(out); i++) {
		char buf[NET_TEXT_MAX];
		assert_true(netset_next(set, &at, &one));
		assert_string_equal(net_to_str(&one, buf), out[i]);
	}
	assert_false(netset_next(set, &at, &one));
	netset_free(set);
}

typedef struct {
	const char *nets[8];
	struct {
		const char *addr;
		const char *found;
	} asks[16];
} match_case_t;

static const match_case_t MATCHES[] = {
	{ /* Nested, and what follows an inner network. */
		{ "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3", "10.1.255.0/24" },
		{ { "9.255.255.255", "none" }, { "10.0.0.0", "10.0.0.0/8" },
		  { "10.1.0.0", "10.1.0.0/16" }, { "10.1.2.0", "10.1.2.0/24" },
		  { "10.1.2.2", "10.1.2.0/24" }, { "10.1.2.3", "10.1.2.3/32" },
		  { "10.1.2.4", "10.1.2.0/24" }, { "10.1.3.0", "10.1.0.0/16" },
		  { "10.1.254.255", "10.1.0.0/16" }, { "10.1.255.255", "10.1.255.0/24" },
		  { "10.2.0.0", "10.0.0.0/8" }, { "10.255.255.255", "10.0.0.0/8" },
		  { "11.0.0.0", "none" }, { "::", "none" } },
	},
	{ /* The whole of both families, and their edges. */
		{ "0.0.0.0/0", "::/0", "255.255.255.255", "0.0.0.0", "::",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ { "0.0.0.0", "0.0.0.0/32" }, { "0.0.0.1", "0.0.0.0/0" },
		  { "255.255.255.254", "0.0.0.0/0" }, { "255.255.255.255", "255.255.255.255/32" },
		  { "::", "::/128" }, { "::1", "::/0" },
		  { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "::/0" },
		  { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" } },
	},
	{ /* Edges with nothing around them. */
		{ "255.255.255.255", "0.0.0.0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::" },
		{ { "0.0.0.0", "0.0.0.0/32" }, { "0.0.0.1", "none" }, { "255.255.255.254", "none" },
		  { "255.255.255.255", "255.255.255.255/32" },
		  { "::", "::/128" }, { "::1", "none" },
		  { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "none" },
		  { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" } },
	},
	{ /* A lone range matches from end to end. */
		{ "192.0.2.3-192.0.4.5", "2001:db8::3-2001:db8:0:1::" },
		{ { "192.0.2.2", "none" }, { "192.0.2.3", "192.0.2.3-192.0.4.5" },
		  { "192.0.3.77", "192.0.2.3-192.0.4.5" }, { "192.0.4.5", "192.0.2.3-192.0.4.5" },
		  { "192.0.4.6", "none" }, { "2001:db8::2", "none" },
		  { "2001:db8::3", "2001:db8::3-2001:db8:0:1::" },
		  { "2001:db8::ffff:0:0", "2001:db8::3-2001:db8:0:1::" },
		  { "2001:db8:0:1::", "2001:db8::3-2001:db8:0:1::" },
		  { "2001:db8:0:1::1", "none" } },
	},
	{ /* A range is the prefixes it splits into: here /25 to 127, /26 to 191, and .192. */
		{ "192.0.2.0-192.0.2.192", "192.0.2.0/24", "192.0.2.64/26", "192.0.2.128/25" },
		{ { "192.0.2.0", "192.0.2.0-192.0.2.192" }, { "192.0.2.64", "192.0.2.64/26" },
		  { "192.0.2.127", "192.0.2.64/26" }, { "192.0.2.128", "192.0.2.0-192.0.2.192" },
		  { "192.0.2.191", "192.0.2.0-192.0.2.192" },
		  { "192.0.2.192", "192.0.2.0-192.0.2.192" }, { "192.0.2.193", "192.0.2.128/25" },
		  { "192.0.2.255", "192.0.2.128/25" }, { "192.0.3.0", "none" } },
	},
	{ /* Of equal ones, the prefix: for the whole range, and for a part of one. */
		{ "198.51.100.0-198.51.100.255", "198.51.100.0/24",
		  "203.0.113.0-203.0.113.191", "203.0.113.128/26",
		  "2001:db8::/32", "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ { "198.51.100.1", "198.51.100.0/24" },
		  { "203.0.113.1", "203.0.113.0-203.0.113.191" },
		  { "203.0.113.129", "203.0.113.128/26" }, { "203.0.113.192", "none" },
		  { "2001:db8::1", "2001:db8::/32" } },
	},
	{ /* Neighbours, one of them up to the end. */
		{ "128.0.0.0/1", "64.0.0.0/2", "2001:db8::/33", "2001:db8:8000::/33" },
		{ { "63.255.255.255", "none" }, { "64.0.0.0", "64.0.0.0/2" },
		  { "127.255.255.255", "64.0.0.0/2" }, { "128.0.0.0", "128.0.0.0/1" },
		  { "255.255.255.255", "128.0.0.0/1" },
		  { "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/33" },
		  { "2001:db8:8000::", "2001:db8:8000::/33" }, { "2001:db9::", "none" } },
	},
	{ /* An IPv4-mapped address is one of IPv6. */
		{ "192.0.2.0/24", "::ffff:198.51.100.0/120" },
		{ { "::ffff:192.0.2.1", "none" }, { "198.51.100.1", "none" },
		  { "::ffff:198.51.100.1", "::ffff:198.51.100.0/120" } },
	},
	{ /* The whole as ranges. */
		{ "0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		  "192.0.2.0/24" },
		{ { "0.0.0.0", "0.0.0.0-255.255.255.255" }, { "192.0.2.1", "192.0.2.0/24" },
		  { "255.255.255.255", "0.0.0.0-255.255.255.255" },
		  { "::", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" } },
	},
};

static void test_match(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(MATCHES); i++) {
		const match_case_t *one = &MATCHES[i];
		size_t count = 0;
		while (count < COUNT(one->nets) && one->nets[count] != NULL) {
			count++;
		}
		netset_t *set = set_of(one->nets, count);
		for (size_t j = 0; j < COUNT(one->asks) && one->asks[j].addr != NULL; j++) {
			char buf[NET_TEXT_MAX];
			assert_string_equal(match(set, one->asks[j].addr, buf),
			                    one->asks[j].found);
		}
		netset_free(set);
	}
}

static void test_real(void **state)
{
	(void)state;
	static const char *const nets[] = {
		"162.158.0.0/15", "104.16.0.0/13", "104.24.0.0/14", "172.64.0.0/13",
		"131.0.72.0/22", "2606:4700::/32", "2a06:98c0::/29",
	};
	static const struct {
		const char *addr;
		const char *found;
	} asks[] = {
		{ "104.16.1.2", "104.16.0.0/13" }, { "104.23.255.255", "104.16.0.0/13" },
		{ "104.24.0.0", "104.24.0.0/14" }, { "104.28.0.0", "none" },
		{ "104.15.255.255", "none" }, { "162.159.205.12", "162.158.0.0/15" },
		{ "172.64.0.1", "172.64.0.0/13" }, { "172.72.0.0", "none" },
		{ "198.51.100.25", "none" }, { "131.0.75.255", "131.0.72.0/22" },
		{ "2606:4700::6810:1", "2606:4700::/32" }, { "2606:4701::", "none" },
		{ "2a06:98c7:ffff::", "2a06:98c0::/29" }, { "2a06:98c8::", "none" },
		{ "2001:db8::25", "none" },
	};

	netset_t *set = set_of(nets, COUNT(nets));
	assert_int_equal(netset_count(set), COUNT(nets));
	for (size_t i = 0; i < COUNT(asks); i++) {
		char buf[NET_TEXT_MAX];
		assert_string_equal(match(set, asks[i].addr, buf), asks[i].found);
	}

	/* An address need not be aligned. */
	uint8_t odd[17] = { 0 };
	assert_int_equal(address("2606:4700::1", odd + 1), 6);
	assert_true(netset_match(set, 6, odd + 1, NULL));
	netset_free(set);
}

/*! Steps to a neighbouring address; wraps around. */
static void step(uint8_t *addr, size_t size, int by)
{
	for (size_t i = size; i-- > 0;) {
		addr[i] = (uint8_t)(addr[i] + by);
		if (addr[i] != (by > 0 ? 0 : 0xff)) {
			return;
		}
	}
}

static void test_random(void **state)
{
	(void)state;
	enum { SETS = 3000, NETS_MAX = 24, ASKS = 24 };

	rnd_start(0x2545f4914f6cdd1d);
	for (size_t i = 0; i < SETS; i++) {
		net_t nets[NETS_MAX];
		size_t count = 1 + rnd(NETS_MAX);
		netset_t *set = netset_new();
		assert_non_null(set);
		for (size_t j = 0; j < count; j++) {
			nets[j] = j > 0 && rnd(8) == 0 ? nets[rnd((unsigned)j)]
			                               : rnd_net(rnd(2) == 0 ? 4 : 6);
			assert_int_equal(netset_add(set, &nets[j]), KNOT_EOK);
		}
		assert_int_equal(netset_build(set), KNOT_EOK);

		for (size_t j = 0; j < ASKS; j++) {
			int family = rnd(2) == 0 ? 4 : 6;
			uint8_t addr[16] = { 0 };
			rnd_addr(addr, family);
			check_match(set, nets, count, family, addr);

			bool overlap = false;
			net_t one = rnd_net(family);
			for (size_t k = 0; k < count; k++) {
				overlap = overlap || net_overlap(&one, &nets[k]);
			}
			assert_int_equal(netset_overlaps(set, &one, NULL), overlap);
		}
		for (size_t j = 0; j < count; j++) { /* Around each edge. */
			const int family = nets[j].family;
			const size_t size = family == 4 ? 4 : 16;
			uint8_t addr[16];
			memcpy(addr, nets[j].first, sizeof(addr));
			check_match(set, nets, count, family, addr);
			step(addr, size, -1);
			check_match(set, nets, count, family, addr);
			memcpy(addr, nets[j].last, sizeof(addr));
			check_match(set, nets, count, family, addr);
			step(addr, size, 1);
			check_match(set, nets, count, family, addr);
		}
		netset_free(set);
	}
}

/*! Many: the same answers as from a few, and nothing that grows faster than the set. */
static void test_many(void **state)
{
	(void)state;
	enum { MANY = 200000 };

	netset_t *set = netset_new();
	assert_non_null(set);
	for (uint32_t i = MANY; i-- > 0;) {
		/* 10.0.0.0/30, 10.0.0.8/30 ... and the like in IPv6. */
		const uint32_t at = 0x0a000000 + i * 8;
		uint8_t addr[16] = { (uint8_t)(at >> 24), (uint8_t)(at >> 16), (uint8_t)(at >> 8),
		                     (uint8_t)at };
		net_t one;
		assert_int_equal(net_from_addr(&one, 4, addr, NULL, 30), KNOT_EOK);
		assert_int_equal(netset_add(set, &one), KNOT_EOK);
		assert_int_equal(net_from_addr(&one, 6, addr, NULL, 30), KNOT_EOK);
		assert_int_equal(netset_add(set, &one), KNOT_EOK);
	}
	assert_int_equal(netset_build(set), KNOT_EOK);
	assert_int_equal(netset_count(set), 2 * MANY);

	for (uint32_t i = 0; i < MANY * 2; i++) {
		const uint32_t at = 0x0a000000 + i * 4;
		const uint8_t addr[16] = { (uint8_t)(at >> 24), (uint8_t)(at >> 16),
		                           (uint8_t)(at >> 8), (uint8_t)at };
		for (int family = 4; family <= 6; family += 2) {
			net_t found;
			const bool match = netset_match(set, family, addr, &found);
			assert_int_equal(match, i % 2 == 0);
			assert_true(!match || (found.prefix == 30 &&
			                       memcmp(found.first, addr, sizeof(addr)) == 0));
		}
	}
	netset_free(set);
}

/*! Adds a list: networks, and exceptions with '!'. NULL ends it. */
static void add_list(netset_t *set, const char *const *words)
{
	netset_t *list = netset_new();
	assert_non_null(list);
	for (; *words != NULL; words++) {
		const bool except = **words == '!';
		net_t one = net(*words + except);
		assert_int_equal(except ? netset_except(list, &one) : netset_add(list, &one),
		                 KNOT_EOK);
	}
	assert_int_equal(netset_unite(set, list), KNOT_EOK);
}

static void test_exceptions(void **state)
{
	(void)state;
	static const struct {
		const char *lists[3][8];
		struct {
			const char *addr, *found;
		} asks[10];
		size_t count;
	} cases[] = {
		{ /* As in the lists of vendors. */
			{ { "172.64.0.0/13", "!172.65.0.0/16", "2606:4700::/32",
			    "!2606:4700:f5::f", "162.158.0.0/15",
			    "!162.159.205.11-162.159.205.13" } },
			{ { "172.64.255.255", "172.64.0.0/13" }, { "172.65.0.0", "none" },
			  { "172.65.255.255", "none" }, { "172.66.0.0", "172.64.0.0/13" },
			  { "2606:4700:f5::e", "2606:4700::/32" }, { "2606:4700:f5::f", "none" },
			  { "162.159.205.10", "162.158.0.0/15" }, { "162.159.205.11", "none" },
			  { "162.159.205.13", "none" }, { "162.159.205.14", "162.158.0.0/15" } }, 3
		},
		{ /* The narrower one counts, of equal ones the exception,
		   * and a wider one nothing. */
			{ { "10.0.0.0/8", "!10.1.0.0/16", "10.1.2.0/24", "!10.1.2.3",
			    "!10.4.0.0/16", "10.4.0.0/16", "!11.0.0.0/7" } },
			{ { "10.0.0.1", "10.0.0.0/8" }, { "10.1.1.1", "none" },
			  { "10.1.2.2", "10.1.2.0/24" }, { "10.1.2.3", "none" },
			  { "10.1.3.0", "none" }, { "10.2.0.0", "10.0.0.0/8" },
			  { "10.4.0.0", "none" }, { "10.5.0.0", "10.0.0.0/8" },
			  { "11.0.0.0", "none" }, { "9.255.255.255", "none" } }, 3
		},
		{ /* A range that would stay whole is split by an exception. */
			{ { "192.0.2.3-192.0.2.9", "!192.0.2.5-192.0.2.6", "!198.51.100.0/24" } },
			{ { "192.0.2.2", "none" }, { "192.0.2.4", "192.0.2.3-192.0.2.9" },
			  { "192.0.2.5", "none" }, { "192.0.2.6", "none" },
			  { "192.0.2.7", "192.0.2.3-192.0.2.9" }, { "192.0.2.10", "none" } }, 1
		},
		{ /* An exception is none of other lists, whichever comes first. */
			{ { "104.16.0.0/13", "!104.16.0.0/16", "::/0", "!::/1" },
			  { "104.16.5.0/24" },
			  { "104.16.0.0/12", "!104.16.6.0/24", "!104.16.5.0/25",
			    "!104.17.0.0/16" } },
			{ { "104.16.5.1", "104.16.5.0/24" }, { "104.16.6.1", "none" },
			  { "104.16.7.1", "104.16.0.0/12" }, { "104.17.0.1", "104.16.0.0/13" },
			  { "104.24.0.1", "104.16.0.0/12" }, { "104.32.0.0", "none" },
			  { "7fff::", "none" }, { "8000::", "::/0" } }, 4
		},
		{ /* All of it, and the ends of the families. */
			{ { "0.0.0.0/0", "!0.0.0.0/0", "::/0", "!::", "!ffff::/16" },
			  { "255.255.255.255", "!1.1.1.1" } },
			{ { "0.0.0.0", "none" }, { "255.255.255.254", "none" },
			  { "255.255.255.255", "255.255.255.255/32" }, { "::", "none" },
			  { "::1", "::/0" }, { "fffe:ffff::", "::/0" },
			  { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "none" } }, 3
		},
		{ /* Only exceptions. */
			{ { "!10.0.0.0/8" }, { "!::/0", "!10.0.0.0/8" } },
			{ { "10.0.0.1", "none" }, { "::1", "none" } }, 0
		},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		netset_t *set = netset_new();
		assert_non_null(set);
		for (size_t j = 0; j < COUNT(cases[i].lists); j++) {
			add_list(set, cases[i].lists[j]);
		}
		assert_int_equal(netset_build(set), KNOT_EOK);
		assert_int_equal(netset_count(set), cases[i].count);
		for (size_t j = 0; j < COUNT(cases[i].asks) && cases[i].asks[j].addr != NULL; j++) {
			char buf[NET_TEXT_MAX];
			assert_string_equal(match(set, cases[i].asks[j].addr, buf),
			                    cases[i].asks[j].found);
		}
		netset_free(set);
	}
}

/*! What is built takes no exception and no list, and gives none. */
static void test_exceptions_late(void **state)
{
	(void)state;
	const net_t one = net("192.0.2.0/24");
	netset_t *built = set_of((const char *const[]){ "192.0.2.0/24" }, 1);
	netset_t *open = netset_new();
	assert_non_null(open);
	assert_int_equal(netset_except(built, &one), KNOT_EINVAL);
	assert_int_equal(netset_unite(built, open), KNOT_EINVAL);
	assert_int_equal(netset_unite(open, built), KNOT_EINVAL);
	netset_free(built);

	/* Not built: the lists go with it. */
	add_list(open, (const char *const[]){ "10.0.0.0/8", "!10.1.0.0/16", NULL });
	netset_free(open);
}

enum { LISTS_MAX = 4, WORDS_MAX = 12 };

/*! A list of the next test. */
typedef struct {
	net_t nets[WORDS_MAX], excepts[WORDS_MAX];
	size_t count, except_count;
} list_t;

static int most_specific(const net_t *nets, size_t count, int family, const uint8_t *addr)
{
	int best = -1;
	for (size_t i = 0; i < count; i++) {
		int len = net_specific(&nets[i], family, addr);
		best = len > best ? len : best;
	}
	return best;
}

static bool list_has(const list_t *list, int family, const uint8_t *addr)
{
	return most_specific(list->nets, list->count, family, addr) >
	       most_specific(list->excepts, list->except_count, family, addr);
}

static void check_lists(const netset_t *set, const list_t *lists, size_t count, int family,
                        const uint8_t *addr)
{
	net_t found;
	const bool match_found = netset_match(set, family, addr, &found);
	bool listed = false, known = false;
	for (size_t i = 0; i < count; i++) {
		const bool has = list_has(&lists[i], family, addr);
		listed = listed || has;
		for (size_t j = 0; has && match_found && j < lists[i].count; j++) {
			known = known || memcmp(&found, &lists[i].nets[j], sizeof(found)) == 0;
		}
	}
	assert_int_equal(match_found, listed);
	assert_true(!match_found || (known && net_specific(&found, family, addr) >= 0));

	net_t one;
	assert_int_equal(net_from_addr(&one, family, addr, addr, 0), KNOT_EOK);
	assert_int_equal(netset_overlaps(set, &one, NULL), listed);
}

static void rnd_list(list_t *list, netset_t *set)
{
	netset_t *part = netset_new();
	assert_non_null(part);
	list->count = rnd(WORDS_MAX);
	list->except_count = rnd(3) == 0 ? 0 : rnd(WORDS_MAX);
	for (size_t i = 0; i < list->count; i++) {
		list->nets[i] = rnd_net(rnd(2) == 0 ? 4 : 6);
		assert_int_equal(netset_add(part, &list->nets[i]), KNOT_EOK);
	}
	for (size_t i = 0; i < list->except_count; i++) {
		const bool same = list->count > 0 && rnd(8) == 0;
		list->excepts[i] = same ? list->nets[rnd((unsigned)list->count)]
		                        : rnd_net(rnd(2) == 0 ? 4 : 6);
		assert_int_equal(netset_except(part, &list->excepts[i]), KNOT_EOK);
	}
	assert_int_equal(netset_unite(set, part), KNOT_EOK);
}

static void check_edges(const netset_t *set, const list_t *lists, size_t count, const net_t *one)
{
	const size_t size = one->family == 4 ? 4 : 16;
	uint8_t addr[16];
	for (int end = 0; end < 2; end++) {
		memcpy(addr, end == 0 ? one->first : one->last, sizeof(addr));
		check_lists(set, lists, count, one->family, addr);
		step(addr, size, end == 0 ? -1 : 1);
		check_lists(set, lists, count, one->family, addr);
	}
}

static void test_random_exceptions(void **state)
{
	(void)state;
	rnd_start(0x5851f42d4c957f2d);
	for (size_t i = 0; i < 3000; i++) {
		list_t lists[LISTS_MAX];
		const size_t count = 1 + rnd(LISTS_MAX);
		netset_t *set = netset_new();
		assert_non_null(set);
		for (size_t j = 0; j < count; j++) {
			rnd_list(&lists[j], set);
		}
		assert_int_equal(netset_build(set), KNOT_EOK);
		for (size_t j = 0; j < count; j++) {
			for (size_t k = 0; k < lists[j].count; k++) {
				check_edges(set, lists, count, &lists[j].nets[k]);
			}
			for (size_t k = 0; k < lists[j].except_count; k++) {
				check_edges(set, lists, count, &lists[j].excepts[k]);
			}
		}
		netset_free(set);
	}
}

/*! More ranges with a prefix in common than there are prefix lengths: of these, the last. */
static void test_common_prefix(void **state)
{
	(void)state;
	netset_t *set = netset_new();
	assert_non_null(set);
	for (unsigned i = 1; i < 256; i++) {
		uint8_t first[16] = { 10, 0, 0, (uint8_t)i }, last[16] = { 10, 0, 1, 255 };
		net_t one;
		assert_int_equal(net_from_addr(&one, 4, first, last, 0), KNOT_EOK);
		assert_int_equal(netset_add(set, &one), KNOT_EOK);
	}
	assert_int_equal(netset_build(set), KNOT_EOK);

	char buf[NET_TEXT_MAX];
	assert_string_equal(match(set, "10.0.1.77", buf), "10.0.0.255-10.0.1.255");
	assert_string_equal(match(set, "10.0.0.1", buf), "10.0.0.1-10.0.1.255");
	assert_string_equal(match(set, "10.0.0.0", buf), "none");
	assert_string_equal(match(set, "10.0.2.0", buf), "none");
	netset_free(set);
}

/*! Few addresses, so that each can be asked for: what overlaps, and how many there are. */
static void test_small_space(void **state)
{
	(void)state;
	enum { SETS = 2000, SPACE = 64 };

	rnd_start(0x9e3779b97f4a7c15);
	for (size_t i = 0; i < SETS; i++) {
		netset_t *set = netset_new();
		assert_non_null(set);
		const int family = i % 2 == 0 ? 4 : 6;
		const size_t octet = family == 4 ? 3 : 15;
		uint8_t base[16] = { 0 };
		memset(base, i % 3 == 0 ? 0xff : 0, octet); /* Up to the last address of all. */
		const uint8_t low = i % 3 == 0 ? 256 - SPACE : 0;
		for (size_t j = 1 + rnd(3); j > 0; j--) {
			netset_t *list = netset_new();
			assert_non_null(list);
			for (size_t k = 1 + rnd(6); k > 0; k--) {
				uint8_t first[16], last[16];
				net_t one;
				memcpy(first, base, sizeof(first));
				memcpy(last, base, sizeof(last));
				first[octet] = (uint8_t)(low + rnd(SPACE));
				last[octet] = (uint8_t)(first[octet] +
				                        rnd(low + SPACE - first[octet]));
				const bool range = rnd(3) == 0;
				assert_int_equal(net_from_addr(&one, family, first,
				                               range ? last : NULL,
				                               8 * (unsigned)octet + 2 + rnd(7)),
				                 KNOT_EOK);
				assert_int_equal(rnd(3) == 0 ? netset_except(list, &one)
				                             : netset_add(list, &one), KNOT_EOK);
			}
			assert_int_equal(netset_unite(set, list), KNOT_EOK);
		}
		assert_int_equal(netset_build(set), KNOT_EOK);

		bool in[SPACE];
		unsigned count = 0;
		for (unsigned j = 0; j < SPACE; j++) {
			base[octet] = (uint8_t)(low + j);
			in[j] = netset_match(set, family, base, NULL);
			count += in[j];
		}
		assert_true(netset_addresses(set, family) == count);
		assert_true(netset_addresses(set, family == 4 ? 6 : 4) == 0);
		for (unsigned j = 0; j < SPACE; j++) {
			bool any = false;
			for (unsigned k = j; k < SPACE; k++) {
				uint8_t last[16];
				net_t one, found;
				memcpy(last, base, sizeof(last));
				base[octet] = (uint8_t)(low + j);
				last[octet] = (uint8_t)(low + k);
				any = any || in[k];
				assert_int_equal(net_from_addr(&one, family, base, last, 0),
				                 KNOT_EOK);
				assert_int_equal(netset_overlaps(set, &one, &found), any);
				assert_true(!any || net_overlap(&found, &one));
			}
		}
		netset_free(set);
	}
}

/*! Nested as deep as can be, with an exception in each: what follows it is found. */
static void test_deep(void **state)
{
	(void)state;
	netset_t *set = netset_new();
	assert_non_null(set);
	const uint8_t zero[16] = { 0 };
	for (unsigned prefix = 0; prefix <= 128; prefix++) {
		net_t one;
		assert_int_equal(net_from_addr(&one, 6, zero, NULL, prefix), KNOT_EOK);
		assert_int_equal(prefix % 2 == 0 ? netset_add(set, &one) : netset_except(set, &one),
		                 KNOT_EOK);
	}
	assert_int_equal(netset_build(set), KNOT_EOK);
	assert_int_equal(netset_count(set), 65);
	for (unsigned bit = 0; bit < 128; bit++) {
		uint8_t addr[16] = { 0 };
		net_t found;
		addr[bit / 8] = 0x80 >> bit % 8;
		const bool match_found = netset_match(set, 6, addr, &found);
		assert_int_equal(match_found, bit % 2 == 0);
		assert_true(!match_found || found.prefix == bit);
	}
	netset_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_exceptions),
		cmocka_unit_test(test_exceptions_late),
		cmocka_unit_test(test_random_exceptions),
		cmocka_unit_test(test_common_prefix),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_small_space),
		cmocka_unit_test(test_deep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
