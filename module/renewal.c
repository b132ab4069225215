/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Zones that are to be loaded anew, and the thread that has it done.
 *
 * One lock guards the registry: records by zone name in a search tree, and in a heap by when they
 * are due. Query threads don't take it. The first call that wants a reload puts its instance on a
 * list of the wanting with compare-and-swap; who holds the lock takes the whole list at once, so
 * that nothing on it can be mistaken for something else. The thread sleeps on a semaphore, not on
 * a condition variable: sem_post() is an addition, and a wake-up that waits for nobody, and can't
 * get lost between the thread's last look and its sleep. It is called when the list was empty, and
 * when something is due earlier than the thread would wake.
 */

#define _GNU_SOURCE /* sem_clockwait() */

#include <pthread.h>
#include <search.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "module/control.h"
#include "module/hash.h"
#include "module/renewal.h"
#include "module/renewal_plan.h"

/*! How long a request may take. */
#define TIMEOUT_MS 10000
/*! Room for a path of a socket, and one that is too long still is when cut to this. */
#define SOCKET_MAX 128

/*! What is known of a zone. */
typedef struct {
	knot_dname_t *zone;
	char *text;        /*!< The same as text. */
	renewal_t *latest; /*!< The instances, the latest first. NULL if only the thread has it. */
	bool busy;         /*!< The thread has it. */
	plan_t plan;
	uint64_t due;      /*!< The key in the heap, */
	size_t slot;       /*!< and the place there. */
	char reason[CONTROL_ERR_MAX]; /*!< Why the last attempt failed. */
} record_t;

struct renewal {
	record_t *record;
	renewal_t *older;
	uint64_t number;   /*!< No other instance has ever had it. */
	plan_t before;     /*!< The plan as it was when this one came. */
	renewal_log_f log;
	void *ctx;
	renewal_t *wanting_next; /*!< Belongs to who sets wants, until heard. */
	atomic_bool wants;       /*!< On the list of the wanting, or heard. */
	bool heard;              /*!< It was on that list, and wants is still set. */
	atomic_bool settled;
	char socket[SOCKET_MAX]; /*!< Empty if there is none. */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *tree;         /*!< For tsearch(). */
static record_t **heap;    /*!< The one that is due first is the first. */
static size_t heap_count, heap_room;
static size_t instances;
static uint64_t last_number;
static bool running;       /*!< There is a thread, */
static uint64_t wakes_at;  /*!< and it sleeps until then; 0 if it doesn't. */
static sem_t wake;
static bool wake_ready;
static _Atomic(renewal_t *) wanting;

static uint64_t now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The heap. */

static void heap_put(record_t *record, size_t slot)
{
	heap[slot] = record;
	record->slot = slot;
}

/*! Moves a record to where it belongs, from a slot where it, or nothing, is. */
static void heap_settle(record_t *record, size_t slot)
{
	while (slot > 0 && heap[(slot - 1) / 2]->due > record->due) {
		heap_put(heap[(slot - 1) / 2], slot);
		slot = (slot - 1) / 2;
	}
	for (size_t child; (child = 2 * slot + 1) < heap_count; slot = child) {
		if (child + 1 < heap_count && heap[child + 1]->due < heap[child]->due) {
			child++;
		}
		if (heap[child]->due >= record->due) {
			break;
		}
		heap_put(heap[child], slot);
	}
	heap_put(record, slot);
}

static bool heap_grow(void)
{
	if (heap_count < heap_room) {
		return true;
	}
	const size_t room = heap_room > 0 ? 2 * heap_room : 16;
	record_t **grown = realloc(heap, room * sizeof(*grown));
	if (grown != NULL) {
		heap = grown;
		heap_room = room;
	}
	return grown != NULL;
}

static void heap_remove(const record_t *record)
{
	record_t *last = heap[--heap_count];
	if (last != record) {
		heap_settle(last, record->slot);
	}
}

/* Records. */

static int record_cmp(const void *a, const void *b)
{
	return knot_dname_cmp(((const record_t *)a)->zone, ((const record_t *)b)->zone);
}

static void record_free(record_t *record)
{
	if (record != NULL) {
		knot_dname_free(record->zone, NULL);
		free(record->text);
		free(record);
	}
}

/*! Finds a zone's record or makes it, due never. */
static record_t *record_get(const knot_dname_t *zone)
{
	const record_t wanted = { .zone = (knot_dname_t *)zone };
	record_t **found = tfind(&wanted, &tree, record_cmp);
	if (found != NULL) {
		return *found;
	}

	record_t *record = calloc(1, sizeof(*record));
	if (record == NULL || (record->zone = knot_dname_copy(zone, NULL)) == NULL ||
	    (record->text = knot_dname_to_str_alloc(zone)) == NULL || !heap_grow() ||
	    tsearch(record, &tree, record_cmp) == NULL) {
		record_free(record);
		return NULL;
	}
	record->due = PLAN_NEVER;
	heap_count++;
	heap_settle(record, heap_count - 1);
	return record;
}

/*! Drops a record that nobody has any more. */
static void record_put(record_t *record)
{
	if (record->latest == NULL && !record->busy) {
		heap_remove(record);
		(void)tdelete(record, &tree, record_cmp);
		record_free(record);
	}
}

/*! After any change of its plan: when it is due now. The thread is woken if it would be late. */
static void schedule(record_t *record)
{
	record->due = record->latest != NULL ? plan_due(&record->plan) : PLAN_NEVER;
	heap_settle(record, record->slot);
	if (record->due < wakes_at) {
		wakes_at = 0;
		(void)sem_post(&wake);
	}
}

/*! Takes the list of the wanting. Those that are not the latest of their zone have no say. */
static void hear(void)
{
	renewal_t *next;
	for (renewal_t *at = atomic_exchange(&wanting, NULL); at != NULL; at = next) {
		record_t *record = at->record;
		next = at->wanting_next;
		at->heard = true;
		if (record->latest == at) {
			if (atomic_exchange(&at->settled, false)) {
				plan_settle(&record->plan);
			}
			record->plan.wanted = true;
			schedule(record);
		}
	}
}

/* The thread. */

/*! Takes the step that is due, without the lock. What was begun may be of no interest after it. */
static void attempt(record_t *record, plan_step_t step, uint64_t now)
{
	renewal_t *latest = record->latest;
	const uint64_t number = latest->number;
	char socket[SOCKET_MAX], reason[CONTROL_ERR_MAX] = "no control socket is configured";
	memcpy(socket, latest->socket, sizeof(socket));
	const bool wanted = plan_begin(&record->plan, now, step);
	if (step == PLAN_RELOAD && latest->heard) {
		latest->heard = false;
		atomic_store(&latest->wants, false);
	}

	record->busy = true;
	pthread_mutex_unlock(&lock);
	int ret = KNOT_ENOTSUP;
	if (socket[0] != '\0') {
		ret = (step == PLAN_RELOAD ? control_reload_zone : control_zone_signed)
		      (socket, record->text, TIMEOUT_MS, reason);
	}
	pthread_mutex_lock(&lock);
	record->busy = false;

	if (record->latest != NULL && record->latest->number == number) {
		plan_end(&record->plan, now_ms(), step, wanted, ret);
		memcpy(record->reason, reason, sizeof(reason));
	}
}

/*! Does what is due of a zone, attempts first: the line says how the last one went. */
static void serve(record_t *record)
{
	plan_t *plan = &record->plan;
	uint64_t at, now = now_ms();
	const plan_step_t step = plan_next(plan, &at);
	if (at <= now) {
		attempt(record, step, now);
		now = now_ms();
	}
	if (record->latest != NULL && plan_say_at(plan) <= now) {
		char line[RENEWAL_LINE_MAX];
		plan_say(plan, now, line, sizeof(line), record->text, record->reason);
		record->latest->log(record->latest->ctx, line);
	}
	schedule(record);
	record_put(record);
}

static void *renewer(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	while (instances > 0) {
		hear();
		if (heap[0]->due <= now_ms()) {
			serve(heap[0]);
			continue;
		}
		wakes_at = heap[0]->due;
		const struct timespec until = {
			.tv_sec = wakes_at / 1000 < INT32_MAX ? wakes_at / 1000 : INT32_MAX,
			.tv_nsec = wakes_at % 1000 * 1000000,
		};
		pthread_mutex_unlock(&lock);
		(void)sem_clockwait(&wake, CLOCK_MONOTONIC, &until);
		pthread_mutex_lock(&lock);
		wakes_at = 0;
	}
	running = false;
	pthread_mutex_unlock(&lock);
	return NULL;
}

/*! Sees to it that there is a thread. */
static bool run(void)
{
	if (running) {
		return true;
	}
	if (!wake_ready) {
		wake_ready = sem_init(&wake, 0, 0) == 0;
	}

	sigset_t all, old;
	pthread_t thread;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	running = wake_ready && pthread_create(&thread, NULL, renewer, NULL) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (running) {
		(void)pthread_detach(thread);
	}
	return running;
}

renewal_t *renewal_new(const knot_dname_t *zone, const char *socket, uint32_t lifetime,
                       bool keys_missing, renewal_log_f log, void *ctx)
{
	renewal_t *renewal = calloc(1, sizeof(*renewal));
	if (renewal == NULL) {
		return NULL;
	}
	renewal->log = log;
	renewal->ctx = ctx;
	if (socket != NULL) {
		strncpy(renewal->socket, socket, sizeof(renewal->socket) - 1);
	}

	pthread_mutex_lock(&lock);
	record_t *record = run() ? record_get(zone) : NULL;
	if (record == NULL) {
		pthread_mutex_unlock(&lock);
		free(renewal);
		return NULL;
	}
	hear();
	if (record->latest != NULL && atomic_load(&record->latest->settled)) {
		plan_settle(&record->plan);
	}
	renewal->record = record;
	renewal->number = ++last_number;
	renewal->before = record->plan;
	renewal->older = record->latest;
	record->latest = renewal;
	instances++;
	const uint64_t hash = hash_more(HASH_START, record->zone, knot_dname_size(record->zone));
	plan_load(&record->plan, now_ms(), lifetime, keys_missing, hash);
	schedule(record);
	pthread_mutex_unlock(&lock);
	return renewal;
}

void renewal_want(renewal_t *renewal)
{
	if (renewal == NULL || atomic_load_explicit(&renewal->wants, memory_order_relaxed) ||
	    atomic_exchange(&renewal->wants, true)) {
		return;
	}
	renewal_t *first = atomic_load(&wanting);
	do {
		renewal->wanting_next = first;
	} while (!atomic_compare_exchange_weak(&wanting, &first, renewal));
	if (first == NULL) {
		(void)sem_post(&wake);
	}
}

void renewal_settled(renewal_t *renewal)
{
	if (renewal != NULL && !atomic_load_explicit(&renewal->settled, memory_order_relaxed)) {
		atomic_store(&renewal->settled, true);
	}
}

/*! Takes an instance out of its record. If it was the latest, it has never been. */
static void leave(record_t *record, renewal_t *renewal)
{
	if (record->latest != renewal) {
		renewal_t *newer = record->latest;
		while (newer->older != renewal) {
			newer = newer->older;
		}
		newer->older = renewal->older;
		newer->before = renewal->before;
		return;
	}
	record->latest = renewal->older;
	if (record->latest != NULL) {
		record->plan = renewal->before;
		record->plan.wanted = record->plan.wanted || record->latest->heard;
	}
	schedule(record);
}

void renewal_free(renewal_t *renewal)
{
	if (renewal == NULL) {
		return;
	}
	pthread_mutex_lock(&lock);
	hear(); /* It may be on that list. */
	leave(renewal->record, renewal);
	record_put(renewal->record);
	if (--instances == 0) {
		(void)sem_post(&wake);
	}
	pthread_mutex_unlock(&lock);
	free(renewal);
}
