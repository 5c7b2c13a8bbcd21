/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hrtimers: what their records mean, with was_armed in hrtimer_start and without it. */
#include <CUnit/Basic.h>
#include <time.h>

#include "kernel_told.h"
#include "suites.h"
#include "timersnoop/kernel_events.h"

/* They expire without a cancellation. */
static void fires(void)
{
	for (int was = NO_FIELD; was <= 0; was++) {
		kt_begin();
		in_task(1, 10);
		hr_init(1, CLOCK_MONOTONIC, 0);
		hr_start(1, was);
		expect("made h1; started h1 by 10");
		in_hard(1);
		hr_enter(1);
		expect("fired h1");
		hr_exit(1);
		expect("ran h1");
		/* one of timer_list at the same address is another one */
		list_start(1);
		hr_start(1, was);
		in_soft(1);
		list_fire(1);
		in_hard(0);
		hr_fire(1);
		expect("started t1 by irq; started h1 by irq; fired t1; ran t1; fired h1 moved; "
		       "ran h1");
		in_soft(1);
		list_cancel(1);
		list_enter(1);
		hr_start(1, was);
		in_hard(1);
		hr_enter(1);
		list_start(1);
		hr_exit(1);
		expect("fired t1 older; started h1 by irq; fired h1; started t1 by irq rearmed; "
		       "ran h1");
		in_soft(1);
		list_exit(1);
		list_cancel(1);
		list_exit(9);
		expect("ran t1 older; cancelled t1");
		kt_end_quiet();
	}
}

static void armed_anew_as_it_tells(void)
{
	uint64_t first;

	kt_begin();
	in_task(1, 10);
	hr_start(1, 0);
	first = last_arm()->ts;
	expect("started h1 by 10");
	in_hard(0);
	hr_start(1, 1);
	CU_ASSERT_EQUAL(kt_seen[0].arm.ts, first);
	expect("replaced h1; started h1 by irq replaces");
	hr_start(1, 1);
	expect("replaced h1; started h1 by irq replaces");
	in_hard(1);
	hr_fire(1);
	expect("fired h1 moved; ran h1");
	kt_end_quiet();
}

/* A cancellation is one, whoever arms it next. */
static void cancelled_as_it_tells(void)
{
	kt_begin();
	in_task(1, 10);
	hr_start(1, 0);
	expect("started h1 by 10");
	hr_cancel(1);
	expect("cancelled h1");
	hr_start(1, 0);
	expect("started h1 by 10");
	in_hard(1);
	hr_cancel(1);
	expect("cancelled h1");
	in_task(1, 10);
	hr_start(1, 0);
	in_task(0, 11);
	hr_cancel(1);
	hr_start(1, 0);
	expect("started h1 by 10; cancelled h1; started h1 by 11");
	/* of one from before, whose callback is known by now */
	hr_cancel(1);
	hr_cancel(1);
	expect("cancelled h1; cancelled h1 older");
	kt_end_quiet();
}

/* That it tells is known of hrtimers, whatever others tell. */
static void cancelled_among_others(void)
{
	kt_begin();
	in_task(1, 10);
	hr_start(1, 0);
	list_start(2);
	hr_cancel(1);
	expect("started h1 by 10; started t2 by 10; cancelled h1");
	kt_end(0);
}

/* Before any hrtimer_start was seen, nobody knows what it tells. */
static void cancelled_before_it_is_known(void)
{
	kt_begin();
	in_task(1, 10);
	hr_cancel(1);
	expect("");
	hr_start(1, 0);
	expect("cancelled h1 older; started h1 by 10");
	kt_end(0);
	kt_begin();
	in_task(1, 10);
	hr_cancel(1);
	in_task(0, 10);
	hr_start(1, 0);
	expect("cancelled h1 older; started h1 by 10");
	kt_end(0);
	/* what is cancelled is not armed: something was lost, but nothing hides that it was */
	kt_begin();
	in_task(1, 10);
	hr_cancel(1);
	in_task(0, 10);
	hr_start(1, 1);
	expect("cancelled h1 older; replaced h1 older; started h1 by 10 replaces");
	kt_end(0);
}

/* Linux 5.10: as timer_list timers do. */
static void armed_anew_without_the_field(void)
{
	kt_begin();
	in_task(1, 10);
	hr_start(1, NO_FIELD);
	hr_cancel(1);
	expect("started h1 by 10");
	hr_start(1, NO_FIELD);
	expect("replaced h1; started h1 by 10 replaces");
	in_hard(1);
	hr_cancel(1);
	hr_start(1, NO_FIELD);
	expect("replaced h1; started h1 by irq replaces");
	hr_cancel(1);
	hr_exit(9);
	expect("cancelled h1");
	hr_start(1, NO_FIELD);
	hr_cancel(1);
	in_task(1, 10);
	hr_start(1, NO_FIELD);
	expect("started h1 by irq; cancelled h1; started h1 by 10");
	hr_cancel(1);
	hr_init(1, CLOCK_MONOTONIC, 0);
	expect("cancelled h1; made h1");
	hr_start(1, NO_FIELD);
	hr_cancel(1);
	in_task(0, 11);
	hr_start(1, NO_FIELD);
	/* it cannot have left to expire */
	expect("started h1 by 10; cancelled h1; started h1 by 11");
	in_hard(0);
	hr_fire(1);
	expect("fired h1; ran h1");
	kt_end_quiet();
}

/* What was cancelled and expires was armed in between, by an arm that was lost. */
static void cancelled_and_expired_without_the_field(void)
{
	kt_begin();
	in_task(1, 10);
	hr_start(1, NO_FIELD);
	hr_cancel(1);
	in_hard(1);
	hr_fire(1);
	expect("started h1 by 10; cancelled h1; fired h1 older; ran h1 older");
	kt_end_quiet();
}

static void restarted_by_what_its_callback_returns(void)
{
	for (int was = NO_FIELD; was <= 0; was++) {
		kt_begin();
		in_task(1, 10);
		hr_start(1, was);
		expect("started h1 by 10");
		in_hard(1);
		for (int i = 0; i < 3; i++) {
			hr_fire(1);
			hr_start(1, was);
			expect("fired h1; ran h1; started h1 by 10 rearmed irq");
		}
		/* only the one that returned, right behind it */
		hr_fire(1);
		hr_start(2, was);
		hr_start(1, was);
		expect("fired h1; ran h1; started h2 by irq; started h1 by irq");
		hr_fire(1);
		hr_fire(2);
		hr_start(1, was);
		expect("fired h1; ran h1; fired h2; ran h2; started h1 by irq");
		/* and not on another CPU */
		hr_fire(1);
		in_hard(0);
		hr_start(1, was);
		expect("fired h1; ran h1; started h1 by irq");
		in_hard(1);
		list_fire(3);
		hr_start(3, was);
		expect("fired t3 older; ran t3 older; started h3 by irq");
		kt_end(0);
	}
}

/* A soft hrtimer's callback runs with interrupts on: they come before it is armed anew, too. */
static void restarted_after_an_interrupt(void)
{
	kt_begin();
	in_task(1, 10);
	hr_start(1, 0);
	hr_start(2, 0);
	kt_count = 0;
	in_soft(1);
	hr_fire(1);
	in_hard(1);
	hr_fire(2);
	hr_start(2, 0);
	in_soft(1);
	hr_start(1, 0);
	expect("fired h1; ran h1; fired h2; ran h2; started h2 by 10 rearmed irq; "
	       "started h1 by 10 rearmed irq");
	/* The interrupt's own is over when what it interrupted goes on. */
	in_hard(1);
	hr_fire(2);
	in_soft(1);
	list_exit(9);
	in_hard(1);
	hr_start(2, 0);
	expect("fired h2; ran h2; started h2 by irq");
	kt_end(0);
}

/* By the idle task's own code, as the tick is when it had been stopped. */
static void restarted_by_a_task(void)
{
	kt_begin();
	in_task(1, 0);
	hr_start(1, 0);
	in_hard(1);
	hr_fire(1);
	in_task(1, 0);
	hr_start(1, 0);
	expect("started h1 by 0; fired h1; ran h1; started h1 by 0");
	in_hard(1);
	hr_fire(1);
	in_soft(1);
	hr_start(1, 0);
	expect("fired h1; ran h1; started h1 by irq");
	kt_end(0);
}

/* hrtimer_start() in the callback itself. */
static void started_in_its_callback(void)
{
	kt_begin();
	in_task(1, 10);
	hr_start(1, 0);
	in_hard(1);
	hr_enter(1);
	hr_start(1, 0);
	expect("started h1 by 10; fired h1; started h1 by 10 rearmed irq");
	hr_start(1, 1);
	expect("replaced h1; started h1 by 10 replaces rearmed irq");
	/* another CPU's arm is its own, and takes its place */
	in_task(0, 11);
	hr_start(1, 1);
	expect("replaced h1; started h1 by 11 replaces");
	in_hard(1);
	hr_exit(1);
	expect("ran h1");
	hr_fire(1);
	expect("fired h1 moved; ran h1");
	kt_end_quiet();
}

/* hrtimer_start_expired ends the arm just made; nothing else comes of it. */
static void expired_when_armed(void)
{
	uint64_t at;

	kt_begin();
	in_task(1, 10);
	hr_start(1, 0);
	expect("started h1 by 10");
	at = (uint64_t)kt_now;
	hr_expired(1);
	CU_ASSERT_TRUE(last_arm()->immediate);
	CU_ASSERT_EQUAL(kt_seen[0].change.ts, at);
	CU_ASSERT_FALSE(kt_seen[0].change.has_late || kt_seen[0].change.has_run ||
			kt_seen[0].change.has_beyond);
	expect("fired h1 immediate");
	CU_ASSERT_EQUAL(kt_pending(TIMER(1)), 0);
	/* armed anew when it was pending, and had expired */
	hr_start(1, 0);
	hr_start(1, 1);
	hr_expired(1);
	expect("started h1 by 10; replaced h1; started h1 by 10 replaces; fired h1 immediate");
	hr_start(1, 0);
	CU_ASSERT_FALSE(last_arm()->immediate);
	in_hard(1);
	hr_fire(1);
	expect("started h1 by 10; fired h1; ran h1");
	/* of an arm that was filtered out */
	hr_expired(1);
	hr_expired(2);
	expect("");
	kt_end_quiet();
}

/* Interrupts that are interrupted. */
static void nested_callbacks(void)
{
	kt_begin();
	in_soft(1);
	list_cancel(1);
	list_enter(1);
	in_hard(1);
	hr_enter(2);
	hr_enter(3);
	in_soft(0);
	list_cancel(4);
	list_enter(4);
	expect("fired t1 older; fired h2 older; fired h3 older; fired t4 older");
	in_hard(1);
	hr_start(2, 0);
	hr_exit(3);
	hr_start(3, 0);
	hr_exit(2);
	in_soft(1);
	list_start(1);
	in_soft(0);
	list_exit(4);
	in_soft(1);
	list_exit(1);
	expect("started h2 by irq rearmed; ran h3 older; started h3 by irq rearmed; ran h2 older; "
	       "started t1 by irq rearmed; ran t4 older; ran t1 older");
	kt_end(0);
}

int suite_kernel_timers_hr(void)
{
	CU_pSuite suite = CU_add_suite("kernel_timers_hr", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, fires) || !CU_ADD_TEST(suite, armed_anew_as_it_tells) ||
	    !CU_ADD_TEST(suite, cancelled_as_it_tells) ||
	    !CU_ADD_TEST(suite, cancelled_among_others) ||
	    !CU_ADD_TEST(suite, cancelled_before_it_is_known) ||
	    !CU_ADD_TEST(suite, armed_anew_without_the_field) ||
	    !CU_ADD_TEST(suite, cancelled_and_expired_without_the_field) ||
	    !CU_ADD_TEST(suite, restarted_by_what_its_callback_returns) ||
	    !CU_ADD_TEST(suite, restarted_after_an_interrupt) ||
	    !CU_ADD_TEST(suite, restarted_by_a_task) ||
	    !CU_ADD_TEST(suite, started_in_its_callback) ||
	    !CU_ADD_TEST(suite, expired_when_armed) || !CU_ADD_TEST(suite, nested_callbacks))
		return (int)CU_get_error();
	return 0;
}
