/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Responses in packets, for tests: composed as knotd composes them, read back from the wire, and
 * compared with what they should hold.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/lib/reply.h"

/*! How a response is composed. */
typedef struct {
	size_t size;       /*!< Largest size. */
	uint16_t reserved; /*!< Of that, for OPT and TSIG. */
	uint16_t rotate;   /*!< What RRsets are rotated by. */
	bool upper;        /*!< The client asked in capitals. */
	knot_mm_t *mm;     /*!< Memory, NULL for malloc. */
} packet_how_t;

/*!
 * Composes a response.
 *
 * \param complete  Set if not NULL: everything had room.
 * \return For knot_pkt_free(); NULL if out of memory.
 */
knot_pkt_t *packet_make(const test_reply_t *reply, const packet_how_t *how, bool *complete);

/*! Reads a packet as a client would, names as they were written. For knot_pkt_free(). */
knot_pkt_t *packet_parse(const knot_pkt_t *pkt);

/*!
 * True if a parsed packet begins with the RRs of a response, and holds no others.
 *
 * \param response  The response; SOAs are expected with the TTL of their item.
 * \param rotate    What it was rotated by, but for RRSIGs.
 * \param count     Set to the items that are there, all or the first ones.
 */
bool packet_is(const knot_pkt_t *parsed, const policy_response_t *response, uint16_t rotate,
               size_t *count);

/*! True if two parsed packets hold the same but for the case of names. */
bool packet_same(const knot_pkt_t *a, const knot_pkt_t *b);

/*! The response in a packet as the answer section's text, for messages. */
void packet_print(const char *title, const knot_pkt_t *parsed);
