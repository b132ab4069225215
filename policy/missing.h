/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Names that answers have although the zone does not: the exchange, which always resolves, and
 * names that a wildcard answers for, but differently than for all others.
 *
 * Pure, as the judge is; any number of threads may call policy_suspects_denial(), the rest belongs
 * to one thread.
 */

#pragma once

#include "policy/chain.h"

/*!
 * The cheap check for denials, for responses that nothing else is wrong with: may a record in it
 * deny what answers have? Then policy_judge(), or for a referral policy_judge_referral(), with
 * response.hash has to decide. Looks up nothing but the apex MX RRset.
 */
bool policy_suspects_denial(const policy_t *policy, policy_lookup_f lookup, void *ctx,
                            const knot_rrset_t *rrsets, size_t count);

/* For denial.c only. */

/*! Missing names in one response, and places in the chain that they and their wildcards take. */
#define MISSING_MAX        32
#define MISSING_PLACES_MAX (2 * MISSING_MAX)

/*! A name that answers have and the zone does not. Its encloser is the longest part of it that the
 *  zone has. */
typedef struct {
	const knot_dname_t *name;
	int labels;
	bool below;       /*!< All names below it are missing, not the name itself. */
	bool exchange;    /*!< This is the exchange: it is there whatever the zone says. */
	bool mx;          /*!< It is a target of the MX RRset at the apex, */
	bool host;        /*!< or a name among the mail hosts: guarded, unless a web host. */
	int encloser;     /*!< Labels. */
	bool wildcard;    /*!< The encloser has a wildcard. */
	bool no_wildcard; /*!< The encloser has certainly none. */
	uint64_t number;  /*!< missing_number() of no labels. 0: it has none. */
	nsec_place_t place; /*!< Among NSEC records. That of a part of the name below its encloser,
	                         or of the wildcard there, differs in its name alone. */
} missing_t;

/*! The number, for nsec3_hash_f, of so many labels at the end of the name, or
 *  of the wildcard there. */
static inline uint64_t missing_number(const missing_t *missing, int labels, bool wildcard)
{
	return missing->number != 0 ? missing->number | (uint64_t)labels << 1 | wildcard : 0;
}

/*! Labels of the first name that is put into the chain for a missing one: the part of it next to
 *  its encloser, or the name itself where the zone has names below it, but no data. */
static inline int missing_first(const missing_t *missing)
{
	return missing->encloser < missing->labels ? missing->encloser + 1 : missing->labels;
}

/*! What is known of names that are missing directly below an encloser. */
typedef struct {
	const knot_dname_t *name; /*!< The encloser; NULL: nothing is known. */
	bool wildcard, no_wildcard;
	bool mail_hosts;          /*!< has_mail_hosts() */
	bool found, answered;     /*!< is_answered_by_zone(), if found. */
} encloser_t;

/*! The missing names that a response denies. */
typedef struct {
	const chain_t *chain;
	bool negative;   /*!< The edited answer has nothing at its end. */
	encloser_t last; /*!< The encloser looked at last: most missing names share one. */
	size_t count;
	int places;      /*!< That they take. */
	missing_t at[MISSING_MAX];
} missing_names_t;

/*! Finds out which names the response denies that answers have. The chain is borrowed. */
void missing_find(missing_names_t *names, const chain_t *chain, bool negative);

/*! The missing name that a name is at or below, or between it and its encloser; the nearest one.
 *  Labels that they share are set. NULL if there is none. */
const missing_t *missing_at(const missing_names_t *names, const knot_dname_t *name, int *labels);

/*! True if a name is there because of a missing name: it is missing, or leads to one. */
bool missing_leads_to(const missing_names_t *names, const knot_dname_t *name);

/*! What becomes of the encloser whose wildcard has answered at a name. */
int missing_encloser(const missing_names_t *names, const knot_dname_t *name, int encloser);
