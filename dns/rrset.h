/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Walking through RRsets, and the form of what is in them.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

/*! A loop over the RDATA of a set, in order; for one that is empty none. */
#define for_each_in(each, set) \
	for (knot_rdata_t *each = (set)->rdata, \
	     *each ## _end = (knot_rdata_t *)((uint8_t *)each + (set)->size); \
	     each < each ## _end; each = knot_rdataset_next(each))

/*! The same for an RRset. */
#define for_each_rdata(rdata, rrset) for_each_in(rdata, &(rrset)->rrs)

/*! The TTL of a negative answer with this SOA (RFC 2308 5, RFC 9077). */
static inline uint32_t soa_negative_ttl(const knot_rrset_t *soa)
{
	uint32_t minimum = knot_soa_minimum(soa->rrs.rdata);
	return soa->ttl < minimum ? soa->ttl : minimum;
}

/*!
 * True if RDATA has the form that its type needs: of addresses, of types with names that lead
 * somewhere, and of text. The generic form of RFC 3597 may hold anything, and gets into a zone if
 * that is loaded without checks. Of other types nothing is known: true.
 *
 * \param lower  Puts the names in it into lower case; else data is not written to.
 */
bool rdata_check(uint16_t type, uint8_t *data, size_t size, bool lower);
