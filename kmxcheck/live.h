/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Auditing a running server, as a mail server would ask it: MX and mail SRV of every owner in the
 * zone, then the addresses of every target, following aliases, over UDP with a small and a large
 * EDNS size and over TCP. A server that does not answer is an error, never a clean one.
 *
 * With a server, its answers are what is audited: print the findings of live_audit() in the place
 * of those of the file, which say what would be found without the module.
 *
 * One thread. Names are absolute and in lower case. Errors as in client.h.
 */

#pragma once

#include "kmxcheck/check.h"
#include "kmxcheck/client.h"
#include "kmxcheck/print.h"

/*!
 * Audits what a server answers for a zone.
 *
 * \param out     Findings and edges, no edits. The zone is that of the audit.
 * \param zone    What is to be printed of the zone at the server; filled, but for file and ns.
 * \param server  The server.
 * \param audit   The audit of the zone's file: whom to ask for, and what would be changed.
 * \param policy  The policy of the zone.
 * \param err     Filled on error.
 *
 * \retval KNOT_EOK
 * \retval other  No answer, or not one from a server of this zone.
 */
int live_audit(audit_t *out, output_zone_t *zone, const server_t *server, const audit_t *audit,
               const policy_t *policy, char err[static ERROR_TEXT_MAX]);
