/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Reading a whole file.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "kmxcheck/file.h"
#include "kmxcheck/lang.h"
#include "kmxcheck/xalloc.h"

/*! Reads all there is. False with errno set: unreadable. */
static bool read_all(int fd, size_t expected, text_t *text)
{
	size_t room = expected + 4096;
	text->at = xcheck(malloc(room));
	for (;;) {
		if (text->size == room) {
			room *= 2;
			text->at = xcheck(realloc(text->at, room));
		}
		ssize_t got = read(fd, text->at + text->size, room - text->size);
		if (got == 0) {
			text->at[text->size] = '\0';
			return true;
		} else if (got > 0) {
			text->size += (size_t)got;
		} else if (errno != EINTR) {
			return false;
		}
	}
}

/*! True if a path names a file that this process has open. Opening such a pipe does not wait. */
static bool is_open_already(const char *path)
{
	return strncmp(path, "/dev/fd/", 8) == 0 || strncmp(path, "/proc/self/fd/", 14) == 0 ||
	       strcmp(path, "/dev/stdin") == 0;
}

static int read_open(int fd, const char *path, bool pipe_too, text_t *text, const char **what)
{
	struct stat st = { .st_mode = 0 };
	bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode), open = is_open_already(path);
	text->named = regular && !open;
	if (!regular && !(pipe_too && open && S_ISFIFO(st.st_mode))) {
		*what = _("not a regular file");
		return KNOT_EFILE;
	}
	size_t expected = regular ? (size_t)st.st_size : 0;
	if (fcntl(fd, F_SETFL, 0) != 0 || !read_all(fd, expected, text)) {
		*what = strerror(errno);
		return knot_map_errno();
	} else if (text->size < expected) {
		*what = _("it became shorter while it was read");
		return KNOT_EFILE;
	}
	return KNOT_EOK;
}

int file_read(const char *path, bool pipe_too, text_t *text, const char **what)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	*text = (text_t){ .at = NULL };
	if (fd < 0) {
		*what = strerror(errno);
		return knot_map_errno();
	}
	int ret = read_open(fd, path, pipe_too, text, what);
	(void)close(fd);
	return ret;
}

int file_read_option(const char *path, text_t *text, char err[static ERROR_TEXT_MAX])
{
	const char *what;
	int ret = file_read(path, true, text, &what);
	if (ret != KNOT_EOK) {
		free(text->at);
		text->at = NULL;
		(void)error_at(err, ret, (source_pos_t){ .file = path }, _("can't be read (%s)"),
		               what);
	}
	return ret;
}

int file_read_input(const char *path, text_t *text, char err[static ERROR_TEXT_MAX])
{
	const char *what;
	if (strcmp(path, "-") != 0) {
		int ret = file_read(path, true, text, &what);
		return ret == KNOT_EOK ? ret
		       : error_at(err, ret, (source_pos_t){ .file = path }, "%s", what);
	}
	*text = (text_t){ .at = NULL };
	return read_all(STDIN_FILENO, 0, text) ? KNOT_EOK
	       : error_at(err, knot_map_errno(), (source_pos_t){ .file = "<stdin>" }, "%s",
	                  strerror(errno));
}
