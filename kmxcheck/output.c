/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Output: which format, the sums of a run, and what the formats share.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "kmxcheck/output.h"
#include "kmxcheck/print.h"

static const char *const format_names[FORMAT_COUNT] = {
	[FORMAT_TEXT] = "text",
	[FORMAT_JSON] = "json",
	[FORMAT_DOT] = "dot",
	[FORMAT_NSUPDATE] = "nsupdate",
};

static int (*const formats[FORMAT_COUNT])(const output_t *, FILE *) = {
	[FORMAT_TEXT] = print_text,
	[FORMAT_JSON] = print_json,
	[FORMAT_DOT] = print_dot,
	[FORMAT_NSUPDATE] = print_nsupdate,
	[FORMAT_DIFF] = print_diff,
};

format_t output_format(const char *name)
{
	format_t format = 0;
	while (format < FORMAT_COUNT &&
	       (format_names[format] == NULL || strcmp(format_names[format], name) != 0)) {
		format++;
	}
	return format;
}

void output_count(const output_t *output, output_totals_t *totals)
{
	*totals = (output_totals_t){ 0 };
	for (size_t i = 0; i < output->zone_count; i++) {
		const audit_t *audit = output->zones[i].audit;
		size_t before = totals->errors + totals->warnings;
		for (size_t j = 0; j < audit->finding_count; j++) {
			const audit_finding_t *finding = &audit->findings[j];
			if (finding->ignored) {
				totals->ignored++;
				continue;
			}
			totals->rules[finding->rule]++;
			if (audit_rules[finding->rule].severity == SEVERITY_ERROR) {
				totals->errors++;
			} else {
				totals->warnings++;
			}
		}
		totals->zones_bad += totals->errors + totals->warnings > before;
		totals->edits += audit->edit_count;
	}
}

int output_print(const output_t *output, format_t format, FILE *out)
{
	errno = 0;
	int ret = formats[format](output, out);
	if (ret != KNOT_EOK) {
		return ret;
	}
	/* A full disk may show only now. The stream does not keep why, so errno is a good guess. */
	if (fflush(out) != 0 || ferror(out)) {
		return errno != 0 ? knot_map_errno_code(errno) : KNOT_ERROR;
	}
	return KNOT_EOK;
}

char *print_name(knot_dname_txt_storage_t buf, const knot_dname_t *name)
{
	const size_t size = sizeof(knot_dname_txt_storage_t);
	if (name == NULL || knot_dname_to_str(buf, name, size) == NULL) {
		buf[0] = '\0';
	}
	return buf;
}

char *print_type(char buf[static TYPE_TEXT_MAX], uint16_t type)
{
	if (knot_rrtype_to_string(type, buf, TYPE_TEXT_MAX) < 0) {
		buf[0] = '\0';
	}
	return buf;
}

char *print_address(char buf[static ADDRESS_TEXT_MAX], uint8_t family, const uint8_t *address)
{
	if (inet_ntop(family == 4 ? AF_INET : AF_INET6, address, buf, ADDRESS_TEXT_MAX) == NULL) {
		buf[0] = '\0';
	}
	return buf;
}

size_t print_clean_length(const char *text)
{
	const uint8_t *at = (const uint8_t *)text;
	if (at[0] < 0x80) {
		return at[0] >= 0x20 && at[0] != 0x7f;
	}

	size_t length = at[0] >= 0xc2 && at[0] < 0xe0 ? 2 : (at[0] & 0xf0) == 0xe0 ? 3 :
	                at[0] >= 0xf0 && at[0] < 0xf5 ? 4 : 0;
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	/* C1 controls, overlong forms, surrogates, beyond Unicode. */
	if ((at[0] == 0xc2 && at[1] < 0xa0) || (at[0] == 0xe0 && at[1] < 0xa0) ||
	    (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf0 && at[1] < 0x90) ||
	    (at[0] == 0xf4 && at[1] > 0x8f)) {
		return 0;
	}
	return length;
}

void print_clean(FILE *out, const char *text)
{
	while (*text != '\0') {
		size_t length = print_clean_length(text);
		if (length > 0) {
			(void)fwrite(text, 1, length, out);
			text += length;
		} else {
			(void)fprintf(out, "\\%03u", (uint8_t)*text++);
		}
	}
}

char *print_clean_copy(const char *text)
{
	char *copy = malloc(4 * strlen(text) + 1), *end = copy;
	if (copy == NULL) {
		return NULL;
	}
	while (*text != '\0') {
		size_t length = print_clean_length(text);
		if (length > 0) {
			memcpy(end, text, length);
			text += length;
			end += length;
		} else {
			end += sprintf(end, "\\%03u", (uint8_t)*text++);
		}
	}
	*end = '\0';
	return copy;
}

int print_record(record_text_t *buf, const audit_edit_t *edit, bool with_class)
{
	knot_dump_style_t style = KNOT_DUMP_STYLE_DEFAULT;
	style.show_class = with_class;

	knot_rrset_t rrset;
	knot_rrset_init(&rrset, edit->owner, edit->type, KNOT_CLASS_IN, edit->ttl);
	rrset.rrs.count = 1;
	rrset.rrs.size = (uint32_t)knot_rdata_size(edit->rdata->len);
	rrset.rrs.rdata = edit->rdata;

	if (buf->text == NULL) {
		buf->size = 512;
		buf->text = malloc(buf->size);
		if (buf->text == NULL) {
			return KNOT_ENOMEM;
		}
	}
	int ret = knot_rrset_txt_dump(&rrset, &buf->text, &buf->size, &style);
	if (ret < 0) {
		return ret;
	}
	buf->text[strcspn(buf->text, "\n")] = '\0';
	return KNOT_EOK;
}

size_t print_same_owner(const audit_t *audit, size_t i)
{
	size_t end = i + 1;
	while (end < audit->edit_count &&
	       knot_dname_is_equal(audit->edits[i].owner, audit->edits[end].owner)) {
		end++;
	}
	return end;
}
