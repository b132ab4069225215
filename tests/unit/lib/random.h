/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Random zones and policies for tests, made of the mistakes and oddities that the contract names,
 * and the questions to ask them. All follows from a seed.
 */

#pragma once

#include "tests/unit/lib/zone.h"

/*! A zone's text for zone_new(), and its policy's options for test_policy_init(). */
typedef struct {
	char zone[8192];
	char options[512];
} random_zone_t;

/*! Makes a zone that knotd would load: of example.com, nothing beside a CNAME or below a DNAME. */
void random_zone(random_zone_t *out, uint64_t seed);

/*! Names of a zone and around it: its nodes, names below them, targets. No wildcards. */
typedef struct {
	knot_dname_storage_t *at;
	size_t count;
} random_names_t;

/*! Collects the names to ask for, each once. */
void random_names(random_names_t *names, const test_zone_t *zone);
void random_names_clear(random_names_t *names);

/*! Adds a name that is not there already; true if it was not. */
bool random_names_add(random_names_t *names, const knot_dname_t *name);

bool random_names_has(const random_names_t *names, const knot_dname_t *name);
