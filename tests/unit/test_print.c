/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The output for people and for programs, octet by octet, from findings made by hand.
 */

#undef NDEBUG

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/fixture_output.h"

/* A zone with an error, a warning, something ignored, and something of no owner. */
typedef struct {
	audit_finding_t findings[4];
	audit_t audit;
	output_zone_t zone;
	output_t output;
} sample_t;

static void sample_init(sample_t *sample)
{
	*sample = (sample_t){ 0 };
	sample->findings[0] = (audit_finding_t){
		.rule = AUDIT_LIST_STALE,
		.pos = { "lists/old", 3 },
		.message = "the list is from 2025-01-02",
		.remedy = "fetch it again",
	};
	sample->findings[1] = (audit_finding_t){
		.rule = AUDIT_PROXIED_TARGET,
		.owner = name("example.com."),
		.type = KNOT_RRTYPE_MX,
		.target = name("www.example.com."),
		.pos = { "example.zone", 7 },
		.message = "www is proxied",
		.remedy = "point it at mail.example.com.",
	};
	set_address(&sample->findings[1].family, sample->findings[1].address, "2606:4700::1");
	sample->findings[1].has_network = true;
	assert_int_equal(net_from_str(&sample->findings[1].network, "2606:4700::/32"), KNOT_EOK);
	sample->findings[2] = (audit_finding_t){
		.rule = AUDIT_MISSING_TARGET,
		.owner = name("example.com."),
		.type = KNOT_RRTYPE_MX,
		.ignored = true,
		.message = "not to be seen",
	};
	sample->findings[3] = (audit_finding_t){
		.rule = AUDIT_PROXIED_HOST,
		.owner = name("mail.example.com."),
		.type = 65280,
		.message = "104.16.1.2 is in 104.16.0.0/13",
	};
	sample->audit = (audit_t){
		.zone = name("example.com."),
		.serial = 2026112201,
		.records = 12,
		.findings = { .at = sample->findings, .count = 4 },
	};
	sample->zone = (output_zone_t){ .audit = &sample->audit, .file = "example.zone" };
	sample->output = (output_t){ .zones = &sample->zone, .zone_count = 1 };
}

static void test_text(void **state)
{
	(void)state;
	sample_t sample;
	sample_init(&sample);
	expect(&sample.output, FORMAT_TEXT,
	       "example.com. serial 2026112201, 12 records\n"
	       "  warning  list-stale                                   lists/old:3\n"
	       "           the list is from 2025-01-02\n"
	       "           remedy: fetch it again\n"
	       "  error    proxied-target  example.com. MX              example.zone:7\n"
	       "           www is proxied\n"
	       "           remedy: point it at mail.example.com.\n"
	       "  error    proxied-host    mail.example.com. TYPE65280\n"
	       "           104.16.1.2 is in 104.16.0.0/13\n"
	       "\n"
	       "1 zone: 2 errors, 1 warning, 1 ignored\n"
	       "      1  error    proxied-host        {proxied-host}\n"
	       "      1  error    proxied-target      {proxied-target}\n"
	       "      1  warning  list-stale          {list-stale}\n"
	       "first: fix the errors, they keep mail from arriving. "
	       "kmxcheck --explain proxied-host tells more.\n");
}

static void test_text_color(void **state)
{
	(void)state;
	sample_t sample;
	sample_init(&sample);
	sample.output.color = true;
	sample.audit.findings.at++;
	sample.audit.findings.count = 1;
	sample.audit.edits.count = 1;
	expect(&sample.output, FORMAT_TEXT,
	       "\033[1mexample.com.\033[0m serial 2026112201, 12 records\n"
	       "  \033[1;31merror  \033[0m  \033[1mproxied-target\033[0m  example.com. MX  "
	       "\033[2mexample.zone:7\033[0m\n"
	       "           www is proxied\n"
	       "           \033[2mremedy:\033[0m point it at mail.example.com.\n"
	       "\n"
	       "1 zone: \033[1;31m1 error\033[0m\n"
	       "      1  \033[1;31merror  \033[0m  proxied-target      {proxied-target}\n"
	       "\033[1mfirst:\033[0m fix the errors, they keep mail from arriving. "
	       "kmxcheck --explain proxied-target tells more, "
	       "--diff shows the records to change.\n");
}

/* On a terminal lines are broken between words, and go on below each other. */
static void test_text_width(void **state)
{
	(void)state;
	sample_t sample;
	sample_init(&sample);
	sample.audit.findings.at++;
	sample.audit.findings.count = 1;
	sample.findings[1].message = "www.example.com. is proxied, and so is all the rest";
	sample.output.width = 40;
	char *text = printed(&sample.output, FORMAT_TEXT);
	assert_non_null(strstr(text,
	       "\n"
	       "           www.example.com. is proxied,\n"
	       "           and so is all the rest\n"
	       "           remedy: point it at\n"
	       "           mail.example.com.\n"
	       "\n"));
	assert_non_null(strstr(text,
	       "\n"
	       "first: fix the errors, they keep mail\n"
	       "  from arriving. kmxcheck --explain\n"
	       "  proxied-target tells more.\n"));
	free(text);
	/* A word that has no room stands alone. */
	sample.findings[1].message = "www.example.com.  is proxied";
	sample.output.width = 12;
	text = printed(&sample.output, FORMAT_TEXT);
	assert_non_null(strstr(text, "\n           www.example.com.\n           is\n"
	                             "           proxied\n"));
	free(text);
}

static void test_text_nothing(void **state)
{
	(void)state;
	sample_t sample;
	sample_init(&sample);
	sample.audit.findings.count = 0;
	output_zone_t zones[] = { sample.zone, sample.zone };
	output_skip_t skips[] = { { "a.example.", "member of a catalog" } };
	output_t output = { .zones = zones, .zone_count = 2, .skips = skips, .skip_count = 1 };
	expect(&output, FORMAT_TEXT, "example.com. serial 2026112201, 12 records: nothing found\n"
	                             "example.com. serial 2026112201, 12 records: nothing found\n"
	                             "skipped a.example.: member of a catalog\n"
	                             "2 zones: nothing found, 1 skipped\n");
	expect(&(output_t){ 0 }, FORMAT_TEXT, "0 zones: nothing found\n");
}

static void test_text_warnings_only(void **state)
{
	(void)state;
	sample_t sample;
	sample_init(&sample);
	sample.audit.findings.count = 1;
	sample.findings[0].pos.file = "a\n\033[31m\xff\xc2\x9b\xc3\xa9";
	sample.findings[0].pos.line = 0;
	audit_t clean = { .zone = sample.audit.zone };
	output_zone_t zones[] = { sample.zone, { .audit = &clean } };
	sample.output.zones = zones;
	sample.output.zone_count = 2;
	expect(&sample.output, FORMAT_TEXT,
	       "example.com. serial 2026112201, 12 records\n"
	       "  warning  list-stale    a\\010\\027[31m\\255\\194\\155\xc3\xa9\n"
	       "           the list is from 2025-01-02\n"
	       "           remedy: fetch it again\n"
	       "\n"
	       "example.com. serial 0, 0 records: nothing found\n"
	       "2 zones: 1 warning in 1 of them\n"
	       "      1  warning  list-stale          {list-stale}\n"
	       "first: no mail is lost yet; see to the warnings. "
	       "kmxcheck --explain list-stale tells more.\n");
}

static void test_text_server(void **state)
{
	(void)state;
	sample_t sample;
	sample_init(&sample);
	sample.audit.findings.count = 0;
	sample.zone.server = "192.0.2.1@53";
	sample.zone.guard = GUARD_YES;
	sample.zone.queries = 24;
	sample.zone.seen = 3;
	sample.zone.changes = 3;
	expect(&sample.output, FORMAT_TEXT,
	       "example.com. at 192.0.2.1@53: guarded (3 of 3 changes in its answers), 24 queries\n"
	       "\n"
	       "1 zone: nothing found\n");
	sample.zone.guard = GUARD_UNKNOWN;
	sample.zone.queries = 1;
	sample.zone.seen = 0;
	sample.zone.changes = 0;
	expect(&sample.output, FORMAT_TEXT,
	       "example.com. at 192.0.2.1@53: guarded or not would be the same here, 1 query\n"
	       "\n"
	       "1 zone: nothing found\n");
}

/* A zone at several servers is one zone. */
static void test_text_servers(void **state)
{
	(void)state;
	sample_t sample;
	sample_init(&sample);
	sample.audit.findings.count = 1;
	audit_t clean = { .zone = sample.audit.zone, .serial = 5 }, next = { .zone = name("b.") };
	output_zone_t zones[] = {
		{ .audit = &clean, .server = "192.0.2.1@53", .ns = "ns1.", .guard = GUARD_YES,
		  .queries = 9, .seen = 2, .changes = 2 },
		sample.zone,
		{ .audit = &clean, .server = "192.0.2.3@53", .guard = GUARD_OTHER, .queries = 2,
		  .changes = 2, .file_serial = 4 },
		{ .audit = &next, .server = "192.0.2.1@53", .guard = GUARD_NO, .queries = 1 },
	};
	zones[1].server = "::1@53";
	zones[1].guard = GUARD_PART;
	zones[1].queries = 1;
	sample.output.zones = zones;
	sample.output.zone_count = COUNT(zones);
	sample.output.server_count = 3;
	expect(&sample.output, FORMAT_TEXT,
	       "example.com. at 192.0.2.1@53 (ns1.): guarded (2 of 2 changes in its answers), "
	       "9 queries\n"
	       "example.com. at ::1@53: guarded in part, or with other data, 1 query\n"
	       "  warning  list-stale    lists/old:3\n"
	       "           the list is from 2025-01-02\n"
	       "           remedy: fetch it again\n"
	       "\n"
	       "example.com. at 192.0.2.3@53: another zone than the file (serial 5, not 4), "
	       "2 queries\n"
	       "\n"
	       "b. at 192.0.2.1@53: not guarded, 1 query\n"
	       "\n"
	       "2 zones at 3 servers: 1 warning in 1 of them\n"
	       "      1  warning  list-stale          {list-stale}\n"
	       "first: no mail is lost yet; see to the warnings. "
	       "kmxcheck --explain list-stale tells more.\n");
	sample.output.zones = &zones[2];
	sample.output.zone_count = 1;
	expect(&sample.output, FORMAT_JSON,
	       "{\"version\":1,\"zones\":[\n"
	       "{\"zone\":\"example.com.\",\"serial\":5,\"records\":0,\"server\":\"192.0.2.3@53\","
	       "\"file_serial\":4,\"guarded\":\"unknown\",\"changes\":2,\"seen\":0,\"queries\":2,"
	       "\"findings\":[]}],\"errors\":0,\"warnings\":0}\n");
}

/* Errors first, then the most frequent; equal ones as in the contract. */
static void test_text_order(void **state)
{
	(void)state;
	static const audit_rule_t rules[] = {
		AUDIT_IMPLICIT_MX, AUDIT_IMPLICIT_MX, AUDIT_PROXIED_SPF, AUDIT_MIXED_NULL_MX,
		AUDIT_MISSING_TARGET, AUDIT_MISSING_TARGET, AUDIT_PROXIED_ALIAS,
	};
	audit_finding_t findings[COUNT(rules)];
	for (size_t i = 0; i < COUNT(rules); i++) {
		findings[i] = (audit_finding_t){
			.rule = rules[i], .owner = name("a."), .message = "m", .ignored = false,
		};
	}
	audit_t audit = {
		.zone = name("a."), .findings = { .at = findings, .count = COUNT(rules) },
	};
	output_zone_t zone = { .audit = &audit };
	output_t output = { .zones = &zone, .zone_count = 1 };

	char *text = printed(&output, FORMAT_TEXT);
	static const char *const order[] = {
		"\n      2  error    missing-target ", "\n      1  error    proxied-alias ",
		"\n      1  error    mixed-null-mx ", "\n      2  warning  implicit-mx ",
		"\n      1  warning  proxied-spf ", "--explain missing-target",
	};
	const char *at = text;
	for (size_t i = 0; i < COUNT(order); i++) {
		at = strstr(at, order[i]);
		assert_non_null(at);
	}
	free(text);
}

static void test_json(void **state)
{
	(void)state;
	sample_t sample;
	sample_init(&sample);
	expect(&sample.output, FORMAT_JSON,
	       "{\"version\":1,\"zones\":[\n"
	       "{\"zone\":\"example.com.\",\"serial\":2026112201,\"records\":12,\"findings\":[\n"
	       "{\"rule\":\"list-stale\",\"severity\":\"warning\","
	       "\"file\":\"lists/old\",\"line\":3,"
	       "\"message\":\"the list is from 2025-01-02\",\"remedy\":\"fetch it again\"},\n"
	       "{\"rule\":\"proxied-target\",\"severity\":\"error\",\"owner\":\"example.com.\","
	       "\"type\":\"MX\",\"target\":\"www.example.com.\",\"address\":\"2606:4700::1\","
	       "\"network\":\"2606:4700::/32\",\"file\":\"example.zone\",\"line\":7,"
	       "\"message\":\"www is proxied\",\"remedy\":\"point it at mail.example.com.\"},\n"
	       "{\"rule\":\"proxied-host\",\"severity\":\"error\",\"owner\":\"mail.example.com.\","
	       "\"type\":\"TYPE65280\",\"message\":\"104.16.1.2 is in 104.16.0.0/13\"}]}"
	       "],\"errors\":2,\"warnings\":1,\"ignored\":1}\n");
}

static void test_json_rest(void **state)
{
	(void)state;
	expect(&(output_t){ 0 }, FORMAT_JSON,
	       "{\"version\":1,\"zones\":[],\"errors\":0,\"warnings\":0}\n");

	sample_t sample;
	sample_init(&sample);
	sample.audit.findings.count = 1;
	sample.findings[0].pos.file = "\xff\"\\\n";
	sample.zone.server = "::1@53";
	sample.zone.guard = GUARD_PART;
	sample.zone.queries = 4;
	sample.zone.seen = 1;
	sample.zone.changes = 2;
	audit_t empty = { .zone = name("."), .serial = UINT32_MAX, .records = 2 };
	output_zone_t zones[] = { sample.zone, { .audit = &empty } };
	output_skip_t skips[] = { { "a.", "no file" }, { "b.", "member of a catalog" } };
	output_t output = { .zones = zones, .zone_count = 2, .skips = skips, .skip_count = 2 };
	expect(&output, FORMAT_JSON,
	       "{\"version\":1,\"zones\":[\n"
	       "{\"zone\":\"example.com.\",\"serial\":2026112201,\"records\":12,"
	       "\"server\":\"::1@53\",\"guarded\":\"part\",\"changes\":2,\"seen\":1,"
	       "\"queries\":4,\"findings\":[\n"
	       "{\"rule\":\"list-stale\",\"severity\":\"warning\","
	       "\"file\":\"\\\\255\\\"\\\\\\\\010\",\"line\":3,"
	       "\"message\":\"the list is from 2025-01-02\",\"remedy\":\"fetch it again\"}]},\n"
	       "{\"zone\":\".\",\"serial\":4294967295,\"records\":2,\"findings\":[]}"
	       "],\"errors\":0,\"warnings\":1,\"skipped\":[\n"
	       "{\"zone\":\"a.\",\"reason\":\"no file\"},\n"
	       "{\"zone\":\"b.\",\"reason\":\"member of a catalog\"}]}\n");
}

static void test_known(void **state)
{
	(void)state;
	sample_t sample;
	sample_init(&sample);
	sample.audit.findings.count = 1;
	sample.findings[0].known = true;
	expect(&sample.output, FORMAT_TEXT,
	       "example.com. serial 2026112201, 12 records\n"
	       "  warning  list-stale    lists/old:3  known\n"
	       "           the list is from 2025-01-02\n"
	       "           remedy: fetch it again\n"
	       "\n"
	       "1 zone: 1 warning, 1 known\n"
	       "      1  warning  list-stale          {list-stale}\n"
	       "first: nothing of it is new; see to the rest when you can. "
	       "kmxcheck --explain list-stale tells more.\n");
	char *text = printed(&sample.output, FORMAT_JSON);
	assert_non_null(strstr(text, "\"remedy\":\"fetch it again\",\"known\":true}]}"
	                             "],\"errors\":0,\"warnings\":1,\"known\":1}\n"));
	free(text);
}

/* From the results on. Numbers of rules that change as rules are added are given. */
static void expect_results(const output_t *output, const char *format, int first, int second)
{
	char expected[4096], *text = printed(output, FORMAT_SARIF);
	const char *results = strstr(text, "\"results\":");
	assert_non_null(results);
	(void)snprintf(expected, sizeof(expected), format, first, second);
	assert_string_equal(results, expected);
	free(text);
}

#define SARIF_END(successful) \
	",\"invocations\":[{\"executionSuccessful\":" successful "}]," \
	"\"properties\":{\"zones\":[\n" \
	"{\"zone\":\"example.com.\",\"serial\":2026112201,\"records\":12}]}}]}\n"

static void test_sarif(void **state)
{
	(void)state;
	sample_t sample;
	sample_init(&sample);
	sample.audit.findings.count = 3;
	sample.findings[0].pos.file = "./zones//a b%\xff\"é.zone";
	sample.findings[1].pos.file = "/zones/z.zone";
	sample.findings[1].known = true;
	sample.findings[1].message = "a\033[31m";
	sample.findings[2].rule = AUDIT_IMPLICIT_MX;
	sample.findings[2].ignored = false;
	sample.output.baseline = true;
	expect_results(&sample.output,
	       "\"results\":[\n"
	       "{\"ruleId\":\"list-stale\",\"ruleIndex\":%d,\"level\":\"warning\","
	       "\"message\":{\"text\":\"the list is from 2025-01-02\\nRemedy: fetch it again\"},"
	       "\"baselineState\":\"new\",\"locations\":[{\"physicalLocation\":{"
	       "\"artifactLocation\":{\"uri\":\"zones//a%%20b%%25%%FF%%22%%C3%%A9.zone\"},"
	       "\"region\":{\"startLine\":3}},"
	       "\"logicalLocations\":[{\"fullyQualifiedName\":\"example.com.\"}]}],"
	       "\"properties\":{\"zone\":\"example.com.\"},"
	       "\"partialFingerprints\":{\"record/v1\":\"{\\\"zone\\\":\\\"example.com.\\\"}\"}},\n"
	       "{\"ruleId\":\"proxied-target\",\"ruleIndex\":2,\"level\":\"error\","
	       "\"message\":{\"text\":\"a\\\\027[31m\\nRemedy: point it at mail.example.com.\"},"
	       "\"baselineState\":\"unchanged\",\"locations\":[{\"physicalLocation\":{"
	       "\"artifactLocation\":{\"uri\":\"file:///zones/z.zone\"},"
	       "\"region\":{\"startLine\":7}},"
	       "\"logicalLocations\":[{\"fullyQualifiedName\":\"example.com.\"}]}],"
	       "\"properties\":{\"zone\":\"example.com.\",\"owner\":\"example.com.\","
	       "\"type\":\"MX\","
	       "\"target\":\"www.example.com.\",\"address\":\"2606:4700::1\"},"
	       "\"partialFingerprints\":{\"record/v1\":\"{\\\"zone\\\":\\\"example.com.\\\","
	       "\\\"owner\\\":\\\"example.com.\\\",\\\"type\\\":\\\"MX\\\","
	       "\\\"target\\\":\\\"www.example.com.\\\","
	       "\\\"address\\\":\\\"2606:4700::1\\\"}\"}},\n"
	       /* No position of its own: at the file of the zone. */
	       "{\"ruleId\":\"implicit-mx\",\"ruleIndex\":%d,\"level\":\"warning\","
	       "\"message\":{\"text\":\"not to be seen\"},"
	       "\"baselineState\":\"new\",\"locations\":[{\"physicalLocation\":{"
	       "\"artifactLocation\":{\"uri\":\"example.zone\"},\"region\":{\"startLine\":1}},"
	       "\"logicalLocations\":[{\"fullyQualifiedName\":\"example.com.\"}]}],"
	       "\"properties\":{\"zone\":\"example.com.\",\"owner\":\"example.com.\","
	       "\"type\":\"MX\"},"
	       "\"partialFingerprints\":{\"record/v1\":\"{\\\"zone\\\":\\\"example.com.\\\","
	       "\\\"owner\\\":\\\"example.com.\\\",\\\"type\\\":\\\"MX\\\"}\"}}]"
	       SARIF_END("true"),
	       AUDIT_LIST_STALE, AUDIT_IMPLICIT_MX);
	sample.findings[0].ignored = true;
	sample.audit.findings.count = 1;
	sample.output.incomplete = true;
	expect_results(&sample.output, "\"results\":[]" SARIF_END("false"), 0, 0);
}

static void test_count(void **state)
{
	(void)state;
	sample_t sample;
	sample_init(&sample);
	audit_edit_t none[2];
	audit_t clean = { .zone = sample.audit.zone, .edits = { .at = none, .count = 2 } };
	output_zone_t zones[] = { sample.zone, { .audit = &clean }, sample.zone };
	output_t output = { .zones = zones, .zone_count = 3 };
	output_totals_t totals;
	output_count(&output, &totals);
	assert_int_equal(totals.errors, 4);
	assert_int_equal(totals.warnings, 2);
	assert_int_equal(totals.ignored, 2);
	assert_int_equal(totals.edits, 2);
	assert_int_equal(totals.zones_bad, 2);
	assert_int_equal(totals.rules[AUDIT_PROXIED_HOST], 2);
	assert_int_equal(totals.rules[AUDIT_MISSING_TARGET], 0);
}

static void test_format(void **state)
{
	(void)state;
	assert_int_equal(output_format("text"), FORMAT_TEXT);
	assert_int_equal(output_format("json"), FORMAT_JSON);
	assert_int_equal(output_format("sarif"), FORMAT_SARIF);
	assert_int_equal(output_format("dot"), FORMAT_DOT);
	assert_int_equal(output_format("nsupdate"), FORMAT_NSUPDATE);
	assert_int_equal(output_format("knotc"), FORMAT_KNOTC);
	static const char *const wrong[] = { "", "Text", "jso", "jsonx", "diff", "yaml" };
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_int_equal(output_format(wrong[i]), FORMAT_COUNT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_text, free_names),
		cmocka_unit_test_teardown(test_text_color, free_names),
		cmocka_unit_test_teardown(test_text_width, free_names),
		cmocka_unit_test_teardown(test_text_nothing, free_names),
		cmocka_unit_test_teardown(test_text_warnings_only, free_names),
		cmocka_unit_test_teardown(test_text_server, free_names),
		cmocka_unit_test_teardown(test_text_servers, free_names),
		cmocka_unit_test_teardown(test_text_order, free_names),
		cmocka_unit_test_teardown(test_json, free_names),
		cmocka_unit_test_teardown(test_json_rest, free_names),
		cmocka_unit_test_teardown(test_known, free_names),
		cmocka_unit_test_teardown(test_sarif, free_names),
		cmocka_unit_test_teardown(test_count, free_names),
		cmocka_unit_test_teardown(test_format, free_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
