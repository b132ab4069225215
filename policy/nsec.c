/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Owners of NSEC3 records.
 */

#include <string.h>

#include "policy/nsec.h"

bool nsec3_owner(knot_dname_storage_t out, const uint8_t hash[static NSEC3_HASH],
                 const knot_dname_t *apex)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	size_t size = knot_dname_size(apex);
	if (1 + NSEC3_LABEL + size > KNOT_DNAME_MAXLEN) {
		return false;
	}
	uint8_t *to = out;
	*to++ = NSEC3_LABEL;
	for (int i = 0; i < NSEC3_HASH; i += 5, hash += 5) { /* Five octets are eight digits. */
		uint64_t bits = 0;
		for (int j = 0; j < 5; j++) {
			bits = bits << 8 | hash[j];
		}
		for (int shift = 35; shift >= 0; shift -= 5) {
			*to++ = digits[bits >> shift & 31];
		}
	}
	memcpy(to, apex, size);
	return true;
}

static int digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'v' ? c - 'a' + 10 : -1;
}

bool nsec3_owner_hash(uint8_t hash[static NSEC3_HASH], const knot_dname_t *owner)
{
	if (*owner++ != NSEC3_LABEL) {
		return false;
	}
	for (int i = 0; i < NSEC3_HASH; i += 5) {
		uint64_t bits = 0;
		for (int j = 0; j < 8; j++) {
			int value = digit(*owner++);
			if (value < 0) {
				return false;
			}
			bits = bits << 5 | value;
		}
		for (int j = 0; j < 5; j++) {
			hash[i + j] = bits >> (32 - 8 * j);
		}
	}
	return true;
}
