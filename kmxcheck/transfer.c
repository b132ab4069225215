/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A zone by zone transfer, as zone-file text. The transfer is ldns's, the text libknot's: its own
 * zone-file reader reads it back whatever the types are.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <libknot/libknot.h>

#include "kmxcheck/ask.h"
#include "kmxcheck/print.h"

#define TIMEOUT 10

typedef struct {
	const server_t *server;
	ldns_resolver *resolver;
	ldns_rdf *zone;
	FILE *out;
	char *line;      /* A record as text. */
	size_t line_size;
	char *err;
	const char *zone_text;
} transfer_t;

static int write_rr(transfer_t *transfer, const ldns_rr *rr)
{
	ldns_buffer *rdata = ldns_buffer_new(512);
	if (rdata == NULL) {
		return KNOT_ENOMEM;
	}
	int ret = KNOT_ENOMEM;
	if (ldns_rr_rdata2buffer_wire(rdata, rr) == LDNS_STATUS_OK) {
		knot_rrset_t rrset;
		knot_rrset_init(&rrset, ldns_rdf_data(ldns_rr_owner(rr)),
		                (uint16_t)ldns_rr_get_type(rr), KNOT_CLASS_IN, ldns_rr_ttl(rr));
		ret = knot_rrset_add_rdata(&rrset, ldns_buffer_begin(rdata),
		                           (uint16_t)ldns_buffer_position(rdata), NULL);
		if (ret == KNOT_EOK) {
			ret = knot_rrset_txt_dump(&rrset, &transfer->line, &transfer->line_size,
			                          &KNOT_DUMP_STYLE_DEFAULT);
		}
		if (ret >= 0) {
			ret = fputs(transfer->line, transfer->out) < 0 ? KNOT_ENOMEM : KNOT_EOK;
		}
		knot_rdataset_clear(&rrset.rrs, NULL);
	}
	ldns_buffer_free(rdata);
	return ret;
}

static int give_up(const transfer_t *transfer)
{
	const ldns_pkt *last = ldns_axfr_last_pkt(transfer->resolver);
	char *rcode = last == NULL || ldns_pkt_get_rcode(last) == LDNS_RCODE_NOERROR ? NULL :
	              ldns_pkt_rcode2str(ldns_pkt_get_rcode(last));
	int ret = ask_error(transfer->server, transfer->err, "no zone transfer of %s (%s)",
	                    transfer->zone_text, rcode != NULL ? rcode : "no complete answer");
	free(rcode);
	return ret;
}

static int transfer_all(transfer_t *transfer)
{
	ldns_status status = ldns_axfr_start(transfer->resolver, transfer->zone, LDNS_RR_CLASS_IN);
	if (status != LDNS_STATUS_OK) {
		return ask_error(transfer->server, transfer->err, "no zone transfer of %s (%s)",
		                 transfer->zone_text, ldns_get_errorstr_by_id(status));
	}
	bool begun = false;
	for (;;) {
		ldns_rr *rr = ldns_axfr_next(transfer->resolver);
		if (rr == NULL) {
			return give_up(transfer);
		}
		/* The SOA is the first record and, once more, the last one. */
		bool last = begun && ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA;
		int ret = last ? KNOT_EOK : write_rr(transfer, rr);
		ldns_rr_free(rr);
		if (last || ret != KNOT_EOK) {
			return ret;
		}
		begun = true;
	}
}

/* A resolver that knows the one server. */
static ldns_resolver *make_resolver(const server_t *server)
{
	ldns_resolver *resolver = ldns_resolver_new();
	uint16_t port;
	ldns_rdf *address = ldns_sockaddr_storage2rdf(&server->address, &port);
	if (resolver == NULL || address == NULL ||
	    ldns_resolver_push_nameserver(resolver, address) != LDNS_STATUS_OK) {
		ldns_resolver_deep_free(resolver);
		ldns_rdf_deep_free(address);
		return NULL;
	}
	ldns_rdf_deep_free(address);
	ldns_resolver_set_port(resolver, port);
	ldns_resolver_set_recursive(resolver, false);
	ldns_resolver_set_retry(resolver, 2);
	ldns_resolver_set_timeout(resolver, (struct timeval){ .tv_sec = TIMEOUT });
	return resolver;
}

int live_transfer(const server_t *server, const knot_dname_t *zone, char **text, size_t *size,
                  char err[static LIVE_ERR_MAX])
{
	knot_dname_txt_storage_t name;
	transfer_t transfer = {
		.server = server,
		.resolver = make_resolver(server),
		.zone = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, knot_dname_size(zone), zone),
		.line = malloc(1024),
		.line_size = 1024,
		.err = err,
		.zone_text = print_name(name, zone),
	};
	*text = NULL;
	err[0] = '\0';
	transfer.out = open_memstream(text, size);
	int ret = KNOT_ENOMEM;
	if (transfer.resolver != NULL && transfer.zone != NULL && transfer.line != NULL &&
	    transfer.out != NULL) {
		ret = transfer_all(&transfer);
	}
	if (transfer.out != NULL && fclose(transfer.out) != 0 && ret == KNOT_EOK) {
		ret = KNOT_ENOMEM;
	}
	if (ret != KNOT_EOK) {
		free(*text);
		*text = NULL;
		if (err[0] == '\0') {
			(void)ask_error(server, err, "%s", knot_strerror(ret));
		}
	}
	free(transfer.line);
	ldns_rdf_deep_free(transfer.zone);
	ldns_resolver_deep_free(transfer.resolver);
	return ret;
}
