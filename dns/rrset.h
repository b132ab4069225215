/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Walking through RRsets.
 */

#pragma once

#include <libknot/libknot.h>

/*! A loop over the RDATA of an RRset, in order; for an RRset that is empty none. */
#define for_each_rdata(rdata, rrset) \
	for (knot_rdata_t *rdata = (rrset)->rrs.rdata, \
	     *rdata ## _end = (knot_rdata_t *)((uint8_t *)rdata + (rrset)->rrs.size); \
	     rdata < rdata ## _end; rdata = knot_rdataset_next(rdata))
