/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Mail targets: which are kept, which are steered, what is merged then, and the additional records
 * that go and come with it.
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
#define MAIL     "mail A 192.0.2.25\n"
#define KNOWN    "+ mail 300 A 192.0.2.25\n"
#define TO_WWW   "! proxied-target steered @ MX www (" PROXIED4 "): mail\n"
#define TO_SHOP  "! proxied-target steered sub MX shop (" PROXIED4 "): mail\n"
#define SUB      "sub 300 MX 10 mail\n"

static const judge_case_t kept[] = {
	/* No target at all. */
	{ "@ MX 0 .\n", NULL, "@ MX", "=", NULL },
	{ "_imap._tcp SRV 0 0 0 .\n", NULL, "_imap._tcp SRV", "=", NULL },
	{ "@ MX 0 .\n@ MX 10 www\nwww A 104.16.1.2\n" MAIL, NULL, "@ MX",
	  TO_WWW "@ 300 MX 0 .\n@ 300 MX 10 mail\n" KNOWN,
	  TO_WWW "@ 300 MX 0 .\n@ 300 MX 10 mail\n" },
	/* Guarded. */
	{ "@ MX 10 mx\nmx A 192.0.2.1\n", NULL, "@ MX", "=", NULL },
	{ "@ MX 10 mx\nmx CNAME x.cdn.example.net.\n", NULL, "@ MX", "=", NULL },
	{ "@ MX 10 mx\nmx CNAME mx.example.org.\n", NULL, "@ MX", "=", NULL },
	{ "@ MX 10 mx\nmx CNAME mail\n", NULL, "@ MX", "=", NULL },
	{ "@ MX 10 mx.sub\nsub NS ns.example.org.\n", NULL, "@ MX", "=", NULL },
	{ "@ MX 10 mx\nmx TYPE65401 \\# 3 016700\n", NULL, "@ MX", "=", NULL },
	{ "sub MX 10 shop\nshop TYPE65401 \\# 3 016700\n", NULL, "sub MX", "=", NULL },
	{ "sub MX 10 shop\nshop CNAME mail\n", NULL, "sub MX", "=", NULL },
	/* The exchange is never missing. */
	{ "@ MX 10 mail\n", NULL, "@ MX", "=", NULL },
	{ "@ MX 10 mail\nmail TXT x\n", NULL, "@ MX", "=", NULL },
	{ "sub MX 10 relay\nrelay CNAME x.cdn.example.net.\n", "mail-host relay", "sub MX",
	  "=", NULL },
	{ "sub MX 10 mail\n", NULL, "sub MX", "=", NULL },
	/* In the zone, with addresses of which none is proxied. */
	{ "sub MX 10 shop\nshop A 192.0.2.1\nshop AAAA 2001:db8::1\n", NULL, "sub MX", "=", NULL },
	{ "@ MX 10 www\nwww A 192.0.2.1\n", NULL, "@ MX", "=", NULL },
	{ "sub MX 10 shop\nshop A 104.20.0.1\n", NULL, "sub MX", "=", NULL },
	{ "@ A 192.0.2.1\n@ MX 10 @\n", NULL, "@ MX", "=", NULL },
	{ "sub MX 10 shop\nshop CNAME b\nb A 192.0.2.1\n", NULL, "sub MX", "=", NULL },
	{ "sub MX 10 a.edge\na.edge A 192.0.2.1\n", "proxy-name edge", "sub MX", "=", NULL },
	/* Outside the zone, not at or below a proxy name. */
	{ "@ MX 10 mx.example.org.\n", NULL, "@ MX", "=", NULL },
	{ "@ MX 10 xcdn.example.net.\n@ MX 20 example.net.\n@ MX 30 com.\n", NULL, "@ MX",
	  "=", NULL },
	/* Nothing is known of its addresses. */
	{ "sub MX 10 shop\nshop CNAME mx.example.org.\n", NULL, "sub MX", "=", NULL },
	{ "sub MX 10 x.d\nd NS ns.d\nns.d A 104.16.1.2\n", NULL, "sub MX", "=", NULL },
	{ "sub MX 10 d\nd NS ns.example.org.\n", NULL, "sub MX", "=", NULL },
	{ "sub MX 10 ns.d\nd NS ns.d\nns.d A 192.0.2.1\n", NULL, "sub MX", "=", NULL },
	{ "sub MX 10 l1\nl1 CNAME l2\nl2 CNAME l1\n", NULL, "sub MX", "=", NULL },
	{ "sub MX 10 x.d\nd DNAME example.org.\n", NULL, "sub MX", "=", NULL },
	/* Not a service of mail, nor only its name. */
	{ "_sip._tcp SRV 0 0 5060 www\nwww A 104.16.1.2\n", NULL, "_sip._tcp SRV", "=", NULL },
	{ "_imap._udp SRV 0 0 143 www\nwww A 104.16.1.2\n", NULL, "_imap._udp SRV", "=", NULL },
	{ "x._imap._tcp SRV 0 0 143 www\nwww A 104.16.1.2\n", NULL, "x._imap._tcp SRV", "=", NULL },
	{ "_imap._tcp SRV 0 0 143 www\nwww A 104.16.1.2\n", "service _pop3._tcp", "_imap._tcp SRV",
	  "=", NULL },
};

static void test_kept(void **state)
{
	(void)state;
	CHECK(kept);
}

static const judge_case_t steered[] = {
	/* The apex, a web host, proxied. */
	{ "@ MX 10 www\nwww A 104.16.1.2\n" MAIL, NULL, "@ MX", TO_WWW "@ 300 MX 10 mail\n" KNOWN,
	  TO_WWW "@ 300 MX 10 mail\n" },
	{ "@ A 104.16.1.2\n@ 60 MX 10 @\n" MAIL, NULL, "@ MX",
	  "! proxied-target steered @ MX @ (" PROXIED4 "): mail\n@ 60 MX 10 mail\n" KNOWN,
	  "! proxied-target steered @ MX @ (" PROXIED4 "): mail\n@ 60 MX 10 mail\n" },
	/* Below the apex; one proxied address, of either family, is enough. */
	{ "sub MX 10 shop\nshop A 104.16.1.2\n" MAIL, NULL, "sub MX", TO_SHOP SUB KNOWN,
	  TO_SHOP SUB },
	{ "sub MX 10 shop\nshop A 192.0.2.1\nshop A 104.16.1.2\n" MAIL, NULL, "sub MX",
	  TO_SHOP SUB KNOWN, TO_SHOP SUB },
	{ "sub MX 10 shop\nshop A 192.0.2.1\nshop AAAA 2606:4700::1\n" MAIL, NULL, "sub MX",
	  "! proxied-target steered sub MX shop (" PROXIED6 "): mail\n" SUB KNOWN,
	  "! proxied-target steered sub MX shop (" PROXIED6 "): mail\n" SUB },
	/* Outside the zone. */
	{ "@ MX 10 CDN.example.net.\n@ MX 20 a.b.cdn.example.net.\n" MAIL, NULL, "@ MX",
	  "! proxied-target steered @ MX cdn.example.net.: mail\n"
	  "! proxied-target steered @ MX a.b.cdn.example.net.: mail\n"
	  "@ 300 MX 10 mail\n" KNOWN,
	  "! proxied-target steered @ MX cdn.example.net.: mail\n"
	  "! proxied-target steered @ MX a.b.cdn.example.net.: mail\n"
	  "@ 300 MX 10 mail\n" },
	/* A wildcard's addresses, and a wildcard's MX. */
	{ "sub MX 10 x\n* A 104.16.1.2\n" MAIL, NULL, "sub MX",
	  "! proxied-target steered sub MX x (" PROXIED4 "): mail\n" SUB KNOWN,
	  "! proxied-target steered sub MX x (" PROXIED4 "): mail\n" SUB },
	{ "* MX 10 shop\nshop A 104.16.1.2\n" MAIL, NULL, "sub MX",
	  TO_SHOP SUB KNOWN, TO_SHOP SUB },
	/* At the end of an alias. */
	{ "a CNAME sub\nsub MX 10 shop\nshop A 104.16.1.2\n" MAIL, NULL, "a MX",
	  TO_SHOP "a 3600 CNAME sub\n" SUB KNOWN, TO_SHOP "a 3600 CNAME sub\n" SUB },
	/* In an ANY answer. */
	{ "sub MX 10 shop\nsub TXT x\nshop A 104.16.1.2\n" MAIL, NULL, "sub ANY",
	  TO_SHOP SUB KNOWN, TO_SHOP SUB },
	{ "sub MX 10 shop\nsub A 192.0.2.7\nshop A 104.16.1.2\n" MAIL, NULL, "sub ANY all",
	  TO_SHOP "sub 3600 A 192.0.2.7\n" SUB KNOWN, TO_SHOP "sub 3600 A 192.0.2.7\n" SUB },
	/* Glue is what is known of a delegated name. */
	{ "sub MX 10 ns.d\nd NS ns.d\nns.d A 104.16.1.2\n" MAIL, NULL, "sub MX",
	  "! proxied-target steered sub MX ns.d (" PROXIED4 "): mail\n" SUB KNOWN,
	  "! proxied-target steered sub MX ns.d (" PROXIED4 "): mail\n" SUB },
	/* Aliases, where they can be looked up. */
	{ "sub MX 10 shop\nshop CNAME b\nb CNAME c\nc A 104.16.1.2\n" MAIL, NULL, "sub MX",
	  "! proxied-alias steered sub MX shop (" PROXIED4 "): mail\n" SUB KNOWN, "=" },
	{ "sub MX 10 shop\nshop CNAME x.cdn.example.net.\n" MAIL, NULL, "sub MX",
	  "! proxied-alias steered sub MX shop: mail\n" SUB KNOWN, "=" },
	{ "sub MX 10 shop\nshop CNAME a.edge\na.edge A 192.0.2.1\n" MAIL, "proxy-name edge",
	  "sub MX", "! proxied-alias steered sub MX shop: mail\n" SUB KNOWN, "=" },
	{ "sub MX 10 x.d\nd DNAME cdn.example.net.\n" MAIL, NULL, "sub MX",
	  "! proxied-alias steered sub MX x.d: mail\n" SUB KNOWN, "=" },
	{ "sub MX 10 x\n* CNAME www\nwww A 104.16.1.2\n" MAIL, NULL, "sub MX",
	  "! proxied-alias steered sub MX x (" PROXIED4 "): mail\n" SUB KNOWN, "=" },
	/* At the apex it is a web host's alias: that leads to the web site. */
	/* A wildcard is no mail host, not even as a target: it stands for other names. */
	{ "@ MX 10 *.mx\n*.mx A 104.16.1.2\n" MAIL, NULL, "@ MX",
	  "! proxied-target steered @ MX *.mx (" PROXIED4 "): mail\n@ 300 MX 10 mail\n" KNOWN,
	  "! proxied-target steered @ MX *.mx (" PROXIED4 "): mail\n@ 300 MX 10 mail\n" },
	{ "@ MX 10 *.mx\n*.mx A 104.16.1.2\n" MAIL, NULL, "*.mx A", "=", NULL },
	{ "@ MX 10 www\nwww CNAME x.cdn.example.net.\n" MAIL, NULL, "@ MX",
	  "! proxied-alias steered @ MX www: mail\n@ 300 MX 10 mail\n" KNOWN,
	  "! proxied-target steered @ MX www: mail\n@ 300 MX 10 mail\n" },
	/* Certainly without an address, where that can be seen. */
	{ "sub MX 10 shop\n" MAIL, NULL, "sub MX",
	  "! missing-target steered sub MX shop: mail\n" SUB KNOWN, "=" },
	{ "sub MX 10 shop\nshop TXT x\n" MAIL, NULL, "sub MX",
	  "! missing-target steered sub MX shop: mail\n" SUB KNOWN, "=" },
	{ "sub MX 10 shop\nx.shop TXT x\n" MAIL, NULL, "sub MX",
	  "! missing-target steered sub MX shop: mail\n" SUB KNOWN, "=" },
	{ "sub MX 10 shop\nshop CNAME b\n" MAIL, NULL, "sub MX",
	  "! missing-target steered sub MX shop: mail\n" SUB KNOWN, "=" },
	{ "sub MX 10 shop\n* TXT x\n" MAIL, NULL, "sub MX",
	  "! missing-target steered sub MX shop: mail\n" SUB KNOWN, "=" },
	{ "@ MX 10 @\n" MAIL, NULL, "@ MX",
	  "! missing-target steered @ MX @: mail\n@ 300 MX 10 mail\n" KNOWN,
	  "! missing-target steered @ MX @: mail\n@ 300 MX 10 mail\n" },
	/* Guarded ones too, at the apex and elsewhere. */
	{ "@ MX 10 mx\nmx TXT x\n" MAIL, NULL, "@ MX",
	  "! missing-target steered @ MX mx: mail\n@ 300 MX 10 mail\n" KNOWN, "=" },
	{ "@ MX 10 mail.example.com\n" MAIL, NULL, "@ MX",
	  "! missing-target steered @ MX mail.example.com: mail\n@ 300 MX 10 mail\n" KNOWN, "=" },
	{ "@ MX 10 gone\nsub MX 20 gone\n" MAIL, NULL, "sub MX",
	  "! missing-target steered sub MX gone: mail\nsub 300 MX 20 mail\n" KNOWN, "=" },
	{ "@ MX 10 mx\nmx CNAME gone\n" MAIL, NULL, "@ MX",
	  "! missing-target steered @ MX mx: mail\n@ 300 MX 10 mail\n" KNOWN, "=" },
	{ "sub MX 10 relay\n" MAIL, "mail-host relay", "sub MX",
	  "! missing-target steered sub MX relay: mail\n" SUB KNOWN, "=" },
	{ "@ MX 10 mx\n@ MX 20 mx2\nmx2 A 192.0.2.2\n" MAIL, NULL, "@ MX",
	  "! missing-target steered @ MX mx: mail\n@ 300 MX 10 mail\n@ 300 MX 20 mx2\n"
	  "+ mx2 3600 A 192.0.2.2\n" KNOWN, "=" },
	/* Also after its proxied addresses have been left out; in mode log without mail addresses
	 * nothing of that can be known. */
	{ "@ MX 10 mx\nmx A 104.16.1.2\nmail AAAA 2001:db8::9\n", "mail4", "@ MX",
	  "! missing-target steered @ MX mx: mail\n@ 300 MX 10 mail\n"
	  "+ mail 300 AAAA 2001:db8::9\n",
	  "! proxied-host emptied mx A (" PROXIED4 "): -\n@ 3600 MX 10 mx\n" },
	{ "@ MX 10 mx\nmx A 104.16.1.2\n", "mail4;mail6", "@ MX",
	  "! proxied-host emptied mx A (" PROXIED4 "): -\n@ 3600 MX 10 mx\n", NULL },
	{ "@ MX 10 mx\n", "mail4;mail6", "@ MX",
	  "! missing-target steered @ MX mx: mail\n@ 300 MX 10 mail\n", "=" },
	/* A literal is a name like any other. */
	{ "sub MX 10 192.0.2.1\n" MAIL, NULL, "sub MX",
	  "! missing-target steered sub MX 192.0.2.1: mail\n" SUB KNOWN, "=" },
};

static void test_steered(void **state)
{
	(void)state;
	CHECK(steered);
}

#define SHOP4 "! proxied-target steered sub MX shop (" PROXIED4 "): mail\n"
#define IMAP  "! proxied-target steered _imap._tcp SRV www (" PROXIED4 "): mail\n"

/* Preference, priority, weight and port; RRs that become the same. */
static const judge_case_t merged[] = {
	/* Into the lowest preference, whichever of them was steered. */
	{ "sub MX 20 shop\nsub MX 10 shop\nsub MX 30 mx.example.org.\nshop A 104.16.1.2\n", NULL,
	  "sub MX", SHOP4 SHOP4 "sub 300 MX 10 mail\nsub 300 MX 30 mx.example.org.\n"
	  "+ mail 300 A 198.51.100.25\n+ mail 300 AAAA 2001:db8::25\n",
	  SHOP4 SHOP4 "sub 300 MX 10 mail\nsub 300 MX 30 mx.example.org.\n" },
	{ "sub MX 20 shop\nsub MX 10 mail\nshop A 104.16.1.2\n" MAIL, NULL, "sub MX",
	  SHOP4 "sub 300 MX 10 mail\n+ mail 3600 A 192.0.2.25\n",
	  SHOP4 "sub 300 MX 10 mail\n+ mail 3600 A 192.0.2.25\n" },
	{ "sub MX 10 shop\nsub MX 20 mail\nshop A 104.16.1.2\n" MAIL, NULL, "sub MX",
	  SHOP4 "sub 300 MX 10 mail\n+ mail 3600 A 192.0.2.25\n",
	  SHOP4 "sub 300 MX 10 mail\n+ mail 3600 A 192.0.2.25\n" },
	{ "sub MX 0 shop\nsub MX 65535 mail\nshop A 104.16.1.2\n" MAIL, NULL, "sub MX",
	  SHOP4 "sub 300 MX 0 mail\n+ mail 3600 A 192.0.2.25\n",
	  SHOP4 "sub 300 MX 0 mail\n+ mail 3600 A 192.0.2.25\n" },
	/* What was equal before is merged as well, but only in an RRset that is changed. */
	{ "sub MX 10 a.example.org.\nsub MX 20 a.example.org.\n", NULL, "sub MX", "=", NULL },
	{ "sub MX 10 a.example.org.\nsub MX 20 A.example.org.\nsub MX 15 shop\nshop A 104.16.1.2\n"
	  MAIL, NULL, "sub MX",
	  SHOP4 "sub 300 MX 10 a.example.org.\nsub 300 MX 15 mail\n" KNOWN,
	  SHOP4 "sub 300 MX 10 a.example.org.\nsub 300 MX 15 mail\n" },
	/* Preferences are numbers, the order is the canonical one. */
	{ "sub MX 256 shop\nsub MX 2 b.example.org.\nshop A 104.16.1.2\n" MAIL, NULL, "sub MX",
	  SHOP4 "sub 300 MX 2 b.example.org.\nsub 300 MX 256 mail\n" KNOWN,
	  SHOP4 "sub 300 MX 2 b.example.org.\nsub 300 MX 256 mail\n" },
	{ "sub MX 10 shop\nsub MX 10 a.example.org.\nsub MX 10 zzzzz.example.org.\n"
	  "shop A 104.16.1.2\n" MAIL, NULL, "sub MX",
	  SHOP4 "sub 300 MX 10 a.example.org.\nsub 300 MX 10 mail\n"
	  "sub 300 MX 10 zzzzz.example.org.\n" KNOWN,
	  SHOP4 "sub 300 MX 10 a.example.org.\nsub 300 MX 10 mail\n"
	  "sub 300 MX 10 zzzzz.example.org.\n" },
	/* SRV: priority, weight and port stay; target and port make them the same. */
	{ "_imap._tcp SRV 1 2 143 www\nwww A 104.16.1.2\n" MAIL, NULL, "_imap._tcp SRV",
	  IMAP "_imap._tcp 300 SRV 1 2 143 mail\n" KNOWN,
	  IMAP "_imap._tcp 300 SRV 1 2 143 mail\n" },
	{ "_imap._tcp SRV 20 0 143 www\n_imap._tcp SRV 10 5 143 mail\nwww A 104.16.1.2\n" MAIL,
	  NULL, "_imap._tcp SRV",
	  IMAP "_imap._tcp 300 SRV 10 5 143 mail\n+ mail 3600 A 192.0.2.25\n",
	  IMAP "_imap._tcp 300 SRV 10 5 143 mail\n+ mail 3600 A 192.0.2.25\n" },
	{ "_imap._tcp SRV 20 0 143 www\n_imap._tcp SRV 10 5 1143 mail\nwww A 104.16.1.2\n" MAIL,
	  NULL, "_imap._tcp SRV",
	  IMAP "_imap._tcp 300 SRV 10 5 1143 mail\n_imap._tcp 300 SRV 20 0 143 mail\n"
	  "+ mail 3600 A 192.0.2.25\n",
	  IMAP "_imap._tcp 300 SRV 10 5 1143 mail\n_imap._tcp 300 SRV 20 0 143 mail\n"
	  "+ mail 3600 A 192.0.2.25\n" },
	{ "_imap._tcp SRV 20 0 143 www\n_imap._tcp SRV 10 0 143 www\nwww A 104.16.1.2\n" MAIL,
	  NULL, "_imap._tcp SRV",
	  IMAP IMAP "_imap._tcp 300 SRV 10 0 143 mail\n" KNOWN,
	  IMAP IMAP "_imap._tcp 300 SRV 10 0 143 mail\n" },
	/* Anywhere in the zone, in mixed case, by a wildcard. */
	{ "_IMAP._Tcp.Sub SRV 0 0 143 www\nwww A 104.16.1.2\n", NULL, "_imap._tcp.sub SRV",
	  "! proxied-target steered _imap._tcp.sub SRV www (" PROXIED4 "): mail\n"
	  "_imap._tcp.sub 300 SRV 0 0 143 mail\n"
	  "+ mail 300 A 198.51.100.25\n+ mail 300 AAAA 2001:db8::25\n",
	  "! proxied-target steered _imap._tcp.sub SRV www (" PROXIED4 "): mail\n"
	  "_imap._tcp.sub 300 SRV 0 0 143 mail\n" },
	{ "*._tcp SRV 0 0 143 www\nwww A 104.16.1.2\n" MAIL, NULL, "_imap._tcp SRV",
	  IMAP "_imap._tcp 300 SRV 0 0 143 mail\n" KNOWN,
	  IMAP "_imap._tcp 300 SRV 0 0 143 mail\n" },
	{ "*._tcp SRV 0 0 143 www\nwww A 104.16.1.2\n" MAIL, NULL, "_sip._tcp SRV", "=", NULL },
	/* By the QNAME whose alias has led there. */
	{ "_imap._tcp CNAME srvs\nsrvs SRV 0 1 143 www\nwww A 104.16.1.2\n" MAIL, NULL,
	  "_imap._tcp SRV",
	  "! proxied-target steered srvs SRV www (" PROXIED4 "): mail\n"
	  "_imap._tcp 3600 CNAME srvs\nsrvs 300 SRV 0 1 143 mail\n" KNOWN,
	  "! proxied-target steered srvs SRV www (" PROXIED4 "): mail\n"
	  "_imap._tcp 3600 CNAME srvs\nsrvs 300 SRV 0 1 143 mail\n" },
	{ "_sip._tcp CNAME srvs\nsrvs SRV 0 1 143 www\nwww A 104.16.1.2\n" MAIL, NULL,
	  "_sip._tcp SRV", "=", NULL },
	{ "_imap._tcp CNAME srvs\nsrvs SRV 0 1 143 www\nwww A 104.16.1.2\n" MAIL, NULL,
	  "srvs SRV", "=", NULL },
};

static void test_merged(void **state)
{
	(void)state;
	CHECK(merged);
}

/* Additional records. */
static const judge_case_t additional[] = {
	/* Those of the removed target go, those of kept ones stay. */
	{ "sub MX 10 shop\nsub MX 20 b\nshop A 104.16.1.2\nshop AAAA 2001:db8::1\nb A 192.0.2.1\n"
	  MAIL, NULL, "sub MX",
	  SHOP4 "sub 300 MX 10 mail\nsub 300 MX 20 b\n+ b 3600 A 192.0.2.1\n" KNOWN,
	  SHOP4 "sub 300 MX 10 mail\nsub 300 MX 20 b\n+ b 3600 A 192.0.2.1\n" },
	/* What else calls for them keeps them. */
	{ "@ NS www\n@ MX 10 www\nwww A 104.16.1.2\n" MAIL, NULL, "@ ANY all",
	  TO_WWW "@ 3600 NS ns.example.org.\n@ 3600 NS www\n@ 3600 SOA\n@ 300 MX 10 mail\n"
	  "+ www 3600 A 104.16.1.2\n+ www 3600 A 104.16.1.2\n" KNOWN,
	  TO_WWW "@ 3600 NS ns.example.org.\n@ 3600 NS www\n@ 3600 SOA\n@ 300 MX 10 mail\n"
	  "+ www 3600 A 104.16.1.2\n+ www 3600 A 104.16.1.2\n" },
	/* The exchange's own direct ones, else the mail addresses. */
	{ "sub MX 10 shop\nshop A 104.16.1.2\nmail 60 A 104.16.1.9\nmail AAAA 2001:db8::9\n", NULL,
	  "sub MX",
	  SHOP4 SUB "+ mail 300 AAAA 2001:db8::9\n", SHOP4 SUB },
	{ "sub MX 10 shop\nshop A 104.16.1.2\n", "mail6", "sub MX",
	  SHOP4 SUB "+ mail 300 A 198.51.100.25\n", SHOP4 SUB },
	{ "sub MX 10 shop\nshop A 104.16.1.2\nmail CNAME x.cdn.example.net.\n", NULL, "sub MX",
	  SHOP4 SUB "+ mail 300 A 198.51.100.25\n+ mail 300 AAAA 2001:db8::25\n", SHOP4 SUB },
	{ "sub MX 10 shop\nshop A 104.16.1.2\nmail 50 CNAME www\nwww 30 A 104.16.1.2\n"
	  "www 30 A 192.0.2.7\n", NULL, "sub MX",
	  SHOP4 SUB "+ mail 30 A 192.0.2.7\n", SHOP4 SUB },
	{ "sub MX 10 shop\nshop A 104.16.1.2\nmail 50 CNAME gone\n", NULL, "sub MX",
	  SHOP4 SUB "+ mail 50 A 198.51.100.25\n+ mail 50 AAAA 2001:db8::25\n", SHOP4 SUB },
	/* An alias that is answered as such has no additional records. */
	{ "sub MX 10 shop\nshop A 104.16.1.2\nmail CNAME b\nb A 192.0.2.1\n", NULL, "sub MX",
	  SHOP4 SUB, NULL },
	{ "sub MX 10 shop\nshop A 104.16.1.2\nmail CNAME mx.example.org.\n", NULL, "sub MX",
	  SHOP4 SUB, NULL },
	/* By a wildcard. */
	{ "sub MX 10 shop\nshop A 104.16.1.2\n* A 192.0.2.8\n", NULL, "sub MX",
	  SHOP4 SUB "+ mail 300 A 198.51.100.25\n+ mail 300 AAAA 2001:db8::25\n", SHOP4 SUB },
	/* There already. */
	{ "sub MX 10 shop\nsub MX 20 mail\nshop A 104.16.1.2\nmail A 104.16.1.9\n", NULL, "sub MX",
	  SHOP4 "! proxied-host replaced mail A (104.16.1.9 in 104.16.0.0/13): 198.51.100.25\n"
	  "sub 300 MX 10 mail\n+ mail 300 A 198.51.100.25\n",
	  SHOP4 "! proxied-host replaced mail A (104.16.1.9 in 104.16.0.0/13): 198.51.100.25\n"
	  "sub 300 MX 10 mail\n+ mail 300 A 198.51.100.25\n" },
};

static void test_additional(void **state)
{
	(void)state;
	CHECK(additional);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_steered),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_additional),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
