/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A response as a list of RRsets, and writing a changed list back, whole or not at all.
 *
 * The packet is one that knotd is composing: no OPT or TSIG in it yet, the room for them in
 * pkt->reserved. Errors are KNOT_E*.
 */

#pragma once

#include "policy/judge.h"

/*! RRsets and expanded wildcard owners that need no allocation. */
#define ANSWER_ITEMS 40
#define ANSWER_NAMES 2

/*! An RRset that came with capital letters in its RDATA, in lower case. */
typedef struct answer_lowered answer_lowered_t;

typedef struct {
	policy_response_t response;
	policy_item_t items[ANSWER_ITEMS];
	knot_dname_storage_t names[ANSWER_NAMES];
	size_t name_count;
	answer_lowered_t *lowered;
	knot_mm_t *mm;
} answer_t;

/*!
 * Reads a response into the form that policy_judge() takes. Nothing is copied but owners of
 * wildcard answers, and RRsets that another module has made with capital letters in their RDATA; so
 * the packet has to stay as it is until answer_write() or answer_clear().
 *
 * \param answer    Need not be initialised.
 * \param pkt       The response.
 * \param rcode     Its RCODE, not in the packet yet.
 * \param complete  False if the server stopped for lack of room; then items may include an OPT RR.
 * \param additional_complete  False if it may have left out additional records for lack of room.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM
 * \retval KNOT_EMALF   The packet is not what knotd makes.
 */
int answer_read(answer_t *answer, knot_pkt_t *pkt, uint16_t rcode, bool complete,
                bool additional_complete);

/*!
 * Composes the response again with the edits of a verdict. RRsets that are kept stay as they
 * were, with their flags and rotation.
 *
 * \param rotate  What knotd rotates RRsets by: the message id with answer-rotation, or 0.
 * \param stream  TCP, QUIC or TLS: an answer that does not fit is an error there.
 *
 * \retval KNOT_EOK     The packet is whole; additional records may be left out for lack of room.
 * \retval KNOT_ESPACE  The packet is truncated. TC is set, but not on a stream.
 * \retval KNOT_ENOMEM  The packet was not touched, or is spoilt: it can only be refused.
 */
int answer_write(answer_t *answer, knot_pkt_t *pkt, policy_verdict_t *verdict, uint16_t rotate,
                 bool stream);

/*! Empties a response and sets TC: the client has to retry over a stream. To be used once the
 *  verdict is cleared; answer_clear() is still due. */
void answer_truncate(answer_t *answer, knot_pkt_t *pkt);

/*! Frees what is left; the verdict's RRsets that were not written as well. */
void answer_clear(answer_t *answer, policy_verdict_t *verdict);
