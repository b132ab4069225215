/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Text that is written piece by piece into a buffer; what does not fit fails the test.
 */

#pragma once

#include <stddef.h>

#include <libknot/libknot.h>

typedef struct {
	char *at;                 /*!< Where the next piece goes. */
	size_t room;
	const knot_dname_t *apex; /*!< Names are relative to it. */
} text_writer_t;

__attribute__((format(printf, 2, 3)))
void say(text_writer_t *to, const char *format, ...);

/*! "@" for the apex, without it below it. */
void say_name(text_writer_t *to, const knot_dname_t *name);
