/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What there is to do: from operands, or from the zones of a configuration.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmxcheck/jobs.h"
#include "kmxcheck/xalloc.h"

static const source_pos_t nowhere = { .file = NULL };

static job_t *add_job(jobs_t *jobs, const char *path, const knot_dname_t *origin,
                      values_t *values)
{
	job_t *job = xadd(&jobs->list);
	*job = (job_t){ .path = path, .origin = origin, .values = values };
	return job;
}

static void add_skip(jobs_t *jobs, const knot_dname_t *zone, const char *reason, const char *more)
{
	output_skip_t *skip = xadd(&jobs->skips);
	skip->zone = xcheck(knot_dname_to_str_alloc(zone));
	skip->reason = xformat("%s%s", reason, more);
}

/* Catalog zones (RFC 9432): their members are zones that a server has without a word in its
 * configuration. A member is the target of a PTR record right below "zones" of the catalog. */

typedef struct {
	jobs_t *jobs;
	const config_t *config;
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
	if (config_zone(to->config, member) == NULL) {
		add_skip(to->jobs, member, "member of the catalog ", to->catalog_text);
	} /* What is configured is no member for knotd either. */
	return KNOT_EOK;
}

/*! What the server knows of a catalog may differ from its file: it is listed, no more. */
static void add_catalog(jobs_t *jobs, const config_zone_t *zone, const config_t *config)
{
	char err[ERROR_TEXT_MAX];
	add_skip(jobs, zone->name, zone->skip, "");
	members_t to = { jobs, config, zone->name, jobs->skips.at[jobs->skips.count - 1].zone };
	(void)zone_scan(zone->file, zone->name, add_member, &to, err);
}

/*! A zone of the configuration. */
static void add_zone(jobs_t *jobs, const config_zone_t *zone, const values_t *only, bool axfr)
{
	if (zone->skip != NULL) {
		add_skip(jobs, zone->name, zone->skip, "");
		return;
	}
	bool any = false;
	for (size_t i = 0; i < zone->policies.count; i++) {
		if (only == NULL || zone->policies.at[i] == only) {
			job_t *job = add_job(jobs, axfr ? NULL : zone->file, zone->name,
			                     zone->policies.at[i]);
			job->configured = true;
			any = true;
		}
	}
	if (!any) {
		add_skip(jobs, zone->name, "does not load mod-mxguard/", only->id);
	}
}

static void add_zones(jobs_t *jobs, const options_t *options, const config_t *config,
                      const values_t *only)
{
	for (size_t i = 0; i < config->zones.count; i++) {
		const config_zone_t *zone = &config->zones.at[i];
		if (zone->catalog) {
			add_catalog(jobs, zone, config);
		} else {
			add_zone(jobs, zone, only, options->axfr);
		}
	}
}

bool jobs_skip(jobs_t *jobs, size_t i)
{
	job_t *job = &jobs->list.at[i];
	job->skipped = job->configured && job->path != NULL && access(job->path, F_OK) != 0 &&
	               (errno == ENOENT || errno == ENOTDIR);
	if (job->skipped) {
		add_skip(jobs, job->origin, "has no zone file ", job->path);
	}
	return job->skipped;
}

int jobs_left(const jobs_t *jobs, const char *config, char err[static ERROR_TEXT_MAX])
{
	for (size_t i = 0; i < jobs->list.count; i++) {
		if (!jobs->list.at[i].skipped) {
			return KNOT_EOK;
		}
	}
	const output_skip_t *first = jobs->skips.at;
	return jobs->skips.count == 0
	       ? error_at(err, KNOT_EINVAL, nowhere, "%s: there is no zone to audit", config)
	       : error_at(err, KNOT_EINVAL, nowhere, "%s: there is no zone to audit: %s %s%s",
	                  config, first->zone, first->reason,
	                  jobs->skips.count > 1 ? ", and so on" : "");
}

/*! Adds a zone to be transferred. */
static int add_name(jobs_t *jobs, const char *text, values_t *values, char *err)
{
	knot_dname_t *name = dname_of(text);
	if (name == NULL) {
		return error_at(err, KNOT_EINVAL, nowhere, "'%s': not a domain name", text);
	}
	*(knot_dname_t **)xadd(&jobs->names) = name;
	(void)add_job(jobs, NULL, name, values);
	return KNOT_EOK;
}

int jobs_make(jobs_t *jobs, options_t *options, config_t *config, char err[static ERROR_TEXT_MAX])
{
	memset(jobs, 0, sizeof(*jobs));
	values_t *values = options->config == NULL ? &options->values : NULL;
	if (options->policy != NULL) {
		values = config_policy(config, options->policy);
		if (values == NULL) {
			return error_at(err, KNOT_EINVAL, nowhere, "--policy '%s': there is no such "
			                "stanza of mod-mxguard in %s", options->policy,
			                options->config);
		}
	}
	if (options->config != NULL && options->operand_count == 0) {
		add_zones(jobs, options, config, values);
		return KNOT_EOK;
	}

	int ret = KNOT_EOK;
	for (size_t i = 0; i < options->operand_count && ret == KNOT_EOK; i++) {
		const char *operand = options->operands[i];
		if (options->axfr) {
			ret = add_name(jobs, operand, values, err);
		} else {
			(void)add_job(jobs, operand, options->origin, values);
		}
	}
	return ret;
}

/*! Finds the policy of a zone that no stanza is named for: that of the configuration, or the only
 *  one there is. */
static int find_policy(jobs_t *jobs, size_t i, const options_t *options, const config_t *config,
                       char *err)
{
	job_t *job = &jobs->list.at[i];
	const config_zone_t *zone = config_zone(config, job->zone->apex);
	if (zone != NULL && zone->policies.count > 0) {
		const char *path = job->path;
		const knot_dname_t *origin = job->origin;
		job->values = zone->policies.at[0];
		/* Standard input is there only once. */
		bool again = path == NULL || strcmp(path, "-") != 0;
		for (size_t k = 1; again && k < zone->policies.count; k++) {
			(void)add_job(jobs, path, origin, zone->policies.at[k]);
		}
		return KNOT_EOK;
	}
	if (config->policies.count == 1) {
		job->values = &config->policies.at[0];
		return KNOT_EOK;
	}

	knot_dname_txt_storage_t name;
	return config->policies.count == 0
	       ? error_at(err, KNOT_EINVAL, nowhere, "%s: there is no stanza of mod-mxguard",
	                  options->config)
	       : error_at(err, KNOT_EINVAL, nowhere, "%s: zone %s loads no mod-mxguard in %s: "
	                  "which stanza? Use --policy", job->zone->file,
	                  name_text(name, job->zone->apex), options->config);
}

int jobs_policy(jobs_t *jobs, size_t i, const options_t *options, const config_t *config,
                char err[static ERROR_TEXT_MAX])
{
	if (jobs->list.at[i].values == NULL) {
		int ret = find_policy(jobs, i, options, config, err);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}

	job_t *job = &jobs->list.at[i];
	char text[STANZA_TEXT_MAX] = "";
	int ret = xcheck_ret(stanza_policy(&job->policy, &job->values->stanza, job->zone->apex,
	                                   text));
	if (ret != KNOT_EOK) {
		knot_dname_txt_storage_t name;
		(void)values_error(job->values, text, err);
		size_t len = strlen(err);
		(void)snprintf(err + len, ERROR_TEXT_MAX - len, ", in zone %s",
		               name_text(name, job->zone->apex));
	}
	return ret;
}

void jobs_clear(jobs_t *jobs)
{
	for (size_t i = 0; i < jobs->list.count; i++) {
		job_t *job = &jobs->list.at[i];
		audit_clear(&job->audit);
		audit_clear(&job->live);
		stanza_policy_clear(&job->policy);
		zone_free(job->zone);
	}
	for (size_t i = 0; i < jobs->skips.count; i++) {
		free((char *)jobs->skips.at[i].zone);
		free((char *)jobs->skips.at[i].reason);
	}
	for (size_t i = 0; i < jobs->names.count; i++) {
		free(jobs->names.at[i]);
	}
	vec_free(&jobs->list);
	vec_free(&jobs->skips);
	vec_free(&jobs->names);
}
