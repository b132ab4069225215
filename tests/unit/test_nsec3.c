/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * NSEC3 records: hashes of names as RFC 5155 has them, and owners made of hashes.
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

#include "module/sign.h"
#include "policy/nsec.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define WIRE(text)   ((const knot_dname_t *)(text))

/* A name, and the first label of its NSEC3 record. */
typedef struct {
	const char *name;
	const char *label;
} hashed_t;

static void check_hashes(const hashed_t *cases, size_t count, const nsec3_params_t *params)
{
	for (size_t i = 0; i < count; i++) {
		knot_dname_storage_t name, owner;
		uint8_t hash[NSEC3_HASH], back[NSEC3_HASH];
		assert_non_null(knot_dname_from_str(name, cases[i].name, sizeof(name)));
		assert_int_equal(sign_nsec3_hash(hash, name, params), KNOT_EOK);
		assert_true(nsec3_owner(owner, hash, WIRE("\7example")));
		if (owner[0] != 32 || memcmp(owner + 1, cases[i].label, 32) != 0) {
			fail_msg("%s: %.32s, not %s", cases[i].name, (const char *)owner + 1,
			         cases[i].label);
		}
		assert_true(knot_dname_is_equal(owner + 33, WIRE("\7example")));
		assert_true(nsec3_owner_hash(back, owner));
		assert_memory_equal(back, hash, sizeof(hash));
	}
}

static void test_hashes(void **state)
{
	(void)state;
	/* RFC 5155 appendix A. */
	static const hashed_t example[] = {
		{ "example.", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom" },
		{ "a.example.", "35mthgpgcu1qg68fab165klnsnk3dpvl" },
		{ "ai.example.", "gjeqe526plbf1g8mklp59enfd789njgi" },
		{ "ns1.example.", "2t7b4g4vsa5smi47k61mv5bv1a22bojr" },
		{ "ns2.example.", "q04jkcevqvmu85r014c7dkba38o0ji5r" },
		{ "w.example.", "k8udemvp1j2f7eg6jebps17vp3n8i58h" },
		{ "*.w.example.", "r53bq7cc2uvmubfu5ocmm6pers9tk9en" },
		{ "x.w.example.", "b4um86eghhds6nea196smvmlo4ors995" },
		{ "y.w.example.", "ji6neoaepv8b5o6k4ev33abha8ht9fgc" },
		{ "x.y.w.example.", "2vptu5timamqttgl4luu9kg21e0aor3s" },
		{ "xx.example.", "t644ebqk9bibcna874givr6joj62mlhv" },
		{ "2t7b4g4vsa5smi47k61mv5bv1a22bojr.example.", "kohar7mbb8dc2ce8a9qvl8hon4k53uhi" },
	};
	check_hashes(example, COUNT(example),
	             &(nsec3_params_t){ 12, 4, (const uint8_t *)"\xaa\xbb\xcc\xdd" });

	/* As RFC 9276 has it, and at the limits; by another implementation. */
	static const hashed_t plain[] = {
		{ "mail.example.com.", "besh654vh4mp0jvtv6flpvpd4dh7e1ji" },
		{ ".", "bekjp7dgpvsjukll47bk43i3urmq4u2f" },
	};
	static const hashed_t zero[] = {
		{ "mail.example.com.", "i4hpei2v5i4e0o0defhk9bfo29p0v74q" },
		{ ".", "hu316p8eh9jh19tj4e6rl45na6cgabml" },
	};
	static const hashed_t often[] = {
		{ "mail.example.com.", "7kjihh9j54udk3e1lgn3tagrv1u80347" },
		{ ".", "msne3tclmmbsuok3erl67r2jfhopj3hl" },
	};
	static const hashed_t salty[] = {
		{ "mail.example.com.", "nn8hc4h1djiidm2l4s9fu1eedfgghie9" },
		{ ".", "jvfu8n9di87du67dl3luiq9gjljtmo1b" },
	};
	uint8_t salt[UINT8_MAX];
	memset(salt, 0xff, sizeof(salt));
	check_hashes(plain, COUNT(plain), &(nsec3_params_t){ 0, 0, salt });
	check_hashes(zero, COUNT(zero), &(nsec3_params_t){ 1, 1, (const uint8_t *)"" });
	check_hashes(often, COUNT(often), &(nsec3_params_t){ 150, 0, salt });
	check_hashes(salty, COUNT(salty), &(nsec3_params_t){ 0, UINT8_MAX, salt });
}

/* The longest name, with the longest salt. */
static void test_longest(void **state)
{
	(void)state;
	knot_dname_storage_t name = { 0 };
	uint8_t *to = name, hash[NSEC3_HASH], owner[NSEC3_HASH], salt[UINT8_MAX] = { 0 };
	static const uint8_t lengths[] = { 63, 63, 63, 61 };
	for (size_t i = 0; i < COUNT(lengths); i++) {
		*to++ = lengths[i];
		memset(to, 'a', lengths[i]);
		to += lengths[i];
	}
	assert_int_equal(knot_dname_size(name), KNOT_DNAME_MAXLEN);
	nsec3_params_t params = { 3, UINT8_MAX, salt };
	assert_int_equal(sign_nsec3_hash(hash, name, &params), KNOT_EOK);
	name[KNOT_DNAME_MAXLEN - 2]++;
	assert_int_equal(sign_nsec3_hash(owner, name, &params), KNOT_EOK);
	assert_memory_not_equal(hash, owner, sizeof(hash));
}

static void test_owners(void **state)
{
	(void)state;
	static const struct {
		uint8_t hash[NSEC3_HASH];
		const char *label;
	} good[] = {
		{ { 0 }, "00000000000000000000000000000000" },
		{ { 0, 0, 0, 0, 1 }, "00000001000000000000000000000000" },
		{ { 0xf8, [19] = 0x1f }, "v000000000000000000000000000000v" },
		{ { 0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf, 0x84, 0x65, 0x3a,
		    0x56, 0xd7, 0xc6, 0x75, 0xbe, 0x77, 0xdf }, "0123456789abcdefghijklmnopqrstuv" },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv" },
	};
	for (size_t i = 0; i < COUNT(good); i++) {
		knot_dname_storage_t owner;
		uint8_t hash[NSEC3_HASH];
		assert_true(nsec3_owner(owner, good[i].hash, WIRE("")));
		assert_int_equal(owner[0], 32);
		assert_memory_equal(owner + 1, good[i].label, 32);
		assert_int_equal(owner[33], 0);
		assert_true(nsec3_owner_hash(hash, owner));
		assert_memory_equal(hash, good[i].hash, sizeof(hash));
	}

	static const char *const bad[] = {
		"", "\7example", "\0370000000000000000000000000000000\3com",
		"\041000000000000000000000000000000000\3com",
		"\0400000000000000000000000000000000w\3com",
		"\0400000000000000000000000000000000A\3com",
		"\040-0000000000000000000000000000000\3com",
		"\0400000000:000000000000000000000000\3com",
		"\0400000000/000000000000000000000000\3com",
		"\040`0000000000000000000000000000000\3com",
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		uint8_t hash[NSEC3_HASH];
		if (nsec3_owner_hash(hash, WIRE(bad[i]))) {
			fail_msg("case %zu is taken", i);
		}
	}
}

/* As long as a name may be, and longer. */
static void test_room(void **state)
{
	(void)state;
	static const uint8_t hash[NSEC3_HASH] = { 1 };
	for (uint8_t last = 29; last <= 31; last++) {
		knot_dname_storage_t apex = { 0 }, owner;
		uint8_t *to = apex;
		const uint8_t lengths[] = { 63, 63, 61, last };
		for (size_t i = 0; i < COUNT(lengths); i++) {
			*to++ = lengths[i];
			memset(to, 'a', lengths[i]);
			to += lengths[i];
		}
		size_t size = 33 + knot_dname_size(apex);
		assert_true(nsec3_owner(owner, hash, apex) == (size <= KNOT_DNAME_MAXLEN));
		assert_true(size > KNOT_DNAME_MAXLEN || knot_dname_size(owner) == size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
