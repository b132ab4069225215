/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Random signed zones: everything that may be asked of them is proven, and a resolver that
 * concludes from all that it was shown, in any order, never contradicts them.
 */

#undef NDEBUG

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/missing.h"
#include "tests/unit/lib/fixture_denial.h"

#define ZONES       20
#define SMALL_ZONES 100
#define HOSTILE     15
#define BAD_MAX     3
#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

static uint32_t rng_below(uint64_t *rng, uint32_t sides)
{
	/* xorshift64*, Vigna 2014. */
	*rng ^= *rng >> 12;
	*rng ^= *rng << 25;
	*rng ^= *rng >> 27;
	return (uint32_t)((*rng * UINT64_C(2685821657736338717)) >> 32) % sides;
}

/* A name of its own, or a few that go together. */
static const char *const blocks[] = {
	"%s A 192.0.2.1\n", "%s A 192.0.2.1\n%s AAAA 2001:db8::1\n", "%s A 104.16.1.2\n",
	"%s A 104.16.1.2\n%s AAAA 2606:4700::1\n%s TXT x\n", "%s TXT x\n",
	"%s MX 10 mail\n%s TXT x\n", "%s CNAME www\n", "%s CNAME gone\n", "%s CNAME mail\n",
	"%s CNAME mx.example.org.\n", "%s CNAME x.cdn.example.net.\n",
};
static const char *const delegations[] = {
	"%s NS ns.example.org.\n", "%s NS ns.example.org.\n%s DS 1 13 2 AAAA\n",
};
static const char *const names[] = {
	"*", "a", "d", "e.d", "mail", "x.mail", "www", "mx", "*.mx", "b.mx",
	"w", "*.w", "x.y.w", "z",
};
static const char *const delegation_names[] = {
	"d", "e.d", "sub", "mx", "w", "mail", "a.mail", "n",
};
static const char *const exchanges[] = { "mail", "mail", "mail.d", "a.b.mx", "in.w", "0", "zz" };
static const char *const hosts[] = { "mx", "a", "*.w", "in.w", "h.mx", "*.mx", "c.h.mx" };

/* Adds a line for each %s in a block. */
static size_t add(char *out, const char *block, const char *name)
{
	return sprintf(out, block, name, name, name);
}

/* A few names, each as likely as the others to be an end of the gap that matters. */
static void small_zone(random_zone_t *out, uint64_t seed)
{
	uint64_t rng = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	char *zone = out->zone;
	uint32_t taken = 0;
	*zone = '\0';
	if (rng_below(&rng, 4) == 0) {
		zone += sprintf(zone, "@ MX 10 %s\n", hosts[rng_below(&rng, LENGTH(hosts))]);
	}
	for (uint32_t i = rng_below(&rng, 3); i > 0; i--) {
		uint32_t name = rng_below(&rng, LENGTH(delegation_names));
		for (size_t j = 0; j < LENGTH(names); j++) {
			taken |= strcmp(names[j], delegation_names[name]) == 0 ? 1U << j : 0;
		}
		if (strstr(out->zone, delegation_names[name]) == NULL) {
			zone += add(zone, delegations[rng_below(&rng, LENGTH(delegations))],
			            delegation_names[name]);
		}
	}
	for (uint32_t i = rng_below(&rng, 6); i > 0; i--) {
		uint32_t name = rng_below(&rng, LENGTH(names));
		if ((taken & 1U << name) == 0) {
			taken |= 1U << name;
			zone += add(zone, blocks[rng_below(&rng, LENGTH(blocks))], names[name]);
		}
	}
	assert(zone < out->zone + sizeof(out->zone));

	char *options = out->options;
	options += sprintf(options, "exchange %s;mail-host",
	                   exchanges[rng_below(&rng, LENGTH(exchanges))]);
	for (size_t i = 0; i < LENGTH(hosts); i++) {
		if (rng_below(&rng, 4) == 0) {
			options += sprintf(options, " %s", hosts[i]);
		}
	}
	static const char *const lacks[] = { "", "", "", ";mail4", ";mail6", ";ttl 7" };
	(void)sprintf(options, "%s", lacks[rng_below(&rng, LENGTH(lacks))]);
}

/* Returns how many of the zones of a seed have faults. */
static size_t check_seed(void (*make)(random_zone_t *, uint64_t), uint64_t seed, int kinds,
                         bool blind)
{
	static const char *const salts[] = { NULL, "\xaa\xbb", "x", "salt" };
	size_t bad = 0;
	random_zone_t random;
	make(&random, seed);
	for (int how = 0; how < kinds; how++) {
		fixture_denial_t fixture;
		fixture_denial_init(&fixture, random.zone, random.options, how, salts[seed % 4],
		                    NULL, blind);
		size_t faults = fixture_denial_check(&fixture, 16);
		if (faults > 0) {
			print_error("seed %u: %zu faults\n", (unsigned)seed, faults);
		}
		bad += faults > 0;
		fixture_denial_clear(&fixture);
	}
	return bad;
}

static void check_all(void (*make)(random_zone_t *, uint64_t), uint64_t zones, int kinds,
                      bool blind)
{
	size_t bad = 0;
	for (uint64_t seed = 0; seed < zones && bad < BAD_MAX; seed++) {
		bad += check_seed(make, seed, kinds, blind);
	}
	assert_int_equal(bad, 0);
}

static void test_live(void **state)
{
	(void)state;
	check_all(random_zone, ZONES, DENIAL_COUNT, false);
}

static void test_blind(void **state)
{
	(void)state;
	check_all(random_zone, ZONES, DENIAL_COUNT, true);
}

static void test_small(void **state)
{
	(void)state;
	check_all(small_zone, SMALL_ZONES, DENIAL_COUNT, false);
	/* An alias of the exchange, for which a wildcard answers; a wildcard that
	 * is a mail target. */
	assert_int_equal(check_seed(small_zone, 436, DENIAL_COUNT, false), 0);
	assert_int_equal(check_seed(small_zone, 1760, DENIAL_COUNT, false), 0);
}

static void test_small_blind(void **state)
{
	(void)state;
	/* What a zone with NSEC3 has around the exchange can't all be known without look-ups. */
	check_all(small_zone, SMALL_ZONES, DENIAL_NSEC3, true);
}

/* Records of any shape, as a zone may hold them (RFC 3597): shorter than they say, or with octets
 * changed. All end where their memory does. */
typedef struct {
	const fixture_denial_t *fixture;
	uint64_t rng;
	knot_rrset_t *kept[4096];
	size_t count;
} hostile_t;

static bool is_proof(uint16_t type)
{
	return type == KNOT_RRTYPE_NSEC || type == KNOT_RRTYPE_NSEC3 ||
	       type == KNOT_RRTYPE_NSEC3PARAM || type == KNOT_RRTYPE_RRSIG;
}

static const knot_rrset_t *spoil(hostile_t *hostile, const knot_rrset_t *rrset)
{
	if (!is_proof(rrset->type) || rrset->rrs.count == 0 || rng_below(&hostile->rng, 4) == 0 ||
	    hostile->count == LENGTH(hostile->kept)) {
		return rrset;
	}
	uint16_t len = rrset->rrs.rdata->len;
	if (rng_below(&hostile->rng, 2) == 0) {
		len = rng_below(&hostile->rng, len + 1);
	}
	knot_rdata_t *rdata = malloc(sizeof(*rdata) + len);
	assert(rdata != NULL);
	rdata->len = len; /* knot_rdata_init() would pad it. */
	memcpy(rdata->data, rrset->rrs.rdata->data, len);
	for (uint32_t i = rng_below(&hostile->rng, 4); i > 0 && len > 0; i--) {
		rdata->data[rng_below(&hostile->rng, len)] = rng_below(&hostile->rng, 256);
	}
	knot_rrset_t *spoilt = knot_rrset_new(rrset->owner, rrset->type, KNOT_CLASS_IN, rrset->ttl,
	                                      NULL);
	assert(spoilt != NULL);
	spoilt->rrs = (knot_rdataset_t){ .count = 1, .size = sizeof(*rdata) + len, .rdata = rdata };
	hostile->kept[hostile->count++] = spoilt;
	return spoilt;
}

static int spoilt_lookup(void *ctx, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out)
{
	hostile_t *hostile = ctx;
	int ret = hostile->fixture->lookup(hostile->fixture->zone->zone, owner, type, out);
	if (ret == KNOT_EOK) {
		*out = *spoil(hostile, out);
	}
	return ret;
}

static void judge_spoilt(hostile_t *hostile, const knot_dname_t *name, uint16_t type)
{
	const policy_t *policy = &hostile->fixture->test.policy;
	test_reply_t reply;
	signed_zone_reply(&reply, hostile->fixture->zone, name, type, 0);
	policy_item_t items[reply.count + 1];
	knot_rrset_t rrsets[reply.count + 1];
	policy_response_t response = reply_response(&reply, items, reply.count);
	response.hash = hostile->fixture->zone->hash;
	for (size_t i = 0; i < response.count; i++) {
		items[i].rrset = spoil(hostile, items[i].rrset);
		rrsets[i] = *items[i].rrset;
	}
	(void)policy_suspects_denial(policy, spoilt_lookup, hostile, rrsets, response.count);
	policy_verdict_t verdict;
	int ret = (reply.referral ? policy_judge_referral : policy_judge)(
		policy, spoilt_lookup, hostile, &response, &verdict, NULL);
	assert_true(ret == KNOT_EOK || ret == KNOT_ENOMEM);
	for (size_t i = 0; i < verdict.add_count; i++) {
		nsec_t record;
		const knot_rrset_t *made = verdict.add[i].rrset;
		assert_true((made->type != KNOT_RRTYPE_NSEC && made->type != KNOT_RRTYPE_NSEC3) ||
		            nsec_read(&record, made));
	}
	policy_verdict_clear(&response, &verdict);
	reply_clear(&reply);
	for (; hostile->count > 0; hostile->count--) {
		knot_rrset_free(hostile->kept[hostile->count - 1], NULL);
	}
}

static void test_hostile(void **state)
{
	(void)state;
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_MX, KNOT_RRTYPE_NSEC };
	static hostile_t hostile;
	for (uint64_t seed = 0; seed < HOSTILE; seed++) {
		random_zone_t random;
		small_zone(&random, seed);
		for (int how = 0; how < 2 * DENIAL_COUNT; how++) {
			fixture_denial_t fixture;
			fixture_denial_init(&fixture, random.zone, random.options, how / 2, "salt",
			                    NULL, how % 2 == 1);
			hostile.fixture = &fixture;
			hostile.rng = seed + 1;
			random_names_t all;
			random_names(&all, fixture.zone->zone);
			(void)random_names_add(&all, fixture.test.policy.exchange);
			for (size_t i = 0; i < all.count * LENGTH(types); i++) {
				uint16_t type = types[i % LENGTH(types)];
				if (type != KNOT_RRTYPE_NSEC || how / 2 == DENIAL_NSEC) {
					judge_spoilt(&hostile, all.at[i / LENGTH(types)], type);
				}
			}
			random_names_clear(&all);
			fixture_denial_clear(&fixture);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_blind),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_small_blind),
		cmocka_unit_test(test_hostile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
