/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The name of a zone's file, as knotd makes it of the items "storage" and "file". Pure but for
 * memory.
 */

#pragma once

#include <libknot/libknot.h>

/*!
 * Makes the path of a zone file.
 *
 * \param out      The path, for free().
 * \param storage  Folder for a file without a leading slash.
 * \param file     Name with formatters: %s the zone's name, %c[N] and %c[N-M] characters of it
 *                 from the left, %l[N] a label from the right, %% a percent sign. Any other is
 *                 left out, as knotd does.
 * \param zone     The zone's name.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL  An index is missing or wrong.
 * \retval KNOT_ERANGE  The name is too long.
 * \retval KNOT_ENOMEM
 */
int zonefile_path(char **out, const char *storage, const char *file, const knot_dname_t *zone);
