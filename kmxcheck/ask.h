/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Many queries to one server, several in flight: non-blocking sockets and poll(), packets by ldns.
 * A lost query is asked again; one that is never answered ends the whole with an error.
 *
 * One thread. Names are absolute and in lower case.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ldns/ldns.h>

#include "kmxcheck/live.h"

/*! How a query travels. */
typedef enum {
	VIA_UDP_SMALL = 0, /*!< EDNS size 512. */
	VIA_UDP_LARGE,     /*!< EDNS size 4096, of which servers use what they care to. */
	VIA_TCP,
	VIA_COUNT
} via_t;

/*! A query. */
typedef struct {
	const knot_dname_t *name;
	uint16_t type;
	via_t via;
	size_t tag;  /*!< For the caller. */
} query_t;

/*!
 * Receives an answer. Its id and question are right, its RCODE may be any. What it returns other
 * than KNOT_EOK ends the whole.
 */
typedef int (*ask_f)(void *ctx, const query_t *query, const ldns_pkt *answer);

/*!
 * Asks all the queries.
 *
 * \param queries  In any order; answers come in any order, too.
 * \param done     Receives each answer.
 * \param err      Filled if the server does not answer.
 */
int ask_all(const server_t *server, const query_t *queries, size_t count, ask_f done, void *ctx,
            char err[static LIVE_ERR_MAX]);

/*! Writes "SERVER: " and an error text. Returns KNOT_ERROR. */
__attribute__((format(printf, 3, 4)))
int ask_error(const server_t *server, char err[static LIVE_ERR_MAX], const char *fmt, ...);

/*! "mail.example.com. A over UDP, EDNS 512". Returns buf. */
#define QUERY_TEXT_MAX 1100
char *ask_text(char buf[static QUERY_TEXT_MAX], const query_t *query);
