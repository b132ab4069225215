/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A validator for tests: responses.
 */

#undef NDEBUG

#include <assert.h>
#include <string.h>

#include "tests/unit/lib/nsec_proofs.h"
#include "tests/unit/lib/validator.h"

/* Labels that a signature of the owner's own has (RFC 4034 3.1.3). */
static int own_labels(const knot_dname_t *owner)
{
	return (int)knot_dname_labels(owner, NULL) - (owner[0] == 1 && owner[1] == '*');
}

static const policy_item_t *kept_sig(const policy_response_t *response, const policy_item_t *of)
{
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *sig = &response->items[i];
		if (sig->edit == EDIT_KEEP && sig->rrset->type == KNOT_RRTYPE_RRSIG &&
		    sig->section == of->section && knot_dname_is_equal(sig->owner, of->owner) &&
		    knot_rrsig_type_covered(sig->rrset->rrs.rdata) == of->rrset->type) {
			return sig;
		}
	}
	return NULL;
}

static void show(shown_response_t *out, const knot_dname_t *owner, const knot_rrset_t *rrset,
                 knot_section_t section, int labels, bool fresh)
{
	assert(out->count < VALIDATOR_MAX);
	out->at[out->count++] = (shown_t){ owner, rrset, section, labels, fresh };
}

static int fresh_labels(shown_response_t *out, const knot_dname_t *owner, int encloser)
{
	if (encloser > own_labels(owner) - !knot_dname_is_wildcard(owner)) {
		out->wrong = "signed as a wildcard's that it can't be from";
	}
	return encloser >= 0 ? encloser : own_labels(owner);
}

void validator_show(shown_response_t *out, const knot_dname_t *zone,
                    const policy_response_t *response, const policy_verdict_t *verdict)
{
	*out = (shown_response_t){ zone, response->qname, response->qtype, response->rcode,
	                           response->hash, { { 0 } }, 0, NULL };
	size_t kept = 0, used = 0;
	for (size_t i = 0; i < response->count; i++) {
		policy_item_t item = response->items[i];
		item.edit = verdict != NULL ? item.edit : EDIT_KEEP;
		bool sig = item.rrset->type == KNOT_RRTYPE_RRSIG;
		kept += sig && item.edit == EDIT_KEEP;
		if (sig && item.edit == EDIT_REPLACE) {
			out->wrong = "a signature was replaced";
		}
		if (sig || item.edit == EDIT_DROP) {
			continue;
		}
		const policy_item_t *own = verdict != NULL ? kept_sig(response, &item) : NULL;
		if (verdict == NULL) {
			policy_item_t all[response->count];
			memcpy(all, response->items, sizeof(all));
			for (size_t j = 0; j < response->count; j++) {
				all[j].edit = EDIT_KEEP;
			}
			policy_response_t before = *response;
			before.items = all;
			own = kept_sig(&before, &item);
			own = own != NULL ? &response->items[own - all] : NULL;
		}
		used += own != NULL;
		if (item.edit == EDIT_REPLACE) {
			show(out, item.with->owner, item.with, item.section,
			     fresh_labels(out, item.with->owner, item.encloser), true);
			out->wrong = own != NULL ? "an old signature of something new" : out->wrong;
		} else {
			show(out, item.owner, item.rrset, item.section,
			     own != NULL ? knot_rrsig_labels(own->rrset->rrs.rdata) : -1, false);
		}
	}
	for (size_t i = 0; verdict != NULL && i < verdict->add_count; i++) {
		const policy_add_t *add = &verdict->add[i];
		show(out, add->rrset->owner, add->rrset, add->section,
		     fresh_labels(out, add->rrset->owner, add->encloser), true);
	}
	if (used != kept && out->qtype != KNOT_RRTYPE_RRSIG) {
		out->wrong = "a signature of nothing";
	}
	if (verdict != NULL && verdict->noerror) {
		out->rcode = KNOT_RCODE_NOERROR;
	}
}

static bool is_delegated(const shown_response_t *response)
{
	for (size_t i = 0; i < response->count; i++) {
		if (response->at[i].section == KNOT_AUTHORITY &&
		    response->at[i].rrset->type == KNOT_RRTYPE_NS) {
			return true;
		}
	}
	return false;
}

static bool has_soa(const shown_response_t *response)
{
	for (size_t i = 0; i < response->count; i++) {
		if (response->at[i].section == KNOT_AUTHORITY &&
		    response->at[i].rrset->type == KNOT_RRTYPE_SOA) {
			return true;
		}
	}
	return false;
}

/* True for a CNAME that stands for a DNAME before it, which is what is signed. */
static bool is_synthesized(const shown_response_t *response, size_t i)
{
	const shown_t *at = &response->at[i];
	bool found = false;
	for (size_t j = 0; j < i && at->rrset->type == KNOT_RRTYPE_CNAME; j++) {
		const shown_t *before = &response->at[j];
		found |= before->rrset->type == KNOT_RRTYPE_DNAME &&
		         knot_dname_in_bailiwick(at->owner, before->owner) > 0;
	}
	return found;
}

/* Everything that has to be signed is. */
static const char *check_sigs(const shown_response_t *response)
{
	bool delegated = is_delegated(response);
	for (size_t i = 0; i < response->count; i++) {
		const shown_t *at = &response->at[i];
		uint16_t type = at->rrset->type;
		if (at->labels > own_labels(at->owner)) {
			return "a signature of a longer name";
		}
		if (at->section == KNOT_ADDITIONAL || at->labels >= 0 ||
		    is_synthesized(response, i)) {
			continue;
		}
		bool referral = delegated && at->section == KNOT_AUTHORITY &&
		                type == KNOT_RRTYPE_NS;
		if (!referral) {
			return "not signed";
		}
	}
	return NULL;
}

/* The denials in a response. */
static nsec_proofs_t get_denials(const shown_response_t *response)
{
	nsec_proofs_t all = { .zone = response->zone, .hash = response->hash };
	for (size_t i = 0; i < response->count; i++) {
		const shown_t *at = &response->at[i];
		if (at->labels == own_labels(at->owner) &&
		    (at->rrset->type == KNOT_RRTYPE_NSEC ||
		     at->rrset->type == KNOT_RRTYPE_NSEC3)) {
			assert(all.count < NSEC_PROOFS_MAX);
			all.at[all.count++] = (denial_record_t){ at->owner, at->rrset };
		}
	}
	return all;
}

/* Follows the aliases from the name that was asked for. Returns where they end. */
static const knot_dname_t *find_end(const shown_response_t *response, bool *data)
{
	const knot_dname_t *name = response->qname;
	*data = false;
	for (size_t links = 0; links < response->count; links++) {
		const shown_t *alias = NULL;
		for (size_t i = 0; i < response->count && !*data; i++) {
			const shown_t *at = &response->at[i];
			if (at->section != KNOT_ANSWER || !knot_dname_is_equal(at->owner, name)) {
				continue;
			}
			alias = at->rrset->type == KNOT_RRTYPE_CNAME ? at : alias;
			*data = at->rrset->type == response->qtype ||
			        response->qtype == KNOT_RRTYPE_ANY ||
			        response->qtype == KNOT_RRTYPE_RRSIG;
		}
		if (*data || alias == NULL) {
			return name;
		}
		name = knot_cname_name(alias->rrset->rrs.rdata);
	}
	return name;
}

/* A referral is proven to be an insecure one, or it is a secure one. */
static const char *check_referral(const shown_response_t *response, const nsec_proofs_t *proofs)
{
	const knot_dname_t *delegation = NULL;
	for (size_t i = 0; i < response->count; i++) {
		const shown_t *at = &response->at[i];
		if (at->section != KNOT_AUTHORITY) {
			continue;
		}
		if (at->rrset->type == KNOT_RRTYPE_DS) {
			return NULL;
		}
		delegation = at->rrset->type == KNOT_RRTYPE_NS ? at->owner : delegation;
	}
	return nsec_proofs_insecure(proofs, delegation) ? NULL : "not proven that there is no DS";
}

const char *validator_check(const shown_response_t *response)
{
	const char *wrong = response->wrong != NULL ? response->wrong : check_sigs(response);
	if (wrong != NULL || response->qtype == KNOT_RRTYPE_RRSIG) {
		return wrong;
	}
	nsec_proofs_t proofs = get_denials(response);
	for (size_t i = 0; i < response->count; i++) {
		const shown_t *at = &response->at[i];
		if (at->section == KNOT_ANSWER && at->labels >= 0 &&
		    at->labels < own_labels(at->owner) &&
		    !nsec_proofs_expanded(&proofs, at->owner, at->labels)) {
			return "not proven that a wildcard is what there is";
		}
	}
	bool data;
	const knot_dname_t *end = find_end(response, &data);
	if (is_delegated(response)) {
		return check_referral(response, &proofs);
	}
	if (data || !has_soa(response)) {
		return NULL;
	}
	if (response->rcode == KNOT_RCODE_NXDOMAIN) {
		return nsec_proofs_nxdomain(&proofs, end) ? NULL : "NXDOMAIN is not proven";
	}
	return nsec_proofs_nodata(&proofs, end, response->qtype) != NODATA_NOT_PROVEN
	       ? NULL : "NODATA is not proven";
}

truth_t validator_truth(const shown_response_t *response)
{
	truth_t truth = { TRUTH_NONE, response->qtype, -1 };
	for (size_t i = 0; i < response->count; i++) {
		const shown_t *at = &response->at[i];
		if (at->section != KNOT_ANSWER ||
		    !knot_dname_is_equal(at->owner, response->qname) ||
		    (at->rrset->type != response->qtype &&
		     at->rrset->type != KNOT_RRTYPE_CNAME)) {
			continue;
		}
		if (at->labels >= 0) {
			truth.kind = at->labels == own_labels(at->owner) ? TRUTH_OWN : TRUTH_WILD;
			truth.type = at->rrset->type;
			truth.labels = at->labels;
		}
		return truth;
	}
	bool data;
	const knot_dname_t *end = find_end(response, &data);
	if (data || end != response->qname || is_delegated(response) || !has_soa(response)) {
		return truth;
	}
	nsec_proofs_t proofs = get_denials(response);
	if (response->rcode == KNOT_RCODE_NXDOMAIN) {
		truth.kind = TRUTH_NXDOMAIN;
		return truth;
	}
	truth.kind = nsec_proofs_nodata(&proofs, end, response->qtype) == NODATA_WILD
	           ? TRUTH_NODATA_WILD : TRUTH_NODATA;
	return truth;
}
