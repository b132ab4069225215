/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A policy as raw values, from a configuration file or from options, and the stanza made of them.
 * policy/stanza.h says what the values mean.
 *
 * One thread. Names are absolute and in lower case. Errors are KNOT_E*, and err then holds one line
 * without a full stop, which begins with the position: "FILE:LINE: " or "--OPTION".
 */

#pragma once

#include <stdbool.h>

#include "dns/index.h"
#include "dns/text.h"
#include "dns/vec.h"
#include "kmxcheck/check.h"
#include "policy/schema.h"
#include "policy/stanza.h"

/*! The values of an item, and where they were written; no file is the command line. */
typedef struct {
	VEC(const char *) texts;
	VEC(source_pos_t) positions;
} raw_t;

/*! A policy. Zeroed it has no values; filled by values_add(), then made by values_make(), once. */
typedef struct {
	char *id;                 /*!< Of the stanza, or NULL: made of options. */
	source_pos_t pos;         /*!< Of the id. */
	raw_t raw[ITEM_COUNT];
	stanza_t stanza;          /*!< This and all below are there once it is made. */
	netset_t *proxies;
	netset_t *excepts;
	netset_t *origins;
	name_list_t zones;        /*!< The protected zones; none: any that has the module. */
	name_index_t zone_names;  /*!< The same, each once. */
	names_t *proxy_names;     /*!< For names_cover(). */
	VEC(audit_list_t) lists;  /*!< Files of networks. */
	bool lists_checked;       /*!< Their age was looked at, with the first zone. */
} values_t;

/*! The item of a name ("mail-host"), or ITEM_COUNT. */
item_t item_of(const char *name);

/*! Adds a value, copied. That of an item that has one only is overwritten. */
void values_add(values_t *values, item_t item, const char *text, source_pos_t pos);

/*! Adds all the installed lists. KNOT_ENOENT with err if there are none. */
int values_add_installed(values_t *values, char err[static ERROR_TEXT_MAX]);

/*! Where a list is, for free(). In a configuration a relative path is found by name, as in the
 *  module. On a command line it is a file here first, for a shell completes it so. */
char *list_path(const char *text, source_pos_t pos);

/*! Makes the stanza, with every check that does not need a zone. Other than KNOT_EOK: a value is
 *  wrong, or a file can't be read. */
int values_make(values_t *values, char err[static ERROR_TEXT_MAX]);

/*! True if a zone that has the module is protected by this. */
bool values_protect(const values_t *values, const knot_dname_t *zone);

/*! Reads a name as knotd reads one in its configuration. NULL if it is none. For free(). */
knot_dname_t *dname_of(const char *text);

/*! Puts the stanza's position and name in front of a text of policy/stanza.h. Returns
 *  KNOT_EINVAL. */
int values_error(const values_t *values, const char *text, char err[static ERROR_TEXT_MAX]);
