/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Single networks: their text, their addresses, and which overlap.
 */

#undef NDEBUG

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <libknot/errcode.h>

#include "tests/unit/lib/nets.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void test_text(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		const char *out;
		int family;
		bool range;
		unsigned prefix;
	} good[] = {
		{ "192.0.2.1", "192.0.2.1/32", 4, false, 32 },
		{ "192.0.2.0/24", "192.0.2.0/24", 4, false, 24 },
		{ "192.0.2.1/24", "192.0.2.0/24", 4, false, 24 },
		{ "255.255.255.255/1", "128.0.0.0/1", 4, false, 1 },
		{ "10.255.255.255/9", "10.128.0.0/9", 4, false, 9 },
		{ "0.0.0.0/0", "0.0.0.0/0", 4, false, 0 },
		{ "203.0.113.7/0", "0.0.0.0/0", 4, false, 0 },
		{ "192.0.2.1-192.0.2.1", "192.0.2.1-192.0.2.1", 4, true, 0 },
		{ "0.0.0.0-255.255.255.255", "0.0.0.0-255.255.255.255", 4, true, 0 },
		{ "192.0.2.9-192.0.3.1", "192.0.2.9-192.0.3.1", 4, true, 0 },
		{ "::/0", "::/0", 6, false, 0 },
		{ "::", "::/128", 6, false, 128 },
		{ "2001:DB8::1", "2001:db8::1/128", 6, false, 128 },
		{ "2001:db8:ffff:ffff::/33", "2001:db8:8000::/33", 6, false, 33 },
		{ "2001:db8::ff/121", "2001:db8::80/121", 6, false, 121 },
		{ "2001:db8::1/99", "2001:db8::/99", 6, false, 99 },
		{ "::ffff:192.0.2.1/104", "::ffff:192.0.0.0/104", 6, false, 104 },
		{ "2001:db8::-2001:db8::ffff", "2001:db8::-2001:db8::ffff", 6, true, 0 },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		  6, true, 0 },
	};

	for (size_t i = 0; i < COUNT(good); i++) {
		char buf[NET_TEXT_MAX];
		net_t one = net(good[i].in);
		assert_string_equal(net_to_str(&one, buf), good[i].out);
		assert_int_equal(one.family, good[i].family);
		assert_int_equal(one.range, good[i].range);
		assert_int_equal(one.prefix, good[i].prefix);
	}
}

static void test_bad_text(void **state)
{
	(void)state;
	static const char *const bad[] = {
		/* No address. */
		"", "/", "-", "/24", "-192.0.2.1", "example.com", "192.0.2", "192.0.2.256",
		"192.0.2.1.1", "192.0.2.01", "0x7f.0.0.1", "3221225985", "2001:db8", ":::",
		"2001:db8::1::", "fe80::1%eth0", "[2001:db8::1]", "192.0.2.1@53", "12345::",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
		/* No prefix length. */
		"192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/ 8",
		"192.0.2.0/024", "192.0.2.0/24x", "192.0.2.0/0x8", "192.0.2.0/256",
		"192.0.2.0/4294967304", "192.0.2.0/24/24", "192.0.2.0/255.255.255.0",
		"2001:db8::/129", "2001:db8::/",
		/* No range. */
		"192.0.2.1-", "192.0.2.1-192.0.2.0", "192.0.2.1-192.0.2", "192.0.2.1-2",
		"192.0.2.1-192.0.2.2-192.0.2.3", "192.0.2.0/24-192.0.3.0", "192.0.2.0-192.0.3.0/24",
		"2001:db8::2-2001:db8::1",
		/* Families mixed. */
		"192.0.2.1-2001:db8::1", "2001:db8::1-192.0.2.1", "192.0.2.1-::ffff:192.0.2.2",
		/* White space. */
		" 192.0.2.1", "192.0.2.1 ", "192.0.2.1 - 192.0.2.2", "192.0.2.0 /24", "192.0.2.1\n",
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		net_t one;
		if (net_from_str(&one, bad[i]) != KNOT_EINVAL) {
			fail_msg("accepted: '%s'", bad[i]);
		}
	}
}

static void test_from_addr(void **state)
{
	(void)state;
	const uint8_t low[16] = { 192, 0, 2, 1 }, high[16] = { 192, 0, 2, 9 };
	char buf[NET_TEXT_MAX];
	net_t one;

	assert_int_equal(net_from_addr(&one, 4, low, NULL, 32), KNOT_EOK);
	assert_string_equal(net_to_str(&one, buf), "192.0.2.1/32");
	assert_int_equal(net_from_addr(&one, 4, low, high, 99), KNOT_EOK);
	assert_string_equal(net_to_str(&one, buf), "192.0.2.1-192.0.2.9");
	assert_int_equal(net_from_addr(&one, 6, low, NULL, 24), KNOT_EOK);
	assert_string_equal(net_to_str(&one, buf), "c000:200::/24");

	assert_int_equal(net_from_addr(&one, 4, low, NULL, 33), KNOT_EINVAL);
	assert_int_equal(net_from_addr(&one, 6, low, NULL, 129), KNOT_EINVAL);
	assert_int_equal(net_from_addr(&one, 4, high, low, 0), KNOT_EINVAL);
	assert_int_equal(net_from_addr(&one, 0, low, NULL, 0), KNOT_EINVAL);
	assert_int_equal(net_from_addr(&one, 5, low, NULL, 0), KNOT_EINVAL);
}

static void test_overlap(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		bool overlap;
	} cases[] = {
		{ "192.0.2.0/24", "192.0.2.0/24", true },
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.0/24", "192.0.1.255", false },
		{ "192.0.2.0/24", "0.0.0.0/0", true },
		{ "192.0.1.0-192.0.2.0", "192.0.2.0-192.0.2.7", true },
		{ "192.0.1.0-192.0.1.255", "192.0.2.0-192.0.2.7", false },
		{ "::/0", "0.0.0.0/0", false },
		{ "c000:200::/24", "192.0.2.0/24", false },
		{ "2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true },
		{ "2001:db8::/32", "2001:db9::", false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		net_t a = net(cases[i].a), b = net(cases[i].b);
		assert_int_equal(net_overlap(&a, &b), cases[i].overlap);
		assert_int_equal(net_overlap(&b, &a), cases[i].overlap);

		netset_t *set = set_of(&cases[i].a, 1);
		assert_int_equal(netset_overlaps(set, &b, NULL), cases[i].overlap);
		netset_free(set);
	}
}

/*! A text that is, or nearly is, an IPv4 address. */
static void rnd_text(char text[static 40])
{
	static const char odd[] = "0123456789..//--: +x\t\x80";
	static const char *const octets[] = { "0", "00", "1", "01", "9", "10", "99", "099", "100",
	                                      "255", "256", "300", "999", "1000", "",
	                                      "4294967296" };
	size_t at = 0;
	for (unsigned i = 0, count = rnd(8) == 0 ? rnd(6) : 4; i < count && at < 24; i++) {
		at += (size_t)snprintf(text + at, 40 - at, i > 0 ? ".%s" : "%s",
		                       octets[rnd(rnd(2) == 0 ? 10 : COUNT(octets))]);
	}
	if (rnd(4) == 0 && at > 0) {
		text[rnd((unsigned)at)] = odd[rnd(sizeof(odd) - 1)];
	}
	if (rnd(16) == 0) {
		text[at++] = odd[rnd(sizeof(odd) - 1)];
	}
	text[at] = '\0';
}

/*! What is an address is what inet_pton() takes for one, whatever stands beside it. */
static void test_as_inet_pton(void **state)
{
	(void)state;
	unsigned good = 0;
	rnd_start(0x853c49e6748fea9b);
	for (unsigned i = 0; i < 200000; i++) {
		char text[40];
		rnd_text(text);
		if (strpbrk(text, "/-:") != NULL) {
			continue;
		}
		uint8_t wanted[4];
		net_t one;
		const bool is_address = inet_pton(AF_INET, text, wanted) == 1;
		good += is_address;
		if ((net_from_str(&one, text) == KNOT_EOK) != is_address) {
			fail_msg("'%s'", text);
		}
		if (is_address) {
			assert_int_equal(one.family, 4);
			assert_memory_equal(one.first, wanted, 4);
			strcat(text, "/9");
			assert_int_equal(net_from_str(&one, text), KNOT_EOK);
			assert_int_equal(one.prefix, 9);
			assert_int_equal(one.first[0], wanted[0]);
		}
	}
	assert_true(good >= 10000 && good <= 190000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_inet_pton),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_bad_text),
		cmocka_unit_test(test_from_addr),
		cmocka_unit_test(test_overlap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
