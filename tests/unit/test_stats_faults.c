/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What refused calls were refused for. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>

#include "seen_stats.h"
#include "suites.h"

/* Of the only row there is. */
static const struct stat_evidence *seen(void)
{
	return &seen_rows(BY_TIMER, 1)->evidence;
}

/* Values out of range are told apart from whatever else calls are refused for. */
static void bad_values(void)
{
	static const struct {
		struct timerspec value, interval;
		int64_t ret;
		enum value_source from;
		bool bad;
	} cases[] = {
		{ { 0, NSEC_PER_SEC }, { 0, 0 }, -EINVAL, FROM_USER, true },
		{ { 0, NSEC_PER_SEC - 1 }, { 0, 0 }, -EINVAL, FROM_USER, false },
		{ { 0, -1 }, { 0, 0 }, -EINVAL, FROM_KERNEL, true },
		{ { -1, 0 }, { 0, 0 }, -EINVAL, FROM_KERNEL, true },
		{ { 1, 0 }, { 0, NSEC_PER_SEC }, -EINVAL, FROM_KERNEL, true },
		{ { 1, 0 }, { -1, 0 }, -EINVAL, FROM_KERNEL, true },
		{ { -1, 0 }, { 0, 0 }, -EFAULT, FROM_KERNEL, false },
		{ { -1, 0 }, { 0, 0 }, -EINVAL, FROM_NONE, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct call call = feed_call(EVENT_TIMER_SETTIME, 1);

		seen_begin();
		call.new_value.from = cases[i].from;
		call.new_value.value = cases[i].value;
		call.new_value.interval = cases[i].interval;
		call.ret = cases[i].ret;
		feed_take(FEED_PID, call);
		CU_ASSERT_EQUAL(seen()->bad_values, cases[i].bad);
		CU_ASSERT_EQUAL(seen()->has_fault, !cases[i].bad);
		CU_ASSERT_TRUE(cases[i].bad || seen()->fault_errno == -cases[i].ret);
		CU_ASSERT_EQUAL(seen_rows(BY_TIMER, 1)->failed, 1);
		seen_end();
	}
}

enum { NO_ARGS = 1, NO_POINTERS = 2, NULL_NEW = 4, HAS_NEW = 8, NO_ID = 16 };

static void faults(void)
{
	static const char writes_old[] = "old_value points where nothing can be written";
	static const char writes_current[] = "curr_value points where nothing can be written";
	static const char reads_new[] = "new_value points where nothing can be read";
	static const struct {
		enum event event;
		int error;
		unsigned how;
		uint32_t flags;
		const char *text;
	} cases[] = {
		{ EVENT_TIMER_SETTIME, EFAULT, 0, 0, reads_new },
		{ EVENT_TIMER_SETTIME, EFAULT, HAS_NEW, 0, writes_old },
		{ EVENT_TIMERFD_SETTIME, EFAULT, 0, 0, reads_new },
		{ EVENT_TIMERFD_SETTIME, EFAULT, HAS_NEW, 0, writes_old },
		{ EVENT_SETITIMER, EFAULT, 0, 0, reads_new },
		{ EVENT_SETITIMER, EFAULT, HAS_NEW, 0, writes_old },
		{ EVENT_TIMER_GETTIME, EFAULT, 0, 0, writes_current },
		{ EVENT_TIMERFD_GETTIME, EFAULT, 0, 0, writes_current },
		{ EVENT_GETITIMER, EFAULT, 0, 0, writes_current },
		{ EVENT_TIMER_CREATE, EFAULT, NO_ID, 0, "sevp or timerid points where nothing is" },
		{ EVENT_TIMER_SETTIME, EINVAL, NULL_NEW, 0, "new_value is NULL" },
		{ EVENT_TIMER_SETTIME, EINVAL, NULL_NEW | NO_POINTERS, 0, "there is no timer 5" },
		{ EVENT_TIMER_SETTIME, EINVAL, HAS_NEW, 0, "there is no timer 5" },
		{ EVENT_TIMER_GETTIME, EINVAL, 0, 0, "there is no timer 5" },
		{ EVENT_TIMER_GETOVERRUN, EINVAL, 0, 0, "there is no timer 5" },
		{ EVENT_TIMER_DELETE, EINVAL, 0, 0, "there is no timer 5" },
		{ EVENT_TIMER_DELETE, EINVAL, NO_ID, 0, "" },
		{ EVENT_TIMER_CREATE, EINVAL, NO_ID, 0, "its clock, or its sigevent" },
		{ EVENT_TIMER_CREATE, EAGAIN, NO_ID, 0, "" },
		{ EVENT_TIMERFD_CREATE, EINVAL, NO_ID, 0, "its clock" },
		{ EVENT_TIMERFD_CREATE, EINVAL, NO_ID, TFD_CLOEXEC | TFD_NONBLOCK, "its clock" },
		{ EVENT_TIMERFD_CREATE, EINVAL, NO_ID, 0x1, "flags 0x1 has unknown bits" },
		{ EVENT_TIMERFD_CREATE, EINVAL, NO_ID | NO_ARGS, 0x1, "its clock" },
		{ EVENT_TIMERFD_CREATE, EPERM, NO_ID, 0, "" },
		{ EVENT_TIMERFD_CREATE, EMFILE, NO_ID, 0, "" },
		{ EVENT_TIMERFD_SETTIME, EINVAL, HAS_NEW, 3, "descriptor 5 is no timerfd" },
		{ EVENT_TIMERFD_SETTIME, EINVAL, HAS_NEW, 7, "flags 0x7 has unknown bits" },
		{ EVENT_TIMERFD_SETTIME, EBADF, HAS_NEW, 0, "descriptor 5 is no timerfd" },
		{ EVENT_TIMERFD_GETTIME, EBADF, 0, 0, "descriptor 5 is no timerfd" },
		{ EVENT_TIMERFD_GETTIME, EINVAL, 0, 0, "descriptor 5 is no timerfd" },
		{ EVENT_TIMERFD_SETTIME, ECANCELED, HAS_NEW, 0, "" },
		{ EVENT_SETITIMER, EINVAL, HAS_NEW, 0, "there is no itimer 5" },
		{ EVENT_GETITIMER, EINVAL, 0, 0, "there is no itimer 5" },
		/* without a new value setitimer(2) stops it: that is no fault */
		{ EVENT_SETITIMER, EINVAL, NULL_NEW, 0, "there is no itimer 5" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct call call = feed_call(cases[i].event, 5);

		seen_begin();
		call.ret = -cases[i].error;
		call.flags = cases[i].flags;
		call.has_args = !(cases[i].how & NO_ARGS);
		call.has_pointers = !(cases[i].how & NO_POINTERS);
		call.has_id = !(cases[i].how & NO_ID);
		if (cases[i].how & NULL_NEW)
			call.new_ptr = 0;
		if (cases[i].how & HAS_NEW)
			call.new_value.from = FROM_KERNEL;
		feed_take(FEED_PID, call);
		CU_ASSERT_TRUE(seen()->has_fault && seen()->fault_event == cases[i].event);
		CU_ASSERT_EQUAL(seen()->fault_errno, cases[i].error);
		CU_ASSERT_STRING_EQUAL(seen()->fault, cases[i].text);
		if (strcmp(seen()->fault, cases[i].text) != 0)
			fprintf(stderr, "\n%zu: %s\n", i, seen()->fault);
		seen_end();
	}
	/* the last one of several; alarm(2) is never refused */
	seen_begin();
	feed_simple(EVENT_TIMER_DELETE, 5, -EINVAL);
	feed_simple(EVENT_TIMER_DELETE, 6, -EINVAL);
	CU_ASSERT_STRING_EQUAL(seen()->fault, "there is no timer 6");
	seen_end();
	seen_begin();
	feed_simple(EVENT_ALARM, 0, -5);
	CU_ASSERT_FALSE(seen()->has_fault);
	seen_end();
}

int suite_stats_faults(void)
{
	CU_pSuite suite = CU_add_suite("stats_faults", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, bad_values) || !CU_ADD_TEST(suite, faults))
		return (int)CU_get_error();
	return 0;
}
