/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Output in tests: names and addresses from text, and comparing what is written. Names are freed
 * by free_names(), the teardown of each test.
 */

#pragma once

#include "kmxcheck/print.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*! A name, until the test ends. */
knot_dname_t *name(const char *text);

int free_names(void **state);

/*! Sets family and address from a text. */
void set_address(uint8_t *family, uint8_t out[16], const char *text);

/*! All that is written in a format; for free(). */
char *printed(const output_t *output, format_t format);

/*! Compares what is written. "{RULE}" in what is expected stands for the rule's summary. */
void expect(const output_t *output, format_t format, const char *expected);
