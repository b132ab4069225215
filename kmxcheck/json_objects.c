/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * JSON objects for output, by jansson. Keys stay in the order in which they were added.
 */

#include <stdlib.h>
#include <string.h>

#include "kmxcheck/json_objects.h"
#include "kmxcheck/xalloc.h"

void put(json_t *object, const char *key, json_t *value)
{
	xdone(json_object_set_new(object, key, xcheck(value)) == 0);
}

void put_text(json_t *object, const char *key, const char *text)
{
	if (text != NULL) {
		char *clean = xcheck(clean_copy(text));
		put(object, key, json_string(clean));
		free(clean);
	}
}

void put_name(json_t *object, const char *key, const knot_dname_t *name)
{
	knot_dname_txt_storage_t text;
	put_text(object, key, name != NULL ? name_text(text, name) : NULL);
}

void put_number(json_t *object, const char *key, uint64_t number)
{
	put(object, key, json_integer((json_int_t)number));
}

void put_record(json_t *object, const audit_finding_t *finding, bool network)
{
	char type[TYPE_TEXT_MAX], address[ADDRESS_TEXT_MAX], net[NET_TEXT_MAX];
	put_name(object, "owner", finding->owner);
	put_text(object, "type", finding->type != 0 ? type_text(type, finding->type) : NULL);
	put_name(object, "target", finding->target);
	put_text(object, "address", finding->family == 0 ? NULL :
	         address_text(address, finding->family, finding->address));
	put_text(object, "network", network ? net_to_str(&finding->network, net) : NULL);
}

void put_out(FILE *out, json_t *object, bool open)
{
	char *text = xcheck(json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER));
	size_t length = strlen(text);
	(void)fwrite(text, 1, open ? length - 1 : length, out);
	free(text);
	json_decref(object);
}
