/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The output as a script for knsupdate(1), which mends the zones themselves as mode enforce mends
 * their answers.
 *
 * Of one owner all removals go first: an update ignores an address beside a CNAME that is still
 * there (RFC 2136 3.4.2.2). An update is all or nothing, so a zone is one update if it fits.
 */

#include <stdlib.h>

#include <libknot/libknot.h>

#include "kmxcheck/output.h"
#include "kmxcheck/print.h"

/* Octets of records in an update: where the next owner begins another one, and where even a
 * single owner's records are split. A message is no longer than 65535. */
#define UPDATE_FULL 40000
#define UPDATE_MAX 60000

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
	(void)fprintf(script->out, "zone %s\n", print_name(name, script->audit->zone));
}

/* Writes the removals or the additions among the edits of one owner. */
static int print_edits(script_t *script, const audit_edit_t *edits, size_t count, bool add)
{
	for (size_t i = 0; i < count; i++) {
		if (edits[i].add != add) {
			continue;
		}
		/* Owner uncompressed, type, class, TTL and length before the data. */
		size_t octets = knot_dname_size(edits[i].owner) + 10 + edits[i].rdata->len;
		if (script->octets + octets > UPDATE_MAX) {
			send_update(script);
		}
		if (script->octets == 0) {
			begin_update(script);
		}
		script->octets += octets;

		int ret = print_record(&script->text, &edits[i], true);
		if (ret != KNOT_EOK) {
			return ret;
		}
		(void)fprintf(script->out, "%s %s\n", add ? "add" : "del", script->text.text);
	}
	return KNOT_EOK;
}

static int print_zone(script_t *script)
{
	const audit_edit_t *edits = script->audit->edits;
	size_t count = script->audit->edit_count;
	for (size_t i = 0, next; i < count; i = next) {
		next = print_same_owner(script->audit, i);
		if (script->octets > UPDATE_FULL) {
			send_update(script);
		}
		int ret = print_edits(script, edits + i, next - i, false);
		if (ret == KNOT_EOK) {
			ret = print_edits(script, edits + i, next - i, true);
		}
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	send_update(script);
	return KNOT_EOK;
}

static void print_head(FILE *out, const output_t *output)
{
	(void)fputs("; Made by ", out);
	print_clean(out, output->program != NULL ? output->program : "kmxcheck");
	(void)fputs(". Takes records that lead mail to a proxy out of the zone, and puts in what\n"
	            "; mod-mxguard would answer. Read it, then: knsupdate FILE\n"
	            "; server 127.0.0.1 53\n", out);
}

int print_nsupdate(const output_t *output, FILE *out)
{
	script_t script = { .out = out };
	int ret = KNOT_EOK;
	bool begun = false;
	for (size_t i = 0; i < output->zone_count && ret == KNOT_EOK; i++) {
		script.audit = output->zones[i].audit;
		if (script.audit->edit_count == 0) {
			continue;
		}
		if (!begun) {
			print_head(out, output);
			begun = true;
		}
		(void)fputc('\n', out);
		ret = print_zone(&script);
	}
	free(script.text.text);
	return ret;
}
