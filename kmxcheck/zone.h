/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A zone file in memory. Of the types that matter for mail the records are kept, of all others that
 * their name exists; at wildcards everything is, for it may have to be copied. RRsets are made when
 * they are first looked up.
 *
 * Exports of hosted DNS are read as people get them (export.h): the SOA may be at the root or lack
 * its final dot, and records that are marked as proxied have marked RDATA. Records outside of the
 * zone are listed, or an error if the zone is only a guess. SOA other than the first are ignored,
 * as knotd does it.
 *
 * One thread. Names are absolute and in lower case. Errors as in scan.h.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "dns/index.h"
#include "dns/text.h"
#include "dns/vec.h"
#include "kmxcheck/scan.h"
#include "policy/host.h"
#include "policy/policy.h"

typedef struct node node_t;
typedef struct arena_block arena_block_t;

/*! A record that is not in the zone. */
typedef struct {
	const knot_dname_t *owner;
	uint16_t type;
	source_pos_t pos;
} zone_outside_t;

/*! A zone. To be read, not to be changed. */
typedef struct {
	char *file;               /*!< As the user named it. */
	knot_dname_t *apex;
	uint32_t serial;
	uint64_t records;         /*!< How many, of all types. */
	name_list_t owners;       /*!< Who uses mail: owners of MX, SRV or SPF, and aliases of
	                               services or at wildcards, sorted. */
	name_list_t mail_names;   /*!< Aliases and names with addresses that begin with imap, mx1
	                               or the like, sorted. */
	VEC(zone_outside_t) outside; /*!< In the order of the file. */
	bool has_tlsa;            /*!< It publishes TLSA anywhere, */
	bool has_sts;             /*!< or a policy for SMTP TLS (RFC 8461). */

	/* For zone.c only. */
	bool has_soa;
	bool guessed;             /*!< The apex is a guess. */
	bool has_large_node;             /*!< A name has very many records. */
	node_t *last;             /*!< The one of the last record. */
	char *err;                /*!< While it is read. */
	name_index_t names;       /*!< All names that exist, empty non-terminals too. */
	file_names_t files;       /*!< Names of files that records point at. */
	arena_block_t *memory;    /*!< Nodes, records and RRsets. */
} zone_t;

/*!
 * Opens a zone.
 *
 * \param out     To be freed with zone_free().
 * \param path    Zone file, or "-": standard input.
 * \param origin  Apex, or NULL: as origin_find() finds it.
 *
 * \retval KNOT_EOK
 * \retval other  Not a zone file, or unreadable.
 */
int zone_open(zone_t **out, const char *path, const knot_dname_t *origin,
              char err[static ERROR_TEXT_MAX]);

/*! The same from zone-file text in memory, which is borrowed. */
int zone_open_text(zone_t **out, const char *name, const char *text, size_t size,
                   const knot_dname_t *origin, char err[static ERROR_TEXT_MAX]);

void zone_free(zone_t *zone);

/*! A policy_lookup_f; the context is the zone. */
int zone_lookup(void *ctx, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out);

/*! True if a name has RRs of a type; out is the RRset then, else empty. */
bool zone_has(zone_t *zone, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out);

/*! The i-th RRset that is kept of a node, or false. DNSSEC's are left out. */
bool zone_rrset_at(zone_t *zone, const knot_dname_t *owner, size_t i, knot_rrset_t *out);

/*! True if a node has records of types that are not kept. */
bool zone_has_other_types(const zone_t *zone, const knot_dname_t *owner);

/*! Adds the aliases and names with addresses that a pattern of mail-host or web-host matches. */
void zone_match(zone_t *zone, const policy_t *policy, name_list_t *out);

/*! The zones of a run, in which targets outside of their own zone are followed; zeroed is none. Of
 *  zones with the same apex the first counts. */
typedef struct {
	name_index_t names;
	VEC(zone_t *) list;
} zones_t;

/*! Adds a zone, which has to stay. */
void zones_add(zones_t *zones, zone_t *zone);

/*!
 * The addresses of a name, as host_find(), but followed through all the zones of the run: from the
 * zone it is in on, if it is in any of them.
 *
 * \param zone    The zone that is audited, of the run or not.
 * \param policy  Its policy.
 */
void zones_follow(const zones_t *zones, zone_t *zone, const policy_t *policy,
                  const knot_dname_t *name, host_t *host);

/*! Where the i-th RR of an RRset stands, in this zone or another one of the run; or nowhere. */
source_pos_t zones_position(const zones_t *zones, zone_t *zone, const knot_dname_t *owner,
                            uint16_t type, size_t i);
