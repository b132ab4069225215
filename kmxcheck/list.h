/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Checking a list of proxies before servers read it: by the code that they read it
 * with. One thread.
 */

#pragma once

#include <stdbool.h>
#include <stdio.h>


/*! What there is to do with a list. */
typedef struct {
	const char *path;     /*!< The list, as for netfile_read(). */
	const char *replaces; /*!< The list that it is to replace, or NULL. */
	bool records;         /*!< Write it as records of a zone. */
} list_job_t;

/*!
 * Checks a list. Findings are networks that no visitor of a web site meets (of special purpose, RFC
 * 6890), and a list that says less than half of what the list before it says: no running server
 * would accept it.
 *
 * \param job  What to check.
 * \param out  Where findings go to, a line each. If there are none, a line that says what the list
 *             has, or its records: APL (RFC 3123) and PTR, owners relative to a zone.
 *
 * \return False: there are findings. Ends the program where a list can't be read, or has something
 *         that no record can say.
 */
bool list_check(const list_job_t *job, FILE *out);
