/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The output for code review: SARIF 2.1.0 (OASIS), so that findings are shown at the lines of zone
 * files. One line for each finding, and one object in memory at a time, for there may be very many.
 */

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "kmxcheck/json_objects.h"
#include "kmxcheck/print.h"
#include "kmxcheck/xalloc.h"

#define SCHEMA "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/" \
	"sarif-schema-2.1.0.json"

static void print_rule(FILE *out, audit_rule_t rule)
{
	const audit_rule_info_t *info = &audit_rules[rule];
	put_out(out, json_pack("{s:s, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}}", "id", info->name,
	                       "shortDescription", "text", info->summary,
	                       "fullDescription", "text", info->explain,
	                       "help", "text", info->explain,
	                       "defaultConfiguration",
	                       "level", severity_names[info->severity]), false);
}

/* The name of a file as a URI (RFC 3986): relative as it is, or with a scheme. For free(). */
static char *uri_of(const char *file)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-._~/"
	                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	while (strncmp(file, "./", 2) == 0) {
		file += 2 + strspn(file + 2, "/");
	}
	static const char scheme[] = "file://";
	char *uri = xcalloc(sizeof(scheme) + 3 * strlen(file), 1);
	char *end = file[0] == '/' ? stpcpy(uri, scheme) : uri;
	for (; *file != '\0'; file++) {
		if (strchr(plain, *file) != NULL) {
			*end++ = *file;
		} else {
			end += sprintf(end, "%%%02X", (uint8_t)*file);
		}
	}
	return uri;
}

/* Where it is: at a line if one is known, or else at the first one of the zone's file. */
static json_t *location_of(const output_zone_t *zone, const audit_finding_t *finding)
{
	const char *file = finding->pos.file != NULL ? finding->pos.file : zone->file;
	const knot_dname_t *owner = finding->owner != NULL ? finding->owner : zone->audit->zone;
	const json_int_t line = finding->pos.line > 0 ? (json_int_t)finding->pos.line : 1;
	json_t *physical = NULL;
	knot_dname_txt_storage_t name;
	if (file != NULL) {
		char *uri = uri_of(file);
		physical = xcheck(json_pack("{s:{s:s}, s:{s:I}}", "artifactLocation", "uri", uri,
		                            "region", "startLine", line));
		free(uri);
	}
	return json_pack("[{s:o*, s:[{s:s}]}]", "physicalLocation", physical, "logicalLocations",
	                 "fullyQualifiedName", name_text(name, owner));
}

/* What makes a finding the same one in another run, whatever its line. */
static void put_identity(json_t *result, const output_zone_t *zone, const audit_finding_t *finding)
{
	json_t *object = json_object();
	put(result, "properties", object);
	put_name(object, "zone", zone->audit->zone);
	put_text(object, "server", zone->server);
	put_record(object, finding, finding->family == 0 && finding->has_network);
	char *print = xcheck(json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER));
	put(result, "partialFingerprints", json_pack("{s:s}", "record/v1", print));
	free(print);
}

static void print_result(FILE *out, const output_t *output, const output_zone_t *zone,
                         const audit_finding_t *finding)
{
	char *message = xcheck(clean_copy(finding->message));
	char *remedy = finding->remedy != NULL ? xcheck(clean_copy(finding->remedy)) : NULL;
	char *text = remedy != NULL ? xformat("%s\nRemedy: %s", message, remedy) : xstrdup(message);
	const audit_rule_info_t *info = &audit_rules[finding->rule];
	const char *state = finding->known ? "unchanged" : "new";
	json_t *object = xcheck(json_pack("{s:s, s:i, s:s, s:{s:s}, s:s*, s:o}",
	                                  "ruleId", info->name,
	                                  "ruleIndex", (int)finding->rule,
	                                  "level", severity_names[info->severity],
	                                  "message", "text", text,
	                                  "baselineState", output->baseline ? state : NULL,
	                                  "locations", location_of(zone, finding)));
	free(text);
	free(remedy);
	free(message);
	put_identity(object, zone, finding);
	put_out(out, object, false);
}

/* The zones themselves, whether anything was found or not: which ones they are may be a guess. */
static void print_zone_names(FILE *out, const output_t *output)
{
	for (size_t i = 0; i < output->zone_count; i++) {
		const output_zone_t *zone = &output->zones[i];
		json_t *object = xcheck(json_object());
		put_name(object, "zone", zone->audit->zone);
		put_text(object, "server", zone->server);
		put_number(object, "serial", zone->audit->serial);
		put_number(object, "records", zone->audit->records);
		(void)fputs(i == 0 ? "\n" : ",\n", out);
		put_out(out, object, false);
	}
}

void print_sarif(const output_t *output, FILE *out)
{
	(void)fputs("{\"$schema\":\"" SCHEMA "\",\"version\":\"2.1.0\",\"runs\":[\n"
	            "{\"tool\":{\"driver\":{\"name\":\"kmxcheck\",\"version\":\"" PACKAGE_VERSION
	            "\",\"rules\":[\n", out);
	for (audit_rule_t rule = 0; rule < AUDIT_RULE_COUNT; rule++) {
		(void)fputs(rule > 0 ? ",\n" : "", out);
		print_rule(out, rule);
	}
	(void)fputs("]}},\"results\":[", out);
	const char *before = "\n";
	for (size_t i = 0; i < output->zone_count; i++) {
		for_each_shown(finding, output->zones[i].audit) {
			(void)fputs(before, out);
			before = ",\n";
			print_result(out, output, &output->zones[i], finding);
		}
	}
	(void)fprintf(out, "],\"invocations\":[{\"executionSuccessful\":%s}],"
	              "\"properties\":{\"zones\":[", output->incomplete ? "false" : "true");
	print_zone_names(out, output);
	(void)fputs("]}}]}\n", out);
}
