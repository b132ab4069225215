/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Networks flattened for matching: sorted addresses (points), each with the most specific network
 * from there to the next point, or none. What netset is made of; see there for the meaning.
 *
 * Immutable once made, so any number of threads may match. Errors are KNOT_E*.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/netset.h"

/*! The points of one family, none or beginning with its lowest address; zeroed is none. */
typedef struct {
	uint32_t *start4;  /*!< IPv4: where the stretches begin. */
	uint64_t *hi6;     /*!< IPv6: the same, upper halves, mostly all a search needs, */
	uint64_t *lo6;     /*!< and lower halves. */
	uint32_t *net;     /*!< Index of the network of each stretch, or POINT_NONE. */
	size_t count;
	const net_t *nets; /*!< Borrowed. */
} points_t;

/*! The stretch is in no network. */
#define POINT_NONE UINT32_MAX

/*!
 * Makes the points of one family.
 *
 * \param points  Zeroed; to be cleared also after an error.
 * \param family  4 or 6.
 * \param nets    Networks of that family in address order; of those that begin with one address
 *                the wider before, none twice, a range before the equal prefix. Must outlive it.
 * \param count   How many, less than POINT_NONE.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM
 */
int points_make(points_t *points, int family, const net_t *nets, size_t count);

/*! The most specific network that holds an address, or NULL. */
const net_t *points_match(const points_t *points, int family, const uint8_t *addr);

/*! True if any of the addresses first to last is in a network. */
bool points_overlap(const points_t *points, int family, const uint8_t *first, const uint8_t *last);

/*! Frees the points. */
void points_clear(points_t *points);
