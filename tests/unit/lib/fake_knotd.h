/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Stands in for knotd when the module is loaded: has a configuration made of text, and records what
 * is logged. The functions of knotd's that module/conf.c calls are in here, so a test with this
 * needs no server. Values are expected to be valid for knotd's own parser.
 */

#pragma once

#include "module/conf.h"

#define FAKE_KNOTD_ITEMS_MAX 12
#define FAKE_KNOTD_VALUES_MAX 6
#define FAKE_KNOTD_LOG_MAX 4

/*! A stanza: items and their values, both ended by NULL. */
typedef struct {
	struct {
		const char *name;
		const char *values[FAKE_KNOTD_VALUES_MAX];
	} items[FAKE_KNOTD_ITEMS_MAX];
} fake_knotd_text_t;

/*! What was logged since the last fake_knotd_load() began. */
typedef struct {
	size_t count;
	int level[FAKE_KNOTD_LOG_MAX];
	char text[FAKE_KNOTD_LOG_MAX][512];
} fake_knotd_log_t;

extern fake_knotd_log_t fake_knotd_log;

/*! Calls mxguard_conf_check(). *err is its err_str. */
int fake_knotd_check(const fake_knotd_text_t *text, const char **err);

/*! Calls mxguard_conf_load() as for a zone, whose name is no longer there when this returns. */
int fake_knotd_load(const fake_knotd_text_t *text, const char *zone, mxguard_conf_t **conf);
