/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The run, in three rounds: open every zone, so that targets in another one can be followed there;
 * audit each; write. A zone that can't be read does not keep the others from being audited, but
 * it decides the exit status.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kmxcheck/jobs.h"
#include "kmxcheck/live.h"
#include "kmxcheck/progress.h"
#include "kmxcheck/run.h"

/* A server that is down is not to be waited for as often as there are zones. */
#define UNANSWERED_MAX 3

/* Room for the error text of any part. */
#define RUN_ERR_MAX 1024
_Static_assert(RUN_ERR_MAX >= SETUP_ERR_MAX && RUN_ERR_MAX >= LIVE_ERR_MAX &&
               RUN_ERR_MAX >= ZONE_ERR_MAX, "some error text is longer");

typedef struct {
	options_t *options;
	config_t config;
	server_t server;     /*!< With -s. */
	jobs_t jobs;
	zones_t *zones;      /*!< The open ones. */
	size_t failed;       /*!< Zones that could not be audited. */
	struct timespec asked;
	unsigned unanswered; /*!< In a row, by the server. */
	size_t not_asked;    /*!< Zones, after too many of those. */
} run_t;

static void trouble(run_t *run, const char *text)
{
	progress_wipe();
	complain("%s", text);
	run->failed++;
}

/*! The policy's words: of the options, or the configuration. */
static int make_policies(run_t *run, char err[static SETUP_ERR_MAX])
{
	options_t *options = run->options;
	if (options->config != NULL) {
		return config_read(&run->config, options->config, err);
	}
	setup_t *setup = &options->setup;
	if (setup->words[SETUP_PROXY].count + setup->words[SETUP_PROXY_FILE].count == 0) {
		int ret = setup_add_installed(setup, err);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	return setup_make(setup, err);
}

/*! True if the output is how to mend the zone. */
static bool mends(const run_t *run)
{
	return run->options->format == FORMAT_NSUPDATE || run->options->format == FORMAT_DIFF;
}

/*! True if it is not the zone's own records that are reported, but a server's answers. */
static bool asks(const run_t *run)
{
	return run->options->server != NULL && !mends(run);
}

/*! Mending a zone without knowing where mail really is would only take records away. */
static bool mendable(const run_t *run, const setup_t *setup, char err[static SETUP_ERR_MAX])
{
	if (!mends(run) ||
	    setup->stanza.mail4.count + setup->stanza.mail6.count > 0) {
		return true;
	}
	(void)setup_stanza_error(setup, "a mail-address is needed to mend a zone", err);
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
	char source[sizeof(name) + SERVER_TEXT_MAX + 8], zone_err[ZONE_ERR_MAX];
	char *text = NULL;
	size_t size = 0;
	int ret = answered(run, live_transfer(&run->server, job->origin, &text, &size, err));
	if (ret != KNOT_EOK) {
		return ret;
	}
	(void)knot_dname_to_str(name, job->origin, sizeof(name));
	(void)snprintf(source, sizeof(source), "%s at %s", name, run->server.text);
	ret = zone_open_text(&job->zone, source, text, size, job->origin, zone_err);
	if (ret != KNOT_EOK) {
		(void)snprintf(err, LIVE_ERR_MAX, "%s", zone_err);
	}
	return ret;
}

static void open_zone(run_t *run, size_t i)
{
	char err[RUN_ERR_MAX];
	job_t *job = &run->jobs.at[i];

	if (job->path == NULL && given_up(run)) {
		return;
	}
	int ret = (job->path != NULL) ? zone_open(&job->zone, job->path, job->origin, err)
	                              : transfer_zone(run, job, err);
	if (ret != KNOT_EOK) {
		job->zone = NULL;
		if (!jobs_skip(&run->jobs, i)) {
			trouble(run, err);
		}
		return;
	}
	if (jobs_policy(&run->jobs, i, run->options, &run->config, err) != KNOT_EOK ||
	    !mendable(run, run->jobs.at[i].setup, err)) {
		trouble(run, err);
		job = &run->jobs.at[i];
		zone_free(job->zone);
		job->zone = NULL;
	}
}

static void open_zones(run_t *run)
{
	/* The number of jobs may grow on the way. */
	for (size_t i = 0; i < run->jobs.count; i++) {
		progress_step("reading zone", i + 1, run->jobs.count);
		open_zone(run, i);
	}
}

static int collect_zones(run_t *run)
{
	zone_t **open = calloc(run->jobs.count + 1, sizeof(*open));
	if (open == NULL) {
		return KNOT_ENOMEM;
	}
	size_t count = 0;
	for (size_t i = 0; i < run->jobs.count; i++) {
		if (run->jobs.at[i].zone != NULL) {
			open[count++] = run->jobs.at[i].zone;
		}
	}
	int ret = zones_new(&run->zones, open, count);
	free(open);
	return ret;
}

static void mark_ignored(const options_t *options, audit_t *audit)
{
	for (size_t i = 0; i < audit->finding_count; i++) {
		audit_finding_t *finding = &audit->findings[i];
		const ignore_t *ignore = &options->ignore[finding->rule];
		if (ignore->all || (finding->owner != NULL &&
		                    names_match(&ignore->owners, finding->owner))) {
			finding->ignored = true;
		}
	}
}

static void audit_job(run_t *run, job_t *job, int64_t now)
{
	char err[ZONE_ERR_MAX];
	if (zone_resolve(job->zone, &job->policy, run->zones, err) != KNOT_EOK) {
		trouble(run, err);
		return;
	}
	setup_t *setup = job->setup;
	const audit_input_t input = {
		.stanza = &setup->stanza,
		.origins = setup->origins,
		.lists = setup->lists,
		.list_count = setup->lists_judged ? 0 : setup->list_count,
		.now = now,
	};
	setup->lists_judged = true; /* Once: an old list is one finding, not one for each zone. */
	int ret = audit_zone(&job->audit, job->zone, &job->policy, &input);
	if (ret != KNOT_EOK) {
		(void)snprintf(err, sizeof(err), "%s: %s", zone_file(job->zone),
		               knot_strerror(ret));
		trouble(run, err);
		return;
	}
	mark_ignored(run->options, &job->audit);
	job->done = true;
}

/*! Asks the server about the zone. A server that does not answer leaves the job undone. */
static void ask_job(run_t *run, job_t *job)
{
	char err[LIVE_ERR_MAX];
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
	mark_ignored(run->options, &job->live);
}

static void audit_jobs(run_t *run)
{
	const int64_t now = time(NULL);
	for (size_t i = 0; i < run->jobs.count; i++) {
		job_t *job = &run->jobs.at[i];
		progress_step("auditing zone", i + 1, run->jobs.count);
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
	FILE *memory = open_memstream(&text, &size);
	if (memory == NULL) {
		complain("%s", knot_strerror(KNOT_ENOMEM));
		return false;
	}
	int ret = output_print(output, run->options->format, memory);
	if (fclose(memory) != 0 && ret == KNOT_EOK) {
		ret = KNOT_ENOMEM;
	}
	bool fine = (ret == KNOT_EOK);
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
	const char *file = (job->path != NULL) ? job->path : zone_file(job->zone);
	if (!asks(run)) {
		return (output_zone_t){ .audit = &job->audit, .file = file };
	}
	return (output_zone_t){
		.audit = &job->live, .file = file, .server = run->server.text,
		.guard = job->answers.guard, .queries = job->answers.queries,
		.seen = job->answers.seen, .changes = job->audit.edit_count
	};
}

/*! Counts and, unless it is to be quiet, prints the audits there are. Returns the exit status. */
static int print_results(const run_t *run)
{
	output_zone_t *zones = calloc(run->jobs.count + 1, sizeof(*zones));
	if (zones == NULL) {
		complain("%s", knot_strerror(KNOT_ENOMEM));
		return EXIT_TROUBLE;
	}
	output_t output = {
		.zones = zones,
		.skips = run->jobs.skips,
		.skip_count = run->jobs.skip_count,
		.color = want_color(),
		.program = "kmxcheck " PACKAGE_VERSION,
	};
	for (size_t i = 0; i < run->jobs.count; i++) {
		const job_t *job = &run->jobs.at[i];
		if (job->done) {
			zones[output.zone_count++] = result(run, job);
		}
	}

	int status = EXIT_TROUBLE;
	if (output.zone_count > 0) {
		output_totals_t totals;
		output_count(&output, &totals);
		status = exit_status(run->options, &totals);
		if (!run->options->quiet && !write_output(run, &output)) {
			status = EXIT_TROUBLE;
		}
	}
	free(zones);
	return (run->failed > 0) ? EXIT_TROUBLE : status;
}

static int run_all(run_t *run)
{
	char err[RUN_ERR_MAX] = "";
	int ret = (run->options->server != NULL)
	        ? live_server(&run->server, run->options->server, err) : KNOT_EOK;
	if (ret == KNOT_EOK) {
		ret = make_policies(run, err);
	}
	if (ret == KNOT_EOK) {
		ret = jobs_make(&run->jobs, run->options, &run->config, err);
	}
	if (ret != KNOT_EOK) {
		complain("%s", err[0] != '\0' ? err : knot_strerror(ret));
		return EXIT_TROUBLE;
	}

	progress_start(!run->options->quiet);
	open_zones(run);
	ret = jobs_left(&run->jobs, run->options->config, err);
	if (ret == KNOT_EOK) {
		ret = collect_zones(run);
	}
	if (ret == KNOT_EOK) {
		audit_jobs(run);
	}
	progress_stop();
	if (run->not_asked > 0) {
		complain("%s: %zu more zones were not asked for", run->server.text,
		         run->not_asked);
	}
	if (ret != KNOT_EOK) {
		complain("%s", err[0] != '\0' ? err : knot_strerror(ret));
		return EXIT_TROUBLE;
	}
	return print_results(run);
}

int run_audit(options_t *options)
{
	run_t run = { .options = options };
	int status = run_all(&run);
	zones_free(run.zones);
	jobs_clear(&run.jobs);
	config_clear(&run.config);
	return status;
}
