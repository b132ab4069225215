/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Sending a client to a stream after the fact, for a response that is whole but must not go out.
 */

#pragma once

#include <knot/module.h>

/*!
 * Has knotd compose another response: over UDP an empty and truncated one, on a stream, or where it can't
 * be signed with TSIG once more, SERVFAIL. Any thread, with the query data that is its own.
 *
 * \param opt_len  Octets of OPT RDATA there were before the response was composed.
 *
 * \return What a hook of the last stage has to return then.
 */
knotd_state_t stream_cut(knotd_qdata_t *qdata, uint16_t opt_len, bool stream);
