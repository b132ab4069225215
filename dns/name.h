/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Domain names: comparison, canonical order (RFC 4034 6.1), and names made from other names.
 *
 * Names are absolute, uncompressed, in lower case. Nothing here allocates or keeps anything, so any
 * number of threads may use it.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

/*! True if two names are the same. */
static inline bool name_equal(const knot_dname_t *a, const knot_dname_t *b)
{
	/* In a response most equal names have one address, and most others differ at once. */
	return a == b || (*a == *b && knot_dname_is_equal(a, b));
}

/*! True if the first label of a name is '*'. */
static inline bool name_is_wildcard(const knot_dname_t *name)
{
	return name[0] == 1 && name[1] == '*';
}

/*! Labels of a name, the root not counted. */
static inline int name_labels(const knot_dname_t *name)
{
	int labels = 0;
	for (; *name != '\0'; name += 1 + *name) {
		labels++;
	}
	return labels;
}

/*! True if the name is the apex or below it. */
static inline bool name_in_zone(const knot_dname_t *name, const knot_dname_t *apex)
{
	while (!name_equal(name, apex)) {
		if (*name == '\0') {
			return false;
		}
		name += 1 + *name;
	}
	return true;
}

/*! True if the name begins with all the labels of prefix and has at least one more. */
bool name_has_prefix(const knot_dname_t *name, const knot_dname_t *prefix);

/*! True if any label of the name is '*'. */
bool name_has_asterisk(const knot_dname_t *name);

/*!
 * Compares two names in canonical order: negative, zero or positive. libknot's own comparison takes
 * an octet of zero in a label for the end of the label.
 */
int name_compare(const knot_dname_t *a, const knot_dname_t *b);

/*! A name without its first labels; it has so many. */
static inline const knot_dname_t *name_parent(const knot_dname_t *name, size_t labels)
{
	for (; labels > 0; labels--) {
		name += 1 + *name;
	}
	return name;
}

/*! The suffix of a name that has this many labels, the root not counted: no more than the name. */
const knot_dname_t *name_suffix(const knot_dname_t *name, size_t labels);

/*! The first octets of a name, which are whole labels, in front of another one. False if it would
 *  be too long. */
bool name_join(knot_dname_storage_t out, const knot_dname_t *front, size_t size,
               const knot_dname_t *name);

/*! The wildcard directly below a name. False if it would be too long. */
bool name_wildcard(knot_dname_storage_t out, const knot_dname_t *name);

/*! The wildcard directly below the suffix of a name that has this many labels. */
bool name_wildcard_at(knot_dname_storage_t out, const knot_dname_t *name, size_t labels);

/*! The first name after this one in canonical order, a name below it if there can be one. */
void name_successor(knot_dname_storage_t out, const knot_dname_t *name);

/*! The first name in canonical order after this one, which is not the root, and all below it. */
void name_after(knot_dname_storage_t out, const knot_dname_t *name);
