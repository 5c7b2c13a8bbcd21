/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is found in figures of the kernel's timers: at its limit, below it, and never else. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel_fed.h"
#include "records.h"
#include "short_memory.h"
#include "suites.h"
#include "timersnoop/kernel_diagnosis.h"
#include "timersnoop/out_findings.h"

#define T1 0xffff888000001000ULL
#define T2 0xffff888000002000ULL

static struct diagnosis_loss loss;

/* "ID SUBJECT COUNT TIMERS: EVIDENCE" of each; the figures are of so many seconds. */
static void expect_in(unsigned seconds, const char *expected)
{
	struct findings findings = { .count = 0 };
	char text[4096] = "";
	size_t used = 0;

	kernel_stats_set_span(fed_stats, 0, seconds * (uint64_t)NSEC_PER_SEC);
	CU_ASSERT_EQUAL(kernel_diagnose(&findings, fed_stats, &fed_limits, &loss), 0);
	for (size_t i = 0; i < findings.count; i++) {
		const struct finding *finding = &findings.list[i];
		char subject[OUT_FINDINGS_SUBJECT_MAX];

		out_findings_subject(subject, finding);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %s %llu: %s\n",
					 finding_kinds[finding->id].id, subject,
					 (unsigned long long)finding->count, finding->evidence);
		CU_ASSERT_FALSE(finding->has_process);
		CU_ASSERT_TRUE(finding_kinds[finding->id].of & FINDING_OF_KERNEL);
	}
	CU_ASSERT_STRING_EQUAL(text, expected);
	if (strcmp(text, expected) != 0)
		fprintf(stderr, "\nfound:\n%s\nexpected:\n%s\n", text, expected);
	findings_free(&findings);
}

static void arm_and_expire(struct kernel_arm arm, unsigned times, int64_t beyond_ns, int64_t run_ns)
{
	for (unsigned i = 0; i < times; i++) {
		arm.ts = fed_now;
		fed(KERNEL_STARTED, &arm);
		fed_expire(&arm, beyond_ns, beyond_ns, run_ns);
	}
}

/* Rows as they should be: cancelled in time, quick, on time. */
static void clean(void)
{
	struct kernel_arm tcp = fed_list(FN_TCP, T1), wake = fed_hrtimer(FN_WAKE, T2);

	fed_begin(KERNEL_BY_PROCESS);
	expect_in(1, "");
	arm_and_expire(wake, 1000, 50 * US, 5 * US);
	for (int i = 0; i < 1000; i++) {
		fed(KERNEL_STARTED, &tcp);
		fed(i % 2 ? KERNEL_CANCELLED : KERNEL_REPLACED, &tcp);
	}
	fed_wake(0, WAKER_OTHER, NULL, MS);
	expect_in(1, "");
	fed_end();
}

/* --- always-fires --------------------------------------------------------------------------- */

static void begin_firing(struct kernel_arm arm, unsigned times)
{
	fed_begin(KERNEL_BY_CALLBACK);
	arm_and_expire(arm, times, 0, 0);
}

static void always_fires(void)
{
	static const uint64_t sleepers[] = { FN_SLEEP, FN_WORK };
	static const enum kernel_what ends[] = { KERNEL_CANCELLED, KERNEL_REPLACED };
	struct kernel_arm tcp = fed_list(FN_TCP, T1);

	begin_firing(tcp, 19);
	expect_in(100, "");
	arm_and_expire(tcp, 1, 0, 0);
	expect_in(100, "always-fires callback tcp_write_timer 20: armed 20 times, never cancelled; "
		       "of those that ended, all expired, after 1.00s in the median\n");
	/* by whatever it is grouped, it is of a callback */
	fed_end();
	fed_begin(KERNEL_BY_CPU);
	tcp.has_timeout = false;
	arm_and_expire(tcp, 20, 0, 0);
	tcp = fed_by_task(tcp, 7, "other");
	arm_and_expire(tcp, 1, 0, 0);
	expect_in(100, "always-fires callback tcp_write_timer 21: armed 21 times, never cancelled; "
		       "of those that ended, all expired\n");
	fed_end();
	/* once is enough */
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		begin_firing(tcp, 100);
		fed(KERNEL_STARTED, &tcp);
		expect_in(100, "always-fires callback tcp_write_timer 100: armed 101 times, never "
			       "cancelled; of those that ended, all expired\n");
		fed(ends[i], &tcp);
		expect_in(100, "");
		fed_end();
	}
	/* whoever sleeps wants to be woken */
	for (size_t i = 0; i < sizeof(sleepers) / sizeof(sleepers[0]); i++) {
		begin_firing(fed_list(sleepers[i], T1), 100);
		expect_in(100, "");
		fed_end();
	}
	/* as hrtimers are meant to */
	begin_firing(fed_hrtimer(FN_POLL, T1), 100);
	expect_in(100, "");
	fed_end();
	/* the limit is what it is told to be */
	begin_firing(tcp, 3);
	fed_limits.fires = 3;
	expect_in(100, "always-fires callback tcp_write_timer 3: armed 3 times, never cancelled; "
		       "of those that ended, all expired\n");
	fed_end();
}

/* What goes on by itself is not waited for by anybody. */
static void periodic(void)
{
	struct kernel_arm drv = fed_list(FN_POLL, T1);

	begin_firing(drv, 20);
	drv.rearmed = true;
	arm_and_expire(drv, 19, 0, 0);
	expect_in(100, "always-fires callback drv_poll 39: armed 39 times, never cancelled; of "
		       "those that ended, all expired, after 1.00s in the median\n");
	arm_and_expire(drv, 1, 0, 0);
	expect_in(100, "");
	fed_end();
	/* nor is it so that others wait for it so and so often */
	drv.rearmed = false;
	begin_firing(drv, 19);
	drv.rearmed = true;
	arm_and_expire(drv, 5, 0, 0);
	expect_in(100, "");
	drv.rearmed = false;
	arm_and_expire(drv, 1, 0, 0);
	expect_in(100, "always-fires callback drv_poll 25: armed 25 times, never cancelled; of "
		       "those that ended, all expired, after 1.00s in the median\n");
	fed_end();
	/* nor what was armed before anybody looked */
	fed_begin(KERNEL_BY_CALLBACK);
	drv = fed_older(drv);
	for (int i = 0; i < 100; i++)
		fed_expire(&drv, 0, 0, 0);
	expect_in(100, "");
	fed_end();
}

/* --- slow-callback --------------------------------------------------------------------------- */

static void slow_callback(void)
{
	struct kernel_arm wake = fed_hrtimer(FN_WAKE, T1);

	fed_begin(KERNEL_BY_CALLBACK);
	arm_and_expire(wake, 99, 0, MS);
	expect_in(1, "");
	arm_and_expire(wake, 1, 0, MS + 1);
	expect_in(1, "slow-callback callback hrtimer_wakeup 1: its callback ran for more than "
		     "1.00ms 1 of 100 times, for 1.00ms at most\n");
	/* less often than one in a hundred */
	arm_and_expire(wake, 1, 0, MS);
	expect_in(1, "");
	arm_and_expire(wake, 1, 0, 7 * MS);
	expect_in(1, "slow-callback callback hrtimer_wakeup 2: its callback ran for more than "
		     "1.00ms 2 of 102 times, for 7.00ms at most\n");
	fed_end();
	fed_begin(KERNEL_BY_CALLBACK);
	fed_limits.run_ns = 8 * MS;
	arm_and_expire(wake, 1, 0, 7 * MS);
	expect_in(1, "");
	fed_end();
}

/* --- every-jiffy -------------------------------------------------------------------------------- */

/* So many arms within so many seconds, with the first and last at its ends. */
static void arm_often(struct kernel_arm arm, unsigned times, uint64_t span_ns)
{
	uint64_t first = fed_now;

	for (unsigned i = 0; i < times; i++) {
		arm.ts = first + span_ns * i / (times > 1 ? times - 1 : 1);
		fed(KERNEL_STARTED, &arm);
		fed(KERNEL_CANCELLED, &arm);
	}
}

static void every_jiffy(void)
{
	struct kernel_arm drv = fed_list(FN_POLL, T1), tick = fed_hrtimer(FN_TICK, T1);

	drv.timeout_ns = 4 * MS;
	fed_begin(KERNEL_BY_CALLBACK);
	arm_often(drv, 49, MS);
	expect_in(1, "");
	fed_end();
	fed_begin(KERNEL_BY_CALLBACK);
	arm_often(drv, 50, 500 * MS);
	expect_in(1, "every-jiffy callback drv_poll 50: armed 50 times for a jiffy or less, 100 "
		     "times a second\n");
	fed_end();
	/* 50 a second */
	fed_begin(KERNEL_BY_CALLBACK);
	arm_often(drv, 100, 2000 * MS);
	expect_in(9, "every-jiffy callback drv_poll 100: armed 100 times for a jiffy or less, 50 "
		     "times a second\n");
	fed_end();
	fed_begin(KERNEL_BY_CALLBACK);
	arm_often(drv, 100, 2000 * MS + 1);
	expect_in(9, "");
	fed_end();
	/* all at once */
	fed_begin(KERNEL_BY_CALLBACK);
	arm_often(drv, 60, 0);
	expect_in(9, "every-jiffy callback drv_poll 60: armed 60 times for a jiffy or less, 60 "
		     "times a second\n");
	fed_end();
	/* for longer */
	drv.timeout_ns = 4 * MS + 1;
	fed_begin(KERNEL_BY_CALLBACK);
	arm_often(drv, 1000, MS);
	expect_in(1, "");
	fed_end();
	/* the tick, and what else is for such times */
	tick.timeout_ns = 4 * MS;
	fed_begin(KERNEL_BY_CALLBACK);
	arm_often(tick, 1000, MS);
	tick.function = FN_WAKE;
	arm_often(tick, 1000, MS);
	expect_in(1, "");
	fed_end();
}

/* --- keeps-awake ---------------------------------------------------------------------------------- */

static void wake_often(int cpu, const struct kernel_arm *arm, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		fed_wake(cpu, WAKER_TIMER, arm, MS);
}

static void keeps_awake(void)
{
	struct kernel_arm wake = fed_hrtimer(FN_WAKE, T1);
	struct kernel_change change;

	fed_begin(KERNEL_BY_CALLBACK);
	wake_often(1, &wake, 99);
	expect_in(2, "");
	wake_often(0, &wake, 1);
	expect_in(2, "keeps-awake callback hrtimer_wakeup 100: ended 100 idle periods, 50.0 a "
		     "second\n");
	expect_in(3, "");
	/* of no time nothing can be said */
	expect_in(0, "");
	/* running in what another one has ended is none of it */
	change = fed_change_of(KERNEL_WAKEUP, &wake);
	change.alongside = true;
	for (int i = 0; i < 1000; i++)
		fed_tell(&change);
	expect_in(3, "");
	fed_end();
	/* the tick goes on because of others */
	fed_begin(KERNEL_BY_CALLBACK);
	wake.function = FN_TICK;
	wake_often(1, &wake, 100);
	wake.function = FN_OLD_TICK;
	wake_often(1, &wake, 100);
	expect_in(1, "");
	fed_end();
	wake.function = FN_WAKE;
	/* nor is a little in next to no time */
	fed_begin(KERNEL_BY_CALLBACK);
	fed_limits.awake = 3;
	wake_often(1, &wake, 2);
	kernel_stats_set_span(fed_stats, 0, MS);
	expect_in(1, "");
	wake_often(1, &wake, 1);
	expect_in(1, "keeps-awake callback hrtimer_wakeup 3: ended 3 idle periods, 3.0 a second\n");
	fed_end();
}

static void tick_stop(int cpu, int32_t dependency, unsigned times)
{
	struct kernel_change change = fed_change_of(KERNEL_TICK_STOP, NULL);

	change.cpu = cpu;
	change.dependency = dependency;
	for (unsigned i = 0; i < times; i++)
		fed_tell(&change);
}

/* A CPU whose tick is not stopped. */
static void ticking_cpu(void)
{
	fed_begin(KERNEL_BY_CALLBACK);
	tick_stop(0, 1 << 2, 99);
	expect_in(2, "");
	tick_stop(0, 1 << 4, 1);
	expect_in(2, "keeps-awake CPU 0 100: its tick could not be stopped 100 times, for "
		     "SCHED:99|RCU:1\n");
	tick_stop(3, 0, 101);
	expect_in(2, "keeps-awake CPU 0 100: its tick could not be stopped 100 times, for "
		     "SCHED:99|RCU:1\n"
		     "keeps-awake CPU 3 101: its tick could not be stopped 101 times\n");
	expect_in(0, "");
	expect_in(3, "");
	fed_end();
}

/* --- overdue ---------------------------------------------------------------------------------------- */

static void overdue(void)
{
	struct kernel_arm wake = fed_hrtimer(FN_WAKE, T1), drv = fed_list(FN_POLL, T1);

	fed_begin(KERNEL_BY_CALLBACK);
	arm_and_expire(wake, 99, 10 * MS, 0);
	expect_in(1, "");
	arm_and_expire(wake, 1, 10 * MS + 1, 0);
	expect_in(1, "overdue callback hrtimer_wakeup 1: began more than 10.0ms beyond its time 1 "
		     "of 100 times, 10.0ms at most\n");
	arm_and_expire(wake, 1, 0, 0);
	expect_in(1, "");
	/* what was armed for an instant that had gone by does not count */
	wake.timeout_ns = -1;
	arm_and_expire(wake, 100, 5000 * MS, 0);
	expect_in(1, "");
	/* nor does what can wait */
	drv.flags = TIMER_FLAG_DEFERRABLE;
	arm_and_expire(drv, 10, 5000 * MS, 0);
	expect_in(1, "");
	drv.flags = 0;
	arm_and_expire(drv, 2, 12 * MS, 0);
	expect_in(1, "overdue callback drv_poll 2: began more than 10.0ms beyond its time 2 of 12 "
		     "times, 5.00s at most\n");
	fed_end();
}

/* --- all of them -------------------------------------------------------------------------------------- */

static void names(void)
{
	struct kernel_arm nowhere = fed_list(FN_NOWHERE, T1);

	fed_begin(KERNEL_BY_CALLBACK);
	fed_limits.fires = 1;
	arm_and_expire(nowhere, 1, 0, 0);
	expect_in(1, "always-fires callback 0xffffffff90000000 1: armed 1 times, never cancelled; "
		     "of those that ended, all expired, after 1.00s in the median\n");
	kernel_stats_reset(fed_stats);
	nowhere.function = 0;
	arm_and_expire(nowhere, 1, 0, 0);
	expect_in(1, "always-fires  1: armed 1 times, never cancelled; of those that ended, all "
		     "expired, after 1.00s in the median\n");
	fed_end();
}

/* The gravest first, what was lost last. */
static void order(void)
{
	struct kernel_arm tcp = fed_list(FN_TCP, T1), drv = fed_list(FN_POLL, T2);

	fed_begin(KERNEL_BY_CALLBACK);
	tick_stop(0, 0, 100);
	arm_and_expire(tcp, 20, 11 * MS, 2 * MS);
	arm_and_expire(drv, 20, 0, 2 * MS);
	wake_often(0, &tcp, 100);
	loss.incomplete = true;
	snprintf(loss.evidence, sizeof(loss.evidence), "3 records");
	expect_in(1, "slow-callback callback drv_poll 20: its callback ran for more than 1.00ms 20 "
		     "of 20 times, for 2.00ms at most\n"
		     "slow-callback callback tcp_write_timer 20: its callback ran for more than "
		     "1.00ms 20 of 20 times, for 2.00ms at most\n"
		     "keeps-awake CPU 0 100: its tick could not be stopped 100 times\n"
		     "keeps-awake callback tcp_write_timer 100: ended 100 idle periods, 100.0 a "
		     "second\n"
		     "overdue callback tcp_write_timer 20: began more than 10.0ms beyond its time "
		     "20 of 20 times, 11.0ms at most\n"
		     "data-incomplete  1: 3 records\n"
		     "always-fires callback drv_poll 20: armed 20 times, never cancelled; of those "
		     "that ended, all expired, after 1.00s in the median\n"
		     "always-fires callback tcp_write_timer 20: armed 20 times, never cancelled; "
		     "of those that ended, all expired, after 1.00s in the median\n");
	loss.incomplete = false;
	fed_end();
}

static void out_of_memory(void)
{
	struct kernel_arm tcp = fed_list(FN_TCP, T1);
	unsigned at = 0;
	bool failed;

	fed_begin(KERNEL_BY_CALLBACK);
	tick_stop(0, 0, 100);
	arm_and_expire(tcp, 20, 11 * MS, 2 * MS);
	kernel_stats_set_span(fed_stats, 0, NSEC_PER_SEC);
	loss.incomplete = true;
	do {
		struct findings findings = { .count = 0 };
		int status;

		short_memory_begin(at++);
		status = kernel_diagnose(&findings, fed_stats, &fed_limits, &loss);
		failed = short_memory_end();
		CU_ASSERT_EQUAL(status, failed ? -ENOMEM : 0);
		findings_free(&findings);
	} while (failed);
	CU_ASSERT_TRUE(at > 2);
	loss.incomplete = false;
	fed_end();
}

int suite_kernel_diagnosis(void)
{
	CU_pSuite suite = CU_add_suite("kernel_diagnosis", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, clean) || !CU_ADD_TEST(suite, always_fires) ||
	    !CU_ADD_TEST(suite, periodic) || !CU_ADD_TEST(suite, slow_callback) ||
	    !CU_ADD_TEST(suite, every_jiffy) || !CU_ADD_TEST(suite, keeps_awake) ||
	    !CU_ADD_TEST(suite, ticking_cpu) || !CU_ADD_TEST(suite, overdue) ||
	    !CU_ADD_TEST(suite, names) || !CU_ADD_TEST(suite, order) ||
	    !CU_ADD_TEST(suite, out_of_memory))
		return (int)CU_get_error();
	return 0;
}
