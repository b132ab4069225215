/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Finding private keys: in key stores, files and directories, and what is said where there is none.
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
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "module/keys.h"
#include "tests/unit/lib/signed_apex.h"

static signed_apex_t apex;
static apex_key_t *key, *other;
static keys_t *keys;
static char reason[KEYS_TEXT_MAX];

static int set_up(void **state)
{
	(void)state;
	signed_apex_new(&apex);
	key = apex_key_new(&apex, ECDSA, ZSK);
	other = apex_key_new(&apex, ECDSA, ZSK);
	keys = keys_new();
	assert_non_null(keys);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	keys_free(keys);
	apex_key_free(key);
	apex_key_free(other);
	signed_apex_free(&apex);
	return 0;
}

static const char *below(const char *name)
{
	static char path[200];
	(void)snprintf(path, sizeof(path), "%s/%s", apex.dir, name);
	return path;
}

static void copy(const char *from, const char *to, long size)
{
	char data[4096];
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	assert_non_null(in);
	assert_non_null(out);
	size_t got = fread(data, 1, sizeof(data), in);
	assert_true(got > 0 && got < sizeof(data));
	got = (size >= 0 && (size_t)size < got) ? (size_t)size : got;
	assert_int_equal(fwrite(data, 1, got, out), got);
	(void)fclose(in);
	(void)fclose(out);
}

static bool finds(const apex_key_t *wanted)
{
	const keys_want_t want = { wanted->algorithm, wanted->tag, wanted->dnskey, NULL, NULL };
	dnssec_key_t *found = NULL;
	int ret = keys_find(keys, &want, &found, reason);
	assert_true(ret == KNOT_EOK || ret == KNOT_DNSSEC_ENOKEY);
	assert_int_equal(ret == KNOT_EOK, found != NULL);
	if (ret == KNOT_EOK) {
		assert_true(dnssec_key_can_sign(found));
		assert_int_equal(dnssec_key_get_keytag(found), wanted->tag);
	} else {
		assert_true(reason[0] != '\0');
	}
	dnssec_key_free(found);
	return ret == KNOT_EOK;
}

static void assert_reason(const char *part)
{
	if (strstr(reason, part) == NULL) {
		fail_msg("'%s' is not in '%s'", part, reason);
	}
}

static void test_store(void **state)
{
	(void)state;
	assert_int_equal(keys_add(keys, KEYS_STORE, apex.dir, "keys"), KNOT_EOK);
	assert_true(finds(key));
	assert_true(finds(other));

	/* Nothing is made where nothing is. */
	keys_t *none = keys_new(), *all = keys;
	assert_int_equal(keys_add(none, KEYS_STORE, apex.dir, "gone"), KNOT_EOK);
	keys = none;
	assert_false(finds(key));
	assert_reason(below("gone"));
	assert_reason("No such file");
	assert_int_equal(access(below("gone"), F_OK), -1);
	keys_free(none);
	keys = all;
}

static void test_absolute(void **state)
{
	(void)state;
	assert_int_equal(keys_add(keys, KEYS_STORE, "/nowhere", apex.store), KNOT_EOK);
	assert_true(finds(key));
}

static void test_algorithms(void **state)
{
	(void)state;
	static const int algorithms[] = { ED25519, RSA, DNSSEC_KEY_ALGORITHM_ECDSA_P384_SHA384 };
	assert_int_equal(keys_add(keys, KEYS_STORE, "", apex.store), KNOT_EOK);
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++) {
		apex_key_t *one = apex_key_new(&apex, algorithms[i], KSK);
		assert_true(finds(one));
		apex_key_free(one);
	}
}

/* A file that comes later, is another key's, is cut short, is no file. */
static void test_bad_files(void **state)
{
	(void)state;
	char path[200];
	strcpy(path, apex_key_path(&apex, key));
	assert_int_equal(keys_add(keys, KEYS_STORE, "", apex.store), KNOT_EOK);

	assert_int_equal(rename(path, below("kept")), 0);
	assert_false(finds(key));
	assert_reason("it is not in");
	assert_reason(apex.store);

	copy(apex_key_path(&apex, other), path, -1);
	assert_false(finds(key));
	assert_reason(path);
	assert_reason("another key");

	copy(below("kept"), path, 100);
	assert_false(finds(key));
	assert_reason("no private key in PEM");

	copy(below("kept"), path, 0);
	assert_false(finds(key));
	assert_reason("no private key in PEM");

	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(finds(key)); /* And does not wait for who writes. */
	assert_reason(path);

	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(finds(key));
	assert_int_equal(rmdir(path), 0);

	assert_int_equal(truncate(below("kept"), 100 * 1024), 0);
	assert_int_equal(symlink(below("kept"), path), 0);
	assert_false(finds(key));
	assert_int_equal(truncate(below("kept"), 0), 0);
}

/* Root may read everything; anyone else will do. */
static void become(uid_t user)
{
	if (getuid() == 0) {
		assert_int_equal(seteuid(0), 0);
		assert_int_equal(chown(apex.dir, user, -1), 0);
		assert_int_equal(chown(apex.store, user, -1), 0);
		assert_int_equal(chown(apex_key_path(&apex, key), user, -1), 0);
		assert_int_equal(seteuid(user), 0);
	}
}

static void test_unreadable(void **state)
{
	(void)state;
	become(65534);
	assert_int_equal(keys_add(keys, KEYS_STORE, "", apex.store), KNOT_EOK);
	assert_int_equal(chmod(apex_key_path(&apex, key), 0), 0);
	assert_false(finds(key));
	assert_reason("Permission denied");
	assert_int_equal(chmod(apex_key_path(&apex, key), 0600), 0);
	assert_true(finds(key));
	assert_int_equal(chmod(apex.store, 0), 0);
	assert_false(finds(key));
	assert_reason(apex.store);
	assert_reason("Permission denied");
	assert_int_equal(chmod(apex.store, 0700), 0);
	assert_true(finds(key));
	become(0);
}

/* Names say nothing. */
static void test_pem(void **state)
{
	(void)state;
	assert_int_equal(rename(apex_key_path(&apex, key), below("any-name")), 0);
	assert_int_equal(keys_add(keys, KEYS_PEM, apex.dir, "any-name"), KNOT_EOK);
	assert_true(finds(key));
	assert_false(finds(other));
	assert_reason("another key");

	assert_int_equal(mkdir(below("dir"), 0700), 0);
	assert_int_equal(keys_add(keys, KEYS_PEM, "", below("dir")), KNOT_EOK);
	assert_false(finds(other));
	copy(apex_key_path(&apex, other), below("dir/x.pem"), -1);
	assert_true(finds(other));
	copy(apex_key_path(&apex, other), below("dir/x"), -1);
	assert_int_equal(unlink(below("dir/x.pem")), 0);
	assert_false(finds(other)); /* Only *.pem: a directory may have other things in it. */
}

/* In the order in which they were added. */
static void test_places(void **state)
{
	(void)state;
	assert_int_equal(keys_add(keys, KEYS_PEM, "", below("gone.pem")), KNOT_EOK);
	assert_int_equal(keys_add(keys, KEYS_TOKEN, "", "pkcs11:token=t;pin-value=1234 /no/module"),
	                 KNOT_EOK);
	assert_int_equal(keys_add(keys, KEYS_STORE, "", apex.store), KNOT_EOK);
	assert_true(finds(key));
	assert_int_equal(unlink(apex_key_path(&apex, key)), 0);
	assert_false(finds(key));
	assert_reason("gone.pem");
	assert_reason("pkcs11:token=t'");
	assert_null(strstr(reason, "1234"));
	assert_reason(apex.store);
}

/* A directory of many files is read a few at a time, in the end to its end. */
static void test_scan(void **state)
{
	(void)state;
	enum { FILES = 3 * KEYS_SCAN + 1 };
	assert_int_equal(mkdir(below("dir"), 0700), 0);
	for (int i = 0; i < FILES; i++) {
		char name[40];
		(void)snprintf(name, sizeof(name), "dir/%d.pem", i);
		copy(apex_key_path(&apex, other), below(name), -1);
	}
	assert_int_equal(keys_add(keys, KEYS_PEM, "", below("dir")), KNOT_EOK);
	assert_false(finds(key));
	int finder = 0;
	for (int i = 0; i < FILES; i++) {
		char name[40];
		(void)snprintf(name, sizeof(name), "dir/%d.pem", i);
		copy(apex_key_path(&apex, key), below(name), -1);
		int calls = 1;
		while (!finds(key) && calls < FILES) {
			calls++;
		}
		assert_true(calls <= 5);
		finder += calls > 1;
		copy(apex_key_path(&apex, other), below(name), -1);
	}
	assert_true(finder > 0);
}

static bool accepts(const void *ctx, const dnssec_key_t *found)
{
	return dnssec_key_get_keytag(found) == *(const uint16_t *)ctx;
}

static bool refuses(const void *ctx, const dnssec_key_t *found)
{
	(void)found;
	++*(unsigned *)ctx;
	return false;
}

/* Only its tag is known. */
static void test_by_tag(void **state)
{
	(void)state;
	assert_int_equal(keys_add(keys, KEYS_STORE, "", apex.store), KNOT_EOK);
	apex_key_t *ksk = apex_key_new(&apex, ECDSA, KSK);
	const apex_key_t *wanted[] = { key, other, ksk };
	for (size_t i = 0; i < 3; i++) {
		unsigned asked = 0;
		keys_want_t want = { ECDSA, wanted[i]->tag, NULL, accepts, &wanted[i]->tag };
		dnssec_key_t *found = NULL;
		assert_int_equal(keys_find(keys, &want, &found, reason), KNOT_EOK);
		assert_true(dnssec_key_can_sign(found));
		assert_int_equal(dnssec_key_get_keytag(found), wanted[i]->tag);
		dnssec_key_free(found);

		want.verify = refuses;
		want.ctx = &asked;
		assert_int_equal(keys_find(keys, &want, &found, reason), KNOT_DNSSEC_ENOKEY);
		assert_int_equal(asked, 1);
	}
	apex_key_free(ksk);
}

static void test_unsupported(void **state)
{
	(void)state;
	uint16_t rdata[20];
	knot_rdata_init((knot_rdata_t *)rdata, 8, (const uint8_t *)"\1\0\3\xfd""abcd");
	assert_int_equal(keys_add(keys, KEYS_STORE, "", apex.store), KNOT_EOK);
	dnssec_key_t *found = NULL;
	keys_want_t want = { 253, 1, (knot_rdata_t *)rdata, NULL, NULL };
	assert_int_equal(keys_find(keys, &want, &found, reason), KNOT_DNSSEC_ENOKEY);
	assert_reason("algorithm 253");

	/* A public key that is none. */
	knot_rdata_init((knot_rdata_t *)rdata, 8, (const uint8_t *)"\1\0\3\x0d""abcd");
	want.algorithm = ECDSA;
	assert_int_equal(keys_find(keys, &want, &found, reason), KNOT_DNSSEC_ENOKEY);
	assert_reason("DNSKEY");
}

/* Two keys are looked for by turns, as in a rollover: the one is found in the end, though the other
 * one is not there. */
static void test_scan_by_turns(void **state)
{
	(void)state;
	enum { FILES = KEYS_SCAN + KEYS_SCAN / 2, TURNS = 10 };
	apex_key_t *absent = apex_key_new(&apex, ECDSA, ZSK);
	assert_int_equal(mkdir(below("dir"), 0700), 0);
	for (int i = 0; i < FILES; i++) {
		char name[40];
		(void)snprintf(name, sizeof(name), "dir/%d.pem", i);
		copy(apex_key_path(&apex, other), below(name), -1);
	}
	for (int i = 0; i < FILES; i++) {
		char name[40];
		(void)snprintf(name, sizeof(name), "dir/%d.pem", i);
		copy(apex_key_path(&apex, key), below(name), -1);
		keys_free(keys);
		keys = keys_new();
		assert_int_equal(keys_add(keys, KEYS_PEM, "", below("dir")), KNOT_EOK);
		int turns = 0;
		for (bool found = false; !found && turns < TURNS; turns++) {
			assert_false(finds(absent));
			found = finds(key);
		}
		assert_true(turns < TURNS);
		copy(apex_key_path(&apex, other), below(name), -1);
	}
	apex_key_free(absent);
}

/* Wherever the PIN stands, it is not said. */
static void test_pin(void **state)
{
	(void)state;
	static const char *const configs[] = {
		"pkcs11:pin-value=1234;token=t /no/module",
		"pkcs11:pin-value=1234 /no/module",
		"pkcs11:token=t;pin-value=1234 /no/module",
		"pkcs11:token=t?pin-value=1234 /no/module",
	};
	const keys_want_t want = { ECDSA, key->tag, key->dnskey, NULL, NULL };
	for (size_t i = 0; i < sizeof(configs) / sizeof(*configs); i++) {
		dnssec_key_t *found = NULL;
		keys_t *token = keys_new();
		assert_int_equal(keys_add(token, KEYS_TOKEN, "", configs[i]), KNOT_EOK);
		assert_int_equal(keys_find(token, &want, &found, reason), KNOT_DNSSEC_ENOKEY);
		assert_non_null(strstr(reason, "pkcs11"));
		assert_null(strstr(reason, "1234"));
		keys_free(token);
	}
}

static void test_check(void **state)
{
	(void)state;
	assert_int_equal(keys_check(apex.store, reason), KNOT_EOK);
	assert_int_equal(keys_check(apex_key_path(&apex, key), reason), KNOT_EOK);
	assert_int_equal(keys_check(below("gone"), reason), KNOT_EINVAL);
	assert_reason(below("gone"));
	assert_reason("No such file");
	copy(apex_key_path(&apex, key), below("short"), 50);
	assert_int_equal(keys_check(below("short"), reason), KNOT_EINVAL);
	assert_reason("no private key in PEM");
	assert_int_equal(mkfifo(below("fifo"), 0600), 0);
	assert_int_equal(keys_check(below("fifo"), reason), KNOT_EINVAL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_store), TEST(test_absolute), TEST(test_algorithms), TEST(test_bad_files),
		TEST(test_unreadable), TEST(test_pem), TEST(test_places), TEST(test_scan),
		TEST(test_scan_by_turns),
		TEST(test_by_tag), TEST(test_unsupported), TEST(test_check),
		TEST(test_pin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
