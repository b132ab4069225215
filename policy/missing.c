/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Names that may be missing, and what is known of the zone around them: by look-ups, or where these
 * fail, by what the response shows.
 */

#include <string.h>

#include "dns/rrset.h"
#include "policy/missing.h"

/*! Labels below the apex that a host of the policy or the zone may have and be among them: each
 *  costs places in the chain, look-ups and hashes. */
#define DEPTH_MAX 4

/*! Names of a policy that have numbers: 15 bits, see missing_number(). */
#define NUMBERED_MAX 0x7fff

/*! The exchange, and names that the policy treats differently than those around them. Targets of
 *  the first MX RRs at the apex are guarded, others are not: see POLICY_MX_MAX. */
typedef struct {
	const policy_t *policy;
	const knot_rrset_t *apex_mx;
	size_t next;
	knot_rdata_t *mx;
} policy_names_t;

/* The next one; name, labels, and what kind it is are set. False at the end. */
static bool next_policy_name(policy_names_t *all, missing_t *missing)
{
	const policy_t *policy = all->policy;
	const names_t *sets[] = { &policy->mail_hosts, &policy->web_hosts };
	size_t i = all->next++;
	*missing = (missing_t){ .name = policy->exchange, .exchange = (i == 0) };
	missing->number = i <= NUMBERED_MAX ? (policy->number << 15 | i) << 9 : 0;
	if (i-- == 0) {
		missing->labels = name_labels(missing->name);
		return true;
	}
	for (size_t set = 0; set < 2; set++) {
		for (; i < sets[set]->count; i++, all->next++) {
			const name_pattern_t *host = &sets[set]->at[i];
			if (set == 0 || host->among) { /* Other web hosts are like all names. */
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
		if (rdata_check(KNOT_RRTYPE_MX, all->mx->data, all->mx->len, false) &&
		    !knot_dname_is_wildcard(knot_mx_name(all->mx))) {
			missing->name = knot_mx_name(all->mx);
			missing->number = 0; /* Targets change with the zone. */
			missing->labels = name_labels(missing->name);
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
static bool is_treated_differently(const missing_names_t *names, const missing_t *missing)
{
	bool guarded = missing->below ? has_mail_hosts(names->chain->policy, missing->name)
	             : missing->mx || missing->host
	             ? policy_may_guard(names->chain->policy, missing->name)
	             : response_guarded(names->chain->judge, missing->name);
	return missing->exchange || guarded != names->last.mail_hosts;
}

/* True if the module changes nothing of what the zone answers at a name, by a wildcard. */
static bool find_answered_by_zone(const chain_t *chain, const missing_t *missing)
{
	judge_t *judge = chain->judge;
	knot_dname_storage_t wildcard;
	if (missing->below && !name_wildcard(wildcard, missing->name)) {
		return true;
	}
	host_t host;
	response_host(judge, missing->below ? wildcard : missing->name, &host);
	return !host.proxy_name && host.state != HOST_BLIND &&
	       !response_proxied(judge, &host.a, NULL) &&
	       !response_proxied(judge, &host.aaaa, NULL);
}

/* The same for the name's encloser. */
static bool is_answered_by_zone(missing_names_t *names, const missing_t *missing)
{
	if (missing->exchange) {
		return false;
	}
	if (missing->encloser == missing->labels || /* The name itself is there. */
	    name_equal(missing->name, names->chain->policy->exchange)) {
		return find_answered_by_zone(names->chain, missing);
	}
	if (!names->last.found) {
		names->last.found = true;
		names->last.answered = find_answered_by_zone(names->chain, missing);
	}
	return names->last.answered;
}

/* Finds out what the response shows of the wildcard of the encloser. */
static void find_wildcard_shown(const chain_t *chain, missing_t *missing,
                                const knot_dname_t *wildcard)
{
	const policy_response_t *response = chain->response;
	nsec_place_t place;
	if (!chain_place(chain, &place, wildcard, 0)) {
		return;
	}
	for (size_t i = 0; i < chain->count; i++) {
		const nsec_t *record = &chain->records[i].nsec;
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
static void look_for_wildcard(const chain_t *chain, missing_t *missing)
{
	const judge_t *judge = chain->judge;
	const knot_dname_t *zone = chain->policy->zone;
	knot_dname_storage_t wildcard;
	missing->wildcard = missing->no_wildcard = false;
	if (missing->encloser == missing->labels ||
	    !name_wildcard_at(wildcard, missing->name, missing->encloser)) {
		missing->no_wildcard = true;
		return;
	}
	knot_rrset_t rrset = { 0 };
	int ret = judge->lookup(judge->ctx, wildcard, KNOT_RRTYPE_NSEC, &rrset);
	missing->wildcard = (ret == KNOT_EOK);
	missing->no_wildcard = (ret == KNOT_ENONODE);

	/* The first record of an NSEC zone shows a wildcard at the apex, because little sorts
	 * before it. */
	nsec_t first;
	if (!missing->wildcard && !missing->no_wildcard &&
	    missing->encloser == chain->apex_labels &&
	    chain_look_up(chain, zone, KNOT_RRTYPE_NSEC, &rrset) &&
	    nsec_read(&first, &rrset)) {
		nsec_place_t place;
		(void)chain_place(chain, &place, wildcard, 0);
		first.owner.name = zone;
		missing->wildcard = nsec_is_next(&first, &place);
		missing->no_wildcard = nsec_covers(&first, &place);
	}
	if (!missing->wildcard && !missing->no_wildcard) {
		find_wildcard_shown(chain, missing, wildcard);
	}
}

/* Finds out about the encloser what is the same for all names that are missing below it. */
static void find_wildcard(missing_names_t *names, missing_t *missing)
{
	const knot_dname_t *name = name_parent(missing->name,
	                                       missing->labels - missing->encloser);
	encloser_t *last = &names->last;
	bool same = missing->encloser < missing->labels && last->name != NULL &&
	            name_equal(last->name, name);
	if (!same) {
		look_for_wildcard(names->chain, missing);
		*last = (encloser_t){ .name = missing->encloser < missing->labels ? name : NULL,
		                      .wildcard = missing->wildcard,
		                      .no_wildcard = missing->no_wildcard,
		                      .mail_hosts = has_mail_hosts(names->chain->policy, name) };
	}
	missing->wildcard = last->wildcard;
	missing->no_wildcard = last->no_wildcard;
}

static void locate(const chain_t *chain, const missing_t *missing, location_t *location)
{
	judge_t *judge = chain->judge;
	host_locate(judge->policy->zone, judge->lookup, judge->ctx, &judge->walked, missing->name,
	            false, location);
}

/* True if the response shows that the name is another zone's. */
static bool is_delegated(const chain_t *chain, const missing_t *missing)
{
	const policy_response_t *response = chain->response;
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		if (item->section == KNOT_AUTHORITY && item->rrset->type == KNOT_RRTYPE_NS &&
		    knot_dname_in_bailiwick(missing->name, item->owner) >= 0) {
			return true;
		}
	}
	return false;
}

/* Missing names that the response denies, and answers at and below them. */

/* True if a name of so many labels shares more of them with a missing one
 * than the encloser of that. */
static bool is_below_encloser(const missing_t *missing, const knot_dname_t *name, int labels)
{
	int shared = missing->encloser + 1;
	return shared <= labels && shared <= missing->labels &&
	       name_equal(name_parent(name, labels - shared),
	                  name_parent(missing->name, missing->labels - shared));
}

const missing_t *missing_at(const missing_names_t *names, const knot_dname_t *name, int *labels)
{
	const missing_t *found = NULL;
	int all = name_labels(name);
	*labels = 0;
	for (size_t i = 0; i < names->count; i++) {
		const missing_t *missing = &names->at[i];
		if (!is_below_encloser(missing, name, all)) {
			continue;
		}
		int shared = knot_dname_matched_labels(name, missing->name);
		if (shared > *labels) {
			found = missing;
			*labels = shared;
		}
	}
	return found;
}

bool missing_leads_to(const missing_names_t *names, const knot_dname_t *name)
{
	int labels;
	return missing_at(names, name, &labels) != NULL && labels == name_labels(name);
}

int missing_encloser(const missing_names_t *names, const knot_dname_t *name, int encloser)
{
	int labels;
	if (encloser == POLICY_OWN || missing_at(names, name, &labels) == NULL) {
		return encloser;
	}
	return labels == name_labels(name) ? POLICY_OWN : labels;
}

/* True if the zone is not authoritative for a name: the owner of a record above it is delegated, or
 * redirected. */
static bool ends_above(const missing_t *missing, const nsec_t *record)
{
	bitmap_t types;
	if (knot_dname_in_bailiwick(missing->name, record->owner.name) <= 0) {
		return false;
	}
	bitmap_clear(&types);
	nsec_types(record, &types);
	return bitmap_has(&types, KNOT_RRTYPE_DNAME) || nsec_is_delegation(&types);
}

/* True if a record says that there is no such name. Then it also shows the encloser. */
static bool find_by_nsec(missing_names_t *names, missing_t *missing)
{
	const chain_t *chain = names->chain;
	(void)chain_place(chain, &missing->place, missing->name, 0);
	for (size_t i = 0; i < chain->count; i++) {
		const nsec_t *record = &chain->records[i].nsec;
		if (nsec_covers(record, &missing->place) && !ends_above(missing, record)) {
			missing->encloser = chain_covering_encloser(chain, record, missing->name);
			find_wildcard(names, missing);
			return true;
		}
	}
	return false;
}

/* Labels of the shortest part of the name that is denied, from some on; more than it has if
 * none is. With wildcards, those below the parts count, too. The record denies the part itself,
 * or is NULL. */
static int find_denied(const chain_t *chain, const missing_t *missing, int labels,
                       bool wildcards, const nsec_t **record)
{
	knot_dname_storage_t wildcard;
	*record = NULL;
	for (; labels <= missing->labels; labels++) {
		const knot_dname_t *part = name_parent(missing->name, missing->labels - labels);
		*record = chain_denies(chain, part, missing_number(missing, labels, false));
		if (*record != NULL ||
		    (wildcards && name_wildcard(wildcard, part) &&
		     chain_denies(chain, wildcard, missing_number(missing, labels, true)))) {
			break;
		}
	}
	return labels;
}

/* Without look-ups, the shortest part of the name that is denied shows the encloser. Hashes are
 * kept, look-ups are not, so most names are found by their hashes. */
static bool find_by_nsec3(missing_names_t *names, missing_t *missing)
{
	const chain_t *chain = names->chain;
	const nsec_t *record;
	int top = chain->apex_labels + 1;
	int denied = find_denied(chain, missing, top, !chain->blind, &record);
	if (denied > missing->labels) {
		return false;
	}
	location_t location = { .labels = chain->apex_labels };
	/* Without opt-out, a denied name is not there at all, nor is anything below it: next to the
	 * apex, where most names are, there is nothing left to look up. */
	bool certain = denied == top && record != NULL &&
	               !(record->flags & KNOT_NSEC3_FLAG_OPT_OUT);
	if (!certain) {
		locate(chain, missing, &location);
	}
	if (location.exists || location.delegated || is_delegated(chain, missing)) {
		return false;
	}
	missing->encloser = location.labels;
	if (location.blind) {
		denied = find_denied(chain, missing, top, false, &record);
		if (denied > missing->labels) {
			return false;
		}
		missing->encloser = denied - 1;
		find_wildcard(names, missing);
		return true;
	}
	find_wildcard(names, missing);
	bool wildcards = missing->wildcard || missing->below;
	if (denied <= missing->encloser ||
	    (!wildcards && record == NULL)) { /* Else it is as above. */
		denied = find_denied(chain, missing, missing->encloser + 1, wildcards, &record);
	}
	return denied <= missing->labels;
}

static bool has_opt_out(const chain_t *chain)
{
	for (size_t i = 0; i < chain->count; i++) {
		if (chain->records[i].nsec.flags & KNOT_NSEC3_FLAG_OPT_OUT) {
			return true;
		}
	}
	return false;
}

/* The zone has a name between encloser and missing name, though not in its NSEC3 records: opt-out
 * (RFC 5155 6). Or it may have one. What it says of that can't be said of a missing name. */
static bool is_opted_out(const missing_names_t *names, const missing_t *missing)
{
	const chain_t *chain = names->chain;
	const judge_t *judge = chain->judge;
	const policy_response_t *response = chain->response;
	if (!chain->nsec3) {
		return false;
	}
	const policy_item_t *ns = response_item(response, KNOT_AUTHORITY, KNOT_RRTYPE_NS, NULL);
	location_t location = { .blind = false };
	const knot_dname_t *name = judge->delegated ? ns->owner : judge->terminal;
	int labels = name_labels(name);
	if (!is_below_encloser(missing, name, labels)) {
		return false;
	}
	int shared = knot_dname_matched_labels(name, missing->name);
	bool below = shared < labels;
	if (below && shared < missing->labels && has_opt_out(chain)) {
		locate(chain, missing, &location);
	}
	return below && !judge->negative &&
	       (judge->delegated || location.blind ||
	        (names->negative && response->rcode == KNOT_RCODE_NOERROR &&
	         chain_nodata_encloser(chain, name) == POLICY_OWN));
}

static bool is_new(const missing_names_t *names, const missing_t *missing)
{
	if (name_equal(missing->name, names->chain->policy->exchange) && !missing->exchange &&
	    !missing->below) {
		return names->count == 0 || !names->at[0].exchange;
	}
	/* No name is twice among the hosts of the policy. */
	for (size_t i = 0; i < names->count && missing->mx; i++) {
		const missing_t *other = &names->at[i];
		if (!other->below && name_equal(other->name, missing->name)) {
			return false;
		}
	}
	return true;
}

/* The name does not exist at all, and the response is about that. */
static bool is_asked(const chain_t *chain, const missing_t *missing)
{
	const knot_dname_t *name = chain->judge->terminal;
	return chain->response->rcode == KNOT_RCODE_NXDOMAIN &&
	       is_below_encloser(missing, name, name_labels(name));
}

void missing_find(missing_names_t *names, const chain_t *chain, bool negative)
{
	judge_t *judge = chain->judge;
	policy_names_t all = { .policy = chain->policy, .apex_mx = &judge->apex_mx };
	missing_t missing;
	names->chain = chain;
	names->negative = negative;
	names->count = 0;
	names->places = 0;
	names->last = (encloser_t){ .name = NULL };
	judge->limited |= all.apex_mx->rrs.count > POLICY_MX_MAX;
	while (next_policy_name(&all, &missing)) {
		if (!missing.exchange && missing.labels > chain->apex_labels + DEPTH_MAX) {
			judge->limited = true;
			continue;
		}
		if (!name_in_zone(missing.name, chain->policy->zone) ||
		    missing.labels == chain->apex_labels || !is_new(names, &missing) ||
		    !(chain->nsec3 ? find_by_nsec3 : find_by_nsec)(names, &missing) ||
		    (missing.no_wildcard && !missing.exchange) ||
		    !is_treated_differently(names, &missing) || is_opted_out(names, &missing) ||
		    (!missing.wildcard && !missing.exchange && is_asked(chain, &missing)) ||
		    (missing.wildcard && is_answered_by_zone(names, &missing))) {
			continue;
		}
		/* Without a wildcard, answers have no missing name but the exchange. */
		missing.wildcard |= !missing.exchange;
		int places = (missing.wildcard ? 2 : 1) *
		             (missing.labels + 1 - missing_first(&missing));
		if (names->count == MISSING_MAX || names->places + places > MISSING_PLACES_MAX) {
			judge->limited = true;
			break;
		}
		names->places += places;
		names->at[names->count++] = missing;
	}
}

/* The cheap check */

/* True if an NSEC record of the exchange itself denies an address type that it always has. */
static bool lacks_exchange_types(const policy_t *policy, const nsec_t *record)
{
	bitmap_t types;
	bitmap_clear(&types);
	nsec_types(record, &types);
	return (policy->mail4.count > 0 && !bitmap_has(&types, KNOT_RRTYPE_A)) ||
	       (policy->mail6.count > 0 && !bitmap_has(&types, KNOT_RRTYPE_AAAA));
}

/* True if an NSEC record of the zone may deny what answers have. */
static bool is_suspect(const policy_t *policy, const knot_rrset_t *apex_mx, const nsec_t *record)
{
	nsec_t gap = *record;
	size_t apex_size = knot_dname_size(policy->zone);
	gap.owner = nsec_place(record->owner.name, policy->zone, apex_size);
	gap.next = nsec_place(record->next.name, policy->zone, apex_size);
	policy_names_t all = { .policy = policy, .apex_mx = apex_mx };
	missing_t missing;
	while (next_policy_name(&all, &missing)) {
		nsec_place_t place = nsec_place(missing.name, policy->zone, apex_size);
		if (missing.exchange) {
			if (nsec_is_owner(&gap, &place) && lacks_exchange_types(policy, &gap)) {
				return true;
			}
		} else if (name_equal(missing.name, policy->exchange)) {
			continue;
		}
		if (nsec_covers(&gap, &place)) {
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
