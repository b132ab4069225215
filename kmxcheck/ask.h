/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Asking servers for zones: each server for its zones one after another, several servers at a time.
 * One that does not answer is not waited for as often as it has zones.
 *
 * Everything is for one thread; those that ask are started and ended by asks_run(). Errors are
 * texts, one line each, which begin with the server.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

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

/*! Zeroed is empty. */
typedef struct {
	VEC(ask_host_t) hosts;
	VEC(ask_t) list;
} asks_t;

/*! Adds a zone to be asked for at a server, unless it is there already. */
void asks_add(asks_t *asks, const server_t *server, const knot_dname_t *ns, const audit_t *audit,
              const policy_t *policy);

/*! Asks. With progress, a line on standard error says how far it is, and is gone at the end. */
void asks_run(asks_t *asks, bool progress);
