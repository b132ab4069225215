/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A set of IPv4 and IPv6 networks with longest match: the lists of proxy networks.
 *
 * A set may have exceptions: an address whose longest match is an exception is in no network. A
 * set may be united of several lists. Then an address is in it if it is in any of these: exceptions
 * are those of their own list.
 *
 * Life: netset_new(), netset_add() for every network, netset_except(), netset_unite(),
 * netset_build() once, then read only.
 * A built set never changes, so any number of threads may match in it without a lock.
 * Addresses are in network byte order, 4 or 16 octets, as in the RDATA of A and AAAA.
 * An IPv4-mapped IPv6 address (::ffff:0:0/96) is an IPv6 address here, as it is in AAAA RDATA.
 * Matching costs one binary search over the networks and exceptions, of which it has to look at few
 * where they are spread evenly, and a step for each of those around the place that do not reach up
 * to the address. A range that shares addresses with anything else counts as the prefixes it
 * splits into.
 * Memory, once built: up to 14 octets for an IPv4 prefix, up to 28 for one of IPv6, 4 more for each
 * where there are exceptions or ranges that were split. Ranges take 8 and 32 more.
 *
 * Errors are KNOT_E*.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*! Longest text of a network: two IPv6 addresses, a dash, and the terminating zero. */
#define NET_TEXT_MAX 96

/*! A network as it was added: a prefix, or an inclusive range of addresses. */
typedef struct {
	uint8_t family;    /*!< 4 or 6. */
	bool range;        /*!< True: first to last as written (ADDR-ADDR). */
	uint8_t prefix;    /*!< Prefix length in bits; unused for a range. */
	uint8_t first[16]; /*!< Lowest address, network byte order (4 octets used for IPv4). */
	uint8_t last[16];  /*!< Highest address, network byte order. */
} net_t;

typedef struct netset netset_t;

/*!
 * Reads a network: ADDR, ADDR/LEN or ADDR-ADDR, one family, no white space.
 * Host bits below the prefix are cleared.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL  Not a network (bad address or length, families mixed, range reversed).
 */
int net_from_str(net_t *net, const char *str);

/*!
 * Makes a network from addresses in network byte order.
 *
 * \param family  4 or 6.
 * \param addr    First or only address.
 * \param last    Last address of a range, or NULL for a prefix.
 * \param prefix  Prefix length in bits if last is NULL.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL  Family, length or order is wrong.
 */
int net_from_addr(net_t *net, int family, const uint8_t *addr, const uint8_t *last,
                  unsigned prefix);

/*! Writes a network as text (192.0.2.0/24, or FIRST-LAST for a range). Returns buf. */
char *net_to_str(const net_t *net, char buf[static NET_TEXT_MAX]);

/*! The number of addresses in a network, to some 15 digits. */
double net_addresses(const net_t *net);

/*! True if the two networks share an address. */
bool net_overlap(const net_t *a, const net_t *b);

/*! An empty set, to be freed with netset_free(). NULL if out of memory. */
netset_t *netset_new(void);

/*!
 * Adds a network to a set that is not built yet. Repeated and overlapping networks are fine.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM
 * \retval KNOT_EINVAL  The set is built already.
 */
int netset_add(netset_t *set, const net_t *net);

/*!
 * Adds an exception, as netset_add() adds a network. The addresses in it are in no network of this
 * set, but for narrower ones: of a network and an exception that are equal, the exception counts.
 */
int netset_except(netset_t *set, const net_t *net);

/*!
 * Adds all that another set says, with its exceptions. Neither set is built yet; the other one is
 * taken over.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM  The other set is still the caller's, the set can only be freed.
 * \retval KNOT_EINVAL  One of them is built already.
 */
int netset_unite(netset_t *set, netset_t *list);

/*!
 * Sorts the set and makes it readable. Nothing can be added afterwards.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM  The set is unchanged and can only be freed.
 */
int netset_build(netset_t *set);

/*! Number of networks added, without exceptions. After netset_build() repeated ones are counted
 *  once, but for those that several lists with exceptions have. */
size_t netset_count(const netset_t *set);

/*!
 * Goes to the next network of a built set: those of IPv4, then those of IPv6, prefixes in address
 * order, outer before inner, then ranges likewise. Exceptions are left out, networks that are
 * wholly excepted are not.
 *
 * \param at   Zero for the first network; changed.
 * \param net  Set if there is one more.
 */
bool netset_next(const netset_t *set, size_t *at, net_t *net);

/*!
 * Finds the most specific network that holds an address: the longest prefix; a range matches by the
 * prefixes it splits into. Of two equal ones, the prefix before the range.
 *
 * \param set     A built set, or NULL (matches nothing).
 * \param family  4 or 6.
 * \param addr    4 or 16 octets, network byte order; need not be aligned.
 * \param net     Set to the network if there is one; may be NULL.
 *
 * \return True if there is one.
 */
bool netset_match(const netset_t *set, int family, const uint8_t *addr, net_t *net);

/*! The number of addresses of a family in the networks of a built set, excepted ones left out, to
 *  some 15 digits. */
double netset_addresses(const netset_t *set, int family);

/*!
 * True if any address of net is in the set, so not excepted. NULL set: false.
 *
 * \param found  Set to the network that one of those addresses matches, the first one of net if
 *               that is in the set; may be NULL.
 */
bool netset_overlaps(const netset_t *set, const net_t *net, net_t *found);

/*! Frees a set and its networks; NULL is fine. */
void netset_free(netset_t *set);
