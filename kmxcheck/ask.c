/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Asking servers, several at a time. A thread takes one server after another; all that it writes
 * belongs to the server it has taken, or to a zone that is asked for there.
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmxcheck/ask.h"
#include "kmxcheck/lang.h"
#include "kmxcheck/xalloc.h"

/* Servers that are asked at a time. */
#define HOSTS_MAX 8

/* A server that is down is not waited for as often as it has zones. */
#define UNANSWERED_MAX 3

#define PROGRESS_MS 200

bool patience_ended(patience_t *patience)
{
	bool enough = patience->unanswered >= UNANSWERED_MAX;
	patience->not_asked += enough;
	(void)clock_gettime(CLOCK_MONOTONIC, &patience->asked);
	return enough;
}

int patience_note(patience_t *patience, int ret)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	bool waited = now.tv_sec - patience->asked.tv_sec > 1;
	patience->unanswered = (ret != KNOT_EOK && waited) ? patience->unanswered + 1 : 0;
	return ret;
}

/*! The number of a server. */
static size_t host_of(asks_t *asks, const server_t *server)
{
	size_t i = 0;
	while (i < asks->hosts.count && strcmp(asks->hosts.at[i].server.text, server->text) != 0) {
		i++;
	}
	if (i == asks->hosts.count) {
		ask_host_t *host = xadd(&asks->hosts);
		host->server = *server;
	}
	return i;
}

void asks_add(asks_t *asks, const server_t *server, const knot_dname_t *ns, const audit_t *audit,
              const policy_t *policy)
{
	size_t host = host_of(asks, server);
	/* Those of one zone follow each other. */
	for (size_t i = asks->list.count; i > 0 && asks->list.at[i - 1].audit == audit; i--) {
		if (asks->list.at[i - 1].host == host) {
			return;
		}
	}
	*(size_t *)xadd(&asks->hosts.at[host].asks) = asks->list.count;
	*(ask_t *)xadd(&asks->list) = (ask_t){
		.host = host, .audit = audit, .policy = policy,
		.zone.ns = ns != NULL ? xcheck(knot_dname_to_str_alloc(ns)) : NULL,
	};
}

/*! What the threads share. */
typedef struct {
	asks_t *asks;
	pthread_mutex_t lock; /*!< Of what follows. */
	pthread_cond_t changed;
	size_t next;          /*!< Host that nobody has taken. */
	size_t done;          /*!< Zones that were asked for. */
} pool_t;

static void ask_zone(ask_host_t *host, ask_t *ask)
{
	char err[ERROR_TEXT_MAX];
	if (patience_ended(&host->patience)) {
		return;
	}
	int ret = live_audit(&ask->live, &ask->zone, &host->server, ask->audit, ask->policy,
	                     err);
	ask->done = patience_note(&host->patience, ret) == KNOT_EOK;
	if (!ask->done) {
		ask->err = xstrdup(err);
	}
}

static void *ask_hosts(void *ctx)
{
	pool_t *pool = ctx;
	pthread_mutex_lock(&pool->lock);
	while (pool->next < pool->asks->hosts.count) {
		ask_host_t *host = &pool->asks->hosts.at[pool->next++];
		for (size_t i = 0; i < host->asks.count; i++) {
			pthread_mutex_unlock(&pool->lock);
			ask_zone(host, &pool->asks->list.at[host->asks.at[i]]);
			pthread_mutex_lock(&pool->lock);
			pool->done++;
			pthread_cond_signal(&pool->changed);
		}
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static void show_progress(pool_t *pool)
{
	const size_t all = pool->asks->list.count, hosts = pool->asks->hosts.count;
	pthread_mutex_lock(&pool->lock);
	while (pool->done < all) {
		(void)fputs("\r\033[K", stderr);
		(void)fprintf(stderr, ngettext("asking %zu server", "asking %zu servers", hosts),
		              hosts);
		(void)fprintf(stderr, ngettext(": %zu of %zu zone", ": %zu of %zu zones", all),
		              pool->done, all);
		struct timespec until;
		(void)clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += PROGRESS_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		(void)pthread_cond_timedwait(&pool->changed, &pool->lock, &until);
	}
	pthread_mutex_unlock(&pool->lock);
	(void)fputs("\r\033[K", stderr);
}

void asks_run(asks_t *asks, bool progress)
{
	pool_t pool = {
		.asks = asks,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	};
	pthread_t threads[HOSTS_MAX];
	size_t count = 0;
	while (count < HOSTS_MAX && count < asks->hosts.count &&
	       pthread_create(&threads[count], NULL, ask_hosts, &pool) == 0) {
		count++;
	}
	if (count == 0) {
		(void)ask_hosts(&pool);
	} else if (progress) {
		show_progress(&pool);
	}
	while (count > 0) {
		(void)pthread_join(threads[--count], NULL);
	}
}
