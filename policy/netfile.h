/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Reading the list of a vendor from a file. One entry a line: a network (ADDR, ADDR/LEN, ADDR-ADDR,
 * both families), or a proxy name: a domain name that ends in a dot, in the notation of zone files,
 * and stands for itself and all below it. A '!' right before an entry makes it an exception: what
 * it holds is good for mail although a wider entry of this file holds it too. So the narrowest
 * network and the deepest name decide; of an entry and an exception that are equal, the exception.
 *
 * Or a zone file, known by a directive or an SOA record on its first line: APL records (RFC 3123)
 * are networks, '!' is an exception; PTR records are names, whatever their owners. So knotd itself
 * keeps a list up to date, as a secondary zone. The file may not include others.
 *
 * '#' and ';' start a comment anywhere, blank lines, spaces, tabs and CRLF are fine, a UTF-8 byte
 * order mark at the start too. Anything else, and a file with neither a network nor a name, is an
 * error. Memory is bounded by the entries read, and these by NETFILE_ENTRIES_MAX: a line longer
 * than NETFILE_LINE_MAX octets that is not a comment is an error, and so is a file that is not a
 * regular file.
 */

#pragma once

#include <stddef.h>

#include "policy/names.h"
#include "policy/netset.h"

/*! A name has 255 octets, each of them as \DDD, after a '!'. */
#define NETFILE_LINE_MAX    1024
#define NETFILE_ENTRIES_MAX 1000000
#define NETFILE_ERR_MAX     512

/*!
 * Where a list is, by its name: in the folder of the operator's own lists, or else in that of the
 * installed ones. A name that begins with a slash is a path already.
 *
 * It is not remembered: a list of the operator's own may come and go while a server runs.
 *
 * \return The path, for free(); NULL: not enough memory.
 */
char *netfile_find(const char *name);

/*! The date in the head of a list, and what was in it. */
typedef struct {
	int year, month, day; /*!< Of the first "# date: YYYY-MM-DD" line; year 0: none. */
	size_t count;         /*!< Networks read, without exceptions. */
	size_t names;         /*!< Proxy names read, likewise. */
	size_t name_excepts;  /*!< Exceptions to these. */
	double covers4;       /*!< Addresses in these networks: IPv4, */
	double covers6;       /*!< and IPv6, less those in exceptions. What several hold counts for
	                       *   each. */
} netfile_info_t;

/*!
 * Adds what a file lists to a set of networks that is not built yet and to a set of names. An
 * exception of this file does not count for what these sets have otherwise.
 *
 * \param set    Where networks go to.
 * \param names  Where names go to, for names_cover().
 * \param path   The file.
 * \param info   Filled if not NULL.
 * \param err    Filled on error, always terminated: "PATH:LINE: what is wrong", or
 *               "PATH: what is wrong" where it is about no line. One line, no full stop; octets of
 *               the file that are not printable ASCII are shown as \DDD.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EMALF    A line is not an entry, there are too many, or none.
 * \retval KNOT_ENOMEM   The sets can only be freed.
 * \retval KNOT_EINVAL   The set is built already.
 * \retval other KNOT_E* The file can't be read (knot_map_errno()).
 */
int netfile_read(netset_t *set, names_t *names, const char *path, netfile_info_t *info,
                 char err[static NETFILE_ERR_MAX]);

/*! Called for each entry of a file, in the order of the file. Names are in wire format, in lower
 *  case, and like networks valid during the call only. Both return KNOT_EOK or KNOT_ENOMEM. */
typedef struct {
	int (*net)(void *ctx, const net_t *net, bool except);
	int (*name)(void *ctx, const knot_dname_t *name, bool except);
	void *ctx;
} netfile_visitor_t;

/*! Reads a file as netfile_read() does, with its errors, and calls a visitor for each entry. An
 *  error may be found after the visitor was called for entries before it. */
int netfile_visit(const char *path, const netfile_visitor_t *visitor, netfile_info_t *info,
                  char err[static NETFILE_ERR_MAX]);

/*! What a list has, exceptions left out: addresses of each family, and names. */
typedef struct {
	double v4, v6, names;
} netfile_extent_t;

/*! True if a list has less than half of what it had: it may be only partly written. */
bool netfile_shrunk(const netfile_extent_t *before, const netfile_extent_t *now);
