/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A zone in memory, for tests: read from zone-file text, normalised as knotd does it, with its
 * empty non-terminals, and looked up node by node as the module looks into a live zone.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

/*! A node: its name, and RRsets in the order of their types; none in an empty non-terminal. */
typedef struct {
	knot_dname_t *name;
	knot_rrset_t **rrsets;
	size_t count;
} test_node_t;

/*! Nodes in canonical order, the apex first. */
typedef struct {
	knot_dname_t *apex;
	test_node_t *nodes;
	size_t count;
} test_zone_t;

/*!
 * Reads a zone. Every zone begins with an SOA (TTL 3600, minimum 900) and an NS outside of it; the
 * text is what else is in it. The default TTL is 3600. Aborts the test on an error.
 */
test_zone_t *zone_new(const char *origin, const char *text);
void zone_free(test_zone_t *zone);

/*! Adds an RRset to the node of its owner, which has none of its type; the zone owns it then. */
void zone_add(test_zone_t *zone, knot_rrset_t *rrset);

/*! The node of a name, NULL if there is none. */
const test_node_t *zone_node(const test_zone_t *zone, const knot_dname_t *name);

/*! The node's RRset of a type; one without RDATA if there is none. */
knot_rrset_t node_rrset(const test_node_t *node, uint16_t type);

/*! The highest delegation at or above a name, NULL if there is none. */
const test_node_t *zone_delegation(const test_zone_t *zone, const knot_dname_t *name);

/*! True for a name below a DNAME. */
bool zone_redirects(const test_zone_t *zone, const knot_dname_t *name);

/*! The node that answers for a name: its own or a wildcard's, NULL if there is none. */
const test_node_t *zone_node_or_wildcard(const test_zone_t *zone, const knot_dname_t *name,
                                    const test_node_t **encloser);

/*! A policy_lookup_f: the exact node. The context is the zone. */
int zone_lookup(void *ctx, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out);

/*! The same where the server shows the apex only (Knot DNS before 3.4). */
int zone_lookup_apex(void *ctx, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out);
