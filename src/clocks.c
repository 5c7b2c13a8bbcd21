/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/clocks.h"

#include "timersnoop/timerspec.h"

uint64_t clocks_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

bool clocks_ahead(clockid_t clock, int64_t *ns)
{
	uint64_t before = clocks_now();
	struct timespec now;

	if (clock_gettime(clock, &now) < 0)
		return false;
	*ns = now.tv_sec * NSEC_PER_SEC + now.tv_nsec - (int64_t)before;
	return true;
}
