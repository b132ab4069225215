/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Which zone a file is of, where the user does not say so: the owner of its SOA. Where that is the
 * root, or written relative to an origin that the file does not name, it is what the head of an
 * export says, else the name of the file without what people add to it, if the file's own absolute
 * owners agree.
 *
 * One thread. Errors as in scan.h.
 */

#pragma once

#include <stdbool.h>

#include "kmxcheck/scan.h"

typedef struct {
	knot_dname_t *apex; /*!< For knot_dname_free(). */
	bool guessed;       /*!< No SOA says so. */
} origin_t;

/*!
 * Finds the zone that a text is of.
 *
 * \param name   Of the file that the text is from.
 * \param files  As of scan_text().
 *
 * \retval KNOT_EOK
 * \retval other  Not a zone file, unreadable, or nothing names the zone.
 */
int origin_find(origin_t *origin, const char *name, const text_t *text, file_names_t *files,
                char err[static ERROR_TEXT_MAX]);

/*! True if an SOA of this owner is that of the zone; in exports it may be the root, or the apex
 *  twice: without its final dot. */
bool origin_owns_soa(const knot_dname_t *apex, const knot_dname_t *owner);
