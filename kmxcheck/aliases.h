/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The CNAMEs of a large zone, as many as there is room for: where a chain of them leads is known
 * then without a pass for each link. What is not here is found pass by pass.
 *
 * Memory is bounded by ALIASES_MAX. One thread.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

/*! CNAMEs, and octets of their targets, that are kept. */
#define ALIASES_MAX       (1U << 18)
#define ALIASES_NAMES_MAX (1U << 22)

/*! Zeroed is empty. */
typedef struct {
	struct alias *table; /*!< Hash table, open addressing, a power of two in size. */
	size_t size;
	size_t count;
	uint8_t *names;      /*!< Targets. */
	size_t used;
	size_t max;
} aliases_t;

/*! Keeps a CNAME if there is room. The hash of the owner is not 0; the target is in any case. */
void aliases_add(aliases_t *aliases, uint64_t owner, const knot_dname_t *target);

/*! The target, in lower case, of the owner with this hash, as far as is known; or NULL. Another
 *  name may have that hash. */
const knot_dname_t *aliases_find(const aliases_t *aliases, uint64_t owner);

void aliases_clear(aliases_t *aliases);
