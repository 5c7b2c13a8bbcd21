/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <string.h>

#include "timersnoop/events.h"

#include "suites.h"

static void every_name_is_one_event(void)
{
	for (int i = 0; i < EVENT_COUNT; i++) {
		enum event event = (enum event)i;

		CU_ASSERT_PTR_NOT_NULL_FATAL(event_name(event));
		CU_ASSERT_EQUAL(events_named(event_name(event)), EVENT_BIT(event));
		CU_ASSERT_PTR_NOT_NULL(event_verb(event));
		/* what may stand in a text column or in a list of -e */
		CU_ASSERT_EQUAL(strcspn(event_name(event), " ,"), strlen(event_name(event)));
		CU_ASSERT_EQUAL(strcspn(event_verb(event), " ,"), strlen(event_verb(event)));
		CU_ASSERT_TRUE(event_family(event) < TIMER_FAMILIES);
	}
}

static void names(void)
{
	CU_ASSERT_STRING_EQUAL(event_name(EVENT_TIMER_CREATE), "timer_create");
	CU_ASSERT_STRING_EQUAL(event_name(EVENT_TIMERFD_SETTIME), "timerfd_settime");
	CU_ASSERT_STRING_EQUAL(event_name(EVENT_ALARM), "alarm");
	CU_ASSERT_STRING_EQUAL(event_name(EVENT_SIGNAL_DELIVER), "signal_deliver");
	CU_ASSERT_STRING_EQUAL(event_verb(EVENT_TIMERFD_SETTIME), "settime");
	CU_ASSERT_STRING_EQUAL(event_verb(EVENT_ITIMER_EXPIRE), "expire");
}

static void families(void)
{
	CU_ASSERT_EQUAL(event_family(EVENT_TIMER_GETOVERRUN), TIMER_POSIX);
	CU_ASSERT_EQUAL(event_family(EVENT_TIMERFD_EXPIRE), TIMER_FD);
	CU_ASSERT_EQUAL(event_family(EVENT_ALARM), TIMER_ITIMER);
	CU_ASSERT_STRING_EQUAL(timer_family_name(TIMER_POSIX), "posix");
	CU_ASSERT_STRING_EQUAL(timer_family_name(TIMER_FD), "timerfd");
	CU_ASSERT_STRING_EQUAL(timer_family_name(TIMER_ITIMER), "itimer");
}

/* A family's group has what its family has; of signals see events.c. */
static void family_groups(void)
{
	for (int i = 0; i < EVENT_COUNT; i++) {
		enum event event = (enum event)i;
		const char *family = timer_family_name(event_family(event));

		CU_ASSERT_NOT_EQUAL(events_named(family) & EVENT_BIT(event), 0);
	}
	CU_ASSERT_EQUAL(events_named("posix") & events_named("timerfd"), 0);
	CU_ASSERT_EQUAL(events_named("posix") & events_named("itimer"), 0);
	CU_ASSERT_EQUAL(events_named("timerfd") & events_named("itimer"), 0);
	CU_ASSERT_EQUAL(events_named("posix") | events_named("timerfd") | events_named("itimer"),
			EVENTS_ALL);
}

static void groups(void)
{
	CU_ASSERT_EQUAL(events_named("all"), EVENTS_ALL);
	CU_ASSERT_EQUAL(events_named("calls"), EVENTS_CALLS);
	CU_ASSERT_EQUAL(events_named("expire"), EVENTS_EXPIRE);
	CU_ASSERT_EQUAL(events_named("signal"), EVENTS_SIGNAL);
	CU_ASSERT_EQUAL(EVENTS_CALLS | EVENTS_EXPIRE | EVENTS_SIGNAL, EVENTS_ALL);
	CU_ASSERT_EQUAL(events_named("settime"),
			EVENT_BIT(EVENT_TIMER_SETTIME) | EVENT_BIT(EVENT_TIMERFD_SETTIME) |
				EVENT_BIT(EVENT_SETITIMER) | EVENT_BIT(EVENT_ALARM));
	for (const struct event_group *group = event_groups; group->name; group++) {
		CU_ASSERT_EQUAL(events_named(group->name), group->events);
		CU_ASSERT_NOT_EQUAL(group->events, 0);
		CU_ASSERT_EQUAL(group->events & ~EVENTS_ALL, 0);
		CU_ASSERT_TRUE(strlen(group->what) > 0);
	}
}

static void no_such_name(void)
{
	CU_ASSERT_EQUAL(events_named(""), 0);
	CU_ASSERT_EQUAL(events_named("timer_settime "), 0);
	CU_ASSERT_EQUAL(events_named("timer_set"), 0);
	CU_ASSERT_EQUAL(events_named("ALL"), 0);
	CU_ASSERT_EQUAL(events_named("nanosleep"), 0);
}

/* Each of them once, and none cut. */
static void lists_of_names(void)
{
	char text[EVENT_NAMES_MAX], *rest = text, *name;
	uint32_t seen = 0;
	int count = 0;

	event_names(text);
	while ((name = strsep(&rest, ","))) {
		seen |= events_named(name + (*name == ' '));
		count++;
	}
	CU_ASSERT_EQUAL(seen, EVENTS_ALL);
	CU_ASSERT_EQUAL(count, EVENT_COUNT);
	event_group_names(text);
	CU_ASSERT_STRING_EQUAL(text, "calls, expire, signal, posix, timerfd, itimer, settime, all");
}

int suite_events(void)
{
	CU_pSuite suite = CU_add_suite("events", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, every_name_is_one_event) || !CU_ADD_TEST(suite, names) ||
	    !CU_ADD_TEST(suite, families) || !CU_ADD_TEST(suite, family_groups) ||
	    !CU_ADD_TEST(suite, groups) || !CU_ADD_TEST(suite, no_such_name) ||
	    !CU_ADD_TEST(suite, lists_of_names))
		return CU_get_error();
	return 0;
}
