/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The output for programs (doc/kmxcheck.schema.json). One line for each finding, and one object in
 * memory at a time, for there may be very many.
 */

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <libknot/libknot.h>

#include "kmxcheck/output.h"
#include "kmxcheck/print.h"

static const char *const guards[] = {
	[GUARD_NONE] = NULL,
	[GUARD_UNKNOWN] = "unknown",
	[GUARD_NO] = "no",
	[GUARD_YES] = "yes",
	[GUARD_PART] = "part",
};

/* Adds a text; NULL is a key that does not apply. */
static int put_text(json_t *object, const char *key, const char *text)
{
	if (text == NULL) {
		return 0;
	}
	char *clean = print_clean_copy(text);
	if (clean == NULL) {
		return -1;
	}
	int ret = json_object_set_new(object, key, json_string(clean));
	free(clean);
	return ret;
}

static int put_name(json_t *object, const char *key, const knot_dname_t *name)
{
	knot_dname_txt_storage_t text;
	return name == NULL ? 0 : put_text(object, key, print_name(text, name));
}

static int put_number(json_t *object, const char *key, uint64_t number)
{
	return json_object_set_new(object, key, json_integer((json_int_t)number));
}

static json_t *finding_object(const audit_finding_t *finding)
{
	const audit_rule_info_t *info = &audit_rules[finding->rule];
	char type[TYPE_TEXT_MAX], address[ADDRESS_TEXT_MAX], network[NET_TEXT_MAX];

	json_t *object = json_object();
	int bad = object == NULL;
	bad = bad || put_text(object, "rule", info->name);
	bad = bad || put_text(object, "severity",
	                      info->severity == SEVERITY_ERROR ? "error" : "warning");
	bad = bad || put_name(object, "owner", finding->owner);
	bad = bad || put_text(object, "type",
	                      finding->type != 0 ? print_type(type, finding->type) : NULL);
	bad = bad || put_name(object, "target", finding->target);
	bad = bad || put_text(object, "address", finding->family == 0 ? NULL :
	                      print_address(address, finding->family, finding->address));
	bad = bad || put_text(object, "network",
	                      finding->has_network ? net_to_str(&finding->network, network) : NULL);
	bad = bad || put_text(object, "file", finding->file);
	bad = bad || (finding->line > 0 && put_number(object, "line", finding->line));
	bad = bad || put_text(object, "message", finding->message);
	bad = bad || put_text(object, "remedy", finding->remedy);
	if (bad) {
		json_decref(object);
		return NULL;
	}
	return object;
}

/* Writes an object. With open set its closing brace is left out, for more to follow. */
static int dump(FILE *out, json_t *object, bool open)
{
	char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(object);
	if (text == NULL) {
		return KNOT_ENOMEM;
	}
	size_t length = strlen(text);
	(void)fwrite(text, 1, open ? length - 1 : length, out);
	free(text);
	return KNOT_EOK;
}

static json_t *zone_object(const output_zone_t *zone)
{
	json_t *object = json_object();
	int bad = object == NULL;
	bad = bad || put_name(object, "zone", zone->audit->zone);
	bad = bad || put_number(object, "serial", zone->audit->serial);
	bad = bad || put_number(object, "records", zone->audit->records);
	if (zone->server != NULL) {
		bad = bad || put_text(object, "server", zone->server);
		bad = bad || put_text(object, "guarded", guards[zone->guard]);
		bad = bad || put_number(object, "changes", zone->changes);
		bad = bad || put_number(object, "seen", zone->seen);
		bad = bad || put_number(object, "queries", zone->queries);
	}
	if (bad) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static int print_zone(FILE *out, const output_zone_t *zone)
{
	int ret = dump(out, zone_object(zone), true);
	(void)fputs(",\"findings\":[", out);
	const char *before = "\n";
	for (size_t i = 0; i < zone->audit->finding_count && ret == KNOT_EOK; i++) {
		if (zone->audit->findings[i].ignored) {
			continue;
		}
		(void)fputs(before, out);
		before = ",\n";
		ret = dump(out, finding_object(&zone->audit->findings[i]), false);
	}
	(void)fputs("]}", out);
	return ret;
}

/* Zones that were left out, if any. */
static int print_skips(FILE *out, const output_t *output)
{
	int ret = KNOT_EOK;
	for (size_t i = 0; i < output->skip_count && ret == KNOT_EOK; i++) {
		json_t *object = json_object();
		if (object == NULL || put_text(object, "zone", output->skips[i].zone) != 0 ||
		    put_text(object, "reason", output->skips[i].reason) != 0) {
			json_decref(object);
			return KNOT_ENOMEM;
		}
		(void)fputs(i == 0 ? ",\"skipped\":[\n" : ",\n", out);
		ret = dump(out, object, false);
	}
	if (output->skip_count > 0) {
		(void)fputc(']', out);
	}
	return ret;
}

int print_json(const output_t *output, FILE *out)
{
	output_totals_t totals;
	output_count(output, &totals);

	int ret = KNOT_EOK;
	(void)fputs("{\"version\":1,\"zones\":[", out);
	for (size_t i = 0; i < output->zone_count && ret == KNOT_EOK; i++) {
		(void)fputs(i == 0 ? "\n" : ",\n", out);
		ret = print_zone(out, &output->zones[i]);
	}
	(void)fprintf(out, "],\"errors\":%zu,\"warnings\":%zu", totals.errors, totals.warnings);
	if (totals.ignored > 0) {
		(void)fprintf(out, ",\"ignored\":%zu", totals.ignored);
	}
	if (ret == KNOT_EOK) {
		ret = print_skips(out, output);
	}
	(void)fputs("}\n", out);
	return ret;
}
