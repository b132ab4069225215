/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Inside a zone: what zone.c, zones.c and resolve.c share. Nothing else includes this.
 */

#pragma once

#include "kmxcheck/aliases.h"
#include "kmxcheck/nodes.h"
#include "kmxcheck/source.h"
#include "kmxcheck/zone.h"

/*! Records of a small zone, so that it is read but once. */
typedef struct cached cached_t;

/*! Nodes in an order of their own. */
typedef struct {
	node_t **at;
	size_t count;
} node_list_t;

struct zone {
	source_t source;
	knot_dname_t *apex;
	bool has_soa;
	uint32_t serial;
	uint64_t records;
	nodes_t nodes;
	node_list_t owners;     /*!< Mail owners. */
	node_list_t matches;    /*!< Names that patterns match. */
	bool matched;           /*!< Their patterns have been looked for. */
	bool failed;            /*!< Not enough memory for a name in question. */
	bool has_below;         /*!< A zone below this one is in the run. */
	bool pending;           /*!< Listed in the run as having names to gather. */

	bool has_tlsa;          /*!< It publishes TLSA anywhere, */
	bool has_sts;           /*!< or a policy for SMTP TLS. */

	const policy_t *policy; /*!< NULL until resolved. */
	zones_t *zones;

	arena_t cache;
	size_t cache_size;
	cached_t *cached;       /*!< First record. */
	cached_t **cached_end;
	bool cache_full;        /*!< The zone is not small. */
	aliases_t aliases;      /*!< Of a zone that is not small, until it is resolved. */
};

/*! Puts a name in question; outside of the zone it does nothing. */
void zone_want(zone_t *zone, const knot_dname_t *name);

/*! Lists a node, once it is flagged so by the caller. KNOT_ENOMEM. */
int node_list_add(node_list_t *list, node_t *node);

/*! Sets the apex to the owner of the SOA. Errors as zone_open(). */
int zone_find_origin(zone_t *zone, char err[static ZONE_ERR_MAX]);

/*! One more pass: gathers what is in question. */
int zone_gather(zone_t *zone, char err[static ZONE_ERR_MAX]);

/*! Takes a zone other than the one being resolved that has names to gather; NULL: none. */
zone_t *zones_pending(zones_t *zones);
