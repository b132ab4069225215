/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * From the words of a stanza to the policy of a zone: the defaults, and every check.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/text.h"
#include "policy/stanza.h"

#define ITEM_WEB_HOST "web-host"
#define ITEM_MAIL_HOST "mail-host"
#define ITEM_EXCHANGE "mail-exchange"
#define ITEM_SERVICE "mail-service"

#define SERVICE(length, label) (const knot_dname_t *)length label "\x04""_tcp"

const knot_dname_t *const stanza_default_services[] = {
	SERVICE("\x0B", "_submission"),
	SERVICE("\x0C", "_submissions"),
	SERVICE("\x05", "_imap"),
	SERVICE("\x06", "_imaps"),
	SERVICE("\x05", "_pop3"),
	SERVICE("\x06", "_pop3s"),
	SERVICE("\x06", "_sieve"),
	NULL
};

static const char *default_web_hosts[] = { "@", "www" };
static const char *const default_exchange = "mx-direct";

/* Stands for a zone that is not known: no written name has such an octet, so none that is absolute
 * can be mistaken for a name in it. */
static const knot_dname_t placeholder[] = { 1, 0xff, 0 };

int stanza_invalid(char err[static STANZA_TEXT_MAX], const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(err, STANZA_TEXT_MAX, fmt, args);
	va_end(args);
	return KNOT_EINVAL;
}

int stanza_add_address(stanza_t *stanza, int family, const uint8_t *address)
{
	addresses_t *list = (family == 4) ? &stanza->mail4 : &stanza->mail6;
	size_t len = address_size(family);

	for (size_t i = 0; i < list->count; i++) {
		if (memcmp(list->at + i * len, address, len) == 0) {
			return KNOT_EOK;
		}
	}
	uint8_t *at = realloc(list->at, (list->count + 1) * len);
	if (at == NULL) {
		return KNOT_ENOMEM;
	}
	memcpy(at + list->count * len, address, len);
	list->at = at;
	list->count++;
	return KNOT_EOK;
}

void stanza_clear(stanza_t *stanza)
{
	free(stanza->mail4.at);
	free(stanza->mail6.at);
	stanza->mail4 = stanza->mail6 = (addresses_t){ 0 };
}

/* A kind of addresses: those of a network. */
typedef struct {
	uint8_t family; /* 0 ends a table. */
	uint8_t first[16];
	uint8_t prefix;
	const char *name;
} kind_t;

/* The kind that an address is of, or NULL. Called for each zone at each load. */
static const char *find_kind(const kind_t *kind, int family, const uint8_t *address)
{
	for (; kind->family != 0; kind++) {
		net_t net;
		if (kind->family == family &&
		    net_from_addr(&net, family, address, NULL, kind->prefix) == KNOT_EOK &&
		    memcmp(net.first, kind->first, sizeof(net.first)) == 0) {
			return kind->name;
		}
	}
	return NULL;
}

/* Where nobody outside can deliver mail to. */
static const kind_t unusable[] = {
	{ 4, { 0 }, 32, "the unspecified address" },
	{ 4, { 127 }, 8, "a loopback address" },
	{ 4, { 169, 254 }, 16, "a link-local address" },
	{ 4, { 224 }, 4, "a multicast address" },
	{ 6, { 0 }, 128, "the unspecified address" },
	{ 6, { [15] = 1 }, 128, "a loopback address" },
	{ 6, { [10] = 0xff, 0xff }, 96, "an IPv4 address in the form of IPv6" },
	{ 6, { 0xfe, 0x80 }, 10, "a link-local address" },
	{ 6, { 0xff }, 8, "a multicast address" },
	{ 0 }
};

/* Where that is so unless all senders are inside (RFC 1918, RFC 6598, RFC 4193). */
static const kind_t private[] = {
	{ 4, { 10 }, 8, "private" },
	{ 4, { 100, 64 }, 10, "shared by a provider's customers" },
	{ 4, { 172, 16 }, 12, "private" },
	{ 4, { 192, 168 }, 16, "private" },
	{ 6, { 0xfc }, 7, "private" },
	{ 0 }
};

static int check_addresses(const stanza_t *stanza, int family, char *err)
{
	const policy_t networks = { .proxies = stanza->proxies, .excepts = stanza->excepts };
	const addresses_t *list = (family == 4) ? &stanza->mail4 : &stanza->mail6;

	for (size_t i = 0; i < list->count; i++) {
		const uint8_t *address = list->at + i * address_size(family);
		net_t network;
		const char *kind = find_kind(unusable, family, address);
		char addr[ADDRESS_TEXT_MAX], net[NET_TEXT_MAX];
		if (kind != NULL) {
			return stanza_invalid(err, "mail-address '%s' is %s",
			                      address_text(addr, family, address), kind);
		}
		if (policy_proxied(&networks, family, address, &network)) {
			return stanza_invalid(err, "mail-address '%s' lies in proxy network %s",
			                      address_text(addr, family, address),
			                      net_to_str(&network, net));
		}
	}
	return KNOT_EOK;
}

/* A domain stands for all names below it, so a pattern in it can only be a mistake. */
static int check_proxy_names(const stanza_t *stanza, char *err)
{
	const names_t *names = stanza->proxy_names;
	for (size_t i = 0; names != NULL && i < names->count; i++) {
		if (name_has_asterisk(names->at[i].name)) {
			knot_dname_txt_storage_t text;
			return stanza_invalid(err, "proxy-name '%.300s' has a '*': names below are "
			                      "meant without it",
			                      name_text(text, names->at[i].name));
		}
	}
	return KNOT_EOK;
}

int stanza_check(const stanza_t *stanza, char err[static STANZA_TEXT_MAX])
{
	bool networks = stanza->proxies != NULL && netset_count(stanza->proxies) > 0;
	bool names = stanza->proxy_names != NULL && stanza->proxy_names->count > 0;
	if (!networks && !names) {
		return stanza_invalid(err, "no networks: proxy, proxy-file or proxy-name "
		                      "is required");
	}
	if (stanza->enforce && stanza->mail4.count + stanza->mail6.count == 0) {
		return stanza_invalid(err, "mode 'enforce' requires a mail-address");
	}
	int ret = check_proxy_names(stanza, err);
	for (int family = 4; family <= 6 && ret == KNOT_EOK; family += 2) {
		ret = check_addresses(stanza, family, err);
	}
	return ret;
}

/* Receives warnings, with its context. */
typedef struct {
	stanza_warn_f warn;
	void *ctx;
} receiver_t;

__attribute__((format(printf, 2, 3)))
static void say(const receiver_t *to, const char *fmt, ...)
{
	char text[STANZA_TEXT_MAX];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	to->warn(to->ctx, text);
}

static void warn_address(const stanza_t *stanza, int family, const uint8_t *address,
                         const receiver_t *to)
{
	char addr[ADDRESS_TEXT_MAX], net[NET_TEXT_MAX];
	unsigned prefix = (family == 4) ? 24 : 48;
	char same[16] = "";

	const char *kind = find_kind(private, family, address);
	if (kind != NULL) {
		say(to, "mail-address '%s' is %s, nobody else can deliver mail there",
		    address_text(addr, family, address), kind);
	}
	net_t origin, near;
	(void)net_from_addr(&near, family, address, NULL, prefix);
	bool in = netset_match(stanza->origins, family, address, &origin);
	if (!in) {
		(void)snprintf(same, sizeof(same), " (same /%u)", prefix);
	}
	if (in || netset_overlaps(stanza->origins, &near, &origin)) {
		say(to, "mail-address '%s' lies %s web-origin %s%s, "
		    "mail gives away where the web site runs", address_text(addr, family, address),
		    in ? "in" : "beside", net_to_str(&origin, net), same);
	}
}

/* True if a network of the set has an address in common with this one, excepted or not. */
static bool is_listed(const netset_t *set, const net_t *net)
{
	bool found = netset_overlaps(set, net, NULL);
	net_t one;
	for (size_t at = 0; set != NULL && !found && netset_next(set, &at, &one);) {
		found = net_overlap(&one, net);
	}
	return found;
}

static void warn_excepts(const stanza_t *stanza, const receiver_t *to)
{
	net_t except;
	for (size_t at = 0;
	     stanza->excepts != NULL && netset_next(stanza->excepts, &at, &except);) {
		char net[NET_TEXT_MAX];
		if (!is_listed(stanza->proxies, &except)) {
			say(to, "proxy-except %s lies in no proxy network",
			    net_to_str(&except, net));
		}
	}
}

void stanza_warn(const stanza_t *stanza, stanza_warn_f warn, void *ctx)
{
	const receiver_t to = { warn, ctx };
	for (size_t i = 0; i < stanza->mail4.count; i++) {
		warn_address(stanza, 4, stanza->mail4.at + i * 4, &to);
	}
	for (size_t i = 0; i < stanza->mail6.count; i++) {
		warn_address(stanza, 6, stanza->mail6.at + i * 16, &to);
	}
	warn_excepts(stanza, &to);
}

/* Warns of relative names that end in the zone's own name, as they do without their last dot. */
static void warn_relatives(const char *item, const words_t *words, const knot_dname_t *zone,
                           const receiver_t *to)
{
	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->at[i];
		size_t size = strlen(word);
		knot_dname_storage_t name;
		if (*zone != '\0' && size > 0 && word[size - 1] != '.' &&
		    name_from_str(name, word, (const knot_dname_t *)"") == KNOT_EOK &&
		    name_in_zone(name, zone)) {
			say(to, "%s '%.100s' is relative, as there is no dot at its end: it means "
			    "'%.100s' below the zone", item, word, word);
		}
	}
}

void stanza_warn_zone(const stanza_t *stanza, const policy_t *policy, stanza_warn_f warn,
                      void *ctx)
{
	const receiver_t to = { warn, ctx };
	const words_t exchange = { (const char **)&stanza->exchange, stanza->exchange != NULL };
	warn_relatives(ITEM_WEB_HOST, &stanza->web_hosts, policy->zone, &to);
	warn_relatives(ITEM_MAIL_HOST, &stanza->mail_hosts, policy->zone, &to);
	warn_relatives(ITEM_EXCHANGE, &exchange, policy->zone, &to);
	if (!names_match(&policy->web_hosts, policy->zone)) {
		say(&to, "web-host is without the apex '@': an MX that points there makes the web "
		    "site's own addresses a mail host's");
	}
}

/* A zone's policy in the making. */
typedef struct {
	policy_t *policy;
	const stanza_t *stanza;
	const knot_dname_t *zone; /* Or the placeholder. */
	bool known;
	names_t web_hosts;        /* All of them, also those outside the zone. */
	char *err;
} build_t;

static const char *if_default(bool dflt)
{
	return dflt ? " (default)" : "";
}

/* Says what is wrong with a word that did not parse. */
static int bad_word(char *err, int ret, const char *item, const char *word, const char *what)
{
	if (ret == KNOT_ENOMEM) {
		return ret;
	} else if (ret == KNOT_ERANGE) {
		return stanza_invalid(err, "%s '%.100s' is too long for a name", item, word);
	}
	for (const char *c = word; *c != '\0'; c++) {
		if ((unsigned char)*c > 127) {
			return stanza_invalid(err, "%s '%.100s' is not ASCII, write such labels "
			                      "as xn--...", item, word);
		}
	}
	return stanza_invalid(err, "%s '%.100s' is not a %s", item, word, what);
}

/* True if a pattern holds every name that the other one does. */
static bool pattern_holds(const name_pattern_t *outer, const name_pattern_t *inner)
{
	int depth = knot_dname_in_bailiwick(inner->name, outer->name);
	if (!outer->below) {
		return depth == 0 && !inner->below;
	}
	return inner->below ? depth >= 0 : depth > 0;
}

/* True if the zone has names that the pattern may match. */
static bool pattern_in_zone(const name_pattern_t *pattern, const knot_dname_t *zone)
{
	return name_in_zone(pattern->name, zone) ||
	       (pattern->below && name_in_zone(zone, pattern->name));
}

/* A mail host that is wholly among the web hosts would never be guarded: web hosts go first. The
 * other way round is an exception made on purpose (mail-host "*", web-host "www"). */
static int check_mail_host(const build_t *b, const name_pattern_t *pattern, const char *word)
{
	for (size_t i = 0; i < b->web_hosts.count; i++) {
		if (pattern_holds(&b->web_hosts.at[i], pattern)) {
			return stanza_invalid(b->err, "'%.100s' is both in "ITEM_WEB_HOST"%s and "
			                      ITEM_MAIL_HOST, word,
			                      if_default(b->stanza->web_hosts.count == 0));
		}
	}
	return KNOT_EOK;
}

/* Takes a host, unless there can't be a name so long in the zone. */
static int add_host(build_t *b, const char *item, const char *word, bool mail)
{
	names_t one = { 0 };
	int ret = names_add(&one, word, b->zone);
	if (ret == KNOT_ERANGE && names_add(&one, word, placeholder) == KNOT_EOK) {
		names_clear(&one);
		return KNOT_EOK;
	} else if (ret != KNOT_EOK) {
		return bad_word(b->err, ret, item, word, "name");
	}

	ret = mail ? check_mail_host(b, one.at, word)
	           : names_add_dname(&b->web_hosts, one.at->name, one.at->below);
	if (ret == KNOT_EOK && pattern_in_zone(one.at, b->zone)) {
		ret = names_add_dname(mail ? &b->policy->mail_hosts : &b->policy->web_hosts,
		                      one.at->name, one.at->below);
	}
	names_clear(&one);
	return ret;
}

static int add_hosts(build_t *b)
{
	words_t web = b->stanza->web_hosts;
	if (web.count == 0) {
		web = (words_t){ default_web_hosts,
		                 sizeof(default_web_hosts) / sizeof(*default_web_hosts) };
	}
	int ret = KNOT_EOK;
	for (size_t i = 0; i < web.count && ret == KNOT_EOK; i++) {
		ret = add_host(b, ITEM_WEB_HOST, web.at[i], false);
	}
	const words_t *mail = &b->stanza->mail_hosts;
	for (size_t i = 0; i < mail->count && ret == KNOT_EOK; i++) {
		ret = add_host(b, ITEM_MAIL_HOST, mail->at[i], true);
	}
	policy_prepare(b->policy);
	return ret;
}

static int check_exchange(const build_t *b, const knot_dname_t *name, const char *word)
{
	const char *dflt = if_default(b->stanza->exchange == NULL);

	if (name_is_wildcard(name)) {
		return stanza_invalid(b->err, ITEM_EXCHANGE" '%.100s' is a pattern, not one name",
		                      word);
	}

	/* While the zone is not known, no absolute name but the root can be judged. */
	int depth = knot_dname_in_bailiwick(name, b->zone);
	if (!b->known && (depth == 0 || name[0] == 0)) {
		return stanza_invalid(b->err, ITEM_EXCHANGE" '%.100s' is not below the zone",
		                      word);
	} else if (depth <= 0 && b->known) {
		knot_dname_txt_storage_t zone;
		return stanza_invalid(b->err, ITEM_EXCHANGE" '%.100s' is not below zone '%.200s'",
		                      word, name_text(zone, b->zone));
	}

	if (names_match(&b->web_hosts, name)) {
		return stanza_invalid(b->err, ITEM_EXCHANGE" '%.100s'%s is a "ITEM_WEB_HOST"%s",
		                      word, dflt, if_default(b->stanza->web_hosts.count == 0));
	}
	return KNOT_EOK;
}

static int add_exchange(build_t *b)
{
	const char *word = b->stanza->exchange != NULL ? b->stanza->exchange : default_exchange;
	knot_dname_storage_t name = { 0 };
	int ret = name_from_str(name, word, b->zone);
	if (ret != KNOT_EOK) {
		return bad_word(b->err, ret, ITEM_EXCHANGE, word, "name");
	}
	ret = check_exchange(b, name, word);
	if (ret == KNOT_EOK) {
		b->policy->exchange = knot_dname_copy(name, NULL);
		ret = (b->policy->exchange != NULL) ? KNOT_EOK : KNOT_ENOMEM;
	}
	return ret;
}

/* One block: the pointers, then the names. */
static int add_services(build_t *b)
{
	const words_t *words = &b->stanza->services;
	if (words->count == 0) {
		b->policy->services = stanza_default_services;
		return KNOT_EOK;
	}

	knot_dname_storage_t name = { 0 };
	size_t pointers = (words->count + 1) * sizeof(knot_dname_t *);
	size_t size = pointers;
	for (size_t i = 0; i < words->count; i++) {
		int ret = service_from_str(name, words->at[i]);
		if (ret != KNOT_EOK) {
			return bad_word(b->err, ret, ITEM_SERVICE, words->at[i],
			                "relative service name like _submission._tcp");
		}
		size += knot_dname_size(name);
	}

	const knot_dname_t **services = malloc(size);
	if (services == NULL) {
		return KNOT_ENOMEM;
	}
	uint8_t *next = (uint8_t *)services + pointers;
	for (size_t i = 0; i < words->count; i++) {
		(void)service_from_str(name, words->at[i]);
		services[i] = next;
		next += knot_dname_store(next, name);
	}
	services[words->count] = NULL;
	b->policy->services = services;
	return KNOT_EOK;
}

static int copy_addresses(addresses_t *dst, const addresses_t *src, size_t len)
{
	if (src->count == 0) {
		return KNOT_EOK;
	}
	dst->at = malloc(src->count * len);
	if (dst->at == NULL) {
		return KNOT_ENOMEM;
	}
	memcpy(dst->at, src->at, src->count * len);
	dst->count = src->count;
	return KNOT_EOK;
}

static int copy_rest(build_t *b)
{
	const stanza_t *stanza = b->stanza;
	policy_t *policy = b->policy;

	policy->proxies = stanza->proxies;
	policy->excepts = stanza->excepts;
	if (stanza->proxy_names != NULL) {
		policy->proxy_names = *stanza->proxy_names;
	}
	policy->ttl = stanza->ttl;
	policy->zone = knot_dname_copy(b->zone, NULL);
	int ret = (policy->zone != NULL) ? KNOT_EOK : KNOT_ENOMEM;
	if (ret == KNOT_EOK) {
		ret = copy_addresses(&policy->mail4, &stanza->mail4, 4);
	}
	if (ret == KNOT_EOK) {
		ret = copy_addresses(&policy->mail6, &stanza->mail6, 16);
	}
	return ret;
}

int stanza_policy(policy_t *policy, const stanza_t *stanza, const knot_dname_t *zone,
                  char err[static STANZA_TEXT_MAX])
{
	static int (*const steps[])(build_t *) = {
		add_hosts, add_exchange, add_services, copy_rest
	};

	build_t b = {
		.policy = policy,
		.stanza = stanza,
		.zone = (zone != NULL) ? zone : placeholder,
		.known = zone != NULL,
		.err = err
	};
	memset(policy, 0, sizeof(*policy));

	int ret = KNOT_EOK;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && ret == KNOT_EOK; i++) {
		ret = steps[i](&b);
	}
	names_clear(&b.web_hosts);
	names_shrink(&policy->web_hosts); /* There may be very many policies. */
	names_shrink(&policy->mail_hosts);
	if (ret == KNOT_ENOMEM) {
		(void)stanza_invalid(err, "not enough memory");
	}
	if (ret != KNOT_EOK) {
		stanza_policy_clear(policy);
	}
	return ret;
}

void stanza_policy_clear(policy_t *policy)
{
	names_clear(&policy->web_hosts);
	names_clear(&policy->mail_hosts);
	knot_dname_free((knot_dname_t *)policy->zone, NULL);
	knot_dname_free((knot_dname_t *)policy->exchange, NULL);
	if (policy->services != stanza_default_services) {
		free((void *)policy->services);
	}
	free(policy->mail4.at);
	free(policy->mail6.at);
	memset(policy, 0, sizeof(*policy));
}
