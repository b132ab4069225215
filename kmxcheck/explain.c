/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Usage, version, and the rules in many words.
 */

#include <stdio.h>
#include <string.h>

#include "kmxcheck/audit.h"
#include "kmxcheck/explain.h"
#include "kmxcheck/options.h"

static const char usage[] =
"Usage: kmxcheck [OPTION]... FILE...\n"
"       kmxcheck [OPTION]... -c FILE [FILE]...\n"
"       kmxcheck [OPTION]... -s ADDR[@PORT] --axfr ZONE...\n"
"Finds mail that leads to a web proxy, in zone files ('-' is standard input) and on servers.\n"
"\n"
"Policy:\n"
"  -c, --config FILE         a Knot DNS configuration; without FILEs, audits every zone there\n"
"                            that loads mod-mxguard\n"
"      --policy ID           the stanza of mod-mxguard to go by\n"
"      --proxy NET           a network in which web proxies live: ADDR, ADDR/LEN, ADDR-ADDR\n"
"      --proxy-file FILE     a file of such networks, or the name of an installed list\n"
"      --proxy-except NET    a network in the above that is good for mail\n"
"      --proxy-name NAME     a domain at or below which names lead to a proxy\n"
"      --mail-host NAME      a name whose addresses must be direct ('*.mx': all below mx)\n"
"      --web-host NAME       a name of the proxied web site (default: @ and www)\n"
"      --mail-exchange NAME  where mail is steered (default: mail)\n"
"      --mail-address ADDR   where mail really is\n"
"      --web-origin NET      where the web site really runs\n"
"    All but the first two may be repeated and replace --config. Without any --proxy or\n"
"    --proxy-file, the installed lists are taken.\n"
"\n"
"Zones:\n"
"  -o, --origin NAME         the zone's name (default: the owner of the SOA)\n"
"  -s, --server ADDR[@PORT]  ask this server what a mail server would meet\n"
"      --axfr                take the zones from that server, not from files\n"
"\n"
"Output:\n"
"  -f, --format FORMAT       text (default), json, dot, or nsupdate: a script for knsupdate\n"
"      --diff                the changes that nsupdate makes, as zone-file lines\n"
"      --ignore RULE[:OWNER] leave findings out; may be repeated\n"
"      --fail-on LEVEL       exit status 1 from this on: error (default), warning, never\n"
"  -q, --quiet               no output but errors: the exit status says it\n"
"      --explain RULE        what a rule means, why it hurts mail, how to mend it\n"
"  -V, --version             the version\n"
"  -h, --help                this text\n"
"\n"
"Exit status: 0 nothing found, 1 findings, 2 usage, configuration or input error.\n";

/*! Standard output may be a full disk. */
static bool print_done(void)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain("standard output can't be written");
		return false;
	}
	return true;
}

bool print_usage(void)
{
	(void)fputs(usage, stdout);
	return print_done();
}

bool print_version(void)
{
	(void)puts("kmxcheck (knot-mxguard) " PACKAGE_VERSION);
	return print_done();
}

bool explain_rule(const char *name)
{
	audit_rule_t rule = audit_rule_of(name);
	if (rule == AUDIT_RULE_COUNT) {
		complain("there is no rule '%s', but these:", name);
		for (rule = 0; rule < AUDIT_RULE_COUNT; rule++) {
			(void)fprintf(stderr, "  %-16s  %s\n", audit_rules[rule].name,
			              audit_rules[rule].summary);
		}
		return false;
	}

	const audit_rule_info_t *info = &audit_rules[rule];
	(void)printf("%s (%s): %s\n\n%s", info->name,
	             info->severity == SEVERITY_ERROR ? "error" : "warning", info->summary,
	             info->explain);
	size_t len = strlen(info->explain);
	if (len > 0 && info->explain[len - 1] != '\n') {
		(void)putchar('\n');
	}
	if (info->rfc != NULL) {
		(void)printf("\nSee %s.\n", info->rfc);
	}
	return print_done();
}
