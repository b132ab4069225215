/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The registry of lists.
 *
 * A known list has a current version, a built set; versions before that live on as long as
 * somebody holds them. All known lists are in a search tree, those of which nobody holds any
 * version are in the array of idle ones too.
 */

#include <errno.h>
#include <pthread.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libknot/errcode.h>

#include "module/hash.h"
#include "module/netlists.h"

/* How often files are read that change meanwhile, and might be read half old, half new. */
#define READS_MAX 3

/* A list as it is configured. Owns nothing, unless it is a copy. */
typedef struct {
	uint64_t hash;
	const net_t *nets;
	size_t net_count;
	const char *const *paths;
	size_t path_count;
} list_t;

/* What a file is: differs if the file may. No padding, so that it can be compared as a whole. */
typedef struct {
	int64_t error; /* Of stat(); then the rest is zero. */
	uint64_t dev;
	uint64_t ino;
	int64_t size;
	int64_t mtime, mtime_ns;
	int64_t ctime, ctime_ns;
} ident_t;

typedef struct known known_t;

/* A version of a list. */
struct netlist {
	netset_t *set;
	known_t *known; /* NULL if it is not in the registry. */
	size_t holds;
};

struct known {
	list_t list;      /* A copy. */
	size_t holds;     /* On all versions. */
	netlist_t *current; /* The last good version, NULL if there has been none. */
	ident_t *good;    /* The files as they were read for it. */
	ident_t *bad;     /* The files as they were when reading them failed, */
	int bad_ret;      /* how it failed, KNOT_EOK if it did not since, */
	char *bad_err;    /* what was said, NULL if memory was short, */
	size_t bad_path;  /* and because of which path. */
};

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static void *registry; /* For tsearch(). */
static known_t *idle[NETLISTS_IDLE_MAX]; /* The longest idle first. */
static size_t idle_count;

static int no_memory(char *err)
{
	(void)snprintf(err, NETFILE_ERR_MAX, "not enough memory");
	return KNOT_ENOMEM;
}

static list_t list_of(const net_t *nets, size_t net_count, const char *const *paths,
		      size_t path_count)
{
	uint64_t hash = HASH_START;
	hash = hash_more(hash, nets, net_count * sizeof(*nets));
	for (size_t i = 0; i < path_count; i++) {
		hash = hash_more(hash, paths[i], strlen(paths[i]) + 1);
	}
	return (list_t){ hash, nets, net_count, paths, path_count };
}

static void list_clear(list_t *copy)
{
	for (size_t i = 0; copy->paths != NULL && i < copy->path_count; i++) {
		free((char *)copy->paths[i]);
	}
	free((void *)copy->paths);
	free((net_t *)copy->nets);
	*copy = (list_t){ 0 };
}

/* Makes a copy that owns its parts, for list_clear(). */
static int list_copy(list_t *out, const list_t *list)
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

/* A total order without meaning; 0 if the lists are the same. */
static int list_cmp(const list_t *a, const list_t *b)
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

/* Says what the files are now: one for each path. */
static void list_identify(const list_t *list, ident_t *idents)
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

static bool list_same(const list_t *list, const ident_t *a, const ident_t *b)
{
	return list->path_count == 0 || memcmp(a, b, list->path_count * sizeof(*a)) == 0;
}

/*
 * Reads the files and builds the set.
 *
 * The path to begin with is first: one that can't be opened is found out at once, not after reading
 * all others. On an error, *failed is the path to blame.
 */
static int list_build(const list_t *list, size_t first, size_t *failed, netset_t **out,
               char *err)
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

static void version_free(netlist_t *version)
{
	if (version != NULL) {
		netset_free(version->set);
		free(version);
	}
}

static void known_free(known_t *known)
{
	list_clear(&known->list);
	version_free(known->current);
	free(known->good);
	free(known->bad);
	free(known->bad_err);
	free(known);
}

static known_t *known_new(const list_t *list)
{
	known_t *known = calloc(1, sizeof(*known));
	if (known == NULL) {
		return NULL;
	}
	/* One more of each: of none, NULL would be no error. */
	known->good = calloc(list->path_count + 1, sizeof(*known->good));
	known->bad = calloc(list->path_count + 1, sizeof(*known->bad));
	if (known->good == NULL || known->bad == NULL ||
	    list_copy(&known->list, list) != KNOT_EOK) {
		known_free(known);
		return NULL;
	}
	return known;
}

static int known_cmp(const void *a, const void *b)
{
	return list_cmp(&((const known_t *)a)->list, &((const known_t *)b)->list);
}

/* Finds a list or makes it known. A new one is neither held nor idle yet. */
static known_t *known_get(const list_t *list)
{
	const known_t wanted = { .list = *list };
	known_t **found = tfind(&wanted, &registry, known_cmp);
	if (found != NULL) {
		return *found;
	}

	known_t *known = known_new(list);
	if (known != NULL && tsearch(known, &registry, known_cmp) == NULL) {
		known_free(known);
		return NULL;
	}
	return known;
}

/* The place among the idle ones, or idle_count. */
static size_t idle_find(const known_t *known)
{
	size_t i = 0;
	while (i < idle_count && idle[i] != known) {
		i++;
	}
	return i;
}

static void idle_remove(size_t i)
{
	idle_count--;
	memmove(&idle[i], &idle[i + 1], (idle_count - i) * sizeof(*idle));
}

static void idle_free(size_t i)
{
	known_t *known = idle[i];
	idle_remove(i);
	(void)tdelete(known, &registry, known_cmp);
	known_free(known);
}

static void idle_add(known_t *known)
{
	if (idle_count == NETLISTS_IDLE_MAX) { /* One that never was any good goes first. */
		size_t i = 0;
		while (i < idle_count && idle[i]->current != NULL) {
			i++;
		}
		idle_free(i < idle_count ? i : 0);
	}
	idle[idle_count++] = known;
}

static void forget_bad(known_t *known)
{
	known->bad_ret = KNOT_EOK;
	free(known->bad_err);
	known->bad_err = NULL;
}

/* Remembers a failure. Returns true if it is the one that is remembered already. */
static bool note_bad(known_t *known, int ret, const ident_t *files, size_t path, const char *err)
{
	if (known->bad_ret == ret && list_same(&known->list, known->bad, files) &&
	    known->bad_err != NULL && strcmp(known->bad_err, err) == 0) {
		return true;
	}
	free(known->bad_err);
	known->bad_err = strdup(err);
	known->bad_ret = ret;
	known->bad_path = path;
	memcpy(known->bad, files, known->list.path_count * sizeof(*files));
	return false;
}

/* Makes a version the current one; who holds the one before keeps it. */
static void publish(known_t *known, netlist_t *version, const ident_t *files)
{
	if (known->current != NULL && known->current->holds == 0) {
		version_free(known->current);
	}
	version->known = known;
	known->current = version;
	memcpy(known->good, files, known->list.path_count * sizeof(*files));
	forget_bad(known);
}

/*
 * Reads the files, again if they changed meanwhile.
 *
 * \param files   What they are; set to what they were when the last reading began.
 * \param after   Room for the same.
 * \param failed  Set on error: the path to blame.
 */
static int read_files(const known_t *known, ident_t *files, ident_t *after, size_t *failed,
                      netset_t **out, char *err)
{
	const list_t *list = &known->list;
	const size_t first = known->bad_ret != KNOT_EOK ? known->bad_path : 0;
	for (int i = 1;; i++) {
		int ret = list_build(list, first, failed, out, err);
		list_identify(list, after);
		if (i == READS_MAX || list_same(list, files, after)) {
			return ret; /* If they still change, the next call will notice. */
		}
		if (ret == KNOT_EOK) {
			netset_free(*out);
		}
		memcpy(files, after, list->path_count * sizeof(*files));
	}
}

/* Makes the version that the files are now the current one. On error, nothing but err changes. */
static int renew(known_t *known, ident_t *files, ident_t *after, char *err)
{
	netset_t *set;
	size_t failed;
	netlist_t *version = calloc(1, sizeof(*version));
	if (version == NULL) {
		return no_memory(err);
	}
	int ret = read_files(known, files, after, &failed, &set, err);
	if (ret == KNOT_EOK) {
		version->set = set;
		publish(known, version, files);
		return KNOT_EOK;
	}

	free(version);
	if (note_bad(known, ret, files, failed, err) && known->current != NULL) {
		err[0] = '\0'; /* Said already. */
	}
	return ret;
}

/* Sees to it that the current version is what the files are now, if they are good. */
static int update(known_t *known, ident_t *files, ident_t *after, char *err)
{
	const list_t *list = &known->list;
	list_identify(list, files);
	if (known->current != NULL && list_same(list, files, known->good)) {
		forget_bad(known);
		return KNOT_EOK;
	}

	/* Any other failure may end without a change of the file: that is tried again. */
	if (known->bad_ret == KNOT_EMALF && known->bad_err != NULL &&
	    list_same(list, files, known->bad)) {
		if (known->current == NULL) {
			(void)snprintf(err, NETFILE_ERR_MAX, "%s", known->bad_err);
		}
		return KNOT_EMALF;
	}
	return renew(known, files, after, err);
}

/* netlist_get(), with the lock taken. */
static int get(const list_t *list, netlist_t **out, char *err)
{
	known_t *known = known_get(list);
	const size_t count = list->path_count + 1;
	ident_t *idents = calloc(2 * count, sizeof(*idents));
	int ret;
	if (known == NULL || idents == NULL) {
		ret = no_memory(err);
	} else {
		ret = update(known, idents, idents + count, err);
	}
	free(idents);
	if (known == NULL) {
		return ret;
	}

	const size_t i = idle_find(known);
	if (known->current == NULL) {
		if (i == idle_count) { /* New. */
			idle_add(known);
		}
		return ret;
	}
	if (i < idle_count) {
		idle_remove(i);
	}
	known->holds++;
	known->current->holds++;
	*out = known->current;
	return KNOT_EOK;
}

int netlist_get(const net_t *nets, size_t net_count, const char *const *paths, size_t path_count,
              netlist_t **out, char err[static NETFILE_ERR_MAX])
{
	const list_t list = list_of(nets, net_count, paths, path_count);
	*out = NULL;
	err[0] = '\0';

	pthread_mutex_lock(&registry_lock);
	int ret = get(&list, out, err);
	pthread_mutex_unlock(&registry_lock);
	return ret;
}

int netlist_check(const net_t *nets, size_t net_count, const char *const *paths, size_t path_count,
                netlist_t **out, char err[static NETFILE_ERR_MAX])
{
	const list_t list = list_of(nets, net_count, paths, path_count);
	size_t failed;
	if (out != NULL) {
		*out = NULL;
	}

	netlist_t *version = calloc(1, sizeof(*version));
	if (version == NULL) {
		return no_memory(err);
	}
	int ret = list_build(&list, 0, &failed, &version->set, err);
	if (ret == KNOT_EOK && out != NULL) {
		*out = version;
	} else {
		version_free(version);
	}
	return ret;
}

const netset_t *netlist_set(const netlist_t *version)
{
	return version != NULL ? version->set : NULL;
}

void netlist_put(netlist_t *version)
{
	if (version == NULL) {
		return;
	}
	known_t *known = version->known;
	if (known == NULL) {
		version_free(version);
		return;
	}

	pthread_mutex_lock(&registry_lock);
	version->holds--;
	if (version->holds == 0 && version != known->current) {
		version_free(version);
	}
	known->holds--;
	if (known->holds == 0) {
		idle_add(known);
	}
	pthread_mutex_unlock(&registry_lock);
}

/* When the library goes, so do the lists that nobody holds. */
static __attribute__((destructor)) void free_idle(void)
{
	while (idle_count > 0) {
		idle_free(0);
	}
}
