/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Mail owners: each RR of MX and mail SRV is judged alone, so that each has its own finding; the
 * whole RRset is judged for what becomes of it.
 */

#include <string.h>

#include "kmxcheck/auditor.h"

/*! RRs of an RRset that may fit into a message; what can't be answered can't be mended. */
#define RRS_MAX (UINT16_MAX / 16)

audit_finding_t *audit_find_link(auditor_t *auditor, const mail_link_t *link, audit_rule_t rule)
{
	audit_finding_t *finding = audit_find(auditor, rule, link->owner, link->type);
	audit_target(auditor, finding, link->target);
	audit_at(auditor, finding, link->owner, link->type, link->index);
	return finding;
}

/*! True if the exchange has addresses of its own. */
static bool exchange_there(auditor_t *auditor)
{
	host_t host;
	host_find(auditor->policy, zone_lookup, auditor->zone, auditor->policy->exchange, &host);
	return host.state != HOST_NONE;
}

/*! The name that was meant by one without its final dot, or NULL. */
static const char *dotless(text_t *text, const knot_dname_t *target, const knot_dname_t *zone)
{
	knot_dname_storage_t name;
	int depth = knot_dname_in_bailiwick(target, zone);
	size_t size = knot_dname_size(target) - knot_dname_size(zone);
	if (depth <= 0 || *zone == '\0') {
		return NULL;
	}
	memcpy(name, target, size);
	name[size] = '\0';
	return name_in_zone(name, zone) ? name_text(text, name) : NULL;
}

/*! What to do about a target that can't stay: point at the exchange, which may have to be made. */
static void remedy_exchange(auditor_t *auditor, audit_finding_t *finding, const mail_link_t *link)
{
	text_t exchange, mail;
	if (finding->rule == AUDIT_MISSING_TARGET &&
	    dotless(&mail, link->target, auditor->policy->zone) != NULL) {
		audit_remedy(auditor, finding, "if %s is meant, write it with the final dot",
		             mail.text);
		return;
	}
	(void)name_text(&exchange, auditor->policy->exchange);
	if (exchange_there(auditor)) {
		audit_remedy(auditor, finding, "point it at %s", exchange.text);
	} else {
		audit_remedy(auditor, finding, "point it at %s, which does not exist yet: "
		             "give it %s", exchange.text,
		             mail_text(&mail, auditor->policy, 0));
	}
}

/*! What is wrong with a target, in words. */
static void message_target(auditor_t *auditor, audit_finding_t *finding, const mail_link_t *link)
{
	text_t target, address, network, end;
	(void)name_text(&target, link->target);
	switch (finding->rule) {
	case AUDIT_MISSING_TARGET:
		audit_message(auditor, finding, "the mail target %s has no address", target.text);
		return;
	case AUDIT_PROXIED_ALIAS:
		if (finding->family == 0) {
			audit_message(auditor, finding, "the mail target %s is an alias that leads "
			              "to %s, at a proxy", target.text,
			              name_text(&end, link->host.end));
			return;
		}
		audit_message(auditor, finding, "the mail target %s is an alias that leads to the "
		              "proxied address %s (%s)", target.text,
		              address_text(&address, finding->family, finding->address),
		              net_text(&network, &finding->network));
		return;
	default:
		break;
	}
	if (finding->family == 0) {
		audit_message(auditor, finding, "the mail target %s is a name of a proxy",
		              target.text);
	} else {
		audit_message(auditor, finding, "the mail target %s has the proxied address %s "
		              "(%s)", target.text,
		              address_text(&address, finding->family, finding->address),
		              net_text(&network, &finding->network));
	}
}

static audit_rule_t rule_of(rule_t rule)
{
	return rule == RULE_PROXIED_ALIAS ? AUDIT_PROXIED_ALIAS
	       : rule == RULE_MISSING_TARGET ? AUDIT_MISSING_TARGET : AUDIT_PROXIED_TARGET;
}

/*! Asks for the verdict on this RR alone. True: its target is steered. */
static bool judge(auditor_t *auditor, const mail_link_t *link, const knot_rrset_t *all,
                  knot_rdata_t *rdata)
{
	knot_rrset_t rrset = *all;
	rrset.rrs.count = 1;
	rrset.rrs.rdata = rdata;
	rrset.rrs.size = (uint32_t)knot_rdata_size(rdata->len);
	policy_item_t item = { .rrset = &rrset, .owner = link->owner, .section = KNOT_ANSWER };
	policy_response_t response = {
		.qname = link->owner, .qtype = link->type, .rcode = KNOT_RCODE_NOERROR,
		.complete = true, .additional_complete = true, .items = &item, .count = 1
	};
	policy_verdict_t verdict;
	audit_judge(auditor, &response, &verdict);
	bool steered = verdict.finding_count > 0;
	if (steered) {
		const finding_t *found = &verdict.findings[0];
		audit_finding_t *finding = audit_find_link(auditor, link, rule_of(found->rule));
		if (found->family != 0) {
			audit_address(finding, found->family, found->address, found->network);
		}
		message_target(auditor, finding, link);
		remedy_exchange(auditor, finding, link);
	}
	policy_verdict_clear(&response, &verdict);
	return steered;
}

/*! What the judge of one zone can't see: other zones of the run, and guarded names without
 *  address, which it leaves as they are. */
static void follow(auditor_t *auditor, const mail_link_t *link)
{
	const host_t *host = &link->host;
	if (host->state == HOST_NONE) {
		text_t mail;
		audit_finding_t *finding = audit_find_link(auditor, link, AUDIT_MISSING_TARGET);
		message_target(auditor, finding, link);
		audit_remedy(auditor, finding, "give it %s, or point at a name that has an address",
		             mail_text(&mail, auditor->policy, 0));
	} else if (!link->guarded && audit_leads_to_proxy(auditor, link->target, host)) {
		int family;
		const uint8_t *address;
		const net_t *network = audit_proxied_host(auditor, host, &family, &address);
		audit_rule_t rule = host->alias ? AUDIT_PROXIED_ALIAS : AUDIT_PROXIED_TARGET;
		audit_finding_t *finding = audit_find_link(auditor, link, rule);
		if (network != NULL) {
			audit_address(finding, family, address, network);
		}
		message_target(auditor, finding, link);
		remedy_exchange(auditor, finding, link);
	}
}

static void check_alias(auditor_t *auditor, const mail_link_t *link)
{
	text_t target, end;
	if (!link->host.alias || audit_leads_to_proxy(auditor, link->target, &link->host)) {
		return;
	}
	audit_finding_t *finding = audit_find_link(auditor, link, AUDIT_ALIAS_TARGET);
	audit_message(auditor, finding, "the mail target %s is an alias, of %s",
	              name_text(&target, link->target), name_text(&end, link->host.end));
	if (link->host.state == HOST_FOUND) {
		audit_remedy(auditor, finding, "point at %s itself, or give %s addresses in the "
		             "place of the alias", end.text, target.text);
	} else {
		audit_remedy(auditor, finding, "point at a name that has addresses itself");
	}
}

/*! True if the target is the exchange, or an alias that passes it. */
static bool leads_to_exchange(auditor_t *auditor, const mail_link_t *link)
{
	const knot_dname_t *exchange = auditor->policy->exchange;
	if (knot_dname_is_equal(link->target, exchange) || !link->host.alias) {
		return knot_dname_is_equal(link->target, exchange);
	}
	reply_t reply;
	bool leads = false;
	if (audit_ask(auditor, &reply, link->target, KNOT_RRTYPE_A)) {
		for (size_t i = 0; i < reply.response.count; i++) {
			const knot_rrset_t *rrset = reply.response.items[i].rrset;
			leads |= rrset->type == KNOT_RRTYPE_CNAME &&
			         knot_dname_is_equal(knot_cname_name(rrset->rrs.rdata), exchange);
		}
	}
	reply_clear(&reply);
	return leads;
}

/*! Audits one RR. True: its target is steered. */
static bool audit_link(auditor_t *auditor, mail_link_t *link, const knot_rrset_t *rrset,
                       knot_rdata_t *rdata, bool steered_before)
{
	const policy_t *policy = auditor->policy;
	zone_follow(auditor->zone, link->target, &link->host);
	name_list_add(auditor, &auditor->targets, link->target);
	link->guarded = audit_guarded(auditor, link->target);
	bool steered = !link->guarded && judge(auditor, link, rrset, rdata);
	if (!steered) {
		follow(auditor, link);
	}
	check_alias(auditor, link);
	audit_literal(auditor, link);

	audit_edge(auditor, link->owner, link->type, link->target,
	           names_cover(&policy->proxy_names, link->target), steered);
	if (steered || leads_to_exchange(auditor, link)) {
		auditor->pointed = true;
	}
	if (steered) {
		audit_edge(auditor, link->owner, link->type, policy->exchange, false, true);
		name_list_add(auditor, &auditor->targets, policy->exchange);
	}
	if (steered && link->type == KNOT_RRTYPE_MX) {
		audit_dane(auditor, link);
		if (!steered_before) {
			audit_sts(auditor, link);
		}
	}
	return steered;
}

/*! What enforce answers in the place of the RRset. */
static void mend(auditor_t *auditor, const knot_rrset_t *rrset)
{
	policy_item_t item = { .rrset = rrset, .owner = rrset->owner, .section = KNOT_ANSWER };
	policy_response_t response = {
		.qname = rrset->owner, .qtype = rrset->type, .rcode = KNOT_RCODE_NOERROR,
		.complete = true, .additional_complete = true, .items = &item, .count = 1
	};
	policy_verdict_t verdict;
	audit_judge(auditor, &response, &verdict);
	if (auditor->error == KNOT_EOK && item.edit != EDIT_KEEP) {
		audit_replace(auditor, rrset->owner, rrset, item.with);
	}
	policy_verdict_clear(&response, &verdict);
}

static void audit_targets(auditor_t *auditor, const knot_rrset_t *rrset)
{
	mail_link_t link = { .owner = rrset->owner, .type = rrset->type };
	bool steered = false;
	size_t null = SIZE_MAX;
	knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count && auditor->error == KNOT_EOK; i++) {
		link.index = i;
		link.target = knot_rdata_name(rdata, rrset->type);
		if (*link.target == '\0') {
			null = i;
		} else {
			steered |= audit_link(auditor, &link, rrset, rdata, steered);
		}
		rdata = knot_rdataset_next(rdata);
	}
	if (null != SIZE_MAX && rrset->rrs.count > 1 && rrset->type == KNOT_RRTYPE_MX) {
		text_t owner;
		audit_finding_t *finding = audit_find(auditor, AUDIT_MIXED_NULL_MX, rrset->owner,
		                                      rrset->type);
		audit_at(auditor, finding, rrset->owner, rrset->type, null);
		audit_message(auditor, finding, "%s has a null MX beside other MX",
		              name_text(&owner, rrset->owner));
		audit_remedy(auditor, finding, "leave the null MX out, or all others if the domain "
		             "takes no mail");
	}
	if (steered && rrset->rrs.count <= RRS_MAX) {
		mend(auditor, rrset);
	}
}

/*! The RRset of the owner itself, if that is what the server answers with. */
static bool own_rrset(auditor_t *auditor, const knot_dname_t *owner, uint16_t type,
                      knot_rrset_t *rrset)
{
	reply_t reply;
	bool own = audit_ask(auditor, &reply, owner, type);
	if (own) {
		const policy_response_t *response = &reply.response;
		own = response->count > 0 && response->items[0].section == KNOT_ANSWER &&
		      response->items[0].rrset->type == type;
	}
	reply_clear(&reply);
	return own && zone_lookup(auditor->zone, owner, type, rrset) == KNOT_EOK &&
	       rrset->rrs.count > 0;
}

void audit_owner(auditor_t *auditor, const knot_dname_t *owner)
{
	knot_rrset_t rrset;
	if (own_rrset(auditor, owner, KNOT_RRTYPE_MX, &rrset)) {
		audit_targets(auditor, &rrset);
	}
	if (policy_mail_service(auditor->policy, owner) &&
	    own_rrset(auditor, owner, KNOT_RRTYPE_SRV, &rrset)) {
		audit_targets(auditor, &rrset);
	}
}
