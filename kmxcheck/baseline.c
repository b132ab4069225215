/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Findings that were there before. What identifies one is put into a line of text (names and types
 * as text have no line breaks), and looked up among those of the report.
 */

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "kmxcheck/baseline.h"
#include "kmxcheck/file.h"
#include "kmxcheck/lang.h"
#include "kmxcheck/xalloc.h"

static const char *if_any(const char *text)
{
	return text != NULL ? text : "";
}

/*! A finding's key; NULL is what does not apply. Of a finding about no address, its network. */
static char *make_key(const char *zone, const char *server, const char *rule, const char *owner,
                      const char *type, const char *target, const char *address,
                      const char *network)
{
	return xformat("%s\n%s\n%s\n%s\n%s\n%s\n%s", if_any(zone), if_any(server), if_any(rule),
	               if_any(owner), if_any(type), if_any(target),
	               address != NULL ? address : if_any(network));
}

static int key_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static const char *member(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool add_zone(baseline_t *baseline, const json_t *zone)
{
	const json_t *findings = json_object_get(zone, "findings");
	const char *name = member(zone, "zone"), *server = member(zone, "server");
	if (name == NULL || !json_is_array(findings)) {
		return false;
	}
	for (size_t i = 0; i < json_array_size(findings); i++) {
		const json_t *finding = json_array_get(findings, i);
		const char *rule = member(finding, "rule");
		if (rule == NULL) {
			return false;
		}
		*(char **)xadd(&baseline->keys) =
			make_key(name, server, rule, member(finding, "owner"),
			         member(finding, "type"), member(finding, "target"),
			         member(finding, "address"), member(finding, "network"));
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
	knot_dname_txt_storage_t zone, owner, target;
	(void)name_text(zone, audit->zone);
	for (size_t i = 0; baseline->keys.count > 0 && i < audit->findings.count; i++) {
		audit_finding_t *finding = &audit->findings.at[i];
		char type[TYPE_TEXT_MAX], address[ADDRESS_TEXT_MAX], network[NET_TEXT_MAX];
		char *key = make_key(zone, server, audit_rules[finding->rule].name,
		                     name_text(owner, finding->owner),
		                     finding->type != 0 ? type_text(type, finding->type) : NULL,
		                     name_text(target, finding->target),
		                     finding->family == 0 ? NULL :
		                     address_text(address, finding->family, finding->address),
		                     finding->has_network ? net_to_str(&finding->network, network)
		                                          : NULL);
		finding->known = vec_find(&baseline->keys, &key, key_cmp) != NULL;
		free(key);
	}
}
