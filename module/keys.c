/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Finding private keys in PEM files and on PKCS #11 tokens.
 *
 * Files are opened without waiting and must be regular: this runs in query threads, where a FIFO in
 * the place of a key would stop the server.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/pkcs11.h>

#include "module/keys.h"

#define PEM_SIZE_MAX (64 * 1024)
#define PEM_SUFFIX ".pem"
/* Entries of a directory that are looked at; a key store with more is not searched to its end. */
#define ENTRIES_MAX 16384

/* Keys whose search continues where it stopped; as many as may sign a zone. */
#define PROGRESS_MAX 16

typedef struct {
	uint8_t algorithm;
	uint16_t tag;
	size_t scanned; /* Files of the directory that were read without finding the key. */
} progress_t;

typedef struct place {
	struct place *next;
	keys_kind_t kind;
	/* One for each key. With one for all, two missing keys would read the same part of a
	 * directory again and again. Made with the first search through a directory. */
	progress_t *progress;
	unsigned turn;
	char path[];
} place_t;

struct keys {
	place_t *first;
	place_t **end;
};

keys_t *keys_new(void)
{
	keys_t *keys = calloc(1, sizeof(*keys));
	if (keys != NULL) {
		keys->end = &keys->first;
	}
	return keys;
}

void keys_free(keys_t *keys)
{
	if (keys == NULL) {
		return;
	}
	for (place_t *place = keys->first, *next; place != NULL; place = next) {
		next = place->next;
		free(place->progress);
		free(place);
	}
	free(keys);
}

int keys_add(keys_t *keys, keys_kind_t kind, const char *base, const char *path)
{
	bool whole = (kind == KEYS_TOKEN || path[0] == '/');
	size_t size = (whole ? 0 : strlen(base) + 1) + strlen(path) + 1;
	place_t *place = calloc(1, sizeof(*place) + size);
	if (place == NULL) {
		return KNOT_ENOMEM;
	}
	(void)snprintf(place->path, size, "%s%s%s", whole ? "" : base, whole ? "" : "/", path);
	place->kind = kind;
	*keys->end = place;
	keys->end = &place->next;
	return KNOT_EOK;
}

/* A search, and the errors on the way, for the operator. */
typedef struct {
	const keys_want_t *want;
	char *reason;
	size_t len;
	unsigned scan; /* Files that may still be read without knowing whose keys they are. */
} search_t;

__attribute__((format(printf, 2, 3)))
static void add_reason(search_t *search, const char *format, ...)
{
	size_t room = KEYS_TEXT_MAX - search->len;
	size_t sep = search->len > 0 ? 2 : 0;
	if (room <= sep + 1) {
		return;
	}
	memcpy(search->reason + search->len, "; ", sep);
	search->len += sep;
	va_list args;
	va_start(args, format);
	(void)vsnprintf(search->reason + search->len, room - sep, format, args);
	va_end(args);
	search->len += strlen(search->reason + search->len);
}

/* Older versions of dnssec_strerror() know no errno. */
static const char *error_text(int ret)
{
	const char *text = dnssec_strerror(ret);
	return text != NULL ? text : strerror(-ret);
}

/* Signs and verifies a few octets: a private key of another key pair is not noticed before. */
static bool is_pair(const dnssec_key_t *key)
{
	static const uint8_t octets[] = "mxguard";
	const dnssec_binary_t data = { .size = sizeof(octets), .data = (uint8_t *)octets };
	dnssec_binary_t signature = { 0 };
	dnssec_sign_ctx_t *ctx = NULL;

	bool ok = dnssec_sign_new(&ctx, key) == KNOT_EOK &&
	          dnssec_sign_add(ctx, &data) == KNOT_EOK &&
	          dnssec_sign_write(ctx, DNSSEC_SIGN_NORMAL, &signature) == KNOT_EOK &&
	          dnssec_sign_init(ctx) == KNOT_EOK &&
	          dnssec_sign_add(ctx, &data) == KNOT_EOK &&
	          dnssec_sign_verify(ctx, false, &signature) == KNOT_EOK;

	dnssec_binary_free(&signature);
	dnssec_sign_free(ctx);
	return ok;
}

/* The public part of what is wanted, without the private one; NULL if it can't be used. */
static dnssec_key_t *new_key(const keys_want_t *want)
{
	dnssec_key_t *key = NULL;
	if (dnssec_key_new(&key) != KNOT_EOK) {
		return NULL;
	}
	int ret;
	if (want->dnskey != NULL) {
		dnssec_binary_t rdata = { want->dnskey->len, (uint8_t *)want->dnskey->data };
		ret = dnssec_key_set_rdata(key, &rdata);
	} else {
		ret = dnssec_key_set_algorithm(key, want->algorithm);
	}
	if (ret != KNOT_EOK) {
		dnssec_key_free(key);
		return NULL;
	}
	return key;
}

/* True if a key with its private part is the wanted one. */
static bool is_wanted(const keys_want_t *want, dnssec_key_t *key)
{
	if (want->dnskey != NULL) {
		return is_pair(key);
	}
	/* The flags of a key whose DNSKEY is not there are not known: ZONE, or ZONE and SEP. */
	static const uint16_t flags[] = { 256, 257 };
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		if (dnssec_key_set_flags(key, flags[i]) == KNOT_EOK &&
		    dnssec_key_get_keytag(key) == want->tag) {
			return want->verify(want->ctx, key) && is_pair(key);
		}
	}
	return false;
}

/* Reads a whole regular file. Returns 0 or an errno, EINVAL for what can't be a PEM file. */
static int read_file(int fd, dnssec_binary_t *out)
{
	struct stat st;
	if (fstat(fd, &st) != 0) {
		return errno;
	}
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > PEM_SIZE_MAX) {
		return EINVAL;
	}
	if (dnssec_binary_alloc(out, st.st_size) != KNOT_EOK) {
		return ENOMEM;
	}
	size_t size = 0;
	ssize_t got;
	while (size < out->size && (got = read(fd, out->data + size, out->size - size)) > 0) {
		size += got;
	}
	if (size < out->size) {
		dnssec_binary_free(out);
		return EINVAL;
	}
	return 0;
}

/* Opens a file and reads it likewise. */
static int read_pem(int dir, const char *path, dnssec_binary_t *pem)
{
	int fd = openat(dir, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		return errno;
	}
	int ret = read_file(fd, pem);
	(void)close(fd);
	return ret;
}

static void clear_pem(dnssec_binary_t *pem)
{
	if (pem->data != NULL) {
		gnutls_memset(pem->data, 0, pem->size);
	}
	dnssec_binary_free(pem);
}

/* Tries a PEM file. NULL if the wanted key is not in it, then *error is 0 for one that is simply
 * another key, else an errno. */
static dnssec_key_t *try_file(const keys_want_t *want, int dir, const char *path, int *error)
{
	dnssec_binary_t pem = { 0 };
	*error = read_pem(dir, path, &pem);
	if (*error != 0) {
		return NULL;
	}
	dnssec_key_t *key = new_key(want);
	int ret = (key != NULL) ? dnssec_key_load_pkcs8(key, &pem) : KNOT_ENOMEM;
	clear_pem(&pem);
	if (ret == KNOT_EOK && is_wanted(want, key)) {
		return key;
	}
	*error = (ret == DNSSEC_PKCS8_IMPORT_ERROR) ? EINVAL : 0;
	dnssec_key_free(key);
	return NULL;
}

/* The ID that knotd names keys by: SHA-1 of the SubjectPublicKeyInfo in hex. For free(). */
static char *key_id(const keys_want_t *want)
{
	char *id = NULL;
	dnssec_key_t *key = (want->dnskey != NULL) ? new_key(want) : NULL;
	if (key != NULL && dnssec_key_get_keyid(key, &id) != KNOT_EOK) {
		id = NULL;
	}
	dnssec_key_free(key);
	return id;
}

static const char *file_fault(int error)
{
	return error == 0 ? "it is another key" : error == EINVAL ? "no private key in PEM"
	                                        : strerror(error);
}

static dnssec_key_t *find_named(search_t *search, int dir, const char *path, const char *id)
{
	char name[128];
	int len = snprintf(name, sizeof(name), "%s" PEM_SUFFIX, id);
	if (len < 0 || (size_t)len >= sizeof(name)) {
		return NULL;
	}
	int error;
	dnssec_key_t *key = try_file(search->want, dir, name, &error);
	if (key == NULL && error != ENOENT) {
		add_reason(search, "'%s/%s' can't be used (%s)", path, name, file_fault(error));
	}
	return key;
}

static bool is_pem_name(const char *name)
{
	size_t len = strlen(name), suffix = strlen(PEM_SUFFIX);
	return len > suffix && strcmp(name + len - suffix, PEM_SUFFIX) == 0;
}

/* Where the search for a key has stopped; NULL if out of memory. */
static size_t *scanned_for(place_t *place, const keys_want_t *want)
{
	if (place->progress == NULL) {
		place->progress = calloc(PROGRESS_MAX, sizeof(*place->progress));
	}
	if (place->progress == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < PROGRESS_MAX; i++) {
		progress_t *progress = &place->progress[i];
		if (progress->algorithm == want->algorithm && progress->tag == want->tag) {
			return &progress->scanned;
		}
	}
	progress_t *progress = &place->progress[place->turn++ % PROGRESS_MAX];
	*progress = (progress_t){ want->algorithm, want->tag, 0 };
	return &progress->scanned;
}

/* Tries the files of a directory whose names don't matter. */
static dnssec_key_t *scan(search_t *search, place_t *place, DIR *dir)
{
	dnssec_key_t *key = NULL;
	size_t entries = 0, files = 0, start = 0, *scanned = scanned_for(place, search->want);
	scanned = (scanned != NULL) ? scanned : &start;
	const struct dirent *entry;
	while (key == NULL && search->scan > 0 && entries++ < ENTRIES_MAX &&
	       (entry = readdir(dir)) != NULL) {
		if (is_pem_name(entry->d_name) && files++ >= *scanned) {
			int error;
			key = try_file(search->want, dirfd(dir), entry->d_name, &error);
			search->scan--;
		}
	}
	/* All of them were read: next time from the start, there may be new ones. */
	*scanned = (key == NULL && search->scan == 0) ? files : 0;
	return key;
}

static dnssec_key_t *find_in_directory(search_t *search, place_t *place, const char *id)
{
	DIR *dir = opendir(place->path);
	if (dir == NULL) {
		add_reason(search, "'%s' can't be read (%s)", place->path, strerror(errno));
		return NULL;
	}
	size_t len = search->len;
	dnssec_key_t *key = (id != NULL) ? find_named(search, dirfd(dir), place->path, id)
	                                 : NULL;
	if (key == NULL && (place->kind == KEYS_PEM || id == NULL)) {
		key = scan(search, place, dir);
	}
	(void)closedir(dir);
	if (key == NULL && search->len == len) {
		add_reason(search, "it is not in '%s'", place->path);
	}
	return key;
}

static dnssec_key_t *find_pem(search_t *search, place_t *place, const char *id)
{
	struct stat st;
	if (place->kind == KEYS_STORE || (stat(place->path, &st) == 0 && S_ISDIR(st.st_mode))) {
		return find_in_directory(search, place, id);
	}
	int error;
	dnssec_key_t *key = try_file(search->want, AT_FDCWD, place->path, &error);
	if (key == NULL) {
		add_reason(search, "'%s' can't be used (%s)", place->path, file_fault(error));
	}
	return key;
}

/* Tokens */

static dnssec_key_t *try_token(const keys_want_t *want, dnssec_keystore_t *store, const char *id)
{
	dnssec_key_t *key = new_key(want);
	if (key != NULL && dnssec_keystore_get_private(store, id, key) == KNOT_EOK &&
	    is_wanted(want, key)) {
		return key;
	}
	dnssec_key_free(key);
	return NULL;
}

/* The CKA_ID of an object in hex, as libdnssec wants it. */
static bool get_id(gnutls_pkcs11_obj_t object, char *hex, size_t size)
{
	uint8_t id[64];
	size_t id_size = sizeof(id);
	if (gnutls_pkcs11_obj_get_info(object, GNUTLS_PKCS11_OBJ_ID, id, &id_size) !=
	    GNUTLS_E_SUCCESS) {
		return false;
	}
	const gnutls_datum_t datum = { id, id_size };
	return gnutls_hex_encode(&datum, hex, &size) == GNUTLS_E_SUCCESS;
}

/* True if the public key object of a token is the key with this ID; then its CKA_ID in hex. */
static bool is_object(gnutls_pkcs11_obj_t object, const char *id, char *cka_id, size_t size)
{
	uint8_t hash[20];
	size_t hash_size = sizeof(hash);
	char hex[2 * sizeof(hash) + 1];
	size_t hex_size = sizeof(hex);
	gnutls_pubkey_t pubkey;
	if (gnutls_pubkey_init(&pubkey) != GNUTLS_E_SUCCESS) {
		return false;
	}
	bool found = gnutls_pubkey_import_pkcs11(pubkey, object, 0) == GNUTLS_E_SUCCESS &&
	             gnutls_pubkey_get_key_id(pubkey, GNUTLS_KEYID_USE_SHA1, hash,
	                                      &hash_size) == GNUTLS_E_SUCCESS;
	gnutls_pubkey_deinit(pubkey);
	const gnutls_datum_t datum = { hash, hash_size };
	return found && gnutls_hex_encode(&datum, hex, &hex_size) == GNUTLS_E_SUCCESS &&
	       strcmp(hex, id) == 0 && get_id(object, cka_id, size);
}

/* The CKA_ID of a key that was made on a token is random: public keys tell which one it is. They
 * can be listed without login. */
static bool find_object(const char *url, const char *id, char *cka_id, size_t size)
{
	gnutls_pkcs11_obj_t *list = NULL;
	unsigned count = 0;
	if (gnutls_pkcs11_obj_list_import_url4(&list, &count, url,
	                                       GNUTLS_PKCS11_OBJ_FLAG_PUBKEY) < 0) {
		return false;
	}
	bool found = false;
	for (unsigned i = 0; i < count; i++) {
		found = found || is_object(list[i], id, cka_id, size);
		gnutls_pkcs11_obj_deinit(list[i]);
	}
	gnutls_free(list);
	return found;
}

/* What may be said of a token: its URL without the PIN and what follows. */
static int shown_len(const char *config)
{
	size_t len = strcspn(config, " ?");
	for (size_t i = 0; i < len; i++) {
		/* Attributes come in any order. */
		if ((config[i] == ';' || config[i] == ':') &&
		    strncmp(config + i + 1, "pin-", 4) == 0) {
			return i;
		}
	}
	return len;
}

static dnssec_key_t *find_on_token(search_t *search, const place_t *place, const char *id)
{
	int shown = shown_len(place->path);
	if (id == NULL) {
		return NULL; /* Not found by tag. */
	}
	dnssec_keystore_t *store = NULL;
	int ret = dnssec_keystore_init_pkcs11(&store);
	if (ret == KNOT_EOK) {
		ret = dnssec_keystore_open(store, place->path);
	}
	if (ret != KNOT_EOK) {
		add_reason(search, "token '%.*s' can't be opened (%s)", shown, place->path,
		           error_text(ret));
		(void)dnssec_keystore_deinit(store);
		return NULL;
	}
	char cka_id[128];
	dnssec_key_t *key = try_token(search->want, store, id);
	if (key == NULL) {
		char *url = strndup(place->path, strcspn(place->path, " "));
		if (url != NULL && find_object(url, id, cka_id, sizeof(cka_id))) {
			key = try_token(search->want, store, cka_id);
		}
		free(url);
	}
	(void)dnssec_keystore_deinit(store);
	if (key == NULL) {
		add_reason(search, "it is not on the token '%.*s'", shown, place->path);
	}
	return key;
}

int keys_find(keys_t *keys, const keys_want_t *want, dnssec_key_t **key,
              char reason[static KEYS_TEXT_MAX])
{
	search_t search = { .want = want, .reason = reason, .scan = KEYS_SCAN };
	reason[0] = '\0';
	if (!dnssec_algorithm_key_support(want->algorithm)) {
		add_reason(&search, "algorithm %u can't be used here", want->algorithm);
		return KNOT_DNSSEC_ENOKEY;
	}
	char *id = key_id(want);
	if (id == NULL && want->dnskey != NULL) {
		add_reason(&search, "the DNSKEY can't be used");
		return KNOT_DNSSEC_ENOKEY;
	}
	*key = NULL;
	for (place_t *place = keys->first; place != NULL && *key == NULL; place = place->next) {
		*key = (place->kind == KEYS_TOKEN) ? find_on_token(&search, place, id)
		                                   : find_pem(&search, place, id);
	}
	free(id);
	return *key != NULL ? KNOT_EOK : KNOT_DNSSEC_ENOKEY;
}

int keys_check(const char *path, char reason[static KEYS_TEXT_MAX])
{
	search_t search = { .reason = reason };
	struct stat st;
	dnssec_binary_t pem = { 0 };
	int error = 0;
	reason[0] = '\0';
	if (stat(path, &st) != 0) {
		error = errno;
	} else if (S_ISDIR(st.st_mode)) {
		error = access(path, R_OK | X_OK) != 0 ? errno : 0;
	} else {
		error = read_pem(AT_FDCWD, path, &pem);
		gnutls_x509_privkey_t key = NULL;
		if (error == 0 && dnssec_pem_to_x509(&pem, &key) != KNOT_EOK) {
			error = EINVAL;
		}
		gnutls_x509_privkey_deinit(key);
		clear_pem(&pem);
	}
	if (error != 0) {
		add_reason(&search, "'%s': %s", path, file_fault(error));
	}
	return error == 0 ? KNOT_EOK : KNOT_EINVAL;
}
