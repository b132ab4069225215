/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Errors, and memory or the end of the program.
 */

#define _GNU_SOURCE /* vasprintf() */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/text.h"
#include "kmxcheck/lang.h"
#include "kmxcheck/xalloc.h"

__attribute__((format(printf, 1, 0)))
static char *format(const char *fmt, va_list args)
{
	char *text;
	return xcheck(vasprintf(&text, fmt, args) >= 0 ? text : NULL);
}

void complain(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *text = format(fmt, args), *clean = xcheck(clean_copy(text));
	va_end(args);
	(void)fprintf(stderr, "kmxcheck: %s\n", clean);
	free(clean);
	free(text);
}

void fatal(const char *fmt, ...)
{
	char err[ERROR_TEXT_MAX];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(err, sizeof(err), fmt, args);
	va_end(args);
	complain("%s", err);
	_Exit(EXIT_TROUBLE); /* Without a look for leaks: memory is in use here. */
}

void *xcheck(void *pointer)
{
	if (pointer == NULL) {
		(void)fprintf(stderr, "kmxcheck: %s\n", _("not enough memory"));
		_Exit(EXIT_TROUBLE);
	}
	return pointer;
}

void xdone(bool done)
{
	if (!done) {
		(void)xcheck(NULL);
	}
}

int xcheck_ret(int ret)
{
	xdone(ret != KNOT_ENOMEM);
	return ret;
}

size_t xadd_index(name_index_t *index, const knot_dname_t *name)
{
	size_t number = name_index_add(index, name);
	xdone(number != NAME_INDEX_NONE);
	return number;
}

void xadd_name(name_list_t *list, const knot_dname_t *name)
{
	*(const knot_dname_t **)xadd(list) = name;
}

void *xcalloc(size_t count, size_t size)
{
	return xcheck(calloc(count > 0 ? count : 1, size));
}

char *xstrdup(const char *text)
{
	return xcheck(strdup(text));
}

knot_dname_t *xname(const knot_dname_t *name)
{
	return xcheck(knot_dname_copy(name, NULL));
}

char *xformat(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *text = format(fmt, args);
	va_end(args);
	return text;
}
