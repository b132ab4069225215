/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Names that answers have and the zone has not: the exchange, which always resolves, and names that
 * a wildcard answers for, but not as for all others. A record of the zone says that there is no such
 * name, and whoever has that in a cache would not ask for it, but conclude that it does not exist, or
 * that it is what the wildcard says (RFC 8198). So that record is not shown; the parts are that it
 * would have been cut into if the operator had added the name.
 *
 * Where a wildcard answers for what is grafted, it goes on to answer for names below it: as a wildcard
 * at the new name, which is grafted as well.
 */

#include <string.h>

#include "policy/denial.h"

bool graft_hashes(const denial_t *denial, const policy_item_t *item,
                  uint8_t owner[static NSEC3_HASH], const uint8_t **next)
{
	const knot_rdata_t *rdata = item->rrset->rrs.rdata;
	*next = knot_nsec3_next(rdata);
	return denial->nsec3 && knot_nsec3_next_len(rdata) == NSEC3_HASH &&
	       nsec3_owner_hash(owner, item->owner);
}

const graft_t *graft_at(const denial_t *denial, const knot_dname_t *name, int *labels)
{
	const graft_t *found = NULL;
	*labels = 0;
	for (size_t i = 0; i < denial->graft_count; i++) {
		const graft_t *graft = &denial->grafts[i];
		int shared = knot_dname_matched_labels(name, graft->name);
		if (shared > graft->encloser && shared > *labels) {
			found = graft;
			*labels = shared;
		}
	}
	return found;
}

bool graft_is_stem(const denial_t *denial, const knot_dname_t *name)
{
	int labels;
	return graft_at(denial, name, &labels) != NULL &&
	       labels == (int)knot_dname_labels(name, NULL);
}

int graft_encloser(const denial_t *denial, const knot_dname_t *name, int encloser)
{
	int labels;
	if (encloser == POLICY_OWN || graft_at(denial, name, &labels) == NULL) {
		return encloser;
	}
	return labels == (int)knot_dname_labels(name, NULL) ? POLICY_OWN : labels;
}

/* True if the zone does not speak for names below the owner of a record. */
static bool ends_above(const graft_t *graft, const policy_item_t *item)
{
	bitmap_t types;
	bitmap_clear(&types);
	return knot_dname_in_bailiwick(graft->name, item->owner) > 0 &&
	       (!denial_types(&types, item->rrset) || bitmap_has(&types, KNOT_RRTYPE_DNAME) ||
	        (bitmap_has(&types, KNOT_RRTYPE_NS) && !bitmap_has(&types, KNOT_RRTYPE_SOA)));
}

/* Does a record say that there is no such name? Then it also tells what is the encloser. */
static bool find_by_nsec(const denial_t *denial, graft_t *graft)
{
	const policy_response_t *response = denial->judge->response;
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		if (!denial_is_nsec(denial->judge, item)) {
			continue;
		}
		const knot_dname_t *next = knot_nsec_next(item->rrset->rrs.rdata);
		if (graft_in_gap(graft->name, item->owner, next) && !ends_above(graft, item)) {
			int above = knot_dname_matched_labels(graft->name, item->owner);
			int below = knot_dname_matched_labels(graft->name, next);
			graft->encloser = above > below ? above : below;
			candidate_find_wildcard(denial, graft);
			return true;
		}
	}
	return false;
}

/* True if a record says that there is no such name. */
static bool is_hash_denied(const denial_t *denial, const knot_dname_t *name)
{
	const policy_response_t *response = denial->judge->response;
	uint8_t owner[NSEC3_HASH], hash[NSEC3_HASH];
	const uint8_t *next;
	if (denial_hash(denial, hash, name) != KNOT_EOK) {
		return false;
	}
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		if (item->rrset->type == KNOT_RRTYPE_NSEC3 &&
		    graft_hashes(denial, item, owner, &next) &&
		    graft_hash_in_gap(hash, owner, next)) {
			return true;
		}
	}
	return false;
}

static bool is_wildcard_denied(const denial_t *denial, const graft_t *graft, int labels)
{
	knot_dname_storage_t wildcard;
	return (graft->wildcard || graft->wild) &&
	       denial_wildcard(wildcard, graft->name, labels) &&
	       is_hash_denied(denial, wildcard);
}

/* Without look-ups, the shortest name of the stem that is denied tells the encloser. */
static bool find_by_nsec3(const denial_t *denial, graft_t *graft)
{
	graft->encloser = candidate_encloser(denial, graft);
	if (graft->encloser == graft->labels || candidate_is_delegated(denial, graft)) {
		return false;
	}
	bool live = graft->encloser != POLICY_OWN;
	if (live) {
		candidate_find_wildcard(denial, graft);
	}
	for (int labels = live ? graft->encloser + 1 : denial->apex_labels + 1;
	     labels <= graft->labels; labels++) {
		if (!is_hash_denied(denial, name_suffix(graft->name, labels)) &&
		    !(live && is_wildcard_denied(denial, graft, labels))) {
			continue;
		}
		if (!live) {
			graft->encloser = labels - 1;
			candidate_find_wildcard(denial, graft);
		}
		return true;
	}
	return false;
}

static bool has_opt_out(const policy_response_t *response)
{
	for (size_t i = 0; i < response->count; i++) {
		const knot_rrset_t *rrset = response->items[i].rrset;
		if (rrset->type == KNOT_RRTYPE_NSEC3 &&
		    (knot_nsec3_flags(rrset->rrs.rdata) & KNOT_NSEC3_FLAG_OPT_OUT)) {
			return true;
		}
	}
	return false;
}

/* The zone has a name below the stem, though not in its NSEC3 records: opt-out (RFC 5155 6). Or it may
 * have one. What it says of that can't be said of a graft. */
static bool is_opted_out(const denial_t *denial, const graft_t *graft)
{
	const judge_t *judge = denial->judge;
	const knot_dname_t *name = judge->terminal;
	for (size_t i = 0; i < judge->response->count && judge->delegated; i++) {
		const policy_item_t *item = &judge->response->items[i];
		if (item->section == KNOT_AUTHORITY && item->rrset->type == KNOT_RRTYPE_NS) {
			name = item->owner;
		}
	}
	int shared = knot_dname_matched_labels(name, graft->name);
	bool below = shared > graft->encloser && shared < (int)knot_dname_labels(name, NULL);
	return denial->nsec3 && below && !judge->negative &&
	       (judge->delegated ||
	        (shared < graft->labels && has_opt_out(judge->response) &&
	         candidate_encloser(denial, graft) == POLICY_OWN) ||
	        (denial->negative && judge->response->rcode == KNOT_RCODE_NOERROR &&
	         denial_nodata_encloser(denial, name) == POLICY_OWN));
}

static bool is_new(const denial_t *denial, const graft_t *graft)
{
	for (size_t i = 0; i < denial->graft_count; i++) {
		const graft_t *other = &denial->grafts[i];
		if (other->wild == graft->wild && name_equal(other->name, graft->name)) {
			return false;
		}
	}
	return true;
}

/* The name does not exist at all, and this is what the response is about. */
static bool is_asked(const denial_t *denial, const graft_t *graft)
{
	const judge_t *judge = denial->judge;
	return judge->response->rcode == KNOT_RCODE_NXDOMAIN &&
	       (int)knot_dname_matched_labels(judge->terminal, graft->name) > graft->encloser;
}

void graft_find(denial_t *denial)
{
	judge_t *judge = denial->judge;
	candidates_t all = candidate_all(judge->policy, &judge->apex_mx);
	graft_t graft;
	while (candidate_next(&all, &graft) && denial->graft_count < GRAFTS_MAX) {
		graft.labels = knot_dname_labels(graft.name, NULL);
		if (!name_in_zone(graft.name, judge->policy->zone) ||
		    graft.labels == denial->apex_labels || !is_new(denial, &graft) ||
		    !(denial->nsec3 ? find_by_nsec3 : find_by_nsec)(denial, &graft) ||
		    !candidate_differs(denial, &graft) || is_opted_out(denial, &graft)) {
			continue;
		}
		if ((graft.no_wildcard && !graft.exchange) ||
		    (!graft.wildcard && !graft.exchange && is_asked(denial, &graft)) ||
		    (graft.wildcard && candidate_is_provided(denial, &graft))) {
			continue;
		}
		/* Without a wildcard there is nothing to be grafted but the exchange. */
		graft.wildcard |= !graft.exchange;
		denial->grafts[denial->graft_count++] = graft;
	}
}

/* True if an NSEC record of the exchange itself denies an address type that it always has. */
static bool lacks_served(const policy_t *policy, const knot_rrset_t *rrset)
{
	bitmap_t types;
	bitmap_clear(&types);
	return !denial_types(&types, rrset) ||
	       (policy->mail4.count > 0 && !bitmap_has(&types, KNOT_RRTYPE_A)) ||
	       (policy->mail6.count > 0 && !bitmap_has(&types, KNOT_RRTYPE_AAAA));
}

bool policy_suspects_denial(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                            const knot_rrset_t *rrsets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const knot_rrset_t *rrset = &rrsets[i];
		if (rrset->type == KNOT_RRTYPE_NSEC3) {
			return true;
		} else if (rrset->type != KNOT_RRTYPE_NSEC) {
			continue;
		}
		knot_rrset_t apex_mx = policy_apex_mx(policy, lookup, ctx);
		candidates_t all = candidate_all(policy, &apex_mx);
		const knot_dname_t *next = knot_nsec_next(rrset->rrs.rdata);
		graft_t graft;
		while (candidate_next(&all, &graft)) {
			bool again = !graft.exchange &&
			             name_equal(graft.name, policy->exchange);
			if ((!again && graft_in_gap(graft.name, rrset->owner, next)) ||
			    (graft.exchange && name_equal(graft.name, rrset->owner) &&
			     lacks_served(policy, rrset))) {
				return true;
			}
		}
	}
	return false;
}

/* A copy to be signed anew. */
static knot_rrset_t *copy(judge_t *judge, const policy_item_t *item)
{
	knot_rrset_t *rrset = knot_rrset_new(item->owner, item->rrset->type, KNOT_CLASS_IN,
	                                     item->rrset->ttl, judge->verdict->mm);
	if (rrset == NULL || knot_rdataset_copy(&rrset->rrs, &item->rrset->rrs,
	                                        judge->verdict->mm) != KNOT_EOK) {
		knot_rrset_free(rrset, judge->verdict->mm);
		judge->error = KNOT_ENOMEM;
		return NULL;
	}
	if (rrset->ttl > judge->policy->ttl) {
		rrset->ttl = judge->policy->ttl;
	}
	return rrset;
}

/* The record of a wildcard, in answer to a question for that type, says nothing of a name of its own. */
static void drop_nsec(denial_t *denial, policy_item_t *item)
{
	response_edit(denial->judge, item, NULL);
	denial->judge->negative = true;
	denial->negative = true;
	response_set_soa(denial->judge);
}

void graft_answers(denial_t *denial)
{
	judge_t *judge = denial->judge;
	for (size_t i = 0; i < judge->response->count && denial->graft_count > 0; i++) {
		policy_item_t *item = &judge->response->items[i];
		if (item->edit == EDIT_DROP || item->rrset->type == KNOT_RRTYPE_RRSIG) {
			continue;
		}
		int encloser = denial_encloser(judge, item->owner, item->rrset->type);
		int now = graft_encloser(denial, item->owner, encloser);
		if (now == encloser) {
			continue;
		}
		if (item->rrset->type == KNOT_RRTYPE_NSEC && now == POLICY_OWN) {
			drop_nsec(denial, item);
			continue;
		}
		if (item->edit == EDIT_KEEP) {
			response_edit(judge, item, copy(judge, item));
		}
		item->encloser = now;
	}
	for (size_t i = 0; i < judge->verdict->add_count; i++) {
		policy_add_t *add = &judge->verdict->add[i];
		add->encloser = graft_encloser(denial, add->rrset->owner, add->encloser);
	}
}
