/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Keys and signatures for tests: records of the right form that nobody could verify.
 */

#pragma once

#include <stdint.h>

#include <libknot/libknot.h>

/*! A DNSKEY record, and its tag as another implementation computes it. */
typedef struct {
	uint16_t flags;
	uint8_t algorithm;
	const char *key; /*!< Any octets but zero. */
	uint16_t tag;
} test_key_t;

enum {
	KEY_ONE,        /*!< Signs the zone. */
	KEY_TWO,        /*!< Another one. */
	KEY_KSK,        /*!< Signs keys. */
	KEY_RSA,        /*!< Of another algorithm. */
	KEY_SAME_TAG,   /*!< Of another algorithm, with the tag of the first one. */
	KEY_COUNT,
};

extern const test_key_t test_keys[KEY_COUNT];

/*! Adds a key to a DNSKEY RRset. */
void fake_key_add(knot_rdataset_t *dnskeys, int key);

/*! What a signature says. */
typedef struct {
	uint16_t covered;
	uint8_t labels;
	uint32_t ttl;
	uint32_t end;
	const knot_dname_t *zone;
	uint64_t signature; /*!< In the place of a real one. */
} test_sig_t;

/*! Adds a signature by a key to RRSIGs. */
void fake_key_sign(knot_rdataset_t *rrsigs, int key, const test_sig_t *sig);

/*! The number in the place of a signature. */
uint64_t fake_key_signature(const knot_rdata_t *rrsig);

/*! A number for what an RRset holds, but for its TTL. */
uint64_t fake_key_hash(const knot_rrset_t *rrset);
