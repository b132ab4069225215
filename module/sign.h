/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * RRSIGs for the RRsets that answers are changed to, by the keys that sign the zone at the moment.
 *
 * The zone shows which keys these are: those that its SOA is signed with. A new RRSIG
 * takes the times of the SOA's RRSIG by the same key, so it is good exactly as long as the zone's
 * own signatures are. Key rollovers need no attention: other RRSIGs at the SOA are other signers.
 *
 * RRSIGs are kept by owner, type and content of what they sign and by the set of keys, not by the
 * SOA's RRSIG, which changes with every edit. They are made again once less than half of their
 * validity is left and the SOA's end later. The number of those that are kept is bounded.
 *
 * Any number of query threads may use a signer at a time, inside an RCU read-side section of
 * liburcu. Signatures that are there are read without a lock, and missing ones are made without
 * one. Private keys are looked for by one thread at a time, at most once a second while one is
 * missing, and less often where that takes long. Others wait 50 ms for it at most, and not at all
 * for a key that was missing before: for them it is missing. Times are seconds of the real clock,
 * compared as RFC 1982 has it. Errors are KNOT_E*.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "module/keys.h"
#include "policy/nsec.h"
#include "policy/judge.h"

/*! Signed RRsets that are kept at a time for a zone. */
#define SIGN_SLOTS 4096
/*! Keys that may sign a zone at a time. */
#define SIGN_KEYS_MAX 16

/*! A key that signs the zone, as its RRSIG shows it. */
typedef struct {
	uint8_t algorithm;
	uint16_t tag;
	bool valid;                /*!< The RRSIG is good now. */
	const knot_rdata_t *rrsig; /*!< The one to copy from. */
	const struct zone_key *key; /*!< Set by signer_ready(): the key to sign with, or NULL. */
} sign_by_t;

/*! How the zone is signed at the moment of a query. Borrows from the zone, the response and the
 *  signer, for the query only. */
typedef struct {
	uint32_t now;
	bool online;                 /*!< Signed online: there is no DNSKEY in the zone. */
	knot_rdataset_t dnskey;      /*!< RDATA of the zone's DNSKEYs; empty if signed online. */
	knot_rrset_t sample;         /*!< The RRset that the RRSIGs are for, usually the SOA. */
	size_t count;                /*!< 0: the zone is not signed. */
	sign_by_t by[SIGN_KEYS_MAX]; /*!< By algorithm and tag. */
	bool too_many;               /*!< There are more. */
	bool ready;                  /*!< Set by signer_ready(), and so are these: */
	const char *wrong;           /*!< What is wrong, but for a missing private key; or NULL. */
	uint64_t keys;               /*!< Stands for the set of keys to sign with. */
	uint32_t end;                /*!< When the first of the RRSIGs to copy from ends. */
} sign_view_t;

/*! True if RRSIGs at the apex say that the zone is signed: one is for the SOA.
 *  RDATA of any shape. */
bool sign_is_signed(const knot_rdataset_t *apex_rrsigs);

/*!
 * Looks at the RRSIGs of one RRset.
 *
 * \param apex    The zone.
 * \param dnskey  DNSKEY RDATA of the zone, or empty if it is signed online.
 * \param sample  The RRset. Its owner is the name on the wire.
 * \param rrsigs  RRSIGs; those of other types, signers and forms are passed over.
 */
void sign_look(sign_view_t *view, const knot_dname_t *apex, const knot_rdataset_t *dnskey,
               const knot_rrset_t *sample, const knot_rdataset_t *rrsigs, uint32_t now);

/*! As sign_look(), for a zone signed online: looks for an RRset with RRSIGs in the response. */
void sign_look_online(sign_view_t *view, const knot_dname_t *apex,
                      const policy_response_t *response, uint32_t now);

typedef struct signer signer_t;

/*! Logs a text for the operator; ctx is that of signer_new(). Called by any thread. */
typedef void (*sign_say_f)(void *ctx, bool warning, const char *text);

/*!
 * \param keys  Where private keys are. Belongs to the signer from then on, if one is made.
 * \param ttl   Original TTL of all that is signed; answers have no higher one (RFC 4034 3.1.4).
 * \param say   Called once for each: keys were found, one is missing, the zone's own signatures
 *              can't be used.
 * \return NULL if out of memory.
 */
signer_t *signer_new(keys_t *keys, uint32_t ttl, sign_say_f say, void *ctx);

/*! Frees a signer that no query uses any more; NULL is fine. */
void signer_free(signer_t *signer);

/*! True if RRsets can be signed now: there is a private key for each algorithm that signs the zone.
 *  Looks for keys that are not known yet. Has to be called first, for each query. */
bool signer_ready(signer_t *signer, sign_view_t *view);

/*! Longest text of signer_why(), with the terminating zero. */
#define SIGN_WHY_MAX 160

/*! Why it can't be signed, and what to do about that, once signer_ready() or a signature has
 *  failed. Returns text, or a constant. */
const char *signer_why(const sign_view_t *view, char text[static SIGN_WHY_MAX]);

/*!
 * The RRSIGs of an RRset.
 *
 * \param rrset     What to sign. RDATA in any case; the TTL does not matter.
 * \param encloser  Labels of the encloser whose wildcard the RRset is from, or negative if it is
 *                  its owner's own.
 * \param sigs      RDATA of RRSIGs, valid until the end of the read-side section.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM
 * \retval KNOT_DNSSEC_ENOKEY  Not ready.
 * \retval KNOT_DNSSEC_ENOSIG  It can't be signed.
 */
int signer_sign(signer_t *signer, const sign_view_t *view, const knot_rrset_t *rrset,
                int encloser, const knot_rdataset_t **sigs);

/*! Signs all that a verdict puts into a response. Additional records need RRSIGs only where the
 * ones they replace had some: glue is not the zone's to sign. Errors as of signer_sign(). */
int signer_sign_verdict(signer_t *signer, const sign_view_t *view, policy_response_t *response,
                        policy_verdict_t *verdict);
