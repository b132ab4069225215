/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Names in zone-file notation, and sets of them.
 *
 * A set is an array sorted by size, then octets, then meaning. A look-up searches it once for the
 * name and once for each name above: most steps of that compare nothing but sizes.
 */

#include <stdlib.h>
#include <string.h>

#include "policy/names.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*! Characters that mean something in a zone file unless they are escaped. */
static bool is_special(unsigned char c)
{
	return c <= ' ' || c >= 0x7f || strchr("\"();", c) != NULL;
}

/*! Reads a character, or an escape. Returns where the next begins, or NULL. */
static const char *octet_from_str(uint8_t *out, const char *str)
{
	if (str[0] != '\\') {
		*out = (uint8_t)str[0];
		return is_special(*out) ? NULL : str + 1;
	}
	if (!is_digit(str[1])) {
		*out = (uint8_t)str[1];
		return *out < ' ' || *out >= 0x7f ? NULL : str + 2;
	}
	if (!is_digit(str[2]) || !is_digit(str[3])) {
		return NULL;
	}
	int value = (str[1] - '0') * 100 + (str[2] - '0') * 10 + (str[3] - '0');
	*out = (uint8_t)value;
	return value > 127 ? NULL : str + 4;
}

/*!
 * Reads labels up to the end of the text, in lower case.
 *
 * \param out       Gets the labels without a root label after them, for which there is room.
 * \param size      Octets written.
 * \param absolute  True if the text ends in an unescaped dot.
 */
static int labels_from_str(knot_dname_storage_t out, const char *str, size_t *size, bool *absolute)
{
	size_t at = 0;
	*absolute = false;
	while (*str != '\0') {
		const size_t label = at++;
		while (*str != '\0' && *str != '.') {
			uint8_t octet;
			str = octet_from_str(&octet, str);
			if (str == NULL) {
				return KNOT_EINVAL;
			}
			if (at - label > KNOT_DNAME_MAXLABELLEN || at >= KNOT_DNAME_MAXLEN - 1) {
				return KNOT_ERANGE;
			}
			out[at++] = octet >= 'A' && octet <= 'Z' ? octet - 'A' + 'a' : octet;
		}
		if (at == label + 1) {
			return KNOT_EINVAL;
		}
		out[label] = (uint8_t)(at - label - 1);

		if (*str == '.') {
			str++;
			*absolute = *str == '\0';
		}
	}
	*size = at;
	return at > 0 ? KNOT_EOK : KNOT_EINVAL;
}

int name_from_str(knot_dname_storage_t out, const char *str, const knot_dname_t *origin)
{
	if (strcmp(str, ".") == 0) {
		out[0] = '\0';
		return KNOT_EOK;
	}

	size_t size = 0;
	bool absolute = false;
	if (strcmp(str, "@") != 0) {
		int ret = labels_from_str(out, str, &size, &absolute);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	if (absolute) {
		out[size] = '\0';
		return KNOT_EOK;
	}

	const size_t origin_size = knot_dname_size(origin);
	if (size + origin_size > KNOT_DNAME_MAXLEN) {
		return KNOT_ERANGE;
	}
	memcpy(out + size, origin, origin_size);
	return KNOT_EOK;
}

int service_from_str(knot_dname_storage_t out, const char *str)
{
	size_t size;
	bool absolute;
	if (strcmp(str, "@") == 0) {
		return KNOT_EINVAL;
	}
	int ret = labels_from_str(out, str, &size, &absolute);
	if (ret != KNOT_EOK) {
		return ret;
	}
	out[size] = '\0';
	const knot_dname_t *next = out + 1 + *out;
	bool form = out[0] > 1 && out[1] == '_' &&
	            (next[0] == 0 || (next[0] > 1 && next[1] == '_'));
	return form && !absolute ? KNOT_EOK : KNOT_EINVAL;
}

/*! The order of a set. */
static int pattern_cmp(const name_pattern_t *pattern, const knot_dname_t *name, size_t size,
                       bool below)
{
	if (pattern->size != size) {
		return pattern->size < size ? -1 : 1;
	}
	int ret = memcmp(pattern->name, name, size);
	return ret != 0 ? ret : pattern->below - below;
}

/*! Index of the first pattern that is not before this one. */
static size_t names_find(const names_t *set, const knot_dname_t *name, size_t size, bool below)
{
	size_t from = 0, to = set->count;
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		if (pattern_cmp(&set->at[mid], name, size, below) < 0) {
			from = mid + 1;
		} else {
			to = mid;
		}
	}
	return from;
}

/*! True if the pattern at an index, as found, is this one. */
static bool is_at(const names_t *set, size_t i, const knot_dname_t *name, size_t size, bool below)
{
	return i < set->count && pattern_cmp(&set->at[i], name, size, below) == 0;
}

/*! True if a pattern is in the set. */
static inline bool has(const names_t *set, const knot_dname_t *name, size_t size, bool below)
{
	size_t from = 0, to = set->sizes[below] >> size % 64 & 1 ? set->count : 0;
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int cmp = pattern_cmp(&set->at[mid], name, size, below);
		if (cmp == 0) {
			return true;
		} else if (cmp < 0) {
			from = mid + 1;
		} else {
			to = mid;
		}
	}
	return false;
}

int names_append(names_t *set, const knot_dname_t *name, bool except)
{
	knot_dname_t *copy = knot_dname_copy(name, NULL);
	name_pattern_t *added = copy != NULL ? vec_add(set) : NULL;
	if (added == NULL) {
		knot_dname_free(copy, NULL);
		return KNOT_ENOMEM;
	}
	*added = (name_pattern_t){ .name = copy, .except = except,
	                           .size = (uint8_t)knot_dname_size(name),
	                           .labels = (uint8_t)knot_dname_labels(name, NULL) };
	return KNOT_EOK;
}

int names_add_dname(names_t *set, const knot_dname_t *name, bool below)
{
	const size_t size = knot_dname_size(name);
	const size_t i = names_find(set, name, size, below);
	if (is_at(set, i, name, size, below)) {
		return KNOT_EOK;
	}

	int ret = names_append(set, name, false);
	if (ret == KNOT_EOK) {
		name_pattern_t added = set->at[set->count - 1];
		added.below = below;
		set->sizes[below] |= UINT64_C(1) << size % 64;
		memmove(&set->at[i + 1], &set->at[i], (set->count - 1 - i) * sizeof(*set->at));
		set->at[i] = added;
	}
	return ret;
}

int names_add(names_t *set, const char *str, const knot_dname_t *origin)
{
	knot_dname_storage_t name = { 0 };
	int ret = name_from_str(name, str, origin);
	if (ret != KNOT_EOK) {
		return ret;
	}
	bool below = knot_dname_is_wildcard(name);
	return names_add_dname(set, below ? name + 2 : name, below);
}

/*! names_match_below() for a name of this size. */
static bool match_below(const names_t *set, const knot_dname_t *name, size_t size)
{
	while (size >= set->at[0].size) { /* The first one is the shortest. */
		if (has(set, name, size, true)) {
			return true;
		} else if (size == 1) {
			break;
		}
		size -= 1 + (size_t)*name;
		name += 1 + *name;
	}
	return false;
}

bool names_match(const names_t *set, const knot_dname_t *name)
{
	if (set->count == 0) {
		return false;
	}
	size_t size = knot_dname_size(name), label = 1 + (size_t)*name;
	return has(set, name, size, false) ||
	       (set->sizes[1] != 0 && size > 1 && match_below(set, name + label, size - label));
}

bool names_match_below(const names_t *set, const knot_dname_t *name)
{
	return set->sizes[1] != 0 && match_below(set, name, knot_dname_size(name));
}

bool names_cover(const names_t *set, const knot_dname_t *name)
{
	size_t size = set->count > 0 ? knot_dname_size(name) : 0;
	while (size > 0) {
		/* Of two patterns of one name, the one not below is first. */
		size_t i = names_find(set, name, size, false);
		if (is_at(set, i, name, size, false) || is_at(set, i, name, size, true)) {
			return !set->at[i].except;
		}
		size -= 1 + (size_t)*name;
		name += 1 + *name;
	}
	return false;
}

/*! The order of a set; of equal patterns the exception is first. */
static int sort_cmp(const void *pa, const void *pb)
{
	const name_pattern_t *a = pa, *b = pb;
	int ret = pattern_cmp(a, b->name, b->size, b->below);
	return ret != 0 ? ret : b->except - a->except;
}

void names_sort(names_t *set)
{
	vec_sort(set, sort_cmp);
	size_t kept = 0;
	for (size_t i = 0; i < set->count; i++) {
		const name_pattern_t *one = &set->at[i];
		if (kept > 0 && pattern_cmp(&set->at[kept - 1], one->name, one->size,
		                            one->below) == 0) {
			knot_dname_free(one->name, NULL);
		} else {
			set->at[kept++] = *one;
		}
	}
	set->count = kept;
}

int names_unite(names_t *set, names_t *other)
{
	const names_t *const parts[] = { set, other };
	names_t both = { .room = set->count + other->count,
	                 .sizes = { set->sizes[0] | other->sizes[0],
	                            set->sizes[1] | other->sizes[1] } };
	if (both.room == 0) {
		return KNOT_EOK;
	}
	both.at = calloc(both.room, sizeof(*both.at));
	if (both.at == NULL) {
		return KNOT_ENOMEM;
	}
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < parts[i]->count; j++) {
			name_pattern_t *added = &both.at[both.count++];
			*added = parts[i]->at[j];
			added->except = !names_cover(set, added->name) &&
			                !names_cover(other, added->name);
		}
	}
	names_sort(&both); /* Frees what both of them have. */
	vec_free(set);
	vec_free(other);
	memset(other->sizes, 0, sizeof(other->sizes));
	*set = both;
	return KNOT_EOK;
}

void names_shrink(names_t *set)
{
	void *less = set->count < set->room && set->count > 0
	           ? realloc(set->at, set->count * sizeof(*set->at)) : NULL;
	if (less != NULL) {
		set->at = less;
		set->room = set->count;
	}
}

void names_clear(names_t *set)
{
	for (size_t i = 0; i < set->count; i++) {
		knot_dname_free(set->at[i].name, NULL);
	}
	vec_free(set);
	memset(set->sizes, 0, sizeof(set->sizes));
}
