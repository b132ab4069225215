/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A hash to find equal things by (FNV-1a, 64 bits). Not for keeping out those who make collisions
 * on purpose.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

/*! What a hash begins with. */
#define HASH_START UINT64_C(0xcbf29ce484222325)

/*! Continues a hash with more octets. */
static inline uint64_t hash_more(uint64_t hash, const void *data, size_t size)
{
	const uint8_t *at = data;
	for (size_t i = 0; i < size; i++) {
		hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
	}
	return hash;
}
