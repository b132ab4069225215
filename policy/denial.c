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

/*! Names that have something to be proven in one response: owners from wildcards, and the end. */
#define PROOFS_MAX (JUDGE_ALIASES_MAX + 2)

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

/*! Missing names in one response. */
#define MISSING_MAX 32
/*! Labels below the apex that a host of the policy or the zone may have and be among them: each costs
 *  places in the chain, look-ups and hashes. */
#define DEPTH_MAX 4

/*!
 * A name that answers have and the zone does not. Its encloser is the longest part of it that the
 * zone has.
 */
typedef struct {
	const knot_dname_t *name;
	int labels;
	bool below;       /*!< All names below it are missing, not the name itself. */
	bool exchange;    /*!< This is the exchange: it is there whatever the zone says. */
	bool mx;          /*!< It is a target of the MX RRset at the apex, */
	bool host;        /*!< or a name among the mail hosts: guarded, unless a web host. */
	int encloser;     /*!< Labels. */
	bool wildcard;    /*!< The encloser has a wildcard. */
	bool no_wildcard; /*!< The encloser has certainly none. */
} missing_t;

/*! Where names are put into the chain: missing ones, those between them and their enclosers, and
 *  wildcards. */
#define INSERTED_MAX  (4 * MISSING_MAX)
#define WILDCARDS_MAX (2 * MISSING_MAX)

typedef struct {
	nsec_place_t place;
	bool empty; /*!< It only leads to other names, so only a chain of NSEC3 records has it. */
} inserted_t;

/*! Places in the chain that needed proofs are about: of names that have to be there or not. */
#define PLACES_MAX (3 * PROOFS_MAX)

/*! A record of the zone's chain in the response. */
typedef struct {
	policy_item_t *item;
	nsec_t nsec;
} record_t;

/*! Of these there are three for each name that has something to be proven, at the most. */
#define RECORDS_MAX (3 * PROOFS_MAX)

/*! What is known of names that are missing directly below an encloser. */
typedef struct {
	const knot_dname_t *name; /*!< The encloser; NULL: nothing is known. */
	bool wildcard, no_wildcard;
	bool mail_hosts;          /*!< has_mail_hosts() */
	bool found, answered;     /*!< is_answered_by_zone(), if found. */
} encloser_t;

/*! A response being made provable. */
typedef struct {
	judge_t *judge;
	const policy_t *policy;
	policy_response_t *response;
	int apex_labels;
	bool nsec3;
	nsec3_params_t params; /*!< How the names of the zone are hashed, with nsec3. */
	bool blind;            /*!< Other names than the apex can't be looked up. */
	bool edited;           /*!< Proofs of the zone may be of no use any more. */
	bool negative;         /*!< The edited answer has nothing at its end. */
	uint16_t denied;       /*!< The type that the end has not, or 0. */
	size_t record_count;
	size_t proof_count;
	size_t missing_count;
	size_t inserted_count;
	size_t wildcard_count;
	size_t place_count;

	encloser_t last;       /*!< The encloser looked at last: most missing names share one. */
	record_t records[RECORDS_MAX];
	proof_t proofs[PROOFS_MAX];
	missing_t missing[MISSING_MAX]; /*!< Those that this response denies. */
	inserted_t inserted[INSERTED_MAX];
	knot_dname_storage_t wildcards[WILDCARDS_MAX];
	nsec_place_t places[PLACES_MAX];
	knot_dname_storage_t proof_wildcards[PROOFS_MAX];
} denial_t;

static int label_count(const knot_dname_t *name)
{
	return (int)knot_dname_labels(name, NULL);
}

/* The wildcard at the suffix of a name with so many labels. False if it would be too long. */
static bool wildcard_at(knot_dname_storage_t out, const knot_dname_t *name, int labels)
{
	return name_wildcard(out, name_suffix(name, labels));
}

/* Where a name is in the chain of the zone. False if its hash can't be had. */
static bool find_place(const denial_t *denial, nsec_place_t *place, const knot_dname_t *name)
{
	place->name = name;
	if (denial->nsec3 &&
	    denial->response->hash(place->hash, name, &denial->params) != KNOT_EOK) {
		denial->judge->error = KNOT_ENOMEM;
		return false;
	}
	return true;
}

static bool look_up(const denial_t *denial, const knot_dname_t *owner, uint16_t type,
                    knot_rrset_t *out)
{
	judge_t *judge = denial->judge;
	return judge->lookup(judge->ctx, owner, type, out) == KNOT_EOK && !knot_rrset_empty(out);
}

/*
 * Reading the response.
 */

/* Labels of the encloser whose wildcard an RRset of the response was made from: what its RRSIG says
 * (RFC 4035 5.3.4), POLICY_OWN if it is the owner's own. Type 0 is any type. */
static int signed_encloser(judge_t *judge, const knot_dname_t *owner, uint16_t type)
{
	int labels = label_count(owner);
	int own = knot_dname_is_wildcard(owner) ? labels - 1 : labels;
	item_search_t search = response_search(judge, owner);
	for (const policy_item_t *item; (item = response_next(&search)) != NULL;) {
		uint16_t covered = rrsig_covered(item->rrset);
		if (covered != 0 &&
		    (covered == type || (type == 0 && covered != KNOT_RRTYPE_NSEC))) {
			int said = knot_rrsig_labels(item->rrset->rrs.rdata);
			return said < own ? said : POLICY_OWN;
		}
	}
	return POLICY_OWN;
}

/* Reads the records of the zone's chain in the response. An NSEC RR that a wildcard answers with is
 * not in the chain. */
static void find_records(denial_t *denial)
{
	const policy_response_t *response = denial->response;
	uint16_t type = denial->nsec3 ? KNOT_RRTYPE_NSEC3 : KNOT_RRTYPE_NSEC;
	for (size_t i = 0; i < response->count; i++) {
		policy_item_t *item = &response->items[i];
		record_t *record = &denial->records[denial->record_count];
		if (item->rrset->type != type) {
			continue;
		} else if (denial->record_count == RECORDS_MAX) {
			denial->judge->limited = true;
			return;
		}
		if (nsec_read(&record->nsec, item->rrset) &&
		    (denial->nsec3 || item->section != KNOT_ANSWER ||
		     signed_encloser(denial->judge, item->owner, type) == POLICY_OWN)) {
			record->nsec.owner.name = item->owner;
			record->item = item;
			denial->record_count++;
		}
	}
}

/* The first record of the response that is related to a place in this way, or NULL. */
static const nsec_t *find_record(const denial_t *denial, const nsec_place_t *place,
                                 bool (*relation)(const nsec_t *, const nsec_place_t *))
{
	for (size_t i = 0; i < denial->record_count; i++) {
		if (relation(&denial->records[i].nsec, place)) {
			return &denial->records[i].nsec;
		}
	}
	return NULL;
}

/* True if the response has the record of a name. */
static bool has_record(const denial_t *denial, const knot_dname_t *name)
{
	nsec_place_t place;
	return find_place(denial, &place, name) &&
	       find_record(denial, &place, nsec_is_owner) != NULL;
}

/* True if a record says that there is no such name. */
static bool is_denied(const denial_t *denial, const knot_dname_t *name)
{
	nsec_place_t place;
	return find_place(denial, &place, name) &&
	       find_record(denial, &place, nsec_covers) != NULL;
}

/* Labels of the longest part of a name that is there, by the NSEC record that covers the name. */
static int covering_encloser(const denial_t *denial, const nsec_t *record,
                             const knot_dname_t *name)
{
	if (label_count(name) == denial->apex_labels + 1 &&
	    knot_dname_in_bailiwick(record->next.name, name) < 0) {
		return denial->apex_labels; /* Nearly always. */
	}
	int above = knot_dname_matched_labels(name, record->owner.name);
	int below = knot_dname_matched_labels(name, record->next.name);
	return above > below ? above : below;
}

/* Labels of the encloser whose wildcard a NODATA answer of the zone is from, by the record of the
 * wildcard in it; POLICY_OWN if there is none. */
static int nodata_encloser(const denial_t *denial, const knot_dname_t *name)
{
	int encloser = POLICY_OWN, labels = label_count(name);
	nsec_place_t own;
	bool known = find_place(denial, &own, name);
	/* The name itself may have a record, or have none because there are only names below it.
	 * Then the record of a wildcard is there for another name. */
	for (size_t i = 0; i < denial->record_count; i++) {
		const nsec_t *record = &denial->records[i].nsec;
		if (known && nsec_is_owner(record, &own)) {
			return POLICY_OWN;
		}
		if (denial->nsec3) {
			continue;
		}
		const knot_dname_t *owner = record->owner.name;
		if (nsec_covers(record, &own) &&
		    knot_dname_in_bailiwick(record->next.name, name) > 0) {
			return POLICY_OWN;
		}
		if (knot_dname_is_wildcard(owner) && knot_dname_in_bailiwick(name, owner + 2) > 0) {
			encloser = label_count(owner + 2);
		}
	}
	/* The deepest one; there is nothing below a name that is denied, however long this one. */
	for (int i = denial->apex_labels; denial->nsec3 && i < labels; i++) {
		knot_dname_storage_t wildcard;
		if (wildcard_at(wildcard, name, i) && has_record(denial, wildcard)) {
			encloser = i;
		}
		if (is_denied(denial, name_suffix(name, i + 1))) {
			break;
		}
	}
	return encloser;
}

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
			bitmap_add(types, family_type(family));
		}
	}
	bitmap_add(types, KNOT_RRTYPE_RRSIG);
}

/* RFC 9077: as long as a negative answer. */
static uint32_t negative_ttl(const denial_t *denial)
{
	knot_rrset_t soa = { 0 };
	if (!look_up(denial, denial->policy->zone, KNOT_RRTYPE_SOA, &soa)) {
		return denial->policy->ttl;
	}
	uint32_t minimum = knot_soa_minimum(soa.rrs.rdata);
	return soa.ttl < minimum ? soa.ttl : minimum;
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

/* Shows a new record: in the place of an item, and what is more besides. NULL for the item where
 * there is none. */
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
 * Names that may be missing, and what is known of the zone around them: by look-ups, or where these
 * are not to be had, by what the response shows.
 */

/*! The exchange, and names that the policy treats differently than those around them. Targets of
 *  the first MX RRs at the apex are guarded, others are not: see POLICY_MX_MAX. */
typedef struct {
	const policy_t *policy;
	const knot_rrset_t *apex_mx;
	size_t next;
	knot_rdata_t *mx;
} policy_names_t;

static policy_names_t policy_names(const policy_t *policy, const knot_rrset_t *apex_mx)
{
	return (policy_names_t){ .policy = policy, .apex_mx = apex_mx };
}

/* The next one; name, labels, and what kind it is are set. False at the end. */
static bool next_policy_name(policy_names_t *all, missing_t *missing)
{
	const policy_t *policy = all->policy;
	const names_t *sets[] = { &policy->mail_hosts, &policy->web_hosts };
	size_t i = all->next++;
	*missing = (missing_t){ .name = policy->exchange, .exchange = (i == 0) };
	if (i-- == 0) {
		missing->labels = label_count(missing->name);
		return true;
	}
	for (size_t set = 0; set < 2; set++) {
		for (; i < sets[set]->count; i++, all->next++) {
			const name_pattern_t *host = &sets[set]->at[i];
			if (set == 0 || host->among) { /* Other web hosts are as all names are. */
				missing->name = host->name;
				missing->below = host->below;
				missing->host = set == 0 && !missing->below;
				missing->labels = host->labels;
				return true;
			}
		}
		i -= sets[set]->count;
	}
	for (; i < all->apex_mx->rrs.count && i < POLICY_MX_MAX; i++, all->next++) {
		all->mx = (i == 0) ? all->apex_mx->rrs.rdata : knot_rdataset_next(all->mx);
		if (rdata_check(KNOT_RRTYPE_MX, all->mx->data, all->mx->len, false)) {
			missing->name = knot_mx_name(all->mx);
			missing->labels = label_count(missing->name);
			missing->mx = true;
			return true;
		}
	}
	return false;
}

/* True if the names below this one are mail hosts, except those that are named. */
static bool has_mail_hosts(const policy_t *policy, const knot_dname_t *name)
{
	return names_match_below(&policy->mail_hosts, name) &&
	       !names_match_below(&policy->web_hosts, name);
}

/* True if what a wildcard answers is treated differently at a name than at others. */
static bool is_treated_differently(const denial_t *denial, const missing_t *missing)
{
	bool guarded = missing->below ? has_mail_hosts(denial->policy, missing->name)
	             : missing->mx || missing->host
	             ? policy_may_guard(denial->policy, missing->name)
	             : response_guarded(denial->judge, missing->name);
	return missing->exchange || guarded != denial->last.mail_hosts;
}

/* True if the module changes nothing of what the zone answers at a name, by a wildcard. */
static bool find_answered_by_zone(const denial_t *denial, const missing_t *missing)
{
	judge_t *judge = denial->judge;
	knot_dname_storage_t wildcard;
	if (missing->below && !name_wildcard(wildcard, missing->name)) {
		return true;
	}
	host_t host;
	response_host(judge, missing->below ? wildcard : missing->name, &host);
	if (host.proxy_name || host.state == HOST_BLIND) {
		return false;
	}
	return !response_proxied(judge, &host.a, NULL) && !response_proxied(judge, &host.aaaa, NULL);
}

/* The same for the name's encloser. */
static bool is_answered_by_zone(denial_t *denial, const missing_t *missing)
{
	if (missing->exchange) {
		return false;
	}
	if (missing->encloser == missing->labels || /* The name itself is there. */
	    name_equal(missing->name, denial->policy->exchange)) {
		return find_answered_by_zone(denial, missing);
	}
	if (!denial->last.found) {
		denial->last.found = true;
		denial->last.answered = find_answered_by_zone(denial, missing);
	}
	return denial->last.answered;
}

/* Finds out what the response shows of the wildcard of the encloser. */
static void find_wildcard_shown(const denial_t *denial, missing_t *missing,
                                const knot_dname_t *wildcard)
{
	const policy_response_t *response = denial->response;
	nsec_place_t place;
	if (!find_place(denial, &place, wildcard)) {
		return;
	}
	for (size_t i = 0; i < denial->record_count; i++) {
		const nsec_t *record = &denial->records[i].nsec;
		missing->wildcard |= nsec_is_owner(record, &place) || nsec_is_next(record, &place);
		missing->no_wildcard |= nsec_covers(record, &place);
	}
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		if (rrsig_covered(item->rrset) != 0 && !knot_dname_is_wildcard(item->owner) &&
		    knot_rrsig_labels(item->rrset->rrs.rdata) == missing->encloser &&
		    knot_dname_in_bailiwick(item->owner, wildcard + 2) > 0) {
			missing->wildcard = true;
		}
	}
}

/* Finds out if the encloser has a wildcard. */
static void look_for_wildcard(const denial_t *denial, missing_t *missing)
{
	const judge_t *judge = denial->judge;
	const knot_dname_t *zone = denial->policy->zone;
	knot_dname_storage_t wildcard;
	missing->wildcard = missing->no_wildcard = false;
	if (missing->encloser == missing->labels ||
	    !wildcard_at(wildcard, missing->name, missing->encloser)) {
		missing->no_wildcard = true;
		return;
	}
	knot_rrset_t rrset = { 0 };
	int ret = judge->lookup(judge->ctx, wildcard, KNOT_RRTYPE_NSEC, &rrset);
	missing->wildcard = (ret == KNOT_EOK);
	missing->no_wildcard = (ret == KNOT_ENONODE);

	/* The first record of an NSEC zone tells of a wildcard at the apex, because little sorts
	 * before it. */
	nsec_t first;
	if (!missing->wildcard && !missing->no_wildcard &&
	    missing->encloser == denial->apex_labels &&
	    look_up(denial, zone, KNOT_RRTYPE_NSEC, &rrset) && nsec_read(&first, &rrset)) {
		nsec_place_t place = { .name = wildcard };
		first.owner.name = zone;
		missing->wildcard = nsec_is_next(&first, &place);
		missing->no_wildcard = nsec_covers(&first, &place);
	}
	if (!missing->wildcard && !missing->no_wildcard) {
		find_wildcard_shown(denial, missing, wildcard);
	}
}

/* Finds out about the encloser what is the same for all names that are missing below it. */
static void find_wildcard(denial_t *denial, missing_t *missing)
{
	const knot_dname_t *name = name_parent(missing->name,
	                                       missing->labels - missing->encloser);
	encloser_t *last = &denial->last;
	bool same = missing->encloser < missing->labels && last->name != NULL &&
	            name_equal(last->name, name);
	if (!same) {
		look_for_wildcard(denial, missing);
		*last = (encloser_t){ .name = missing->encloser < missing->labels ? name : NULL,
		                      .wildcard = missing->wildcard,
		                      .no_wildcard = missing->no_wildcard,
		                      .mail_hosts = has_mail_hosts(denial->policy, name) };
	}
	missing->wildcard = last->wildcard;
	missing->no_wildcard = last->no_wildcard;
}

static void locate(const denial_t *denial, const missing_t *missing, location_t *location)
{
	judge_t *judge = denial->judge;
	host_locate(denial->policy->zone, judge->lookup, judge->ctx, &judge->walked, missing->name,
	            location);
}

/* True if the response shows that the name is another zone's. */
static bool is_delegated(const denial_t *denial, const missing_t *missing)
{
	const policy_response_t *response = denial->response;
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		if (item->section == KNOT_AUTHORITY && item->rrset->type == KNOT_RRTYPE_NS &&
		    knot_dname_in_bailiwick(missing->name, item->owner) >= 0) {
			return true;
		}
	}
	return false;
}

/*
 * Missing names that the response denies, and answers at and below them.
 */

/* The missing name that a name is at or below, or between it and its encloser; the nearest one.
 * Labels that they share are set. NULL if there is none. */
static const missing_t *missing_at(const denial_t *denial, const knot_dname_t *name, int *labels)
{
	const missing_t *found = NULL;
	*labels = 0;
	for (size_t i = 0; i < denial->missing_count; i++) {
		const missing_t *missing = &denial->missing[i];
		int shared = knot_dname_matched_labels(name, missing->name);
		if (shared > missing->encloser && shared > *labels) {
			found = missing;
			*labels = shared;
		}
	}
	return found;
}

/* True if a name is there because of a missing name: it is missing, or leads to one. */
static bool is_inserted(const denial_t *denial, const knot_dname_t *name)
{
	int labels;
	return missing_at(denial, name, &labels) != NULL && labels == label_count(name);
}

/* What becomes of the encloser whose wildcard has answered at a name. */
static int new_encloser(const denial_t *denial, const knot_dname_t *name, int encloser)
{
	int labels;
	if (encloser == POLICY_OWN || missing_at(denial, name, &labels) == NULL) {
		return encloser;
	}
	return labels == label_count(name) ? POLICY_OWN : labels;
}

static bool is_delegation(const bitmap_t *types)
{
	return bitmap_has(types, KNOT_RRTYPE_NS) && !bitmap_has(types, KNOT_RRTYPE_SOA);
}

/* True if the zone does not speak for a name: the owner of a record above it is delegated, or
 * redirected. */
static bool ends_above(const missing_t *missing, const nsec_t *record)
{
	bitmap_t types;
	if (knot_dname_in_bailiwick(missing->name, record->owner.name) <= 0) {
		return false;
	}
	bitmap_clear(&types);
	nsec_types(record, &types);
	return bitmap_has(&types, KNOT_RRTYPE_DNAME) || is_delegation(&types);
}

/* Does a record say that there is no such name? Then it also tells what the encloser is. */
static bool find_by_nsec(denial_t *denial, missing_t *missing)
{
	nsec_place_t place = { .name = missing->name };
	for (size_t i = 0; i < denial->record_count; i++) {
		const nsec_t *record = &denial->records[i].nsec;
		if (nsec_covers(record, &place) && !ends_above(missing, record)) {
			missing->encloser = covering_encloser(denial, record, missing->name);
			find_wildcard(denial, missing);
			return true;
		}
	}
	return false;
}

/* Labels of the shortest part of the name that is denied, from some on; more than it has if none is.
 * With wildcards, those below the parts count, too. */
static int find_denied(const denial_t *denial, const missing_t *missing, int labels, bool wildcards)
{
	knot_dname_storage_t wildcard;
	for (; labels <= missing->labels; labels++) {
		const knot_dname_t *part = name_parent(missing->name, missing->labels - labels);
		if (is_denied(denial, part) ||
		    (wildcards && name_wildcard(wildcard, part) && is_denied(denial, wildcard))) {
			break;
		}
	}
	return labels;
}

/* Without look-ups, the shortest part of the name that is denied tells the encloser. Hashes are kept,
 * look-ups are not, so most names are done by their hashes. */
static bool find_by_nsec3(denial_t *denial, missing_t *missing)
{
	int denied = find_denied(denial, missing, denial->apex_labels + 1, !denial->blind);
	if (denied > missing->labels) {
		return false;
	}
	location_t location;
	locate(denial, missing, &location);
	if (location.exists || location.delegated || is_delegated(denial, missing)) {
		return false;
	}
	missing->encloser = location.labels;
	if (location.blind) {
		denied = find_denied(denial, missing, denial->apex_labels + 1, false);
		if (denied > missing->labels) {
			return false;
		}
		missing->encloser = denied - 1;
		find_wildcard(denial, missing);
		return true;
	}
	find_wildcard(denial, missing);
	bool wildcards = missing->wildcard || missing->below;
	if (denied <= missing->encloser || !wildcards) { /* Else it is as above. */
		denied = find_denied(denial, missing, missing->encloser + 1, wildcards);
	}
	return denied <= missing->labels;
}

static bool has_opt_out(const denial_t *denial)
{
	for (size_t i = 0; i < denial->record_count; i++) {
		if (denial->records[i].nsec.flags & KNOT_NSEC3_FLAG_OPT_OUT) {
			return true;
		}
	}
	return false;
}

/* The zone has a name between encloser and missing name, though not in its NSEC3 records: opt-out
 * (RFC 5155 6). Or it may have one. What it says of that can't be said of a missing name. */
static bool is_opted_out(const denial_t *denial, const missing_t *missing)
{
	if (!denial->nsec3) {
		return false;
	}
	const judge_t *judge = denial->judge;
	const policy_response_t *response = denial->response;
	const policy_item_t *ns = response_item(response, KNOT_AUTHORITY, KNOT_RRTYPE_NS, NULL);
	location_t location = { .blind = false };
	const knot_dname_t *name = judge->delegated ? ns->owner : judge->terminal;
	int shared = knot_dname_matched_labels(name, missing->name);
	bool below = shared > missing->encloser && shared < label_count(name);
	if (below && shared < missing->labels && has_opt_out(denial)) {
		locate(denial, missing, &location);
	}
	return below && !judge->negative &&
	       (judge->delegated || location.blind ||
	        (denial->negative && response->rcode == KNOT_RCODE_NOERROR &&
	         nodata_encloser(denial, name) == POLICY_OWN));
}

static bool is_new(const denial_t *denial, const missing_t *missing)
{
	if (name_equal(missing->name, denial->policy->exchange) && !missing->exchange &&
	    !missing->below) {
		return denial->missing_count == 0 || !denial->missing[0].exchange;
	}
	/* No name is twice among the hosts of the policy. */
	for (size_t i = 0; i < denial->missing_count && missing->mx; i++) {
		const missing_t *other = &denial->missing[i];
		if (!other->below && name_equal(other->name, missing->name)) {
			return false;
		}
	}
	return true;
}

/* The name does not exist at all, and the response is about that. */
static bool is_asked(const denial_t *denial, const missing_t *missing)
{
	int shared = knot_dname_matched_labels(denial->judge->terminal, missing->name);
	return denial->response->rcode == KNOT_RCODE_NXDOMAIN && shared > missing->encloser;
}

/* Finds out which names the response denies that answers have. */
static void find_missing(denial_t *denial)
{
	policy_names_t all = policy_names(denial->policy, &denial->judge->apex_mx);
	missing_t missing;
	denial->judge->limited |= all.apex_mx->rrs.count > POLICY_MX_MAX;
	while (next_policy_name(&all, &missing)) {
		if (!missing.exchange && missing.labels > denial->apex_labels + DEPTH_MAX) {
			denial->judge->limited = true;
			continue;
		}
		if (!name_in_zone(missing.name, denial->policy->zone) ||
		    missing.labels == denial->apex_labels || !is_new(denial, &missing) ||
		    !(denial->nsec3 ? find_by_nsec3 : find_by_nsec)(denial, &missing) ||
		    !is_treated_differently(denial, &missing) || is_opted_out(denial, &missing)) {
			continue;
		}
		if ((missing.no_wildcard && !missing.exchange) ||
		    (!missing.wildcard && !missing.exchange && is_asked(denial, &missing)) ||
		    (missing.wildcard && is_answered_by_zone(denial, &missing))) {
			continue;
		}
		if (denial->missing_count == MISSING_MAX) {
			denial->judge->limited = true;
			break;
		}
		/* Without a wildcard, answers have no missing name but the exchange. */
		missing.wildcard |= !missing.exchange;
		denial->missing[denial->missing_count++] = missing;
	}
}

static void insert_name(denial_t *denial, const knot_dname_t *name, bool empty)
{
	if (denial->inserted_count == INSERTED_MAX) {
		denial->judge->limited = true;
		return;
	}
	inserted_t *inserted = &denial->inserted[denial->inserted_count];
	if (find_place(denial, &inserted->place, name)) {
		inserted->empty = empty;
		denial->inserted_count++;
	}
}

/* Finds the places in the chain of missing names, and of those that lead to them. These have what
 * a wildcard says, and a wildcard of their own, if one answers for the missing name. */
static void insert_names(denial_t *denial)
{
	for (size_t i = 0; i < denial->missing_count; i++) {
		const missing_t *missing = &denial->missing[i];
		int first = missing->encloser + 1;
		if (first > missing->labels) { /* Names below it are there; it has data now, too. */
			first = missing->labels;
		}
		for (int labels = first; labels <= missing->labels; labels++) {
			const knot_dname_t *name = name_parent(missing->name,
			                                       missing->labels - labels);
			uint8_t *wildcard = denial->wildcards[denial->wildcard_count % WILDCARDS_MAX];
			insert_name(denial, name, !missing->wildcard && labels < missing->labels);
			if (!missing->wildcard) {
				continue;
			} else if (denial->wildcard_count == WILDCARDS_MAX) {
				denial->judge->limited = true;
			} else if (name_wildcard(wildcard, name)) {
				denial->wildcard_count++;
				insert_name(denial, wildcard, false);
			}
		}
	}
}

/* True if an NSEC record of the exchange itself denies an address type that it always has. */
static bool lacks_exchange_types(const policy_t *policy, const nsec_t *record)
{
	bitmap_t types;
	bitmap_clear(&types);
	nsec_types(record, &types);
	return (policy->mail4.count > 0 && !bitmap_has(&types, KNOT_RRTYPE_A)) ||
	       (policy->mail6.count > 0 && !bitmap_has(&types, KNOT_RRTYPE_AAAA));
}

/* An NSEC record as it is compared with many names of the zone: nearly always the labels next to
 * the apex tell. */
typedef struct {
	const nsec_t *record;
	const knot_dname_t *apex;
	size_t apex_size;
	const uint8_t *owner, *next; /* These labels, NULL where it is the apex itself. */
	bool quick;                  /* They may be compared. */
} gap_t;

/* The label of a name next to the apex; NULL if it is not below the apex. */
static const uint8_t *label_below(const knot_dname_t *name, const knot_dname_t *apex,
                                  size_t apex_size)
{
	size_t size = knot_dname_size(name);
	while (size > apex_size) {
		size_t label = 1 + (size_t)*name;
		if (size - label == apex_size) {
			return memcmp(name + label, apex, apex_size) == 0 ? name : NULL;
		}
		size -= label;
		name += label;
	}
	return NULL;
}

static int label_compare(const uint8_t *a, const uint8_t *b)
{
	int cmp = memcmp(a + 1, b + 1, *a < *b ? *a : *b);
	return cmp != 0 ? cmp : (int)*a - (int)*b;
}

static gap_t gap_of(const nsec_t *record, const knot_dname_t *apex)
{
	gap_t gap = { .record = record, .apex = apex, .apex_size = knot_dname_size(apex) };
	gap.owner = label_below(record->owner.name, apex, gap.apex_size);
	gap.next = label_below(record->next.name, apex, gap.apex_size);
	gap.quick = (gap.owner != NULL || name_equal(record->owner.name, apex)) &&
	            (gap.next != NULL || name_equal(record->next.name, apex)) &&
	            (gap.owner == NULL || gap.next == NULL ||
	             label_compare(gap.owner, gap.next) < 0);
	return gap;
}

/* As nsec_covers(). */
static bool gap_covers(const gap_t *gap, const knot_dname_t *name)
{
	nsec_place_t place = { .name = name };
	const uint8_t *label = label_below(name, gap->apex, gap->apex_size);
	if (label != NULL && gap->quick) {
		int after = gap->owner == NULL ? 1 : label_compare(label, gap->owner);
		int until = gap->next == NULL ? -1 : label_compare(label, gap->next);
		if (after != 0 && until != 0) {
			return after > 0 && until < 0;
		}
	}
	return nsec_covers(gap->record, &place);
}

/* May an NSEC record of the zone deny what answers have? */
static bool is_suspect(const policy_t *policy, const knot_rrset_t *apex_mx, const nsec_t *record)
{
	gap_t gap = gap_of(record, policy->zone);
	policy_names_t all = policy_names(policy, apex_mx);
	missing_t missing;
	while (next_policy_name(&all, &missing)) {
		if (missing.exchange) {
			nsec_place_t place = { .name = missing.name };
			if (nsec_is_owner(record, &place) && lacks_exchange_types(policy, record)) {
				return true;
			}
		} else if (name_equal(missing.name, policy->exchange)) {
			continue;
		}
		if (gap_covers(&gap, missing.name)) {
			return true;
		}
	}
	return apex_mx->rrs.count > POLICY_MX_MAX;
}

bool policy_suspects_denial(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                            const knot_rrset_t *rrsets, size_t count)
{
	knot_rrset_t apex_mx;
	bool looked_up = false;
	for (size_t i = 0; i < count; i++) {
		nsec_t record;
		if (rrsets[i].type == KNOT_RRTYPE_NSEC3) {
			return true;
		} else if (!nsec_read(&record, &rrsets[i])) {
			continue;
		}
		if (!looked_up) {
			apex_mx = policy_apex_mx(policy, lookup, ctx);
			looked_up = true;
		}
		if (is_suspect(policy, &apex_mx, &record)) {
			return true;
		}
	}
	return false;
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

/* Has answers of the zone's wildcards at or below missing names signed for the names themselves, or
 * for the wildcards that are put in. */
static void sign_answers(denial_t *denial)
{
	judge_t *judge = denial->judge;
	for (size_t i = 0; i < denial->response->count && denial->missing_count > 0; i++) {
		policy_item_t *item = &denial->response->items[i];
		if (item->edit == EDIT_DROP || item->rrset->type == KNOT_RRTYPE_RRSIG) {
			continue;
		}
		int before = signed_encloser(judge, item->owner, item->rrset->type);
		int now = new_encloser(denial, item->owner, before);
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
		add->encloser = new_encloser(denial, add->rrset->owner, add->encloser);
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

/* The same by hashes: from below, and from above, where there is nothing below a name that is denied.
 * One of the two takes few steps, however long the name is or those of the zone are. */
static int find_hashed_encloser(const denial_t *denial, const knot_dname_t *name)
{
	int found = denial->apex_labels;
	int low = found + 1, high = label_count(name) - 1;
	for (; low <= high; low++, high--) {
		const knot_dname_t *part = name_suffix(name, high);
		if (is_inserted(denial, part) || has_record(denial, part)) {
			return high;
		}
		part = name_suffix(name, low);
		if (is_inserted(denial, part) || has_record(denial, part)) {
			found = low;
		} else if (is_denied(denial, part)) {
			break;
		}
	}
	return found;
}

/* Labels of the longest part of a name that is there, missing names included. */
static int find_encloser(const denial_t *denial, const knot_dname_t *name)
{
	int labels = POLICY_OWN, shared;
	if (denial->nsec3) {
		return find_hashed_encloser(denial, name);
	}

	nsec_place_t place = { .name = name };
	const nsec_t *record = find_record(denial, &place, nsec_covers);
	if (record != NULL) {
		labels = covering_encloser(denial, record, name);
	}
	(void)missing_at(denial, name, &shared);
	return labels != POLICY_OWN && labels < shared ? shared : labels;
}

/* The end of the aliases has nothing. */
static void need_proof_of_end(denial_t *denial)
{
	judge_t *judge = denial->judge;
	const knot_dname_t *end = judge->terminal;
	if (denial->response->rcode == KNOT_RCODE_NXDOMAIN && !judge->verdict->noerror) {
		/* There is none by a wildcard of its encloser either. */
		need_proof(denial, PROOF_NXDOMAIN, end, find_encloser(denial, end));
		return;
	}
	int encloser = judge->negative ? signed_encloser(judge, end, 0)
	                               : nodata_encloser(denial, end);
	need_proof(denial, PROOF_NODATA, end, new_encloser(denial, end, encloser));
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
		             : signed_encloser(judge, item->owner, item->rrset->type);
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
	       wildcard_at(out, proof->name, proof->encloser);
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

/* True if the owner of a record, or what it covers, is among the places. */
static bool is_about_places(const denial_t *denial, const nsec_t *record)
{
	for (size_t i = 0; i < denial->place_count; i++) {
		if (nsec_is_owner(record, &denial->places[i]) ||
		    nsec_covers(record, &denial->places[i])) {
			return true;
		}
	}
	return false;
}

static bool is_needed(denial_t *denial, const nsec_t *record, bool inserted)
{
	if (record->nsec3) {
		return is_about_places(denial, record);
	}
	bool needed = false;
	for (size_t i = 0; i < denial->proof_count; i++) {
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
	if (wildcard_at(wildcard, missing->name, missing->encloser) &&
	    find_place(denial, &place, wildcard)) {
		record = find_record(denial, &place, nsec_is_owner);
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
	for (size_t i = 0; i < denial->missing_count; i++) {
		const missing_t *missing = &denial->missing[i];
		if (!missing->below && name_equal(missing->name, name)) {
			return missing;
		}
	}
	const missing_t *missing = missing_at(
		denial, knot_dname_is_wildcard(name) ? name + 2 : name, &labels);
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
	if (bitmap_has(&types, KNOT_RRTYPE_CNAME) || is_delegation(&types)) {
		return; /* What the name has is told by another record or another zone. */
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
		item->edit = EDIT_KEEP; /* What takes its place is to come. */
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

/* Finds the parts that are about anything which has to be proven. */
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
	const missing_t *missing = missing_at(denial, name, &labels);
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
	if (find_place(denial, place, name)) {
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
		int labels = label_count(proof->name), shared;
		if (missing_at(denial, proof->name, &shared) != NULL && shared < labels) {
			below = proof->name;
			continue;
		}
		int encloser = proof->encloser;
		if (encloser == POLICY_OWN &&
		    (labels <= denial->apex_labels || has_record(denial, proof->name) ||
		     is_inserted(denial, proof->name))) {
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
	denial->place_count = 0;
	for (size_t i = 0; i < denial->proof_count; i++) {
		const proof_t *proof = &denial->proofs[i];
		denial->places[denial->place_count++].name = proof->name;
		if (proof_wildcard(proof, denial->proof_wildcards[i])) {
			denial->places[denial->place_count++].name = denial->proof_wildcards[i];
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
		if (proof->kind == PROOF_NODATA && is_inserted(denial, proof->name) &&
		    find_place(denial, &place, proof->name) &&
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
	if (!find_place(denial, &exchange, denial->policy->exchange)) {
		return;
	}
	insert_names(denial);
	const knot_dname_t *below = denial->nsec3 ? find_hashes(denial) : NULL;
	if (!denial->nsec3) {
		find_places(denial);
	}
	for (size_t i = 0; i < denial->record_count; i++) {
		const record_t *record = &denial->records[i];
		if (record->item->edit == EDIT_KEEP) {
			split_record(denial, record->item, &record->nsec, &exchange);
		}
	}
	if (below != NULL) {
		find_places(denial);
		split_below(denial, below);
	}
	if (denial->nsec3) {
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
	nsec_t record = { .nsec3 = denial->nsec3, .params = denial->params,
	                  .next.name = successor };
	if (!find_place(denial, &record.owner, name)) {
		return;
	}
	if (denial->nsec3) {
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
	if (look_up(denial, node, KNOT_RRTYPE_NSEC, &rrset) && nsec_read(&record, &rrset)) {
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
	if (bitmap_size(types) > 0 || !denial->nsec3) {
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
	if (!wildcard_at(wildcard, proof->name, proof->encloser)) {
		return;
	}
	add_record(denial, wildcard, &types);
	if (denial->nsec3) {
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
 * All of it.
 */

/* Finds out how names are hashed, if they are. */
static void find_params(denial_t *denial)
{
	knot_rrset_t params = { 0 };
	for (size_t i = 0; i < denial->response->count; i++) {
		nsec_t record;
		if (nsec_read(&record, denial->response->items[i].rrset) && record.nsec3) {
			denial->nsec3 = true;
			denial->params = record.params;
		}
	}
	if (!denial->nsec3) {
		denial->nsec3 = look_up(denial, denial->policy->zone, KNOT_RRTYPE_NSEC3PARAM,
		                        &params) &&
		                nsec3_params_read(&denial->params, &params);
	}
}

/* New RRsets in the place of a wildcard's answers are signed as the wildcard's, so that names that
 * are asked for make no signatures. */
static void find_owners(denial_t *denial)
{
	judge_t *judge = denial->judge;
	const knot_dname_t *exchange = denial->policy->exchange;
	for (size_t i = 0; i < denial->response->count; i++) {
		policy_item_t *item = &denial->response->items[i];
		if (item->edit == EDIT_REPLACE && !name_equal(item->owner, exchange)) {
			item->encloser = signed_encloser(judge, item->owner, item->rrset->type);
		}
	}
	for (size_t i = 0; i < judge->verdict->add_count; i++) {
		policy_add_t *add = &judge->verdict->add[i];
		if (add->section == KNOT_ANSWER && !name_equal(add->rrset->owner, exchange)) {
			add->encloser = signed_encloser(judge, add->rrset->owner,
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
	memset(&denial, 0, offsetof(denial_t, records));
	denial.judge = judge;
	denial.policy = judge->policy;
	denial.response = judge->response;
	denial.apex_labels = label_count(judge->policy->zone);
	denial.denied = judge->response->qtype;
	denial.negative = !judge->delegated && !response_has_data(judge) &&
	                  (judge->negative || (response_denies(judge) && !judge->flattened));
	find_params(&denial);
	knot_rrset_t ns;
	int ret = judge->lookup(judge->ctx, judge->policy->exchange, KNOT_RRTYPE_NS, &ns);
	denial.blind = ret != KNOT_EOK && ret != KNOT_ENONODE;
	find_records(&denial);
	find_missing(&denial);
	denial.edited = judge->verdict->changes || denial.missing_count > 0;
	if (judge->verdict->changes) {
		find_owners(&denial);
		restore_proofs(&denial);
	}
	sign_answers(&denial);
	find_proofs(&denial);
	split_records(&denial);
	for (size_t i = 0; i < denial.proof_count; i++) {
		const proof_t *proof = &denial.proofs[i];
		bool made = judge->negative || is_inserted(&denial, proof->name);
		if (made && proof->kind == PROOF_NODATA && !proof->proven) {
			add_proof(&denial, proof);
		}
	}
	if (denial.negative && judge->response->qtype == KNOT_RRTYPE_NSEC &&
	    (is_inserted(&denial, judge->terminal) ||
	     name_equal(judge->terminal, judge->policy->exchange))) {
		answer_nsec(&denial);
	}
}
