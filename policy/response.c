/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What a verdict is made of: findings, RRsets made for the answer, marks on the items.
 */

#include <stdlib.h>
#include <string.h>

#include "dns/rrset.h"
#include "policy/response.h"

void *response_alloc(judge_t *judge, size_t size)
{
	knot_mm_t *mm = judge->verdict->mm;
	void *memory = (mm != NULL && mm->alloc != NULL) ? mm->alloc(mm->ctx, size) : malloc(size);
	if (memory == NULL) {
		judge->error = KNOT_ENOMEM;
	}
	return memory;
}

void response_free(judge_t *judge, void *memory)
{
	knot_mm_t *mm = judge->verdict->mm;
	if (mm == NULL || mm->alloc == NULL) {
		free(memory);
	} else if (mm->free != NULL) {
		mm->free(memory);
	}
}

static int ref_cmp(const void *a, const void *b)
{
	const rdata_ref_t *x = a, *y = b;
	int cmp = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);
	return cmp != 0 ? cmp : (int)x->len - (int)y->len;
}

knot_rrset_t *response_rrset(judge_t *judge, const knot_dname_t *owner, uint16_t type,
                             uint32_t ttl, rdata_ref_t *refs, size_t count)
{
	size_t size = 0;
	for (size_t i = 0; i < count; i++) {
		size += knot_rdata_size(refs[i].len);
	}
	if (ttl > judge->policy->ttl) {
		ttl = judge->policy->ttl;
	}

	knot_mm_t *mm = judge->verdict->mm;
	knot_rrset_t *rrset = knot_rrset_new(owner, type, KNOT_CLASS_IN, ttl, mm);
	knot_rdata_t *rdata = (rrset != NULL) ? response_alloc(judge, size) : NULL;
	if (rdata == NULL) {
		knot_rrset_free(rrset, mm);
		judge->error = KNOT_ENOMEM;
		return NULL;
	}

	/* Written in one piece: adding one by one would move the set once for each. */
	if (count > 1) {
		qsort(refs, count, sizeof(*refs), ref_cmp);
	}
	rrset->rrs.count = count;
	rrset->rrs.size = size;
	rrset->rrs.rdata = rdata;
	for (size_t i = 0; i < count; i++) {
		knot_rdata_init(rdata, refs[i].len, refs[i].data);
		rdata = knot_rdataset_next(rdata);
	}
	return rrset;
}

knot_rrset_t *response_mail_rrset(judge_t *judge, const knot_dname_t *owner, int family,
                                  uint32_t ttl)
{
	const addresses_t *mail = policy_mail(judge->policy, family);
	size_t size = address_size(family);
	if (mail->count == 0) {
		return NULL;
	}

	rdata_ref_t *refs = response_alloc(judge, mail->count * sizeof(*refs));
	if (refs == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < mail->count; i++) {
		refs[i] = (rdata_ref_t){ mail->at + i * size, size };
	}
	knot_rrset_t *rrset = response_rrset(judge, owner, type_of_family(family), ttl, refs,
	                                     mail->count);
	response_free(judge, refs);
	return rrset;
}

knot_rrset_t *response_direct_rrset(judge_t *judge, const knot_dname_t *owner,
                                    const knot_rrset_t *from, uint32_t ttl)
{
	if (knot_rrset_empty(from)) {
		return NULL;
	}
	rdata_ref_t *refs = response_alloc(judge, from->rrs.count * sizeof(*refs));
	if (refs == NULL) {
		return NULL;
	}

	size_t count = 0;
	for_each_rdata(rdata, from) {
		if (!policy_proxied(judge->policy, family_of_type(from->type), rdata->data, NULL)) {
			refs[count++] = (rdata_ref_t){ rdata->data, rdata->len };
		}
	}
	if (from->ttl < ttl) {
		ttl = from->ttl;
	}
	knot_rrset_t *rrset = (count > 0)
	                    ? response_rrset(judge, owner, from->type, ttl, refs, count) : NULL;
	response_free(judge, refs);
	return rrset;
}

static void note_change(judge_t *judge, knot_section_t section)
{
	judge->verdict->changes = true;
	judge->verdict->answer_changes |= (section != KNOT_ADDITIONAL);
}

void response_edit(judge_t *judge, policy_item_t *item, knot_rrset_t *with)
{
	knot_rrset_free(item->with, judge->verdict->mm);
	item->with = with;
	item->encloser = POLICY_OWN;
	item->edit = (with != NULL) ? EDIT_REPLACE : EDIT_DROP;
	note_change(judge, item->section);
}

void response_add(judge_t *judge, knot_section_t section, knot_rrset_t *rrset)
{
	policy_verdict_t *verdict = judge->verdict;
	if (rrset == NULL) {
		return;
	}
	if (verdict->add_count == POLICY_ADD_MAX) {
		knot_rrset_free(rrset, verdict->mm);
		judge->error = KNOT_ESPACE;
		return;
	}
	verdict->add[verdict->add_count++] = (policy_add_t){ section, rrset, POLICY_OWN, NULL };
	note_change(judge, section);
}

void response_noerror(judge_t *judge)
{
	judge->verdict->noerror = true;
	note_change(judge, KNOT_ANSWER);
}

void response_set_soa(judge_t *judge)
{
	policy_item_t *shown = response_item(judge->response, KNOT_AUTHORITY, KNOT_RRTYPE_SOA,
	                                     NULL);
	if (shown != NULL && shown->edit != EDIT_KEEP) {
		shown = NULL;
	}

	knot_rrset_t soa = { 0 };
	const knot_dname_t *zone = judge->policy->zone;
	if (judge->lookup(judge->ctx, zone, KNOT_RRTYPE_SOA, &soa) != KNOT_EOK ||
	    knot_rrset_empty(&soa)) {
		return;
	}
	uint32_t ttl = soa_negative_ttl(&soa);
	if (shown != NULL && ttl <= judge->policy->ttl) {
		return;
	}
	rdata_ref_t ref = { soa.rrs.rdata->data, soa.rrs.rdata->len };
	knot_rrset_t *limited = response_rrset(judge, zone, KNOT_RRTYPE_SOA, ttl, &ref, 1);
	if (shown == NULL) {
		response_add(judge, KNOT_AUTHORITY, limited);
	} else if (limited != NULL) {
		response_edit(judge, shown, limited);
	}
}

void response_drop_authority(judge_t *judge)
{
	for (size_t i = 0; i < judge->response->count; i++) {
		policy_item_t *item = &judge->response->items[i];
		if (item->section == KNOT_AUTHORITY && item->edit != EDIT_DROP) {
			response_edit(judge, item, NULL);
		}
	}
}

static void add_finding(policy_verdict_t *verdict, const finding_t *finding)
{
	verdict->rules |= 1U << finding->rule;
	verdict->actions |= 1U << finding->action;
	if (verdict->finding_count < POLICY_FINDINGS_MAX) {
		verdict->findings[verdict->finding_count++] = *finding;
	} else if (finding->rule == RULE_SIGN_FAILURE || finding->rule == RULE_UNJUDGED) {
		/* Why an answer is refused, or not as it should be, has to be reported. */
		verdict->findings[POLICY_FINDINGS_MAX - 1] = *finding;
	}
}

void response_answered(finding_t *finding, const knot_rrset_t *rrset)
{
	if (rrset == NULL) {
		return;
	}
	int family = family_of_type(rrset->type);
	for_each_rdata(rdata, rrset) {
		if (finding->answer_count < FINDING_ADDRESSES) {
			finding_address_t *address = &finding->answer[finding->answer_count];
			address->family = family;
			memcpy(address->octets, rdata->data, address_size(family));
		}
		finding->answer_count++;
	}
}

void response_finding(judge_t *judge, const finding_t *finding)
{
	add_finding(judge->verdict, finding);
}

void policy_sign_failure(const policy_response_t *response, policy_verdict_t *verdict,
                         const char *cause)
{
	add_finding(verdict, &(finding_t){ .rule = RULE_SIGN_FAILURE, .action = ACTION_REFUSED,
	                                   .section = KNOT_ANSWER, .owner = response->qname,
	                                   .type = response->qtype, .cause = cause });
}

void policy_unjudged(const policy_t *policy, const policy_response_t *response,
                     policy_verdict_t *verdict, action_t action)
{
	/* Else the client may have made the name up. */
	bool real = response->count > 0 &&
	            name_equal(response->items[0].rrset->owner, response->qname);
	add_finding(verdict, &(finding_t){ .rule = RULE_UNJUDGED, .action = action,
	                                   .section = KNOT_ANSWER, .type = response->qtype,
	                                   .owner = real ? response->qname : policy->zone });
}

bool response_proxied(const judge_t *judge, const knot_rrset_t *rrset, finding_t *finding)
{
	int family = family_of_type(rrset->type);
	for_each_rdata(rdata, rrset) {
		if (policy_proxied(judge->policy, family, rdata->data,
		                   finding != NULL ? &finding->network : NULL)) {
			if (finding != NULL) {
				finding->family = family;
				memcpy(finding->address, rdata->data, address_size(family));
			}
			return true;
		}
	}
	return false;
}

void policy_verdict_clear(policy_response_t *response, policy_verdict_t *verdict)
{
	for (size_t i = 0; i < response->count; i++) {
		knot_rrset_free(response->items[i].with, verdict->mm);
		response->items[i].with = NULL;
	}
	for (size_t i = 0; i < verdict->add_count; i++) {
		knot_rrset_free(verdict->add[i].rrset, verdict->mm);
	}
	verdict->add_count = 0;
}

static void drop_added_additional(policy_verdict_t *verdict)
{
	size_t kept = 0;
	for (size_t i = 0; i < verdict->add_count; i++) {
		if (verdict->add[i].section == KNOT_ADDITIONAL) {
			knot_rrset_free(verdict->add[i].rrset, verdict->mm);
		} else {
			verdict->add[kept++] = verdict->add[i];
		}
	}
	verdict->add_count = kept;
}

/* The findings about additional records say that those are left out. */
static void empty_additional_findings(policy_verdict_t *verdict)
{
	uint32_t actions = 0;
	for (size_t i = 0; i < verdict->finding_count; i++) {
		finding_t *finding = &verdict->findings[i];
		if (finding->section == KNOT_ADDITIONAL) {
			finding->action = ACTION_EMPTIED;
			finding->answer_count = 0;
		}
		actions |= 1U << finding->action;
	}
	/* What is not described may have any action. */
	bool all = verdict->finding_count < POLICY_FINDINGS_MAX;
	verdict->actions = all ? actions : verdict->actions | actions;
}

/* Leaves out all of the additional section but OPT, or only what the verdict changes. */
static void drop_additional(policy_response_t *response, policy_verdict_t *verdict, bool all)
{
	for (size_t i = 0; i < response->count; i++) {
		policy_item_t *item = &response->items[i];
		bool dropped = all ? item->rrset->type != KNOT_RRTYPE_OPT
		                   : item->edit == EDIT_REPLACE;
		if (item->section == KNOT_ADDITIONAL && dropped) {
			knot_rrset_free(item->with, verdict->mm);
			item->with = NULL;
			item->edit = EDIT_DROP;
		}
	}
	drop_added_additional(verdict);
	empty_additional_findings(verdict);
}

void policy_drop_additional(policy_response_t *response, policy_verdict_t *verdict)
{
	drop_additional(response, verdict, true);
}

void policy_leave_out_additional(policy_response_t *response, policy_verdict_t *verdict)
{
	drop_additional(response, verdict, false);
}

policy_item_t *response_item(const policy_response_t *response, knot_section_t section,
                             uint16_t type, const knot_dname_t *owner)
{
	for (size_t i = 0; i < response->count; i++) {
		policy_item_t *item = &response->items[i];
		if (item->section == section && item->rrset->type == type &&
		    (owner == NULL || name_equal(item->owner, owner))) {
			return item;
		}
	}
	return NULL;
}

void response_host(judge_t *judge, const knot_dname_t *name, host_t *host)
{
	host_find_walked(judge->policy, judge->lookup, judge->ctx, &judge->walked, name, host);
}

const host_t *response_exchange(judge_t *judge)
{
	if (!judge->exchange_found) {
		response_host(judge, judge->policy->exchange, &judge->exchange);
		judge->exchange_found = true;
	}
	return &judge->exchange;
}

/* Smaller responses are looked through as they are. */
#define SEARCH_MIN 16

static size_t *first_of(const judge_t *judge, size_t owner)
{
	return &judge->chains[2 * owner];
}

static size_t *next_of(const judge_t *judge, size_t item)
{
	return &judge->chains[2 * judge->response->count + item];
}

/* Makes the chains of items. */
static void index_owners(judge_t *judge)
{
	const policy_response_t *response = judge->response;
	judge->chains = response_alloc(judge, 3 * response->count * sizeof(*judge->chains));
	for (size_t i = 0; i < response->count && judge->chains != NULL; i++) {
		size_t before = judge->owners.names.count;
		size_t owner = name_index_add(&judge->owners, response->items[i].owner);
		if (owner == NAME_INDEX_NONE) {
			judge->error = KNOT_ENOMEM;
			response_search_clear(judge);
			return;
		}
		*next_of(judge, i) = response->count;
		if (owner == before) {
			first_of(judge, owner)[0] = first_of(judge, owner)[1] = i;
		} else {
			size_t *last = first_of(judge, owner) + 1;
			*next_of(judge, *last) = i;
			*last = i;
		}
	}
}

void response_search_clear(judge_t *judge)
{
	if (judge->chains != NULL) {
		response_free(judge, judge->chains);
	}
	judge->chains = NULL;
	name_index_clear(&judge->owners);
}

item_search_t response_search(judge_t *judge, const knot_dname_t *owner)
{
	item_search_t search = { judge, owner, 0 };
	size_t count = judge->response->count;
	if (count >= SEARCH_MIN && judge->chains == NULL && judge->error == KNOT_EOK) {
		index_owners(judge);
	}
	if (judge->chains != NULL) {
		size_t found = name_index_find(&judge->owners, owner);
		search.next = found != NAME_INDEX_NONE ? *first_of(judge, found) : count;
	}
	return search;
}

policy_item_t *response_next(item_search_t *search)
{
	const judge_t *judge = search->judge;
	const policy_response_t *response = judge->response;
	while (search->next < response->count) {
		policy_item_t *item = &response->items[search->next];
		search->next = judge->chains != NULL ? *next_of(judge, search->next)
		                                     : search->next + 1;
		if (judge->chains != NULL || name_equal(item->owner, search->owner)) {
			return item;
		}
	}
	return NULL;
}

bool response_guarded(judge_t *judge, const knot_dname_t *name)
{
	bool guarded = policy_guarded(judge->policy, &judge->apex_mx, name);
	judge->limited |= !guarded && judge->apex_mx.rrs.count > POLICY_MX_MAX &&
	                  policy_may_guard(judge->policy, name);
	return guarded;
}

bool response_denies(const judge_t *judge)
{
	return judge->response->rcode == KNOT_RCODE_NXDOMAIN ||
	       response_item(judge->response, KNOT_AUTHORITY, KNOT_RRTYPE_SOA, NULL) != NULL;
}

bool response_has_data(const judge_t *judge)
{
	for (size_t i = 0; i < judge->verdict->add_count; i++) {
		if (judge->verdict->add[i].section == KNOT_ANSWER) {
			return true;
		}
	}
	for (size_t i = 0; i < judge->response->count; i++) {
		const policy_item_t *item = &judge->response->items[i];
		uint16_t type = item->rrset->type;
		if (item->section == KNOT_ANSWER && item->edit != EDIT_DROP &&
		    type != KNOT_RRTYPE_CNAME && type != KNOT_RRTYPE_DNAME &&
		    type != KNOT_RRTYPE_RRSIG) {
			return true;
		}
	}
	return false;
}
