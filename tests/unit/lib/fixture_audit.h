/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Audits in tests: zones whose comments say by which policy they are audited and what is found.
 *
 *     ;! policy ITEM WORD...       another policy than the usual one
 *     ;! zone NAME                 another zone of the run, NAME.zone in the same folder
 *     ;! find RULE OWNER TYPE TARGET ADDRESS@NETWORK LINE
 *     ;! edit -|+ OWNER TTL TYPE RDATA
 *
 * Names are absolute, "-" is what does not apply. The usual policy: proxy networks are
 * 104.16.0.0/13, 172.64.0.0/13 and 2606:4700::/32, but 104.20.0.0/16; proxy name is
 * cdn.example.net.; mail is at 198.51.100.25; the rest are the defaults. Items: mail-host web-host
 * exchange mail origin list (a date). Today is 2026-11-22.
 */

#pragma once

#include "kmxcheck/check.h"

#define AUDIT_FIXTURE_ZONES_MAX 4
#define AUDIT_FIXTURE_TEXT_MAX  65536

/*! A run over one zone, and the zones beside it. */
typedef struct {
	zone_t *list[AUDIT_FIXTURE_ZONES_MAX]; /*!< The audited one first. */
	size_t count;
	zones_t zones;
	stanza_t stanza;
	netset_t *proxies, *excepts, *origins;
	names_t proxy_names;
	policy_t policy;
	audit_t audit;
	const char *words[64];
	size_t word_count;
	char *text;                       /*!< What words point into. */
	audit_list_t lists[8];
	size_t list_count;
} audit_fixture_t;

/*! Opens a zone file with its policy and other zones, and audits it. Aborts on an error. */
void audit_fixture_open(audit_fixture_t *fixture, const char *path);

/*! The same of zone-file text, by the policy and beside the other zones of a run. */
void audit_fixture_open_text(audit_fixture_t *fixture, const audit_fixture_t *like,
                             const char *text, size_t size);

void audit_fixture_clear(audit_fixture_t *fixture);

/*! Writes findings and edits as the comments have them. */
void audit_fixture_text(char out[static AUDIT_FIXTURE_TEXT_MAX], const audit_fixture_t *fixture);

/*! Text of the zone with the edits made. For free(). */
char *audit_fixture_fixed(const audit_fixture_t *fixture, const char *path, size_t *size);
