/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A run: which zones by which policies, their audits, and the output of it all.
 */

#pragma once

#include "kmxcheck/options.h"

/*! Does what the options ask for. Returns the exit status; errors are on standard error. */
int run_audit(options_t *options);
