/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The items of a stanza, once for all readers: the module through knotd, the auditor from a
 * file or from options.
 */

#pragma once

#include <stdint.h>

/*! Values of the item "mode". */
enum { SCHEMA_LOG, SCHEMA_ENFORCE };

/*! The texts of a mode and its values, for a table that ends in zero. */
#define SCHEMA_MODES { SCHEMA_LOG, "log" }, { SCHEMA_ENFORCE, "enforce" }

/*! Largest value of an item of the type TIME, in seconds. */
#define SCHEMA_TIME_MAX INT32_MAX

/*!
 * Each item as X(ID, LENGTH, NAME, TYPE, MULTI, DEFAULT): the name's length as an octet, as
 * libknot's configuration parser has it, and the name. TYPE is MODE, BOOL, TIME (seconds), DNAME,
 * NET (a network or a range), ADDR or STR; MULTI is true where there may be several values. DEFAULT
 * is for types that are numbers; policy/stanza.h says what other items default to.
 */
#define SCHEMA_ITEMS(X) \
	X(MODE,          "\x04", "mode",          MODE,  false, SCHEMA_LOG) \
	X(ZONE,          "\x04", "zone",          DNAME, true,  0) \
	X(PROXY,         "\x05", "proxy",         NET,   true,  0) \
	X(PROXY_FILE,    "\x0A", "proxy-file",    STR,   true,  0) \
	X(PROXY_EXCEPT,  "\x0C", "proxy-except",  NET,   true,  0) \
	X(PROXY_NAME,    "\x0A", "proxy-name",    DNAME, true,  0) \
	X(WEB_HOST,      "\x08", "web-host",      STR,   true,  0) \
	X(MAIL_HOST,     "\x09", "mail-host",     STR,   true,  0) \
	X(MAIL_EXCHANGE, "\x0D", "mail-exchange", STR,   false, 0) \
	X(MAIL_ADDRESS,  "\x0C", "mail-address",  ADDR,  true,  0) \
	X(WEB_ORIGIN,    "\x0A", "web-origin",    NET,   true,  0) \
	X(MAIL_SERVICE,  "\x0C", "mail-service",  STR,   true,  0) \
	X(TTL,           "\x03", "ttl",           TIME,  false, 300) \
	X(SIGNING_KEY,   "\x0B", "signing-key",   STR,   true,  0) \
	X(LIST_RELOAD,   "\x0B", "list-reload",   TIME,  false, 60) \
	X(EDE,           "\x03", "ede",           BOOL,  false, 0) \
	X(LOG_INTERVAL,  "\x0C", "log-interval",  TIME,  false, 60)

#define SCHEMA_ID(id, length, name, type, multi, dflt) ITEM_##id,

/*! The items, in their order. */
typedef enum {
	SCHEMA_ITEMS(SCHEMA_ID)
	ITEM_COUNT
} item_t;
