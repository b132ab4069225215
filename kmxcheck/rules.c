/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The table of rules.
 */

#include <string.h>

#include "kmxcheck/lang.h"
#include "kmxcheck/rules.h"

const char *const severity_names[] = {
	[SEVERITY_WARNING] = N_("warning"),
	[SEVERITY_ERROR] = N_("error"),
};

const audit_rule_info_t audit_rules[AUDIT_RULE_COUNT] = {
#define RULE(id, name, severity, ...) \
	[AUDIT_ ## id] = { name, SEVERITY_ ## severity, __VA_ARGS__ },
#include "kmxcheck/rules.def"
#undef RULE
};

audit_rule_t audit_rule_of(const char *name)
{
	audit_rule_t rule = 0;
	while (rule < AUDIT_RULE_COUNT && strcmp(audit_rules[rule].name, name) != 0) {
		rule++;
	}
	return rule;
}
