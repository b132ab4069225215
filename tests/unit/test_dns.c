/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Sets of types, and names that follow one another in canonical order.
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

#include "dns/bitmap.h"
#include "dns/name.h"
#include "tests/unit/lib/validator.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define WIRE(text)   ((const knot_dname_t *)(text))

static uint32_t rng_below(uint64_t *rng, uint32_t sides)
{
	/* xorshift64*, Vigna 2014. */
	*rng ^= *rng >> 12;
	*rng ^= *rng << 25;
	*rng ^= *rng >> 27;
	return (uint32_t)((*rng * UINT64_C(2685821657736338717)) >> 32) % sides;
}

/* Bitmaps as they are on the wire. */
static const struct {
	uint16_t types[12]; /* 0 ends them. */
	size_t size;
	uint8_t wire[40];
} bitmaps[] = {
	{ { 0 }, 0, "" },
	{ { 1 }, 3, "\0\1\x40" },
	{ { 1, 2, 6, 15, 16, 28, 46, 47, 48, 51 }, 9, "\0\7\x62\x01\x80\x08\0\x03\x90" },
	{ { 7 }, 3, "\0\1\x01" },
	{ { 8 }, 4, "\0\2\0\x80" },
	{ { 255 }, 34, "\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01" },
	{ { 256 }, 3, "\1\1\x80" },
	{ { 1, 257 }, 6, "\0\1\x40\1\1\x40" },
	{ { 65535 }, 34,
	  "\xff\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01" },
	/* RFC 4034 4.3. */
	{ { 1, 15, 46, 47, 1234 }, 37,
	  "\0\6\x40\x01\0\0\0\x03\4\x1b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	  "\0\0\0\0\0\0\0\0\0\0\x20" },
};

static void test_bitmaps(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bitmaps); i++) {
		static bitmap_t set, read;
		uint8_t wire[64];
		bitmap_clear(&set);
		bitmap_clear(&read);
		for (size_t j = 0; bitmaps[i].types[j] != 0; j++) {
			bitmap_add(&set, bitmaps[i].types[j]);
		}
		assert_int_equal(bitmap_size(&set), bitmaps[i].size);
		bitmap_write(&set, wire);
		assert_memory_equal(wire, bitmaps[i].wire, bitmaps[i].size);

		assert_true(bitmap_read(&read, bitmaps[i].wire, bitmaps[i].size));
		for (uint32_t type = 0; type <= UINT16_MAX; type++) {
			assert_true(bitmap_has(&read, type) == bitmap_has(&set, type));
		}
		/* What is left out again leaves nothing behind. */
		for (size_t j = 0; bitmaps[i].types[j] != 0; j++) {
			assert_true(bitmap_has(&set, bitmaps[i].types[j]));
			bitmap_remove(&set, bitmaps[i].types[j]);
			bitmap_remove(&set, bitmaps[i].types[j]);
			assert_false(bitmap_has(&set, bitmaps[i].types[j]));
		}
		assert_int_equal(bitmap_size(&set), 0);
	}
}

/* RFC 4034 4.1.2: a window has 1 to 32 octets, and does not end in a zero. */
static void test_malformed(void **state)
{
	(void)state;
	static const struct {
		size_t size;
		uint8_t wire[40];
	} bad[] = {
		{ 1, "\0" }, { 2, "\0\1" }, { 2, "\0\0" }, { 3, "\0\0\x40" }, { 3, "\0\1\0" },
		{ 4, "\0\2\x40\0" }, { 3, "\0\2\x40" }, { 4, "\0\1\x40\1" }, { 5, "\0\1\x40\1\1" },
		{ 6, "\0\1\x40\1\1\0" }, { 6, "\0\1\x40\1\2\1" }, { 35, "\0\x21" },
		{ 4, "\0\xff\1\1" },
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		static bitmap_t types;
		uint8_t wire[40];
		bitmap_clear(&types);
		memcpy(wire, bad[i].wire, sizeof(wire));
		wire[bad[i].size - 1] |= wire[1] == 0x21;
		/* From memory that ends with the bitmap. */
		uint8_t *copy = malloc(bad[i].size);
		assert(copy != NULL);
		memcpy(copy, wire, bad[i].size);
		if (bitmap_read(&types, copy, bad[i].size)) {
			fail_msg("case %zu is taken", i);
		}
		free(copy);
	}
}

/* Random operations against a plain array. */
static void test_random_types(void **state)
{
	(void)state;
	static bool model[UINT16_MAX + 1];
	static bitmap_t set, other;
	static uint8_t wire[256 * 34];
	for (uint64_t seed = 1; seed <= 60; seed++) {
		uint64_t rng = seed * UINT64_C(0x9e3779b97f4a7c15);
		uint32_t range = seed % 3 == 0 ? 65536 : seed % 3 == 1 ? 64 : 600;
		memset(model, 0, sizeof(model));
		bitmap_clear(&set);
		for (int step = 0; step < 400; step++) {
			uint16_t type = rng_below(&rng, range);
			uint32_t kind = rng_below(&rng, 5);
			if (kind < 2) {
				bitmap_add(&set, type);
				model[type] = true;
			} else if (kind < 4) {
				bitmap_remove(&set, type);
				model[type] = false;
			} else {
				assert_true(bitmap_has(&set, type) == model[type]);
			}
		}
		for (uint32_t type = 0; type <= UINT16_MAX; type++) {
			assert_true(bitmap_has(&set, type) == model[type]);
		}
		size_t size = bitmap_size(&set);
		assert_true(size <= sizeof(wire));
		bitmap_write(&set, wire);
		/* Added to what is there, and strictly well-formed. */
		bitmap_clear(&other);
		bitmap_add(&other, 77);
		assert_true(bitmap_read(&other, wire, size));
		for (uint32_t type = 0; type <= UINT16_MAX; type++) {
			assert_true(bitmap_has(&other, type) == (model[type] || type == 77));
		}
		int last = -1;
		for (size_t at = 0; at < size; at += 2 + wire[at + 1]) {
			assert_true(wire[at] > last && wire[at + 1] >= 1 && wire[at + 1] <= 32);
			assert_true(wire[at + 1 + wire[at + 1]] != 0);
			last = wire[at];
		}
	}
}

static void test_likely(void **state)
{
	(void)state;
	static const uint16_t never[] = {
		0, KNOT_RRTYPE_CNAME, KNOT_RRTYPE_DNAME, KNOT_RRTYPE_NSEC3, KNOT_RRTYPE_OPT,
		KNOT_RRTYPE_DS, 65535,
	};
	static const uint16_t apex_only[] = {
		KNOT_RRTYPE_NS, KNOT_RRTYPE_SOA, KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_NSEC3PARAM,
		KNOT_RRTYPE_CDS, KNOT_RRTYPE_CDNSKEY,
	};
	static const uint16_t always[] = {
		KNOT_RRTYPE_A, KNOT_RRTYPE_PTR, KNOT_RRTYPE_MX, KNOT_RRTYPE_TXT, KNOT_RRTYPE_AAAA,
		KNOT_RRTYPE_SRV, KNOT_RRTYPE_SSHFP, KNOT_RRTYPE_RRSIG,
		KNOT_RRTYPE_NSEC, KNOT_RRTYPE_TLSA, KNOT_RRTYPE_OPENPGPKEY, KNOT_RRTYPE_SVCB,
		KNOT_RRTYPE_HTTPS, KNOT_RRTYPE_SPF, KNOT_RRTYPE_CAA, 256, 65280, 65400, 65534,
	};
	for (int apex = 0; apex < 2; apex++) {
		static bitmap_t types;
		bitmap_clear(&types);
		bitmap_add(&types, 999);
		bitmap_add_likely(&types, apex == 1);
		for (size_t i = 0; i < COUNT(never); i++) {
			assert_false(bitmap_has(&types, never[i]));
		}
		for (size_t i = 0; i < COUNT(apex_only); i++) {
			assert_true(bitmap_has(&types, apex_only[i]) == (apex == 1));
		}
		for (size_t i = 0; i < COUNT(always); i++) {
			if (!bitmap_has(&types, always[i])) {
				fail_msg("type %u is not likely", always[i]);
			}
		}
		/* Questions and what they are about, but no data. */
		for (uint16_t type = 128; type < 256; type++) {
			assert_false(bitmap_has(&types, type));
		}
		assert_true(bitmap_has(&types, 999));
	}
}

/* Labels of 63 octets, and of as many as make names of 253 and more. */
#define A57 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A58 A57 "a"
#define A59 A58 "a"
#define A61 A59 "aa"
#define A63 A61 "aa"
#define F7  "\xff\xff\xff\xff\xff\xff\xff"
#define F63 F7 F7 F7 F7 F7 F7 F7 F7 F7
/* 193 octets with the root. */
#define TAIL "\77" A63 "\77" A63 "\77" A63
#define FULL "\77" F63 "\77" F63 "\77" F63

typedef struct {
	const char *name;
	const char *next;
} next_case_t;

/* RFC 4471 3.1.2. */
static const next_case_t successors[] = {
	{ "\7example\3com", "\1\0\7example\3com" },
	{ "", "\1\0" },
	{ "\1\0\1a", "\1\0\1\0\1a" },
	{ "\77" A63 "\1b", "\1\0\77" A63 "\1b" },
	/* 253 octets, 254, 255. */
	{ "\73" A59 TAIL, "\1\0\73" A59 TAIL },
	{ "\74" A59 "a" TAIL, "\75" A59 "a\0" TAIL },
	{ "\75" A61 TAIL, "\75" A59 "ab" TAIL },
	{ "\75" A59 "a@" TAIL, "\75" A59 "a[" TAIL },
	{ "\75" A59 "a\xff" TAIL, "\74" A59 "b" TAIL },
	{ "\75" A59 "\xff\xff" TAIL, "\73" A58 "b" TAIL },
	{ "\74" A59 "\xff" TAIL, "\75" A59 "\xff\0" TAIL },
	/* 254 octets, the first label full. */
	{ "\77" A63 "\74" A59 "a\77" A63 "\77" A63, "\77" A61 "ab\74" A59 "a\77" A63 "\77" A63 },
	/* 255 octets, the first label of one. */
	{ "\1a\73" A59 TAIL, "\1b\73" A59 TAIL },
	{ "\1\xff\73" A59 TAIL, "\74" A59 "\0" TAIL },
	{ "\1\xff\1\xff\71" A57 TAIL,
	  "\2\xff\0\71" A57 TAIL },
	/* Nothing but the highest octets. */
	{ "\75" F7 F7 F7 F7 F7 F7 F7 F7 "\xff\xff\xff\xff\xff" FULL, "" },
};

/* The same, and all below. */
static const next_case_t afters[] = {
	{ "\3com", "\4com\0" },
	{ "\4mail\7example\3com", "\5mail\0\7example\3com" },
	{ "\2a\xff\1b", "\3a\xff\0\1b" },
	{ "\77" A63 "\1b", "\77" A61 "ab\1b" },
	{ "\77" A61 "a@\1b", "\77" A61 "a[\1b" },
	{ "\77" A61 "a\xff\1b", "\76" A61 "b\1b" },
	{ "\77" A61 "\xff\xff\1b", "\75" A59 "ab\1b" },
	{ "\77" F63 "\1b", "\2b\0" },
	{ "\77" F63 "\77" F63 "\1b", "\2b\0" },
	{ "\74" A59 "a" TAIL, "\75" A59 "a\0" TAIL },
	{ "\75" A61 TAIL, "\75" A59 "ab" TAIL },
	{ "\77" F63, "" },
	{ FULL, "" },
};

static void check_next(const next_case_t *cases, size_t count,
                       void (*next)(knot_dname_storage_t, const knot_dname_t *))
{
	for (size_t i = 0; i < count; i++) {
		knot_dname_storage_t out;
		memset(out, 'x', sizeof(out));
		next(out, WIRE(cases[i].name));
		if (!knot_dname_is_equal(out, WIRE(cases[i].next))) {
			knot_dname_txt_storage_t got;
			(void)knot_dname_to_str(got, out, sizeof(got));
			fail_msg("case %zu: %s", i, got);
		}
	}
}

static void test_next(void **state)
{
	(void)state;
	check_next(successors, COUNT(successors), name_successor);
	check_next(afters, COUNT(afters), name_after);
}

static uint8_t random_octet(uint64_t *rng)
{
	static const uint8_t octets[] = { 0, 1, '*', '-', '@', '[', 'a', 'b', 'z', 0xfe, 0xff };
	return octets[rng_below(rng, COUNT(octets))];
}

/* A name below example or another one, of up to so many octets; some fill all the room. */
static void random_name(uint64_t *rng, const knot_dname_t *above, size_t max,
                        knot_dname_storage_t out)
{
	memcpy(out, above, knot_dname_size(above));
	for (uint32_t labels = rng_below(rng, 6) + 1; labels > 0; labels--) {
		size_t size = knot_dname_size(out);
		size_t most = size + 1 < max ? max - size - 1 : 0;
		most = most > 63 ? 63 : most;
		if (most == 0) {
			return;
		}
		uint8_t length = rng_below(rng, 3) == 0
		                 ? most : 1 + rng_below(rng, most < 4 ? most : 4);
		uint8_t same = random_octet(rng);
		memmove(out + 1 + length, out, size);
		out[0] = length;
		for (uint8_t i = 1; i <= length; i++) {
			out[i] = length > 8 && i + 4 < length ? same : random_octet(rng);
		}
	}
}

/* Something like a name: with one octet of its first label another, more of it or less,
 * or below. */
static void near_name(uint64_t *rng, const knot_dname_t *name, knot_dname_storage_t out)
{
	size_t size = knot_dname_size(name);
	memcpy(out, name, size);
	uint32_t kind = rng_below(rng, 4);
	if (kind == 0) {
		random_name(rng, name, KNOT_DNAME_MAXLEN, out);
	} else if (kind == 1) {
		out[1 + rng_below(rng, *name)] = random_octet(rng);
	} else if (kind == 2 && *name < 63 && size < KNOT_DNAME_MAXLEN) {
		memmove(out + 2 + *name, out + 1 + *name, size - 1 - *name);
		out[1 + *name] = random_octet(rng);
		out[0]++;
	} else if (kind == 3 && *name > 1) {
		memmove(out + *name, out + 1 + *name, size - 1 - *name);
		out[0]--;
	}
}

static void test_random_names(void **state)
{
	(void)state;
	size_t below = 0, longest = 0;
	uint64_t rng = 4471;
	for (int i = 0; i < 4000; i++) {
		knot_dname_storage_t name, next, after;
		random_name(&rng, WIRE("\7example"), KNOT_DNAME_MAXLEN, name);
		name_successor(next, name);
		name_after(after, name);
		assert_int_equal(knot_dname_wire_check(next, next + sizeof(next), NULL),
		                 knot_dname_size(next));
		assert_int_equal(knot_dname_wire_check(after, after + sizeof(after), NULL),
		                 knot_dname_size(after));
		assert_true(validator_compare(name, next) < 0);
		assert_true(validator_compare(name, after) < 0);
		assert_true(validator_compare(next, after) <= 0);
		assert_true(knot_dname_in_bailiwick(after, name) < 0);
		longest += knot_dname_size(name) >= 254;
		for (int j = 0; j < 100; j++) {
			knot_dname_storage_t other;
			near_name(&rng, j % 2 == 0 ? name : after, other);
			int cmp = validator_compare(name, other);
			assert_true(cmp >= 0 || validator_compare(next, other) <= 0);
			assert_true((cmp <= 0 && validator_compare(other, after) < 0) ==
			            (knot_dname_in_bailiwick(other, name) >= 0));
			below += knot_dname_in_bailiwick(other, name) > 0;
		}
	}
	/* Both were among them. */
	assert_true(below > 1000 && longest > 50);
}

static void test_suffix(void **state)
{
	(void)state;
	const knot_dname_t *name = WIRE("\1a\1*\7example\3com");
	assert_ptr_equal(name_suffix(name, 4), name);
	assert_ptr_equal(name_suffix(name, 3), name + 2);
	assert_ptr_equal(name_suffix(name, 1), name + 12);
	assert_ptr_equal(name_suffix(name, 0), name + 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bitmaps),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_random_types),
		cmocka_unit_test(test_likely),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_random_names),
		cmocka_unit_test(test_suffix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
