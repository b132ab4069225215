/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Answering from a zone the way knotd does.
 */

#include <stdlib.h>
#include <string.h>

#include "kmxcheck/reply.h"

/*! Aliases that are followed. */
#define LINKS_MAX 5
/*! An RRset of more RRs leaves no room for additional ones. */
#define REFERRING_MAX 1024

/*! An item's RRset and owner, and the RDATA of a CNAME that is made for a DNAME. */
struct reply_made {
	reply_made_t *next;
	knot_rrset_t rrset;
	knot_dname_storage_t owner;
	uint16_t rdata[(sizeof(knot_rdata_t) + KNOT_DNAME_MAXLEN) / 2 + 1];
};

typedef enum { ANSWERED, NXDOMAIN, NODATA, REFERRED, FOLLOW } state_t;

typedef struct {
	reply_t *reply;
	const knot_dname_t *apex;
	policy_lookup_f lookup;
	void *ctx;
	const knot_dname_t *name; /*!< What is looked for now. */
	knot_rrset_t cut;         /*!< Where it is delegated. */
	size_t links;
	const knot_dname_t *wildcards[LINKS_MAX];
	size_t wildcard_count;
	int error;
} ask_t;

/*! An RRset of a node, empty if there is none. False: there is no such node. */
static bool look(const ask_t *ask, const knot_dname_t *name, uint16_t type, knot_rrset_t *out)
{
	memset(out, 0, sizeof(*out));
	return ask->lookup(ask->ctx, name, type, out) == KNOT_EOK;
}

static reply_made_t *make(ask_t *ask)
{
	reply_made_t *made = calloc(1, sizeof(*made));
	if (made == NULL) {
		ask->error = KNOT_ENOMEM;
		return NULL;
	}
	made->next = ask->reply->made;
	ask->reply->made = made;
	return made;
}

/*! Makes an RRset appear with another owner and lasts as long as the response. */
static const knot_rrset_t *keep(ask_t *ask, const knot_rrset_t *rrset, const knot_dname_t *owner)
{
	reply_made_t *made = make(ask);
	if (made == NULL) {
		return NULL;
	}
	memcpy(made->owner, owner, knot_dname_size(owner));
	made->rrset = *rrset;
	return &made->rrset;
}

static void put(ask_t *ask, const knot_rrset_t *rrset, const knot_dname_t *owner,
                knot_section_t section)
{
	policy_response_t *response = &ask->reply->response;
	const knot_rrset_t *kept = keep(ask, rrset, owner);
	if (kept == NULL) {
		return;
	}
	if (response->count == ask->reply->max) {
		size_t max = ask->reply->max == 0 ? 16 : ask->reply->max * 2;
		policy_item_t *items = realloc(response->items, max * sizeof(*items));
		if (items == NULL) {
			ask->error = KNOT_ENOMEM;
			return;
		}
		response->items = items;
		ask->reply->max = max;
	}
	response->items[response->count++] = (policy_item_t){
		.rrset = kept,
		.owner = ask->reply->made->owner,
		.section = section,
	};
}

/*! True if an RRset of the zone is there already. */
static bool contains(const ask_t *ask, const knot_rrset_t *rrset)
{
	const policy_response_t *response = &ask->reply->response;
	for (size_t i = 0; i < response->count; i++) {
		const knot_rrset_t *other = response->items[i].rrset;
		if (other->type == rrset->type && other->rrs.rdata == rrset->rrs.rdata) {
			return true;
		}
	}
	return false;
}

/*! The name of labels labels that this one ends in. */
static const knot_dname_t *suffix(const knot_dname_t *name, size_t labels)
{
	for (size_t skip = knot_dname_labels(name, NULL) - labels; skip > 0; skip--) {
		name += 1 + *name;
	}
	return name;
}

/*! How a name stands in the zone. */
typedef struct {
	const knot_dname_t *encloser; /*!< Its closest encloser; itself if it exists. */
	bool exists;
	bool delegated;
	knot_rrset_t cut;             /*!< The NS RRset of the highest delegation above it. */
} position_t;

static void locate(const ask_t *ask, const knot_dname_t *name, position_t *position)
{
	*position = (position_t){ .encloser = ask->apex };
	size_t labels = knot_dname_labels(name, NULL);
	for (size_t i = knot_dname_labels(ask->apex, NULL) + 1; i <= labels; i++) {
		const knot_dname_t *node = suffix(name, i);
		knot_rrset_t ns;
		if (!look(ask, node, KNOT_RRTYPE_NS, &ns)) {
			return;
		}
		position->encloser = node;
		if (!position->delegated && ns.rrs.count > 0) {
			position->delegated = true;
			position->cut = ns;
		}
	}
	position->exists = true;
}

/*! The wildcard at a name; NULL if there is none. The node's own name, or in storage. */
static const knot_dname_t *wildcard_at(const ask_t *ask, const knot_dname_t *name,
                                       knot_dname_storage_t storage)
{
	knot_rrset_t rrset;
	size_t size = knot_dname_size(name);
	if (size + 2 > KNOT_DNAME_MAXLEN) {
		return NULL;
	}
	storage[0] = 1;
	storage[1] = '*';
	memcpy(storage + 2, name, size);
	if (!look(ask, storage, KNOT_RRTYPE_CNAME, &rrset)) {
		return NULL;
	}
	return rrset.owner != NULL ? rrset.owner : storage;
}

/*! True if this wildcard was passed before. */
static bool passed(ask_t *ask, const knot_dname_t *wildcard)
{
	for (size_t i = 0; i < ask->wildcard_count; i++) {
		if (ask->wildcards[i] == wildcard) {
			return true;
		}
	}
	ask->wildcards[ask->wildcard_count++] = wildcard;
	return false;
}

/*! A loop ends where a CNAME is there already. One of a wildcard never is: it has new owners. */
static state_t follow_cname(ask_t *ask, const knot_rrset_t *cname)
{
	bool wildcard = knot_dname_is_wildcard(cname->owner);
	if (ask->links++ == LINKS_MAX || (!wildcard && contains(ask, cname))) {
		return ANSWERED;
	}
	put(ask, cname, ask->name, KNOT_ANSWER);
	ask->name = knot_cname_name(cname->rrs.rdata);
	return wildcard && passed(ask, cname->owner) ? ANSWERED : FOLLOW;
}

static state_t follow_dname(ask_t *ask, const knot_rrset_t *dname)
{
	if (ask->links++ == LINKS_MAX) {
		return ANSWERED;
	}
	if (!contains(ask, dname)) {
		put(ask, dname, dname->owner, KNOT_ANSWER);
	}

	const knot_dname_t *target = knot_dname_target(dname->rrs.rdata);
	size_t kept = knot_dname_size(ask->name) - knot_dname_size(dname->owner);
	size_t size = kept + knot_dname_size(target);
	if (size > KNOT_DNAME_MAXLEN) {
		ask->reply->response.rcode = KNOT_RCODE_YXDOMAIN;
		return ANSWERED;
	}
	reply_made_t *made = make(ask);
	if (made == NULL) {
		return ANSWERED;
	}
	uint8_t name[KNOT_DNAME_MAXLEN];
	memcpy(name, ask->name, kept);
	memcpy(name + kept, target, size - kept);
	knot_rdata_t *rdata = (knot_rdata_t *)made->rdata;
	knot_rdata_init(rdata, (uint16_t)size, name);

	knot_rrset_t cname;
	knot_rrset_init(&cname, (knot_dname_t *)ask->name, KNOT_RRTYPE_CNAME, KNOT_CLASS_IN,
	                dname->ttl);
	cname.rrs = (knot_rdataset_t){ .count = 1, .rdata = rdata,
	                               .size = (uint32_t)knot_rdata_size((uint16_t)size) };
	put(ask, &cname, ask->name, KNOT_ANSWER);
	ask->name = knot_cname_name(rdata);
	return ask->reply->response.qtype == KNOT_RRTYPE_CNAME ? ANSWERED : FOLLOW;
}

static state_t at_node(ask_t *ask, const knot_dname_t *node)
{
	knot_rrset_t rrset;
	uint16_t qtype = ask->reply->response.qtype;
	if (qtype != KNOT_RRTYPE_CNAME && look(ask, node, KNOT_RRTYPE_CNAME, &rrset) &&
	    rrset.rrs.count > 0) {
		return follow_cname(ask, &rrset);
	}
	if (!look(ask, node, qtype, &rrset) || rrset.rrs.count == 0) {
		return NODATA;
	}
	put(ask, &rrset, ask->name, KNOT_ANSWER);
	return ANSWERED;
}

static state_t find(ask_t *ask)
{
	if (!name_in_zone(ask->name, ask->apex)) {
		return ANSWERED;
	}
	position_t position;
	locate(ask, ask->name, &position);
	if (position.delegated) {
		ask->cut = position.cut;
		return REFERRED;
	} else if (position.exists) {
		return at_node(ask, ask->name);
	}

	knot_dname_storage_t storage;
	const knot_dname_t *wildcard = wildcard_at(ask, position.encloser, storage);
	if (wildcard != NULL) {
		return at_node(ask, wildcard);
	}
	knot_rrset_t dname;
	if (look(ask, position.encloser, KNOT_RRTYPE_DNAME, &dname) && dname.rrs.count > 0) {
		return follow_dname(ask, &dname);
	}
	return NXDOMAIN;
}

/*! Addresses of a name in the additional section, also glue, if they are not there yet. */
static void put_addresses(ask_t *ask, const knot_dname_t *target)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };
	if (!name_in_zone(target, ask->apex)) {
		return;
	}
	position_t position;
	knot_dname_storage_t storage;
	locate(ask, target, &position);
	const knot_dname_t *node = target;
	if (!position.exists) {
		node = position.delegated ? NULL : wildcard_at(ask, position.encloser, storage);
	}
	for (size_t i = 0; i < 2 && node != NULL; i++) {
		knot_rrset_t rrset;
		if (look(ask, node, types[i], &rrset) && rrset.rrs.count > 0 &&
		    !contains(ask, &rrset)) {
			put(ask, &rrset, target, KNOT_ADDITIONAL);
		}
	}
}

static void put_additional(ask_t *ask)
{
	policy_response_t *response = &ask->reply->response;
	for (size_t i = 0, count = response->count; i < count; i++) {
		const knot_rrset_t *rrset = response->items[i].rrset;
		if ((rrset->type != KNOT_RRTYPE_NS && rrset->type != KNOT_RRTYPE_MX &&
		     rrset->type != KNOT_RRTYPE_SRV) || rrset->rrs.count > REFERRING_MAX) {
			continue;
		}
		knot_rdata_t *rdata = rrset->rrs.rdata;
		for (uint16_t j = 0; j < rrset->rrs.count && ask->error == KNOT_EOK; j++) {
			put_addresses(ask, knot_rdata_name(rdata, rrset->type));
			rdata = knot_rdataset_next(rdata);
		}
	}
}

int reply_make(reply_t *reply, const knot_dname_t *apex, policy_lookup_f lookup, void *ctx,
               const knot_dname_t *qname, uint16_t qtype)
{
	ask_t ask = { .reply = reply, .apex = apex, .lookup = lookup, .ctx = ctx, .name = qname };
	memset(reply, 0, sizeof(*reply));
	reply->response = (policy_response_t){
		.qname = qname, .qtype = qtype, .rcode = KNOT_RCODE_NOERROR,
		.complete = true, .additional_complete = true
	};

	state_t state = find(&ask);
	reply->referral = (state == REFERRED);
	while (state == FOLLOW && ask.error == KNOT_EOK) {
		state = find(&ask);
	}

	knot_rrset_t soa;
	if (state == NXDOMAIN || state == NODATA) {
		if (state == NXDOMAIN) {
			reply->response.rcode = KNOT_RCODE_NXDOMAIN;
		}
		if (look(&ask, apex, KNOT_RRTYPE_SOA, &soa) && soa.rrs.count > 0) {
			uint32_t minimum = knot_soa_minimum(soa.rrs.rdata);
			soa.ttl = soa.ttl < minimum ? soa.ttl : minimum;
			put(&ask, &soa, apex, KNOT_AUTHORITY);
		}
	} else if (state == REFERRED) {
		put(&ask, &ask.cut, ask.cut.owner, KNOT_AUTHORITY);
	}
	if (ask.error == KNOT_EOK) {
		put_additional(&ask);
	}
	return ask.error;
}

void reply_clear(reply_t *reply)
{
	while (reply->made != NULL) {
		reply_made_t *made = reply->made;
		reply->made = made->next;
		free(made);
	}
	free(reply->response.items);
	memset(reply, 0, sizeof(*reply));
}
