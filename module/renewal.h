/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Has the module of a zone loaded anew when it is time: signatures get old and can't be made any
 * fresher by the instance there is, keys change, or there were none when it was loaded.
 *
 * One detached thread for the process does it, over the control socket, one zone after another.
 * It starts with the first registration and ends when nothing is registered, but nobody ever
 * waits for it: it may outlive all instances for as long as a request takes, so the module must
 * stay mapped (link with -z nodelete). It takes no signals.
 *
 * What a zone has been through is kept by its name, in a record that all of its instances share:
 * the one that is loaded finds what the one before it has begun. It is gone with the last of them.
 *
 * Schedule: once at half of the lifetime and up to an eighth more (by the zone's name); at once if
 * wanted, but in a row after 1, 2, 4 s, up to an hour; without keys, the server is asked for a
 * DNSKEY after 0.5, 1, 2 s, up to an hour, and if it has one, the reload is wanted. What fails is
 * tried again after 1, 2, 4 s, up to a minute or an eighth of the lifetime. After a request that
 * was granted it is for the new instance to register; the old one only gets what it wants.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libknot/dname.h>

/*! Longest line, with the terminating zero; what is longer is cut. */
#define RENEWAL_LINE_MAX (KNOT_DNAME_TXT_MAXLEN + 320)

/*! The registration of an instance. */
typedef struct renewal renewal_t;

/*!
 * What is done with a line. Called from the thread, under the registry's lock: it must neither
 * wait for one who loads or unloads a module, nor call anything of this file but renewal_want().
 */
typedef void (*renewal_log_f)(void *ctx, const char *line);

/*!
 * Registers an instance at its load, also while the one before it still lives. From then on this
 * is the zone's latest one, and the others are not listened to. If it goes first, all is as if it
 * had never been. Any thread.
 *
 * \param zone          Name of the zone, in lower case, copied.
 * \param socket        Path of the control socket, copied. NULL if there is none: every attempt
 *                      fails and says so.
 * \param lifetime      Seconds that signatures of this load stay good, from now on.
 * \param keys_missing  There were no keys to sign with.
 * \param log           Gets a line when attempts have failed for 10 s, or 3/4 of the lifetime have
 *                      passed without a new instance, and then every 10 minutes while it is so.
 *                      Only the latest instance's is called.
 * \param ctx           For log.
 *
 * \return NULL if out of memory, or if no thread can be had.
 */
renewal_t *renewal_new(const knot_dname_t *zone, const char *socket, uint32_t lifetime,
                       bool keys_missing, renewal_log_f log, void *ctx);

/*!
 * The keys are not those of the load: a reload is wanted. For query threads, any number of them
 * at a time. Takes no lock and waits for nothing. Until the reload is begun, all calls but the
 * first are one relaxed load. NULL is fine.
 */
void renewal_want(renewal_t *renewal);

/*!
 * What is signed now is signed by the zone's present keys: the next reload that is wanted need not
 * wait for long. As renewal_want(), and cheaper. NULL is fine.
 */
void renewal_settled(renewal_t *renewal);

/*!
 * Ends a registration, at unload, when no query thread is in the instance any more. From the
 * return on, log is not called for it. Waits for nothing but the registry's lock, which is never
 * held during any traffic. Any thread. NULL is fine.
 */
void renewal_free(renewal_t *renewal);
