/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Finding the addresses of a name as an authoritative server finds them.
 */

#undef NDEBUG

#include <arpa/inet.h>
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/host.h"
#include "tests/unit/lib/fixture_policy.h"

#define ORIGIN "example.com."

/* A look-up that counts, and a zone of which only a part can be seen. */
typedef struct {
	test_zone_t *zone;
	size_t calls;
	const char *hidden; /* This name can't be looked up. */
} view_t;

static int look(void *ctx, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out)
{
	view_t *view = ctx;
	view->calls++;
	assert_true(knot_dname_in_bailiwick(owner, view->zone->apex) >= 0);
	if (view->hidden != NULL) {
		knot_dname_storage_t hidden;
		test_name(hidden, view->hidden, view->zone->apex);
		if (knot_dname_is_equal(owner, hidden)) {
			return KNOT_ENOTSUP;
		}
	}
	return zone_lookup(view->zone, owner, type, out);
}

static size_t say_addresses(char *out, size_t room, const knot_rrset_t *rrset)
{
	size_t at = 0;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		const knot_rdata_t *rdata = knot_rdataset_at(&rrset->rrs, i);
		char buf[INET6_ADDRSTRLEN];
		assert_non_null(inet_ntop(rdata->len == 4 ? AF_INET : AF_INET6, rdata->data, buf,
		                          sizeof(buf)));
		at += snprintf(out + at, room - at, " %s", buf);
	}
	return at;
}

/* "found 192.0.2.1", "none", "unknown", "blind"; then the end and TTL of an alias. */
static void say(char *out, size_t room, const host_t *host)
{
	static const char *const states[] = {
		[HOST_UNKNOWN] = "unknown", [HOST_BLIND] = "blind", [HOST_FOUND] = "found",
		[HOST_NONE] = "none",
	};
	size_t at = snprintf(out, room, "%s", states[host->state]);
	at += say_addresses(out + at, room - at, &host->a);
	at += say_addresses(out + at, room - at, &host->aaaa);
	if (host->alias) {
		knot_dname_txt_storage_t end;
		assert_non_null(knot_dname_to_str(end, host->end, sizeof(end)));
		at += snprintf(out + at, room - at, " at %s %u", end, host->ttl);
	}
	if (host->proxy_name) {
		(void)snprintf(out + at, room - at, " proxy");
	}
}

typedef struct {
	const char *zone;
	const char *name;
	const char *expected;
	const char *hidden;
} case_t;

static void check(const case_t *cases, size_t count)
{
	size_t wrong = 0;
	for (size_t i = 0; i < count; i++) {
		const case_t *c = &cases[i];
		test_policy_t test;
		test_policy_init(&test, ORIGIN, NULL);
		view_t view = { zone_new(ORIGIN, c->zone), 0, c->hidden };
		knot_dname_storage_t name;
		test_name(name, c->name, view.zone->apex);
		host_t host;
		char text[1024];
		host_find(&test.policy, look, &view, name, &host);
		say(text, sizeof(text), &host);
		if (strcmp(text, c->expected) != 0) {
			print_error("%s\n%s-- expected --\n%s\n-- got --\n%s\n\n", c->name, c->zone,
			            c->expected, text);
			wrong++;
		}
		assert_true(host.alias || knot_dname_is_equal(host.end, name));
		assert_true((host.state == HOST_FOUND) ==
		            (!knot_rrset_empty(&host.a) || !knot_rrset_empty(&host.aaaa)));
		zone_free(view.zone);
		test_policy_clear(&test);
	}
	assert_int_equal(wrong, 0);
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof(*(cases)))

static void test_nodes(void **state)
{
	(void)state;
	static const case_t cases[] = {
		{ "a A 192.0.2.1\n", "a", "found 192.0.2.1", NULL },
		{ "a AAAA 2001:db8::1\n", "a", "found 2001:db8::1", NULL },
		{ "a A 192.0.2.1\na A 192.0.2.2\na AAAA 2001:db8::1\n", "a",
		  "found 192.0.2.1 192.0.2.2 2001:db8::1", NULL },
		{ "@ A 192.0.2.1\n", "@", "found 192.0.2.1", NULL },
		{ "a TXT x\n", "a", "none", NULL },
		{ "x.a A 192.0.2.1\n", "a", "none", NULL },
		{ "", "a", "none", NULL },
		{ "", "a.b.c", "none", NULL },
		{ "a A 192.0.2.1\n", "x.a", "none", NULL },
		{ "A A 192.0.2.1\n", "a", "found 192.0.2.1", NULL },
		{ "", "a.example.org.", "unknown", NULL },
		{ "", "com.", "unknown", NULL },
		{ "", "example.org.", "unknown", NULL },
		{ "", ".", "unknown", NULL },
		{ "*.w A 192.0.2.1\n", "*.w", "found 192.0.2.1", NULL },
	};
	CHECK(cases);
}

static void test_wildcards(void **state)
{
	(void)state;
	static const case_t cases[] = {
		{ "*.w A 192.0.2.1\n", "x.w", "found 192.0.2.1", NULL },
		{ "*.w A 192.0.2.1\n", "y.x.w", "found 192.0.2.1", NULL },
		{ "*.w A 192.0.2.1\n", "w", "none", NULL },
		{ "* A 192.0.2.1\n", "x", "found 192.0.2.1", NULL },
		{ "* A 192.0.2.1\n", "@", "none", NULL },
		/* The closest encloser's only (RFC 4592 3.3.1). */
		{ "* A 192.0.2.1\nw TXT x\n", "x.w", "none", NULL },
		{ "* A 192.0.2.1\ny.w TXT x\n", "x.w", "none", NULL },
		{ "* A 192.0.2.1\n*.w A 192.0.2.2\n", "x.w", "found 192.0.2.2", NULL },
		{ "*.w A 192.0.2.1\nx.w TXT x\n", "x.w", "none", NULL },
		{ "*.w A 192.0.2.1\nz.x.w TXT x\n", "x.w", "none", NULL },
		{ "*.w A 192.0.2.1\nz.x.w TXT x\n", "y.x.w", "none", NULL },
		/* A wildcard is a node: there is none below it. */
		{ "*.w A 192.0.2.1\n", "x.*.w", "none", NULL },
		{ "*.*.w A 192.0.2.1\n", "x.*.w", "found 192.0.2.1", NULL },
		{ "*.*.w A 192.0.2.1\n", "x.w", "none", NULL },
		{ "*.w TXT x\n", "x.w", "none", NULL },
		{ "*.w CNAME a\na A 192.0.2.1\n", "x.w",
		  "found 192.0.2.1 at a.example.com. 3600", NULL },
		{ "*.w CNAME x.v\n*.v A 192.0.2.1\n", "x.w",
		  "found 192.0.2.1 at x.v.example.com. 3600", NULL },
		{ "*.w CNAME y.w\n", "x.w", "unknown at y.w.example.com. 3600", NULL },
	};
	CHECK(cases);
}

static void test_delegations(void **state)
{
	(void)state;
	static const case_t cases[] = {
		{ "d NS ns.example.org.\n", "d", "unknown", NULL },
		{ "d NS ns.example.org.\n", "x.y.d", "unknown", NULL },
		{ "d NS ns.d\nns.d A 192.0.2.1\n", "ns.d", "found 192.0.2.1", NULL },
		{ "d NS ns.d\nns.d AAAA 2001:db8::1\n", "x.ns.d", "unknown", NULL },
		{ "d NS d\nd A 192.0.2.1\n", "d", "found 192.0.2.1", NULL },
		{ "d NS ns.d\nns.d A 192.0.2.1\n", "x.d", "unknown", NULL },
		{ "a.d NS ns.example.org.\n", "d", "none", NULL },
		{ "a.d NS ns.example.org.\n", "x.d", "none", NULL },
		{ "*.d A 192.0.2.1\na.d NS ns.example.org.\n", "x.d", "found 192.0.2.1", NULL },
		{ "*.d A 192.0.2.1\na.d NS ns.example.org.\n", "x.a.d", "unknown", NULL },
		{ "a CNAME x.d\nd NS ns.d\n", "a", "unknown at x.d.example.com. 3600", NULL },
		{ "a CNAME ns.d\nd NS ns.d\nns.d A 192.0.2.1\n", "a",
		  "found 192.0.2.1 at ns.d.example.com. 3600", NULL },
		/* The NS of the apex are none. */
		{ "@ NS ns\nns A 192.0.2.1\n", "ns", "found 192.0.2.1", NULL },
	};
	CHECK(cases);
}

static void test_aliases(void **state)
{
	(void)state;
	static const case_t cases[] = {
		{ "a CNAME b\nb A 192.0.2.1\n", "a",
		  "found 192.0.2.1 at b.example.com. 3600", NULL },
		{ "a 60 CNAME b\nb 30 CNAME c\nc 10 A 192.0.2.1\n", "a",
		  "found 192.0.2.1 at c.example.com. 30", NULL },
		{ "a 20 CNAME b\nb 30 CNAME c\nc AAAA 2001:db8::1\n", "a",
		  "found 2001:db8::1 at c.example.com. 20", NULL },
		{ "a 0 CNAME b\nb 30 CNAME c\n", "a", "none at c.example.com. 0", NULL },
		{ "a CNAME b\n", "a", "none at b.example.com. 3600", NULL },
		{ "a CNAME b\nb TXT x\n", "a", "none at b.example.com. 3600", NULL },
		{ "a CNAME x.example.org.\n", "a", "unknown at x.example.org. 3600", NULL },
		{ "a CNAME @\n@ A 192.0.2.1\n", "a", "found 192.0.2.1 at example.com. 3600", NULL },
		{ "a CNAME X.CDN.Example.NET.\n", "a",
		  "unknown at x.cdn.example.net. 3600 proxy", NULL },
		{ "a CNAME cdn.example.net.\n", "a",
		  "unknown at cdn.example.net. 3600 proxy", NULL },
		{ "a CNAME xcdn.example.net.\n", "a", "unknown at xcdn.example.net. 3600", NULL },
		{ "a CNAME b\nb 5 CNAME cdn.example.net.\n", "a",
		  "unknown at cdn.example.net. 5 proxy", NULL },
		/* Loops. */
		{ "a CNAME a\n", "a", "unknown at a.example.com. 3600", NULL },
		{ "a CNAME b\nb CNAME a\n", "a", "unknown at b.example.com. 3600", NULL },
		/* DNAME: below it, not at it. */
		{ "d DNAME e\nx.e A 192.0.2.1\n", "x.d", "found 192.0.2.1 at x.e.example.com. 3600",
		  NULL },
		{ "d 9 DNAME e\nx.y.e A 192.0.2.1\n", "x.y.d",
		  "found 192.0.2.1 at x.y.e.example.com. 9", NULL },
		{ "d DNAME e\nd A 192.0.2.1\n", "d", "found 192.0.2.1", NULL },
		{ "d DNAME e\n", "x.d", "none at x.e.example.com. 3600", NULL },
		{ "d DNAME cdn.example.net.\n", "x.d",
		  "unknown at x.cdn.example.net. 3600 proxy", NULL },
		{ "d DNAME example.org.\n", "x.d", "unknown at x.example.org. 3600", NULL },
		{ "@ DNAME example.org.\n", "x", "unknown at x.example.org. 3600", NULL },
		{ "d DNAME e\ne DNAME f\nx.f A 192.0.2.1\n", "x.d",
		  "found 192.0.2.1 at x.f.example.com. 3600", NULL },
		{ "d DNAME d\n", "x.d", "unknown at x.d.example.com. 3600", NULL },
	};
	CHECK(cases);
}

/* What can't be looked up. */
static void test_blind(void **state)
{
	(void)state;
	static const case_t cases[] = {
		{ "a A 192.0.2.1\n", "a", "blind", "a" },
		{ "x.a A 192.0.2.1\n", "x.a", "blind", "a" },
		{ "a CNAME b\n", "a", "blind at b.example.com. 3600", "b" },
		{ "*.w A 192.0.2.1\n", "x.w", "blind", "*.w" },
		{ "a A 192.0.2.1\n", "a", "found 192.0.2.1", "b" },
		{ "a A 192.0.2.1\n", "x.a.example.org.", "unknown", "a" },
	};
	CHECK(cases);
}

/* Where only the apex can be seen, all else is unknown to be there or not. */
static void test_apex_only(void **state)
{
	(void)state;
	test_policy_t test;
	host_t host;
	knot_dname_storage_t name;
	test_policy_init(&test, ORIGIN, NULL);
	test_zone_t *zone = zone_new(ORIGIN, "@ A 192.0.2.1\na A 192.0.2.2\n");
	host_find(&test.policy, zone_lookup_apex, zone, zone->apex, &host);
	assert_int_equal(host.state, HOST_FOUND);
	test_name(name, "a", zone->apex);
	host_find(&test.policy, zone_lookup_apex, zone, name, &host);
	assert_int_equal(host.state, HOST_BLIND);
	assert_true(knot_rrset_empty(&host.a));
	assert_false(host.alias);
	zone_free(zone);
	test_policy_clear(&test);
}

/* Chains end after HOST_ALIAS_MAX links, and no search takes more than its share of look-ups. */
static void test_bounds(void **state)
{
	(void)state;
	for (int links = 1; links <= HOST_ALIAS_MAX + 3; links++) {
		char text[8192] = "";
		size_t at = 0;
		for (int i = 0; i < links; i++) {
			at += snprintf(text + at, sizeof(text) - at, "a%d CNAME a%d\n", i, i + 1);
		}
		(void)snprintf(text + at, sizeof(text) - at, "a%d A 192.0.2.1\n", links);
		test_policy_t test;
		host_t host;
		knot_dname_storage_t name;
		test_policy_init(&test, ORIGIN, NULL);
		view_t view = { zone_new(ORIGIN, text), 0, NULL };
		test_name(name, "a0", view.zone->apex);
		host_find(&test.policy, look, &view, name, &host);
		assert_int_equal(host.state, links <= HOST_ALIAS_MAX ? HOST_FOUND : HOST_UNKNOWN);
		assert_true(host.alias);
		assert_true(view.calls <= (HOST_ALIAS_MAX + 1) * 5);
		zone_free(view.zone);
		test_policy_clear(&test);
	}
}

/* A name of 255 octets and as many labels as fit: at a node, by a wildcard, through a DNAME that
 * makes it grow. */
static void test_long(void **state)
{
	(void)state;
	knot_dname_storage_t name, apex;
	test_name(apex, ORIGIN, (const knot_dname_t *)"");
	size_t labels = (KNOT_DNAME_MAXLEN - knot_dname_size(apex)) / 2;
	for (size_t i = 0; i < labels; i++) {
		memcpy(name + 2 * i, "\1d", 2);
	}
	memcpy(name + 2 * labels, apex, knot_dname_size(apex));
	assert_true(knot_dname_size(name) >= KNOT_DNAME_MAXLEN - 1);

	static const struct {
		const char *zone;
		host_state_t state;
		bool alias;
	} cases[] = {
		{ "", HOST_NONE, false },
		{ "* A 192.0.2.1\n", HOST_FOUND, false },
		{ "*.d A 192.0.2.1\n", HOST_FOUND, false },
		{ "d NS ns.example.org.\n", HOST_UNKNOWN, false },
		{ "* CNAME a\na A 192.0.2.1\n", HOST_FOUND, true },
		{ "d DNAME e\n* A 192.0.2.1\n", HOST_FOUND, true },
		/* Too long then (YXDOMAIN, RFC 6672 2.2): it has certainly none. */
		{ "d DNAME ee.ee\n* A 192.0.2.1\n", HOST_NONE, false },
		{ "d DNAME d.d\n", HOST_NONE, false },
		{ "d DNAME d.d\nd A 192.0.2.1\n", HOST_NONE, false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		test_policy_t test;
		host_t host;
		test_policy_init(&test, ORIGIN, NULL);
		view_t view = { zone_new(ORIGIN, cases[i].zone), 0, NULL };
		host_find(&test.policy, look, &view, name, &host);
		assert_int_equal(host.state, cases[i].state);
		assert_int_equal(host.alias, cases[i].alias);
		assert_true(view.calls <= 140);
		zone_free(view.zone);
		test_policy_clear(&test);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_wildcards),
		cmocka_unit_test(test_delegations),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_blind),
		cmocka_unit_test(test_apex_only),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
