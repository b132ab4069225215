/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The index keeps the hash beside the number, so that names are compared only where they are very
 * likely the same.
 */

#include <string.h>

#include "dns/index.h"
#include "dns/name.h"

#define SLOTS_MIN 64

struct name_slot {
	uint32_t hash;
	uint32_t number; /*!< Plus one; 0: the slot is free. */
};

/*! A secret for each eight octets of a name, two halves that are added to those of the octets. */
static uint32_t secrets[KNOT_DNAME_MAXLEN / 8 + 1][2];

/*! Nobody outside knows where things are in memory: nobody can make names whose hashes collide. */
static __attribute__((constructor)) void make_secrets(void)
{
	uint64_t state = (uint64_t)(uintptr_t)secrets << 32 ^ (uintptr_t)&state;
	for (size_t i = 0; i < sizeof(secrets) / sizeof(**secrets); i++) {
		state += 0x9e3779b97f4a7c15ULL;
		uint64_t mixed = (state ^ state >> 30) * 0xbf58476d1ce4e5b9ULL;
		mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebULL;
		secrets[i / 2][i % 2] = (uint32_t)(mixed >> 32);
	}
}

/*! The sum of products of the halves, each with its secret: of two names, few secrets make it the
 *  same (the NH of UMAC, RFC 4418 5.2). */
static uint32_t hash_name(const knot_dname_t *name, size_t size)
{
	uint64_t hash = size;
	for (size_t i = 0; size > 0; i++) {
		uint32_t halves[2] = { 0, 0 };
		const size_t part = size < sizeof(halves) ? size : sizeof(halves);
		memcpy(halves, name, part);
		hash += (uint64_t)(uint32_t)(halves[0] + secrets[i][0]) *
		        (uint32_t)(halves[1] + secrets[i][1]);
		name += part;
		size -= part;
	}
	return (uint32_t)(hash >> 32);
}

/*! The slot of a name, or the free one where it belongs. */
static struct name_slot *find_slot(const name_index_t *index, uint32_t hash,
                                   const knot_dname_t *name)
{
	for (size_t i = hash;; i++) {
		struct name_slot *slot = &index->slots[i & (index->size - 1)];
		if (slot->number == 0 || (slot->hash == hash &&
		    name_equal(index->names.at[slot->number - 1], name))) {
			return slot;
		}
	}
}

static bool grow(name_index_t *index)
{
	size_t size = index->size == 0 ? SLOTS_MIN : index->size * 2;
	struct name_slot *slots = calloc(size, sizeof(*slots));
	if (slots == NULL) {
		return false;
	}
	for (size_t i = 0; i < index->size; i++) {
		size_t to = index->slots[i].hash;
		while (index->slots[i].number != 0 && slots[to & (size - 1)].number != 0) {
			to++;
		}
		if (index->slots[i].number != 0) {
			slots[to & (size - 1)] = index->slots[i];
		}
	}
	free(index->slots);
	index->slots = slots;
	index->size = size;
	return true;
}

size_t name_index_find(const name_index_t *index, const knot_dname_t *name)
{
	if (index->size == 0) {
		return NAME_INDEX_NONE;
	}
	size_t size = knot_dname_size(name);
	const struct name_slot *slot = find_slot(index, hash_name(name, size), name);
	return slot->number != 0 ? slot->number - 1 : NAME_INDEX_NONE;
}

size_t name_index_add(name_index_t *index, const knot_dname_t *name)
{
	if (index->names.count >= index->size / 2 && !grow(index)) {
		return NAME_INDEX_NONE;
	}
	uint32_t hash = hash_name(name, knot_dname_size(name));
	struct name_slot *slot = find_slot(index, hash, name);
	if (slot->number == 0) {
		const knot_dname_t **added = index->names.count < UINT32_MAX - 1
		                             ? vec_add(&index->names) : NULL;
		if (added == NULL) {
			return NAME_INDEX_NONE;
		}
		*added = name;
		*slot = (struct name_slot){ hash, (uint32_t)index->names.count };
	}
	return slot->number - 1;
}

void name_index_clear(name_index_t *index)
{
	vec_free(&index->names);
	free(index->slots);
	*index = (name_index_t){ .slots = NULL };
}

static int name_cmp(const void *a, const void *b)
{
	return name_compare(*(const knot_dname_t *const *)a, *(const knot_dname_t *const *)b);
}

void name_list_unique(name_list_t *list)
{
	size_t kept = 0;
	vec_sort(list, name_cmp);
	for (size_t i = 0; i < list->count; i++) {
		if (kept == 0 || !knot_dname_is_equal(list->at[kept - 1], list->at[i])) {
			list->at[kept++] = list->at[i];
		}
	}
	list->count = kept;
}

bool name_list_has(const name_list_t *list, const knot_dname_t *name)
{
	return vec_find(list, &name, name_cmp) != NULL;
}
