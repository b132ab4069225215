/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Verdicts on responses of signed zones as text.
 */

#undef NDEBUG

#include <arpa/inet.h>
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/fixture_denial.h"
#include "tests/unit/lib/validator.h"
#include "tests/unit/lib/writer.h"

#define SHORT_BITMAP 24

typedef struct {
	text_writer_t to;
	const fixture_denial_t *fixture;
	const knot_dname_t *qname;
} denial_text_t;

static bool is_hash_of(const denial_text_t *text, const uint8_t *hash, const knot_dname_t *name)
{
	uint8_t own[NSEC3_HASH];
	const signed_zone_t *zone = text->fixture->zone;
	int ret = zone->hash(own, name, 0, &zone->params);
	assert(ret == KNOT_EOK);
	return memcmp(hash, own, NSEC3_HASH) == 0;
}

/* The name, if the hash is that of the name, one above it, or a wildcard at either. */
static bool say_if_hash_of(denial_text_t *text, const uint8_t *hash, const knot_dname_t *name)
{
	for (; knot_dname_in_bailiwick(name, text->fixture->zone->zone->apex) >= 0;
	     name += 1 + *name) {
		knot_dname_storage_t wildcard = "\1*";
		bool fits = 2 + knot_dname_size(name) <= KNOT_DNAME_MAXLEN;
		if (fits) {
			memcpy(wildcard + 2, name, knot_dname_size(name));
		}
		bool own = is_hash_of(text, hash, name);
		if (own || (fits && is_hash_of(text, hash, wildcard))) {
			say_name(&text->to, own ? name : wildcard);
			return true;
		}
	}
	return false;
}

static bool say_if_known(denial_text_t *text, const uint8_t *hash)
{
	const test_zone_t *zone = text->fixture->zone->zone;
	bool known = say_if_hash_of(text, hash, text->fixture->test.policy.exchange) ||
	             say_if_hash_of(text, hash, text->qname);
	for (size_t i = 0; i < zone->count && !known; i++) {
		known = say_if_hash_of(text, hash, zone->nodes[i].name);
	}
	return known;
}

static void say_hash(denial_text_t *text, const uint8_t *hash)
{
	uint8_t before[NSEC3_HASH];
	memcpy(before, hash, sizeof(before));
	for (int i = NSEC3_HASH - 1; i >= 0 && before[i]-- == 0; i--) {
	}
	say(&text->to, "(");
	if (say_if_known(text, hash)) {
		say(&text->to, ")");
	} else if (say_if_known(text, before)) {
		say(&text->to, ")+1");
	} else {
		say(&text->to, "?)");
	}
}

static void say_type(denial_text_t *text, const char *sign, uint16_t type)
{
	char buf[32];
	assert(knot_rrtype_to_string(type, buf, sizeof(buf)) > 0);
	say(&text->to, " %s%s", sign, buf);
}

/* What a name other than the apex may well have. */
static bool is_likely(uint32_t type)
{
	return (type > 0 && type < 128 && type != KNOT_RRTYPE_NS && type != KNOT_RRTYPE_SOA &&
	        type != KNOT_RRTYPE_CNAME && type != KNOT_RRTYPE_DNAME &&
	        type != KNOT_RRTYPE_OPT && type != KNOT_RRTYPE_DS &&
	        type != KNOT_RRTYPE_DNSKEY && type != KNOT_RRTYPE_NSEC3 &&
	        type != KNOT_RRTYPE_NSEC3PARAM && type != KNOT_RRTYPE_CDS &&
	        type != KNOT_RRTYPE_CDNSKEY) ||
	       (type >= 256 && type < 272) || (type >= 65280 && type < 65535);
}

static void say_types(denial_text_t *text, const uint8_t *bitmap, size_t size)
{
	static bitmap_t types;
	bitmap_clear(&types);
	assert_true(bitmap_read(&types, bitmap, size));
	size_t count = 0;
	for (uint32_t type = 0; type <= UINT16_MAX; type++) {
		count += bitmap_has(&types, type);
	}
	say(&text->to, "%s", count > SHORT_BITMAP ? " all" : "");
	for (uint32_t type = 0; type <= UINT16_MAX; type++) {
		bool has = bitmap_has(&types, type);
		if (count <= SHORT_BITMAP && has) {
			say_type(text, "", type);
		} else if (count > SHORT_BITMAP && has != is_likely(type)) {
			say_type(text, has ? "+" : "-", type);
		}
	}
}

static void say_rdata(denial_text_t *text, const knot_rrset_t *rrset, const knot_rdata_t *rdata)
{
	char buf[INET6_ADDRSTRLEN];
	switch (rrset->type) {
	case KNOT_RRTYPE_A:
	case KNOT_RRTYPE_AAAA:
		say(&text->to, " %s", inet_ntop(rrset->type == KNOT_RRTYPE_A ? AF_INET : AF_INET6,
		                           rdata->data, buf, sizeof(buf)));
		break;
	case KNOT_RRTYPE_MX:
		say(&text->to, " ");
		say_name(&text->to, knot_mx_name(rdata));
		break;
	case KNOT_RRTYPE_NS:
	case KNOT_RRTYPE_CNAME:
	case KNOT_RRTYPE_DNAME:
		say(&text->to, " ");
		say_name(&text->to, knot_cname_name(rdata));
		break;
	case KNOT_RRTYPE_NSEC:
		say(&text->to, " ");
		say_name(&text->to, knot_nsec_next(rdata));
		say_types(text, knot_nsec_bitmap(rdata), knot_nsec_bitmap_len(rdata));
		break;
	case KNOT_RRTYPE_NSEC3:
		say(&text->to, knot_nsec3_flags(rdata) != 0 ? " opt-out " : " ");
		say_hash(text, knot_nsec3_next(rdata));
		say_types(text, knot_nsec3_bitmap(rdata), knot_nsec3_bitmap_len(rdata));
		break;
	default:
		break;
	}
}

static void say_rrset(denial_text_t *text, const knot_dname_t *owner, const knot_rrset_t *rrset)
{
	uint8_t hash[NSEC3_HASH];
	if (rrset->type == KNOT_RRTYPE_NSEC3 && nsec3_owner_hash(hash, owner)) {
		say_hash(text, hash);
	} else {
		say_name(&text->to, owner);
	}
	say_type(text, "", rrset->type);
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		say_rdata(text, rrset, rdata);
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
}

static void say_response(denial_text_t *text, const shown_response_t *shown)
{
	for (size_t i = 0; i < shown->count; i++) {
		const shown_t *at = &shown->at[i];
		int own = (int)knot_dname_labels(at->owner, NULL) -
		          knot_dname_is_wildcard(at->owner);
		say(&text->to, "%s%s", at->section == KNOT_ANSWER ? "" :
		    at->section == KNOT_AUTHORITY ? "~" : "+",
		    at->fresh ? "!" : "");
		say_rrset(text, at->owner, at->rrset);
		if (at->fresh && at->labels < own) {
			say(&text->to, " (*.");
			say_name(&text->to, name_suffix(at->owner, at->labels));
			say(&text->to, ")");
		}
		say(&text->to, "\n");
	}
}

void fixture_denial_record_text(char out[static TEXT_MAX], const fixture_denial_t *fixture,
                                const knot_rrset_t *record)
{
	denial_text_t text = { { out, TEXT_MAX, fixture->zone->zone->apex }, fixture,
	                fixture->test.policy.exchange };
	say_rrset(&text, record->owner, record);
}

void fixture_denial_text(char out[static TEXT_MAX], const fixture_denial_t *fixture,
                         const char *query)
{
	char name[1024], type[16];
	uint16_t qtype;
	knot_dname_storage_t qname;
	assert(sscanf(query, "%1023s %15s", name, type) == 2);
	test_name(qname, name, fixture->zone->zone->apex);
	assert(knot_rrtype_from_string(type, &qtype) == 0);

	test_reply_t reply;
	signed_zone_reply(&reply, fixture->zone, qname, qtype, 0);
	policy_item_t items[reply.count + 1];
	policy_response_t response = reply_response(&reply, items, reply.count);
	response.hash = fixture->zone->hash;
	policy_verdict_t verdict;
	int ret = (reply.referral ? policy_judge_referral : policy_judge)(
		&fixture->test.policy, fixture->lookup, fixture->zone->zone, &response, &verdict,
		NULL);
	assert_int_equal(ret, KNOT_EOK);
	denial_text_t text = { { out, TEXT_MAX, fixture->zone->zone->apex }, fixture, qname };
	shown_response_t shown;
	validator_show(&shown, fixture->zone->zone->apex, &response, &verdict);
	*out = '\0';
	if (!verdict.changes) {
		say(&text.to, "= ");
	} else if (verdict.noerror) {
		say(&text.to, "NXDOMAIN -> NOERROR\n");
	} else if (response.rcode != KNOT_RCODE_NOERROR) {
		say(&text.to, "NXDOMAIN\n");
	}
	say_response(&text, &shown);
	policy_verdict_clear(&response, &verdict);
	reply_clear(&reply);
}
