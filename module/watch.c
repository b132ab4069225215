/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The thread that looks at the files of lists.
 */

#define _GNU_SOURCE /* pthread_setname_np() */

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <libknot/errcode.h>
#include <urcu.h>

#include "module/watch.h"

typedef struct group group_t;

struct watch {
	group_t *group;
	watch_t *next, **at; /* In the group; at points here. */
	uint32_t interval;
	const netlist_t *list;
	watch_who_t who;
};

/* All watches of one list. */
struct group {
	group_t *next;
	const void *id;    /* Of the list. */
	watch_t *watches;  /* Never none. */
	uint32_t interval; /* The shortest, or that of a watch that has ended: see is_due(). */
	time_t looked;     /* When the files were looked at. */
};

/* Held while a watch begins or ends, until the thread has begun or ended with it. */
static pthread_mutex_t thread_lock = PTHREAD_MUTEX_INITIALIZER;
/* Held while the thread reads files and calls back, so a watch stays valid during its callback. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake; /* By the monotonic clock; made together with the thread. */
static group_t *groups;
static pthread_t thread;

static time_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static void call_back(const group_t *group, bool changed, const char *text)
{
	for (const watch_t *watch = group->watches; watch != NULL; watch = watch->next) {
		watch->who.event(watch->who.event_ctx, changed, text);
		text = NULL;
	}
}

static bool fits_all(void *ctx, const netlist_t *version, char why[static NETFILE_ERR_MAX])
{
	const group_t *group = ctx;
	for (const watch_t *watch = group->watches; watch != NULL; watch = watch->next) {
		if (!watch->who.fits(watch->who.fits_ctx, version, why)) {
			return false;
		}
	}
	return true;
}

static void look_at(group_t *group)
{
	const netlist_t *list = group->watches->list;
	char err[NETFILE_ERR_MAX], text[NETFILE_ERR_MAX + 100];
	if (netlist_refresh(list, fits_all, group, err)) {
		rcu_read_lock();
		const netlist_t *version = netlist_current(list);
		size_t nets = netset_count(netlist_set(version));
		size_t names = netlist_names(version)->count;
		rcu_read_unlock();
		(void)snprintf(text, sizeof(text), "list changed, %zu network%s and %zu name%s "
		               "now%s%s", nets, nets == 1 ? "" : "s", names, names == 1 ? "" : "s",
		               err[0] != '\0' ? ", " : "", err);
		call_back(group, true, text);
	} else if (err[0] != '\0') {
		(void)snprintf(text, sizeof(text), "keeping the last good list, %s%s",
		               err[0] == '/' ? "proxy-file " : "", err);
		call_back(group, false, text);
	}
}

/* When the files are looked at next. */
static time_t due(const group_t *group)
{
	return group->looked + group->interval;
}

/* A reload begins the new watches before it ends the old ones, so a longer interval is in force
 * once the last watch with the shorter one has ended. That is found out when the shorter one is
 * over: there may be many zones, and each watch that ends would look at all others. */
static bool is_due(group_t *group)
{
	if (due(group) > now()) {
		return false;
	}
	group->interval = UINT32_MAX;
	for (const watch_t *watch = group->watches; watch != NULL; watch = watch->next) {
		if (watch->interval < group->interval) {
			group->interval = watch->interval;
		}
	}
	return due(group) <= now();
}

/* The lock is released only while waiting. */
static void *run(void *arg)
{
	(void)arg;
	rcu_register_thread(); /* Logging reads what RCU keeps. */
	pthread_mutex_lock(&lock);
	while (groups != NULL) {
		struct timespec until = { .tv_sec = due(groups) };
		for (group_t *group = groups; group != NULL; group = group->next) {
			if (is_due(group)) {
				look_at(group);
				group->looked = now();
			}
			until.tv_sec = due(group) < until.tv_sec ? due(group) : until.tv_sec;
		}
		(void)pthread_cond_timedwait(&wake, &lock, &until);
	}
	pthread_mutex_unlock(&lock);
	rcu_unregister_thread();
	return NULL;
}

/* The server handles signals, not this thread. */
static int start(void)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&wake, &attr);
	pthread_condattr_destroy(&attr);

	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int ret = pthread_create(&thread, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
#ifdef HAVE_PTHREAD_SETNAME_NP
	if (ret == 0) {
		/* For those who look at threads. */
		(void)pthread_setname_np(thread, "mxguard-lists");
	}
#endif
	return ret == 0 ? KNOT_EOK : KNOT_ENOMEM;
}

/* Finds the group of a list or makes one. */
static group_t *get_group(const void *id)
{
	for (group_t *group = groups; group != NULL; group = group->next) {
		if (group->id == id) {
			return group;
		}
	}
	group_t *group = calloc(1, sizeof(*group));
	if (group != NULL) {
		*group = (group_t){
			.next = groups, .id = id, .interval = UINT32_MAX, .looked = now(),
		};
		groups = group;
	}
	return group;
}

static void remove_group(group_t *group)
{
	group_t **at = &groups;
	while (*at != group) {
		at = &(*at)->next;
	}
	*at = group->next;
	free(group);
}

static void add(watch_t *watch, group_t *group)
{
	watch->group = group;
	watch->next = group->watches;
	watch->at = &group->watches;
	if (watch->next != NULL) {
		watch->next->at = &watch->next;
	}
	group->watches = watch;
	if (watch->interval < group->interval) {
		/* Most watches are for another zone with the same list: these wake nobody. */
		group->interval = watch->interval;
		pthread_cond_signal(&wake);
	}
}

int watch_new(const netlist_t *list, uint32_t interval, const watch_who_t *who, watch_t **out)
{
	*out = NULL;
	const void *id = netlist_id(list);
	if (id == NULL) {
		return KNOT_EOK;
	}
	watch_t *watch = calloc(1, sizeof(*watch));
	if (watch == NULL) {
		return KNOT_ENOMEM;
	}
	*watch = (watch_t){ .interval = interval, .list = list, .who = *who };

	pthread_mutex_lock(&thread_lock);
	pthread_mutex_lock(&lock);
	bool first = groups == NULL;
	group_t *group = get_group(id);
	int ret = group == NULL ? KNOT_ENOMEM : first ? start() : KNOT_EOK;
	if (ret == KNOT_EOK) {
		add(watch, group);
	} else if (group != NULL && group->watches == NULL) {
		remove_group(group);
	}
	pthread_mutex_unlock(&lock);
	pthread_mutex_unlock(&thread_lock);
	if (ret != KNOT_EOK) {
		free(watch);
		return ret;
	}
	*out = watch;
	return KNOT_EOK;
}

void watch_free(watch_t *watch)
{
	if (watch == NULL) {
		return;
	}
	pthread_mutex_lock(&thread_lock);
	pthread_mutex_lock(&lock);
	*watch->at = watch->next;
	if (watch->next != NULL) {
		watch->next->at = watch->at;
	}
	if (watch->group->watches == NULL) {
		remove_group(watch->group);
	}
	bool last = groups == NULL;
	if (last) {
		pthread_cond_signal(&wake);
	}
	pthread_mutex_unlock(&lock);
	if (last) {
		pthread_join(thread, NULL);
		pthread_cond_destroy(&wake);
	}
	pthread_mutex_unlock(&thread_lock);
	free(watch);
}
