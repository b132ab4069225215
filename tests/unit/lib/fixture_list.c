/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Lists in tests.
 */

#undef NDEBUG

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cmocka.h>

#include <libknot/errcode.h>

#include "tests/unit/lib/fixture_list.h"

char dir[64];
char path_a[96];
char path_b[96];
char path_new[96];

int fixture_list_setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/mxguard-lists-XXXXXX");
	if (mkdtemp(dir) == NULL) {
		return -1;
	}
	(void)snprintf(path_a, sizeof(path_a), "%s/a", dir);
	(void)snprintf(path_b, sizeof(path_b), "%s/b", dir);
	(void)snprintf(path_new, sizeof(path_new), "%s/new", dir);
	return 0;
}

int fixture_list_teardown(void **state)
{
	(void)state;
	(void)unlink(path_a);
	(void)unlink(path_b);
	(void)unlink(path_new);
	return rmdir(dir);
}

void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path_new, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(path_new, path), 0);
}

int get_files(const char *const *paths, size_t count, netlist_t **out,
              char err[static NETFILE_ERR_MAX])
{
	const netlist_conf_t conf = { .paths = paths, .path_count = count };
	netlist_reload();
	return netlist_get(&conf, out, err);
}

int get_nets(const net_t *nets, size_t count, netlist_t **out, char err[static NETFILE_ERR_MAX])
{
	const netlist_conf_t conf = { .nets = nets, .net_count = count };
	netlist_reload();
	return netlist_get(&conf, out, err);
}

int check_a(netlist_t **out, char err[static NETFILE_ERR_MAX])
{
	const char *const paths[] = { path_a };
	const netlist_conf_t conf = { .paths = paths, .path_count = 1 };
	netlist_reload();
	return netlist_check(&conf, out, err);
}

netlist_t *get_a(int want_ret, char err[static NETFILE_ERR_MAX])
{
	const char *const paths[] = { path_a };
	netlist_t *lists;
	memset(err, 'x', NETFILE_ERR_MAX);
	assert_int_equal(get_files(paths, 1, &lists, err), want_ret);
	assert_int_equal(lists == NULL, want_ret != KNOT_EOK);
	return lists;
}

netlist_t *get_a_silent(void)
{
	char err[NETFILE_ERR_MAX];
	netlist_t *lists = get_a(KNOT_EOK, err);
	assert_string_equal(err, "");
	return lists;
}

void check_err(const char *err, const char *what)
{
	assert_memory_equal(err, path_a, strlen(path_a));
	assert_string_equal(err + strlen(path_a), what);
}

bool has(const netlist_t *lists, const char *str)
{
	uint8_t addr[4];
	assert_int_equal(inet_pton(AF_INET, str, addr), 1);
	return netset_match(netlist_set(lists), 4, addr, NULL);
}

int watch_a(void)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	assert_true(fd >= 0);
	/* Events that are the same as the one before are left out, so each second is another. */
	assert_true(inotify_add_watch(fd, path_a, IN_OPEN | IN_CLOSE) >= 0);
	return fd;
}

size_t opened(int fd)
{
	struct inotify_event events[64]; /* Those of a file itself have no name behind them. */
	size_t count = 0;
	ssize_t ret;
	while ((ret = read(fd, events, sizeof(events))) > 0) {
		for (size_t i = 0; i < (size_t)ret / sizeof(*events); i++) {
			count += (events[i].mask & IN_OPEN) != 0;
		}
	}
	assert_int_equal(errno, EAGAIN);
	return count;
}
