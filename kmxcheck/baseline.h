/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * An earlier JSON report: findings that it has are known. A finding is the same where zone, server,
 * rule, owner, type, target and address are: lines and wordings may change.
 *
 * One thread. Errors are KNOT_E*.
 */

#pragma once

#include "dns/text.h"
#include "dns/vec.h"
#include "kmxcheck/check.h"

/*! Zeroed is empty. */
typedef struct {
	VEC(char *) keys; /*!< Sorted. */
} baseline_t;

/*!
 * Reads a report.
 *
 * \param err  One line that begins with the file.
 *
 * \retval KNOT_EOK
 * \retval other  Unreadable, or no report of kmxcheck.
 */
int baseline_read(baseline_t *baseline, const char *path, char err[static ERROR_TEXT_MAX]);

/*! Marks the findings that are known. The server is the one whose answers were audited, or NULL. */
void baseline_apply(const baseline_t *baseline, audit_t *audit, const char *server);
