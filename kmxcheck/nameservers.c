/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Finding name servers.
 */

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "kmxcheck/check.h"
#include "kmxcheck/nameservers.h"
#include "kmxcheck/xalloc.h"

static void add_server(nameserver_list_t *servers, int family, const uint8_t *address,
                       uint16_t port)
{
	char text[ADDRESS_TEXT_MAX], err[ERROR_TEXT_MAX];
	nameserver_t *added = xadd(servers);
	(void)server_from_str(&added->server, address_text(text, family, address), port, err);
	added->no_network = server_no_network(&added->server);
}

/*! Adds the addresses that the zones of the run have. */
static void find_in_zones(nameserver_list_t *servers, const zones_t *zones, zone_t *zone,
                          const policy_t *policy, const knot_dname_t *name, uint16_t port)
{
	host_t host;
	host_address_t address = { .rrset = NULL };
	zones_follow(zones, zone, policy, name, &host);
	while (audit_next_address(&host, &address)) {
		add_server(servers, address.family, address.rdata->data, port);
	}
}

/*! The same of the system's resolver. With its last dot a name is absolute, but for /etc/hosts,
 *  where names have none. */
static void find_elsewhere(nameserver_list_t *servers, const knot_dname_t *name, uint16_t port)
{
	knot_dname_txt_storage_t text;
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *found = NULL;
	if (getaddrinfo(name_text(text, name), NULL, &hints, &found) != 0) {
		text[strlen(text) - 1] = '\0';
		if (text[0] == '\0' || getaddrinfo(text, NULL, &hints, &found) != 0) {
			return;
		}
	}
	for (const struct addrinfo *info = found; info != NULL; info = info->ai_next) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)info->ai_addr;
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)info->ai_addr;
		if (info->ai_family == AF_INET) {
			add_server(servers, 4, (const uint8_t *)&v4->sin_addr, port);
		} else if (info->ai_family == AF_INET6) {
			add_server(servers, 6, (const uint8_t *)&v6->sin6_addr, port);
		}
	}
	freeaddrinfo(found);
}

nameserver_list_t *nameservers_find(nameservers_t *known, const zones_t *zones, zone_t *zone,
                                    const policy_t *policy, const knot_dname_t *name,
                                    uint16_t port)
{
	size_t number = name_index_find(&known->names, name);
	if (number != NAME_INDEX_NONE) {
		return &known->servers.at[number];
	}
	(void)xadd_index(&known->names, xname(name));
	nameserver_list_t *servers = xadd(&known->servers);
	find_in_zones(servers, zones, zone, policy, name, port);
	if (servers->count == 0) {
		find_elsewhere(servers, name, port);
	}
	return servers;
}
