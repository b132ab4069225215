/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The output for programs (doc/kmxcheck.schema.json). One line for each finding, and one object in
 * memory at a time, for there may be very many.
 */

#include "kmxcheck/json_objects.h"
#include "kmxcheck/print.h"
#include "kmxcheck/xalloc.h"

static const char *const guards[] = {
	[GUARD_NONE] = NULL,
	[GUARD_UNKNOWN] = "unknown",
	[GUARD_NO] = "no",
	[GUARD_YES] = "yes",
	[GUARD_PART] = "part",
	[GUARD_OTHER] = "unknown",
};

static void print_finding(FILE *out, const audit_finding_t *finding)
{
	const audit_rule_info_t *info = &audit_rules[finding->rule];
	json_t *object = xcheck(json_object());
	put_text(object, "rule", info->name);
	put_text(object, "severity", severity_names[info->severity]);
	put_record(object, finding, finding->has_network);
	put_text(object, "file", finding->pos.file);
	if (finding->pos.line > 0) {
		put_number(object, "line", finding->pos.line);
	}
	put_text(object, "message", finding->message);
	put_text(object, "remedy", finding->remedy);
	if (finding->known) {
		put(object, "known", json_true());
	}
	put_out(out, object, false);
}

static void print_zone(FILE *out, const output_zone_t *zone)
{
	json_t *object = xcheck(json_object());
	put_name(object, "zone", zone->audit->zone);
	put_number(object, "serial", zone->audit->serial);
	put_number(object, "records", zone->audit->records);
	if (zone->server != NULL) {
		put_text(object, "server", zone->server);
		put_text(object, "ns", zone->ns);
		if (zone->guard == GUARD_OTHER) {
			put_number(object, "file_serial", zone->file_serial);
		}
		put_text(object, "guarded", guards[zone->guard]);
		put_number(object, "changes", zone->changes);
		put_number(object, "seen", zone->seen);
		put_number(object, "queries", zone->queries);
	}
	put_out(out, object, true);

	(void)fputs(",\"findings\":[", out);
	const char *before = "\n";
	for_each_shown(finding, zone->audit) {
		(void)fputs(before, out);
		before = ",\n";
		print_finding(out, finding);
	}
	(void)fputs("]}", out);
}

static void print_skips(FILE *out, const output_t *output)
{
	for (size_t i = 0; i < output->skip_count; i++) {
		json_t *object = xcheck(json_object());
		put_text(object, "zone", output->skips[i].zone);
		put_text(object, "reason", output->skips[i].reason);
		(void)fputs(i == 0 ? ",\"skipped\":[\n" : ",\n", out);
		put_out(out, object, false);
	}
	if (output->skip_count > 0) {
		(void)fputc(']', out);
	}
}

void print_json(const output_t *output, FILE *out)
{
	output_totals_t totals;
	output_count(output, &totals);

	(void)fputs("{\"version\":1,\"zones\":[", out);
	for (size_t i = 0; i < output->zone_count; i++) {
		(void)fputs(i == 0 ? "\n" : ",\n", out);
		print_zone(out, &output->zones[i]);
	}
	(void)fprintf(out, "],\"errors\":%zu,\"warnings\":%zu", totals.errors, totals.warnings);
	size_t known = totals.known[SEVERITY_ERROR] + totals.known[SEVERITY_WARNING];
	if (known > 0) {
		(void)fprintf(out, ",\"known\":%zu", known);
	}
	if (totals.ignored > 0) {
		(void)fprintf(out, ",\"ignored\":%zu", totals.ignored);
	}
	print_skips(out, output);
	(void)fputs("}\n", out);
}
