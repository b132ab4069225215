/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Proofs for those who validate: what an edited response says of names and types that are not
 * there, made provable with the zone's own records where they do, and with new ones about a single
 * name where not.
 *
 * A new record denies one type of one name and no other name: its next name is the immediate
 * successor of its owner (RFC 4470, RFC 9824), and its bitmap has every type that the name may
 * have, because resolvers conclude from a cached record what else there is not (RFC 8198).
 */

#include <string.h>

#include "policy/denial.h"

/* A record of one name, with no other name between it and the next. */
static knot_rrset_t *match(const denial_t *denial, const knot_dname_t *name, bitmap_t *types)
{
	if (denial->nsec3) {
		uint8_t hash[NSEC3_HASH], next[NSEC3_HASH];
		if (denial_hash(denial, hash, name) != KNOT_EOK) {
			return NULL;
		}
		memcpy(next, hash, sizeof(next));
		for (int i = NSEC3_HASH - 1; i >= 0 && ++next[i] == 0; i--) {
		}
		bitmap_remove(types, KNOT_RRTYPE_NSEC);
		return denial_nsec3(denial, hash, next, 0, types);
	}

	knot_dname_storage_t next;
	name_successor(next, name);
	bitmap_add(types, KNOT_RRTYPE_NSEC);
	return denial_nsec(denial, name, next, types);
}

/* Adds the record of a name; where the response has one, it takes its place. */
static void add_match(denial_t *denial, const knot_dname_t *name, bitmap_t *types)
{
	judge_t *judge = denial->judge;
	knot_rrset_t *rrset = match(denial, name, types);
	if (rrset == NULL) {
		return;
	}
	for (size_t i = 0; i < judge->response->count; i++) {
		policy_item_t *item = &judge->response->items[i];
		const knot_rrset_t *there = item_rrset(item);
		if (item->section == KNOT_AUTHORITY && there != NULL &&
		    there->type == rrset->type &&
		    name_equal(there->owner, rrset->owner)) {
			knot_rrset_free(rrset, judge->verdict->mm);
			response_edit(judge, item, denial_rewrite(denial, there, types));
			return;
		}
	}
	response_add(judge, KNOT_AUTHORITY, rrset);
}

/* Every type that a node may have. What the zone says itself is better than what is likely. */
static void add_node_types(const denial_t *denial, const knot_dname_t *node, bitmap_t *types)
{
	judge_t *judge = denial->judge;
	bitmap_add_likely(types, name_equal(node, judge->policy->zone));
	knot_rrset_t nsec = { 0 };
	if (judge->lookup(judge->ctx, node, KNOT_RRTYPE_NSEC, &nsec) == KNOT_EOK &&
	    !knot_rrset_empty(&nsec)) {
		(void)denial_types(types, &nsec);
	}
	bitmap_remove(types, KNOT_RRTYPE_CNAME);
}

/* What a name has whose answers are made of addresses alone: an alias that was cut, the exchange,
 * or nothing at all where it only leads to the exchange. */
static void add_made_types(const denial_t *denial, const claim_t *claim, bitmap_t *types)
{
	if (denial->judge->flattened) {
		bitmap_add(types, KNOT_RRTYPE_A);
		bitmap_add(types, KNOT_RRTYPE_AAAA);
	} else if (name_equal(claim->name, denial->exchange)) {
		denial_add_served(denial, types);
	}
	if (bitmap_size(types) > 0 || !denial->nsec3) {
		bitmap_add(types, KNOT_RRTYPE_RRSIG);
	}
}

/* Proves that a type was left out at the end of the answer. */
static void add_proof(denial_t *denial, const claim_t *claim)
{
	bitmap_t types;
	bitmap_clear(&types);
	bool emptied = !denial->judge->flattened && !denial->judge->verdict->noerror;
	if (emptied) {
		add_node_types(denial, claim->name, &types);
	} else {
		add_made_types(denial, claim, &types);
	}
	bitmap_remove(&types, denial->denied);
	if (claim->encloser == POLICY_OWN) {
		add_match(denial, claim->name, &types);
		return;
	}

	/* That the name itself is not there the zone has proven. */
	knot_dname_storage_t wildcard;
	if (!denial_wildcard(wildcard, claim->name, claim->encloser)) {
		return;
	}
	add_match(denial, wildcard, &types);
	if (denial->nsec3) {
		const knot_dname_t *encloser = name_suffix(claim->name, claim->encloser);
		bitmap_clear(&types);
		add_node_types(denial, encloser, &types);
		bitmap_remove(&types, KNOT_RRTYPE_DNAME);
		add_match(denial, encloser, &types);
	}
}

static void find_params(denial_t *denial)
{
	judge_t *judge = denial->judge;
	knot_rrset_t found = { 0 };
	for (size_t i = 0; i < judge->response->count; i++) {
		const knot_rrset_t *rrset = judge->response->items[i].rrset;
		if (rrset->type == KNOT_RRTYPE_NSEC3) {
			found = *rrset;
		}
	}
	if (knot_rrset_empty(&found) &&
	    judge->lookup(judge->ctx, judge->policy->zone, KNOT_RRTYPE_NSEC3PARAM,
	                  &found) != KNOT_EOK) {
		return;
	}
	/* The parameters stand first in both. */
	if (!knot_rrset_empty(&found) && knot_nsec3_alg(found.rrs.rdata) == KNOT_NSEC3_ALGORITHM_SHA1) {
		const knot_rdata_t *rdata = found.rrs.rdata;
		denial->nsec3 = true;
		denial->params = (nsec3_params_t){ knot_nsec3_iters(rdata),
		                                   knot_nsec3_salt_len(rdata),
		                                   knot_nsec3_salt(rdata) };
	}
}

static void add_claim(denial_t *denial, claim_kind_t kind, const knot_dname_t *name, int encloser)
{
	for (size_t i = 0; i < denial->claim_count; i++) {
		if (name_equal(denial->claims[i].name, name)) {
			return;
		}
	}
	if (denial->claim_count < CLAIMS_MAX) {
		denial->claims[denial->claim_count++] = (claim_t){ kind, name, encloser, false };
	}
}

int denial_nodata_encloser(const denial_t *denial, const knot_dname_t *name)
{
	const policy_response_t *response = denial->judge->response;
	int encloser = POLICY_OWN;
	uint8_t own[NSEC3_HASH], hashed[NSEC3_HASH];
	bool has_own = denial->nsec3 && denial_hash(denial, own, name) == KNOT_EOK;
	/* The name itself may have a record, or have none because there are only names below it. Then
	 * the record of a wildcard is there for another name. */
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		const knot_dname_t *owner = item->owner;
		if (item->rrset->type == KNOT_RRTYPE_NSEC3 && has_own &&
		    nsec3_owner_hash(hashed, owner) && memcmp(own, hashed, NSEC3_HASH) == 0) {
			return POLICY_OWN;
		}
		if (item->rrset->type != KNOT_RRTYPE_NSEC) {
			continue;
		}
		const knot_dname_t *next = knot_nsec_next(item->rrset->rrs.rdata);
		if (name_equal(owner, name) ||
		    (graft_in_gap(name, owner, next) && knot_dname_in_bailiwick(next, name) > 0)) {
			return POLICY_OWN;
		}
		if (knot_dname_is_wildcard(owner) && knot_dname_in_bailiwick(name, owner + 2) > 0) {
			encloser = knot_dname_labels(owner + 2, NULL);
		}
	}
	if (encloser != POLICY_OWN) {
		return encloser;
	}
	for (int labels = (int)knot_dname_labels(name, NULL) - 1;
	     denial->nsec3 && labels >= denial->apex_labels; labels--) {
		knot_dname_storage_t wildcard, owner;
		uint8_t hash[NSEC3_HASH];
		if (!denial_wildcard(wildcard, name, labels) ||
		    denial_hash(denial, hash, wildcard) != KNOT_EOK ||
		    !nsec3_owner(owner, hash, denial->judge->policy->zone)) {
			continue;
		}
		for (size_t i = 0; i < response->count; i++) {
			const policy_item_t *item = &response->items[i];
			if (item->rrset->type == KNOT_RRTYPE_NSEC3 &&
			    name_equal(item->owner, owner)) {
				return labels;
			}
		}
	}
	return POLICY_OWN;
}

static void claim_end(denial_t *denial)
{
	judge_t *judge = denial->judge;
	const knot_dname_t *end = judge->terminal;
	if (judge->response->rcode == KNOT_RCODE_NXDOMAIN && !judge->verdict->noerror) {
		add_claim(denial, CLAIM_NXDOMAIN, end, POLICY_OWN);
		return;
	}
	int encloser = judge->negative ? denial_encloser(judge, end, 0)
	                               : denial_nodata_encloser(denial, end);
	add_claim(denial, CLAIM_NODATA, end, graft_encloser(denial, end, encloser));
}

/* What the edited response has to prove. */
static void find_claims(denial_t *denial)
{
	judge_t *judge = denial->judge;
	for (size_t i = 0; i < judge->response->count; i++) {
		policy_item_t *item = &judge->response->items[i];
		if (judge->delegated && item->section == KNOT_AUTHORITY &&
		    item->rrset->type == KNOT_RRTYPE_NS) {
			add_claim(denial, CLAIM_NODATA, item->owner, POLICY_OWN);
		}
		if (item->section != KNOT_ANSWER || item->edit == EDIT_DROP ||
		    item->rrset->type == KNOT_RRTYPE_RRSIG) {
			continue;
		}
		int encloser = (item->edit == EDIT_REPLACE)
		             ? item->encloser : denial_encloser(judge, item->owner, item->rrset->type);
		if (encloser != POLICY_OWN) {
			add_claim(denial, CLAIM_COVER, item->owner, encloser);
		}
	}
	for (size_t i = 0; i < judge->verdict->add_count; i++) {
		const policy_add_t *add = &judge->verdict->add[i];
		if (add->section == KNOT_ANSWER && add->encloser != POLICY_OWN) {
			add_claim(denial, CLAIM_COVER, add->rrset->owner, add->encloser);
		}
	}
	if (denial->negative) {
		claim_end(denial);
	}
}

/* New RRsets in the place of what a wildcard had answered are signed as the wildcard's, so that the
 * names that are asked for make no signatures. */
static void find_owners(denial_t *denial)
{
	judge_t *judge = denial->judge;
	for (size_t i = 0; i < judge->response->count; i++) {
		policy_item_t *item = &judge->response->items[i];
		if (item->edit == EDIT_REPLACE &&
		    !name_equal(item->owner, denial->exchange)) {
			item->encloser = denial_encloser(judge, item->owner, item->rrset->type);
		}
	}
	for (size_t i = 0; i < judge->verdict->add_count; i++) {
		policy_add_t *add = &judge->verdict->add[i];
		if (add->section == KNOT_ANSWER &&
		    !name_equal(add->rrset->owner, denial->exchange)) {
			add->encloser = denial_encloser(judge, add->rrset->owner, KNOT_RRTYPE_CNAME);
		}
	}
}

static bool is_proof(const policy_item_t *item)
{
	uint16_t type = item->rrset->type;
	if (type == KNOT_RRTYPE_RRSIG) {
		type = knot_rrsig_type_covered(item->rrset->rrs.rdata);
	}
	return item->section == KNOT_AUTHORITY &&
	       (type == KNOT_RRTYPE_NSEC || type == KNOT_RRTYPE_NSEC3);
}

/* The zone's own proofs are there again, for those that are needed to be chosen. So is the signature of
 * the SOA; it goes where that goes. */
static void restore_proofs(denial_t *denial)
{
	judge_t *judge = denial->judge;
	for (size_t i = 0; i < judge->response->count; i++) {
		policy_item_t *item = &judge->response->items[i];
		bool soa = item->section == KNOT_AUTHORITY &&
		           item->rrset->type == KNOT_RRTYPE_RRSIG &&
		           knot_rrsig_type_covered(item->rrset->rrs.rdata) == KNOT_RRTYPE_SOA;
		if (soa || is_proof(item)) {
			item->edit = EDIT_KEEP;
		}
	}
}

/* Labels of the longest part of a name that is there, by the record that covers it. */
static int nsec_encloser(const denial_t *denial, const knot_dname_t *name)
{
	const policy_response_t *response = denial->judge->response;
	int labels = POLICY_OWN, graft;
	for (size_t i = 0; i < response->count && labels == POLICY_OWN; i++) {
		const policy_item_t *item = &response->items[i];
		if (denial_is_nsec(denial->judge, item)) {
			const knot_dname_t *next = knot_nsec_next(item->rrset->rrs.rdata);
			if (graft_in_gap(name, item->owner, next)) {
				int above = knot_dname_matched_labels(name, item->owner);
				int below = knot_dname_matched_labels(name, next);
				labels = above > below ? above : below;
			}
		}
	}
	(void)graft_at(denial, name, &graft);
	return labels != POLICY_OWN && labels < graft ? graft : labels;
}

/* Where there is no such name, there is none by a wildcard of its encloser either. */
static void find_enclosers(denial_t *denial)
{
	for (size_t i = 0; i < denial->claim_count; i++) {
		claim_t *claim = &denial->claims[i];
		if (claim->kind == CLAIM_NXDOMAIN) {
			claim->encloser = denial->nsec3 ? cut_nsec3_encloser(denial, claim->name)
			                                : nsec_encloser(denial, claim->name);
		}
	}
}

/* Who asks for the NSEC record of a name that is grafted gets it. */
static void answer_nsec(denial_t *denial)
{
	judge_t *judge = denial->judge;
	policy_verdict_t *verdict = judge->verdict;
	bool found = false;
	for (size_t i = 0; i < judge->response->count; i++) {
		policy_item_t *item = &judge->response->items[i];
		if (item->section == KNOT_AUTHORITY && item->edit == EDIT_REPLACE &&
		    item->with->type == KNOT_RRTYPE_NSEC &&
		    name_equal(item->with->owner, judge->terminal)) {
			knot_rrset_t *nsec = item->with;
			item->with = NULL;
			response_edit(judge, item, NULL);
			response_add(judge, KNOT_ANSWER, nsec);
			found = true;
		}
	}
	for (size_t i = 0; i < verdict->add_count; i++) {
		policy_add_t *add = &verdict->add[i];
		if (add->section == KNOT_AUTHORITY && add->rrset->type == KNOT_RRTYPE_NSEC &&
		    name_equal(add->rrset->owner, judge->terminal)) {
			add->section = KNOT_ANSWER;
			found = true;
		}
	}
	for (size_t i = 0; i < judge->response->count && found; i++) {
		policy_item_t *item = &judge->response->items[i];
		if (item->section == KNOT_AUTHORITY && item->rrset->type == KNOT_RRTYPE_SOA) {
			response_edit(judge, item, NULL);
		}
	}
}

/* A response without a denial, which is none either, has nothing to prove: not even that a wildcard was
 * expanded. */
static bool is_plain(const judge_t *judge)
{
	bool plain = !judge->negative;
	for (size_t i = 0; i < judge->response->count && plain; i++) {
		uint16_t type = judge->response->items[i].rrset->type;
		plain = type != KNOT_RRTYPE_NSEC && type != KNOT_RRTYPE_NSEC3;
	}
	return plain;
}

void denial_prove(judge_t *judge)
{
	if (is_plain(judge)) {
		return;
	}
	const policy_t *policy = judge->policy;
	denial_t denial;
	memset(&denial, 0, offsetof(denial_t, claims));
	denial.judge = judge;
	denial.exchange = policy->exchange;
	denial.apex_labels = knot_dname_labels(policy->zone, NULL);
	denial.denied = judge->response->qtype;
	denial.negative = !judge->delegated && !response_has_data(judge) &&
	                  (judge->negative || (response_denies(judge) && !judge->flattened));
	find_params(&denial);
	graft_find(&denial);
	denial.edited = judge->verdict->changes || denial.graft_count > 0;
	if (judge->verdict->changes) {
		find_owners(&denial);
		restore_proofs(&denial);
	}
	graft_answers(&denial);
	find_claims(&denial);
	find_enclosers(&denial);
	if (denial.nsec3) {
		cut_nsec3(&denial);
	} else {
		cut_nsec(&denial);
	}
	for (size_t i = 0; i < denial.claim_count; i++) {
		claim_t *claim = &denial.claims[i];
		bool made = judge->negative || graft_is_stem(&denial, claim->name);
		if (made && claim->kind == CLAIM_NODATA && !claim->proven) {
			add_proof(&denial, claim);
		}
	}
	if (denial.negative && judge->response->qtype == KNOT_RRTYPE_NSEC &&
	    (graft_is_stem(&denial, judge->terminal) ||
	     name_equal(judge->terminal, policy->exchange))) {
		answer_nsec(&denial);
	}
}
