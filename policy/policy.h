/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The policy of a protected zone, and what it says of names, addresses and whole responses: is a
 * host guarded, is an address proxied, may a response be wrong at all?
 *
 * Pure: no daemon, no clock, no I/O. A policy is immutable once made, so any number of threads may
 * use it at a time. Names are absolute, uncompressed, in lower case. Addresses are in network byte
 * order. TTLs are seconds. Errors are KNOT_E*.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "dns/text.h"
#include "policy/names.h"
#include "policy/netset.h"

/*! Addresses of one family where mail really is: count * 4 or count * 16 octets. */
typedef struct {
	uint8_t *at;
	size_t count;
} addresses_t;

/*! The policy of one protected zone. What it points at is owned by its creator. */
typedef struct {
	const knot_dname_t *zone;     /*!< Apex of the protected zone. */
	const netset_t *proxies;      /*!< Proxy networks, may be NULL. */
	const netset_t *excepts;      /*!< Networks in them that are good for mail, may be NULL. */
	names_t proxy_names;          /*!< Domains at or below which names lead to a proxy; the
	                               *   array may be shared with other policies. */
	names_t web_hosts;            /*!< Names whose addresses are never touched. */
	names_t mail_hosts;           /*!< Names whose addresses must be direct. */
	const knot_dname_t *exchange; /*!< What steered targets become; below the apex. */
	const knot_dname_t *const *services; /*!< Leading labels of mail SRV owners, NULL-ended. */
	addresses_t mail4;            /*!< mail-address, IPv4. */
	addresses_t mail6;            /*!< mail-address, IPv6. */
	uint32_t ttl;                 /*!< Upper limit for the TTL of what is written. */
	uint64_t number;              /*!< No other policy of this process has it. Of 40 bits,
	                               *   not 0; set by policy_prepare(). */
} policy_t;

/*!
 * Looks an RRset up in the zone as it stands: the exact node, no wildcards, no aliases.
 *
 * \param out  Set on KNOT_EOK: the RRset, empty (no RDATA) if the node has none of this type.
 *             Borrowed; must stay until the verdict is used.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENONODE  There is no such node (an empty non-terminal is a node).
 * \retval other         It can't be known. policy_judge() then goes by the response alone.
 */
typedef int (*policy_lookup_f)(void *ctx, const knot_dname_t *owner, uint16_t type,
                               knot_rrset_t *out);

/*! The mail addresses of a family. */
static inline const addresses_t *policy_mail(const policy_t *policy, int family)
{
	return family == 4 ? &policy->mail4 : &policy->mail6;
}

/*!
 * RRs of the MX RRset at the apex whose targets are guarded: those of the lowest preferences. Each
 * answer of the zone is about them, so there must not be any number.
 */
#define POLICY_MX_MAX 64

/*! Finds out which web hosts are among the mail hosts of a pattern, and gives the policy its
 *  number. Once all names of both are in. Any thread may call it. */
void policy_prepare(policy_t *policy);

/*! The MX RRset of the apex, empty if there is none. RDATA of any shape. */
knot_rrset_t policy_apex_mx(const policy_t *policy, policy_lookup_f lookup, void *ctx);

/*! True if the name is in the zone and no web host: it is guarded if the zone says so. */
bool policy_may_guard(const policy_t *policy, const knot_dname_t *name);

/*! True if the name's addresses must be direct. */
bool policy_guarded(const policy_t *policy, const knot_rrset_t *apex_mx, const knot_dname_t *name);

/*! True if a proxy network holds an address and no exception does. The network, if not NULL, may be
 *  written in any case. */
bool policy_proxied(const policy_t *policy, int family, const uint8_t *address, net_t *network);

/*! True if an SRV owner begins with one of the mail services. */
bool policy_mail_service(const policy_t *policy, const knot_dname_t *owner);

/*!
 * The cheap check: may this response have to be judged at all? Reads types, addresses, their owners
 * and the QNAME only; allocates nothing. False is certain, true means that policy_judge() has to
 * decide.
 *
 * \param lookup  Called for the MX RRset at the apex, where an address is proxied.
 */
bool policy_suspects(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                     const knot_dname_t *qname, const knot_rrset_t *rrsets, size_t count);
