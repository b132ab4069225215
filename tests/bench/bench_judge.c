/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What the module adds to one answer, from the point where it is called to the point where it is
 * done: of the responses that a guarded zone gives most, and of all that it repairs.
 *
 *     bench_judge            names of the cases
 *     bench_judge CASE N     decides N times. Prints nanoseconds for one, heap allocations of the
 *                            first one and of each later one.
 *
 * Under callgrind, --toggle-collect=decide_measured counts the instructions of the N decisions.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/version.h>

#include "module/answer.h"
#include "module/log.h"
#include "module/sign.h"
#include "tests/unit/lib/fixture_policy.h"
#include "tests/unit/lib/packet.h"
#include "tests/unit/lib/signed_apex.h"

#define NOW 1000000

static size_t allocations;

/* Counted, not guessed: these take the place of the C library's. A sanitizer has its own. */
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTED 1
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

__attribute__((visibility("default"))) void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

__attribute__((visibility("default"))) void *realloc(void *memory, size_t size)
{
	allocations++;
	return __libc_realloc(memory, size);
}
#else
#define COUNTED 0
#endif

static const char zone_text[] =
	"@ MX 10 mail\n"
	"mail A 198.51.100.30\n"
	"www A 104.16.1.1\n"
	"lists MX 10 www\n"
	"relay A 104.16.1.2\n"
	"mixed A 198.51.100.31\n"
	"mixed A 104.16.1.3\n"
	"alias CNAME www\n"
	"sub NS ns.sub\n"
	"ns.sub A 198.51.100.32\n";

typedef struct {
	const char *name;
	const char *qname;
	uint16_t qtype;
	bool changes; /* The response is another one afterwards. */
	bool sign;    /* The zone is signed. */
} case_t;

static const case_t cases[] = {
	{ "nothing proxied, A", "mail", KNOT_RRTYPE_A, false, false },
	{ "nothing proxied, NXDOMAIN", "none", KNOT_RRTYPE_A, false, false },
	{ "nothing proxied, referral", "www.sub", KNOT_RRTYPE_A, false, false },
	{ "proxied web answer", "www", KNOT_RRTYPE_A, false, false },
	{ "guarded host replaced", "relay", KNOT_RRTYPE_A, true, false },
	{ "guarded host stripped", "mixed", KNOT_RRTYPE_A, true, false },
	{ "MX kept", "@", KNOT_RRTYPE_MX, false, false },
	{ "MX steered", "lists", KNOT_RRTYPE_MX, true, false },
	{ "alias flattened", "alias", KNOT_RRTYPE_A, true, false },
	{ "stripped, signature cached", "mixed", KNOT_RRTYPE_A, true, true },
};

/* Memory for one query, as knotd has it for each. */
static struct {
	size_t used;
	_Alignas(16) uint8_t at[65536];
} pool;

static void *take(void *ctx, size_t size)
{
	(void)ctx;
	void *memory = pool.at + pool.used;
	pool.used += (size + 15) & ~(size_t)15;
	if (pool.used > sizeof(pool.at)) {
		abort();
	}
	return memory;
}

static void keep(void *memory)
{
	(void)memory;
}

static knot_mm_t mm = { .alloc = take, .free = keep };

static struct {
	const case_t *one;
	test_zone_t *zone;
	test_policy_t test;
	test_reply_t reply;
	log_t *log;
	signed_apex_t apex;
	apex_key_t *key;
	signer_t *signer;
	knot_rrset_t rrsig; /* Of the response, if it is signed. */
} bench;

static void emit(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
}

static void say(void *ctx, bool warning, const char *text)
{
	(void)ctx;
	(void)warning;
	(void)text;
}

static int no_hash(uint8_t hash[static NSEC3_HASH], const knot_dname_t *name,
                   uint64_t number, const nsec3_params_t *params)
{
	(void)number;
	(void)hash;
	(void)name;
	(void)params;
	return KNOT_ERROR;
}

/* Before Knot DNS 3.4 a module sees the apex only. */
#if KNOT_VERSION_HEX >= 0x030400
#define LOOKUP zone_lookup
#else
#define LOOKUP zone_lookup_apex
#endif

/* The response as the module gets it. */
static knot_pkt_t *compose(void)
{
	const packet_how_t how = { .size = 4096, .mm = &mm };
	pool.used = 0;
	knot_pkt_t *pkt = packet_make(&bench.reply, &how, NULL);
	if (pkt == NULL) {
		abort();
	}
	if (bench.one->sign) { /* It belongs to the answer section. */
		pkt->current = KNOT_ANSWER;
		pkt->sections[KNOT_ADDITIONAL].count = 0;
		if (knot_pkt_put(pkt, KNOT_COMPR_HINT_QNAME, &bench.rrsig, 0) != KNOT_EOK ||
		    knot_pkt_begin(pkt, KNOT_ADDITIONAL) != KNOT_EOK) {
			abort();
		}
	}
	return pkt;
}

static void sign(policy_response_t *response, policy_verdict_t *verdict)
{
	sign_view_t view;
	sign_look(&view, bench.test.zone, &bench.apex.dnskey, &bench.apex.soa, &bench.apex.rrsigs,
	          NOW);
	if (!signer_ready(bench.signer, &view) ||
	    signer_sign_verdict(bench.signer, &view, response, verdict) != KNOT_EOK) {
		abort();
	}
}

/* What the hook does with a response. */
static void decide(knot_pkt_t *pkt)
{
	const policy_t *policy = &bench.test.policy;
	if (bench.reply.referral ||
	    !policy_suspects(policy, LOOKUP, bench.zone, knot_pkt_qname(pkt), pkt->rr,
	                     pkt->rrset_count)) {
		return;
	}
	answer_t answer;
	policy_verdict_t verdict;
	policy_verdict_begin(&verdict, &pkt->mm);
	if (answer_read(&answer, pkt, bench.reply.rcode, true, true) != KNOT_EOK) {
		abort();
	}
	answer.response.hash = bench.one->sign ? no_hash : NULL;
	if (policy_judge(policy, LOOKUP, bench.zone, &answer.response, &verdict, &pkt->mm) !=
	    KNOT_EOK || verdict.changes != bench.one->changes) {
		abort();
	}
	if (verdict.changes) {
		if (bench.one->sign) {
			sign(&answer.response, &verdict);
		}
		log_findings(bench.log, &verdict, NULL, 1, emit, NULL);
		if (answer_write(&answer, pkt, &verdict, 0, false) != KNOT_EOK) {
			abort();
		}
	}
	answer_clear(&answer, &verdict);
}

/* The same, by a name that a profiler finds. */
__attribute__((noinline, visibility("default"))) void decide_measured(knot_pkt_t *pkt);

void decide_measured(knot_pkt_t *pkt)
{
	decide(pkt);
	__asm__ volatile("" ::: "memory");
}

/* CPU time: other programs have less of a share in that. */
static double now(void)
{
	struct timespec ts;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* Nanoseconds for so many rounds, with decisions or without. A response that was not changed need
 * not be composed again. */
static double run(size_t rounds, bool with)
{
	knot_pkt_t *pkt = compose();
	const size_t used = pool.used;
	const double start = now();
	for (size_t i = 0; i < rounds; i++) {
		if (bench.one->changes) {
			pkt = compose();
		} else {
			pool.used = used;
		}
		if (with) {
			decide_measured(pkt);
		}
		__asm__ volatile("" ::: "memory");
	}
	return now() - start;
}

/* Heap allocations of one decision. */
static size_t count(void)
{
	knot_pkt_t *pkt = compose();
	const size_t before = allocations;
	decide(pkt);
	return allocations - before;
}

/* A signature of the size that ECDSA P-256 has, and that nobody looks into. */
static void make_rrsig(void)
{
	const knot_dname_t *owner = bench.reply.qname, *apex = bench.test.zone;
	const size_t size = knot_dname_size(apex);
	uint8_t data[18 + 255 + 64] = { 0, KNOT_RRTYPE_A, 13, 3 };
	memset(data + 8, 0x7f, 4); /* The expiration. */
	memcpy(data + 18, apex, size);
	knot_rrset_init(&bench.rrsig, (knot_dname_t *)owner, KNOT_RRTYPE_RRSIG,
	                KNOT_CLASS_IN, 3600);
	if (knot_rrset_add_rdata(&bench.rrsig, data, 18 + size + 64, NULL) != KNOT_EOK) {
		abort();
	}
}

static void set_up_signer(void)
{
	signed_apex_new(&bench.apex);
	bench.key = apex_key_new(&bench.apex, ECDSA, ZSK);
	apex_show(&bench.apex, bench.key);
	apex_sign(&bench.apex, bench.key, NOW - 1000, NOW + 1000);
	keys_t *keys = keys_new();
	if (keys == NULL || keys_add(keys, KEYS_STORE, "", bench.apex.store) != KNOT_EOK) {
		abort();
	}
	bench.signer = signer_new(keys, 300, say, NULL);
	if (bench.signer == NULL) {
		abort();
	}
	make_rrsig();
}

static void set_up(const case_t *one)
{
	knot_dname_storage_t qname;
	bench.one = one;
	bench.zone = zone_new("example.com.", zone_text);
	test_policy_init(&bench.test, "example.com.",
	                 "mail-host relay mixed alias;exchange mx-direct");
	bench.log = log_new(true, 3600);
	test_name(qname, one->qname, bench.test.zone);
	reply_make(&bench.reply, bench.zone, qname, one->qtype, 0);
	if (bench.log == NULL) {
		abort();
	}
	if (one->sign) {
		set_up_signer();
	}
}

static void tear_down(void)
{
	if (bench.one->sign) {
		signer_free(bench.signer);
		apex_key_free(bench.key);
		signed_apex_free(&bench.apex);
		knot_rdataset_clear(&bench.rrsig.rrs, NULL);
	}
	log_free(bench.log);
	reply_clear(&bench.reply);
	test_policy_clear(&bench.test);
	zone_free(bench.zone);
}

int main(int argc, char **argv)
{
	const size_t total = sizeof(cases) / sizeof(*cases);
	for (size_t i = 0; i < total && argc == 1; i++) {
		printf("%s\n", cases[i].name);
	}
	for (size_t i = 0; i < total && argc == 3; i++) {
		if (strcmp(cases[i].name, argv[1]) != 0) {
			continue;
		}
		const size_t rounds = strtoul(argv[2], NULL, 10);
		set_up(&cases[i]);
		const size_t first = count(), later = count();
		const double without = run(rounds, false), with = run(rounds, true);
		printf("%.2f %d %zu %zu\n", (with - without) / (double)rounds, COUNTED,
		       first, later);
		tear_down();
		return 0;
	}
	return argc != 1;
}
