/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The NSEC records of the zone that deny what is grafted, cut in parts where the grafts are. Of the
 * parts only those are shown that prove something in this response: owner to graft, or graft to next
 * name. Each is the same in all responses, so each is signed once.
 */

#include <string.h>

#include "policy/denial.h"

/* Names in one gap: its ends, what is grafted, and wildcards at and above that. */
#define WILDCARDS_MAX GRAFTS_MAX
#define POINTS_MAX    (2 + 2 * GRAFTS_MAX + WILDCARDS_MAX)

/* A gap between names, and where it is cut. The first part has the owner of the gap. */
typedef struct {
	const knot_dname_t *at[POINTS_MAX];
	size_t count;
	knot_dname_storage_t wildcards[WILDCARDS_MAX];
	size_t wildcard_count;
} cuts_t;

/* Adds a name in canonical order, if it is between the first one and the last, and not there. */
static void add_cut(cuts_t *cuts, const knot_dname_t *name)
{
	if (cuts->count == POINTS_MAX ||
	    !graft_in_gap(name, cuts->at[0], cuts->at[cuts->count - 1])) {
		return;
	}
	size_t i = 1;
	while (i < cuts->count - 1 && name_compare(cuts->at[i], name) < 0) {
		i++;
	}
	if (i < cuts->count - 1 && name_equal(cuts->at[i], name)) {
		return;
	}
	memmove(&cuts->at[i + 1], &cuts->at[i], (cuts->count - i) * sizeof(cuts->at[0]));
	cuts->at[i] = name;
	cuts->count++;
}

/* Where a wildcard answers, the names that lead to the graft have what it says, and wildcards. */
static void add_answered(cuts_t *cuts, const graft_t *graft)
{
	for (int labels = graft->encloser + 1; labels <= graft->labels &&
	     cuts->wildcard_count < WILDCARDS_MAX; labels++) {
		uint8_t *wildcard = cuts->wildcards[cuts->wildcard_count];
		add_cut(cuts, name_suffix(graft->name, labels));
		size_t before = cuts->count;
		if (denial_wildcard(wildcard, graft->name, labels)) {
			add_cut(cuts, wildcard);
		}
		cuts->wildcard_count += (cuts->count > before);
	}
}

static void make_cuts(const denial_t *denial, cuts_t *cuts, const knot_dname_t *owner,
                      const knot_dname_t *next)
{
	cuts->at[0] = owner;
	cuts->at[1] = next;
	cuts->count = 2;
	cuts->wildcard_count = 0;
	for (size_t i = 0; i < denial->graft_count; i++) {
		const graft_t *graft = &denial->grafts[i];
		if (!graft->wild) {
			add_cut(cuts, graft->name);
		}
		if (graft->wildcard || graft->wild) {
			add_answered(cuts, graft);
		}
	}
}

bool cut_claim_wildcard(const claim_t *claim, knot_dname_storage_t out)
{
	return claim->kind != CLAIM_COVER && claim->encloser != POLICY_OWN &&
	       denial_wildcard(out, claim->name, claim->encloser);
}

/* True if a part shows something that a claim needs; NODATA at a name that the graft has, or in it,
 * is proven by that. */
static bool proves(claim_t *claim, const knot_dname_t *owner, const knot_dname_t *next, bool own)
{
	knot_dname_storage_t wildcard;
	bool nodata = claim->kind == CLAIM_NODATA;
	if (cut_claim_wildcard(claim, wildcard)) {
		bool match = name_equal(owner, wildcard);
		claim->proven |= nodata && match && own;
		return match || graft_in_gap(wildcard, owner, next) ||
		       graft_in_gap(claim->name, owner, next);
	}
	bool match = nodata && name_equal(owner, claim->name);
	bool cover = graft_in_gap(claim->name, owner, next);
	if (nodata) { /* A name without data of its own has others below it. */
		cover = cover && knot_dname_in_bailiwick(next, claim->name) > 0;
		claim->proven |= cover || (match && own);
	}
	return cover || match;
}

/* The types of the wildcard that has answered at a graft, from its record in the response. */
static bool wildcard_types(const denial_t *denial, const graft_t *graft, bitmap_t *types)
{
	const policy_response_t *response = denial->judge->response;
	knot_dname_storage_t wildcard, owner;
	if (!denial_wildcard(wildcard, graft->name, graft->encloser)) {
		return false;
	}
	memcpy(owner, wildcard, knot_dname_size(wildcard));
	uint8_t hash[NSEC3_HASH];
	if (denial->nsec3 && (denial_hash(denial, hash, wildcard) != KNOT_EOK ||
	                      !nsec3_owner(owner, hash, denial->judge->policy->zone))) {
		return false;
	}
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		if ((item->rrset->type == KNOT_RRTYPE_NSEC ||
		     item->rrset->type == KNOT_RRTYPE_NSEC3) &&
		    name_equal(item->owner, owner)) {
			return denial_types(types, item->rrset);
		}
	}
	return false;
}

/* True if the response has to prove that just a type is missing at a name, or a wildcard. */
static bool is_nodata(const denial_t *denial, const knot_dname_t *name)
{
	for (size_t i = 0; i < denial->claim_count; i++) {
		const claim_t *claim = &denial->claims[i];
		knot_dname_storage_t wildcard;
		if (claim->kind == CLAIM_NODATA &&
		    name_equal(name, cut_claim_wildcard(claim, wildcard) ? wildcard
		                                                                  : claim->name)) {
			return true;
		}
	}
	return false;
}

/* The graft of a name itself, or that it leads to where a wildcard answers, or may. */
static const graft_t *graft_of(const denial_t *denial, const knot_dname_t *name)
{
	int labels;
	for (size_t i = 0; i < denial->graft_count; i++) {
		const graft_t *graft = &denial->grafts[i];
		if (!graft->wild && name_equal(graft->name, name)) {
			return graft;
		}
	}
	const graft_t *graft = graft_at(denial, knot_dname_is_wildcard(name) ? name + 2 : name,
	                                &labels);
	return graft != NULL && !graft->no_wildcard ? graft : NULL;
}

/* Of what a wildcard answers for, or may, nothing is denied but what the response is about. */
void cut_types(const denial_t *denial, const knot_dname_t *name, bitmap_t *types)
{
	bool exchange = name_equal(name, denial->exchange);
	bool nodata = is_nodata(denial, name);
	const graft_t *graft = graft_of(denial, name);
	bitmap_clear(types);
	if (graft == NULL) {
		return; /* A name that only leads to another one. */
	}
	bool known = graft->no_wildcard || (nodata && denial->judge->flattened) ||
	             (nodata && wildcard_types(denial, graft, types));
	if (!known) {
		bitmap_add_likely(types, false);
		bitmap_add(types, KNOT_RRTYPE_CNAME);
	}
	bitmap_remove(types, KNOT_RRTYPE_NSEC);
	bitmap_remove(types, KNOT_RRTYPE_DNAME);
	bitmap_add(types, KNOT_RRTYPE_RRSIG);
	if (exchange) {
		denial_add_served(denial, types);
	} else if (nodata && denial->judge->flattened) {
		bitmap_add(types, KNOT_RRTYPE_A);
		bitmap_add(types, KNOT_RRTYPE_AAAA);
	}
	if (nodata && denial->denied != KNOT_RRTYPE_NSEC) { /* The NSEC record itself is there. */
		bitmap_remove(types, KNOT_RRTYPE_CNAME);
		bitmap_remove(types, denial->denied);
	}
}

void cut_show(denial_t *denial, policy_item_t *item, knot_rrset_t *rrset)
{
	if (rrset == NULL) {
		return;
	}
	if (item != NULL && item->rrset->ttl < rrset->ttl) {
		rrset->ttl = item->rrset->ttl;
	}
	if (item != NULL && item->edit == EDIT_KEEP) {
		response_edit(denial->judge, item, rrset);
	} else {
		response_add(denial->judge, item != NULL ? item->section : KNOT_AUTHORITY, rrset);
	}
}

/* Which parts of a gap are needed. In an answer it is what the question is about: the first. */
static bool find_needed(denial_t *denial, const policy_item_t *item, const cuts_t *cuts,
                        bool needed[static POINTS_MAX])
{
	bool any = false;
	for (size_t i = 0; i + 1 < cuts->count; i++) {
		needed[i] = item != NULL && item->section != KNOT_AUTHORITY && i == 0;
		for (size_t j = 0; j < denial->claim_count; j++) {
			needed[i] |= proves(&denial->claims[j], cuts->at[i], cuts->at[i + 1],
			                    i > 0 || item == NULL);
		}
		any |= needed[i];
	}
	return any;
}

static void show_cuts(denial_t *denial, policy_item_t *item, const cuts_t *cuts,
                      const bool needed[static POINTS_MAX])
{
	bitmap_t first;
	bitmap_clear(&first);
	if (item != NULL) {
		(void)denial_types(&first, item_rrset(item));
		item->edit = EDIT_KEEP; /* What takes its place is to come. */
	}
	for (size_t i = 0; i + 1 < cuts->count; i++) {
		if (!needed[i]) {
			continue;
		}
		bitmap_t types;
		if (i > 0 || item == NULL) {
			cut_types(denial, cuts->at[i], &types);
			bitmap_add(&types, KNOT_RRTYPE_NSEC);
			bitmap_add(&types, KNOT_RRTYPE_RRSIG);
		}
		cut_show(denial, item, denial_nsec(denial, cuts->at[i], cuts->at[i + 1],
		                                   i > 0 || item == NULL ? &types : &first));
	}
}

void cut_add_served(denial_t *denial, policy_item_t *item)
{
	bitmap_t types;
	bitmap_clear(&types);
	if (!denial_types(&types, item->rrset) || denial_is_elsewhere(&types)) {
		return;
	}
	bool a = bitmap_has(&types, KNOT_RRTYPE_A), aaaa = bitmap_has(&types, KNOT_RRTYPE_AAAA);
	denial_add_served(denial, &types);
	if (a != bitmap_has(&types, KNOT_RRTYPE_A) || aaaa != bitmap_has(&types, KNOT_RRTYPE_AAAA)) {
		cut_show(denial, item, denial_rewrite(denial, item->rrset, &types));
	}
}

void cut_nsec(denial_t *denial)
{
	policy_response_t *response = denial->judge->response;
	for (size_t i = 0; i < response->count; i++) {
		policy_item_t *item = &response->items[i];
		if (item->edit != EDIT_KEEP || !denial_is_nsec(denial->judge, item)) {
			continue;
		}
		cuts_t cuts;
		bool needed[POINTS_MAX];
		make_cuts(denial, &cuts, item->owner, knot_nsec_next(item->rrset->rrs.rdata));
		if (!find_needed(denial, item, &cuts, needed) && denial->edited) {
			response_edit(denial->judge, item, NULL);
			continue;
		}
		if (name_equal(item->owner, denial->exchange)) {
			cut_add_served(denial, item);
		}
		if (cuts.count > 2) {
			show_cuts(denial, item, &cuts, needed);
		}
	}
}

void cut_below(denial_t *denial, const knot_dname_t *top)
{
	knot_dname_storage_t after;
	cuts_t cuts;
	bool needed[POINTS_MAX];
	name_after(after, top);
	make_cuts(denial, &cuts, top, after);
	(void)find_needed(denial, NULL, &cuts, needed);
	show_cuts(denial, NULL, &cuts, needed);
}
