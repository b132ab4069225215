/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * What a response has to prove to clients that validate (RFC 4035, RFC 5155), and names that
 * answers have although the zone does not: they are put into the chain of its NSEC or NSEC3
 * records.
 *
 * Pure, as the judge is; any number of threads may use it. Errors are KNOT_E*.
 */

#pragma once

#include "policy/response.h"

/*!
 * Makes the edited response provable: says whose wildcard new RRsets are signed for, keeps and
 * makes NSEC and NSEC3 RRs as they are needed, and makes the exchange exist in them. For judge.c
 * only; judge->error is set when memory or a hash can't be had.
 */
void denial_prove(judge_t *judge);

/*!
 * The cheap first question about denials, for responses that nothing else is wrong with: may a
 * record in it deny what answers have? Then policy_judge(), or for a referral
 * policy_judge_referral(), with response.hash has to look. Looks up nothing but the apex MX RRset.
 */
bool policy_suspects_denial(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                            const knot_rrset_t *rrsets, size_t count);
