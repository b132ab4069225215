/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The output as changes that fix the zones themselves as mode enforce fixes their answers: a script
 * for knsupdate(1), one for sh(1) that calls knotc(8), or zone-file lines to take out and to put
 * in. The latter are not for patch(1): a record may be written in many ways, and no line of the
 * file is repeated here.
 */

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "kmxcheck/print.h"
#include "kmxcheck/xalloc.h"

/* Octets of records in an update: where the next owner begins another one, and where even a
 * single owner's records are split. A message is no longer than 65535. */
#define UPDATE_FULL 40000
#define UPDATE_MAX 60000

#define RED "\033[31m"
#define GREEN "\033[32m"
#define PLAIN "\033[0m"

/* What the formats write to; other members are for one of them. */
typedef struct {
	FILE *out;
	const output_t *output;
	const output_zone_t *zone;
	char *text;       /* A record, in room that grows. */
	size_t text_size;
	size_t octets;    /* nsupdate: in the update so far; 0 if none is begun. */
} script_t;

/* The record of an edit as a zone-file line, without line break. Borrowed until the next call. */
static const char *record_text(script_t *script, const audit_edit_t *edit, bool with_class)
{
	knot_rrset_t rrset;
	knot_dump_style_t style = KNOT_DUMP_STYLE_DEFAULT;
	style.show_class = with_class;
	knot_rrset_init(&rrset, edit->owner, edit->type, KNOT_CLASS_IN, edit->ttl);
	rrset.rrs = (knot_rdataset_t){ .count = 1, .rdata = edit->rdata,
	                               .size = (uint32_t)knot_rdata_size(edit->rdata->len) };
	if (script->text == NULL) {
		script->text_size = 512;
		script->text = xcalloc(1, script->text_size);
	}
	/* It fails only without memory. */
	xdone(knot_rrset_txt_dump(&rrset, &script->text, &script->text_size, &style) >= 0);
	script->text[strcspn(script->text, "\n")] = '\0';
	return script->text;
}

/* The same, the data only. */
static const char *data_text(script_t *script, const audit_edit_t *edit)
{
	const char *text = record_text(script, edit, false);
	for (unsigned words = 0; words < 3; words++) { /* Behind owner, TTL and type. */
		text += strcspn(text, " \t");
		text += strspn(text, " \t");
	}
	return text;
}

typedef void (*edit_f)(script_t *script, const audit_edit_t *edit, bool new_owner);

static size_t same_owner(const audit_t *audit, size_t i)
{
	size_t end = i + 1;
	while (end < audit->edits.count &&
	       knot_dname_is_equal(audit->edits.at[i].owner, audit->edits.at[end].owner)) {
		end++;
	}
	return end;
}

/* Writes the edits of a zone. Of one owner all removals go first: an update ignores an address
 * beside a CNAME that is still there (RFC 2136 3.4.2.2). */
static void print_edits(script_t *script, edit_f print)
{
	const audit_t *audit = script->zone->audit;
	for (size_t i = 0, next; i < audit->edits.count; i = next) {
		bool new_owner = true;
		next = same_owner(audit, i);
		for (unsigned add = 0; add < 2; add++) {
			for (size_t j = i; j < next; j++) {
				if (audit->edits.at[j].add == add) {
					print(script, &audit->edits.at[j], new_owner);
					new_owner = false;
				}
			}
		}
	}
}

/* Zone by zone: the head once, before the first zone that has to be changed. */
static void print_zones(const output_t *output, FILE *out, void (*head)(const output_t *, FILE *),
                        void (*print)(script_t *))
{
	script_t script = { .out = out, .output = output };
	for (size_t i = 0; i < output->zone_count; i++) {
		script.zone = &output->zones[i];
		if (script.zone->audit->edits.count == 0) {
			continue;
		}
		if (head != NULL) {
			head(output, out);
			head = NULL;
		}
		print(&script);
	}
	free(script.text);
}

static void print_made_by(FILE *out, const char *comment)
{
	(void)fprintf(out, "%s Made by kmxcheck " PACKAGE_VERSION ". Takes records that lead mail "
	              "to a proxy out of the zones, and puts\n"
	              "%s in what mod-mxguard would answer. ",
	              comment, comment);
}

/* nsupdate. An update is all or nothing, so a zone is one update if it fits. */

static void send_update(script_t *script)
{
	if (script->octets > 0) {
		(void)fputs("send\n", script->out);
		script->octets = 0;
	}
}

static void print_update_edit(script_t *script, const audit_edit_t *edit, bool new_owner)
{
	/* Owner uncompressed, type, class, TTL and length before the data. */
	size_t octets = knot_dname_size(edit->owner) + 10 + edit->rdata->len;
	if (script->octets + octets > UPDATE_MAX || (new_owner && script->octets > UPDATE_FULL)) {
		send_update(script);
	}
	if (script->octets == 0) {
		knot_dname_txt_storage_t name;
		(void)fprintf(script->out, "zone %s\n", name_text(name, script->zone->audit->zone));
	}
	script->octets += octets;
	(void)fprintf(script->out, "%s %s\n", edit->add ? "add" : "del",
	              record_text(script, edit, true));
}

static void print_update(script_t *script)
{
	(void)fputc('\n', script->out);
	print_edits(script, print_update_edit);
	send_update(script);
}

static void print_update_head(const output_t *output, FILE *out)
{
	print_made_by(out, ";");
	(void)fputs("Read it, then: knsupdate FILE\n", out);
	if (output->server != NULL) {
		size_t address = strcspn(output->server, "@");
		(void)fprintf(out, "server %.*s %s\n", (int)address, output->server,
		              output->server + address + 1);
	} else {
		(void)fputs("; Where does the server listen? Fill it in, without the semicolon:\n"
		            "; server 127.0.0.1 53\n", out);
	}
}

void print_nsupdate(const output_t *output, FILE *out)
{
	print_zones(output, out, print_update_head, print_update);
}

/* knotc */

/* Writes a word of a command, such that the shell takes it as it is. */
static void print_word(FILE *out, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_:/@,+"
	                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	if (text[0] != '\0' && text[strspn(text, plain)] == '\0') {
		(void)fputs(text, out);
		return;
	}
	(void)fputc('\'', out);
	for (; *text != '\0'; text++) {
		(void)fputs(*text == '\'' ? "'\\'" : "", out);
		(void)fputc(*text, out);
	}
	(void)fputc('\'', out);
}

static void print_command(script_t *script, const char *command)
{
	knot_dname_txt_storage_t name;
	(void)fprintf(script->out, "knotc %s ", command);
	print_word(script->out, name_text(name, script->zone->audit->zone));
}

static void print_knotc_edit(script_t *script, const audit_edit_t *edit, bool new_owner)
{
	knot_dname_txt_storage_t owner;
	char type[TYPE_TEXT_MAX];
	(void)new_owner;
	print_command(script, edit->add ? "zone-set" : "zone-unset");
	(void)fputc(' ', script->out);
	print_word(script->out, name_text(owner, edit->owner));
	if (edit->add) {
		(void)fprintf(script->out, " %u", edit->ttl);
	}
	(void)fprintf(script->out, " %s ", type_text(type, edit->type));
	print_word(script->out, data_text(script, edit));
	(void)fputc('\n', script->out);
}

static void print_transaction(script_t *script)
{
	(void)fputc('\n', script->out);
	print_command(script, "zone-begin");
	(void)fputc('\n', script->out);
	print_edits(script, print_knotc_edit);
	print_command(script, "zone-commit");
	(void)fputc('\n', script->out);
}

static void print_knotc_head(const output_t *output, FILE *out)
{
	(void)fputs("#!/bin/sh\n", out);
	print_made_by(out, "#");
	(void)fputs("Read it, then: sh FILE\n"
	            "# Each zone is one transaction. If a step fails, nothing of it is done, and\n"
	            "# the script ends.\n"
	            "# Where zonefile-sync is not -1, Knot DNS then writes the zone file itself,\n"
	            "# without comments and $INCLUDE.\n"
	            "\n", out);
	if (output->control == NULL) {
		(void)fputs("# Where is the control socket? Fill it in if knotc needs to be told: "
		            "knotc -s SOCKET\n", out);
	}
	(void)fputs("control() {\n"
	            "\tsaid=$(command knotc", out);
	if (output->control != NULL) {
		(void)fputs(" -s ", out);
		print_word(out, output->control);
	}
	(void)fputs(" \"$@\") && return\n"
	            "\tprintf '%s\\n' \"$said\" >&2\n"
	            "\treturn 1\n"
	            "}\n"
	            "\n"
	            "zone='' signal=''\n"
	            "trap 'signal=1' HUP INT TERM\n"
	            "\n"
	            "stop() {\n"
	            "\tif [ -n \"$zone\" ]; then\n"
	            "\t\tcontrol zone-abort \"$zone\"\n"
	            "\t\tprintf '%s\\n' \"$zone is as it was\" >&2\n"
	            "\tfi\n"
	            "\texit 1\n"
	            "}\n"
	            "\n"
	            "knotc() {\n"
	            "\tcontrol \"$@\" || stop\n"
	            "\tcase $1 in\n"
	            "\tzone-begin) zone=$2 ;;\n"
	            "\tzone-commit) zone='' ;;\n"
	            "\tesac\n"
	            "\t[ -z \"$signal\" ] || stop\n"
	            "}\n", out);
}

void print_knotc(const output_t *output, FILE *out)
{
	print_zones(output, out, print_knotc_head, print_transaction);
}

/* diff */

static void print_diff_edit(script_t *script, const audit_edit_t *edit, bool new_owner)
{
	bool color = script->output->color;
	(void)new_owner;
	(void)fprintf(script->out, "%s%c%s%s\n", !color ? "" : edit->add ? GREEN : RED,
	              edit->add ? '+' : '-', record_text(script, edit, false), color ? PLAIN : "");
}

static void print_diff_zone(script_t *script)
{
	const output_zone_t *zone = script->zone;
	knot_dname_txt_storage_t name;
	const char *file = zone->file != NULL ? zone->file : name_text(name, zone->audit->zone);
	(void)fputs("--- ", script->out);
	write_clean(script->out, file);
	(void)fputs("\n+++ ", script->out);
	write_clean(script->out, file);
	(void)fputs(" (fixed)\n", script->out);
	print_edits(script, print_diff_edit);
}

void print_diff(const output_t *output, FILE *out)
{
	print_zones(output, out, NULL, print_diff_zone);
}
