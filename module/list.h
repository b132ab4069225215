/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A list of networks as it is configured, some written out and some in files: what makes it
 * distinct, which files it was read from, and its set. What the registry in lists.h is made of.
 *
 * Functions touch nothing but their arguments and the files. Errors are KNOT_E*.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/netfile.h"
#include "policy/netset.h"

/*! A list. Owns nothing, unless it is a copy. */
typedef struct {
	uint64_t hash;
	const net_t *nets;
	size_t net_count;
	const char *const *paths;
	size_t path_count;
} list_t;

/*! What a file is: differs if the file may. No padding, so that it can be compared as a whole. */
typedef struct {
	int64_t error; /*!< Of stat(); then the rest is zero. */
	uint64_t dev;
	uint64_t ino;
	int64_t size;
	int64_t mtime, mtime_ns;
	int64_t ctime, ctime_ns;
} ident_t;

/*! Makes a list that borrows its parts. */
list_t list_of(const net_t *nets, size_t net_count, const char *const *paths, size_t path_count);

/*! Makes a copy that owns its parts, for list_clear(). KNOT_ENOMEM. */
int list_copy(list_t *out, const list_t *list);

/*! Frees the parts of a copy. */
void list_clear(list_t *copy);

/*! A total order without meaning; 0 if the lists are the same. */
int list_cmp(const list_t *a, const list_t *b);

/*! Says what the files are now: one for each path. */
void list_identify(const list_t *list, ident_t *idents);

/*! True if the files are the same. */
bool list_same(const list_t *list, const ident_t *a, const ident_t *b);

/*!
 * Reads the files and builds the set.
 *
 * \param first   The path to begin with: one that can't be opened is found out at once, not after
 *                reading all others.
 * \param failed  Set on error: the path to blame.
 * \param out     Set on KNOT_EOK, for netset_free().
 * \param err     As for netfile_read(); empty on KNOT_EOK.
 */
int list_build(const list_t *list, size_t first, size_t *failed, netset_t **out,
               char err[static NETFILE_ERR_MAX]);
