/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Languages, by gettext.
 */

#include <langinfo.h>
#include <locale.h>
#include <stdbool.h>
#include <string.h>

#include "kmxcheck/lang.h"

#define DOMAIN "kmxcheck"

#ifdef HAVE_GETTEXT

/*! True if the user's terminal and files are in UTF-8. */
static bool is_utf8(void)
{
	locale_t user = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8 = user != (locale_t)0 && strcmp(nl_langinfo_l(CODESET, user), "UTF-8") == 0;
	if (user != (locale_t)0) {
		freelocale(user);
	}
	return utf8;
}

void lang_begin(const char *folder)
{
	if (!is_utf8() || setlocale(LC_MESSAGES, "") == NULL) {
		return;
	}
	(void)bindtextdomain(DOMAIN, folder);
	(void)bind_textdomain_codeset(DOMAIN, "UTF-8");
	(void)textdomain(DOMAIN);
	/* For strerror() and getopt(), which would use the character set of LC_CTYPE. */
	(void)bind_textdomain_codeset("libc", "UTF-8");
}

void lang_english(void)
{
	(void)setlocale(LC_MESSAGES, "C");
}

#else

void lang_begin(const char *folder)
{
	(void)folder;
}

void lang_english(void)
{
}

#endif
