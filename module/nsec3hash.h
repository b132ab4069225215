/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Hashing of names for NSEC3 records, with SHA-1 from GnuTLS, which knotd has loaded anyway.
 */

#pragma once

#include "policy/nsec.h"

/*! An nsec3_hash_f. Any thread may call it. */
int nsec3hash(uint8_t hash[static NSEC3_HASH], const knot_dname_t *name,
              const nsec3_params_t *params);
