/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_clocks: jiffies, and the clocks of hrtimers, against the trace clock. Pure.
 */
#ifndef TIMERSNOOP_KERNEL_CLOCKS_H
#define TIMERSNOOP_KERNEL_CLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/scene.h"

#define KERNEL_CLOCKS_MAX (SCENE_CLOCKS + 1)

/* A zeroed one knows nothing. */
struct kernel_clocks {
	int64_t tick_ns; /* a jiffy; 0: not known */
	bool has_jiffies;
	uint64_t jiffies;                            /* that began, as far as records have told, */
	int64_t jiffies_ns;                          /* at this time of the trace clock or before */
	struct scene_ahead ahead[KERNEL_CLOCKS_MAX]; /* the first is CLOCK_MONOTONIC */
	size_t count;
	bool no_times; /* the trace clock is another one */
};

/* `ahead` are others than CLOCK_MONOTONIC. */
void kernel_clocks_begin(struct kernel_clocks *clocks, int64_t tick_ns,
			 const struct scene_ahead *ahead, size_t count);

/* It was this jiffy at `ts`. */
void kernel_clocks_jiffy(struct kernel_clocks *clocks, uint64_t jiffies, uint64_t ts);
/* When a jiffy begins, trace clock. False: not known. */
bool kernel_clocks_jiffy_at(const struct kernel_clocks *clocks, uint64_t jiffies, int64_t *ns);

/*
 * Which clock's time this is, if it is one of about `ts`: an index for
 * kernel_clocks_ahead. Clocks that are far apart cannot be mistaken for each other;
 * those that are not, need not be told apart.
 */
size_t kernel_clocks_guess(const struct kernel_clocks *clocks, int64_t ns, uint64_t ts);
/* That of a CLOCK_...; false: it is not known how it stands. */
bool kernel_clocks_find(const struct kernel_clocks *clocks, int32_t clock, size_t *index);
/* A clock showed `ns` at `ts` or a little before: it may have been set meanwhile. */
void kernel_clocks_seen(struct kernel_clocks *clocks, size_t index, int64_t ns, uint64_t ts);
/* How far it is ahead of the trace clock. */
int64_t kernel_clocks_ahead(const struct kernel_clocks *clocks, size_t index);

/* `a - b`, and the nearest there is where that does not fit. */
int64_t kernel_clocks_minus(int64_t a, int64_t b);

/* When the wheel looks at a timer, jiffies: `place` is its index in the wheel. */
uint64_t kernel_clocks_due(uint64_t expires, unsigned place);

#endif
