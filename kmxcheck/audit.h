/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The audit of zones: what is wrong for mail, rule by rule. Verdicts about answers come from
 * policy_judge(), the code the module runs; what an answer does not show (SPF, TLSA, shared
 * addresses and the like) is judged here from the same facts.
 *
 * One thread. Names are absolute and in lower case, addresses in network byte order, TTLs seconds.
 * Errors are KNOT_E*.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kmxcheck/zone.h"
#include "policy/stanza.h"

/*! The rules of an audit, in the order of the table in the contract. */
typedef enum {
	AUDIT_PROXIED_HOST = 0,
	AUDIT_PROXIED_ALIAS,
	AUDIT_PROXIED_TARGET,
	AUDIT_ALIAS_TARGET,
	AUDIT_MISSING_TARGET,
	AUDIT_LITERAL_TARGET,
	AUDIT_MIXED_NULL_MX,
	AUDIT_PROXIED_SPF,
	AUDIT_IMPLICIT_MX,
	AUDIT_SHARED_ADDRESS,
	AUDIT_ADJACENT_ADDRESS,
	AUDIT_DANE_MISMATCH,
	AUDIT_STS_MISMATCH,
	AUDIT_LIST_STALE,
	AUDIT_RULE_COUNT
} audit_rule_t;

typedef enum { SEVERITY_WARNING, SEVERITY_ERROR } severity_t;

/*! What is said of a rule (kmxcheck/rules.c). Texts are one line, without a full stop. */
typedef struct {
	const char *name;     /*!< "proxied-host". */
	severity_t severity;
	const char *summary;  /*!< When it is found. */
	const char *explain;  /*!< Several sentences, with line breaks: what it means, why it hurts
	                       *   mail, how to mend it. */
	const char *rfc;      /*!< "RFC 5321 5.1", or NULL. */
} audit_rule_info_t;

extern const audit_rule_info_t audit_rules[AUDIT_RULE_COUNT];

/*! The rule of a name, or AUDIT_RULE_COUNT. */
audit_rule_t audit_rule_of(const char *name);

/*! Something found. Everything in it belongs to the findings it is in. */
typedef struct {
	audit_rule_t rule;
	knot_dname_t *owner;   /*!< Whose records; NULL for list-stale. */
	uint16_t type;         /*!< Of those records; 0 does not apply. */
	knot_dname_t *target;  /*!< Target, alias target or name concerned, or NULL. */
	uint8_t family;        /*!< 4, 6, or 0: no address applies. */
	uint8_t address[16];
	bool has_network;
	net_t network;         /*!< The proxy network, or that of SPF or the web origin. */
	const char *file;      /*!< Where the record is; interned by the zone; NULL if nowhere. */
	uint64_t line;         /*!< 0 if nowhere. */
	char *message;         /*!< One line for people. */
	char *remedy;          /*!< One line: what to do. */
	bool ignored;          /*!< By --ignore. */
} audit_finding_t;

/*! A record to take out of the zone or to put in, to mend it as enforce mends its answers. */
typedef struct {
	bool add;
	knot_dname_t *owner;
	uint16_t type;
	uint32_t ttl;
	knot_rdata_t *rdata;
} audit_edit_t;

/*! How a name leads to where, for the graph. */
typedef struct {
	knot_dname_t *from;
	uint16_t type;         /*!< MX, SRV, CNAME, DNAME, A, AAAA. */
	knot_dname_t *to;      /*!< NULL for an address. */
	uint8_t family;        /*!< 4 or 6 for an address. */
	uint8_t address[16];
	bool proxied;          /*!< The address, or a target at or below a proxy name. */
	bool steered;          /*!< enforce puts mail-exchange in its place, or adds it. */
} audit_edge_t;

/*! The result for one zone. */
typedef struct {
	const knot_dname_t *zone;  /*!< Apex, in the zone_t. */
	uint32_t serial;
	uint64_t records;
	audit_finding_t *findings; /*!< Sorted: owner (canonical), type, rule, target, address. */
	size_t finding_count;
	audit_edit_t *edits;       /*!< Sorted: owner, type, removals first. */
	size_t edit_count;
	audit_edge_t *edges;       /*!< Sorted: from, type, to, address. */
	size_t edge_count;
} audit_t;

/*! A file of networks, and what it says of its age. */
typedef struct {
	const char *path;
	int year, month, day;      /*!< Year 0: it does not say. */
} audit_list_t;

/*! What a run says of itself beside its zones. */
typedef struct {
	const stanza_t *stanza;    /*!< The words of the policy. */
	const netset_t *origins;   /*!< web-origin, built, may be NULL. */
	const audit_list_t *lists; /*!< proxy-files that were read, with their dates. */
	size_t list_count;
	int64_t now;               /*!< Seconds since the epoch, for list-stale. */
} audit_input_t;

/*!
 * Audits a zone.
 *
 * \param out     To be cleared with audit_clear(), also after an error.
 * \param zone    The zone, resolved (zone.h). Other zones of the run are followed through it.
 * \param policy  The policy of this zone.
 * \param input   What else there is.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM
 */
int audit_zone(audit_t *out, zone_t *zone, const policy_t *policy, const audit_input_t *input);

void audit_clear(audit_t *audit);
