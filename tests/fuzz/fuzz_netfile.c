/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any text as a list of networks: it is refused with an error of one line, or every network of it
 * is in the set and can be written and read again.
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

static void check(netset_t *set, const netfile_info_t *info)
{
	assert(netset_build(set) == KNOT_EOK);
	assert(info->count > 0 && netset_count(set) > 0 && netset_count(set) <= info->count);
	for (size_t i = 0; i < netset_count(set); i++) {
		char text[NET_TEXT_MAX];
		const net_t *net = netset_at(set, i);
		net_t again;
		assert(net_from_str(&again, net_to_str(net, text)) == KNOT_EOK);
		assert(memcmp(&again, net, sizeof(again)) == 0);
		assert(netset_match(set, net->family, net->first) != NULL);
		assert(netset_match(set, net->family, net->last) != NULL);
		assert(netset_overlaps(set, net));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[] = "/tmp/fuzz-netfile-XXXXXX", err[NETFILE_ERR_MAX] = "";
	int fd = mkstemp(path);
	assert(fd >= 0);
	assert(write(fd, data, size) == (ssize_t)size);
	assert(close(fd) == 0);

	netset_t *set = netset_new();
	netfile_info_t info;
	assert(set != NULL);
	if (netfile_read(set, path, &info, err) == KNOT_EOK) {
		check(set, &info);
	} else {
		assert(strncmp(err, path, strlen(path)) == 0 && strchr(err, '\n') == NULL);
	}
	netset_free(set);
	assert(unlink(path) == 0);
	return 0;
}
