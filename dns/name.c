/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Domain names: comparison, canonical order, and names made from other names.
 */

#include <string.h>

#include "dns/name.h"

bool name_has_prefix(const knot_dname_t *name, const knot_dname_t *prefix)
{
	while (*prefix != '\0') {
		const size_t label = 1 + (size_t)*prefix;
		if (*name != *prefix || memcmp(name, prefix, label) != 0) {
			return false;
		}
		name += label;
		prefix += label;
	}
	return *name != '\0';
}

bool name_has_asterisk(const knot_dname_t *name)
{
	for (; *name != '\0'; name += 1 + *name) {
		if (name[0] == 1 && name[1] == '*') {
			return true;
		}
	}
	return false;
}

/* Where the labels of a name begin. */
static size_t find_labels(const knot_dname_t *name, uint8_t at[static KNOT_DNAME_MAXLABELS])
{
	size_t count = 0;
	for (const knot_dname_t *label = name; *label != 0; label += 1 + *label) {
		at[count++] = label - name;
	}
	return count;
}

int name_compare(const knot_dname_t *a, const knot_dname_t *b)
{
	uint8_t labels_a[KNOT_DNAME_MAXLABELS], labels_b[KNOT_DNAME_MAXLABELS];
	size_t left_a = find_labels(a, labels_a), left_b = find_labels(b, labels_b);
	while (left_a > 0 && left_b > 0) {
		const uint8_t *label_a = a + labels_a[--left_a], *label_b = b + labels_b[--left_b];
		uint8_t least = *label_a < *label_b ? *label_a : *label_b;
		int cmp = memcmp(label_a + 1, label_b + 1, least);
		if (cmp != 0 || *label_a != *label_b) {
			return cmp != 0 ? cmp : (int)*label_a - *label_b;
		}
	}
	return (int)left_a - (int)left_b;
}

const knot_dname_t *name_suffix(const knot_dname_t *name, size_t labels)
{
	return name_parent(name, name_labels(name) - labels);
}

bool name_join(knot_dname_storage_t out, const knot_dname_t *front, size_t size,
               const knot_dname_t *name)
{
	size_t rest = knot_dname_size(name);
	if (size + rest > KNOT_DNAME_MAXLEN) {
		return false;
	}
	memcpy(out, front, size);
	memcpy(out + size, name, rest);
	return true;
}

bool name_wildcard(knot_dname_storage_t out, const knot_dname_t *name)
{
	return name_join(out, (const knot_dname_t *)"\1*", 2, name);
}

bool name_wildcard_at(knot_dname_storage_t out, const knot_dname_t *name, size_t labels)
{
	return name_wildcard(out, name_suffix(name, labels));
}

/* The octet after this one; upper case does not occur (RFC 4034 6.2). 0 after the last one. */
static uint8_t next_octet(uint8_t octet)
{
	octet++;
	return (octet == 'A') ? 'Z' + 1 : octet;
}

void name_after(knot_dname_storage_t out, const knot_dname_t *name)
{
	size_t size = knot_dname_size(name);
	uint8_t label = *name;
	if (label < KNOT_DNAME_MAXLABELLEN && size < KNOT_DNAME_MAXLEN) {
		out[0] = label + 1;
		memcpy(out + 1, name + 1, label);
		out[1 + label] = 0;
		memcpy(out + 2 + label, name + 1 + label, size - 1 - label);
		return;
	}

	/* The label is counted up (RFC 4471 3.1.2): octets that are the highest go, and if that is
	 * the whole label, the parent is counted up instead. */
	while (label > 0 && name[label] == 0xff) {
		label--;
	}
	const knot_dname_t *parent = name + 1 + *name;
	if (label == 0 && *parent != 0) {
		name_after(out, parent);
	} else if (label == 0) {
		out[0] = 0; /* After the last name of all comes the first. */
	} else {
		size_t rest = size - 1 - *name;
		out[0] = label;
		memcpy(out + 1, name + 1, label);
		out[label] = next_octet(out[label]);
		memcpy(out + 1 + label, parent, rest);
	}
}

void name_successor(knot_dname_storage_t out, const knot_dname_t *name)
{
	size_t size = knot_dname_size(name);
	if (size + 2 <= KNOT_DNAME_MAXLEN) {
		out[0] = 1;
		out[1] = 0;
		memcpy(out + 2, name, size);
	} else {
		name_after(out, name);
	}
}
