/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Hashes that a thread keeps. A hash never changes, so the names of a policy are hashed once, and
 * only the names of queries each time. The least recently used hash in a set is replaced. This
 * takes 0.9 MB for each thread that answers for such zones.
 */

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>

#include "module/hash.h"
#include "module/nsec3_hash.h"

#define HASHED_SETS    256
#define HASHED_WAYS    8
#define HASHED_NUMBERS 4096
#define HASHED_PARAMS  8 /* Parameters that a thread knows; the oldest ones are forgotten. */

/* Aligned, so that reading an entry of a short name is reading one cache line. */
typedef struct {
	_Alignas(64) uint64_t params; /* The number of the parameters; 0: no hash. */
	uint8_t hash[NSEC3_HASH];
	uint8_t size;                 /* Of the name. */
	uint8_t name[KNOT_DNAME_MAXLEN];
} hashed_t;

typedef struct {
	uint32_t now;
	uint64_t last; /* Number of the parameters used last. */
	struct {
		uint16_t iterations;
		uint8_t salt_len;
		uint8_t salt[UINT8_MAX];
	} known[HASHED_PARAMS]; /* At number % HASHED_PARAMS. */
	struct {
		_Alignas(64) uint64_t keys[HASHED_WAYS]; /* Hashes of parameters and name: they
		                                            differ for most other names. */
		uint32_t used[HASHED_WAYS];              /* When. */
	} index[HASHED_SETS];
	hashed_t sets[HASHED_SETS][HASHED_WAYS];
	/* Of names that have a number, indexed by it: of two with one index, the last one. */
	struct {
		uint64_t params;
		uint64_t name;
		uint8_t hash[NSEC3_HASH];
	} numbered[HASHED_NUMBERS];
} hashes_t;

/* Of a thread; made by its first hash, because most zones need none. It stays as long as the module
 * does. */
typedef struct table {
	hashes_t hashes;
	struct table *next;
} table_t;

static _Thread_local hashes_t *thread_hashes;
static _Atomic(table_t *) tables;

/* NULL if there is no memory for them. */
static hashes_t *get_hashes(void)
{
	if (thread_hashes == NULL) {
		table_t *table = aligned_alloc(_Alignof(table_t), sizeof(*table));
		if (table == NULL) {
			return NULL;
		}
		memset(table, 0, sizeof(*table));
		table->next = atomic_load(&tables);
		while (!atomic_compare_exchange_weak(&tables, &table->next, table)) {
			/* Another thread was faster, and next is its table now. */
		}
		thread_hashes = &table->hashes;
	}
	return thread_hashes;
}

__attribute__((destructor)) static void free_tables(void)
{
	for (table_t *next, *table = atomic_exchange(&tables, NULL); table != NULL; table = next) {
		next = table->next;
		free(table);
	}
}

/* The number of parameters, which no others ever get. */
static uint64_t number_of(hashes_t *hashes, const nsec3_params_t *params)
{
	for (uint64_t i = 0; i < HASHED_PARAMS && i < hashes->last; i++) {
		uint64_t number = hashes->last - i;
		size_t at = number % HASHED_PARAMS;
		if (hashes->known[at].iterations == params->iterations &&
		    hashes->known[at].salt_len == params->salt_len &&
		    memcmp(hashes->known[at].salt, params->salt, params->salt_len) == 0) {
			return number;
		}
	}
	size_t at = ++hashes->last % HASHED_PARAMS;
	hashes->known[at].iterations = params->iterations;
	hashes->known[at].salt_len = params->salt_len;
	memcpy(hashes->known[at].salt, params->salt, params->salt_len);
	return hashes->last;
}

static bool is_hashed(const hashed_t *kept, const knot_dname_t *name, size_t size, uint64_t params)
{
	return kept->params == params && kept->size == size && memcmp(kept->name, name, size) == 0;
}

/* The place of a hash: its own, or one that it may take. */
static hashed_t *hashed_at(hashes_t *hashes, const knot_dname_t *name, size_t size,
                           uint64_t params)
{
	uint64_t key = hash_more(hash_word(HASH_START, params), name, size);
	hashed_t *set = hashes->sets[key % HASHED_SETS];
	uint64_t *keys = hashes->index[key % HASHED_SETS].keys;
	uint32_t *used = hashes->index[key % HASHED_SETS].used;
	uint32_t now = ++hashes->now;
	size_t oldest = 0;
	for (size_t i = 0; i < HASHED_WAYS; i++) {
		if (keys[i] == key && is_hashed(&set[i], name, size, params)) {
			used[i] = now;
			return &set[i];
		}
	}
	for (size_t i = 1; i < HASHED_WAYS; i++) {
		if (now - used[i] > now - used[oldest]) {
			oldest = i;
		}
	}
	keys[oldest] = key;
	used[oldest] = now;
	return &set[oldest];
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

/* By the name. */
static int find_named(hashes_t *hashes, uint8_t hash[static NSEC3_HASH], const knot_dname_t *name,
                      const nsec3_params_t *params, uint64_t number)
{
	size_t size = knot_dname_size(name);
	hashed_t *kept = hashed_at(hashes, name, size, number);
	int ret = KNOT_EOK;
	if (!is_hashed(kept, name, size, number)) {
		ret = hash_name(kept->hash, name, params);
		kept->params = ret == KNOT_EOK ? number : 0;
		kept->size = size;
		memcpy(kept->name, name, size);
	}
	memcpy(hash, kept->hash, NSEC3_HASH);
	return ret;
}

int nsec3_hash(uint8_t hash[static NSEC3_HASH], const knot_dname_t *name, uint64_t name_number,
               const nsec3_params_t *params)
{
	hashes_t *hashes = get_hashes();
	if (hashes == NULL) {
		return hash_name(hash, name, params);
	}
	uint64_t number = number_of(hashes, params);
	if (name_number == 0) {
		return find_named(hashes, hash, name, params, number);
	}
	size_t at = hash_word(hash_word(HASH_START, number), name_number) % HASHED_NUMBERS;
	int ret = KNOT_EOK;
	if (hashes->numbered[at].params != number || hashes->numbered[at].name != name_number) {
		ret = hash_name(hashes->numbered[at].hash, name, params);
		hashes->numbered[at].params = ret == KNOT_EOK ? number : 0;
		hashes->numbered[at].name = name_number;
	}
	memcpy(hash, hashes->numbered[at].hash, NSEC3_HASH);
	return ret;
}
