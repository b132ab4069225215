/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * JSON objects for output. Texts are made clean as clean_copy() does it; NULL is a key that does
 * not apply and is left out. One thread.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "kmxcheck/check.h"

/*! Adds a value, which then belongs to the object. */
void put(json_t *object, const char *key, json_t *value);

void put_text(json_t *object, const char *key, const char *text);
void put_name(json_t *object, const char *key, const knot_dname_t *name);
void put_number(json_t *object, const char *key, uint64_t number);

/*! Adds what a finding is about: owner, type, target, address, and if wanted the network. */
void put_record(json_t *object, const audit_finding_t *finding, bool network);

/*! Writes an object and frees it. With open set its closing brace is left out, for more to
 *  follow. */
void put_out(FILE *out, json_t *object, bool open);
