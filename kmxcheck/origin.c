/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The origin of a zone that was not named: the owner of its SOA.
 */

#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "kmxcheck/zonedata.h"

#define SUFFIX ".zone"
/*! Ends a scan early. */
#define STOP 1

/*! What relative names are relative to while the origin is not known: no zone has such a name. */
static const knot_dname_t placeholder[] = { 1, 0xff, 0 };

static int find_soa(void *ctx, const record_t *record)
{
	knot_dname_t **apex = ctx;
	if (record->type != KNOT_RRTYPE_SOA) {
		return KNOT_EOK;
	}
	*apex = knot_dname_copy(record->owner, NULL);
	return *apex != NULL ? STOP : KNOT_ENOMEM;
}

/*! The origin from the name of the file. NULL: it is none, or there is no memory. */
static knot_dname_t *origin_of_file(const char *path)
{
	char *copy = strdup(path);
	if (copy == NULL) {
		return NULL;
	}
	char *base = basename(copy);
	size_t size = strlen(base), suffix = strlen(SUFFIX);
	if (size > suffix && strcmp(base + size - suffix, SUFFIX) == 0) {
		base[size - suffix] = '\0';
	}
	knot_dname_storage_t name;
	int ret = name_from_str(name, base, (const knot_dname_t *)"");
	free(copy);
	return ret == KNOT_EOK ? knot_dname_copy(name, NULL) : NULL;
}

int zone_find_origin(zone_t *zone, char err[static ZONE_ERR_MAX])
{
	int ret = source_scan(&zone->source, placeholder, find_soa, &zone->apex, err);
	if (ret == KNOT_EOK) {
		return source_error(err, KNOT_ESOAINVAL, zone->source.name, 0, "no SOA record");
	} else if (ret != STOP) {
		return ret == KNOT_ENOMEM ? source_error(err, ret, zone->source.name, 0,
		                                         "not enough memory") : ret;
	}
	if (knot_dname_in_bailiwick(zone->apex, placeholder) < 0) {
		return KNOT_EOK;
	}

	bool apex = knot_dname_is_equal(zone->apex, placeholder);
	knot_dname_free(zone->apex, NULL);
	zone->apex = apex && zone->source.is_file ? origin_of_file(zone->source.name) : NULL;
	if (zone->apex == NULL) {
		return source_error(err, KNOT_EINVAL, zone->source.name, 0,
		                    "no $ORIGIN before the SOA record, use --origin");
	}
	return KNOT_EOK;
}
