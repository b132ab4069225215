/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The policy of a zone from a stanza: defaults, what is copied, and every error of a name.
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

#include "policy/stanza.h"

#define WORDS_MAX 8
#define NO_SERVICE " is not a relative service name like _submission._tcp"

static knot_dname_t *wire(const char *name)
{
	knot_dname_t *dname = knot_dname_from_str_alloc(name);
	assert_non_null(dname);
	return dname;
}

static words_t words(const char *const *at, const char *copy[WORDS_MAX])
{
	words_t out = { copy, 0 };
	for (; at[out.count] != NULL; out.count++) {
		copy[out.count] = at[out.count];
	}
	return out;
}

static bool set_matches(const names_t *set, const char *name)
{
	knot_dname_t *dname = wire(name);
	bool matches = names_match(set, dname);
	knot_dname_free(dname, NULL);
	return matches;
}

static void assert_name(const knot_dname_t *name, const char *expected)
{
	knot_dname_txt_storage_t text;
	assert_non_null(knot_dname_to_str(text, name, sizeof(text)));
	assert_string_equal(text, expected);
}

static void test_defaults(void **state)
{
	(void)state;
	static const char *const services[] = {
		"_submission._tcp", "_submissions._tcp", "_imap._tcp", "_imaps._tcp",
		"_pop3._tcp", "_pop3s._tcp", "_sieve._tcp",
	};
	const size_t count = sizeof(services) / sizeof(*services);
	knot_dname_t *zone = wire("example.com.");
	char err[STANZA_TEXT_MAX] = "";
	const stanza_t stanza = { .ttl = 300 };
	policy_t policy;

	assert_int_equal(stanza_policy(&policy, &stanza, zone, err), KNOT_EOK);
	assert_true(policy.zone != zone && knot_dname_is_equal(policy.zone, zone));
	assert_int_equal(policy.web_hosts.count, 2);
	assert_true(set_matches(&policy.web_hosts, "example.com."));
	assert_true(set_matches(&policy.web_hosts, "www.example.com."));
	assert_int_equal(policy.mail_hosts.count, 0);
	assert_name(policy.exchange, "mx-direct.example.com.");
	assert_int_equal(policy.ttl, 300);
	for (size_t i = 0; i < count; i++) {
		knot_dname_storage_t service;
		assert_int_equal(service_from_str(service, services[i]), KNOT_EOK);
		assert_true(knot_dname_is_equal(policy.services[i], service));
	}
	assert_null(policy.services[count]);
	assert_null(policy.mail4.at);
	assert_null(policy.mail6.at);

	stanza_policy_clear(&policy);
	assert_null(policy.zone);
	stanza_policy_clear(&policy);
	knot_dname_free(zone, NULL);
}

static void test_all(void **state)
{
	(void)state;
	const char *web[] = { "shop", "*.web", "www.example.org." };
	const char *mail[] = { "*.mx", "relay.example.com.", "relay.example.net.", "*.com." };
	const char *services[] = { "_jmap._tcp", "_smtp._udp" };
	knot_dname_t *zone = wire("example.com."), *cdn = wire("cdn.example.net.");
	names_t proxy_names = { 0 };
	assert_int_equal(names_append(&proxy_names, cdn, false), KNOT_EOK);
	netset_t *proxies = netset_new(), *excepts = netset_new();
	static const uint8_t v4[] = { 198, 51, 100, 25 }, v6[16] = { 0x20, 1, 0xd, 0xb8 };
	stanza_t stanza = {
		.web_hosts = { web, 3 },
		.mail_hosts = { mail, 4 },
		.services = { services, 2 },
		.exchange = "mx1.out",
		.proxy_names = &proxy_names,
		.proxies = proxies,
		.excepts = excepts,
		.ttl = 7,
	};
	assert_int_equal(stanza_add_address(&stanza, 4, v4), KNOT_EOK);
	assert_int_equal(stanza_add_address(&stanza, 6, v6), KNOT_EOK);

	policy_t policy;
	char err[STANZA_TEXT_MAX] = "";
	assert_int_equal(stanza_policy(&policy, &stanza, zone, err), KNOT_EOK);
	knot_dname_free(zone, NULL);
	knot_dname_free(cdn, NULL);
	stanza_clear(&stanza);
	memset(web, 0, sizeof(web));

	assert_name(policy.zone, "example.com.");
	assert_name(policy.exchange, "mx1.out.example.com.");
	assert_name(policy.services[0], "_jmap._tcp.");
	assert_name(policy.services[1], "_smtp._udp.");
	assert_null(policy.services[2]);
	assert_ptr_equal(policy.proxies, proxies);
	assert_ptr_equal(policy.excepts, excepts);
	assert_int_equal(policy.proxy_names.count, 1);
	knot_dname_t *below = wire("x.cdn.example.net.");
	assert_true(names_cover(&policy.proxy_names, below));
	knot_dname_free(below, NULL);
	assert_int_equal(policy.mail4.count, 1);
	assert_memory_equal(policy.mail4.at, v4, 4);
	assert_int_equal(policy.mail6.count, 1);
	assert_memory_equal(policy.mail6.at, v6, 16);
	assert_int_equal(policy.ttl, 7);

	/* Only what can match in this zone is kept: "www" and "relay" of other zones are not. */
	assert_int_equal(policy.web_hosts.count, 2);
	assert_true(set_matches(&policy.web_hosts, "shop.example.com."));
	assert_true(set_matches(&policy.web_hosts, "a.b.web.example.com."));
	assert_false(set_matches(&policy.web_hosts, "example.com."));
	assert_false(set_matches(&policy.web_hosts, "www.example.com."));
	assert_int_equal(policy.mail_hosts.count, 3);
	assert_true(set_matches(&policy.mail_hosts, "a.mx.example.com."));
	assert_true(set_matches(&policy.mail_hosts, "relay.example.com."));
	assert_true(set_matches(&policy.mail_hosts, "any.example.com."));

	stanza_policy_clear(&policy);
	netset_free(proxies);
	netset_free(excepts);
	names_clear(&proxy_names);
}

#define LABEL "a23456789012345678901234567890123456789012345678901234567890123"
#define LONG LABEL "." LABEL "." LABEL
/* 253 octets: there is room for one more label of one octet. */
#define LONGEST LONG ".b2345678901234567890123456789012345678901234567890123456789."

typedef struct {
	const char *zone; /* NULL: not known. */
	const char *web[WORDS_MAX];
	const char *mail[WORDS_MAX];
	const char *exchange;
	const char *services[WORDS_MAX];
	const char *err; /* NULL: it is fine. */
} name_case_t;

#define Z "example.com."

static const name_case_t name_cases[] = {
	/* A word that does not parse. */
	{ Z, { "a..b" }, { 0 }, NULL, { 0 }, "web-host 'a..b' is not a name" },
	{ NULL, { "a..b" }, { 0 }, NULL, { 0 }, "web-host 'a..b' is not a name" },
	{ Z, { "" }, { 0 }, NULL, { 0 }, "web-host '' is not a name" },
	{ NULL, { 0 }, { "mx.\\255." }, NULL, { 0 }, "mail-host 'mx.\\255.' is not a name" },
	{ Z, { 0 }, { "mx", "mx\\25" }, NULL, { 0 }, "mail-host 'mx\\25' is not a name" },
	{ Z, { 0 }, { "b\xC3\xBC""cher" }, NULL, { 0 },
	  "mail-host 'b\xC3\xBC""cher' is not ASCII, write such labels as xn--..." },
	{ Z, { 0 }, { 0 }, ".mail", { 0 }, "mail-exchange '.mail' is not a name" },
	{ Z, { 0 }, { 0 }, LABEL "4", { 0 },
	  "mail-exchange '" LABEL "4' is too long for a name" },
	{ NULL, { LABEL "4" }, { 0 }, NULL, { 0 }, "web-host '" LABEL "4' is too long for a name" },
	{ Z, { 0 }, { 0 }, NULL, { "_imap._tcp", "_imap.._tcp" },
	  "mail-service '_imap.._tcp'" NO_SERVICE },
	{ Z, { 0 }, { 0 }, NULL, { "@" }, "mail-service '@'" NO_SERVICE },
	{ NULL, { 0 }, { 0 }, NULL, { "*" }, "mail-service '*'" NO_SERVICE },
	{ NULL, { 0 }, { 0 }, NULL, { "submission" }, "mail-service 'submission'" NO_SERVICE },
	{ NULL, { 0 }, { 0 }, NULL, { "_imap._tcp.example.com." },
	  "mail-service '_imap._tcp.example.com.'" NO_SERVICE },

	/* Both a web host and a mail host. */
	{ Z, { "shop", "mx" }, { "mx" }, NULL, { 0 }, "'mx' is both in web-host and mail-host" },
	{ NULL, { "shop", "mx" }, { "mx" }, NULL, { 0 }, "'mx' is both in web-host and mail-host" },
	{ Z, { "shop", "mx" }, { "MX." Z }, NULL, { 0 },
	  "'MX." Z "' is both in web-host and mail-host" },
	{ NULL, { "mx" }, { "mx." Z }, NULL, { 0 }, NULL },
	{ NULL, { "mx." Z }, { "mx." Z }, NULL, { 0 },
	  "'mx." Z "' is both in web-host and mail-host" },
	{ Z, { 0 }, { "@" }, NULL, { 0 }, "'@' is both in web-host (default) and mail-host" },
	{ NULL, { 0 }, { "www" }, NULL, { 0 },
	  "'www' is both in web-host (default) and mail-host" },
	{ Z, { "*.x" }, { "*.x" }, NULL, { 0 }, "'*.x' is both in web-host and mail-host" },
	{ Z, { "*.x" }, { "*.y.x" }, NULL, { 0 }, "'*.y.x' is both in web-host and mail-host" },
	{ Z, { "*.x" }, { "y.x" }, NULL, { 0 }, "'y.x' is both in web-host and mail-host" },
	{ Z, { "*.x" }, { "x" }, NULL, { 0 }, NULL },
	{ Z, { "x" }, { "*.x" }, NULL, { 0 }, NULL },
	{ Z, { "*.y.x" }, { "*.x" }, NULL, { 0 }, NULL },
	{ Z, { "www" }, { "*" }, NULL, { 0 }, NULL },
	{ Z, { "www.example.net." }, { "www.example.net." }, NULL, { 0 },
	  "'www.example.net.' is both in web-host and mail-host" },

	/* The exchange. */
	{ Z, { 0 }, { 0 }, "@", { 0 }, "mail-exchange '@' is not below zone '" Z "'" },
	{ Z, { 0 }, { 0 }, Z, { 0 }, "mail-exchange '" Z "' is not below zone '" Z "'" },
	{ Z, { 0 }, { 0 }, ".", { 0 }, "mail-exchange '.' is not below zone '" Z "'" },
	{ Z, { 0 }, { 0 }, "com.", { 0 }, "mail-exchange 'com.' is not below zone '" Z "'" },
	{ Z, { 0 }, { 0 }, "mail.example.net.", { 0 },
	  "mail-exchange 'mail.example.net.' is not below zone '" Z "'" },
	{ Z, { 0 }, { 0 }, "mail.notexample.com.", { 0 },
	  "mail-exchange 'mail.notexample.com.' is not below zone '" Z "'" },
	{ NULL, { 0 }, { 0 }, "@", { 0 }, "mail-exchange '@' is not below the zone" },
	{ NULL, { 0 }, { 0 }, ".", { 0 }, "mail-exchange '.' is not below the zone" },
	{ NULL, { 0 }, { 0 }, "mail.example.net.", { 0 }, NULL },
	{ Z, { 0 }, { 0 }, "MAIL.example.COM.", { 0 }, NULL },
	{ Z, { 0 }, { 0 }, "a.b.c", { 0 }, NULL },
	{ Z, { 0 }, { 0 }, "*", { 0 }, "mail-exchange '*' is a pattern, not one name" },
	{ NULL, { 0 }, { 0 }, "*.mx", { 0 }, "mail-exchange '*.mx' is a pattern, not one name" },
	{ Z, { 0 }, { 0 }, "www", { 0 }, "mail-exchange 'www' is a web-host (default)" },
	{ NULL, { 0 }, { 0 }, "www", { 0 }, "mail-exchange 'www' is a web-host (default)" },
	{ Z, { "shop" }, { 0 }, "shop", { 0 }, "mail-exchange 'shop' is a web-host" },
	{ Z, { "mx-direct" }, { 0 }, NULL, { 0 },
	  "mail-exchange 'mx-direct' (default) is a web-host" },
	{ NULL, { "*" }, { 0 }, NULL, { 0 }, "mail-exchange 'mx-direct' (default) is a web-host" },
	{ Z, { "*" }, { 0 }, "x.y", { 0 }, "mail-exchange 'x.y' is a web-host" },
	{ Z, { "*.com." }, { 0 }, "x.y", { 0 }, "mail-exchange 'x.y' is a web-host" },
	{ NULL, { "*.com." }, { 0 }, "mx." Z, { 0 }, "mail-exchange 'mx." Z "' is a web-host" },
	{ NULL, { "mx" }, { 0 }, "mx." Z, { 0 }, NULL },
	{ Z, { "www" }, { 0 }, "www.www", { 0 }, NULL },
	{ Z, { 0 }, { "mail" }, NULL, { 0 }, NULL },

	/* The root zone. */
	{ ".", { 0 }, { "mx.example." }, NULL, { 0 }, NULL },
	{ ".", { 0 }, { 0 }, ".", { 0 }, "mail-exchange '.' is not below zone '.'" },

	/* A host that can't exist in a zone with so long a name; the exchange has to. */
	{ LONG ".", { LABEL }, { LABEL }, NULL, { 0 }, NULL },
	{ LONG ".", { 0 }, { 0 }, LABEL, { 0 },
	  "mail-exchange '" LABEL "' is too long for a name" },
	{ LONGEST, { 0 }, { "mx", "*.x" }, "m", { 0 }, NULL },
	{ LONGEST, { 0 }, { 0 }, "mx", { 0 }, "mail-exchange 'mx' is too long for a name" },
};

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(name_cases) / sizeof(*name_cases); i++) {
		const name_case_t *c = &name_cases[i];
		const char *web[WORDS_MAX], *mail[WORDS_MAX], *services[WORDS_MAX];
		knot_dname_t *zone = (c->zone != NULL) ? wire(c->zone) : NULL;
		const stanza_t stanza = {
			.web_hosts = words(c->web, web),
			.mail_hosts = words(c->mail, mail),
			.services = words(c->services, services),
			.exchange = c->exchange,
		};
		policy_t policy;
		char err[STANZA_TEXT_MAX] = "";
		int ret = stanza_policy(&policy, &stanza, zone, err);
		assert_string_equal(err, c->err != NULL ? c->err : "");
		assert_int_equal(ret, c->err != NULL ? KNOT_EINVAL : KNOT_EOK);
		stanza_policy_clear(&policy);
		knot_dname_free(zone, NULL);
	}
}

/* However long a word is, the text ends within its bounds. */
static void test_long_text(void **state)
{
	(void)state;
	char word[4000];
	memset(word, '.', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	const stanza_t stanza = { .exchange = word };
	struct {
		char err[STANZA_TEXT_MAX];
		char guard[8];
	} out;
	memset(&out, '!', sizeof(out));

	policy_t policy;
	assert_int_equal(stanza_policy(&policy, &stanza, NULL, out.err), KNOT_EINVAL);
	assert_true(strlen(out.err) < sizeof(out.err));
	assert_non_null(strstr(out.err, "' is not a name"));
	assert_memory_equal(out.guard, "!!!!!!!!", sizeof(out.guard));

	assert_int_equal(stanza_invalid(out.err, "%s", word), KNOT_EINVAL);
	assert_int_equal(strlen(out.err), STANZA_TEXT_MAX - 1);
	assert_memory_equal(out.guard, "!!!!!!!!", sizeof(out.guard));
}

/* Warnings, one a line. */
static void collect(void *ctx, const char *text)
{
	char *said = ctx;
	assert_true(strlen(said) + strlen(text) + 2 < 2000);
	strcat(strcat(said, text), "\n");
}

#define RELATIVE(item, word) \
	item " '" word "' is relative, as there is no dot at its end: it means '" word \
	"' below the zone\n"
#define NO_APEX \
	"web-host is without the apex '@': an MX that points there makes the web site's own " \
	"addresses a mail host's\n"

static void test_warnings(void **state)
{
	(void)state;
	static const struct {
		const char *zone;
		const char *web[WORDS_MAX], *mail[WORDS_MAX];
		const char *exchange;
		const char *said;
	} cases[] = {
		{ "example.com.", { NULL }, { "mail", "mx.example.com." }, "mail.example.com.",
		  "" },
		{ "example.com.", { "@", "www.example.com" }, { "mail.Example.COM" },
		  "mx.example.com", RELATIVE("web-host", "www.example.com")
		  RELATIVE("mail-host", "mail.Example.COM")
		  RELATIVE("mail-exchange", "mx.example.com") },
		{ "example.org.", { "@", "www.example.com" }, { "mail.example.com" }, NULL, "" },
		{ "com.", { "@", "www.com" }, { NULL }, NULL, RELATIVE("web-host", "www.com") },
		{ "example.com.", { "example.com." }, { NULL }, NULL, "" },
		{ "example.com.", { "example.com" }, { NULL }, NULL,
		  RELATIVE("web-host", "example.com") NO_APEX },
		{ "example.com.", { "www", "*.x" }, { NULL }, NULL, NO_APEX },
		{ ".", { "www" }, { "mail" }, NULL, NO_APEX },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *web[WORDS_MAX], *mail[WORDS_MAX];
		const stanza_t stanza = {
			.web_hosts = words(cases[i].web, web),
			.mail_hosts = words(cases[i].mail, mail),
			.exchange = cases[i].exchange,
		};
		char err[STANZA_TEXT_MAX] = "", said[2000] = "";
		knot_dname_t *zone = wire(cases[i].zone);
		policy_t policy;
		(void)stanza_policy(&policy, &stanza, zone, err);
		assert_string_equal(err, "");
		stanza_warn_zone(&stanza, &policy, collect, said);
		assert_string_equal(said, cases[i].said);
		stanza_policy_clear(&policy);
		knot_dname_free(zone, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_warnings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
