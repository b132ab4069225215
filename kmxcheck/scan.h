/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The records of a zone file, one after another, through libzscanner as knotd reads it, with those
 * of the files that it includes.
 *
 * One thread. Errors are KNOT_E*; err then holds "FILE:LINE: what is wrong", or "FILE: ..." where
 * it is about no line, as error_at() writes it.
 */

#pragma once

#include <stdint.h>

#include <libknot/libknot.h>

#include "dns/text.h"
#include "dns/vec.h"
#include "kmxcheck/export.h"
#include "kmxcheck/file.h"

/*! Files included in each other, and files included at all. */
#define ZONE_DEPTH_MAX    32
#define ZONE_INCLUDES_MAX 65536

/*! A record of a zone file. Borrowed: gone when the callback returns, but for the name of the file,
 *  which stays as long as those of the scan do. */
typedef struct {
	const knot_dname_t *owner; /*!< In lower case. */
	uint16_t type;
	uint32_t ttl;
	const uint8_t *rdata;      /*!< Well-formed and in lower case if the type matters. */
	uint16_t size;
	source_pos_t pos;          /*!< Where its data ends. */
	mark_t mark;               /*!< Of an export. */
} record_t;

/*! Receives a record; anything but KNOT_EOK ends the scan with that. */
typedef int (*record_f)(void *ctx, const record_t *record);

/*! Names of files that positions point at; for vec_free_all(). */
typedef VEC(char *) file_names_t;

/*!
 * Reads all records of a text.
 *
 * \param name    Of the file that the text is from.
 * \param origin  What relative names are relative to at the beginning.
 * \param files   Those of the scan are added, also before an error.
 * \param err     Left as it is if the callback ends the scan.
 *
 * \retval KNOT_EOK
 * \retval other  Not a zone file, unreadable, or what the callback returned.
 */
int scan_text(const char *name, const text_t *text, const knot_dname_t *origin,
              file_names_t *files, record_f record, void *ctx, char err[static ERROR_TEXT_MAX]);

/*! The same for a zone file; the names of files are gone when it returns. */
int scan_file(const char *path, const knot_dname_t *origin, record_f record, void *ctx,
              char err[static ERROR_TEXT_MAX]);
