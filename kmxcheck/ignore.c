/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Reading what is to be ignored, and finding it.
 */

#define _GNU_SOURCE /* strptime() */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dns/name.h"
#include "kmxcheck/file.h"
#include "kmxcheck/ignore.h"
#include "kmxcheck/lang.h"
#include "kmxcheck/xalloc.h"
#include "policy/names.h"

#define DAY 86400

static const knot_dname_t root[] = { 0 };

/* Reading */

/*! Splits a text in front of a colon that is no part of a name, which may hold an escaped one. */
static char *split(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\' && text[1] != '\0') {
			text++;
		} else if (*text == ':') {
			*text = '\0';
			return text + 1;
		}
	}
	return NULL;
}

/*! A name that is to be matched, or NULL: any. False: it is none. */
static bool read_name(char **out, const char *text)
{
	names_t names = { 0 };
	if (text == NULL || text[0] == '\0') {
		return true;
	}
	bool fine = xcheck_ret(names_add(&names, text, root)) == KNOT_EOK;
	names_clear(&names);
	*out = xstrdup(text);
	return fine;
}

static int bad_ignore(char *err, source_pos_t pos, const char *text, const char *what)
{
	char *clean = xcheck(clean_copy(text));
	int ret = pos.file != NULL ? error_at(err, KNOT_EINVAL, pos, "'%s': %s", clean, what)
	                           : error_at(err, KNOT_EINVAL, pos, "--ignore '%s': %s", clean,
	                                      what);
	free(clean);
	return ret;
}

static int add_ignore(ignores_t *ignores, const char *text, source_pos_t pos, char *err)
{
	ignore_t *ignore = xadd(&ignores->list);
	*ignore = (ignore_t){ .text = xstrdup(text), .pos = pos, .last_day = INT64_MAX };

	char *rule = xstrdup(text), *owner = split(rule);
	char *target = owner != NULL ? split(owner) : NULL;
	ignore->rule = audit_rule_of(rule);
	const char *wrong = NULL;
	if (ignore->rule == AUDIT_RULE_COUNT) {
		wrong = _("there is no such rule");
	} else if (!read_name(&ignore->owner, owner)) {
		wrong = _("the owner is not a domain name");
	} else if (!read_name(&ignore->target, target)) {
		wrong = _("the target is not a domain name");
	}
	free(rule);
	return wrong != NULL ? bad_ignore(err, pos, text, wrong) : KNOT_EOK;
}

int ignores_add(ignores_t *ignores, const char *text, char err[static ERROR_TEXT_MAX])
{
	return add_ignore(ignores, text, (source_pos_t){ .file = NULL }, err);
}

/*! The word at a text, which is ended, and where the next one begins. */
static char *next_word(char **at)
{
	static const char blank[] = " \t\r\n";
	char *word = *at + strspn(*at, blank);
	char *end = word + strcspn(word, blank);
	*at = end + strspn(end, blank);
	*end = '\0';
	return word;
}

/*! Reads YYYY-MM-DD as days since the epoch. */
static bool read_day(const char *text, int64_t *day)
{
	struct tm date = { 0 };
	char again[16];
	const char *end = strptime(text, "%Y-%m-%d", &date);
	if (end == NULL || *end != '\0') {
		return false;
	}
	*day = timegm(&date) / DAY;
	/* There is no 30th of February. */
	return strftime(again, sizeof(again), "%Y-%m-%d", &date) > 0 && strcmp(again, text) == 0;
}

/*! Reads a line, which is changed. */
static int read_line(ignores_t *ignores, char *line, source_pos_t pos, char *err)
{
	char *text = next_word(&line);
	if (text[0] == '\0' || text[0] == '#' || text[0] == ';') {
		return KNOT_EOK;
	}
	int ret = add_ignore(ignores, text, pos, err);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ignore_t *ignore = &ignores->list.at[ignores->list.count - 1];
	if (strncmp(line, "until", 5) == 0 && strchr(" \t\r\n", line[5]) != NULL) {
		(void)next_word(&line);
		if (!read_day(next_word(&line), &ignore->last_day)) {
			return bad_ignore(err, pos, text, _("'until' needs a date, YYYY-MM-DD"));
		}
	}
	if (line[0] != '\0' && line[0] != '#') {
		return bad_ignore(err, pos, text, _("what follows has to be 'until YYYY-MM-DD', "
		                                    "or '#' and a reason"));
	}
	line += strspn(line, "# \t");
	size_t size = strcspn(line, "\r\n");
	if (size > 0) {
		ignore->reason = xformat("%.*s", (int)size, line);
	}
	return KNOT_EOK;
}

int ignores_read(ignores_t *ignores, const char *path, char err[static ERROR_TEXT_MAX])
{
	source_pos_t pos = { .file = path };
	text_t text;
	int ret = file_read_option(path, &text, err);
	if (ret != KNOT_EOK) {
		return ret;
	}
	for (char *rest = text.at; rest != NULL && ret == KNOT_EOK;) {
		char *line = strsep(&rest, "\n");
		pos.line++;
		ret = rest == NULL && line + strlen(line) < text.at + text.size
		      ? error_at(err, KNOT_EINVAL, pos, _("a zero octet, this is not a text"))
		      : read_line(ignores, line, pos, err);
	}
	free(text.at);
	return ret;
}

/* Matching */

/*! Reads a name as it is meant in a zone, relative or with the zone's name but without the last
 *  dot. Too long for this zone is no error, but never matches. True: it is absolute, and in
 *  another zone. */
static bool read_zone_names(names_t *names, const char *text, const knot_dname_t *zone)
{
	names_t absolute = { 0 };
	*names = (names_t){ 0 };
	(void)xcheck_ret(names_add(names, text, zone));
	(void)xcheck_ret(names_add(&absolute, text, root));
	const knot_dname_t *relative = names->count > 0 ? names->at->name : NULL;
	const knot_dname_t *other = absolute.count > 0 ? absolute.at->name : NULL;
	bool elsewhere = false;
	if (other != NULL && name_in_zone(other, zone)) {
		(void)xcheck_ret(names_add(names, text, root));
	} else if (other != NULL) {
		elsewhere = relative != NULL && knot_dname_is_equal(relative, other) &&
		            !name_in_zone(zone, other);
	}
	names_clear(&absolute);
	return elsewhere;
}

/*! True if the text matches a name; NULL as the text matches any. */
static bool name_matches(const char *text, const knot_dname_t *zone, const knot_dname_t *name)
{
	names_t names;
	if (text == NULL || name == NULL) {
		return text == NULL;
	}
	(void)read_zone_names(&names, text, zone);
	bool match = names_match(&names, name);
	names_clear(&names);
	return match;
}

static bool is_match(const ignore_t *ignore, const knot_dname_t *zone,
                     const audit_finding_t *finding)
{
	return finding->rule == ignore->rule && name_matches(ignore->owner, zone, finding->owner) &&
	       name_matches(ignore->target, zone, finding->target);
}

static bool has_ended(const ignore_t *ignore, int64_t now)
{
	return now / DAY > ignore->last_day;
}

static void apply(ignore_t *ignore, audit_t *audit)
{
	names_t owner = { 0 };
	bool elsewhere = ignore->owner != NULL &&
	                 read_zone_names(&owner, ignore->owner, audit->zone);
	ignore->tried |= !elsewhere || audit_rules[ignore->rule].about == OF_ZONE;
	names_clear(&owner);
	for (size_t i = 0; i < audit->findings.count; i++) {
		audit_finding_t *finding = &audit->findings.at[i];
		if (is_match(ignore, audit->zone, finding)) {
			finding->ignored = true;
			ignore->matched++;
		}
	}
}

void ignores_apply(ignores_t *ignores, audit_t *audit, int64_t now)
{
	for (size_t i = 0; i < ignores->list.count; i++) {
		if (!has_ended(&ignores->list.at[i], now)) {
			apply(&ignores->list.at[i], audit);
		}
	}
}

bool ignores_match(const ignores_t *ignores, const knot_dname_t *zone,
                   const audit_finding_t *finding, int64_t now)
{
	for (size_t i = 0; i < ignores->list.count; i++) {
		if (!has_ended(&ignores->list.at[i], now) &&
		    is_match(&ignores->list.at[i], zone, finding)) {
			return true;
		}
	}
	return false;
}

char *ignores_note(const ignores_t *ignores, size_t i, int64_t now, bool all)
{
	const ignore_t *ignore = &ignores->list.at[i];
	char day[16], what[128], text[ERROR_TEXT_MAX];
	if (has_ended(ignore, now)) {
		struct tm date;
		time_t last = (time_t)(ignore->last_day * DAY);
		(void)strftime(day, sizeof(day), "%Y-%m-%d", gmtime_r(&last, &date));
		(void)snprintf(what, sizeof(what), _("ended on %s"), day);
	} else if (!all || ignore->matched > 0 || !ignore->tried ||
	           audit_rules[ignore->rule].about == OF_LISTS) {
		return NULL; /* A list becomes stale by itself: that may be ignored in advance. */
	} else {
		(void)snprintf(what, sizeof(what), "%s", _("matches nothing"));
	}
	(void)bad_ignore(text, ignore->pos, ignore->text, what);
	char *reason = ignore->reason != NULL ? xcheck(clean_copy(ignore->reason)) : NULL;
	char *note = reason != NULL ? xformat(_("note: %s (%s)"), text, reason)
	                            : xformat(_("note: %s"), text);
	free(reason);
	return note;
}
