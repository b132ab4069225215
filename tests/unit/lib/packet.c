/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Responses in packets.
 */

#undef NDEBUG

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/packet.h"

static uint16_t hint_of(const knot_pkt_t *pkt, const reply_rr_t *rr)
{
	if (rr->hint_rr == HINT_NONE) {
		return KNOT_COMPR_HINT_NONE;
	} else if (rr->hint_rr == HINT_QNAME) {
		return KNOT_COMPR_HINT_QNAME;
	}
	uint16_t at = rr->hint_rdata == HINT_OWNER ? KNOT_COMPR_HINT_OWNER
	                                           : KNOT_COMPR_HINT_RDATA + rr->hint_rdata;
	return knot_compr_hint(&pkt->rr_info[rr->hint_rr], at);
}

/* What was made for the response belongs to the packet. */
static int own(knot_rrset_t *out, const knot_rrset_t *rrset, knot_mm_t *mm)
{
	*out = *rrset;
	knot_rdataset_init(&out->rrs);
	out->owner = knot_dname_copy(rrset->owner, mm);
	int ret = out->owner == NULL ? KNOT_ENOMEM : knot_rdataset_copy(&out->rrs, &rrset->rrs, mm);
	if (ret != KNOT_EOK) {
		knot_dname_free(out->owner, mm);
	}
	return ret;
}

static int put(knot_pkt_t *pkt, const reply_rr_t *rr, uint16_t rotate)
{
	knot_rrset_t rrset = rr->rrset;
	int ret = KNOT_EOK;
	if (rr->flags & KNOT_PF_FREE) {
		ret = own(&rrset, &rr->rrset, &pkt->mm);
	}
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = knot_pkt_put_rotate(pkt, hint_of(pkt, rr), &rrset,
	                          rrset.type == KNOT_RRTYPE_RRSIG ? 0 : rotate, rr->flags);
	if (ret != KNOT_EOK && (rr->flags & KNOT_PF_FREE)) {
		knot_rrset_clear(&rrset, &pkt->mm);
	}
	return ret;
}

static void to_upper(knot_dname_t *name)
{
	for (size_t i = 0, size = knot_dname_size(name); i < size; i++) {
		name[i] -= name[i] >= 'a' && name[i] <= 'z' ? 'a' - 'A' : 0;
	}
}

knot_pkt_t *packet_make(const test_reply_t *reply, const packet_how_t *how, bool *complete)
{
	knot_pkt_t *pkt = knot_pkt_new(NULL, how->size, how->mm);
	if (pkt == NULL) {
		return NULL;
	}
	knot_dname_storage_t qname;
	memcpy(qname, reply->qname, sizeof(qname));
	if (how->upper) {
		to_upper(qname);
	}
	memset(pkt->wire, 0, KNOT_WIRE_HEADER_SIZE);
	knot_wire_set_id(pkt->wire, 0x1234);
	knot_wire_set_qr(pkt->wire);
	knot_wire_set_aa(pkt->wire);
	int ret = knot_pkt_put_question(pkt, qname, KNOT_CLASS_IN, reply->qtype);
	if (ret == KNOT_EOK) {
		ret = knot_pkt_reserve(pkt, how->reserved);
	}
	assert(ret == KNOT_EOK);

	for (size_t i = 0; i < reply->count && ret == KNOT_EOK; i++) {
		ret = knot_pkt_begin(pkt, reply->at[i].section);
		assert(ret == KNOT_EOK);
		ret = put(pkt, &reply->at[i], how->rotate);
	}
	if (ret == KNOT_EOK) {
		ret = knot_pkt_begin(pkt, KNOT_ADDITIONAL);
	}
	if (complete != NULL) {
		*complete = ret == KNOT_EOK;
	}
	if (ret != KNOT_EOK && ret != KNOT_ESPACE) {
		knot_pkt_free(pkt);
		return NULL;
	}
	return pkt;
}

knot_pkt_t *packet_parse(const knot_pkt_t *pkt)
{
	assert_true(pkt->size + pkt->reserved <= pkt->max_size);
	knot_pkt_t *parsed = knot_pkt_new(pkt->wire, pkt->size, NULL);
	assert(parsed != NULL);
	assert_int_equal(knot_pkt_parse(parsed, KNOT_PF_NOCANON), KNOT_EOK);
	return parsed;
}

/* The RR of an RRset, as it is read from the wire. */
static bool is_rr(const knot_rrset_t *got, const knot_rrset_t *rrset, const knot_dname_t *owner,
                  uint16_t i)
{
	assert(got->rrs.count == 1);
	if (got->type != rrset->type || got->rclass != rrset->rclass || got->ttl != rrset->ttl ||
	    !knot_dname_is_case_equal(got->owner, owner)) {
		return false;
	}

	/* Names come in the case of the name that they are compressed with. */
	knot_rrset_t read = *got, expected = *rrset;
	knot_rdata_t *rdata = knot_rdataset_at(&rrset->rrs, i);
	read.owner = expected.owner = (knot_dname_t *)"";
	expected.rrs = (knot_rdataset_t){ .count = 1, .size = knot_rdata_size(rdata->len),
	                               .rdata = rdata };
	knot_rrset_t *a = knot_rrset_copy(&read, NULL), *b = knot_rrset_copy(&expected, NULL);
	assert(a != NULL && b != NULL);
	int ret = knot_rrset_rr_to_canonical(a);
	assert(ret == KNOT_EOK);
	ret = knot_rrset_rr_to_canonical(b);
	assert(ret == KNOT_EOK);
	bool same = knot_rdataset_eq(&a->rrs, &b->rrs);
	knot_rrset_free(a, NULL);
	knot_rrset_free(b, NULL);
	return same;
}

static knot_section_t section_of(const knot_pkt_t *parsed, size_t i)
{
	knot_section_t section = KNOT_ANSWER;
	while (section < KNOT_ADDITIONAL && i >= parsed->sections[section].count) {
		i -= parsed->sections[section++].count;
	}
	return section;
}

bool packet_is(const knot_pkt_t *parsed, const policy_response_t *response, uint16_t rotate,
               size_t *count)
{
	size_t at = 0;
	for (*count = 0; *count < response->count && at < parsed->rrset_count; (*count)++) {
		const policy_item_t *item = &response->items[*count];
		uint16_t rrs = item->rrset->rrs.count;
		uint16_t by = item->rrset->type == KNOT_RRTYPE_RRSIG ? 0 : rotate;
		for (uint16_t i = 0; i < rrs; i++, at++) {
			if (at == parsed->rrset_count || section_of(parsed, at) != item->section ||
			    !is_rr(&parsed->rr[at], item->rrset, item->owner, (i + by) % rrs)) {
				return false;
			}
		}
	}
	return at == parsed->rrset_count;
}

bool packet_same(const knot_pkt_t *a, const knot_pkt_t *b)
{
	for (int i = KNOT_ANSWER; i <= KNOT_ADDITIONAL; i++) {
		if (a->sections[i].count != b->sections[i].count) {
			return false;
		}
	}
	for (size_t i = 0; i < a->rrset_count; i++) {
		if (a->rr[i].type != b->rr[i].type ||
		    !is_rr(&a->rr[i], &b->rr[i], b->rr[i].owner, 0)) {
			return false;
		}
	}
	return memcmp(a->wire, b->wire, KNOT_WIRE_HEADER_SIZE + knot_pkt_question_size(a)) == 0;
}

void packet_print(const char *title, const knot_pkt_t *parsed)
{
	print_error("-- %s, %zu octets%s\n", title, parsed->size,
	            knot_wire_get_tc(parsed->wire) ? ", truncated" : "");
	for (size_t i = 0; i < parsed->rrset_count; i++) {
		knot_dname_txt_storage_t owner;
		char type[32];
		(void)knot_dname_to_str(owner, parsed->rr[i].owner, sizeof(owner));
		(void)knot_rrtype_to_string(parsed->rr[i].type, type, sizeof(type));
		print_error("%.*s %s %u %s, %u octets\n", section_of(parsed, i), "~+", owner,
		            parsed->rr[i].ttl, type, parsed->rr[i].rrs.rdata->len);
	}
}
