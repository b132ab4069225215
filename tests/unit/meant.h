/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * What a response has to become once it is put back into its packet, in tests: RRsets with their new
 * signatures, TTLs as knotd writes them.
 */

#pragma once

#include "tests/unit/writing.h"

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
} meant_t;

void meant_init(meant_t *meant, const writing_t *writing);
void meant_clear(meant_t *meant);

/*! Judges a response for the client that has asked. */
int meant_judge(const writing_t *writing, policy_response_t *response, policy_verdict_t *verdict,
                knot_mm_t *mm);

/*! Signs what a verdict has made, if the client validates; of additional records every second. */
void meant_sign(const writing_t *writing, new_sigs_t *sigs, policy_response_t *response,
                policy_verdict_t *verdict);
void meant_unsign(new_sigs_t *sigs);
