/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * NSEC and NSEC3 records: hashes of names as RFC 5155 has them, owners made of hashes, RDATA of any
 * shape, and what a record covers, whole and split.
 */

#undef NDEBUG

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "module/nsec3_hash.h"
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
		assert_int_equal(nsec3_hash(hash, name, 0, params), KNOT_EOK);
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
	assert_int_equal(nsec3_hash(hash, name, 0, &params), KNOT_EOK);
	name[KNOT_DNAME_MAXLEN - 2]++;
	assert_int_equal(nsec3_hash(owner, name, 0, &params), KNOT_EOK);
	assert_memory_not_equal(hash, owner, sizeof(hash));
}

/* Hashes are kept: of many more names than there is room for, in any order, each has its own. */
static void test_kept(void **state)
{
	(void)state;
	enum { NAMES = 5000 };
	static uint8_t hashes[2][NAMES][NSEC3_HASH];
	static const uint8_t salts[2][2] = { { 1, 2 }, { 1, 3 } };
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 2 * NAMES; i++) {
			int of = round == 1 ? 2 * NAMES - 1 - i : i;
			char text[40];
			knot_dname_storage_t name;
			uint8_t hash[NSEC3_HASH];
			(void)snprintf(text, sizeof(text), "n%d.example.", of / 2);
			assert_non_null(knot_dname_from_str(name, text, sizeof(name)));
			const nsec3_params_t params = { (of / 2) % 3, 2, salts[of % 2] };
			assert_int_equal(nsec3_hash(hash, name, 0, &params), KNOT_EOK);
			uint8_t *known = hashes[of % 2][of / 2];
			if (round == 0) {
				memcpy(known, hash, NSEC3_HASH);
			}
			assert_memory_equal(known, hash, NSEC3_HASH);
			/* The same by its number, which tells the name, but not the way to hash. */
			assert_int_equal(nsec3_hash(hash, name, of / 2 + 1, &params), KNOT_EOK);
			assert_memory_equal(known, hash, NSEC3_HASH);
		}
	}
	for (int i = 0; i < NAMES; i++) {
		assert_memory_not_equal(hashes[0][i], hashes[1][i], NSEC3_HASH);
		assert_true(i == 0 || memcmp(hashes[0][i - 1], hashes[0][i], NSEC3_HASH) != 0);
	}
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
		    0x56, 0xd7, 0xc6, 0x75, 0xbe, 0x77, 0xdf },
		  "0123456789abcdefghijklmnopqrstuv" },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		  "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv" },
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

/* An RRset in memory that ends where its RDATA does, so that a sanitizer sees what reads beyond. */
static knot_rrset_t *make_rrset(const knot_dname_t *owner, uint16_t type, const void *data,
                                uint16_t size)
{
	knot_rrset_t *rrset = knot_rrset_new(owner, type, KNOT_CLASS_IN, 300, NULL);
	assert(rrset != NULL);
	rrset->rrs.rdata = malloc(sizeof(knot_rdata_t) + size);
	assert(rrset->rrs.rdata != NULL);
	rrset->rrs.rdata->len = size;
	memcpy(rrset->rrs.rdata->data, data, size);
	rrset->rrs.count = 1;
	rrset->rrs.size = sizeof(knot_rdata_t) + size;
	return rrset;
}

#define HASHED "\040" "00000000000000000000000000000001" "\7example"
#define NEXT   "\x14" "abcdefghijklmnopqrst"

/* RDATA as "TYPE50 \# SIZE ..." in a zone file makes it. */
static const struct {
	uint16_t type;
	const char *owner;
	uint16_t size;
	const char *rdata;
	bool good;
} records[] = {
	/* Next name, bitmap. */
	{ KNOT_RRTYPE_NSEC, "\1a", 0, "", false },
	{ KNOT_RRTYPE_NSEC, "\1a", 1, "\0", true },
	{ KNOT_RRTYPE_NSEC, "\1a", 1, "\1", false },
	{ KNOT_RRTYPE_NSEC, "\1a", 2, "\1b", false },
	{ KNOT_RRTYPE_NSEC, "\1a", 3, "\1b\0", true },
	{ KNOT_RRTYPE_NSEC, "\1a", 3, "\2b\0", false },
	{ KNOT_RRTYPE_NSEC, "\1a", 3, "\77b\0", false },
	{ KNOT_RRTYPE_NSEC, "\1a", 3, "\100b\0", false },
	{ KNOT_RRTYPE_NSEC, "\1a", 2, "\300\0", false },
	{ KNOT_RRTYPE_NSEC, "\1a", 4, "\1b\300\0", false },
	{ KNOT_RRTYPE_NSEC, "\1a", 6, "\1b\0\0\1\x40", true },
	{ KNOT_RRTYPE_NSEC, "\1a", 4, "\1b\0\0", false },
	{ KNOT_RRTYPE_NSEC, "\1a", 5, "\1b\0\0\1", false },
	{ KNOT_RRTYPE_NSEC, "\1a", 6, "\1b\0\0\2\x40", false },
	{ KNOT_RRTYPE_NSEC, "\1a", 6, "\1b\0\0\1\0", false },
	{ KNOT_RRTYPE_NSEC, "\1a", 6, "\1b\0\0\xff\x40", false },
	/* Algorithm, flags, iterations, salt, next hash, bitmap. */
	{ KNOT_RRTYPE_NSEC3, HASHED, 0, "", false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 1, "\1", false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 4, "\1\0\0\0", false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 5, "\1\0\0\0\0", false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 6, "\1\0\0\0\0\0", false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 6, "\1\0\0\0\0\x14", false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 7, "\1\0\0\0\xff\xff\xff", false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 7, "\1\0\0\0\2\xaa\xbb", false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 8, "\1\0\0\0\2\xaa\xbb\x14", false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 25, "\1\0\0\0\0" NEXT, false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 26, "\1\0\0\0\0" NEXT, true },
	{ KNOT_RRTYPE_NSEC3, HASHED, 26, "\2\0\0\0\0" NEXT, false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 26, "\1\0\0\0\1" NEXT, false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 28, "\1\1\0\5\2\xaa\xbb" NEXT, true },
	{ KNOT_RRTYPE_NSEC3, HASHED, 25, "\1\0\0\0\0\x13" "abcdefghijklmnopqrs", false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 27, "\1\0\0\0\0\x15" "abcdefghijklmnopqrstu", false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 26, "\1\0\0\0\0\xff" "abcdefghijklmnopqrst", false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 27, "\1\0\0\0\0" NEXT "\0", false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 28, "\1\0\0\0\0" NEXT "\0\1", false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 29, "\1\0\0\0\0" NEXT "\0\1\x40", true },
	{ KNOT_RRTYPE_NSEC3, HASHED, 29, "\1\0\0\0\0" NEXT "\0\2\x40", false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 29, "\1\0\0\0\0" NEXT "\0\0\x40", false },
	{ KNOT_RRTYPE_NSEC3, HASHED, 29, "\1\0\0\0\0" NEXT "\0\x21\x40", false },
	{ KNOT_RRTYPE_NSEC3, "\1a\7example", 26, "\1\0\0\0\0" NEXT, false },
	{ KNOT_RRTYPE_NSEC3, "", 26, "\1\0\0\0\0" NEXT, false },
	{ KNOT_RRTYPE_TXT, "\1a", 3, "\1b\0", false },
};

static void test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(records); i++) {
		knot_rrset_t *rrset = make_rrset(WIRE(records[i].owner), records[i].type,
		                                 records[i].rdata, records[i].size);
		nsec_t record;
		if (nsec_read(&record, rrset) != records[i].good) {
			fail_msg("case %zu", i);
		}
		/* What was read can be written again. */
		static bitmap_t types;
		uint8_t rdata[NSEC_RDATA_MAX];
		bitmap_clear(&types);
		if (records[i].good) {
			nsec_types(&record, &types);
			assert_int_equal(nsec_write(&record, &types, rdata), records[i].size);
			assert_memory_equal(rdata, records[i].rdata, records[i].size);
		}
		knot_rrset_free(rrset, NULL);
	}
	nsec_t record;
	knot_rrset_t empty;
	knot_rrset_init(&empty, (knot_dname_t *)"\1a", KNOT_RRTYPE_NSEC, KNOT_CLASS_IN, 300);
	assert_false(nsec_read(&record, &empty));
}

static void test_params(void **state)
{
	(void)state;
	static const struct {
		uint16_t type, size;
		const char *rdata;
		int salt; /* Octets, or -1 if it can't be read. */
	} cases[] = {
		{ KNOT_RRTYPE_NSEC3PARAM, 0, "", -1 },
		{ KNOT_RRTYPE_NSEC3PARAM, 4, "\1\0\0\0", -1 },
		{ KNOT_RRTYPE_NSEC3PARAM, 5, "\1\0\0\0\0", 0 },
		{ KNOT_RRTYPE_NSEC3PARAM, 5, "\1\0\0\0\1", -1 },
		{ KNOT_RRTYPE_NSEC3PARAM, 5, "\2\0\0\0\0", -1 },
		{ KNOT_RRTYPE_NSEC3PARAM, 7, "\1\0\0\0\2\xaa\xbb", 2 },
		{ KNOT_RRTYPE_NSEC3PARAM, 7, "\1\0\0\0\xff\xaa\xbb", -1 },
		{ KNOT_RRTYPE_TXT, 5, "\1\0\0\0\0", -1 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		knot_rrset_t *rrset = make_rrset(WIRE("\7example"), cases[i].type, cases[i].rdata,
		                                 cases[i].size);
		nsec3_params_t params;
		bool good = nsec3_params_read(&params, rrset);
		assert_true(good == (cases[i].salt >= 0));
		assert_true(!good || params.salt_len == cases[i].salt);
		knot_rrset_free(rrset, NULL);
	}
}

/* Every octet of a good record changed, and every length cut: read within its memory, or not at
 * all. */
static void test_read_changed(void **state)
{
	(void)state;
	static bitmap_t types;
	size_t taken = 0;
	for (size_t i = 0; i < COUNT(records); i++) {
		for (size_t at = 0; at < records[i].size && records[i].good; at++) {
			for (int octet = 0; octet < 256; octet++) {
				uint8_t rdata[64];
				memcpy(rdata, records[i].rdata, records[i].size);
				rdata[at] = (uint8_t)octet;
				uint16_t size = octet % 8 == 0 ? at : records[i].size;
				knot_rrset_t *rrset = make_rrset(WIRE(records[i].owner),
				                                 records[i].type, rdata, size);
				nsec_t record;
				if (nsec_read(&record, rrset)) {
					uint8_t out[NSEC_RDATA_MAX];
					bitmap_clear(&types);
					nsec_types(&record, &types);
					assert_true(nsec_write(&record, &types, out) <= size);
					taken++;
				}
				knot_rrset_free(rrset, NULL);
			}
		}
	}
	assert_true(taken > 0);
}

/* Places in a chain of hashes, by their first octet. */
static nsec_place_t place_of(uint8_t hash)
{
	return (nsec_place_t){ .hash = { hash } };
}

static void test_covers(void **state)
{
	(void)state;
	static const struct {
		const char *owner, *next, *name;
		bool covered;
	} names[] = {
		{ "\1b", "\1d", "\1c", true }, { "\1b", "\1d", "\1x\1b", true },
		{ "\1b", "\1d", "\1b", false }, { "\1b", "\1d", "\1d", false },
		{ "\1b", "\1d", "\1a", false }, { "\1b", "\1d", "\1e", false },
		{ "\1d", "", "\1e", true }, { "\1d", "", "\1c", false }, { "", "", "\1a", true },
		{ "", "", "", false },
	};
	for (size_t i = 0; i < COUNT(names); i++) {
		nsec_t record = { .owner.name = WIRE(names[i].owner),
		                  .next.name = WIRE(names[i].next) };
		nsec_place_t place = { .name = WIRE(names[i].name) };
		if (nsec_covers(&record, &place) != names[i].covered) {
			fail_msg("name %zu", i);
		}
	}
	static const struct {
		uint8_t owner, next, hash;
		bool covered;
	} hashes[] = {
		{ 2, 4, 3, true }, { 2, 4, 2, false }, { 2, 4, 4, false }, { 2, 4, 1, false },
		{ 2, 4, 5, false }, { 4, 2, 5, true }, { 4, 2, 1, true }, { 4, 2, 3, false },
		{ 4, 2, 4, false }, { 4, 2, 2, false }, { 3, 3, 2, true }, { 3, 3, 4, true },
		{ 3, 3, 3, false },
	};
	for (size_t i = 0; i < COUNT(hashes); i++) {
		nsec_t record = { .nsec3 = true, .owner = place_of(hashes[i].owner),
		                  .next = place_of(hashes[i].next) };
		nsec_place_t place = place_of(hashes[i].hash);
		if (nsec_covers(&record, &place) != hashes[i].covered) {
			fail_msg("hash %zu", i);
		}
	}
}

/* Random places, more than there is room for: the parts lead from owner to next without a gap, and
 * each place that is not at the end of a part is covered by exactly one, as in the whole. */
static void test_split(void **state)
{
	(void)state;
	uint32_t rng = 1;
	for (int round = 0; round < 300; round++) {
		nsec_place_t places[NSEC_SPLIT_MAX + 20];
		rng = rng * 1103515245 + 12345;
		nsec_t record = { .nsec3 = true, .owner = place_of(rng >> 24),
		                  .next = place_of(rng >> 16 & 0xff) };
		nsec_split_t split;
		nsec_split_begin(&split, &record);
		for (size_t i = 0; i < (size_t)round % COUNT(places); i++) {
			rng = rng * 1103515245 + 12345;
			places[i] = place_of(rng >> 24);
			nsec_split_at(&split, &places[i]);
		}
		assert_true(split.count >= 2 && split.count <= NSEC_SPLIT_MAX);
		nsec_t first = nsec_split_part(&split, 0);
		nsec_t last = nsec_split_part(&split, split.count - 2);
		assert_true(nsec_is_owner(&first, &record.owner));
		assert_true(nsec_is_next(&last, &record.next));
		for (int hash = 0; hash < 256; hash++) {
			nsec_place_t place = place_of((uint8_t)hash);
			int covered = 0, owned = 0;
			for (size_t i = 0; i + 1 < split.count; i++) {
				nsec_t part = nsec_split_part(&split, i);
				covered += nsec_covers(&part, &place);
				owned += i > 0 && nsec_is_owner(&part, &place);
			}
			assert_int_equal(covered + owned, nsec_covers(&record, &place));
			size_t found = nsec_split_find(&split, &place);
			assert_int_equal(found < split.count, nsec_covers(&record, &place) ||
			                                      nsec_is_owner(&record, &place));
			nsec_t part = nsec_split_part(&split, found < split.count ? found : 0);
			assert_true(found == split.count || nsec_is_owner(&part, &place) ||
			            nsec_covers(&part, &place));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_read_changed),
		cmocka_unit_test(test_covers),
		cmocka_unit_test(test_split),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
