/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A cache, for tests, that forgets nothing: all that responses of a signed zone have shown, and
 * whether a resolver that concludes from it (RFC 8198) would answer what the zone does not.
 */

#pragma once

#include "tests/unit/lib/validator.h"
#include "tests/unit/lib/random.h"
#include "tests/unit/lib/signed_zone.h"

/*! What was answered to a question. */
typedef struct {
	const knot_dname_t *name;
	truth_t truth;
	knot_rrset_t *data; /*!< From a wildcard. */
} cached_answer_t;

typedef struct {
	const signed_zone_t *zone;
	const knot_dname_t *exchange;
	bool blind; /*!< Other names than the apex can't be looked up. */
	cached_answer_t *answers;
	size_t answer_count;
	knot_rrset_t **records; /*!< NSEC and NSEC3. */
	size_t record_count;
} cache_t;

/*! Keeps a response that is proven. */
void cache_keep(cache_t *cache, const shown_response_t *shown);

/*!
 * Looks for what would be concluded wrongly.
 *
 * \param report  Called for each: the answer that is contradicted, by a record or by what the same
 *                wildcard has for another name (NULL), and what it is about.
 */
void cache_check(const cache_t *cache,
                 void (*report)(void *ctx, const cached_answer_t *answer,
                                const knot_rrset_t *record, const char *what),
                 void *ctx);

void cache_clear(cache_t *cache);
