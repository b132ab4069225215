/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The command line. Nothing is done here but to read it: each option is noted, and what does not
 * go together is refused at the end.
 */

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmxcheck/explain.h"
#include "kmxcheck/options.h"

/* Long options without a letter. The words of a policy follow, by item. */
enum { OPT_POLICY = 256, OPT_DIFF, OPT_IGNORE, OPT_AXFR, OPT_FAIL_ON, OPT_EXPLAIN, OPT_WORDS };

#define WORDS(name, item) { name, required_argument, NULL, OPT_WORDS + (item) }

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
	{ "axfr",    no_argument,       NULL, OPT_AXFR },
	{ "fail-on", required_argument, NULL, OPT_FAIL_ON },
	{ "explain", required_argument, NULL, OPT_EXPLAIN },
	WORDS("proxy",         SETUP_PROXY),
	WORDS("proxy-file",    SETUP_PROXY_FILE),
	WORDS("proxy-except",  SETUP_PROXY_EXCEPT),
	WORDS("proxy-name",    SETUP_PROXY_NAME),
	WORDS("web-host",      SETUP_WEB_HOST),
	WORDS("mail-host",     SETUP_MAIL_HOST),
	WORDS("mail-exchange", SETUP_MAIL_EXCHANGE),
	WORDS("mail-address",  SETUP_MAIL_ADDRESS),
	WORDS("web-origin",    SETUP_WEB_ORIGIN),
	{ NULL, 0, NULL, 0 }
};

void complain(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	(void)fputs("kmxcheck: ", stderr);
	(void)vfprintf(stderr, fmt, args);
	(void)fputc('\n', stderr);
	va_end(args);
}

static bool read_origin(options_t *options, const char *text)
{
	free(options->origin);
	options->origin = setup_dname(text);
	if (options->origin == NULL) {
		complain("--origin '%s': not a domain name", text);
	}
	return options->origin != NULL;
}

static bool read_format(options_t *options, const char *text)
{
	format_t format = output_format(text);
	if (format == FORMAT_COUNT) {
		complain("--format '%s': has to be text, json, dot or nsupdate", text);
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
	complain("--fail-on '%s': has to be error, warning or never", text);
	return false;
}

static bool read_ignore(options_t *options, const char *text)
{
	static const knot_dname_t root[] = { 0 };

	const char *colon = strchr(text, ':');
	char name[32] = "";
	size_t len = (colon != NULL) ? (size_t)(colon - text) : strlen(text);
	if (len < sizeof(name)) {
		memcpy(name, text, len);
	}
	audit_rule_t rule = audit_rule_of(name);
	if (rule == AUDIT_RULE_COUNT) {
		complain("--ignore '%s': there is no rule '%.*s'", text, (int)len, text);
		return false;
	}
	if (colon == NULL) {
		options->ignore[rule].all = true;
	} else if (names_add(&options->ignore[rule].owners, colon + 1, root) != KNOT_EOK) {
		complain("--ignore '%s': '%s' is not a domain name", text, colon + 1);
		return false;
	}
	return true;
}

static bool read_word(options_t *options, setup_item_t item, const char *text)
{
	options->has_words = true;
	if (setup_add(&options->setup, item, text, (place_t){ 0 }) != KNOT_EOK) {
		complain("%s", knot_strerror(KNOT_ENOMEM));
		return false;
	}
	return true;
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
	case OPT_AXFR:
		options->axfr = true;
		return true;
	case OPT_FAIL_ON:
		return read_fail_on(options, text);
	default:
		return opt >= OPT_WORDS && read_word(options, opt - OPT_WORDS, text);
	}
}

/*! What does not go together, or NULL. */
static const char *conflict(const options_t *options)
{
	size_t inputs = 0;
	for (size_t i = 0; i < options->operand_count; i++) {
		inputs += (strcmp(options->operands[i], "-") == 0);
	}
	if (options->config == NULL && options->operand_count == 0) {
		return options->axfr ? "which zone? --axfr takes names of zones"
		                     : "which zone? FILE or --config is missing";
	}
	if (options->config != NULL && options->has_words) {
		return "--config brings the policy: --proxy, --mail-host and the like do not go "
		       "with it";
	}
	if (options->config == NULL && options->policy != NULL) {
		return "--policy picks a stanza of --config, which is missing";
	}
	if (options->axfr && options->server == NULL) {
		return "--axfr needs a --server";
	}
	if (options->origin != NULL && (options->operand_count != 1 || options->axfr)) {
		return "--origin goes with one FILE";
	}
	if (inputs > 1 || (inputs > 0 && options->axfr)) {
		return options->axfr ? "--axfr takes names of zones, not standard input"
		                     : "standard input can be read once only";
	}
	return NULL;
}

options_next_t options_read(options_t *options, int argc, char **argv)
{
	memset(options, 0, sizeof(*options));
	bool diff = false, format = false;
	int opt;
	while ((opt = getopt_long(argc, argv, "c:o:f:s:qVh", long_options, NULL)) != -1) {
		diff |= (opt == OPT_DIFF);
		format |= (opt == 'f');
		switch (opt) {
		case 'h':
			return print_usage() ? OPTIONS_DONE : OPTIONS_WRONG;
		case 'V':
			return print_version() ? OPTIONS_DONE : OPTIONS_WRONG;
		case OPT_EXPLAIN:
			return explain_rule(optarg) ? OPTIONS_DONE : OPTIONS_WRONG;
		case '?':
			(void)fputs("Try 'kmxcheck --help'.\n", stderr);
			return OPTIONS_WRONG;
		default:
			if (!read_option(options, opt, optarg)) {
				return OPTIONS_WRONG;
			}
		}
	}
	options->operands = argv + optind;
	options->operand_count = (size_t)(argc - optind);

	const char *wrong = (diff && format) ? "--diff and --format do not go together"
	                                     : conflict(options);
	if (wrong != NULL) {
		complain("%s", wrong);
		(void)fputs("Try 'kmxcheck --help'.\n", stderr);
		return OPTIONS_WRONG;
	}
	return OPTIONS_RUN;
}

void options_clear(options_t *options)
{
	for (audit_rule_t rule = 0; rule < AUDIT_RULE_COUNT; rule++) {
		names_clear(&options->ignore[rule].owners);
	}
	setup_clear(&options->setup);
	free(options->origin);
	memset(options, 0, sizeof(*options));
}
