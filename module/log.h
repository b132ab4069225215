/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * How the module logs its findings: the text of a log line, and how often it is logged.
 *
 * One line per finding and name in an interval, the first at once, later ones with the number of
 * answers they stand for. What was logged is kept in a table of fixed size, made when a zone has
 * its first finding; when it is full of names within their interval, further names are counted, and
 * one line says how many they were. No lock: any number of query threads may report at a time.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy/judge.h"

/*! Names remembered at a time, and so the most lines a zone logs in an interval. */
#define LOG_SLOTS 256
/*! Longest line, with the terminating zero; a longer one is truncated. */
#define LOG_LINE_MAX 400

typedef struct log log_t;

/*! What is done with a line. */
typedef void (*log_emit_f)(void *ctx, const char *line);

/*!
 * \param enforce   The mode, for the wording.
 * \param interval  Seconds; 0 logs every finding.
 * \return NULL if out of memory.
 */
log_t *log_new(bool enforce, uint32_t interval);
void log_free(log_t *log);

/*!
 * Logs a verdict's findings, as far as lines about them are due.
 *
 * \param instead  What is answered in the place of what the findings say ("SERVFAIL"), or NULL.
 * \param now      Seconds of a clock that does not go back.
 */
void log_findings(log_t *log, const policy_verdict_t *verdict, const char *instead,
                  uint32_t now, log_emit_f emit, void *ctx);

/*!
 * Writes the line of a finding: mode, rule, owner and type, what was found, what is answered.
 *
 * \param instead  As for log_findings().
 * \param answers  How many answers it stands for; written if more than one, with
 * \param seconds  the time in which they were given.
 */
void log_line(char line[static LOG_LINE_MAX], const finding_t *finding, bool enforce,
              const char *instead, uint32_t answers, uint32_t seconds);
