/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The owners of NSEC3 records: hashes of names (RFC 5155).
 *
 * Names are absolute, uncompressed, in lower case. Nothing here allocates or keeps anything.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "dns/bitmap.h"
#include "dns/name.h"

/*! Octets of a SHA-1 hash, and of the label that it makes. */
#define NSEC3_HASH   20
#define NSEC3_LABEL  32

/*! How the names of a zone are hashed. The salt is borrowed. */
typedef struct {
	uint16_t iterations;
	uint8_t salt_len;
	const uint8_t *salt;
} nsec3_params_t;

/*!
 * Hashes a name with SHA-1, salt and iterations (RFC 5155 5).
 *
 * \retval KNOT_EOK
 * \retval KNOT_ERROR  The hash can't be had.
 */
typedef int (*nsec3_hash_f)(uint8_t hash[static NSEC3_HASH], const knot_dname_t *name,
                            const nsec3_params_t *params);

/*! The owner of an NSEC3 record: the hash as a label below the apex. False if it is too long. */
bool nsec3_owner(knot_dname_storage_t out, const uint8_t hash[static NSEC3_HASH],
                 const knot_dname_t *apex);

/*! The hash that the first label of an NSEC3 record's owner stands for. False if it is none. */
bool nsec3_owner_hash(uint8_t hash[static NSEC3_HASH], const knot_dname_t *owner);
