/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Asking servers for zones: each server for its zones one after another, several servers at a time.
 * One that does not answer is not waited for as often as it has zones.
 *
 * Name servers are at the addresses that the zones of the run have, else those that the system's
 * resolver finds. A name is looked up once, for many zones have it in common.
 *
 * Everything is for one thread; those that ask are started and ended by asks_run(). Errors are
 * texts, one line each, which begin with the server.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "dns/index.h"
#include "dns/vec.h"
#include "kmxcheck/client.h"
#include "kmxcheck/live.h"

/*! How long a server is waited for; zeroed is the beginning. */
typedef struct {
	struct timespec asked;
	unsigned unanswered; /*!< In a row. */
	size_t not_asked;    /*!< Zones, after too many of those. */
} patience_t;

/*! True if the server failed to answer too often and is given up. Else the time is noted. */
bool patience_ended(patience_t *patience);

/*! Notes whether the server has answered, and returns ret. One that refuses does so at once. */
int patience_note(patience_t *patience, int ret);

/*! A zone to be asked for at a server. */
typedef struct {
	size_t host;
	const audit_t *audit;  /*!< Of the zone's file; has to stay. */
	const policy_t *policy;
	audit_t live;          /*!< Of the answers. */
	output_zone_t zone;    /*!< The same for printing, but for its file. */
	bool done;             /*!< These are there. */
	char *err;             /*!< Why not, or NULL: the server was given up. */
} ask_t;

typedef struct {
	server_t server;
	patience_t patience;
	VEC(size_t) asks;      /*!< By their numbers. */
} ask_host_t;

/*! An address of a name server. */
typedef struct {
	server_t server;
	bool no_network; /*!< This machine has no network to it. */
	bool told;       /*!< For the caller: that was said. */
} nameserver_t;

typedef VEC(nameserver_t) nameserver_list_t;

/*! Zeroed is empty. */
typedef struct {
	VEC(ask_host_t) hosts;
	VEC(ask_t) list;
	name_index_t names;                 /*!< Of name servers. */
	VEC(nameserver_list_t) nameservers; /*!< By the numbers of the names. */
} asks_t;

/*!
 * The addresses of a name server.
 *
 * \param zone    The zone whose NS record names it,
 * \param policy  and its policy.
 * \param port    Where it listens; the same in all calls.
 *
 * \return Borrowed, until the next call; empty: there are none.
 */
nameserver_list_t *nameservers_find(asks_t *asks, const zones_t *zones, zone_t *zone,
                                    const policy_t *policy, const knot_dname_t *name,
                                    uint16_t port);

/*! Adds a zone to be asked for at a server, unless it is there already. */
void asks_add(asks_t *asks, const server_t *server, const knot_dname_t *ns, const audit_t *audit,
              const policy_t *policy);

/*! Asks. With progress, a line on standard error says how far it is, and is gone at the end. */
void asks_run(asks_t *asks, bool progress);
