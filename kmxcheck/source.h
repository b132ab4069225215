/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Where the text of a zone comes from, and its records one by one: a file, read as often as it
 * takes, or text in memory. Follows $INCLUDE to a bounded depth and number.
 *
 * One thread. Errors are KNOT_E*; err then holds "FILE:LINE: what is wrong", or "FILE: ..." where
 * no line is to blame: one line, octets that are not printable shown as \DDD.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "kmxcheck/zone.h"

/*! Files included in each other, and files included at all. */
#define SOURCE_DEPTH_MAX    32
#define SOURCE_INCLUDES_MAX 65536

/*! A record. Borrowed: gone when the callback returns, but for the file. */
typedef struct {
	const knot_dname_t *owner; /*!< In lower case. */
	size_t owner_size;
	uint16_t type;
	uint32_t ttl;
	const uint8_t *rdata;      /*!< Well-formed (rdata.h), names in it in any case. */
	size_t rdata_len;
	const char *file;          /*!< Stays as long as the source. */
	uint64_t line;             /*!< Where its data ends. */
} record_t;

/*! Takes a record; anything but KNOT_EOK ends the scan with that. */
typedef int (*record_f)(void *ctx, const record_t *record);

/*! Names of files, kept as long as the source; zeroed is none. */
typedef struct {
	char **at;
	size_t count;
} file_names_t;

/*! A source. Zeroed it can be cleared. */
typedef struct {
	char *name;    /*!< As the user named it. */
	char *text;    /*!< In memory, or NULL: to be read from the file. */
	size_t size;
	bool is_file;  /*!< It can be read again. */
	file_names_t files;
} source_t;

/*!
 * Opens a source: standard input ("-"), what can be read only once and what is small is read into
 * memory.
 *
 * \retval KNOT_EOK
 * \retval other  Can't be read, or no memory.
 */
int source_open(source_t *source, const char *path, char err[static ZONE_ERR_MAX]);

/*! Takes text in memory, to be freed with free(). */
int source_open_text(source_t *source, const char *name, char *text, size_t size,
                     char err[static ZONE_ERR_MAX]);

/*! Frees the text if it can be read again. */
void source_forget(source_t *source);

void source_clear(source_t *source);

/*!
 * Reads all records.
 *
 * \param origin  What relative names are relative to at the beginning.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EPARSEFAIL  Not a zone file.
 * \retval other            Unreadable, no memory, or what the callback returned; in that case err
 *                          is left as it is.
 */
int source_scan(source_t *source, const knot_dname_t *origin, record_f record, void *ctx,
                char err[static ZONE_ERR_MAX]);

/*! Writes an error text. Returns ret. */
__attribute__((format(printf, 5, 6)))
int source_error(char err[static ZONE_ERR_MAX], int ret, const char *file, uint64_t line,
                 const char *fmt, ...);
