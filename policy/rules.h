/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The rules a response can break and the actions that repair it: their names, which are public (log
 * lines, counters). Constant tables; any thread may read them.
 */

#pragma once

/*! What is wrong. The order is that of the finding[] counter. */
typedef enum {
	RULE_PROXIED_HOST = 0, /*!< A guarded host has a proxied address. */
	RULE_PROXIED_ALIAS,    /*!< A guarded host or mail target is an alias that
	                        *   leads to a proxy. */
	RULE_PROXIED_TARGET,   /*!< A mail target that is not guarded leads to a proxy. */
	RULE_MISSING_TARGET,   /*!< A mail target in the zone, or the exchange, has no address. */
	RULE_EXCHANGE_DELEGATED, /*!< Mail would be steered to an exchange of another authority. */
	RULE_SIGN_FAILURE,     /*!< A changed answer can't be signed. */
	RULE_UNJUDGED,         /*!< The work for one response reached its limit. */
	RULE_COUNT
} rule_t;

/*! What is done about it. The order is that of the action[] counter. */
typedef enum {
	ACTION_LOGGED = 0,  /*!< Log mode: logged only. */
	ACTION_STRIPPED,    /*!< Proxied addresses left out, direct ones served. */
	ACTION_REPLACED,    /*!< Direct or mail addresses in the place of proxied ones
	                     *   or of an alias. */
	ACTION_EMPTIED,     /*!< An RRset, an alias, or all of a truncated response left out. */
	ACTION_STEERED,     /*!< mail-exchange in the place of a target. */
	ACTION_SYNTHESIZED, /*!< mail-exchange made to exist, or given addresses it lacks. */
	ACTION_REFUSED,     /*!< Answered SERVFAIL. */
	ACTION_COUNT
} action_t;

/*! Public names, in the order of the enums: "proxied-host", "logged" and so on. */
extern const char *const rule_names[RULE_COUNT];
extern const char *const action_names[ACTION_COUNT];
