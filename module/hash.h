/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A hash to find equal things by, eight octets at a step. No protection against deliberate
 * collisions, and not the same on machines of another byte order.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*! What a hash begins with. */
#define HASH_START UINT64_C(0x9e3779b97f4a7c15)

/*! Mixes 64 bits into a hash, so that each of them counts in its low bits as in its high ones. */
static inline uint64_t hash_word(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
	return hash ^ hash >> 32;
}

/*! Continues a hash with more octets, and their number. */
static inline uint64_t hash_more(uint64_t hash, const void *data, size_t size)
{
	const uint8_t *at = data;
	uint64_t word;
	hash = hash_word(hash, size);
	if (size == 0) {
		return hash; /* Then there may be no data to look at. */
	}
	if (size < sizeof(word)) {
		word = 0;
		memcpy(&word, at, size);
		return hash_word(hash, word);
	}
	const uint8_t *last = at + size - sizeof(word);
	for (; at < last; at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = hash_word(hash, word);
	}
	memcpy(&word, last, sizeof(word)); /* Some octets count twice. */
	return hash_word(hash, word);
}
