/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * What the zone says of the addresses of a name, found as an authoritative server finds it
 * (RFC 1034 4.3.2, RFC 4592): closest encloser, wildcard, delegation with its glue, CNAME and
 * DNAME, over the exact-node look-up of the caller. Bounded: an alias chain is followed
 * for HOST_ALIAS_MAX steps, and each step makes at most one look-up a label and four more.
 */

#pragma once

#include "policy/policy.h"

/*! Longest alias chain that is followed; loops end here. */
#define HOST_ALIAS_MAX 16

typedef enum {
	HOST_UNKNOWN = 0, /*!< Outside the zone, below a delegation without glue, a loop. */
	HOST_BLIND,       /*!< A look-up failed (Knot DNS before 3.4, or a limit). */
	HOST_FOUND,       /*!< Has the addresses in a and aaaa, at least one. */
	HOST_NONE,        /*!< Certainly has none: no such name, or neither type. */
} host_state_t;

/*! The addresses of a name. */
typedef struct {
	host_state_t state;
	bool alias;               /*!< A CNAME or DNAME was followed. */
	bool elsewhere;           /*!< At or below a delegation, or below a DNAME: the name itself
	                               can't exist in this zone. */
	bool covered;             /*!< The exchange, of which the zone has
	                               nothing but a wildcard. */
	bool loop;                /*!< The aliases don't end; the state is HOST_UNKNOWN. */
	bool proxy_name;          /*!< An alias led to a proxy name; the state is HOST_UNKNOWN. */
	uint32_t ttl;             /*!< Lowest TTL of the aliases followed. */
	knot_rrset_t a;           /*!< Borrowed from the zone; empty if there is none. */
	knot_rrset_t aaaa;
	knot_dname_storage_t end; /*!< The name itself, or where its aliases end. */
} host_t;

/*! ALIAS records, which mod-alias of Knot DNS answers with the addresses of another name. */
#define HOST_TYPE_ALIAS 65401

/*! What a guarded host is answered with in one family. */
typedef enum {
	HOST_SERVES_NOTHING = 0,
	HOST_SERVES_DIRECT, /*!< Its own direct addresses. */
	HOST_SERVES_MAIL,   /*!< The mail addresses of that family. */
} host_serves_t;

/*! A name that the zone has and does not delegate, nor any name above it: found by one walk, so
 *  that the next one need not begin at the apex, and what else it has found out. Begins with
 *  walked_begin(); valid as long as the zone stays as it is. */
typedef struct {
	bool no_apex_wildcard;     /*!< There is no wildcard next to the apex, nor a DNAME at it. */
	uint8_t labels;            /*!< 0: nothing is known, and the name is not set. */
	uint8_t size;              /*!< Octets of the name. */
	knot_dname_storage_t name;
} walked_t;

static inline void walked_begin(walked_t *walked)
{
	walked->no_apex_wildcard = false;
	walked->labels = 0;
}

/*! Where a name is in the zone. */
typedef struct {
	const knot_dname_t *encloser; /*!< Its closest encloser, part of it; itself if it exists. */
	int labels;                   /*!< Of the encloser. */
	bool exists;
	bool blind;                   /*!< The look-up of names below the encloser failed. */
	bool delegated;               /*!< The encloser is: what is below it is another zone's. */
	knot_rrset_t delegation;      /*!< Its NS RRset, borrowed from the zone. */
	bool alias_known;             /*!< The alias was looked up on the way: */
	knot_rrset_t alias;           /*!< the CNAME RRset of the name itself, or empty. */
} location_t;

/*! Finds where a name at or below the apex is in the zone, from the apex down to the first name
 *  that is not there or delegated. With alias, looks for the name's alias first: a name that has
 *  one is not delegated. */
void host_locate(const knot_dname_t *apex, policy_lookup_f lookup, void *ctx, walked_t *walked,
                 const knot_dname_t *name, bool alias, location_t *location);

/*! Finds the addresses of a name at or below the apex of policy->zone. A wildcard does not count as
 *  the exchange. */
void host_find(const policy_t *policy, policy_lookup_f lookup, void *ctx,
               const knot_dname_t *name, host_t *host);

/*! The same, for a caller that looks up many names. */
void host_find_walked(const policy_t *policy, policy_lookup_f lookup, void *ctx, walked_t *walked,
                      const knot_dname_t *name, host_t *host);

/*!
 * What a guarded host, or an alias that is answered with addresses, has in a family: nothing is
 * ever put beside a direct address, whatever its family.
 *
 * \param host      As host_find() has found it.
 * \param exchange  It is the exchange, which always resolves.
 * \param family    4 or 6.
 */
host_serves_t host_serves(const policy_t *policy, const host_t *host, bool exchange, int family);
