/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Runs over zones with comments, and their results as text.
 */

#undef NDEBUG

#include <arpa/inet.h>
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/lib/clear.h"
#include "tests/unit/lib/fixture_audit.h"

#define TODAY 1795305600 /* 2026-11-22 */

static char *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	assert(file != NULL);
	char *text = calloc(1, AUDIT_FIXTURE_TEXT_MAX);
	assert(text != NULL);
	*size = fread(text, 1, AUDIT_FIXTURE_TEXT_MAX - 1, file);
	assert(*size < AUDIT_FIXTURE_TEXT_MAX - 1);
	(void)fclose(file);
	return text;
}

static netset_t *networks(const char *const *words, size_t count)
{
	netset_t *set = netset_new();
	assert(set != NULL);
	for (size_t i = 0; i < count; i++) {
		net_t net;
		assert(net_from_str(&net, words[i]) == KNOT_EOK);
		assert(netset_add(set, &net) == KNOT_EOK);
	}
	assert(netset_build(set) == KNOT_EOK);
	return set;
}

static void add_mail(stanza_t *stanza, const char *word)
{
	uint8_t address[16];
	int family = strchr(word, ':') != NULL ? 6 : 4;
	assert(inet_pton(family == 4 ? AF_INET : AF_INET6, word, address) == 1);
	assert(stanza_add_address(stanza, family, address) == KNOT_EOK);
}

static void set_policy(audit_fixture_t *fixture, const char *item, const char **words, size_t count)
{
	stanza_t *stanza = &fixture->stanza;
	if (strcmp(item, "mail-host") == 0) {
		stanza->mail_hosts = (words_t){ words, count };
	} else if (strcmp(item, "web-host") == 0) {
		stanza->web_hosts = (words_t){ words, count };
	} else if (strcmp(item, "exchange") == 0) {
		stanza->exchange = words[0];
	} else if (strcmp(item, "mail") == 0) {
		stanza_clear(stanza);
		for (size_t i = 0; i < count; i++) {
			add_mail(stanza, words[i]);
		}
	} else if (strcmp(item, "origin") == 0) {
		stanza->origins = fixture->origins = networks(words, count);
	} else {
		assert(strcmp(item, "list") == 0 && count == 1);
		size_t i = fixture->list_count++;
		fixture->lists[i].path = "list";
		assert(sscanf(words[0], "%d-%d-%d", &fixture->lists[i].info.year,
		              &fixture->lists[i].info.month, &fixture->lists[i].info.day) == 3);
	}
}

/* Opens NAME.zone beside path. */
static void open_beside(audit_fixture_t *fixture, const char *path, const char *name)
{
	char other[1024], err[ERROR_TEXT_MAX];
	const char *slash = strrchr(path, '/');
	(void)snprintf(other, sizeof(other), "%.*s/%s.zone", (int)(slash - path), path, name);
	assert(fixture->count < AUDIT_FIXTURE_ZONES_MAX);
	assert(zone_open(&fixture->list[fixture->count++], other, NULL, err) == KNOT_EOK);
}

static void read_comments(audit_fixture_t *fixture, const char *path)
{
	char *next = NULL;
	for (char *line = strtok_r(fixture->text, "\n", &next); line != NULL;
	     line = strtok_r(NULL, "\n", &next)) {
		char *rest = NULL;
		if (strncmp(line, ";! ", 3) != 0) {
			continue;
		}
		const char *what = strtok_r(line + 3, " ", &rest);
		const char **words = &fixture->words[fixture->word_count];
		size_t count = 0;
		for (char *word = strtok_r(NULL, " ", &rest); word != NULL;
		     word = strtok_r(NULL, " ", &rest)) {
			assert(fixture->word_count + count < 64);
			words[count++] = word;
		}
		if (strcmp(what, "policy") == 0) {
			fixture->word_count += count;
			set_policy(fixture, words[0], words + 1, count - 1);
		} else if (strcmp(what, "zone") == 0) {
			open_beside(fixture, path, words[0]);
		}
	}
}

static void begin(audit_fixture_t *fixture)
{
	static const char *const proxies[] = {
		"104.16.0.0/13", "172.64.0.0/13", "2606:4700::/32", MARKED_PROXY4, MARKED_PROXY6
	};
	static const char *const excepts[] = { "104.20.0.0/16" };
	memset(fixture, 0, sizeof(*fixture));
	fixture->proxies = networks(proxies, 5);
	fixture->excepts = networks(excepts, 1);
	assert(names_append(&fixture->proxy_names,
	                    (const knot_dname_t *)"\x03""cdn\x07""example\x03""net",
	                    false) == KNOT_EOK);
	assert(names_append(&fixture->proxy_names, (const knot_dname_t *)"\x01\x01", /* Marks. */
	                    false) == KNOT_EOK);
	names_sort(&fixture->proxy_names);
	fixture->stanza = (stanza_t){
		.enforce = true,
		.exchange = "mail",
		.proxies = fixture->proxies,
		.excepts = fixture->excepts,
		.proxy_names = &fixture->proxy_names,
		.ttl = 300,
	};
	add_mail(&fixture->stanza, "198.51.100.25");
}

static void run(audit_fixture_t *fixture)
{
	char policy_err[STANZA_TEXT_MAX];
	zone_t *zone = fixture->list[0];
	assert(stanza_policy(&fixture->policy, &fixture->stanza, zone->apex,
	                     policy_err) == KNOT_EOK);
	for (size_t i = 0; i < fixture->count; i++) {
		zones_add(&fixture->zones, fixture->list[i]);
	}
	const audit_input_t input = {
		.zones = &fixture->zones,
		.origins = fixture->stanza.origins,
		.lists = fixture->lists,
		.list_count = fixture->list_count,
		.now = TODAY,
	};
	audit_zone(&fixture->audit, zone, &fixture->policy, &input);
}

void audit_fixture_open(audit_fixture_t *fixture, const char *path)
{
	char err[ERROR_TEXT_MAX];
	size_t size;
	begin(fixture);
	fixture->text = read_file(path, &size);
	if (zone_open(&fixture->list[fixture->count++], path, NULL, err) != KNOT_EOK) {
		fprintf(stderr, "%s\n", err);
		abort();
	}
	read_comments(fixture, path);
	run(fixture);
}

/* The policy of another run. */
static void begin_like(audit_fixture_t *fixture, const audit_fixture_t *like)
{
	begin(fixture);
	fixture->stanza.mail_hosts = like->stanza.mail_hosts;
	fixture->stanza.web_hosts = like->stanza.web_hosts;
	fixture->stanza.exchange = like->stanza.exchange;
	fixture->stanza.origins = like->stanza.origins;
	memcpy(fixture->lists, like->lists, sizeof(like->lists));
	fixture->list_count = like->list_count;
	stanza_clear(&fixture->stanza);
	for (size_t i = 0; i < like->stanza.mail4.count; i++) {
		assert(stanza_add_address(&fixture->stanza, 4, like->stanza.mail4.at + 4 * i) ==
		       KNOT_EOK);
	}
	for (size_t i = 0; i < like->stanza.mail6.count; i++) {
		assert(stanza_add_address(&fixture->stanza, 6, like->stanza.mail6.at + 16 * i) ==
		       KNOT_EOK);
	}
}

void audit_fixture_open_text(audit_fixture_t *fixture, const audit_fixture_t *like,
                             const char *text, size_t size)
{
	char err[ERROR_TEXT_MAX];
	begin_like(fixture, like);
	if (zone_open_text(&fixture->list[fixture->count++], "fixed", text, size,
	                   like->list[0]->apex, err) != KNOT_EOK) {
		fprintf(stderr, "%s\n", err);
		abort();
	}
	run(fixture);
}

void audit_fixture_clear(audit_fixture_t *fixture)
{
	audit_clear(&fixture->audit);
	zones_clear(&fixture->zones);
	for (size_t i = 0; i < fixture->count; i++) {
		zone_free(fixture->list[i]);
	}
	stanza_policy_clear(&fixture->policy);
	stanza_clear(&fixture->stanza);
	netset_free(fixture->proxies);
	netset_free(fixture->excepts);
	netset_free(fixture->origins);
	names_clear(&fixture->proxy_names);
	free(fixture->text);
}

__attribute__((format(printf, 2, 3)))
static void put(char *out, const char *fmt, ...)
{
	size_t used = strlen(out);
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(out + used, AUDIT_FIXTURE_TEXT_MAX - used, fmt, args);
	va_end(args);
}

static void put_name(char *out, const knot_dname_t *name)
{
	knot_dname_txt_storage_t text = "-";
	if (name != NULL) {
		(void)knot_dname_to_str(text, name, sizeof(text));
	}
	put(out, " %s", text);
}

static void put_type(char *out, uint16_t type)
{
	char text[16] = "-";
	if (type != 0) {
		(void)knot_rrtype_to_string(type, text, sizeof(text));
	}
	put(out, " %s", text);
}

static void put_finding(char *out, const audit_finding_t *finding)
{
	char address[INET6_ADDRSTRLEN] = "", net[NET_TEXT_MAX] = "";
	if (finding->family != 0) {
		(void)address_text(address, finding->family, finding->address);
	}
	if (finding->has_network) {
		(void)net_to_str(&finding->network, net);
	}
	put(out, ";! find %s", audit_rules[finding->rule].name);
	put_name(out, finding->owner);
	put_type(out, finding->type);
	put_name(out, finding->target);
	put(out, " %s%s%s%s", address, finding->has_network ? "@" : "", net,
	    finding->family == 0 && !finding->has_network ? "-" : "");
	put(out, " %llu\n", (unsigned long long)finding->pos.line);
	assert(finding->message != NULL && finding->remedy != NULL);
	assert((finding->pos.file != NULL) == (finding->pos.line != 0) || finding->owner == NULL);
}

static void put_edit(char *out, const audit_edit_t *edit)
{
	char rdata[4096];
	knot_rrset_t rrset;
	knot_rrset_init(&rrset, edit->owner, edit->type, KNOT_CLASS_IN, edit->ttl);
	rrset.rrs = (knot_rdataset_t){ .count = 1, .rdata = edit->rdata,
	                               .size = (uint32_t)knot_rdata_size(edit->rdata->len) };
	assert(knot_rrset_txt_dump_data(&rrset, 0, rdata, sizeof(rdata),
	                                &KNOT_DUMP_STYLE_DEFAULT) >= 0);
	put(out, ";! edit %c", edit->add ? '+' : '-');
	put_name(out, edit->owner);
	put(out, " %u", edit->ttl);
	put_type(out, edit->type);
	put(out, " %s\n", rdata);
}

void audit_fixture_text(char out[static AUDIT_FIXTURE_TEXT_MAX], const audit_fixture_t *fixture)
{
	const audit_t *audit = &fixture->audit;
	out[0] = '\0';
	for (size_t i = 0; i < audit->findings.count; i++) {
		put_finding(out, &audit->findings.at[i]);
	}
	for (size_t i = 0; i < audit->edits.count; i++) {
		put_edit(out, &audit->edits.at[i]);
	}
}

/* A record in generic form: any RDATA, whatever its type. */
static void put_record(char *out, const knot_dname_t *owner, uint32_t ttl, uint16_t type,
                       const uint8_t *data, size_t size)
{
	put_name(out + strlen(out), owner);
	put(out, " %u IN TYPE%u \\# %zu ", ttl, type, size);
	for (size_t i = 0; i < size; i++) {
		put(out, "%02x", data[i]);
	}
	put(out, "\n");
}

typedef struct {
	const audit_t *audit;
	char *out;
} fixing_t;

static int keep_record(void *ctx, const record_t *record)
{
	fixing_t *fixing = ctx;
	uint8_t data[4096];
	knot_rdata_t *rdata = (knot_rdata_t *)data;
	assert(record->size < sizeof(data) - 2);
	knot_rdata_init(rdata, (uint16_t)record->size, record->rdata);
	for (size_t i = 0; i < fixing->audit->edits.count; i++) {
		const audit_edit_t *edit = &fixing->audit->edits.at[i];
		if (!edit->add && edit->type == record->type &&
		    knot_dname_is_equal(edit->owner, record->owner) &&
		    knot_rdata_cmp(edit->rdata, rdata) == 0) {
			return KNOT_EOK;
		}
	}
	/* A name in front of a line has no space before it. */
	fixing->out[0] = '\0';
	put_record(fixing->out, record->owner, record->ttl, record->type, record->rdata,
	           record->size);
	memmove(fixing->out, fixing->out + 1, strlen(fixing->out));
	fixing->out += strlen(fixing->out);
	return KNOT_EOK;
}

char *audit_fixture_fixed(const audit_fixture_t *fixture, const char *path, size_t *size)
{
	const audit_t *audit = &fixture->audit;
	char *text = calloc(1, AUDIT_FIXTURE_TEXT_MAX * 2), err[ERROR_TEXT_MAX];
	assert(text != NULL);
	fixing_t fixing = { .audit = audit, .out = text };
	assert(scan_file(path, audit->zone, keep_record, &fixing, err) == KNOT_EOK);
	for (size_t i = 0; i < audit->edits.count; i++) {
		const audit_edit_t *edit = &audit->edits.at[i];
		if (edit->add) {
			char *at = text + strlen(text);
			put_record(at, edit->owner, edit->ttl, edit->type, edit->rdata->data,
			           edit->rdata->len);
			memmove(at, at + 1, strlen(at));
		}
	}
	*size = strlen(text);
	return text;
}
