/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Lists found by name: the operator's own comes before the installed one, for the module while it
 * runs, and for kmxcheck. Built with folders of the build, in the place of those
 * of the installation.
 */

#undef NDEBUG

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <libknot/errcode.h>
#include <urcu.h>

#include "module/watch.h"
#include "tests/unit/lib/clear.h"
#include "tests/unit/lib/fixture_list.h"

#define LOCAL     LOCAL_PROXIES_DIR "/"
#define INSTALLED PROXIES_DIR "/"
#define LATE      20 /* Seconds until something is taken to have failed. */

static const char *const files[] = {
	LOCAL "one", LOCAL "two", LOCAL "dir/one",
	INSTALLED "one", INSTALLED "two", INSTALLED "three",
};

static void write_list(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
	(void)state;
	(void)mkdir(LOCAL "dir", 0755);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		(void)unlink(files[i]);
	}
	return 0;
}

static int setup_folders(void **state)
{
	(void)mkdir(LOCAL, 0755);
	(void)mkdir(INSTALLED, 0755);
	return setup(state);
}

static int teardown_folders(void **state)
{
	(void)setup(state);
	(void)rmdir(LOCAL "dir");
	return rmdir(LOCAL) == 0 && rmdir(INSTALLED) == 0 ? 0 : -1;
}

static void check_found(const char *name, const char *path)
{
	char *found = netfile_find(name);
	assert_non_null(found);
	assert_string_equal(found, path);
	free(found);
}

static void test_find(void **state)
{
	(void)state;
	check_found("/one", "/one");
	check_found("one", INSTALLED "one");
	write_list(INSTALLED "one", "192.0.2.0/24\n");
	check_found("one", INSTALLED "one");
	write_list(LOCAL "one", "");
	check_found("one", LOCAL "one");
	assert_int_equal(unlink(INSTALLED "one"), 0);
	check_found("one", LOCAL "one");
	assert_int_equal(unlink(LOCAL "one"), 0);
	check_found("one", INSTALLED "one");
	write_list(LOCAL "dir/one", "");
	check_found("dir/one", LOCAL "dir/one");
}

static bool now_has(const netlist_t *list, const char *address)
{
	rcu_read_lock();
	bool found = has(netlist_current(list), address);
	rcu_read_unlock();
	return found;
}

static void refresh(const netlist_t *list, bool renewed, const char *said)
{
	char err[NETFILE_ERR_MAX];
	assert_int_equal(netlist_refresh(list, NULL, NULL, err), renewed);
	assert_string_equal(err, said);
}

/*! A list that comes or goes while a server runs takes effect without a reload. */
static void test_running(void **state)
{
	(void)state;
	static const char *const names[] = { "one" };
	const netlist_conf_t conf = { .paths = names, .path_count = 1 };
	char err[NETFILE_ERR_MAX];
	netlist_t *list;

	netlist_reload();
	assert_int_equal(netlist_get(&conf, &list, err), KNOT_ENOENT);
	assert_memory_equal(err, INSTALLED "one: ", strlen(INSTALLED "one: "));

	write_list(INSTALLED "one", "192.0.2.0/24\n");
	netlist_reload();
	assert_int_equal(netlist_get(&conf, &list, err), KNOT_EOK);
	refresh(list, false, "");
	assert_true(now_has(list, "192.0.2.1"));

	write_list(LOCAL "one", "198.51.100.0/24\n");
	refresh(list, true, LOCAL "one is read now");
	assert_true(now_has(list, "198.51.100.1"));
	assert_false(now_has(list, "192.0.2.1"));

	/* A bad one is not passed over. */
	write_list(LOCAL "one", "nonsense\n");
	assert_false(netlist_refresh(list, NULL, NULL, err));
	assert_memory_equal(err, LOCAL "one:1: ", strlen(LOCAL "one:1: "));
	assert_true(now_has(list, "198.51.100.1"));

	assert_int_equal(unlink(LOCAL "one"), 0);
	refresh(list, true, LOCAL "one is gone, " INSTALLED "one is read now");
	assert_true(now_has(list, "192.0.2.1"));

	/* Nor is a link to what is not there. */
	assert_int_equal(symlink("nowhere", LOCAL "one"), 0);
	assert_false(netlist_refresh(list, NULL, NULL, err));
	assert_memory_equal(err, LOCAL "one: ", strlen(LOCAL "one: "));
	assert_true(now_has(list, "192.0.2.1"));
	netlist_put(list);
}

/*! Where the operator's own list is removed, and the installed one can't take its place, that one
 *  is not all that the error names. */
static void test_own_gone(void **state)
{
	(void)state;
	static const char *const names[] = { "two" };
	static const char gone[] = LOCAL "two is gone, now " INSTALLED "two: ";
	static const struct {
		const char *installed, *why; /* NULL: there is none. */
		bool reload; /* Takes the installed one. */
	} cases[] = {
		{ NULL, "No such file or directory", false },
		{ "198.51.100.0/28\n", "less than half of what it said before, which a reload "
		                       "takes nevertheless", true },
		{ "", "neither a network nor a name in it", false },
	};
	const netlist_conf_t conf = { .paths = names, .path_count = 1 };
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char err[NETFILE_ERR_MAX], expected[NETFILE_ERR_MAX];
		netlist_t *list, *again;
		write_list(LOCAL "two", "198.51.100.0/24\n");
		netlist_reload();
		assert_int_equal(netlist_get(&conf, &list, err), KNOT_EOK);

		assert_int_equal(unlink(LOCAL "two"), 0);
		if (cases[i].installed != NULL) {
			write_list(INSTALLED "two", cases[i].installed);
		}
		(void)snprintf(expected, sizeof(expected), "%s%s", gone, cases[i].why);
		refresh(list, false, expected);
		refresh(list, false, "");
		assert_true(now_has(list, "198.51.100.100"));

		/* The check before a reload says the same. */
		int ret = netlist_check(&conf, &again, err);
		assert_int_equal(ret == KNOT_EOK, cases[i].reload);
		assert_string_equal(err, cases[i].reload ? "" : expected);
		if (ret == KNOT_EOK) {
			netlist_put(again);
		}
		netlist_reload();
		assert_int_equal(netlist_get(&conf, &again, err), KNOT_EOK);
		assert_int_equal(now_has(list, "198.51.100.100"), !cases[i].reload);
		netlist_put(again);
		netlist_put(list);
	}
}

/*! A zone that is added takes another file without a word: nothing was refused. */
static void test_added_zone(void **state)
{
	(void)state;
	static const char *const names[] = { "two" };
	const netlist_conf_t conf = { .paths = names, .path_count = 1 };
	char err[NETFILE_ERR_MAX];
	netlist_t *list, *added;
	write_list(LOCAL "two", "198.51.100.0/24\n");
	write_list(INSTALLED "two", "192.0.2.0/24\n");
	netlist_reload();
	assert_int_equal(netlist_get(&conf, &list, err), KNOT_EOK);
	assert_int_equal(unlink(LOCAL "two"), 0);
	assert_int_equal(netlist_get(&conf, &added, err), KNOT_EOK);
	assert_string_equal(err, "");
	assert_true(has(added, "192.0.2.1"));
	netlist_put(added);
	netlist_put(list);
}

static char said[NETFILE_ERR_MAX + 100];
static atomic_bool is_said;

static void note_text(void *ctx, bool changed, const char *text)
{
	(void)ctx;
	(void)changed;
	(void)snprintf(said, sizeof(said), "%s", text);
	atomic_store(&is_said, true);
}

static bool fits(void *ctx, const netlist_t *version, char why[static NETFILE_ERR_MAX])
{
	(void)ctx;
	(void)version;
	(void)why;
	return true;
}

/*! What the log says when the operator's own list goes. */
static void test_log(void **state)
{
	(void)state;
	static const char *const names[] = { "two" };
	const netlist_conf_t conf = { .paths = names, .path_count = 1 };
	const watch_who_t who = { fits, NULL, note_text, NULL };
	char err[NETFILE_ERR_MAX];
	netlist_t *list;
	watch_t *watch;
	write_list(LOCAL "two", "198.51.100.0/24\n");
	write_list(INSTALLED "two", "192.0.2.0/24\n203.0.113.0/24\n");
	netlist_reload();
	assert_int_equal(netlist_get(&conf, &list, err), KNOT_EOK);
	assert_int_equal(watch_new(list, 1, &who, &watch), KNOT_EOK);
	assert_int_equal(unlink(LOCAL "two"), 0);
	for (int i = 0; !atomic_load(&is_said); i++) {
		assert_true(i < LATE * 100);
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	assert_string_equal(said, "list changed, 2 networks and 0 names now, " LOCAL "two is gone, "
	                    INSTALLED "two is read now");
	watch_free(watch);
	netlist_put(list);
}

static void check_path(const char *text, const char *file, const char *path)
{
	char *found = list_path(text, (source_pos_t){ .file = file });
	assert_string_equal(found, path);
	free(found);
}

/*! What the options --proxy-file, --list and --replaces name, and what a configuration does. */
static void test_path(void **state)
{
	(void)state;
	write_list(LOCAL "one", "");
	check_path("one", NULL, LOCAL "one");
	check_path("two", NULL, INSTALLED "two");
	check_path("./one", NULL, "./one");
	check_path("/one", NULL, "/one");
	write_list("one", ""); /* The name of a file here. */
	check_path("one", NULL, "one");
	check_path("one", "knot.conf", LOCAL "one");
	assert_int_equal(unlink("one"), 0);
}

static void test_all(void **state)
{
	(void)state;
	values_t values = { 0 };
	char err[ERROR_TEXT_MAX];
	assert_int_equal(rmdir(LOCAL "dir"), 0);
	assert_int_equal(values_add_installed(&values, err), KNOT_ENOENT);

	write_list(INSTALLED "one", "192.0.2.0/25\n");
	write_list(LOCAL "one", "198.51.100.0/25\n");
	write_list(LOCAL "two", "198.51.100.128/25\n");
	write_list(INSTALLED "three", "192.0.2.128/25\n");
	assert_int_equal(values_add_installed(&values, err), KNOT_EOK);
	values_add(&values, ITEM_PROXY_FILE, "three", (source_pos_t){ .file = "knot.conf" });
	values_add(&values, ITEM_MAIL_ADDRESS, "203.0.113.25", (source_pos_t){ 0 });
	assert_int_equal(values_make(&values, err), KNOT_EOK);
	static const char *const expected[] = {
		LOCAL "one", INSTALLED "three", LOCAL "two", INSTALLED "three",
	};
	assert_int_equal(values.lists.count, 4);
	for (size_t i = 0; i < values.lists.count; i++) {
		assert_string_equal(values.lists.at[i].path, expected[i]);
	}
	values_clear(&values);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_find, setup),
		cmocka_unit_test_setup(test_running, setup),
		cmocka_unit_test_setup(test_own_gone, setup),
		cmocka_unit_test_setup(test_added_zone, setup),
		cmocka_unit_test_setup(test_log, setup),
		cmocka_unit_test_setup(test_path, setup),
		cmocka_unit_test_setup(test_all, setup),
	};
	return cmocka_run_group_tests(tests, setup_folders, teardown_folders);
}
