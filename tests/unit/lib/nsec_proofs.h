/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * What NSEC and NSEC3 records prove, for tests (RFC 4035 5.4, RFC 5155 8, RFC 6840 4).
 */

#pragma once

#include "policy/nsec.h"

#define NSEC_PROOFS_MAX 24

typedef struct {
	const knot_dname_t *owner;
	const knot_rrset_t *rrset;
} denial_record_t;

typedef struct {
	const knot_dname_t *zone;
	nsec3_hash_f hash;
	denial_record_t at[NSEC_PROOFS_MAX];
	size_t count;
} nsec_proofs_t;

typedef enum {
	NODATA_NOT_PROVEN,
	NODATA_OWN,  /*!< Of the name itself. */
	NODATA_WILD, /*!< There is no such name, and a wildcard has no such data. */
} nodata_t;

/*! What there is at a name that a wildcard's data is shown for: nothing nearer than that. */
bool nsec_proofs_expanded(const nsec_proofs_t *proofs, const knot_dname_t *name, int encloser);

bool nsec_proofs_nxdomain(const nsec_proofs_t *proofs, const knot_dname_t *name);

nodata_t nsec_proofs_nodata(const nsec_proofs_t *proofs, const knot_dname_t *name, uint16_t type);

/*! True if a delegation is shown to be an insecure one. */
bool nsec_proofs_insecure(const nsec_proofs_t *proofs, const knot_dname_t *delegation);
