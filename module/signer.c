/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A table of signatures that is read without a lock, and the questions whether they are any good.
 *
 * Pointers are published with release and read with acquire order, which is all that readers need;
 * RCU keeps alive what a reader may still see when something else has taken its place.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <urcu.h>

#include "module/hash.h"
#include "module/signer.h"
#include "module/zonekeys.h"
#include "policy/names.h"
#include "policy/nsec.h"

/* Slots that one owner and type may be found in. */
#define PROBES 8
/* Seconds before its end from which on a signature is not used, or a quarter of a short life. */
#define LAST_MINUTE 60

typedef struct {
	struct rcu_head rcu;
	uint64_t made;          /* Counts up. */
	uint64_t epoch;         /* Of the DNSKEY RRset that has all of the keys. */
	knot_rrset_t rrset;     /* What is signed. */
	knot_rdataset_t sigs;
} entry_t;

/* The DNSKEY RRset that was there last. */
typedef struct {
	struct rcu_head rcu;
	uint64_t epoch;         /* Counts up. */
	knot_rdataset_t dnskey;
	_Atomic uint64_t keys;  /* Those of it that sign here, or 0 as long as that is not known. */
} seen_t;

typedef struct {
	_Atomic(entry_t *) at[SIGNER_SLOTS];
} table_t;

struct signer {
	knot_dname_t *zone;
	uint32_t ttl;
	uint32_t lifetime;
	signer_sign_f sign;
	void *ctx;
	pthread_mutex_t lock;         /* Of all that makes something. */
	uint64_t made;                /* Under the lock. */
	_Atomic(table_t *) table;
	_Atomic(seen_t *) seen;
	_Atomic uint32_t end;         /* Of all signatures, or 0 as long as that is not known. */
	_Atomic uint64_t first;       /* Keys of the zone when it was first looked at, or 0. */
};

signer_t *signer_new(const knot_dname_t *zone, uint32_t ttl, uint32_t lifetime,
                     signer_sign_f sign, void *ctx)
{
	signer_t *signer = calloc(1, sizeof(*signer));
	if (signer == NULL) {
		return NULL;
	}
	signer->zone = knot_dname_copy(zone, NULL);
	if (signer->zone == NULL || pthread_mutex_init(&signer->lock, NULL) != 0) {
		knot_dname_free(signer->zone, NULL);
		free(signer);
		return NULL;
	}
	signer->ttl = ttl;
	signer->lifetime = lifetime;
	signer->sign = sign;
	signer->ctx = ctx;
	return signer;
}

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

static void free_seen(seen_t *seen)
{
	if (seen != NULL) {
		knot_rdataset_clear(&seen->dnskey, NULL);
		free(seen);
	}
}

static void free_seen_later(struct rcu_head *head)
{
	free_seen(caa_container_of(head, seen_t, rcu));
}

void signer_free(signer_t *signer)
{
	if (signer == NULL) {
		return;
	}
	table_t *table = atomic_load(&signer->table);
	for (size_t i = 0; table != NULL && i < SIGNER_SLOTS; i++) {
		free_entry(atomic_load(&table->at[i]));
	}
	free(table);
	free_seen(atomic_load(&signer->seen));
	pthread_mutex_destroy(&signer->lock);
	knot_dname_free(signer->zone, NULL);
	free(signer);
}

/* What is known of the DNSKEY RRset as it is now. Under the lock where it may be a new one. */
static seen_t *find_seen(signer_t *signer, const knot_rdataset_t *dnskey)
{
	seen_t *seen = atomic_load_explicit(&signer->seen, memory_order_acquire);
	return seen != NULL && knot_rdataset_eq(&seen->dnskey, dnskey) ? seen : NULL;
}

static seen_t *make_seen(signer_t *signer, const knot_rdataset_t *dnskey)
{
	seen_t *seen = find_seen(signer, dnskey);
	if (seen != NULL) {
		return seen;
	}
	seen = calloc(1, sizeof(*seen));
	if (seen == NULL || knot_rdataset_copy(&seen->dnskey, dnskey, NULL) != KNOT_EOK) {
		free(seen);
		return NULL;
	}
	seen_t *old = atomic_load_explicit(&signer->seen, memory_order_relaxed);
	seen->epoch = (old != NULL) ? old->epoch + 1 : 1;
	atomic_store_explicit(&signer->seen, seen, memory_order_release);
	if (old != NULL) {
		call_rcu(&old->rcu, free_seen_later);
	}
	return seen;
}

/* Leaves only signatures by keys that the zone shows, and learns what all of them have in common. */
static int choose(signer_t *signer, seen_t *seen, const knot_rdataset_t *all, knot_rdataset_t *sigs)
{
	uint64_t keys = 0;
	knot_rdata_t *rrsig = all->rdata;
	for (uint16_t i = 0; i < all->count; i++) {
		key_id_t key = zonekeys_of(rrsig);
		if (seen->dnskey.count == 0 || zonekeys_has(&seen->dnskey, key)) {
			int ret = knot_rdataset_add(sigs, rrsig, NULL);
			if (ret != KNOT_EOK) {
				return ret;
			}
			keys += zonekeys_mark(key);
			atomic_store_explicit(&signer->end, knot_rrsig_sig_expiration(rrsig),
			                      memory_order_relaxed);
		}
		rrsig = knot_rdataset_next(rrsig);
	}
	atomic_store_explicit(&seen->keys, keys, memory_order_relaxed);
	return sigs->count > 0 ? KNOT_EOK : KNOT_DNSSEC_ENOKEY;
}

/* Signatures */

static uint64_t place_of(const knot_dname_t *owner, uint16_t type)
{
	return hash_more(hash_word(HASH_START, type), owner, knot_dname_size(owner));
}

static bool is_of(const entry_t *entry, const knot_rrset_t *rrset)
{
	return entry != NULL && entry->rrset.type == rrset->type &&
	       name_equal(entry->rrset.owner, rrset->owner);
}

static const entry_t *find(table_t *table, uint64_t place, const seen_t *seen,
                           const knot_rrset_t *rrset)
{
	for (size_t i = 0; table != NULL && seen != NULL && i < PROBES; i++) {
		const entry_t *entry = atomic_load_explicit(
			&table->at[(place + i) % SIGNER_SLOTS], memory_order_acquire);
		if (is_of(entry, rrset) && entry->epoch == seen->epoch &&
		    knot_rdataset_eq(&entry->rrset.rrs, &rrset->rrs)) {
			return entry;
		}
	}
	return NULL;
}

/* Puts an entry where there is room; else in the place of the oldest of its owner and type if these
 * have their share already, or of the oldest of all. */
static void insert(table_t *table, uint64_t place, entry_t *entry)
{
	_Atomic(entry_t *) *empty = NULL, *oldest = NULL, *own = NULL;
	uint64_t made = UINT64_MAX, own_made = UINT64_MAX;
	size_t variants = 0;
	for (size_t i = 0; i < PROBES; i++) {
		_Atomic(entry_t *) *slot = &table->at[(place + i) % SIGNER_SLOTS];
		const entry_t *there = atomic_load_explicit(slot, memory_order_relaxed);
		if (there == NULL) {
			empty = (empty != NULL) ? empty : slot;
			continue;
		}
		if (there->made < made) {
			made = there->made;
			oldest = slot;
		}
		if (is_of(there, &entry->rrset)) {
			variants++;
			if (there->made < own_made) {
				own_made = there->made;
				own = slot;
			}
		}
	}

	_Atomic(entry_t *) *slot = variants >= SIGNER_VARIANTS ? own
	                         : empty != NULL ? empty : oldest;
	entry_t *old = atomic_exchange_explicit(slot, entry, memory_order_acq_rel);
	if (old != NULL) {
		call_rcu(&old->rcu, free_entry_later);
	}
}

static int make(signer_t *signer, seen_t *seen, const knot_rrset_t *rrset, entry_t **out)
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
	if (ret == KNOT_EOK) {
		knot_rrset_t sigs;
		knot_rrset_init(&sigs, entry->rrset.owner, KNOT_RRTYPE_RRSIG, KNOT_CLASS_IN,
		                signer->ttl);
		ret = signer->sign(signer->ctx, &sigs, &entry->rrset);
		if (ret == KNOT_EOK) {
			ret = choose(signer, seen, &sigs.rrs, &entry->sigs);
		}
		knot_rdataset_clear(&sigs.rrs, NULL);
	}
	if (ret != KNOT_EOK) {
		free_entry(entry);
		return ret;
	}
	entry->made = ++signer->made;
	entry->epoch = seen->epoch;
	*out = entry;
	return KNOT_EOK;
}

/* Makes what is missing, if no other thread just did. */
static int make_missing(signer_t *signer, uint64_t place, const signer_zone_t *zone,
                        const knot_rrset_t *rrset, const knot_rdataset_t **sigs)
{
	table_t *table = atomic_load_explicit(&signer->table, memory_order_acquire);
	seen_t *seen = make_seen(signer, &zone->dnskey);
	if (seen == NULL) {
		return KNOT_ENOMEM;
	}
	const entry_t *found = find(table, place, seen, rrset);
	if (found != NULL) {
		*sigs = &found->sigs;
		return KNOT_EOK;
	}
	if (table == NULL) {
		table = calloc(1, sizeof(*table));
		if (table == NULL) {
			return KNOT_ENOMEM;
		}
		atomic_store_explicit(&signer->table, table, memory_order_release);
	}
	entry_t *entry;
	int ret = make(signer, seen, rrset, &entry);
	if (ret == KNOT_EOK) {
		insert(table, place, entry);
		*sigs = &entry->sigs;
	}
	return ret;
}

int signer_get(signer_t *signer, const signer_zone_t *zone, const knot_rrset_t *rrset, int encloser,
               const knot_rdataset_t **sigs)
{
	knot_dname_storage_t wildcard;
	knot_rrset_t signable = *rrset;
	if (encloser >= 0) {
		const knot_dname_t *suffix = name_suffix(rrset->owner, encloser);
		wildcard[0] = 1;
		wildcard[1] = '*';
		/* The wildcard that was expanded is no longer than what it was expanded to. */
		memcpy(wildcard + 2, suffix, knot_dname_size(suffix));
		signable.owner = wildcard;
	}
	uint64_t place = place_of(signable.owner, signable.type);
	const entry_t *found = find(atomic_load_explicit(&signer->table, memory_order_acquire),
	                            place, find_seen(signer, &zone->dnskey), &signable);
	if (found != NULL) {
		*sigs = &found->sigs;
		return KNOT_EOK;
	}
	pthread_mutex_lock(&signer->lock);
	int ret = make_missing(signer, place, zone, &signable, sigs);
	pthread_mutex_unlock(&signer->lock);
	return ret;
}

/* The keys that sign here, or 0 if that is not known. */
static uint64_t own_keys(const signer_t *signer)
{
	seen_t *seen = atomic_load_explicit(&signer->seen, memory_order_acquire);
	return seen != NULL ? atomic_load_explicit(&seen->keys, memory_order_relaxed) : 0;
}

/* Seconds left of the signatures' life; they are compared as RFC 1982 has it. */
static int32_t seconds_left(const signer_t *signer, uint32_t now)
{
	uint32_t end = atomic_load_explicit(&signer->end, memory_order_relaxed);
	return end != 0 ? (int32_t)(end - now) : 0;
}

bool signer_valid(signer_t *signer, const signer_zone_t *zone, uint32_t now)
{
	int32_t quarter = signer->lifetime / 4;
	if (seconds_left(signer, now) <= (quarter < LAST_MINUTE ? quarter : LAST_MINUTE)) {
		return false;
	}
	uint64_t keys = (zone->dnskey.count == 0) ? zonekeys_signing(&zone->rrsig) : 0;
	return keys == 0 || keys == own_keys(signer);
}

bool signer_aged(const signer_t *signer, uint32_t now)
{
	return seconds_left(signer, now) <= (int32_t)(signer->lifetime / 4);
}

bool signer_keys_changed(signer_t *signer, const signer_zone_t *zone)
{
	uint64_t keys = zonekeys_signing(&zone->rrsig);
	if (keys == 0) {
		return false;
	}
	uint64_t own = own_keys(signer);
	if (own == 0 && atomic_compare_exchange_strong(&signer->first, &own, keys)) {
		own = keys; /* The module was loaded with those of that time, or it will be seen. */
	}
	return keys != own;
}
