/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Keys are made as knotd does it; what is signed is put together here once more.
 */

#undef NDEBUG

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/lib/signed_apex.h"

enum { FIXED = 18, WIRE_MAX = 60000 };

void signed_apex_new(signed_apex_t *apex)
{
	static const uint8_t soa[] = "\2ns\7example\3com\0\1h\7example\3com\0"
	                             "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5";
	memset(apex, 0, sizeof(*apex));
	const char *tmp = getenv("TMPDIR");
	(void)snprintf(apex->dir, sizeof(apex->dir), "%.40s/mxg-XXXXXX",
		       tmp != NULL ? tmp : "/tmp");
	assert(mkdtemp(apex->dir) != NULL);
	(void)snprintf(apex->store, sizeof(apex->store), "%s/keys", apex->dir);
	assert(dnssec_keystore_init_pkcs8(&apex->keystore) == KNOT_EOK);
	assert(dnssec_keystore_init(apex->keystore, apex->store) == KNOT_EOK);
	assert(dnssec_keystore_open(apex->keystore, apex->store) == KNOT_EOK);
	knot_rrset_init(&apex->soa, knot_dname_copy(APEX, NULL), KNOT_RRTYPE_SOA, KNOT_CLASS_IN,
			3600);
	assert(knot_rrset_add_rdata(&apex->soa, soa, sizeof(soa) - 1, NULL) == KNOT_EOK);
}

static void remove_files(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    unlinkat(dirfd(dir), entry->d_name, 0) != 0) {
			char below[512];
			(void)snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
			remove_files(below);
		}
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
	(void)rmdir(path);
}

void signed_apex_free(signed_apex_t *apex)
{
	(void)dnssec_keystore_deinit(apex->keystore);
	knot_rrset_clear(&apex->soa, NULL);
	knot_rdataset_clear(&apex->dnskey, NULL);
	knot_rdataset_clear(&apex->rrsigs, NULL);
	remove_files(apex->dir);
}

apex_key_t *apex_key_new(signed_apex_t *apex, int algorithm, uint16_t flags)
{
	apex_key_t *key = calloc(1, sizeof(*key));
	assert(key != NULL);
	key->algorithm = algorithm;
	unsigned bits = (algorithm == RSA) ? 1024 : dnssec_algorithm_key_size_default(algorithm);
	assert(dnssec_keystore_generate(apex->keystore, algorithm, bits, NULL, &key->id) ==
	       KNOT_EOK);
	assert(dnssec_key_new(&key->key) == KNOT_EOK);
	assert(dnssec_key_set_algorithm(key->key, algorithm) == KNOT_EOK);
	assert(dnssec_key_set_flags(key->key, flags) == KNOT_EOK);
	assert(dnssec_keystore_get_private(apex->keystore, key->id, key->key) == KNOT_EOK);
	key->tag = dnssec_key_get_keytag(key->key);
	dnssec_binary_t rdata;
	assert(dnssec_key_get_rdata(key->key, &rdata) == KNOT_EOK);
	key->dnskey = malloc(knot_rdata_size(rdata.size));
	assert(key->dnskey != NULL);
	knot_rdata_init(key->dnskey, rdata.size, rdata.data);
	return key;
}

void apex_key_free(apex_key_t *key)
{
	dnssec_key_free(key->key);
	free(key->dnskey);
	free(key->id);
	free(key);
}

const char *apex_key_path(const signed_apex_t *apex, const apex_key_t *key)
{
	static char path[200];
	(void)snprintf(path, sizeof(path), "%s/%s.pem", apex->store, key->id);
	return path;
}

void apex_show(signed_apex_t *apex, const apex_key_t *key)
{
	assert(knot_rdataset_add(&apex->dnskey, key->dnskey, NULL) == KNOT_EOK);
}

void apex_hide(signed_apex_t *apex, const apex_key_t *key)
{
	knot_rdataset_t gone = { 0 };
	assert(knot_rdataset_add(&gone, key->dnskey, NULL) == KNOT_EOK);
	assert(knot_rdataset_subtract(&apex->dnskey, &gone, NULL) == KNOT_EOK);
	knot_rdataset_clear(&gone, NULL);
}

static dnssec_sign_ctx_t *begin(const apex_key_t *key, const uint8_t *header, size_t size,
                                const knot_rrset_t *rrset, uint32_t ttl)
{
	static uint8_t wire[WIRE_MAX];
	knot_rrset_t whole = *rrset;
	whole.ttl = ttl;
	int written = knot_rrset_to_wire(&whole, wire, sizeof(wire), NULL);
	assert(written > 0);
	dnssec_binary_t head = { size, (uint8_t *)header }, data = { written, wire };
	dnssec_sign_ctx_t *ctx = NULL;
	assert(dnssec_sign_new(&ctx, key->key) == KNOT_EOK);
	assert(dnssec_sign_add(ctx, &head) == KNOT_EOK);
	assert(dnssec_sign_add(ctx, &data) == KNOT_EOK);
	return ctx;
}

void sign_rrset(knot_rdataset_t *rrsigs, const apex_key_t *key, const knot_rrset_t *rrset,
                uint32_t inception, uint32_t expiration)
{
	uint8_t rdata[FIXED + KNOT_DNAME_MAXLEN + 512];
	size_t size = FIXED + knot_dname_size(APEX);
	knot_wire_write_u16(rdata, rrset->type);
	rdata[2] = key->algorithm;
	rdata[3] = knot_dname_labels(rrset->owner, NULL) - knot_dname_is_wildcard(rrset->owner);
	knot_wire_write_u32(rdata + 4, rrset->ttl);
	knot_wire_write_u32(rdata + 8, expiration);
	knot_wire_write_u32(rdata + 12, inception);
	knot_wire_write_u16(rdata + 16, key->tag);
	memcpy(rdata + FIXED, APEX, knot_dname_size(APEX));

	dnssec_sign_ctx_t *ctx = begin(key, rdata, size, rrset, rrset->ttl);
	dnssec_binary_t signature = { 0 };
	assert(dnssec_sign_write(ctx, DNSSEC_SIGN_NORMAL, &signature) == KNOT_EOK);
	assert(size + signature.size <= sizeof(rdata));
	memcpy(rdata + size, signature.data, signature.size);
	knot_rrset_t one;
	knot_rrset_init(&one, (knot_dname_t *)APEX, KNOT_RRTYPE_RRSIG, KNOT_CLASS_IN, 3600);
	assert(knot_rrset_add_rdata(&one, rdata, size + signature.size, NULL) == KNOT_EOK);
	assert(knot_rdataset_merge(rrsigs, &one.rrs, NULL) == KNOT_EOK);
	knot_rdataset_clear(&one.rrs, NULL);
	dnssec_binary_free(&signature);
	dnssec_sign_free(ctx);
}

void apex_sign(signed_apex_t *apex, const apex_key_t *key, uint32_t inception, uint32_t expiration)
{
	sign_rrset(&apex->rrsigs, key, &apex->soa, inception, expiration);
}

void apex_unsign(signed_apex_t *apex)
{
	knot_rdataset_clear(&apex->rrsigs, NULL);
}

bool verify_rrsig(const apex_key_t *key, const knot_rrset_t *rrset, const knot_rdata_t *rrsig)
{
	size_t size = FIXED + knot_dname_size(rrsig->data + FIXED);
	if (rrsig->len <= size || knot_rrsig_type_covered(rrsig) != rrset->type ||
	    knot_rrsig_alg(rrsig) != key->algorithm || knot_rrsig_key_tag(rrsig) != key->tag) {
		return false;
	}
	dnssec_sign_ctx_t *ctx =
		begin(key, rrsig->data, size, rrset, knot_rrsig_original_ttl(rrsig));
	dnssec_binary_t signature = { rrsig->len - size, (uint8_t *)rrsig->data + size };
	bool ok = dnssec_sign_verify(ctx, false, &signature) == KNOT_EOK;
	dnssec_sign_free(ctx);
	return ok;
}
