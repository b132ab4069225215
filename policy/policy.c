/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The decision: the order in which a response is judged, the guarded-host question, addresses
 * and the mail exchange.
 */

#include <string.h>

#include "policy/judge.h"

const net_t *policy_proxied(const policy_t *policy, int family, const uint8_t *address)
{
	const net_t *network = netset_match(policy->proxies, family, address);
	if (network == NULL || netset_match(policy->excepts, family, address) != NULL) {
		return NULL;
	}
	return network;
}

static bool is_mx_target(const knot_rrset_t *mx, const knot_dname_t *name)
{
	knot_rdata_t *rdata = mx->rrs.rdata;
	for (uint16_t i = 0; i < mx->rrs.count; i++) {
		if (name_equal(knot_mx_name(rdata), name)) {
			return true;
		}
		rdata = knot_rdataset_next(rdata);
	}
	return false;
}

bool policy_guarded(const policy_t *policy, const knot_rrset_t *apex_mx, const knot_dname_t *name)
{
	if (!name_in_zone(name, policy->zone) || names_match(&policy->web_hosts, name)) {
		return false;
	}
	return name_equal(name, policy->exchange) ||
	       names_match(&policy->mail_hosts, name) || is_mx_target(apex_mx, name);
}

knot_rrset_t judge_apex_mx(const policy_t *policy, policy_lookup_f lookup, void *ctx)
{
	knot_rrset_t mx;
	if (lookup(ctx, policy->zone, KNOT_RRTYPE_MX, &mx) != KNOT_EOK) {
		memset(&mx, 0, sizeof(mx));
	}
	return mx;
}

bool judge_guarded(const judge_t *judge, const knot_dname_t *name)
{
	return policy_guarded(judge->policy, &judge->apex_mx, name);
}

bool policy_mail_service(const policy_t *policy, const knot_dname_t *owner)
{
	for (const knot_dname_t *const *service = policy->services; *service != NULL; service++) {
		if (name_has_prefix(owner, *service)) {
			return true;
		}
	}
	return false;
}

bool policy_suspects(const policy_t *policy, const knot_dname_t *qname,
                     const knot_rrset_t *rrsets, size_t count)
{
	bool data = false;
	for (size_t i = 0; i < count; i++) {
		const knot_rrset_t *rrset = &rrsets[i];
		knot_rdata_t *rdata = rrset->rrs.rdata;
		switch (rrset->type) {
		case KNOT_RRTYPE_A:
		case KNOT_RRTYPE_AAAA:
			for (uint16_t j = 0; j < rrset->rrs.count; j++) {
				if (netset_match(policy->proxies, type_family(rrset->type),
				                 rdata->data) != NULL) {
					return true;
				}
				rdata = knot_rdataset_next(rdata);
			}
			data = true;
			break;
		case KNOT_RRTYPE_SRV:
			data = true;
			if (knot_dname_is_wildcard(rrset->owner) ||
			    policy_mail_service(policy, rrset->owner)) {
				return true;
			}
			break;
		case KNOT_RRTYPE_MX:
		case KNOT_RRTYPE_CNAME:
			return true;
		case KNOT_RRTYPE_SOA:
		case KNOT_RRTYPE_NSEC:
		case KNOT_RRTYPE_NSEC3:
		case KNOT_RRTYPE_RRSIG:
		case KNOT_RRTYPE_OPT:
			break;
		default:
			data = true;
			break;
		}
	}

	/* A negative answer at the exchange, or above it (RFC 8020). */
	return !data && knot_dname_in_bailiwick(policy->exchange, qname) >= 0;
}

/* ANY asks for all there is, and knotd shows one RRset of it: where that had to be left out, the
 * exchange still has its addresses of the other family. */
static knot_rrset_t *other_family(judge_t *judge, const knot_rrset_t *emptied)
{
	const policy_t *policy = judge->policy;
	int family = (type_family(emptied->type) == 4) ? 6 : 4;
	host_t host;
	host_find(policy, judge->lookup, judge->ctx, policy->exchange, &host);
	const knot_rrset_t *own = (family == 4) ? &host.a : &host.aaaa;
	uint32_t ttl = knot_rrset_empty(own) ? policy->ttl : own->ttl;
	knot_rrset_t *direct = judge_direct_rrset(judge, policy->exchange, own, ttl);
	return (direct != NULL) ? direct
	                        : judge_mail_rrset(judge, policy->exchange, family, ttl);
}

/* 4.1: addresses of guarded hosts, in any section. */
static void judge_addresses(judge_t *judge)
{
	for (size_t i = 0; i < judge->response->count; i++) {
		policy_item_t *item = &judge->response->items[i];
		const knot_rrset_t *rrset = item->rrset;
		finding_t shown;
		if (item->edit != EDIT_KEEP || type_family(rrset->type) == 0 ||
		    !judge_proxied(judge, rrset, &shown) || !judge_guarded(judge, item->owner)) {
			continue;
		}

		action_t action = ACTION_STRIPPED;
		knot_rrset_t *with = judge_direct_rrset(judge, item->owner, rrset, rrset->ttl);
		if (with == NULL) {
			action = ACTION_REPLACED;
			with = judge_mail_rrset(judge, item->owner, type_family(rrset->type),
			                        rrset->ttl);
		}
		if (with == NULL) {
			action = ACTION_EMPTIED;
			judge->negative |= (item->section == KNOT_ANSWER);
		}
		finding_t *finding = judge_finding(judge, RULE_PROXIED_HOST, action, item->owner,
		                                   rrset->type);
		finding->family = shown.family;
		finding->network = shown.network;
		memcpy(finding->address, shown.address, shown.family == 4 ? 4 : 16);
		finding->answer_rrset = with;
		judge_edit(judge, item, with);
		if (with == NULL && judge->response->qtype == KNOT_RRTYPE_ANY &&
		    item->section == KNOT_ANSWER &&
		    name_equal(item->owner, judge->policy->exchange)) {
			finding->answer_rrset = other_family(judge, rrset);
			judge_add(judge, KNOT_ANSWER, (knot_rrset_t *)finding->answer_rrset);
		}
	}
}

bool judge_denies(const judge_t *judge)
{
	const policy_response_t *response = judge->response;
	bool denies = (response->rcode == KNOT_RCODE_NXDOMAIN);
	for (size_t i = 0; i < response->count && !denies; i++) {
		const policy_item_t *item = &response->items[i];
		denies = item->section == KNOT_AUTHORITY && item->rrset->type == KNOT_RRTYPE_SOA;
	}
	return denies;
}

/* True if the answer has data at a name; a DNAME there is about the names below it. */
static bool answer_has(const judge_t *judge, const knot_dname_t *owner)
{
	for (size_t i = 0; i < judge->response->count; i++) {
		const policy_item_t *item = &judge->response->items[i];
		if (item->section == KNOT_ANSWER && item->rrset->type != KNOT_RRTYPE_DNAME &&
		    name_equal(item->owner, owner)) {
			return true;
		}
	}
	return false;
}

/* 4.4: the exchange always resolves, and nothing above it is denied. */
static void judge_exchange(judge_t *judge)
{
	const policy_response_t *response = judge->response;
	const knot_dname_t *exchange = judge->policy->exchange;
	const knot_dname_t *name = judge->terminal;
	bool nxdomain = (response->rcode == KNOT_RCODE_NXDOMAIN);
	if (!response->complete || judge->cut || judge->delegated || !judge_denies(judge) ||
	    knot_dname_in_bailiwick(exchange, name) < 0 ||
	    !name_in_zone(name, judge->policy->zone) || answer_has(judge, name)) {
		return;
	}

	knot_rrset_t *made[2] = { NULL };
	if (name_equal(name, exchange)) {
		if (response->qtype == KNOT_RRTYPE_A || response->qtype == KNOT_RRTYPE_ANY) {
			made[0] = judge_mail_rrset(judge, exchange, 4, judge->policy->ttl);
		}
		if (response->qtype == KNOT_RRTYPE_AAAA || response->qtype == KNOT_RRTYPE_ANY) {
			made[1] = judge_mail_rrset(judge, exchange, 6, judge->policy->ttl);
		}
	}
	bool positive = (made[0] != NULL || made[1] != NULL);
	if (!positive && !nxdomain) {
		return;
	}

	finding_t *finding = judge_finding(judge, RULE_MISSING_TARGET, ACTION_SYNTHESIZED, name,
	                                   response->qtype);
	finding->answer_rrset = (made[0] != NULL) ? made[0] : made[1];
	if (nxdomain) {
		judge_noerror(judge);
	}
	if (positive) {
		judge_drop_authority(judge);
		judge_add(judge, KNOT_ANSWER, made[0]);
		judge_add(judge, KNOT_ANSWER, made[1]);
	}
	judge->negative = !positive;
}

bool judge_has_data(const judge_t *judge)
{
	for (size_t i = 0; i < judge->verdict->add_count; i++) {
		if (judge->verdict->add[i].section == KNOT_ANSWER) {
			return true;
		}
	}
	for (size_t i = 0; i < judge->response->count; i++) {
		const policy_item_t *item = &judge->response->items[i];
		uint16_t type = item->rrset->type;
		if (item->section == KNOT_ANSWER && item->edit != EDIT_DROP &&
		    type != KNOT_RRTYPE_CNAME && type != KNOT_RRTYPE_DNAME &&
		    type != KNOT_RRTYPE_RRSIG) {
			return true;
		}
	}
	return false;
}

/* Signatures of what changed are not true any more. */
static void drop_signatures(judge_t *judge)
{
	policy_response_t *response = judge->response;
	for (size_t i = 0; i < response->count; i++) {
		policy_item_t *sig = &response->items[i];
		if (sig->rrset->type != KNOT_RRTYPE_RRSIG || sig->edit != EDIT_KEEP) {
			continue;
		}
		uint16_t covered = knot_rrsig_type_covered(sig->rrset->rrs.rdata);
		for (size_t j = 0; j < response->count; j++) {
			const policy_item_t *item = &response->items[j];
			if (item->edit != EDIT_KEEP && item->section == sig->section &&
			    item->rrset->type == covered &&
			    name_equal(item->owner, sig->owner)) {
				judge_edit(judge, sig, NULL);
				break;
			}
		}
	}
}

/* Names and aliases can be made to need very many look-ups. A zone that does that to its own answers
 * must not hold up the others of its server: after so many, nothing more can be known. */
static int limited_lookup(void *ctx, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out)
{
	judge_t *judge = ctx;
	if (judge->budget == 0) {
		return KNOT_ELIMIT;
	}
	judge->budget--;
	return judge->zone_lookup(judge->zone_ctx, owner, type, out);
}

static size_t lookup_budget(const policy_response_t *response)
{
	size_t targets = 0;
	for (size_t i = 0; i < response->count; i++) {
		const knot_rrset_t *rrset = response->items[i].rrset;
		if (rrset->type == KNOT_RRTYPE_MX || rrset->type == KNOT_RRTYPE_SRV) {
			targets += rrset->rrs.count;
		}
	}
	return POLICY_LOOKUPS + targets * POLICY_LOOKUPS_TARGET;
}

/* Begins to judge: nothing is edited yet. */
static void begin(judge_t *judge, const policy_t *policy, policy_lookup_f lookup, void *ctx,
                  policy_response_t *response, policy_verdict_t *verdict, knot_mm_t *mm)
{
	policy_verdict_begin(verdict, mm);
	for (size_t i = 0; i < response->count; i++) {
		response->items[i].edit = EDIT_KEEP;
		response->items[i].with = NULL;
		response->items[i].encloser = POLICY_OWN;
		response->items[i].sigs = NULL;
	}

	*judge = (judge_t){
		.policy = policy,
		.lookup = limited_lookup,
		.response = response,
		.verdict = verdict,
		.zone_lookup = lookup,
		.zone_ctx = ctx,
		.apex_mx = judge_apex_mx(policy, lookup, ctx),
		.budget = lookup_budget(response),
		.ctx = judge,
	};
	judge_chain(judge);
}

/* Finishes what the edits of the answer entail. */
static int finish(judge_t *judge)
{
	if (judge->response->hash != NULL && judge->response->complete) {
		judge_denial(judge);
	}
	if (judge->verdict->changes) {
		drop_signatures(judge);
	}
	return judge->error;
}

int policy_judge(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                 policy_response_t *response, policy_verdict_t *verdict, knot_mm_t *mm)
{
	judge_t judge;
	begin(&judge, policy, lookup, ctx, response, verdict, mm);
	if (response->rcode != KNOT_RCODE_NOERROR && response->rcode != KNOT_RCODE_NXDOMAIN) {
		return KNOT_EOK;
	}
	judge_aliases(&judge);
	judge_targets(&judge);
	judge_addresses(&judge);
	judge_exchange(&judge);
	if (verdict->changes && judge.negative && !judge_has_data(&judge)) {
		judge_negative(&judge);
	}
	return finish(&judge);
}

int policy_judge_referral(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                          policy_response_t *response, policy_verdict_t *verdict, knot_mm_t *mm)
{
	judge_t judge;
	begin(&judge, policy, lookup, ctx, response, verdict, mm);
	return finish(&judge);
}
