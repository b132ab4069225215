/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Findings that are meant to be so: RULE[:OWNER[:TARGET]], from options and from files, in which
 * such a line may say why, and until when.
 *
 * Names are as in a zone file: relative to the zone that is audited unless they end in a dot, '@'
 * is its apex, a leading '*' label matches everything below. One that ends in the zone's own name
 * may lack the dot. An empty name matches any.
 *
 * One thread. Errors are KNOT_E*, and err then holds one line without a full stop.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/text.h"
#include "dns/vec.h"
#include "kmxcheck/check.h"

typedef struct {
	char *text;         /*!< As it is written. */
	source_pos_t pos;   /*!< In a file, or nowhere: an option. */
	audit_rule_t rule;
	char *owner;        /*!< NULL: any. */
	char *target;       /*!< NULL: any. */
	char *reason;       /*!< NULL: none is given. */
	int64_t last_day;   /*!< On which it ignores, in days since the epoch. */
	bool tried;         /*!< A zone was audited that it may be about. */
	size_t matched;     /*!< Findings. */
} ignore_t;

/*! Zeroed is empty. */
typedef struct {
	VEC(ignore_t) list;
} ignores_t;

/*! Adds one. KNOT_EINVAL with err, which quotes the text: there is no such rule, or a name is
 *  none. */
int ignores_add(ignores_t *ignores, const char *text, char err[static ERROR_TEXT_MAX]);

/*!
 * Adds those of a file, whose name has to stay. A line is empty, a comment (# or ;), or
 *
 *     RULE[:OWNER[:TARGET]] [until YYYY-MM-DD] [# REASON]
 *
 * \retval KNOT_EOK
 * \retval other  Unreadable, or a line is something else; err begins with the file and the line.
 */
int ignores_read(ignores_t *ignores, const char *path, char err[static ERROR_TEXT_MAX]);

/*! Marks the findings of an audit that are to be ignored at a time, in seconds since the epoch. */
void ignores_apply(ignores_t *ignores, audit_t *audit, int64_t now);

/*! True if a finding in a zone is to be ignored at that time. */
bool ignores_match(const ignores_t *ignores, const knot_dname_t *zone,
                   const audit_finding_t *finding, int64_t now);

/*!
 * What is to be said of the i-th one: that it has ended, or has matched nothing in the zones that
 * it may be about. For free(); NULL: nothing.
 *
 * \param all  All zones could be audited. Otherwise there is a note on those only that have ended.
 */
char *ignores_note(const ignores_t *ignores, size_t i, int64_t now, bool all);
