/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Addresses of a stanza: kept once, refused in a proxy network, warned of beside a web origin.
 */

#undef NDEBUG

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy/stanza.h"

/* A built set of the networks in a list that ends in NULL. */
static netset_t *set_of(const char *const *nets)
{
	netset_t *set = netset_new();
	assert_non_null(set);
	for (; *nets != NULL; nets++) {
		net_t net;
		assert_int_equal(net_from_str(&net, *nets), KNOT_EOK);
		assert_int_equal(netset_add(set, &net), KNOT_EOK);
	}
	assert_int_equal(netset_build(set), KNOT_EOK);
	return set;
}

static void add(stanza_t *stanza, const char *address)
{
	uint8_t octets[16];
	int family = (strchr(address, ':') != NULL) ? 6 : 4;
	assert_int_equal(inet_pton(family == 4 ? AF_INET : AF_INET6, address, octets), 1);
	assert_int_equal(stanza_add_address(stanza, family, octets), KNOT_EOK);
}

static void test_addresses(void **state)
{
	(void)state;
	static const uint8_t v4[] = { 198, 51, 100, 25, 198, 51, 100, 26 };
	stanza_t stanza = { 0 };

	add(&stanza, "198.51.100.25");
	add(&stanza, "2001:db8::25");
	add(&stanza, "198.51.100.26");
	add(&stanza, "198.51.100.25");
	add(&stanza, "2001:DB8:0::25");
	assert_int_equal(stanza.mail4.count, 2);
	assert_memory_equal(stanza.mail4.at, v4, sizeof(v4));
	assert_int_equal(stanza.mail6.count, 1);

	stanza_clear(&stanza);
	assert_int_equal(stanza.mail4.count + stanza.mail6.count, 0);
	stanza_clear(&stanza);
}

typedef struct {
	bool enforce;
	bool proxy_name;
	const char *proxies[4];
	const char *excepts[4];
	const char *addresses[4];
	const char *err; /* NULL: it is fine. */
} check_case_t;

static const check_case_t check_cases[] = {
	{ false, false, { NULL }, { NULL }, { NULL },
	  "no networks: proxy, proxy-file or proxy-name is required" },
	{ true, false, { NULL }, { "192.0.2.0/24" }, { "198.51.100.25" },
	  "no networks: proxy, proxy-file or proxy-name is required" },
	{ false, true, { NULL }, { NULL }, { NULL }, NULL },
	{ false, false, { "192.0.2.0/24" }, { NULL }, { NULL }, NULL },
	{ true, false, { "192.0.2.0/24" }, { NULL }, { NULL },
	  "mode 'enforce' requires a mail-address" },
	{ true, true, { NULL }, { NULL }, { NULL }, "mode 'enforce' requires a mail-address" },
	{ true, false, { "192.0.2.0/24" }, { NULL }, { "198.51.100.25" }, NULL },
	{ true, false, { "192.0.2.0/24" }, { NULL }, { "2001:db8::25" }, NULL },
	{ true, false, { "104.16.0.0/13" }, { NULL }, { "198.51.100.25", "104.16.0.1" },
	  "mail-address '104.16.0.1' lies in proxy network 104.16.0.0/13" },
	{ false, false, { "104.16.0.0/13", "104.16.0.0-104.16.0.2" }, { NULL },
	  { "104.23.255.255" },
	  "mail-address '104.23.255.255' lies in proxy network 104.16.0.0/13" },
	{ false, false, { "2606:4700::/32" }, { NULL }, { "198.51.100.25", "2606:4700::1" },
	  "mail-address '2606:4700::1' lies in proxy network 2606:4700::/32" },
	{ true, false, { "162.158.0.0/15" }, { "162.159.205.0/24" }, { "162.159.205.12" }, NULL },
	{ true, false, { "162.158.0.0/15" }, { "162.159.205.0/24" }, { "162.159.206.1" },
	  "mail-address '162.159.206.1' lies in proxy network 162.158.0.0/15" },
	{ true, false, { "104.16.0.0/13" }, { NULL }, { "104.15.255.255", "104.24.0.0" }, NULL },
	/* Nobody can deliver mail there, in whatever mode. */
#define UNUSABLE(address, kind) \
	{ false, true, { NULL }, { NULL }, { "198.51.100.25", address }, \
	  "mail-address '" address "' is " kind }
	UNUSABLE("0.0.0.0", "the unspecified address"),
	UNUSABLE("127.0.0.1", "a loopback address"),
	UNUSABLE("127.255.255.255", "a loopback address"),
	UNUSABLE("169.254.0.1", "a link-local address"),
	UNUSABLE("224.0.0.1", "a multicast address"),
	UNUSABLE("239.255.255.255", "a multicast address"),
	UNUSABLE("::", "the unspecified address"),
	UNUSABLE("::1", "a loopback address"),
	UNUSABLE("::ffff:198.51.100.25", "an IPv4 address in the form of IPv6"),
	UNUSABLE("fe80::1", "a link-local address"),
	UNUSABLE("febf:ffff::1", "a link-local address"),
	UNUSABLE("ff02::1", "a multicast address"),
	{ true, true, { NULL }, { NULL }, { "126.255.255.255", "128.0.0.0", "::2" }, NULL },
	{ true, true, { NULL }, { NULL }, { "169.253.0.1", "223.255.255.255", "fec0::1" }, NULL },
};

static void test_check(void **state)
{
	(void)state;
	names_t names = { 0 };
	assert_int_equal(names_append(&names, (const knot_dname_t *)"\x03""cdn\x07""example",
	                              false), KNOT_EOK);

	for (size_t i = 0; i < sizeof(check_cases) / sizeof(*check_cases); i++) {
		const check_case_t *c = &check_cases[i];
		netset_t *proxies = set_of(c->proxies), *excepts = set_of(c->excepts);
		stanza_t stanza = {
			.enforce = c->enforce,
			.proxies = proxies,
			.excepts = excepts,
			.proxy_names = c->proxy_name ? &names : NULL,
		};
		for (const char *const *a = c->addresses; *a != NULL; a++) {
			add(&stanza, *a);
		}
		char err[STANZA_TEXT_MAX] = "";
		int ret = stanza_check(&stanza, err);
		assert_string_equal(err, c->err != NULL ? c->err : "");
		assert_int_equal(ret, c->err != NULL ? KNOT_EINVAL : KNOT_EOK);
		stanza_clear(&stanza);
		netset_free(proxies);
		netset_free(excepts);
	}

	names_clear(&names);

	char err[STANZA_TEXT_MAX] = "";
	const stanza_t none = { .proxy_names = &names };
	assert_int_equal(stanza_check(&none, err), KNOT_EINVAL);
	assert_string_equal(err, check_cases[0].err);
}

#define PRIVATE " is private, nobody else can deliver mail there"
#define REVEALS ", mail gives away where the web site runs"

typedef struct {
	const char *origins[4];
	const char *addresses[4];
	const char *warnings[4];
} warn_case_t;

static const warn_case_t warn_cases[] = {
	{ { "203.0.113.0/24" }, { "198.51.100.25", "2001:db8::25" }, { NULL } },
	{ { "198.51.100.25" }, { "198.51.100.25" },
	  { "mail-address '198.51.100.25' lies in web-origin 198.51.100.25/32" REVEALS } },
	{ { "198.51.100.80" }, { "198.51.100.25" },
	  { "mail-address '198.51.100.25' lies beside web-origin 198.51.100.80/32 (same /24)"
	    REVEALS } },
	{ { "198.51.101.0", "198.51.99.255" }, { "198.51.100.25" }, { NULL } },
	{ { "198.51.99.0-198.51.100.0" }, { "198.51.100.25" },
	  { "mail-address '198.51.100.25' lies beside web-origin 198.51.99.0-198.51.100.0 "
	    "(same /24)" REVEALS } },
	{ { "2001:db8:1::/64", "198.51.100.80" }, { "198.51.100.25", "2001:db8:1:ffff::1" },
	  { "mail-address '198.51.100.25' lies beside web-origin 198.51.100.80/32 (same /24)"
	    REVEALS,
	    "mail-address '2001:db8:1:ffff::1' lies beside web-origin 2001:db8:1::/64 (same /48)"
	    REVEALS } },
	{ { "2001:db8:1::/64" }, { "2001:db8:2::1", "2001:db8:1::1" },
	  { "mail-address '2001:db8:1::1' lies in web-origin 2001:db8:1::/64" REVEALS } },
	{ { NULL }, { "10.1.2.3", "172.32.0.1" }, { "mail-address '10.1.2.3'" PRIVATE } },
	{ { NULL }, { "172.31.255.1", "11.0.0.1" }, { "mail-address '172.31.255.1'" PRIVATE } },
	{ { NULL }, { "192.168.0.25", "fd00::25" },
	  { "mail-address '192.168.0.25'" PRIVATE, "mail-address 'fd00::25'" PRIVATE } },
	{ { NULL }, { "100.127.0.1", "100.128.0.1" },
	  { "mail-address '100.127.0.1' is shared by a provider's customers, nobody else can "
	    "deliver mail there" } },
};

static const warn_case_t except_cases[] = {
	{ { "104.16.1.0/24", "203.0.113.0/24" }, { NULL },
	  { "proxy-except 203.0.113.0/24 lies in no proxy network" } },
	{ { "104.0.0.0/8", "2001:db8::1" }, { NULL },
	  { "proxy-except 2001:db8::1/128 lies in no proxy network" } },
};

typedef struct {
	size_t count;
	char text[4][STANZA_TEXT_MAX];
} said_t;

static void say(void *ctx, const char *text)
{
	said_t *said = ctx;
	assert_true(said->count < 4);
	(void)snprintf(said->text[said->count++], STANZA_TEXT_MAX, "%s", text);
}

static void test_warn(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(warn_cases) / sizeof(*warn_cases); i++) {
		const warn_case_t *c = &warn_cases[i];
		netset_t *origins = set_of(c->origins);
		stanza_t stanza = { .origins = origins };
		for (const char *const *a = c->addresses; *a != NULL; a++) {
			add(&stanza, *a);
		}
		said_t said = { 0 };
		stanza_warn(&stanza, say, &said);
		size_t n = 0;
		for (; c->warnings[n] != NULL; n++) {
			assert_string_equal(said.text[n], c->warnings[n]);
		}
		assert_int_equal(said.count, n);

		stanza_clear(&stanza);
		netset_free(origins);
	}

	/* What the list itself excepts is in its network anyway. */
	netset_t *proxies = netset_new();
	net_t listed, excepted;
	assert_non_null(proxies);
	assert_int_equal(net_from_str(&listed, "104.16.0.0/13"), KNOT_EOK);
	assert_int_equal(net_from_str(&excepted, "104.16.0.0/15"), KNOT_EOK);
	assert_int_equal(netset_add(proxies, &listed), KNOT_EOK);
	assert_int_equal(netset_except(proxies, &excepted), KNOT_EOK);
	assert_int_equal(netset_build(proxies), KNOT_EOK);
	for (size_t i = 0; i < sizeof(except_cases) / sizeof(*except_cases); i++) {
		const warn_case_t *c = &except_cases[i];
		netset_t *excepts = set_of(c->origins);
		const stanza_t stanza = { .proxies = proxies, .excepts = excepts };
		said_t said = { 0 };
		stanza_warn(&stanza, say, &said);
		assert_int_equal(said.count, 1);
		assert_string_equal(said.text[0], c->warnings[0]);
		netset_free(excepts);
	}
	netset_free(proxies);
}

static void test_proxy_names(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		const char *err;
	} cases[] = {
		{ "cdn.example.", NULL },
		{ "a*b.example.", NULL },
		{ "*.cdn.example.", "proxy-name '*.cdn.example.' has a '*': names below are meant "
		                    "without it" },
		{ "cdn.*.example.", "proxy-name 'cdn.*.example.' has a '*': names below are meant "
		                    "without it" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		knot_dname_storage_t storage;
		const knot_dname_t *name = knot_dname_from_str(storage, cases[i].name,
		                                               sizeof(storage));
		names_t names = { 0 };
		const stanza_t stanza = { .proxy_names = &names };
		assert_int_equal(names_append(&names, name, false), KNOT_EOK);
		char err[STANZA_TEXT_MAX] = "";
		assert_int_equal(stanza_check(&stanza, err),
		                 cases[i].err != NULL ? KNOT_EINVAL : KNOT_EOK);
		assert_string_equal(err, cases[i].err != NULL ? cases[i].err : "");
		names_clear(&names);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_warn),
		cmocka_unit_test(test_proxy_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
