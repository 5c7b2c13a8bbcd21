/* SPDX-License-Identifier: GPL-2.0-or-later */
/* existing: the timers that are there before tracing begins, as /proc tells of them. */
#ifndef TIMERSNOOP_EXISTING_H
#define TIMERSNOOP_EXISTING_H

#include <stddef.h>
#include <stdint.h>

#include "timersnoop/procfs.h"
#include "timersnoop/procfs_timers.h"

struct existing_timer {
	struct procfs_task process;
	struct procfs_timer timer;
	/* CLOCK_MONOTONIC: it was read between these */
	uint64_t earliest_ns, latest_ns;
};

/* A zeroed one is empty. */
struct existing {
	struct existing_timer *timers;
	size_t count, room;
	unsigned long denied;       /* processes of which some could not be read */
	struct procfs_task process; /* at hand */
};

/* Adds a process's timers; one that has ended has none. 0 or -errno. */
int existing_add(struct existing *existing, const struct procfs_task *process);
/* Those of these processes, or of all (count 0). */
int existing_add_all(struct existing *existing, const int32_t *pids, size_t count);
void existing_free(struct existing *existing);

#endif
