/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Random zones and policies.
 */

#undef NDEBUG

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/lib/random.h"
#include "tests/unit/lib/writer.h"

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))
#define PICK(rng, array) ((array)[rng_below(rng, LENGTH(array))])

typedef struct {
	uint64_t state;
	text_writer_t to;
} rng_t;

static uint32_t rng_below(rng_t *rng, uint32_t sides)
{
	/* xorshift64*, Vigna 2014. */
	rng->state ^= rng->state >> 12;
	rng->state ^= rng->state << 25;
	rng->state ^= rng->state >> 27;
	return (uint32_t)((rng->state * UINT64_C(2685821657736338717)) >> 32) % sides;
}

static const char *const names[] = {
	"@", "www", "mail", "mx", "mx1", "smtp", "shop", "a", "b", "c", "deep.er", "a.b.mx", "*.w",
	"*.mx", "Mixed", "xn--mller-kva", "a\\.b", "*", "_imap._tcp", "_sip._tcp",
	"_pop3._tcp.shop",
};
static const char *const targets[] = {
	"@", "www", "mail", "mx", "mx1", "smtp", "shop", "a", "b", "c", "deep.er", "a.b.mx", "er",
	"any.w", "y.any.w", "q.mx", "MIXED", "xn--mller-kva", "a\\.b", "gone", "d", "w",
	"192.0.2.1", "mx.example.org.", "x.cdn.example.net.", "cdn.example.net.",
	"notcdn.example.net.", "x.d", "ns.d",
};
#define DNAME_TARGETS (LENGTH(targets) - 2)
static const char *const ttls[] = { "0", "60", "299", "300", "3600", "86400" };
static const char *const proxied4[] = { "104.16.1.2", "104.17.0.1", "172.64.0.9", "104.20.0.1" };
static const char *const direct4[] = { "192.0.2.1", "192.0.2.25", "104.24.0.1" };
static const char *const proxied6[] = { "2606:4700::1", "2606:4700:1::2" };
static const char *const direct6[] = { "2001:db8::1", "2606:4701::1" };

static void add_addresses(rng_t *rng, const char *name)
{
	const char *ttl = PICK(rng, ttls);
	uint32_t kinds4 = rng_below(rng, 8), kinds6 = rng_below(rng, 8);
	if (kinds4 & 1) {
		say(&rng->to, "%s %s A %s\n", name, ttl, PICK(rng, proxied4));
	}
	if (kinds4 & 2) {
		say(&rng->to, "%s %s A %s\n", name, ttl, PICK(rng, direct4));
	}
	if (kinds6 & 1) {
		say(&rng->to, "%s %s AAAA %s\n", name, ttl, PICK(rng, proxied6));
	}
	if (kinds6 == 2 || kinds6 == 3) {
		say(&rng->to, "%s %s AAAA %s\n", name, ttl, PICK(rng, direct6));
	}
}

static void add_mx(rng_t *rng, const char *name)
{
	const char *ttl = PICK(rng, ttls);
	if (rng_below(rng, 12) == 0) {
		say(&rng->to, "%s %s MX 0 .\n", name, ttl);
	}
	for (uint32_t i = rng_below(rng, 3) + 1; i > 0; i--) {
		say(&rng->to, "%s %s MX %u %s\n", name, ttl, 10 * rng_below(rng, 3),
		    PICK(rng, targets));
	}
}

static void add_srv(rng_t *rng, const char *name)
{
	for (uint32_t i = rng_below(rng, 3) + 1; i > 0; i--) {
		say(&rng->to, "%s SRV %u 0 %u %s\n", name, rng_below(rng, 2),
		    143 + rng_below(rng, 2), PICK(rng, targets));
	}
}

static void add_name(rng_t *rng, const char *name)
{
	bool apex = strcmp(name, "@") == 0;
	if (*name == '_') {
		add_srv(rng, name);
		return;
	}
	uint32_t part = rng_below(rng, 10);
	if (part < 3 && !apex) {
		say(&rng->to, "%s %s CNAME %s\n", name, PICK(rng, ttls), PICK(rng, targets));
		return;
	}
	if (part < 8) {
		add_addresses(rng, name);
	}
	if (part > 6 || apex) {
		add_mx(rng, name);
	}
	if (rng_below(rng, 5) == 0) {
		say(&rng->to, "%s TXT x\n", name);
	}
	if (rng_below(rng, 5) == 0) {
		say(&rng->to, "%s HTTPS 1 %s\n", name, PICK(rng, targets));
	}
}

/* The name d: a delegation, a DNAME, or one like the others. */
static void add_special(rng_t *rng)
{
	switch (rng_below(rng, 4)) {
	case 0:
		say(&rng->to, "d NS ns.d\nd NS ns.example.org.\n");
		add_addresses(rng, "ns.d");
		break;
	case 1: /* Not to a name below itself: the chain would never end. */
		say(&rng->to, "d DNAME %s\n", targets[rng_below(rng, DNAME_TARGETS)]);
		break;
	case 2:
		add_name(rng, "*.d");
		add_name(rng, "d");
		break;
	default:
		break;
	}
}

static void add_policy(rng_t *rng)
{
	static const char *const exchanges[] = { "mail", "mail", "mx", "smtp", "a.b.mx", "in.w",
	                                         "new", "m.d", "v.new" };
	static const char *const hosts[] = { "mx1", "smtp", "*.w", "*.mx", "a", "h.d", "b",
	                                     "mixed" };
	static const char *const webs[] = { "@ www", "@ www", "@ www shop", "www", "@ www *.er" };
	say(&rng->to, "exchange %s;web-host %s;mail-host", PICK(rng, exchanges), PICK(rng, webs));
	for (size_t i = 0; i < LENGTH(hosts); i++) {
		if (rng_below(rng, 4) == 0) {
			say(&rng->to, " %s", hosts[i]);
		}
	}
	switch (rng_below(rng, 5)) {
	case 0:
		say(&rng->to, ";mail4");
		break;
	case 1:
		say(&rng->to, ";mail6");
		break;
	case 2:
		say(&rng->to, ";mail4 198.51.100.25 198.51.100.26 198.51.100.27");
		break;
	default:
		break;
	}
	if (rng_below(rng, 4) == 0) {
		say(&rng->to, ";proxy-name cdn.example.net. er");
	}
	say(&rng->to, ";ttl %s", PICK(rng, ttls));
}

void random_zone(random_zone_t *out, uint64_t seed)
{
	rng_t rng = { (seed + 1) * UINT64_C(0x9e3779b97f4a7c15),
	                { out->zone, sizeof(out->zone), NULL } };
	*out->zone = '\0';
	for (size_t i = 0; i < LENGTH(names); i++) {
		bool always = strcmp(names[i], "@") == 0;
		bool seldom = strcmp(names[i], "*") == 0;
		if (always || rng_below(&rng, seldom ? 5 : 3) > (seldom ? 3 : 0)) {
			add_name(&rng, names[i]);
		}
	}
	add_special(&rng);

	rng.to = (text_writer_t){ out->options, sizeof(out->options), NULL };
	add_policy(&rng);
}

bool random_names_has(const random_names_t *set, const knot_dname_t *name)
{
	for (size_t i = 0; i < set->count; i++) {
		if (knot_dname_is_equal(set->at[i], name)) {
			return true;
		}
	}
	return false;
}

bool random_names_add(random_names_t *set, const knot_dname_t *name)
{
	if (random_names_has(set, name)) {
		return false;
	}
	set->at = realloc(set->at, (set->count + 1) * sizeof(*set->at));
	assert(set->at != NULL);
	memcpy(set->at[set->count++], name, knot_dname_size(name));
	return true;
}

void random_names_clear(random_names_t *set)
{
	free(set->at);
	*set = (random_names_t){ 0 };
}

static void add_below(random_names_t *set, const knot_dname_t *name)
{
	knot_dname_storage_t below = { 1, 'q' };
	size_t size = knot_dname_size(name);
	if (2 + size <= sizeof(below)) {
		memcpy(below + 2, name, size);
		(void)random_names_add(set, below);
	}
}

void random_names(random_names_t *set, const test_zone_t *zone)
{
	*set = (random_names_t){ 0 };
	for (size_t i = 0; i < zone->count; i++) {
		const test_node_t *node = &zone->nodes[i];
		if (knot_dname_is_wildcard(node->name)) {
			continue; /* Its encloser has a name below. */
		}
		(void)random_names_add(set, node->name);
		add_below(set, node->name);
	}
	for (size_t i = 0; i < LENGTH(targets); i++) {
		knot_dname_storage_t name;
		size_t len = strlen(targets[i]);
		if (targets[i][0] == '@' || targets[i][len - 1] == '.') {
			continue;
		}
		assert(knot_dname_from_str(name, targets[i], sizeof(name)) != NULL);
		memcpy(name + knot_dname_size(name) - 1, zone->apex, knot_dname_size(zone->apex));
		knot_dname_to_lower(name);
		(void)random_names_add(set, name);
		add_below(set, name);
	}
}
