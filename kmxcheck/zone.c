/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Keeping what matters of a zone file, and finding it.
 */

#define _DEFAULT_SOURCE /* madvise() */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kmxcheck/lang.h"
#include "kmxcheck/origin.h"
#include "kmxcheck/spf.h"
#include "kmxcheck/xalloc.h"
#include "kmxcheck/zone.h"

/* The zone in memory */

/*! Memory that is freed as a whole. Blocks grow: there may be very many small zones. Those of a
 *  large zone are in large pages: small ones take the system longer to provide than it takes to
 *  fill them. */
#define BLOCK_MIN ((size_t)1 << 10)
#define BLOCK_MAX ((size_t)4 << 20)
#define LARGE_PAGE ((size_t)2 << 20)

struct arena_block {
	arena_block_t *next;
	size_t size;
	size_t used;
	uint64_t data[];
};

/*! A record as it is kept; the records of a node are a list, the last one first. */
typedef struct stored {
	const struct stored *next;
	const char *file;
	uint32_t line;
	uint32_t ttl;
	uint16_t type;
	knot_rdata_t rdata;
} stored_t;

/*! An RRset as knotd holds it: RRs in canonical order, none twice; and where they stand. */
typedef struct {
	knot_rrset_t rrset;
	source_pos_t *positions;
	const knot_rdata_t *last; /*!< Last RR. */
} node_rrset_t;

struct node {
	const stored_t *records;
	node_rrset_t *rrsets; /*!< NULL: not made yet. In the order of their types. */
	uint32_t count;       /*!< Of records. */
	uint16_t rrset_count;
	bool owner;           /*!< Listed as a mail owner. */
	bool mail_name;       /*!< Listed as a name for mail programs. */
	bool other_types;     /*!< It has records that are not kept. */
	knot_dname_t name[];  /*!< Which the index points at. */
};

static arena_block_t *make_block(size_t size)
{
	if (size < LARGE_PAGE) {
		return xcheck(malloc(size));
	}
	size = (size + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
	void *block = xcheck(aligned_alloc(LARGE_PAGE, size));
#ifdef MADV_HUGEPAGE
	(void)madvise(block, size, MADV_HUGEPAGE);
#endif
	return block;
}

static void *arena_alloc(zone_t *zone, size_t size)
{
	arena_block_t *block = zone->memory;
	size = (size + 7) & ~(size_t)7;
	if (block == NULL || size > block->size - block->used) {
		size_t next = block == NULL ? BLOCK_MIN : 2 * (block->size + sizeof(*block));
		next = next > BLOCK_MAX ? BLOCK_MAX : next;
		next = next < sizeof(*block) + size ? sizeof(*block) + size : next;
		block = make_block(next);
		*block = (arena_block_t){ .next = zone->memory, .size = next - sizeof(*block) };
		zone->memory = block;
	}
	void *memory = (uint8_t *)block->data + block->used;
	block->used += size;
	return memory;
}

static node_t *node_at(const zone_t *zone, size_t number)
{
	return (void *)(zone->names.names.at[number] - offsetof(node_t, name));
}

/*! The node of a name in the zone; if it is not there yet, it is made with all names above it. */
static node_t *add_node(zone_t *zone, const knot_dname_t *name)
{
	size_t before = zone->names.names.count;
	size_t number = xadd_index(&zone->names, name);
	if (number < before) {
		return node_at(zone, number);
	}
	size_t size = knot_dname_size(name);
	node_t *node = arena_alloc(zone, offsetof(node_t, name) + size);
	*node = (node_t){ .records = NULL };
	memcpy(node->name, name, size);
	zone->names.names.at[number] = node->name;
	if (size > knot_dname_size(zone->apex) + 1 + *name) { /* The apex exists. */
		(void)add_node(zone, name + 1 + *name);
	}
	return node;
}

static node_t *find_node(const zone_t *zone, const knot_dname_t *name)
{
	size_t number = name_index_find(&zone->names, name);
	return number != NAME_INDEX_NONE ? node_at(zone, number) : NULL;
}

static bool uses_mail(const record_t *record)
{
	return record->type == KNOT_RRTYPE_MX || record->type == KNOT_RRTYPE_SRV ||
	       (record->type == KNOT_RRTYPE_TXT && spf_is(record->rdata, record->size)) ||
	       (record->type == KNOT_RRTYPE_CNAME && *record->owner > 0 &&
	        (record->owner[1] == '_' || knot_dname_is_wildcard(record->owner)));
	       /* Of a service, perhaps. */
}

/*! True if what the record says matters, not only that there is one. */
static bool is_kept(const record_t *record)
{
	switch (record->type) {
	case KNOT_RRTYPE_A:
	case KNOT_RRTYPE_AAAA:
	case KNOT_RRTYPE_CNAME:
	case KNOT_RRTYPE_DNAME:
	case KNOT_RRTYPE_MX:
	case KNOT_RRTYPE_NS:
	case KNOT_RRTYPE_SOA:
	case KNOT_RRTYPE_SRV:
	case KNOT_RRTYPE_TLSA:
	case KNOT_RRTYPE_TXT:
		return true;
	default:
		return knot_dname_is_wildcard(record->owner);
	}
}

static bool begins_with(const knot_dname_t *name, const char *label)
{
	size_t size = strlen(label);
	return *name == size && memcmp(name + 1, label, size) == 0;
}

/*! True if the first label is one that people give to what mail programs connect to. */
static bool is_mail_label(const knot_dname_t *name)
{
	static const char *const labels[] = {
		"imap", "imaps", "pop", "pop3", "pop3s", "smtp", "smtps", "submission", "mx",
	};
	if (*name == '\0' || strchr("imps", name[1]) == NULL) {
		return false; /* Most names. */
	}
	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
		if (begins_with(name, labels[i])) {
			return true;
		}
	}
	size_t i = 2; /* "mx" and a number. */
	while (i < *name && name[1 + i] >= '0' && name[1 + i] <= '9') {
		i++;
	}
	return *name > 2 && i == *name && memcmp(name + 1, "mx", 2) == 0;
}

/*! Notes what the zone has at all, so that look-ups of it are made only then. */
static void note_kind(zone_t *zone, const record_t *record)
{
	bool alias = record->type == KNOT_RRTYPE_CNAME;
	zone->has_tlsa |= record->type == KNOT_RRTYPE_TLSA ||
	                  (alias && begins_with(record->owner, "_25"));
	zone->has_sts |= (alias || record->type == KNOT_RRTYPE_TXT) &&
	                 begins_with(record->owner, "_mta-sts");
}

static void store_record(zone_t *zone, node_t *node, const record_t *record)
{
	uint8_t marked[MARKED_MAX];
	uint16_t size = marked_make(marked, record->type, record->mark, record->rdata,
	                            record->size);
	const uint8_t *rdata = size > 0 ? marked : record->rdata;
	size = size > 0 ? size : record->size;
	stored_t *stored = arena_alloc(zone, offsetof(stored_t, rdata) + knot_rdata_size(size));
	stored->next = node->records;
	stored->file = record->pos.file;
	stored->line = (uint32_t)record->pos.line;
	stored->ttl = record->ttl;
	stored->type = record->type;
	knot_rdata_init(&stored->rdata, size, rdata);
	node->records = stored;
	zone->has_large_node |= ++node->count > UINT16_MAX;
}

/*! False: it is not the SOA of the zone, and ignored. */
static bool add_soa(zone_t *zone, const record_t *record)
{
	if (zone->has_soa || !origin_owns_soa(zone->apex, record->owner)) {
		return false;
	}
	zone->has_soa = true;
	const uint8_t *serial = record->rdata + record->size - 20;
	zone->serial = (uint32_t)serial[0] << 24 | (uint32_t)serial[1] << 16 |
	               (uint32_t)serial[2] << 8 | serial[3];
	return true;
}

/*! A record that is not in the zone. Where the zone is only a guess, that was a wrong one. */
static int add_outside(zone_t *zone, const record_t *record)
{
	knot_dname_txt_storage_t owner, apex;
	if (zone->guessed) {
		return error_at(zone->err, KNOT_EOUTOFZONE, record->pos, _("%.142s is not in the "
		                "zone %.142s, which is a guess: use --origin"),
		                name_text(owner, record->owner), name_text(apex, zone->apex));
	}
	zone_outside_t *outside = xadd(&zone->outside);
	size_t size = knot_dname_size(record->owner);
	knot_dname_t *copy = arena_alloc(zone, size);
	memcpy(copy, record->owner, size);
	*outside = (zone_outside_t){ .owner = copy, .type = record->type, .pos = record->pos };
	return KNOT_EOK;
}

/*! Lists a name that people may enter in a mail program. */
static void note_mail_name(zone_t *zone, node_t *node, const record_t *record)
{
	bool leads = record->type == KNOT_RRTYPE_CNAME || family_of_type(record->type) != 0;
	if (leads && !node->mail_name && is_mail_label(record->owner)) {
		node->mail_name = true;
		xadd_name(&zone->mail_names, node->name);
	}
}

static int add_record(void *ctx, const record_t *record)
{
	zone_t *zone = ctx;
	bool soa = record->type == KNOT_RRTYPE_SOA && add_soa(zone, record);
	if (!soa && !name_in_zone(record->owner, zone->apex)) {
		return add_outside(zone, record);
	} else if (!soa && record->type == KNOT_RRTYPE_SOA) {
		return KNOT_EOK;
	}
	zone->records++;
	/* NSEC3 owners do not exist as names of the zone, and RRSIGs are never alone at a name. */
	if (record->type == KNOT_RRTYPE_NSEC3 || record->type == KNOT_RRTYPE_NSEC ||
	    record->type == KNOT_RRTYPE_RRSIG) {
		return KNOT_EOK;
	}
	note_kind(zone, record);
	/* The records of a name follow each other in most files. */
	node_t *node = zone->last;
	if (soa || node == NULL || !name_equal(node->name, record->owner)) {
		node = zone->last = add_node(zone, soa ? zone->apex : record->owner);
	}
	note_mail_name(zone, node, record);
	if (!is_kept(record)) {
		node->other_types = true;
		return KNOT_EOK;
	}
	store_record(zone, node, record);
	if (!node->owner && uses_mail(record)) {
		node->owner = true;
		xadd_name(&zone->owners, node->name);
	}
	return KNOT_EOK;
}

/* RRsets */

/*! A record to be sorted; order is that of reading. */
typedef struct {
	const stored_t *record;
	size_t order;
} sorted_t;

static int rdata_cmp(const knot_rdata_t *a, const knot_rdata_t *b)
{
	int cmp = memcmp(a->data, b->data, a->len < b->len ? a->len : b->len);
	return cmp != 0 ? cmp : (int)a->len - (int)b->len;
}

/*! By type, then canonical order, then the order of reading. */
static int sorted_cmp(const void *a, const void *b)
{
	const sorted_t *x = a, *y = b;
	int cmp = (int)x->record->type - (int)y->record->type;
	if (cmp == 0) {
		cmp = rdata_cmp(&x->record->rdata, &y->record->rdata);
	}
	return cmp != 0 ? cmp : (x->order > y->order) - (x->order < y->order);
}

/*! Adds a record to an RRset that has room for it, unless it is the same as the one before. False:
 *  there are as many as an RRset can have. */
static bool add_rr(node_rrset_t *to, const stored_t *record)
{
	knot_rdataset_t *rrs = &to->rrset.rrs;
	knot_rdata_t *end = (knot_rdata_t *)((uint8_t *)rrs->rdata + rrs->size);
	if (to->last != NULL && rdata_cmp(to->last, &record->rdata) == 0) {
		return true;
	} else if (rrs->count == UINT16_MAX) {
		return false;
	}
	knot_rdata_init(end, record->rdata.len, record->rdata.data);
	to->positions[rrs->count++] = (source_pos_t){ record->file, record->line };
	rrs->size += (uint32_t)knot_rdata_size(record->rdata.len);
	to->last = end;
	return true;
}

/*! Makes an RRset of sorted records of one type. Returns how many of them it has room for. */
static size_t make_rrset(zone_t *zone, node_rrset_t *made, const knot_dname_t *owner,
                         const sorted_t *sorted, size_t count)
{
	size_t size = 0, latest = 0;
	for (size_t i = 0; i < count; i++) {
		size += knot_rdata_size(sorted[i].record->rdata.len);
	}
	*made = (node_rrset_t){ .positions = arena_alloc(zone, count * sizeof(*made->positions)) };
	knot_rrset_init(&made->rrset, (knot_dname_t *)owner, sorted[0].record->type, KNOT_CLASS_IN,
	                0);
	made->rrset.rrs.rdata = arena_alloc(zone, size);
	for (size_t i = 0; i < count; i++) {
		if (!add_rr(made, sorted[i].record)) {
			return i;
		}
		/* The TTL is that of the record that comes last in the file. */
		if (sorted[i].order >= latest) {
			latest = sorted[i].order;
			made->rrset.ttl = sorted[i].record->ttl;
		}
	}
	return count;
}

/*! The records of a node in the order of its RRsets. For free(). */
static sorted_t *sort_records(const node_t *node)
{
	sorted_t *sorted = xcalloc(node->count, sizeof(*sorted));
	size_t order = node->count;
	for (const stored_t *record = node->records; record != NULL; record = record->next) {
		order--;
		sorted[order] = (sorted_t){ record, order };
	}
	qsort(sorted, node->count, sizeof(*sorted), sorted_cmp);
	return sorted;
}

/*! Makes the RRsets of a node, once. Returns the first record that an RRset has no room for, or
 *  NULL. */
static const stored_t *make_rrsets(zone_t *zone, node_t *node)
{
	if (node->rrsets != NULL || node->count == 0) {
		return NULL;
	}
	const stored_t *too_many = NULL;
	sorted_t *sorted = sort_records(node);
	for (size_t i = 0; i < node->count; i++) {
		node->rrset_count += i == 0 || sorted[i].record->type != sorted[i - 1].record->type;
	}
	node_rrset_t *made = node->rrsets = arena_alloc(zone, node->rrset_count * sizeof(*made));
	for (size_t i = 0, end; i < node->count; i = end, made++) {
		end = i + 1;
		while (end < node->count && sorted[end].record->type == sorted[i].record->type) {
			end++;
		}
		size_t fit = make_rrset(zone, made, node->name, sorted + i, end - i);
		if (fit < end - i && too_many == NULL) {
			too_many = sorted[i + fit].record;
		}
	}
	free(sorted);
	return too_many;
}

/*! An RRset can't have more than so many RRs; knotd refuses such a zone, too. */
static int check_counts(zone_t *zone, char *err)
{
	for (size_t i = 0; zone->has_large_node && i < zone->names.names.count; i++) {
		node_t *node = node_at(zone, i);
		const stored_t *bad = node->count > UINT16_MAX ? make_rrsets(zone, node) : NULL;
		if (bad != NULL) {
			return error_at(err, KNOT_ESPACE, (source_pos_t){ bad->file, bad->line },
			                _("more than %d records of one name and type"), UINT16_MAX);
		}
	}
	return KNOT_EOK;
}

static int load(zone_t *zone, const text_t *text, const knot_dname_t *origin, char *err)
{
	int ret = KNOT_EOK;
	if (origin != NULL) {
		zone->apex = xname(origin);
		knot_dname_to_lower(zone->apex);
	} else {
		origin_t found;
		ret = origin_find(&found, zone->file, text, &zone->files, err);
		zone->apex = found.apex;
		zone->guessed = found.guessed;
	}
	if (ret == KNOT_EOK) {
		zone->err = err;
		(void)add_node(zone, zone->apex);
		ret = scan_text(zone->file, text, zone->apex, &zone->files, add_record, zone, err);
	}
	if (ret == KNOT_EOK) {
		ret = check_counts(zone, err);
	}
	if (ret == KNOT_EOK && !zone->has_soa) {
		knot_dname_txt_storage_t name;
		ret = error_at(err, KNOT_ESOAINVAL, (source_pos_t){ .file = zone->file },
		               _("no SOA record at %.142s"), name_text(name, zone->apex));
	}
	name_list_unique(&zone->owners);
	name_list_unique(&zone->mail_names);
	return ret;
}

static int open_zone(zone_t **out, const char *name, const text_t *text,
                     const knot_dname_t *origin, char *err)
{
	zone_t *zone = xcalloc(1, sizeof(*zone));
	zone->file = xstrdup(name);
	int ret = load(zone, text, origin, err);
	if (ret != KNOT_EOK) {
		zone_free(zone);
		return ret;
	}
	*out = zone;
	return KNOT_EOK;
}

int zone_open(zone_t **out, const char *path, const knot_dname_t *origin,
              char err[static ERROR_TEXT_MAX])
{
	text_t text;
	int ret = file_read_input(path, &text, err);
	if (ret == KNOT_EOK) {
		ret = open_zone(out, strcmp(path, "-") == 0 ? "<stdin>" : path, &text, origin, err);
	}
	free(text.at);
	return ret;
}

int zone_open_text(zone_t **out, const char *name, const char *text, size_t size,
                   const knot_dname_t *origin, char err[static ERROR_TEXT_MAX])
{
	return open_zone(out, name, &(text_t){ .at = (char *)text, .size = size }, origin, err);
}

void zone_free(zone_t *zone)
{
	if (zone == NULL) {
		return;
	}
	while (zone->memory != NULL) {
		arena_block_t *block = zone->memory;
		zone->memory = block->next;
		free(block);
	}
	vec_free_all(&zone->files);
	vec_free(&zone->owners);
	vec_free(&zone->mail_names);
	vec_free(&zone->outside);
	name_index_clear(&zone->names);
	knot_dname_free(zone->apex, NULL);
	free(zone->file);
	free(zone);
}

/* Looking up */

/*! The RRset of a type at a node, or NULL. */
static const node_rrset_t *find_rrset(zone_t *zone, node_t *node, uint16_t type)
{
	(void)make_rrsets(zone, node);
	for (size_t i = 0; i < node->rrset_count; i++) {
		if (node->rrsets[i].rrset.type == type) {
			return &node->rrsets[i];
		}
	}
	return NULL;
}

int zone_lookup(void *ctx, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out)
{
	zone_t *zone = ctx;
	if (!name_in_zone(owner, zone->apex)) {
		return KNOT_ENOTSUP;
	}
	node_t *node = find_node(zone, owner);
	if (node == NULL) {
		return KNOT_ENONODE;
	}
	const node_rrset_t *found = find_rrset(zone, node, type);
	if (found != NULL) {
		*out = found->rrset;
	} else {
		knot_rrset_init(out, (knot_dname_t *)node->name, type, KNOT_CLASS_IN, 0);
	}
	return KNOT_EOK;
}

bool zone_has(zone_t *zone, const knot_dname_t *owner, uint16_t type, knot_rrset_t *out)
{
	knot_rrset_init_empty(out);
	return zone_lookup(zone, owner, type, out) == KNOT_EOK && !knot_rrset_empty(out);
}

bool zone_rrset_at(zone_t *zone, const knot_dname_t *owner, size_t i, knot_rrset_t *out)
{
	node_t *node = find_node(zone, owner);
	if (node != NULL) {
		(void)make_rrsets(zone, node);
	}
	if (node == NULL || i >= node->rrset_count) {
		return false;
	}
	*out = node->rrsets[i].rrset;
	return true;
}

bool zone_has_other_types(const zone_t *zone, const knot_dname_t *owner)
{
	const node_t *node = find_node(zone, owner);
	return node != NULL && node->other_types;
}

/*! True if a node is an alias or has an address. */
static bool leads_somewhere(const node_t *node)
{
	for (const stored_t *record = node->records; record != NULL; record = record->next) {
		if (record->type == KNOT_RRTYPE_CNAME || family_of_type(record->type) != 0) {
			return true;
		}
	}
	return false;
}

static bool has_pattern(const names_t *names)
{
	for (size_t i = 0; i < names->count; i++) {
		if (names->at[i].below) {
			return true;
		}
	}
	return false;
}

void zone_match(zone_t *zone, const policy_t *policy, name_list_t *out)
{
	if (!has_pattern(&policy->mail_hosts) && !has_pattern(&policy->web_hosts)) {
		return;
	}
	for (size_t i = 0; i < zone->names.names.count; i++) {
		const node_t *node = node_at(zone, i);
		const knot_dname_t *name = node->name;
		if ((names_match(&policy->web_hosts, name) ||
		     names_match(&policy->mail_hosts, name)) && leads_somewhere(node)) {
			xadd_name(out, name);
		}
	}
	name_list_unique(out);
}

/* The zones of a run */

void zones_add(zones_t *zones, zone_t *zone)
{
	if (xadd_index(&zones->names, zone->apex) == zones->list.count) {
		*(zone_t **)xadd(&zones->list) = zone;
	}
}

/*! The zone of the run that is deepest above a name, or NULL. */
static zone_t *deepest_zone(const zones_t *zones, const knot_dname_t *name)
{
	for (;; name += 1 + *name) {
		size_t number = name_index_find(&zones->names, name);
		if (number != NAME_INDEX_NONE) {
			return zones->list.at[number];
		} else if (*name == '\0') {
			return NULL;
		}
	}
}

/*! The zone that knows a name best: another one of the run may be below the audited one. */
static zone_t *zone_of(const zones_t *zones, zone_t *zone, const knot_dname_t *name)
{
	/* Of two with one apex, the second one knows all below it best. */
	bool first = deepest_zone(zones, zone->apex) == zone;
	return name_in_zone(name, zone->apex) && !first ? zone : deepest_zone(zones, name);
}

void zones_follow(const zones_t *zones, zone_t *zone, const policy_t *policy,
                  const knot_dname_t *name, host_t *host)
{
	policy_t other = *policy;
	bool alias = false;
	uint32_t ttl = UINT32_MAX;
	knot_dname_storage_t at;
	knot_dname_copy_lower(at, name);
	zone_t *in = zone_of(zones, zone, at);

	memset(host, 0, sizeof(*host));
	host->ttl = UINT32_MAX;
	memcpy(host->end, at, knot_dname_size(at));
	for (size_t hops = 0; in != NULL && hops < HOST_ALIAS_MAX; hops++) {
		other.zone = in->apex;
		host_find(&other, zone_lookup, in, at, host);
		alias |= host->alias;
		ttl = host->ttl < ttl ? host->ttl : ttl;
		zone_t *next = zone_of(zones, zone, host->end);
		if (host->proxy_name || next == in) {
			break;
		}
		memcpy(at, host->end, knot_dname_size(host->end));
		in = next;
	}
	host->alias = alias;
	host->ttl = ttl;
}

source_pos_t zones_position(const zones_t *zones, zone_t *zone, const knot_dname_t *owner,
                            uint16_t type, size_t i)
{
	zone_t *const places[] = { zone, deepest_zone(zones, owner) };
	for (size_t j = 0; j < 2; j++) {
		node_t *node = places[j] != NULL ? find_node(places[j], owner) : NULL;
		const node_rrset_t *found = node != NULL ? find_rrset(places[j], node, type) : NULL;
		if (found != NULL) {
			return i < found->rrset.rrs.count ? found->positions[i]
			                                  : (source_pos_t){ .file = NULL };
		}
	}
	return (source_pos_t){ .file = NULL };
}
