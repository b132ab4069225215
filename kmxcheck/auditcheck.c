/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Mail targets: what is to be looked after although no answer shows it, and addresses that are
 * written as names.
 */

#include <arpa/inet.h>
#include <string.h>

#include "kmxcheck/auditor.h"

/*! True if a name is an address written as a name: absolute, or relative to the zone. */
static bool is_literal(const knot_dname_t *name, const knot_dname_t *zone)
{
	char text[INET6_ADDRSTRLEN + 3];
	uint8_t address[16];
	size_t size = 0;
	while (*name != '\0' && !knot_dname_is_equal(name, zone)) {
		if (size + *name + 2 > sizeof(text)) {
			return false;
		}
		if (size > 0) {
			text[size++] = '.';
		}
		memcpy(text + size, name + 1, *name);
		size += *name;
		name += 1 + *name;
	}
	text[size] = '\0';
	if (strlen(text) != size) {
		return false;
	}
	char *at = text;
	if (size > 1 && text[0] == '[' && text[size - 1] == ']') {
		text[size - 1] = '\0';
		at++;
	}
	return inet_pton(AF_INET, at, address) == 1 || inet_pton(AF_INET6, at, address) == 1;
}

void audit_literal(auditor_t *auditor, const mail_link_t *link)
{
	text_t target, exchange;
	if (!is_literal(link->target, auditor->policy->zone)) {
		return;
	}
	audit_finding_t *finding = audit_find_link(auditor, link, AUDIT_LITERAL_TARGET);
	audit_message(auditor, finding, "the mail target %s is an IP address written as a name",
	              name_text(&target, link->target));
	audit_remedy(auditor, finding, "give a name that address, say %s, and point at the name",
	             name_text(&exchange, auditor->policy->exchange));
}

/*! True if a name has data of a type, or is an alias on purpose. */
static bool is_there(auditor_t *auditor, const knot_dname_t *name, uint16_t type)
{
	reply_t reply;
	bool there = false;
	if (audit_ask(auditor, &reply, name, type)) {
		for (size_t i = 0; i < reply.response.count; i++) {
			const policy_item_t *item = &reply.response.items[i];
			there |= item->section == KNOT_ANSWER &&
			         (item->rrset->type == type ||
			          (item->rrset->type == KNOT_RRTYPE_CNAME &&
			           !knot_dname_is_wildcard(item->rrset->owner)));
		}
	}
	reply_clear(&reply);
	return there;
}

void audit_dane(auditor_t *auditor, const mail_link_t *link)
{
	knot_dname_storage_t name;
	text_t target, exchange;
	if (!zone_has_tlsa(auditor->zone) ||
	    !name_in_zone(link->target, auditor->policy->zone) ||
	    !zone_tlsa_name(name, link->target) || !is_there(auditor, name, KNOT_RRTYPE_TLSA) ||
	    (zone_tlsa_name(name, auditor->policy->exchange) &&
	     is_there(auditor, name, KNOT_RRTYPE_TLSA))) {
		return;
	}
	audit_finding_t *finding = audit_find_link(auditor, link, AUDIT_DANE_MISMATCH);
	(void)name_text(&exchange, auditor->policy->exchange);
	audit_message(auditor, finding, "the mail target %s has TLSA at _25._tcp, %s, where it is "
	              "steered, has none", name_text(&target, link->target), exchange.text);
	audit_remedy(auditor, finding, "publish TLSA at _25._tcp.%s for the certificate of the "
	             "mail server", exchange.text);
}

void audit_sts(auditor_t *auditor, const mail_link_t *link)
{
	knot_dname_storage_t name;
	text_t owner, exchange;
	if (!zone_has_sts(auditor->zone) || !zone_sts_name(name, link->owner) ||
	    !is_there(auditor, name, KNOT_RRTYPE_TXT)) {
		return;
	}
	audit_finding_t *finding = audit_find(auditor, AUDIT_STS_MISMATCH, link->owner, link->type);
	audit_target(auditor, finding, auditor->policy->exchange);
	audit_at(auditor, finding, link->owner, link->type, link->index);
	(void)name_text(&owner, link->owner);
	(void)name_text(&exchange, auditor->policy->exchange);
	audit_message(auditor, finding, "%s publishes an MTA-STS policy, and a target is steered "
	              "to %s: senders refuse an exchange that the policy does not list", owner.text,
	              exchange.text);
	audit_remedy(auditor, finding, "list 'mx: %.*s' in the policy file at mta-sts.%s and "
	             "change the id in _mta-sts", (int)strlen(exchange.text) - 1, exchange.text,
	             owner.text);
}
