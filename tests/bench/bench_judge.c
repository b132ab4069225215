/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What the module adds to an answer: nanoseconds and allocations, for the responses a guarded zone
 * gives most, and for one that is repaired in a signed zone. Prints one line a case.
 */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "module/answer.h"
#include "module/log.h"
#include "module/sign.h"
#include "policy/stanza.h"
#include "tests/unit/lib/signed_apex.h"

#define ROUNDS 2000000
#define NOW 1000000

static const char *const networks[] = {
	"173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22",
	"141.101.64.0/18", "108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20",
	"197.234.240.0/22", "198.41.128.0/17", "162.158.0.0/15", "104.16.0.0/13",
	"104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22", "2400:cb00::/32", "2606:4700::/32",
	"2803:f800::/32", "2405:b500::/32", "2405:8100::/32", "2a06:98c0::/29", "2c0f:f248::/32",
};

static knot_dname_storage_t apex, www, mail, ns;
static knot_rrset_t apex_mx, www_a, mail_a, mixed_a, mixed_rrsig, ns_ns, soa;

static int lookup(void *ctx, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out)
{
	(void)ctx;
	memset(out, 0, sizeof(*out));
	if (knot_dname_is_equal(owner, apex) && type == KNOT_RRTYPE_MX) {
		*out = apex_mx;
	}
	return KNOT_EOK;
}

static void make(knot_rrset_t *rrset, const knot_dname_t *owner, uint16_t type, const void *data,
                 size_t size)
{
	knot_rrset_init(rrset, (knot_dname_t *)owner, type, KNOT_CLASS_IN, 3600);
	if (knot_rrset_add_rdata(rrset, data, size, NULL) != KNOT_EOK) {
		abort();
	}
}

/* A signature of the size that ECDSA P-256 has, and that nobody looks into. */
static void make_rrsig(knot_rrset_t *rrset, const knot_dname_t *owner, uint16_t covered)
{
	uint8_t data[18 + sizeof(apex) + 64] = { covered >> 8, covered & 0xff, 13, 3 };
	memset(data + 8, 0x7f, 4); /* The expiration. */
	size_t size = knot_dname_size(apex);
	memcpy(data + 18, apex, size);
	make(rrset, owner, KNOT_RRTYPE_RRSIG, data, 18 + size + 64);
}

static void make_zone(void)
{
	knot_dname_from_str(apex, "example.com.", sizeof(apex));
	knot_dname_from_str(www, "www.example.com.", sizeof(www));
	knot_dname_from_str(mail, "mail.example.com.", sizeof(mail));
	knot_dname_from_str(ns, "ns.example.com.", sizeof(ns));

	uint8_t mx[2 + 255] = { 0, 10 };
	memcpy(mx + 2, mail, knot_dname_size(mail));
	make(&apex_mx, apex, KNOT_RRTYPE_MX, mx, 2 + knot_dname_size(mail));
	make(&www_a, www, KNOT_RRTYPE_A, "\x68\x10\x01\x01", 4);
	make(&mail_a, mail, KNOT_RRTYPE_A, "\xc6\x33\x64\x19", 4);
	make(&mixed_a, mail, KNOT_RRTYPE_A, "\xc6\x33\x64\x19", 4);
	(void)knot_rrset_add_rdata(&mixed_a, (const uint8_t *)"\x68\x10\x01\x01", 4, NULL);
	make_rrsig(&mixed_rrsig, mail, KNOT_RRTYPE_A);
	make(&ns_ns, apex, KNOT_RRTYPE_NS, ns, knot_dname_size(ns));
	uint8_t data[1 + 1 + 20] = { 0 };
	make(&soa, apex, KNOT_RRTYPE_SOA, data, sizeof(data));
}

/* What the hook does up to the point where it finds nothing to repair. */
static void guard(const policy_t *policy, knot_pkt_t *pkt)
{
	if (!policy_suspects(policy, knot_pkt_qname(pkt), pkt->rr, pkt->rrset_count)) {
		return;
	}
	answer_t answer;
	policy_verdict_t verdict;
	if (answer_read(&answer, pkt, KNOT_RCODE_NOERROR, true, true) != KNOT_EOK ||
	    policy_judge(policy, lookup, NULL, &answer.response, &verdict, &pkt->mm) != KNOT_EOK ||
	    verdict.rules != 0) {
		abort();
	}
	answer_clear(&answer, &verdict);
}

static void measure(const policy_t *policy, const char *name, const knot_dname_t *qname,
                    uint16_t qtype, const knot_rrset_t *answer, const knot_rrset_t *more,
                    knot_section_t section)
{
	knot_pkt_t *pkt = knot_pkt_new(NULL, 4096, NULL);
	if (pkt == NULL || knot_pkt_put_question(pkt, qname, KNOT_CLASS_IN, qtype) != KNOT_EOK) {
		abort();
	}
	if (answer != NULL) {
		(void)knot_pkt_put(pkt, KNOT_COMPR_HINT_QNAME, answer, 0);
	}
	if (more != NULL) {
		(void)knot_pkt_begin(pkt, section);
		(void)knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, more, 0);
	}

	struct timespec from, to;
	size_t used = mallinfo2().uordblks;
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < ROUNDS; i++) {
		guard(policy, pkt);
		__asm__ volatile("" ::: "memory");
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	double ns_spent = (to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec);
	printf("%-36s %6.1f ns, %zd octets allocated\n", name, ns_spent / ROUNDS,
	       (ssize_t)(mallinfo2().uordblks - used));
	knot_pkt_free(pkt);
}

static void emit(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
}

static int no_hash(uint8_t hash[static NSEC3_HASH], const knot_dname_t *name,
                   const nsec3_params_t *params)
{
	(void)hash;
	(void)name;
	(void)params;
	return KNOT_ERROR;
}

/* Memory for one answer, as knotd has it for each query. */
static struct {
	size_t used;
	_Alignas(16) uint8_t at[16384];
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

static signed_apex_t signed_apex;

static void say(void *ctx, bool warning, const char *text)
{
	(void)ctx;
	(void)warning;
	(void)text;
}

/* What the hook does with an answer that is repaired and signed. */
static void repair(const policy_t *policy, signer_t *signer, log_t *log, knot_pkt_t *pkt)
{
	sign_view_t view;
	answer_t answer;
	policy_verdict_t verdict;
	if (!policy_suspects(policy, knot_pkt_qname(pkt), pkt->rr, pkt->rrset_count) ||
	    answer_read(&answer, pkt, KNOT_RCODE_NOERROR, true, true) != KNOT_EOK) {
		abort();
	}
	answer.response.hash = no_hash;
	if (policy_judge(policy, lookup, NULL, &answer.response, &verdict, &pkt->mm) != KNOT_EOK ||
	    answer.items[0].edit != EDIT_REPLACE) {
		abort();
	}
	sign_look(&view, apex, &signed_apex.dnskey, &signed_apex.soa, &signed_apex.rrsigs, NOW);
	if (!signer_ready(signer, &view) ||
	    signer_sign_verdict(signer, &view, &answer.response, &verdict) != KNOT_EOK) {
		abort();
	}
	log_findings(log, &verdict, NULL, 1, emit, NULL);
	if (answer_write(&answer, pkt, &verdict, 0, false) != KNOT_EOK || pkt->rrset_count != 2) {
		abort();
	}
	answer_clear(&answer, &verdict);
}

static void measure_repair(const policy_t *policy)
{
	static uint8_t wire[4096];
	signed_apex_new(&signed_apex);
	apex_key_t *key = apex_key_new(&signed_apex, ECDSA, ZSK);
	apex_show(&signed_apex, key);
	apex_sign(&signed_apex, key, NOW - 1000, NOW + 1000);
	keys_t *keys = keys_new();
	if (keys == NULL || keys_add(keys, KEYS_STORE, "", signed_apex.store) != KNOT_EOK) {
		abort();
	}
	signer_t *signer = signer_new(keys, 300, say, NULL);
	log_t *log = log_new(true, 3600);
	if (signer == NULL || log == NULL) {
		abort();
	}
	double ns_spent[2];
	for (int with = 0; with < 2; with++) {
		struct timespec from, to;
		clock_gettime(CLOCK_MONOTONIC, &from);
		for (int i = 0; i < ROUNDS; i++) {
			knot_mm_t mm = { .ctx = &pool, .alloc = take, .free = keep };
			pool.used = 0;
			knot_pkt_t *pkt = knot_pkt_new(wire, sizeof(wire), &mm);
			if (pkt == NULL) {
				abort();
			}
			(void)knot_pkt_put_question(pkt, mail, KNOT_CLASS_IN, KNOT_RRTYPE_A);
			(void)knot_pkt_put(pkt, KNOT_COMPR_HINT_QNAME, &mixed_a, 0);
			(void)knot_pkt_put(pkt, KNOT_COMPR_HINT_QNAME, &mixed_rrsig, 0);
			if (with) {
				repair(policy, signer, log, pkt);
			}
		}
		clock_gettime(CLOCK_MONOTONIC, &to);
		ns_spent[with] = (to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec);
	}
	printf("%-36s %6.1f ns\n", "A, stripped and signed",
	       (ns_spent[1] - ns_spent[0]) / ROUNDS);
	log_free(log);
	signer_free(signer);
	apex_key_free(key);
	signed_apex_free(&signed_apex);
}

int main(void)
{
	netset_t *proxies = netset_new();
	for (size_t i = 0; i < sizeof(networks) / sizeof(*networks); i++) {
		net_t net;
		if (net_from_str(&net, networks[i]) != KNOT_EOK ||
		    netset_add(proxies, &net) != KNOT_EOK) {
			return 1;
		}
	}
	make_zone();
	stanza_t stanza = { .enforce = true, .proxies = proxies, .ttl = 300 };
	policy_t policy;
	char err[STANZA_TEXT_MAX];
	if (netset_build(proxies) != KNOT_EOK ||
	    stanza_add_address(&stanza, 4, (const uint8_t *)"\xc6\x33\x64\x19") != KNOT_EOK ||
	    stanza_policy(&policy, &stanza, apex, err) != KNOT_EOK) {
		return 1;
	}

	measure(&policy, "A, direct address", mail, KNOT_RRTYPE_A, &mail_a, NULL, 0);
	measure(&policy, "A, proxied address of a web host", www, KNOT_RRTYPE_A, &www_a, NULL, 0);
	measure(&policy, "NS", apex, KNOT_RRTYPE_NS, &ns_ns, NULL, 0);
	measure(&policy, "MX, healthy, with its address", apex, KNOT_RRTYPE_MX, &apex_mx, &mail_a,
	        KNOT_ADDITIONAL);
	measure(&policy, "NODATA", www, KNOT_RRTYPE_TXT, NULL, &soa, KNOT_AUTHORITY);

	measure_repair(&policy);

	stanza_policy_clear(&policy);
	stanza_clear(&stanza);
	netset_free(proxies);
	return 0;
}
