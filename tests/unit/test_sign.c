/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Signatures of changed RRsets, with real keys: by which keys, how long good, made when.
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
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <urcu.h>

#include "module/sign.h"
#include "tests/unit/lib/signed_apex.h"

enum { NOW = 1000000, BEGIN = NOW - 1000, END = NOW + 1000, TTL = 300 };

#define MAIL ((knot_dname_t *)"\4mail\7example\3com")

static signed_apex_t apex;
static apex_key_t *ksk, *zsk, *other; /* The last one is not in the zone. */
static signer_t *signer;
static unsigned infos, warnings;
static char text[1200];

static void say(void *ctx, bool warning, const char *said)
{
	assert_ptr_equal(ctx, &apex);
	infos += !warning;
	warnings += warning;
	(void)snprintf(text, sizeof(text), "%s", said);
}

static signer_t *new_signer(void)
{
	keys_t *keys = keys_new();
	assert_non_null(keys);
	assert_int_equal(keys_add(keys, KEYS_STORE, apex.dir, "keys"), KNOT_EOK);
	signer_t *made = signer_new(keys, TTL, say, &apex);
	assert_non_null(made);
	return made;
}

static int set_up(void **state)
{
	(void)state;
	signed_apex_new(&apex);
	ksk = apex_key_new(&apex, ECDSA, KSK);
	zsk = apex_key_new(&apex, ECDSA, ZSK);
	other = apex_key_new(&apex, ECDSA, ZSK);
	apex_show(&apex, ksk);
	apex_show(&apex, zsk);
	apex_sign(&apex, zsk, BEGIN, END);
	signer = new_signer();
	infos = warnings = 0;
	rcu_read_lock();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rcu_read_unlock();
	signer_free(signer);
	apex_key_free(ksk);
	apex_key_free(zsk);
	apex_key_free(other);
	signed_apex_free(&apex);
	rcu_barrier();
	return 0;
}

static sign_view_t look(uint32_t now)
{
	sign_view_t view;
	sign_look(&view, APEX, &apex.dnskey, &apex.soa, &apex.rrsigs, now);
	return view;
}

static bool is_ready(uint32_t now)
{
	sign_view_t view = look(now);
	return signer_ready(signer, &view);
}

/* An RRset of one address for each number. */
static knot_rrset_t *addresses(const knot_dname_t *owner, uint32_t from, uint32_t to)
{
	knot_rrset_t *rrset = knot_rrset_new(owner, KNOT_RRTYPE_A, KNOT_CLASS_IN, 7, NULL);
	assert_non_null(rrset);
	for (uint32_t i = from; i <= to; i++) {
		uint8_t rdata[4];
		knot_wire_write_u32(rdata, i);
		assert_int_equal(knot_rrset_add_rdata(rrset, rdata, sizeof(rdata), NULL), KNOT_EOK);
	}
	return rrset;
}

static const knot_rdataset_t *sign(const knot_rrset_t *rrset, int encloser, uint32_t now)
{
	sign_view_t view = look(now);
	const knot_rdataset_t *sigs = NULL;
	assert_true(signer_ready(signer, &view));
	assert_int_equal(signer_sign(signer, &view, rrset, encloser, &sigs), KNOT_EOK);
	return sigs;
}

/* Signs the address of a host. */
static const knot_rdataset_t *sign_host(const knot_dname_t *owner, uint32_t address, uint32_t now)
{
	knot_rrset_t *rrset = addresses(owner, address, address);
	const knot_rdataset_t *sigs = sign(rrset, -1, now);
	knot_rrset_free(rrset, NULL);
	return sigs;
}

static void test_sign(void **state)
{
	(void)state;
	knot_rrset_t *rrset = addresses(MAIL, 1, 9);
	const knot_rdataset_t *sigs = sign(rrset, -1, NOW);
	assert_int_equal(sigs->count, 1);
	const knot_rdata_t *rrsig = sigs->rdata;
	assert_true(verify_rrsig(zsk, rrset, rrsig));
	assert_int_equal(knot_rrsig_type_covered(rrsig), KNOT_RRTYPE_A);
	assert_int_equal(knot_rrsig_labels(rrsig), 3);
	assert_int_equal(knot_rrsig_original_ttl(rrsig), TTL);
	assert_int_equal(knot_rrsig_sig_inception(rrsig), BEGIN);
	assert_int_equal(knot_rrsig_sig_expiration(rrsig), END);
	assert_true(knot_dname_is_equal(knot_rrsig_signer_name(rrsig), APEX));
	assert_int_equal(infos, 1);
	assert_string_equal(text, "keys found, changed answers are signed");

	/* Made once; another TTL is the same RRset; other content is not. */
	rrset->ttl = 8;
	assert_ptr_equal(sign(rrset, -1, NOW + 1), sigs);
	assert_ptr_not_equal(sign_host(MAIL, 1, NOW), sigs);
	assert_ptr_equal(sign(rrset, -1, NOW), sigs);
	assert_int_equal(infos, 1);
	assert_int_equal(warnings, 0);
	knot_rrset_free(rrset, NULL);
}

static void test_wildcard(void **state)
{
	(void)state;
	knot_rrset_t *rrset = addresses((knot_dname_t *)"\1x\1y\1w\7example\3com", 1, 1);
	const knot_rdataset_t *sigs = sign(rrset, 3, NOW);
	knot_dname_t *owner = rrset->owner;
	rrset->owner = (knot_dname_t *)"\1*\1w\7example\3com";
	assert_true(verify_rrsig(zsk, rrset, sigs->rdata));
	assert_int_equal(knot_rrsig_labels(sigs->rdata), 3);

	/* One signature for all names. */
	rrset->owner = (knot_dname_t *)"\1z\1w\7example\3com";
	assert_ptr_equal(sign(rrset, 3, NOW), sigs);
	assert_ptr_not_equal(sign(rrset, -1, NOW), sigs);
	rrset->owner = owner;
	knot_rrset_free(rrset, NULL);
}

/* RDATA of other modules in any case and order. */
static void test_canonical(void **state)
{
	(void)state;
	static const struct { const char *data; size_t size; } given[] = {
		{ "\0\12\1b\7EXAMPLE\3Com", 17 }, { "\0\12\1A\7example\3com", 17 },
	};
	knot_rrset_t *rrset = knot_rrset_new(APEX, KNOT_RRTYPE_MX, KNOT_CLASS_IN, 7, NULL);
	knot_rrset_t *want = knot_rrset_new(APEX, KNOT_RRTYPE_MX, KNOT_CLASS_IN, 7, NULL);
	for (size_t i = 0; i < 2; i++) {
		uint8_t rdata[32];
		memcpy(rdata, given[i].data, given[i].size);
		assert_int_equal(knot_rrset_add_rdata(rrset, rdata, given[i].size, NULL), KNOT_EOK);
		knot_dname_to_lower(rdata + 2);
		assert_int_equal(knot_rrset_add_rdata(want, rdata, given[i].size, NULL), KNOT_EOK);
	}
	const knot_rdataset_t *sigs = sign(rrset, -1, NOW);
	assert_true(verify_rrsig(zsk, want, sigs->rdata));
	assert_memory_equal(rrset->rrs.rdata->data + 3, "A\7example", 9); /* Itself left alone. */
	knot_rrset_free(rrset, NULL);
	knot_rrset_free(want, NULL);
}

/* Not with every edit, only once half of the life is over and the zone's own end later. */
static void test_times(void **state)
{
	(void)state;
	const knot_rdataset_t *first = sign_host(MAIL, 1, NOW);
	apex_unsign(&apex);
	apex_sign(&apex, zsk, BEGIN + 1, END + 1);
	assert_ptr_equal(sign_host(MAIL, 1, NOW - 1), first);
	const knot_rdataset_t *second = sign_host(MAIL, 1, NOW);
	assert_ptr_not_equal(second, first);
	assert_int_equal(knot_rrsig_sig_expiration(second->rdata), END + 1);
	/* Till the end, if there is no later one. */
	assert_ptr_equal(sign_host(MAIL, 1, END), second);
	assert_false(is_ready(END + 1));
	apex_sign(&apex, zsk, BEGIN, END + 5000);
	assert_int_equal(knot_rrsig_sig_expiration(sign_host(MAIL, 1, END + 1)->rdata), END + 5000);
	/* Not before its time, should the clock go back. */
	assert_false(is_ready(BEGIN - 1));
	assert_true(is_ready(BEGIN));
}

/* Seconds wrap around in 2106 (RFC 4034 3.1.5). */
static void test_wrap(void **state)
{
	(void)state;
	apex_unsign(&apex);
	apex_sign(&apex, zsk, UINT32_MAX - 100, 100);
	assert_true(is_ready(UINT32_MAX));
	assert_true(is_ready(99));
	assert_false(is_ready(100));
	assert_false(is_ready(UINT32_MAX - 101));
}

/* Of two RRSIGs by one key the valid one that ends last is taken. */
static void test_best(void **state)
{
	(void)state;
	apex_sign(&apex, zsk, BEGIN, END + 10);
	apex_sign(&apex, zsk, NOW + 1, END + 99);
	apex_sign(&apex, zsk, BEGIN, END - 10);
	assert_int_equal(knot_rrsig_sig_expiration(sign_host(MAIL, 1, NOW)->rdata), END + 10);
	assert_int_equal(sign_host(MAIL, 1, NOW)->count, 1);
}

static bool verifies(const knot_rdataset_t *sigs, uint32_t address, const apex_key_t *key)
{
	knot_rrset_t *rrset = addresses(MAIL, address, address);
	bool ok = false;
	knot_rdata_t *rrsig = sigs->rdata;
	for (uint16_t i = 0; i < sigs->count; i++) {
		ok = ok || verify_rrsig(key, rrset, rrsig);
		rrsig = knot_rdataset_next(rrsig);
	}
	knot_rrset_free(rrset, NULL);
	return ok;
}

/* The other key is shown, signs too, signs alone, and goes. */
static void test_rollover(void **state)
{
	(void)state;
	const knot_rdataset_t *old = sign_host(MAIL, 1, NOW);
	apex_show(&apex, other);
	assert_ptr_equal(sign_host(MAIL, 1, NOW), old);
	apex_sign(&apex, other, BEGIN, END);
	const knot_rdataset_t *both = sign_host(MAIL, 1, NOW);
	assert_int_equal(both->count, 2);
	assert_true(verifies(both, 1, zsk));
	assert_true(verifies(both, 1, other));
	apex_unsign(&apex);
	apex_sign(&apex, other, BEGIN, END);
	const knot_rdataset_t *new = sign_host(MAIL, 1, NOW);
	assert_int_equal(new->count, 1);
	assert_true(verifies(new, 1, other));
	apex_hide(&apex, zsk);
	assert_ptr_equal(sign_host(MAIL, 1, NOW), new);
	assert_int_equal(warnings, 0);
	assert_int_equal(infos, 1);
}

/* A new algorithm: its RRSIGs come first, then its DNSKEY; the old one goes in reverse order. */
static void test_algorithm(void **state)
{
	(void)state;
	apex_key_t *new = apex_key_new(&apex, ED25519, KSK);
	apex_sign(&apex, new, BEGIN, END);
	assert_int_equal(sign_host(MAIL, 1, NOW)->count, 1);
	assert_int_equal(warnings, 0);
	apex_show(&apex, new);
	const knot_rdataset_t *both = sign_host(MAIL, 1, NOW);
	assert_int_equal(both->count, 2);
	assert_true(verifies(both, 1, zsk));
	assert_true(verifies(both, 1, new));
	apex_hide(&apex, zsk);
	assert_true(verifies(sign_host(MAIL, 1, NOW), 1, new));
	assert_int_equal(sign_host(MAIL, 1, NOW)->count, 1);
	apex_key_free(new);
}

/* Every algorithm needs its signature, not every key. */
static void test_incomplete(void **state)
{
	(void)state;
	apex_show(&apex, other);
	apex_sign(&apex, other, BEGIN, END);
	assert_int_equal(unlink(apex_key_path(&apex, other)), 0);
	assert_true(verifies(sign_host(MAIL, 1, NOW), 1, zsk));

	apex_key_t *new = apex_key_new(&apex, ED25519, ZSK);
	apex_show(&apex, new);
	apex_sign(&apex, new, BEGIN, NOW); /* Not good any more. */
	assert_false(is_ready(NOW));
	apex_sign(&apex, new, BEGIN, END);
	assert_true(is_ready(NOW));
	apex_key_free(new);
	new = apex_key_new(&apex, RSA, ZSK);
	assert_int_equal(unlink(apex_key_path(&apex, new)), 0);
	apex_show(&apex, new);
	apex_sign(&apex, new, BEGIN, END);
	assert_false(is_ready(NOW));
	apex_key_free(new);
}

static void move(const apex_key_t *key, bool away)
{
	char path[200];
	(void)snprintf(path, sizeof(path), "%s/away", apex.dir);
	const char *from = away ? apex_key_path(&apex, key) : path;
	assert_int_equal(rename(from, away ? path : apex_key_path(&apex, key)), 0);
}

/* Looked for once a second, and said once. */
static void test_missing(void **state)
{
	(void)state;
	char tag[40];
	move(zsk, true);
	assert_false(is_ready(NOW));
	assert_int_equal(warnings, 1);
	(void)snprintf(tag, sizeof(tag), "tag %u ", zsk->tag);
	assert_non_null(strstr(text, tag));
	assert_non_null(strstr(text, apex.store));
	move(zsk, false);
	assert_false(is_ready(NOW));
	assert_int_equal(infos, 0);
	assert_true(is_ready(NOW + 1));
	assert_int_equal(infos, 1);
	/* What is known is not read again. */
	move(zsk, true);
	assert_true(is_ready(NOW + 2));
	apex_show(&apex, other);
	assert_true(is_ready(NOW + 3));
	assert_int_equal(infos, 1);
	assert_int_equal(warnings, 1);

	knot_rrset_t *rrset = addresses(MAIL, 1, 1);
	const knot_rdataset_t *sigs;
	apex_unsign(&apex);
	sign_view_t view = look(NOW);
	assert_int_equal(view.count, 0);
	assert_false(signer_ready(signer, &view));
	assert_int_equal(signer_sign(signer, &view, rrset, -1, &sigs), KNOT_DNSSEC_ENOKEY);
	assert_int_equal(warnings, 2);
	knot_rrset_free(rrset, NULL);
}

/* What is wrong is not always a key that is missing: it is said once, and what it is. */
static void test_wrong(void **state)
{
	(void)state;
	assert_false(is_ready(END));
	assert_false(is_ready(END + 1));
	assert_int_equal(warnings, 1);
	assert_non_null(strstr(text, "have expired"));
	assert_null(strstr(text, "private key"));
	assert_true(is_ready(NOW));

	signer_free(signer);
	signer = new_signer();
	apex_hide(&apex, zsk);
	assert_false(is_ready(NOW));
	assert_int_equal(warnings, 2);
	assert_non_null(strstr(text, "DNSKEY"));

	signer_free(signer);
	signer = new_signer();
	apex_unsign(&apex);
	assert_false(is_ready(NOW));
	assert_int_equal(warnings, 3);
	assert_non_null(strstr(text, "no RRSIG"));
}

/* RRSIGs and DNSKEYs of any shape are passed over. */
static void test_malformed(void **state)
{
	(void)state;
	knot_rdataset_t good = apex.rrsigs;
	apex.rrsigs = (knot_rdataset_t){ 0 };
	const knot_rdata_t *rrsig = good.rdata;
	for (uint16_t len = 0; len < rrsig->len; len++) {
		uint16_t space[400];
		knot_rdata_init((knot_rdata_t *)space, len, rrsig->data);
		assert_int_equal(knot_rdataset_add(&apex.rrsigs, (knot_rdata_t *)space, NULL),
				 KNOT_EOK);
	}
	sign_view_t view = look(NOW);
	/* One whose signature is cut is an RRSIG like any other: times and tag are there. */
	assert_int_equal(view.count, 1);
	assert_true(view.by[0].rrsig->len > 18 + knot_dname_size(APEX));
	knot_rdataset_clear(&apex.rrsigs, NULL);
	for (uint16_t len = 0; len <= 18 + knot_dname_size(APEX); len++) {
		uint16_t space[400];
		knot_rdata_init((knot_rdata_t *)space, len, rrsig->data);
		assert_int_equal(knot_rdataset_add(&apex.rrsigs, (knot_rdata_t *)space, NULL),
				 KNOT_EOK);
	}
	assert_int_equal(look(NOW).count, 0);
	assert_true(sign_is_signed(&apex.rrsigs));
	assert_false(is_ready(NOW));
	/* By somebody else's key. */
	uint16_t space[400];
	knot_rdata_init((knot_rdata_t *)space, rrsig->len, rrsig->data);
	((knot_rdata_t *)space)->data[18 + 1] = 'x';
	assert_int_equal(knot_rdataset_add(&apex.rrsigs, (knot_rdata_t *)space, NULL), KNOT_EOK);
	assert_int_equal(look(NOW).count, 0);

	knot_rdataset_t whole = apex.dnskey;
	apex.dnskey = (knot_rdataset_t){ 0 };
	for (uint16_t len = 0; len < zsk->dnskey->len; len++) {
		knot_rdata_init((knot_rdata_t *)space, len, zsk->dnskey->data);
		assert_int_equal(knot_rdataset_add(&apex.dnskey, (knot_rdata_t *)space, NULL),
				 KNOT_EOK);
	}
	assert_int_equal(knot_rdataset_merge(&apex.rrsigs, &good, NULL), KNOT_EOK);
	assert_int_equal(look(NOW).count, 1);
	assert_false(is_ready(NOW));
	assert_int_equal(knot_rdataset_merge(&apex.dnskey, &whole, NULL), KNOT_EOK);
	assert_true(is_ready(NOW));
	knot_rdataset_clear(&good, NULL);
	knot_rdataset_clear(&whole, NULL);
}

/* More keys than anybody has. */
static void test_many_keys(void **state)
{
	(void)state;
	for (int i = 0; i < SIGN_KEYS_MAX + 2; i++) {
		apex_key_t *key = apex_key_new(&apex, ED25519, ZSK);
		apex_show(&apex, key);
		apex_sign(&apex, key, BEGIN, END);
		apex_key_free(key);
		sign_view_t view = look(NOW);
		for (size_t j = 1; j < view.count; j++) {
			assert_true(view.by[j - 1].algorithm < view.by[j].algorithm ||
			            view.by[j - 1].tag < view.by[j].tag);
		}
		/* The ECDSA key, and those. */
		assert_int_equal(signer_ready(signer, &view), i + 2 <= SIGN_KEYS_MAX);
	}
}

/* Two DNSKEYs have one tag: the one that made the RRSIG signs. */
static void test_same_tag(void **state)
{
	(void)state;
	/* Tags have 16 bits: some 300 keys are enough. */
	enum { KEYS = 2000 };
	apex_key_t **made = calloc(KEYS, sizeof(*made));
	apex_key_t *a = NULL, *b = NULL;
	size_t count = 0;
	for (; count < KEYS && a == NULL; count++) {
		made[count] = apex_key_new(&apex, ED25519, ZSK);
		for (size_t i = 0; i < count && a == NULL; i++) {
			if (made[i]->tag == made[count]->tag) {
				a = made[i];
				b = made[count];
			}
		}
	}
	assert_non_null(a);
	apex_show(&apex, a);
	apex_show(&apex, b);
	for (int i = 0; i < 2; i++) {
		apex_key_t *signing = i == 0 ? a : b;
		apex_unsign(&apex);
		apex_sign(&apex, signing, BEGIN, END);
		signer_free(signer);
		signer = new_signer();
		assert_true(verifies(sign_host(MAIL, 1, NOW), 1, signing));
	}
	for (size_t i = 0; i < count; i++) {
		apex_key_free(made[i]);
	}
	free(made);
}

/* RDATA of an RSA key of a size and exponent that nobody has, and with a tag that is asked for. */
static void show_huge(uint16_t size, uint16_t number, uint16_t tag)
{
	static uint16_t space[20000];
	knot_rdata_t *rdata = (knot_rdata_t *)space;
	rdata->len = size;
	memset(rdata->data, 0xb5, size);
	memcpy(rdata->data, "\1\0\3\10\xff", 5); /* An exponent of 255 octets. */
	knot_wire_write_u16(rdata->data + 300, number);
	rdata->data[size - 1] |= 1;
	for (uint32_t i = 0; i <= UINT16_MAX; i++) {
		uint16_t got;
		const dnssec_binary_t data = { rdata->len, rdata->data };
		knot_wire_write_u16(rdata->data + 302, i);
		if (dnssec_keytag(&data, &got) == 0 && got == tag) {
			assert_int_equal(knot_rdataset_add(&apex.dnskey, rdata, NULL), KNOT_EOK);
			return;
		}
	}
}

/* Many keys have the tag of the one that signs, and each takes long to verify with: what that costs
 * is bounded. */
static void test_key_trap(void **state)
{
	(void)state;
	apex_key_t *rsa = apex_key_new(&apex, RSA, ZSK);
	apex_unsign(&apex);
	apex_sign(&apex, rsa, BEGIN, END);
	for (int i = 0; i < 40; i++) {
		show_huge(8192, i, rsa->tag);
	}
	/* An RRSIG of the size that such a key makes. */
	static uint16_t space[20000];
	knot_rdata_t *rrsig = (knot_rdata_t *)space;
	size_t head = 18 + knot_dname_size(APEX);
	memcpy(rrsig->data, apex.rrsigs.rdata->data, head);
	memset(rrsig->data + head, 0x5b, 8192 - 4 - 1 - 255);
	rrsig->len = head + 8192 - 4 - 1 - 255;
	apex_unsign(&apex);
	assert_int_equal(knot_rdataset_add(&apex.rrsigs, rrsig, NULL), KNOT_EOK);
	struct timespec begin, end;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	assert_false(is_ready(NOW));
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	double took = (end.tv_sec - begin.tv_sec) + (end.tv_nsec - begin.tv_nsec) / 1e9;
	assert_true(took < 1);
	/* They are not in the way of the one that is right. */
	apex_unsign(&apex);
	apex_sign(&apex, rsa, BEGIN, END);
	apex_show(&apex, rsa);
	assert_true(is_ready(NOW + 2));
	apex_key_free(rsa);
}

/* More keys of the zone have signed it than are remembered: those that sign now are not looked for
 * with each query. */
static void test_thrash(void **state)
{
	(void)state;
	apex_key_t *made[SIGN_KEYS_MAX + 2];
	for (int i = 0; i < SIGN_KEYS_MAX + 2; i++) {
		made[i] = apex_key_new(&apex, ED25519, ZSK);
		apex_show(&apex, made[i]);
		apex_unsign(&apex);
		apex_sign(&apex, made[i], BEGIN, END);
		assert_true(is_ready(NOW));
	}
	apex_unsign(&apex);
	apex_sign(&apex, made[SIGN_KEYS_MAX], BEGIN, END);
	apex_sign(&apex, made[SIGN_KEYS_MAX + 1], BEGIN, END);
	assert_true(is_ready(NOW));
	assert_int_equal(unlink(apex_key_path(&apex, made[SIGN_KEYS_MAX])), 0);
	assert_int_equal(unlink(apex_key_path(&apex, made[SIGN_KEYS_MAX + 1])), 0);
	sign_view_t view = look(NOW);
	assert_true(signer_ready(signer, &view));
	assert_non_null(view.by[0].key);
	assert_non_null(view.by[1].key);
	for (int i = 0; i < SIGN_KEYS_MAX + 2; i++) {
		apex_key_free(made[i]);
	}
}

static policy_item_t item_of(const knot_rrset_t *rrset, knot_section_t section)
{
	return (policy_item_t){ .rrset = rrset, .owner = rrset->owner, .section = section,
	                        .encloser = POLICY_OWN };
}

/* A zone signed online: keys and times come from the response. */
static void test_online(void **state)
{
	(void)state;
	const knot_dname_t *name = (const knot_dname_t *)"\3www\7example\3com";
	knot_rrset_t *rrset = addresses(name, 1, 2), sigs, keys, key_sigs;
	knot_rrset_init(&sigs, rrset->owner, KNOT_RRTYPE_RRSIG, KNOT_CLASS_IN, 7);
	sign_rrset(&sigs.rrs, other, rrset, BEGIN, END);
	knot_rrset_init(&keys, (knot_dname_t *)APEX, KNOT_RRTYPE_DNSKEY, KNOT_CLASS_IN, 7);
	keys.rrs = apex.dnskey;
	knot_rrset_init(&key_sigs, (knot_dname_t *)APEX, KNOT_RRTYPE_RRSIG, KNOT_CLASS_IN, 7);
	sign_rrset(&key_sigs.rrs, ksk, &keys, BEGIN, END);
	policy_item_t items[] = {
		item_of(&keys, KNOT_ANSWER), item_of(&key_sigs, KNOT_ANSWER),
		item_of(rrset, KNOT_ANSWER), item_of(&sigs, KNOT_ANSWER),
	};
	const policy_response_t response = { .items = items, .count = 4 };
	sign_view_t view;
	sign_look_online(&view, APEX, &response, NOW);
	assert_int_equal(view.count, 1);
	assert_true(signer_ready(signer, &view));
	knot_rrset_t *mail = addresses(MAIL, 5, 5);
	const knot_rdataset_t *made;
	assert_int_equal(signer_sign(signer, &view, mail, -1, &made), KNOT_EOK);
	assert_true(verifies(made, 5, other));
	assert_int_equal(knot_rrsig_sig_expiration(made->rdata), END);

	/* The key does not verify what is in the response: another one has its tag. */
	signer_free(signer);
	signer = new_signer();
	sigs.rrs.rdata->data[sigs.rrs.rdata->len - 1] ^= 1;
	sign_look_online(&view, APEX, &response, NOW);
	assert_int_equal(view.count, 1);
	assert_false(signer_ready(signer, &view));
	assert_int_equal(warnings, 1);

	/* From a wildcard. */
	knot_rdataset_clear(&sigs.rrs, NULL);
	knot_dname_t *owner = rrset->owner;
	rrset->owner = (knot_dname_t *)"\1*\7example\3com";
	sign_rrset(&sigs.rrs, other, rrset, BEGIN, END);
	rrset->owner = owner;
	sign_look_online(&view, APEX, &response, NOW + 1);
	assert_true(signer_ready(signer, &view));

	/* Nothing but keys. */
	const policy_response_t few = { .items = items, .count = 2 };
	sign_look_online(&view, APEX, &few, NOW);
	assert_int_equal(view.count, 0);
	assert_false(signer_ready(signer, &view));
	knot_rdataset_clear(&sigs.rrs, NULL);
	knot_rdataset_clear(&key_sigs.rrs, NULL);
	knot_rrset_free(rrset, NULL);
	knot_rrset_free(mail, NULL);
}

static void number_host(knot_dname_t *host, unsigned number)
{
	host[2] = '0' + number / 100 % 10;
	host[3] = '0' + number / 10 % 10;
	host[4] = '0' + number % 10;
}

/* Who asks for many names makes the others cost one signature each at the most. */
static void test_flood(void **state)
{
	(void)state;
	enum { HOSTS = 200, NAMES = 5 * SIGN_SLOTS, ROUNDS = 20 };
	const knot_rdataset_t *kept[HOSTS];
	knot_dname_storage_t host = "\4h000\7example\3com", name = "\4a000\7example\3com";
	for (int use = 0; use < 3; use++) {
		for (int i = 0; i < HOSTS; i++) {
			number_host(host, i);
			kept[i] = sign_host(host, 1, NOW);
		}
	}
	int again = 0;
	for (int i = 0; i < NAMES; i++) {
		for (int j = 0, rest = i; j < 4; j++, rest /= 26) {
			name[1 + j] = 'a' + rest % 26;
		}
		(void)sign_host(name, 1, NOW);
		if (i % (NAMES / ROUNDS) == 0) {
			for (int j = 0; j < HOSTS; j++) {
				number_host(host, j);
				const knot_rdataset_t *sigs = sign_host(host, 1, NOW);
				again += sigs != kept[j];
				kept[j] = sigs;
			}
		}
	}
	assert_true(again <= HOSTS / 20);
}

/* What a verdict puts into a response. */
static void test_verdict(void **state)
{
	(void)state;
	knot_rrset_t *was = addresses(MAIL, 1, 1), *glue = addresses((knot_dname_t *)"\1g\0", 1, 1);
	knot_rrset_t sigs;
	knot_rrset_init(&sigs, was->owner, KNOT_RRTYPE_RRSIG, KNOT_CLASS_IN, 7);
	sign_rrset(&sigs.rrs, zsk, was, BEGIN, END);
	policy_item_t items[] = {
		item_of(was, KNOT_ANSWER), item_of(&sigs, KNOT_ANSWER),
		item_of(was, KNOT_ADDITIONAL), item_of(glue, KNOT_ADDITIONAL),
		item_of(&sigs, KNOT_ADDITIONAL),
	};
	items[0].with = items[2].with = addresses(MAIL, 5, 5);
	items[3].with = addresses(glue->owner, 5, 5);
	items[0].edit = items[2].edit = items[3].edit = EDIT_REPLACE;
	policy_response_t response = { .items = items, .count = 5 };
	policy_verdict_t verdict;
	policy_verdict_begin(&verdict, NULL);
	verdict.add[0] = (policy_add_t){ KNOT_ADDITIONAL, addresses(MAIL, 6, 6), POLICY_OWN, NULL };
	verdict.add_count = 1;

	sign_view_t view = look(NOW);
	assert_int_equal(signer_sign_verdict(signer, &view, &response, &verdict),
	                 KNOT_DNSSEC_ENOKEY);
	assert_true(signer_ready(signer, &view));
	assert_int_equal(signer_sign_verdict(signer, &view, &response, &verdict), KNOT_EOK);
	assert_true(verifies(items[0].sigs, 5, zsk));
	assert_ptr_equal(items[2].sigs, items[0].sigs);
	assert_null(items[3].sigs);
	assert_true(verifies(verdict.add[0].sigs, 6, zsk));
	items[2].with = NULL;
	policy_verdict_clear(&response, &verdict);
	knot_rdataset_clear(&sigs.rrs, NULL);
	knot_rrset_free(was, NULL);
	knot_rrset_free(glue, NULL);
}

/* Of many additional RRsets, those are signed that had an RRSIG of their own type and owner. */
static void test_many_additional(void **state)
{
	(void)state;
	enum { HOSTS = 500, COUNT = 2 * HOSTS };
	knot_dname_storage_t host = "\4h000\7example\3com";
	policy_item_t items[COUNT];
	knot_rrset_t sigs[HOSTS];
	for (int i = 0; i < HOSTS; i++) {
		number_host(host, i);
		knot_rrset_t *was = addresses(host, 1, 1);
		knot_rrset_init(&sigs[i], was->owner, KNOT_RRTYPE_RRSIG, KNOT_CLASS_IN, 7);
		sign_rrset(&sigs[i].rrs, zsk, was, BEGIN, END);
		items[i] = item_of(was, KNOT_ADDITIONAL);
		items[i].with = addresses(host, 5, 5);
		items[i].edit = EDIT_REPLACE;
		items[HOSTS + i] = item_of(&sigs[i], i % 4 == 1 ? KNOT_ANSWER : KNOT_ADDITIONAL);
		if (i % 4 == 2) { /* Of another type. */
			knot_wire_write_u16(sigs[i].rrs.rdata->data, KNOT_RRTYPE_AAAA);
		} else if (i % 4 == 3) {
			sigs[i].rrs.rdata->len = 1;
		}
	}
	policy_response_t response = { .items = items, .count = COUNT };
	policy_verdict_t verdict;
	policy_verdict_begin(&verdict, NULL);
	sign_view_t view = look(NOW);
	assert_true(signer_ready(signer, &view));
	assert_int_equal(signer_sign_verdict(signer, &view, &response, &verdict), KNOT_EOK);
	for (int i = 0; i < HOSTS; i++) {
		assert_int_equal(items[i].sigs != NULL, i % 4 == 0);
		knot_rrset_free((knot_rrset_t *)items[i].rrset, NULL);
		knot_rdataset_clear(&sigs[i].rrs, NULL);
	}
	policy_verdict_clear(&response, &verdict);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sign), TEST(test_wildcard), TEST(test_canonical), TEST(test_times),
		TEST(test_wrap), TEST(test_best), TEST(test_rollover), TEST(test_algorithm),
		TEST(test_incomplete), TEST(test_missing), TEST(test_wrong), TEST(test_malformed),
		TEST(test_many_keys), TEST(test_same_tag), TEST(test_key_trap), TEST(test_thrash),
		TEST(test_online), TEST(test_flood), TEST(test_verdict), TEST(test_many_additional),
	};
	rcu_register_thread();
	int ret = cmocka_run_group_tests(tests, NULL, NULL);
	rcu_unregister_thread();
	return ret;
}
