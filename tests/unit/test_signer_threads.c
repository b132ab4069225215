/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Many threads that read, while what they read is made and replaced, keys change and the signer is
 * another one after each reload.
 */

#undef NDEBUG

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <urcu.h>

#include "tests/unit/hand.h"

enum { READERS = 6, RELOADS = 40, STEPS = 12, NAMES = 50, CONTENTS = 7, NOW = 1000 };

/* One load of the module: its keys, and what shows that it signs with one thread at a time. */
typedef struct {
	signer_t *signer;
	int key;
	atomic_bool inside;
	atomic_uint calls;
} load_t;

/* What a query finds. */
typedef struct {
	load_t *load;
	signer_zone_t zone;
	int key;    /* Signs the zone. */
	bool valid; /* The load's key is in the DNSKEY RRset. */
} world_t;

static world_t *_Atomic world;
static atomic_bool done;
static atomic_uint failures;
static atomic_ulong queries;

static void expect(bool holds, const char *what)
{
	if (!holds && atomic_fetch_add(&failures, 1) < 10) {
		print_error("%s\n", what);
	}
}

static int sign(void *ctx, knot_rrset_t *sigs, const knot_rrset_t *rrset)
{
	load_t *load = ctx;
	expect(!atomic_exchange(&load->inside, true), "two threads sign");
	test_sig_t sig = { rrset->type, knot_dname_labels(rrset->owner, NULL), rrset->ttl,
	                   NOW + 100000, HAND_ZONE, keys_hash(rrset) };
	keys_sign(&sigs->rrs, load->key, &sig);
	if (atomic_fetch_add(&load->calls, 1) % 8 == 0) {
		sched_yield();
	}
	atomic_store(&load->inside, false);
	return KNOT_EOK;
}

static bool is_of(const knot_rdataset_t *sigs, const knot_rrset_t *rrset, int key)
{
	return sigs->count == 1 && keys_signature(sigs->rdata) == keys_hash(rrset) &&
	       knot_rrsig_key_tag(sigs->rdata) == test_keys[key].tag &&
	       knot_rrsig_alg(sigs->rdata) == test_keys[key].algorithm;
}

/* One query: from what the zone is now to signatures that may be sent. */
static void query(uint32_t *dice)
{
	*dice = *dice * 1103515245 + 12345;
	knot_dname_storage_t owner = "\2ab\1w\7example\3com";
	owner[1] = 'a' + (*dice >> 16) % NAMES % 26;
	owner[2] = 'a' + (*dice >> 16) % NAMES / 26;
	uint16_t type = (*dice >> 22) % 4 == 0 ? KNOT_RRTYPE_MX : KNOT_RRTYPE_A;
	int encloser = (*dice >> 24) % 8 == 0 ? 3 : -1;
	knot_rrset_t *rrset = hand_number(owner, type, 7, (*dice >> 27) % CONTENTS);
	knot_rrset_t signable = *rrset;
	if (encloser >= 0) {
		signable.owner = (knot_dname_t *)"\1*\1w\7example\3com";
	}

	rcu_read_lock();
	const world_t *now = atomic_load(&world);
	signer_t *signer = now->load->signer;
	const knot_rdataset_t *sigs;
	bool changed = signer_keys_changed(signer, &now->zone);
	int ret = signer_get(signer, &now->zone, rrset, encloser, &sigs);
	expect((ret == KNOT_EOK) == now->valid, "signed by a key that is not there, or not signed");
	expect(changed == (now->key != now->load->key), "changed keys");
	if (ret == KNOT_EOK) {
		expect(is_of(sigs, &signable, now->load->key), "signatures of something else");
		expect(signer_valid(signer, &now->zone, NOW), "validity");
		expect(!signer_aged(signer, NOW), "age");
		if (*dice >> 30 == 0) {
			sched_yield();
		}
		expect(is_of(sigs, &signable, now->load->key), "signatures that went away");
	}
	rcu_read_unlock();
	knot_rrset_free(rrset, NULL);
	atomic_fetch_add(&queries, 1);
}

static void *reader(void *arg)
{
	uint32_t dice = (uint32_t)(uintptr_t)arg;
	rcu_register_thread();
	while (!atomic_load(&done)) {
		query(&dice);
	}
	rcu_unregister_thread();
	return NULL;
}

/* Zones by each key. */
static knot_rdataset_t zone_sigs[2], zone_keys[3];

static load_t *load(int key)
{
	load_t *new = calloc(1, sizeof(*new));
	assert(new != NULL);
	new->key = key;
	new->signer = signer_new(HAND_ZONE, HAND_TTL, 100000, sign, new);
	assert(new->signer != NULL);
	signer_zone_t zone = { { 0 }, zone_sigs[key == KEY_ONE ? 0 : 1] };
	expect(!signer_keys_changed(new->signer, &zone), "keys changed at once");
	return new;
}

static void unload(load_t *old)
{
	expect(atomic_load(&old->calls) >= 1, "nothing was signed");
	signer_free(old->signer);
	free(old);
}

static void make_zones(void)
{
	for (int key = 0; key < 2; key++) {
		test_sig_t sig = { KNOT_RRTYPE_SOA, 2, 3600, NOW + 9000, HAND_ZONE, 1 };
		keys_sign(&zone_sigs[key], key == 0 ? KEY_ONE : KEY_TWO, &sig);
		keys_add(&zone_keys[key], KEY_KSK);
		keys_add(&zone_keys[key], key == 0 ? KEY_ONE : KEY_TWO);
		keys_add(&zone_keys[2], key == 0 ? KEY_ONE : KEY_TWO);
	}
}

/* Publishes another state; the DNSKEY RRset has one key, or both. */
static void publish(load_t *of, int key, bool both)
{
	world_t *new = calloc(1, sizeof(*new));
	assert(new != NULL);
	int at = key == KEY_ONE ? 0 : 1;
	*new = (world_t){ of, { zone_keys[both ? 2 : at], zone_sigs[at] }, key,
	                  both || key == of->key };
	world_t *old = atomic_exchange(&world, new);
	synchronize_rcu();
	if (old != NULL && old->load != of) {
		unload(old->load);
	}
	free(old);
}

/* So many queries more. */
static void wait_for_queries(unsigned long count)
{
	unsigned long until = atomic_load(&queries) + count;
	for (int i = 0; atomic_load(&queries) < until && i < 100000; i++) {
		usleep(100);
	}
	expect(atomic_load(&queries) >= until, "no queries");
}

static void test_threads(void **state)
{
	(void)state;
	pthread_t threads[READERS];
	make_zones();
	publish(load(KEY_ONE), KEY_ONE, false);
	for (uintptr_t i = 0; i < READERS; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, reader, (void *)(i + 1)), 0);
	}
	int key = KEY_ONE;
	for (int i = 0; i < RELOADS; i++) {
		load_t *now = atomic_load(&world)->load;
		for (int j = 0; j < STEPS; j++) {
			key = j % 3 == 0 ? key : key == KEY_ONE ? KEY_TWO : KEY_ONE;
			publish(now, key, j % 2 == 0);
			wait_for_queries(20);
		}
		publish(load(key), key, i % 2 == 0);
		wait_for_queries(20);
	}
	atomic_store(&done, true);
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
	assert_int_equal(atomic_load(&failures), 0);

	world_t *last = atomic_exchange(&world, NULL);
	unload(last->load);
	free(last);
	for (int i = 0; i < 3; i++) {
		knot_rdataset_clear(&zone_keys[i], NULL);
		knot_rdataset_clear(&zone_sigs[i % 2], NULL);
	}
	rcu_barrier();
}

/* Threads that begin at once with an empty signer: each RRset is signed once. */
static pthread_barrier_t start;

static void *first_reader(void *arg)
{
	load_t *of = arg;
	rcu_register_thread();
	pthread_barrier_wait(&start);
	for (uint32_t i = 0; i < NAMES; i++) {
		knot_dname_storage_t owner = "\2ab\7example\3com";
		owner[1] = 'a' + i % 26;
		owner[2] = 'a' + i / 26;
		knot_rrset_t *rrset = hand_number(owner, KNOT_RRTYPE_A, 7, i);
		const knot_rdataset_t *sigs;
		rcu_read_lock();
		int ret = signer_get(of->signer, &hand_none, rrset, -1, &sigs);
		expect(ret == KNOT_EOK && is_of(sigs, rrset, of->key), "not signed");
		rcu_read_unlock();
		knot_rrset_free(rrset, NULL);
	}
	rcu_unregister_thread();
	return NULL;
}

static void test_start(void **state)
{
	(void)state;
	for (int round = 0; round < 50; round++) {
		pthread_t threads[READERS];
		load_t of = { .key = KEY_ONE };
		of.signer = signer_new(HAND_ZONE, HAND_TTL, 100000, sign, &of);
		assert_non_null(of.signer);
		assert_int_equal(pthread_barrier_init(&start, NULL, READERS), 0);
		for (int i = 0; i < READERS; i++) {
			assert_int_equal(pthread_create(&threads[i], NULL, first_reader, &of), 0);
		}
		for (int i = 0; i < READERS; i++) {
			assert_int_equal(pthread_join(threads[i], NULL), 0);
		}
		assert_int_equal(atomic_load(&of.calls), NAMES);
		assert_int_equal(atomic_load(&failures), 0);
		(void)pthread_barrier_destroy(&start);
		signer_free(of.signer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_start),
	};
	rcu_register_thread();
	int ret = cmocka_run_group_tests(tests, NULL, NULL);
	rcu_unregister_thread();
	return ret;
}
