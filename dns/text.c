/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Text of names, types, addresses, and errors.
 */

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/text.h"

/*! Longest name of a file in an error text. */
#define FILE_TEXT_MAX 320

char *name_text(knot_dname_txt_storage_t buf, const knot_dname_t *name)
{
	const size_t size = sizeof(knot_dname_txt_storage_t);
	if (name == NULL || knot_dname_to_str(buf, name, size) == NULL) {
		buf[0] = '\0';
	}
	return buf;
}

char *type_text(char buf[static TYPE_TEXT_MAX], uint16_t type)
{
	if (knot_rrtype_to_string(type, buf, TYPE_TEXT_MAX) < 0) {
		buf[0] = '\0';
	}
	return buf;
}

char *address_text(char buf[static ADDRESS_TEXT_MAX], int family, const uint8_t *address)
{
	if (inet_ntop(family == 4 ? AF_INET : AF_INET6, address, buf, ADDRESS_TEXT_MAX) == NULL) {
		buf[0] = '\0';
	}
	return buf;
}

/*! Length of the character at the beginning of a text if it is printable UTF-8, otherwise 0: names
 *  of files may hold anything. */
static size_t clean_length(const char *text)
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

char *clean_copy(const char *text)
{
	char *copy = malloc(4 * strlen(text) + 1), *end = copy;
	if (copy == NULL) {
		return NULL;
	}
	while (*text != '\0') {
		size_t length = clean_length(text);
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

void text_show(char *out, size_t size, const char *text, size_t len, bool ascii)
{
	size_t at = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char octet = (unsigned char)text[i];
		if (at + sizeof("\\DDD...") > size) {
			memcpy(out + at, "...", 3);
			at += 3;
			break;
		}
		if (octet < ' ' || octet == 0x7f || (ascii && octet > 0x7f)) {
			at += (size_t)snprintf(out + at, size - at, "\\%03u", octet);
		} else {
			out[at++] = text[i];
		}
	}
	out[at] = '\0';
}

int error_at(char err[static ERROR_TEXT_MAX], int ret, source_pos_t pos, const char *fmt, ...)
{
	char file[FILE_TEXT_MAX];
	int used = 0;
	if (pos.file != NULL) {
		text_show(file, sizeof(file), pos.file, strlen(pos.file), false);
		unsigned long long line = pos.line;
		used = line > 0 ? snprintf(err, ERROR_TEXT_MAX, "%s:%llu: ", file, line)
		                : snprintf(err, ERROR_TEXT_MAX, "%s: ", file);
	}
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(err + used, (size_t)(ERROR_TEXT_MAX - used), fmt, args);
	va_end(args);
	return ret;
}
