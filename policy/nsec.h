/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * NSEC and NSEC3 records (RFC 4034 4, RFC 5155 3): read, written, and split where a name is put
 * into the chain that they make of a zone. Nothing else touches their RDATA.
 *
 * Names are absolute, uncompressed, in lower case. Nothing here allocates or keeps anything, so any
 * number of threads may use it.
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
 * \param number  Stands for this name, and never for another one in this process, so that a kept
 *                hash need not be found by the name. 0: there is no such number.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ERROR  The hash can't be computed.
 */
typedef int (*nsec3_hash_f)(uint8_t hash[static NSEC3_HASH], const knot_dname_t *name,
                            uint64_t number, const nsec3_params_t *params);

/*! The owner of an NSEC3 record: the hash as a label below the apex. False if it is too long. */
bool nsec3_owner(knot_dname_storage_t out, const uint8_t hash[static NSEC3_HASH],
                 const knot_dname_t *apex);

/*! The hash that the first label of an NSEC3 record's owner stands for. False if it is none. */
bool nsec3_owner_hash(uint8_t hash[static NSEC3_HASH], const knot_dname_t *owner);

/*! A place in a chain: of NSEC records a name, of NSEC3 records the hash of a name. */
typedef struct {
	const knot_dname_t *name; /*!< Borrowed; may be NULL with NSEC3. */
	uint64_t first;           /*!< The first octets of the label next to the apex, */
	bool in_zone;             /*!< if this is set: they nearly always tell the order
	                           *   of two names. */
	uint8_t hash[NSEC3_HASH];
} nsec_place_t;

/*! The place of a name among NSEC records. The apex, of this size, is that of the zone; all places
 *  that are compared with each other are of one zone. */
nsec_place_t nsec_place(const knot_dname_t *name, const knot_dname_t *apex, size_t apex_size);

/*! An NSEC or NSEC3 record, which says that the zone has no name between its owner and the next. */
typedef struct {
	bool nsec3;
	nsec_place_t owner;
	nsec_place_t next;
	const uint8_t *bitmap; /*!< Types of the owner, well-formed, borrowed. */
	size_t bitmap_size;
	nsec3_params_t params; /*!< Only with NSEC3, as the flags are. */
	uint8_t flags;
} nsec_t;

/*!
 * Reads the first RR of an RRset. What it points at is borrowed from the RRset.
 *
 * \return False for an RRset of another type or without RR, and for RDATA in which any length does
 *         not fit, and for NSEC3 with another hash than SHA-1 or an owner that is no hash.
 */
bool nsec_read(nsec_t *out, const knot_rrset_t *rrset);

/*! Reads an NSEC3PARAM RRset. As nsec_read(). */
bool nsec3_params_read(nsec3_params_t *out, const knot_rrset_t *rrset);

/*! Adds the types that the owner of a record has. */
void nsec_types(const nsec_t *record, bitmap_t *types);

/*! True if an owner with these types is delegated. */
bool nsec_is_delegation(const bitmap_t *types);

/*! Most octets of RDATA: fixed ones, a salt, a name or a hash, and all windows of a bitmap. */
#define NSEC_RDATA_MAX (6 + UINT8_MAX + KNOT_DNAME_MAXLEN + 256 * 34)

/*! Writes RDATA with these types in the place of the record's own. Returns its size. */
size_t nsec_write(const nsec_t *record, const bitmap_t *types,
                  uint8_t rdata[static NSEC_RDATA_MAX]);

/*! True if the place is the owner's, or the next one's. */
bool nsec_is_owner(const nsec_t *record, const nsec_place_t *place);
bool nsec_is_next(const nsec_t *record, const nsec_place_t *place);

/*! True if the place is between owner and next, which are not: the record says that it is empty.
 *  The last record of a chain leads to its first. */
bool nsec_covers(const nsec_t *record, const nsec_place_t *place);

/*! The order of the owner and places that the record covers, from the owner on: negative, zero or
 *  positive. */
int nsec_order(const nsec_t *record, const nsec_place_t *a, const nsec_place_t *b);

/*! A record, and the places in it at which it is split. */
typedef struct {
	const nsec_t *record;
#define NSEC_SPLIT_MAX 128
	const nsec_place_t *at[NSEC_SPLIT_MAX]; /*!< The first is the owner's, the last the next. */
	size_t count;                           /*!< One more than there are parts. */
} nsec_split_t;

/*! Begins with the whole record, which is borrowed. */
void nsec_split_begin(nsec_split_t *split, const nsec_t *record);

/*! Splits the part that covers a place, if one does. The place is borrowed. */
void nsec_split_at(nsec_split_t *split, const nsec_place_t *place);

/*! The part whose owner a place is, or that covers it: its index, or split->count. */
size_t nsec_split_find(const nsec_split_t *split, const nsec_place_t *place);

/*! A part; i + 1 < split->count. All but the first have a name of their own, which the zone does
 *  not have: the bitmap is the whole record's. */
nsec_t nsec_split_part(const nsec_split_t *split, size_t i);
