/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * CNAMEs by the hashes of their owners.
 */

#include <stdlib.h>
#include <string.h>

#include "kmxcheck/aliases.h"

#define TABLE_MIN 64
#define NAMES_MIN 1024

struct alias {
	uint64_t owner;  /*!< 0: free. */
	uint32_t target; /*!< Offset in the names. */
};

static struct alias *slot_find(const aliases_t *aliases, uint64_t owner)
{
	size_t slot = (size_t)((owner ^ owner >> 32) * 0x9e3779b97f4a7c15ULL >> 20);
	for (slot &= aliases->size - 1;; slot = (slot + 1) & (aliases->size - 1)) {
		struct alias *alias = &aliases->table[slot];
		if (alias->owner == 0 || alias->owner == owner) {
			return alias;
		}
	}
}

static bool grow_table(aliases_t *aliases)
{
	aliases_t more = *aliases;
	more.size = aliases->size == 0 ? TABLE_MIN : aliases->size * 2;
	more.table = calloc(more.size, sizeof(*more.table));
	if (more.table == NULL) {
		return false;
	}
	for (size_t i = 0; i < aliases->size; i++) {
		if (aliases->table[i].owner != 0) {
			*slot_find(&more, aliases->table[i].owner) = aliases->table[i];
		}
	}
	free(aliases->table);
	*aliases = more;
	return true;
}

static bool grow_names(aliases_t *aliases)
{
	size_t max = aliases->max == 0 ? NAMES_MIN : aliases->max * 2;
	uint8_t *names = realloc(aliases->names, max);
	if (names == NULL) {
		return false;
	}
	aliases->names = names;
	aliases->max = max;
	return true;
}

void aliases_add(aliases_t *aliases, uint64_t owner, const knot_dname_t *target)
{
	/* Out of memory is out of room: what is not kept is found all the same. */
	size_t size = knot_dname_size(target);
	if (aliases->count == ALIASES_MAX || aliases->used + size > ALIASES_NAMES_MAX ||
	    (aliases->count == aliases->size / 2 && !grow_table(aliases)) ||
	    (aliases->used + size > aliases->max && !grow_names(aliases))) {
		return;
	}
	struct alias *alias = slot_find(aliases, owner);
	if (alias->owner != 0) {
		return;
	}
	*alias = (struct alias){ .owner = owner, .target = (uint32_t)aliases->used };
	memcpy(aliases->names + aliases->used, target, size);
	knot_dname_to_lower(aliases->names + aliases->used);
	aliases->used += size;
	aliases->count++;
}

const knot_dname_t *aliases_find(const aliases_t *aliases, uint64_t owner)
{
	if (aliases->size == 0) {
		return NULL;
	}
	const struct alias *alias = slot_find(aliases, owner);
	return alias->owner != 0 ? aliases->names + alias->target : NULL;
}

void aliases_clear(aliases_t *aliases)
{
	free(aliases->table);
	free(aliases->names);
	memset(aliases, 0, sizeof(*aliases));
}
