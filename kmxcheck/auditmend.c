/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Mending a guarded host in the zone, so that the zone itself says what enforce answers.
 */

#include <string.h>

#include "kmxcheck/auditor.h"

static const uint16_t types[2] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };

const knot_rrset_t *audit_answered(const policy_response_t *response,
                                   const policy_verdict_t *verdict, const knot_dname_t *owner,
                                   uint16_t type)
{
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		if (item->section == KNOT_ANSWER && item->edit != EDIT_DROP &&
		    item->rrset->type == type && knot_dname_is_equal(item->owner, owner)) {
			return item->edit == EDIT_REPLACE ? item->with : item->rrset;
		}
	}
	for (size_t i = 0; i < verdict->add_count; i++) {
		const knot_rrset_t *rrset = verdict->add[i].rrset;
		if (verdict->add[i].section == KNOT_ANSWER && rrset->type == type &&
		    knot_dname_is_equal(rrset->owner, owner)) {
			return rrset;
		}
	}
	return NULL;
}

/*! True if enforce answers something else for the host itself, and that matters to anyone. */
static bool is_mended(const auditor_t *auditor, const knot_dname_t *host,
                      const policy_verdict_t *verdict)
{
	for (size_t i = 0; i < verdict->finding_count; i++) {
		const finding_t *finding = &verdict->findings[i];
		if (knot_dname_is_equal(finding->owner, host) &&
		    (finding->rule != RULE_MISSING_TARGET || auditor->pointed)) {
			return true;
		}
	}
	return false;
}

/*! True if the host is below a DNAME: there can't be records then. */
static bool is_below_dname(const policy_response_t *response, const knot_dname_t *host)
{
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		if (item->section == KNOT_ANSWER && item->rrset->type == KNOT_RRTYPE_DNAME &&
		    knot_dname_in_bailiwick(host, item->owner) > 0) {
			return true;
		}
	}
	return false;
}

/*! Addresses that a kept alias of the host leads to: it can't stand beside those that the other
 *  family has now. */
static const knot_rrset_t *end_addresses(const policy_response_t *response,
                                         const knot_dname_t *host, uint16_t type)
{
	if (response->count == 0 || response->items[0].rrset->type != KNOT_RRTYPE_CNAME ||
	    !knot_dname_is_equal(response->items[0].owner, host)) {
		return NULL;
	}
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		if (item->section == KNOT_ANSWER && item->edit == EDIT_KEEP &&
		    item->rrset->type == type) {
			return item->rrset;
		}
	}
	return NULL;
}

/*! True if there is a wildcard at a name, which is set. */
static bool wildcard_at(auditor_t *auditor, const knot_dname_t *name,
                        knot_dname_storage_t wildcard)
{
	knot_rrset_t rrset;
	size_t size = knot_dname_size(name);
	if (size + 2 > KNOT_DNAME_MAXLEN) {
		return false;
	}
	wildcard[0] = 1;
	wildcard[1] = '*';
	memcpy(wildcard + 2, name, size);
	return zone_lookup(auditor->zone, wildcard, KNOT_RRTYPE_CNAME, &rrset) == KNOT_EOK;
}

/*! The wildcard that answers for a name that does not exist. False: there is none. */
static bool find_wildcard(auditor_t *auditor, const knot_dname_t *name,
                          knot_dname_storage_t wildcard)
{
	knot_rrset_t rrset;
	do {
		name += 1 + *name; /* The apex exists. */
	} while (zone_lookup(auditor->zone, name, KNOT_RRTYPE_SOA, &rrset) == KNOT_ENONODE);
	return wildcard_at(auditor, name, wildcard);
}

/*! True if there is a wildcard anywhere above: names between may exist for this one only. */
static bool below_wildcard(auditor_t *auditor, const knot_dname_t *name)
{
	knot_dname_storage_t wildcard;
	while (!knot_dname_is_equal(name, auditor->policy->zone)) {
		name += 1 + *name;
		if (wildcard_at(auditor, name, wildcard)) {
			return true;
		}
	}
	return false;
}

/*! What else the wildcard has answered for the host, as enforce answers it: with records of its
 *  own the host is out of the wildcard's reach. */
static void copy_wildcard(auditor_t *auditor, const knot_dname_t *host)
{
	knot_dname_storage_t wildcard;
	knot_rrset_t rrset;
	if (!find_wildcard(auditor, host, wildcard)) {
		return;
	}
	for (size_t i = 0; zone_rrset_at(auditor->zone, wildcard, i, &rrset); i++) {
		reply_t reply;
		policy_verdict_t verdict;
		if (audit_family(rrset.type) != 0 || rrset.type == KNOT_RRTYPE_CNAME) {
			continue; /* Of those, the host has its own now. */
		}
		if (audit_ask(auditor, &reply, host, rrset.type)) {
			audit_judge(auditor, &reply.response, &verdict);
			audit_replace(auditor, host, NULL,
			              audit_answered(&reply.response, &verdict, host, rrset.type));
			policy_verdict_clear(&reply.response, &verdict);
		}
		reply_clear(&reply);
	}
}

/*! True if an edit has put a record at the host, or it has one that no edit touches. */
static bool has_records(auditor_t *auditor, const knot_dname_t *host)
{
	const audit_t *out = auditor->out;
	knot_rrset_t rrset;
	for (size_t i = 0; i < out->edit_count; i++) {
		if (out->edits[i].add && knot_dname_is_equal(out->edits[i].owner, host)) {
			return true;
		}
	}
	for (size_t i = 0; zone_rrset_at(auditor->zone, host, i, &rrset); i++) {
		if (audit_family(rrset.type) == 0 && rrset.type != KNOT_RRTYPE_CNAME) {
			return true;
		}
	}
	return false;
}

/*! Where there is nothing to answer, a wildcard would: a record that means nothing keeps it out. */
static void keep_wildcard_out(auditor_t *auditor, const knot_dname_t *host)
{
	static const char text[] = "\x0f""no mail address";
	uint16_t data[(sizeof(knot_rdata_t) + sizeof(text)) / 2 + 1];
	knot_rdata_t *rdata = (knot_rdata_t *)data;
	knot_rrset_t rrset;
	if (has_records(auditor, host) || !below_wildcard(auditor, host)) {
		return;
	}
	knot_rdata_init(rdata, sizeof(text) - 1, (const uint8_t *)text);
	knot_rrset_init(&rrset, (knot_dname_t *)host, KNOT_RRTYPE_TXT, KNOT_CLASS_IN,
	                auditor->policy->ttl);
	rrset.rrs = (knot_rdataset_t){ .count = 1, .rdata = rdata,
	                               .size = (uint32_t)knot_rdata_size(sizeof(text) - 1) };
	audit_replace(auditor, host, NULL, &rrset);
}

static void show_changes(auditor_t *auditor, const knot_dname_t *host,
                         const knot_rrset_t *rrset, const knot_rrset_t *old)
{
	knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		if (old == NULL || !knot_rdataset_member(&old->rrs, rdata)) {
			audit_edge_address(auditor, host, audit_family(rrset->type), rdata->data,
			                   false, true);
		}
		rdata = knot_rdataset_next(rdata);
	}
}

void audit_mend(auditor_t *auditor, const knot_dname_t *host, reply_t replies[2],
                policy_verdict_t verdicts[2])
{
	if (!is_mended(auditor, host, &verdicts[0]) && !is_mended(auditor, host, &verdicts[1])) {
		return;
	}
	if (is_below_dname(&replies[0].response, host)) {
		return;
	}

	knot_rrset_t own;
	bool exists = zone_lookup(auditor->zone, host, KNOT_RRTYPE_CNAME, &own) == KNOT_EOK;
	if (exists && own.rrs.count > 0) {
		audit_replace(auditor, host, &own, NULL);
	}
	for (size_t i = 0; i < 2; i++) {
		const policy_response_t *response = &replies[i].response;
		bool there = zone_lookup(auditor->zone, host, types[i], &own) == KNOT_EOK &&
		             own.rrs.count > 0;
		const knot_rrset_t *rrset = audit_answered(response, &verdicts[i], host, types[i]);
		if (rrset == NULL && !verdicts[i].changes) {
			rrset = end_addresses(response, host, types[i]);
		}
		audit_replace(auditor, host, there ? &own : NULL, rrset);
		if (rrset != NULL) {
			show_changes(auditor, host, rrset, there ? &own : NULL);
		}
	}
	if (!exists) {
		copy_wildcard(auditor, host);
	}
	keep_wildcard_out(auditor, host);
}
