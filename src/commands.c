/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/commands.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

int command_fail(int status, const struct error *err)
{
	fprintf(stderr, "timersnoop: %s\n", err->text);
	if (err->hint[0])
		fprintf(stderr, "timersnoop: %s\n", err->hint);
	return status;
}

void command_tell_loss(const struct view_totals *totals, uint64_t missed)
{
	const char *separator = "timersnoop: data incomplete: ";

	if (totals->lost || totals->lost_unknown) {
		fprintf(stderr, "%s%llu%s records lost by the ring buffer", separator,
			(unsigned long long)totals->lost, totals->lost_unknown ? " or more" : "");
		separator = ", ";
	}
	if (missed) {
		fprintf(stderr, "%s%llu probe hits missed (of any process)", separator,
			(unsigned long long)missed);
		separator = ", ";
	}
	if (totals->incomplete) {
		fprintf(stderr, "%s%llu calls with a half not seen", separator,
			(unsigned long long)totals->incomplete);
		separator = ", ";
	}
	if (totals->malformed)
		fprintf(stderr, "%s%llu records that do not fit their format", separator,
			(unsigned long long)totals->malformed);
	fputc('\n', stderr);
	if (totals->lost || totals->lost_unknown)
		fputs("timersnoop: a larger --buffer-size, or fewer processes (-p, -n), lose "
		      "less\n",
		      stderr);
}

int command_die_of(int number)
{
	/* One core file is enough. */
	struct rlimit none = { 0, 0 };
	sigset_t set;

	setrlimit(RLIMIT_CORE, &none);
	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return 128 + number;
}
