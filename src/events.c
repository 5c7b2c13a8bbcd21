/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/events.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	const char *verb;
	enum timer_family family;
} events[EVENT_COUNT] = {
	[EVENT_TIMER_CREATE] = { "timer_create", "create", TIMER_POSIX },
	[EVENT_TIMER_SETTIME] = { "timer_settime", "settime", TIMER_POSIX },
	[EVENT_TIMER_GETTIME] = { "timer_gettime", "gettime", TIMER_POSIX },
	[EVENT_TIMER_GETOVERRUN] = { "timer_getoverrun", "overrun", TIMER_POSIX },
	[EVENT_TIMER_DELETE] = { "timer_delete", "delete", TIMER_POSIX },
	[EVENT_TIMERFD_CREATE] = { "timerfd_create", "create", TIMER_FD },
	[EVENT_TIMERFD_SETTIME] = { "timerfd_settime", "settime", TIMER_FD },
	[EVENT_TIMERFD_GETTIME] = { "timerfd_gettime", "gettime", TIMER_FD },
	[EVENT_SETITIMER] = { "setitimer", "settime", TIMER_ITIMER },
	[EVENT_GETITIMER] = { "getitimer", "gettime", TIMER_ITIMER },
	[EVENT_ALARM] = { "alarm", "alarm", TIMER_ITIMER },
	[EVENT_TIMER_EXPIRE] = { "timer_expire", "expire", TIMER_POSIX },
	[EVENT_TIMERFD_EXPIRE] = { "timerfd_expire", "expire", TIMER_FD },
	[EVENT_ITIMER_EXPIRE] = { "itimer_expire", "expire", TIMER_ITIMER },
	[EVENT_SIGNAL_GENERATE] = { "signal_generate", "signal", TIMER_POSIX },
	[EVENT_SIGNAL_DELIVER] = { "signal_deliver", "deliver", TIMER_POSIX },
};

#define POSIX_CALLS                                                                                \
	(EVENT_BIT(EVENT_TIMER_CREATE) | EVENT_BIT(EVENT_TIMER_SETTIME) |                          \
	 EVENT_BIT(EVENT_TIMER_GETTIME) | EVENT_BIT(EVENT_TIMER_GETOVERRUN) |                      \
	 EVENT_BIT(EVENT_TIMER_DELETE))
#define FD_CALLS                                                                                   \
	(EVENT_BIT(EVENT_TIMERFD_CREATE) | EVENT_BIT(EVENT_TIMERFD_SETTIME) |                      \
	 EVENT_BIT(EVENT_TIMERFD_GETTIME))
#define ITIMER_CALLS                                                                               \
	(EVENT_BIT(EVENT_SETITIMER) | EVENT_BIT(EVENT_GETITIMER) | EVENT_BIT(EVENT_ALARM))

const struct event_group event_groups[] = {
	{ "calls", EVENTS_CALLS, "every system call on timers" },
	{ "expire", EVENTS_EXPIRE, "expiries, of all families" },
	{ "signal", EVENTS_SIGNAL, "timers' signals: generated and delivered" },
	{ "posix", POSIX_CALLS | EVENT_BIT(EVENT_TIMER_EXPIRE) | EVENTS_SIGNAL,
	  "timer_create(2) and what follows from it" },
	{ "timerfd", FD_CALLS | EVENT_BIT(EVENT_TIMERFD_EXPIRE), "timerfd_create(2), the same" },
	{ "itimer", ITIMER_CALLS | EVENT_BIT(EVENT_ITIMER_EXPIRE),
	  "setitimer(2), getitimer(2), alarm(2)" },
	{ "settime",
	  EVENT_BIT(EVENT_TIMER_SETTIME) | EVENT_BIT(EVENT_TIMERFD_SETTIME) |
		  EVENT_BIT(EVENT_SETITIMER) | EVENT_BIT(EVENT_ALARM),
	  "calls that arm and disarm" },
	{ "all", EVENTS_ALL, "everything" },
	{ NULL, 0, NULL },
};

const char *event_name(enum event event)
{
	return events[event].name;
}

const char *event_verb(enum event event)
{
	return events[event].verb;
}

enum timer_family event_family(enum event event)
{
	return events[event].family;
}

const char *timer_family_name(enum timer_family family)
{
	static const char *const names[TIMER_FAMILIES] = {
		[TIMER_POSIX] = "posix",
		[TIMER_FD] = "timerfd",
		[TIMER_ITIMER] = "itimer",
	};

	return names[family];
}

uint32_t events_named(const char *name)
{
	for (const struct event_group *group = event_groups; group->name; group++)
		if (strcmp(group->name, name) == 0)
			return group->events;
	for (int event = 0; event < EVENT_COUNT; event++)
		if (strcmp(events[event].name, name) == 0)
			return EVENT_BIT(event);
	return 0;
}

static size_t add_name(char text[EVENT_NAMES_MAX], size_t length, const char *name)
{
	int added =
		snprintf(text + length, EVENT_NAMES_MAX - length, "%s%s", length ? ", " : "", name);

	length += (size_t)added;
	return length < EVENT_NAMES_MAX ? length : EVENT_NAMES_MAX - 1;
}

void event_group_names(char text[EVENT_NAMES_MAX])
{
	size_t length = 0;

	for (const struct event_group *group = event_groups; group->name; group++)
		length = add_name(text, length, group->name);
}

void event_names(char text[EVENT_NAMES_MAX])
{
	size_t length = 0;

	for (int event = 0; event < EVENT_COUNT; event++)
		length = add_name(text, length, events[event].name);
}
