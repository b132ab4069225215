/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Which zone a file is of. It is read with a placeholder for the origin, which relative names are
 * known by.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kmxcheck/lang.h"
#include "kmxcheck/origin.h"
#include "kmxcheck/xalloc.h"
#include "policy/names.h"

/*! The origin while it is not known: no zone has such a name. */
static const knot_dname_t placeholder[] = { 1, 0xff, 0 };

static bool is_absolute(const knot_dname_t *name)
{
	return !name_in_zone(name, placeholder);
}

/*! Ends the scan for the SOA, which is the first record of most zones. */
#define FOUND 1

static int find_soa(void *ctx, const record_t *record)
{
	if (record->type != KNOT_RRTYPE_SOA) {
		return KNOT_EOK;
	}
	*(knot_dname_t **)ctx = xname(record->owner);
	return FOUND;
}

/*! What the absolute names of a file have in common. */
typedef struct {
	bool any;                   /*!< There are absolute owners beside that of the SOA. */
	knot_dname_storage_t owner; /*!< The deepest name at or above all of them, */
	bool is_owner;              /*!< which is one itself. */
	bool any_data;              /*!< The same for names in the data. */
	knot_dname_storage_t data;
	bool root_ns;               /*!< The root is a zone. */
} survey_t;

static void survey_name(bool *any, knot_dname_storage_t common, const knot_dname_t *name)
{
	if (!*any) {
		memcpy(common, name, knot_dname_size(name));
		*any = true;
		return;
	}
	const knot_dname_t *above = common;
	while (!name_in_zone(name, above)) {
		above += 1 + *above;
	}
	memmove(common, above, knot_dname_size(above));
}

/*! The name in the data of a record that may be of this zone, or NULL. */
static const knot_dname_t *record_name(const record_t *record)
{
	switch (record->type) {
	case KNOT_RRTYPE_CNAME:
	case KNOT_RRTYPE_NS:
	case KNOT_RRTYPE_SOA:
		return record->rdata;
	case KNOT_RRTYPE_MX:
		return record->rdata + 2;
	default:
		return NULL;
	}
}

static int survey_record(void *ctx, const record_t *record)
{
	survey_t *survey = ctx;
	const knot_dname_t *data = record_name(record);
	if (data != NULL && *data != '\0' && is_absolute(data)) {
		survey_name(&survey->any_data, survey->data, data);
	}
	if (record->type == KNOT_RRTYPE_SOA || !is_absolute(record->owner)) {
		return KNOT_EOK;
	}
	bool was_owner = survey->any && survey->is_owner;
	size_t before = survey->any ? knot_dname_size(survey->owner) : 0;
	survey_name(&survey->any, survey->owner, record->owner);
	survey->is_owner = knot_dname_is_equal(survey->owner, record->owner) ||
	                   (was_owner && knot_dname_size(survey->owner) == before);
	survey->root_ns |= record->type == KNOT_RRTYPE_NS && *record->owner == '\0';
	return KNOT_EOK;
}

/*! Removes one of some endings from a text. */
static bool remove_ending(char *text, const char *const *endings)
{
	size_t size = strlen(text);
	for (; *endings != NULL; endings++) {
		size_t end = strlen(*endings);
		if (size > end && strcasecmp(text + size - end, *endings) == 0) {
			text[size - end] = '\0';
			return true;
		}
	}
	return false;
}

/*! The text after one of some beginnings, or all of it. */
static const char *after_beginning(const char *text, const char *const *beginnings)
{
	for (; *beginnings != NULL; beginnings++) {
		size_t size = strlen(*beginnings);
		if (strncasecmp(text, *beginnings, size) == 0 && text[size] != '\0') {
			return text + size;
		}
	}
	return text;
}

/*! Accepts a text as the name of the zone if all absolute owners are in that zone. Of several
 *  texts, the first one is accepted; if there are absolute owners, the deepest one. */
static void consider(knot_dname_t **apex, const char *text, const survey_t *survey)
{
	knot_dname_storage_t name;
	if (name_from_str(name, text, (const knot_dname_t *)"") != KNOT_EOK || *name == '\0' ||
	    (survey->any && !name_in_zone(survey->owner, name)) ||
	    (*apex != NULL && (!survey->any || knot_dname_size(name) <= knot_dname_size(*apex)))) {
		return;
	}
	knot_dname_free(*apex, NULL);
	*apex = xname(name);
}

/*! The zone that the name of a file suggests, with what people add to it, or NULL. */
static knot_dname_t *apex_of_file(const char *path, const survey_t *survey)
{
	static const char *const endings[] = {
		".zone", ".db", ".hosts", ".txt", ".dns", ".bind", ".signed", ".bak", ".old",
		".orig", ".new", NULL
	};
	static const char *const beginnings[] = { "db.", "pri.", "zone.", "named.", NULL };
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	char *base = xstrdup(name);
	knot_dname_t *apex = NULL;
	while (remove_ending(base, endings)) {
	}
	const char *bare = after_beginning(base, beginnings);
	consider(&apex, bare, survey);
	consider(&apex, base, survey);
	consider(&apex, name, survey);
	if (apex == NULL) { /* No name fits: reading by the likeliest one shows where. */
		consider(&apex, bare, &(survey_t){ .any = false });
	}
	free(base);
	return apex;
}

/*! True if a guess is the zone of the data, with more text after it. */
static bool has_more_behind(const knot_dname_t *apex, const knot_dname_t *zone)
{
	knot_dname_txt_storage_t guess, text;
	(void)name_text(guess, apex);
	size_t size = strlen(name_text(text, zone)) - 1;
	return name_labels(zone) > 1 && strncasecmp(guess, text, size) == 0 &&
	       !name_in_zone(apex, zone);
}

/*! Names in the data have to agree with a guess of one label, which may be any word, and with one
 *  that may be their zone with an ending. Where owners do not agree, the guess is kept: reading the
 *  records reports their lines. */
static bool is_likely(const knot_dname_t *apex, const survey_t *survey)
{
	if (!survey->any_data || name_in_zone(survey->data, apex)) {
		return true;
	}
	return survey->any ? name_labels(apex) > 1 || !name_in_zone(survey->owner, apex)
	                   : name_labels(apex) > 1 &&
	                     !has_more_behind(apex, survey->data);
}

/*! Guesses by the names in the file, where the SOA is at the root or has no name. */
static knot_dname_t *guess_apex(const char *path, bool root, const survey_t *survey)
{
	bool deep = survey->any && name_labels(survey->owner) > 1;
	if (root && (survey->root_ns || !deep)) {
		return xname((const knot_dname_t *)"");
	} else if (root && survey->is_owner) {
		return xname(survey->owner);
	}
	knot_dname_t *apex = path != NULL ? apex_of_file(path, survey) : NULL;
	if (apex != NULL && !is_likely(apex, survey)) {
		knot_dname_free(apex, NULL);
		apex = NULL;
	}
	return apex;
}

/*! Finds the apex that the owner of the SOA does not name: in the head of the file, or by
 *  names. */
static int find_unnamed_apex(origin_t *origin, const char *name, const text_t *text, bool root,
                             file_names_t *files, char *err)
{
	survey_t survey = { .any = false };
	knot_dname_storage_t head;
	if (export_domain(head, text->at, text->size)) {
		*origin = (origin_t){ xname(head), true };
		return KNOT_EOK;
	}
	int ret = scan_text(name, text, placeholder, files, survey_record, &survey, err);
	if (ret == KNOT_EOK) {
		origin->apex = guess_apex(text->named ? name : NULL, root, &survey);
		origin->guessed = origin->apex != NULL && *origin->apex != '\0';
	}
	return ret;
}

/*! True if a name is another one twice: its final dot was forgotten where that is the origin. */
static bool is_twice(const knot_dname_t *name, const knot_dname_t *once)
{
	return name_labels(once) > 1 &&
	       knot_dname_size(name) == 2 * knot_dname_size(once) - 1 &&
	       name_has_prefix(name, once) &&
	       knot_dname_is_equal(name + knot_dname_size(once) - 1, once);
}

/*! The apex from the owner of an SOA; NULL: it does not say. */
static origin_t apex_of_soa(const knot_dname_t *owner)
{
	size_t labels = name_labels(owner);
	knot_dname_storage_t name;
	if (!is_absolute(owner)) {
		/* Without the final dot, as in exports. One label may be a name in any zone. */
		size_t size = knot_dname_size(owner) - sizeof(placeholder);
		memcpy(name, owner, size);
		name[size] = '\0';
		return (origin_t){ labels > 2 ? xname(name) : NULL, true };
	}
	const knot_dname_t *half = name_suffix(owner, labels / 2);
	return (origin_t){ xname(is_twice(owner, half) ? half : owner), false };
}

int origin_find(origin_t *origin, const char *name, const text_t *text, file_names_t *files,
                char err[static ERROR_TEXT_MAX])
{
	knot_dname_t *soa = NULL;
	const source_pos_t pos = { .file = name };
	*origin = (origin_t){ .apex = NULL };
	int ret = scan_text(name, text, placeholder, files, find_soa, &soa, err);
	if (ret == KNOT_EOK) {
		return error_at(err, KNOT_ESOAINVAL, pos, _("no SOA record"));
	} else if (ret != FOUND) {
		return ret;
	}
	bool root = *soa == '\0';
	ret = KNOT_EOK;
	if (root || knot_dname_is_equal(soa, placeholder)) {
		ret = find_unnamed_apex(origin, name, text, root, files, err);
	} else {
		*origin = apex_of_soa(soa);
	}
	knot_dname_free(soa, NULL);
	return ret != KNOT_EOK || origin->apex != NULL ? ret
	       : error_at(err, KNOT_EINVAL, pos, _("no $ORIGIN before the SOA record, and nothing "
	                  "else names the zone: use --origin"));
}

bool origin_owns_soa(const knot_dname_t *apex, const knot_dname_t *owner)
{
	return knot_dname_is_equal(owner, apex) || *owner == '\0' || is_twice(owner, apex);
}
