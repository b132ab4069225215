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

/*!
 * Told of a list that has changed or was refused.
 *
 * \param changed  There is a new version; or the last good one stays.
 * \param text     What to log. NULL for all watches of a list but one.
 */
typedef void (*watch_event_f)(void *ctx, bool changed, const char *text);

/*!
 * Watches a list. Nothing is to be watched in one without files: then *out is NULL.
 *
 * \param list      Held by the caller until after watch_free().
 * \param interval  Seconds, not 0. Of several watches of one list, the shortest counts.
 * \param event     Called by the thread, not after watch_free().
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM  Or there can't be another thread.
 */
int watch_new(const netlist_t *list, uint32_t interval, watch_event_f event, void *ctx,
              watch_t **out);

/*! Ends a watch; NULL is fine. Waits for the list that the thread is reading. */
void watch_free(watch_t *watch);
