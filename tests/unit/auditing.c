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

#include "kmxcheck/source.h"
#include "tests/unit/auditing.h"

#define TODAY 1795305600 /* 2026-11-22 */

static char *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	assert(file != NULL);
	char *text = calloc(1, AUDITING_TEXT_MAX);
	assert(text != NULL);
	*size = fread(text, 1, AUDITING_TEXT_MAX - 1, file);
	assert(*size < AUDITING_TEXT_MAX - 1);
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

static void set_policy(auditing_t *auditing, const char *item, const char **words, size_t count)
{
	stanza_t *stanza = &auditing->stanza;
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
		stanza->origins = auditing->origins = networks(words, count);
	} else {
		assert(strcmp(item, "list") == 0 && count == 1);
		size_t i = auditing->list_count++;
		auditing->lists[i].path = "list";
		assert(sscanf(words[0], "%d-%d-%d", &auditing->lists[i].year,
		              &auditing->lists[i].month, &auditing->lists[i].day) == 3);
	}
}

/* Opens NAME.zone beside path. */
static void open_beside(auditing_t *auditing, const char *path, const char *name)
{
	char other[1024], err[ZONE_ERR_MAX];
	const char *slash = strrchr(path, '/');
	(void)snprintf(other, sizeof(other), "%.*s/%s.zone", (int)(slash - path), path, name);
	assert(auditing->count < AUDITING_ZONES_MAX);
	assert(zone_open(&auditing->list[auditing->count++], other, NULL, err) == KNOT_EOK);
}

static void read_comments(auditing_t *auditing, const char *path)
{
	char *next = NULL;
	for (char *line = strtok_r(auditing->text, "\n", &next); line != NULL;
	     line = strtok_r(NULL, "\n", &next)) {
		char *rest = NULL;
		if (strncmp(line, ";! ", 3) != 0) {
			continue;
		}
		const char *what = strtok_r(line + 3, " ", &rest);
		const char **words = &auditing->words[auditing->word_count];
		size_t count = 0;
		for (char *word = strtok_r(NULL, " ", &rest); word != NULL;
		     word = strtok_r(NULL, " ", &rest)) {
			assert(auditing->word_count + count < 64);
			words[count++] = word;
		}
		if (strcmp(what, "policy") == 0) {
			auditing->word_count += count;
			set_policy(auditing, words[0], words + 1, count - 1);
		} else if (strcmp(what, "zone") == 0) {
			open_beside(auditing, path, words[0]);
		}
	}
}

static void begin(auditing_t *auditing)
{
	static const char *const proxies[] = { "104.16.0.0/13", "172.64.0.0/13", "2606:4700::/32" };
	static const char *const excepts[] = { "104.20.0.0/16" };
	memset(auditing, 0, sizeof(*auditing));
	auditing->proxies = networks(proxies, 3);
	auditing->excepts = networks(excepts, 1);
	auditing->proxy_name = (const knot_dname_t *)"\x03""cdn\x07""example\x03""net";
	auditing->stanza = (stanza_t){
		.enforce = true,
		.proxies = auditing->proxies,
		.excepts = auditing->excepts,
		.proxy_names = &auditing->proxy_name,
		.proxy_name_count = 1,
		.ttl = 300,
	};
	add_mail(&auditing->stanza, "198.51.100.25");
}

static void run(auditing_t *auditing)
{
	char err[ZONE_ERR_MAX], policy_err[STANZA_TEXT_MAX];
	zone_t *zone = auditing->list[0];
	assert(stanza_policy(&auditing->policy, &auditing->stanza, zone_apex(zone),
	                     policy_err) == KNOT_EOK);
	assert(zones_new(&auditing->zones, auditing->list, auditing->count) == KNOT_EOK);
	assert(zone_resolve(zone, &auditing->policy, auditing->zones, err) == KNOT_EOK);
	const audit_input_t input = {
		.stanza = &auditing->stanza,
		.origins = auditing->stanza.origins,
		.lists = auditing->lists,
		.list_count = auditing->list_count,
		.now = TODAY,
	};
	assert(audit_zone(&auditing->audit, zone, &auditing->policy, &input) == KNOT_EOK);
}

void auditing_open(auditing_t *auditing, const char *path)
{
	char err[ZONE_ERR_MAX];
	size_t size;
	begin(auditing);
	auditing->text = read_file(path, &size);
	if (zone_open(&auditing->list[auditing->count++], path, NULL, err) != KNOT_EOK) {
		fprintf(stderr, "%s\n", err);
		abort();
	}
	read_comments(auditing, path);
	run(auditing);
}

/* The policy of another run. */
static void begin_like(auditing_t *auditing, const auditing_t *like)
{
	begin(auditing);
	auditing->stanza.mail_hosts = like->stanza.mail_hosts;
	auditing->stanza.web_hosts = like->stanza.web_hosts;
	auditing->stanza.exchange = like->stanza.exchange;
	auditing->stanza.origins = like->stanza.origins;
	memcpy(auditing->lists, like->lists, sizeof(like->lists));
	auditing->list_count = like->list_count;
	stanza_clear(&auditing->stanza);
	for (size_t i = 0; i < like->stanza.mail4.count; i++) {
		assert(stanza_add_address(&auditing->stanza, 4, like->stanza.mail4.at + 4 * i) ==
		       KNOT_EOK);
	}
	for (size_t i = 0; i < like->stanza.mail6.count; i++) {
		assert(stanza_add_address(&auditing->stanza, 6, like->stanza.mail6.at + 16 * i) ==
		       KNOT_EOK);
	}
}

void auditing_open_text(auditing_t *auditing, const auditing_t *like, char *text, size_t size)
{
	char err[ZONE_ERR_MAX];
	begin_like(auditing, like);
	if (zone_open_text(&auditing->list[auditing->count++], "mended", text, size,
	                   zone_apex(like->list[0]), err) != KNOT_EOK) {
		fprintf(stderr, "%s\n", err);
		abort();
	}
	run(auditing);
}

void auditing_open_padded(auditing_t *auditing, const auditing_t *like, const char *path,
                          const char *other)
{
	char err[ZONE_ERR_MAX];
	size_t size;
	char *text = read_file(path, &size);
	FILE *file = fopen(other, "w");
	assert(file != NULL);
	(void)fprintf(file, "%s\n", text);
	for (unsigned i = 0; i < 2100; i++) {
		(void)fprintf(file, "pad%u A 192.0.2.200\npad%u CNAME pad%u\n", i, i + 10000, i);
	}
	assert(fclose(file) == 0);
	free(text);

	begin_like(auditing, like);
	if (zone_open(&auditing->list[auditing->count++], other, NULL, err) != KNOT_EOK) {
		fprintf(stderr, "%s\n", err);
		abort();
	}
	run(auditing);
}

void auditing_clear(auditing_t *auditing)
{
	audit_clear(&auditing->audit);
	zones_free(auditing->zones);
	for (size_t i = 0; i < auditing->count; i++) {
		zone_free(auditing->list[i]);
	}
	stanza_policy_clear(&auditing->policy);
	stanza_clear(&auditing->stanza);
	netset_free(auditing->proxies);
	netset_free(auditing->excepts);
	netset_free(auditing->origins);
	free(auditing->text);
}

__attribute__((format(printf, 2, 3)))
static void put(char *out, const char *fmt, ...)
{
	size_t used = strlen(out);
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(out + used, AUDITING_TEXT_MAX - used, fmt, args);
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
		(void)inet_ntop(finding->family == 4 ? AF_INET : AF_INET6, finding->address, address,
		                sizeof(address));
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
	put(out, " %llu\n", (unsigned long long)finding->line);
	assert(finding->message != NULL && finding->remedy != NULL);
	assert((finding->file != NULL) == (finding->line != 0) || finding->owner == NULL);
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

void auditing_text(char out[static AUDITING_TEXT_MAX], const auditing_t *auditing)
{
	const audit_t *audit = &auditing->audit;
	out[0] = '\0';
	for (size_t i = 0; i < audit->finding_count; i++) {
		put_finding(out, &audit->findings[i]);
	}
	for (size_t i = 0; i < audit->edit_count; i++) {
		put_edit(out, &audit->edits[i]);
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
} mending_t;

static int keep_record(void *ctx, const record_t *record)
{
	mending_t *mending = ctx;
	uint8_t data[4096];
	knot_rdata_t *rdata = (knot_rdata_t *)data;
	assert(record->rdata_len < sizeof(data) - 2);
	knot_rdata_init(rdata, (uint16_t)record->rdata_len, record->rdata);
	for (size_t i = 0; i < mending->audit->edit_count; i++) {
		const audit_edit_t *edit = &mending->audit->edits[i];
		if (!edit->add && edit->type == record->type &&
		    knot_dname_is_equal(edit->owner, record->owner) &&
		    knot_rdata_cmp(edit->rdata, rdata) == 0) {
			return KNOT_EOK;
		}
	}
	/* A name in front of a line has no space before it. */
	mending->out[0] = '\0';
	put_record(mending->out, record->owner, record->ttl, record->type, record->rdata,
	           record->rdata_len);
	memmove(mending->out, mending->out + 1, strlen(mending->out));
	mending->out += strlen(mending->out);
	return KNOT_EOK;
}

char *auditing_mended(const auditing_t *auditing, const char *path, size_t *size)
{
	const audit_t *audit = &auditing->audit;
	char *text = calloc(1, AUDITING_TEXT_MAX * 2), err[ZONE_ERR_MAX];
	assert(text != NULL);
	source_t source;
	mending_t mending = { .audit = audit, .out = text };
	assert(source_open(&source, path, err) == KNOT_EOK);
	assert(source_scan(&source, audit->zone, keep_record, &mending, err) == KNOT_EOK);
	source_clear(&source);
	for (size_t i = 0; i < audit->edit_count; i++) {
		const audit_edit_t *edit = &audit->edits[i];
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
