/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Reading the list of a vendor from a file, piece by piece: a line is never held beyond the limit.
 * The file's contents are collected separately, because its exceptions are for no other list.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libknot/errcode.h>
#include <libzscanner/scanner.h>

#include "dns/text.h"
#include "policy/netfile.h"

/*! How much of a bad line an error shows. */
#define SHOW_TEXT_MAX 64
/*! The largest zone file that is a list, in octets: a million entries fit. */
#define ZONE_SIZE_MAX (64 << 20)
/*! A "date:" line is shorter than that. */
#define NOTE_MAX 64

/*! What a name is relative to that should not be: no written name has such an octet. */
static const knot_dname_t relative[] = { 1, 0xff, 0 };

/*! A file, and what was read of it and not used yet. */
typedef struct {
	FILE *file;
	size_t pos, size;
	char at[1 << 15];
} input_t;

typedef struct {
	const netfile_visitor_t *visitor;
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
	bool comment;        /*!< There is one. */
	char note[NOTE_MAX]; /*!< The beginning of a comment that is the whole line. */
	size_t note_len;
	bool last;           /*!< The file ends here. */
} line_t;

static char *path_in(const char *folder, const char *name)
{
	const size_t size = strlen(folder) + 1 + strlen(name) + 1;
	char *path = malloc(size);
	if (path != NULL) {
		(void)snprintf(path, size, "%s/%s", folder, name);
	}
	return path;
}

char *netfile_find(const char *name)
{
	if (name[0] == '/') {
		return strdup(name);
	}
	/* One that is there, and can't be read, is not ignored. Nor is a dangling link. */
	struct stat st;
	char *path = path_in(LOCAL_PROXIES_DIR, name);
	if (path == NULL || lstat(path, &st) == 0 || errno != ENOENT) {
		return path;
	}
	free(path);
	return path_in(PROXIES_DIR, name);
}

/*! Fills err: the place, and what is wrong. Returns ret. */
static int complain(const reader_t *reader, int ret, size_t line, const char *what)
{
	char err[ERROR_TEXT_MAX];
	(void)error_at(err, ret, (source_pos_t){ reader->path, line }, "%s", what);
	(void)snprintf(reader->err, NETFILE_ERR_MAX, "%.*s", NETFILE_ERR_MAX - 1, err);
	return ret;
}

static int complain_errno(const reader_t *reader, int code)
{
	char what[128] = "";
	(void)strerror_r(code, what, sizeof(what)); /* Other than strerror(), for any thread. */
	return complain(reader, knot_map_errno_code(code), 0, what);
}

/*! Reads more. False: there is none, or an error. */
static bool input_more(input_t *in)
{
	in->pos = 0;
	in->size = fread(in->at, 1, sizeof(in->at), in->file);
	return in->size > 0;
}

static int input_next(input_t *in)
{
	return in->pos < in->size || input_more(in) ? (unsigned char)in->at[in->pos++] : EOF;
}

/*! Reads a line as most are: in the buffer as a whole, and without a comment. */
static bool line_read_whole(line_t *line, input_t *in)
{
	const char *begin = in->at + in->pos;
	const char *end = memchr(begin, '\n', in->size - in->pos);
	const size_t len = end != NULL ? (size_t)(end - begin) : 0;
	if (end == NULL || len > NETFILE_LINE_MAX || memchr(begin, '#', len) != NULL ||
	    memchr(begin, ';', len) != NULL) {
		return false;
	}
	memcpy(line->text, begin, len);
	line->len = len;
	in->pos += len + 1;
	return true;
}

/*! The same octet by octet. */
static void line_read_octets(line_t *line, input_t *in)
{
	enum { TEXT, NOTE, COMMENT } where = TEXT;
	bool blank = true;
	int c;
	while ((c = input_next(in)) != EOF && c != '\n') {
		if (where == TEXT && (c == '#' || c == ';')) {
			where = c == '#' && blank ? NOTE : COMMENT;
		} else if (where == NOTE && line->note_len < sizeof(line->note) - 1) {
			line->note[line->note_len++] = (char)c;
		} else if (where == TEXT && line->len < NETFILE_LINE_MAX) {
			line->text[line->len++] = (char)c;
			blank = blank && (c == ' ' || c == '\t');
		} else if (where == TEXT) {
			line->too_long = true; /* It may be as long as the file. */
			break;
		}
	}
	line->comment = where != TEXT;
	line->last = c == EOF;
}

/*! Reads up to the end of the line, or of the file. */
static void line_read(line_t *line, input_t *in)
{
	line->len = 0;
	line->note_len = 0;
	line->too_long = line->comment = line->last = false;
	if (!line_read_whole(line, in)) {
		line_read_octets(line, in);
	}
	if (!line->comment && line->len > 0 && line->text[line->len - 1] == '\r') {
		line->len--;
	}
	line->text[line->len] = '\0';
	line->note[line->note_len] = '\0';
}

/*! Reads a number of exactly so many digits, and skips it. */
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

/*! Reads the date if the note is "date: YYYY-MM-DD", whatever follows after white space. */
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
	text_show(shown, sizeof(shown), text, len, true);
	(void)snprintf(said, sizeof(said), "%s '%s'", what, shown);
	return complain(reader, KNOT_EMALF, reader->line, said);
}

/*! What is wrong with a name, or NULL. */
static const char *name_fault(const knot_dname_t *name)
{
	if (name[0] == '\0') {
		return "not a domain below the root";
	}
	return name_has_asterisk(name) ? "a pattern, not a domain name" : NULL;
}

/*! Reads a name that ends in a dot. Returns what is wrong with it, or NULL. */
static const char *read_name(knot_dname_storage_t name, const char *text)
{
	if (name_from_str(name, text, relative) != KNOT_EOK ||
	    knot_dname_in_bailiwick(name, relative) >= 0) { /* The dot was an escaped one. */
		return "not a domain name";
	}
	return name_fault(name);
}

/*! The result of a call of the visitor. */
static int visited(const reader_t *reader, int ret)
{
	return ret == KNOT_EOK ? ret : complain(reader, ret, 0, "not enough memory");
}

static int use_name(reader_t *reader, const knot_dname_t *name, bool except)
{
	reader->info.names += !except;
	reader->info.name_excepts += except;
	return visited(reader, reader->visitor->name(reader->visitor->ctx, name, except));
}

static int use_net(reader_t *reader, const net_t *net, bool except)
{
	double *covers = net->family == 4 ? &reader->info.covers4 : &reader->info.covers6;
	reader->info.count += !except;
	*covers += except ? -net_addresses(net) : net_addresses(net);
	return visited(reader, reader->visitor->net(reader->visitor->ctx, net, except));
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

static int count_entry(reader_t *reader)
{
	if (reader->entries == NETFILE_ENTRIES_MAX) {
		return complain(reader, KNOT_EMALF, reader->line, "too many entries");
	}
	reader->entries++;
	return KNOT_EOK;
}

static int line_use(reader_t *reader, line_t *line)
{
	char *text;
	const size_t len = trim(line, &text);
	if (len == 0) {
		return KNOT_EOK;
	}
	if (count_entry(reader) != KNOT_EOK) {
		return KNOT_EMALF;
	}

	const bool except = *text == '!', named = text[len - 1] == '.';
	knot_dname_storage_t name;
	net_t net;
	const char *what = NULL;
	if (strlen(text) != len) {
		what = "neither a network nor a name";
	} else if (named) {
		what = read_name(name, text + except);
	} else if (net_from_str(&net, text + except) != KNOT_EOK) {
		what = "neither a network nor a name that ends in a dot";
	}
	if (what != NULL) {
		return bad_entry(reader, what, text, len);
	}
	return named ? use_name(reader, name, except) : use_net(reader, &net, except);
}

static void skip_bom(line_t *line)
{
	if (line->len >= 3 && memcmp(line->text, "\xef\xbb\xbf", 3) == 0) {
		line->len -= 3;
		memmove(line->text, line->text + 3, line->len + 1);
	}
}

/*! The first line with an entry shows what a zone file is: a directive, or an SOA record. */
static bool is_zone_line(const line_t *line)
{
	static const char blanks[] = " \t";
	const char *at = line->text;
	bool soa = false;
	for (size_t len; *at != '\0' && !soa; at += len) {
		at += strspn(at, blanks);
		len = strcspn(at, blanks);
		soa = len == 3 && at > line->text && strncasecmp(at, "SOA", 3) == 0;
	}
	return line->text[0] == '$' || soa;
}

/*! Uses the items of an APL record: family, prefix, negation and length, address without its zeros
 *  at the end (RFC 3123 4). Items of other families are ignored. */
static int use_apl(reader_t *reader, const uint8_t *at, size_t size)
{
	int ret = KNOT_EOK;
	while (size >= 4 && ret == KNOT_EOK) {
		const uint16_t family = (uint16_t)(at[0] << 8 | at[1]);
		const size_t len = at[3] & 0x7f;
		if (len > size - 4) {
			break;
		}
		if (family == 1 || family == 2) {
			uint8_t address[16] = { 0 };
			net_t net;
			memcpy(address, at + 4, len < sizeof(address) ? len : sizeof(address));
			if (len > (family == 1 ? 4 : 16) ||
			    net_from_addr(&net, family == 1 ? 4 : 6, address, NULL, at[2]) !=
			    KNOT_EOK) {
				break;
			}
			ret = count_entry(reader);
			if (ret == KNOT_EOK) {
				ret = use_net(reader, &net, at[3] & 0x80);
			}
		}
		at += 4 + len;
		size -= 4 + len;
	}
	if (ret == KNOT_EOK && size > 0) {
		return complain(reader, KNOT_EMALF, reader->line,
		                "APL record with a malformed item");
	}
	return ret;
}

/*! Uses the name of a PTR record. */
static int use_ptr(reader_t *reader, uint8_t *name)
{
	int ret = count_entry(reader);
	if (ret != KNOT_EOK) {
		return ret;
	}
	knot_dname_to_lower(name);
	const char *what = name_fault(name);
	return what != NULL ? complain(reader, KNOT_EMALF, reader->line, what)
	                    : use_name(reader, name, false);
}

static int use_record(reader_t *reader, zs_scanner_t *scanner)
{
	switch (scanner->r_class == KNOT_CLASS_IN ? scanner->r_type : 0) {
	case KNOT_RRTYPE_APL:
		return use_apl(reader, scanner->r_data, scanner->r_data_length);
	case KNOT_RRTYPE_PTR:
		return use_ptr(reader, scanner->r_data);
	default:
		return KNOT_EOK;
	}
}

static int scan_zone(reader_t *reader, zs_scanner_t *scanner)
{
	int ret = KNOT_EOK;
	while (ret == KNOT_EOK && zs_parse_record(scanner) == 0) {
		reader->line = scanner->line_counter;
		switch (scanner->state) {
		case ZS_STATE_DATA:
			ret = use_record(reader, scanner);
			break;
		case ZS_STATE_ERROR:
			return complain(reader, KNOT_EMALF, reader->line,
			                zs_strerror(scanner->error.code));
		case ZS_STATE_INCLUDE:
			return complain(reader, KNOT_EMALF, reader->line,
			                "a list includes no other file");
		case ZS_STATE_EOF:
			return KNOT_EOK;
		default:
			break;
		}
	}
	return ret;
}

/*! Reads a zone file from its beginning, all at once: a mapped file could be truncated
 *  meanwhile. */
static int read_zone(reader_t *reader, FILE *file)
{
	struct stat st;
	bool known = fstat(fileno(file), &st) == 0 && st.st_size <= ZONE_SIZE_MAX;
	const size_t room = known ? (size_t)st.st_size + 1 : ZONE_SIZE_MAX + 1;
	zs_scanner_t *scanner = malloc(sizeof(*scanner));
	char *text = malloc(room);
	int ret;
	if (scanner == NULL || text == NULL || zs_init(scanner, ".", KNOT_CLASS_IN, 0) != 0) {
		free(scanner);
		free(text);
		return complain(reader, KNOT_ENOMEM, 0, "not enough memory");
	}
	rewind(file);
	size_t size = fread(text, 1, room, file);
	if (ferror(file)) {
		ret = complain_errno(reader, errno);
	} else if (size == room) {
		ret = complain(reader, KNOT_EMALF, 0,
		               "zone file too large for a list, or being written");
	} else if (zs_set_input_string(scanner, text, size) != 0) {
		ret = complain(reader, KNOT_ENOMEM, 0, "not enough memory");
	} else {
		reader->entries = 0;
		ret = scan_zone(reader, scanner);
	}
	zs_deinit(scanner);
	free(scanner);
	free(text);
	return ret;
}

static int read_lines(reader_t *reader, FILE *file)
{
	input_t in = { .file = file };
	line_t line;
	do {
		line_read(&line, &in);
		if (ferror(file)) {
			return complain_errno(reader, errno);
		}
		if (++reader->line == 1) {
			skip_bom(&line);
		}
		if (line.too_long) {
			return complain(reader, KNOT_EMALF, reader->line, "line too long");
		}
		if (line.note_len > 0) {
			info_date(&reader->info, line.note);
		}
		if (reader->entries == 0 && is_zone_line(&line)) {
			return read_zone(reader, file);
		}
		int ret = line_use(reader, &line);
		if (ret != KNOT_EOK) {
			return ret;
		}
	} while (!line.last);
	return KNOT_EOK;
}

/*! Opens a regular file. Does not wait for a writer, so that a FIFO can't block it. */
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
		ret = complain(reader, KNOT_EFILE, 0, "not a regular file");
	} else if ((*out = fdopen(fd, "r")) == NULL) {
		ret = complain_errno(reader, errno);
	}
	if (ret != KNOT_EOK) {
		(void)close(fd);
	}
	return ret;
}

int netfile_visit(const char *path, const netfile_visitor_t *visitor, netfile_info_t *info,
                  char err[static NETFILE_ERR_MAX])
{
	reader_t reader = { .visitor = visitor, .path = path, .err = err };
	FILE *file = NULL;

	err[0] = '\0';
	int ret = open_regular(&reader, &file);
	if (ret == KNOT_EOK) {
		ret = read_lines(&reader, file);
		(void)fclose(file);
	}
	if (ret == KNOT_EOK && reader.info.count + reader.info.names == 0) {
		ret = complain(&reader, KNOT_EMALF, 0, "neither a network nor a name in it");
	}
	if (info != NULL) {
		*info = reader.info;
	}
	return ret;
}

/*! The contents of a file. */
typedef struct {
	netset_t *nets;
	names_t names;
} list_t;

static int list_net(void *ctx, const net_t *net, bool except)
{
	list_t *list = ctx;
	return except ? netset_except(list->nets, net) : netset_add(list->nets, net);
}

static int list_name(void *ctx, const knot_dname_t *name, bool except)
{
	list_t *list = ctx;
	return names_append(&list->names, name, except);
}

int netfile_read(netset_t *set, names_t *names, const char *path, netfile_info_t *info,
                 char err[static NETFILE_ERR_MAX])
{
	list_t list = { .nets = netset_new() };
	const netfile_visitor_t visitor = { list_net, list_name, &list };
	const reader_t reader = { .path = path, .err = err };

	if (list.nets == NULL) {
		return visited(&reader, KNOT_ENOMEM);
	}
	int ret = netfile_visit(path, &visitor, info, err);
	if (ret == KNOT_EOK) {
		names_sort(&list.names);
		ret = names_unite(names, &list.names);
		ret = ret == KNOT_EOK ? netset_unite(set, list.nets) : ret;
		list.nets = ret == KNOT_EOK ? NULL : list.nets;
		ret = visited(&reader, ret);
	}
	netset_free(list.nets);
	names_clear(&list.names);
	return ret;
}

bool netfile_shrunk(const netfile_extent_t *before, const netfile_extent_t *now)
{
	return now->v4 < before->v4 / 2 || now->v6 < before->v6 / 2 ||
	       now->names < before->names / 2;
}
