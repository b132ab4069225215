/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Addresses and networks as knotd hands out the values of its configuration items, turned into
 * those of a stanza. Pure but for memory. What is wrong is said with the item's name and the value
 * as it was written.
 */

#pragma once

#include <sys/socket.h>

#include "policy/stanza.h"

/*!
 * Makes a network of the value of a network item (YP_TNET).
 *
 * \param item  The item's name.
 * \param addr  The address, or the first of a range. Knot DNS 3.4 and later know UNIX paths too.
 * \param last  The last one of a range, else AF_UNSPEC.
 * \param mask  The prefix length, -1 for a single address and for a range.
 * \param err   Filled with KNOT_EINVAL.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL  A UNIX path, or a range whose end is before its beginning.
 */
int address_net(net_t *net, const char *item, const struct sockaddr_storage *addr,
                const struct sockaddr_storage *last, int mask, char err[static STANZA_TEXT_MAX]);

/*!
 * Adds the value of an address item (YP_TADDR, without a default port) to the mail addresses.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL  It has a port, or is a UNIX path (as which Knot takes a host name); see err.
 * \retval KNOT_ENOMEM
 */
int address_mail(stanza_t *stanza, const char *item, const struct sockaddr_storage *addr,
                 char err[static STANZA_TEXT_MAX]);
