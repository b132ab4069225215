/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The output as zone-file lines to take out and to put in. Not for patch(1): a record may be
 * written in many ways, and no line of the file is repeated here.
 */

#include <stdlib.h>

#include <libknot/libknot.h>

#include "kmxcheck/output.h"
#include "kmxcheck/print.h"

#define RED "\033[31m"
#define GREEN "\033[32m"
#define PLAIN "\033[0m"

static void print_head(FILE *out, const output_zone_t *zone)
{
	knot_dname_txt_storage_t name;
	const char *file = zone->file != NULL ? zone->file : print_name(name, zone->audit->zone);
	(void)fputs("--- ", out);
	print_clean(out, file);
	(void)fputs("\n+++ ", out);
	print_clean(out, file);
	(void)fputs(" (mended)\n", out);
}

/* Writes the removals or the additions among some edits. */
static int print_edits(const output_t *output, FILE *out, const audit_edit_t *edits, size_t count,
                       bool add, record_text_t *text)
{
	for (size_t i = 0; i < count; i++) {
		if (edits[i].add != add) {
			continue;
		}
		int ret = print_record(text, &edits[i], false);
		if (ret != KNOT_EOK) {
			return ret;
		}
		(void)fprintf(out, "%s%c%s%s\n", !output->color ? "" : add ? GREEN : RED,
		              add ? '+' : '-', text->text, output->color ? PLAIN : "");
	}
	return KNOT_EOK;
}

int print_diff(const output_t *output, FILE *out)
{
	record_text_t text = { 0 };
	int ret = KNOT_EOK;
	for (size_t i = 0; i < output->zone_count && ret == KNOT_EOK; i++) {
		const audit_t *audit = output->zones[i].audit;
		if (audit->edit_count > 0) {
			print_head(out, &output->zones[i]);
		}
		for (size_t j = 0, next; j < audit->edit_count && ret == KNOT_EOK; j = next) {
			next = print_same_owner(audit, j);
			ret = print_edits(output, out, audit->edits + j, next - j, false, &text);
			if (ret == KNOT_EOK) {
				ret = print_edits(output, out, audit->edits + j, next - j, true,
				                  &text);
			}
		}
	}
	free(text.text);
	return ret;
}
