/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Reading SPF records term by term.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dns/rrset.h"
#include "kmxcheck/spf.h"
#include "policy/names.h"

#define SPF_VERSION "v=spf1"
/*! A term with the longest name there is; longer ones don't parse. */
#define TERM_MAX 320

/*! The next octet of the text, or -1. */
static int get(spf_t *spf)
{
	while (spf->in_string == 0) {
		if (spf->left == 0) {
			return -1;
		}
		spf->in_string = *spf->at++;
		spf->left--;
	}
	if (spf->left == 0) {
		return -1;
	}
	spf->in_string--;
	spf->left--;
	return *spf->at++;
}

/*! The next word; one that is too long is empty. False: there is none. */
static bool get_word(spf_t *spf, char word[static TERM_MAX])
{
	int octet = get(spf);
	while (octet == ' ') {
		octet = get(spf);
	}
	if (octet < 0) {
		return false;
	}
	size_t size = 0;
	for (; octet >= 0 && octet != ' '; octet = get(spf)) {
		if (size < TERM_MAX) {
			word[size] = octet == '\0' ? '\x7f' : (char)octet;
		}
		size++;
	}
	word[size < TERM_MAX ? size : 0] = '\0';
	return true;
}

void spf_begin(spf_t *spf, const uint8_t *rdata, size_t size, const knot_dname_t *owner)
{
	*spf = (spf_t){ .at = rdata, .left = size, .owner = owner };
}

bool spf_is(const uint8_t *rdata, size_t size)
{
	spf_t spf;
	spf_begin(&spf, rdata, size, NULL);
	/* The version is the very beginning: a space before it is not skipped. */
	for (const char *c = SPF_VERSION; *c != '\0'; c++) {
		int octet = get(&spf);
		if (octet < 0 || strncasecmp(c, &(char){ (char)octet }, 1) != 0) {
			return false;
		}
	}
	int octet = get(&spf);
	return octet < 0 || octet == ' ';
}

bool spf_is_in(const knot_rrset_t *txt)
{
	for_each_rdata(rdata, txt) {
		if (spf_is(rdata->data, rdata->len)) {
			return true;
		}
	}
	return false;
}

/*! Reads a prefix length and what is behind it. */
static bool get_prefix(const char **at, unsigned max, unsigned *prefix)
{
	char *end;
	if (**at < '0' || **at > '9') {
		return false;
	}
	unsigned long value = strtoul(*at, &end, 10);
	if (value > max || end - *at > 3) {
		return false;
	}
	*prefix = (unsigned)value;
	*at = end;
	return true;
}

/*! "/24", "/24//64" or "//64", up to the end. */
static bool get_prefixes(const char *at, spf_term_t *term)
{
	term->prefix4 = 32;
	term->prefix6 = 128;
	if (at[0] == '/' && at[1] != '/') {
		at++;
		if (!get_prefix(&at, 32, &term->prefix4)) {
			return false;
		}
	}
	if (at[0] == '/' && at[1] == '/') {
		at += 2;
		if (!get_prefix(&at, 128, &term->prefix6)) {
			return false;
		}
	}
	return *at == '\0';
}

/*! What is behind "a" or "mx": ":NAME", prefix lengths, both or nothing. */
static bool get_name(const spf_t *spf, const char *at, spf_term_t *term)
{
	char name[TERM_MAX];
	size_t size = knot_dname_size(spf->owner);
	memcpy(term->name, spf->owner, size);
	if (*at == ':') {
		size = strcspn(++at, "/");
		memcpy(name, at, size);
		name[size] = '\0';
		at += size;
		if (strchr(name, '%') != NULL || strcmp(name, "@") == 0 ||
		    name_from_str(term->name, name, (const knot_dname_t *)"") != KNOT_EOK) {
			return false;
		}
	}
	return get_prefixes(at, term);
}

static bool get_term(const spf_t *spf, const char *word, spf_term_t *term)
{
	word += *word == '+';
	if (strncasecmp(word, "ip4:", 4) == 0 || strncasecmp(word, "ip6:", 4) == 0) {
		term->kind = SPF_NETWORK;
		return strchr(word + 4, '-') == NULL &&
		       net_from_str(&term->network, word + 4) == KNOT_EOK &&
		       term->network.family == word[2] - '0';
	} else if (strncasecmp(word, "mx", 2) == 0) {
		term->kind = SPF_MX;
		return get_name(spf, word + 2, term);
	} else if (strncasecmp(word, "a", 1) == 0) {
		term->kind = SPF_A;
		return get_name(spf, word + 1, term); /* "all" is not: it goes on with a letter. */
	}
	return false;
}

bool spf_next(spf_t *spf, spf_term_t *term)
{
	char word[TERM_MAX];
	while (get_word(spf, word)) {
		if (strcasecmp(word + (*word != '\0' && strchr("+-~?", *word) != NULL),
		               "all") == 0) {
			return false; /* What is behind it is never looked at (RFC 7208 5.1). */
		}
		if (!get_term(spf, word, term)) {
			continue;
		}
		if (term->kind == SPF_NETWORK || spf->lookups++ < SPF_LOOKUPS_MAX) {
			return true;
		}
	}
	return false;
}
