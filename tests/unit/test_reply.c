/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The response that the auditor expects of knotd: every case was compared with a running one.
 */

#undef NDEBUG

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kmxcheck/reply.h"
#include "kmxcheck/zone.h"

#define TEXT_MAX 4096

static const char zone_text[] =
	"$ORIGIN example.com.\n"
	"$TTL 3600\n"
	"@ SOA ns.example.org. hostmaster 1 3600 600 86400 900\n"
	"@ NS ns.example.org.\n"
	"@ MX 10 mail\n"
	"@ MX 20 x.wild\n"
	"@ MX 30 mx.child\n"
	"@ MX 40 alias\n"
	"@ MX 50 mx.example.org.\n"
	"@ MX 60 MAIL\n"
	"mail A 192.0.2.1\n"
	"mail 60 AAAA 2001:db8::1\n"
	"alias CNAME mail\n"
	"*.wild A 192.0.2.2\n"
	"*.wild TXT \"wild\"\n"
	"b.c.wild A 192.0.2.3\n"
	"child NS ns.child\n"
	"child NS ns.example.org.\n"
	"ns.child A 192.0.2.4\n"
	"mx.child A 192.0.2.5\n"
	"out CNAME www.example.org.\n"
	"dangling CNAME nobody\n"
	"loop1 CNAME loop2\n"
	"loop2 CNAME loop1\n"
	"l0 CNAME l1\nl1 CNAME l2\nl2 CNAME l3\nl3 CNAME l4\nl4 CNAME l5\nl5 CNAME l6\n"
	"l6 A 192.0.2.6\n"
	"down CNAME x.child\n"
	"d DNAME example.net.\n"
	"e DNAME f\n"
	"x.f A 192.0.2.7\n"
	"*.w CNAME y.w\n"
	"*.s CNAME mail\n"
	"_submission._tcp SRV 0 1 587 mail\n";

typedef struct {
	const char *query;
	const char *expected;
} case_t;

#define SOA "~ example.com. 900 SOA\n"

static const case_t cases[] = {
	{ "mail.example.com. A", "mail.example.com. 3600 A 192.0.2.1\n" },
	{ "mail.example.com. TXT", SOA },
	{ "nobody.example.com. A", "NXDOMAIN\n" SOA },
	{ "wild.example.com. A", SOA }, /* An empty non-terminal. */
	{ "x.wild.example.com. A", "x.wild.example.com. 3600 A 192.0.2.2\n" },
	{ "x.y.wild.example.com. A", "x.y.wild.example.com. 3600 A 192.0.2.2\n" },
	{ "x.wild.example.com. AAAA", SOA },
	{ "c.wild.example.com. A", SOA }, /* It exists, so the wildcard does not answer. */
	{ "x.c.wild.example.com. A", "NXDOMAIN\n" SOA },
	{ "*.wild.example.com. A", "*.wild.example.com. 3600 A 192.0.2.2\n" },
	{ "example.com. MX",
	  "example.com. 3600 MX 10 mail.example.com.\n"
	  "example.com. 3600 MX 20 x.wild.example.com.\n"
	  "example.com. 3600 MX 30 mx.child.example.com.\n"
	  "example.com. 3600 MX 40 alias.example.com.\n"
	  "example.com. 3600 MX 50 mx.example.org.\n"
	  "example.com. 3600 MX 60 mail.example.com.\n"
	  "+ mail.example.com. 3600 A 192.0.2.1\n"
	  "+ mail.example.com. 60 AAAA 2001:db8::1\n"
	  "+ x.wild.example.com. 3600 A 192.0.2.2\n"
	  "+ mx.child.example.com. 3600 A 192.0.2.5\n" },
	{ "_submission._tcp.example.com. SRV",
	  "_submission._tcp.example.com. 3600 SRV 0 1 587 mail.example.com.\n"
	  "+ mail.example.com. 3600 A 192.0.2.1\n"
	  "+ mail.example.com. 60 AAAA 2001:db8::1\n" },
	{ "alias.example.com. A",
	  "alias.example.com. 3600 CNAME mail.example.com.\n"
	  "mail.example.com. 3600 A 192.0.2.1\n" },
	{ "alias.example.com. CNAME", "alias.example.com. 3600 CNAME mail.example.com.\n" },
	{ "alias.example.com. MX", "alias.example.com. 3600 CNAME mail.example.com.\n" SOA },
	{ "out.example.com. A", "out.example.com. 3600 CNAME www.example.org.\n" },
	{ "dangling.example.com. A",
	  "NXDOMAIN\ndangling.example.com. 3600 CNAME nobody.example.com.\n" SOA },
	{ "loop1.example.com. A",
	  "loop1.example.com. 3600 CNAME loop2.example.com.\n"
	  "loop2.example.com. 3600 CNAME loop1.example.com.\n" },
	{ "l0.example.com. A",
	  "l0.example.com. 3600 CNAME l1.example.com.\n"
	  "l1.example.com. 3600 CNAME l2.example.com.\n"
	  "l2.example.com. 3600 CNAME l3.example.com.\n"
	  "l3.example.com. 3600 CNAME l4.example.com.\n"
	  "l4.example.com. 3600 CNAME l5.example.com.\n" },
	{ "l1.example.com. A",
	  "l1.example.com. 3600 CNAME l2.example.com.\n"
	  "l2.example.com. 3600 CNAME l3.example.com.\n"
	  "l3.example.com. 3600 CNAME l4.example.com.\n"
	  "l4.example.com. 3600 CNAME l5.example.com.\n"
	  "l5.example.com. 3600 CNAME l6.example.com.\n"
	  "l6.example.com. 3600 A 192.0.2.6\n" },
	{ "x.child.example.com. A",
	  "referral\n"
	  "~ child.example.com. 3600 NS\n"
	  "+ ns.child.example.com. 3600 A 192.0.2.4\n" },
	{ "mx.child.example.com. A",
	  "referral\n"
	  "~ child.example.com. 3600 NS\n"
	  "+ ns.child.example.com. 3600 A 192.0.2.4\n" },
	{ "down.example.com. A",
	  "down.example.com. 3600 CNAME x.child.example.com.\n"
	  "~ child.example.com. 3600 NS\n"
	  "+ ns.child.example.com. 3600 A 192.0.2.4\n" },
	{ "a.b.d.example.com. A",
	  "d.example.com. 3600 DNAME example.net.\n"
	  "a.b.d.example.com. 3600 CNAME a.b.example.net.\n" },
	{ "d.example.com. A", SOA },
	{ "x.e.example.com. A",
	  "e.example.com. 3600 DNAME f.example.com.\n"
	  "x.e.example.com. 3600 CNAME x.f.example.com.\n"
	  "x.f.example.com. 3600 A 192.0.2.7\n" },
	{ "a.w.example.com. A",
	  "a.w.example.com. 3600 CNAME y.w.example.com.\n"
	  "y.w.example.com. 3600 CNAME y.w.example.com.\n" },
	{ "a.s.example.com. A",
	  "a.s.example.com. 3600 CNAME mail.example.com.\n"
	  "mail.example.com. 3600 A 192.0.2.1\n" },
};

__attribute__((format(printf, 2, 3)))
static void put(char *out, const char *fmt, ...)
{
	size_t used = strlen(out);
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(out + used, TEXT_MAX - used, fmt, args);
	va_end(args);
}

static void put_item(char *out, const policy_item_t *item)
{
	static const char *const marks[] = { "", "~ ", "+ " };
	knot_dname_txt_storage_t owner;
	char type[16], data[1024];
	const knot_rrset_t *rrset = item->rrset;
	(void)knot_dname_to_str(owner, item->owner, sizeof(owner));
	(void)knot_rrtype_to_string(rrset->type, type, sizeof(type));
	if (item->section == KNOT_AUTHORITY) {
		put(out, "~ %s %u %s\n", owner, rrset->ttl, type);
		return;
	}
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		assert(knot_rrset_txt_dump_data(rrset, i, data, sizeof(data),
		                                &KNOT_DUMP_STYLE_DEFAULT) >= 0);
		put(out, "%s%s %u %s %s\n", marks[item->section], owner, rrset->ttl, type, data);
	}
}

static void make_text(char out[static TEXT_MAX], zone_t *zone, const char *query)
{
	char name[1024], type_text[16];
	uint16_t type;
	knot_dname_storage_t qname;
	reply_t reply;
	assert(sscanf(query, "%1023s %15s", name, type_text) == 2);
	assert(knot_dname_from_str(qname, name, sizeof(qname)) != NULL);
	assert(knot_rrtype_from_string(type_text, &type) == 0);
	bool answered = reply_make(&reply, zone, qname, type);
	assert_true(reply.response.complete);

	out[0] = '\0';
	put(out, "%s%s", answered ? "" : "referral\n",
	    reply.response.rcode == KNOT_RCODE_NXDOMAIN ? "NXDOMAIN\n" : "");
	for (size_t i = 0; i < reply.response.count; i++) {
		put_item(out, &reply.response.items[i]);
	}
	reply_clear(&reply);
}

static void test_cases(void **state)
{
	(void)state;
	char err[ERROR_TEXT_MAX], got[TEXT_MAX];
	zone_t *zone;
	size_t wrong = 0;
	assert_int_equal(zone_open_text(&zone, "test", zone_text, strlen(zone_text), NULL,
	                                err), KNOT_EOK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		make_text(got, zone, cases[i].query);
		if (strcmp(got, cases[i].expected) != 0) {
			fprintf(stderr, "%s\n-- expected --\n%s-- got --\n%s\n", cases[i].query,
			        cases[i].expected, got);
			wrong++;
		}
	}
	zone_free(zone);
	assert_int_equal(wrong, 0);
}

/* A name that a DNAME makes too long. */
static void test_too_long(void **state)
{
	(void)state;
	char text[2048], err[ERROR_TEXT_MAX];
	knot_dname_storage_t qname;
	zone_t *zone;
	reply_t reply;
	int size = snprintf(text, sizeof(text), "%s\nlong DNAME %060d.%060d.%060d.example.net.\n",
	                    zone_text, 1, 2, 3);
	assert_int_equal(zone_open_text(&zone, "test", text, (size_t)size, NULL, err),
	                 KNOT_EOK);
	assert_non_null(knot_dname_from_str(qname,
	                "000000000000000000000000000000000000000000000001"
	                ".0000000000000000000000001.long.example.com.", sizeof(qname)));
	assert_true(reply_make(&reply, zone, qname, KNOT_RRTYPE_A));
	assert_int_equal(reply.response.rcode, KNOT_RCODE_YXDOMAIN);
	reply_clear(&reply);
	zone_free(zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_too_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
