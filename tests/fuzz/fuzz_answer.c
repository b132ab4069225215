/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any message as the response of a zone that holds what is in it: read, judged, put back and parsed
 * again. What is written parses, shows no proxied address of a guarded host, and has all that was
 * not edited; what is harmless is left alone and allocates nothing.
 *
 * The first octet says how: whether names can be looked up, whether the client validates, TCP.
 */

#undef NDEBUG

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dns/rrset.h"
#include "module/answer.h"
#include "module/nsec3_hash.h"
#include "policy/missing.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/lib/fixture_policy.h"

const char *const fuzz_corpus[] = { "tests/fuzz/answer", NULL };

enum { BLIND = 1, VALIDATES = 2, STREAM = 4, INCOMPLETE = 8 };

#define RRSETS_MAX 200
#define UDP_MAX    1232

/* RRsets of a message, which are the zone as well. */
typedef struct {
	const knot_dname_t *apex;
	bool blind;
	knot_rrset_t *at[RRSETS_MAX];
	knot_section_t sections[RRSETS_MAX];
	size_t count;
} message_t;

static int look_up(void *ctx, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out)
{
	const message_t *message = ctx;
	bool node = knot_dname_is_equal(owner, message->apex);
	if (!node && message->blind) {
		return KNOT_ENOTSUP;
	}
	knot_rrset_init(out, (knot_dname_t *)owner, type, KNOT_CLASS_IN, 0);
	for (size_t i = 0; i < message->count; i++) {
		const knot_rrset_t *rrset = message->at[i];
		node |= knot_dname_in_bailiwick(rrset->owner, owner) >= 0;
		if (rrset->type == type && knot_dname_is_equal(rrset->owner, owner)) {
			*out = *rrset;
			return KNOT_EOK;
		}
	}
	return node ? KNOT_EOK : KNOT_ENONODE;
}

/* What is beside an answer: referrals, denials and addresses. */
static bool is_of_section(uint16_t type, knot_section_t section)
{
	switch (type) {
	case KNOT_RRTYPE_OPT:
		return false;
	case KNOT_RRTYPE_RRSIG:
		return true;
	case KNOT_RRTYPE_NS:
	case KNOT_RRTYPE_SOA:
	case KNOT_RRTYPE_NSEC:
	case KNOT_RRTYPE_NSEC3:
		return section != KNOT_ADDITIONAL;
	default:
		return section == KNOT_ANSWER ||
		       (section == KNOT_ADDITIONAL && family_of_type(type) != 0);
	}
}

static void add(message_t *message, const knot_rrset_t *rr, knot_section_t section)
{
	knot_rdata_t *rdata = rr->rrs.rdata;
	if (rr->rclass != KNOT_CLASS_IN || !is_of_section(rr->type, section) ||
	    !rdata_check(rr->type, rdata->data, rdata->len, true)) {
		return; /* The server sends no such thing. */
	}
	knot_dname_to_lower(rr->owner);
	for (size_t i = 0; i < message->count; i++) {
		knot_rrset_t *rrset = message->at[i];
		if (message->sections[i] == section && rrset->type == rr->type &&
		    knot_dname_is_equal(rrset->owner, rr->owner)) {
			assert(knot_rdataset_add(&rrset->rrs, rdata, NULL) == KNOT_EOK);
			return;
		}
	}
	if (message->count < RRSETS_MAX) {
		message->sections[message->count] = section;
		message->at[message->count] = knot_rrset_copy(rr, NULL);
		assert(message->at[message->count++] != NULL);
	}
}

static void read_message(message_t *message, const knot_pkt_t *parsed)
{
	for (int section = KNOT_ANSWER; section <= KNOT_ADDITIONAL; section++) {
		const knot_pktsection_t *from = &parsed->sections[section];
		for (uint16_t i = 0; i < from->count; i++) {
			add(message, &parsed->rr[from->pos + i], section);
		}
	}
}

/* The response as the server composes it; NULL if it does not fit. */
static knot_pkt_t *compose(const message_t *message, const knot_pkt_t *parsed, size_t size,
                           knot_mm_t *mm)
{
	knot_pkt_t *pkt = knot_pkt_new(NULL, size, mm);
	assert(pkt != NULL);
	memset(pkt->wire, 0, KNOT_WIRE_HEADER_SIZE);
	knot_dname_storage_t qname;
	memcpy(qname, knot_pkt_qname(parsed), knot_dname_size(knot_pkt_qname(parsed)));
	knot_dname_to_lower(qname);
	int ret = knot_pkt_put_question(pkt, qname, KNOT_CLASS_IN, knot_pkt_qtype(parsed));
	for (int section = KNOT_ANSWER; section <= KNOT_ADDITIONAL && ret == KNOT_EOK; section++) {
		ret = knot_pkt_begin(pkt, section);
		for (size_t i = 0; i < message->count && ret == KNOT_EOK; i++) {
			if (message->sections[i] == (knot_section_t)section) {
				ret = knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, message->at[i],
				                   KNOT_PF_NOTRUNC);
			}
		}
	}
	if (ret != KNOT_EOK) {
		knot_pkt_free(pkt);
		return NULL;
	}
	return pkt;
}

static size_t allocated;

static void *count_alloc(void *ctx, size_t size)
{
	(void)ctx;
	allocated++;
	return malloc(size);
}

static bool has_rr(const knot_pkt_t *parsed, const knot_dname_t *owner, const knot_rrset_t *rrset,
                   const knot_rdata_t *rdata)
{
	for (uint16_t i = 0; i < parsed->rrset_count; i++) {
		const knot_rrset_t *rr = &parsed->rr[i];
		if (rr->type == rrset->type && rr->ttl == rrset->ttl &&
		    knot_dname_is_case_equal(rr->owner, owner) &&
		    knot_rdata_cmp(rr->rrs.rdata, rdata) == 0) {
			return true;
		}
	}
	return false;
}

/* Kept RRsets, as they were; their owners may be gone with the answer. */
typedef struct {
	const knot_rrset_t *rrset;
	knot_dname_storage_t owner;
} kept_t;

static void check_written(const policy_t *policy, const message_t *message, const knot_pkt_t *pkt,
                          const kept_t *kept, size_t count, bool whole, bool limited)
{
	knot_rrset_t mx = policy_apex_mx(policy, look_up, (void *)message);
	knot_pkt_t *parsed = knot_pkt_new(pkt->wire, pkt->size, NULL);
	assert(parsed != NULL && knot_pkt_parse(parsed, 0) == KNOT_EOK);
	for (uint16_t i = 0; i < parsed->rrset_count; i++) {
		const knot_rrset_t *rr = &parsed->rr[i];
		int family = family_of_type(rr->type);
		assert(family == 0 || limited || !policy_guarded(policy, &mx, rr->owner) ||
		       !policy_proxied(policy, family, rr->rrs.rdata->data, NULL));
	}
	for (size_t i = 0; i < count && whole; i++) {
		for_each_rdata(rdata, kept[i].rrset) {
			assert(has_rr(parsed, kept[i].owner, kept[i].rrset, rdata));
		}
	}
	knot_pkt_free(parsed);
}

static void judge(const policy_t *policy, message_t *message, knot_pkt_t *pkt, uint16_t rcode,
                  int how)
{
	answer_t answer;
	policy_verdict_t verdict;
	bool complete = !(how & INCOMPLETE);
	assert(answer_read(&answer, pkt, rcode, complete, complete) == KNOT_EOK);
	answer.response.hash = (how & VALIDATES) ? nsec3_hash : NULL;
	bool suspect = policy_suspects(policy, look_up, message, knot_pkt_qname(pkt), pkt->rr,
	                               pkt->rrset_count) ||
	               ((how & VALIDATES) &&
	                policy_suspects_denial(policy, look_up, message, pkt->rr,
	                                       pkt->rrset_count));
	size_t before = allocated;
	int ret = policy_judge(policy, look_up, message, &answer.response, &verdict, &pkt->mm);
	assert(ret == KNOT_EOK || ret == KNOT_ESPACE || ret == KNOT_ENOMEM);
	assert(suspect || (ret == KNOT_EOK && !verdict.changes &&
	                   (verdict.rules & ~(1U << RULE_UNJUDGED)) == 0));
	assert(suspect || allocated == before);
	if (ret != KNOT_EOK || !verdict.changes) {
		answer_clear(&answer, &verdict);
		return;
	}

	size_t count = 0;
	kept_t *kept = calloc(answer.response.count + 1, sizeof(*kept));
	assert(kept != NULL);
	for (size_t i = 0; i < answer.response.count; i++) {
		const policy_item_t *item = &answer.response.items[i];
		if (item->edit == EDIT_KEEP && item->section != KNOT_ADDITIONAL) {
			for (size_t j = 0; j < message->count; j++) {
				/* The packet has its own copy of the RRset, but the same RDATA. */
				if (message->at[j]->rrs.rdata == item->rrset->rrs.rdata) {
					kept[count].rrset = message->at[j];
				}
			}
			memcpy(kept[count++].owner, item->owner, knot_dname_size(item->owner));
		}
	}
	bool limited = verdict.rules & (1U << RULE_UNJUDGED);
	ret = answer_write(&answer, pkt, &verdict, 0, how & STREAM);
	answer_clear(&answer, &verdict);
	assert(ret == KNOT_EOK || ret == KNOT_ESPACE);
	check_written(policy, message, pkt, kept, count, ret == KNOT_EOK, limited || !complete);
	free(kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 + KNOT_WIRE_HEADER_SIZE || size > 16384) {
		return 0;
	}
	int how = data[0];
	knot_pkt_t *parsed = knot_pkt_new((uint8_t *)data + 1, size - 1, NULL);
	assert(parsed != NULL);
	test_policy_t test;
	test_policy_init(&test, "example.com.", "mail-host imap *.mx; web-host @ www *.web");
	message_t *message = calloc(1, sizeof(*message));
	assert(message != NULL);
	message->apex = test.policy.zone;
	message->blind = how & BLIND;
	if (knot_pkt_parse(parsed, 0) == KNOT_EOK && knot_pkt_qname(parsed) != NULL &&
	    knot_pkt_qname(parsed)[0] != '\0' &&
	    name_in_zone(knot_pkt_qname(parsed), test.policy.zone)) {
		read_message(message, parsed);
		knot_mm_t mm = { .alloc = count_alloc, .free = free };
		knot_pkt_t *pkt = compose(message, parsed, (how & STREAM) ? 65535 : UDP_MAX, &mm);
		if (pkt != NULL) {
			judge(&test.policy, message, pkt, knot_wire_get_rcode(parsed->wire), how);
			knot_pkt_free(pkt);
		}
	}
	for (size_t i = 0; i < message->count; i++) {
		knot_rrset_free(message->at[i], NULL);
	}
	free(message);
	test_policy_clear(&test);
	knot_pkt_free(parsed);
	return 0;
}
