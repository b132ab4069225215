/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What an edited response says of names and types that are not there, made provable: with the
 * zone's own records where they prove it, and with new records about a single name where they do
 * not.
 *
 * Some names are in answers, but not in the zone: the exchange, which always resolves, and names
 * that a wildcard answers for, but differently than for all others. A record of the zone says that
 * there is no such name. A resolver that has this record in its cache would not ask for the name,
 * but conclude that it does not exist, or that it is what the wildcard says (RFC 8198). So the
 * record is not shown. In its place are the records that the zone would have if the operator had
 * added the name: from owner to missing name, and from missing name to next. Each is the same in
 * all responses, so each is signed once. Where a wildcard answers for a missing name, it also
 * answers for the names below it, so a wildcard below the missing name is put in as well.
 *
 * A new record about a single name denies one type of that name and no other name: its next name is
 * the immediate successor of its owner (RFC 4470, RFC 9824), and its bitmap has every type that the
 * name may have, because resolvers conclude from a cached record what else there is not.
 */

#include <string.h>

#include "dns/rrset.h"
#include "policy/denial.h"
#include "policy/host.h"
#include "policy/missing.h"

typedef enum {
	PROOF_EXPANDED, /*!< Answered from a wildcard: there is no such name. */
	PROOF_NODATA,   /*!< There is such a name or a wildcard for it, but not this type. */
	PROOF_NXDOMAIN, /*!< There is neither. */
} proof_kind_t;

/*! Something that a response has to prove of a name. */
typedef struct {
	proof_kind_t kind;
	const knot_dname_t *name;
	int encloser; /*!< Labels of the encloser with the wildcard that answers, or POLICY_OWN. */
	bool proven;  /*!< A record shows it already. */
} proof_t;

/*! Where names are put into the chain: missing ones, those between them and their enclosers, and
 *  wildcards. */
#define INSERTED_MAX  MISSING_PLACES_MAX
#define WILDCARDS_MAX (MISSING_PLACES_MAX / 2)

typedef struct {
	nsec_place_t place;
	bool empty; /*!< It only leads to other names, so only a chain of NSEC3 records has it. */
} inserted_t;

/*! Places in the chain that needed proofs are about: of names that have to be there or not. */
#define PLACES_MAX (3 * PROOFS_MAX)

/*! A response being made provable. */
typedef struct {
	judge_t *judge;
	const policy_t *policy;
	policy_response_t *response;
	bool edited;           /*!< Proofs of the zone may not be needed any more. */
	bool negative;         /*!< The edited answer has no data at its end. */
	uint16_t denied;       /*!< The type that the end does not have, or 0. */
	size_t proof_count;
	size_t inserted_count;
	size_t wildcard_count;
	size_t place_count;

	chain_t chain;
	missing_names_t missing; /*!< Those that this response denies. */
	proof_t proofs[PROOFS_MAX];
	inserted_t inserted[INSERTED_MAX];
	knot_dname_storage_t wildcards[WILDCARDS_MAX];
	nsec_place_t places[PLACES_MAX];
	knot_dname_storage_t proof_wildcards[PROOFS_MAX];
} denial_t;

/*
 * Making records.
 */

/* Adds the address types that the exchange is answered with; made: the zone does not have it. */
static void add_exchange_types(const denial_t *denial, bitmap_t *types, bool made)
{
	host_t host = *response_exchange(denial->judge);
	if (made && host.state == HOST_BLIND) {
		host.state = HOST_NONE;
	}
	for (int family = 4; family <= 6; family += 2) {
		if (host_serves(denial->policy, &host, true, family) != HOST_SERVES_NOTHING) {
			bitmap_add(types, type_of_family(family));
		}
	}
	bitmap_add(types, KNOT_RRTYPE_RRSIG);
}

static uint32_t negative_ttl(const denial_t *denial)
{
	knot_rrset_t soa = { 0 };
	return chain_look_up(&denial->chain, denial->policy->zone, KNOT_RRTYPE_SOA, &soa)
	       ? soa_negative_ttl(&soa) : denial->policy->ttl;
}

/* Makes the RRset of a record with these types. NULL and an error set if it can't be made. */
static knot_rrset_t *make_record(const denial_t *denial, const nsec_t *record,
                                 const bitmap_t *types)
{
	uint8_t rdata[NSEC_RDATA_MAX];
	knot_dname_storage_t hashed;
	const knot_dname_t *owner = record->owner.name;
	if (record->nsec3) {
		if (!nsec3_owner(hashed, record->owner.hash, denial->policy->zone)) {
			denial->judge->error = KNOT_ENOMEM;
			return NULL;
		}
		owner = hashed;
	}
	rdata_ref_t ref = { rdata, nsec_write(record, types, rdata) };
	return response_rrset(denial->judge, owner,
	                      record->nsec3 ? KNOT_RRTYPE_NSEC3 : KNOT_RRTYPE_NSEC,
	                      negative_ttl(denial), &ref, 1);
}

/* Shows a new record: in the place of an item, or added if the item is replaced already. NULL:
 * there is no item. */
static void show_record(denial_t *denial, policy_item_t *item, knot_rrset_t *rrset)
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

/*
 * Places of missing names in the chain, and answers at and below them.
 */

/* Inserts so many labels of a missing name, or the wildcard there. */
static void insert_name(denial_t *denial, const missing_t *missing, const knot_dname_t *name,
                        int labels, bool wildcard)
{
	inserted_t *inserted = &denial->inserted[denial->inserted_count];
	if (!denial->chain.nsec3) {
		inserted->place = missing->place;
		inserted->place.name = name;
	} else if (!chain_place(&denial->chain, &inserted->place, name,
	                        missing_number(missing, labels, wildcard))) {
		return;
	}
	inserted->empty = !missing->wildcard && labels < missing->labels;
	denial->inserted_count++;
}

/* Finds the places in the chain of missing names, and of those that lead to them. These have what
 * a wildcard says, and a wildcard of their own, if one answers for the missing name. */
static void insert_names(denial_t *denial)
{
	for (size_t i = 0; i < denial->missing.count; i++) {
		const missing_t *missing = &denial->missing.at[i];
		for (int labels = missing_first(missing); labels <= missing->labels; labels++) {
			const knot_dname_t *name = name_parent(missing->name,
			                                       missing->labels - labels);
			insert_name(denial, missing, name, labels, false);
			uint8_t *wildcard = denial->wildcards[denial->wildcard_count];
			if (missing->wildcard && name_wildcard(wildcard, name)) {
				denial->wildcard_count++;
				insert_name(denial, missing, wildcard, labels, true);
			}
		}
	}
}

/* A copy of an RRset, to be signed again. */
static knot_rrset_t *copy(judge_t *judge, const policy_item_t *item)
{
	knot_mm_t *mm = judge->verdict->mm;
	uint32_t limit = judge->policy->ttl, ttl = item->rrset->ttl;
	knot_rrset_t *rrset = knot_rrset_new(item->owner, item->rrset->type, KNOT_CLASS_IN,
	                                     ttl < limit ? ttl : limit, mm);
	if (rrset == NULL ||
	    knot_rdataset_copy(&rrset->rrs, &item->rrset->rrs, mm) != KNOT_EOK) {
		knot_rrset_free(rrset, mm);
		judge->error = KNOT_ENOMEM;
		return NULL;
	}
	return rrset;
}

/* The record of a wildcard, in answer to a question for that type, says nothing of a name of its
 * own. */
static void drop_nsec(denial_t *denial, policy_item_t *item)
{
	response_edit(denial->judge, item, NULL);
	denial->judge->negative = true;
	denial->negative = true;
	response_set_soa(denial->judge);
}

/* Marks answers of the zone's wildcards at or below missing names to be signed for the names
 * themselves, or for the wildcards that are put in. */
static void sign_answers(denial_t *denial)
{
	judge_t *judge = denial->judge;
	for (size_t i = 0; i < denial->response->count && denial->missing.count > 0; i++) {
		policy_item_t *item = &denial->response->items[i];
		if (item->edit == EDIT_DROP || item->rrset->type == KNOT_RRTYPE_RRSIG) {
			continue;
		}
		int before = chain_signed_encloser(judge, item->owner, item->rrset->type);
		int now = missing_encloser(&denial->missing, item->owner, before);
		if (now == before) {
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
		add->encloser = missing_encloser(&denial->missing, add->rrset->owner,
		                                 add->encloser);
	}
}

/*
 * What the response has to prove.
 */

static void need_proof(denial_t *denial, proof_kind_t kind, const knot_dname_t *name, int encloser)
{
	for (size_t i = 0; i < denial->proof_count; i++) {
		if (name_equal(denial->proofs[i].name, name)) {
			return;
		}
	}
	if (denial->proof_count == PROOFS_MAX) {
		denial->judge->error = KNOT_ESPACE;
		return;
	}
	denial->proofs[denial->proof_count++] = (proof_t){ kind, name, encloser, false };
}

/* True if the chain has a name, with the missing ones put in. */
static bool is_in_chain(const denial_t *denial, const knot_dname_t *name)
{
	return missing_leads_to(&denial->missing, name) || chain_has(&denial->chain, name);
}

/* find_encloser() by hashes: from below, and from above, where there is nothing below a name that
 * is denied. One of the two takes few steps, however long the name is or those of the zone are. */
static int find_hashed_encloser(const denial_t *denial, const knot_dname_t *name)
{
	int found = denial->chain.apex_labels;
	int low = found + 1, high = name_labels(name) - 1;
	for (; low <= high; low++, high--) {
		const knot_dname_t *part = name_suffix(name, high);
		if (is_in_chain(denial, part)) {
			return high;
		}
		part = name_suffix(name, low);
		if (is_in_chain(denial, part)) {
			found = low;
		} else if (chain_denies(&denial->chain, part, 0)) {
			break;
		}
	}
	return found;
}

/* Labels of the longest part of a name that is there, missing names included. */
static int find_encloser(const denial_t *denial, const knot_dname_t *name)
{
	int labels = POLICY_OWN, shared;
	if (denial->chain.nsec3) {
		return find_hashed_encloser(denial, name);
	}

	const nsec_t *record = chain_denies(&denial->chain, name, 0);
	if (record != NULL) {
		labels = chain_covering_encloser(&denial->chain, record, name);
	}
	(void)missing_at(&denial->missing, name, &shared);
	return labels != POLICY_OWN && labels < shared ? shared : labels;
}

/* The end of the aliases has no data. */
static void need_proof_of_end(denial_t *denial)
{
	judge_t *judge = denial->judge;
	const knot_dname_t *end = judge->terminal;
	if (denial->response->rcode == KNOT_RCODE_NXDOMAIN && !judge->verdict->noerror) {
		/* There is none by a wildcard of its encloser either. */
		need_proof(denial, PROOF_NXDOMAIN, end, find_encloser(denial, end));
		return;
	}
	int encloser = judge->negative ? chain_signed_encloser(judge, end, 0)
	                               : chain_nodata_encloser(&denial->chain, end);
	need_proof(denial, PROOF_NODATA, end, missing_encloser(&denial->missing, end, encloser));
}

static void find_proofs(denial_t *denial)
{
	judge_t *judge = denial->judge;
	for (size_t i = 0; i < denial->response->count; i++) {
		const policy_item_t *item = &denial->response->items[i];
		if (judge->delegated && item->section == KNOT_AUTHORITY &&
		    item->rrset->type == KNOT_RRTYPE_NS) {
			need_proof(denial, PROOF_NODATA, item->owner, POLICY_OWN);
		}
		if (item->section != KNOT_ANSWER || item->edit == EDIT_DROP ||
		    item->rrset->type == KNOT_RRTYPE_RRSIG) {
			continue;
		}
		int encloser = item->edit == EDIT_REPLACE
		             ? item->encloser
		             : chain_signed_encloser(judge, item->owner, item->rrset->type);
		if (encloser != POLICY_OWN) {
			need_proof(denial, PROOF_EXPANDED, item->owner, encloser);
		}
	}
	for (size_t i = 0; i < judge->verdict->add_count; i++) {
		const policy_add_t *add = &judge->verdict->add[i];
		if (add->section == KNOT_ANSWER && add->encloser != POLICY_OWN) {
			need_proof(denial, PROOF_EXPANDED, add->rrset->owner, add->encloser);
		}
	}
	if (denial->negative) {
		need_proof_of_end(denial);
	}
}

/* The wildcard that a proof is about besides its name. */
static bool proof_wildcard(const proof_t *proof, knot_dname_storage_t out)
{
	return proof->kind != PROOF_EXPANDED && proof->encloser != POLICY_OWN &&
	       name_wildcard_at(out, proof->name, proof->encloser);
}

/*
 * Records of the zone, split where there are missing names. Only those parts are shown that prove
 * something in this response.
 */

/* True if an NSEC record shows something that a proof needs. NODATA is proven by a record that was
 * put in. */
static bool proves(proof_t *proof, const nsec_t *record, bool inserted)
{
	knot_dname_storage_t wildcard;
	nsec_place_t name = { .name = proof->name }, at_wildcard = { .name = wildcard };
	bool nodata = proof->kind == PROOF_NODATA;
	if (proof_wildcard(proof, wildcard)) {
		bool match = nsec_is_owner(record, &at_wildcard);
		proof->proven |= nodata && match && inserted;
		return match || nsec_covers(record, &at_wildcard) || nsec_covers(record, &name);
	}
	bool match = nodata && nsec_is_owner(record, &name);
	bool cover = nsec_covers(record, &name);
	if (nodata) { /* A name without data of its own has others below it. */
		cover = cover && knot_dname_in_bailiwick(record->next.name, proof->name) > 0;
		proof->proven |= cover || (match && inserted);
	}
	return cover || match;
}

/* True if a record that is about one of the places is needed: all of NSEC3 are. */
static bool is_needed(denial_t *denial, const nsec_t *record, bool inserted)
{
	bool needed = record->nsec3;
	for (size_t i = 0; i < denial->proof_count && !record->nsec3; i++) {
		needed |= proves(&denial->proofs[i], record, inserted);
	}
	return needed;
}

/* The types of the wildcard that has answered at a missing name, from its record in the
 * response. */
static bool wildcard_types(const denial_t *denial, const missing_t *missing, bitmap_t *types)
{
	knot_dname_storage_t wildcard;
	nsec_place_t place;
	const nsec_t *record = NULL;
	if (name_wildcard_at(wildcard, missing->name, missing->encloser) &&
	    chain_place(&denial->chain, &place, wildcard, 0)) {
		record = chain_find(&denial->chain, &place, nsec_is_owner);
	}
	if (record != NULL) {
		nsec_types(record, types);
	}
	return record != NULL;
}

/* True if the response has to prove that just a type is missing at a name, or a wildcard. */
static bool is_nodata(const denial_t *denial, const knot_dname_t *name)
{
	for (size_t i = 0; i < denial->proof_count; i++) {
		const proof_t *proof = &denial->proofs[i];
		knot_dname_storage_t wildcard;
		if (proof->kind == PROOF_NODATA &&
		    name_equal(name, proof_wildcard(proof, wildcard) ? wildcard : proof->name)) {
			return true;
		}
	}
	return false;
}

/* The missing name itself, or the one that a name leads to where a wildcard answers, or may. */
static const missing_t *missing_of(const denial_t *denial, const knot_dname_t *name)
{
	int labels;
	for (size_t i = 0; i < denial->missing.count; i++) {
		const missing_t *missing = &denial->missing.at[i];
		if (!missing->below && name_equal(missing->name, name)) {
			return missing;
		}
	}
	const missing_t *missing = missing_at(
		&denial->missing, knot_dname_is_wildcard(name) ? name + 2 : name, &labels);
	return missing != NULL && !missing->no_wildcard ? missing : NULL;
}

/* The types of a name that is put in. Where a wildcard answers, or may, nothing is denied but what
 * the response is about. */
static void inserted_types(const denial_t *denial, const knot_dname_t *name, bitmap_t *types)
{
	bool nodata = is_nodata(denial, name), flattened = denial->judge->flattened;
	const missing_t *missing = missing_of(denial, name);
	bitmap_clear(types);
	if (missing == NULL) {
		return; /* A name that only leads to another one. */
	}
	bool known = missing->no_wildcard || (nodata && flattened) ||
	             name_equal(name, denial->policy->exchange) ||
	             (nodata && wildcard_types(denial, missing, types));
	if (!known) {
		bitmap_add_likely(types, false);
		bitmap_add(types, KNOT_RRTYPE_CNAME);
	}
	bitmap_remove(types, KNOT_RRTYPE_NSEC);
	bitmap_remove(types, KNOT_RRTYPE_DNAME);
	bitmap_add(types, KNOT_RRTYPE_RRSIG);
	if (name_equal(name, denial->policy->exchange)) {
		add_exchange_types(denial, types, true);
	} else if (nodata && flattened) {
		bitmap_add(types, KNOT_RRTYPE_A);
		bitmap_add(types, KNOT_RRTYPE_AAAA);
	}
	if (nodata && denial->denied != KNOT_RRTYPE_NSEC) { /* The NSEC record itself is there. */
		bitmap_remove(types, KNOT_RRTYPE_CNAME);
		bitmap_remove(types, denial->denied);
	}
}

/* Makes a record of the exchange itself show the addresses that it always has. */
static void show_exchange_types(denial_t *denial, policy_item_t *item, const nsec_t *record)
{
	bitmap_t types;
	bitmap_clear(&types);
	nsec_types(record, &types);
	if (bitmap_has(&types, KNOT_RRTYPE_CNAME) || nsec_is_delegation(&types)) {
		return; /* Another record, or another zone, shows what the name has. */
	}
	bool a = bitmap_has(&types, KNOT_RRTYPE_A), aaaa = bitmap_has(&types, KNOT_RRTYPE_AAAA);
	add_exchange_types(denial, &types, false);
	if (a != bitmap_has(&types, KNOT_RRTYPE_A) ||
	    aaaa != bitmap_has(&types, KNOT_RRTYPE_AAAA)) {
		show_record(denial, item, make_record(denial, record, &types));
	}
}

static void show_parts(denial_t *denial, policy_item_t *item, const nsec_split_t *split,
                       const bool needed[static NSEC_SPLIT_MAX])
{
	bitmap_t own, types;
	nsec_t record;
	bitmap_clear(&own);
	if (item != NULL) {
		if (nsec_read(&record, item_rrset(item))) {
			nsec_types(&record, &own);
		}
		item->edit = EDIT_KEEP; /* Its parts replace it below. */
	}
	for (size_t i = 0; i + 1 < split->count; i++) {
		if (!needed[i]) {
			continue;
		}
		nsec_t part = nsec_split_part(split, i);
		bool inserted = i > 0 || item == NULL;
		if (inserted) {
			inserted_types(denial, part.owner.name, &types);
		}
		if (inserted && !part.nsec3) {
			bitmap_add(&types, KNOT_RRTYPE_NSEC);
			bitmap_add(&types, KNOT_RRTYPE_RRSIG);
		}
		show_record(denial, item, make_record(denial, &part, inserted ? &types : &own));
	}
}

/* Finds the parts that are needed for proofs. */
static void find_parts(const denial_t *denial, const nsec_split_t *split,
                       bool found[static NSEC_SPLIT_MAX])
{
	memset(found, 0, split->count * sizeof(*found));
	for (size_t i = 0; i < denial->place_count; i++) {
		size_t part = nsec_split_find(split, &denial->places[i]);
		if (part < split->count) {
			found[part] = true;
		}
	}
}

/* Splits a record at the inserted places next to a place that it is about. Those further away make
 * no part of this response, and there may be many of them. */
static void split_beside(const nsec_place_t *const *inserted, size_t count, nsec_split_t *split,
                         const nsec_place_t *place)
{
	const nsec_place_t *before = NULL, *after = NULL;
	for (size_t i = 0; i < count; i++) {
		const nsec_place_t **best = &after;
		if (nsec_order(split->record, inserted[i], place) <= 0) {
			best = &before;
		}
		if (*best == NULL ||
		    (nsec_order(split->record, inserted[i], *best) < 0) == (best == &after)) {
			*best = inserted[i];
		}
	}
	if (before != NULL) {
		nsec_split_at(split, before);
	}
	if (after != NULL) {
		nsec_split_at(split, after);
	}
}

static void split_at_places(const denial_t *denial, nsec_split_t *split, bool elsewhere)
{
	const nsec_t *record = split->record;
	const nsec_place_t *inserted[INSERTED_MAX];
	size_t count = 0;
	for (size_t i = 0; i < denial->inserted_count; i++) {
		const inserted_t *one = &denial->inserted[i];
		if ((record->nsec3 || !one->empty) && nsec_covers(record, &one->place)) {
			inserted[count++] = &one->place;
		}
	}
	for (size_t i = 0; i < denial->place_count && count > 0; i++) {
		const nsec_place_t *place = &denial->places[i];
		if (nsec_is_owner(record, place) || nsec_covers(record, place)) {
			split_beside(inserted, count, split, place);
		}
	}
	if (elsewhere && count > 0) {
		split_beside(inserted, count, split, &record->owner);
	}
}

/* Splits a record, and shows the parts that are needed. NULL for the item where there is no such
 * record in the response, and its owner is one that is put in. */
static void split_record(denial_t *denial, policy_item_t *item, const nsec_t *record,
                         const nsec_place_t *exchange)
{
	bool needed[NSEC_SPLIT_MAX], any = false;
	nsec_split_t split;
	nsec_split_begin(&split, record);
	/* In an answer, the question is about the owner. */
	bool elsewhere = item != NULL && item->section != KNOT_AUTHORITY;
	split_at_places(denial, &split, elsewhere);
	find_parts(denial, &split, needed);
	for (size_t i = 0; i + 1 < split.count; i++) {
		nsec_t part = nsec_split_part(&split, i);
		needed[i] = (needed[i] && is_needed(denial, &part, i > 0 || item == NULL)) ||
		            (elsewhere && i == 0);
		any |= needed[i];
	}
	if (item != NULL && item->section == KNOT_AUTHORITY && !any && denial->edited) {
		response_edit(denial->judge, item, NULL);
		return;
	}
	if (item != NULL && nsec_is_owner(record, exchange)) {
		show_exchange_types(denial, item, record);
	}
	if (item == NULL || split.count > 2) {
		show_parts(denial, item, &split, needed);
	}
}

/* Below a name that is not there, the zone's NSEC3 records say nothing of what a missing name makes
 * of it. There, NSEC records of that name alone do: from its first name to the first name after
 * it. */
static void split_below(denial_t *denial, const knot_dname_t *name)
{
	int labels;
	knot_dname_storage_t after;
	const missing_t *missing = missing_at(&denial->missing, name, &labels);
	const knot_dname_t *top = name_suffix(name, missing->encloser + 1);
	name_after(after, top);
	nsec_t record = { .owner.name = top, .next.name = after };
	split_record(denial, NULL, &record, NULL);
}

static void add_hash(denial_t *denial, const knot_dname_t *name)
{
	if (denial->place_count == PLACES_MAX) {
		denial->judge->error = KNOT_ESPACE;
		return;
	}
	nsec_place_t *place = &denial->places[denial->place_count];
	if (chain_place(&denial->chain, place, name, 0)) {
		place->name = NULL; /* It may be gone before the hash is. */
		denial->place_count++;
	}
}

/* Finds the hashes that have to be shown. Returns a name below a missing one that has something to
 * be proven, which the zone's records can't do, or NULL. */
static const knot_dname_t *find_hashes(denial_t *denial)
{
	const knot_dname_t *below = NULL;
	for (size_t i = 0; i < denial->proof_count; i++) {
		const proof_t *proof = &denial->proofs[i];
		knot_dname_storage_t wildcard;
		int labels = name_labels(proof->name), shared;
		if (missing_at(&denial->missing, proof->name, &shared) != NULL && shared < labels) {
			below = proof->name;
			continue;
		}
		int encloser = proof->encloser;
		/* A denied apex has nothing between it and its encloser, which it is. */
		if (encloser == POLICY_OWN ? labels <= denial->chain.apex_labels ||
		                             is_in_chain(denial, proof->name)
		                           : encloser >= labels) {
			add_hash(denial, proof->name);
			continue;
		}
		if (encloser == POLICY_OWN) { /* Not in the chain, by opt-out (RFC 5155 6). */
			encloser = find_encloser(denial, proof->name);
			add_hash(denial, name_suffix(proof->name, encloser));
		}
		add_hash(denial, name_suffix(proof->name, encloser + 1));
		if (proof_wildcard(proof, wildcard)) {
			add_hash(denial, wildcard + 2);
			add_hash(denial, wildcard);
		}
	}
	return below;
}

/* The same for NSEC records, by name. */
static void find_places(denial_t *denial)
{
	const knot_dname_t *zone = denial->policy->zone;
	size_t size = denial->chain.apex_size;
	denial->place_count = 0;
	for (size_t i = 0; i < denial->proof_count; i++) {
		const proof_t *proof = &denial->proofs[i];
		uint8_t *wildcard = denial->proof_wildcards[i];
		denial->places[denial->place_count++] = nsec_place(proof->name, zone, size);
		if (proof_wildcard(proof, wildcard)) {
			denial->places[denial->place_count++] = nsec_place(wildcard, zone, size);
		}
	}
}

static bool is_shown(const denial_t *denial, const knot_dname_t *owner)
{
	const policy_verdict_t *verdict = denial->judge->verdict;
	for (size_t i = 0; i < denial->response->count; i++) {
		const knot_rrset_t *rrset = item_rrset(&denial->response->items[i]);
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

/* NODATA at a name that is put in is proven if the record that was split is in the response. */
static void find_proven(denial_t *denial)
{
	for (size_t i = 0; i < denial->proof_count; i++) {
		proof_t *proof = &denial->proofs[i];
		nsec_place_t place;
		knot_dname_storage_t owner;
		if (proof->kind == PROOF_NODATA &&
		    missing_leads_to(&denial->missing, proof->name) &&
		    chain_place(&denial->chain, &place, proof->name, 0) &&
		    nsec3_owner(owner, place.hash, denial->policy->zone)) {
			proof->proven |= is_shown(denial, owner);
		}
	}
}

/* Splits the records of the response at missing names, and leaves out those that nothing in it
 * needs any more. */
static void split_records(denial_t *denial)
{
	nsec_place_t exchange;
	if (!chain_place(&denial->chain, &exchange, denial->policy->exchange, 0)) {
		return;
	}
	insert_names(denial);
	const knot_dname_t *below = denial->chain.nsec3 ? find_hashes(denial) : NULL;
	if (!denial->chain.nsec3) {
		find_places(denial);
	}
	for (size_t i = 0; i < denial->chain.count; i++) {
		const chain_record_t *record = &denial->chain.records[i];
		if (record->item->edit == EDIT_KEEP) {
			split_record(denial, record->item, &record->nsec, &exchange);
		}
	}
	if (below != NULL) {
		find_places(denial);
		split_below(denial, below);
	}
	if (denial->chain.nsec3) {
		find_proven(denial);
	}
}

/*
 * New records about single names.
 */

/* Adds a record of one name, with no other name between it and the next. Where the response has a
 * record of the name, it gets these types instead. */
static void add_record(denial_t *denial, const knot_dname_t *name, bitmap_t *types)
{
	judge_t *judge = denial->judge;
	knot_dname_storage_t successor;
	nsec_t record = { .nsec3 = denial->chain.nsec3, .params = denial->chain.params,
	                  .next.name = successor };
	if (!chain_place(&denial->chain, &record.owner, name, 0)) {
		return;
	}
	if (denial->chain.nsec3) {
		uint8_t *next = record.next.hash;
		memcpy(next, record.owner.hash, NSEC3_HASH);
		for (int i = NSEC3_HASH - 1; i >= 0 && ++next[i] == 0; i--) {
		}
		bitmap_remove(types, KNOT_RRTYPE_NSEC);
	} else {
		name_successor(successor, name);
		bitmap_add(types, KNOT_RRTYPE_NSEC);
	}
	for (size_t i = 0; i < denial->response->count; i++) {
		policy_item_t *item = &denial->response->items[i];
		const knot_rrset_t *there = item_rrset(item);
		nsec_t other;
		if (item->section == KNOT_AUTHORITY && there != NULL && nsec_read(&other, there) &&
		    other.nsec3 == record.nsec3 && nsec_is_owner(&other, &record.owner)) {
			response_edit(judge, item, make_record(denial, &other, types));
			return;
		}
	}
	response_add(judge, KNOT_AUTHORITY, make_record(denial, &record, types));
}

/* Adds every type that a node may have. What the zone says itself is better than what is likely. */
static void add_node_types(const denial_t *denial, const knot_dname_t *node, bitmap_t *types)
{
	knot_rrset_t rrset = { 0 };
	nsec_t record;
	bitmap_add_likely(types, name_equal(node, denial->policy->zone));
	if (chain_look_up(&denial->chain, node, KNOT_RRTYPE_NSEC, &rrset) &&
	    nsec_read(&record, &rrset)) {
		nsec_types(&record, types);
	}
	bitmap_remove(types, KNOT_RRTYPE_CNAME);
}

/* Adds what a name has whose answers are made of addresses alone: a flattened alias, the exchange,
 * or nothing at all where it only leads to the exchange. */
static void add_made_types(const denial_t *denial, const proof_t *proof, bitmap_t *types)
{
	if (denial->judge->flattened) {
		bitmap_add(types, KNOT_RRTYPE_A);
		bitmap_add(types, KNOT_RRTYPE_AAAA);
	} else if (name_equal(proof->name, denial->policy->exchange)) {
		add_exchange_types(denial, types, true);
	}
	if (bitmap_size(types) > 0 || !denial->chain.nsec3) {
		bitmap_add(types, KNOT_RRTYPE_RRSIG);
	}
}

/* Proves that a type was left out at the end of the answer. */
static void add_proof(denial_t *denial, const proof_t *proof)
{
	bitmap_t types;
	bitmap_clear(&types);
	if (!denial->judge->flattened && !denial->judge->verdict->noerror) {
		add_node_types(denial, proof->name, &types);
	} else {
		add_made_types(denial, proof, &types);
	}
	bitmap_remove(&types, denial->denied);
	if (proof->encloser == POLICY_OWN) {
		add_record(denial, proof->name, &types);
		return;
	}

	/* The zone has proven that the name itself is not there. */
	knot_dname_storage_t wildcard;
	if (!name_wildcard_at(wildcard, proof->name, proof->encloser)) {
		return;
	}
	add_record(denial, wildcard, &types);
	if (denial->chain.nsec3) {
		const knot_dname_t *encloser = name_suffix(proof->name, proof->encloser);
		bitmap_clear(&types);
		add_node_types(denial, encloser, &types);
		bitmap_remove(&types, KNOT_RRTYPE_DNAME);
		add_record(denial, encloser, &types);
	}
}

/* Answers the question for the NSEC record of a missing name. */
static void answer_nsec(denial_t *denial)
{
	judge_t *judge = denial->judge;
	policy_verdict_t *verdict = judge->verdict;
	bool found = false;
	for (size_t i = 0; i < denial->response->count; i++) {
		policy_item_t *item = &denial->response->items[i];
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
	policy_item_t *soa = response_item(denial->response, KNOT_AUTHORITY, KNOT_RRTYPE_SOA, NULL);
	if (found && soa != NULL) {
		response_edit(judge, soa, NULL);
	}
}

/*
 * Interface.
 */

/* New RRsets in the place of a wildcard's answers are signed as the wildcard's, so that queried
 * names cause no new signatures. */
static void find_owners(denial_t *denial)
{
	judge_t *judge = denial->judge;
	const knot_dname_t *exchange = denial->policy->exchange;
	for (size_t i = 0; i < denial->response->count; i++) {
		policy_item_t *item = &denial->response->items[i];
		if (item->edit == EDIT_REPLACE && !name_equal(item->owner, exchange)) {
			item->encloser = chain_signed_encloser(judge, item->owner,
			                                       item->rrset->type);
		}
	}
	for (size_t i = 0; i < judge->verdict->add_count; i++) {
		policy_add_t *add = &judge->verdict->add[i];
		if (add->section == KNOT_ANSWER && !name_equal(add->rrset->owner, exchange)) {
			add->encloser = chain_signed_encloser(judge, add->rrset->owner,
			                                KNOT_RRTYPE_CNAME);
		}
	}
}

/* Restores the zone's own proofs, so that those that are needed can be chosen, and the signature of
 * the SOA, which is left out again with the SOA. */
static void restore_proofs(denial_t *denial)
{
	for (size_t i = 0; i < denial->response->count; i++) {
		policy_item_t *item = &denial->response->items[i];
		uint16_t covered = rrsig_covered(item->rrset);
		uint16_t type = covered != 0 ? covered : item->rrset->type;
		if (item->section == KNOT_AUTHORITY &&
		    (type == KNOT_RRTYPE_NSEC || type == KNOT_RRTYPE_NSEC3 ||
		     covered == KNOT_RRTYPE_SOA)) {
			item->edit = EDIT_KEEP;
		}
	}
}

/* A positive response without a denial in it has nothing to prove: not even that a wildcard was
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
	denial_t denial;
	memset(&denial, 0, offsetof(denial_t, chain));
	denial.judge = judge;
	denial.policy = judge->policy;
	denial.response = judge->response;
	denial.denied = judge->response->qtype;
	denial.negative = !judge->delegated && !response_has_data(judge) &&
	                  (judge->negative || (response_denies(judge) && !judge->flattened));
	chain_read(&denial.chain, judge);
	missing_find(&denial.missing, &denial.chain, denial.negative);
	denial.edited = judge->verdict->changes || denial.missing.count > 0;
	if (judge->verdict->changes) {
		find_owners(&denial);
		restore_proofs(&denial);
	}
	sign_answers(&denial);
	find_proofs(&denial);
	split_records(&denial);
	for (size_t i = 0; i < denial.proof_count; i++) {
		const proof_t *proof = &denial.proofs[i];
		bool made = judge->negative || missing_leads_to(&denial.missing, proof->name);
		if (made && proof->kind == PROOF_NODATA && !proof->proven) {
			add_proof(&denial, proof);
		}
	}
	if (denial.negative && judge->response->qtype == KNOT_RRTYPE_NSEC &&
	    (missing_leads_to(&denial.missing, judge->terminal) ||
	     name_equal(judge->terminal, judge->policy->exchange))) {
		answer_nsec(&denial);
	}
}
