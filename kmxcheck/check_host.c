/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Guarded hosts: the responses to A and AAAA are judged. What is found there is put at the records
 * themselves, each proxied address on its own. And addresses of mail that show where the proxied
 * web site runs: the same ones, or adjacent ones.
 */

#include <string.h>

#include "kmxcheck/check.h"
#include "kmxcheck/xalloc.h"

/*! Addresses in the same network of so many bits are adjacent. */
#define ADJACENT_BITS4 24
#define ADJACENT_BITS6 48

/* Proxied addresses */

static void remedy_proxied(const auditor_t *auditor, audit_finding_t *finding, bool direct,
                           bool wildcard)
{
	knot_dname_txt_storage_t mail;
	if (finding->mark != MARK_NONE) {
		finding->remedy = xstrdup(_(GREY_CLOUD));
	} else if (wildcard) {
		finding->remedy = xformat(_("give it an address of its own: %s"),
		                          mail_text(mail, auditor->policy, finding->family));
	} else if (direct) {
		finding->remedy = xformat(_("leave it out, the direct address beside it stays"));
	} else {
		finding->remedy = xformat(_("do not proxy it, serve %s"),
		                          mail_text(mail, auditor->policy, finding->family));
	}
}

static bool has_direct(const auditor_t *auditor, const knot_rrset_t *rrset)
{
	for_each_rdata(rdata, rrset) {
		if (!policy_proxied(auditor->policy, family_of_type(rrset->type), rdata->data,
		                    NULL)) {
			return true;
		}
	}
	return false;
}

/*! Each proxied address of an RRset, at the host that it is answered for. */
static void find_proxied(auditor_t *auditor, const knot_dname_t *host, const knot_rrset_t *rrset,
                         const host_t *end)
{
	int family = family_of_type(rrset->type);
	uint16_t i = 0;
	bool direct = has_direct(auditor, rrset) || has_direct(auditor, &end->a) ||
	              has_direct(auditor, &end->aaaa);
	bool wildcard = rrset->owner != NULL && !knot_dname_is_equal(rrset->owner, host);
	for_each_rdata(rdata, rrset) {
		net_t network;
		if (policy_proxied(auditor->policy, family, rdata->data, &network)) {
			knot_dname_txt_storage_t name, from, proxied;
			audit_finding_t *finding = audit_add(auditor, AUDIT_PROXIED_HOST, host,
			                                     rrset->type, rrset->owner, i);
			audit_set_rdata(finding, family, rdata, &network);
			(void)name_text(name, host);
			(void)proxied_text(proxied, finding);
			finding->message = wildcard
			        ? xformat(_("the mail host %s has the proxied address %s, from "
			                    "the wildcard %s"), name, proxied,
			                  name_text(from, rrset->owner))
			        : xformat(_("the mail host %s has the proxied address %s"), name,
			                  proxied);
			remedy_proxied(auditor, finding, direct, wildcard);
		}
		i++;
	}
}

/*! True if the verdict has a finding of this rule about the host itself. */
static bool has_finding(const policy_verdict_t *verdict, const knot_dname_t *host, rule_t rule)
{
	for (size_t i = 0; i < verdict->finding_count; i++) {
		if (verdict->findings[i].rule == rule &&
		    knot_dname_is_equal(verdict->findings[i].owner, host)) {
			return true;
		}
	}
	return false;
}

void check_proxied_host(auditor_t *auditor, audit_rule_t rule, const subject_t *subject)
{
	const knot_dname_t *host = subject->owner;
	(void)rule;
	for (size_t i = 0; subject->judged != NULL && i < 2; i++) {
		const judged_t *judged = &subject->judged[i];
		if (has_finding(&judged->verdict, host, RULE_PROXIED_HOST)) {
			const policy_response_t *response = &judged->reply.response;
			find_proxied(auditor, host,
			             response_item(response, KNOT_ANSWER, response->qtype,
			                           host)->rrset,
			             &subject->end);
		}
	}
	/* Below a delegation nothing is answered that could be judged, but mail is sent there. */
	const host_t *end = &subject->end;
	if (subject->judged == NULL && end->state == HOST_FOUND && !end->alias) {
		find_proxied(auditor, host, &end->a, end);
		find_proxied(auditor, host, &end->aaaa, end);
	}
}

/* Aliases */

/*! True if the alias of a finding leads to the proxy only because it is marked as proxied. */
static bool is_proxied_by_mark(const auditor_t *auditor, const audit_finding_t *finding)
{
	host_t end;
	if (finding->type != KNOT_RRTYPE_CNAME || finding->mark == MARK_NONE ||
	    finding->family != 0) {
		return false;
	}
	audit_follow(auditor, finding->target, &end);
	return !audit_leads_to_proxy(auditor, finding->target, &end);
}

static void find_alias(auditor_t *auditor, const knot_dname_t *host, const reply_t *reply,
                       const host_t *end)
{
	knot_dname_txt_storage_t name, target, text, mail;
	const policy_item_t *alias = response_item(&reply->response, KNOT_ANSWER,
	                                           KNOT_RRTYPE_CNAME, host);
	if (alias == NULL) {
		return;
	}
	const knot_rdata_t *rdata = alias->rrset->rrs.rdata;
	const knot_dname_t *to = marked_written(KNOT_RRTYPE_CNAME, rdata, NULL);
	audit_finding_t *finding = audit_add(auditor, AUDIT_PROXIED_ALIAS, host,
	                                     KNOT_RRTYPE_CNAME, alias->rrset->owner, 0);
	finding->target = xname(to);
	finding->mark = marked_by(KNOT_RRTYPE_CNAME, rdata);
	/* The CNAME may be made of a DNAME above, which is the first thing in the response then. */
	const policy_item_t *first = &reply->response.items[0];
	bool made = first->rrset->type == KNOT_RRTYPE_DNAME;
	if (made) {
		finding->pos = zones_position(auditor->input->zones, auditor->zone, first->owner,
		                              KNOT_RRTYPE_DNAME, 0);
	}

	host_address_t proxied;
	net_t network;
	(void)name_text(name, host);
	(void)name_text(target, to);
	if (finding->mark != MARK_NONE) {
		finding->message = xformat(_("the mail host %s is an alias of %s, and proxied "
		                             "(%s)"), name, target, mark_text(finding->mark));
	} else if (audit_proxied_host(auditor, end, &proxied, &network)) {
		audit_set_rdata(finding, proxied.family, proxied.rdata, &network);
		finding->message = xformat(_("the mail host %s is an alias of %s, which leads "
		                             "to the proxied address %s"), name, target,
		                           proxied_text(text, finding));
	} else if (knot_dname_is_equal(to, end->end)) {
		finding->message = xformat(_("the mail host %s is an alias of %s, which is a name "
		                             "of a proxy"), name, target);
	} else {
		finding->message = xformat(_("the mail host %s is an alias of %s, which leads to "
		                             "%s"), name, target, audit_proxy_text(text, end));
	}
	if (is_proxied_by_mark(auditor, finding)) {
		finding->remedy = xstrdup(_(GREY_CLOUD));
	} else if (made) {
		finding->remedy = xformat(_("use a name that is not below the DNAME at %s"),
		                          name_text(mail, first->owner));
	} else {
		finding->remedy = xformat(_("give it addresses in the place of the alias: %s"),
		                          mail_text(mail, auditor->policy, 0));
	}
}

void check_proxied_alias(auditor_t *auditor, audit_rule_t rule, const subject_t *subject)
{
	const judged_t *judged = subject->judged;
	if (subject->target != NULL) {
		check_target(auditor, rule, subject);
		return;
	} else if (judged == NULL) {
		return;
	}
	/* The judge sees one zone, but the run may have the one that the alias leads to. */
	if (has_finding(&judged[0].verdict, subject->owner, RULE_PROXIED_ALIAS) ||
	    has_finding(&judged[1].verdict, subject->owner, RULE_PROXIED_ALIAS) ||
	    (subject->end.alias &&
	     audit_leads_to_proxy(auditor, subject->owner, &subject->end))) {
		find_alias(auditor, subject->owner, &judged[0].reply, &subject->end);
	}
}

/* Addresses that show where the web site is */

static void add_web_host(auditor_t *auditor, const knot_dname_t *name)
{
	host_t host;
	host_address_t address = { .rrset = NULL };
	if (!name_in_zone(name, auditor->policy->zone)) {
		return;
	}
	audit_follow(auditor, name, &host);
	while (audit_next_address(&host, &address)) {
		/* All customers of the proxy share its addresses: those show nothing. */
		uint16_t type = address.rrset->type;
		if (!policy_proxied(auditor->policy, address.family, address.rdata->data, NULL) ||
		    marked_by(type, address.rdata) != MARK_NONE) {
			web_address_t *web = xadd(&auditor->web);
			*web = (web_address_t){ .name = name, .family = address.family };
			memcpy(web->octets, marked_written(type, address.rdata, NULL),
			       address_size(address.family));
		}
	}
	auditor->web_proxied |= audit_leads_to_proxy(auditor, name, &host);
}

/*! By address, then by name. */
static int web_cmp(const void *a, const void *b)
{
	const web_address_t *x = a, *y = b;
	int cmp = x->family - y->family;
	if (cmp == 0) {
		cmp = memcmp(x->octets, y->octets, sizeof(x->octets));
	}
	return cmp != 0 ? cmp : name_compare(x->name, y->name);
}

static void find_web(auditor_t *auditor)
{
	const names_t *hosts = &auditor->policy->web_hosts;
	for (size_t i = 0; i < hosts->count; i++) {
		if (!hosts->at[i].below) {
			add_web_host(auditor, hosts->at[i].name);
		}
	}
	for (size_t i = 0; i < auditor->matches.count; i++) {
		const knot_dname_t *name = auditor->matches.at[i];
		if (names_match(hosts, name)) {
			add_web_host(auditor, name);
		}
	}
	vec_sort(&auditor->web, web_cmp);
}

/*! The first web host with an address in a network, or NULL. */
static const web_address_t *web_in(const auditor_t *auditor, const net_t *net)
{
	size_t size = address_size(net->family), first = 0, end = auditor->web.count;
	while (first < end) {
		const web_address_t *web = &auditor->web.at[(first + end) / 2];
		if (web->family < net->family || (web->family == net->family &&
		                                  memcmp(web->octets, net->first, size) < 0)) {
			first = (first + end) / 2 + 1;
		} else {
			end = (first + end) / 2;
		}
	}
	const web_address_t *web = &auditor->web.at[first];
	return first < auditor->web.count && web->family == net->family &&
	       memcmp(web->octets, net->last, size) <= 0 ? web : NULL;
}

static void report_exposed(auditor_t *auditor, audit_rule_t rule, const knot_dname_t *host,
                           const host_address_t *exposed, const net_t *origin,
                           const web_address_t *web)
{
	knot_dname_txt_storage_t host_text, address, where;
	bool shared = rule == AUDIT_SHARED_ADDRESS;
	audit_finding_t *finding = audit_add(auditor, rule, host, exposed->rrset->type,
	                                     exposed->rrset->owner, exposed->index);
	audit_set_address(finding, exposed->family, exposed->rdata->data, origin);
	(void)name_text(host_text, host);
	(void)address_text(address, exposed->family, exposed->rdata->data);
	if (origin != NULL) {
		finding->message = xformat(shared ? _("the address %s of the mail host %s is in "
		                                      "the web origin %s")
		                                  : _("the address %s of the mail host %s is "
		                                      "beside the web origin %s"),
		                           address, host_text, net_to_str(origin, where));
	} else if (shared) {
		finding->message = xformat(_("the address %s of the mail host %s is also that of "
		                             "the web host %s"), address, host_text,
		                           name_text(where, web->name));
	} else {
		char beside[ADDRESS_TEXT_MAX];
		finding->message = xformat(_("the address %s of the mail host %s is beside the web "
		                             "host %s at %s"), address, host_text,
		                           name_text(where, web->name),
		                           address_text(beside, web->family, web->octets));
	}
	finding->target = origin == NULL ? xname(web->name) : NULL;
	finding->remedy = xstrdup(shared
	        ? _("run mail on an address of its own: the MX shows where the web site is")
	        : _("run mail in another network: the MX shows where to look for the web site"));
}

static void check_address(auditor_t *auditor, audit_rule_t rule, const knot_dname_t *host,
                          const host_address_t *address)
{
	const netset_t *origins = auditor->input->origins;
	const uint8_t *octets = address->rdata->data;
	bool v4 = address->family == 4;
	net_t one, beside;
	if (net_from_addr(&one, address->family, octets, NULL, v4 ? 32 : 128) != KNOT_EOK ||
	    net_from_addr(&beside, address->family, octets, NULL,
	                  v4 ? ADJACENT_BITS4 : ADJACENT_BITS6) != KNOT_EOK) {
		return;
	}
	net_t origin;
	bool at_origin = netset_match(origins, address->family, octets, &origin);
	const web_address_t *web = web_in(auditor, &one);
	bool shared = at_origin || web != NULL;
	if (!shared && rule == AUDIT_ADJACENT_ADDRESS) {
		at_origin = netset_overlaps(origins, &beside, &origin);
		web = web_in(auditor, &beside);
	}
	if (shared == (rule == AUDIT_SHARED_ADDRESS) && (at_origin || web != NULL)) {
		report_exposed(auditor, rule, host, address, at_origin ? &origin : NULL, web);
	}
}

void check_exposed_address(auditor_t *auditor, audit_rule_t rule, const subject_t *subject)
{
	host_address_t address = { .rrset = NULL };
	/* Without a proxy, no origin is hidden. */
	bool hides = auditor->web_proxied || (auditor->input->origins != NULL &&
	                                      netset_count(auditor->input->origins) > 0);
	while (hides && audit_next_address(&subject->end, &address)) {
		if (!policy_proxied(auditor->policy, address.family, address.rdata->data, NULL)) {
			check_address(auditor, rule, subject->owner, &address);
		}
	}
}

/* The audit of the hosts */

static void add_host(auditor_t *auditor, const knot_dname_t *name)
{
	if (audit_is_guarded(auditor->policy, &auditor->exchanges, name)) {
		xadd_name(&auditor->hosts, name);
	}
}

static void find_hosts(auditor_t *auditor)
{
	const policy_t *policy = auditor->policy;
	if (auditor->exchange_in_use) {
		add_host(auditor, policy->exchange);
	}
	for (size_t i = 0; i < policy->mail_hosts.count; i++) {
		if (!policy->mail_hosts.at[i].below) {
			add_host(auditor, policy->mail_hosts.at[i].name);
		}
	}
	for (size_t i = 0; i < auditor->matches.count; i++) {
		add_host(auditor, auditor->matches.at[i]);
	}
	/* Targets may be guarded by a pattern and have their records from a wildcard. */
	for (size_t i = 0; i < auditor->targets.count; i++) {
		add_host(auditor, auditor->targets.at[i]);
	}
	name_list_unique(&auditor->hosts);
}

static void audit_host(auditor_t *auditor, const knot_dname_t *host)
{
	subject_t subject = { .owner = host };
	judged_t judged[2];
	bool answered = true;
	for (size_t i = 0; i < 2; i++) {
		answered &= audit_judge_query(auditor, &judged[i], host,
		                              i == 0 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA);
	}
	subject.judged = answered ? judged : NULL;
	audit_follow(auditor, host, &subject.end);
	size_t before = auditor->out->findings.count;
	audit_run(auditor, OF_HOST, &subject);
	if (answered && !fix_is_ignored(auditor, before)) {
		fix_host(auditor, host, judged);
	}
	for (size_t i = 0; i < 2; i++) {
		judged_clear(&judged[i]);
	}
}

void audit_hosts(auditor_t *auditor)
{
	find_hosts(auditor);
	find_web(auditor);
	for (size_t i = 0; i < auditor->hosts.count; i++) {
		audit_host(auditor, auditor->hosts.at[i]);
	}
}
