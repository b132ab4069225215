/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * SPF records that authorise a proxy, and names whose mail goes to a proxy because they have no MX.
 */

#include <string.h>

#include "kmxcheck/check.h"
#include "kmxcheck/spf.h"
#include "kmxcheck/xalloc.h"

/*! An SPF record in question. */
typedef struct {
	const knot_dname_t *owner;
	uint16_t index;
	const spf_term_t *term;
} spf_record_t;

/*! True if all of a network is excepted. */
static bool is_excepted(const policy_t *policy, const net_t *net)
{
	const size_t size = address_size(net->family);
	net_t except;
	bool all = false;
	for (size_t at = 0; policy->excepts != NULL && !all &&
	     netset_next(policy->excepts, &at, &except);) {
		all = except.family == net->family && memcmp(except.first, net->first, size) <= 0 &&
		      memcmp(except.last, net->last, size) >= 0;
	}
	return all;
}

/*! Finds the proxy network that a network shares addresses with. */
static bool is_proxied(const policy_t *policy, const net_t *net, net_t *found)
{
	if (!netset_overlaps(policy->proxies, net, found) || is_excepted(policy, net)) {
		return false;
	}
	/* The network that stands for marked records is none that the user has named. */
	bool named = !marked_is_network(found);
	for (size_t at = 0; !named && netset_next(policy->proxies, &at, found);) {
		named = net_overlap(found, net) && !marked_is_network(found);
	}
	return named;
}

/*! What to write instead. */
static char *remedy(const policy_t *policy)
{
	if (policy->mail4.count + policy->mail6.count == 0) {
		return xstrdup(_("authorise the mail server only, by its own address"));
	}
	knot_dname_txt_storage_t mail;
	return xformat(_("authorise the mail server only: %s"), mail_text(mail, policy, 0));
}

static audit_finding_t *add_spf(auditor_t *auditor, const spf_record_t *record)
{
	return audit_add(auditor, AUDIT_PROXIED_SPF, record->owner, KNOT_RRTYPE_TXT, record->owner,
	                 record->index);
}

static void check_network(auditor_t *auditor, const spf_record_t *record)
{
	knot_dname_txt_storage_t owner, own, proxy;
	const net_t *network = &record->term->network;
	net_t found;
	if (!is_proxied(auditor->policy, network, &found)) {
		return;
	}
	audit_finding_t *finding = add_spf(auditor, record);
	finding->has_network = true;
	finding->network = *network;
	bool all = memcmp(network->first, found.first, 16) >= 0 &&
	           memcmp(network->last, found.last, 16) <= 0;
	finding->message = xformat(all ? _("the SPF record of %s authorises %s, which is in the "
	                                   "proxy network %s")
	                               : _("the SPF record of %s authorises %s, which is partly "
	                                   "in the proxy network %s"),
	                           name_text(owner, record->owner), net_to_str(network, own),
	                           net_to_str(&found, proxy));
	finding->remedy = remedy(auditor->policy);
}

static void check_name(auditor_t *auditor, const spf_record_t *record, const knot_dname_t *name)
{
	knot_dname_txt_storage_t owner, target, text;
	host_t host;
	host_address_t address = { .rrset = NULL };
	net_t network;
	bool found = false;
	audit_follow(auditor, name, &host);
	/* The first address whose authorised surroundings are in a proxy network. */
	while (!found && audit_next_address(&host, &address)) {
		net_t around;
		if (marked_by(address.rrset->type, address.rdata) != MARK_NONE) {
			found = policy_proxied(auditor->policy, address.family,
			                       address.rdata->data, &network);
			continue;
		}
		unsigned prefix = address.family == 4 ? record->term->prefix4
		                                      : record->term->prefix6;
		if (net_from_addr(&around, address.family, address.rdata->data, NULL,
		                  prefix) == KNOT_EOK) {
			found = is_proxied(auditor->policy, &around, &network);
		}
	}
	if (!found && !audit_leads_to_proxy(auditor, name, &host)) {
		return;
	}

	audit_finding_t *finding = add_spf(auditor, record);
	const char *mechanism = record->term->kind == SPF_A ? "a" : "mx";
	finding->target = xname(name);
	(void)name_text(owner, record->owner);
	(void)name_text(target, name);
	if (found) {
		audit_set_rdata(finding, address.family, address.rdata, &network);
	}
	if (found && finding->mark != MARK_NONE) {
		finding->message = xformat(_("the SPF record of %s authorises '%s': %s leads to "
		                             "the proxied address %s"), owner, mechanism, target,
		                           proxied_text(text, finding));
	} else if (found) {
		char at[ADDRESS_TEXT_MAX], in[NET_TEXT_MAX];
		finding->message = xformat(_("the SPF record of %s authorises '%s': %s leads to "
		                             "%s in the proxy network %s"),
		                           owner, mechanism, target,
		                           address_text(at, finding->family, finding->address),
		                           net_to_str(&finding->network, in));
	} else {
		finding->message = xformat(_("the SPF record of %s authorises '%s': %s leads to "
		                             "a proxy"), owner, mechanism, target);
	}
	finding->remedy = remedy(auditor->policy);
}

/*! The exchanges of a name. */
static void check_exchanges(auditor_t *auditor, const spf_record_t *record)
{
	reply_t reply;
	if (!name_in_zone(record->term->name, auditor->policy->zone)) {
		return;
	}
	bool answered = reply_make(&reply, auditor->zone, record->term->name, KNOT_RRTYPE_MX);
	for (size_t i = 0; answered && i < reply.response.count; i++) {
		const knot_rrset_t *rrset = reply.response.items[i].rrset;
		size_t left = rrset->type == KNOT_RRTYPE_MX ? SPF_LOOKUPS_MAX : 0;
		for_each_rdata(rdata, rrset) {
			if (left > 0 && *knot_mx_name(rdata) != '\0') {
				check_name(auditor, record, knot_mx_name(rdata));
			}
			left -= left > 0;
		}
	}
	reply_clear(&reply);
}

static void check_terms(auditor_t *auditor, const knot_dname_t *owner, const knot_rdata_t *rdata,
                        uint16_t index)
{
	spf_t spf;
	spf_term_t term;
	spf_record_t record = { .owner = owner, .index = index, .term = &term };
	spf_begin(&spf, rdata->data, rdata->len, owner);
	while (spf_next(&spf, &term)) {
		if (term.kind == SPF_NETWORK) {
			check_network(auditor, &record);
		} else if (term.kind == SPF_A) {
			check_name(auditor, &record, term.name);
		} else {
			check_exchanges(auditor, &record);
		}
	}
}

/*! True if the zone answers with an SPF record at a name. */
static bool has_spf(auditor_t *auditor, const knot_dname_t *owner, knot_rrset_t *txt)
{
	return zone_has(auditor->zone, owner, KNOT_RRTYPE_TXT, txt) && spf_is_in(txt) &&
	       audit_is_served(auditor, owner);
}

void check_proxied_spf(auditor_t *auditor, audit_rule_t rule, const subject_t *subject)
{
	knot_rrset_t txt;
	uint16_t i = 0;
	(void)rule;
	if (!has_spf(auditor, subject->owner, &txt)) {
		return;
	}
	for_each_rdata(rdata, &txt) {
		if (spf_is(rdata->data, rdata->len)) {
			check_terms(auditor, subject->owner, rdata, i);
		}
		i++;
	}
}

void check_implicit_mx(auditor_t *auditor, audit_rule_t rule, const subject_t *subject)
{
	const knot_dname_t *owner = subject->owner;
	knot_dname_txt_storage_t name, text, exchange;
	knot_rrset_t rrset;
	if (!knot_dname_is_equal(owner, auditor->policy->zone) &&
	    !has_spf(auditor, owner, &rrset)) {
		return;
	}
	host_t own = { .state = HOST_FOUND };
	host_address_t address;
	if (zone_lookup(auditor->zone, owner, KNOT_RRTYPE_MX, &rrset) != KNOT_EOK ||
	    rrset.rrs.count > 0 ||
	    zone_lookup(auditor->zone, owner, KNOT_RRTYPE_A, &own.a) != KNOT_EOK ||
	    zone_lookup(auditor->zone, owner, KNOT_RRTYPE_AAAA, &own.aaaa) != KNOT_EOK) {
		return;
	}
	net_t network;
	if (audit_proxied_host(auditor, &own, &address, &network)) {
		audit_finding_t *finding = audit_add(auditor, rule, owner, address.rrset->type,
		                                     owner, address.index);
		audit_set_rdata(finding, address.family, address.rdata, &network);
		finding->message = xformat(_("%s has no MX, so mail goes to its proxied address "
		                             "%s"), name_text(name, owner),
		                           proxied_text(text, finding));
		finding->remedy = xformat(_("add MX 10 %s, or MX 0 . if it takes no mail"),
		                          name_text(exchange, auditor->policy->exchange));
	}
}
