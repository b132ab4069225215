/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Answering from a zone the way knotd does.
 */

#include <stdlib.h>
#include <string.h>

#include "dns/name.h"
#include "dns/rrset.h"
#include "dns/text.h"
#include "kmxcheck/reply.h"
#include "kmxcheck/xalloc.h"

/*! Aliases that are followed. */
#define ALIASES_MAX 5
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
	zone_t *zone;
	const knot_dname_t *name; /*!< What is looked for now. */
	knot_rrset_t delegation;  /*!< Where it is delegated. */
	size_t aliases;
	const knot_dname_t *wildcards[ALIASES_MAX];
	size_t wildcard_count;
} reply_build_t;

static reply_made_t *make(reply_build_t *build)
{
	reply_made_t *made = xcalloc(1, sizeof(*made));
	made->next = build->reply->made;
	build->reply->made = made;
	return made;
}

/*! Puts an RRset in, with the owner that it has in the response. */
static void put(reply_build_t *build, const knot_rrset_t *rrset, const knot_dname_t *owner,
                knot_section_t section)
{
	reply_t *reply = build->reply;
	reply_made_t *made = make(build);
	memcpy(made->owner, owner, knot_dname_size(owner));
	made->rrset = *rrset;
	*(policy_item_t *)xadd(&reply->items) = (policy_item_t){
		.rrset = &made->rrset,
		.owner = made->owner,
		.section = section,
	};
	reply->response.items = reply->items.at;
	reply->response.count = reply->items.count;
}

/*! True if an RRset of the zone is there already. */
static bool contains(const reply_build_t *build, const knot_rrset_t *rrset)
{
	const policy_response_t *response = &build->reply->response;
	for (size_t i = 0; i < response->count; i++) {
		const knot_rrset_t *other = response->items[i].rrset;
		if (other->type == rrset->type && other->rrs.rdata == rrset->rrs.rdata) {
			return true;
		}
	}
	return false;
}

static void locate(const reply_build_t *build, const knot_dname_t *name, location_t *location)
{
	walked_t walked;
	walked_begin(&walked);
	host_locate(build->zone->apex, zone_lookup, build->zone, &walked, name, false, location);
}

const knot_dname_t *reply_wildcard(zone_t *zone, const knot_dname_t *name)
{
	knot_dname_storage_t wildcard;
	knot_rrset_t rrset;
	return name_wildcard(wildcard, name) &&
	       zone_lookup(zone, wildcard, KNOT_RRTYPE_CNAME, &rrset) == KNOT_EOK ? rrset.owner
	                                                                         : NULL;
}

/*! True if this wildcard was passed before. */
static bool passed(reply_build_t *build, const knot_dname_t *wildcard)
{
	for (size_t i = 0; i < build->wildcard_count; i++) {
		if (build->wildcards[i] == wildcard) {
			return true;
		}
	}
	build->wildcards[build->wildcard_count++] = wildcard;
	return false;
}

/*! A loop ends where a CNAME is there already. One of a wildcard never is: it has new owners. */
static state_t follow_cname(reply_build_t *build, const knot_rrset_t *cname)
{
	bool wildcard = knot_dname_is_wildcard(cname->owner);
	if (build->aliases++ == ALIASES_MAX || (!wildcard && contains(build, cname))) {
		return ANSWERED;
	}
	put(build, cname, build->name, KNOT_ANSWER);
	build->name = knot_cname_name(cname->rrs.rdata);
	return wildcard && passed(build, cname->owner) ? ANSWERED : FOLLOW;
}

static state_t follow_dname(reply_build_t *build, const knot_rrset_t *dname)
{
	if (build->aliases++ == ALIASES_MAX) {
		return ANSWERED;
	}
	if (!contains(build, dname)) {
		put(build, dname, dname->owner, KNOT_ANSWER);
	}

	knot_dname_storage_t name;
	size_t kept = knot_dname_size(build->name) - knot_dname_size(dname->owner);
	if (!name_join(name, build->name, kept, knot_dname_target(dname->rrs.rdata))) {
		build->reply->response.rcode = KNOT_RCODE_YXDOMAIN;
		return ANSWERED;
	}
	reply_made_t *made = make(build);
	uint16_t size = (uint16_t)knot_dname_size(name);
	knot_rdata_t *rdata = (knot_rdata_t *)made->rdata;
	knot_rdata_init(rdata, size, name);

	knot_rrset_t cname;
	knot_rrset_init(&cname, (knot_dname_t *)build->name, KNOT_RRTYPE_CNAME, KNOT_CLASS_IN,
	                dname->ttl);
	cname.rrs = (knot_rdataset_t){ .count = 1, .rdata = rdata,
	                               .size = (uint32_t)knot_rdata_size(size) };
	put(build, &cname, build->name, KNOT_ANSWER);
	build->name = knot_cname_name(rdata);
	return build->reply->response.qtype == KNOT_RRTYPE_CNAME ? ANSWERED : FOLLOW;
}

static state_t at_node(reply_build_t *build, const knot_dname_t *node)
{
	knot_rrset_t rrset;
	uint16_t qtype = build->reply->response.qtype;
	bool there = zone_has(build->zone, node, qtype, &rrset);
	knot_rrset_t cname;
	/* Nothing may be beside an alias. Hosted DNS that allows it replaces the alias by addresses
	 * and answers with what is beside it. */
	if (qtype != KNOT_RRTYPE_CNAME && !(there && family_of_type(qtype) == 0) &&
	    zone_has(build->zone, node, KNOT_RRTYPE_CNAME, &cname)) {
		return follow_cname(build, &cname);
	}
	if (!there) {
		return NODATA;
	}
	put(build, &rrset, build->name, KNOT_ANSWER);
	return ANSWERED;
}

static state_t find(reply_build_t *build)
{
	if (!name_in_zone(build->name, build->zone->apex)) {
		return ANSWERED;
	}
	location_t location;
	locate(build, build->name, &location);
	if (location.delegated) {
		build->delegation = location.delegation;
		return REFERRED;
	} else if (location.exists) {
		return at_node(build, build->name);
	}

	const knot_dname_t *wildcard = reply_wildcard(build->zone, location.encloser);
	if (wildcard != NULL) {
		return at_node(build, wildcard);
	}
	knot_rrset_t dname;
	if (zone_has(build->zone, location.encloser, KNOT_RRTYPE_DNAME, &dname)) {
		return follow_dname(build, &dname);
	}
	return NXDOMAIN;
}

/*! Addresses of a name in the additional section, also glue, if they are not there yet. */
static void put_addresses(reply_build_t *build, const knot_dname_t *target)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };
	if (!name_in_zone(target, build->zone->apex)) {
		return;
	}
	location_t location;
	locate(build, target, &location);
	const knot_dname_t *node = target;
	if (!location.exists && !location.delegated) { /* Below a delegation it may be glue. */
		node = reply_wildcard(build->zone, location.encloser);
	}
	for (size_t i = 0; i < 2 && node != NULL; i++) {
		knot_rrset_t rrset;
		if (zone_has(build->zone, node, types[i], &rrset) && !contains(build, &rrset)) {
			put(build, &rrset, target, KNOT_ADDITIONAL);
		}
	}
}

static void put_additional(reply_build_t *build)
{
	policy_response_t *response = &build->reply->response;
	for (size_t i = 0, count = response->count; i < count; i++) {
		const knot_rrset_t *rrset = response->items[i].rrset;
		if ((rrset->type != KNOT_RRTYPE_NS && rrset->type != KNOT_RRTYPE_MX &&
		     rrset->type != KNOT_RRTYPE_SRV) || rrset->rrs.count > REFERRING_MAX) {
			continue;
		}
		for_each_rdata(rdata, rrset) {
			put_addresses(build, knot_rdata_name(rdata, rrset->type));
		}
	}
}

bool reply_make(reply_t *reply, zone_t *zone, const knot_dname_t *qname, uint16_t qtype)
{
	reply_build_t build = { .reply = reply, .zone = zone, .name = qname };
	memset(reply, 0, sizeof(*reply));
	reply->response = (policy_response_t){
		.qname = qname, .qtype = qtype, .rcode = KNOT_RCODE_NOERROR,
		.complete = true, .additional_complete = true
	};

	state_t state = find(&build);
	bool answered = state != REFERRED;
	while (state == FOLLOW) {
		state = find(&build);
	}

	knot_rrset_t soa;
	if (state == NXDOMAIN || state == NODATA) {
		if (state == NXDOMAIN) {
			reply->response.rcode = KNOT_RCODE_NXDOMAIN;
		}
		if (zone_has(zone, zone->apex, KNOT_RRTYPE_SOA, &soa)) {
			soa.ttl = soa_negative_ttl(&soa);
			put(&build, &soa, zone->apex, KNOT_AUTHORITY);
		}
	} else if (state == REFERRED) {
		put(&build, &build.delegation, build.delegation.owner, KNOT_AUTHORITY);
	}
	put_additional(&build);
	return answered;
}

void reply_clear(reply_t *reply)
{
	while (reply->made != NULL) {
		reply_made_t *made = reply->made;
		reply->made = made->next;
		free(made);
	}
	vec_free(&reply->items);
	memset(reply, 0, sizeof(*reply));
}
