/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Single lists: which are the same and shared, how they are built and checked, and how long they
 * are kept.
 */

#undef NDEBUG

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <libknot/errcode.h>

#include "tests/unit/listing.h"
#include "tests/unit/nets.h"

static void test_null(void **state)
{
	(void)state;
	char err[NETFILE_ERR_MAX];
	lists_t *lists;
	assert_null(lists_set(NULL));
	lists_put(NULL);

	/* A list of nothing is a list. */
	assert_int_equal(lists_get(NULL, 0, NULL, 0, &lists, err), KNOT_EOK);
	assert_string_equal(err, "");
	assert_int_equal(netset_count(lists_set(lists)), 0);
	lists_put(lists);
}

static void test_distinct(void **state)
{
	(void)state;
	const net_t nets1[] = { net("192.0.2.0/24"), net("198.51.100.0/24") };
	const net_t nets2[] = { net("192.0.2.0/24"), net("198.51.100.0/25") };
	const net_t range[] = { net("192.0.2.0-192.0.2.255"), net("198.51.100.0/24") };
	const char *const ab[] = { path_a, path_b }, *const ba[] = { path_b, path_a };
	const struct {
		const net_t *nets;
		size_t net_count;
		const char *const *paths;
		size_t path_count;
		size_t count;
	} cases[] = {
		{ nets1, 2, NULL, 0, 2 },
		{ nets1, 1, NULL, 0, 1 },
		{ nets2, 2, NULL, 0, 2 },
		{ range, 2, NULL, 0, 2 },
		{ NULL, 0, ab, 1, 1 },
		{ NULL, 0, ba, 1, 1 },
		{ NULL, 0, ab, 2, 2 },
		{ nets1, 1, ab, 1, 2 },
		{ nets1, 2, ab, 2, 4 },
		{ nets2, 2, ab, 2, 4 },
	};
	enum { CASES = sizeof(cases) / sizeof(*cases) };

	write_file(path_a, "203.0.113.0/25\n");
	write_file(path_b, "203.0.113.128/25\n");
	lists_t *lists[CASES];
	for (size_t i = 0; i < CASES; i++) {
		/* Arguments are copied: this one's memory is gone afterwards. */
		char err[NETFILE_ERR_MAX];
		net_t *nets = calloc(cases[i].net_count + 1, sizeof(*nets));
		assert_non_null(nets);
		for (size_t j = 0; j < cases[i].net_count; j++) {
			nets[j] = cases[i].nets[j];
		}
		assert_int_equal(lists_get(nets, cases[i].net_count, cases[i].paths,
		                           cases[i].path_count, &lists[i], err), KNOT_EOK);
		free(nets);
		assert_string_equal(err, "");
		assert_int_equal(netset_count(lists_set(lists[i])), cases[i].count);
		for (size_t j = 0; j < i; j++) {
			assert_ptr_not_equal(lists_set(lists[i]), lists_set(lists[j]));
		}
	}
	for (size_t i = 0; i < CASES; i++) {
		char err[NETFILE_ERR_MAX];
		lists_t *again;
		assert_int_equal(lists_get(cases[i].nets, cases[i].net_count, cases[i].paths,
		                           cases[i].path_count, &again, err), KNOT_EOK);
		assert_ptr_equal(lists_set(again), lists_set(lists[i]));
		lists_put(again);
		lists_put(lists[i]);
	}
}

static void test_shared(void **state)
{
	(void)state;
	enum { MANY = 1000 };
	static lists_t *lists[MANY];

	write_file(path_a, "192.0.2.0/24\n");
	int fd = watch_a();
	for (size_t i = 0; i < MANY; i++) {
		lists[i] = get_a_silent();
		assert_ptr_equal(lists_set(lists[i]), lists_set(lists[0]));
	}
	assert_int_equal(opened(fd), 1);

	/* Not even when all have let go. */
	for (size_t i = 0; i < MANY; i++) {
		lists_put(lists[i]);
	}
	lists_t *again = get_a_silent();
	assert_true(has(again, "192.0.2.1"));
	lists_put(again);
	assert_int_equal(opened(fd), 0);
	assert_int_equal(close(fd), 0);
}

static void test_never_good(void **state)
{
	(void)state;
	char err[NETFILE_ERR_MAX];
	lists_t *lists;
	const char *const paths[] = { path_new }; /* Never there when a list is asked for. */
	for (int i = 0; i < 3; i++) { /* There is nothing else to go by: said each time. */
		assert_int_equal(lists_get(NULL, 0, paths, 1, &lists, err), KNOT_ENOENT);
		assert_null(lists);
		assert_non_null(strstr(err, "/new: No such file or directory"));
	}

	const net_t nets[] = { net("192.0.2.0/24") };
	const char *const ab[] = { path_a, path_b };
	write_file(path_a, "198.51.100.0/24\n");
	write_file(path_b, "# none\n");
	int fd = watch_a();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(lists_get(nets, 1, ab, 2, &lists, err), KNOT_EMALF);
		assert_null(lists);
		assert_non_null(strstr(err, "/b: no network in it"));
	}
	assert_int_equal(opened(fd), 1);

	/* While b can't even be opened, a is not read each time to find out. */
	assert_int_equal(unlink(path_b), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(lists_get(nets, 1, ab, 2, &lists, err), KNOT_ENOENT);
		assert_non_null(strstr(err, "/b: No such file or directory"));
	}
	assert_int_equal(opened(fd), 0);
	assert_int_equal(close(fd), 0);

	write_file(path_b, "203.0.113.0/24\n");
	assert_int_equal(lists_get(nets, 1, ab, 2, &lists, err), KNOT_EOK);
	assert_string_equal(err, "");
	assert_int_equal(netset_count(lists_set(lists)), 3);
	lists_put(lists);
}

static void test_check(void **state)
{
	(void)state;
	char err[NETFILE_ERR_MAX];
	const char *const paths[] = { path_a };
	const net_t nets[] = { net("203.0.113.0/24") };
	lists_t *checked;

	write_file(path_a, "192.0.2.0/24\n");
	lists_t *good = get_a_silent();

	/* A check has a set of its own. */
	assert_int_equal(lists_check(NULL, 0, paths, 1, &checked, err), KNOT_EOK);
	assert_string_equal(err, "");
	assert_ptr_not_equal(lists_set(checked), lists_set(good));
	assert_true(has(checked, "192.0.2.1"));
	lists_put(checked);
	assert_int_equal(lists_check(nets, 1, paths, 1, NULL, err), KNOT_EOK);
	assert_int_equal(lists_check(NULL, 0, NULL, 0, &checked, err), KNOT_EOK);
	assert_int_equal(netset_count(lists_set(checked)), 0);
	lists_put(checked);

	/* A bad file is an error each time, and the registry has still to tell of it. */
	write_file(path_a, "oops\n");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(lists_check(NULL, 0, paths, 1, &checked, err), KNOT_EMALF);
		check_err(err, ":1: not a network 'oops'");
		assert_null(checked);
	}
	lists_t *last = get_a(KNOT_EOK, err);
	check_err(err, ":1: not a network 'oops'");
	assert_ptr_equal(last, good);
	lists_put(last);
	assert_int_equal(lists_check(NULL, 0, paths, 1, NULL, err), KNOT_EMALF);
	lists_put(get_a_silent());

	/* Nor does a check of a good one make it current. */
	write_file(path_a, "198.51.100.0/24\n");
	assert_int_equal(lists_check(NULL, 0, paths, 1, &checked, err), KNOT_EOK);
	lists_put(checked);
	last = get_a_silent();
	assert_true(has(last, "198.51.100.1"));
	lists_put(last);
	lists_put(good);
}

/*! Lists that nobody holds are kept, but not without a limit, and the longest unheld goes. */
static void test_idle(void **state)
{
	(void)state;
	char err[NETFILE_ERR_MAX];
	write_file(path_a, "192.0.2.0/24\n");
	lists_put(get_a_silent());
	int fd = watch_a();

	for (int round = 0; round < 2; round++) {
		const int others = round == 0 ? LISTS_IDLE_MAX - 1 : LISTS_IDLE_MAX;
		for (int i = 0; i < others; i++) {
			lists_t *lists;
			const uint8_t addr[] = { 10, (uint8_t)round, (uint8_t)i, 0 };
			net_t one;
			assert_int_equal(net_from_addr(&one, 4, addr, NULL, 24), KNOT_EOK);
			assert_int_equal(lists_get(&one, 1, NULL, 0, &lists, err), KNOT_EOK);
			lists_put(lists);
		}
		lists_put(get_a_silent());
		assert_int_equal(opened(fd), round == 0 ? 0 : 1);
	}

	/* Lists that never were any good push out each other only. */
	for (int i = 0; i < 3 * LISTS_IDLE_MAX; i++) {
		char none[128];
		const char *const paths[] = { none };
		lists_t *lists;
		(void)snprintf(none, sizeof(none), "%s/none%d", dir, i);
		assert_int_equal(lists_get(NULL, 0, paths, 1, &lists, err), KNOT_ENOENT);
	}
	lists_put(get_a_silent());
	assert_int_equal(opened(fd), 0);
	assert_int_equal(close(fd), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_distinct),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_never_good),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_idle),
	};
	return cmocka_run_group_tests(tests, listing_setup, listing_teardown);
}
