/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Lists as they are configured.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libknot/errcode.h>

#include "module/hash.h"
#include "module/list.h"

list_t list_of(const net_t *nets, size_t net_count, const char *const *paths, size_t path_count)
{
	uint64_t hash = HASH_START;
	hash = hash_more(hash, nets, net_count * sizeof(*nets));
	for (size_t i = 0; i < path_count; i++) {
		hash = hash_more(hash, paths[i], strlen(paths[i]) + 1);
	}
	return (list_t){ hash, nets, net_count, paths, path_count };
}

int list_copy(list_t *out, const list_t *list)
{
	/* One more of each: of none, NULL would be no error. */
	net_t *nets = calloc(list->net_count + 1, sizeof(*nets));
	char **paths = calloc(list->path_count + 1, sizeof(*paths));
	bool done = nets != NULL && paths != NULL;

	for (size_t i = 0; done && i < list->path_count; i++) {
		paths[i] = strdup(list->paths[i]);
		done = paths[i] != NULL;
	}
	if (done && list->net_count > 0) {
		memcpy(nets, list->nets, list->net_count * sizeof(*nets));
	}

	*out = *list;
	out->nets = nets;
	out->paths = (const char *const *)paths;
	if (!done) {
		list_clear(out);
		return KNOT_ENOMEM;
	}
	return KNOT_EOK;
}

void list_clear(list_t *copy)
{
	for (size_t i = 0; copy->paths != NULL && i < copy->path_count; i++) {
		free((char *)copy->paths[i]);
	}
	free((void *)copy->paths);
	free((net_t *)copy->nets);
	*copy = (list_t){ 0 };
}

int list_cmp(const list_t *a, const list_t *b)
{
	if (a->hash != b->hash) {
		return a->hash < b->hash ? -1 : 1;
	}
	if (a->net_count != b->net_count) {
		return a->net_count < b->net_count ? -1 : 1;
	}
	if (a->path_count != b->path_count) {
		return a->path_count < b->path_count ? -1 : 1;
	}
	int ret = a->net_count > 0 ? memcmp(a->nets, b->nets, a->net_count * sizeof(*a->nets)) : 0;
	for (size_t i = 0; ret == 0 && i < a->path_count; i++) {
		ret = strcmp(a->paths[i], b->paths[i]);
	}
	return ret;
}

void list_identify(const list_t *list, ident_t *idents)
{
	for (size_t i = 0; i < list->path_count; i++) {
		struct stat st;
		if (stat(list->paths[i], &st) != 0) {
			idents[i] = (ident_t){ .error = errno };
			continue;
		}
		idents[i] = (ident_t){
			.dev = st.st_dev,
			.ino = st.st_ino,
			.size = st.st_size,
			.mtime = st.st_mtim.tv_sec,
			.mtime_ns = st.st_mtim.tv_nsec,
			.ctime = st.st_ctim.tv_sec,
			.ctime_ns = st.st_ctim.tv_nsec,
		};
	}
}

bool list_same(const list_t *list, const ident_t *a, const ident_t *b)
{
	return list->path_count == 0 || memcmp(a, b, list->path_count * sizeof(*a)) == 0;
}

static int no_memory(char *err)
{
	(void)snprintf(err, NETFILE_ERR_MAX, "not enough memory");
	return KNOT_ENOMEM;
}

int list_build(const list_t *list, size_t first, size_t *failed, netset_t **out,
               char err[static NETFILE_ERR_MAX])
{
	*failed = first;
	netset_t *set = netset_new();
	if (set == NULL) {
		return no_memory(err);
	}

	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < list->path_count; i++) {
		*failed = (first + i) % list->path_count;
		ret = netfile_read(set, list->paths[*failed], NULL, err);
	}
	for (size_t i = 0; ret == KNOT_EOK && i < list->net_count; i++) {
		if (netset_add(set, &list->nets[i]) != KNOT_EOK) {
			ret = no_memory(err);
		}
	}
	if (ret == KNOT_EOK && netset_build(set) != KNOT_EOK) {
		ret = no_memory(err);
	}
	if (ret != KNOT_EOK) {
		netset_free(set);
		return ret;
	}
	err[0] = '\0';
	*out = set;
	return KNOT_EOK;
}
