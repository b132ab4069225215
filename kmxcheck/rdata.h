/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * RDATA of the types that an audit looks into. In generic form (RFC 3597) anything may be written
 * for any type, and libzscanner does not look into that. Any number of threads.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*! True unless it is malformed RDATA of a type that is looked into. */
bool rdata_check(uint16_t type, const uint8_t *data, size_t size);

/*! Puts names in checked RDATA of such a type into lower case. */
void rdata_to_lower(uint16_t type, uint8_t *data);
