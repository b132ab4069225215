/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Signed zones: the exchange exists in denials of the zone, whatever these are about.
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

/* There is no such name in the zone. */
static const denial_case_t missing[] = {
	{ "", NULL, "mail A",
	  "NXDOMAIN -> NOERROR\n"
	  "!mail A 198.51.100.25\n",
	  "NXDOMAIN -> NOERROR\n"
	  "!mail A 198.51.100.25\n", NULL, NULL },
	{ "", NULL, "mail TXT",
	  "NXDOMAIN -> NOERROR\n"
	  "~!@ SOA\n"
	  "~!mail NSEC @ A AAAA RRSIG NSEC\n",
	  "NXDOMAIN -> NOERROR\n"
	  "~!@ SOA\n"
	  "~!(mail) NSEC3 (@) A AAAA RRSIG\n", NULL, NULL },
	{ "", NULL, "mail DS",
	  "NXDOMAIN -> NOERROR\n"
	  "~!@ SOA\n"
	  "~!mail NSEC @ A AAAA RRSIG NSEC\n",
	  "NXDOMAIN -> NOERROR\n"
	  "~!@ SOA\n"
	  "~!(mail) NSEC3 (@) A AAAA RRSIG\n", NULL, NULL },
	{ "", NULL, "a A",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!@ NSEC mail NS SOA RRSIG NSEC DNSKEY\n",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!(@) NSEC3 (mail) NS SOA RRSIG DNSKEY NSEC3PARAM\n", NULL, NULL },
	{ "", NULL, "z A",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!@ NSEC mail NS SOA RRSIG NSEC DNSKEY\n"
	  "~!mail NSEC @ A AAAA RRSIG NSEC\n",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!(@) NSEC3 (mail) NS SOA RRSIG DNSKEY NSEC3PARAM\n", NULL, NULL },
	{ "", NULL, "q.mail A",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!mail NSEC @ A AAAA RRSIG NSEC\n",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!mail NSEC mail\\000 A AAAA RRSIG NSEC\n", NULL, NULL },
	{ "", NULL, "@ TXT",
	  "~@ SOA\n"
	  "~!@ NSEC mail NS SOA RRSIG NSEC DNSKEY\n",
	  "~@ SOA\n"
	  "~!(@) NSEC3 (mail) NS SOA RRSIG DNSKEY NSEC3PARAM\n", NULL, NULL },
	{ "a A 192.0.2.1\nz A 192.0.2.2\n", NULL, "b A",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!a NSEC mail A RRSIG NSEC\n"
	  "~@ NSEC a NS SOA RRSIG NSEC DNSKEY\n",
	  "= ~@ SOA\n"
	  "~(@) NSEC3 (a) NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	  "~(a) NSEC3 (z) A RRSIG\n", NULL, NULL },
	{ "a A 192.0.2.1\nz A 192.0.2.2\n", NULL, "y A",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!mail NSEC z A AAAA RRSIG NSEC\n"
	  "~@ NSEC a NS SOA RRSIG NSEC DNSKEY\n",
	  "= ~@ SOA\n"
	  "~(@) NSEC3 (a) NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	  "~(a) NSEC3 (z) A RRSIG\n", NULL, NULL },
	{ "a A 192.0.2.1\nz A 192.0.2.2\n", NULL, "mail TXT",
	  "NXDOMAIN -> NOERROR\n"
	  "~!@ SOA\n"
	  "~!mail NSEC z A AAAA RRSIG NSEC\n",
	  "NXDOMAIN -> NOERROR\n"
	  "~!@ SOA\n"
	  "~!(mail) NSEC3 (@) A AAAA RRSIG\n", NULL, NULL },
	{ "a A 192.0.2.1\nz A 192.0.2.2\n", NULL, "a TXT",
	  "~@ SOA\n"
	  "~!a NSEC mail A RRSIG NSEC\n",
	  "= ~@ SOA\n"
	  "~(a) NSEC3 (z) A RRSIG\n", NULL, NULL },
	{ "a A 192.0.2.1\nz A 192.0.2.2\n", NULL, "z TXT",
	  "= ~@ SOA\n"
	  "~z NSEC @ A RRSIG NSEC\n",
	  "~@ SOA\n"
	  "~!(z) NSEC3 (mail) A RRSIG\n", NULL, NULL },
	{ "a A 192.0.2.1\nz A 192.0.2.2\n", NULL, "aa A",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!a NSEC mail A RRSIG NSEC\n"
	  "~@ NSEC a NS SOA RRSIG NSEC DNSKEY\n",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~(@) NSEC3 (a) NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	  "~!(z) NSEC3 (mail) A RRSIG\n", NULL, NULL },
	{ "", "mail6", "mail AAAA",
	  "NXDOMAIN -> NOERROR\n"
	  "~!@ SOA\n"
	  "~!mail NSEC @ A RRSIG NSEC\n",
	  "NXDOMAIN -> NOERROR\n"
	  "~!@ SOA\n"
	  "~!(mail) NSEC3 (@) A RRSIG\n", NULL, NULL },
	{ "", "mail6", "z A",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!@ NSEC mail NS SOA RRSIG NSEC DNSKEY\n"
	  "~!mail NSEC @ A RRSIG NSEC\n",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!(@) NSEC3 (mail) NS SOA RRSIG DNSKEY NSEC3PARAM\n", NULL, NULL },
	{ "a CNAME mail\n", NULL, "a A",
	  "NXDOMAIN -> NOERROR\n"
	  "a CNAME mail\n"
	  "!mail A 198.51.100.25\n",
	  "NXDOMAIN -> NOERROR\n"
	  "a CNAME mail\n"
	  "!mail A 198.51.100.25\n", NULL, NULL },
	{ "a CNAME mail\n", NULL, "a TXT",
	  "NXDOMAIN -> NOERROR\n"
	  "a CNAME mail\n"
	  "~!@ SOA\n"
	  "~!mail NSEC @ A AAAA RRSIG NSEC\n",
	  "NXDOMAIN -> NOERROR\n"
	  "a CNAME mail\n"
	  "~!@ SOA\n"
	  "~!(mail) NSEC3 (@) A AAAA RRSIG\n", NULL, NULL },
	{ "", "exchange mx.out", "mx.out A",
	  "NXDOMAIN -> NOERROR\n"
	  "!mx.out A 198.51.100.25\n",
	  "NXDOMAIN -> NOERROR\n"
	  "!mx.out A 198.51.100.25\n", NULL, NULL },
	{ "", "exchange mx.out", "mx.out TXT",
	  "NXDOMAIN -> NOERROR\n"
	  "~!@ SOA\n"
	  "~!mx.out NSEC @ A AAAA RRSIG NSEC\n",
	  "NXDOMAIN -> NOERROR\n"
	  "~!@ SOA\n"
	  "~!(mx.out) NSEC3 (out) A AAAA RRSIG\n", NULL, NULL },
	{ "", "exchange mx.out", "out A",
	  "NXDOMAIN -> NOERROR\n"
	  "~!@ SOA\n"
	  "~!@ NSEC mx.out NS SOA RRSIG NSEC DNSKEY\n",
	  "NXDOMAIN -> NOERROR\n"
	  "~!@ SOA\n"
	  "~!(out) NSEC3 (@)\n", NULL, NULL },
	{ "", "exchange mx.out", "q.out A",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!@ NSEC mx.out NS SOA RRSIG NSEC DNSKEY\n"
	  "~!mx.out NSEC @ A AAAA RRSIG NSEC\n",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!out NSEC mx.out RRSIG NSEC\n"
	  "~!mx.out NSEC out\\000 A AAAA RRSIG NSEC\n", NULL, NULL },
	{ "", "exchange mx.out", "n.out A",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!@ NSEC mx.out NS SOA RRSIG NSEC DNSKEY\n"
	  "~!mx.out NSEC @ A AAAA RRSIG NSEC\n",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!out NSEC mx.out RRSIG NSEC\n"
	  "~!mx.out NSEC out\\000 A AAAA RRSIG NSEC\n", NULL, NULL },
	{ "", "exchange mx.out", "q.mx.out A",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!mx.out NSEC @ A AAAA RRSIG NSEC\n",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!mx.out NSEC out\\000 A AAAA RRSIG NSEC\n", NULL, NULL },
};

static void test_missing(void **state)
{
	(void)state;
	CHECK(missing);
}

/* A wildcard answers for the exchange. */
static const denial_case_t wild[] = {
	{ "* A 192.0.2.9\n", NULL, "mail A",
	  "!mail A 198.51.100.25\n",
	  "!mail A 198.51.100.25\n", NULL, NULL },
	{ "* A 192.0.2.9\n", NULL, "mail AAAA",
	  "!mail AAAA 2001:db8::25\n",
	  "!mail AAAA 2001:db8::25\n",
	  "~@ SOA\n"
	  "~!mail NSEC *.mail A RRSIG NSEC\n",
	  "~@ SOA\n"
	  "~!(mail) NSEC3 (@) A RRSIG\n" },
	{ "* A 192.0.2.9\n", NULL, "mail TXT",
	  "~@ SOA\n"
	  "~!mail NSEC *.mail A AAAA RRSIG NSEC\n",
	  "~@ SOA\n"
	  "~!(mail) NSEC3 (@) A AAAA RRSIG\n", NULL, NULL },
	{ "* A 192.0.2.9\n", NULL, "other A",
	  "other A 192.0.2.9\n"
	  "~!*.mail NSEC @ all +CNAME\n",
	  "other A 192.0.2.9\n"
	  "~!(mail) NSEC3 (@) A AAAA RRSIG\n", NULL, NULL },
	{ "* A 192.0.2.9\n", NULL, "other TXT",
	  "~@ SOA\n"
	  "~!* NSEC mail A RRSIG NSEC\n"
	  "~!*.mail NSEC @ all +CNAME\n",
	  "~@ SOA\n"
	  "~!(*) NSEC3 (*.mail) A RRSIG\n"
	  "~(@) NSEC3 (*) NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	  "~!(mail) NSEC3 (@) A AAAA RRSIG\n", NULL, NULL },
	{ "* A 192.0.2.9\n", NULL, "q.mail A",
	  "!q.mail A 192.0.2.9 (*.mail)\n"
	  "~!*.mail NSEC @ all +CNAME\n",
	  "!q.mail A 192.0.2.9 (*.mail)\n"
	  "~!*.mail NSEC mail\\000 all +CNAME\n", NULL, NULL },
	{ "* A 192.0.2.9\n", NULL, "q.mail TXT",
	  "~@ SOA\n"
	  "~!*.mail NSEC @ A RRSIG NSEC\n",
	  "~@ SOA\n"
	  "~!*.mail NSEC mail\\000 A RRSIG NSEC\n", NULL, NULL },
	{ "* TXT x\n", NULL, "mail A",
	  "!mail A 198.51.100.25\n",
	  "!mail A 198.51.100.25\n",
	  "~@ SOA\n"
	  "~!mail NSEC *.mail AAAA RRSIG NSEC\n",
	  "~@ SOA\n"
	  "~!(mail) NSEC3 (@) AAAA RRSIG\n" },
	{ "* TXT x\n", NULL, "mail TXT",
	  "~!mail NSEC *.mail A AAAA RRSIG NSEC\n"
	  "~!@ SOA\n",
	  "~!(mail) NSEC3 (@) A AAAA RRSIG\n"
	  "~!@ SOA\n", NULL, NULL },
	{ "* TXT x\n", NULL, "mail MX",
	  "~@ SOA\n"
	  "~!mail NSEC *.mail A AAAA RRSIG NSEC\n",
	  "~@ SOA\n"
	  "~!(mail) NSEC3 (@) A AAAA RRSIG\n", NULL, NULL },
	{ "* TXT x\n", NULL, "q.mail TXT",
	  "!q.mail TXT (*.mail)\n"
	  "~!*.mail NSEC @ all +CNAME\n",
	  "!q.mail TXT (*.mail)\n"
	  "~!*.mail NSEC mail\\000 all +CNAME\n", NULL, NULL },
	{ "* A 192.0.2.9\n* AAAA 2001:db8::9\n", NULL, "mail A",
	  "!mail A 198.51.100.25\n",
	  "!mail A 198.51.100.25\n", NULL, NULL },
	{ "* A 192.0.2.9\n* AAAA 2001:db8::9\n", NULL, "mail TXT",
	  "~@ SOA\n"
	  "~!mail NSEC *.mail A AAAA RRSIG NSEC\n",
	  "~@ SOA\n"
	  "~!(mail) NSEC3 (@) A AAAA RRSIG\n", NULL, NULL },
	{ "* A 192.0.2.9\n* AAAA 2001:db8::9\n", NULL, "other A",
	  "other A 192.0.2.9\n"
	  "~!*.mail NSEC @ all +CNAME\n",
	  "other A 192.0.2.9\n"
	  "~!(mail) NSEC3 (@) A AAAA RRSIG\n", NULL, NULL },
};

static void test_wild(void **state)
{
	(void)state;
	CHECK(wild);
}

/* Another zone's names. */
static const denial_case_t delegated[] = {
	{ "d NS ns.d\nns.d A 192.0.2.1\n", "exchange mail.d", "mail.d A",
	  "= ~d NS ns.d\n"
	  "~d NSEC @ NS RRSIG NSEC\n"
	  "+ns.d A 192.0.2.1\n",
	  "= ~d NS ns.d\n"
	  "~(d) NSEC3 (@) NS\n"
	  "+ns.d A 192.0.2.1\n", NULL, NULL },
	{ "d NS ns.d\nns.d A 192.0.2.1\n", "exchange mail.d", "d A",
	  "= ~d NS ns.d\n"
	  "~d NSEC @ NS RRSIG NSEC\n"
	  "+ns.d A 192.0.2.1\n",
	  "= ~d NS ns.d\n"
	  "~(d) NSEC3 (@) NS\n"
	  "+ns.d A 192.0.2.1\n", NULL, NULL },
	{ "d NS ns.d\nns.d A 192.0.2.1\n", "exchange mail.d", "e A",
	  "= ~@ SOA\n"
	  "~d NSEC @ NS RRSIG NSEC\n"
	  "~@ NSEC d NS SOA RRSIG NSEC DNSKEY\n",
	  "= ~@ SOA\n"
	  "~(@) NSEC3 (d) NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	  "~(d) NSEC3 (@) NS\n",
	  "= ~@ SOA\n"
	  "~d NSEC @ NS RRSIG NSEC\n"
	  "~@ NSEC d NS SOA RRSIG NSEC DNSKEY\n",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~(@) NSEC3 (d) NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	  "~!(d) NSEC3 (mail.d) NS\n" },
	{ "d NS ns.d\nns.d A 192.0.2.1\n", "exchange mail.d", "c A",
	  "= ~@ SOA\n"
	  "~@ NSEC d NS SOA RRSIG NSEC DNSKEY\n",
	  "= ~@ SOA\n"
	  "~(@) NSEC3 (d) NS SOA RRSIG DNSKEY NSEC3PARAM\n", NULL, NULL },
	{ "d NS ns.example.org.\nz A 192.0.2.1\n", NULL, "x.d A",
	  "~d NS ns.example.org.\n"
	  "~!d NSEC mail NS RRSIG NSEC\n",
	  "= ~d NS ns.example.org.\n"
	  "~(d) NSEC3 (z) NS\n", NULL, NULL },
	{ "d NS ns.example.org.\nz A 192.0.2.1\n", NULL, "d DS",
	  "~@ SOA\n"
	  "~!d NSEC mail NS RRSIG NSEC\n",
	  "= ~@ SOA\n"
	  "~(d) NSEC3 (z) NS\n", NULL, NULL },
	{ "d NS ns.example.org.\nz A 192.0.2.1\n", NULL, "e A",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!d NSEC mail NS RRSIG NSEC\n"
	  "~@ NSEC d NS SOA RRSIG NSEC DNSKEY\n",
	  "= ~@ SOA\n"
	  "~(@) NSEC3 (d) NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	  "~(d) NSEC3 (z) NS\n", NULL, NULL },
	{ "d NS ns.example.org.\nd DS 1 13 2 AAAA\nz A 192.0.2.1\n", NULL, "x.d A",
	  "= ~d NS ns.example.org.\n"
	  "~d DS\n",
	  "= ~d NS ns.example.org.\n"
	  "~d DS\n", NULL, NULL },
	{ "a CNAME x.d\nd NS ns.example.org.\n", NULL, "a A",
	  "a CNAME x.d\n"
	  "~d NS ns.example.org.\n"
	  "~!d NSEC mail NS RRSIG NSEC\n",
	  "a CNAME x.d\n"
	  "~d NS ns.example.org.\n"
	  "~!(d) NSEC3 (mail) NS\n", NULL, NULL },
	{ "mail NS ns.example.org.\na A 192.0.2.1\n", NULL, "x.mail A",
	  "= ~mail NS ns.example.org.\n"
	  "~mail NSEC @ NS RRSIG NSEC\n",
	  "= ~mail NS ns.example.org.\n"
	  "~(mail) NSEC3 (@) NS\n", NULL, NULL },
	{ "mail NS ns.example.org.\na A 192.0.2.1\n", NULL, "a TXT",
	  "= ~@ SOA\n"
	  "~a NSEC mail A RRSIG NSEC\n",
	  "= ~@ SOA\n"
	  "~(a) NSEC3 (mail) A RRSIG\n", NULL, NULL },
};

static void test_delegated(void **state)
{
	(void)state;
	CHECK(delegated);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_wild),
		cmocka_unit_test(test_delegated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
