/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The members of a catalog zone (RFC 9432), as its zone file has them: zones that a server has
 * without a word in its configuration.
 */

#pragma once

#include <libknot/libknot.h>

/*! Takes the name of a member; anything but KNOT_EOK ends the reading with that. */
typedef int (*catalog_f)(void *ctx, const knot_dname_t *member);

/*!
 * Reads the members of a catalog from its zone file.
 *
 * \retval KNOT_EOK
 * \retval other  The file can't be read to its end, or what member returned.
 */
int catalog_members(const char *file, const knot_dname_t *catalog, catalog_f member, void *ctx);
