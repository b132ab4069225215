/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * When a zone's module is to be loaded anew: the decision alone, inside of renewal.c. Given what
 * has happened to a zone so far, what is to be done next, when, and what is to be said about it.
 *
 * No clock, no thread, no I/O: all times are milliseconds of one clock that does not go back, and
 * come in as arguments. A plan is plain data, and may be copied to go back to it later.
 */

#pragma once

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <libknot/errcode.h>

#define PLAN_NEVER UINT64_MAX
#define PLAN_SECOND UINT64_C(1000)
#define PLAN_MINUTE (60 * PLAN_SECOND)
#define PLAN_HOUR (60 * PLAN_MINUTE)

typedef enum {
	PLAN_RELOAD, /*!< Have the module loaded anew. */
	PLAN_ASK,    /*!< Ask if the zone is signed by now. */
} plan_step_t;

/*! What has happened to a zone. All zeros before the first load. */
typedef struct {
	uint64_t loaded;      /*!< When the latest load was. */
	uint64_t lifetime;    /*!< How long its signatures stay good. */
	uint64_t age_at;      /*!< When it is old enough for the next. */
	uint64_t ask_at;      /*!< When to ask for its missing keys. */
	uint64_t row_at;      /*!< When the last wanted reload was tried, 0 for never. */
	uint64_t failed_at;   /*!< The first of the failures in a row, */
	uint64_t retry_at;    /*!< and until when they put everything off. */
	uint64_t quiet_until; /*!< No line before that. */
	uint32_t row;         /*!< Wanted reloads in a row. */
	uint32_t asks;        /*!< Answers that the zone is not signed, since the load. */
	uint32_t failures;    /*!< Failures of control in a row, since the load. */
	bool keys_missing;    /*!< The load found none. */
	bool wanted;          /*!< A reload is, whatever the age. */
	bool requested;       /*!< A reload was granted, but this load is still the latest. */
} plan_t;

/*! first, doubled so many times, but not more than max. */
static inline uint64_t plan_backoff(uint64_t first, uint32_t times, uint64_t max)
{
	return times < 32 && first << times < max ? first << times : max;
}

/*!
 * A load of the module. How often it was wanted in a row and what was said goes on.
 *
 * \param lifetime_s  Seconds that signatures stay good, from now on.
 * \param hash        Any number, the same for each load of a zone: spreads what is due.
 */
static inline void plan_load(plan_t *plan, uint64_t now, uint32_t lifetime_s, bool keys_missing,
                             uint64_t hash)
{
	plan->loaded = now;
	plan->lifetime = (lifetime_s > 0 ? lifetime_s : 1) * PLAN_SECOND;
	plan->age_at = now + plan->lifetime / 2 + hash % (plan->lifetime / 8 + 1);
	plan->ask_at = now + PLAN_SECOND / 2;
	plan->asks = 0;
	plan->failures = 0;
	plan->keys_missing = keys_missing;
	plan->wanted = false;
	plan->requested = false;
}

/*! Wanted reloads after this one begin a new row. */
static inline void plan_settle(plan_t *plan)
{
	plan->row = 0;
}

/*! What is next, and from when on. *at is PLAN_NEVER if there is nothing to do. */
static inline plan_step_t plan_next(const plan_t *plan, uint64_t *at)
{
	plan_step_t step = plan->keys_missing ? PLAN_ASK : PLAN_RELOAD;
	*at = step == PLAN_ASK ? plan->ask_at : plan->age_at;
	if (plan->requested) {
		*at = PLAN_NEVER;
	}
	if (plan->wanted) {
		uint64_t want_at = 0;
		if (plan->row_at > 0) {
			uint32_t times = plan->row > 0 ? plan->row - 1 : 0;
			want_at = plan->row_at + plan_backoff(PLAN_SECOND, times, PLAN_HOUR);
		}
		if (step == PLAN_ASK || want_at < *at) {
			step = PLAN_RELOAD;
			*at = want_at;
		}
	}
	if (plan->failures > 0 && *at < plan->retry_at) {
		*at = plan->retry_at;
	}
	return step;
}

/*!
 * A step is begun. What is wanted from now on is wanted again.
 *
 * \return If it was wanted, for plan_end().
 */
static inline bool plan_begin(plan_t *plan, uint64_t now, plan_step_t step)
{
	if (step != PLAN_RELOAD || !plan->wanted) {
		return false;
	}
	plan->wanted = false;
	plan->row++;
	plan->row_at = now;
	return true;
}

/*!
 * A step has ended, and the load that it was begun for is still the latest.
 *
 * \param ret  What control_reload_zone() or control_zone_signed() returned.
 */
static inline void plan_end(plan_t *plan, uint64_t now, plan_step_t step, bool was_wanted, int ret)
{
	if (ret == KNOT_EOK || (step == PLAN_ASK && ret == KNOT_ENOENT)) {
		plan->failures = 0;
		if (step == PLAN_RELOAD) {
			plan->requested = true;
		} else if (ret == KNOT_EOK) {
			plan->wanted = true;
		} else {
			plan->asks++;
			plan->ask_at = now + plan_backoff(PLAN_SECOND / 2, plan->asks, PLAN_HOUR);
		}
		return;
	}

	if (was_wanted) {
		plan->wanted = true;
		plan->row -= plan->row > 0; /* It may have been settled meanwhile. */
	}
	uint64_t max = plan->lifetime / 8 < PLAN_MINUTE ? plan->lifetime / 8 : PLAN_MINUTE;
	uint64_t wait = plan_backoff(PLAN_SECOND, plan->failures, max);
	plan->retry_at = now + (wait > PLAN_SECOND ? wait : PLAN_SECOND);
	if (plan->failures++ == 0) {
		plan->failed_at = now;
	}
}

/*! When a line is due, PLAN_NEVER if there is nothing to say. */
static inline uint64_t plan_say_at(const plan_t *plan)
{
	uint64_t at = plan->keys_missing ? PLAN_NEVER : plan->loaded + plan->lifetime / 4 * 3;
	if (plan->failures > 0) {
		const uint64_t long_at = plan->failed_at + 10 * PLAN_SECOND;
		at = long_at < at ? long_at : at;
	} else if (!plan->requested) {
		return PLAN_NEVER;
	}
	return at > plan->quiet_until ? at : plan->quiet_until;
}

/*! When there is anything to do or to say. */
static inline uint64_t plan_due(const plan_t *plan)
{
	uint64_t at;
	(void)plan_next(plan, &at);
	const uint64_t say_at = plan_say_at(plan);
	return at < say_at ? at : say_at;
}

/*!
 * Writes the line that is due, and sees to it that the next one isn't soon.
 *
 * \param line    What does not fit is cut.
 * \param zone    Its name as text.
 * \param reason  Why the last attempt failed; not looked at if it didn't.
 */
static inline void plan_say(plan_t *plan, uint64_t now, char *line, size_t size, const char *zone,
                            const char *reason)
{
	char what[64];
	const uint64_t end = plan->loaded + plan->lifetime;
	if (plan->keys_missing) {
		(void)snprintf(what, sizeof(what), "no signing keys when the zone was loaded,");
	} else if (now >= end) {
		(void)snprintf(what, sizeof(what), "signatures have ended,");
	} else if (plan->wanted) {
		(void)snprintf(what, sizeof(what), "signing keys have changed,");
	} else {
		(void)snprintf(what, sizeof(what), "signatures end in %" PRIu64 " s,",
		               (end - now) / PLAN_SECOND);
	}
	if (snprintf(line, size,
	             "%s and the zone can't be loaded anew (%s), run 'knotc -f zone-reload %s'",
	             what, plan->failures > 0 ? reason : "nothing came of it", zone) < 0) {
		line[0] = '\0';
	}
	plan->quiet_until = now + 10 * PLAN_MINUTE;
}
