/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any text as a zone file: it is refused with an error of one line, or audited, and what is found
 * is in order. Text that includes files is left out: the result would depend on the machine.
 */

#undef NDEBUG

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/lib/clear.h"

const char *const fuzz_corpus[] = { "tests/fuzz/zone", "tests/data/audit", NULL };

static bool includes(const char *text, size_t size)
{
	for (size_t i = 0; i + 8 <= size; i++) {
		if (strncasecmp(text + i, "$INCLUDE", 8) == 0) {
			return true;
		}
	}
	return false;
}

static netset_t *network(const char *text)
{
	const char *const texts[] = { text, MARKED_PROXY4, MARKED_PROXY6 };
	netset_t *set = netset_new();
	assert(set != NULL);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		net_t net;
		assert(net_from_str(&net, texts[i]) == KNOT_EOK);
		assert(netset_add(set, &net) == KNOT_EOK);
	}
	assert(netset_build(set) == KNOT_EOK);
	return set;
}

static void check(const audit_t *audit)
{
	for (size_t i = 0; i < audit->findings.count; i++) {
		const audit_finding_t *finding = &audit->findings.at[i];
		assert(finding->rule < AUDIT_RULE_COUNT);
		assert(finding->message != NULL && finding->remedy != NULL);
		assert(strchr(finding->message, '\n') == NULL);
		if (i > 0 && finding->owner != NULL) {
			assert(name_compare(finding[-1].owner, finding->owner) <= 0);
		}
	}
	for (size_t i = 0; i < audit->edits.count; i++) {
		assert(knot_dname_in_bailiwick(audit->edits.at[i].owner, audit->zone) >= 0);
	}
}

static void audit(zone_t *zone)
{
	static const knot_dname_t proxy_name[] = "\x03""cdn\x07""example\x03""net";
	names_t proxy_names = { 0 };
	assert(names_append(&proxy_names, proxy_name, false) == KNOT_EOK);
	assert(names_append(&proxy_names, (const knot_dname_t *)"\x01\x01", false) == KNOT_EOK);
	names_sort(&proxy_names);
	const char *mail_hosts[] = { "*.mx", "imap" };
	char text[STANZA_TEXT_MAX];
	netset_t *proxies = network("104.16.0.0/13"), *origins = network("192.0.2.80");
	stanza_t stanza = {
		.enforce = true, .proxies = proxies, .origins = origins, .ttl = 300,
		.proxy_names = &proxy_names,
		.mail_hosts = { mail_hosts, 2 },
	};
	static const uint8_t address[4] = { 198, 51, 100, 25 };
	assert(stanza_add_address(&stanza, 4, address) == KNOT_EOK);

	policy_t policy;
	audit_t result;
	zones_t zones = { .list = { .count = 0 } };
	const audit_input_t input = { .zones = &zones, .origins = origins };
	zones_add(&zones, zone);
	/* There may be no room for the exchange in a zone with a very long name. */
	if (stanza_policy(&policy, &stanza, zone->apex, text) == KNOT_EOK) {
		knot_dname_storage_t exchange;
		assert(!audit_advise(exchange, zone, &policy) ||
		       knot_dname_in_bailiwick(exchange, zone->apex) > 0);
		audit_zone(&result, zone, &policy, &input);
		check(&result);
		audit_clear(&result);
		stanza_policy_clear(&policy);
	}
	zones_clear(&zones);
	stanza_clear(&stanza);
	netset_free(proxies);
	netset_free(origins);
	names_clear(&proxy_names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char err[ERROR_TEXT_MAX] = "";
	zone_t *zone = NULL;
	if (size > 100000 || includes((const char *)data, size)) {
		return 0;
	}
	if (zone_open_text(&zone, "fuzz", (const char *)data, size, NULL, err) != KNOT_EOK) {
		assert(strncmp(err, "fuzz:", 5) == 0 && strchr(err, '\n') == NULL);
		return 0;
	}
	audit(zone);
	zone_free(zone);
	return 0;
}
