/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The form of RDATA.
 */

#include "dns/rrset.h"
#include "dns/text.h"

/* Strings up to the end, at least one. */
static bool are_strings(const uint8_t *data, size_t size)
{
	size_t at = 0;
	while (at < size) {
		at += 1 + (size_t)data[at];
	}
	return size > 0 && at == size;
}

/* Checks RDATA with names in it (octets before the first one, how many, octets behind the last
 * one). */
static bool check_names(uint8_t *data, size_t size, size_t before, size_t names, size_t after,
                        bool lower)
{
	size_t at = before;
	for (; names > 0; names--) {
		int name = at < size ? knot_dname_wire_check(data + at, data + size, NULL) : 0;
		if (name <= 0) {
			return false;
		}
		if (lower) {
			knot_dname_to_lower(data + at);
		}
		at += (size_t)name;
	}
	return at + after == size;
}

bool rdata_check(uint16_t type, uint8_t *data, size_t size, bool lower)
{
	switch (type) {
	case KNOT_RRTYPE_A:
	case KNOT_RRTYPE_AAAA:
		return size == address_size(family_of_type(type));
	case KNOT_RRTYPE_NS:
	case KNOT_RRTYPE_CNAME:
	case KNOT_RRTYPE_DNAME:
		return check_names(data, size, 0, 1, 0, lower);
	case KNOT_RRTYPE_MX:
		return check_names(data, size, 2, 1, 0, lower);
	case KNOT_RRTYPE_SRV:
		return check_names(data, size, 6, 1, 0, lower);
	case KNOT_RRTYPE_SOA:
		return check_names(data, size, 0, 2, 20, lower);
	case KNOT_RRTYPE_TXT:
		return are_strings(data, size);
	default:
		return true;
	}
}
