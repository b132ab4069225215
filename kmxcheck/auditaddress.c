/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Addresses of mail that give away where the proxied web site runs: the same ones, or ones beside
 * them.
 */

#include <string.h>

#include "kmxcheck/auditor.h"

/*! What counts as beside: the same network of so many bits. */
#define BESIDE4 24
#define BESIDE6 48

static void collect_rrset(auditor_t *auditor, const knot_dname_t *name, const knot_rrset_t *rrset)
{
	int family = audit_family(rrset->type);
	knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		/* A proxied address is everyone's: it gives nothing away. */
		if (policy_proxied(auditor->policy, family, rdata->data) == NULL &&
		    auditor_room(auditor, (void **)&auditor->web, auditor->web_count,
		                 &auditor->web_max, sizeof(*auditor->web))) {
			web_address_t *web = &auditor->web[auditor->web_count++];
			*web = (web_address_t){ .name = name, .family = (uint8_t)family };
			memcpy(web->address, rdata->data, family == 4 ? 4 : 16);
		}
		rdata = knot_rdataset_next(rdata);
	}
}

static void collect_host(auditor_t *auditor, const knot_dname_t *name)
{
	host_t host;
	if (!name_in_zone(name, auditor->policy->zone)) {
		return;
	}
	zone_follow(auditor->zone, name, &host);
	if (host.state == HOST_FOUND) {
		collect_rrset(auditor, name, &host.a);
		collect_rrset(auditor, name, &host.aaaa);
	}
}

void audit_collect_web(auditor_t *auditor)
{
	const names_t *hosts = &auditor->policy->web_hosts;
	for (size_t i = 0; i < hosts->count; i++) {
		if (!hosts->at[i].below) {
			collect_host(auditor, hosts->at[i].name);
		}
	}
	for (size_t i = 0; i < zone_match_count(auditor->zone); i++) {
		const knot_dname_t *name = zone_match(auditor->zone, i);
		if (names_match(hosts, name)) {
			collect_host(auditor, name);
		}
	}
}

/*! A network of a set that shares an address with another one, or NULL. */
static const net_t *overlapping(const netset_t *set, const net_t *net)
{
	if (!netset_overlaps(set, net)) {
		return NULL;
	}
	for (size_t i = 0; i < netset_count(set); i++) {
		if (net_overlap(netset_at(set, i), net)) {
			return netset_at(set, i);
		}
	}
	return NULL;
}

/*! A web host with an address in a network, or NULL. */
static const web_address_t *web_in(const auditor_t *auditor, const net_t *net)
{
	size_t size = net->family == 4 ? 4 : 16;
	for (size_t i = 0; i < auditor->web_count; i++) {
		const web_address_t *web = &auditor->web[i];
		if (web->family == net->family && memcmp(web->address, net->first, size) >= 0 &&
		    memcmp(web->address, net->last, size) <= 0) {
			return web;
		}
	}
	return NULL;
}

/*! An address of a guarded host. */
typedef struct {
	const knot_dname_t *host;
	const knot_rrset_t *rrset;
	uint16_t index;
	const uint8_t *address;
	int family;
} exposed_t;

static void report(auditor_t *auditor, const exposed_t *exposed, audit_rule_t rule,
                   const net_t *origin, const web_address_t *web)
{
	text_t host, address, name, beside;
	audit_finding_t *finding = audit_find(auditor, rule, exposed->host, exposed->rrset->type);
	audit_address(finding, exposed->family, exposed->address, origin);
	audit_at(auditor, finding, exposed->rrset->owner, exposed->rrset->type, exposed->index);
	(void)name_text(&host, exposed->host);
	(void)address_text(&address, exposed->family, exposed->address);
	bool shared = rule == AUDIT_SHARED_ADDRESS;
	if (origin != NULL) {
		audit_message(auditor, finding, "the address %s of the mail host %s is %s the web "
		              "origin %s", address.text, host.text, shared ? "in" : "beside",
		              net_text(&name, origin));
	} else {
		audit_target(auditor, finding, web->name);
		audit_message(auditor, finding, "the address %s of the mail host %s is %s the web "
		              "host %s%s%s", address.text, host.text,
		              shared ? "also that of" : "beside", name_text(&name, web->name), shared ? "" : " at ",
		              shared ? "" : address_text(&beside, web->family, web->address));
	}
	audit_remedy(auditor, finding, shared
	             ? "run mail on an address of its own: the MX shows where the web site is"
	             : "run mail in another network: the MX shows where to look for the web site");
}

static void check(auditor_t *auditor, const exposed_t *exposed)
{
	const netset_t *origins = auditor->input->origins;
	bool v4 = exposed->family == 4;
	net_t one, beside;
	if (net_from_addr(&one, exposed->family, exposed->address, NULL,
	                  v4 ? 32 : 128) != KNOT_EOK ||
	    net_from_addr(&beside, exposed->family, exposed->address, NULL,
	                  v4 ? BESIDE4 : BESIDE6) != KNOT_EOK) {
		return;
	}
	const net_t *origin = netset_match(origins, exposed->family, exposed->address);
	const web_address_t *web = web_in(auditor, &one);
	if (origin != NULL || web != NULL) {
		report(auditor, exposed, AUDIT_SHARED_ADDRESS, origin, web);
		return;
	}
	origin = overlapping(origins, &beside);
	web = web_in(auditor, &beside);
	if (origin != NULL || web != NULL) {
		report(auditor, exposed, AUDIT_ADJACENT_ADDRESS, origin, web);
	}
}

static void check_rrset(auditor_t *auditor, const knot_dname_t *host, const knot_rrset_t *rrset)
{
	exposed_t exposed = { .host = host, .rrset = rrset, .family = audit_family(rrset->type) };
	knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		exposed.index = i;
		exposed.address = rdata->data;
		if (policy_proxied(auditor->policy, exposed.family, rdata->data) == NULL) {
			check(auditor, &exposed);
		}
		rdata = knot_rdataset_next(rdata);
	}
}

void audit_exposure(auditor_t *auditor, const knot_dname_t *host)
{
	host_t end;
	zone_follow(auditor->zone, host, &end);
	if (end.state == HOST_FOUND) {
		check_rrset(auditor, host, &end.a);
		check_rrset(auditor, host, &end.aaaa);
	}
}
