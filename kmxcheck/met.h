/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * What was met on the way through a server's answers. Inside the live audit: live.c asks and fills
 * it, verdict.c makes findings of it. One thread. Errors are KNOT_E*.
 */

#pragma once

#include "kmxcheck/ask.h"

/*! Bit of a way to ask; sums of them say over which ones something was met. */
#define VIA_BIT(via) (1u << (via))
#define VIA_ALL (VIA_BIT(VIA_COUNT) - 1)

/*! A mail target of an owner. */
typedef struct {
	knot_dname_t *owner;
	knot_dname_t *target;
	uint16_t type;     /*!< MX or SRV. */
	unsigned vias;
} link_t;

/*! An address of a host. */
typedef struct {
	uint8_t family;
	uint8_t address[16];
	bool alias;        /*!< An alias led there. */
	unsigned vias;
} seen_t;

/*! A name whose addresses matter: a mail target in the zone, or a guarded host. */
typedef struct {
	knot_dname_t *name;
	bool guarded;
	seen_t *seen;
	size_t seen_count;
	knot_dname_t *alias;      /*!< What the name is an alias of, or NULL. */
	knot_dname_t *proxy_name; /*!< The name at or below a proxy name that aliases led to. */
	unsigned proxy_vias;      /*!< Over which they did. */
	unsigned none[2];         /*!< Over which there certainly is no A, no AAAA. */
} met_host_t;

typedef struct {
	const policy_t *policy;
	const char *server;
	guard_t guard;
	link_t *links;            /*!< Sorted by target, owner and type once there are hosts. */
	size_t link_count;
	met_host_t *hosts;        /*!< Sorted by name. */
	size_t host_count;
} met_t;

/*! Room for one more in an array that doubles. NULL array is empty. KNOT_ENOMEM. */
int met_grow(void **array, size_t count, size_t size);

/*! Adds a target, or the way to a known one. */
int met_link(met_t *met, const knot_dname_t *owner, uint16_t type, const knot_dname_t *target,
             via_t via);

/*!
 * Makes the hosts: of all targets in the zone, and the guarded ones that the policy or the file's
 * audit names. Sorts the links.
 */
int met_make_hosts(met_t *met, const audit_t *audit);

/*! The host of a name, or NULL. */
met_host_t *met_host(const met_t *met, const knot_dname_t *name);

/*! Adds an address of a host, or the way to a known one. */
int met_address(met_host_t *host, uint8_t family, const uint8_t *address, bool alias, via_t via);

void met_clear(met_t *met);

/*! Makes findings and edges. File and line are those of a like finding of the file's audit. */
int met_verdict(const met_t *met, const audit_t *audit, audit_t *out);
