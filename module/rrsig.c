/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Making and verifying signatures.
 */

#include <stdlib.h>
#include <string.h>

#include "dns/name.h"
#include "dns/rrset.h"
#include "module/rrsig.h"
#include "policy/response.h"

bool rrsig_check(const knot_rdata_t *rrsig)
{
	if (rrsig->len <= RRSIG_FIXED) {
		return false;
	}
	int size = knot_dname_wire_check(rrsig->data + RRSIG_FIXED, rrsig->data + rrsig->len, NULL);
	return size > 0 && RRSIG_FIXED + size < rrsig->len;
}

/* Makes embedded names lower case (RFC 4034 6.2), in place. */
static int lower_names(const knot_rrset_t *rrset)
{
	for_each_rdata(rdata, rrset) {
		knot_rrset_t one = *rrset;
		one.rrs = (knot_rdataset_t){ .count = 1, .size = knot_rdata_size(rdata->len),
		                             .rdata = rdata };
		int ret = knot_rrset_rr_to_canonical(&one);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	return KNOT_EOK;
}

static bool is_sorted(const knot_rdataset_t *rrs)
{
	const knot_rdata_t *last = NULL;
	for_each_in(rdata, rrs) {
		if (last != NULL && knot_rdata_cmp(last, rdata) >= 0) {
			return false;
		}
		last = rdata;
	}
	return true;
}

/* Sorts RDATA and leaves out what is there twice (RFC 4034 6.3). */
static int sort(knot_rdataset_t *rrs)
{
	knot_rdataset_t sorted = { 0 };
	for_each_in(rdata, rrs) {
		int ret = knot_rdataset_add(&sorted, rdata, NULL);
		if (ret != KNOT_EOK) {
			knot_rdataset_clear(&sorted, NULL);
			return ret;
		}
	}
	knot_rdataset_clear(rrs, NULL);
	*rrs = sorted;
	return KNOT_EOK;
}

/* RDATA is in wire format already, and an RRset that is signed may be larger than a message. */
static int add_wire(dnssec_sign_ctx_t *ctx, const knot_rrset_t *rrset)
{
	size_t owner = knot_dname_size(rrset->owner);
	uint8_t *wire = malloc(rrset->rrs.count * (owner + 10) + rrset->rrs.size);
	if (wire == NULL) {
		return KNOT_ENOMEM;
	}
	uint8_t *at = wire;
	for_each_rdata(rdata, rrset) {
		memcpy(at, rrset->owner, owner);
		at += owner;
		knot_wire_write_u16(at, rrset->type);
		knot_wire_write_u16(at + 2, rrset->rclass);
		knot_wire_write_u32(at + 4, rrset->ttl);
		knot_wire_write_u16(at + 8, rdata->len);
		memcpy(at + 10, rdata->data, rdata->len);
		at += 10 + rdata->len;
	}
	const dnssec_binary_t data = { at - wire, wire };
	int ret = dnssec_sign_add(ctx, &data) == KNOT_EOK ? KNOT_EOK : KNOT_ENOMEM;
	free(wire);
	return ret;
}

/* Adds an RRset in canonical form and order to what is signed (RFC 4034 3.1.8.1): RDATA that other
 * modules made may have upper-case letters. */
static int add_rrset(dnssec_sign_ctx_t *ctx, const knot_dname_t *owner, const knot_rrset_t *rrset,
                     uint32_t ttl)
{
	knot_rrset_t copy;
	knot_rrset_init(&copy, knot_dname_copy(owner, NULL), rrset->type, KNOT_CLASS_IN, ttl);
	int ret = knot_rdataset_copy(&copy.rrs, &rrset->rrs, NULL);
	if (ret == KNOT_EOK && copy.owner == NULL) {
		ret = KNOT_ENOMEM;
	}
	if (ret == KNOT_EOK) {
		ret = lower_names(&copy);
	}
	if (ret == KNOT_EOK && !is_sorted(&copy.rrs)) {
		ret = sort(&copy.rrs);
	}
	if (ret == KNOT_EOK) {
		ret = add_wire(ctx, &copy);
	}
	knot_rrset_clear(&copy, NULL);
	return ret;
}

/* Octets before the signature; writes them with the signer's name in lower case. */
static size_t copy_header(uint8_t *out, const knot_rdata_t *rrsig)
{
	size_t size = RRSIG_FIXED + knot_dname_size(knot_rrsig_signer_name(rrsig));
	memcpy(out, rrsig->data, size);
	knot_dname_to_lower(out + RRSIG_FIXED);
	return size;
}

bool rrsig_verify(const knot_rdata_t *rrsig, const knot_rrset_t *rrset, const dnssec_key_t *key)
{
	uint8_t header[RRSIG_FIXED + KNOT_DNAME_MAXLEN];
	size_t size = copy_header(header, rrsig);
	knot_dname_storage_t wildcard;
	const knot_dname_t *owner = rrset->owner;
	if (knot_rrsig_labels(rrsig) <
	    name_labels(owner) - knot_dname_is_wildcard(owner)) {
		(void)name_wildcard_at(wildcard, owner, knot_rrsig_labels(rrsig));
		owner = wildcard;
	}
	const dnssec_binary_t head = { size, header };
	const dnssec_binary_t signature = { rrsig->len - size, (uint8_t *)rrsig->data + size };
	dnssec_sign_ctx_t *ctx = NULL;
	bool ok =
		dnssec_sign_new(&ctx, key) == KNOT_EOK &&
		dnssec_sign_add(ctx, &head) == KNOT_EOK &&
		add_rrset(ctx, owner, rrset, knot_rrsig_original_ttl(rrsig)) == KNOT_EOK &&
		dnssec_sign_verify(ctx, false, &signature) == KNOT_EOK;
	dnssec_sign_free(ctx);
	return ok;
}

int rrsig_make(knot_rdataset_t *sigs, const dnssec_key_t *key, const knot_rrset_t *rrset,
               const knot_rdata_t *like)
{
	uint8_t header[RRSIG_FIXED + KNOT_DNAME_MAXLEN];
	size_t size = copy_header(header, like);
	knot_wire_write_u16(header, rrset->type);
	header[3] = name_labels(rrset->owner) - knot_dname_is_wildcard(rrset->owner);
	knot_wire_write_u32(header + 4, rrset->ttl);

	const dnssec_binary_t head = { size, header };
	dnssec_binary_t signature = { 0 };
	dnssec_sign_ctx_t *ctx = NULL;
	int ret = KNOT_DNSSEC_ENOSIG;
	if (dnssec_sign_new(&ctx, key) == KNOT_EOK &&
	    dnssec_sign_add(ctx, &head) == KNOT_EOK &&
	    add_rrset(ctx, rrset->owner, rrset, rrset->ttl) == KNOT_EOK &&
	    dnssec_sign_write(ctx, DNSSEC_SIGN_NORMAL, &signature) == KNOT_EOK) {
		knot_rdata_t *rrsig = malloc(knot_rdata_size(size + signature.size));
		ret = KNOT_ENOMEM;
		if (rrsig != NULL) {
			rrsig->len = size + signature.size; /* RSA has at most 4096 bits. */
			memcpy(rrsig->data, header, size);
			memcpy(rrsig->data + size, signature.data, signature.size);
			ret = knot_rdataset_add(sigs, rrsig, NULL);
		}
		free(rrsig);
	}
	dnssec_binary_free(&signature);
	dnssec_sign_free(ctx);
	return ret;
}
