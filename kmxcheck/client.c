/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Queries to a server, and zone transfers.
 */

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <ldns/ldns.h>

#include "kmxcheck/client.h"
#include "kmxcheck/lang.h"
#include "kmxcheck/xalloc.h"

#define IN_FLIGHT 24
#define TRIES 3
#define WAIT_MS 2000
#define TRANSFER_WAIT_S 10

/* Length of a TCP message, header, QNAME, QTYPE, QCLASS, OPT. */
#define OUT_MAX (2 + 12 + 255 + 4 + 11)
#define IN_MAX (2 + 65535)

/* Writes the text of a server from its address. */
static void set_text(server_t *server)
{
	char host[SERVER_TEXT_MAX - 8] = "", port[8] = "";
	(void)getnameinfo((const struct sockaddr *)&server->address, server->size, host,
	                  sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	(void)snprintf(server->text, sizeof(server->text), "%s@%s", host, port);
}

bool server_to_loopback(server_t *server)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&server->address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&server->address;
	bool ipv4 = server->address.ss_family == AF_INET;
	if (ipv4 && v4->sin_addr.s_addr == htonl(INADDR_ANY)) {
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		set_text(server);
	} else if (!ipv4 && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr)) {
		v6->sin6_addr = in6addr_loopback;
		set_text(server);
	}
	return ipv4 ? ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET
	            : IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

uint16_t port_from_str(const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && number <= UINT16_MAX
	       ? (uint16_t)number : 0;
}

int server_from_str(server_t *server, const char *text, uint16_t port,
                    char err[static ERROR_TEXT_MAX])
{
	char host[SERVER_TEXT_MAX], service[8];
	const char *at = strchr(text, '@');
	size_t length = at != NULL ? (size_t)(at - text) : strlen(text);
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	                          .ai_socktype = SOCK_DGRAM }, *info = NULL;
	*server = (server_t){ 0 };

	uint16_t number = at != NULL ? port_from_str(at + 1) : port;
	bool fine = length > 0 && length < sizeof(host) && number != 0;
	if (fine) {
		memcpy(host, text, length);
		host[length] = '\0';
		(void)snprintf(service, sizeof(service), "%u", number);
		fine = getaddrinfo(host, service, &hints, &info) == 0;
	}
	if (!fine) {
		(void)snprintf(err, ERROR_TEXT_MAX, _("'%s' is not ADDR or ADDR@PORT"), text);
		return KNOT_EINVAL;
	}
	memcpy(&server->address, info->ai_addr, info->ai_addrlen);
	server->size = info->ai_addrlen;
	freeaddrinfo(info);
	set_text(server);
	return KNOT_EOK;
}

/* A socket on its way to the server. */
static int open_socket(const server_t *server, int type)
{
	int fd = socket(server->address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -1;
	}
	if (connect(fd, (const struct sockaddr *)&server->address, server->size) != 0 &&
	    errno != EINPROGRESS) {
		int error = errno;
		(void)close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

bool server_no_network(const server_t *server)
{
	int fd = open_socket(server, SOCK_DGRAM);
	bool none = fd < 0 && (errno == EAFNOSUPPORT || errno == ENETUNREACH ||
	                       errno == EADDRNOTAVAIL);
	if (fd >= 0) {
		(void)close(fd);
	}
	return none;
}

int server_error(const server_t *server, char err[static ERROR_TEXT_MAX], const char *fmt, ...)
{
	int length = snprintf(err, ERROR_TEXT_MAX, "%s: ", server->text);
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(err + length, (size_t)(ERROR_TEXT_MAX - length), fmt, args);
	va_end(args);
	return KNOT_ERROR;
}

char *query_text(char buf[static QUERY_TEXT_MAX], const query_t *query)
{
	static const char *const vias[VIA_COUNT] = {
		[VIA_UDP_SMALL] = "UDP, EDNS 512",
		[VIA_UDP_LARGE] = "UDP, EDNS 4096",
		[VIA_TCP] = "TCP",
	};
	knot_dname_txt_storage_t name;
	char type[TYPE_TEXT_MAX];
	int size = snprintf(buf, QUERY_TEXT_MAX, _("%s %s over %s"), name_text(name, query->name),
	                    type_text(type, query->type), vias[query->via]);
	if (query->dnssec && size > 0 && size < QUERY_TEXT_MAX) {
		(void)snprintf(buf + size, (size_t)(QUERY_TEXT_MAX - size), ", DNSSEC");
	}
	return buf;
}

char *rcode_text(char buf[static RCODE_TEXT_MAX], const knot_pkt_t *answer)
{
	uint8_t rcode = knot_wire_get_rcode(answer->wire);
	const knot_lookup_t *known = knot_lookup_by_id(knot_rcode_names, rcode);
	if (known != NULL) {
		(void)snprintf(buf, RCODE_TEXT_MAX, "%s", known->name);
	} else {
		(void)snprintf(buf, RCODE_TEXT_MAX, "RCODE%u", rcode);
	}
	return buf;
}

/* Queries. A slot carries one query from its first octet to its answer; a TCP connection stays with
 * its slot for the next query. */

typedef struct {
	const query_t *query;    /* NULL: idle. */
	int udp, tcp;            /* Sockets, or -1. */
	bool used;               /* The connection has carried an answer before. */
	unsigned tries;
	int64_t deadline;
	const char *reason;      /* Why there is no answer so far. */
	uint16_t id;
	uint8_t out[OUT_MAX];    /* With the length before it, for TCP. */
	size_t out_size, out_done;
	uint8_t *in;
	size_t in_done;
} query_slot_t;

typedef struct {
	const server_t *server;
	answer_f answer;
	void *ctx;
	char *err;
	query_slot_t slots[IN_FLIGHT];
	uint8_t *buffer;         /* For the input of all slots. */
} client_t;

static int64_t now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void close_socket(int *fd)
{
	if (*fd >= 0) {
		(void)close(*fd);
	}
	*fd = -1;
}

/* Resets the connection: after thousands of ordinary closes, connections in TIME-WAIT would use up
 * the ports of this machine. No data is outstanding. */
static void close_connection(query_slot_t *slot)
{
	if (slot->tcp >= 0) {
		const struct linger linger = { .l_onoff = 1, .l_linger = 0 };
		(void)setsockopt(slot->tcp, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	}
	close_socket(&slot->tcp);
	slot->used = false;
}

static void make_query(query_slot_t *slot)
{
	const query_t *query = slot->query;
	knot_rrset_t opt;
	knot_pkt_t *packet = xcheck(knot_pkt_new(slot->out + 2, OUT_MAX - 2, NULL));
	knot_pkt_clear(packet);
	xdone(getrandom(&slot->id, sizeof(slot->id), 0) == sizeof(slot->id));
	knot_wire_set_id(packet->wire, slot->id);
	(void)xcheck_ret(knot_pkt_put_question(packet, query->name, KNOT_CLASS_IN, query->type));
	(void)xcheck_ret(knot_edns_init(&opt, query->via == VIA_UDP_SMALL ? 512 : 4096,
	                                0, 0, NULL));
	if (query->dnssec) {
		knot_edns_set_do(&opt);
	}
	(void)knot_pkt_begin(packet, KNOT_ADDITIONAL);
	(void)xcheck_ret(knot_pkt_put(packet, KNOT_COMPR_HINT_NONE, &opt, KNOT_PF_FREE));
	knot_wire_write_u16(slot->out, (uint16_t)packet->size);
	slot->out_size = packet->size + 2;
	slot->out_done = query->via == VIA_TCP ? 0 : 2;
	slot->in_done = 0;
	knot_pkt_free(packet);
}

/* Begins to send. False: this try failed. */
static bool begin(client_t *client, query_slot_t *slot)
{
	slot->deadline = now_ms() + WAIT_MS;
	slot->reason = _("no answer in time");
	int *fd = slot->query->via == VIA_TCP ? &slot->tcp : &slot->udp;
	if (*fd < 0) {
		*fd = open_socket(client->server,
		                  slot->query->via == VIA_TCP ? SOCK_STREAM : SOCK_DGRAM);
	}
	if (*fd < 0) {
		slot->reason = strerror(errno);
	}
	return *fd >= 0;
}

/* Ends a try that failed. A server may close a connection that was idle: that is no failed try. */
static void end_try(query_slot_t *slot)
{
	slot->tries += slot->query->via != VIA_TCP || !slot->used;
	close_socket(&slot->udp);
	close_connection(slot);
}

/* Begins the next try, if there is one left. */
static int try_next(client_t *client, query_slot_t *slot)
{
	while (slot->tries < TRIES) {
		make_query(slot);
		if (begin(client, slot)) {
			return KNOT_EOK;
		}
		end_try(slot);
	}
	char text[QUERY_TEXT_MAX];
	return server_error(client->server, client->err, _("no answer to %s: %s"),
	                    query_text(text, slot->query), slot->reason);
}

/* True if this is an answer to the query. */
static bool answers(const query_slot_t *slot, const knot_pkt_t *packet)
{
	knot_dname_storage_t name;
	if (!knot_wire_get_qr(packet->wire) || knot_wire_get_id(packet->wire) != slot->id) {
		return false;
	} else if (knot_wire_get_qdcount(packet->wire) != 1) {
		return knot_wire_get_rcode(packet->wire) != KNOT_RCODE_NOERROR;
	}
	(void)knot_dname_copy_lower(name, knot_pkt_qname(packet));
	return knot_pkt_qtype(packet) == slot->query->type &&
	       knot_dname_is_equal(name, slot->query->name);
}

/* What happens to a slot next. */
typedef enum { STEP_WAIT, STEP_DONE, STEP_FAILED } step_t;

static step_t fail(query_slot_t *slot, const char *reason)
{
	slot->reason = reason;
	return STEP_FAILED;
}

/* Passes an answer to the caller. */
static step_t receive(client_t *client, query_slot_t *slot, uint8_t *wire, size_t size, int *ret)
{
	knot_pkt_t *packet = xcheck(knot_pkt_new(wire, (uint16_t)size, NULL));
	int parsed = xcheck_ret(knot_pkt_parse(packet, 0));
	bool fine = (parsed == KNOT_EOK || parsed == KNOT_ETRAIL) && answers(slot, packet);
	if (fine) {
		*ret = client->answer(client->ctx, slot->query, packet);
	}
	knot_pkt_free(packet);
	if (fine) {
		return STEP_DONE;
	}
	/* Over UDP it may be a late answer to something else, or someone else's. */
	slot->reason = _("the answer is malformed, or to another question");
	return slot->query->via == VIA_TCP ? STEP_FAILED : STEP_WAIT;
}

static step_t read_udp(client_t *client, query_slot_t *slot, int *ret)
{
	ssize_t got = recv(slot->udp, slot->in, IN_MAX, 0);
	if (got < 0) {
		return errno == EAGAIN || errno == EINTR ? STEP_WAIT : fail(slot, strerror(errno));
	}
	return receive(client, slot, slot->in, (size_t)got, ret);
}

static step_t read_tcp(client_t *client, query_slot_t *slot, int *ret)
{
	size_t expected = 2;
	if (slot->in_done >= 2) {
		expected += (size_t)slot->in[0] << 8 | slot->in[1];
	}
	ssize_t got = recv(slot->tcp, slot->in + slot->in_done, expected - slot->in_done, 0);
	if (got < 0) {
		return errno == EAGAIN || errno == EINTR ? STEP_WAIT : fail(slot, strerror(errno));
	}
	if (got == 0) {
		return fail(slot, _("the server closes the connection"));
	}
	slot->in_done += (size_t)got;
	if (slot->in_done < expected || expected == 2) {
		return STEP_WAIT;
	}
	step_t step = receive(client, slot, slot->in + 2, expected - 2, ret);
	slot->used = step == STEP_DONE;
	return step;
}

static step_t write_query(query_slot_t *slot, int fd)
{
	ssize_t put = send(fd, slot->out + slot->out_done, slot->out_size - slot->out_done,
	                   MSG_NOSIGNAL);
	if (put < 0) {
		return errno == EAGAIN || errno == EINTR ? STEP_WAIT : fail(slot, strerror(errno));
	}
	slot->out_done += (size_t)put;
	return STEP_WAIT;
}

static int socket_of(const query_slot_t *slot)
{
	return slot->query->via == VIA_TCP ? slot->tcp : slot->udp;
}

/* Goes on with a slot after poll(). */
static int advance(client_t *client, query_slot_t *slot, bool ready)
{
	int ret = KNOT_EOK;
	step_t step = STEP_WAIT;
	if (ready && slot->out_done < slot->out_size) {
		step = write_query(slot, socket_of(slot));
	} else if (ready) {
		step = slot->query->via == VIA_TCP ? read_tcp(client, slot, &ret)
		                                   : read_udp(client, slot, &ret);
	}
	if (step == STEP_WAIT && now_ms() >= slot->deadline) {
		step = STEP_FAILED;
	}
	if (step == STEP_DONE) {
		close_socket(&slot->udp);
		slot->query = NULL;
	}
	if (step == STEP_FAILED) {
		end_try(slot);
		ret = try_next(client, slot);
	}
	return ret;
}

static int wait_for(const client_t *client, struct pollfd polls[IN_FLIGHT])
{
	int64_t now = now_ms(), due = now + WAIT_MS;
	for (size_t i = 0; i < IN_FLIGHT; i++) {
		const query_slot_t *slot = &client->slots[i];
		polls[i] = (struct pollfd){ .fd = -1 };
		if (slot->query != NULL) {
			polls[i].fd = socket_of(slot);
			polls[i].events = slot->out_done < slot->out_size ? POLLOUT : POLLIN;
			due = slot->deadline < due ? slot->deadline : due;
		}
	}
	int ret = poll(polls, IN_FLIGHT, due > now ? (int)(due - now) : 0);
	return ret < 0 && errno != EINTR ? knot_map_errno() : KNOT_EOK;
}

static int run(client_t *client, const query_t *queries, size_t count)
{
	size_t next = 0, open = 0;
	struct pollfd polls[IN_FLIGHT];
	do {
		for (size_t i = 0; i < IN_FLIGHT && next < count; i++) {
			if (client->slots[i].query == NULL) {
				client->slots[i].query = &queries[next++];
				client->slots[i].tries = 0;
				int ret = try_next(client, &client->slots[i]);
				if (ret != KNOT_EOK) {
					return ret;
				}
			}
		}
		int ret = wait_for(client, polls);
		open = 0;
		for (size_t i = 0; i < IN_FLIGHT && ret == KNOT_EOK; i++) {
			query_slot_t *slot = &client->slots[i];
			if (slot->query != NULL) {
				ret = advance(client, slot, polls[i].revents != 0);
				open += slot->query != NULL;
			}
		}
		if (ret != KNOT_EOK) {
			return ret;
		}
	} while (open > 0 || next < count);
	return KNOT_EOK;
}

int client_query(const server_t *server, const query_t *queries, size_t count, answer_f answer,
                 void *ctx, char err[static ERROR_TEXT_MAX])
{
	if (count == 0) {
		return KNOT_EOK;
	}
	client_t client = {
		.server = server, .answer = answer, .ctx = ctx, .err = err,
		.buffer = xcheck(malloc((size_t)IN_FLIGHT * IN_MAX)),
	};
	for (size_t i = 0; i < IN_FLIGHT; i++) {
		client.slots[i].udp = client.slots[i].tcp = -1;
		client.slots[i].in = client.buffer + i * IN_MAX;
	}
	int ret = run(&client, queries, count);
	for (size_t i = 0; i < IN_FLIGHT; i++) {
		close_socket(&client.slots[i].udp);
		close_connection(&client.slots[i]);
	}
	free(client.buffer);
	return ret;
}

/* Zone transfers: ldns transfers the zone, libknot writes it as text that libzscanner can read,
 * whatever the types are. */

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

static void write_rr(transfer_t *transfer, const ldns_rr *rr)
{
	knot_rrset_t rrset;
	ldns_buffer *rdata = xcheck(ldns_buffer_new(512));
	ldns_status status = ldns_rr_rdata2buffer_wire(rdata, rr);
	xdone(status == LDNS_STATUS_OK);
	knot_rrset_init(&rrset, ldns_rdf_data(ldns_rr_owner(rr)), (uint16_t)ldns_rr_get_type(rr),
	                KNOT_CLASS_IN, ldns_rr_ttl(rr));
	int ret = knot_rrset_add_rdata(&rrset, ldns_buffer_begin(rdata),
	                               (uint16_t)ldns_buffer_position(rdata), NULL);
	if (ret == KNOT_EOK) {
		ret = knot_rrset_txt_dump(&rrset, &transfer->line, &transfer->line_size,
		                          &KNOT_DUMP_STYLE_DEFAULT);
	}
	xdone(ret >= 0 && fputs(transfer->line, transfer->out) >= 0);
	knot_rdataset_clear(&rrset.rrs, NULL);
	ldns_buffer_free(rdata);
}

static int give_up(const transfer_t *transfer)
{
	const ldns_pkt *last = ldns_axfr_last_pkt(transfer->resolver);
	char *rcode = last == NULL || ldns_pkt_get_rcode(last) == LDNS_RCODE_NOERROR ? NULL :
	              ldns_pkt_rcode2str(ldns_pkt_get_rcode(last));
	int ret = server_error(transfer->server, transfer->err, _("no zone transfer of %s (%s)"),
	                       transfer->zone_text,
	                       rcode != NULL ? rcode : _("no complete answer"));
	free(rcode);
	return ret;
}

static int transfer_all(transfer_t *transfer)
{
	ldns_status status = ldns_axfr_start(transfer->resolver, transfer->zone, LDNS_RR_CLASS_IN);
	if (status != LDNS_STATUS_OK) {
		return server_error(transfer->server, transfer->err,
		                    _("no zone transfer of %s (%s)"), transfer->zone_text,
		                    ldns_get_errorstr_by_id(status));
	}
	bool begun = false;
	for (;;) {
		ldns_rr *rr = ldns_axfr_next(transfer->resolver);
		if (rr == NULL) {
			return give_up(transfer);
		}
		/* The SOA is the first record and, once more, the last one. */
		bool last = begun && ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA;
		if (!last) {
			write_rr(transfer, rr);
		}
		ldns_rr_free(rr);
		if (last) {
			return KNOT_EOK;
		}
		begun = true;
	}
}

static ldns_resolver *make_resolver(const server_t *server)
{
	ldns_resolver *resolver = xcheck(ldns_resolver_new());
	uint16_t port;
	ldns_rdf *address = xcheck(ldns_sockaddr_storage2rdf(&server->address, &port));
	xdone(ldns_resolver_push_nameserver(resolver, address) == LDNS_STATUS_OK);
	ldns_rdf_deep_free(address);
	ldns_resolver_set_port(resolver, port);
	ldns_resolver_set_recursive(resolver, false);
	ldns_resolver_set_retry(resolver, 2);
	ldns_resolver_set_timeout(resolver, (struct timeval){ .tv_sec = TRANSFER_WAIT_S });
	return resolver;
}

int client_transfer(const server_t *server, const knot_dname_t *zone, char **text, size_t *size,
                    char err[static ERROR_TEXT_MAX])
{
	knot_dname_txt_storage_t name;
	transfer_t transfer = {
		.server = server,
		.resolver = make_resolver(server),
		.zone = xcheck(ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, knot_dname_size(zone),
		                                     zone)),
		.line = xcalloc(1, 1024),
		.line_size = 1024,
		.err = err,
		.zone_text = name_text(name, zone),
	};
	*text = NULL;
	transfer.out = xcheck(open_memstream(text, size));
	int ret = transfer_all(&transfer);
	xdone(fclose(transfer.out) == 0);
	if (ret != KNOT_EOK) {
		free(*text);
		*text = NULL;
	}
	free(transfer.line);
	ldns_rdf_deep_free(transfer.zone);
	ldns_resolver_deep_free(transfer.resolver);
	return ret;
}
