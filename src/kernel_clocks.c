/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/kernel_clocks.h"

#include <stdlib.h>
#include <time.h>

/* Farther than an interrupt may have been late, a clock was set. */
#define SET_NS 100000000

/* kernel/time/timer.c: LVL_BITS, LVL_CLK_SHIFT, and levels of the wheel at the most. */
#define LEVEL_BITS 6
#define LEVEL_SHIFT 3
#define LEVEL_MAX 9

void kernel_clocks_begin(struct kernel_clocks *clocks, int64_t tick_ns,
			 const struct scene_ahead *ahead, size_t count)
{
	*clocks = (struct kernel_clocks){ .tick_ns = tick_ns, .count = 1 };
	clocks->ahead[0].clock = CLOCK_MONOTONIC;
	for (size_t i = 0; i < count && clocks->count < KERNEL_CLOCKS_MAX; i++)
		clocks->ahead[clocks->count++] = ahead[i];
}

int64_t kernel_clocks_minus(int64_t a, int64_t b)
{
	int64_t difference;

	if (!__builtin_sub_overflow(a, b, &difference))
		return difference;
	return a < b ? INT64_MIN : INT64_MAX;
}

/* From the reference to this jiffy, in ns: nobody waits for longer than fits. */
static bool from_reference(const struct kernel_clocks *clocks, uint64_t jiffies, int64_t *ns)
{
	return !__builtin_mul_overflow((int64_t)(jiffies - clocks->jiffies), clocks->tick_ns, ns);
}

void kernel_clocks_jiffy(struct kernel_clocks *clocks, uint64_t jiffies, uint64_t ts)
{
	int64_t began;

	if (!clocks->tick_ns || clocks->no_times)
		return;
	if (!clocks->has_jiffies) {
		clocks->has_jiffies = true;
		clocks->jiffies = jiffies;
		clocks->jiffies_ns = (int64_t)ts;
		return;
	}
	/* It cannot have begun later than it was seen. */
	if (!kernel_clocks_jiffy_at(clocks, jiffies, &began) || began <= (int64_t)ts)
		return;
	clocks->jiffies = jiffies;
	clocks->jiffies_ns = (int64_t)ts;
}

bool kernel_clocks_jiffy_at(const struct kernel_clocks *clocks, uint64_t jiffies, int64_t *ns)
{
	int64_t since;

	return clocks->has_jiffies && from_reference(clocks, jiffies, &since) &&
	       !__builtin_add_overflow(clocks->jiffies_ns, since, ns);
}

static uint64_t distance(int64_t a, int64_t b)
{
	return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

/* Numbers of a recording may be anything. */
static int64_t plus(uint64_t ts, int64_t ns)
{
	return (int64_t)(ts + (uint64_t)ns);
}

size_t kernel_clocks_guess(const struct kernel_clocks *clocks, int64_t ns, uint64_t ts)
{
	size_t nearest = 0;

	for (size_t i = 1; i < clocks->count; i++) {
		int64_t now = plus(ts, clocks->ahead[i].ns);

		if (distance(ns, now) < distance(ns, plus(ts, clocks->ahead[nearest].ns)))
			nearest = i;
	}
	return nearest;
}

bool kernel_clocks_find(const struct kernel_clocks *clocks, int32_t clock, size_t *index)
{
	for (*index = 0; *index < clocks->count; ++*index)
		if (clocks->ahead[*index].clock == clock)
			return true;
	return false;
}

void kernel_clocks_seen(struct kernel_clocks *clocks, size_t index, int64_t ns, uint64_t ts)
{
	int64_t ahead = kernel_clocks_minus(ns, (int64_t)ts);
	int64_t *known = &clocks->ahead[index].ns;

	/* The trace clock's own. */
	if (index == 0)
		return;
	if (ahead > *known || kernel_clocks_minus(*known, SET_NS) > ahead)
		*known = ahead;
}

int64_t kernel_clocks_ahead(const struct kernel_clocks *clocks, size_t index)
{
	return clocks->ahead[index].ns;
}

uint64_t kernel_clocks_due(uint64_t expires, unsigned place)
{
	unsigned level = place >> LEVEL_BITS;
	unsigned shift = LEVEL_SHIFT * (level < LEVEL_MAX ? level : LEVEL_MAX - 1);

	return ((expires >> shift) + 1) << shift;
}
