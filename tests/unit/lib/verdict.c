/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Verdicts as text.
 */

#undef NDEBUG

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/lib/fixture_policy.h"
#include "tests/unit/lib/writer.h"

static void say_type(text_writer_t *text, uint16_t type)
{
	char buf[32];
	assert(knot_rrtype_to_string(type, buf, sizeof(buf)) > 0);
	say(text, "%s", buf);
}

static void say_address(text_writer_t *text, int family, const uint8_t *address)
{
	char buf[INET6_ADDRSTRLEN];
	say(text, "%s", inet_ntop(family == 4 ? AF_INET : AF_INET6, address, buf, sizeof(buf)));
}

static void say_rdata(text_writer_t *text, const knot_rrset_t *rrset, const knot_rdata_t *rdata)
{
	switch (rrset->type) {
	case KNOT_RRTYPE_A:
	case KNOT_RRTYPE_AAAA:
		assert(rdata->len == (rrset->type == KNOT_RRTYPE_A ? 4 : 16));
		say(text, " ");
		say_address(text, rrset->type == KNOT_RRTYPE_A ? 4 : 6, rdata->data);
		break;
	case KNOT_RRTYPE_SRV:
		say(text, " %u %u %u ", knot_wire_read_u16(rdata->data),
		    knot_wire_read_u16(rdata->data + 2), knot_wire_read_u16(rdata->data + 4));
		say_name(text, knot_srv_name(rdata));
		break;
	case KNOT_RRTYPE_MX:
		say(text, " %u ", knot_wire_read_u16(rdata->data));
		say_name(text, knot_mx_name(rdata));
		break;
	case KNOT_RRTYPE_NS:
		say(text, " ");
		say_name(text, knot_ns_name(rdata));
		break;
	case KNOT_RRTYPE_CNAME:
	case KNOT_RRTYPE_DNAME:
		say(text, " ");
		say_name(text, knot_cname_name(rdata));
		break;
	case KNOT_RRTYPE_RRSIG:
		say(text, " ");
		say_type(text, knot_rrsig_type_covered(rdata));
		break;
	default:
		break;
	}
}

static void say_rrset(text_writer_t *text, knot_section_t section, const knot_dname_t *owner,
                      const knot_rrset_t *rrset)
{
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		say(text, "%s", section == KNOT_ANSWER ? "" :
		    section == KNOT_AUTHORITY ? "~ " : "+ ");
		say_name(text, owner);
		say(text, " %u ", rrset->ttl);
		say_type(text, rrset->type);
		say_rdata(text, rrset, rdata);
		say(text, "\n");
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
}

static void say_finding(text_writer_t *text, const finding_t *finding)
{
	char network[NET_TEXT_MAX];
	say(text, "! %s %s ", rule_names[finding->rule], action_names[finding->action]);
	say_name(text, finding->owner);
	say(text, " ");
	say_type(text, finding->type);
	if (finding->target != NULL) {
		say(text, " ");
		say_name(text, finding->target);
	}
	if (finding->family != 0) {
		say(text, " (");
		say_address(text, finding->family, finding->address);
		say(text, " in %s)", net_to_str(&finding->network, network));
	}
	say(text, ":");
	if (finding->answer_name != NULL) {
		say(text, " ");
		say_name(text, finding->answer_name);
	} else if (finding->answer_count == 0) {
		say(text, " -");
	}
	for (uint32_t i = 0; i < finding->answer_count && i < FINDING_ADDRESSES; i++) {
		say(text, " ");
		say_address(text, finding->answer[i].family, finding->answer[i].octets);
	}
	say(text, "\n");
}

static const char *rcode_name(uint16_t rcode)
{
	const knot_lookup_t *item = knot_lookup_by_id(knot_rcode_names, rcode);
	assert(item != NULL);
	return item->name;
}

policy_response_t repaired(const policy_response_t *response, const policy_verdict_t *verdict,
                           policy_item_t *items)
{
	policy_response_t result = *response;
	result.items = items;
	result.count = 0;
	if (verdict->noerror) {
		result.rcode = KNOT_RCODE_NOERROR;
	}
	for (int section = KNOT_ANSWER; section <= KNOT_ADDITIONAL; section++) {
		for (size_t i = 0; i < response->count; i++) {
			const policy_item_t *item = &response->items[i];
			if ((int)item->section == section && item->edit != EDIT_DROP) {
				bool keep = item->edit == EDIT_KEEP;
				items[result.count++] = (policy_item_t){
					.rrset = keep ? item->rrset : item->with,
					.owner = keep ? item->owner : item->with->owner,
					.section = section,
				};
			}
		}
		for (size_t i = 0; i < verdict->add_count; i++) {
			const knot_rrset_t *rrset = verdict->add[i].rrset;
			if ((int)verdict->add[i].section == section) {
				items[result.count++] = (policy_item_t){
					.rrset = rrset,
					.owner = rrset->owner,
					.section = section,
				};
			}
		}
	}
	return result;
}

void verdict_text(char out[static TEXT_MAX], const policy_t *policy,
                  const policy_response_t *response, const policy_verdict_t *verdict)
{
	static const policy_verdict_t none = { 0 };
	text_writer_t text = { out, TEXT_MAX, policy->zone };
	out[0] = '\0';
	if (verdict != NULL && !verdict->changes && verdict->rules == 0) {
		say(&text, verdict->unknown ? "= unknown" : "=");
		return;
	}
	if (verdict == NULL) {
		verdict = &none;
	}
	for (size_t i = 0; i < verdict->finding_count; i++) {
		say_finding(&text, &verdict->findings[i]);
	}
	if (verdict->unknown) {
		say(&text, "unknown\n");
	}

	policy_item_t items[response->count + POLICY_ADD_MAX];
	policy_response_t result = repaired(response, verdict, items);
	if (response->rcode != result.rcode) {
		say(&text, "%s -> %s\n", rcode_name(response->rcode), rcode_name(result.rcode));
	} else if (result.rcode != KNOT_RCODE_NOERROR) {
		say(&text, "%s\n", rcode_name(result.rcode));
	}
	for (size_t i = 0; i < result.count; i++) {
		say_rrset(&text, items[i].section, items[i].owner, items[i].rrset);
	}
}
