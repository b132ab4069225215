/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * RRSIG records (RFC 4034 3): made and verified with one key.
 *
 * Nothing is kept, so any number of threads may use it, with one key at a time too. Errors are
 * KNOT_E*.
 */

#pragma once

#include <stdbool.h>

#include <libknot/libknot.h>

#include "module/dnssec.h"

/*! True if RDATA is long enough for what it says, with a signature. */
bool rrsig_check(const knot_rdata_t *rrsig);

/*! True if a key made the RRSIG for an RRset; its owner is the name on the wire, RDATA in any case
 *  and order. */
bool rrsig_verify(const knot_rdata_t *rrsig, const knot_rrset_t *rrset, const dnssec_key_t *key);

/*!
 * Signs an RRset, and adds the RRSIG.
 *
 * \param rrset  Its TTL becomes the original TTL; RDATA in any case and order.
 * \param like   An RRSIG by the same key: the new one is good as long.
 *
 * \retval KNOT_EOK
 * \retval other  Out of memory, or the key can't sign it.
 */
int rrsig_make(knot_rdataset_t *sigs, const dnssec_key_t *key, const knot_rrset_t *rrset,
               const knot_rdata_t *like);
