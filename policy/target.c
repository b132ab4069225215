/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Mail targets: which exchanges of MX RRs and targets of mail SRV RRs are kept, the RRset with the
 * others steered to the mail exchange, and what becomes of the additional records.
 */

#include <string.h>

#include "policy/judge.h"

/* Octets before the name in the RDATA: preference; priority, weight and port. */
static size_t fixed_size(uint16_t type)
{
	return type == KNOT_RRTYPE_MX ? 2 : 6;
}

/* Where the response had no room, knotd leaves out a target's RRset, A before AAAA, and goes on with
 * the next target. So only after an AAAA RRset nothing of a target can be missing. */
static bool is_whole(const policy_response_t *response, size_t i)
{
	return response->additional_complete ||
	       response->items[i].rrset->type == KNOT_RRTYPE_AAAA;
}

/* Looks for a proxied address of a name in the response. The name is shown if it has addresses
 * there, all that it has. */
static bool shown_proxied(const judge_t *judge, const knot_dname_t *name, bool *shown,
                          finding_t *finding)
{
	const policy_response_t *response = judge->response;
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		if (type_family(item->rrset->type) != 0 &&
		    name_equal(item->owner, name)) {
			*shown |= is_whole(response, i);
			if (judge_proxied(judge, item->rrset, finding)) {
				return true;
			}
		}
	}
	return false;
}

/* 4.3 for a target in the zone that is not guarded. True: steered, for the finding's rule. */
static bool steer_in_zone(judge_t *judge, const knot_dname_t *owner, const knot_dname_t *target,
                          finding_t *finding)
{
	bool shown = false;
	finding->rule = RULE_PROXIED_TARGET;
	if (shown_proxied(judge, target, &shown, finding)) {
		return true;
	}

	host_t host;
	host_find(judge->policy, judge->lookup, judge->ctx, target, &host);
	if (host.alias) {
		finding->rule = RULE_PROXIED_ALIAS;
	}
	switch (host.state) {
	case HOST_FOUND:
		return judge_proxied(judge, &host.a, finding) ||
		       judge_proxied(judge, &host.aaaa, finding);
	case HOST_NONE:
		finding->rule = RULE_MISSING_TARGET;
		return !shown;
	case HOST_BLIND:
		/* Its additional records may be what was cut off. */
		judge->verdict->unknown |= (!shown && !judge->response->additional_complete);
		/* At the apex, what is not guarded is a web host. One without an address to show
		 * is an alias: it leads to the web site, and so to the proxy. */
		if (!shown && judge->response->additional_complete &&
		    name_equal(owner, judge->policy->zone) &&
		    names_match(&judge->policy->web_hosts, target)) {
			return true;
		}
		break;
	default:
		break;
	}
	return host.proxy_name ||
	       (!shown && names_cover(&judge->policy->proxy_names, target));
}

/* The targets of the MX RRset at the apex are guarded because they are in it: no need to look for
 * each among all of them. */
static bool is_guarded(const judge_t *judge, const policy_item_t *item, const knot_dname_t *target)
{
	if (item->rrset->rrs.rdata == judge->apex_mx.rrs.rdata) {
		return name_in_zone(target, judge->policy->zone) &&
		       !names_match(&judge->policy->web_hosts, target);
	}
	return judge_guarded(judge, target);
}

static bool steer(judge_t *judge, const policy_item_t *item, const knot_dname_t *target,
                  finding_t *finding)
{
	if (*target == '\0' || is_guarded(judge, item, target)) {
		return false;
	}
	if (name_in_zone(target, judge->policy->zone)) {
		return steer_in_zone(judge, item->owner, target, finding);
	}
	finding->rule = RULE_PROXIED_TARGET;
	return names_cover(&judge->policy->proxy_names, target);
}

/* An RR to be in the new RRset. */
typedef struct {
	const uint8_t *fixed;       /* Preference, or priority, weight and port. */
	const knot_dname_t *target; /* After steering. */
} rr_t;

static bool merges(const rr_t *a, const rr_t *b, uint16_t type)
{
	return (type == KNOT_RRTYPE_MX || memcmp(a->fixed + 4, b->fixed + 4, 2) == 0) &&
	       name_equal(a->target, b->target);
}

/* Makes the RRset anew. RRs come in canonical order, so the first of equal ones has the lowest
 * preference or priority. */
static knot_rrset_t *build(judge_t *judge, const policy_item_t *item, rr_t *rrs, size_t count)
{
	uint16_t type = item->rrset->type;
	size_t merged = 0, space = 0;
	for (size_t i = 0; i < count; i++) {
		size_t j = 0;
		while (j < merged && !merges(&rrs[j], &rrs[i], type)) {
			j++;
		}
		if (j == merged) {
			rrs[merged++] = rrs[i];
			space += fixed_size(type) + knot_dname_size(rrs[i].target);
		}
	}

	knot_rrset_t *rrset = NULL;
	rdata_ref_t *refs = judge_alloc(judge, merged * sizeof(*refs));
	uint8_t *data = judge_alloc(judge, space);
	if (refs != NULL && data != NULL) {
		uint8_t *end = data;
		for (size_t i = 0; i < merged; i++) {
			size_t fixed = fixed_size(type), name = knot_dname_size(rrs[i].target);
			memcpy(end, rrs[i].fixed, fixed);
			memcpy(end + fixed, rrs[i].target, name);
			refs[i] = (rdata_ref_t){ end, fixed + name };
			end += fixed + name;
		}
		rrset = judge_rrset(judge, item->owner, type, item->rrset->ttl, refs, merged);
	}
	judge_free(judge, data);
	judge_free(judge, refs);
	return rrset;
}

/* True: the RRset was changed. */
static bool judge_rrset_targets(judge_t *judge, policy_item_t *item)
{
	const knot_rrset_t *rrset = item->rrset;
	rr_t *rrs = NULL; /* Only allocated once a target is steered. */
	knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		const knot_dname_t *target = knot_rdata_name(rdata, rrset->type);
		finding_t found = { 0 };
		if (steer(judge, item, target, &found)) {
			finding_t *finding = judge_finding(judge, found.rule, ACTION_STEERED,
			                                   item->owner, rrset->type);
			finding->target = target;
			finding->family = found.family;
			finding->network = found.network;
			memcpy(finding->address, found.address, sizeof(found.address));
			finding->answer_name = judge->policy->exchange;

			if (rrs == NULL) {
				rrs = judge_alloc(judge, rrset->rrs.count * sizeof(*rrs));
				if (rrs == NULL) {
					return false;
				}
				knot_rdata_t *kept = rrset->rrs.rdata;
				for (uint16_t j = 0; j < i; j++) {
					rrs[j] = (rr_t){ kept->data,
					                 knot_rdata_name(kept, rrset->type) };
					kept = knot_rdataset_next(kept);
				}
			}
			target = judge->policy->exchange;
		}
		if (rrs != NULL) {
			rrs[i] = (rr_t){ rdata->data, target };
		}
		rdata = knot_rdataset_next(rdata);
	}
	if (rrs == NULL) {
		return false;
	}

	knot_rrset_t *with = build(judge, item, rrs, rrset->rrs.count);
	judge_free(judge, rrs);
	if (with == NULL) {
		return false;
	}
	judge_edit(judge, item, with);
	return true;
}

static bool refers_to(const knot_rrset_t *rrset, const knot_dname_t *name)
{
	if (rrset == NULL || (rrset->type != KNOT_RRTYPE_MX && rrset->type != KNOT_RRTYPE_SRV &&
	                      rrset->type != KNOT_RRTYPE_NS)) {
		return false;
	}
	knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		if (name_equal(knot_rdata_name(rdata, rrset->type), name)) {
			return true;
		}
		rdata = knot_rdataset_next(rdata);
	}
	return false;
}

/* Additional addresses that only a removed target had called for. */
static void drop_additional(judge_t *judge)
{
	policy_response_t *response = judge->response;
	for (size_t i = 0; i < response->count; i++) {
		policy_item_t *extra = &response->items[i];
		if (extra->section != KNOT_ADDITIONAL || type_family(extra->rrset->type) == 0) {
			continue;
		}
		bool was = false, is = false;
		for (size_t j = 0; j < response->count && !is; j++) {
			const policy_item_t *item = &response->items[j];
			was |= item->edit != EDIT_KEEP && refers_to(item->rrset, extra->owner);
			is = refers_to(item_rrset(item), extra->owner);
		}
		if (was && !is) {
			judge_edit(judge, extra, NULL);
		}
	}
}

static void add_exchange_family(judge_t *judge, const host_t *host, int family)
{
	const knot_dname_t *exchange = judge->policy->exchange;
	const knot_rrset_t *own = (family == 4) ? &host->a : &host->aaaa;
	uint32_t ttl = host->alias ? host->ttl : UINT32_MAX;
	knot_rrset_t *rrset = judge_direct_rrset(judge, exchange, own, ttl);
	if (rrset == NULL) {
		if (!host->alias && !knot_rrset_empty(own) && own->ttl < ttl) {
			ttl = own->ttl;
		}
		rrset = judge_mail_rrset(judge, exchange, family, ttl);
	}
	judge_add(judge, KNOT_ADDITIONAL, rrset);
}

/* The addresses of the exchange, where they are known and not there already. */
static void add_exchange(judge_t *judge)
{
	const knot_dname_t *exchange = judge->policy->exchange;
	bool shown[2] = { false, false };
	for (size_t i = 0; i < judge->response->count; i++) {
		const policy_item_t *item = &judge->response->items[i];
		if (type_family(item->rrset->type) != 0 &&
		    name_equal(item->owner, exchange)) {
			shown[type_family(item->rrset->type) == 6] = true;
		}
	}

	host_t host;
	host_find(judge->policy, judge->lookup, judge->ctx, exchange, &host);
	if (host.state != HOST_FOUND && host.state != HOST_NONE && !host.proxy_name &&
	    !host.loop) {
		return;
	}
	bool proxied = judge_proxied(judge, &host.a, NULL) ||
	               judge_proxied(judge, &host.aaaa, NULL);
	if (host.alias && host.state == HOST_FOUND && !proxied) {
		return; /* Answered as the alias it is. */
	}
	if (!shown[0]) {
		add_exchange_family(judge, &host, 4);
	}
	if (!shown[1]) {
		add_exchange_family(judge, &host, 6);
	}
}

void judge_targets(judge_t *judge)
{
	bool changed = false;
	for (size_t i = 0; i < judge->response->count; i++) {
		policy_item_t *item = &judge->response->items[i];
		if (item->edit != EDIT_KEEP) {
			continue;
		}
		if (item->rrset->type == KNOT_RRTYPE_MX ||
		    (item->rrset->type == KNOT_RRTYPE_SRV &&
		     policy_mail_service(judge->policy, item->owner))) {
			changed |= judge_rrset_targets(judge, item);
		}
	}
	if (changed) {
		drop_additional(judge);
		add_exchange(judge);
	}
}
