/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Where a mail target leads, for the graph: aliases and addresses, in its own zone.
 */

#include "kmxcheck/auditor.h"

static void show_item(auditor_t *auditor, const policy_item_t *item)
{
	const knot_rrset_t *rrset = item->rrset;
	int family = audit_family(rrset->type);
	if (item->section != KNOT_ANSWER) {
		return;
	}
	if (rrset->type == KNOT_RRTYPE_CNAME) {
		const knot_dname_t *to = knot_cname_name(rrset->rrs.rdata);
		audit_edge(auditor, item->owner, KNOT_RRTYPE_CNAME, to,
		           names_cover(&auditor->policy->proxy_names, to), false);
	}
	knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; family != 0 && i < rrset->rrs.count; i++) {
		bool proxied = policy_proxied(auditor->policy, family, rdata->data) != NULL;
		audit_edge_address(auditor, item->owner, family, rdata->data, proxied, false);
		rdata = knot_rdataset_next(rdata);
	}
}

/*! Addresses that only another zone, or glue, has. */
static void show_rest(auditor_t *auditor, const knot_dname_t *name)
{
	host_t host;
	zone_follow(auditor->zone, name, &host);
	if (host.state != HOST_FOUND) {
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		policy_item_t item = {
			.rrset = i == 0 ? &host.a : &host.aaaa,
			.owner = host.end,
			.section = KNOT_ANSWER,
		};
		if (item.rrset->rrs.count > 0) {
			show_item(auditor, &item);
		}
	}
	if (host.alias && !name_in_zone(name, auditor->policy->zone)) {
		audit_edge(auditor, name, KNOT_RRTYPE_CNAME, host.end, false, false);
	}
}

void audit_graph(auditor_t *auditor, const knot_dname_t *name)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };
	for (size_t i = 0; i < 2 && name_in_zone(name, auditor->policy->zone); i++) {
		reply_t reply;
		if (audit_ask(auditor, &reply, name, types[i])) {
			for (size_t j = 0; j < reply.response.count; j++) {
				show_item(auditor, &reply.response.items[j]);
			}
		}
		reply_clear(&reply);
	}
	show_rest(auditor, name);
}
