/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Reading a response out of a packet and composing it again.
 *
 * Nothing is patched on the wire: compression pointers reach over RRsets, so a changed response is
 * put together again as a whole.
 */

#include <stdlib.h>
#include <string.h>

#include "dns/rrset.h"
#include "module/answer.h"

/* RRsets that are searched for a name to point at; further ones are not worth the search. */
#define HINT_RRSETS 32

static void *mm_get(knot_mm_t *mm, size_t size)
{
	return mm->alloc != NULL ? mm->alloc(mm->ctx, size) : malloc(size);
}

static void mm_put(knot_mm_t *mm, void *memory)
{
	if (mm->alloc == NULL) {
		free(memory);
	} else if (mm->free != NULL) {
		mm->free(memory);
	}
}

struct answer_lowered {
	answer_lowered_t *next;
	knot_rrset_t rrset; /* Its owner is borrowed. */
};

/* The name in the RDATA of types that lead somewhere; NULL for others. */
static knot_dname_t *rdata_target(const knot_rdata_t *rdata, uint16_t type)
{
	switch (type) {
	case KNOT_RRTYPE_CNAME:
	case KNOT_RRTYPE_DNAME:
	case KNOT_RRTYPE_NS:
		return (knot_dname_t *)rdata->data;
	case KNOT_RRTYPE_MX:
		return (knot_dname_t *)rdata->data + 2;
	case KNOT_RRTYPE_SRV:
		return (knot_dname_t *)rdata->data + 6;
	default:
		return NULL;
	}
}

static bool has_capitals(const knot_dname_t *name)
{
	/* Lengths of labels are below all letters. */
	for (; name != NULL && *name != '\0'; name += 1 + *name) {
		for (uint8_t i = 1; i <= *name; i++) {
			if (name[i] >= 'A' && name[i] <= 'Z') {
				return true;
			}
		}
	}
	return false;
}

/* The RRset as the judge compares it: modules such as mod-geoip answer with names in whatever case
 * people have written them, the zone never does. NULL if there is no memory. */
static const knot_rrset_t *lower(answer_t *answer, const knot_rrset_t *rrset)
{
	bool capitals = false;
	for_each_rdata(rdata, rrset) {
		capitals = capitals || has_capitals(rdata_target(rdata, rrset->type));
	}
	if (!capitals) {
		return rrset;
	}

	answer_lowered_t *lowered = mm_get(answer->mm, sizeof(*lowered));
	if (lowered == NULL) {
		return NULL;
	}
	lowered->rrset = *rrset;
	if (knot_rdataset_copy(&lowered->rrset.rrs, &rrset->rrs, answer->mm) != KNOT_EOK) {
		mm_put(answer->mm, lowered);
		return NULL;
	}
	for_each_rdata(rdata, &lowered->rrset) {
		knot_dname_to_lower(rdata_target(rdata, rrset->type));
	}
	lowered->next = answer->lowered;
	answer->lowered = lowered;
	return &lowered->rrset;
}

/* The owner on the wire: a wildcard RRset is in the packet as it is in the zone, and only the name
 * written for it shows what it was expanded to. */
static const knot_dname_t *wire_owner(answer_t *answer, knot_pkt_t *pkt, size_t i)
{
	const knot_dname_t *owner = pkt->rr[i].owner;
	if (!knot_dname_is_wildcard(owner)) {
		return owner;
	}

	knot_dname_storage_t name;
	if (knot_dname_unpack(name, pkt->wire + pkt->rr_info[i].pos, sizeof(name), pkt->wire) <=
	    0) {
		return NULL;
	}
	knot_dname_to_lower(name);
	if (name_equal(name, owner)) {
		return owner;
	} else if (name_equal(name, answer->response.qname)) {
		return answer->response.qname;
	} else if (answer->name_count < ANSWER_NAMES) {
		knot_dname_t *copy = answer->names[answer->name_count++];
		memcpy(copy, name, knot_dname_size(name));
		return copy;
	}
	return knot_dname_copy(name, answer->mm);
}

static knot_section_t section_of(const knot_pkt_t *pkt, size_t i)
{
	const knot_pktsection_t *authority = &pkt->sections[KNOT_AUTHORITY];
	const knot_pktsection_t *answer = &pkt->sections[KNOT_ANSWER];
	if (i < answer->count) {
		return KNOT_ANSWER;
	}
	return i < (size_t)answer->count + authority->count ? KNOT_AUTHORITY : KNOT_ADDITIONAL;
}

int answer_read(answer_t *answer, knot_pkt_t *pkt, uint16_t rcode, bool complete,
                bool additional_complete)
{
	answer->mm = &pkt->mm;
	answer->name_count = 0;
	answer->lowered = NULL;
	answer->response = (policy_response_t){
		.qname = knot_pkt_qname(pkt),
		.qtype = knot_pkt_qtype(pkt),
		.rcode = rcode,
		.complete = complete,
		.additional_complete = additional_complete,
		.items = answer->items,
	};
	if (answer->response.qname == NULL) {
		return KNOT_EMALF;
	}

	policy_response_t *response = &answer->response;
	if (pkt->rrset_count > ANSWER_ITEMS) {
		response->items = mm_get(answer->mm, pkt->rrset_count * sizeof(policy_item_t));
		if (response->items == NULL) {
			response->items = answer->items;
			return KNOT_ENOMEM;
		}
	}
	for (size_t i = 0; i < pkt->rrset_count; i++) {
		const knot_rrset_t *rrset = lower(answer, &pkt->rr[i]);
		const knot_dname_t *owner = wire_owner(answer, pkt, i);
		if (owner == NULL || rrset == NULL) {
			return KNOT_ENOMEM;
		}
		response->items[i] = (policy_item_t){
			.rrset = rrset,
			.owner = owner,
			.section = section_of(pkt, i),
		};
		response->count = i + 1;
	}
	return KNOT_EOK;
}

/* Frees the owners that answer_read() had to copy. */
static void free_owners(answer_t *answer)
{
	const uint8_t *names = answer->names[0];
	for (size_t i = 0; i < answer->response.count; i++) {
		const policy_item_t *item = &answer->response.items[i];
		if (item->owner != item->rrset->owner && item->owner != answer->response.qname &&
		    !(item->owner >= names && item->owner < names + sizeof(answer->names))) {
			knot_dname_free((knot_dname_t *)item->owner, answer->mm);
		}
	}
}

void answer_clear(answer_t *answer, policy_verdict_t *verdict)
{
	policy_response_t *response = &answer->response;
	if (verdict != NULL) {
		policy_verdict_clear(response, verdict);
	}
	free_owners(answer);
	if (response->items != answer->items) {
		mm_put(answer->mm, response->items);
	}
	response->items = answer->items;
	response->count = 0;
	while (answer->lowered != NULL) {
		answer_lowered_t *lowered = answer->lowered;
		answer->lowered = lowered->next;
		knot_rdataset_clear(&lowered->rrset.rrs, answer->mm);
		mm_put(answer->mm, lowered);
	}
}

/* What the packet held, while it is composed again. */
typedef struct {
	knot_rrset_t rrset;
	knot_rrinfo_t info;
	bool done;         /* In the packet again, as it was. */
	uint16_t at;       /* Its place there. */
} old_t;

/* A response being composed. */
typedef struct {
	knot_pkt_t *pkt;
	const knot_dname_t **owners; /* On the wire, of the RRsets in the packet. */
	const old_t *old;            /* In the order of their old positions. */
	size_t old_count;
	uint16_t rotate;
} writer_t;

/* The new position of a name that knotd pointed at when it put an RRset. */
static uint16_t renew_hint(const writer_t *writer, uint16_t hint)
{
	if (hint <= KNOT_COMPR_HINT_QNAME) {
		return hint == KNOT_COMPR_HINT_QNAME ? hint : KNOT_COMPR_HINT_NONE;
	}
	size_t from = 0, to = writer->old_count;
	while (to - from > 1) {
		size_t mid = from + (to - from) / 2;
		if (writer->old[mid].info.pos <= hint) {
			from = mid;
		} else {
			to = mid;
		}
	}
	const old_t *old = &writer->old[from];
	for (size_t i = 0; i < KNOT_COMPR_HINT_COUNT && old->done; i++) {
		if (old->info.compress_ptr[i] == hint) {
			return writer->pkt->rr_info[old->at].compress_ptr[i];
		}
	}
	return KNOT_COMPR_HINT_NONE;
}

/* Where a name is in the packet already, for the RRset to be put to point at it. */
static uint16_t find_hint(const writer_t *writer, const knot_dname_t *name)
{
	const knot_pkt_t *pkt = writer->pkt;
	if (name_equal(name, knot_pkt_qname(pkt))) {
		return KNOT_COMPR_HINT_QNAME;
	}
	for (size_t i = 0; i < pkt->rrset_count && i < HINT_RRSETS; i++) {
		const knot_rrset_t *rrset = &pkt->rr[i];
		const knot_rrinfo_t *info = &pkt->rr_info[i];
		uint16_t hint = knot_compr_hint(info, KNOT_COMPR_HINT_OWNER);
		if (hint > KNOT_COMPR_HINT_NOCOMP && name_equal(writer->owners[i], name)) {
			return hint;
		}
		knot_rdata_t *rdata = rrset->rrs.rdata;
		for (uint16_t j = 0; j < rrset->rrs.count && j < KNOT_COMPR_HINT_COUNT - 1; j++) {
			hint = knot_compr_hint(info, KNOT_COMPR_HINT_RDATA + j);
			const knot_dname_t *target = rdata_target(rdata, rrset->type);
			if (hint > KNOT_COMPR_HINT_NOCOMP && target != NULL &&
			    name_equal(target, name)) {
				return hint;
			}
			rdata = knot_rdataset_next(rdata);
		}
	}
	return KNOT_COMPR_HINT_NONE;
}

/* Puts an RRset with the hint that it had in the old packet, or the best one there is. */
static int put(writer_t *writer, const knot_rrset_t *rrset, const knot_dname_t *owner,
               uint16_t flags, uint16_t old_hint)
{
	knot_pkt_t *pkt = writer->pkt;
	uint16_t rotate = (rrset->type == KNOT_RRTYPE_RRSIG) ? 0 : writer->rotate;
	uint16_t hint = renew_hint(writer, old_hint);
	if (hint == KNOT_COMPR_HINT_NONE && *owner != '\0') { /* OPT must not be compressed. */
		hint = find_hint(writer, owner);
	}
	uint16_t at = pkt->rrset_count;
	flags &= ~KNOT_PF_CHECKDUP;

	int ret;
	if (hint != KNOT_COMPR_HINT_NONE || owner == rrset->owner) {
		ret = knot_pkt_put_rotate(pkt, hint, rrset, rotate, flags);
	} else {
		/* A wildcard's RRset with no name to point at: it needs its real owner. */
		knot_rrset_t expanded = *rrset;
		expanded.owner = knot_dname_copy(owner, &pkt->mm);
		if (expanded.owner == NULL ||
		    knot_rdataset_copy(&expanded.rrs, &rrset->rrs, &pkt->mm) != KNOT_EOK) {
			knot_dname_free(expanded.owner, &pkt->mm);
			return KNOT_ENOMEM;
		}
		ret = knot_pkt_put_rotate(pkt, hint, &expanded, rotate, flags | KNOT_PF_FREE);
		if (ret != KNOT_EOK) {
			knot_rrset_clear(&expanded, &pkt->mm);
		} else if (flags & KNOT_PF_FREE) {
			knot_rrset_clear((knot_rrset_t *)rrset, &pkt->mm);
		}
	}
	if (ret == KNOT_EOK && pkt->rrset_count > at) {
		writer->owners[at] = owner;
	}
	return ret;
}

/* Puts an RRset that the verdict made, and its RRSIGs. The packet owns the data of the former from
 * then on; the latter stay where they are. */
static int put_new(writer_t *writer, knot_rrset_t **rrset, const knot_rdataset_t *sigs,
                   uint16_t flags)
{
	knot_rrset_t rrsig = { 0 };
	if (sigs != NULL) {
		knot_rrset_init(&rrsig, (*rrset)->owner, KNOT_RRTYPE_RRSIG, KNOT_CLASS_IN,
		                (*rrset)->ttl);
		rrsig.rrs = *sigs;
	}
	int ret = put(writer, *rrset, (*rrset)->owner, flags | KNOT_PF_FREE, KNOT_COMPR_HINT_NONE);
	if (ret == KNOT_EOK) {
		mm_put(&writer->pkt->mm, *rrset);
		*rrset = NULL;
		if (sigs != NULL) {
			ret = put(writer, &rrsig, rrsig.owner, flags & ~KNOT_PF_FREE,
			          KNOT_COMPR_HINT_NONE);
		}
	}
	return ret;
}

/* Sets the packet back to header and question. */
static void start_over(knot_pkt_t *pkt)
{
	knot_wire_clear_tc(pkt->wire); /* What was truncated may fit now. */
	pkt->size = KNOT_WIRE_HEADER_SIZE + knot_pkt_question_size(pkt);
	pkt->rrset_count = 0;
	knot_wire_set_ancount(pkt->wire, 0);
	knot_wire_set_nscount(pkt->wire, 0);
	knot_wire_set_arcount(pkt->wire, 0);
	for (int i = KNOT_ANSWER; i <= KNOT_ADDITIONAL; i++) {
		pkt->sections[i].pos = 0;
		pkt->sections[i].count = 0;
	}
	pkt->current = KNOT_ANSWER;
	pkt->compr.rrinfo = NULL;
	pkt->compr.suffix.pos = 0;
	pkt->compr.suffix.labels = 0;
}

static int write_section(writer_t *writer, knot_section_t section, answer_t *answer, old_t *old,
                         policy_verdict_t *verdict, bool stream)
{
	int ret = knot_pkt_begin(writer->pkt, section);
	for (size_t i = 0; i < answer->response.count && ret == KNOT_EOK; i++) {
		policy_item_t *item = &answer->response.items[i];
		if (item->section != section) {
			continue;
		}
		if (item->edit == EDIT_KEEP) {
			old[i].at = writer->pkt->rrset_count;
			ret = put(writer, &old[i].rrset, item->owner, old[i].info.flags,
			          old[i].info.compress_ptr[KNOT_COMPR_HINT_OWNER]);
			old[i].done = (ret == KNOT_EOK);
		} else if (item->edit == EDIT_REPLACE) {
			ret = put_new(writer, &item->with, item->sigs,
			              old[i].info.flags & ~(KNOT_PF_ORIGTTL | KNOT_PF_SOAMINTTL));
		}
	}

	uint16_t flags = (section == KNOT_ANSWER && !stream) ? KNOT_PF_NULL : KNOT_PF_NOTRUNC;
	for (size_t i = 0; i < verdict->add_count && ret == KNOT_EOK; i++) {
		if (verdict->add[i].section == section) {
			ret = put_new(writer, &verdict->add[i].rrset, verdict->add[i].sigs, flags);
		}
	}
	return ret;
}

void answer_truncate(answer_t *answer, knot_pkt_t *pkt)
{
	for (size_t i = 0; i < pkt->rrset_count; i++) {
		if (pkt->rr_info[i].flags & KNOT_PF_FREE) {
			knot_rrset_clear(&pkt->rr[i], &pkt->mm);
		}
	}
	free_owners(answer);
	answer->response.count = 0;
	start_over(pkt);
	knot_wire_set_tc(pkt->wire);
}

int answer_write(answer_t *answer, knot_pkt_t *pkt, policy_verdict_t *verdict, uint16_t rotate,
                 bool stream)
{
	policy_response_t *response = &answer->response;
	size_t count = response->count;
	old_t *old = mm_get(&pkt->mm, (count + 1) * sizeof(*old));
	writer_t writer = {
		.pkt = pkt,
		.old = old,
		.old_count = count,
		.owners = mm_get(&pkt->mm, 2 * (count + POLICY_ADD_MAX) *
		                              sizeof(*writer.owners)),
		.rotate = rotate,
	};
	if (old == NULL || writer.owners == NULL) {
		mm_put(&pkt->mm, old);
		mm_put(&pkt->mm, writer.owners);
		return KNOT_ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		/* The packet's own array is written over from here on. */
		old[i] = (old_t){ .rrset = pkt->rr[i], .info = pkt->rr_info[i] };
		response->items[i].rrset = &old[i].rrset;
	}

	start_over(pkt);
	int ret = KNOT_EOK;
	for (int i = KNOT_ANSWER; i <= KNOT_ADDITIONAL && ret == KNOT_EOK; i++) {
		ret = write_section(&writer, i, answer, old, verdict, stream);
	}
	if (ret == KNOT_ESPACE && pkt->current == KNOT_ADDITIONAL) {
		ret = KNOT_EOK; /* Nothing there is required. */
	} else if (ret == KNOT_ESPACE && !stream) {
		knot_wire_set_tc(pkt->wire);
	}

	policy_verdict_clear(response, verdict);
	free_owners(answer);
	for (size_t i = 0; i < count; i++) {
		if (!old[i].done && (old[i].info.flags & KNOT_PF_FREE)) {
			knot_rrset_clear(&old[i].rrset, &pkt->mm);
		}
	}
	response->count = 0; /* The items point at what is gone now. */
	mm_put(&pkt->mm, writer.owners);
	mm_put(&pkt->mm, old);
	return ret;
}
