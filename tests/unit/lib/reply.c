/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Answering from a zone in memory the way knotd does.
 */

#undef NDEBUG

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/lib/reply.h"

#define CHAIN_MAX 5
/* RRs of an RRset whose names in RDATA can be pointed at. */
#define HINTED_RRS (KNOT_COMPR_HINT_COUNT - KNOT_COMPR_HINT_RDATA)

typedef enum {
	HIT = REPLY_HIT,
	MISS = REPLY_MISS,
	NODATA = REPLY_NODATA,
	DELEG = REPLY_DELEG,
	FOLLOW,
} state_t;

typedef struct {
	test_reply_t *reply;
	const test_zone_t *zone;
	int options;
	knot_dname_storage_t sname; /* What is looked for now. */
	const test_node_t *delegation;          /* Where it is delegated. */
	int links;
	const test_node_t *visited[2 * CHAIN_MAX]; /* Wildcards. */
	size_t visited_count;
} ask_t;

static bool contains(const test_reply_t *reply, const knot_rrset_t *rrset)
{
	for (size_t i = 0; i < reply->count; i++) {
		if (reply->at[i].rrset.type == rrset->type &&
		    reply->at[i].rrset.rrs.rdata == rrset->rrs.rdata) {
			return true;
		}
	}
	return false;
}

/* Puts an RRset. The owner on the wire is that of the hint; a wildcard in the answer section
 * without a hint is expanded. */
static void put(ask_t *ask, const knot_rrset_t *rrset, knot_section_t section, uint16_t flags,
                int hint_rr, uint16_t hint_rdata, const knot_dname_t *wire_owner)
{
	test_reply_t *reply = ask->reply;
	if ((flags & KNOT_PF_CHECKDUP) && contains(reply, rrset)) {
		return;
	}
	reply->at = realloc(reply->at, (reply->count + 1) * sizeof(*reply->at));
	assert(reply->at != NULL);

	reply_rr_t *rr = &reply->at[reply->count++];
	*rr = (reply_rr_t){ *rrset, NULL, section, flags, hint_rr, hint_rdata };
	if (section == KNOT_ANSWER && hint_rr == HINT_NONE &&
	    knot_dname_is_wildcard(rrset->owner) && !knot_dname_is_wildcard(ask->sname)) {
		rr->rrset.owner = knot_dname_copy(ask->sname, NULL);
		int ret = knot_rdataset_copy(&rr->rrset.rrs, &rrset->rrs, NULL);
		assert(rr->rrset.owner != NULL && ret == KNOT_EOK);
		rr->flags |= KNOT_PF_FREE;
	}
	rr->owner = knot_dname_copy(hint_rr == HINT_NONE ? rr->rrset.owner : wire_owner, NULL);
	assert(rr->owner != NULL);
}

static state_t put_answer(ask_t *ask, const test_node_t *node)
{
	test_reply_t *reply = ask->reply;
	uint16_t flags = KNOT_PF_ORIGTTL;
	if (ask->options & REPLY_STREAM) {
		flags |= KNOT_PF_NOTRUNC;
	}
	size_t before = reply->count;
	for (size_t i = 0; i < node->count; i++) {
		uint16_t type = node->rrsets[i]->type;
		bool any = reply->qtype == KNOT_RRTYPE_ANY && type != KNOT_RRTYPE_RRSIG &&
		           type != KNOT_RRTYPE_NSEC;
		if (!any && reply->qtype != type) {
			continue;
		}
		put(ask, node->rrsets[i], KNOT_ANSWER, flags,
		    reply->count == 0 ? HINT_QNAME : HINT_NONE, 0, reply->qname);
		if (!(ask->options & REPLY_ALL)) {
			break;
		}
	}
	return reply->count > before ? HIT : NODATA;
}

/* Notes that a wildcard has answered at a name; a loop does so once more. */
static void note_wild(reply_search_t *search, bool again)
{
	const reply_step_t *step = &search->end;
	for (size_t i = 0; i < search->wild_count && !again; i++) {
		if (search->wilds[i].node == step->node) {
			return;
		}
	}
	assert(search->wild_count < REPLY_WILDS);
	search->wilds[search->wild_count++] = *step;
}

static bool visited(const ask_t *ask, const test_node_t *wildcard)
{
	for (size_t i = 0; i < ask->visited_count; i++) {
		if (ask->visited[i] == wildcard) {
			return true;
		}
	}
	return false;
}

/* The CNAME that a DNAME stands for. False: the name would be too long. */
static bool put_synthesized(ask_t *ask, const knot_rrset_t *dname)
{
	const knot_dname_t *target = knot_dname_target(dname->rrs.rdata);
	size_t kept = knot_dname_size(ask->sname) - knot_dname_size(dname->owner);
	if (kept + knot_dname_size(target) > KNOT_DNAME_MAXLEN) {
		ask->reply->rcode = KNOT_RCODE_YXDOMAIN;
		return false;
	}
	uint8_t name[KNOT_DNAME_MAXLEN];
	memcpy(name, ask->sname, kept);
	memcpy(name + kept, target, knot_dname_size(target));

	knot_rrset_t *cname = knot_rrset_new(ask->sname, KNOT_RRTYPE_CNAME, KNOT_CLASS_IN,
	                                     dname->ttl, NULL);
	assert(cname != NULL);
	int ret = knot_rrset_add_rdata(cname, name, knot_dname_size(name), NULL);
	assert(ret == KNOT_EOK);
	put(ask, cname, KNOT_ANSWER, KNOT_PF_FREE, HINT_NONE, 0, NULL);
	free(cname);
	memcpy(ask->sname, name, knot_dname_size(name));
	return true;
}

static state_t follow(ask_t *ask, const test_node_t *node, uint16_t type)
{
	if (++ask->links > CHAIN_MAX) {
		return HIT;
	}
	knot_rrset_t alias = node_rrset(node, type);
	size_t before = ask->reply->count;
	put(ask, &alias, KNOT_ANSWER, KNOT_PF_CHECKDUP, HINT_NONE, 0, NULL);
	bool synthesized = (type == KNOT_RRTYPE_DNAME) && put_synthesized(ask, &alias);
	if (synthesized && ask->reply->qtype == KNOT_RRTYPE_CNAME) {
		return HIT;
	}
	if (ask->reply->count == before) {
		return HIT; /* A loop. */
	}
	if (knot_dname_is_wildcard(node->name)) {
		if (visited(ask, node)) {
			note_wild(&ask->reply->search, true);
			return HIT;
		}
		ask->visited[ask->visited_count++] = node;
	}
	if (!synthesized) {
		const knot_dname_t *target = (type == KNOT_RRTYPE_DNAME)
		                           ? knot_dname_target(alias.rrs.rdata)
		                           : knot_cname_name(alias.rrs.rdata);
		memcpy(ask->sname, target, knot_dname_size(target));
	}
	return FOLLOW;
}

static state_t at_node(ask_t *ask, const test_node_t *node)
{
	uint16_t qtype = ask->reply->qtype;
	ask->delegation = zone_delegation(ask->zone, node->name);
	if (ask->delegation != NULL && (ask->delegation != node || qtype != KNOT_RRTYPE_DS)) {
		return DELEG;
	}
	if (qtype != KNOT_RRTYPE_CNAME && qtype != KNOT_RRTYPE_ANY && qtype != KNOT_RRTYPE_RRSIG &&
	    qtype != KNOT_RRTYPE_NSEC && node_rrset(node, KNOT_RRTYPE_CNAME).rrs.count > 0) {
		return follow(ask, node, KNOT_RRTYPE_CNAME);
	}
	return put_answer(ask, node);
}

static state_t find(ask_t *ask)
{
	if (knot_dname_in_bailiwick(ask->sname, ask->zone->apex) < 0) {
		return HIT;
	}
	const test_node_t *encloser;
	const test_node_t *node = zone_node_or_wildcard(ask->zone, ask->sname, &encloser);
	reply_step_t *step = &ask->reply->search.end;
	memcpy(step->name, ask->sname, sizeof(step->name));
	step->node = node;
	step->encloser = encloser;
	if (node != NULL && encloser != node) {
		note_wild(&ask->reply->search, false);
	}
	if (node != NULL) {
		return at_node(ask, node);
	}
	ask->delegation = zone_delegation(ask->zone, encloser->name);
	if (ask->delegation == NULL && node_rrset(encloser, KNOT_RRTYPE_DNAME).rrs.count > 0) {
		return follow(ask, encloser, KNOT_RRTYPE_DNAME);
	}
	return ask->delegation != NULL ? DELEG : MISS;
}

/* Glue that a referral needs comes before what is only helpful. */
static bool mandatory(const ask_t *ask, const knot_rrset_t *rrset, const test_node_t *node)
{
	return rrset->type == KNOT_RRTYPE_NS && zone_delegation(ask->zone, node->name) != NULL &&
	       knot_dname_in_bailiwick(node->name, rrset->owner) >= 0;
}

static void put_additional(ask_t *ask, size_t of, bool deleg, bool first)
{
	const knot_rrset_t rrset = ask->reply->at[of].rrset;
	bool hinted = rrset.type != KNOT_RRTYPE_SVCB && rrset.type != KNOT_RRTYPE_HTTPS;
	for (uint16_t i = 0; i < rrset.rrs.count; i++) {
		const knot_rdata_t *rdata = knot_rdataset_at(&rrset.rrs, i);
		const knot_dname_t *target = knot_rdata_name(rdata, rrset.type);
		const test_node_t *encloser;
		const test_node_t *node = zone_node_or_wildcard(ask->zone, target, &encloser);
		if (node == NULL || mandatory(ask, &rrset, node) != first) {
			continue;
		}
		static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };
		for (size_t j = 0; j < 2; j++) {
			knot_rrset_t address = node_rrset(node, types[j]);
			if (address.rrs.count > 0) {
				put(ask, &address, KNOT_ADDITIONAL,
				    deleg && first ? KNOT_PF_NULL : KNOT_PF_NOTRUNC,
				    hinted && i < HINTED_RRS ? (int)of : HINT_NONE, i, target);
			}
		}
	}
}

void reply_make(test_reply_t *reply, const test_zone_t *zone, const knot_dname_t *qname,
                uint16_t qtype, int options)
{
	memset(reply, 0, sizeof(*reply));
	memcpy(reply->qname, qname, knot_dname_size(qname));
	reply->qtype = qtype;
	ask_t ask = { .reply = reply, .zone = zone, .options = options };
	memcpy(ask.sname, qname, knot_dname_size(qname));

	state_t state = find(&ask);
	reply->referral = (state == DELEG);
	while (state == FOLLOW) {
		state = find(&ask);
	}

	reply->search.state = (reply_state_t)state;
	if (state == DELEG) {
		reply->search.end.node = ask.delegation;
	}
	if (state == MISS || state == NODATA) {
		knot_rrset_t soa = node_rrset(&zone->nodes[0], KNOT_RRTYPE_SOA);
		put(&ask, &soa, KNOT_AUTHORITY, KNOT_PF_NOTRUNC | KNOT_PF_SOAMINTTL, HINT_NONE, 0,
		    NULL);
		reply->rcode = state == MISS ? KNOT_RCODE_NXDOMAIN : reply->rcode;
	} else if (state == DELEG) {
		knot_rrset_t ns = node_rrset(ask.delegation, KNOT_RRTYPE_NS);
		put(&ask, &ns, KNOT_AUTHORITY, KNOT_PF_NULL, HINT_NONE, 0, NULL);
	}
	for (size_t i = 0, count = reply->count; i < count; i++) {
		uint16_t type = reply->at[i].rrset.type;
		if (knot_rrtype_additional_needed(type)) {
			put_additional(&ask, i, state == DELEG, true);
			put_additional(&ask, i, state == DELEG, false);
		}
	}
}

void reply_clear(test_reply_t *reply)
{
	for (size_t i = 0; i < reply->count; i++) {
		if (reply->at[i].flags & KNOT_PF_FREE) {
			knot_rrset_clear(&reply->at[i].rrset, NULL);
		}
		knot_dname_free(reply->at[i].owner, NULL);
	}
	free(reply->at);
	memset(reply, 0, sizeof(*reply));
}

policy_response_t reply_response(const test_reply_t *reply, policy_item_t *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const reply_rr_t *rr = &reply->at[i];
		items[i] = (policy_item_t){
			.rrset = &rr->rrset,
			.owner = rr->owner,
			.section = rr->section,
		};
	}
	return (policy_response_t){
		.qname = reply->qname,
		.qtype = reply->qtype,
		.rcode = reply->rcode,
		.complete = count == reply->count,
		.additional_complete = count == reply->count,
		.items = items,
		.count = count,
	};
}
