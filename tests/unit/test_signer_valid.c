/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Are signatures any good: time, and the keys that the zone shows.
 */

#undef NDEBUG

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <urcu.h>

#include "tests/unit/hand.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define OWN          (-1)
#define A            KNOT_RRTYPE_A
#define MX           KNOT_RRTYPE_MX
#define TXT          KNOT_RRTYPE_TXT
#define SOA          KNOT_RRTYPE_SOA
#define DNSKEY       KNOT_RRTYPE_DNSKEY

/* Time */

static const struct {
	uint32_t lifetime;
	uint32_t left;
	bool valid;
	bool aged;
} ages[] = {
	{ 14 * 86400, 14 * 86400, true, false },
	{ 14 * 86400, 302401, true, false },
	{ 14 * 86400, 302400, true, true },
	{ 14 * 86400, 61, true, true },
	{ 14 * 86400, 60, false, true },
	{ 14 * 86400, 0, false, true },
	{ 14 * 86400, UINT32_MAX, false, true }, /* A second ago. */
	{ 14 * 86400, UINT32_MAX - 86400, false, true },
	/* A short life: its last quarter. */
	{ 241, 61, true, false },
	{ 241, 60, false, true },
	{ 240, 60, false, true },
	{ 100, 26, true, false },
	{ 100, 25, false, true },
	{ 30, 8, true, false },
	{ 30, 7, false, true },
	{ 4, 2, true, false },
	{ 4, 1, false, true },
	{ 1, 1, true, false },
	{ 1, 0, false, true },
};

static void test_time(void **state)
{
	(void)state;
	/* Seconds wrap around in 2106. */
	static const uint32_t ends[] = { 1700000000, 10, UINT32_MAX, 0x80000000 };
	for (size_t i = 0; i < COUNT(ages) * COUNT(ends); i++) {
		uint32_t end = ends[i / COUNT(ages)];
		hand_t hand = hand_of(KEY_ONE, end);
		signer_t *signer = hand_signer(&hand, ages[i % COUNT(ages)].lifetime);
		uint32_t now = end - ages[i % COUNT(ages)].left;
		(void)hand_get(signer, HAND_ZONE, MX, 1, OWN);
		signer_zone_t zone = { { 0 }, { 0 } };
		if (signer_valid(signer, &zone, now) != ages[i % COUNT(ages)].valid ||
		    signer_aged(signer, now) != ages[i % COUNT(ages)].aged) {
			fail_msg("case %zu, end %u", i % COUNT(ages), end);
		}
		signer_free(signer);
	}
}

/* Keys */

static knot_rdataset_t dnskeys(const int *keys)
{
	knot_rdataset_t set = { 0 };
	for (; *keys >= 0; keys++) {
		keys_add(&set, *keys);
	}
	return set;
}

/* The keys at hand, what is in the DNSKEY RRset, by which of them signatures are. */
static const struct {
	int own[4];
	int there[6];
	int by[4];
} key_cases[] = {
	{ { KEY_ONE, -1 }, { KEY_ONE, -1 }, { KEY_ONE, -1 } },
	{ { KEY_ONE, -1 }, { KEY_KSK, KEY_TWO, KEY_ONE, -1 }, { KEY_ONE, -1 } },
	{ { KEY_ONE, -1 }, { KEY_TWO, -1 }, { -1 } },
	{ { KEY_ONE, -1 }, { KEY_SAME_TAG, -1 }, { -1 } },
	{ { KEY_SAME_TAG, -1 }, { KEY_ONE, -1 }, { -1 } },
	{ { KEY_SAME_TAG, -1 }, { KEY_ONE, KEY_SAME_TAG, -1 }, { KEY_SAME_TAG, -1 } },
	{ { KEY_KSK, -1 }, { KEY_KSK, -1 }, { KEY_KSK, -1 } },
	{ { KEY_RSA, -1 }, { KEY_RSA, KEY_ONE, -1 }, { KEY_RSA, -1 } },
	{ { KEY_ONE, KEY_RSA, -1 }, { KEY_RSA, KEY_ONE, -1 }, { KEY_ONE, KEY_RSA, -1 } },
	{ { KEY_ONE, KEY_RSA, -1 }, { KEY_TWO, KEY_ONE, -1 }, { KEY_ONE, -1 } },
	{ { KEY_ONE, KEY_RSA, -1 }, { KEY_RSA, -1 }, { KEY_RSA, -1 } },
	{ { KEY_ONE, KEY_TWO, -1 }, { KEY_ONE, KEY_TWO, KEY_KSK, -1 }, { KEY_ONE, KEY_TWO, -1 } },
	{ { KEY_ONE, KEY_TWO, -1 }, { KEY_KSK, -1 }, { -1 } },
	/* Online signing: all that there are. */
	{ { KEY_ONE, KEY_RSA, -1 }, { -1 }, { KEY_ONE, KEY_RSA, -1 } },
};

/* True if there are signatures by these keys and no others; or none, and that is an error. */
static bool signs_by(signer_t *signer, const signer_zone_t *zone, const int *keys)
{
	knot_rrset_t *rrset = hand_number(HAND_ZONE, MX, HAND_TTL, 7);
	const knot_rdataset_t *sigs = NULL;
	size_t count = 0;
	rcu_read_lock();
	int ret = signer_get(signer, zone, rrset, OWN, &sigs);
	bool good = (ret == KNOT_EOK) == (keys[0] >= 0);
	for (; keys[count] >= 0 && good; count++) {
		const test_key_t *key = &test_keys[keys[count]];
		bool found = false;
		for (uint16_t i = 0; i < sigs->count; i++) {
			const knot_rdata_t *sig = knot_rdataset_at(sigs, i);
			found |= knot_rrsig_key_tag(sig) == key->tag &&
			         knot_rrsig_alg(sig) == key->algorithm &&
			         keys_signature(sig) == keys_hash(rrset);
		}
		good = found;
	}
	good = good && (count == 0 || count == sigs->count);
	rcu_read_unlock();
	knot_rrset_free(rrset, NULL);
	return good;
}

/* By a key that is not in the DNSKEY RRset nothing is signed. */
static void test_dnskey(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(key_cases); i++) {
		hand_t hand = { .end = 5000 };
		for (; key_cases[i].own[hand.key_count] >= 0; hand.key_count++) {
			hand.keys[hand.key_count] = key_cases[i].own[hand.key_count];
		}
		signer_t *signer = hand_signer(&hand, 3600);
		signer_zone_t own = { dnskeys(key_cases[i].own), { 0 } };
		signer_zone_t zone = { dnskeys(key_cases[i].there), { 0 } };
		/* Whatever it was before, and then once more. */
		for (int j = 0; j < 4; j++) {
			if (!signs_by(signer, &zone, key_cases[i].by) ||
			    !signs_by(signer, &zone, key_cases[i].by)) {
				fail_msg("case %zu, round %d", i, j);
			}
			unsigned calls = hand.calls;
			assert_true(signs_by(signer, &own, key_cases[i].own));
			assert_true(signs_by(signer, &own, key_cases[i].own));
			assert_true(hand.calls <= calls + 1);
			assert_true(signer_valid(signer, &own, 2000));
			assert_false(signer_valid(signer, &own, 4999));
		}
		knot_rdataset_clear(&own.dnskey, NULL);
		knot_rdataset_clear(&zone.dnskey, NULL);
		signer_free(signer);
	}
	rcu_barrier();
}

/* RRSIGs of a zone: type covered and key, one by one. */
typedef struct {
	int pairs[12][2];
} shown_t;

static knot_rdataset_t rrsigs(const shown_t *shown)
{
	knot_rdataset_t set = { 0 };
	for (size_t i = 0; shown->pairs[i][0] != 0; i++) {
		test_sig_t sig = { shown->pairs[i][0], 2, HAND_TTL, 9000 + i, HAND_ZONE, i };
		keys_sign(&set, shown->pairs[i][1], &sig);
	}
	return set;
}

/* What shows that a zone is signed by the first key alone, or by another one, or neither. */
typedef enum { SAME, OTHER, NOTHING } told_t;
static const struct {
	shown_t shown;
	told_t told;
} shown_cases[] = {
	{ { { { 0 } } }, NOTHING },
	{ { { { SOA, KEY_ONE } } }, SAME },
	{ { { { SOA, KEY_TWO } } }, OTHER },
	{ { { { SOA, KEY_SAME_TAG } } }, OTHER },
	{ { { { SOA, KEY_ONE }, { SOA, KEY_TWO } } }, OTHER },
	{ { { { SOA, KEY_ONE }, { DNSKEY, KEY_KSK } } }, SAME },
	{ { { { DNSKEY, KEY_KSK }, { KNOT_RRTYPE_CDS, KEY_KSK }, { KNOT_RRTYPE_CDNSKEY, KEY_KSK } } },
	  NOTHING },
	{ { { { DNSKEY, KEY_KSK }, { MX, KEY_ONE } } }, SAME },
	{ { { { A, KEY_ONE }, { MX, KEY_ONE } } }, SAME },
	{ { { { A, KEY_TWO }, { TXT, KEY_TWO } } }, OTHER },
	/* The SOA's go before others', which may be yet to come. */
	{ { { { MX, KEY_TWO }, { SOA, KEY_ONE }, { TXT, KEY_TWO } } }, SAME },
	{ { { { KNOT_RRTYPE_NSEC, KEY_ONE } } }, SAME },
};

/* Where the DNSKEY RRset is not in the zone, signatures tell. */
static void test_online(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(shown_cases); i++) {
		hand_t hand = hand_of(KEY_ONE, 5000);
		signer_t *signer = hand_signer(&hand, 3600);
		(void)hand_get(signer, HAND_ZONE, MX, 1, OWN);
		signer_zone_t zone = { { 0 }, rrsigs(&shown_cases[i].shown) };
		if (signer_valid(signer, &zone, 2000) != (shown_cases[i].told != OTHER)) {
			fail_msg("case %zu", i);
		}
		knot_rdataset_clear(&zone.rrsig, NULL);
		signer_free(signer);
	}
}

/* By what the zone shows, before anything was signed and after it. */
static void test_changed(void **state)
{
	(void)state;
	static const shown_t first = { { { SOA, KEY_ONE } } };
	for (size_t i = 0; i < COUNT(shown_cases); i++) {
		hand_t hand = hand_of(KEY_ONE, 5000);
		signer_t *signer = hand_signer(&hand, 3600);
		signer_zone_t zone = { { 0 }, rrsigs(&first) };
		signer_zone_t next = { { 0 }, rrsigs(&shown_cases[i].shown) };
		bool expected = shown_cases[i].told == OTHER;
		for (int j = 0; j < 3; j++) {
			if (j == 2) {
				(void)hand_get(signer, HAND_ZONE, MX, 1, OWN);
			}
			if (signer_keys_changed(signer, &zone) ||
			    signer_keys_changed(signer, &zone) ||
			    signer_keys_changed(signer, &next) != expected ||
			    signer_keys_changed(signer, &next) != expected) {
				fail_msg("case %zu, round %d", i, j);
			}
		}
		knot_rdataset_clear(&zone.rrsig, NULL);
		knot_rdataset_clear(&next.rrsig, NULL);
		signer_free(signer);
	}
}

/* Keys that changed between the load and the first signature, unseen. */
static void test_changed_unseen(void **state)
{
	(void)state;
	static const shown_t first = { { { SOA, KEY_ONE } } }, second = { { { SOA, KEY_TWO } } };
	hand_t hand = { .keys = { KEY_TWO }, .key_count = 1, .end = 5000 };
	signer_t *signer = hand_signer(&hand, 3600);
	signer_zone_t old = { { 0 }, rrsigs(&first) }, new = { { 0 }, rrsigs(&second) };
	assert_false(signer_keys_changed(signer, &old));
	(void)hand_get(signer, HAND_ZONE, MX, 1, OWN);
	assert_true(signer_keys_changed(signer, &old));
	assert_false(signer_keys_changed(signer, &new));
	knot_rdataset_clear(&old.rrsig, NULL);
	knot_rdataset_clear(&new.rrsig, NULL);
	signer_free(signer);
}

/* Memory of an old zone may be that of a new one with other keys. */
static void test_changed_in_place(void **state)
{
	(void)state;
	static const shown_t first = { { { SOA, KEY_ONE } } }, second = { { { SOA, KEY_TWO } } };
	for (int known = 0; known < 2; known++) {
		hand_t hand = hand_of(KEY_ONE, 5000);
		signer_t *signer = hand_signer(&hand, 3600);
		signer_zone_t zone = { { 0 }, rrsigs(&first) }, next = { { 0 }, rrsigs(&second) };
		if (known == 1) {
			(void)hand_get(signer, HAND_ZONE, MX, 1, OWN);
		}
		assert_false(signer_keys_changed(signer, &zone));
		assert_int_equal(zone.rrsig.size, next.rrsig.size);
		memcpy(zone.rrsig.rdata, next.rrsig.rdata, next.rrsig.size);
		assert_true(signer_keys_changed(signer, &zone));
		knot_rdataset_clear(&zone.rrsig, NULL);
		knot_rdataset_clear(&next.rrsig, NULL);
		signer_free(signer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_dnskey),
		cmocka_unit_test(test_online),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_changed_unseen),
		cmocka_unit_test(test_changed_in_place),
	};
	rcu_register_thread();
	int ret = cmocka_run_group_tests(tests, NULL, NULL);
	rcu_unregister_thread();
	return ret;
}
