/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The client of the control socket, against libknot's own server side: what it asks, what it makes
 * of answers, and that neither a dead nor a silent peer holds it up.
 */

#undef NDEBUG

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include <libknot/errcode.h>

#include "module/control.h"
#include "tests/unit/serving.h"

#define ZONE "example.com."
#define LONG "12345678901234567890123456789012345678901234567890"
#define TIMEOUT 30000

static bool is_ended(void)
{
	return serving_last().ended;
}

static void test_reload(void **state)
{
	(void)state;
	char err[CONTROL_ERR_MAX] = "old";
	serving_start();
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(control_reload_zone(serving_path, ZONE, TIMEOUT, err), KNOT_EOK);
		assert_string_equal(err, "");
		assert_int_equal(serving_reloads(), i);
		assert_int_equal(serving_others(), 0);
		served_t last = serving_last();
		assert_string_equal(last.cmd, "zone-reload");
		assert_string_equal(last.flags, "F");
		assert_string_equal(last.zone, ZONE);
		assert_string_equal(last.owner, "");
		assert_string_equal(last.type, "");
		assert_true(wait_for(is_ended));
	}
	serving_stop();
}

static void test_signed(void **state)
{
	(void)state;
	static const struct {
		serve_t how;
		const char *error;
		int ret;
		const char *err;
	} cases[] = {
		{ SERVE_KEYS,    "", KNOT_EOK, "" },
		{ SERVE_NOTHING, "", KNOT_ENOENT, "no DNSKEY" },
		{ SERVE_OTHER,   "", KNOT_ENOENT, "no DNSKEY" },
		{ SERVE_ERROR, "no such node in zone found", KNOT_ENOENT,
		  "no such node in zone found" },
		{ SERVE_ERROR, "no such zone found", KNOT_ENOENT, "no such zone found" },
		{ SERVE_ERROR, "not exists", KNOT_ERROR, "not exists" },
		{ SERVE_ERROR, "no such zone", KNOT_ERROR, "no such zone" },
	};
	serving_start();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char err[CONTROL_ERR_MAX] = "old";
		serving_answer(SERVE_NOTHING, cases[i].how);
		serving_error(cases[i].error);
		assert_int_equal(control_zone_signed(serving_path, ZONE, TIMEOUT, err),
		                 cases[i].ret);
		assert_string_equal(err, cases[i].err);
		assert_int_equal(serving_others(), i + 1);
		served_t last = serving_last();
		assert_string_equal(last.cmd, "zone-read");
		assert_string_equal(last.flags, "");
		assert_string_equal(last.zone, ZONE);
		assert_string_equal(last.owner, "@");
		assert_string_equal(last.type, "DNSKEY");
		assert_true(wait_for(is_ended));
	}
	assert_int_equal(serving_reloads(), 0);
	serving_stop();
}

/*! What the server says is handed on, cut if it is long. */
static void test_said(void **state)
{
	(void)state;
	char err[CONTROL_ERR_MAX];
	serving_start();
	serving_answer(SERVE_ERROR, SERVE_ERROR);
	serving_error("no such zone found");
	assert_int_equal(control_reload_zone(serving_path, ZONE, TIMEOUT, err), KNOT_ERROR);
	assert_string_equal(err, "no such zone found");

	serving_error(LONG LONG LONG);
	assert_int_equal(control_reload_zone(serving_path, ZONE, TIMEOUT, err), KNOT_ERROR);
	assert_int_equal(strlen(err), CONTROL_ERR_MAX - 1);
	assert_memory_equal(err, LONG LONG LONG, CONTROL_ERR_MAX - 1);
	serving_stop();
}

/*! Peers that hang up: neither an answer nor the end of this process. */
static void test_hung_up(void **state)
{
	(void)state;
	char err[CONTROL_ERR_MAX];
	serving_start();
	serving_answer(SERVE_CLOSE, SERVE_CLOSE);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(control_reload_zone(serving_path, ZONE, TIMEOUT, err), KNOT_ECONN);
		assert_string_equal(err, "connection reset");
		assert_int_equal(control_zone_signed(serving_path, ZONE, TIMEOUT, err), KNOT_ECONN);
		assert_string_equal(err, "connection reset");
	}
	serving_answer(SERVE_END, SERVE_END);
	assert_int_equal(control_reload_zone(serving_path, ZONE, TIMEOUT, err), KNOT_EMALF);
	assert_string_equal(err, "malformed data");
	assert_int_equal(control_zone_signed(serving_path, ZONE, TIMEOUT, err), KNOT_EMALF);
	serving_stop();
}

static void test_hangs(void **state)
{
	(void)state;
	char err[CONTROL_ERR_MAX];
	serving_start();
	serving_answer(SERVE_HANG, SERVE_NOTHING);
	for (int i = 0; i < 2; i++) { /* The second one isn't even accepted. */
		const uint64_t begin = clock_ms();
		assert_int_equal(control_reload_zone(serving_path, ZONE, 200, err), KNOT_ETIMEOUT);
		assert_string_equal(err, "connection timeout");
		const uint64_t took = clock_ms() - begin;
		assert_true(took >= 200 && took < 20000);
	}
	assert_true(serving_reach(1, 0));

	/* Until nobody more may wait there. */
	int ret = KNOT_ETIMEOUT;
	for (int i = 0; i < 1000 && ret == KNOT_ETIMEOUT; i++) {
		ret = control_reload_zone(serving_path, ZONE, 1, err);
	}
	assert_int_equal(ret, KNOT_EAGAIN);
	assert_string_equal(err, "too many wait for the server");
	serving_stop();

	serving_start();
	assert_int_equal(control_reload_zone(serving_path, ZONE, 0, err), KNOT_ETIMEOUT);
	serving_stop();
}

static void expect_none(const char *path, int want, const char *want_err)
{
	char err[CONTROL_ERR_MAX] = "old";
	assert_int_equal(control_reload_zone(path, ZONE, TIMEOUT, err), want);
	assert_string_equal(err, want_err);
	assert_int_equal(control_zone_signed(path, ZONE, TIMEOUT, err), want);
	assert_string_equal(err, want_err);
}

/*! No server there. */
static void test_refused(void **state)
{
	(void)state;
	(void)unlink(serving_path);
	expect_none(serving_path, KNOT_ECONN, "no such socket");
	expect_none(LONG LONG LONG, KNOT_ESPACE, "not enough space provided");

	/* As a server that was killed leaves it. */
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	memcpy(addr.sun_path, serving_path, strlen(serving_path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(close(fd), 0);
	expect_none(serving_path, KNOT_ECONNREFUSED, "connection refused");

	assert_int_equal(chmod(serving_path, 0), 0);
	if (geteuid() != 0) { /* Who may do anything is refused all the same, but not for that. */
		expect_none(serving_path, KNOT_EACCES, "operation not permitted");
	}
	assert_int_equal(unlink(serving_path), 0);
}

static size_t open_files(void)
{
	size_t count = 0;
	DIR *fds = opendir("/proc/self/fd");
	assert_non_null(fds);
	while (readdir(fds) != NULL) {
		count++;
	}
	assert_int_equal(closedir(fds), 0);
	return count;
}

/*! Whatever the end, the connection is closed. */
static void test_closed(void **state)
{
	const size_t before = open_files();
	test_reload(state);
	test_signed(state);
	test_said(state);
	test_hung_up(state);
	test_hangs(state);
	test_refused(state);
	assert_int_equal(open_files(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_signed),
		cmocka_unit_test(test_said),
		cmocka_unit_test(test_hung_up),
		cmocka_unit_test(test_hangs),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_closed),
	};
	return cmocka_run_group_tests(tests, serving_setup, serving_teardown);
}
