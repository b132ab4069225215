/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The output as a graph and as changes to a zone, octet by octet.
 */

#undef NDEBUG

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/fixture_output.h"

/* RDATA of an address, a CNAME or an MX. */
static knot_rdata_t *rdata(uint16_t type, uint16_t preference, const char *text)
{
	static union {
		knot_rdata_t rdata;
		uint8_t room[300];
	} pool[16];
	static size_t next;

	knot_rdata_t *out = &pool[next++ % COUNT(pool)].rdata;
	uint8_t data[280], family;
	uint16_t length = 0;
	if (type == KNOT_RRTYPE_A || type == KNOT_RRTYPE_AAAA) {
		set_address(&family, data, text);
		length = type == KNOT_RRTYPE_A ? 4 : 16;
	} else {
		if (type == KNOT_RRTYPE_MX) {
			data[length++] = (uint8_t)(preference >> 8);
			data[length++] = (uint8_t)preference;
		}
		const knot_dname_t *target = name(text);
		memcpy(data + length, target, knot_dname_size(target));
		length = (uint16_t)(length + knot_dname_size(target));
	}
	knot_rdata_init(out, length, data);
	return out;
}

static audit_edge_t edge(const char *from, uint16_t type, const char *to)
{
	audit_edge_t out = { .from = name(from), .type = type };
	if (type == KNOT_RRTYPE_A || type == KNOT_RRTYPE_AAAA) {
		set_address(&out.family, out.address, to);
	} else {
		out.to = name(to);
	}
	return out;
}

#define DOT_HEAD \
	"digraph kmxcheck {\n" \
	"\trankdir=LR;\n" \
	"\tranksep=1;\n" \
	"\tlabel=\"orange: leads to a proxy; grey: direct; dashed: steered to the mail " \
	"exchange in mode enforce\";\n" \
	"\tfontname=\"sans-serif\";\n" \
	"\tfontsize=11;\n" \
	"\tnode [fontname=\"sans-serif\", fontsize=11];\n" \
	"\tedge [fontname=\"sans-serif\", fontsize=9];\n"

static void test_dot(void **state)
{
	(void)state;
	audit_edge_t edges[] = {
		edge("example.com.", KNOT_RRTYPE_MX, "example.com."),
		edge("example.com.", KNOT_RRTYPE_MX, "mail.example.com."),
		edge("example.com.", KNOT_RRTYPE_A, "104.16.1.1"),
		edge("mail.example.com.", KNOT_RRTYPE_AAAA, "2001:db8::25"),
		edge("o\\\"d\\\\d.example.com.", KNOT_RRTYPE_SRV, "cdn.example.net."),
	};
	edges[0].steered = true;
	edges[0].proxied = true;
	edges[1].steered = true;
	edges[2].proxied = true;
	edges[4].proxied = true;
	audit_t audit = {
		.zone = name("example.com."),
		.edges = { .at = edges, .count = COUNT(edges) },
	};
	output_zone_t zone = { .audit = &audit };
	output_t output = { .zones = &zone, .zone_count = 1 };
	expect(&output, FORMAT_DOT,
	       DOT_HEAD
	       "\t// example.com. serial 0\n"
	       "\t\"d example.com.\" [label=\"example.com.\", shape=box, style=bold];\n"
	       "\t\"d o\\\\\\\"d\\\\\\\\d.example.com.\" "
	       "[label=\"o\\\\\\\"d\\\\\\\\d.example.com.\", shape=box, style=bold];\n"
	       "\t\"t example.com.\" [label=\"example.com.\", color=\"#f6821f\", penwidth=2];\n"
	       "\t\"t mail.example.com.\" [label=\"mail.example.com.\"];\n"
	       "\t\"t cdn.example.net.\" [label=\"cdn.example.net.\", color=\"#f6821f\", "
	       "penwidth=2];\n"
	       "\t\"a 104.16.1.1\" [label=\"104.16.1.1\", shape=box, style=\"rounded,filled\", "
	       "color=\"#f6821f\", fillcolor=\"#f6821f\"];\n"
	       "\t\"a 2001:db8::25\" [label=\"2001:db8::25\", shape=box, style=\"rounded,filled\", "
	       "color=\"#8c8c8c\", fillcolor=\"#d9d9d9\"];\n"
	       "\t\"d example.com.\" -> \"t example.com.\" [label=\"MX\", color=\"#f6821f\", "
	       "style=dashed];\n"
	       "\t\"d example.com.\" -> \"t mail.example.com.\" [label=\"MX\", color=\"#8c8c8c\", "
	       "style=dashed];\n"
	       "\t\"t example.com.\" -> \"a 104.16.1.1\" [label=\"A\", color=\"#f6821f\"];\n"
	       "\t\"t mail.example.com.\" -> \"a 2001:db8::25\" [label=\"AAAA\", "
	       "color=\"#8c8c8c\"];\n"
	       "\t\"d o\\\\\\\"d\\\\\\\\d.example.com.\" -> \"t cdn.example.net.\" [label=\"SRV\", "
	       "color=\"#f6821f\"];\n"
	       "}\n");
	expect(&(output_t){ 0 }, FORMAT_DOT, DOT_HEAD "}\n");
}

/* All of the way to a proxy is orange, be it by aliases; what is beside it is not. */
static void test_dot_way(void **state)
{
	(void)state;
	audit_edge_t edges[] = {
		edge("a.", KNOT_RRTYPE_MX, "b.a."),
		edge("b.a.", KNOT_RRTYPE_CNAME, "c.a."),
		edge("c.a.", KNOT_RRTYPE_CNAME, "d.a."),
		edge("d.a.", KNOT_RRTYPE_A, "104.16.1.1"),
		edge("d.a.", KNOT_RRTYPE_A, "192.0.2.1"),
		edge("loop.a.", KNOT_RRTYPE_CNAME, "pool.a."),
		edge("pool.a.", KNOT_RRTYPE_CNAME, "loop.a."),
	};
	edges[3].proxied = true;
	audit_t audit = { .zone = name("a."), .edges = { .at = edges, .count = COUNT(edges) } };
	output_zone_t zone = { .audit = &audit };
	char *text = printed(&(output_t){ .zones = &zone, .zone_count = 1 }, FORMAT_DOT);
	static const char *const lines[] = {
		"\t\"d a.\" -> \"t b.a.\" [label=\"MX\", color=\"#f6821f\"];\n",
		"\t\"t b.a.\" -> \"t c.a.\" [label=\"CNAME\", color=\"#f6821f\"];\n",
		"\t\"t c.a.\" -> \"t d.a.\" [label=\"CNAME\", color=\"#f6821f\"];\n",
		"\t\"t d.a.\" -> \"a 104.16.1.1\" [label=\"A\", color=\"#f6821f\"];\n",
		"\t\"t d.a.\" -> \"a 192.0.2.1\" [label=\"A\", color=\"#8c8c8c\"];\n",
		"\t\"t loop.a.\" -> \"t pool.a.\" [label=\"CNAME\", color=\"#8c8c8c\"];\n",
		"\t\"t b.a.\" [label=\"b.a.\", color=\"#f6821f\", penwidth=2];\n",
		"\t\"t pool.a.\" [label=\"pool.a.\"];\n",
	};
	for (size_t i = 0; i < COUNT(lines); i++) {
		assert_non_null(strstr(text, lines[i]));
	}
	free(text);
}

static audit_edit_t edit(bool add, const char *owner, uint16_t type, uint32_t ttl, uint16_t pref,
                         const char *text)
{
	return (audit_edit_t){ add, name(owner), type, ttl, rdata(type, pref, text) };
}

#define NSUPDATE_HEAD \
	"; Made by kmxcheck " PACKAGE_VERSION ". Takes records that lead mail to a proxy out of " \
	"the zones, and puts\n" \
	"; in what mod-mxguard would answer. Read it, then: knsupdate FILE\n" \
	"; Where does the server listen? Fill it in, without the semicolon:\n" \
	"; server 127.0.0.1 53\n" \
	"\n" \
	"zone example.com.\n"

static void test_edits(void **state)
{
	(void)state;
	audit_edit_t edits[] = {
		edit(false, "example.com.", KNOT_RRTYPE_MX, 3600, 10, "example.com."),
		edit(true, "example.com.", KNOT_RRTYPE_MX, 300, 10, "mail.example.com."),
		edit(true, "mail.example.com.", KNOT_RRTYPE_A, 300, 0, "198.51.100.25"),
		edit(false, "mail.example.com.", KNOT_RRTYPE_CNAME, 3600, 0, "www.example.com."),
		edit(true, "mail.example.com.", KNOT_RRTYPE_AAAA, 300, 0, "2001:db8::25"),
	};
	audit_t clean = { .zone = name("clean.") };
	audit_t audit = {
		.zone = name("example.com."),
		.edits = { .at = edits, .count = COUNT(edits) },
	};
	output_zone_t zones[] = { { .audit = &clean },
	                          { .audit = &audit, .file = "example.zone" } };
	output_t output = { .zones = zones, .zone_count = 2 };
	expect(&output, FORMAT_NSUPDATE,
	       NSUPDATE_HEAD
	       "del example.com.        \t3600\tIN\tMX\t10 example.com.\n"
	       "add example.com.        \t300\tIN\tMX\t10 mail.example.com.\n"
	       "del mail.example.com.   \t3600\tIN\tCNAME\twww.example.com.\n"
	       "add mail.example.com.   \t300\tIN\tA\t198.51.100.25\n"
	       "add mail.example.com.   \t300\tIN\tAAAA\t2001:db8::25\n"
	       "send\n");
	expect(&output, FORMAT_DIFF,
	       "--- example.zone\n"
	       "+++ example.zone (fixed)\n"
	       "-example.com.        \t3600\tMX\t10 example.com.\n"
	       "+example.com.        \t300\tMX\t10 mail.example.com.\n"
	       "-mail.example.com.   \t3600\tCNAME\twww.example.com.\n"
	       "+mail.example.com.   \t300\tA\t198.51.100.25\n"
	       "+mail.example.com.   \t300\tAAAA\t2001:db8::25\n");
	output.color = true;
	audit.edits.count = 2;
	zones[1].file = NULL;
	expect(&output, FORMAT_DIFF,
	       "--- example.com.\n"
	       "+++ example.com. (fixed)\n"
	       "\033[31m-example.com.        \t3600\tMX\t10 example.com.\033[0m\n"
	       "\033[32m+example.com.        \t300\tMX\t10 mail.example.com.\033[0m\n");
	output.zone_count = 1;
	expect(&output, FORMAT_DIFF, "");
	expect(&output, FORMAT_NSUPDATE, "");
	expect(&output, FORMAT_KNOTC, "");
}

/* All that is in a script from its first transaction on. */
static void expect_commands(const output_t *output, const char *expected)
{
	char *text = printed(output, FORMAT_KNOTC);
	const char *begin = strstr(text, "\nknotc zone-begin ");
	assert_non_null(begin);
	assert_string_equal(begin + 1, expected);
	free(text);
}

static void test_knotc(void **state)
{
	(void)state;
	audit_edit_t edits[] = {
		edit(false, "example.com.", KNOT_RRTYPE_MX, 3600, 10, "it's\\010.example.com."),
		edit(true, "example.com.", KNOT_RRTYPE_MX, 3600, 10, "mail.example.com."),
		edit(true, "$(x).example.com.", KNOT_RRTYPE_A, 300, 0, "198.51.100.25"),
		edit(false, "$(x).example.com.", KNOT_RRTYPE_CNAME, 3600, 0, "a\\.b."),
	};
	audit_t audits[] = {
		{ .zone = name("example.com."), .edits = { .at = edits, .count = COUNT(edits) } },
		{ .zone = name("0/25.2.0.192.in-addr.arpa."),
		  .edits = { .at = edits, .count = 1 } },
	};
	output_zone_t zones[] = { { .audit = &audits[0] }, { .audit = &audits[1] } };
	output_t output = { .zones = zones, .zone_count = 2 };
	expect_commands(&output,
	       "knotc zone-begin example.com.\n"
	       "knotc zone-unset example.com. example.com. MX '10 it\\'\\''s\\010.example.com.'\n"
	       "knotc zone-set example.com. example.com. 3600 MX '10 mail.example.com.'\n"
	       "knotc zone-unset example.com. '\\$\\(x\\).example.com.' CNAME 'a\\.b.'\n"
	       "knotc zone-set example.com. '\\$\\(x\\).example.com.' 300 A 198.51.100.25\n"
	       "knotc zone-commit example.com.\n"
	       "\n"
	       "knotc zone-begin 0/25.2.0.192.in-addr.arpa.\n"
	       "knotc zone-unset 0/25.2.0.192.in-addr.arpa. example.com. MX "
	       "'10 it\\'\\''s\\010.example.com.'\n"
	       "knotc zone-commit 0/25.2.0.192.in-addr.arpa.\n");

	output.control = "/run/it's/knot.sock";
	char *text = printed(&output, FORMAT_KNOTC);
	assert_non_null(strstr(text, "=$(command knotc -s '/run/it'\\''s/knot.sock' \"$@\") "));
	free(text);
}

static void test_server(void **state)
{
	(void)state;
	audit_edit_t one = edit(true, "a.", KNOT_RRTYPE_A, 300, 0, "198.51.100.25");
	audit_t audit = { .zone = name("a."), .edits = { .at = &one, .count = 1 } };
	output_zone_t zone = { .audit = &audit };
	output_t output = { .zones = &zone, .zone_count = 1, .server = "fe80::1%eth0@5353" };
	char *text = printed(&output, FORMAT_NSUPDATE);
	assert_non_null(strstr(text, "\nserver fe80::1%eth0 5353\n"));
	free(text);
}

/* Data of any length has room, as four octets of text for each. */
static void test_long_data(void **state)
{
	(void)state;
	enum { LENGTH = 60000 };
	knot_rdata_t *data = calloc(1, knot_rdata_size(LENGTH));
	assert_non_null(data);
	data->len = LENGTH;
	memset(data->data, 0xff, LENGTH);
	for (size_t i = 0; i < LENGTH; i += 256) {
		data->data[i] = (uint8_t)(LENGTH - i > 255 ? 255 : LENGTH - i - 1);
	}
	audit_edit_t one = { true, name("a."), KNOT_RRTYPE_TXT, 300, data };
	audit_t audit = { .zone = name("a."), .edits = { .at = &one, .count = 1 } };
	output_zone_t zone = { .audit = &audit };
	output_t output = { .zones = &zone, .zone_count = 1 };
	const format_t formats[] = { FORMAT_KNOTC, FORMAT_NSUPDATE };
	for (size_t i = 0; i < 2; i++) {
		char *text = printed(&output, formats[i]);
		assert_true(strlen(text) > 4 * (LENGTH - LENGTH / 256 - 1));
		free(text);
	}
	free(data);
}

/* Updates stay below the longest message; owners are kept together where they fit. */
static void test_nsupdate_split(void **state)
{
	(void)state;
	enum { PER_OWNER = 1000, OWNERS = 4, LONG = 5000 };
	size_t count = PER_OWNER * OWNERS + LONG;
	audit_edit_t *edits = calloc(count, sizeof(*edits));
	assert_non_null(edits);
	for (size_t i = 0; i < count; i++) {
		char owner[] = "a.example.com.";
		owner[0] = (char)('a' + (i < PER_OWNER * OWNERS ? i / PER_OWNER : OWNERS));
		edits[i] = i % PER_OWNER == 0 && i <= PER_OWNER * OWNERS ?
		           edit(false, owner, KNOT_RRTYPE_A, 1, 0, "192.0.2.1") : edits[i - 1];
	}
	audit_t audit = {
		.zone = name("example.com."),
		.edits = { .at = edits, .count = count },
	};
	output_zone_t zone = { .audit = &audit };
	output_t output = { .zones = &zone, .zone_count = 1 };

	char *text = printed(&output, FORMAT_NSUPDATE);
	size_t records = 0, octets = 0, updates = 0, all = 0;
	for (char *next = NULL, *line = strtok_r(text, "\n", &next); line != NULL;
	     line = strtok_r(NULL, "\n", &next)) {
		if (strncmp(line, "zone ", 5) == 0) {
			assert_int_equal(records, 0);
		} else if (strcmp(line, "send") == 0) {
			assert_true(records > 0 && octets < 65000);
			assert_true(updates > 1 || records % PER_OWNER == 0);
			records = octets = 0;
			updates++;
		} else if (line[0] != ';') {
			assert_int_equal(strncmp(line, "del ", 4), 0);
			records++;
			octets += 15 + 10 + 4;
			all++;
		}
	}
	assert_int_equal(records, 0);
	assert_int_equal(all, count);
	assert_true(updates >= 4);
	free(text);
	free(edits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_dot, free_names),
		cmocka_unit_test_teardown(test_dot_way, free_names),
		cmocka_unit_test_teardown(test_edits, free_names),
		cmocka_unit_test_teardown(test_nsupdate_split, free_names),
		cmocka_unit_test_teardown(test_knotc, free_names),
		cmocka_unit_test_teardown(test_server, free_names),
		cmocka_unit_test_teardown(test_long_data, free_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
