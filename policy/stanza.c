/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What of a stanza does not depend on the zone: the mail addresses and their checks.
 */

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/stanza.h"

int stanza_invalid(char err[static STANZA_TEXT_MAX], const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(err, STANZA_TEXT_MAX, fmt, args);
	va_end(args);
	return KNOT_EINVAL;
}

int stanza_add_address(stanza_t *stanza, int family, const uint8_t *address)
{
	addresses_t *list = (family == 4) ? &stanza->mail4 : &stanza->mail6;
	size_t len = (family == 4) ? 4 : 16;

	for (size_t i = 0; i < list->count; i++) {
		if (memcmp(list->at + i * len, address, len) == 0) {
			return KNOT_EOK;
		}
	}
	uint8_t *at = realloc(list->at, (list->count + 1) * len);
	if (at == NULL) {
		return KNOT_ENOMEM;
	}
	memcpy(at + list->count * len, address, len);
	list->at = at;
	list->count++;
	return KNOT_EOK;
}

void stanza_clear(stanza_t *stanza)
{
	free(stanza->mail4.at);
	free(stanza->mail6.at);
	memset(&stanza->mail4, 0, sizeof(stanza->mail4));
	memset(&stanza->mail6, 0, sizeof(stanza->mail6));
}

static const char *address_str(char buf[static INET6_ADDRSTRLEN], int family,
                               const uint8_t *address)
{
	return inet_ntop(family == 4 ? AF_INET : AF_INET6, address, buf, INET6_ADDRSTRLEN);
}

static int check_addresses(const stanza_t *stanza, int family, char *err)
{
	const policy_t networks = { .proxies = stanza->proxies, .excepts = stanza->excepts };
	const addresses_t *list = (family == 4) ? &stanza->mail4 : &stanza->mail6;

	for (size_t i = 0; i < list->count; i++) {
		const uint8_t *address = list->at + i * (family == 4 ? 4 : 16);
		const net_t *network = policy_proxied(&networks, family, address);
		if (network != NULL) {
			char addr[INET6_ADDRSTRLEN], net[NET_TEXT_MAX];
			return stanza_invalid(err, "mail-address '%s' lies in proxy network %s",
			                      address_str(addr, family, address),
			                      net_to_str(network, net));
		}
	}
	return KNOT_EOK;
}

int stanza_check(const stanza_t *stanza, char err[static STANZA_TEXT_MAX])
{
	bool networks = stanza->proxies != NULL && netset_count(stanza->proxies) > 0;
	if (!networks && stanza->proxy_name_count == 0) {
		return stanza_invalid(err, "no networks: proxy, proxy-file or proxy-name "
		                      "is required");
	}
	if (stanza->enforce && stanza->mail4.count + stanza->mail6.count == 0) {
		return stanza_invalid(err, "mode 'enforce' requires a mail-address");
	}
	int ret = check_addresses(stanza, 4, err);
	return (ret == KNOT_EOK) ? check_addresses(stanza, 6, err) : ret;
}

/* The web origin that an address is beside. */
static const net_t *beside(const netset_t *origins, int family, const uint8_t *address,
                           unsigned prefix)
{
	net_t near;
	if (net_from_addr(&near, family, address, NULL, prefix) != KNOT_EOK) {
		return NULL;
	}
	for (size_t i = 0; i < netset_count(origins); i++) {
		if (net_overlap(netset_at(origins, i), &near)) {
			return netset_at(origins, i);
		}
	}
	return NULL;
}

static void warn_address(const stanza_t *stanza, int family, const uint8_t *address,
                         stanza_warn_f warn, void *ctx)
{
	char text[STANZA_TEXT_MAX], addr[INET6_ADDRSTRLEN], net[NET_TEXT_MAX];
	unsigned prefix = (family == 4) ? 24 : 48;
	char same[16] = "";

	const net_t *origin = netset_match(stanza->origins, family, address);
	if (origin == NULL) {
		origin = beside(stanza->origins, family, address, prefix);
		(void)snprintf(same, sizeof(same), " (same /%u)", prefix);
	}
	if (origin == NULL) {
		return;
	}
	(void)snprintf(text, sizeof(text), "mail-address '%s' lies %s web-origin %s%s, "
	               "mail gives away where the web site runs",
	               address_str(addr, family, address), same[0] != '\0' ? "beside" : "in",
	               net_to_str(origin, net), same);
	warn(ctx, text);
}

void stanza_warn(const stanza_t *stanza, stanza_warn_f warn, void *ctx)
{
	if (stanza->origins == NULL) {
		return;
	}
	for (size_t i = 0; i < stanza->mail4.count; i++) {
		warn_address(stanza, 4, stanza->mail4.at + i * 4, warn, ctx);
	}
	for (size_t i = 0; i < stanza->mail6.count; i++) {
		warn_address(stanza, 6, stanza->mail6.at + i * 16, warn, ctx);
	}
}
