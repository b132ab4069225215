/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Inside the decision: what policy.c, alias.c, target.c and edit.c share. Nothing outside
 * policy/ includes this.
 */

#pragma once

#include "policy/host.h"
#include "policy/policy.h"

/*! Longest alias chain looked at in a response; knotd stops after five links. */
#define LINKS_MAX 16

/*! A response being judged. */
typedef struct {
	const policy_t *policy;
	policy_lookup_f lookup;
	void *ctx;
	policy_response_t *response;
	policy_verdict_t *verdict;
	knot_rrset_t apex_mx;

	size_t links[LINKS_MAX];      /*!< Items of the CNAMEs from the QNAME on. */
	size_t link_count;
	const knot_dname_t *terminal; /*!< Where they end. */
	bool delegated;               /*!< The chain ends in a referral. */
	bool cut;                     /*!< The chain was cut at a guarded name, which is the terminal now. */
	bool negative;                /*!< The edited answer has no data; it needs an SOA. */
	int error;                    /*!< KNOT_ENOMEM once an edit could not be made. */
	finding_t spare;              /*!< Takes the findings that are one too many. */

	policy_lookup_f zone_lookup;  /*!< What lookup counts and hands on to. */
	void *zone_ctx;
	size_t budget;                /*!< Look-ups left. */
} judge_t;

/* edit.c: findings and new RRsets. */

/*! RDATA of an RRset to be made. */
typedef struct {
	const uint8_t *data;
	uint16_t len;
} rdata_ref_t;

/*! Memory from the verdict's context; NULL and judge->error set when there is none. */
void *judge_alloc(judge_t *judge, size_t size);
void judge_free(judge_t *judge, void *memory);

/*!
 * Makes an RRset of class IN; refs are sorted into canonical order (RFC 4034 6.3) in place. The
 * TTL is limited by the policy. NULL and judge->error set when there is no memory.
 */
knot_rrset_t *judge_rrset(judge_t *judge, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
                          rdata_ref_t *refs, size_t count);

/*! An RRset of the mail addresses of a family (4 or 6), or NULL if there are none. */
knot_rrset_t *judge_mail_rrset(judge_t *judge, const knot_dname_t *owner, int family, uint32_t ttl);

/*! An RRset of the direct addresses in another one, or NULL if there are none. */
knot_rrset_t *judge_direct_rrset(judge_t *judge, const knot_dname_t *owner,
                                 const knot_rrset_t *from, uint32_t ttl);

/*! Marks an item as left out or replaced; a NULL RRset means left out. */
void judge_edit(judge_t *judge, policy_item_t *item, knot_rrset_t *with);

/*! Adds an RRset to a section. NULL does nothing. */
void judge_add(judge_t *judge, knot_section_t section, knot_rrset_t *rrset);

/*! Answers NOERROR instead of NXDOMAIN. */
void judge_noerror(judge_t *judge);

/*! Sees to the SOA of an answer that is negative now: there, with the TTL of RFC 2308 3, limited
 *  by the policy like all that is answered in the place of the zone's data. */
void judge_negative(judge_t *judge);

/*! Leaves out the SOA, and all else in the authority section, of an answer that has data now. */
void judge_drop_authority(judge_t *judge);

/*! Notes a finding, to be filled by the caller. Never NULL. */
finding_t *judge_finding(judge_t *judge, rule_t rule, action_t action, const knot_dname_t *owner,
                         uint16_t type);

/*! The first proxied address of an A or AAAA RRset, noted in the finding if not NULL. */
bool judge_proxied(const judge_t *judge, const knot_rrset_t *rrset, finding_t *finding);

/* policy.c */

/*! Family of an address type: 4, 6, or 0 for any other type. */
static inline int type_family(uint16_t type)
{
	return type == KNOT_RRTYPE_A ? 4 : type == KNOT_RRTYPE_AAAA ? 6 : 0;
}

static inline uint16_t family_type(int family)
{
	return family == 4 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA;
}

/*! The MX RRset of the apex, empty if there is none. */
knot_rrset_t judge_apex_mx(const policy_t *policy, policy_lookup_f lookup, void *ctx);

bool judge_guarded(const judge_t *judge, const knot_dname_t *name);

/*! True if the response says that there is no such data: NXDOMAIN, or an SOA (RFC 2308 2). A chain
 *  of aliases that the server did not follow to its end says nothing. */
bool judge_denies(const judge_t *judge);

/*! What an item holds after the edits so far, or NULL if it is left out. */
static inline const knot_rrset_t *item_rrset(const policy_item_t *item)
{
	return item->edit == EDIT_KEEP ? item->rrset : item->edit == EDIT_REPLACE ? item->with : NULL;
}

/*! True if the edited answer has something at the end of its aliases. */
bool judge_has_data(const judge_t *judge);

/* alias.c: guarded hosts that are aliases (CNAME, DNAME). */
void judge_chain(judge_t *judge);
void judge_aliases(judge_t *judge);

/* target.c: exchanges of MX, targets of mail SRV, and their additional records. */
void judge_targets(judge_t *judge);

/* denial.c: proofs for those who validate. */

/*! Makes the edited response provable: says whose wildcard new RRsets are signed for, keeps and
 *  makes NSEC and NSEC3 RRs as they are needed, and has the exchange exist in them. */
void judge_denial(judge_t *judge);
