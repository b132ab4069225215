/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The signing side of a zone's instance: knotd's keys and signatures for it, and what the zone shows
 * of its keys. One of two files, beside mxguard.c, that knotd's signing API is known to.
 *
 * Errors are KNOT_E*.
 */

#pragma once

#include <knot/module.h>

#include "module/answer.h"
#include "module/conf.h"
#include "module/signer.h"

typedef struct dnssec dnssec_t;

/*!
 * Prepares the instance for signing, if it enforces and there is a policy to sign by: that of the
 * zone where knotd signs it, else that of the stanza. Missing keys are no error, they are waited for.
 *
 * \return NULL if nothing is to be signed, or nothing can be, which is logged: the module goes on, and
 *         refuses what it can't sign.
 */
dnssec_t *dnssec_load(knotd_mod_t *mod, const mxguard_conf_t *conf);

/*! Ends it; NULL is fine. To be called from unload, when no query is in the instance any more. */
void dnssec_unload(dnssec_t *dnssec);

/*! What is seen of a zone's signing when a query is answered. */
typedef struct {
	bool expected;      /*!< The client validates and the zone is signed: so is the answer to be. */
	bool online;        /*!< It is signed online: there are no signatures in the zone. */
	signer_zone_t zone;
} dnssec_view_t;

/*! Looks at a response before it is judged. Where dnssec is not NULL, looks now and then whether the
 *  zone's keys are still those that the module was loaded with. */
dnssec_view_t dnssec_look(dnssec_t *dnssec, knotd_qdata_t *qdata, const knot_pkt_t *pkt);

/*!
 * Signs what a verdict puts into a response. Additional records that can't be signed are left out.
 *
 * \retval KNOT_EOK  All is signed, validly at this moment.
 * \retval other     The verdict may not be carried out.
 */
int dnssec_sign(dnssec_t *dnssec, const dnssec_view_t *view, answer_t *answer,
                policy_verdict_t *verdict);
