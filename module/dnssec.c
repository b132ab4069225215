/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Signing with the keys that knotd has for the zone.
 *
 * knotd's context for signing is made in load and never renewed: its clock is that of the load, so
 * whatever it signs ends rrsig-lifetime after the load, and its keys are those of that time. What is
 * older than half of that, or has other keys than the zone, is renewed by loading the module anew
 * (renewal.h). Keys are read from their store when there is something to sign: most zones of a
 * server never have anything wrong.
 */

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <urcu.h>

#include "module/dnssec.h"
#include "module/renewal.h"

#define C_CONTROL        "\x07""control"
#define C_DNSSEC_POLICY  "\x0D""dnssec-policy"
#define C_DNSSEC_SIGNING "\x0E""dnssec-signing"
#define C_LISTEN         "\x06""listen"
#define C_POLICY         "\x06""policy"
#define C_RRSIG_LIFETIME "\x0E""rrsig-lifetime"
#define C_RUNDIR         "\x06""rundir"
#define C_SERVER         "\x06""server"

/* One of so many queries of a thread looks at the keys, and one answer that is signed each second. */
#define LOOK_EVERY 64

/* knotd's own value where no policy is named. */
#define LIFETIME_DEFAULT (14 * 24 * 3600)

struct dnssec {
	knotd_mod_t *mod;
	signer_t *signer;
	renewal_t *renewal;
	bool no_keys;     /* None of that load: that does not change any more. */
	bool keys_loaded; /* Under the signer's lock. */
	atomic_flag said; /* That nothing can be signed. */
	_Atomic time_t looked; /* When it was last asked if signatures are old or keys other ones. */
};

/* Signs for the signer, one thread at a time. */
static int sign(void *ctx, knot_rrset_t *sigs, const knot_rrset_t *rrset)
{
	dnssec_t *dnssec = ctx;
	if (dnssec->no_keys) {
		return KNOT_DNSSEC_ENOKEY;
	}
	if (!dnssec->keys_loaded) {
		int ret = knotd_mod_dnssec_load_keyset(dnssec->mod, false);
		if (ret != KNOT_EOK) {
			dnssec->no_keys = true;
			return ret;
		}
		dnssec->keys_loaded = true;
	}
	return knotd_mod_dnssec_sign_rrset(dnssec->mod, sigs, rrset, NULL);
}

/* Called from the renewal's thread, of which knotd's RCU, under which it logs, knows nothing else. */
static void log_error(void *ctx, const char *line)
{
	rcu_register_thread();
	knotd_mod_log(ctx, LOG_ERR, "%s", line);
	rcu_unregister_thread();
}

/* Says once for each load that nothing can be signed: the module is loaded anew ever less often to look
 * for keys, and an operator who has put them there need not wait for that. */
static void log_unsignable(dnssec_t *dnssec, int level, int reason)
{
	knot_dname_txt_storage_t zone;
	if (!atomic_flag_test_and_set(&dnssec->said) &&
	    knot_dname_to_str(zone, knotd_mod_zone(dnssec->mod), sizeof(zone)) != NULL) {
		knotd_mod_log(dnssec->mod, level, "changed answers can't be signed (%s), keys are "
		              "looked for again later, or now by 'knotc -f zone-reload %s'", knot_strerror(reason), zone);
	}
}

/* How long signatures are good for, by the policy they are made with. */
static uint32_t get_lifetime(knotd_mod_t *mod, const knotd_conf_t *policy)
{
	static const char name[] = "default";
	knotd_conf_t id = *policy;
	bool named = id.count > 0 && id.single.data != NULL;
	if (!named) {
		id.single.data = (const uint8_t *)name;
		id.single.data_len = sizeof(name);
	}
	int64_t lifetime = knotd_conf(mod, C_POLICY, C_RRSIG_LIFETIME, &id).single.integer;
	if (lifetime < 1 || (!named && lifetime > LIFETIME_DEFAULT)) {
		lifetime = LIFETIME_DEFAULT;
	}
	return lifetime < INT32_MAX ? lifetime : INT32_MAX;
}

/* The path of the control socket, for free(), or NULL if there is none. */
static char *get_socket(knotd_mod_t *mod)
{
	knotd_conf_t listen = knotd_conf(mod, C_CONTROL, C_LISTEN, NULL);
	knotd_conf_t rundir = knotd_conf(mod, C_SERVER, C_RUNDIR, NULL);
	/* From Knot DNS 3.5 on there may be several, and then none is its default. */
	const char *path = (listen.multi != NULL) ? listen.multi[0].string : listen.single.string;
	if (path == NULL) {
		path = "knot.sock";
	}
	const char *dir = (path[0] == '/' || rundir.single.string == NULL) ? "" : rundir.single.string;
	char *out = malloc(strlen(dir) + 1 + strlen(path) + 1);
	if (out != NULL) {
		strcpy(out, dir);
		strcat(out, dir[0] != '\0' ? "/" : "");
		strcat(out, path);
	}
	knotd_conf_free(&listen);
	return out;
}

static int set_up(dnssec_t *dnssec, const mxguard_conf_t *conf, const knotd_conf_t *policy)
{
	knotd_mod_t *mod = dnssec->mod;
	int ret = knotd_mod_dnssec_init(mod);
	if (ret != KNOT_EOK) {
		return ret;
	}
	uint32_t lifetime = get_lifetime(mod, policy);
	dnssec->signer = signer_new(knotd_mod_zone(mod), conf->policy.ttl, lifetime, sign, dnssec);
	char *socket = get_socket(mod);
	if (dnssec->signer == NULL || socket == NULL) {
		free(socket);
		return KNOT_ENOMEM;
	}

	/* To know if there are any; to keep them all would take much memory with many zones. */
	ret = knotd_mod_dnssec_load_keyset(mod, false);
	knotd_mod_dnssec_unload_keyset(mod);
	dnssec->no_keys = (ret != KNOT_EOK);
	if (dnssec->no_keys) {
		log_unsignable(dnssec, LOG_WARNING, ret);
	}
	dnssec->renewal = renewal_new(knotd_mod_zone(mod), socket, lifetime, dnssec->no_keys,
	                              log_error, mod);
	free(socket);
	return dnssec->renewal != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

dnssec_t *dnssec_load(knotd_mod_t *mod, const mxguard_conf_t *conf)
{
	const knot_dname_t *zone = knotd_mod_zone(mod);
	bool signing = knotd_conf_zone(mod, C_DNSSEC_SIGNING, zone).single.boolean;
	knotd_conf_t policy = signing ? knotd_conf_zone(mod, C_DNSSEC_POLICY, zone)
	                              : knotd_conf_mod(mod, C_POLICY);
	if (!conf->enforce || (!signing && policy.count == 0)) {
		return NULL;
	}

	int ret = KNOT_ENOMEM;
	dnssec_t *dnssec = calloc(1, sizeof(*dnssec));
	if (dnssec != NULL) {
		dnssec->mod = mod;
		ret = set_up(dnssec, conf, &policy);
	}
	if (ret != KNOT_EOK) {
		knotd_mod_log(mod, LOG_ERR, "changed answers can't be signed (%s)", knot_strerror(ret));
		dnssec_unload(dnssec);
		return NULL;
	}
	return dnssec;
}

void dnssec_unload(dnssec_t *dnssec)
{
	if (dnssec != NULL) {
		renewal_free(dnssec->renewal);
		signer_free(dnssec->signer);
		free(dnssec);
	}
}

/* RRSIGs of data in the answer or authority section. */
static knot_rdataset_t shown_sigs(const knot_pkt_t *pkt)
{
	for (uint16_t i = 0; i < pkt->rrset_count; i++) {
		const knot_rrset_t *rrset = &pkt->rr[i];
		if (rrset->type == KNOT_RRTYPE_RRSIG && rrset->rrs.count > 0) {
			return rrset->rrs;
		}
	}
	return (knot_rdataset_t){ 0 };
}

dnssec_view_t dnssec_look(dnssec_t *dnssec, knotd_qdata_t *qdata, const knot_pkt_t *pkt)
{
	static _Thread_local unsigned looks;

	dnssec_view_t view = { 0 };
	if (!knot_pkt_has_dnssec(qdata->query)) {
		return view;
	}
	view.zone.rrsig = knotd_qdata_zone_apex_rrset(qdata, KNOT_RRTYPE_RRSIG).rrs;
	view.online = (view.zone.rrsig.count == 0);
	if (view.online) {
		view.zone.rrsig = shown_sigs(pkt);
	}
	view.expected = (view.zone.rrsig.count > 0);
	if (dnssec != NULL && view.expected) {
		view.zone.dnskey = knotd_qdata_zone_apex_rrset(qdata, KNOT_RRTYPE_DNSKEY).rrs;
		if (looks++ % LOOK_EVERY == 0 && signer_keys_changed(dnssec->signer, &view.zone)) {
			renewal_want(dnssec->renewal);
		}
	}
	return view;
}

/* Glue is not the zone's to sign, and other additional records need not be signed. */
static bool had_signature(const policy_response_t *response, const policy_item_t *item)
{
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *sig = &response->items[i];
		if (sig->rrset->type == KNOT_RRTYPE_RRSIG && sig->section == item->section &&
		    knot_rrsig_type_covered(sig->rrset->rrs.rdata) == item->rrset->type &&
		    name_equal(sig->owner, item->owner)) {
			return true;
		}
	}
	return false;
}

static int sign_items(dnssec_t *dnssec, const signer_zone_t *zone, policy_response_t *response,
                      policy_verdict_t *verdict)
{
	for (size_t i = 0; i < response->count; i++) {
		policy_item_t *item = &response->items[i];
		bool additional = item->section == KNOT_ADDITIONAL;
		if (item->edit != EDIT_REPLACE || (additional && !had_signature(response, item))) {
			continue;
		}
		int ret = signer_get(dnssec->signer, zone, item->with, item->encloser,
		                     &item->sigs);
		if (ret != KNOT_EOK && !additional) {
			return ret;
		} else if (ret != KNOT_EOK) {
			knot_rrset_free(item->with, verdict->mm);
			item->with = NULL;
			item->edit = EDIT_DROP;
		}
	}
	return KNOT_EOK;
}

static int sign_added(dnssec_t *dnssec, const signer_zone_t *zone, policy_verdict_t *verdict)
{
	size_t kept = 0;
	int ret = KNOT_EOK;
	for (size_t i = 0; i < verdict->add_count; i++) {
		policy_add_t add = verdict->add[i];
		int one = signer_get(dnssec->signer, zone, add.rrset, add.encloser, &add.sigs);
		if (one != KNOT_EOK && add.section == KNOT_ADDITIONAL) {
			knot_rrset_free(add.rrset, verdict->mm);
			continue;
		}
		ret = (one != KNOT_EOK) ? one : ret;
		verdict->add[kept++] = add;
	}
	verdict->add_count = kept;
	return ret;
}

int dnssec_sign(dnssec_t *dnssec, const dnssec_view_t *view, answer_t *answer,
                policy_verdict_t *verdict)
{
	if (view->online) {
		/* mod-onlinesign may be yet to sign this section, and then takes it for granted that
		 * all in it is its own. */
		policy_drop_additional(&answer->response, verdict);
	}
	int ret = sign_items(dnssec, &view->zone, &answer->response, verdict);
	if (ret == KNOT_EOK) {
		ret = sign_added(dnssec, &view->zone, verdict);
	}
	struct timespec now;
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (ret == KNOT_EOK && !signer_valid(dnssec->signer, &view->zone, now.tv_sec)) {
		ret = KNOT_DNSSEC_ENOSIG;
	}

	if (ret == KNOT_EOK &&
	    atomic_load_explicit(&dnssec->looked, memory_order_relaxed) == now.tv_sec) {
		return KNOT_EOK; /* What comes now was asked in this second already. */
	}
	atomic_store_explicit(&dnssec->looked, now.tv_sec, memory_order_relaxed);
	if (ret == KNOT_DNSSEC_ENOKEY) {
		log_unsignable(dnssec, LOG_ERR, ret);
	}
	if (ret != KNOT_EOK || signer_aged(dnssec->signer, now.tv_sec) ||
	    signer_keys_changed(dnssec->signer, &view->zone)) {
		renewal_want(dnssec->renewal);
	} else {
		renewal_settled(dnssec->renewal);
	}
	return ret;
}
