/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A configuration of Knot DNS as text: the sections that matter here, with everything that is
 * included, item by item and with their places. What items mean is for config.h to say. The
 * sections are "zone", "template" and "mod-mxguard"; all others are read over.
 *
 * One thread. Errors are KNOT_E*, with a text that begins with "FILE:LINE: " or "FILE: ".
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kmxcheck/setup.h"

typedef enum { CONF_ZONE, CONF_TEMPLATE, CONF_MXGUARD, CONF_SECTION_COUNT } conf_section_t;

/*! One value of an item. */
typedef struct {
	char *item;
	char *text;
	place_t place;
} conf_value_t;

/*! What belongs to one id of a section. */
typedef struct {
	char *id;
	place_t place;
	conf_value_t *values; /*!< In the order of the file. */
	size_t count;
	size_t room;
} conf_group_t;

/*! The groups of a section, in the order of the files. */
typedef struct {
	conf_group_t *at;
	size_t count;
	size_t room;
} conf_groups_t;

/*! Zeroed is empty. */
typedef struct {
	conf_groups_t sections[CONF_SECTION_COUNT];
	char **files;         /*!< Names that places point at. */
	size_t file_count;
} conftext_t;

/*! Reads a file. To be cleared with conftext_clear(), also after an error. */
int conftext_read(conftext_t *text, const char *path, char err[static SETUP_ERR_MAX]);

void conftext_clear(conftext_t *text);

/*! The last value of an item, or NULL if it is not set. */
const conf_value_t *conf_value(const conf_group_t *group, const char *item);
