/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The rounds of a talk with a server. Inside the live audit: live.c begins and ends it, targets.c
 * and follow.c are its rounds. One thread. Errors are KNOT_E*.
 */

#pragma once

#include "kmxcheck/ask.h"
#include "kmxcheck/met.h"

/*! The way to the addresses of one family of a host. */
typedef struct {
	size_t host;
	uint16_t type;      /*!< A or AAAA. */
	via_t via;
	unsigned aliases;   /*!< Followed so far. */
	bool done;
	knot_dname_t *name; /*!< Where it has led to. */
} walk_t;

/*! A proxied address in an answer to MX or SRV, before hosts are known. */
typedef struct {
	knot_dname_t *name;
	uint8_t family;
	uint8_t address[16];
	via_t via;
} extra_t;

typedef struct {
	const server_t *server;
	const policy_t *policy;
	const audit_t *audit;
	met_t met;
	extra_t *extras;
	size_t extra_count;
	query_t *queries;   /*!< Of the round to come. */
	size_t query_count;
	walk_t *walks;
	size_t walk_count;
	uint32_t serial;
	size_t answered;
	size_t seen;        /*!< Changes of the audit found in answers. */
	char *err;
} talk_t;

/*! Adds a query to the round to come. The name is borrowed. KNOT_ENOMEM. */
int talk_query(talk_t *talk, const knot_dname_t *name, uint16_t type, via_t via, size_t tag);

/*! Asks the queries of a round. */
int talk_round(talk_t *talk, ask_f done);

/*! An error that names the query and what is wrong with its answer. */
int talk_unusable(talk_t *talk, const query_t *query, const ldns_pkt *answer);

/*! True if an answer decides a question; an error or, over TCP, a cut one does not. */
bool talk_decides(const query_t *query, const ldns_pkt *answer);

/*! Asks who the mail targets are, and looks for the changes of enforce. */
int talk_targets(talk_t *talk);

/*! Asks for the addresses of all hosts, alias by alias. */
int talk_follow(talk_t *talk);

/*! Longest RDATA that is looked at. */
#define RDATA_MAX 1024

/*! RDATA as octets, names in lower case. Returns its length, or 0: too long. */
size_t rr_rdata(const ldns_rr *rr, uint8_t out[static RDATA_MAX]);

/*! The owner of an RR in lower case. Returns out. */
const knot_dname_t *rr_owner(const ldns_rr *rr, knot_dname_storage_t out);

/*! The family of an RR that is an address, or 0. */
int rr_family(const ldns_rr *rr);
