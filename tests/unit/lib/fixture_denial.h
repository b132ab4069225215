/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Judging responses of signed zones in tests: verdicts as text, and what has to hold for all that
 * may be asked of a zone, in any order.
 *
 * Text is one line for each RRset of the repaired response but RRSIGs, names relative to the zone.
 * "~" is the authority section, "+" the additional one. What is new, and will be signed, has a "!",
 * and "(*.w)" at the end if it is signed as that wildcard's. A hash is shown as the name in
 * parentheses. More types than a test names are "all", with those of the likely ones that are
 * missing, and others that are there:
 *
 *     NXDOMAIN -> NOERROR
 *     !mail A 198.51.100.25
 *     ~SOA
 *     ~!mail NSEC www A AAAA RRSIG NSEC
 *     ~!a NSEC \000.a all -A -CNAME
 *     ~!(mail) NSEC3 opt-out (www) A AAAA RRSIG
 */

#pragma once

#include "tests/unit/lib/fixture_policy.h"
#include "tests/unit/lib/random.h"
#include "tests/unit/lib/signed_zone.h"

/*! A signed zone and its policy. */
typedef struct {
	test_policy_t test;
	signed_zone_t *zone;
	policy_lookup_f lookup;
	const char *text; /*!< For messages, with the options. */
	const char *options;
} fixture_denial_t;

/*! As signed_zone_new() and test_policy_init(). With blind, other names than the apex can't be
 *  looked up. */
void fixture_denial_init(fixture_denial_t *fixture, const char *zone, const char *options,
                         denial_kind_t how, const char *salt, nsec3_hash_f hash, bool blind);
void fixture_denial_clear(fixture_denial_t *fixture);

/*! A zone, a question, what becomes of the answer. */
typedef struct {
	const char *zone;    /*!< Beside SOA and NS, of example.com. */
	const char *options;
	const char *query;   /*!< "NAME TYPE". */
	const char *nsec;    /*!< Text of the verdict; NULL: this is about opt-out. */
	const char *nsec3;   /*!< The same where names are hashed by visible_hash(). */
	const char *blind, *blind3; /*!< Where other names can't be looked up; NULL: the same. */
} denial_case_t;

/*! Checks cases, and with fixture_denial_check() their zones, in each way of signing. */
void check_denial_cases(const denial_case_t *cases, size_t count);

/*! A hash that leaves names in an order that one can see: by the first label's length, then by the
 *  octets of the name. Only for short names. */
int visible_hash(uint8_t hash[static NSEC3_HASH], const knot_dname_t *name,
                 uint64_t number, const nsec3_params_t *params);

/*! Judges the response to a query: "NAME TYPE". */
void fixture_denial_text(char out[static TEXT_MAX], const fixture_denial_t *fixture,
                         const char *query);

/*! An NSEC or NSEC3 RRset, in the same way. */
void fixture_denial_record_text(char out[static TEXT_MAX], const fixture_denial_t *fixture,
                                const knot_rrset_t *record);

/*!
 * Asks for everything: every response is proven, says what one without DNSSEC would say, and none
 * of the records in all of them contradicts another response.
 *
 * \param memory  One in so many responses is judged with allocations failing as well; 0 for none.
 * \return Faults; the first ones are printed.
 */
size_t fixture_denial_check(const fixture_denial_t *fixture, unsigned memory);
