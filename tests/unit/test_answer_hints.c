/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Large responses put back into packets: more RRs than there are compression hints for, owners of
 * wildcards, more RRsets than an answer has room for at hand, positions that no pointer reaches.
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

#include "module/answer.h"
#include "tests/unit/lib/fixture_answer.h"

#define ZONE_MAX 400000

/* Lines of a format with a number, and some more. */
static char *zone_of(const char *format, unsigned count, const char *more)
{
	char *zone = malloc(ZONE_MAX);
	assert(zone != NULL);
	size_t at = 0;
	for (unsigned i = 0; i < count; i++) {
		at += snprintf(zone + at, ZONE_MAX - at, format, i, i);
	}
	at += snprintf(zone + at, ZONE_MAX - at, "%s", more);
	assert(at < ZONE_MAX);
	return zone;
}

typedef struct {
	const char *line;
	unsigned count;
	const char *more;
	const char *options;
	const char *query;
} case_t;

static const case_t cases[] = {
	/* Wildcard owners: at hints in RDATA, and beyond the last hint. */
	{ "sub MX %u x%u.w\n", 3, "*.w A 192.0.2.1\n*.w AAAA 2001:db8::1\n", NULL, "sub MX" },
	{ "sub MX %u x%u.w\n", 15, "*.w A 192.0.2.1\n*.w AAAA 2001:db8::1\n", NULL, "sub MX" },
	{ "sub MX %u x%u.w\n", 16, "*.w A 192.0.2.1\n*.w AAAA 2001:db8::1\n", NULL, "sub MX" },
	{ "sub MX %u x%u.w\n", 40, "*.w A 192.0.2.1\n*.w AAAA 2001:db8::1\n", NULL, "sub MX" },
	{ "sub MX %u x%u.w\n", 40, "*.w A 104.16.1.2\n", "mail-host *.w", "sub MX" },
	{ "sub MX %u x%u.w\n", 12, "*.w A 104.16.1.2\n", NULL, "sub MX" },
	{ "_imap._tcp SRV 0 %u 143 x%u.w\n", 20, "*.w A 192.0.2.1\n", NULL, "_imap._tcp SRV" },
	/* Nodes of their own, each with two RRsets. */
	{ "@ MX %u m%u\n", 40, "", NULL, "@ MX" },
	{ "@ MX %1$u m%1$u\nm%1$u A 192.0.2.1\nm%1$u AAAA 2001:db8::1\n", 15, "", NULL, "@ MX" },
	{ "@ MX %1$u m%1$u\nm%1$u A 192.0.2.1\nm%1$u AAAA 2001:db8::1\n", 40, "", NULL, "@ MX" },
	{ "@ MX %1$u m%1$u\nm%1$u A 104.16.1.2\nm%1$u AAAA 2001:db8::1\n", 40, "", NULL, "@ MX" },
	{ "sub MX %1$u m%1$u\nm%1$u A 104.16.1.2\n", 40, "b A 192.0.2.1\n", NULL, "sub MX" },
	{ "sub MX %1$u m%1$u\nm%1$u A 192.0.2.1\n", 40, "sub MX 9 www\nwww A 104.16.1.2\n", NULL,
	  "sub MX" },
	/* In a domain of their own: QNAME and owner are no help. */
	{ "@ MX %u m%u.example.org.\n", 40, "@ MX 1 mx\nmx A 104.16.1.2\n", NULL, "@ MX" },
	{ "@ MX %u m%u.example.org.\n", 9, "@ MX 1 www\nwww A 104.16.1.2\n", NULL, "@ MX" },
	/* Beyond what a pointer reaches. */
	{ "@ MX %1$u m%1$u\n", 1200, "m3 A 192.0.2.1\nm800 A 192.0.2.1\nm1100 A 192.0.2.1\n", NULL,
	  "@ MX" },
	{ "@ MX %1$u m%1$u\n", 1200, "m3 A 104.16.1.2\nm800 A 104.16.1.2\nm1100 A 104.16.1.2\n",
	  NULL, "@ MX" },
	{ "sub MX %1$u x%1$u.w\n", 1200, "*.w A 104.16.1.2\n", "mail-host *.w", "sub MX" },
};

static void run(const case_t *c, uint16_t rotate, bool upper)
{
	fixture_answer_t fixture;
	char *zone = zone_of(c->line, c->count, c->more);
	fixture_answer_init(&fixture, zone, c->options, c->query, true);
	packet_how_t how = { .size = KNOT_WIRE_MAX_PKTSIZE, .rotate = rotate, .upper = upper };
	written_t written = check_unchanged(&fixture, &how, true);
	assert_true(written.before > 0);
	for (size_t limit = 600; limit <= KNOT_WIRE_MAX_PKTSIZE; limit = limit * 5 / 4) {
		(void)check_repaired(&fixture, &how, true, limit);
	}
	fixture_answer_clear(&fixture);
	free(zone);
}

static void test_large(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		run(&cases[i], 0, false);
		run(&cases[i], 0, true);
	}
}

/* Rotation leaves the hints with their RRs, and may put the first ones out of reach: then knotd
 * shows a wildcard as such, so the last case is of no use here. */
static void test_rotated(void **state)
{
	(void)state;
	static const uint16_t rotations[] = { 1, 7, 14, 15, 39, 800, 1199, 65535 };
	for (size_t i = 0; i + 1 < sizeof(cases) / sizeof(*cases); i++) {
		for (size_t j = 0; j < sizeof(rotations) / sizeof(*rotations); j++) {
			run(&cases[i], rotations[j], false);
		}
	}
}

/* RRSIGs of the additional section come last, their owners written long before. */
static void test_signatures(void **state)
{
	(void)state;
	for (unsigned count = 5; count <= 45; count += 5) {
		fixture_answer_t fixture;
		char *zone = zone_of("@ MX %1$u m%1$u\nm%1$u A 192.0.2.1\n", count,
		                     "@ RRSIG A 13 2 60 20300101000000 20200101000000 1 @ AAAA\n");
		fixture_answer_init(&fixture, zone, NULL, "@ MX", false);
		test_reply_t *reply = &fixture.reply;
		size_t rrsets = reply->count;
		knot_rrset_t sig = node_rrset(zone_node(fixture.zone, fixture.zone->apex),
		                              KNOT_RRTYPE_RRSIG);
		reply->at = realloc(reply->at, 2 * rrsets * sizeof(*reply->at));
		assert(reply->at != NULL);
		for (size_t i = 1; i < rrsets; i++) {
			reply_rr_t *rr = &reply->at[reply->count++];
			*rr = (reply_rr_t){ sig, knot_dname_copy(reply->at[i].owner, NULL),
			                    KNOT_ADDITIONAL, KNOT_PF_NOTRUNC, i, HINT_OWNER };
			rr->rrset.owner = reply->at[i].rrset.owner;
		}
		packet_how_t how = { .size = KNOT_WIRE_MAX_PKTSIZE };
		(void)check_unchanged(&fixture, &how, true);
		how.rotate = 3;
		(void)check_unchanged(&fixture, &how, false);
		fixture_answer_clear(&fixture);
		free(zone);
	}
}

/* More RRsets and more expanded owners than are kept without memory. */
static void test_memory(void **state)
{
	(void)state;
	static const case_t large[] = {
		{ "sub MX %u x%u.w\n", 5, "*.w A 104.16.1.2\n*.w AAAA 2001:db8::1\n",
		  "mail-host *.w", "sub MX" },
		{ "@ MX %1$u m%1$u\nm%1$u A 192.0.2.1\nm%1$u AAAA 2001:db8::1\n", 25,
		  "m3 A 104.16.1.2\n", NULL, "@ MX" },
		{ "sub MX %u x%u.w\n", 25, "*.w A 192.0.2.1\n*.w AAAA 2001:db8::1\n"
		  "sub MX 3 www\nwww A 104.16.1.2\n", NULL, "sub MX" },
		{ "*.w CNAME x%1$u.v%1$u\n*.v%1$u CNAME mx\n", 1,
		  "mx CNAME www\nwww A 104.16.1.2\n", "mail-host mx", "x.w A" },
	};
	for (size_t i = 0; i < sizeof(large) / sizeof(*large); i++) {
		fixture_answer_t fixture;
		char *zone = zone_of(large[i].line, large[i].count, large[i].more);
		fixture_answer_init(&fixture, zone, large[i].options, large[i].query, false);
		packet_how_t how = { .size = KNOT_WIRE_MAX_PKTSIZE, .rotate = 2 };
		check_written_memory(&fixture, &how, false);
		fixture_answer_clear(&fixture);
		free(zone);
	}
}

/* A packet that knotd does not make: no question to answer. */
static void test_no_question(void **state)
{
	(void)state;
	knot_pkt_t *pkt = knot_pkt_new(NULL, 512, NULL);
	assert_non_null(pkt);
	answer_t answer;
	assert_int_equal(answer_read(&answer, pkt, KNOT_RCODE_NOERROR, true, true), KNOT_EMALF);
	answer_clear(&answer, NULL);
	knot_pkt_free(pkt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_rotated),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_no_question),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
