/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Real keys in a temporary key store, and the apex of a zone that is signed with them.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "module/dnssec.h"

#define APEX ((const knot_dname_t *)"\7example\3com")

enum { ECDSA = DNSSEC_KEY_ALGORITHM_ECDSA_P256_SHA256, ED25519 = DNSSEC_KEY_ALGORITHM_ED25519,
       RSA = DNSSEC_KEY_ALGORITHM_RSA_SHA256, ZSK = 256, KSK = 257 };

/*! A key of the zone. */
typedef struct {
	char *id;
	uint8_t algorithm;
	uint16_t tag;
	knot_rdata_t *dnskey;
	dnssec_key_t *key; /*!< Both parts. */
} apex_key_t;

typedef struct {
	char dir[64];   /*!< A temporary folder. */
	char store[80]; /*!< The key store in it. */
	dnssec_keystore_t *keystore;
	knot_rrset_t soa;
	knot_rdataset_t dnskey;
	knot_rdataset_t rrsigs; /*!< All that are at the apex. */
} signed_apex_t;

void signed_apex_new(signed_apex_t *apex);
void signed_apex_free(signed_apex_t *apex);

/*! Makes a key. Its PEM file is in the key store; it is not in the DNSKEY RRset. */
apex_key_t *apex_key_new(signed_apex_t *apex, int algorithm, uint16_t flags);
void apex_key_free(apex_key_t *key);

/*! Path of a key's PEM file; a static buffer. */
const char *apex_key_path(const signed_apex_t *apex, const apex_key_t *key);

/*! Puts a key into the DNSKEY RRset, or takes it out. */
void apex_show(signed_apex_t *apex, const apex_key_t *key);
void apex_hide(signed_apex_t *apex, const apex_key_t *key);

/*! Signs the SOA; the RRSIG comes to those that are there. */
void apex_sign(signed_apex_t *apex, const apex_key_t *key, uint32_t inception, uint32_t expiration);

/*! Leaves no RRSIG at the apex. */
void apex_unsign(signed_apex_t *apex);

/*! Signs an RRset in canonical form. */
void sign_rrset(knot_rdataset_t *rrsigs, const apex_key_t *key, const knot_rrset_t *rrset,
                uint32_t inception, uint32_t expiration);

/*!
 * True if an RRSIG is good for an RRset.
 *
 * \param rrset  In canonical form, with the owner that is signed and any TTL.
 */
bool verify_rrsig(const apex_key_t *key, const knot_rrset_t *rrset, const knot_rdata_t *rrsig);
