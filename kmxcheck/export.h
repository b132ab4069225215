/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * What exports of hosted DNS say beside their records: in comments, which libzscanner drops.
 *
 * A record may be marked as proxied: "cf_tags=cf-proxied:true" in an export of the vendor,
 * "CF_PROXY_ON" in a zone file of dnscontrol. Its address is then that of the origin, and the
 * vendor answers with addresses of its proxy. So the record gets marked RDATA (marked_*) instead of
 * its own: an address, or for an alias a name, that is proxied by every policy; then the mark, and
 * the RDATA as it is written. Marked RDATA is longer than any other of its type: that is how it is
 * recognised.
 *
 * Any text, and any RDATA of a well-formed record, is a valid argument. Nothing is kept.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "dns/vec.h"
#include "policy/netset.h"

/*! What stands for the proxy: addresses and a name that nobody else can have. */
#define MARKED_PROXY4 "255.255.255.254"
#define MARKED_PROXY6 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"
#define MARKED_PROXY_NAME "\\001."

/*! Octets of marked RDATA, at most. */
#define MARKED_MAX (2 * KNOT_DNAME_MAXLEN + 1)

typedef enum { MARK_NONE = 0, MARK_CF_TAGS, MARK_CF_PROXY_ON } mark_t;

/*! The lines of a record that is marked. */
typedef struct {
	uint64_t first;
	uint64_t last;
	mark_t mark;
} marked_lines_t;

/*! In order; zeroed is none. */
typedef VEC(marked_lines_t) marks_t;

/*! Finds the marks of a text. */
void marks_find(marks_t *marks, const char *text, size_t size);

/*! The mark of the record on a line. */
mark_t marks_at(const marks_t *marks, uint64_t line);

/*! A mark as it is written: "cf-proxied:true". */
const char *mark_text(mark_t mark);

/*! Makes the RDATA of a marked record. Returns its size; 0: a record of this type
 *  is not proxied. */
uint16_t marked_make(uint8_t out[static MARKED_MAX], uint16_t type, mark_t mark,
                     const uint8_t *rdata, uint16_t size);

/*! The mark of RDATA of a type, MARK_NONE if it has none. */
mark_t marked_by(uint16_t type, const knot_rdata_t *rdata);

/*! The RDATA of a record as it is written, with its size, which may be NULL. */
const uint8_t *marked_written(uint16_t type, const knot_rdata_t *rdata, uint16_t *size);

/*! True for the name that stands for the proxy. */
bool marked_is_proxy(const knot_dname_t *name);

/*! The same for the networks of the addresses that do. */
bool marked_is_network(const net_t *net);

/*! The zone that the comments at the head of an export name. False: none. */
bool export_domain(knot_dname_storage_t out, const char *text, size_t size);

/*! A copy of a text, for free(), in which NS records with the vendor's placeholder are comments: a
 *  zone scanner can't read them. NULL: there are none. */
char *export_without_placeholders(const char *text, size_t size);
