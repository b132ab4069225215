/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Memory that counts and fails. Every piece is one of malloc(), so that a sanitizer sees each.
 */

#include <stdlib.h>

#include "tests/unit/lib/memory.h"

static struct {
	size_t calls;
	size_t live;
	size_t fail_at;
	bool after;
	bool failed;
} memory;

static void *take(void *ctx, size_t size)
{
	(void)ctx;
	memory.calls++;
	if (memory.fail_at != 0 && (memory.calls == memory.fail_at ||
	                            (memory.after && memory.calls > memory.fail_at))) {
		memory.failed = true;
		return NULL;
	}
	void *piece = malloc(size > 0 ? size : 1);
	if (piece == NULL) {
		abort();
	}
	memory.live++;
	return piece;
}

static void give(void *piece)
{
	if (piece != NULL) {
		memory.live--;
		free(piece);
	}
}

knot_mm_t *memory_start(size_t fail_at, bool after)
{
	static knot_mm_t mm = { NULL, take, give };
	memory.calls = 0;
	memory.live = 0;
	memory.fail_at = fail_at;
	memory.after = after;
	memory.failed = false;
	return &mm;
}

size_t memory_calls(void)
{
	return memory.calls;
}

bool memory_failed(void)
{
	return memory.failed;
}

size_t memory_live(void)
{
	return memory.live;
}
