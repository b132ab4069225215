/* SPDX-License-Identifier: GPL-3.0-or-later */

/*!
 * Lists in tests: files of networks in a folder of their own, and getting the list of one. inotify
 * has an event for each opening of a file, which shows that nothing is read.
 */

#pragma once

#include "module/netlists.h"

extern char dir[64];
extern char path_a[96];
extern char path_b[96];
extern char path_new[96]; /*!< For write_file(); else never there. */

/*! Make the folder, and remove it with its files. For a group of tests. */
int fixture_list_setup(void **state);
int fixture_list_teardown(void **state);

/*! Puts a new file in the place of one, as an operator's scripts should. */
void write_file(const char *path, const char *text);

/*! netlist_get() for a list of files, or of networks, only; each is a reload. */
int get_files(const char *const *paths, size_t count, netlist_t **out,
              char err[static NETFILE_ERR_MAX]);
int get_nets(const net_t *nets, size_t count, netlist_t **out, char err[static NETFILE_ERR_MAX]);

/*! netlist_check() for the list of file a. */
int check_a(netlist_t **out, char err[static NETFILE_ERR_MAX]);

/*! Gets the list of file a. */
netlist_t *get_a(int want_ret, char err[static NETFILE_ERR_MAX]);

/*! Gets the list of file a, which must be fine, or known to be bad. */
netlist_t *get_a_silent(void);

/*! Expects "PATH_A: what" or "PATH_A:what". */
void check_err(const char *err, const char *what);

bool has(const netlist_t *lists, const char *str);

/*! Begins to watch file a: a descriptor for opened() and close(). */
int watch_a(void);

/*! How often the file was opened since the last call. */
size_t opened(int fd);
