/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The audit of a server's answers, in rounds of queries: is it a server of this zone at all; who
 * are the mail targets, and does it answer as enforce would; what are their addresses. Then
 * findings and edges are made of what was observed.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "dns/vec.h"
#include "kmxcheck/lang.h"
#include "kmxcheck/live.h"
#include "kmxcheck/xalloc.h"

/* Longest alias chain that is followed. */
#define ALIASES_MAX 16

/* Bit of a way to send a query; sums of them say over which ones something was observed. */
#define VIA_BIT(via) (1u << (via))
#define VIA_ALL (VIA_BIT(VIA_COUNT) - 1)

/* A mail target of an owner. */
typedef struct {
	knot_dname_t *owner;
	knot_dname_t *target;
	uint16_t type;     /* MX or SRV. */
	unsigned vias;
} target_t;

/* An address of a host. */
typedef struct {
	uint8_t family;
	uint8_t address[16];
	bool alias;        /* An alias led there. */
	unsigned vias;
} observed_t;

/* A name whose addresses matter: a mail target in the zone, or a guarded host. */
typedef struct {
	knot_dname_t *name;
	bool asked;               /* False: it is neither, but a response had addresses of it. */
	bool guarded;
	VEC(observed_t) observed;
	knot_dname_t *alias;      /* What the name is an alias of, or NULL. */
	knot_dname_t *proxy_name; /* The name at or below a proxy name that aliases led to. */
	unsigned proxy_vias;      /* Over which they led there. */
	unsigned none[2];         /* Over which it certainly has no A, no AAAA. */
} live_host_t;

/* The way to the addresses of one family of a host. */
typedef struct {
	live_host_t *host;
	uint16_t type;      /* A or AAAA. */
	via_t via;
	unsigned aliases;   /* Followed so far. */
	bool done;
	knot_dname_t *name; /* Where it has led to. */
} path_t;

/* The audit of a server. */
typedef struct {
	const server_t *server;
	const policy_t *policy;
	const audit_t *audit;     /* Of the zone file. */
	audit_t *out;
	VEC(query_t) queries;     /* Of the round to come. */
	VEC(target_t) targets;    /* Sorted by target, owner and type once there are hosts. */
	VEC(live_host_t) hosts;
	name_index_t by_name;     /* Their numbers. */
	name_list_t asked;        /* Names of those whose addresses are asked for, sorted. */
	VEC(path_t) paths;
	uint32_t serial;
	size_t answered;
	size_t seen;              /* Changes of the audit found in answers. */
	char *err;
} session_t;

/* Answers */

/* A loop over the RRs of a section. */
#define for_each_rr(rr, answer, section) \
	for (const knot_rrset_t *rr = knot_pkt_rr(knot_pkt_section(answer, section), 0), \
	     *rr ## _end = rr + knot_pkt_section(answer, section)->count; rr < rr ## _end; rr++)

/* True if an RR is of a type, and well-formed. */
static bool is_rr(const knot_rrset_t *rr, uint16_t type)
{
	return rr->type == type && rr->rclass == KNOT_CLASS_IN && rr->rrs.count == 1 &&
	       rdata_check(type, rr->rrs.rdata->data, rr->rrs.rdata->len, false);
}

/* The family of an RR that is an address, or 0. */
static int rr_family(const knot_rrset_t *rr)
{
	return is_rr(rr, rr->type) ? family_of_type(rr->type) : 0;
}

static void add_query(session_t *session, const knot_dname_t *name, uint16_t type, via_t via,
                      size_t tag)
{
	*(query_t *)xadd(&session->queries) = (query_t){ .name = name, .type = type, .via = via,
	                                                 .tag = tag };
}

static int send_round(session_t *session, answer_f answer)
{
	int ret = client_query(session->server, session->queries.at, session->queries.count,
	                       answer, session, session->err);
	session->queries.count = 0;
	return ret;
}

/* An error that names the query and what is wrong with its answer. */
static int unusable(const session_t *session, const query_t *query, const knot_pkt_t *answer)
{
	char text[QUERY_TEXT_MAX], rcode[RCODE_TEXT_MAX];
	(void)query_text(text, query);
	return knot_wire_get_tc(answer->wire)
	       ? server_error(session->server, session->err, _("answers incompletely to %s"), text)
	       : server_error(session->server, session->err, _("answers %s to %s"),
	                      rcode_text(rcode, answer), text);
}

/* True if an answer decides a question; an error or, over TCP, a truncated one does not. */
static bool decides(const query_t *query, const knot_pkt_t *answer)
{
	uint8_t rcode = knot_wire_get_rcode(answer->wire);
	return (rcode == KNOT_RCODE_NOERROR || rcode == KNOT_RCODE_NXDOMAIN) &&
	       !(query->via == VIA_TCP && knot_wire_get_tc(answer->wire));
}

/* The first round: SOA. */
static int on_soa(void *ctx, const query_t *query, const knot_pkt_t *answer)
{
	session_t *session = ctx;
	session->answered++;
	for_each_rr(rr, answer, KNOT_ANSWER) {
		if (knot_wire_get_aa(answer->wire) && is_rr(rr, KNOT_RRTYPE_SOA) &&
		    knot_dname_is_equal(rr->owner, query->name)) {
			session->serial = knot_soa_serial(rr->rrs.rdata);
			return KNOT_EOK;
		}
	}
	knot_dname_txt_storage_t name;
	char rcode[RCODE_TEXT_MAX];
	(void)name_text(name, query->name);
	return knot_wire_get_rcode(answer->wire) != KNOT_RCODE_NOERROR
	       ? server_error(session->server, session->err, _("is no server of %s (answers %s)"),
	                      name, rcode_text(rcode, answer))
	       : server_error(session->server, session->err,
	                      _("is no server of %s (answers without authority)"), name);
}

/* Mail targets, and whether the server answers as mode enforce would */

/* Tag of queries for targets; the others have the index of an edit. */
#define NO_CHANGE SIZE_MAX

/* The host of a name, which is made if it is not there yet. */
static live_host_t *get_host(session_t *session, const knot_dname_t *name)
{
	size_t number = xadd_index(&session->by_name, name);
	if (number == session->hosts.count) {
		live_host_t *host = xadd(&session->hosts);
		session->by_name.names.at[number] = host->name = xname(name);
	}
	return &session->hosts.at[number];
}

/* Adds an address of a host, or the way to a known one. */
static void add_address(live_host_t *host, int family, const uint8_t *address, bool alias,
                        via_t via)
{
	for (size_t i = 0; i < host->observed.count; i++) {
		observed_t *observed = &host->observed.at[i];
		if (observed->family == family && observed->alias == alias &&
		    memcmp(observed->address, address, address_size(family)) == 0) {
			observed->vias |= VIA_BIT(via);
			return;
		}
	}
	observed_t *observed = xadd(&host->observed);
	*observed = (observed_t){ .family = (uint8_t)family, .alias = alias, .vias = VIA_BIT(via) };
	memcpy(observed->address, address, address_size(family));
}

/* Proxied addresses beside the targets: a mail server may use them without asking again. */
static void add_additional(session_t *session, const query_t *query, const knot_pkt_t *answer)
{
	for_each_rr(rr, answer, KNOT_ADDITIONAL) {
		int family = rr_family(rr);
		if (family != 0 && policy_proxied(session->policy, family,
		                                  rr->rrs.rdata->data, NULL)) {
			add_address(get_host(session, rr->owner), family, rr->rrs.rdata->data,
			            false, query->via);
		}
	}
}

/* The targets of an MX or SRV RRset. */
static void add_targets(session_t *session, const query_t *query, const knot_pkt_t *answer)
{
	for_each_rr(rr, answer, KNOT_ANSWER) {
		if (is_rr(rr, query->type) && *knot_rdata_name(rr->rrs.rdata, rr->type) != '\0') {
			*(target_t *)xadd(&session->targets) = (target_t){
				.owner = xname(query->name),
				.target = xname(knot_rdata_name(rr->rrs.rdata, rr->type)),
				.type = query->type, .vias = VIA_BIT(query->via),
			};
		}
	}
}

/* Edits of one RRset: how far from the edit on. */
static size_t same_rrset(const audit_t *audit, size_t from)
{
	const audit_edit_t *edits = audit->edits.at;
	size_t end = from + 1;
	while (end < audit->edits.count && edits[end].type == edits[from].type &&
	       knot_dname_is_equal(edits[end].owner, edits[from].owner)) {
		end++;
	}
	return end;
}

/* Counts the changes by enforce that are in the answer. The TTL of a changed record is that of the
 * policy at most. */
static void count_changes(session_t *session, const query_t *query, const knot_pkt_t *answer)
{
	const audit_edit_t *edits = session->audit->edits.at;
	for (size_t e = query->tag, end = same_rrset(session->audit, e); e < end; e++) {
		bool there = false;
		for_each_rr(rr, answer, KNOT_ANSWER) {
			there |= is_rr(rr, query->type) &&
			         (!edits[e].add || rr->ttl <= session->policy->ttl) &&
			         knot_dname_is_equal(rr->owner, query->name) &&
			         knot_rdata_cmp(rr->rrs.rdata, edits[e].rdata) == 0;
		}
		session->seen += there == edits[e].add;
	}
}

static int on_target(void *ctx, const query_t *query, const knot_pkt_t *answer)
{
	session_t *session = ctx;
	session->answered++;
	if (!decides(query, answer)) {
		return unusable(session, query, answer);
	}
	if (query->tag == NO_CHANGE) {
		add_additional(session, query, answer);
		add_targets(session, query, answer);
	} else {
		count_changes(session, query, answer);
	}
	return KNOT_EOK;
}

/* True if an edge is the first of an RRset that names mail targets, that of the apex aside. */
static bool begins_rrset(const session_t *session, size_t i)
{
	const audit_edge_t *edge = &session->audit->edges.at[i];
	bool apex = knot_dname_is_equal(edge->from, session->policy->zone);
	if (edge->type != KNOT_RRTYPE_SRV && (edge->type != KNOT_RRTYPE_MX || apex)) {
		return false;
	}
	return i == 0 || edge[-1].type != edge->type ||
	       !knot_dname_is_equal(edge[-1].from, edge->from);
}

static void query_everywhere(session_t *session, const knot_dname_t *name, uint16_t type)
{
	for (via_t via = 0; via < VIA_COUNT; via++) {
		add_query(session, name, type, via, NO_CHANGE);
	}
}

static int find_targets(session_t *session)
{
	const audit_t *audit = session->audit;
	/* The apex in any case: its MX decides who is guarded. */
	query_everywhere(session, session->policy->zone, KNOT_RRTYPE_MX);
	for (size_t i = 0; i < audit->edges.count; i++) {
		if (begins_rrset(session, i)) {
			query_everywhere(session, audit->edges.at[i].from, audit->edges.at[i].type);
		}
	}
	for (size_t i = 0; i < audit->edits.count; i = same_rrset(audit, i)) {
		const audit_edit_t *edit = &audit->edits.at[i];
		/* Who does not validate is answered even what can't be signed. */
		*(query_t *)xadd(&session->queries) = (query_t){
			.name = edit->owner, .type = edit->type, .via = VIA_TCP, .dnssec = true,
			.tag = i,
		};
	}
	return send_round(session, on_target);
}

/* Hosts */

static int compare_targets(const void *first, const void *second)
{
	const target_t *a = first, *b = second;
	int order = name_compare(a->target, b->target);
	if (order == 0) {
		order = name_compare(a->owner, b->owner);
	}
	return order != 0 ? order : (int)a->type - (int)b->type;
}

/* Equal targets become one that was observed over all their ways. */
static void merge_targets(session_t *session)
{
	size_t count = 0;
	vec_sort(&session->targets, compare_targets);
	for (size_t i = 0; i < session->targets.count; i++) {
		target_t *target = &session->targets.at[i];
		target_t *last = count > 0 ? &session->targets.at[count - 1] : NULL;
		if (last != NULL && compare_targets(last, target) == 0) {
			last->vias |= target->vias;
			knot_dname_free(target->owner, NULL);
			knot_dname_free(target->target, NULL);
		} else {
			session->targets.at[count++] = *target;
		}
	}
	session->targets.count = count;
}

/* Adds the queries for the addresses of a name, if it is in the zone. */
static void ask_for(session_t *session, const knot_dname_t *name)
{
	if (name_in_zone(name, session->policy->zone)) {
		live_host_t *host = get_host(session, name);
		host->asked = true;
		xadd_name(&session->asked, host->name);
	}
}

/* Which hosts are guarded is decided by the apex MX as the server answers it. */
static void find_guarded(session_t *session)
{
	const knot_dname_t *apex = session->policy->zone;
	name_list_t exchanges = { .at = NULL };
	for (size_t i = 0; i < session->targets.count; i++) {
		const target_t *target = &session->targets.at[i];
		if (target->type == KNOT_RRTYPE_MX && knot_dname_is_equal(target->owner, apex)) {
			xadd_name(&exchanges, target->target);
		}
	}
	name_list_unique(&exchanges);
	for (size_t i = 0; i < session->asked.count; i++) {
		const knot_dname_t *name = session->asked.at[i];
		get_host(session, name)->guarded = audit_is_guarded(session->policy, &exchanges,
		                                                    name);
	}
	vec_free(&exchanges);
}

/* All targets in the zone, and the guarded hosts that the policy or the file's audit names. The
 * mail exchange is one if mail is sent there. */
static void find_hosts(session_t *session)
{
	const names_t *named = &session->policy->mail_hosts;
	merge_targets(session);
	for (size_t i = 0; i < session->targets.count; i++) {
		ask_for(session, session->targets.at[i].target);
	}
	for (size_t i = 0; i < named->count; i++) {
		if (!named->at[i].below) {
			ask_for(session, named->at[i].name);
		}
	}
	/* Hosts that only a pattern matches are found by their findings. */
	for (size_t i = 0; i < session->audit->findings.count; i++) {
		const audit_finding_t *finding = &session->audit->findings.at[i];
		if (finding->rule == AUDIT_PROXIED_HOST || (finding->rule == AUDIT_PROXIED_ALIAS &&
		                                            finding->type == KNOT_RRTYPE_CNAME)) {
			ask_for(session, finding->owner);
		}
	}
	name_list_unique(&session->asked);
	find_guarded(session);
}

/* Addresses: each family, each way to ask, alias by alias */

/* The CNAME of a name in an answer, in target. False: none. */
static bool find_alias(const knot_pkt_t *answer, const knot_dname_t *name,
                       knot_dname_storage_t target)
{
	for_each_rr(rr, answer, KNOT_ANSWER) {
		if (is_rr(rr, KNOT_RRTYPE_CNAME) && knot_dname_is_equal(rr->owner, name)) {
			return knot_dname_store(target, knot_cname_name(rr->rrs.rdata)) > 0;
		}
	}
	return false;
}

static void set_name(knot_dname_t **name, const knot_dname_t *to)
{
	knot_dname_free(*name, NULL);
	*name = xname(to);
}

/* Follows the aliases in an answer. The path is done where they lead to a proxy name, or never
 * end. */
static void follow_aliases(session_t *session, path_t *path, const knot_pkt_t *answer)
{
	live_host_t *host = path->host;
	knot_dname_storage_t to;
	while (!path->done && find_alias(answer, path->name, to)) {
		set_name(&path->name, to);
		if (host->alias == NULL) {
			set_name(&host->alias, to);
		}
		if (names_cover(&session->policy->proxy_names, to)) {
			path->done = true;
			host->proxy_vias |= VIA_BIT(path->via);
			if (host->proxy_name == NULL) {
				set_name(&host->proxy_name, to);
			}
		} else if (++path->aliases > ALIASES_MAX) {
			path->done = true;
		}
	}
}

/* Adds the addresses of the name where the path has led to. */
static void add_addresses(path_t *path, const knot_pkt_t *answer)
{
	for_each_rr(rr, answer, KNOT_ANSWER) {
		int family = rr_family(rr);
		if (family != 0 && knot_dname_is_equal(rr->owner, path->name)) {
			add_address(path->host, family, rr->rrs.rdata->data, path->aliases > 0,
			            path->via);
			path->done = true;
		}
	}
}

static int on_address(void *ctx, const query_t *query, const knot_pkt_t *answer)
{
	session_t *session = ctx;
	path_t *path = &session->paths.at[query->tag];
	session->answered++;
	if (!decides(query, answer)) {
		/* A server need not answer for names outside of the zone. */
		path->done = true;
		return name_in_zone(query->name, session->policy->zone)
		       ? unusable(session, query, answer) : KNOT_EOK;
	}

	unsigned before = path->aliases;
	follow_aliases(session, path, answer);
	if (!path->done) {
		add_addresses(path, answer);
	}
	if (path->done || (path->aliases > before && !knot_wire_get_tc(answer->wire))) {
		return KNOT_EOK; /* The end is reached, or the next round follows the alias. */
	}
	path->done = true;
	/* Neither a referral nor a truncated answer shows that there is no address. */
	if (knot_wire_get_aa(answer->wire) && !knot_wire_get_tc(answer->wire)) {
		path->host->none[path->type == KNOT_RRTYPE_AAAA] |= VIA_BIT(path->via);
	}
	return KNOT_EOK;
}

static void begin_paths(session_t *session)
{
	for (size_t i = 0; i < session->asked.count * 2 * VIA_COUNT; i++) {
		path_t *path = xadd(&session->paths);
		*path = (path_t){
			.host = get_host(session, session->asked.at[i / (2 * VIA_COUNT)]),
			.type = type_of_family(i / VIA_COUNT % 2 == 0 ? 4 : 6),
			.via = (via_t)(i % VIA_COUNT),
		};
		path->name = xname(path->host->name);
	}
}

static int find_addresses(session_t *session)
{
	find_hosts(session);
	begin_paths(session);
	for (;;) {
		for (size_t i = 0; i < session->paths.count; i++) {
			const path_t *path = &session->paths.at[i];
			if (!path->done) {
				add_query(session, path->name, path->type, path->via, i);
			}
		}
		if (session->queries.count == 0) {
			return KNOT_EOK;
		}
		int ret = send_round(session, on_address);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
}

/* Findings and edges */

static const char *vias_text(unsigned vias)
{
	static const char *const texts[VIA_ALL + 1] = {
		[VIA_BIT(VIA_UDP_SMALL)] = N_("over UDP with EDNS 512"),
		[VIA_BIT(VIA_UDP_LARGE)] = N_("over UDP with EDNS 4096"),
		[VIA_BIT(VIA_UDP_SMALL) | VIA_BIT(VIA_UDP_LARGE)] = N_("over UDP"),
		[VIA_BIT(VIA_TCP)] = N_("over TCP"),
		[VIA_BIT(VIA_TCP) | VIA_BIT(VIA_UDP_SMALL)] = N_("over UDP with EDNS 512 and TCP"),
		[VIA_BIT(VIA_TCP) | VIA_BIT(VIA_UDP_LARGE)] = N_("over UDP with EDNS 4096 and TCP"),
		[VIA_ALL] = N_("over UDP and TCP"),
	};
	return _(texts[vias & VIA_ALL]);
}

static char *message_of(const session_t *session, const audit_finding_t *finding, unsigned vias)
{
	knot_dname_txt_storage_t target;
	char what[ADDRESS_TEXT_MAX + NET_TEXT_MAX + 64];
	(void)name_text(target, finding->target);
	if (finding->family != 0) {
		char address[ADDRESS_TEXT_MAX], net[NET_TEXT_MAX];
		(void)snprintf(what, sizeof(what), _("%s in %s"),
		               address_text(address, finding->family, finding->address),
		               finding->has_network ? net_to_str(&finding->network, net) : "");
	} else {
		(void)snprintf(what, sizeof(what), "%s", _("a proxy name"));
	}

	switch (finding->rule) {
	case AUDIT_PROXIED_HOST:
		return xformat(_("%s answers %s, %s"), session->server->text, what,
		               vias_text(vias));
	case AUDIT_PROXIED_ALIAS:
		return xformat(_("%s answers an alias, by way of %s, that leads to %s, %s"),
		               session->server->text, target, what, vias_text(vias));
	case AUDIT_MISSING_TARGET:
		return xformat(_("%s answers no address for the target %s, %s"),
		               session->server->text, target, vias_text(vias));
	default:
		return xformat(_("%s answers the target %s, which leads to %s, %s"),
		               session->server->text, target, what, vias_text(vias));
	}
}

static const char *remedy_of(const session_t *session)
{
	return session->serial != session->audit->serial || session->seen > 0
	       ? _("compare this server's zone, and the policy of its mod-mxguard, with those here")
	       : _("fix the zone, or guard it on this server: mod-mxguard, mode enforce");
}

static bool same_name(const knot_dname_t *a, const knot_dname_t *b)
{
	return a == b || (a != NULL && b != NULL && knot_dname_is_equal(a, b));
}

/* Sets the position in the file: that of a finding about the same record, else the same RRset. */
static void find_position(const audit_t *audit, audit_finding_t *finding)
{
	for (size_t i = 0; i < audit->findings.count; i++) {
		const audit_finding_t *other = &audit->findings.at[i];
		if (other->owner == NULL || other->type != finding->type ||
		    other->pos.file == NULL ||
		    !knot_dname_is_equal(other->owner, finding->owner)) {
			continue;
		}
		bool same = same_name(other->target, finding->target) &&
		            other->family == finding->family &&
		            memcmp(other->address, finding->address, 16) == 0;
		if (same || finding->pos.file == NULL) {
			finding->pos = other->pos;
		}
		if (same) {
			return;
		}
	}
}

/* Adds a finding like this one, about an address unless that is NULL. */
static void add_finding(const session_t *session, const audit_finding_t *about,
                        const observed_t *observed, unsigned vias)
{
	audit_finding_t *finding = xadd(&session->out->findings);
	*finding = *about;
	finding->owner = xname(about->owner);
	finding->target = about->target != NULL ? xname(about->target) : NULL;
	if (observed != NULL) {
		finding->family = observed->family;
		memcpy(finding->address, observed->address, sizeof(finding->address));
		finding->has_network = policy_proxied(session->policy, finding->family,
		                                      finding->address, &finding->network);
	}
	finding->message = message_of(session, finding, vias);
	finding->remedy = xstrdup(remedy_of(session));
	find_position(session->audit, finding);
}

/* A finding about a guarded host is put at the host itself, about any other host at the owner that
 * points at it. */
static void judge_host(const session_t *session, const live_host_t *host, const target_t *target)
{
	audit_finding_t about = { .rule = AUDIT_PROXIED_ALIAS, .owner = host->name };
	if (target != NULL) {
		about.owner = target->owner;
		about.type = target->type;
		about.target = target->target;
	}
	for (size_t i = 0; i < host->observed.count; i++) {
		const observed_t *observed = &host->observed.at[i];
		if (!policy_proxied(session->policy, observed->family, observed->address, NULL)) {
			continue;
		}
		about.rule = observed->alias ? AUDIT_PROXIED_ALIAS :
		             target != NULL ? AUDIT_PROXIED_TARGET : AUDIT_PROXIED_HOST;
		if (target == NULL) {
			about.type = observed->alias ? KNOT_RRTYPE_CNAME
			                             : type_of_family(observed->family);
			about.target = observed->alias ? host->alias : NULL;
		}
		add_finding(session, &about, observed, observed->vias);
	}
	if (host->proxy_vias != 0) {
		about.rule = AUDIT_PROXIED_ALIAS;
		if (target == NULL) {
			about.type = KNOT_RRTYPE_CNAME;
			about.target = host->proxy_name;
		}
		add_finding(session, &about, NULL, host->proxy_vias);
	}
}

static void judge_target(session_t *session, const target_t *target)
{
	audit_finding_t about = {
		.rule = AUDIT_PROXIED_TARGET,
		.owner = target->owner, .type = target->type, .target = target->target,
	};
	if (!name_in_zone(target->target, session->policy->zone)) {
		if (names_cover(&session->policy->proxy_names, target->target)) {
			add_finding(session, &about, NULL, target->vias);
		}
		return;
	}
	const live_host_t *host = get_host(session, target->target);
	if (!host->guarded) {
		judge_host(session, host, target);
	}
	unsigned vias = host->none[0] & host->none[1];
	if (vias != 0) {
		about.rule = AUDIT_MISSING_TARGET;
		add_finding(session, &about, NULL, vias);
	}
}

static void add_name_edge(const session_t *session, const knot_dname_t *from, uint16_t type,
                          const knot_dname_t *to)
{
	audit_add_edge(session->out, from, type, to,
	               names_cover(&session->policy->proxy_names, to), false);
}

static void add_host_edges(const session_t *session, const live_host_t *host)
{
	if (host->alias != NULL) {
		add_name_edge(session, host->name, KNOT_RRTYPE_CNAME, host->alias);
	}
	for (size_t i = 0; i < host->observed.count; i++) {
		const observed_t *observed = &host->observed.at[i];
		/* Additional addresses come without the alias. */
		bool alias = observed->alias && host->alias != NULL;
		audit_add_address_edge(session->out, session->policy,
		                       alias ? host->alias : host->name, observed->family,
		                       observed->address, false);
	}
}

static void make_result(session_t *session)
{
	for (size_t i = 0; i < session->targets.count; i++) {
		const target_t *target = &session->targets.at[i];
		judge_target(session, target);
		add_name_edge(session, target->owner, target->type, target->target);
	}
	for (size_t i = 0; i < session->hosts.count; i++) {
		const live_host_t *host = &session->hosts.at[i];
		if (host->guarded) {
			judge_host(session, host, NULL);
		}
		if (host->asked) {
			add_host_edges(session, host);
		}
	}
	audit_sort(session->out);
}

/* The audit */

static int run_session(session_t *session)
{
	for (via_t via = 0; via < VIA_COUNT; via++) {
		add_query(session, session->policy->zone, KNOT_RRTYPE_SOA, via, 0);
	}
	int ret = send_round(session, on_soa);
	if (ret == KNOT_EOK) {
		ret = find_targets(session);
	}
	return ret == KNOT_EOK ? find_addresses(session) : ret;
}

static bool finds_proxy(const audit_t *out)
{
	bool proxied = false;
	for (size_t i = 0; i < out->findings.count; i++) {
		proxied |= out->findings.at[i].rule != AUDIT_MISSING_TARGET;
	}
	return proxied;
}

/* Whether the server has the module, by its answers. It is guarded only if all of them show it. */
static guard_t guard_of(const session_t *session)
{
	size_t seen = session->seen, changes = session->audit->edits.count;
	bool proxied = finds_proxy(session->out);
	if (session->serial != session->audit->serial) {
		return GUARD_OTHER;
	}
	if (changes == 0) {
		return proxied ? GUARD_NO : GUARD_UNKNOWN;
	}
	return seen == 0 ? GUARD_NO : seen < changes || proxied ? GUARD_PART : GUARD_YES;
}

static void clear_session(session_t *session)
{
	for (size_t i = 0; i < session->paths.count; i++) {
		knot_dname_free(session->paths.at[i].name, NULL);
	}
	for (size_t i = 0; i < session->targets.count; i++) {
		knot_dname_free(session->targets.at[i].owner, NULL);
		knot_dname_free(session->targets.at[i].target, NULL);
	}
	for (size_t i = 0; i < session->hosts.count; i++) {
		live_host_t *host = &session->hosts.at[i];
		knot_dname_free(host->name, NULL);
		knot_dname_free(host->alias, NULL);
		knot_dname_free(host->proxy_name, NULL);
		vec_free(&host->observed);
	}
	vec_free(&session->paths);
	vec_free(&session->targets);
	vec_free(&session->hosts);
	vec_free(&session->asked);
	vec_free(&session->queries);
	name_index_clear(&session->by_name);
}

int live_audit(audit_t *out, output_zone_t *zone, const server_t *server, const audit_t *audit,
               const policy_t *policy, char err[static ERROR_TEXT_MAX])
{
	*out = (audit_t){ .zone = audit->zone, .records = audit->records };
	session_t session = {
		.server = server, .policy = policy, .audit = audit, .out = out, .err = err,
	};
	err[0] = '\0';
	int ret = run_session(&session);
	if (ret == KNOT_EOK) {
		out->serial = session.serial;
		make_result(&session);
		zone->audit = out;
		zone->server = server->text;
		zone->guard = guard_of(&session);
		zone->file_serial = audit->serial;
		zone->queries = session.answered;
		zone->seen = session.seen;
		zone->changes = audit->edits.count;
	} else if (err[0] == '\0') {
		(void)server_error(server, err, "%s", knot_strerror(ret));
	}
	clear_session(&session);
	return ret;
}
