/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What there is to do: from operands, or from the zones of a configuration.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmxcheck/catalog.h"
#include "kmxcheck/jobs.h"

#define NO_MEMORY(err) setup_error(err, (place_t){ 0 }, "%s", knot_strerror(KNOT_ENOMEM))

/*! Room for one more: doubled at powers of two, so that many cost no more than few. */
static void *grow(void *at, size_t count, size_t size)
{
	if (count != 0 && (count & (count - 1)) != 0) {
		return at;
	}
	return realloc(at, (count == 0 ? 1 : 2 * count) * size);
}

static int add_job(jobs_t *jobs, const char *path, const knot_dname_t *origin, setup_t *setup,
                   char *err)
{
	job_t *at = grow(jobs->at, jobs->count, sizeof(*at));
	if (at == NULL) {
		return NO_MEMORY(err);
	}
	jobs->at = at;
	at[jobs->count++] = (job_t){ .path = path, .origin = origin, .setup = setup };
	return KNOT_EOK;
}

static int add_skip(jobs_t *jobs, const knot_dname_t *zone, const char *reason, const char *more,
                    char *err)
{
	size_t size = strlen(reason) + strlen(more) + 1;
	char *name = knot_dname_to_str_alloc(zone), *text = malloc(size);
	output_skip_t *skips = grow(jobs->skips, jobs->skip_count, sizeof(*skips));
	if (skips != NULL) {
		jobs->skips = skips;
	}
	if (name == NULL || text == NULL || skips == NULL) {
		free(name);
		free(text);
		return NO_MEMORY(err);
	}
	(void)snprintf(text, size, "%s%s", reason, more);
	skips[jobs->skip_count].zone = name;
	skips[jobs->skip_count++].reason = text;
	return KNOT_EOK;
}

/*! Where members of a catalog go. */
typedef struct {
	jobs_t *jobs;
	const config_t *config;
	const char *catalog; /*!< Name, as text. */
	char *err;
} members_t;

static int add_member(void *ctx, const knot_dname_t *member)
{
	const members_t *to = ctx;
	return (config_zone(to->config, member) == NULL)
	       ? add_skip(to->jobs, member, "member of the catalog ", to->catalog, to->err)
	       : KNOT_EOK; /* What is configured is no member for knotd either. */
}

/*! What the server knows of a catalog may differ from its file: it is listed, no more. */
static int add_catalog(jobs_t *jobs, const config_zone_t *zone, const config_t *config, char *err)
{
	int ret = add_skip(jobs, zone->name, zone->skip, "", err);
	if (ret != KNOT_EOK) {
		return ret;
	}
	members_t to = { jobs, config, jobs->skips[jobs->skip_count - 1].zone, err };
	(void)catalog_members(zone->file, zone->name, add_member, &to);
	return KNOT_EOK;
}

/*! A zone of the configuration. */
static int add_zone(jobs_t *jobs, const config_zone_t *zone, const setup_t *only, bool axfr,
                    char *err)
{
	if (zone->skip != NULL) {
		return add_skip(jobs, zone->name, zone->skip, "", err);
	}
	bool any = false;
	for (size_t i = 0; i < zone->setup_count; i++) {
		if (only != NULL && zone->setups[i] != only) {
			continue;
		}
		int ret = add_job(jobs, axfr ? NULL : zone->file, zone->name, zone->setups[i], err);
		if (ret != KNOT_EOK) {
			return ret;
		}
		jobs->at[jobs->count - 1].configured = true;
		any = true;
	}
	return any ? KNOT_EOK
	           : add_skip(jobs, zone->name, "does not load mod-mxguard/", only->id, err);
}

static int add_zones(jobs_t *jobs, const options_t *options, const config_t *config,
                     const setup_t *only, char *err)
{
	int ret = KNOT_EOK;
	for (size_t i = 0; i < config->zone_count && ret == KNOT_EOK; i++) {
		const config_zone_t *zone = &config->zones[i];
		ret = zone->catalog ? add_catalog(jobs, zone, config, err)
		                    : add_zone(jobs, zone, only, options->axfr, err);
	}
	return ret;
}

bool jobs_skip(jobs_t *jobs, size_t i)
{
	char err[SETUP_ERR_MAX];
	job_t *job = &jobs->at[i];
	job->skipped = job->configured && job->path != NULL && access(job->path, F_OK) != 0 &&
	               (errno == ENOENT || errno == ENOTDIR) &&
	               add_skip(jobs, job->origin, "has no zone file ", job->path, err) == KNOT_EOK;
	return job->skipped;
}

int jobs_left(const jobs_t *jobs, const char *config, char err[static SETUP_ERR_MAX])
{
	for (size_t i = 0; i < jobs->count; i++) {
		if (!jobs->at[i].skipped) {
			return KNOT_EOK;
		}
	}
	const output_skip_t *first = jobs->skips;
	return (jobs->skip_count == 0)
	       ? setup_error(err, (place_t){ 0 }, "%s: there is no zone to audit", config)
	       : setup_error(err, (place_t){ 0 }, "%s: there is no zone to audit: %s %s%s", config,
	                     first->zone, first->reason,
	                     jobs->skip_count > 1 ? ", and so on" : "");
}

/*! Names of zones to be transferred. */
static int add_name(jobs_t *jobs, const char *text, setup_t *setup, char *err)
{
	knot_dname_t *name = setup_dname(text);
	if (name == NULL) {
		return setup_error(err, (place_t){ 0 }, "'%s': not a domain name", text);
	}
	knot_dname_t **names = grow(jobs->names, jobs->name_count, sizeof(*names));
	if (names == NULL) {
		free(name);
		return NO_MEMORY(err);
	}
	jobs->names = names;
	names[jobs->name_count++] = name;
	return add_job(jobs, NULL, name, setup, err);
}

int jobs_make(jobs_t *jobs, options_t *options, config_t *config, char err[static SETUP_ERR_MAX])
{
	memset(jobs, 0, sizeof(*jobs));
	setup_t *setup = (options->config == NULL) ? &options->setup : NULL;
	if (options->policy != NULL) {
		setup = config_setup(config, options->policy);
		if (setup == NULL) {
			return setup_error(err, (place_t){ 0 }, "--policy '%s': there is no such "
			                   "stanza of mod-mxguard in %s", options->policy,
			                   options->config);
		}
	}
	if (options->config != NULL && options->operand_count == 0) {
		return add_zones(jobs, options, config, setup, err);
	}

	int ret = KNOT_EOK;
	for (size_t i = 0; i < options->operand_count && ret == KNOT_EOK; i++) {
		const char *operand = options->operands[i];
		ret = options->axfr ? add_name(jobs, operand, setup, err)
		                    : add_job(jobs, operand, options->origin, setup, err);
	}
	return ret;
}

/*! A zone that no stanza is named for: that of the configuration, or the only one there is. */
static int find_setup(jobs_t *jobs, size_t i, const options_t *options, const config_t *config,
                      char *err)
{
	const knot_dname_t *apex = zone_apex(jobs->at[i].zone);
	const config_zone_t *zone = config_zone(config, apex);
	if (zone != NULL && zone->setup_count > 0) {
		jobs->at[i].setup = zone->setups[0];
		/* Standard input is there only once. */
		bool again = (jobs->at[i].path == NULL || strcmp(jobs->at[i].path, "-") != 0);
		int ret = KNOT_EOK;
		for (size_t k = 1; again && k < zone->setup_count && ret == KNOT_EOK; k++) {
			ret = add_job(jobs, jobs->at[i].path, jobs->at[i].origin, zone->setups[k],
			              err);
		}
		return ret;
	}
	if (config->setup_count == 1) {
		jobs->at[i].setup = &config->setups[0];
		return KNOT_EOK;
	}

	knot_dname_txt_storage_t name;
	(void)knot_dname_to_str(name, apex, sizeof(name));
	return (config->setup_count == 0)
	       ? setup_error(err, (place_t){ 0 }, "%s: there is no stanza of mod-mxguard",
	                     options->config)
	       : setup_error(err, (place_t){ 0 }, "%s: zone %s loads no mod-mxguard in %s: which "
	                     "stanza? Use --policy", zone_file(jobs->at[i].zone), name,
	                     options->config);
}

int jobs_policy(jobs_t *jobs, size_t i, const options_t *options, const config_t *config,
                char err[static SETUP_ERR_MAX])
{
	if (jobs->at[i].setup == NULL) {
		int ret = find_setup(jobs, i, options, config, err);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}

	job_t *job = &jobs->at[i];
	char text[STANZA_TEXT_MAX] = "";
	int ret = stanza_policy(&job->policy, &job->setup->stanza, zone_apex(job->zone), text);
	if (ret == KNOT_EINVAL && text[0] != '\0') {
		knot_dname_txt_storage_t name;
		(void)knot_dname_to_str(name, zone_apex(job->zone), sizeof(name));
		(void)setup_stanza_error(job->setup, text, err);
		size_t len = strlen(err);
		(void)snprintf(err + len, SETUP_ERR_MAX - len, ", in zone %s", name);
	} else if (ret != KNOT_EOK) {
		(void)NO_MEMORY(err);
	}
	return ret;
}

void jobs_clear(jobs_t *jobs)
{
	for (size_t i = 0; i < jobs->count; i++) {
		job_t *job = &jobs->at[i];
		audit_clear(&job->audit);
		audit_clear(&job->live);
		stanza_policy_clear(&job->policy);
		zone_free(job->zone);
	}
	for (size_t i = 0; i < jobs->skip_count; i++) {
		free((char *)jobs->skips[i].zone);
		free((char *)jobs->skips[i].reason);
	}
	for (size_t i = 0; i < jobs->name_count; i++) {
		free(jobs->names[i]);
	}
	free(jobs->at);
	free(jobs->skips);
	free(jobs->names);
	memset(jobs, 0, sizeof(*jobs));
}
