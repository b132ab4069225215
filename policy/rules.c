/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The one table of rule and action names.
 */

#include "policy/rules.h"

const char *const rule_names[RULE_COUNT] = {
	[RULE_PROXIED_HOST]   = "proxied-host",
	[RULE_PROXIED_ALIAS]  = "proxied-alias",
	[RULE_PROXIED_TARGET] = "proxied-target",
	[RULE_MISSING_TARGET] = "missing-target",
	[RULE_EXCHANGE_DELEGATED] = "exchange-delegated",
	[RULE_SIGN_FAILURE]   = "sign-failure",
	[RULE_UNJUDGED]       = "unjudged",
};

const char *const action_names[ACTION_COUNT] = {
	[ACTION_LOGGED]      = "logged",
	[ACTION_STRIPPED]    = "stripped",
	[ACTION_REPLACED]    = "replaced",
	[ACTION_EMPTIED]     = "emptied",
	[ACTION_STEERED]     = "steered",
	[ACTION_SYNTHESIZED] = "synthesized",
	[ACTION_REFUSED]     = "refused",
};
