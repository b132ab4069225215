/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Guarded hosts that are aliases: of a proxy, of something else, of nothing; CNAME, DNAME,
 * wildcards, long chains, loops.
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
#define WEB      "www A 104.16.1.2\nmx CNAME www\n"
#define CDN      "mx CNAME x.cdn.example.net.\n"
#define EMPTIED  "! proxied-alias emptied mx "

/* A chain that ends in a proxied address. */
static const judge_case_t to_address[] = {
	{ WEB, "mail-host mx", "mx A",
	  "! proxied-alias replaced mx A www (" PROXIED4 "): 198.51.100.25\n"
	  "mx 300 A 198.51.100.25\n", NULL },
	/* The other family has no data, yet an alias to a proxy it is. */
	{ WEB, "mail-host mx", "mx AAAA",
	  "! proxied-alias replaced mx AAAA www (" PROXIED4 "): 2001:db8::25\n"
	  "mx 300 AAAA 2001:db8::25\n",
	  "! proxied-alias replaced mx AAAA www: 2001:db8::25\n"
	  "mx 300 AAAA 2001:db8::25\n" },
	{ WEB, "mail-host mx;mail6", "mx AAAA",
	  EMPTIED "AAAA www (" PROXIED4 "): -\n~ @ 300 SOA\n",
	  EMPTIED "AAAA www: -\n~ @ 300 SOA\n" },
	{ WEB, "mail-host mx;mail4", "mx A",
	  EMPTIED "A www (" PROXIED4 "): -\n~ @ 300 SOA\n", NULL },
	/* The chain's direct addresses come first, with the lowest TTL on the way. */
	{ "www 200 A 104.16.1.2\nwww 200 A 192.0.2.2\nwww 200 A 192.0.2.1\nmx 100 CNAME www\n",
	  "mail-host mx", "mx A",
	  "! proxied-alias replaced mx A www (" PROXIED4 "): 192.0.2.1 192.0.2.2\n"
	  "mx 100 A 192.0.2.1\nmx 100 A 192.0.2.2\n", NULL },
	/* And are all there is then, whatever type is asked for. */
	{ "www A 104.16.1.2\nwww A 192.0.2.1\nmx CNAME www\n", "mail-host mx", "mx AAAA",
	  EMPTIED "AAAA www (" PROXIED4 "): -\n~ @ 300 SOA\n",
	  "! proxied-alias replaced mx AAAA www: 2001:db8::25\nmx 300 AAAA 2001:db8::25\n" },
	{ "www A 104.16.1.2\nwww AAAA 2001:db8::1\nmx CNAME www\n", "mail-host mx", "mx A",
	  EMPTIED "A www (" PROXIED4 "): -\n~ @ 300 SOA\n",
	  "! proxied-alias replaced mx A www (" PROXIED4 "): 198.51.100.25\n"
	  "mx 300 A 198.51.100.25\n" },
	{ "www A 104.16.1.2\nwww AAAA 2001:db8::1\nmx CNAME www\n", "mail-host mx", "mx ANY",
	  "! proxied-alias replaced mx ANY www (" PROXIED4 "): 2001:db8::1\n"
	  "mx 300 AAAA 2001:db8::1\n",
	  "! proxied-alias replaced mx ANY www: 198.51.100.25 2001:db8::25\n"
	  "mx 300 A 198.51.100.25\nmx 300 AAAA 2001:db8::25\n" },
	{ "www 50 A 104.16.1.2\nwww 50 A 192.0.2.2\nmx 100 CNAME www\n", "mail-host mx", "mx A",
	  "! proxied-alias replaced mx A www (" PROXIED4 "): 192.0.2.2\n"
	  "mx 50 A 192.0.2.2\n", NULL },
	{ "www A 104.16.1.2\nwww AAAA 2001:db8::1\nmx CNAME www\n", "mail-host mx", "mx AAAA",
	  "! proxied-alias replaced mx AAAA www (" PROXIED4 "): 2001:db8::1\n"
	  "mx 300 AAAA 2001:db8::1\n", "=" },
	/* Other types are NODATA, the alias itself too. */
	{ "www A 104.16.1.2\nwww TXT x\nmx CNAME www\n", "mail-host mx", "mx TXT",
	  EMPTIED "TXT www (" PROXIED4 "): -\n~ @ 300 SOA\n",
	  EMPTIED "TXT www: -\n~ @ 300 SOA\n" },
	{ "www A 104.16.1.2\nwww MX 10 mail\nmail A 192.0.2.1\nmx CNAME www\n", "mail-host mx",
	  "mx MX", EMPTIED "MX www (" PROXIED4 "): -\n~ @ 300 SOA\n",
	  EMPTIED "MX www: -\n~ @ 300 SOA\n" },
	{ WEB, "mail-host mx", "mx CNAME", EMPTIED "CNAME www (" PROXIED4 "): -\n~ @ 300 SOA\n",
	  EMPTIED "CNAME www: -\n~ @ 300 SOA\n" },
	{ WEB, "mail-host mx", "mx ANY",
	  "! proxied-alias replaced mx ANY www (" PROXIED4 "): 198.51.100.25 2001:db8::25\n"
	  "mx 300 A 198.51.100.25\nmx 300 AAAA 2001:db8::25\n",
	  "! proxied-alias replaced mx ANY www: 198.51.100.25 2001:db8::25\n"
	  "mx 300 A 198.51.100.25\nmx 300 AAAA 2001:db8::25\n" },
	/* The apex is known everywhere. */
	{ "@ A 104.16.1.2\nmx CNAME @\n", "mail-host mx", "mx AAAA",
	  "! proxied-alias replaced mx AAAA @ (" PROXIED4 "): 2001:db8::25\n"
	  "mx 300 AAAA 2001:db8::25\n", NULL },
	{ "@ A 192.0.2.1\nmx CNAME @\n", "mail-host mx", "mx AAAA", "=", NULL },
	/* Any other name is only where it can be looked up; its addresses are seen everywhere. */
	{ "shop A 104.16.1.2\nmx CNAME shop\n", "mail-host mx", "mx TXT",
	  EMPTIED "TXT shop (" PROXIED4 "): -\n~ @ 300 SOA\n", "=" },
	{ "shop AAAA 2606:4700::1\nmx CNAME shop\n", "mail-host mx", "mx AAAA",
	  "! proxied-alias replaced mx AAAA shop (" PROXIED6 "): 2001:db8::25\n"
	  "mx 300 AAAA 2001:db8::25\n", NULL },
};

static void test_to_address(void **state)
{
	(void)state;
	CHECK(to_address);
}

/* A chain that passes a proxy name. */
static const judge_case_t to_name[] = {
	{ CDN, "mail-host mx", "mx A",
	  "! proxied-alias replaced mx A x.cdn.example.net.: 198.51.100.25\n"
	  "mx 300 A 198.51.100.25\n", NULL },
	{ "mx CNAME cdn.example.net.\n", "mail-host mx", "mx AAAA",
	  "! proxied-alias replaced mx AAAA cdn.example.net.: 2001:db8::25\n"
	  "mx 300 AAAA 2001:db8::25\n", NULL },
	{ "mx CNAME xcdn.example.net.\n", "mail-host mx", "mx A", "=", NULL },
	{ "mx CNAME example.net.\n", "mail-host mx", "mx A", "=", NULL },
	{ CDN, "mail-host mx", "mx TXT", EMPTIED "TXT x.cdn.example.net.: -\n~ @ 300 SOA\n", NULL },
	{ CDN, "mail-host mx", "mx CNAME", EMPTIED "CNAME x.cdn.example.net.: -\n~ @ 300 SOA\n",
	  NULL },
	/* Even a proxy name of this zone, whatever its address. */
	{ "mx CNAME a.edge\na.edge A 192.0.2.1\n", "mail-host mx;proxy-name edge", "mx A",
	  "! proxied-alias replaced mx A a.edge: 192.0.2.1\n"
	  "mx 300 A 192.0.2.1\n", NULL },
	{ "mx CNAME a.edge\na.edge CNAME b\nb A 192.0.2.1\n", "mail-host mx;proxy-name edge",
	  "mx A",
	  "! proxied-alias replaced mx A a.edge: 192.0.2.1\n"
	  "mx 300 A 192.0.2.1\n", NULL },
	/* Further on than the response shows. */
	{ "mx CNAME b\nb CNAME x.cdn.example.net.\n", "mail-host mx", "mx CNAME",
	  EMPTIED "CNAME b: -\n~ @ 300 SOA\n", "=" },
	{ "mx CNAME b\nb CNAME x.cdn.example.net.\n", "mail-host mx", "mx ANY",
	  "! proxied-alias replaced mx ANY b: 198.51.100.25 2001:db8::25\n"
	  "mx 300 A 198.51.100.25\nmx 300 AAAA 2001:db8::25\n", "=" },
	/* In mixed case in the zone. */
	{ "Mx CNAME X.CDN.Example.NET.\n", "mail-host mX", "mx A",
	  "! proxied-alias replaced mx A x.cdn.example.net.: 198.51.100.25\n"
	  "mx 300 A 198.51.100.25\n", NULL },
};

static void test_to_name(void **state)
{
	(void)state;
	CHECK(to_name);
}

/* Chains with guarded and other names. */
static const judge_case_t chains[] = {
	/* Nothing of a name that is not guarded is changed. */
	{ "shop CNAME x.cdn.example.net.\n", NULL, "shop A", "=", NULL },
	{ "shop CNAME www\nwww A 104.16.1.2\n", NULL, "shop A", "=", NULL },
	/* The guarded name in it is answered itself; the chain up to there stays. */
	{ "smtp 60 CNAME mx\nmx 50 CNAME www\nwww A 104.16.1.2\n", "mail-host mx", "smtp A",
	  "! proxied-alias replaced mx A www (" PROXIED4 "): 198.51.100.25\n"
	  "smtp 60 CNAME mx\nmx 50 A 198.51.100.25\n", NULL },
	{ "smtp CNAME mx\nmx CNAME www\nwww A 104.16.1.2\n", "mail-host mx;mail4", "smtp A",
	  EMPTIED "A www (" PROXIED4 "): -\nsmtp 3600 CNAME mx\n~ @ 300 SOA\n", NULL },
	/* The first of several. */
	{ "m1 60 CNAME m2\nm2 50 CNAME m3\nm3 40 CNAME www\nwww A 104.16.1.2\n",
	  "mail-host m1 m2 m3", "m1 A",
	  "! proxied-alias replaced m1 A m2 (" PROXIED4 "): 198.51.100.25\n"
	  "m1 40 A 198.51.100.25\n", NULL },
	/* An end that is guarded and has proxied addresses. */
	{ "m1 CNAME m2\nm2 A 104.16.1.2\nm2 A 192.0.2.1\n", "mail-host m1 m2", "m1 A",
	  "! proxied-alias replaced m1 A m2 (" PROXIED4 "): 192.0.2.1\n"
	  "m1 300 A 192.0.2.1\n", NULL },
	/* A chain that leads elsewhere stays. */
	{ "mx CNAME b\nb A 192.0.2.1\n", "mail-host mx", "mx A", "=", NULL },
	{ "mx CNAME mx.example.org.\n", "mail-host mx", "mx A", "=", NULL },
	{ "mx CNAME b\n", "mail-host mx", "mx A", "=", NULL },
	{ "mx CNAME b\nb TXT x\n", "mail-host mx", "mx A", "=", NULL },
	{ "mx CNAME b\nb CNAME mx\n", "mail-host mx", "mx A", "=", NULL },
	{ "mx CNAME mx\n", "mail-host mx", "mx A", "=", NULL },
	/* Longer than what knotd follows. */
	{ "mx CNAME l1\nl1 CNAME l2\nl2 CNAME l3\nl3 CNAME l4\nl4 A 104.16.1.2\n",
	  "mail-host mx", "mx A",
	  "! proxied-alias replaced mx A l1 (" PROXIED4 "): 198.51.100.25\n"
	  "mx 300 A 198.51.100.25\n", NULL },
	{ "mx CNAME l1\nl1 CNAME l2\nl2 CNAME l3\nl3 CNAME l4\nl4 CNAME l5\nl5 CNAME l6\n"
	  "l6 90 CNAME l7\nl7 A 104.16.1.2\nl7 A 192.0.2.1\n", "mail-host mx", "mx A",
	  "! proxied-alias replaced mx A l1 (" PROXIED4 "): 192.0.2.1\n"
	  "mx 90 A 192.0.2.1\n", "=" },
	/* Through a loop that is not its own. */
	{ "mx CNAME l1\nl1 CNAME l2\nl2 CNAME l1\n", "mail-host mx", "mx A", "=", NULL },
	/* Into a delegation, of which the zone knows the glue. */
	{ "mx CNAME ns.sub\nsub NS ns.sub\nns.sub A 104.16.1.2\n", "mail-host mx", "mx A",
	  "! proxied-alias replaced mx A ns.sub (" PROXIED4 "): 198.51.100.25\n"
	  "mx 300 A 198.51.100.25\n", NULL },
	{ "mx CNAME ns.sub\nsub NS ns.sub\nns.sub A 104.16.1.2\n", "mail-host mx;mail4", "mx A",
	  EMPTIED "A ns.sub (" PROXIED4 "): -\n~ @ 300 SOA\n", NULL },
	{ "mx CNAME x.sub\nsub NS ns.sub\nns.sub A 104.16.1.2\n", "mail-host mx", "mx A", "=",
	  NULL },
};

static void test_chains(void **state)
{
	(void)state;
	CHECK(chains);
}

/* Wildcards and DNAME. */
static const judge_case_t synthesized[] = {
	{ "* CNAME www\nwww A 104.16.1.2\n", "mail-host mx", "mx A",
	  "! proxied-alias replaced mx A www (" PROXIED4 "): 198.51.100.25\n"
	  "mx 300 A 198.51.100.25\n", NULL },
	{ "* CNAME www\nwww A 104.16.1.2\n", "mail-host mx", "my A", "=", NULL },
	{ "*.e CNAME x.cdn.example.net.\na CNAME mx.e\n", "mail-host mx.e", "a A",
	  "! proxied-alias replaced mx.e A x.cdn.example.net.: 198.51.100.25\n"
	  "a 3600 CNAME mx.e\nmx.e 300 A 198.51.100.25\n", NULL },
	{ "*.e CNAME y.e\n", "mail-host mx.e", "mx.e A", "=", NULL },
	{ "mx CNAME w.e\n*.e A 104.16.1.2\n", "mail-host mx", "mx A",
	  "! proxied-alias replaced mx A w.e (" PROXIED4 "): 198.51.100.25\n"
	  "mx 300 A 198.51.100.25\n", NULL },
	/* A DNAME goes with the CNAME it stands for. */
	{ "d 70 DNAME cdn.example.net.\n", "mail-host mx.d", "mx.d A",
	  "! proxied-alias replaced mx.d A mx.cdn.example.net.: 198.51.100.25\n"
	  "mx.d 70 A 198.51.100.25\n", NULL },
	{ "d DNAME cdn.example.net.\n", "mail-host mx.d", "my.d A", "=", NULL },
	{ "d DNAME cdn.example.net.\n", "mail-host mx.d", "mx.d CNAME",
	  "! proxied-alias emptied mx.d CNAME mx.cdn.example.net.: -\n~ @ 300 SOA\n", NULL },
	{ "d DNAME cdn.example.net.\n", "mail-host d", "d DNAME", "=", NULL },
	{ "a CNAME mx.d\nd DNAME e\nmx.e A 104.16.1.2\n", "mail-host mx.d", "a A",
	  "! proxied-alias replaced mx.d A mx.e (" PROXIED4 "): 198.51.100.25\n"
	  "a 3600 CNAME mx.d\nmx.d 300 A 198.51.100.25\n", NULL },
	{ "d DNAME e\nmx.e A 192.0.2.1\n", "mail-host mx.d", "mx.d A", "=", NULL },
	/* The CNAME of another name stays with its DNAME. */
	{ "d DNAME e\nx.e CNAME mx\nmx CNAME x.cdn.example.net.\n", "mail-host mx", "x.d A",
	  "! proxied-alias replaced mx A x.cdn.example.net.: 198.51.100.25\n"
	  "d 3600 DNAME e\nx.d 3600 CNAME x.e\nx.e 3600 CNAME mx\nmx 300 A 198.51.100.25\n", NULL },
	{ "d DNAME e\nmx.e CNAME x.cdn.example.net.\n", "mail-host mx.e", "mx.d A",
	  "! proxied-alias replaced mx.e A x.cdn.example.net.: 198.51.100.25\n"
	  "d 3600 DNAME e\nmx.d 3600 CNAME mx.e\nmx.e 300 A 198.51.100.25\n", NULL },
};

static void test_synthesized(void **state)
{
	(void)state;
	CHECK(synthesized);
}

/* In additional data, aliases are not followed: nothing shows, nothing is changed. */
static const judge_case_t additional[] = {
	{ "@ MX 10 mx\n" CDN, NULL, "@ MX", "=", NULL },
	{ "@ MX 10 mx\n" WEB, NULL, "@ MX", "=", NULL },
};

static void test_additional(void **state)
{
	(void)state;
	CHECK(additional);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_to_address),
		cmocka_unit_test(test_to_name),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_synthesized),
		cmocka_unit_test(test_additional),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
