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
#include <time.h>
#include <unistd.h>

#include "kmxcheck/jobs.h"
#include "kmxcheck/live.h"
#include "kmxcheck/options.h"
#include "kmxcheck/xalloc.h"

/* A server that is down is not to be waited for as often as there are zones. */
#define UNANSWERED_MAX 3

typedef struct {
	options_t options;
	config_t config;
	server_t server;     /*!< With -s. */
	jobs_t jobs;
	zones_t zones;       /*!< The open ones. */
	size_t failed;       /*!< Zones that could not be audited. */
	struct timespec asked;
	unsigned unanswered; /*!< In a row, by the server. */
	size_t not_asked;    /*!< Zones, after too many of those. */
} run_t;

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
	return values_make(values, err);
}

/*! True if the output is how to fix the zone. */
static bool fixes(const run_t *run)
{
	return run->options.format == FORMAT_NSUPDATE || run->options.format == FORMAT_DIFF;
}

/*! True if it is not the zone's own records that are reported, but a server's answers. */
static bool asks(const run_t *run)
{
	return run->options.server != NULL && !fixes(run);
}

/*! Fixing a zone without knowing where mail really is would only take records away. */
static bool fixable(const run_t *run, const values_t *values, char err[static ERROR_TEXT_MAX])
{
	if (!fixes(run) || values->stanza.mail4.count + values->stanza.mail6.count > 0) {
		return true;
	}
	(void)values_error(values, "a mail-address is needed to mend a zone", err);
	return false;
}

/*! True if the server has not answered so often that it is given up. Else it is to be asked. */
static bool given_up(run_t *run)
{
	bool enough = run->unanswered >= UNANSWERED_MAX;
	run->not_asked += enough;
	(void)clock_gettime(CLOCK_MONOTONIC, &run->asked);
	return enough;
}

/*! Notes whether the server has answered, and returns ret. One that refuses does so at once. */
static int answered(run_t *run, int ret)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	bool waited = now.tv_sec - run->asked.tv_sec > 1;
	run->unanswered = (ret != KNOT_EOK && waited) ? run->unanswered + 1 : 0;
	return ret;
}

/*! Opens a zone that is transferred from the server. */
static int transfer_zone(run_t *run, job_t *job, char *err)
{
	knot_dname_txt_storage_t name;
	char *text;
	size_t size;
	int ret = answered(run, client_transfer(&run->server, job->origin, &text, &size, err));
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
	job_t *job = &run->jobs.list.at[i];

	if (job->path == NULL && given_up(run)) {
		return;
	}
	int ret = job->path != NULL ? zone_open(&job->zone, job->path, job->origin, err)
	                            : transfer_zone(run, job, err);
	if (ret != KNOT_EOK) {
		if (!jobs_skip(&run->jobs, i)) {
			trouble(run, err);
		}
		return;
	}
	ret = jobs_policy(&run->jobs, i, &run->options, &run->config, err);
	job = &run->jobs.list.at[i]; /* It may have moved. */
	if (ret != KNOT_EOK || !fixable(run, job->values, err)) {
		trouble(run, err);
		zone_free(job->zone);
		job->zone = NULL;
	} else {
		zones_add(&run->zones, job->zone);
	}
}

static void mark_ignored(const options_t *options, audit_t *audit)
{
	for (size_t i = 0; i < audit->findings.count; i++) {
		audit_finding_t *finding = &audit->findings.at[i];
		const ignore_t *ignore = &options->ignore[finding->rule];
		finding->ignored = ignore->all || (finding->owner != NULL &&
		                                   names_match(&ignore->owners, finding->owner));
	}
}

static void audit_job(run_t *run, job_t *job, int64_t now)
{
	values_t *values = job->values;
	const audit_input_t input = {
		.zones = &run->zones,
		.origins = values->origins,
		.lists = values->lists.at,
		.list_count = values->lists_checked ? 0 : values->lists.count,
		.now = now,
	};
	values->lists_checked = true; /* Once: an old list is one finding, not one for each zone. */
	audit_zone(&job->audit, job->zone, &job->policy, &input);
	mark_ignored(&run->options, &job->audit);
	job->done = true;
}

/*! Asks the server about the zone. A server that does not answer leaves the job undone. */
static void ask_job(run_t *run, job_t *job)
{
	char err[ERROR_TEXT_MAX];
	job->done = false;
	if (given_up(run)) {
		return;
	}
	int ret = live_audit(&job->live, &job->answers, &run->server, &job->audit, &job->policy,
	                     err);
	if (answered(run, ret) != KNOT_EOK) {
		trouble(run, err);
		return;
	}
	job->done = true;
	mark_ignored(&run->options, &job->live);
}

static void audit_jobs(run_t *run)
{
	const int64_t now = time(NULL);
	for (size_t i = 0; i < run->jobs.list.count; i++) {
		job_t *job = &run->jobs.list.at[i];
		if (job->zone != NULL) {
			audit_job(run, job, now);
		}
		if (job->done && asks(run)) {
			ask_job(run, job);
		}
	}
}

static bool want_color(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(STDOUT_FILENO) && (no == NULL || no[0] == '\0') &&
	       term != NULL && strcmp(term, "dumb") != 0;
}

/*! Writes all of the output or, if it can't be made, none of it. */
static bool write_output(const run_t *run, const output_t *output)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = xcheck(open_memstream(&text, &size));
	int ret = output_print(output, run->options.format, memory);
	(void)xcheck(fclose(memory) == 0 ? text : NULL);
	bool fine = ret == KNOT_EOK;
	if (!fine) {
		complain("%s", knot_strerror(ret));
	} else if (fwrite(text, 1, size, stdout) != size || fflush(stdout) != 0) {
		complain("standard output can't be written: %s", strerror(errno));
		fine = false;
	}
	free(text);
	return fine;
}

static int exit_status(const options_t *options, const output_totals_t *totals)
{
	size_t bad = totals->errors;
	if (options->fail_on == FAIL_ON_WARNING) {
		bad += totals->warnings;
	}
	return (bad > 0 && options->fail_on != FAIL_NEVER) ? EXIT_FINDINGS : EXIT_CLEAN;
}

static output_zone_t result(const run_t *run, const job_t *job)
{
	const char *file = (job->path != NULL) ? job->path : job->zone->file;
	if (!asks(run)) {
		return (output_zone_t){ .audit = &job->audit, .file = file };
	}
	return (output_zone_t){
		.audit = &job->live, .file = file, .server = run->server.text,
		.guard = job->answers.guard, .queries = job->answers.queries,
		.seen = job->answers.seen, .changes = job->audit.edits.count
	};
}

/*! Counts and, unless it is to be quiet, prints the audits there are. Returns the exit status. */
static int print_results(const run_t *run)
{
	output_zone_t *zones = xcalloc(run->jobs.list.count, sizeof(*zones));
	output_t output = {
		.zones = zones,
		.skips = run->jobs.skips.at,
		.skip_count = run->jobs.skips.count,
		.color = want_color(),
		.program = "kmxcheck " PACKAGE_VERSION,
	};
	for (size_t i = 0; i < run->jobs.list.count; i++) {
		const job_t *job = &run->jobs.list.at[i];
		if (job->done) {
			zones[output.zone_count++] = result(run, job);
		}
	}

	int status = EXIT_TROUBLE;
	if (output.zone_count > 0) {
		output_totals_t totals;
		output_count(&output, &totals);
		status = exit_status(&run->options, &totals);
		if (!run->options.quiet && !write_output(run, &output)) {
			status = EXIT_TROUBLE;
		}
	}
	free(zones);
	return run->failed > 0 ? EXIT_TROUBLE : status;
}

/*! Finds out what there is to do. */
static int prepare(run_t *run, char err[static ERROR_TEXT_MAX])
{
	const options_t *options = &run->options;
	int ret = options->server != NULL ? server_from_str(&run->server, options->server, err)
	                                  : KNOT_EOK;
	if (ret == KNOT_EOK) {
		ret = make_policies(run, err);
	}
	return ret == KNOT_EOK ? jobs_make(&run->jobs, &run->options, &run->config, err) : ret;
}

static int run_all(run_t *run)
{
	char err[ERROR_TEXT_MAX] = "";
	int ret = prepare(run, err);
	/* The number of jobs may grow on the way. */
	for (size_t i = 0; ret == KNOT_EOK && i < run->jobs.list.count; i++) {
		open_zone(run, i);
	}
	if (ret == KNOT_EOK) {
		ret = jobs_left(&run->jobs, run->options.config, err);
	}
	if (ret == KNOT_EOK) {
		audit_jobs(run);
	}
	if (run->not_asked > 0) {
		complain("%s: %zu more zones were not asked for", run->server.text, run->not_asked);
	}
	if (ret != KNOT_EOK) {
		complain("%s", err[0] != '\0' ? err : knot_strerror(ret));
		return EXIT_TROUBLE;
	}
	return print_results(run);
}

int main(int argc, char **argv)
{
	run_t run = { .failed = 0 };
	options_next_t next = options_read(&run.options, argc, argv);
	int status = next == OPTIONS_DONE ? EXIT_CLEAN :
	             next == OPTIONS_WRONG ? EXIT_TROUBLE : run_all(&run);
	zones_clear(&run.zones);
	jobs_clear(&run.jobs);
	config_clear(&run.config);
	options_clear(&run.options);
	return status;
}
