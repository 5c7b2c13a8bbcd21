/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/clocks.h"

#include "timersnoop/timerspec.h"

uint64_t clocks_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

/* Whoever is kept from running between two readings reads again, so often at most. */
#define READINGS 8
#define CLOSE_NS 20000

bool clocks_ahead(clockid_t clock, int64_t *ns)
{
	uint64_t closest = UINT64_MAX;
	struct timespec now;

	for (int i = 0; i < READINGS && closest > CLOSE_NS; i++) {
		uint64_t before = clocks_now(), after;

		if (clock_gettime(clock, &now) < 0)
			return false;
		after = clocks_now();
		if (after - before >= closest)
			continue;
		closest = after - before;
		*ns = now.tv_sec * NSEC_PER_SEC + now.tv_nsec - (int64_t)(before + closest / 2);
	}
	return true;
}

int64_t clocks_tick(void)
{
	struct timespec tick = { 0, 0 };

	/* The coarse clock goes on with each tick. */
	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return (int64_t)tick.tv_sec * NSEC_PER_SEC + tick.tv_nsec;
}
