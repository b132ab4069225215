/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Reading the list of a vendor from a file, octet by octet: a line is never held beyond the limit.
 * What the file says is put together apart, because its exceptions are no other list's.
 */

#define _GNU_SOURCE /* strerrordesc_np() */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libknot/errcode.h>

#include "policy/netfile.h"

/*! How much of a path and of a bad line an error shows. */
#define SHOW_PATH_MAX 320
#define SHOW_TEXT_MAX 64
/*! A "date:" line is shorter than that. */
#define NOTE_MAX 64

/*! What a name is relative to that should not be: no written name has such an octet. */
static const knot_dname_t relative[] = { 1, 0xff, 0 };

typedef struct {
	netset_t *nets; /*!< What this file says. */
	names_t names;
	size_t entries;
	const char *path;
	netfile_info_t info;
	size_t line;
	char *err;
} reader_t;

/*! A line, without its comment. */
typedef struct {
	char text[NETFILE_LINE_MAX + 1];
	size_t len;
	bool too_long;
	char note[NOTE_MAX]; /*!< The beginning of a comment that is the whole line. */
	size_t note_len;
	bool last;           /*!< The file ends here. */
} line_t;

/*! Writes text for people to read. Octets refused by ok() become \DDD; "..." marks text that is too
 *  long. */
static void show(char *out, size_t size, const char *text, size_t len, bool (*ok)(unsigned char))
{
	size_t at = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (at + sizeof("\\DDD...") > size) {
			memcpy(out + at, "...", 3);
			at += 3;
			break;
		}
		if (ok(c)) {
			out[at++] = (char)c;
		} else {
			at += (size_t)snprintf(out + at, size - at, "\\%03u", c);
		}
	}
	out[at] = '\0';
}

static bool is_printable(unsigned char c)
{
	return c >= 0x20 && c < 0x7f;
}

/*! A path may well be UTF-8. */
static bool is_no_control(unsigned char c)
{
	return c >= 0x20 && c != 0x7f;
}

/*! Fills err: the place, and what is wrong. */
static void complain(const reader_t *reader, size_t line, const char *what)
{
	char path[SHOW_PATH_MAX];
	show(path, sizeof(path), reader->path, strlen(reader->path), is_no_control);
	if (line > 0) {
		(void)snprintf(reader->err, NETFILE_ERR_MAX, "%s:%zu: %s", path, line, what);
	} else {
		(void)snprintf(reader->err, NETFILE_ERR_MAX, "%s: %s", path, what);
	}
}

static int complain_errno(const reader_t *reader, int code)
{
	/* Not strerror(): no translation, and so no lock of the locale. */
	const char *what = strerrordesc_np(code);
	complain(reader, 0, what != NULL ? what : "unknown error");
	return knot_map_errno_code(code);
}

static bool is_blank(const line_t *line)
{
	for (size_t i = 0; i < line->len; i++) {
		if (line->text[i] != ' ' && line->text[i] != '\t') {
			return false;
		}
	}
	return true;
}

/*! Reads up to the end of the line, or of the file. */
static void line_read(line_t *line, FILE *file)
{
	enum { TEXT, NOTE, COMMENT } where = TEXT;
	line->len = 0;
	line->note_len = 0;
	line->too_long = false;

	int c;
	while ((c = getc_unlocked(file)) != EOF && c != '\n') {
		if (where == TEXT && (c == '#' || c == ';')) {
			where = c == '#' && is_blank(line) ? NOTE : COMMENT;
		} else if (where == NOTE && line->note_len < sizeof(line->note) - 1) {
			line->note[line->note_len++] = (char)c;
		} else if (where == TEXT && line->len < NETFILE_LINE_MAX) {
			line->text[line->len++] = (char)c;
		} else if (where == TEXT) {
			line->too_long = true; /* It may be as long as the file. */
			break;
		}
	}
	if (where == TEXT && line->len > 0 && line->text[line->len - 1] == '\r') {
		line->len--;
	}
	line->text[line->len] = '\0';
	line->note[line->note_len] = '\0';
	line->last = c == EOF;
}

/*! Reads a number of exactly so many digits and goes past it. */
static bool read_number(const char **str, int digits, int *out)
{
	*out = 0;
	for (; digits > 0; digits--, (*str)++) {
		if (**str < '0' || **str > '9') {
			return false;
		}
		*out = *out * 10 + (**str - '0');
	}
	return true;
}

/*! Takes the date if the note is "date: YYYY-MM-DD", whatever follows after white space. */
static void info_date(netfile_info_t *info, const char *note)
{
	int year, month, day;
	note += strspn(note, " \t");
	if (info->year != 0 || strncmp(note, "date:", 5) != 0) {
		return;
	}
	note += 5;
	note += strspn(note, " \t");
	if (!read_number(&note, 4, &year) || *note++ != '-' ||
	    !read_number(&note, 2, &month) || *note++ != '-' ||
	    !read_number(&note, 2, &day) || strchr(" \t\r", *note) == NULL) {
		return;
	}
	if (year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= 31) {
		info->year = year;
		info->month = month;
		info->day = day;
	}
}

/*! Says what is wrong with an entry. */
static int bad_entry(const reader_t *reader, const char *what, const char *text, size_t len)
{
	char shown[SHOW_TEXT_MAX], said[SHOW_TEXT_MAX + 80];
	show(shown, sizeof(shown), text, len, is_printable);
	(void)snprintf(said, sizeof(said), "%s '%s'", what, shown);
	complain(reader, reader->line, said);
	return KNOT_EMALF;
}

/*! Adds a name that ends in a dot. Returns what is wrong with it, or NULL. */
static const char *add_name(reader_t *reader, const char *text, bool except, int *ret)
{
	knot_dname_storage_t name = { 0 };
	if (name_from_str(name, text, relative) != KNOT_EOK ||
	    knot_dname_in_bailiwick(name, relative) >= 0) { /* The dot was an escaped one. */
		return "not a domain name";
	}
	if (name[0] == '\0') {
		return "not a domain below the root";
	}
	if (name_has_asterisk(name)) {
		return "a pattern, not a domain name";
	}
	reader->info.names += !except;
	*ret = names_append(&reader->names, name, except);
	return NULL;
}

static const char *add_net(reader_t *reader, const char *text, bool except, int *ret)
{
	net_t net;
	if (net_from_str(&net, text) != KNOT_EOK) {
		return "neither a network nor a name that ends in a dot";
	}
	if (!except) {
		reader->info.count++;
		*(net.family == 4 ? &reader->info.covers4 : &reader->info.covers6) +=
			net_addresses(&net);
	}
	*ret = except ? netset_except(reader->nets, &net) : netset_add(reader->nets, &net);
	return NULL;
}

/*! Leaves out white space around a line's text. Returns its length. */
static size_t trim(line_t *line, char **out)
{
	char *text = line->text;
	size_t len = line->len;
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t')) {
		text[--len] = '\0';
	}
	while (len > 0 && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	*out = text;
	return len;
}

static int line_use(reader_t *reader, line_t *line)
{
	char *text;
	const size_t len = trim(line, &text);
	if (len == 0) {
		return KNOT_EOK;
	}
	if (reader->entries == NETFILE_ENTRIES_MAX) {
		complain(reader, reader->line, "too many entries");
		return KNOT_EMALF;
	}
	reader->entries++;

	int ret = KNOT_EOK;
	const bool except = *text == '!';
	const char *what = strlen(text) != len ? "neither a network nor a name"
	                 : text[len - 1] == '.' ? add_name(reader, text + except, except, &ret)
	                                        : add_net(reader, text + except, except, &ret);
	if (what != NULL) {
		return bad_entry(reader, what, text, len);
	}
	if (ret != KNOT_EOK) {
		complain(reader, 0, "not enough memory");
	}
	return ret;
}

static void skip_bom(line_t *line)
{
	if (line->len >= 3 && memcmp(line->text, "\xef\xbb\xbf", 3) == 0) {
		line->len -= 3;
		memmove(line->text, line->text + 3, line->len + 1);
	}
}

static int read_all(reader_t *reader, FILE *file)
{
	line_t line;
	do {
		line_read(&line, file);
		if (ferror(file)) {
			return complain_errno(reader, errno);
		}
		if (++reader->line == 1) {
			skip_bom(&line);
		}
		if (line.too_long) {
			complain(reader, reader->line, "line too long");
			return KNOT_EMALF;
		}
		info_date(&reader->info, line.note);
		int ret = line_use(reader, &line);
		if (ret != KNOT_EOK) {
			return ret;
		}
	} while (!line.last);

	if (reader->info.count + reader->info.names == 0) {
		complain(reader, 0, "neither a network nor a name in it");
		return KNOT_EMALF;
	}
	return KNOT_EOK;
}

/*! Opens a regular file. Not to hang on a FIFO, it does not wait for a writer. */
static int open_regular(const reader_t *reader, FILE **out)
{
	int fd = open(reader->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		return complain_errno(reader, errno);
	}

	struct stat st;
	int ret = KNOT_EOK;
	if (fstat(fd, &st) != 0) {
		ret = complain_errno(reader, errno);
	} else if (!S_ISREG(st.st_mode)) {
		complain(reader, 0, "not a regular file");
		ret = KNOT_EFILE;
	} else if ((*out = fdopen(fd, "r")) == NULL) {
		ret = complain_errno(reader, errno);
	}
	if (ret != KNOT_EOK) {
		(void)close(fd);
	}
	return ret;
}

/*! Hands over what the file says. */
static int unite(reader_t *reader, netset_t *set, names_t *names)
{
	names_sort(&reader->names);
	int ret = names_unite(names, &reader->names);
	if (ret == KNOT_EOK) {
		ret = netset_unite(set, reader->nets);
	}
	if (ret != KNOT_EOK) {
		complain(reader, 0, "not enough memory");
		return ret;
	}
	reader->nets = NULL;
	return KNOT_EOK;
}

int netfile_read(netset_t *set, names_t *names, const char *path, netfile_info_t *info,
                 char err[static NETFILE_ERR_MAX])
{
	reader_t reader = { .nets = netset_new(), .path = path, .err = err };
	FILE *file = NULL;

	err[0] = '\0';
	if (reader.nets == NULL) {
		complain(&reader, 0, "not enough memory");
		return KNOT_ENOMEM;
	}
	int ret = open_regular(&reader, &file);
	if (ret == KNOT_EOK) {
		ret = read_all(&reader, file);
		(void)fclose(file);
	}
	if (ret == KNOT_EOK) {
		ret = unite(&reader, set, names);
	}
	if (info != NULL) {
		*info = reader.info;
	}
	netset_free(reader.nets);
	names_clear(&reader.names);
	return ret;
}
