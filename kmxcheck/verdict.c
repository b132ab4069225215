/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Findings and edges from what was met in a server's answers.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "kmxcheck/met.h"
#include "kmxcheck/print.h"

#define MESSAGE_MAX 2600

/* What a finding is about. */
typedef struct {
	audit_rule_t rule;
	const knot_dname_t *owner;
	uint16_t type;
	const knot_dname_t *target; /* NULL: none. */
	const seen_t *seen;         /* NULL: no address. */
	unsigned vias;
} subject_t;

static const char *vias_text(unsigned vias)
{
	static const char *const texts[VIA_ALL + 1] = {
		[VIA_BIT(VIA_UDP_SMALL)] = "over UDP with EDNS 512",
		[VIA_BIT(VIA_UDP_LARGE)] = "over UDP with EDNS 4096",
		[VIA_BIT(VIA_UDP_SMALL) | VIA_BIT(VIA_UDP_LARGE)] = "over UDP",
		[VIA_BIT(VIA_TCP)] = "over TCP",
		[VIA_BIT(VIA_TCP) | VIA_BIT(VIA_UDP_SMALL)] = "over UDP with EDNS 512 and TCP",
		[VIA_BIT(VIA_TCP) | VIA_BIT(VIA_UDP_LARGE)] = "over UDP with EDNS 4096 and TCP",
		[VIA_ALL] = "over UDP and TCP",
	};
	return texts[vias & VIA_ALL];
}

static char *message_of(const met_t *met, const subject_t *subject, const net_t *network)
{
	knot_dname_txt_storage_t target;
	char text[MESSAGE_MAX], what[ADDRESS_TEXT_MAX + NET_TEXT_MAX + 16] = "a proxy name";
	(void)print_name(target, subject->target);
	if (subject->seen != NULL) {
		char address[ADDRESS_TEXT_MAX], net[NET_TEXT_MAX];
		(void)snprintf(what, sizeof(what), "%s in %s",
		               print_address(address, subject->seen->family,
		                             subject->seen->address),
		               network != NULL ? net_to_str(network, net) : "");
	}

	switch (subject->rule) {
	case AUDIT_PROXIED_HOST:
		(void)snprintf(text, sizeof(text), "%s answers %s, %s", met->server, what,
		               vias_text(subject->vias));
		break;
	case AUDIT_PROXIED_ALIAS:
		(void)snprintf(text, sizeof(text), "%s answers an alias, by way of %s, that "
		               "leads to %s, %s", met->server, target, what,
		               vias_text(subject->vias));
		break;
	case AUDIT_MISSING_TARGET:
		(void)snprintf(text, sizeof(text), "%s answers no address for the target %s, %s",
		               met->server, target, vias_text(subject->vias));
		break;
	default:
		(void)snprintf(text, sizeof(text), "%s answers the target %s, which leads to %s, "
		               "%s", met->server, target, what, vias_text(subject->vias));
		break;
	}
	return strdup(text);
}

static const char *remedy_of(const met_t *met)
{
	return met->guard == GUARD_YES || met->guard == GUARD_PART
	       ? "compare this server's zone, and the policy of its mod-mxguard, with those here"
	       : "mend the zone, or guard it on this server: mod-mxguard, mode enforce";
}

static bool same_name(const knot_dname_t *a, const knot_dname_t *b)
{
	return a == b || (a != NULL && b != NULL && knot_dname_is_equal(a, b));
}

/* Where the file says it: at a finding of the file about the same record, else the same RRset. */
static void find_place(const audit_t *audit, audit_finding_t *finding)
{
	for (size_t i = 0; i < audit->finding_count; i++) {
		const audit_finding_t *other = &audit->findings[i];
		if (other->owner == NULL || other->type != finding->type || other->file == NULL ||
		    !knot_dname_is_equal(other->owner, finding->owner)) {
			continue;
		}
		bool same = same_name(other->target, finding->target) &&
		            other->family == finding->family &&
		            memcmp(other->address, finding->address, 16) == 0;
		if (same || finding->file == NULL) {
			finding->file = other->file;
			finding->line = other->line;
		}
		if (same) {
			return;
		}
	}
}

static int add_finding(const met_t *met, const audit_t *audit, audit_t *out,
                       const subject_t *subject)
{
	int ret = met_grow((void **)&out->findings, out->finding_count, sizeof(*out->findings));
	if (ret != KNOT_EOK) {
		return ret;
	}
	audit_finding_t *finding = &out->findings[out->finding_count++];
	*finding = (audit_finding_t){
		.rule = subject->rule,
		.owner = knot_dname_copy(subject->owner, NULL),
		.type = subject->type,
		.target = subject->target != NULL ? knot_dname_copy(subject->target, NULL) : NULL,
	};
	const net_t *network = NULL;
	if (subject->seen != NULL) {
		finding->family = subject->seen->family;
		memcpy(finding->address, subject->seen->address, sizeof(finding->address));
		network = policy_proxied(met->policy, finding->family, finding->address);
	}
	if (network != NULL) {
		finding->network = *network;
		finding->has_network = true;
	}
	finding->message = message_of(met, subject, network);
	finding->remedy = strdup(remedy_of(met));
	if (finding->owner == NULL || (subject->target != NULL && finding->target == NULL) ||
	    finding->message == NULL || finding->remedy == NULL) {
		return KNOT_ENOMEM;
	}
	find_place(audit, finding);
	return KNOT_EOK;
}

/* A guarded host is to blame itself, for any other host it is who points at it. */
static int judge_host(const met_t *met, const audit_t *audit, audit_t *out,
                      const met_host_t *host, const link_t *link)
{
	int ret = KNOT_EOK;
	for (size_t i = 0; i < host->seen_count && ret == KNOT_EOK; i++) {
		const seen_t *seen = &host->seen[i];
		if (policy_proxied(met->policy, seen->family, seen->address) == NULL) {
			continue;
		}
		subject_t subject = { .seen = seen, .vias = seen->vias };
		if (link != NULL) {
			subject.rule = seen->alias ? AUDIT_PROXIED_ALIAS : AUDIT_PROXIED_TARGET;
			subject.owner = link->owner;
			subject.type = link->type;
			subject.target = link->target;
		} else {
			subject.rule = seen->alias ? AUDIT_PROXIED_ALIAS : AUDIT_PROXIED_HOST;
			subject.owner = host->name;
			subject.type = seen->alias ? KNOT_RRTYPE_CNAME :
			               seen->family == 4 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA;
			subject.target = seen->alias ? host->alias : NULL;
		}
		ret = add_finding(met, audit, out, &subject);
	}
	if (ret == KNOT_EOK && host->proxy_vias != 0) {
		const subject_t subject = {
			.rule = AUDIT_PROXIED_ALIAS,
			.owner = link != NULL ? link->owner : host->name,
			.type = link != NULL ? link->type : KNOT_RRTYPE_CNAME,
			.target = link != NULL ? link->target : host->proxy_name,
			.vias = host->proxy_vias,
		};
		ret = add_finding(met, audit, out, &subject);
	}
	return ret;
}

static int judge_link(const met_t *met, const audit_t *audit, audit_t *out, const link_t *link)
{
	subject_t subject = {
		.owner = link->owner, .type = link->type, .target = link->target,
		.vias = link->vias,
	};
	const met_host_t *host = met_host(met, link->target);
	if (host == NULL) {
		subject.rule = AUDIT_PROXIED_TARGET;
		return names_cover(&met->policy->proxy_names, link->target)
		       ? add_finding(met, audit, out, &subject) : KNOT_EOK;
	}
	int ret = host->guarded ? KNOT_EOK : judge_host(met, audit, out, host, link);
	subject.vias = host->none[0] & host->none[1];
	if (ret == KNOT_EOK && subject.vias != 0) {
		subject.rule = AUDIT_MISSING_TARGET;
		ret = add_finding(met, audit, out, &subject);
	}
	return ret;
}

static int compare_optional(const knot_dname_t *a, const knot_dname_t *b)
{
	return a == NULL || b == NULL ? (a != NULL) - (b != NULL) : knot_dname_cmp(a, b);
}

static int compare_findings(const void *first, const void *second)
{
	const audit_finding_t *a = first, *b = second;
	int order = knot_dname_cmp(a->owner, b->owner);
	order = order != 0 ? order : (int)a->type - (int)b->type;
	order = order != 0 ? order : (int)a->rule - (int)b->rule;
	order = order != 0 ? order : compare_optional(a->target, b->target);
	order = order != 0 ? order : (int)a->family - (int)b->family;
	return order != 0 ? order : memcmp(a->address, b->address, sizeof(a->address));
}

static int compare_edges(const void *first, const void *second)
{
	const audit_edge_t *a = first, *b = second;
	int order = knot_dname_cmp(a->from, b->from);
	order = order != 0 ? order : (int)a->type - (int)b->type;
	order = order != 0 ? order : compare_optional(a->to, b->to);
	order = order != 0 ? order : (int)a->family - (int)b->family;
	return order != 0 ? order : memcmp(a->address, b->address, sizeof(a->address));
}

static int add_edge(const met_t *met, audit_t *out, const knot_dname_t *from, uint16_t type,
                    const knot_dname_t *to, const seen_t *seen)
{
	int ret = met_grow((void **)&out->edges, out->edge_count, sizeof(*out->edges));
	if (ret != KNOT_EOK) {
		return ret;
	}
	audit_edge_t *edge = &out->edges[out->edge_count++];
	*edge = (audit_edge_t){ .from = knot_dname_copy(from, NULL), .type = type };
	if (to != NULL) {
		edge->to = knot_dname_copy(to, NULL);
		edge->proxied = names_cover(&met->policy->proxy_names, to);
	} else {
		edge->family = seen->family;
		memcpy(edge->address, seen->address, sizeof(edge->address));
		edge->proxied = policy_proxied(met->policy, seen->family, seen->address) != NULL;
	}
	return edge->from == NULL || (to != NULL && edge->to == NULL) ? KNOT_ENOMEM : KNOT_EOK;
}

static int host_edges(const met_t *met, const met_host_t *host, audit_t *out)
{
	const knot_dname_t *at = host->alias != NULL ? host->alias : host->name;
	int ret = KNOT_EOK;
	if (host->alias != NULL) {
		ret = add_edge(met, out, host->name, KNOT_RRTYPE_CNAME, at, NULL);
	}
	for (size_t i = 0; i < host->seen_count && ret == KNOT_EOK; i++) {
		ret = add_edge(met, out, host->seen[i].alias ? at : host->name,
		               host->seen[i].family == 4 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA, NULL,
		               &host->seen[i]);
	}
	return ret;
}

int met_verdict(const met_t *met, const audit_t *audit, audit_t *out)
{
	int ret = KNOT_EOK;
	for (size_t i = 0; i < met->link_count && ret == KNOT_EOK; i++) {
		const link_t *link = &met->links[i];
		ret = judge_link(met, audit, out, link);
		if (ret == KNOT_EOK) {
			ret = add_edge(met, out, link->owner, link->type, link->target, NULL);
		}
	}
	for (size_t i = 0; i < met->host_count && ret == KNOT_EOK; i++) {
		if (met->hosts[i].guarded) {
			ret = judge_host(met, audit, out, &met->hosts[i], NULL);
		}
		if (ret == KNOT_EOK) {
			ret = host_edges(met, &met->hosts[i], out);
		}
	}
	if (out->finding_count > 0) {
		qsort(out->findings, out->finding_count, sizeof(*out->findings), compare_findings);
	}
	if (out->edge_count > 0) {
		qsort(out->edges, out->edge_count, sizeof(*out->edges), compare_edges);
	}
	return ret;
}
