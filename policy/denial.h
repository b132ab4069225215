/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Inside the decision, for clients that validate: what an edited response has to prove, shared by
 * denial.c, which makes proofs, with proof.c, and by graft.c, cut.c and cut3.c, which have names exist
 * in those of the zone.
 * Nothing outside policy/ includes this.
 */

#pragma once

#include <string.h>

#include "policy/host.h"
#include "policy/response.h"

/*! Names that have something to be proven in one response: owners from wildcards, and the end. */
#define CLAIMS_MAX (JUDGE_ALIASES_MAX + 2)

typedef enum {
	CLAIM_COVER,    /*!< Answered from a wildcard: there is no such name. */
	CLAIM_NODATA,   /*!< There is such a name or a wildcard for it, but not this type. */
	CLAIM_NXDOMAIN, /*!< There is neither. */
} claim_kind_t;

/*! Something that a response has to prove of a name. */
typedef struct {
	claim_kind_t kind;
	const knot_dname_t *name;
	int encloser; /*!< Labels of the encloser with the wildcard that answers, or POLICY_OWN. */
	bool proven;  /*!< A record shows it already. */
} claim_t;

/*! Names that are grafted into one response. */
#define GRAFTS_MAX 32

/*!
 * A name that the zone does not have, and that its answers have all the same: grafted below the
 * longest part of it that the zone has, its encloser. Or with wild, all names below it.
 */
typedef struct {
	const knot_dname_t *name;
	int labels;
	bool wild;        /*!< A wildcard at the name is grafted, not the name itself. */
	bool exchange;    /*!< This is the exchange: it is there whatever the zone says. */
	int encloser;     /*!< Labels. */
	bool wildcard;    /*!< The encloser has a wildcard. */
	bool no_wildcard; /*!< The encloser has certainly none. */
} graft_t;

/*! A response being made provable. */
typedef struct {
	judge_t *judge;
	const knot_dname_t *exchange;
	int apex_labels;
	bool nsec3;
	nsec3_params_t params;      /*!< How the names of the zone are hashed, with nsec3. */
	size_t claim_count;
	size_t graft_count;
	bool edited;                /*!< Proofs of the zone may be of no use any more. */
	bool negative;              /*!< The edited answer has nothing at its end. */
	uint16_t denied;            /*!< The type that the end has not, or 0. */
	claim_t claims[CLAIMS_MAX];
	graft_t grafts[GRAFTS_MAX]; /*!< Those that this response denies. */
} denial_t;

/* proof.c: reading and making records. */

/*! Labels of the encloser whose wildcard an RRset of the response was made from: what its RRSIG
 *  says (RFC 4035 5.3.4), POLICY_OWN if it is the owner's own. Type 0 is any type. */
int denial_encloser(const judge_t *judge, const knot_dname_t *owner, uint16_t type);

/*! The wildcard at an encloser that is a suffix of a name. False if it would be too long. */
bool denial_wildcard(knot_dname_storage_t out, const knot_dname_t *name, int encloser);

int denial_hash(const denial_t *denial, uint8_t hash[static NSEC3_HASH], const knot_dname_t *name);

/*! True if what a name has is told by another record or another zone. */
static inline bool denial_is_elsewhere(const bitmap_t *types)
{
	return bitmap_has(types, KNOT_RRTYPE_CNAME) ||
	       (bitmap_has(types, KNOT_RRTYPE_NS) && !bitmap_has(types, KNOT_RRTYPE_SOA));
}

/*! The types of an NSEC or NSEC3 RR. */
bool denial_types(bitmap_t *types, const knot_rrset_t *rrset);

/*! Adds the address types that the exchange always has. */
void denial_add_served(const denial_t *denial, bitmap_t *types);

/*! An NSEC RRset, with the TTL of negative answers. */
knot_rrset_t *denial_nsec(const denial_t *denial, const knot_dname_t *owner,
                          const knot_dname_t *next, const bitmap_t *types);

/*! An NSEC3 RRset. */
knot_rrset_t *denial_nsec3(const denial_t *denial, const uint8_t hash[static NSEC3_HASH],
                           const uint8_t next[static NSEC3_HASH], uint8_t flags,
                           const bitmap_t *types);

/*! An NSEC or NSEC3 RRset like another one, with other types. */
knot_rrset_t *denial_rewrite(const denial_t *denial, const knot_rrset_t *rrset,
                             const bitmap_t *types);

/*! True for an NSEC RR that is a record of its owner: not what a wildcard answers for that type. */
bool denial_is_nsec(const judge_t *judge, const policy_item_t *item);

/* denial.c */

/*! Labels of the encloser whose wildcard a NODATA answer of the zone is from, by the record of the
 *  wildcard in it; POLICY_OWN if there is none. */
int denial_nodata_encloser(const denial_t *denial, const knot_dname_t *name);

/* candidate.c: names that may have to be grafted. */

/*! The exchange, and names that are treated in a way of their own. */
typedef struct {
	const policy_t *policy;
	const knot_rrset_t *apex_mx;
	bool patterns; /*!< Among the mail hosts; else web hosts are as other names are. */
	size_t next;
	knot_rdata_t *mx;
} candidates_t;

candidates_t candidate_all(const policy_t *policy, const knot_rrset_t *apex_mx);

/*! The next candidate; name, wild and exchange are set. False at the end. */
bool candidate_next(candidates_t *all, graft_t *graft);

/*! True if what a wildcard answers is treated in another way at a name than at others. */
bool candidate_differs(const denial_t *denial, const graft_t *graft);

/*! True if the module changes nothing of what the zone answers at a name, by a wildcard. */
bool candidate_is_provided(const denial_t *denial, const graft_t *graft);

/*! Finds out if the encloser has a wildcard. */
void candidate_find_wildcard(const denial_t *denial, graft_t *graft);

/*! Labels of the longest part of the name that the zone has; POLICY_OWN if it can't be looked up. */
int candidate_encloser(const denial_t *denial, const graft_t *graft);

/*! True if the name is another zone's, as far as that is known. */
bool candidate_is_delegated(const denial_t *denial, const graft_t *graft);

/* graft.c: names that are grafted, and answers at and below them. */

/*! True if a name is between the ends of a record; the last one of a zone leads to its first. */
static inline bool graft_in_gap(const knot_dname_t *name, const knot_dname_t *owner,
                                const knot_dname_t *next)
{
	return name_compare(owner, name) < 0 &&
	       (name_compare(name, next) < 0 || name_compare(next, owner) <= 0);
}

/*! The same for hashes. There the last record leads to the lowest hash, which may be any. */
static inline bool graft_hash_in_gap(const uint8_t *hash, const uint8_t *owner, const uint8_t *next)
{
	bool after = memcmp(owner, hash, NSEC3_HASH) < 0;
	bool before = memcmp(hash, next, NSEC3_HASH) < 0;
	return memcmp(owner, next, NSEC3_HASH) < 0 ? after && before : after || before;
}

/*! The ends of an NSEC3 record. False if it is another zone's, or malformed. */
bool graft_hashes(const denial_t *denial, const policy_item_t *item,
                  uint8_t owner[static NSEC3_HASH], const uint8_t **next);

/*! The graft that a name is at or below, or between it and its encloser; the nearest one. Labels that
 *  they share are set. NULL if there is none. */
const graft_t *graft_at(const denial_t *denial, const knot_dname_t *name, int *labels);

/*! True if a graft makes a name exist: what is grafted, or what is between that and its encloser. */
bool graft_is_stem(const denial_t *denial, const knot_dname_t *name);

/*! Finds out which names the response denies that its answers have. */
void graft_find(denial_t *denial);

/*! What becomes of the encloser whose wildcard has answered at a name. */
int graft_encloser(const denial_t *denial, const knot_dname_t *name, int encloser);

/*! Signs for itself what the zone answers from a wildcard at or below what is grafted. */
void graft_answers(denial_t *denial);

/* cut.c: the zone's NSEC records that deny what is grafted. */

/*! Cuts the NSEC records of a response where there are grafts. What nothing in the response needs any
 *  more is left out. */
void cut_nsec(denial_t *denial);

/*! Shows NSEC records of what is at and below a name that is grafted, or that leads to one. */
void cut_below(denial_t *denial, const knot_dname_t *top);

/*! The wildcard that a claim is about besides its name. */
bool cut_claim_wildcard(const claim_t *claim, knot_dname_storage_t out);

/*! The types of a name that is grafted, without NSEC. */
void cut_types(const denial_t *denial, const knot_dname_t *name, bitmap_t *types);

/*! Shows a part: in the place of the record that was cut, and what is more besides. NULL for the
 *  item where there is no such record. */
void cut_show(denial_t *denial, policy_item_t *item, knot_rrset_t *rrset);

/*! Has a record of the exchange itself show the addresses that it always has. */
void cut_add_served(denial_t *denial, policy_item_t *item);

/* cut3.c: the same for NSEC3 records. */

/*! As cut_nsec(). */
void cut_nsec3(denial_t *denial);

/*! Labels of the longest part of a name that is there, grafts included. */
int cut_nsec3_encloser(const denial_t *denial, const knot_dname_t *name);

/*! Makes the edited response provable: says whose wildcard new RRsets are signed for, keeps and
 *  makes NSEC and NSEC3 RRs as they are needed, and has the exchange exist in them. */
void denial_prove(judge_t *judge);

/*!
 * The cheap first question about denials, for responses that nothing else is wrong with: may a
 * record in it deny what answers have? Then policy_judge(), or for a referral
 * policy_judge_referral(), with response.hash has to look. Looks up nothing but the apex MX RRset.
 */
bool policy_suspects_denial(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                            const knot_rrset_t *rrsets, size_t count);
