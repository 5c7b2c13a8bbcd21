/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of the kernel's timers are shown and counted. */
#include <CUnit/Basic.h>

#include "kernel_viewed.h"
#include "records.h"
#include "kernel_figured.h"
#include "short_memory.h"
#include "suites.h"
#include "timersnoop/kernel_event_fields.h"

#define T1 0xffff888000001000ULL
#define T2 0xffff888000002000ULL

static void choose(const char *const *names, size_t count)
{
	struct error err;

	CU_ASSERT_EQUAL(kernel_functions_find(&kviewed_functions, kviewed_symbols, names, count,
					      false, &err),
			0);
}

static void by_callback(void)
{
	static const char *const names[] = { "tcp_*", "drv_watch" };

	kviewed_prepare();
	choose(names, 2);
	kviewed_open();
	kviewed_do_all();
	/* of what was only made, nobody knows yet whose it will be */
	kviewed_end("timer_start,tcp_write_timer,10,11,worker,10,app,\n"
		    "timer_expire,tcp_write_timer,,,irq/softirq,10,app,\n"
		    "timer_expire,drv_watch,,,irq/softirq,,,\n");
}

static void by_event(void)
{
	kviewed_prepare();
	kviewed_request.events =
		kernel_events_named("hrtimer_start") | kernel_events_named("cancel");
	kviewed_open();
	kviewed_do_all();
	kviewed_end("hrtimer_start,hrtimer_wakeup,20,20,cron,20,cron,\n"
		    "timer_cancel,drv_poll,10,10,app,,irq/softirq,\n"
		    "timer_cancel,drv_poll,10,10,app,0,swapper/1,\n"
		    "timer_cancel,drv_poll,30,30,,30,,\n");
	CU_ASSERT_EQUAL(kviewed_totals.matched, 4);
}

static void by_condition(void)
{
	struct expr *where;
	struct error err;

	CU_ASSERT_EQUAL_FATAL(expr_parse(&where, "armed_comm == app && event ~ '*expire'",
					 &kernel_event_fields, "--where", &err),
			      0);
	kviewed_prepare();
	kviewed_selection.where = where;
	kviewed_open();
	kviewed_do_all();
	/* losses are told all the same */
	kviewed_lose(3);
	kviewed_end("timer_expire,tcp_write_timer,,,irq/softirq,10,app,\nlost,,,,,,,3\n");
	CU_ASSERT_EQUAL(kviewed_totals.matched, 1);
	expr_free(where);
}

static void by_cpu(void)
{
	uint64_t cpus[KERNEL_CPUS_MAX / 64] = { 1, [KERNEL_CPUS_MAX / 64 - 1] = 1ULL << 63 };

	kviewed_prepare();
	kviewed_request.cpus = cpus;
	kviewed_open();
	kviewed_do_all();
	kviewed_cpu = 0;
	kviewed_start(0, 10, FN_TCP, T1);
	kviewed_cpu = KERNEL_CPUS_MAX - 1;
	kviewed_cancel(0, 10, T1);
	/* such there are none */
	kviewed_cpu = KERNEL_CPUS_MAX;
	kviewed_start(0, 10, FN_TCP, T1);
	kviewed_cpu = -1;
	kviewed_start(0, 10, FN_TCP, T1);
	kviewed_cpu = 1;
	kviewed_end("timer_start,tcp_write_timer,10,10,app,10,app,\n"
		    "timer_cancel,tcp_write_timer,10,10,app,10,app,\n");
	/* what happened elsewhere meanwhile is no loss */
	kviewed_prepare();
	kviewed_request.cpus = cpus;
	kviewed_open();
	kviewed_cpu = 0;
	KVIEWED_TAKE(USE_HRTIMER_START, 0, 10, T1, FN_WAKE, fed_now + 10000, fed_now + 60000, 1, 0);
	kviewed_cpu = 1;
	KVIEWED_TAKE(USE_HRTIMER_EXPIRE, KVIEWED_HARD, 0, T1, FN_WAKE, fed_now);
	kviewed_cpu = 0;
	KVIEWED_TAKE(USE_HRTIMER_START, 0, 10, T1, FN_WAKE, fed_now + 10000, fed_now + 60000, 1, 0);
	kviewed_cpu = 1;
	kviewed_end("hrtimer_start,hrtimer_wakeup,10,10,app,10,app,\n"
		    "hrtimer_start,hrtimer_wakeup,10,10,app,10,app,\n");
	CU_ASSERT_EQUAL(kviewed_totals.odd, 0);
}

static void so_many(void)
{
	kviewed_prepare();
	kviewed_selection.count = 3;
	kviewed_open();
	kviewed_start(0, 10, FN_TCP, T1);
	kviewed_cancel(0, 10, T1);
	CU_ASSERT_FALSE(kernel_view_done(kviewed));
	kviewed_start(0, 10, FN_TCP, T1);
	/* a cancellation is known by what comes next */
	CU_ASSERT_FALSE(kernel_view_done(kviewed));
	KVIEWED_TAKE(USE_TIMER_INIT, 0, 10, T2);
	CU_ASSERT_TRUE(kernel_view_done(kviewed));
	kviewed_start(0, 10, FN_TCP, T2);
	kviewed_end("timer_start,tcp_write_timer,10,10,app,10,app,\n"
		    "timer_start,tcp_write_timer,10,10,app,10,app,\n"
		    "timer_init,,10,10,app,,,\n");
	CU_ASSERT_EQUAL(kviewed_totals.matched, 3);
	kviewed_begin();
	CU_ASSERT_FALSE(kernel_view_done(kviewed));
	kviewed_end("");
}

/* Records from before it began, and some that are no records. */
static void passed_over(void)
{
	struct merged merged;
	uint64_t words[8] = { 0, T1, FN_TCP, 1250, 1000, 0 };

	kviewed_prepare();
	kviewed_scene.since_ns = fed_now + 20 * US;
	kviewed_open();
	kviewed_start(0, 10, FN_TCP, T1);
	kviewed_start(0, 10, FN_TCP, T2);
	merged = kviewed_record(USE_TIMER_START, 0, 10, words);
	merged.event.size = 40;
	CU_ASSERT_EQUAL(kernel_view_take(kviewed, &merged), 0);
	words[0] |= 0xffff;
	merged.event.size = 64;
	CU_ASSERT_EQUAL(kernel_view_take(kviewed, &merged), 0);
	kviewed_end("timer_start,tcp_write_timer,10,10,app,10,app,\n");
	CU_ASSERT_EQUAL(kviewed_totals.malformed, 1);
	CU_ASSERT_EQUAL(kviewed_totals.matched, 1);
}

/* --- losses ------------------------------------------------------------------------------------- */

static void losses(void)
{
	struct sink *kept;
	const struct loss untold = { .cpu = 0, .counted = true, .records = 5 };

	kviewed_begin();
	kviewed_start(0, 10, FN_TCP, T1);
	kviewed_lose(7);
	kviewed_lose(0);
	/* its end was lost: that is no wonder */
	kviewed_start(0, 10, FN_TCP, T1);
	kernel_view_lost(kviewed, &untold);
	kviewed_end("timer_start,tcp_write_timer,10,10,app,10,app,\n"
		    "lost,,,,,,,7\n"
		    "lost,,,,,,,\n"
		    "timer_start,tcp_write_timer,10,10,app,10,app,\n"
		    "lost,,,,,,,5\n");
	CU_ASSERT_EQUAL(kviewed_totals.lost, 12);
	CU_ASSERT_EQUAL(kviewed_totals.lost_unknown, 1);
	CU_ASSERT_EQUAL(kviewed_totals.odd, 0);
	CU_ASSERT_EQUAL(kviewed_totals.matched, 2);
	/* without a loss it is */
	kviewed_begin();
	kviewed_start(0, 10, FN_TCP, T1);
	kviewed_start(0, 10, FN_TCP, T1);
	kviewed_end("timer_start,tcp_write_timer,10,10,app,10,app,\n"
		    "timer_start,tcp_write_timer,10,10,app,10,app,\n");
	CU_ASSERT_EQUAL(kviewed_totals.odd, 1);
	/* nobody sees it */
	kviewed_prepare();
	kept = kviewed_request.sink;
	kviewed_request.sink = NULL;
	kviewed_open();
	kviewed_start(0, 10, FN_TCP, T1);
	kviewed_lose(2);
	kviewed_request.sink = kept;
	kviewed_end("");
	CU_ASSERT_EQUAL(kviewed_totals.lost, 2);
	CU_ASSERT_EQUAL(kviewed_totals.matched, 1);
}

/* --- idle CPUs ------------------------------------------------------------------------------------ */

/* A period that this task's sleep ends. */
static void sleep_idle(int32_t tid, uint64_t timer)
{
	KVIEWED_TAKE(USE_HRTIMER_START, 0, tid, timer, FN_WAKE, fed_now + 30000, fed_now + 80000, 1,
		     0);
	KVIEWED_TAKE(USE_CPU_IDLE, 0, 0, 1, 1);
	KVIEWED_TAKE(USE_TIMER_IRQ, KVIEWED_HARD, 0, 0);
	KVIEWED_TAKE(USE_HRTIMER_EXPIRE, KVIEWED_HARD, 0, timer, FN_WAKE, fed_now);
	KVIEWED_TAKE(USE_HRTIMER_EXIT, KVIEWED_HARD, 0, timer);
	KVIEWED_TAKE(USE_CPU_IDLE, 0, 0, UINT32_MAX, 1);
	KVIEWED_TAKE(USE_TIMER_INIT, 0, 10, T2 + 64);
}

static void wakeups(void)
{
	kviewed_prepare();
	kviewed_request.events = kernel_events_named("wakeup");
	kviewed_open();
	sleep_idle(20, T1);
	/* we are told of, too: a CPU is woken */
	sleep_idle(KVIEWED_SELF, T1);
	kviewed_end("wakeup,hrtimer_wakeup,,,irq/softirq,20,cron,\n"
		    "wakeup,hrtimer_wakeup,,,irq/softirq,77,timersnoop,\n");
	kviewed_prepare();
	kviewed_request.wakeups = false;
	kviewed_open();
	sleep_idle(20, T1);
	kviewed_end("hrtimer_start,hrtimer_wakeup,20,20,cron,20,cron,\n"
		    "cpu_idle,,0,0,swapper/1,,,\n"
		    "hrtimer_expire,hrtimer_wakeup,,,irq/softirq,20,cron,\n"
		    "cpu_idle,,0,0,swapper/1,,,\n"
		    "timer_init,,10,10,app,,,\n");
	/* a period during which something was lost has no cause */
	kviewed_prepare();
	kviewed_request.events = kernel_events_named("wakeup");
	kviewed_open();
	KVIEWED_TAKE(USE_CPU_IDLE, 0, 0, 1, 1);
	kviewed_lose(1);
	KVIEWED_TAKE(USE_TIMER_IRQ, KVIEWED_HARD, 0, 0);
	KVIEWED_TAKE(USE_CPU_IDLE, 0, 0, UINT32_MAX, 1);
	kviewed_end("lost,,,,,,,1\n");
}

/* --- figures ---------------------------------------------------------------------------------------- */

static void figures(void)
{
	static const int32_t app[] = { 10 };

	kernel_figured_begin("--by callback --wakeups --no-header");
	kviewed_prepare();
	kviewed_request.events = 0;
	kviewed_request.report = kernel_figured;
	kviewed_open();
	kviewed_start(0, 10, FN_TCP, T1);
	kviewed_expire(FN_TCP, T1);
	sleep_idle(20, T1);
	kviewed_lose(3);
	kviewed_end("");
	CU_ASSERT_EQUAL(kviewed_totals.matched, 0);
	kernel_figured_finish(1100);
	kernel_figured_expect("100ms: 2 arms, 2 expiries, 1 idle period ended by a timer\n"
			      "hrtimer_wakeup sleep 1 10.0 0 0 1 20.0us\n"
			      "tcp_write_timer - 0 0.00 0 0 1 1.00s\n"
			      "\n"
			      "What ended the idle periods of CPUs\n"
			      "1 1 10.0us 1 0 0 0 10.0 0 0 -\n");
	kernel_figured_end("");
	/* a CPU's idle periods are there whoever has ended them */
	kernel_figured_begin("--by callback --wakeups --no-header -p 10");
	kviewed_prepare();
	kviewed_selection.pids = app;
	kviewed_selection.pid_count = 1;
	kviewed_request.events = 0;
	kviewed_request.report = kernel_figured;
	kviewed_open();
	kviewed_start(0, 10, FN_TCP, T1);
	sleep_idle(20, T1);
	kviewed_end("");
	kernel_figured_finish(1100);
	kernel_figured_expect("100ms: 1 arm, 0 expiries, 0 idle periods ended by timers\n"
			      "tcp_write_timer - 0 0.00 0 0 0 1.00s\n"
			      "\n"
			      "What ended the idle periods of CPUs\n"
			      "1 1 10.0us 1 0 0 0 10.0 0 0 -\n");
	kernel_figured_end("");
}

static void no_memory(void)
{
	unsigned at = 0;

	kviewed_prepare();
	do {
		short_memory_begin(at++);
		kviewed = kernel_view_new(&kviewed_request);
		CU_ASSERT_EQUAL(kviewed == NULL, short_memory_end());
	} while (!kviewed);
	CU_ASSERT_TRUE(at > 3);
	kernel_view_free(NULL);
	kviewed_end("");
}

int suite_kernel_view(void)
{
	CU_pSuite suite = CU_add_suite("kernel_view", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, by_callback) || !CU_ADD_TEST(suite, by_event) ||
	    !CU_ADD_TEST(suite, by_condition) || !CU_ADD_TEST(suite, by_cpu) ||
	    !CU_ADD_TEST(suite, so_many) || !CU_ADD_TEST(suite, passed_over) ||
	    !CU_ADD_TEST(suite, losses) || !CU_ADD_TEST(suite, wakeups) ||
	    !CU_ADD_TEST(suite, figures) || !CU_ADD_TEST(suite, no_memory))
		return (int)CU_get_error();
	return 0;
}
