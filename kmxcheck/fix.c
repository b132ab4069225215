/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Fixing a zone: the edits after which the zone itself says what enforce answers.
 */

#include "kmxcheck/check.h"
#include "kmxcheck/xalloc.h"

/*! Adds edits for the RRs of one RRset that the other one does not have; both are in order, and
 *  may be NULL: none. */
static void add_rest(auditor_t *auditor, const knot_dname_t *owner, const knot_rrset_t *rrset,
                     const knot_rrset_t *other, bool add)
{
	if (rrset == NULL) {
		return;
	}
	for_each_rdata(rdata, rrset) {
		if (other == NULL || other->ttl != rrset->ttl ||
		    !knot_rdataset_member(&other->rrs, rdata)) {
			audit_edit_t *edit = xadd(&auditor->out->edits);
			edit->add = add;
			edit->owner = xname(owner);
			edit->type = rrset->type;
			edit->ttl = rrset->ttl;
			uint16_t size;
			const uint8_t *written = marked_written(rrset->type, rdata, &size);
			edit->rdata = xcalloc(1, knot_rdata_size(size));
			knot_rdata_init(edit->rdata, size, written);
		}
	}
}

/*! Adds edits from one RRset to another one, with a TTL for the latter: the limit that the policy
 *  sets is for answers, not for the zone. */
static void change(auditor_t *auditor, const knot_dname_t *owner, const knot_rrset_t *old,
                   const knot_rrset_t *new, uint32_t ttl)
{
	knot_rrset_t with = { 0 };
	if (new != NULL) {
		with = *new;
		with.ttl = ttl;
		new = &with;
	}
	add_rest(auditor, owner, old, new, false);
	add_rest(auditor, owner, new, old, true);
}

bool fix_is_ignored(const auditor_t *auditor, size_t first)
{
	const audit_input_t *input = auditor->input;
	bool any = false;
	for (size_t i = first; input->is_ignored != NULL && i < auditor->out->findings.count; i++) {
		const audit_finding_t *finding = &auditor->out->findings.at[i];
		switch (finding->rule) {
		case AUDIT_PROXIED_HOST:
		case AUDIT_PROXIED_ALIAS:
		case AUDIT_PROXIED_TARGET:
		case AUDIT_MISSING_TARGET:
			any = true;
			if (!input->is_ignored(input->ctx, auditor->policy->zone, finding)) {
				return false;
			}
			break;
		default:
			break;
		}
	}
	return any;
}

/*! Adds RRs of an RRset to a set: those that are kept, or the others. */
static void pick(knot_rdataset_t *to, const knot_rrset_t *rrset, const bool *kept, bool which)
{
	for_each_rdata(rdata, rrset) {
		if (*kept++ == which) {
			(void)xcheck_ret(knot_rdataset_add(to, rdata, NULL));
		}
	}
}

void fix_targets(auditor_t *auditor, const knot_rrset_t *rrset, const bool *kept,
                 const knot_rrset_t *alias)
{
	policy_item_t item;
	policy_response_t response;
	policy_verdict_t verdict;
	knot_rrset_t rest = *rrset, fixed = *rrset;
	rest.rrs = fixed.rrs = (knot_rdataset_t){ 0 };
	pick(&rest.rrs, rrset, kept, false);
	pick(&fixed.rrs, rrset, kept, true);
	if (rest.rrs.count > 0) {
		audit_judge_rrset(auditor, &rest, &item, &response, &verdict);
		const knot_rrset_t *old = alias != NULL ? alias : rrset;
		const knot_rrset_t *with = item.edit == EDIT_KEEP ? &rest : item.with;
		if (with != NULL) {
			(void)xcheck_ret(knot_rdataset_merge(&fixed.rrs, &with->rrs, NULL));
		}
		change(auditor, rrset->owner, old, &fixed, old->ttl);
		policy_verdict_clear(&response, &verdict);
	}
	knot_rdataset_clear(&rest.rrs, NULL);
	knot_rdataset_clear(&fixed.rrs, NULL);
}

/*! The RRset that enforce answers at a name, or NULL. */
static const knot_rrset_t *answer_at(const judged_t *judged, const knot_dname_t *owner,
                                     uint16_t type)
{
	const policy_response_t *response = &judged->reply.response;
	const policy_verdict_t *verdict = &judged->verdict;
	const policy_item_t *item = response_item(response, KNOT_ANSWER, type, owner);
	if (item != NULL && item->edit != EDIT_DROP) {
		return item->edit == EDIT_REPLACE ? item->with : item->rrset;
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

/*! True if enforce answers something else for the host itself, and mail is sent to it. */
static bool is_changed(const auditor_t *auditor, const knot_dname_t *host,
                       const policy_verdict_t *verdict)
{
	for (size_t i = 0; i < verdict->finding_count; i++) {
		const finding_t *finding = &verdict->findings[i];
		if (knot_dname_is_equal(finding->owner, host) &&
		    (finding->rule != RULE_MISSING_TARGET || auditor->exchange_needed)) {
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

/*! Addresses that a kept alias of the host leads to: the alias can't stay beside the addresses that
 *  the other family gets. */
static const knot_rrset_t *end_addresses(const policy_response_t *response,
                                         const knot_dname_t *host, uint16_t type)
{
	if (response_item(response, KNOT_ANSWER, KNOT_RRTYPE_CNAME, host) == NULL) {
		return NULL;
	}
	const policy_item_t *end = response_item(response, KNOT_ANSWER, type, NULL);
	return end != NULL ? end->rrset : NULL;
}

/*! The wildcard that answers for a name that does not exist, or NULL. */
static const knot_dname_t *find_wildcard(const auditor_t *auditor, const knot_dname_t *name)
{
	knot_rrset_t rrset;
	do {
		name += 1 + *name; /* The apex exists. */
	} while (zone_lookup(auditor->zone, name, KNOT_RRTYPE_SOA, &rrset) == KNOT_ENONODE);
	return reply_wildcard(auditor->zone, name);
}

/*! True if there is a wildcard anywhere above: names between may exist only because of this one. */
static bool below_wildcard(const auditor_t *auditor, const knot_dname_t *name)
{
	while (!knot_dname_is_equal(name, auditor->policy->zone)) {
		name += 1 + *name;
		if (reply_wildcard(auditor->zone, name) != NULL) {
			return true;
		}
	}
	return false;
}

/*! Adds what else the wildcard has answered for the host, as enforce answers it: once the host has
 *  records of its own, the wildcard does not answer for it. */
static void copy_wildcard(auditor_t *auditor, const knot_dname_t *host)
{
	knot_rrset_t rrset;
	const knot_dname_t *wildcard = find_wildcard(auditor, host);
	for (size_t i = 0; wildcard != NULL &&
	     zone_rrset_at(auditor->zone, wildcard, i, &rrset); i++) {
		judged_t judged;
		if (family_of_type(rrset.type) != 0 || rrset.type == KNOT_RRTYPE_CNAME) {
			continue; /* The host has its own. */
		}
		if (audit_judge_query(auditor, &judged, host, rrset.type)) {
			change(auditor, host, NULL, answer_at(&judged, host, rrset.type),
			       rrset.ttl);
		}
		judged_clear(&judged);
	}
}

/*! True if an edit has put a record at the host, or it has one that no edit touches. */
static bool has_records(auditor_t *auditor, const knot_dname_t *host)
{
	const audit_t *out = auditor->out;
	knot_rrset_t rrset;
	for (size_t i = 0; i < out->edits.count; i++) {
		if (out->edits.at[i].add && knot_dname_is_equal(out->edits.at[i].owner, host)) {
			return true;
		}
	}
	for (size_t i = 0; zone_rrset_at(auditor->zone, host, i, &rrset); i++) {
		if (family_of_type(rrset.type) == 0 && rrset.type != KNOT_RRTYPE_CNAME) {
			return true;
		}
	}
	return zone_has_other_types(auditor->zone, host);
}

/*! A host without any record would be answered by a wildcard. A record that means nothing prevents
 *  that. */
static void prevent_wildcard_answer(auditor_t *auditor, const knot_dname_t *host)
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
	change(auditor, host, NULL, &rrset, rrset.ttl);
}

static void add_change_edges(auditor_t *auditor, const knot_dname_t *host,
                             const knot_rrset_t *rrset, const knot_rrset_t *old)
{
	for_each_rdata(rdata, rrset) {
		if (old == NULL || !knot_rdataset_member(&old->rrs, rdata)) {
			audit_add_address_edge(auditor->out, auditor->policy, host,
			                       family_of_type(rrset->type), rdata->data, true);
		}
	}
}

/*! The TTL for addresses of a host: that of the records in whose place they come, at the host or at
 *  the wildcard that has answered for it, else a default. */
static uint32_t address_ttl(const auditor_t *auditor, const knot_dname_t *host, bool exists,
                            uint16_t type, uint32_t otherwise)
{
	const uint16_t types[] = {
		KNOT_RRTYPE_CNAME, type, type_of_family(type == KNOT_RRTYPE_A ? 6 : 4)
	};
	knot_rrset_t rrset;
	const knot_dname_t *node = exists ? host : find_wildcard(auditor, host);
	for (size_t i = 0; node != NULL && i < sizeof(types) / sizeof(*types); i++) {
		if (zone_has(auditor->zone, node, types[i], &rrset)) {
			return rrset.ttl;
		}
	}
	return otherwise;
}

/*! True if an address or alias is proxied by its mark alone. */
static bool is_marked_only(const auditor_t *auditor, uint16_t type, const knot_rdata_t *rdata)
{
	host_t end;
	if (type != KNOT_RRTYPE_CNAME || marked_by(type, rdata) == MARK_NONE) {
		return marked_by(type, rdata) != MARK_NONE;
	}
	const knot_dname_t *to = marked_written(type, rdata, NULL);
	audit_follow(auditor, to, &end);
	return !audit_leads_to_proxy(auditor, to, &end);
}

bool fix_is_switched(const auditor_t *auditor, const knot_dname_t *host)
{
	knot_rrset_t rrset;
	bool marked = false;
	for (size_t i = 0; zone_rrset_at(auditor->zone, host, i, &rrset); i++) {
		int family = family_of_type(rrset.type);
		for_each_rdata(rdata, &rrset) {
			bool proxied = rrset.type == KNOT_RRTYPE_CNAME ||
			               (family != 0 && policy_proxied(auditor->policy, family,
			                                              rdata->data, NULL));
			if (proxied && !is_marked_only(auditor, rrset.type, rdata)) {
				return false;
			}
			marked |= proxied;
		}
	}
	return marked;
}

void fix_host(auditor_t *auditor, const knot_dname_t *host, const judged_t judged[2])
{
	if ((!is_changed(auditor, host, &judged[0].verdict) &&
	     !is_changed(auditor, host, &judged[1].verdict)) ||
	    is_below_dname(&judged[0].reply.response, host) ||
	    fix_is_switched(auditor, host)) {
		return;
	}
	knot_rrset_t own;
	bool exists = zone_lookup(auditor->zone, host, KNOT_RRTYPE_CNAME, &own) == KNOT_EOK;
	if (exists && own.rrs.count > 0) {
		change(auditor, host, &own, NULL, 0);
	}
	for (size_t i = 0; i < 2; i++) {
		const policy_response_t *response = &judged[i].reply.response;
		uint16_t type = response->qtype;
		bool there = zone_has(auditor->zone, host, type, &own);
		const knot_rrset_t *rrset = answer_at(&judged[i], host, type);
		if (rrset == NULL && !judged[i].verdict.changes) {
			rrset = end_addresses(response, host, type);
		}
		change(auditor, host, there ? &own : NULL, rrset,
		       rrset == NULL ? 0 : address_ttl(auditor, host, exists, type, rrset->ttl));
		if (rrset != NULL) {
			add_change_edges(auditor, host, rrset, there ? &own : NULL);
		}
	}
	if (!exists) {
		copy_wildcard(auditor, host);
	}
	prevent_wildcard_answer(auditor, host);
}
