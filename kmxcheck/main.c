/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * kmxcheck. A run has three rounds: open every zone, so that targets in another one can be followed
 * there; audit each; print. A zone that can't be read does not keep the others from being audited,
 * but it decides the exit status.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "kmxcheck/ask.h"
#include "kmxcheck/baseline.h"
#include "kmxcheck/config.h"
#include "kmxcheck/lang.h"
#include "kmxcheck/options.h"
#include "kmxcheck/print.h"
#include "kmxcheck/xalloc.h"

/*! A zone and a policy. */
typedef struct {
	const char *path;           /*!< Zone file, or NULL: by zone transfer. */
	const knot_dname_t *origin; /*!< Apex, or NULL: as the file says. */
	values_t *values;           /*!< Policy, or NULL: the configuration has it, by the apex. */
	bool configured;            /*!< It comes from the configuration, not from the user. */
	bool skipped;               /*!< Its file is not there. */
	zone_t *zone;               /*!< Open, or NULL. */
	policy_t policy;            /*!< Of the zone. */
	audit_t audit;
	bool done;                  /*!< The audit is there. */
} job_t;

/*! A run. */
typedef struct {
	options_t options;
	config_t config;
	server_t server;     /*!< With -s. */
	baseline_t baseline; /*!< With --baseline. */
	int64_t now;         /*!< Seconds since the epoch. */
	VEC(job_t) jobs;
	VEC(output_skip_t) skips;
	zones_t zones;       /*!< The open ones. */
	size_t failed;       /*!< Zones that could not be audited. */
	server_failures_t failures; /*!< Of the server of zone transfers. */
	asks_t asks;         /*!< The zones to be asked for, by server. */
	VEC(char *) warned;  /*!< Warnings about stanzas that were printed. */
} run_t;

/*! More unprotected zones of a stanza than that are named in one line. */
#define UNPROTECTED_LINES_MAX 10

static const source_pos_t nowhere = { .file = NULL };

/*! True if the output is the changes that fix the zone. */
static bool prints_fix(const run_t *run)
{
	format_t format = run->options.format;
	return format == FORMAT_NSUPDATE || format == FORMAT_KNOTC || format == FORMAT_DIFF;
}

/*! True if it is not the zone's own records that are reported, but a server's answers. */
static bool reports_answers(const run_t *run)
{
	return (run->options.server != NULL || run->options.all_servers) && !prints_fix(run);
}

/* Jobs */

static job_t *add_job(run_t *run, const char *path, const knot_dname_t *origin,
                      values_t *values)
{
	job_t *job = xadd(&run->jobs);
	*job = (job_t){ .path = path, .origin = origin, .values = values };
	return job;
}

static void add_skip(run_t *run, const knot_dname_t *zone, const char *reason)
{
	output_skip_t *skip = xadd(&run->skips);
	skip->zone = xcheck(knot_dname_to_str_alloc(zone));
	skip->reason = reason;
}

/* Catalog zones (RFC 9432): their members are zones that a server has without a word in its
 * configuration. A member is the target of a PTR record right below "zones" of the catalog. */

typedef struct {
	run_t *run;
	const knot_dname_t *catalog;
	const char *catalog_text;
} members_t;

static int add_member(void *ctx, const record_t *record)
{
	static const knot_dname_t zones[] = "\5zones";
	const members_t *to = ctx;
	const knot_dname_t *below = record->owner + 1 + record->owner[0];
	knot_dname_storage_t member = { 0 };

	if (record->type != KNOT_RRTYPE_PTR ||
	    knot_dname_in_bailiwick(record->owner, to->catalog) != 2 ||
	    below[0] != zones[0] || memcmp(below + 1, zones + 1, zones[0]) != 0 ||
	    knot_dname_wire_check(record->rdata, record->rdata + record->size, NULL) <= 0) {
		return KNOT_EOK;
	}
	(void)knot_dname_copy_lower(member, record->rdata);
	if (config_zone(&to->run->config, member) == NULL) {
		add_skip(to->run, member, xformat(_("member of the catalog %s"), to->catalog_text));
	} /* knotd, too, ignores a member that is configured. */
	return KNOT_EOK;
}

/*! Lists the members as skipped: the server may have another version of the catalog. */
static void add_catalog(run_t *run, const config_zone_t *zone)
{
	char err[ERROR_TEXT_MAX];
	add_skip(run, zone->name, zone->skip);
	members_t to = { run, zone->name, run->skips.at[run->skips.count - 1].zone };
	(void)scan_file(zone->file, zone->name, add_member, &to, err);
}

static void add_zone(run_t *run, const config_zone_t *zone, const values_t *only)
{
	if (zone->skip != NULL) {
		add_skip(run, zone->name, zone->skip);
		return;
	}
	bool any = false;
	for (size_t i = 0; i < zone->policies.count; i++) {
		if (only == NULL || zone->policies.at[i] == only) {
			job_t *job = add_job(run, run->options.axfr ? NULL : zone->file,
			                     zone->name, zone->policies.at[i]);
			job->configured = true;
			any = true;
		}
	}
	if (!any) {
		add_skip(run, zone->name, xformat(_("does not load mod-mxguard/%s"), only->id));
	}
}

/*! Skips a zone of the configuration that could not be opened because it has no file. False: that
 *  is not why. */
static bool skip_missing(run_t *run, job_t *job)
{
	job->skipped = job->configured && job->path != NULL && access(job->path, F_OK) != 0 &&
	               (errno == ENOENT || errno == ENOTDIR);
	if (job->skipped) {
		add_skip(run, job->origin, xformat(_("has no zone file %s"), job->path));
	}
	return job->skipped;
}

/*! Ends the program if no job is left: who has audited nothing can't say that nothing was found. */
static void check_left(const run_t *run)
{
	const char *config = run->options.config;
	for (size_t i = 0; i < run->jobs.count; i++) {
		if (!run->jobs.at[i].skipped) {
			return;
		}
	}
	const output_skip_t *first = run->skips.at;
	if (first == NULL) {
		fatal(_("%s: there is no zone to audit"), config);
	}
	fatal(run->skips.count > 1 ? _("%s: there is no zone to audit: %s %s, and so on")
	                           : _("%s: there is no zone to audit: %s %s"), config, first->zone,
	      first->reason);
}

static void add_operand(run_t *run, const char *operand, values_t *values)
{
	bool axfr = run->options.axfr;
	const knot_dname_t *name = axfr ? dname_of(operand) : run->options.origin;
	if (axfr && name == NULL) {
		fatal(_("'%s': not a domain name"), operand);
	}
	(void)add_job(run, axfr ? NULL : operand, name, values);
}

/*! What a warning is about. */
typedef struct {
	run_t *run;
	const values_t *values;
} warning_t;

/*! Prints what a load would log, once, however many zones have the stanza. */
static void say_warning(void *ctx, const char *text)
{
	const warning_t *about = ctx;
	run_t *run = about->run;
	char line[ERROR_TEXT_MAX];
	(void)values_error(about->values, text, line);
	for (size_t i = 0; i < run->warned.count; i++) {
		if (strcmp(run->warned.at[i], line) == 0) {
			return;
		}
	}
	*(char **)xadd(&run->warned) = xstrdup(line);
	if (!run->options.quiet) {
		complain(_("note: %s"), line);
	}
}

/*! Prints a line for each zone, or one for all if there are many. */
static void say_unprotected(run_t *run, const values_t *values, const name_list_t *zones)
{
	warning_t about = { run, values };
	knot_dname_txt_storage_t names[3];
	const bool many = zones->count > UNPROTECTED_LINES_MAX;
	for (size_t i = 0; i < zones->count && !many; i++) {
		char *text = xformat(_("zone %s, which is in the item 'zone', does not load it"),
		                     name_text(names[0], zones->at[i]));
		say_warning(&about, text);
		free(text);
	}
	if (many) {
		const size_t more = zones->count - 3;
		char *text = xformat(ngettext("zones %s, %s, %s and %zu more, which are in the "
		                              "item 'zone', do not load it",
		                              "zones %s, %s, %s and %zu more, which are in the "
		                              "item 'zone', do not load it", more),
		                     name_text(names[0], zones->at[0]),
		                     name_text(names[1], zones->at[1]),
		                     name_text(names[2], zones->at[2]), more);
		say_warning(&about, text);
		free(text);
	}
}

/*! Finds the zones in the list of a stanza that do not load it: they look protected, and are not.
 *  The module does not know them. A zone that is not in the configuration may come from a
 *  catalog. */
static void find_unprotected(run_t *run, const values_t *values)
{
	const config_t *config = &run->config;
	bool catalog = false;
	for (size_t i = 0; i < config->zones.count; i++) {
		catalog = catalog || config->zones.at[i].catalog;
	}
	name_list_t found = { .at = NULL };
	for (size_t i = 0; i < values->zone_names.names.count; i++) {
		const knot_dname_t *name = values->zone_names.names.at[i];
		const config_zone_t *zone = config_zone(config, name);
		bool loads = zone == NULL && catalog;
		for (size_t k = 0; zone != NULL && k < zone->policies.count; k++) {
			loads = loads || zone->policies.at[k] == values;
		}
		if (!loads) {
			xadd_name(&found, name);
		}
	}
	say_unprotected(run, values, &found);
	vec_free(&found);
}

/*! Finds out what there is to do, without opening a zone. */
static void make_jobs(run_t *run)
{
	const options_t *options = &run->options;
	const config_t *config = &run->config;
	values_t *values = options->config == NULL ? &run->options.values : NULL;
	if (options->policy != NULL) {
		values = config_policy(config, options->policy);
		if (values == NULL) {
			fatal(_("--policy '%s': there is no such stanza of mod-mxguard in %s"),
			     options->policy, options->config);
		}
	}
	bool all = options->config != NULL && options->operand_count == 0;
	for (size_t i = 0; all && i < config->zones.count; i++) {
		const config_zone_t *zone = &config->zones.at[i];
		if (zone->catalog) {
			add_catalog(run, zone);
		} else {
			add_zone(run, zone, values);
		}
	}
	for (size_t i = 0; all && i < config->policies.count; i++) {
		if (values == NULL || values == &config->policies.at[i]) {
			find_unprotected(run, &config->policies.at[i]);
		}
	}
	for (size_t i = 0; i < options->operand_count; i++) {
		add_operand(run, options->operands[i], values);
	}
}

/*! Finds the policy of an open zone that no stanza is named for: that of the configuration, or the
 *  only one there is. Where there are more for it, these become jobs of their own. */
static int find_policy(run_t *run, size_t i, char *err)
{
	job_t *job = &run->jobs.at[i];
	const config_t *config = &run->config;
	const config_zone_t *zone = config_zone(config, job->zone->apex);
	if (zone != NULL && zone->policies.count > 0) {
		const job_t first = *job;
		job->values = zone->policies.at[0];
		/* Standard input is there only once. */
		bool again = first.path == NULL || strcmp(first.path, "-") != 0;
		for (size_t k = 1; again && k < zone->policies.count; k++) {
			(void)add_job(run, first.path, first.origin, zone->policies.at[k]);
		}
		return KNOT_EOK;
	}
	if (config->policies.count == 1) {
		job->values = &config->policies.at[0];
		return KNOT_EOK;
	}

	knot_dname_txt_storage_t name;
	const char *file = run->options.config;
	return config->policies.count == 0
	       ? error_at(err, KNOT_EINVAL, nowhere, _("%s: there is no stanza of mod-mxguard"),
	                  file)
	       : error_at(err, KNOT_EINVAL, nowhere, _("%s: zone %s loads no mod-mxguard in %s: "
	                  "which stanza? Use --policy"), job->zone->file,
	                  name_text(name, job->zone->apex), file);
}

/*! Sets the mail exchange that a person would choose, unless a server's answers are predicted. */
static void set_advised_exchange(const run_t *run, job_t *job)
{
	char text[STANZA_TEXT_MAX];
	knot_dname_storage_t name;
	knot_dname_txt_storage_t exchange;
	policy_t policy;
	stanza_t stanza = job->values->stanza;
	if (run->options.config != NULL || stanza.exchange != NULL || reports_answers(run) ||
	    !audit_advise(name, job->zone, &job->policy)) {
		return;
	}
	stanza.exchange = name_text(exchange, name);
	if (xcheck_ret(stanza_policy(&policy, &stanza, job->zone->apex, text)) == KNOT_EOK) {
		stanza_policy_clear(&job->policy);
		job->policy = policy;
	}
}

/*! Makes the policy of an open zone. The jobs may move. */
static int make_policy(run_t *run, size_t i, char *err)
{
	if (run->jobs.at[i].values == NULL) {
		int ret = find_policy(run, i, err);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	job_t *job = &run->jobs.at[i];
	char text[STANZA_TEXT_MAX] = "";
	int ret = xcheck_ret(stanza_policy(&job->policy, &job->values->stanza, job->zone->apex,
	                                   text));
	if (ret != KNOT_EOK) {
		knot_dname_txt_storage_t name;
		(void)values_error(job->values, text, err);
		size_t len = strlen(err);
		(void)snprintf(err + len, ERROR_TEXT_MAX - len, _(", in zone %s"),
		               name_text(name, job->zone->apex));
	} else {
		warning_t about = { run, job->values };
		stanza_warn(&job->values->stanza, say_warning, &about);
		stanza_warn_zone(&job->values->stanza, &job->policy, say_warning, &about);
		set_advised_exchange(run, job);
	}
	return ret;
}

/* Opening zones */

static void trouble(run_t *run, const char *text)
{
	complain("%s", text);
	run->failed++;
}

/*! Makes the policies: of the options, or the configuration. */
static int make_policies(run_t *run, char err[static ERROR_TEXT_MAX])
{
	if (run->options.config != NULL) {
		return config_read(&run->config, run->options.config, err);
	}
	values_t *values = &run->options.values;
	if (values->raw[ITEM_PROXY].texts.count + values->raw[ITEM_PROXY_FILE].texts.count == 0) {
		int ret = values_add_installed(values, err);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	config_add_marks(values);
	return values_make(values, err);
}

/*! Fixing a zone without knowing where mail really is would only take records away. */
static bool knows_mail(const values_t *values)
{
	return values->stanza.mail4.count + values->stanza.mail6.count > 0;
}

static bool fixable(const run_t *run, const values_t *values, char err[static ERROR_TEXT_MAX])
{
	if (!prints_fix(run) || knows_mail(values)) {
		return true;
	}
	(void)values_error(values, _("to fix a zone, say where mail is: by --mail-address, or "
	                                "mail-address in its stanza"), err);
	return false;
}

static int transfer_zone(run_t *run, job_t *job, char *err)
{
	knot_dname_txt_storage_t name;
	char *text;
	size_t size;
	int ret = server_note_result(&run->failures,
	                             client_transfer(&run->server, job->origin, &text, &size,
	                                             err));
	if (ret == KNOT_EOK) {
		char *source = xformat("%s at %s", name_text(name, job->origin), run->server.text);
		ret = zone_open_text(&job->zone, source, text, size, job->origin, err);
		free(source);
		free(text);
	}
	return ret;
}

static void open_zone(run_t *run, size_t i)
{
	char err[ERROR_TEXT_MAX];
	job_t *job = &run->jobs.at[i];

	if (job->path == NULL && server_given_up(&run->failures)) {
		return;
	}
	int ret = job->path != NULL ? zone_open(&job->zone, job->path, job->origin, err)
	                            : transfer_zone(run, job, err);
	if (ret != KNOT_EOK) {
		if (!skip_missing(run, job)) {
			trouble(run, err);
		}
		return;
	}
	ret = make_policy(run, i, err);
	job = &run->jobs.at[i]; /* It may have moved. */
	if (ret != KNOT_EOK || !fixable(run, job->values, err)) {
		trouble(run, err);
		zone_free(job->zone);
		job->zone = NULL;
	} else {
		zones_add(&run->zones, job->zone);
	}
}

/* Auditing */

/*! Marks what is ignored or known of that which is reported: of a file or of a server's answers. */
static void mark_findings(run_t *run, audit_t *audit, const char *server)
{
	ignores_apply(&run->options.ignores, audit, run->now);
	baseline_apply(&run->baseline, audit, server);
}

static bool is_ignored(void *ctx, const knot_dname_t *zone, const audit_finding_t *finding)
{
	const run_t *run = ctx;
	return ignores_match(&run->options.ignores, zone, finding, run->now);
}

static void audit_job(run_t *run, job_t *job)
{
	values_t *values = job->values;
	const audit_input_t input = {
		.zones = &run->zones,
		.origins = values->origins,
		.lists = values->lists.at,
		.list_count = values->lists_checked ? 0 : values->lists.count,
		.now = run->now,
		/* A server's answers are compared with all that enforce would change. */
		.is_ignored = reports_answers(run) ? NULL : is_ignored,
		.ctx = run,
	};
	values->lists_checked = true; /* Once: an old list is one finding, not one for each zone. */
	audit_zone(&job->audit, job->zone, &job->policy, &input);
	if (!reports_answers(run)) {
		mark_findings(run, &job->audit, NULL);
	}
	job->done = true;
}

/*! Adds the zone to be asked for, at each address of a name server. True: there is one. */
static bool add_nameserver(run_t *run, const job_t *job, const knot_dname_t *ns)
{
	knot_dname_txt_storage_t name;
	nameserver_list_t *servers = nameservers_find(&run->asks, &run->zones, job->zone,
	                                              &job->policy, ns, run->options.port);
	if (servers->count == 0) {
		complain(_("%s: no address of the name server %s is to be found"), job->zone->file,
		         name_text(name, ns));
		run->failed++;
	}
	bool any = false;
	for (size_t i = 0; i < servers->count; i++) {
		nameserver_t *server = &servers->at[i];
		if (!server->no_network) {
			asks_add(&run->asks, &server->server, ns, &job->audit, &job->policy);
			any = true;
		} else if (!server->reported && !run->options.quiet) {
			complain(_("note: %s (%s) is not asked: there is no network to it here"),
			         server->server.text, name_text(name, ns));
			server->reported = true;
		}
	}
	return any;
}

/*! The same at all name servers of the zone. */
static void add_nameservers(run_t *run, const job_t *job)
{
	knot_rrset_t rrset = { 0 };
	bool any = false;
	(void)zone_lookup(job->zone, job->zone->apex, KNOT_RRTYPE_NS, &rrset);
	for_each_rdata(rdata, &rrset) {
		knot_dname_storage_t ns;
		knot_dname_copy_lower(ns, knot_ns_name(rdata));
		any |= add_nameserver(run, job, ns);
	}
	if (!any) {
		complain(_("%s: the zone has no name server that can be asked"), job->zone->file);
		run->failed++;
	}
}

/*! Asks servers for all zones. One that does not answer is an error of the zones it has. */
static void ask_servers(run_t *run)
{
	for (size_t i = 0; i < run->jobs.count; i++) {
		const job_t *job = &run->jobs.at[i];
		if (job->done && run->options.server != NULL) {
			asks_add(&run->asks, &run->server, NULL, &job->audit, &job->policy);
		}
		if (job->done && run->options.all_servers) {
			add_nameservers(run, job);
		}
	}
	asks_run(&run->asks, isatty(STDERR_FILENO) && !run->options.quiet);
	for (size_t i = 0; i < run->asks.list.count; i++) {
		ask_t *ask = &run->asks.list.at[i];
		if (ask->done) {
			mark_findings(run, &ask->live, run->asks.hosts.at[ask->host].server.text);
		} else if (ask->err != NULL) {
			trouble(run, ask->err);
		}
	}
}

static void audit_jobs(run_t *run)
{
	for (size_t i = 0; i < run->jobs.count; i++) {
		if (run->jobs.at[i].zone != NULL) {
			audit_job(run, &run->jobs.at[i]);
		}
	}
	if (reports_answers(run)) {
		ask_servers(run);
	}
}

/*! Prints for how many zones a server was not asked, after it was given up. */
static void tell_given_up(run_t *run, const server_failures_t *failures, const server_t *server)
{
	if (failures->not_asked > 0) {
		complain(ngettext("%s: %zu more zone was not asked for",
		                  "%s: %zu more zones were not asked for", failures->not_asked),
		         server->text, failures->not_asked);
		run->failed++;
	}
}

/* Printing */

static bool wants_color(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(STDOUT_FILENO) && (no == NULL || no[0] == '\0') &&
	       term != NULL && strcmp(term, "dumb") != 0;
}

/*! Columns of the terminal, or 0. */
static size_t terminal_width(void)
{
	struct winsize size;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/*! Writes all of the output, and frees it. */
static void write_text(char *text, size_t size)
{
	if (fwrite(text, 1, size, stdout) != size || fflush(stdout) != 0) {
		fatal(_("standard output can't be written: %s"), strerror(errno));
	}
	free(text);
}

static int exit_status(const options_t *options, const output_totals_t *totals)
{
	size_t bad = totals->errors - totals->known[SEVERITY_ERROR];
	if (options->fail_on == FAIL_ON_WARNING) {
		bad += totals->warnings - totals->known[SEVERITY_WARNING];
	}
	return (bad > 0 && options->fail_on != FAIL_NEVER) ? EXIT_FINDINGS : EXIT_CLEAN;
}

static const char *file_of(const job_t *job)
{
	return job->path != NULL ? job->path : job->zone->file;
}

/*! Adds the results of all zones: of their files, or of the servers that were asked for them, which
 *  follow each other in the order of the zones. */
static void add_results(const run_t *run, output_t *output, output_zone_t *zones)
{
	const ask_t *list = run->asks.list.at;
	size_t next = 0;
	for (size_t i = 0; i < run->jobs.count; i++) {
		const job_t *job = &run->jobs.at[i];
		output->unfixable |= job->done && !knows_mail(job->values);
		if (job->done && !reports_answers(run)) {
			zones[output->zone_count++] = (output_zone_t){ .audit = &job->audit,
			                                               .file = file_of(job) };
		}
		while (next < run->asks.list.count && list[next].audit == &job->audit) {
			const ask_t *ask = &list[next++];
			if (ask->done) {
				output_zone_t *zone = &zones[output->zone_count++];
				*zone = ask->zone;
				zone->file = file_of(job);
			}
		}
	}
}

/*! Where a script finds the server: at the address of --server, else at one where it listens by the
 *  configuration, the loopback if it may be. False: that is not known. */
static bool find_server(const run_t *run, server_t *server)
{
	if (run->options.server != NULL) {
		*server = run->server;
		return true;
	}
	bool found = false, loopback = false;
	const char *text;
	for (size_t i = 0; !loopback && (text = config_listen(&run->config, i)) != NULL; i++) {
		char err[ERROR_TEXT_MAX];
		server_t next;
		/* What is not an address is a socket in the file system. */
		if (server_from_str(&next, text, DNS_PORT, err) != KNOT_EOK) {
			continue;
		}
		loopback = server_to_loopback(&next);
		if (loopback || !found) {
			*server = next;
			found = true;
		}
	}
	return found;
}

/*! Counts and, unless it is to be quiet, prints the audits there are. Returns the exit status. */
static int print_results(const run_t *run)
{
	server_t server;
	output_zone_t *zones = xcalloc(run->jobs.count + run->asks.list.count, sizeof(*zones));
	char *control = config_control(&run->config);
	output_t output = {
		.zones = zones,
		.skips = run->skips.at,
		.skip_count = run->skips.count,
		.color = wants_color(),
		.width = terminal_width(),
		.baseline = run->options.baseline != NULL,
		.incomplete = run->failed > 0,
		.server = find_server(run, &server) ? server.text : NULL,
		.control = control,
		.server_count = run->asks.hosts.count,
	};
	add_results(run, &output, zones);

	int status = EXIT_TROUBLE;
	if (output.zone_count > 0) {
		output_totals_t totals;
		output_count(&output, &totals);
		status = exit_status(&run->options, &totals);
		if (!run->options.quiet) {
			size_t size;
			char *text = output_text(&output, run->options.format, &size);
			write_text(text, size);
		}
	}
	free(control);
	free(zones);
	return run->failed > 0 ? EXIT_TROUBLE : status;
}

/*! Prints which ignores can be removed. */
static void tell_ignores(const run_t *run)
{
	const ignores_t *ignores = &run->options.ignores;
	for (size_t i = 0; !run->options.quiet && i < ignores->list.count; i++) {
		char *note = ignores_note(ignores, i, run->now, run->failed == 0);
		if (note != NULL) {
			complain("%s", note);
			free(note);
		}
	}
}

static void prepare(run_t *run)
{
	char err[ERROR_TEXT_MAX] = "";
	const options_t *options = &run->options;
	int ret = KNOT_EOK;
	if (options->server != NULL) {
		ret = server_from_str(&run->server, options->server, options->port, err);
	}
	for (size_t i = 0; ret == KNOT_EOK && i < options->ignore_files.count; i++) {
		ret = ignores_read(&run->options.ignores, options->ignore_files.at[i], err);
	}
	if (ret == KNOT_EOK && options->baseline != NULL) {
		ret = baseline_read(&run->baseline, options->baseline, err);
	}
	if (ret == KNOT_EOK) {
		ret = make_policies(run, err);
	}
	if (ret != KNOT_EOK) {
		fatal("%s", err[0] != '\0' ? err : knot_strerror(ret));
	}
	make_jobs(run);
}

static int run_all(run_t *run)
{
	prepare(run);
	/* The number of jobs may grow on the way. */
	for (size_t i = 0; i < run->jobs.count; i++) {
		open_zone(run, i);
	}
	check_left(run);
	audit_jobs(run);
	tell_given_up(run, &run->failures, &run->server);
	for (size_t i = 0; i < run->asks.hosts.count; i++) {
		const ask_host_t *host = &run->asks.hosts.at[i];
		tell_given_up(run, &host->failures, &host->server);
	}
	tell_ignores(run);
	return print_results(run);
}

/*! Checks a list in the place of zones. Returns the exit status. */
static int run_list(const options_t *options)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = xcheck(open_memstream(&text, &size));
	const char *replaces = options->list.replaces;
	char *path = list_path(options->list.path, nowhere);
	char *old_path = replaces != NULL ? list_path(replaces, nowhere) : NULL;
	const list_job_t job = { path, old_path, options->list.records };
	int status = list_check(&job, memory) ? EXIT_CLEAN : EXIT_FINDINGS;
	xdone(fclose(memory) == 0);
	if (options->quiet) {
		free(text);
	} else {
		write_text(text, size);
	}
	free(path);
	free(old_path);
	return status;
}

int main(int argc, char **argv)
{
	/* Its contents are needed up to the end of the program, and not freed. */
	static run_t run;
	run.now = time(NULL);
	lang_begin(LOCALE_DIR);
	if (!options_read(&run.options, argc, argv)) {
		return EXIT_TROUBLE;
	}
	if (output_is_report(run.options.format)) {
		lang_english();
	}
	return run.options.list.path != NULL ? run_list(&run.options) : run_all(&run);
}
