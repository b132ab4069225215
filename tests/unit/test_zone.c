/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Reading zone files: what is kept, where it stands, and what is no zone file.
 */

#undef NDEBUG

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "kmxcheck/zone.h"

#define HEAD "$ORIGIN example.com.\n$TTL 3600\n" \
	"@ SOA ns h 7 3600 600 86400 900\n@ NS ns\nns A 192.0.2.1\n"
#define HEAD_LINES 5
#define HEAD_RECORDS 3

static char folder[] = "/tmp/kmxcheck-zone-XXXXXX";

static char *path_of(const char *name)
{
	static char path[256];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static const knot_dname_t *name(const char *text)
{
	static knot_dname_storage_t at[4];
	static size_t next;
	knot_dname_t *out = at[next++ % 4];
	assert(knot_dname_from_str(out, text, KNOT_DNAME_MAXLEN) != NULL);
	return out;
}

static zone_t *open_file(const char *file, const char *text)
{
	char err[ERROR_TEXT_MAX] = "";
	zone_t *zone = NULL;
	write_file(file, text);
	if (zone_open(&zone, path_of(file), NULL, err) != KNOT_EOK) {
		fail_msg("%s", err);
	}
	return zone;
}

static int look(zone_t *zone, const char *owner, uint16_t type, knot_rrset_t *rrset)
{
	return zone_lookup(zone, name(owner), type, rrset);
}

static void check_position(zone_t *zone, const char *owner, uint16_t type, size_t i,
                        const char *file, uint64_t line)
{
	const zones_t none = { .list = { .count = 0 } };
	source_pos_t got = zones_position(&none, zone, name(owner), type, i);
	assert_int_equal(got.line, line);
	if (file == NULL) {
		assert_null(got.file);
	} else {
		assert_non_null(got.file);
		assert_string_equal(strrchr(got.file, '/') + 1, file);
	}
}

typedef struct {
	const char *text;
	const char *origin;
	const char *error; /* After the name of the file. */
} bad_t;

static const bad_t bad[] = {
	{ "", NULL, ": no SOA record" },
	{ "; nothing\n", "example.com.", ": no SOA record at example.com." },
	{ "@ 60 NS ns\n", "example.com.", ": no SOA record at example.com." },
	{ HEAD, "example.org.", ": no SOA record at example.org." },
	{ HEAD "sub SOA a b 1 2 3 4 5\n", "sub.example.org.",
	  ": no SOA record at sub.example.org." },
	{ HEAD "mail A 1.2.3\n", NULL, ":6: " },
	{ HEAD "mail A 1.2.3", NULL, ":6: " },
	{ HEAD "\n\nmail MX\n", NULL, ":8: " },
	{ HEAD "mail TXT ( \"a\"\n\"b\"\n", NULL, ":8: unclosed" },
	{ HEAD "mail TXT \"a\n", NULL, ":6: " },
	{ HEAD "mail WHAT 1\n", NULL, ":6: " },
	{ HEAD "mail MX \\# 5 0000061A10\n", NULL, ":6: malformed" },
	{ HEAD "mail TYPE1 \\# 3 000000\n", NULL, ":6: malformed" },
	{ HEAD "mail AAAA \\# 17 0000000000000000000000000000000000\n", NULL, ":6: malformed" },
	{ HEAD "mail MX \\# 2 0000\n", NULL, ":6: malformed" },
	{ HEAD "mail MX \\# 1 00\n", NULL, ":6: malformed" },
	{ HEAD "mail MX \\# 4 00000000\n", NULL, ":6: malformed" },
	{ HEAD "mail MX \\# 4 0000C000\n", NULL, ":6: malformed" },
	{ HEAD "mail SRV \\# 6 000000000000\n", NULL, ":6: malformed" },
	{ HEAD "mail CNAME \\# 0\n", NULL, ":6: " },
	{ HEAD "mail TXT \\# 0\n", NULL, ":6: " },
	{ HEAD "mail TXT \\# 2 0200\n", NULL, ":6: malformed" },
	{ "@ 60 SOA \\# 21 000000000000000000000000000000000000000000\n", "example.com.",
	  ":1: malformed" },
	{ HEAD "mail MX \\# 3 000000\nmail TYPE255 \\# 0\n", NULL, NULL },
	{ HEAD "mail CH TXT a\n", NULL, ":6: " },
	{ HEAD "0123456789012345678901234567890123456789012345678901234567890123 A 192.0.2.1\n",
	  NULL, ":6: " },
	{ HEAD "$ORIGIN org\n@ A 1\n", NULL, ":6: " },
	{ HEAD "$INCLUDE nobody.zone\n", NULL, ":6: included file '" },
	{ HEAD "$INCLUDE .\n", NULL, ":6: included file '" },
	{ HEAD "$INCLUDE bad.zone\n", NULL, ":6: too many files included" },
	{ "example 60 SOA ns h 1 2 3 4 5\n", NULL, ": no $ORIGIN before the SOA record" },
	{ "\x01\x02\xff\xfe", NULL, ":1: " },
	{ "\x7f""ELF\x02\x01", NULL, ":1: " },
	{ "\\", NULL, ": no SOA record" },
	{ "\\", "example.com.", ": no SOA record at example.com." },
	{ "\x89PNG\r\n\x1a\n", NULL, ":1: " },
	{ "@ SOA ns h 1 2 3 4 5\n", "example.com.", NULL },
};

static void test_bad(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char err[ERROR_TEXT_MAX] = "";
		zone_t *zone = NULL;
		write_file("bad.zone", bad[i].text);
		int ret = zone_open(&zone, path_of("bad.zone"),
		                    bad[i].origin != NULL ? name(bad[i].origin) : NULL, err);
		size_t size = strlen(path_of("bad.zone"));
		bool right = bad[i].error == NULL ? ret == KNOT_EOK
		           : ret != KNOT_EOK && strncmp(err, path_of("bad.zone"), size) == 0 &&
		             strncmp(err + size, bad[i].error, strlen(bad[i].error)) == 0 &&
		             strchr(err, '\n') == NULL;
		if (!right) {
			fprintf(stderr, "'%s': '%s' is not '%s'\n", bad[i].text, err, bad[i].error);
			wrong++;
		}
		zone_free(zone);
	}
	assert_int_equal(wrong, 0);
}

static void test_unreadable(void **state)
{
	(void)state;
	char err[ERROR_TEXT_MAX];
	zone_t *zone = NULL;
	assert_int_not_equal(zone_open(&zone, path_of("nobody"), NULL, err), KNOT_EOK);
	assert_non_null(strstr(err, "nobody: No such file"));
	assert_int_not_equal(zone_open(&zone, folder, NULL, err), KNOT_EOK);
	assert_non_null(strstr(err, "not a regular file"));
	assert_int_not_equal(zone_open(&zone, "/dev/zero", NULL, err), KNOT_EOK);
	assert_string_equal(err, "/dev/zero: not a regular file");
	/* An error is one line, whatever the name. */
	assert_int_not_equal(zone_open(&zone, "no\n\x01.zone", NULL, err), KNOT_EOK);
	assert_string_equal(err, "no\\010\\001.zone: No such file or directory");
	assert_null(zone);
}

static void test_origin(void **state)
{
	(void)state;
	zone_t *zone = open_file("a.zone", "Sub.EXAMPLE.com. 60 SOA ns h 4294967295 2 3 4 5\n"
	                         "x A 192.0.2.1\n");
	assert_true(knot_dname_is_equal(zone->apex, name("sub.example.com.")));
	assert_int_equal(zone->serial, 4294967295U);
	/* Relative names are relative to the zone. */
	assert_int_equal(zone->records, 2);
	zone_free(zone);

	zone = open_file("example.net.zone", "@ 60 SOA ns h 1 2 3 4 5\n");
	assert_true(knot_dname_is_equal(zone->apex, name("example.net.")));
	zone_free(zone);
	zone = open_file("example.net", "@ 60 SOA ns h 1 2 3 4 5\n");
	assert_true(knot_dname_is_equal(zone->apex, name("example.net.")));
	zone_free(zone);
	zone = open_file("root.zone", ". 60 SOA ns. h. 1 2 3 4 5\nmail MX 10 mail\n");
	assert_true(*zone->apex == '\0');
	assert_int_equal(zone->owners.count, 1);
	zone_free(zone);

	char err[ERROR_TEXT_MAX];
	const char *text = "@ 60 SOA ns h 1 2 3 4 5\n";
	assert_int_not_equal(zone_open_text(&zone, "<stdin>", text, strlen(text), NULL,
	                                    err), KNOT_EOK);
	assert_string_equal(err, "<stdin>: no $ORIGIN before the SOA record, and nothing else "
	                    "names the zone: use --origin");
}

static void test_include(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path_of("sub"), 0700), 0);
	write_file("sub/one.inc", "mail A 192.0.2.10\n$INCLUDE two.inc\n$ORIGIN nobody.\n$TTL 9\n");
	write_file("sub/two.inc", "\n\n@ MX 10 mail\n");
	zone_t *zone = open_file("inc.zone", HEAD "$INCLUDE sub/one.inc\n"
	                         "$INCLUDE sub/one.inc in.example.com. ; comment\n"
	                         "last A 192.0.2.11\n");
	knot_rrset_t rrset;
	assert_int_equal(zone->records, HEAD_RECORDS + 5);
	assert_int_equal(zone->owners.count, 2);
	assert_true(knot_dname_is_equal(zone->owners.at[0], name("example.com.")));
	assert_true(knot_dname_is_equal(zone->owners.at[1], name("in.example.com.")));
	assert_int_equal(look(zone, "mail.in.example.com.", KNOT_RRTYPE_A, &rrset), KNOT_EOK);
	assert_int_equal(rrset.rrs.count, 1);
	assert_int_equal(look(zone, "example.com.", KNOT_RRTYPE_MX, &rrset), KNOT_EOK);
	assert_int_equal(rrset.rrs.count, 1);
	check_position(zone, "example.com.", KNOT_RRTYPE_MX, 0, "two.inc", 3);
	check_position(zone, "mail.in.example.com.", KNOT_RRTYPE_A, 0, "one.inc", 1);
	check_position(zone, "mail.in.example.com.", KNOT_RRTYPE_A, 1, NULL, 0);
	/* What an included file sets ends with it. */
	assert_int_equal(look(zone, "last.example.com.", KNOT_RRTYPE_A, &rrset), KNOT_EOK);
	assert_int_equal(rrset.ttl, 3600);
	check_position(zone, "last.example.com.", KNOT_RRTYPE_A, 0, "inc.zone", HEAD_LINES + 3);
	zone_free(zone);

	/* An error in it is its own. */
	char err[ERROR_TEXT_MAX];
	write_file("sub/two.inc", "\nmail A\n");
	assert_int_not_equal(zone_open(&zone, path_of("inc.zone"), NULL, err), KNOT_EOK);
	assert_non_null(strstr(err, "two.inc:2: "));
}

/* Many of them, one after the other: the scanner's own stack is 16 deep. */
static void test_many_includes(void **state)
{
	(void)state;
	char *text = calloc(1, 100000);
	assert_non_null(text);
	strcpy(text, HEAD);
	write_file("small.inc", "a A 192.0.2.1\n");
	for (size_t i = 0; i < 1000; i++) {
		strcat(text, "$INCLUDE small.inc\n");
	}
	zone_t *zone = open_file("many.zone", text);
	assert_int_equal(zone->records, HEAD_RECORDS + 1000);
	zone_free(zone);
	free(text);
}

static void test_records(void **state)
{
	(void)state;
	zone_t *zone = open_file("rec.zone", HEAD
		"MAIL 100 A 192.0.2.20\n"
		"mail 200 A 192.0.2.10\n"
		"mail 50 A 192.0.2.20 ; once more\n"
		"@ MX 20 MAIL.Example.COM.\n"
		"@ MX 10 (\n mail\n )\n"
		"example.org. MX 10 mail\n"
		"@ SOA other h 9 9 9 9 9\n"
		"a.b.c A 192.0.2.1\n"
		"*.w CNAME mail\n"
		"odd\\.name A 192.0.2.1\n");
	knot_rrset_t rrset;
	assert_int_equal(zone->serial, 7);
	assert_int_equal(zone->records, HEAD_RECORDS + 8);
	assert_int_equal(zone->owners.count, 2); /* And the wildcard alias, perhaps. */

	/* In order, none twice, with the TTL that came last and the line that came first. */
	assert_int_equal(look(zone, "mail.example.com.", KNOT_RRTYPE_A, &rrset), KNOT_EOK);
	assert_int_equal(rrset.rrs.count, 2);
	assert_int_equal(rrset.ttl, 50);
	assert_memory_equal(rrset.rrs.rdata->data, "\xc0\0\x02\x0a", 4);
	check_position(zone, "mail.example.com.", KNOT_RRTYPE_A, 0, "rec.zone", HEAD_LINES + 2);
	check_position(zone, "mail.example.com.", KNOT_RRTYPE_A, 1, "rec.zone", HEAD_LINES + 1);

	/* In lower case. A record that spans lines stands where its data ends. */
	assert_int_equal(look(zone, "example.com.", KNOT_RRTYPE_MX, &rrset), KNOT_EOK);
	assert_int_equal(rrset.rrs.count, 2);
	assert_true(knot_dname_is_equal(knot_mx_name(knot_rdataset_at(&rrset.rrs, 1)),
	                                name("mail.example.com.")));
	check_position(zone, "example.com.", KNOT_RRTYPE_MX, 0, "rec.zone", HEAD_LINES + 6);
	check_position(zone, "example.com.", KNOT_RRTYPE_MX, 1, "rec.zone", HEAD_LINES + 4);

	/* Nodes: with records, without, none; and a type that a node lacks. */
	assert_int_equal(look(zone, "a.b.c.example.com.", KNOT_RRTYPE_A, &rrset), KNOT_EOK);
	assert_int_equal(look(zone, "b.c.example.com.", KNOT_RRTYPE_A, &rrset), KNOT_EOK);
	assert_int_equal(rrset.rrs.count, 0);
	assert_int_equal(look(zone, "c.example.com.", KNOT_RRTYPE_A, &rrset), KNOT_EOK);
	assert_int_equal(look(zone, "x.c.example.com.", KNOT_RRTYPE_A, &rrset), KNOT_ENONODE);
	assert_int_equal(look(zone, "x.w.example.com.", KNOT_RRTYPE_A, &rrset), KNOT_ENONODE);
	assert_int_equal(look(zone, "*.w.example.com.", KNOT_RRTYPE_CNAME, &rrset), KNOT_EOK);
	assert_int_equal(rrset.rrs.count, 1);
	assert_int_equal(look(zone, "odd\\.name.example.com.", KNOT_RRTYPE_A, &rrset), KNOT_EOK);
	assert_int_equal(look(zone, "name.example.com.", KNOT_RRTYPE_A, &rrset), KNOT_ENONODE);
	assert_int_equal(look(zone, "example.org.", KNOT_RRTYPE_A, &rrset), KNOT_ENOTSUP);
	assert_int_equal(look(zone, "com.", KNOT_RRTYPE_A, &rrset), KNOT_ENOTSUP);
	zone_free(zone);
}

/* As many RRs as an RRset holds, and one more. */
static void test_many_records(void **state)
{
	(void)state;
	char err[ERROR_TEXT_MAX];
	for (unsigned count = 65534; count <= 65535; count++) {
		zone_t *zone = NULL;
		FILE *file = fopen(path_of("mx.zone"), "w");
		assert_non_null(file);
		(void)fputs(HEAD, file);
		for (unsigned i = 0; i < count; i++) {
			(void)fprintf(file, "@ MX %u h%u\n@ MX 1 twice\n", 1 + i / 2, i);
		}
		assert_int_equal(fclose(file), 0);
		int ret = zone_open(&zone, path_of("mx.zone"), NULL, err);
		assert_int_equal(ret, count < 65535 ? KNOT_EOK : KNOT_ESPACE);
		if (ret != KNOT_EOK) {
			assert_non_null(strstr(err, "more than 65535 records of one name "
			                            "and type"));
		}
		zone_free(zone);
	}
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
	(void)state;
	static const char *const names[] = {
		"bad.zone", "a.zone", "example.net.zone", "example.net", "root.zone", "sub/one.inc",
		"sub/two.inc", "inc.zone", "small.inc", "many.zone", "rec.zone", "mx.zone",
		"sub", "",
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		(void)remove(path_of(names[i]));
	}
	return access(folder, F_OK) == 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_origin),
		cmocka_unit_test(test_include),
		cmocka_unit_test(test_many_includes),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_many_records),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
