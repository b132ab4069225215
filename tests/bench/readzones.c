/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Reads zone files as any program that wants their records: each once through libzscanner, and
 * does nothing with the records. What kmxcheck is measured against.
 */

#include <stdio.h>
#include <stdlib.h>

#include <libzscanner/scanner.h>

static void ignore(zs_scanner_t *scanner)
{
	(void)scanner;
}

static int read_zone(zs_scanner_t *scanner, const char *path)
{
	int ret = zs_init(scanner, ".", 1, 3600);
	if (ret == 0) {
		ret = zs_set_input_file(scanner, path);
	}
	if (ret == 0) {
		ret = zs_set_processing(scanner, ignore, ignore, NULL);
	}
	if (ret == 0) {
		ret = zs_parse_all(scanner);
	}
	zs_deinit(scanner);
	return ret;
}

/*! Paths come from standard input, one a line: there may be more than fit in a command line. */
int main(void)
{
	char path[4096];
	zs_scanner_t *scanner = malloc(sizeof(*scanner));
	int ret = scanner != NULL ? 0 : 1;
	while (ret == 0 && scanf("%4095s", path) == 1) {
		ret = read_zone(scanner, path);
	}
	free(scanner);
	return ret != 0;
}
