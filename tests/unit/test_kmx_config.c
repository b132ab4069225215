/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * kmxcheck's reading of a Knot DNS configuration: names of zone files, includes, templates, module
 * lists, stanzas, and what errors say.
 */

#undef NDEBUG

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/lib/clear.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/*! A stanza that is fine. */
#define STANZA "mod-mxguard:\n  - id: one\n    proxy: 192.0.2.0/24\n"

static char dir[64];

/*! Files that tests write; all are gone after each. */
static const char *const names[] = {
	"a.conf", "b.conf", "c.conf", "inc/1.conf", "inc/2.conf", "inc/sub/3.conf", "list"
};

static char *path_of(const char *name)
{
	static char path[96];
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/mxguard-config-XXXXXX");
	return (mkdtemp(dir) == NULL || mkdir(path_of("inc"), 0700) != 0 ||
	        mkdir(path_of("inc/sub"), 0700) != 0) ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		(void)unlink(path_of(names[i]));
	}
	(void)rmdir(path_of("inc/sub"));
	(void)rmdir(path_of("inc"));
	return rmdir(dir);
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static knot_dname_t *dname(const char *text)
{
	knot_dname_t *name = dname_of(text);
	assert_non_null(name);
	return name;
}

/*! Reads a.conf, which must be fine. */
static void read_good(config_t *config)
{
	char err[ERROR_TEXT_MAX] = "";
	if (config_read(config, path_of("a.conf"), err) != KNOT_EOK) {
		fail_msg("%s", err);
	}
}

static const config_zone_t *zone_of(const config_t *config, const char *text)
{
	knot_dname_t *name = dname(text);
	const config_zone_t *zone = config_zone(config, name);
	free(name);
	return zone;
}

/*! Ids of the stanzas of a zone, or why it is skipped. */
static void assert_zone(const config_t *config, const char *name, const char *file,
                        const char *what)
{
	const config_zone_t *zone = zone_of(config, name);
	assert_non_null(zone);
	char ids[128] = "";
	for (size_t i = 0; i < zone->policies.count; i++) {
		size_t len = strlen(ids);
		(void)snprintf(ids + len, sizeof(ids) - len, "%s%s", i > 0 ? " " : "",
		               zone->policies.at[i]->id);
	}
	assert_string_equal(zone->skip != NULL ? zone->skip : ids, what);
	if (file != NULL) {
		assert_string_equal(zone->file, file);
	}
}

static void test_file_names(void **state)
{
	(void)state;
	static const struct {
		const char *file, *zone, *expected; /* Expected NULL: an error. */
	} cases[] = {
		{ "%s.zone", "example.com", "/s/example.com.zone" },
		{ "%s.zone", ".", "/s/.zone" },
		{ "/a/%s", "example.com", "/a/example.com" },
		{ "a%%b", "example.com", "/s/a%b" },
		{ "%c[0]/%c[1]/%s", "example.com", "/s/e/x/example.com" },
		{ "%c[0-2]", "example.com", "/s/exa" },
		{ "%c[0-255]", "example.com", "/s/example.com." },
		{ "%c[10-11]", "example.com", "/s/m." },
		{ "x%c[12]", "example.com", "/s/x" },
		{ "x%c[12-13]", "example.com", "/s/x" },
		{ "%l[0]/%l[1]", "www.example.com", "/s/com/example" },
		{ "%l[2]", "www.example.com", "/s/www" },
		{ "x%l[3]", "www.example.com", "/s/x" },
		{ "x%l[0]", ".", "/s/x" },
		/* No way out of the folder. */
		{ "%s", "0/25.2.0.192.in-addr.arpa", "/s/0_25.2.0.192.in-addr.arpa" },
		{ "%c[0-1]", "0/25.2.0.192.in-addr.arpa", "/s/0_" },
		{ "%l[5]", "0/25.2.0.192.in-addr.arpa", "/s/0_25" },
		/* Left out, as knotd does. */
		{ "a%xb", "example.com", "/s/ab" },
		{ "a%", "example.com", "/s/a" },
		/* Without the index it needs. */
		{ "%c", "example.com", NULL },
		{ "%l", "example.com", NULL },
		{ "%c[]", "example.com", NULL },
		{ "%c[a]", "example.com", NULL },
		{ "%c[1", "example.com", NULL },
		{ "%c[1-", "example.com", NULL },
		{ "%c[2-1]", "example.com", NULL },
		{ "%c[256]", "example.com", NULL },
		{ "%c[99999999999999999999]", "example.com", NULL },
		{ "%l[0-1]", "example.com", NULL },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		knot_dname_t *zone = dname(cases[i].zone);
		char *path;
		int ret = zonefile_path(&path, "/s", cases[i].file, zone);
		if (cases[i].expected == NULL) {
			assert_int_equal(ret, KNOT_EINVAL);
			assert_null(path);
		} else {
			assert_int_equal(ret, KNOT_EOK);
			assert_string_equal(path, cases[i].expected);
		}
		free(path);
		free(zone);
	}
}

static void test_file_name_too_long(void **state)
{
	(void)state;
	char file[1100];
	char *path;
	knot_dname_t *zone = dname("example.com");
	memset(file, 'x', sizeof(file));
	file[1023] = '\0';
	assert_int_equal(zonefile_path(&path, "/s", file, zone), KNOT_EOK);
	free(path);
	file[1023] = 'x';
	file[1024] = '\0';
	assert_int_equal(zonefile_path(&path, "/s", file, zone), KNOT_ERANGE);
	(void)snprintf(file + 1015, sizeof(file) - 1015, "%%s");
	assert_int_equal(zonefile_path(&path, "/s", file, zone), KNOT_ERANGE);
	free(zone);
}

static void test_templates(void **state)
{
	(void)state;
	config_t config;
	write_file("a.conf",
	           "server:\n    listen: [127.0.0.1, ::1]\n"
	           STANZA
	           "  - id: two\n    proxy-name: proxy.test.\n"
	           "    zone: [listed.test, A.Listed.Test.]\n"
	           "template:\n"
	           "  - id: default\n    storage: /d\n    module: mod-mxguard/one\n"
	           "  - id: other\n    storage: /o\n    file: x-%s\n"
	           "  - id: both\n    module: [mod-stats, mod-mxguard/two, mod-mxguard/one]\n"
	           "zone:\n"
	           "  - domain: a.test\n"
	           "  - domain: B.Test.\n    template: other\n"
	           "  - domain: c.test\n    template: other\n    module: mod-mxguard/two\n"
	           "  - domain: listed.test\n    module: [mod-rrl, mod-mxguard/two]\n"
	           "    storage: /own\n"
	           "  - domain: a.listed.test\n    template: both\n    file: /abs/%s\n"
	           "  - domain: d.test\n    module: mod-stats\n"
	           "  - domain: e.test\n    template: both\n"
	           "  - domain: f.test\n    module: [mod-mxguard/one, mod-mxguard/one]\n"
	           "  - domain: g.test\n    module: mod-mxguard/one\n"
	           "    module: mod-mxguard/two\n"
	           "  - domain: h.test\n    module: mod-mxguardian/one\n"
	           "  - domain: i.test\n    module:\n"
	           "  - domain: j.test\n    catalog-role: interpret\n"
	           "  - domain: k.test\n    catalog-role: generate\n"
	           "  - domain: l.test\n    catalog-role: member\n");
	read_good(&config);

	static const char not_listed[] = "not in the zone list of its stanza of mod-mxguard";
	static const char not_loaded[] = "does not load mod-mxguard";
	assert_zone(&config, "a.test", "/d/a.test.zone", "one");
	/* A named template stands for the default one in all items. */
	assert_zone(&config, "b.test", "/o/x-b.test", not_loaded);
	assert_zone(&config, "c.test", "/o/x-c.test", not_listed);
	/* A list of the zone hides that of the template. */
	assert_zone(&config, "listed.test", "/own/listed.test.zone", "two");
	assert_zone(&config, "a.listed.test", "/abs/a.listed.test", "two one");
	assert_zone(&config, "d.test", "/d/d.test.zone", not_loaded);
	assert_zone(&config, "e.test", KNOT_STORAGE_DIR "/e.test.zone", "one");
	assert_zone(&config, "f.test", NULL, "one");
	assert_zone(&config, "g.test", NULL, "one");
	assert_zone(&config, "h.test", NULL, not_loaded);
	assert_zone(&config, "i.test", NULL, not_loaded);
	assert_zone(&config, "j.test", NULL, "a catalog");
	assert_zone(&config, "k.test", NULL, "a catalog that the server makes: has no file");
	assert_zone(&config, "l.test", NULL, "one");
	assert_null(zone_of(&config, "m.test"));
	assert_int_equal(config.zones.count, 14);
	assert_null(config_policy(&config, "three"));
	config_clear(&config);
}

/* Where scripts find the server. */
static void test_server(void **state)
{
	(void)state;
	static const struct {
		const char *text, *listen[3], *control;
	} cases[] = {
		{ STANZA, { NULL }, NULL },
		{ "server:\n    rundir: /r\n    listen: [127.0.0.1, \"::1@53\"]\n" STANZA,
		  { "127.0.0.1", "::1@53" }, "/r/knot.sock" },
		{ "server:\n    listen: 127.0.0.1\nserver:\n    listen: ::1\n"
		  "control:\n    listen: s\n", { "127.0.0.1", "::1" }, NULL },
		{ "control:\n    listen: s\nserver:\n    rundir: /r\n", { NULL }, "/r/s" },
		{ "control:\n    listen: /a\n    listen: /c/s\nserver:\n    rundir: /r\n",
		  { NULL }, "/c/s" },
		{ "control:\n    timeout: 5\n", { NULL }, NULL },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		config_t config;
		write_file("a.conf", cases[i].text);
		read_good(&config);
		for (size_t j = 0; j < COUNT(cases[i].listen); j++) {
			const char *listen = config_listen(&config, j), *want = cases[i].listen[j];
			assert_string_equal(listen != NULL ? listen : "", want != NULL ? want : "");
			if (want == NULL) {
				assert_null(listen);
				break;
			}
		}
		char *control = config_control(&config);
		const char *want = cases[i].control;
		assert_string_equal(control != NULL ? control : "", want != NULL ? want : "");
		free(control);
		config_clear(&config);
	}
}

static void test_stanza(void **state)
{
	(void)state;
	config_t config;
	char text[1024];
	write_file("list", "# date: 2026-01-02\n198.51.100.0/24\n");
	(void)snprintf(text, sizeof(text),
	               "mod-mxguard:\n  - id: all\n    mode: enforce\n    proxy: [192.0.2.0/24, "
	               "2001:db8::-2001:db8::ff]\n    proxy-file: \"%s\"\n"
	               "    proxy-except: 192.0.2.7\n    proxy-name: CDN.test\n"
	               "    web-host: [\"@\", web]\n    mail-host: \"*.mx\"\n"
	               "    mail-exchange: mx\n    mail-address: [203.0.113.1, 2001:db8:1::1]\n"
	               "    web-origin: 203.0.113.128/25\n    mail-service: _x._tcp\n"
	               "    ttl: 5m\n    signing-key: p\n    ede: on\n    log-interval: 1h\n",
	               path_of("list"));
	write_file("a.conf", text);
	read_good(&config);

	const values_t *all = config_policy(&config, "all");
	assert_non_null(all);
	assert_true(all->stanza.enforce);
	assert_int_equal(all->stanza.ttl, 300);
	assert_int_equal(netset_count(all->proxies), 3 + 2); /* And what stands for marks. */
	assert_int_equal(netset_count(all->excepts), 1);
	assert_int_equal(netset_count(all->origins), 1);
	assert_int_equal(all->stanza.mail4.count, 1);
	assert_int_equal(all->stanza.mail6.count, 1);
	assert_int_equal(all->stanza.web_hosts.count, 2);
	assert_string_equal(all->stanza.mail_hosts.at[0], "*.mx");
	assert_string_equal(all->stanza.exchange, "mx");
	assert_string_equal(all->stanza.services.at[0], "_x._tcp");
	assert_int_equal(all->stanza.proxy_names->count, 1 + 1);
	assert_true(names_cover(all->stanza.proxy_names, (const knot_dname_t *)"\3cdn\4test"));
	assert_int_equal(all->lists.count, 1);
	assert_string_equal(all->lists.at[0].path, path_of("list"));
	const netfile_info_t *info = &all->lists.at[0].info;
	assert_int_equal(info->year * 10000 + info->month * 100 + info->day, 20260102);
	config_clear(&config);
}

/*! What a stanza has stays its own, however many there are. */
static void test_many_stanzas(void **state)
{
	(void)state;
	enum { MANY = 40 };
	config_t config;
	char text[MANY * 48 + 16] = "mod-mxguard:\n";
	for (int i = 0; i < MANY; i++) {
		size_t at = strlen(text);
		(void)snprintf(text + at, sizeof(text) - at,
		               "  - id: s%d\n    proxy-name: p%02d.test\n", i, i);
	}
	write_file("a.conf", text);
	read_good(&config);
	for (int i = 0; i < MANY; i++) {
		char id[16], name[] = "\3p00\4test";
		(void)snprintf(id, sizeof(id), "s%d", i);
		name[2] = (char)('0' + i / 10);
		name[3] = (char)('0' + i % 10);
		const values_t *values = config_policy(&config, id);
		assert_non_null(values);
		assert_int_equal(values->stanza.proxy_names->count, 1 + 1);
		assert_true(names_cover(values->stanza.proxy_names, (const knot_dname_t *)name));
	}
	config_clear(&config);
}

static void test_include(void **state)
{
	(void)state;
	config_t config;
	/* Relative to the file that includes; folders and what matches nothing are left out. */
	write_file("a.conf", "include: inc/*\ninclude: \"none/*.conf\"\ninclude: b.conf\n");
	write_file("b.conf", "zone:\n  - domain: b.test\n");
	write_file("inc/1.conf", STANZA "template:\n  - id: default\n"
	                         "    module: mod-mxguard/one\n");
	write_file("inc/2.conf", "include: sub/3.conf\n");
	write_file("inc/sub/3.conf", "zone:\n  - domain: three.test\n");
	read_good(&config);
	assert_int_equal(config.zones.count, 2);
	assert_zone(&config, "b.test", NULL, "one");
	assert_zone(&config, "three.test", NULL, "one");
	config_clear(&config);
}

/*! Errors: the file's text, and how the message begins (after the folder) and goes on. */
static const struct {
	const char *text, *expected;
} bad[] = {
	{ "zone:\n  - domain: a..b\n", "a.conf:2: item 'domain', value 'a..b': not a domain name" },
	{ "zone:\n  - domain: a\n  - domain: b\n  - domain: A.\n",
	  "a.conf:4: item 'domain': this zone is there already" },
	{ "zone:\n  - domain: a\n    template: x\n",
	  "a.conf:3: item 'template', value 'x': there is no such template" },
	{ "zone:\n    template: x\n", "a.conf:2: item 'template' before '- domain'" },
	{ "zone:\n  - id: x\n", "a.conf:2: item 'id' where section 'zone' needs '- domain'" },
	{ "zone:\n  - domain:\n", "a.conf:2: not the form of a Knot DNS configuration" },
	{ "zone:\n  - domain: \"\"\n", "a.conf:2: item 'domain': no value" },
	{ "zone: x\n", "a.conf:1: section 'zone' can't have a value" },
	{ "zone:\n  - domain: a\n    file: \"%l\"\n", "a.conf:3: item 'file', value '%l': a " },
	{ "zone:\n  - domain: a\n    module: mod-mxguard\n",
	  "a.conf:3: item 'module', value 'mod-mxguard': which stanza? It has to be " },
	{ "zone:\n  - domain: a\n    module: mod-mxguard/one\n",
	  "a.conf:3: item 'module', value 'mod-mxguard/one': there is no such stanza" },
	{ "server:\n\tlisten: x\n", "a.conf:2: not the form of a Knot DNS configuration" },
	{ "include: none.conf\n", "a.conf:1: item 'include', value 'none.conf': there is no" },
	{ "include: a.conf\n", "a.conf:1: item 'include': too deep, a loop?" },
	{ "include:\n", "a.conf:1: item 'include': a file is missing" },
	{ STANZA STANZA, "a.conf:5: section 'mod-mxguard', id 'one': is there already" },
	{ STANZA "    prxy: x\n", "a.conf:4: item 'prxy': mod-mxguard has no such item" },
	{ STANZA "    mode: ON\n", "a.conf:4: item 'mode', value 'ON': has to be log or enforce" },
	{ STANZA "    ttl: 5x\n", "a.conf:4: item 'ttl', value '5x': not a time" },
	{ STANZA "    ttl: -1\n", "a.conf:4: item 'ttl', value '-1': not a time" },
	{ STANZA "    log-interval: x\n", "a.conf:4: item 'log-interval', value 'x': not a" },
	{ STANZA "    ede: yes\n", "a.conf:4: item 'ede', value 'yes': has to be on or off" },
	{ STANZA "    proxy: [192.0.2.1, 192.0.2.0/33]\n",
	  "a.conf:4: item 'proxy', value '192.0.2.0/33': not a network" },
	{ STANZA "    mail-address: 192.0.2.1@25\n",
	  "a.conf:4: item 'mail-address', value '192.0.2.1@25': not an IP address" },
	{ STANZA "    proxy-name: a..b\n", "a.conf:4: item 'proxy-name', value 'a..b': not a" },
	{ STANZA "    zone: a..b\n", "a.conf:4: item 'zone', value 'a..b': not a domain name" },
	{ STANZA "    mode: enforce\n", "a.conf:2: mod-mxguard/one: mode 'enforce' requires a " },
	{ STANZA "    mail-address: 192.0.2.1\n",
	  "a.conf:2: mod-mxguard/one: mail-address '192.0.2.1' lies in proxy network" },
	{ STANZA "    mail-host: www\n", "a.conf:2: mod-mxguard/one: 'www' is both in " },
	{ STANZA "    zone: a.test\n    mail-exchange: b.test.\n", "a.conf:2: mod-mxguard/one: " },
	{ "mod-mxguard:\n  - id: x\n    ttl: 1\n", "a.conf:2: mod-mxguard/x: no networks: " },
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		config_t config;
		char err[ERROR_TEXT_MAX] = "";
		write_file("a.conf", bad[i].text);
		assert_int_not_equal(config_read(&config, path_of("a.conf"), err), KNOT_EOK);
		config_clear(&config);
		size_t len = strlen(dir);
		if (strncmp(err, dir, len) != 0 || err[len] != '/' ||
		    strncmp(err + len + 1, bad[i].expected, strlen(bad[i].expected)) != 0 ||
		    strchr(err, '\n') != NULL) {
			fail_msg("%zu: \"%s\" instead of \"%s\"", i, err, bad[i].expected);
		}
	}
}

static void test_bad_files(void **state)
{
	(void)state;
	config_t config;
	char err[ERROR_TEXT_MAX] = "", text[1024], expected[256];

	write_file("list", "192.0.2.0/24\nnonsense\n");
	(void)snprintf(text, sizeof(text), STANZA "    proxy-file: %s\n", path_of("list"));
	write_file("a.conf", text);
	assert_int_equal(config_read(&config, path_of("a.conf"), err), KNOT_EMALF);
	config_clear(&config);
	(void)snprintf(expected, sizeof(expected), "%s:2: ", path_of("list"));
	assert_memory_equal(err, expected, strlen(expected));
	(void)snprintf(expected, sizeof(expected), " (proxy-file in %s:4)", path_of("a.conf"));
	assert_non_null(strstr(err, expected));

	/* One in an included file is said of that file. */
	write_file("a.conf", "include: b.conf\n");
	write_file("b.conf", "zone:\n  - domain: a..b\n");
	assert_int_not_equal(config_read(&config, path_of("a.conf"), err), KNOT_EOK);
	config_clear(&config);
	(void)snprintf(expected, sizeof(expected), "%s:2: ", path_of("b.conf"));
	assert_memory_equal(err, expected, strlen(expected));

	/* No file, a folder, an empty file. */
	assert_int_not_equal(config_read(&config, path_of("none"), err), KNOT_EOK);
	config_clear(&config);
	assert_non_null(strstr(err, path_of("none")));
	assert_int_not_equal(config_read(&config, dir, err), KNOT_EOK);
	config_clear(&config);
	write_file("a.conf", "");
	assert_int_equal(config_read(&config, path_of("a.conf"), err), KNOT_EOK);
	assert_int_equal(config.zones.count, 0);
	config_clear(&config);
}

static void test_many_zones(void **state)
{
	(void)state;
	config_t config;
	FILE *file = fopen(path_of("a.conf"), "w");
	assert_non_null(file);
	(void)fputs(STANZA "zone:\n", file);
	for (int i = 0; i < 10000; i++) {
		(void)fprintf(file, "  - domain: zone%d.test\n    module: mod-mxguard/one\n", i);
	}
	assert_int_equal(fclose(file), 0);
	read_good(&config);
	assert_int_equal(config.zones.count, 10000);
	assert_zone(&config, "zone7777.test", KNOT_STORAGE_DIR "/zone7777.test.zone", "one");
	assert_memory_equal(config.zones.at[42].name, "\6zone42", 7);
	config_clear(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_names),
		cmocka_unit_test(test_file_name_too_long),
		cmocka_unit_test_setup_teardown(test_templates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_server, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stanza, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_stanzas, setup, teardown),
		cmocka_unit_test_setup_teardown(test_include, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_zones, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
