/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Keys in use, and the table in which their signatures are kept.
 *
 * What threads share is published with release and read with acquire order; RCU keeps alive what a
 * reader may still see when it is replaced.
 */

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/crypto.h>
#include <urcu.h>

#include "dns/name.h"
#include "dns/rrset.h"
#include "dns/text.h"
#include "module/hash.h"
#include "module/rrsig.h"
#include "module/sign.h"
#include "policy/names.h"
#include "policy/nsec.h"

/* Slots of the table in which one RRset may be found. */
#define PROBES 8
/* Longest wait for another thread that looks for a key, in milliseconds. */
#define WAIT_MAX 50
/* Seconds until a missing key is looked for again: one, or more after a search that took long. */
#define AGAIN_MAX 60
/* DNSKEYs of a zone that are looked at, how many of one tag are tried, and the longest: an RSA key
 * of 4096 bits with an exponent of 64 bits. What a zone holds must not cost more (KeyTrap). */
#define DNSKEYS_MAX 128
#define SAME_TAG_MAX 4
#define DNSKEY_LEN_MAX (4 + 1 + 8 + 512)
/* Uses of an RRSIG are counted up to this; see insert(). */
#define USES_MAX 15

/* What is known of a key that signs the zone. */
typedef struct zone_key {
	struct rcu_head rcu;
	uint8_t algorithm;
	uint16_t tag;
	knot_rdata_t *dnskey; /* Behind the struct; NULL where it is not in the zone. */
	dnssec_key_t *key;    /* With its private part; NULL if that was not found. */
	uint32_t again;       /* When it is looked for again. */
	uint64_t id;
} zone_key_t;

/* A signed RRset. */
typedef struct {
	struct rcu_head rcu;
	uint64_t number;      /* Counts up. */
	uint64_t keys;        /* Those that have signed it: sign_view_t.keys. */
	uint32_t begin, half, end; /* Inception, half of the validity, expiration. */
	knot_rrset_t rrset;
	knot_rdataset_t sigs;
	_Atomic uint8_t uses;
} entry_t;

typedef struct {
	_Atomic(entry_t *) at[SIGN_SLOTS];
} table_t;

struct signer {
	keys_t *keys;
	uint32_t ttl;
	sign_say_f say;
	void *ctx;
	uint64_t seed;                   /* Of hashes: clients can't make names collide. */
	atomic_flag said_found, said_missing, said_wrong;
	pthread_mutex_t lock;            /* Of looking for keys. */
	atomic_bool slow;                /* The search takes long: other threads do not wait. */
	_Atomic(zone_key_t *) known[SIGN_KEYS_MAX];
	_Atomic(table_t *) table;
	_Atomic uint64_t numbers;
};

/* Looking at a zone */

static bool is_later(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static bool is_valid(const knot_rdata_t *rrsig, uint32_t now)
{
	return !is_later(knot_rrsig_sig_inception(rrsig), now) &&
	       is_later(knot_rrsig_sig_expiration(rrsig), now);
}

bool sign_is_signed(const knot_rdataset_t *apex_rrsigs)
{
	for_each_in(rrsig, apex_rrsigs) {
		uint16_t covered = rrsig->len >= 2 ? knot_rrsig_type_covered(rrsig) : 0;
		if (covered >= KNOT_RRTYPE_SOA) { /* They are sorted by what they cover. */
			return covered == KNOT_RRTYPE_SOA;
		}
	}
	return false;
}

/* Keeps the signers sorted, and of two RRSIGs by one key the valid one that ends last. */
static void add_signer(sign_view_t *view, const knot_rdata_t *rrsig)
{
	const sign_by_t by = { knot_rrsig_alg(rrsig), knot_rrsig_key_tag(rrsig),
	                       is_valid(rrsig, view->now), rrsig, NULL };
	size_t i = 0;
	while (i < view->count && (view->by[i].algorithm < by.algorithm ||
	       (view->by[i].algorithm == by.algorithm && view->by[i].tag < by.tag))) {
		i++;
	}
	sign_by_t *at = &view->by[i];
	if (i < view->count && at->algorithm == by.algorithm && at->tag == by.tag) {
		if (by.valid > at->valid ||
		    (by.valid == at->valid && is_later(knot_rrsig_sig_expiration(rrsig),
		                                       knot_rrsig_sig_expiration(at->rrsig)))) {
			*at = by;
		}
		return;
	}
	if (view->count == SIGN_KEYS_MAX) {
		view->too_many = true;
		return;
	}
	memmove(at + 1, at, (view->count - i) * sizeof(*at));
	*at = by;
	view->count++;
}

void sign_look(sign_view_t *view, const knot_dname_t *apex, const knot_rdataset_t *dnskey,
               const knot_rrset_t *sample, const knot_rdataset_t *rrsigs, uint32_t now)
{
	view->now = now;
	view->online = (dnskey->count == 0);
	view->dnskey = *dnskey;
	if (view->dnskey.count > DNSKEYS_MAX) {
		view->dnskey.count = DNSKEYS_MAX; /* The first ones in canonical order. */
	}
	view->sample = *sample;
	view->count = 0;
	view->too_many = view->ready = false;
	for_each_rdata(rdata, sample) {
		if (!rdata_check(sample->type, rdata->data, rdata->len, false)) {
			return;
		}
	}
	for_each_in(rrsig, rrsigs) {
		if (rrsig->len >= 2 && knot_rrsig_type_covered(rrsig) == sample->type &&
		    rrsig_check(rrsig) &&
		    knot_dname_is_case_equal(knot_rrsig_signer_name(rrsig), apex)) {
			add_signer(view, rrsig);
		}
	}
}

/* Types that other keys sign than the rest of the zone. */
static bool is_key_type(uint16_t type)
{
	return type == KNOT_RRTYPE_DNSKEY || type == KNOT_RRTYPE_CDNSKEY || type == KNOT_RRTYPE_CDS;
}

/* The RRSIG RRset that comes with an RRset of the response, or NULL. */
static const policy_item_t *find_sigs(const policy_response_t *response, const policy_item_t *item)
{
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *sig = &response->items[i];
		if (rrsig_covered(sig->rrset) == item->rrset->type &&
		    sig->section == item->section && name_equal(sig->owner, item->owner)) {
			return sig;
		}
	}
	return NULL;
}

void sign_look_online(sign_view_t *view, const knot_dname_t *apex,
                      const policy_response_t *response, uint32_t now)
{
	const knot_rdataset_t none = { 0 };
	view->count = 0;
	for (size_t i = 0; i < response->count && view->count == 0; i++) {
		const policy_item_t *item = &response->items[i];
		if (item->section == KNOT_ADDITIONAL) {
			break;
		}
		if (item->rrset->type == KNOT_RRTYPE_RRSIG || is_key_type(item->rrset->type)) {
			continue;
		}
		const policy_item_t *sigs = find_sigs(response, item);
		if (sigs != NULL) {
			knot_rrset_t sample = *item->rrset;
			sample.owner = (knot_dname_t *)item->owner;
			sign_look(view, apex, &none, &sample, &sigs->rrset->rrs, now);
		}
	}
}

/* Keys in use */

static void free_key(zone_key_t *key)
{
	if (key != NULL) {
		dnssec_key_free(key->key);
		free(key);
	}
}

static void free_key_later(struct rcu_head *head)
{
	free_key(caa_container_of(head, zone_key_t, rcu));
}

/* True if a key is one of the zone as it is now. */
static bool is_in_zone(const zone_key_t *key, const sign_view_t *view)
{
	return (key->dnskey == NULL) ? view->online
	                             : knot_rdataset_member(&view->dnskey, key->dnskey);
}

static const zone_key_t *find_known(signer_t *signer, const sign_view_t *view, const sign_by_t *by)
{
	for (size_t i = 0; i < SIGN_KEYS_MAX; i++) {
		const zone_key_t *key = atomic_load_explicit(&signer->known[i],
		                                             memory_order_acquire);
		if (key != NULL && key->algorithm == by->algorithm && key->tag == by->tag &&
		    is_in_zone(key, view)) {
			return key;
		}
	}
	return NULL;
}

/* True if nothing has to be looked for: a key is there, or was missing a moment ago. A clock that
 * went back makes no moment longer than a minute. */
static bool is_settled(const zone_key_t *key, const sign_view_t *view)
{
	return key != NULL && (key->key != NULL || (is_later(key->again, view->now) &&
	       key->again - view->now <= AGAIN_MAX));
}

static int64_t monotonic(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Threads have other queries to answer: none waits long for one that looks for a key, and none
 * waits for a key that was missing before. */
static bool lock_search(signer_t *signer, bool missing)
{
	if (pthread_mutex_trylock(&signer->lock) == 0) {
		return true;
	}
	if (missing || atomic_load(&signer->slow)) {
		return false;
	}
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += WAIT_MAX * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	if (pthread_mutex_timedlock(&signer->lock, &until) == 0) {
		return true;
	}
	atomic_store(&signer->slow, true);
	return false;
}

static void unlock_search(signer_t *signer)
{
	atomic_store(&signer->slow, false);
	pthread_mutex_unlock(&signer->lock);
}

static bool is_signing(const zone_key_t *key, const sign_view_t *view)
{
	for (size_t i = 0; i < view->count; i++) {
		if (view->by[i].algorithm == key->algorithm && view->by[i].tag == key->tag) {
			return true;
		}
	}
	return false;
}

/* Puts a key in the place of one that it replaces, or that the zone does not show any more, or that
 * does not sign it: there is always one of these, or an empty one. Under the lock. */
static void add_known(signer_t *signer, const sign_view_t *view, zone_key_t *key)
{
	_Atomic(zone_key_t *) *place = NULL;
	for (size_t i = 0; i < SIGN_KEYS_MAX; i++) {
		const zone_key_t *there = atomic_load(&signer->known[i]);
		if (there != NULL && there->algorithm == key->algorithm && there->tag == key->tag &&
		    is_in_zone(there, view)) {
			place = &signer->known[i];
			break;
		}
		if (place == NULL && (there == NULL || !is_in_zone(there, view))) {
			place = &signer->known[i];
		}
	}
	for (size_t i = 0; i < SIGN_KEYS_MAX && place == NULL; i++) {
		if (!is_signing(atomic_load(&signer->known[i]), view)) {
			place = &signer->known[i];
		}
	}
	place = (place != NULL) ? place : &signer->known[0];
	zone_key_t *old = atomic_exchange_explicit(place, key, memory_order_acq_rel);
	if (old != NULL) {
		call_rcu(&old->rcu, free_key_later);
	}
}

typedef struct {
	const sign_view_t *view;
	const knot_rdata_t *rrsig;
} verify_ctx_t;

static bool verify(const void *ctx, const dnssec_key_t *key)
{
	const verify_ctx_t *verify = ctx;
	return rrsig_verify(verify->rrsig, &verify->view->sample, key);
}

/* True if a DNSKEY is of a size that costs little to verify with. RSA's exponent decides most. */
static bool is_usable(const knot_rdata_t *dnskey)
{
	if (dnskey->len <= 4 || dnskey->len > DNSKEY_LEN_MAX) {
		return false;
	}
	uint8_t algorithm = knot_dnskey_alg(dnskey);
	bool rsa = algorithm == DNSSEC_KEY_ALGORITHM_RSA_SHA1 ||
	           algorithm == DNSSEC_KEY_ALGORITHM_RSA_SHA1_NSEC3 ||
	           algorithm == DNSSEC_KEY_ALGORITHM_RSA_SHA256 ||
	           algorithm == DNSSEC_KEY_ALGORITHM_RSA_SHA512;
	return !rsa || dnskey->data[4] <= 8;
}

/* The next DNSKEY with the algorithm and tag of a signer, or NULL. */
static const knot_rdata_t *next_dnskey(const knot_rdataset_t *dnskeys, const sign_by_t *by,
                                       const knot_rdata_t *last)
{
	knot_rdata_t *rdata = dnskeys->rdata;
	for (uint16_t i = 0; i < dnskeys->count; i++, rdata = knot_rdataset_next(rdata)) {
		uint16_t tag;
		const dnssec_binary_t data = { rdata->len, rdata->data };
		if ((last == NULL || rdata > last) && is_usable(rdata) &&
		    knot_dnskey_alg(rdata) == by->algorithm &&
		    dnssec_keytag(&data, &tag) == KNOT_EOK && tag == by->tag) {
			return rdata;
		}
	}
	return NULL;
}

static bool is_signed_by(const sign_view_t *view, const sign_by_t *by, const knot_rdata_t *dnskey)
{
	dnssec_key_t *key = NULL;
	const dnssec_binary_t rdata = { dnskey->len, (uint8_t *)dnskey->data };
	bool ok = dnssec_key_new(&key) == KNOT_EOK &&
	          dnssec_key_set_rdata(key, &rdata) == KNOT_EOK &&
	          rrsig_verify(by->rrsig, &view->sample, key);
	dnssec_key_free(key);
	return ok;
}

/* The DNSKEY of a signer, or NULL if the zone does not show it. Tags are not unique: where there
 * are several, it is the one that the RRSIG is by. */
static const knot_rdata_t *find_dnskey(const sign_view_t *view, const sign_by_t *by)
{
	const knot_rdata_t *first = next_dnskey(&view->dnskey, by, NULL);
	const knot_rdata_t *other = (first != NULL) ? next_dnskey(&view->dnskey, by, first) : NULL;
	if (other == NULL || is_signed_by(view, by, first)) {
		return first;
	}
	for (int i = 2; other != NULL && !is_signed_by(view, by, other); i++) {
		other = (i < SAME_TAG_MAX) ? next_dnskey(&view->dnskey, by, other) : NULL;
	}
	return (other != NULL) ? other : first;
}

/* Looks for a private key, and remembers it if there is none, too. Under the lock. */
static const zone_key_t *load_key(signer_t *signer, const sign_view_t *view, const sign_by_t *by,
                                  const knot_rdata_t *dnskey, char *reason)
{
	size_t size = dnskey != NULL ? knot_rdata_size(dnskey->len) : 0;
	zone_key_t *key = calloc(1, sizeof(*key) + size);
	if (key == NULL) {
		return NULL;
	}
	const verify_ctx_t ctx = { view, by->rrsig };
	const keys_want_t want = { by->algorithm, by->tag, dnskey, verify, &ctx };
	key->algorithm = by->algorithm;
	key->tag = by->tag;
	key->id = hash_word(HASH_START, (uint64_t)by->algorithm << 16 | by->tag);
	if (dnskey != NULL) {
		key->dnskey = (knot_rdata_t *)(key + 1);
		knot_rdata_init(key->dnskey, dnskey->len, dnskey->data);
		key->id = hash_more(key->id, dnskey->data, dnskey->len);
	}
	int64_t began = monotonic();
	(void)keys_find(signer->keys, &want, &key->key, reason);
	/* So that a slow store takes a tenth of one thread at the most. */
	int64_t wait = 1 + (monotonic() - began) / 100;
	key->again = view->now + (wait < AGAIN_MAX ? wait : AGAIN_MAX);
	add_known(signer, view, key);
	return key;
}

static void say_once(signer_t *signer, atomic_flag *said, bool warning, const char *text)
{
	if (!atomic_flag_test_and_set(said)) {
		signer->say(signer->ctx, warning, text);
	}
}

/* Why a zone can't be signed although no private key is missing. */
static const char *why_not(const sign_view_t *view, bool any_shown)
{
	if (view->too_many) {
		return "more keys sign it than are looked at";
	} else if (view->count == 0) {
		return "no RRSIG of its SOA has the zone itself as signer";
	} else if (!any_shown) {
		return "none of the keys that its SOA is signed with is among its DNSKEYs";
	}
	for (size_t i = 0; i < view->count; i++) {
		if (!view->by[i].valid) {
			return "RRSIGs of its SOA have expired or are not good yet: sign the zone "
			       "again, or set the clock";
		}
	}
	return NULL;
}

static void say_wrong(signer_t *signer, const char *why)
{
	char text[300];
	snprintf(text, sizeof(text), "changed answers can't be signed: %s; until then mode "
	         "enforce answers SERVFAIL instead", why);
	say_once(signer, &signer->said_wrong, true, text);
}

static void say_missing(signer_t *signer, const sign_by_t *by, const char *reason)
{
	char text[KEYS_TEXT_MAX + 400];
	snprintf(text, sizeof(text), "changed answers can't be signed: no private key for the key "
	         "with tag %u and algorithm %u that signs the zone, %s; import it into the zone's "
	         "key store, or name it in 'signing-key'; until then mode enforce answers "
	         "SERVFAIL instead", by->tag, by->algorithm,
	         reason[0] != '\0' ? reason : knot_strerror(KNOT_ENOMEM));
	say_once(signer, &signer->said_missing, true, text);
}

/* The key of a signer, looked for if it has to be. NULL if there is none to use. */
static const zone_key_t *get_key(signer_t *signer, const sign_view_t *view, const sign_by_t *by,
                                 bool *shown)
{
	const zone_key_t *key = find_known(signer, view, by);
	*shown = true;
	if (is_settled(key, view)) {
		return key->key != NULL ? key : NULL;
	}
	if (!view->online && next_dnskey(&view->dnskey, by, NULL) == NULL) {
		*shown = false; /* Not there yet, or not any more: resolvers can't use it. */
		return NULL;
	}
	if (!lock_search(signer, key != NULL)) {
		return NULL;
	}
	key = find_known(signer, view, by);
	if (!is_settled(key, view)) {
		char reason[KEYS_TEXT_MAX] = "";
		const knot_rdata_t *dnskey = view->online ? NULL : find_dnskey(view, by);
		key = load_key(signer, view, by, dnskey, reason);
		if (key == NULL || key->key == NULL) {
			say_missing(signer, by, reason);
		}
	}
	unlock_search(signer);
	return key != NULL && key->key != NULL ? key : NULL;
}

/* The table of signatures */

static void free_entry(entry_t *entry)
{
	if (entry != NULL) {
		knot_rrset_clear(&entry->rrset, NULL);
		knot_rdataset_clear(&entry->sigs, NULL);
		free(entry);
	}
}

static void free_entry_later(struct rcu_head *head)
{
	free_entry(caa_container_of(head, entry_t, rcu));
}

/* The table, made by the first thread that needs it; NULL if out of memory. */
static table_t *get_table(signer_t *signer)
{
	table_t *table = atomic_load_explicit(&signer->table, memory_order_acquire);
	if (table == NULL) {
		table_t *made = calloc(1, sizeof(*made));
		if (made != NULL && atomic_compare_exchange_strong(&signer->table, &table, made)) {
			return made;
		}
		free(made);
	}
	return table;
}

static uint64_t hash_of(const signer_t *signer, const knot_rrset_t *rrset)
{
	uint64_t hash = hash_word(signer->seed, rrset->type);
	hash = hash_more(hash, rrset->owner, knot_dname_size(rrset->owner));
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	return hash_more(hash, rdata, rrset->rrs.size);
}

static bool is_for(const entry_t *entry, uint64_t keys, const knot_rrset_t *rrset)
{
	return entry != NULL && entry->keys == keys && entry->rrset.type == rrset->type &&
	       name_equal(entry->rrset.owner, rrset->owner) &&
	       knot_rdataset_eq(&entry->rrset.rrs, &rrset->rrs);
}

static entry_t *find(table_t *table, uint64_t hash, uint64_t keys, const knot_rrset_t *rrset)
{
	for (size_t i = 0; i < PROBES; i++) {
		entry_t *entry = atomic_load_explicit(&table->at[(hash + i) % SIGN_SLOTS],
		                                      memory_order_acquire);
		if (is_for(entry, keys, rrset)) {
			if (atomic_load_explicit(&entry->uses, memory_order_relaxed) < USES_MAX) {
				atomic_fetch_add_explicit(&entry->uses, 1, memory_order_relaxed);
			}
			return entry;
		}
	}
	return NULL;
}

static unsigned uses_of(entry_t *entry)
{
	unsigned uses = atomic_load_explicit(&entry->uses, memory_order_relaxed);
	return uses <= USES_MAX ? uses : USES_MAX; /* Threads may have counted beyond it. */
}

/*
 * Puts an entry in the place of what it replaces, of nothing, or of the least used one.
 *
 * Only where no entry is unused, all of them get one use less. So queries for many names, once
 * each, evict such names only; others stay as long as they are queried more often.
 *
 * An entry that found no slot is used for its own query, and freed after that.
 */
static void insert(table_t *table, uint64_t hash, entry_t *entry)
{
	_Atomic(entry_t *) *best = NULL;
	unsigned least = UINT_MAX;
	uint64_t oldest = 0;
	for (size_t i = 0; i < PROBES; i++) {
		_Atomic(entry_t *) *slot = &table->at[(hash + i) % SIGN_SLOTS];
		entry_t *there = atomic_load_explicit(slot, memory_order_acquire);
		if (there == NULL || is_for(there, entry->keys, &entry->rrset)) {
			best = slot;
			least = 0;
			break;
		}
		unsigned uses = uses_of(there);
		if (uses < least || (uses == least && there->number < oldest)) {
			best = slot;
			least = uses;
			oldest = there->number;
		}
	}
	for (size_t i = 0; i < PROBES && least > 0; i++) {
		entry_t *there = atomic_load_explicit(&table->at[(hash + i) % SIGN_SLOTS],
		                                      memory_order_acquire);
		if (there != NULL) {
			atomic_store_explicit(&there->uses, uses_of(there) - (uses_of(there) > 0),
			                      memory_order_relaxed);
		}
	}
	entry_t *old = atomic_load_explicit(best, memory_order_acquire);
	entry_t *gone = entry;
	if (atomic_compare_exchange_strong_explicit(best, &old, entry, memory_order_acq_rel,
	                                            memory_order_relaxed)) {
		gone = old;
	}
	if (gone != NULL) {
		call_rcu(&gone->rcu, free_entry_later);
	}
}

/* What all RRSIGs of an entry have in common, by those they are copied from. */
static void set_times(entry_t *entry, const knot_rdata_t *rrsig)
{
	bool first = (entry->sigs.count == 0);
	uint32_t begin = knot_rrsig_sig_inception(rrsig), end = knot_rrsig_sig_expiration(rrsig);
	if (first || is_later(begin, entry->begin)) {
		entry->begin = begin;
	}
	if (first || is_later(entry->end, end)) {
		entry->end = end;
		entry->half = end - (end - begin) / 2;
	}
}

static int make_entry(signer_t *signer, const sign_view_t *view, const knot_rrset_t *rrset,
                      entry_t **out)
{
	entry_t *entry = calloc(1, sizeof(*entry));
	if (entry == NULL) {
		return KNOT_ENOMEM;
	}
	knot_rrset_init(&entry->rrset, knot_dname_copy(rrset->owner, NULL), rrset->type,
	                KNOT_CLASS_IN, signer->ttl);
	int ret = knot_rdataset_copy(&entry->rrset.rrs, &rrset->rrs, NULL);
	if (ret == KNOT_EOK && entry->rrset.owner == NULL) {
		ret = KNOT_ENOMEM;
	}
	for (size_t i = 0; i < view->count && ret == KNOT_EOK; i++) {
		const sign_by_t *by = &view->by[i];
		if (by->key != NULL) {
			set_times(entry, by->rrsig);
			ret = rrsig_make(&entry->sigs, by->key->key, &entry->rrset, by->rrsig);
		}
	}
	if (ret != KNOT_EOK) {
		free_entry(entry);
		return ret;
	}
	entry->keys = view->keys;
	entry->number = atomic_fetch_add_explicit(&signer->numbers, 1, memory_order_relaxed);
	*out = entry;
	return KNOT_EOK;
}

/* True if signatures may be used: good now, and in the first half of their life unless the zone's
 * own don't end later either. */
static bool is_good(const entry_t *entry, const sign_view_t *view)
{
	return !is_later(entry->begin, view->now) && is_later(entry->end, view->now) &&
	       (is_later(entry->half, view->now) || !is_later(view->end, entry->end));
}

/* Interface */

signer_t *signer_new(keys_t *keys, uint32_t ttl, sign_say_f say, void *ctx)
{
	signer_t *signer = calloc(1, sizeof(*signer));
	if (signer == NULL || pthread_mutex_init(&signer->lock, NULL) != 0) {
		free(signer);
		return NULL;
	}
	(void)gnutls_rnd(GNUTLS_RND_NONCE, &signer->seed, sizeof(signer->seed));
	signer->keys = keys;
	signer->ttl = ttl;
	signer->say = say;
	signer->ctx = ctx;
	return signer;
}

void signer_free(signer_t *signer)
{
	if (signer == NULL) {
		return;
	}
	table_t *table = atomic_load(&signer->table);
	for (size_t i = 0; table != NULL && i < SIGN_SLOTS; i++) {
		free_entry(atomic_load(&table->at[i]));
	}
	free(table);
	for (size_t i = 0; i < SIGN_KEYS_MAX; i++) {
		free_key(atomic_load(&signer->known[i]));
	}
	keys_free(signer->keys);
	pthread_mutex_destroy(&signer->lock);
	free(signer);
}

bool signer_ready(signer_t *signer, sign_view_t *view)
{
	bool shown[UINT8_MAX + 1] = { false }, signing[UINT8_MAX + 1] = { false };
	view->ready = false;
	view->wrong = NULL;
	view->keys = 0;
	for (size_t i = 0; i < view->count; i++) {
		sign_by_t *by = &view->by[i];
		bool is_shown;
		by->key = get_key(signer, view, by, &is_shown);
		by->key = by->valid ? by->key : NULL;
		shown[by->algorithm] |= is_shown;
		if (by->key == NULL) {
			continue;
		}
		uint32_t end = knot_rrsig_sig_expiration(by->rrsig);
		if (!view->ready || is_later(view->end, end)) {
			view->end = end;
		}
		view->keys += by->key->id;
		view->ready = signing[by->algorithm] = true;
	}
	/* One RRSIG for each algorithm (RFC 4035 2.2). */
	view->ready = view->ready && !view->too_many && memcmp(shown, signing, sizeof(shown)) == 0;
	if (view->ready) {
		say_once(signer, &signer->said_found, false,
			 "keys found, changed answers are signed");
	} else {
		view->wrong = why_not(view, memchr(shown, true, sizeof(shown)) != NULL);
	}
	if (view->wrong != NULL) {
		say_wrong(signer, view->wrong);
	}
	return view->ready;
}

const char *signer_why(const sign_view_t *view, char text[static SIGN_WHY_MAX])
{
	if (view->wrong != NULL) {
		return view->wrong;
	}
	for (size_t i = 0; i < view->count; i++) {
		const sign_by_t *by = &view->by[i];
		if (by->key == NULL) {
			(void)snprintf(text, SIGN_WHY_MAX, "no private key with tag %u and "
			               "algorithm %u, import it into the zone's key store or name "
			               "it in 'signing-key'", by->tag, by->algorithm);
			return text;
		}
	}
	return "signing failed, not enough memory?";
}

int signer_sign(signer_t *signer, const sign_view_t *view, const knot_rrset_t *rrset,
                int encloser, const knot_rdataset_t **sigs)
{
	if (!view->ready) {
		return KNOT_DNSSEC_ENOKEY;
	}
	table_t *table = get_table(signer);
	if (table == NULL) {
		return KNOT_ENOMEM;
	}
	knot_dname_storage_t wildcard;
	knot_rrset_t signable = *rrset;
	if (encloser >= 0) {
		(void)name_wildcard_at(wildcard, rrset->owner, encloser);
		signable.owner = wildcard;
	}
	uint64_t hash = hash_of(signer, &signable);
	entry_t *entry = find(table, hash, view->keys, &signable);
	if (entry == NULL || !is_good(entry, view)) {
		int ret = make_entry(signer, view, &signable, &entry);
		if (ret != KNOT_EOK) {
			return ret;
		}
		insert(table, hash, entry);
	}
	*sigs = &entry->sigs;
	return KNOT_EOK;
}

/* The owners of additional RRSIGs that cover A, and those of AAAA: only addresses are replaced in
 * the additional section. Smaller responses are looked through as they are. */
#define SEARCH_MIN 64

typedef struct {
	const policy_response_t *response;
	name_index_t owners[2];
} additional_t;

static bool is_additional(const policy_item_t *item)
{
	return item->edit == EDIT_REPLACE && item->section == KNOT_ADDITIONAL;
}

static name_index_t *owners_of(additional_t *additional, uint16_t type)
{
	return &additional->owners[type == KNOT_RRTYPE_AAAA];
}

static int find_additional(additional_t *additional, const policy_response_t *response)
{
	*additional = (additional_t){ .response = response };
	bool any = false;
	for (size_t i = 0; response->count >= SEARCH_MIN && i < response->count; i++) {
		any |= is_additional(&response->items[i]);
	}
	for (size_t i = 0; any && i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		uint16_t covered = item->section == KNOT_ADDITIONAL ? rrsig_covered(item->rrset)
		                                                    : 0;
		if (family_of_type(covered) != 0 &&
		    name_index_add(owners_of(additional, covered), item->owner) ==
		    NAME_INDEX_NONE) {
			return KNOT_ENOMEM;
		}
	}
	return KNOT_EOK;
}

static bool had_sigs(additional_t *additional, const policy_item_t *item)
{
	const policy_response_t *response = additional->response;
	return response->count < SEARCH_MIN
	       ? find_sigs(response, item) != NULL
	       : name_index_find(owners_of(additional, item->rrset->type), item->owner) !=
	         NAME_INDEX_NONE;
}

int signer_sign_verdict(signer_t *signer, const sign_view_t *view, policy_response_t *response,
                        policy_verdict_t *verdict)
{
	additional_t additional;
	int ret = find_additional(&additional, response);
	for (size_t i = 0; i < response->count && ret == KNOT_EOK; i++) {
		policy_item_t *item = &response->items[i];
		if (item->edit == EDIT_REPLACE &&
		    (!is_additional(item) || had_sigs(&additional, item))) {
			ret = signer_sign(signer, view, item->with, item->encloser, &item->sigs);
		}
	}
	name_index_clear(&additional.owners[0]);
	name_index_clear(&additional.owners[1]);
	for (size_t i = 0; i < verdict->add_count && ret == KNOT_EOK; i++) {
		policy_add_t *add = &verdict->add[i];
		ret = signer_sign(signer, view, add->rrset, add->encloser, &add->sigs);
	}
	return ret;
}
