/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A member is the target of a PTR record at a name right below "zones" of the catalog.
 */

#include <string.h>

#include "kmxcheck/catalog.h"
#include "kmxcheck/source.h"

typedef struct {
	const knot_dname_t *catalog;
	catalog_f member;
	void *ctx;
} scan_t;

static int take(void *ctx, const record_t *record)
{
	static const knot_dname_t zones[] = "\5zones";
	const scan_t *scan = ctx;

	if (record->type != KNOT_RRTYPE_PTR ||
	    knot_dname_in_bailiwick(record->owner, scan->catalog) != 2) {
		return KNOT_EOK;
	}
	const knot_dname_t *below = record->owner + 1 + record->owner[0];
	if (below[0] != zones[0] || memcmp(below + 1, zones + 1, zones[0]) != 0) {
		return KNOT_EOK;
	}

	knot_dname_storage_t member = { 0 };
	if (knot_dname_wire_check(record->rdata, record->rdata + record->rdata_len, NULL) <= 0) {
		return KNOT_EOK;
	}
	memcpy(member, record->rdata, knot_dname_size(record->rdata));
	knot_dname_to_lower(member);
	return scan->member(scan->ctx, member);
}

int catalog_members(const char *file, const knot_dname_t *catalog, catalog_f member, void *ctx)
{
	char err[ZONE_ERR_MAX];
	source_t source = { 0 };
	scan_t scan = { catalog, member, ctx };
	int ret = source_open(&source, file, err);
	if (ret == KNOT_EOK) {
		ret = source_scan(&source, catalog, take, &scan, err);
	}
	source_clear(&source);
	return ret;
}
