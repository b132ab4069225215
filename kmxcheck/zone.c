/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Reading a zone file and keeping what matters. Included files are read here, not by libzscanner,
 * so that they can be counted, and that a loop of them ends with an error that says so.
 */

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libzscanner/scanner.h>

#include "dns/rrset.h"
#include "kmxcheck/spf.h"
#include "kmxcheck/xalloc.h"
#include "kmxcheck/zone.h"

/*! The TTL before the first $TTL, as knotd has it. */
#define TTL_DEFAULT 3600

/* Reading files */

/*! Text of a zone file. */
typedef struct {
	char *at;
	size_t size;
	bool is_file; /*!< A regular one. */
} text_t;

/*! A scan of a file and all that it includes. */
typedef struct {
	record_f record;
	void *ctx;
	file_names_t *files;
	size_t includes;
	char *err;
} scan_t;

static source_pos_t in_file(const char *file)
{
	return (source_pos_t){ .file = file };
}

/*! Reads all there is. False with errno set: unreadable. */
static bool read_all(int fd, size_t expected, text_t *text)
{
	size_t room = expected + 4096;
	text->at = xcheck(malloc(room));
	for (;;) {
		if (text->size == room) {
			room *= 2;
			text->at = xcheck(realloc(text->at, room));
		}
		ssize_t got = read(fd, text->at + text->size, room - text->size);
		if (got == 0) {
			return true;
		} else if (got > 0) {
			text->size += (size_t)got;
		} else if (errno != EINTR) {
			return false;
		}
	}
}

/*! Reads a file; text->at is for free(), also after an error, and what says what is wrong. A device
 *  or a pipe may never end: pipes are read only if the user names them. */
static int read_file(const char *path, bool pipe_too, text_t *text, const char **what)
{
	struct stat st = { .st_mode = 0 };
	int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC), ret = KNOT_EOK;
	*text = (text_t){ .at = NULL };
	if (fd < 0) {
		*what = strerror(errno);
		return knot_map_errno();
	}
	text->is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (!text->is_file && !(pipe_too && S_ISFIFO(st.st_mode))) {
		*what = "not a regular file";
		ret = KNOT_EFILE;
	} else if (!read_all(fd, text->is_file ? (size_t)st.st_size : 0, text)) {
		*what = strerror(errno);
		ret = knot_map_errno();
	}
	(void)close(fd);
	return ret;
}

/*! Reads the file that the user named, or standard input. */
static int read_input(const char *path, text_t *text, char *err)
{
	const char *what;
	if (strcmp(path, "-") == 0) {
		*text = (text_t){ .at = NULL };
		return read_all(STDIN_FILENO, 0, text) ? KNOT_EOK
		       : error_at(err, knot_map_errno(), in_file("<stdin>"), "%s",
		                  strerror(errno));
	}
	int ret = read_file(path, true, text, &what);
	return ret == KNOT_EOK ? ret : error_at(err, ret, in_file(path), "%s", what);
}

/*! The path of an included file: relative to the folder of the file that names it. */
static char *include_path(const char *includer, const char *path)
{
	if (*path == '/') {
		return xstrdup(path);
	}
	if (strncmp(path, "./", 2) == 0) {
		path += 2; /* The scanner's folder, which it was not told. */
	}
	/* Text that is in no file is as if it were in the working folder. */
	char *full = realpath(includer, NULL);
	char *joined = xformat("%s/%s", full != NULL ? dirname(full) : ".", path);
	free(full);
	return joined;
}

/* Records */

static int scan_record(const scan_t *scan, zs_scanner_t *scanner, source_pos_t pos)
{
	if (!rdata_check(scanner->r_type, scanner->r_data, scanner->r_data_length, true)) {
		return error_at(scan->err, KNOT_EPARSEFAIL, pos, "malformed data of the record");
	}
	knot_dname_to_lower(scanner->r_owner);
	const record_t record = {
		.owner = scanner->r_owner,
		.type = scanner->r_type,
		.ttl = scanner->r_ttl,
		.rdata = scanner->r_data,
		.size = (uint16_t)scanner->r_data_length,
		.pos = pos,
	};
	return scan->record(scan->ctx, &record);
}

static int scan_text(scan_t *scan, const char *name, const text_t *text, const char *origin,
                     uint32_t ttl, unsigned depth);

static int scan_include(scan_t *scan, zs_scanner_t *scanner, source_pos_t pos, unsigned depth)
{
	/* It leaves the directive without a return, and would overflow its stack in time. */
	scanner->top = 0;
	if (depth == ZONE_DEPTH_MAX || ++scan->includes > ZONE_INCLUDES_MAX) {
		return error_at(scan->err, KNOT_EPARSEFAIL, pos,
		                "too many files included, an include loop?");
	}
	text_t text;
	const char *what;
	char *path = include_path(pos.file, scanner->include_filename);
	int ret = read_file(path, false, &text, &what);
	if (ret == KNOT_EOK) {
		ret = scan_text(scan, path, &text, (const char *)scanner->buffer,
		                scanner->default_ttl, depth + 1);
	} else {
		(void)error_at(scan->err, ret, pos, "included file '%.100s': %s", path, what);
	}
	free(text.at);
	free(path);
	return ret;
}

/*! Scans text; depth is how many files are being read, this one included. */
static int scan_text(scan_t *scan, const char *name, const text_t *text, const char *origin,
                     uint32_t ttl, unsigned depth)
{
	zs_scanner_t *scanner = xcheck(malloc(sizeof(*scanner)));
	char **file = xadd(scan->files);
	source_pos_t pos = { .file = *file = xstrdup(name) };
	int ret = KNOT_EOK;
	if (zs_init(scanner, origin, KNOT_CLASS_IN, ttl) != 0 ||
	    zs_set_input_string(scanner, text->size > 0 ? text->at : "", text->size) != 0) {
		ret = error_at(scan->err, KNOT_EINVAL, in_file(name), "bad origin");
	}
	for (bool more = true; more && ret == KNOT_EOK;) {
		int parsed = zs_parse_record(scanner);
		pos.line = scanner->line_counter;
		if (parsed != 0 || scanner->state == ZS_STATE_ERROR) {
			ret = error_at(scan->err, KNOT_EPARSEFAIL, pos, "%s",
			               zs_strerror(scanner->error.code));
		} else if (scanner->state == ZS_STATE_DATA) {
			ret = scan_record(scan, scanner, pos);
		} else if (scanner->state == ZS_STATE_INCLUDE) {
			ret = scan_include(scan, scanner, pos, depth);
		} else {
			more = false;
		}
	}
	zs_deinit(scanner);
	free(scanner);
	return ret;
}

static int scan_all(file_names_t *files, const char *name, const text_t *text,
                    const knot_dname_t *origin, record_f record, void *ctx, char *err)
{
	knot_dname_txt_storage_t origin_text;
	scan_t scan = { .record = record, .ctx = ctx, .files = files, .err = err };
	return scan_text(&scan, name, text, name_text(origin_text, origin), TTL_DEFAULT, 1);
}

static void free_files(file_names_t *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->at[i]);
	}
	vec_free(files);
}

int zone_scan(const char *path, const knot_dname_t *origin, record_f record, void *ctx,
              char err[static ERROR_TEXT_MAX])
{
	text_t text;
	file_names_t files = { .at = NULL };
	int ret = read_input(path, &text, err);
	if (ret == KNOT_EOK) {
		ret = scan_all(&files, path, &text, origin, record, ctx, err);
	}
	free_files(&files);
	free(text.at);
	return ret;
}

/* The zone in memory */

/*! Memory that is freed as a whole. Blocks grow: there may be very many small zones. */
#define BLOCK_MIN ((size_t)1 << 10)
#define BLOCK_MAX ((size_t)1 << 20)

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
	bool other_types;     /*!< It has records that are not kept. */
};

static void *arena_alloc(zone_t *zone, size_t size)
{
	arena_block_t *block = zone->memory;
	size = (size + 7) & ~(size_t)7;
	if (block == NULL || size > block->size - block->used) {
		size_t room = block == NULL ? BLOCK_MIN : 2 * block->size;
		room = room > BLOCK_MAX ? BLOCK_MAX : room;
		room = room < size ? size : room;
		block = xcheck(malloc(sizeof(*block) + room));
		*block = (arena_block_t){ .next = zone->memory, .size = room };
		zone->memory = block;
	}
	void *memory = (uint8_t *)block->data + block->used;
	block->used += size;
	return memory;
}

/*! The node of a name in the zone; if it is not there yet, it is made with all names above it. */
static node_t *add_node(zone_t *zone, const knot_dname_t *name)
{
	size_t number = name_index_find(&zone->names, name);
	if (number != NAME_INDEX_NONE) {
		return &zone->nodes.at[number];
	}
	if (!knot_dname_is_equal(name, zone->apex)) {
		(void)add_node(zone, name + 1 + *name);
	}
	size_t size = knot_dname_size(name);
	knot_dname_t *copy = arena_alloc(zone, size);
	memcpy(copy, name, size);
	(void)xcheck_ret(name_index_add(&zone->names, copy));
	return xadd(&zone->nodes);
}

static const knot_dname_t *node_name(const zone_t *zone, const node_t *node)
{
	return zone->names.names.at[node - zone->nodes.at];
}

static node_t *find_node(const zone_t *zone, const knot_dname_t *name)
{
	size_t number = name_index_find(&zone->names, name);
	return number != NAME_INDEX_NONE ? &zone->nodes.at[number] : NULL;
}

static bool uses_mail(const record_t *record)
{
	return record->type == KNOT_RRTYPE_MX || record->type == KNOT_RRTYPE_SRV ||
	       (record->type == KNOT_RRTYPE_TXT && spf_is(record->rdata, record->size)) ||
	       (record->type == KNOT_RRTYPE_CNAME && *record->owner > 1 &&
	        record->owner[1] == '_'); /* Of a service, perhaps. */
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

/*! What decides whether names that may be there are worth asking for. */
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
	stored_t *stored = arena_alloc(zone, sizeof(*stored) + record->size);
	stored->next = node->records;
	stored->file = record->pos.file;
	stored->line = (uint32_t)record->pos.line;
	stored->ttl = record->ttl;
	stored->type = record->type;
	knot_rdata_init(&stored->rdata, record->size, record->rdata);
	node->records = stored;
	node->count++;
}

/*! False: it is not the SOA of the zone, and ignored. */
static bool take_soa(zone_t *zone, const record_t *record)
{
	if (zone->has_soa || !knot_dname_is_equal(record->owner, zone->apex)) {
		return false;
	}
	zone->has_soa = true;
	const uint8_t *serial = record->rdata + record->size - 20;
	zone->serial = (uint32_t)serial[0] << 24 | (uint32_t)serial[1] << 16 |
	               (uint32_t)serial[2] << 8 | serial[3];
	return true;
}

static int add_record(void *ctx, const record_t *record)
{
	zone_t *zone = ctx;
	if (!name_in_zone(record->owner, zone->apex) ||
	    (record->type == KNOT_RRTYPE_SOA && !take_soa(zone, record))) {
		return KNOT_EOK;
	}
	zone->records++;
	/* Names of NSEC3 are in a tree of their own, and signatures are never alone. */
	if (record->type == KNOT_RRTYPE_NSEC3 || record->type == KNOT_RRTYPE_NSEC ||
	    record->type == KNOT_RRTYPE_RRSIG) {
		return KNOT_EOK;
	}
	note_kind(zone, record);
	node_t *node = add_node(zone, record->owner);
	if (!is_kept(record)) {
		node->other_types = true;
		return KNOT_EOK;
	}
	store_record(zone, node, record);
	if (!node->owner && uses_mail(record)) {
		node->owner = true;
		xadd_name(&zone->owners, node_name(zone, node));
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
static size_t make_rrset(node_rrset_t *made, const knot_dname_t *owner, const sorted_t *sorted,
                         size_t count)
{
	size_t size = 0, latest = 0;
	for (size_t i = 0; i < count; i++) {
		size += knot_rdata_size(sorted[i].record->rdata.len);
	}
	knot_rrset_init(&made->rrset, (knot_dname_t *)owner, sorted[0].record->type, KNOT_CLASS_IN,
	                0);
	made->rrset.rrs.rdata = xcalloc(1, size);
	made->positions = xcalloc(count, sizeof(*made->positions));
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
static const stored_t *make_rrsets(const zone_t *zone, node_t *node)
{
	if (node->rrsets != NULL || node->count == 0) {
		return NULL;
	}
	const stored_t *too_many = NULL;
	sorted_t *sorted = sort_records(node);
	for (size_t i = 0; i < node->count; i++) {
		node->rrset_count += i == 0 || sorted[i].record->type != sorted[i - 1].record->type;
	}
	node_rrset_t *made = node->rrsets = xcalloc(node->rrset_count, sizeof(*made));
	for (size_t i = 0, end; i < node->count; i = end, made++) {
		end = i + 1;
		while (end < node->count && sorted[end].record->type == sorted[i].record->type) {
			end++;
		}
		size_t fit = make_rrset(made, node_name(zone, node), sorted + i, end - i);
		if (fit < end - i && too_many == NULL) {
			too_many = sorted[i + fit].record;
		}
	}
	free(sorted);
	return too_many;
}

/* Opening */

/*! The origin while it is not known: no zone has such a name. */
static const knot_dname_t placeholder[] = { 1, 0xff, 0 };

/*! Ends the scan for the SOA, which is the first record of most zones. */
#define FOUND 1

static int find_soa(void *ctx, const record_t *record)
{
	if (record->type != KNOT_RRTYPE_SOA) {
		return KNOT_EOK;
	}
	*(knot_dname_t **)ctx = xname(record->owner);
	return FOUND;
}

/*! The origin from the name of the file, or NULL: it is none. */
static knot_dname_t *origin_of_file(const char *path)
{
	static const char suffix[] = ".zone";
	char *copy = xstrdup(path), *base = basename(copy);
	size_t size = strlen(base), end = sizeof(suffix) - 1;
	if (size > end && strcmp(base + size - end, suffix) == 0) {
		base[size - end] = '\0';
	}
	knot_dname_storage_t name;
	int ret = name_from_str(name, base, (const knot_dname_t *)"");
	free(copy);
	return ret == KNOT_EOK ? xname(name) : NULL;
}

/*! Sets the apex to the owner of the SOA. */
static int find_apex(zone_t *zone, const text_t *text, char *err)
{
	file_names_t files = { .at = NULL };
	int ret = scan_all(&files, zone->file, text, placeholder, find_soa, &zone->apex, err);
	free_files(&files);
	if (ret == KNOT_EOK) {
		return error_at(err, KNOT_ESOAINVAL, in_file(zone->file), "no SOA record");
	} else if (ret != FOUND) {
		return ret;
	}
	if (knot_dname_in_bailiwick(zone->apex, placeholder) >= 0) {
		bool apex = knot_dname_is_equal(zone->apex, placeholder);
		knot_dname_free(zone->apex, NULL);
		zone->apex = apex && text->is_file ? origin_of_file(zone->file) : NULL;
	}
	return zone->apex != NULL ? KNOT_EOK
	       : error_at(err, KNOT_EINVAL, in_file(zone->file),
	                  "no $ORIGIN before the SOA record, use --origin");
}

/*! An RRset can't have more than so many RRs; knotd refuses such a zone, too. */
static int check_counts(const zone_t *zone, char *err)
{
	for (size_t i = 0; i < zone->nodes.count; i++) {
		node_t *node = &zone->nodes.at[i];
		const stored_t *bad = node->count > UINT16_MAX ? make_rrsets(zone, node) : NULL;
		if (bad != NULL) {
			return error_at(err, KNOT_ESPACE, (source_pos_t){ bad->file, bad->line },
			                "more than %d records of one name and type", UINT16_MAX);
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
		ret = find_apex(zone, text, err);
	}
	if (ret == KNOT_EOK) {
		(void)add_node(zone, zone->apex);
		ret = scan_all(&zone->files, zone->file, text, zone->apex,
		               add_record, zone, err);
	}
	if (ret == KNOT_EOK) {
		ret = check_counts(zone, err);
	}
	if (ret == KNOT_EOK && !zone->has_soa) {
		knot_dname_txt_storage_t name;
		ret = error_at(err, KNOT_ESOAINVAL, in_file(zone->file),
		               "no SOA record at %.142s", name_text(name, zone->apex));
	}
	name_list_unique(&zone->owners);
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
	int ret = read_input(path, &text, err);
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
	for (size_t i = 0; i < zone->nodes.count; i++) {
		node_t *node = &zone->nodes.at[i];
		for (size_t j = 0; node->rrsets != NULL && j < node->rrset_count; j++) {
			free(node->rrsets[j].rrset.rrs.rdata);
			free(node->rrsets[j].positions);
		}
		free(node->rrsets);
	}
	while (zone->memory != NULL) {
		arena_block_t *block = zone->memory;
		zone->memory = block->next;
		free(block);
	}
	free_files(&zone->files);
	vec_free(&zone->nodes);
	vec_free(&zone->owners);
	name_index_clear(&zone->names);
	knot_dname_free(zone->apex, NULL);
	free(zone->file);
	free(zone);
}

/* Looking up */

/*! The RRset of a type at a node, or NULL. */
static const node_rrset_t *find_rrset(const zone_t *zone, node_t *node, uint16_t type)
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
		knot_rrset_init(out, (knot_dname_t *)node_name(zone, node), type, KNOT_CLASS_IN, 0);
	}
	return KNOT_EOK;
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

/*! True if a node is an alias or has an address; of a web host, one that is not proxied. */
static bool has_addresses(const node_t *node, const policy_t *policy, bool web)
{
	for (const stored_t *record = node->records; record != NULL; record = record->next) {
		int family = family_of_type(record->type);
		bool proxied = family != 0 && web &&
		               policy_proxied(policy, family, record->rdata.data) != NULL;
		if (record->type == KNOT_RRTYPE_CNAME || (family != 0 && !proxied)) {
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
	for (size_t i = 0; i < zone->nodes.count; i++) {
		const node_t *node = &zone->nodes.at[i];
		const knot_dname_t *name = node_name(zone, node);
		bool web = names_match(&policy->web_hosts, name);
		if ((web || names_match(&policy->mail_hosts, name)) &&
		    has_addresses(node, policy, web)) {
			xadd_name(out, name);
		}
	}
	name_list_unique(out);
}

/* The zones of a run */

void zones_add(zones_t *zones, zone_t *zone)
{
	if (name_index_find(&zones->names, zone->apex) == NAME_INDEX_NONE) {
		(void)xcheck_ret(name_index_add(&zones->names, zone->apex));
		*(zone_t **)xadd(&zones->list) = zone;
	}
}

void zones_clear(zones_t *zones)
{
	name_index_clear(&zones->names);
	vec_free(&zones->list);
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
