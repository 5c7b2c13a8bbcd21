/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timer_list timers: what their records mean in which order and context. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <string.h>

#include "kernel_told.h"
#include "suites.h"

static void fires(void)
{
	kt_begin();
	in_task(1, 10);
	list_init(1);
	expect("made t1");
	list_start(1);
	expect("started t1 by 10");
	in_soft(1);
	list_cancel(1);
	expect("");
	list_enter(1);
	expect("fired t1");
	list_exit(1);
	expect("ran t1");
	kt_end_quiet();
}

/* Whatever comes next in its context, or below it, was not its callback. */
static void is_cancelled(void)
{
	static void (*const contexts[])(int cpu) = { in_soft, in_hard };

	for (unsigned level = 0; level < 3; level++) {
		for (unsigned next = 0; next < 3; next++) {
			kt_begin();
			in_task(1, 10);
			list_start(1);
			if (level)
				contexts[level - 1](1);
			list_cancel(1);
			expect("started t1 by 10");
			in_task(1, 10);
			if (next)
				contexts[next - 1](1);
			list_exit(9);
			expect(next > level ? "" : "cancelled t1");
			/* of another CPU nothing follows */
			in_task(0, 10);
			list_exit(9);
			expect("");
			in_task(1, 10);
			list_exit(9);
			expect(next > level ? "cancelled t1" : "");
			kt_end_quiet();
		}
	}
}

/* A task goes on when others have run on its CPU. */
static void cancelled_by_a_task_that_waits(void)
{
	kt_begin();
	in_task(1, 10);
	list_start(1);
	list_cancel(1);
	expect("started t1 by 10");
	in_task(1, 11);
	list_exit(9);
	in_task(1, 0);
	list_exit(9);
	expect("");
	in_task(1, 10);
	list_exit(9);
	expect("cancelled t1");
	kt_end_quiet();
}

/* Its end is told when tracing ends, with the time of its leaving. */
static void cancelled_last(void)
{
	int64_t at;

	kt_begin();
	in_task(2, 10);
	list_start(1);
	at = kt_now;
	list_cancel(1);
	expect("started t1 by 10");
	in_task(0, 11);
	list_exit(9);
	CU_ASSERT_EQUAL(kernel_timers_finish(kt_timers, (uint64_t)kt_now), 0);
	CU_ASSERT_EQUAL(kt_seen[0].change.ts, (uint64_t)at);
	CU_ASSERT_EQUAL(kt_seen[0].change.cpu, 2);
	CU_ASSERT_EQUAL(kt_seen[0].change.tid, 10);
	CU_ASSERT_FALSE(kt_seen[0].change.interrupt);
	expect("cancelled t1");
	CU_ASSERT_EQUAL(kt_pending(TIMER(1)), 0);
	kt_end_quiet();
}

static void is_armed_anew(void)
{
	static void (*const contexts[])(int cpu) = { in_soft, in_hard };

	for (unsigned level = 0; level < 3; level++) {
		kt_begin();
		in_task(1, 10);
		list_start(1);
		expect("started t1 by 10");
		if (level)
			contexts[level - 1](1);
		list_cancel(1);
		/* what interrupts it, and what others do, does not matter */
		if (level < 2) {
			in_hard(1);
			list_exit(9);
		}
		in_task(0, 11);
		list_exit(9);
		expect("");
		in_task(1, 10);
		if (level)
			contexts[level - 1](1);
		list_start(1);
		expect(level ? "replaced t1; started t1 by irq replaces"
			     : "replaced t1; started t1 by 10 replaces");
		CU_ASSERT_EQUAL(kt_pending(TIMER(1)), 1);
		kt_end(0);
	}
}

/* Not by another context, nor after something else in the same one. */
static void cancelled_and_armed(void)
{
	kt_begin();
	in_task(1, 10);
	list_start(1);
	list_cancel(1);
	in_task(1, 11);
	list_start(1);
	expect("started t1 by 10; started t1 by 11");
	in_task(1, 10);
	list_exit(9);
	expect("cancelled t1");
	list_cancel(1);
	list_exit(9);
	list_start(1);
	expect("cancelled t1; started t1 by 10");
	list_cancel(1);
	in_task(0, 10);
	list_start(1);
	expect("started t1 by 10");
	in_task(1, 10);
	list_init(9);
	expect("cancelled t1; made t9");
	in_soft(1);
	list_cancel(1);
	in_task(1, 10);
	list_start(1);
	expect("started t1 by 10");
	/* it is still to be told how the one before ended: its next end tells */
	list_cancel(1);
	expect("cancelled t1");
	list_start(1);
	expect("replaced t1; started t1 by 10 replaces");
	kt_end(0);
}

/* One on the stack is made anew at the same address. */
static void made_anew(void)
{
	kt_begin();
	in_task(1, 10);
	for (int i = 0; i < 3; i++) {
		list_init(1);
		list_start(1);
		list_cancel(1);
		expect(i ? "cancelled t1; made t1; started t1 by 10" : "made t1; started t1 by 10");
	}
	list_init(1);
	expect("cancelled t1; made t1");
	list_start(1);
	expect("started t1 by 10");
	in_soft(1);
	list_cancel(1);
	list_enter(1);
	in_task(0, 11);
	list_init(1);
	expect("fired t1; made t1");
	in_soft(1);
	list_exit(1);
	expect("ran t1");
	kt_end_quiet();
}

static void interrupts_before_its_callback(void)
{
	kt_begin();
	in_task(1, 10);
	list_start(1);
	list_start(2);
	list_start(3);
	kt_count = 0;
	in_soft(1);
	list_cancel(1);
	in_hard(1);
	list_cancel(2);
	list_start(2);
	expect("replaced t2; started t2 by irq replaces");
	list_cancel(3);
	hr_fire(4);
	expect("cancelled t3; fired h4 older; ran h4 older");
	list_cancel(2);
	in_soft(1);
	list_enter(1);
	expect("cancelled t2; fired t1");
	list_exit(1);
	expect("ran t1");
	kt_end_quiet();
}

/* The queue's lock is not held when the callback is called. */
static void armed_elsewhere_before_its_callback(void)
{
	uint64_t first, second;

	kt_begin();
	in_task(1, 10);
	list_start(1);
	first = last_arm()->ts;
	in_soft(1);
	list_cancel(1);
	in_task(0, 11);
	list_start(1);
	second = last_arm()->ts;
	expect("started t1 by 10; started t1 by 11");
	/* and armed anew there, too */
	list_cancel(2);
	in_soft(1);
	list_enter(1);
	CU_ASSERT_EQUAL(last_arm()->ts, first);
	list_exit(1);
	CU_ASSERT_EQUAL(last_arm()->ts, first);
	expect("fired t1; ran t1");
	CU_ASSERT_EQUAL(kt_pending(TIMER(1)), 1);
	in_soft(0);
	list_fire(1);
	CU_ASSERT_EQUAL(last_arm()->ts, second);
	expect("fired t1; ran t1");
	in_task(0, 11);
	list_start(2);
	expect("replaced t2 older; started t2 by 11 replaces");
	kt_end(0);
}

/* Where and when it was armed and expired: pending ones are looked after by any CPU. */
static void moves(void)
{
	kt_begin();
	in_task(1, 10);
	list_start(1);
	CU_ASSERT_EQUAL(last_arm()->cpu, 1);
	expect("started t1 by 10");
	in_soft(3);
	list_cancel(1);
	list_enter(1);
	CU_ASSERT_EQUAL(last_arm()->cpu, 1);
	CU_ASSERT_EQUAL(kt_seen[0].change.cpu, 3);
	expect("fired t1 moved");
	list_exit(1);
	expect("ran t1");
	in_soft(2);
	list_fire(2);
	expect("fired t2 older; ran t2 older");
	/* nor is it a move when only its cancellation is elsewhere */
	in_task(1, 10);
	list_start(1);
	in_task(0, 10);
	list_cancel(1);
	list_start(1);
	CU_ASSERT_EQUAL(last_arm()->cpu, 0);
	expect("started t1 by 10; replaced t1; started t1 by 10 replaces");
	in_soft(0);
	list_fire(1);
	expect("fired t1; ran t1");
	kt_end_quiet();
}

static void armed_by_its_callback(void)
{
	kt_begin();
	in_task(1, 10);
	list_start(1);
	in_soft(1);
	list_cancel(1);
	list_enter(1);
	expect("started t1 by 10; fired t1");
	list_start(1);
	expect("started t1 by 10 rearmed irq");
	list_exit(1);
	expect("ran t1");
	CU_ASSERT_EQUAL(kt_pending(TIMER(1)), 1);
	/* another timer's callback, an interrupt in it, and another CPU meanwhile */
	list_cancel(1);
	list_enter(1);
	list_start(2);
	in_hard(1);
	list_start(3);
	in_soft(0);
	list_start(4);
	expect("fired t1; started t2 by irq; started t3 by irq; started t4 by irq");
	list_start(1);
	expect("started t1 by irq");
	in_soft(1);
	list_exit(1);
	expect("ran t1");
	kt_end(0);
}

/* Only hrtimers are armed by what their callbacks return: who comes next is somebody else. */
static void armed_after_its_callback(void)
{
	static void (*const contexts[])(int cpu) = { in_soft, in_hard };

	for (unsigned level = 0; level < 3; level++) {
		kt_begin();
		in_task(1, 10);
		list_start(1);
		in_soft(1);
		list_fire(1);
		expect("started t1 by 10; fired t1; ran t1");
		in_task(1, 11);
		if (level)
			contexts[level - 1](1);
		list_start(1);
		expect(level ? "started t1 by irq" : "started t1 by 11");
		kt_end(0);
	}
}

/* The last task that armed it, until it is made anew. */
static void whose_it_is(void)
{
	kt_begin();
	in_task(1, 10);
	kt_selected = false;
	list_start(1);
	CU_ASSERT_FALSE(last_arm()->selected || last_arm()->interrupt);
	CU_ASSERT_STRING_EQUAL(last_arm()->who.comm, "app10");
	in_soft(1);
	kt_selected = true;
	list_cancel(1);
	list_enter(1);
	list_start(1);
	CU_ASSERT_FALSE(last_arm()->selected);
	CU_ASSERT_TRUE(last_arm()->interrupt);
	CU_ASSERT_STRING_EQUAL(last_arm()->who.comm, "app10");
	list_exit(1);
	expect("started t1 by 10; fired t1; started t1 by 10 rearmed irq; ran t1");
	/* an interrupt is nobody's, whoever it interrupts */
	list_cancel(1);
	list_start(1);
	CU_ASSERT_TRUE(last_arm()->selected && last_arm()->interrupt);
	CU_ASSERT_EQUAL(last_arm()->who.pid, 0);
	expect("replaced t1; started t1 by irq replaces");
	list_cancel(1);
	list_enter(1);
	list_start(1);
	list_exit(1);
	expect("fired t1; started t1 by 10 rearmed irq; ran t1");
	list_cancel(1);
	list_exit(9);
	list_init(1);
	list_start(1);
	list_cancel(1);
	list_enter(1);
	list_start(1);
	expect("cancelled t1; made t1; started t1 by irq; fired t1; started t1 by irq rearmed");
	list_exit(1);
	expect("ran t1");
	/* the callback's own thread: no interrupt, so it is whoever runs */
	in_task(1, 12);
	list_cancel(1);
	list_enter(1);
	list_start(1);
	expect("fired t1; started t1 by 12 rearmed");
	list_exit(1);
	expect("ran t1");
	kt_end(0);
}

/* Nobody knows the task, as of one that ended, with --follow. */
static void armed_by_nobody_known(void)
{
	const struct kernel_runner runner = { .armer = ARMER_UNKNOWN };
	struct record record = list_record(USE_TIMER_START, 1);

	kt_begin();
	record.ts = BEGINNING;
	CU_ASSERT_EQUAL(kernel_timers_take(kt_timers, &record, &runner), 0);
	CU_ASSERT_FALSE(last_arm()->selected || last_arm()->interrupt);
	expect("started t1 by ?");
	in_soft(0);
	list_cancel(1);
	list_enter(1);
	list_start(1);
	expect("fired t1; started t1 by irq rearmed");
	kt_count = 0;
	list_exit(1);
	expect("ran t1");
	kt_end(0);
}

int suite_kernel_timers(void)
{
	CU_pSuite suite = CU_add_suite("kernel_timers", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, fires) || !CU_ADD_TEST(suite, is_cancelled) ||
	    !CU_ADD_TEST(suite, cancelled_by_a_task_that_waits) ||
	    !CU_ADD_TEST(suite, cancelled_last) || !CU_ADD_TEST(suite, is_armed_anew) ||
	    !CU_ADD_TEST(suite, cancelled_and_armed) || !CU_ADD_TEST(suite, made_anew) ||
	    !CU_ADD_TEST(suite, interrupts_before_its_callback) ||
	    !CU_ADD_TEST(suite, armed_elsewhere_before_its_callback) ||
	    !CU_ADD_TEST(suite, moves) || !CU_ADD_TEST(suite, armed_by_its_callback) ||
	    !CU_ADD_TEST(suite, armed_after_its_callback) || !CU_ADD_TEST(suite, whose_it_is) ||
	    !CU_ADD_TEST(suite, armed_by_nobody_known))
		return (int)CU_get_error();
	return 0;
}
