/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Names by hash and in order: an index from names to numbers, and sorted lists of names.
 *
 * Names are borrowed, absolute, uncompressed and in lower case. One thread may change an index,
 * any number may search it meanwhile left alone.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "dns/vec.h"

/*! Not in the index. */
#define NAME_INDEX_NONE SIZE_MAX

/*! An index; zeroed is empty. The i-th name that was added has the number i. */
typedef struct {
	VEC(const knot_dname_t *) names;
	struct name_slot *slots; /*!< Hash table, open addressing, a power of two in size. */
	size_t size;
} name_index_t;

/*! The number of a name, or NAME_INDEX_NONE. */
size_t name_index_find(const name_index_t *index, const knot_dname_t *name);

/*! The number of a name, which is added if it is not there yet; its pointer in the index may then
 *  be replaced by that of a copy. NAME_INDEX_NONE: not enough memory. */
size_t name_index_add(name_index_t *index, const knot_dname_t *name);

void name_index_clear(name_index_t *index);

/*! Names; zeroed is none. */
typedef VEC(const knot_dname_t *) name_list_t;

/*! Sorts a list into canonical order and leaves out what is there twice. */
void name_list_unique(name_list_t *list);

/*! True if a sorted list has a name. */
bool name_list_has(const name_list_t *list, const knot_dname_t *name);
