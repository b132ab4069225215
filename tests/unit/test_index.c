/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The index of names and sorted lists of names, against many names, and the growing array.
 */

#undef NDEBUG

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/index.h"
#include "dns/text.h"

#define MANY 5000

static knot_dname_t *numbered(unsigned number)
{
	char text[64];
	(void)snprintf(text, sizeof(text), "h%u.%u.example.", number, number % 7);
	knot_dname_t *name = knot_dname_from_str_alloc(text);
	assert_non_null(name);
	return name;
}

static void test_index(void **state)
{
	(void)state;
	name_index_t index = { .slots = NULL };
	knot_dname_t *names[MANY];
	const knot_dname_t *root = (const knot_dname_t *)"";
	assert_true(name_index_find(&index, root) == NAME_INDEX_NONE);
	for (unsigned i = 0; i < MANY; i++) {
		names[i] = numbered(i);
		assert_true(name_index_find(&index, names[i]) == NAME_INDEX_NONE);
		assert_int_equal(name_index_add(&index, names[i]), i);
		assert_int_equal(name_index_find(&index, names[i]), i);
	}
	assert_int_equal(name_index_add(&index, root), MANY);
	for (unsigned i = 0; i < MANY; i++) {
		knot_dname_t *same = numbered(i);
		assert_int_equal(name_index_find(&index, same), i);
		assert_int_equal(name_index_add(&index, same), i);
		assert_ptr_equal(index.names.at[i], names[i]);
		/* The name above is not there. */
		assert_true(name_index_find(&index, same + 1 + *same) == NAME_INDEX_NONE);
		free(same);
	}
	assert_int_equal(name_index_find(&index, root), MANY);
	name_index_clear(&index);
	assert_true(name_index_find(&index, names[0]) == NAME_INDEX_NONE);
	for (unsigned i = 0; i < MANY; i++) {
		free(names[i]);
	}
}

static void test_list(void **state)
{
	(void)state;
	static const knot_dname_t *const names[] = {
		(const knot_dname_t *)"\1b", (const knot_dname_t *)"\1a\1b",
		(const knot_dname_t *)"\1a", (const knot_dname_t *)"\1b", (const knot_dname_t *)"",
	};
	name_list_t list = { .at = NULL };
	name_list_unique(&list);
	assert_false(name_list_has(&list, names[0]));
	for (size_t i = 0; i < 5; i++) {
		const knot_dname_t **added = vec_add(&list);
		assert_non_null(added);
		*added = names[i];
	}
	name_list_unique(&list);
	assert_int_equal(list.count, 4);
	assert_ptr_equal(list.at[0], names[4]);
	assert_ptr_equal(list.at[1], names[2]);
	assert_true(knot_dname_is_equal(list.at[2], names[0]));
	assert_ptr_equal(list.at[3], names[1]);
	assert_true(name_list_has(&list, names[1]));
	assert_false(name_list_has(&list, (const knot_dname_t *)"\1c"));
	vec_free(&list);
	assert_null(list.at);
}

/* Any octet may be in a label, zero too. */
static void test_list_of_zeros(void **state)
{
	(void)state;
	static const knot_dname_t *const names[] = {
		(const knot_dname_t *)"\3a\0b", (const knot_dname_t *)"\3a\0a",
		(const knot_dname_t *)"\3a\0b",
	};
	name_list_t list = { .at = NULL };
	for (size_t i = 0; i < 3; i++) {
		const knot_dname_t **added = vec_add(&list);
		assert_non_null(added);
		*added = names[i];
	}
	name_list_unique(&list);
	assert_int_equal(list.count, 2);
	assert_true(name_list_has(&list, names[0]));
	assert_true(name_list_has(&list, names[1]));
	assert_false(name_list_has(&list, (const knot_dname_t *)"\3a\0c"));
	vec_free(&list);
}

static void test_vec(void **state)
{
	(void)state;
	VEC(uint32_t) vec = { .at = NULL };
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t *added = vec_add(&vec);
		assert_non_null(added);
		assert_int_equal(*added, 0);
		*added = i;
	}
	assert_int_equal(vec.count, 1000);
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(vec.at[i], i);
	}
	vec_free(&vec);
	assert_int_equal(vec.count + vec.room, 0);
}

static void test_errors(void **state)
{
	(void)state;
	char err[ERROR_TEXT_MAX], file[400];
	assert_int_equal(error_at(err, KNOT_EINVAL, (source_pos_t){ "a", 7 }, "%s", "bad"),
	                 KNOT_EINVAL);
	assert_string_equal(err, "a:7: bad");
	(void)error_at(err, KNOT_EINVAL, (source_pos_t){ "a\n", 0 }, "bad");
	assert_string_equal(err, "a\\010: bad");
	(void)error_at(err, KNOT_EINVAL, (source_pos_t){ NULL, 7 }, "bad");
	assert_string_equal(err, "bad");
	memset(file, 'x', sizeof(file));
	file[sizeof(file) - 1] = '\0';
	(void)error_at(err, KNOT_EINVAL, (source_pos_t){ file, 1 }, "bad");
	assert_non_null(strstr(err, "x...:1: bad"));
	assert_true(strlen(err) < 340);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_list_of_zeros),
		cmocka_unit_test(test_vec),
		cmocka_unit_test(test_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
