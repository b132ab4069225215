/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Asking servers, several at a time. Each thread asks one server after another, and writes only to
 * the data of that server and of the zones that it is asked for.
 */

#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "kmxcheck/ask.h"
#include "kmxcheck/lang.h"
#include "kmxcheck/xalloc.h"

/* Servers that are asked at a time. */
#define HOSTS_MAX 8

/* Requests in a row without an answer, after which a server is given up. One that is down is not
 * waited for once for each zone. */
#define UNANSWERED_MAX 3

#define PROGRESS_MS 200

bool server_given_up(server_failures_t *failures)
{
	bool enough = failures->unanswered >= UNANSWERED_MAX;
	failures->not_asked += enough;
	(void)clock_gettime(CLOCK_MONOTONIC, &failures->asked);
	return enough;
}

int server_note_result(server_failures_t *failures, int ret)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	bool waited = now.tv_sec - failures->asked.tv_sec > 1;
	failures->unanswered = (ret != KNOT_EOK && waited) ? failures->unanswered + 1 : 0;
	return ret;
}

/* Name servers */

static void add_server(nameserver_list_t *servers, int family, const uint8_t *address,
                       uint16_t port)
{
	char text[ADDRESS_TEXT_MAX], err[ERROR_TEXT_MAX];
	nameserver_t *added = xadd(servers);
	(void)server_from_str(&added->server, address_text(text, family, address), port, err);
	added->no_network = server_no_network(&added->server);
}

/*! Adds the addresses that the zones of the run have. */
static void find_in_zones(nameserver_list_t *servers, const zones_t *zones, zone_t *zone,
                          const policy_t *policy, const knot_dname_t *name, uint16_t port)
{
	host_t host;
	host_address_t address = { .rrset = NULL };
	zones_follow(zones, zone, policy, name, &host);
	while (audit_next_address(&host, &address)) {
		add_server(servers, address.family, address.rdata->data, port);
	}
}

/*! Adds the addresses that the system's resolver finds. The final dot makes a name absolute, but
 *  names in /etc/hosts have none: they are looked up without it. */
static void find_elsewhere(nameserver_list_t *servers, const knot_dname_t *name, uint16_t port)
{
	knot_dname_txt_storage_t text;
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *found = NULL;
	if (getaddrinfo(name_text(text, name), NULL, &hints, &found) != 0) {
		text[strlen(text) - 1] = '\0';
		if (text[0] == '\0' || getaddrinfo(text, NULL, &hints, &found) != 0) {
			return;
		}
	}
	for (const struct addrinfo *info = found; info != NULL; info = info->ai_next) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)info->ai_addr;
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)info->ai_addr;
		if (info->ai_family == AF_INET) {
			add_server(servers, 4, (const uint8_t *)&v4->sin_addr, port);
		} else if (info->ai_family == AF_INET6) {
			add_server(servers, 6, (const uint8_t *)&v6->sin6_addr, port);
		}
	}
	freeaddrinfo(found);
}

nameserver_list_t *nameservers_find(asks_t *asks, const zones_t *zones, zone_t *zone,
                                    const policy_t *policy, const knot_dname_t *name,
                                    uint16_t port)
{
	size_t number = name_index_find(&asks->names, name);
	if (number != NAME_INDEX_NONE) {
		return &asks->nameservers.at[number];
	}
	(void)xadd_index(&asks->names, xname(name));
	nameserver_list_t *servers = xadd(&asks->nameservers);
	find_in_zones(servers, zones, zone, policy, name, port);
	if (servers->count == 0) {
		find_elsewhere(servers, name, port);
	}
	return servers;
}

/*! The number of a server, which is added if it is not there yet. */
static size_t host_number(asks_t *asks, const server_t *server)
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
	size_t host = host_number(asks, server);
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

/* Asking */

/*! What the threads share. */
typedef struct {
	asks_t *asks;
	pthread_mutex_t lock; /*!< For the members below. */
	pthread_cond_t changed;
	size_t next;          /*!< The next server to be asked. */
	size_t done;          /*!< Zones that were asked for. */
} pool_t;

static void ask_zone(ask_host_t *host, ask_t *ask)
{
	char err[ERROR_TEXT_MAX];
	if (server_given_up(&host->failures)) {
		return;
	}
	int ret = live_audit(&ask->live, &ask->zone, &host->server, ask->audit, ask->policy,
	                     err);
	ask->done = server_note_result(&host->failures, ret) == KNOT_EOK;
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
