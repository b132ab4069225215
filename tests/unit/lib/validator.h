/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A validator, for tests: is a signed response proven (RFC 4035 5, RFC 5155 8), and what would a
 * resolver that concludes from cached records (RFC 8198) make of other questions. It shares no code
 * with what makes the proofs.
 */

#pragma once

#include "policy/judge.h"

#define VALIDATOR_MAX 64

/*! An RRset as the client gets it. All borrowed. */
typedef struct {
	const knot_dname_t *owner;
	const knot_rrset_t *rrset;
	knot_section_t section;
	int labels; /*!< What its RRSIG says, or negative if it has none. */
	bool fresh; /*!< Made by the verdict, which will be signed. */
} shown_t;

/*! A response as the client gets it. */
typedef struct {
	const knot_dname_t *zone;
	const knot_dname_t *qname;
	uint16_t qtype;
	uint16_t rcode;
	nsec3_hash_f hash;
	shown_t at[VALIDATOR_MAX];
	size_t count;
	const char *wrong; /*!< Found while it was put together, or NULL. */
} shown_response_t;

/*!
 * Puts together what becomes of a response.
 *
 * \param verdict  NULL for the response as it was.
 */
void validator_show(shown_response_t *out, const knot_dname_t *zone,
                    const policy_response_t *response, const policy_verdict_t *verdict);

/*! What is wrong with a response, or NULL if all in it is proven. */
const char *validator_check(const shown_response_t *response);

/*! What a response says of the name that was asked for. */
typedef enum {
	TRUTH_NONE,        /*!< Nothing: another zone's, or made from a DNAME. */
	TRUTH_OWN,         /*!< It has such data. */
	TRUTH_WILD,        /*!< It is not there, a wildcard has such data. */
	TRUTH_NODATA,      /*!< It is there, without such data. */
	TRUTH_NODATA_WILD, /*!< It is not there, and a wildcard is without such data. */
	TRUTH_NXDOMAIN,    /*!< It is not there. */
} truth_kind_t;

typedef struct {
	truth_kind_t kind;
	uint16_t type; /*!< That was asked for, or CNAME if the name is an alias. */
	int labels;    /*!< Of the encloser of the wildcard. */
} truth_t;

/*! To be asked of a response that is proven. */
truth_t validator_truth(const shown_response_t *response);

/*!
 * Would a resolver conclude something untrue from an NSEC or NSEC3 record?
 *
 * \param hash  The hash of the name with the parameters of the record; not used with NSEC.
 * \return What, or NULL.
 */
const char *validator_contradiction(const knot_rrset_t *record, const knot_dname_t *zone,
                                    const knot_dname_t *name, const uint8_t *hash,
                                    const truth_t *truth);

/*! Canonical order (RFC 4034 6.1). */
int validator_compare(const knot_dname_t *a, const knot_dname_t *b);
