/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The stanza as knotd has it, turned into plain values; policy/stanza.h says what they mean. Check
 * and load differ in where an item comes from, and in what becomes of an error.
 */

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "dns/text.h"
#include "dns/vec.h"
#include "module/conf.h"
#include "module/hash.h"
#include "policy/schema.h"
#include "policy/stanza.h"

/* knotd's own items that tell where the keys of a zone are. */
#define C_BACKEND         "\x07""backend"
#define C_CONFIG          "\x06""config"
#define C_DATABASE        "\x08""database"
#define C_DNSSEC_POLICY   "\x0D""dnssec-policy"
#define C_KASP_DB         "\x07""kasp-db"
#define C_KEYSTORE        "\x08""keystore"
#define C_POLICY          "\x06""policy"
#define C_STORAGE         "\x07""storage"

/* Values of C_BACKEND. */
enum { BACKEND_PEM = 1, BACKEND_PKCS11 = 2 };

static const knot_lookup_t modes[] = { SCHEMA_MODES, { 0, NULL } };

#define TYPE_MODE(dflt)  YP_TOPT,   YP_VOPT = { modes, dflt }
#define TYPE_BOOL(dflt)  YP_TBOOL,  YP_VNONE
#define TYPE_TIME(value) YP_TINT,   YP_VINT = { .max = SCHEMA_TIME_MAX, .dflt = value, \
                                                .unit = YP_STIME }
#define TYPE_DNAME(dflt) YP_TDNAME, YP_VNONE
#define TYPE_NET(dflt)   YP_TNET,   YP_VNONE
#define TYPE_ADDR(dflt)  YP_TADDR,  YP_VNONE
#define TYPE_STR(dflt)   YP_TSTR,   YP_VNONE
#define ITEM(id, length, name, type, multi, dflt) \
	{ length name, TYPE_##type(dflt), (multi) ? YP_FMULTI : YP_FNONE },

const yp_item_t mxguard_conf[] = {
	SCHEMA_ITEMS(ITEM)
	{ .name = NULL }
};

/* Where items come from, and where errors go. */
typedef struct {
	knotd_conf_check_args_t *args; /* Set in a check. */
	knotd_mod_t *mod;              /* Set in a real load. */
	char err[STANZA_TEXT_MAX];
} source_t;

/* An address, '@' and a port; or a UNIX path. */
#define SOCKADDR_TEXT_MAX (sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1)

/* An address taken apart; family 0 is a UNIX path. */
typedef struct {
	int family;
	const uint8_t *octets;
	in_port_t port;
} parts_t;

static parts_t address_parts(const struct sockaddr_storage *addr)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)addr;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)addr;
	switch (addr->ss_family) {
	case AF_INET:
		return (parts_t){ 4, (const uint8_t *)&v4->sin_addr, ntohs(v4->sin_port) };
	case AF_INET6:
		return (parts_t){ 6, (const uint8_t *)&v6->sin6_addr, ntohs(v6->sin6_port) };
	default:
		return (parts_t){ 0, NULL, 0 };
	}
}

static const char *sockaddr_text(const struct sockaddr_storage *addr,
                                char buf[static SOCKADDR_TEXT_MAX])
{
	const parts_t parts = address_parts(addr);
	if (parts.family == 0) {
		const struct sockaddr_un *un = (const struct sockaddr_un *)addr;
		(void)snprintf(buf, SOCKADDR_TEXT_MAX, "%.*s", (int)sizeof(un->sun_path),
		               addr->ss_family == AF_UNIX ? un->sun_path : "");
		return buf;
	}
	size_t len = strlen(address_text(buf, parts.family, parts.octets));
	if (parts.port != 0) {
		(void)snprintf(buf + len, SOCKADDR_TEXT_MAX - len, "@%u", parts.port);
	}
	return buf;
}

int conf_network(net_t *net, const char *item, const struct sockaddr_storage *addr,
                const struct sockaddr_storage *last, int mask, char err[static STANZA_TEXT_MAX])
{
	char from[SOCKADDR_TEXT_MAX], to[SOCKADDR_TEXT_MAX];
	const parts_t a = address_parts(addr), b = address_parts(last);
	if (a.family == 0) {
		return stanza_invalid(err, "%s '%s' is not a network", item,
				      sockaddr_text(addr, from));
	}
	unsigned prefix = (mask >= 0) ? (unsigned)mask : (a.family == 4) ? 32 : 128;
	if (net_from_addr(net, a.family, a.octets, b.octets, prefix) == KNOT_EOK) {
		return KNOT_EOK;
	}
	return (b.family != 0)
	       ? stanza_invalid(err, "%s '%s-%s' is a range that ends before it begins", item,
	                        sockaddr_text(addr, from), sockaddr_text(last, to))
	       : stanza_invalid(err, "%s '%s/%u' is not a network", item, sockaddr_text(addr, from),
	                        prefix);
}

int conf_mail_address(stanza_t *stanza, const char *item, const struct sockaddr_storage *addr,
                 char err[static STANZA_TEXT_MAX])
{
	char text[SOCKADDR_TEXT_MAX];
	const parts_t parts = address_parts(addr);
	if (parts.family == 0) {
		return stanza_invalid(err, "%s '%s' is not an IP address", item,
		                      sockaddr_text(addr, text));
	}
	if (parts.port != 0) {
		return stanza_invalid(err, "%s '%s' has a port", item, sockaddr_text(addr, text));
	}
	return stanza_add_address(stanza, parts.family, parts.octets);
}

void conf_log(knotd_mod_t *mod, int level, const char *text)
{
	char *clean = clean_copy(text);
	if (clean != NULL) {
		knotd_mod_log(mod, level, "%s", clean);
	}
	free(clean);
}

/* Hashes of the warnings that were logged since the configuration was read. The zones of a template
 * share a stanza; each would log them again. */
static struct {
	pthread_mutex_t lock;
	VEC(uint64_t) hashes;
} said = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void forget_said(void)
{
	pthread_mutex_lock(&said.lock);
	vec_free(&said.hashes);
	pthread_mutex_unlock(&said.lock);
}

static bool was_said(const char *text)
{
	uint64_t hash = hash_more(HASH_START, text, strlen(text));
	bool found = false;
	pthread_mutex_lock(&said.lock);
	for (size_t i = 0; i < said.hashes.count && !found; i++) {
		found = said.hashes.at[i] == hash;
	}
	uint64_t *new = found ? NULL : vec_add(&said.hashes);
	if (new != NULL) {
		*new = hash;
	}
	pthread_mutex_unlock(&said.lock);
	return found;
}

static void log_warning(void *ctx, const char *text)
{
	if (!was_said(text)) {
		conf_log(ctx, LOG_WARNING, text);
	}
}

/* The name of an item, for a text. */
static const char *item_name(item_t item)
{
	return mxguard_conf[item].name + 1;
}

static knotd_conf_t get(const source_t *source, item_t item)
{
	const yp_name_t *name = mxguard_conf[item].name;
	return (source->args != NULL) ? knotd_conf_check_item(source->args, name)
	                              : knotd_conf_mod(source->mod, name);
}

/* Stores a value of an item in *out. */
typedef int (*take_f)(source_t *source, item_t item, const knotd_conf_val_t *val, void *out);

static int take_net(source_t *source, item_t item, const knotd_conf_val_t *val, void *out)
{
	return conf_network(out, item_name(item), &val->addr, &val->addr_max, val->addr_mask,
	                    source->err);
}

/* A word or a name: in the union both are pointers into the configuration. */
static int take_pointer(source_t *source, item_t item, const knotd_conf_val_t *val, void *out)
{
	(void)source;
	(void)item;
	memcpy(out, &val->data, sizeof(val->data));
	return KNOT_EOK;
}

/* Reads the values of an item, unless *ret is an error already. Returns an array for free(), NULL
 * if there are none; words and names in it are the configuration's. */
static void *read_values(source_t *source, item_t item, take_f take, size_t size, size_t *count,
                         int *ret)
{
	*count = 0;
	if (*ret != KNOT_EOK) {
		return NULL;
	}
	knotd_conf_t conf = get(source, item);
	uint8_t *values = conf.count > 0 ? calloc(conf.count, size) : NULL;
	if (values != NULL) {
		*count = conf.count;
	} else if (conf.count > 0) {
		*ret = KNOT_ENOMEM;
	}
	for (size_t i = 0; i < *count && *ret == KNOT_EOK; i++) {
		*ret = take(source, item, &conf.multi[i], values + i * size);
	}
	knotd_conf_free(&conf);
	return values;
}

/* All that a list is configured with becomes one version of it. A bad file is an error in a check;
 * in a load only if there is no last good version. */
static int make_list(source_t *source, const netlist_conf_t *conf, netlist_t **list)
{
	char err[NETFILE_ERR_MAX] = "";
	int ret = (source->args != NULL) ? netlist_check(conf, list, err)
	                                 : netlist_get(conf, list, err);
	if (err[0] == '\0') {
		return ret;
	}

	/* About a file, or out of memory. */
	const char *item = (err[0] == '/') ? "proxy-file " : "";
	if (ret != KNOT_EOK) {
		bool installed = strncmp(err, PROXIES_DIR "/", sizeof(PROXIES_DIR)) == 0;
		(void)stanza_invalid(source->err, "%s%s%s", item, err,
		                     ret == KNOT_ENOENT && installed
		                     ? " (lists of this build are in " PROXIES_DIR ")" : "");
	} else {
		(void)stanza_invalid(source->err, "keeping the last good list, %s%s", item, err);
		conf_log(source->mod, LOG_ERR, source->err);
		source->err[0] = '\0';
	}
	return ret;
}

static int read_list(source_t *source, item_t item, netlist_t **list)
{
	int ret = KNOT_EOK;
	netlist_conf_t conf = { 0 };
	conf.nets = read_values(source, item, take_net, sizeof(*conf.nets), &conf.net_count, &ret);
	if (item == ITEM_PROXY) { /* Not networks only. */
		conf.names = read_values(source, ITEM_PROXY_NAME, take_pointer, sizeof(*conf.names),
		                         &conf.name_count, &ret);
		conf.paths = read_values(source, ITEM_PROXY_FILE, take_pointer, sizeof(*conf.paths),
		                         &conf.path_count, &ret);
	}
	if (ret == KNOT_EOK) {
		ret = make_list(source, &conf, list);
	}
	free((void *)conf.paths);
	free((void *)conf.names);
	free((void *)conf.nets);
	return ret;
}

static int read_networks(source_t *source, stanza_t *stanza, mxguard_conf_t *conf)
{
	int ret = read_list(source, ITEM_PROXY, &conf->proxies);
	if (ret == KNOT_EOK) {
		ret = read_list(source, ITEM_PROXY_EXCEPT, &conf->excepts);
	}
	if (ret == KNOT_EOK) {
		ret = read_list(source, ITEM_WEB_ORIGIN, &conf->origins);
	}
	stanza->proxy_names = netlist_names(conf->proxies);
	stanza->proxies = netlist_set(conf->proxies);
	stanza->excepts = netlist_set(conf->excepts);
	stanza->origins = netlist_set(conf->origins);
	return ret;
}

static int read_addresses(source_t *source, stanza_t *stanza)
{
	knotd_conf_t conf = get(source, ITEM_MAIL_ADDRESS);
	int ret = KNOT_EOK;
	for (size_t i = 0; i < conf.count && ret == KNOT_EOK; i++) {
		ret = conf_mail_address(stanza, item_name(ITEM_MAIL_ADDRESS), &conf.multi[i].addr,
		                        source->err);
	}
	knotd_conf_free(&conf);
	return ret;
}

static int read_names(source_t *source, stanza_t *stanza)
{
	const struct { item_t item; words_t *words; } names[] = {
		{ ITEM_WEB_HOST, &stanza->web_hosts },
		{ ITEM_MAIL_HOST, &stanza->mail_hosts },
		{ ITEM_MAIL_SERVICE, &stanza->services },
	};
	int ret = KNOT_EOK;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		words_t *words = names[i].words;
		words->at = read_values(source, names[i].item, take_pointer, sizeof(*words->at),
		                        &words->count, &ret);
	}
	knotd_conf_t exchange = get(source, ITEM_MAIL_EXCHANGE);
	stanza->exchange = (exchange.count > 0) ? exchange.single.string : NULL;
	return ret;
}

/* Keys of a path below the KASP database are looked at when they are needed: the check does not
 * know where that is. */
static int check_keys(source_t *source)
{
	knotd_conf_t paths = get(source, ITEM_SIGNING_KEY);
	char reason[KEYS_TEXT_MAX];
	int ret = KNOT_EOK;
	for (size_t i = 0; i < paths.count && ret == KNOT_EOK; i++) {
		const char *path = paths.multi[i].string;
		ret = (path[0] == '/') ? keys_check(path, reason) : KNOT_EOK;
		if (ret != KNOT_EOK) {
			(void)stanza_invalid(source->err, "%s %s", item_name(ITEM_SIGNING_KEY),
			                     reason);
		}
	}
	knotd_conf_free(&paths);
	return ret;
}

/* Reads a stanza for clear_stanza(). Its lists are held by the configuration. */
static int read_stanza(source_t *source, stanza_t *stanza, mxguard_conf_t *conf)
{
	stanza->enforce = get(source, ITEM_MODE).single.option == SCHEMA_ENFORCE;
	stanza->ttl = get(source, ITEM_TTL).single.integer;

	int ret = read_networks(source, stanza, conf);
	if (ret == KNOT_EOK) {
		ret = read_addresses(source, stanza);
	}
	if (ret == KNOT_EOK) {
		ret = read_names(source, stanza);
	}
	return (ret == KNOT_EOK) ? stanza_check(stanza, source->err) : ret;
}

static void clear_stanza(stanza_t *stanza)
{
	stanza_clear(stanza);
	free(stanza->web_hosts.at);
	free(stanza->mail_hosts.at);
	free(stanza->services.at);
}

static void clear_conf(mxguard_conf_t *conf)
{
	stanza_policy_clear(&conf->policy);
	netlist_put(conf->proxies);
	netlist_put(conf->excepts);
	netlist_put(conf->origins);
	keys_free(conf->keys);
}

/* An error always has a text. */
static int finish(source_t *source, int ret)
{
	if (ret != KNOT_EOK && source->err[0] == '\0') {
		(void)stanza_invalid(source->err, "%s", knot_strerror(ret));
	}
	return ret;
}

static int check_zone(source_t *source, const stanza_t *stanza, const knot_dname_t *zone)
{
	policy_t policy;
	int ret = stanza_policy(&policy, stanza, zone, source->err);
	stanza_policy_clear(&policy);
	return ret;
}

int mxguard_conf_check(knotd_conf_check_args_t *args)
{
	static char err[STANZA_TEXT_MAX];

	source_t source = { .args = args };
	stanza_t stanza = { 0 };
	mxguard_conf_t conf = { 0 };
	forget_said();
	netlist_reload();
	int ret = read_stanza(&source, &stanza, &conf);
	if (ret == KNOT_EOK) {
		ret = check_keys(&source);
	}
	if (ret == KNOT_EOK) {
		knotd_conf_t zones = get(&source, ITEM_ZONE);
		if (zones.count == 0) {
			ret = check_zone(&source, &stanza, NULL);
		}
		for (size_t i = 0; i < zones.count && ret == KNOT_EOK; i++) {
			ret = check_zone(&source, &stanza, zones.multi[i].dname);
		}
		knotd_conf_free(&zones);
	}
	clear_stanza(&stanza);
	clear_conf(&conf);

	if (finish(&source, ret) != KNOT_EOK) {
		char *clean = clean_copy(source.err);
		(void)snprintf(err, sizeof(err), "%s, says mod-mxguard " PACKAGE_VERSION,
		               clean != NULL ? clean : "");
		free(clean);
		args->err_str = err;
	}
	return ret;
}

static bool is_protected(const source_t *source, const knot_dname_t *zone)
{
	knotd_conf_t zones = get(source, ITEM_ZONE);
	bool found = (zones.count == 0);
	for (size_t i = 0; i < zones.count && !found; i++) {
		found = knot_dname_is_equal(zones.multi[i].dname, zone);
	}
	knotd_conf_free(&zones);
	return found;
}

/* A reference to an entry of a section. Where there is none, knotd takes the defaults of all items,
 * and not an entry that is called "default": so does an empty reference. */
static knotd_conf_t reference(const knotd_conf_val_t *value)
{
	knotd_conf_t id = { .count = 1 };
	if (value != NULL) {
		id.single = *value;
	}
	if (id.single.data == NULL) {
		id.single.data = (const uint8_t *)"";
		id.single.data_len = 0;
	}
	return id;
}

static int add_keystore(knotd_mod_t *mod, const knotd_conf_val_t *keystore, const char *kasp_db,
                        keys_t *keys)
{
	knotd_conf_t id = reference(keystore);
	unsigned backend = knotd_conf(mod, C_KEYSTORE, C_BACKEND, &id).single.option;
	const char *config = knotd_conf(mod, C_KEYSTORE, C_CONFIG, &id).single.string;
	if (config == NULL || (backend != BACKEND_PEM && backend != BACKEND_PKCS11)) {
		return KNOT_EOK;
	}
	return keys_add(keys, backend == BACKEND_PEM ? KEYS_STORE : KEYS_TOKEN, kasp_db, config);
}

/* The key stores of the zone's policy. From Knot DNS 3.5 on there may be several. */
static int add_keystores(knotd_mod_t *mod, const knot_dname_t *zone, const char *kasp_db,
			 keys_t *keys)
{
	knotd_conf_t policy = knotd_conf_zone(mod, C_DNSSEC_POLICY, zone);
	knotd_conf_t id = reference(&policy.single);
	knotd_conf_t keystore = knotd_conf(mod, C_POLICY, C_KEYSTORE, &id);
	bool several = keystore.multi != NULL;
	int ret = KNOT_EOK;
	for (size_t i = 0; i < (several ? keystore.count : 1) && ret == KNOT_EOK; i++) {
		ret = add_keystore(mod, several ? &keystore.multi[i] : &keystore.single, kasp_db,
		                   keys);
	}
	knotd_conf_free(&keystore);
	return ret;
}

/* The folder of the KASP database, for free(); NULL if out of memory. */
static char *get_kasp_db(knotd_mod_t *mod)
{
	const char *storage = knotd_conf(mod, C_DATABASE, C_STORAGE, NULL).single.string;
	const char *kasp_db = knotd_conf(mod, C_DATABASE, C_KASP_DB, NULL).single.string;
	storage = (storage != NULL) ? storage : "";
	kasp_db = (kasp_db != NULL) ? kasp_db : "";
	bool whole = kasp_db[0] == '/';
	size_t size = strlen(storage) + 1 + strlen(kasp_db) + 1;
	char *path = malloc(size);
	if (path != NULL) {
		(void)snprintf(path, size, "%s%s%s", whole ? "" : storage, whole ? "" : "/",
		               kasp_db);
	}
	return path;
}

/* Where the zone's private keys may be: what the stanza names, then what knotd signs with. */
static int read_keys(knotd_mod_t *mod, const knot_dname_t *zone, keys_t **out)
{
	keys_t *keys = keys_new();
	char *kasp_db = get_kasp_db(mod);
	int ret = (keys != NULL && kasp_db != NULL) ? KNOT_EOK : KNOT_ENOMEM;
	knotd_conf_t paths = knotd_conf_mod(mod, mxguard_conf[ITEM_SIGNING_KEY].name);
	for (size_t i = 0; i < paths.count && ret == KNOT_EOK; i++) {
		ret = keys_add(keys, KEYS_PEM, kasp_db, paths.multi[i].string);
	}
	knotd_conf_free(&paths);
	if (ret == KNOT_EOK) {
		ret = add_keystores(mod, zone, kasp_db, keys);
	}
	free(kasp_db);
	if (ret != KNOT_EOK) {
		keys_free(keys);
		keys = NULL;
	}
	*out = keys;
	return ret;
}

static int make_conf(source_t *source, const knot_dname_t *zone, mxguard_conf_t *conf)
{
	stanza_t stanza = { 0 };
	int ret = read_stanza(source, &stanza, conf);
	if (ret == KNOT_EOK) {
		ret = stanza_policy(&conf->policy, &stanza, zone, source->err);
	}
	if (ret == KNOT_EOK) {
		ret = read_keys(source->mod, zone, &conf->keys);
	}
	if (ret == KNOT_EOK) {
		conf->enforce = stanza.enforce;
		conf->ede = get(source, ITEM_EDE).single.boolean;
		conf->list_reload = get(source, ITEM_LIST_RELOAD).single.integer;
		conf->log_interval = get(source, ITEM_LOG_INTERVAL).single.integer;
		stanza_warn(&stanza, log_warning, source->mod);
		stanza_warn_zone(&stanza, &conf->policy, log_warning, source->mod);
	}
	clear_stanza(&stanza);
	return ret;
}

int mxguard_conf_load(knotd_mod_t *mod, mxguard_conf_t **out)
{
	source_t source = { .mod = mod };
	const knot_dname_t *zone = knotd_mod_zone(mod);
	*out = NULL;
	if (!is_protected(&source, zone)) {
		knotd_mod_log(mod, LOG_INFO, "not protected, this zone is not in the item 'zone'");
		return KNOT_EOK;
	}

	int ret = KNOT_ENOMEM;
	mxguard_conf_t *conf = calloc(1, sizeof(*conf));
	if (conf != NULL) {
		ret = make_conf(&source, zone, conf);
	}
	if (ret != KNOT_EOK) {
		(void)finish(&source, ret);
		conf_log(mod, LOG_ERR, source.err);
		mxguard_conf_free(conf);
		return ret;
	}
	*out = conf;
	return KNOT_EOK;
}

const policy_t *mxguard_conf_policy(const mxguard_conf_t *conf, policy_t *room)
{
	/* Another stanza with the same list may reload it. */
	const netlist_t *now = conf->list_reload > 0 ? netlist_current(conf->proxies)
	                                             : conf->proxies;
	if (now == conf->proxies) {
		return &conf->policy;
	}
	*room = conf->policy;
	room->proxies = netlist_set(now);
	room->proxy_names = *netlist_names(now);
	return room;
}

bool mxguard_conf_fits(const mxguard_conf_t *conf, const netlist_t *version,
                       char why[static NETFILE_ERR_MAX])
{
	policy_t policy = conf->policy;
	policy.proxies = netlist_set(version);
	for (int family = 4; family <= 6; family += 2) {
		const addresses_t *mail = policy_mail(&policy, family);
		for (size_t i = 0; i < mail->count; i++) {
			const uint8_t *address = mail->at + i * address_size(family);
			char text[ADDRESS_TEXT_MAX], net[NET_TEXT_MAX];
			net_t network;
			if (policy_proxied(&policy, family, address, &network)) {
				(void)snprintf(why, NETFILE_ERR_MAX, "mail-address '%s' lies in %s "
				               "of the changed list",
				               address_text(text, family, address),
				               net_to_str(&network, net));
				return false;
			}
		}
	}
	return true;
}

void mxguard_conf_free(mxguard_conf_t *conf)
{
	if (conf != NULL) {
		clear_conf(conf);
		free(conf);
	}
}
