/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * distribution: many durations in little memory: exact count, minimum and
 * maximum, quantiles to 1 part in 64. Pure.
 */
#ifndef TIMERSNOOP_DISTRIBUTION_H
#define TIMERSNOOP_DISTRIBUTION_H

#include <stdint.h>

struct distribution {
	uint64_t count;
	int64_t min, max; /* ns; mean nothing while count is 0 */
	/*
	 * By magnitude: 64 steps for every power of two, negative values alike;
	 * 8 bytes for each step that has a value. Owned; NULL until the first
	 * value.
	 */
	struct distribution_steps *steps;
};

/* A zeroed one is empty. 0 or -ENOMEM, and the value is not taken. */
int distribution_add(struct distribution *distribution, int64_t ns);
/*
 * The smallest value that at least `permille` thousandths of all do not
 * exceed: 500 for the median, 990 for p99; never below min or above max, and
 * exact where it is one of them. 0 when empty.
 */
int64_t distribution_quantile(const struct distribution *distribution, unsigned permille);
/* Adds all values of another. 0 or -ENOMEM: some of them are missing then. */
int distribution_merge(struct distribution *into, const struct distribution *from);
/* Empties it, and keeps the memory for what comes next. */
void distribution_clear(struct distribution *distribution);
/* Empties it. */
void distribution_free(struct distribution *distribution);

#endif
