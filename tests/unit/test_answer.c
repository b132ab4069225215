/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A response read out of a packet and put back: unchanged, repaired, truncated, without memory.
 */

#undef NDEBUG

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "module/answer.h"
#include "tests/unit/lib/memory.h"
#include "tests/unit/lib/random.h"
#include "tests/unit/lib/fixture_answer.h"

#define RANDOM_ZONES 40
#define WHOLE        { .size = KNOT_WIRE_MAX_PKTSIZE }

typedef struct {
	const char *zone;
	const char *options;
	const char *query;
} case_t;

static const case_t cases[] = {
	/* Nothing to repair. */
	{ "a A 192.0.2.1\na A 192.0.2.2\na A 192.0.2.3\n", NULL, "a A" },
	{ "@ MX 10 mx\n@ MX 20 mx.example.org.\nmx A 192.0.2.1\nmx AAAA 2001:db8::1\n",
	  NULL, "@ MX" },
	{ "a CNAME b\nb CNAME c.deep\nc.deep A 192.0.2.1\n", NULL, "a A" },
	{ "a CNAME b\n", NULL, "a A" },
	{ "", NULL, "gone A" },
	{ "d DNAME e\nx.e MX 10 y.d\n", NULL, "x.d MX" },
	{ "sub MX 10 x.w\nsub MX 20 y.w\n*.w A 192.0.2.1\n*.w AAAA 2001:db8::1\n", NULL, "sub MX" },
	{ "*.w CNAME y.v\n*.v MX 10 z.w\n", NULL, "x.w MX" },
	{ "a CNAME x.d\nd NS ns.d\nns.d A 192.0.2.1\n", NULL, "a A" },
	{ "a HTTPS 1 b\nb A 192.0.2.1\nb AAAA 2001:db8::1\n", NULL, "a HTTPS" },
	{ "a A 192.0.2.1\na TXT x\na MX 10 a\na SRV 0 0 1 a\n", NULL, "a ANY all" },
	/* Addresses replaced, stripped, emptied. */
	{ "mail A 104.16.1.2\n", NULL, "mail A" },
	{ "mail A 104.16.1.2\nmail A 192.0.2.1\nmail A 192.0.2.2\n", NULL, "mail A" },
	{ "mail AAAA 2606:4700::1\n", "mail6", "mail AAAA" },
	{ "@ MX 10 mx\n@ MX 20 my\nmx A 104.16.1.2\nmy AAAA 2606:4700::1\n", NULL, "@ MX" },
	{ "*.w A 104.16.1.2\n", "mail-host *.w", "x.w A" },
	{ "@ MX 10 x.w\n@ MX 20 y.w\n@ MX 30 z.w\n@ MX 40 v.w\n*.w A 104.16.1.2\n"
	  "*.w AAAA 2001:db8::1\n", NULL, "@ MX" },
	/* Flattened aliases. */
	{ "a CNAME mx\nmx CNAME www\nwww A 104.16.1.2\n", "mail-host mx", "a A" },
	{ "a CNAME mx\nmx CNAME www\nwww A 104.16.1.2\n", "mail-host mx", "a TXT" },
	{ "*.w CNAME www\nwww A 104.16.1.2\nwww A 192.0.2.1\n", "mail-host *.w", "x.w A" },
	{ "d DNAME cdn.example.net.\n", "mail-host mx.d", "mx.d ANY" },
	/* Targets steered and merged. */
	{ "sub MX 10 shop\nsub MX 20 gone\nsub MX 30 b\nshop A 104.16.1.2\nb A 192.0.2.1\n", NULL,
	  "sub MX" },
	{ "_imap._tcp SRV 0 0 143 www\nwww A 104.16.1.2\nmail A 192.0.2.1\n",
	  NULL, "_imap._tcp SRV" },
	{ "*.w MX 10 shop\nshop A 104.16.1.2\n", NULL, "x.w MX" },
	/* The exchange made to exist. */
	{ "", NULL, "mail A" },
	{ "", NULL, "mail TXT" },
	{ "", NULL, "mail ANY" },
	{ "a CNAME mail\n", NULL, "a AAAA" },
};

/* The same for clients that validate, and what is different for them. */
static const case_t signed_cases[] = {
	/* Types and names that are not there. */
	{ "mx A 104.16.1.2\nmx TXT x\n", "mail-host mx;mail4", "mx A" },
	{ "*.w A 104.16.1.2\n*.w TXT x\n", "mail-host *.w;mail4", "x.w A" },
	{ "a A 192.0.2.1\nz A 192.0.2.1\n", NULL, "y A" },
	{ "", "exchange mx.out", "q.out A" },
	{ "* A 192.0.2.9\n", NULL, "q.mail TXT" },
	{ "mail A 192.0.2.1\n", NULL, "mail TXT" },
	/* Signed as a wildcard's. */
	{ "*.w A 104.16.1.2\n*.w A 104.16.1.3\n", "mail-host *.w", "x.w A" },
	{ "*.w CNAME mx\nmx CNAME www\nwww A 104.16.1.2\n", "mail-host mx", "x.w TXT" },
	/* Additional records. */
	{ "@ MX 10 mx\n@ MX 20 my\nmx A 104.16.1.2\nmy AAAA 2606:4700::1\n", NULL, "@ MX" },
	{ "@ MX 10 www\nwww A 104.16.1.2\nmail A 192.0.2.1\n", NULL, "@ MX" },
	{ "a HTTPS 1 mail\nmail A 192.0.2.1\n", NULL, "a HTTPS" },
};

/* Calls a check for every case, with the room, order and case that packets come with. */
typedef void (*check_f)(const fixture_answer_t *, const packet_how_t *, bool);

static const packet_how_t hows[] = {
	WHOLE,
	{ .size = 1232, .reserved = 11, .rotate = 1 },
	{ .size = 4096, .reserved = 300, .rotate = 0xffff, .upper = true },
};

/* The same for clients that validate. */
static void each_signed(const case_t *c, check_f check)
{
	for (int i = 0; i < 2 * DENIAL_COUNT; i++) {
		bool stream = i % 2 == 1;
		fixture_answer_t fixture;
		fixture_answer_init(&fixture, c->zone, c->options, c->query, stream);
		fixture_answer_sign(&fixture, i / 2, stream);
		check(&fixture, &hows[i % 3 == 1 ? 2 : 0], stream);
		fixture_answer_clear(&fixture);
	}
}

static void each(check_f check)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (size_t j = 0; j < 2 * sizeof(hows) / sizeof(*hows); j++) {
			bool stream = j % 2 == 1;
			fixture_answer_t fixture;
			fixture_answer_init(&fixture, cases[i].zone, cases[i].options,
			                    cases[i].query, stream);
			check(&fixture, &hows[j / 2], stream);
			fixture_answer_clear(&fixture);
		}
		if (strstr(cases[i].query, " all") == NULL) {
			each_signed(&cases[i], check);
		}
	}
	for (size_t i = 0; i < sizeof(signed_cases) / sizeof(*signed_cases); i++) {
		each_signed(&signed_cases[i], check);
	}
}

static void unchanged(const fixture_answer_t *fixture, const packet_how_t *how, bool stream)
{
	(void)check_unchanged(fixture, how, stream);
}

static void test_unchanged(void **state)
{
	(void)state;
	each(unchanged);
}

static void repair(const fixture_answer_t *fixture, const packet_how_t *how, bool stream)
{
	assert_int_equal(check_repaired(fixture, how, stream, 0), KNOT_EOK);
}

static void test_repaired(void **state)
{
	(void)state;
	each(repair);
}

/* At every size, from the one that has room for the question only. */
static void cut_short(const fixture_answer_t *fixture, const packet_how_t *how, bool stream)
{
	size_t least = KNOT_WIRE_HEADER_SIZE + knot_dname_size(fixture->reply.qname) + 4 +
	               how->reserved;
	size_t failed = 0, limit = least, room = fixture->signed_zone != NULL ? 2000 : 400;
	size_t step = fixture->signed_zone != NULL ? 13 : 1;
	for (int ret = KNOT_ESPACE; limit < least + room; limit += step) {
		int last = ret;
		ret = check_repaired(fixture, how, stream, limit);
		failed += ret == KNOT_ESPACE;
		assert_true(ret == KNOT_ESPACE || ret == KNOT_EOK);
		assert_true(last == KNOT_ESPACE || ret == KNOT_EOK);
	}
	assert_true(failed > 0 && failed < room);
}

static void test_truncated(void **state)
{
	(void)state;
	each(cut_short);
}

static void test_memory(void **state)
{
	(void)state;
	each(check_written_memory);
}

/* Random zones, every question. */
static void test_random(void **state)
{
	(void)state;
	static const uint16_t types[] = {
		KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA, KNOT_RRTYPE_MX, KNOT_RRTYPE_SRV, KNOT_RRTYPE_ANY,
		KNOT_RRTYPE_TXT, KNOT_RRTYPE_HTTPS,
	};
	for (uint64_t seed = 0; seed < RANDOM_ZONES; seed++) {
		random_zone_t random;
		random_names_t names;
		fixture_answer_t fixture;
		random_zone(&random, seed);
		fixture_answer_init(&fixture, random.zone, random.options, NULL, false);
		random_names(&names, fixture.zone);
		for (size_t i = 0; i < names.count * sizeof(types) / sizeof(*types); i++) {
			bool stream = i % 3 == 0;
			packet_how_t how = WHOLE;
			how.rotate = i % 5;
			fixture_answer_query(&fixture, names.at[i % names.count],
			                     types[i / names.count],
			                     (stream ? REPLY_STREAM : 0) |
			                     (i % 4 == 0 ? REPLY_ALL : 0));
			if (fixture.reply.referral) {
				continue;
			}
			(void)check_unchanged(&fixture, &how, stream);
			for (size_t limit = 300; limit <= 700; limit += 100) {
				(void)check_repaired(&fixture, &how, stream, limit);
			}
		}
		random_names_clear(&names);
		fixture_answer_clear(&fixture);
	}
}

/* Names in RDATA as another module may have written them, and what has to be found then. */
static const struct {
	case_t c;
	uint32_t rules;
} capitals[] = {
	{ { "mx CNAME x.cdn.example.net.\n", "mail-host mx", "mx A" }, 1U << RULE_PROXIED_ALIAS },
	{ { "mx CNAME mx.example.org.\n", "mail-host mx", "mx A" }, 0 },
	/* A preference of 65 is no letter. */
	{ { "sub MX 65 www\nsub MX 90 mx.example.org.\nwww A 104.16.1.2\n", NULL, "sub MX" },
	  1U << RULE_PROXIED_TARGET },
	{ { "sub MX 10 b.cdn.example.net.\n", NULL, "sub MX" }, 1U << RULE_PROXIED_TARGET },
	{ { "_imap._tcp SRV 0 0 16705 www\nwww A 104.16.1.2\n", NULL, "_imap._tcp SRV" },
	  1U << RULE_PROXIED_TARGET },
};

static void to_upper(knot_rrset_t *rrset)
{
	size_t fixed = rrset->type == KNOT_RRTYPE_MX ? 2 : rrset->type == KNOT_RRTYPE_SRV ? 6 : 0;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		knot_rdata_t *rdata = knot_rdataset_at(&rrset->rrs, i);
		for (size_t j = fixed; j < rdata->len; j++) {
			if (rdata->data[j] >= 'a' && rdata->data[j] <= 'z') {
				rdata->data[j] -= 'a' - 'A';
			}
		}
	}
}

static void test_capitals(void **state)
{
	(void)state;
	const packet_how_t how = WHOLE;
	for (size_t i = 0; i < sizeof(capitals) / sizeof(*capitals); i++) {
		const case_t *c = &capitals[i].c;
		fixture_answer_t fixture;
		answer_t answer;
		policy_verdict_t verdict;
		fixture_answer_init(&fixture, c->zone, c->options, c->query, true);
		knot_pkt_t *pkt = packet_make(&fixture.reply, &how, NULL);
		assert_non_null(pkt);
		to_upper(&pkt->rr[0]);
		knot_wire_set_tc(pkt->wire); /* Whole now, it is not truncated any more. */

		assert_int_equal(answer_read(&answer, pkt, 0, true, true), KNOT_EOK);
		assert_int_equal(policy_judge(&fixture.test.policy, zone_lookup_apex, fixture.zone,
		                              &answer.response, &verdict, &pkt->mm), KNOT_EOK);
		assert_int_equal(verdict.rules, capitals[i].rules);
		if (verdict.changes) {
			assert_int_equal(answer_write(&answer, pkt, &verdict, 0, true), KNOT_EOK);
			assert_false(knot_wire_get_tc(pkt->wire));
		}
		answer_clear(&answer, &verdict);
		knot_pkt_free(pkt);
		fixture_answer_clear(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unchanged),
		cmocka_unit_test(test_repaired),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_capitals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
