/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The lists of networks that stanzas name, built once for each distinct list and shared by all
 * zones and stanzas that have it. A list is networks from the configuration and paths of files.
 *
 * The registry is one for the process. It remembers what each file was (device, inode, size,
 * mtime, ctime) when it was read: as long as all files of a list are the same, netlist_get() costs
 * a stat() for each and hands out the set there is. It also keeps the last good set of a list
 * whose files went bad, and for a while that of a list nobody holds: a reload may let go of a
 * list before it asks for it again.
 *
 * All functions may be called by any thread at any time. They take a lock and read files, so they
 * are for load and unload; netlist_set() takes none. Sets never change. Errors are KNOT_E*.
 */

#pragma once

#include <stddef.h>

#include "policy/netfile.h"
#include "policy/netset.h"

/*! Lists that nobody holds and that are kept anyway; the longest unheld goes first. */
#define NETLISTS_IDLE_MAX 8

/*! A hold on a built set. */
typedef struct netlist netlist_t;

/*!
 * Gets the set of a list, from the registry or built now. Two lists are the same if they have
 * the same networks and the same paths in the same order.
 *
 * A file that has changed is read, and its networks are in the set of this and later calls; who
 * holds the set from before keeps that one. If then any file can't be read or is malformed, and
 * there has been a good set of this list, that one is handed out: KNOT_EOK, and err says what is
 * wrong. A malformed file is not read again until it changes, and err says the same thing only
 * once: while the state of the files stays the same, later calls leave err empty.
 *
 * \param nets        Networks, copied. May be NULL if net_count is 0.
 * \param net_count   How many.
 * \param paths       Files as for netfile_read(), copied. May be NULL if path_count is 0.
 * \param path_count  How many.
 * \param out         Set on KNOT_EOK, for netlist_put(); NULL on error.
 * \param err         Always terminated; empty if nothing is to be said. See netfile_read().
 *
 * \retval KNOT_EOK      *out is current, or if err is not empty, the last good one.
 * \retval KNOT_ENOMEM
 * \retval other KNOT_E* There is no good one; err says why, each time.
 */
int netlist_get(const net_t *nets, size_t net_count, const char *const *paths, size_t path_count,
              netlist_t **out, char err[static NETFILE_ERR_MAX]);

/*!
 * Builds the set of a list from its files as they are now, for a check of the configuration. As
 * netlist_get(), but a bad file is an error even if there is a last good set. Whatever the registry
 * has stays as it is, and *out (not wanted if NULL) is the caller's alone.
 */
int netlist_check(const net_t *nets, size_t net_count, const char *const *paths, size_t path_count,
                netlist_t **out, char err[static NETFILE_ERR_MAX]);

/*! The set, valid until netlist_put(). NULL for NULL. */
const netset_t *netlist_set(const netlist_t *list);

/*! Lets go of a set; NULL is fine. */
void netlist_put(netlist_t *list);
