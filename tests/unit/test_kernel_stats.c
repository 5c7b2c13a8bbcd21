/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is counted of the kernel's timers, and that all of it adds up. */
#include <CUnit/Basic.h>
#include <string.h>

#include "kernel_fed.h"
#include "records.h"
#include "suites.h"

#define T1 0xffff888000001000ULL
#define T2 0xffff888000002000ULL
#define T3 0xffff888000003000ULL

static const uint32_t every_by[] = {
	KERNEL_BY_CALLBACK,
	KERNEL_BY_MODULE,
	KERNEL_BY_MECHANISM,
	KERNEL_BY_PROCESS,
	KERNEL_BY_COMM,
	KERNEL_BY_CPU,
	KERNEL_BY_CALLER,
	KERNEL_BY_TIMER,
	KERNEL_BY_CALLBACK | KERNEL_BY_PROCESS,
	KERNEL_BY_MODULE | KERNEL_BY_CPU | KERNEL_BY_TIMER,
	0xff,
};
#define EVERY_BY (sizeof(every_by) / sizeof(every_by[0]))

/* Each way in which an arm can begin and end. */
static void every_way(void)
{
	struct kernel_arm tcp = fed_list(FN_TCP, T1), wake = fed_hrtimer(FN_WAKE, T2);
	struct kernel_arm drv = fed_by_interrupt(fed_list(FN_POLL, T3));
	struct kernel_arm older = fed_older(tcp), cron = fed_by_task(tcp, 7, "cron");

	fed(KERNEL_MADE, &tcp);
	fed(KERNEL_CANCELLED, &older);
	fed(KERNEL_STARTED, &tcp);
	fed(KERNEL_REPLACED, &tcp);
	tcp.replaces = true;
	fed(KERNEL_STARTED, &tcp);
	fed(KERNEL_CANCELLED, &tcp);
	fed(KERNEL_STARTED, &cron);
	fed_expire(&cron, 5 * MS, MS, 20 * US);
	cron.rearmed = true;
	fed(KERNEL_STARTED, &cron);
	fed(KERNEL_STARTED, &drv);
	fed(KERNEL_VANISHED, &drv);
	fed(KERNEL_STARTED, &drv);
	wake.immediate = true;
	fed(KERNEL_STARTED, &wake);
	fed(KERNEL_FIRED, &wake);
	older = fed_older(fed_hrtimer(FN_NOWHERE, T2));
	fed_expire(&older, 0, 0, 5 * US);
	fed_wake(1, WAKER_TIMER, &cron, 3 * MS);
	fed_wake(0, WAKER_TICK, &older, 4 * MS);
}

static void balances(void)
{
	for (size_t i = 0; i < EVERY_BY; i++) {
		fed_begin(every_by[i]);
		every_way();
		every_way();
		fed_end();
	}
}

static void ends(void)
{
	fed_begin(KERNEL_BY_CALLBACK);
	every_way();
	fed_expect("callback=0xffffffff90000000 timers=1 older=1 fired=1 fired_percent=100 cpus=1 "
		   "late_ns=0/0/0/0 beyond_ns=0/0/0/0 run_ns=5000/5000/5000/5000 wakeups=1\n"
		   "callback=drv_poll module=drv timers=1 started=2 pending=1 unknown=1 "
		   "from_interrupt=2 timeout_ns=1000000000/1000000000/1000000000/1000000000 "
		   "timeout_jiffies=250/250/250/250\n"
		   "callback=hrtimer_wakeup module=kernel timers=1 started=1 fired=1 "
		   "fired_percent=100 immediate=1 "
		   "timeout_ns=1000000000/1000000000/1000000000/1000000000\n"
		   "callback=tcp_write_timer module=kernel timers=1 started=4 older=1 replaced=1 "
		   "cancelled=2 fired=1 pending=1 fired_percent=25 rearmed=1 cpus=1 "
		   "timeout_ns=1000000000/1000000000/1000000000/1000000000 "
		   "timeout_jiffies=250/250/250/250 late_ns=5000000/5000000/5000000/5000000 "
		   "beyond_ns=1000000/1000000/1000000/1000000 run_ns=20000/20000/20000/20000 "
		   "wakeups=1\n");
	fed_expect_total("started=7 older=2 replaced=1 cancelled=2 fired=3 pending=2 unknown=1 "
			 "fired_percent=42 rearmed=1 immediate=1 from_interrupt=2 cpus=1 "
			 "timeout_ns=1000000000/1000000000/1000000000/1000000000 "
			 "timeout_jiffies=250/250/250/250 late_ns=0/0/5000000/5000000 "
			 "beyond_ns=0/0/1000000/1000000 run_ns=5000/5000/20000/20000 wakeups=2");
	fed_end();
}

/* Of a timer that has another callback than before, each arm is of its own row. */
static void callbacks_change(void)
{
	struct kernel_arm one = fed_list(FN_TCP, T1), other = fed_list(FN_POLL, T1);

	fed_begin(KERNEL_BY_CALLBACK);
	fed(KERNEL_STARTED, &one);
	fed(KERNEL_REPLACED, &one);
	fed(KERNEL_STARTED, &other);
	fed(KERNEL_CANCELLED, &other);
	fed(KERNEL_STARTED, &one);
	fed_expect("callback=drv_poll module=drv timers=1 started=1 cancelled=1 "
		   "timeout_ns=1000000000/1000000000/1000000000/1000000000 "
		   "timeout_jiffies=250/250/250/250\n"
		   "callback=tcp_write_timer module=kernel timers=1 started=2 replaced=1 pending=1 "
		   "timeout_ns=1000000000/1000000000/1000000000/1000000000 "
		   "timeout_jiffies=250/250/250/250\n");
	fed_end();
}

/* It was changed while the timer was pending: armed as one, called as the other. */
static void callback_changes_under_way(void)
{
	struct kernel_arm one = fed_list(FN_TCP, T1), other = fed_list(FN_POLL, T1);

	fed_begin(KERNEL_BY_CALLBACK);
	fed(KERNEL_STARTED, &one);
	fed(KERNEL_FIRED, &other);
	fed_expect("callback=drv_poll module=drv timers=1 older=1 fired=1 fired_percent=100 "
		   "cpus=1\n"
		   "callback=tcp_write_timer module=kernel timers=1 started=1 pending=1 "
		   "timeout_ns=1000000000/1000000000/1000000000/1000000000 "
		   "timeout_jiffies=250/250/250/250\n");
	fed_end();
}

/* --- intervals ------------------------------------------------------------------------------ */

/* Whatever is pending when a new one begins is older than that. */
static void resets(void)
{
	struct kernel_arm tcp = fed_list(FN_TCP, T1), again = fed_list(FN_TCP, T2);
	struct kernel_arm drv = fed_list(FN_POLL, T3), older = fed_older(fed_list(FN_TCP, T3));

	fed_begin(KERNEL_BY_CALLBACK);
	fed(KERNEL_STARTED, &tcp);
	fed(KERNEL_STARTED, &again);
	fed(KERNEL_STARTED, &drv);
	fed_expire(&again, 9 * MS, 8 * MS, 7 * MS);
	fed_wake(1, WAKER_TIMER, &again, MS);
	kernel_stats_lost(fed_stats);
	kernel_stats_reset(fed_stats);
	/* nothing has happened to drv_poll's since */
	fed_expect("");
	fed_expect_cpus("");
	fed_expect_total("older=2 pending=2");
	fed(KERNEL_CANCELLED, &tcp);
	fed_expect("callback=tcp_write_timer module=kernel timers=1 older=1 cancelled=1\n");
	/* one of which nobody knew */
	fed(KERNEL_CANCELLED, &older);
	fed_expect("callback=tcp_write_timer module=kernel timers=2 older=2 cancelled=2\n");
	fed_expect_total("older=3 cancelled=2 pending=1");
	fed(KERNEL_STARTED, &tcp);
	kernel_stats_reset(fed_stats);
	fed_expire(&tcp, MS, -MS, US);
	kernel_stats_reset(fed_stats);
	fed(KERNEL_FIRED, &drv);
	fed_expect("callback=drv_poll module=drv timers=1 older=1 fired=1 fired_percent=100 "
		   "cpus=1\n");
	fed_end();
	for (size_t i = 0; i < EVERY_BY; i++) {
		fed_begin(every_by[i]);
		for (int interval = 0; interval < 3; interval++) {
			every_way();
			kernel_stats_reset(fed_stats);
		}
		every_way();
		fed_end();
	}
}

/* --- rows ------------------------------------------------------------------------------------- */

/* Arms of everybody there may be, with all that rows are made by. */
static void everybody(void)
{
	struct kernel_arm arm = fed_list(FN_TCP, T1);

	arm.caller = FN_SEND + 0x20;
	fed(KERNEL_STARTED, &arm);
	/* the same function, from elsewhere in it */
	arm.caller = FN_SEND + 0x80;
	arm.address = T2;
	fed(KERNEL_STARTED, &arm);
	arm = fed_by_task(fed_hrtimer(FN_WAKE, T3), 43, "app");
	arm.caller = FN_NOWHERE;
	fed(KERNEL_STARTED, &arm);
	arm = fed_by_task(fed_hrtimer(FN_TICK, T2), 0, "swapper/1");
	fed(KERNEL_STARTED, &arm);
	arm = fed_by_task(fed_hrtimer(FN_TICK, T3), 0, "swapper/0");
	arm.cpu = 0;
	fed(KERNEL_STARTED, &arm);
	arm = fed_by_interrupt(fed_list(FN_POLL, T1));
	fed(KERNEL_STARTED, &arm);
	arm.function = FN_WATCH;
	fed(KERNEL_STARTED, &arm);
	arm.function = FN_OTHER;
	fed(KERNEL_STARTED, &arm);
	arm.armer = ARMER_UNKNOWN;
	fed(KERNEL_STARTED, &arm);
	arm = fed_older(fed_list(FN_NOWHERE, T1));
	fed(KERNEL_CANCELLED, &arm);
	arm.function = 0;
	fed(KERNEL_CANCELLED, &arm);
}

/* Only what rows are of, and how many arms they have. */
static void expect_groups(uint32_t by, const char *expected)
{
	char text[FED_TEXT_MAX] = "";
	size_t count, used = 0;
	const struct kernel_row *rows;
	struct kernel_row *listed;

	fed_prepare(by);
	fed_scene.tick_ns = 0;
	fed_open();
	everybody();
	listed = kernel_stats_rows(fed_stats, &count);
	kernel_stats_rows_free(listed);
	rows = fed_rows(count);
	for (size_t i = 0; i < count; i++) {
		char line[FED_TEXT_MAX], *end;

		fed_text(line, &rows[i]);
		end = strstr(line, "fired_percent=");
		if (!end)
			end = strstr(line, "from_interrupt=");
		if (!end)
			end = strstr(line, "timeout_ns=");
		if (end)
			end[end > line ? -1 : 0] = '\0';
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", line);
	}
	CU_ASSERT_STRING_EQUAL(text, expected);
	if (strcmp(text, expected) != 0)
		fprintf(stderr, "\nby %#x:\n%s\nexpected:\n%s\n", by, text, expected);
	fed_end();
}

static void groups(void)
{
	expect_groups(KERNEL_BY_CALLBACK,
		      "callback=0xffffffff90000000 timers=1 older=1 cancelled=1\n"
		      "callback=drv_poll module=drv timers=1 started=1 pending=1\n"
		      "callback=drv_watch module=drv timers=1 started=1 pending=1\n"
		      "callback=hrtimer_wakeup module=kernel timers=1 started=1 pending=1\n"
		      "callback=net_poll module=net timers=1 started=2 pending=2\n"
		      "callback=tcp_write_timer module=kernel timers=2 started=2 pending=2\n"
		      "callback=tick_nohz_handler module=kernel timers=2 started=2 pending=2\n"
		      "timers=1 older=1 cancelled=1\n");
	expect_groups(KERNEL_BY_MODULE, "module=drv timers=1 started=2 pending=2\n"
					"module=kernel timers=3 started=5 pending=5\n"
					"module=net timers=1 started=2 pending=2\n"
					"timers=1 older=2 cancelled=2\n");
	expect_groups(KERNEL_BY_MECHANISM, "timers=2 started=3 pending=3\n"
					   "timers=2 started=6 older=2 cancelled=2 pending=6\n");
	expect_groups(KERNEL_BY_PROCESS, "comm=irq/softirq timers=1 started=3 pending=3\n"
					 "pid=0 comm=swapper/0 timers=1 started=1 pending=1\n"
					 "pid=0 comm=swapper/1 timers=1 started=1 pending=1\n"
					 "pid=42 comm=app timers=2 started=2 pending=2\n"
					 "pid=43 comm=app timers=1 started=1 pending=1\n"
					 "timers=1 started=1 older=2 cancelled=2 pending=1\n");
	expect_groups(KERNEL_BY_COMM, "comm=app timers=3 started=3 pending=3\n"
				      "comm=irq/softirq timers=1 started=3 pending=3\n"
				      "comm=swapper/0 timers=1 started=1 pending=1\n"
				      "comm=swapper/1 timers=1 started=1 pending=1\n"
				      "timers=1 started=1 older=2 cancelled=2 pending=1\n");
	expect_groups(KERNEL_BY_CPU, "cpu=0 timers=1 started=1 pending=1\n"
				     "cpu=1 timers=3 started=8 pending=8\n"
				     "timers=1 older=2 cancelled=2\n");
	expect_groups(KERNEL_BY_CALLER, "caller=0xffffffff90000000 timers=1 started=1 pending=1\n"
					"caller=tcp_send timers=2 started=2 pending=2\n"
					"timers=3 started=6 older=2 cancelled=2 pending=6\n");
	expect_groups(KERNEL_BY_TIMER,
		      "timer=0xffff888000001000 timers=1 started=5 older=2 cancelled=2 pending=5\n"
		      "timer=0xffff888000002000 timers=1 started=2 pending=2\n"
		      "timer=0xffff888000003000 timers=1 started=2 pending=2\n");
	expect_groups(KERNEL_BY_COMM | KERNEL_BY_MODULE,
		      "module=drv comm=irq/softirq timers=1 started=2 pending=2\n"
		      "module=kernel comm=app timers=3 started=3 pending=3\n"
		      "module=kernel comm=swapper/0 timers=1 started=1 pending=1\n"
		      "module=kernel comm=swapper/1 timers=1 started=1 pending=1\n"
		      "module=net comm=irq/softirq timers=1 started=1 pending=1\n"
		      "module=net timers=1 started=1 pending=1\n"
		      "timers=1 older=2 cancelled=2\n");
}

/* The same callback of both mechanisms is two rows, as everything else that differs. */
static void mechanisms_apart(void)
{
	struct kernel_arm list = fed_list(FN_TCP, T1), hrtimer = fed_hrtimer(FN_TCP, T1);
	const struct kernel_row *rows;
	size_t count;
	struct kernel_row *callbacks;

	fed_begin(KERNEL_BY_CALLBACK);
	fed(KERNEL_STARTED, &list);
	fed(KERNEL_STARTED, &hrtimer);
	rows = fed_rows(2);
	CU_ASSERT_TRUE(rows[0].has_mechanism && rows[1].has_mechanism);
	CU_ASSERT_NOT_EQUAL(rows[0].mechanism, rows[1].mechanism);
	fed_end();
	/* and by callback they are, whatever was asked for */
	fed_begin(KERNEL_BY_PROCESS);
	fed(KERNEL_STARTED, &list);
	fed(KERNEL_STARTED, &hrtimer);
	CU_ASSERT_FALSE(fed_rows(1)->has_mechanism);
	callbacks = kernel_stats_callbacks(fed_stats, &count);
	CU_ASSERT_EQUAL_FATAL(count, 2);
	CU_ASSERT_STRING_EQUAL(callbacks[0].callback.name, "tcp_write_timer");
	CU_ASSERT_EQUAL(callbacks[0].by, KERNEL_BY_CALLBACK);
	kernel_stats_rows_free(callbacks);
	fed_end();
}

/* Many rows of all kinds are found again. */
static void many_rows(void)
{
	fed_begin(KERNEL_BY_PROCESS | KERNEL_BY_TIMER);
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < 3000; i++) {
			struct kernel_arm arm = fed_list(FN_TCP, T1 + (uint64_t)(i % 1000) * 64);

			arm = fed_by_task(arm, (int32_t)(i % 1500) + 1, i % 3 ? "app" : "cron");
			fed(round ? KERNEL_CANCELLED : KERNEL_STARTED, &arm);
		}
	fed_rows(3000);
	fed_expect_total("started=3000 cancelled=3000 "
			 "timeout_ns=1000000000/1000000000/1000000000/1000000000 "
			 "timeout_jiffies=250/250/250/250");
	fed_end();
}

/* --- timers -------------------------------------------------------------------------------------- */

/* Each is one, however often it is armed, and in each row. */
static void distinct_timers(void)
{
	struct kernel_arm arm;

	fed_begin(KERNEL_BY_CALLBACK);
	for (int i = 0; i < 100; i++) {
		arm = fed_list(i % 2 ? FN_TCP : FN_POLL, T1 + (uint64_t)(i % 20) * 0x100000000ULL);
		fed(KERNEL_STARTED, &arm);
		fed(KERNEL_CANCELLED, &arm);
	}
	CU_ASSERT_EQUAL(fed_rows(2)[0].timers, 10);
	CU_ASSERT_EQUAL(fed_rows(2)[1].timers, 10);
	/* made is not used, and whose it is nothing that happens to it */
	arm.address = T2 + 1;
	fed(KERNEL_MADE, &arm);
	fed(KERNEL_OWNED, &arm);
	CU_ASSERT_EQUAL(fed_rows(2)[1].timers, 10);
	kernel_stats_reset(fed_stats);
	fed(KERNEL_STARTED, &arm);
	CU_ASSERT_EQUAL(fed_rows(1)->timers, 1);
	fed_end();
}

static void too_many_timers(void)
{
	struct kernel_arm arm = fed_list(FN_TCP, 0), other = fed_list(FN_POLL, T1);
	char text[FED_TEXT_MAX];

	fed_prepare(KERNEL_BY_CALLBACK);
	fed_scene.histograms = 0;
	fed_open();
	fed(KERNEL_STARTED, &other);
	for (unsigned i = 1; i < 1000000; i++) {
		arm.address = T2 + (uint64_t)i * 64;
		if (kernel_stats_change(fed_stats, &(struct kernel_change){ .what = KERNEL_STARTED,
									    .arm = &arm }) < 0)
			CU_FAIL("there is memory");
	}
	CU_ASSERT_EQUAL(fed_rows(2)[1].timers, 999999);
	CU_ASSERT_FALSE(fed_rows(2)[1].timers_unknown);
	/* those that are known are no more of them */
	fed(KERNEL_CANCELLED, &arm);
	CU_ASSERT_FALSE(fed_rows(2)[1].timers_unknown);
	arm.address = T2 - 64;
	fed(KERNEL_STARTED, &arm);
	CU_ASSERT_TRUE(fed_rows(2)[1].timers_unknown);
	CU_ASSERT_EQUAL(fed_rows(2)[1].started, 1000000);
	fed_text(text, &fed_rows(2)[1]);
	CU_ASSERT_PTR_NULL(strstr(text, "timers="));
	CU_ASSERT_FALSE(fed_rows(2)[0].timers_unknown);
	CU_ASSERT_EQUAL(fed_rows(2)[0].timers, 1);
	kernel_stats_reset(fed_stats);
	fed(KERNEL_CANCELLED, &arm);
	CU_ASSERT_EQUAL(fed_rows(1)->timers, 1);
	fed_end();
}

int suite_kernel_stats(void)
{
	CU_pSuite suite = CU_add_suite("kernel_stats", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, balances) || !CU_ADD_TEST(suite, ends) ||
	    !CU_ADD_TEST(suite, callbacks_change) ||
	    !CU_ADD_TEST(suite, callback_changes_under_way) || !CU_ADD_TEST(suite, resets) ||
	    !CU_ADD_TEST(suite, groups) || !CU_ADD_TEST(suite, mechanisms_apart) ||
	    !CU_ADD_TEST(suite, many_rows) || !CU_ADD_TEST(suite, distinct_timers) ||
	    !CU_ADD_TEST(suite, too_many_timers))
		return (int)CU_get_error();
	return 0;
}
