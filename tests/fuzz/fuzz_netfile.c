/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any text as the list of a vendor: it is refused with an error of one line, or every network of it
 * can be written and read again, each end of one that is not excepted matches, and the names are
 * sorted.
 */

#undef NDEBUG

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libknot/errcode.h>

#include "policy/netfile.h"
#include "tests/fuzz/fuzz.h"

const char *const fuzz_corpus[] = { "tests/fuzz/netfile", "etc/proxies", NULL };

static void check(netset_t *set, const names_t *names, const netfile_info_t *info)
{
	assert(netset_build(set) == KNOT_EOK);
	assert(info->count + info->names > 0);
	assert(netset_count(set) <= info->count && (netset_count(set) > 0) == (info->count > 0));
	size_t count = 0;
	net_t net;
	for (size_t at = 0; netset_next(set, &at, &net); count++) {
		char text[NET_TEXT_MAX];
		net_t again, first, found;
		assert(net_from_str(&again, net_to_str(&net, text)) == KNOT_EOK);
		assert(memcmp(&again, &net, sizeof(again)) == 0);

		bool match = netset_match(set, net.family, net.first, &found);
		assert(net_from_addr(&first, net.family, net.first, net.first, 0) == KNOT_EOK);
		assert(match == netset_overlaps(set, &first, NULL));
		assert(!match || net_overlap(&found, &first));
	}
	assert(count == netset_count(set));
	for (size_t i = 0; i < names->count; i++) {
		const name_pattern_t *one = &names->at[i];
		assert(one->size == knot_dname_size(one->name) && one->size > 1 && !one->below);
		assert(names_cover(names, one->name) == !one->except);
		assert(i == 0 || one[-1].size <= one->size);
	}
}

/*! Nothing of a file that is refused is left. */
static void check_refused(const netset_t *set, const names_t *names, const char *path,
                          const char *err)
{
	assert(strncmp(err, path, strlen(path)) == 0 && strchr(err, '\n') == NULL);
	assert(netset_count(set) == 0 && names->count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[] = "/tmp/fuzz-netfile-XXXXXX", err[NETFILE_ERR_MAX] = "";
	int fd = mkstemp(path);
	assert(fd >= 0);
	assert(write(fd, data, size) == (ssize_t)size);
	assert(close(fd) == 0);

	netset_t *set = netset_new();
	names_t names = { 0 };
	netfile_info_t info;
	assert(set != NULL);
	if (netfile_read(set, &names, path, &info, err) == KNOT_EOK) {
		check(set, &names, &info);
	} else {
		check_refused(set, &names, path, err);
	}
	netset_free(set);
	names_clear(&names);
	assert(unlink(path) == 0);
	return 0;
}
