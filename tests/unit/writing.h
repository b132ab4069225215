/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Putting responses back into packets, in tests: what holds for every response and every size.
 */

#pragma once

#include "tests/unit/judging.h"
#include "tests/unit/packet.h"
#include "tests/unit/signing.h"

/*! A policy, a zone and a response to a query. */
typedef struct {
	test_policy_t test;
	zone_t *zone;
	signed_zone_t *signed_zone; /*!< Set if the client validates, and new RRsets are signed. */
	reply_t reply;
} writing_t;

/*!
 * \param query  "NAME TYPE", relative to example.com, or NULL: no response yet.
 */
void writing_init(writing_t *writing, const char *zone, const char *options, const char *query,
                  bool stream);
void writing_clear(writing_t *writing);

/*! Signs the zone, and makes the response anew for a client that validates. */
void writing_sign(writing_t *writing, signing_t how, bool stream);

/*! Makes the response to another query. */
void writing_ask(writing_t *writing, const knot_dname_t *name, uint16_t type, int options);

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
written_t check_unchanged(const writing_t *writing, const packet_how_t *how, bool stream);

/*!
 * Judges a response, puts it back into a packet that has room for so many octets, and fails the
 * test if that is not the repaired response, whole or cut where it may be cut.
 *
 * \param limit  Largest size; 0 is how->size.
 * \return What answer_write() said.
 */
int check_repaired(const writing_t *writing, const packet_how_t *how, bool stream, size_t limit);

/*! The same with allocations failing one after the other. */
void check_written_memory(const writing_t *writing, const packet_how_t *how, bool stream);
