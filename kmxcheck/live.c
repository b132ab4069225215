/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The audit of a server's answers, in rounds: is it a server of this zone at all; who are the mail
 * targets, and does it answer as enforce would; what are their addresses.
 */

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "kmxcheck/live.h"
#include "kmxcheck/talk.h"

int live_server(server_t *server, const char *text, char err[static LIVE_ERR_MAX])
{
	char host[SERVER_TEXT_MAX];
	const char *at = strchr(text, '@'), *port = at != NULL ? at + 1 : "53";
	size_t length = at != NULL ? (size_t)(at - text) : strlen(text);
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	                          .ai_socktype = SOCK_DGRAM }, *info = NULL;
	*server = (server_t){ 0 };

	char *end;
	unsigned long number = strtoul(port, &end, 10);
	bool fine = length > 0 && length < sizeof(host) && *port >= '0' && *port <= '9' &&
	            *end == '\0' && number > 0 && number <= UINT16_MAX;
	if (fine) {
		memcpy(host, text, length);
		host[length] = '\0';
		fine = getaddrinfo(host, port, &hints, &info) == 0;
	}
	if (!fine) {
		(void)snprintf(err, LIVE_ERR_MAX, "'%s' is not ADDR or ADDR@PORT", text);
		return KNOT_EINVAL;
	}
	memcpy(&server->address, info->ai_addr, info->ai_addrlen);
	server->size = info->ai_addrlen;
	freeaddrinfo(info);
	(void)snprintf(server->text, sizeof(server->text), "%.*s@%lu", (int)sizeof(host) - 8, host,
	               number);
	return KNOT_EOK;
}

/* RDATA as octets, names in lower case. Returns its length, or 0: too long, or malformed. */
size_t rr_rdata(const ldns_rr *rr, uint8_t out[static RDATA_MAX])
{
	size_t length = 0;
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *part = ldns_rr_rdf(rr, i);
		size_t size = ldns_rdf_size(part);
		if (size > RDATA_MAX - length) {
			return 0;
		}
		memcpy(out + length, ldns_rdf_data(part), size);
		if (ldns_rdf_get_type(part) == LDNS_RDF_TYPE_DNAME) {
			knot_dname_to_lower(out + length);
		}
		length += size;
	}
	return length;
}

/* The owner of an RR in lower case. */
const knot_dname_t *rr_owner(const ldns_rr *rr, knot_dname_storage_t out)
{
	const ldns_rdf *owner = ldns_rr_owner(rr);
	size_t size = ldns_rdf_size(owner);
	out[0] = '\0';
	if (size <= sizeof(knot_dname_storage_t)) {
		memcpy(out, ldns_rdf_data(owner), size);
		knot_dname_to_lower(out);
	}
	return out;
}

int rr_family(const ldns_rr *rr)
{
	if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN || ldns_rr_rd_count(rr) != 1) {
		return 0;
	}
	size_t size = ldns_rdf_size(ldns_rr_rdf(rr, 0));
	ldns_rr_type type = ldns_rr_get_type(rr);
	return type == LDNS_RR_TYPE_A && size == 4 ? 4 :
	       type == LDNS_RR_TYPE_AAAA && size == 16 ? 6 : 0;
}

int talk_query(talk_t *talk, const knot_dname_t *name, uint16_t type, via_t via, size_t tag)
{
	int ret = met_grow((void **)&talk->queries, talk->query_count, sizeof(*talk->queries));
	if (ret == KNOT_EOK) {
		talk->queries[talk->query_count++] = (query_t){ name, type, via, tag };
	}
	return ret;
}

int talk_round(talk_t *talk, ask_f done)
{
	int ret = ask_all(talk->server, talk->queries, talk->query_count, done, talk, talk->err);
	talk->query_count = 0;
	return ret;
}

int talk_unusable(talk_t *talk, const query_t *query, const ldns_pkt *answer)
{
	char text[QUERY_TEXT_MAX];
	char *rcode = ldns_pkt_rcode2str(ldns_pkt_get_rcode(answer));
	int ret = ask_error(talk->server, talk->err, "answers %s to %s",
	                    ldns_pkt_tc(answer) ? "incompletely"
	                                        : rcode != NULL ? rcode : "with an error",
	                    ask_text(text, query));
	free(rcode);
	return ret;
}

bool talk_decides(const query_t *query, const ldns_pkt *answer)
{
	ldns_pkt_rcode rcode = ldns_pkt_get_rcode(answer);
	return (rcode == LDNS_RCODE_NOERROR || rcode == LDNS_RCODE_NXDOMAIN) &&
	       !(query->via == VIA_TCP && ldns_pkt_tc(answer));
}

/* The first round: SOA. */
static int take_soa(void *ctx, const query_t *query, const ldns_pkt *answer)
{
	talk_t *talk = ctx;
	talk->answered++;
	const ldns_rr_list *rrs = ldns_pkt_answer(answer);
	for (size_t i = 0; ldns_pkt_aa(answer) && i < ldns_rr_list_rr_count(rrs); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(rrs, i);
		knot_dname_storage_t owner;
		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA && ldns_rr_rd_count(rr) > 2 &&
		    knot_dname_is_equal(rr_owner(rr, owner), query->name)) {
			talk->serial = ldns_rdf2native_int32(ldns_rr_rdf(rr, 2));
			return KNOT_EOK;
		}
	}
	knot_dname_txt_storage_t name;
	(void)knot_dname_to_str(name, query->name, sizeof(name));
	char *rcode = ldns_pkt_rcode2str(ldns_pkt_get_rcode(answer));
	int ret = ask_error(talk->server, talk->err, "is no server of %s (answers %s)", name,
	                    rcode != NULL && ldns_pkt_get_rcode(answer) != LDNS_RCODE_NOERROR
	                    ? rcode : "without authority");
	free(rcode);
	return ret;
}

static int talk_all(talk_t *talk)
{
	for (via_t via = 0; via < VIA_COUNT; via++) {
		int ret = talk_query(talk, talk->policy->zone, KNOT_RRTYPE_SOA, via, 0);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	int ret = talk_round(talk, take_soa);
	if (ret == KNOT_EOK) {
		ret = talk_targets(talk);
	}
	return ret == KNOT_EOK ? talk_follow(talk) : ret;
}

static guard_t guard_of(size_t seen, size_t changes)
{
	return changes == 0 ? GUARD_UNKNOWN : seen == changes ? GUARD_YES :
	       seen == 0 ? GUARD_NO : GUARD_PART;
}

static void talk_clear(talk_t *talk)
{
	for (size_t i = 0; i < talk->extra_count; i++) {
		knot_dname_free(talk->extras[i].name, NULL);
	}
	for (size_t i = 0; i < talk->walk_count; i++) {
		knot_dname_free(talk->walks[i].name, NULL);
	}
	free(talk->extras);
	free(talk->walks);
	free(talk->queries);
	met_clear(&talk->met);
}

int live_audit(audit_t *out, live_t *live, const server_t *server, const audit_t *audit,
               const policy_t *policy, char err[static LIVE_ERR_MAX])
{
	*out = (audit_t){ .zone = audit->zone, .records = audit->records };
	*live = (live_t){ .guard = GUARD_NONE };
	talk_t talk = {
		.server = server,
		.policy = policy,
		.audit = audit,
		.met = { .policy = policy, .server = server->text },
		.err = err,
	};
	err[0] = '\0';
	int ret = talk_all(&talk);
	if (ret == KNOT_EOK) {
		live->guard = talk.met.guard = guard_of(talk.seen, audit->edit_count);
		live->queries = talk.answered;
		live->seen = talk.seen;
		out->serial = talk.serial;
		ret = met_verdict(&talk.met, audit, out);
	}
	if (ret != KNOT_EOK && err[0] == '\0') {
		(void)ask_error(server, err, "%s", knot_strerror(ret));
	}
	talk_clear(&talk);
	return ret;
}
