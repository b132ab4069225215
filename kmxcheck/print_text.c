/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The output for people: zone by zone what is wrong, where, and how to fix it; at the end what to
 * do first.
 */

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "kmxcheck/lang.h"
#include "kmxcheck/print.h"
#include "kmxcheck/xalloc.h"

/* A longer owner pushes its own file out of the column, not those of all the others. */
#define OWNER_COLUMN_MAX 40

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

static const char *const guards[] = {
	[GUARD_NONE] = "",
	[GUARD_UNKNOWN] = N_("guarded or not would be the same here"),
	[GUARD_NO] = N_("not guarded"),
	[GUARD_YES] = N_("guarded"),
	[GUARD_PART] = N_("guarded in part, or with other data"),
	[GUARD_OTHER] = N_("another zone than the file"),
};

/* Columns of text in UTF-8, each character of which takes one. */
static size_t columns(const char *text, size_t size)
{
	size_t count = 0;
	for (size_t i = 0; i < size; i++) {
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	}
	return count;
}

static size_t width_of(const char *text)
{
	return columns(text, strlen(text));
}

/* Writes blanks behind a text up to the width of its column. */
static void pad(FILE *out, const char *text, size_t width)
{
	size_t size = width_of(text);
	(void)fprintf(out, "%*s", size < width ? (int)(width - size) : 0, "");
}

/* Writes text that begins in a column, with line breaks between words where the terminal ends, and
 * so many blanks before the lines that follow. */
static void write_words(FILE *out, const style_t *style, size_t column, size_t indent,
                        const char *text)
{
	char *clean = xcheck(clean_copy(text));
	for (const char *at = clean; *at != '\0';) {
		size_t blank = strspn(at, " "), word = strcspn(at + blank, " ");
		size_t wide = columns(at + blank, word);
		if (style->width > 0 && column + blank + wide > style->width && column > indent) {
			(void)fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
			at += blank;
			blank = 0;
		}
		(void)fwrite(at, 1, blank + word, out);
		column += blank + wide;
		at += blank + word;
	}
	free(clean);
}

static size_t severity_width(void)
{
	size_t error = width_of(_(severity_names[SEVERITY_ERROR]));
	size_t warning = width_of(_(severity_names[SEVERITY_WARNING]));
	return error > warning ? error : warning;
}

static void print_severity(FILE *out, const style_t *style, severity_t severity)
{
	const char *name = _(severity_names[severity]);
	(void)fprintf(out, "%s%s", style->severity[severity], name);
	pad(out, name, severity_width());
	(void)fputs(style->plain, out);
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
	for_each_shown(finding, audit) {
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
	const size_t indent = severity_width() + 4;

	(void)fputs("  ", out);
	print_severity(out, style, audit_rules[finding->rule].severity);
	(void)fprintf(out, "  %s%-*s%s  ", style->bold, width->rule,
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
		(void)fprintf(out, "  %s%s%s", style->dim, _("known"), style->plain);
	}
	(void)fprintf(out, "\n%*s", (int)indent, "");
	write_words(out, style, indent, indent, finding->message);
	if (finding->remedy != NULL) {
		const char *remedy = _("remedy:");
		(void)fprintf(out, "\n%*s%s%s%s ", (int)indent, "", style->dim, remedy,
		              style->plain);
		write_words(out, style, indent + width_of(remedy) + 1, indent, finding->remedy);
	}
	(void)fputc('\n', out);
}

/* Which server, and whether its answers show the module. */
static char *server_text(const output_zone_t *zone)
{
	const char *guard = zone->guard != GUARD_NONE ? _(guards[zone->guard]) : "";
	char *counts = zone->guard == GUARD_OTHER
	               ? xformat(_(" (serial %u, not %u)"), zone->audit->serial, zone->file_serial)
	               : zone->changes > 0
	               ? xformat(ngettext(" (%zu of %zu changes in its answers)",
	                                  " (%zu of %zu changes in its answers)", zone->changes),
	                         zone->seen, zone->changes)
	               : xstrdup("");
	bool named = zone->ns != NULL;
	char *server = xformat("%s%s%s%s", zone->server, named ? " (" : "", named ? zone->ns : "",
	                       named ? ")" : "");
	char *text = xformat(ngettext(" at %s: %s%s, %zu query", " at %s: %s%s, %zu queries",
	                              zone->queries), server, guard, counts, zone->queries);
	free(server);
	free(counts);
	return text;
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
		write_words(out, style, strlen(name), 4, text);
		(void)fputc('\n', out);
		free(text);
	} else {
		/* Always: which zone it is may be a guess. */
		(void)fprintf(out, ngettext(" serial %u, %zu record", " serial %u, %zu records",
		                            audit->records), audit->serial,
		              (size_t)audit->records);
		(void)fprintf(out, "%s\n", totals.zones_bad == 0 ? _(": nothing found") : "");
		if (totals.zones_bad == 0) {
			return;
		}
	}

	widths_t width = widths(audit);
	for_each_shown(finding, audit) {
		print_finding(out, style, &width, finding);
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
		(void)fprintf(out, "%7zu  ", totals->rules[order[i]]);
		print_severity(out, style, info->severity);
		(void)fprintf(out, "  %-18s  %s\n", info->name, _(info->summary));
	}

	const char *first = known_of(totals) == totals->errors + totals->warnings
	                    ? _("nothing of it is new; see to the rest when you can")
	                    : totals->errors > totals->known[SEVERITY_ERROR]
	                    ? _("fix the errors, they keep mail from arriving")
	                    : _("no mail is lost yet; see to the warnings");
	char *text = xformat(totals->edits > 0
	                     ? _("%s. kmxcheck --explain %s tells more, --diff shows the records "
	                         "to change.")
	                     : _("%s. kmxcheck --explain %s tells more."), first,
	                     audit_rules[order[0]].name);
	const char *label = _("first:");
	(void)fprintf(out, "%s%s%s ", style->bold, label, style->plain);
	write_words(out, style, width_of(label) + 1, 2, text);
	(void)fputc('\n', out);
	free(text);
}

/* Writes a number in words, which are formats for it, as for ngettext(). */
__attribute__((format(printf, 2, 0), format(printf, 3, 0)))
static void print_count(FILE *out, const char *one, const char *many, size_t count)
{
	(void)fprintf(out, ngettext(one, many, count), count);
}

static void print_closing(FILE *out, const style_t *style, const output_t *output)
{
	output_totals_t totals;
	output_count(output, &totals);

	for (size_t i = 0; i < output->skip_count; i++) {
		char *text = xformat(_("skipped %s: %s"), output->skips[i].zone,
		                     output->skips[i].reason);
		write_clean(out, text);
		(void)fputc('\n', out);
		free(text);
	}

	print_count(out, "%zu zone", "%zu zones", totals.zones);
	if (output->server_count > 1) {
		print_count(out, " at %zu server", " at %zu servers", output->server_count);
	}
	(void)fputs(totals.zones_bad == 0 ? _(": nothing found") : _(": "), out);
	if (totals.errors > 0) {
		(void)fputs(style->severity[SEVERITY_ERROR], out);
		print_count(out, "%zu error", "%zu errors", totals.errors);
		(void)fputs(style->plain, out);
	}
	if (totals.warnings > 0) {
		(void)fprintf(out, "%s%s", totals.errors > 0 ? ", " : "",
		              style->severity[SEVERITY_WARNING]);
		print_count(out, "%zu warning", "%zu warnings", totals.warnings);
		(void)fputs(style->plain, out);
	}
	if (totals.zones_bad > 0 && totals.zones > 1) {
		print_count(out, " in %zu of them", " in %zu of them", totals.zones_bad);
	}
	if (known_of(&totals) > 0) {
		print_count(out, ", %zu known", ", %zu known", known_of(&totals));
	}
	if (totals.ignored > 0) {
		print_count(out, ", %zu ignored", ", %zu ignored", totals.ignored);
	}
	if (output->skip_count > 0) {
		print_count(out, ", %zu skipped", ", %zu skipped", output->skip_count);
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
