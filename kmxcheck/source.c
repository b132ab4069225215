/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Reading zone-file text: the stack of included files around libzscanner. Records are taken one
 * by one instead of by its callbacks: only so included files can be counted, and the pages of a
 * large file be given back behind the place where the scanner is.
 */

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libzscanner/scanner.h>

#include "kmxcheck/rdata.h"
#include "kmxcheck/source.h"

/*! How much of a file may lie in memory behind the scanner; a multiple of every page size. */
#define KEEP_MAX (2U << 20)
/*! Files up to this size are read at once. */
#define SMALL_MAX (1 << 16)
/*! The TTL before the first $TTL, as knotd has it. */
#define TTL_DEFAULT 3600
#define SHOW_PATH_MAX 320

/*! A file being read. */
typedef struct {
	zs_scanner_t *scanner;
	const char *name;
	const char *text;
	size_t size;
	bool mapped;
	size_t dropped; /*!< Octets given back. */
} frame_t;

typedef struct {
	source_t *source;
	frame_t frames[SOURCE_DEPTH_MAX];
	size_t depth;
	size_t includes;
	record_f record;
	void *ctx;
	char *err;
} scan_t;

int source_error(char err[static ZONE_ERR_MAX], int ret, const char *file, uint64_t line,
                 const char *fmt, ...)
{
	char place[SHOW_PATH_MAX], what[ZONE_ERR_MAX - SHOW_PATH_MAX - 32];
	size_t at = 0;
	for (const char *c = file; *c != '\0'; c++) {
		if (at + sizeof("\\DDD...") > sizeof(place)) {
			memcpy(place + at, "...", 3);
			at += 3;
			break;
		}
		unsigned char octet = (unsigned char)*c;
		if (octet < ' ' || octet == 0x7f) {
			at += (size_t)snprintf(place + at, sizeof(place) - at, "\\%03u", octet);
		} else {
			place[at++] = *c;
		}
	}
	place[at] = '\0';

	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (line > 0) {
		(void)snprintf(err, ZONE_ERR_MAX, "%s:%llu: %s", place, (unsigned long long)line,
		               what);
	} else {
		(void)snprintf(err, ZONE_ERR_MAX, "%s: %s", place, what);
	}
	return ret;
}

static int no_memory(char err[static ZONE_ERR_MAX], const char *file)
{
	return source_error(err, KNOT_ENOMEM, file, 0, "not enough memory");
}

/*! Keeps the name of a file. The last one is the most likely to come again. */
static const char *keep_name(file_names_t *names, const char *name)
{
	for (size_t i = names->count; i > 0; i--) {
		if (strcmp(names->at[i - 1], name) == 0) {
			return names->at[i - 1];
		}
	}
	/* The array is full whenever the count is a power of two. */
	if ((names->count & (names->count - 1)) == 0) {
		size_t max = names->count == 0 ? 1 : names->count * 2;
		char **at = realloc(names->at, max * sizeof(*at));
		if (at == NULL) {
			return NULL;
		}
		names->at = at;
	}
	char *copy = strdup(name);
	if (copy != NULL) {
		names->at[names->count++] = copy;
	}
	return copy;
}

static int read_all(source_t *source, int fd, char err[static ZONE_ERR_MAX])
{
	size_t max = 0;
	for (;;) {
		if (source->size == max) {
			max = max == 0 ? 1U << 12 : max * 2;
			char *text = realloc(source->text, max);
			if (text == NULL) {
				return no_memory(err, source->name);
			}
			source->text = text;
		}
		ssize_t got = read(fd, source->text + source->size, max - source->size);
		if (got < 0 && errno == EINTR) {
			continue;
		} else if (got < 0) {
			return source_error(err, knot_map_errno(), source->name, 0, "%s",
			                    strerror(errno));
		} else if (got == 0) {
			return KNOT_EOK;
		}
		source->size += (size_t)got;
	}
}

/*! Opens a file that can be read at all; others never end, or are none. */
static int open_file(const char *path, struct stat *st)
{
	/* A pipe may have no writer yet, but it must not be waited for where it is not wanted. */
	int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, st) != 0) {
		int error = errno;
		(void)close(fd);
		errno = error;
		fd = -1;
	}
	return fd;
}

int source_open(source_t *source, const char *path, char err[static ZONE_ERR_MAX])
{
	memset(source, 0, sizeof(*source));
	bool is_stdin = strcmp(path, "-") == 0;
	source->name = strdup(is_stdin ? "<stdin>" : path);
	if (source->name == NULL) {
		return no_memory(err, path);
	}
	if (is_stdin) {
		return read_all(source, STDIN_FILENO, err);
	}

	struct stat st;
	int fd = open_file(path, &st);
	if (fd < 0) {
		return source_error(err, knot_map_errno(), path, 0, "%s", strerror(errno));
	}
	int ret = KNOT_EOK;
	source->is_file = S_ISREG(st.st_mode);
	if (S_ISFIFO(st.st_mode) || (source->is_file && st.st_size <= SMALL_MAX)) {
		ret = read_all(source, fd, err);
	} else if (!source->is_file) {
		ret = source_error(err, KNOT_EFILE, path, 0, "not a regular file");
	}
	(void)close(fd);
	return ret;
}

int source_open_text(source_t *source, const char *name, char *text, size_t size,
                     char err[static ZONE_ERR_MAX])
{
	*source = (source_t){ .name = strdup(name), .text = text, .size = size };
	return source->name != NULL ? KNOT_EOK : no_memory(err, name);
}

void source_forget(source_t *source)
{
	if (source->is_file) {
		free(source->text);
		source->text = NULL;
		source->size = 0;
	}
}

void source_clear(source_t *source)
{
	for (size_t i = 0; i < source->files.count; i++) {
		free(source->files.at[i]);
	}
	free(source->files.at);
	free(source->name);
	free(source->text);
	memset(source, 0, sizeof(*source));
}

static int map(frame_t *frame, const char *path)
{
	struct stat st;
	int fd = open_file(path, &st);
	if (fd < 0) {
		return knot_map_errno();
	}
	int ret = KNOT_EOK;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		ret = KNOT_EFILE;
	} else if (st.st_size > 0) {
		void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (at == MAP_FAILED) {
			ret = knot_map_errno();
		} else {
			frame->text = at;
			frame->size = (size_t)st.st_size;
			frame->mapped = true;
			(void)posix_madvise(at, frame->size, POSIX_MADV_SEQUENTIAL);
		}
	}
	int error = errno;
	(void)close(fd);
	errno = error;
	return ret;
}

static void pop(scan_t *scan)
{
	frame_t *frame = &scan->frames[--scan->depth];
	if (frame->mapped) {
		(void)munmap((void *)frame->text, frame->size);
	}
	if (frame->scanner != NULL) {
		zs_deinit(frame->scanner);
		free(frame->scanner);
	}
}

/*! Begins with a file, or with text in memory. */
static int push(scan_t *scan, const char *path, const char *text, size_t size, const char *origin,
                uint32_t ttl)
{
	frame_t *frame = &scan->frames[scan->depth++];
	*frame = (frame_t){ .text = text != NULL ? text : "", .size = size };
	frame->name = keep_name(&scan->source->files, path);
	frame->scanner = frame->name != NULL ? malloc(sizeof(*frame->scanner)) : NULL;
	if (frame->scanner == NULL) {
		return no_memory(scan->err, path);
	}
	if (zs_init(frame->scanner, origin, KNOT_CLASS_IN, ttl) != 0) {
		return no_memory(scan->err, path);
	}
	if (text == NULL) {
		int ret = map(frame, path);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	/* Cannot fail: there is a text. */
	return zs_set_input_string(frame->scanner, frame->text, frame->size) == 0 ? KNOT_EOK
	                                                                          : KNOT_EINVAL;
}

/*! The path of an included file: relative to the folder of the file that names it. For free(). */
static char *include_path(const char *includer, const char *path)
{
	if (*path == '/') {
		return strdup(path);
	}
	if (strncmp(path, "./", 2) == 0) {
		path += 2; /* The scanner's folder, which it was not told. */
	}
	/* Text that is in no file is as if it were in the working folder. */
	char *full = realpath(includer, NULL);
	const char *folder = full != NULL ? dirname(full) : ".";
	size_t size = strlen(folder) + strlen(path) + 2;
	char *joined = malloc(size);
	if (joined != NULL) {
		(void)snprintf(joined, size, "%s/%s", folder, path);
	}
	free(full);
	return joined;
}

static int include(scan_t *scan)
{
	const frame_t *frame = &scan->frames[scan->depth - 1];
	zs_scanner_t *scanner = frame->scanner;
	/* It leaves the directive without a return, and would overflow its stack in time. */
	scanner->top = 0;
	if (scan->depth == SOURCE_DEPTH_MAX || ++scan->includes > SOURCE_INCLUDES_MAX) {
		return source_error(scan->err, KNOT_EPARSEFAIL, frame->name, scanner->line_counter,
		                    "too many files included, an include loop?");
	}
	char *path = include_path(frame->name, scanner->include_filename);
	if (path == NULL) {
		return no_memory(scan->err, frame->name);
	}
	int ret = push(scan, path, NULL, 0, (const char *)scanner->buffer, scanner->default_ttl);
	if (ret != KNOT_EOK && ret != KNOT_ENOMEM) {
		ret = source_error(scan->err, ret, frame->name, scanner->line_counter,
		                   "included file '%.100s': %s", path,
		                   ret == KNOT_EFILE ? "not a regular file" : strerror(errno));
	}
	free(path);
	return ret;
}

/*! Gives back the pages that were read, so that memory does not grow with the file. */
static void drop_pages(frame_t *frame)
{
	const char *current = frame->scanner->input.current;
	if (!frame->mapped || current < frame->text || current > frame->text + frame->size) {
		return; /* It is in a text of its own: the end of the last line. */
	}
	size_t done = (size_t)(current - frame->text);
	if (done - frame->dropped >= KEEP_MAX) {
		size_t size = (done - frame->dropped) / KEEP_MAX * KEEP_MAX;
		(void)madvise((void *)(frame->text + frame->dropped), size, MADV_DONTNEED);
		frame->dropped += size;
	}
}

static int on_record(scan_t *scan, const frame_t *frame)
{
	zs_scanner_t *scanner = frame->scanner;
	if (!rdata_check(scanner->r_type, scanner->r_data, scanner->r_data_length)) {
		return source_error(scan->err, KNOT_EPARSEFAIL, frame->name, scanner->line_counter,
		                    "malformed data of the record");
	}
	uint8_t owner[sizeof(scanner->r_owner)];
	for (uint32_t i = 0; i < scanner->r_owner_length; i++) {
		/* Lengths of labels are below 'A'. */
		uint8_t octet = scanner->r_owner[i];
		owner[i] = octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet;
	}
	record_t record = {
		.owner = owner,
		.owner_size = scanner->r_owner_length,
		.type = scanner->r_type,
		.ttl = scanner->r_ttl,
		.rdata = scanner->r_data,
		.rdata_len = scanner->r_data_length,
		.file = frame->name,
		.line = scanner->line_counter,
	};
	return scan->record(scan->ctx, &record);
}

static int step(scan_t *scan)
{
	frame_t *frame = &scan->frames[scan->depth - 1];
	zs_scanner_t *scanner = frame->scanner;
	if (zs_parse_record(scanner) != 0 || scanner->state == ZS_STATE_ERROR) {
		return source_error(scan->err, KNOT_EPARSEFAIL, frame->name, scanner->line_counter,
		                    "%s", zs_strerror(scanner->error.code));
	}
	switch (scanner->state) {
	case ZS_STATE_DATA:
		drop_pages(frame);
		return on_record(scan, frame);
	case ZS_STATE_INCLUDE:
		return include(scan);
	default:
		pop(scan);
		return KNOT_EOK;
	}
}

int source_scan(source_t *source, const knot_dname_t *origin, record_f record, void *ctx,
                char err[static ZONE_ERR_MAX])
{
	scan_t scan = { .source = source, .record = record, .ctx = ctx, .err = err };
	knot_dname_txt_storage_t name;
	if (knot_dname_to_str(name, origin, sizeof(name)) == NULL) {
		return source_error(err, KNOT_EINVAL, source->name, 0, "bad origin");
	}

	int ret = push(&scan, source->name, source->text, source->size, name, TTL_DEFAULT);
	if (ret != KNOT_EOK && ret != KNOT_ENOMEM) {
		ret = source_error(err, ret, source->name, 0, "%s",
		                   ret == KNOT_EFILE ? "not a regular file" : strerror(errno));
	}
	while (ret == KNOT_EOK && scan.depth > 0) {
		ret = step(&scan);
	}
	while (scan.depth > 0) {
		pop(&scan);
	}
	return ret;
}
