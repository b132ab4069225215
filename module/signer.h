/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * RRSIGs for RRsets that answers were changed to: made once, kept while keys and time allow.
 *
 * One signer for each load of a zone's module. All that it signs has the same keys and the same
 * end, because knotd's keys and clock are those of the load. Signatures are kept by owner and type
 * of what they sign, in a table of fixed size that is made with the first one. Where an RRset or the
 * zone's DNSKEY RRset changes, the new signature takes the place of the old one.
 *
 * Any number of query threads may use a signer at a time, inside an RCU read-side section of liburcu.
 * What is there is read without a lock. What is missing is made by one thread at a time; others
 * that miss something wait for that, as long as signing takes. Times are in seconds of the real
 * clock, as in RRSIGs. Errors are KNOT_E*.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libknot/libknot.h>

/*! Signed RRsets that are kept at a time for a zone, and of one owner and type. */
#define SIGNER_SLOTS    4096
#define SIGNER_VARIANTS 4

typedef struct signer signer_t;

/*!
 * Signs an RRset; called by one thread at a time.
 *
 * \param sigs   Initialised RRset of type RRSIG without RDATA; gets RDATA from malloc.
 * \param rrset  What to sign. A wildcard's RRset has the wildcard as its owner.
 */
typedef int (*signer_sign_f)(void *ctx, knot_rrset_t *sigs, const knot_rrset_t *rrset);

/*! What the zone shows of its keys now. RDATA is borrowed. */
typedef struct {
	knot_rdataset_t dnskey; /*!< At the apex; empty if it is not in the zone (online signing). */
	knot_rdataset_t rrsig;  /*!< RRSIGs of the apex, or of the response if the zone has none. */
} signer_zone_t;

/*!
 * \param ttl       Original TTL of all that is signed; answers have no higher one (RFC 4034 3.1.4).
 * \param lifetime  Seconds that signatures are good for, from now on.
 * \return NULL if out of memory.
 */
signer_t *signer_new(const knot_dname_t *zone, uint32_t ttl, uint32_t lifetime,
                     signer_sign_f sign, void *ctx);

/*! Frees a signer that no query uses any more; NULL is fine. */
void signer_free(signer_t *signer);

/*!
 * The RRSIGs of an RRset, by those of the keys that the zone's DNSKEY RRset has.
 *
 * \param zone      The zone at this moment.
 * \param rrset     What was changed. Its TTL does not matter.
 * \param encloser  Labels of the encloser whose wildcard the RRset is from, or negative if it is
 *                  its owner's own.
 * \param sigs      RDATA of RRSIGs, valid until the end of the read-side section.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM
 * \retval other        It can't be signed.
 */
int signer_get(signer_t *signer, const signer_zone_t *zone, const knot_rrset_t *rrset, int encloser,
               const knot_rdataset_t **sigs);

/*!
 * True if what was signed may be sent: its last minute, or the last quarter of a short life, has not
 * begun, and where the zone shows its keys in signatures only, they are the same. To be asked after
 * signer_get().
 */
bool signer_valid(signer_t *signer, const signer_zone_t *zone, uint32_t now);

/*! True if three quarters of the time are over. To be asked after signer_get(). */
bool signer_aged(const signer_t *signer, uint32_t now);

/*! True if the zone signs with other keys than the signer. Cheap enough to be asked for every query. */
bool signer_keys_changed(signer_t *signer, const signer_zone_t *zone);
