/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A list of networks: how long it takes to load, how much memory it takes, and what a look-up
 * costs; next to a linear scan, and to a MaxMind DB of the same networks where libmaxminddb
 * is there.
 *
 *     bench_netset COUNT FAMILY FOLDER
 *
 * FAMILY is 4 or 6; of 22 networks, they are those of Cloudflare. A list and a database are written
 * to FOLDER. Prints lines of a figure's name and value; times are CPU time. Networks and addresses
 * are the same in each run.
 */

#include <arpa/inet.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/errcode.h>
#ifdef HAVE_MAXMINDDB
#include <maxminddb.h>
#endif

#include "dns/vec.h"
#include "policy/netfile.h"

/*! Addresses asked for in turn: as many as a busy server may have. */
#define ADDRS   4096
#define MATCHES (1u << 21)

static const char *const cloudflare[] = {
	"173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22",
	"141.101.64.0/18", "108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20",
	"197.234.240.0/22", "198.41.128.0/17", "162.158.0.0/15", "104.16.0.0/13",
	"104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22",
	"2400:cb00::/32", "2606:4700::/32", "2803:f800::/32", "2405:b500::/32",
	"2405:8100::/32", "2a06:98c0::/29", "2c0f:f248::/32",
};

#define FEW (sizeof(cloudflare) / sizeof(*cloudflare))

typedef VEC(net_t) nets_t;

/*! The networks, as a linear scan has them, and a structure that is asked. */
static nets_t nets;
static const netset_t *set;
static int family;

static uint64_t rnd_state = 0x6d786775617264;

/*! Xorshift: the same numbers everywhere. */
static uint64_t rnd(void)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return rnd_state;
}

/*! Seconds of CPU time: other programs have less of a share in that. */
static double now(void)
{
	struct timespec ts;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void check(bool good, const char *what)
{
	if (!good) {
		fprintf(stderr, "bench_netset: %s\n", what);
		exit(EXIT_FAILURE);
	}
}

static void rnd_addr(uint8_t out[16])
{
	uint64_t hi = rnd(), lo = rnd();
	memcpy(out, &hi, 8);
	memcpy(out + 8, &lo, 8);
	if (family == 6) { /* Global unicast. */
		out[0] = 0x20 | (out[0] & 0x1f);
	}
}

static void add(const net_t *net)
{
	net_t *added = vec_add(&nets);
	check(added != NULL, "no memory");
	*added = *net;
}

/*! Random prefixes, as long as those of routing tables; or the few. */
static void make_nets(size_t count)
{
	net_t net;
	for (size_t i = 0; i < FEW && count == FEW; i++) {
		check(net_from_str(&net, cloudflare[i]) == KNOT_EOK, "not a network");
		if (net.family == family) {
			add(&net);
		}
	}
	for (size_t i = 0; i < count && count != FEW; i++) {
		uint8_t addr[16];
		rnd_addr(addr);
		unsigned prefix = family == 4 ? 16 + rnd() % 9 : 28 + rnd() % 21;
		check(net_from_addr(&net, family, addr, NULL, prefix) == KNOT_EOK, "not a network");
		add(&net);
	}
}

static size_t in_use(void)
{
	struct mallinfo2 info = mallinfo2();
	return info.uordblks + info.hblkhd;
}

/*! Writes the list, and loads it as the module does. */
static netset_t *load(const char *path)
{
	FILE *file = fopen(path, "w");
	check(file != NULL, path);
	for (size_t i = 0; i < nets.count; i++) {
		char text[NET_TEXT_MAX];
		fprintf(file, "%s\n", net_to_str(&nets.at[i], text));
	}
	check(fclose(file) == 0, path);

	const size_t before = in_use();
	const double start = now();
	netset_t *loaded = netset_new();
	names_t names = { 0 };
	char err[NETFILE_ERR_MAX];
	check(loaded != NULL && netfile_read(loaded, &names, path, NULL, err) == KNOT_EOK &&
	      netset_build(loaded) == KNOT_EOK, "can't be loaded");
	printf("load_s %.4f\n", now() - start);
	printf("networks %zu\n", netset_count(loaded));
	printf("bytes %.1f\n", (double)(in_use() - before) / (double)netset_count(loaded));
	return loaded;
}

static bool find_set(const uint8_t *addr)
{
	return netset_match(set, family, addr, NULL);
}

static bool find_linear(const uint8_t *addr)
{
	const size_t size = family == 4 ? 4 : 16;
	for (size_t i = 0; i < nets.count; i++) {
		if (memcmp(nets.at[i].first, addr, size) <= 0 &&
		    memcmp(addr, nets.at[i].last, size) <= 0) {
			return true;
		}
	}
	return false;
}

/*! Asks for so many addresses that are in a network, or in none. */
static void look_up(const char *name, bool (*find)(const uint8_t *addr), bool hit, size_t matches)
{
	static uint8_t addrs[ADDRS][16];
	rnd_state = 0x9e3779b97f4a7c15;
	for (size_t i = 0; i < ADDRS;) {
		rnd_addr(addrs[i]);
		const net_t *net = &nets.at[rnd() % nets.count];
		for (size_t j = 0; hit && j < 16; j++) {
			addrs[i][j] &= net->first[j] ^ net->last[j];
			addrs[i][j] |= net->first[j];
		}
		i += netset_match(set, family, addrs[i], NULL) == hit;
	}
	size_t hits = 0;
	const double start = now();
	for (size_t i = 0; i < matches; i++) {
		hits += find(addrs[i % ADDRS]);
	}
	const double spent = now() - start;
	check(hits == (hit ? matches : 0), name);
	printf("%s_%s_ns %.1f\n", name, hit ? "hit" : "miss", spent * 1e9 / (double)matches);
}

static void look_up_both(const char *name, bool (*find)(const uint8_t *addr), size_t matches)
{
	look_up(name, find, true, matches);
	look_up(name, find, false, matches);
}

#ifdef HAVE_MAXMINDDB

/*! A node of a MaxMind DB: for each bit, another node, or one of these. */
typedef struct {
	uint32_t next[2];
} node_t;

#define NOWHERE UINT32_MAX
#define LISTED  (UINT32_MAX - 1)

typedef VEC(node_t) tree_t;

static uint32_t add_node(tree_t *tree)
{
	node_t *node = vec_add(tree);
	check(node != NULL, "no memory");
	*node = (node_t){ { NOWHERE, NOWHERE } };
	return (uint32_t)tree->count - 1;
}

static void add_net(tree_t *tree, const net_t *net)
{
	uint32_t at = 0;
	for (unsigned i = 0; i < net->prefix; i++) {
		const unsigned bit = net->first[i / 8] >> (7 - i % 8) & 1;
		uint32_t next = tree->at[at].next[bit];
		if (next == LISTED) {
			return;
		}
		if (i + 1 == net->prefix) {
			tree->at[at].next[bit] = LISTED;
		} else if (next == NOWHERE) {
			next = add_node(tree);
			tree->at[at].next[bit] = next;
		}
		at = next;
	}
}

static void put32(FILE *file, uint32_t value)
{
	value = htonl(value);
	(void)fwrite(&value, sizeof(value), 1, file);
}

static void put_key(FILE *file, const char *key)
{
	fprintf(file, "%c%s", (int)(0x40 | strlen(key)), key);
}

/*! Writes the tree, the one record there is, and what the file is. */
static void write_mmdb(const char *path, const tree_t *tree)
{
	const uint32_t count = (uint32_t)tree->count;
	FILE *file = fopen(path, "w");
	check(file != NULL, path);
	for (uint32_t i = 0; i < count; i++) {
		for (unsigned bit = 0; bit < 2; bit++) {
			const uint32_t next = tree->at[i].next[bit];
			put32(file, next == NOWHERE ? count : next == LISTED ? count + 16 : next);
		}
	}
	static const char zeros[16];
	(void)fwrite(zeros, 1, sizeof(zeros), file);
	fprintf(file, "%c\xab\xcd\xefMaxMind.com%c", 0xe0, 0xe9); /* A map of nothing; one of 9. */
	put_key(file, "binary_format_major_version");
	fprintf(file, "%c%c", 0xa1, 2);
	put_key(file, "binary_format_minor_version");
	fprintf(file, "%c", 0xa0);
	put_key(file, "build_epoch");
	fprintf(file, "%c%c%c", 0x01, 2, 1);
	put_key(file, "database_type");
	put_key(file, "bench");
	put_key(file, "description");
	fprintf(file, "%c", 0xe1);
	put_key(file, "en");
	put_key(file, "bench");
	put_key(file, "languages");
	fprintf(file, "%c%c", 0x01, 4);
	put_key(file, "en");
	put_key(file, "ip_version");
	fprintf(file, "%c%c", 0xa1, family);
	put_key(file, "node_count");
	fprintf(file, "%c", 0xc4);
	put32(file, count);
	put_key(file, "record_size");
	fprintf(file, "%c%c", 0xa1, 32);
	check(fclose(file) == 0, path);
}

static MMDB_s mmdb;

static bool find_mmdb(const uint8_t *addr)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	memcpy(&v4.sin_addr, addr, 4);
	memcpy(&v6.sin6_addr, addr, 16);
	int err;
	return MMDB_lookup_sockaddr(&mmdb, family == 4 ? (const struct sockaddr *)&v4
	                            : (const struct sockaddr *)&v6, &err).found_entry;
}

static void bench_mmdb(const char *path)
{
	tree_t tree = { NULL, 0, 0 };
	const double start = now();
	(void)add_node(&tree);
	for (size_t i = 0; i < nets.count; i++) {
		add_net(&tree, &nets.at[i]);
	}
	printf("mmdb_build_s %.4f\n", now() - start);
	printf("mmdb_bytes %.1f\n", (double)tree.count * 8 / (double)netset_count(set));
	write_mmdb(path, &tree);
	vec_free(&tree);
	check(MMDB_open(path, MMDB_MODE_MMAP, &mmdb) == MMDB_SUCCESS, "not a MaxMind DB");
	look_up_both("mmdb", find_mmdb, MATCHES / 4);
	MMDB_close(&mmdb);
}

#else

static void bench_mmdb(const char *path)
{
	(void)path;
}

#endif

int main(int argc, char **argv)
{
	check(argc == 4, "usage: bench_netset COUNT FAMILY FOLDER");
	const size_t count = strtoul(argv[1], NULL, 10);
	char list[4096], database[4096];
	family = atoi(argv[2]);
	(void)snprintf(list, sizeof(list), "%s/list", argv[3]);
	(void)snprintf(database, sizeof(database), "%s/mmdb", argv[3]);
	make_nets(count);
	netset_t *loaded = load(list);
	set = loaded;
	look_up_both("set", find_set, MATCHES);
	const size_t scans = (size_t)100000000 / nets.count;
	look_up_both("linear", find_linear, scans < MATCHES ? scans : MATCHES);
	bench_mmdb(database);
	netset_free(loaded);
	vec_free(&nets);
	return 0;
}
