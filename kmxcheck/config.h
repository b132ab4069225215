/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A configuration of Knot DNS as far as mail is concerned: its zones, their files, and by which
 * stanzas of mod-mxguard they are protected.
 *
 * As in knotd, an item of a zone replaces that of its template, also where it is a list of modules;
 * a zone that names no template has the one called "default". Unlike in knotd, the order of
 * sections is free.
 *
 * One thread. Errors are KNOT_E*, with a text that begins with "FILE:LINE: " or "FILE: ".
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dns/index.h"
#include "dns/text.h"
#include "dns/vec.h"
#include "kmxcheck/values.h"

/*! The sections that matter here; all others are skipped. */
typedef enum {
	CONF_ZONE, CONF_TEMPLATE, CONF_MXGUARD, CONF_SERVER, CONF_CONTROL, CONF_SECTION_COUNT
} conf_section_t;

/*! One value of an item, as it is written. */
typedef struct {
	char *item;
	char *text;
	source_pos_t pos;
} conf_value_t;

/*! What belongs to one id of a section, or to a section that has none. */
typedef struct {
	char *id;                 /*!< Or "". */
	source_pos_t pos;
	VEC(conf_value_t) values; /*!< In the order of the file. */
} conf_group_t;

typedef struct {
	knot_dname_t *name;
	source_pos_t pos;
	char *file;               /*!< Its zone file, NULL if it never has one. */
	const char *skip;         /*!< Why it is not to be audited, or NULL. */
	bool catalog;             /*!< The server takes zones from it. */
	VEC(values_t *) policies; /*!< The stanzas that protect it, as the server applies them. */
} config_zone_t;

/*! Zeroed is empty. */
typedef struct {
	VEC(config_zone_t) zones; /*!< In the order of the configuration. */
	name_index_t by_name;     /*!< Their numbers. */
	VEC(values_t) policies;   /*!< All stanzas, made. */

	/* The text, for config.c only. */
	VEC(conf_group_t) sections[CONF_SECTION_COUNT];
	VEC(char *) files;        /*!< Names that positions point at. */
} config_t;

/*! Reads a configuration. */
int config_read(config_t *config, const char *path, char err[static ERROR_TEXT_MAX]);

/*! Makes a policy consider records as proxied that an export marks as such (export.h), if it knows
 *  any proxy. To be called before values_make(). */
void config_add_marks(values_t *values);

/*! The zone of a name, or NULL. */
const config_zone_t *config_zone(const config_t *config, const knot_dname_t *name);

/*! Where the server listens: the i-th value of "listen" as it is written, or NULL: no more. */
const char *config_listen(const config_t *config, size_t i);

/*! The control socket that the server has by this configuration, for free(). NULL: it names none,
 *  so the server uses the default of its build. */
char *config_control(const config_t *config);

/*! The stanza of an id, or NULL. */
values_t *config_policy(const config_t *config, const char *id);

/*!
 * Makes the path of a zone file, as knotd makes it of the items "storage" and "file".
 *
 * \param out      The path, for free().
 * \param storage  Folder for a file without a leading slash.
 * \param file     Name with formatters: %s the zone's name, %c[N] and %c[N-M] characters of it
 *                 from the left, %l[N] a label from the right, %% a percent sign. Any other is
 *                 left out, as knotd does.
 * \param zone     The zone's name.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL  An index is missing or wrong.
 * \retval KNOT_ERANGE  The name is too long.
 */
int zonefile_path(char **out, const char *storage, const char *file, const knot_dname_t *zone);
