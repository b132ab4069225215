/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Text that is written piece by piece.
 */

#undef NDEBUG

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/lib/writer.h"

void say(text_writer_t *to, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int written = vsnprintf(to->at, to->room, format, args);
	va_end(args);
	assert(written >= 0 && (size_t)written < to->room);
	to->at += written;
	to->room -= written;
}

void say_name(text_writer_t *to, const knot_dname_t *name)
{
	knot_dname_txt_storage_t buf, apex;
	if (knot_dname_is_equal(name, to->apex)) {
		say(to, "@");
		return;
	}
	assert(knot_dname_to_str(buf, name, sizeof(buf)) != NULL);
	if (knot_dname_in_bailiwick(name, to->apex) > 0) {
		assert(knot_dname_to_str(apex, to->apex, sizeof(apex)) != NULL);
		buf[strlen(buf) - strlen(apex) - 1] = '\0';
	}
	say(to, "%s", buf);
}
