/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Exports of hosted DNS: which records are marked as proxied, which zone it is, and what the
 * vendor leaves a placeholder for.
 */

#undef NDEBUG

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/rrset.h"
#include "kmxcheck/zone.h"

#define HEAD "$ORIGIN example.com.\n$TTL 300\n@ SOA ns h 1 2 3 4 5\n"
#define TAG "cf_tags=cf-proxied:true"

static const knot_dname_t apex[] = "\7example\3com";

static zone_t *open_text(const char *text, size_t size)
{
	char err[ERROR_TEXT_MAX] = "";
	zone_t *zone = NULL;
	if (zone_open_text(&zone, "text", text, size, NULL, err) != KNOT_EOK) {
		fail_msg("%s in:\n%s", err, text);
	}
	return zone;
}

/* The first labels of names with marked records, each with the sort of its mark: "a1 b2 ". */
static void marked_names(char out[static 256], zone_t *zone)
{
	out[0] = '\0';
	for (size_t i = 0; i < zone->names.names.count; i++) {
		const knot_dname_t *name = zone->names.names.at[i];
		knot_rrset_t rrset;
		mark_t mark = MARK_NONE;
		for (size_t j = 0; zone_rrset_at(zone, name, j, &rrset); j++) {
			for_each_rdata(rdata, &rrset) {
				mark_t this = marked_by(rrset.type, rdata);
				mark = this != MARK_NONE ? this : mark;
			}
		}
		if (mark != MARK_NONE) {
			size_t used = strlen(out);
			(void)snprintf(out + used, 256 - used, "%.*s%d ", name[0], name + 1, mark);
		}
	}
}

static const struct {
	const char *text;
	const char *marked;
} marks[] = {
	{ "a A 192.0.2.1 ; " TAG "\nb A 192.0.2.1\nc A 192.0.2.1 ;" TAG "\n", "a1 c1 " },
	{ "a A 192.0.2.1 ; " TAG "\r\nb A 192.0.2.1 ; " TAG, "a1 b1 " },
	{ "a A 192.0.2.1 ; " TAG ",x:y\nb A 192.0.2.1 ; cf_tags=x:y,cf-proxied:true\n", "a1 b1 " },
	{ "a AAAA 2001:db8::1 ; " TAG "\nb CNAME a ; " TAG "\nc TXT x ; " TAG "\n"
	  "d MX 1 a ; " TAG "\n", "a1 b1 " },
	{ "a A 192.0.2.1 ; CF_PROXY_ON\nb A 192.0.2.1 ;CF_PROXY_ON CF_TAGS=x\n"
	  "c A 192.0.2.1 ; CF_COMMENT=\"x\" CF_PROXY_ON\n", "a2 b2 c2 " },
	/* What the owner of the record wrote comes first, and may be anything. */
	{ "a A 192.0.2.1 ; (x \"y; cf_tags= " TAG "\nb A 192.0.2.1 ; a;b " TAG "\n", "a1 b1 " },
	{ "a A 192.0.2.1 ; cf-proxied:true\nb A 192.0.2.1 ; cf_tags=cf-proxied:false\n"
	  "c A 192.0.2.1 ; cf_tags=cf-proxied:trueish,not-cf-proxied:true\n"
	  "d A 192.0.2.1 ; " TAG " cf_tags=cf-proxied:false\n"
	  "e A 192.0.2.1 ; CF_PROXY_OFF NO_CF_PROXY_ON CF_PROXY_ONE\n", "" },
	/* Not in a comment, or one of another record. */
	{ "a TXT \"; CF_PROXY_ON\"\na A 192.0.2.1\n", "" },
	{ "a TXT \"\\\"; CF_PROXY_ON\"\na A 192.0.2.1\n", "" },
	{ "a TXT x\\;CF_PROXY_ON\na A 192.0.2.1\n", "" },
	{ "; CF_PROXY_ON\na A 192.0.2.1\n; " TAG "\n", "" },
	{ "$TTL 60 ; CF_PROXY_ON\na A 192.0.2.1\n", "" },
	/* In parentheses. */
	{ "a A ( ; CF_PROXY_ON\n192.0.2.1\n)\nb A 192.0.2.1\n", "a2 " },
	{ "a A (\n; CF_PROXY_ON\n\n192.0.2.1 )\nb A 192.0.2.1\n", "a2 " },
	{ "a A (\n192.0.2.1\n\n) ; CF_PROXY_ON\nb A 192.0.2.1\n", "a2 " },
	{ "a TXT ( \"(\" ; x (\n)\nb A 192.0.2.1 ; CF_PROXY_ON\n", "b2 " },
	{ "a\\( A 192.0.2.1\nb A 192.0.2.1 ; CF_PROXY_ON\nc A 192.0.2.2\n", "b2 " },
	{ "a\\\\ A 192.0.2.1 ; CF_PROXY_ON\nb A 192.0.2.1\n", "a\\2 " },
};

static void test_marks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		char text[1024], got[256];
		int size = snprintf(text, sizeof(text), HEAD "%s", marks[i].text);
		zone_t *zone = open_text(text, (size_t)size);
		marked_names(got, zone);
		if (strcmp(got, marks[i].marked) != 0) {
			print_error("%s", marks[i].text);
		}
		assert_string_equal(got, marks[i].marked);
		zone_free(zone);
	}
}

/* Numbers that look random, the same each time. */
static unsigned next_below(uint64_t *random, unsigned count)
{
	*random = *random * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)(*random >> 33) % count;
}

/* A record in one of many layouts; some on several lines. */
static void add_record(char *text, uint64_t *random, unsigned i, bool marked)
{
	static const char *const layouts[] = {
		"h%u A 192.0.2.1 %s\n",
		"h%u ( A\n 192.0.2.1 )%s\n",
		"h%u A (%s\n192.0.2.1 ; )\n)\n",
		"h%u A (\n;x ( \"%s\n 192.0.2.1\n) ; \"\n\n",
		"h%u A 192.0.2.1 %s\nq TXT \"a ; ( b\" ; \"\n",
		"h%u A 192.0.2.1 %s\nq\\\" TXT ( a\n\"\\\"\" ) ; CF_PROXY\n; )\n\n",
		"h%u\tA\t( 192.0.2.1 ) %s\r\n",
	};
	static const char *const comments[] = { ";" TAG, "; CF_PROXY_ON", "; x;y " TAG " " };
	static const char *const others[] = { ";", "; cf_tags=cf-proxied:false", ";(", ";\"" };
	size_t used = strlen(text);
	const char *comment = marked ? comments[next_below(random, 3)]
	                             : others[next_below(random, 4)];
	(void)snprintf(text + used, 65536 - used, layouts[next_below(random, 7)], i, comment);
}

static void test_random(void **state)
{
	(void)state;
	uint64_t random = 20261129;
	char *text = malloc(65536);
	assert_non_null(text);
	for (size_t round = 0; round < 300; round++) {
		char want[256] = "", got[256];
		strcpy(text, HEAD);
		for (unsigned i = 0; i < 20; i++) {
			bool marked = next_below(&random, 3) == 0;
			add_record(text, &random, i, marked);
			if (marked) {
				(void)snprintf(want + strlen(want), 32, "h%u", i);
			}
		}
		zone_t *zone = open_text(text, strlen(text));
		marked_names(got, zone);
		char *to = got; /* Without the sort of the mark. */
		for (char *at = got; *at != '\0'; at++) {
			if (at[1] == ' ') {
				at++;
			} else {
				*to++ = *at;
			}
		}
		*to = '\0';
		if (strcmp(got, want) != 0) {
			print_error("%s", text);
		}
		assert_string_equal(got, want);
		zone_free(zone);
	}
	free(text);
}

/* What is written comes out again, whatever it is; other RDATA is as it is. */
static void test_rdata(void **state)
{
	(void)state;
	static const struct {
		uint16_t type;
		uint16_t size;
		const char *rdata;
	} rdatas[] = {
		{ KNOT_RRTYPE_A, 4, "\xff\xff\xff\xfe" },
		{ KNOT_RRTYPE_A, 4, "\0\0\0\0" },
		{ KNOT_RRTYPE_AAAA, 16,
		  "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe" },
		{ KNOT_RRTYPE_CNAME, 13, "\7example\3com" },
		{ KNOT_RRTYPE_CNAME, 3, "\1\1" },
		{ KNOT_RRTYPE_CNAME, 1, "" },
	};
	for (size_t i = 0; i < sizeof(rdatas) / sizeof(*rdatas); i++) {
		uint8_t made[MARKED_MAX];
		uint16_t buf[(MARKED_MAX + sizeof(knot_rdata_t)) / 2 + 1], size;
		knot_rdata_t *rdata = (knot_rdata_t *)buf;
		const uint8_t *plain = (const uint8_t *)rdatas[i].rdata;
		size = marked_make(made, rdatas[i].type, MARK_CF_TAGS, plain, rdatas[i].size);
		assert_true(size > rdatas[i].size);
		knot_rdata_init(rdata, size, made);
		assert_int_equal(marked_by(rdatas[i].type, rdata), MARK_CF_TAGS);
		const uint8_t *written = marked_written(rdatas[i].type, rdata, &size);
		assert_int_equal(size, rdatas[i].size);
		assert_memory_equal(written, plain, size);

		assert_int_equal(marked_make(made, rdatas[i].type, MARK_NONE, plain, size), 0);
		knot_rdata_init(rdata, size, plain);
		assert_int_equal(marked_by(rdatas[i].type, rdata), MARK_NONE);
		assert_memory_equal(marked_written(rdatas[i].type, rdata, &size), plain, size);
	}
	uint8_t made[MARKED_MAX];
	assert_int_equal(marked_make(made, KNOT_RRTYPE_TXT, MARK_CF_TAGS, (uint8_t *)"\1x", 2), 0);
	assert_true(marked_is_proxy((const knot_dname_t *)"\1\1"));
	assert_false(marked_is_proxy(apex));
}

static const struct {
	const char *text;
	bool found;
} heads[] = {
	{ ";; Domain:     example.com.\n", true },
	{ ";\n;; Domain: Example.COM\r\n;; Exported: x\n", true },
	{ "\n; Domain: example.com", true },
	{ ";; x Domain: example.com.\n", false },
	{ ";; Domain: example\n", false },
	{ ";; Domain:\nexample.com.\n", false },
	{ ";; Domain: example..com\n", false },
	{ "@ SOA a b 1 2 3 4 5\n;; Domain: example.com.\n", false },
	{ ";; Domain: ex..\n;; Domain: example.com.\n", true },
	{ "", false },
	{ ";", false },
};

static void test_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		knot_dname_storage_t name;
		bool found = export_domain(name, heads[i].text, strlen(heads[i].text));
		if (found != heads[i].found) {
			print_error("%s", heads[i].text);
		}
		assert_int_equal(found, heads[i].found);
		assert_true(!found || knot_dname_is_equal(name, apex));
	}
}

#define BLANK "REPLACE&ME$WITH^YOUR@NAMESERVER."

static const struct {
	const char *text;
	const char *without; /* NULL: the same. */
} placeholders[] = {
	{ "a.\t300\tIN\tNS\t" BLANK "\nb. A x\n", ";.\t300\tIN\tNS\t" BLANK "\nb. A x\n" },
	{ "b. A x\na. NS " BLANK, "b. A x\n;. NS " BLANK },
	{ "a. NS " BLANK "\na. NS REPACE&ME$WITH^YOUR@NAMESERVER.\n",
	  ";. NS " BLANK "\n;. NS REPACE&ME$WITH^YOUR@NAMESERVER.\n" },
	{ "a. TXT \"" BLANK "\"\n", NULL },
	{ BLANK, NULL },
	{ "\n" BLANK BLANK "\n", NULL },
	{ "", NULL },
};

static void test_placeholders(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(placeholders) / sizeof(*placeholders); i++) {
		size_t size = strlen(placeholders[i].text);
		char *got = export_without_placeholders(placeholders[i].text, size);
		assert_int_equal(got == NULL, placeholders[i].without == NULL);
		if (got != NULL) {
			assert_memory_equal(got, placeholders[i].without, size);
		}
		free(got);
	}
}

/* Time is linear in the size, whatever is repeated. */
static void test_repeated(void **state)
{
	(void)state;
	static const char *const parts[] = {
		("a NS " BLANK " "), ";cf_tags=", (";" TAG), "; CF_PROXY_ON\n", "(", "\"", "\\",
		";; Domain: a\n", "a A 192.0.2.1 ( ; CF_PROXY_ON\n"
	};
	const size_t size = 4 << 20;
	char *text = malloc(size);
	assert_non_null(text);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		size_t length = strlen(parts[i]);
		marks_t found = { .at = NULL };
		knot_dname_storage_t name;
		for (size_t at = 0; at < size; at++) {
			text[at] = parts[i][at % length];
		}
		memcpy(text + size - sizeof(TAG), TAG, sizeof(TAG) - 1);
		marks_find(&found, text, size);
		free(export_without_placeholders(text, size));
		(void)export_domain(name, text, size);
		vec_free(&found);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_rdata),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_placeholders),
		cmocka_unit_test(test_repeated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
