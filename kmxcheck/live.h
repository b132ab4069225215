/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Asking a running server, as a mail server would: MX and mail SRV of every owner in the zone,
 * then the addresses of every target, following aliases, over UDP with a small and a large EDNS
 * size and over TCP. A server that does not answer is an error, never a clean one.
 *
 * With a server, its answers are what is audited: print live_audit()'s findings in the place of
 * those of the file, which say what would be met without the module.
 *
 * One thread. Names are absolute and in lower case. Errors are KNOT_E*, and err then holds one
 * line without a full stop, which begins with the server.
 */

#pragma once

#include <stddef.h>
#include <sys/socket.h>

#include "kmxcheck/audit.h"
#include "kmxcheck/output.h"

#define LIVE_ERR_MAX 1024

/*! "ADDR@PORT", IPv6 with a scope at its longest, and the terminating zero. */
#define SERVER_TEXT_MAX 96

/*! A server to be asked. */
typedef struct {
	struct sockaddr_storage address;
	socklen_t size;
	char text[SERVER_TEXT_MAX]; /*!< "192.0.2.1@53", for output_zone_t. */
} server_t;

/*! What is known of a server beside its findings. */
typedef struct {
	guard_t guard;
	size_t queries; /*!< That were answered. */
	size_t seen;    /*!< Changes of the audit that are in its answers. */
} live_t;

/*! Reads "ADDR[@PORT]", the port by default 53. KNOT_EINVAL with err. */
int live_server(server_t *server, const char *text, char err[static LIVE_ERR_MAX]);

/*!
 * Audits what a server answers for a zone.
 *
 * \param out     Findings and edges, no edits; to be cleared with audit_clear(), also after an
 *                error. The zone is that of the audit.
 * \param live    Filled.
 * \param server  The server.
 * \param audit   The audit of the zone's file: whom to ask for, and what would be mended.
 * \param policy  The policy of the zone.
 * \param err     Filled on error.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM
 * \retval other  No answer, or not one from a server of this zone.
 */
int live_audit(audit_t *out, live_t *live, const server_t *server, const audit_t *audit,
               const policy_t *policy, char err[static LIVE_ERR_MAX]);

/*!
 * Transfers a zone, for zone_open_text().
 *
 * \param text  The zone as zone-file text, to be freed with free().
 * \param size  Its length.
 *
 * \retval KNOT_EOK
 * \retval other  As live_audit().
 */
int live_transfer(const server_t *server, const knot_dname_t *zone, char **text, size_t *size,
                  char err[static LIVE_ERR_MAX]);
