/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The mail exchange always resolves: addresses it lacks, no RRset, no such name, an alias of
 * nothing, the names above it.
 */

#undef NDEBUG

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/lib/fixture_policy.h"

#define CHECK(cases) check_cases(cases, sizeof(cases) / sizeof(*(cases)))

#define PROXIED4 "104.16.1.2 in 104.16.0.0/13"
#define MADE4    "! missing-target synthesized mail A: 198.51.100.25\n"
#define MADE6    "! missing-target synthesized mail AAAA: 2001:db8::25\n"
#define BOTH     "! missing-target synthesized mail ANY: 198.51.100.25 2001:db8::25\n"
#define MAIL4    "mail 300 A 198.51.100.25\n"
#define MAIL6    "mail 300 AAAA 2001:db8::25\n"
#define EXISTS   "NXDOMAIN -> NOERROR\n"

/* There is no such name. */
static const judge_case_t missing[] = {
	{ "", NULL, "mail A", MADE4 EXISTS MAIL4, NULL },
	{ "", NULL, "mail AAAA", MADE6 EXISTS MAIL6, NULL },
	{ "", NULL, "mail ANY", BOTH EXISTS MAIL4 MAIL6, NULL },
	{ "", "mail4 203.0.113.2 203.0.113.1;ttl 7", "mail A",
	  "! missing-target synthesized mail A: 203.0.113.1 203.0.113.2\n" EXISTS
	  "mail 7 A 203.0.113.1\nmail 7 A 203.0.113.2\n", NULL },
	/* It exists anyway: NODATA for what it lacks. */
	{ "", "mail4", "mail A", "! missing-target synthesized mail A: -\n" EXISTS "~ @ 300 SOA\n",
	  NULL },
	{ "", "mail4", "mail ANY",
	  "! missing-target synthesized mail ANY: 2001:db8::25\n" EXISTS MAIL6, NULL },
	{ "", NULL, "mail TXT", "! missing-target synthesized mail TXT: -\n" EXISTS "~ @ 300 SOA\n",
	  NULL },
	{ "", NULL, "mail MX", "! missing-target synthesized mail MX: -\n" EXISTS "~ @ 300 SOA\n",
	  NULL },
	{ "", NULL, "mail CNAME", "! missing-target synthesized mail CNAME: -\n" EXISTS
	  "~ @ 300 SOA\n", NULL },
	{ "", NULL, "mail DS", "! missing-target synthesized mail DS: -\n" EXISTS "~ @ 300 SOA\n",
	  NULL },
	{ "", "ttl 86400", "mail TXT", "! missing-target synthesized mail TXT: -\n" EXISTS
	  "~ @ 3600 SOA\n", NULL },
	/* Nobody else does. */
	{ "", NULL, "mai A", "=", NULL },
	{ "", NULL, "x.mail A", "=", NULL },
	{ "", NULL, "email A", "=", NULL },
	{ "", "mail-host mx", "mx A", "=", NULL },
	{ "@ MX 10 mx\n", NULL, "mx A", "=", NULL },
};

static void test_missing(void **state)
{
	(void)state;
	CHECK(missing);
}

/* The name is there. */
static const judge_case_t lacking[] = {
	/* Without look-ups, the other family may well be there. */
	{ "mail TXT x\n", NULL, "mail A", MADE4 MAIL4, "=" },
	{ "mail TXT x\n", NULL, "mail AAAA", MADE6 MAIL6, "=" },
	{ "mail TXT x\n", "mail4", "mail AAAA", MADE6 MAIL6, NULL },
	{ "mail TXT x\n", "mail6", "mail A", MADE4 MAIL4, NULL },
	{ "mail TXT x\n", NULL, "mail TXT", "=", NULL },
	{ "mail TXT x\n", NULL, "mail ANY", "=", NULL },
	{ "mail TXT x\n", NULL, "mail MX", "=", NULL },
	{ "mail TXT x\n", "mail4", "mail A", "=", NULL },
	{ "x.mail TXT x\n", NULL, "mail A", MADE4 MAIL4, "=" },
	{ "x.mail TXT x\n", NULL, "mail ANY", BOTH MAIL4 MAIL6, "=" },
	{ "x.mail TXT x\n", NULL, "mail TXT", "=", NULL },
	/* Nothing is added beside a direct address. */
	{ "mail A 192.0.2.25\n", NULL, "mail A", "=", NULL },
	{ "mail A 192.0.2.25\n", NULL, "mail AAAA", "=", NULL },
	{ "mail A 192.0.2.25\n", "mail6", "mail AAAA", "=", NULL },
	{ "mail A 192.0.2.25\n", "mail4", "mail AAAA", "=", MADE6 MAIL6 },
	{ "mail A 192.0.2.25\nmail A 104.16.1.2\n", NULL, "mail AAAA", "=", NULL },
	{ "mail AAAA 2001:db8::1\n", NULL, "mail A", "=", NULL },
	{ "@ MX 10 mail\nmail A 203.0.113.9\n", NULL, "@ MX", "=", NULL },
	/* Proxied only: each of those families, and the other one only if they get nothing. */
	{ "mail A 104.16.1.2\n", NULL, "mail AAAA", "=", NULL },
	{ "mail A 104.16.1.2\n", "mail4", "mail AAAA", MADE6 MAIL6, NULL },
	{ "mail A 104.16.1.2\n", "mail6", "mail AAAA", "=", NULL },
	{ "mail AAAA 2606:4700::1\n", "mail6", "mail A", MADE4 MAIL4, NULL },
	{ "mail A 104.16.1.2\n", "mail4", "mail ANY",
	  "! proxied-host emptied mail A (" PROXIED4 "): 2001:db8::25\n" MAIL6, NULL },
	/* Another module answers for an ALIAS record. */
	{ "mail TYPE65401 \\# 3 016700\n", NULL, "mail A", "=", NULL },
	{ "mail TYPE65401 \\# 3 016700\n", "mail6", "mail A", "=", MADE4 MAIL4 },
	/* A wildcard does not count as the exchange. */
	{ "* A 192.0.2.1\n", NULL, "mail A", MADE4 MAIL4, NULL },
	{ "* A 192.0.2.1\n", NULL, "mail AAAA", MADE6 MAIL6, "=" },
	{ "* A 192.0.2.1\n", "mail4", "mail A", "! missing-target synthesized mail A: -\n"
	  "~ @ 300 SOA\n", NULL },
	{ "* A 192.0.2.1\n@ MX 10 mail\n", NULL, "@ MX",
	  MADE4 "@ 3600 MX 10 mail\n+ mail 300 A 198.51.100.25\n", NULL },
	{ "* A 104.16.1.2\n* A 192.0.2.1\n", NULL, "mail A",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n" MAIL4, NULL },
	{ "* A 104.16.1.2\n", NULL, "mail A",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n" MAIL4, NULL },
	{ "* TXT x\n", NULL, "mail TXT",
	  "! missing-target synthesized mail TXT: -\n~ @ 300 SOA\n", NULL },
	{ "* MX 10 a\na A 192.0.2.1\n", NULL, "mail MX",
	  "! missing-target synthesized mail MX: -\n~ @ 300 SOA\n", NULL },
	{ "* 90 A 192.0.2.1\n", NULL, "mail ANY",
	  "! missing-target synthesized mail ANY: 198.51.100.25 2001:db8::25\n"
	  "mail 90 A 198.51.100.25\nmail 90 AAAA 2001:db8::25\n", NULL },
	{ "* CNAME b\nb A 192.0.2.1\n", NULL, "mail A",
	  "! missing-target synthesized mail A b: 198.51.100.25\n" MAIL4, "=" },
	{ "* CNAME b\nb A 192.0.2.1\n", NULL, "mail AAAA",
	  "! missing-target synthesized mail AAAA b: 2001:db8::25\n" MAIL6, "=" },
	{ "* A 198.51.100.25\n", NULL, "mail A", "=", NULL },
	{ "mx CNAME mail\n* A 104.16.1.2\n* A 192.0.2.1\n", "mail-host mx", "mx A",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n"
	  "mx 3600 CNAME mail\n" MAIL4,
	  "! proxied-alias replaced mx A mail (" PROXIED4 "): 192.0.2.1\nmx 300 A 192.0.2.1\n" },
	{ "mx CNAME mail\n* A 104.16.1.2\n", "mail-host mx", "mx AAAA",
	  MADE6 "mx 3600 CNAME mail\n" MAIL6, "=" },
	{ "smtp CNAME mail\n* A 192.0.2.1\n", NULL, "smtp A",
	  MADE4 "smtp 3600 CNAME mail\n" MAIL4, "=" },
	{ "* CNAME b\nb A 192.0.2.1\n", NULL, "mail CNAME",
	  "! missing-target synthesized mail CNAME b: -\n~ @ 300 SOA\n", NULL },
	{ "* CNAME b\nb A 192.0.2.1\n", NULL, "mail ANY",
	  "! missing-target synthesized mail ANY b: 198.51.100.25 2001:db8::25\n" MAIL4 MAIL6,
	  NULL },
	{ "* TXT x\n", NULL, "mail A", MADE4 MAIL4, "=" },
	{ "* TXT x\n", NULL, "mail MX", "=", NULL },
	{ "* CNAME x.cdn.example.net.\n", NULL, "mail AAAA",
	  "! proxied-alias replaced mail AAAA x.cdn.example.net.: 2001:db8::25\n" MAIL6, NULL },
	/* At the end of an alias. */
	{ "smtp 900 CNAME mail\n", NULL, "smtp A",
	  MADE4 EXISTS "smtp 900 CNAME mail\n" MAIL4, NULL },
	{ "smtp 900 CNAME mail\n", NULL, "smtp TXT",
	  "! missing-target synthesized mail TXT: -\n" EXISTS "smtp 900 CNAME mail\n~ @ 300 SOA\n",
	  NULL },
	{ "smtp 900 CNAME mail\nmail TXT x\n", NULL, "smtp AAAA",
	  MADE6 "smtp 900 CNAME mail\n" MAIL6, "=" },
	{ "d 900 DNAME e\n", "exchange mail.e", "mail.d A",
	  "! missing-target synthesized mail.e A: 198.51.100.25\n" EXISTS
	  "d 900 DNAME e\nmail.d 900 CNAME mail.e\nmail.e 300 A 198.51.100.25\n", NULL },
	/* A chain that ends before it, because it is long. */
	{ "l1 CNAME l2\nl2 CNAME l3\nl3 CNAME l4\nl4 CNAME l5\nl5 CNAME mail\nmail CNAME b\n"
	  "b A 192.0.2.1\n", NULL, "l1 A", "=", NULL },
	{ "l1 CNAME l2\nl2 CNAME l3\nl3 CNAME l4\nl4 CNAME l5\nl5 CNAME mail\n", NULL, "l1 A",
	  MADE4 EXISTS "l1 3600 CNAME l2\nl2 3600 CNAME l3\nl3 3600 CNAME l4\nl4 3600 CNAME l5\n"
	  "l5 3600 CNAME mail\n" MAIL4, NULL },
};

static void test_lacking(void **state)
{
	(void)state;
	CHECK(lacking);
}

/* It is an alias. */
static const judge_case_t aliases[] = {
	/* Of a proxy. */
	{ "mail CNAME www\nwww A 104.16.1.2\n", NULL, "mail A",
	  "! proxied-alias replaced mail A www (" PROXIED4 "): 198.51.100.25\n" MAIL4, NULL },
	/* Of something with direct addresses: it stays, for the family that is there. */
	{ "mail CNAME b\nb A 192.0.2.1\n", NULL, "mail A", "=", NULL },
	{ "mail CNAME b\nb A 192.0.2.1\n", NULL, "mail TXT", "=", NULL },
	{ "mail CNAME b\nb A 192.0.2.1\n", NULL, "mail CNAME", "=", NULL },
	{ "mail 70 CNAME b\nb A 192.0.2.1\n", NULL, "mail AAAA", "=", NULL },
	{ "mail 70 CNAME b\nb A 192.0.2.1\n", "mail4", "mail AAAA", "=",
	  "! missing-target synthesized mail AAAA b: 2001:db8::25\nmail 70 AAAA 2001:db8::25\n" },
	{ "mail CNAME www\nwww A 104.16.1.2\nwww A 192.0.2.1\n", NULL, "mail AAAA",
	  "! proxied-alias emptied mail AAAA www (" PROXIED4 "): -\n~ @ 300 SOA\n",
	  "! proxied-alias replaced mail AAAA www: 2001:db8::25\n" MAIL6 },
	{ "mail CNAME b\nb A 192.0.2.1\n", "mail6", "mail AAAA", "=", NULL },
	/* Of something unknown. */
	{ "mail CNAME mx.example.org.\n", NULL, "mail A", "=", NULL },
	{ "mail CNAME x.sub\nsub NS ns.example.org.\n", NULL, "mail A", "=", NULL },
	/* Of nothing. */
	{ "mail 70 CNAME gone\n", NULL, "mail A",
	  "! missing-target synthesized mail A gone: 198.51.100.25\n" EXISTS
	  "mail 70 A 198.51.100.25\n", NULL },
	{ "mail CNAME gone\n", NULL, "mail TXT",
	  "! missing-target synthesized mail TXT gone: -\n" EXISTS "~ @ 300 SOA\n", NULL },
	{ "mail CNAME gone\n", NULL, "mail ANY",
	  "! missing-target synthesized mail ANY gone: 198.51.100.25 2001:db8::25\n" MAIL4 MAIL6,
	  "=" },
	{ "mail CNAME b\nb TXT x\n", NULL, "mail A",
	  "! missing-target synthesized mail A b: 198.51.100.25\n" MAIL4, "=" },
	{ "mail CNAME b\nb TXT x\n", "mail6", "mail A",
	  "! missing-target synthesized mail A b: 198.51.100.25\n" MAIL4, NULL },
	{ "mail CNAME b\nb TYPE65401 \\# 3 016700\n", NULL, "mail A", "=", NULL },
	{ "mail CNAME b\nb TXT x\n", NULL, "mail TXT",
	  "! missing-target synthesized mail TXT b: -\n~ @ 300 SOA\n", "=" },
	{ "a CNAME mail\nmail CNAME gone\n", NULL, "a A",
	  "! missing-target synthesized mail A gone: 198.51.100.25\n" EXISTS
	  "a 3600 CNAME mail\n" MAIL4, NULL },
	/* A loop. */
	{ "mail CNAME mail\n", NULL, "mail A",
	  "! missing-target synthesized mail A mail: 198.51.100.25\n" MAIL4, NULL },
	{ "mail 60 CNAME b\nb 50 CNAME mail\n", NULL, "mail AAAA",
	  "! missing-target synthesized mail AAAA b: 2001:db8::25\nmail 50 AAAA 2001:db8::25\n",
	  NULL },
	{ "mail CNAME b\nb CNAME c\nc CNAME b\n", NULL, "mail A",
	  "! missing-target synthesized mail A b: 198.51.100.25\n" MAIL4, NULL },
	{ "mail CNAME b\nb CNAME mail\n", NULL, "mail TXT",
	  "! missing-target synthesized mail TXT b: -\n~ @ 300 SOA\n", NULL },
	{ "*.e CNAME x.e\n", "exchange mail.e", "mail.e A",
	  "! missing-target synthesized mail.e A x.e: 198.51.100.25\nmail.e 300 A 198.51.100.25\n",
	  NULL },
	/* A guarded host that leads to the exchange leads to no proxy, whatever a wildcard answers
	 * there, and whatever is asked. Without look-ups the wildcard is not known. */
	{ "a CNAME mail\n* CNAME x.cdn.example.net.\n", "mail-host a", "a A",
	  "! proxied-alias replaced mail A x.cdn.example.net.: 198.51.100.25\n"
	  "a 3600 CNAME mail\n" MAIL4,
	  "! proxied-alias replaced a A x.cdn.example.net.: 198.51.100.25\n"
	  "a 300 A 198.51.100.25\n" },
	{ "a CNAME mail\n* CNAME x.cdn.example.net.\n", "mail-host a", "a TXT",
	  "! proxied-alias emptied mail TXT x.cdn.example.net.: -\n"
	  "a 3600 CNAME mail\n~ @ 300 SOA\n",
	  "! proxied-alias emptied a TXT x.cdn.example.net.: -\n~ @ 300 SOA\n" },
	{ "a CNAME mail\n* CNAME x.cdn.example.net.\n", "mail-host a", "a CNAME", "=", NULL },
	/* A proxy name on the way to it is one. */
	{ "a CNAME b.cdn\nb.cdn CNAME mail\n* CNAME c\n",
	  "mail-host a;proxy-name cdn.example.com.", "a A",
	  "! proxied-alias replaced a A b.cdn: 198.51.100.25\na 300 A 198.51.100.25\n", NULL },
};

static void test_aliases(void **state)
{
	(void)state;
	CHECK(aliases);
}

/* Deep down, and what is above it. */
static const judge_case_t deep[] = {
	{ "", "exchange mx.out.dc", "mx.out.dc A",
	  "! missing-target synthesized mx.out.dc A: 198.51.100.25\n" EXISTS
	  "mx.out.dc 300 A 198.51.100.25\n", NULL },
	{ "", "exchange mx.out.dc", "out.dc A",
	  "! missing-target synthesized out.dc A: -\n" EXISTS "~ @ 300 SOA\n", NULL },
	{ "", "exchange mx.out.dc", "dc MX",
	  "! missing-target synthesized dc MX: -\n" EXISTS "~ @ 300 SOA\n", NULL },
	{ "", "exchange mx.out.dc", "dc ANY",
	  "! missing-target synthesized dc ANY: -\n" EXISTS "~ @ 300 SOA\n", NULL },
	{ "", "exchange mx.out.dc", "x.dc A", "=", NULL },
	{ "", "exchange mx.out.dc", "xout.dc A", "=", NULL },
	{ "x.dc TXT x\n", "exchange mx.out.dc", "dc A", "=", NULL },
	{ "dc TXT x\n", "exchange mx.out.dc", "out.dc TXT",
	  "! missing-target synthesized out.dc TXT: -\n" EXISTS "~ @ 300 SOA\n", NULL },
	{ "a CNAME out.dc\n", "exchange mx.out.dc", "a A",
	  "! missing-target synthesized out.dc A: -\n" EXISTS "a 3600 CNAME out.dc\n~ @ 300 SOA\n",
	  NULL },
	{ "@ TXT x\n", "exchange mx.out.dc", "@ AAAA", "=", NULL },
	/* Below a delegation it is not this zone's. */
	{ "a CNAME mail.sub\nsub NS ns.example.org.\n", "exchange mail.sub", "a A", "=", NULL },
	/* Nor below a DNAME. */
	{ "d DNAME e\n", "exchange mail.d", "mail.d A", "=", NULL },
	{ "d DNAME e\nmail.e A 192.0.2.1\n", "exchange mail.d", "mail.d AAAA", "=", NULL },
};

/* Nothing is steered to an exchange of another authority, but that is said. */
static const judge_case_t elsewhere[] = {
	{ "@ MX 10 www\nwww A 104.16.1.2\nsub NS ns.example.org.\n", "exchange mail.sub", "@ MX",
	  "! exchange-delegated logged @ MX www (" PROXIED4 "): mail.sub\n"
	  "@ 3600 MX 10 www\n+ www 3600 A 104.16.1.2\n",
	  "! proxied-target steered @ MX www (" PROXIED4 "): mail.sub\n@ 300 MX 10 mail.sub\n" },
	{ "@ MX 10 www\nwww A 104.16.1.2\nmail NS ns.example.org.\n", NULL, "@ MX",
	  "! exchange-delegated logged @ MX www (" PROXIED4 "): mail\n"
	  "@ 3600 MX 10 www\n+ www 3600 A 104.16.1.2\n",
	  "! proxied-target steered @ MX www (" PROXIED4 "): mail\n@ 300 MX 10 mail\n" },
	{ "sub MX 10 gone\nsub MX 20 gone2\nd DNAME e\n", "exchange mail.d", "sub MX",
	  "! exchange-delegated logged sub MX gone: mail.d\n"
	  "sub 3600 MX 10 gone\nsub 3600 MX 20 gone2\n", "=" },
	{ "_imap._tcp SRV 0 0 143 www\nwww A 104.16.1.2\nd DNAME e\n", "exchange mail.d",
	  "_imap._tcp SRV",
	  "! exchange-delegated logged _imap._tcp SRV www (" PROXIED4 "): mail.d\n"
	  "_imap._tcp 3600 SRV 0 0 143 www\n+ www 3600 A 104.16.1.2\n",
	  "! proxied-target steered _imap._tcp SRV www (" PROXIED4 "): mail.d\n"
	  "_imap._tcp 300 SRV 0 0 143 mail.d\n" },
	/* Where there is nothing to steer, there is nothing to say. */
	{ "@ MX 10 mail.sub\nsub NS ns.example.org.\n", "exchange mail.sub", "@ MX", "=", NULL },
	{ "@ MX 10 mx\nmx A 192.0.2.1\nsub NS ns.example.org.\n", "exchange mail.sub", "@ MX", "=",
	  NULL },
};

static void test_elsewhere(void **state)
{
	(void)state;
	CHECK(elsewhere);
}

static void test_deep(void **state)
{
	(void)state;
	CHECK(deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_lacking),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_elsewhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
