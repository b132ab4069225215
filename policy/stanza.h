/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * From the words of a stanza to a policy: its defaults, and every check that needs only the words
 * and the networks. Where these come from (knotd, a file, options) is up to the caller.
 *
 * Pure, except that it allocates; any number of threads may work on stanzas of their own. Names are
 * absolute and in lower case, addresses in network byte order. Errors are KNOT_E*, and err then
 * holds one line that names item and value, without a full stop.
 */

#pragma once

#include "policy/policy.h"

/*! Size of an error or warning text; knotd truncates log lines at 512 octets, prefix included. */
#define STANZA_TEXT_MAX 448

/*! Words of one item as they were written; empty means the item's default. */
typedef struct {
	const char **at;
	size_t count;
} words_t;

/*! A stanza. Zeroed is empty. It owns its addresses; all else is borrowed. */
typedef struct {
	bool enforce;
	words_t web_hosts;    /*!< Default: "@", "www". */
	words_t mail_hosts;   /*!< Default: none. */
	words_t services;     /*!< Default: stanza_default_services. */
	const char *exchange; /*!< NULL is the default: "mx-direct". */
	const names_t *proxy_names; /*!< For names_cover(); may be NULL. */
	const netset_t *proxies; /*!< This and the next two: built, may be NULL. */
	const netset_t *excepts;
	const netset_t *origins;
	addresses_t mail4;    /*!< Filled with stanza_add_address(). */
	addresses_t mail6;
	uint32_t ttl;
} stanza_t;

/*! Receives a warning. */
typedef void (*stanza_warn_f)(void *ctx, const char *text);

/*! Leading labels of the owners of mail SRV records unless the stanza names others, NULL-ended. */
extern const knot_dname_t *const stanza_default_services[];

/*! Writes an error text, shortened if it is too long. Returns KNOT_EINVAL. */
__attribute__((format(printf, 2, 3)))
int stanza_invalid(char err[static STANZA_TEXT_MAX], const char *fmt, ...);

/*! Adds a mail address of family 4 or 6; one that is there already is left out. KNOT_ENOMEM. */
int stanza_add_address(stanza_t *stanza, int family, const uint8_t *address);

/*! Frees the addresses. */
void stanza_clear(stanza_t *stanza);

/*!
 * Checks what does not depend on the zone: that there is something to find proxies by, and
 * that the mail addresses are there to enforce, that mail can be delivered to them, and that they
 * are in no proxy network.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL
 */
int stanza_check(const stanza_t *stanza, char err[static STANZA_TEXT_MAX]);

/*!
 * Makes the policy of one zone, with every check of its names. Host patterns that match nothing in
 * this zone are left out of it. A host that would be too long a name in this zone can't exist
 * there and is left out too.
 *
 * \param policy  Filled; to be cleared with stanza_policy_clear(), which is done on error. It
 *                borrows the stanza's networks and proxy names and copies all else.
 * \param stanza  The stanza; stanza_check() is not done here.
 * \param zone    Apex of the zone, or NULL if it is not known: then only what holds in every zone
 *                is checked, and the policy is of no other use.
 * \param err     Filled on error.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL
 * \retval KNOT_ENOMEM
 */
int stanza_policy(policy_t *policy, const stanza_t *stanza, const knot_dname_t *zone,
                  char err[static STANZA_TEXT_MAX]);

/*! Frees what stanza_policy() allocated and zeroes the policy; a zeroed one is fine. */
void stanza_policy_clear(policy_t *policy);

/*! Warns of mail addresses that are private, or in or beside a web origin (same /24, same /48), and
 *  of exceptions that lie in no proxy network. */
void stanza_warn(const stanza_t *stanza, stanza_warn_f warn, void *ctx);

/*! Warns of names that end in the zone's own name but are relative, and of web hosts without the
 *  apex. The policy is the stanza's for that zone. */
void stanza_warn_zone(const stanza_t *stanza, const policy_t *policy, stanza_warn_f warn,
                      void *ctx);
