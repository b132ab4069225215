/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Signed zones in memory, for tests, and what knotd answers from them: with NSEC or NSEC3 records
 * and RRSIGs that are right but for the signature itself.
 */

#pragma once

#include "tests/unit/lib/reply.h"

typedef enum {
	DENIAL_NSEC,
	DENIAL_NSEC3,
	DENIAL_OPT_OUT, /*!< NSEC3, without insecure delegations. */
	DENIAL_COUNT,
} denial_kind_t;

/*! An NSEC3 record, and its name. */
typedef struct {
	uint8_t hash[NSEC3_HASH];
	const test_node_t *node;
	knot_rrset_t *rrset;
	knot_rrset_t *sigs;
} hashed_t;

typedef struct {
	test_zone_t *zone; /*!< Its nodes have the RRSIG and NSEC RRsets. */
	denial_kind_t how;
	nsec3_params_t params;
	nsec3_hash_f hash;
	hashed_t *hashed; /*!< In the order of the hashes. */
	size_t count;
} signed_zone_t;

/*!
 * Signs a zone. The zone belongs to the signed one from then on.
 *
 * \param salt  A string, or NULL; for NSEC3. Has to stay.
 * \param hash  How names are hashed; NULL as they should be.
 */
signed_zone_t *signed_zone_new(test_zone_t *zone, denial_kind_t how, const char *salt,
                               nsec3_hash_f hash);
void signed_zone_free(signed_zone_t *zone);

/*! Makes the response to a query of a client that validates. As reply_make(). */
void signed_zone_reply(test_reply_t *reply, const signed_zone_t *zone, const knot_dname_t *qname,
                   uint16_t qtype, int options);
