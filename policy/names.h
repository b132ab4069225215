/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Names as an operator writes them in the configuration, and sets of such names.
 *
 * Notation is that of a zone file (RFC 1035 5.1): relative to an origin unless it ends in an
 * unescaped dot, '@' is the origin, \DDD and \X escapes. A leading '*' label matches every name
 * below the rest ("*.mx": below mx, not mx itself; "*": everything below the origin).
 * Octets above 127 are refused: internationalised labels are written as A-labels (xn--...).
 *
 * Every name here is an absolute, uncompressed wire-format name in lower case; callers pass names
 * in lower case, too (Knot keeps zone data and QNAMEs like that). Sets are immutable once filled
 * and may be read by any number of threads. Errors are KNOT_E*.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "dns/name.h"
#include "dns/vec.h"

/*! A name, or with below set everything below it. */
typedef struct {
	knot_dname_t *name;
	bool below;
	bool except;    /*!< An exception, for names_cover(). */
	bool among;     /*!< Set by policy_prepare(). */
	uint8_t size;   /*!< Octets of the name, */
	uint8_t labels; /*!< and labels, the root not counted. */
} name_pattern_t;

/*! A set of patterns, sorted, none twice; zeroed is empty. */
typedef struct {
	VEC(name_pattern_t);
	uint64_t sizes[2]; /*!< By below. Bit n % 64 is set if there is a pattern of n octets: most
	                    *   names need not be looked for. Not with names_append(). */
} names_t;

/*!
 * Reads a name.
 *
 * \param out     The name. A leading '*' label is kept as a label.
 * \param str     Text, zero-terminated.
 * \param origin  What relative names are relative to.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL   Does not parse, is empty, or has octets above 127.
 * \retval KNOT_ERANGE   Longer than 255 octets, or a label than 63.
 */
int name_from_str(knot_dname_storage_t out, const char *str, const knot_dname_t *origin);

/*! Adds a pattern to a set (copies). Errors as name_from_str(), and KNOT_ENOMEM. */
int names_add(names_t *set, const char *str, const knot_dname_t *origin);

/*! Adds a pattern for a wire-format name; a '*' label in it means itself. KNOT_ENOMEM. */
int names_add_dname(names_t *set, const knot_dname_t *name, bool below);

/*! True if a pattern of the set matches the name. */
bool names_match(const names_t *set, const knot_dname_t *name);

/*! True if a pattern of the set matches every name below this one. */
bool names_match_below(const names_t *set, const knot_dname_t *name);

/*! True if the name is at or below one of the set, whatever its below flags say, and the deepest
 *  such is not an exception. */
bool names_cover(const names_t *set, const knot_dname_t *name);

/*! Adds a domain or an exception (copies), for names_cover(). To add many, one of which may be
 *  there already: the set can't be used until names_sort(). KNOT_ENOMEM. */
int names_append(names_t *set, const knot_dname_t *name, bool except);

/*! Sorts what names_append() added. Of a domain and an exception that are equal, the exception
 *  stays. */
void names_sort(names_t *set);

/*!
 * Adds the domains of another set, so that names_cover() is true where it was for either:
 * exceptions are those of their own set. The other set is emptied.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM  Both sets are as they were.
 */
int names_unite(names_t *set, names_t *other);

/*! Gives back the memory that a set has for more names. */
void names_shrink(names_t *set);

/*! Frees what the set holds and empties it. */
void names_clear(names_t *set);

/*!
 * Reads the leading labels of a service ("_submission._tcp"), to be matched with name_has_prefix().
 * Errors as name_from_str(); what can't begin the owner of an SRV RR is KNOT_EINVAL: an absolute
 * name, '@', a label without a leading underscore where service and protocol stand.
 */
int service_from_str(knot_dname_storage_t out, const char *str);
