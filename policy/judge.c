/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The decision, in the order in which a response is judged: guarded hosts that are aliases, mail
 * targets, addresses of guarded hosts, the mail exchange, and then what has to be proven. Numbers
 * like 4.2 are the sections of the module's promise.
 */

#include <stdlib.h>
#include <string.h>

#include "dns/rrset.h"
#include "policy/denial.h"
#include "policy/host.h"
#include "policy/judge.h"

static bool is_exchange(const judge_t *judge, const knot_dname_t *name)
{
	return name_equal(name, judge->policy->exchange);
}

/* 4.4: the item is what a wildcard, which does not count as the exchange, has answered for it.
 * Where nothing can be looked up, only some RRsets still have the owner that they have in the
 * zone. */
static bool is_exchange_by_wildcard(judge_t *judge, const policy_item_t *item)
{
	return is_exchange(judge, item->owner) &&
	       (knot_dname_is_wildcard(item->rrset->owner) || response_exchange(judge)->covered);
}

static policy_item_t *alias_item(const judge_t *judge, size_t alias)
{
	return &judge->response->items[judge->aliases[alias]];
}

static const knot_dname_t *alias_owner(const judge_t *judge, size_t alias)
{
	return alias_item(judge, alias)->owner;
}

static const knot_dname_t *alias_target(const judge_t *judge, size_t alias)
{
	return knot_cname_name(alias_item(judge, alias)->rrset->rrs.rdata);
}

/* Follows the CNAMEs of the answer; knotd puts them in the order of the chain. */
static void find_aliases(judge_t *judge)
{
	const policy_response_t *response = judge->response;
	judge->terminal = response->qname;
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		if (item->section == KNOT_ANSWER && item->rrset->type == KNOT_RRTYPE_CNAME &&
		    judge->alias_count < JUDGE_ALIASES_MAX &&
		    name_equal(item->owner, judge->terminal)) {
			judge->aliases[judge->alias_count++] = i;
			judge->terminal = knot_cname_name(item->rrset->rrs.rdata);
		} else if (item->section == KNOT_AUTHORITY &&
		           item->rrset->type == KNOT_RRTYPE_NS) {
			judge->delegated = true;
		}
	}
}

/* Addresses of a name, as far as the response shows them in any section. */
static const knot_rrset_t *shown_addresses(judge_t *judge, const knot_dname_t *name, int family)
{
	item_search_t search = response_search(judge, name);
	for (policy_item_t *item; (item = response_next(&search)) != NULL;) {
		if (item->rrset->type == type_of_family(family)) {
			return item->rrset;
		}
	}
	return NULL;
}

/* What is known of the end of the aliases: from the response, else from the zone. */
typedef struct {
	host_t host;
	knot_rrset_t a;
	knot_rrset_t aaaa;
	bool known; /* There is an address. */
} alias_end_t;

/* The addresses that the response shows at the end of the aliases: in the answer, or as
 * glue where they end in a referral. What a wildcard has answered for the exchange are not
 * its addresses (4.4). */
static const knot_rrset_t *end_addresses(judge_t *judge, int family)
{
	const knot_rrset_t *rrset = shown_addresses(judge, judge->terminal, family);
	bool covered = rrset != NULL && is_exchange(judge, judge->terminal) &&
	               (knot_dname_is_wildcard(rrset->owner) || response_exchange(judge)->covered);
	return covered ? NULL : rrset;
}

static void find_end(judge_t *judge, alias_end_t *end)
{
	const knot_rrset_t *a = end_addresses(judge, 4);
	const knot_rrset_t *aaaa = end_addresses(judge, 6);
	response_host(judge, judge->terminal, &end->host);
	end->a = (a != NULL) ? *a : end->host.a;
	end->aaaa = (aaaa != NULL) ? *aaaa : end->host.aaaa;
	end->known = !knot_rrset_empty(&end->a) || !knot_rrset_empty(&end->aaaa);
}

/* 4.2: the aliases from this one on end in a proxied address or pass a proxy name. Those that lead
 * to the exchange end there, if a wildcard has answered for it (4.4). */
static bool leads_to_proxy(judge_t *judge, size_t alias, const alias_end_t *end,
                           finding_t *finding)
{
	const policy_t *policy = judge->policy;
	finding->target = alias_target(judge, alias);
	for (size_t i = alias; i < judge->alias_count; i++) {
		if (i > alias && is_exchange_by_wildcard(judge, alias_item(judge, i))) {
			return false;
		}
		if (names_cover(&policy->proxy_names, alias_target(judge, i))) {
			finding->target = alias_target(judge, i);
			return true;
		}
	}
	if (end->host.proxy_name || response_proxied(judge, &end->a, finding) ||
	    response_proxied(judge, &end->aaaa, finding)) {
		return true;
	}

	/* Before Knot DNS 3.4 other names can't be looked up. A web host serves the proxied site
	 * by definition; if its alias were kept, a cache would follow it to the proxy later on. */
	return end->host.state == HOST_BLIND && !end->known &&
	       names_match(&policy->web_hosts, judge->terminal);
}

/* True if the exchange can't exist in this zone: below a delegation or a DNAME, as far as that is
 * known. */
static bool is_exchange_elsewhere(judge_t *judge)
{
	const policy_response_t *response = judge->response;
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		if (item->section == KNOT_ANSWER && item->rrset->type == KNOT_RRTYPE_DNAME &&
		    knot_dname_in_bailiwick(judge->policy->exchange, item->owner) > 0) {
			return true;
		}
	}
	return response_exchange(judge)->elsewhere;
}

/* 4.4: the alias of the exchange ends in nothing. */
static bool leads_nowhere(judge_t *judge, const alias_end_t *end)
{
	const policy_response_t *response = judge->response;
	if (judge->delegated || !name_in_zone(judge->terminal, judge->policy->zone) ||
	    is_exchange_elsewhere(judge)) {
		return false;
	}
	if (response->rcode == KNOT_RCODE_NXDOMAIN ||
	    ((end->host.state == HOST_NONE || end->host.loop) && !end->known)) {
		return true;
	}
	for (size_t i = 0; i < judge->alias_count; i++) {
		if (name_equal(alias_owner(judge, i), judge->terminal)) {
			return true; /* A loop. */
		}
	}

	/* The other family can't be looked up: that there is nothing matters only if this one is
	 * all that the policy has. */
	int family = family_of_type(response->qtype);
	return end->host.state == HOST_BLIND && family != 0 && response_denies(judge) &&
	       policy_mail(judge->policy, family)->count > 0 &&
	       policy_mail(judge->policy, family == 4 ? 6 : 4)->count == 0;
}

/* Leaves out the aliases from this one on, what they led to, and what went along with that.
 * Returns their lowest TTL. */
static uint32_t drop_aliases(judge_t *judge, size_t alias)
{
	uint32_t ttl = UINT32_MAX;
	for (size_t i = alias; i < judge->alias_count; i++) {
		const knot_rrset_t *cname = alias_item(judge, i)->rrset;
		ttl = (cname->ttl < ttl) ? cname->ttl : ttl;
	}

	policy_response_t *response = judge->response;
	size_t first = judge->aliases[alias];
	if (first > 0) { /* The DNAME that the CNAME was made from stands before it. */
		const policy_item_t *before = &response->items[first - 1];
		if (before->section == KNOT_ANSWER && before->rrset->type == KNOT_RRTYPE_DNAME &&
		    knot_dname_in_bailiwick(alias_owner(judge, alias), before->owner) > 0) {
			first--;
		}
	}
	for (size_t i = first; i < response->count; i++) {
		policy_item_t *item = &response->items[i];
		uint16_t type = item->rrset->type;
		bool keep = type == KNOT_RRTYPE_OPT || type == KNOT_RRTYPE_TSIG ||
		            (type == KNOT_RRTYPE_SOA && item->section == KNOT_AUTHORITY);
		for (size_t j = 0; j < alias && type == KNOT_RRTYPE_RRSIG && !keep; j++) {
			keep = name_equal(item->owner, alias_owner(judge, j));
		}
		if (!keep) {
			response_edit(judge, item, NULL);
		}
	}
	return ttl;
}

static bool is_asked_for(const judge_t *judge, int family)
{
	uint16_t qtype = judge->response->qtype;
	return qtype == KNOT_RRTYPE_ANY || qtype == type_of_family(family);
}

/* The addresses that a guarded name is answered with in a family, or NULL. */
static knot_rrset_t *served_rrset(judge_t *judge, const knot_dname_t *owner, int family,
                                  const host_t *host, uint32_t ttl)
{
	switch (host_serves(judge->policy, host, is_exchange(judge, owner), family)) {
	case HOST_SERVES_DIRECT:
		return response_direct_rrset(judge, owner, family == 4 ? &host->a : &host->aaaa,
		                             ttl);
	case HOST_SERVES_MAIL:
		return response_mail_rrset(judge, owner, family, ttl);
	default:
		return NULL;
	}
}

/* The same, if the query asks for them. */
static knot_rrset_t *asked_rrset(judge_t *judge, const knot_dname_t *owner, int family,
                                 const host_t *host, uint32_t ttl)
{
	return is_asked_for(judge, family) ? served_rrset(judge, owner, family, host, ttl) : NULL;
}

/* Answers with addresses at the owner of an alias, instead of the alias. */
static void flatten(judge_t *judge, size_t alias, const alias_end_t *end, finding_t *finding)
{
	uint32_t ttl = drop_aliases(judge, alias);
	if (end->host.alias && end->host.ttl < ttl) {
		ttl = end->host.ttl;
	}
	judge->flattened = true;
	judge->terminal = finding->owner;
	judge->delegated = false;

	/* What replaces an alias that must not be followed. */
	host_t host = end->host;
	host.alias = host.proxy_name = true;
	host.a = end->a;
	host.aaaa = end->aaaa;
	if (is_exchange_by_wildcard(judge, alias_item(judge, alias))) {
		memset(&host.a, 0, sizeof(host.a));
		memset(&host.aaaa, 0, sizeof(host.aaaa));
	}
	knot_rrset_t *a = asked_rrset(judge, finding->owner, 4, &host, ttl);
	knot_rrset_t *aaaa = asked_rrset(judge, finding->owner, 6, &host, ttl);
	bool positive = (a != NULL || aaaa != NULL);
	response_answered(finding, a);
	response_answered(finding, aaaa);
	judge->negative |= !positive;
	if (positive) {
		response_drop_authority(judge);
		response_add(judge, KNOT_ANSWER, a);
		response_add(judge, KNOT_ANSWER, aaaa);
	}
	if (judge->response->rcode == KNOT_RCODE_NXDOMAIN) {
		response_noerror(judge);
	}

	if (finding->rule == RULE_MISSING_TARGET) {
		finding->action = ACTION_SYNTHESIZED;
	} else {
		finding->action = positive ? ACTION_REPLACED : ACTION_EMPTIED;
	}
	response_finding(judge, finding);
}

/* 4.2 and 4.4: guarded hosts that are aliases (CNAME, DNAME). */
static void judge_aliases(judge_t *judge)
{
	alias_end_t end;
	bool found = false;
	for (size_t i = 0; i < judge->alias_count && !judge->flattened; i++) {
		const knot_dname_t *owner = alias_owner(judge, i);
		if (!response_guarded(judge, owner)) {
			continue;
		}
		finding_t finding = { .rule = RULE_PROXIED_ALIAS, .section = KNOT_ANSWER,
		                      .owner = owner, .type = judge->response->qtype };
		if (!found) {
			find_end(judge, &end);
			found = true;
		}
		if (leads_to_proxy(judge, i, &end, &finding)) {
			flatten(judge, i, &end, &finding);
			continue;
		}
		finding.wildcard = is_exchange_by_wildcard(judge, alias_item(judge, i));
		if (finding.wildcard ||
		    (is_exchange(judge, finding.owner) && leads_nowhere(judge, &end))) {
			finding.rule = RULE_MISSING_TARGET;
			flatten(judge, i, &end, &finding);
		}
	}
}

/* Octets before the name in the RDATA: preference; priority, weight and port. */
static size_t fixed_size(uint16_t type)
{
	return type == KNOT_RRTYPE_MX ? 2 : 6;
}

/* Where the response had no room, knotd leaves out a target's RRset, A before AAAA, and goes on
 * with the next target. So only after an AAAA RRset nothing of a target can be missing. */
static bool is_whole(const policy_response_t *response, const policy_item_t *item)
{
	return response->additional_complete || item->rrset->type == KNOT_RRTYPE_AAAA;
}

/* Looks for a proxied address of a name in the response. The name is shown if it has addresses
 * there, all that it has. */
static bool shown_proxied(judge_t *judge, const knot_dname_t *name, bool *shown,
                          finding_t *finding)
{
	item_search_t search = response_search(judge, name);
	for (policy_item_t *item; (item = response_next(&search)) != NULL;) {
		if (family_of_type(item->rrset->type) != 0) {
			*shown |= is_whole(judge->response, item);
			if (response_proxied(judge, item->rrset, finding)) {
				return true;
			}
		}
	}
	return false;
}

/* True if what the response shows of a target are all its addresses. The server puts AAAA last, and
 * leaves out an RRset that has no room, however much of it is left for smaller ones. */
static bool shows_all(judge_t *judge, const knot_dname_t *target)
{
	knot_rrset_t aaaa = { 0 };
	return shown_addresses(judge, target, 6) != NULL ||
	       (judge->lookup(judge->ctx, target, KNOT_RRTYPE_AAAA, &aaaa) == KNOT_EOK &&
	        knot_rrset_empty(&aaaa));
}

/* 4.3 for a target in the zone that is not guarded. True: it is steered, for the finding's rule. */
static bool steer_in_zone(judge_t *judge, const knot_dname_t *target, finding_t *finding)
{
	bool shown = false;
	finding->rule = RULE_PROXIED_TARGET;
	if (shown_proxied(judge, target, &shown, finding)) {
		return true;
	} else if (shown && shows_all(judge, target)) {
		return false;
	}

	host_t host;
	response_host(judge, target, &host);
	if (host.alias) {
		finding->rule = RULE_PROXIED_ALIAS;
	}
	switch (host.state) {
	case HOST_FOUND:
		return response_proxied(judge, &host.a, finding) ||
		       response_proxied(judge, &host.aaaa, finding);
	case HOST_NONE:
		finding->rule = RULE_MISSING_TARGET;
		return !shown && !name_equal(host.end, judge->policy->exchange);
	case HOST_BLIND:
		/* What was found before a limit counts. */
		if (response_proxied(judge, &host.a, finding) ||
		    response_proxied(judge, &host.aaaa, finding)) {
			return true;
		}
		/* Its additional records may have been left out for lack of room. */
		judge->verdict->unknown |= (!shown && !judge->response->additional_complete);
		/* At the apex, a target that is not guarded is a web host, a wildcard, or comes
		 * after POLICY_MX_MAX others. Without an address to show it is an alias: it leads
		 * to the web site, and so to the proxy. Where only a limit kept it from being
		 * followed, that is not certain. */
		if (!shown && judge->response->additional_complete && judge->budget > 0 &&
		    name_equal(finding->owner, judge->policy->zone)) {
			return true;
		}
		break;
	default:
		break;
	}
	return host.proxy_name || (!shown && names_cover(&judge->policy->proxy_names, target));
}

/* The first targets of the MX RRset at the apex are guarded because they are in it: no need to look
 * for each among all of them. Others are like targets of any other owner. */
static bool is_guarded(judge_t *judge, const policy_item_t *item, uint16_t i,
                       const knot_dname_t *target)
{
	if (item->rrset->rrs.rdata != judge->apex_mx.rrs.rdata) {
		return response_guarded(judge, target);
	} else if (i < POLICY_MX_MAX && !knot_dname_is_wildcard(target)) {
		return policy_may_guard(judge->policy, target);
	}
	return policy_guarded(judge->policy, &(knot_rrset_t){ .type = KNOT_RRTYPE_MX }, target);
}

/* What the response shows of the addresses of a name. */
typedef enum {
	SHOWN_NOTHING,
	SHOWN_ADDRESS,
	SHOWN_DIRECT,
} shown_t;

static shown_t find_shown(judge_t *judge, const knot_dname_t *name)
{
	shown_t shown = SHOWN_NOTHING;
	item_search_t search = response_search(judge, name);
	for (policy_item_t *item; (item = response_next(&search)) != NULL;) {
		int family = family_of_type(item->rrset->type);
		if (family == 0 || knot_rrset_empty(item->rrset)) {
			continue;
		}
		shown = SHOWN_ADDRESS; /* One in each RRset is enough, nearly always. */
		if (!policy_proxied(judge->policy, family, item->rrset->rrs.rdata->data, NULL)) {
			return SHOWN_DIRECT;
		}
	}
	return shown;
}

/* 4.3 for a guarded target: it is certain that it has no address, after what 4.1 does. Most have a
 * direct one next to the MX RRset. */
static bool is_missing(judge_t *judge, const knot_dname_t *target)
{
	const policy_t *policy = judge->policy;
	shown_t shown = find_shown(judge, target);
	if (shown == SHOWN_DIRECT || is_exchange(judge, target)) {
		return false; /* The exchange always resolves. */
	}
	host_t host;
	response_host(judge, target, &host);
	if (name_equal(host.end, policy->exchange)) {
		return false;
	} else if (host.state == HOST_NONE) {
		return shown == SHOWN_NOTHING; /* Other modules may know addresses. */
	}
	/* Without any mail address nothing could be enforced; with some, proxied ones are
	 * replaced. */
	return host.state == HOST_FOUND && policy->mail4.count + policy->mail6.count > 0 &&
	       host_serves(policy, &host, false, 4) == HOST_SERVES_NOTHING &&
	       host_serves(policy, &host, false, 6) == HOST_SERVES_NOTHING;
}

static bool steer(judge_t *judge, const policy_item_t *item, uint16_t i,
                  const knot_dname_t *target, finding_t *finding)
{
	if (*target == '\0') {
		return false;
	} else if (is_guarded(judge, item, i, target)) {
		finding->rule = RULE_MISSING_TARGET;
		return is_missing(judge, target);
	}
	if (name_in_zone(target, judge->policy->zone)) {
		return steer_in_zone(judge, target, finding);
	}
	finding->rule = RULE_PROXIED_TARGET;
	return names_cover(&judge->policy->proxy_names, target);
}

/* An RR to be in the new RRset. */
typedef struct {
	const uint8_t *fixed;       /* Preference, or priority, weight and port. */
	const knot_dname_t *target; /* After steering. */
	size_t size;                /* Of the target. */
	const uint8_t *port;        /* Of SRV. */
	size_t port_size;
} rr_t;

static int merge_cmp(const void *a, const void *b)
{
	const rr_t *x = a, *y = b;
	int cmp = (x->size > y->size) - (x->size < y->size);
	if (cmp == 0 && x->target != y->target) {
		cmp = memcmp(x->target, y->target, x->size);
	}
	if (cmp == 0) {
		cmp = memcmp(x->port, y->port, x->port_size);
	}
	return cmp != 0 ? cmp : (x->fixed > y->fixed) - (x->fixed < y->fixed);
}

static bool merges(const rr_t *a, const rr_t *b)
{
	return memcmp(a->port, b->port, a->port_size) == 0 && name_equal(a->target, b->target);
}

/* Makes the RRset again. RRs come in canonical order, so the first of equal ones has the lowest
 * preference or priority. */
static knot_rrset_t *build(judge_t *judge, const policy_item_t *item, rr_t *rrs, size_t count)
{
	uint16_t type = item->rrset->type;
	size_t merged = 0, space = 0;
	qsort(rrs, count, sizeof(*rrs), merge_cmp);
	for (size_t i = 0; i < count; i++) {
		if (merged == 0 || !merges(&rrs[merged - 1], &rrs[i])) {
			rrs[merged++] = rrs[i];
			space += fixed_size(type) + rrs[i].size;
		}
	}

	knot_rrset_t *rrset = NULL;
	rdata_ref_t *refs = response_alloc(judge, merged * sizeof(*refs));
	uint8_t *data = response_alloc(judge, space);
	if (refs != NULL && data != NULL) {
		uint8_t *end = data;
		for (size_t i = 0; i < merged; i++) {
			size_t fixed = fixed_size(type), name = rrs[i].size;
			memcpy(end, rrs[i].fixed, fixed);
			memcpy(end + fixed, rrs[i].target, name);
			refs[i] = (rdata_ref_t){ end, fixed + name };
			end += fixed + name;
		}
		rrset = response_rrset(judge, item->owner, type, item->rrset->ttl, refs, merged);
	}
	response_free(judge, data);
	response_free(judge, refs);
	return rrset;
}

/* The RRs of an RRset as they are, in memory to be freed. */
static rr_t *copy_rrs(judge_t *judge, const knot_rrset_t *rrset)
{
	rr_t *rrs = response_alloc(judge, rrset->rrs.count * sizeof(*rrs));
	knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count && rrs != NULL; i++) {
		rrs[i] = (rr_t){ rdata->data, knot_rdata_name(rdata, rrset->type),
		                 rdata->len - fixed_size(rrset->type), rdata->data + 4,
		                 rrset->type == KNOT_RRTYPE_SRV ? 2 : 0 };
		rdata = knot_rdataset_next(rdata);
	}
	return rrs;
}

/* True: the RRset was changed. */
static bool judge_rrset_targets(judge_t *judge, policy_item_t *item)
{
	const knot_rrset_t *rrset = item->rrset;
	const knot_dname_t *exchange = judge->policy->exchange;
	rr_t *rrs = NULL; /* Only allocated once a target is steered. */
	knot_rdata_t *rdata = rrset->rrs.rdata;
	finding_t finding = { .action = ACTION_STEERED, .section = item->section,
	                      .owner = item->owner, .type = rrset->type, .answer_name = exchange };
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		finding.target = knot_rdata_name(rdata, rrset->type);
		finding.family = 0;
		if (steer(judge, item, i, finding.target, &finding)) {
			if (rrs == NULL && is_exchange_elsewhere(judge)) { /* Once is enough. */
				finding.rule = RULE_EXCHANGE_DELEGATED;
				finding.action = ACTION_LOGGED;
				response_finding(judge, &finding);
				return false;
			}
			response_finding(judge, &finding);
			if (rrs == NULL && (rrs = copy_rrs(judge, rrset)) == NULL) {
				return false;
			}
			rrs[i].target = exchange;
			rrs[i].size = knot_dname_size(exchange);
		}
		rdata = knot_rdataset_next(rdata);
	}
	if (rrs == NULL) {
		return false;
	}

	knot_rrset_t *with = build(judge, item, rrs, rrset->rrs.count);
	response_free(judge, rrs);
	if (with != NULL) {
		response_edit(judge, item, with);
	}
	return with != NULL;
}

/* As many targets as most responses have: these are found without an index. */
#define TARGETS_FEW 16

/* Targets of RRsets; zeroed is none. */
typedef struct {
	const knot_dname_t *few[TARGETS_FEW];
	size_t few_count;
	name_index_t further;
} targets_t;

/* Adds the targets of an RRset. */
static void add_targets(judge_t *judge, targets_t *targets, const knot_rrset_t *rrset)
{
	for_each_rdata(rdata, rrset) {
		const knot_dname_t *target = knot_rdata_name(rdata, rrset->type);
		if (targets->few_count < TARGETS_FEW) {
			targets->few[targets->few_count++] = target;
		} else if (name_index_add(&targets->further, target) == NAME_INDEX_NONE) {
			judge->error = KNOT_ENOMEM;
		}
	}
}

static bool has_target(const targets_t *targets, const knot_dname_t *name)
{
	for (size_t i = 0; i < targets->few_count; i++) {
		if (name_equal(targets->few[i], name)) {
			return true;
		}
	}
	return name_index_find(&targets->further, name) != NAME_INDEX_NONE;
}

/* The RRset has targets that additional addresses are for. */
static bool has_targets(const knot_rrset_t *rrset)
{
	return rrset->type == KNOT_RRTYPE_MX || rrset->type == KNOT_RRTYPE_SRV ||
	       rrset->type == KNOT_RRTYPE_NS;
}

/* Leaves out the additional addresses of the targets of an RRset, but for those of others. */
static void drop_addresses(judge_t *judge, const knot_rrset_t *rrset, const targets_t *others)
{
	for_each_rdata(rdata, rrset) {
		item_search_t search = response_search(judge, knot_rdata_name(rdata, rrset->type));
		for (policy_item_t *item; (item = response_next(&search)) != NULL;) {
			if (item->section == KNOT_ADDITIONAL &&
			    family_of_type(item->rrset->type) != 0 &&
			    !has_target(others, item->owner)) {
				response_edit(judge, item, NULL);
			}
		}
	}
}

/* Leaves out additional addresses that only a removed target had called for. */
static void drop_additional(judge_t *judge)
{
	policy_response_t *response = judge->response;
	targets_t left = { .few_count = 0 };
	for (size_t i = 0; i < response->count; i++) {
		const knot_rrset_t *rrset = item_rrset(&response->items[i]);
		if (rrset != NULL && has_targets(rrset)) {
			add_targets(judge, &left, rrset);
		}
	}
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		if (item->edit != EDIT_KEEP && has_targets(item->rrset)) {
			drop_addresses(judge, item->rrset, &left);
		}
	}
	name_index_clear(&left.further);
}

static void add_exchange_family(judge_t *judge, const host_t *host, int family)
{
	const knot_dname_t *exchange = judge->policy->exchange;
	const knot_rrset_t *own = (family == 4) ? &host->a : &host->aaaa;
	if (shown_addresses(judge, exchange, family) != NULL) {
		return;
	}
	uint32_t ttl = host->alias ? host->ttl : UINT32_MAX;
	if (!host->alias && !knot_rrset_empty(own) && own->ttl < ttl) {
		ttl = own->ttl;
	}
	response_add(judge, KNOT_ADDITIONAL, served_rrset(judge, exchange, family, host, ttl));
}

/* Adds the addresses of the exchange, where they are known and not there already. */
static void add_exchange(judge_t *judge)
{
	host_t host = *response_exchange(judge);
	bool dead = host.state == HOST_NONE || host.loop;
	if (host.state != HOST_FOUND && !dead && !host.proxy_name) {
		return;
	}
	bool proxied = response_proxied(judge, &host.a, NULL) ||
	               response_proxied(judge, &host.aaaa, NULL);
	if (host.alias && host.state == HOST_FOUND && !proxied) {
		return; /* Answered as the alias it is. */
	}
	add_exchange_family(judge, &host, 4);
	add_exchange_family(judge, &host, 6);
}

/* The SRV RRset is that of a mail service, or an alias of one has led to it. */
static bool is_mail_service(const judge_t *judge, const policy_item_t *item)
{
	return policy_mail_service(judge->policy, item->owner) ||
	       (judge->alias_count > 0 && item->section == KNOT_ANSWER &&
	        name_equal(item->owner, judge->terminal) &&
	        policy_mail_service(judge->policy, judge->response->qname));
}

/* 4.3: exchanges of MX, targets of mail SRV, and their additional records. */
static void judge_targets(judge_t *judge)
{
	bool changed = false;
	for (size_t i = 0; i < judge->response->count; i++) {
		policy_item_t *item = &judge->response->items[i];
		if (item->edit != EDIT_KEEP) {
			continue;
		}
		if (item->rrset->type == KNOT_RRTYPE_MX ||
		    (item->rrset->type == KNOT_RRTYPE_SRV && is_mail_service(judge, item))) {
			changed |= judge_rrset_targets(judge, item);
		}
	}
	if (changed) {
		drop_additional(judge);
		add_exchange(judge);
	}
}

/* What is known of a guarded host whose addresses of one family the response has. */
static void find_shown_host(judge_t *judge, const policy_item_t *item, host_t *host)
{
	const knot_rrset_t *rrset = item->rrset;
	if (is_exchange(judge, item->owner)) {
		*host = *response_exchange(judge);
	} else {
		response_host(judge, item->owner, host);
	}
	if (host->alias) { /* Not so for another module. */
		memset(&host->a, 0, sizeof(host->a));
		memset(&host->aaaa, 0, sizeof(host->aaaa));
		host->alias = host->proxy_name = false;
	}
	*(family_of_type(rrset->type) == 4 ? &host->a : &host->aaaa) = *rrset;
	if (host->state != HOST_BLIND) {
		host->state = HOST_FOUND;
	}
}

/* ANY asks for all types, and knotd answers with one RRset: where that had to be left out, the
 * host may still have addresses of the other family. */
static knot_rrset_t *other_family(judge_t *judge, const policy_item_t *emptied, const host_t *host)
{
	int family = (family_of_type(emptied->rrset->type) == 4) ? 6 : 4;
	const knot_rrset_t *own = (family == 4) ? &host->a : &host->aaaa;
	if (judge->response->qtype != KNOT_RRTYPE_ANY ||
	    response_item(judge->response, KNOT_ANSWER, type_of_family(family), emptied->owner)) {
		return NULL;
	}
	return served_rrset(judge, emptied->owner, family, host,
	                    knot_rrset_empty(own) ? judge->policy->ttl : own->ttl);
}

/* True if a record is glue that the delegated zone itself answers, from this very server: by its
 * own policy, perhaps with something else. */
static bool is_answered_by_child(const judge_t *judge, const policy_item_t *item,
                                 const host_t *host)
{
	const policy_response_t *response = judge->response;
	if (item->section != KNOT_ADDITIONAL || !host->elsewhere || response->serves == NULL) {
		return false;
	}
	const knot_dname_t *name = item->owner;
	while (!name_equal(name, judge->policy->zone) &&
	       !response->serves(judge->zone_ctx, name)) {
		name += 1 + *name;
	}
	return !name_equal(name, judge->policy->zone);
}

/* 4.1: addresses of a guarded host, in any section. */
static void replace_addresses(judge_t *judge, policy_item_t *item, finding_t *finding)
{
	const knot_rrset_t *rrset = item->rrset;
	int family = family_of_type(rrset->type);
	bool answer = (item->section == KNOT_ANSWER);
	knot_rrset_t *with = NULL;
	if (answer) { /* With a direct address there, nothing else matters. */
		with = response_direct_rrset(judge, item->owner, rrset, rrset->ttl);
	}
	if (with != NULL) {
		finding->action = ACTION_STRIPPED;
		response_edit(judge, item, with);
		response_answered(finding, with);
		response_finding(judge, finding);
		return;
	}
	host_t host;
	find_shown_host(judge, item, &host);
	with = is_answered_by_child(judge, item, &host) ? NULL
	                   : served_rrset(judge, item->owner, family, &host, rrset->ttl);
	if (with == NULL) {
		finding->action = ACTION_EMPTIED;
		judge->negative |= answer;
	} else {
		finding->action = host_serves(judge->policy, &host, false, family) ==
		                  HOST_SERVES_DIRECT ? ACTION_STRIPPED : ACTION_REPLACED;
	}
	response_edit(judge, item, with);
	if (with == NULL && answer) {
		with = other_family(judge, item, &host);
		response_add(judge, KNOT_ANSWER, with);
	}
	response_answered(finding, with);
	response_finding(judge, finding);
}

static void judge_addresses(judge_t *judge)
{
	for (size_t i = 0; i < judge->response->count; i++) {
		policy_item_t *item = &judge->response->items[i];
		if (item->edit != EDIT_KEEP || family_of_type(item->rrset->type) == 0 ||
		    !response_proxied(judge, item->rrset, NULL) ||
		    !response_guarded(judge, item->owner)) {
			continue;
		}
		finding_t finding = { .rule = RULE_PROXIED_HOST, .section = item->section,
		                      .owner = item->owner, .type = item->rrset->type };
		(void)response_proxied(judge, item->rrset, &finding);
		replace_addresses(judge, item, &finding);
	}
}

/* True if the answer has data at a name; a DNAME there is about the names below it. */
static bool answer_has(const judge_t *judge, const knot_dname_t *owner)
{
	for (size_t i = 0; i < judge->response->count; i++) {
		const policy_item_t *item = &judge->response->items[i];
		if (item->section == KNOT_ANSWER && item->rrset->type != KNOT_RRTYPE_DNAME &&
		    name_equal(item->owner, owner)) {
			return true;
		}
	}
	return false;
}

/* True if an RRset has the mail addresses of its family, and no others. */
static bool is_mail_rrset(const judge_t *judge, const knot_rrset_t *rrset)
{
	int family = family_of_type(rrset->type);
	size_t size = (family == 4) ? 4 : 16;
	const addresses_t *mail = policy_mail(judge->policy, family);
	knot_rdata_t *rdata = rrset->rrs.rdata;
	bool same = family != 0 && mail->count == rrset->rrs.count;
	for (uint16_t i = 0; i < rrset->rrs.count && same; i++) {
		same = false;
		for (size_t j = 0; j < mail->count && !same; j++) {
			same = memcmp(mail->at + j * size, rdata->data, size) == 0;
		}
		rdata = knot_rdataset_next(rdata);
	}
	return same;
}

/* True if the item, in this section, has to be left out because it is a wildcard's. Notes a proxied
 * address. */
static bool is_wildcards_data(judge_t *judge, const policy_item_t *item, knot_section_t section,
                              finding_t *finding)
{
	uint16_t type = item->rrset->type;
	if (item->section != section || item->edit != EDIT_KEEP || type == KNOT_RRTYPE_RRSIG ||
	    !is_exchange_by_wildcard(judge, item) || is_mail_rrset(judge, item->rrset)) {
		return false;
	}
	if (family_of_type(type) != 0 && response_proxied(judge, item->rrset, finding)) {
		finding->rule = RULE_PROXIED_HOST;
		finding->action = ACTION_REPLACED;
	}
	return true;
}

/* True if the response has anything of the exchange. */
static bool shows_exchange(const judge_t *judge)
{
	for (size_t i = 0; i < judge->response->count; i++) {
		if (is_exchange(judge, judge->response->items[i].owner)) {
			return true;
		}
	}
	return false;
}

static const host_t no_host = { .state = HOST_NONE };

/* 4.4: what a wildcard has answered for the exchange is replaced by the mail addresses; of all
 * other types there is nothing. */
static void judge_wildcard_answer(judge_t *judge)
{
	policy_response_t *response = judge->response;
	const knot_dname_t *exchange = judge->policy->exchange;
	finding_t finding = { .rule = RULE_MISSING_TARGET, .action = ACTION_SYNTHESIZED,
	                      .section = KNOT_ANSWER, .owner = exchange, .type = response->qtype,
	                      .wildcard = true };
	bool found = false;
	uint32_t ttl = judge->policy->ttl;
	for (size_t i = 0; i < response->count; i++) {
		policy_item_t *item = &response->items[i];
		if (is_wildcards_data(judge, item, KNOT_ANSWER, &finding)) {
			found = true;
			ttl = item->rrset->ttl < ttl ? item->rrset->ttl : ttl;
			response_edit(judge, item, NULL);
		}
	}
	if (!found) {
		return;
	}
	for (size_t i = 0; i < response->count; i++) { /* The addresses of its targets. */
		policy_item_t *item = &response->items[i];
		if (item->section == KNOT_ADDITIONAL && family_of_type(item->rrset->type) != 0) {
			response_edit(judge, item, NULL);
		}
	}

	knot_rrset_t *a = asked_rrset(judge, exchange, 4, &no_host, ttl);
	knot_rrset_t *aaaa = asked_rrset(judge, exchange, 6, &no_host, ttl);
	response_answered(&finding, a);
	response_answered(&finding, aaaa);
	if (finding.answer_count > 0) {
		response_drop_authority(judge);
		response_add(judge, KNOT_ANSWER, a);
		response_add(judge, KNOT_ANSWER, aaaa);
	} else {
		judge->negative = true;
		finding.action = finding.rule == RULE_PROXIED_HOST ? ACTION_EMPTIED
		                                                   : finding.action;
	}
	response_finding(judge, &finding);
}

/* The same for additional records. */
static void judge_wildcard_additional(judge_t *judge)
{
	const knot_dname_t *exchange = judge->policy->exchange;
	for (size_t i = 0; i < judge->response->count; i++) {
		policy_item_t *item = &judge->response->items[i];
		int family = family_of_type(item->rrset->type);
		if (family == 0 || !is_exchange(judge, item->owner)) {
			continue;
		}
		finding_t finding = { .rule = RULE_MISSING_TARGET, .action = ACTION_SYNTHESIZED,
		                      .section = KNOT_ADDITIONAL, .owner = exchange,
		                      .type = item->rrset->type, .wildcard = true };
		if (is_wildcards_data(judge, item, KNOT_ADDITIONAL, &finding)) {
			knot_rrset_t *with = served_rrset(judge, exchange, family, &no_host,
			                                  item->rrset->ttl);
			response_answered(&finding, with);
			finding.action = with != NULL ? finding.action : ACTION_EMPTIED;
			response_edit(judge, item, with);
			response_finding(judge, &finding);
		}
	}
}

/* 4.4: the exchange always resolves, and nothing above it is denied. */
static void judge_exchange(judge_t *judge)
{
	const policy_response_t *response = judge->response;
	const knot_dname_t *exchange = judge->policy->exchange;
	const knot_dname_t *name = judge->terminal;
	bool nxdomain = (response->rcode == KNOT_RCODE_NXDOMAIN);
	if (!response->complete || judge->flattened || judge->delegated ||
	    !response_denies(judge) ||
	    knot_dname_in_bailiwick(exchange, name) < 0 ||
	    !name_in_zone(name, judge->policy->zone) || answer_has(judge, name)) {
		return;
	}

	knot_rrset_t *a = NULL, *aaaa = NULL;
	if (name_equal(name, exchange) && !is_exchange_elsewhere(judge)) {
		host_t host = *response_exchange(judge);
		if (nxdomain) {
			host.state = HOST_NONE;
		}
		a = asked_rrset(judge, exchange, 4, &host, judge->policy->ttl);
		aaaa = asked_rrset(judge, exchange, 6, &host, judge->policy->ttl);
	}
	bool positive = (a != NULL || aaaa != NULL);
	if (!positive && !nxdomain) {
		return;
	}

	finding_t finding = { .rule = RULE_MISSING_TARGET, .action = ACTION_SYNTHESIZED,
	                      .section = KNOT_ANSWER, .owner = name, .type = response->qtype };
	response_answered(&finding, a);
	response_answered(&finding, aaaa);
	response_finding(judge, &finding);
	if (nxdomain) {
		response_noerror(judge);
	}
	if (positive) {
		response_drop_authority(judge);
		response_add(judge, KNOT_ANSWER, a);
		response_add(judge, KNOT_ANSWER, aaaa);
	}
	judge->negative = !positive;
}

/* Leaves out signatures of what changed. */
static void drop_signatures(judge_t *judge)
{
	policy_response_t *response = judge->response;
	for (size_t i = 0; i < response->count; i++) {
		policy_item_t *sig = &response->items[i];
		uint16_t covered = rrsig_covered(sig->rrset);
		if (covered == 0 || sig->edit != EDIT_KEEP) {
			continue;
		}
		item_search_t search = response_search(judge, sig->owner);
		for (policy_item_t *item; (item = response_next(&search)) != NULL;) {
			if (item->edit != EDIT_KEEP && item->section == sig->section &&
			    item->rrset->type == covered) {
				response_edit(judge, sig, NULL);
				break;
			}
		}
	}
}

/* So many labels of a name that is looked up, after the first, and so many RRs that are found, cost
 * as much as a look-up. */
#define LOOKUP_LABELS 3
#define LOOKUP_RRS    8

/* Names and aliases can be made to need very many look-ups. A zone that does that to its own
 * answers must not hold up the other zones of its server: after so many, nothing more can be
 * known. */
static int limited_lookup(void *ctx, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out)
{
	judge_t *judge = ctx;
	/* The apex can always be looked up. */
	if (judge->budget == 0 && !name_equal(owner, judge->policy->zone)) {
		judge->limited = true;
		return KNOT_ELIMIT;
	}
	int ret = judge->zone_lookup(judge->zone_ctx, owner, type, out);
	if (ret == KNOT_EOK || ret == KNOT_ENONODE) { /* Else nothing was looked for. */
		size_t cost = (2 + (size_t)name_labels(owner)) / LOOKUP_LABELS +
		              (ret == KNOT_EOK ? out->rrs.count / LOOKUP_RRS : 0);
		judge->budget -= cost < judge->budget ? cost : judge->budget;
	}
	return ret;
}

static size_t lookup_budget(const policy_response_t *response)
{
	size_t targets = 0;
	for (size_t i = 0; i < response->count; i++) {
		const knot_rrset_t *rrset = response->items[i].rrset;
		if (rrset->type == KNOT_RRTYPE_MX || rrset->type == KNOT_RRTYPE_SRV) {
			targets += rrset->rrs.count;
		}
	}
	return POLICY_LOOKUPS + targets * POLICY_LOOKUPS_TARGET;
}

/* Begins to judge: nothing is edited yet. */
static void begin(judge_t *judge, const policy_t *policy, policy_lookup_f lookup, void *ctx,
                  policy_response_t *response, policy_verdict_t *verdict, knot_mm_t *mm)
{
	policy_verdict_begin(verdict, mm);
	for (size_t i = 0; i < response->count; i++) {
		response->items[i].edit = EDIT_KEEP;
		response->items[i].with = NULL;
		response->items[i].encloser = POLICY_OWN;
		response->items[i].sigs = NULL;
	}

	memset(judge, 0, offsetof(judge_t, exchange));
	judge->policy = policy;
	judge->lookup = limited_lookup;
	judge->ctx = judge;
	judge->response = response;
	judge->verdict = verdict;
	judge->apex_mx = policy_apex_mx(policy, lookup, ctx);
	judge->zone_lookup = lookup;
	judge->zone_ctx = ctx;
	judge->budget = lookup_budget(response);
	walked_begin(&judge->walked);
	find_aliases(judge);
}

/* Notes that a limit ended the work early. Names that clients may make up, such as those that do
 * not exist, must not fill the log. */
static void note_unjudged(judge_t *judge)
{
	policy_unjudged(judge->policy, judge->response, judge->verdict,
	                judge->error == KNOT_ESPACE ? ACTION_REFUSED : ACTION_LOGGED);
}

/* Does what the edits of the answer entail. */
static int finish(judge_t *judge)
{
	if (judge->response->hash != NULL && judge->response->complete) {
		denial_prove(judge);
	}
	if (judge->verdict->changes) {
		drop_signatures(judge);
	}
	response_search_clear(judge);
	if (judge->limited || judge->error == KNOT_ESPACE) {
		note_unjudged(judge);
	}
	return judge->error;
}

int policy_judge(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                 policy_response_t *response, policy_verdict_t *verdict, knot_mm_t *mm)
{
	judge_t judge;
	begin(&judge, policy, lookup, ctx, response, verdict, mm);
	if (response->rcode != KNOT_RCODE_NOERROR && response->rcode != KNOT_RCODE_NXDOMAIN) {
		return KNOT_EOK;
	}
	judge_aliases(&judge);
	if (shows_exchange(&judge)) {
		judge_wildcard_answer(&judge);
		judge_wildcard_additional(&judge);
	}
	judge_targets(&judge);
	judge_addresses(&judge);
	judge_exchange(&judge);
	if (verdict->changes && judge.negative && !response_has_data(&judge)) {
		response_set_soa(&judge);
	}
	return finish(&judge);
}

int policy_judge_referral(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                          policy_response_t *response, policy_verdict_t *verdict, knot_mm_t *mm)
{
	judge_t judge;
	begin(&judge, policy, lookup, ctx, response, verdict, mm);
	return finish(&judge);
}
