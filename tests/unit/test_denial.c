/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Signed zones: what was left out, flattened, replaced or made is provable, and nothing
 * more is denied.
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

/* An address left out: all that the name may have, but for that */
static const denial_case_t emptied[] = {
	{ "mx A 104.16.1.2\nmx TXT x\n", "mail-host mx;mail4", "mx A",
	  "~!@ SOA\n"
	  "~!mx NSEC \\000.mx all -A\n",
	  "~!@ SOA\n"
	  "~!(mx) NSEC3 (mx)+1 all -A -NSEC\n", NULL, NULL },
	{ "mx A 104.16.1.2\nmx TXT x\n", "mail-host mx;mail4", "mx TXT",
	  "= mx TXT\n",
	  "= mx TXT\n", NULL, NULL },
	{ "*.w A 104.16.1.2\n*.w TXT x\n", "mail-host *.w;mail4", "x.w A",
	  "~!*.w NSEC @ all -A\n"
	  "~!@ SOA\n",
	  "~!(w) NSEC3 (mail) all -NSEC\n"
	  "~!@ SOA\n"
	  "~!(*.w) NSEC3 (*.w)+1 all -A -NSEC\n", NULL, NULL },
	{ "*.w A 104.16.1.2\n*.w TXT x\n", "mail-host *.w;mail4", "x.w TXT",
	  "= x.w TXT\n"
	  "~*.w NSEC @ A TXT RRSIG NSEC\n",
	  "x.w TXT\n"
	  "~!(w) NSEC3 (mail)\n", NULL, NULL },
	{ "*.w A 104.16.1.2\n*.w TXT x\n", "mail-host *.w;mail4", "x.w MX",
	  "= ~@ SOA\n"
	  "~*.w NSEC @ A TXT RRSIG NSEC\n",
	  "~@ SOA\n"
	  "~(*.w) NSEC3 (w) A TXT RRSIG\n"
	  "~!(w) NSEC3 (mail)\n", NULL, NULL },
	{ "mail A 104.16.1.2\nmail TXT x\n", "mail4", "mail A",
	  "~!@ SOA\n"
	  "~!mail NSEC \\000.mail all -A\n",
	  "~!@ SOA\n"
	  "~!(mail) NSEC3 (mail)+1 all -A -NSEC\n", NULL, NULL },
	{ "mail A 104.16.1.2\nmail TXT x\n", "mail4", "mail TXT",
	  "= mail TXT\n",
	  "= mail TXT\n", NULL, NULL },
	{ "mail A 104.16.1.2\nmail TXT x\n", "mail4", "mail MX",
	  "~@ SOA\n"
	  "~!mail NSEC @ A TXT AAAA RRSIG NSEC\n",
	  "~@ SOA\n"
	  "~!(mail) NSEC3 (@) A TXT AAAA RRSIG\n", NULL, NULL },
	{ "@ MX 10 @\n@ A 104.16.1.2\n", "web-host www;mail4", "@ A",
	  "~!@ SOA\n"
	  "~!@ NSEC \\000 all -A +NS +SOA +DNSKEY +NSEC3PARAM +CDS +CDNSKEY\n",
	  "~!@ SOA\n"
	  "~!(@) NSEC3 (@)+1 all -A +NS +SOA -NSEC +DNSKEY +NSEC3PARAM +CDS +CDNSKEY\n",
	  NULL, NULL },
	{ "@ MX 10 @\n@ A 104.16.1.2\n", "web-host www;mail4", "@ TXT",
	  "~@ SOA\n"
	  "~!@ NSEC mail A NS SOA MX RRSIG NSEC DNSKEY\n",
	  "~@ SOA\n"
	  "~!(@) NSEC3 (mail) A NS SOA MX RRSIG DNSKEY NSEC3PARAM\n", NULL, NULL },
	{ "mx AAAA 2606:4700::1\na CNAME mx\n", "mail-host mx;mail6", "a AAAA",
	  "a CNAME mx\n"
	  "~!@ SOA\n"
	  "~!mx NSEC \\000.mx all -AAAA\n",
	  "a CNAME mx\n"
	  "~!@ SOA\n"
	  "~!(mx) NSEC3 (mx)+1 all -AAAA -NSEC\n", NULL, NULL },
};

static void test_emptied(void **state)
{
	(void)state;
	CHECK(emptied);
}

/* An alias that was flattened has addresses and nothing else. */
static const denial_case_t aliases[] = {
	{ "mx CNAME www\nwww A 104.16.1.2\n", "mail-host mx", "mx A",
	  "!mx A 198.51.100.25\n",
	  "!mx A 198.51.100.25\n", NULL, NULL },
	{ "mx CNAME www\nwww A 104.16.1.2\n", "mail-host mx", "mx TXT",
	  "~!@ SOA\n"
	  "~!mx NSEC \\000.mx A AAAA RRSIG NSEC\n",
	  "~!@ SOA\n"
	  "~!(mx) NSEC3 (mx)+1 A AAAA RRSIG\n", NULL, NULL },
	{ "mx CNAME www\nwww A 104.16.1.2\n", "mail-host mx;mail6", "mx AAAA",
	  "~!@ SOA\n"
	  "~!mx NSEC \\000.mx A RRSIG NSEC\n",
	  "~!@ SOA\n"
	  "~!(mx) NSEC3 (mx)+1 A RRSIG\n", NULL, NULL },
	{ "*.w CNAME www\nwww A 104.16.1.2\n", "mail-host *.w", "x.w A",
	  "~*.w NSEC www CNAME RRSIG NSEC\n"
	  "!x.w A 198.51.100.25 (*.w)\n",
	  "~(w) NSEC3 (www)\n"
	  "!x.w A 198.51.100.25 (*.w)\n", NULL, NULL },
	{ "*.w CNAME www\nwww A 104.16.1.2\n", "mail-host *.w", "x.w TXT",
	  "~!@ SOA\n"
	  "~!*.w NSEC www A AAAA RRSIG NSEC\n",
	  "~!@ SOA\n"
	  "~!(w) NSEC3 (www) all -NSEC\n"
	  "~!(*.w) NSEC3 (*.w)+1 A AAAA RRSIG\n", NULL, NULL },
	{ "mail CNAME gone\n", NULL, "mail A",
	  "NXDOMAIN -> NOERROR\n"
	  "!mail A 198.51.100.25\n",
	  "NXDOMAIN -> NOERROR\n"
	  "!mail A 198.51.100.25\n", NULL, NULL },
	{ "mail CNAME gone\n", NULL, "mail TXT",
	  "NXDOMAIN -> NOERROR\n"
	  "~!@ SOA\n"
	  "~!mail NSEC \\000.mail A AAAA RRSIG NSEC\n",
	  "NXDOMAIN -> NOERROR\n"
	  "~!@ SOA\n"
	  "~(@) NSEC3 (mail) NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	  "~!(mail) NSEC3 (mail)+1 A AAAA RRSIG\n", NULL, NULL },
	{ "*.w CNAME mx\nmx CNAME www\nwww A 104.16.1.2\n", "mail-host mx", "x.w A",
	  "x.w CNAME mx\n"
	  "~*.w NSEC www CNAME RRSIG NSEC\n"
	  "!mx A 198.51.100.25\n",
	  "x.w CNAME mx\n"
	  "~(w) NSEC3 (mx)\n"
	  "!mx A 198.51.100.25\n", NULL, NULL },
	{ "*.w CNAME mx\nmx CNAME www\nwww A 104.16.1.2\n", "mail-host mx", "x.w TXT",
	  "x.w CNAME mx\n"
	  "~!@ SOA\n"
	  "~*.w NSEC www CNAME RRSIG NSEC\n"
	  "~!mx NSEC \\000.mx A AAAA RRSIG NSEC\n",
	  "x.w CNAME mx\n"
	  "~!@ SOA\n"
	  "~(w) NSEC3 (mx)\n"
	  "~!(mx) NSEC3 (mx)+1 A AAAA RRSIG\n", NULL, NULL },
	{ "*.w CNAME mail\n", NULL, "x.w A",
	  "NXDOMAIN -> NOERROR\n"
	  "x.w CNAME mail\n"
	  "~*.w NSEC @ CNAME RRSIG NSEC\n"
	  "!mail A 198.51.100.25\n",
	  "NXDOMAIN -> NOERROR\n"
	  "x.w CNAME mail\n"
	  "~!(w) NSEC3 (mail)\n"
	  "!mail A 198.51.100.25\n", NULL, NULL },
	{ "*.w CNAME mail\n", NULL, "x.w TXT",
	  "NXDOMAIN -> NOERROR\n"
	  "x.w CNAME mail\n"
	  "~!@ SOA\n"
	  "~!mail NSEC *.w A AAAA RRSIG NSEC\n"
	  "~*.w NSEC @ CNAME RRSIG NSEC\n",
	  "NXDOMAIN -> NOERROR\n"
	  "x.w CNAME mail\n"
	  "~!@ SOA\n"
	  "~!(w) NSEC3 (mail)\n"
	  "~!(mail) NSEC3 (@) A AAAA RRSIG\n", NULL, NULL },
};

static void test_aliases(void **state)
{
	(void)state;
	CHECK(aliases);
}

/* Other RRsets: signed as what they were signed as before. */
static const denial_case_t replaced[] = {
	{ "*.w A 104.16.1.2\n", "mail-host *.w", "x.w A",
	  "!x.w A 198.51.100.25 (*.w)\n"
	  "~*.w NSEC @ A RRSIG NSEC\n",
	  "!x.w A 198.51.100.25 (*.w)\n"
	  "~!(w) NSEC3 (mail)\n", NULL, NULL },
	{ "*.w A 104.16.1.2\n", "mail-host *.w", "x.w AAAA",
	  "= ~@ SOA\n"
	  "~*.w NSEC @ A RRSIG NSEC\n",
	  "~@ SOA\n"
	  "~(*.w) NSEC3 (w) A RRSIG\n"
	  "~!(w) NSEC3 (mail)\n", NULL, NULL },
	{ "@ MX 10 www\nwww A 104.16.1.2\nmail A 192.0.2.1\n", NULL, "@ MX",
	  "!@ MX mail\n"
	  "+!mail A 192.0.2.1\n",
	  "!@ MX mail\n"
	  "+!mail A 192.0.2.1\n",
	  "!@ MX mail\n",
	  "!@ MX mail\n" },
	{ "*.w MX 10 www\nwww A 104.16.1.2\n", NULL, "x.w MX",
	  "!x.w MX mail (*.w)\n"
	  "~*.w NSEC www MX RRSIG NSEC\n"
	  "+!mail A 198.51.100.25\n"
	  "+!mail AAAA 2001:db8::25\n",
	  "!x.w MX mail (*.w)\n"
	  "~(w) NSEC3 (www)\n"
	  "+!mail A 198.51.100.25\n"
	  "+!mail AAAA 2001:db8::25\n",
	  "!x.w MX mail (*.w)\n"
	  "~*.w NSEC www MX RRSIG NSEC\n",
	  "!x.w MX mail (*.w)\n"
	  "~(w) NSEC3 (www)\n" },
};

static void test_replaced(void **state)
{
	(void)state;
	CHECK(replaced);
}

/* There is such a name, but not all of its addresses. */
static const denial_case_t lacking[] = {
	{ "mail A 192.0.2.1\n", NULL, "mail A",
	  "= mail A 192.0.2.1\n",
	  "= mail A 192.0.2.1\n", NULL, NULL },
	{ "mail A 192.0.2.1\n", NULL, "mail AAAA",
	  "= ~@ SOA\n"
	  "~mail NSEC @ A RRSIG NSEC\n",
	  "= ~@ SOA\n"
	  "~(mail) NSEC3 (@) A RRSIG\n", NULL, NULL },
	{ "mail A 192.0.2.1\n", NULL, "mail TXT",
	  "= ~@ SOA\n"
	  "~mail NSEC @ A RRSIG NSEC\n",
	  "= ~@ SOA\n"
	  "~(mail) NSEC3 (@) A RRSIG\n", NULL, NULL },
	{ "mail A 192.0.2.1\n", NULL, "n A",
	  "= ~@ SOA\n"
	  "~mail NSEC @ A RRSIG NSEC\n"
	  "~@ NSEC mail NS SOA RRSIG NSEC DNSKEY\n",
	  "= ~@ SOA\n"
	  "~(@) NSEC3 (mail) NS SOA RRSIG DNSKEY NSEC3PARAM\n", NULL, NULL },
	{ "mail A 192.0.2.1\n", "mail6", "mail AAAA",
	  "= ~@ SOA\n"
	  "~mail NSEC @ A RRSIG NSEC\n",
	  "= ~@ SOA\n"
	  "~(mail) NSEC3 (@) A RRSIG\n", NULL, NULL },
	{ "mail A 192.0.2.1\n", "mail6", "n A",
	  "= ~@ SOA\n"
	  "~mail NSEC @ A RRSIG NSEC\n"
	  "~@ NSEC mail NS SOA RRSIG NSEC DNSKEY\n",
	  "= ~@ SOA\n"
	  "~(@) NSEC3 (mail) NS SOA RRSIG DNSKEY NSEC3PARAM\n", NULL, NULL },
	{ "mail TXT x\n", NULL, "mail MX",
	  "~@ SOA\n"
	  "~!mail NSEC @ A TXT AAAA RRSIG NSEC\n",
	  "~@ SOA\n"
	  "~!(mail) NSEC3 (@) A TXT AAAA RRSIG\n",
	  "= ~@ SOA\n"
	  "~mail NSEC @ TXT RRSIG NSEC\n",
	  "= ~@ SOA\n"
	  "~(mail) NSEC3 (@) TXT RRSIG\n" },
	{ "mail TXT x\n", NULL, "q.mail A",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!mail NSEC @ A TXT AAAA RRSIG NSEC\n",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!(mail) NSEC3 (@) A TXT AAAA RRSIG\n"
	  "~(@) NSEC3 (mail) NS SOA RRSIG DNSKEY NSEC3PARAM\n",
	  "= ~@ SOA\n"
	  "~mail NSEC @ TXT RRSIG NSEC\n",
	  "= ~@ SOA\n"
	  "~(mail) NSEC3 (@) TXT RRSIG\n"
	  "~(@) NSEC3 (mail) NS SOA RRSIG DNSKEY NSEC3PARAM\n" },
	{ "x.mail TXT x\n", NULL, "mail A",
	  "!mail A 198.51.100.25\n",
	  "!mail A 198.51.100.25\n",
	  "~@ SOA\n"
	  "~!mail NSEC x.mail AAAA RRSIG NSEC\n",
	  "= ~@ SOA\n"
	  "~(mail) NSEC3 (@)\n" },
	{ "x.mail TXT x\n", NULL, "mail TXT",
	  "~@ SOA\n"
	  "~!mail NSEC x.mail A AAAA RRSIG NSEC\n",
	  "~@ SOA\n"
	  "~!(mail) NSEC3 (@) A AAAA RRSIG\n",
	  NULL,
	  "= ~@ SOA\n"
	  "~(mail) NSEC3 (@)\n" },
	{ "x.mail TXT x\n", NULL, "b A",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!@ NSEC mail NS SOA RRSIG NSEC DNSKEY\n",
	  "= ~@ SOA\n"
	  "~(@) NSEC3 (x.mail) NS SOA RRSIG DNSKEY NSEC3PARAM\n", NULL, NULL },
	{ "x.mail TXT x\n", NULL, "q.mail A",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!mail NSEC x.mail A AAAA RRSIG NSEC\n",
	  "NXDOMAIN\n"
	  "~@ SOA\n"
	  "~!(mail) NSEC3 (@) A AAAA RRSIG\n"
	  "~(@) NSEC3 (x.mail) NS SOA RRSIG DNSKEY NSEC3PARAM\n",
	  NULL,
	  "= ~@ SOA\n"
	  "~(mail) NSEC3 (@)\n"
	  "~(@) NSEC3 (x.mail) NS SOA RRSIG DNSKEY NSEC3PARAM\n" },
	{ "x.mail TXT x\n", NULL, "x.mail A",
	  "= ~@ SOA\n"
	  "~x.mail NSEC @ TXT RRSIG NSEC\n",
	  "= ~@ SOA\n"
	  "~(x.mail) NSEC3 (mail) TXT RRSIG\n", NULL, NULL },
	{ "a HTTPS 1 mail\nmail A 192.0.2.1\n", NULL, "a HTTPS",
	  "= a HTTPS\n"
	  "+mail A 192.0.2.1\n"
	  "+mail NSEC @ A RRSIG NSEC\n",
	  "= a HTTPS\n"
	  "+mail A 192.0.2.1\n"
	  "+(mail) NSEC3 (@) A RRSIG\n", NULL, NULL },
};

static void test_lacking(void **state)
{
	(void)state;
	CHECK(lacking);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_emptied),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_lacking),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
