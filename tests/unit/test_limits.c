/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Work that is bounded: what a limit cuts off is told, what no limit cuts off is judged however
 * large the response is.
 */

#undef NDEBUG

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/fixture_denial.h"

#define UNJUDGED (1U << RULE_UNJUDGED)
#define TEXT     262144

/* A zone of many lines, its policy, and a verdict on one answer of it. */
typedef struct {
	char text[TEXT];
	size_t size;
	test_policy_t test;
	test_zone_t *zone;
	test_reply_t reply;
	policy_item_t *items;
	policy_response_t response;
	policy_verdict_t verdict;
} scene_t;

static scene_t scene;

__attribute__((format(printf, 1, 2)))
static void line(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	scene.size += vsnprintf(scene.text + scene.size, TEXT - scene.size, format, args);
	va_end(args);
	assert(scene.size + 1 < TEXT);
}

static void begin(void)
{
	scene.size = 0;
	scene.text[0] = '\0';
}

static void load(const char *options)
{
	test_policy_init(&scene.test, "example.com.", options);
	scene.zone = zone_new("example.com.", scene.text);
}

static uint32_t judge(const char *name, uint16_t type, policy_lookup_f lookup)
{
	knot_dname_storage_t qname;
	test_name(qname, name, scene.zone->apex);
	reply_make(&scene.reply, scene.zone, qname, type, REPLY_STREAM);
	scene.items = calloc(scene.reply.count + 1, sizeof(*scene.items));
	assert_non_null(scene.items);
	scene.response = reply_response(&scene.reply, scene.items, scene.reply.count);
	assert_int_equal(policy_judge(&scene.test.policy, lookup, scene.zone, &scene.response,
	                              &scene.verdict, NULL), KNOT_EOK);
	return scene.verdict.rules;
}

static void done(void)
{
	policy_verdict_clear(&scene.response, &scene.verdict);
	free(scene.items);
	reply_clear(&scene.reply);
}

static uint32_t rules(const char *name, uint16_t type, policy_lookup_f lookup)
{
	uint32_t found = judge(name, type, lookup);
	done();
	return found;
}

static void unload(void)
{
	zone_free(scene.zone);
	test_policy_clear(&scene.test);
}

/* Of a large MX RRset at the apex, the first targets are guarded. Others are as those of any other
 * name are: not followed to a proxy, but not repaired either. */
static void test_apex_mx(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < POLICY_MX_MAX + 20; i++) {
		line("@ MX %d m%d\nm%d A %s\n", i, i, i,
		     i == 7 || i == POLICY_MX_MAX + 7 ? "104.16.1.2" : "192.0.2.1");
	}
	line("x A 192.0.2.1\ny A 104.16.1.2\nwww A 104.16.1.2\n");
	load(NULL);

	char beyond[16];
	(void)snprintf(beyond, sizeof(beyond), "m%d", POLICY_MX_MAX + 7);
	assert_int_equal(rules("m7", KNOT_RRTYPE_A, zone_lookup), 1U << RULE_PROXIED_HOST);
	assert_int_equal(rules(beyond, KNOT_RRTYPE_A, zone_lookup), UNJUDGED);
	assert_int_equal(rules("y", KNOT_RRTYPE_A, zone_lookup_apex), UNJUDGED);
	assert_int_equal(rules("x", KNOT_RRTYPE_A, zone_lookup), 0);
	assert_int_equal(rules("www", KNOT_RRTYPE_A, zone_lookup), 0);
	/* In the answer with the targets nothing is cut off: both are judged, each in its way. */
	assert_int_equal(judge("@", KNOT_RRTYPE_MX, zone_lookup) & ~UNJUDGED,
	                 1U << RULE_PROXIED_HOST | 1U << RULE_PROXIED_TARGET);
	done();
	unload();

	begin();
	for (int i = 0; i < POLICY_MX_MAX; i++) {
		line("@ MX %d m%d\n", i, i);
	}
	line("y A 104.16.1.2\n");
	load(NULL);
	assert_int_equal(rules("y", KNOT_RRTYPE_A, zone_lookup), 0);
	unload();
}

/* A target of a name, by 14 aliases to a direct address. */
static void long_target(const char *owner, int number, const char *below)
{
	line("%s MX %d c%d-0%s\n", owner, number, number, below);
	for (int i = 0; i < 14; i++) {
		line("c%d-%d%s CNAME c%d-%d%s\n", number, i, below, number, i + 1, below);
	}
	line("c%d-14%s A 192.0.2.1\n", number, below);
}

/* Aliases, labels and targets can be made to need any number of look-ups. */
static void test_lookups(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 20; i++) {
		long_target("sub", i, ".l.l.l.l.l");
	}
	line("one MX 10 c0-0.l.l.l.l.l\n");
	load(NULL);
	assert_int_equal(rules("sub", KNOT_RRTYPE_MX, zone_lookup), UNJUDGED);
	assert_int_equal(rules("one", KNOT_RRTYPE_MX, zone_lookup), 0);
	assert_int_equal(rules("sub", KNOT_RRTYPE_MX, zone_lookup_apex), 0);
	assert_int_equal(scene.verdict.finding_count, 0);
	unload();

	/* A loop needs few. */
	begin();
	for (int i = 0; i < 60; i++) {
		line("sub MX %d a%d\na%d CNAME b%d\nb%d CNAME a%d\n", i, i, i, i, i, i);
	}
	load(NULL);
	assert_int_equal(rules("sub", KNOT_RRTYPE_MX, zone_lookup) & UNJUDGED, 0);
	unload();
}

/* Look-ups that end after so many, and whether they have found an address. */
static int looks_left;
static bool saw_address;

static int look_few(void *ctx, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out)
{
	const test_zone_t *zone = ctx;
	if (looks_left == 0 && !name_equal(owner, zone->apex)) {
		return KNOT_ELIMIT;
	}
	looks_left -= looks_left > 0;
	int ret = zone_lookup(ctx, owner, type, out);
	saw_address |= ret == KNOT_EOK && type == KNOT_RRTYPE_A && out->rrs.count > 0;
	return ret;
}

/* Wherever look-ups end, nothing is taken for missing that is only not known. */
static void test_cut_short(void **state)
{
	(void)state;
	begin();
	line("a.b.c A 192.0.2.1\na.b.c AAAA 2001:db8::1\nx CNAME y.b.c\ny.b.c CNAME a.b.c\n"
	     "d DNAME b.c\n*.w A 192.0.2.1\nsub MX 10 x\nsub MX 20 a.d\nsub MX 30 q.w\n"
	     "mail CNAME a.b.c\n_imap._tcp SRV 0 0 143 x\n@ MX 10 a.b.c\n");
	load("mail-host x y.b.c");
	static const struct {
		const char *name;
		uint16_t type;
	} asked[] = {
		{ "sub", KNOT_RRTYPE_MX }, { "@", KNOT_RRTYPE_MX }, { "mail", KNOT_RRTYPE_A },
		{ "_imap._tcp", KNOT_RRTYPE_SRV }, { "x", KNOT_RRTYPE_AAAA },
	};
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		for (int few = 0; few < 60; few++) {
			looks_left = few;
			assert_int_equal(rules(asked[i].name, asked[i].type, look_few), 0);
		}
	}
	unload();
}

/* A proxied address that was seen before look-ups ended is not passed over. */
static void test_cut_short_proxied(void **state)
{
	(void)state;
	begin();
	line("sub MX 10 x\nx CNAME y.b.c\ny.b.c A 104.16.1.2\ny.b.c AAAA 2001:db8::1\n");
	load(NULL);
	int seen = 0;
	for (int few = 0; few < 20; few++) {
		looks_left = few;
		saw_address = false;
		uint32_t found = rules("sub", KNOT_RRTYPE_MX, look_few);
		assert_int_equal(found, saw_address ? 1U << RULE_PROXIED_ALIAS : 0);
		seen += saw_address;
	}
	assert_true(seen > 0 && seen < 20);
	unload();
}

/* Aliases of web hosts that lead to direct addresses, more than can be followed. */
static void test_web_aliases(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 30; i++) {
		long_target("@", i, ".t");
	}
	load("web-host @ www *");
	assert_int_equal(rules("@", KNOT_RRTYPE_MX, zone_lookup), UNJUDGED);
	unload();
}

/* Large RRsets that are looked up for many targets. */
static void test_addresses(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 40; i++) {
		line("sub MX %d a%d\na%d CNAME many\n", i, i, i);
	}
	for (int i = 0; i < 2000; i++) {
		line("many A 192.0.%d.%d\n", i / 250, i % 250);
	}
	load(NULL);
	assert_int_equal(rules("sub", KNOT_RRTYPE_MX, zone_lookup), UNJUDGED);
	unload();
}

/* A large response is searched in another way than a small one. */
static void test_large(void **state)
{
	(void)state;
	static const uint16_t types[] = { KNOT_RRTYPE_MX, KNOT_RRTYPE_SRV };
	for (size_t type = 0; type < 2; type++) {
		const char *owner = type == 0 ? "sub" : "_imap._tcp";
		begin();
		for (int i = 0; i < 300; i++) {
			line(type == 0 ? "%s MX %d t%d\n" : "%s SRV %d 0 143 t%d\n", owner, i, i);
			/* Every third is behind a proxy, every third of these is in use twice. */
			line("t%d A %s\n", i, i % 3 == 0 ? "104.16.1.2" : "192.0.2.1");
			if (i % 9 == 1) {
				line(type == 0 ? "%s MX %d t%d\n" : "%s SRV %d 0 143 t%d\n", owner,
				     i + 1000, i);
			}
		}
		line("mail A 192.0.2.25\n");
		load(NULL);
		for (int blind = 0; blind < 2; blind++) {
			assert_int_equal(judge(owner, types[type],
			                       blind ? zone_lookup_apex : zone_lookup),
			                 1U << RULE_PROXIED_TARGET);
			check_verdict(&scene.test.policy, blind ? zone_lookup_apex : zone_lookup,
			              scene.zone, &scene.response, &scene.verdict);
			assert_int_equal(scene.items[0].edit, EDIT_REPLACE);
			assert_int_equal(scene.items[0].with->rrs.count, 200 + 1);
			size_t dropped = 0;
			for (size_t i = 1; i < scene.response.count; i++) {
				const policy_item_t *item = &scene.items[i];
				bool proxied = item->rrset->rrs.rdata->data[0] == 104;
				assert_int_equal(item->edit, proxied ? EDIT_DROP : EDIT_KEEP);
				dropped += proxied;
			}
			assert_int_equal(dropped, 100);
			done();
		}
		unload();
	}
}

/* What has no room in a verdict makes it an error. */
static void test_add(void **state)
{
	(void)state;
	begin();
	load(NULL);
	policy_response_t response = { .count = 0 };
	policy_verdict_t verdict;
	judge_t judging = { .policy = &scene.test.policy, .response = &response,
	                    .verdict = &verdict };
	policy_verdict_begin(&verdict, NULL);
	for (int i = 0; i <= POLICY_ADD_MAX; i++) {
		assert_int_equal(judging.error, KNOT_EOK);
		response_add(&judging, KNOT_ANSWER,
		             response_mail_rrset(&judging, scene.zone->apex, 4, 300));
	}
	assert_int_equal(judging.error, KNOT_ESPACE);
	assert_int_equal(verdict.add_count, POLICY_ADD_MAX);
	policy_verdict_clear(&response, &verdict);
	unload();
}

/* Names that a wildcard answers for, but differently, in one gap of a signed zone. */
static void test_missing(void **state)
{
	(void)state;
	static const char first[] = "mail-host 0 1 2 3 4 5 6 7 8 9 a b c d e f g h i j";
	for (int many = 0; many < 2; many++) {
		begin();
		line("* A 104.16.1.2\nwww A 104.16.1.2\n");
		for (int i = 0; i < 20 && many; i++) {
			line("@ MX 10 h%d\n", i);
		}
		for (int how = 0; how < DENIAL_COUNT; how++) {
			fixture_denial_t fixture;
			fixture_denial_init(&fixture, scene.text, first, how, "salt", NULL,
			                    false);
			test_reply_t reply;
			knot_dname_storage_t qname;
			test_name(qname, "nobody", fixture.zone->zone->apex);
			signed_zone_reply(&reply, fixture.zone, qname, KNOT_RRTYPE_TXT, 0);
			policy_item_t items[reply.count + 1];
			policy_response_t response = reply_response(&reply, items, reply.count);
			response.hash = fixture.zone->hash;
			policy_verdict_t verdict;
			assert_int_equal(policy_judge(&fixture.test.policy, fixture.lookup,
			                              fixture.zone->zone, &response, &verdict,
			                              NULL), KNOT_EOK);
			assert_int_equal(verdict.rules, many ? UNJUDGED : 0);
			policy_verdict_clear(&response, &verdict);
			reply_clear(&reply);
			fixture_denial_clear(&fixture);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apex_mx),
		cmocka_unit_test(test_lookups),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_web_aliases),
		cmocka_unit_test(test_cut_short_proxied),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
