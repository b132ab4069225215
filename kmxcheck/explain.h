/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * What kmxcheck says of itself on standard output: usage, version, what a rule means. False where
 * it can't be said; the error is on standard error then.
 */

#pragma once

#include <stdbool.h>

bool print_usage(void);
bool print_version(void);
bool explain_rule(const char *name);
