/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * What the zone says of the addresses of a name, found as an authoritative server finds it
 * (RFC 1034 4.3.2, RFC 4592): closest encloser, wildcard, delegation with its glue, CNAME and
 * DNAME, over the exact-node look-up that the caller hands in. Bounded: an alias chain is followed
 * for HOST_ALIAS_MAX steps, and each step makes at most one look-up a label and four more.
 */

#pragma once

#include "policy/policy.h"

/*! Longest alias chain that is followed; loops end here. */
#define HOST_ALIAS_MAX 16

typedef enum {
	HOST_UNKNOWN = 0, /*!< Outside the zone, below a delegation without glue, a loop. */
	HOST_BLIND,       /*!< The look-up can't tell (Knot DNS before 3.4). */
	HOST_FOUND,       /*!< Has the addresses in a and aaaa, at least one. */
	HOST_NONE,        /*!< Certainly has none: no such name, or neither type. */
} host_state_t;

/*! The addresses of a name. */
typedef struct {
	host_state_t state;
	bool alias;               /*!< A CNAME or DNAME was followed. */
	bool loop;                /*!< The aliases don't end; the state is HOST_UNKNOWN. */
	bool proxy_name;          /*!< An alias led to a proxy name; the state is HOST_UNKNOWN. */
	uint32_t ttl;             /*!< Lowest TTL of the aliases followed. */
	knot_dname_storage_t end; /*!< The name itself, or where its aliases end. */
	knot_rrset_t a;           /*!< Borrowed from the zone; empty if there is none. */
	knot_rrset_t aaaa;
} host_t;

/*! Finds the addresses of a name at or below the apex of policy->zone. */
void host_find(const policy_t *policy, policy_lookup_f lookup, void *ctx,
               const knot_dname_t *name, host_t *host);
