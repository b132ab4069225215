/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The registry of lists.
 *
 * A known list has a current version, a built set; versions before that live on as long as
 * somebody holds them. All known lists are in a search tree, those of which nobody holds any
 * version are in the array of idle ones too.
 */

#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "module/list.h"
#include "module/lists.h"

/*! How often files are read that change meanwhile, and might be read half old, half new. */
#define READS_MAX 3

typedef struct known known_t;

/*! A version of a list. */
struct lists {
	netset_t *set;
	known_t *known; /*!< NULL if it is not in the registry. */
	size_t holds;
};

struct known {
	list_t list;      /*!< A copy. */
	size_t holds;     /*!< On all versions. */
	lists_t *current; /*!< The last good version, NULL if there has been none. */
	ident_t *good;    /*!< The files as they were read for it. */
	ident_t *bad;     /*!< The files as they were when reading them failed, */
	int bad_ret;      /*!< how it failed, KNOT_EOK if it did not since, */
	char *bad_err;    /*!< what was said, NULL if memory was short, */
	size_t bad_path;  /*!< and because of which path. */
};

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static void *registry; /*!< For tsearch(). */
static known_t *idle[LISTS_IDLE_MAX]; /*!< The longest idle first. */
static size_t idle_count;

static int no_memory(char *err)
{
	(void)snprintf(err, NETFILE_ERR_MAX, "not enough memory");
	return KNOT_ENOMEM;
}

static void lists_free(lists_t *lists)
{
	if (lists != NULL) {
		netset_free(lists->set);
		free(lists);
	}
}

static void known_free(known_t *known)
{
	list_clear(&known->list);
	lists_free(known->current);
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

/*! Finds a list or makes it known. A new one is neither held nor idle yet. */
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

/*! The place among the idle ones, or idle_count. */
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
	if (idle_count == LISTS_IDLE_MAX) { /* One that never was any good goes first. */
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

/*! Remembers a failure. Returns true if it is the one that is remembered already. */
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

/*! Makes a version the current one; who holds the one before keeps it. */
static void publish(known_t *known, lists_t *lists, const ident_t *files)
{
	if (known->current != NULL && known->current->holds == 0) {
		lists_free(known->current);
	}
	lists->known = known;
	known->current = lists;
	memcpy(known->good, files, known->list.path_count * sizeof(*files));
	forget_bad(known);
}

/*!
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

/*! Makes the version that the files are now the current one. On error, nothing but err changes. */
static int renew(known_t *known, ident_t *files, ident_t *after, char *err)
{
	netset_t *set;
	size_t failed;
	lists_t *lists = calloc(1, sizeof(*lists));
	if (lists == NULL) {
		return no_memory(err);
	}
	int ret = read_files(known, files, after, &failed, &set, err);
	if (ret == KNOT_EOK) {
		lists->set = set;
		publish(known, lists, files);
		return KNOT_EOK;
	}

	free(lists);
	if (note_bad(known, ret, files, failed, err) && known->current != NULL) {
		err[0] = '\0'; /* Said already. */
	}
	return ret;
}

/*! Sees to it that the current version is what the files are now, if they are good. */
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

/*! lists_get(), with the lock taken. */
static int get(const list_t *list, lists_t **out, char *err)
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

int lists_get(const net_t *nets, size_t net_count, const char *const *paths, size_t path_count,
              lists_t **out, char err[static NETFILE_ERR_MAX])
{
	const list_t list = list_of(nets, net_count, paths, path_count);
	*out = NULL;
	err[0] = '\0';

	pthread_mutex_lock(&registry_lock);
	int ret = get(&list, out, err);
	pthread_mutex_unlock(&registry_lock);
	return ret;
}

int lists_check(const net_t *nets, size_t net_count, const char *const *paths, size_t path_count,
                lists_t **out, char err[static NETFILE_ERR_MAX])
{
	const list_t list = list_of(nets, net_count, paths, path_count);
	size_t failed;
	if (out != NULL) {
		*out = NULL;
	}

	lists_t *lists = calloc(1, sizeof(*lists));
	if (lists == NULL) {
		return no_memory(err);
	}
	int ret = list_build(&list, 0, &failed, &lists->set, err);
	if (ret == KNOT_EOK && out != NULL) {
		*out = lists;
	} else {
		lists_free(lists);
	}
	return ret;
}

const netset_t *lists_set(const lists_t *lists)
{
	return lists != NULL ? lists->set : NULL;
}

void lists_put(lists_t *lists)
{
	if (lists == NULL) {
		return;
	}
	known_t *known = lists->known;
	if (known == NULL) {
		lists_free(lists);
		return;
	}

	pthread_mutex_lock(&registry_lock);
	lists->holds--;
	if (lists->holds == 0 && lists != known->current) {
		lists_free(lists);
	}
	known->holds--;
	if (known->holds == 0) {
		idle_add(known);
	}
	pthread_mutex_unlock(&registry_lock);
}

/*! When the library goes, so do the lists that nobody holds. */
static __attribute__((destructor)) void lists_fini(void)
{
	while (idle_count > 0) {
		idle_free(0);
	}
}
