/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The schema, and the loader over made-up configurations. Every case goes through the check and
 * through a real load.
 */

#undef NDEBUG

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/lib/fake_knotd.h"

/* Names are those of SPEC; a length byte typed wrong makes an item that can't be found. */
static void test_schema(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		yp_type_t type;
		bool multi;
	} items[] = {
		{ "mode", YP_TOPT, false },
		{ "zone", YP_TDNAME, true },
		{ "proxy", YP_TNET, true },
		{ "proxy-file", YP_TSTR, true },
		{ "proxy-except", YP_TNET, true },
		{ "proxy-name", YP_TDNAME, true },
		{ "web-host", YP_TSTR, true },
		{ "mail-host", YP_TSTR, true },
		{ "mail-exchange", YP_TSTR, false },
		{ "mail-address", YP_TADDR, true },
		{ "web-origin", YP_TNET, true },
		{ "mail-service", YP_TSTR, true },
		{ "ttl", YP_TINT, false },
		{ "signing-key", YP_TSTR, true },
		{ "list-reload", YP_TINT, false },
		{ "ede", YP_TBOOL, false },
		{ "log-interval", YP_TINT, false },
	};
	const size_t count = sizeof(items) / sizeof(*items);
	for (size_t i = 0; i < count; i++) {
		const yp_item_t *item = &mxguard_conf[i];
		assert_non_null(item->name);
		assert_int_equal(item->name[0], strlen(items[i].name));
		assert_string_equal(item->name + 1, items[i].name);
		assert_int_equal(item->type, items[i].type);
		assert_int_equal((item->flags & YP_FMULTI) != 0, items[i].multi);
		if (item->type == YP_TINT) {
			assert_int_equal(item->var.i.min, 0);
			assert_int_equal(item->var.i.max, INT32_MAX);
			assert_int_equal(item->var.i.unit, YP_STIME);
		}
	}
	assert_null(mxguard_conf[count].name);

	/* The schema as a whole is to the liking of libknot. */
	yp_item_t *copy = NULL;
	assert_int_equal(yp_schema_copy(&copy, mxguard_conf), KNOT_EOK);
	assert_non_null(yp_schema_find("\x0C""log-interval", NULL, copy));
	yp_schema_free(copy);
}

static void test_defaults(void **state)
{
	(void)state;
	static const fake_knotd_text_t text = { { { "proxy", { "104.16.0.0/13" } } } };
	const char *err;
	assert_int_equal(fake_knotd_check(&text, &err), KNOT_EOK);
	assert_null(err);

	mxguard_conf_t *conf;
	assert_int_equal(fake_knotd_load(&text, "example.com.", &conf), KNOT_EOK);
	assert_int_equal(fake_knotd_log.count, 0);
	assert_false(conf->enforce);
	assert_false(conf->ede);
	assert_int_equal(conf->log_interval, 60);
	assert_int_equal(conf->policy.ttl, 300);
	assert_int_equal(netset_count(conf->policy.proxies), 1);
	assert_int_equal(conf->policy.mail4.count + conf->policy.mail6.count, 0);
	assert_int_equal(conf->policy.web_hosts.count, 2);
	mxguard_conf_free(conf);
	mxguard_conf_free(NULL);
}

static void test_all(void **state)
{
	(void)state;
	static const fake_knotd_text_t text = { {
		{ "mode", { "enforce" } },
		{ "zone", { "example.net.", "example.com." } },
		{ "proxy", { "192.0.2.77", "104.16.9.9/13", "203.0.113.5-203.0.113.9" } },
		{ "proxy-except", { "104.16.1.0/24" } },
		{ "proxy-name", { "cdn.example." } },
		{ "mail-exchange", { "mx" } },
		{ "mail-address", { "104.16.1.25", "2001:db8::25", "104.16.1.25" } },
		{ "mail-service", { "_smtp._tcp" } },
		{ "ttl", { "7" } },
		{ "signing-key", { "manual" } },
		{ "ede", { "on" } },
		{ "log-interval", { "0" } },
	} };
	const char *err;
	assert_int_equal(fake_knotd_check(&text, &err), KNOT_EOK);

	mxguard_conf_t *conf;
	assert_int_equal(fake_knotd_load(&text, "example.com.", &conf), KNOT_EOK);
	assert_int_equal(fake_knotd_log.count, 0);
	const policy_t *policy = &conf->policy;
	assert_true(conf->enforce && conf->ede);
	assert_int_equal(conf->log_interval, 0);
	assert_int_equal(policy->ttl, 7);
	assert_int_equal(netset_count(policy->proxies), 3);
	assert_true(policy_proxied(policy, 4, (const uint8_t *)"\x68\x10\x02\x01", NULL));
	assert_false(policy_proxied(policy, 4, (const uint8_t *)"\x68\x10\x01\x01", NULL));
	assert_true(policy_proxied(policy, 4, (const uint8_t *)"\xCB\x00\x71\x09", NULL));
	assert_false(policy_proxied(policy, 4, (const uint8_t *)"\xCB\x00\x71\x0A", NULL));
	assert_int_equal(policy->proxy_names.count, 1);
	assert_int_equal(policy->mail4.count, 1);
	assert_int_equal(policy->mail6.count, 1);
	knot_dname_txt_storage_t name;
	assert_string_equal(knot_dname_to_str(name, policy->exchange, sizeof(name)),
	                    "mx.example.com.");
	assert_string_equal(knot_dname_to_str(name, policy->services[0], sizeof(name)),
	                    "_smtp._tcp.");
	assert_null(policy->services[1]);

	/* Two zones of one stanza share its networks. */
	mxguard_conf_t *other;
	assert_int_equal(fake_knotd_load(&text, "example.net.", &other), KNOT_EOK);
	assert_ptr_equal(other->policy.proxies, policy->proxies);
	assert_ptr_equal(other->policy.proxy_names.at, policy->proxy_names.at);
	mxguard_conf_free(conf);
	mxguard_conf_free(other);
}

typedef struct {
	fake_knotd_text_t text;
	const char *err;      /* In the check; NULL: none. */
	const char *load_err; /* In the load of example.com; NULL: the same. */
} error_case_t;

#define NET { "proxy", { "104.16.0.0/13" } }
#define NO_NETWORKS "no networks: proxy, proxy-file or proxy-name is required"

static const error_case_t error_cases[] = {
	{ { { { "mode", { "log" } } } }, NO_NETWORKS, NULL },
	{ { { { "proxy-except", { "192.0.2.1" } } } }, NO_NETWORKS, NULL },
	{ { { { "proxy-name", { "cdn.example." } } } }, NULL, NULL },
	{ { { NET, { "mode", { "enforce" } } } }, "mode 'enforce' requires a mail-address", NULL },
	{ { { NET, { "mail-address", { "198.51.100.25", "104.16.0.1" } } } },
	  "mail-address '104.16.0.1' lies in proxy network 104.16.0.0/13", NULL },
	{ { { { "proxy", { "192.0.2.9-192.0.2.1" } } } },
	  "proxy '192.0.2.9-192.0.2.1' is a range that ends before it begins", NULL },
	{ { { NET, { "proxy-except", { "192.0.2.9-192.0.2.1" } } } },
	  "proxy-except '192.0.2.9-192.0.2.1' is a range that ends before it begins", NULL },
	{ { { NET, { "web-origin", { "::2-::1" } } } },
	  "web-origin '::2-::1' is a range that ends before it begins", NULL },
	{ { { NET, { "web-host", { "mx" } }, { "mail-host", { "mx" } } } },
	  "'mx' is both in web-host and mail-host", NULL },
	{ { { NET, { "web-host", { "a..b" } } } }, "web-host 'a..b' is not a name", NULL },
	{ { { NET, { "mail-host", { "a..b" } } } }, "mail-host 'a..b' is not a name", NULL },
	{ { { NET, { "mail-exchange", { "a..b" } } } },
	  "mail-exchange 'a..b' is not a name", NULL },
	{ { { NET, { "mail-service", { "_a.._b" } } } },
	  "mail-service '_a.._b' is not a relative service name like _submission._tcp", NULL },
	{ { { NET, { "mail-exchange", { "www" } } } },
	  "mail-exchange 'www' is a web-host (default)", NULL },
	{ { { NET, { "zone", { "example.com." } }, { "mail-exchange", { "@" } } } },
	  "mail-exchange '@' is not below zone 'example.com.'", NULL },
	{ { { NET, { "zone", { "example.com.", "example.net." } },
	      { "mail-exchange", { "mx.example.net." } } } },
	  "mail-exchange 'mx.example.net.' is not below zone 'example.com.'", NULL },

	/* What only the load of that zone can tell. */
	{ { { NET, { "mail-exchange", { "mx.example.net." } } } }, NULL,
	  "mail-exchange 'mx.example.net.' is not below zone 'example.com.'" },
	{ { { NET, { "web-host", { "mx" } }, { "mail-host", { "mx.example.com." } } } }, NULL,
	  "'mx.example.com.' is both in web-host and mail-host" },
};

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(error_cases) / sizeof(*error_cases); i++) {
		const error_case_t *c = &error_cases[i];
		const char *err;
		int ret = fake_knotd_check(&c->text, &err);
		assert_int_equal(ret, c->err != NULL ? KNOT_EINVAL : KNOT_EOK);
		assert_true((err == NULL) == (c->err == NULL));
		if (err != NULL) {
			char want[STANZA_TEXT_MAX];
			(void)snprintf(want, sizeof(want), "%s, says mod-mxguard " PACKAGE_VERSION,
			               c->err);
			assert_string_equal(err, want);
		}

		const char *load_err = (c->load_err != NULL) ? c->load_err : c->err;
		mxguard_conf_t *conf;
		ret = fake_knotd_load(&c->text, "example.com.", &conf);
		assert_int_equal(ret, load_err != NULL ? KNOT_EINVAL : KNOT_EOK);
		if (load_err != NULL) {
			assert_int_equal(fake_knotd_log.count, 1);
			assert_int_equal(fake_knotd_log.level[0], LOG_ERR);
			assert_string_equal(fake_knotd_log.text[0], load_err);
		}
		mxguard_conf_free(conf);
	}
}

/* A zone that is not listed gets nothing, and no file is looked at for it. */
static void test_not_protected(void **state)
{
	(void)state;
	static const fake_knotd_text_t text = { {
		{ "zone", { "example.com.", "example.net." } },
		{ "proxy-file", { "/nonexistent/list" } },
	} };
	mxguard_conf_t *conf;
	assert_int_equal(fake_knotd_load(&text, "example.org.", &conf), KNOT_EOK);
	assert_null(conf);
	assert_int_equal(fake_knotd_log.count, 1);
	assert_int_equal(fake_knotd_log.level[0], LOG_INFO);
	assert_string_equal(fake_knotd_log.text[0],
	                    "not protected, this zone is not in the item 'zone'");
	assert_int_equal(fake_knotd_load(&text, "a.example.com.", &conf), KNOT_EOK);
	assert_null(conf);
	assert_int_not_equal(fake_knotd_load(&text, "example.net.", &conf), KNOT_EOK);
	assert_int_equal(fake_knotd_log.count, 1);
}

static void test_warning(void **state)
{
	(void)state;
	static const fake_knotd_text_t text = { {
		NET,
		{ "mail-address", { "198.51.100.25" } },
		{ "web-origin", { "198.51.100.80" } },
	} };
	const char *err;
	assert_int_equal(fake_knotd_check(&text, &err), KNOT_EOK);
	mxguard_conf_t *conf;
	assert_int_equal(fake_knotd_load(&text, "example.com.", &conf), KNOT_EOK);
	assert_int_equal(fake_knotd_log.count, 1);
	assert_int_equal(fake_knotd_log.level[0], LOG_WARNING);
	assert_string_equal(fake_knotd_log.text[0], "mail-address '198.51.100.25' lies beside "
	                    "web-origin 198.51.100.80/32 (same /24), mail gives away where the "
	                    "web site runs");
	mxguard_conf_free(conf);
}

/* The temporary list file of the next tests. */
static char list_path[32];

static int make_list(void **state)
{
	(void)state;
	(void)snprintf(list_path, sizeof(list_path), "/tmp/mxguard-test-conf-XXXXXX");
	int fd = mkstemp(list_path);
	return (fd < 0) ? -1 : close(fd);
}

static int remove_list(void **state)
{
	(void)state;
	return unlink(list_path);
}

static void write_list(const char *text)
{
	FILE *f = fopen(list_path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* A list that goes bad: an error in the check, and in the load of the first zone; a zone that has
 * a good one keeps it, which is said once. */
static void test_list(void **state)
{
	(void)state;
	const fake_knotd_text_t text = { {
		{ "proxy", { "192.0.2.1" } },
		{ "proxy-file", { list_path } },
	} };
	char expected[300];
	const char *err;
	mxguard_conf_t *bad, *good, *kept, *again;

	write_list("198.51.100.0/24\n\nfoo\n");
	assert_int_not_equal(fake_knotd_check(&text, &err), KNOT_EOK);
	(void)snprintf(expected, sizeof(expected), "proxy-file %s:3: ", list_path);
	assert_memory_equal(err, expected, strlen(expected));
	assert_non_null(strstr(err, "foo"));
	assert_int_not_equal(fake_knotd_load(&text, "a.example.", &bad), KNOT_EOK);
	assert_int_equal(fake_knotd_log.count, 1);
	assert_int_equal(fake_knotd_log.level[0], LOG_ERR);
	assert_memory_equal(fake_knotd_log.text[0], expected, strlen(expected));

	write_list("198.51.100.0/24\n203.0.113.0/24 # more\n");
	assert_int_equal(fake_knotd_check(&text, &err), KNOT_EOK);
	assert_int_equal(fake_knotd_load(&text, "a.example.", &good), KNOT_EOK);
	assert_int_equal(fake_knotd_log.count, 0);
	assert_int_equal(netset_count(good->policy.proxies), 3);

	write_list("nothing like a network at all, and of another size\n");
	assert_int_not_equal(fake_knotd_check(&text, &err), KNOT_EOK);
	assert_int_equal(fake_knotd_load(&text, "a.example.", &kept), KNOT_EOK);
	assert_int_equal(fake_knotd_log.count, 1);
	assert_int_equal(fake_knotd_log.level[0], LOG_ERR);
	(void)snprintf(expected, sizeof(expected), "keeping the last good list, proxy-file %s:1: ",
	               list_path);
	assert_memory_equal(fake_knotd_log.text[0], expected, strlen(expected));
	assert_ptr_equal(kept->policy.proxies, good->policy.proxies);
	assert_int_equal(fake_knotd_load(&text, "b.example.", &again), KNOT_EOK);
	assert_int_equal(fake_knotd_log.count, 0);

	mxguard_conf_free(good);
	mxguard_conf_free(kept);
	mxguard_conf_free(again);
}

/* What a list says: networks without its exceptions, and names; proxy-except has the last word. A
 * list of names only will do. */
static void test_list_says(void **state)
{
	(void)state;
	const fake_knotd_text_t text = { {
		{ "proxy-file", { list_path } },
		{ "proxy-name", { "cdn.example." } },
		{ "proxy-except", { "198.51.100.9" } },
	} };
	const fake_knotd_text_t names_only = { { { "proxy-file", { list_path } } } };
	const char *err;
	mxguard_conf_t *conf;

	write_list("198.51.100.0/24\n!198.51.100.8\nproxy.example.\n!mx.proxy.example.\n");
	assert_int_equal(fake_knotd_check(&text, &err), KNOT_EOK);
	assert_int_equal(fake_knotd_load(&text, "a.example.", &conf), KNOT_EOK);
	assert_true(policy_proxied(&conf->policy, 4, (const uint8_t *)"\xC6\x33\x64\x07", NULL));
	assert_false(policy_proxied(&conf->policy, 4, (const uint8_t *)"\xC6\x33\x64\x08", NULL));
	assert_false(policy_proxied(&conf->policy, 4, (const uint8_t *)"\xC6\x33\x64\x09", NULL));
	const names_t *names = &conf->policy.proxy_names;
	assert_true(names_cover(names, (const uint8_t *)"\x03""cdn\x07""example"));
	assert_true(names_cover(names, (const uint8_t *)"\x01""a\x05""proxy\x07""example"));
	assert_false(names_cover(names, (const uint8_t *)"\x02""mx\x05""proxy\x07""example"));
	mxguard_conf_free(conf);

	write_list("proxy.example.\n");
	assert_int_equal(fake_knotd_check(&names_only, &err), KNOT_EOK);
	assert_int_equal(fake_knotd_load(&names_only, "a.example.", &conf), KNOT_EOK);
	assert_int_equal(conf->policy.proxy_names.count, 1);
	mxguard_conf_free(conf);
}

/* A list that may not be read any more when the zone is loaded. */
static void test_list_denied(void **state)
{
	(void)state;
	const fake_knotd_text_t text = { {
		{ "proxy", { "203.0.113.77" } },
		{ "proxy-file", { list_path } },
	} };
	const uid_t user = geteuid();
	char expected[400];
	const char *err;
	mxguard_conf_t *conf;

	write_list("198.51.100.0/24\n");
	assert_int_equal(fake_knotd_check(&text, &err), KNOT_EOK);
	assert_int_equal(chmod(list_path, 0), 0);
	assert_int_equal(seteuid(user == 0 ? 65534 : user), 0); /* root may read it anyway. */
	int ret = fake_knotd_load(&text, "a.example.", &conf);
	assert_int_equal(seteuid(user), 0);
	assert_int_equal(chmod(list_path, 0600), 0);
	assert_int_equal(ret, KNOT_EOK);
	assert_int_equal(netset_count(conf->policy.proxies), 2);
	assert_int_equal(fake_knotd_log.count, 1);
	assert_int_equal(fake_knotd_log.level[0], LOG_ERR);
	(void)snprintf(expected, sizeof(expected), "keeping the last good list, proxy-file %s: "
	               "Permission denied for the server's user, ", list_path);
	assert_memory_equal(fake_knotd_log.text[0], expected, strlen(expected));
	mxguard_conf_free(conf);
}

/* A name without a leading slash is one of the installed lists. */
static void test_installed(void **state)
{
	(void)state;
	static const fake_knotd_text_t text = { { { "proxy-file", { "no-such-list" } } } };
	static const char start[] = "proxy-file " PROXIES_DIR "/no-such-list: ";
	const char *err;
	assert_int_not_equal(fake_knotd_check(&text, &err), KNOT_EOK);
	assert_memory_equal(err, start, sizeof(start) - 1);
}

/* Values of network and address items as knotd hands them out. */

/* An address, a path if it begins with a slash or a letter, AF_UNSPEC for NULL. */
static struct sockaddr_storage addr_of(const char *text, uint16_t port)
{
	struct sockaddr_storage out = { .ss_family = AF_UNSPEC };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out;
	struct sockaddr_un *un = (struct sockaddr_un *)&out;
	if (text == NULL) {
		return out;
	}
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
	} else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
	} else {
		un->sun_family = AF_UNIX;
		memcpy(un->sun_path, text, strnlen(text, sizeof(un->sun_path)));
	}
	return out;
}

typedef struct {
	const char *addr, *last;
	int mask;
	const char *expected; /* A network, or what is wrong. */
	int ret;
} net_case_t;

static const net_case_t net_cases[] = {
	{ "192.0.2.1", NULL, -1, "192.0.2.1/32", KNOT_EOK },
	{ "2001:db8::1", NULL, -1, "2001:db8::1/128", KNOT_EOK },
	{ "192.0.2.0", NULL, 24, "192.0.2.0/24", KNOT_EOK },
	{ "192.0.2.77", NULL, 24, "192.0.2.0/24", KNOT_EOK },
	{ "192.0.2.77", NULL, 0, "0.0.0.0/0", KNOT_EOK },
	{ "2001:db8:1:2::3", NULL, 33, "2001:db8::/33", KNOT_EOK },
	{ "2001:db8::3", NULL, 0, "::/0", KNOT_EOK },
	{ "192.0.2.1", "192.0.2.9", -1, "192.0.2.1-192.0.2.9", KNOT_EOK },
	{ "192.0.2.1", "192.0.2.1", -1, "192.0.2.1-192.0.2.1", KNOT_EOK },
	{ "2001:db8::1", "2001:db8:1::", -1, "2001:db8::1-2001:db8:1::", KNOT_EOK },
	{ "192.0.2.9", "192.0.2.1", -1,
	  "proxy '192.0.2.9-192.0.2.1' is a range that ends before it begins", KNOT_EINVAL },
	{ "2001:db8::2", "2001:db8::1", -1,
	  "proxy '2001:db8::2-2001:db8::1' is a range that ends before it begins", KNOT_EINVAL },
	{ "/run/knot.sock", NULL, -1, "proxy '/run/knot.sock' is not a network", KNOT_EINVAL },
	{ "192.0.2.1", NULL, 33, "proxy '192.0.2.1/33' is not a network", KNOT_EINVAL },
	{ NULL, NULL, -1, "proxy '' is not a network", KNOT_EINVAL },
};

static void test_network(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(net_cases) / sizeof(*net_cases); i++) {
		const net_case_t *c = &net_cases[i];
		const struct sockaddr_storage addr = addr_of(c->addr, 0);
		const struct sockaddr_storage last = addr_of(c->last, 0);
		char err[STANZA_TEXT_MAX] = "", text[NET_TEXT_MAX];
		net_t net, same;
		int ret = conf_network(&net, "proxy", &addr, &last, c->mask, err);
		if (ret == KNOT_EOK) {
			assert_string_equal(net_to_str(&net, text), c->expected);
			assert_int_equal(net_from_str(&same, c->expected), KNOT_EOK);
			assert_memory_equal(&net, &same, sizeof(net));
		} else {
			assert_string_equal(err, c->expected);
		}
		assert_int_equal(ret, c->ret);
	}
}

/* 107 octets; a UNIX path has room for one more. */
#define LONG_TEXT "mail.a23456789012345678901234567890123456789012345678901234567890123456789" \
	"012345678901234567890123456789012"

static void test_mail_address(void **state)
{
	(void)state;
	static const struct {
		const char *addr;
		uint16_t port;
		const char *err;
	} cases[] = {
		{ "198.51.100.25", 0, NULL },
		{ "2001:db8::25", 0, NULL },
		{ "198.51.100.25", 25, "mail-address '198.51.100.25@25' has a port" },
		{ "2001:db8::25", 65535, "mail-address '2001:db8::25@65535' has a port" },
		{ "mail.example.com", 0, "mail-address 'mail.example.com' is not an IP address" },
		{ "/run/smtp.sock", 0, "mail-address '/run/smtp.sock' is not an IP address" },
		{ LONG_TEXT "34", 0, "mail-address '" LONG_TEXT "3' is not an IP address" },
		{ NULL, 0, "mail-address '' is not an IP address" },
		{ "198.51.100.25", 0, NULL },
	};
	stanza_t stanza = { 0 };
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct sockaddr_storage addr = addr_of(cases[i].addr, cases[i].port);
		char err[STANZA_TEXT_MAX] = "";
		int ret = conf_mail_address(&stanza, "mail-address", &addr, err);
		assert_string_equal(err, cases[i].err != NULL ? cases[i].err : "");
		assert_int_equal(ret, cases[i].err != NULL ? KNOT_EINVAL : KNOT_EOK);
	}
	assert_int_equal(stanza.mail4.count, 1);
	assert_memory_equal(stanza.mail4.at, "\xC6\x33\x64\x19", 4);
	assert_int_equal(stanza.mail6.count, 1);
	assert_memory_equal(stanza.mail6.at, "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x25", 16);
	stanza_clear(&stanza);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schema),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_not_protected),
		cmocka_unit_test(test_warning),
		cmocka_unit_test_setup_teardown(test_list, make_list, remove_list),
		cmocka_unit_test_setup_teardown(test_list_says, make_list, remove_list),
		cmocka_unit_test_setup_teardown(test_list_denied, make_list, remove_list),
		cmocka_unit_test(test_installed),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_mail_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
