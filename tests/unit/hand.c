/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What a signer signs with, in tests.
 */

#undef NDEBUG

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <urcu.h>

#include "tests/unit/hand.h"

const signer_zone_t hand_none = { { 0 }, { 0 } };

static int sign(void *ctx, knot_rrset_t *sigs, const knot_rrset_t *rrset)
{
	hand_t *hand = ctx;
	hand->calls++;
	hand->ttl = rrset->ttl;
	memcpy(hand->owner, rrset->owner, knot_dname_size(rrset->owner));
	assert(sigs->type == KNOT_RRTYPE_RRSIG && sigs->rrs.count == 0);
	assert(rrset->rclass == KNOT_CLASS_IN);
	for (size_t i = 0; i < hand->key_count && hand->ret == KNOT_EOK; i++) {
		test_sig_t sig = { rrset->type, knot_dname_labels(rrset->owner, NULL), rrset->ttl,
		                   hand->end, HAND_ZONE, keys_hash(rrset) };
		keys_sign(&sigs->rrs, hand->keys[i], &sig);
	}
	return hand->ret;
}

hand_t hand_of(int key, uint32_t end)
{
	return (hand_t){ .keys = { key }, .key_count = 1, .end = end };
}

signer_t *hand_signer(hand_t *hand, uint32_t lifetime)
{
	signer_t *signer = signer_new(HAND_ZONE, HAND_TTL, lifetime, sign, hand);
	assert(signer != NULL);
	return signer;
}

knot_rrset_t *hand_number(const knot_dname_t *owner, uint16_t type, uint32_t ttl, uint32_t value)
{
	uint8_t rdata[4];
	knot_wire_write_u32(rdata, value);
	knot_rrset_t *rrset = knot_rrset_new(owner, type, KNOT_CLASS_IN, ttl, NULL);
	assert(rrset != NULL);
	int ret = knot_rrset_add_rdata(rrset, rdata, sizeof(rdata), NULL);
	assert(ret == KNOT_EOK);
	return rrset;
}

const void *hand_get(signer_t *signer, const knot_dname_t *owner, uint16_t type, uint32_t value,
                     int encloser)
{
	knot_rrset_t *rrset = hand_number(owner, type, value % 7, value);
	const knot_rdataset_t *sigs = NULL;
	knot_dname_storage_t wildcard = "\1*";
	knot_rrset_t signable = *rrset;
	if (encloser >= 0) {
		const knot_dname_t *suffix = owner;
		while (knot_dname_labels(suffix, NULL) > (size_t)encloser) {
			suffix += 1 + *suffix;
		}
		memcpy(wildcard + 2, suffix, knot_dname_size(suffix));
		signable.owner = wildcard;
	}
	rcu_read_lock();
	assert_int_equal(signer_get(signer, &hand_none, rrset, encloser, &sigs), KNOT_EOK);
	assert_non_null(sigs);
	assert_int_equal(knot_rrsig_type_covered(sigs->rdata), type);
	assert_true(keys_signature(sigs->rdata) == keys_hash(&signable));
	rcu_read_unlock();
	knot_rrset_free(rrset, NULL);
	return sigs;
}
