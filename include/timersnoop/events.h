/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events: what can be shown, by name, and the groups that -e takes. Pure.
 */
#ifndef TIMERSNOOP_EVENTS_H
#define TIMERSNOOP_EVENTS_H

#include <stdint.h>

enum event {
	/* system calls */
	EVENT_TIMER_CREATE,
	EVENT_TIMER_SETTIME,
	EVENT_TIMER_GETTIME,
	EVENT_TIMER_GETOVERRUN,
	EVENT_TIMER_DELETE,
	EVENT_TIMERFD_CREATE,
	EVENT_TIMERFD_SETTIME,
	EVENT_TIMERFD_GETTIME,
	EVENT_SETITIMER,
	EVENT_GETITIMER,
	EVENT_ALARM,
	EVENT_CALLS, /* so many are calls */
	/* what the kernel does by itself */
	EVENT_TIMER_EXPIRE = EVENT_CALLS,
	EVENT_TIMERFD_EXPIRE,
	EVENT_ITIMER_EXPIRE,
	EVENT_SIGNAL_GENERATE,
	EVENT_SIGNAL_DELIVER,
	EVENT_COUNT,
};

/* Three kinds of timers, by the system calls that serve them. */
enum timer_family {
	TIMER_POSIX,  /* timer_create(2); known by its id in the process */
	TIMER_FD,     /* timerfd_create(2); by the file descriptor */
	TIMER_ITIMER, /* setitimer(2), alarm(2); by ITIMER_REAL, _VIRTUAL or _PROF */
	TIMER_FAMILIES,
};

/* Sets of events have a bit for each. */
#define EVENT_BIT(event) (1u << (event))
#define EVENTS_ALL (EVENT_BIT(EVENT_COUNT) - 1)
#define EVENTS_CALLS (EVENT_BIT(EVENT_CALLS) - 1)
#define EVENTS_EXPIRE                                                                              \
	(EVENT_BIT(EVENT_TIMER_EXPIRE) | EVENT_BIT(EVENT_TIMERFD_EXPIRE) |                         \
	 EVENT_BIT(EVENT_ITIMER_EXPIRE))
#define EVENTS_SIGNAL (EVENT_BIT(EVENT_SIGNAL_GENERATE) | EVENT_BIT(EVENT_SIGNAL_DELIVER))

/* "timer_settime": the name in every output but text, and one that -e takes */
const char *event_name(enum event event);
/* Without what its family has in common: "settime"; for text, beside "fd3". */
const char *event_verb(enum event event);
/* Of a call, or an expiry; signals come from TIMER_POSIX and TIMER_ITIMER. */
enum timer_family event_family(enum event event);

/* "posix", "timerfd", "itimer" */
const char *timer_family_name(enum timer_family family);

/* An event's or a group's name -> its events; 0 when there is none such. */
uint32_t events_named(const char *name);

/* The groups, for help and for messages; ends with a NULL name. */
struct event_group {
	const char *name;
	uint32_t events;
	const char *what;
};
extern const struct event_group event_groups[];

/* All names that -e takes, for messages: "calls, expire, ..."; adds a NUL. */
#define EVENT_NAMES_MAX 320
void event_group_names(char text[EVENT_NAMES_MAX]);
void event_names(char text[EVENT_NAMES_MAX]);

#endif
