/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A control server in tests.
 */

#undef NDEBUG

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <libknot/control/control.h>
#include <libknot/errcode.h>
#include <libknot/version.h>

#include "tests/unit/serving.h"

char serving_path[96];

static char dir[64];
static pthread_t thread;
static knot_ctl_t *server;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told = PTHREAD_COND_INITIALIZER;
static struct {
	bool stop;
	serve_t reload, other;
	char error[512];
	void (*on_reload)(void);
	unsigned reloads, others;
	served_t last;
} shared;

int serving_setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/mxguard-control-XXXXXX");
	if (mkdtemp(dir) == NULL) {
		return -1;
	}
	(void)snprintf(serving_path, sizeof(serving_path), "%s/knot.sock", dir);
	return 0;
}

int serving_teardown(void **state)
{
	(void)state;
	(void)unlink(serving_path);
	return rmdir(dir);
}

static void copy(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from != NULL ? from : "");
}

/*! Notes a request. Returns how to answer it. */
static serve_t note(const knot_ctl_data_t *data)
{
	pthread_mutex_lock(&lock);
	served_t *last = &shared.last;
	copy(last->cmd, sizeof(last->cmd), (*data)[KNOT_CTL_IDX_CMD]);
	copy(last->flags, sizeof(last->flags), (*data)[KNOT_CTL_IDX_FLAGS]);
	copy(last->zone, sizeof(last->zone), (*data)[KNOT_CTL_IDX_ZONE]);
	copy(last->owner, sizeof(last->owner), (*data)[KNOT_CTL_IDX_OWNER]);
	copy(last->type, sizeof(last->type), (*data)[KNOT_CTL_IDX_TYPE]);
	last->ended = false;

	const bool reload = strcmp(last->cmd, "zone-reload") == 0;
	unsigned *count = reload ? &shared.reloads : &shared.others;
	const serve_t *how = reload ? &shared.reload : &shared.other;
	void (*on_reload)(void) = reload ? shared.on_reload : NULL;
	++*count;
	while (*how == SERVE_HANG && !shared.stop) {
		pthread_cond_wait(&told, &lock);
	}
	const serve_t answer = *how;
	pthread_mutex_unlock(&lock);
	if (on_reload != NULL) {
		on_reload();
	}
	return answer;
}

/*! Answers a request. Returns false if that was the last thing to be said. */
static bool answer(serve_t how, knot_ctl_data_t *data)
{
	char error[sizeof(shared.error)];
	switch (how) {
	case SERVE_KEYS:
	case SERVE_OTHER:
		(*data)[KNOT_CTL_IDX_TYPE] = how == SERVE_KEYS ? "DNSKEY" : "CDNSKEY";
		(*data)[KNOT_CTL_IDX_DATA] = "257 3 13 AAAA";
		(void)knot_ctl_send(server, KNOT_CTL_TYPE_DATA, data);
		(void)knot_ctl_send(server, KNOT_CTL_TYPE_DATA, data);
		break;
	case SERVE_ERROR:
		pthread_mutex_lock(&lock);
		memcpy(error, shared.error, sizeof(error));
		pthread_mutex_unlock(&lock);
		(*data)[KNOT_CTL_IDX_ERROR] = error;
		(void)knot_ctl_send(server, KNOT_CTL_TYPE_DATA, data);
		break;
	case SERVE_HANG:
	case SERVE_CLOSE:
		return false;
	case SERVE_END:
		(void)knot_ctl_send(server, KNOT_CTL_TYPE_END, NULL);
		return false;
	case SERVE_NOTHING:
		break;
	}
	return knot_ctl_send(server, KNOT_CTL_TYPE_BLOCK, NULL) == KNOT_EOK;
}

/*! As knotd does it: a command is carried out when it is there, answered when its block ends. */
static void converse(void)
{
	serve_t how = SERVE_NOTHING;
	knot_ctl_type_t type;
	knot_ctl_data_t data, request = { NULL };
	while (knot_ctl_receive(server, &type, &data) == KNOT_EOK) {
		if (type == KNOT_CTL_TYPE_DATA) {
			how = note((const knot_ctl_data_t *)&data);
		} else if (type == KNOT_CTL_TYPE_BLOCK && !answer(how, &request)) {
			return;
		} else if (type == KNOT_CTL_TYPE_END) {
			pthread_mutex_lock(&lock);
			shared.last.ended = true;
			pthread_mutex_unlock(&lock);
			return;
		}
	}
}

static bool stopped(void)
{
	pthread_mutex_lock(&lock);
	const bool stop = shared.stop;
	pthread_mutex_unlock(&lock);
	return stop;
}

static void *serve(void *arg)
{
	(void)arg;
	while (!stopped()) {
		if (knot_ctl_accept(server) == KNOT_EOK) {
			converse();
			knot_ctl_close(server);
		}
	}
	return NULL;
}

void serving_start(void)
{
	memset(&shared, 0, sizeof(shared));
	server = knot_ctl_alloc();
	assert_non_null(server);
	(void)unlink(serving_path);
#if KNOT_VERSION_HEX >= 0x030306 /* Since then the backlog is the caller's choice. */
	assert_int_equal(knot_ctl_bind(server, serving_path, 5), KNOT_EOK);
#else
	assert_int_equal(knot_ctl_bind(server, serving_path), KNOT_EOK);
#endif
	assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
}

void serving_stop(void)
{
	pthread_mutex_lock(&lock);
	shared.stop = true;
	pthread_cond_broadcast(&told);
	pthread_mutex_unlock(&lock);

	/* It may be waiting for a connection. */
	knot_ctl_t *client = knot_ctl_alloc();
	assert_non_null(client);
	(void)knot_ctl_connect(client, serving_path);
	knot_ctl_free(client);
	assert_int_equal(pthread_join(thread, NULL), 0);
	knot_ctl_unbind(server);
	knot_ctl_free(server);
}

void serving_answer(serve_t reload, serve_t other)
{
	pthread_mutex_lock(&lock);
	shared.reload = reload;
	shared.other = other;
	pthread_cond_broadcast(&told);
	pthread_mutex_unlock(&lock);
}

void serving_error(const char *error)
{
	pthread_mutex_lock(&lock);
	copy(shared.error, sizeof(shared.error), error);
	pthread_mutex_unlock(&lock);
}

void serving_on_reload(void (*reload)(void))
{
	pthread_mutex_lock(&lock);
	shared.on_reload = reload;
	pthread_mutex_unlock(&lock);
}

unsigned serving_reloads(void)
{
	pthread_mutex_lock(&lock);
	const unsigned count = shared.reloads;
	pthread_mutex_unlock(&lock);
	return count;
}

unsigned serving_others(void)
{
	pthread_mutex_lock(&lock);
	const unsigned count = shared.others;
	pthread_mutex_unlock(&lock);
	return count;
}

served_t serving_last(void)
{
	pthread_mutex_lock(&lock);
	const served_t last = shared.last;
	pthread_mutex_unlock(&lock);
	return last;
}

uint64_t clock_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool wait_for(bool (*is_so)(void))
{
	const uint64_t end = clock_ms() + 60000;
	while (!is_so()) {
		if (clock_ms() > end) {
			return false;
		}
		(void)usleep(2000);
	}
	return true;
}

bool serving_reach(unsigned reloads, unsigned others)
{
	const uint64_t end = clock_ms() + 60000;
	while (serving_reloads() < reloads || serving_others() < others) {
		if (clock_ms() > end) {
			return false;
		}
		(void)usleep(2000);
	}
	return true;
}
