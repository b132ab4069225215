/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The work of a run: each zone with the policy it is to be audited by, and the zones that are left
 * out with the reason. One thread. Errors are KNOT_E*.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dns/vec.h"
#include "kmxcheck/config.h"
#include "kmxcheck/live.h"
#include "kmxcheck/options.h"
#include "kmxcheck/print.h"

/*! A zone and a policy. */
typedef struct {
	const char *path;           /*!< Zone file, or NULL: by zone transfer. */
	const knot_dname_t *origin; /*!< Apex, or NULL: as the file says. */
	values_t *values;           /*!< Policy, or NULL: the configuration knows by the apex. */
	bool configured;            /*!< It comes from the configuration, not from the user. */
	bool skipped;               /*!< By jobs_skip(). */
	zone_t *zone;               /*!< Open, or NULL. */
	policy_t policy;            /*!< Of the zone. */
	audit_t audit;
	bool done;                  /*!< The audit is there. */
	audit_t live;               /*!< The same of a server's answers, with -s. */
	live_t answers;
} job_t;

typedef struct {
	VEC(job_t) list;
	VEC(output_skip_t) skips;   /*!< Texts are its own. */
	VEC(knot_dname_t *) names;  /*!< Operands that are names. */
} jobs_t;

/*!
 * Finds out what there is to do, without opening a zone.
 *
 * \param jobs    To be cleared with jobs_clear(), also after an error.
 * \param config  The configuration, empty without -c.
 *
 * \retval KNOT_EOK
 * \retval other  See err.
 */
int jobs_make(jobs_t *jobs, options_t *options, config_t *config, char err[static ERROR_TEXT_MAX]);

/*!
 * Skips a zone of the configuration that can't be opened, if its file is not there: only then, so
 * that files which are there are not looked for twice. False if that is not why.
 */
bool jobs_skip(jobs_t *jobs, size_t i);

/*! An error if no job is left: to have audited nothing is not to have found nothing. */
int jobs_left(const jobs_t *jobs, const char *config, char err[static ERROR_TEXT_MAX]);

/*!
 * Finds the policy of a job whose zone is open. Where the configuration has more than one for it,
 * the others become jobs of their own: the job may move.
 */
int jobs_policy(jobs_t *jobs, size_t i, const options_t *options, const config_t *config,
                char err[static ERROR_TEXT_MAX]);

void jobs_clear(jobs_t *jobs);
