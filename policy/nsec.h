/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * What NSEC and NSEC3 records are made of: sets of types as bitmaps (RFC 4034 4.1.2), names that
 * follow one another in canonical order (RFC 4034 6.1), hashes of names (RFC 5155).
 *
 * Names are absolute, uncompressed, in lower case. Nothing here allocates or keeps anything.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

/*! A set of types. To be emptied by types_clear() before use; 8 KiB, most of it never touched. */
typedef struct {
	uint8_t size[256];    /*!< Octets in use of each window; the last one is not zero. */
	uint8_t map[256][32]; /*!< Bits of each window, the first one is the highest of an octet. */
} types_t;

void types_clear(types_t *types);
void types_add(types_t *types, uint16_t type);
void types_remove(types_t *types, uint16_t type);
bool types_has(const types_t *types, uint16_t type);

/*! Adds the types of a bitmap in wire format. False if it is malformed. */
bool types_read(types_t *types, const uint8_t *bitmap, size_t size);

/*!
 * Adds every type that a name may have: all assigned and private ones but those of aliases, of
 * zone cuts, of NSEC3 owners, and in another place than the apex those of the apex.
 */
void types_add_likely(types_t *types, bool apex);

/*! Octets of the bitmap in wire format, and writing it. */
size_t types_size(const types_t *types);
void types_write(const types_t *types, uint8_t *bitmap);

/*!
 * Compares two names in canonical order: negative, zero or positive. libknot's own comparison takes
 * an octet of zero in a label for the end of the label.
 */
int name_compare(const knot_dname_t *a, const knot_dname_t *b);

/*! The first name after this one in canonical order, a name below it if there can be one. */
void name_successor(knot_dname_storage_t out, const knot_dname_t *name);

/*! The first name in canonical order after this one, which is not the root, and all below it. */
void name_after(knot_dname_storage_t out, const knot_dname_t *name);

/*! The suffix of a name that has this many labels, the root not counted. */
const knot_dname_t *name_suffix(const knot_dname_t *name, size_t labels);

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
