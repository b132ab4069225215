/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Keys and signatures for tests.
 */

#undef NDEBUG

#include <assert.h>
#include <string.h>

#include "tests/unit/lib/fake_keys.h"

/* Octets of RRSIG RDATA before the signer's name. */
#define RRSIG_FIXED 18

const test_key_t test_keys[KEY_COUNT] = {
	[KEY_ONE] = { 256, 13, "first key", 13680 },
	[KEY_TWO] = { 256, 13, "second key!", 61482 },
	[KEY_KSK] = { 257, 13, "key signing", 37850 },
	[KEY_RSA] = { 256, 8, "other algorithm", 27312 },
	[KEY_SAME_TAG] = { 256, 8, "\xb9gx", 13680 },
};

static void add(knot_rdataset_t *set, const uint8_t *data, size_t size)
{
	uint16_t rdata[knot_rdata_size(size) / 2];
	knot_rdata_init((knot_rdata_t *)rdata, size, data);
	int ret = knot_rdataset_add(set, (knot_rdata_t *)rdata, NULL);
	assert(ret == KNOT_EOK);
}

void fake_key_add(knot_rdataset_t *dnskeys, int key)
{
	const test_key_t *from = &test_keys[key];
	uint8_t data[256];
	size_t size = strlen(from->key);
	knot_wire_write_u16(data, from->flags);
	data[2] = 3;
	data[3] = from->algorithm;
	memcpy(data + 4, from->key, size);
	add(dnskeys, data, 4 + size);
}

void fake_key_sign(knot_rdataset_t *rrsigs, int key, const test_sig_t *sig)
{
	uint8_t data[RRSIG_FIXED + KNOT_DNAME_MAXLEN + 8];
	size_t size = knot_dname_size(sig->zone);
	knot_wire_write_u16(data, sig->covered);
	data[2] = test_keys[key].algorithm;
	data[3] = sig->labels;
	knot_wire_write_u32(data + 4, sig->ttl);
	knot_wire_write_u32(data + 8, sig->end);
	knot_wire_write_u32(data + 12, sig->end - 3600);
	knot_wire_write_u16(data + 16, test_keys[key].tag);
	memcpy(data + RRSIG_FIXED, sig->zone, size);
	knot_wire_write_u64(data + RRSIG_FIXED + size, sig->signature);
	add(rrsigs, data, RRSIG_FIXED + size + 8);
}

uint64_t fake_key_signature(const knot_rdata_t *rrsig)
{
	return knot_wire_read_u64(rrsig->data + rrsig->len - 8);
}

static uint64_t more(uint64_t hash, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		hash = (hash ^ data[i]) * UINT64_C(0x100000001b3);
	}
	return hash;
}

uint64_t fake_key_hash(const knot_rrset_t *rrset)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ rrset->type;
	hash = more(hash, rrset->owner, knot_dname_size(rrset->owner));
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		hash = more(hash, (const uint8_t *)&rdata->len, sizeof(rdata->len));
		hash = more(hash, rdata->data, rdata->len);
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	return hash;
}
