/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * What was found, written for people and for programs. Everything is known before the first octet
 * is written, so that there is no half of an output where a zone can't be read.
 *
 * The order is that of the run; nothing here sorts zones or findings. What --ignore left out is
 * counted and not shown. One thread.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "dns/text.h"
#include "kmxcheck/check.h"

typedef enum {
	FORMAT_TEXT = 0,
	FORMAT_JSON,
	FORMAT_SARIF,
	FORMAT_DOT,
	FORMAT_NSUPDATE,
	FORMAT_KNOTC,
	FORMAT_DIFF,    /*!< --diff: has no name for -f. */
	FORMAT_COUNT
} format_t;

/*! Whether a running server has the module, as far as its answers show it. */
typedef enum {
	GUARD_NONE = 0,  /*!< No server was asked. */
	GUARD_UNKNOWN,   /*!< Nothing is to be fixed: answers are the same without. */
	GUARD_NO,        /*!< Answers are what the zone says. */
	GUARD_YES,       /*!< Answers are what enforce makes of the zone. */
	GUARD_PART,      /*!< Some are, some are not: another policy or zone. */
	GUARD_OTHER,     /*!< Its zone has another serial: they can't be compared. */
} guard_t;

/*! A zone that was audited, from a file or by asking a server. */
typedef struct {
	const audit_t *audit;
	const char *file;    /*!< As the user named it, or NULL. */
	const char *server;  /*!< "192.0.2.1@53" if its answers were audited, NULL: the file was. */
	const char *ns;      /*!< Its name in the NS records, or NULL. */
	guard_t guard;       /*!< With a server. */
	uint32_t file_serial; /*!< Of the zone that was compared with its answers. */
	size_t queries;      /*!< Asked of the server. */
	size_t seen;         /*!< Changes that are in its answers, */
	size_t changes;      /*!< of all that enforce would make. */
} output_zone_t;

/*! A zone that could not be audited, and is no error. */
typedef struct {
	const char *zone;    /*!< Name, as text. */
	const char *reason;  /*!< "member of a catalog", without a full stop. */
} output_skip_t;

/*! All that is printed. Everything is borrowed. */
typedef struct {
	const output_zone_t *zones;
	size_t zone_count;
	const output_skip_t *skips;
	size_t skip_count;
	bool color;          /*!< Text and diff only. */
	size_t width;        /*!< Text: columns of the terminal; 0: it is none. */
	bool baseline;       /*!< There is a baseline: findings are known or new. */
	bool unfixable;      /*!< There is a zone of which it is not known where mail really is. */
	bool incomplete;     /*!< Something could not be read or asked. */
	size_t server_count; /*!< Servers that were asked. */
	const char *server;  /*!< "192.0.2.1@53", which a script is for, or NULL: not known. */
	const char *control; /*!< Its control socket, or NULL: not known. */
} output_t;

/*! Sums over the zones of a run. */
typedef struct {
	size_t errors;
	size_t warnings;
	size_t known[2];     /*!< Of the above, by severity: those of the baseline. */
	size_t ignored;      /*!< In neither of the above. */
	size_t edits;        /*!< That --diff would show. */
	size_t zones;        /*!< One at several servers is one. */
	size_t zones_bad;    /*!< With an error or a warning. */
	size_t rules[AUDIT_RULE_COUNT]; /*!< Errors and warnings by rule. */
} output_totals_t;

/*! The format that -f names ("text", "json"), or FORMAT_COUNT. */
format_t output_format(const char *name);

/*! True for the formats that hold findings for programs, which read them in English. */
bool output_is_report(format_t format);

/*! Counts; decides the exit status too. */
void output_count(const output_t *output, output_totals_t *totals);

/*! Everything in a format, for free(), and its size. */
char *output_text(const output_t *output, format_t format, size_t *size);

/* From here on: for the formats. */

/*! A loop over the findings that are shown. */
#define for_each_shown(finding, audit) \
	for (const audit_finding_t *finding = (audit)->findings.at; \
	     finding < (audit)->findings.at + (audit)->findings.count; finding++) \
		if (!finding->ignored)

/*! Writes a text, as clean_copy() of dns/text.h. */
void write_clean(FILE *out, const char *text);

/*! True unless the i-th zone is the same as the one before, at another server. True at the end. */
bool print_new_zone(const output_t *output, size_t i);

/* One for each format. */
void print_text(const output_t *output, FILE *out);
void print_json(const output_t *output, FILE *out);
void print_sarif(const output_t *output, FILE *out);
void print_dot(const output_t *output, FILE *out);
void print_nsupdate(const output_t *output, FILE *out);
void print_knotc(const output_t *output, FILE *out);
void print_diff(const output_t *output, FILE *out);
