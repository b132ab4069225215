/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A growing array. A vector of T is VEC(T): the elements at[0] to at[count - 1], and room for
 * more. Zeroed it is empty. Elements move when it grows.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define VEC(type) struct { type *at; size_t count, room; }

/*! Makes room for one more element; at is the address of the array's pointer. */
static inline bool vec_grow(void *at, size_t *room, size_t size)
{
	void *old, *new;
	memcpy(&old, at, sizeof(old));
	size_t more = *room == 0 ? 8 : *room * 2;
	new = more <= SIZE_MAX / size ? realloc(old, more * size) : NULL;
	if (new == NULL) {
		return false;
	}
	memcpy(at, &new, sizeof(new));
	*room = more;
	return true;
}

/*! Adds a zeroed element and returns it (void *); NULL: not enough memory. */
#define vec_add(vec) \
	((vec)->count < (vec)->room || \
	 vec_grow(&(vec)->at, &(vec)->room, sizeof(*(vec)->at)) \
	 ? memset(&(vec)->at[(vec)->count++], 0, sizeof(*(vec)->at)) : NULL)

/*! Sorts the elements; none is fine. */
#define vec_sort(vec, compare) \
	((vec)->count > 1 ? qsort((vec)->at, (vec)->count, sizeof(*(vec)->at), compare) : (void)0)

/*! Finds an element in a sorted vector (void *), or NULL. */
#define vec_find(vec, key, compare) \
	((vec)->count == 0 ? NULL \
	 : bsearch(key, (vec)->at, (vec)->count, sizeof(*(vec)->at), compare))

/*! Frees the array and empties it. */
#define vec_free(vec) \
	(free((vec)->at), (vec)->at = NULL, (vec)->count = (vec)->room = 0)

/*! The same with what the elements point at. */
#define vec_free_all(vec) do { \
		for (size_t i_ = 0; i_ < (vec)->count; i_++) { \
			free((void *)(vec)->at[i_]); \
		} \
		vec_free(vec); \
	} while (0)
