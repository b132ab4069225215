/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The registry of lists.
 *
 * A known list has a current version, a built set and names; versions before that live on as long
 * as somebody holds them. All known lists are in a search tree, those of which nobody holds any
 * version are in the array of idle ones too.
 *
 * A server that is started as root checks its configuration before it drops its privileges, and
 * loads its zones afterwards. So what a check has read becomes the current version of a list that
 * has none yet, as if of files that have changed since: a load reads them again, if it can.
 */

#include <errno.h>
#include <pthread.h>
#include <search.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libknot/errcode.h>
#include <urcu.h>

#include "dns/vec.h"
#include "module/hash.h"
#include "module/netlists.h"

/* How often files are read that change meanwhile, and might be read half old, half new. */
#define READS_MAX 3

/* A list as it is configured. */
typedef struct {
	uint64_t hash;
	netlist_conf_t conf;
} list_t;

/* The identity of a file: differs if the file may have changed. No padding, so that it can be
 * compared as a whole. */
typedef struct {
	int64_t error; /* Of stat(); then the rest is zero. */
	uint64_t dev;
	uint64_t ino;
	int64_t size;
	int64_t mtime, mtime_ns;
	int64_t ctime, ctime_ns;
} ident_t;

typedef struct known known_t;

/* A file that a version was read from. */
typedef struct {
	char *path; /* As netfile_find() found it. */
	netfile_info_t info;
} read_t;

/* A version of a list. */
struct netlist {
	struct rcu_head rcu;
	netset_t *set;
	names_t names;
	read_t *files;
	size_t file_count;
	known_t *known; /* NULL if it is not in the registry. */
	size_t holds;
};

struct known {
	list_t list;      /* A copy. */
	size_t holds;     /* On all versions. */
	_Atomic(netlist_t *) current; /* The last good version, NULL if there has been none. Written
	                               * with the lock taken, read without. */
	ident_t *good;    /* The files as they were read for it; zeroed: for a check. Begins the
	                   * block of all four. */
	ident_t *bad;     /* The files as they were when reading them failed, */
	int bad_ret;      /* how it failed, KNOT_EOK if it did not since, */
	char *bad_err;    /* the error text, NULL if memory was short, */
	size_t bad_path;  /* and because of which path. */
	bool checked_only; /* Known from a check only, */
	uint64_t check;   /* and this is the last one that has named it. */
	uint64_t taken;   /* The last check before a load has read the files. */
	ident_t *files;   /* While they are read: what they were before that, */
	ident_t *after;   /* and after it. */
};

/* How files are read while others use the version before. */
typedef struct {
	netlist_fits_f fits;
	void *ctx;
} live_t;

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static void *registry; /* For tsearch(). */
static VEC(known_t *) idle; /* The longest idle first. */
static uint64_t check_now; /* Counts the checks of a whole configuration. */
static bool checking;      /* No list was loaded since this one began. */

static int no_memory(char *err)
{
	(void)snprintf(err, NETFILE_ERR_MAX, "not enough memory");
	return KNOT_ENOMEM;
}

static list_t list_of(const netlist_conf_t *conf)
{
	uint64_t hash = HASH_START;
	hash = hash_more(hash, conf->nets, conf->net_count * sizeof(*conf->nets));
	for (size_t i = 0; i < conf->name_count; i++) {
		hash = hash_more(hash, conf->names[i], knot_dname_size(conf->names[i]));
	}
	for (size_t i = 0; i < conf->path_count; i++) {
		hash = hash_more(hash, conf->paths[i], strlen(conf->paths[i]) + 1);
	}
	return (list_t){ hash, *conf };
}

/* Makes a copy that is one block, which begins with its paths. */
static int list_copy(list_t *out, const list_t *list)
{
	const netlist_conf_t *conf = &list->conf;
	const char **paths;
	const knot_dname_t **names;
	const size_t nets_size = conf->net_count * sizeof(*conf->nets);
	size_t size = 1 + conf->path_count * sizeof(*paths) + conf->name_count * sizeof(*names) +
	              nets_size; /* Of none, NULL would be no error. */
	for (size_t i = 0; i < conf->name_count; i++) {
		size += knot_dname_size(conf->names[i]);
	}
	for (size_t i = 0; i < conf->path_count; i++) {
		size += strlen(conf->paths[i]) + 1;
	}
	paths = malloc(size);
	if (paths == NULL) {
		return KNOT_ENOMEM;
	}

	names = (const knot_dname_t **)(paths + conf->path_count);
	net_t *nets = (net_t *)(names + conf->name_count);
	uint8_t *at = (uint8_t *)(nets + conf->net_count);
	if (nets_size > 0) {
		memcpy(nets, conf->nets, nets_size);
	}
	for (size_t i = 0; i < conf->name_count; i++) {
		names[i] = at;
		at += knot_dname_store(at, conf->names[i]);
	}
	for (size_t i = 0; i < conf->path_count; i++) {
		paths[i] = strcpy((char *)at, conf->paths[i]);
		at += strlen(paths[i]) + 1;
	}
	*out = *list;
	out->conf.nets = nets;
	out->conf.names = names;
	out->conf.paths = paths;
	return KNOT_EOK;
}

static int number_cmp(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

/* A total order without meaning; 0 if the lists are the same. */
static int list_cmp(const list_t *a, const list_t *b)
{
	const netlist_conf_t *c = &a->conf, *d = &b->conf;
	if (a->hash != b->hash) {
		return a->hash < b->hash ? -1 : 1;
	}
	int ret = number_cmp(c->net_count, d->net_count);
	ret = ret != 0 ? ret : number_cmp(c->name_count, d->name_count);
	ret = ret != 0 ? ret : number_cmp(c->path_count, d->path_count);
	if (ret == 0 && c->net_count > 0) {
		ret = memcmp(c->nets, d->nets, c->net_count * sizeof(*c->nets));
	}
	for (size_t i = 0; ret == 0 && i < c->name_count; i++) {
		ret = name_compare(c->names[i], d->names[i]);
	}
	for (size_t i = 0; ret == 0 && i < c->path_count; i++) {
		ret = strcmp(c->paths[i], d->paths[i]);
	}
	return ret;
}

/* Identifies the files as they are now, one for each path. */
static void list_identify(const list_t *list, ident_t *idents)
{
	for (size_t i = 0; i < list->conf.path_count; i++) {
		struct stat st;
		char *path = netfile_find(list->conf.paths[i]);
		const int error = path == NULL ? ENOMEM : stat(path, &st) != 0 ? errno : 0;
		free(path);
		if (error != 0) {
			idents[i] = (ident_t){ .error = error };
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
	return memcmp(a, b, list->conf.path_count * sizeof(*a)) == 0;
}

static void version_free(netlist_t *version)
{
	if (version != NULL) {
		netset_free(version->set);
		names_clear(&version->names);
		for (size_t i = 0; i < version->file_count; i++) {
			free(version->files[i].path);
		}
		free(version->files);
		free(version);
	}
}

static void version_free_rcu(struct rcu_head *head)
{
	version_free(caa_container_of(head, netlist_t, rcu));
}

/* Frees a version that nobody holds and that is not current any more; a query may still use it. */
static void version_free_later(netlist_t *version)
{
	call_rcu(&version->rcu, version_free_rcu);
}

/* Fills a version with what the configuration itself lists. */
static int add_configured(netlist_t *version, const netlist_conf_t *conf)
{
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < conf->net_count; i++) {
		ret = netset_add(version->set, &conf->nets[i]);
	}
	for (size_t i = 0; ret == KNOT_EOK && i < conf->name_count; i++) {
		ret = names_append(&version->names, conf->names[i], false);
	}
	names_sort(&version->names);
	return ret;
}

/*
 * Reads the files and builds a version.
 *
 * The path to begin with is first: one that can't be opened is found out at once, not after reading
 * all others. On an error, *failed is the path that it is about.
 */
static int list_build(const list_t *list, size_t first, size_t *failed, netlist_t **out, char *err)
{
	const netlist_conf_t *conf = &list->conf;
	netlist_t *version = calloc(1, sizeof(*version));
	*failed = first;
	if (version == NULL || (version->set = netset_new()) == NULL ||
	    (version->files = calloc(conf->path_count + 1, sizeof(*version->files))) == NULL ||
	    add_configured(version, conf) != KNOT_EOK) {
		version_free(version);
		return no_memory(err);
	}
	version->file_count = conf->path_count;

	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < conf->path_count; i++) {
		*failed = (first + i) % conf->path_count;
		read_t *file = &version->files[*failed];
		file->path = netfile_find(conf->paths[*failed]);
		ret = file->path == NULL ? no_memory(err)
		                         : netfile_read(version->set, &version->names, file->path,
		                                        &file->info, err);
	}
	if (ret == KNOT_EOK && netset_build(version->set) != KNOT_EOK) {
		ret = no_memory(err);
	}
	if (ret != KNOT_EOK) {
		version_free(version);
		return ret;
	}
	err[0] = '\0';
	*out = version;
	return KNOT_EOK;
}

static void known_free(known_t *known)
{
	free((void *)known->list.conf.paths);
	version_free(known->current);
	free(known->good);
	free(known->bad_err);
	free(known);
}

static known_t *known_new(const list_t *list)
{
	known_t *known = calloc(1, sizeof(*known));
	if (known == NULL) {
		return NULL;
	}
	const size_t count = list->conf.path_count;
	/* One more: of none, NULL would be no error. */
	known->good = calloc(4 * count + 1, sizeof(*known->good));
	if (known->good == NULL || list_copy(&known->list, list) != KNOT_EOK) {
		known_free(known);
		return NULL;
	}
	known->bad = known->good + count;
	known->files = known->bad + count;
	known->after = known->files + count;
	return known;
}

static int known_cmp(const void *a, const void *b)
{
	return list_cmp(&((const known_t *)a)->list, &((const known_t *)b)->list);
}

static known_t *known_find(const list_t *list)
{
	const known_t wanted = { .list = *list };
	known_t **found = tfind(&wanted, &registry, known_cmp);
	return found != NULL ? *found : NULL;
}

/* Finds a list or makes it known. A new one is neither held nor idle yet. */
static known_t *known_get(const list_t *list)
{
	known_t *known = known_find(list);
	if (known != NULL) {
		return known;
	}

	known = known_new(list);
	if (known != NULL && tsearch(known, &registry, known_cmp) == NULL) {
		known_free(known);
		return NULL;
	}
	return known;
}

/* The place among the idle ones, or idle.count. */
static size_t idle_find(const known_t *known)
{
	size_t i = 0;
	while (i < idle.count && idle.at[i] != known) {
		i++;
	}
	return i;
}

static void idle_remove(size_t i)
{
	idle.count--;
	memmove(&idle.at[i], &idle.at[i + 1], (idle.count - i) * sizeof(*idle.at));
}

static void idle_free(size_t i)
{
	known_t *known = idle.at[i];
	idle_remove(i);
	(void)tdelete(known, &registry, known_cmp);
	known_free(known);
}

/* Frees a list that nobody holds, one that was never good first. Those that were just checked are
 * about to be loaded. */
static void idle_evict(void)
{
	size_t evict = idle.count;
	for (size_t i = idle.count; i-- > 0;) {
		bool awaited = idle.at[i]->checked_only && idle.at[i]->check == check_now;
		if (!awaited && (evict == idle.count || idle.at[i]->current == NULL ||
		                 idle.at[evict]->current != NULL)) {
			evict = i;
		}
	}
	if (evict < idle.count) {
		idle_free(evict);
	}
}

static void idle_add(known_t *known)
{
	if (idle.count >= NETLISTS_IDLE_MAX) {
		idle_evict();
	}
	known_t **added = vec_add(&idle);
	if (added == NULL) { /* Out of memory: less of it is remembered. */
		(void)tdelete(known, &registry, known_cmp);
		known_free(known);
		return;
	}
	*added = known;
}

static void forget_bad(known_t *known)
{
	known->bad_ret = KNOT_EOK;
	free(known->bad_err);
	known->bad_err = NULL;
}

/* Remembers a failure. Returns true if it is the one that is remembered already. */
static bool note_bad(known_t *known, int ret, size_t path, const char *err)
{
	if (known->bad_ret == ret && list_same(&known->list, known->bad, known->files) &&
	    known->bad_err != NULL && strcmp(known->bad_err, err) == 0) {
		return true;
	}
	free(known->bad_err);
	known->bad_err = strdup(err);
	known->bad_ret = ret;
	known->bad_path = path;
	memcpy(known->bad, known->files, known->list.conf.path_count * sizeof(*known->bad));
	return false;
}

/* Makes a version the current one, of the files as they were. Holders keep the one before. */
static void publish(known_t *known, netlist_t *version)
{
	netlist_t *old = known->current;
	version->known = known;
	atomic_store_explicit(&known->current, version, memory_order_release);
	if (old != NULL && old->holds == 0) {
		version_free_later(old);
	}
	memcpy(known->good, known->files, known->list.conf.path_count * sizeof(*known->good));
	forget_bad(known);
}

/* Reads the files, again if they changed meanwhile: known->files is what they were when the last
 * reading began. On error, *failed is the path that it is about. */
static int read_files(const known_t *known, size_t *failed, netlist_t **out, char *err)
{
	const list_t *list = &known->list;
	const size_t first = known->bad_ret != KNOT_EOK ? known->bad_path : 0;
	for (int i = 1;; i++) {
		int ret = list_build(list, first, failed, out, err);
		list_identify(list, known->after);
		if (i == READS_MAX || list_same(list, known->files, known->after)) {
			return ret; /* If they still change, the next call will notice. */
		}
		if (ret == KNOT_EOK) {
			version_free(*out);
		}
		memcpy(known->files, known->after, list->conf.path_count * sizeof(*known->files));
	}
}

static bool is_gone(const char *path)
{
	struct stat st;
	return lstat(path, &st) != 0 && errno == ENOENT;
}

/* If the operator's own list is gone, and the error names the installed one, which nobody has
 * touched: says so before the error, if both fit. */
static void explain_missing_list(const known_t *known, size_t failed, char *err)
{
	const char *old = known->current != NULL && failed < known->current->file_count
	                  ? known->current->files[failed].path : NULL;
	static const char said[] = " is gone, now ";
	if (old == NULL || err[0] != '/' || strncmp(err, old, strlen(old)) == 0 || !is_gone(old)) {
		return;
	}
	const size_t old_len = strlen(old), len = old_len + strlen(said),
	             err_size = strlen(err) + 1;
	if (len + err_size <= NETFILE_ERR_MAX) {
		memmove(err + len, err, err_size);
		memcpy(err, old, old_len);
		memcpy(err + old_len, said, strlen(said));
	}
}

/* Says which files a version was read from that the current one was not, as far
 * as there is room. */
static void note_moved(const known_t *known, const netlist_t *version, char *err)
{
	size_t len = 0;
	for (size_t i = 0; i < version->file_count && len < NETFILE_ERR_MAX; i++) {
		const char *old = known->current->files[i].path, *new = version->files[i].path;
		if (strcmp(old, new) != 0) {
			bool gone = is_gone(old);
			len += (size_t)snprintf(err + len, NETFILE_ERR_MAX - len,
			                        "%s%s%s%s is read now",
			                        len > 0 ? ", " : "", gone ? old : "",
			                        gone ? " is gone, " : "", new);
		}
	}
}

static netfile_extent_t extent_of(const netfile_info_t *info)
{
	return (netfile_extent_t){ info->covers4, info->covers6,
	                           (double)info->names - (double)info->name_excepts };
}

/* All that a version has is from its only file: then nothing counts twice. */
static netfile_extent_t extent_of_all(const netlist_t *version)
{
	netfile_extent_t extent = extent_of(&version->files[0].info);
	extent.v4 = netset_addresses(version->set, 4);
	extent.v6 = netset_addresses(version->set, 6);
	return extent;
}

/* Finds a file that lists less than half of what it listed in the current version. */
static int check_size(const known_t *known, const netlist_t *version, size_t *failed, char *err)
{
	const netlist_conf_t *conf = &known->list.conf;
	bool all = conf->path_count == 1 && conf->net_count == 0;
	for (size_t i = 0; i < conf->path_count; i++) {
		netfile_extent_t old = all ? extent_of_all(known->current)
		                           : extent_of(&known->current->files[i].info);
		netfile_extent_t new = all ? extent_of_all(version)
		                           : extent_of(&version->files[i].info);
		if (netfile_shrunk(&old, &new)) {
			char cause[] = ": less than half of what it said before, which a reload "
			               "takes nevertheless";
			(void)snprintf(err, NETFILE_ERR_MAX, "%.*s%s",
			               (int)(NETFILE_ERR_MAX - sizeof(cause)),
			               version->files[i].path, cause);
			explain_missing_list(known, i, err);
			*failed = i;
			return KNOT_ERANGE;
		}
	}
	return KNOT_EOK;
}

/* Decides if a version may take the place of one that is in use. */
static int check_live(const known_t *known, const live_t *live, const netlist_t *version,
                      size_t *failed, char *err)
{
	int ret = check_size(known, version, failed, err);
	if (ret == KNOT_EOK && live->fits != NULL && !live->fits(live->ctx, version, err)) {
		*failed = 0;
		ret = KNOT_ERANGE;
	}
	return ret;
}

/* Reads the files, and makes that the current version. On an error, the current one stays. */
static int renew(known_t *known, const live_t *live, char *err)
{
	netlist_t *version;
	size_t failed;
	int ret = read_files(known, &failed, &version, err);
	if (ret != KNOT_EOK) {
		explain_missing_list(known, failed, err);
	}
	if (ret == KNOT_EOK && live != NULL && known->current != NULL) {
		ret = check_live(known, live, version, &failed, err);
		if (ret != KNOT_EOK) {
			version_free(version);
		}
	}
	if (ret == KNOT_EOK) {
		if (live != NULL && known->current != NULL) {
			note_moved(known, version, err);
		}
		publish(known, version);
		return KNOT_EOK;
	}

	if (note_bad(known, ret, failed, err) && known->current != NULL) {
		err[0] = '\0'; /* Said already. */
	} else if (ret == KNOT_EACCES && known->current != NULL) {
		const size_t len = strlen(err);
		(void)snprintf(err + len, NETFILE_ERR_MAX - len, " for the server's user, who has "
		               "to be able to read it for changes to be noticed");
	}
	return ret;
}

/* Updates the current version to the files as they are now, if they are good. Without live, they
 * are not compared with the version before. */
static int update(known_t *known, const live_t *live, char *err)
{
	const list_t *list = &known->list;
	list_identify(list, known->files);
	if (known->current != NULL && list_same(list, known->files, known->good)) {
		forget_bad(known);
		return KNOT_EOK;
	}

	/* Any other failure may end without a change of the file: that is tried again. */
	bool permanent = known->bad_ret == KNOT_EMALF ||
	                 (live != NULL && known->bad_ret == KNOT_ERANGE);
	if (permanent && known->bad_err != NULL && list_same(list, known->files, known->bad)) {
		if (known->current == NULL) {
			(void)snprintf(err, NETFILE_ERR_MAX, "%s", known->bad_err);
		}
		return known->bad_ret;
	}
	return renew(known, live, err);
}

static void hold(known_t *known, netlist_t **out)
{
	const size_t i = idle_find(known);
	if (i < idle.count) {
		idle_remove(i);
	}
	known->holds++;
	known->current->holds++;
	*out = known->current;
}

/* The first load after a check: what an earlier check has read, and neither this one nor a load
 * has asked for since, is not needed any more. */
static void end_check(void)
{
	for (size_t i = checking ? idle.count : 0; i-- > 0;) {
		if (idle.at[i]->checked_only && idle.at[i]->check != check_now) {
			idle_free(i);
		}
	}
	checking = false;
}

/* netlist_get(), with the lock taken. */
static int get(const list_t *list, netlist_t **out, char *err)
{
	end_check();
	known_t *known = known_get(list);
	if (known == NULL) {
		return no_memory(err);
	}
	/* Adding a zone is no reload. */
	static const live_t alone = { NULL, NULL };
	bool again = known->current != NULL && known->taken == check_now;
	known->taken = check_now;
	int ret = update(known, again ? &alone : NULL, err);
	if (ret == KNOT_EOK) {
		err[0] = '\0'; /* Nothing was refused. */
	}
	known->checked_only = false;
	if (known->current == NULL) {
		if (idle_find(known) == idle.count) { /* New. */
			idle_add(known);
		}
		return ret;
	}
	hold(known, out);
	return KNOT_EOK;
}

int netlist_get(const netlist_conf_t *conf, netlist_t **out, char err[static NETFILE_ERR_MAX])
{
	const list_t list = list_of(conf);
	*out = NULL;
	err[0] = '\0';

	pthread_mutex_lock(&registry_lock);
	int ret = get(&list, out, err);
	pthread_mutex_unlock(&registry_lock);
	return ret;
}

/* Keeps what a check has read if there is nothing else yet. The version is the caller's anyway. */
static void keep_checked(const list_t *list, netlist_t *version)
{
	known_t *known = known_get(list);
	if (known != NULL && (known->current == NULL || known->checked_only)) {
		netlist_t *held;
		memset(known->files, 0, list->conf.path_count * sizeof(*known->files));
		publish(known, version);
		known->checked_only = true;
		hold(known, &held);
	}
	if (known != NULL) {
		known->check = check_now;
	}
}

/* A list that may not be read any more is still good. Forgets what was logged about it, so that the
 * load logs it. */
static int take_unreadable(const list_t *list, netlist_t **out, char *err)
{
	known_t *known = known_find(list);
	if (known == NULL || known->current == NULL) {
		return KNOT_EACCES;
	}
	known->check = check_now;
	forget_bad(known);
	hold(known, out);
	err[0] = '\0';
	return KNOT_EOK;
}

void netlist_reload(void)
{
	pthread_mutex_lock(&registry_lock);
	check_now += !checking;
	checking = true;
	pthread_mutex_unlock(&registry_lock);
}

int netlist_check(const netlist_conf_t *conf, netlist_t **out, char err[static NETFILE_ERR_MAX])
{
	const list_t list = list_of(conf);
	size_t failed;
	*out = NULL;
	int ret = list_build(&list, 0, &failed, out, err);
	if (conf->path_count == 0) {
		return ret;
	}

	pthread_mutex_lock(&registry_lock);
	if (ret == KNOT_EOK) {
		keep_checked(&list, *out);
	} else if (ret == KNOT_EACCES) {
		ret = take_unreadable(&list, out, err);
	} else {
		const known_t *known = known_find(&list);
		if (known != NULL) {
			explain_missing_list(known, failed, err);
		}
	}
	pthread_mutex_unlock(&registry_lock);
	return ret;
}

bool netlist_refresh(const netlist_t *list, netlist_fits_f fits, void *ctx,
                     char err[static NETFILE_ERR_MAX])
{
	const live_t live = { fits, ctx };
	known_t *known = list->known;
	err[0] = '\0';
	pthread_mutex_lock(&registry_lock);
	const netlist_t *before = known->current;
	(void)update(known, &live, err);
	bool changed = known->current != before;
	pthread_mutex_unlock(&registry_lock);
	return changed;
}

const netlist_t *netlist_current(const netlist_t *list)
{
	return list->known != NULL
	       ? atomic_load_explicit(&list->known->current, memory_order_acquire) : list;
}

const void *netlist_id(const netlist_t *list)
{
	return list->known != NULL && list->known->list.conf.path_count > 0 ? list->known : NULL;
}

const netset_t *netlist_set(const netlist_t *version)
{
	return version != NULL ? version->set : NULL;
}

const names_t *netlist_names(const netlist_t *version)
{
	return version != NULL ? &version->names : NULL;
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
		version_free_later(version);
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
	while (idle.count > 0) {
		idle_free(0);
	}
	vec_free(&idle);
}
