/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * What knotd would answer from a zone, for tests: CNAME chains of five links, DNAME, wildcards,
 * delegations, negative answers with their SOA, addresses in the additional section; as a list of
 * RRsets with the flags and compression hints that knotd puts them with.
 */

#pragma once

#include "policy/judge.h"
#include "tests/unit/lib/zone.h"

/*! hint_rr of an owner without a hint, or that is the QNAME. */
#define HINT_NONE  (-1)
#define HINT_QNAME (-2)
/*! hint_rdata: not in the RDATA, the owner itself. */
#define HINT_OWNER UINT16_MAX

/*! Options of reply_make(). */
enum {
	REPLY_STREAM = 1 << 0, /*!< Over TCP: nothing that does not fit sets TC. */
	REPLY_ALL    = 1 << 1, /*!< ANY is answered with all RRsets, not with the first one. */
};

/*! An RRset of the response. */
typedef struct {
	knot_rrset_t rrset;  /*!< As knotd puts it: its owner may be a wildcard. */
	knot_dname_t *owner; /*!< On the wire. */
	knot_section_t section;
	uint16_t flags;      /*!< KNOT_PF_*. With KNOT_PF_FREE the RRset was made
	                          for the response. */
	int hint_rr;         /*!< Index of the RRset whose RDATA has the owner's name, or HINT_*. */
	uint16_t hint_rdata; /*!< Index of the RR in it. */
} reply_rr_t;

/*! How the search for an answer ended. */
typedef enum {
	REPLY_HIT,
	REPLY_MISS,
	REPLY_NODATA,
	REPLY_DELEG,
} reply_state_t;

/*! A name that was looked for. */
typedef struct {
	knot_dname_storage_t name;
	const test_node_t *node; /*!< Answers, as a wildcard or not; or the delegation; or NULL. */
	const test_node_t *encloser; /*!< The longest part of the name that is there. */
} reply_step_t;

#define REPLY_WILDS 12

/*! What there is to be proven of a response, where the zone is signed. */
typedef struct {
	reply_state_t state;
	reply_step_t end;
	reply_step_t wilds[REPLY_WILDS]; /*!< Answered by wildcards, each wildcard once. */
	size_t wild_count;
} reply_search_t;

typedef struct {
	knot_dname_storage_t qname;
	uint16_t qtype;
	uint16_t rcode;
	reply_search_t search;
	bool referral; /*!< Not this zone's answer: no answer section, NS in the
	                    authority section. */
	reply_rr_t *at;
	size_t count;
} test_reply_t;

/*! Makes the response to a query. The zone has to stay. */
void reply_make(test_reply_t *reply, const test_zone_t *zone, const knot_dname_t *qname,
                uint16_t qtype, int options);
void reply_clear(test_reply_t *reply);

/*!
 * The response as the judge takes it.
 *
 * \param items  Room for reply->count.
 * \param count  RRsets that are there; fewer than reply->count: it is truncated.
 */
policy_response_t reply_response(const test_reply_t *reply, policy_item_t *items, size_t count);
