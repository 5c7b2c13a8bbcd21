/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "suites.h"
#include "timersnoop/timerspec.h"

static void expect_clock(int32_t clock, const char *expected)
{
	char text[TIMERSPEC_TEXT_MAX];

	CU_ASSERT_EQUAL(timerspec_clock(text, clock), strlen(expected));
	CU_ASSERT_STRING_EQUAL(text, expected);
}

static void test_fixed_clocks(void)
{
	expect_clock(CLOCK_REALTIME, "CLOCK_REALTIME");
	expect_clock(CLOCK_MONOTONIC, "CLOCK_MONOTONIC");
	expect_clock(CLOCK_PROCESS_CPUTIME_ID, "CLOCK_PROCESS_CPUTIME_ID");
	expect_clock(CLOCK_THREAD_CPUTIME_ID, "CLOCK_THREAD_CPUTIME_ID");
	expect_clock(CLOCK_MONOTONIC_RAW, "CLOCK_MONOTONIC_RAW");
	expect_clock(CLOCK_REALTIME_COARSE, "CLOCK_REALTIME_COARSE");
	expect_clock(CLOCK_MONOTONIC_COARSE, "CLOCK_MONOTONIC_COARSE");
	expect_clock(CLOCK_BOOTTIME, "CLOCK_BOOTTIME");
	expect_clock(CLOCK_REALTIME_ALARM, "CLOCK_REALTIME_ALARM");
	expect_clock(CLOCK_BOOTTIME_ALARM, "CLOCK_BOOTTIME_ALARM");
	expect_clock(10, "CLOCK_SGI_CYCLE");
	expect_clock(CLOCK_TAI, "CLOCK_TAI");
	expect_clock(12, "clock 12");
	expect_clock(INT32_MAX, "clock 2147483647");
}

/* linux/posix-timers.h: ~id << 3, 4 for a thread, 0 PROF, 1 VIRT, 2 SCHED, 3 a file */
static int32_t packed(int32_t id, int32_t low)
{
	return (int32_t)(~(uint32_t)id << 3) | low;
}

static void test_packed_clocks(void)
{
	expect_clock(packed(4242, 2), "process CPU clock of 4242");
	expect_clock(packed(4243, 6), "thread CPU clock of 4243");
	expect_clock(packed(4242, 0), "process CPU clock of 4242 (PROF)");
	expect_clock(packed(4242, 5), "thread CPU clock of 4242 (VIRT)");
	expect_clock(-6, "CLOCK_PROCESS_CPUTIME_ID");
	expect_clock(-2, "CLOCK_THREAD_CPUTIME_ID");
	expect_clock(packed(0, 1), "process CPU clock of the caller (VIRT)");
	expect_clock(packed(3, 3), "dynamic clock of fd 3");
	expect_clock(packed(0, 3), "dynamic clock of fd 0");
	expect_clock(-1, "clock -1");
	expect_clock(packed(3, 7), "clock -25");
	expect_clock(INT32_MIN, "process CPU clock of 268435455 (PROF)");
}

static void test_alarm_clocks(void)
{
	static const int32_t others[] = { CLOCK_REALTIME,
					  CLOCK_MONOTONIC,
					  CLOCK_PROCESS_CPUTIME_ID,
					  CLOCK_THREAD_CPUTIME_ID,
					  CLOCK_MONOTONIC_RAW,
					  CLOCK_REALTIME_COARSE,
					  CLOCK_MONOTONIC_COARSE,
					  CLOCK_BOOTTIME,
					  10,
					  CLOCK_TAI,
					  12,
					  -1,
					  -2,
					  -6,
					  INT32_MIN,
					  INT32_MAX };

	CU_ASSERT_TRUE(timerspec_alarm_clock(CLOCK_REALTIME_ALARM));
	CU_ASSERT_TRUE(timerspec_alarm_clock(CLOCK_BOOTTIME_ALARM));
	CU_ASSERT_EQUAL(timerspec_base_clock(CLOCK_REALTIME_ALARM), CLOCK_REALTIME);
	CU_ASSERT_EQUAL(timerspec_base_clock(CLOCK_BOOTTIME_ALARM), CLOCK_BOOTTIME);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		CU_ASSERT_FALSE(timerspec_alarm_clock(others[i]));
		CU_ASSERT_EQUAL(timerspec_base_clock(others[i]), others[i]);
	}
}

/* What the kernel keeps for the two CPU clocks without a task; nothing else is another. */
static void test_given_clocks(void)
{
	const int32_t others[] = { CLOCK_REALTIME,
				   CLOCK_MONOTONIC,
				   CLOCK_PROCESS_CPUTIME_ID,
				   CLOCK_THREAD_CPUTIME_ID,
				   CLOCK_BOOTTIME_ALARM,
				   CLOCK_TAI,
				   packed(0, 0),
				   packed(0, 1),
				   packed(0, 3),
				   packed(0, 4),
				   packed(0, 5),
				   packed(0, 7),
				   packed(4242, 2),
				   packed(4242, 6),
				   packed(3, 3),
				   INT32_MIN,
				   INT32_MAX };

	CU_ASSERT_EQUAL(packed(0, 2), -6);
	CU_ASSERT_EQUAL(packed(0, 6), -2);
	CU_ASSERT_EQUAL(timerspec_given_clock(-6), CLOCK_PROCESS_CPUTIME_ID);
	CU_ASSERT_EQUAL(timerspec_given_clock(-2), CLOCK_THREAD_CPUTIME_ID);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CU_ASSERT_EQUAL(timerspec_given_clock(others[i]), others[i]);
}

/* libc packs them as the kernel reads them. */
static void test_real_clocks(void)
{
	char expected[64];
	clockid_t clock;

	CU_ASSERT_EQUAL_FATAL(clock_getcpuclockid(getppid(), &clock), 0);
	snprintf(expected, sizeof(expected), "process CPU clock of %d", getppid());
	expect_clock(clock, expected);
	CU_ASSERT_EQUAL_FATAL(pthread_getcpuclockid(pthread_self(), &clock), 0);
	snprintf(expected, sizeof(expected), "thread CPU clock of %d", gettid());
	expect_clock(clock, expected);
}

static void test_notify(void)
{
	CU_ASSERT_STRING_EQUAL(timerspec_notify(SIGEV_SIGNAL), "SIGEV_SIGNAL");
	CU_ASSERT_STRING_EQUAL(timerspec_notify(SIGEV_NONE), "SIGEV_NONE");
	CU_ASSERT_STRING_EQUAL(timerspec_notify(SIGEV_THREAD), "SIGEV_THREAD");
	CU_ASSERT_STRING_EQUAL(timerspec_notify(SIGEV_THREAD_ID), "SIGEV_THREAD_ID");
	CU_ASSERT_PTR_NULL(timerspec_notify(3));
	CU_ASSERT_PTR_NULL(timerspec_notify(SIGEV_NONE | SIGEV_THREAD_ID));
	CU_ASSERT_PTR_NULL(timerspec_notify(-1));
}

static void expect_signal(int32_t number, const char *expected)
{
	char text[TIMERSPEC_TEXT_MAX];

	CU_ASSERT_EQUAL(timerspec_signal(text, number), strlen(expected));
	CU_ASSERT_STRING_EQUAL(text, expected);
}

static void test_signals(void)
{
	expect_signal(SIGALRM, "SIGALRM");
	expect_signal(SIGHUP, "SIGHUP");
	expect_signal(SIGSYS, "SIGSYS");
	expect_signal(32, "SIG32");
	expect_signal(33, "SIG33");
	expect_signal(34, "SIGRTMIN");
	expect_signal(35, "SIGRTMIN+1");
	expect_signal(64, "SIGRTMIN+30");
	expect_signal(0, "0");
	expect_signal(65, "65");
	expect_signal(-1, "-1");
	expect_signal(INT32_MIN, "-2147483648");
	for (int32_t number = 1; number <= 31; number++) {
		char text[TIMERSPEC_TEXT_MAX];

		timerspec_signal(text, number);
		CU_ASSERT_EQUAL(strncmp(text, "SIG", 3), 0);
	}
}

static void test_timerfd_flags(void)
{
	char text[TIMERSPEC_TEXT_MAX];

	timerspec_flags(text, sizeof(text), timerfd_settime_flags, 7, "");
	CU_ASSERT_STRING_EQUAL(text, "TFD_TIMER_ABSTIME|TFD_TIMER_CANCEL_ON_SET|0x4");
}

int suite_timerspec_names(void)
{
	CU_pSuite suite = CU_add_suite("timerspec: names", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, test_fixed_clocks) ||
	    !CU_ADD_TEST(suite, test_packed_clocks) || !CU_ADD_TEST(suite, test_alarm_clocks) ||
	    !CU_ADD_TEST(suite, test_given_clocks) || !CU_ADD_TEST(suite, test_real_clocks) ||
	    !CU_ADD_TEST(suite, test_notify) || !CU_ADD_TEST(suite, test_signals) ||
	    !CU_ADD_TEST(suite, test_timerfd_flags))
		return (int)CU_get_error();
	return 0;
}
