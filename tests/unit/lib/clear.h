/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Frees what kmxcheck keeps up to the end of the program, because tests make it many times. Each of
 * these functions frees all that an object holds, also after an error; a zeroed one is fine.
 */

#pragma once

#include "kmxcheck/check.h"
#include "kmxcheck/config.h"
#include "kmxcheck/ignore.h"

void audit_clear(audit_t *audit);
void zones_clear(zones_t *zones);
void values_clear(values_t *values);
void config_clear(config_t *config);
void ignores_clear(ignores_t *ignores);
