/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * MX and mail SRV: each RR is judged alone, so that each has its own finding; the whole RRset is
 * judged to learn what enforce makes of it.
 */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmxcheck/check.h"
#include "kmxcheck/xalloc.h"

/*! RRs of an RRset that may fit into a message; what can't be answered can't be fixed. */
#define RRS_MAX (UINT16_MAX / 16)

/* Targets that lead to a proxy or nowhere */

/*! Finds the exchange in the zone itself. True: it has addresses of its own. */
static bool find_exchange(auditor_t *auditor, host_t *host)
{
	host_find(auditor->policy, zone_lookup, auditor->zone, auditor->policy->exchange, host);
	return host->state != HOST_NONE;
}

/*! The name that was meant, if the final dot of this one was forgotten, or NULL. */
static const char *dotless(knot_dname_txt_storage_t text, const knot_dname_t *target,
                           const knot_dname_t *zone)
{
	knot_dname_storage_t name;
	int depth = knot_dname_in_bailiwick(target, zone);
	size_t size = knot_dname_size(target) - knot_dname_size(zone);
	if (depth <= 0 || *zone == '\0') {
		return NULL;
	}
	memcpy(name, target, size);
	name[size] = '\0';
	return name_in_zone(name, zone) ? name_text(text, name) : NULL;
}

/*! The remedy for a target that can't stay: point at the exchange, which may have to be added. */
static void remedy_exchange(auditor_t *auditor, audit_finding_t *finding, const subject_t *subject)
{
	knot_dname_txt_storage_t exchange, mail;
	if (finding->rule == AUDIT_MISSING_TARGET &&
	    dotless(mail, subject->target, auditor->policy->zone) != NULL) {
		finding->remedy = xformat(_("if %s is meant, write it with the final dot"), mail);
		return;
	}
	(void)name_text(exchange, auditor->policy->exchange);
	host_t host;
	bool exists = find_exchange(auditor, &host);
	if (finding->mark != MARK_NONE &&
	    !names_match(&auditor->policy->web_hosts, subject->target)) {
		finding->remedy = xformat(_("switch the proxy off for %s: grey cloud, DNS only"),
		                          name_text(mail, subject->target));
	} else if (host.elsewhere) { /* Below a delegation or a DNAME. */
		finding->remedy = xformat(_("point it at a mail host that this zone has itself"));
	} else if (exists) {
		finding->remedy = xformat(_("point it at %s"), exchange);
	} else {
		finding->remedy = xformat(_("point it at %s, which does not exist yet: "
		                            "give it %s"), exchange,
		                          mail_text(mail, auditor->policy, 0));
	}
}

static char *target_message(const audit_finding_t *finding, const subject_t *subject)
{
	knot_dname_txt_storage_t target, text;
	bool alias = finding->rule == AUDIT_PROXIED_ALIAS;
	(void)name_text(target, subject->target);
	if (finding->rule == AUDIT_MISSING_TARGET) {
		return xformat(_("the mail target %s has no address"), target);
	} else if (finding->family != 0) {
		(void)proxied_text(text, finding);
		return alias ? xformat(_("the mail target %s is an alias that leads to the "
		                         "proxied address %s"), target, text)
		             : xformat(_("the mail target %s has the proxied address %s"),
		                       target, text);
	} else if (finding->mark != MARK_NONE) {
		return xformat(_("the mail target %s is an alias that is proxied (%s)"), target,
		               mark_text(finding->mark));
	}
	return alias ? xformat(_("the mail target %s is an alias that leads to %s"), target,
	                       audit_proxy_text(text, &subject->end))
	             : xformat(_("the mail target %s is a name of a proxy"), target);
}

/*! True if what a wildcard answers for the exchange leads to a proxy: the finding is then one about
 *  the host. */
static bool is_covered_by_proxied(auditor_t *auditor, const knot_dname_t *target)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };
	bool proxied = false;
	for (size_t i = 0; i < 2; i++) {
		judged_t judged;
		(void)audit_judge_query(auditor, &judged, target, types[i]);
		proxied |= (judged.verdict.rules & (1U << RULE_PROXIED_HOST |
		                                    1U << RULE_PROXIED_ALIAS)) != 0;
		judged_clear(&judged);
	}
	return proxied;
}

/*! The rule that a target breaks, or AUDIT_RULE_COUNT. What the judge of one zone can't see counts
 *  too: other zones of the run, and guarded names without address, which it leaves as they are. */
static audit_rule_t rule_of(auditor_t *auditor, const subject_t *subject)
{
	const host_t *end = &subject->end;
	if (subject->found != NULL) {
		return subject->found->rule == RULE_PROXIED_ALIAS ? AUDIT_PROXIED_ALIAS
		       : subject->found->rule == RULE_MISSING_TARGET ? AUDIT_MISSING_TARGET
		                                                     : AUDIT_PROXIED_TARGET;
	} else if (end->state == HOST_NONE) {
		return end->covered && is_covered_by_proxied(auditor, subject->target)
		       ? AUDIT_RULE_COUNT : AUDIT_MISSING_TARGET;
	} else if (!subject->guarded && audit_leads_to_proxy(auditor, subject->target, end)) {
		return end->alias ? AUDIT_PROXIED_ALIAS : AUDIT_PROXIED_TARGET;
	}
	return AUDIT_RULE_COUNT;
}

void check_target(auditor_t *auditor, audit_rule_t rule, const subject_t *subject)
{
	if (rule_of(auditor, subject) != rule) {
		return;
	}
	audit_finding_t *finding = audit_add_target(auditor, rule, subject);
	const finding_t *found = subject->found;
	if (rule != AUDIT_MISSING_TARGET) {
		host_address_t proxied;
		net_t network;
		knot_rrset_t cname;
		if (audit_proxied_host(auditor, &subject->end, &proxied, &network)) {
			audit_set_rdata(finding, proxied.family, proxied.rdata, &network);
		} else if (zone_has(auditor->zone, subject->target, KNOT_RRTYPE_CNAME, &cname)) {
			finding->mark = marked_by(KNOT_RRTYPE_CNAME, cname.rrs.rdata);
		}
	}
	finding->message = target_message(finding, subject);
	if (found == NULL && rule == AUDIT_MISSING_TARGET) {
		knot_dname_txt_storage_t mail;
		finding->remedy = xformat(_("give it %s, or point at a name that has an address"),
		                          mail_text(mail, auditor->policy, 0));
	} else {
		remedy_exchange(auditor, finding, subject);
	}
}

void check_exchange_delegated(auditor_t *auditor, audit_rule_t rule, const subject_t *subject)
{
	knot_dname_txt_storage_t target, exchange;
	if (!subject->first_elsewhere) {
		return;
	}
	audit_finding_t *finding = audit_add_target(auditor, rule, subject);
	finding->message = xformat(_("the mail target %s would be replaced by %s, which is below a "
	                             "delegation or a DNAME: this zone can't answer for it"),
	                           name_text(target, subject->target),
	                           name_text(exchange, auditor->policy->exchange));
	finding->remedy = xformat(_("choose a mail-exchange that is in this zone"));
}

/* Targets that are wrong as names */

void check_alias_target(auditor_t *auditor, audit_rule_t rule, const subject_t *subject)
{
	knot_dname_txt_storage_t target, end;
	if (!subject->end.alias || audit_leads_to_proxy(auditor, subject->target, &subject->end)) {
		return;
	}
	audit_finding_t *finding = audit_add_target(auditor, rule, subject);
	(void)name_text(target, subject->target);
	(void)name_text(end, subject->end.end);
	finding->message = subject->end.loop
	        ? xformat(_("the mail target %s is an alias in a loop, or in a chain that is too "
	                    "long to be followed"), target)
	        : xformat(_("the mail target %s is an alias, of %s"), target, end);
	if (subject->end.state == HOST_FOUND) {
		finding->remedy = xformat(_("point at %s itself, or give %s addresses in the "
		                            "place of the alias"), end, target);
	} else {
		finding->remedy = xformat(_("point at a name that has addresses itself"));
	}
}

/*! True if a text is an address, in brackets or not. */
static bool is_address(const char *text, size_t size)
{
	char copy[INET6_ADDRSTRLEN + 3];
	uint8_t address[16];
	bool brackets = size > 1 && text[0] == '[' && text[size - 1] == ']';
	(void)snprintf(copy, sizeof(copy), "%.*s", (int)(size - 2 * brackets), text + brackets);
	return strlen(text) == size && (inet_pton(AF_INET, copy, address) == 1 ||
	                                inet_pton(AF_INET6, copy, address) == 1);
}

/*! True if a target may have been made absolute by an origin: the root, the apex, or a name below
 *  that if nobody has made the target. */
static bool is_origin(auditor_t *auditor, const knot_dname_t *target, const knot_dname_t *origin)
{
	const knot_dname_t *zone = auditor->policy->zone;
	knot_rrset_t rrset;
	return *origin == '\0' || knot_dname_is_equal(origin, zone) ||
	       (name_in_zone(origin, zone) && audit_is_served(auditor, target) &&
	        zone_lookup(auditor->zone, target, KNOT_RRTYPE_A, &rrset) == KNOT_ENONODE);
}

/*! True if a target is an address written as a name, before any origin. */
static bool is_literal(auditor_t *auditor, const knot_dname_t *target)
{
	char text[INET6_ADDRSTRLEN + 3];
	size_t size = 0;
	for (const knot_dname_t *label = target; *label != '\0';) {
		if (size + *label + 2 > sizeof(text)) {
			return false;
		}
		if (size > 0) {
			text[size++] = '.';
		}
		memcpy(text + size, label + 1, *label);
		size += *label;
		text[size] = '\0';
		label += 1 + *label;
		if (is_address(text, size) && is_origin(auditor, target, label)) {
			return true;
		}
	}
	return false;
}

void check_literal_target(auditor_t *auditor, audit_rule_t rule, const subject_t *subject)
{
	knot_dname_txt_storage_t target, exchange;
	host_t host;
	if (!is_literal(auditor, subject->target)) {
		return;
	}
	audit_finding_t *finding = audit_add_target(auditor, rule, subject);
	finding->message = xformat(_("the mail target %s is an IP address written as a name"),
	                           name_text(target, subject->target));
	finding->remedy = find_exchange(auditor, &host)
	        ? xstrdup(_("give a name that address, and point at the name"))
	        : xformat(_("give a name that address, say %s, and point at the name"),
	                  name_text(exchange, auditor->policy->exchange));
}

void check_mixed_null_mx(auditor_t *auditor, audit_rule_t rule, const subject_t *subject)
{
	const knot_rrset_t *rrset = subject->rrset;
	size_t null = SIZE_MAX, i = 0;
	for_each_rdata(rdata, rrset) {
		null = *knot_rdata_name(rdata, rrset->type) == '\0' ? i : null;
		i++;
	}
	if (null == SIZE_MAX || rrset->rrs.count < 2 || rrset->type != KNOT_RRTYPE_MX) {
		return;
	}
	knot_dname_txt_storage_t owner;
	audit_finding_t *finding = audit_add(auditor, rule, rrset->owner, rrset->type,
	                                     rrset->owner, null);
	finding->message = xformat(_("%s has a null MX beside other MX"),
	                           name_text(owner, rrset->owner));
	finding->remedy = xformat(_("leave the null MX out, or all others if the domain takes no "
	                            "mail"));
}

/* What else has to change where a target is steered */

/*! True if a name has data of a type, or is an alias on purpose. */
static bool has_data(auditor_t *auditor, const knot_dname_t *name, uint16_t type)
{
	reply_t reply;
	bool there = false;
	if (reply_make(&reply, auditor->zone, name, type)) {
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

static bool has_tlsa(auditor_t *auditor, const knot_dname_t *host)
{
	knot_dname_storage_t name;
	static const knot_dname_t front[] = "\x03""_25\x04""_tcp";
	return name_join(name, front, sizeof(front) - 1, host) &&
	       has_data(auditor, name, KNOT_RRTYPE_TLSA);
}

void check_dane(auditor_t *auditor, audit_rule_t rule, const subject_t *subject)
{
	knot_dname_txt_storage_t target, exchange;
	if (subject->found == NULL || subject->type != KNOT_RRTYPE_MX ||
	    !auditor->zone->has_tlsa || !name_in_zone(subject->target, auditor->policy->zone) ||
	    !has_tlsa(auditor, subject->target) || has_tlsa(auditor, auditor->policy->exchange)) {
		return;
	}
	audit_finding_t *finding = audit_add_target(auditor, rule, subject);
	(void)name_text(exchange, auditor->policy->exchange);
	finding->message = xformat(_("the mail target %s has TLSA at _25._tcp, %s, where it is "
	                             "steered, has none"), name_text(target, subject->target),
	                           exchange);
	finding->remedy = xformat(_("publish TLSA at _25._tcp.%s for the certificate of the "
	                            "mail server"), exchange);
}

void check_sts(auditor_t *auditor, audit_rule_t rule, const subject_t *subject)
{
	knot_dname_storage_t name;
	knot_dname_txt_storage_t owner, exchange;
	static const knot_dname_t front[] = "\x08""_mta-sts";
	if (!subject->first_steered || subject->type != KNOT_RRTYPE_MX || !auditor->zone->has_sts ||
	    !name_join(name, front, sizeof(front) - 1, subject->owner) ||
	    !has_data(auditor, name, KNOT_RRTYPE_TXT)) {
		return;
	}
	audit_finding_t *finding = audit_add(auditor, rule, subject->owner, subject->type,
	                                     subject->owner, subject->index);
	finding->target = xname(auditor->policy->exchange);
	(void)name_text(owner, subject->owner);
	(void)name_text(exchange, auditor->policy->exchange);
	finding->message = xformat(_("%s publishes an MTA-STS policy, and a target is steered to "
	                             "%s: senders refuse an exchange that the policy does "
	                             "not list"),
	                           owner, exchange);
	finding->remedy = xformat(_("list 'mx: %.*s' in the policy file at mta-sts.%s and "
	                            "change the id in _mta-sts"), (int)strlen(exchange) - 1,
	                          exchange, owner);
}

/* The audit of an owner */

/*! True if the target is the exchange, or an alias that passes it. */
static bool leads_to_exchange(auditor_t *auditor, const subject_t *subject)
{
	const knot_dname_t *exchange = auditor->policy->exchange;
	if (knot_dname_is_equal(subject->target, exchange) || !subject->end.alias) {
		return knot_dname_is_equal(subject->target, exchange);
	}
	reply_t reply;
	bool leads = false;
	if (reply_make(&reply, auditor->zone, subject->target, KNOT_RRTYPE_A)) {
		for (size_t i = 0; i < reply.response.count; i++) {
			const knot_rrset_t *rrset = reply.response.items[i].rrset;
			leads |= rrset->type == KNOT_RRTYPE_CNAME &&
			         knot_dname_is_equal(knot_cname_name(rrset->rrs.rdata), exchange);
		}
	}
	reply_clear(&reply);
	return leads;
}

/*! Audits one RR. True: its target is steered. Sets kept if the zone keeps the target anyway. */
static bool audit_target(auditor_t *auditor, subject_t *subject, const knot_rrset_t *all,
                         knot_rdata_t *rdata, bool steered_before, bool *elsewhere_before,
                         bool *kept)
{
	const policy_t *policy = auditor->policy;
	knot_rrset_t rrset = *all;
	policy_item_t item;
	policy_response_t response;
	policy_verdict_t verdict;
	rrset.rrs = (knot_rdataset_t){ .count = 1, .rdata = rdata,
	                               .size = (uint32_t)knot_rdata_size(rdata->len) };
	audit_judge_rrset(auditor, &rrset, &item, &response, &verdict);

	subject->target = knot_rdata_name(rdata, rrset.type);
	subject->guarded = audit_is_guarded(auditor->policy, &auditor->exchanges, subject->target);
	/* A host of which all addresses are marked as proxied has direct ones once the proxy is
	 * switched off. */
	bool switched = verdict.changes && verdict.findings[0].rule == RULE_MISSING_TARGET &&
	                fix_is_switched(auditor, subject->target);
	bool steered = verdict.changes && !switched;
	bool elsewhere = (verdict.rules & (1U << RULE_EXCHANGE_DELEGATED)) != 0;
	subject->found = steered ? &verdict.findings[0] : NULL;
	subject->first_steered = steered && !steered_before;
	subject->first_elsewhere = elsewhere && !*elsewhere_before;
	*elsewhere_before |= elsewhere;
	audit_follow(auditor, subject->target, &subject->end);
	size_t before = auditor->out->findings.count;
	audit_run(auditor, OF_TARGET, subject);
	*kept = switched || (steered && fix_is_ignored(auditor, before));
	policy_verdict_clear(&response, &verdict);

	xadd_name(&auditor->targets, subject->target);
	audit_add_edge(auditor->out, subject->owner, subject->type, subject->target,
	               names_cover(&policy->proxy_names, subject->target), steered);
	bool leads = leads_to_exchange(auditor, subject);
	auditor->exchange_in_use |= steered || leads;
	auditor->exchange_needed |= (steered && !*kept) || leads;
	if (steered) {
		xadd_name(&auditor->targets, policy->exchange);
		audit_add_edge(auditor->out, subject->owner, subject->type, policy->exchange,
		               false, true);
	}
	return steered;
}

/*! Audits an RRset, which is the holder's in the zone. The alias is the CNAME that has led to it,
 *  or NULL. Where a wildcard has led to it, the alias is a CNAME RRset without RR. */
static void audit_rrset(auditor_t *auditor, const knot_rrset_t *rrset, const knot_dname_t *holder,
                        const knot_rrset_t *alias)
{
	subject_t subject = { .owner = rrset->owner, .type = rrset->type, .rrset = rrset,
	                      .holder = holder };
	bool steered = false, elsewhere = false;
	bool *kept = xcalloc(rrset->rrs.count, sizeof(*kept));
	audit_run(auditor, OF_RRSET, &subject);
	for_each_rdata(rdata, rrset) {
		if (*knot_rdata_name(rdata, rrset->type) != '\0') {
			steered |= audit_target(auditor, &subject, rrset, rdata, steered,
			                        &elsewhere, &kept[subject.index]);
		}
		subject.index++;
	}
	if (steered && rrset->rrs.count <= RRS_MAX) {
		fix_targets(auditor, rrset, kept, alias);
	}
	free(kept);
}

/*! The RRset of the owner itself, if that is what the server answers with. */
static bool own_rrset(auditor_t *auditor, const knot_dname_t *owner, uint16_t type,
                      knot_rrset_t *rrset)
{
	reply_t reply;
	bool own = reply_make(&reply, auditor->zone, owner, type);
	if (own) {
		const policy_response_t *response = &reply.response;
		own = response->count > 0 && response->items[0].section == KNOT_ANSWER &&
		      response->items[0].rrset->type == type;
	}
	reply_clear(&reply);
	return own && zone_has(auditor->zone, owner, type, rrset);
}

/*! Audits the SRV RRset that the alias of a mail service, or a wildcard, leads to in this zone: it
 *  is judged by the name that is asked for.
 *
 *  \param alias     CNAME of the name; without RR, and with a TTL for edits, for a wildcard.
 *  \param wildcard  That has to answer, or NULL. */
static void audit_answered_srv(auditor_t *auditor, const knot_dname_t *owner,
                               const knot_rrset_t *alias, const knot_dname_t *wildcard)
{
	reply_t reply;
	bool answered = reply_make(&reply, auditor->zone, owner, KNOT_RRTYPE_SRV) &&
	                reply.response.count > 0 &&
	                (wildcard == NULL ||
	                 knot_dname_is_equal(reply.response.items[0].rrset->owner, wildcard));
	for (size_t i = 0; i < reply.response.count && answered; i++) {
		const policy_item_t *item = &reply.response.items[i];
		if (item->section == KNOT_ANSWER && item->rrset->type == KNOT_RRTYPE_SRV &&
		    (i == 0 || !policy_mail_service(auditor->policy, item->owner))) {
			knot_rrset_t rrset = *item->rrset;
			rrset.owner = (knot_dname_t *)owner;
			audit_rrset(auditor, &rrset, item->rrset->owner, alias);
			break;
		}
	}
	reply_clear(&reply);
}

void audit_targets(auditor_t *auditor, const knot_dname_t *owner)
{
	knot_rrset_t rrset;
	if (own_rrset(auditor, owner, KNOT_RRTYPE_MX, &rrset)) {
		audit_rrset(auditor, &rrset, owner, NULL);
	}
	if (!policy_mail_service(auditor->policy, owner)) {
		return;
	} else if (own_rrset(auditor, owner, KNOT_RRTYPE_SRV, &rrset)) {
		audit_rrset(auditor, &rrset, owner, NULL);
	} else if (zone_has(auditor->zone, owner, KNOT_RRTYPE_CNAME, &rrset)) {
		audit_answered_srv(auditor, owner, &rrset, NULL);
	}
}

/*! Audits the name of a mail service that a wildcard answers for: the service below the wildcard's
 *  parent, without those of its last labels that the parent begins with. */
static void audit_service_below(auditor_t *auditor, const knot_dname_t *service,
                                const knot_dname_t *wildcard)
{
	const knot_dname_t *parent = wildcard + 2;
	size_t common = name_labels(service) - 1;
	knot_dname_storage_t name;
	knot_rrset_t rrset = { .ttl = auditor->policy->ttl };
	while (common > 0 && !name_has_prefix(parent, name_suffix(service, common))) {
		common--;
	}
	size_t front = (size_t)(name_suffix(service, common) - service);
	if (name_join(name, service, front, parent) &&
	    zone_lookup(auditor->zone, name, KNOT_RRTYPE_SRV, &rrset) == KNOT_ENONODE) {
		audit_answered_srv(auditor, name, &rrset, wildcard);
	}
}

void audit_wildcard_services(auditor_t *auditor)
{
	const name_list_t *owners = &auditor->zone->owners;
	for (size_t i = 0; i < owners->count; i++) {
		const knot_dname_t *const *service = auditor->policy->services;
		for (; knot_dname_is_wildcard(owners->at[i]) && *service != NULL; service++) {
			audit_service_below(auditor, *service, owners->at[i]);
		}
	}
}

/* The graph */

static void add_address_edge(auditor_t *auditor, const knot_dname_t *from, int family,
                             const knot_rdata_t *rdata)
{
	uint16_t type = type_of_family(family);
	audit_add_address_edge(auditor->out, auditor->policy, from, family,
	                       marked_written(type, rdata, NULL), false)->marked =
		marked_by(type, rdata) != MARK_NONE;
}

static void add_item_edges(auditor_t *auditor, const policy_item_t *item)
{
	const knot_rrset_t *rrset = item->rrset;
	int family = family_of_type(rrset->type);
	if (item->section != KNOT_ANSWER) {
		return;
	}
	if (rrset->type == KNOT_RRTYPE_CNAME) {
		const knot_rdata_t *rdata = rrset->rrs.rdata;
		const knot_dname_t *to = marked_written(KNOT_RRTYPE_CNAME, rdata, NULL);
		audit_add_edge(auditor->out, item->owner, KNOT_RRTYPE_CNAME, to,
		               names_cover(&auditor->policy->proxy_names, to), false)->marked =
			marked_by(KNOT_RRTYPE_CNAME, rdata) != MARK_NONE;
	}
	if (family == 0) {
		return;
	}
	for_each_rdata(rdata, rrset) {
		add_address_edge(auditor, item->owner, family, rdata);
	}
}

/*! Adds the edges that only another zone, or glue, has. */
static void add_other_edges(auditor_t *auditor, const knot_dname_t *name)
{
	host_t host;
	host_address_t address = { .rrset = NULL };
	audit_follow(auditor, name, &host);
	while (audit_next_address(&host, &address)) {
		add_address_edge(auditor, host.end, address.family, address.rdata);
	}
	if (host.state == HOST_FOUND && host.alias &&
	    !name_in_zone(name, auditor->policy->zone)) {
		audit_add_edge(auditor->out, name, KNOT_RRTYPE_CNAME, host.end, false, false);
	}
}

void add_target_edges(auditor_t *auditor, const knot_dname_t *name)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };
	for (size_t i = 0; i < 2 && name_in_zone(name, auditor->policy->zone); i++) {
		reply_t reply;
		if (reply_make(&reply, auditor->zone, name, types[i])) {
			for (size_t j = 0; j < reply.response.count; j++) {
				add_item_edges(auditor, &reply.response.items[j]);
			}
		}
		reply_clear(&reply);
	}
	add_other_edges(auditor, name);
}
