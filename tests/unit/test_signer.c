/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Signatures of changed RRsets: made once, kept, replaced, not made at all.
 */

#undef NDEBUG

#include <assert.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <urcu.h>

#include "tests/unit/hand.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define WIRE(text)   ((const knot_dname_t *)(text))
#define OWN          (-1)

#define A   KNOT_RRTYPE_A
#define MX  KNOT_RRTYPE_MX
#define TXT KNOT_RRTYPE_TXT

typedef struct {
	const char *owner;
	uint16_t type;
	uint32_t value;
	int encloser;
	const char *signs; /* The owner of what is signed; NULL if that was done before. */
} ask_t;

static const ask_t asks[] = {
	{ "\4mail\7example\3com", A, 1, OWN, "\4mail\7example\3com" },
	{ "\4mail\7example\3com", A, 1, OWN, NULL },
	/* Another type, another owner, another content. */
	{ "\4mail\7example\3com", MX, 1, OWN, "\4mail\7example\3com" },
	{ "\2mx\7example\3com", A, 1, OWN, "\2mx\7example\3com" },
	{ "\4mail\7example\3com", A, 2, OWN, "\4mail\7example\3com" },
	{ "\4mail\7example\3com", A, 1, OWN, NULL },
	{ "\4mail\7example\3com", A, 2, OWN, NULL },
	{ "\7example\3com", MX, 5, OWN, "\7example\3com" },
	/* From a wildcard: whatever name is asked for. */
	{ "\1x\1w\7example\3com", A, 1, 3, "\1*\1w\7example\3com" },
	{ "\1y\1w\7example\3com", A, 1, 3, NULL },
	{ "\1a\1b\1w\7example\3com", A, 1, 3, NULL },
	{ "\1*\1w\7example\3com", A, 1, OWN, NULL },
	{ "\1a\1b\1w\7example\3com", A, 1, 2, "\1*\7example\3com" },
	{ "\4mail\7example\3com", A, 1, 2, NULL },
	{ "\1x\1w\7example\3com", A, 1, OWN, "\1x\1w\7example\3com" },
	{ "\1x\1w\7example\3com", A, 2, 3, "\1*\1w\7example\3com" },
	{ "\1x\1w\7example\3com", TXT, 1, 3, "\1*\1w\7example\3com" },
	{ "\1x", A, 1, 0, "\1*" },
};

static void test_once(void **state)
{
	(void)state;
	hand_t hand = hand_of(KEY_ONE, 5000);
	signer_t *signer = hand_signer(&hand, 3600);
	unsigned calls = 0;
	for (size_t i = 0; i < COUNT(asks); i++) {
		const ask_t *ask = &asks[i];
		(void)hand_get(signer, WIRE(ask->owner), ask->type, ask->value, ask->encloser);
		calls += ask->signs != NULL;
		if (hand.calls != calls) {
			fail_msg("case %zu: signed %u times, not %u", i, hand.calls, calls);
		}
		assert_true(ask->signs == NULL ||
		            knot_dname_is_equal(hand.owner, WIRE(ask->signs)));
		assert_int_equal(hand.ttl, HAND_TTL);
	}
	signer_free(signer);
	signer_free(NULL);
}

/* A wildcard of the zone is no longer than what it is expanded to, which may be all there is room
 * for. */
static void test_longest(void **state)
{
	(void)state;
	knot_dname_storage_t name = "\1x";
	const uint8_t lengths[] = { 63, 63, 63, 59 };
	uint8_t *to = name + 2;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		*to++ = lengths[i];
		memset(to, 'a', lengths[i]);
		to += lengths[i];
	}
	*to = 0;
	assert_int_equal(knot_dname_size(name), 255);
	hand_t hand = hand_of(KEY_ONE, 5000);
	signer_t *signer = hand_signer(&hand, 3600);
	(void)hand_get(signer, name, A, 1, 4);
	assert_int_equal(knot_dname_size(hand.owner), 255);
	(void)hand_get(signer, name, A, 1, OWN);
	(void)hand_get(signer, name, A, 1, 3);
	assert_int_equal(hand.calls, 3);
	signer_free(signer);
}

/* Of one owner and type so many are kept, the youngest ones. */
static void test_variants(void **state)
{
	(void)state;
	hand_t hand = hand_of(KEY_ONE, 5000);
	signer_t *signer = hand_signer(&hand, 3600);
	const knot_dname_t *owner = WIRE("\4mail\7example\3com");
	const void *kept = hand_get(signer, owner, MX, 1, OWN);
	for (uint32_t i = 1; i <= SIGNER_VARIANTS; i++) {
		(void)hand_get(signer, owner, A, i, OWN);
	}
	assert_int_equal(hand.calls, 1 + SIGNER_VARIANTS);
	for (uint32_t i = SIGNER_VARIANTS; i > 0; i--) {
		(void)hand_get(signer, owner, A, i, OWN);
	}
	assert_int_equal(hand.calls, 1 + SIGNER_VARIANTS);

	/* The first one goes, then the second one: the last that was made stays. */
	(void)hand_get(signer, owner, A, 100, OWN);
	for (uint32_t i = 2; i <= SIGNER_VARIANTS; i++) {
		(void)hand_get(signer, owner, A, i, OWN);
	}
	assert_int_equal(hand.calls, 2 + SIGNER_VARIANTS);
	(void)hand_get(signer, owner, A, 1, OWN);
	(void)hand_get(signer, owner, A, 100, OWN);
	(void)hand_get(signer, owner, A, 3, OWN);
	assert_int_equal(hand.calls, 3 + SIGNER_VARIANTS);
	(void)hand_get(signer, owner, A, 2, OWN);
	assert_int_equal(hand.calls, 4 + SIGNER_VARIANTS);
	assert_ptr_equal(hand_get(signer, owner, MX, 1, OWN), kept);
	signer_free(signer);
}

/* Octets in use; 0 where memory is the sanitizer's. */
static size_t in_use(void)
{
	rcu_barrier();
	return mallinfo2().uordblks;
}

/* However many RRsets come, memory is that of a full table, and an RRset that has just been signed
 * is there. */
static void test_full(void **state)
{
	(void)state;
	enum { NAMES = 5 * SIGNER_SLOTS };
	hand_t hand = hand_of(KEY_ONE, 5000);
	signer_t *signer = hand_signer(&hand, 3600);
	size_t full = 0;
	for (uint32_t i = 0; i < NAMES; i++) {
		knot_dname_storage_t owner;
		(void)snprintf((char *)owner, sizeof(owner), "%c%06u\7example\3com", 6, i % 1000000);
		const void *sigs = hand_get(signer, owner, A, 1, OWN);
		assert_int_equal(hand.calls, i + 1);
		assert_ptr_equal(hand_get(signer, owner, A, 1, OWN), sigs);
		assert_int_equal(hand.calls, i + 1);
		if (i == NAMES / 2) {
			full = in_use();
		}
	}
	assert_true(in_use() <= full + full / 4);

	/* The youngest are there, and no more of the others than there is room for. */
	unsigned calls = hand.calls;
	for (uint32_t i = 0; i < NAMES; i++) {
		knot_dname_storage_t owner;
		(void)snprintf((char *)owner, sizeof(owner), "%c%06u\7example\3com", 6, NAMES - 1 - i);
		(void)hand_get(signer, owner, A, 1, OWN);
		assert_true(i != SIGNER_SLOTS / 4 || hand.calls <= calls + i / 10);
	}
	assert_true(hand.calls >= 2 * NAMES - SIGNER_SLOTS);
	signer_free(signer);
}

/* One owner and content of very many types, some of which are neighbours in the table. */
static void test_types(void **state)
{
	(void)state;
	hand_t hand = hand_of(KEY_ONE, 5000);
	signer_t *signer = hand_signer(&hand, 3600);
	for (uint16_t type = 1; type < SIGNER_SLOTS / 2; type++) {
		(void)hand_get(signer, HAND_ZONE, type, 1, OWN);
		assert_int_equal(hand.calls, type);
	}
	signer_free(signer);
}

/* What was replaced is freed, but not under a reader. */
static void test_replaced(void **state)
{
	(void)state;
	hand_t hand = hand_of(KEY_ONE, 5000);
	signer_t *signer = hand_signer(&hand, 3600);
	const knot_dname_t *owner = WIRE("\4mail\7example\3com");
	knot_rrset_t *rrset = hand_number(owner, A, HAND_TTL, 0);
	const knot_rdataset_t *sigs;
	rcu_read_lock();
	assert_int_equal(signer_get(signer, &hand_none, rrset, OWN, &sigs), KNOT_EOK);
	for (uint32_t i = 1; i <= 4 * SIGNER_VARIANTS; i++) {
		(void)hand_get(signer, owner, A, i, OWN);
	}
	usleep(20000); /* For whoever would free it too early. */
	assert_true(keys_signature(sigs->rdata) == keys_hash(rrset));
	assert_int_equal(sigs->count, 1);
	rcu_read_unlock();
	knot_rrset_free(rrset, NULL);

	size_t before = in_use();
	for (uint32_t i = 0; i < 20000; i++) {
		(void)hand_get(signer, owner, A, i, OWN);
	}
	assert_true(in_use() <= before + 100000);
	signer_free(signer);
}

/* What can't be signed is not kept, and tried again. */
static void test_failures(void **state)
{
	(void)state;
	hand_t hand = hand_of(KEY_ONE, 5000);
	signer_t *signer = hand_signer(&hand, 3600);
	knot_rrset_t *rrset = hand_number(WIRE("\4mail\7example\3com"), A, HAND_TTL, 1);
	const knot_rdataset_t *sigs = NULL;
	hand.ret = KNOT_EACCES;
	assert_int_equal(signer_get(signer, &hand_none, rrset, OWN, &sigs), KNOT_EACCES);
	assert_int_equal(signer_get(signer, &hand_none, rrset, OWN, &sigs), KNOT_EACCES);
	assert_int_equal(hand.calls, 2);
	assert_false(signer_valid(signer, &hand_none, 0));
	hand.ret = KNOT_EOK;
	hand.key_count = 0;
	assert_int_not_equal(signer_get(signer, &hand_none, rrset, OWN, &sigs), KNOT_EOK);
	assert_null(sigs);
	assert_false(signer_valid(signer, &hand_none, 0));
	hand.key_count = 1;
	assert_int_equal(signer_get(signer, &hand_none, rrset, OWN, &sigs), KNOT_EOK);
	assert_int_equal(hand.calls, 4);
	assert_true(signer_valid(signer, &hand_none, 0));
	knot_rrset_free(rrset, NULL);
	signer_free(signer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_variants),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_failures),
	};
	rcu_register_thread();
	int ret = cmocka_run_group_tests(tests, NULL, NULL);
	rcu_unregister_thread();
	return ret;
}
