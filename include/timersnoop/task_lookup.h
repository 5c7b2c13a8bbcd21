/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * task_lookup: whose thread it is, from what records told and, where that may be wrong, from
 * elsewhere. Pure but for whom it asks.
 */
#ifndef TIMERSNOOP_TASK_LOOKUP_H
#define TIMERSNOOP_TASK_LOOKUP_H

#include <stdint.h>

#include "timersnoop/tasks.h"

/* Asked about a thread that no record told of; fills *task or returns nonzero. */
typedef int task_asker(void *context, int32_t tid, struct task *task);

struct task_lookup {
	struct tasks *tasks; /* borrowed */
	task_asker *ask;     /* NULL: nobody */
	void *context;
	task_asker *ask_ns; /* the same for what no record tells, once of each task; NULL: nobody */
	uint32_t losses;    /* gaps so far: what is known of tasks is older than them */
};

/* Valid until the next change of `tasks`, or as long as *unknown, which is filled if need be:
 * its tgid is 0 when nobody knows. */
const struct task *task_lookup_find(struct task_lookup *lookup, int32_t tid, struct task *unknown);

/* The same task, of `tasks`, when it was asked what it is called in its PID namespace. */
const struct task *task_lookup_ns(struct task_lookup *lookup, const struct task *task);

/* As the one who did something: the thread, under its own name. */
struct caller task_lookup_thread(const struct task *task, int32_t tid);
/* Its first thread, by whose name a process is known. */
struct caller task_lookup_process(const struct task_lookup *lookup, const struct task *task);

#endif
