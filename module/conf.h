/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The configuration of mod-mxguard: its schema, its check, and what a zone's instance uses of it.
 *
 * The check and a real load go through the same code, so what passes the check loads, as long as
 * the files stay as they are and the check knew of the zone. knotd runs the check too
 * whenever it reads its configuration file: an error keeps it from starting, and a reload from
 * taking place.
 */

#pragma once

#include <knot/module.h>

#include "module/keys.h"
#include "module/netlists.h"
#include "policy/policy.h"
#include "policy/stanza.h"

/*! What one zone's instance of the module works with. Never changes. */
typedef struct {
	policy_t policy;       /*!< Complete; its proxies are never NULL. */
	bool enforce;          /*!< Or log only. */
	bool ede;              /*!< Mark changed answers. */
	uint32_t list_reload;  /*!< Seconds; 0 reads lists at a load only. */
	uint32_t log_interval; /*!< Seconds; 0 logs every finding of every answer. */
	netlist_t *proxies;    /*!< Holds on the lists; the policy points into the first two. */
	netlist_t *excepts;
	netlist_t *origins;    /*!< Held so that the next zone finds it built. */
	keys_t *keys;          /*!< Where the zone's private keys may be; NULL once
	                        *   a signer has them. */
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
 * list that can't be read any more, of which there is a good version, is logged, but no error.
 *
 * \param out  For mxguard_conf_free(). NULL with KNOT_EOK if the stanza does not protect this zone.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL   Something is wrong with the stanza.
 * \retval KNOT_ENOMEM
 * \retval other KNOT_E* A list file can't be read, and there is no last good list.
 */
int mxguard_conf_load(knotd_mod_t *mod, mxguard_conf_t **out);

/*! Logs a text; control characters, and what is not UTF-8, as \DDD. */
void conf_log(knotd_mod_t *mod, int level, const char *text);

/*! The policy with the lists as they are now: that of the configuration, or a copy in *room. For
 *  the caller's RCU read-side section. */
const policy_t *mxguard_conf_policy(const mxguard_conf_t *conf, policy_t *room);

/*! True if a version of the list of proxies does not hold a mail address; else why names it. */
bool mxguard_conf_fits(const mxguard_conf_t *conf, const netlist_t *version,
                       char why[static NETFILE_ERR_MAX]);

/*! Frees a configuration; NULL is fine. Logs nothing, so it may be called from unload. */
void mxguard_conf_free(mxguard_conf_t *conf);

/* Values of address items as knotd hands them out, turned into those of a stanza. What is wrong is
 * said with the item's name and the value as it was written. For conf.c and its test. */

/*!
 * Makes a network of the value of a network item (YP_TNET).
 *
 * \param item  The item's name.
 * \param addr  The address, or the first of a range. Knot DNS 3.4 and later know UNIX paths too.
 * \param last  The last one of a range, else AF_UNSPEC.
 * \param mask  The prefix length, -1 for a single address and for a range.
 * \param err   Filled with KNOT_EINVAL.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL  A UNIX path, or a range whose end is before its beginning.
 */
int conf_network(net_t *net, const char *item, const struct sockaddr_storage *addr,
                 const struct sockaddr_storage *last, int mask, char err[static STANZA_TEXT_MAX]);

/*!
 * Adds the value of an address item (YP_TADDR, without a default port) to the mail addresses.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL  It has a port, or is a UNIX path (as which Knot takes a host name); see err.
 * \retval KNOT_ENOMEM
 */
int conf_mail_address(stanza_t *stanza, const char *item, const struct sockaddr_storage *addr,
                 char err[static STANZA_TEXT_MAX]);
