/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Guarded hosts: the responses to A and AAAA are judged. What is found there is put at the records
 * themselves, each proxied address on its own.
 */

#include <stdlib.h>
#include <string.h>

#include "kmxcheck/auditor.h"

static const uint16_t types[2] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };

static void collect(auditor_t *auditor, const knot_dname_t *name)
{
	if (audit_guarded(auditor, name)) {
		name_list_add(auditor, &auditor->hosts, name);
	}
}

void audit_collect_hosts(auditor_t *auditor)
{
	const policy_t *policy = auditor->policy;
	collect(auditor, policy->exchange);
	for (size_t i = 0; i < policy->mail_hosts.count; i++) {
		if (!policy->mail_hosts.at[i].below) {
			collect(auditor, policy->mail_hosts.at[i].name);
		}
	}
	for (size_t i = 0; i < zone_match_count(auditor->zone); i++) {
		collect(auditor, zone_match(auditor->zone, i));
	}
	/* Targets may be guarded by a pattern and have their records from a wildcard. */
	for (size_t i = 0; i < auditor->targets.count; i++) {
		collect(auditor, auditor->targets.at[i]);
	}
	name_list_unique(&auditor->hosts);
}

static void remedy_proxied(auditor_t *auditor, audit_finding_t *finding, bool direct, bool wildcard)
{
	text_t mail;
	if (wildcard) {
		audit_remedy(auditor, finding, "give it an address of its own: %s",
		             mail_text(&mail, auditor->policy, finding->family));
	} else if (direct) {
		audit_remedy(auditor, finding, "leave it out, the direct address beside it stays");
	} else {
		audit_remedy(auditor, finding, "do not proxy it, serve %s",
		             mail_text(&mail, auditor->policy, finding->family));
	}
}

/*! True if an RRset has an address that is not proxied. */
static bool has_direct(const auditor_t *auditor, const knot_rrset_t *rrset)
{
	knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		if (policy_proxied(auditor->policy, audit_family(rrset->type),
		                   rdata->data) == NULL) {
			return true;
		}
		rdata = knot_rdataset_next(rdata);
	}
	return false;
}

/*! Each proxied address of an RRset, at the host that it is answered for. */
static void find_proxied(auditor_t *auditor, const knot_dname_t *host, const knot_rrset_t *rrset)
{
	const policy_t *policy = auditor->policy;
	int family = audit_family(rrset->type);
	knot_rdata_t *rdata = rrset->rrs.rdata;
	bool direct = has_direct(auditor, rrset);
	bool wildcard = rrset->owner != NULL && !knot_dname_is_equal(rrset->owner, host);
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		const net_t *network = policy_proxied(policy, family, rdata->data);
		if (network != NULL) {
			text_t name, from, address, net;
			audit_finding_t *finding = audit_find(auditor, AUDIT_PROXIED_HOST, host,
			                                      rrset->type);
			audit_address(finding, family, rdata->data, network);
			audit_at(auditor, finding, rrset->owner, rrset->type, i);
			audit_message(auditor, finding, "the mail host %s has the proxied address "
			              "%s (%s)%s%s", name_text(&name, host),
			              address_text(&address, family, rdata->data),
			              net_text(&net, network),
			              wildcard ? ", from the wildcard " : "", wildcard ? name_text(&from, rrset->owner) : "");
			remedy_proxied(auditor, finding, direct, wildcard);
		}
		rdata = knot_rdataset_next(rdata);
	}
}

/*! The item of the response that holds an RRset, or NULL. */
static const policy_item_t *find_item(const policy_response_t *response,
                                      const knot_dname_t *owner, uint16_t type)
{
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		if (item->section == KNOT_ANSWER && item->rrset->type == type &&
		    knot_dname_is_equal(item->owner, owner)) {
			return item;
		}
	}
	return NULL;
}

/*! The alias that a host is, in a response to a query for it. */
static const policy_item_t *alias_of(const reply_t *reply)
{
	return find_item(&reply->response, reply->response.qname, KNOT_RRTYPE_CNAME);
}

static void find_alias(auditor_t *auditor, const knot_dname_t *host, const reply_t *reply,
                       const host_t *end)
{
	text_t name, target, last, address, net, mail;
	const policy_item_t *alias = alias_of(reply);
	if (alias == NULL) {
		return;
	}
	const knot_dname_t *to = knot_cname_name(alias->rrset->rrs.rdata);
	audit_finding_t *finding = audit_find(auditor, AUDIT_PROXIED_ALIAS, host,
	                                      KNOT_RRTYPE_CNAME);
	audit_target(auditor, finding, to);
	/* The CNAME may be made of a DNAME above, which is the first thing in the response then. */
	const policy_item_t *first = &reply->response.items[0];
	bool made = first->rrset->type == KNOT_RRTYPE_DNAME;
	audit_at(auditor, finding, made ? first->owner : alias->rrset->owner,
	         first->rrset->type, 0);

	int family = 0;
	const uint8_t *proxied;
	const net_t *network = audit_proxied_host(auditor, end, &family, &proxied);
	(void)name_text(&name, host);
	(void)name_text(&target, to);
	if (network != NULL) {
		audit_address(finding, family, proxied, network);
		audit_message(auditor, finding, "the mail host %s is an alias of %s, which leads "
		              "to the proxied address %s (%s)", name.text, target.text,
		              address_text(&address, family, proxied), net_text(&net, network));
	} else {
		bool far = !knot_dname_is_equal(to, end->end);
		audit_message(auditor, finding, "the mail host %s is an alias of %s, which %s%s%s",
		              name.text, target.text, far ? "leads to " : "is a name of a proxy",
		              far ? name_text(&last, end->end) : "", far ? ", at a proxy" : "");
	}
	if (made) {
		audit_remedy(auditor, finding, "use a name that is not below the DNAME at %s",
		             name_text(&mail, first->owner));
	} else {
		audit_remedy(auditor, finding, "give it addresses in the place of the alias: %s",
		             mail_text(&mail, auditor->policy, 0));
	}
}

/*! True if the verdict has this of the host itself. */
static bool has_finding(const policy_verdict_t *verdict, const knot_dname_t *host, rule_t rule)
{
	for (size_t i = 0; i < verdict->finding_count; i++) {
		if (verdict->findings[i].rule == rule &&
		    knot_dname_is_equal(verdict->findings[i].owner, host)) {
			return true;
		}
	}
	return false;
}

static void find_all(auditor_t *auditor, const knot_dname_t *host, const reply_t replies[2],
                     const policy_verdict_t verdicts[2])
{
	bool alias = false;
	for (size_t i = 0; i < 2; i++) {
		alias |= has_finding(&verdicts[i], host, RULE_PROXIED_ALIAS);
		if (has_finding(&verdicts[i], host, RULE_PROXIED_HOST)) {
			const policy_item_t *item = find_item(&replies[i].response, host, types[i]);
			find_proxied(auditor, host, item->rrset);
		}
	}

	/* The judge sees one zone, but the run may have the one that the alias leads to. */
	host_t end;
	zone_follow(auditor->zone, host, &end);
	if (alias || (end.alias && audit_leads_to_proxy(auditor, host, &end))) {
		find_alias(auditor, host, &replies[0], &end);
	}
}

/*! Below a delegation nothing is answered that could be judged, but mail is sent there. */
static void find_delegated(auditor_t *auditor, const knot_dname_t *host)
{
	host_t end;
	zone_follow(auditor->zone, host, &end);
	if (end.state == HOST_FOUND && !end.alias) {
		find_proxied(auditor, host, &end.a);
		find_proxied(auditor, host, &end.aaaa);
	}
}

void audit_host(auditor_t *auditor, const knot_dname_t *host)
{
	reply_t replies[2];
	policy_verdict_t verdicts[2];
	size_t count = 0;
	bool judged = true;
	while (count < 2 && judged) {
		judged = audit_ask(auditor, &replies[count], host, types[count]);
		memset(&verdicts[count], 0, sizeof(verdicts[count]));
		if (judged) {
			audit_judge(auditor, &replies[count].response, &verdicts[count]);
		}
		count++;
	}
	if (judged && auditor->error == KNOT_EOK) {
		find_all(auditor, host, replies, verdicts);
		audit_mend(auditor, host, replies, verdicts);
	} else if (auditor->error == KNOT_EOK) {
		find_delegated(auditor, host);
	}
	while (count > 0) {
		count--;
		policy_verdict_clear(&replies[count].response, &verdicts[count]);
		reply_clear(&replies[count]);
	}
}
