/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Networks: from text and addresses, to text, overlap.
 */

#include <arpa/inet.h>
#include <string.h>

#include <libknot/errcode.h>

#include "policy/netset.h"

static unsigned family_bits(int family)
{
	return family == 4 ? 32 : 128;
}

int net_from_addr(net_t *net, int family, const uint8_t *addr, const uint8_t *last,
                  unsigned prefix)
{
	if ((family != 4 && family != 6) || (last == NULL && prefix > family_bits(family))) {
		return KNOT_EINVAL;
	}

	const size_t size = family_bits(family) / 8;
	if (last != NULL && memcmp(addr, last, size) > 0) {
		return KNOT_EINVAL;
	}

	/* Octets that a family does not use stay zero: networks can be compared as a whole. */
	*net = (net_t){
		.family = (uint8_t)family,
		.range = last != NULL,
	};
	memcpy(net->first, addr, size);
	memcpy(net->last, last != NULL ? last : addr, size);
	if (last != NULL) {
		return KNOT_EOK;
	}

	net->prefix = (uint8_t)prefix;
	for (unsigned i = 0; i < size; i++) {
		unsigned bits = prefix <= i * 8 ? 0 : prefix - i * 8; /* Of the network, here. */
		uint8_t host = bits >= 8 ? 0 : 0xff >> bits;
		net->first[i] &= (uint8_t)~host;
		net->last[i] |= host;
	}
	return KNOT_EOK;
}

/*! Reads len characters as an address. Returns the family, or 0. */
static int addr_from_str(uint8_t out[16], const char *str, size_t len)
{
	char buf[INET6_ADDRSTRLEN];
	if (len >= sizeof(buf)) {
		return 0;
	}
	memcpy(buf, str, len);
	buf[len] = '\0';

	if (inet_pton(AF_INET, buf, out) == 1) {
		return 4;
	}
	return inet_pton(AF_INET6, buf, out) == 1 ? 6 : 0;
}

/*! Reads a prefix length: decimal, no sign, no leading zeros. Returns -1 if it is none. */
static int prefix_from_str(const char *str)
{
	unsigned value = 0;
	size_t len = strlen(str);
	if (len == 0 || len > 3 || (len > 1 && str[0] == '0')) {
		return -1;
	}
	for (; *str != '\0'; str++) {
		if (*str < '0' || *str > '9') {
			return -1;
		}
		value = value * 10 + (unsigned)(*str - '0');
	}
	return (int)value;
}

int net_from_str(net_t *net, const char *str)
{
	uint8_t addr[16], last[16];
	size_t len = strcspn(str, "/-");
	int family = addr_from_str(addr, str, len);
	if (family == 0) {
		return KNOT_EINVAL;
	}

	const char *rest = str + len;
	if (*rest == '\0') {
		return net_from_addr(net, family, addr, NULL, family_bits(family));
	}
	if (*rest == '/') {
		int prefix = prefix_from_str(rest + 1);
		return prefix < 0 ? KNOT_EINVAL
		                  : net_from_addr(net, family, addr, NULL, (unsigned)prefix);
	}
	if (addr_from_str(last, rest + 1, strlen(rest + 1)) != family) {
		return KNOT_EINVAL;
	}
	return net_from_addr(net, family, addr, last, 0);
}

char *net_to_str(const net_t *net, char buf[static NET_TEXT_MAX])
{
	const int af = net->family == 4 ? AF_INET : AF_INET6;
	(void)inet_ntop(af, net->first, buf, INET6_ADDRSTRLEN);
	char *end = buf + strlen(buf);
	if (net->range) {
		*end++ = '-';
		(void)inet_ntop(af, net->last, end, INET6_ADDRSTRLEN);
		return buf;
	}

	*end++ = '/';
	if (net->prefix >= 100) {
		*end++ = '1';
	}
	if (net->prefix >= 10) {
		*end++ = (char)('0' + net->prefix / 10 % 10);
	}
	*end++ = (char)('0' + net->prefix % 10);
	*end = '\0';
	return buf;
}

bool net_overlap(const net_t *a, const net_t *b)
{
	return a->family == b->family && memcmp(a->first, b->last, sizeof(a->first)) <= 0 &&
	       memcmp(b->first, a->last, sizeof(a->first)) <= 0;
}
