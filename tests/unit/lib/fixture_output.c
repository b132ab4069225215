/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Output in tests.
 */

#undef NDEBUG

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/fixture_output.h"

/* Names of one test, freed by its teardown. */
static knot_dname_t *names[64];
static size_t name_count;

knot_dname_t *name(const char *text)
{
	assert_true(name_count < COUNT(names));
	knot_dname_t *out = knot_dname_from_str_alloc(text);
	assert_non_null(out);
	names[name_count++] = out;
	return out;
}

int free_names(void **state)
{
	(void)state;
	while (name_count > 0) {
		knot_dname_free(names[--name_count], NULL);
	}
	return 0;
}

void set_address(uint8_t *family, uint8_t out[16], const char *text)
{
	*family = strchr(text, ':') != NULL ? 6 : 4;
	assert_int_equal(inet_pton(*family == 4 ? AF_INET : AF_INET6, text, out), 1);
}

char *printed(const output_t *output, format_t format)
{
	size_t size;
	return output_text(output, format, &size);
}

void expect(const output_t *output, format_t format, const char *expected)
{
	char *got = printed(output, format), *wanted = NULL;
	size_t wanted_size;
	FILE *out = open_memstream(&wanted, &wanted_size);
	assert_non_null(out);
	for (const char *at = expected; *at != '\0'; at++) {
		char rule[32];
		int end = 0;
		if (*at == '{' && sscanf(at, "{%31[a-z-]}%n", rule, &end) == 1 && end > 0) {
			assert_true(audit_rule_of(rule) < AUDIT_RULE_COUNT);
			(void)fputs(audit_rules[audit_rule_of(rule)].summary, out);
			at += end - 1;
		} else {
			(void)fputc(*at, out);
		}
	}
	assert_int_equal(fclose(out), 0);
	assert_string_equal(got, wanted);
	free(got);
	free(wanted);
}
