/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which place called what armed a timer. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <string.h>

#include "kernel_told.h"
#include "suites.h"
#include "timersnoop/kernel_timers_parts.h"

#define PLACE 0xffffffff81aa0000ULL
#define IN_WRAPPER(n) (WRAPPERS + 0x100 * (n))

static void expect_caller(uint64_t place)
{
	CU_ASSERT_FATAL(kt_count > 0);
	CU_ASSERT_EQUAL(kt_seen[kt_count - 1].arm.caller, place);
	kt_count = 0;
}

static void of_the_timer_at_hand(void)
{
	kt_begin();
	in_task(1, 10);
	call_from(PLACE, 1);
	list_start(1);
	expect_caller(PLACE);
	/* it is used up */
	list_cancel(1);
	list_start(1);
	expect_caller(0);
	/* of another timer it says nothing, and is old by then */
	call_from(PLACE, 2);
	hr_start(1, 0);
	expect_caller(0);
	list_start(2);
	expect_caller(0);
	/* the last counts: a call that armed nothing came before */
	call_from(PLACE, 3);
	call_from(PLACE + 1, 3);
	list_start(3);
	expect_caller(PLACE + 1);
	call_from(PLACE, 4);
	call_from(PLACE + 1, 5);
	list_start(4);
	expect_caller(0);
	kt_end(0);
}

/* Its leaving the queue does not come between. */
static void of_one_that_is_armed_anew(void)
{
	kt_begin();
	in_task(1, 10);
	list_start(1);
	call_from(PLACE, 1);
	list_cancel(1);
	list_start(1);
	CU_ASSERT_EQUAL(last_arm()->caller, PLACE);
	expect("started t1 by 10; replaced t1; started t1 by 10 replaces");
	kt_end(0);
}

/* One of them calls another: who called the first is of interest. */
static void functions_that_call_each_other(void)
{
	kt_begin();
	in_task(1, 10);
	call_from(PLACE, 1);
	call_from(IN_WRAPPER(1), 1);
	call_from(IN_WRAPPER(2), 1);
	hr_start(1, 0);
	expect_caller(PLACE);
	/* who called it was not seen */
	call_from(IN_WRAPPER(1), 2);
	hr_start(2, 0);
	expect_caller(IN_WRAPPER(1));
	call_from(PLACE, 3);
	call_from(IN_WRAPPER(1), 4);
	hr_start(4, 0);
	expect_caller(IN_WRAPPER(1));
	call_from(IN_WRAPPER(1), 5);
	call_from(PLACE, 5);
	hr_start(5, 0);
	expect_caller(PLACE);
	kt_end(0);
	/* nobody knows which they are */
	kt_prepare();
	kt_scene.is_wrapper = NULL;
	kt_scene.is_sleep = NULL;
	kt_open();
	in_task(1, 10);
	call_from(PLACE, 1);
	call_from(IN_WRAPPER(1), 1);
	hr_start(1, 0);
	expect_caller(IN_WRAPPER(1));
	call_from(PLACE, 0);
	list_start(99);
	expect_caller(0);
	kt_end(0);
}

/* schedule_timeout() has its timer on its stack: it is known by its callback. */
static void sleepers(void)
{
	kt_begin();
	in_task(1, 10);
	call_from(PLACE, 0);
	list_init(99);
	list_start(99);
	expect_caller(PLACE);
	in_task(1, 10);
	list_cancel(99);
	list_init(99);
	/* Linux 7.2: it calls add_timer() */
	call_from(PLACE + 1, 0);
	call_from(IN_WRAPPER(7), 99);
	list_start(99);
	expect_caller(PLACE + 1);
	list_cancel(99);
	list_init(99);
	/* it was not seen; what add_timer() knows is better than nothing */
	call_from(IN_WRAPPER(7), 99);
	list_start(99);
	expect_caller(IN_WRAPPER(7));
	/* one without a timeout arms none, and whatever comes next is not its */
	call_from(PLACE, 0);
	call_from(PLACE + 2, 1);
	list_start(1);
	expect_caller(PLACE + 2);
	call_from(PLACE, 0);
	list_start(2);
	expect_caller(0);
	list_cancel(99);
	list_init(99);
	list_start(99);
	expect_caller(0);
	call_from(PLACE, 0);
	call_from(PLACE + 3, 0);
	list_cancel(99);
	list_start(99);
	expect_caller(PLACE + 3);
	kt_end(0);
}

/* A task goes on where it is moved to; interrupts have to do with their CPU alone. */
static void contexts(void)
{
	kt_begin();
	in_task(1, 10);
	call_from(PLACE + 10, 1);
	in_soft(1);
	call_from(PLACE + 1, 1);
	in_hard(1);
	call_from(PLACE + 2, 1);
	in_hard(0);
	call_from(PLACE + 3, 1);
	in_soft(0);
	call_from(PLACE + 4, 1);
	in_task(0, 11);
	call_from(PLACE + 11, 1);
	in_hard(1);
	hr_start(1, 0);
	expect_caller(PLACE + 2);
	in_soft(1);
	hr_start(1, 1);
	expect_caller(PLACE + 1);
	in_soft(0);
	hr_start(1, 1);
	expect_caller(PLACE + 4);
	in_hard(0);
	hr_start(1, 1);
	expect_caller(PLACE + 3);
	in_task(2, 10);
	hr_start(1, 1);
	expect_caller(PLACE + 10);
	in_task(3, 11);
	hr_start(1, 1);
	expect_caller(PLACE + 11);
	hr_start(1, 1);
	expect_caller(0);
	kt_end(0);
}

/* All of them have the id 0. */
static void idle_tasks(void)
{
	kt_begin();
	for (int cpu = 0; cpu < 4; cpu++) {
		in_task(cpu, 0);
		call_from(PLACE + (uint64_t)cpu, 1);
	}
	/* nor is a thread one whose id is a CPU's number */
	in_task(0, 3);
	call_from(PLACE + 9, 1);
	for (int cpu = 4; cpu-- > 0;) {
		in_task(cpu, 0);
		hr_start(1, cpu < 3);
		expect_caller(PLACE + (uint64_t)cpu);
	}
	in_task(2, 3);
	hr_start(1, 1);
	expect_caller(PLACE + 9);
	kt_end(0);
}

/* What a call was about to do may have been done meanwhile. */
static void forgotten_after_a_loss(void)
{
	kt_begin();
	kernel_timers_lost(kt_timers);
	in_task(1, 10);
	call_from(PLACE, 1);
	call_from(PLACE, 0);
	kernel_timers_lost(kt_timers);
	list_start(1);
	expect_caller(0);
	kernel_timers_lost(kt_timers);
	call_from(PLACE + 1, 2);
	list_start(2);
	expect_caller(PLACE + 1);
	kt_end(0);
}

static bool no_wrapper(void *context, uint64_t place)
{
	(void)context;
	(void)place;
	return false;
}

/* Tasks come and go: what is known of them is limited. */
static void many_contexts(void)
{
	const struct kernel_scene scene = { .is_wrapper = no_wrapper };
	struct kernel_callers callers = { .made = false };
	struct record record = { .kind = USE_CALLER };

	CU_ASSERT_EQUAL(kernel_callers_take(&callers, &record, TIMER(1), true), 0);
	kernel_callers_free(&callers);
	for (int32_t tid = 1; tid <= 32768; tid++) {
		record.tid = tid;
		record.caller.timer = TIMER(tid);
		record.caller.address = PLACE + (uint64_t)tid;
		CU_ASSERT_EQUAL(kernel_callers_note(&callers, &record, &scene), 0);
	}
	CU_ASSERT_EQUAL(callers.table.count, 32768);
	record.tid = 1;
	CU_ASSERT_EQUAL(kernel_callers_take(&callers, &record, TIMER(1), false), PLACE + 1);
	/* known ones add nothing */
	CU_ASSERT_EQUAL(kernel_callers_note(&callers, &record, &scene), 0);
	CU_ASSERT_EQUAL(callers.table.count, 32768);
	record.tid = 40000;
	CU_ASSERT_EQUAL(kernel_callers_note(&callers, &record, &scene), 0);
	CU_ASSERT_EQUAL(callers.table.count, 1);
	record.tid = 2;
	CU_ASSERT_EQUAL(kernel_callers_take(&callers, &record, TIMER(2), false), 0);
	record.tid = 40000;
	CU_ASSERT_EQUAL(kernel_callers_take(&callers, &record, record.caller.timer, false),
			record.caller.address);
	kernel_callers_free(&callers);
	kernel_callers_free(&callers);
}

/* A CPU's contexts, and a thread with its number, are four. */
static void same_numbers(void)
{
	const struct kernel_scene scene = { .is_wrapper = NULL };
	struct kernel_callers callers = { .made = false };

	for (int takes = 0; takes < 2; takes++) {
		for (unsigned i = 0; i < 4 * 2000; i++) {
			struct record record = { .kind = USE_CALLER, .cpu = 1 + (int)(i / 4) };

			record.tid = i % 4 == 3 ? record.cpu : 0;
			record.interrupt = i % 4 == 1 || i % 4 == 2;
			record.hard = i % 4 == 2;
			record.caller.timer = TIMER(1);
			record.caller.address = PLACE + i;
			if (takes)
				CU_ASSERT_EQUAL(
					kernel_callers_take(&callers, &record, TIMER(1), false),
					PLACE + i);
			if (!takes)
				CU_ASSERT_EQUAL(kernel_callers_note(&callers, &record, &scene), 0);
		}
	}
	CU_ASSERT_EQUAL(callers.table.count, 4 * 2000);
	kernel_callers_free(&callers);
}

int suite_kernel_callers(void)
{
	CU_pSuite suite = CU_add_suite("kernel_callers", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, of_the_timer_at_hand) ||
	    !CU_ADD_TEST(suite, of_one_that_is_armed_anew) ||
	    !CU_ADD_TEST(suite, functions_that_call_each_other) || !CU_ADD_TEST(suite, sleepers) ||
	    !CU_ADD_TEST(suite, contexts) || !CU_ADD_TEST(suite, idle_tasks) ||
	    !CU_ADD_TEST(suite, forgotten_after_a_loss) || !CU_ADD_TEST(suite, many_contexts) ||
	    !CU_ADD_TEST(suite, same_numbers))
		return (int)CU_get_error();
	return 0;
}
