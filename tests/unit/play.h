/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Plays knotd to the module's loader: gives it a configuration made up of text, and writes down
 * what it logs. The functions of knotd's that module/conf.c calls are in here, so a test with this
 * needs no server. Values are taken to be what knotd's own parser would have let through.
 */

#pragma once

#include "module/conf.h"

#define PLAY_ITEMS_MAX 12
#define PLAY_VALUES_MAX 6
#define PLAY_LOG_MAX 4

/*! A stanza: items and their values, both ended by NULL. */
typedef struct {
	struct {
		const char *name;
		const char *values[PLAY_VALUES_MAX];
	} items[PLAY_ITEMS_MAX];
} play_text_t;

/*! What was logged since the last play_load() began. */
typedef struct {
	size_t count;
	int level[PLAY_LOG_MAX];
	char text[PLAY_LOG_MAX][512];
} play_log_t;

extern play_log_t play_log;

/*! Calls mxguard_conf_check(). *err is its err_str. */
int play_check(const play_text_t *text, const char **err);

/*! Calls mxguard_conf_load() as for a zone, whose name is no longer there when this returns. */
int play_load(const play_text_t *text, const char *zone, mxguard_conf_t **conf);
