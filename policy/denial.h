/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * What a response has to prove to clients that validate (RFC 4035, RFC 5155). Missing names are put
 * into the chain of the zone's NSEC or NSEC3 records.
 *
 * Pure, as the judge is; any number of threads may use it. Errors are KNOT_E*.
 */

#pragma once

#include "policy/response.h"

/*!
 * Makes the edited response provable: says whose wildcard new RRsets are signed for, keeps and
 * makes NSEC and NSEC3 RRs as they are needed, and makes the exchange exist in them. For judge.c
 * only; judge->error is set when memory runs out or a hash can't be computed.
 */
void denial_prove(judge_t *judge);
