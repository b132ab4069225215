/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Private keys of a zone: where they may be, and how the one that belongs to a DNSKEY is found
 * there.
 *
 * Nothing is read before a key is needed, and nothing is ever written or created. Work is
 * bounded: a regular file of at most 64 KiB for each key, and where names of files don't tell whose
 * keys they are, at most KEYS_SCAN files for each call.
 */

#pragma once

#include <libknot/libknot.h>

#include "module/dnssec.h"

/*! Files that one call reads in directories where names don't tell whose keys they are. The next
 *  call continues where the last one stopped. */
#define KEYS_SCAN 16
/*! Longest reason why there is no key, with the terminating zero; a longer one is truncated. */
#define KEYS_TEXT_MAX 600

typedef enum {
	KEYS_STORE, /*!< Directory of PEM files named by key ID, as knotd keeps it. */
	KEYS_PEM,   /*!< PEM file, or directory of PEM files (*.pem) of any name. */
	KEYS_TOKEN, /*!< PKCS #11 token: "URL MODULE", as in knotd's configuration. */
} keys_kind_t;

/*! Places in which keys are looked for, in the order in which they were added. */
typedef struct keys keys_t;

/*! NULL if out of memory. */
keys_t *keys_new(void);

/*! Frees the places, not the keys that were found there. NULL is fine. */
void keys_free(keys_t *keys);

/*!
 * Adds a place.
 *
 * \param base  Folder that a path without a leading slash is below; not for tokens.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM
 */
int keys_add(keys_t *keys, keys_kind_t kind, const char *base, const char *path);

/*! The key that is wanted. */
typedef struct {
	uint8_t algorithm;
	uint16_t tag;
	const knot_rdata_t *dnskey; /*!< RDATA of the DNSKEY, or NULL if that is not in the zone. */
	/*! Decides if a key is the right one where only its tag is known: tags are not unique. */
	bool (*verify)(const void *ctx, const dnssec_key_t *key);
	const void *ctx;
} keys_want_t;

/*!
 * Finds a private key and tries it: what it signs can be verified with the public key.
 *
 * One thread at a time. Takes some 0.3 ms for an ECDSA key in a file, 3 ms for RSA.
 *
 * \param key     The key, for dnssec_key_free(). Any number of threads may sign with it at a time,
 *                each with a signing context of its own.
 * \param reason  If there is none: where it was searched, and what is wrong there.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM
 * \retval KNOT_DNSSEC_ENOKEY
 */
int keys_find(keys_t *keys, const keys_want_t *want, dnssec_key_t **key,
              char reason[static KEYS_TEXT_MAX]);

/*!
 * Checks a path for KEYS_PEM: a file that holds a private key in PEM, or a directory that can be
 * read.
 *
 * \param reason  What is wrong with it.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL
 */
int keys_check(const char *path, char reason[static KEYS_TEXT_MAX]);
