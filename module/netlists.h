/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The lists of networks and proxy names that stanzas have, built once for each distinct list and
 * shared by all zones and stanzas that have it. A list is networks and names from the configuration
 * and paths of files.
 *
 * The registry is one for the process. It remembers what each file was (device, inode, size,
 * mtime, ctime) when it was read: as long as all files of a list are the same, netlist_get() costs
 * a stat() for each and returns the present version. It also keeps the last good version of a
 * list whose files went bad, and for a while that of a list nobody holds: a reload may release a
 * list before it gets it again, and a server may not read any more what it has checked.
 *
 * All functions may be called by any thread at any time. They take a lock and read files, so they
 * are for load and unload; netlist_current(), netlist_set() and netlist_names() take none. Versions
 * never change. Errors are KNOT_E*.
 */

#pragma once

#include <stddef.h>

#include "policy/names.h"
#include "policy/netfile.h"
#include "policy/netset.h"

/*! Lists that nobody holds and that are kept anyway, besides those that a check has just read; the
 *  longest unheld goes first. */
#define NETLISTS_IDLE_MAX 64

/*! A hold on a built list. */
typedef struct netlist netlist_t;

/*! A list as it is configured. A pointer may be NULL where there are none. */
typedef struct {
	const net_t *nets;
	size_t net_count;
	const knot_dname_t *const *names; /*!< Proxy names, in lower case. */
	size_t name_count;
	const char *const *paths;         /*!< Files as for netfile_find(). */
	size_t path_count;
} netlist_conf_t;

/*!
 * Gets a list for a load, from the registry or built now. Two lists are the same if they have the
 * same networks, names and paths in the same order.
 *
 * A file that has changed is read, and what it says is in the list of this and later calls; holders
 * of the list from before keep that one. If then any file can't be read or is malformed, and
 * there has been a good version of this list, that one is returned: KNOT_EOK, and err says what
 * is wrong. A malformed file is not read again until it changes, and err says the same thing only
 * once: while the state of the files stays the same, later calls leave err empty.
 *
 * \param conf  The list, copied.
 * \param out   Set on KNOT_EOK, for netlist_put(); NULL on error.
 * \param err   Always terminated; empty if nothing is to be said. See netfile_read().
 *
 * \retval KNOT_EOK      *out is current, or if err is not empty, the last good one.
 * \retval KNOT_ENOMEM
 * \retval other KNOT_E* There is no good one; err says why, each time.
 */
int netlist_get(const netlist_conf_t *conf, netlist_t **out, char err[static NETFILE_ERR_MAX]);

/*! To be called when a configuration is read, before its check: what is loaded next is a reload. */
void netlist_reload(void);

/*!
 * Builds a list from its files as they are now, for a check of the configuration. As netlist_get(),
 * but a bad file is an error even if there is a last good version.
 *
 * A server checks as root what it loads as another user. So what was read for a check is the last
 * good version of a list that has no other one: a load that can't read the files takes it. And what
 * may not be read (KNOT_EACCES) is good if there is a last good version; the load then says so. A
 * list that no load takes is freed when the first load after a later check begins, unless that
 * check has named it, too.
 */
int netlist_check(const netlist_conf_t *conf, netlist_t **out, char err[static NETFILE_ERR_MAX]);

/*! Decides if a new version may be used; else why says the reason. Called with a lock held. */
typedef bool (*netlist_fits_f)(void *ctx, const netlist_t *version,
                               char why[static NETFILE_ERR_MAX]);

/*!
 * Makes what the files of a list are now its current version, while others use it: as netlist_get()
 * does, but a file that lists less than half of what it listed is refused, like a malformed one: it
 * may be only partly written. So does netlist_get() itself if there was no netlist_reload() since
 * the last call: then a zone is added, and nobody reloads.
 *
 * \param fits NULL: anything may be used.
 * \param err  Always terminated; empty if nothing is to be said. Why the files were refused, which
 *             is said once; or which other files the new version was read from.
 *
 * \return True if there is a new version.
 */
bool netlist_refresh(const netlist_t *list, netlist_fits_f fits, void *ctx,
                     char err[static NETFILE_ERR_MAX]);

/*! The current version of a list that is held, valid until the end of the caller's RCU read-side
 *  section. No lock. */
const netlist_t *netlist_current(const netlist_t *list);

/*! The same for all versions of a list, and for no other list. NULL: it has no files. */
const void *netlist_id(const netlist_t *list);

/*! The networks, valid until netlist_put(). NULL for NULL. */
const netset_t *netlist_set(const netlist_t *list);

/*! The proxy names, for names_cover(); likewise. */
const names_t *netlist_names(const netlist_t *list);

/*! Releases a list; NULL is fine. */
void netlist_put(netlist_t *list);
