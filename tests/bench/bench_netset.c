/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * How long a set of networks takes to build, and to match an address in. One line per figure.
 * The networks and addresses are the same in each run.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/errcode.h>

#include "policy/netset.h"

/*! Addresses asked for: as many as a busy server may have, and more than any cache holds. */
#define ADDRS_HOT  (1u << 12)
#define ADDRS_COLD (1u << 16)
#define MATCHES    (1u << 22)

static uint64_t rnd_state = 0x6d786775617264;

/*! Xorshift: the same numbers everywhere. */
static uint64_t rnd(void)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return rnd_state;
}

static double now(void)
{
	struct timespec ts;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void check(int ret)
{
	if (ret != KNOT_EOK) {
		fprintf(stderr, "bench_netset: error %d\n", ret);
		exit(EXIT_FAILURE);
	}
}

static void rnd_addr(uint8_t out[16], int family)
{
	uint64_t hi = rnd(), lo = rnd();
	memcpy(out, &hi, 8);
	memcpy(out + 8, &lo, 8);
	if (family == 6) { /* Global unicast, and dense enough for matches. */
		out[0] = 0x20;
		out[1] &= 0x0f;
	}
}

/*! A set of random prefixes of one family, as long as those of routing tables. */
static netset_t *rnd_set(int family, size_t count, double *seconds)
{
	netset_t *set = netset_new();
	check(set != NULL ? KNOT_EOK : KNOT_ENOMEM);
	double start = now();
	for (size_t i = 0; i < count; i++) {
		uint8_t addr[16];
		net_t net;
		rnd_addr(addr, family);
		unsigned prefix = family == 4 ? 16 + rnd() % 9 : 28 + rnd() % 21;
		check(net_from_addr(&net, family, addr, NULL, prefix));
		check(netset_add(set, &net));
	}
	check(netset_build(set));
	*seconds = now() - start;
	return set;
}

static netset_t *cloudflare(void)
{
	static const char *const nets[] = {
		"173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22",
		"141.101.64.0/18", "108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20",
		"197.234.240.0/22", "198.41.128.0/17", "162.158.0.0/15", "104.16.0.0/13",
		"104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22",
		"2400:cb00::/32", "2606:4700::/32", "2803:f800::/32", "2405:b500::/32",
		"2405:8100::/32", "2a06:98c0::/29", "2c0f:f248::/32",
	};
	netset_t *set = netset_new();
	check(set != NULL ? KNOT_EOK : KNOT_ENOMEM);
	for (size_t i = 0; i < sizeof(nets) / sizeof(*nets); i++) {
		net_t net;
		check(net_from_str(&net, nets[i]));
		check(netset_add(set, &net));
	}
	check(netset_build(set));
	return set;
}

/*! Matches so many random addresses over and over, half of them made to lie in a network. */
static void match(const char *what, const netset_t *set, int family, size_t count)
{
	static uint8_t addrs[ADDRS_COLD][16];
	for (size_t i = 0; i < count; i++) {
		const net_t *net;
		rnd_addr(addrs[i], family);
		do {
			net = netset_at(set, rnd() % netset_count(set));
		} while (net->family != family);
		for (size_t j = 0; i % 2 == 0 && j < 16; j++) {
			addrs[i][j] &= net->first[j] ^ net->last[j];
			addrs[i][j] |= net->first[j];
		}
	}

	size_t hits = 0;
	double start = now();
	for (size_t i = 0; i < MATCHES; i++) {
		hits += netset_match(set, family, addrs[i % count]) != NULL;
	}
	double ns = (now() - start) * 1e9 / MATCHES;
	printf("match  %-17s IPv%d  %6.1f ns  (%zu addresses, %.0f %% hits)\n", what, family, ns,
	       count, 100.0 * (double)hits / MATCHES);
}

static void match_both(const char *what, const netset_t *set, int family)
{
	match(what, set, family, ADDRS_HOT);
	match(what, set, family, ADDRS_COLD);
}

int main(void)
{
	static const size_t counts[] = { 100000, 1000000 };

	netset_t *set = cloudflare();
	match_both("22 networks", set, 4);
	match_both("22 networks", set, 6);
	netset_free(set);

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		for (int family = 4; family <= 6; family += 2) {
			char what[32];
			double seconds;
			set = rnd_set(family, counts[i], &seconds);
			(void)snprintf(what, sizeof(what), "%zu networks", counts[i]);
			printf("build  %-17s IPv%d  %6.3f s   (%zu distinct)\n", what, family,
			       seconds, netset_count(set));
			match_both(what, set, family);
			netset_free(set);
		}
	}
	return 0;
}
