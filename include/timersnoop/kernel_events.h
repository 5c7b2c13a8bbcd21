/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_events: what can be shown of the kernel's own timers, by name, and what
 * their figures can be grouped by. Pure.
 */
#ifndef TIMERSNOOP_KERNEL_EVENTS_H
#define TIMERSNOOP_KERNEL_EVENTS_H

#include <stdint.h>

/* The kernel has two, see Documentation/timers/hrtimers.rst. */
enum kernel_mechanism {
	KERNEL_TIMER_LIST, /* by jiffies: timeouts, most are cancelled before they expire */
	KERNEL_HRTIMER,    /* by nanoseconds: meant to expire */
	KERNEL_MECHANISMS,
};

/* "timer_list", "hrtimer" */
const char *kernel_mechanism_name(enum kernel_mechanism mechanism);

/* What timers with this callback are for: "sleep", "posix" (timer_create(2)), "timerfd",
 * "itimer" (setitimer(2)), "alarm", "work" that was put off, "tick". NULL: something else, or
 * `callback` is. */
const char *kernel_timer_kind(const char *callback);

enum kernel_event_kind {
	KERNEL_EVENT_TIMER_INIT,
	KERNEL_EVENT_TIMER_START,
	KERNEL_EVENT_TIMER_CANCEL,
	KERNEL_EVENT_TIMER_EXPIRE, /* with how long its callback ran */
	KERNEL_EVENT_HRTIMER_INIT,
	KERNEL_EVENT_HRTIMER_START,
	KERNEL_EVENT_HRTIMER_CANCEL,
	KERNEL_EVENT_HRTIMER_EXPIRE,
	KERNEL_EVENT_TICK_STOP, /* an idle CPU goes without its tick, or why not */
	KERNEL_EVENT_BASE_IDLE, /* its timer_list timers are looked after by others */
	KERNEL_EVENT_CPU_IDLE,  /* it goes idle */
	KERNEL_EVENT_WAKEUP,    /* what ended that */
	KERNEL_EVENT_COUNT,
};

/* Sets of events have a bit for each. */
#define KERNEL_EVENT_BIT(kind) (1u << (kind))
#define KERNEL_EVENTS_ALL (KERNEL_EVENT_BIT(KERNEL_EVENT_COUNT) - 1)
/* That --wakeups is needed for. */
#define KERNEL_EVENTS_WAKEUPS                                                                      \
	(KERNEL_EVENT_BIT(KERNEL_EVENT_CPU_IDLE) | KERNEL_EVENT_BIT(KERNEL_EVENT_WAKEUP))

/* "timer_start": the name in every output, and one that -e takes */
const char *kernel_event_name(enum kernel_event_kind kind);

/* A name or a group -> its events; 0 when there is none such. */
uint32_t kernel_events_named(const char *name);

struct kernel_event_group {
	const char *name;
	uint32_t events;
	const char *what;
};
/* Ends with a NULL name. */
extern const struct kernel_event_group kernel_event_groups[];

/* All names that -e takes, with ", " between: groups, then events; adds a NUL. */
#define KERNEL_EVENT_NAMES_MAX 320
void kernel_event_names(char text[KERNEL_EVENT_NAMES_MAX]);

/* What rows of figures are for, a bit each: one for each combination that there is. */
enum kernel_by {
	KERNEL_BY_CALLBACK = 1 << 0, /* with its module and mechanism */
	KERNEL_BY_MODULE = 1 << 1,
	KERNEL_BY_MECHANISM = 1 << 2,
	KERNEL_BY_PROCESS = 1 << 3, /* that armed it */
	KERNEL_BY_COMM = 1 << 4,
	KERNEL_BY_CPU = 1 << 5,    /* on which it was armed */
	KERNEL_BY_CALLER = 1 << 6, /* function that armed it */
	KERNEL_BY_TIMER = 1 << 7,  /* by its address */
};

/* "callback" -> its bit; 0 when there is none such. */
uint32_t kernel_by_named(const char *name);
/* "callback, module, ..."; adds a NUL. */
#define KERNEL_BY_NAMES_MAX 96
void kernel_by_names(char text[KERNEL_BY_NAMES_MAX]);

/* What there are histograms of (histogram.h), a bit each. */
enum kernel_histogram_of {
	KERNEL_HISTOGRAM_TIMEOUT, /* from arming to the instant asked for */
	KERNEL_HISTOGRAM_LATE,
	KERNEL_HISTOGRAM_RUN, /* of callbacks */
	KERNEL_HISTOGRAM_COUNT,
};

/* "timeout", "late", "run" */
const char *kernel_histogram_name(enum kernel_histogram_of of);
/* The same as a set; 0: none such. */
uint32_t kernel_histograms_named(const char *name);

#endif
