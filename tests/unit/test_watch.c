/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Lists that change while they are used: what is taken over and what is refused, the thread that
 * looks at them, and threads that read meanwhile.
 */

#undef NDEBUG

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <libknot/errcode.h>
#include <urcu.h>

#include "module/watch.h"
#include "tests/unit/lib/fixture_list.h"

#define READERS 2
#define LATE    20 /* Seconds until something is taken to have failed. */

static bool now_has(const netlist_t *list, const char *address)
{
	rcu_read_lock();
	bool found = has(netlist_current(list), address);
	rcu_read_unlock();
	return found;
}

static void test_refresh(void **state)
{
	(void)state;
	static const struct {
		const char *text; /* NULL: no file. */
		bool changed;
		const char *err;  /* NULL: nothing is said. */
		bool more;        /* The third network is in the list then. */
	} steps[] = {
		{ "192.0.2.0/25\n198.51.100.0/25\n", false, NULL, false },
		{ "192.0.2.0/25\n198.51.100.0/25\n203.0.113.0/25\n", true, NULL, true },
		{ "192.0.2.0/25\n!198.51.100.0/25\n203.0.113.0/24\n", true, NULL, true },
		{ "bad\n", false, ":1: ", true },
		{ "", false, ": neither", true },
		{ NULL, false, ": No such file", true },
		/* The same addresses in one network, or most of them excepted. */
		{ "192.0.2.0/25\n203.0.113.0/25\n203.0.113.128/25\n203.0.113.0/24\n", true,
		  NULL, true },
		{ "192.0.2.0/25\n203.0.113.0/24\n", true, NULL, true },
		{ "192.0.2.0/25\n203.0.113.0/24\n!203.0.113.0/25\n!192.0.2.0/25\n", false,
		  ": less than half", true },
		/* 384 addresses before, 128 now: it may have been cut. */
		{ "203.0.113.0/25\n", false, ": less than half of what it said before", true },
		{ "198.51.100.0/25\n192.0.2.0/26\n", true, NULL, false },
		{ "198.51.100.0/26\n192.0.2.0/27\n", true, NULL, false },
		{ "198.51.100.0/26\n2001:db8::/32\n", true, NULL, false },
		{ "198.51.100.0/26\n2001:db8::/33\nx.example.\ny.example.\nz.example.\n", true,
		  NULL, false },
		{ "198.51.100.0/26\n2001:db8::/34\nx.example.\ny.example.\nz.example.\n"
		  "203.0.113.0/24\n", true, NULL, true },
		{ "198.51.100.0/26\nx.example.\ny.example.\nz.example.\n203.0.113.0/24\n", false,
		  ": less than half", true },
		{ "198.51.100.0/26\n2001:db8::/34\nx.example.\n203.0.113.0/24\n", false,
		  ": less than half", true },
	};
	char err[NETFILE_ERR_MAX];
	write_file(path_a, steps[0].text);
	netlist_t *list = get_a(KNOT_EOK, err);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		if (i == 0) {
			/* As it was loaded. */
			assert_false(netlist_refresh(list, NULL, NULL, err));
		} else if (steps[i].text != NULL) {
			write_file(path_a, steps[i].text);
		} else {
			assert_int_equal(unlink(path_a), 0);
		}
		assert_int_equal(netlist_refresh(list, NULL, NULL, err), steps[i].changed);
		if (steps[i].err != NULL) {
			assert_memory_equal(err, path_a, strlen(path_a));
			assert_non_null(strstr(err + strlen(path_a), steps[i].err));
		} else {
			assert_string_equal(err, "");
		}
		assert_int_equal(now_has(list, "203.0.113.1"), steps[i].more);
		/* The same is said once. */
		assert_false(netlist_refresh(list, NULL, NULL, err));
		assert_string_equal(err, "");
	}

	/* A zone that is added does not take what was refused, a reload does. */
	const char *const paths[] = { path_a };
	const netlist_conf_t conf = { .paths = paths, .path_count = 1 };
	netlist_t *loaded;
	assert_int_equal(netlist_get(&conf, &loaded, err), KNOT_EOK);
	assert_true(loaded != list && netlist_names(loaded)->count == 3);
	netlist_put(loaded);
	loaded = get_a(KNOT_EOK, err);
	assert_string_equal(err, "");
	assert_int_equal(netlist_names(loaded)->count, 1);
	assert_true(netlist_current(list) == loaded);
	netlist_put(loaded);
	netlist_put(list);
	rcu_barrier();
}

/* What the thread has told. */
typedef struct {
	atomic_uint changed, refused, texts;
} told_t;

static void tell(void *ctx, bool changed, const char *text)
{
	told_t *told = ctx;
	atomic_fetch_add(changed ? &told->changed : &told->refused, 1);
	atomic_fetch_add(&told->texts, text != NULL);
}

static bool fits(void *ctx, const netlist_t *version, char why[static NETFILE_ERR_MAX])
{
	(void)version;
	(void)snprintf(why, NETFILE_ERR_MAX, "it does not fit");
	return atomic_load((atomic_bool *)ctx);
}

static void wait_for(atomic_uint *number, unsigned value)
{
	for (int i = 0; atomic_load(number) < value; i++) {
		assert_true(i < LATE * 100);
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	assert_int_equal(atomic_load(number), value);
}

static void test_thread(void **state)
{
	(void)state;
	char err[NETFILE_ERR_MAX];
	write_file(path_a, "192.0.2.0/24\n");
	netlist_t *list = get_a(KNOT_EOK, err);
	told_t told[2] = { 0 };
	watch_t *watches[2];
	atomic_bool good[2] = { true, true };
	const watch_who_t who[2] = {
		{ fits, &good[0], tell, &told[0] }, { fits, &good[1], tell, &told[1] },
	};
	assert_int_equal(watch_new(list, 1, &who[0], &watches[0]), KNOT_EOK);
	assert_int_equal(watch_new(list, 3600, &who[1], &watches[1]), KNOT_EOK);
	write_file(path_a, "192.0.2.0/24\n203.0.113.0/24\n");
	wait_for(&told[0].changed, 1);
	wait_for(&told[1].changed, 1);
	assert_true(now_has(list, "203.0.113.1"));
	assert_int_equal(told[0].texts + told[1].texts, 1);

	/* One that is wrong for one of them is taken over for none. */
	atomic_store(&good[0], false);
	write_file(path_a, "192.0.2.0/24\n198.51.100.0/24\n");
	wait_for(&told[0].refused, 1);
	wait_for(&told[1].refused, 1);
	assert_true(now_has(list, "203.0.113.1"));

	watch_free(watches[1]);
	write_file(path_a, "nothing\n");
	wait_for(&told[0].refused, 2);
	assert_int_equal(told[1].refused, 1);
	assert_true(now_has(list, "203.0.113.1"));
	watch_free(watches[0]);
	watch_free(NULL);
	netlist_put(list);
	rcu_barrier();
}

/* A reload with another interval: the new watch begins before the old one ends. */
static void test_longer_interval(void **state)
{
	(void)state;
	char err[NETFILE_ERR_MAX];
	write_file(path_a, "192.0.2.0/24\n");
	netlist_t *list = get_a(KNOT_EOK, err);
	told_t told = { 0 };
	atomic_bool good = true;
	const watch_who_t who = { fits, &good, tell, &told };
	watch_t *seconds[2], *hours, *more;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(watch_new(list, 1, &who, &seconds[i]), KNOT_EOK);
	}
	assert_int_equal(watch_new(list, 3600, &who, &hours), KNOT_EOK);
	watch_free(seconds[0]);
	write_file(path_a, "192.0.2.0/24\n203.0.113.0/24\n");
	wait_for(&told.changed, 2); /* One still watches each second. */

	watch_free(seconds[1]);
	write_file(path_a, "192.0.2.0/24\n");
	/* Nothing to wait for. */
	nanosleep(&(struct timespec){ .tv_sec = 2, .tv_nsec = 500000000 }, NULL);
	assert_int_equal(told.changed, 2);
	assert_true(now_has(list, "203.0.113.1"));

	/* And a shorter one. */
	assert_int_equal(watch_new(list, 1, &who, &more), KNOT_EOK);
	watch_free(hours);
	wait_for(&told.changed, 3);
	watch_free(more);
	netlist_put(list);
	rcu_barrier();
}

static void test_nothing_to_watch(void **state)
{
	(void)state;
	char err[NETFILE_ERR_MAX];
	net_t net;
	assert_int_equal(net_from_str(&net, "192.0.2.0/24"), KNOT_EOK);
	netlist_t *list;
	assert_int_equal(get_nets(&net, 1, &list, err), KNOT_EOK);
	watch_t *watch;
	const watch_who_t nobody = { NULL, NULL, NULL, NULL };
	assert_int_equal(watch_new(list, 1, &nobody, &watch), KNOT_EOK);
	assert_null(watch);
	assert_true(netlist_current(list) == list);
	netlist_put(list);
}

typedef struct {
	const netlist_t *list;
	atomic_bool stop;
	atomic_uint wrong;
} reading_t;

/* Either version has the first network, and its two names and networks belong together. */
static void *read_list(void *arg)
{
	reading_t *reading = arg;
	rcu_register_thread();
	while (!atomic_load(&reading->stop)) {
		rcu_read_lock();
		const netlist_t *now = netlist_current(reading->list);
		bool more = has(now, "203.0.113.1");
		bool whole = has(now, "192.0.2.1") && netlist_names(now)->count == (more ? 2 : 1);
		atomic_fetch_add(&reading->wrong, !whole);
		rcu_read_unlock();
	}
	rcu_unregister_thread();
	return NULL;
}

/* Lists change and watches come and go while others read. */
static void test_readers(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"192.0.2.0/24\nx.example.\n",
		"192.0.2.0/24\n203.0.113.0/24\nx.example.\ny.example.\n",
	};
	char err[NETFILE_ERR_MAX];
	write_file(path_a, texts[0]);
	netlist_t *list = get_a(KNOT_EOK, err);
	reading_t reading = { .list = list };
	/* Asserted once the readers are gone: they read this function's data. */
	unsigned wrong = 0;
	pthread_t threads[READERS];
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, read_list, &reading), 0);
	}
	for (int i = 1; i < 300; i++) {
		told_t told = { 0 };
		atomic_bool good = true;
		const watch_who_t who = { fits, &good, tell, &told };
		watch_t *watch;
		wrong += watch_new(list, 1, &who, &watch) != KNOT_EOK;
		write_file(path_a, texts[i % 2]);
		bool changed = netlist_refresh(list, NULL, NULL, err);
		watch_free(watch);
		wrong += err[0] != '\0' || (!changed && told.changed == 0);
	}
	atomic_store(&reading.stop, true);
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
	assert_int_equal(reading.wrong + wrong, 0);
	netlist_put(list);
	rcu_barrier();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_thread),
		cmocka_unit_test(test_longer_interval),
		cmocka_unit_test(test_nothing_to_watch),
		cmocka_unit_test(test_readers),
	};
	rcu_register_thread();
	int ret = cmocka_run_group_tests(tests, fixture_list_setup, fixture_list_teardown);
	rcu_unregister_thread();
	return ret;
}
