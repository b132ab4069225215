/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The response that knotd gives to a query of class IN, made from a zone: chains of up to five
 * aliases, DNAME, wildcards, negative answers with their SOA, referrals, addresses in the
 * additional section. Whole, as over TCP, and without DNSSEC.
 *
 * One thread. Names are absolute and in lower case.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kmxcheck/zone.h"
#include "policy/judge.h"

/*! An RRset of the response that was made for it; those of the zone are borrowed. */
typedef struct reply_made reply_made_t;

/*! A response; zeroed is empty. Its zone has to stay. */
typedef struct {
	policy_response_t response; /*!< As the judge takes it. */
	VEC(policy_item_t) items;   /*!< Of the response. */
	reply_made_t *made;
} reply_t;

/*! Makes the response to a query, to be cleared with reply_clear() in any case. False: a referral,
 *  not this zone's answer, which is not to be judged. */
bool reply_make(reply_t *reply, zone_t *zone, const knot_dname_t *qname, uint16_t qtype);

void reply_clear(reply_t *reply);

/*! The wildcard at a name, as its node has it; NULL: there is none. */
const knot_dname_t *reply_wildcard(zone_t *zone, const knot_dname_t *name);
