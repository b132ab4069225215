/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Responses that were truncated, that are signed, that have more wrong than is described, that are
 * none of the judge's business.
 */

#undef NDEBUG

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/fixture_policy.h"

#define ORIGIN "example.com."
#define PROXIED4 "104.16.1.2 in 104.16.0.0/13"
#define SIG(type) "RRSIG " type " 13 3 3600 20300101000000 20200101000000 1 example.com. AAAA\n"

/* A policy, a zone and a response to a query. */
typedef struct {
	test_policy_t test;
	test_zone_t *zone;
	test_reply_t reply;
	policy_item_t items[64];
	policy_response_t response;
	policy_verdict_t verdict;
	char text[TEXT_MAX];
} scene_t;

static void set_scene(scene_t *scene, const char *options, const char *zone, const char *name,
                      uint16_t type)
{
	knot_dname_storage_t qname;
	test_policy_init(&scene->test, ORIGIN, options);
	scene->zone = zone_new(ORIGIN, zone);
	test_name(qname, name, scene->zone->apex);
	reply_make(&scene->reply, scene->zone, qname, type, 0);
	assert_true(scene->reply.count <= 60);
	scene->response = reply_response(&scene->reply, scene->items, scene->reply.count);
}

static void clear_scene(scene_t *scene)
{
	policy_verdict_clear(&scene->response, &scene->verdict);
	reply_clear(&scene->reply);
	zone_free(scene->zone);
	test_policy_clear(&scene->test);
}

static const char *judge(scene_t *scene, policy_lookup_f lookup)
{
	assert_int_equal(policy_judge(&scene->test.policy, lookup, scene->zone, &scene->response,
	                              &scene->verdict, NULL), KNOT_EOK);
	verdict_text(scene->text, &scene->test.policy, &scene->response, &scene->verdict);
	return scene->text;
}

/* A response of which so many RRsets are there, judged without looking at other names. */
typedef struct {
	const char *options;
	const char *zone;
	const char *name;
	uint16_t type;
	size_t count;
	const char *expected;
	const char *live;
} cut_case_t;

#define MX KNOT_RRTYPE_MX
#define SHOP "sub MX 10 shop\nshop A 192.0.2.1\nshop AAAA 2606:4700::1\n"

static const cut_case_t cut_cases[] = {
	/* The additional records that would tell are missing: it can't be known. */
	{ NULL, "sub MX 10 shop\nshop A 104.16.1.2\n", "sub", MX, 1, "= unknown",
	  "! proxied-target steered sub MX shop (" PROXIED4 "): mail\nsub 300 MX 10 mail\n"
	  "+ mail 300 A 198.51.100.25\n+ mail 300 AAAA 2001:db8::25\n" },
	{ NULL, "sub MX 10 a\nsub MX 20 b\na A 192.0.2.1\nb A 192.0.2.2\n", "sub", MX, 2,
	  "= unknown", "=" },
	{ NULL, SHOP, "sub", MX, 2, "= unknown",
	  "! proxied-target steered sub MX shop (2606:4700::1 in 2606:4700::/32): mail\n"
	  "sub 300 MX 10 mail\n+ mail 300 A 198.51.100.25\n+ mail 300 AAAA 2001:db8::25\n" },
	{ NULL, "_imap._tcp SRV 0 0 143 b\nb A 192.0.2.2\n", "_imap._tcp", KNOT_RRTYPE_SRV, 1,
	  "= unknown", "=" },
	/* knotd leaves out what has no room and goes on: only AAAA shows that a target has
	 * no more. */
	{ NULL, "sub MX 10 a\nsub MX 20 b\na A 192.0.2.1\nb A 192.0.2.2\nb AAAA 2001:db8::1\n",
	  "sub", MX, 3, "= unknown", "=" },
	{ NULL, "sub MX 10 a\nsub MX 20 mail\na A 192.0.2.1\nmail A 192.0.2.2\n"
	  "mail AAAA 2001:db8::1\n", "sub", MX, 3, "= unknown", "=" },
	{ NULL, "sub MX 10 a\nsub MX 20 mail\na A 192.0.2.1\na AAAA 2001:db8::1\n"
	  "mail A 192.0.2.2\n", "sub", MX, 3, "=", "=" },
	/* Targets that need no look. */
	{ NULL, "sub MX 10 mail\nsub MX 20 mx.example.org.\nmail A 192.0.2.1\n", "sub", MX, 1, "=",
	  "=" },
	{ NULL, "@ MX 10 mx\nmx A 104.16.1.2\n", "@", MX, 1, "=", "=" },
	{ NULL, "_sip._tcp SRV 0 0 5060 b\nb A 104.16.1.2\n", "_sip._tcp", KNOT_RRTYPE_SRV, 1, "=",
	  "=" },
	/* What is there is judged. */
	{ NULL, "@ MX 10 mx\n@ MX 20 my\nmx A 104.16.1.2\nmy A 104.16.1.2\n", "@", MX, 2,
	  "! proxied-host replaced mx A (" PROXIED4 "): 198.51.100.25\n"
	  "@ 3600 MX 10 mx\n@ 3600 MX 20 my\n+ mx 300 A 198.51.100.25\n",
	  "! proxied-host replaced mx A (" PROXIED4 "): 198.51.100.25\n"
	  "@ 3600 MX 10 mx\n@ 3600 MX 20 my\n+ mx 300 A 198.51.100.25\n" },
	{ "mail-host mx", "mx CNAME www\nwww A 104.16.1.2\n", "mx", KNOT_RRTYPE_A, 1,
	  "! proxied-alias replaced mx A www: 198.51.100.25\nmx 300 A 198.51.100.25\n",
	  "! proxied-alias replaced mx A www (" PROXIED4 "): 198.51.100.25\n"
	  "mx 300 A 198.51.100.25\n" },
	/* Nothing is made of what may only have had no room. */
	{ NULL, "smtp CNAME mail\nmail A 192.0.2.1\n", "smtp", KNOT_RRTYPE_A, 1, "=", "=" },
	{ NULL, "mail A 192.0.2.1\n", "mail", KNOT_RRTYPE_A, 0, "=", "=" },
	{ NULL, "mail CNAME b\nb A 192.0.2.1\n", "mail", KNOT_RRTYPE_A, 1, "=", "=" },
};

static void test_cut(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof(cut_cases) / sizeof(*cut_cases); i++) {
		const cut_case_t *c = &cut_cases[i];
		for (int blind = 0; blind <= 1; blind++) {
			const char *expected = blind ? c->expected : c->live;
			scene_t scene;
			set_scene(&scene, c->options, c->zone, c->name, c->type);
			scene.response.count = c->count;
			scene.response.complete = false;
			scene.response.additional_complete = false;
			if (strcmp(judge(&scene, blind ? zone_lookup_apex : zone_lookup),
			           expected) != 0) {
				print_error("%s TYPE%u%s\n%s-- expected --\n%s\n-- got --\n%s\n",
				            c->name, c->type, blind ? " (blind)" : "", c->zone,
				            expected, scene.text);
				wrong++;
			}
			check_verdict(&scene.test.policy, blind ? zone_lookup_apex : zone_lookup,
			              scene.zone, &scene.response, &scene.verdict);
			clear_scene(&scene);
		}
	}
	assert_int_equal(wrong, 0);
}

/* Room was left for more, but not for the addresses of a large RRset: what can be
 * looked up counts. */
static void test_large_left_out(void **state)
{
	(void)state;
	static const struct {
		const char *zone;
		const char *expected; /* Of MX and A alone. */
	} cases[] = {
		{ "sub MX 10 a\na A 192.0.2.1\na AAAA 2606:4700::1\n",
		  "! proxied-target steered sub MX a (2606:4700::1 in 2606:4700::/32): mail\n"
		  "sub 300 MX 10 mail\n+ mail 300 A 198.51.100.25\n"
		  "+ mail 300 AAAA 2001:db8::25\n" },
		{ "sub MX 10 a\n* A 192.0.2.1\n* AAAA 2606:4700::1\n",
		  "! proxied-target steered sub MX a (2606:4700::1 in 2606:4700::/32): mail\n"
		  "sub 300 MX 10 mail\n+ mail 300 A 198.51.100.25\n"
		  "+ mail 300 AAAA 2001:db8::25\n" },
		{ "sub MX 10 a\na A 192.0.2.1\na AAAA 2001:db8::1\n", "=" },
		{ "sub MX 10 a\na A 192.0.2.1\n", "=" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		scene_t scene;
		set_scene(&scene, NULL, cases[i].zone, "sub", MX);
		scene.response.count = 2;
		assert_string_equal(judge(&scene, zone_lookup), cases[i].expected);
		clear_scene(&scene);
	}
}

/* Puts the RRSIGs of a name into the response. */
static void add_signature(scene_t *scene, const char *name, knot_section_t section)
{
	knot_dname_storage_t owner;
	test_name(owner, name, scene->zone->apex);
	const test_node_t *node = zone_node(scene->zone, owner);
	for (size_t i = 0; i < node->count; i++) {
		if (node->rrsets[i]->type == KNOT_RRTYPE_RRSIG) {
			scene->items[scene->response.count++] = (policy_item_t){
				.rrset = node->rrsets[i],
				.owner = node->name,
				.section = section,
			};
		}
	}
}

static void test_signatures(void **state)
{
	(void)state;
	scene_t scene;

	/* That of what changed goes, that of another owner or section stays. */
	set_scene(&scene, NULL, "@ MX 10 mail\nmail A 104.16.1.2\nmail " SIG("A") "@ " SIG("MX")
	          "mx " SIG("A"), "@", MX);
	add_signature(&scene, "mail", KNOT_ADDITIONAL);
	add_signature(&scene, "@", KNOT_ANSWER);
	add_signature(&scene, "mx", KNOT_ADDITIONAL);
	assert_string_equal(judge(&scene, zone_lookup),
	                    "! proxied-host replaced mail A (" PROXIED4 "): 198.51.100.25\n"
	                    "@ 3600 MX 10 mail\n@ 3600 RRSIG MX\n+ mail 300 A 198.51.100.25\n"
	                    "+ mx 3600 RRSIG A\n");
	clear_scene(&scene);

	/* Signatures of flattened aliases go as well, those of the aliases before them stay. */
	set_scene(&scene, "mail-host mx", "a CNAME mx\nmx CNAME www\nwww A 104.16.1.2\n"
	          "a " SIG("CNAME") "mx " SIG("CNAME") "www " SIG("A"), "a", KNOT_RRTYPE_A);
	add_signature(&scene, "a", KNOT_ANSWER);
	add_signature(&scene, "mx", KNOT_ANSWER);
	add_signature(&scene, "www", KNOT_ANSWER);
	assert_string_equal(judge(&scene, zone_lookup),
	                    "! proxied-alias replaced mx A www (" PROXIED4 "): 198.51.100.25\n"
	                    "a 3600 CNAME mx\na 3600 RRSIG CNAME\nmx 300 A 198.51.100.25\n");
	clear_scene(&scene);
}

/* Additional records that can't be signed are left out, and no finding names what is gone. */
static void test_leave_out(void **state)
{
	(void)state;
	scene_t scene;
	set_scene(&scene, NULL, "@ MX 10 mail\n@ MX 20 mx\nmail A 104.16.1.2\n"
	          "mx A 104.16.1.2\nmx AAAA 2001:db8::1\n", "@", MX);
	(void)judge(&scene, zone_lookup);
	assert_true(scene.verdict.changes);
	assert_false(scene.verdict.answer_changes);

	policy_leave_out_additional(&scene.response, &scene.verdict);
	verdict_text(scene.text, &scene.test.policy, &scene.response, &scene.verdict);
	assert_string_equal(scene.text,
	                    "! proxied-host emptied mail A (" PROXIED4 "): -\n"
	                    "! proxied-host emptied mx A (" PROXIED4 "): -\n"
	                    "@ 3600 MX 10 mail\n@ 3600 MX 20 mx\n+ mx 3600 AAAA 2001:db8::1\n");
	check_verdict(&scene.test.policy, zone_lookup, scene.zone, &scene.response, &scene.verdict);
	clear_scene(&scene);
}

static bool serves_sub(void *ctx, const knot_dname_t *zone)
{
	(void)ctx;
	return knot_dname_is_equal(zone, (const knot_dname_t *)"\x03""sub\x07""example\x03""com");
}

/* Glue of a delegated zone that the server has, too: that zone answers it, by its own policy. */
static void test_child(void **state)
{
	(void)state;
	for (int child = 0; child < 2; child++) {
		scene_t scene;
		set_scene(&scene, NULL, "@ MX 10 mx.sub\n@ MX 20 b.mx\nsub NS ns.sub\n"
		          "mx.sub A 104.16.1.2\nb.mx A 104.16.1.2\n", "@", MX);
		scene.response.serves = child ? serves_sub : NULL;
		assert_string_equal(judge(&scene, zone_lookup), child
			? "! proxied-host emptied mx.sub A (" PROXIED4 "): -\n"
			  "! proxied-host replaced b.mx A (" PROXIED4 "): 198.51.100.25\n"
			  "@ 3600 MX 10 mx.sub\n@ 3600 MX 20 b.mx\n"
			  "+ b.mx 300 A 198.51.100.25\n"
			: "! proxied-host replaced mx.sub A (" PROXIED4 "): 198.51.100.25\n"
			  "! proxied-host replaced b.mx A (" PROXIED4 "): 198.51.100.25\n"
			  "@ 3600 MX 10 mx.sub\n@ 3600 MX 20 b.mx\n"
			  "+ mx.sub 300 A 198.51.100.25\n+ b.mx 300 A 198.51.100.25\n");
		check_verdict(&scene.test.policy, zone_lookup, scene.zone, &scene.response,
		              &scene.verdict);
		clear_scene(&scene);
	}
}

static void test_sign_failure(void **state)
{
	(void)state;
	scene_t scene;
	set_scene(&scene, NULL, "mail A 104.16.1.2\n", "mail", KNOT_RRTYPE_A);
	(void)judge(&scene, zone_lookup);
	assert_int_equal(scene.verdict.rules, 1U << RULE_PROXIED_HOST);

	policy_sign_failure(&scene.response, &scene.verdict, "a cause");
	assert_int_equal(scene.verdict.rules, 1U << RULE_PROXIED_HOST | 1U << RULE_SIGN_FAILURE);
	assert_int_equal(scene.verdict.actions, 1U << ACTION_REPLACED | 1U << ACTION_REFUSED);
	assert_int_equal(scene.verdict.finding_count, 2);
	const finding_t *finding = &scene.verdict.findings[1];
	assert_int_equal(finding->rule, RULE_SIGN_FAILURE);
	assert_int_equal(finding->action, ACTION_REFUSED);
	assert_ptr_equal(finding->owner, scene.response.qname);
	assert_int_equal(finding->type, KNOT_RRTYPE_A);
	assert_string_equal(finding->cause, "a cause");
	assert_int_equal(finding->answer_count, 0);
	clear_scene(&scene);
}

/* Findings that are too many are not described, but none is lost from rules and actions. */
static void test_many_findings(void **state)
{
	(void)state;
	char zone[4096] = "";
	size_t at = 0;
	for (int i = 0; i < POLICY_FINDINGS_MAX; i++) {
		at += snprintf(zone + at, sizeof(zone) - at, "sub MX %d x.cdn.example.net.\n", i);
	}
	(void)snprintf(zone + at, sizeof(zone) - at,
	               "sub MX 100 gone\nsub MX 101 mail\nmail A 104.16.1.2\nmail A 192.0.2.1\n");
	scene_t scene;
	set_scene(&scene, NULL, zone, "sub", MX);
	(void)judge(&scene, zone_lookup);
	assert_int_equal(scene.verdict.finding_count, POLICY_FINDINGS_MAX);
	assert_int_equal(scene.verdict.rules, 1U << RULE_PROXIED_TARGET |
	                 1U << RULE_MISSING_TARGET | 1U << RULE_PROXIED_HOST);
	assert_int_equal(scene.verdict.actions, 1U << ACTION_STEERED | 1U << ACTION_STRIPPED);
	check_verdict(&scene.test.policy, zone_lookup, scene.zone, &scene.response, &scene.verdict);

	/* No room for this one either. */
	policy_sign_failure(&scene.response, &scene.verdict, "a cause");
	assert_int_equal(scene.verdict.finding_count, POLICY_FINDINGS_MAX);
	assert_true(scene.verdict.rules & 1U << RULE_SIGN_FAILURE);
	clear_scene(&scene);
}

/* Only answers and denials are judged. */
static void test_rcodes(void **state)
{
	(void)state;
	static const uint16_t rcodes[] = {
		KNOT_RCODE_FORMERR, KNOT_RCODE_SERVFAIL, KNOT_RCODE_NOTIMPL, KNOT_RCODE_REFUSED,
		KNOT_RCODE_YXDOMAIN, KNOT_RCODE_BADVERS,
	};
	for (size_t i = 0; i < sizeof(rcodes) / sizeof(*rcodes); i++) {
		scene_t scene;
		set_scene(&scene, NULL, "mail A 104.16.1.2\n", "mail", KNOT_RRTYPE_A);
		scene.response.rcode = rcodes[i];
		assert_string_equal(judge(&scene, zone_lookup), "=");
		clear_scene(&scene);
	}
}

/* Responses that cost no more than a look at their addresses. */
static void test_unsuspected(void **state)
{
	(void)state;
	static const struct {
		const char *zone;
		const char *name;
		uint16_t type;
		bool suspected;
	} cases[] = {
		{ "a A 192.0.2.1\n", "a", KNOT_RRTYPE_A, false },
		{ "a A 104.16.1.2\n", "a", KNOT_RRTYPE_A, false },
		{ "www A 104.16.1.2\n@ MX 10 www\n", "www", KNOT_RRTYPE_A, false },
		{ "mail A 104.16.1.2\n", "mail", KNOT_RRTYPE_A, true },
		{ "a A 104.16.1.2\n@ MX 10 a\n", "a", KNOT_RRTYPE_A, true },
		{ "* A 104.16.1.2\n", "a", KNOT_RRTYPE_A, true },
		{ "a AAAA 2001:db8::1\n", "a", KNOT_RRTYPE_AAAA, false },
		{ "a AAAA 2606:4700::1\n@ MX 10 a\n", "a", KNOT_RRTYPE_AAAA, true },
		{ "a TXT x\n", "a", KNOT_RRTYPE_TXT, false },
		{ "", "@", KNOT_RRTYPE_NS, false },
		{ "", "@", KNOT_RRTYPE_DNSKEY, true },
		{ "", "gone", KNOT_RRTYPE_A, false },
		{ "", "x.mail", KNOT_RRTYPE_A, false },
		{ "", "mail", KNOT_RRTYPE_A, true },
		{ "mail A 192.0.2.1\n", "mail", KNOT_RRTYPE_A, false },
		{ "mail A 192.0.2.1\n", "mail", KNOT_RRTYPE_TXT, true },
		{ "mail TXT x\n", "mail", KNOT_RRTYPE_TXT, false },
		{ "a CNAME b\nb A 192.0.2.1\n", "a", KNOT_RRTYPE_A, true },
		{ "a MX 0 .\n", "a", KNOT_RRTYPE_MX, true },
		{ "@ MX 10 b\nb A 192.0.2.1\n", "@", KNOT_RRTYPE_MX, false },
		{ "@ MX 10 b\nb AAAA 2001:db8::1\n", "@", KNOT_RRTYPE_MX, false },
		{ "@ MX 10 b\nb A 192.0.2.1\na MX 10 b\n", "a", KNOT_RRTYPE_MX, false },
		{ "@ MX 10 b\n@ MX 20 c\nb A 192.0.2.1\n", "@", KNOT_RRTYPE_MX, true },
		{ "@ MX 10 b\nb A 104.16.1.2\n", "@", KNOT_RRTYPE_MX, true },
		{ "a MX 10 b\nb A 192.0.2.1\n", "a", KNOT_RRTYPE_MX, true },
		{ "@ MX 10 www\nwww A 192.0.2.1\n", "@", KNOT_RRTYPE_MX, true },
		{ "@ MX 10 mail\nmail A 192.0.2.1\n", "@", KNOT_RRTYPE_MX, false },
		{ "@ MX 10 mail\n* A 192.0.2.1\n", "@", KNOT_RRTYPE_MX, true },
		{ "@ MX 10 *.b\n*.b A 192.0.2.1\n", "@", KNOT_RRTYPE_MX, true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		scene_t scene;
		set_scene(&scene, NULL, cases[i].zone, cases[i].name, cases[i].type);
		knot_rrset_t rrsets[scene.reply.count];
		for (size_t j = 0; j < scene.reply.count; j++) {
			rrsets[j] = scene.reply.at[j].rrset;
		}
		assert_int_equal(policy_suspects(&scene.test.policy, zone_lookup, scene.zone,
		                                 scene.reply.qname, rrsets, scene.reply.count),
		                 cases[i].suspected);
		(void)judge(&scene, zone_lookup);
		clear_scene(&scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_large_left_out),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_leave_out),
		cmocka_unit_test(test_child),
		cmocka_unit_test(test_sign_failure),
		cmocka_unit_test(test_many_findings),
		cmocka_unit_test(test_rcodes),
		cmocka_unit_test(test_unsuspected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
