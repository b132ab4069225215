/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * The language of what people read: findings, errors, usage. English is written in the sources and
 * is the key to the catalogues of po/. Without gettext, or without catalogues, it is English.
 *
 * Reports for programs, scripts and zone-file lines are never translated. Names of rules, options,
 * record types and items of the configuration stay as they are in any language. What libraries and
 * policy/ say comes in English, as the module logs it.
 *
 * Translations are in UTF-8. Any thread may translate once lang_begin() is done.
 */

#pragma once

#ifdef HAVE_GETTEXT
#include <libintl.h>
#else
#define gettext(text) (text)
#define ngettext(one, many, count) ((count) == 1 ? (one) : (many))
#endif

/*! The text in the language of the user; ngettext() is the same for texts with a number. */
#define _(text) gettext(text)

/*! Marks a text in a table, which _() translates where it is used. */
#define N_(text) text

/*!
 * Begins to use the language that the environment asks for (LANGUAGE, LC_ALL, LC_MESSAGES, LANG),
 * if its characters are in UTF-8. Nothing else depends on the environment: numbers, names and the
 * order of texts are those of the C locale.
 *
 * \param folder  Where catalogues are: FOLDER/LANGUAGE/LC_MESSAGES/kmxcheck.mo.
 */
void lang_begin(const char *folder);

/*! Goes back to English, for good. */
void lang_english(void);
