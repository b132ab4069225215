/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What holds for every verdict, whatever the zone, the policy and the query.
 */

#undef NDEBUG

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/rrset.h"
#include "tests/unit/lib/fixture_policy.h"
#include "tests/unit/lib/memory.h"

/* What is being checked, for the message. */
typedef struct {
	const policy_t *policy;
	const policy_response_t *response;
	const policy_verdict_t *verdict;
} check_t;

static void hold(const check_t *check, bool holds, const char *what)
{
	if (holds) {
		return;
	}
	char before[TEXT_MAX], after[TEXT_MAX];
	knot_dname_txt_storage_t name;
	(void)knot_dname_to_str(name, check->response->qname, sizeof(name));
	verdict_text(before, check->policy, check->response, NULL);
	verdict_text(after, check->policy, check->response, check->verdict);
	print_error("%s TYPE%u\n%s--\n%s\n", name, check->response->qtype, before, after);
	fail_msg("%s", what);
}

static bool guarded(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                    const knot_dname_t *name)
{
	knot_rrset_t mx = { 0 };
	assert_int_equal(lookup(ctx, policy->zone, KNOT_RRTYPE_MX, &mx), KNOT_EOK);
	return policy_guarded(policy, &mx, name);
}

static bool is_address(uint16_t type)
{
	return type == KNOT_RRTYPE_A || type == KNOT_RRTYPE_AAAA;
}

/* The RRsets that a verdict made are well-formed. */
static void check_rrset(const check_t *check, const knot_rrset_t *rrset)
{
	hold(check, rrset->rrs.count > 0, "a new RRset is empty");
	hold(check, rrset->rclass == KNOT_CLASS_IN, "a new RRset is not of class IN");
	hold(check, rrset->ttl <= check->policy->ttl, "a TTL is above the limit");
	size_t size = 0;
	const knot_rdata_t *rdata = rrset->rrs.rdata, *last = NULL;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		hold(check, last == NULL || knot_rdata_cmp(last, rdata) < 0,
		     "RDATA are not in canonical order");
		size += knot_rdata_size(rdata->len);
		last = rdata;
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	hold(check, size == rrset->rrs.size, "an RRset's size is wrong");
}

static bool has_address(const knot_rrset_t *rrset, const finding_address_t *address)
{
	if (rrset == NULL || family_of_type(rrset->type) != address->family) {
		return false;
	}
	for_each_rdata(rdata, rrset) {
		if (memcmp(rdata->data, address->octets, rdata->len) == 0) {
			return true;
		}
	}
	return false;
}

/* True if an address is in an RRset that was made for the answer. */
static bool made(const policy_response_t *response, const policy_verdict_t *verdict,
                 const finding_address_t *address)
{
	bool found = false;
	for (size_t i = 0; i < response->count && !found; i++) {
		found = has_address(response->items[i].with, address);
	}
	for (size_t i = 0; i < verdict->add_count && !found; i++) {
		found = has_address(verdict->add[i].rrset, address);
	}
	return found;
}

static void check_edits(const check_t *check, policy_lookup_f lookup, void *ctx)
{
	const policy_verdict_t *verdict = check->verdict;
	bool changes = verdict->noerror;
	bool answer = changes;
	for (size_t i = 0; i < check->response->count; i++) {
		const policy_item_t *item = &check->response->items[i];
		hold(check, (item->with != NULL) == (item->edit == EDIT_REPLACE),
		     "an item and its edit don't fit");
		if (item->edit == EDIT_REPLACE) {
			check_rrset(check, item->with);
			hold(check, item->with->type == item->rrset->type &&
			     knot_dname_is_equal(item->with->owner, item->owner) &&
			     item->with->ttl <= item->rrset->ttl,
			     "an RRset in the place of another is not like it");
			hold(check, !is_address(item->with->type) ||
			     guarded(check->policy, lookup, ctx, item->owner),
			     "an address of a name that is not guarded was changed");
		}
		changes |= item->edit != EDIT_KEEP;
		answer |= item->edit != EDIT_KEEP && item->section != KNOT_ADDITIONAL;
	}
	for (size_t i = 0; i < verdict->add_count; i++) {
		const knot_rrset_t *rrset = verdict->add[i].rrset;
		check_rrset(check, rrset);
		hold(check, rrset->type == KNOT_RRTYPE_SOA ||
		     (is_address(rrset->type) &&
		      guarded(check->policy, lookup, ctx, rrset->owner)),
		     "something was added that is neither SOA nor address of a guarded host");
		changes = true;
		answer |= verdict->add[i].section != KNOT_ADDITIONAL;
	}
	hold(check, verdict->changes == changes, "changes is not true");
	hold(check, verdict->answer_changes == answer, "answer_changes is not true");
}

static void check_findings(const check_t *check)
{
	const policy_verdict_t *verdict = check->verdict;
	uint32_t rules = 0, actions = 0;
	for (size_t i = 0; i < verdict->finding_count; i++) {
		const finding_t *finding = &verdict->findings[i];
		rules |= 1U << finding->rule;
		actions |= 1U << finding->action;
		for (uint32_t j = 0; j < finding->answer_count && j < FINDING_ADDRESSES; j++) {
			hold(check, made(check->response, verdict, &finding->answer[j]),
			     "a finding names an address that is not answered");
		}
		hold(check, finding->family == 0 || finding->network.family == finding->family,
		     "a finding has half an address");
	}
	hold(check, (rules & ~verdict->rules) == 0 && (actions & ~verdict->actions) == 0,
	     "a finding is not in the verdict");
	hold(check, verdict->finding_count == POLICY_FINDINGS_MAX ||
	     (rules == verdict->rules && actions == verdict->actions),
	     "the verdict has what no finding says");
	hold(check, (verdict->rules & ~(1U << RULE_EXCHANGE_DELEGATED)) == 0 || verdict->changes,
	     "a finding changes nothing");
	hold(check, verdict->rules != 0 || !verdict->changes, "a change without a finding");
}

/* True if a CNAME was followed: not one that was asked for, unless it stands for a DNAME. */
static bool followed(const policy_response_t *response, size_t i)
{
	const policy_item_t *item = &response->items[i];
	if (item->section != KNOT_ANSWER || item->rrset->type != KNOT_RRTYPE_CNAME) {
		return false;
	}
	return response->qtype != KNOT_RRTYPE_CNAME &&
	       (response->qtype != KNOT_RRTYPE_ANY ||
	        (i > 0 && item[-1].rrset->type == KNOT_RRTYPE_DNAME));
}

/* Where the CNAMEs of a response end. */
static const knot_dname_t *chain_end(const policy_response_t *response, size_t *links)
{
	const knot_dname_t *name = response->qname;
	*links = 0;
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		if (followed(response, i) && knot_dname_is_equal(item->owner, name)) {
			name = knot_cname_name(item->rrset->rrs.rdata);
			(*links)++;
		}
	}
	return name;
}

/* An answer has data or an SOA; at the exchange and above it nothing is denied. */
static void check_negative(const check_t *check, const policy_response_t *result)
{
	size_t links, soas = 0;
	bool data = false, delegated = false;
	const knot_dname_t *end = chain_end(result, &links);
	for (size_t i = 0; i < result->count; i++) {
		const policy_item_t *item = &result->items[i];
		soas += item->section == KNOT_AUTHORITY && item->rrset->type == KNOT_RRTYPE_SOA;
		delegated |= item->section == KNOT_AUTHORITY && item->rrset->type == KNOT_RRTYPE_NS;
		data |= item->section == KNOT_ANSWER && knot_dname_is_equal(item->owner, end) &&
		        (item->rrset->type != KNOT_RRTYPE_DNAME ||
		         result->qtype == KNOT_RRTYPE_DNAME || result->qtype == KNOT_RRTYPE_ANY);
	}
	if (delegated || !name_in_zone(end, check->policy->zone)) {
		return;
	}
	hold(check, !data || soas == 0, "data and an SOA in one answer");
	hold(check, data || soas == 1 || links >= 5, "no data and no SOA");
	hold(check, result->rcode != KNOT_RCODE_NXDOMAIN ||
	     knot_dname_in_bailiwick(check->policy->exchange, end) < 0,
	     "the exchange is denied");
}

static bool referred(const policy_response_t *result, const knot_dname_t *name)
{
	for (size_t i = 0; i < result->count; i++) {
		const knot_rrset_t *rrset = result->items[i].rrset;
		knot_rdata_t *rdata = rrset->rrs.rdata;
		for (uint16_t j = 0; knot_rrtype_additional_needed(rrset->type) &&
		     j < rrset->rrs.count; j++) {
			if (knot_dname_is_equal(knot_rdata_name(rdata, rrset->type), name)) {
				return true;
			}
			rdata = knot_rdataset_next(rdata);
		}
	}
	return false;
}

static void check_result(const check_t *check, const policy_response_t *result,
                         policy_lookup_f lookup, void *ctx)
{
	for (size_t i = 0; i < result->count; i++) {
		const policy_item_t *item = &result->items[i];
		const knot_rrset_t *rrset = item->rrset;
		if (!is_address(rrset->type)) {
			continue;
		}
		hold(check, item->section != KNOT_ADDITIONAL || !check->verdict->changes ||
		     knot_dname_is_wildcard(item->owner) || referred(result, item->owner),
		     "an additional record that nothing calls for");
		for (uint16_t j = 0; j < rrset->rrs.count; j++) {
			const knot_rdata_t *rdata = knot_rdataset_at(&rrset->rrs, j);
			hold(check, !policy_proxied(check->policy, rdata->len == 4 ? 4 : 6,
			                            rdata->data, NULL) ||
			     !guarded(check->policy, lookup, ctx, item->owner),
			     "a proxied address of a guarded host");
		}
	}
}

static bool suspects(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                     const policy_response_t *response)
{
	knot_rrset_t rrsets[response->count + 1];
	for (size_t i = 0; i < response->count; i++) {
		rrsets[i] = *response->items[i].rrset;
	}
	return policy_suspects(policy, lookup, ctx, response->qname, rrsets, response->count);
}

void check_verdict(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                   const policy_response_t *response, const policy_verdict_t *verdict)
{
	check_t check = { policy, response, verdict };
	hold(&check, (!verdict->changes && verdict->rules == 0 && !verdict->unknown) ||
	     suspects(policy, lookup, ctx, response), "judged, but not suspected");
	hold(&check, response->rcode == KNOT_RCODE_NXDOMAIN || !verdict->noerror,
	     "NOERROR in the place of something else than NXDOMAIN");
	check_edits(&check, lookup, ctx);
	check_findings(&check);

	policy_item_t items[response->count + POLICY_ADD_MAX];
	policy_response_t result = repaired(response, verdict, items);
	check_result(&check, &result, lookup, ctx);
	if (response->complete && response->rcode <= KNOT_RCODE_NXDOMAIN) {
		check_negative(&check, &result);
	}

	policy_verdict_t again;
	assert_int_equal(policy_judge(policy, lookup, ctx, &result, &again, NULL), KNOT_EOK);
	check_t second = { policy, &result, &again };
	hold(&second, !again.changes && (again.rules & ~(1U << RULE_EXCHANGE_DELEGATED)) == 0,
	     "the repaired response is not good");
	policy_verdict_clear(&result, &again);
}

void check_memory(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                  policy_response_t *response)
{
	char whole[TEXT_MAX], text[TEXT_MAX];
	policy_verdict_t verdict;
	knot_mm_t *mm = memory_start(0, false);
	assert_int_equal(policy_judge(policy, lookup, ctx, response, &verdict, mm), KNOT_EOK);
	verdict_text(whole, policy, response, &verdict);
	size_t calls = memory_calls();
	assert_true(verdict.changes || calls == 0);
	policy_verdict_clear(response, &verdict);
	assert_int_equal(memory_live(), 0);

	for (size_t i = 0; i < 2 * calls; i++) {
		mm = memory_start(i / 2 + 1, i % 2 == 1);
		int ret = policy_judge(policy, lookup, ctx, response, &verdict, mm);
		assert_true(memory_failed());
		if (ret == KNOT_EOK) {
			verdict_text(text, policy, response, &verdict);
			assert_string_equal(text, whole);
		} else {
			assert_int_equal(ret, KNOT_ENOMEM);
		}
		policy_verdict_clear(response, &verdict);
		assert_int_equal(memory_live(), 0);
	}
}
