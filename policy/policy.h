/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The decision: a response and a zone's facts in, what is wrong and the exact edits out.
 *
 * Pure: no daemon, no clock, no I/O. The module judges what knotd is about to send with it, the
 * auditor what knotd would send. A policy is immutable once made, so any number of threads may
 * judge with it at a time.
 *
 * Names are absolute, uncompressed, in lower case. Addresses are in network byte order. TTLs are
 * seconds. Errors are KNOT_E*.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <libknot/libknot.h>

#include "policy/names.h"
#include "policy/netset.h"
#include "policy/nsec.h"
#include "policy/rules.h"

/*! Addresses of one family where mail really is: count * 4 or count * 16 octets. */
typedef struct {
	uint8_t *at;
	size_t count;
} addresses_t;

/*! The policy of one protected zone. What it points at is owned by whoever made it. */
typedef struct {
	const knot_dname_t *zone;     /*!< Apex of the protected zone. */
	const netset_t *proxies;      /*!< Proxy networks, may be NULL. */
	const netset_t *excepts;      /*!< Networks in them that are good for mail, may be NULL. */
	names_t proxy_names;          /*!< Domains at or below which names lead to a proxy. */
	names_t web_hosts;            /*!< Names whose addresses are never touched. */
	names_t mail_hosts;           /*!< Names whose addresses must be direct. */
	const knot_dname_t *exchange; /*!< What steered targets become; below the apex. */
	const knot_dname_t *const *services; /*!< Leading labels of mail SRV owners, NULL-ended. */
	addresses_t mail4;            /*!< mail-address, IPv4. */
	addresses_t mail6;            /*!< mail-address, IPv6. */
	uint32_t ttl;                 /*!< Upper limit for the TTL of what is written. */
} policy_t;

/*!
 * Looks an RRset up in the zone as it stands: the exact node, no wildcards, no aliases.
 *
 * \param out  Set on KNOT_EOK: the RRset, empty (no RDATA) if the node has none of this type.
 *             Borrowed; must stay until the verdict is used.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENONODE  There is no such node (an empty non-terminal is a node).
 * \retval other         It can't be known. policy_judge() then goes by the response alone.
 */
typedef int (*policy_lookup_f)(void *ctx, const knot_dname_t *owner, uint16_t type,
                               knot_rrset_t *out);

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
	nsec3_hash_f hash;    /*!< Set if the client validates and the zone is signed: whatever the
	                           verdict leads to is to be provable once it is signed. */
} policy_response_t;

/*! Look-ups that judging a response may take, and what is added for each MX and SRV RR in it. */
#define POLICY_LOOKUPS        256
#define POLICY_LOOKUPS_TARGET 16

/*! RRsets a verdict may add: two of the answer, the SOA, two additional ones, proofs. */
#define POLICY_ADD_MAX 16
/*! Findings of one response that are described; more are only in the rules and actions. */
#define POLICY_FINDINGS_MAX 16

/*! The owner of a new RRset is what it is signed for; else this says whose wildcard. */
#define POLICY_OWN (-1)

/*! An RRset that a verdict adds. */
typedef struct {
	knot_section_t section;
	knot_rrset_t *rrset;         /*!< Allocated in verdict.mm. */
	int encloser;                /*!< Whose wildcard it is signed for: labels of the owner's suffix
	                                  (RFC 4035 5.3.2), or POLICY_OWN. */
	const knot_rdataset_t *sigs; /*!< For who signs: the RRSIGs to go with it, borrowed. NULL
	                                  after judging. */
} policy_add_t;

/*! Something wrong in the response. All pointers borrowed: from the response, zone or policy. */
typedef struct {
	rule_t rule;
	action_t action;            /*!< What enforcing does about it. */
	const knot_dname_t *owner;  /*!< Whose RRset. */
	uint16_t type;              /*!< Of that RRset. */
	const knot_dname_t *target; /*!< The target or alias in it, or NULL. */
	uint8_t family;             /*!< 4, 6, or 0 where no address shows. */
	uint8_t address[16];        /*!< A proxied address. */
	const net_t *network;       /*!< The network that holds it, or NULL. */
	const knot_dname_t *answer_name; /*!< Answered instead: this target, or */
	const knot_rrset_t *answer_rrset; /*!< these addresses, or both NULL: no data. */
} finding_t;

/*! The verdict. Begun by policy_judge(); cleared with policy_verdict_clear(). */
typedef struct {
	knot_mm_t *mm;           /*!< Where new RRsets live. */
	bool changes;            /*!< The response is to be edited. */
	bool answer_changes;     /*!< More than the additional section is. */
	bool noerror;            /*!< NXDOMAIN has to become NOERROR. */
	bool unknown;            /*!< A mail target could not be judged: not in this cut response. */
	uint32_t rules;          /*!< Bits 1 << rule_t of all findings. */
	uint32_t actions;        /*!< Bits 1 << action_t of all findings. */
	size_t add_count;
	size_t finding_count;    /*!< Described ones. */
	policy_add_t add[POLICY_ADD_MAX];
	finding_t findings[POLICY_FINDINGS_MAX];
} policy_verdict_t;

/*! Begins a verdict: nothing is wrong. The arrays are left as they are, for each query pays for
 *  what is written here. */
static inline void policy_verdict_begin(policy_verdict_t *verdict, knot_mm_t *mm)
{
	memset(verdict, 0, offsetof(policy_verdict_t, add));
	verdict->mm = mm;
}

/*!
 * The cheap first question: may this response need a judge at all? Looks at types, addresses and
 * the QNAME only; allocates nothing. False is certain, true means policy_judge() has to look.
 */
bool policy_suspects(const policy_t *policy, const knot_dname_t *qname,
                     const knot_rrset_t *rrsets, size_t count);

/*!
 * Judges a response of the protected zone: not a referral, class IN. Allocates only for edits.
 *
 * \param policy    The zone's policy.
 * \param lookup    Zone look-up; must know at least the apex.
 * \param ctx       Handed to lookup.
 * \param response  The response; edit and with of its items are set.
 * \param verdict   The rest of what is to be done.
 * \param mm        Memory for new RRsets, NULL for malloc.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM  Something is wrong with the response, but the edits are not complete; the
 *                      findings made so far stand. Clear the verdict all the same.
 */
int policy_judge(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                 policy_response_t *response, policy_verdict_t *verdict, knot_mm_t *mm);

/*! Frees the RRsets that the verdict still owns, here and in the items. */
void policy_verdict_clear(policy_response_t *response, policy_verdict_t *verdict);

/*!
 * Turns changes of the additional section into omissions: those records are optional
 * (RFC 4035 3.1.1), and what can't be signed is better left out. For a verdict that changes
 * nothing else.
 */
void policy_leave_out_additional(policy_response_t *response, policy_verdict_t *verdict);

/*! Leaves out the additional section. */
void policy_drop_additional(policy_response_t *response, policy_verdict_t *verdict);

/*! Notes that a response in need of changes can't be signed: the finding sign-failure. */
void policy_sign_failure(const policy_response_t *response, policy_verdict_t *verdict);

/*!
 * The cheap first question about denials, for responses that nothing else is wrong with: may a
 * record in it deny what answers have? Then policy_judge(), or for a referral
 * policy_judge_referral(), with response.hash has to look. Looks up nothing but the apex MX RRset.
 */
bool policy_suspects_denial(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                            const knot_rrset_t *rrsets, size_t count);

/*! Judges a referral of the protected zone: what proves that it is insecure may deny what answers have.
 *  Nothing else of it is touched. As policy_judge(). */
int policy_judge_referral(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                          policy_response_t *response, policy_verdict_t *verdict, knot_mm_t *mm);

/*! True if the name's addresses must be direct. */
bool policy_guarded(const policy_t *policy, const knot_rrset_t *apex_mx, const knot_dname_t *name);

/*! The proxy network that holds an address and no exception does, or NULL. */
const net_t *policy_proxied(const policy_t *policy, int family, const uint8_t *address);

/*! True if an SRV owner begins with one of the mail services. */
bool policy_mail_service(const policy_t *policy, const knot_dname_t *owner);
