/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As whose timers of the kernel are shown. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <string.h>

#include "kernel_viewed.h"
#include "records.h"
#include "suites.h"

#define T1 0xffff888000001000ULL
#define T2 0xffff888000002000ULL

static int asked;

static void everybody(void)
{
	kviewed_begin();
	KVIEWED_TAKE(USE_TIMER_INIT, 0, 10, T1);
	kviewed_start(0, 11, FN_TCP, T1);
	kviewed_expire(FN_TCP, T1);
	kviewed_sleep(20, T2);
	kviewed_start(KVIEWED_SOFT, 11, FN_POLL, T1);
	kviewed_cancel(0, 0, T1);
	KVIEWED_TAKE(USE_CPU_IDLE, 0, 0, 1, 1);
	kviewed_end("timer_init,,10,10,app,,,\n"
		    "timer_start,tcp_write_timer,10,11,worker,10,app,\n"
		    "timer_expire,tcp_write_timer,,,irq/softirq,10,app,\n"
		    "hrtimer_start,hrtimer_wakeup,20,20,cron,20,cron,\n"
		    "hrtimer_expire,hrtimer_wakeup,,,irq/softirq,20,cron,\n"
		    "timer_start,drv_poll,,,irq/softirq,,irq/softirq,\n"
		    "cpu_idle,,0,0,swapper/1,,,\n"
		    "timer_cancel,drv_poll,0,0,swapper/1,,irq/softirq,\n");
	CU_ASSERT_EQUAL(kviewed_totals.matched, 8);
	CU_ASSERT_EQUAL(kviewed_totals.odd, 0);
}

static void by_process(void)
{
	static const int32_t app[] = { 10 }, self[] = { KVIEWED_SELF };

	kviewed_prepare();
	kviewed_selection.pids = app;
	kviewed_selection.pid_count = 1;
	kviewed_open();
	kviewed_do_all();
	kviewed_end("timer_start,tcp_write_timer,10,11,worker,10,app,\n"
		    "timer_expire,tcp_write_timer,,,irq/softirq,10,app,\n");
	/* ourselves, when asked for */
	kviewed_prepare();
	kviewed_selection.pids = self;
	kviewed_selection.pid_count = 1;
	kviewed_open();
	kviewed_do_all();
	kviewed_end("hrtimer_start,hrtimer_wakeup,77,77,timersnoop,77,timersnoop,\n"
		    "hrtimer_expire,hrtimer_wakeup,,,irq/softirq,77,timersnoop,\n");
}

static void by_name(void)
{
	static const char *const worker[] = { "worker" };

	kviewed_prepare();
	kviewed_selection.names = worker;
	kviewed_selection.name_count = 1;
	kviewed_open();
	kviewed_do_all();
	/* by its own name; it is of a process that has another one */
	kviewed_end("timer_start,tcp_write_timer,10,11,worker,10,app,\n"
		    "timer_expire,tcp_write_timer,,,irq/softirq,10,app,\n");
}

static const char of_all[] = "timer_init,,10,10,app,,,\n"
			     "timer_start,tcp_write_timer,10,11,worker,10,app,\n"
			     "timer_expire,tcp_write_timer,,,irq/softirq,10,app,\n"
			     "hrtimer_start,hrtimer_wakeup,20,20,cron,20,cron,\n"
			     "hrtimer_expire,hrtimer_wakeup,,,irq/softirq,20,cron,\n"
			     "timer_start,drv_poll,,,irq/softirq,,irq/softirq,\n"
			     "timer_start,drv_poll,0,0,swapper/1,0,swapper/1,\n"
			     "timer_cancel,drv_poll,10,10,app,,irq/softirq,\n"
			     "timer_start,drv_poll,30,30,,30,,\n"
			     "timer_cancel,drv_poll,10,10,app,0,swapper/1,\n"
			     "timer_expire,drv_watch,,,irq/softirq,,,\n"
			     "timer_cancel,drv_poll,30,30,,30,,\n";

/* What we do ourselves is left out. That it was a cancellation is known later. */
static void not_ourselves(void)
{
	kviewed_begin();
	kviewed_do_all();
	kviewed_end(of_all);
}

/* Of those that are followed it is known who they are; others are nobody's business. */
static void followed(void)
{
	kviewed_prepare();
	kviewed_scene.followed = true;
	kviewed_open();
	kviewed_do_all();
	kviewed_end("timer_start,tcp_write_timer,10,11,worker,10,app,\n"
		    "timer_expire,tcp_write_timer,,,irq/softirq,10,app,\n"
		    "hrtimer_start,hrtimer_wakeup,20,20,cron,20,cron,\n"
		    "hrtimer_expire,hrtimer_wakeup,,,irq/softirq,20,cron,\n");
	/* who ends what they have armed may be anybody */
	kviewed_prepare();
	kviewed_scene.followed = true;
	kviewed_open();
	kviewed_start(0, 10, FN_TCP, T1);
	kviewed_cancel(0, 30, T1);
	kviewed_end("timer_start,tcp_write_timer,10,10,app,10,app,\n"
		    "timer_cancel,tcp_write_timer,30,30,,10,app,\n");
}

static int ask(void *context, int32_t tid, struct task *task)
{
	CU_ASSERT_PTR_EQUAL(context, &asked);
	asked++;
	if (tid != 30)
		return -ESRCH;
	*task = (struct task){ .tid = 30, .tgid = 29, .comm = "late" };
	return 0;
}

/* A thread that no record told of is asked about, once. */
static void looked_up(void)
{
	kviewed_begin();
	kernel_view_set_lookup(kviewed, ask, &asked);
	kviewed_start(0, 30, FN_TCP, T1);
	kviewed_cancel(0, 30, T1);
	kviewed_start(0, 31, FN_TCP, T1);
	kviewed_end("timer_start,tcp_write_timer,29,30,late,29,late,\n"
		    "timer_start,tcp_write_timer,31,31,,31,,\n"
		    "timer_cancel,tcp_write_timer,29,30,late,29,late,\n");
	/* for the other one each time, as nobody knows it */
	CU_ASSERT_EQUAL(asked, 3);
	/* nobody is, of those that are followed */
	kviewed_prepare();
	kviewed_scene.followed = true;
	kviewed_open();
	kernel_view_set_lookup(kviewed, ask, &asked);
	asked = 0;
	kviewed_start(0, 30, FN_TCP, T1);
	kviewed_end("");
	CU_ASSERT_EQUAL(asked, 0);
	kviewed_prepare();
	kviewed_scene.followed = true;
	kviewed_open();
	kernel_view_set_lookup(kviewed, ask, &asked);
	kviewed_start(0, 10, FN_TCP, T1);
	kviewed_cancel(0, 30, T1);
	kviewed_end("timer_start,tcp_write_timer,10,10,app,10,app,\n"
		    "timer_cancel,tcp_write_timer,30,30,,10,app,\n");
	CU_ASSERT_EQUAL(asked, 0);
	/* after a loss everybody is anew: it may have been a rename */
	kviewed_begin();
	kernel_view_set_lookup(kviewed, ask, &asked);
	kviewed_learn(30, 29, "early");
	asked = 0;
	kviewed_start(0, 30, FN_TCP, T1);
	kviewed_lose(1);
	kviewed_cancel(0, 30, T1);
	kviewed_end("timer_start,tcp_write_timer,29,30,early,29,early,\n"
		    "lost,,,,,,,1\n"
		    "timer_cancel,tcp_write_timer,29,30,late,29,early,\n");
	CU_ASSERT_EQUAL(asked, 1);
}

static void renamed(void)
{
	uint64_t words[8] = { 0, 20 };
	struct merged merged;

	kviewed_begin();
	kviewed_start(0, 20, FN_TCP, T1);
	merged = kviewed_record(USE_RENAME, 0, 20, words);
	memcpy(words + 2, "daily", sizeof("daily"));
	CU_ASSERT_EQUAL(kernel_view_take(kviewed, &merged), 0);
	kviewed_cancel(0, 20, T1);
	kviewed_end("timer_start,tcp_write_timer,20,20,cron,20,cron,\n"
		    "timer_cancel,tcp_write_timer,20,20,daily,20,cron,\n");
}

/* A callback that arms its timer anew does so for whom it was armed. */
static void rearmed(void)
{
	static const int32_t app[] = { 10 };

	kviewed_prepare();
	kviewed_selection.pids = app;
	kviewed_selection.pid_count = 1;
	kviewed_open();
	kviewed_start(0, 10, FN_TCP, T1);
	kviewed_cancel(KVIEWED_SOFT, 20, T1);
	KVIEWED_TAKE(USE_TIMER_EXPIRE, KVIEWED_SOFT, 20, T1, FN_TCP, 1251);
	kviewed_start(KVIEWED_SOFT, 20, FN_TCP, T1);
	KVIEWED_TAKE(USE_TIMER_EXIT, KVIEWED_SOFT, 20, T1);
	kviewed_cancel(0, 20, T1);
	/* and by others, for others */
	kviewed_start(KVIEWED_SOFT, 10, FN_TCP, T1);
	kviewed_end("timer_start,tcp_write_timer,10,10,app,10,app,\n"
		    "timer_start,tcp_write_timer,,,irq/softirq,10,app,\n"
		    "timer_expire,tcp_write_timer,,,irq/softirq,10,app,\n"
		    "timer_cancel,tcp_write_timer,20,20,cron,10,app,\n");
}

/* One from before tracing, whose callback tells for whom it is. */
static void owned(void)
{
	static const int32_t app[] = { 10 };

	for (int asked_for = 0; asked_for < 2; asked_for++) {
		kviewed_prepare();
		kviewed_selection.pids = app;
		kviewed_selection.pid_count = asked_for;
		kviewed_open();
		for (int32_t tid = 11; tid <= 20; tid += 9) {
			KVIEWED_TAKE(USE_HRTIMER_EXPIRE, KVIEWED_HARD, 0, T1, FN_WAKE, fed_now);
			KVIEWED_TAKE(USE_OWNER, KVIEWED_HARD, 0, T1, (uint64_t)tid);
			KVIEWED_TAKE(USE_HRTIMER_EXIT, KVIEWED_HARD, 0, T1);
		}
		kviewed_end(asked_for ? "hrtimer_expire,hrtimer_wakeup,,,irq/softirq,10,app,\n"
				      : "hrtimer_expire,hrtimer_wakeup,,,irq/softirq,10,app,\n"
					"hrtimer_expire,hrtimer_wakeup,,,irq/softirq,20,cron,\n");
	}
}

int suite_kernel_view_tasks(void)
{
	CU_pSuite suite = CU_add_suite("kernel_view_tasks", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, everybody) || !CU_ADD_TEST(suite, by_process) ||
	    !CU_ADD_TEST(suite, by_name) || !CU_ADD_TEST(suite, not_ourselves) ||
	    !CU_ADD_TEST(suite, followed) || !CU_ADD_TEST(suite, looked_up) ||
	    !CU_ADD_TEST(suite, renamed) || !CU_ADD_TEST(suite, rearmed) ||
	    !CU_ADD_TEST(suite, owned))
		return (int)CU_get_error();
	return 0;
}
