/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Output: which format, the sums of a run, and what the formats share.
 */

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "kmxcheck/print.h"
#include "kmxcheck/xalloc.h"

static const struct {
	const char *name;
	void (*print)(const output_t *, FILE *);
} formats[FORMAT_COUNT] = {
	[FORMAT_TEXT] = { "text", print_text },
	[FORMAT_JSON] = { "json", print_json },
	[FORMAT_SARIF] = { "sarif", print_sarif },
	[FORMAT_DOT] = { "dot", print_dot },
	[FORMAT_NSUPDATE] = { "nsupdate", print_nsupdate },
	[FORMAT_KNOTC] = { "knotc", print_knotc },
	[FORMAT_DIFF] = { NULL, print_diff },
};

format_t output_format(const char *name)
{
	format_t format = 0;
	while (format < FORMAT_COUNT &&
	       (formats[format].name == NULL || strcmp(formats[format].name, name) != 0)) {
		format++;
	}
	return format;
}

bool output_is_report(format_t format)
{
	return format == FORMAT_JSON || format == FORMAT_SARIF;
}

bool print_new_zone(const output_t *output, size_t i)
{
	const output_zone_t *zone = &output->zones[i];
	return i == 0 || i == output->zone_count || zone->server == NULL ||
	       zone[-1].server == NULL ||
	       !knot_dname_is_equal(zone->audit->zone, zone[-1].audit->zone);
}

void output_count(const output_t *output, output_totals_t *totals)
{
	*totals = (output_totals_t){ 0 };
	for (size_t i = 0, first_bad = 0; i < output->zone_count; i++) {
		const audit_t *audit = output->zones[i].audit;
		if (print_new_zone(output, i)) {
			first_bad = totals->zones_bad;
			totals->zones++;
		}
		size_t before = totals->errors + totals->warnings;
		for (size_t j = 0; j < audit->findings.count; j++) {
			const audit_finding_t *finding = &audit->findings.at[j];
			if (finding->ignored) {
				totals->ignored++;
				continue;
			}
			severity_t severity = audit_rules[finding->rule].severity;
			totals->rules[finding->rule]++;
			totals->known[severity] += finding->known;
			if (severity == SEVERITY_ERROR) {
				totals->errors++;
			} else {
				totals->warnings++;
			}
		}
		if (totals->errors + totals->warnings > before) {
			totals->zones_bad = first_bad + 1;
		}
		totals->edits += output->unfixable ? 0 : audit->edits.count;
	}
}

char *output_text(const output_t *output, format_t format, size_t *size)
{
	char *text = NULL;
	FILE *out = xcheck(open_memstream(&text, size));
	formats[format].print(output, out);
	xdone(ferror(out) == 0);
	xdone(fclose(out) == 0);
	return text;
}

void write_clean(FILE *out, const char *text)
{
	char *clean = xcheck(clean_copy(text));
	(void)fputs(clean, out);
	free(clean);
}
