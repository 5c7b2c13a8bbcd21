/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tasks: which process a thread belongs to, its name and its user, as they
 * were at a point of the stream. Pure: fed with what was there when tracing
 * began and with every change since, so a process that is gone is still known.
 */
#ifndef TIMERSNOOP_TASKS_H
#define TIMERSNOOP_TASKS_H

#include <stdbool.h>
#include <stdint.h>

#include "timersnoop/decode.h"
#include "timersnoop/procfs.h"

struct task {
	int32_t tid;
	int32_t tgid;
	int32_t ns_tid, ns_tgid; /* as in procfs_task; records do not tell */
	bool ns_known;           /* somebody was asked for them, whatever was the answer */
	uint32_t uid;            /* real user id */
	char comm[16];           /* NUL-terminated */
	/* Losses of records up to which this is sure: a rename, an exec or an
	 * exit may have been among the lost ones. */
	uint32_t losses;
	bool timers_gone; /* its process is ending, with it as the last thread */
};

/* Who made a call, or whose timer it is. `comm` is as the kernel holds it: any bytes but NUL. */
struct caller {
	int32_t pid; /* process (tgid); 0 when not known */
	int32_t tid;
	int32_t ns_pid, ns_tid; /* in their own PID namespace; 0: the same, or not known */
	char comm[16]; /* NUL-terminated; empty when not known; every byte is initialised */
};

/* As /proc tells of it. */
struct task tasks_seen(const struct procfs_task *seen);

struct tasks;

struct tasks *tasks_new(void);
void tasks_free(struct tasks *tasks);

/* Adds or replaces a task. 0 or -ENOMEM. */
int tasks_learn(struct tasks *tasks, const struct task *task);

/* Takes what a record says of tasks; ignores others. 0 or -ENOMEM. */
int tasks_record(struct tasks *tasks, const struct record *record);

/* The process of a thread; the thread's own id where that is not known: one that has
 * ended was, as a rule, its process's first. */
int32_t tasks_process(const struct tasks *tasks, int32_t tid);

/* Calls `each` for every task, in no order, until it returns nonzero, which is then returned. */
int tasks_walk(const struct tasks *tasks, int (*each)(void *context, const struct task *task),
	       void *context);

/* Another number after each change. */
uint64_t tasks_changes(const struct tasks *tasks);

/* NULL when it was never heard of. Valid until the next change. */
const struct task *tasks_find(const struct tasks *tasks, int32_t tid);

#endif
