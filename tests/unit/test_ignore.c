/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What is ignored: how it is written, on which days, what it matches, and what is said of it.
 */

#undef NDEBUG

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/lib/clear.h"
#include "tests/unit/lib/fixture_output.h"

/* 2026-11-22, at noon. */
#define NOW (1795305600 + 43200)
#define DAY 86400

static char path[] = "/tmp/mxguard-ignore-XXXXXX";

static int make_file(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_file(const char *text, size_t size)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static bool matches(ignores_t *ignores, audit_finding_t *finding, const char *zone, int64_t now)
{
	audit_t audit = { .zone = name(zone), .findings = { .at = finding, .count = 1 } };
	finding->ignored = false;
	ignores_apply(ignores, &audit, now);
	return finding->ignored;
}

static void test_match(void **state)
{
	(void)state;
	static const struct {
		const char *text, *owner, *target;
		bool matches;
	} cases[] = {
		{ "proxied-target", "a.example.com.", NULL, true },
		{ "proxied-target", "a.example.com.", "b.", true },
		{ "proxied-host", "a.example.com.", NULL, false },
		{ "proxied-target:a", "a.example.com.", NULL, true },
		{ "proxied-target:A", "a.example.com.", NULL, true },
		{ "proxied-target:a", "b.example.com.", NULL, false },
		{ "proxied-target:a", "a.b.example.com.", NULL, false },
		{ "proxied-target:a", "a.", NULL, false },
		{ "proxied-target:a.", "a.example.com.", NULL, false },
		{ "proxied-target:a.example.com.", "a.example.com.", NULL, true },
		{ "proxied-target:a.example.com", "a.example.com.", NULL, true },
		{ "proxied-target:a.example.com", "a.example.com.example.com.", NULL, true },
		{ "proxied-target:@", "example.com.", NULL, true },
		{ "proxied-target:@", "a.example.com.", NULL, false },
		{ "proxied-target:*", "a.example.com.", NULL, true },
		{ "proxied-target:*", "example.com.", NULL, false },
		{ "proxied-target:*.a", "b.a.example.com.", NULL, true },
		{ "proxied-target:*.a", "*.a.example.com.", NULL, true },
		{ "proxied-target:*.a", "a.example.com.", NULL, false },
		{ "proxied-target:*.example.com", "a.example.com.", NULL, true },
		{ "proxied-target:*.", "a.example.com.", NULL, true },
		{ "proxied-target:@:b", "example.com.", "b.example.com.", true },
		{ "proxied-target:@:b", "example.com.", "b.", false },
		{ "proxied-target:@:b", "example.com.", "c.example.com.", false },
		{ "proxied-target:@:b", "example.com.", NULL, false },
		{ "proxied-target:@:b.", "example.com.", "b.", true },
		{ "proxied-target:@:b.c", "example.com.", "b.c.", false },
		{ "proxied-target:a:b", "example.com.", "b.example.com.", false },
		{ "proxied-target::b", "a.example.com.", "b.example.com.", true },
		{ "proxied-target::", "a.example.com.", NULL, true },
		{ "proxied-target:a:", "a.example.com.", NULL, true },
		{ "proxied-target:a\\:b:c", "a\\:b.example.com.", "c.example.com.", true },
		{ "proxied-target:a\\058b", "a\\:b.example.com.", NULL, true },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char err[ERROR_TEXT_MAX] = "";
		ignores_t ignores = { 0 };
		audit_finding_t finding = {
			.rule = AUDIT_PROXIED_TARGET, .owner = name(cases[i].owner),
			.target = cases[i].target != NULL ? name(cases[i].target) : NULL,
		};
		assert_int_equal(ignores_add(&ignores, cases[i].text, err), KNOT_EOK);
		if (matches(&ignores, &finding, "example.com.", NOW) != cases[i].matches) {
			fail_msg("'%s' at %s", cases[i].text, cases[i].owner);
		}
		char *note = ignores_note(&ignores, 0, NOW, true);
		assert_int_equal(note == NULL, cases[i].matches || !ignores.list.at[0].tried);
		free(note);
		ignores_clear(&ignores);
		(void)free_names(state);
	}
}

/* Findings of no owner, as of a list, are ignored by the rule. */
static void test_no_owner(void **state)
{
	(void)state;
	char err[ERROR_TEXT_MAX];
	ignores_t ignores = { 0 };
	audit_finding_t finding = { .rule = AUDIT_LIST_STALE };
	assert_int_equal(ignores_add(&ignores, "list-stale:*", err), KNOT_EOK);
	assert_false(matches(&ignores, &finding, "a.", NOW));
	assert_int_equal(ignores_add(&ignores, "list-stale", err), KNOT_EOK);
	assert_true(matches(&ignores, &finding, "a.", NOW));
	/* That a list is not old yet is nothing to be told. */
	assert_null(ignores_note(&ignores, 0, NOW, true));
	ignores_clear(&ignores);
}

static void test_notes(void **state)
{
	(void)state;
	char err[ERROR_TEXT_MAX], expected[256];
	ignores_t ignores = { 0 };
	static const char text[] =
		"# whole file\n"
		"proxied-host:mail  # it is a \"test\"\n"
		"\n"
		"  proxied-host:mail.example.net. until 2026-11-22 # elsewhere\r\n"
		"proxied-host:a\tuntil\t2026-11-21\t#  moved by then\n"
		"; old\n"
		"proxied-host:b until 2026-11-22\n"
		"proxied-host";
	write_file(text, sizeof(text) - 1);
	assert_int_equal(ignores_read(&ignores, path, err), KNOT_EOK);
	assert_int_equal(ignores_add(&ignores, "proxied-host:c", err), KNOT_EOK);
	assert_int_equal(ignores.list.count, 6);

	audit_finding_t a = { .rule = AUDIT_PROXIED_HOST, .owner = name("a.example.com.") };
	assert_true(matches(&ignores, &a, "example.com.", NOW));
	assert_int_equal(ignores.list.at[2].matched, 0);
	assert_int_equal(ignores.list.at[4].matched, 1);

	static const char *const notes[] = {
		"note: %s:2: 'proxied-host:mail': matches nothing (it is a \"test\")",
		NULL, /* About a zone that was not audited. */
		"note: %s:5: 'proxied-host:a': ended on 2026-11-21 (moved by then)",
		"note: %s:7: 'proxied-host:b': matches nothing",
		NULL,
		"note: --ignore 'proxied-host:c': matches nothing",
	};
	for (size_t i = 0; i < COUNT(notes); i++) {
		char *note = ignores_note(&ignores, i, NOW, true);
		if (notes[i] == NULL) {
			assert_null(note);
		} else {
			(void)snprintf(expected, sizeof(expected), notes[i], path);
			assert_string_equal(note, expected);
		}
		free(note);
		/* Where not all zones could be read, no more is known than what has ended. */
		note = ignores_note(&ignores, i, NOW, false);
		assert_int_equal(note != NULL, i == 2);
		free(note);
	}
	ignores_clear(&ignores);
}

/* The day that is named is the last one. */
static void test_until(void **state)
{
	(void)state;
	static const struct {
		const char *date;
		int64_t last;
	} cases[] = {
		{ "2026-11-22", NOW / DAY }, { "2026-11-21", NOW / DAY - 1 },
		{ "2028-02-29", 21243 }, { "1970-01-01", 0 }, { "9999-12-31", 2932896 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char line[64], err[ERROR_TEXT_MAX];
		ignores_t ignores = { 0 };
		audit_finding_t finding = { .rule = AUDIT_PROXIED_HOST, .owner = name("a.") };
		(void)snprintf(line, sizeof(line), "proxied-host until %s", cases[i].date);
		write_file(line, strlen(line));
		assert_int_equal(ignores_read(&ignores, path, err), KNOT_EOK);
		assert_int_equal(ignores.list.at[0].last_day, cases[i].last);
		int64_t end = (cases[i].last + 1) * DAY;
		assert_true(matches(&ignores, &finding, "a.", end - 1));
		assert_false(matches(&ignores, &finding, "a.", end));
		ignores_clear(&ignores);
	}
}

static void test_bad(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
		bool file_only;
	} cases[] = {
		{ "", "no such rule", false },
		{ "nonsense", "no such rule", false },
		{ "Proxied-host", "no such rule", false },
		{ ":a", "no such rule", true },
		{ "proxied-host:a..b", "owner is not a domain name", true },
		{ "proxied-host:a:b..c", "target is not a domain name", true },
		{ "proxied-host:a:b:c:\xff", "target is not a domain name", true },
		{ "proxied-host:\\999", "owner is not a domain name", true },
		{ "proxied-host until", "needs a date", true },
		{ "proxied-host until # soon", "needs a date", true },
		{ "proxied-host until 2026-02-29", "needs a date", true },
		{ "proxied-host until 2026-13-01", "needs a date", true },
		{ "proxied-host until 2026-1-1", "needs a date", true },
		{ "proxied-host until 26-01-011", "needs a date", true },
		{ "proxied-host until 2026-01-01T", "needs a date", true },
		{ "proxied-host until 0000-00-00", "needs a date", true },
		{ "proxied-host 2026-01-01", "what follows", true },
		{ "proxied-host until2026-01-01", "what follows", true },
		{ "proxied-host because", "what follows", true },
		{ "proxied-host until 2026-01-01 because", "what follows", true },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char err[ERROR_TEXT_MAX] = "", text[128], at[64];
		ignores_t ignores = { 0 };
		if (!cases[i].file_only) {
			assert_int_equal(ignores_add(&ignores, cases[i].text, err), KNOT_EINVAL);
			assert_non_null(strstr(err, cases[i].says));
			assert_int_equal(strncmp(err, "--ignore '", 10), 0);
		}
		ignores_clear(&ignores);
		if (cases[i].text[0] == '\0') {
			continue;
		}
		(void)snprintf(text, sizeof(text), "# first\n%s\n", cases[i].text);
		write_file(text, strlen(text));
		assert_int_equal(ignores_read(&ignores, path, err), KNOT_EINVAL);
		(void)snprintf(at, sizeof(at), "%s:2: '", path);
		if (strstr(err, cases[i].says) == NULL || strncmp(err, at, strlen(at)) != 0) {
			fail_msg("'%s': %s", cases[i].text, err);
		}
		ignores_clear(&ignores);
	}
}

static void test_bad_files(void **state)
{
	(void)state;
	char err[ERROR_TEXT_MAX], at[64];
	ignores_t ignores = { 0 };
	write_file("proxied-host\nproxied\0-host\n", 27);
	assert_int_equal(ignores_read(&ignores, path, err), KNOT_EINVAL);
	(void)snprintf(at, sizeof(at), "%s:2: a zero octet", path);
	assert_non_null(strstr(err, at));
	assert_int_not_equal(ignores_read(&ignores, "/tmp", err), KNOT_EOK);
	assert_non_null(strstr(err, "/tmp: can't be read ("));
	assert_int_not_equal(ignores_read(&ignores, "/nonexistent", err), KNOT_EOK);
	assert_non_null(strstr(err, "/nonexistent: can't be read ("));
	ignores_clear(&ignores);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_match, free_names),
		cmocka_unit_test_teardown(test_no_owner, free_names),
		cmocka_unit_test_teardown(test_notes, free_names),
		cmocka_unit_test_teardown(test_until, free_names),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_bad_files),
	};
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
