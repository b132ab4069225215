/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * kmxcheck: finds mail that leads to a web proxy, before anyone's mail is lost.
 */

#include "kmxcheck/run.h"

int main(int argc, char **argv)
{
	options_t options;
	int status = EXIT_TROUBLE;

	switch (options_read(&options, argc, argv)) {
	case OPTIONS_RUN:
		status = run_audit(&options);
		break;
	case OPTIONS_DONE:
		status = EXIT_CLEAN;
		break;
	case OPTIONS_WRONG:
		break;
	}
	options_clear(&options);
	return status;
}
