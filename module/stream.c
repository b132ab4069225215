/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Taking a response back. The hooks of the last stage see it with OPT and TSIG; where one of them fails,
 * knotd composes another response, which must have nothing of the first one's.
 */

#include <string.h>

#include "module/stream.h"

/* The response is put together once more, so it is signed once more: with the query's MAC, in
 * whose place the server has written the first response's (RFC 8945 5.3). */
static int renew_tsig(knotd_qdata_t *qdata)
{
	knot_sign_context_t *sign = &qdata->sign;
	const knot_pkt_t *query = qdata->query;
	if (sign->tsig_key.name == NULL || sign->pkt_count == 0) {
		return KNOT_EOK;
	}
	if (query->tsig_wire.pos == NULL || sign->tsig_digest == NULL) {
		return KNOT_EMALF;
	}

	knot_rrset_t tsig;
	size_t pos = query->tsig_wire.pos - query->wire;
	int ret = knot_rrset_rr_from_wire(query->wire, &pos, pos + query->tsig_wire.len, &tsig,
	                                  qdata->mm, false);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (knot_tsig_rdata_is_ok(&tsig) &&
	    knot_tsig_rdata_mac_length(&tsig) == sign->tsig_digestlen) {
		memcpy(sign->tsig_digest, knot_tsig_rdata_mac(&tsig), sign->tsig_digestlen);
		sign->pkt_count = 0;
	} else {
		ret = KNOT_EMALF;
	}
	knot_rrset_clear(&tsig, qdata->mm);

	return ret;
}

knotd_state_t stream_cut(knotd_qdata_t *qdata, uint16_t opt_len, bool stream)
{
	// The server puts OPT together once more: without what it has added to it since.
	knot_rdata_t *opt = qdata->opt_rr.rrs.rdata;
	if (opt != NULL && opt->len > opt_len) {
		opt->len = opt_len;
		qdata->opt_rr.rrs.size = knot_rdata_size(opt->len);
	}
	qdata->rcode_ede = KNOT_EDNS_EDE_NONE;
	qdata->rcode = KNOT_RCODE_NOERROR;
	qdata->err_truncated = !stream;
	if (stream || renew_tsig(qdata) != KNOT_EOK) {
		qdata->err_truncated = false;
		qdata->rcode = KNOT_RCODE_SERVFAIL;
	}
	return KNOTD_STATE_FAIL;
}
