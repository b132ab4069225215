/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Putting responses back into packets.
 */

#undef NDEBUG

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "module/answer.h"
#include "tests/unit/lib/expected_answer.h"
#include "tests/unit/lib/memory.h"
#include "tests/unit/lib/fixture_answer.h"

#define ORIGIN "example.com."

void fixture_answer_init(fixture_answer_t *fixture, const char *zone, const char *options,
                         const char *query, bool stream)
{
	memset(fixture, 0, sizeof(*fixture));
	test_policy_init(&fixture->test, ORIGIN, options);
	fixture->zone = zone_new(ORIGIN, zone);
	if (query == NULL) {
		return;
	}
	char name[1024], type[16], all[8] = "";
	knot_dname_storage_t qname;
	uint16_t qtype;
	assert(sscanf(query, "%1023s %15s %7s", name, type, all) >= 2);
	test_name(qname, name, fixture->zone->apex);
	assert(knot_rrtype_from_string(type, &qtype) == 0);
	fixture_answer_query(fixture, qname, qtype,
	                     (stream ? REPLY_STREAM : 0) | (*all ? REPLY_ALL : 0));
}

void fixture_answer_query(fixture_answer_t *fixture, const knot_dname_t *name, uint16_t type,
                          int options)
{
	reply_clear(&fixture->reply);
	if (fixture->signed_zone != NULL) {
		signed_zone_reply(&fixture->reply, fixture->signed_zone, name, type, options);
	} else {
		reply_make(&fixture->reply, fixture->zone, name, type, options);
	}
}

void fixture_answer_sign(fixture_answer_t *fixture, denial_kind_t how, bool stream)
{
	knot_dname_storage_t qname;
	memcpy(qname, fixture->reply.qname, sizeof(qname));
	fixture->signed_zone = signed_zone_new(fixture->zone, how, NULL, NULL);
	fixture_answer_query(fixture, qname, fixture->reply.qtype, stream ? REPLY_STREAM : 0);
}

void fixture_answer_clear(fixture_answer_t *fixture)
{
	reply_clear(&fixture->reply);
	if (fixture->signed_zone != NULL) {
		signed_zone_free(fixture->signed_zone);
	} else {
		zone_free(fixture->zone);
	}
	test_policy_clear(&fixture->test);
}

/* What is being checked, for the message. */
typedef struct {
	const fixture_answer_t *fixture;
	const packet_how_t *how;
	size_t limit;
	bool stream;
	const knot_pkt_t *before;
	const knot_pkt_t *after;
} check_t;

static void hold(const check_t *check, bool holds, const char *what)
{
	if (holds) {
		return;
	}
	knot_dname_txt_storage_t name;
	(void)knot_dname_to_str(name, check->fixture->reply.qname, sizeof(name));
	print_error("%s TYPE%u, %zu octets, %u reserved, rotated by %u%s\n", name,
	            check->fixture->reply.qtype, check->limit, check->how->reserved,
	            check->how->rotate, check->stream ? ", stream" : "");
	if (check->before != NULL) {
		packet_print("before", check->before);
	}
	if (check->after != NULL) {
		packet_print("after", check->after);
	}
	fail_msg("%s", what);
}

/* The response in the packet is read as the response it was made of. */
static void check_read(const check_t *check, const answer_t *answer)
{
	const test_reply_t *reply = &check->fixture->reply;
	const policy_response_t *response = &answer->response;
	hold(check, response->count == reply->count && response->qtype == reply->qtype &&
	     response->rcode == reply->rcode &&
	     knot_dname_is_equal(response->qname, reply->qname),
	     "the response is read as another one");
	for (size_t i = 0; i < response->count; i++) {
		hold(check, response->items[i].section == reply->at[i].section &&
		     response->items[i].rrset->type == reply->at[i].rrset.type &&
		     knot_dname_is_equal(response->items[i].owner, reply->at[i].owner),
		     "an RRset is read as another one");
	}
}

/* What the server relies on later. */
static void check_packet(const check_t *check, const knot_pkt_t *pkt)
{
	uint16_t count = 0;
	for (int i = KNOT_ANSWER; i <= KNOT_ADDITIONAL; i++) {
		hold(check, i > (int)pkt->current || pkt->sections[i].pos == count,
		     "a section begins elsewhere");
		count += pkt->sections[i].count;
	}
	hold(check, pkt->rrset_count == count, "the sections don't hold all RRsets");
	hold(check, pkt->reserved == check->how->reserved, "the room for OPT and TSIG is gone");
	for (uint16_t i = 0; i < count; i++) {
		hold(check, i == 0 || pkt->rr_info[i].pos > pkt->rr_info[i - 1].pos,
		     "an RRset is at the wrong place");
	}
}

written_t check_unchanged(const fixture_answer_t *fixture, const packet_how_t *how, bool stream)
{
	check_t check = { fixture, how, how->size, stream, NULL, NULL };
	bool complete;
	knot_pkt_t *old = packet_make(&fixture->reply, how, &complete);
	knot_pkt_t *new = packet_make(&fixture->reply, how, NULL);
	assert(old != NULL && new != NULL);
	written_t written = { 0 };
	if (!complete) {
		knot_pkt_free(old);
		knot_pkt_free(new);
		return written;
	}

	answer_t answer;
	policy_verdict_t verdict = { .mm = &new->mm };
	int ret = answer_read(&answer, new, fixture->reply.rcode, true, true);
	hold(&check, ret == KNOT_EOK, "the response can't be read");
	check_read(&check, &answer);
	ret = answer_write(&answer, new, &verdict, how->rotate, stream);
	answer_clear(&answer, &verdict);

	knot_pkt_t *before = packet_parse(old), *after = packet_parse(new);
	check.before = before;
	check.after = after;
	hold(&check, new->size <= old->size, "the response has become larger");
	hold(&check, ret == KNOT_EOK, "the response can't be put back");
	hold(&check, packet_same(before, after), "the response is another one");
	check_packet(&check, new);
	for (uint16_t i = 0; i < new->rrset_count; i++) {
		hold(&check, new->rr[i].additional == old->rr[i].additional &&
		     (new->rr[i].rrs.rdata == old->rr[i].rrs.rdata) ==
		     !(old->rr_info[i].flags & KNOT_PF_FREE),
		     "an RRset is a copy");
	}
	written.before = old->size;
	written.after = new->size;
	written.same = old->size == new->size && memcmp(old->wire, new->wire, old->size) == 0;
	knot_pkt_free(before);
	knot_pkt_free(after);
	knot_pkt_free(old);
	knot_pkt_free(new);
	return written;
}

static bool delegated(const policy_response_t *response)
{
	bool found = false;
	for (size_t i = 0; i < response->count; i++) {
		found |= response->items[i].section == KNOT_AUTHORITY &&
		         response->items[i].rrset->type == KNOT_RRTYPE_NS;
	}
	return found;
}

static void check_written(const check_t *check, const knot_pkt_t *pkt, int ret,
                          const expected_t *expected)
{
	size_t count, needed = 0;
	const policy_response_t *result = &expected->result;
	while (needed < result->count && result->items[needed].section != KNOT_ADDITIONAL) {
		needed++;
	}
	hold(check, packet_is(check->after, result, check->how->rotate, &count),
	     "the response is not the repaired one");
	check_packet(check, pkt);
	hold(check, ret == KNOT_EOK || ret == KNOT_ESPACE, "an error");
	hold(check, (ret == KNOT_EOK) == (count >= needed), "what is required was left out");
	bool truncated = knot_wire_get_tc(pkt->wire);
	/* Glue is needed, though it is additional (RFC 9471). */
	hold(check, ret != KNOT_EOK || !truncated || (count < result->count && delegated(result)),
	     "truncated, but whole");
	hold(check, ret == KNOT_EOK || check->stream || truncated,
	     "records are missing, but it is not truncated");
}

/* KNOT_ENOMEM where memory is short. */
static int write_repaired(const fixture_answer_t *fixture, const packet_how_t *how, bool stream,
                          size_t limit, const expected_t *expected)
{
	check_t check = { fixture, how, limit > 0 ? limit : how->size, stream, NULL, NULL };
	bool complete;
	knot_pkt_t *pkt = packet_make(&fixture->reply, how, &complete);
	if (pkt == NULL || !complete) {
		knot_pkt_free(pkt);
		return pkt == NULL ? KNOT_ENOMEM : KNOT_ESPACE;
	}

	answer_t answer;
	policy_verdict_t verdict = { 0 };
	int ret = answer_read(&answer, pkt, fixture->reply.rcode, true, true);
	if (ret == KNOT_EOK) {
		check_read(&check, &answer);
		ret = expected_judge(fixture, &answer.response, &verdict, &pkt->mm);
	}
	new_sigs_t sigs = { NULL, 0 };
	if (ret == KNOT_EOK) {
		expected_sign(fixture, &sigs, &answer.response, &verdict);
		pkt->max_size = check.limit;
		ret = answer_write(&answer, pkt, &verdict, how->rotate, stream);
	}
	answer_clear(&answer, &verdict);
	if (ret == KNOT_EOK || ret == KNOT_ESPACE) {
		knot_pkt_t *after = packet_parse(pkt);
		check.after = after;
		check_written(&check, pkt, ret, expected);
		knot_pkt_free(after);
	}
	expected_unsign(&sigs);
	knot_pkt_free(pkt);
	return ret;
}

int check_repaired(const fixture_answer_t *fixture, const packet_how_t *how, bool stream,
                   size_t limit)
{
	expected_t expected;
	expected_init(&expected, fixture);
	int ret = write_repaired(fixture, how, stream, limit, &expected);
	expected_clear(&expected);
	return ret;
}

void check_written_memory(const fixture_answer_t *fixture, const packet_how_t *how, bool stream)
{
	expected_t expected;
	expected_init(&expected, fixture);
	packet_how_t failing = *how;
	failing.mm = memory_start(0, false);
	assert_int_equal(write_repaired(fixture, &failing, stream, 0, &expected), KNOT_EOK);
	assert_int_equal(memory_live(), 0);
	size_t calls = memory_calls();
	for (size_t i = 0; i < 2 * calls; i++) {
		failing.mm = memory_start(i / 2 + 1, i % 2 == 1);
		int ret = write_repaired(fixture, &failing, stream, 0, &expected);
		assert_true(memory_failed());
		assert_int_equal(ret, KNOT_ENOMEM);
		assert_int_equal(memory_live(), 0);
	}
	expected_clear(&expected);
}
