/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Lists of vendors: what is accepted, and what errors say.
 */

#undef NDEBUG

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <libknot/errcode.h>

#include "policy/netfile.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/*! Eight, and 64 times that. */
#define X8   "xxxxxxxx"
#define X64  X8 X8 X8 X8 X8 X8 X8 X8
#define X256 X64 X64 X64 X64
#define SPACES64 "                                                                "
#define SPACES256 SPACES64 SPACES64 SPACES64 SPACES64

/*! Text with its length, as there may be zeros in it. */
#define TEXT(str) (str), sizeof(str) - 1

static char dir[64];
static char path[96];

static int setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/mxguard-netfile-XXXXXX");
	if (mkdtemp(dir) == NULL) {
		return -1;
	}
	(void)snprintf(path, sizeof(path), "%s/list", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

static void write_file(const char *text, size_t len)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/*! Reads the file into a new set, which is built if that goes well. */
static int read_set(netset_t **set, names_t *names, netfile_info_t *info,
                    char err[static NETFILE_ERR_MAX])
{
	*set = netset_new();
	assert_non_null(*set);
	err[0] = 'x';
	int ret = netfile_read(*set, names, path, info, err);
	assert_true(strnlen(err, NETFILE_ERR_MAX) < NETFILE_ERR_MAX);
	if (ret == KNOT_EOK) {
		assert_string_equal(err, "");
		assert_int_equal(netset_build(*set), KNOT_EOK);
	}
	return ret;
}

static void test_good(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t len;
		const char *says[6]; /* Networks, then names, each in the order of a set. */
	} good[] = {
		{ TEXT("192.0.2.0/24\n"), { "192.0.2.0/24" } },
		{ TEXT("192.0.2.0/24"), { "192.0.2.0/24" } }, /* No end of line. */
		{ TEXT("192.0.2.1\n2001:db8::/32\n198.51.100.1-198.51.100.9\n"),
		  { "192.0.2.1/32", "198.51.100.1-198.51.100.9", "2001:db8::/32" } },
		/* Comments, blank lines, spaces and tabs. */
		{ TEXT("# one\n; two\n\n \t \n  # three\n\t192.0.2.0/24 \t# four\n"
		       "198.51.100.0/24;five\n203.0.113.0/24#\n;\n#"),
		  { "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24" } },
		/* Lines as other systems end them, and a byte order mark. */
		{ TEXT("192.0.2.0/24\r\n\r\n# c\r\n198.51.100.0/24 ; c\r\n203.0.113.0/24 \r\n"),
		  { "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24" } },
		{ TEXT("192.0.2.0/24\r"), { "192.0.2.0/24" } },
		{ TEXT("\xef\xbb\xbf" "192.0.2.0/24\n"), { "192.0.2.0/24" } },
		{ TEXT("\xef\xbb\xbf# c\n192.0.2.0/24\n"), { "192.0.2.0/24" } },
		/* Whatever is in a comment, however long. */
		{ TEXT("# " X256 X256 X256 X256 X256 "\n192.0.2.0/24 ; \0\xff" X256 X256 X256 X256
		       "\n"), { "192.0.2.0/24" } },
		/* As long as a line may be: 1024. */
		{ TEXT(SPACES256 SPACES256 SPACES256 SPACES64 SPACES64 SPACES64
		       "192.0.2.0/24                                                    \n"),
		  { "192.0.2.0/24" } },
		/* Twice, overlapping, and with host bits. */
		{ TEXT("192.0.2.1/24\n192.0.2.0/24\n192.0.2.0/25\n"),
		  { "192.0.2.0/24", "192.0.2.0/25" } },
		/* Names, alone and among networks; exceptions are none of either. */
		{ TEXT("CDN.example.Net.\n"), { "cdn.example.net." } },
		{ TEXT("a.cdn.net. # c\r\n192.0.2.0/24\n!192.0.2.7\n\t!mx.cdn.net. ;c\n"
		       "a.cdn.net.\n\\065\\-b.net.\n"),
		  { "192.0.2.0/24", "a-b.net.", "a.cdn.net.", "!mx.cdn.net." } },
		{ TEXT("!cdn.net.\n192.0.2.0/24\ncdn.net."), { "192.0.2.0/24", "!cdn.net." } },
		{ TEXT("cdn.net\\..\n"), { "cdn.net\\.." } },
		/* Zone files, as knotd writes them and as people do. */
		{ TEXT(";; Zone dump\nlist.example.\t3600\tSOA\tns.example. h.example. 1 2 3 4 5\n"
		       "list.example.\t3600\tNS\tns.example.\n"
		       "list.example.\t3600\tAPL\t1:192.0.2.0/24 !1:192.0.2.128/25 "
		       "2:2001:db8::/32\n"
		       "n.list.example.\t3600\tPTR\tCDN.example.net.\n"
		       "n.list.example.\t3600\tTXT\t\"1:198.51.100.0/24\"\n"),
		  { "192.0.2.0/24", "2001:db8::/32", "cdn.example.net." } },
		{ TEXT("$TTL 60\n$ORIGIN l.example.\n@ SOA a b 1 2 3 4 5\n"
		       "@ APL 1:0.0.0.0/0 (\n  2:::/0 )\n@ PTR cdn"),
		  { "0.0.0.0/0", "::/0", "cdn.l.example." } },
		{ TEXT("$ORIGIN l.example.\n@ 60 IN APL 1:192.0.2.1/32\n"
		       "@ 60 IN APL 1:192.0.2.2/32\n"),
		  { "192.0.2.1/32", "192.0.2.2/32" } },
		/* Of other families nothing is known. */
		{ TEXT("@ 0 SOA a b 1 2 3 4 5\n@ 0 APL 1:192.0.2.1/32\n"
		       "@ 0 TYPE42 \\# 6 4004 0002 0102\n"), { "192.0.2.1/32" } },
	};

	for (size_t i = 0; i < COUNT(good); i++) {
		netset_t *set;
		names_t names = { 0 };
		char err[NETFILE_ERR_MAX], buf[NET_TEXT_MAX];
		write_file(good[i].text, good[i].len);
		if (read_set(&set, &names, NULL, err) != KNOT_EOK) {
			fail_msg("%zu: %s", i, err);
		}
		const char *const *says = good[i].says;
		net_t one;
		for (size_t at = 0; netset_next(set, &at, &one); says++) {
			assert_string_equal(net_to_str(&one, buf), *says);
		}
		for (size_t j = 0; j < names.count; j++, says++) {
			knot_dname_txt_storage_t text = "!";
			const name_pattern_t *name = &names.at[j];
			assert_non_null(knot_dname_to_str(text + name->except, name->name,
			                                  sizeof(text) - name->except));
			assert_string_equal(text, *says);
		}
		assert_null(*says);
		netset_free(set);
		names_clear(&names);
	}
}

#define EMPTY   ": neither a network nor a name in it"
#define NEITHER "neither a network nor a name that ends in a dot"

static void test_malformed(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t len;
		const char *err; /* After the path. */
	} bad[] = {
		/* No entry at all, or nothing but exceptions. */
		{ TEXT(""), EMPTY },
		{ TEXT("\n\n"), EMPTY },
		{ TEXT("# 192.0.2.0/24\n"), EMPTY },
		{ TEXT("\xef\xbb\xbf"), EMPTY },
		{ TEXT("!192.0.2.0/24\n!mx.cdn.net.\n"), EMPTY },
		/* A line that is none. */
		{ TEXT("mail.example.org\n"), ":1: " NEITHER " 'mail.example.org'" },
		{ TEXT("192.0.2.0/24\n192.0.2.0/33\n"), ":2: " NEITHER " '192.0.2.0/33'" },
		{ TEXT("# c\n\n192.0.2.0/24\n\t oops # c\n"), ":4: " NEITHER " 'oops'" },
		{ TEXT("192.0.2.0/24\n198.51.100"), ":2: " NEITHER " '198.51.100'" },
		{ TEXT("192.0.2.0/24 198.51.100.0/24\n"),
		  ":1: " NEITHER " '192.0.2.0/24 198.51.100.0/24'" },
		{ TEXT("192.0.2.0/24,\n"), ":1: " NEITHER " '192.0.2.0/24,'" },
		{ TEXT("192.0.2.1 - 192.0.2.9\n"), ":1: " NEITHER " '192.0.2.1 - 192.0.2.9'" },
		{ TEXT("192.0.2.9-192.0.2.1\n"), ":1: " NEITHER " '192.0.2.9-192.0.2.1'" },
		{ TEXT("192.0.2.0/24 // c\n"), ":1: " NEITHER " '192.0.2.0/24 // c'" },
		/* An exception is what an entry is, and nothing is between it and its mark. */
		{ TEXT("192.0.2.0/24\n!\n"), ":2: " NEITHER " '!'" },
		{ TEXT("192.0.2.0/24\n! 192.0.2.1\n"), ":2: " NEITHER " '! 192.0.2.1'" },
		{ TEXT("192.0.2.0/24\n!!192.0.2.1\n"), ":2: " NEITHER " '!!192.0.2.1'" },
		{ TEXT("192.0.2.0/24\n192.0.2.1!\n"), ":2: " NEITHER " '192.0.2.1!'" },
		{ TEXT("192.0.2.0/24\n!mx.example\n"), ":2: " NEITHER " '!mx.example'" },
		/* Names that are none, or no domains. */
		{ TEXT("a..b.\n"), ":1: not a domain name 'a..b.'" },
		{ TEXT("!.a.\n"), ":1: not a domain name '!.a.'" },
		{ TEXT("a b.\n"), ":1: not a domain name 'a b.'" },
		{ TEXT("cdn.net\\.\n"), ":1: not a domain name 'cdn.net\\.'" },
		{ TEXT("! cdn.net.\n"), ":1: not a domain name '! cdn.net.'" },
		{ TEXT("b\xc3\xbc.net.\n"), ":1: not a domain name 'b\\195\\188.net.'" },
		{ TEXT("192.0.2.0/24.\n" X64 ".net.\n"),
		  ":2: not a domain name '" X8 X8 X8 X8 X8 X8 X8 "x...'" },
		{ TEXT(".\n"), ":1: not a domain below the root '.'" },
		{ TEXT("!.\n"), ":1: not a domain below the root '!.'" },
		{ TEXT("*.cdn.net.\n"), ":1: a pattern, not a domain name '*.cdn.net.'" },
		{ TEXT("!a.*.net.\n"), ":1: a pattern, not a domain name '!a.*.net.'" },
		/* Octets that are not to be printed as they are. */
		{ TEXT("192.0.2.0/24\0x\n"),
		  ":1: neither a network nor a name '192.0.2.0/24\\000x'" },
		{ TEXT("\0\n"), ":1: neither a network nor a name '\\000'" },
		{ TEXT("cdn.net\0.\n"), ":1: neither a network nor a name 'cdn.net\\000.'" },
		{ TEXT("\x1b[31m\xc3\xbc\x7f\n"), ":1: " NEITHER " '\\027[31m\\195\\188\\127'" },
		{ TEXT("192.0.2.0/24\r192.0.2.0/24\n"),
		  ":1: " NEITHER " '192.0.2.0/24\\013192.0.2.0/24'" },
		{ TEXT("192.0.2.0/24\n\xef\xbb\xbf" "192.0.2.0/24\n"),
		  ":2: " NEITHER " '\\239\\187\\191192.0.2.0/24'" },
		{ TEXT("\xff\xfe" "1\0\n\0"),
		  ":1: neither a network nor a name '\\255\\2541\\000'" },
		/* Long lines: shortened, and those too long for an entry. */
		{ TEXT(X64 X64 "\n"), ":1: " NEITHER " '" X8 X8 X8 X8 X8 X8 X8 "x...'" },
		{ TEXT("# c\n" X256 X256 X256 X256 "x\n"), ":2: line too long" },
		{ TEXT(SPACES256 SPACES256 SPACES256 SPACES256 "192.0.2.0/24\n"),
		  ":1: line too long" },
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		netset_t *set;
		names_t names = { 0 };
		char err[NETFILE_ERR_MAX], want[NETFILE_ERR_MAX];
		write_file(bad[i].text, bad[i].len);
		int ret = read_set(&set, &names, NULL, err);
		(void)snprintf(want, sizeof(want), "%s%s", path, bad[i].err);
		assert_string_equal(err, want);
		assert_int_equal(ret, KNOT_EMALF);
		assert_int_equal(netset_count(set) + names.count, 0);
		netset_free(set);
	}
}

/*! Expects an error that is not about the contents: its code and its text. */
static void check_unreadable(const char *file, int want_ret, const char *want)
{
	char err[NETFILE_ERR_MAX], text[NETFILE_ERR_MAX];
	netset_t *set = netset_new();
	names_t names = { 0 };
	assert_non_null(set);
	int ret = netfile_read(set, &names, file, NULL, err);
	(void)snprintf(text, sizeof(text), "%s: %s", file, want);
	assert_string_equal(err, text);
	assert_int_equal(ret, want_ret);
	netset_free(set);
}

/* Zone files that are no lists; the line is the second one unless said otherwise. */
static void test_malformed_zone(void **state)
{
	(void)state;
#define SOA "@ 60 SOA a b 1 2 3 4 5\n"
	static const struct {
		const char *text;
		const char *err;
	} bad[] = {
		{ SOA, ": neither a network nor a name in it" },
		{ SOA "@ 60 A 192.0.2.1\n", ": neither a network" },
		{ SOA "@ 60 APL 1:192.0.2.1/33\n", ":2: " },
		{ SOA "@ 60 NONE x\n", ":2: " },
		{ SOA "$INCLUDE /etc/passwd\n", ":2: a list includes no other file" },
		{ SOA "@ 60 PTR .\n", ":2: not a domain below the root" },
		{ SOA "@ 60 PTR *.example.\n", ":2: a pattern, not a domain name" },
		/* Too long a prefix, an address that is too long or cut, less than an item. */
		{ SOA "@ 60 APL \\# 5 0001 21 01 c0\n", ":2: APL record with a malformed item" },
		{ SOA "@ 60 APL \\# 9 0001 20 05 c000020101\n", ":2: " },
		{ SOA "@ 60 APL \\# 7 0001 20 04 c00002\n", ":2: " },
		{ SOA "@ 60 APL \\# 3 0001 20\n", ":2: " },
		{ SOA "@ 60 APL \\# 21 0002 80 11 0102030405060708090a0b0c0d0e0f1011\n", ":2: " },
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		netset_t *set;
		names_t names = { 0 };
		char err[NETFILE_ERR_MAX];
		write_file(bad[i].text, strlen(bad[i].text));
		assert_int_equal(read_set(&set, &names, NULL, err), KNOT_EMALF);
		assert_memory_equal(err, path, strlen(path));
		if (strncmp(err + strlen(path), bad[i].err, strlen(bad[i].err)) != 0) {
			fail_msg("%s: %s", bad[i].text, err);
		}
		netset_free(set);
		names_clear(&names);
	}
}

static void test_unreadable(void **state)
{
	(void)state;
	(void)unlink(path);
	check_unreadable(path, KNOT_ENOENT, strerror(ENOENT));
	check_unreadable("", KNOT_ENOENT, strerror(ENOENT));
	check_unreadable(dir, KNOT_EFILE, "not a regular file");
	check_unreadable("/dev/null", KNOT_EFILE, "not a regular file");

	/* A FIFO that nobody writes to must not hang. */
	assert_int_equal(mkfifo(path, 0600), 0);
	check_unreadable(path, KNOT_EFILE, "not a regular file");
	assert_int_equal(unlink(path), 0);

	if (geteuid() != 0) { /* root may read it. */
		write_file(TEXT("192.0.2.0/24\n"));
		assert_int_equal(chmod(path, 0), 0);
		check_unreadable(path, KNOT_EACCES, strerror(EACCES));
		assert_int_equal(unlink(path), 0);
	}
}

/*! However long a path is, the reason still shows, on one line. */
static void test_long_path(void **state)
{
	(void)state;
	char long_path[2000], err[NETFILE_ERR_MAX];
	memset(long_path, 'p', sizeof(long_path));
	long_path[0] = '/';
	long_path[5] = '\n';
	long_path[sizeof(long_path) - 1] = '\0';

	netset_t *set = netset_new();
	names_t names = { 0 };
	assert_non_null(set);
	assert_int_not_equal(netfile_read(set, &names, long_path, NULL, err), KNOT_EOK);
	assert_non_null(strstr(err, strerror(ENAMETOOLONG)));
	assert_non_null(strstr(err, "/pppp\\010ppp"));
	assert_null(strchr(err, '\n'));
	netset_free(set);
}

static void test_info(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t len;
		int year, month, day;
		size_t count, names;
	} cases[] = {
		{ TEXT("192.0.2.0/24\n"), 0, 0, 0, 1, 0 },
		{ TEXT("192.0.2.0/24\na.\n!192.0.2.1\nb.\n!c.a.\nB.\n"), 0, 0, 0, 1, 3 },
		{ TEXT("# c\n# date: 2026-08-11\n192.0.2.0/24\n192.0.2.0/24\n"),
		  2026, 8, 11, 2, 0 },
		{ TEXT("#date:2026-08-11\r\n192.0.2.0/24\n"), 2026, 8, 11, 1, 0 },
		{ TEXT(" #  date:  2026-12-31 by hand\n192.0.2.0/24\n"), 2026, 12, 31, 1, 0 },
		/* The first counts, wherever it is. */
		{ TEXT("192.0.2.0/24\n# date: 2025-01-02\n# date: 2026-08-11\n"),
		  2025, 1, 2, 1, 0 },
		{ TEXT("# date: soon\n# date: 2026-08-11\n192.0.2.0/24\n"), 2026, 8, 11, 1, 0 },
		{ TEXT("# date: 2026-08-11\n# date: 2027-01-01\n192.0.2.0/24\n"),
		  2026, 8, 11, 1, 0 },
		/* Not dates, or not in a line of their own. */
		{ TEXT("# date: 2026-13-01\n192.0.2.0/24\n"), 0, 0, 0, 1, 0 },
		{ TEXT("# date: 2026-00-01\n192.0.2.0/24\n"), 0, 0, 0, 1, 0 },
		{ TEXT("# date: 2026-01-32\n192.0.2.0/24\n"), 0, 0, 0, 1, 0 },
		{ TEXT("# date: 2026-01-00\n192.0.2.0/24\n"), 0, 0, 0, 1, 0 },
		{ TEXT("# date: 0000-01-01\n192.0.2.0/24\n"), 0, 0, 0, 1, 0 },
		{ TEXT("# date: 2026-01-011\n192.0.2.0/24\n"), 0, 0, 0, 1, 0 },
		{ TEXT("# date: 26-01-01\n192.0.2.0/24\n"), 0, 0, 0, 1, 0 },
		{ TEXT("# date: 2026-1-1\n192.0.2.0/24\n"), 0, 0, 0, 1, 0 },
		{ TEXT("# date: -026-01-01\n192.0.2.0/24\n"), 0, 0, 0, 1, 0 },
		{ TEXT("# date: 2026- 1- 1\n192.0.2.0/24\n"), 0, 0, 0, 1, 0 },
		{ TEXT("# date: 2026/01/01\n192.0.2.0/24\n"), 0, 0, 0, 1, 0 },
		{ TEXT("# update: 2026-01-01\n192.0.2.0/24\n"), 0, 0, 0, 1, 0 },
		{ TEXT("; date: 2026-01-01\n192.0.2.0/24\n"), 0, 0, 0, 1, 0 },
		{ TEXT("192.0.2.0/24 # date: 2026-01-01\n"), 0, 0, 0, 1, 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		netset_t *set;
		names_t names = { 0 };
		netfile_info_t info;
		char err[NETFILE_ERR_MAX];
		memset(&info, 0x55, sizeof(info));
		write_file(cases[i].text, cases[i].len);
		assert_int_equal(read_set(&set, &names, &info, err), KNOT_EOK);
		if (info.year != cases[i].year || info.month != cases[i].month ||
		    info.day != cases[i].day) {
			fail_msg("%zu: %d-%d-%d", i, info.year, info.month, info.day);
		}
		assert_int_equal(info.count, cases[i].count);
		assert_int_equal(info.names, cases[i].names);
		netset_free(set);
		names_clear(&names);
	}
}

static bool matches(const netset_t *set, const char *str)
{
	net_t one;
	assert_int_equal(net_from_str(&one, str), KNOT_EOK);
	return netset_match(set, one.family, one.first, NULL);
}

static bool covers(const names_t *names, const char *str)
{
	knot_dname_storage_t name = { 0 };
	assert_int_equal(name_from_str(name, str, (const knot_dname_t *)""), KNOT_EOK);
	return names_cover(names, name);
}

/*! Files make one set, each with its own exceptions, and one that is built takes no more. */
static void test_add(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t len;
	} files[] = {
		{ TEXT("192.0.2.0/24\n!192.0.2.7\n!192.0.2.9\n!198.51.100.0/25\n"
		       "cdn.net.\n!mx.cdn.net.\n!www.net.\n") },
		{ TEXT("!192.0.2.0/24\n192.0.2.9\n198.51.100.0/24\n!mx.www.net.\nwww.net.\n") },
		{ TEXT("203.0.113.0/24\n") },
	};
	static const char *const in[] = { "192.0.2.1", "192.0.2.9", "198.51.100.1", "203.0.113.1" };
	char err[NETFILE_ERR_MAX];
	names_t names = { 0 };
	netset_t *set = netset_new();
	assert_non_null(set);
	for (size_t i = 0; i < COUNT(files); i++) {
		write_file(files[i].text, files[i].len);
		assert_int_equal(netfile_read(set, &names, path, NULL, err), KNOT_EOK);
	}
	assert_int_equal(netset_build(set), KNOT_EOK);
	assert_int_equal(netset_count(set), 4);
	for (size_t i = 0; i < COUNT(in); i++) {
		assert_true(matches(set, in[i]));
	}
	assert_false(matches(set, "192.0.2.7"));
	assert_true(covers(&names, "a.cdn.net") && covers(&names, "www.net"));
	assert_false(covers(&names, "a.mx.cdn.net") || covers(&names, "mx.www.net"));

	assert_int_equal(netfile_read(set, &names, path, NULL, err), KNOT_EINVAL);
	assert_string_not_equal(err, "");
	netset_free(set);
	names_clear(&names);
}

/*! A file without end ends somewhere. */
static void test_too_many(void **state)
{
	(void)state;
	static const char line[] = "!\\097.\n";
	for (int more = 0; more < 2; more++) {
		char err[NETFILE_ERR_MAX], want[NETFILE_ERR_MAX];
		FILE *file = fopen(path, "w");
		assert_non_null(file);
		assert_true(fputs("192.0.2.1\n", file) >= 0);
		for (size_t i = more ? 0 : 1; i < NETFILE_ENTRIES_MAX; i++) {
			assert_int_equal(fwrite(line, sizeof(line) - 1, 1, file), 1);
		}
		assert_int_equal(fclose(file), 0);

		netset_t *set;
		names_t names = { 0 };
		assert_int_equal(read_set(&set, &names, NULL, err), more ? KNOT_EMALF : KNOT_EOK);
		(void)snprintf(want, sizeof(want), "%s:%d: too many entries", path,
		               NETFILE_ENTRIES_MAX + 1);
		assert_string_equal(err, more ? want : "");
		assert_int_equal(names.count, more ? 0 : 1);
		netset_free(set);
		names_clear(&names);
	}
}

/*! Lines of all lengths, so that the pieces in which a file is read end anywhere in one. */
static void test_pieces(void **state)
{
	(void)state;
	enum { LINES = 40000 };
	static const char *const ends[] = { "\n", "\r\n", " # note\n", "\t;%\r\n", "" };
	for (unsigned round = 0; round < 8; round++) {
		FILE *file = fopen(path, "w");
		assert_non_null(file);
		unsigned networks = 0;
		for (unsigned i = 0; i < LINES; i++) {
			const unsigned length = (i * 37 + round) % 211;
			if (i % 3 == 0) {
				fprintf(file, "%*s10.%u.%u.0/24%s", (int)length % 20, "",
				        networks >> 8, networks & 255, ends[i / 3 % 4]);
				networks++;
			} else {
				fprintf(file, "#%*s%s", (int)(length * (i % 401 == 0 ? 300 : 1)),
				        "x", ends[i % 2]);
			}
		}
		fprintf(file, "bad%s", ends[round % 2 == 0 ? 4 : 0]);
		assert_int_equal(fclose(file), 0);

		char err[NETFILE_ERR_MAX], want[NETFILE_ERR_MAX];
		netset_t *set = netset_new();
		names_t names = { 0 };
		netfile_info_t info;
		assert_non_null(set);
		assert_int_equal(netfile_read(set, &names, path, &info, err), KNOT_EMALF);
		(void)snprintf(want, sizeof(want), "%s:%u: neither a network nor a name that ends "
		               "in a dot 'bad'", path, LINES + 1);
		assert_string_equal(err, want);
		assert_int_equal(info.count, networks);
		assert_true(info.covers4 == 256.0 * networks);
		netset_free(set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_malformed_zone),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_long_path),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_pieces),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
