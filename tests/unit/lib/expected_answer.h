/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * What a response has to become once it is put back into its packet, in tests: RRsets with their
 * new signatures, TTLs as knotd writes them.
 */

#pragma once

#include "tests/unit/lib/fixture_answer.h"

/*! Signatures of what is new. */
typedef struct {
	knot_rdataset_t *at;
	size_t count;
} new_sigs_t;

/*! The repaired response. */
typedef struct {
	policy_item_t *before;
	policy_item_t *after;
	knot_rrset_t *rrsets;
	policy_response_t response;
	policy_verdict_t verdict;
	new_sigs_t sigs;
	policy_response_t result;
} expected_t;

void expected_init(expected_t *expected, const fixture_answer_t *fixture);
void expected_clear(expected_t *expected);

/*! Judges a response for the client that has asked. */
int expected_judge(const fixture_answer_t *fixture, policy_response_t *response,
                   policy_verdict_t *verdict, knot_mm_t *mm);

/*! Signs what a verdict has made, if the client validates; of additional records every second. */
void expected_sign(const fixture_answer_t *fixture, new_sigs_t *sigs, policy_response_t *response,
                   policy_verdict_t *verdict);
void expected_unsign(new_sigs_t *sigs);
