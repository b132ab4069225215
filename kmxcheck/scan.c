/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Reading zone files. Included files are read here, not by libzscanner, so that they can be
 * counted, and that a loop of them ends with an error that says so.
 */

#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include <libzscanner/scanner.h>

#include "dns/rrset.h"
#include "kmxcheck/lang.h"
#include "kmxcheck/scan.h"
#include "kmxcheck/xalloc.h"

/*! The TTL before the first $TTL, as knotd has it. */
#define TTL_DEFAULT 3600

/*! A scan of a file and all that it includes. */
typedef struct {
	record_f record;
	void *ctx;
	file_names_t *files;
	size_t includes;
	char *err;
} scan_t;

/*! The folder of a file: as it is written unless the file is a link to another one. For free();
 *  NULL: the file is not there. */
static char *folder_of(const char *file)
{
	char *copy = xstrdup(file), *real = realpath(file, NULL);
	char *folder = dirname(copy), *real_folder = realpath(folder, NULL);
	char *out = real == NULL || real_folder == NULL ? NULL : xstrdup(dirname(real));
	if (out != NULL && strcmp(out, real_folder) == 0) {
		free(out);
		out = xstrdup(folder);
	}
	free(copy);
	free(real);
	free(real_folder);
	return out;
}

/*! The path of an included file: relative to the folder of the file that names it. */
static char *include_path(const char *includer, const char *path)
{
	if (*path == '/') {
		return xstrdup(path);
	}
	while (strncmp(path, "./", 2) == 0) {
		path += 2; /* The scanner adds one. */
	}
	/* Text that is in no file is as if it were in the working folder. */
	char *folder = folder_of(includer);
	char *joined = folder == NULL || strcmp(folder, ".") == 0
	               ? xstrdup(path) : xformat("%s/%s", folder, path);
	free(folder);
	return joined;
}

/* Records */

static int scan_record(const scan_t *scan, zs_scanner_t *scanner, source_pos_t pos, mark_t mark)
{
	if (!rdata_check(scanner->r_type, scanner->r_data, scanner->r_data_length, true)) {
		return error_at(scan->err, KNOT_EPARSEFAIL, pos, _("malformed data of the record"));
	}
	knot_dname_to_lower(scanner->r_owner);
	const record_t record = {
		.owner = scanner->r_owner,
		.type = scanner->r_type,
		.ttl = scanner->r_ttl,
		.rdata = scanner->r_data,
		.size = (uint16_t)scanner->r_data_length,
		.pos = pos,
		.mark = mark,
	};
	return scan->record(scan->ctx, &record);
}

static int scan_at_depth(scan_t *scan, const char *name, const text_t *text,
                         const char *origin, uint32_t ttl, unsigned depth);

static int scan_include(scan_t *scan, zs_scanner_t *scanner, source_pos_t pos, unsigned depth)
{
	/* It leaves the directive without a return, and would overflow its stack in time. */
	scanner->top = 0;
	if (depth == ZONE_DEPTH_MAX || ++scan->includes > ZONE_INCLUDES_MAX) {
		return error_at(scan->err, KNOT_EPARSEFAIL, pos,
		                _("too many files included, an include loop?"));
	}
	text_t text;
	const char *what;
	char *path = include_path(pos.file, scanner->include_filename);
	int ret = file_read(path, false, &text, &what);
	if (ret == KNOT_EOK) {
		ret = scan_at_depth(scan, path, &text, (const char *)scanner->buffer,
		                    scanner->default_ttl, depth + 1);
	} else {
		(void)error_at(scan->err, ret, pos, _("included file '%.100s': %s"), path, what);
	}
	free(text.at);
	free(path);
	return ret;
}

/*! Scans text; depth is how many files are being read, this one included. */
static int scan_at_depth(scan_t *scan, const char *name, const text_t *text,
                         const char *origin, uint32_t ttl, unsigned depth)
{
	zs_scanner_t *scanner = xcheck(malloc(sizeof(*scanner)));
	char **file = xadd(scan->files);
	source_pos_t pos = { .file = *file = xstrdup(name) };
	int ret = KNOT_EOK;
	marks_t marks = { .at = NULL };
	char *copy = export_without_placeholders(text->at, text->size);
	const char *input = copy != NULL ? copy : text->size > 0 ? text->at : "";
	marks_find(&marks, input, text->size);
	if (zs_init(scanner, origin, KNOT_CLASS_IN, ttl) != 0 ||
	    zs_set_input_string(scanner, input, text->size) != 0) {
		ret = error_at(scan->err, KNOT_EINVAL, (source_pos_t){ .file = name },
		               _("bad origin"));
	}
	for (bool more = true; more && ret == KNOT_EOK;) {
		int parsed = zs_parse_record(scanner);
		pos.line = scanner->line_counter;
		if (parsed != 0 || scanner->state == ZS_STATE_ERROR) {
			ret = error_at(scan->err, KNOT_EPARSEFAIL, pos, "%s",
			               zs_strerror(scanner->error.code));
		} else if (scanner->state == ZS_STATE_DATA) {
			ret = scan_record(scan, scanner, pos, marks_at(&marks, pos.line));
		} else if (scanner->state == ZS_STATE_INCLUDE) {
			ret = scan_include(scan, scanner, pos, depth);
		} else {
			more = false;
		}
	}
	zs_deinit(scanner);
	free(scanner);
	vec_free(&marks);
	free(copy);
	return ret;
}

int scan_text(const char *name, const text_t *text, const knot_dname_t *origin,
              file_names_t *files, record_f record, void *ctx, char err[static ERROR_TEXT_MAX])
{
	knot_dname_txt_storage_t origin_text;
	scan_t scan = { .record = record, .ctx = ctx, .files = files, .err = err };
	return scan_at_depth(&scan, name, text, name_text(origin_text, origin), TTL_DEFAULT, 1);
}

int scan_file(const char *path, const knot_dname_t *origin, record_f record, void *ctx,
              char err[static ERROR_TEXT_MAX])
{
	text_t text;
	file_names_t files = { .at = NULL };
	int ret = file_read_input(path, &text, err);
	if (ret == KNOT_EOK) {
		ret = scan_text(path, &text, origin, &files, record, ctx, err);
	}
	vec_free_all(&files);
	free(text.at);
	return ret;
}
