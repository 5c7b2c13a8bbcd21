/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * procfs: what /proc(5) says of tasks now. Knows nothing of tracefs.
 */
#ifndef TIMERSNOOP_PROCFS_H
#define TIMERSNOOP_PROCFS_H

#include <stdint.h>
#include <sys/types.h>

struct procfs_task {
	int32_t tid;
	int32_t tgid;
	/* What it and its process are called in the PID namespace that they are in; 0: the same,
	 * or not known (before Linux 4.1). */
	int32_t ns_tid, ns_tgid;
	uid_t uid;     /* real user id */
	char comm[16]; /* unescaped, NUL-terminated */
};

/* One task, a thread or a process. 0, or -ESRCH when there is none. */
int procfs_task(int32_t tid, struct procfs_task *task);

/* Calls `each` for every thread of a process, or of all processes
 * (pid 0), until it returns nonzero, which is then returned. -ESRCH when
 * the process is gone, other -errno when /proc cannot be read. */
int procfs_threads(int32_t pid, int (*each)(void *context, const struct procfs_task *task),
		   void *context);

/* The same for every process, by its main thread. Of one that may not be
 * looked at (hidepid, proc(5)) only the ids are known: comm is empty and uid
 * is (uid_t)-1. */
int procfs_processes(int (*each)(void *context, const struct procfs_task *task), void *context);

#endif
