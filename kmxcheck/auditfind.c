/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What an audit is made of: findings, edits, edges, and their order.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmxcheck/auditor.h"

bool auditor_room(auditor_t *auditor, void **array, size_t count, size_t *max, size_t size)
{
	if (auditor->error != KNOT_EOK) {
		return false;
	}
	if (count == *max) {
		size_t more = *max == 0 ? 8 : *max * 2;
		void *at = realloc(*array, more * size);
		if (at == NULL) {
			auditor->error = KNOT_ENOMEM;
			return false;
		}
		*array = at;
		*max = more;
	}
	return true;
}

static knot_dname_t *copy_name(auditor_t *auditor, const knot_dname_t *name)
{
	knot_dname_t *copy = knot_dname_copy(name, NULL);
	if (copy == NULL && name != NULL) {
		auditor->error = KNOT_ENOMEM;
	}
	return copy;
}

audit_finding_t *audit_find(auditor_t *auditor, audit_rule_t rule, const knot_dname_t *owner,
                            uint16_t type)
{
	audit_t *out = auditor->out;
	if (!auditor_room(auditor, (void **)&out->findings, out->finding_count,
	                  &auditor->finding_max, sizeof(*out->findings))) {
		return &auditor->spare;
	}
	audit_finding_t *finding = &out->findings[out->finding_count++];
	*finding = (audit_finding_t){ .rule = rule, .type = type };
	finding->owner = owner != NULL ? copy_name(auditor, owner) : NULL;
	return finding;
}

void audit_at(auditor_t *auditor, audit_finding_t *finding, const knot_dname_t *owner,
              uint16_t type, size_t i)
{
	zone_place(auditor->zone, owner, type, i, &finding->file, &finding->line);
}

void audit_target(auditor_t *auditor, audit_finding_t *finding, const knot_dname_t *target)
{
	if (auditor->error == KNOT_EOK) {
		finding->target = copy_name(auditor, target);
	}
}

void audit_address(audit_finding_t *finding, int family, const uint8_t *address,
                   const net_t *network)
{
	finding->family = (uint8_t)family;
	memcpy(finding->address, address, family == 4 ? 4 : 16);
	if (network != NULL) {
		finding->has_network = true;
		finding->network = *network;
	}
}

static void say(auditor_t *auditor, char **text, const char *fmt, va_list args)
{
	if (auditor->error != KNOT_EOK) {
		return;
	}
	va_list again;
	va_copy(again, args);
	int size = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	*text = size >= 0 ? malloc((size_t)size + 1) : NULL;
	if (*text == NULL) {
		auditor->error = KNOT_ENOMEM;
		return;
	}
	(void)vsnprintf(*text, (size_t)size + 1, fmt, args);
}

void audit_message(auditor_t *auditor, audit_finding_t *finding, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	say(auditor, &finding->message, fmt, args);
	va_end(args);
}

void audit_remedy(auditor_t *auditor, audit_finding_t *finding, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	say(auditor, &finding->remedy, fmt, args);
	va_end(args);
}

static knot_rdata_t *copy_rdata(auditor_t *auditor, const knot_rdata_t *rdata)
{
	knot_rdata_t *copy = malloc(knot_rdata_size(rdata->len));
	if (copy == NULL) {
		auditor->error = KNOT_ENOMEM;
		return NULL;
	}
	knot_rdata_init(copy, rdata->len, rdata->data);
	return copy;
}

static void edit(auditor_t *auditor, bool add, const knot_dname_t *owner, uint16_t type,
                 uint32_t ttl, const knot_rdata_t *rdata)
{
	audit_t *out = auditor->out;
	if (!auditor_room(auditor, (void **)&out->edits, out->edit_count, &auditor->edit_max,
	                  sizeof(*out->edits))) {
		return;
	}
	out->edits[out->edit_count++] = (audit_edit_t){
		.add = add,
		.owner = copy_name(auditor, owner),
		.type = type,
		.ttl = ttl,
		.rdata = copy_rdata(auditor, rdata),
	};
}

/*! Edits for the RRs of one RRset that the other one does not have; both are in order. */
static void edit_rest(auditor_t *auditor, const knot_dname_t *owner, const knot_rrset_t *rrset,
                      const knot_rrset_t *other, bool add)
{
	knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		bool same = other != NULL && other->ttl == rrset->ttl &&
		            knot_rdataset_member(&other->rrs, rdata);
		if (!same) {
			edit(auditor, add, owner, rrset->type, rrset->ttl, rdata);
		}
		rdata = knot_rdataset_next(rdata);
	}
}

void audit_replace(auditor_t *auditor, const knot_dname_t *owner, const knot_rrset_t *old,
                   const knot_rrset_t *new)
{
	if (old != NULL) {
		edit_rest(auditor, owner, old, new, false);
	}
	if (new != NULL) {
		edit_rest(auditor, owner, new, old, true);
	}
}

void audit_edge(auditor_t *auditor, const knot_dname_t *from, uint16_t type,
                const knot_dname_t *to, bool proxied, bool steered)
{
	audit_t *out = auditor->out;
	if (!auditor_room(auditor, (void **)&out->edges, out->edge_count, &auditor->edge_max,
	                  sizeof(*out->edges))) {
		return;
	}
	out->edges[out->edge_count++] = (audit_edge_t){
		.from = copy_name(auditor, from),
		.type = type,
		.to = to != NULL ? copy_name(auditor, to) : NULL,
		.proxied = proxied,
		.steered = steered,
	};
}

void audit_edge_address(auditor_t *auditor, const knot_dname_t *from, int family,
                        const uint8_t *address, bool proxied, bool steered)
{
	size_t before = auditor->out->edge_count;
	audit_edge(auditor, from, family == 4 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA, NULL, proxied,
	           steered);
	if (auditor->out->edge_count > before) {
		audit_edge_t *edge = &auditor->out->edges[before];
		edge->family = (uint8_t)family;
		memcpy(edge->address, address, family == 4 ? 4 : 16);
	}
}

void name_list_add(auditor_t *auditor, name_list_t *list, const knot_dname_t *name)
{
	if (auditor_room(auditor, (void **)&list->at, list->count, &list->max,
	                 sizeof(*list->at))) {
		list->at[list->count++] = name;
	}
}

static int name_cmp(const void *a, const void *b)
{
	return knot_dname_cmp(*(const knot_dname_t *const *)a, *(const knot_dname_t *const *)b);
}

void name_list_unique(name_list_t *list)
{
	size_t kept = 0;
	if (list->count > 1) {
		qsort(list->at, list->count, sizeof(*list->at), name_cmp);
	}
	for (size_t i = 0; i < list->count; i++) {
		if (kept == 0 || !knot_dname_is_equal(list->at[kept - 1], list->at[i])) {
			list->at[kept++] = list->at[i];
		}
	}
	list->count = kept;
}

bool name_list_has(const name_list_t *list, const knot_dname_t *name)
{
	return list->count > 0 &&
	       bsearch(&name, list->at, list->count, sizeof(*list->at), name_cmp) != NULL;
}

/*! NULL comes last. */
static int maybe_name_cmp(const knot_dname_t *a, const knot_dname_t *b)
{
	if (a == NULL || b == NULL) {
		return (a == NULL) - (b == NULL);
	}
	return knot_dname_cmp(a, b);
}

static int finding_cmp(const void *a, const void *b)
{
	const audit_finding_t *x = a, *y = b;
	int cmp = maybe_name_cmp(x->owner, y->owner);
	if (cmp == 0) {
		cmp = (int)x->type - (int)y->type;
	}
	if (cmp == 0) {
		cmp = (int)x->rule - (int)y->rule;
	}
	if (cmp == 0) {
		cmp = maybe_name_cmp(x->target, y->target);
	}
	if (cmp == 0) {
		cmp = (int)x->family - (int)y->family;
	}
	if (cmp == 0) {
		cmp = memcmp(x->address, y->address, sizeof(x->address));
	}
	/* All else is no more than a stable order. */
	if (cmp == 0) {
		cmp = (x->line > y->line) - (x->line < y->line);
	}
	if (cmp == 0 && x->message != NULL && y->message != NULL) {
		cmp = strcmp(x->message, y->message);
	}
	return cmp;
}

static int edit_cmp(const void *a, const void *b)
{
	const audit_edit_t *x = a, *y = b;
	int cmp = knot_dname_cmp(x->owner, y->owner);
	if (cmp == 0) {
		cmp = (int)x->type - (int)y->type;
	}
	if (cmp == 0) {
		cmp = (int)x->add - (int)y->add;
	}
	return cmp != 0 ? cmp : knot_rdata_cmp(x->rdata, y->rdata);
}

static int edge_cmp(const void *a, const void *b)
{
	const audit_edge_t *x = a, *y = b;
	int cmp = knot_dname_cmp(x->from, y->from);
	if (cmp == 0) {
		cmp = (int)x->type - (int)y->type;
	}
	if (cmp == 0) {
		cmp = maybe_name_cmp(x->to, y->to);
	}
	return cmp != 0 ? cmp : memcmp(x->address, y->address, sizeof(x->address));
}

void audit_sort(audit_t *audit)
{
	if (audit->finding_count > 1) {
		qsort(audit->findings, audit->finding_count, sizeof(*audit->findings), finding_cmp);
	}
	if (audit->edit_count > 1) {
		qsort(audit->edits, audit->edit_count, sizeof(*audit->edits), edit_cmp);
	}
	if (audit->edge_count > 1) {
		qsort(audit->edges, audit->edge_count, sizeof(*audit->edges), edge_cmp);
	}

	/* An edge is met on more than one way. */
	size_t kept = 0;
	for (size_t i = 0; i < audit->edge_count; i++) {
		audit_edge_t *edge = &audit->edges[i];
		audit_edge_t *last = kept > 0 ? &audit->edges[kept - 1] : NULL;
		if (last != NULL && edge_cmp(last, edge) == 0) {
			last->proxied |= edge->proxied;
			last->steered &= edge->steered;
			knot_dname_free(edge->from, NULL);
			knot_dname_free(edge->to, NULL);
		} else {
			audit->edges[kept++] = *edge;
		}
	}
	audit->edge_count = kept;
}
