/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What a response has to become, and signatures for it.
 */

#undef NDEBUG

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/lib/fake_keys.h"
#include "tests/unit/lib/expected_answer.h"

/* Signs an RRset, every second time with two keys. */
static const knot_rdataset_t *sign(new_sigs_t *sigs, const knot_rrset_t *rrset)
{
	test_sig_t sig = { rrset->type, knot_dname_labels(rrset->owner, NULL), 86400, 2000000000,
	                   (const knot_dname_t *)"\7example\3com", sigs->count };
	knot_rdataset_t *set = &sigs->at[sigs->count++];
	fake_key_sign(set, KEY_ONE, &sig);
	if (sigs->count % 2 == 0) {
		fake_key_sign(set, KEY_RSA, &sig);
	}
	return set;
}

void expected_sign(const fixture_answer_t *fixture, new_sigs_t *sigs, policy_response_t *response,
                   policy_verdict_t *verdict)
{
	size_t room = response->count + POLICY_ADD_MAX, skipped = 0;
	sigs->count = 0;
	sigs->at = calloc(room, sizeof(*sigs->at));
	assert(sigs->at != NULL);
	for (size_t i = 0; i < response->count && fixture->signed_zone != NULL; i++) {
		policy_item_t *item = &response->items[i];
		if (item->edit == EDIT_REPLACE &&
		    (item->section != KNOT_ADDITIONAL || skipped++ % 2 == 1)) {
			item->sigs = sign(sigs, item->with);
		}
	}
	for (size_t i = 0; i < verdict->add_count && fixture->signed_zone != NULL; i++) {
		policy_add_t *add = &verdict->add[i];
		if (add->section != KNOT_ADDITIONAL || skipped++ % 2 == 1) {
			add->sigs = sign(sigs, add->rrset);
		}
	}
}

void expected_unsign(new_sigs_t *sigs)
{
	for (size_t i = 0; i < sigs->count; i++) {
		knot_rdataset_clear(&sigs->at[i], NULL);
	}
	free(sigs->at);
}

int expected_judge(const fixture_answer_t *fixture, policy_response_t *response,
                   policy_verdict_t *verdict, knot_mm_t *mm)
{
	response->hash = (fixture->signed_zone != NULL) ? fixture->signed_zone->hash : NULL;
	return policy_judge(&fixture->test.policy, zone_lookup, fixture->zone, response, verdict,
	                    mm);
}

static const knot_rdataset_t *sigs_of(const expected_t *expected, const knot_rrset_t *rrset)
{
	for (size_t i = 0; i < expected->response.count; i++) {
		const policy_item_t *item = &expected->response.items[i];
		if (item->edit == EDIT_REPLACE && item->with == rrset) {
			return item->sigs;
		}
	}
	for (size_t i = 0; i < expected->verdict.add_count; i++) {
		if (expected->verdict.add[i].rrset == rrset) {
			return expected->verdict.add[i].sigs;
		}
	}
	return NULL;
}

/* Copies an RRset of the result, and its new signatures after it with the same TTL. */
static void expect_item(expected_t *expected, const policy_item_t *from)
{
	policy_response_t *result = &expected->result;
	const knot_rdataset_t *sigs = sigs_of(expected, from->rrset);
	knot_rrset_t *rrset = &expected->rrsets[result->count];
	*rrset = *from->rrset;
	if (rrset->type == KNOT_RRTYPE_SOA && from->section == KNOT_AUTHORITY &&
	    rrset->ttl > knot_soa_minimum(rrset->rrs.rdata)) {
		rrset->ttl = knot_soa_minimum(rrset->rrs.rdata);
	}
	expected->after[result->count] = *from;
	expected->after[result->count++].rrset = rrset;
	if (sigs != NULL) {
		rrset[1] = (knot_rrset_t){ .owner = rrset->owner, .ttl = from->rrset->ttl,
		                           .type = KNOT_RRTYPE_RRSIG, .rclass = KNOT_CLASS_IN,
		                           .rrs = *sigs };
		expected->after[result->count] = *from;
		expected->after[result->count++].rrset = rrset + 1;
	}
}

void expected_init(expected_t *expected, const fixture_answer_t *fixture)
{
	const test_reply_t *reply = &fixture->reply;
	size_t room = 2 * (reply->count + POLICY_ADD_MAX);
	policy_item_t items[room];
	expected->before = calloc(room, sizeof(*expected->before));
	expected->after = calloc(room, sizeof(*expected->after));
	expected->rrsets = calloc(room, sizeof(*expected->rrsets));
	assert(expected->before != NULL && expected->after != NULL && expected->rrsets != NULL);
	expected->response = reply_response(reply, expected->before, reply->count);
	int ret = expected_judge(fixture, &expected->response, &expected->verdict, NULL);
	assert(ret == KNOT_EOK);
	expected_sign(fixture, &expected->sigs, &expected->response, &expected->verdict);
	policy_response_t result = repaired(&expected->response, &expected->verdict, items);
	expected->result = result;
	expected->result.items = expected->after;
	expected->result.count = 0;
	for (size_t i = 0; i < result.count; i++) {
		expect_item(expected, &items[i]);
	}
}

void expected_clear(expected_t *expected)
{
	policy_verdict_clear(&expected->response, &expected->verdict);
	expected_unsign(&expected->sigs);
	free(expected->before);
	free(expected->after);
	free(expected->rrsets);
}
