/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What a response has to become, and signatures for it.
 */

#undef NDEBUG

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/keys.h"
#include "tests/unit/meant.h"

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

void meant_sign(const writing_t *writing, new_sigs_t *sigs, policy_response_t *response,
                policy_verdict_t *verdict)
{
	size_t room = response->count + POLICY_ADD_MAX, skipped = 0;
	sigs->count = 0;
	sigs->at = calloc(room, sizeof(*sigs->at));
	assert(sigs->at != NULL);
	for (size_t i = 0; i < response->count && writing->signed_zone != NULL; i++) {
		policy_item_t *item = &response->items[i];
		if (item->edit == EDIT_REPLACE &&
		    (item->section != KNOT_ADDITIONAL || skipped++ % 2 == 1)) {
			item->sigs = sign(sigs, item->with);
		}
	}
	for (size_t i = 0; i < verdict->add_count && writing->signed_zone != NULL; i++) {
		policy_add_t *add = &verdict->add[i];
		if (add->section != KNOT_ADDITIONAL || skipped++ % 2 == 1) {
			add->sigs = sign(sigs, add->rrset);
		}
	}
}

void meant_unsign(new_sigs_t *sigs)
{
	for (size_t i = 0; i < sigs->count; i++) {
		knot_rdataset_clear(&sigs->at[i], NULL);
	}
	free(sigs->at);
}

int meant_judge(const writing_t *writing, policy_response_t *response, policy_verdict_t *verdict,
                knot_mm_t *mm)
{
	response->hash = (writing->signed_zone != NULL) ? writing->signed_zone->hash : NULL;
	return policy_judge(&writing->test.policy, zone_lookup, writing->zone, response, verdict,
	                    mm);
}

static const knot_rdataset_t *sigs_of(const meant_t *meant, const knot_rrset_t *rrset)
{
	for (size_t i = 0; i < meant->response.count; i++) {
		const policy_item_t *item = &meant->response.items[i];
		if (item->edit == EDIT_REPLACE && item->with == rrset) {
			return item->sigs;
		}
	}
	for (size_t i = 0; i < meant->verdict.add_count; i++) {
		if (meant->verdict.add[i].rrset == rrset) {
			return meant->verdict.add[i].sigs;
		}
	}
	return NULL;
}

/* Copies an RRset of the result, and has its new signatures follow it with the same TTL. */
static void mean_item(meant_t *meant, const policy_item_t *from)
{
	policy_response_t *result = &meant->result;
	const knot_rdataset_t *sigs = sigs_of(meant, from->rrset);
	knot_rrset_t *rrset = &meant->rrsets[result->count];
	*rrset = *from->rrset;
	if (rrset->type == KNOT_RRTYPE_SOA && from->section == KNOT_AUTHORITY &&
	    rrset->ttl > knot_soa_minimum(rrset->rrs.rdata)) {
		rrset->ttl = knot_soa_minimum(rrset->rrs.rdata);
	}
	meant->after[result->count] = *from;
	meant->after[result->count++].rrset = rrset;
	if (sigs != NULL) {
		rrset[1] = (knot_rrset_t){ .owner = rrset->owner, .ttl = from->rrset->ttl,
		                           .type = KNOT_RRTYPE_RRSIG, .rclass = KNOT_CLASS_IN,
		                           .rrs = *sigs };
		meant->after[result->count] = *from;
		meant->after[result->count++].rrset = rrset + 1;
	}
}

void meant_init(meant_t *meant, const writing_t *writing)
{
	const reply_t *reply = &writing->reply;
	size_t room = 2 * (reply->count + POLICY_ADD_MAX);
	policy_item_t items[room];
	meant->before = calloc(room, sizeof(*meant->before));
	meant->after = calloc(room, sizeof(*meant->after));
	meant->rrsets = calloc(room, sizeof(*meant->rrsets));
	assert(meant->before != NULL && meant->after != NULL && meant->rrsets != NULL);
	meant->response = reply_response(reply, meant->before, reply->count);
	int ret = meant_judge(writing, &meant->response, &meant->verdict, NULL);
	assert(ret == KNOT_EOK);
	meant_sign(writing, &meant->sigs, &meant->response, &meant->verdict);
	policy_response_t result = repaired(&meant->response, &meant->verdict, items);
	meant->result = result;
	meant->result.items = meant->after;
	meant->result.count = 0;
	for (size_t i = 0; i < result.count; i++) {
		mean_item(meant, &items[i]);
	}
}

void meant_clear(meant_t *meant)
{
	policy_verdict_clear(&meant->response, &meant->verdict);
	meant_unsign(&meant->sigs);
	free(meant->before);
	free(meant->after);
	free(meant->rrsets);
}
