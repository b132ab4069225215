/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Many threads that sign with one signer, while the zone's keys and signatures change and the
 * signer is replaced as by a reload.
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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <urcu.h>

#include "module/sign.h"
#include "tests/unit/lib/signed_apex.h"

enum { READERS = 6, ROUNDS = 60, NAMES = 60, KEYS = 3, NOW = 1000000, TTL = 300 };

/* What a query finds. */
typedef struct {
	signer_t *signer;
	knot_rdataset_t dnskey, rrsigs;
	unsigned keys; /* Bits of those that sign. */
	uint32_t now;
} world_t;

static signed_apex_t apex;
static apex_key_t *keys[KEYS];
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

static void say(void *ctx, bool warning, const char *text)
{
	(void)ctx;
	expect(!warning, text);
}

static bool is_right(const knot_rdataset_t *sigs, const knot_rrset_t *rrset, unsigned by)
{
	bool ok = sigs->count == __builtin_popcount(by);
	knot_rdata_t *rrsig = sigs->rdata;
	for (uint16_t i = 0; i < sigs->count; i++) {
		bool found = false;
		for (int key = 0; key < KEYS; key++) {
			found = found ||
				((by & 1U << key) && knot_rrsig_key_tag(rrsig) == keys[key]->tag);
		}
		ok = ok && found && knot_rrsig_type_covered(rrsig) == rrset->type;
		rrsig = knot_rdataset_next(rrsig);
	}
	return ok;
}

static void query(uint32_t *rng)
{
	*rng = *rng * 1103515245 + 12345;
	knot_dname_storage_t owner = "\2ab\1w\7example\3com";
	owner[1] = 'a' + (*rng >> 16) % NAMES % 26;
	owner[2] = 'a' + (*rng >> 16) % NAMES / 26;
	int encloser = (*rng >> 24) % 8 == 0 ? 3 : -1;
	uint8_t rdata[4] = { 192, 0, 2, *rng >> 29 };
	knot_rrset_t *rrset = knot_rrset_new(owner, KNOT_RRTYPE_A, KNOT_CLASS_IN, 7, NULL);
	(void)knot_rrset_add_rdata(rrset, rdata, sizeof(rdata), NULL);

	rcu_read_lock();
	const world_t *now = atomic_load(&world);
	sign_view_t view;
	const knot_rdataset_t *sigs = NULL;
	sign_look(&view, APEX, &now->dnskey, &apex.soa, &now->rrsigs, now->now);
	expect(signer_ready(now->signer, &view), "not ready");
	int ret = signer_sign(now->signer, &view, rrset, encloser, &sigs);
	expect(ret == KNOT_EOK, "not signed");
	if (ret == KNOT_EOK) {
		expect(is_right(sigs, rrset, now->keys), "signed by other keys");
		if (*rng >> 30 == 0) {
			sched_yield();
		}
		expect(is_right(sigs, rrset, now->keys), "signatures that went away");
	}
	rcu_read_unlock();
	knot_rrset_free(rrset, NULL);
	atomic_fetch_add(&queries, 1);
}

static void *reader(void *arg)
{
	uint32_t rng = (uint32_t)(uintptr_t)arg;
	rcu_register_thread();
	while (!atomic_load(&done)) {
		query(&rng);
	}
	rcu_unregister_thread();
	return NULL;
}

static signer_t *new_signer(void)
{
	keys_t *places = keys_new();
	assert(places != NULL && keys_add(places, KEYS_STORE, apex.dir, "keys") == KNOT_EOK);
	signer_t *signer = signer_new(places, TTL, say, NULL);
	assert(signer != NULL);
	return signer;
}

__attribute__((noinline))
static void free_world(world_t *old)
{
	knot_rdataset_clear(&old->dnskey, NULL);
	knot_rdataset_clear(&old->rrsigs, NULL);
	free(old);
}

/* Publishes another state of the zone. Its name is in tests/tsan.supp. */
__attribute__((noinline))
static void publish(signer_t *signer, unsigned signing, unsigned shown, uint32_t now)
{
	world_t *new = calloc(1, sizeof(*new));
	assert(new != NULL);
	new->signer = signer;
	new->keys = signing & shown;
	new->now = now;
	for (int key = 0; key < KEYS; key++) {
		if (shown & 1U << key) {
			assert(knot_rdataset_add(&new->dnskey, keys[key]->dnskey, NULL) ==
			       KNOT_EOK);
		}
		if (signing & 1U << key) {
			sign_rrset(&new->rrsigs, keys[key], &apex.soa, now - 100, now + 100);
		}
	}
	world_t *old = atomic_exchange(&world, new);
	synchronize_rcu();
	if (old != NULL) {
		if (old->signer != signer) {
			signer_free(old->signer);
		}
		free_world(old);
	}
}

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
	/* Keys that sign, keys that are shown. The last key is of another algorithm. */
	static const unsigned steps[][2] = {
		{ 1, 1 }, { 1, 3 }, { 3, 3 }, { 2, 3 }, { 2, 2 }, { 6, 2 },
		{ 6, 6 }, { 6, 4 }, { 4, 4 }, { 5, 4 }, { 5, 5 },
	};
	pthread_t threads[READERS];
	signed_apex_new(&apex);
	for (int i = 0; i < KEYS; i++) {
		keys[i] = apex_key_new(&apex, i < 2 ? ECDSA : ED25519, ZSK);
	}
	signer_t *signer = new_signer();
	publish(signer, 1, 1, NOW);
	for (uintptr_t i = 0; i < READERS; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, reader, (void *)(i + 1)), 0);
	}
	const unsigned count = sizeof(steps) / sizeof(*steps);
	for (unsigned i = 0; i < ROUNDS; i++) {
		signer = i % 7 == 6 ? new_signer() : signer;
		publish(signer, steps[i % count][0], steps[i % count][1], NOW + 30 * i);
		wait_for_queries(50);
	}
	atomic_store(&done, true);
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
	assert_int_equal(atomic_load(&failures), 0);
	publish(NULL, 1, 1, NOW);
	free_world(atomic_load(&world));
	for (int i = 0; i < KEYS; i++) {
		apex_key_free(keys[i]);
	}
	signed_apex_free(&apex);
	rcu_barrier();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
	};
	rcu_register_thread();
	int ret = cmocka_run_group_tests(tests, NULL, NULL);
	rcu_unregister_thread();
	return ret;
}
