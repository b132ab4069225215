/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Fuzz targets: one function each, called by libFuzzer, or by replay.c for every file of a corpus.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*! Folders of the corpus, relative to the top of the sources, NULL-ended. */
extern const char *const fuzz_corpus[];
