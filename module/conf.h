/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The configuration of mod-mxguard: its schema, its check, and what a zone's instance gets of it.
 *
 * The check and a real load go through the same code, so what passes the check loads, as long as
 * the files stay as they are and the zone is one that the check knew of. knotd runs the check too
 * whenever it reads its configuration file: an error keeps it from starting, and a reload from
 * taking place.
 */

#pragma once

#include <knot/module.h>

#include "module/keys.h"
#include "module/lists.h"
#include "policy/policy.h"

/*! What one zone's instance of the module works with. Never changes. */
typedef struct {
	policy_t policy;       /*!< Complete; its proxies are never NULL. */
	bool enforce;          /*!< Or log only. */
	bool ede;              /*!< Mark changed answers. */
	uint32_t log_interval; /*!< Seconds; 0 says every finding of every answer. */
	lists_t *proxies;      /*!< Holds on the networks; the policy points into the first two. */
	lists_t *excepts;
	lists_t *origins;      /*!< Held so that the next zone finds it built. */
	keys_t *keys;          /*!< Where the zone's private keys may be; see mxguard_conf_keys(). */
} mxguard_conf_t;

/*! The schema. */
extern const yp_item_t mxguard_conf[];

/*!
 * Checks a stanza. With "zone" items its names are checked for each of these zones, without them
 * only for what must hold in every zone. args->err_str points to a static buffer, because it has to
 * outlive the call: knotd and knotc check one configuration at a time.
 */
int mxguard_conf_check(knotd_conf_check_args_t *args);

/*!
 * Makes the configuration of the zone that mod is loaded for. Errors and warnings are logged. A
 * list that has gone bad since there was a good one is logged too, but is no error.
 *
 * \param out  For mxguard_conf_free(). NULL with KNOT_EOK if the stanza does not protect this zone.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL   Something is wrong with the stanza.
 * \retval KNOT_ENOMEM
 * \retval other KNOT_E* A list file can't be read, and there is no last good list.
 */
int mxguard_conf_load(knotd_mod_t *mod, mxguard_conf_t **out);

/*! Hands over the places of private keys, for keys_free(); NULL from the second time on. */
keys_t *mxguard_conf_keys(mxguard_conf_t *conf);

/*! Frees a configuration; NULL is fine. Logs nothing, so it may be called from unload. */
void mxguard_conf_free(mxguard_conf_t *conf);
