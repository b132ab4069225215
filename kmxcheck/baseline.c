/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Findings of an earlier report. What identifies a finding is put into a line of text (names and
 * types as text have no line breaks), and looked up among the lines of the report.
 */

#include <stdlib.h>
#include <string.h>

#include "kmxcheck/baseline.h"
#include "kmxcheck/file.h"
#include "kmxcheck/json_objects.h"
#include "kmxcheck/lang.h"
#include "kmxcheck/xalloc.h"

/*! The text of a member of an object; "" if there is none. */
static const char *member(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text != NULL ? text : "";
}

/*! The key of a finding as it is in a report. A finding about no address is identified by its
 *  network. */
static char *make_key(const char *zone, const char *server, const json_t *finding)
{
	bool address = json_is_string(json_object_get(finding, "address"));
	return xformat("%s\n%s\n%s\n%s\n%s\n%s\n%s", zone, server, member(finding, "rule"),
	               member(finding, "owner"), member(finding, "type"),
	               member(finding, "target"), member(finding, address ? "address" : "network"));
}

static int key_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_zone(baseline_t *baseline, const json_t *zone)
{
	const json_t *findings = json_object_get(zone, "findings");
	if (!json_is_string(json_object_get(zone, "zone")) || !json_is_array(findings)) {
		return false;
	}
	for (size_t i = 0; i < json_array_size(findings); i++) {
		const json_t *finding = json_array_get(findings, i);
		if (!json_is_string(json_object_get(finding, "rule"))) {
			return false;
		}
		*(char **)xadd(&baseline->keys) =
			make_key(member(zone, "zone"), member(zone, "server"), finding);
	}
	return true;
}

int baseline_read(baseline_t *baseline, const char *path, char err[static ERROR_TEXT_MAX])
{
	json_error_t error;
	source_pos_t pos = { .file = path };
	text_t text;
	int ret = file_read_option(path, &text, err);
	if (ret != KNOT_EOK) {
		return ret;
	}
	json_t *report = json_loadb(text.at, text.size, 0, &error);
	free(text.at);
	if (report == NULL) {
		char *clean = xcheck(clean_copy(error.text));
		pos.line = error.line > 0 ? (uint64_t)error.line : 0;
		(void)error_at(err, KNOT_EINVAL, pos, _("not a JSON report of kmxcheck (%s)"),
		               clean);
		free(clean);
		return KNOT_EINVAL;
	}
	const json_t *zones = json_object_get(report, "zones");
	bool fine = json_integer_value(json_object_get(report, "version")) == 1 &&
	            json_is_array(zones);
	for (size_t i = 0; fine && i < json_array_size(zones); i++) {
		fine = add_zone(baseline, json_array_get(zones, i));
	}
	json_decref(report);
	vec_sort(&baseline->keys, key_cmp);
	return fine ? KNOT_EOK
	            : error_at(err, KNOT_EINVAL, pos,
	                       _("not a JSON report of kmxcheck, version 1"));
}

void baseline_apply(const baseline_t *baseline, audit_t *audit, const char *server)
{
	knot_dname_txt_storage_t zone;
	(void)name_text(zone, audit->zone);
	for (size_t i = 0; baseline->keys.count > 0 && i < audit->findings.count; i++) {
		audit_finding_t *finding = &audit->findings.at[i];
		json_t *object = xcheck(json_object());
		put_text(object, "rule", audit_rules[finding->rule].name);
		put_record(object, finding, finding->has_network);
		char *key = make_key(zone, server != NULL ? server : "", object);
		finding->known = vec_find(&baseline->keys, &key, key_cmp) != NULL;
		free(key);
		json_decref(object);
	}
}
