/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Marks, heads and placeholders of exports.
 */

#define _GNU_SOURCE /* memmem() */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "dns/text.h"
#include "kmxcheck/export.h"
#include "kmxcheck/xalloc.h"
#include "policy/names.h"

static const char tags[] = "cf_tags=";
static const char proxied_tag[] = "cf-proxied:true";
static const char proxy_on[] = "CF_PROXY_ON";

/*! Part of a text. */
typedef struct {
	const char *at;
	const char *end;
} text_part_t;

static const char *find(text_part_t in, const char *what)
{
	return memmem(in.at, (size_t)(in.end - in.at), what, strlen(what));
}

/*! Reads the next word, up to white space or another character. False: there is none. */
static bool next_word(text_part_t *from, char also, text_part_t *word)
{
	while (from->at < from->end && (isspace((unsigned char)*from->at) || *from->at == also)) {
		from->at++;
	}
	*word = (text_part_t){ from->at, from->at };
	while (from->at < from->end && !isspace((unsigned char)*from->at) && *from->at != also) {
		from->at++;
	}
	word->end = from->at;
	return word->end > word->at;
}

static bool is_word(text_part_t word, const char *text)
{
	size_t size = (size_t)(word.end - word.at);
	return size == strlen(text) && memcmp(word.at, text, size) == 0;
}

/*! The mark in a comment. Tags are at its end, after what people wrote. */
static mark_t mark_in(text_part_t comment)
{
	text_part_t rest = comment, word;
	while (next_word(&rest, ';', &word)) {
		if (is_word(word, proxy_on)) {
			return MARK_CF_PROXY_ON;
		}
	}
	const char *list = NULL;
	for (rest = comment; (rest.at = find(rest, tags)) != NULL; rest.at = list) {
		list = rest.at + sizeof(tags) - 1;
	}
	rest = (text_part_t){ list != NULL ? list : comment.end, comment.end };
	while (next_word(&rest, ',', &word)) {
		if (is_word(word, proxied_tag)) {
			return MARK_CF_TAGS;
		}
	}
	return MARK_NONE;
}

/*! The line from here on, without its line break. */
static text_part_t line_of(text_part_t rest)
{
	const char *end = memchr(rest.at, '\n', (size_t)(rest.end - rest.at));
	return (text_part_t){ rest.at, end != NULL ? end : rest.end };
}

/*! True if there is a mark after any semicolon. Most texts have few of those, or none. */
static bool has_mark(text_part_t rest)
{
	while (rest.at < rest.end &&
	       (rest.at = memchr(rest.at, ';', (size_t)(rest.end - rest.at))) != NULL) {
		text_part_t comment = line_of(rest);
		if (mark_in(comment) != MARK_NONE) {
			return true;
		}
		rest.at = comment.end;
	}
	return false;
}

/* The lines of records, as libzscanner counts them: quoted strings end with the line, what is in
 * parentheses does not. */

typedef struct {
	marks_t *out;
	marked_lines_t record; /*!< The one being read. */
	bool quoted;
	bool more;             /*!< In parentheses. */
} line_reader_t;

static void end_line(line_reader_t *reader)
{
	marked_lines_t *record = &reader->record;
	reader->quoted = false;
	if (!reader->more) {
		if (record->mark != MARK_NONE) {
			*(marked_lines_t *)xadd(reader->out) = *record;
		}
		*record = (marked_lines_t){ .first = record->last + 1 };
		record->last = record->first;
	} else {
		record->last++;
	}
}

void marks_find(marks_t *marks, const char *text, size_t size)
{
	text_part_t rest = { text, text + size };
	line_reader_t reader = { .out = marks, .record = { .first = 1, .last = 1 } };
	if (!has_mark(rest)) {
		return;
	}
	for (; rest.at < rest.end; rest.at++) {
		char c = *rest.at;
		if (c == '\n') {
			end_line(&reader);
		} else if (c == '\\') {
			rest.at += rest.at + 1 < rest.end && rest.at[1] != '\n';
		} else if (c == '"') {
			reader.quoted = !reader.quoted;
		} else if ((c == '(' || c == ')') && !reader.quoted) {
			reader.more = c == '(';
		} else if (c == ';' && !reader.quoted) {
			text_part_t comment = line_of(rest);
			mark_t mark = mark_in(comment);
			reader.record.mark = mark != MARK_NONE ? mark : reader.record.mark;
			rest.at = comment.end - 1;
		}
	}
	reader.more = false;
	end_line(&reader);
}

static int line_cmp(const void *key, const void *element)
{
	const uint64_t *line = key;
	const marked_lines_t *lines = element;
	return *line < lines->first ? -1 : *line > lines->last;
}

mark_t marks_at(const marks_t *marks, uint64_t line)
{
	const marked_lines_t *found = vec_find(marks, &line, line_cmp);
	return found != NULL ? found->mark : MARK_NONE;
}

const char *mark_text(mark_t mark)
{
	return mark == MARK_CF_TAGS ? proxied_tag : proxy_on;
}

/* RDATA */

/*! MARKED_PROXY_NAME. */
static const uint8_t proxy_name[] = { 1, 1, 0 };

/*! What stands for the proxy in RDATA of a type, or NULL. */
static const uint8_t *stand_in(uint16_t type, size_t *size)
{
	static const uint8_t proxy4[4] = { 255, 255, 255, 254 };
	static const uint8_t proxy6[16] = { 255, 255, 255, 255, 255, 255, 255, 255,
	                                    255, 255, 255, 255, 255, 255, 255, 254 };
	switch (type) {
	case KNOT_RRTYPE_A:
		*size = sizeof(proxy4);
		return proxy4;
	case KNOT_RRTYPE_AAAA:
		*size = sizeof(proxy6);
		return proxy6;
	case KNOT_RRTYPE_CNAME:
		*size = sizeof(proxy_name);
		return proxy_name;
	default:
		return NULL;
	}
}

uint16_t marked_make(uint8_t out[static MARKED_MAX], uint16_t type, mark_t mark,
                     const uint8_t *rdata, uint16_t size)
{
	size_t front;
	const uint8_t *proxy = stand_in(type, &front);
	if (proxy == NULL || mark == MARK_NONE || front + 1 + size > MARKED_MAX) {
		return 0;
	}
	memcpy(out, proxy, front);
	out[front] = (uint8_t)mark;
	memcpy(out + front + 1, rdata, size);
	return (uint16_t)(front + 1 + size);
}

/*! Octets before what is written; 0 if that is all there is. */
static size_t marked_front(uint16_t type, const knot_rdata_t *rdata)
{
	size_t front = 0;
	if (stand_in(type, &front) == NULL) {
		return 0;
	}
	size_t usual = type == KNOT_RRTYPE_CNAME ? knot_dname_size(rdata->data) : front;
	return rdata->len > usual ? front + 1 : 0;
}

mark_t marked_by(uint16_t type, const knot_rdata_t *rdata)
{
	size_t front = marked_front(type, rdata);
	return front > 0 ? (mark_t)rdata->data[front - 1] : MARK_NONE;
}

const uint8_t *marked_written(uint16_t type, const knot_rdata_t *rdata, uint16_t *size)
{
	size_t front = marked_front(type, rdata);
	if (size != NULL) {
		*size = (uint16_t)(rdata->len - front);
	}
	return rdata->data + front;
}

bool marked_is_proxy(const knot_dname_t *name)
{
	return knot_dname_is_equal(name, proxy_name);
}

bool marked_is_network(const net_t *net)
{
	size_t size = 0;
	const uint8_t *proxy = stand_in(type_of_family(net->family), &size);
	return memcmp(net->first, proxy, size) == 0 && memcmp(net->last, proxy, size) == 0;
}

/* Heads and placeholders */

bool export_domain(knot_dname_storage_t out, const char *text, size_t size)
{
	static const char key[] = "Domain:";
	text_part_t rest = { text, text + size };
	while (rest.at < rest.end && (*rest.at == ';' || *rest.at == '\n' || *rest.at == '\r')) {
		text_part_t line = line_of(rest), word;
		char name[KNOT_DNAME_TXT_MAXLEN + 1];
		rest.at = line.end + (line.end < rest.end);
		if (!next_word(&line, ';', &word) || !is_word(word, key) ||
		    !next_word(&line, ';', &word) ||
		    (size_t)(word.end - word.at) >= sizeof(name)) {
			continue;
		}
		memcpy(name, word.at, (size_t)(word.end - word.at));
		name[word.end - word.at] = '\0';
		if (name_from_str(out, name, (const knot_dname_t *)"") == KNOT_EOK &&
		    name_labels(out) > 1) {
			return true;
		}
	}
	return false;
}

char *export_without_placeholders(const char *text, size_t size)
{
	static const char placeholder[] = "ME$WITH^YOUR@NAMESERVER";
	text_part_t rest = { text, text + size };
	char *copy = NULL;
	while ((rest.at = find(rest, placeholder)) != NULL) {
		const char *begin = rest.at;
		while (begin > text && begin[-1] != '\n') {
			begin--;
		}
		/* OWNER TTL IN NS NAME: the type is what comes before the last word. */
		text_part_t line = { begin, rest.at }, word, type = { begin, begin };
		for (text_part_t last = type; next_word(&line, ';', &word); last = word) {
			type = last;
		}
		if (is_word(type, "NS")) {
			if (copy == NULL) {
				copy = xcheck(malloc(size));
				memcpy(copy, text, size);
			}
			copy[begin - text] = ';';
		}
		rest.at = line_of(rest).end;
	}
	return copy;
}
