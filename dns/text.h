/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Names, types, addresses and source positions as text, and text that is safe to show.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

/*! Longest text of an address, and the terminating zero. */
#define ADDRESS_TEXT_MAX 46
/*! Longest text of a type, and the terminating zero. */
#define TYPE_TEXT_MAX 16
/*! Longest error text, and the terminating zero. */
#define ERROR_TEXT_MAX 1024

/*! A name as text; "" for NULL. Returns buf. */
char *name_text(knot_dname_txt_storage_t buf, const knot_dname_t *name);

/*! A type as text: "MX", "TYPE65280". Returns buf. */
char *type_text(char buf[static TYPE_TEXT_MAX], uint16_t type);

/*! An address of family 4 or 6 as text. Returns buf. */
char *address_text(char buf[static ADDRESS_TEXT_MAX], int family, const uint8_t *address);

/*! The family of the addresses of a type: 4 of A, 6 of AAAA, else 0. */
static inline int family_of_type(uint16_t type)
{
	return type == KNOT_RRTYPE_A ? 4 : type == KNOT_RRTYPE_AAAA ? 6 : 0;
}

/*! The type of the addresses of a family. */
static inline uint16_t type_of_family(int family)
{
	return family == 4 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA;
}

/*! Octets of an address. */
static inline size_t address_size(int family)
{
	return family == 4 ? 4 : 16;
}

/*! A copy of a text that may be shown: control characters, and what is not UTF-8, as \DDD. For
 *  free(). NULL: not enough memory. */
char *clean_copy(const char *text);

/*! Writes text for people to read into size octets: control characters, and what is not ASCII if
 *  only that is fine, as \DDD. What does not fit is cut, and "..." is in its place. */
void text_show(char *out, size_t size, const char *text, size_t len, bool ascii);

/*! Where something was written. No file: nowhere, or on the command line; line 0: no line. */
typedef struct {
	const char *file;
	uint64_t line;
} source_pos_t;

/*!
 * Writes an error text: "FILE:LINE: " or "FILE: " or nothing, then what is wrong. One line:
 * control characters in the name of the file are shown as \DDD, a long name is cut. Returns ret.
 */
__attribute__((format(printf, 4, 5)))
int error_at(char err[static ERROR_TEXT_MAX], int ret, source_pos_t pos, const char *fmt, ...);
