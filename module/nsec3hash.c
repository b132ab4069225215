/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * RFC 5155 5: the name with the salt is hashed, and then so often again that with the salt.
 */

#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "module/nsec3hash.h"

int nsec3hash(uint8_t hash[static NSEC3_HASH], const knot_dname_t *name,
              const nsec3_params_t *params)
{
	uint8_t in[KNOT_DNAME_MAXLEN + UINT8_MAX];
	size_t size = knot_dname_size(name);
	memcpy(in, name, size);
	for (uint32_t i = 0; i <= params->iterations; i++) {
		memcpy(in + size, params->salt, params->salt_len);
		if (gnutls_hash_fast(GNUTLS_DIG_SHA1, in, size + params->salt_len, hash) != 0) {
			return KNOT_ERROR;
		}
		size = NSEC3_HASH;
		memcpy(in, hash, size);
	}
	return KNOT_EOK;
}
