/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Reading a whole file, without ever waiting for one: a pipe or a device may never end, and opening
 * a FIFO waits for its writer.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dns/text.h"

/*! Text of a file. */
typedef struct {
	char *at;     /*!< Zero-terminated once read. For free(), also after an error. */
	size_t size;
	bool named;   /*!< It is a regular file, under a name of its own. */
} text_t;

/*!
 * Reads a regular file.
 *
 * \param pipe_too  A pipe that is open already (/dev/fd/63, as a shell names one) is read, too.
 * \param what      Set on an error: what is wrong, in words.
 *
 * \retval KNOT_EOK
 * \retval other     It can't be read, is no regular file, or became shorter meanwhile.
 */
int file_read(const char *path, bool pipe_too, text_t *text, const char **what);

/*! The same for a file that is named by an option, with an error as error_at() writes it. Nothing
 *  is left to be freed after one. */
int file_read_option(const char *path, text_t *text, char err[static ERROR_TEXT_MAX]);

/*! The same for a file that is audited, or "-": standard input to its end. Has to be freed in any
 *  case. */
int file_read_input(const char *path, text_t *text, char err[static ERROR_TEXT_MAX]);
