/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Names, addresses and networks as text.
 */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "kmxcheck/auditor.h"

const char *name_text(text_t *text, const knot_dname_t *name)
{
	if (knot_dname_to_str(text->text, name, sizeof(text->text)) == NULL) {
		text->text[0] = '\0';
	}
	return text->text;
}

const char *address_text(text_t *text, int family, const uint8_t *address)
{
	return inet_ntop(family == 4 ? AF_INET : AF_INET6, address, text->text,
	                 sizeof(text->text));
}

const char *net_text(text_t *text, const net_t *net)
{
	return net_to_str(net, text->text);
}

/*! Adds the addresses of a family, as far as there is room. */
static void add(text_t *text, int family, const addresses_t *addresses)
{
	char address[INET6_ADDRSTRLEN];
	size_t size = family == 4 ? 4 : 16;
	for (size_t i = 0; i < addresses->count; i++) {
		size_t used = strlen(text->text);
		if (sizeof(text->text) - used < sizeof(address) + 8) {
			return;
		}
		(void)inet_ntop(family == 4 ? AF_INET : AF_INET6, addresses->at + i * size,
		                address, sizeof(address));
		(void)snprintf(text->text + used, sizeof(text->text) - used, "%s%s",
		               used > 0 ? " and " : "", address);
	}
}

const char *mail_text(text_t *text, const policy_t *policy, int family)
{
	text->text[0] = '\0';
	if (family != 6) {
		add(text, 4, &policy->mail4);
	}
	if (family != 4) {
		add(text, 6, &policy->mail6);
	}
	if (text->text[0] == '\0') {
		(void)snprintf(text->text, sizeof(text->text), "the address of the mail server");
	}
	return text->text;
}
