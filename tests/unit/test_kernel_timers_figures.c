/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What arms of the kernel's timers ask for, and how late they expire. */
#include <CUnit/Basic.h>
#include <time.h>

#include "kernel_told.h"
#include "suites.h"

#define AHEAD (1700000000000LL * MS) /* of CLOCK_REALTIME */

/* The one change since the last time. */
static const struct kernel_change *take_one(void)
{
	CU_ASSERT_EQUAL_FATAL(kt_count, 1);
	kt_count = 0;
	return &kt_seen[0].change;
}

static const struct kernel_arm *arm_list(struct record record)
{
	in_task(1, 10);
	feed_record(record);
	return take_one()->arm;
}

static void what_timer_list_asks_for(void)
{
	struct record record = list_record(USE_TIMER_START, 1);
	const struct kernel_arm *arm;

	kt_begin();
	record = list_record(USE_TIMER_START, 1);
	record.timer_list.flags = 1 | TIMER_FLAG_PINNED | 130 << TIMER_FLAG_PLACE_SHIFT;
	arm = arm_list(record);
	CU_ASSERT_EQUAL(arm->ts, BEGINNING);
	CU_ASSERT_EQUAL(arm->cpu, 1);
	CU_ASSERT_EQUAL(arm->expires, kt_jiffies + 10);
	CU_ASSERT_EQUAL(arm->timeout_jiffies, 10);
	CU_ASSERT_TRUE(arm->has_timeout);
	CU_ASSERT_EQUAL(arm->timeout_ns, 40 * MS);
	CU_ASSERT_EQUAL(arm->flags, record.timer_list.flags);
	/* by its place in the wheel, or as the kernel has it */
	CU_ASSERT_EQUAL(arm->due, (kt_jiffies + 10) / 64 * 64 + 64);
	record.timer_list.address = TIMER(2);
	record.timer_list.has_bucket = true;
	record.timer_list.bucket = kt_jiffies + 77;
	CU_ASSERT_EQUAL(arm_list(record)->due, kt_jiffies + 77);
	/* for an instant that has gone by */
	record.timer_list.address = TIMER(3);
	record.timer_list.expires = kt_jiffies - 2;
	arm = arm_list(record);
	CU_ASSERT_EQUAL(arm->timeout_jiffies, -2);
	CU_ASSERT_EQUAL(arm->timeout_ns, -8 * MS);
	/* for ever, as far as 64 bits go */
	record.timer_list.address = TIMER(4);
	record.timer_list.expires = kt_jiffies + INT64_MAX;
	arm = arm_list(record);
	CU_ASSERT_EQUAL(arm->timeout_jiffies, INT64_MAX);
	CU_ASSERT_FALSE(arm->has_timeout);
	CU_ASSERT_EQUAL(arm->timeout_ns, 0);
	kt_end(0);
}

static void how_late_timer_list_is(void)
{
	struct record record;
	const struct kernel_change *change;

	kt_begin();
	record = list_record(USE_TIMER_START, 1); /* BEGINNING is where this jiffy begins */
	record.timer_list.has_bucket = true;
	record.timer_list.bucket = kt_jiffies + 16;
	arm_list(record);
	kt_jiffies += 17;
	kt_now = BEGINNING + 17 * JIFFY_NS + MS;
	in_soft(2);
	list_cancel(1);
	kt_now += 200 * US;
	list_enter(1);
	change = take_one();
	CU_ASSERT_TRUE(change->has_jiffies && change->has_late && change->has_beyond);
	CU_ASSERT_EQUAL(change->late_jiffies, 7);
	CU_ASSERT_EQUAL(change->late_ns, 7 * JIFFY_NS + MS + 201 * US);
	CU_ASSERT_EQUAL(change->beyond_ns, JIFFY_NS + MS + 201 * US);
	CU_ASSERT_EQUAL(change->ts, (uint64_t)(BEGINNING + 17 * JIFFY_NS + MS + 201 * US));
	CU_ASSERT_EQUAL(change->cpu, 2);
	CU_ASSERT_TRUE(change->migrated && change->interrupt && !change->has_run);
	kt_now += 30 * US;
	list_exit(1);
	change = take_one();
	CU_ASSERT_TRUE(change->has_run && change->has_late && change->migrated);
	CU_ASSERT_EQUAL(change->run_ns, 31 * US);
	CU_ASSERT_EQUAL(change->ts, (uint64_t)(BEGINNING + 17 * JIFFY_NS + MS + 201 * US));
	/* within what its wheel allows */
	record = list_record(USE_TIMER_START, 1);
	record.timer_list.has_bucket = true;
	record.timer_list.bucket = kt_jiffies + 17;
	arm_list(record);
	kt_jiffies += 16;
	kt_now = BEGINNING + 33 * JIFFY_NS + MS;
	in_soft(1);
	list_cancel(1);
	list_enter(1);
	change = take_one();
	CU_ASSERT_EQUAL(change->late_jiffies, 6);
	CU_ASSERT_EQUAL(change->late_ns, 6 * JIFFY_NS + MS + US);
	CU_ASSERT_EQUAL(change->beyond_ns, -JIFFY_NS + MS + US);
	CU_ASSERT_FALSE(change->migrated);
	list_exit(1);
	take_one();
	kt_end_quiet();
}

/* An expiry tells the jiffy, too; of one from before there is nothing to compare with. */
static void jiffies_of_expiries(void)
{
	const struct kernel_change *change;

	kt_begin();
	in_soft(1);
	list_cancel(9);
	list_enter(9);
	change = take_one();
	CU_ASSERT_FALSE(change->has_jiffies || change->has_late || change->has_beyond);
	list_exit(9);
	take_one();
	kt_now = BEGINNING + US + 10 * JIFFY_NS;
	kt_jiffies += 10;
	arm_list(list_record(USE_TIMER_START, 1));
	kt_jiffies += 20;
	kt_now = BEGINNING + US + 30 * JIFFY_NS;
	in_soft(1);
	list_cancel(1);
	list_enter(1);
	change = take_one();
	CU_ASSERT_EQUAL(change->late_jiffies, 10);
	CU_ASSERT_EQUAL(change->late_ns, 10 * JIFFY_NS + US);
	list_exit(1);
	take_one();
	kt_end_quiet();
}

static void without_a_tick(void)
{
	const struct kernel_change *change;
	const struct kernel_arm *arm;

	for (int other = 0; other < 2; other++) {
		kt_prepare();
		kt_scene.tick_ns = other ? JIFFY_NS : 0;
		kt_scene.other_clock = other;
		kt_open();
		arm = arm_list(list_record(USE_TIMER_START, 1));
		CU_ASSERT_EQUAL(arm->has_timeout, other);
		CU_ASSERT_EQUAL(arm->timeout_ns, other ? 10 * JIFFY_NS : 0);
		kt_jiffies += 11;
		in_soft(1);
		list_cancel(1);
		list_enter(1);
		change = take_one();
		CU_ASSERT_TRUE(change->has_jiffies);
		CU_ASSERT_EQUAL(change->late_jiffies, 1);
		CU_ASSERT_FALSE(change->has_late || change->has_beyond);
		list_exit(1);
		take_one();
		kt_end_quiet();
	}
}

/* --- hrtimers --------------------------------------------------------------------------- */

static const struct kernel_arm *arm_hr(unsigned number, int64_t ns, int64_t slack, uint32_t mode)
{
	struct record record = hr_record(USE_HRTIMER_START, number);

	in_task(1, 10);
	record.hrtimer.ns = ns;
	record.hrtimer.latest_ns = ns + slack;
	record.hrtimer.mode = mode;
	feed_record(record);
	return take_one()->arm;
}

/* Its handler began when its clock showed `ns`. */
static const struct kernel_change *expire_hr(unsigned number, int64_t ns)
{
	static struct kernel_change change;
	struct record record = hr_record(USE_HRTIMER_EXPIRE, number);

	in_hard(2);
	record.hrtimer.ns = ns;
	feed_record(record);
	change = *take_one();
	hr_exit(number);
	CU_ASSERT_TRUE(take_one()->has_run);
	return &change;
}

static void make_hr(unsigned number, int32_t clock, uint32_t mode)
{
	in_task(1, 10);
	hr_init(number, clock, mode);
	take_one();
}

static void hrtimers_of_the_trace_clock(void)
{
	const struct kernel_arm *arm;
	const struct kernel_change *change;

	kt_begin();
	arm = arm_hr(1, BEGINNING + 5 * MS, 50 * US, HRTIMER_MODE_PINNED | HRTIMER_MODE_SOFT);
	CU_ASSERT_EQUAL(arm->asked_ns, BEGINNING + 5 * MS);
	CU_ASSERT_EQUAL(arm->latest_ns, BEGINNING + 5 * MS + 50 * US);
	CU_ASSERT_EQUAL(arm->mode, HRTIMER_MODE_PINNED | HRTIMER_MODE_SOFT);
	CU_ASSERT_TRUE(arm->has_timeout);
	CU_ASSERT_EQUAL(arm->timeout_ns, 5 * MS);
	kt_now = BEGINNING + 5 * MS + 70 * US;
	change = expire_hr(1, BEGINNING + 5 * MS + 60 * US);
	CU_ASSERT_TRUE(change->has_late && change->has_beyond && change->migrated);
	CU_ASSERT_FALSE(change->has_jiffies);
	/* when it is called, and not when the interrupt began */
	CU_ASSERT_EQUAL(change->late_ns, 70 * US);
	CU_ASSERT_EQUAL(change->beyond_ns, 20 * US);
	arm = arm_hr(1, BEGINNING, 0, 0);
	CU_ASSERT_TRUE(arm->timeout_ns < 0);
	change = expire_hr(1, kt_now);
	CU_ASSERT_EQUAL(change->late_ns, kt_now - 2 * US - BEGINNING);
	CU_ASSERT_EQUAL(change->beyond_ns, change->late_ns);
	kt_end_quiet();
}

static const struct scene_ahead clocks[] = { { CLOCK_REALTIME, AHEAD },
					     { CLOCK_BOOTTIME, 7000 * MS } };

static void begin_clocks(void)
{
	kt_prepare();
	kt_scene.ahead = clocks;
	kt_scene.ahead_count = 2;
	kt_open();
}

/* By the clock that it was made for, or else the nearest. */
static void hrtimers_of_other_clocks(void)
{
	const struct kernel_arm *arm;
	const struct kernel_change *change;

	for (int made = 0; made < 2; made++) {
		begin_clocks();
		if (made) {
			make_hr(1, CLOCK_REALTIME, 0);
			make_hr(2, CLOCK_BOOTTIME, 0);
		}
		arm = arm_hr(1, kt_now + AHEAD + 30 * MS, 0, 0);
		CU_ASSERT_EQUAL(arm->timeout_ns, 30 * MS);
		arm = arm_hr(2, kt_now + 7000 * MS + 20 * MS, 10 * MS, HRTIMER_MODE_RELATIVE);
		CU_ASSERT_EQUAL(arm->timeout_ns, 20 * MS);
		kt_now += 20 * MS;
		change = expire_hr(2, kt_now + 7000 * MS);
		CU_ASSERT_EQUAL(change->late_ns, US);
		CU_ASSERT_EQUAL(change->beyond_ns, -10 * MS + US);
		kt_now += 10 * MS;
		change = expire_hr(1, kt_now + AHEAD);
		CU_ASSERT_EQUAL(change->late_ns, 4 * US);
		kt_end_quiet();
	}
}

/* Far from now the nearest clock would be another one. */
static void hrtimers_far_ahead(void)
{
	begin_clocks();
	CU_ASSERT_EQUAL(arm_hr(1, kt_now + 6000 * MS, 0, 0)->timeout_ns, -1000 * MS);
	make_hr(2, CLOCK_MONOTONIC, 0);
	CU_ASSERT_EQUAL(arm_hr(2, kt_now + 6000 * MS, 0, 0)->timeout_ns, 6000 * MS);
	make_hr(3, CLOCK_BOOTTIME, 0);
	CU_ASSERT_EQUAL(arm_hr(3, kt_now, 0, 0)->timeout_ns, -7000 * MS);
	/* it is made of the monotonic clock, so that setting the other does not matter */
	make_hr(4, CLOCK_REALTIME, HRTIMER_MODE_RELATIVE);
	CU_ASSERT_EQUAL(arm_hr(4, kt_now + 6000 * MS, 0, HRTIMER_MODE_RELATIVE)->timeout_ns,
			6000 * MS);
	make_hr(5, CLOCK_BOOTTIME, HRTIMER_MODE_RELATIVE);
	CU_ASSERT_EQUAL(arm_hr(5, kt_now, 0, HRTIMER_MODE_RELATIVE)->timeout_ns, -7000 * MS);
	/* of one that nobody knows, the nearest is taken */
	make_hr(6, CLOCK_TAI, 0);
	CU_ASSERT_EQUAL(arm_hr(6, kt_now + 6000 * MS, 0, 0)->timeout_ns, -1000 * MS);
	kt_end(0);
}

/* CLOCK_REALTIME goes an hour forwards, and two back: what expires tells. */
static void clocks_that_are_set(void)
{
	static const int64_t steps[] = { 3600000 * MS, -3600000 * MS, 0 };

	begin_clocks();
	for (int i = 0; i < 3; i++) {
		const int64_t ahead = AHEAD + steps[i];
		const struct kernel_change *change;

		make_hr(1, CLOCK_REALTIME, 0);
		make_hr(2, CLOCK_REALTIME, 0);
		/* armed before it is known: by the clock as it was */
		arm_hr(1, kt_now + ahead + 30 * MS, 0, 0);
		kt_now += 30 * MS;
		change = expire_hr(1, kt_now + ahead);
		CU_ASSERT_EQUAL(change->late_ns, US);
		CU_ASSERT_EQUAL(arm_hr(2, kt_now + ahead + 9 * MS, 0, 0)->timeout_ns, 9 * MS);
		kt_now += 9 * MS;
		CU_ASSERT_EQUAL(expire_hr(2, kt_now + ahead)->late_ns, US);
	}
	/* one from before tells, too */
	in_hard(1);
	hr_init(3, CLOCK_REALTIME, 0);
	take_one();
	expire_hr(3, kt_now + AHEAD + 500 * MS);
	CU_ASSERT_EQUAL(arm_hr(3, kt_now + AHEAD + 509 * MS, 0, 0)->timeout_ns, 9 * MS);
	kt_end(0);
}

/* Of another trace clock no time of a timer's can be told. */
static void hrtimers_of_another_trace_clock(void)
{
	const struct kernel_arm *arm;
	const struct kernel_change *change;

	kt_prepare();
	kt_scene.other_clock = true;
	kt_open();
	arm = arm_hr(1, 5, 7, 0);
	CU_ASSERT_FALSE(arm->has_timeout);
	CU_ASSERT_EQUAL(arm->timeout_ns, 0);
	CU_ASSERT_EQUAL(arm->asked_ns, 5);
	CU_ASSERT_EQUAL(arm->latest_ns, 12);
	change = expire_hr(1, 9);
	CU_ASSERT_FALSE(change->has_late || change->has_beyond);
	kt_end_quiet();
}

/* Numbers of a recording may be anything. */
static void extremes(void)
{
	static const int64_t numbers[] = { INT64_MIN, -1, 0, 1, INT64_MAX };
	static const size_t count = sizeof(numbers) / sizeof(numbers[0]);
	const struct kernel_runner runner = { .armer = ARMER_TASK };
	struct scene_ahead ahead = { CLOCK_REALTIME, 0 };

	for (size_t i = 0; i < count * count * count; i++) {
		const int64_t one = numbers[i % count], two = numbers[i / count % count],
			      three = numbers[i / count / count];
		struct record hr = hr_record(USE_HRTIMER_START, 1);
		struct record list = list_record(USE_TIMER_START, 2);

		kt_prepare();
		ahead.ns = three;
		kt_scene.ahead = &ahead;
		kt_scene.ahead_count = 1;
		kt_scene.tick_ns = three;
		kt_open();
		hr.hrtimer.ns = list.timer_list.now = one;
		hr.hrtimer.latest_ns = list.timer_list.expires = two;
		hr.ts = list.ts = (uint64_t)three;
		for (int round = 0; round < 2; round++) {
			hr.kind = USE_HRTIMER_START;
			list.kind = USE_TIMER_START;
			CU_ASSERT_EQUAL(kernel_timers_take(kt_timers, &hr, &runner), 0);
			CU_ASSERT_EQUAL(kernel_timers_take(kt_timers, &list, &runner), 0);
			hr.kind = USE_HRTIMER_EXPIRE;
			hr.ts = (uint64_t)one;
			list.kind = USE_TIMER_EXPIRE;
			list.ts = (uint64_t)two;
			list.timer_list.now = two;
			CU_ASSERT_EQUAL(kernel_timers_take(kt_timers, &hr, &runner), 0);
			CU_ASSERT_EQUAL(kernel_timers_take(kt_timers, &list, &runner), 0);
			hr.kind = USE_HRTIMER_EXIT;
			hr.ts = (uint64_t)three;
			CU_ASSERT_EQUAL(kernel_timers_take(kt_timers, &hr, &runner), 0);
		}
		kt_count = 0;
		CU_ASSERT_EQUAL(kt_whats[KERNEL_FIRED], 4);
		kernel_timers_finish(kt_timers, UINT64_MAX);
		kt_count = 0;
		kernel_timers_free(kt_timers);
	}
}

int suite_kernel_timers_figures(void)
{
	CU_pSuite suite = CU_add_suite("kernel_timers_figures", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, what_timer_list_asks_for) ||
	    !CU_ADD_TEST(suite, how_late_timer_list_is) ||
	    !CU_ADD_TEST(suite, jiffies_of_expiries) || !CU_ADD_TEST(suite, without_a_tick) ||
	    !CU_ADD_TEST(suite, hrtimers_of_the_trace_clock) ||
	    !CU_ADD_TEST(suite, hrtimers_of_other_clocks) ||
	    !CU_ADD_TEST(suite, hrtimers_far_ahead) || !CU_ADD_TEST(suite, clocks_that_are_set) ||
	    !CU_ADD_TEST(suite, hrtimers_of_another_trace_clock) || !CU_ADD_TEST(suite, extremes))
		return (int)CU_get_error();
	return 0;
}
