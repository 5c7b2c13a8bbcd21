/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel is to count, and what stands in where it cannot. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "plans.h"
#include "suites.h"
#include "timersnoop/histogram.h"

#define BOTH (HISTOGRAM_BIT(HISTOGRAM_VALUE) | HISTOGRAM_BIT(HISTOGRAM_INTERVAL))

static void describe_counting(void)
{
	describe();
	wishes.aggregate = true;
	kernel.return_args = false;
}

/* Calls are counted when they are done, all of them by one probe. */
static void with_return_arguments(void)
{
	describe_counting();
	kernel.return_args = true;
	make_whole();
	NO_NOTES();
	expect_probe("tally_set", "do_timer_settime", USE_TALLY, EVENT_TIMER_SETTIME,
		     "id=$arg1:s32 vs=+16($arg3):s64 vn=+24($arg3):s64 ret=$retval:s32");
	CU_ASSERT_TRUE(find_event("tally_set")->kretprobe);
	expect_none("tally_set_cpu");
	expect_none("tally_again");
	wishes.histograms = BOTH;
	wishes.aggregate_kinds = true;
	make_whole();
	NO_NOTES();
	CU_ASSERT_PTR_NOT_NULL(find_event("tally_set_cpu"));
	CU_ASSERT_EQUAL_FATAL(refuse("do_timer_settime", "no"), 0);
	check_limits();
	CU_ASSERT_PTR_NOT_NULL(find("common_timer_set"));
	CU_ASSERT_PTR_NOT_NULL(find_event("tally_again"));
}

static size_t triggers_of(const char *event)
{
	size_t count = 0;

	for (size_t i = 0; i < plan.trigger_count; i++)
		count += strcmp(plan.probes[plan.triggers[i].probe].event, event) == 0;
	return count;
}

/* A call hits two probes that have something to do, and no entry is recorded. */
static void no_more_than_needed(void)
{
	describe_counting();
	make_whole();
	NO_NOTES();
	expect_probe("tally_set", "common_timer_set", USE_TALLY, EVENT_TIMER_SETTIME,
		     "id=+16($arg1):s32 vs=+16($arg3):s64 vn=+24($arg3):s64");
	expect_probe("tally_exit", "__x64_sys_timer_settime", USE_TALLY, EVENT_TIMER_SETTIME,
		     "ret=$retval:s32");
	CU_ASSERT_EQUAL(triggers_of("tally_set"), 2);
	CU_ASSERT_EQUAL(triggers_of("tally_exit"), 1);
	expect_none("settime_enter");
	expect_none("tally_arm");
	CU_ASSERT_EQUAL(plan.event_count, 4);
	for (size_t i = 0; i < plan.probe_count; i++)
		CU_ASSERT_TRUE(probe_has_triggers(&plan, i));
}

static const char *first_keys_of(const char *event)
{
	for (size_t i = 0; i < plan.trigger_count; i++)
		if (strcmp(plan.probes[plan.triggers[i].probe].event, event) == 0)
			return plan.triggers[i].table.packed ? plan.triggers[i].keys : "not packed";
	return "no trigger";
}

/* Thread and timer are one key where the clock's number, of few bits, is before the id. */
static void packed(void)
{
	describe_counting();
	make_whole();
	CU_ASSERT_STRING_EQUAL(first_keys_of("tally_set"), "not packed");
	kernel.offset[OFFSET_ITIMER_CLOCK] = 12;
	make_whole();
	expect_probe("tally_set", "common_timer_set", USE_TALLY, EVENT_TIMER_SETTIME,
		     "timer=+13($arg1):u64 vs=+16($arg3):s64 vn=+24($arg3):s64");
	CU_ASSERT_STRING_EQUAL(first_keys_of("tally_set"), "common_pid+timer");
	/* the numbers of CPU clocks are of many bits */
	CU_ASSERT_STRING_EQUAL(first_keys_of("tally_set_cpu"), "not packed");
	wishes.aggregate_kinds = true;
	make_whole();
	CU_ASSERT_STRING_EQUAL(first_keys_of("tally_set"), "not packed");
}

static void kinds(void)
{
	describe_counting();
	wishes.aggregate_kinds = true;
	make_whole();
	CU_ASSERT_EQUAL(triggers_of("tally_set"), 5);
	CU_ASSERT_PTR_NOT_NULL(strstr(find_event("tally_set")->args, "flags=$arg2:s32"));
}

static void histograms(void)
{
	describe_counting();
	wishes.histograms = BOTH;
	make_whole();
	NO_NOTES();
	CU_ASSERT_EQUAL(triggers_of("tally_set"), 2);
	CU_ASSERT_EQUAL(triggers_of("tally_set_cpu"), 8);
	CU_ASSERT_EQUAL(triggers_of("tally_arm"), 2);
	CU_ASSERT_EQUAL(triggers_of("tally_arm_alarm"), 2);
	/* one by one */
	CU_ASSERT_EQUAL_FATAL(refuse("common_hrtimer_arm", "no"), 0);
	check_limits();
	expect_none("tally_arm");
	expect_none("tally_arm_alarm");
	CU_ASSERT_EQUAL(triggers_of("tally_set"), 8);
	/* a kernel without alarms */
	describe_counting();
	wishes.histograms = HISTOGRAM_BIT(HISTOGRAM_VALUE);
	set_symbol("alarm_timer_arm", 0);
	set_symbol("alarm_timer_wait_running", 0);
	make_whole();
	NO_NOTES();
	CU_ASSERT_EQUAL(triggers_of("tally_arm"), 1);
	expect_none("tally_arm_alarm");
	CU_ASSERT_EQUAL(triggers_of("tally_set"), 2);
}

static void refusals(void)
{
	describe_counting();
	make_whole();
	CU_ASSERT_EQUAL_FATAL(refuse("posix_cpu_timer_set", "no"), 0);
	CU_ASSERT_EQUAL_FATAL(refuse("common_timer_wait_running", "no"), 0);
	CU_ASSERT_EQUAL_FATAL(refuse("__ia32_sys_timer_settime", "no"), 0);
	check_limits();
	NOTES("refused 32-bit calls are not counted: __ia32_sys_timer_settime cannot be probed",
	      "a call that finds its timer of ordinary clocks expiring is counted twice: "
	      "common_timer_wait_running cannot be probed",
	      "timers of CPU clocks are not counted: posix_cpu_timer_set cannot be probed");
	CU_ASSERT_EQUAL(refuse("common_timer_set", "no"), -ENOTSUP);
	CU_ASSERT_STRING_EQUAL(err.text, "common_timer_set cannot be probed");
}

static void nothing_to_count_with(void)
{
	describe_counting();
	kernel.hist = false;
	CU_ASSERT_EQUAL(make(), -ENOTSUP);
	CU_ASSERT_STRING_EQUAL(err.text, "this kernel does not count: it has no hist triggers");
	describe_counting();
	kernel.offset[OFFSET_ITIMER_ID] = -1;
	CU_ASSERT_EQUAL(make(), -ENOTSUP);
	describe_counting();
	set_symbol("__x64_sys_timer_settime", 0);
	CU_ASSERT_EQUAL(make(), -ENOTSUP);
}

static void kernels(void)
{
	const char *update = getenv("UPDATE");

	for (int i = 0; i < FIXTURE_SERIES; i++) {
		char *text, *expected;
		size_t size;

		describe_counting();
		fixture_features(fixture_series[i], &kernel);
		wishes.histograms = BOTH;
		if (i == 0) {
			CU_ASSERT_EQUAL(make(), -ENOTSUP);
			continue;
		}
		make_whole();
		NO_NOTES();
		text = write_plan();
		if (update && *update)
			fixture_write(fixture_series[i], "plan-aggregate.txt", text);
		expected = fixture_read(fixture_series[i], "plan-aggregate.txt", &size);
		CU_ASSERT_STRING_EQUAL(text, expected);
		free(expected);
		free(text);
	}
}

int suite_plan_aggregate(void)
{
	CU_pSuite suite = CU_add_suite("plan_aggregate", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, no_more_than_needed) ||
	    !CU_ADD_TEST(suite, with_return_arguments) || !CU_ADD_TEST(suite, packed) ||
	    !CU_ADD_TEST(suite, kinds) || !CU_ADD_TEST(suite, histograms) ||
	    !CU_ADD_TEST(suite, refusals) || !CU_ADD_TEST(suite, nothing_to_count_with) ||
	    !CU_ADD_TEST(suite, kernels))
		return (int)CU_get_error();
	return 0;
}
