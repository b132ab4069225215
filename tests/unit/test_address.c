/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Values of network and address items as knotd hands them out.
 */

#undef NDEBUG

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#include "module/address.h"

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

static void test_net(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(net_cases) / sizeof(*net_cases); i++) {
		const net_case_t *c = &net_cases[i];
		const struct sockaddr_storage addr = addr_of(c->addr, 0);
		const struct sockaddr_storage last = addr_of(c->last, 0);
		char err[STANZA_TEXT_MAX] = "", text[NET_TEXT_MAX];
		net_t net, same;
		int ret = address_net(&net, "proxy", &addr, &last, c->mask, err);
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

static void test_mail(void **state)
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
		int ret = address_mail(&stanza, "mail-address", &addr, err);
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
		cmocka_unit_test(test_net),
		cmocka_unit_test(test_mail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
