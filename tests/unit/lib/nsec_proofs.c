/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What NSEC and NSEC3 records prove, and what else one would conclude from them.
 */

#undef NDEBUG

#include <assert.h>
#include <string.h>

#include "tests/unit/lib/nsec_proofs.h"
#include "tests/unit/lib/validator.h"

int validator_compare(const knot_dname_t *a, const knot_dname_t *b)
{
	const knot_dname_t *x[KNOT_DNAME_MAXLABELS], *y[KNOT_DNAME_MAXLABELS];
	size_t p = 0, q = 0;
	for (; *a != 0; a += 1 + *a) {
		x[p++] = a;
	}
	for (; *b != 0; b += 1 + *b) {
		y[q++] = b;
	}
	while (p > 0 && q > 0) {
		a = x[--p];
		b = y[--q];
		int cmp = memcmp(a + 1, b + 1, *a < *b ? *a : *b);
		if (cmp != 0 || *a != *b) {
			return cmp != 0 ? cmp : (int)*a - (int)*b;
		}
	}
	return (p > 0) - (q > 0);
}

/* The part of a name with so many labels. */
static const knot_dname_t *part(const knot_dname_t *name, int labels)
{
	for (int skip = (int)knot_dname_labels(name, NULL) - labels; skip > 0; skip--) {
		name += 1 + *name;
	}
	return name;
}

static bool is_below(const knot_dname_t *name, const knot_dname_t *above)
{
	int labels = knot_dname_labels(above, NULL);
	return labels < (int)knot_dname_labels(name, NULL) &&
	       knot_dname_is_equal(part(name, labels), above);
}

static int common(const knot_dname_t *a, const knot_dname_t *b)
{
	int labels = knot_dname_labels(a, NULL);
	while (!knot_dname_is_equal(part(a, labels), b) && !is_below(b, part(a, labels))) {
		labels--;
	}
	return labels;
}

static bool make_wildcard(knot_dname_storage_t out, const knot_dname_t *encloser)
{
	size_t size = knot_dname_size(encloser);
	if (size + 2 > KNOT_DNAME_MAXLEN) {
		return false;
	}
	out[0] = 1;
	out[1] = '*';
	memcpy(out + 2, encloser, size);
	return true;
}

/* Records */

static bool is_nsec(const knot_rrset_t *rrset)
{
	return rrset->type == KNOT_RRTYPE_NSEC;
}

static const knot_dname_t *next_of(const knot_rrset_t *nsec)
{
	return nsec->rrs.rdata->data;
}

/* RFC 4034 4.1.2, read once more. */
static bool has(const knot_rrset_t *rrset, uint16_t type)
{
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	const uint8_t *at = rdata->data, *end = rdata->data + rdata->len;
	if (is_nsec(rrset)) {
		at += knot_dname_size(at);
	} else {
		at += 5 + at[4];
		at += 1 + *at;
	}
	int last = -1;
	for (; at < end; at += 2 + at[1]) {
		assert(end - at > 2 && at[0] > last && at[1] > 0 && at[1] <= 32 &&
		       at + 2 + at[1] <= end && at[1 + at[1]] != 0);
		last = at[0];
		if (at[0] == type >> 8) {
			int octet = (type & 0xff) / 8;
			return octet < at[1] && (at[2 + octet] >> (7 - type % 8) & 1);
		}
	}
	return false;
}

/* True if a record says nothing of names below its own: they are another zone's, or below a DNAME
 * (RFC 6840 4.1). */
static bool ends_above(const knot_rrset_t *rrset)
{
	return has(rrset, KNOT_RRTYPE_DNAME) ||
	       (has(rrset, KNOT_RRTYPE_NS) && !has(rrset, KNOT_RRTYPE_SOA));
}

/* A name between the ends of an NSEC record. */
static bool is_between(const knot_rrset_t *nsec, const knot_dname_t *owner,
                       const knot_dname_t *zone, const knot_dname_t *name)
{
	const knot_dname_t *next = next_of(nsec);
	return validator_compare(owner, name) < 0 &&
	       (validator_compare(name, next) < 0 || knot_dname_is_equal(next, zone)) &&
	       !(is_below(name, owner) && ends_above(nsec));
}

/* The longest part of a name that is there, if the name is not, by a record that it is between. */
static int nsec_encloser(const knot_rrset_t *nsec, const knot_dname_t *owner,
                         const knot_dname_t *name)
{
	int above = common(name, owner), below = common(name, next_of(nsec));
	return above > below ? above : below;
}

static nsec3_params_t params_of(const knot_rrset_t *nsec3)
{
	const uint8_t *data = nsec3->rrs.rdata->data;
	return (nsec3_params_t){ knot_wire_read_u16(data + 2), data[4], data + 5 };
}

static void hash_of(const nsec_proofs_t *proofs, const knot_rrset_t *nsec3,
                    const knot_dname_t *name, uint8_t hash[static NSEC3_HASH])
{
	nsec3_params_t params = params_of(nsec3);
	int ret = proofs->hash(hash, name, 0, &params);
	assert(ret == KNOT_EOK);
}

static bool opts_out(const knot_rrset_t *nsec3)
{
	return nsec3->rrs.rdata->data[1] & 1;
}

/* A hash between the ends of an NSEC3 record; the one after the last is the first. */
static bool hash_between(const knot_rrset_t *nsec3, const knot_dname_t *owner, const uint8_t *hash)
{
	const uint8_t *data = nsec3->rrs.rdata->data, *next = data + 6 + data[4];
	uint8_t from[NSEC3_HASH];
	bool is_hash = nsec3_owner_hash(from, owner);
	assert(data[0] == 1 && next[-1] == NSEC3_HASH && is_hash);
	bool after = memcmp(from, hash, NSEC3_HASH) < 0,
	     before = memcmp(hash, next, NSEC3_HASH) < 0;
	return memcmp(from, next, NSEC3_HASH) < 0 ? after && before : after || before;
}

static bool hash_matches(const knot_dname_t *owner, const uint8_t *hash)
{
	uint8_t from[NSEC3_HASH];
	return nsec3_owner_hash(from, owner) && memcmp(from, hash, NSEC3_HASH) == 0;
}

/* NSEC */

static const denial_record_t *nsec_at(const nsec_proofs_t *proofs, const knot_dname_t *name)
{
	for (size_t i = 0; i < proofs->count; i++) {
		if (is_nsec(proofs->at[i].rrset) &&
		    knot_dname_is_equal(proofs->at[i].owner, name)) {
			return &proofs->at[i];
		}
	}
	return NULL;
}

static const denial_record_t *nsec_around(const nsec_proofs_t *proofs, const knot_dname_t *name)
{
	for (size_t i = 0; i < proofs->count; i++) {
		const denial_record_t *at = &proofs->at[i];
		if (is_nsec(at->rrset) && is_between(at->rrset, at->owner, proofs->zone, name)) {
			return at;
		}
	}
	return NULL;
}

/* NSEC3 */

static const denial_record_t *nsec3_at(const nsec_proofs_t *proofs, const knot_dname_t *name)
{
	for (size_t i = 0; i < proofs->count; i++) {
		const denial_record_t *at = &proofs->at[i];
		uint8_t hash[NSEC3_HASH];
		if (!is_nsec(at->rrset)) {
			hash_of(proofs, at->rrset, name, hash);
			if (hash_matches(at->owner, hash)) {
				return at;
			}
		}
	}
	return NULL;
}

static const denial_record_t *nsec3_around(const nsec_proofs_t *proofs, const knot_dname_t *name)
{
	for (size_t i = 0; i < proofs->count; i++) {
		const denial_record_t *at = &proofs->at[i];
		uint8_t hash[NSEC3_HASH];
		if (!is_nsec(at->rrset)) {
			hash_of(proofs, at->rrset, name, hash);
			if (hash_between(at->rrset, at->owner, hash)) {
				return at;
			}
		}
	}
	return NULL;
}

/* The closest encloser of a name that is not there, in labels; what covers the next closer name. */
static int nsec3_encloser(const nsec_proofs_t *proofs, const knot_dname_t *name,
                          const denial_record_t **next_closer)
{
	int zone = knot_dname_labels(proofs->zone, NULL);
	for (int labels = (int)knot_dname_labels(name, NULL) - 1; labels >= zone; labels--) {
		const denial_record_t *at = nsec3_at(proofs, part(name, labels));
		if (at != NULL) {
			*next_closer = nsec3_around(proofs, part(name, labels + 1));
			return *next_closer != NULL && !ends_above(at->rrset) ? labels : -1;
		}
	}
	return -1;
}

/* Proofs */

bool nsec_proofs_expanded(const nsec_proofs_t *proofs, const knot_dname_t *name, int encloser)
{
	const denial_record_t *at = nsec_around(proofs, name);
	if (at != NULL && nsec_encloser(at->rrset, at->owner, name) == encloser) {
		return true;
	}
	return nsec3_around(proofs, part(name, encloser + 1)) != NULL;
}

bool nsec_proofs_nxdomain(const nsec_proofs_t *proofs, const knot_dname_t *name)
{
	knot_dname_storage_t wildcard;
	const denial_record_t *at = nsec_around(proofs, name), *next_closer;
	if (at != NULL && !is_below(next_of(at->rrset), name) &&
	    (!make_wildcard(wildcard, part(name, nsec_encloser(at->rrset, at->owner, name))) ||
	     nsec_around(proofs, wildcard) != NULL)) {
		return true;
	}
	int encloser = nsec3_encloser(proofs, name, &next_closer);
	return encloser >= 0 && (!make_wildcard(wildcard, part(name, encloser)) ||
	                         nsec3_around(proofs, wildcard) != NULL);
}

/* True if a record at a name shows that it lacks a type, and is no alias. */
static bool lacks(const denial_record_t *at, uint16_t type)
{
	if (at == NULL || has(at->rrset, type) || has(at->rrset, KNOT_RRTYPE_CNAME)) {
		return false;
	}
	bool delegation = has(at->rrset, KNOT_RRTYPE_NS) && !has(at->rrset, KNOT_RRTYPE_SOA);
	return delegation == (type == KNOT_RRTYPE_DS) || !delegation;
}

nodata_t nsec_proofs_nodata(const nsec_proofs_t *proofs, const knot_dname_t *name, uint16_t type)
{
	knot_dname_storage_t wildcard;
	if (lacks(nsec_at(proofs, name), type) || lacks(nsec3_at(proofs, name), type)) {
		return NODATA_OWN;
	}
	const denial_record_t *at = nsec_around(proofs, name), *next_closer;
	if (at != NULL && is_below(next_of(at->rrset), name)) {
		return NODATA_OWN; /* An empty non-terminal. */
	}
	if (at != NULL &&
	    make_wildcard(wildcard, part(name, nsec_encloser(at->rrset, at->owner, name))) &&
	    lacks(nsec_at(proofs, wildcard), type)) {
		return NODATA_WILD;
	}
	int encloser = nsec3_encloser(proofs, name, &next_closer);
	if (encloser < 0) {
		return NODATA_NOT_PROVEN;
	}
	if (make_wildcard(wildcard, part(name, encloser)) &&
	    lacks(nsec3_at(proofs, wildcard), type)) {
		return NODATA_WILD;
	}
	/* RFC 5155 8.6. Other types as well where the name is but part of such a delegation's. */
	return opts_out(next_closer->rrset) ? NODATA_OWN : NODATA_NOT_PROVEN;
}

bool nsec_proofs_insecure(const nsec_proofs_t *proofs, const knot_dname_t *delegation)
{
	const denial_record_t *at = nsec_at(proofs, delegation), *next_closer;
	at = at != NULL ? at : nsec3_at(proofs, delegation);
	if (at != NULL) { /* RFC 5155 8.9. */
		return has(at->rrset, KNOT_RRTYPE_NS) && !has(at->rrset, KNOT_RRTYPE_SOA) &&
		       !has(at->rrset, KNOT_RRTYPE_DS);
	}
	return nsec3_encloser(proofs, delegation, &next_closer) >= 0 &&
	       opts_out(next_closer->rrset);
}

/* Conclusions */

static const char *contradicts_match(const knot_rrset_t *record, const truth_t *truth)
{
	/* Of an alias nothing can be concluded. */
	if ((truth->kind == TRUTH_OWN || truth->kind == TRUTH_WILD) &&
	    !has(record, truth->type) && !has(record, KNOT_RRTYPE_CNAME)) {
		return "denies a type that is there";
	}
	return truth->kind == TRUTH_NXDOMAIN ? "shows a name that is not there" : NULL;
}

static const char *contradicts_cover(const truth_t *truth, int encloser)
{
	if (truth->kind == TRUTH_OWN || truth->kind == TRUTH_NODATA) {
		return "denies a name that is there";
	}
	if (truth->kind == TRUTH_WILD && encloser >= 0 && encloser != truth->labels) {
		return "shows another encloser than that of the wildcard";
	}
	return NULL;
}

const char *validator_contradiction(const knot_rrset_t *record, const knot_dname_t *zone,
                                    const knot_dname_t *name, const uint8_t *hash,
                                    const truth_t *truth)
{
	const knot_dname_t *owner = record->owner;
	if (truth->kind == TRUTH_NONE) {
		return NULL;
	}
	if (!is_nsec(record)) {
		if (hash_matches(owner, hash)) {
			return contradicts_match(record, truth);
		}
		/* Nobody concludes anything from opt-out (RFC 8198). */
		return hash_between(record, owner, hash) && !opts_out(record)
		       ? contradicts_cover(truth, -1) : NULL;
	}
	if (knot_dname_is_equal(owner, name)) {
		return contradicts_match(record, truth);
	} else if (!is_between(record, owner, zone, name)) {
		return NULL;
	} else if (is_below(next_of(record), name)) {
		return truth->kind == TRUTH_NODATA ? NULL : "shows a name that has nothing";
	}
	return contradicts_cover(truth, nsec_encloser(record, owner, name));
}
