/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Formatters of zone-file names. A zone's name may hold slashes, which become underscores: a name
 * must not lead out of its folder.
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmxcheck/zonefile.h"

/* What knotd has room for, too. */
#define NAME_MAX_LEN 1023
#define INDEX_MAX    255

typedef struct {
	char text[NAME_MAX_LEN + 1];
	size_t len;
} buffer_t;

static int append(buffer_t *buffer, const char *text, size_t len)
{
	if (len > NAME_MAX_LEN - buffer->len) {
		return KNOT_ERANGE;
	}
	memcpy(buffer->text + buffer->len, text, len);
	buffer->len += len;
	buffer->text[buffer->len] = '\0';
	return KNOT_EOK;
}

static int append_name(buffer_t *buffer, const char *text, size_t len)
{
	size_t from = buffer->len;
	int ret = append(buffer, text, len);
	for (size_t i = from; i < buffer->len; i++) {
		if (buffer->text[i] == '/') {
			buffer->text[i] = '_';
		}
	}
	return ret;
}

/*! A name as text, without the final dot: of the root that leaves nothing. */
static int append_dname(buffer_t *buffer, const knot_dname_t *name)
{
	knot_dname_txt_storage_t text;
	if (knot_dname_to_str(text, name, sizeof(text)) == NULL) {
		return KNOT_EINVAL;
	}
	return append_name(buffer, text, strlen(text) - 1);
}

/*! The characters first to last of the name with its final dot; those behind its end are none. */
static int append_chars(buffer_t *buffer, const knot_dname_t *zone, unsigned first, unsigned last)
{
	knot_dname_txt_storage_t text;
	if (knot_dname_to_str(text, zone, sizeof(text)) == NULL) {
		return KNOT_EINVAL;
	}
	size_t len = strlen(text);
	if (first >= len) {
		return KNOT_EOK;
	}
	size_t end = (last < len) ? last + 1 : len;
	return append_name(buffer, text + first, end - first);
}

/*! A label, counted from the right; 0 is the one below the root. */
static int append_label(buffer_t *buffer, const knot_dname_t *zone, unsigned index)
{
	size_t labels = knot_dname_labels(zone, NULL);
	if (labels <= index) {
		return KNOT_EOK;
	}
	for (size_t skip = labels - index - 1; skip > 0; skip--) {
		zone += 1 + zone[0];
	}
	knot_dname_t label[1 + KNOT_DNAME_MAXLABELLEN + 1];
	memcpy(label, zone, 1 + zone[0]);
	label[1 + zone[0]] = '\0';
	return append_dname(buffer, label);
}

/*! Reads a number and moves behind it. */
static bool read_number(const char **at, unsigned *number)
{
	const char *pos = *at;
	*number = 0;
	while (*pos >= '0' && *pos <= '9' && *number <= INDEX_MAX) {
		*number = *number * 10 + (unsigned)(*pos++ - '0');
	}
	bool fine = (pos > *at && *number <= INDEX_MAX);
	*at = pos;
	return fine;
}

/*! Reads "[N]", or where a range is allowed "[N-M]", and moves behind it. */
static bool read_index(const char **at, bool range, unsigned *first, unsigned *last)
{
	const char *pos = *at;
	if (*pos++ != '[' || !read_number(&pos, first)) {
		return false;
	}
	*last = *first;
	if (range && *pos == '-') {
		pos++;
		if (!read_number(&pos, last)) {
			return false;
		}
	}
	if (*pos++ != ']' || *last < *first) {
		return false;
	}
	*at = pos;
	return true;
}

/*! Handles a formatter; at is behind the percent sign and is moved behind the rest of it. */
static int append_format(buffer_t *buffer, const char **at, const knot_dname_t *zone)
{
	unsigned first, last;
	char type = **at;
	*at += (type != '\0');
	switch (type) {
	case '%':
		return append(buffer, "%", 1);
	case 's':
		return append_dname(buffer, zone);
	case 'c':
		return read_index(at, true, &first, &last)
		       ? append_chars(buffer, zone, first, last) : KNOT_EINVAL;
	case 'l':
		return read_index(at, false, &first, &last)
		       ? append_label(buffer, zone, first) : KNOT_EINVAL;
	default:
		return KNOT_EOK;
	}
}

int zonefile_path(char **out, const char *storage, const char *file, const knot_dname_t *zone)
{
	buffer_t buffer = { .len = 0 };
	*out = NULL;
	while (*file != '\0') {
		size_t len = strcspn(file, "%");
		int ret = append(&buffer, file, len);
		file += len;
		if (ret == KNOT_EOK && *file == '%') {
			file++;
			ret = append_format(&buffer, &file, zone);
		}
		if (ret != KNOT_EOK) {
			return ret;
		}
	}

	bool absolute = (buffer.text[0] == '/');
	size_t size = strlen(storage) + buffer.len + 2;
	*out = malloc(size);
	if (*out == NULL) {
		return KNOT_ENOMEM;
	}
	(void)snprintf(*out, size, "%s%s%s", absolute ? "" : storage, absolute ? "" : "/",
	               buffer.text);
	return KNOT_EOK;
}
