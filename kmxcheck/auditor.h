/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Inside the audit: what the files of it share. Nothing else includes this.
 *
 * A failed allocation is noted in the auditor; what is called after that does nothing.
 */

#pragma once

#include "kmxcheck/audit.h"
#include "kmxcheck/reply.h"
#include "policy/host.h"

/*! Names, borrowed. */
typedef struct {
	const knot_dname_t **at;
	size_t count;
	size_t max;
} name_list_t;

/*! A direct address of a web host. */
typedef struct {
	const knot_dname_t *name;
	uint8_t family;
	uint8_t address[16];
} web_address_t;

typedef struct {
	audit_t *out;
	size_t finding_max;
	size_t edit_max;
	size_t edge_max;
	zone_t *zone;
	const policy_t *policy;
	const audit_input_t *input;
	name_list_t exchanges; /*!< Targets of the MX at the apex, sorted. */
	bool pointed;          /*!< Mail is sent to the exchange, or will be. */
	name_list_t hosts;     /*!< Guarded hosts. */
	name_list_t targets;   /*!< Mail targets. */
	web_address_t *web;
	size_t web_count;
	size_t web_max;
	audit_finding_t spare; /*!< Taken where there is no memory for another one. */
	int error;             /*!< KNOT_ENOMEM. */
} auditor_t;

/* auditfind.c: making findings, edits and edges. */

/*! Room for one more of an array. False: no memory. */
bool auditor_room(auditor_t *auditor, void **array, size_t count, size_t *max, size_t size);

/*! Adds a finding with a copy of the owner. Never NULL. */
audit_finding_t *audit_find(auditor_t *auditor, audit_rule_t rule, const knot_dname_t *owner,
                            uint16_t type);

/*! Where the i-th RR of an RRset stands. */
void audit_at(auditor_t *auditor, audit_finding_t *finding, const knot_dname_t *owner,
              uint16_t type, size_t i);

void audit_target(auditor_t *auditor, audit_finding_t *finding, const knot_dname_t *target);
void audit_address(audit_finding_t *finding, int family, const uint8_t *address,
                   const net_t *network);

__attribute__((format(printf, 3, 4)))
void audit_message(auditor_t *auditor, audit_finding_t *finding, const char *fmt, ...);
__attribute__((format(printf, 3, 4)))
void audit_remedy(auditor_t *auditor, audit_finding_t *finding, const char *fmt, ...);

/*! Edits from one RRset to another one; either may be NULL or empty: none. */
void audit_replace(auditor_t *auditor, const knot_dname_t *owner, const knot_rrset_t *old,
                   const knot_rrset_t *new);

void audit_edge(auditor_t *auditor, const knot_dname_t *from, uint16_t type,
                const knot_dname_t *to, bool proxied, bool steered);
void audit_edge_address(auditor_t *auditor, const knot_dname_t *from, int family,
                        const uint8_t *address, bool proxied, bool steered);

/*! Adds a name to a list. */
void name_list_add(auditor_t *auditor, name_list_t *list, const knot_dname_t *name);

/*! Sorts a list and leaves out what is there twice. */
void name_list_unique(name_list_t *list);

/*! True if a sorted list has a name. */
bool name_list_has(const name_list_t *list, const knot_dname_t *name);

/*! Sorts the result into the order it is given out in. */
void audit_sort(audit_t *audit);

/* audittext.c: texts. */

/*! Room for texts of names, addresses and networks. */
typedef struct {
	knot_dname_txt_storage_t text;
} text_t;

/*! These return the text. */
const char *name_text(text_t *text, const knot_dname_t *name);
const char *address_text(text_t *text, int family, const uint8_t *address);
const char *net_text(text_t *text, const net_t *net);

/*! "198.51.100.25 and 2001:db8::25", or "the address of the mail server" if there is none. */
const char *mail_text(text_t *text, const policy_t *policy, int family);

/* audit.c */

/*! The question of policy_guarded(), in a time that does not grow with the MX at the apex. */
bool audit_guarded(const auditor_t *auditor, const knot_dname_t *name);

/*! The first proxied address of an RRset, or of both of a host; NULL: none. */
const net_t *audit_proxied(const auditor_t *auditor, const knot_rrset_t *rrset,
                           const uint8_t **address);
const net_t *audit_proxied_host(const auditor_t *auditor, const host_t *host, int *family,
                                const uint8_t **address);

/*! True if a proxy name is at or above a name, or the policy's networks hold an address of it. */
bool audit_leads_to_proxy(const auditor_t *auditor, const knot_dname_t *name, const host_t *host);

/*! The response to a query, to be cleared also where there is none (no memory, referral). */
bool audit_ask(auditor_t *auditor, reply_t *reply, const knot_dname_t *qname, uint16_t qtype);

/*! Judges a response; to be cleared with policy_verdict_clear(). */
void audit_judge(auditor_t *auditor, policy_response_t *response, policy_verdict_t *verdict);

/*! The family of A and AAAA, or 0. */
static inline int audit_family(uint16_t type)
{
	return type == KNOT_RRTYPE_A ? 4 : type == KNOT_RRTYPE_AAAA ? 6 : 0;
}

/*! An RR of an MX or mail SRV RRset. */
typedef struct {
	const knot_dname_t *owner;
	uint16_t type;
	uint16_t index;
	const knot_dname_t *target;
	bool guarded;     /*!< The target is: it is kept, whatever its addresses. */
	host_t host;      /*!< Where the target leads, in all zones of the run. */
} mail_link_t;

/* auditowner.c: MX and mail SRV, and their targets. */

/*! Adds a finding about an RR. */
audit_finding_t *audit_find_link(auditor_t *auditor, const mail_link_t *link, audit_rule_t rule);

void audit_owner(auditor_t *auditor, const knot_dname_t *owner);

/* auditcheck.c: more about a target; the last two of one that is steered. */
void audit_literal(auditor_t *auditor, const mail_link_t *link);
void audit_dane(auditor_t *auditor, const mail_link_t *link);
void audit_sts(auditor_t *auditor, const mail_link_t *link);

/* audithost.c: guarded hosts. */
void audit_collect_hosts(auditor_t *auditor);
void audit_host(auditor_t *auditor, const knot_dname_t *host);

/* auditmend.c: edits for a guarded host. */
void audit_mend(auditor_t *auditor, const knot_dname_t *host, reply_t replies[2],
                policy_verdict_t verdicts[2]);

/*! The RRset that enforce answers at a name, or NULL. */
const knot_rrset_t *audit_answered(const policy_response_t *response,
                                   const policy_verdict_t *verdict, const knot_dname_t *owner,
                                   uint16_t type);

/* auditaddress.c: addresses that give the web site away. */
void audit_collect_web(auditor_t *auditor);
void audit_exposure(auditor_t *auditor, const knot_dname_t *host);

/* auditspf.c: SPF, and mail without MX. */
void audit_spf(auditor_t *auditor, const knot_dname_t *owner);
void audit_implicit(auditor_t *auditor, const knot_dname_t *owner);

/* auditgraph.c: where a mail target leads. */
void audit_graph(auditor_t *auditor, const knot_dname_t *name);
