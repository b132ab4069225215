/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Errors and memory of the auditor. Without memory, or with a wrong command line, the program
 * prints an error and ends with the exit status of a failed run. Output is printed only once all of
 * it is known, so no partial output is left.
 */

#pragma once

#include <libknot/libknot.h>

#include "dns/index.h"
#include "dns/vec.h"

/*! Exit status where zones could not be audited. */
#define EXIT_TROUBLE 2

/*! "kmxcheck: ..." on standard error. */
__attribute__((format(printf, 1, 2)))
void complain(const char *fmt, ...);

/*! The same, no longer than error_at() writes it, and the end of the program. */
__attribute__((format(printf, 1, 2), noreturn))
void fatal(const char *fmt, ...);

/*! Returns the pointer, or ends the program if it is NULL. */
void *xcheck(void *pointer);

/*! Ends the program unless something is done that only a lack of memory prevents. */
void xdone(bool done);

/*! Ends the program if ret is KNOT_ENOMEM. Returns ret. */
int xcheck_ret(int ret);

/*! Adds a zeroed element to a vector and returns it (void *). */
#define xadd(vec) xcheck(vec_add(vec))

/*! name_index_add(), or the end of the program. */
size_t xadd_index(name_index_t *index, const knot_dname_t *name);

void xadd_name(name_list_t *list, const knot_dname_t *name);

void *xcalloc(size_t count, size_t size);
char *xstrdup(const char *text);
knot_dname_t *xname(const knot_dname_t *name);

/*! Text in new memory. */
__attribute__((format(printf, 1, 2), nonnull(1)))
char *xformat(const char *fmt, ...);
