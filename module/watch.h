/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Lists whose files are looked at while queries run.
 *
 * One thread of the process does that for all zones, each distinct list once in its interval. It
 * begins with the first watch and has ended when the last one is freed. Queries never wait for it:
 * netlist_current() is what it has published last.
 */

#pragma once

#include "module/netlists.h"

typedef struct watch watch_t;

/*! Callbacks of a watch. Called by the thread, not after watch_free(). */
typedef struct {
	netlist_fits_f fits; /*!< Called before a new version is used. */
	void *fits_ctx;
	/*! Called for a list that has changed (there is a new version), or was refused. The text is
	 *  what to log, NULL for all watches of a list but one. */
	void (*event)(void *ctx, bool changed, const char *text);
	void *event_ctx;
} watch_who_t;

/*!
 * Watches a list. Nothing is to be watched in one without files: then *out is NULL.
 *
 * \param list      Held by the caller until after watch_free().
 * \param interval  Seconds, not 0. Of several watches of one list, the shortest counts.
 * \param who       Copied.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM  Or there can't be another thread.
 */
int watch_new(const netlist_t *list, uint32_t interval, const watch_who_t *who, watch_t **out);

/*! Ends a watch; NULL is fine. Waits for the list that the thread is reading. */
void watch_free(watch_t *watch);
