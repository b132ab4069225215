/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The output as changes that fix the zones themselves as mode enforce fixes their answers: a script
 * for knsupdate(1), or zone-file lines to take out and to put in. The latter are not for patch(1):
 * a record may be written in many ways, and no line of the file is repeated here.
 *
 * Of one owner all removals go first: an update ignores an address beside a CNAME that is still
 * there (RFC 2136 3.4.2.2). An update is all or nothing, so a zone is one update if it fits.
 */

#include <stdlib.h>

#include <libknot/libknot.h>

#include "kmxcheck/print.h"

/* Octets of records in an update: where the next owner begins another one, and where even a
 * single owner's records are split. A message is no longer than 65535. */
#define UPDATE_FULL 40000
#define UPDATE_MAX 60000

#define RED "\033[31m"
#define GREEN "\033[32m"
#define PLAIN "\033[0m"

typedef struct {
	FILE *out;
	const audit_t *audit;
	record_text_t text;
	size_t octets; /* In the update so far; 0 if none is begun. */
} script_t;

static void send_update(script_t *script)
{
	if (script->octets > 0) {
		(void)fputs("send\n", script->out);
		script->octets = 0;
	}
}

static void begin_update(script_t *script)
{
	knot_dname_txt_storage_t name;
	(void)fprintf(script->out, "zone %s\n", name_text(name, script->audit->zone));
}

static void print_update_edit(script_t *script, const audit_edit_t *edit)
{
	/* Owner uncompressed, type, class, TTL and length before the data. */
	size_t octets = knot_dname_size(edit->owner) + 10 + edit->rdata->len;
	if (script->octets + octets > UPDATE_MAX) {
		send_update(script);
	}
	if (script->octets == 0) {
		begin_update(script);
	}
	script->octets += octets;
	print_record(&script->text, edit, true);
	(void)fprintf(script->out, "%s %s\n", edit->add ? "add" : "del", script->text.text);
}

static void print_updates(script_t *script)
{
	const audit_t *audit = script->audit;
	for (size_t i = 0, next; i < audit->edits.count; i = next) {
		next = print_same_owner(audit, i);
		if (script->octets > UPDATE_FULL) {
			send_update(script);
		}
		for (unsigned add = 0; add < 2; add++) {
			for (size_t j = i; j < next; j++) {
				if (audit->edits.at[j].add == add) {
					print_update_edit(script, &audit->edits.at[j]);
				}
			}
		}
	}
	send_update(script);
}

static void print_script_head(FILE *out, const output_t *output)
{
	(void)fputs("; Made by ", out);
	write_clean(out, output->program != NULL ? output->program : "kmxcheck");
	(void)fputs(". Takes records that lead mail to a proxy out of the zone, and puts in what\n"
	            "; mod-mxguard would answer. Read it, then: knsupdate FILE\n"
	            "; server 127.0.0.1 53\n", out);
}

void print_nsupdate(const output_t *output, FILE *out)
{
	script_t script = { .out = out };
	bool begun = false;
	for (size_t i = 0; i < output->zone_count; i++) {
		script.audit = output->zones[i].audit;
		if (script.audit->edits.count == 0) {
			continue;
		}
		if (!begun) {
			print_script_head(out, output);
			begun = true;
		}
		(void)fputc('\n', out);
		print_updates(&script);
	}
	free(script.text.text);
}

static void print_diff_head(FILE *out, const output_zone_t *zone)
{
	knot_dname_txt_storage_t name;
	const char *file = zone->file != NULL ? zone->file : name_text(name, zone->audit->zone);
	(void)fputs("--- ", out);
	write_clean(out, file);
	(void)fputs("\n+++ ", out);
	write_clean(out, file);
	(void)fputs(" (fixed)\n", out);
}

/* The changes of one owner: first what is to be taken out, then what is to be put in. */
static void print_diff_owner(const output_t *output, FILE *out, const audit_edit_t *edits,
                             size_t count, record_text_t *text)
{
	for (unsigned add = 0; add < 2; add++) {
		for (size_t i = 0; i < count; i++) {
			if (edits[i].add == add) {
				print_record(text, &edits[i], false);
				(void)fprintf(out, "%s%c%s%s\n",
				              !output->color ? "" : add ? GREEN : RED,
				              add ? '+' : '-', text->text,
				              output->color ? PLAIN : "");
			}
		}
	}
}

void print_diff(const output_t *output, FILE *out)
{
	record_text_t text = { 0 };
	for (size_t i = 0; i < output->zone_count; i++) {
		const audit_t *audit = output->zones[i].audit;
		if (audit->edits.count > 0) {
			print_diff_head(out, &output->zones[i]);
		}
		for (size_t j = 0, next; j < audit->edits.count; j = next) {
			next = print_same_owner(audit, j);
			print_diff_owner(output, out, audit->edits.at + j, next - j, &text);
		}
	}
	free(text.text);
}
