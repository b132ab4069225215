/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The audit of a zone: for each rule a zone that breaks it and one that nearly does, with exact
 * findings and edits; and of all of them, that the edits fix the zone as the module repairs its
 * answers.
 */

#undef NDEBUG

#include <assert.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kmxcheck/reply.h"
#include "tests/unit/lib/fixture_audit.h"

#define FILES_MAX 128

static char folder[1024];
static char paths[FILES_MAX][2048];
static size_t path_count;

/* What the comments of the file say is found. */
static void expected_text(char out[static AUDIT_FIXTURE_TEXT_MAX], const char *path)
{
	char line[2048];
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	out[0] = '\0';
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, ";! find ", 8) == 0 || strncmp(line, ";! edit ", 8) == 0) {
			strcat(out, line);
		}
	}
	(void)fclose(file);
}

static void test_findings(void **state)
{
	(void)state;
	char expected[AUDIT_FIXTURE_TEXT_MAX], got[AUDIT_FIXTURE_TEXT_MAX];
	size_t wrong = 0;
	for (size_t i = 0; i < path_count; i++) {
		audit_fixture_t fixture;
		audit_fixture_open(&fixture, paths[i]);
		audit_fixture_text(got, &fixture);
		expected_text(expected, paths[i]);
		if (strcmp(got, expected) != 0) {
			fprintf(stderr, "%s\n-- expected --\n%s-- got --\n%s\n", paths[i], expected,
			        got);
			wrong++;
		}
		audit_fixture_clear(&fixture);
	}
	assert_int_equal(wrong, 0);
}

/* Each rule has a zone of its name that breaks it, and one beside it that does not. */
static void test_every_rule(void **state)
{
	(void)state;
	for (audit_rule_t rule = 0; rule < AUDIT_RULE_COUNT; rule++) {
		for (int nearly = 0; nearly < 2; nearly++) {
			char path[2048];
			bool found = false;
			audit_fixture_t fixture;
			(void)snprintf(path, sizeof(path), "%s/%s%s.zone", folder,
			               audit_rules[rule].name, nearly ? "-nearly" : "");
			audit_fixture_open(&fixture, path);
			for (size_t i = 0; i < fixture.audit.findings.count; i++) {
				found |= fixture.audit.findings.at[i].rule == rule;
			}
			if (found == nearly) {
				print_error("%s\n", path);
			}
			assert_int_equal(found, !nearly);
			audit_fixture_clear(&fixture);
		}
	}
}

/* The answer section of a response as the module would send it, or as it is without a verdict.
 * Without TTL: in the zone a record keeps that it had, in answers it is limited. */
static void answer_text(char out[static AUDIT_FIXTURE_TEXT_MAX], const policy_response_t *response,
                        const policy_verdict_t *verdict)
{
	const knot_rrset_t *rrsets[64];
	const knot_dname_t *owners[64];
	size_t count = 0;
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		if (item->section == KNOT_ANSWER && item->edit != EDIT_DROP) {
			assert_true(count < 60);
			rrsets[count] = item->edit == EDIT_REPLACE ? item->with : item->rrset;
			owners[count++] = item->owner;
		}
	}
	for (size_t i = 0; verdict != NULL && i < verdict->add_count; i++) {
		if (verdict->add[i].section == KNOT_ANSWER) {
			rrsets[count] = verdict->add[i].rrset;
			owners[count] = rrsets[count]->owner;
			count++;
		}
	}
	out[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		knot_dname_txt_storage_t name;
		char type[16], data[4096];
		(void)knot_dname_to_str(name, owners[i], sizeof(name));
		(void)knot_rrtype_to_string(rrsets[i]->type, type, sizeof(type));
		for (uint16_t j = 0; j < rrsets[i]->rrs.count; j++) {
			assert_true(knot_rrset_txt_dump_data(rrsets[i], j, data, sizeof(data),
			                                     &KNOT_DUMP_STYLE_DEFAULT) >= 0);
			size_t used = strlen(out);
			(void)snprintf(out + used, AUDIT_FIXTURE_TEXT_MAX - used, "%s %s %s\n",
			               name, type, data);
		}
	}
}

static void check_query(audit_fixture_t *before, audit_fixture_t *after, const knot_dname_t *name,
                        uint16_t type)
{
	static char guarded[AUDIT_FIXTURE_TEXT_MAX], fixed[AUDIT_FIXTURE_TEXT_MAX];
	reply_t old, new;
	policy_verdict_t verdict;
	bool answered = reply_make(&old, before->list[0], name, type);
	(void)reply_make(&new, after->list[0], name, type);
	if (answered) {
		assert_int_equal(policy_judge(&before->policy, zone_lookup, before->list[0],
		                              &old.response, &verdict, NULL), KNOT_EOK);
		answer_text(guarded, &old.response, &verdict);
		answer_text(fixed, &new.response, NULL);
		if (strcmp(guarded, fixed) != 0) {
			knot_dname_txt_storage_t text;
			print_error("%s %u\n", knot_dname_to_str(text, name, sizeof(text)), type);
		}
		assert_string_equal(guarded, fixed);
		policy_verdict_clear(&old.response, &verdict);
	}
	reply_clear(&old);
	reply_clear(&new);
}

/* The fixed zone answers without the module what the zone as it is answers with it: to whoever
 * follows its mail, so to MX and SRV of owners and to A and AAAA of what these lead to. */
static void check_same_answers(audit_fixture_t *before, audit_fixture_t *after)
{
	zone_t *zone = before->list[0];
	for (size_t i = 0; i < zone->owners.count; i++) {
		check_query(before, after, zone->owners.at[i], KNOT_RRTYPE_MX);
		check_query(before, after, zone->owners.at[i], KNOT_RRTYPE_SRV);
	}
	for (size_t i = 0; i < after->audit.edges.count; i++) {
		const knot_dname_t *to = after->audit.edges.at[i].to;
		if (to != NULL && name_in_zone(to, zone->apex)) {
			check_query(before, after, to, KNOT_RRTYPE_A);
			check_query(before, after, to, KNOT_RRTYPE_AAAA);
		}
	}
}

/* The rules that the module knows, too, and repairs. */
static bool is_fixed(const audit_fixture_t *before, const audit_finding_t *finding)
{
	bool guarded = finding->target != NULL &&
	               !knot_dname_is_equal(finding->target, before->policy.exchange);
	return finding->rule == AUDIT_PROXIED_HOST || finding->rule == AUDIT_PROXIED_ALIAS ||
	       finding->rule == AUDIT_PROXIED_TARGET ||
	       (finding->rule == AUDIT_MISSING_TARGET && !guarded);
}

static void test_fixing(void **state)
{
	(void)state;
	char text[AUDIT_FIXTURE_TEXT_MAX];
	for (size_t i = 0; i < path_count; i++) {
		audit_fixture_t before, after;
		audit_fixture_open(&before, paths[i]);
		/* What only another zone tells can't be fixed here, nor what is below a DNAME or
		 * would lead to a delegation; what is marked is the vendor's to switch. The alias
		 * of a service is fixed in another form. */
		if (before.count > 1 || strstr(paths[i], "-dname") != NULL ||
		    strstr(paths[i], "exchange-delegated") != NULL ||
		    strstr(paths[i], "marked") != NULL ||
		    strstr(paths[i], "srv-alias") != NULL) {
			audit_fixture_clear(&before);
			continue;
		}
		size_t size;
		char *fixed = audit_fixture_fixed(&before, paths[i], &size);
		audit_fixture_open_text(&after, &before, fixed, size);
		free(fixed);
		audit_fixture_text(text, &after);
		size_t wrong = after.audit.edits.count;
		for (size_t j = 0; j < after.audit.findings.count; j++) {
			wrong += is_fixed(&before, &after.audit.findings.at[j]);
		}
		if (wrong > 0) {
			fprintf(stderr, "%s, fixed:\n%s", paths[i], text);
		}
		assert_int_equal(wrong, 0);
		check_same_answers(&before, &after);
		audit_fixture_clear(&after);
		audit_fixture_clear(&before);
	}
}

static int path_cmp(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int find_files(void **state)
{
	(void)state;
	const char *source = getenv("MXGUARD_SRCDIR");
	(void)snprintf(folder, sizeof(folder), "%s/tests/data/audit",
	               source != NULL ? source : ".");
	DIR *dir = opendir(folder);
	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		size_t size = strlen(entry->d_name);
		if (size > 5 && strcmp(entry->d_name + size - 5, ".zone") == 0) {
			assert_true(path_count < FILES_MAX);
			(void)snprintf(paths[path_count++], sizeof(paths[0]), "%s/%.256s", folder,
			               entry->d_name);
		}
	}
	(void)closedir(dir);
	qsort(paths, path_count, sizeof(paths[0]), path_cmp);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_every_rule),
		cmocka_unit_test(test_fixing),
	};
	return cmocka_run_group_tests(tests, find_files, NULL);
}
