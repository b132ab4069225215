/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The audit of a zone: what is wrong for mail, rule by rule. Verdicts about answers come from
 * policy_judge(), the code the module runs; what an answer does not show (SPF, TLSA, shared
 * addresses and the like) is judged here from the same zone.
 *
 * First the rules and what comes out of an audit, for all; then what the files of the audit share.
 *
 * One thread. Names are absolute and in lower case, addresses in network byte order, TTLs seconds.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/rrset.h"
#include "dns/text.h"
#include "dns/vec.h"
#include "kmxcheck/lang.h"
#include "kmxcheck/reply.h"
#include "kmxcheck/zone.h"
#include "policy/host.h"
#include "policy/netfile.h"
#include "policy/stanza.h"

/* The rules, made of rules.def. */

/*! What a rule is about: how often its function is called, and with what. */
enum {
	OF_ZONE = 1 << 0,   /*!< The zone, once, with what is outside of it. */
	OF_OWNER = 1 << 1,  /*!< Each name that uses mail, and the apex. */
	OF_RRSET = 1 << 2,  /*!< Each MX and mail SRV RRset. */
	OF_TARGET = 1 << 3, /*!< Each RR of these, but null MX. */
	OF_HOST = 1 << 4,   /*!< Each guarded host. */
	OF_NAME = 1 << 5,   /*!< Each owner, target and name for mail programs, once the rest is
	                         found. */
	OF_LISTS = 1 << 6,  /*!< The lists of networks, once. */
};

/*! Numbers of the rules: AUDIT_PROXIED_HOST and so on. */
typedef enum {
#define RULE(id, ...) AUDIT_ ## id,
#include "kmxcheck/rules.def"
#undef RULE
	AUDIT_RULE_COUNT
} audit_rule_t;

typedef enum { SEVERITY_WARNING, SEVERITY_ERROR } severity_t;

/*! "warning", "error": for people in their language, for programs as they are. */
extern const char *const severity_names[];

struct auditor;
struct subject;

/*! Adds the findings of a rule about a subject. Two rules may share a function. */
typedef void (*check_f)(struct auditor *auditor, audit_rule_t rule, const struct subject *subject);

typedef struct {
	const char *name;     /*!< "proxied-host". */
	severity_t severity;
	unsigned about;       /*!< Sum of OF_*. */
	check_f check;
	const char *summary;  /*!< When it is found; one line without a full stop. */
	const char *explain;  /*!< Several sentences, with line breaks. */
	const char *rfc;      /*!< "RFC 5321 5.1", or NULL. */
} audit_rule_info_t;

extern const audit_rule_info_t audit_rules[AUDIT_RULE_COUNT];

/*! The rule of a name, or AUDIT_RULE_COUNT. */
audit_rule_t audit_rule_of(const char *name);

#define RULE(id, name, severity, about, check, ...) \
	void check(struct auditor *, audit_rule_t, const struct subject *);
#include "kmxcheck/rules.def"
#undef RULE

/* What is found. */

/*! A finding. Everything in it belongs to the findings it is in. */
typedef struct {
	audit_rule_t rule;
	knot_dname_t *owner;   /*!< Whose records; NULL for list-stale. */
	uint16_t type;         /*!< Of those records; 0 does not apply. */
	knot_dname_t *target;  /*!< Target, alias target or name concerned, or NULL. */
	uint8_t family;        /*!< 4, 6, or 0: no address applies. */
	uint8_t address[16];
	bool has_network;
	net_t network;         /*!< The proxy network, or that of SPF or the web origin. */
	mark_t mark;           /*!< By which the address or the alias is proxied, in an export. */
	source_pos_t pos;      /*!< Where the record is; its file belongs to the zone. */
	char *message;         /*!< One line for people. */
	char *remedy;          /*!< One line: what to do. */
	bool ignored;          /*!< By --ignore. */
	bool known;            /*!< By --baseline. */
} audit_finding_t;

/*! A record to take out of the zone or to put in, so that the zone says what enforce answers. */
typedef struct {
	bool add;
	knot_dname_t *owner;
	uint16_t type;
	uint32_t ttl;
	knot_rdata_t *rdata;
} audit_edit_t;

/*! How a name leads to another one or to an address, for the graph. */
typedef struct {
	knot_dname_t *from;
	uint16_t type;         /*!< MX, SRV, CNAME, DNAME, A, AAAA. */
	knot_dname_t *to;      /*!< NULL for an address. */
	uint8_t family;        /*!< 4 or 6 for an address. */
	uint8_t address[16];
	bool proxied;          /*!< The address, or a target at or below a proxy name; */
	bool marked;           /*!< or only the record, by its mark in an export. */
	bool steered;          /*!< enforce puts mail-exchange in its place, or adds it. */
} audit_edge_t;

/*! The result for one zone. */
typedef struct {
	const knot_dname_t *zone;       /*!< Apex, in the zone_t. */
	uint32_t serial;
	uint64_t records;
	VEC(audit_finding_t) findings;  /*!< Sorted: owner, type, rule, target, address. */
	VEC(audit_edit_t) edits;        /*!< Sorted: owner, type, removals first. */
	VEC(audit_edge_t) edges;        /*!< Sorted: from, type, to, address. */
} audit_t;

/*! A file of networks, and what it says of its age. */
typedef struct {
	const char *path;
	netfile_info_t info;
} audit_list_t;

/*! What an audit needs besides the zone and its policy. */
typedef struct {
	const zones_t *zones;      /*!< The zones of the run, where targets are followed. */
	const netset_t *origins;   /*!< web-origin, built, may be NULL. */
	const audit_list_t *lists; /*!< proxy-files that were read, with their dates. */
	size_t list_count;
	int64_t now;               /*!< Seconds since the epoch, for list-stale. */
	/*! True if a finding is meant to be so, and nothing is to be changed for it; or NULL. */
	bool (*is_ignored)(void *ctx, const knot_dname_t *zone, const audit_finding_t *finding);
	void *ctx;
} audit_input_t;

/*! Audits a zone. The result needs the zone. */
void audit_zone(audit_t *out, zone_t *zone, const policy_t *policy, const audit_input_t *input);

/*!
 * The mail exchange that a person would choose, where no server steers mail: the first mail host,
 * by preference, that an MX at the apex names and that is, or will be, direct; else "mail", if the
 * zone has nothing there. False: neither.
 */
bool audit_advise(knot_dname_storage_t out, zone_t *zone, const policy_t *policy);

/*! Sorts the result into the order of the output, and leaves out edges that are there twice. */
void audit_sort(audit_t *audit);

/* From here on: for the files of the audit. */

/*! An address where a web host really is: it is direct, or its record is marked as proxied. */
typedef struct {
	const knot_dname_t *name;
	int family;
	uint8_t octets[16];
} web_address_t;

/*! The state of an audit. */
typedef struct auditor {
	audit_t *out;
	zone_t *zone;
	const policy_t *policy;
	const audit_input_t *input;
	name_list_t matches;     /*!< Names that patterns match. */
	name_list_t exchanges;   /*!< Targets of the MX at the apex, sorted. */
	bool exchange_in_use;    /*!< Mail is sent to the exchange, or will be. */
	bool exchange_needed;    /*!< The same without what is ignored. */
	name_list_t hosts;       /*!< Guarded hosts. */
	name_list_t targets;     /*!< Mail targets. */
	name_list_t reported;    /*!< Names that a finding says lead to a proxy. */
	VEC(web_address_t) web;  /*!< Sorted by address. */
	bool web_proxied;        /*!< A web host is proxied. */
} auditor_t;

/*! The response to a query for a host, and the verdict on it. */
typedef struct {
	reply_t reply;
	policy_verdict_t verdict;
} judged_t;

/*! What the function of a rule is called with. */
typedef struct subject {
	const knot_dname_t *owner;   /*!< OF_OWNER, OF_RRSET, OF_TARGET, OF_NAME;
	                                  OF_HOST: the host. */
	uint16_t type;               /*!< OF_RRSET, OF_TARGET: MX or SRV. */
	const knot_rrset_t *rrset;   /*!< OF_RRSET. */
	const knot_dname_t *holder;  /*!< OF_RRSET, OF_TARGET: whose the RRset is in the zone. */
	uint16_t index;              /*!< OF_TARGET: which RR, */
	const knot_dname_t *target;  /*!< and its target; */
	bool guarded;                /*!< the target is: it is kept, whatever its addresses; */
	bool first_steered;          /*!< the first of its RRset that is steered; */
	bool first_elsewhere;        /*!< the first that can't be, for the exchange is delegated; */
	const finding_t *found;      /*!< what the judge finds: the target is steered; or NULL. */
	host_t end;                  /*!< OF_TARGET, OF_HOST: where it leads, in all zones. */
	const judged_t *judged;      /*!< OF_HOST: A and AAAA; NULL: the zone does not answer. */
} subject_t;

/*! Calls the functions of all rules about a subject. */
void audit_run(auditor_t *auditor, unsigned about, const subject_t *subject);

/*! Adds a finding. Its position is that of the i-th RR of the holder's RRset of this type; none
 *  without a holder. */
audit_finding_t *audit_add(auditor_t *auditor, audit_rule_t rule, const knot_dname_t *owner,
                           uint16_t type, const knot_dname_t *holder, size_t i);

/*! The same about a target. */
audit_finding_t *audit_add_target(auditor_t *auditor, audit_rule_t rule,
                                  const subject_t *subject);

void audit_set_address(audit_finding_t *finding, int family, const uint8_t *address,
                       const net_t *network);

/*! The same of the address in RDATA. If that is marked as proxied, the mark is noted, not a
 *  network. */
void audit_set_rdata(audit_finding_t *finding, int family, const knot_rdata_t *rdata,
                     const net_t *network);

/*! Why the address of a finding is proxied: "104.16.1.2 (104.16.0.0/13)", or the address and the
 *  mark of its record. Returns buf. */
const char *proxied_text(knot_dname_txt_storage_t buf, const audit_finding_t *finding);

/*! The remedy for a record that an export marks as proxied: the vendor has a switch for it. */
#define GREY_CLOUD N_("switch the proxy off for this record: grey cloud, DNS only")

/*! Where a host leads to at a proxy, by name: "cdn.example.net., at a proxy". Returns buf. */
const char *audit_proxy_text(knot_dname_txt_storage_t buf, const host_t *end);

/*! Add an edge and return it; the pointer is valid until the next one is added. */
audit_edge_t *audit_add_edge(audit_t *out, const knot_dname_t *from, uint16_t type,
                             const knot_dname_t *to, bool proxied, bool steered);
audit_edge_t *audit_add_address_edge(audit_t *out, const policy_t *policy,
                                     const knot_dname_t *from, int family, const uint8_t *address,
                                     bool steered);

/*! "198.51.100.25 and 2001:db8::25", or "the address of the mail server" if there is none; of a
 *  family, or of both (0). Returns buf. */
const char *mail_text(knot_dname_txt_storage_t buf, const policy_t *policy, int family);

/*! Where a name leads, in all zones of the run. */
void audit_follow(const auditor_t *auditor, const knot_dname_t *name, host_t *host);

/*! As policy_guarded(), in a time that does not grow with the number of MX at the apex: their
 *  targets are a sorted list. */
bool audit_is_guarded(const policy_t *policy, const name_list_t *exchanges,
                      const knot_dname_t *name);

/*! An address of a host, and where it is. */
typedef struct {
	const knot_rrset_t *rrset;
	uint16_t index;
	int family;
	knot_rdata_t *rdata;         /*!< Its octets. */
} host_address_t;

/*! Goes to the next address of a host, from a zeroed one to the first. False: there is none. */
bool audit_next_address(const host_t *host, host_address_t *address);

/*! Finds the first proxied address of a host, and the network that holds it,
 *  if that is not NULL. */
bool audit_proxied_host(const auditor_t *auditor, const host_t *host, host_address_t *address,
                        net_t *network);

/*! True if a proxy name is at or above a name, or the policy's networks hold an address of it. */
bool audit_leads_to_proxy(const auditor_t *auditor, const knot_dname_t *name, const host_t *host);

/*! True if it is this zone that answers for a name, and no delegation is above it. */
bool audit_is_served(const auditor_t *auditor, const knot_dname_t *name);

/*! Makes the response to a query and judges it, to be cleared with judged_clear() in any case.
 *  False: a referral, which is not judged. */
bool audit_judge_query(const auditor_t *auditor, judged_t *judged, const knot_dname_t *qname,
                       uint16_t qtype);

void judged_clear(judged_t *judged);

/*! Judges an RRset as the whole response, which is filled; to be
 *  cleared with policy_verdict_clear(). */
void audit_judge_rrset(const auditor_t *auditor, const knot_rrset_t *rrset, policy_item_t *item,
                       policy_response_t *response, policy_verdict_t *verdict);

/* check_mx.c */

/*! Audits the MX and mail SRV of an owner, and what their targets lead to. */
void audit_targets(auditor_t *auditor, const knot_dname_t *owner);

/*! Audits the SRV of mail services that only wildcards answer for. */
void audit_wildcard_services(auditor_t *auditor);

/*! Adds the edges of a mail target: aliases and addresses. */
void add_target_edges(auditor_t *auditor, const knot_dname_t *name);

/* check_names.c */

/*! Audits names that mail uses, or mail programs, once all else is found. */
void audit_names(auditor_t *auditor);

/* check_host.c */

/*! Audits all guarded hosts. To be called after the targets: what is steered decides which hosts
 *  are guarded. */
void audit_hosts(auditor_t *auditor);

/* fix.c */

/*! True if switching the proxy off fixes a host: of its own records only marked ones are
 *  proxied. */
bool fix_is_switched(const auditor_t *auditor, const knot_dname_t *host);

/*! True if there are findings that ask for a change, from a number on, and all are ignored. */
bool fix_is_ignored(const auditor_t *auditor, size_t first);

/*! Adds the edits that put what enforce answers in the place of an MX or SRV RRset, or in that of
 *  the owner's CNAME, unless it is NULL, which has led to the RRset. RRs that are kept stay as they
 *  are. */
void fix_targets(auditor_t *auditor, const knot_rrset_t *rrset, const bool *kept,
                 const knot_rrset_t *alias);

/*! The same for the addresses of a guarded host. */
void fix_host(auditor_t *auditor, const knot_dname_t *host, const judged_t judged[2]);
