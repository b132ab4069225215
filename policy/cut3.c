/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The NSEC3 records of the zone that deny what is grafted, cut where the hashes of the names are.
 *
 * Below a name that is not there, the zone's NSEC3 records say nothing of what a graft makes of it.
 * There, NSEC records of the graft alone do: from its first name to the first name after it.
 */

#include <string.h>

#include "policy/denial.h"

/* Hashes that the claims are about: of names that have to be there or not. */
#define HASHES_MAX (3 * CLAIMS_MAX)
/* Hashes of what is grafted, and of names that lead to that, in one gap. */
#define STEM_MAX   (3 * GRAFTS_MAX)

typedef struct {
	uint8_t at[HASHES_MAX][NSEC3_HASH];
	size_t count;
	const knot_dname_t *below; /* A name below a graft that some claim is about. */
} hashes_t;

static void want_hash(const denial_t *denial, hashes_t *hashes, const knot_dname_t *name)
{
	if (hashes->count < HASHES_MAX &&
	    denial_hash(denial, hashes->at[hashes->count], name) == KNOT_EOK) {
		hashes->count++;
	}
}

/* True if the response has the record that matches a name. */
static bool has_match(const denial_t *denial, const knot_dname_t *name)
{
	const policy_response_t *response = denial->judge->response;
	uint8_t hash[NSEC3_HASH], owner[NSEC3_HASH];
	const uint8_t *next;
	if (denial_hash(denial, hash, name) != KNOT_EOK) {
		return false;
	}
	for (size_t i = 0; i < response->count; i++) {
		if (response->items[i].rrset->type == KNOT_RRTYPE_NSEC3 &&
		    graft_hashes(denial, &response->items[i], owner, &next) &&
		    memcmp(hash, owner, NSEC3_HASH) == 0) {
			return true;
		}
	}
	return false;
}

int cut_nsec3_encloser(const denial_t *denial, const knot_dname_t *name)
{
	int labels = knot_dname_labels(name, NULL) - 1;
	while (labels > denial->apex_labels && !has_match(denial, name_suffix(name, labels)) &&
	       !graft_is_stem(denial, name_suffix(name, labels))) {
		labels--;
	}
	return labels;
}

/* A name below what is grafted: that it is not there the zone's records can't tell. */
static bool is_below(const denial_t *denial, const knot_dname_t *name)
{
	int labels;
	return graft_at(denial, name, &labels) != NULL &&
	       labels < (int)knot_dname_labels(name, NULL);
}

static void find_hashes(const denial_t *denial, hashes_t *hashes)
{
	hashes->count = 0;
	hashes->below = NULL;
	for (size_t i = 0; i < denial->claim_count; i++) {
		const claim_t *claim = &denial->claims[i];
		knot_dname_storage_t wildcard;
		if (is_below(denial, claim->name)) {
			hashes->below = claim->name;
			continue;
		}
		int encloser = claim->encloser;
		bool apex = (int)knot_dname_labels(claim->name, NULL) <= denial->apex_labels;
		if (encloser == POLICY_OWN && (apex || has_match(denial, claim->name) ||
		                               graft_is_stem(denial, claim->name))) {
			want_hash(denial, hashes, claim->name);
			continue;
		}
		if (encloser == POLICY_OWN) { /* Not in the chain, by opt-out (RFC 5155 6). */
			encloser = cut_nsec3_encloser(denial, claim->name);
			want_hash(denial, hashes, name_suffix(claim->name, encloser));
		}
		want_hash(denial, hashes, name_suffix(claim->name, encloser + 1));
		if (cut_claim_wildcard(claim, wildcard)) {
			want_hash(denial, hashes, wildcard + 2);
			want_hash(denial, hashes, wildcard);
		}
	}
}

/* A name that a graft makes exist, or the wildcard at it, and its hash. */
typedef struct {
	const knot_dname_t *name;
	bool wildcard;
	uint8_t hash[NSEC3_HASH];
} stem_t;

typedef struct {
	stem_t at[STEM_MAX];
	size_t count;
} stems_t;

/* True if a hash comes before another one on the way from the owner of a gap on, which may lead over
 * the highest hash to the lowest. */
static bool comes_before(const uint8_t *owner, const uint8_t *hash, const uint8_t *other)
{
	bool above = memcmp(owner, hash, NSEC3_HASH) < 0;
	bool other_above = memcmp(owner, other, NSEC3_HASH) < 0;
	return above != other_above ? above : memcmp(hash, other, NSEC3_HASH) < 0;
}

/* Adds a name whose hash is in a gap, in the order of hashes there. */
static void add_stem(stems_t *stems, const uint8_t *owner, const stem_t *new)
{
	size_t i = stems->count;
	for (size_t j = 0; j < stems->count; j++) {
		if (memcmp(stems->at[j].hash, new->hash, NSEC3_HASH) == 0) {
			return;
		}
	}
	for (; i > 0 && comes_before(owner, new->hash, stems->at[i - 1].hash); i--) {
		stems->at[i] = stems->at[i - 1];
	}
	stems->at[i] = *new;
	stems->count++;
}

static void find_stem(const denial_t *denial, stems_t *stems, const knot_dname_t *name,
                      bool wildcard, const uint8_t *owner, const uint8_t *next)
{
	stem_t new = { .name = name, .wildcard = wildcard };
	knot_dname_storage_t storage;
	if (wildcard) {
		if (!denial_wildcard(storage, name, knot_dname_labels(name, NULL))) {
			return;
		}
		name = storage;
	}
	if (stems->count < STEM_MAX && denial_hash(denial, new.hash, name) == KNOT_EOK &&
	    graft_hash_in_gap(new.hash, owner, next)) {
		add_stem(stems, owner, &new);
	}
}

static void find_stems(const denial_t *denial, stems_t *stems, const uint8_t *owner,
                       const uint8_t *next)
{
	stems->count = 0;
	for (size_t i = 0; i < denial->graft_count; i++) {
		const graft_t *graft = &denial->grafts[i];
		for (int labels = graft->encloser + 1; labels <= graft->labels; labels++) {
			const knot_dname_t *name = name_suffix(graft->name, labels);
			find_stem(denial, stems, name, false, owner, next);
			if (graft->wildcard || graft->wild) {
				find_stem(denial, stems, name, true, owner, next);
			}
		}
	}
}

static bool is_wanted(const hashes_t *hashes, const uint8_t *owner, const uint8_t *next)
{
	for (size_t i = 0; i < hashes->count; i++) {
		if (memcmp(hashes->at[i], owner, NSEC3_HASH) == 0 ||
		    graft_hash_in_gap(hashes->at[i], owner, next)) {
			return true;
		}
	}
	return false;
}

static void stem_types(const denial_t *denial, const stem_t *stem, bitmap_t *types)
{
	knot_dname_storage_t wildcard;
	bool star = stem->wildcard &&
	            denial_wildcard(wildcard, stem->name, knot_dname_labels(stem->name, NULL));
	cut_types(denial, star ? wildcard : stem->name, types);
}

static void cut_one(denial_t *denial, policy_item_t *item, const hashes_t *hashes)
{
	uint8_t owner[NSEC3_HASH], exchange[NSEC3_HASH];
	const uint8_t *next;
	if (!graft_hashes(denial, item, owner, &next) ||
	    denial_hash(denial, exchange, denial->exchange) != KNOT_EOK) {
		return;
	}
	if (memcmp(owner, exchange, NSEC3_HASH) == 0) {
		cut_add_served(denial, item);
	}
	stems_t stems;
	find_stems(denial, &stems, owner, next);
	if (stems.count == 0) {
		return;
	}

	uint8_t flags = knot_nsec3_flags(item->rrset->rrs.rdata);
	bool any = false;
	bitmap_t types;
	bitmap_clear(&types);
	(void)denial_types(&types, item_rrset(item));
	item->edit = EDIT_KEEP; /* What takes its place is to come. */
	for (size_t i = 0; i <= stems.count; i++) {
		any |= is_wanted(hashes, i > 0 ? stems.at[i - 1].hash : owner,
		                 i < stems.count ? stems.at[i].hash : next);
	}
	for (size_t i = 0; i <= stems.count; i++) {
		const uint8_t *from = i > 0 ? stems.at[i - 1].hash : owner;
		const uint8_t *to = i < stems.count ? stems.at[i].hash : next;
		if (any && !is_wanted(hashes, from, to)) {
			continue;
		}
		if (i > 0) {
			stem_types(denial, &stems.at[i - 1], &types);
		}
		cut_show(denial, item, denial_nsec3(denial, from, to, flags, &types));
	}
}

static bool has_owner(const denial_t *denial, const knot_dname_t *owner)
{
	const policy_response_t *response = denial->judge->response;
	const policy_verdict_t *verdict = denial->judge->verdict;
	for (size_t i = 0; i < response->count; i++) {
		const knot_rrset_t *rrset = item_rrset(&response->items[i]);
		if (rrset != NULL && name_equal(rrset->owner, owner)) {
			return true;
		}
	}
	for (size_t i = 0; i < verdict->add_count; i++) {
		if (name_equal(verdict->add[i].rrset->owner, owner)) {
			return true;
		}
	}
	return false;
}

/* NODATA at a name that is grafted is proven where the record that it cuts is at hand. */
static void find_proven(denial_t *denial)
{
	for (size_t i = 0; i < denial->claim_count; i++) {
		claim_t *claim = &denial->claims[i];
		uint8_t hash[NSEC3_HASH];
		knot_dname_storage_t owner;
		if (claim->kind == CLAIM_NODATA && graft_is_stem(denial, claim->name) &&
		    denial_hash(denial, hash, claim->name) == KNOT_EOK &&
		    nsec3_owner(owner, hash, denial->judge->policy->zone)) {
			claim->proven |= has_owner(denial, owner);
		}
	}
}

/* The name nearest to the apex that a graft makes exist, of those above a name. */
static const knot_dname_t *top_of(const denial_t *denial, const knot_dname_t *name)
{
	int labels;
	const graft_t *graft = graft_at(denial, name, &labels);
	return name_suffix(name, graft->encloser + 1);
}

static bool is_needed(const denial_t *denial, const policy_item_t *item, const hashes_t *hashes)
{
	uint8_t owner[NSEC3_HASH];
	const uint8_t *next;
	return !denial->edited || item->section != KNOT_AUTHORITY ||
	       !graft_hashes(denial, item, owner, &next) || is_wanted(hashes, owner, next);
}

void cut_nsec3(denial_t *denial)
{
	policy_response_t *response = denial->judge->response;
	hashes_t hashes;
	find_hashes(denial, &hashes);
	for (size_t i = 0; i < response->count; i++) {
		policy_item_t *item = &response->items[i];
		if (item->edit != EDIT_KEEP || item->rrset->type != KNOT_RRTYPE_NSEC3) {
			continue;
		}
		if (is_needed(denial, item, &hashes)) {
			cut_one(denial, item, &hashes);
		} else {
			response_edit(denial->judge, item, NULL);
		}
	}
	if (hashes.below != NULL) {
		cut_below(denial, top_of(denial, hashes.below));
	}
	find_proven(denial);
}
