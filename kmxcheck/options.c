/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The command line. Each option is noted, and what does not go together is refused at the end. What
 * is only asked for is printed: usage, version, what a rule means.
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmxcheck/client.h"
#include "kmxcheck/lang.h"
#include "kmxcheck/options.h"
#include "kmxcheck/xalloc.h"

/* In parts, which are translated one by one. */
static const char *const usage[] = {
N_("Usage: kmxcheck [OPTION]... FILE...\n"
"       kmxcheck [OPTION]... -c FILE [FILE]...\n"
"       kmxcheck [OPTION]... -s ADDR[@PORT] --axfr ZONE...\n"
"       kmxcheck --list FILE [--replaces FILE] [--records]\n"
"Finds mail that leads to a web proxy, in zone files ('-' is standard input) and on servers.\n"),
N_("\n"
"Policy, from a configuration:\n"
"  -c, --config FILE         a Knot DNS configuration; without FILEs, audits every zone there\n"
"                            that loads mod-mxguard\n"
"      --policy ID           the stanza of mod-mxguard to use\n"
"or from options, which may be repeated except for --mail-exchange:\n"
"      --proxy NET           a network in which web proxies live: ADDR, ADDR/LEN, ADDR-ADDR\n"
"      --proxy-file FILE     a list of such networks and names, or the name of an installed one\n"
"      --proxy-except NET    a network in the above that is good for mail\n"
"      --proxy-name NAME     a domain at or below which names lead to a proxy\n"
"      --mail-host NAME      a name whose addresses must be direct ('*.mx': all below mx)\n"
"      --web-host NAME       a name of the proxied web site (default: @ and www)\n"
"      --mail-exchange NAME  where mail is steered (default: a mail host of the zone)\n"
"      --mail-address ADDR   where mail really is\n"
"      --web-origin NET      where the web site really runs\n"
"    Without any --proxy or --proxy-file, the installed lists are taken.\n"),
N_("\n"
"Zones:\n"
"  -o, --origin NAME         the zone's name (default: what the file says, else its name)\n"
"  -s, --server ADDR[@PORT]  ask this server what a mail server would meet\n"
"      --all-servers         ask every name server of each zone\n"
"      --port PORT           of servers that are named without one (default: 53)\n"
"      --axfr                take the zones from the server of -s, not from files\n"),
N_("\n"
"Lists:\n"
"      --list FILE           check this list of proxies, found as by --proxy-file, as the module\n"
"                            reads it; networks that no visitor meets, such as private ones,\n"
"                            are findings\n"
"      --replaces FILE       and it must not say less than half of what this list says\n"
"      --records             print it as APL and PTR records of a zone\n"),
N_("\n"
"Output:\n"
"  -f, --format FORMAT       text (default), json, sarif, dot, or a script that\n"
"                            fixes the zones: knotc, nsupdate\n"
"      --diff                the changes that these make, as zone-file lines\n"
"      --ignore RULE[:OWNER[:TARGET]]\n"
"                            leave findings out; may be repeated\n"
"      --ignore-file FILE    the same from a file, with reasons and end dates\n"
"      --baseline FILE       an earlier JSON report: only what is new counts\n"
"      --fail-on LEVEL       exit status 1 from this level on: error (default), warning, never\n"
"  -q, --quiet               no output but errors: the exit status says it\n"
"      --explain RULE        what a rule means, why it hurts mail, how to fix it\n"
"  -V, --version             the version\n"
"  -h, --help                this text\n"),
N_("\n"
"Exit status: 0 nothing that --fail-on counts, 1 findings, 2 usage, "
"configuration or input error.\n"),
};

/* Long options without a letter. The values of a policy follow, by item. */
enum {
	OPT_POLICY = 256, OPT_DIFF, OPT_IGNORE, OPT_IGNORE_FILE, OPT_BASELINE, OPT_AXFR,
	OPT_ALL_SERVERS, OPT_PORT, OPT_FAIL_ON, OPT_EXPLAIN,
	OPT_LIST, OPT_REPLACES, OPT_RECORDS, OPT_VALUES
};

#define VALUE(name, item) { name, required_argument, NULL, OPT_VALUES + (item) }

static const struct option long_options[] = {
	{ "config",  required_argument, NULL, 'c' },
	{ "origin",  required_argument, NULL, 'o' },
	{ "format",  required_argument, NULL, 'f' },
	{ "server",  required_argument, NULL, 's' },
	{ "quiet",   no_argument,       NULL, 'q' },
	{ "version", no_argument,       NULL, 'V' },
	{ "help",    no_argument,       NULL, 'h' },
	{ "policy",  required_argument, NULL, OPT_POLICY },
	{ "diff",    no_argument,       NULL, OPT_DIFF },
	{ "ignore",  required_argument, NULL, OPT_IGNORE },
	{ "ignore-file", required_argument, NULL, OPT_IGNORE_FILE },
	{ "baseline", required_argument, NULL, OPT_BASELINE },
	{ "axfr",    no_argument,       NULL, OPT_AXFR },
	{ "all-servers", no_argument,   NULL, OPT_ALL_SERVERS },
	{ "port",    required_argument, NULL, OPT_PORT },
	{ "fail-on", required_argument, NULL, OPT_FAIL_ON },
	{ "explain", required_argument, NULL, OPT_EXPLAIN },
	{ "list",    required_argument, NULL, OPT_LIST },
	{ "replaces", required_argument, NULL, OPT_REPLACES },
	{ "records", no_argument,       NULL, OPT_RECORDS },
	VALUE("proxy",         ITEM_PROXY),
	VALUE("proxy-file",    ITEM_PROXY_FILE),
	VALUE("proxy-except",  ITEM_PROXY_EXCEPT),
	VALUE("proxy-name",    ITEM_PROXY_NAME),
	VALUE("web-host",      ITEM_WEB_HOST),
	VALUE("mail-host",     ITEM_MAIL_HOST),
	VALUE("mail-exchange", ITEM_MAIL_EXCHANGE),
	VALUE("mail-address",  ITEM_MAIL_ADDRESS),
	VALUE("web-origin",    ITEM_WEB_ORIGIN),
	{ NULL, 0, NULL, 0 }
};

/* Version, usage and rules */

/*! Standard output may be a full disk. */
static bool output_done(void)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain(_("standard output can't be written"));
		return false;
	}
	return true;
}

static bool print_usage(void)
{
	for (size_t i = 0; i < sizeof(usage) / sizeof(*usage); i++) {
		(void)fputs(_(usage[i]), stdout);
	}
	return output_done();
}

static bool print_version(void)
{
	(void)puts("kmxcheck (knot-mxguard) " PACKAGE_VERSION);
	return output_done();
}

static bool explain_rule(const char *name)
{
	audit_rule_t rule = audit_rule_of(name);
	if (rule == AUDIT_RULE_COUNT) {
		complain(_("there is no rule '%s', but these:"), name);
		for (rule = 0; rule < AUDIT_RULE_COUNT; rule++) {
			(void)fprintf(stderr, "  %-18s  %s\n", audit_rules[rule].name,
			              _(audit_rules[rule].summary));
		}
		return false;
	}

	const audit_rule_info_t *info = &audit_rules[rule];
	(void)printf(_("%s (%s): %s"), info->name,
	             _(severity_names[info->severity]), _(info->summary));
	(void)printf("\n\n%s", _(info->explain));
	if (info->rfc != NULL) {
		(void)printf(_("\nSee %s.\n"), info->rfc);
	}
	return output_done();
}

/* Options */

static bool read_origin(options_t *options, const char *text)
{
	free(options->origin);
	options->origin = dname_of(text);
	if (options->origin == NULL) {
		complain(_("--origin '%s': not a domain name"), text);
	}
	return options->origin != NULL;
}

static bool read_format(options_t *options, const char *text)
{
	format_t format = output_format(text);
	if (format == FORMAT_COUNT) {
		complain(_("--format '%s': has to be text, json, sarif, dot, knotc or nsupdate"),
		         text);
		return false;
	}
	options->format = format;
	return true;
}

static bool read_fail_on(options_t *options, const char *text)
{
	static const char *const names[] = {
		[FAIL_ON_ERROR] = "error", [FAIL_ON_WARNING] = "warning", [FAIL_NEVER] = "never"
	};
	for (fail_on_t i = FAIL_ON_ERROR; i <= FAIL_NEVER; i++) {
		if (strcmp(text, names[i]) == 0) {
			options->fail_on = i;
			return true;
		}
	}
	complain(_("--fail-on '%s': has to be error, warning or never"), text);
	return false;
}

static bool read_port(options_t *options, const char *text)
{
	options->port = port_from_str(text);
	if (options->port == 0) {
		complain(_("--port '%s': not a port"), text);
	}
	return options->port != 0;
}

static bool read_ignore(options_t *options, const char *text)
{
	char err[ERROR_TEXT_MAX];
	bool fine = ignores_add(&options->ignores, text, err) == KNOT_EOK;
	if (!fine) {
		complain("%s", err);
	}
	return fine;
}

/*! Notes an option. False if it is wrong. */
static bool read_option(options_t *options, int opt, const char *text)
{
	switch (opt) {
	case 'c':
		options->config = text;
		return true;
	case 'o':
		return read_origin(options, text);
	case 'f':
		return read_format(options, text);
	case 's':
		options->server = text;
		return true;
	case 'q':
		options->quiet = true;
		return true;
	case OPT_POLICY:
		options->policy = text;
		return true;
	case OPT_DIFF:
		options->format = FORMAT_DIFF;
		return true;
	case OPT_IGNORE:
		return read_ignore(options, text);
	case OPT_IGNORE_FILE:
		*(const char **)xadd(&options->ignore_files) = text;
		return true;
	case OPT_BASELINE:
		options->baseline = text;
		return true;
	case OPT_AXFR:
		options->axfr = true;
		return true;
	case OPT_ALL_SERVERS:
		options->all_servers = true;
		return true;
	case OPT_PORT:
		return read_port(options, text);
	case OPT_FAIL_ON:
		return read_fail_on(options, text);
	case OPT_LIST:
		options->list.path = text;
		return true;
	case OPT_REPLACES:
		options->list.replaces = text;
		return true;
	case OPT_RECORDS:
		options->list.records = true;
		return true;
	default:
		options->has_values = true;
		values_add(&options->values, (item_t)(opt - OPT_VALUES), text,
		           (source_pos_t){ .file = NULL });
		return true;
	}
}

/*! What does not go together, or NULL. */
static const char *conflict(const options_t *options)
{
	size_t inputs = 0;
	for (size_t i = 0; i < options->operand_count; i++) {
		inputs += (strcmp(options->operands[i], "-") == 0);
	}
	if (options->list.path != NULL) {
		return options->operand_count > 0 || options->config != NULL ||
		       options->server != NULL || options->all_servers || options->has_values
		       ? _("--list checks a list, not zones: neither a policy nor a FILE or server "
		           "goes with it") : NULL;
	}
	if (options->list.replaces != NULL || options->list.records) {
		return _("--replaces and --records need a --list");
	}
	if (options->config == NULL && options->operand_count == 0) {
		return options->axfr ? _("which zone? --axfr takes names of zones")
		                     : _("which zone? FILE or --config is missing");
	}
	if (options->config != NULL && options->has_values) {
		return _("--config brings the policy: --proxy, --mail-host and the like do not go "
		         "with it");
	}
	if (options->config == NULL && options->policy != NULL) {
		return _("--policy picks a stanza of --config, which is missing");
	}
	if (options->axfr && options->server == NULL) {
		return _("--axfr needs a --server");
	}
	if (options->origin != NULL && (options->operand_count != 1 || options->axfr)) {
		return _("--origin goes with one FILE");
	}
	if (inputs > 1 || (inputs > 0 && options->axfr)) {
		return options->axfr ? _("--axfr takes names of zones, not standard input")
		                     : _("standard input can be read once only");
	}
	return NULL;
}

static int next_option(int argc, char **argv)
{
	return getopt_long(argc, argv, "c:o:f:s:qVh", long_options, NULL);
}

/*! Makes the C library print its error about an option again, with arguments that are safe to
 *  print. */
static void complain_option(int argc, char **argv)
{
	char **clean = xcalloc((size_t)argc + 1, sizeof(*clean));
	for (int i = 0; i < argc; i++) {
		clean[i] = xcheck(clean_copy(argv[i]));
	}
	optind = 0; /* From the beginning. */
	opterr = 1;
	int opt;
	do {
		opt = next_option(argc, clean);
	} while (opt != '?' && opt != -1);
	for (int i = 0; i < argc; i++) {
		free(clean[i]);
	}
	free(clean);
}

bool options_read(options_t *options, int argc, char **argv)
{
	*options = (options_t){ .port = DNS_PORT };
	bool diff = false, format = false;
	int opt;
	opterr = 0;
	while ((opt = next_option(argc, argv)) != -1) {
		diff |= (opt == OPT_DIFF);
		format |= (opt == 'f');
		switch (opt) {
		case 'h':
			exit(print_usage() ? EXIT_CLEAN : EXIT_TROUBLE);
		case 'V':
			exit(print_version() ? EXIT_CLEAN : EXIT_TROUBLE);
		case OPT_EXPLAIN:
			exit(explain_rule(optarg) ? EXIT_CLEAN : EXIT_TROUBLE);
		case '?':
			complain_option(argc, argv);
			(void)fputs(_("Try 'kmxcheck --help'.\n"), stderr);
			return false;
		default:
			if (!read_option(options, opt, optarg)) {
				return false;
			}
		}
	}
	options->operands = argv + optind;
	options->operand_count = (size_t)(argc - optind);

	const char *wrong = (diff && format) ? _("--diff and --format do not go together")
	                                     : conflict(options);
	if (wrong != NULL) {
		complain("%s", wrong);
		(void)fputs(_("Try 'kmxcheck --help'.\n"), stderr);
		return false;
	}
	return true;
}
