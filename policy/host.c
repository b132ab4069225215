/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Following a name through the zone to its addresses.
 */

#include <string.h>

#include "dns/name.h"
#include "dns/rrset.h"
#include "policy/host.h"

/* What each step needs: the zone, and the name being looked for. */
typedef struct {
	const policy_t *policy;
	policy_lookup_f lookup;
	void *ctx;
	walked_t *walked;
	host_t *host;
	bool blind; /* A look-up failed. */
} search_t;

static int look(search_t *s, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out)
{
	memset(out, 0, sizeof(*out));
	int ret = s->lookup(s->ctx, owner, type, out);
	s->blind |= ret != KNOT_EOK && ret != KNOT_ENONODE;
	return ret;
}

static bool look_present(search_t *s, const knot_dname_t *owner, uint16_t type,
                         knot_rrset_t *out)
{
	return look(s, owner, type, out) == KNOT_EOK && !knot_rrset_empty(out);
}

static void read_addresses(search_t *s, const knot_dname_t *node, host_state_t otherwise)
{
	bool a = look_present(s, node, KNOT_RRTYPE_A, &s->host->a);
	bool aaaa = look_present(s, node, KNOT_RRTYPE_AAAA, &s->host->aaaa);
	knot_rrset_t alias;
	if (a || aaaa) {
		s->host->state = HOST_FOUND;
	} else if (look_present(s, node, HOST_TYPE_ALIAS, &alias)) {
		s->host->state = HOST_UNKNOWN; /* Another module answers. */
	} else {
		s->host->state = otherwise;
	}
}

/* Continues at the target of an alias. False: it leads to a proxy name, the search is over. */
static bool follow(search_t *s, const knot_dname_t *target, uint32_t ttl)
{
	host_t *host = s->host;
	if (!host->alias || ttl < host->ttl) {
		host->ttl = ttl;
	}
	host->alias = true;
	knot_dname_copy_lower(host->end, target);
	host->state = HOST_UNKNOWN;
	host->proxy_name = names_cover(&s->policy->proxy_names, host->end);
	return !host->proxy_name;
}

/* Reads the node that answers: the name's own or a wildcard's. Its alias, if that is known, else
 * NULL. True: an alias was followed. */
static bool at_node(search_t *s, const knot_dname_t *node, const knot_rrset_t *alias)
{
	knot_rrset_t cname = { 0 };
	if (alias == NULL) {
		(void)look_present(s, node, KNOT_RRTYPE_CNAME, &cname);
		alias = &cname;
	}
	if (!knot_rrset_empty(alias)) {
		return follow(s, knot_cname_name(alias->rrs.rdata), alias->ttl);
	}
	read_addresses(s, node, HOST_NONE);
	return false;
}

/* The name does not exist, but its encloser does: a wildcard or a DNAME may answer for it. */
static bool below_encloser(search_t *s, const knot_dname_t *encloser)
{
	knot_rrset_t rrset;
	knot_dname_storage_t wildcard;
	bool exchange = name_equal(s->host->end, s->policy->exchange);
	bool apex = name_equal(encloser, s->policy->zone);
	if (apex && s->walked->no_apex_wildcard) {
		s->host->state = HOST_NONE;
		return false;
	}
	if (name_wildcard(wildcard, encloser)) {
		int ret = look(s, wildcard, KNOT_RRTYPE_NS, &rrset);
		if (ret == KNOT_EOK && exchange) { /* It does not count as the exchange. */
			s->host->covered = !s->host->alias;
			s->host->state = HOST_NONE;
			return false;
		}
		if (ret == KNOT_EOK && !knot_rrset_empty(&rrset)) {
			s->host->state = HOST_UNKNOWN; /* Whatever is below is delegated. */
			return false;
		} else if (ret == KNOT_EOK) {
			return at_node(s, wildcard, NULL);
		}
	}

	s->host->state = HOST_NONE;
	if (!look_present(s, encloser, KNOT_RRTYPE_DNAME, &rrset)) {
		s->walked->no_apex_wildcard = apex && !s->blind;
		return false;
	}
	s->host->elsewhere |= !s->host->alias;
	knot_dname_t *target = knot_dname_replace_suffix(s->host->end,
	                                                 name_labels(encloser),
	                                                 knot_dname_target(rrset.rrs.rdata), NULL);
	if (target == NULL) {
		s->host->state = HOST_UNKNOWN; /* Out of memory. */
		return false;
	}
	/* A name that would be too long does not exist (YXDOMAIN, RFC 6672 2.2). */
	bool more = knot_dname_size(target) <= KNOT_DNAME_MAXLEN && follow(s, target, rrset.ttl);
	knot_dname_free(target, NULL);
	return more;
}

/* Labels that a name shares with the one that was walked to: nearly always all of that. */
static int walked_labels(const walked_t *walked, const knot_dname_t *name,
                         const knot_dname_t *const *parts, int labels, const knot_dname_t *end)
{
	const knot_dname_t *part = labels >= walked->labels ? parts[walked->labels] : NULL;
	return part != NULL && end - part == walked->size &&
	       memcmp(part, walked->name, walked->size) == 0
	       ? walked->labels : (int)knot_dname_matched_labels(name, walked->name);
}

void host_locate(const knot_dname_t *apex, policy_lookup_f lookup, void *ctx, walked_t *walked,
                 const knot_dname_t *name, bool alias, location_t *location)
{
	const knot_dname_t *parts[KNOT_DNAME_MAXLABELS + 1]; /* By labels. */
	int labels = name_labels(name), top = name_labels(apex), from = top;
	const knot_dname_t *part = name;
	for (int i = labels; i >= top; i--, part += 1 + *part) {
		parts[i] = part;
	}
	size_t apex_size = knot_dname_size(apex);
	if (labels > top + 1 && walked->labels > 0) {
		from = walked_labels(walked, name, parts, labels, parts[top] + apex_size);
	}
	*location = (location_t){ .labels = from };
	for (int i = from + 1; i <= labels && !location->delegated; i++) {
		knot_rrset_t ns = { 0 };
		int ret = KNOT_EOK;
		if (alias && i == labels) {
			ret = lookup(ctx, name, KNOT_RRTYPE_CNAME, &location->alias);
			location->alias_known = (ret == KNOT_EOK);
		}
		if (ret == KNOT_EOK && knot_rrset_empty(&location->alias)) {
			ret = lookup(ctx, parts[i], KNOT_RRTYPE_NS, &ns);
		}
		if (ret != KNOT_EOK) {
			location->blind = ret != KNOT_ENONODE;
			break;
		}
		location->labels = i;
		location->delegated = !knot_rrset_empty(&ns);
		location->delegation = ns;
	}
	location->encloser = parts[location->labels];
	location->exists = location->labels == labels;
	if (location->labels > from && location->labels > top + 1 && !location->delegated) {
		walked->labels = location->labels;
		walked->size = parts[top] + apex_size - location->encloser;
		memcpy(walked->name, location->encloser, walked->size);
	}
}

/* One name, no alias. True: an alias was followed and host->end is a new name. */
static bool step(search_t *s)
{
	location_t location;
	host_locate(s->policy->zone, s->lookup, s->ctx, s->walked, s->host->end, true, &location);
	if (location.delegated) { /* Glue is all there is. */
		s->host->elsewhere |= !s->host->alias;
		read_addresses(s, s->host->end, HOST_UNKNOWN);
		return false;
	} else if (location.blind) {
		s->blind = true;
		return false;
	}
	if (!location.exists) {
		return below_encloser(s, location.encloser);
	}
	return at_node(s, s->host->end, location.alias_known ? &location.alias : NULL);
}

void host_find(const policy_t *policy, policy_lookup_f lookup, void *ctx,
               const knot_dname_t *name, host_t *host)
{
	walked_t walked;
	walked_begin(&walked);
	host_find_walked(policy, lookup, ctx, &walked, name, host);
}

/* Follows the aliases. */
static void follow_all(search_t *s)
{
	host_t *host = s->host;
	/* A loop returns to the remembered name, soon after that is one in the loop. */
	knot_dname_storage_t mark;
	memcpy(mark, host->end, sizeof(mark)); /* Takes less time than finding its size. */
	for (int i = 0; i <= HOST_ALIAS_MAX; i++) {
		host->state = HOST_UNKNOWN;
		if (!name_in_zone(host->end, s->policy->zone) || !step(s)) {
			return;
		}
		if (name_equal(host->end, mark)) {
			break;
		}
		if ((i & (i - 1)) == 0) { /* Zero and powers of two. */
			memcpy(mark, host->end, sizeof(mark));
		}
	}
	host->state = HOST_UNKNOWN;
	host->loop = true;
}

void host_find_walked(const policy_t *policy, policy_lookup_f lookup, void *ctx, walked_t *walked,
                      const knot_dname_t *name, host_t *host)
{
	search_t s = { policy, lookup, ctx, walked, host, false };
	memset(host, 0, offsetof(host_t, end));
	host->ttl = UINT32_MAX;
	knot_dname_copy_lower(host->end, name);
	follow_all(&s);
	if (s.blind && !host->proxy_name) {
		/* After a failed look-up, a missing address is not certain. */
		host->state = HOST_BLIND;
	}
}

/* Whether an RRset has direct and proxied addresses. */
typedef struct {
	bool direct;
	bool proxied;
} kinds_t;

static kinds_t kinds_of(const policy_t *policy, const knot_rrset_t *rrset, int family)
{
	kinds_t kinds = { false, false };
	for_each_rdata(rdata, rrset) {
		bool proxied = policy_proxied(policy, family, rdata->data, NULL);
		kinds.proxied |= proxied;
		kinds.direct |= !proxied;
	}
	return kinds;
}

host_serves_t host_serves(const policy_t *policy, const host_t *host, bool exchange, int family)
{
	kinds_t own = kinds_of(policy, family == 4 ? &host->a : &host->aaaa, family);
	int other_family = (family == 4) ? 6 : 4;
	kinds_t other = kinds_of(policy, family == 4 ? &host->aaaa : &host->a, other_family);
	if (own.direct) {
		return HOST_SERVES_DIRECT;
	} else if (other.direct || policy_mail(policy, family)->count == 0) {
		return HOST_SERVES_NOTHING;
	} else if (own.proxied || (host->alias && (other.proxied || host->proxy_name))) {
		return HOST_SERVES_MAIL;
	} else if (!exchange || host->elsewhere) {
		return HOST_SERVES_NOTHING;
	} else if (host->state == HOST_NONE || host->loop) {
		return HOST_SERVES_MAIL;
	}
	/* What the other family has, or may have, is enough if there is something to serve. */
	return (other.proxied || host->state == HOST_BLIND) &&
	       policy_mail(policy, other_family)->count == 0 ? HOST_SERVES_MAIL
	                                                     : HOST_SERVES_NOTHING;
}
