/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Keys and signatures of Knot DNS. They were a library of their own, whose errors are not
 * libknot's, and are a part of libknot from 3.6 on. Success is KNOT_EOK in both.
 */

#pragma once

#include <libknot/libknot.h>

#if KNOT_VERSION_HEX < 0x030600
#include <libdnssec/error.h>
#include <libdnssec/key.h>
#include <libdnssec/keystore.h>
#include <libdnssec/keytag.h>
#include <libdnssec/pem.h>
#include <libdnssec/sign.h>
#else
#include <libknot/dnssec/key.h>
#include <libknot/dnssec/keystore.h>
#include <libknot/dnssec/keytag.h>
#include <libknot/dnssec/pem.h>
#include <libknot/dnssec/sign.h>
#define dnssec_strerror(code) knot_strerror(code)
#define DNSSEC_PKCS8_IMPORT_ERROR KNOT_KEY_EIMPORT
#endif
