/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A zone file as far as mail is concerned: read through libzscanner as knotd reads it, keeping
 * only records of names in question. The file is read more than once: first for who uses mail
 * (MX, SRV, SPF), then for the names these lead to, until no alias leads further. So memory
 * grows with the mail names and their addresses, not with the zone. A small zone is read once and
 * kept instead.
 *
 * Records outside the zone and a second SOA are ignored, as knotd does it.
 *
 * One thread. Names are absolute and in lower case. Errors are KNOT_E*.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "policy/host.h"
#include "policy/policy.h"

#define ZONE_ERR_MAX 512

typedef struct zone zone_t;

/*! The zones of a run, in which targets outside of their own zone are followed. */
typedef struct zones zones_t;

/*!
 * Opens a zone: finds its origin and SOA, counts its records and collects its mail owners. The
 * policy is not known yet then.
 *
 * \param out     To be freed with zone_free().
 * \param path    Zone file, or "-": standard input, which is read into memory.
 * \param origin  Apex, or NULL: the owner of the SOA; where that is written relative to an origin
 *                that the file does not name, the name of the file without ".zone".
 * \param err     On error "FILE:LINE: what is wrong", one line.
 *
 * \retval KNOT_EOK
 * \retval other  Not a zone file, unreadable, or no memory.
 */
int zone_open(zone_t **out, const char *path, const knot_dname_t *origin,
              char err[static ZONE_ERR_MAX]);

/*! The same from the records of a zone transfer, in the form of zone-file text in memory. It takes
 *  the text, also on error, and frees it with free(). */
int zone_open_text(zone_t **out, const char *name, char *text, size_t size,
                   const knot_dname_t *origin, char err[static ZONE_ERR_MAX]);

void zone_free(zone_t *zone);

const knot_dname_t *zone_apex(const zone_t *zone);
uint32_t zone_serial(const zone_t *zone);
uint64_t zone_records(const zone_t *zone);
/*! Text the caller gave as the file. */
const char *zone_file(const zone_t *zone);

/*!
 * Makes the set of the zones of a run, which have to stay as long as it is used. Of zones with the
 * same apex the first counts.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM
 */
int zones_new(zones_t **out, zone_t *const *zones, size_t count);

void zones_free(zones_t *zones);

/*! The zone of a run that is deepest above a name, or NULL. NULL zones: NULL. */
zone_t *zones_find(const zones_t *zones, const knot_dname_t *name);

/*!
 * Reads what the names in question hold, under a policy: targets, guarded hosts, web hosts, alias
 * chains, their enclosers, wildcards and delegations. Errors as zone_open().
 *
 * \param policy  Has to stay as long as the zone is audited.
 * \param zones   The zones of this run, where targets outside this one are followed; or NULL.
 *                More of them may be read for it.
 */
int zone_resolve(zone_t *zone, const policy_t *policy, zones_t *zones,
                 char err[static ZONE_ERR_MAX]);

/*! A policy_lookup_f on a resolved zone; the context is the zone. */
int zone_lookup(void *ctx, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out);

/*! The RRsets of a node whose name is in question; the i-th, or false. DNSSEC's are left out. */
bool zone_rrset_at(const zone_t *zone, const knot_dname_t *owner, size_t i, knot_rrset_t *out);

/*!
 * The addresses of a name, as host_find(), but followed through all the zones of the run: from the
 * zone it is in on, if it is in any of them.
 */
void zone_follow(zone_t *zone, const knot_dname_t *name, host_t *host);

/*! True if the zone publishes such names at all; where not, they are not in question. */
bool zone_has_tlsa(const zone_t *zone);
bool zone_has_sts(const zone_t *zone);

/*! The names of TLSA for SMTP, and of a policy for SMTP TLS (RFC 8461). False: too long. */
bool zone_tlsa_name(knot_dname_storage_t out, const knot_dname_t *host);
bool zone_sts_name(knot_dname_storage_t out, const knot_dname_t *owner);

/*! Where the i-th RR of an RRset stands, in this zone or another one of the run; NULL and 0 if
 *  nowhere. */
void zone_place(const zone_t *zone, const knot_dname_t *owner, uint16_t type, size_t i,
                const char **file, uint64_t *line);

/*! Mail owners (of MX, SRV or SPF) in canonical order: how many, and the i-th. */
size_t zone_owner_count(const zone_t *zone);
const knot_dname_t *zone_owner(const zone_t *zone, size_t i);

/*! Names that a pattern of mail-host or web-host matches, likewise. */
size_t zone_match_count(const zone_t *zone);
const knot_dname_t *zone_match(const zone_t *zone, size_t i);
