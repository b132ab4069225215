/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Bitmaps of types, successors of names, owners of NSEC3 records.
 */

#include <string.h>

#include "policy/nsec.h"

/* Types below 128 are data, the rest of the first window are questions and the like (RFC 6895). */
#define DATA_TYPES 128
/* As many follow in the second window: URI, CAA and what comes after them. */
#define DATA_TYPES_MORE 16
/* The first and the last window of types for private use (RFC 6895). */
#define WINDOW_PRIVATE 255

void types_clear(types_t *types)
{
	memset(types->size, 0, sizeof(types->size));
}

static void grow(types_t *types, uint8_t window, uint8_t size)
{
	uint8_t had = types->size[window];
	if (size > had) {
		memset(types->map[window] + had, 0, size - had);
		types->size[window] = size;
	}
}

void types_add(types_t *types, uint16_t type)
{
	uint8_t window = type >> 8, octet = (type & 0xff) / 8;
	grow(types, window, octet + 1);
	types->map[window][octet] |= 0x80 >> (type & 7);
}

void types_remove(types_t *types, uint16_t type)
{
	uint8_t window = type >> 8, octet = (type & 0xff) / 8;
	if (octet >= types->size[window]) {
		return;
	}
	types->map[window][octet] &= ~(0x80 >> (type & 7));
	while (types->size[window] > 0 && types->map[window][types->size[window] - 1] == 0) {
		types->size[window]--;
	}
}

bool types_has(const types_t *types, uint16_t type)
{
	uint8_t window = type >> 8, octet = (type & 0xff) / 8;
	return octet < types->size[window] && (types->map[window][octet] & (0x80 >> (type & 7)));
}

bool types_read(types_t *types, const uint8_t *bitmap, size_t size)
{
	while (size > 0) {
		if (size < 3 || bitmap[1] == 0 || bitmap[1] > 32 || size < 2U + bitmap[1]) {
			return false;
		}
		uint8_t window = bitmap[0], octets = bitmap[1];
		if (bitmap[1 + octets] == 0) {
			return false;
		}
		grow(types, window, octets);
		for (uint8_t i = 0; i < octets; i++) {
			types->map[window][i] |= bitmap[2 + i];
		}
		bitmap += 2 + octets;
		size -= 2 + octets;
	}
	return true;
}

void types_add_likely(types_t *types, bool apex)
{
	static const uint16_t never[] = {
		0, KNOT_RRTYPE_CNAME, KNOT_RRTYPE_DNAME, KNOT_RRTYPE_OPT, KNOT_RRTYPE_NSEC3
	};
	static const uint16_t apex_only[] = {
		KNOT_RRTYPE_NS, KNOT_RRTYPE_SOA, KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_NSEC3PARAM,
		KNOT_RRTYPE_CDS, KNOT_RRTYPE_CDNSKEY
	};

	grow(types, 0, DATA_TYPES / 8);
	memset(types->map[0], 0xff, DATA_TYPES / 8);
	grow(types, 1, DATA_TYPES_MORE / 8);
	memset(types->map[1], 0xff, DATA_TYPES_MORE / 8);
	grow(types, WINDOW_PRIVATE, 32);
	memset(types->map[WINDOW_PRIVATE], 0xff, 32);
	types_remove(types, UINT16_MAX);
	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++) {
		types_remove(types, never[i]);
	}
	/* Signatures of a zone cut are the parent's business. */
	types_remove(types, KNOT_RRTYPE_DS);
	for (size_t i = 0; i < sizeof(apex_only) / sizeof(*apex_only) && !apex; i++) {
		types_remove(types, apex_only[i]);
	}
}

size_t types_size(const types_t *types)
{
	size_t size = 0;
	for (int i = 0; i < 256; i++) {
		size += types->size[i] > 0 ? 2 + types->size[i] : 0;
	}
	return size;
}

void types_write(const types_t *types, uint8_t *bitmap)
{
	for (int i = 0; i < 256; i++) {
		uint8_t size = types->size[i];
		if (size > 0) {
			*bitmap++ = i;
			*bitmap++ = size;
			memcpy(bitmap, types->map[i], size);
			bitmap += size;
		}
	}
}

const knot_dname_t *name_suffix(const knot_dname_t *name, size_t labels)
{
	for (size_t skip = knot_dname_labels(name, NULL) - labels; skip > 0; skip--) {
		name += 1 + *name;
	}
	return name;
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

	/* Counted up (RFC 4471 3.1.2): what is at its highest goes, and if that is all of the label,
	 * it is the parent's turn. */
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

bool nsec3_owner(knot_dname_storage_t out, const uint8_t hash[static NSEC3_HASH],
                 const knot_dname_t *apex)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	size_t size = knot_dname_size(apex);
	if (1 + NSEC3_LABEL + size > KNOT_DNAME_MAXLEN) {
		return false;
	}
	uint8_t *to = out;
	*to++ = NSEC3_LABEL;
	for (int i = 0; i < NSEC3_HASH; i += 5, hash += 5) { /* Five octets are eight digits. */
		uint64_t bits = 0;
		for (int j = 0; j < 5; j++) {
			bits = bits << 8 | hash[j];
		}
		for (int shift = 35; shift >= 0; shift -= 5) {
			*to++ = digits[bits >> shift & 31];
		}
	}
	memcpy(to, apex, size);
	return true;
}

static int digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'v' ? c - 'a' + 10 : -1;
}

bool nsec3_owner_hash(uint8_t hash[static NSEC3_HASH], const knot_dname_t *owner)
{
	if (*owner++ != NSEC3_LABEL) {
		return false;
	}
	for (int i = 0; i < NSEC3_HASH; i += 5) {
		uint64_t bits = 0;
		for (int j = 0; j < 8; j++) {
			int value = digit(*owner++);
			if (value < 0) {
				return false;
			}
			bits = bits << 5 | value;
		}
		for (int j = 0; j < 5; j++) {
			hash[i + j] = bits >> (32 - 8 * j);
		}
	}
	return true;
}
