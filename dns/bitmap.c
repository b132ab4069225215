/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Sets of types as NSEC and NSEC3 records have them.
 */

#include <string.h>

#include "dns/bitmap.h"

/* Types below 128 are data, the rest of the first window are questions and the like (RFC 6895). */
#define DATA_TYPES 128
/* As many follow in the second window: URI, CAA and what comes after them. */
#define DATA_TYPES_MORE 16
/* The first and the last window of types for private use (RFC 6895). */
#define WINDOW_PRIVATE 255

void bitmap_clear(bitmap_t *types)
{
	memset(types->size, 0, sizeof(types->size));
}

static void grow(bitmap_t *types, uint8_t window, uint8_t size)
{
	uint8_t had = types->size[window];
	if (size > had) {
		memset(types->map[window] + had, 0, size - had);
		types->size[window] = size;
	}
}

void bitmap_add(bitmap_t *types, uint16_t type)
{
	uint8_t window = type >> 8, octet = (type & 0xff) / 8;
	grow(types, window, octet + 1);
	types->map[window][octet] |= 0x80 >> (type & 7);
}

void bitmap_remove(bitmap_t *types, uint16_t type)
{
	uint8_t window = type >> 8, octet = (type & 0xff) / 8;
	if (octet >= types->size[window]) {
		return;
	}
	types->map[window][octet] &= ~(0x80 >> (type & 7));
	while (types->size[window] > 0 && types->map[window][types->size[window] - 1] == 0) {
		types->size[window]--;
	}
}

bool bitmap_has(const bitmap_t *types, uint16_t type)
{
	uint8_t window = type >> 8, octet = (type & 0xff) / 8;
	return octet < types->size[window] && (types->map[window][octet] & (0x80 >> (type & 7)));
}

bool bitmap_check(const uint8_t *wire, size_t size)
{
	while (size > 0) {
		if (size < 3 || wire[1] == 0 || wire[1] > 32 || size < 2U + wire[1] ||
		    wire[1 + wire[1]] == 0) {
			return false;
		}
		size -= 2 + wire[1];
		wire += 2 + wire[1];
	}
	return true;
}

bool bitmap_read(bitmap_t *types, const uint8_t *wire, size_t size)
{
	if (!bitmap_check(wire, size)) {
		return false;
	}
	for (const uint8_t *end = wire + size; wire < end; wire += 2 + wire[1]) {
		grow(types, wire[0], wire[1]);
		for (uint8_t i = 0; i < wire[1]; i++) {
			types->map[wire[0]][i] |= wire[2 + i];
		}
	}
	return true;
}

void bitmap_add_likely(bitmap_t *types, bool apex)
{
	static const uint16_t never[] = {
		0, KNOT_RRTYPE_CNAME, KNOT_RRTYPE_DNAME, KNOT_RRTYPE_OPT, KNOT_RRTYPE_NSEC3
	};
	static const uint16_t apex_only[] = {
		KNOT_RRTYPE_NS, KNOT_RRTYPE_SOA, KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_NSEC3PARAM,
		KNOT_RRTYPE_CDS, KNOT_RRTYPE_CDNSKEY
	};

	grow(types, 0, DATA_TYPES / 8);
	memset(types->map[0], 0xff, DATA_TYPES / 8);
	grow(types, 1, DATA_TYPES_MORE / 8);
	memset(types->map[1], 0xff, DATA_TYPES_MORE / 8);
	grow(types, WINDOW_PRIVATE, 32);
	memset(types->map[WINDOW_PRIVATE], 0xff, 32);
	bitmap_remove(types, UINT16_MAX);
	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++) {
		bitmap_remove(types, never[i]);
	}
	/* Signatures of a zone cut are the parent's business. */
	bitmap_remove(types, KNOT_RRTYPE_DS);
	for (size_t i = 0; i < sizeof(apex_only) / sizeof(*apex_only) && !apex; i++) {
		bitmap_remove(types, apex_only[i]);
	}
}

size_t bitmap_size(const bitmap_t *types)
{
	size_t size = 0;
	for (int i = 0; i < 256; i++) {
		size += types->size[i] > 0 ? 2 + types->size[i] : 0;
	}
	return size;
}

void bitmap_write(const bitmap_t *types, uint8_t *bitmap)
{
	for (int i = 0; i < 256; i++) {
		uint8_t size = types->size[i];
		if (size > 0) {
			*bitmap++ = i;
			*bitmap++ = size;
			memcpy(bitmap, types->map[i], size);
			bitmap += size;
		}
	}
}
