/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Sets of types as NSEC and NSEC3 records have them: bitmaps (RFC 4034 4.1.2).
 *
 * A set is owned by one thread. Nothing here allocates or keeps anything.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

/*! A set of types. To be emptied by bitmap_clear() before use; 8 KiB, most of it never touched. */
typedef struct {
	uint8_t size[256];    /*!< Octets in use of each window; the last one is not zero. */
	uint8_t map[256][32]; /*!< Bits of each window, the first one is the highest of an octet. */
} bitmap_t;

void bitmap_clear(bitmap_t *types);
void bitmap_add(bitmap_t *types, uint16_t type);
void bitmap_remove(bitmap_t *types, uint16_t type);
bool bitmap_has(const bitmap_t *types, uint16_t type);

/*! True if a bitmap in wire format is well-formed; one of no octets is. */
bool bitmap_check(const uint8_t *wire, size_t size);

/*! Adds the types of a bitmap in wire format. False, and nothing is added, if it is malformed. */
bool bitmap_read(bitmap_t *types, const uint8_t *wire, size_t size);

/*!
 * Adds every type that a name may have: all assigned and private ones but those of aliases, of
 * zone cuts, of NSEC3 owners, and in another place than the apex those of the apex.
 */
void bitmap_add_likely(bitmap_t *types, bool apex);

/*! Octets of the bitmap in wire format, and writing it. */
size_t bitmap_size(const bitmap_t *types);
void bitmap_write(const bitmap_t *types, uint8_t *bitmap);
