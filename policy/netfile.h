/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Reading a list of networks from a file: one network a line (ADDR, ADDR/LEN, ADDR-ADDR, both
 * families), '#' and ';' start a comment anywhere, blank lines, spaces, tabs and CRLF are fine,
 * a UTF-8 byte order mark at the start too. Anything else, and a file without any network, is an
 * error. Memory is bounded by the networks read: a line longer than NETFILE_LINE_MAX octets that
 * is not a comment is an error, and so is a file that is not a regular file.
 */

#pragma once

#include <stddef.h>

#include "policy/netset.h"

#define NETFILE_LINE_MAX 256
#define NETFILE_ERR_MAX  512

/*! What the head of a list says of itself. */
typedef struct {
	int year, month, day; /*!< Of the first "# date: YYYY-MM-DD" line; year 0: none. */
	size_t count;         /*!< Networks read. */
} netfile_info_t;

/*!
 * Adds the networks of a file to a set that is not built yet.
 *
 * \param set   Destination; after an error it may hold a part of the file and should be freed.
 * \param path  The file.
 * \param info  Filled if not NULL.
 * \param err   Filled on error, always terminated: "PATH:LINE: what is wrong", or
 *              "PATH: what is wrong" where no line is to blame. One line, no full stop; octets of
 *              the file that are not printable ASCII are shown as \DDD.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EMALF    A line is not a network, or there is none.
 * \retval KNOT_ENOMEM
 * \retval other KNOT_E* The file can't be read (knot_map_errno()).
 */
int netfile_read(netset_t *set, const char *path, netfile_info_t *info,
                 char err[static NETFILE_ERR_MAX]);
