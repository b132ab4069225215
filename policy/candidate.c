/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Which names may have to be grafted, and what is known of the zone around them: by look-ups, or where
 * these are not to be had, by what the response shows.
 */

#include <string.h>

#include "policy/denial.h"

candidates_t candidate_all(const policy_t *policy, const knot_rrset_t *apex_mx)
{
	candidates_t all = { .policy = policy, .apex_mx = apex_mx };
	for (size_t i = 0; i < policy->mail_hosts.count; i++) {
		all.patterns |= policy->mail_hosts.at[i].below;
	}
	return all;
}

bool candidate_next(candidates_t *all, graft_t *graft)
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
	for (size_t set = 0; set < (all->patterns ? 2 : 1); set++) {
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

bool candidate_differs(const denial_t *denial, const graft_t *graft)
{
	const policy_t *policy = denial->judge->policy;
	bool guarded = graft->wild ? has_mail_hosts(policy, graft->name)
	                           : response_guarded(denial->judge, graft->name);
	return graft->exchange ||
	       guarded != has_mail_hosts(policy, name_suffix(graft->name, graft->encloser));
}

static void find_wildcard_shown(const denial_t *denial, graft_t *graft, const knot_dname_t *wildcard)
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
		if (denial_is_nsec(denial->judge, item)) {
			next = knot_nsec_next(rdata);
			graft->wildcard |= name_equal(item->owner, wildcard) ||
			                   name_equal(next, wildcard);
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

bool candidate_is_provided(const denial_t *denial, const graft_t *graft)
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
	return !(graft->exchange && lacks) && !response_proxied(judge, &host.a, NULL) &&
	       !response_proxied(judge, &host.aaaa, NULL);
}

/* The first record of an NSEC zone tells of a wildcard at the apex, because little sorts before it. */
static void find_apex_wildcard(const denial_t *denial, graft_t *graft, const knot_dname_t *wildcard)
{
	const judge_t *judge = denial->judge;
	const knot_dname_t *zone = judge->policy->zone;
	knot_rrset_t nsec = { 0 };
	if (graft->encloser == denial->apex_labels &&
	    judge->lookup(judge->ctx, zone, KNOT_RRTYPE_NSEC, &nsec) == KNOT_EOK &&
	    !knot_rrset_empty(&nsec)) {
		const knot_dname_t *next = knot_nsec_next(nsec.rrs.rdata);
		graft->wildcard = name_equal(next, wildcard);
		graft->no_wildcard = graft_in_gap(wildcard, zone, next);
	}
}

void candidate_find_wildcard(const denial_t *denial, graft_t *graft)
{
	const judge_t *judge = denial->judge;
	knot_dname_storage_t wildcard;
	graft->wildcard = graft->no_wildcard = false;
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
		find_apex_wildcard(denial, graft, wildcard);
	}
	if (!graft->wildcard && !graft->no_wildcard) {
		find_wildcard_shown(denial, graft, wildcard);
	}
}

int candidate_encloser(const denial_t *denial, const graft_t *graft)
{
	const judge_t *judge = denial->judge;
	knot_rrset_t rrset = { 0 };
	for (int labels = graft->labels; labels > denial->apex_labels; labels--) {
		int ret = judge->lookup(judge->ctx, name_suffix(graft->name, labels),
		                        KNOT_RRTYPE_NS, &rrset);
		if (ret != KNOT_ENONODE) {
			return ret == KNOT_EOK ? labels : POLICY_OWN;
		}
	}
	return denial->apex_labels;
}

bool candidate_is_delegated(const denial_t *denial, const graft_t *graft)
{
	const judge_t *judge = denial->judge;
	const policy_response_t *response = judge->response;
	knot_rrset_t ns = { 0 };
	for (int labels = denial->apex_labels + 1; labels <= graft->labels; labels++) {
		if (judge->lookup(judge->ctx, name_suffix(graft->name, labels), KNOT_RRTYPE_NS,
		                  &ns) == KNOT_EOK && !knot_rrset_empty(&ns)) {
			return true;
		}
	}
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		if (item->section == KNOT_AUTHORITY && item->rrset->type == KNOT_RRTYPE_NS &&
		    knot_dname_in_bailiwick(graft->name, item->owner) >= 0) {
			return true;
		}
	}
	return false;
}
