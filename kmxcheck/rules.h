/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The rules of an audit as a table, made of rules.def.
 */

#pragma once

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

/*! Adds the findings of a rule about a subject (check.h). Two rules may share a function. */
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
