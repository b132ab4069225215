/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Hashes of names for NSEC3 records (RFC 5155 5).
 */

#pragma once

#include "policy/nsec.h"

/*! Hashes a name: an nsec3_hash_f. Any thread may call it. */
int nsec3_hash(uint8_t hash[static NSEC3_HASH], const knot_dname_t *name, uint64_t name_number,
               const nsec3_params_t *params);
