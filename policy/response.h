/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A response of the server, RRset by RRset, and the verdict on it: findings, and the exact edits.
 *
 * The first part is the interface of policy_judge(). The second part is for the judge and what it
 * includes only: what is known of a response while it is judged, and the tools that edit it.
 *
 * A response and its verdict are owned by one thread. Names are absolute, uncompressed, in lower
 * case. Addresses are in network byte order. TTLs are seconds. Errors are KNOT_E*.
 */

#pragma once

#include <string.h>

#include "dns/index.h"
#include "policy/host.h"
#include "policy/nsec.h"
#include "policy/policy.h"
#include "policy/rules.h"

/*! What is to be done with an RRset of the response. */
typedef enum {
	EDIT_KEEP = 0, /*!< Stays as it is. */
	EDIT_DROP,     /*!< Is left out. */
	EDIT_REPLACE,  /*!< The RRset in item.with takes its place. */
} edit_t;

/*! An RRset of a response, and after policy_judge() what becomes of it. */
typedef struct {
	const knot_rrset_t *rrset; /*!< Borrowed. Its owner may be the wildcard it came from. */
	const knot_dname_t *owner; /*!< The owner on the wire, in lower case. Borrowed. */
	knot_section_t section;
	edit_t edit;
	knot_rrset_t *with;        /*!< EDIT_REPLACE: allocated in verdict.mm. */
	int encloser;              /*!< Of the new RRset, like sigs: see policy_add_t. */
	const knot_rdataset_t *sigs;
} policy_item_t;

/*! A response to be judged. */
typedef struct {
	const knot_dname_t *qname;
	uint16_t qtype;
	uint16_t rcode;       /*!< Whole extended RCODE. */
	bool complete;        /*!< Answer and authority sections are whole. */
	bool additional_complete; /*!< So is the additional section, as far as one can tell. */
	policy_item_t *items; /*!< In the order of the response. */
	size_t count;
	/*! True if the server has a zone of this name, too. NULL: that can't be known. The context
	 *  is that of the look-up. */
	bool (*serves)(void *ctx, const knot_dname_t *zone);
	nsec3_hash_f hash;    /*!< Set if the client validates and the zone is signed: then the
	                           edited response can be proven once it is signed. */
} policy_response_t;

/*! Look-ups that judging a response may take, and how many more for each MX and SRV RR in it. Those
 *  of long names and large RRsets count more. */
#define POLICY_LOOKUPS        128
#define POLICY_LOOKUPS_TARGET 8

/*! RRsets a verdict may add: two of the answer, the SOA, two additional ones, proofs. */
#define POLICY_ADD_MAX 16
/*! Findings of one response that are described. Others are only in its rules and actions. */
#define POLICY_FINDINGS_MAX 16

/*! A new RRset is signed for its owner, not for the wildcard of an encloser. */
#define POLICY_OWN (-1)

/*! An RRset that a verdict adds. */
typedef struct {
	knot_section_t section;
	knot_rrset_t *rrset;         /*!< Allocated in verdict.mm. */
	int encloser;                /*!< The encloser whose wildcard it is signed for: labels of
	                                  the owner's suffix (RFC 4035 5.3.2), or POLICY_OWN. */
	const knot_rdataset_t *sigs; /*!< NULL after judging. The signer puts its RRSIGs here,
	                                  borrowed. */
} policy_add_t;

/*! Addresses answered instead that a finding names. */
#define FINDING_ADDRESSES 3

/*! An address of family 4 or 6. */
typedef struct {
	uint8_t family;
	uint8_t octets[16];
} finding_address_t;

/*! Something wrong in the response. Names are borrowed from the response as it came, the zone or
 *  the policy: nothing that edits or signs the response frees them. */
typedef struct {
	rule_t rule;
	action_t action;            /*!< What enforcing does about it. */
	knot_section_t section;     /*!< Of the RRset. */
	const knot_dname_t *owner;  /*!< Owner of the RRset, */
	uint16_t type;              /*!< and its type. */
	const knot_dname_t *target; /*!< The target or alias in it, or NULL. */
	uint8_t family;             /*!< 4, 6, or 0 where no address shows. */
	uint8_t address[16];        /*!< A proxied address. */
	net_t network;              /*!< The network that holds it. */
	bool wildcard;              /*!< The owner has nothing but what a wildcard says. */
	const char *cause;          /*!< Of RULE_SIGN_FAILURE, or NULL. */
	/* Answered instead: this target, or these addresses; neither: no data. */
	const knot_dname_t *answer_name;
	uint32_t answer_count;      /*!< Addresses; the first FINDING_ADDRESSES are in answer. */
	finding_address_t answer[FINDING_ADDRESSES];
} finding_t;

/*! The verdict. Begun by policy_judge(); cleared with policy_verdict_clear(). */
typedef struct {
	knot_mm_t *mm;           /*!< Where new RRsets live. */
	bool changes;            /*!< The response is to be edited. */
	bool answer_changes;     /*!< Another section than the additional one is. */
	bool noerror;            /*!< NXDOMAIN has to become NOERROR. */
	bool unknown;            /*!< A mail target could not be judged: the response had no room
	                              for its addresses. */
	uint32_t rules;          /*!< Bits 1 << rule_t of all findings. */
	uint32_t actions;        /*!< Bits 1 << action_t of all findings. */
	size_t add_count;
	size_t finding_count;    /*!< Described ones. */
	policy_add_t add[POLICY_ADD_MAX];
	finding_t findings[POLICY_FINDINGS_MAX];
} policy_verdict_t;

/*! Begins a verdict: nothing is wrong. The arrays are not cleared, because each query would pay for
 *  that. */
static inline void policy_verdict_begin(policy_verdict_t *verdict, knot_mm_t *mm)
{
	memset(verdict, 0, offsetof(policy_verdict_t, add));
	verdict->mm = mm;
}

/*! The rules that something in the response breaks. What could not be judged is not known to be
 *  wrong. */
static inline uint32_t policy_wrong(const policy_verdict_t *verdict)
{
	return verdict->rules & ~(1U << RULE_UNJUDGED);
}

/*! Frees the RRsets that the verdict still owns, here and in the items. */
void policy_verdict_clear(policy_response_t *response, policy_verdict_t *verdict);

/*!
 * Turns changes of the additional section into omissions: those records are optional
 * (RFC 4035 3.1.1), and what can't be signed is better left out. For a verdict that changes
 * nothing else.
 */
void policy_leave_out_additional(policy_response_t *response, policy_verdict_t *verdict);

/*! Leaves out the additional section but for OPT, and says so in the findings about it. */
void policy_drop_additional(policy_response_t *response, policy_verdict_t *verdict);

/*! Notes that a response in need of changes can't be signed: the finding sign-failure. The cause is
 *  borrowed. */
void policy_sign_failure(const policy_response_t *response, policy_verdict_t *verdict,
                         const char *cause);

/*! Notes that a response could not be judged as a whole, and what enforcing does about it: the
 *  finding unjudged. */
void policy_unjudged(const policy_t *policy, const policy_response_t *response,
                     policy_verdict_t *verdict, action_t action);

/*! The first item of a section with RRs of a type, of an owner unless that is NULL; or NULL. */
policy_item_t *response_item(const policy_response_t *response, knot_section_t section,
                             uint16_t type, const knot_dname_t *owner);

/* For the judge and what it includes only. */

/*! Longest chain of aliases looked at in a response; knotd stops after five. */
#define JUDGE_ALIASES_MAX 16

/*! A response being judged. */
typedef struct {
	const policy_t *policy;
	policy_lookup_f lookup;
	void *ctx;
	policy_response_t *response;
	policy_verdict_t *verdict;
	knot_rrset_t apex_mx;

	size_t aliases[JUDGE_ALIASES_MAX]; /*!< Items of the CNAMEs from the QNAME on. */
	size_t alias_count;
	const knot_dname_t *terminal; /*!< Where they end. */
	bool delegated;               /*!< They end in a referral. */
	bool flattened;               /*!< A guarded name, now the terminal, is answered with
	                                   addresses in the place of its alias. */
	bool negative;                /*!< The edited answer has no data; it needs an SOA. */
	bool limited;                 /*!< A limit ended the work early, which may matter. */
	int error;                    /*!< KNOT_ENOMEM or KNOT_ESPACE once an edit could not be
	                                   made. */

	bool exchange_found;
	policy_lookup_f zone_lookup;  /*!< The caller's, which lookup calls up to its limit. */
	void *zone_ctx;
	size_t budget;                /*!< Look-ups left. */
	name_index_t owners;          /*!< In a large response; see response_search(). */
	size_t *chains;               /*!< Of each owner its first and its last item, of each item
	                                   the next one of its owner. */

	/* Not cleared, because each response would pay for that. */
	host_t exchange;              /*!< Set by response_exchange(). */
	walked_t walked;              /*!< Part of the zone that need not be looked up again. */
} judge_t;

/*! A search for the items of an owner. */
typedef struct {
	judge_t *judge;
	const knot_dname_t *owner;
	size_t next;
} item_search_t;

/*! Octets of an RRSIG before the signer's name. */
#define RRSIG_FIXED 18

/*! RDATA of an RRset to be made. */
typedef struct {
	const uint8_t *data;
	uint16_t len;
} rdata_ref_t;

/*! Memory from the verdict's context; NULL and judge->error set when there is none. */
void *response_alloc(judge_t *judge, size_t size);
void response_free(judge_t *judge, void *memory);

/*!
 * Makes an RRset of class IN; refs are sorted into canonical order (RFC 4034 6.3) in place. The
 * TTL is limited by the policy. NULL and judge->error set when there is no memory.
 */
knot_rrset_t *response_rrset(judge_t *judge, const knot_dname_t *owner, uint16_t type,
                             uint32_t ttl, rdata_ref_t *refs, size_t count);

/*! An RRset of the mail addresses of a family (4 or 6), or NULL if there are none. */
knot_rrset_t *response_mail_rrset(judge_t *judge, const knot_dname_t *owner, int family,
                                  uint32_t ttl);

/*! An RRset of the direct addresses in another one, or NULL if there are none. */
knot_rrset_t *response_direct_rrset(judge_t *judge, const knot_dname_t *owner,
                                    const knot_rrset_t *from, uint32_t ttl);

/*! Marks an item as left out or replaced; a NULL RRset means left out. */
void response_edit(judge_t *judge, policy_item_t *item, knot_rrset_t *with);

/*! Adds an RRset to a section. NULL does nothing. Beyond POLICY_ADD_MAX it is an error: an answer
 *  without it would be false. */
void response_add(judge_t *judge, knot_section_t section, knot_rrset_t *rrset);

/*! Answers NOERROR instead of NXDOMAIN. */
void response_noerror(judge_t *judge);

/*! Gives an answer that is negative now its SOA, with the TTL of RFC 2308 3, limited by the policy
 *  like all that is answered in the place of the zone's data. */
void response_set_soa(judge_t *judge);

/*! Leaves out the SOA, and all else in the authority section, of an answer that has data now. */
void response_drop_authority(judge_t *judge);

/*! What the zone says of a name at or below the apex. */
void response_host(judge_t *judge, const knot_dname_t *name, host_t *host);

/*! What the zone says of the exchange; looked up once. */
const host_t *response_exchange(judge_t *judge);

/*! Notes in a finding that the addresses of an RRset are answered; NULL does nothing. */
void response_answered(finding_t *finding, const knot_rrset_t *rrset);

/*! Notes a finding (copies): its rule and action always, the rest if there is room. */
void response_finding(judge_t *judge, const finding_t *finding);

/*! The first proxied address of an A or AAAA RRset, noted in the finding if not NULL. */
bool response_proxied(const judge_t *judge, const knot_rrset_t *rrset, finding_t *finding);

/*! Begins to search for the items of an owner, which is borrowed; and the next of them in the order
 *  of the response, or NULL. Where there are none, a large response is not read. */
item_search_t response_search(judge_t *judge, const knot_dname_t *owner);
policy_item_t *response_next(item_search_t *search);

/*! Frees the memory of these searches. */
void response_search_clear(judge_t *judge);

/*! True if the name's addresses must be direct. */
bool response_guarded(judge_t *judge, const knot_dname_t *name);

/*! True if the response, not edited, says that there is no such data: NXDOMAIN, or an SOA (RFC 2308
 *  2). A chain of aliases that the server did not follow to its end says nothing. */
bool response_denies(const judge_t *judge);

/*! The type that an RRSIG covers; 0 for an RRset of another type, or one too short to say. */
static inline uint16_t rrsig_covered(const knot_rrset_t *rrset)
{
	bool read = rrset->type == KNOT_RRTYPE_RRSIG && rrset->rrs.count > 0 &&
	            rrset->rrs.rdata->len >= RRSIG_FIXED;
	return read ? knot_rrsig_type_covered(rrset->rrs.rdata) : 0;
}

/*! What an item holds after the edits so far, or NULL if it is left out. */
static inline const knot_rrset_t *item_rrset(const policy_item_t *item)
{
	const knot_rrset_t *kept = item->edit == EDIT_KEEP ? item->rrset : NULL;
	return item->edit == EDIT_REPLACE ? item->with : kept;
}

/*! True if the edited answer has something at the end of its aliases. */
bool response_has_data(const judge_t *judge);
