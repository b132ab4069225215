/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Which keys sign a zone, by what its DNSKEYs and RRSIGs show of them.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libknot/libknot.h>

/*! A key as RRSIG and DNSKEY have it: algorithm and key tag. */
typedef uint32_t key_id_t;

/*! The key that an RRSIG is by. */
key_id_t zonekeys_of(const knot_rdata_t *rrsig);

/*! What is added up to one number for a set of keys, whatever their order. */
uint64_t zonekeys_mark(key_id_t key);

/*! The set of keys that sign a zone, by the RRSIGs of its SOA, or where there is none by those of any
 *  data but keys. 0 if there are none. */
uint64_t zonekeys_signing(const knot_rdataset_t *rrsigs);

/*! True if a DNSKEY RRset has a key. */
bool zonekeys_has(const knot_rdataset_t *dnskeys, key_id_t key);
