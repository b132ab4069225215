/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A policy in words, from a configuration file or from options, and the stanza made of them. What
 * the words mean is for policy/stanza.h to say.
 *
 * One thread. Names are absolute and in lower case. Errors are KNOT_E*, and err then holds one
 * line without a full stop, which begins with the place: "FILE:LINE: " or "--OPTION".
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kmxcheck/audit.h"
#include "policy/stanza.h"

#define SETUP_ERR_MAX 1024

/*! The items of a stanza, named as there. */
typedef enum {
	SETUP_MODE = 0,
	SETUP_ZONE,
	SETUP_PROXY,
	SETUP_PROXY_FILE,
	SETUP_PROXY_EXCEPT,
	SETUP_PROXY_NAME,
	SETUP_WEB_HOST,
	SETUP_MAIL_HOST,
	SETUP_MAIL_EXCHANGE,
	SETUP_MAIL_ADDRESS,
	SETUP_WEB_ORIGIN,
	SETUP_MAIL_SERVICE,
	SETUP_TTL,
	SETUP_SIGNING_KEY,
	SETUP_EDE,
	SETUP_LOG_INTERVAL,
	SETUP_ITEM_COUNT
} setup_item_t;

/*! Where something was written. */
typedef struct {
	const char *file; /*!< Borrowed; NULL is the command line. */
	size_t line;
} place_t;

/*! The words of an item. */
typedef struct {
	const char **at;
	place_t *places;
	size_t count;
} setup_words_t;

/*! A policy. Zeroed it has no words; filled by setup_add(), then made by setup_make(), once. */
typedef struct {
	char *id;                 /*!< Of the stanza, or NULL: made of options. */
	place_t place;            /*!< Of the id. */
	setup_words_t words[SETUP_ITEM_COUNT];
	bool made;
	stanza_t stanza;          /*!< This and all below are there once it is made. */
	netset_t *proxies;
	netset_t *excepts;
	netset_t *origins;
	knot_dname_t **zones;     /*!< The protected zones; none: any that has the module. */
	size_t zone_count;
	knot_dname_t **proxy_names;
	size_t proxy_name_count;
	audit_list_t *lists;      /*!< Files of networks. */
	bool lists_judged;        /*!< Their age was looked at, with the first zone. */
	size_t list_count;
} setup_t;

/*! The item of a name ("mail-host"), or SETUP_ITEM_COUNT. */
setup_item_t setup_item(const char *name);

const char *setup_item_name(setup_item_t item);

/*! Adds a word, copied. An item that takes one only is overwritten. KNOT_ENOMEM. */
int setup_add(setup_t *setup, setup_item_t item, const char *text, place_t place);

/*! Adds all the installed lists. KNOT_ENOENT with err if there are none. */
int setup_add_installed(setup_t *setup, char err[static SETUP_ERR_MAX]);

/*!
 * Makes the stanza, with every check that does not need a zone.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM
 * \retval other  A word is not what it has to be, or a file can't be read.
 */
int setup_make(setup_t *setup, char err[static SETUP_ERR_MAX]);

/*! True if a zone that has the module is protected by this. */
bool setup_protects(const setup_t *setup, const knot_dname_t *zone);

/*! Frees all it holds and zeroes it. */
void setup_clear(setup_t *setup);

/*! Reads a name as knotd reads one in its configuration. NULL if it is none. For free(). */
knot_dname_t *setup_dname(const char *text);

/*! Puts the stanza's place and name in front of a text of policy/stanza.h. Returns KNOT_EINVAL. */
int setup_stanza_error(const setup_t *setup, const char *text, char err[static SETUP_ERR_MAX]);

/*! Writes "FILE:LINE: " or nothing in front of an error text. Returns KNOT_EINVAL. */
__attribute__((format(printf, 3, 4)))
int setup_error(char err[static SETUP_ERR_MAX], place_t place, const char *fmt, ...);
