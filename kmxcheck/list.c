/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Checking a list of proxies, and writing it as records of a zone.
 */

#include <stdbool.h>
#include <string.h>

#include "dns/text.h"
#include "kmxcheck/lang.h"
#include "kmxcheck/list.h"
#include "kmxcheck/xalloc.h"
#include "policy/netfile.h"

/*! An RRset has to fit into one message of a zone transfer, so an owner has no more records, and no
 *  more octets of them. */
#define OWNER_RECORDS_MAX 1000
#define OWNER_OCTETS_MAX  32768
/*! Octets of a record: a compressed owner and what is fixed, and what an APL record has besides. */
#define RECORD_OCTETS     12
#define APL_OCTETS        20

/*! Networks of special purpose (RFC 6890, the registries of IANA), multicast (RFC 5771), and what
 *  is not global unicast in IPv6 (RFC 4291). */
static const struct {
	const char *net;
	const char *purpose;
} special[] = {
	{ "0.0.0.0/8", "this network" },
	{ "10.0.0.0/8", "private use" },
	{ "100.64.0.0/10", "shared by a provider's customers" },
	{ "127.0.0.0/8", "loopback" },
	{ "169.254.0.0/16", "link-local" },
	{ "172.16.0.0/12", "private use" },
	{ "192.0.0.0/24", "protocol assignments" },
	{ "192.0.2.0/24", "documentation" },
	{ "192.31.196.0/24", "AS112" },
	{ "192.52.193.0/24", "multicast tunneling" },
	{ "192.88.99.0/24", "6to4 relays" },
	{ "192.168.0.0/16", "private use" },
	{ "192.175.48.0/24", "AS112" },
	{ "198.18.0.0/15", "benchmarks" },
	{ "198.51.100.0/24", "documentation" },
	{ "203.0.113.0/24", "documentation" },
	{ "224.0.0.0/4", "multicast" },
	{ "240.0.0.0/4", "reserved" },
	{ "::/3", "not global unicast" },
	{ "2001::/23", "protocol assignments" },
	{ "2001:db8::/32", "documentation" },
	{ "2002::/16", "6to4" },
	{ "2620:4f:8000::/48", "AS112" },
	{ "3fff::/20", "documentation" },
	{ "4000::/2", "not global unicast" },
	{ "8000::/1", "not global unicast" },
};

/*! A list in memory. */
typedef struct {
	netset_t *nets;
	names_t names;
	netfile_info_t info;
	netfile_extent_t extent;
} proxy_list_t;

static void proxy_list_read(proxy_list_t *list, const char *path)
{
	char text[NETFILE_ERR_MAX];
	list->nets = xcheck(netset_new());
	if (xcheck_ret(netfile_read(list->nets, &list->names, path, &list->info,
	                            text)) != KNOT_EOK) {
		fatal("%s", text);
	}
	(void)xcheck_ret(netset_build(list->nets));
	list->extent = (netfile_extent_t){
		.v4 = netset_addresses(list->nets, 4), .v6 = netset_addresses(list->nets, 6),
		.names = (double)list->info.names - (double)list->info.name_excepts,
	};
}

static void proxy_list_clear(proxy_list_t *list)
{
	netset_free(list->nets);
	names_clear(&list->names);
}

/* Findings */

static size_t check_special(const list_job_t *job, const proxy_list_t *list, FILE *out)
{
	size_t findings = 0;
	for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++) {
		net_t net, found;
		char text[NET_TEXT_MAX];
		if (net_from_str(&net, special[i].net) != KNOT_EOK ||
		    !netset_overlaps(list->nets, &net, &found)) {
			continue;
		}
		(void)fprintf(out, _("%s: %s holds addresses that no visitor meets, %s (%s)\n"),
		              job->path, net_to_str(&found, text), special[i].net,
		              special[i].purpose);
		findings++;
	}
	return findings;
}

static size_t check_extent(const list_job_t *job, const proxy_list_t *list,
                           const proxy_list_t *before, FILE *out)
{
	const netfile_extent_t *old = &before->extent, *now = &list->extent;
	if (!netfile_shrunk(old, now)) {
		return 0;
	}
	(void)fprintf(out, _("%s: says less than half of what %s says: %.6g of %.6g IPv4 and "
	                     "%.6g of %.6g IPv6 addresses, %.0f of %.0f names\n"),
	              job->path, job->replaces, now->v4, old->v4, now->v6, old->v6, now->names,
	              old->names);
	return 1;
}

/* Records */

typedef struct {
	FILE *out;
	size_t owner;                   /*!< The number of the owner, */
	size_t count;                   /*!< the records it has, */
	size_t octets;                  /*!< and what they take in a message. */
	knot_dname_storage_t excepted;  /*!< A name that is an exception, or the root: none. */
} record_writer_t;

/*! Writes the owner of a record with so many octets of data. */
static void write_owner(record_writer_t *to, size_t octets)
{
	octets += RECORD_OCTETS;
	if (to->count == OWNER_RECORDS_MAX || to->octets + octets > OWNER_OCTETS_MAX) {
		to->owner++;
		to->count = to->octets = 0;
	}
	to->count++;
	to->octets += octets;
	if (to->owner == 0) {
		(void)fputc('@', to->out);
	} else {
		(void)fprintf(to->out, "%zu", to->owner);
	}
}

/*! Splits off the widest prefix that a network begins with. False: nothing is left. */
static bool split_prefix(net_t *rest, net_t *prefix)
{
	const size_t size = address_size(rest->family);
	unsigned len = 0;
	while (net_from_addr(prefix, rest->family, rest->first, NULL, len) == KNOT_EOK &&
	       (memcmp(prefix->first, rest->first, size) != 0 ||
	        memcmp(prefix->last, rest->last, size) > 0)) {
		len++;
	}
	bool more = memcmp(prefix->last, rest->last, size) < 0;
	memcpy(rest->first, prefix->last, size);
	for (size_t i = size; more && i > 0 && ++rest->first[i - 1] == 0; i--) {
		;
	}
	return more;
}

static int write_net(void *ctx, const net_t *net, bool except)
{
	record_writer_t *to = ctx;
	net_t rest = *net, prefix;
	char text[NET_TEXT_MAX];
	bool more;
	do {
		more = split_prefix(&rest, &prefix);
		write_owner(to, APL_OCTETS);
		(void)fprintf(to->out, "\tAPL\t%s%d:%s\n", except ? "!" : "",
		              net->family == 4 ? 1 : 2, net_to_str(&prefix, text));
	} while (more);
	return KNOT_EOK;
}

static int write_name(void *ctx, const knot_dname_t *name, bool except)
{
	record_writer_t *to = ctx;
	knot_dname_txt_storage_t text;
	if (except) {
		memcpy(to->excepted, name, knot_dname_size(name));
		return KNOT_EOK;
	}
	write_owner(to, knot_dname_size(name));
	(void)fprintf(to->out, "\tPTR\t%s\n", name_text(text, name));
	return KNOT_EOK;
}

static void write_records(const list_job_t *job, FILE *out)
{
	char text[NETFILE_ERR_MAX], err[ERROR_TEXT_MAX];
	record_writer_t to = { .out = out };
	const netfile_visitor_t visitor = { write_net, write_name, &to };
	knot_dname_txt_storage_t name;
	if (xcheck_ret(netfile_visit(job->path, &visitor, NULL, text)) != KNOT_EOK) {
		fatal("%s", text);
	} else if (to.excepted[0] != '\0') {
		(void)error_at(err, KNOT_ENOTSUP, (source_pos_t){ .file = job->path },
		               _("no record can say that the name '%s' is an exception"),
		               name_text(name, to.excepted));
		fatal("%s", err);
	}
}

bool list_check(const list_job_t *job, FILE *out)
{
	proxy_list_t list = { .nets = NULL }, before = { .nets = NULL };
	proxy_list_read(&list, job->path);
	if (job->replaces != NULL) {
		proxy_list_read(&before, job->replaces);
	}
	size_t findings = check_special(job, &list, out);
	findings += job->replaces != NULL ? check_extent(job, &list, &before, out) : 0;
	if (findings == 0 && job->records) {
		write_records(job, out);
	} else if (findings == 0) {
		(void)fprintf(out, "%s: ", job->path);
		(void)fprintf(out, ngettext("%zu network", "%zu networks", list.info.count),
		              list.info.count);
		(void)fputs(", ", out);
		(void)fprintf(out, ngettext("%zu name", "%zu names", list.info.names),
		              list.info.names);
		(void)fputc('\n', out);
	}
	proxy_list_clear(&list);
	proxy_list_clear(&before);
	return findings == 0;
}
