/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Names as zones have them: in mixed case, with A-labels, with octets that need escapes, as long
 * as they can be; and RRsets as large as they can be.
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
#include <time.h>

#include <cmocka.h>

#include "tests/unit/lib/fixture_policy.h"

#define CHECK(cases) check_cases(cases, sizeof(cases) / sizeof(*(cases)))
#define PROXIED4     "104.16.1.2 in 104.16.0.0/13"
#define HOST(name)   "! proxied-host replaced " name " A (" PROXIED4 "): 198.51.100.25\n"
#define MAIL4        " 300 A 198.51.100.25\n"
#define KNOWN        "+ mail 300 A 198.51.100.25\n+ mail 300 AAAA 2001:db8::25\n"

/* Case means nothing, in the zone, in RDATA and in the policy. */
static void test_case(void **state)
{
	(void)state;
	static const judge_case_t cases[] = {
		{ "MAIL A 104.16.1.2\n", NULL, "mail A", HOST("mail") "mail" MAIL4, NULL },
		{ "mail A 104.16.1.2\n", "exchange MAIL", "MAIL A",
		  HOST("mail") "mail" MAIL4, NULL },
		{ "Mx1 A 104.16.1.2\n", "mail-host mX1", "mx1 A", HOST("mx1") "mx1" MAIL4, NULL },
		{ "x.Rel A 104.16.1.2\n", "mail-host *.rEL", "x.rel A",
		  HOST("x.rel") "x.rel" MAIL4, NULL },
		{ "@ MX 10 MX.Example.COM.\nmx A 104.16.1.2\n", NULL, "mx A", HOST("mx") "mx" MAIL4,
		  NULL },
		{ "WWW A 104.16.1.2\n", "web-host wWw;mail-host *", "www A", "=", NULL },
		{ "sub MX 10 X.Cdn.EXAMPLE.Net.\n", "proxy-name CDN.example.NET.", "sub MX",
		  "! proxied-target steered sub MX x.cdn.example.net.: mail\nsub 300 MX 10 mail\n"
		  KNOWN,
		  "! proxied-target steered sub MX x.cdn.example.net.: mail\n"
		  "sub 300 MX 10 mail\n" },
		{ "mx CNAME X.CDN.Example.Net.\n", "mail-host MX", "mx A",
		  "! proxied-alias replaced mx A x.cdn.example.net.: 198.51.100.25\n"
		  "mx" MAIL4, NULL },
		{ "_IMAP._TCP SRV 0 0 143 WWW\nwww A 104.16.1.2\n", "service _Imap._tCP",
		  "_imap._tcp SRV",
		  "! proxied-target steered _imap._tcp SRV www (" PROXIED4 "): mail\n"
		  "_imap._tcp 300 SRV 0 0 143 mail\n" KNOWN,
		  "! proxied-target steered _imap._tcp SRV www (" PROXIED4 "): mail\n"
		  "_imap._tcp 300 SRV 0 0 143 mail\n" },
		/* What differs only in case is merged. */
		{ "sub MX 10 MAIL\nsub MX 20 gone\nmail A 192.0.2.1\n", NULL, "sub MX",
		  "! missing-target steered sub MX gone: mail\nsub 300 MX 10 mail\n"
		  "+ mail 3600 A 192.0.2.1\n", "=" },
	};
	CHECK(cases);
}

/* Labels are octets. */
static void test_octets(void **state)
{
	(void)state;
	static const judge_case_t cases[] = {
		{ "xn--mller-kva A 104.16.1.2\n", "mail-host xn--mller-kva", "xn--mller-kva A",
		  HOST("xn--mller-kva") "xn--mller-kva" MAIL4, NULL },
		{ "@ MX 10 XN--MLLER-KVA\nxn--mller-kva A 104.16.1.2\n", NULL, "xn--mller-kva A",
		  HOST("xn--mller-kva") "xn--mller-kva" MAIL4, NULL },
		/* A dot in a label is none between labels. */
		{ "a\\.b A 104.16.1.2\n", "mail-host a\\.b", "a\\.b A", HOST("a\\.b") "a\\.b" MAIL4,
		  NULL },
		{ "a.b A 104.16.1.2\n", "mail-host a\\.b", "a.b A", "=", NULL },
		{ "a\\.b A 104.16.1.2\n", "mail-host a.b", "a\\.b A", "=", NULL },
		{ "x\\.rel A 104.16.1.2\n", "mail-host *.rel", "x\\.rel A", "=", NULL },
		{ "sub MX 10 x\\.cdn.example.net.\n", NULL, "sub MX", "=", NULL },
		{ "sub MX 10 x\\.y.cdn.example.net.\n", NULL, "sub MX",
		  "! proxied-target steered sub MX x\\.y.cdn.example.net.: mail\n"
		  "sub 300 MX 10 mail\n" KNOWN,
		  "! proxied-target steered sub MX x\\.y.cdn.example.net.: mail\n"
		  "sub 300 MX 10 mail\n" },
		/* Octets that a length could be, white space, and those above 127. */
		{ "a\\000b A 104.16.1.2\n@ MX 10 a\\000b\n", NULL, "a\\000b A",
		  HOST("a\\000b") "a\\000b" MAIL4, NULL },
		{ "a\\000c A 104.16.1.2\n@ MX 10 a\\000b\n", NULL, "a\\000c A", "=", NULL },
		{ "\\004mail A 104.16.1.2\n", NULL, "\\004mail A", "=", NULL },
		{ "a\\032b A 104.16.1.2\n@ MX 10 a\\032b\n", NULL, "a\\032b A",
		  HOST("a\\032b") "a\\032b" MAIL4, NULL },
		{ "t\\255x A 104.16.1.2\n@ MX 10 t\\255x\n", NULL, "t\\255x A",
		  HOST("t\\255x") "t\\255x" MAIL4, NULL },
		/* Not a letter, though 32 away from one. */
		{ "t\\193x A 104.16.1.2\n@ MX 10 t\\225x\n", NULL, "t\\193x A", "=", NULL },
		{ "t\\064x A 104.16.1.2\n@ MX 10 t\\096x\n", NULL, "t\\064x A", "=", NULL },
		/* An asterisk that is no wildcard. */
		{ "a* A 104.16.1.2\n", "mail-host *", "a* A", HOST("a*") "a*" MAIL4, NULL },
		{ "sub MX 10 a.*.w\n*.w A 104.16.1.2\n", NULL, "sub MX",
		  "! missing-target steered sub MX a.*.w: mail\nsub 300 MX 10 mail\n" KNOWN, "=" },
		/* The end of a name that is the zone's only as text. */
		{ "sub MX 10 xexample.com.\nsub MX 20 mail.example.com.example.org.\n", NULL,
		  "sub MX", "=", NULL },
	};
	CHECK(cases);
}

/* A name of 255 octets below the zone, in four labels. */
static const char *long_name(char *out, char first)
{
	size_t at = 0;
	out[at++] = first;
	for (int i = 1; i < 3 * 64; i++) {
		out[at++] = i % 64 == 63 ? '.' : 'x';
	}
	for (int i = 0; i < 255 - 13 - 3 * 64 - 1; i++) {
		out[at++] = 'y';
	}
	out[at] = '\0';
	return out;
}

static void test_long(void **state)
{
	(void)state;
	char a[256], b[256], zone[4096], options[512], query[512], expected[4096];
	(void)long_name(a, 'a');
	(void)long_name(b, 'b');
	knot_dname_storage_t name, apex;
	test_name(apex, "example.com.", (const knot_dname_t *)"");
	test_name(name, a, apex);
	assert_int_equal(knot_dname_size(name), KNOT_DNAME_MAXLEN);
	judge_case_t c = { zone, options, query, expected, NULL };

	/* Guarded, as the exchange even made to exist. */
	(void)snprintf(zone, sizeof(zone), "%s A 104.16.1.2\n", a);
	(void)snprintf(options, sizeof(options), "mail-host %s", a);
	(void)snprintf(query, sizeof(query), "%s A", a);
	(void)snprintf(expected, sizeof(expected), HOST("%s") "%s" MAIL4, a, a);
	check_cases(&c, 1);
	(void)snprintf(zone, sizeof(zone), "b A 192.0.2.1\n");
	(void)snprintf(options, sizeof(options), "exchange %s", a);
	(void)snprintf(expected, sizeof(expected),
	               "! missing-target synthesized %s A: 198.51.100.25\nNXDOMAIN -> NOERROR\n%s"
	               MAIL4, a, a);
	check_cases(&c, 1);

	/* Steered to from as long a name. */
	(void)snprintf(zone, sizeof(zone), "sub MX 10 %s\n%s A 104.16.1.2\n%s A 192.0.2.1\n", b, b,
	               a);
	(void)snprintf(query, sizeof(query), "sub MX");
	(void)snprintf(expected, sizeof(expected),
	               "! proxied-target steered sub MX %s (" PROXIED4 "): %s\nsub 300 MX 10 %s\n"
	               "+ %s 300 A 192.0.2.1\n", b, a, a, a);
	char blind[4096];
	(void)snprintf(blind, sizeof(blind),
	               "! proxied-target steered sub MX %s (" PROXIED4 "): %s\n"
	               "sub 300 MX 10 %s\n", b, a, a);
	c.blind = blind;
	check_cases(&c, 1);

	/* An alias from the one to the other. */
	(void)snprintf(zone, sizeof(zone), "%s CNAME %s\n%s A 104.16.1.2\n", a, b, b);
	(void)snprintf(query, sizeof(query), "%s A", a);
	(void)snprintf(expected, sizeof(expected),
	               "! proxied-alias replaced %s A %s (" PROXIED4 "): 198.51.100.25\n"
	               "%s" MAIL4, a, b, a);
	c.blind = NULL;
	check_cases(&c, 1);
}

/* Judges the MX RRset at sub and says how long that took, in seconds. */
static double judge_large(const char *text, policy_lookup_f lookup, size_t *merged)
{
	test_policy_t test;
	test_policy_init(&test, "example.com.", NULL);
	test_zone_t *zone = zone_new("example.com.", text);
	knot_dname_storage_t name;
	test_name(name, "sub", zone->apex);
	test_reply_t reply;
	reply_make(&reply, zone, name, KNOT_RRTYPE_MX, 0);
	policy_item_t *items = calloc(reply.count, sizeof(*items));
	assert(items != NULL);
	policy_response_t response = reply_response(&reply, items, reply.count);
	policy_verdict_t verdict;

	struct timespec from, to;
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	int ret = policy_judge(&test.policy, lookup, zone, &response, &verdict, NULL);
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	assert_int_equal(ret, KNOT_EOK);
	*merged = items[0].edit == EDIT_REPLACE ? items[0].with->rrs.count : 0;
	if (items[0].edit == EDIT_REPLACE) {
		assert_int_equal(verdict.rules != 0, 1);
		assert_int_equal(items[0].with->rrs.size,
		                 (uint8_t *)knot_rdataset_at(&items[0].with->rrs, *merged - 1) -
		                 (uint8_t *)items[0].with->rrs.rdata +
		                 knot_rdata_size(knot_rdataset_at(&items[0].with->rrs,
		                                                  *merged - 1)->len));
	}

	policy_verdict_clear(&response, &verdict);
	free(items);
	reply_clear(&reply);
	zone_free(zone);
	test_policy_clear(&test);
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* 3,000 MX RRs, about what fits into a message, are judged while a client waits. */
static void test_large(void **state)
{
	(void)state;
	enum { COUNT = 3000, ROOM = 60 * COUNT };
	static const struct {
		const char *line;
		const char *more;
		size_t merged, blind;
	} cases[] = {
		{ "sub MX %u m%u.cdn.example.net.\n", "", 1, 1 },
		{ "sub MX %u m%u.example.org.\n", "", 0, 0 },
		{ "sub MX %u m%u.example.org.\n", "sub MX 9 www\nwww A 104.16.1.2\n", COUNT + 1,
		  COUNT + 1 },
		{ "sub MX %u m%u\n", "mail A 192.0.2.1\n", 1, 0 },
		/* Beyond the 15th knotd shows the wildcard itself, no address of theirs. */
		{ "sub MX %u m%u\n", "* A 104.16.1.2\n", 1, COUNT - 15 + 1 },
		{ "sub MX %u m%u\n", "* A 192.0.2.1\nsub MX 9 www\nwww A 104.16.1.2\n", COUNT + 1,
		  COUNT + 1 },
		{ "sub MX %1$u m%1$u\nm%1$u A 192.0.2.1\n", "sub MX 9 www\nwww A 104.16.1.2\n",
		  COUNT + 1, COUNT + 1 },
		{ "sub MX %1$u m%1$u\nm%1$u A 104.16.1.2\n", "", 1, 1 },
	};
	char *zone = malloc(2 * ROOM);
	assert(zone != NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t at = 0, merged;
		for (unsigned j = 0; j < COUNT; j++) {
			at += snprintf(zone + at, 2 * ROOM - at, cases[i].line, j, j);
		}
		at += snprintf(zone + at, 2 * ROOM - at, "%s", cases[i].more);
		assert(at < 2 * ROOM);
		double live = judge_large(zone, zone_lookup, &merged);
		assert_int_equal(merged, cases[i].merged);
		double blind = judge_large(zone, zone_lookup_apex, &merged);
		assert_int_equal(merged, cases[i].blind);
		print_message("# %zu: %.3f s, %.3f s\n", i, live, blind);
		assert_true(live < 2 && blind < 2);
	}
	free(zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_case),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
