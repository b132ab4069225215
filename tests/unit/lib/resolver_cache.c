/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Conclusions from all that a zone shows.
 */

#undef NDEBUG

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/lib/resolver_cache.h"

/* True for a record that is signed as what it is: not one that a wildcard was expanded to. */
static bool is_denial(const shown_t *shown)
{
	uint16_t type = shown->rrset->type;
	int own = (int)knot_dname_labels(shown->owner, NULL) -
	          knot_dname_is_wildcard(shown->owner);
	return (type == KNOT_RRTYPE_NSEC || type == KNOT_RRTYPE_NSEC3) && shown->labels == own;
}

static void keep_record(cache_t *cache, const shown_t *shown)
{
	for (size_t i = 0; i < cache->record_count; i++) {
		const knot_rrset_t *record = cache->records[i];
		if (record->type == shown->rrset->type &&
		    knot_dname_is_equal(record->owner, shown->owner) &&
		    knot_rdataset_eq(&record->rrs, &shown->rrset->rrs)) {
			return;
		}
	}
	knot_rrset_t record = *shown->rrset;
	record.owner = (knot_dname_t *)shown->owner;
	cache->records = realloc(cache->records,
	                         (cache->record_count + 1) * sizeof(*cache->records));
	assert(cache->records != NULL);
	cache->records[cache->record_count] = knot_rrset_copy(&record, NULL);
	assert(cache->records[cache->record_count] != NULL);
	cache->record_count++;
}

void cache_keep(cache_t *cache, const shown_response_t *shown)
{
	cached_answer_t answer = { NULL, validator_truth(shown), NULL };
	/* Below a DNAME that is what a cache goes by.
	 * Without look-ups an alias may be kept for one type and flattened for another. */
	bool unsettled = cache->blind && answer.truth.type == KNOT_RRTYPE_CNAME;
	if (zone_redirects(cache->zone->zone, shown->qname) || unsettled) {
		answer.truth.kind = TRUTH_NONE;
	}
	for (size_t i = 0; i < shown->count; i++) {
		const shown_t *at = &shown->at[i];
		uint16_t type = at->rrset->type;
		if (is_denial(at)) {
			keep_record(cache, at);
		}
		if (answer.truth.kind == TRUTH_WILD && answer.data == NULL &&
		    at->section == KNOT_ANSWER && type == answer.truth.type &&
		    knot_dname_is_equal(at->owner, shown->qname)) {
			answer.data = knot_rrset_copy(at->rrset, NULL);
			assert(answer.data != NULL);
		}
	}
	answer.name = knot_dname_copy(shown->qname, NULL);
	cache->answers = realloc(cache->answers,
	                         (cache->answer_count + 1) * sizeof(*cache->answers));
	assert(answer.name != NULL && cache->answers != NULL);
	cache->answers[cache->answer_count++] = answer;
}

void cache_clear(cache_t *cache)
{
	for (size_t i = 0; i < cache->answer_count; i++) {
		knot_dname_free((knot_dname_t *)cache->answers[i].name, NULL);
		knot_rrset_free(cache->answers[i].data, NULL);
	}
	for (size_t i = 0; i < cache->record_count; i++) {
		knot_rrset_free(cache->records[i], NULL);
	}
	free(cache->answers);
	free(cache->records);
}

/* The wildcard that an answer is from. */
static void wildcard_of(const cached_answer_t *answer, knot_dname_storage_t out)
{
	const knot_dname_t *encloser = name_suffix(answer->name, answer->truth.labels);
	out[0] = 1;
	out[1] = '*';
	memcpy(out + 2, encloser, knot_dname_size(encloser));
}

typedef void (*report_f)(void *, const cached_answer_t *, const knot_rrset_t *, const char *);

/* Does a record deny what was answered at a name? */
static void check_records(const cache_t *cache, const cached_answer_t *answer,
                          const knot_dname_t *name, const truth_t *truth,
                          report_f report, void *ctx)
{
	uint8_t hash[NSEC3_HASH];
	int ret = cache->zone->hash(hash, name, 0, &cache->zone->params);
	assert(ret == KNOT_EOK);
	for (size_t i = 0; i < cache->record_count; i++) {
		const char *what = validator_contradiction(cache->records[i],
		                                           cache->zone->zone->apex,
		                                           name, hash, truth);
		/* One name more for which there is nothing does no harm. */
		if (what != NULL && !(cache->blind && truth->kind == TRUTH_NXDOMAIN)) {
			report(ctx, answer, cache->records[i], what);
		}
	}
}

/* What is signed as one wildcard's is the same for all names. */
static void check_data(const cache_t *cache, const cached_answer_t *answer,
                       const knot_dname_t *wildcard, report_f report, void *ctx)
{
	for (const cached_answer_t *other = cache->answers; other < answer; other++) {
		knot_dname_storage_t same;
		if (other->truth.kind != TRUTH_WILD || other->truth.type != answer->truth.type) {
			continue;
		}
		wildcard_of(other, same);
		if (knot_dname_is_equal(same, wildcard)) {
			if (!knot_rdataset_eq(&other->data->rrs, &answer->data->rrs)) {
				report(ctx, answer, NULL, "a wildcard has other data elsewhere");
			}
			return;
		}
	}
}

/* Without look-ups, responses that are not about it do not tell that a missing name was put in
 * below a wildcard, and any NSEC3 record may hold its hash. The exchange is known to be there. */
static bool is_certain(const cache_t *cache, const knot_dname_t *name)
{
	return !cache->blind || cache->zone->how == DENIAL_NSEC ||
	       knot_dname_in_bailiwick(cache->exchange, name) >= 0 ||
	       zone_node(cache->zone->zone, name) != NULL;
}

void cache_check(const cache_t *cache, report_f report, void *ctx)
{
	for (size_t i = 0; i < cache->answer_count; i++) {
		const cached_answer_t *answer = &cache->answers[i];
		if (answer->truth.kind == TRUTH_NONE) {
			continue;
		}
		if (is_certain(cache, answer->name)) {
			check_records(cache, answer, answer->name, &answer->truth, report, ctx);
		}
		if (answer->truth.kind == TRUTH_WILD) {
			knot_dname_storage_t wildcard;
			truth_t own = { TRUTH_OWN, answer->truth.type, -1 };
			wildcard_of(answer, wildcard);
			if (is_certain(cache, wildcard)) {
				check_records(cache, answer, wildcard, &own, report, ctx);
			}
			check_data(cache, answer, wildcard, report, ctx);
		}
	}
}
