/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Addresses of guarded hosts: direct ones stay, proxied ones go, mail addresses take their place.
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
#define PROXIED6 "2606:4700::1 in 2606:4700::/32"

/* Who is guarded. */
static const judge_case_t guarded[] = {
	/* The exchange. */
	{ "mail A 104.16.1.2\n", NULL, "mail A",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n"
	  "mail 300 A 198.51.100.25\n", NULL },
	/* What mail-host matches. */
	{ "relay A 104.16.1.2\n", "mail-host relay", "relay A",
	  "! proxied-host replaced relay A (" PROXIED4 "): 198.51.100.25\n"
	  "relay 300 A 198.51.100.25\n", NULL },
	{ "a.b.mx A 104.16.1.2\n", "mail-host *.mx", "a.b.mx A",
	  "! proxied-host replaced a.b.mx A (" PROXIED4 "): 198.51.100.25\n"
	  "a.b.mx 300 A 198.51.100.25\n", NULL },
	{ "mx A 104.16.1.2\n", "mail-host *.mx", "mx A", "=", NULL },
	/* Targets of the MX RRset at the apex, and of no other. */
	{ "@ MX 10 Mx1\nmx1 A 104.16.1.2\n", NULL, "mx1 A",
	  "! proxied-host replaced mx1 A (" PROXIED4 "): 198.51.100.25\n"
	  "mx1 300 A 198.51.100.25\n", NULL },
	{ "sub MX 10 mx1\nmx1 A 104.16.1.2\n", NULL, "mx1 A", "=", NULL },
	/* Not web hosts, whatever else they are. */
	{ "@ A 104.16.1.2\n@ MX 10 @\n", NULL, "@ A", "=", NULL },
	{ "www A 104.16.1.2\n@ MX 10 www\n", "mail-host *", "www A", "=", NULL },
	{ "@ MX 10 shop.web\nshop.web A 104.16.1.2\n", "web-host *.web", "shop.web A", "=", NULL },
	{ "www A 104.16.1.2\n@ MX 10 www\n", "web-host @", "www A",
	  "! proxied-host replaced www A (" PROXIED4 "): 198.51.100.25\n"
	  "www 300 A 198.51.100.25\n", NULL },
	/* Nobody else. */
	{ "shop A 104.16.1.2\n", NULL, "shop A", "=", NULL },
};

static void test_guarded(void **state)
{
	(void)state;
	CHECK(guarded);
}

/* Which addresses are served. */
static const judge_case_t addresses[] = {
	/* No proxied one: it stays. */
	{ "mail A 192.0.2.1\nmail A 192.0.2.2\n", NULL, "mail A", "=", NULL },
	{ "mail AAAA 2001:db8::1\n", NULL, "mail AAAA", "=", NULL },
	/* With some, the direct ones are served. */
	{ "mail 60 A 104.16.1.2\nmail 60 A 192.0.2.2\nmail 60 A 172.64.0.1\nmail 60 A 192.0.2.1\n",
	  NULL, "mail A",
	  "! proxied-host stripped mail A (" PROXIED4 "): 192.0.2.1 192.0.2.2\n"
	  "mail 60 A 192.0.2.1\nmail 60 A 192.0.2.2\n", NULL },
	{ "mail AAAA 2606:4700::1\nmail AAAA 2001:db8::1\n", NULL, "mail AAAA",
	  "! proxied-host stripped mail AAAA (" PROXIED6 "): 2001:db8::1\n"
	  "mail 300 AAAA 2001:db8::1\n", NULL },
	/* With only proxied ones, the mail addresses of that family, in canonical order. */
	{ "mail A 104.16.1.2\nmail A 172.64.0.1\n", "mail4 203.0.113.9 198.51.100.25", "mail A",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25 203.0.113.9\n"
	  "mail 300 A 198.51.100.25\nmail 300 A 203.0.113.9\n", NULL },
	{ "mail AAAA 2606:4700::1\n", NULL, "mail AAAA",
	  "! proxied-host replaced mail AAAA (" PROXIED6 "): 2001:db8::25\n"
	  "mail 300 AAAA 2001:db8::25\n", NULL },
	/* A direct one of the other family, where that can be looked up: left out. */
	{ "mail A 104.16.1.2\nmail AAAA 2001:db8::1\n", NULL, "mail A",
	  "! proxied-host emptied mail A (" PROXIED4 "): -\n~ @ 300 SOA\n",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n"
	  "mail 300 A 198.51.100.25\n" },
	{ "mx A 104.16.1.2\nmx AAAA 2001:db8::1\nmx AAAA 2606:4700::1\n", "mail-host mx", "mx A",
	  "! proxied-host emptied mx A (" PROXIED4 "): -\n~ @ 300 SOA\n",
	  "! proxied-host replaced mx A (" PROXIED4 "): 198.51.100.25\nmx 300 A 198.51.100.25\n" },
	{ "mx A 192.0.2.1\nmx AAAA 2606:4700::1\n", "mail-host mx", "mx AAAA",
	  "! proxied-host emptied mx AAAA (" PROXIED6 "): -\n~ @ 300 SOA\n",
	  "! proxied-host replaced mx AAAA (" PROXIED6 "): 2001:db8::25\n"
	  "mx 300 AAAA 2001:db8::25\n" },
	{ "mx A 192.0.2.1\nmx AAAA 2606:4700::1\n@ MX 10 mx\n", NULL, "@ MX",
	  "! proxied-host emptied mx AAAA (" PROXIED6 "): -\n"
	  "@ 3600 MX 10 mx\n+ mx 3600 A 192.0.2.1\n",
	  "! proxied-host replaced mx AAAA (" PROXIED6 "): 2001:db8::25\n"
	  "@ 3600 MX 10 mx\n+ mx 3600 A 192.0.2.1\n+ mx 300 AAAA 2001:db8::25\n" },
	{ "mx A 104.16.1.2\nmx AAAA 2001:db8::1\n", "mail-host mx", "mx ANY",
	  "! proxied-host emptied mx A (" PROXIED4 "): 2001:db8::1\nmx 300 AAAA 2001:db8::1\n",
	  "! proxied-host replaced mx A (" PROXIED4 "): 198.51.100.25\nmx 300 A 198.51.100.25\n" },
	{ "@ A 104.16.1.2\n@ AAAA 2001:db8::1\n", "web-host www;mail-host @", "@ A",
	  "! proxied-host emptied @ A (" PROXIED4 "): -\n~ @ 300 SOA\n", NULL },
	/* None of that family: left out, with the SOA. */
	{ "mail AAAA 2606:4700::1\n", "mail6", "mail AAAA",
	  "! proxied-host emptied mail AAAA (" PROXIED6 "): -\n"
	  "~ @ 300 SOA\n", NULL },
	{ "mail A 104.16.1.2\n", "mail4", "mail A",
	  "! proxied-host emptied mail A (" PROXIED4 "): -\n"
	  "~ @ 300 SOA\n", NULL },
	/* What a vendor uses for mail is inside its networks, and good. */
	{ "mail A 104.20.255.1\n", NULL, "mail A", "=", NULL },
	{ "mail A 104.20.0.1\nmail A 104.16.1.2\n", NULL, "mail A",
	  "! proxied-host stripped mail A (" PROXIED4 "): 104.20.0.1\n"
	  "mail 300 A 104.20.0.1\n", NULL },
	/* The edges of a network. */
	{ "mail A 104.15.255.255\nmail A 104.24.0.0\n", NULL, "mail A", "=", NULL },
	{ "mail A 104.16.0.0\nmail A 104.23.255.255\n", NULL, "mail A",
	  "! proxied-host replaced mail A (104.16.0.0 in 104.16.0.0/13): 198.51.100.25\n"
	  "mail 300 A 198.51.100.25\n", NULL },
	/* An IPv4-mapped address is an IPv6 one. */
	{ "mail AAAA ::ffff:104.16.1.2\n", NULL, "mail AAAA", "=", NULL },
	/* The longest match is named. */
	{ "mail A 104.16.1.2\n", "proxy 104.16.0.0/13 104.16.1.0/24 104.0.0.0/8", "mail A",
	  "! proxied-host replaced mail A (104.16.1.2 in 104.16.1.0/24): 198.51.100.25\n"
	  "mail 300 A 198.51.100.25\n", NULL },
	/* Other types of a guarded host are nobody's business. */
	{ "mail A 104.16.1.2\nmail TXT x\n", NULL, "mail TXT", "=", NULL },
};

static void test_addresses(void **state)
{
	(void)state;
	CHECK(addresses);
}

/* In any section, however the answer came about. */
static const judge_case_t sections[] = {
	/* Additional. */
	{ "@ MX 10 mail\nmail A 104.16.1.2\nmail AAAA 2606:4700::1\n", NULL, "@ MX",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n"
	  "! proxied-host replaced mail AAAA (" PROXIED6 "): 2001:db8::25\n"
	  "@ 3600 MX 10 mail\n"
	  "+ mail 300 A 198.51.100.25\n+ mail 300 AAAA 2001:db8::25\n", NULL },
	{ "@ MX 10 mail\nmail A 104.16.1.2\nmail AAAA 2606:4700::1\n", "mail6", "@ MX",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n"
	  "! proxied-host emptied mail AAAA (" PROXIED6 "): -\n"
	  "@ 3600 MX 10 mail\n"
	  "+ mail 300 A 198.51.100.25\n", NULL },
	/* Additional to an NS, which is no mail target. */
	{ "@ NS mail\nmail A 104.16.1.2\n", NULL, "@ NS",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n"
	  "@ 3600 NS ns.example.org.\n@ 3600 NS mail\n"
	  "+ mail 300 A 198.51.100.25\n", NULL },
	{ "@ NS shop\nshop A 104.16.1.2\n", NULL, "@ NS", "=", NULL },
	/* A service that is not one of mail. */
	{ "_sip._tcp SRV 0 0 5060 mail\nmail A 104.16.1.2\n", NULL, "_sip._tcp SRV",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n"
	  "_sip._tcp 3600 SRV 0 0 5060 mail\n"
	  "+ mail 300 A 198.51.100.25\n", NULL },
	{ "_sip._tcp SRV 0 0 5060 www\nwww A 104.16.1.2\n", NULL, "_sip._tcp SRV", "=", NULL },
	/* Named twice, shown twice. */
	{ "@ MX 10 mail\n@ MX 20 mail\nmail A 104.16.1.2\n", NULL, "@ MX",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n"
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n"
	  "@ 3600 MX 10 mail\n@ 3600 MX 20 mail\n"
	  "+ mail 300 A 198.51.100.25\n+ mail 300 A 198.51.100.25\n", NULL },
	/* A wildcard, expanded: in the answer, in additional data. */
	{ "* A 104.16.1.2\n", "mail-host x", "x A",
	  "! proxied-host replaced x A (" PROXIED4 "): 198.51.100.25\n"
	  "x 300 A 198.51.100.25\n", NULL },
	{ "* A 104.16.1.2\n", "mail-host x", "y A", "=", NULL },
	{ "* A 104.16.1.2\n@ MX 10 mx\n", NULL, "@ MX",
	  "! proxied-host replaced mx A (" PROXIED4 "): 198.51.100.25\n"
	  "@ 3600 MX 10 mx\n+ mx 300 A 198.51.100.25\n", NULL },
	{ "* A 104.16.1.2\n", "mail-host *", "* A",
	  "! proxied-host replaced * A (" PROXIED4 "): 198.51.100.25\n"
	  "* 300 A 198.51.100.25\n", NULL },
	/* The end of an alias that is not guarded itself. */
	{ "smtp 600 CNAME mail\nmail A 104.16.1.2\n", NULL, "smtp A",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n"
	  "smtp 600 CNAME mail\nmail 300 A 198.51.100.25\n", NULL },
	{ "smtp 600 CNAME mail\nmail A 104.16.1.2\n", "mail4", "smtp A",
	  "! proxied-host emptied mail A (" PROXIED4 "): -\n"
	  "smtp 600 CNAME mail\n~ @ 300 SOA\n", NULL },
	/* ANY, of which a server gives one RRset or all. */
	{ "mail A 104.16.1.2\nmail AAAA 2606:4700::1\nmail TXT x\n", NULL, "mail ANY",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n"
	  "mail 300 A 198.51.100.25\n", NULL },
	{ "mail A 104.16.1.2\nmail AAAA 2606:4700::1\nmail TXT x\n", NULL, "mail ANY all",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n"
	  "! proxied-host replaced mail AAAA (" PROXIED6 "): 2001:db8::25\n"
	  "mail 300 A 198.51.100.25\nmail 3600 TXT\nmail 300 AAAA 2001:db8::25\n", NULL },
	{ "mx A 104.16.1.2\nmx AAAA 2001:db8::1\n", "mail-host mx;mail4", "mx ANY all",
	  "! proxied-host emptied mx A (" PROXIED4 "): -\n"
	  "mx 3600 AAAA 2001:db8::1\n", NULL },
	{ "mx A 104.16.1.2\n", "mail-host mx;mail4", "mx ANY",
	  "! proxied-host emptied mx A (" PROXIED4 "): -\n"
	  "~ @ 300 SOA\n", NULL },
	/* Glue of a guarded host, in a referral that its alias leads to. */
	{ "a CNAME x.sub\nsub NS ns.sub\nns.sub A 104.16.1.2\n", "mail-host ns.sub", "a A",
	  "! proxied-host replaced ns.sub A (" PROXIED4 "): 198.51.100.25\n"
	  "a 3600 CNAME x.sub\n~ sub 3600 NS ns.sub\n+ ns.sub 300 A 198.51.100.25\n", NULL },
};

static void test_sections(void **state)
{
	(void)state;
	CHECK(sections);
}

/* The TTL of what is written: the lower of the record's own and the limit. */
static const judge_case_t ttls[] = {
	{ "mail 299 A 104.16.1.2\n", NULL, "mail A",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n"
	  "mail 299 A 198.51.100.25\n", NULL },
	{ "mail 301 A 104.16.1.2\n", NULL, "mail A",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n"
	  "mail 300 A 198.51.100.25\n", NULL },
	{ "mail 0 A 104.16.1.2\n", NULL, "mail A",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n"
	  "mail 0 A 198.51.100.25\n", NULL },
	{ "mail A 104.16.1.2\n", "ttl 86400", "mail A",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n"
	  "mail 3600 A 198.51.100.25\n", NULL },
	{ "mail A 104.16.1.2\n", "ttl 0", "mail A",
	  "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n"
	  "mail 0 A 198.51.100.25\n", NULL },
	/* An SOA: of a negative answer, RFC 2308 3. */
	{ "mail A 104.16.1.2\n", "ttl 86400;mail4", "mail A",
	  "! proxied-host emptied mail A (" PROXIED4 "): -\n~ @ 900 SOA\n", NULL },
	{ "mail A 104.16.1.2\n", "ttl 60;mail4", "mail A",
	  "! proxied-host emptied mail A (" PROXIED4 "): -\n~ @ 60 SOA\n", NULL },
	{ "@ MX 10 www\nwww A 104.16.1.2\n", "ttl 60", "@ MX",
	  "! proxied-target steered @ MX www (" PROXIED4 "): mail\n"
	  "@ 60 MX 10 mail\n+ mail 60 A 198.51.100.25\n+ mail 60 AAAA 2001:db8::25\n",
	  "! proxied-target steered @ MX www (" PROXIED4 "): mail\n"
	  "@ 60 MX 10 mail\n" },
};

static void test_ttls(void **state)
{
	(void)state;
	CHECK(ttls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guarded),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_ttls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
