/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * NSEC and NSEC3 records: owners, RDATA, and what a record covers.
 */

#include <string.h>

#include "policy/nsec.h"

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

/* Octets before the salt: algorithm, flags, iterations and the length of the salt. */
#define NSEC3_FIXED 5

/* Reads what NSEC3 and NSEC3PARAM have in common. Returns its size, or 0. */
static size_t read_params(nsec3_params_t *out, const knot_rdata_t *rdata)
{
	const uint8_t *data = rdata->data;
	if (rdata->len < NSEC3_FIXED || rdata->len < NSEC3_FIXED + data[4] ||
	    data[0] != KNOT_NSEC3_ALGORITHM_SHA1) {
		return 0;
	}
	*out = (nsec3_params_t){ knot_wire_read_u16(data + 2), data[4], data + NSEC3_FIXED };
	return NSEC3_FIXED + data[4];
}

bool nsec3_params_read(nsec3_params_t *out, const knot_rrset_t *rrset)
{
	return rrset->type == KNOT_RRTYPE_NSEC3PARAM && !knot_rrset_empty(rrset) &&
	       read_params(out, rrset->rrs.rdata) > 0;
}

/* Octets before the bitmap, or 0. */
static size_t read_nsec(nsec_t *out, const knot_rrset_t *rrset)
{
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	out->owner.name = rrset->owner;
	out->next.name = rdata->data;
	int size = knot_dname_wire_check(rdata->data, rdata->data + rdata->len, NULL);
	return size > 0 ? (size_t)size : 0;
}

static size_t read_nsec3(nsec_t *out, const knot_rrset_t *rrset)
{
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	size_t size = read_params(&out->params, rdata);
	if (size == 0 || rdata->len < size + 1 + NSEC3_HASH || rdata->data[size] != NSEC3_HASH ||
	    !nsec3_owner_hash(out->owner.hash, rrset->owner)) {
		return 0;
	}
	out->flags = rdata->data[1];
	memcpy(out->next.hash, rdata->data + size + 1, NSEC3_HASH);
	return size + 1 + NSEC3_HASH;
}

bool nsec_read(nsec_t *out, const knot_rrset_t *rrset)
{
	if (knot_rrset_empty(rrset) ||
	    (rrset->type != KNOT_RRTYPE_NSEC && rrset->type != KNOT_RRTYPE_NSEC3)) {
		return false;
	}
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	*out = (nsec_t){ .nsec3 = rrset->type == KNOT_RRTYPE_NSEC3 };
	size_t size = out->nsec3 ? read_nsec3(out, rrset) : read_nsec(out, rrset);
	out->bitmap = rdata->data + size;
	out->bitmap_size = rdata->len - size;
	return size > 0 && bitmap_check(out->bitmap, out->bitmap_size);
}

void nsec_types(const nsec_t *record, bitmap_t *types)
{
	(void)bitmap_read(types, record->bitmap, record->bitmap_size);
}

bool nsec_is_delegation(const bitmap_t *types)
{
	return bitmap_has(types, KNOT_RRTYPE_NS) && !bitmap_has(types, KNOT_RRTYPE_SOA);
}

size_t nsec_write(const nsec_t *record, const bitmap_t *types,
                  uint8_t rdata[static NSEC_RDATA_MAX])
{
	const nsec3_params_t *params = &record->params;
	size_t size;
	if (record->nsec3) {
		rdata[0] = KNOT_NSEC3_ALGORITHM_SHA1;
		rdata[1] = record->flags;
		knot_wire_write_u16(rdata + 2, params->iterations);
		rdata[4] = params->salt_len;
		memcpy(rdata + NSEC3_FIXED, params->salt, params->salt_len);
		size = NSEC3_FIXED + params->salt_len;
		rdata[size++] = NSEC3_HASH;
		memcpy(rdata + size, record->next.hash, NSEC3_HASH);
		size += NSEC3_HASH;
	} else {
		size = knot_dname_size(record->next.name);
		memcpy(rdata, record->next.name, size);
	}
	bitmap_write(types, rdata + size);
	return size + bitmap_size(types);
}

nsec_place_t nsec_place(const knot_dname_t *name, const knot_dname_t *apex, size_t apex_size)
{
	nsec_place_t place = { .name = name };
	const knot_dname_t *end = name, *label = name;
	while (*end != '\0') {
		end += 1 + *end;
	}
	if ((size_t)(end + 1 - name) < apex_size) {
		return place;
	}
	end = end + 1 - apex_size; /* There is the apex, if the name is in the zone. */
	while (name < end) {
		label = name;
		name += 1 + *name;
	}
	place.in_zone = name == end && memcmp(name, apex, apex_size) == 0;
	for (size_t i = 1; label + i < end && i <= sizeof(place.first); i++) {
		place.first |= (uint64_t)label[i] << (64 - 8 * i);
	}
	return place;
}

/* The first octets of hashes nearly always tell. */
static inline int hash_compare(const uint8_t *a, const uint8_t *b)
{
	uint64_t first_a = knot_wire_read_u64(a), first_b = knot_wire_read_u64(b);
	return first_a != first_b ? (first_a < first_b ? -1 : 1) : memcmp(a, b, NSEC3_HASH);
}

static int place_compare(bool nsec3, const nsec_place_t *a, const nsec_place_t *b)
{
	if (!nsec3 && a->in_zone && b->in_zone && a->first != b->first) {
		return a->first < b->first ? -1 : 1;
	}
	return nsec3 ? hash_compare(a->hash, b->hash) : name_compare(a->name, b->name);
}

static bool place_equal(bool nsec3, const nsec_place_t *a, const nsec_place_t *b)
{
	return nsec3 ? hash_compare(a->hash, b->hash) == 0 : name_equal(a->name, b->name);
}

bool nsec_is_owner(const nsec_t *record, const nsec_place_t *place)
{
	return place_equal(record->nsec3, &record->owner, place);
}

bool nsec_is_next(const nsec_t *record, const nsec_place_t *place)
{
	return place_equal(record->nsec3, &record->next, place);
}

static bool covers(bool nsec3, const nsec_place_t *owner, const nsec_place_t *next,
                   const nsec_place_t *place)
{
	if (!nsec3) { /* The last record leads to the apex, which is the first of all names. */
		return place_compare(false, owner, place) < 0 &&
		       (place_compare(false, place, next) < 0 ||
		        place_compare(false, next, owner) <= 0);
	}
	/* The last record leads to the lowest hash, which need not be zero. */
	bool after = hash_compare(owner->hash, place->hash) < 0;
	bool before = hash_compare(place->hash, next->hash) < 0;
	return hash_compare(owner->hash, next->hash) < 0 ? after && before : after || before;
}

bool nsec_covers(const nsec_t *record, const nsec_place_t *place)
{
	return covers(record->nsec3, &record->owner, &record->next, place);
}

int nsec_order(const nsec_t *record, const nsec_place_t *a, const nsec_place_t *b)
{
	if (record->nsec3) { /* The last record continues at the lowest hash. */
		bool before_a = place_compare(true, a, &record->owner) < 0;
		bool before_b = place_compare(true, b, &record->owner) < 0;
		if (before_a != before_b) {
			return before_a ? 1 : -1;
		}
	}
	return place_compare(record->nsec3, a, b);
}

void nsec_split_begin(nsec_split_t *split, const nsec_t *record)
{
	split->record = record;
	split->at[0] = &record->owner;
	split->at[1] = &record->next;
	split->count = 2;
}

void nsec_split_at(nsec_split_t *split, const nsec_place_t *place)
{
	for (size_t i = 1; i < split->count && split->count < NSEC_SPLIT_MAX; i++) {
		if (covers(split->record->nsec3, split->at[i - 1], split->at[i], place)) {
			memmove(&split->at[i + 1], &split->at[i],
			        (split->count - i) * sizeof(split->at[0]));
			split->at[i] = place;
			split->count++;
			return;
		}
	}
}

size_t nsec_split_find(const nsec_split_t *split, const nsec_place_t *place)
{
	if (!nsec_is_owner(split->record, place) && !nsec_covers(split->record, place)) {
		return split->count;
	}
	size_t from = 0, to = split->count - 1;
	while (to - from > 1) {
		size_t middle = from + (to - from) / 2;
		if (nsec_order(split->record, split->at[middle], place) <= 0) {
			from = middle;
		} else {
			to = middle;
		}
	}
	return from;
}

nsec_t nsec_split_part(const nsec_split_t *split, size_t i)
{
	nsec_t part = *split->record;
	part.owner = *split->at[i];
	part.next = *split->at[i + 1];
	return part;
}
