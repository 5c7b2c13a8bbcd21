/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports of the kernel's timers: tables in time, their order, and what is said in the end. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "kernel_figured.h"
#include "records.h"
#include "suites.h"

#define T1 0xffff888000001000ULL
#define T2 0xffff888000002000ULL

static void arm(uint64_t function, uint64_t address)
{
	struct kernel_arm list = fed_list(function, address);

	kernel_figured_fed(KERNEL_STARTED, &list);
}

static void fire(uint64_t function, uint64_t address)
{
	struct kernel_arm list = fed_list(function, address);

	kernel_figured_fed(KERNEL_FIRED, &list);
}

static void cancel(uint64_t function, uint64_t address)
{
	struct kernel_arm list = fed_list(function, address);

	kernel_figured_fed(KERNEL_CANCELLED, &list);
}

/* --- in time ------------------------------------------------------------------------------- */

/* What is pending when a table ends is older in the next. */
static void intervals(void)
{
	kernel_figured_begin("--interval 100ms --format tsv --no-header --fields "
			     "mono_ns,span_ns,callback,started,older,cancelled,fired,pending");
	arm(FN_TCP, T1);
	arm(FN_POLL, T2);
	kernel_figured_pass(1100);
	/* nothing */
	kernel_figured_pass(1200);
	fire(FN_POLL, T2);
	kernel_figured_pass(1300);
	cancel(FN_TCP, T1);
	arm(FN_TCP, T1);
	kernel_figured_finish(1350);
	kernel_figured_expect("1100000000\t100000000\tdrv_poll\t1\t0\t0\t0\t1\n"
			      "1100000000\t100000000\ttcp_write_timer\t1\t0\t0\t0\t1\n"
			      "1300000000\t100000000\tdrv_poll\t0\t1\t0\t1\t0\n"
			      "1350000000\t50000000\ttcp_write_timer\t1\t1\t1\t0\t1\n");
	CU_ASSERT_TRUE(report_any(kernel_figured));
	CU_ASSERT_FALSE(report_found(kernel_figured));
	kernel_figured_end("");
}

static void text_tables(void)
{
	kernel_figured_begin("--interval 100ms --no-header -c 2");
	kernel_figured_pass(1100);
	arm(FN_TCP, T1);
	fire(FN_TCP, T1);
	CU_ASSERT_FALSE(report_done(kernel_figured));
	kernel_figured_pass(1250);
	CU_ASSERT_TRUE(report_done(kernel_figured));
	arm(FN_TCP, T1);
	kernel_figured_finish(1900);
	kernel_figured_expect("100ms: 0 arms, 0 expiries\n"
			      "100ms: 1 arm, 1 expiry\n"
			      "tcp_write_timer timer_list 1 0 0 1 0 1.00s -\n");
	kernel_figured_end("");
	/* nothing at all */
	kernel_figured_begin("");
	kernel_figured_finish(1500);
	kernel_figured_expect("500ms: 0 arms, 0 expiries\n");
	CU_ASSERT_FALSE(report_any(kernel_figured));
	kernel_figured_end("");
}

static void until(void)
{
	kernel_figured_begin("--until fired>=2 --interval 50ms -q");
	arm(FN_TCP, T1);
	fire(FN_TCP, T1);
	kernel_figured_pass(1060);
	CU_ASSERT_FALSE(report_done(kernel_figured));
	arm(FN_TCP, T1);
	fire(FN_TCP, T1);
	CU_ASSERT_FALSE(report_done(kernel_figured));
	kernel_figured_pass(1070);
	/* of all the time, not of the table at hand */
	CU_ASSERT_TRUE(report_done(kernel_figured));
	kernel_figured_finish(1070);
	kernel_figured_expect("");
	kernel_figured_end("");
}

/* --- what is said in the end ----------------------------------------------------------------- */

static void expectations(void)
{
	kernel_figured_begin("--expect started==2 --expect 'cancelled > 0' --expect pending<1 "
			     "--expect 'late.max < 1ms' --top 1 --no-header");
	arm(FN_TCP, T1);
	arm(FN_TCP, T2);
	cancel(FN_TCP, T1);
	kernel_figured_finish(2000);
	CU_ASSERT_TRUE(report_found(kernel_figured));
	kernel_figured_end("timersnoop: expected 'pending<1': pending is 1, not below 1\n"
			   "timersnoop: expected 'late.max < 1ms': late_ns_max is not known\n");
	kernel_figured_begin("--expect timers==1 -q");
	arm(FN_TCP, T1);
	kernel_figured_finish(2000);
	kernel_figured_end("timersnoop: expected 'timers==1': timers is not known\n");
}

static void findings(void)
{
	static const struct {
		const char *words;
		bool found;
		const char *told;
	} cases[] = {
		{ "", false, "" },
		{ "--fail-on overdue,slow-callback", false, "" },
		{ "--fail-on always-fires", true,
		  "timersnoop: found always-fires: callback tcp_write_timer: armed 3 times, never "
		  "cancelled; of those that ended, all expired, after 1.00s in the median\n" },
		{ "--fail-on any", true,
		  "timersnoop: found always-fires: callback tcp_write_timer: armed 3 times, never "
		  "cancelled; of those that ended, all expired, after 1.00s in the median\n" },
		{ "--fail-on warning", false, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char words[128];

		snprintf(words, sizeof(words), "--limit fires=3 --no-header %s", cases[i].words);
		kernel_figured_begin(words);
		for (int j = 0; j < 3; j++) {
			arm(FN_TCP, T1);
			fire(FN_TCP, T1);
		}
		kernel_figured_finish(2000);
		CU_ASSERT_EQUAL(report_found(kernel_figured), cases[i].found);
		kernel_figured_expect(
			"1.00s: 3 arms, 3 expiries\n"
			"tcp_write_timer timer_list 3 0 0 3 0 1.00s -\n"
			"\n"
			"info always-fires: callback tcp_write_timer\n"
			"seen: armed 3 times, never cancelled; of those that ended, all expired, "
			"after 1.00s in the median\n"
			"do: see whether what it waits for comes at all, and in time: a timeout is "
			"there to be cancelled\n");
		kernel_figured_end(cases[i].told);
	}
}

/* A loss is a finding, and is in every row. */
static void lost(void)
{
	kernel_figured_begin("--fail-on data-incomplete --format tsv --no-header --interval 1s "
			     "--fields callback,incomplete");
	arm(FN_TCP, T1);
	report_kernel_lost(kernel_figured);
	arm(FN_POLL, T1);
	kernel_figured_pass(2000);
	arm(FN_POLL, T1);
	kernel_figured_loss = (struct diagnosis_loss){ true, "7 records" };
	kernel_figured_finish(2500);
	kernel_figured_expect("drv_poll\ttrue\ntcp_write_timer\ttrue\ndrv_poll\tfalse\n");
	CU_ASSERT_TRUE(report_found(kernel_figured));
	kernel_figured_end("timersnoop: found data-incomplete: 7 records\n");
}

/* --- order -------------------------------------------------------------------------------------- */

static void armed_by(int32_t pid, const char *comm, int cpu, unsigned times)
{
	struct kernel_arm list = fed_by_task(fed_list(FN_TCP, T1), pid, comm);

	list.cpu = cpu;
	list.caller = pid == 9 ? FN_SEND : 0;
	for (unsigned i = 0; i < times; i++)
		kernel_figured_fed(KERNEL_STARTED, &list);
}

static void expect_order(const char *words, const char *expected)
{
	char all[200];

	snprintf(all, sizeof(all), "--format tsv --no-header %s", words);
	kernel_figured_begin(all);
	armed_by(9, "cron", 1, 2);
	armed_by(5, "app", 0, 2);
	armed_by(4, "app", 0, 2);
	armed_by(7, "busy", 1, 3);
	arm(FN_POLL, T1);
	arm(FN_POLL, T1);
	fire(FN_POLL, T1);
	fire(FN_POLL, T1);
	kernel_figured_finish(2000);
	kernel_figured_expect(expected);
	kernel_figured_end("");
}

static void orders(void)
{
	/* what is armed and expires most; of equals by name, then by process */
	expect_order("--by process --fields comm,pid",
		     "app\t42\nbusy\t7\napp\t4\napp\t5\ncron\t9\n");
	expect_order("--by callback --fields callback", "tcp_write_timer\ndrv_poll\n");
	expect_order("--by comm --fields comm,started", "app\t6\nbusy\t3\ncron\t2\n");
	expect_order("--by cpu --fields cpu,started", "1\t7\n0\t4\n");
	expect_order("--by caller --callers --fields caller,started", "\t9\ntcp_send\t2\n");
	expect_order("--by process --sort pid --fields pid", "42\n9\n7\n5\n4\n");
	expect_order("--by process --sort +pid --top 2 --fields pid", "4\n5\n");
	expect_order("--by process --sort comm --fields comm,pid",
		     "app\t42\napp\t4\napp\t5\nbusy\t7\ncron\t9\n");
	expect_order("--by process --where 'comm == app && pid < 10' --fields pid", "4\n5\n");
	expect_order("--by process --where 'fired > 0' --fields pid", "42\n");
}

/* Of equals, too, the order is one that somebody can foresee. */
static void ties(void)
{
	kernel_figured_begin("--by cpu --format tsv --no-header --fields cpu");
	for (int cpu = 63; cpu >= 0; cpu--)
		armed_by(5, "app", cpu, 1);
	kernel_figured_finish(2000);
	for (int cpu = 0, at = 0; cpu < 64; cpu++) {
		int end = 0;
		int seen = -1;

		CU_ASSERT_EQUAL(sscanf(kernel_figured_written + at, "%d\n%n", &seen, &end), 1);
		CU_ASSERT_EQUAL(seen, cpu);
		at += end;
	}
	kernel_figured_end("");
	kernel_figured_begin("--by timer --format tsv --no-header --fields timer");
	arm(FN_TCP, T2);
	arm(FN_TCP, T1);
	kernel_figured_finish(2000);
	kernel_figured_expect("0xffff888000001000\n0xffff888000002000\n");
	kernel_figured_end("");
	kernel_figured_begin("--by callback --format tsv --no-header --fields callback,mechanism");
	arm(FN_NOWHERE + 16, T1);
	arm(FN_NOWHERE, T1);
	kernel_figured_fed(KERNEL_STARTED,
			   &(struct kernel_arm){ .mechanism = KERNEL_HRTIMER, .function = FN_TCP });
	arm(FN_TCP, T1);
	kernel_figured_finish(2000);
	kernel_figured_expect("0xffffffff90000000\ttimer_list\n0xffffffff90000010\ttimer_list\n"
			      "tcp_write_timer\ttimer_list\ntcp_write_timer\thrtimer\n");
	kernel_figured_end("");
}

/* What wakes idle CPUs most, when that is the question. */
static void wakers(void)
{
	struct kernel_arm tcp = fed_list(FN_TCP, T1);
	struct kernel_change change;

	kernel_figured_begin("--wakeups --by callback --no-header");
	for (int i = 0; i < 5; i++)
		arm(FN_POLL, T1);
	change = fed_change_of(KERNEL_WAKEUP, &tcp);
	change.waker = WAKER_TIMER;
	change.idle_ns = 2 * MS;
	kernel_figured_tell(&change);
	kernel_figured_finish(2000);
	kernel_figured_expect("1.00s: 5 arms, 0 expiries, 1 idle period ended by a timer\n"
			      "tcp_write_timer - 1 1.00 0 0 0 -\n"
			      "drv_poll - 0 0.00 0 0 0 1.00s\n"
			      "\n"
			      "What ended the idle periods of CPUs\n"
			      "1 1 2.00ms 1 0 0 0 1.00 0 0 -\n");
	kernel_figured_end("");
	/* fields that were chosen are all there is */
	kernel_figured_begin("--wakeups --by callback --no-header --fields callback,wakeups");
	kernel_figured_tell(&change);
	kernel_figured_finish(2000);
	kernel_figured_expect("tcp_write_timer\t1\n");
	kernel_figured_end("");
}

/* Of all, or with --by of each row. */
static void histograms(void)
{
	kernel_figured_begin("--hist timeout --no-header");
	arm(FN_TCP, T1);
	arm(FN_POLL, T1);
	kernel_figured_finish(2000);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(kernel_figured_written, "\nfrom arming to the instant asked for\n"));
	CU_ASSERT_PTR_NULL(strstr(kernel_figured_written, "asked for:"));
	kernel_figured_end("");
	kernel_figured_begin("--hist timeout,run --by callback --no-header");
	arm(FN_TCP, T1);
	arm(FN_POLL, T1);
	kernel_figured_finish(2000);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(kernel_figured_written, "asked for: tcp_write_timer timer_list kernel\n"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(kernel_figured_written, "run time of callbacks: drv_poll timer_list drv\n"));
	CU_ASSERT_PTR_NULL(strstr(kernel_figured_written, "lateness"));
	kernel_figured_end("");
}

static void wrong_usage(void)
{
	kernel_figured_refuse("--fields callback,cals", "--fields: no field 'cals'");
	kernel_figured_refuse("--sort comm,pid", "--sort takes one field");
	kernel_figured_refuse("--where arms>1", "--where: there is no field 'arms'");
	kernel_figured_refuse("--until expiries>1", "--until: there is no field 'expiries'");
	kernel_figured_refuse("--expect lost==0", "--expect: there is no field 'lost'");
}

int suite_report_kernel(void)
{
	CU_pSuite suite = CU_add_suite("report_kernel", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, intervals) || !CU_ADD_TEST(suite, text_tables) ||
	    !CU_ADD_TEST(suite, until) || !CU_ADD_TEST(suite, expectations) ||
	    !CU_ADD_TEST(suite, findings) || !CU_ADD_TEST(suite, lost) ||
	    !CU_ADD_TEST(suite, orders) || !CU_ADD_TEST(suite, ties) ||
	    !CU_ADD_TEST(suite, wakers) || !CU_ADD_TEST(suite, histograms) ||
	    !CU_ADD_TEST(suite, wrong_usage))
		return (int)CU_get_error();
	return 0;
}
