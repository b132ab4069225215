/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Resolving a zone: asking for all names that an audit will look at, gathering what is not known,
 * and asking again, until aliases lead no further.
 */

#include <string.h>

#include "kmxcheck/spf.h"
#include "kmxcheck/zonedata.h"

/*! Up to so many mail owners, what is only asked of bad targets is asked of all at once: the names
 *  cost less than another pass. */
#define EAGER_MAX 4096

/*! A name with labels before it. False: too long. */
static bool join(knot_dname_storage_t out, const char *labels, const knot_dname_t *name)
{
	size_t prefix = strlen(labels), size = knot_dname_size(name);
	if (prefix + size > KNOT_DNAME_MAXLEN) {
		return false;
	}
	memcpy(out, labels, prefix);
	memcpy(out + prefix, name, size);
	return true;
}

bool zone_tlsa_name(knot_dname_storage_t out, const knot_dname_t *host)
{
	return join(out, "\x03""_25\x04""_tcp", host);
}

bool zone_sts_name(knot_dname_storage_t out, const knot_dname_t *owner)
{
	return join(out, "\x08""_mta-sts", owner);
}

static void want_tlsa(zone_t *zone, const knot_dname_t *host)
{
	knot_dname_storage_t name;
	if (zone->has_tlsa && name_in_zone(host, zone->apex) && zone_tlsa_name(name, host)) {
		zone_want(zone, name);
	}
}

static void want_sts(zone_t *zone, const knot_dname_t *owner)
{
	knot_dname_storage_t name;
	if (zone->has_sts && zone_sts_name(name, owner)) {
		zone_want(zone, name);
	}
}

static bool has_proxied(const policy_t *policy, int family, const knot_rrset_t *rrset)
{
	knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		if (policy_proxied(policy, family, rdata->data) != NULL) {
			return true;
		}
		rdata = knot_rdataset_next(rdata);
	}
	return false;
}

/*! May this target be steered? Rather once too often. */
static bool is_suspect(const zone_t *zone, const knot_dname_t *target, const host_t *host)
{
	return host->state != HOST_FOUND || host->proxy_name ||
	       has_proxied(zone->policy, 4, &host->a) ||
	       has_proxied(zone->policy, 6, &host->aaaa) ||
	       names_cover(&zone->policy->proxy_names, target);
}

static void ask_targets(zone_t *zone, const node_t *owner, uint16_t type)
{
	const set_t *set = node_set(owner, type);
	knot_rdata_t *rdata = set != NULL ? set->rrs.rdata : NULL;
	bool eager = zone->owners.count <= EAGER_MAX;
	for (size_t i = 0; set != NULL && i < set->rrs.count; i++) {
		const knot_dname_t *target = knot_rdata_name(rdata, type);
		rdata = knot_rdataset_next(rdata);
		if (*target == '\0') {
			continue;
		}
		host_t host;
		zone_want(zone, target); /* Also where another zone of the run knows better. */
		zone_follow(zone, target, &host);
		if (type == KNOT_RRTYPE_MX && (eager || is_suspect(zone, target, &host))) {
			want_tlsa(zone, target);
			want_sts(zone, owner->name);
		}
	}
}

static void ask_host(zone_t *zone, const knot_dname_t *name)
{
	host_t host;
	zone_want(zone, name);
	zone_follow(zone, name, &host);
}

/*! The exchanges of a name that SPF authorises. */
static void ask_exchanges(zone_t *zone, const knot_dname_t *name)
{
	knot_rrset_t mx;
	if (!name_in_zone(name, zone->apex) ||
	    zone_lookup(zone, name, KNOT_RRTYPE_MX, &mx) != KNOT_EOK) {
		return;
	}
	knot_rdata_t *rdata = mx.rrs.rdata;
	for (uint16_t i = 0; i < mx.rrs.count && i < SPF_LOOKUPS_MAX; i++) {
		ask_host(zone, knot_mx_name(rdata));
		rdata = knot_rdataset_next(rdata);
	}
}

static void ask_spf(zone_t *zone, const node_t *owner)
{
	const set_t *set = node_set(owner, KNOT_RRTYPE_TXT);
	knot_rdata_t *rdata = set != NULL ? set->rrs.rdata : NULL;
	for (size_t i = 0; set != NULL && i < set->rrs.count; i++) {
		spf_t spf;
		spf_term_t term;
		if (spf_is(rdata->data, rdata->len)) {
			spf_begin(&spf, rdata->data, rdata->len, owner->name);
			while (spf_next(&spf, &term)) {
				if (term.kind == SPF_A) {
					ask_host(zone, term.name);
				} else if (term.kind == SPF_MX) {
					ask_exchanges(zone, term.name);
				}
			}
		}
		rdata = knot_rdataset_next(rdata);
	}
}

static void ask_hosts(zone_t *zone, const names_t *hosts)
{
	for (size_t i = 0; i < hosts->count; i++) {
		if (!hosts->at[i].below && name_in_zone(hosts->at[i].name, zone->apex)) {
			ask_host(zone, hosts->at[i].name);
		}
	}
}

/*! All questions an audit will have, as far as they are known by now. */
static void ask(zone_t *zone)
{
	const policy_t *policy = zone->policy;
	ask_host(zone, policy->exchange);
	want_tlsa(zone, policy->exchange);
	ask_hosts(zone, &policy->mail_hosts);
	ask_hosts(zone, &policy->web_hosts);
	for (size_t i = 0; i < zone->matches.count; i++) {
		ask_host(zone, zone->matches.at[i]->name);
	}
	for (size_t i = 0; i < zone->owners.count; i++) {
		const node_t *owner = zone->owners.at[i];
		ask_targets(zone, owner, KNOT_RRTYPE_MX);
		if (policy_mail_service(policy, owner->name)) {
			ask_targets(zone, owner, KNOT_RRTYPE_SRV);
		}
		ask_spf(zone, owner);
	}
}

/*! Flags the nodes at or below which a set's patterns may match names. */
static void flag_patterns(zone_t *zone, const names_t *hosts, bool *any)
{
	for (size_t i = 0; i < hosts->count; i++) {
		if (!hosts->at[i].below) {
			continue;
		}
		const knot_dname_t *name = hosts->at[i].name;
		if (!name_in_zone(name, zone->apex)) {
			name = zone->apex;
		}
		node_t *node = nodes_want(&zone->nodes, name);
		if (node == NULL) {
			zone->failed = true;
		} else {
			node->below = true;
			*any = true;
		}
	}
}

int zone_resolve(zone_t *zone, const policy_t *policy, zones_t *zones,
                 char err[static ZONE_ERR_MAX])
{
	bool patterns = false;
	zone->policy = policy;
	zone->zones = zones;
	flag_patterns(zone, &policy->mail_hosts, &patterns);
	flag_patterns(zone, &policy->web_hosts, &patterns);
	zone->matched = !patterns;

	/* Every pass makes names known, and aliases are followed for so many links only. */
	for (;;) {
		bool more = false;
		ask(zone);
		if (nodes_wanting(&zone->nodes) || !zone->matched) {
			int ret = zone_gather(zone, err);
			if (ret != KNOT_EOK) {
				return ret;
			}
			more = true;
		}
		for (zone_t *other = zones_pending(zones); other != NULL;
		     other = zones_pending(zones)) {
			int ret = zone_gather(other, err);
			if (ret != KNOT_EOK) {
				return ret;
			}
			more = true;
		}
		if (zone->failed) {
			return source_error(err, KNOT_ENOMEM, zone->source.name, 0,
			                    "not enough memory");
		}
		if (!more) {
			aliases_clear(&zone->aliases);
			return KNOT_EOK;
		}
	}
}
