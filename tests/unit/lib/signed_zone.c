/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Signing zones in memory.
 */

#undef NDEBUG

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "module/nsec3_hash.h"
#include "tests/unit/lib/fake_keys.h"
#include "tests/unit/lib/signed_zone.h"

#define SIGS_END 2000000000

static bool has(const test_node_t *node, uint16_t type)
{
	return node_rrset(node, type).rrs.count > 0;
}

static bool is_cut(const signed_zone_t *zone, const test_node_t *node)
{
	return node != &zone->zone->nodes[0] && has(node, KNOT_RRTYPE_NS);
}

/* True if the zone is authoritative for a node: it is not below a delegation. */
static bool is_authoritative(const signed_zone_t *zone, const test_node_t *node)
{
	const test_node_t *delegation = zone_delegation(zone->zone, node->name);
	return delegation == NULL || delegation == node;
}

/* True if something at or below a node has a record, so that the NSEC3 chain has the node. */
static bool is_secure(const signed_zone_t *zone, const test_node_t *node)
{
	const test_node_t *end = zone->zone->nodes + zone->zone->count;
	for (const test_node_t *at = node; at < end &&
	     knot_dname_in_bailiwick(at->name, node->name) >= 0; at++) {
		if (is_authoritative(zone, at) && at->count > 0 &&
		    (!is_cut(zone, at) || has(at, KNOT_RRTYPE_DS))) {
			return true;
		}
	}
	return false;
}

static bool is_signed(const signed_zone_t *zone, const test_node_t *node, uint16_t type)
{
	return type != KNOT_RRTYPE_RRSIG &&
	       (!is_cut(zone, node) || type == KNOT_RRTYPE_DS || type == KNOT_RRTYPE_NSEC);
}

static uint8_t labels_of(const knot_dname_t *owner)
{
	return knot_dname_labels(owner, NULL) - knot_dname_is_wildcard(owner);
}

static void add_sig(const signed_zone_t *zone, knot_rdataset_t *sigs, const knot_rrset_t *rrset)
{
	test_sig_t sig = { rrset->type, labels_of(rrset->owner), rrset->ttl, SIGS_END,
	                   zone->zone->apex, fake_key_hash(rrset) };
	fake_key_sign(sigs, rrset->type == KNOT_RRTYPE_DNSKEY ? KEY_KSK : KEY_ONE, &sig);
}

static knot_rrset_t *make(const knot_dname_t *owner, uint16_t type, uint32_t ttl)
{
	knot_rrset_t *rrset = knot_rrset_new(owner, type, KNOT_CLASS_IN, ttl, NULL);
	assert(rrset != NULL);
	return rrset;
}

static knot_rrset_t *make_one(const knot_dname_t *owner, uint16_t type, uint32_t ttl,
                              const uint8_t *rdata, size_t size)
{
	knot_rrset_t *rrset = make(owner, type, ttl);
	int ret = knot_rrset_add_rdata(rrset, rdata, size, NULL);
	assert(ret == KNOT_EOK);
	return rrset;
}

/* The bitmap of a node, in the octets at the end of RDATA. */
static size_t put_types(const signed_zone_t *zone, const test_node_t *node, uint8_t *out)
{
	static bitmap_t types;
	bitmap_clear(&types);
	bool any = false;
	for (size_t i = 0; i < node->count; i++) {
		uint16_t type = node->rrsets[i]->type;
		bool own = is_signed(zone, node, type);
		if (own || type == KNOT_RRTYPE_NS) {
			bitmap_add(&types, type);
		}
		any |= own;
	}
	if (zone->how == DENIAL_NSEC) {
		bitmap_add(&types, KNOT_RRTYPE_NSEC);
	}
	if (any || zone->how == DENIAL_NSEC) {
		bitmap_add(&types, KNOT_RRTYPE_RRSIG);
	}
	bitmap_write(&types, out);
	return bitmap_size(&types);
}

static void add_keys(const signed_zone_t *zone)
{
	const knot_dname_t *apex = zone->zone->apex;
	knot_rrset_t *keys = make(apex, KNOT_RRTYPE_DNSKEY, 3600);
	fake_key_add(&keys->rrs, KEY_KSK);
	fake_key_add(&keys->rrs, KEY_ONE);
	zone_add(zone->zone, keys);
	if (zone->how != DENIAL_NSEC) {
		uint8_t rdata[5 + UINT8_MAX] = { 1, 0 };
		knot_wire_write_u16(rdata + 2, zone->params.iterations);
		rdata[4] = zone->params.salt_len;
		memcpy(rdata + 5, zone->params.salt, rdata[4]);
		zone_add(zone->zone, make_one(apex, KNOT_RRTYPE_NSEC3PARAM, 0, rdata,
		                              5 + rdata[4]));
	}
}

static void add_nsec(const signed_zone_t *zone)
{
	const test_zone_t *in = zone->zone;
	knot_dname_t *next = in->apex;
	for (size_t i = in->count; i-- > 0;) {
		test_node_t *node = &in->nodes[i];
		if (!is_authoritative(zone, node) || node->count == 0) {
			continue;
		}
		uint8_t rdata[KNOT_DNAME_MAXLEN + 256 * 34];
		size_t size = knot_dname_size(next);
		memcpy(rdata, next, size);
		size += put_types(zone, node, rdata + size);
		zone_add(zone->zone, make_one(node->name, KNOT_RRTYPE_NSEC, 900, rdata, size));
		next = node->name;
	}
}

static int hashed_cmp(const void *a, const void *b)
{
	return memcmp(((const hashed_t *)a)->hash, ((const hashed_t *)b)->hash, NSEC3_HASH);
}

static void add_nsec3(signed_zone_t *zone)
{
	const test_zone_t *in = zone->zone;
	zone->hashed = calloc(in->count, sizeof(*zone->hashed));
	assert(zone->hashed != NULL);
	for (size_t i = 0; i < in->count; i++) {
		const test_node_t *node = &in->nodes[i];
		if (!is_authoritative(zone, node) ||
		    (zone->how == DENIAL_OPT_OUT && !is_secure(zone, node))) {
			continue;
		}
		hashed_t *hashed = &zone->hashed[zone->count++];
		hashed->node = node;
		int ret = zone->hash(hashed->hash, node->name, 0, &zone->params);
		assert(ret == KNOT_EOK);
	}
	qsort(zone->hashed, zone->count, sizeof(*zone->hashed), hashed_cmp);
	for (size_t i = 0; i < zone->count; i++) {
		hashed_t *hashed = &zone->hashed[i];
		uint8_t rdata[6 + UINT8_MAX + NSEC3_HASH + 256 * 34] = { 1 };
		uint8_t *to = rdata + 5 + zone->params.salt_len;
		rdata[1] = zone->how == DENIAL_OPT_OUT;
		knot_wire_write_u16(rdata + 2, zone->params.iterations);
		rdata[4] = zone->params.salt_len;
		memcpy(rdata + 5, zone->params.salt, zone->params.salt_len);
		*to++ = NSEC3_HASH;
		memcpy(to, zone->hashed[(i + 1) % zone->count].hash, NSEC3_HASH);
		to += NSEC3_HASH;
		to += put_types(zone, hashed->node, to);

		knot_dname_storage_t owner;
		bool fits = nsec3_owner(owner, hashed->hash, in->apex);
		assert(fits);
		hashed->rrset = make_one(owner, KNOT_RRTYPE_NSEC3, 900, rdata, to - rdata);
		hashed->sigs = make(owner, KNOT_RRTYPE_RRSIG, 900);
		add_sig(zone, &hashed->sigs->rrs, hashed->rrset);
	}
}

signed_zone_t *signed_zone_new(test_zone_t *in, denial_kind_t how, const char *salt,
                               nsec3_hash_f hash)
{
	signed_zone_t *zone = calloc(1, sizeof(*zone));
	assert(zone != NULL);
	zone->zone = in;
	zone->how = how;
	zone->hash = (hash != NULL) ? hash : nsec3_hash;
	zone->params.salt = (const uint8_t *)(salt != NULL ? salt : "");
	zone->params.salt_len = salt != NULL ? strlen(salt) : 0;
	zone->params.iterations = salt != NULL ? 1 : 0;
	add_keys(zone);
	if (how == DENIAL_NSEC) {
		add_nsec(zone);
	} else {
		add_nsec3(zone);
	}
	for (size_t i = 0; i < in->count; i++) {
		test_node_t *node = &in->nodes[i];
		knot_rrset_t *sigs = make(node->name, KNOT_RRTYPE_RRSIG, 3600);
		for (size_t j = 0; j < node->count && is_authoritative(zone, node); j++) {
			if (is_signed(zone, node, node->rrsets[j]->type)) {
				add_sig(zone, &sigs->rrs, node->rrsets[j]);
			}
		}
		if (sigs->rrs.count > 0) {
			zone_add(zone->zone, sigs);
		} else {
			knot_rrset_free(sigs, NULL);
		}
	}
	return zone;
}

void signed_zone_free(signed_zone_t *zone)
{
	for (size_t i = 0; i < zone->count; i++) {
		knot_rrset_free(zone->hashed[i].rrset, NULL);
		knot_rrset_free(zone->hashed[i].sigs, NULL);
	}
	free(zone->hashed);
	zone_free(zone->zone);
	free(zone);
}
