/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Networks and sets in tests.
 */

#undef NDEBUG

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <libknot/errcode.h>

#include "tests/unit/lib/nets.h"

net_t net(const char *str)
{
	net_t out;
	assert_int_equal(net_from_str(&out, str), KNOT_EOK);
	return out;
}

int address(const char *str, uint8_t out[static 16])
{
	if (inet_pton(AF_INET, str, out) == 1) {
		return 4;
	}
	assert_int_equal(inet_pton(AF_INET6, str, out), 1);
	return 6;
}

netset_t *set_of(const char *const *nets, size_t count)
{
	netset_t *set = netset_new();
	assert_non_null(set);
	for (size_t i = 0; i < count; i++) {
		net_t one = net(nets[i]);
		assert_int_equal(netset_add(set, &one), KNOT_EOK);
	}
	assert_int_equal(netset_build(set), KNOT_EOK);
	return set;
}

const char *match(const netset_t *set, const char *str, char buf[static NET_TEXT_MAX])
{
	uint8_t addr[16];
	int family = address(str, addr);
	net_t found;
	return netset_match(set, family, addr, &found) ? net_to_str(&found, buf) : "none";
}

int net_specific(const net_t *one, int family, const uint8_t *addr)
{
	const unsigned bits = family == 4 ? 32 : 128;
	if (one->family != family || memcmp(one->first, addr, bits / 8) > 0 ||
	    memcmp(addr, one->last, bits / 8) > 0) {
		return -1;
	}
	if (!one->range) {
		return one->prefix;
	}
	for (unsigned prefix = 0; prefix < bits; prefix++) {
		net_t around;
		assert_int_equal(net_from_addr(&around, one->family, addr, NULL, prefix), KNOT_EOK);
		if (memcmp(around.first, one->first, bits / 8) >= 0 &&
		    memcmp(around.last, one->last, bits / 8) <= 0) {
			return (int)prefix;
		}
	}
	return (int)bits;
}

void check_match(const netset_t *set, const net_t *nets, size_t count, int family,
                 const uint8_t *addr)
{
	int best = -1;
	bool prefix = false, known = false;
	net_t found;
	bool match = netset_match(set, family, addr, &found);
	for (size_t i = 0; i < count; i++) {
		int len = net_specific(&nets[i], family, addr);
		if (len < 0) {
			continue;
		}
		if (len > best) {
			best = len;
			prefix = false;
		}
		prefix = prefix || (len == best && !nets[i].range);
		known = known || (match && memcmp(&found, &nets[i], sizeof(found)) == 0);
	}

	if (best < 0) {
		assert_false(match);
		return;
	}
	assert_true(match);
	assert_true(known);
	assert_int_equal(net_specific(&found, family, addr), best);
	assert_int_equal(found.range, !prefix);
}

static uint64_t rnd_state;

void rnd_start(uint64_t seed)
{
	rnd_state = seed;
}

unsigned rnd(unsigned below)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return (unsigned)(rnd_state >> 32) % below;
}

void rnd_addr(uint8_t out[static 16], int family)
{
	const size_t size = family == 4 ? 4 : 16;
	memset(out, rnd(2) == 0 ? 0 : 0xff, size);
	if (rnd(4) == 0) {
		memset(out + size / 2, rnd(2) == 0 ? 0 : 0xff, size / 2);
	}
	if (rnd(8) != 0) {
		out[size - 1] = (uint8_t)rnd(256);
		out[size - 2] ^= (uint8_t)rnd(4);
	}
	if (rnd(4) == 0) {
		out[size / 2] ^= (uint8_t)rnd(4);
	}
}

net_t rnd_net(int family)
{
	const unsigned bits = family == 4 ? 32 : 128;
	uint8_t a[16] = { 0 }, b[16] = { 0 };
	net_t out;
	rnd_addr(a, family);
	if (rnd(3) == 0) {
		rnd_addr(b, family);
		bool swap = memcmp(a, b, bits / 8) > 0;
		assert_int_equal(net_from_addr(&out, family, swap ? b : a, swap ? a : b, 0),
		                 KNOT_EOK);
		return out;
	}
	unsigned prefix = rnd(4) == 0 ? rnd(bits + 1) : bits - rnd(12);
	assert_int_equal(net_from_addr(&out, family, a, NULL, prefix), KNOT_EOK);
	return out;
}
