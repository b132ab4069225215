/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A client of one server: many queries, several in flight (non-blocking sockets and poll(), packets
 * by libknot), and zone transfers. A lost query is sent again; one that is never answered ends the
 * whole with an error.
 *
 * One thread. Names are absolute and in lower case. Errors are KNOT_E*, and err then holds one
 * line without a full stop, which begins with the server.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <libknot/libknot.h>

#include "dns/text.h"

/*! "ADDR@PORT", IPv6 with a scope at its longest, and the terminating zero. */
#define SERVER_TEXT_MAX 96

/*! A server. */
typedef struct {
	struct sockaddr_storage address;
	socklen_t size;
	char text[SERVER_TEXT_MAX]; /*!< "192.0.2.1@53". */
} server_t;

#define DNS_PORT 53

/*! Reads "ADDR[@PORT]", with a default for the port. KNOT_EINVAL with err. */
int server_from_str(server_t *server, const char *text, uint16_t port,
                    char err[static ERROR_TEXT_MAX]);

/*! Reads a port. 0: it is none. */
uint16_t port_from_str(const char *text);

/*! True if this machine has no network to the server, as one without IPv6. */
bool server_no_network(const server_t *server);

/*! Makes the unspecified address, where a server listens, the one of the loopback, where it can be
 *  asked. True if it is the loopback. */
bool server_to_loopback(server_t *server);

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
	bool dnssec; /*!< With the DO bit (RFC 3225), as those ask who validate. */
	size_t tag;  /*!< For the caller. */
} query_t;

/*!
 * Receives an answer. Its id and question are right, its RCODE may be any. What it returns other
 * than KNOT_EOK ends the whole.
 */
typedef int (*answer_f)(void *ctx, const query_t *query, const knot_pkt_t *answer);

/*!
 * Sends all the queries and waits for the answers.
 *
 * \param queries  In any order; answers come in any order, too.
 * \param answer   Receives each answer.
 * \param err      Filled if the server does not answer.
 */
int client_query(const server_t *server, const query_t *queries, size_t count, answer_f answer,
                 void *ctx, char err[static ERROR_TEXT_MAX]);

/*!
 * Transfers a zone.
 *
 * \param text  The zone as zone-file text, to be freed with free().
 * \param size  Its length.
 */
int client_transfer(const server_t *server, const knot_dname_t *zone, char **text, size_t *size,
                    char err[static ERROR_TEXT_MAX]);

/*! Writes "SERVER: " and an error text. Returns KNOT_ERROR. */
__attribute__((format(printf, 3, 4)))
int server_error(const server_t *server, char err[static ERROR_TEXT_MAX], const char *fmt, ...);

/*! "mail.example.com. A over UDP, EDNS 512". Returns buf. */
#define QUERY_TEXT_MAX 1100
char *query_text(char buf[static QUERY_TEXT_MAX], const query_t *query);

/*! The RCODE of an answer: "SERVFAIL", "RCODE11". Returns buf. */
#define RCODE_TEXT_MAX 16
char *rcode_text(char buf[static RCODE_TEXT_MAX], const knot_pkt_t *answer);
