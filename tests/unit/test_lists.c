/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The registry of lists when files change: what is read again, what a bad file does, and threads
 * that get lists meanwhile.
 */

#undef NDEBUG

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <libknot/errcode.h>

#include "tests/unit/listing.h"

static void test_changed(void **state)
{
	(void)state;
	write_file(path_a, "192.0.2.0/24\n");
	lists_t *old = get_a_silent();
	write_file(path_a, "198.51.100.0/24\n");
	lists_t *new = get_a_silent();
	lists_t *new_too = get_a_silent();
	assert_ptr_not_equal(lists_set(new), lists_set(old));
	assert_ptr_equal(lists_set(new), lists_set(new_too));

	/* Who holds the old one keeps it. */
	assert_true(has(old, "192.0.2.1"));
	assert_false(has(old, "198.51.100.1"));
	assert_true(has(new, "198.51.100.1"));
	assert_false(has(new, "192.0.2.1"));
	lists_put(new);
	lists_put(new_too);
	assert_true(has(old, "192.0.2.1"));
	lists_t *newer = get_a_silent();
	assert_true(has(newer, "198.51.100.1"));
	lists_put(newer);
	lists_put(old);

	/* Changed in its place, and changed while nobody holds it. */
	FILE *file = fopen(path_a, "a");
	assert_non_null(file);
	assert_true(fputs("203.0.113.0/24\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	newer = get_a_silent();
	assert_true(has(newer, "203.0.113.1"));
	assert_true(has(newer, "198.51.100.1"));
	lists_put(newer);
}

/*! As a reload does it: first the new instances load, or first the old one unloads. */
static void test_bad(void **state)
{
	(void)state;
	for (int held = 0; held < 2; held++) {
		char err[NETFILE_ERR_MAX];
		write_file(path_a, "192.0.2.0/24\n");
		lists_t *good = get_a_silent();
		const netset_t *set = lists_set(good);
		if (!held) {
			lists_put(good);
		}

		/* Malformed: said once, read once, and the last good one stays. */
		write_file(path_a, "198.51.100.0/24\noops\n");
		int fd = watch_a();
		for (int i = 0; i < 5; i++) {
			lists_t *last = get_a(KNOT_EOK, err);
			if (i == 0) {
				check_err(err, ":2: not a network 'oops'");
			} else {
				assert_string_equal(err, "");
			}
			assert_ptr_equal(lists_set(last), set);
			assert_true(has(last, "192.0.2.1"));
			assert_false(has(last, "198.51.100.1"));
			lists_put(last);
		}
		assert_int_equal(opened(fd), 1);
		assert_int_equal(close(fd), 0);

		/* Another state, though not a better one. */
		write_file(path_a, "198.51.100.0/24\noops\n");
		lists_put(get_a(KNOT_EOK, err));
		check_err(err, ":2: not a network 'oops'");
		lists_put(get_a_silent());

		assert_int_equal(unlink(path_a), 0);
		lists_t *last = get_a(KNOT_EOK, err);
		check_err(err, ": No such file or directory");
		assert_ptr_equal(lists_set(last), set);
		lists_put(last);
		lists_put(get_a_silent());

		assert_int_equal(mkdir(path_a, 0700), 0);
		lists_put(get_a(KNOT_EOK, err));
		check_err(err, ": not a regular file");
		lists_put(get_a_silent());
		assert_int_equal(rmdir(path_a), 0);

		/* It is good again: the new one counts, and what is bad later is said anew. */
		write_file(path_a, "203.0.113.0/24\n");
		last = get_a_silent();
		assert_true(has(last, "203.0.113.1"));
		assert_false(has(last, "192.0.2.1"));
		lists_put(last);
		assert_int_equal(unlink(path_a), 0);
		last = get_a(KNOT_EOK, err);
		check_err(err, ": No such file or directory");
		assert_true(has(last, "203.0.113.1"));
		lists_put(last);

		if (held) {
			assert_true(has(good, "192.0.2.1"));
			lists_put(good);
		}
	}
}

/*! A file that goes away and comes back as it was is neither bad nor new. */
static void test_back(void **state)
{
	(void)state;
	char err[NETFILE_ERR_MAX], away[128];
	(void)snprintf(away, sizeof(away), "%s.away", dir);
	write_file(path_a, "192.0.2.0/24\n");
	lists_t *good = get_a_silent();

	/* Moving the folder leaves the file itself alone. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rename(dir, away), 0);
		lists_t *last = get_a(KNOT_EOK, err);
		int back = rename(away, dir);
		assert_int_equal(back, 0);
		check_err(err, ": No such file or directory");
		assert_ptr_equal(last, good);
		lists_put(last);

		lists_t *again = get_a_silent();
		assert_ptr_equal(again, good);
		lists_put(again);
	}
	lists_put(good);
}

/*! What fails without the file being at fault is tried again, though the file is the same. */
static void test_retry(void **state)
{
	(void)state;
	char err[NETFILE_ERR_MAX];
	write_file(path_a, "192.0.2.0/24\n");
	lists_put(get_a_silent());
	write_file(path_a, "198.51.100.0/24\n");

	struct rlimit limit, none;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	lists_t *first = get_a(KNOT_EOK, err);
	lists_t *second = get_a_silent();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	check_err(err, ": Too many open files");
	assert_true(has(first, "192.0.2.1"));
	assert_true(has(second, "192.0.2.1"));
	lists_put(first);
	lists_put(second);

	first = get_a_silent();
	assert_true(has(first, "198.51.100.1"));
	lists_put(first);
}

/* Threads that load and unload, while the files change under them. */

enum { READERS = 4, WRITES = 400 };

static atomic_bool done;
static atomic_uint failures;
static atomic_uint seen; /*!< The highest version that any reader met. */

/*! What a version of file a is: each network of it names the version. */
static void version_text(char *text, size_t size, unsigned version)
{
	unsigned hi = version >> 8, lo = version & 0xff;
	(void)snprintf(text, size, "10.%u.%u.0/24\n20.%u.%u.0/24\n30.0.0.0/8\n", hi, lo, hi, lo);
}

/*! The version that a set is of, or -1 if it is none. */
static int version_of(const netset_t *set)
{
	if (set == NULL || netset_count(set) != 3) {
		return -1;
	}
	const net_t *a = netset_at(set, 0), *b = netset_at(set, 1), *c = netset_at(set, 2);
	bool match = a->first[0] == 10 && b->first[0] == 20 && c->first[0] == 30 &&
	             a->first[1] == b->first[1] && a->first[2] == b->first[2] &&
	             netset_match(set, 4, a->first) == a && netset_match(set, 4, b->last) == b;
	return match ? a->first[1] << 8 | a->first[2] : -1;
}

static void *reader(void *arg)
{
	const char *const paths[] = { path_a };
	const int start = (int)(intptr_t)arg;
	lists_t *held = NULL;
	int held_version = -1;
	for (int i = start; !atomic_load(&done); i++) {
		char err[NETFILE_ERR_MAX];
		lists_t *lists;
		int ret = lists_get(NULL, 0, paths, 1, &lists, err);
		int version = ret == KNOT_EOK ? version_of(lists_set(lists)) : -1;
		if (version < 0 || version < held_version) { /* No step back. */
			atomic_fetch_add(&failures, 1);
		}
		unsigned so_far = atomic_load(&seen);
		while (version > (int)so_far &&
		       !atomic_compare_exchange_weak(&seen, &so_far, (unsigned)version)) {
		}

		/* Some hold on to what they have for long, and it must stay what it is. */
		if (held == NULL) {
			held = lists;
			held_version = version;
		} else {
			lists_put(lists);
			if (i % 16 == 0) {
				if (version_of(lists_set(held)) != held_version) {
					atomic_fetch_add(&failures, 1);
				}
				lists_put(held);
				held = NULL;
				held_version = -1;
			}
		}
	}
	lists_put(held);
	return NULL;
}

/*! Others that come and go, so that idle lists are pushed out meanwhile. */
static void *other(void *arg)
{
	(void)arg;
	for (unsigned i = 0; !atomic_load(&done); i++) {
		const uint8_t addr[] = { 40, 0, (uint8_t)(i % 32), 0 };
		char err[NETFILE_ERR_MAX];
		lists_t *lists;
		net_t one;
		if (net_from_addr(&one, 4, addr, NULL, 24) != KNOT_EOK ||
		    lists_get(&one, 1, NULL, 0, &lists, err) != KNOT_EOK ||
		    netset_match(lists_set(lists), 4, addr) == NULL) {
			atomic_fetch_add(&failures, 1);
			continue;
		}
		lists_put(lists);
	}
	return NULL;
}

static void test_threads(void **state)
{
	(void)state;
	pthread_t threads[READERS + 1];
	char text[128];

	atomic_store(&done, false);
	atomic_store(&failures, 0);
	atomic_store(&seen, 0);
	version_text(text, sizeof(text), 1);
	write_file(path_a, text);
	lists_t *kept = get_a_silent(); /* So that there is always a last good one. */
	for (intptr_t i = 0; i < READERS; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, reader, (void *)i), 0);
	}
	assert_int_equal(pthread_create(&threads[READERS], NULL, other, NULL), 0);

	for (unsigned version = 2; version <= WRITES; version++) {
		if (version % 5 == 0) {
			write_file(path_a, "10.0.0.0/24\noops\n");
		} else if (version % 7 == 0) {
			(void)unlink(path_a);
		} else {
			version_text(text, sizeof(text), version);
			write_file(path_a, text);
			if (version % 3 == 0) { /* Until somebody has it. */
				while (atomic_load(&seen) < version &&
				       atomic_load(&failures) == 0) {
					(void)usleep(100);
				}
			}
		}
	}
	version_text(text, sizeof(text), WRITES + 1);
	write_file(path_a, text);
	atomic_store(&done, true);
	for (size_t i = 0; i < READERS + 1; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}

	assert_int_equal(atomic_load(&failures), 0);
	lists_t *last = get_a_silent();
	assert_int_equal(version_of(lists_set(last)), WRITES + 1);
	assert_int_equal(version_of(lists_set(kept)), 1);
	lists_put(last);
	lists_put(kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_back),
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, listing_setup, listing_teardown);
}
