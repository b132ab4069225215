/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Log lines and their rate.
 */

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/hash.h"
#include "module/log.h"

/* Slots that are tried for a name. */
#define PROBES 4
/* Addresses named in a line. */
#define ADDRESSES_MAX 3

/* A name that was logged: who it is and when, as one word that changes as a whole (a hash in the
 * upper half, the second of the last line in the lower one), and the answers since then. */
typedef struct {
	_Atomic uint64_t said;
	_Atomic uint32_t answers;
} slot_t;

struct log {
	bool enforce;
	uint32_t interval;
	_Atomic(slot_t *) slots;
};

log_t *log_new(bool enforce, uint32_t interval)
{
	log_t *log = calloc(1, sizeof(*log));
	if (log != NULL) {
		log->enforce = enforce;
		log->interval = interval;
	}
	return log;
}

void log_free(log_t *log)
{
	if (log != NULL) {
		free(atomic_load(&log->slots));
		free(log);
	}
}

/* The table, made by whoever needs it first. */
static slot_t *get_slots(log_t *log)
{
	slot_t *slots = atomic_load_explicit(&log->slots, memory_order_acquire);
	if (slots == NULL) {
		slot_t *fresh = calloc(LOG_SLOTS, sizeof(*fresh));
		if (fresh == NULL) {
			return NULL;
		}
		if (atomic_compare_exchange_strong(&log->slots, &slots, fresh)) {
			slots = fresh;
		} else {
			free(fresh);
		}
	}
	return slots;
}

/* A hash over what makes a finding the same finding. */
static uint64_t hash_of(const finding_t *finding)
{
	uint64_t hash = hash_word(HASH_START, (uint64_t)finding->rule << 16 | finding->type);
	hash = hash_more(hash, finding->owner, knot_dname_size(finding->owner));
	if (finding->target != NULL) {
		hash = hash_more(hash, finding->target, knot_dname_size(finding->target));
	}
	return hash;
}

static bool is_said(uint64_t said, uint32_t key)
{
	return said != 0 && said >> 32 == key;
}

/* Signed: another thread may have read the clock a moment later. */
static bool is_due(uint64_t said, uint32_t interval, uint32_t now)
{
	return said == 0 || (int32_t)(now - (uint32_t)said) >= (int32_t)interval;
}

/* Takes a slot for a line now. False if another thread was faster; *said is what it wrote. */
static bool take(slot_t *slot, uint64_t *said, uint32_t key, uint32_t now)
{
	return atomic_compare_exchange_strong(&slot->said, said, (uint64_t)key << 32 | now);
}

/* Counts an answer of a name that has a slot: how many to say, 0 for not yet. */
static uint32_t count_answer(slot_t *slot, uint64_t said, uint32_t key, uint32_t interval,
                             uint32_t now)
{
	if (is_due(said, interval, now) && take(slot, &said, key, now)) {
		return atomic_exchange(&slot->answers, 0) + 1;
	}
	atomic_fetch_add(&slot->answers, 1);
	return 0;
}

/* How many answers a line about this finding would stand for now; 0 if none is due. */
static uint32_t answers_due(log_t *log, uint64_t hash, uint32_t now)
{
	slot_t *slots = (log->interval > 0) ? get_slots(log) : NULL;
	if (slots == NULL) {
		return log->interval == 0;
	}

	uint32_t key = (hash >> 32) | 1; /* Never 0, and not what picks the slot. */
	for (uint32_t i = 0; i < PROBES; i++) {
		slot_t *slot = &slots[(hash + i) % LOG_SLOTS];
		uint64_t said = atomic_load(&slot->said);
		if (is_said(said, key)) {
			return count_answer(slot, said, key, log->interval, now);
		}
	}
	for (uint32_t i = 0; i < PROBES; i++) {
		slot_t *slot = &slots[(hash + i) % LOG_SLOTS];
		uint64_t said = atomic_load(&slot->said);
		if (is_due(said, log->interval, now) && !is_said(said, key) &&
		    take(slot, &said, key, now)) {
			atomic_store(&slot->answers, 0); /* Those were another name's. */
			return 1;
		}
		if (is_said(said, key)) {
			return count_answer(slot, said, key, log->interval, now);
		}
	}
	return 0;
}

/* A line being written; what does not fit is cut. */
typedef struct {
	char *at;
	size_t room;
} line_t;

__attribute__((format(printf, 2, 3)))
static void add(line_t *text, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int written = vsnprintf(text->at, text->room, format, args);
	va_end(args);
	if (written > 0) {
		size_t size = (size_t)written < text->room ? (size_t)written : text->room - 1;
		text->at += size;
		text->room -= size;
	}
}

static void add_name(line_t *text, const knot_dname_t *name)
{
	knot_dname_txt_storage_t buf;
	if (knot_dname_to_str(buf, name, sizeof(buf)) == NULL) {
		buf[0] = '\0';
	}
	/* Longer names would push the rest of the line out. */
	add(text, strlen(buf) > 100 ? "%.97s..." : "%s", buf);
}

static void add_address(line_t *text, int family, const uint8_t *address)
{
	char buf[INET6_ADDRSTRLEN];
	add(text, "%s", inet_ntop(family == 4 ? AF_INET : AF_INET6, address, buf, sizeof(buf)));
}

static void add_type(line_t *text, uint16_t type)
{
	char buf[32];
	if (knot_rrtype_to_string(type, buf, sizeof(buf)) < 0) {
		buf[0] = '\0';
	}
	add(text, " %s", buf);
}

static void add_found(line_t *text, const finding_t *finding)
{
	if (finding->target != NULL) {
		add_name(text, finding->target);
		add(text, " ");
	}
	const char *open = finding->target != NULL ? "(" : "";
	const char *close = finding->target != NULL ? ")" : "";
	if (finding->network != NULL) {
		char network[NET_TEXT_MAX];
		add(text, "%s", open);
		add_address(text, finding->family, finding->address);
		add(text, " in %s%s", net_to_str(finding->network, network), close);
	} else if (finding->rule == RULE_MISSING_TARGET) {
		add(text, "%sno address%s", open, close);
	} else if (finding->rule == RULE_SIGN_FAILURE) {
		add(text, "signed zone, but no signature can be made");
	} else {
		add(text, "%s%s%s", open, finding->rule == RULE_EXCHANGE_DELEGATED
		    ? "no good for mail" : "leads to a proxy", close);
	}
	if (finding->rule == RULE_EXCHANGE_DELEGATED) {
		add(text, ", but the mail exchange ");
		add_name(text, finding->answer_name);
		add(text, " is not in this zone's authority");
	}
}

static void add_answer(line_t *text, const finding_t *finding)
{
	const knot_rrset_t *rrset = finding->answer_rrset;
	if (finding->rule == RULE_EXCHANGE_DELEGATED) {
		add(text, "as it is");
	} else if (finding->answer_name != NULL) {
		add_name(text, finding->answer_name);
	} else if (rrset == NULL) {
		add(text, "no data");
	} else {
		knot_rdata_t *rdata = rrset->rrs.rdata;
		for (uint16_t i = 0; i < rrset->rrs.count; i++) {
			if (i == ADDRESSES_MAX) {
				add(text, " and %u more", rrset->rrs.count - i);
				break;
			}
			add(text, "%s", i > 0 ? " " : "");
			add_address(text, rrset->type == KNOT_RRTYPE_A ? 4 : 6, rdata->data);
			rdata = knot_rdataset_next(rdata);
		}
	}
}

void log_line(char line[static LOG_LINE_MAX], const finding_t *finding, bool enforce,
                 const char *instead, uint32_t answers)
{
	line_t text = { line, LOG_LINE_MAX };
	line[0] = '\0';
	add(&text, "%s, %s, ", enforce ? "enforce" : "log", rule_names[finding->rule]);
	add_name(&text, finding->owner);
	add_type(&text, finding->type);
	add(&text, ", ");
	add_found(&text, finding);
	add(&text, ", %s ", enforce ? "answered" : "would answer");
	if (instead != NULL) {
		add(&text, "%s", instead);
	} else {
		add_answer(&text, finding);
	}
	if (answers > 1) {
		add(&text, ", %u answers", answers);
	}
}

/* An RRset may be in a response twice, and two RRs may have one target. */
static bool is_repeated(const uint64_t *hashes, size_t count, uint64_t hash)
{
	for (size_t i = 0; i < count; i++) {
		if (hashes[i] == hash) {
			return true;
		}
	}
	return false;
}

void log_findings(log_t *log, const policy_verdict_t *verdict, const char *instead,
                     uint32_t now, log_emit_f emit, void *ctx)
{
	uint64_t hashes[POLICY_FINDINGS_MAX];
	for (size_t i = 0; i < verdict->finding_count; i++) {
		const finding_t *finding = &verdict->findings[i];
		hashes[i] = hash_of(finding);
		uint32_t answers = is_repeated(hashes, i, hashes[i])
		                 ? 0 : answers_due(log, hashes[i], now);
		if (answers > 0) {
			char line[LOG_LINE_MAX];
			log_line(line, finding, log->enforce, instead, answers);
			emit(ctx, line);
		}
	}
}
