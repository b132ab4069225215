/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The line on the terminal, and the thread that writes it.
 */

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "kmxcheck/progress.h"

#define SECONDS_FIRST 2

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stopped;

/* All of it with the lock taken. */
static pthread_t thread;
static bool running;
static bool shown;
static const char *step_what = "";
static size_t step_done, step_total;

static void wipe(void)
{
	if (shown) {
		(void)fputs("\r\033[K", stderr);
		(void)fflush(stderr);
		shown = false;
	}
}

static void show(int seconds)
{
	(void)fprintf(stderr, "\r\033[Kkmxcheck: %s %zu of %zu, %d s", step_what, step_done,
	              step_total, seconds);
	(void)fflush(stderr);
	shown = true;
}

static void *run(void *arg)
{
	(void)arg;
	struct timespec start, next;
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	next = start;
	next.tv_sec += SECONDS_FIRST;

	(void)pthread_mutex_lock(&lock);
	while (running) {
		/* Woken up only to end, or by chance. */
		if (pthread_cond_timedwait(&stopped, &lock, &next) != 0 && running) {
			show((int)(next.tv_sec - start.tv_sec));
			next.tv_sec++;
		}
	}
	wipe();
	(void)pthread_mutex_unlock(&lock);
	return NULL;
}

void progress_start(bool wanted)
{
	if (!wanted || !isatty(STDERR_FILENO)) {
		return;
	}
	pthread_condattr_t attr;
	if (pthread_condattr_init(&attr) != 0) {
		return;
	}
	/* Progress does not matter enough to fail for it. */
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (pthread_cond_init(&stopped, &attr) == 0) {
		(void)pthread_mutex_lock(&lock); /* The thread waits for the answer. */
		running = (pthread_create(&thread, NULL, run, NULL) == 0);
		(void)pthread_mutex_unlock(&lock);
	}
	(void)pthread_condattr_destroy(&attr);
}

void progress_step(const char *what, size_t done, size_t total)
{
	(void)pthread_mutex_lock(&lock);
	step_what = what;
	step_done = done;
	step_total = total;
	(void)pthread_mutex_unlock(&lock);
}

void progress_wipe(void)
{
	(void)pthread_mutex_lock(&lock);
	wipe();
	(void)pthread_mutex_unlock(&lock);
}

void progress_stop(void)
{
	(void)pthread_mutex_lock(&lock);
	bool was = running;
	running = false;
	if (was) {
		(void)pthread_cond_signal(&stopped);
	}
	(void)pthread_mutex_unlock(&lock);
	if (was) {
		(void)pthread_join(thread, NULL);
		(void)pthread_cond_destroy(&stopped);
	}
}
