/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Networks and sets in tests: from text, and random ones, and what a match must be. All fail the
 * test on an error.
 */

#pragma once

#include "policy/netset.h"

net_t net(const char *str);

/*! Reads an address. Returns its family. */
int address(const char *str, uint8_t out[static 16]);

/*! A built set, for netset_free(). */
netset_t *set_of(const char *const *nets, size_t count);

/*! Text of the network that an address matches, "none" if none does. */
const char *match(const netset_t *set, const char *str, char buf[static NET_TEXT_MAX]);

/*! How specific a network is for an address: the longest prefix around the address that lies in the
 *  network; -1 if it does not hold the address. */
int net_specific(const net_t *one, int family, const uint8_t *addr);

/*! What netset_match() promises, tried on all networks one by one. */
void check_match(const netset_t *set, const net_t *nets, size_t count, int family,
                 const uint8_t *addr);

/*! Starts the random numbers again; all that is random follows from the seed, which is not 0. */
void rnd_start(uint64_t seed);

unsigned rnd(unsigned below);

/*!
 * An address whose octets are 0 or 255 but for the last two and one in the middle; sometimes those
 * too. So the edges of the address space, and of the halves of IPv6, are among them.
 */
void rnd_addr(uint8_t out[static 16], int family);

/*! Few bits vary, so that networks nest and adjoin in all ways. */
net_t rnd_net(int family);
