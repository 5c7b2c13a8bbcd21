/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/kernel_events.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const names[KERNEL_EVENT_COUNT] = {
	[KERNEL_EVENT_TIMER_INIT] = "timer_init",
	[KERNEL_EVENT_TIMER_START] = "timer_start",
	[KERNEL_EVENT_TIMER_CANCEL] = "timer_cancel",
	[KERNEL_EVENT_TIMER_EXPIRE] = "timer_expire",
	[KERNEL_EVENT_HRTIMER_INIT] = "hrtimer_init",
	[KERNEL_EVENT_HRTIMER_START] = "hrtimer_start",
	[KERNEL_EVENT_HRTIMER_CANCEL] = "hrtimer_cancel",
	[KERNEL_EVENT_HRTIMER_EXPIRE] = "hrtimer_expire",
	[KERNEL_EVENT_TICK_STOP] = "tick_stop",
	[KERNEL_EVENT_BASE_IDLE] = "base_idle",
	[KERNEL_EVENT_CPU_IDLE] = "cpu_idle",
	[KERNEL_EVENT_WAKEUP] = "wakeup",
};

#define BIT(kind) KERNEL_EVENT_BIT(KERNEL_EVENT_##kind)

const struct kernel_event_group kernel_event_groups[] = {
	{ "timer_list", BIT(TIMER_INIT) | BIT(TIMER_START) | BIT(TIMER_CANCEL) | BIT(TIMER_EXPIRE),
	  "timers by jiffies" },
	{ "hrtimer",
	  BIT(HRTIMER_INIT) | BIT(HRTIMER_START) | BIT(HRTIMER_CANCEL) | BIT(HRTIMER_EXPIRE),
	  "timers by nanoseconds" },
	{ "start", BIT(TIMER_START) | BIT(HRTIMER_START), "arms, of both" },
	{ "cancel", BIT(TIMER_CANCEL) | BIT(HRTIMER_CANCEL), "what ended before it expired" },
	{ "expire", BIT(TIMER_EXPIRE) | BIT(HRTIMER_EXPIRE), "callbacks that ran" },
	{ "idle", BIT(TICK_STOP) | BIT(BASE_IDLE) | BIT(CPU_IDLE) | BIT(WAKEUP),
	  "CPUs that go idle, and what wakes them" },
	{ "all", KERNEL_EVENTS_ALL, "everything" },
	{ NULL, 0, NULL },
};

static const char *const mechanisms[KERNEL_MECHANISMS] = { "timer_list", "hrtimer" };

static const struct {
	const char *name;
	enum kernel_by by;
} groupings[] = {
	{ "callback", KERNEL_BY_CALLBACK },   { "module", KERNEL_BY_MODULE },
	{ "mechanism", KERNEL_BY_MECHANISM }, { "process", KERNEL_BY_PROCESS },
	{ "comm", KERNEL_BY_COMM },           { "cpu", KERNEL_BY_CPU },
	{ "caller", KERNEL_BY_CALLER },       { "timer", KERNEL_BY_TIMER },
};

static const char *const histograms[KERNEL_HISTOGRAM_COUNT] = { "timeout", "late", "run" };

const char *kernel_mechanism_name(enum kernel_mechanism mechanism)
{
	return mechanisms[mechanism];
}

const char *kernel_timer_kind(const char *callback)
{
	static const char *const kinds[][2] = {
		{ "hrtimer_wakeup", "sleep" },       { "process_timeout", "sleep" },
		{ "posix_timer_fn", "posix" },       { "timerfd_tmrproc", "timerfd" },
		{ "it_real_fn", "itimer" },          { "alarmtimer_fired", "alarm" },
		{ "delayed_work_timer_fn", "work" }, { "kthread_delayed_work_timer_fn", "work" },
		{ "tick_sched_timer", "tick" },      { "tick_nohz_handler", "tick" },
	};

	for (size_t i = 0; callback && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i][0], callback) == 0)
			return kinds[i][1];
	return NULL;
}

const char *kernel_event_name(enum kernel_event_kind kind)
{
	return names[kind];
}

uint32_t kernel_events_named(const char *name)
{
	for (const struct kernel_event_group *group = kernel_event_groups; group->name; group++)
		if (strcmp(group->name, name) == 0)
			return group->events;
	for (unsigned kind = 0; kind < KERNEL_EVENT_COUNT; kind++)
		if (strcmp(names[kind], name) == 0)
			return KERNEL_EVENT_BIT(kind);
	return 0;
}

void kernel_event_names(char text[KERNEL_EVENT_NAMES_MAX])
{
	size_t used = 0;

	for (const struct kernel_event_group *group = kernel_event_groups; group->name; group++)
		used += (size_t)snprintf(text + used, KERNEL_EVENT_NAMES_MAX - used, "%s%s",
					 used ? ", " : "", group->name);
	for (unsigned kind = 0; kind < KERNEL_EVENT_COUNT && used < KERNEL_EVENT_NAMES_MAX; kind++)
		used += (size_t)snprintf(text + used, KERNEL_EVENT_NAMES_MAX - used, ", %s",
					 names[kind]);
}

uint32_t kernel_by_named(const char *name)
{
	for (size_t i = 0; i < sizeof(groupings) / sizeof(groupings[0]); i++)
		if (strcmp(groupings[i].name, name) == 0)
			return groupings[i].by;
	return 0;
}

void kernel_by_names(char text[KERNEL_BY_NAMES_MAX])
{
	size_t used = 0;

	for (size_t i = 0;
	     i < sizeof(groupings) / sizeof(groupings[0]) && used < KERNEL_BY_NAMES_MAX; i++)
		used += (size_t)snprintf(text + used, KERNEL_BY_NAMES_MAX - used, "%s%s",
					 used ? ", " : "", groupings[i].name);
}

const char *kernel_histogram_name(enum kernel_histogram_of of)
{
	return histograms[of];
}

uint32_t kernel_histograms_named(const char *name)
{
	for (unsigned of = 0; of < KERNEL_HISTOGRAM_COUNT; of++)
		if (strcmp(histograms[of], name) == 0)
			return 1u << of;
	return 0;
}
