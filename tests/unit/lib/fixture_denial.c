/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Everything that may be asked of a signed zone, and what a cache makes of it.
 */

#undef NDEBUG

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/missing.h"
#include "tests/unit/lib/resolver_cache.h"
#include "tests/unit/lib/fixture_denial.h"
#include "tests/unit/lib/memory.h"

#define ORIGIN     "example.com."
#define FAULTS_MAX 4
#define ITEMS_MAX  64

static const uint16_t types[] = {
	KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA, KNOT_RRTYPE_MX, KNOT_RRTYPE_TXT, KNOT_RRTYPE_SRV,
	KNOT_RRTYPE_CNAME, KNOT_RRTYPE_DS, KNOT_RRTYPE_NSEC, KNOT_RRTYPE_HTTPS, KNOT_RRTYPE_ANY,
};
enum { TYPES = sizeof(types) / sizeof(*types) };

void fixture_denial_init(fixture_denial_t *fixture, const char *zone, const char *options,
                         denial_kind_t how, const char *salt, nsec3_hash_f hash, bool blind)
{
	test_policy_init(&fixture->test, ORIGIN, options);
	fixture->zone = signed_zone_new(zone_new(ORIGIN, zone), how, salt, hash);
	fixture->lookup = blind ? zone_lookup_apex : zone_lookup;
	fixture->text = zone;
	fixture->options = options != NULL ? options : "";
}

void fixture_denial_clear(fixture_denial_t *fixture)
{
	signed_zone_free(fixture->zone);
	test_policy_clear(&fixture->test);
}

typedef struct {
	const fixture_denial_t *fixture;
	random_names_t names;
	cache_t cache;
	size_t faults;
} ask_t;

/* Line by line: cmocka shortens long messages. */
static void print_zone(const char *text)
{
	while (*text != '\0') {
		int length = strcspn(text, "\n");
		print_error("%.*s\n", length, text);
		text += length + (text[length] == '\n');
	}
}

static bool complain(ask_t *ask, const knot_dname_t *name, uint16_t type, const char *what)
{
	static const char *const how[] = { "NSEC", "NSEC3", "opt-out" };
	const fixture_denial_t *fixture = ask->fixture;
	knot_dname_txt_storage_t text;
	if (ask->faults++ == 0) {
		print_zone(fixture->text);
		print_error("-- %s; %s%s\n", fixture->options, how[fixture->zone->how],
		            fixture->lookup == zone_lookup ? "" : ", blind");
	}
	if (ask->faults > FAULTS_MAX) {
		return false;
	}
	(void)knot_dname_to_str(text, name, sizeof(text));
	print_error("%s TYPE%u: %s\n", text, type, what);
	return true;
}

static void complain_of(ask_t *ask, const knot_dname_t *name, uint16_t type, const char *what)
{
	if (complain(ask, name, type, what)) {
		char query[2 * KNOT_DNAME_TXT_MAXLEN], text[TEXT_MAX];
		knot_dname_txt_storage_t qname;
		(void)knot_dname_to_str(qname, name, sizeof(qname));
		(void)snprintf(query, sizeof(query), "%s TYPE%u", qname, type);
		fixture_denial_text(text, ask->fixture, query);
		print_error("%s\n", text);
	}
}

static int judge(const fixture_denial_t *fixture, const test_reply_t *reply,
                 policy_response_t *response, policy_verdict_t *verdict, knot_mm_t *mm)
{
	return (reply->referral ? policy_judge_referral : policy_judge)(
		&fixture->test.policy, fixture->lookup, fixture->zone->zone, response, verdict, mm);
}

/* Memory that fails one time after the other: an error, or the same verdict. */
static const char *check_failing(const fixture_denial_t *fixture, const test_reply_t *reply,
                                 policy_response_t *response, const shown_response_t *good)
{
	policy_verdict_t verdict;
	knot_mm_t *mm = memory_start(0, false);
	int ret = judge(fixture, reply, response, &verdict, mm);
	policy_verdict_clear(response, &verdict);
	size_t calls = memory_calls(), live = memory_live();
	for (size_t i = 0; i < 2 * calls && ret == KNOT_EOK && live == 0; i++) {
		mm = memory_start(i / 2 + 1, i % 2 == 1);
		ret = judge(fixture, reply, response, &verdict, mm);
		shown_response_t shown;
		validator_show(&shown, fixture->zone->zone->apex, response, &verdict);
		bool same = shown.count == good->count;
		for (size_t j = 0; j < shown.count && same; j++) {
			same = knot_rdataset_eq(&shown.at[j].rrset->rrs, &good->at[j].rrset->rrs) &&
			       knot_dname_is_equal(shown.at[j].owner, good->at[j].owner);
		}
		policy_verdict_clear(response, &verdict);
		live = memory_live();
		if (!memory_failed() || (ret == KNOT_EOK && !same)) {
			return "another verdict without memory";
		}
		ret = ret == KNOT_ENOMEM ? KNOT_EOK : ret;
	}
	return ret != KNOT_EOK ? "an error" : live != 0 ? "a leak" : NULL;
}

/* What does not look wrong is not judged by the module. */
static bool is_suspected(const fixture_denial_t *fixture, const test_reply_t *reply)
{
	const policy_t *policy = &fixture->test.policy;
	knot_rrset_t rrsets[reply->count + 1];
	for (size_t i = 0; i < reply->count; i++) {
		rrsets[i] = reply->at[i].rrset;
	}
	return policy_suspects_denial(policy, zone_lookup, fixture->zone->zone, rrsets,
	                              reply->count) ||
	       (!reply->referral && policy_suspects(policy, zone_lookup, fixture->zone->zone,
	                                             reply->qname, rrsets, reply->count));
}

static bool is_dnssec(uint16_t type)
{
	return type == KNOT_RRTYPE_RRSIG || type == KNOT_RRTYPE_NSEC || type == KNOT_RRTYPE_NSEC3;
}

/* The other RRsets of a repaired response. */
static size_t plain(const policy_response_t *response, const policy_verdict_t *verdict,
                    policy_item_t *out)
{
	policy_item_t items[ITEMS_MAX + POLICY_ADD_MAX];
	policy_response_t result = repaired(response, verdict, items);
	size_t count = 0;
	for (size_t i = 0; i < result.count; i++) {
		if (!is_dnssec(items[i].rrset->type)) {
			out[count++] = items[i];
		}
	}
	return count;
}

/* A client that does not validate gets the same data, unless that is proofs. */
static const char *check_plain(const fixture_denial_t *fixture, const test_reply_t *reply,
                               const policy_response_t *response, const policy_verdict_t *verdict)
{
	policy_item_t copy[ITEMS_MAX], a[ITEMS_MAX + POLICY_ADD_MAX], b[ITEMS_MAX + POLICY_ADD_MAX];
	policy_response_t other = reply_response(reply, copy, reply->count);
	policy_verdict_t second;
	int ret = judge(fixture, reply, &other, &second, NULL);
	size_t count = plain(response, verdict, a);
	bool same = ret == KNOT_EOK && plain(&other, &second, b) == count &&
	            second.noerror == verdict->noerror && second.rules == verdict->rules &&
	            second.actions == verdict->actions;
	for (size_t i = 0; i < count && same; i++) {
		same = a[i].section == b[i].section && a[i].rrset->type == b[i].rrset->type &&
		       knot_dname_is_equal(a[i].owner, b[i].owner) &&
		       knot_rdataset_eq(&a[i].rrset->rrs, &b[i].rrset->rrs);
	}
	policy_verdict_clear(&other, &second);
	return same || reply->qtype == KNOT_RRTYPE_NSEC ? NULL : "other data than without DNSSEC";
}

static const char *check_ttls(const fixture_denial_t *fixture, const policy_response_t *response,
                              const policy_verdict_t *verdict)
{
	uint32_t limit = fixture->test.policy.ttl;
	bool good = true;
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		good &= item->edit != EDIT_REPLACE ||
		        (item->with->ttl <= limit && item->with->ttl <= item->rrset->ttl);
	}
	for (size_t i = 0; i < verdict->add_count; i++) {
		good &= verdict->add[i].rrset->ttl <= limit;
	}
	return good ? NULL : "a TTL above the limit";
}

static void check_response(ask_t *ask, const test_reply_t *reply, bool memory)
{
	const fixture_denial_t *fixture = ask->fixture;
	const knot_dname_t *apex = fixture->zone->zone->apex;
	policy_item_t items[ITEMS_MAX];
	assert(reply->count <= ITEMS_MAX);
	policy_response_t response = reply_response(reply, items, reply->count);
	response.hash = fixture->zone->hash;
	static shown_response_t shown;
	validator_show(&shown, apex, &response, NULL);
	const char *wrong = validator_check(&shown);
	if (wrong != NULL) {
		/* knotd does not prove that it has expanded a wildcard where one was asked for,
		 * or the record itself that would show it; and below a name that is opted out
		 * it can't. */
		if (!knot_dname_is_wildcard(reply->qname) && reply->qtype != KNOT_RRTYPE_NSEC &&
		    fixture->zone->how != DENIAL_OPT_OUT) {
			complain_of(ask, reply->qname, reply->qtype, wrong);
		}
		return;
	}
	policy_verdict_t verdict;
	int ret = judge(fixture, reply, &response, &verdict, NULL);
	validator_show(&shown, apex, &response, &verdict);
	wrong = ret != KNOT_EOK ? "an error" : validator_check(&shown);
	if (wrong == NULL && (verdict.changes || verdict.rules != 0) &&
	    !is_suspected(fixture, reply)) {
		wrong = "judged, but not suspected";
	}
	wrong = wrong != NULL ? wrong : check_ttls(fixture, &response, &verdict);
	wrong = wrong != NULL ? wrong : check_plain(fixture, reply, &response, &verdict);
	if (wrong != NULL) {
		complain_of(ask, reply->qname, reply->qtype, wrong);
	} else if (!verdict.unknown) {
		cache_keep(&ask->cache, &shown);
	}
	if (memory) {
		policy_item_t again[ITEMS_MAX];
		policy_response_t copy = reply_response(reply, again, reply->count);
		copy.hash = response.hash;
		wrong = check_failing(fixture, reply, &copy, &shown);
		if (wrong != NULL) {
			complain_of(ask, reply->qname, reply->qtype, wrong);
		}
	}
	policy_verdict_clear(&response, &verdict);
}

/* A name, names below it and next to it, and those above. */
static void add_names(random_names_t *names, const knot_dname_t *name, const knot_dname_t *zone)
{
	static const char *const firsts[] = { "\1q", "\1*", "\1z\1q" };
	for (; name_in_zone(name, zone); name += 1 + *name) {
		size_t size = knot_dname_size(name);
		if (!random_names_add(names, name)) {
			return;
		}
		for (size_t i = 0; i < 3 && !knot_dname_is_wildcard(name); i++) {
			knot_dname_storage_t below;
			size_t more = strlen(firsts[i]);
			if (more + size <= sizeof(below)) {
				memcpy(below, firsts[i], more);
				memcpy(below + more, name, size);
				(void)random_names_add(names, below);
			}
		}
		/* After all that is below it. */
		if (*name < KNOT_DNAME_MAXLABELLEN && size < KNOT_DNAME_MAXLEN && *name > 0 &&
		    !knot_dname_is_equal(name, zone)) {
			knot_dname_storage_t after;
			memcpy(after, name, 1 + *name);
			after[0]++;
			after[*after] = '-';
			memcpy(after + 1 + *after, name + 1 + *name, size - 1 - *name);
			(void)random_names_add(names, after);
		}
	}
}

static void add_set(random_names_t *names, const names_t *set, const knot_dname_t *zone)
{
	for (size_t i = 0; i < set->count; i++) {
		add_names(names, set->at[i].name, zone);
	}
}

/* Adds all names of the zone and the policy, and those near them. */
static void collect(random_names_t *names, const fixture_denial_t *fixture)
{
	const policy_t *policy = &fixture->test.policy;
	const test_zone_t *zone = fixture->zone->zone;
	knot_rrset_t mx = node_rrset(&zone->nodes[0], KNOT_RRTYPE_MX);
	add_names(names, policy->exchange, zone->apex);
	for (size_t i = 0; i < zone->count; i++) {
		add_names(names, zone->nodes[i].name, zone->apex);
	}
	for (uint16_t i = 0; i < mx.rrs.count; i++) {
		add_names(names, knot_mx_name(knot_rdataset_at(&mx.rrs, i)), zone->apex);
	}
	add_set(names, &policy->mail_hosts, zone->apex);
	add_set(names, &policy->web_hosts, zone->apex);
}

static void report(void *ctx, const cached_answer_t *answer, const knot_rrset_t *record,
                   const char *what)
{
	ask_t *ask = ctx;
	if (complain(ask, answer->name, answer->truth.type, what) && record != NULL) {
		char text[TEXT_MAX];
		fixture_denial_record_text(text, ask->fixture, record);
		print_error("%s\n", text);
	}
}

size_t fixture_denial_check(const fixture_denial_t *fixture, unsigned memory)
{
	ask_t ask = { .fixture = fixture, .cache = { .zone = fixture->zone } };
	ask.cache.exchange = fixture->test.policy.exchange;
	ask.cache.blind = fixture->lookup == zone_lookup_apex;
	collect(&ask.names, fixture);
	for (size_t i = 0; i < ask.names.count * TYPES; i++) {
		const knot_dname_t *name = ask.names.at[i / TYPES];
		/* With NSEC3, NSEC records are used where there is nothing else, but not shown. */
		if (types[i % TYPES] == KNOT_RRTYPE_NSEC &&
		    (fixture->zone->how != DENIAL_NSEC ||
		     zone_redirects(fixture->zone->zone, name))) {
			continue;
		}
		test_reply_t reply;
		signed_zone_reply(&reply, fixture->zone, name, types[i % TYPES], 0);
		check_response(&ask, &reply, memory != 0 && i % memory == 0);
		reply_clear(&reply);
	}
	cache_check(&ask.cache, report, &ask);
	cache_clear(&ask.cache);
	random_names_clear(&ask.names);
	return ask.faults;
}
