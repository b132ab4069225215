/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Names as such: records outside of the zone, aliases beside other records, and names for mail
 * programs that lead to a proxy.
 */

#include "kmxcheck/check.h"
#include "kmxcheck/spf.h"
#include "kmxcheck/xalloc.h"

void check_outside(auditor_t *auditor, audit_rule_t rule, const subject_t *subject)
{
	const zone_t *zone = auditor->zone;
	for (size_t i = 0; i < zone->outside.count; i++) {
		const zone_outside_t *outside = &zone->outside.at[i];
		knot_dname_txt_storage_t owner, apex;
		audit_finding_t *finding = audit_add(auditor, rule, outside->owner, outside->type,
		                                     NULL, 0);
		finding->pos = outside->pos;
		finding->message = xformat(_("%s is not in the zone %s: the server ignores this "
		                             "record"), name_text(owner, outside->owner),
		                           name_text(apex, subject->owner));
		finding->remedy = xformat(_("correct the name, or put the record into the zone "
		                            "that it belongs to"));
	}
}

/* Aliases beside other records */

/*! True if mail is sent to addresses at the name, or its mail service is looked up there. */
static bool is_mail_owner(const auditor_t *auditor, const knot_dname_t *name)
{
	knot_rrset_t rrset;
	return policy_mail_service(auditor->policy, name) ||
	       zone_has(auditor->zone, name, KNOT_RRTYPE_MX, &rrset) ||
	       (zone_has(auditor->zone, name, KNOT_RRTYPE_TXT, &rrset) && spf_is_in(&rrset));
}

/*! True if a node has anything beside an alias. */
static bool has_others(const auditor_t *auditor, const knot_dname_t *name)
{
	knot_rrset_t rrset;
	for (size_t i = 0; zone_rrset_at(auditor->zone, name, i, &rrset); i++) {
		if (rrset.type != KNOT_RRTYPE_CNAME || rrset.rrs.count > 1) {
			return true;
		}
	}
	return zone_has_other_types(auditor->zone, name);
}

void check_cname_and_other(auditor_t *auditor, audit_rule_t rule, const subject_t *subject)
{
	const knot_dname_t *name = subject->owner;
	knot_dname_txt_storage_t text;
	knot_rrset_t cname;
	if (!zone_has(auditor->zone, name, KNOT_RRTYPE_CNAME, &cname) ||
	    !has_others(auditor, name) ||
	    (!name_list_has(&auditor->targets, name) && !is_mail_owner(auditor, name))) {
		return;
	}
	audit_finding_t *finding = audit_add(auditor, rule, name, KNOT_RRTYPE_CNAME, name, 0);
	finding->target = xname(marked_written(KNOT_RRTYPE_CNAME, cname.rrs.rdata, NULL));
	finding->message = xformat(_("%s is an alias and has other records: a server refuses the "
	                             "zone, or answers with the alias only"),
	                           name_text(text, name));
	finding->remedy = xformat(_("put the addresses that the alias leads to in its place"));
}

/* Names for mail programs */

void check_mail_name(auditor_t *auditor, audit_rule_t rule, const subject_t *subject)
{
	const knot_dname_t *name = subject->owner;
	knot_dname_txt_storage_t owner, text;
	knot_rrset_t cname;
	host_t end;
	host_address_t address;
	if (!name_list_has(&auditor->zone->mail_names, name) ||
	    name_list_has(&auditor->reported, name) || /* Reported by another rule. */
	    names_match(&auditor->policy->web_hosts, name)) {
		return;
	}
	audit_follow(auditor, name, &end);
	if (!audit_leads_to_proxy(auditor, name, &end) || !audit_is_served(auditor, name)) {
		return;
	}
	net_t network;
	bool proxied = audit_proxied_host(auditor, &end, &address, &network);
	bool alias = zone_has(auditor->zone, name, KNOT_RRTYPE_CNAME, &cname);
	uint16_t type = alias ? KNOT_RRTYPE_CNAME
	                      : proxied ? address.rrset->type : 0;
	audit_finding_t *finding = audit_add(auditor, rule, name, type, name,
	                                     alias ? 0 : address.index);
	if (alias) {
		finding->target = xname(marked_written(type, cname.rrs.rdata, NULL));
		finding->mark = marked_by(type, cname.rrs.rdata);
	}
	(void)name_text(owner, name);
	if (proxied) {
		audit_set_rdata(finding, address.family, address.rdata, &network);
		finding->message = xformat(_("%s is a name for mail programs, and leads to the "
		                             "proxied address %s"), owner,
		                           proxied_text(text, finding));
	} else {
		finding->message = xformat(_("%s is a name for mail programs, and leads to %s"),
		                           owner, audit_proxy_text(text, &end));
	}
	finding->remedy = finding->mark != MARK_NONE
	        ? xstrdup(_(GREY_CLOUD))
	        : xformat(_("give it %s, or remove it if no mail program uses it"),
	                  mail_text(text, auditor->policy, 0));
}

/*! Collects the names that lead to a proxy by the findings so far. */
static void find_reported(auditor_t *auditor)
{
	for (size_t i = 0; i < auditor->out->findings.count; i++) {
		const audit_finding_t *finding = &auditor->out->findings.at[i];
		switch (finding->rule) {
		case AUDIT_PROXIED_HOST:
		case AUDIT_PROXIED_ALIAS:
		case AUDIT_PROXIED_TARGET:
		case AUDIT_IMPLICIT_MX:
			xadd_name(&auditor->reported, finding->type == KNOT_RRTYPE_MX ||
			                              finding->type == KNOT_RRTYPE_SRV
			                              ? finding->target : finding->owner);
			break;
		default:
			break;
		}
	}
	name_list_unique(&auditor->reported);
}

static void add_names(auditor_t *auditor, name_list_t *to, const name_list_t *from)
{
	for (size_t i = 0; i < from->count; i++) {
		if (name_in_zone(from->at[i], auditor->policy->zone)) {
			xadd_name(to, from->at[i]);
		}
	}
}

void audit_names(auditor_t *auditor)
{
	name_list_t names = { .at = NULL };
	find_reported(auditor);
	xadd_name(&names, auditor->policy->zone);
	add_names(auditor, &names, &auditor->zone->owners);
	add_names(auditor, &names, &auditor->targets);
	add_names(auditor, &names, &auditor->zone->mail_names);
	name_list_unique(&names);
	for (size_t i = 0; i < names.count; i++) {
		audit_run(auditor, OF_NAME, &(subject_t){ .owner = names.at[i] });
	}
	vec_free(&names);
}
