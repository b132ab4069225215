/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Memory that is freed as a whole.
 */

#include <stdlib.h>

#include "kmxcheck/nodes.h"

#define BLOCK_MIN 1024
#define BLOCK_MAX (1U << 20)

struct arena_block {
	arena_block_t *next;
	size_t size;
	uint64_t data[];
};

void *arena_alloc(arena_t *arena, size_t size)
{
	size = (size + 7) & ~(size_t)7;
	if (size > arena->left) {
		/* Blocks grow, so that a small zone costs little and a large one few calls. */
		size_t room = arena->blocks == NULL ? BLOCK_MIN : arena->blocks->size * 2;
		room = room > BLOCK_MAX ? BLOCK_MAX : room;
		room = room < size ? size : room;
		arena_block_t *block = malloc(sizeof(*block) + room);
		if (block == NULL) {
			return NULL;
		}
		*block = (arena_block_t){ .next = arena->blocks, .size = room };
		arena->blocks = block;
		arena->next = (uint8_t *)block->data;
		arena->left = room;
	}
	void *memory = arena->next;
	arena->next += size;
	arena->left -= size;
	return memory;
}

void arena_clear(arena_t *arena)
{
	while (arena->blocks != NULL) {
		arena_block_t *block = arena->blocks;
		arena->blocks = block->next;
		free(block);
	}
	*arena = (arena_t){ NULL, NULL, 0 };
}
