/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timerspec: itimerspec values as seen, durations to and from text, and the
 * names of flags, clocks, sigevents, errors and signals. Pure.
 */
#ifndef TIMERSNOOP_TIMERSPEC_H
#define TIMERSNOOP_TIMERSPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NSEC_PER_SEC 1000000000LL

/* A timespec as a caller gave it: nsec may be out of range, either negative. */
struct timerspec {
	int64_t sec;
	int64_t nsec;
};

/* Whose memory a value was read from. */
enum value_source {
	FROM_NONE,   /* not read: the value means nothing and is never shown */
	FROM_KERNEL, /* the kernel's own copy: nothing user space does changes it */
	FROM_USER,   /* the caller's memory at entry: the kernel may have seen another */
};

/* An itimerspec(3type) and where it was read. */
struct itimerspec_seen {
	enum value_source from;
	struct timerspec interval;
	struct timerspec value;
};

/* A sigevent(3type) as the kernel copied it. */
struct sigevent_seen {
	enum value_source from; /* FROM_KERNEL, or FROM_NONE: there was none, or it was not read */
	uint64_t value;         /* sigev_value, as the pointer */
	int32_t signo;
	int32_t notify; /* see timerspec_notify */
	int32_t tid;    /* sigev_notify_thread_id, in the caller's pid namespace; means something
			 * with SIGEV_THREAD_ID only */
};

/* Enough for every text the functions below write, with its NUL. */
#define TIMERSPEC_TEXT_MAX 64

/* sec and nsec within what timespec64_valid() (linux/time64.h) accepts */
bool timerspec_valid(struct timerspec ts);
/* In nanoseconds; INT64_MAX or INT64_MIN for what does not fit. */
int64_t timerspec_ns(struct timerspec ts);
/* both members zero: to the kernel, "disarm" */
bool timerspec_zero(struct timerspec ts);

/*
 * Writes a duration exactly, in the largest unit that keeps it at or above
 * one: "500ns", "1.234us", "997.86637ms", "2.00000075s", "0s". A value that
 * the kernel would refuse keeps both its parts: "1s+2000000000ns". Returns
 * the length. `text` holds TIMERSPEC_TEXT_MAX bytes.
 */
size_t timerspec_format(char *text, struct timerspec ts);
/* The same for nanoseconds; negative ones get a minus sign: "-1.5us". */
size_t timerspec_format_ns(char *text, int64_t ns);
/* The same, rounded to three digits: "1.25ms", "998us", "3600s". */
size_t timerspec_format_short(char *text, int64_t ns);

/*
 * Reads a duration: a decimal number and an optional unit (ns, us, ms, s, m,
 * h, d; seconds without one), no sign, no white space. 0 and *ns, or -EINVAL,
 * or -ERANGE when it does not fit or is finer than a nanosecond.
 */
int timerspec_parse(const char *text, int64_t *ns);

/*
 * Bits with names, for example {1, "TIMER_ABSTIME"}; a table ends with a NULL
 * name.
 */
struct flag_name {
	uint32_t bit;
	const char *name;
};
extern const struct flag_name timer_settime_flags[];
extern const struct flag_name timerfd_settime_flags[];
extern const struct flag_name timerfd_create_flags[];

/*
 * Joins names with '|', unknown bits as one hexadecimal number at the end:
 * "TIMER_ABSTIME|0x6"; `none` for 0. Adds a NUL. Returns the length; what does not fit
 * is cut (64 bytes hold every table here).
 */
size_t timerspec_flags(char *text, size_t size, const struct flag_name *names, uint32_t flags,
		       const char *none);

/*
 * "EINVAL" for 22; NULL for a number that has no name. Kernel-internal ones
 * (ERESTARTSYS and others, linux/errno.h) included.
 */
const char *timerspec_errno_name(int number);

/*
 * A clockid_t as timer_create(2) and timerfd_create(2) take it: "CLOCK_TAI";
 * "clock 12" for a number without a name. Negative ones are CPU clocks and
 * clocks of files, packed as linux/posix-timers.h has it: "process CPU clock
 * of 4242", "thread CPU clock of 4243 (VIRT)", "dynamic clock of fd 3".
 * CPU clocks that name no task are the caller's own, which is how the kernel
 * keeps CLOCK_PROCESS_CPUTIME_ID and CLOCK_THREAD_CPUTIME_ID in a timer.
 * Adds a NUL, returns the length; `text` holds TIMERSPEC_TEXT_MAX bytes.
 */
size_t timerspec_clock(char *text, int32_t clock);

/* "ITIMER_REAL"; NULL for what the kernel would refuse. */
const char *timerspec_which(int32_t which);

/*
 * The clock's name alone: "CLOCK_MONOTONIC"; NULL for negative and unknown
 * numbers.
 */
const char *timerspec_clock_name(int32_t clock);
/*
 * A CPU clock's task, as linux/posix-timers.h packs it: 0 for the caller's own
 * and for what is no CPU clock. *thread tells a thread's clock from a process's.
 */
int32_t timerspec_clock_task(int32_t clock, bool *thread);
/* Does it count the CPU time of a process or a thread? */
bool timerspec_cpu_clock(int32_t clock);

/* The clock that its hrtimers run on: an alarm clock's is the one without alarm. */
int32_t timerspec_base_clock(int32_t clock);
/* Does it wake the machine from suspend? */
bool timerspec_alarm_clock(int32_t clock);
/* CLOCK_PROCESS_CPUTIME_ID and CLOCK_THREAD_CPUTIME_ID, as they were given, for
 * what the kernel keeps in their place; any other clock as it is. */
int32_t timerspec_given_clock(int32_t clock);

/* sigev_notify: "SIGEV_SIGNAL"; NULL for what the kernel would refuse. */
const char *timerspec_notify(int32_t notify);

/*
 * "SIGALRM", "SIGRTMIN", "SIGRTMIN+2"; "SIG32" and "SIG33" for those below
 * libc's SIGRTMIN, which it keeps to itself: 32 is that of its SIGEV_THREAD.
 * The digits of a number that is no signal. Length and `text` as above.
 */
size_t timerspec_signal(char *text, int32_t number);

#endif
