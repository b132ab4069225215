/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Where the name servers of zones are: at the addresses that the zones of the run have, else those
 * that the system's resolver finds. A name is looked up once, for many zones have it in common.
 *
 * One thread.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/index.h"
#include "dns/vec.h"
#include "kmxcheck/client.h"
#include "kmxcheck/zone.h"

/*! An address of a name server. */
typedef struct {
	server_t server;
	bool no_network; /*!< This machine has no network to it. */
	bool told;       /*!< For the caller: that was said. */
} nameserver_t;

typedef VEC(nameserver_t) nameserver_list_t;

/*! Zeroed is empty. */
typedef struct {
	name_index_t names;
	VEC(nameserver_list_t) servers; /*!< By the numbers of the names. */
} nameservers_t;

/*!
 * The addresses of a name server.
 *
 * \param zone    The zone whose NS record names it,
 * \param policy  and its policy.
 * \param port    Where it listens; the same in all calls.
 *
 * \return Borrowed, until the next call; empty: there are none.
 */
nameserver_list_t *nameservers_find(nameservers_t *known, const zones_t *zones, zone_t *zone,
                                    const policy_t *policy, const knot_dname_t *name,
                                    uint16_t port);
