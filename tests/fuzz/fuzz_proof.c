/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * RRsets of any shape as a response of a signed zone, and as the zone: what is made provable of
 * them reads nothing beyond their ends, and each record that is made can be read.
 *
 * Four octets say what is asked and how, then each RR is: the owner and the type by their numbers
 * in the tables here, the section and how the RDATA begins, its size, and so many octets.
 */

#undef NDEBUG

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dns/rrset.h"
#include "policy/judge.h"
#include "policy/missing.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/lib/fixture_policy.h"

const char *const fuzz_corpus[] = { "tests/fuzz/proof", NULL };

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))
#define RRSETS_MAX 64
#define HEAD 4

static const char *const names[] = {
	"@", "mail", "www", "a", "zz", "*", "x.mail", "imap", "*.mx", "b.mx", "host.mx", "c.b.mx",
	"deep.a.b.c.d.e", "*.w", "x.w", "sub", "0123456789abcdefghijklmnopqrstuv",
	"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv", "00000000000000000000000000000000",
	"other.example.org.",
};
static const uint16_t types[] = {
	KNOT_RRTYPE_NSEC, KNOT_RRTYPE_NSEC3, KNOT_RRTYPE_RRSIG, KNOT_RRTYPE_CNAME, KNOT_RRTYPE_A,
	KNOT_RRTYPE_MX, KNOT_RRTYPE_SOA, KNOT_RRTYPE_NS, KNOT_RRTYPE_NSEC3PARAM, KNOT_RRTYPE_DNAME,
	KNOT_RRTYPE_AAAA, KNOT_RRTYPE_SRV, KNOT_RRTYPE_TXT,
};

typedef struct {
	const knot_dname_t *apex;
	bool blind;
	knot_dname_storage_t names[LENGTH(names)];
	knot_rrset_t *at[RRSETS_MAX];
	policy_item_t items[RRSETS_MAX];
	size_t count;
} world_t;

static int look_up(void *ctx, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out)
{
	const world_t *world = ctx;
	bool node = knot_dname_is_equal(owner, world->apex);
	if (!node && world->blind) {
		return KNOT_ENOTSUP;
	}
	knot_rrset_init(out, (knot_dname_t *)owner, type, KNOT_CLASS_IN, 0);
	for (size_t i = 0; i < world->count; i++) {
		const knot_rrset_t *rrset = world->at[i];
		node |= knot_dname_in_bailiwick(rrset->owner, owner) >= 0;
		if (rrset->type == type && knot_dname_is_equal(rrset->owner, owner)) {
			*out = *rrset;
			return KNOT_EOK;
		}
	}
	return node ? KNOT_EOK : KNOT_ENONODE;
}

/* Two octets of a name, the rest of the hash is the same for all: many share
 * what they begin with. */
static int weak_hash(uint8_t hash[static NSEC3_HASH], const knot_dname_t *name,
                     uint64_t number, const nsec3_params_t *params)
{
	(void)number;
	memset(hash, params->salt_len > 0 ? params->salt[params->salt_len - 1] : 0, NSEC3_HASH);
	size_t size = knot_dname_size(name);
	hash[0] = name[1 % size];
	hash[1] = (uint8_t)size;
	return KNOT_EOK;
}

/* RDATA ends where its memory does. */
static knot_rdataset_t make_rdata(const uint8_t *data, size_t size, const knot_dname_t *start)
{
	size_t name = start != NULL ? knot_dname_size(start) : 0;
	knot_rdata_t *rdata = malloc(sizeof(*rdata) + name + size);
	assert(rdata != NULL);
	rdata->len = name + size; /* knot_rdata_init() would pad it. */
	if (name > 0) {
		memcpy(rdata->data, start, name);
	}
	memcpy(rdata->data + name, data, size);
	return (knot_rdataset_t){ .count = 1, .size = sizeof(*rdata) + rdata->len, .rdata = rdata };
}

/* Reads an RR; returns the octets that it took, 0 at the end. */
static size_t read_rr(world_t *world, const uint8_t *data, size_t size)
{
	if (size < HEAD || world->count == RRSETS_MAX) {
		return 0;
	}
	const knot_dname_t *owner = world->names[data[0] % LENGTH(names)];
	uint16_t type = types[data[1] % LENGTH(types)];
	size_t len = data[3] < size - HEAD ? data[3] : size - HEAD;
	const knot_dname_t *start = NULL;
	if (data[2] & 4) {
		start = world->names[(data[2] >> 3) % LENGTH(names)];
	}
	knot_rrset_t *rrset = knot_rrset_new(owner, type, KNOT_CLASS_IN, 3600, NULL);
	assert(rrset != NULL);
	rrset->rrs = make_rdata(data + HEAD, len, start);
	/* What the server sends it has checked, and what the module looks up, but for
	 * what proves. */
	if (rdata_check(type, rrset->rrs.rdata->data, rrset->rrs.rdata->len, true)) {
		world->at[world->count] = rrset;
		world->items[world->count++] = (policy_item_t){
			.rrset = rrset, .owner = rrset->owner,
			.section = KNOT_ANSWER + (data[2] & 3) % 3,
		};
	} else {
		knot_rrset_free(rrset, NULL);
	}
	return HEAD + len;
}

static void check(const policy_response_t *response, const policy_verdict_t *verdict)
{
	for (size_t i = 0; i < verdict->add_count; i++) {
		nsec_t record;
		const knot_rrset_t *made = verdict->add[i].rrset;
		assert(made->rrs.count > 0);
		assert((made->type != KNOT_RRTYPE_NSEC && made->type != KNOT_RRTYPE_NSEC3) ||
		       nsec_read(&record, made));
	}
	for (size_t i = 0; i < response->count; i++) {
		const policy_item_t *item = &response->items[i];
		nsec_t record;
		assert((item->edit == EDIT_REPLACE) == (item->with != NULL));
		assert(item->with == NULL || (item->with->type != KNOT_RRTYPE_NSEC &&
		       item->with->type != KNOT_RRTYPE_NSEC3) || nsec_read(&record, item->with));
	}
}

static void judge(const policy_t *policy, world_t *world, const uint8_t *head)
{
	knot_rrset_t rrsets[RRSETS_MAX];
	for (size_t i = 0; i < world->count; i++) {
		rrsets[i] = *world->at[i];
	}
	(void)policy_suspects_denial(policy, look_up, world, rrsets, world->count);
	policy_response_t response = {
		.qname = world->names[head[0] % LENGTH(names)],
		.qtype = types[head[1] % LENGTH(types)],
		.rcode = (head[2] & 1) ? KNOT_RCODE_NXDOMAIN : KNOT_RCODE_NOERROR,
		.complete = true,
		.additional_complete = true,
		.items = world->items,
		.count = world->count,
		.hash = weak_hash,
	};
	policy_verdict_t verdict;
	int ret = ((head[2] & 4) ? policy_judge_referral : policy_judge)(
		policy, look_up, world, &response, &verdict, NULL);
	assert(ret == KNOT_EOK || ret == KNOT_ENOMEM || ret == KNOT_ESPACE);
	check(&response, &verdict);
	policy_verdict_clear(&response, &verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < HEAD) {
		return 0;
	}
	test_policy_t test;
	test_policy_init(&test, "example.com.", (data[3] & 1)
	                 ? "exchange mail; mail-host imap *.mx host.mx x.w; web-host @ www *.w"
	                 : "exchange mx-direct.deep.a.b; mail-host mail imap");
	world_t *world = calloc(1, sizeof(*world));
	assert(world != NULL);
	world->apex = test.policy.zone;
	world->blind = data[2] & 2;
	for (size_t i = 0; i < LENGTH(names); i++) {
		test_name(world->names[i], names[i], test.policy.zone);
	}
	const uint8_t *head = data;
	data += HEAD;
	size -= HEAD;
	for (size_t took; (took = read_rr(world, data, size)) > 0;) {
		data += took;
		size -= took;
	}
	if (name_in_zone(world->names[head[0] % LENGTH(names)], world->apex)) {
		judge(&test.policy, world, head);
	}
	for (size_t i = 0; i < world->count; i++) {
		knot_rrset_free(world->at[i], NULL);
	}
	free(world);
	test_policy_clear(&test);
	return 0;
}
