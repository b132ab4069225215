/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Answering from signed zones the way knotd does: proofs at the end of the authority section,
 * RRSIGs at the end of each section.
 */

#undef NDEBUG

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/lib/signed_zone.h"

typedef struct {
	test_reply_t *reply;
	const signed_zone_t *zone;
	const reply_rr_t *old; /* The response without signatures. */
	size_t old_count;
	size_t *moved;         /* Where its RRsets are now. */
} put_t;

static reply_rr_t *put(put_t *put, const reply_rr_t *rr)
{
	test_reply_t *reply = put->reply;
	reply->at = realloc(reply->at, (reply->count + 1) * sizeof(*reply->at));
	assert(reply->at != NULL);
	reply->at[reply->count] = *rr;
	return &reply->at[reply->count++];
}

/* Proofs */

static void put_proof(put_t *put_, const knot_rrset_t *rrset, knot_section_t section)
{
	for (size_t i = 0; i < put_->reply->count; i++) {
		if (put_->reply->at[i].rrset.rrs.rdata == rrset->rrs.rdata) {
			return;
		}
	}
	if (rrset->rrs.count > 0) {
		reply_rr_t *rr = put(put_, &(reply_rr_t){ *rrset, NULL, section,
		                     section == KNOT_ADDITIONAL ? KNOT_PF_NOTRUNC
		                                                : KNOT_PF_CHECKDUP,
		                     HINT_NONE, 0 });
		rr->owner = knot_dname_copy(rrset->owner, NULL);
		assert(rr->owner != NULL);
	}
}

static void put_node_nsec(put_t *put, const test_node_t *node)
{
	knot_rrset_t nsec = node_rrset(node, KNOT_RRTYPE_NSEC);
	put_proof(put, &nsec, KNOT_AUTHORITY);
}

/* The record of a name, or of the last one before it that has one. */
static void put_covering_nsec(put_t *put, const knot_dname_t *name)
{
	const test_zone_t *zone = put->zone->zone;
	const test_node_t *node = zone_node(zone, name);
	if (node == NULL || node->count == 0) {
		size_t i = zone->count;
		while (i > 0 && (name_compare(zone->nodes[i - 1].name, name) >= 0 ||
		                 node_rrset(&zone->nodes[i - 1],
		                            KNOT_RRTYPE_NSEC).rrs.count == 0)) {
			i--;
		}
		assert(i > 0);
		node = &zone->nodes[i - 1];
	}
	put_node_nsec(put, node);
}

static const hashed_t *hashed_of(const put_t *put, const test_node_t *node)
{
	for (size_t i = 0; i < put->zone->count; i++) {
		if (put->zone->hashed[i].node == node) {
			return &put->zone->hashed[i];
		}
	}
	return NULL;
}

static void put_hashed(put_t *put, const hashed_t *hashed)
{
	if (hashed != NULL) {
		put_proof(put, hashed->rrset, KNOT_AUTHORITY);
	}
}

static void put_covering_nsec3(put_t *put, const knot_dname_t *name)
{
	const signed_zone_t *zone = put->zone;
	uint8_t hash[NSEC3_HASH];
	int ret = zone->hash(hash, name, 0, &zone->params);
	assert(ret == KNOT_EOK);
	size_t i = zone->count;
	while (i > 0 && memcmp(zone->hashed[i - 1].hash, hash, NSEC3_HASH) > 0) {
		i--;
	}
	put_hashed(put, &zone->hashed[i > 0 ? i - 1 : zone->count - 1]);
}

static const test_node_t *nsec3_encloser(const put_t *put, const test_node_t *node)
{
	while (hashed_of(put, node) == NULL) {
		node = zone_node(put->zone->zone, node->name + 1 + *node->name);
	}
	return node;
}

static void put_next_closer(put_t *put, const knot_dname_t *name, const test_node_t *encloser)
{
	put_covering_nsec3(put, name_suffix(name, knot_dname_labels(encloser->name, NULL) + 1));
}

static void put_closest(put_t *put, const knot_dname_t *name, const test_node_t *encloser)
{
	put_hashed(put, hashed_of(put, encloser));
	put_next_closer(put, name, encloser);
}

static void make_wildcard(knot_dname_storage_t out, const test_node_t *encloser)
{
	size_t size = knot_dname_size(encloser->name);
	assert(size + 2 <= KNOT_DNAME_MAXLEN);
	out[0] = 1;
	out[1] = '*';
	memcpy(out + 2, encloser->name, size);
}

static bool is_expanded(const reply_step_t *step)
{
	return knot_dname_is_wildcard(step->node->name) && !knot_dname_is_wildcard(step->name);
}

static void prove_nxdomain(put_t *put, const reply_step_t *end)
{
	knot_dname_storage_t wildcard;
	if (put->zone->how == DENIAL_NSEC) {
		make_wildcard(wildcard, end->encloser);
		put_covering_nsec(put, end->name);
		put_covering_nsec(put, wildcard);
		return;
	}
	const test_node_t *encloser = nsec3_encloser(put, end->encloser);
	make_wildcard(wildcard, encloser);
	put_closest(put, end->name, encloser);
	put_covering_nsec3(put, wildcard);
}

static void prove_nodata(put_t *put, const reply_step_t *end)
{
	if (put->zone->how == DENIAL_NSEC) {
		if (end->node->count == 0) {
			put_covering_nsec(put, end->node->name);
		} else {
			put_node_nsec(put, end->node);
		}
		return;
	}
	put_hashed(put, hashed_of(put, end->node));
	if (is_expanded(end) || hashed_of(put, end->node) == NULL) {
		put_closest(put, end->name, nsec3_encloser(put, end->encloser));
	}
}

static void prove_wild(put_t *put, const reply_step_t *step)
{
	if (!is_expanded(step)) {
		return;
	}
	if (put->zone->how == DENIAL_NSEC) {
		put_covering_nsec(put, step->name);
	} else {
		const test_node_t *parent = zone_node(put->zone->zone, step->node->name + 2);
		put_next_closer(put, step->name, nsec3_encloser(put, parent));
	}
}

static void prove_delegation(put_t *put, const reply_search_t *search)
{
	knot_rrset_t ds = node_rrset(search->end.node, KNOT_RRTYPE_DS);
	if (ds.rrs.count > 0) {
		put_proof(put, &ds, KNOT_AUTHORITY);
	} else {
		prove_nodata(put, &search->end);
	}
}

static void put_proofs(put_t *put)
{
	const reply_search_t *search = &put->reply->search;
	switch (search->state) {
	case REPLY_MISS:
		prove_nxdomain(put, &search->end);
		break;
	case REPLY_NODATA:
		prove_nodata(put, &search->end);
		break;
	case REPLY_DELEG:
		prove_delegation(put, search);
		break;
	default:
		break;
	}
	for (size_t i = 0; i < search->wild_count; i++) {
		prove_wild(put, &search->wilds[i]);
	}
}

/* SVCB and HTTPS RRs: what their targets have besides addresses, or have not. */
static void put_target_proofs(put_t *put, const reply_rr_t *rr)
{
	uint16_t type = rr->rrset.type;
	for (uint16_t i = 0; i < rr->rrset.rrs.count &&
	     (type == KNOT_RRTYPE_SVCB || type == KNOT_RRTYPE_HTTPS); i++) {
		const knot_dname_t *target = knot_rdata_name(knot_rdataset_at(&rr->rrset.rrs, i),
		                                             type);
		const test_node_t *encloser;
		const test_node_t *node = zone_node_or_wildcard(put->zone->zone, target, &encloser);
		if (node != NULL && put->zone->how == DENIAL_NSEC) {
			knot_rrset_t nsec = node_rrset(node, KNOT_RRTYPE_NSEC);
			put_proof(put, &nsec, KNOT_ADDITIONAL);
		} else if (node != NULL && hashed_of(put, node) != NULL) {
			put_proof(put, hashed_of(put, node)->rrset, KNOT_ADDITIONAL);
		}
	}
}

/* Signatures */

/* The RRSIGs of the node that an RRset is from. */
static knot_rrset_t source_sigs(const put_t *put, const reply_rr_t *rr)
{
	for (size_t i = 0; i < put->zone->count; i++) {
		if (put->zone->hashed[i].rrset->rrs.rdata == rr->rrset.rrs.rdata) {
			return *put->zone->hashed[i].sigs;
		}
	}
	const reply_search_t *search = &put->reply->search;
	const test_node_t *node = zone_node(put->zone->zone, rr->rrset.owner);
	for (size_t i = 0; i < search->wild_count && node == NULL; i++) {
		if (knot_dname_is_equal(search->wilds[i].name, rr->rrset.owner)) {
			node = search->wilds[i].node;
		}
	}
	return node != NULL ? node_rrset(node, KNOT_RRTYPE_RRSIG) : (knot_rrset_t){ 0 };
}

static void put_sigs(put_t *put_, size_t of)
{
	const reply_rr_t rr = put_->reply->at[of];
	const knot_rrset_t all = source_sigs(put_, &rr);
	knot_rrset_t sigs;
	knot_rrset_init(&sigs, NULL, KNOT_RRTYPE_RRSIG, KNOT_CLASS_IN, rr.rrset.ttl);
	for (uint16_t i = 0; i < all.rrs.count; i++) {
		knot_rdata_t *rdata = knot_rdataset_at(&all.rrs, i);
		if (knot_rrsig_type_covered(rdata) == rr.rrset.type) {
			int ret = knot_rdataset_add(&sigs.rrs, rdata, NULL);
			assert(ret == KNOT_EOK);
		}
	}
	if (sigs.rrs.count > 0) {
		sigs.owner = knot_dname_copy(rr.rrset.owner, NULL);
		uint16_t flags = KNOT_PF_FREE;
		flags |= rr.section == KNOT_ADDITIONAL ? KNOT_PF_NOTRUNC : 0;
		flags |= rr.flags & KNOT_PF_SOAMINTTL ? 0 : KNOT_PF_ORIGTTL;
		reply_rr_t *sig = put(put_, &(reply_rr_t){ sigs, NULL, rr.section, flags, (int)of,
		                      HINT_OWNER });
		sig->owner = knot_dname_copy(rr.owner, NULL);
		assert(sigs.owner != NULL && sig->owner != NULL);
	}
}

static void put_section(put_t *put_, knot_section_t section)
{
	size_t first = put_->reply->count;
	for (size_t i = 0; i < put_->old_count; i++) {
		if (put_->old[i].section != section) {
			continue;
		}
		put_->moved[i] = put_->reply->count;
		reply_rr_t *rr = put(put_, &put_->old[i]);
		if (rr->hint_rr >= 0) {
			rr->hint_rr = (int)put_->moved[rr->hint_rr];
		}
	}
	if (section == KNOT_AUTHORITY) {
		put_proofs(put_);
	}
	for (size_t i = 0; section == KNOT_ADDITIONAL && i < put_->old_count; i++) {
		if (put_->old[i].section != KNOT_ADDITIONAL) {
			put_target_proofs(put_, &put_->old[i]);
		}
	}
	for (size_t i = first, end = put_->reply->count; i < end; i++) {
		if (put_->reply->at[i].rrset.type != KNOT_RRTYPE_RRSIG) {
			put_sigs(put_, i);
		}
	}
}

void signed_zone_reply(test_reply_t *reply, const signed_zone_t *zone, const knot_dname_t *qname,
                   uint16_t qtype, int options)
{
	reply_make(reply, zone->zone, qname, qtype, options);
	reply_rr_t *old = reply->at;
	size_t moved[reply->count + 1];
	put_t all = { reply, zone, old, reply->count, moved };
	reply->at = NULL;
	reply->count = 0;
	put_section(&all, KNOT_ANSWER);
	put_section(&all, KNOT_AUTHORITY);
	put_section(&all, KNOT_ADDITIONAL);
	free(old);
}
