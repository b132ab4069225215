/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The audit of a zone: for each rule a zone that breaks it and one that nearly does, with exact
 * findings and edits; and of all of them, that the edits mend the zone as the module mends its
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
#include "tests/unit/auditing.h"

#define FILES_MAX 128

static char folder[1024];
static char paths[FILES_MAX][2048];
static size_t path_count;

/* What the comments of the file say is found. */
static void expected_text(char out[static AUDITING_TEXT_MAX], const char *path)
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
	char expected[AUDITING_TEXT_MAX], got[AUDITING_TEXT_MAX];
	size_t wrong = 0;
	for (size_t i = 0; i < path_count; i++) {
		auditing_t auditing;
		auditing_open(&auditing, paths[i]);
		auditing_text(got, &auditing);
		expected_text(expected, paths[i]);
		if (strcmp(got, expected) != 0) {
			fprintf(stderr, "%s\n-- expected --\n%s-- got --\n%s\n", paths[i], expected,
			        got);
			wrong++;
		}
		auditing_clear(&auditing);
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
			auditing_t auditing;
			(void)snprintf(path, sizeof(path), "%s/%s%s.zone", folder,
			               audit_rules[rule].name, nearly ? "-nearly" : "");
			auditing_open(&auditing, path);
			for (size_t i = 0; i < auditing.audit.finding_count; i++) {
				found |= auditing.audit.findings[i].rule == rule;
			}
			if (found == nearly) {
				print_error("%s\n", path);
			}
			assert_int_equal(found, !nearly);
			auditing_clear(&auditing);
		}
	}
}

/* The answer section of a response as the module would send it, or as it is without a verdict. */
static void answer_text(char out[static AUDITING_TEXT_MAX], const policy_response_t *response,
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
			(void)snprintf(out + used, AUDITING_TEXT_MAX - used, "%s %u %s %s\n", name,
			               rrsets[i]->ttl, type, data);
		}
	}
}

static void check_query(auditing_t *before, auditing_t *after, const knot_dname_t *name,
                        uint16_t type)
{
	static char guarded[AUDITING_TEXT_MAX], mended[AUDITING_TEXT_MAX];
	reply_t old, new;
	policy_verdict_t verdict;
	assert_int_equal(reply_make(&old, zone_apex(before->list[0]), zone_lookup, before->list[0],
	                            name, type), KNOT_EOK);
	assert_int_equal(reply_make(&new, zone_apex(after->list[0]), zone_lookup, after->list[0],
	                            name, type), KNOT_EOK);
	if (!old.referral) {
		assert_int_equal(policy_judge(&before->policy, zone_lookup, before->list[0],
		                              &old.response, &verdict, NULL), KNOT_EOK);
		answer_text(guarded, &old.response, &verdict);
		answer_text(mended, &new.response, NULL);
		if (strcmp(guarded, mended) != 0) {
			knot_dname_txt_storage_t text;
			print_error("%s %u\n", knot_dname_to_str(text, name, sizeof(text)), type);
		}
		assert_string_equal(guarded, mended);
		policy_verdict_clear(&old.response, &verdict);
	}
	reply_clear(&old);
	reply_clear(&new);
}

/* The mended zone answers without the module what the zone as it is answers with it: to whoever
 * follows its mail, so to MX and SRV of owners and to A and AAAA of what these lead to. */
static void check_same_answers(auditing_t *before, auditing_t *after)
{
	zone_t *zone = before->list[0];
	for (size_t i = 0; i < zone_owner_count(zone); i++) {
		check_query(before, after, zone_owner(zone, i), KNOT_RRTYPE_MX);
		check_query(before, after, zone_owner(zone, i), KNOT_RRTYPE_SRV);
	}
	for (size_t i = 0; i < after->audit.edge_count; i++) {
		const knot_dname_t *to = after->audit.edges[i].to;
		if (to != NULL && name_in_zone(to, zone_apex(zone))) {
			check_query(before, after, to, KNOT_RRTYPE_A);
			check_query(before, after, to, KNOT_RRTYPE_AAAA);
		}
	}
}

/* The rules that the module knows, too, and mends. */
static bool is_mended(const auditing_t *before, const audit_finding_t *finding)
{
	bool guarded = finding->target != NULL &&
	               !knot_dname_is_equal(finding->target, before->policy.exchange);
	return finding->rule == AUDIT_PROXIED_HOST || finding->rule == AUDIT_PROXIED_ALIAS ||
	       finding->rule == AUDIT_PROXIED_TARGET ||
	       (finding->rule == AUDIT_MISSING_TARGET && !guarded);
}

static void test_mending(void **state)
{
	(void)state;
	char text[AUDITING_TEXT_MAX];
	for (size_t i = 0; i < path_count; i++) {
		auditing_t before, after;
		auditing_open(&before, paths[i]);
		/* What only another zone tells, this one can't mend; nor what is below a DNAME. An alias
		 * that has one family only is mended in another form. */
		if (before.count > 1 || strstr(paths[i], "exchange-alias") != NULL ||
		    strstr(paths[i], "-dname") != NULL) {
			auditing_clear(&before);
			continue;
		}
		size_t size;
		char *mended = auditing_mended(&before, paths[i], &size);
		auditing_open_text(&after, &before, mended, size);
		auditing_text(text, &after);
		size_t wrong = after.audit.edit_count;
		for (size_t j = 0; j < after.audit.finding_count; j++) {
			wrong += is_mended(&before, &after.audit.findings[j]);
		}
		if (wrong > 0) {
			fprintf(stderr, "%s, mended:\n%s", paths[i], text);
		}
		assert_int_equal(wrong, 0);
		check_same_answers(&before, &after);
		auditing_clear(&after);
		auditing_clear(&before);
	}
}

/* A zone too large to be kept is read pass by pass; what is found is the same. */
static void test_large(void **state)
{
	(void)state;
	static char expected[AUDITING_TEXT_MAX], got[AUDITING_TEXT_MAX];
	char path[] = "/tmp/kmxcheck-large-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	for (size_t i = 0; i < path_count; i++) {
		auditing_t auditing;
		auditing_open(&auditing, paths[i]);
		if (auditing.count == 1) {
			auditing_text(expected, &auditing);
			auditing_t large;
			auditing_open_padded(&large, &auditing, paths[i], path);
			auditing_text(got, &large);
			if (strcmp(got, expected) != 0) {
				fprintf(stderr, "%s\n-- small --\n%s-- large --\n%s\n", paths[i],
				        expected, got);
			}
			assert_string_equal(got, expected);
			assert_true(large.audit.records > auditing.audit.records + 2000);
			auditing_clear(&large);
		}
		auditing_clear(&auditing);
	}
	(void)close(fd);
	(void)unlink(path);
}

static int path_cmp(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int find_files(void **state)
{
	(void)state;
	const char *source = getenv("MXGUARD_SRCDIR");
	(void)snprintf(folder, sizeof(folder), "%s/tests/data/audit", source != NULL ? source : ".");
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
		cmocka_unit_test(test_mending),
		cmocka_unit_test(test_large),
	};
	return cmocka_run_group_tests(tests, find_files, NULL);
}
