/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Figures of the kernel's timers that are more than counts: times, flags, evidence, idle CPUs. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_fed.h"
#include "records.h"
#include "short_memory.h"
#include "suites.h"

#define T1 0xffff888000001000ULL
#define T2 0xffff888000002000ULL

/* What the only row says. */
static void expect_flags(struct kernel_arm arm, const char *expected)
{
	char text[FED_TEXT_MAX], *at;

	arm.has_timeout = false;
	fed_begin(KERNEL_BY_CALLBACK);
	fed(KERNEL_STARTED, &arm);
	fed_text(text, fed_rows(1));
	at = strstr(text, "pending=1");
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	CU_ASSERT_STRING_EQUAL(at + strlen("pending=1"), expected);
	if (strcmp(at + strlen("pending=1"), expected) != 0)
		fprintf(stderr, "\n%s\n", at);
	fed_end();
}

static void flags(void)
{
	struct kernel_arm list = fed_list(FN_TCP, T1), hrtimer = fed_hrtimer(FN_WAKE, T1);

	list.timeout_jiffies = 3;
	expect_flags(list, " timeout_jiffies=3/3/3/3");
	list.flags = TIMER_FLAG_DEFERRABLE | 5;
	expect_flags(list, " deferrable=1 timeout_jiffies=3/3/3/3");
	list.flags = TIMER_FLAG_PINNED;
	expect_flags(list, " pinned=1 timeout_jiffies=3/3/3/3");
	list.flags = TIMER_FLAG_IRQSAFE;
	expect_flags(list, " irqsafe=1 timeout_jiffies=3/3/3/3");
	/* modes of the other mechanism mean nothing */
	list.flags = 0;
	list.mode = HRTIMER_MODE_PINNED | HRTIMER_MODE_SOFT;
	expect_flags(list, " timeout_jiffies=3/3/3/3");
	expect_flags(hrtimer, "");
	hrtimer.flags = TIMER_FLAG_DEFERRABLE | TIMER_FLAG_PINNED | TIMER_FLAG_IRQSAFE;
	expect_flags(hrtimer, "");
	hrtimer.mode = 0;
	expect_flags(hrtimer, " absolute=1");
	hrtimer.immediate = true;
	expect_flags(hrtimer, "");
	hrtimer.immediate = false;
	hrtimer.mode = HRTIMER_MODE_RELATIVE | HRTIMER_MODE_PINNED;
	expect_flags(hrtimer, " pinned=1");
	hrtimer.mode = HRTIMER_MODE_RELATIVE | HRTIMER_MODE_SOFT;
	expect_flags(hrtimer, " soft=1");
	hrtimer = fed_by_interrupt(hrtimer);
	hrtimer.rearmed = true;
	expect_flags(hrtimer, " rearmed=1 from_interrupt=1 soft=1");
}

/* On which CPUs a callback ran, and whether that is where it was armed. */
static void cpus(void)
{
	static const int ran[] = { 0, 1, 63, 64, 1023, 1, 64 };
	struct kernel_arm tcp = fed_list(FN_TCP, T1);
	struct kernel_change change;

	fed_begin(KERNEL_BY_CALLBACK);
	for (size_t i = 0; i < sizeof(ran) / sizeof(ran[0]); i++) {
		fed(KERNEL_STARTED, &tcp);
		change = fed_change_of(KERNEL_FIRED, &tcp);
		change.cpu = ran[i];
		change.migrated = ran[i] != 1;
		fed_tell(&change);
	}
	/* that nobody can know of is on none */
	for (int i = 0; i < 2; i++) {
		fed(KERNEL_STARTED, &tcp);
		change = fed_change_of(KERNEL_FIRED, &tcp);
		change.cpu = i ? -1 : KERNEL_CPUS_MAX;
		fed_tell(&change);
	}
	CU_ASSERT_PTR_NOT_NULL(fed_rows(1));
	CU_ASSERT_EQUAL(fed_rows(1)->migrations, 5);
	CU_ASSERT_EQUAL(fed_rows(1)->cpus[0], 1ULL << 63 | 3);
	CU_ASSERT_EQUAL(fed_rows(1)->cpus[1], 1);
	CU_ASSERT_EQUAL(fed_rows(1)->cpus[15], 1ULL << 63);
	fed_end();
	/* what is not queued runs nowhere */
	fed_begin(KERNEL_BY_CALLBACK);
	tcp.immediate = true;
	fed(KERNEL_STARTED, &tcp);
	fed(KERNEL_FIRED, &tcp);
	CU_ASSERT_EQUAL(fed_rows(1)->cpus[0], 0);
	CU_ASSERT_EQUAL(fed_rows(1)->immediate, 1);
	fed_end();
}

/* Of each only what is known. */
static void times(void)
{
	struct kernel_arm tcp = fed_list(FN_TCP, T1);
	struct kernel_change change = fed_change_of(KERNEL_FIRED, &tcp);

	fed_begin(KERNEL_BY_CALLBACK);
	tcp.has_timeout = false;
	fed(KERNEL_STARTED, &tcp);
	change.late_ns = change.beyond_ns = change.late_jiffies = change.run_ns = 77;
	fed_tell(&change);
	change.what = KERNEL_RAN;
	fed_tell(&change);
	fed_expect("callback=tcp_write_timer module=kernel timers=1 started=1 fired=1 "
		   "fired_percent=100 cpus=1 timeout_jiffies=250/250/250/250\n");
	fed(KERNEL_STARTED, &tcp);
	change.what = KERNEL_FIRED;
	change.has_jiffies = true;
	fed_tell(&change);
	fed(KERNEL_STARTED, &tcp);
	change.has_late = true;
	fed_tell(&change);
	fed(KERNEL_STARTED, &tcp);
	change.has_beyond = true;
	change.beyond_ns = -5;
	fed_tell(&change);
	change.what = KERNEL_RAN;
	change.has_run = true;
	fed_tell(&change);
	fed_expect("callback=tcp_write_timer module=kernel timers=1 started=4 fired=4 "
		   "fired_percent=100 cpus=1 timeout_jiffies=250/250/250/250 late_ns=77/77/77/77 "
		   "late_jiffies=77/77/77/77 beyond_ns=-5/-5/-5/-5 run_ns=77/77/77/77\n");
	fed_end();
}

/* What was armed for an instant that had gone by is late for that, not for the kernel. */
static void past(void)
{
	struct kernel_arm wake = fed_hrtimer(FN_WAKE, T1);

	fed_begin(KERNEL_BY_CALLBACK);
	wake.timeout_ns = -1;
	fed(KERNEL_STARTED, &wake);
	fed_expire(&wake, 5000 * MS, 5000 * MS, US);
	wake.timeout_ns = 0;
	fed(KERNEL_STARTED, &wake);
	fed_expire(&wake, 2 * MS, MS, US);
	fed_expect("callback=hrtimer_wakeup module=kernel timers=1 started=2 fired=2 "
		   "fired_percent=100 past=1 cpus=1 timeout_ns=0/0/0/0 "
		   "late_ns=2000000/2000000/2000000/2000000 "
		   "beyond_ns=1000000/1000000/1000000/1000000 run_ns=1000/1000/1000/1000\n");
	CU_ASSERT_EQUAL(fed_rows(1)->evidence.overdue, 0);
	fed_end();
}

static uint64_t in_row(const struct kernel_row *row, enum kernel_histogram_of of, int64_t ns)
{
	return row->histograms ? row->histograms[of].rows[histogram_row(ns)] : 0;
}

static void histograms(void)
{
	struct kernel_arm tcp = fed_list(FN_TCP, T1);

	for (unsigned kinds = 0; kinds < 1u << KERNEL_HISTOGRAM_COUNT; kinds++) {
		const struct kernel_row *row;

		fed_prepare(KERNEL_BY_CALLBACK);
		fed_scene.histograms = kinds;
		fed_open();
		tcp.timeout_ns = 8 * MS;
		fed(KERNEL_STARTED, &tcp);
		fed_expire(&tcp, 64 * MS, 63 * MS, 128 * US);
		row = fed_rows(1);
		CU_ASSERT_EQUAL(row->histograms != NULL, kinds != 0);
		CU_ASSERT_EQUAL(in_row(row, KERNEL_HISTOGRAM_TIMEOUT, 8 * MS),
				kinds >> KERNEL_HISTOGRAM_TIMEOUT & 1);
		CU_ASSERT_EQUAL(in_row(row, KERNEL_HISTOGRAM_LATE, 64 * MS),
				kinds >> KERNEL_HISTOGRAM_LATE & 1);
		CU_ASSERT_EQUAL(in_row(row, KERNEL_HISTOGRAM_RUN, 128 * US),
				kinds >> KERNEL_HISTOGRAM_RUN & 1);
		kernel_stats_reset(fed_stats);
		CU_ASSERT_PTR_NULL(kernel_stats_total(fed_stats)->histograms);
		fed_end();
	}
}

/* --- evidence -------------------------------------------------------------------------------- */

static void evidence(void)
{
	struct kernel_arm list = fed_list(FN_POLL, T1), tick = fed_hrtimer(FN_TICK, T2);
	const struct kernel_evidence *seen;
	uint64_t first;

	fed_begin(KERNEL_BY_CALLBACK);
	/* for a jiffy or less */
	list.timeout_ns = 4 * MS + 1;
	fed(KERNEL_STARTED, &list);
	first = fed_now;
	list.timeout_ns = 4 * MS;
	list.ts = fed_now;
	fed(KERNEL_REPLACED, &list);
	fed(KERNEL_STARTED, &list);
	list.timeout_ns = 0;
	list.rearmed = true;
	list.ts = fed_now;
	fed(KERNEL_STARTED, &list);
	/* runs as long as is well, or longer; the same of how late it is */
	fed_expire(&list, 0, fed_limits.overdue_ns, fed_limits.run_ns);
	fed_expire(&list, 0, fed_limits.overdue_ns + 1, fed_limits.run_ns + 1);
	seen = &fed_rows(1)->evidence;
	CU_ASSERT_EQUAL(seen->outside, 2);
	CU_ASSERT_EQUAL(seen->next_jiffy, 2);
	CU_ASSERT_EQUAL(seen->first_ns, first);
	CU_ASSERT_EQUAL(seen->last_ns, list.ts);
	CU_ASSERT_EQUAL(seen->slow, 1);
	CU_ASSERT_EQUAL(seen->overdue, 1);
	/* of the tick that is what it is for */
	tick.timeout_ns = 4 * MS;
	fed(KERNEL_STARTED, &tick);
	CU_ASSERT_EQUAL(kernel_stats_total(fed_stats)->evidence.next_jiffy, 2);
	CU_ASSERT_EQUAL(kernel_stats_total(fed_stats)->evidence.slow, 1);
	/* what may be put off is never overdue */
	list.flags = TIMER_FLAG_DEFERRABLE;
	fed_expire(&list, 0, 1000 * MS, 0);
	CU_ASSERT_EQUAL(kernel_stats_total(fed_stats)->evidence.overdue, 1);
	tick.flags = TIMER_FLAG_DEFERRABLE;
	fed_expire(&tick, 0, 1000 * MS, 0);
	CU_ASSERT_EQUAL(kernel_stats_total(fed_stats)->evidence.overdue, 2);
	kernel_stats_reset(fed_stats);
	CU_ASSERT_EQUAL(kernel_stats_total(fed_stats)->evidence.overdue, 0);
	CU_ASSERT_EQUAL(kernel_stats_total(fed_stats)->evidence.next_jiffy, 0);
	fed_end();
	/* how long a jiffy is, nobody knows; or which is the tick */
	fed_prepare(KERNEL_BY_CALLBACK);
	fed_scene.tick_ns = 0;
	fed_open();
	list.timeout_ns = 0;
	fed(KERNEL_STARTED, &list);
	CU_ASSERT_EQUAL(fed_rows(1)->evidence.next_jiffy, 0);
	fed_end();
	fed_prepare(KERNEL_BY_CALLBACK);
	fed_scene.is_tick = NULL;
	fed_open();
	fed(KERNEL_STARTED, &tick);
	CU_ASSERT_EQUAL(fed_rows(1)->evidence.next_jiffy, 1);
	fed_end();
}

/* --- idle CPUs -------------------------------------------------------------------------------- */

static void tick_stop(int cpu, bool idle, int32_t dependency)
{
	struct kernel_change change = fed_change_of(KERNEL_TICK_STOP, NULL);

	change.cpu = cpu;
	change.idle = idle;
	change.dependency = dependency;
	fed_tell(&change);
}

static void idle_cpus(void)
{
	struct kernel_arm tcp = fed_list(FN_TCP, T1), tick = fed_hrtimer(FN_TICK, T2);
	struct kernel_change change;
	size_t count;

	fed_begin(KERNEL_BY_CALLBACK);
	fed_expect_cpus("");
	fed_wake(2, WAKER_TIMER, &tcp, 3 * MS);
	fed_wake(2, WAKER_TICK, &tick, MS);
	fed_wake(2, WAKER_OTHER, NULL, MS);
	fed_wake(0, WAKER_NONE, NULL, 7 * MS);
	/* what only ran then has ended nothing */
	change = fed_change_of(KERNEL_WAKEUP, &tcp);
	change.alongside = true;
	change.cpu = 2;
	fed_tell(&change);
	tick_stop(0, true, 0);
	tick_stop(2, false, 1 << 2);
	tick_stop(2, false, 1 << 2 | 1 << 4 | 1 << 7);
	/* others than these tell nothing of a CPU */
	change = fed_change_of(KERNEL_BASE_IDLE, NULL);
	change.cpu = 3;
	fed_tell(&change);
	change.what = KERNEL_CPU_IDLE;
	change.idle = true;
	fed_tell(&change);
	fed_expect_cpus("0 1 0 0 0 1 7000000 1 0\n"
			"2 3 1 1 1 0 5000000 0 2 SCHED:2|RCU:1|OTHER:1\n");
	fed_expect("callback=tcp_write_timer module=kernel timers=1 wakeups=1 alongside=1\n"
		   "callback=tick_nohz_handler module=kernel timers=1 wakeups=1\n");
	kernel_stats_set_span(fed_stats, 5, 5 + 2 * NSEC_PER_SEC);
	CU_ASSERT_EQUAL(kernel_stats_cpus(fed_stats, &count)[1].seconds, 2);
	CU_ASSERT_EQUAL(kernel_stats_total(fed_stats)->cpu_row_count, 2);
	CU_ASSERT_EQUAL(kernel_stats_total(fed_stats)->cpu_rows[0].periods, 1);
	kernel_stats_reset(fed_stats);
	fed_expect_cpus("");
	/* they keep their numbers */
	fed_wake(1, WAKER_OTHER, NULL, 1);
	fed_wake(2, WAKER_OTHER, NULL, 1);
	fed_expect_cpus("1 1 0 0 1 0 1 0 0\n2 1 0 0 1 0 1 0 0\n");
	fed_end();
}

/* --- the rest --------------------------------------------------------------------------------- */

static void spans(void)
{
	struct kernel_arm tcp = fed_list(FN_TCP, T1);

	fed_begin(KERNEL_BY_CALLBACK);
	fed(KERNEL_STARTED, &tcp);
	CU_ASSERT_EQUAL(fed_rows(1)->seconds, 0);
	kernel_stats_set_span(fed_stats, NSEC_PER_SEC, 3500 * MS);
	CU_ASSERT_EQUAL(fed_rows(1)->seconds, 2.5);
	CU_ASSERT_EQUAL(fed_rows(1)->end_ns, 3500 * MS);
	/* none that is shorter than nothing */
	kernel_stats_set_span(fed_stats, 4 * NSEC_PER_SEC, 3500 * MS);
	CU_ASSERT_EQUAL(fed_rows(1)->seconds, 0);
	CU_ASSERT_EQUAL(kernel_stats_total(fed_stats)->seconds, 0);
	fed_end();
}

/* Whatever was lost may be of any row, also of those that come later. */
static void lost(void)
{
	struct kernel_arm tcp = fed_list(FN_TCP, T1), drv = fed_list(FN_POLL, T2);

	fed_begin(KERNEL_BY_PROCESS);
	fed(KERNEL_STARTED, &tcp);
	CU_ASSERT_FALSE(fed_rows(1)->incomplete);
	kernel_stats_lost(fed_stats);
	CU_ASSERT_TRUE(fed_rows(1)->incomplete);
	drv = fed_by_task(drv, 5, "other");
	fed(KERNEL_STARTED, &drv);
	CU_ASSERT_TRUE(fed_rows(2)[0].incomplete && fed_rows(2)[1].incomplete);
	CU_ASSERT_TRUE(kernel_stats_total(fed_stats)->incomplete);
	kernel_stats_reset(fed_stats);
	fed(KERNEL_CANCELLED, &tcp);
	CU_ASSERT_FALSE(fed_rows(1)->incomplete);
	fed_end();
}

/* What the kernel has counted: of the rest nothing is known. */
static void counted(void)
{
	struct kernel_arm tcp = fed_list(FN_TCP, T1), drv = fed_list(FN_POLL, T2);

	fed_prepare(KERNEL_BY_CALLBACK);
	fed_scene.counted = true;
	fed_scene.wakes = false;
	fed_open();
	CU_ASSERT_EQUAL(kernel_stats_add(fed_stats, &tcp, 5, 2), 0);
	CU_ASSERT_EQUAL(kernel_stats_add(fed_stats, &drv, 0, 7), 0);
	CU_ASSERT_EQUAL(kernel_stats_add(fed_stats, &tcp, 1, 1), 0);
	fed_expect("callback=drv_poll module=drv fired=7\n"
		   "callback=tcp_write_timer module=kernel started=6 fired=3\n");
	fed_expect_total("started=6 fired=10");
	kernel_stats_reset(fed_stats);
	CU_ASSERT_EQUAL(kernel_stats_add(fed_stats, &drv, 1, 0), 0);
	fed_expect("callback=drv_poll module=drv started=1\n");
	CU_ASSERT_TRUE(fed_rows(1)->counted && kernel_stats_total(fed_stats)->counted);
	fed_end();
}

/* --- out of memory ----------------------------------------------------------------------------- */

/* All that allocates something; what comes of it. */
static int use_memory(void)
{
	struct kernel_arm tcp = fed_list(FN_TCP, T1);
	struct kernel_change wake = fed_change_of(KERNEL_WAKEUP, &tcp), fired = wake, ran = wake,
			     started = wake;
	struct kernel_stats *stats = kernel_stats_new(&fed_scene);
	struct kernel_row *rows = NULL;
	size_t count = 1;
	int status = stats ? 0 : -ENOMEM;

	started.what = KERNEL_STARTED;
	fired.what = KERNEL_FIRED;
	ran.what = KERNEL_RAN;
	fired.has_late = fired.has_beyond = fired.has_jiffies = ran.has_run = true;
	if (status == 0)
		status = kernel_stats_change(stats, &started);
	if (status == 0)
		status = kernel_stats_change(stats, &fired);
	if (status == 0)
		status = kernel_stats_change(stats, &ran);
	if (status == 0)
		status = kernel_stats_change(stats, &wake);
	tcp.address = T2;
	tcp.function = FN_POLL;
	if (status == 0)
		status = kernel_stats_add(stats, &tcp, 1, 1);
	if (status == 0 &&
	    (!(rows = kernel_stats_rows(stats, &count)) || !kernel_stats_cpus(stats, &count))) {
		CU_ASSERT_EQUAL(count, 0);
		status = -ENOMEM;
	}
	kernel_stats_rows_free(rows);
	kernel_stats_free(stats);
	return status;
}

static void out_of_memory(void)
{
	static const uint32_t bys[] = { KERNEL_BY_CALLBACK, KERNEL_BY_PROCESS };

	for (size_t i = 0; i < sizeof(bys) / sizeof(bys[0]); i++) {
		unsigned at = 0;
		int status;

		fed_begin(bys[i]);
		do {
			short_memory_begin(at++);
			status = use_memory();
			CU_ASSERT_EQUAL(status, short_memory_end() ? -ENOMEM : 0);
		} while (status < 0);
		CU_ASSERT_TRUE(at > 20);
		fed_end();
	}
}

/* A table of distinct timers that cannot be made anew: they are not counted then. */
static void reset_without_memory(void)
{
	struct kernel_arm tcp = fed_list(FN_TCP, T1);

	fed_begin(KERNEL_BY_CALLBACK);
	fed(KERNEL_STARTED, &tcp);
	short_memory_begin(0);
	kernel_stats_reset(fed_stats);
	CU_ASSERT_TRUE(short_memory_end());
	fed(KERNEL_STARTED, &tcp);
	CU_ASSERT_EQUAL(fed_rows(1)->timers, 0);
	kernel_stats_reset(fed_stats);
	fed(KERNEL_STARTED, &tcp);
	CU_ASSERT_EQUAL(fed_rows(1)->timers, 1);
	fed_end();
}

int suite_kernel_stats_figures(void)
{
	CU_pSuite suite = CU_add_suite("kernel_stats_figures", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, flags) || !CU_ADD_TEST(suite, cpus) ||
	    !CU_ADD_TEST(suite, times) || !CU_ADD_TEST(suite, past) ||
	    !CU_ADD_TEST(suite, histograms) || !CU_ADD_TEST(suite, evidence) ||
	    !CU_ADD_TEST(suite, idle_cpus) || !CU_ADD_TEST(suite, spans) ||
	    !CU_ADD_TEST(suite, lost) || !CU_ADD_TEST(suite, counted) ||
	    !CU_ADD_TEST(suite, out_of_memory) || !CU_ADD_TEST(suite, reset_without_memory))
		return (int)CU_get_error();
	return 0;
}
