/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * From knotd's socket addresses to octets.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>

#include "module/address.h"

/* An address, '@' and a port; or a UNIX path. */
#define TEXT_MAX (sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1)

/* An address taken apart; family 0 is a UNIX path. */
typedef struct {
	int family;
	const uint8_t *octets;
	in_port_t port;
} parts_t;

static parts_t take_apart(const struct sockaddr_storage *addr)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)addr;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)addr;
	switch (addr->ss_family) {
	case AF_INET:
		return (parts_t){ 4, (const uint8_t *)&v4->sin_addr, ntohs(v4->sin_port) };
	case AF_INET6:
		return (parts_t){ 6, (const uint8_t *)&v6->sin6_addr, ntohs(v6->sin6_port) };
	default:
		return (parts_t){ 0, NULL, 0 };
	}
}

static const char *to_str(const struct sockaddr_storage *addr, char buf[static TEXT_MAX])
{
	const parts_t parts = take_apart(addr);
	char ip[INET6_ADDRSTRLEN];
	if (parts.family == 0) {
		const struct sockaddr_un *un = (const struct sockaddr_un *)addr;
		(void)snprintf(buf, TEXT_MAX, "%.*s", (int)sizeof(un->sun_path),
		               addr->ss_family == AF_UNIX ? un->sun_path : "");
		return buf;
	}
	(void)inet_ntop(addr->ss_family, parts.octets, ip, sizeof(ip));
	(void)snprintf(buf, TEXT_MAX, "%s", ip);
	if (parts.port != 0) {
		(void)snprintf(buf, TEXT_MAX, "%s@%u", ip, parts.port);
	}
	return buf;
}

int address_net(net_t *net, const char *item, const struct sockaddr_storage *addr,
                const struct sockaddr_storage *last, int mask, char err[static STANZA_TEXT_MAX])
{
	char from[TEXT_MAX], to[TEXT_MAX];
	const parts_t a = take_apart(addr), b = take_apart(last);
	if (a.family == 0) {
		return stanza_invalid(err, "%s '%s' is not a network", item, to_str(addr, from));
	}
	unsigned prefix = (mask >= 0) ? (unsigned)mask : (a.family == 4) ? 32 : 128;
	if (net_from_addr(net, a.family, a.octets, b.octets, prefix) == KNOT_EOK) {
		return KNOT_EOK;
	}
	return (b.family != 0)
	       ? stanza_invalid(err, "%s '%s-%s' is a range that ends before it begins", item,
	                        to_str(addr, from), to_str(last, to))
	       : stanza_invalid(err, "%s '%s/%u' is not a network", item, to_str(addr, from),
	                        prefix);
}

int address_mail(stanza_t *stanza, const char *item, const struct sockaddr_storage *addr,
                 char err[static STANZA_TEXT_MAX])
{
	char text[TEXT_MAX];
	const parts_t parts = take_apart(addr);
	if (parts.family == 0) {
		return stanza_invalid(err, "%s '%s' is not an IP address", item,
		                      to_str(addr, text));
	}
	if (parts.port != 0) {
		return stanza_invalid(err, "%s '%s' has a port", item, to_str(addr, text));
	}
	return stanza_add_address(stanza, parts.family, parts.octets);
}
