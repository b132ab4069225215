/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * What the output formats share: names, addresses and records as text. Nothing outside the output
 * includes this. One thread.
 */

#pragma once

#include "kmxcheck/output.h"

/*! Longest text of an address, and the terminating zero. */
#define ADDRESS_TEXT_MAX 46
/*! Longest text of a type, and the terminating zero. */
#define TYPE_TEXT_MAX 16

/*! A name as text; "" for NULL. Returns buf. */
char *print_name(knot_dname_txt_storage_t buf, const knot_dname_t *name);

/*! A type as text: "MX", "TYPE65280". Returns buf. */
char *print_type(char buf[static TYPE_TEXT_MAX], uint16_t type);

/*! An address of family 4 or 6 as text. Returns buf. */
char *print_address(char buf[static ADDRESS_TEXT_MAX], uint8_t family, const uint8_t *address);

/*!
 * Length of the character at the beginning of a text if it may be shown as it is: printable UTF-8
 * that is no control character. Otherwise 0: file names may hold anything.
 */
size_t print_clean_length(const char *text);

/*! Writes a text, what is not clean as \DDD. */
void print_clean(FILE *out, const char *text);

/*! The same in new memory, or NULL. */
char *print_clean_copy(const char *text);

/*! "s" unless the count is 1. */
static inline const char *print_plural(size_t count)
{
	return count == 1 ? "" : "s";
}

/*! A buffer for records as text; zeroed is empty, to be freed with free(). */
typedef struct {
	char *text;
	size_t size;
} record_text_t;

/*! The record of an edit as a zone-file line, without line break: KNOT_EOK or an error. */
int print_record(record_text_t *buf, const audit_edit_t *edit, bool with_class);

/*! The first edit after those that have the same owner as the i-th. */
size_t print_same_owner(const audit_t *audit, size_t i);

/* One for each format; they return KNOT_E* and leave errors of the file to the caller. */
int print_text(const output_t *output, FILE *out);
int print_json(const output_t *output, FILE *out);
int print_dot(const output_t *output, FILE *out);
int print_nsupdate(const output_t *output, FILE *out);
int print_diff(const output_t *output, FILE *out);
