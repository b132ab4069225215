/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A control server in tests: a thread that speaks libknot's own server side on a socket in a
 * folder of its own, and answers as it is told to.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
	SERVE_NOTHING, /*!< The end of the block alone, as after a command that was carried out. */
	SERVE_KEYS,    /*!< Two DNSKEYs. */
	SERVE_OTHER,   /*!< A record of another type. */
	SERVE_ERROR,   /*!< What serving_error() was told. */
	SERVE_HANG,    /*!< No answer until told otherwise. */
	SERVE_CLOSE,   /*!< Hangs up when it has the request. */
	SERVE_END,     /*!< The end of everything, out of place. */
} serve_t;

/*! A request as it came; empty for what was not in it. */
typedef struct {
	char cmd[32];
	char flags[8];
	char zone[64];
	char owner[64];
	char type[16];
	bool ended; /*!< The peer has said that there is no more to come. */
} served_t;

/*! The socket; there is none until serving_start(). */
extern char serving_path[96];

/*! Make the folder, and remove it. For a group of tests. */
int serving_setup(void **state);
int serving_teardown(void **state);

/*! Starts and ends the thread. What was told and counted before is forgotten. */
void serving_start(void);
void serving_stop(void);

/*! How to answer zone-reload, and how anything else. Wakes an answer that hangs. */
void serving_answer(serve_t reload, serve_t other);
void serving_error(const char *error);

/*! Called for each zone-reload before its answer, by the server's thread. NULL for nothing. */
void serving_on_reload(void (*reload)(void));

/*! Requests so far. */
unsigned serving_reloads(void);
unsigned serving_others(void);

/*! Waits until there have been at least so many of each; as wait_for(). */
bool serving_reach(unsigned reloads, unsigned others);

/*! The last request. */
served_t serving_last(void);

/*! Milliseconds of a clock that does not go back. */
uint64_t clock_ms(void);

/*! Waits until this is so, a minute at most. */
bool wait_for(bool (*is_so)(void));
