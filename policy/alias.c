/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Guarded hosts that are aliases: does the chain lead to a proxy, and the answer without it.
 */

#include <string.h>

#include "policy/judge.h"

static policy_item_t *link_item(const judge_t *judge, size_t link)
{
	return &judge->response->items[judge->links[link]];
}

static const knot_dname_t *link_owner(const judge_t *judge, size_t link)
{
	return link_item(judge, link)->owner;
}

static const knot_dname_t *link_target(const judge_t *judge, size_t link)
{
	return knot_cname_name(link_item(judge, link)->rrset->rrs.rdata);
}

/* Follows the CNAMEs of the answer; knotd puts them in the order of the chain. */
void judge_chain(judge_t *judge)
{
	const policy_response_t *response = judge->response;
	judge->terminal = response->qname;
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		if (item->section == KNOT_ANSWER && item->rrset->type == KNOT_RRTYPE_CNAME &&
		    judge->link_count < LINKS_MAX &&
		    name_equal(item->owner, judge->terminal)) {
			judge->links[judge->link_count++] = i;
			judge->terminal = knot_cname_name(item->rrset->rrs.rdata);
		} else if (item->section == KNOT_AUTHORITY &&
		           item->rrset->type == KNOT_RRTYPE_NS) {
			judge->delegated = true;
		}
	}
}

/* Addresses of a family at the end of the chain, as far as the response shows them: in the answer,
 * or as glue where the chain ends in a referral. */
static const knot_rrset_t *shown(const judge_t *judge, int family)
{
	for (size_t i = 0; i < judge->response->count; i++) {
		const policy_item_t *item = &judge->response->items[i];
		if (item->rrset->type == family_type(family) &&
		    name_equal(item->owner, judge->terminal)) {
			return item->rrset;
		}
	}
	return NULL;
}

/* What is known of the end of the chain: the response first, then the zone. */
typedef struct {
	host_t host;
	knot_rrset_t a;
	knot_rrset_t aaaa;
} chain_end_t;

static void find_end(const judge_t *judge, chain_end_t *end)
{
	const knot_rrset_t *a = shown(judge, 4), *aaaa = shown(judge, 6);
	host_find(judge->policy, judge->lookup, judge->ctx, judge->terminal, &end->host);
	end->a = (a != NULL) ? *a : end->host.a;
	end->aaaa = (aaaa != NULL) ? *aaaa : end->host.aaaa;
}

static bool end_known(const chain_end_t *end)
{
	return !knot_rrset_empty(&end->a) || !knot_rrset_empty(&end->aaaa);
}

/* 4.2: the chain from this link on ends in a proxied address or passes a proxy name. */
static bool leads_to_proxy(const judge_t *judge, size_t link, const chain_end_t *end,
                           finding_t *finding)
{
	const policy_t *policy = judge->policy;
	finding->target = link_target(judge, link);
	for (size_t i = link; i < judge->link_count; i++) {
		if (names_cover(&policy->proxy_names, link_target(judge, i))) {
			finding->target = link_target(judge, i);
			return true;
		}
	}
	if (end->host.proxy_name || judge_proxied(judge, &end->a, finding) ||
	    judge_proxied(judge, &end->aaaa, finding)) {
		return true;
	}

	/* Before Knot DNS 3.4 other names can't be looked up. A web host serves the proxied site
	 * by definition; were its alias kept, a cache would follow it to the proxy later on. */
	return end->host.state == HOST_BLIND && !end_known(end) &&
	       names_match(&policy->web_hosts, judge->terminal);
}

/* 4.4: the alias of the exchange ends in nothing, or in nothing of the family asked for. */
static bool leads_nowhere(const judge_t *judge, const chain_end_t *end)
{
	const policy_response_t *response = judge->response;
	if (judge->delegated || !name_in_zone(judge->terminal, judge->policy->zone)) {
		return false;
	}
	if (response->rcode == KNOT_RCODE_NXDOMAIN ||
	    ((end->host.state == HOST_NONE || end->host.loop) && !end_known(end))) {
		return true;
	}
	for (size_t i = 0; i < judge->link_count; i++) {
		if (name_equal(link_owner(judge, i), judge->terminal)) {
			return true; /* A loop. */
		}
	}

	int family = type_family(response->qtype);
	const addresses_t *mail = (family == 4) ? &judge->policy->mail4 : &judge->policy->mail6;
	return family != 0 && mail->count > 0 && judge_denies(judge);
}

/* Leaves out the chain from this link on, what it led to, and what went along with that. */
static uint32_t drop_chain(judge_t *judge, size_t link)
{
	uint32_t ttl = UINT32_MAX;
	for (size_t i = link; i < judge->link_count; i++) {
		const knot_rrset_t *cname = link_item(judge, i)->rrset;
		ttl = (cname->ttl < ttl) ? cname->ttl : ttl;
	}

	policy_response_t *response = judge->response;
	size_t first = judge->links[link];
	if (first > 0) { /* The DNAME that the CNAME was made from stands before it. */
		const policy_item_t *before = &response->items[first - 1];
		if (before->section == KNOT_ANSWER && before->rrset->type == KNOT_RRTYPE_DNAME &&
		    knot_dname_in_bailiwick(link_owner(judge, link), before->owner) > 0) {
			first--;
		}
	}
	for (size_t i = first; i < response->count; i++) {
		policy_item_t *item = &response->items[i];
		uint16_t type = item->rrset->type;
		bool keep = type == KNOT_RRTYPE_OPT || type == KNOT_RRTYPE_TSIG ||
		            (type == KNOT_RRTYPE_SOA && item->section == KNOT_AUTHORITY);
		for (size_t j = 0; j < link && type == KNOT_RRTYPE_RRSIG && !keep; j++) {
			keep = name_equal(item->owner, link_owner(judge, j));
		}
		if (!keep) {
			judge_edit(judge, item, NULL);
		}
	}
	return ttl;
}

/* The addresses that are answered at the guarded name itself. */
static knot_rrset_t *own_addresses(judge_t *judge, const knot_dname_t *owner, int family,
                                   const knot_rrset_t *end, uint32_t ttl)
{
	knot_rrset_t *direct = judge_direct_rrset(judge, owner, end, ttl);
	return (direct != NULL) ? direct : judge_mail_rrset(judge, owner, family, ttl);
}

static void cut(judge_t *judge, size_t link, const chain_end_t *end, finding_t *finding)
{
	const knot_dname_t *owner = link_owner(judge, link);
	uint16_t qtype = judge->response->qtype;
	uint32_t ttl = drop_chain(judge, link);
	if (end->host.alias && end->host.ttl < ttl) {
		ttl = end->host.ttl;
	}
	judge->cut = true;
	judge->terminal = owner;
	judge->delegated = false;

	bool any = (qtype == KNOT_RRTYPE_ANY);
	knot_rrset_t *a = (any || qtype == KNOT_RRTYPE_A)
	                ? own_addresses(judge, owner, 4, &end->a, ttl) : NULL;
	knot_rrset_t *aaaa = (any || qtype == KNOT_RRTYPE_AAAA)
	                   ? own_addresses(judge, owner, 6, &end->aaaa, ttl) : NULL;
	finding->answer_rrset = (a != NULL) ? a : aaaa;
	if (finding->answer_rrset != NULL) {
		judge_drop_authority(judge);
		judge_add(judge, KNOT_ANSWER, a);
		judge_add(judge, KNOT_ANSWER, aaaa);
	} else {
		judge->negative = true;
	}
	if (judge->response->rcode == KNOT_RCODE_NXDOMAIN) {
		judge_noerror(judge);
	}

	if (finding->rule == RULE_MISSING_TARGET) {
		finding->action = ACTION_SYNTHESIZED;
	} else {
		finding->action = (finding->answer_rrset != NULL) ? ACTION_REPLACED : ACTION_EMPTIED;
	}
}

void judge_aliases(judge_t *judge)
{
	chain_end_t end;
	bool found = false;
	for (size_t i = 0; i < judge->link_count && !judge->cut; i++) {
		const knot_dname_t *owner = link_owner(judge, i);
		if (!judge_guarded(judge, owner)) {
			continue;
		}
		if (!found) {
			find_end(judge, &end);
			found = true;
		}

		finding_t finding = { .owner = owner, .type = judge->response->qtype };
		if (leads_to_proxy(judge, i, &end, &finding)) {
			finding.rule = RULE_PROXIED_ALIAS;
		} else if (name_equal(owner, judge->policy->exchange) &&
		           leads_nowhere(judge, &end)) {
			finding.rule = RULE_MISSING_TARGET;
		} else {
			continue;
		}
		cut(judge, i, &end, &finding);
		*judge_finding(judge, finding.rule, finding.action, owner, finding.type) = finding;
	}
}
