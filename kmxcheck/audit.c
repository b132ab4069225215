/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The audit of a zone: its order, and what all parts of it ask.
 */

#include <stdlib.h>
#include <string.h>

#include "kmxcheck/auditor.h"

/*! A list that was not looked after for so many days is stale. */
#define STALE_DAYS 180

bool audit_guarded(const auditor_t *auditor, const knot_dname_t *name)
{
	const knot_rrset_t none = { 0 };
	const policy_t *policy = auditor->policy;
	return policy_guarded(policy, &none, name) ||
	       (name_in_zone(name, policy->zone) && !names_match(&policy->web_hosts, name) &&
	        name_list_has(&auditor->exchanges, name));
}

static void collect_exchanges(auditor_t *auditor)
{
	knot_rrset_t mx;
	if (zone_lookup(auditor->zone, auditor->policy->zone, KNOT_RRTYPE_MX, &mx) != KNOT_EOK) {
		return;
	}
	knot_rdata_t *rdata = mx.rrs.rdata;
	for (uint16_t i = 0; i < mx.rrs.count; i++) {
		name_list_add(auditor, &auditor->exchanges, knot_mx_name(rdata));
		rdata = knot_rdataset_next(rdata);
	}
	name_list_unique(&auditor->exchanges);
}

const net_t *audit_proxied(const auditor_t *auditor, const knot_rrset_t *rrset,
                           const uint8_t **address)
{
	knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		const net_t *network = policy_proxied(auditor->policy, audit_family(rrset->type),
		                                      rdata->data);
		if (network != NULL) {
			*address = rdata->data;
			return network;
		}
		rdata = knot_rdataset_next(rdata);
	}
	return NULL;
}

const net_t *audit_proxied_host(const auditor_t *auditor, const host_t *host, int *family,
                                const uint8_t **address)
{
	const net_t *network = NULL;
	if (host->state == HOST_FOUND) {
		*family = 4;
		network = audit_proxied(auditor, &host->a, address);
		if (network == NULL) {
			*family = 6;
			network = audit_proxied(auditor, &host->aaaa, address);
		}
	}
	return network;
}

bool audit_leads_to_proxy(const auditor_t *auditor, const knot_dname_t *name, const host_t *host)
{
	int family;
	const uint8_t *address;
	return host->proxy_name || audit_proxied_host(auditor, host, &family, &address) != NULL ||
	       (host->state != HOST_FOUND && names_cover(&auditor->policy->proxy_names, name));
}

bool audit_ask(auditor_t *auditor, reply_t *reply, const knot_dname_t *qname, uint16_t qtype)
{
	int ret = reply_make(reply, auditor->policy->zone, zone_lookup, auditor->zone, qname,
	                     qtype);
	if (ret != KNOT_EOK) {
		auditor->error = ret;
	}
	return ret == KNOT_EOK && !reply->referral;
}

void audit_judge(auditor_t *auditor, policy_response_t *response, policy_verdict_t *verdict)
{
	int ret = policy_judge(auditor->policy, zone_lookup, auditor->zone, response, verdict,
	                       NULL);
	if (ret != KNOT_EOK) {
		auditor->error = ret;
	}
}

/*! Days since 1970-01-01 (proleptic Gregorian calendar). */
static int64_t days_of(int year, int month, int day)
{
	/* The year begins in March: what a leap year adds is its last day. */
	int64_t y = (int64_t)year - (month <= 2);
	int64_t m = (month + 9) % 12;
	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static void audit_lists(auditor_t *auditor)
{
	const audit_input_t *input = auditor->input;
	int64_t today = input->now / 86400;
	for (size_t i = 0; i < input->list_count; i++) {
		const char *path = input->lists[i].path;
		int year = input->lists[i].year, month = input->lists[i].month;
		int day = input->lists[i].day;
		int64_t age = today - days_of(year, month, day);
		if (year <= 0 || age <= STALE_DAYS) {
			continue;
		}
		audit_finding_t *finding = audit_find(auditor, AUDIT_LIST_STALE, NULL, 0);
		finding->file = path;
		audit_message(auditor, finding, "the list is from %04d-%02d-%02d, %lld days ago",
		              year, month, day, (long long)age);
		audit_remedy(auditor, finding, "get the networks that are in use now, and write "
		             "today's date into the list");
	}
}

static int audit_all(auditor_t *auditor)
{
	zone_t *zone = auditor->zone;
	audit_lists(auditor);

	/* What is steered decides whether the exchange is asked for. */
	for (size_t i = 0; i < zone_owner_count(zone) && auditor->error == KNOT_EOK; i++) {
		audit_owner(auditor, zone_owner(zone, i));
		audit_spf(auditor, zone_owner(zone, i));
	}
	audit_implicit(auditor, auditor->policy->zone);
	name_list_unique(&auditor->targets);

	audit_collect_hosts(auditor);
	audit_collect_web(auditor);
	for (size_t i = 0; i < auditor->hosts.count && auditor->error == KNOT_EOK; i++) {
		audit_host(auditor, auditor->hosts.at[i]);
		audit_exposure(auditor, auditor->hosts.at[i]);
	}
	for (size_t i = 0; i < auditor->targets.count && auditor->error == KNOT_EOK; i++) {
		audit_graph(auditor, auditor->targets.at[i]);
	}
	return auditor->error;
}

int audit_zone(audit_t *out, zone_t *zone, const policy_t *policy, const audit_input_t *input)
{
	auditor_t auditor = { .out = out, .zone = zone, .policy = policy, .input = input };
	memset(out, 0, sizeof(*out));
	out->zone = zone_apex(zone);
	out->serial = zone_serial(zone);
	out->records = zone_records(zone);
	collect_exchanges(&auditor);
	int ret = audit_all(&auditor);
	free(auditor.exchanges.at);
	free(auditor.hosts.at);
	free(auditor.targets.at);
	free(auditor.web);
	if (ret == KNOT_EOK) {
		audit_sort(out);
	}
	return ret;
}

void audit_clear(audit_t *audit)
{
	for (size_t i = 0; i < audit->finding_count; i++) {
		knot_dname_free(audit->findings[i].owner, NULL);
		knot_dname_free(audit->findings[i].target, NULL);
		free(audit->findings[i].message);
		free(audit->findings[i].remedy);
	}
	for (size_t i = 0; i < audit->edit_count; i++) {
		knot_dname_free(audit->edits[i].owner, NULL);
		free(audit->edits[i].rdata);
	}
	for (size_t i = 0; i < audit->edge_count; i++) {
		knot_dname_free(audit->edges[i].from, NULL);
		knot_dname_free(audit->edges[i].to, NULL);
	}
	free(audit->findings);
	free(audit->edits);
	free(audit->edges);
	memset(audit, 0, sizeof(*audit));
}
