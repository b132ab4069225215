/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Asking a server for mail targets, and whether it answers as mode enforce would.
 */

#include <string.h>

#include <libknot/libknot.h>

#include "kmxcheck/talk.h"

/* Tag of queries for targets; the others have the index of an edit. */
#define NO_CHANGE SIZE_MAX

/* Proxied addresses beside the targets: a mail server may use them without asking again. */
static int take_extras(talk_t *talk, const query_t *query, const ldns_pkt *answer)
{
	const ldns_rr_list *rrs = ldns_pkt_additional(answer);
	for (size_t i = 0; i < ldns_rr_list_rr_count(rrs); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(rrs, i);
		int family = rr_family(rr);
		if (family == 0 || policy_proxied(talk->policy, family,
		                                  ldns_rdf_data(ldns_rr_rdf(rr, 0))) == NULL) {
			continue;
		}
		int ret = met_grow((void **)&talk->extras, talk->extra_count,
		                   sizeof(*talk->extras));
		if (ret != KNOT_EOK) {
			return ret;
		}
		knot_dname_storage_t owner;
		extra_t *extra = &talk->extras[talk->extra_count++];
		*extra = (extra_t){ .family = (uint8_t)family, .via = query->via };
		memcpy(extra->address, ldns_rdf_data(ldns_rr_rdf(rr, 0)), family == 4 ? 4 : 16);
		extra->name = knot_dname_copy(rr_owner(rr, owner), NULL);
		if (extra->name == NULL) {
			return KNOT_ENOMEM;
		}
	}
	return KNOT_EOK;
}

/* The targets of an MX or SRV RRset. */
static int take_targets(talk_t *talk, const query_t *query, const ldns_pkt *answer)
{
	int ret = take_extras(talk, query, answer);
	const ldns_rr_list *rrs = ldns_pkt_answer(answer);
	for (size_t i = 0; i < ldns_rr_list_rr_count(rrs) && ret == KNOT_EOK; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(rrs, i);
		const size_t fixed = query->type == KNOT_RRTYPE_MX ? 2 : 6;
		uint8_t data[RDATA_MAX];
		if (ldns_rr_get_type(rr) == (ldns_rr_type)query->type &&
		    rr_rdata(rr, data) > fixed && data[fixed] != '\0') {
			ret = met_link(&talk->met, query->name, query->type, data + fixed,
			               query->via);
		}
	}
	return ret;
}

/* Edits of one RRset: how far from the edit on. */
static size_t same_rrset(const audit_t *audit, size_t from)
{
	const audit_edit_t *edits = audit->edits;
	size_t end = from + 1;
	while (end < audit->edit_count && edits[end].type == edits[from].type &&
	       knot_dname_is_equal(edits[end].owner, edits[from].owner)) {
		end++;
	}
	return end;
}

/* Which changes of enforce are in the answer? */
static void take_changes(talk_t *talk, const query_t *query, const ldns_pkt *answer)
{
	const audit_edit_t *edits = talk->audit->edits;
	const ldns_rr_list *rrs = ldns_pkt_answer(answer);
	for (size_t e = query->tag, end = same_rrset(talk->audit, e); e < end; e++) {
		bool there = false;
		for (size_t i = 0; i < ldns_rr_list_rr_count(rrs) && !there; i++) {
			const ldns_rr *rr = ldns_rr_list_rr(rrs, i);
			knot_dname_storage_t owner;
			uint8_t data[RDATA_MAX];
			there = ldns_rr_get_type(rr) == (ldns_rr_type)query->type &&
			        ldns_rr_ttl(rr) == edits[e].ttl &&
			        knot_dname_is_equal(rr_owner(rr, owner), query->name) &&
			        rr_rdata(rr, data) == edits[e].rdata->len &&
			        memcmp(data, edits[e].rdata->data, edits[e].rdata->len) == 0;
		}
		talk->seen += there == edits[e].add;
	}
}

static int take_answer(void *ctx, const query_t *query, const ldns_pkt *answer)
{
	talk_t *talk = ctx;
	talk->answered++;
	if (!talk_decides(query, answer)) {
		return talk_unusable(talk, query, answer);
	}
	if (query->tag == NO_CHANGE) {
		return take_targets(talk, query, answer);
	}
	take_changes(talk, query, answer);
	return KNOT_EOK;
}

/* True if an edge is the first of an RRset that names mail targets, that of the apex aside. */
static bool begins_rrset(const talk_t *talk, size_t i)
{
	const audit_edge_t *edge = &talk->audit->edges[i];
	if (edge->type != KNOT_RRTYPE_SRV &&
	    (edge->type != KNOT_RRTYPE_MX || knot_dname_is_equal(edge->from, talk->policy->zone))) {
		return false;
	}
	return i == 0 || edge[-1].type != edge->type ||
	       !knot_dname_is_equal(edge[-1].from, edge->from);
}

static int query_everywhere(talk_t *talk, const knot_dname_t *name, uint16_t type)
{
	int ret = KNOT_EOK;
	for (via_t via = 0; via < VIA_COUNT && ret == KNOT_EOK; via++) {
		ret = talk_query(talk, name, type, via, NO_CHANGE);
	}
	return ret;
}

int talk_targets(talk_t *talk)
{
	/* The apex in any case: who is guarded hangs on its MX. */
	int ret = query_everywhere(talk, talk->policy->zone, KNOT_RRTYPE_MX);
	const audit_t *audit = talk->audit;
	for (size_t i = 0; i < audit->edge_count && ret == KNOT_EOK; i++) {
		if (begins_rrset(talk, i)) {
			ret = query_everywhere(talk, audit->edges[i].from, audit->edges[i].type);
		}
	}
	for (size_t i = 0; i < audit->edit_count && ret == KNOT_EOK; i = same_rrset(audit, i)) {
		ret = talk_query(talk, audit->edits[i].owner, audit->edits[i].type, VIA_TCP, i);
	}
	return ret == KNOT_EOK ? talk_round(talk, take_answer) : ret;
}
