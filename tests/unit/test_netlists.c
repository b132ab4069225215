/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Lists of networks: which are the same and shared, how they are built, checked and kept, what
 * happens when files change, and threads that get lists meanwhile.
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
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <libknot/errcode.h>

#include "tests/unit/lib/fixture_list.h"
#include "tests/unit/lib/nets.h"

#define NEITHER "neither a network nor a name that ends in a dot"
#define DNAME(str) ((const knot_dname_t *)str)

static void test_null(void **state)
{
	(void)state;
	char err[NETFILE_ERR_MAX];
	netlist_t *lists;
	assert_null(netlist_set(NULL));
	assert_null(netlist_names(NULL));
	netlist_put(NULL);

	/* A list of nothing is a list. */
	assert_int_equal(get_nets(NULL, 0, &lists, err), KNOT_EOK);
	assert_string_equal(err, "");
	assert_int_equal(netset_count(netlist_set(lists)), 0);
	netlist_put(lists);
}

static void test_distinct(void **state)
{
	(void)state;
	const net_t nets1[] = { net("192.0.2.0/24"), net("198.51.100.0/24") };
	const net_t nets2[] = { net("192.0.2.0/24"), net("198.51.100.0/25") };
	const net_t range[] = { net("192.0.2.0-192.0.2.255"), net("198.51.100.0/24") };
	const char *const ab[] = { path_a, path_b }, *const ba[] = { path_b, path_a };
	const knot_dname_t *const xy[] = { DNAME("\1x"), DNAME("\1y") };
	const knot_dname_t *const yx[] = { xy[1], xy[0] };
	const struct {
		netlist_conf_t conf;
		size_t count, names;
	} cases[] = {
		{ { nets1, 2, NULL, 0, NULL, 0 }, 2, 0 },
		{ { nets1, 1, NULL, 0, NULL, 0 }, 1, 0 },
		{ { nets2, 2, NULL, 0, NULL, 0 }, 2, 0 },
		{ { range, 2, NULL, 0, NULL, 0 }, 2, 0 },
		{ { NULL, 0, NULL, 0, ab, 1 }, 1, 1 },
		{ { NULL, 0, NULL, 0, ba, 1 }, 1, 0 },
		{ { NULL, 0, NULL, 0, ab, 2 }, 2, 1 },
		{ { nets1, 1, NULL, 0, ab, 1 }, 2, 1 },
		{ { nets1, 2, NULL, 0, ab, 2 }, 4, 1 },
		{ { nets2, 2, NULL, 0, ab, 2 }, 4, 1 },
		{ { NULL, 0, xy, 1, NULL, 0 }, 0, 1 },
		{ { NULL, 0, yx, 1, NULL, 0 }, 0, 1 },
		{ { NULL, 0, xy, 2, NULL, 0 }, 0, 2 },
		{ { NULL, 0, yx, 2, NULL, 0 }, 0, 2 },
		{ { NULL, 0, yx, 2, ab, 1 }, 1, 2 },
		{ { nets1, 1, xy, 2, ab, 1 }, 2, 2 },
	};
	enum { CASES = sizeof(cases) / sizeof(*cases) };

	write_file(path_a, "203.0.113.0/25\nx.\n");
	write_file(path_b, "203.0.113.128/25\n");
	netlist_t *lists[CASES];
	for (size_t i = 0; i < CASES; i++) {
		/* Arguments are copied: this one's memory is gone afterwards. */
		char err[NETFILE_ERR_MAX];
		netlist_conf_t conf = cases[i].conf;
		net_t *nets = calloc(conf.net_count + 1, sizeof(*nets));
		assert_non_null(nets);
		for (size_t j = 0; j < conf.net_count; j++) {
			nets[j] = conf.nets[j];
		}
		conf.nets = nets;
		assert_int_equal(netlist_get(&conf, &lists[i], err), KNOT_EOK);
		free(nets);
		assert_string_equal(err, "");
		assert_int_equal(netset_count(netlist_set(lists[i])), cases[i].count);
		assert_int_equal(netlist_names(lists[i])->count, cases[i].names);
		for (size_t j = 0; j < i; j++) {
			assert_ptr_not_equal(netlist_set(lists[i]), netlist_set(lists[j]));
		}
	}
	for (size_t i = 0; i < CASES; i++) {
		char err[NETFILE_ERR_MAX];
		netlist_t *again;
		assert_int_equal(netlist_get(&cases[i].conf, &again, err), KNOT_EOK);
		assert_ptr_equal(netlist_set(again), netlist_set(lists[i]));
		assert_ptr_equal(netlist_names(again), netlist_names(lists[i]));
		netlist_put(again);
		netlist_put(lists[i]);
	}
}

/*! What the configuration lists is united with what each file says. */
static void test_united(void **state)
{
	(void)state;
	char err[NETFILE_ERR_MAX];
	const net_t nets[] = { net("192.0.2.7") };
	const knot_dname_t *const names[] = { DNAME("\1a\3cdn") };
	const char *const paths[] = { path_a, path_b };
	const netlist_conf_t conf = { nets, 1, names, 1, paths, 2 };
	netlist_t *lists;

	write_file(path_a, "192.0.2.0/24\n!192.0.2.0/28\ncdn.\n!a.cdn.\n!b.cdn.\n");
	write_file(path_b, "192.0.2.8\n!192.0.2.0/24\n!cdn.\n");
	assert_int_equal(netlist_get(&conf, &lists, err), KNOT_EOK);
	assert_false(has(lists, "192.0.2.1"));
	assert_true(has(lists, "192.0.2.7") && has(lists, "192.0.2.8") && has(lists, "192.0.2.99"));
	assert_true(names_cover(netlist_names(lists), DNAME("\1c\3cdn")));
	assert_true(names_cover(netlist_names(lists), DNAME("\1a\3cdn")));
	assert_false(names_cover(netlist_names(lists), DNAME("\1b\3cdn")));
	netlist_put(lists);
}

static void test_shared(void **state)
{
	(void)state;
	enum { MANY = 1000 };
	static netlist_t *lists[MANY];

	write_file(path_a, "192.0.2.0/24\n");
	int fd = watch_a();
	for (size_t i = 0; i < MANY; i++) {
		lists[i] = get_a_silent();
		assert_ptr_equal(netlist_set(lists[i]), netlist_set(lists[0]));
	}
	assert_int_equal(opened(fd), 1);

	/* Not even when all have let go. */
	for (size_t i = 0; i < MANY; i++) {
		netlist_put(lists[i]);
	}
	netlist_t *again = get_a_silent();
	assert_true(has(again, "192.0.2.1"));
	netlist_put(again);
	assert_int_equal(opened(fd), 0);
	assert_int_equal(close(fd), 0);
}

static void test_never_good(void **state)
{
	(void)state;
	char err[NETFILE_ERR_MAX];
	netlist_t *lists;
	const char *const paths[] = { path_new }; /* Never there when a list is asked for. */
	for (int i = 0; i < 3; i++) { /* There is nothing else to go by: said each time. */
		assert_int_equal(get_files(paths, 1, &lists, err), KNOT_ENOENT);
		assert_null(lists);
		assert_non_null(strstr(err, "/new: No such file or directory"));
	}

	const net_t nets[] = { net("192.0.2.0/24") };
	const char *const ab[] = { path_a, path_b };
	const netlist_conf_t conf = { .nets = nets, .net_count = 1, .paths = ab, .path_count = 2 };
	write_file(path_a, "198.51.100.0/24\n");
	write_file(path_b, "# none\n");
	int fd = watch_a();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(netlist_get(&conf, &lists, err), KNOT_EMALF);
		assert_null(lists);
		assert_non_null(strstr(err, "/b: neither a network nor a name in it"));
	}
	assert_int_equal(opened(fd), 1);

	/* While b can't even be opened, a is not read each time to find out. */
	assert_int_equal(unlink(path_b), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(netlist_get(&conf, &lists, err), KNOT_ENOENT);
		assert_non_null(strstr(err, "/b: No such file or directory"));
	}
	assert_int_equal(opened(fd), 0);
	assert_int_equal(close(fd), 0);

	write_file(path_b, "203.0.113.0/24\n");
	assert_int_equal(netlist_get(&conf, &lists, err), KNOT_EOK);
	assert_string_equal(err, "");
	assert_int_equal(netset_count(netlist_set(lists)), 3);
	netlist_put(lists);
}

static void test_check(void **state)
{
	(void)state;
	char err[NETFILE_ERR_MAX];
	netlist_t *checked;

	write_file(path_a, "192.0.2.0/24\n");
	netlist_t *good = get_a_silent();

	/* A check has a version of its own where there is one in force. */
	assert_int_equal(check_a(&checked, err), KNOT_EOK);
	assert_string_equal(err, "");
	assert_ptr_not_equal(netlist_set(checked), netlist_set(good));
	assert_true(has(checked, "192.0.2.1"));
	netlist_put(checked);
	assert_int_equal(netlist_check(&(netlist_conf_t){ 0 }, &checked, err), KNOT_EOK);
	assert_int_equal(netset_count(netlist_set(checked)), 0);
	netlist_put(checked);

	/* A bad file is an error each time, and the registry has still to tell of it. */
	write_file(path_a, "oops\n");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(check_a(&checked, err), KNOT_EMALF);
		check_err(err, ":1: " NEITHER " 'oops'");
		assert_null(checked);
	}
	netlist_t *last = get_a(KNOT_EOK, err);
	check_err(err, ":1: " NEITHER " 'oops'");
	assert_ptr_equal(last, good);
	netlist_put(last);
	assert_int_equal(check_a(&checked, err), KNOT_EMALF);
	netlist_put(get_a_silent());

	/* Nor does a check of a good one make it current. */
	write_file(path_a, "198.51.100.0/24\n");
	assert_int_equal(check_a(&checked, err), KNOT_EOK);
	netlist_put(checked);
	last = get_a_silent();
	assert_true(has(last, "198.51.100.1"));
	netlist_put(last);
	netlist_put(good);
}

#define DENIED ": Permission denied for the server's user, who has to be able to read it for " \
	       "changes to be noticed"

/*! Takes away the right to read file a, or with the whole folder even to look at it; NULL gives it
 *  back. */
static void deny(const char *path)
{
	enum { NOBODY = 65534 };
	static uid_t user;
	if (path == NULL) {
		assert_int_equal(seteuid(user), 0);
		assert_int_equal(chmod(dir, 0700) | chmod(path_a, 0600), 0);
		return;
	}
	user = geteuid();
	assert_int_equal(chmod(dir, 0755) | chmod(path_a, 0600), 0);
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(seteuid(user == 0 ? NOBODY : user), 0); /* root may read it anyway. */
}

/*! Forgets all that is known and not held. */
static void forget(void)
{
	for (int i = 0; i < NETLISTS_IDLE_MAX; i++) {
		char err[NETFILE_ERR_MAX];
		const uint8_t addr[] = { 11, 0, (uint8_t)i, 0 };
		netlist_t *lists;
		net_t one;
		assert_int_equal(net_from_addr(&one, 4, addr, NULL, 24), KNOT_EOK);
		assert_int_equal(get_nets(&one, 1, &lists, err), KNOT_EOK);
		netlist_put(lists);
	}
}

/*! As knotd starts: it checks as root, and loads as another user. */
static void test_unreadable(void **state)
{
	(void)state;
	const char *const denied[] = { path_a, dir };
	for (size_t i = 0; i < 2; i++) {
		char err[NETFILE_ERR_MAX];
		netlist_t *checked, *loaded;
		write_file(path_a, "192.0.2.0/24\ncdn.\n");
		forget();

		/* Without a check there is nothing to go by. */
		deny(denied[i]);
		netlist_t *none = get_a(KNOT_EACCES, err);
		int ret = check_a(&checked, err);
		deny(NULL);
		assert_null(none);
		assert_int_equal(ret, KNOT_EACCES);
		check_err(err, ": Permission denied");

		/* What was checked last is good, and that is said once. */
		assert_int_equal(check_a(&checked, err), KNOT_EOK);
		netlist_put(checked);
		write_file(path_a, "198.51.100.0/24\ncdn.\n");
		assert_int_equal(check_a(&checked, err), KNOT_EOK);
		netlist_put(checked);
		deny(denied[i]);
		loaded = get_a(KNOT_EOK, err);
		netlist_t *again = get_a_silent();
		deny(NULL);
		check_err(err, DENIED);
		assert_ptr_equal(again, loaded);
		assert_true(has(loaded, "198.51.100.1"));
		assert_int_equal(netlist_names(loaded)->count, 1);
		netlist_put(again);

		/* As it reloads: what is in force is good for the check, and the load says why. */
		deny(denied[i]);
		ret = check_a(&checked, err);
		assert_string_equal(err, "");
		again = get_a(KNOT_EOK, err);
		deny(NULL);
		assert_int_equal(ret, KNOT_EOK);
		check_err(err, DENIED);
		assert_ptr_equal(checked, loaded);
		assert_ptr_equal(again, loaded);
		netlist_put(checked);
		netlist_put(again);
		netlist_put(loaded);

		/* It may be read again. */
		loaded = get_a_silent();
		assert_ptr_not_equal(loaded, again);
		netlist_put(loaded);
	}
}

/*! What was checked and can be read when it is loaded is read again. */
static void test_checked(void **state)
{
	(void)state;
	char err[NETFILE_ERR_MAX];
	netlist_t *checked;
	forget();
	write_file(path_a, "192.0.2.0/24\n");
	assert_int_equal(check_a(&checked, err), KNOT_EOK);
	netlist_put(checked);
	int fd = watch_a();
	netlist_put(get_a_silent());
	netlist_put(get_a_silent());
	assert_int_equal(opened(fd), 1);
	assert_int_equal(close(fd), 0);

	forget();
	assert_int_equal(check_a(&checked, err), KNOT_EOK);
	netlist_put(checked);
	write_file(path_a, "198.51.100.0/24\n");
	netlist_t *loaded = get_a_silent();
	assert_true(has(loaded, "198.51.100.1"));
	netlist_put(loaded);
}

/*! What was checked and never loaded goes when a later check does not name it any more. */
static void test_checked_only(void **state)
{
	(void)state;
	for (int named = 0; named < 2; named++) {
		char err[NETFILE_ERR_MAX];
		const char *const paths[] = { path_b };
		const char *const path[] = { path_a };
		const netlist_conf_t b = { .paths = paths, .path_count = 1 };
		const netlist_conf_t a = { .paths = path, .path_count = 1 };
		netlist_t *checked;
		forget();
		write_file(path_a, "192.0.2.0/24\n");
		write_file(path_b, "198.51.100.0/24\n");
		assert_int_equal(check_a(&checked, err), KNOT_EOK);
		netlist_put(checked);
		assert_int_equal(netlist_check(&b, &checked, err), KNOT_EOK);
		netlist_put(checked);
		assert_int_equal(netlist_get(&b, &checked, err), KNOT_EOK);
		netlist_put(checked);

		/* The next configuration. */
		netlist_reload();
		assert_int_equal(netlist_check(&b, &checked, err), KNOT_EOK);
		netlist_put(checked);
		if (named) {
			assert_int_equal(check_a(&checked, err), KNOT_EOK);
			netlist_put(checked);
		}
		assert_int_equal(netlist_get(&b, &checked, err), KNOT_EOK);
		netlist_put(checked);
		deny(path_a);
		netlist_t *loaded;
		int ret = netlist_get(&a, &loaded, err);
		deny(NULL);
		assert_int_equal(ret, named ? KNOT_EOK : KNOT_EACCES);
		netlist_put(loaded);
	}
}

/*! Lists that nobody holds are kept, but not without a limit, and the longest unheld goes. */
static void test_idle(void **state)
{
	(void)state;
	char err[NETFILE_ERR_MAX];
	write_file(path_a, "192.0.2.0/24\n");
	netlist_put(get_a_silent());
	int fd = watch_a();

	for (int round = 0; round < 2; round++) {
		const int others = round == 0 ? NETLISTS_IDLE_MAX - 1 : NETLISTS_IDLE_MAX;
		for (int i = 0; i < others; i++) {
			netlist_t *lists;
			const uint8_t addr[] = { 10, (uint8_t)round, (uint8_t)i, 0 };
			net_t one;
			assert_int_equal(net_from_addr(&one, 4, addr, NULL, 24), KNOT_EOK);
			assert_int_equal(get_nets(&one, 1, &lists, err), KNOT_EOK);
			netlist_put(lists);
		}
		netlist_put(get_a_silent());
		assert_int_equal(opened(fd), round == 0 ? 0 : 1);
	}

	/* Lists that never were any good push out each other only. */
	for (int i = 0; i < 3 * NETLISTS_IDLE_MAX; i++) {
		char none[128];
		const char *const paths[] = { none };
		netlist_t *lists;
		(void)snprintf(none, sizeof(none), "%s/none%d", dir, i);
		assert_int_equal(get_files(paths, 1, &lists, err), KNOT_ENOENT);
	}
	netlist_put(get_a_silent());
	assert_int_equal(opened(fd), 0);
	assert_int_equal(close(fd), 0);
}

static void test_changed(void **state)
{
	(void)state;
	write_file(path_a, "192.0.2.0/24\n");
	netlist_t *old = get_a_silent();
	write_file(path_a, "198.51.100.0/24\n");
	netlist_t *new = get_a_silent();
	netlist_t *new_too = get_a_silent();
	assert_ptr_not_equal(netlist_set(new), netlist_set(old));
	assert_ptr_equal(netlist_set(new), netlist_set(new_too));

	/* Who holds the old one keeps it. */
	assert_true(has(old, "192.0.2.1"));
	assert_false(has(old, "198.51.100.1"));
	assert_true(has(new, "198.51.100.1"));
	assert_false(has(new, "192.0.2.1"));
	netlist_put(new);
	netlist_put(new_too);
	assert_true(has(old, "192.0.2.1"));
	netlist_t *newer = get_a_silent();
	assert_true(has(newer, "198.51.100.1"));
	netlist_put(newer);
	netlist_put(old);

	/* Changed in its place, and changed while nobody holds it. */
	FILE *file = fopen(path_a, "a");
	assert_non_null(file);
	assert_true(fputs("203.0.113.0/24\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	newer = get_a_silent();
	assert_true(has(newer, "203.0.113.1"));
	assert_true(has(newer, "198.51.100.1"));
	netlist_put(newer);
}

/*! As a reload does it: first the new instances load, or first the old one unloads. */
static void test_bad(void **state)
{
	(void)state;
	for (int held = 0; held < 2; held++) {
		char err[NETFILE_ERR_MAX];
		write_file(path_a, "192.0.2.0/24\n");
		netlist_t *good = get_a_silent();
		const netset_t *set = netlist_set(good);
		if (!held) {
			netlist_put(good);
		}

		/* Malformed: said once, read once, and the last good one stays. */
		write_file(path_a, "198.51.100.0/24\noops\n");
		int fd = watch_a();
		for (int i = 0; i < 5; i++) {
			netlist_t *last = get_a(KNOT_EOK, err);
			if (i == 0) {
				check_err(err, ":2: " NEITHER " 'oops'");
			} else {
				assert_string_equal(err, "");
			}
			assert_ptr_equal(netlist_set(last), set);
			assert_true(has(last, "192.0.2.1"));
			assert_false(has(last, "198.51.100.1"));
			netlist_put(last);
		}
		assert_int_equal(opened(fd), 1);
		assert_int_equal(close(fd), 0);

		/* Another state, though not a better one. */
		write_file(path_a, "198.51.100.0/24\noops\n");
		netlist_put(get_a(KNOT_EOK, err));
		check_err(err, ":2: " NEITHER " 'oops'");
		netlist_put(get_a_silent());

		assert_int_equal(unlink(path_a), 0);
		netlist_t *last = get_a(KNOT_EOK, err);
		check_err(err, ": No such file or directory");
		assert_ptr_equal(netlist_set(last), set);
		netlist_put(last);
		netlist_put(get_a_silent());

		assert_int_equal(mkdir(path_a, 0700), 0);
		netlist_put(get_a(KNOT_EOK, err));
		check_err(err, ": not a regular file");
		netlist_put(get_a_silent());
		assert_int_equal(rmdir(path_a), 0);

		/* It is good again: the new one counts, and what is bad later is said again. */
		write_file(path_a, "203.0.113.0/24\n");
		last = get_a_silent();
		assert_true(has(last, "203.0.113.1"));
		assert_false(has(last, "192.0.2.1"));
		netlist_put(last);
		assert_int_equal(unlink(path_a), 0);
		last = get_a(KNOT_EOK, err);
		check_err(err, ": No such file or directory");
		assert_true(has(last, "203.0.113.1"));
		netlist_put(last);

		if (held) {
			assert_true(has(good, "192.0.2.1"));
			netlist_put(good);
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
	netlist_t *good = get_a_silent();

	/* Moving the folder leaves the file itself alone. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rename(dir, away), 0);
		netlist_t *last = get_a(KNOT_EOK, err);
		int back = rename(away, dir);
		assert_int_equal(back, 0);
		check_err(err, ": No such file or directory");
		assert_ptr_equal(last, good);
		netlist_put(last);

		netlist_t *again = get_a_silent();
		assert_ptr_equal(again, good);
		netlist_put(again);
	}
	netlist_put(good);
}

/*! What fails without the file being at fault is tried again, though the file is the same. */
static void test_retry(void **state)
{
	(void)state;
	char err[NETFILE_ERR_MAX];
	write_file(path_a, "192.0.2.0/24\n");
	netlist_put(get_a_silent());
	write_file(path_a, "198.51.100.0/24\n");

	struct rlimit limit, none;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	netlist_t *first = get_a(KNOT_EOK, err);
	netlist_t *second = get_a_silent();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	check_err(err, ": Too many open files");
	assert_true(has(first, "192.0.2.1"));
	assert_true(has(second, "192.0.2.1"));
	netlist_put(first);
	netlist_put(second);

	first = get_a_silent();
	assert_true(has(first, "198.51.100.1"));
	netlist_put(first);
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
	net_t a, b, c;
	size_t at = 0;
	bool match = netset_next(set, &at, &a) && netset_next(set, &at, &b) &&
	             netset_next(set, &at, &c) && a.first[0] == 10 && b.first[0] == 20 &&
	             c.first[0] == 30 && a.first[1] == b.first[1] && a.first[2] == b.first[2] &&
	             netset_match(set, 4, a.first, NULL) && netset_match(set, 4, b.last, NULL);
	return match ? a.first[1] << 8 | a.first[2] : -1;
}

static void *reader(void *arg)
{
	const char *const paths[] = { path_a };
	const int start = (int)(intptr_t)arg;
	netlist_t *held = NULL;
	int held_version = -1;
	for (int i = start; !atomic_load(&done); i++) {
		char err[NETFILE_ERR_MAX];
		netlist_t *lists;
		int ret = get_files(paths, 1, &lists, err);
		int version = ret == KNOT_EOK ? version_of(netlist_set(lists)) : -1;
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
			netlist_put(lists);
			if (i % 16 == 0) {
				if (version_of(netlist_set(held)) != held_version) {
					atomic_fetch_add(&failures, 1);
				}
				netlist_put(held);
				held = NULL;
				held_version = -1;
			}
		}
	}
	netlist_put(held);
	return NULL;
}

/*! Others that come and go, so that idle lists are pushed out meanwhile. */
static void *other(void *arg)
{
	(void)arg;
	for (unsigned i = 0; !atomic_load(&done); i++) {
		const uint8_t addr[] = { 40, 0, (uint8_t)(i % 32), 0 };
		char err[NETFILE_ERR_MAX];
		netlist_t *lists;
		net_t one;
		if (net_from_addr(&one, 4, addr, NULL, 24) != KNOT_EOK ||
		    get_nets(&one, 1, &lists, err) != KNOT_EOK ||
		    !netset_match(netlist_set(lists), 4, addr, NULL)) {
			atomic_fetch_add(&failures, 1);
			continue;
		}
		netlist_put(lists);
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
	netlist_t *kept = get_a_silent(); /* So that there is always a last good one. */
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
	netlist_t *last = get_a_silent();
	assert_int_equal(version_of(netlist_set(last)), WRITES + 1);
	assert_int_equal(version_of(netlist_set(kept)), 1);
	netlist_put(last);
	netlist_put(kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_distinct),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_never_good),
		cmocka_unit_test(test_united),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_checked),
		cmocka_unit_test(test_checked_only),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_back),
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, fixture_list_setup, fixture_list_teardown);
}
