/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Keys by what DNSKEYs and RRSIGs show of them.
 */

#include "module/zonekeys.h"

key_id_t zonekeys_of(const knot_rdata_t *rrsig)
{
	return (key_id_t)knot_rrsig_alg(rrsig) << 16 | knot_rrsig_key_tag(rrsig);
}

/* RFC 4034 appendix B. RSA/MD5, which is different, signs no zone. */
static key_id_t dnskey_key(const knot_rdata_t *dnskey)
{
	uint32_t sum = 0;
	for (uint16_t i = 0; i < dnskey->len; i++) {
		sum += (i & 1) ? dnskey->data[i] : (uint32_t)dnskey->data[i] << 8;
	}
	uint16_t tag = (sum + (sum >> 16 & 0xffff)) & 0xffff;
	return (key_id_t)knot_dnskey_alg(dnskey) << 16 | tag;
}

uint64_t zonekeys_mark(key_id_t key)
{
	uint64_t mark = (key + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);
	return (mark ^ mark >> 32) * UINT64_C(0x9e3779b97f4a7c15);
}

uint64_t zonekeys_signing(const knot_rdataset_t *rrsigs)
{
	uint64_t soa = 0, other = 0;
	uint16_t type = 0;
	knot_rdata_t *rrsig = rrsigs->rdata;
	for (uint16_t i = 0; i < rrsigs->count; i++) {
		uint16_t covered = knot_rrsig_type_covered(rrsig);
		if (covered == KNOT_RRTYPE_SOA) {
			soa += zonekeys_mark(zonekeys_of(rrsig));
		} else if (covered != KNOT_RRTYPE_DNSKEY && covered != KNOT_RRTYPE_CDS &&
		           covered != KNOT_RRTYPE_CDNSKEY && (type == 0 || type == covered)) {
			type = covered;
			other += zonekeys_mark(zonekeys_of(rrsig));
		}
		rrsig = knot_rdataset_next(rrsig);
	}
	return soa != 0 ? soa : other;
}

bool zonekeys_has(const knot_rdataset_t *dnskeys, key_id_t key)
{
	knot_rdata_t *dnskey = dnskeys->rdata;
	for (uint16_t i = 0; i < dnskeys->count; i++) {
		if (dnskey_key(dnskey) == key) {
			return true;
		}
		dnskey = knot_rdataset_next(dnskey);
	}
	return false;
}
