/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any text as a configuration with stanzas: it is refused with an error of one line that names a
 * place, or the policy of each stanza is made for a zone, or refused. Text that names other files
 * is left out: the result would depend on the machine.
 */

#undef NDEBUG

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/lib/clear.h"

const char *const fuzz_corpus[] = { "tests/fuzz/conf", NULL };

static bool has_word(const uint8_t *text, size_t size, const char *word)
{
	size_t length = strlen(word);
	for (size_t i = 0; i + length <= size; i++) {
		if (strncasecmp((const char *)text + i, word, length) == 0) {
			return true;
		}
	}
	return false;
}

static void say_nothing(void *ctx, const char *text)
{
	(void)ctx;
	assert(text[0] != '\0');
}

static void make(const stanza_t *stanza, const char *name)
{
	char err[STANZA_TEXT_MAX] = "";
	knot_dname_t *zone = knot_dname_from_str_alloc(name);
	policy_t policy;
	assert(zone != NULL);
	if (stanza_check(stanza, err) == KNOT_EOK &&
	    stanza_policy(&policy, stanza, zone, err) == KNOT_EOK) {
		assert(name_in_zone(policy.exchange, zone));
		assert(!names_match(&policy.web_hosts, policy.exchange));
		stanza_warn(stanza, say_nothing, NULL);
		stanza_warn_zone(stanza, &policy, say_nothing, NULL);
		stanza_policy_clear(&policy);
	} else {
		assert(err[0] != '\0');
	}
	knot_dname_free(zone, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 20000 || has_word(data, size, "include") || has_word(data, size, "file")) {
		return 0;
	}
	char path[] = "/tmp/fuzz-conf-XXXXXX", err[ERROR_TEXT_MAX] = "";
	int fd = mkstemp(path);
	assert(fd >= 0);
	assert(write(fd, data, size) == (ssize_t)size);
	assert(close(fd) == 0);

	config_t config = { .sections = { { .count = 0 } } };
	if (config_read(&config, path, err) == KNOT_EOK) {
		for (size_t i = 0; i < config.policies.count; i++) {
			make(&config.policies.at[i].stanza, "example.com.");
			make(&config.policies.at[i].stanza, "a.b.c.d.example.com.");
		}
	} else {
		assert(err[0] != '\0' && strchr(err, '\n') == NULL);
	}
	config_clear(&config);
	assert(unlink(path) == 0);
	return 0;
}
