/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Putting responses back into packets, in tests: what holds for every response and every size.
 */

#pragma once

#include "tests/unit/lib/fixture_policy.h"
#include "tests/unit/lib/packet.h"
#include "tests/unit/lib/signed_zone.h"

/*! A policy, a zone and a response to a query. */
typedef struct {
	test_policy_t test;
	test_zone_t *zone;
	signed_zone_t *signed_zone; /*!< Set if the client validates, and new RRsets are signed. */
	test_reply_t reply;
} fixture_answer_t;

/*!
 * \param query  "NAME TYPE", relative to example.com, or NULL: no response yet.
 */
void fixture_answer_init(fixture_answer_t *fixture, const char *zone, const char *options,
                         const char *query, bool stream);
void fixture_answer_clear(fixture_answer_t *fixture);

/*! Signs the zone, and makes the response again for a client that validates. */
void fixture_answer_sign(fixture_answer_t *fixture, denial_kind_t how, bool stream);

/*! Makes the response to another query. */
void fixture_answer_query(fixture_answer_t *fixture, const knot_dname_t *name, uint16_t type,
                          int options);

/*! Octets of the response as knotd composes it, and what it has become. */
typedef struct {
	size_t before;
	size_t after;
	bool same; /*!< Octet by octet. */
} written_t;

/*!
 * Puts a response back without any edit and fails the test if it is not what it was, but for
 * compression.
 */
written_t check_unchanged(const fixture_answer_t *fixture, const packet_how_t *how, bool stream);

/*!
 * Judges a response, puts it back into a packet that has room for so many octets, and fails the
 * test if that is not the repaired response, whole or truncated where it may be.
 *
 * \param limit  Largest size; 0 is how->size.
 * \return What answer_write() said.
 */
int check_repaired(const fixture_answer_t *fixture, const packet_how_t *how, bool stream,
                   size_t limit);

/*! The same with allocations failing one after the other. */
void check_written_memory(const fixture_answer_t *fixture, const packet_how_t *how, bool stream);
