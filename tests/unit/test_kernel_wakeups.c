/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ended idle periods of CPUs. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <string.h>

#include "kernel_woken.h"
#include "suites.h"

/* x86's hlt: the interrupt is handled before the CPU says so; mwait: behind that. */
static void orders(void)
{
	for (int late = 0; late < 2; late++) {
		woken_begin();
		woken_arm(APP);
		woken_idle(2, true);
		woken_now += 100 * US;
		if (late)
			woken_idle(2, false);
		timer_irq(2);
		hr_runs(2, 2, APP);
		if (!late)
			woken_idle(2, false);
		expect_woken("");
		woken_idle(2, true);
		expect_woken("2 timer h1 by 42 after 101");
		woken_end();
	}
}

/* A task that runs ends what is looked at; so does the end of the trace. */
static void what_closes_a_period(void)
{
	for (int how = 0; how < 3; how++) {
		woken_begin();
		woken_arm(APP);
		woken_idle(2, true);
		timer_irq(2);
		hr_runs(2, 2, APP);
		woken_idle(2, false);
		if (how == 0) {
			task_runs(2);
		} else if (how == 1) {
			CU_ASSERT_EQUAL(
				woken_feed_as(TASK, 2, 2, (struct record){ .kind = USE_TIMER_IRQ }),
				0);
		} else {
			CU_ASSERT_EQUAL(kernel_wakeups_finish(woken_wakeups), 0);
		}
		expect_woken("2 timer h1 by 42 after 1");
		/* nothing more is of that one */
		woken_arm(2);
		timer_irq(2);
		hr_runs(2, 2, 2);
		woken_idle(2, false);
		task_runs(2);
		expect_woken("");
		woken_end();
	}
}

/* It goes on by itself: it is due for its own sake, whatever expires with it. */
static void periodic_tick(void)
{
	woken_begin();
	woken_arm_list(3, 0);
	woken_idle(1, true);
	timer_irq(1);
	hr_runs(1, 2, TICK);
	woken_hr(1, 2, USE_HRTIMER_START, TICK);
	list_runs(1, 3);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 tick h50 after 1; 1 beside t3 by 42");
	timer_irq(1);
	hr_runs(1, 2, TICK);
	woken_hr(1, 2, USE_HRTIMER_START, TICK);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 tick h50 after 1");
	woken_end();
}

static void arm_tick_again(void)
{
	woken_arm_list(3, 0);
	timer_irq(1);
	hr_runs(1, 2, TICK);
	woken_hr(1, 1, USE_HRTIMER_START, TICK);
	list_runs(1, 3);
	woken_idle(1, false);
	woken_idle(1, true);
}

/* Where it was stopped it stands in for the next timer of the wheel. */
static void tick_as_messenger(void)
{
	woken_begin();
	woken_arm_list(3, 0);
	woken_arm_list(4, 0);
	woken_idle(1, true);
	timer_irq(1);
	hr_runs(1, 2, TICK);
	list_runs(1, 3);
	list_runs(1, 4);
	/* from now on it ticks, but not by itself */
	woken_hr(1, 0, USE_HRTIMER_START, TICK);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 timer t3 by 42 after 1; 1 beside h50; 1 beside t4 by 42");
	/* nor does it when something else arms it before the wheel is looked at */
	arm_tick_again();
	expect_woken("1 timer t3 by 42 after 2; 1 beside h50 by 0");
	/* it had been periodic before, which does not count */
	timer_irq(1);
	hr_runs(1, 2, TICK);
	woken_hr(1, 2, USE_HRTIMER_START, TICK);
	woken_idle(1, false);
	woken_arm_list(3, 0);
	woken_idle(1, true);
	expect_woken("1 tick h50 after 1");
	timer_irq(1);
	hr_runs(1, 2, TICK);
	list_runs(1, 3);
	woken_idle(1, false);
	woken_idle(1, true);
	/* its idle task armed it, which an interrupt of its own goes on with */
	expect_woken("1 timer t3 by 42 after 1; 1 beside h50 by 0");
	/* nothing had been due */
	timer_irq(1);
	hr_runs(1, 2, TICK);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 tick h50 after 1");
	woken_end();
}

/* Deferrable ones wait until the CPU wakes up for something else. */
static void deferrable_timers(void)
{
	woken_begin();
	woken_arm_list(3, TIMER_FLAG_DEFERRABLE);
	woken_arm_list(4, 0);
	woken_idle(1, true);
	timer_irq(1);
	hr_runs(1, 2, TICK);
	list_runs(1, 3);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 tick h50 after 1; 1 beside t3 by 42");
	woken_arm_list(3, TIMER_FLAG_DEFERRABLE);
	timer_irq(1);
	hr_runs(1, 2, TICK);
	list_runs(1, 3);
	list_runs(1, 4);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 timer t4 by 42 after 2; 1 beside t3 by 42; 1 beside h50");
	/* no tick at all: the timer's own interrupt */
	woken_arm_list(3, TIMER_FLAG_DEFERRABLE);
	woken_arm_list(4, 0);
	timer_irq(1);
	list_runs(1, 3);
	list_runs(1, 4);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 timer t4 by 42 after 3; 1 beside t3 by 42");
	woken_end();
}

/* Another hrtimer that expires with the tick is what the interrupt came for. */
static void tick_and_another(void)
{
	woken_begin();
	woken_arm(APP);
	woken_arm(2);
	woken_idle(1, true);
	timer_irq(1);
	hr_runs(1, 2, TICK);
	woken_hr(1, 2, USE_HRTIMER_START, TICK);
	hr_runs(1, 2, APP);
	hr_runs(1, 2, 2);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 timer h1 by 42 after 1; 1 beside h50; 1 beside h2 by 42");
	woken_arm(APP);
	timer_irq(1);
	hr_runs(1, 2, APP);
	hr_runs(1, 2, TICK);
	list_runs(1, 3);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 timer h1 by 42 after 2; 1 beside h50; 1 beside t3");
	woken_end();
}

/* Their callbacks run in soft interrupts. */
static void soft_hrtimers(void)
{
	woken_begin();
	woken_arm(APP);
	woken_idle(1, true);
	timer_irq(1);
	hr_runs(1, 1, APP);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 timer h1 by 42 after 1");
	woken_arm(APP);
	timer_irq(1);
	hr_runs(1, 2, TICK);
	woken_hr(1, 2, USE_HRTIMER_START, TICK);
	hr_runs(1, 1, APP);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 timer h1 by 42 after 2; 1 beside h50");
	woken_end();
}

/* Whatever else expires after another interrupt came first, by chance. */
static void other_interrupts(void)
{
	woken_begin();
	woken_arm(APP);
	woken_idle(0, true);
	timer_irq(0);
	hr_runs(0, 2, APP);
	woken_idle(0, false);
	woken_idle(1, true);
	expect_woken("");
	woken_arm(APP);
	woken_arm_list(3, 0);
	other_irq(1);
	timer_irq(1);
	hr_runs(1, 2, APP);
	list_runs(1, 3);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 other after 3; 1 beside h1 by 42; 1 beside t3 by 42");
	other_irq(1);
	woken_idle(1, false);
	task_runs(1);
	expect_woken("1 other after 1");
	CU_ASSERT_EQUAL(kernel_wakeups_finish(woken_wakeups), 0);
	expect_woken("0 timer h1 by 42 after 1");
	woken_end();
}

/* The first interrupt woke it; those that come while it is handled did not. */
static void more_interrupts(void)
{
	woken_begin();
	woken_arm(APP);
	woken_idle(1, true);
	timer_irq(1);
	hr_runs(1, 2, APP);
	other_irq(1);
	woken_arm(2);
	timer_irq(1);
	hr_runs(1, 2, 2);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 timer h1 by 42 after 1; 1 beside h2 by 42");
	/* a timer's interrupt with nothing to do, and then one with */
	timer_irq(1);
	other_irq(1);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 other after 1");
	woken_end();
}

/* Another CPU had work for it, which it saw without an interrupt. */
static void no_interrupt(void)
{
	woken_begin();
	woken_idle(1, true);
	woken_now += 9 * US;
	woken_idle(1, false);
	task_runs(1);
	expect_woken("1 none after 10");
	woken_idle(1, true);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 none after 1");
	/* what runs in a soft interrupt then woke nobody */
	woken_idle(1, false);
	woken_arm_list(3, 0);
	list_runs(1, 3);
	task_runs(1);
	expect_woken("1 none after 1; 1 beside t3 by 42");
	woken_end();
}

/* The timer was cancelled; the clock event device was not told. */
static void nothing_to_expire(void)
{
	woken_begin();
	woken_idle(1, true);
	timer_irq(1);
	woken_idle(1, false);
	task_runs(1);
	expect_woken("1 other after 1");
	woken_end();
}

/* Elsewhere than on x86, timers' interrupts have no records, or those of others. */
static void without_timer_interrupts(void)
{
	woken_begin();
	woken_arm(APP);
	woken_idle(1, true);
	hr_runs(1, 2, APP);
	woken_idle(1, false);
	task_runs(1);
	expect_woken("1 timer h1 by 42 after 1");
	woken_arm(APP);
	woken_arm_list(3, 0);
	woken_idle(1, true);
	other_irq(1);
	hr_runs(1, 2, TICK);
	list_runs(1, 3);
	hr_runs(1, 2, APP);
	woken_idle(1, false);
	task_runs(1);
	expect_woken("1 timer t3 by 42 after 1; 1 beside h50; 1 beside h1 by 42");
	/* soft ones do not come by themselves */
	woken_arm(APP);
	woken_arm_list(3, 0);
	woken_idle(1, true);
	other_irq(1);
	hr_runs(1, 1, APP);
	list_runs(1, 3);
	woken_idle(1, false);
	task_runs(1);
	expect_woken("1 other after 1; 1 beside h1 by 42; 1 beside t3 by 42");
	woken_arm(APP);
	woken_idle(1, true);
	hr_runs(1, 1, APP);
	woken_idle(1, false);
	task_runs(1);
	expect_woken("1 none after 3; 1 beside h1 by 42");
	/* and where one was seen, all are */
	timer_irq(0);
	woken_arm(APP);
	woken_idle(1, true);
	other_irq(1);
	hr_runs(1, 2, APP);
	woken_idle(1, false);
	task_runs(1);
	expect_woken("1 other after 1; 1 beside h1 by 42");
	woken_end();
}

/* One that had expired when it was armed wakes nobody; nor do those of a task. */
static void what_is_not_looked_at(void)
{
	woken_begin();
	woken_arm(APP);
	woken_arm(2);
	/* not idle */
	timer_irq(1);
	hr_runs(1, 2, APP);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("");
	timer_irq(1);
	woken_hr(1, 0, USE_HRTIMER_START, 3);
	woken_hr(1, 0, USE_HRTIMER_EXPIRED, 3);
	woken_feed(1, 2, (struct record){ .kind = USE_TICK_STOP });
	woken_feed(1, 2, list_record(USE_TIMER_INIT, 4));
	woken_hr(1, 2, USE_HRTIMER_CANCEL, 2);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 other after 1");
	woken_end();
}

/* Each CPU by itself, whatever number a record has in it. */
static void several_cpus(void)
{
	struct record record = { .kind = USE_CPU_IDLE, .idle = { .cpu = INT32_MAX, .idle = true } };

	woken_begin();
	woken_arm(APP);
	woken_arm(2);
	woken_feed(5, 0, record);
	woken_idle(0, true);
	timer_irq(5);
	timer_irq(0);
	hr_runs(5, 2, APP);
	hr_runs(0, 2, 2);
	record.idle.idle = false;
	record.idle.cpu = -1;
	woken_feed(5, 0, record);
	task_runs(0);
	expect_woken("0 timer h2 by 42 after 2");
	task_runs(5);
	expect_woken("5 timer h1 by 42 after 2");
	record.idle.idle = true;
	woken_feed(-3, 0, record);
	task_runs(3);
	CU_ASSERT_EQUAL(kernel_wakeups_finish(woken_wakeups), 0);
	expect_woken("");
	woken_end();
}

/* It was told twice that it is idle: nothing is known to have ended the first time. */
static void entered_twice(void)
{
	woken_begin();
	woken_idle(1, true);
	woken_now += 50 * US;
	woken_idle(1, true);
	other_irq(1);
	woken_idle(1, false);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 other after 1");
	/* idle when tracing ends */
	woken_end();
}

static void after_a_loss(void)
{
	woken_begin();
	woken_arm(APP);
	woken_idle(0, true);
	woken_idle(1, true);
	timer_irq(1);
	hr_runs(1, 2, APP);
	kernel_wakeups_lost(woken_wakeups);
	woken_idle(1, false);
	woken_idle(0, false);
	task_runs(1);
	expect_woken("");
	woken_arm(APP);
	woken_idle(1, true);
	timer_irq(1);
	hr_runs(1, 2, APP);
	task_runs(1);
	expect_woken("1 timer h1 by 42 after 1");
	woken_end();
}

/* A callback tells whose timer from before it is. */
static void owners(void)
{
	struct record owner = { .kind = USE_OWNER, .owner = { .timer = TIMER(APP) } };

	woken_begin();
	woken_idle(1, true);
	timer_irq(1);
	woken_hr(1, 2, USE_HRTIMER_EXPIRE, APP);
	owner.ts = (uint64_t)woken_now;
	owner.cpu = 1;
	owner.interrupt = owner.hard = true;
	CU_ASSERT_EQUAL(kernel_wakeups_record(woken_wakeups, &owner), 0);
	CU_ASSERT_EQUAL(kernel_timers_take(woken_timers, &owner,
					   &(struct kernel_runner){ .armer = ARMER_TASK,
								    .who = { .pid = 77 } }),
			0);
	woken_hr(1, 2, USE_HRTIMER_EXIT, APP);
	woken_hr(1, 2, USE_HRTIMER_EXPIRE, 2);
	owner.owner.timer = TIMER(2);
	CU_ASSERT_EQUAL(kernel_timers_take(woken_timers, &owner,
					   &(struct kernel_runner){ .armer = ARMER_TASK,
								    .who = { .pid = 78 } }),
			0);
	woken_hr(1, 2, USE_HRTIMER_EXIT, 2);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 timer h1 by 77 after 1; 1 beside h2 by 78");
	/* one of an interrupt that is not about timers keeps none */
	other_irq(1);
	woken_hr(1, 2, USE_HRTIMER_EXPIRE, APP);
	owner.owner.timer = TIMER(APP);
	CU_ASSERT_EQUAL(kernel_timers_take(woken_timers, &owner,
					   &(struct kernel_runner){ .armer = ARMER_TASK,
								    .who = { .pid = 79 } }),
			0);
	woken_idle(1, false);
	woken_idle(1, true);
	expect_woken("1 other after 1; 1 beside h1 by 79");
	woken_end();
}

/* More beside it than are told. */
static void thousands_at_once(void)
{
	size_t count = 1;

	woken_begin();
	woken_idle(1, true);
	timer_irq(1);
	for (unsigned i = 100; i < 300; i++)
		hr_runs(1, 2, i);
	woken_idle(1, false);
	woken_idle(1, true);
	CU_ASSERT_EQUAL(strncmp(woken_text, "1 timer h100 after 1; 1 beside h101; ", 37), 0);
	for (const char *at = woken_text; (at = strchr(at, ';')); at++)
		count++;
	CU_ASSERT_EQUAL(count, 1 + 64);
	woken_clear();
	/* and of the next one nothing of these */
	timer_irq(1);
	hr_runs(1, 2, 7);
	task_runs(1);
	expect_woken("1 timer h7 after 1");
	woken_end();
}

/* What the receiver says ends all. */
static void failing_receiver(void)
{
	for (unsigned at = 1; at <= 2; at++) {
		const struct record enters = { .kind = USE_CPU_IDLE, .idle = { 1, true, 0 } };

		woken_begin();
		woken_idle(1, true);
		timer_irq(1);
		hr_runs(1, 2, APP);
		hr_runs(1, 2, 2);
		woken_idle(1, false);
		woken_failing = at;
		CU_ASSERT_EQUAL(woken_feed_as(0, 1, 0, enters), -ENOMEM);
		woken_clear();
		timer_irq(1);
		woken_failing = 1;
		CU_ASSERT_EQUAL(kernel_wakeups_finish(woken_wakeups), -ENOMEM);
		woken_failing = 0;
		woken_end();
	}
	kernel_wakeups_free(NULL);
}

int suite_kernel_wakeups(void)
{
	CU_pSuite suite = CU_add_suite("kernel_wakeups", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, orders) || !CU_ADD_TEST(suite, what_closes_a_period) ||
	    !CU_ADD_TEST(suite, periodic_tick) || !CU_ADD_TEST(suite, tick_as_messenger) ||
	    !CU_ADD_TEST(suite, deferrable_timers) || !CU_ADD_TEST(suite, tick_and_another) ||
	    !CU_ADD_TEST(suite, soft_hrtimers) || !CU_ADD_TEST(suite, other_interrupts) ||
	    !CU_ADD_TEST(suite, more_interrupts) || !CU_ADD_TEST(suite, no_interrupt) ||
	    !CU_ADD_TEST(suite, nothing_to_expire) ||
	    !CU_ADD_TEST(suite, without_timer_interrupts) ||
	    !CU_ADD_TEST(suite, what_is_not_looked_at) || !CU_ADD_TEST(suite, several_cpus) ||
	    !CU_ADD_TEST(suite, entered_twice) || !CU_ADD_TEST(suite, after_a_loss) ||
	    !CU_ADD_TEST(suite, owners) || !CU_ADD_TEST(suite, thousands_at_once) ||
	    !CU_ADD_TEST(suite, failing_receiver))
		return (int)CU_get_error();
	return 0;
}
