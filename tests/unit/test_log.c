/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Log lines: their text, how often they are said, and how many answers they stand for.
 */

#undef NDEBUG

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "module/log.h"

#define THREADS 4
#define LABEL "a23456789012345678901234567890123456789012345678901234567890123"

static const net_t net4 = { 4, false, 13, { 104, 16 }, { 104, 23, 255, 255 } };
static const net_t net6 = { 6, false, 32, { 0x26, 0x06, 0x47, 0 }, { 0x26, 0x06, 0x47, 0 } };

/* Notes the addresses in a text as those that are answered. */
static void answer(finding_t *finding, const char *addresses)
{
	char copy[256], *next = NULL;
	(void)snprintf(copy, sizeof(copy), "%s", addresses);
	for (char *word = strtok_r(copy, " ", &next); word != NULL;
	     word = strtok_r(NULL, " ", &next)) {
		bool v4 = strchr(word, ':') == NULL;
		if (finding->answer_count < FINDING_ADDRESSES) {
			finding_address_t *address = &finding->answer[finding->answer_count];
			address->family = v4 ? 4 : 6;
			assert_int_equal(inet_pton(v4 ? AF_INET : AF_INET6, word, address->octets),
			                 1);
		}
		finding->answer_count++;
	}
}

typedef struct {
	bool enforce;
	bool refused;
	uint32_t answers;
	rule_t rule;
	const char *owner;
	uint16_t type;
	const char *target;
	const char *address; /* NULL: none shows. */
	const char *answer_name;
	const char *answer;  /* Addresses. */
	const char *line;
	action_t action;     /* Where it matters: ACTION_LOGGED is "as it is". */
	knot_section_t section;
	bool wildcard;
} line_case_t;

static const line_case_t lines[] = {
	{ true, false, 1, RULE_PROXIED_HOST, "mail.example.com.", KNOT_RRTYPE_A, NULL, "104.16.1.2",
	  NULL, "198.51.100.25",
	  "enforce, proxied-host, mail.example.com. A, 104.16.1.2 in 104.16.0.0/13, "
	  "answered 198.51.100.25", .action = ACTION_REPLACED },
	{ false, false, 1, RULE_PROXIED_HOST, "mail.example.com.", KNOT_RRTYPE_A, NULL,
	  "104.16.1.2", NULL, "198.51.100.25",
	  "log, proxied-host, mail.example.com. A, 104.16.1.2 in 104.16.0.0/13, "
	  "would answer 198.51.100.25", .action = ACTION_REPLACED },
	{ true, false, 17, RULE_PROXIED_HOST, "mail.example.com.", KNOT_RRTYPE_AAAA, NULL,
	  "2606:4700::1", NULL, "2001:db8::25 2001:db8::26",
	  "enforce, proxied-host, mail.example.com. AAAA, 2606:4700::1 in 2606:4700::/32, "
	  "answered 2001:db8::25 2001:db8::26, 17 answers in 73 s", .action = ACTION_REPLACED },
	{ true, false, 0, RULE_PROXIED_HOST, "mail.example.com.", KNOT_RRTYPE_A, NULL, "104.16.1.2",
	  NULL, "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5",
	  "enforce, proxied-host, mail.example.com. A, 104.16.1.2 in 104.16.0.0/13, "
	  "answered 192.0.2.1 192.0.2.2 192.0.2.3 and 2 more", .action = ACTION_REPLACED },
	{ true, false, 1, RULE_PROXIED_HOST, "mail.example.com.", KNOT_RRTYPE_A, NULL, "104.16.1.2",
	  NULL, NULL,
	  "enforce, proxied-host, mail.example.com. A, 104.16.1.2 in 104.16.0.0/13, "
	  "answered no data", .action = ACTION_REPLACED },
	{ true, true, 2, RULE_PROXIED_HOST, "mail.example.com.", KNOT_RRTYPE_A, NULL, "104.16.1.2",
	  NULL, "198.51.100.25",
	  "enforce, proxied-host, mail.example.com. A, 104.16.1.2 in 104.16.0.0/13, "
	  "answered SERVFAIL, 2 answers in 73 s", .action = ACTION_REPLACED },
	{ true, false, 1, RULE_PROXIED_TARGET, "example.com.", KNOT_RRTYPE_MX, "www.example.com.",
	  "104.16.1.2", "mail.example.com.", NULL,
	  "enforce, proxied-target, example.com. MX, www.example.com. (104.16.1.2 in "
	  "104.16.0.0/13), "
	  "answered mail.example.com.", .action = ACTION_REPLACED },
	{ true, false, 1, RULE_PROXIED_ALIAS, "mail.example.com.", KNOT_RRTYPE_TXT,
	  "x.cdn.example.net.", NULL, NULL, NULL,
	  "enforce, proxied-alias, mail.example.com. TXT, x.cdn.example.net. (leads to a proxy), "
	  "answered no data", .action = ACTION_REPLACED },
	{ true, false, 1, RULE_EXCHANGE_DELEGATED, "example.com.", KNOT_RRTYPE_MX,
	  "www.example.com.", "104.16.1.2", "mail.sub.example.com.", NULL,
	  "enforce, exchange-delegated, example.com. MX, www.example.com. (104.16.1.2 in "
	  "104.16.0.0/13), but the mail exchange mail.sub.example.com. is not in this zone's "
	  "authority, answered as it is", .action = ACTION_LOGGED },
	{ false, false, 1, RULE_EXCHANGE_DELEGATED, "example.com.", KNOT_RRTYPE_MX,
	  "gone.example.com.", NULL, "mail.sub.example.com.", NULL,
	  "log, exchange-delegated, example.com. MX, gone.example.com. (no good for mail), but the "
	  "mail exchange mail.sub.example.com. is not in this zone's authority, would answer as "
	  "it is", .action = ACTION_LOGGED },
	{ true, false, 1, RULE_MISSING_TARGET, "mail.example.com.", KNOT_RRTYPE_A, NULL, NULL, NULL,
	  "198.51.100.25",
	  "enforce, missing-target, mail.example.com. A, no A record, answered 198.51.100.25",
	  .action = ACTION_REPLACED },
	{ true, false, 1, RULE_MISSING_TARGET, "example.com.", KNOT_RRTYPE_MX, "mx.example.com.",
	  NULL, "mail.example.com.", NULL,
	  "enforce, missing-target, example.com. MX, mx.example.com. (no address), "
	  "answered mail.example.com.", .action = ACTION_REPLACED },
	{ true, true, 1, RULE_SIGN_FAILURE, "mail.example.com.", KNOT_RRTYPE_A, NULL, NULL, NULL,
	  NULL,
	  "enforce, sign-failure, mail.example.com. A, can't be signed: no private key, "
	  "answered SERVFAIL", .action = ACTION_REPLACED },
	{ false, false, 1, RULE_UNJUDGED, "example.com.", KNOT_RRTYPE_MX, NULL, NULL, NULL, NULL,
	  "log, unjudged, example.com. MX, the work for one answer was at its limit, would answer "
	  "as it is", .action = ACTION_LOGGED },
	{ false, false, 1, RULE_MISSING_TARGET, "mail.example.com.", KNOT_RRTYPE_AAAA, NULL, NULL,
	  NULL, "2001:db8::25",
	  "log, missing-target, mail.example.com. AAAA, no AAAA record, would answer 2001:db8::25",
	  .action = ACTION_SYNTHESIZED },
	{ false, false, 1, RULE_MISSING_TARGET, "mail.example.com.", KNOT_RRTYPE_ANY, NULL, NULL,
	  NULL, "192.0.2.1 2001:db8::25",
	  "log, missing-target, mail.example.com. ANY, no address, would answer 192.0.2.1 "
	  "2001:db8::25", .action = ACTION_SYNTHESIZED },
	{ true, false, 1, RULE_MISSING_TARGET, "mail.example.com.", KNOT_RRTYPE_A, NULL, NULL, NULL,
	  "192.0.2.1", "enforce, missing-target, mail.example.com. A, no record but a wildcard's, "
	  "answered 192.0.2.1", ACTION_SYNTHESIZED, KNOT_ANSWER, true },
	{ true, false, 1, RULE_PROXIED_HOST, "mail.example.com.", KNOT_RRTYPE_A, NULL, "104.16.1.2",
	  NULL, NULL,
	  "enforce, proxied-host, mail.example.com. A, 104.16.1.2 in 104.16.0.0/13, "
	  "answered without this additional record", ACTION_EMPTIED, KNOT_ADDITIONAL, false },
	/* What could break a line or a terminal is escaped; a type may have no name. */
	{ true, false, 1, RULE_MISSING_TARGET, "a\\010\\027[1m.example.com.", 65280, NULL, NULL,
	  NULL, NULL,
	  "enforce, missing-target, a\\010\\027\\[1m.example.com. TYPE65280, no such name, "
	  "answered no data", .action = ACTION_REPLACED },
	/* Names are cut where they would push the rest out. */
	{ true, false, 1, RULE_PROXIED_TARGET, LABEL "." LABEL ".example.com.", KNOT_RRTYPE_MX,
	  LABEL "." LABEL "." LABEL ".example.com.", "104.16.1.2", "mail." LABEL "." LABEL ".com.",
	  NULL,
	  "enforce, proxied-target, " LABEL ".a23456789012345678901234567890123... MX, " LABEL
	  ".a23456789012345678901234567890123... (104.16.1.2 in 104.16.0.0/13), "
	  "answered mail." LABEL ".a234567890123456789012345678...", .action = ACTION_REPLACED },
};

static const knot_dname_t *wire(knot_dname_storage_t out, const char *name)
{
	return name != NULL ? knot_dname_from_str(out, name, KNOT_DNAME_MAXLEN) : NULL;
}

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		const line_case_t *c = &lines[i];
		finding_t finding = { .rule = c->rule, .type = c->type };
		knot_dname_storage_t names[3];
		finding.owner = wire(names[0], c->owner);
		finding.target = wire(names[1], c->target);
		finding.answer_name = wire(names[2], c->answer_name);
		if (c->address != NULL) {
			bool v4 = strchr(c->address, ':') == NULL;
			finding.family = v4 ? 4 : 6;
			finding.network = v4 ? net4 : net6;
			(void)inet_pton(v4 ? AF_INET : AF_INET6, c->address, finding.address);
		}
		answer(&finding, c->answer != NULL ? c->answer : "");
		finding.action = c->action;
		finding.section = c->section;
		finding.wildcard = c->wildcard;
		finding.cause = "no private key";

		char line[LOG_LINE_MAX];
		log_line(line, &finding, c->enforce, c->refused ? "SERVFAIL" : NULL, c->answers,
		         73);
		assert_string_equal(line, c->line);
	}
}

/* Lines that were said. */
typedef struct {
	atomic_uint count;
	char last[LOG_LINE_MAX];
} said_t;

static void say(void *ctx, const char *line)
{
	said_t *said = ctx;
	atomic_fetch_add(&said->count, 1);
	(void)snprintf(said->last, sizeof(said->last), "%s", line);
}

static void say_nothing(void *ctx, const char *line)
{
	(void)line;
	atomic_fetch_add(&((said_t *)ctx)->count, 1);
}

/* A verdict of one finding about a name made of a number. */
static void make_finding(policy_verdict_t *verdict, knot_dname_storage_t owner, unsigned number)
{
	char text[32];
	(void)snprintf(text, sizeof(text), "m%u.example.com.", number);
	memset(verdict, 0, sizeof(*verdict));
	verdict->finding_count = 1;
	verdict->findings[0] = (finding_t){
		.rule = RULE_MISSING_TARGET,
		.owner = wire(owner, text),
		.type = KNOT_RRTYPE_A,
		.action = ACTION_EMPTIED,
	};
}

/* A report, and an answer with a finding. */
typedef struct {
	log_t *report;
	policy_verdict_t verdict;
	knot_dname_storage_t owner;
	said_t said;
} scene_t;

static void begin(scene_t *scene, bool enforce, uint32_t interval)
{
	scene->report = log_new(enforce, interval);
	assert_non_null(scene->report);
	scene->said = (said_t){ 0 };
	make_finding(&scene->verdict, scene->owner, 1);
}

/* Gives the answer, after which so many lines were said. */
static void give(scene_t *scene, uint32_t now, unsigned count)
{
	log_findings(scene->report, &scene->verdict, NULL, now, say, &scene->said);
	assert_int_equal(scene->said.count, count);
}

#define HEAD "enforce, missing-target, m1.example.com. A, no A record, answered no data"

static void test_interval(void **state)
{
	(void)state;
	static const struct {
		uint32_t now;
		const char *line; /* NULL: silence. */
	} steps[] = {
		{ 1000, HEAD },
		{ 1000, NULL },
		{ 1030, NULL },
		{ 1059, NULL },
		/* A thread that read the clock before the last line was said. */
		{ 999, NULL },
		{ 1060, HEAD ", 5 answers in 60 s" },
		{ 1119, NULL },
		{ 1120, HEAD ", 2 answers in 60 s" },
		{ 1180, HEAD },
		{ 9999, HEAD },
		{ 9999, NULL },
	};
	scene_t scene;
	begin(&scene, true, 60);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		scene.said = (said_t){ 0 };
		give(&scene, steps[i].now, steps[i].line != NULL);
		assert_string_equal(scene.said.last, steps[i].line != NULL ? steps[i].line : "");
	}
	log_free(scene.report);
	log_free(NULL);
}

/* The first is said at once, however young the clock. */
static void test_first(void **state)
{
	(void)state;
	scene_t scene;
	begin(&scene, true, 3600);
	for (uint32_t now = 0; now < 3; now++) {
		give(&scene, now, 1);
	}
	log_free(scene.report);
}

/* Rule, name, type and target make a finding; its addresses do not. */
static void test_same(void **state)
{
	(void)state;
	scene_t scene;
	begin(&scene, true, 60);
	finding_t *finding = &scene.verdict.findings[0];
	static const unsigned counts[] = { 1, 2, 3, 4, 4 };
	for (int i = 0; i < 5; i++) {
		finding->type = i >= 1 ? KNOT_RRTYPE_AAAA : KNOT_RRTYPE_A;
		finding->rule = i >= 2 ? RULE_PROXIED_HOST : RULE_MISSING_TARGET;
		finding->target = i >= 3 ? (const knot_dname_t *)"\x03""www" : NULL;
		finding->network = net4;
		finding->family = i >= 4 ? 4 : 0;
		give(&scene, 5, counts[i]);
	}
	log_free(scene.report);
}

/* An answer that has the same wrong twice is one answer. */
static void test_twice(void **state)
{
	(void)state;
	scene_t scene;
	begin(&scene, true, 60);
	scene.verdict.findings[1] = scene.verdict.findings[0];
	scene.verdict.finding_count = 2;
	give(&scene, 100, 1);
	assert_string_equal(scene.said.last, HEAD);
	give(&scene, 160, 2);
	assert_string_equal(scene.said.last, HEAD);
	give(&scene, 170, 2);
	give(&scene, 220, 3);
	assert_string_equal(scene.said.last, HEAD ", 2 answers in 60 s");
	log_free(scene.report);

	begin(&scene, true, 0);
	scene.verdict.findings[1] = scene.verdict.findings[0];
	scene.verdict.finding_count = 2;
	give(&scene, 100, 1);
	log_free(scene.report);
}

static void test_every(void **state)
{
	(void)state;
	scene_t scene;
	begin(&scene, false, 0);
	for (unsigned i = 0; i < 10; i++) {
		give(&scene, 7, i + 1);
	}
	log_free(scene.report);
}

/* However many names: a bounded number of lines in an interval, and one that says how many names
 * found no room. */
static void test_full(void **state)
{
	(void)state;
	log_t *report = log_new(true, 60);
	policy_verdict_t verdict;
	knot_dname_storage_t owner;
	said_t said = { 0 };
	const unsigned names = 4 * LOG_SLOTS;
	for (unsigned i = 0; i < 4 * names; i++) {
		make_finding(&verdict, owner, i % names);
		log_findings(report, &verdict, NULL, 500 + i / LOG_SLOTS, say_nothing, &said);
	}
	assert_true(said.count <= LOG_SLOTS);
	assert_true(said.count >= LOG_SLOTS * 9 / 10);

	const unsigned shown = said.count;
	said.count = 0;
	make_finding(&verdict, owner, 0);
	verdict.findings[0].rule = RULE_PROXIED_TARGET; /* Another finding, its slot is not free. */
	log_findings(report, &verdict, NULL, 559, say, &said);
	assert_int_equal(said.count, 0);
	make_finding(&verdict, owner, 1000000);
	log_findings(report, &verdict, NULL, 565, say, &said);
	assert_int_equal(said.count, 2);
	unsigned further = 0, answers = 0, seconds = 0;
	assert_int_equal(sscanf(said.last, "enforce, and %u further names, %u answers in %u s",
	                        &further, &answers, &seconds), 3);
	assert_true(further >= (names - shown) * 8 / 10 && further <= names - shown + 1);
	assert_int_equal(answers, 4 * (names - shown) + 1);
	assert_true(seconds >= 60 && seconds <= 65);

	/* Once, and then not before there are others. */
	said.count = 0;
	log_findings(report, &verdict, NULL, 5000, say, &said);
	assert_int_equal(said.count, 1);
	assert_string_equal(said.last, "enforce, missing-target, m1000000.example.com. A, "
	                               "no A record, answered no data");
	log_free(report);
}

/* Many threads, the same names: each name once. */
typedef struct {
	log_t *report;
	said_t *said;
	pthread_barrier_t *barrier;
	uint32_t now;
	unsigned first, names;
} worker_t;

static void *work(void *arg)
{
	const worker_t *worker = arg;
	policy_verdict_t verdict;
	knot_dname_storage_t owner;
	(void)pthread_barrier_wait(worker->barrier);
	for (unsigned i = 0; i < worker->names; i++) {
		make_finding(&verdict, owner, worker->first + i);
		log_findings(worker->report, &verdict, NULL, worker->now, say_nothing,
		                worker->said);
	}
	return NULL;
}

static void run_threads(worker_t *worker)
{
	pthread_t threads[THREADS];
	pthread_barrier_t barrier;
	assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);
	worker->barrier = &barrier;
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, work, worker), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
	pthread_barrier_destroy(&barrier);
}

static void test_threads(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		log_t *report = log_new(true, 60);
		assert_non_null(report);
		said_t said = { 0 };
		worker_t worker = { report, &said, NULL, 100, 0, 8 };
		/* Once, again when they are due, and other names in the place of stale ones. */
		for (unsigned step = 1; step <= 3; step++) {
			run_threads(&worker);
			assert_int_equal(said.count, step * 8);
			worker.now += step * 60;
			worker.first = step < 2 ? 0 : 1000;
		}
		log_free(report);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_interval),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_every),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
