/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The names of a zone that are in question, and what the zone holds there. Names are added at any
 * time; records are gathered pass by pass: nodes_begin(), nodes_take() for every record of the
 * zone, nodes_end(). Of names added during a pass the next one gathers the records.
 *
 * With a name come all names above it up to the apex and the wildcards at these: what is needed to
 * tell a name that does not exist. So what a pass asks of an ordinary record is one failed look-up.
 *
 * One thread. Names are absolute and in lower case. Errors are KNOT_E*.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "kmxcheck/source.h"

/*! Memory that is freed as a whole; zeroed is empty. */
typedef struct arena_block arena_block_t;

typedef struct {
	arena_block_t *blocks;
	uint8_t *next;
	size_t left;
} arena_t;

/*! Aligned memory, or NULL. */
void *arena_alloc(arena_t *arena, size_t size);
void arena_clear(arena_t *arena);

/*! Where a record stands. */
typedef struct {
	const char *file;
	uint64_t line;
} spot_t;

/*! An RRset as knotd holds it: RRs in canonical order, none twice, names in lower case. */
typedef struct {
	uint16_t type;
	uint32_t ttl;         /*!< That of the record that came last. */
	knot_rdataset_t rrs;
	spot_t *spots;        /*!< One for each RR. */
} set_t;

typedef enum {
	NODE_WANTED = 0, /*!< The next pass gathers it. */
	NODE_GATHERING,
	NODE_KNOWN,
} node_state_t;

typedef struct gathered gathered_t;

typedef struct {
	knot_dname_t *name;
	uint64_t hash;
	node_state_t state;
	bool exists;          /*!< It has records, or a name below it has. */
	bool owner;           /*!< Listed as a mail owner. */
	bool matched;         /*!< Listed as matched by a pattern. */
	bool below;           /*!< Patterns may match names at or below it. */
	size_t count;
	set_t *sets;          /*!< In the order of their types; one block of memory. */
	gathered_t *first;    /*!< Of the present pass, last to first. */
	size_t gathered;
} node_t;

/*! Nodes; to be filled by nodes_init(). */
typedef struct {
	const knot_dname_t *apex; /*!< Borrowed. */
	size_t apex_size;
	node_t **table;       /*!< Hash table, open addressing, a power of two in size. */
	size_t size;
	node_t **list;        /*!< All, in the order they were added. */
	size_t count;
	size_t known;         /*!< The first that many of the list are gathered. */
	arena_t memory;       /*!< Nodes and names. */
	arena_t pass;         /*!< Records of the present pass. */
} nodes_t;

/*! KNOT_ENOMEM. On error, too, nodes_clear() it. */
int nodes_init(nodes_t *nodes, const knot_dname_t *apex);
void nodes_clear(nodes_t *nodes);

/*! Adds a name at or below the apex, and what comes with it. NULL: no memory. */
node_t *nodes_want(nodes_t *nodes, const knot_dname_t *name);

/*! The hash of a name at or below the apex; 0: it is not there. */
uint64_t nodes_hash(const nodes_t *nodes, const knot_dname_t *name, size_t size);

/*! The node of a name, NULL if it is not in question. */
node_t *nodes_find(const nodes_t *nodes, const knot_dname_t *name);

/*! True if names are to be gathered. */
static inline bool nodes_wanting(const nodes_t *nodes)
{
	return nodes->known < nodes->count;
}

/*! A pass begins: what was gathered at the names that are wanted is forgotten. */
void nodes_begin(nodes_t *nodes);

/*! What nodes_take() saw of a record. */
typedef struct {
	bool in_zone;
	bool below; /*!< Patterns may match its owner. */
} taken_t;

/*! Takes a record if it is of a name in question. KNOT_ENOMEM. */
int nodes_take(nodes_t *nodes, const record_t *record, taken_t *taken);

/*! Takes a record of a node whatever its state. KNOT_ENOMEM. */
int nodes_add(nodes_t *nodes, node_t *node, const record_t *record);

/*!
 * A pass ends: makes RRsets of what was gathered. Where not all names were asked for the whole
 * pass (known is false), they stay wanted.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM
 * \retval KNOT_ESPACE  More RRs of a type than an RRset has room for; spot is that of the first
 *                      that is one too many.
 */
int nodes_end(nodes_t *nodes, bool known, spot_t *spot);

/*! The RRset of a type, or NULL. */
const set_t *node_set(const node_t *node, uint16_t type);
