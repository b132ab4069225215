/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * What the user asked for. The command line is judged as far as it can be without reading a file.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kmxcheck/ignore.h"
#include "kmxcheck/list.h"
#include "kmxcheck/print.h"
#include "kmxcheck/values.h"
#include "kmxcheck/xalloc.h"

/*! Exit status. */
enum { EXIT_CLEAN = 0, EXIT_FINDINGS = 1 }; /* And EXIT_TROUBLE, of xalloc.h. */

typedef enum { FAIL_ON_ERROR = 0, FAIL_ON_WARNING, FAIL_NEVER } fail_on_t;

typedef struct {
	char *const *operands; /*!< FILEs, or with axfr the names of zones. Borrowed from argv. */
	size_t operand_count;
	const char *config;    /*!< -c */
	const char *policy;    /*!< --policy */
	knot_dname_t *origin;  /*!< -o, or NULL. */
	format_t format;
	const char *server;    /*!< -s */
	bool all_servers;
	uint16_t port;         /*!< --port, or the usual one. */
	bool axfr;
	list_job_t list;       /*!< --list, --replaces, --records; no path: zones are audited. */
	fail_on_t fail_on;
	bool quiet;
	ignores_t ignores;     /*!< --ignore; not yet those of the files. */
	VEC(const char *) ignore_files; /*!< --ignore-file */
	const char *baseline;  /*!< --baseline */
	values_t values;       /*!< Of --proxy and its like; not made. */
	bool has_values;       /*!< There are such values. */
} options_t;

/*! Reads the command line. Ends the program where all that was asked for is printed (-h, -V,
 *  --explain). False: it is wrong, which is on standard error. */
bool options_read(options_t *options, int argc, char **argv);
