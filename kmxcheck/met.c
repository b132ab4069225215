/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Collecting what was met in a server's answers: targets, hosts, addresses.
 */

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "kmxcheck/met.h"

int met_grow(void **array, size_t count, size_t size)
{
	if (count != 0 && (count & (count - 1)) != 0) {
		return KNOT_EOK;
	}
	void *more = realloc(*array, (count == 0 ? 1 : 2 * count) * size);
	if (more == NULL) {
		return KNOT_ENOMEM;
	}
	*array = more;
	return KNOT_EOK;
}

static int compare_links(const void *first, const void *second)
{
	const link_t *a = first, *b = second;
	int order = knot_dname_cmp(a->target, b->target);
	if (order == 0) {
		order = knot_dname_cmp(a->owner, b->owner);
	}
	return order != 0 ? order : (int)a->type - (int)b->type;
}

int met_link(met_t *met, const knot_dname_t *owner, uint16_t type, const knot_dname_t *target,
             via_t via)
{
	int ret = met_grow((void **)&met->links, met->link_count, sizeof(*met->links));
	if (ret != KNOT_EOK) {
		return ret;
	}
	link_t link = {
		.owner = knot_dname_copy(owner, NULL),
		.target = knot_dname_copy(target, NULL),
		.type = type,
		.vias = VIA_BIT(via),
	};
	met->links[met->link_count++] = link;
	return link.owner == NULL || link.target == NULL ? KNOT_ENOMEM : KNOT_EOK;
}

/* Equal links become one that was met over all their ways. */
static void merge_links(met_t *met)
{
	size_t count = 0;
	for (size_t i = 0; i < met->link_count; i++) {
		link_t *link = &met->links[i];
		if (count > 0 && compare_links(&met->links[count - 1], link) == 0) {
			met->links[count - 1].vias |= link->vias;
			knot_dname_free(link->owner, NULL);
			knot_dname_free(link->target, NULL);
		} else {
			met->links[count++] = *link;
		}
	}
	met->link_count = count;
}

static int add_host(met_t *met, const knot_dname_t *name)
{
	if (!name_in_zone(name, met->policy->zone)) {
		return KNOT_EOK;
	}
	int ret = met_grow((void **)&met->hosts, met->host_count, sizeof(*met->hosts));
	if (ret != KNOT_EOK) {
		return ret;
	}
	met_host_t host = { .name = knot_dname_copy(name, NULL) };
	met->hosts[met->host_count++] = host;
	return host.name == NULL ? KNOT_ENOMEM : KNOT_EOK;
}

static int compare_hosts(const void *first, const void *second)
{
	return knot_dname_cmp(((const met_host_t *)first)->name,
	                      ((const met_host_t *)second)->name);
}

static void sort_hosts(met_t *met)
{
	size_t count = 0;
	if (met->host_count > 0) {
		qsort(met->hosts, met->host_count, sizeof(*met->hosts), compare_hosts);
	}
	for (size_t i = 0; i < met->host_count; i++) {
		if (count > 0 && compare_hosts(&met->hosts[count - 1], &met->hosts[i]) == 0) {
			knot_dname_free(met->hosts[i].name, NULL);
		} else {
			met->hosts[count++] = met->hosts[i];
		}
	}
	met->host_count = count;
}

/* Which hosts are guarded is decided by the apex MX as the server answers it. */
static int find_guarded(met_t *met)
{
	const knot_dname_t *apex = met->policy->zone;
	knot_rrset_t mx;
	knot_rrset_init(&mx, (knot_dname_t *)apex, KNOT_RRTYPE_MX, KNOT_CLASS_IN, 0);
	int ret = KNOT_EOK;
	for (size_t i = 0; i < met->link_count && ret == KNOT_EOK; i++) {
		const link_t *link = &met->links[i];
		if (link->type == KNOT_RRTYPE_MX && knot_dname_is_equal(link->owner, apex)) {
			uint8_t data[2 + KNOT_DNAME_MAXLEN] = { 0 };
			size_t size = knot_dname_size(link->target);
			memcpy(data + 2, link->target, size);
			ret = knot_rrset_add_rdata(&mx, data, (uint16_t)(2 + size), NULL);
		}
	}
	for (size_t i = 0; i < met->host_count && ret == KNOT_EOK; i++) {
		met->hosts[i].guarded = policy_guarded(met->policy, &mx, met->hosts[i].name);
	}
	knot_rdataset_clear(&mx.rrs, NULL);
	return ret;
}

int met_make_hosts(met_t *met, const audit_t *audit)
{
	if (met->link_count > 0) {
		qsort(met->links, met->link_count, sizeof(*met->links), compare_links);
	}
	merge_links(met);

	int ret = add_host(met, met->policy->exchange);
	for (size_t i = 0; i < met->link_count && ret == KNOT_EOK; i++) {
		const link_t *link = &met->links[i];
		if (i == 0 || !knot_dname_is_equal(link->target, link[-1].target)) {
			ret = add_host(met, link->target);
		}
	}
	const names_t *named = &met->policy->mail_hosts;
	for (size_t i = 0; i < named->count && ret == KNOT_EOK; i++) {
		if (!named->at[i].below) {
			ret = add_host(met, named->at[i].name);
		}
	}
	/* Those that only a pattern names are known by what is wrong with them. */
	for (size_t i = 0; i < audit->finding_count && ret == KNOT_EOK; i++) {
		const audit_finding_t *finding = &audit->findings[i];
		if (finding->rule == AUDIT_PROXIED_HOST || (finding->rule == AUDIT_PROXIED_ALIAS &&
		                                            finding->type == KNOT_RRTYPE_CNAME)) {
			ret = add_host(met, finding->owner);
		}
	}
	if (ret != KNOT_EOK) {
		return ret;
	}
	sort_hosts(met);
	return find_guarded(met);
}

met_host_t *met_host(const met_t *met, const knot_dname_t *name)
{
	const met_host_t key = { .name = (knot_dname_t *)name };
	return met->host_count == 0 ? NULL : bsearch(&key, met->hosts, met->host_count,
	                                             sizeof(*met->hosts), compare_hosts);
}

int met_address(met_host_t *host, uint8_t family, const uint8_t *address, bool alias, via_t via)
{
	const size_t size = family == 4 ? 4 : 16;
	for (size_t i = 0; i < host->seen_count; i++) {
		seen_t *seen = &host->seen[i];
		if (seen->family == family && seen->alias == alias &&
		    memcmp(seen->address, address, size) == 0) {
			seen->vias |= VIA_BIT(via);
			return KNOT_EOK;
		}
	}
	int ret = met_grow((void **)&host->seen, host->seen_count, sizeof(*host->seen));
	if (ret == KNOT_EOK) {
		seen_t *seen = &host->seen[host->seen_count++];
		*seen = (seen_t){ .family = family, .alias = alias, .vias = VIA_BIT(via) };
		memcpy(seen->address, address, size);
	}
	return ret;
}

void met_clear(met_t *met)
{
	for (size_t i = 0; i < met->link_count; i++) {
		knot_dname_free(met->links[i].owner, NULL);
		knot_dname_free(met->links[i].target, NULL);
	}
	for (size_t i = 0; i < met->host_count; i++) {
		met_host_t *host = &met->hosts[i];
		knot_dname_free(host->name, NULL);
		knot_dname_free(host->alias, NULL);
		knot_dname_free(host->proxy_name, NULL);
		free(host->seen);
	}
	free(met->links);
	free(met->hosts);
	*met = (met_t){ 0 };
}
