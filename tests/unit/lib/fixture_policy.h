/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Judging in tests: policies from a few words, verdicts as text, and what holds for every verdict
 * whatever the zone.
 *
 * A verdict as text, names relative to the zone: one line per finding, the rcode if it is or was
 * not NOERROR, then the repaired response; "~" is the authority section, "+" the additional one:
 *
 *     ! proxied-host replaced mail A (104.16.1.2 in 104.16.0.0/13): 198.51.100.25
 *     ! proxied-target steered @ MX www (104.16.1.1 in 104.16.0.0/13): mail
 *     NXDOMAIN -> NOERROR
 *     mail 300 A 198.51.100.25
 *     ~ @ 300 SOA
 *     + mail 300 AAAA 2001:db8::25
 *
 * A response that stays as it is is "=".
 */

#pragma once

#include "policy/judge.h"
#include "tests/unit/lib/reply.h"

#define TEXT_MAX 16384

typedef struct {
	policy_t policy;
	knot_dname_storage_t zone, exchange;
	netset_t *proxies, *excepts;
	knot_dname_storage_t services[8];
	const knot_dname_t *service_list[9];
	uint8_t mail4[32], mail6[128];
} test_policy_t;

/*!
 * A policy for a zone. Proxy networks are 104.16.0.0/13, 172.64.0.0/13 and 2606:4700::/32, but
 * 104.20.0.0/16; proxy name is cdn.example.net; web hosts are @ and www; the exchange is mail with
 * 198.51.100.25 and 2001:db8::25; ttl is 300; the mail services are the usual ones.
 *
 * \param options  "ITEM WORD...; ITEM WORD...", each in the place of the default; or NULL. Items:
 *                 proxy except proxy-name web-host mail-host exchange mail4 mail6 service ttl.
 */
void test_policy_init(test_policy_t *test, const char *zone, const char *options);
void test_policy_clear(test_policy_t *test);

/*! Reads a name relative to an origin; octets above 127 as escapes. Aborts on an error. */
void test_name(knot_dname_storage_t out, const char *text, const knot_dname_t *origin);

/*! Writes a verdict, or with a NULL verdict the response alone. */
void verdict_text(char out[static TEXT_MAX], const policy_t *policy,
                  const policy_response_t *response, const policy_verdict_t *verdict);

/*! The repaired response. Owners and RRsets are borrowed; items is room for what results. */
policy_response_t repaired(const policy_response_t *response, const policy_verdict_t *verdict,
                           policy_item_t *items);

/*!
 * What holds for every verdict of a whole response. Fails the test with the text of what is wrong,
 * after a line that names the query.
 */
void check_verdict(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                   const policy_response_t *response, const policy_verdict_t *verdict);

/*! Judges with allocations failing one after the other: KNOT_ENOMEM or the same verdict. */
void check_memory(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                  policy_response_t *response);

/*! A zone, a question, what becomes of the answer. */
typedef struct {
	const char *zone;     /*!< Beside SOA and NS, of example.com. */
	const char *options;
	const char *query;    /*!< "NAME TYPE", or "NAME ANY all" for all RRsets of the node. */
	const char *expected; /*!< Text of the verdict. */
	const char *blind;    /*!< Where other names can't be looked up; NULL: the same. */
} judge_case_t;

void check_cases(const judge_case_t *cases, size_t count);
