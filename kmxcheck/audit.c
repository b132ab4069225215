/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The audit of a zone, in its order.
 */

#include <time.h>

#include "kmxcheck/check.h"
#include "kmxcheck/xalloc.h"

/*! A list that is older than so many days is stale. */
#define STALE_DAYS 180

static int64_t days_of(const audit_list_t *list)
{
	struct tm date = {
		.tm_year = list->info.year - 1900, .tm_mon = list->info.month - 1,
		.tm_mday = list->info.day,
	};
	return timegm(&date) / 86400;
}

void check_list_stale(auditor_t *auditor, audit_rule_t rule, const subject_t *subject)
{
	const audit_input_t *input = auditor->input;
	(void)subject;
	for (size_t i = 0; i < input->list_count; i++) {
		const audit_list_t *list = &input->lists[i];
		int64_t age = input->now / 86400 - days_of(list);
		if (list->info.year <= 0 || age <= STALE_DAYS) {
			continue;
		}
		audit_finding_t *finding = audit_add(auditor, rule, NULL, 0, NULL, 0);
		finding->pos.file = list->path;
		finding->message = xformat(_("the list is from %04d-%02d-%02d, %lld days ago"),
		                           list->info.year, list->info.month, list->info.day,
		                           (long long)age);
		finding->remedy = xformat(_("get the networks that are in use now, and write "
		                            "today's date into the list"));
	}
}

/* Advice */

/*! True if a target of MX has an address that is direct, or proxied ones that can be replaced. */
static bool will_be_direct(zone_t *zone, const policy_t *policy, const knot_dname_t *name)
{
	knot_rrset_t rrset;
	host_t host;
	if (knot_dname_in_bailiwick(name, policy->zone) <= 0 ||
	    names_match(&policy->web_hosts, name) ||
	    zone_lookup(zone, name, KNOT_RRTYPE_A, &rrset) != KNOT_EOK) {
		return false;
	}
	host_find(policy, zone_lookup, zone, name, &host);
	return !host.elsewhere && (host.state == HOST_FOUND || host.proxy_name);
}

/*! True if a name can be added to the zone: there is nothing yet, not even by a wildcard. */
static bool is_free(zone_t *zone, const policy_t *policy, const knot_dname_t *name)
{
	knot_rrset_t rrset;
	host_t host;
	host_find(policy, zone_lookup, zone, name, &host);
	return !host.elsewhere && host.state == HOST_NONE && !host.alias &&
	       !names_match(&policy->web_hosts, name) &&
	       !zone_rrset_at(zone, name, 0, &rrset) && !zone_has_other_types(zone, name);
}

bool audit_advise(knot_dname_storage_t out, zone_t *zone, const policy_t *policy)
{
	static const knot_dname_t mail[] = "\4mail";
	knot_rrset_t mx;
	if (zone_lookup(zone, policy->zone, KNOT_RRTYPE_MX, &mx) == KNOT_EOK) {
		for_each_rdata(rdata, &mx) { /* In the order of their preference. */
			if (will_be_direct(zone, policy, knot_mx_name(rdata))) {
				knot_dname_copy_lower(out, knot_mx_name(rdata));
				return true;
			}
		}
	}
	return name_join(out, mail, sizeof(mail) - 1, policy->zone) && is_free(zone, policy, out);
}

/* The audit */

static void find_exchanges(auditor_t *auditor)
{
	knot_rrset_t mx;
	if (zone_lookup(auditor->zone, auditor->policy->zone, KNOT_RRTYPE_MX, &mx) != KNOT_EOK) {
		return;
	}
	for_each_rdata(rdata, &mx) {
		xadd_name(&auditor->exchanges, knot_mx_name(rdata));
	}
	name_list_unique(&auditor->exchanges);
}

static void audit_owner(auditor_t *auditor, const knot_dname_t *owner)
{
	audit_run(auditor, OF_OWNER, &(subject_t){ .owner = owner });
	audit_targets(auditor, owner);
}

void audit_zone(audit_t *out, zone_t *zone, const policy_t *policy, const audit_input_t *input)
{
	auditor_t auditor = { .out = out, .zone = zone, .policy = policy, .input = input };
	*out = (audit_t){ .zone = zone->apex, .serial = zone->serial, .records = zone->records };
	zone_match(zone, policy, &auditor.matches);
	find_exchanges(&auditor);

	audit_run(&auditor, OF_ZONE | OF_LISTS, &(subject_t){ .owner = zone->apex });
	for (size_t i = 0; i < zone->owners.count; i++) {
		audit_owner(&auditor, zone->owners.at[i]);
	}
	if (!name_list_has(&zone->owners, zone->apex)) {
		audit_owner(&auditor, zone->apex);
	}
	audit_wildcard_services(&auditor);
	name_list_unique(&auditor.targets);
	audit_hosts(&auditor);
	audit_names(&auditor);
	for (size_t i = 0; i < auditor.targets.count; i++) {
		add_target_edges(&auditor, auditor.targets.at[i]);
	}
	audit_sort(out);

	vec_free(&auditor.matches);
	vec_free(&auditor.exchanges);
	vec_free(&auditor.hosts);
	vec_free(&auditor.targets);
	vec_free(&auditor.reported);
	vec_free(&auditor.web);
}
