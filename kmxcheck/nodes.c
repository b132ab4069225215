/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Names in question: a hash table over the names, searched from the apex down. Because no name is
 * in it without all names above, a search ends at the first one that is missing.
 */

#include <stdlib.h>
#include <string.h>

#include "kmxcheck/nodes.h"

#define TABLE_MIN 64
#define HASH_START 0xcbf29ce484222325ULL
#define HASH_PRIME 0x00000100000001b3ULL
#define LABELS_MAX 128

/*! Goes on from the hash of the name above with one more label. */
static uint64_t hash_label(uint64_t hash, const uint8_t *label)
{
	for (size_t i = 0; i <= *label; i++) {
		hash = (hash ^ label[i]) * HASH_PRIME;
	}
	return hash;
}

/*! Slots are taken from the upper half: the lower bits of this hash depend on lower bits only. */
static size_t slot_of(const nodes_t *nodes, uint64_t hash)
{
	return (size_t)((hash ^ hash >> 32) * 0x9e3779b97f4a7c15ULL >> 20) & (nodes->size - 1);
}

static node_t *find(const nodes_t *nodes, uint64_t hash, const knot_dname_t *name, size_t size)
{
	size_t slot = slot_of(nodes, hash);
	for (;;) {
		node_t *node = nodes->table[slot];
		if (node == NULL || (node->hash == hash && memcmp(node->name, name, size) == 0)) {
			return node;
		}
		slot = (slot + 1) & (nodes->size - 1);
	}
}

static void insert(nodes_t *nodes, node_t *node)
{
	size_t slot = slot_of(nodes, node->hash);
	while (nodes->table[slot] != NULL) {
		slot = (slot + 1) & (nodes->size - 1);
	}
	nodes->table[slot] = node;
}

static int grow(nodes_t *nodes)
{
	size_t size = nodes->size == 0 ? TABLE_MIN : nodes->size * 2;
	node_t **list = realloc(nodes->list, size / 2 * sizeof(*list));
	if (list == NULL) {
		return KNOT_ENOMEM;
	}
	nodes->list = list;
	node_t **table = calloc(size, sizeof(*table));
	if (table == NULL) {
		return KNOT_ENOMEM;
	}
	free(nodes->table);
	nodes->table = table;
	nodes->size = size;
	for (size_t i = 0; i < nodes->count; i++) {
		insert(nodes, nodes->list[i]);
	}
	return KNOT_EOK;
}

static node_t *add(nodes_t *nodes, uint64_t hash, const knot_dname_t *name, size_t size)
{
	node_t *node = find(nodes, hash, name, size);
	if (node != NULL) {
		return node;
	}
	if (nodes->count == nodes->size / 2 && grow(nodes) != KNOT_EOK) {
		return NULL;
	}
	node = arena_alloc(&nodes->memory, sizeof(*node) + size);
	if (node == NULL) {
		return NULL;
	}
	memset(node, 0, sizeof(*node));
	node->name = (knot_dname_t *)(node + 1);
	memcpy(node->name, name, size);
	node->hash = hash;
	insert(nodes, node);
	nodes->list[nodes->count++] = node;
	return node;
}

/*! The wildcard at a name. */
static node_t *add_wildcard(nodes_t *nodes, uint64_t hash, const knot_dname_t *name, size_t size)
{
	knot_dname_storage_t wildcard = { 1, '*' };
	if (size + 2 > sizeof(wildcard)) {
		return nodes->list[0]; /* There can be none; anything but NULL. */
	}
	memcpy(wildcard + 2, name, size);
	return add(nodes, hash_label(hash, wildcard), wildcard, size + 2);
}

/*! Offsets of the labels below the apex, the first of the name first; false: not in the zone. */
static bool split(const nodes_t *nodes, const knot_dname_t *name, size_t size, uint8_t *offsets,
                  size_t *count)
{
	*count = 0;
	if (size < nodes->apex_size) {
		return false;
	}
	size_t end = size - nodes->apex_size, at = 0;
	if (memcmp(name + end, nodes->apex, nodes->apex_size) != 0) {
		return false;
	}
	while (at < end) {
		offsets[(*count)++] = (uint8_t)at;
		at += 1 + (size_t)name[at];
	}
	return at == end;
}

int nodes_init(nodes_t *nodes, const knot_dname_t *apex)
{
	memset(nodes, 0, sizeof(*nodes));
	nodes->apex = apex;
	nodes->apex_size = knot_dname_size(apex);
	return grow(nodes) == KNOT_EOK && add(nodes, HASH_START, apex, nodes->apex_size) != NULL
	       ? KNOT_EOK : KNOT_ENOMEM;
}

void nodes_clear(nodes_t *nodes)
{
	for (size_t i = 0; i < nodes->count; i++) {
		free(nodes->list[i]->sets);
	}
	free(nodes->table);
	free(nodes->list);
	arena_clear(&nodes->memory);
	arena_clear(&nodes->pass);
	memset(nodes, 0, sizeof(*nodes));
}

node_t *nodes_want(nodes_t *nodes, const knot_dname_t *name)
{
	uint8_t offsets[LABELS_MAX];
	size_t count, size = knot_dname_size(name), at = size - nodes->apex_size;
	if (!split(nodes, name, size, offsets, &count)) {
		return NULL;
	}
	uint64_t hash = HASH_START;
	node_t *node = nodes->list[0];
	while (count > 0) {
		if (add_wildcard(nodes, hash, name + at, size - at) == NULL) {
			return NULL;
		}
		at = offsets[--count];
		hash = hash_label(hash, name + at);
		node = add(nodes, hash, name + at, size - at);
		if (node == NULL) {
			return NULL;
		}
	}
	return node;
}

uint64_t nodes_hash(const nodes_t *nodes, const knot_dname_t *name, size_t size)
{
	uint8_t offsets[LABELS_MAX];
	size_t count;
	if (!split(nodes, name, size, offsets, &count)) {
		return 0;
	}
	uint64_t hash = HASH_START;
	while (count > 0) {
		hash = hash_label(hash, name + offsets[--count]);
	}
	return hash;
}

node_t *nodes_find(const nodes_t *nodes, const knot_dname_t *name)
{
	size_t size = knot_dname_size(name);
	uint64_t hash = nodes_hash(nodes, name, size);
	return hash != 0 ? find(nodes, hash, name, size) : NULL;
}

int nodes_take(nodes_t *nodes, const record_t *record, taken_t *taken)
{
	uint8_t offsets[LABELS_MAX];
	size_t count;
	*taken = (taken_t){ false, false };
	taken->in_zone = split(nodes, record->owner, record->owner_size, offsets, &count);
	/* Names of NSEC3 are in a tree of their own, and signatures are never alone. */
	if (!taken->in_zone || record->type == KNOT_RRTYPE_NSEC3 ||
	    record->type == KNOT_RRTYPE_RRSIG || record->type == KNOT_RRTYPE_NSEC) {
		return KNOT_EOK;
	}

	uint64_t hash = HASH_START;
	node_t *node = nodes->list[0];
	for (;;) {
		node->exists = true;
		taken->below |= node->below;
		if (count == 0) {
			return node->state == NODE_GATHERING ? nodes_add(nodes, node, record)
			                                     : KNOT_EOK;
		}
		size_t at = offsets[--count];
		hash = hash_label(hash, record->owner + at);
		node = find(nodes, hash, record->owner + at, record->owner_size - at);
		if (node == NULL) {
			return KNOT_EOK;
		}
	}
}
