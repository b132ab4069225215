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

/* Candidates */

/* Names that may have to be grafted: the exchange, and what is treated in a way of its own. */
typedef struct {
	const policy_t *policy;
	const knot_rrset_t *apex_mx;
	size_t next;
	knot_rdata_t *mx;
} candidates_t;

/* The next candidate. False at the end. */
static bool next_candidate(candidates_t *all, graft_t *graft)
{
	const policy_t *policy = all->policy;
	const names_t *sets[] = { &policy->mail_hosts, &policy->web_hosts };
	size_t i = all->next++;
	*graft = (graft_t){ .name = policy->exchange, .exchange = true };
	if (i == 0) {
		return true;
	}
	graft->exchange = false;
	i--;
	for (size_t set = 0; set < 2; set++) {
		if (i < sets[set]->count) {
			graft->name = sets[set]->at[i].name;
			graft->wild = sets[set]->at[i].below;
			return true;
		}
		i -= sets[set]->count;
	}
	if (i >= all->apex_mx->rrs.count) {
		return false;
	}
	all->mx = (i == 0) ? all->apex_mx->rrs.rdata : knot_rdataset_next(all->mx);
	graft->name = knot_mx_name(all->mx);
	return true;
}

static bool has_pattern(const names_t *names, const knot_dname_t *encloser)
{
	for (size_t i = 0; i < names->count; i++) {
		if (names->at[i].below &&
		    knot_dname_in_bailiwick(encloser, names->at[i].name) >= 0) {
			return true;
		}
	}
	return false;
}

/* True if the names below this one are mail hosts, but for those that are named. */
static bool has_mail_hosts(const policy_t *policy, const knot_dname_t *name)
{
	return has_pattern(&policy->mail_hosts, name) && !has_pattern(&policy->web_hosts, name);
}

/* True if what a wildcard answers is treated in another way at a name than at others. */
static bool differs(const denial_t *denial, const graft_t *graft)
{
	const policy_t *policy = denial->judge->policy;
	bool guarded = graft->wild ? has_mail_hosts(policy, graft->name)
	                           : judge_guarded(denial->judge, graft->name);
	return graft->exchange ||
	       guarded != has_mail_hosts(policy, name_suffix(graft->name, graft->encloser));
}

static bool is_new(const denial_t *denial, const graft_t *graft)
{
	for (size_t i = 0; i < denial->graft_count; i++) {
		const graft_t *other = &denial->grafts[i];
		if (other->wild == graft->wild && knot_dname_is_equal(other->name, graft->name)) {
			return false;
		}
	}
	return true;
}

/* What of a response is known of wildcards */

static void find_wildcard_shown(denial_t *denial, graft_t *graft, const knot_dname_t *wildcard)
{
	const policy_response_t *response = denial->judge->response;
	uint8_t hash[NSEC3_HASH], owner[NSEC3_HASH];
	if (denial->nsec3 && denial_hash(denial, hash, wildcard) != KNOT_EOK) {
		return;
	}
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		const knot_rdata_t *rdata = item->rrset->rrs.rdata;
		const uint8_t *next;
		if (item->rrset->type == KNOT_RRTYPE_NSEC) {
			next = knot_nsec_next(rdata);
			graft->wildcard |= knot_dname_is_equal(item->owner, wildcard) ||
			                   knot_dname_is_equal(next, wildcard);
			graft->no_wildcard |= graft_in_gap(wildcard, item->owner, next);
		} else if (item->rrset->type == KNOT_RRTYPE_NSEC3 &&
		           graft_hashes(denial, item, owner, &next)) {
			graft->wildcard |= memcmp(hash, owner, NSEC3_HASH) == 0 ||
			                   memcmp(hash, next, NSEC3_HASH) == 0;
			graft->no_wildcard |= graft_hash_in_gap(hash, owner, next);
		} else if (item->rrset->type == KNOT_RRTYPE_RRSIG &&
		           knot_rrsig_labels(rdata) == graft->encloser &&
		           knot_dname_in_bailiwick(item->owner, wildcard + 2) > 0) {
			graft->wildcard |= !knot_dname_is_wildcard(item->owner);
		}
	}
}

/* True if the module changes nothing of what the zone answers at a name, by a wildcard. */
static bool is_provided(const denial_t *denial, const graft_t *graft)
{
	const judge_t *judge = denial->judge;
	const policy_t *policy = judge->policy;
	knot_dname_storage_t name;
	memcpy(name, graft->name, knot_dname_size(graft->name));
	if (graft->wild && !denial_wildcard(name, graft->name, graft->labels)) {
		return true;
	}
	host_t host;
	host_find(policy, judge->lookup, judge->ctx, name, &host);
	if (host.proxy_name || host.state == HOST_BLIND) {
		return false;
	}
	bool lacks = host.state == HOST_NONE || host.loop ||
	             (host.state == HOST_FOUND &&
	              ((knot_rrset_empty(&host.a) && policy->mail4.count > 0) ||
	               (knot_rrset_empty(&host.aaaa) && policy->mail6.count > 0)));
	return !(graft->exchange && lacks) && !judge_proxied(judge, &host.a, NULL) &&
	       !judge_proxied(judge, &host.aaaa, NULL);
}

static void find_wildcard(denial_t *denial, graft_t *graft)
{
	const judge_t *judge = denial->judge;
	knot_dname_storage_t wildcard;
	if (graft->encloser == graft->labels ||
	    !denial_wildcard(wildcard, graft->name, graft->encloser)) {
		graft->no_wildcard = true;
		return;
	}
	knot_rrset_t rrset = { 0 };
	int ret = judge->lookup(judge->ctx, wildcard, KNOT_RRTYPE_NSEC, &rrset);
	graft->wildcard = (ret == KNOT_EOK);
	graft->no_wildcard = (ret == KNOT_ENONODE);
	if (!graft->wildcard && !graft->no_wildcard) {
		find_wildcard_shown(denial, graft, wildcard);
	}
}

/* Which names a response denies */

/* True if the zone does not speak for names below the owner of a record. */
static bool ends_above(const graft_t *graft, const policy_item_t *item)
{
	types_t types;
	types_clear(&types);
	return knot_dname_in_bailiwick(graft->name, item->owner) > 0 &&
	       (!denial_types(&types, item->rrset) || denial_is_elsewhere(&types) ||
	        types_has(&types, KNOT_RRTYPE_DNAME));
}

/* Does a record say that there is no such name? Then it also tells what is the encloser. */
static bool find_by_nsec(graft_t *graft, const policy_item_t *item)
{
	const knot_dname_t *next = knot_nsec_next(item->rrset->rrs.rdata);
	if (!graft_in_gap(graft->name, item->owner, next) || ends_above(graft, item)) {
		return false;
	}
	int above = knot_dname_matched_labels(graft->name, item->owner);
	int below = knot_dname_matched_labels(graft->name, next);
	graft->encloser = above > below ? above : below;
	return true;
}

/* The hash of a record may be that of any name of the stem: the shortest one tells the encloser. */
static bool find_by_nsec3(const denial_t *denial, graft_t *graft, const policy_item_t *item)
{
	uint8_t owner[NSEC3_HASH], hash[NSEC3_HASH];
	const uint8_t *next;
	if (!graft_hashes(denial, item, owner, &next)) {
		return false;
	}
	for (int labels = denial->apex_labels + 1; labels <= graft->labels; labels++) {
		if (denial_hash(denial, hash, name_suffix(graft->name, labels)) == KNOT_EOK &&
		    graft_hash_in_gap(hash, owner, next)) {
			graft->encloser = labels - 1;
			return true;
		}
	}
	return false;
}

static bool is_denied(const denial_t *denial, graft_t *graft)
{
	const policy_response_t *response = denial->judge->response;
	int shortest = INT32_MAX;
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		uint16_t type = item->rrset->type;
		if (((type == KNOT_RRTYPE_NSEC && find_by_nsec(graft, item)) ||
		     (type == KNOT_RRTYPE_NSEC3 && find_by_nsec3(denial, graft, item))) &&
		    graft->encloser < shortest) {
			shortest = graft->encloser;
		}
	}
	graft->encloser = shortest;
	return shortest != INT32_MAX;
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
	candidates_t all = { .policy = judge->policy, .apex_mx = &judge->apex_mx };
	graft_t graft;
	while (next_candidate(&all, &graft) && denial->graft_count < GRAFTS_MAX) {
		graft.labels = knot_dname_labels(graft.name, NULL);
		if (!name_in_zone(graft.name, judge->policy->zone) ||
		    graft.labels == denial->apex_labels || !is_new(denial, &graft) ||
		    !is_denied(denial, &graft) || !differs(denial, &graft)) {
			continue;
		}
		find_wildcard(denial, &graft);
		if ((graft.no_wildcard && !graft.exchange) ||
		    (!graft.wildcard && !graft.exchange && is_asked(denial, &graft)) ||
		    (graft.wildcard && is_provided(denial, &graft))) {
			continue;
		}
		denial->grafts[denial->graft_count++] = graft;
	}
}

bool policy_suspects_denial(const policy_t *policy, const knot_rrset_t *apex_mx,
                            const knot_rrset_t *rrsets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const knot_rrset_t *rrset = &rrsets[i];
		if (rrset->type == KNOT_RRTYPE_NSEC3) {
			return true;
		} else if (rrset->type != KNOT_RRTYPE_NSEC) {
			continue;
		}
		candidates_t all = { .policy = policy, .apex_mx = apex_mx };
		const knot_dname_t *next = knot_nsec_next(rrset->rrs.rdata);
		graft_t graft;
		while (next_candidate(&all, &graft)) {
			if (graft_in_gap(graft.name, rrset->owner, next) ||
			    (graft.exchange && knot_dname_is_equal(graft.name, rrset->owner))) {
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
	judge_edit(denial->judge, item, NULL);
	denial->judge->negative = true;
	denial->negative = true;
	judge_negative(denial->judge);
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
			judge_edit(judge, item, copy(judge, item));
		}
		item->encloser = now;
	}
	for (size_t i = 0; i < judge->verdict->add_count; i++) {
		policy_add_t *add = &judge->verdict->add[i];
		add->encloser = graft_encloser(denial, add->rrset->owner, add->encloser);
	}
}
