/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A configuration of Knot DNS as far as mail is concerned: its zones, their files, and by which
 * stanzas of mod-mxguard they are protected.
 *
 * As in knotd, an item of a zone hides that of its template, a list of modules too; a zone that
 * names no template has the one called "default". Unlike in knotd, the order of sections is free.
 *
 * One thread. Errors are KNOT_E*, with a text that begins with "FILE:LINE: " or "FILE: ".
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kmxcheck/conftext.h"
#include "kmxcheck/setup.h"

/* Where zone files are that nothing else is said of. The build knows better. */
#ifndef KNOT_STORAGE_DIR
#define KNOT_STORAGE_DIR "/var/lib/knot"
#endif

typedef struct {
	knot_dname_t *name;
	place_t place;
	char *file;          /*!< Its zone file, NULL if it never has one. */
	const char *skip;    /*!< Why it is not to be audited, or NULL. */
	bool catalog;        /*!< The server takes zones from it. */
	setup_t **setups;    /*!< The stanzas that protect it, as the server applies them. */
	size_t setup_count;
} config_zone_t;

/*! Zeroed is empty. */
typedef struct {
	config_zone_t *zones;    /*!< In the order of the configuration. */
	size_t zone_count;
	config_zone_t **by_name; /*!< The same, sorted. */
	setup_t *setups;         /*!< All stanzas, made. */
	size_t setup_count;
	conftext_t text;         /*!< Places point into this. */
} config_t;

/*! Reads a configuration. To be cleared with config_clear(), also after an error. */
int config_read(config_t *config, const char *path, char err[static SETUP_ERR_MAX]);

void config_clear(config_t *config);

/*! The zone of a name, or NULL. */
const config_zone_t *config_zone(const config_t *config, const knot_dname_t *name);

/*! The stanza of an id, or NULL. */
setup_t *config_setup(const config_t *config, const char *id);
