/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Requests over knotd's control socket, as knotc makes them: one data unit, the end of the block,
 * then the answer's data units up to the end of its block.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <libknot/control/control.h>
#include <libknot/errcode.h>
#include <libknot/error.h>

#include "module/control.h"

static uint64_t now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int say(char *err, int ret)
{
	(void)snprintf(err, CONTROL_ERR_MAX, "%s", knot_strerror(ret));
	return ret;
}

/*!
 * Allows the next operation what is left of the time. libknot's limit is for each wait of an
 * operation: knotd sends an answer in large pieces, so that there is one.
 */
static int limit(knot_ctl_t *ctl, uint64_t end)
{
	const uint64_t now = now_ms();
	if (now >= end) {
		return KNOT_ETIMEOUT;
	}
	knot_ctl_set_timeout(ctl, (int)(end - now));
	return KNOT_EOK;
}

static int send_request(knot_ctl_t *ctl, knot_ctl_data_t *request, uint64_t end)
{
	int ret = limit(ctl, end);
	if (ret == KNOT_EOK) {
		ret = knot_ctl_send(ctl, KNOT_CTL_TYPE_DATA, request);
	}
	if (ret == KNOT_EOK) {
		ret = knot_ctl_send(ctl, KNOT_CTL_TYPE_BLOCK, NULL);
	}
	return ret;
}

/*! Is this what the server says of a zone or a node that is not there? */
static bool says_missing(const char *error)
{
	return strcmp(error, knot_strerror(KNOT_ENONODE)) == 0 ||
	       strcmp(error, knot_strerror(KNOT_ENOZONE)) == 0;
}

/*! Reads an answer to its end. The first error in it is the one that counts. */
static int receive_answer(knot_ctl_t *ctl, uint64_t end, bool *has_key, char *err)
{
	int failed = KNOT_EOK;
	for (;;) {
		knot_ctl_type_t type;
		knot_ctl_data_t unit;
		int ret = limit(ctl, end);
		if (ret == KNOT_EOK) {
			ret = knot_ctl_receive(ctl, &type, &unit);
		}
		if (ret == KNOT_EOK && type == KNOT_CTL_TYPE_END) {
			ret = KNOT_EMALF;
		}
		if (ret != KNOT_EOK) {
			return say(err, ret);
		}
		if (type == KNOT_CTL_TYPE_BLOCK) {
			return failed;
		}

		const char *error = unit[KNOT_CTL_IDX_ERROR];
		const char *rrtype = unit[KNOT_CTL_IDX_TYPE];
		if (error == NULL) {
			*has_key |= rrtype != NULL && strcasecmp(rrtype, "DNSKEY") == 0;
		} else if (failed == KNOT_EOK) {
			failed = says_missing(error) ? KNOT_ENOENT : KNOT_ERROR;
			(void)snprintf(err, CONTROL_ERR_MAX, "%s", error);
		}
	}
}

static int connect_to(knot_ctl_t *ctl, const char *socket, char *err)
{
	int ret = knot_ctl_connect(ctl, socket);
	switch (ret) {
	case KNOT_EOK:
		return KNOT_EOK;
	case KNOT_ENOENT:
		(void)snprintf(err, CONTROL_ERR_MAX, "no such socket");
		return KNOT_ECONN;
	case KNOT_EAGAIN:
		(void)snprintf(err, CONTROL_ERR_MAX, "too many wait for the server");
		return ret;
	default:
		return say(err, ret);
	}
}

/*! \param has_key  Set on KNOT_EOK: the answer has a DNSKEY. */
static int exchange(const char *socket, knot_ctl_data_t *request, int timeout_ms, bool *has_key,
                    char *err)
{
	*has_key = false;
	const uint64_t end = now_ms() + (timeout_ms > 0 ? (uint64_t)timeout_ms : 0);
	err[0] = '\0';
	knot_ctl_t *ctl = knot_ctl_alloc();
	if (ctl == NULL) {
		return say(err, KNOT_ENOMEM);
	}

	int ret = connect_to(ctl, socket, err);
	if (ret == KNOT_EOK) {
		ret = send_request(ctl, request, end);
		if (ret != KNOT_EOK) {
			(void)say(err, ret);
		} else {
			ret = receive_answer(ctl, end, has_key, err);
		}
		/* So that the server need not find out by itself. */
		if (ret != KNOT_ETIMEOUT && ret != KNOT_ECONN) {
			(void)knot_ctl_send(ctl, KNOT_CTL_TYPE_END, NULL);
		}
		knot_ctl_close(ctl);
	}
	knot_ctl_free(ctl);
	return ret;
}

int control_reload_zone(const char *socket, const char *zone, int timeout_ms,
                        char err[static CONTROL_ERR_MAX])
{
	knot_ctl_data_t request = {
		[KNOT_CTL_IDX_CMD] = "zone-reload",
		[KNOT_CTL_IDX_FLAGS] = "F",
		[KNOT_CTL_IDX_ZONE] = zone,
	};
	bool has_key;
	int ret = exchange(socket, &request, timeout_ms, &has_key, err);
	return ret == KNOT_ENOENT ? KNOT_ERROR : ret;
}

int control_zone_signed(const char *socket, const char *zone, int timeout_ms,
                        char err[static CONTROL_ERR_MAX])
{
	knot_ctl_data_t request = {
		[KNOT_CTL_IDX_CMD] = "zone-read",
		[KNOT_CTL_IDX_ZONE] = zone,
		[KNOT_CTL_IDX_OWNER] = "@",
		[KNOT_CTL_IDX_TYPE] = "DNSKEY",
	};
	bool has_key;
	int ret = exchange(socket, &request, timeout_ms, &has_key, err);
	if (ret == KNOT_EOK && !has_key) {
		(void)snprintf(err, CONTROL_ERR_MAX, "no DNSKEY");
		return KNOT_ENOENT;
	}
	return ret;
}
