/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Reading the chain out of a response.
 */

#include <string.h>

#include "policy/chain.h"

bool chain_place(const chain_t *chain, nsec_place_t *place, const knot_dname_t *name,
                 uint64_t number)
{
	if (!chain->nsec3) {
		*place = nsec_place(name, chain->policy->zone, chain->apex_size);
		return true;
	}
	place->name = name;
	place->in_zone = false;
	if (chain->response->hash(place->hash, name, number, &chain->params) != KNOT_EOK) {
		chain->judge->error = KNOT_ENOMEM;
		return false;
	}
	return true;
}

bool chain_look_up(const chain_t *chain, const knot_dname_t *owner, uint16_t type,
                    knot_rrset_t *out)
{
	judge_t *judge = chain->judge;
	return judge->lookup(judge->ctx, owner, type, out) == KNOT_EOK && !knot_rrset_empty(out);
}

int chain_signed_encloser(judge_t *judge, const knot_dname_t *owner, uint16_t type)
{
	int labels = name_labels(owner);
	int own = knot_dname_is_wildcard(owner) ? labels - 1 : labels;
	item_search_t search = response_search(judge, owner);
	for (const policy_item_t *item; (item = response_next(&search)) != NULL;) {
		uint16_t covered = rrsig_covered(item->rrset);
		if (covered != 0 &&
		    (covered == type || (type == 0 && covered != KNOT_RRTYPE_NSEC))) {
			int said = knot_rrsig_labels(item->rrset->rrs.rdata);
			return said < own ? said : POLICY_OWN;
		}
	}
	return POLICY_OWN;
}

/* Reads the records of the zone's chain in the response. An NSEC RR that a wildcard answers with is
 * not in the chain. */
static void find_records(chain_t *chain)
{
	const policy_response_t *response = chain->response;
	uint16_t type = chain->nsec3 ? KNOT_RRTYPE_NSEC3 : KNOT_RRTYPE_NSEC;
	for (size_t i = 0; i < response->count; i++) {
		policy_item_t *item = &response->items[i];
		chain_record_t *record = &chain->records[chain->count];
		if (item->rrset->type != type) {
			continue;
		} else if (chain->count == CHAIN_RECORDS_MAX) {
			chain->judge->limited = true;
			return;
		}
		if (nsec_read(&record->nsec, item->rrset) &&
		    (chain->nsec3 || item->section != KNOT_ANSWER ||
		     chain_signed_encloser(chain->judge, item->owner, type) == POLICY_OWN)) {
			record->nsec.owner.name = item->owner;
			record->item = item;
			if (!chain->nsec3) {
				(void)chain_place(chain, &record->nsec.owner, item->owner, 0);
				(void)chain_place(chain, &record->nsec.next,
				                  record->nsec.next.name, 0);
			}
			chain->count++;
		}
	}
}

const nsec_t *chain_find(const chain_t *chain, const nsec_place_t *place,
                                 bool (*relation)(const nsec_t *, const nsec_place_t *))
{
	for (size_t i = 0; i < chain->count; i++) {
		if (relation(&chain->records[i].nsec, place)) {
			return &chain->records[i].nsec;
		}
	}
	return NULL;
}

bool chain_has(const chain_t *chain, const knot_dname_t *name)
{
	nsec_place_t place;
	return chain_place(chain, &place, name, 0) &&
	       chain_find(chain, &place, nsec_is_owner) != NULL;
}

const nsec_t *chain_denies(const chain_t *chain, const knot_dname_t *name, uint64_t number)
{
	nsec_place_t place;
	return chain_place(chain, &place, name, number) ? chain_find(chain, &place, nsec_covers)
	                                                : NULL;
}

int chain_covering_encloser(const chain_t *chain, const nsec_t *record,
                             const knot_dname_t *name)
{
	if (name_labels(name) == chain->apex_labels + 1 &&
	    knot_dname_in_bailiwick(record->next.name, name) < 0) {
		return chain->apex_labels; /* Nearly always. */
	}
	int above = knot_dname_matched_labels(name, record->owner.name);
	int below = knot_dname_matched_labels(name, record->next.name);
	return above > below ? above : below;
}

int chain_nodata_encloser(const chain_t *chain, const knot_dname_t *name)
{
	int encloser = POLICY_OWN, labels = name_labels(name);
	nsec_place_t own;
	bool known = chain_place(chain, &own, name, 0);
	/* The name itself may have a record, or have none because there are only names below it.
	 * Then the record of a wildcard is there for another name. */
	for (size_t i = 0; i < chain->count; i++) {
		const nsec_t *record = &chain->records[i].nsec;
		if (known && nsec_is_owner(record, &own)) {
			return POLICY_OWN;
		}
		if (chain->nsec3) {
			continue;
		}
		const knot_dname_t *owner = record->owner.name;
		if (nsec_covers(record, &own) &&
		    knot_dname_in_bailiwick(record->next.name, name) > 0) {
			return POLICY_OWN;
		}
		if (knot_dname_is_wildcard(owner) && knot_dname_in_bailiwick(name, owner + 2) > 0) {
			encloser = name_labels(owner + 2);
		}
	}
	/* The deepest one; there is nothing below a name that is denied, however long this one. */
	for (int i = chain->apex_labels; chain->nsec3 && i < labels; i++) {
		knot_dname_storage_t wildcard;
		if (name_wildcard_at(wildcard, name, i) && chain_has(chain, wildcard)) {
			encloser = i;
		}
		if (chain_denies(chain, name_suffix(name, i + 1), 0)) {
			break;
		}
	}
	return encloser;
}

/* Finds out how names are hashed, if they are. */
static void find_params(chain_t *chain)
{
	knot_rrset_t params = { 0 };
	for (size_t i = 0; i < chain->response->count; i++) {
		nsec_t record;
		if (nsec_read(&record, chain->response->items[i].rrset) && record.nsec3) {
			chain->nsec3 = true;
			chain->params = record.params;
		}
	}
	if (!chain->nsec3) {
		chain->nsec3 = chain_look_up(chain, chain->policy->zone, KNOT_RRTYPE_NSEC3PARAM,
		                        &params) &&
		                nsec3_params_read(&chain->params, &params);
	}
}

void chain_read(chain_t *chain, judge_t *judge)
{
	knot_rrset_t ns;
	memset(chain, 0, offsetof(chain_t, records));
	chain->judge = judge;
	chain->policy = judge->policy;
	chain->response = judge->response;
	chain->apex_labels = name_labels(judge->policy->zone);
	chain->apex_size = knot_dname_size(judge->policy->zone);
	find_params(chain);
	int ret = judge->lookup(judge->ctx, judge->policy->exchange, KNOT_RRTYPE_NS, &ns);
	chain->blind = ret != KNOT_EOK && ret != KNOT_ENONODE;
	find_records(chain);
}
