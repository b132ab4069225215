/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Names as they are written, and sets of them.
 */

#undef NDEBUG

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/names.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/*! Labels of 63 and 61 octets. */
#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

#define ORIGIN "\7example\3org"

#define WIRE(text) ((const knot_dname_t *)(text))

static void test_good(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		const char *out;
	} good[] = {
		{ "@", ORIGIN },
		{ ".", "" },
		{ "mail", "\4mail" ORIGIN },
		{ "MaiL", "\4mail" ORIGIN },
		{ "a.b", "\1a\1b" ORIGIN },
		{ "mail.", "\4mail" },
		{ "mail.example.net.", "\4mail\7example\3net" },
		{ "example.org.", ORIGIN },
		{ "*", "\1*" ORIGIN },
		{ "*.mx", "\1*\2mx" ORIGIN },
		{ "*.", "\1*" },
		{ "\\*.mx", "\1*\2mx" ORIGIN },
		{ "a.*.mx", "\1a\1*\2mx" ORIGIN },
		{ "**", "\2**" ORIGIN },
		{ "\\@", "\1@" ORIGIN },
		{ "a@b", "\3a@b" ORIGIN },
		{ "_25._tcp.mail", "\3_25\4_tcp\4mail" ORIGIN },
		{ "xn--bcher-kva", "\15xn--bcher-kva" ORIGIN },
		/* Escapes. */
		{ "mail\\.", "\5mail." ORIGIN },
		{ "mail\\046", "\5mail." ORIGIN },
		{ "mail\\\\.", "\5mail\\" },
		{ "mail\\..", "\5mail." },
		{ "a\\.b.c", "\3a.b\1c" ORIGIN },
		{ "\\065\\Bc", "\3abc" ORIGIN },
		{ "a\\032b\\ c", "\5a b c" ORIGIN },
		{ "\\\"\\;\\(\\)", "\4\";()" ORIGIN },
		{ "\\1270", "\2\1770" ORIGIN },
		/* Longest label and name. */
		{ A63, "\77" A63 ORIGIN },
		{ A63 "." A63 "." A63 "." A61 ".", "\77" A63 "\77" A63 "\77" A63 "\75" A61 },
		{ A63 "." A63 "." A63 ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "\77" A63 "\77" A63 "\77" A63
		  "\61aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" ORIGIN },
	};

	for (size_t i = 0; i < COUNT(good); i++) {
		knot_dname_storage_t name;
		if (name_from_str(name, good[i].in, WIRE(ORIGIN)) != KNOT_EOK) {
			fail_msg("refused: '%s'", good[i].in);
		}
		assert_true(knot_dname_is_equal(name, WIRE(good[i].out)));
	}

	/* A zero octet does not end a name, and the origin may be the root. */
	knot_dname_storage_t name;
	assert_int_equal(name_from_str(name, "a\\000b", WIRE("")), KNOT_EOK);
	assert_memory_equal(name, "\3a\0b", 5);
	assert_int_equal(name_from_str(name, "@", WIRE("")), KNOT_EOK);
	assert_int_equal(name[0], 0);
}

static void test_bad(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		int ret;
	} bad[] = {
		/* Empty, or an empty label. */
		{ "", KNOT_EINVAL }, { "..", KNOT_EINVAL }, { ".a", KNOT_EINVAL },
		{ "a..b", KNOT_EINVAL }, { "a..", KNOT_EINVAL }, { "*..mx", KNOT_EINVAL },
		/* Escapes. */
		{ "a\\", KNOT_EINVAL }, { "a\\1", KNOT_EINVAL }, { "a\\12", KNOT_EINVAL },
		{ "a\\1x2", KNOT_EINVAL }, { "a\\256", KNOT_EINVAL }, { "a\\999", KNOT_EINVAL },
		/* Octets above 127. */
		{ "b\xc3\xbc" "cher", KNOT_EINVAL }, { "b\\195\\188cher", KNOT_EINVAL },
		{ "\\128", KNOT_EINVAL }, { "\\\xc3\xbc", KNOT_EINVAL },
		/* What a zone file would not take for a part of a name. */
		{ " mail", KNOT_EINVAL }, { "mail ", KNOT_EINVAL }, { "a b", KNOT_EINVAL },
		{ "a\tb", KNOT_EINVAL }, { "a\nb", KNOT_EINVAL }, { "\"mail\"", KNOT_EINVAL },
		{ "mail;", KNOT_EINVAL }, { "(mail)", KNOT_EINVAL }, { "a\x7f", KNOT_EINVAL },
		/* Too long. */
		{ "a" A63, KNOT_ERANGE }, { "a" A63 ".", KNOT_ERANGE },
		{ A63 "." A63 "." A63 ".a" A61 ".", KNOT_ERANGE },
		{ A63 "." A63 "." A63 "." A61, KNOT_ERANGE },
		{ A63 "." A63 "." A63 "." A61 ".a.", KNOT_ERANGE },
		{ A63 "." A63 "." A63 ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  KNOT_ERANGE },
		{ A63 "." A63 "." A63 "." A63 "." A63 "." A63 "." A63 ".", KNOT_ERANGE },
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		knot_dname_storage_t name;
		names_t set = { 0 };
		if (name_from_str(name, bad[i].in, WIRE(ORIGIN)) != bad[i].ret) {
			fail_msg("not as expected: '%s'", bad[i].in);
		}
		assert_int_equal(names_add(&set, bad[i].in, WIRE(ORIGIN)), bad[i].ret);
		assert_int_equal(set.count, 0);
	}
}

static void add(names_t *set, const char *str)
{
	assert_int_equal(names_add(set, str, WIRE(ORIGIN)), KNOT_EOK);
}

/*! A name in text without escapes, absolute or not. */
static const knot_dname_t *wire(const char *str, knot_dname_storage_t buf)
{
	assert_int_equal(name_from_str(buf, str, WIRE(ORIGIN)), KNOT_EOK);
	return buf;
}

static void test_match(void **state)
{
	(void)state;
	static const struct {
		const char *patterns[6];
		const char *yes[8];
		const char *no[8];
	} cases[] = {
		{ { NULL }, { NULL }, { "@", "mail", ".", "example.net." } },
		{ { "mail" }, { "mail", "MAIL", "mail.example.org." },
		  { "@", "a.mail", "mail.example.net.", "mai", "maill", ".", "org.",
		    "mail.org." } },
		{ { "@", "www" }, { "@", "www", "example.org." }, { "a", "www.www", "org.", "." } },
		{ { "*" }, { "a", "b.a", "*" }, { "@", "org.", "a.org.", "example.net." } },
		{ { "*.mx" }, { "a.mx", "b.a.mx", "*.mx" }, { "mx", "@", "a.mx2", "mx.a", "amx" } },
		{ { "mx", "*.mx" }, { "mx", "a.mx" }, { "@", "m" } },
		{ { "*.a", "*.b", "c", "*.d.", "." }, { "x.a", "y.x.b", "c", "x.d.", "." },
		  { "a", "b", "x.c", "d.", "d", "x" } },
		{ { "*." }, { "a.", "@", "example.net." }, { "." } },
		{ { "a.*.mx", "a*" }, { "a.*.mx", "a*" }, { "a.b.mx", "ab", "b.a.*.mx" } },
		{ { "a\\.b" }, { "a\\.b" }, { "a.b", "b" } },
		/* The same octets, in other labels. */
		{ { "a\\001b" }, { "a\\001b" }, { "a.b" } },
		{ { "*.a\\002bc" }, { "x.a\\002bc" }, { "x.a.bc", "a.bc" } },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		names_t set = { 0 };
		knot_dname_storage_t buf;
		for (size_t j = 0; j < 6 && cases[i].patterns[j] != NULL; j++) {
			add(&set, cases[i].patterns[j]);
		}
		for (size_t j = 0; j < 8 && cases[i].yes[j] != NULL; j++) {
			if (!names_match(&set, wire(cases[i].yes[j], buf))) {
				fail_msg("%zu: no match: '%s'", i, cases[i].yes[j]);
			}
		}
		for (size_t j = 0; j < 8 && cases[i].no[j] != NULL; j++) {
			if (names_match(&set, wire(cases[i].no[j], buf))) {
				fail_msg("%zu: match: '%s'", i, cases[i].no[j]);
			}
		}
		names_clear(&set);
		assert_int_equal(set.count, 0);
		assert_null(set.at);
	}
}

static void test_cover(void **state)
{
	(void)state;
	knot_dname_storage_t buf;
	names_t set = { 0 };
	assert_false(names_cover(&set, wire("@", buf)));

	add(&set, "cdn.cloudflare.net.");
	add(&set, "*.below.net.");
	assert_true(names_cover(&set, wire("cdn.cloudflare.net.", buf)));
	assert_true(names_cover(&set, wire("a.b.cdn.cloudflare.net.", buf)));
	assert_true(names_cover(&set, wire("below.net.", buf)));
	assert_true(names_cover(&set, wire("a.below.net.", buf)));
	assert_false(names_cover(&set, wire("cloudflare.net.", buf)));
	assert_false(names_cover(&set, wire("xcdn.cloudflare.net.", buf)));
	assert_false(names_cover(&set, wire("cdn.cloudflare.net.example.org.", buf)));
	assert_false(names_cover(&set, wire(".", buf)));

	add(&set, ".");
	assert_true(names_cover(&set, wire(".", buf)));
	assert_true(names_cover(&set, wire("cloudflare.net.", buf)));
	names_clear(&set);
}

/*! Appends a domain, or with '!' an exception. */
static void append(names_t *set, const char *str)
{
	knot_dname_storage_t buf;
	const bool except = str[0] == '!';
	assert_int_equal(names_append(set, wire(str + except, buf), except), KNOT_EOK);
}

/*! The deepest name decides, of equal ones the exception, and of several sets any. */
static void test_except(void **state)
{
	(void)state;
	static const struct {
		const char *lists[3][6];
		const char *covered[6], *not_covered[6];
		size_t count;
	} cases[] = {
		{ { { "cdn.net.", "!mx.cdn.net.", "www.mx.cdn.net.", "CDN.net." } },
		  { "cdn.net.", "a.cdn.net.", "www.mx.cdn.net.", "a.www.mx.cdn.net." },
		  { "net.", "mx.cdn.net.", "a.mx.cdn.net.", "xmx.cdn.net.example.", "." }, 3 },
		{ { { "same.net.", "!same.net.", "!alone.org.", "." } },
		  { ".", "net.", "a.com." }, { "same.net.", "a.same.net.", "alone.org." }, 3 },
		/* Exceptions are those of their own list, whichever comes first. */
		{ { { "cdn.net.", "!mx.cdn.net.", "!b.org." }, { "mx.cdn.net.", "!a.mx.cdn.net." },
		    { "b.org." } },
		  { "cdn.net.", "mx.cdn.net.", "x.mx.cdn.net.", "b.org.", "a.b.org." },
		  { "a.mx.cdn.net.", "b.a.mx.cdn.net.", "org." }, 4 },
		{ { { "!mx.cdn.net." }, { "cdn.net." }, { NULL } },
		  { "mx.cdn.net.", "cdn.net." }, { "net." }, 2 },
		{ { { "cdn.net." }, { "!cdn.net.", "net." }, { "!net." } },
		  { "a.cdn.net.", "cdn.net.", "net.", "a.net." }, { "org." }, 2 },
		{ { { NULL }, { NULL }, { NULL } }, { NULL }, { ".", "net." }, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		knot_dname_storage_t buf;
		names_t set = { 0 };
		for (size_t j = 0; j < 3; j++) {
			names_t list = { 0 };
			for (const char *const *word = cases[i].lists[j]; *word != NULL; word++) {
				append(&list, *word);
			}
			names_sort(&list);
			assert_int_equal(names_unite(&set, &list), KNOT_EOK);
			assert_int_equal(list.count, 0);
			assert_null(list.at);
		}
		assert_int_equal(set.count, cases[i].count);
		for (const char *const *name = cases[i].covered; *name != NULL; name++) {
			assert_true(names_cover(&set, wire(*name, buf)));
		}
		for (const char *const *name = cases[i].not_covered; *name != NULL; name++) {
			assert_false(names_cover(&set, wire(*name, buf)));
		}
		names_clear(&set);
	}
}

static void test_set(void **state)
{
	(void)state;
	names_t set = { 0 };
	knot_dname_storage_t buf;

	/* None twice, whatever its spelling; with and without what is below it are two. */
	add(&set, "mx");
	add(&set, "MX");
	add(&set, "mx.example.org.");
	assert_int_equal(set.count, 1);
	add(&set, "*.mx");
	add(&set, "*.mX");
	assert_int_equal(set.count, 2);

	/* The caller's name is copied, and a wildcard no wildcard unless it says so. */
	assert_int_equal(names_add_dname(&set, wire("*.web", buf), false), KNOT_EOK);
	assert_int_equal(names_add_dname(&set, wire("low", buf), true), KNOT_EOK);
	memset(buf, 0, sizeof(buf));
	assert_true(names_match(&set, wire("*.web", buf)));
	assert_false(names_match(&set, wire("a.web", buf)));
	assert_true(names_match(&set, wire("a.low", buf)));
	assert_false(names_match(&set, wire("low", buf)));
	assert_true(names_match_below(&set, wire("low", buf)));
	assert_true(names_match_below(&set, wire("b.a.low", buf)));
	assert_true(names_match_below(&set, wire("mx", buf)));
	assert_false(names_match_below(&set, wire("*.web", buf)));
	assert_false(names_match_below(&set, wire("web", buf)));
	for (size_t i = 0; i < set.count; i++) {
		assert_int_equal(set.at[i].size, knot_dname_size(set.at[i].name));
	}

	/* What is handed over is not there any more. */
	names_t all = { 0 };
	assert_int_equal(names_unite(&all, &set), KNOT_EOK);
	assert_true(names_match_below(&all, wire("low", buf)));
	assert_false(names_match_below(&set, wire("low", buf)));
	names_clear(&all);
	names_clear(&set);
	names_clear(&set);
}

/*! Many names, in an order that is none: the set against a plain table. */
static void test_many(void **state)
{
	(void)state;
	enum { MANY = 4096 };
	names_t set = { 0 };
	char text[32];

	/* 1 to MANY in steps that are prime to it; every third with all below. */
	for (unsigned i = 0, n = 0; i < MANY; i++, n = (n + 1237) % MANY) {
		(void)snprintf(text, sizeof(text), "%sn%u", n % 3 == 0 ? "*." : "", n);
		add(&set, text);
	}
	assert_int_equal(set.count, MANY);
	for (unsigned n = 0; n < MANY + 100; n++) {
		knot_dname_storage_t buf;
		(void)snprintf(text, sizeof(text), "n%u", n);
		assert_int_equal(names_match(&set, wire(text, buf)), n < MANY && n % 3 != 0);
		assert_int_equal(names_cover(&set, wire(text, buf)), n < MANY);
		(void)snprintf(text, sizeof(text), "a.b.n%u", n);
		assert_int_equal(names_match(&set, wire(text, buf)), n < MANY && n % 3 == 0);
	}
	names_clear(&set);
}

static void test_service(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		const char *out; /* NULL: ret. */
		int ret;
	} cases[] = {
		{ "_submission._tcp", "\13_submission\4_tcp", 0 },
		{ "_Submission._TCP", "\13_submission\4_tcp", 0 },
		{ "_imap._tcp.web", "\5_imap\4_tcp\3web", 0 },
		/* No SRV record has an owner that begins so. */
		{ "_submission._tcp.", NULL, KNOT_EINVAL },
		{ "submission._tcp", NULL, KNOT_EINVAL },
		{ "_submission.tcp", NULL, KNOT_EINVAL },
		{ "submission", NULL, KNOT_EINVAL },
		{ "_._tcp", NULL, KNOT_EINVAL },
		{ "587", NULL, KNOT_EINVAL },
		{ "_x", "\2_x", 0 },
		{ "_x\\.", "\3_x.", 0 },
		{ "", NULL, KNOT_EINVAL },
		{ ".", NULL, KNOT_EINVAL },
		{ "@", NULL, KNOT_EINVAL },
		{ "*", NULL, KNOT_EINVAL },
		{ "*._tcp", NULL, KNOT_EINVAL },
		{ "_x.._tcp", NULL, KNOT_EINVAL },
		{ "_x _tcp", NULL, KNOT_EINVAL },
		{ "_\xc3\xbc._tcp", NULL, KNOT_EINVAL },
		{ "a" A63, NULL, KNOT_ERANGE },
		{ A63 "." A63 "." A63 "." A63, NULL, KNOT_ERANGE },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		knot_dname_storage_t name;
		int ret = service_from_str(name, cases[i].in);
		assert_int_equal(ret, cases[i].ret);
		if (cases[i].out != NULL) {
			assert_true(knot_dname_is_equal(name, WIRE(cases[i].out)));
		}
	}
}

static void test_prefix(void **state)
{
	(void)state;
	knot_dname_storage_t service, buf;
	assert_int_equal(service_from_str(service, "_imap._tcp"), KNOT_EOK);

	assert_true(name_has_prefix(wire("_imap._tcp", buf), service));
	assert_true(name_has_prefix(wire("_IMAP._tcp.sub", buf), service));
	assert_false(name_has_prefix(wire("_imap._tcp.", buf), service));
	assert_false(name_has_prefix(wire("_imap.", buf), service));
	assert_false(name_has_prefix(wire("_imap", buf), service));
	assert_false(name_has_prefix(wire("_imaps._tcp", buf), service));
	assert_false(name_has_prefix(wire("_imap._udp", buf), service));
	assert_false(name_has_prefix(wire("a._imap._tcp", buf), service));
	assert_false(name_has_prefix(wire("@", buf), service));
	assert_false(name_has_prefix(wire(".", buf), service));
}

static void test_in_zone(void **state)
{
	(void)state;
	knot_dname_storage_t buf;
	assert_true(name_in_zone(wire("@", buf), WIRE(ORIGIN)));
	assert_true(name_in_zone(wire("a.b", buf), WIRE(ORIGIN)));
	assert_true(name_in_zone(wire("a.", buf), WIRE("")));
	assert_false(name_in_zone(wire("org.", buf), WIRE(ORIGIN)));
	assert_false(name_in_zone(wire("xexample.org.", buf), WIRE(ORIGIN)));
	assert_false(name_in_zone(wire("example.org.net.", buf), WIRE(ORIGIN)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_cover),
		cmocka_unit_test(test_except),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_service),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_in_zone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
