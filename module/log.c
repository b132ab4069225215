/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Log lines and their rate.
 */

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/text.h"
#include "module/hash.h"
#include "module/log.h"

/* Slots that are tried for a name. */
#define PROBES 4

/* A name that was logged: which it is and when, as one word that changes as a whole (a hash in the
 * upper half, the second of the last line in the lower one), and the answers since then. */
typedef struct {
	_Atomic uint64_t said;
	_Atomic uint32_t answers;
} slot_t;

/* Bits by which names without a slot are distinguished. */
#define FURTHER_BITS 4096

/* Names that found no slot: for one line in an interval. */
typedef struct {
	_Atomic uint64_t since; /* The second of the first one, plus 1; 0: there is none. */
	_Atomic uint32_t names;
	_Atomic uint32_t answers;
	_Atomic uint64_t seen[FURTHER_BITS / 64]; /* By hash, so that each name counts once. */
} further_t;

typedef struct {
	slot_t slots[LOG_SLOTS];
	further_t further;
} table_t;

struct log {
	bool enforce;
	uint32_t interval;
	_Atomic(table_t *) table;
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
		free(atomic_load(&log->table));
		free(log);
	}
}

/* The table, made by the first thread that needs it; NULL if out of memory. */
static table_t *get_table(log_t *log)
{
	table_t *table = atomic_load_explicit(&log->table, memory_order_acquire);
	if (table == NULL) {
		table_t *made = calloc(1, sizeof(*made));
		if (made != NULL && atomic_compare_exchange_strong(&log->table, &table, made)) {
			return made;
		}
		free(made);
	}
	return table;
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

/* Sets a slot for a line that is logged now. False if another thread was faster; *said is what it
 * wrote. */
static bool set_slot(slot_t *slot, uint64_t *said, uint32_t key, uint32_t now)
{
	return atomic_compare_exchange_strong(&slot->said, said, (uint64_t)key << 32 | now);
}

/* What a line about a finding would stand for. */
typedef struct {
	uint32_t answers; /* 0: no line is due. */
	uint32_t seconds; /* Since the last one. */
} due_t;

/* Counts an answer of a name that has a slot. */
static due_t count_answer(slot_t *slot, uint64_t said, uint32_t key, uint32_t interval,
                          uint32_t now)
{
	if (is_due(said, interval, now) && set_slot(slot, &said, key, now)) {
		return (due_t){ atomic_exchange(&slot->answers, 0) + 1, now - (uint32_t)said };
	}
	atomic_fetch_add(&slot->answers, 1);
	return (due_t){ 0, 0 };
}

/* Counts an answer of a name that has no slot. */
static void count_further(further_t *further, uint64_t hash, uint32_t now)
{
	uint64_t since = 0, bit = UINT64_C(1) << (hash % 64);
	_Atomic uint64_t *seen = &further->seen[hash / 64 % (FURTHER_BITS / 64)];
	if ((atomic_fetch_or(seen, bit) & bit) == 0) {
		atomic_fetch_add(&further->names, 1);
	}
	atomic_fetch_add(&further->answers, 1);
	(void)atomic_compare_exchange_strong(&further->since, &since, (uint64_t)now + 1);
}

/* What a line about this finding would stand for now. */
static due_t find_due(table_t *table, uint32_t interval, uint64_t hash, uint32_t now)
{
	uint32_t key = (hash >> 32) | 1; /* Never 0, and not what picks the slot. */
	for (uint32_t i = 0; i < PROBES; i++) {
		slot_t *slot = &table->slots[(hash + i) % LOG_SLOTS];
		uint64_t said = atomic_load(&slot->said);
		if (is_said(said, key)) {
			return count_answer(slot, said, key, interval, now);
		}
	}
	for (uint32_t i = 0; i < PROBES; i++) {
		slot_t *slot = &table->slots[(hash + i) % LOG_SLOTS];
		uint64_t said = atomic_load(&slot->said);
		if (is_due(said, interval, now) && !is_said(said, key) &&
		    set_slot(slot, &said, key, now)) {
			atomic_store(&slot->answers, 0); /* Those were another name's. */
			return (due_t){ 1, 0 };
		}
		if (is_said(said, key)) {
			return count_answer(slot, said, key, interval, now);
		}
	}
	count_further(&table->further, hash, now);
	return (due_t){ 0, 0 };
}

/* A line being written; truncated if it does not fit. */
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
	(void)name_text(buf, name);
	/* Longer names would push the rest of the line out. */
	add(text, strlen(buf) > 100 ? "%.97s..." : "%s", buf);
}

static void add_address(line_t *text, int family, const uint8_t *address)
{
	char buf[ADDRESS_TEXT_MAX];
	add(text, "%s", address_text(buf, family, address));
}

static void add_missing(line_t *text, const finding_t *finding)
{
	if (finding->wildcard) {
		add(text, "no record but a wildcard's");
	} else if (finding->target != NULL || finding->type == KNOT_RRTYPE_ANY) {
		add(text, "no address");
	} else if (family_of_type(finding->type) == 0) {
		add(text, "no such name");
	} else {
		add(text, "no%s record", finding->type == KNOT_RRTYPE_A ? " A" : " AAAA");
	}
}

static void add_found(line_t *text, const finding_t *finding)
{
	if (finding->target != NULL) {
		add_name(text, finding->target);
		add(text, " ");
	}
	const char *open = finding->target != NULL ? "(" : "";
	const char *close = finding->target != NULL ? ")" : "";
	if (finding->family != 0) {
		char network[NET_TEXT_MAX];
		add(text, "%s", open);
		add_address(text, finding->family, finding->address);
		add(text, " in %s%s", net_to_str(&finding->network, network), close);
	} else if (finding->rule == RULE_MISSING_TARGET) {
		add(text, "%s", open);
		add_missing(text, finding);
		add(text, "%s", close);
	} else if (finding->rule == RULE_SIGN_FAILURE) {
		add(text, "can't be signed: %s", finding->cause);
	} else if (finding->rule == RULE_UNJUDGED) {
		add(text, "the work for one answer was at its limit");
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
	if (finding->action == ACTION_LOGGED) {
		add(text, "as it is");
	} else if (finding->answer_name != NULL) {
		add_name(text, finding->answer_name);
	} else if (finding->answer_count == 0) {
		add(text, finding->section == KNOT_ADDITIONAL ? "without this additional record"
		                                              : "no data");
	}
	for (uint32_t i = 0; i < finding->answer_count && i < FINDING_ADDRESSES; i++) {
		add(text, "%s", i > 0 ? " " : "");
		add_address(text, finding->answer[i].family, finding->answer[i].octets);
	}
	if (finding->answer_count > FINDING_ADDRESSES) {
		add(text, " and %u more", finding->answer_count - FINDING_ADDRESSES);
	}
}

static const char *mode_name(bool enforce)
{
	return enforce ? "enforce" : "log";
}

void log_line(char line[static LOG_LINE_MAX], const finding_t *finding, bool enforce,
              const char *instead, uint32_t answers, uint32_t seconds)
{
	line_t text = { line, LOG_LINE_MAX };
	char type[TYPE_TEXT_MAX];
	line[0] = '\0';
	add(&text, "%s, %s, ", mode_name(enforce), rule_names[finding->rule]);
	add_name(&text, finding->owner);
	add(&text, " %s, ", type_text(type, finding->type));
	add_found(&text, finding);
	add(&text, ", %s ", enforce ? "answered" : "would answer");
	if (instead != NULL) {
		add(&text, "%s", instead);
	} else {
		add_answer(&text, finding);
	}
	if (answers > 1) {
		add(&text, ", %u answers in %u s", answers, seconds);
	}
}

/* Says how many names found no slot, once in an interval. */
static void log_further(log_t *log, further_t *further, uint32_t now, log_emit_f emit, void *ctx)
{
	uint64_t since = atomic_load(&further->since);
	int32_t seconds = (int32_t)(now - (uint32_t)(since - 1));
	if (since == 0 || seconds < (int32_t)log->interval ||
	    !atomic_compare_exchange_strong(&further->since, &since, 0)) {
		return;
	}
	for (size_t i = 0; i < FURTHER_BITS / 64; i++) {
		atomic_store(&further->seen[i], 0);
	}
	uint32_t names = atomic_exchange(&further->names, 0);
	uint32_t answers = atomic_exchange(&further->answers, 0);
	char line[LOG_LINE_MAX];
	line_t text = { line, LOG_LINE_MAX };
	add(&text, "%s, and %u further name%s, %u answer%s in %d s", mode_name(log->enforce), names,
	    names == 1 ? "" : "s", answers, answers == 1 ? "" : "s", seconds);
	emit(ctx, line);
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
	table_t *table = (log->interval > 0) ? get_table(log) : NULL;
	if (log->interval > 0 && table == NULL) {
		return; /* Out of memory. */
	}
	uint64_t hashes[POLICY_FINDINGS_MAX];
	for (size_t i = 0; i < verdict->finding_count; i++) {
		const finding_t *finding = &verdict->findings[i];
		hashes[i] = hash_of(finding);
		if (is_repeated(hashes, i, hashes[i])) {
			continue;
		}
		due_t due = (table != NULL) ? find_due(table, log->interval, hashes[i], now)
		                            : (due_t){ 1, 0 };
		if (due.answers > 0) {
			char line[LOG_LINE_MAX];
			log_line(line, finding, log->enforce, instead, due.answers, due.seconds);
			emit(ctx, line);
		}
	}
	if (table != NULL && verdict->finding_count > 0) {
		log_further(log, &table->further, now, emit, ctx);
	}
}
