/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The decision: a response and the zone's data in, what is wrong and the exact edits out.
 *
 * Pure: no daemon, no clock, no I/O. The module judges what knotd is about to send with it, the
 * auditor what knotd would send. Any number of threads may judge with one policy at a time.
 */

#pragma once

#include "policy/response.h"

/*!
 * Judges a response of the protected zone: not a referral, class IN. Allocates only for edits.
 *
 * \param policy    The zone's policy.
 * \param lookup    Zone look-up; must know at least the apex.
 * \param ctx       Passed to lookup.
 * \param response  The response; edit and with of its items are set.
 * \param verdict   The rest of what is to be done.
 * \param mm        Memory for new RRsets, NULL for malloc.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM  Something is wrong with the response, but the edits are not complete; the
 *                      findings made so far stand. The verdict has to be cleared anyway.
 * \retval KNOT_ESPACE  The same, because of a limit; RULE_UNJUDGED is a finding.
 */
int policy_judge(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                 policy_response_t *response, policy_verdict_t *verdict, knot_mm_t *mm);

/*!
 * Judges a referral of the protected zone: what proves that it is insecure may deny what answers
 * have. Nothing else of it is touched. As policy_judge().
 */
int policy_judge_referral(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                          policy_response_t *response, policy_verdict_t *verdict, knot_mm_t *mm);
