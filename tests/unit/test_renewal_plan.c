/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * When a zone is to be loaded anew, and what is said: stories told to plans, with all times made
 * up, and what is next after each step of them.
 */

#undef NDEBUG

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "module/renewal_plan.h"

#define DAY (24 * PLAN_HOUR)
#define START (7 * DAY) /* Of the clock, when a story begins. */

typedef enum {
	END, /*!< Of the story. */
	LOAD,
	LOAD_NO_KEYS,
	WANT,
	SETTLE,
	DONE, /*!< The next step is done when due: it went well. */
	NO,   /*!< The answer was no. */
	FAIL, /*!< It went wrong. */
	SAID, /*!< The line that is due. */
} event_t;

typedef struct {
	event_t event;
	uint64_t after; /*!< Milliseconds since the event before, DONE to SAID: since it was due. */
	/* What follows: */
	plan_step_t step;
	uint64_t at;    /*!< After START; PLAN_NEVER. */
	uint64_t say;
} chapter_t;

#define S PLAN_SECOND
#define RELOAD PLAN_RELOAD
#define ASK PLAN_ASK
#define NEVER PLAN_NEVER

typedef struct {
	const char *name;
	uint32_t lifetime;
	uint64_t hash;
	chapter_t chapters[24];
} story_t;

static const story_t stories[] = {
	{ "a load and the next", 1000, 0, {
		{ LOAD,       0, RELOAD, 500 * S, NEVER },
		{ DONE,       0, RELOAD, NEVER, 750 * S },
		{ LOAD,       1, RELOAD, 1000 * S + 1, NEVER },
	} },
	{ "names spread what is due", 1000, 125000, {
		{ LOAD,       0, RELOAD, 625 * S, NEVER },
	} },
	{ "but not over more than an eighth", 1000, 125001, {
		{ LOAD,       0, RELOAD, 500 * S, NEVER },
	} },
	{ "the shortest lifetime", 1, 126 + 125, {
		{ LOAD,       0, RELOAD, 625, NEVER },
		{ FAIL,       0, RELOAD, 1625, 750 },
		{ FAIL,       0, RELOAD, 2625, 750 },
		{ SAID,       0, RELOAD, 2625, 600 * S + 1625 },
	} },
	{ "none at all is not less", 0, 0, {
		{ LOAD,       0, RELOAD, 500, NEVER },
	} },
	{ "the longest", UINT32_MAX, 0, {
		{ LOAD,       0, RELOAD, UINT64_C(2147483647500), NEVER },
		{ FAIL,       0, RELOAD, UINT64_C(2147483648500), UINT64_C(2147483657500) },
	} },
	{ "wanted", 1000, 0, {
		{ LOAD,       0, RELOAD, 500 * S, NEVER },
		{ WANT,   3 * S, RELOAD, 0, NEVER },
		{ WANT,       0, RELOAD, 0, NEVER },
		{ DONE,       0, RELOAD, NEVER, 750 * S },
	} },
	{ "wanted in a row", 4 * 86400, 0, {
		{ LOAD,       0, RELOAD, 2 * DAY, NEVER },
		{ WANT,       0, RELOAD, 0, NEVER },
		{ DONE,       0, RELOAD, NEVER, 3 * DAY },
		{ LOAD,     100, RELOAD, 2 * DAY + 100, NEVER },
		{ WANT,       0, RELOAD, 1 * S, NEVER },
		{ DONE,       0, RELOAD, NEVER, 3 * DAY + 100 },
		{ WANT,       0, RELOAD, 3 * S, 3 * DAY + 100 }, /* Nothing came of it. */
		{ DONE,       0, RELOAD, NEVER, 3 * DAY + 100 },
		{ LOAD,       0, RELOAD, 2 * DAY + 3 * S, NEVER },
		{ WANT,       0, RELOAD, 7 * S, NEVER },
		{ DONE,       0, RELOAD, NEVER, 3 * DAY + 3 * S },
		{ LOAD,       0, RELOAD, 2 * DAY + 7 * S, NEVER },
		{ SETTLE,     0, RELOAD, 2 * DAY + 7 * S, NEVER },
		{ WANT,       0, RELOAD, 8 * S, NEVER },
		{ DONE,       0, RELOAD, NEVER, 3 * DAY + 7 * S },
		{ LOAD,       0, RELOAD, 2 * DAY + 8 * S, NEVER },
		{ WANT,       0, RELOAD, 9 * S, NEVER },
		{ DONE,       0, RELOAD, NEVER, 3 * DAY + 8 * S },
		{ LOAD,       0, RELOAD, 2 * DAY + 9 * S, NEVER },
		{ WANT,  20 * S, RELOAD, 11 * S, NEVER },
	} },
	{ "wanted and failed is no row", 1000, 0, {
		{ LOAD,       0, RELOAD, 500 * S, NEVER },
		{ WANT,       0, RELOAD, 0, NEVER },
		{ FAIL,       0, RELOAD, 1 * S, 10 * S },
		{ FAIL,       0, RELOAD, 3 * S, 10 * S },
		{ FAIL,       0, RELOAD, 7 * S, 10 * S },
		{ DONE,       0, RELOAD, NEVER, 750 * S },
		{ WANT,       0, RELOAD, 8 * S, 750 * S },
	} },
	{ "settled meanwhile", 1000, 0, {
		{ LOAD,       0, RELOAD, 500 * S, NEVER },
		{ WANT,       0, RELOAD, 0, NEVER },
		{ DONE,       0, RELOAD, NEVER, 750 * S },
		{ WANT,       0, RELOAD, 1 * S, 750 * S },
		{ SETTLE,     0, RELOAD, 1 * S, 750 * S },
		{ FAIL,       0, RELOAD, 2 * S, 11 * S },
		{ DONE,       0, RELOAD, NEVER, 750 * S },
		{ WANT,       0, RELOAD, 3 * S, 750 * S },
	} },
	{ "failures are tried again, and said", 800, 0, {
		{ LOAD,       0, RELOAD, 400 * S, NEVER },
		{ FAIL,       0, RELOAD, 401 * S, 410 * S },
		{ FAIL,       0, RELOAD, 403 * S, 410 * S },
		{ FAIL,       0, RELOAD, 407 * S, 410 * S },
		{ FAIL,       0, RELOAD, 415 * S, 410 * S },
		{ SAID,       0, RELOAD, 415 * S, 1010 * S },
		{ FAIL,       0, RELOAD, 431 * S, 1010 * S },
		{ FAIL,       0, RELOAD, 463 * S, 1010 * S },
		{ FAIL,       0, RELOAD, 523 * S, 1010 * S },
		{ WANT,       0, RELOAD, 523 * S, 1010 * S }, /* Not any earlier. */
		{ FAIL,       0, RELOAD, 583 * S, 1010 * S },
		{ DONE,       0, RELOAD, NEVER, 1010 * S },
		{ LOAD,       0, RELOAD, 983 * S, NEVER },
		{ FAIL,       0, RELOAD, 984 * S, 1010 * S }, /* Not said again so soon. */
	} },
	{ "not later than an eighth of the lifetime", 40, 0, {
		{ LOAD,       0, RELOAD, 20 * S, NEVER },
		{ FAIL,       0, RELOAD, 21 * S, 30 * S },
		{ FAIL,       0, RELOAD, 23 * S, 30 * S },
		{ FAIL,       0, RELOAD, 27 * S, 30 * S },
		{ FAIL,       0, RELOAD, 32 * S, 30 * S },
		{ FAIL,       0, RELOAD, 37 * S, 30 * S },
	} },
	{ "said early if there is no time", 16, 2000, {
		{ LOAD,       0, RELOAD, 10 * S, NEVER },
		{ FAIL,       0, RELOAD, 11 * S, 12 * S },
		{ FAIL,       0, RELOAD, 13 * S, 12 * S },
		{ SAID,       0, RELOAD, 13 * S, 612 * S },
	} },
	{ "without an instance after all", 1000, 0, {
		{ LOAD,       0, RELOAD, 500 * S, NEVER },
		{ DONE,       0, RELOAD, NEVER, 750 * S },
		{ SAID,       0, RELOAD, NEVER, 1350 * S },
		{ SAID,       0, RELOAD, NEVER, 1950 * S },
	} },
	{ "no keys", 1000, 0, {
		{ LOAD_NO_KEYS, 0, ASK, 500, NEVER },
		{ NO,         0, ASK, 1500, NEVER },
		{ NO,         0, ASK, 3500, NEVER },
		{ NO,         0, ASK, 7500, NEVER },
		{ DONE,       0, RELOAD, 0, NEVER },
		{ DONE,       0, ASK, NEVER, NEVER },
		{ LOAD_NO_KEYS, 0, ASK, 8000, NEVER },
		{ DONE,       0, RELOAD, 8500, NEVER }, /* In a row. */
		{ DONE,       0, ASK, NEVER, NEVER },
		{ LOAD_NO_KEYS, 0, ASK, 9000, NEVER },
		{ DONE,       0, RELOAD, 10500, NEVER },
		{ DONE,       0, ASK, NEVER, NEVER },
		{ LOAD,       0, RELOAD, 510500, NEVER },
	} },
	{ "no keys, but somebody saw some", 1000, 0, {
		{ LOAD_NO_KEYS, 0, ASK, 500, NEVER },
		{ NO,         0, ASK, 1500, NEVER },
		{ WANT,     100, RELOAD, 0, NEVER },
		{ DONE,       0, ASK, NEVER, NEVER },
		{ LOAD_NO_KEYS, 100, ASK, 1200, NEVER },
		{ WANT,       0, RELOAD, 1600, NEVER }, /* No use in asking then. */
	} },
	{ "no keys, and nobody to ask", 3600, 0, {
		{ LOAD_NO_KEYS, 0, ASK, 500, NEVER },
		{ FAIL,       0, ASK, 1500, 10500 },
		{ FAIL,       0, ASK, 3500, 10500 },
		{ NO,         0, ASK, 4500, NEVER },
		{ FAIL,       0, ASK, 5500, 14500 },
		{ DONE,       0, RELOAD, 0, NEVER },
		{ FAIL,       0, RELOAD, 6500, 15500 },
		{ FAIL,       0, RELOAD, 8500, 15500 },
		{ DONE,       0, ASK, NEVER, NEVER },
	} },
};

static uint64_t time_of(uint64_t in_story)
{
	return in_story == NEVER ? NEVER : START + in_story;
}

/*! Lets a chapter happen. Returns when it did. */
static uint64_t happen(plan_t *plan, const story_t *story, const chapter_t *chapter, uint64_t now)
{
	uint64_t at;
	const plan_step_t step = plan_next(plan, &at);
	const event_t event = chapter->event;
	if (event == SAID) {
		at = plan_say_at(plan);
	}
	if (event == DONE || event == NO || event == FAIL || event == SAID) {
		assert_int_not_equal(at, NEVER);
		now = at > now ? at : now;
	}
	now += chapter->after;

	char line[200];
	bool wanted;
	switch (event) {
	case LOAD:
	case LOAD_NO_KEYS:
		plan_load(plan, now, story->lifetime, event == LOAD_NO_KEYS, story->hash);
		break;
	case WANT:
		plan->wanted = true;
		break;
	case SETTLE:
		plan_settle(plan);
		break;
	case SAID:
		plan_say(plan, now, line, sizeof(line), "x.", "y");
		break;
	default:
		wanted = plan_begin(plan, now, step);
		plan_end(plan, now, step, wanted, event == DONE ? KNOT_EOK :
		         event == NO ? KNOT_ENOENT : KNOT_ETIMEOUT);
	}
	return now;
}

static void test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(*stories); i++) {
		const story_t *story = &stories[i];
		uint64_t now = START;
		plan_t plan = { 0 };
		for (const chapter_t *c = story->chapters; c->event != END; c++) {
			now = happen(&plan, story, c, now);
			uint64_t at;
			const plan_step_t step = plan_next(&plan, &at);
			const uint64_t say = plan_say_at(&plan);
			/* What was due in a past that the story doesn't tell of. */
			const uint64_t want_at = c->at == 0 ? 0 : time_of(c->at);
			if (step != c->step || at != want_at || say != time_of(c->say)) {
				fail_msg("%s, chapter %zu: step %d at %" PRId64 ", say at %" PRId64,
				         story->name, (size_t)(c - story->chapters) + 1, step,
				         at - START, say - START);
			}
			assert_int_equal(plan_due(&plan), at < say ? at : say);
		}
	}
}

/*! Waiting times grow to their limit, and stay there. */
static void test_limits(void **state)
{
	(void)state;
	plan_t plan = { 0 };
	uint64_t now = START, at;
	plan_load(&plan, now, UINT32_MAX, true, 0);
	for (uint64_t wait = PLAN_SECOND / 2, i = 0; i < 100; i++) {
		assert_int_equal(plan_next(&plan, &at), PLAN_ASK);
		assert_int_equal(at - now, wait);
		now = at;
		plan_end(&plan, now, PLAN_ASK, plan_begin(&plan, now, PLAN_ASK), KNOT_ENOENT);
		wait = 2 * wait < PLAN_HOUR ? 2 * wait : PLAN_HOUR;
	}

	plan = (plan_t){ 0 };
	for (uint64_t wait = 0, i = 0; i < 100; i++) {
		plan_load(&plan, now, UINT32_MAX, false, 0);
		plan.wanted = true;
		assert_int_equal(plan_next(&plan, &at), PLAN_RELOAD);
		assert_int_equal(at, i == 0 ? 0 : now + wait);
		now = i == 0 ? now : at;
		plan_end(&plan, now, PLAN_RELOAD, plan_begin(&plan, now, PLAN_RELOAD), KNOT_EOK);
		wait = wait == 0 ? PLAN_SECOND : 2 * wait < PLAN_HOUR ? 2 * wait : PLAN_HOUR;
	}

	plan = (plan_t){ 0 };
	plan_load(&plan, now, UINT32_MAX, false, 0);
	(void)plan_next(&plan, &now);
	for (uint64_t wait = PLAN_SECOND, i = 0; i < 100; i++) {
		plan_end(&plan, now, PLAN_RELOAD, false, KNOT_ETIMEOUT);
		(void)plan_next(&plan, &at);
		assert_int_equal(at - now, wait);
		now = at;
		wait = 2 * wait < PLAN_MINUTE ? 2 * wait : PLAN_MINUTE;
	}
}

/*! What is wanted fails, while signatures turn out to be good: no row any more. */
static void test_settled_meanwhile(void **state)
{
	(void)state;
	uint64_t at;
	plan_t plan = { 0 };
	plan_load(&plan, START, 1000, false, 0);
	plan.wanted = true;
	const bool wanted = plan_begin(&plan, START, PLAN_RELOAD);
	plan_settle(&plan);
	plan_end(&plan, START, PLAN_RELOAD, wanted, KNOT_ETIMEOUT);
	assert_int_equal(plan_next(&plan, &at), PLAN_RELOAD);
	assert_int_equal(at - START, PLAN_SECOND);
}

static void test_lines(void **state)
{
	(void)state;
	static const struct {
		bool no_keys, wanted;
		int ret;
		uint64_t after;
		const char *line;
	} cases[] = {
		{ false, false, KNOT_ETIMEOUT, 750 * S,
		  "signatures end in 250 s, and the zone can't be loaded anew (some reason), "
		  "run 'knotc -f zone-reload example.com.'" },
		{ false, false, KNOT_EOK, 999999,
		  "signatures end in 0 s, and the zone can't be loaded anew (nothing came of it), "
		  "run 'knotc -f zone-reload example.com.'" },
		{ false, false, KNOT_ETIMEOUT, 1000 * S,
		  "signatures have ended, and the zone can't be loaded anew (some reason), "
		  "run 'knotc -f zone-reload example.com.'" },
		{ false, true, KNOT_ETIMEOUT, 1000 * S,
		  "signatures have ended, and the zone can't be loaded anew (some reason), "
		  "run 'knotc -f zone-reload example.com.'" },
		{ false, true, KNOT_ETIMEOUT, 999999,
		  "signing keys have changed, and the zone can't be loaded anew (some reason), "
		  "run 'knotc -f zone-reload example.com.'" },
		{ true, false, KNOT_ETIMEOUT, 2000 * S,
		  "no signing keys when the zone was loaded, and the zone can't be loaded anew "
		  "(some reason), run 'knotc -f zone-reload example.com.'" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char line[300];
		plan_t plan = { 0 };
		plan_load(&plan, START, 1000, cases[i].no_keys, 0);
		plan.wanted = cases[i].wanted;
		uint64_t at, now = START + cases[i].after;
		const plan_step_t step = plan_next(&plan, &at);
		plan_end(&plan, now, step, plan_begin(&plan, now, step), cases[i].ret);
		plan_say(&plan, now, line, sizeof(line), "example.com.", "some reason");
		assert_string_equal(line, cases[i].line);
		assert_true(plan_say_at(&plan) >= now + 600 * S);

		char cut[300];
		const size_t half = strlen(line) / 2;
		plan_say(&plan, now, cut, half + 1, "example.com.", "some reason");
		assert_int_equal(strlen(cut), half);
		assert_memory_equal(cut, line, half);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_settled_meanwhile),
		cmocka_unit_test(test_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
