/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Reading and making NSEC and NSEC3 RRsets, and what RRSIGs tell of wildcards.
 */

#include <string.h>

#include "policy/denial.h"

bool denial_types(bitmap_t *types, const knot_rrset_t *rrset)
{
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	if (rrset->type == KNOT_RRTYPE_NSEC) {
		return bitmap_read(types, knot_nsec_bitmap(rdata), knot_nsec_bitmap_len(rdata));
	}
	return bitmap_read(types, knot_nsec3_bitmap(rdata), knot_nsec3_bitmap_len(rdata));
}

int denial_hash(const denial_t *denial, uint8_t hash[static NSEC3_HASH], const knot_dname_t *name)
{
	int ret = denial->judge->response->hash(hash, name, &denial->params);
	if (ret != KNOT_EOK) {
		denial->judge->error = KNOT_ENOMEM;
	}
	return ret;
}

bool denial_wildcard(knot_dname_storage_t out, const knot_dname_t *name, int encloser)
{
	return name_wildcard(out, name_suffix(name, encloser));
}

int denial_encloser(const judge_t *judge, const knot_dname_t *owner, uint16_t type)
{
	int labels = knot_dname_labels(owner, NULL);
	int own = knot_dname_is_wildcard(owner) ? labels - 1 : labels;
	for (size_t i = 0; i < judge->response->count; i++) {
		const policy_item_t *item = &judge->response->items[i];
		if (item->rrset->type != KNOT_RRTYPE_RRSIG ||
		    !name_equal(item->owner, owner)) {
			continue;
		}
		const knot_rdata_t *sig = item->rrset->rrs.rdata;
		uint16_t covered = knot_rrsig_type_covered(sig);
		if (covered == type || (type == 0 && covered != KNOT_RRTYPE_NSEC)) {
			return knot_rrsig_labels(sig) < own ? knot_rrsig_labels(sig) : POLICY_OWN;
		}
	}
	return POLICY_OWN;
}

void denial_add_served(const denial_t *denial, bitmap_t *types)
{
	const policy_t *policy = denial->judge->policy;
	if (policy->mail4.count > 0) {
		bitmap_add(types, KNOT_RRTYPE_A);
	}
	if (policy->mail6.count > 0) {
		bitmap_add(types, KNOT_RRTYPE_AAAA);
	}
	bitmap_add(types, KNOT_RRTYPE_RRSIG);
}

/* RFC 9077: as long as a negative answer. */
static uint32_t negative_ttl(const denial_t *denial)
{
	judge_t *judge = denial->judge;
	knot_rrset_t soa = { 0 };
	if (judge->lookup(judge->ctx, judge->policy->zone, KNOT_RRTYPE_SOA, &soa) != KNOT_EOK ||
	    knot_rrset_empty(&soa)) {
		return judge->policy->ttl;
	}
	uint32_t minimum = knot_soa_minimum(soa.rrs.rdata);
	return soa.ttl < minimum ? soa.ttl : minimum;
}

static knot_rrset_t *make(const denial_t *denial, const knot_dname_t *owner, uint16_t type,
                          uint8_t *rdata, size_t fixed, const bitmap_t *types)
{
	bitmap_write(types, rdata + fixed);
	rdata_ref_t ref = { rdata, fixed + bitmap_size(types) };
	return response_rrset(denial->judge, owner, type, negative_ttl(denial), &ref, 1);
}

/* The largest bitmap: 256 windows. */
#define BITMAP_MAX (256 * 34)

knot_rrset_t *denial_nsec(const denial_t *denial, const knot_dname_t *owner,
                          const knot_dname_t *next, const bitmap_t *types)
{
	uint8_t rdata[KNOT_DNAME_MAXLEN + BITMAP_MAX];
	size_t size = knot_dname_size(next);
	memcpy(rdata, next, size);
	return make(denial, owner, KNOT_RRTYPE_NSEC, rdata, size, types);
}

knot_rrset_t *denial_nsec3(const denial_t *denial, const uint8_t hash[static NSEC3_HASH],
                           const uint8_t next[static NSEC3_HASH], uint8_t flags,
                           const bitmap_t *types)
{
	const nsec3_params_t *params = &denial->params;
	uint8_t rdata[6 + UINT8_MAX + NSEC3_HASH + BITMAP_MAX];
	rdata[0] = KNOT_NSEC3_ALGORITHM_SHA1;
	rdata[1] = flags;
	knot_wire_write_u16(rdata + 2, params->iterations);
	rdata[4] = params->salt_len;
	memcpy(rdata + 5, params->salt, params->salt_len);
	rdata[5 + params->salt_len] = NSEC3_HASH;
	memcpy(rdata + 6 + params->salt_len, next, NSEC3_HASH);

	knot_dname_storage_t owner;
	if (!nsec3_owner(owner, hash, denial->judge->policy->zone)) {
		denial->judge->error = KNOT_ENOMEM;
		return NULL;
	}
	return make(denial, owner, KNOT_RRTYPE_NSEC3, rdata, 6 + params->salt_len + NSEC3_HASH,
	            types);
}

knot_rrset_t *denial_rewrite(const denial_t *denial, const knot_rrset_t *rrset,
                             const bitmap_t *types)
{
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	if (rrset->type == KNOT_RRTYPE_NSEC) {
		return denial_nsec(denial, rrset->owner, knot_nsec_next(rdata), types);
	}
	uint8_t hash[NSEC3_HASH];
	return nsec3_owner_hash(hash, rrset->owner)
	       ? denial_nsec3(denial, hash, knot_nsec3_next(rdata), knot_nsec3_flags(rdata), types)
	       : NULL;
}

bool denial_is_nsec(const judge_t *judge, const policy_item_t *item)
{
	return item->rrset->type == KNOT_RRTYPE_NSEC &&
	       (item->section != KNOT_ANSWER ||
	        denial_encloser(judge, item->owner, KNOT_RRTYPE_NSEC) == POLICY_OWN);
}
