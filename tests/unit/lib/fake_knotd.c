/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The functions of knotd that load a configuration.
 */

#undef NDEBUG

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/fake_knotd.h"

fake_knotd_log_t fake_knotd_log;

static const fake_knotd_text_t *stanza;
static knot_dname_t *loaded_zone;
static knot_dname_storage_t dnames[FAKE_KNOTD_VALUES_MAX * 4]; /* Stay until the next stanza. */
static size_t dname_count;

static struct sockaddr_storage address(const char *text)
{
	struct sockaddr_storage out = { .ss_family = AF_INET };
	if (inet_pton(AF_INET, text, &((struct sockaddr_in *)&out)->sin_addr) != 1) {
		out.ss_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, text,
		                           &((struct sockaddr_in6 *)&out)->sin6_addr), 1);
	}
	return out;
}

static void net(knotd_conf_val_t *out, const char *value)
{
	char text[100];
	(void)snprintf(text, sizeof(text), "%s", value);
	char *slash = strchr(text, '/'), *dash = strchr(text, '-');
	out->addr_mask = (slash != NULL) ? atoi(slash + 1) : -1;
	text[strcspn(text, "/-")] = '\0';
	out->addr = address(text);
	out->addr_max.ss_family = AF_UNSPEC;
	if (dash != NULL) {
		out->addr_max = address(dash + 1);
	}
}

static void value_of(knotd_conf_val_t *out, const yp_item_t *item, const char *value)
{
	switch (item->type) {
	case YP_TINT:
		out->integer = atoi(value);
		break;
	case YP_TBOOL:
		out->boolean = strcmp(value, "on") == 0;
		break;
	case YP_TOPT:
		out->option = knot_lookup_by_name(item->var.o.opts, value)->id;
		break;
	case YP_TSTR:
		out->string = value;
		break;
	case YP_TDNAME:
		assert_true(dname_count < sizeof(dnames) / sizeof(*dnames));
		assert_non_null(knot_dname_from_str(dnames[dname_count], value,
		                                    sizeof(*dnames)));
		out->dname = dnames[dname_count++];
		break;
	case YP_TADDR:
		out->addr = address(value);
		break;
	default:
		assert_int_equal(item->type, YP_TNET);
		net(out, value);
	}
}

static void default_of(knotd_conf_val_t *out, const yp_item_t *item)
{
	if (item->type == YP_TINT) {
		out->integer = item->var.i.dflt;
	} else if (item->type == YP_TOPT) {
		out->option = item->var.o.dflt;
	} else if (item->type == YP_TBOOL) {
		out->boolean = item->var.b.dflt;
	}
}

static const yp_item_t *schema_find(const yp_name_t *name)
{
	const yp_item_t *item = mxguard_conf;
	while (item->name != NULL && strcmp(item->name + 1, name + 1) != 0) {
		item++;
	}
	assert_non_null(item->name);
	return item;
}

static knotd_conf_t conf_get(const yp_name_t *name)
{
	const yp_item_t *item = schema_find(name);
	knotd_conf_t out = { .count = 0 };
	const char *const *values = NULL;
	for (size_t i = 0; i < FAKE_KNOTD_ITEMS_MAX && stanza->items[i].name != NULL; i++) {
		if (strcmp(stanza->items[i].name, name + 1) == 0) {
			values = stanza->items[i].values;
		}
	}
	if (!(item->flags & YP_FMULTI)) {
		if (values == NULL) {
			default_of(&out.single, item);
			return out;
		}
		value_of(&out.single, item, values[0]);
		out.count = 1;
	} else if (values != NULL) {
		out.multi = calloc(FAKE_KNOTD_VALUES_MAX, sizeof(*out.multi));
		assert_non_null(out.multi);
		for (; out.count < FAKE_KNOTD_VALUES_MAX && values[out.count] != NULL;
		     out.count++) {
			value_of(&out.multi[out.count], item, values[out.count]);
		}
	}
	return out;
}

knotd_conf_t knotd_conf_check_item(knotd_conf_check_args_t *args, const yp_name_t *item_name)
{
	assert_non_null(args);
	return conf_get(item_name);
}

knotd_conf_t knotd_conf_mod(knotd_mod_t *mod, const yp_name_t *item_name)
{
	assert_non_null(mod);
	return conf_get(item_name);
}

/* knotd's own sections, with what these tests say of them. */
knotd_conf_t knotd_conf(knotd_mod_t *mod, const yp_name_t *section, const yp_name_t *item_name,
                        const knotd_conf_t *id)
{
	assert_non_null(mod);
	(void)id;
	knotd_conf_t out = { .count = 1 };
	const char *name = item_name + 1;
	if (strcmp(name, "storage") == 0) {
		out.single.string = "/var/lib/knot";
	} else if (strcmp(name, "kasp-db") == 0 || strcmp(name, "config") == 0) {
		out.single.string = "keys";
	} else if (strcmp(name, "backend") == 0) {
		out.single.option = 1;
	} else {
		assert_string_equal(section + 1, "policy");
		assert_string_equal(name, "keystore");
		out.count = 0;
	}
	return out;
}

knotd_conf_t knotd_conf_zone(knotd_mod_t *mod, const yp_name_t *item_name, const knot_dname_t *zone)
{
	assert_non_null(mod);
	assert_non_null(zone);
	assert_string_equal(item_name + 1, "dnssec-policy");
	return (knotd_conf_t){ 0 };
}

void knotd_conf_free(knotd_conf_t *conf)
{
	free(conf->multi);
	memset(conf, 0, sizeof(*conf));
}

#if KNOTD_MOD_ABI_VERSION >= 600
const knot_dname_t *knotd_mod_zone(const knotd_mod_t *mod)
#else
const knot_dname_t *knotd_mod_zone(knotd_mod_t *mod)
#endif
{
	assert_non_null(mod);
	return loaded_zone;
}

void knotd_mod_log(knotd_mod_t *mod, int priority, const char *fmt, ...)
{
	assert_non_null(mod);
	assert_true(fake_knotd_log.count < FAKE_KNOTD_LOG_MAX);
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(fake_knotd_log.text[fake_knotd_log.count], sizeof(*fake_knotd_log.text),
	                fmt, args);
	va_end(args);
	fake_knotd_log.level[fake_knotd_log.count++] = priority;
}

int fake_knotd_check(const fake_knotd_text_t *text, const char **err)
{
	knotd_conf_check_args_t args = { 0 };
	stanza = text;
	dname_count = 0;
	int ret = mxguard_conf_check(&args);
	*err = args.err_str;
	return ret;
}

int fake_knotd_load(const fake_knotd_text_t *text, const char *zone, mxguard_conf_t **conf)
{
	static int mod;
	stanza = text;
	dname_count = 0;
	fake_knotd_log.count = 0;
	loaded_zone = knot_dname_from_str_alloc(zone);
	assert_non_null(loaded_zone);
	int ret = mxguard_conf_load((knotd_mod_t *)&mod, conf);
	memset(loaded_zone, 0xff, knot_dname_size(loaded_zone)); /* Gone after load. */
	knot_dname_free(loaded_zone, NULL);
	assert_true((ret == KNOT_EOK) || *conf == NULL);
	return ret;
}
