/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Signed zones: insecure delegations that NSEC3 does not show, wildcards beside, large numbers.
 */

#undef NDEBUG

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/lib/fixture_denial.h"

#define CHECK(cases) check_denial_cases(cases, sizeof(cases) / sizeof(*(cases)))

/* The flag stays, and insecure delegations are as they were. */
static const denial_case_t opt_out[] = {
	{ "a A 192.0.2.1\nd NS ns.example.org.\n", NULL, "x.d A",
	  NULL,
	  "~d NS ns.example.org.\n"
	  "~(@) NSEC3 opt-out (a) NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	  "~!(a) NSEC3 opt-out (mail) A RRSIG\n", NULL, NULL },
	{ "a A 192.0.2.1\nd NS ns.example.org.\n", NULL, "d DS",
	  NULL,
	  "~@ SOA\n"
	  "~(@) NSEC3 opt-out (a) NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	  "~!(a) NSEC3 opt-out (mail) A RRSIG\n", NULL, NULL },
	{ "a A 192.0.2.1\nd NS ns.example.org.\n", NULL, "mail TXT",
	  NULL,
	  "NXDOMAIN -> NOERROR\n"
	  "~!@ SOA\n"
	  "~!(mail) NSEC3 opt-out (@) A AAAA RRSIG\n", NULL, NULL },
	{ "a A 192.0.2.1\nd NS ns.example.org.\n", NULL, "q A",
	  NULL,
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~(@) NSEC3 opt-out (a) NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	  "~!(a) NSEC3 opt-out (mail) A RRSIG\n", NULL, NULL },
	{ "a A 192.0.2.1\nd NS ns.example.org.\n", NULL, "a TXT",
	  NULL,
	  "~@ SOA\n"
	  "~!(a) NSEC3 opt-out (mail) A RRSIG\n", NULL, NULL },
	{ "a A 192.0.2.1\nd NS ns.example.org.\n", NULL, "q.mail A",
	  NULL,
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!mail NSEC mail\\000 A AAAA RRSIG NSEC\n", NULL, NULL },
	{ "a A 192.0.2.1\nmail NS ns.example.org.\n", NULL, "x.mail A",
	  NULL,
	  "= ~mail NS ns.example.org.\n"
	  "~(@) NSEC3 opt-out (a) NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	  "~(a) NSEC3 opt-out (@) A RRSIG\n", NULL, NULL },
	{ "a A 192.0.2.1\nmail NS ns.example.org.\n", NULL, "a TXT",
	  NULL,
	  "= ~@ SOA\n"
	  "~(a) NSEC3 opt-out (@) A RRSIG\n",
	  NULL,
	  "~@ SOA\n"
	  "~!(a) NSEC3 opt-out (mail) A RRSIG\n" },
	{ "a A 192.0.2.1\nd NS ns.example.org.\n", "exchange mail.d", "x.d A",
	  NULL,
	  "= ~d NS ns.example.org.\n"
	  "~(@) NSEC3 opt-out (a) NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	  "~(a) NSEC3 opt-out (@) A RRSIG\n", NULL, NULL },
	{ "a A 192.0.2.1\ne.d NS ns.example.org.\n", "exchange mail.d", "x.e.d A",
	  NULL,
	  "~e.d NS ns.example.org.\n"
	  "~(@) NSEC3 opt-out (a) NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	  "~!(a) NSEC3 opt-out (mail.d) A RRSIG\n",
	  NULL,
	  "= ~e.d NS ns.example.org.\n"
	  "~(@) NSEC3 opt-out (a) NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	  "~(a) NSEC3 opt-out (@) A RRSIG\n" },
	{ "a A 192.0.2.1\ne.d NS ns.example.org.\n", "exchange mail.d", "d TXT",
	  NULL,
	  "~@ SOA\n"
	  "~(@) NSEC3 opt-out (a) NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	  "~!(a) NSEC3 opt-out (mail.d) A RRSIG\n",
	  NULL,
	  "~@ SOA\n"
	  "~!(d) NSEC3 opt-out (mail.d)\n" },
};

static void test_opt_out(void **state)
{
	(void)state;
	CHECK(opt_out);
}

/* The record of a wildcard in a response may be there for another name than that at its end. */
static const denial_case_t beside[] = {
	{ "* CNAME www\nwww A 192.0.2.1\n", NULL, "o TXT",
	  "o CNAME www\n"
	  "~@ SOA\n"
	  "~www NSEC @ A RRSIG NSEC\n"
	  "~!*.mail NSEC www all +CNAME\n",
	  "o CNAME www\n"
	  "~@ SOA\n"
	  "~!(www) NSEC3 (mail) A RRSIG\n"
	  "~!(*.mail) NSEC3 (www) all +CNAME -NSEC\n", NULL, NULL },
	{ "* CNAME www\nwww A 192.0.2.1\n", NULL, "q.mail TXT",
	  "!q.mail CNAME www (*.mail)\n"
	  "~@ SOA\n"
	  "~www NSEC @ A RRSIG NSEC\n"
	  "~!*.mail NSEC www all +CNAME\n",
	  "!q.mail CNAME www (*.mail)\n"
	  "~@ SOA\n"
	  "~!(www) NSEC3 (mail) A RRSIG\n"
	  "~!*.mail NSEC mail\\000 all +CNAME\n", NULL, NULL },
	{ "* CNAME a\na A 192.0.2.1\n", NULL, "mail TXT",
	  "~!@ SOA\n"
	  "~!mail NSEC *.mail A AAAA RRSIG NSEC\n",
	  "~!@ SOA\n"
	  "~!(mail) NSEC3 (@) A AAAA RRSIG\n",
	  "!mail CNAME a\n"
	  "~@ SOA\n"
	  "~!a NSEC mail A RRSIG NSEC\n",
	  "!mail CNAME a\n"
	  "~@ SOA\n"
	  "~!(a) NSEC3 (mail) A RRSIG\n" },
	{ "* A 192.0.2.1\n_25._tcp.mail TLSA 3 1 1 AA\n", NULL, "mail MX",
	  "~@ SOA\n"
	  "~!mail NSEC _25._tcp.mail A AAAA RRSIG NSEC\n",
	  "~@ SOA\n"
	  "~!(mail) NSEC3 (@) A AAAA RRSIG\n",
	  NULL,
	  "= ~@ SOA\n"
	  "~(mail) NSEC3 (@)\n" },
	{ "* A 192.0.2.1\n_25._tcp.mail TLSA 3 1 1 AA\n", NULL, "_tcp.mail A",
	  "~@ SOA\n"
	  "~!mail NSEC _25._tcp.mail A AAAA RRSIG NSEC\n",
	  "= ~@ SOA\n"
	  "~(_tcp.mail) NSEC3 (mail)\n", NULL, NULL },
	{ "z.mx TXT x\n", "exchange a.mx", "a.mx TXT",
	  "NXDOMAIN -> NOERROR\n"
	  "~!@ SOA\n"
	  "~!a.mx NSEC z.mx A AAAA RRSIG NSEC\n",
	  "NXDOMAIN -> NOERROR\n"
	  "~!@ SOA\n"
	  "~!(a.mx) NSEC3 (z.mx) A AAAA RRSIG\n", NULL, NULL },
	{ "z.mx TXT x\n", "exchange a.mx", "mx TXT",
	  "~@ SOA\n"
	  "~!@ NSEC a.mx NS SOA RRSIG NSEC DNSKEY\n",
	  "= ~@ SOA\n"
	  "~(mx) NSEC3 (@)\n", NULL, NULL },
};

static void test_beside(void **state)
{
	(void)state;
	CHECK(beside);
}

/* Many names in one gap, and a long way from a name of the zone to the exchange. */
static const struct {
	const char *zone;
	const char *options;
} large[] = {
	{ "* A 104.16.1.2\n", "mail-host h0 h1 h2 h3 h4 h5 h6 h7 h8 h9 h10 h11 h12 h13 h14 h15 h16 "
	                      "h17 h18 h19 h20 h21 h22 h23 h24 h25 h26 h27 h28 h29" },
	{ "* A 104.16.1.2\n@ MX 10 m1\n@ MX 10 m2\n@ MX 10 m3\n@ MX 10 m4\n@ MX 10 m5\n"
	  "@ MX 10 m6\n",
	  "mail-host m7 m8 m9;web-host @ www w1 w2 w3 w4" },
	{ "* A 192.0.2.9\n", "exchange a.b.c.d.e.f.g.h.i" },
	{ "", "exchange a.b.c.d.e.f.g.h.i" },
	{ "x.e.f.g.h.i TXT x\n", "exchange a.b.c.d.e.f.g.h.i" },
};

static void test_large(void **state)
{
	(void)state;
	size_t faults = 0;
	for (size_t i = 0; i < sizeof(large) / sizeof(*large) * 2 * DENIAL_COUNT; i++) {
		fixture_denial_t fixture;
		size_t at = i / (2 * DENIAL_COUNT);
		fixture_denial_init(&fixture, large[at].zone, large[at].options,
		                    i / 2 % DENIAL_COUNT, "salt", NULL, i % 2 == 1);
		faults += fixture_denial_check(&fixture, 0);
		fixture_denial_clear(&fixture);
	}
	assert_int_equal(faults, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opt_out),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
