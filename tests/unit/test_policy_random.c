/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Random zones: what holds for every verdict, and mail followed as a mail server would follow it,
 * with a cache that forgets nothing.
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

#include "policy/host.h"
#include "tests/unit/lib/fixture_policy.h"
#include "tests/unit/lib/random.h"

#define ORIGIN "example.com."
#define ZONES  400
#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

/* Those that a mail server asks for come first. */
#define MAIL_TYPES 3
static const uint16_t types[] = {
	KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA, KNOT_RRTYPE_MX, KNOT_RRTYPE_SRV, KNOT_RRTYPE_CNAME,
	KNOT_RRTYPE_TXT, KNOT_RRTYPE_ANY, KNOT_RRTYPE_NS, KNOT_RRTYPE_HTTPS, KNOT_RRTYPE_DNAME,
};

typedef struct {
	random_zone_t random;
	test_policy_t test;
	test_zone_t *zone;
	random_names_t names;
} scene_t;

static void set_scene(scene_t *scene, uint64_t seed)
{
	random_zone(&scene->random, seed);
	test_policy_init(&scene->test, ORIGIN, scene->random.options);
	scene->zone = zone_new(ORIGIN, scene->random.zone);
	random_names(&scene->names, scene->zone);
	(void)random_names_add(&scene->names, scene->test.policy.exchange);
}

static void clear_scene(scene_t *scene)
{
	random_names_clear(&scene->names);
	zone_free(scene->zone);
	test_policy_clear(&scene->test);
}

/* Whole responses, and every shorter one; some without memory. */
static void judge(const scene_t *scene, policy_lookup_f lookup, const test_reply_t *reply,
                  bool memory)
{
	policy_item_t items[reply->count + 1];
	policy_response_t response = reply_response(reply, items, reply->count);
	for (size_t count = reply->count + 1; count-- > 0;) {
		policy_verdict_t verdict;
		response.count = count;
		response.complete = count == reply->count;
		response.additional_complete = response.complete;
		int ret = policy_judge(&scene->test.policy, lookup, scene->zone, &response,
		                       &verdict, NULL);
		assert_int_equal(ret, KNOT_EOK);
		check_verdict(&scene->test.policy, lookup, scene->zone, &response, &verdict);
		policy_verdict_clear(&response, &verdict);
		if (memory) {
			check_memory(&scene->test.policy, lookup, scene->zone, &response);
		}
	}
}

static void test_verdicts(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < ZONES; seed++) {
		scene_t scene;
		set_scene(&scene, seed);
		for (size_t i = 0; i < scene.names.count * LENGTH(types); i++) {
			test_reply_t reply;
			reply_make(&reply, scene.zone, scene.names.at[i / LENGTH(types)],
			           types[i % LENGTH(types)], (seed + i) % 2 == 0 ? REPLY_ALL : 0);
			if (!reply.referral) {
				judge(&scene, zone_lookup, &reply, (seed + i) % 16 == 0);
				judge(&scene, zone_lookup_apex, &reply, (seed + i) % 16 == 1);
			}
			reply_clear(&reply);
		}
		clear_scene(&scene);
	}
}

/* A mail server, with all that any order of queries may have left in its cache. */
typedef struct {
	const scene_t *scene;
	policy_lookup_f lookup;
	random_names_t hosts;  /* Names that mail is sent to: targets, and where aliases lead. */
	random_names_t denied; /* NXDOMAIN. */
	knot_rrset_t apex_mx;
	knot_rrset_t **seen;
	size_t count;
	size_t bad;
} client_t;

static bool is_blind(const client_t *client)
{
	return client->lookup == zone_lookup_apex;
}

static void complain(client_t *client, const knot_dname_t *owner, uint16_t type, const char *what)
{
	knot_dname_txt_storage_t name;
	(void)knot_dname_to_str(name, owner, sizeof(name));
	if (client->bad++ == 0) {
		print_error("%s\n%s\n", client->scene->random.zone, client->scene->random.options);
	}
	print_error("%s TYPE%u%s: %s\n", name, type, is_blind(client) ? " (blind)" : "", what);
}

static void keep(client_t *client, const policy_item_t *item)
{
	for (size_t i = 0; i < client->count; i++) {
		const knot_rrset_t *seen = client->seen[i];
		if (seen->type == item->rrset->type &&
		    knot_dname_is_equal(seen->owner, item->owner) &&
		    knot_rdataset_eq(&seen->rrs, &item->rrset->rrs)) {
			return;
		}
	}
	knot_rrset_t rrset = *item->rrset;
	rrset.owner = (knot_dname_t *)item->owner;
	client->seen = realloc(client->seen, (client->count + 1) * sizeof(*client->seen));
	assert(client->seen != NULL);
	client->seen[client->count] = knot_rrset_copy(&rrset, NULL);
	assert(client->seen[client->count] != NULL);
	client->count++;
}

/* Asks, and keeps what is answered in any section. */
static void ask(client_t *client, const knot_dname_t *name, uint16_t type)
{
	const scene_t *scene = client->scene;
	test_reply_t reply;
	reply_make(&reply, scene->zone, name, type, 0);
	if (!reply.referral) {
		policy_item_t before[reply.count + 1], after[reply.count + POLICY_ADD_MAX];
		policy_response_t response = reply_response(&reply, before, reply.count);
		policy_verdict_t verdict;
		int ret = policy_judge(&scene->test.policy, client->lookup, scene->zone,
		                       &response, &verdict, NULL);
		assert_int_equal(ret, KNOT_EOK);
		policy_response_t result = repaired(&response, &verdict, after);
		const knot_dname_t *end = name;
		for (size_t i = 0; i < result.count; i++) {
			const policy_item_t *item = &result.items[i];
			keep(client, item);
			if (item->rrset->type == KNOT_RRTYPE_CNAME &&
			    knot_dname_is_equal(item->owner, end)) {
				end = knot_cname_name(item->rrset->rrs.rdata);
			}
		}
		if (result.rcode == KNOT_RCODE_NXDOMAIN) {
			(void)random_names_add(&client->denied, end);
		}
		policy_verdict_clear(&response, &verdict);
	}
	reply_clear(&reply);
}

static bool in_zone(const client_t *client, const knot_dname_t *name)
{
	return name_in_zone(name, client->scene->test.policy.zone);
}

/* Where other names can't be looked up, an alias of a mail host to a name that is neither a
 * web host nor the apex is kept wherever its addresses are not in the answer, and a cache
 * may follow it. */
static bool excused(const client_t *client, const knot_dname_t *target)
{
	host_t host;
	host_find(&client->scene->test.policy, zone_lookup, client->scene->zone, target, &host);
	return is_blind(client) && (host.alias || host.covered);
}

/* True if the exchange is another authority's: nothing is steered there, and it is not made. */
static bool is_exchange_elsewhere(const client_t *client)
{
	const policy_t *policy = &client->scene->test.policy;
	host_t host;
	host_find(policy, zone_lookup, client->scene->zone, policy->exchange, &host);
	return host.elsewhere;
}

/* A name that mail is sent to. Others may have asked for anything there; without look-ups, what is
 * known of an alias depends on that. */
static void add_host(client_t *client, const knot_dname_t *name)
{
	if (in_zone(client, name) && random_names_add(&client->hosts, name)) {
		knot_dname_storage_t copy;
		memcpy(copy, name, knot_dname_size(name));
		size_t count = is_blind(client) ? MAIL_TYPES : LENGTH(types);
		for (size_t i = 0; i < count; i++) {
			ask(client, copy, types[i]);
		}
	}
}

static void use_mx(client_t *client, const knot_rrset_t *mx)
{
	const policy_t *policy = &client->scene->test.policy;
	for (uint16_t i = 0; i < mx->rrs.count; i++) {
		const knot_dname_t *target = knot_mx_name(knot_rdataset_at(&mx->rrs, i));
		if (!in_zone(client, target)) {
			if (names_cover(&client->scene->test.policy.proxy_names, target) &&
			    !is_exchange_elsewhere(client)) {
				complain(client, mx->owner, mx->type, "a target at a proxy name");
			}
		} else if (!excused(client, target) &&
		           (policy_guarded(policy, &client->apex_mx, target) ||
		            !is_exchange_elsewhere(client))) {
			add_host(client, target);
		}
	}
}

static void use(client_t *client, const knot_rrset_t *rrset)
{
	const policy_t *policy = &client->scene->test.policy;
	if (rrset->type == KNOT_RRTYPE_MX) {
		use_mx(client, rrset);
	} else if (rrset->type == KNOT_RRTYPE_CNAME &&
	           random_names_has(&client->hosts, rrset->owner)) {
		const knot_dname_t *target = knot_cname_name(rrset->rrs.rdata);
		if (names_cover(&policy->proxy_names, target)) {
			complain(client, rrset->owner, rrset->type, "an alias to a proxy name");
		}
		add_host(client, target);
	}
}

static void meet(client_t *client, const knot_rrset_t *rrset)
{
	int family = rrset->type == KNOT_RRTYPE_A ? 4 : rrset->type == KNOT_RRTYPE_AAAA ? 6 : 0;
	for (uint16_t i = 0; family != 0 && i < rrset->rrs.count; i++) {
		const uint8_t *address = knot_rdataset_at(&rrset->rrs, i)->data;
		if (random_names_has(&client->hosts, rrset->owner) &&
		    policy_proxied(&client->scene->test.policy, family, address, NULL)) {
			complain(client, rrset->owner, rrset->type, "a proxied address");
		}
	}
}

static const knot_rrset_t *recall(const client_t *client, const knot_dname_t *name, uint16_t type)
{
	for (size_t i = 0; i < client->count; i++) {
		if (client->seen[i]->type == type &&
		    knot_dname_is_equal(client->seen[i]->owner, name)) {
			return client->seen[i];
		}
	}
	return NULL;
}

/* True if a name has such addresses, or leads to where this zone does not answer. */
static bool resolves(client_t *client, const knot_dname_t *name, uint16_t type)
{
	for (int links = 0; links < 32; links++) {
		if (!in_zone(client, name) || zone_delegation(client->scene->zone, name) != NULL) {
			return true;
		}
		ask(client, name, type);
		const knot_rrset_t *cname = recall(client, name, KNOT_RRTYPE_CNAME);
		if (recall(client, name, type) != NULL || cname == NULL) {
			return recall(client, name, type) != NULL;
		}
		name = knot_cname_name(cname->rrs.rdata);
	}
	return false;
}

/* 4.4: the exchange has an address, and whatever was asked before, it is not denied. Without
 * look-ups, one that exists without any may stay so. */
static void check_exchange(client_t *client)
{
	const policy_t *policy = &client->scene->test.policy;
	const knot_dname_t *exchange = policy->exchange;
	host_t host;
	host_find(policy, zone_lookup, client->scene->zone, exchange, &host);
	bool both = policy->mail4.count > 0 && policy->mail6.count > 0;
	if (!host.elsewhere && policy->mail4.count + policy->mail6.count > 0 &&
	    !(is_blind(client) && both && host.state != HOST_FOUND) &&
	    !resolves(client, exchange, KNOT_RRTYPE_A) &&
	    !resolves(client, exchange, KNOT_RRTYPE_AAAA)) {
		complain(client, exchange, 0, "no address");
	}
	for (size_t i = 0; i < client->denied.count; i++) {
		if (knot_dname_in_bailiwick(exchange, client->denied.at[i]) >= 0) {
			complain(client, client->denied.at[i], 0, "the exchange is denied");
		}
	}
}

/* Asks all that may be asked, until nothing new comes of it: so every order of the queries, and
 * every mixture of what is remembered, is among it. */
static size_t follow(const scene_t *scene, policy_lookup_f lookup)
{
	client_t client = { .scene = scene, .lookup = lookup };
	client.apex_mx = policy_apex_mx(&scene->test.policy, zone_lookup, scene->zone);
	for (size_t i = 0; i < scene->names.count; i++) {
		ask(&client, scene->names.at[i], KNOT_RRTYPE_MX);
	}
	for (size_t i = 0, known = 0; i < client.count || known < client.hosts.count; i++) {
		if (i == client.count) { /* An alias seen before its owner was of interest. */
			known = client.hosts.count;
			i = 0;
		}
		use(&client, client.seen[i]);
	}
	for (size_t i = 0; i < client.count; i++) {
		meet(&client, client.seen[i]);
	}
	check_exchange(&client);

	for (size_t i = 0; i < client.count; i++) {
		knot_rrset_free(client.seen[i], NULL);
	}
	free(client.seen);
	random_names_clear(&client.hosts);
	random_names_clear(&client.denied);
	return client.bad;
}

static void follow_all(policy_lookup_f lookup)
{
	size_t bad = 0;
	for (uint64_t seed = 0; seed < ZONES; seed++) {
		scene_t scene;
		set_scene(&scene, seed);
		bad += follow(&scene, lookup);
		clear_scene(&scene);
	}
	assert_int_equal(bad, 0);
}

static void test_followed(void **state)
{
	(void)state;
	follow_all(zone_lookup);
}

static void test_followed_blind(void **state)
{
	(void)state;
	follow_all(zone_lookup_apex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_followed),
		cmocka_unit_test(test_followed_blind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
