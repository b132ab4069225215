/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Hashes that a thread keeps. Each is good for ever, whatever becomes of zones, so that the names of a
 * policy are hashed once, and only the names that are asked for each time. The least recently used one
 * in a set gives way to a new one.
 */

#include <string.h>

#include <gnutls/crypto.h>

#include "module/hash.h"
#include "module/nsec3_hash.h"

#define HASHED_SETS   128
#define HASHED_WAYS   8
#define HASHED_PARAMS 8 /* Ways to hash that a thread knows; the oldest one is forgotten. */

typedef struct {
	uint64_t params; /* The number of the way to hash; 0: no hash. */
	uint8_t hash[NSEC3_HASH];
	uint8_t size;    /* Of the name. */
	uint8_t name[KNOT_DNAME_MAXLEN];
} hashed_t;

typedef struct {
	uint64_t keys[HASHED_WAYS]; /* Hashes of what is hashed: most others are told by them. */
	uint32_t used[HASHED_WAYS]; /* When. */
	hashed_t at[HASHED_WAYS];
} hashed_set_t;

static _Thread_local struct {
	uint32_t now;
	uint64_t last; /* Number of the way to hash met last. */
	struct {
		uint16_t iterations;
		uint8_t salt_len;
		uint8_t salt[UINT8_MAX];
	} known[HASHED_PARAMS]; /* At number % HASHED_PARAMS. */
	hashed_set_t sets[HASHED_SETS];
} hashed;

/* The number of a way to hash, which no other ever gets. */
static uint64_t number_of(const nsec3_params_t *params)
{
	for (uint64_t i = 0; i < HASHED_PARAMS && i < hashed.last; i++) {
		uint64_t number = hashed.last - i;
		size_t at = number % HASHED_PARAMS;
		if (hashed.known[at].iterations == params->iterations &&
		    hashed.known[at].salt_len == params->salt_len &&
		    memcmp(hashed.known[at].salt, params->salt, params->salt_len) == 0) {
			return number;
		}
	}
	size_t at = ++hashed.last % HASHED_PARAMS;
	hashed.known[at].iterations = params->iterations;
	hashed.known[at].salt_len = params->salt_len;
	memcpy(hashed.known[at].salt, params->salt, params->salt_len);
	return hashed.last;
}

static bool is_hashed(const hashed_t *kept, const knot_dname_t *name, size_t size, uint64_t params)
{
	return kept->params == params && kept->size == size && memcmp(kept->name, name, size) == 0;
}

/* The place of a hash: its own, or one that it may take. */
static hashed_t *hashed_at(const knot_dname_t *name, size_t size, uint64_t params)
{
	uint64_t key = hash_more(hash_word(HASH_START, params), name, size);
	hashed_set_t *set = &hashed.sets[key % HASHED_SETS];
	size_t oldest = 0;
	hashed.now++;
	for (size_t i = 0; i < HASHED_WAYS; i++) {
		if (set->keys[i] == key && is_hashed(&set->at[i], name, size, params)) {
			set->used[i] = hashed.now;
			return &set->at[i];
		}
	}
	for (size_t i = 1; i < HASHED_WAYS; i++) {
		if (hashed.now - set->used[i] > hashed.now - set->used[oldest]) {
			oldest = i;
		}
	}
	set->keys[oldest] = key;
	set->used[oldest] = hashed.now;
	return &set->at[oldest];
}

static int hash_name(uint8_t hash[static NSEC3_HASH], const knot_dname_t *name,
                     const nsec3_params_t *params)
{
	uint8_t in[KNOT_DNAME_MAXLEN + UINT8_MAX];
	size_t size = knot_dname_size(name);
	memcpy(in, name, size);
	for (uint32_t i = 0; i <= params->iterations; i++) {
		memcpy(in + size, params->salt, params->salt_len);
		if (gnutls_hash_fast(GNUTLS_DIG_SHA1, in, size + params->salt_len, hash) != 0) {
			return KNOT_ERROR;
		}
		size = NSEC3_HASH;
		memcpy(in, hash, size);
	}
	return KNOT_EOK;
}

int nsec3_hash(uint8_t hash[static NSEC3_HASH], const knot_dname_t *name,
               const nsec3_params_t *params)
{
	size_t size = knot_dname_size(name);
	uint64_t number = number_of(params);
	hashed_t *kept = hashed_at(name, size, number);
	if (!is_hashed(kept, name, size, number)) {
		kept->params = 0;
		int ret = hash_name(kept->hash, name, params);
		if (ret != KNOT_EOK) {
			return ret;
		}
		kept->params = number;
		kept->size = size;
		memcpy(kept->name, name, size);
	}
	memcpy(hash, kept->hash, NSEC3_HASH);
	return KNOT_EOK;
}
