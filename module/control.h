/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * A client of knotd's control socket: the two questions that the module has for its own server.
 *
 * Each call is a connection of its own; nothing is kept between calls. They block, up to the
 * time-out, and may be called by any number of threads. The thread that answers in knotd is also
 * the one that loads and unloads modules: never call this from there, nor from anything that it
 * waits for. A peer that hangs up can't raise SIGPIPE. The descriptor is libknot's, without
 * close-on-exec, and closed at return.
 *
 * Errors are KNOT_E*. With each comes a short text of the reason for people to read: what the
 * server said, or what became of the connection.
 */

#pragma once

/*! Longest reason, with the terminating zero; what is longer is cut. */
#define CONTROL_ERR_MAX 128

/*!
 * Has the modules of a zone loaded anew (zone-reload, forced), and waits until they are.
 *
 * \param socket      Path of the control socket.
 * \param zone        Name of the zone as text.
 * \param timeout_ms  How long it may take. A request that was sent may be carried out even if the
 *                    answer came too late.
 * \param err         Always terminated; empty on KNOT_EOK.
 *
 * \retval KNOT_EOK       The server has done so, though a module may have failed to load.
 * \retval KNOT_ERROR     The server could not; err is what it said.
 * \retval KNOT_ECONN     There is no such socket, or the peer hung up.
 * \retval KNOT_ETIMEOUT
 * \retval other KNOT_E*  No connection, or the answer was none of knotd's.
 */
int control_reload_zone(const char *socket, const char *zone, int timeout_ms,
                        char err[static CONTROL_ERR_MAX]);

/*!
 * Asks if a zone has a DNSKEY now (zone-read). Parameters and errors as above, and:
 *
 * \retval KNOT_EOK     It has.
 * \retval KNOT_ENOENT  It has none, or it is not loaded (yet), or the server has no such zone.
 */
int control_zone_signed(const char *socket, const char *zone, int timeout_ms,
                        char err[static CONTROL_ERR_MAX]);
