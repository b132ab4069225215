/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The form of RDATA.
 */

#include <libknot/libknot.h>

#include "kmxcheck/rdata.h"

/*! What is before the first name, how many names there are, what is behind them. */
typedef struct {
	uint8_t before;
	uint8_t names;
	uint8_t after;
} form_t;

/*! False: the type is not looked into, or has a form of its own. */
static bool form_of(uint16_t type, form_t *form)
{
	switch (type) {
	case KNOT_RRTYPE_A:
		*form = (form_t){ 4, 0, 0 };
		return true;
	case KNOT_RRTYPE_AAAA:
		*form = (form_t){ 16, 0, 0 };
		return true;
	case KNOT_RRTYPE_NS:
	case KNOT_RRTYPE_CNAME:
	case KNOT_RRTYPE_DNAME:
		*form = (form_t){ 0, 1, 0 };
		return true;
	case KNOT_RRTYPE_MX:
		*form = (form_t){ 2, 1, 0 };
		return true;
	case KNOT_RRTYPE_SRV:
		*form = (form_t){ 6, 1, 0 };
		return true;
	case KNOT_RRTYPE_SOA:
		*form = (form_t){ 0, 2, 20 };
		return true;
	default:
		return false;
	}
}

/*! Strings up to the end, at least one. */
static bool check_strings(const uint8_t *data, size_t size)
{
	size_t at = 0;
	while (at < size) {
		at += 1 + (size_t)data[at];
	}
	return size > 0 && at == size;
}

bool rdata_check(uint16_t type, const uint8_t *data, size_t size)
{
	form_t form;
	if (type == KNOT_RRTYPE_TXT) {
		return check_strings(data, size);
	} else if (!form_of(type, &form)) {
		return true;
	}

	size_t at = form.before;
	for (uint8_t i = 0; i < form.names && at < size; i++) {
		int name = knot_dname_wire_check(data + at, data + size, NULL);
		if (name <= 0) {
			return false;
		}
		at += (size_t)name;
	}
	/* Names that there was no room for leave it too short, too. */
	return at + form.after == size && (form.names == 0 || at > form.before);
}

void rdata_to_lower(uint16_t type, uint8_t *data)
{
	form_t form;
	if (!form_of(type, &form)) {
		return;
	}
	data += form.before;
	for (uint8_t i = 0; i < form.names; i++) {
		knot_dname_to_lower(data);
		data += knot_dname_size(data);
	}
}
