/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * mod-mxguard: watches every answer of a protected zone and logs, or repairs, the ones that would
 * lead mail to a web proxy.
 *
 * The response is judged once it is whole, before OPT and TSIG: at the end of the additional
 * section. A response that knotd ends early for lack of room does not get there; guard_end()
 * judges it. If it is wrong, it goes out empty and truncated over UDP, so that the client retries
 * over a stream.
 */

#include <knot/module.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dns/name.h"
#include "dns/rrset.h"
#include "module/answer.h"
#include "module/conf.h"
#include "module/log.h"
#include "module/nsec3_hash.h"
#include "module/sign.h"
#include "module/watch.h"
#include "policy/judge.h"
#include "policy/missing.h"

#define C_SERVER          "\x06""server"
#define C_ANSWER_ROTATION "\x0F""answer-rotation"

/* Counters, in the order of their registration. */
enum { CTR_FINDING, CTR_ACTION, CTR_LIST };
/* Values of CTR_LIST. */
enum { LIST_CHANGED, LIST_REFUSED, LIST_COUNT };

typedef struct {
	mxguard_conf_t *conf;
	log_t *log;
	_Atomic(signer_t *) signer; // Made when it is needed first: most zones are not signed.
	watch_t *watch;
	bool rotate;
} mxguard_ctx_t;

/* Octets left in a packet that show that no RRset of a usual size was left out: four AAAA or eight
 * A records. */
#define ROOM_ENOUGH 128

/* The query whose response this thread is composing and has not judged yet, and how long the OPT
 * RDATA was then. A thread works on one query at a time; an array of all threads in each zone would
 * take memory in 100,000 of them. */
typedef struct {
	const knotd_qdata_t *qdata;
	uint16_t opt_len;
	unsigned instances; /* Of the module in this zone that have not seen the response yet. */
} current_response_t;

static _Thread_local current_response_t current_response;

/* Each access to a thread-local variable calls the loader. Not inlined, so that guard_begin() makes
 * one call. */
__attribute__((noinline)) static current_response_t *get_current_response(void)
{
	return &current_response;
}

/* Looks into the live zone; before ABI 600 the API shows the apex only. */
static int look_up(knotd_qdata_t *qdata, const knot_dname_t *owner, uint16_t type,
                   knot_rrset_t *out)
{
#if KNOTD_MOD_ABI_VERSION >= 600
	return knotd_qdata_zone_rrset(qdata, NULL, owner, type, out);
#else
	if (!name_equal(owner, knotd_qdata_zone_name(qdata))) {
		return KNOT_ENOTSUP;
	}
	*out = knotd_qdata_zone_apex_rrset(qdata, type);
	return KNOT_EOK;
#endif
}

/* The server has checked the records that it sends; those it only stores may have any form. Of the
 * MX RRset of the apex, which may be large, the policy checks what it reads. */
static int zone_lookup(void *ctx, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out)
{
	int ret = look_up(ctx, owner, type, out);
	if (ret == KNOT_EOK && type != KNOT_RRTYPE_MX) {
		for_each_rdata(rdata, out) {
			if (!rdata_check(type, rdata->data, rdata->len, false)) {
				return KNOT_EMALF;
			}
		}
	}
	return ret;
}

#if KNOTD_MOD_ABI_VERSION >= 600
static bool serves(void *ctx, const knot_dname_t *zone)
{
	knot_rrset_t soa;
	return knotd_qdata_zone_rrset(ctx, zone, zone, KNOT_RRTYPE_SOA, &soa) == KNOT_EOK &&
	       !knot_rrset_empty(&soa);
}
#endif

static void emit(void *ctx, const char *line)
{
	knotd_mod_t *mod = ctx;
	mxguard_ctx_t *guard = knotd_mod_ctx(mod);
	knotd_mod_log(mod, guard->conf->enforce ? LOG_NOTICE : LOG_WARNING, "%s", line);
}

static void count(knotd_mod_t *mod, unsigned thread, uint32_t counter, uint32_t bits, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		if (bits & (1U << i)) {
			knotd_mod_stats_incr(mod, thread, counter, i, 1);
		}
	}
}

/* Counts and logs a verdict. For instead, see log_findings(). */
static void report(knotd_mod_t *mod, knotd_qdata_t *qdata, policy_verdict_t *verdict,
                   uint32_t actions, const char *instead)
{
	mxguard_ctx_t *guard = knotd_mod_ctx(mod);
	unsigned thread = qdata->params->thread_id;
	count(mod, thread, CTR_FINDING, verdict->rules, RULE_COUNT);
	count(mod, thread, CTR_ACTION, actions, ACTION_COUNT);

	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	log_findings(guard->log, verdict, instead, now.tv_sec, emit, mod);
}

static void report_logged(knotd_mod_t *mod, knotd_qdata_t *qdata, policy_verdict_t *verdict,
                          const char *instead)
{
	report(mod, qdata, verdict, 1U << ACTION_LOGGED, instead);
}

/* The same for what mode enforce answers with an empty response. */
static void report_emptied(knotd_mod_t *mod, knotd_qdata_t *qdata, policy_verdict_t *verdict,
                           action_t action, const char *instead)
{
	const mxguard_ctx_t *guard = knotd_mod_ctx(mod);
	report(mod, qdata, verdict, 1U << (guard->conf->enforce ? action : ACTION_LOGGED), instead);
}

/* Reports a verdict, and answers SERVFAIL in mode enforce. */
static knotd_in_state_t refuse(knotd_in_state_t state, knotd_mod_t *mod, knotd_qdata_t *qdata,
                               policy_verdict_t *verdict)
{
	const mxguard_ctx_t *guard = knotd_mod_ctx(mod);
	report_emptied(mod, qdata, verdict, ACTION_REFUSED, "SERVFAIL");
	if (!guard->conf->enforce) {
		return state;
	}
	qdata->rcode = KNOT_RCODE_SERVFAIL;
	if (guard->conf->ede) {
		qdata->rcode_ede = KNOT_EDNS_EDE_OTHER;
	}
	return KNOTD_IN_STATE_ERROR;
}

static bool is_stream(const knotd_qdata_t *qdata)
{
	return qdata->params->proto != KNOTD_QUERY_PROTO_UDP;
}

/* Writes the response into the packet as the verdict has changed it. */
static knotd_in_state_t write_changed(knotd_in_state_t state, knot_pkt_t *pkt,
                                      knotd_qdata_t *qdata, knotd_mod_t *mod,
                                      answer_t *answer, policy_verdict_t *verdict)
{
	const mxguard_ctx_t *guard = knotd_mod_ctx(mod);
	bool stream = is_stream(qdata);
	bool forged = policy_wrong(verdict) != 0; // Else the form of a denial is another.
	uint16_t rotate = guard->rotate ? knot_wire_get_id(qdata->query->wire) : 0;
	int ret = answer_write(answer, pkt, verdict, rotate, stream);
	if (ret != KNOT_EOK && (stream || ret != KNOT_ESPACE)) {
		verdict->finding_count = 0; // Reported above, and their RRsets are gone.
		verdict->rules = 0;
		return refuse(state, mod, qdata, verdict);
	}
	if (verdict->noerror) {
		qdata->rcode = KNOT_RCODE_NOERROR;
	}
	if (guard->conf->ede && forged) {
		qdata->rcode_ede = KNOT_EDNS_EDE_FORGED;
	}
	return ret == KNOT_ESPACE ? KNOTD_IN_STATE_TRUNC : state;
}

/* How the zone of a response is signed for the client that asked. */
typedef enum {
	UNSIGNED, /* Or the client does not validate. */
	SIGNED,
	ONLINE,   /* Signed online: there are no signatures in the zone. */
} signing_t;

static signing_t signing_of(knotd_qdata_t *qdata, const knot_pkt_t *pkt)
{
	if (!knot_pkt_has_dnssec(qdata->query)) {
		return UNSIGNED;
	}
	knot_rrset_t rrsigs = knotd_qdata_zone_apex_rrset(qdata, KNOT_RRTYPE_RRSIG);
	if (sign_is_signed(&rrsigs.rrs)) {
		return SIGNED;
	}
	if (knotd_qdata_zone_apex_rrset(qdata, KNOT_RRTYPE_DNSKEY).rrs.count > 0) {
		return UNSIGNED;
	}
	for (uint16_t i = 0; i < pkt->rrset_count; i++) {
		if (pkt->rr[i].type == KNOT_RRTYPE_RRSIG) {
			return ONLINE;
		}
	}
	return UNSIGNED;
}

/* Finds out by which keys the zone is signed. */
static void read_signing_keys(sign_view_t *view, signing_t signing, knotd_qdata_t *qdata,
                              const policy_response_t *response)
{
	const knot_dname_t *apex = knotd_qdata_zone_name(qdata);
	struct timespec now;
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (signing == ONLINE) {
		sign_look_online(view, apex, response, now.tv_sec);
		return;
	}
	knot_rrset_t soa = knotd_qdata_zone_apex_rrset(qdata, KNOT_RRTYPE_SOA);
	knot_rrset_t rrsigs = knotd_qdata_zone_apex_rrset(qdata, KNOT_RRTYPE_RRSIG);
	knot_rrset_t dnskey = knotd_qdata_zone_apex_rrset(qdata, KNOT_RRTYPE_DNSKEY);
	sign_look(view, apex, &dnskey.rrs, &soa, &rrsigs.rrs, now.tv_sec);
}

static void log_signing(void *ctx, bool warning, const char *text)
{
	conf_log(ctx, warning ? LOG_WARNING : LOG_INFO, text);
}

/* The signer of the zone, made by the first query that needs it. NULL if there is no memory. */
static signer_t *get_signer(knotd_mod_t *mod)
{
	static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
	mxguard_ctx_t *guard = knotd_mod_ctx(mod);
	signer_t *signer = atomic_load_explicit(&guard->signer, memory_order_acquire);
	if (signer != NULL) {
		return signer;
	}
	pthread_mutex_lock(&making);
	signer = atomic_load_explicit(&guard->signer, memory_order_relaxed);
	if (signer == NULL) {
		mxguard_conf_t *conf = guard->conf;
		signer = signer_new(conf->keys, conf->policy.ttl, log_signing, mod);
		conf->keys = signer != NULL ? NULL : conf->keys;
		atomic_store_explicit(&guard->signer, signer, memory_order_release);
	}
	pthread_mutex_unlock(&making);
	return signer;
}

/* Signs what the verdict puts into the response; in mode log it is enough that it could be. */
static int sign(knotd_mod_t *mod, knotd_qdata_t *qdata, signing_t signing, answer_t *answer,
                policy_verdict_t *verdict, sign_view_t *view)
{
	const mxguard_ctx_t *guard = knotd_mod_ctx(mod);
	read_signing_keys(view, signing, qdata, &answer->response);
	signer_t *signer = get_signer(mod);
	if (signer == NULL) {
		view->wrong = "not enough memory";
		return KNOT_ENOMEM;
	}
	if (!signer_ready(signer, view)) {
		return KNOT_DNSSEC_ENOKEY;
	}
	if (signing == ONLINE) {
		// mod-onlinesign may sign this section later, and then assumes that all in it is
		// its own.
		policy_drop_additional(&answer->response, verdict);
	}
	return guard->conf->enforce
	       ? signer_sign_verdict(signer, view, &answer->response, verdict) : KNOT_EOK;
}

/* Decides what becomes of a verdict, and in mode enforce does that. */
static knotd_in_state_t carry_out(knotd_in_state_t state, knot_pkt_t *pkt, knotd_qdata_t *qdata,
                                  knotd_mod_t *mod, signing_t signing, answer_t *answer,
                                  policy_verdict_t *verdict)
{
	const mxguard_ctx_t *guard = knotd_mod_ctx(mod);
	sign_view_t view;
	if (verdict->changes && signing != UNSIGNED &&
	    sign(mod, qdata, signing, answer, verdict, &view) != KNOT_EOK) {
		uint32_t wrong = policy_wrong(verdict);
		if (wrong == 0) {
			// Nothing is wrong with what the zone says.
			if (verdict->rules != 0) {
				report_logged(mod, qdata, verdict, NULL);
			}
			return state;
		} else if (!verdict->answer_changes) {
			policy_leave_out_additional(&answer->response, verdict);
		} else if (!verdict->noerror && wrong == 1U << RULE_MISSING_TARGET) {
			// Nothing leads to a proxy, and nothing is denied but a type: a missing
			// address is better than SERVFAIL.
			report_logged(mod, qdata, verdict, "as it is");
			return state;
		} else {
			char why[SIGN_WHY_MAX];
			policy_sign_failure(&answer->response, verdict, signer_why(&view, why));
			return refuse(state, mod, qdata, verdict);
		}
	}
	if (!guard->conf->enforce) {
		if (verdict->rules != 0) {
			report_logged(mod, qdata, verdict, NULL);
		}
		return state;
	}
	report(mod, qdata, verdict, verdict->actions, NULL);
	return verdict->changes ? write_changed(state, pkt, qdata, mod, answer, verdict) : state;
}

/* Cheap checks, after which most responses need no judging. */
static bool is_harmless(const policy_t *policy, knotd_qdata_t *qdata, const knot_pkt_t *pkt)
{
	// Class ANY is answered with the data of class IN. Other classes are never touched.
	uint16_t qclass = knot_pkt_qclass(pkt);
	return (qclass != KNOT_CLASS_IN && qclass != KNOT_CLASS_ANY) ||
	       !policy_suspects(policy, zone_lookup, qdata, knot_pkt_qname(pkt), pkt->rr,
	                        pkt->rrset_count);
}

static knotd_in_state_t guard_begin(knotd_in_state_t state, knot_pkt_t *pkt,
                                    knotd_qdata_t *qdata, knotd_mod_t *mod)
{
	(void)pkt;
	(void)mod;
	const knot_rdata_t *opt = qdata->opt_rr.rrs.rdata;
	current_response_t *mine = get_current_response();
	mine->instances = (mine->qdata == qdata) ? mine->instances + 1 : 1;
	mine->qdata = qdata;
	mine->opt_len = (opt != NULL) ? opt->len : 0;
	return state;
}

/* Judges a response, a referral by its proofs alone. */
static int judge(const policy_t *policy, knot_pkt_t *pkt, knotd_qdata_t *qdata,
                 bool referral, signing_t signing, answer_t *answer,
                 policy_verdict_t *verdict)
{
	bool roomy = is_stream(qdata) ||
	             pkt->max_size - pkt->size >= (size_t)pkt->reserved + ROOM_ENOUGH;
	int ret = answer_read(answer, pkt, qdata->rcode, true, roomy);
	if (ret != KNOT_EOK) {
		return ret;
	}
	answer->response.hash = (signing != UNSIGNED) ? nsec3_hash : NULL;
#if KNOTD_MOD_ABI_VERSION >= 600
	answer->response.serves = serves;
#endif
	return (referral ? policy_judge_referral : policy_judge)(
		policy, zone_lookup, qdata, &answer->response, verdict, &pkt->mm);
}

/* What there was no room for may decide: the client has to retry over a stream. */
static knotd_in_state_t truncate(knotd_in_state_t state, knot_pkt_t *pkt, knotd_qdata_t *qdata,
                                 knotd_mod_t *mod, answer_t *answer, policy_verdict_t *verdict)
{
	const mxguard_ctx_t *guard = knotd_mod_ctx(mod);
	if (verdict->rules != 0) {
		report_emptied(mod, qdata, verdict, ACTION_EMPTIED, "truncated");
	}
	if (!guard->conf->enforce) {
		return state;
	}
	policy_verdict_clear(&answer->response, verdict);
	answer_truncate(answer, pkt);
	qdata->rcode = KNOT_RCODE_NOERROR;
	return KNOTD_IN_STATE_TRUNC;
}

/* Judges a response and carries out the verdict. Not inlined: most responses are harmless, and take
 * less time without the stack that this needs. */
__attribute__((noinline))
static knotd_in_state_t guard_suspect(knotd_in_state_t state, knot_pkt_t *pkt,
                                      knotd_qdata_t *qdata, knotd_mod_t *mod,
                                      const policy_t *policy, bool referral, signing_t signing)
{
	answer_t answer;
	policy_verdict_t verdict;
	policy_verdict_begin(&verdict, &pkt->mm);
	int ret = judge(policy, pkt, qdata, referral, signing, &answer, &verdict);
	if (ret != KNOT_EOK) {
		// It may lead mail to a proxy, and there is no memory to repair it.
		state = refuse(state, mod, qdata, &verdict);
	} else if (verdict.unknown) {
		state = truncate(state, pkt, qdata, mod, &answer, &verdict);
	} else if (verdict.rules != 0 || verdict.changes) {
		state = carry_out(state, pkt, qdata, mod, signing, &answer, &verdict);
	}
	answer_clear(&answer, &verdict);

	return state;
}

static knotd_in_state_t guard_answer(knotd_in_state_t state, knot_pkt_t *pkt,
                                     knotd_qdata_t *qdata, knotd_mod_t *mod)
{
	mxguard_ctx_t *guard = knotd_mod_ctx(mod);
	current_response.qdata = NULL;

	policy_t room;
	const policy_t *policy = mxguard_conf_policy(guard->conf, &room);
	signing_t signing = signing_of(qdata, pkt);
	bool denies = signing != UNSIGNED &&
	              policy_suspects_denial(policy, zone_lookup, qdata, pkt->rr,
	                                     pkt->rrset_count);
	// A referral is not this zone's answer, except for what it proves.
	bool referral = state == KNOTD_IN_STATE_DELEG && pkt->sections[KNOT_ANSWER].count == 0;
	return !denies && (referral || is_harmless(policy, qdata, pkt))
	       ? state : guard_suspect(state, pkt, qdata, mod, policy, referral, signing);
}

/* The next response is signed with TSIG like the first one: with the query's MAC, in whose place
 * the server has written that of the first response (RFC 8945 5.3). */
static int restore_tsig(knotd_qdata_t *qdata)
{
	knot_sign_context_t *sign = &qdata->sign;
	const knot_pkt_t *query = qdata->query;
	if (sign->tsig_key.name == NULL || sign->pkt_count == 0) {
		return KNOT_EOK;
	}
	if (query->tsig_wire.pos == NULL || sign->tsig_digest == NULL) {
		return KNOT_EMALF;
	}

	knot_rrset_t tsig;
	size_t pos = query->tsig_wire.pos - query->wire;
	int ret = knot_rrset_rr_from_wire(query->wire, &pos, pos + query->tsig_wire.len, &tsig,
	                                  qdata->mm, false);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (knot_tsig_rdata_is_ok(&tsig) &&
	    knot_tsig_rdata_mac_length(&tsig) == sign->tsig_digestlen) {
		memcpy(sign->tsig_digest, knot_tsig_rdata_mac(&tsig), sign->tsig_digestlen);
		sign->pkt_count = 0;
	} else {
		ret = KNOT_EMALF;
	}
	knot_rrset_clear(&tsig, qdata->mm);

	return ret;
}

/* Retracts a response that is whole already, with OPT and TSIG: where a hook of the last stage
 * fails, knotd composes another response, which must have nothing of the first one. Over UDP that
 * is an empty and truncated one; on a stream, or where it can't be signed with TSIG again,
 * SERVFAIL. */
static knotd_state_t retract(knotd_qdata_t *qdata, uint16_t opt_len, bool stream)
{
	// The server composes OPT again: what it has added since has to go.
	knot_rdata_t *opt = qdata->opt_rr.rrs.rdata;
	if (opt != NULL && opt->len > opt_len) {
		opt->len = opt_len;
		qdata->opt_rr.rrs.size = knot_rdata_size(opt->len);
	}
	qdata->rcode_ede = KNOT_EDNS_EDE_NONE;
	qdata->rcode = KNOT_RCODE_NOERROR;
	qdata->err_truncated = !stream;
	if (restore_tsig(qdata) != KNOT_EOK || stream) {
		qdata->err_truncated = false;
		qdata->rcode = KNOT_RCODE_SERVFAIL;
	}
	return KNOTD_STATE_FAIL;
}

/* True if nothing but optional additional records can be missing from a whole response, and it can
 * be composed again: those on a stream that have some, without TSIG. */
static bool is_repairable(const knot_pkt_t *pkt, const knotd_qdata_t *qdata)
{
	const knot_pktsection_t *additional = &pkt->sections[KNOT_ADDITIONAL];
	return is_stream(qdata) && qdata->sign.tsig_key.name == NULL && additional->count > 0 &&
	       pkt->rr[additional->pos].type != KNOT_RRTYPE_OPT && !knot_wire_get_tc(pkt->wire);
}

/* Repairs a whole response, without its additional section. False: it is to be retracted. */
static bool repair_whole(knot_pkt_t *pkt, knotd_qdata_t *qdata, knotd_mod_t *mod,
                         signing_t signing, answer_t *answer, policy_verdict_t *verdict)
{
	policy_drop_additional(&answer->response, verdict);
	return carry_out(KNOTD_IN_STATE_HIT, pkt, qdata, mod, signing, answer, verdict) !=
	       KNOTD_IN_STATE_ERROR;
}

/* What becomes of a whole response that can't be repaired: false if it is to be retracted. */
static bool keep_whole(const knot_pkt_t *pkt, knotd_qdata_t *qdata, knotd_mod_t *mod, int ret,
                       const policy_response_t *response, policy_verdict_t *verdict)
{
	const mxguard_ctx_t *guard = knotd_mod_ctx(mod);
	bool stream = is_stream(qdata);
	// A negative answer without room for its SOA is not marked as truncated by the server.
	bool silent = pkt->sections[KNOT_ANSWER].count == 0 && !knot_wire_get_tc(pkt->wire);
	bool wrong = ret != KNOT_EOK || verdict->changes ||
	             (!stream && (verdict->unknown || silent));
	if (!wrong && verdict->unknown) {
		policy_unjudged(&guard->conf->policy, response, verdict, ACTION_LOGGED);
	}
	if (wrong && (ret != KNOT_EOK || verdict->rules != 0)) {
		report_emptied(mod, qdata, verdict, stream ? ACTION_REFUSED : ACTION_EMPTIED,
		               stream ? "SERVFAIL" : "truncated");
	} else if (verdict->rules != 0) {
		report_logged(mod, qdata, verdict, NULL);
	}
	return !wrong || !guard->conf->enforce;
}

static knotd_state_t guard_end(knotd_state_t state, knot_pkt_t *pkt, knotd_qdata_t *qdata,
                               knotd_mod_t *mod)
{
	// Judged already, or not from this zone's data.
	if (current_response.qdata != qdata) {
		return state;
	}
	current_response.instances--;
	if (current_response.instances == 0) {
		current_response.qdata = NULL;
	}

	// Dropped.
	if (state != KNOTD_STATE_DONE) {
		return state;
	}
	mxguard_ctx_t *guard = knotd_mod_ctx(mod);
	policy_t room;
	const policy_t *policy = mxguard_conf_policy(guard->conf, &room);
	// A referral is not this zone's answer.
	if (!knot_wire_get_aa(pkt->wire) || is_harmless(policy, qdata, pkt)) {
		return state;
	}

	answer_t answer;
	policy_verdict_t verdict;
	policy_verdict_begin(&verdict, &pkt->mm);
	bool repairable = is_repairable(pkt, qdata);
	signing_t signing = repairable ? signing_of(qdata, pkt) : UNSIGNED;
	int ret = answer_read(&answer, pkt, qdata->rcode, repairable, false);
	if (ret == KNOT_EOK) {
		answer.response.hash = (signing != UNSIGNED) ? nsec3_hash : NULL;
		ret = policy_judge(policy, zone_lookup, qdata, &answer.response, &verdict,
		                   &pkt->mm);
	}
	bool keep = ret == KNOT_EOK && verdict.changes && repairable
	          ? repair_whole(pkt, qdata, mod, signing, &answer, &verdict)
	          : keep_whole(pkt, qdata, mod, ret, &answer.response, &verdict);
	answer_clear(&answer, &verdict);

	return keep ? state : retract(qdata, current_response.opt_len, is_stream(qdata));
}

static char *rule_name(uint32_t idx, uint32_t idx_count)
{
	return idx < idx_count ? strdup(rule_names[idx]) : NULL;
}

static char *action_name(uint32_t idx, uint32_t idx_count)
{
	return idx < idx_count ? strdup(action_names[idx]) : NULL;
}

static char *list_name(uint32_t idx, uint32_t idx_count)
{
	static const char *const names[LIST_COUNT] = {
		[LIST_CHANGED] = "changed", [LIST_REFUSED] = "refused",
	};
	return idx < idx_count ? strdup(names[idx]) : NULL;
}

static void free_ctx(mxguard_ctx_t *guard)
{
	if (guard != NULL) {
		watch_free(guard->watch);
		signer_free(atomic_load(&guard->signer));
		mxguard_conf_free(guard->conf);
		log_free(guard->log);
		free(guard);
	}
}

/* A list was changed or refused while queries run. Only one thread counts that at a time; it is
 * counted for the first thread. */
static void list_event(void *ctx, bool changed, const char *text)
{
	knotd_mod_stats_incr(ctx, 0, CTR_LIST, changed ? LIST_CHANGED : LIST_REFUSED, 1);
	if (text != NULL) {
		conf_log(ctx, changed ? LOG_INFO : LOG_ERR, text);
	}
}

/* A list that holds a mail address would send mail elsewhere, and make the next start fail. */
static bool list_fits(void *ctx, const netlist_t *version, char why[static NETFILE_ERR_MAX])
{
	const mxguard_ctx_t *guard = ctx;
	return mxguard_conf_fits(guard->conf, version, why);
}

static void begin_watch(knotd_mod_t *mod, mxguard_ctx_t *guard)
{
	const watch_who_t who = { list_fits, guard, list_event, mod };
	if (guard->conf->list_reload > 0 &&
	    watch_new(guard->conf->proxies, guard->conf->list_reload, &who, &guard->watch) !=
	    KNOT_EOK) {
		conf_log(mod, LOG_WARNING, "lists are looked at at a reload only: no memory, or no "
		         "other thread is allowed");
	}
}

static int set_up(knotd_mod_t *mod, mxguard_ctx_t *guard)
{
	knotd_conf_t rotation = knotd_conf(mod, C_SERVER, C_ANSWER_ROTATION, NULL);
	guard->rotate = rotation.single.boolean;

	guard->log = log_new(guard->conf->enforce, guard->conf->log_interval);
	if (guard->log == NULL) {
		return KNOT_ENOMEM;
	}

	int ret = knotd_mod_stats_add(mod, "finding", RULE_COUNT, rule_name);
	if (ret == KNOT_EOK) {
		ret = knotd_mod_stats_add(mod, "action", ACTION_COUNT, action_name);
	}
	if (ret == KNOT_EOK) {
		ret = knotd_mod_stats_add(mod, "list", LIST_COUNT, list_name);
	}
	if (ret == KNOT_EOK) {
		// Before the hooks: some versions keep them after a failure.
		begin_watch(mod, guard);
		ret = knotd_mod_in_hook(mod, KNOTD_STAGE_PREANSWER, guard_begin);
	}
	if (ret == KNOT_EOK) {
		ret = knotd_mod_in_hook(mod, KNOTD_STAGE_ADDITIONAL, guard_answer);
	}
	if (ret == KNOT_EOK) {
		ret = knotd_mod_hook(mod, KNOTD_STAGE_END, guard_end);
	}
	return ret;
}

static int mxguard_load(knotd_mod_t *mod)
{
	mxguard_conf_t *conf = NULL;
	int ret = mxguard_conf_load(mod, &conf);
	if (ret != KNOT_EOK || conf == NULL) {
		return ret; // A zone that is not protected gets no hook.
	}

	mxguard_ctx_t *guard = calloc(1, sizeof(*guard));
	if (guard == NULL) {
		mxguard_conf_free(conf);
		return KNOT_ENOMEM;
	}
	guard->conf = conf;
	ret = set_up(mod, guard);
	if (ret != KNOT_EOK) {
		free_ctx(guard);
		return ret;
	}
	knotd_mod_ctx_set(mod, guard);

	const policy_t *policy = &conf->policy;
	size_t networks = netset_count(policy->proxies);
	size_t addresses = policy->mail4.count + policy->mail6.count;
	knotd_mod_log(mod, LOG_INFO, "protected, mode %s, %zu network%s, %zu mail address%s, "
	              "version " PACKAGE_VERSION, conf->enforce ? "enforce" : "log", networks,
	              networks == 1 ? "" : "s", addresses, addresses == 1 ? "" : "es");
	return KNOT_EOK;
}

static void mxguard_unload(knotd_mod_t *mod)
{
	// Some versions unload after a failed load, and a reset loads the same instance again.
	free_ctx(knotd_mod_ctx(mod));
	knotd_mod_ctx_set(mod, NULL);
}

KNOTD_MOD_API(mxguard, KNOTD_MOD_FLAG_SCOPE_ZONE, mxguard_load, mxguard_unload, mxguard_conf,
              mxguard_conf_check);
