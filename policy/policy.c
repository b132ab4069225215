/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What a policy says of names, addresses and whole responses.
 */

#include <string.h>

#include "dns/rrset.h"
#include "policy/policy.h"

bool policy_proxied(const policy_t *policy, int family, const uint8_t *address, net_t *network)
{
	return netset_match(policy->proxies, family, address, network) &&
	       !netset_match(policy->excepts, family, address, NULL);
}

void policy_prepare(policy_t *policy)
{
	static _Atomic uint64_t last;
	policy->number = ++last;
	for (size_t i = 0; i < policy->web_hosts.count; i++) {
		name_pattern_t *web = &policy->web_hosts.at[i];
		web->among = *web->name != 0 &&
		             names_match_below(&policy->mail_hosts, web->name + 1 + *web->name);
	}
}

/* RDATA of any shape: octets are compared, not read as a name. A wildcard is no host: if it were
 * answered differently, so would be all names that it stands for. */
static bool is_mx_target(const knot_rrset_t *mx, const knot_dname_t *name)
{
	if (mx->rrs.count == 0 || knot_dname_is_wildcard(name)) {
		return false;
	}
	size_t size = knot_dname_size(name);
	knot_rdata_t *rdata = mx->rrs.rdata;
	for (uint16_t i = 0; i < mx->rrs.count && i < POLICY_MX_MAX; i++) {
		if (rdata->len == 2 + size && memcmp(rdata->data + 2, name, size) == 0) {
			return true;
		}
		rdata = knot_rdataset_next(rdata);
	}
	return false;
}

bool policy_may_guard(const policy_t *policy, const knot_dname_t *name)
{
	return !names_match(&policy->web_hosts, name) && name_in_zone(name, policy->zone);
}

/* True if a name that may be guarded is. */
static bool is_guarded(const policy_t *policy, const knot_rrset_t *apex_mx,
                       const knot_dname_t *name)
{
	return name_equal(name, policy->exchange) ||
	       names_match(&policy->mail_hosts, name) || is_mx_target(apex_mx, name);
}

bool policy_guarded(const policy_t *policy, const knot_rrset_t *apex_mx, const knot_dname_t *name)
{
	return policy_may_guard(policy, name) && is_guarded(policy, apex_mx, name);
}

knot_rrset_t policy_apex_mx(const policy_t *policy, policy_lookup_f lookup, void *ctx)
{
	knot_rrset_t mx;
	if (lookup(ctx, policy->zone, KNOT_RRTYPE_MX, &mx) != KNOT_EOK) {
		memset(&mx, 0, sizeof(mx));
	}
	return mx;
}

bool policy_mail_service(const policy_t *policy, const knot_dname_t *owner)
{
	for (const knot_dname_t *const *service = policy->services; *service != NULL; service++) {
		if (name_has_prefix(owner, *service)) {
			return true;
		}
	}
	return false;
}

/* True if an address of the RRset is in a proxy network. */
static inline bool is_listed(const policy_t *policy, int family, const knot_rrset_t *rrset)
{
	for_each_rdata(rdata, rrset) {
		if (netset_match(policy->proxies, family, rdata->data, NULL)) {
			return true;
		}
	}
	return false;
}

/* True if a proxied address matters at this owner. Which name a wildcard has answered for is not
 * known here. Not inlined: most responses have no such address, and take less time without the
 * stack that this needs. */
__attribute__((noinline))
static bool may_matter(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                       const knot_dname_t *owner)
{
	if (knot_dname_is_wildcard(owner)) {
		return true;
	} else if (names_match(&policy->web_hosts, owner)) {
		return false;
	}
	/* As policy_guarded(), but most web servers are no web hosts, nor guarded:
	 * that tells first. */
	const knot_rrset_t mx = policy_apex_mx(policy, lookup, ctx);
	return (mx.rrs.count > POLICY_MX_MAX || is_guarded(policy, &mx, owner)) &&
	       name_in_zone(owner, policy->zone);
}

/* True if an RRset of a wildcard, which does not count as the exchange, may be an answer for it:
 * the first one has answered for the QNAME. */
static bool may_answer_exchange(const policy_t *policy, const knot_dname_t *qname,
                                const knot_rrset_t *rrset, bool first)
{
	return (!first || name_equal(qname, policy->exchange)) &&
	       knot_dname_in_bailiwick(policy->exchange, rrset->owner + 2) > 0;
}

/* An MX RRset of few RRs, in a response of few RRsets, is looked at before the judge. */
#define MX_FEW     8
#define RRSETS_FEW 32

/* True if a direct address of a name is in the response. */
static bool shows_direct(const policy_t *policy, const knot_dname_t *name,
                         const knot_rrset_t *rrset, const knot_rrset_t *end)
{
	for (; rrset < end; rrset++) {
		const int family = family_of_type(rrset->type);
		if (family != 0 && !knot_rrset_empty(rrset) && name_equal(rrset->owner, name) &&
		    !policy_proxied(policy, family, rrset->rrs.rdata->data, NULL)) {
			return true;
		}
	}
	return false;
}

/* True if all targets of an MX RRset are guarded hosts whose direct addresses are beside it: there
 * is nothing to steer. Not inlined, as may_matter(). */
__attribute__((noinline))
static bool is_mx_healthy(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                          const knot_rrset_t *mx, const knot_rrset_t *rrsets,
                          const knot_rrset_t *end)
{
	if (mx->rrs.count > MX_FEW || end - rrsets > RRSETS_FEW) {
		return false;
	}
	const knot_rrset_t apex_mx = policy_apex_mx(policy, lookup, ctx);
	for_each_rdata(rdata, mx) {
		const knot_dname_t *target = knot_mx_name(rdata);
		knot_rrset_t unused;
		/* A wildcard does not count as the exchange: that has to be in the zone. */
		bool healthy = shows_direct(policy, target, rrsets, end) &&
		               policy_guarded(policy, &apex_mx, target) &&
		               (!name_equal(target, policy->exchange) ||
		                lookup(ctx, target, KNOT_RRTYPE_A, &unused) == KNOT_EOK);
		if (!healthy) {
			return false;
		}
	}
	return true;
}

bool policy_suspects(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                     const knot_dname_t *qname, const knot_rrset_t *rrsets, size_t count)
{
	bool data = false;
	const knot_rrset_t *const end = rrsets + count;
	for (const knot_rrset_t *rrset = rrsets; rrset < end; rrset++) {
		if (name_is_wildcard(rrset->owner) &&
		    may_answer_exchange(policy, qname, rrset, rrset == rrsets)) {
			return true;
		}
		const int family = family_of_type(rrset->type);
		if (family != 0) {
			data = true;
			if (is_listed(policy, family, rrset) &&
			    may_matter(policy, lookup, ctx, rrset->owner)) {
				return true;
			}
			continue;
		}
		switch (rrset->type) {
		case KNOT_RRTYPE_SRV:
			data = true;
			if (name_is_wildcard(rrset->owner) ||
			    policy_mail_service(policy, rrset->owner)) {
				return true;
			}
			break;
		case KNOT_RRTYPE_MX:
			data = true;
			if (!is_mx_healthy(policy, lookup, ctx, rrset, rrsets, end)) {
				return true;
			}
			break;
		case KNOT_RRTYPE_CNAME:
			return true;
		case KNOT_RRTYPE_SOA:
		case KNOT_RRTYPE_NSEC:
		case KNOT_RRTYPE_NSEC3:
		case KNOT_RRTYPE_RRSIG:
		case KNOT_RRTYPE_OPT:
			break;
		default:
			data = true;
			break;
		}
	}

	/* A negative answer at the exchange, or above it (RFC 8020). */
	return !data && name_in_zone(policy->exchange, qname);
}
