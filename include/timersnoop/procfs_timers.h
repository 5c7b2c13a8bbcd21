/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * procfs_timers: the timers that exist now, as /proc(5) tells of them. Nothing
 * is traced and nobody is stopped.
 *
 *   POSIX timers  /proc/PID/timers (Linux 3.10): not their values, which the
 *                 kernel tells their own process only
 *   timerfds      /proc/PID/fd and fdinfo (Linux 3.17)
 *   itimers       nothing: field 21 of /proc/PID/stat, the rest of ITIMER_REAL,
 *                 is 0 since Linux 2.6.17; /proc/timer_list has that timer
 *                 without its process
 */
#ifndef TIMERSNOOP_PROCFS_TIMERS_H
#define TIMERSNOOP_PROCFS_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "timersnoop/events.h"
#include "timersnoop/timerspec.h"

struct procfs_timer {
	enum timer_family family;
	int32_t id;    /* of a POSIX timer; or the file descriptor */
	int32_t clock; /* see timerspec_clock; 2 and 3 appear as -6 and -2 */
	union {
		struct {
			int32_t notify;       /* as sigev_notify */
			int32_t signo;        /* as given: with SIGEV_NONE any number */
			int32_t target;       /* process; thread with SIGEV_THREAD_ID;
					       * 0: none in the pid namespace of /proc */
			uint64_t sigev_value; /* as the pointer */
		} posix;
		struct {
			uint32_t flags;            /* of the last timerfd_settime(2) */
			uint64_t ticks;            /* expiries that were not read yet */
			struct timerspec value;    /* time left; zero: none to wait for */
			struct timerspec interval; /* as it was set */
			bool cloexec;              /* exec closes this descriptor */
		} timerfd;
	};
};

/*
 * The next timer of a /proc/PID/timers text; *text moves behind it. 1, or 0 at
 * the end, or -EBADMSG for a text of another form or cut short. Lines with
 * other keys are passed over. Pure.
 */
int procfs_timers_parse(const char **text, struct procfs_timer *timer);

/*
 * A timerfd of its fdinfo text; all but the descriptor. 0, or -EBADMSG when
 * that is another kind of file, or cut short. Pure.
 */
int procfs_timerfd_parse(const char *text, struct procfs_timer *timer);

/*
 * Whether a process that may not be read could hold timers: by its
 * /proc/PID/stat (proc(5)), false for kernel threads and for what is left of a
 * process that has ended. Pure.
 */
bool procfs_timers_possible(const char *stat);

/*
 * Calls `each` for every timer of a process, POSIX timers by id and then
 * timerfds by descriptor, until it returns nonzero, which is then returned.
 * -ESRCH when the process is gone. -EACCES when some of it may not be read:
 * `each` was called for the rest. Other -errno when it cannot be read, or
 * -EBADMSG when it is not understood.
 *
 * Threads share the process's POSIX timers, and are taken to share its files.
 * A timerfd with several descriptors, or in several processes, is told of as
 * often.
 */
int procfs_timers(int32_t pid, int (*each)(void *context, const struct procfs_timer *timer),
		  void *context);

/* Does this kernel have /proc/PID/timers? Without it POSIX timers are not told of. */
bool procfs_timers_supported(void);

#endif
