/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * What a signer signs with, in tests: it counts, and fails when told to.
 */

#pragma once

#include "module/signer.h"
#include "tests/unit/keys.h"

#define HAND_ZONE ((const knot_dname_t *)"\7example\3com")
#define HAND_TTL  300

/*! To be set up before each call that may sign. */
typedef struct {
	int keys[16];
	size_t key_count;
	uint32_t end;
	int ret;
	unsigned calls;
	knot_dname_storage_t owner; /*!< What was signed last. */
	uint32_t ttl;
} hand_t;

hand_t hand_of(int key, uint32_t end);

/*! A signer for the zone that uses the hand. */
signer_t *hand_signer(hand_t *hand, uint32_t lifetime);

/*! An RRset of one RR: a number. For knot_rrset_free(). */
knot_rrset_t *hand_number(const knot_dname_t *owner, uint16_t type, uint32_t ttl, uint32_t value);

/*!
 * Asks for signatures of a number where the zone has no DNSKEY RRset, and fails the test if they are
 * not of that.
 *
 * \return Where they are: an address to compare, they may be gone.
 */
const void *hand_get(signer_t *signer, const knot_dname_t *owner, uint16_t type, uint32_t value,
                     int encloser);

/*! A zone with nothing to see of its keys. */
extern const signer_zone_t hand_none;
