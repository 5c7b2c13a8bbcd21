/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From figures to findings: from where on each one is told, and in which words. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "seen_stats.h"
#include "suites.h"
#include "timersnoop/diagnosis.h"

static struct diagnosis_loss no_loss;

/* Each finding: "id PID COMM timer TIMERS COUNT: EVIDENCE", a line each. */
static void expect_findings(const struct diagnosis_loss *loss, const char *expected)
{
	struct findings findings = { .count = 0 };
	char text[8192] = "", *at = text;

	CU_ASSERT_EQUAL(diagnose(&findings, seen_stats, &seen_limits, loss), 0);
	for (size_t i = 0; i < findings.count; i++) {
		const struct finding *one = &findings.list[i];

		at += sprintf(at, "%s %d %s %s %llu %llu: %s\n", finding_kinds[one->id].id,
			      one->has_process ? one->pid : -1, one->comm,
			      one->has_timer ? one->timer : "-", (unsigned long long)one->timers,
			      (unsigned long long)one->count, one->evidence);
	}
	CU_ASSERT_STRING_EQUAL(text, expected);
	if (strcmp(text, expected) != 0)
		fprintf(stderr, "\n  found:\n%s  expected:\n%s", text, expected);
	findings_free(&findings);
	CU_ASSERT_PTR_NULL(findings.list);
}

static void add_row(struct stat_row row, int32_t pid, const char *comm, int32_t id)
{
	row.has_pid = row.has_comm = row.has_family = row.has_id = true;
	row.pid = pid;
	row.id = id;
	row.timers = 1;
	row.calls += !row.calls;
	snprintf(row.comm, sizeof(row.comm), "%s", comm);
	CU_ASSERT_EQUAL(stats_add(seen_stats, &row), 0);
}

#define STORM(span, arm_count, replaced_count, expiry_count)                                       \
	{                                                                                          \
		.arms = (arm_count), .replaced = (replaced_count), .expiries = (expiry_count),     \
		.evidence = {                                                                      \
			.first_arm_ns = 1000,                                                      \
			.last_arm_ns = 1000 + (span)                                               \
		}                                                                                  \
	}

/* One timer of process 42: what is just not enough, and what is. */
static void edges(void)
{
	static const struct {
		struct stat_row row;
		const char *expected;
	} cases[] = {
		{ { .calls = 5, .expiries = 1000 }, "" },
		{ STORM(NSEC_PER_SEC, 101, 99, 0), "" },
		{ STORM(NSEC_PER_SEC, 101, 100, 10),
		  "rearm-storm 42 app 1 1 100: armed 101 times in 1.00s, 100 of these ended by the "
		  "next before they expired; 10 expiries\n" },
		{ STORM(NSEC_PER_SEC, 101, 100, 11), "" },
		{ STORM(NSEC_PER_SEC + 1, 101, 100, 0), "" },
		{ STORM(3 * NSEC_PER_SEC, 500, 299, 0), "" },
		{ STORM(3 * NSEC_PER_SEC, 500, 300, 0),
		  "rearm-storm 42 app 1 1 300: armed 500 times in 3.00s, 300 of these ended by the "
		  "next before they expired; 0 expiries\n" },
		{ { .evidence = { .too_short = 1, .shortest_ns = 49999 } },
		  "too-short 42 app 1 1 1: armed 1 time for a value or an interval of as little as "
		  "50.0us, less than 50.0us\n" },
		{ { .evidence = { .too_short = 2, .shortest_ns = 50000 } },
		  "too-short 42 app 1 1 2: armed 2 times for a value or an interval of as little "
		  "as 50.0us, less than a tick, by which it is counted\n" },
		{ { .evidence = { .past = 1, .longest_past_ns = 1250000 } },
		  "past 42 app 1 1 1: armed 1 time for an instant that had gone by, up to 1.25ms "
		  "ago\n" },
		{ { .overruns = 4, .expiries = 1 }, "" },
		{ { .overruns = 5, .expiries = 59 },
		  "overrun 42 app 1 1 5: 5 periods had no expiry of their own, 59 had one\n" },
		{ { .overruns = 5, .expiries = 60 }, "" },
		{ { .evidence = { .blocked = 1, .longest_blocked_ns = 100000001 } },
		  "signal-blocked 42 app 1 1 1: its signal waited longer than 100ms 1 time, up to "
		  "100ms\n" },
		{ { .has_signal = true,
		    .signal = SIGUSR1,
		    .evidence = { .blocked = 3, .longest_blocked_ns = 5 * NSEC_PER_SEC } },
		  "signal-blocked 42 app 1 1 3: its signal (SIGUSR1) waited longer than 100ms 3 "
		  "times, up to 5.00s\n" },
		{ { .signals = { [SIGNAL_IGNORED] = 1 } },
		  "signal-ignored 42 app 1 1 1: its signal was ignored 1 time\n" },
		{ { .has_signal = true, .signal = SIGALRM, .signals = { [SIGNAL_DROPPED] = 2 } },
		  "signal-ignored 42 app 1 1 2: its signal (SIGALRM) was ignored 2 times\n" },
		{ { .signals = { [SIGNAL_LOST] = 1, [SIGNAL_PENDING] = 1 } }, "" },
		{ { .failed = 1 }, "calls-fail 42 app 1 1 1: 1 call was refused\n" },
		{ { .failed = 1,
		    .evidence = { .has_fault = true,
				  .fault_event = EVENT_TIMER_DELETE,
				  .fault_errno = EINVAL } },
		  "calls-fail 42 app 1 1 1: 1 call was refused, timer_delete with EINVAL\n" },
		{ { .failed = 3,
		    .evidence = { .has_fault = true,
				  .fault_event = EVENT_TIMERFD_SETTIME,
				  .fault_errno = 3333,
				  .fault = "some argument" } },
		  "calls-fail 42 app 1 1 3: 3 calls were refused, the last one timerfd_settime "
		  "with an error: some argument\n" },
		{ { .failed = 1, .evidence = { .bad_values = 1 } },
		  "bad-value 42 app 1 1 1: 1 call was refused for a value or nanoseconds out of "
		  "range\n" },
		{ { .failed = 3, .evidence = { .bad_values = 2 } },
		  "calls-fail 42 app 1 1 1: 1 call was refused\n"
		  "bad-value 42 app 1 1 2: 2 calls were refused for a value or nanoseconds out of "
		  "range\n" },
		{ { .evidence = { .unarmed = 1 } },
		  "never-armed 42 app 1 1 1: 1 timer was made and never armed\n" },
		{ { .evidence = { .unarmed = 2 } },
		  "never-armed 42 app 1 1 2: 2 timers were made and never armed\n" },
		{ { .evidence = { .undeleted = 9 } }, "" },
		{ { .evidence = { .undeleted = 10 } },
		  "leak 42 app 1 1 10: 10 timers were made and not deleted\n" },
		{ { .evidence = { .zero_value = 1 } },
		  "zero-value 42 app 1 1 1: disarmed 1 time by a value of zero with an interval "
		  "that is not\n" },
		{ { .has_clock = true,
		    .clock = CLOCK_MONOTONIC,
		    .evidence = { .wrong_clock = 1, .right_clock = CLOCK_REALTIME } },
		  "wrong-clock 42 app 1 1 1: armed 1 time for an instant that makes no sense on "
		  "CLOCK_MONOTONIC, and would on CLOCK_REALTIME\n" },
		{ { .evidence = { .wrong_clock = 2, .right_clock = CLOCK_MONOTONIC } },
		  "wrong-clock 42 app 1 1 2: armed 2 times for an instant that makes no sense on "
		  "its clock, and would on CLOCK_MONOTONIC\n" },
		{ { .evidence = { .changed = 1 } },
		  "memory-changed 42 app 1 1 1: memory changed under 1 call\n" },
		{ { .evidence = { .changed = 2 } },
		  "memory-changed 42 app 1 1 2: memory changed under 2 calls\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		seen_begin();
		add_row(cases[i].row, 42, "app", 1);
		expect_findings(&no_loss, cases[i].expected);
		seen_end();
	}
}

/* Of one timer 1 % are late, or one of fewer. */
static void late(void)
{
	static const struct {
		int expiries;
		uint64_t late;
		const char *expected;
	} cases[] = {
		{ 50, 0, "" },
		{ 1, 1,
		  "late 42 app 1 1 1: 1 of 1 expiries were later than 10.0ms, up to 20.0ms; for 1 "
		  "of these the CPU was idle, for 0 it was not\n" },
		{ 100, 1,
		  "late 42 app 1 1 1: 1 of 100 expiries were later than 10.0ms, up to 20.0ms; for "
		  "1 of these the CPU was idle, for 0 it was not\n" },
		{ 101, 1, "" },
		{ 200, 2,
		  "late 42 app 1 1 2: 2 of 200 expiries were later than 10.0ms, up to 20.0ms; for "
		  "1 of these the CPU was idle, for 1 it was not\n" },
		{ 201, 2, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stat_row row = { .expiries = (uint64_t)cases[i].expiries,
					.evidence = { .late = cases[i].late,
						      .late_idle = cases[i].late > 0 } };

		seen_begin();
		for (int expiry = 0; expiry < cases[i].expiries; expiry++)
			distribution_add(&row.late, expiry ? MS : 20 * MS);
		add_row(row, 42, "app", 1);
		expect_findings(&no_loss, cases[i].expected);
		seen_end();
		distribution_free(&row.late);
	}
}

static void overruns_in_detail(void)
{
	struct stat_row row = { .overruns = 7, .expiries = 3 };

	seen_begin();
	distribution_add(&row.interval, 3 * MS);
	distribution_add(&row.signal_after, 40 * MS);
	add_row(row, 42, "app", 1);
	expect_findings(&no_loss,
			"overrun 42 app 1 1 7: 7 periods had no expiry of their own, 3 had one; "
			"asked for every 3.00ms; its signal took 40.0ms to be delivered "
			"(median)\n");
	seen_end();
	distribution_free(&row.interval);
	distribution_free(&row.signal_after);
}

/* Limits are those that were asked for. */
static void other_limits(void)
{
	static const struct stat_row row = { .failed = 4,
					     .overruns = 2,
					     .evidence = { .undeleted = 2 } };

	seen_begin();
	add_row(row, 42, "app", 1);
	seen_limits.failures = 5;
	seen_limits.overruns = 3;
	seen_limits.leak = 3;
	expect_findings(&no_loss, "");
	seen_limits.failures = 4;
	seen_limits.overruns = 2;
	seen_limits.leak = 2;
	expect_findings(&no_loss,
			"calls-fail 42 app 1 1 4: 4 calls were refused\n"
			"overrun 42 app 1 1 2: 2 periods had no expiry of their own, 0 had one\n"
			"leak 42 app 1 1 2: 2 timers were made and not deleted\n");
	seen_end();
}

/* Timers of one process are told of together, those of others by themselves. */
static void several_timers(void)
{
	static const struct stat_row past = { .has_signal = true,
					      .signal = SIGUSR1,
					      .evidence = { .past = 2, .longest_past_ns = 1000 } };
	struct stat_row longer = past, leaking = { .evidence = { .undeleted = 5 } };

	longer.evidence.longest_past_ns = 5000;
	seen_begin();
	add_row(past, 42, "app", 1);
	add_row(longer, 42, "app", 2);
	add_row((struct stat_row){ .calls = 3 }, 42, "app", 3); /* not this one */
	add_row(past, 41, "zoo", 7);
	/* that few are left is told when all of one process are many */
	add_row(leaking, 42, "app", 4);
	add_row(leaking, 41, "zoo", 4);
	expect_findings(&no_loss,
			"past 41 zoo 7 1 2: armed 2 times for an instant that had gone by, up to "
			"1.00us ago\n"
			"past 42 app - 2 4: armed 4 times for an instant that had gone by, up to "
			"5.00us ago\n");
	add_row(leaking, 42, "app", 5);
	expect_findings(&no_loss,
			"past 41 zoo 7 1 2: armed 2 times for an instant that had gone by, up to "
			"1.00us ago\n"
			"past 42 app - 2 4: armed 4 times for an instant that had gone by, up to "
			"5.00us ago\n"
			"leak 42 app - 2 10: 10 timers were made and not deleted\n");
	seen_end();
	/* nor is a signal named that only one of them sends */
	seen_begin();
	leaking = (struct stat_row){ .has_signal = true, .signal = SIGUSR1 };
	leaking.signals[SIGNAL_IGNORED] = 1;
	add_row(leaking, 42, "app", 1);
	add_row(leaking, 42, "app", 2);
	leaking.signal = SIGUSR2;
	add_row(leaking, 43, "app", 1);
	leaking.signal = SIGALRM;
	add_row(leaking, 43, "app", 2);
	expect_findings(&no_loss,
			"signal-ignored 42 app - 2 2: its signal (SIGUSR1) was ignored 2 times\n"
			"signal-ignored 43 app - 2 2: its signal was ignored 2 times\n");
	seen_end();
}

/* The gravest first, then by kind, process and name. */
static void order(void)
{
	static const struct stat_row all = {
		.failed = 2,
		.signals = { [SIGNAL_IGNORED] = 1 },
		.evidence = { .unarmed = 1, .bad_values = 1, .past = 1, .longest_past_ns = 7 },
	};
	const struct diagnosis_loss loss = { true, "3 records lost" };
	const struct stat_row unknown = { .failed = 1, .calls = 1 };
	struct stat_row row = unknown;

	seen_begin();
	add_row(all, 42, "b", 1);
	add_row(all, 7, "c", 2);
	add_row((struct stat_row){ .failed = 1 }, 42, "a", 3); /* it was another before */
	CU_ASSERT_EQUAL(stats_add(seen_stats, &row), 0);
	expect_findings(
		&loss,
		"calls-fail -1  - 0 1: 1 call was refused\n"
		"calls-fail 7 c 2 1 1: 1 call was refused\n"
		"calls-fail 42 a 3 1 1: 1 call was refused\n"
		"calls-fail 42 b 1 1 1: 1 call was refused\n"
		"bad-value 7 c 2 1 1: 1 call was refused for a value or nanoseconds out of range\n"
		"bad-value 42 b 1 1 1: 1 call was refused for a value or nanoseconds out of "
		"range\n"
		"past 7 c 2 1 1: armed 1 time for an instant that had gone by, up to 7ns ago\n"
		"past 42 b 1 1 1: armed 1 time for an instant that had gone by, up to 7ns ago\n"
		"signal-ignored 7 c 2 1 1: its signal was ignored 1 time\n"
		"signal-ignored 42 b 1 1 1: its signal was ignored 1 time\n"
		"data-incomplete -1  - 0 1: 3 records lost\n"
		"never-armed 7 c 2 1 1: 1 timer was made and never armed\n"
		"never-armed 42 b 1 1 1: 1 timer was made and never armed\n");
	seen_end();
}

/* --- at one instant --------------------------------------------------------------------- */

static void expire_at(int32_t id, int64_t instant, int64_t late_ns)
{
	struct occurrence expiry = feed_expiry(EVENT_TIMER_EXPIRE, id, instant, 0);

	expiry.ts = (uint64_t)(instant + late_ns);
	expiry.late_ns = late_ns;
	feed_occur(expiry);
}

static void expect_herd(uint64_t most, uint64_t times, uint64_t ts)
{
	struct stats_herd herd;

	stats_herd(seen_stats, &herd);
	CU_ASSERT_EQUAL(herd.most, most);
	CU_ASSERT_EQUAL(herd.times, times);
	CU_ASSERT_EQUAL(herd.ts, ts);
}

static void herd(void)
{
	const int64_t at = 5000 * MS, apart = 100 * US;

	seen_begin();
	seen_limits.herd = 3;
	expect_herd(0, 0, 0);
	expire_at(1, at, 0);
	expire_at(2, at + apart, 0);
	expire_at(2, at + apart, 0); /* it is there */
	expect_herd(2, 0, at);
	expect_findings(&no_loss, "");
	expire_at(3, at + apart, 0);
	expect_herd(3, 1, at);
	expire_at(4, at + apart + 1, 0); /* another instant */
	expire_at(5, at + 2 * apart + 1, 0);
	expect_herd(3, 1, at);
	/* late ones are for the instant that was asked for; but not when it is long over */
	expire_at(6, at + apart + 1, 30 * MS);
	expect_herd(3, 2, at);
	expire_at(7, at - 9 * MS, 80 * MS);
	expect_herd(3, 2, at);
	expire_at(8, at + apart + 1, 50 * MS);
	expect_herd(4, 2, at + apart + 1);
	seen_end();
}

static void herd_told(void)
{
	seen_begin();
	for (int32_t id = 0; id < 9; id++)
		expire_at(id, 5000 * MS, 0);
	expect_findings(&no_loss, "");
	expire_at(9, 5000 * MS, 0);
	for (int round = 0; round < 2; round++) {
		expect_findings(&no_loss,
				round ? "herd -1  - 12 2: 12 timers were to expire within 100us, "
					"and 10 or more 2 times\n"
				      : "herd -1  - 10 1: 10 timers were to expire within 100us, "
					"and 10 or more 1 time\n");
		for (int32_t id = 0; id < 12; id++)
			expire_at(id, 6000 * MS, 0);
	}
	/* the greatest of all, and none after a table */
	expire_at(1, 7000 * MS, 0);
	expect_herd(12, 2, 6000 * MS);
	stats_reset(seen_stats);
	expect_herd(0, 0, 0);
	expire_at(2, 7000 * MS, 0);
	expect_herd(1, 0, 7000 * MS);
	seen_end();
}

/* Instants and limits as far away as there are. */
static void herd_extremes(void)
{
	struct occurrence expiry;

	seen_begin();
	seen_limits.herd = 2;
	seen_limits.herd_ns = INT64_MAX;
	expire_at(1, 5000 * MS, 0);
	expire_at(2, INT64_MAX - 1, 0);
	expect_herd(2, 1, 5000 * MS);
	expiry = feed_expiry(EVENT_TIMER_EXPIRE, 3, 5, 0);
	expiry.ts = 10;
	expiry.late_ns = INT64_MIN; /* nobody knows for when */
	feed_occur(expiry);
	expect_herd(2, 1, 5000 * MS);
	seen_end();
}

static void clean(void)
{
	int64_t armed;

	seen_begin();
	expect_findings(&no_loss, "");
	for (int i = 0; i < 20; i++) {
		feed_take(FEED_PID, feed_creation(EVENT_TIMER_CREATE, i, CLOCK_MONOTONIC));
		feed_settime(i, 5 * MS, 3 * MS);
		armed = (int64_t)feed_now - 5 * US;
		feed_expire(i, armed + 5 * MS, 3 * MS, ARMED_BY_USER);
		feed_deliver(i, SIGNAL_HANDLER, 0);
		feed_settime(i, 0, 0);
		feed_simple(EVENT_TIMER_DELETE, i, 0);
	}
	seen_finish();
	expect_findings(&no_loss, "");
	expect_findings(&(struct diagnosis_loss){ true, "all of it" },
			"data-incomplete -1  - 0 1: all of it\n");
	seen_end();
}

int suite_diagnosis(void)
{
	CU_pSuite suite = CU_add_suite("diagnosis", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, edges) || !CU_ADD_TEST(suite, late) ||
	    !CU_ADD_TEST(suite, overruns_in_detail) || !CU_ADD_TEST(suite, other_limits) ||
	    !CU_ADD_TEST(suite, several_timers) || !CU_ADD_TEST(suite, order) ||
	    !CU_ADD_TEST(suite, herd) || !CU_ADD_TEST(suite, herd_told) ||
	    !CU_ADD_TEST(suite, herd_extremes) || !CU_ADD_TEST(suite, clean))
		return (int)CU_get_error();
	return 0;
}
