/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What the files of the audit share: the table of rules, findings, edges and look-ups.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmxcheck/check.h"
#include "kmxcheck/xalloc.h"

/* Rules */

const char *const severity_names[] = {
	[SEVERITY_WARNING] = N_("warning"),
	[SEVERITY_ERROR] = N_("error"),
};

const audit_rule_info_t audit_rules[AUDIT_RULE_COUNT] = {
#define RULE(id, name, severity, ...) \
	[AUDIT_ ## id] = { name, SEVERITY_ ## severity, __VA_ARGS__ },
#include "kmxcheck/rules.def"
#undef RULE
};

audit_rule_t audit_rule_of(const char *name)
{
	audit_rule_t rule = 0;
	while (rule < AUDIT_RULE_COUNT && strcmp(audit_rules[rule].name, name) != 0) {
		rule++;
	}
	return rule;
}

/* Findings */

void audit_run(auditor_t *auditor, unsigned about, const subject_t *subject)
{
	for (audit_rule_t rule = 0; rule < AUDIT_RULE_COUNT; rule++) {
		if (audit_rules[rule].about & about) {
			audit_rules[rule].check(auditor, rule, subject);
		}
	}
}

audit_finding_t *audit_add(auditor_t *auditor, audit_rule_t rule, const knot_dname_t *owner,
                           uint16_t type, const knot_dname_t *holder, size_t i)
{
	audit_finding_t *finding = xadd(&auditor->out->findings);
	finding->rule = rule;
	finding->type = type;
	finding->owner = owner != NULL ? xname(owner) : NULL;
	if (holder != NULL) {
		finding->pos = zones_position(auditor->input->zones, auditor->zone, holder,
		                              type, i);
	}
	return finding;
}

audit_finding_t *audit_add_target(auditor_t *auditor, audit_rule_t rule, const subject_t *subject)
{
	audit_finding_t *finding = audit_add(auditor, rule, subject->owner, subject->type,
	                                     subject->holder, subject->index);
	finding->target = xname(subject->target);
	return finding;
}

void audit_set_address(audit_finding_t *finding, int family, const uint8_t *address,
                       const net_t *network)
{
	finding->family = (uint8_t)family;
	memcpy(finding->address, address, address_size(family));
	if (network != NULL) {
		finding->has_network = true;
		finding->network = *network;
	}
}

void audit_set_rdata(audit_finding_t *finding, int family, const knot_rdata_t *rdata,
                     const net_t *network)
{
	uint16_t type = type_of_family(family);
	finding->mark = marked_by(type, rdata);
	audit_set_address(finding, family, marked_written(type, rdata, NULL),
	                  finding->mark == MARK_NONE ? network : NULL);
}

const char *proxied_text(knot_dname_txt_storage_t buf, const audit_finding_t *finding)
{
	char address[ADDRESS_TEXT_MAX], network[NET_TEXT_MAX] = "";
	(void)snprintf(buf, sizeof(knot_dname_txt_storage_t), "%s (%s)",
	               address_text(address, finding->family, finding->address),
	               finding->mark != MARK_NONE ? mark_text(finding->mark)
	                                          : net_to_str(&finding->network, network));
	return buf;
}

/*! Adds the addresses of a family to a text, as far as there is room. */
static void add_addresses(knot_dname_txt_storage_t buf, int family, const addresses_t *addresses)
{
	const size_t room = sizeof(knot_dname_txt_storage_t);
	for (size_t i = 0; i < addresses->count; i++) {
		char address[ADDRESS_TEXT_MAX];
		size_t used = strlen(buf);
		if (room - used < sizeof(address) + 8) {
			return;
		}
		(void)snprintf(buf + used, room - used, "%s%s", used > 0 ? _(" and ") : "",
		               address_text(address, family,
		                            addresses->at + i * address_size(family)));
	}
}

const char *mail_text(knot_dname_txt_storage_t buf, const policy_t *policy, int family)
{
	buf[0] = '\0';
	if (family != 6) {
		add_addresses(buf, 4, &policy->mail4);
	}
	if (family != 4) {
		add_addresses(buf, 6, &policy->mail6);
	}
	return buf[0] != '\0' ? buf : _("the address of the mail server");
}

/* Edges */

audit_edge_t *audit_add_edge(audit_t *out, const knot_dname_t *from, uint16_t type,
                             const knot_dname_t *to, bool proxied, bool steered)
{
	audit_edge_t *edge = xadd(&out->edges);
	edge->from = xname(from);
	edge->type = type;
	edge->to = to != NULL ? xname(to) : NULL;
	edge->proxied = proxied;
	edge->steered = steered;
	return edge;
}

audit_edge_t *audit_add_address_edge(audit_t *out, const policy_t *policy,
                                     const knot_dname_t *from, int family, const uint8_t *address,
                                     bool steered)
{
	audit_edge_t *edge = audit_add_edge(out, from, type_of_family(family), NULL,
	                                    policy_proxied(policy, family, address, NULL), steered);
	edge->family = (uint8_t)family;
	memcpy(edge->address, address, address_size(family));
	return edge;
}

/* Order */

/*! NULL comes last. */
static int maybe_name_cmp(const knot_dname_t *a, const knot_dname_t *b)
{
	return a == NULL || b == NULL ? (a == NULL) - (b == NULL) : name_compare(a, b);
}

/*! The first of some comparisons that is not equal. */
static int first_decided(const int *cmp, size_t count)
{
	size_t i = 0;
	while (i < count && cmp[i] == 0) {
		i++;
	}
	return i < count ? cmp[i] : 0;
}

static int finding_cmp(const void *a, const void *b)
{
	const audit_finding_t *x = a, *y = b;
	const int cmp[] = {
		maybe_name_cmp(x->owner, y->owner),
		(int)x->type - (int)y->type,
		(int)x->rule - (int)y->rule,
		maybe_name_cmp(x->target, y->target),
		(int)x->family - (int)y->family,
		memcmp(x->address, y->address, sizeof(x->address)),
		/* The rest is no more than a stable order. */
		(x->pos.line > y->pos.line) - (x->pos.line < y->pos.line),
		strcmp(x->message, y->message),
	};
	return first_decided(cmp, sizeof(cmp) / sizeof(*cmp));
}

static int edit_cmp(const void *a, const void *b)
{
	const audit_edit_t *x = a, *y = b;
	const int cmp[] = {
		name_compare(x->owner, y->owner),
		(int)x->type - (int)y->type,
		(int)x->add - (int)y->add,
		knot_rdata_cmp(x->rdata, y->rdata),
	};
	return first_decided(cmp, sizeof(cmp) / sizeof(*cmp));
}

static int edge_cmp(const void *a, const void *b)
{
	const audit_edge_t *x = a, *y = b;
	const int cmp[] = {
		name_compare(x->from, y->from),
		(int)x->type - (int)y->type,
		maybe_name_cmp(x->to, y->to),
		memcmp(x->address, y->address, sizeof(x->address)),
	};
	return first_decided(cmp, sizeof(cmp) / sizeof(*cmp));
}

void audit_sort(audit_t *audit)
{
	vec_sort(&audit->findings, finding_cmp);
	vec_sort(&audit->edits, edit_cmp);
	vec_sort(&audit->edges, edge_cmp);

	/* The same edge may have been added more than once. */
	size_t kept = 0;
	for (size_t i = 0; i < audit->edges.count; i++) {
		audit_edge_t *edge = &audit->edges.at[i];
		audit_edge_t *last = kept > 0 ? &audit->edges.at[kept - 1] : NULL;
		if (last != NULL && edge_cmp(last, edge) == 0) {
			last->proxied |= edge->proxied;
			last->marked |= edge->marked;
			last->steered &= edge->steered;
			knot_dname_free(edge->from, NULL);
			knot_dname_free(edge->to, NULL);
		} else {
			audit->edges.at[kept++] = *edge;
		}
	}
	audit->edges.count = kept;
}

/* Look-ups */

void audit_follow(const auditor_t *auditor, const knot_dname_t *name, host_t *host)
{
	zones_follow(auditor->input->zones, auditor->zone, auditor->policy, name, host);
}

const char *audit_proxy_text(knot_dname_txt_storage_t buf, const host_t *end)
{
	if (marked_is_proxy(end->end)) {
		(void)snprintf(buf, sizeof(knot_dname_txt_storage_t), "%s",
		               _("a record that is marked as proxied"));
	} else {
		(void)name_text(buf, end->end);
		(void)strncat(buf, _(", at a proxy"),
		              sizeof(knot_dname_txt_storage_t) - strlen(buf) - 1);
	}
	return buf;
}

bool audit_is_guarded(const policy_t *policy, const name_list_t *exchanges,
                      const knot_dname_t *name)
{
	const knot_rrset_t none = { 0 };
	return policy_guarded(policy, &none, name) ||
	       (name_in_zone(name, policy->zone) && !names_match(&policy->web_hosts, name) &&
	        name_list_has(exchanges, name));
}

bool audit_next_address(const host_t *host, host_address_t *address)
{
	if (host->state != HOST_FOUND) {
		return false;
	}
	if (address->rrset == NULL) {
		*address = (host_address_t){ &host->a, 0, 4, host->a.rrs.rdata };
	} else {
		address->index++;
		address->rdata = knot_rdataset_next(address->rdata);
	}
	if (address->rrset == &host->a && address->index == host->a.rrs.count) {
		*address = (host_address_t){ &host->aaaa, 0, 6, host->aaaa.rrs.rdata };
	}
	return address->index < address->rrset->rrs.count;
}

bool audit_proxied_host(const auditor_t *auditor, const host_t *host, host_address_t *address,
                        net_t *network)
{
	*address = (host_address_t){ .rrset = NULL };
	while (audit_next_address(host, address)) {
		if (policy_proxied(auditor->policy, address->family, address->rdata->data,
		                   network)) {
			return true;
		}
	}
	return false;
}

bool audit_leads_to_proxy(const auditor_t *auditor, const knot_dname_t *name, const host_t *host)
{
	host_address_t address;
	return host->proxy_name || audit_proxied_host(auditor, host, &address, NULL) ||
	       (host->state != HOST_FOUND && names_cover(&auditor->policy->proxy_names, name));
}

bool audit_is_served(const auditor_t *auditor, const knot_dname_t *name)
{
	reply_t reply;
	bool served = reply_make(&reply, auditor->zone, name, KNOT_RRTYPE_TXT);
	reply_clear(&reply);
	return served;
}

static void judge(const auditor_t *auditor, policy_response_t *response, policy_verdict_t *verdict)
{
	(void)xcheck_ret(policy_judge(auditor->policy, zone_lookup, auditor->zone, response,
	                              verdict, NULL));
}

bool audit_judge_query(const auditor_t *auditor, judged_t *judged, const knot_dname_t *qname,
                       uint16_t qtype)
{
	bool answered = reply_make(&judged->reply, auditor->zone, qname, qtype);
	policy_verdict_begin(&judged->verdict, NULL);
	if (answered) {
		judge(auditor, &judged->reply.response, &judged->verdict);
	}
	return answered;
}

void judged_clear(judged_t *judged)
{
	policy_verdict_clear(&judged->reply.response, &judged->verdict);
	reply_clear(&judged->reply);
}

void audit_judge_rrset(const auditor_t *auditor, const knot_rrset_t *rrset, policy_item_t *item,
                       policy_response_t *response, policy_verdict_t *verdict)
{
	*item = (policy_item_t){ .rrset = rrset, .owner = rrset->owner, .section = KNOT_ANSWER };
	*response = (policy_response_t){
		.qname = rrset->owner, .qtype = rrset->type, .rcode = KNOT_RCODE_NOERROR,
		.complete = true, .additional_complete = true, .items = item, .count = 1
	};
	judge(auditor, response, verdict);
}
