/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Starts the address sanitizer before anything else in a program that was not built with it.
 *
 * It starts with the first allocation, and looks up symbols then that are not there. With Debian's
 * knotd and knotc that allocation is within newlocale(), in the constructor of a library, which
 * holds glibc's lock on locales: the translation of the message that nobody will read takes and
 * releases it once more, and programs that ask for an error text later hang as they end. So this
 * is preloaded, marked to be initialized first, and allocates.
 */

#include <stdlib.h>

__attribute__((constructor))
static void start_early(void)
{
	void *volatile piece = malloc(1);
	free(piece);
}
