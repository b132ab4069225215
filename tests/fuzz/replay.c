/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Replays a corpus through a fuzz target: all files of its folders, or those named on the command
 * line. Speaks TAP. A crash is a failure, and the line before it names the file.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

static size_t count;

static int replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		return 1;
	}
	uint8_t *data = NULL;
	size_t size = 0, got;
	do {
		uint8_t *more = realloc(data, size + 65536);
		if (more == NULL) {
			break;
		}
		data = more;
		got = fread(data + size, 1, 65536, file);
		size += got;
	} while (got > 0);
	(void)fclose(file);

	printf("# %s\n", path);
	(void)fflush(stdout);
	(void)LLVMFuzzerTestOneInput(data, size);
	free(data);
	printf("ok %zu - %s\n", ++count, path);
	return 0;
}

static int replay_folder(const char *path)
{
	char file[8192];
	struct dirent **entries;
	int ret = 0, found = scandir(path, &entries, NULL, alphasort);
	if (found < 0) {
		return 1;
	}
	for (int i = 0; i < found; i++) {
		struct stat st;
		(void)snprintf(file, sizeof(file), "%s/%.255s", path, entries[i]->d_name);
		free(entries[i]);
		if (stat(file, &st) == 0 && S_ISREG(st.st_mode)) {
			ret |= replay(file);
		}
	}
	free(entries);
	return ret;
}

int main(int argc, char **argv)
{
	int ret = 0;
	for (int i = 1; i < argc; i++) {
		ret |= replay(argv[i]);
	}
	const char *source = getenv("MXGUARD_SRCDIR");
	for (size_t i = 0; argc == 1 && fuzz_corpus[i] != NULL; i++) {
		char path[4096];
		(void)snprintf(path, sizeof(path), "%s/%s", source != NULL ? source : ".",
		               fuzz_corpus[i]);
		ret |= replay_folder(path);
	}
	if (ret != 0 || count == 0) {
		printf("not ok %zu - the corpus can be read\n", ++count);
		ret = 1;
	}
	printf("1..%zu\n", count);
	return ret;
}
