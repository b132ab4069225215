/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Policies from words, and tables of cases.
 */

#undef NDEBUG

#include <arpa/inet.h>
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/fixture_policy.h"

#define WORDS_MAX 40
#define ORIGIN    "example.com."

void test_name(knot_dname_storage_t out, const char *text, const knot_dname_t *origin)
{
	size_t size = 0, len = strlen(text);
	bool absolute = len > 0 && text[len - 1] == '.' && (len < 2 || text[len - 2] != '\\');
	if (strcmp(text, "@") != 0) {
		assert(knot_dname_from_str(out, text, KNOT_DNAME_MAXLEN) != NULL);
		size = knot_dname_size(out) - 1;
	}
	if (absolute) {
		origin = (const knot_dname_t *)"";
	}
	assert(size + knot_dname_size(origin) <= KNOT_DNAME_MAXLEN);
	memcpy(out + size, origin, knot_dname_size(origin));
	knot_dname_to_lower(out);
}

static netset_t *networks(const char *const *words)
{
	netset_t *set = netset_new();
	assert(set != NULL);
	for (; *words != NULL; words++) {
		net_t net;
		assert(net_from_str(&net, *words) == KNOT_EOK);
		assert(netset_add(set, &net) == KNOT_EOK);
	}
	assert(netset_build(set) == KNOT_EOK);
	return set;
}

static void set_names(names_t *set, const char *const *words, const knot_dname_t *zone)
{
	names_clear(set);
	for (; *words != NULL; words++) {
		assert(names_add(set, *words, zone) == KNOT_EOK);
	}
}

static void set_addresses(addresses_t *addresses, uint8_t *room, const char *const *words,
                          int family)
{
	*addresses = (addresses_t){ room, 0 };
	for (; *words != NULL; words++) {
		assert(inet_pton(family == 4 ? AF_INET : AF_INET6, *words, room) == 1);
		room += family == 4 ? 4 : 16;
		addresses->count++;
	}
}

static void set_item(test_policy_t *test, const char *item, const char *const *words)
{
	policy_t *policy = &test->policy;
	if (strcmp(item, "proxy") == 0) {
		netset_free(test->proxies);
		policy->proxies = test->proxies = networks(words);
	} else if (strcmp(item, "except") == 0) {
		netset_free(test->excepts);
		policy->excepts = test->excepts = networks(words);
	} else if (strcmp(item, "proxy-name") == 0) {
		set_names(&policy->proxy_names, words, policy->zone);
	} else if (strcmp(item, "web-host") == 0) {
		set_names(&policy->web_hosts, words, policy->zone);
	} else if (strcmp(item, "mail-host") == 0) {
		set_names(&policy->mail_hosts, words, policy->zone);
	} else if (strcmp(item, "exchange") == 0) {
		test_name(test->exchange, words[0], policy->zone);
	} else if (strcmp(item, "mail4") == 0) {
		set_addresses(&policy->mail4, test->mail4, words, 4);
	} else if (strcmp(item, "mail6") == 0) {
		set_addresses(&policy->mail6, test->mail6, words, 6);
	} else if (strcmp(item, "ttl") == 0) {
		policy->ttl = strtoul(words[0], NULL, 10);
	} else {
		assert(strcmp(item, "service") == 0);
		size_t i = 0;
		for (; words[i] != NULL; i++) {
			assert(service_from_str(test->services[i], words[i]) == KNOT_EOK);
			test->service_list[i] = test->services[i];
		}
		test->service_list[i] = NULL;
	}
}

static void set_items(test_policy_t *test, const char *options)
{
	char *copy = strdup(options), *next = NULL;
	assert(copy != NULL);
	for (char *item = strtok_r(copy, ";", &next); item != NULL;
	     item = strtok_r(NULL, ";", &next)) {
		const char *words[WORDS_MAX + 1] = { NULL };
		size_t count = 0;
		char *rest = NULL;
		for (char *word = strtok_r(item, " ", &rest); word != NULL;
		     word = strtok_r(NULL, " ", &rest)) {
			assert(count < WORDS_MAX);
			words[count++] = word;
		}
		assert(count > 0);
		set_item(test, words[0], words + 1);
	}
	free(copy);
}

void test_policy_init(test_policy_t *test, const char *zone, const char *options)
{
	memset(test, 0, sizeof(*test));
	test_name(test->zone, zone, (const knot_dname_t *)"");
	test->policy.zone = test->zone;
	test->policy.exchange = test->exchange;
	test->policy.services = test->service_list;
	set_items(test, "proxy 104.16.0.0/13 172.64.0.0/13 2606:4700::/32;except 104.20.0.0/16;"
	          "proxy-name cdn.example.net.;web-host @ www;exchange mail;"
	          "mail4 198.51.100.25;mail6 2001:db8::25;ttl 300;service _submission._tcp "
	          "_submissions._tcp _imap._tcp _imaps._tcp _pop3._tcp _pop3s._tcp _sieve._tcp");
	if (options != NULL) {
		set_items(test, options);
	}
	policy_prepare(&test->policy);
}

void test_policy_clear(test_policy_t *test)
{
	netset_free(test->proxies);
	netset_free(test->excepts);
	names_clear(&test->policy.proxy_names);
	names_clear(&test->policy.web_hosts);
	names_clear(&test->policy.mail_hosts);
}

static void make_reply(test_reply_t *reply, const test_zone_t *zone, const char *query)
{
	char name[1024], type[16], all[8] = "";
	uint16_t qtype;
	knot_dname_storage_t qname;
	assert(sscanf(query, "%1023s %15s %7s", name, type, all) >= 2);
	test_name(qname, name, zone->apex);
	assert(knot_rrtype_from_string(type, &qtype) == 0);
	reply_make(reply, zone, qname, qtype, strcmp(all, "all") == 0 ? REPLY_ALL : 0);
}

/* True: the verdict is the expected one. */
static bool judge_once(const judge_case_t *c, const policy_t *policy, test_zone_t *zone,
                       policy_lookup_f lookup, const char *expected)
{
	test_reply_t reply;
	make_reply(&reply, zone, c->query);
	assert_false(reply.referral);
	policy_item_t items[reply.count + 1];
	policy_response_t response = reply_response(&reply, items, reply.count);
	policy_verdict_t verdict;
	assert_int_equal(policy_judge(policy, lookup, zone, &response, &verdict, NULL), KNOT_EOK);

	char text[TEXT_MAX];
	verdict_text(text, policy, &response, &verdict);
	bool same = strcmp(text, expected) == 0;
	if (!same) {
		print_error("%s %s\n%s\n-- expected --\n%s\n-- got --\n%s\n\n", c->query,
		            lookup == zone_lookup ? "" : "(blind)", c->zone, expected, text);
	}
	check_verdict(policy, lookup, zone, &response, &verdict);
	policy_verdict_clear(&response, &verdict);
	check_memory(policy, lookup, zone, &response);
	reply_clear(&reply);
	return same;
}

void check_cases(const judge_case_t *cases, size_t count)
{
	size_t wrong = 0;
	for (size_t i = 0; i < count; i++) {
		const judge_case_t *c = &cases[i];
		test_policy_t test;
		test_policy_init(&test, ORIGIN, c->options);
		test_zone_t *zone = zone_new(ORIGIN, c->zone);
		wrong += !judge_once(c, &test.policy, zone, zone_lookup, c->expected);
		wrong += !judge_once(c, &test.policy, zone, zone_lookup_apex,
		                     c->blind != NULL ? c->blind : c->expected);
		zone_free(zone);
		test_policy_clear(&test);
	}
	assert_int_equal(wrong, 0);
}
