/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Asking servers for zones: each server for its zones one after another, several servers at a time.
 * A server that does not answer is given up, and not waited for once for each zone.
 *
 * Name servers are at the addresses that the zones of the run have, else those that the system's
 * resolver finds. A name is looked up once, for many zones have it in common.
 *
 * All functions are for one thread; asks_run() starts and ends the threads that ask. Errors are
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

/*! The failures of a server, by which it is given up. Zeroed: none yet. */
typedef struct {
	struct timespec asked;
	unsigned unanswered; /*!< Requests, in a row. */
	size_t not_asked;    /*!< Zones, since the server was given up. */
} server_failures_t;

/*! True if the server is given up: it failed to answer too often. Notes the time, for
 *  server_note_result(). */
bool server_given_up(server_failures_t *failures);

/*! Notes the result of a request, and returns it. Only an error after a wait counts: a server that
 *  refuses does so at once. */
int server_note_result(server_failures_t *failures, int ret);

/*! A zone to be asked for at a server. */
typedef struct {
	size_t host;
	const audit_t *audit;  /*!< Of the zone's file; has to stay. */
	const policy_t *policy;
	audit_t live;          /*!< Of the answers. */
	output_zone_t zone;    /*!< The same for printing, but for its file. */
	bool done;             /*!< live and zone are filled. */
	char *err;             /*!< Why not; NULL: the server was given up. */
} ask_t;

typedef struct {
	server_t server;
	server_failures_t failures;
	VEC(size_t) asks;      /*!< Indexes in asks_t.list. */
} ask_host_t;

/*! An address of a name server. */
typedef struct {
	server_t server;
	bool no_network; /*!< This machine has no network to it. */
	bool reported;   /*!< For the caller: printed already. */
} nameserver_t;

typedef VEC(nameserver_t) nameserver_list_t;

/*! Zeroed is empty. */
typedef struct {
	VEC(ask_host_t) hosts;
	VEC(ask_t) list;
	name_index_t names;                 /*!< Of name servers. */
	VEC(nameserver_list_t) nameservers; /*!< One for each of names. */
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
