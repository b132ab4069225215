/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Tables of cases for signed zones.
 */

#undef NDEBUG

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/fixture_denial.h"

/* One in so many responses is judged without memory as well. */
#define MEMORY 8

int visible_hash(uint8_t hash[static NSEC3_HASH], const knot_dname_t *name,
                 uint64_t number, const nsec3_params_t *params)
{
	(void)number;
	(void)params;
	static const char zone[] = "\7example\3com";
	size_t size = knot_dname_size(name);
	memset(hash, 0xff, NSEC3_HASH);
	if (size >= sizeof(zone) && size - sizeof(zone) < NSEC3_HASH) {
		memset(hash, 0, NSEC3_HASH);
		memcpy(hash, name, size - sizeof(zone));
	}
	return KNOT_EOK;
}

static bool check_text(const denial_case_t *c, denial_kind_t how, bool blind, const char *expected)
{
	fixture_denial_t fixture;
	char text[TEXT_MAX];
	fixture_denial_init(&fixture, c->zone, c->options, how, NULL, visible_hash, blind);
	fixture_denial_text(text, &fixture, c->query);
	fixture_denial_clear(&fixture);
	bool same = strcmp(text, expected) == 0;
	if (!same) {
		print_error("%s%s%s\n%s\n-- expected --\n%s\n-- got --\n%s\n\n", c->query,
		            how == DENIAL_NSEC ? "" : " (NSEC3)", blind ? " (blind)" : "",
		            c->zone, expected, text);
	}
	return same;
}

static size_t check_zone(const denial_case_t *c)
{
	size_t faults = 0;
	for (int i = 0; i < 2 * DENIAL_COUNT; i++) {
		fixture_denial_t fixture;
		fixture_denial_init(&fixture, c->zone, c->options, i / 2, "salt", NULL, i % 2 == 1);
		faults += fixture_denial_check(&fixture, MEMORY);
		fixture_denial_clear(&fixture);
	}
	return faults;
}

static bool is_other_zone(const denial_case_t *a, const denial_case_t *b)
{
	return strcmp(a->zone, b->zone) != 0 || (a->options == NULL) != (b->options == NULL) ||
	       (a->options != NULL && strcmp(a->options, b->options) != 0);
}

void check_denial_cases(const denial_case_t *cases, size_t count)
{
	size_t wrong = 0;
	for (size_t i = 0; i < count; i++) {
		const denial_case_t *c = &cases[i];
		denial_kind_t how = c->nsec != NULL ? DENIAL_NSEC3 : DENIAL_OPT_OUT;
		if (c->nsec != NULL) {
			wrong += !check_text(c, DENIAL_NSEC, false, c->nsec);
			wrong += !check_text(c, DENIAL_NSEC, true,
			                     c->blind != NULL ? c->blind : c->nsec);
		}
		wrong += !check_text(c, how, false, c->nsec3);
		wrong += !check_text(c, how, true, c->blind3 != NULL ? c->blind3 : c->nsec3);
		if (i == 0 || is_other_zone(c, c - 1)) {
			wrong += check_zone(c) > 0;
		}
	}
	assert_int_equal(wrong, 0);
}
