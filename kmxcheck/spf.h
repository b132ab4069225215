/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * SPF records (RFC 7208): the mechanisms that authorise addresses, as far as they can be judged
 * without asking anyone: ip4, ip6, a and mx, with the result "pass". Includes and redirects are
 * records of their own; terms with macros and terms that don't parse are passed over.
 *
 * Names are absolute and in lower case. Any number of threads.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "policy/netset.h"

/*! Terms of a record that ask the DNS, and exchanges of an mx term, that count: with more, a record
 *  is in error and authorises nobody (RFC 7208 4.6.4). */
#define SPF_LOOKUPS_MAX 10

typedef enum {
	SPF_NETWORK = 0, /*!< ip4, ip6. */
	SPF_A,
	SPF_MX,
} spf_kind_t;

/*! A term that authorises addresses. */
typedef struct {
	spf_kind_t kind;
	net_t network;             /*!< SPF_NETWORK. */
	knot_dname_storage_t name; /*!< SPF_A, SPF_MX: whose addresses, or whose exchanges'. */
	unsigned prefix4;          /*!< And so many bits of them. */
	unsigned prefix6;
} spf_term_t;

/*! A record being read. */
typedef struct {
	const uint8_t *at;     /*!< Where in the RDATA; its strings belong together. */
	size_t left;           /*!< Octets of the RDATA. */
	size_t in_string;      /*!< Octets of the present string. */
	const knot_dname_t *owner;
	unsigned lookups;
} spf_t;

/*! True if TXT RDATA is an SPF record. */
bool spf_is(const uint8_t *rdata, size_t size);

/*! True if a TXT RRset has an SPF record. */
bool spf_is_in(const knot_rrset_t *txt);

/*! Begins with an SPF record. Borrows all. */
void spf_begin(spf_t *spf, const uint8_t *rdata, size_t size, const knot_dname_t *owner);

/*! The next term that authorises addresses; false: there is none. */
bool spf_next(spf_t *spf, spf_term_t *term);
