/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The thread that has zones loaded anew, against a control server in the same process, as knotd
 * is: what instances share, what query threads may do, and that nobody waits for a request.
 */

#undef NDEBUG

#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "module/renewal.h"
#include "tests/unit/serving.h"

#define MONTH (30 * 86400)

static const knot_dname_t zone[] = "\x07""example""\x03""com";
static const knot_dname_t zone_b[] = "\x07""example""\x03""net";

/* What was logged last, and by whom. */
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char line_text[RENEWAL_LINE_MAX];
static void *line_by;
static char names[3];

static void note_line(void *ctx, const char *line)
{
	pthread_mutex_lock(&log_lock);
	line_by = ctx;
	(void)snprintf(line_text, sizeof(line_text), "%s", line);
	pthread_mutex_unlock(&log_lock);
}

static bool is_logged(void)
{
	pthread_mutex_lock(&log_lock);
	const bool logged = line_by != NULL;
	pthread_mutex_unlock(&log_lock);
	return logged;
}

static renewal_t *add(const knot_dname_t *name, uint32_t lifetime, bool keys_missing, unsigned who)
{
	renewal_t *renewal = renewal_new(name, serving_path, lifetime, keys_missing, note_line,
	                                 &names[who]);
	assert_non_null(renewal);
	return renewal;
}

/*! Threads of this process that block at least these signals. */
static unsigned threads(uint64_t signals)
{
	unsigned count = 0;
	DIR *tasks = opendir("/proc/self/task");
	assert_non_null(tasks);
	for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
		char path[64], line[128];
		(void)snprintf(path, sizeof(path), "/proc/self/task/%.20s/status", task->d_name);
		FILE *status = fopen(path, "r"); /* It may be over already. */
		while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
			uint64_t blocked;
			if (sscanf(line, "SigBlk: %" SCNx64, &blocked) == 1) {
				count += (blocked & signals) == signals;
			}
		}
		if (status != NULL) {
			(void)fclose(status);
		}
	}
	assert_int_equal(closedir(tasks), 0);
	return count;
}

static unsigned threads_before;

static bool is_over(void)
{
	return threads(0) <= threads_before;
}

static int setup(void **state)
{
	(void)state;
	line_by = NULL;
	serving_start();
	threads_before = threads(0);
	return 0;
}

/*! Each test leaves nothing registered, and then there is no thread either. */
static int teardown(void **state)
{
	(void)state;
	assert_true(wait_for(is_over));
	serving_stop();
	return 0;
}

/* An instance that is loaded anew as knotd does it: the new one comes, then the old one goes. */
static pthread_mutex_t current_lock = PTHREAD_MUTEX_INITIALIZER;
static renewal_t *current;
static uint32_t next_lifetime;

static void load_anew(void)
{
	pthread_mutex_lock(&current_lock);
	if (current != NULL) {
		renewal_t *old = current;
		current = add(zone, next_lifetime, false, 1);
		renewal_free(old);
	}
	pthread_mutex_unlock(&current_lock);
}

static void load(uint32_t lifetime, bool keys_missing)
{
	pthread_mutex_lock(&current_lock);
	next_lifetime = lifetime;
	current = add(zone, lifetime, keys_missing, 0);
	pthread_mutex_unlock(&current_lock);
	serving_on_reload(load_anew);
}

static void unload(void)
{
	pthread_mutex_lock(&current_lock);
	renewal_free(current);
	current = NULL;
	pthread_mutex_unlock(&current_lock);
}

/*! Queries to whatever instance there is, until it has been loaded anew so often. */
static void query_until(unsigned reloads, bool settled)
{
	const uint64_t end = clock_ms() + 60000;
	while (serving_reloads() < reloads) {
		assert_true(clock_ms() < end);
		pthread_mutex_lock(&current_lock);
		if (settled) {
			renewal_settled(current);
		}
		renewal_want(current);
		pthread_mutex_unlock(&current_lock);
		(void)usleep(1000);
	}
}

/*! The thread comes with the first one, takes no signals, and goes with the last one. */
static void test_thread(void **state)
{
	(void)state;
	const uint64_t signals = 1 << (SIGHUP - 1) | 1 << (SIGINT - 1) | 1 << (SIGTERM - 1) |
	                         1 << (SIGALRM - 1) | 1 << (SIGUSR1 - 1) | 1 << (SIGCHLD - 1);
	for (unsigned asked = 0; asked < 4;) {
		renewal_t *a = add(zone, MONTH, false, 0);
		renewal_t *b = add(zone, MONTH, false, 1);
		renewal_t *c = add(zone_b, MONTH, true, 2);
		assert_true(serving_reach(0, ++asked));
		assert_int_equal(threads(0), threads_before + 1);
		const unsigned blocking = threads(signals);

		renewal_free(a);
		renewal_free(c);
		c = add(zone_b, MONTH, true, 2);
		assert_true(serving_reach(0, ++asked));
		assert_int_equal(threads(0), threads_before + 1);
		renewal_free(c);
		renewal_free(b);
		assert_true(wait_for(is_over));
		assert_int_equal(blocking, threads(signals) + 1);
	}
	renewal_free(NULL);
	renewal_want(NULL);
	renewal_settled(NULL);
}

static void test_age(void **state)
{
	(void)state;
	const uint64_t begin = clock_ms();
	load(1, false);
	assert_true(serving_reach(3, 0));
	assert_true(clock_ms() - begin >= 3 * 500);
	assert_string_equal(serving_last().zone, "example.com.");
	unload();
}

/*! In a row, after 1 and 2 s, though each is asked for by another instance. */
static void test_want(void **state)
{
	(void)state;
	const uint64_t begin = clock_ms();
	load(MONTH, false);
	query_until(3, false);
	assert_true(clock_ms() - begin >= 3000);
	unload();
}

/*! Each begins a new row, whether a new instance has come or not. */
static void test_settled(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const uint64_t begin = clock_ms();
		load(MONTH, false);
		serving_on_reload(i == 0 ? load_anew : NULL);
		query_until(4 * (i + 1), true);
		const uint64_t took = clock_ms() - begin;
		assert_true(took >= 3000 && took < 6500); /* It would be 7 s in a row. */
		unload();
	}
}

/*! Only the latest instance counts; if it goes first, it is the one before it again. */
static void test_shared(void **state)
{
	(void)state;
	renewal_t *a = add(zone, MONTH, false, 0);
	renewal_t *b = add(zone, MONTH, false, 1);
	renewal_t *c = add(zone, MONTH, false, 2);
	renewal_want(a);
	(void)usleep(50000); /* So that the thread sleeps, if it is fast, and has to be woken. */
	renewal_t *ask = add(zone_b, MONTH, true, 2);
	assert_true(serving_reach(0, 1)); /* Served after what is due at once would have been. */
	renewal_free(ask);
	assert_int_equal(serving_reloads(), 0);

	renewal_free(b);
	renewal_free(c);
	assert_true(serving_reach(1, 0));
	renewal_free(a);

	a = add(zone, 1, false, 0);
	b = add(zone, MONTH, false, 1);
	c = add(zone, MONTH, false, 2);
	renewal_free(b);
	renewal_free(c);
	assert_true(serving_reach(2, 0));
	renewal_free(a);
}

static void test_keys(void **state)
{
	(void)state;
	serving_error("no such node in zone found");
	serving_answer(SERVE_NOTHING, SERVE_ERROR);
	load(MONTH, true);
	assert_true(serving_reach(0, 2));
	assert_int_equal(serving_reloads(), 0);
	serving_answer(SERVE_NOTHING, SERVE_KEYS);
	assert_true(serving_reach(1, 0));
	unload();

	/* Or somebody has seen that it is signed. */
	serving_answer(SERVE_NOTHING, SERVE_NOTHING);
	load(MONTH, true);
	query_until(2, false);
	unload();
}

static void test_log(void **state)
{
	(void)state;
	serving_error("no such zone found");
	serving_answer(SERVE_ERROR, SERVE_ERROR);
	renewal_t *a = add(zone, 1, false, 0);
	renewal_t *b = add(zone, 1, false, 1);
	assert_true(wait_for(is_logged));
	assert_ptr_equal(line_by, &names[1]);
	assert_memory_equal(line_text, "signatures ", 11);
	assert_non_null(strstr(line_text, ", and the zone can't be loaded anew (no such zone found)"
	                       ", run 'knotc -f zone-reload example.com.'"));
	renewal_free(b);
	renewal_free(a);

	line_by = NULL;
	a = renewal_new(zone_b, NULL, 1, false, note_line, &names[0]);
	assert_non_null(a);
	assert_true(wait_for(is_logged));
	assert_non_null(strstr(line_text, ", and the zone can't be loaded anew (no control socket "
	                       "is configured), run 'knotc -f zone-reload example.net.'"));
	renewal_free(a);
}

/*! Loads and unloads go on while a request hangs. */
static void test_hangs(void **state)
{
	(void)state;
	serving_answer(SERVE_HANG, SERVE_NOTHING);
	renewal_t *a = add(zone, 1, false, 0);
	renewal_want(a);
	assert_true(serving_reach(1, 0));

	const uint64_t begin = clock_ms();
	renewal_t *b = add(zone, MONTH, false, 1);
	renewal_free(a);
	renewal_free(add(zone_b, MONTH, false, 2));
	renewal_want(b);
	renewal_free(b);
	a = add(zone, MONTH, false, 0);
	b = add(zone_b, MONTH, false, 1);
	assert_true(clock_ms() - begin < 5000); /* A request has 10 s. */

	/* It was for one that is gone: how it ends is of no interest. */
	serving_answer(SERVE_CLOSE, SERVE_NOTHING);
	renewal_want(b);
	renewal_want(a);
	assert_true(serving_reach(3, 0));
	renewal_free(a);
	renewal_free(b);
}

enum { MANY = 20000 };

static void test_many(void **state)
{
	(void)state;
	static renewal_t *all[MANY];
	const uint64_t begin = clock_ms();
	for (uint32_t i = 0; i < MANY; i++) {
		char name[16];
		(void)snprintf(name, sizeof(name), "\x07z%06" PRIu32, i);
		all[i] = add((const knot_dname_t *)name, MONTH + i % 7, false, 0);
	}
	assert_true(clock_ms() - begin < 10000); /* About 0.1 s, but a sanitizer may watch. */

	for (uint32_t i = 0; i < MANY; i += MANY / 50) {
		renewal_want(all[i]);
	}
	assert_true(serving_reach(50, 0));
	for (uint32_t i = 0; i < MANY; i++) {
		renewal_free(all[i * UINT32_C(7919) % MANY]);
	}
}

static atomic_bool done;

static void *query(void *arg)
{
	renewal_t *const *const both = arg;
	for (unsigned i = 0; !atomic_load(&done); i++) {
		renewal_want(both[i % 2]);
		renewal_settled(both[i / 3 % 2]);
	}
	return NULL;
}

/*! Query threads, while instances come and go. */
static void test_queries(void **state)
{
	(void)state;
	pthread_t queries[3];
	renewal_t *both[] = { add(zone, MONTH, false, 0), add(zone_b, MONTH, true, 1) };
	const uint64_t begin = clock_ms();
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(pthread_create(&queries[i], NULL, query, both), 0);
	}
	for (unsigned i = 0; i < 100000 && (serving_reloads() < 4 || i < 1000); i++) {
		renewal_t *third = add(i % 2 ? zone : zone_b, MONTH, i % 3 == 0, 2);
		(void)usleep(i % 100);
		renewal_free(third);
	}
	atomic_store(&done, true);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(pthread_join(queries[i], NULL), 0);
	}
	/* Two zones at once, and then once in a second. */
	const unsigned reloads = serving_reloads();
	assert_true(reloads >= 4 && reloads <= 2 * (2 + (clock_ms() - begin) / 1000));
	renewal_free(both[0]);
	renewal_free(both[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_thread, setup, teardown),
		cmocka_unit_test_setup_teardown(test_age, setup, teardown),
		cmocka_unit_test_setup_teardown(test_want, setup, teardown),
		cmocka_unit_test_setup_teardown(test_settled, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shared, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_log, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hangs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_queries, setup, teardown),
	};
	return cmocka_run_group_tests(tests, serving_setup, serving_teardown);
}
