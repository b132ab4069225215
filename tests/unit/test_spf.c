/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Reading SPF records.
 */

#undef NDEBUG

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kmxcheck/spf.h"

typedef struct {
	const char *text;     /* '|' begins another string. */
	const char *expected; /* NULL: no SPF record. */
} case_t;

static const case_t cases[] = {
	{ "v=spf1", "" },
	{ "v=spf1 -all", "" },
	{ "V=SPF1 A", "a:owner./32/128 " },
	{ "v=spf1  a   mx ", "a:owner./32/128 mx:owner./32/128 " },
	{ "v=spf1 +a:H.Example.Com mx:h.example.com.", "a:h.example.com./32/128 "
	  "mx:h.example.com./32/128 " },
	{ "v=spf1 a/24 a//64 a/0//0 a:h/8//9", "a:owner./24/128 a:owner./32/64 a:owner./0/0 "
	  "a:h./8/9 " },
	{ "v=spf1 ip4:192.0.2.1 ip4:192.0.2.0/24 ip6:2001:db8::/32 IP6:::1",
	  "192.0.2.1/32 192.0.2.0/24 2001:db8::/32 ::1/128 " },
	{ "v=spf1 ip4:192.|0.2.1 |a| mx", "192.0.2.1/32 a:owner./32/128 mx:owner./32/128 " },
	{ "v=s|pf1|", "" },
	/* Nothing is authorised. */
	{ "v=spf1 -a ~mx ?ip4:192.0.2.1 all include:a.example redirect=b.example exists:c ptr",
	  "" },
	/* Does not parse. */
	{ "v=spf1 a: mx: a:% a:%{d} a:a..b a/33 a//129 a/ a// a/1a a:h/ a:@ ax mxx", "" },
	{ "v=spf1 ip4:2001:db8::1 ip6:192.0.2.1 ip4:192.0.2.0/33 ip4:192.0.2.1-192.0.2.9 ip4", "" },
	{ "v=spf1 a:0123456789012345678901234567890123456789012345678901234567890123", "" },
	/* More than ten look-ups: no more are made. */
	{ "v=spf1 a a a a a a a a a a mx ip4:192.0.2.1",
	  "a:owner./32/128 a:owner./32/128 a:owner./32/128 a:owner./32/128 a:owner./32/128 "
	  "a:owner./32/128 a:owner./32/128 a:owner./32/128 a:owner./32/128 a:owner./32/128 "
	  "192.0.2.1/32 " },
	/* Not SPF. */
	{ "", NULL }, { "|", NULL }, { "v=spf", NULL }, { "v=spf10", NULL }, { " v=spf1", NULL },
	{ "v=spf1a", NULL }, { "spf2.0/pra a", NULL },
};

static size_t make_rdata(uint8_t *out, const char *text)
{
	size_t size = 0, length = 0;
	out[size++] = 0;
	for (; *text != '\0'; text++) {
		if (*text == '|') {
			length = size;
			out[size++] = 0;
		} else {
			out[size++] = (uint8_t)*text;
			out[length]++;
		}
	}
	return size;
}

static void add_term(char *out, const spf_term_t *term)
{
	char net[NET_TEXT_MAX];
	knot_dname_txt_storage_t name;
	out += strlen(out);
	if (term->kind == SPF_NETWORK) {
		(void)sprintf(out, "%s ", net_to_str(&term->network, net));
		return;
	}
	(void)sprintf(out, "%s:%s/%u/%u ", term->kind == SPF_A ? "a" : "mx",
	              knot_dname_to_str(name, term->name, sizeof(name)), term->prefix4,
	              term->prefix6);
}

static void test_cases(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t rdata[1024];
		char got[4096] = "";
		size_t size = make_rdata(rdata, cases[i].text);
		bool is = spf_is(rdata, size);
		if (is) {
			spf_t spf;
			spf_term_t term;
			spf_begin(&spf, rdata, size, (const knot_dname_t *)"\x05owner");
			while (spf_next(&spf, &term)) {
				add_term(got, &term);
			}
		}
		if (is != (cases[i].expected != NULL) ||
		    (is && strcmp(got, cases[i].expected) != 0)) {
			fprintf(stderr, "'%s': expected '%s', got '%s'\n", cases[i].text,
			        cases[i].expected != NULL ? cases[i].expected : "none", got);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

/* Lengths that lie lead nowhere. */
static void test_bad_rdata(void **state)
{
	(void)state;
	uint8_t rdata[] = "\xff""v=spf1 a";
	spf_t spf;
	spf_term_t term;
	for (size_t size = 0; size < sizeof(rdata); size++) {
		uint8_t *copy = malloc(size + 1);
		assert_non_null(copy);
		memcpy(copy, rdata, size);
		(void)spf_is(copy, size);
		spf_begin(&spf, copy, size, (const knot_dname_t *)"");
		while (spf_next(&spf, &term)) {
			assert_int_equal(term.kind, SPF_A);
		}
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_bad_rdata),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
