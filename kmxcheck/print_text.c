/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The output for people: zone by zone what is wrong, where, and how to fix it; at the end what to
 * do first.
 */

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "kmxcheck/print.h"
#include "kmxcheck/xalloc.h"

/* A longer owner pushes its own file out of the column, not those of all the others. */
#define OWNER_COLUMN_MAX 40

#define INDENT "           "

/* Escape sequences, or nothing at all. */
typedef struct {
	const char *severity[2];
	const char *bold;
	const char *dim;
	const char *plain;
	size_t width;  /* Columns of the terminal; 0: not one, lines are not broken. */
} style_t;

static const style_t colored = {
	.severity = { [SEVERITY_WARNING] = "\033[33m", [SEVERITY_ERROR] = "\033[1;31m" },
	.bold = "\033[1m",
	.dim = "\033[2m",
	.plain = "\033[0m",
};
static const style_t uncolored = { { "", "" }, "", "", "", 0 };

static const char *const severity_names[] = {
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_ERROR] = "error",
};

static const char *const guards[] = {
	[GUARD_NONE] = "",
	[GUARD_UNKNOWN] = "guarded or not would be the same here",
	[GUARD_NO] = "not guarded",
	[GUARD_YES] = "guarded",
	[GUARD_PART] = "guarded in part, or with other data",
	[GUARD_OTHER] = "another zone than the file",
};

/* "s" unless the count is 1. */
static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

/* Writes text that begins in a column, with line breaks between words where the terminal ends. */
static void write_words(FILE *out, const style_t *style, size_t column, const char *indent,
                        const char *text)
{
	char *clean = xcheck(clean_copy(text));
	for (const char *at = clean; *at != '\0';) {
		size_t blank = strspn(at, " "), word = strcspn(at + blank, " ");
		if (style->width > 0 && column + blank + word > style->width &&
		    column > strlen(indent)) {
			(void)fprintf(out, "\n%s", indent);
			column = strlen(indent);
			at += blank;
			blank = 0;
		}
		(void)fwrite(at, 1, blank + word, out);
		column += blank + word;
		at += blank + word;
	}
	free(clean);
}

/* Widths of the columns of a zone. */
typedef struct {
	int rule;
	int owner;
} widths_t;

/* "mail.example.com. A", which is what a finding is about. Its length. */
static int owner_text(char *buf, size_t size, const audit_finding_t *finding)
{
	knot_dname_txt_storage_t name;
	char type[TYPE_TEXT_MAX] = "";
	if (finding->type != 0) {
		(void)type_text(type, finding->type);
	}
	return snprintf(buf, size, "%s%s%s", name_text(name, finding->owner),
	                type[0] != '\0' && finding->owner != NULL ? " " : "", type);
}

static widths_t widths(const audit_t *audit)
{
	widths_t out = { 0, 0 };
	for (size_t i = 0; i < audit->findings.count; i++) {
		const audit_finding_t *finding = &audit->findings.at[i];
		if (finding->ignored) {
			continue;
		}
		char owner[sizeof(knot_dname_txt_storage_t) + TYPE_TEXT_MAX];
		int length = owner_text(owner, sizeof(owner), finding);
		if (length <= OWNER_COLUMN_MAX && length > out.owner) {
			out.owner = length;
		}
		length = (int)strlen(audit_rules[finding->rule].name);
		if (length > out.rule) {
			out.rule = length;
		}
	}
	return out;
}

static void print_finding(FILE *out, const style_t *style, const widths_t *width,
                          const audit_finding_t *finding)
{
	char owner[sizeof(knot_dname_txt_storage_t) + TYPE_TEXT_MAX];
	(void)owner_text(owner, sizeof(owner), finding);
	severity_t severity = audit_rules[finding->rule].severity;

	(void)fprintf(out, "  %s%-7s%s  %s%-*s%s  ", style->severity[severity],
	              severity_names[severity], style->plain, style->bold, width->rule,
	              audit_rules[finding->rule].name, style->plain);
	if (finding->pos.file != NULL) {
		(void)fprintf(out, "%-*s  %s", width->owner, owner, style->dim);
		write_clean(out, finding->pos.file);
		if (finding->pos.line > 0) {
			(void)fprintf(out, ":%llu", (unsigned long long)finding->pos.line);
		}
		(void)fputs(style->plain, out);
	} else {
		(void)fputs(owner, out);
	}
	if (finding->known) {
		(void)fprintf(out, "  %sknown%s", style->dim, style->plain);
	}
	(void)fputs("\n" INDENT, out);
	write_words(out, style, strlen(INDENT), INDENT, finding->message);
	if (finding->remedy != NULL) {
		(void)fprintf(out, "\n" INDENT "%sremedy:%s ", style->dim, style->plain);
		write_words(out, style, strlen(INDENT "remedy: "), INDENT, finding->remedy);
	}
	(void)fputc('\n', out);
}

/* Which server, and what its answers tell of it. */
static char *server_text(const output_zone_t *zone)
{
	char counts[96] = "";
	if (zone->guard == GUARD_OTHER) {
		(void)snprintf(counts, sizeof(counts), " (serial %u, not %u)", zone->audit->serial,
		               zone->file_serial);
	} else if (zone->changes > 0) {
		(void)snprintf(counts, sizeof(counts), " (%zu of %zu changes in its answers)",
		               zone->seen, zone->changes);
	}
	bool named = zone->ns != NULL;
	return xformat(" at %s%s%s%s: %s%s, %zu quer%s", zone->server, named ? " (" : "",
	               named ? zone->ns : "", named ? ")" : "", guards[zone->guard], counts,
	               zone->queries, zone->queries == 1 ? "y" : "ies");
}

static void print_zone(FILE *out, const style_t *style, const output_t *output, size_t number)
{
	const output_zone_t *zone = &output->zones[number];
	const audit_t *audit = zone->audit;
	output_totals_t totals;
	output_count(&(output_t){ .zones = zone, .zone_count = 1 }, &totals);

	knot_dname_txt_storage_t name;
	(void)fprintf(out, "%s%s%s", style->bold, name_text(name, audit->zone), style->plain);
	if (zone->server != NULL) {
		char *text = server_text(zone);
		write_words(out, style, strlen(name), "    ", text);
		(void)fputc('\n', out);
		free(text);
	} else {
		/* Always: which zone it is may be a guess. */
		(void)fprintf(out, " serial %u, %llu record%s%s\n", audit->serial,
		              (unsigned long long)audit->records, plural(audit->records),
		              totals.zones_bad == 0 ? ": nothing found" : "");
		if (totals.zones_bad == 0) {
			return;
		}
	}

	widths_t width = widths(audit);
	for (size_t i = 0; i < audit->findings.count; i++) {
		if (!audit->findings.at[i].ignored) {
			print_finding(out, style, &width, &audit->findings.at[i]);
		}
	}
	if (totals.zones_bad > 0 || print_new_zone(output, number + 1)) {
		(void)fputc('\n', out);
	}
}

/* Errors before warnings, the most frequent before the rest, else as in the contract. */
static size_t sort_rules(const output_totals_t *totals, audit_rule_t order[AUDIT_RULE_COUNT])
{
	size_t count = 0;
	for (audit_rule_t rule = 0; rule < AUDIT_RULE_COUNT; rule++) {
		if (totals->rules[rule] == 0) {
			continue;
		}
		size_t at = count++;
		for (; at > 0; at--) {
			audit_rule_t other = order[at - 1];
			severity_t a = audit_rules[rule].severity, b = audit_rules[other].severity;
			if (a < b || (a == b && totals->rules[rule] <= totals->rules[other])) {
				break;
			}
			order[at] = other;
		}
		order[at] = rule;
	}
	return count;
}

static size_t known_of(const output_totals_t *totals)
{
	return totals->known[SEVERITY_ERROR] + totals->known[SEVERITY_WARNING];
}

static void print_advice(FILE *out, const style_t *style, const output_totals_t *totals)
{
	audit_rule_t order[AUDIT_RULE_COUNT];
	size_t count = sort_rules(totals, order);
	for (size_t i = 0; i < count; i++) {
		const audit_rule_info_t *info = &audit_rules[order[i]];
		(void)fprintf(out, "%7zu  %s%-7s%s  %-16s  %s\n", totals->rules[order[i]],
		              style->severity[info->severity], severity_names[info->severity],
		              style->plain, info->name, info->summary);
	}

	const char *first = known_of(totals) == totals->errors + totals->warnings
	                    ? "nothing of it is new; see to the rest when you can"
	                    : totals->errors > totals->known[SEVERITY_ERROR]
	                    ? "fix the errors, they keep mail from arriving"
	                    : "no mail is lost yet; see to the warnings";
	char *text = xformat("%s. kmxcheck --explain %s tells more%s.", first,
	                     audit_rules[order[0]].name, totals->edits > 0
	                     ? ", --diff shows the records to change" : "");
	(void)fprintf(out, "%sfirst:%s ", style->bold, style->plain);
	write_words(out, style, strlen("first: "), "  ", text);
	(void)fputc('\n', out);
	free(text);
}

static void print_closing(FILE *out, const style_t *style, const output_t *output)
{
	output_totals_t totals;
	output_count(output, &totals);

	for (size_t i = 0; i < output->skip_count; i++) {
		(void)fputs("skipped ", out);
		write_clean(out, output->skips[i].zone);
		(void)fputs(": ", out);
		write_clean(out, output->skips[i].reason);
		(void)fputc('\n', out);
	}

	(void)fprintf(out, "%zu zone%s", totals.zones, plural(totals.zones));
	if (output->server_count > 1) {
		(void)fprintf(out, " at %zu servers", output->server_count);
	}
	(void)fputs(": ", out);
	if (totals.errors > 0) {
		(void)fprintf(out, "%s%zu error%s%s", style->severity[SEVERITY_ERROR],
		              totals.errors, plural(totals.errors), style->plain);
	}
	if (totals.warnings > 0) {
		(void)fprintf(out, "%s%s%zu warning%s%s", totals.errors > 0 ? ", " : "",
		              style->severity[SEVERITY_WARNING], totals.warnings,
		              plural(totals.warnings), style->plain);
	}
	if (totals.zones_bad == 0) {
		(void)fputs("nothing found", out);
	} else if (totals.zones > 1) {
		(void)fprintf(out, " in %zu of them", totals.zones_bad);
	}
	if (known_of(&totals) > 0) {
		(void)fprintf(out, ", %zu known", known_of(&totals));
	}
	if (totals.ignored > 0) {
		(void)fprintf(out, ", %zu ignored", totals.ignored);
	}
	if (output->skip_count > 0) {
		(void)fprintf(out, ", %zu skipped", output->skip_count);
	}
	(void)fputc('\n', out);

	if (totals.zones_bad > 0) {
		print_advice(out, style, &totals);
	}
}

void print_text(const output_t *output, FILE *out)
{
	style_t style = output->color ? colored : uncolored;
	style.width = output->width;
	for (size_t i = 0; i < output->zone_count; i++) {
		print_zone(out, &style, output, i);
	}
	print_closing(out, &style, output);
}
