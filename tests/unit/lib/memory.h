/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Memory that counts allocations, and fails on request: for tests of what happens without memory.
 * One at a time, for one thread: a knot_mm_t frees without its context.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <libknot/libknot.h>

/*!
 * Starts to count again.
 *
 * \param fail_at  The allocation that fails, from 1; 0 for none.
 * \param after    All after that one fail as well.
 */
knot_mm_t *memory_start(size_t fail_at, bool after);

/*! Allocations so far. */
size_t memory_calls(void);

/*! True if an allocation failed. */
bool memory_failed(void);

/*! Allocations not freed yet. */
size_t memory_live(void);
