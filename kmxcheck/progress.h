/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * How far it is, on standard error if that is a terminal, and only once it takes long: a short run
 * says nothing. A thread of its own writes, for a large zone may take long by itself.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

/*! Begins, unless it is not wanted or standard error is no terminal. */
void progress_start(bool wanted);

/*! Says what is being done: "reading" number "done" of "total". The text must be constant. */
void progress_step(const char *what, size_t done, size_t total);

/*! Wipes the line, so that something else can be written; it comes again. */
void progress_wipe(void);

/*! Ends it. */
void progress_stop(void);
