/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Following hosts to their addresses: each family, each way to ask, alias by alias.
 */

#include <string.h>

#include <libknot/libknot.h>

#include "kmxcheck/talk.h"

/* Longest alias chain that is followed. */
#define ALIAS_MAX 16

/* The CNAME of a name in an answer, in target. False: none. */
static bool find_alias(const ldns_pkt *answer, const knot_dname_t *name,
                       knot_dname_storage_t target)
{
	const ldns_rr_list *rrs = ldns_pkt_answer(answer);
	for (size_t i = 0; i < ldns_rr_list_rr_count(rrs); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(rrs, i);
		knot_dname_storage_t owner;
		uint8_t data[RDATA_MAX];
		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME && rr_rdata(rr, data) > 0 &&
		    knot_dname_is_equal(rr_owner(rr, owner), name)) {
			return knot_dname_store(target, data) > 0;
		}
	}
	return false;
}

static int set_name(knot_dname_t **name, const knot_dname_t *to)
{
	knot_dname_t *copy = knot_dname_copy(to, NULL);
	if (copy == NULL) {
		return KNOT_ENOMEM;
	}
	knot_dname_free(*name, NULL);
	*name = copy;
	return KNOT_EOK;
}

/* Goes along the aliases in an answer. The walk is done where they lead to a proxy name, or on
 * and on. */
static int walk_aliases(talk_t *talk, walk_t *walk, const ldns_pkt *answer)
{
	met_host_t *host = &talk->met.hosts[walk->host];
	knot_dname_storage_t to;
	while (find_alias(answer, walk->name, to)) {
		int ret = set_name(&walk->name, to);
		if (ret == KNOT_EOK && host->alias == NULL) {
			ret = set_name(&host->alias, to);
		}
		if (ret != KNOT_EOK) {
			return ret;
		}
		if (names_cover(&talk->policy->proxy_names, to)) {
			walk->done = true;
			host->proxy_vias |= VIA_BIT(walk->via);
			return host->proxy_name == NULL ? set_name(&host->proxy_name, to)
			                                : KNOT_EOK;
		}
		if (++walk->aliases > ALIAS_MAX) {
			walk->done = true;
			return KNOT_EOK;
		}
	}
	return KNOT_EOK;
}

/* Takes the addresses of the name the walk has come to. */
static int take_found(talk_t *talk, walk_t *walk, const ldns_pkt *answer)
{
	const ldns_rr_list *rrs = ldns_pkt_answer(answer);
	for (size_t i = 0; i < ldns_rr_list_rr_count(rrs); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(rrs, i);
		knot_dname_storage_t owner;
		int family = rr_family(rr);
		if (family == 0 || !knot_dname_is_equal(rr_owner(rr, owner), walk->name)) {
			continue;
		}
		int ret = met_address(&talk->met.hosts[walk->host], (uint8_t)family,
		                      ldns_rdf_data(ldns_rr_rdf(rr, 0)), walk->aliases > 0,
		                      walk->via);
		if (ret != KNOT_EOK) {
			return ret;
		}
		walk->done = true;
	}
	return KNOT_EOK;
}

static int take_addresses(void *ctx, const query_t *query, const ldns_pkt *answer)
{
	talk_t *talk = ctx;
	walk_t *walk = &talk->walks[query->tag];
	talk->answered++;
	if (!talk_decides(query, answer)) {
		/* Of names elsewhere a server need not know anything. */
		walk->done = true;
		return name_in_zone(query->name, talk->policy->zone)
		       ? talk_unusable(talk, query, answer) : KNOT_EOK;
	}

	unsigned before = walk->aliases;
	int ret = walk_aliases(talk, walk, answer);
	if (ret == KNOT_EOK && !walk->done) {
		ret = take_found(talk, walk, answer);
	}
	if (ret != KNOT_EOK || walk->done) {
		return ret;
	}
	if (walk->aliases > before && !ldns_pkt_tc(answer)) {
		return KNOT_EOK; /* Ask for the name it is an alias of. */
	}
	walk->done = true;
	/* A referral has no authority, and what was cut says nothing: asked over TCP, it does. */
	if (ldns_pkt_aa(answer) && !ldns_pkt_tc(answer)) {
		talk->met.hosts[walk->host].none[walk->type == KNOT_RRTYPE_AAAA] |=
			VIA_BIT(walk->via);
	}
	return KNOT_EOK;
}

static int begin_walks(talk_t *talk)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };
	for (size_t i = 0; i < talk->met.host_count * 2 * VIA_COUNT; i++) {
		int ret = met_grow((void **)&talk->walks, talk->walk_count, sizeof(*talk->walks));
		if (ret != KNOT_EOK) {
			return ret;
		}
		walk_t *walk = &talk->walks[talk->walk_count++];
		*walk = (walk_t){
			.host = i / (2 * VIA_COUNT),
			.type = types[i / VIA_COUNT % 2],
			.via = (via_t)(i % VIA_COUNT),
		};
		ret = set_name(&walk->name, talk->met.hosts[walk->host].name);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	return KNOT_EOK;
}

int talk_follow(talk_t *talk)
{
	int ret = met_make_hosts(&talk->met, talk->audit);
	for (size_t i = 0; i < talk->extra_count && ret == KNOT_EOK; i++) {
		const extra_t *extra = &talk->extras[i];
		met_host_t *host = met_host(&talk->met, extra->name);
		if (host != NULL) {
			ret = met_address(host, extra->family, extra->address, false, extra->via);
		}
	}
	if (ret == KNOT_EOK) {
		ret = begin_walks(talk);
	}
	for (bool more = true; more && ret == KNOT_EOK;) {
		for (size_t i = 0; i < talk->walk_count && ret == KNOT_EOK; i++) {
			const walk_t *walk = &talk->walks[i];
			if (!walk->done) {
				ret = talk_query(talk, walk->name, walk->type, walk->via, i);
			}
		}
		more = talk->query_count > 0;
		if (ret == KNOT_EOK) {
			ret = talk_round(talk, take_addresses);
		}
	}
	return ret;
}
