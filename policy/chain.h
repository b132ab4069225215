/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The zone's chain of NSEC or NSEC3 records, as far as a response shows it: what these records say
 * of names, and what RRSIGs say of wildcards.
 *
 * For missing.c and denial.c only. As the judge, owned by one thread. Where a hash can't be
 * computed, judge->error is set.
 */

#pragma once

#include "policy/response.h"

/*! Names that have something to be proven in one response: owners from wildcards, and the end. */
#define PROOFS_MAX (JUDGE_ALIASES_MAX + 2)
/*! Records of the chain: three for each of these, at the most. */
#define CHAIN_RECORDS_MAX (3 * PROOFS_MAX)

/*! A record of the zone's chain in the response. */
typedef struct {
	policy_item_t *item;
	nsec_t nsec;
} chain_record_t;

typedef struct {
	judge_t *judge;
	const policy_t *policy;
	policy_response_t *response;
	int apex_labels;
	size_t apex_size;
	bool nsec3;
	nsec3_params_t params; /*!< How the names of the zone are hashed, with nsec3. */
	bool blind;            /*!< Other names than the apex can't be looked up. */
	size_t count;
	chain_record_t records[CHAIN_RECORDS_MAX];
} chain_t;

/*! Reads the records of the chain in the response of a judge. */
void chain_read(chain_t *chain, judge_t *judge);

/*! Looks up an RRset. False: there is none. */
bool chain_look_up(const chain_t *chain, const knot_dname_t *owner, uint16_t type,
                   knot_rrset_t *out);

/*! Labels of the encloser whose wildcard an RRset of the response was made from: what its RRSIG
 *  says (RFC 4035 5.3.4), POLICY_OWN if it is the owner's own. Type 0 is any type. */
int chain_signed_encloser(judge_t *judge, const knot_dname_t *owner, uint16_t type);

/*! Where a name is in the chain of the zone. The number is that of nsec3_hash_f. False if its hash
 *  can't be computed. */
bool chain_place(const chain_t *chain, nsec_place_t *place, const knot_dname_t *name,
                 uint64_t number);

/*! The first record of the response that is related to a place in this way, or NULL. */
const nsec_t *chain_find(const chain_t *chain, const nsec_place_t *place,
                         bool (*relation)(const nsec_t *, const nsec_place_t *));

/*! True if the response has the record of a name. */
bool chain_has(const chain_t *chain, const knot_dname_t *name);

/*! A record that says that there is no such name, or NULL. */
const nsec_t *chain_denies(const chain_t *chain, const knot_dname_t *name, uint64_t number);

/*! Labels of the longest part of a name that is there, by the NSEC record that covers the name. */
int chain_covering_encloser(const chain_t *chain, const nsec_t *record, const knot_dname_t *name);

/*! Labels of the encloser whose wildcard a NODATA answer of the zone is from, by the record of the
 *  wildcard in it; POLICY_OWN if there is none. */
int chain_nodata_encloser(const chain_t *chain, const knot_dname_t *name);
