/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Sending a client to a stream after the fact, for a response that is whole but must not go out.
 */

#pragma once

#include <knot/module.h>

/*!
 * To be returned by a hook of the last stage. Over UDP the response goes out empty and truncated, on a
 * stream it is SERVFAIL.
 *
 * \param opt_len  Octets of OPT RDATA there were before the response was composed.
 */
knotd_state_t stream_cut(knotd_qdata_t *qdata, uint16_t opt_len, bool stream);
