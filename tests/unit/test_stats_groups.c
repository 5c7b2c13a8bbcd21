/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows put together, taken apart, emptied, folded, and counted elsewhere. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "seen_stats.h"
#include "suites.h"
#include "timersnoop/stats_parts.h"

static void make(int32_t pid, const char *comm, int32_t id, int32_t clock, int signal)
{
	struct call call = feed_creation(EVENT_TIMER_CREATE, id, clock);

	call.sigevent = (struct sigevent_seen){ FROM_KERNEL, 0, signal, SIGEV_SIGNAL, 0 };
	feed_take_of(pid, comm, call);
}

static void fail(int32_t pid, const char *comm, enum event event, int error)
{
	struct call call = feed_call(event, 99);

	call.ret = -error;
	feed_take_of(pid, comm, call);
}

/* What a row is of, in words: "pid=1 comm=app timer=0 ... timers=2 calls=3 failed=1". */
static void expect_rows(enum stat_by by, size_t count, const char *const *expected)
{
	static const char *const names[] = { "pid",    "comm",   "family", "timer", "clock",
					     "signal", "timers", "calls",  "errors" };
	const struct stat_row *rows = seen_rows(by, count);

	for (size_t row = 0; row < count; row++) {
		char text[512] = "", *at = text;

		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			struct field_value value;
			const struct field *field =
				fields_find(&stat_fields, names[i], strlen(names[i]));

			field_get(field, &rows[row], &value);
			if (!value.known)
				continue;
			if (field->kind == FIELD_TEXT)
				at += sprintf(at, "%s ", value.text);
			else
				at += sprintf(at, "%lld ",
					      (long long)(value.number + (int64_t)value.count));
		}
		CU_ASSERT_STRING_EQUAL(text, expected[row]);
		if (strcmp(text, expected[row]) != 0)
			fprintf(stderr, "\n%s %zu: %s\n", stat_by_name(by), row, text);
	}
}

static void in_common(void)
{
	static const char *const by_process[] = {
		"10 app posix CLOCK_MONOTONIC SIGUSR1 2 2 ",
		"11 app CLOCK_MONOTONIC 2 3 EINVAL:1 ",
		"12 cron posix CLOCK_TAI SIGUSR1 1 1 ",
		"12 was posix 0 1 EAGAIN:1 ",
	};
	static const char *const by_comm[] = {
		"app CLOCK_MONOTONIC 4 5 EINVAL:1 ",
		"12 cron posix CLOCK_TAI SIGUSR1 1 1 ",
		"12 was posix 0 1 EAGAIN:1 ",
	};
	static const char *const by_signal[] = {
		"posix SIGUSR1 3 3 ",
		"11 app itimer CLOCK_MONOTONIC SIGALRM 1 1 ",
		"11 app posix CLOCK_MONOTONIC SIGUSR2 1 2 EINVAL:1 ",
		"12 was posix 0 1 EAGAIN:1 ",
	};
	static const char *const by_clock[] = {
		"app CLOCK_MONOTONIC 4 5 EINVAL:1 ",
		"12 cron posix CLOCK_TAI SIGUSR1 1 1 ",
		"12 was posix 0 1 EAGAIN:1 ",
	};
	static const char *const by_timer[] = {
		"10 app posix 0 CLOCK_MONOTONIC SIGUSR1 1 1 ",
		"10 app posix 1 CLOCK_MONOTONIC SIGUSR1 1 1 ",
		"11 app posix 99 CLOCK_MONOTONIC SIGUSR2 1 2 EINVAL:1 ",
		"11 app itimer real CLOCK_MONOTONIC SIGALRM 1 1 ",
		"12 cron posix 0 CLOCK_TAI SIGUSR1 1 1 ",
		"12 was posix 0 1 EAGAIN:1 ",
	};

	seen_begin();
	make(12, "cron", 0, CLOCK_TAI, SIGUSR1);
	make(11, "app", 99, CLOCK_MONOTONIC, SIGUSR2);
	feed_take_of(11, "app", feed_setting(EVENT_SETITIMER, ITIMER_REAL, 5 * MS, 0));
	make(10, "app", 1, CLOCK_MONOTONIC, SIGUSR1);
	make(10, "app", 0, CLOCK_MONOTONIC, SIGUSR1);
	fail(11, "app", EVENT_TIMER_SETTIME, EINVAL);
	fail(12, "was", EVENT_TIMER_CREATE, EAGAIN);
	expect_rows(BY_TIMER, 6, by_timer);
	expect_rows(BY_PROCESS, 4, by_process);
	expect_rows(BY_COMM, 3, by_comm);
	/* figures: ascending, and those without last */
	expect_rows(
		BY_SIGNAL, 4,
		(const char *const[]){ by_signal[0], by_signal[2], by_signal[1], by_signal[3] });
	expect_rows(BY_CLOCK, 3, by_clock);
	seen_end();
}

static void names_of_groups(void)
{
	static const char *const names[] = { "timer", "process", "comm", "signal", "clock" };

	CU_ASSERT_EQUAL(BY_COUNT, 5);
	for (enum stat_by by = BY_TIMER; by < BY_COUNT; by++)
		CU_ASSERT_STRING_EQUAL(stat_by_name(by), names[by]);
}

/* What two of a kind have not in common is not there. */
static void intersections(void)
{
	const struct stat_row one = { .has_pid = true,
				      .pid = 1,
				      .has_comm = true,
				      .comm = "a",
				      .has_family = true,
				      .family = TIMER_FD,
				      .has_id = true,
				      .id = 3,
				      .has_clock = true,
				      .clock = 1,
				      .has_signal = true,
				      .signal = 10 };
	struct stat_row both = one, other = one;

	stat_row_intersect(&both, &one);
	CU_ASSERT_EQUAL(memcmp(&both, &one, sizeof(one)), 0);
	other.pid = 2;
	stat_row_intersect(&both, &other);
	CU_ASSERT_TRUE(!both.has_pid && both.has_comm && both.has_family && both.has_id);
	CU_ASSERT_TRUE(both.has_clock && both.has_signal);
	other = one;
	strcpy(other.comm, "b");
	other.signal = 0;
	stat_row_intersect(&both, &other);
	CU_ASSERT_TRUE(!both.has_pid && !both.has_comm && both.has_family && both.has_id);
	CU_ASSERT_TRUE(both.has_clock && !both.has_signal);
	other = one;
	other.has_clock = false;
	other.family = TIMER_POSIX;
	other.id = 4;
	stat_row_intersect(&both, &other);
	CU_ASSERT_TRUE(!both.has_family && !both.has_id && !both.has_clock);
	/* and what is not there once does not come back */
	stat_row_intersect(&both, &one);
	CU_ASSERT_TRUE(!both.has_pid && !both.has_clock && !both.has_comm && !both.has_id);
}

/* Each figure alone makes a row worth showing, but for what follows from others. */
static void worth_showing(void)
{
	struct stat_row row = { .timers = 5, .arms = 1, .incomplete = true };

	CU_ASSERT_FALSE(stat_row_any(&row));
	row = (struct stat_row){ .calls = 1 };
	CU_ASSERT_TRUE(stat_row_any(&row));
	row = (struct stat_row){ .expiries = 1 };
	CU_ASSERT_TRUE(stat_row_any(&row));
	row = (struct stat_row){ .created = 1 };
	CU_ASSERT_TRUE(stat_row_any(&row));
	row = (struct stat_row){ .deleted = 1 };
	CU_ASSERT_TRUE(stat_row_any(&row));
	row = (struct stat_row){ .signals = { [SIGNAL_SIGNALFD] = 1 } };
	CU_ASSERT_TRUE(stat_row_any(&row));
}

/* --- one table after the other ----------------------------------------------------- */

static uint64_t field_sum[128];
static struct distribution late_sum;

static void add_table(void)
{
	const struct stat_row *total = stats_total(seen_stats);

	seen_compare_sums();
	for (size_t i = 0; i < stat_fields.count; i++) {
		struct field_value value;

		field_get(&stat_fields.fields[i], total, &value);
		field_sum[i] += value.count;
	}
	CU_ASSERT_EQUAL(distribution_merge(&late_sum, &total->late), 0);
}

static struct stats *whole;

static int take_change(void *context, const struct life_change *change)
{
	CU_ASSERT_EQUAL(stats_change(whole, change), 0);
	return stats_change(context, change);
}

static int take_call(void *context, const struct caller *who, const struct call *call)
{
	CU_ASSERT_EQUAL(stats_call(whole, who, call), 0);
	return stats_call(context, who, call);
}

static void one_round(int i)
{
	int64_t armed;

	if (i % 4 == 0)
		make(FEED_PID, "app", i / 4 % 3, CLOCK_MONOTONIC, SIGUSR1);
	feed_settime(i / 4 % 3, 5 * MS, 3 * MS);
	armed = (int64_t)feed_now - 5 * US;
	feed_expire(i / 4 % 3, armed + 5 * MS, 3 * MS, ARMED_BY_USER);
	feed_expire(i / 4 % 3, armed + (8 + i) * MS, 3 * MS, ARMED_BY_KERNEL);
	feed_deliver(i / 4 % 3, SIGNAL_HANDLER, i % 5);
	fail(FEED_PID + i % 2, "app", i % 3 ? EVENT_TIMER_DELETE : EVENT_TIMERFD_CREATE, EMFILE);
	if (i % 4 == 3)
		feed_simple(EVENT_TIMER_DELETE, i / 4 % 3, 0);
	if (i == 20)
		lives_exit(feed_lives, FEED_PID, feed_now);
}

/* Sums over the tables are what there is of the whole. */
static void tables(void)
{
	memset(field_sum, 0, sizeof(field_sum));
	seen_begin();
	lives_free(feed_lives);
	whole = stats_new(&seen_scene);
	feed_begin_watched(take_change, take_call, seen_stats);
	for (int i = 0; i < 40; i++) {
		one_round(i);
		if (i % 7)
			continue;
		add_table();
		stats_reset(seen_stats);
		seen_rows(BY_TIMER, 0);
		CU_ASSERT_EQUAL(stats_total(seen_stats)->calls, 0);
		CU_ASSERT_EQUAL(stats_total(seen_stats)->late.count, 0);
		CU_ASSERT_PTR_NULL(stats_total(seen_stats)->histograms);
		CU_ASSERT_TRUE(stats_total(seen_stats)->sum);
		/* a timer that is there still is, but nothing has happened to it since */
		CU_ASSERT_EQUAL(stats_total(seen_stats)->timers, 0);
		CU_ASSERT_EQUAL(stats_total(seen_stats)->events, EVENTS_ALL);
	}
	add_table();
	for (size_t i = 0; i < stat_fields.count; i++) {
		const struct field *field = &stat_fields.fields[i];
		struct field_value value;

		field_get(field, stats_total(whole), &value);
		if (field->kind == FIELD_COUNT && strcmp(field->name, "mono_ns") != 0 &&
		    strcmp(field->name, "timers") != 0)
			CU_ASSERT_EQUAL(field_sum[i], value.count);
	}
	CU_ASSERT_EQUAL(late_sum.count, stats_total(whole)->late.count);
	CU_ASSERT_EQUAL(late_sum.max, stats_total(whole)->late.max);
	CU_ASSERT_EQUAL(stats_total(whole)->calls, 40 + 10 + 10 + 40);
	distribution_free(&late_sum);
	seen_end();
	stats_free(whole);
}

/* Of a timer that goes on only what is new is told, with what it is. */
static void after_reset(void)
{
	seen_begin();
	make(FEED_PID, "app", 1, CLOCK_MONOTONIC, SIGUSR1);
	make(FEED_PID, "app", 2, CLOCK_MONOTONIC, SIGUSR1);
	feed_settime(1, 5 * MS, 3 * MS);
	stats_reset(seen_stats);
	feed_expire(1, (int64_t)feed_now + 5 * MS, 3 * MS, ARMED_BY_USER);
	seen_expect(seen_rows(BY_TIMER, 1),
		    "pid=42 comm=app timer=1 clock=CLOCK_MONOTONIC signal=SIGUSR1 timers=1 "
		    "expiries=1 late_ns=2000/2000/2000/2000");
	CU_ASSERT_EQUAL(stats_total(seen_stats)->timers, 1);
	/* once more, and it is still one */
	feed_simple(EVENT_TIMER_GETTIME, 1, 0);
	CU_ASSERT_EQUAL(stats_total(seen_stats)->timers, 1);
	CU_ASSERT_EQUAL(seen_rows(BY_TIMER, 1)->timers, 1);
	stats_reset(seen_stats);
	feed_simple(EVENT_TIMER_DELETE, 1, 0);
	CU_ASSERT_EQUAL(seen_rows(BY_TIMER, 1)->timers, 1);
	CU_ASSERT_EQUAL(seen_rows(BY_TIMER, 1)->deleted, 1);
	stats_reset(seen_stats);
	CU_ASSERT_EQUAL(stats_total(seen_stats)->timers, 0);
	/* the other one was never armed: that is still known */
	seen_finish();
	seen_rows(BY_TIMER, 0);
	CU_ASSERT_EQUAL(stats_total(seen_stats)->evidence.unarmed, 0);
	seen_end();
}

/* --- more timers than can be told apart ---------------------------------------------- */

#define ROWS_MAX 16384
#define MANY 50000

static void folded(void)
{
	const struct stat_row *rows;
	struct stat_row *list;
	size_t count;

	seen_begin();
	seen_scene.histograms = 0;
	for (int32_t i = 0; i < MANY; i++) {
		int32_t pid = 100 + i;

		make(pid, i % 2 ? "odd" : "even", 0, CLOCK_MONOTONIC, SIGUSR1);
		if (i % 1000 == 0) /* these stay */
			continue;
		feed_take_of(pid, i % 2 ? "odd" : "even",
			     feed_setting(EVENT_TIMER_SETTIME, 0, (1 + i % 9) * MS, 0));
		lives_exit(feed_lives, pid, feed_now);
		if (i % 5000 == 0) {
			list = stats_rows(seen_stats, BY_TIMER, &count);
			CU_ASSERT_TRUE(count <= ROWS_MAX);
			stats_rows_free(list, count);
		}
	}
	list = stats_rows(seen_stats, BY_TIMER, &count);
	CU_ASSERT_TRUE(count <= ROWS_MAX && count > MANY / 1000);
	stats_rows_free(list, count);
	CU_ASSERT_EQUAL(stats_total(seen_stats)->timers, MANY);
	CU_ASSERT_EQUAL(stats_total(seen_stats)->arms, MANY - MANY / 1000);
	rows = seen_rows(BY_COMM, 2);
	CU_ASSERT_TRUE(strcmp(rows[0].comm, "even") == 0 && rows[0].timers == MANY / 2);
	CU_ASSERT_TRUE(rows[0].created == MANY / 2 && rows[0].arms == MANY / 2 - MANY / 1000);
	CU_ASSERT_TRUE(rows[1].timers == MANY / 2 && rows[1].arms == MANY / 2);
	CU_ASSERT_TRUE(rows[1].value.count == MANY / 2 && rows[1].value.min == 1 * MS);
	/* evidence, too: all were left by their processes */
	CU_ASSERT_EQUAL(rows[1].evidence.undeleted, MANY / 2);
	/* what has been folded has no process any more, those that live have theirs */
	rows = seen_rows(BY_TIMER, count);
	CU_ASSERT_TRUE(rows[0].has_pid && rows[0].pid == 100 && rows[0].has_id);
	CU_ASSERT_FALSE(rows[count - 1].has_pid);
	CU_ASSERT_FALSE(rows[count - 1].has_id);
	CU_ASSERT_TRUE(rows[count - 1].has_comm && rows[count - 1].has_family);
	CU_ASSERT_TRUE(rows[count - 1].timers > 10000);
	seen_end();
}

/* Refused calls of no timer, each of another process: they are folded by name and kind. */
static void folded_loose(void)
{
	struct stat_row *list;
	const struct stat_row *rows;
	size_t count;

	seen_begin();
	seen_scene.histograms = 0;
	make(50, "app", 0, CLOCK_MONOTONIC, SIGUSR1); /* stays */
	for (int32_t i = 0; i < MANY; i++) {
		fail(100 + i, i % 2 ? "odd" : "even",
		     i % 4 < 2 ? EVENT_TIMER_DELETE : EVENT_TIMERFD_CREATE,
		     i % 4 < 2 ? EINVAL : EMFILE);
		if (i % 5000)
			continue;
		list = stats_rows(seen_stats, BY_TIMER, &count);
		CU_ASSERT_TRUE(count <= ROWS_MAX);
		stats_rows_free(list, count);
	}
	list = stats_rows(seen_stats, BY_TIMER, &count);
	CU_ASSERT_TRUE(count > 5 && count <= ROWS_MAX);
	stats_rows_free(list, count);
	rows = seen_rows(BY_TIMER, count);
	CU_ASSERT_TRUE(rows[0].has_pid && rows[0].pid == 50 && rows[0].timers == 1);
	/* what was folded has no process, but its name and kind */
	for (size_t i = count - 4; i < count; i++) {
		CU_ASSERT_TRUE(!rows[i].has_pid && !rows[i].has_id && rows[i].has_family);
		CU_ASSERT_TRUE(rows[i].has_comm && rows[i].timers == 0);
		CU_ASSERT_TRUE(rows[i].failed > 5000 && rows[i].failed == rows[i].calls);
		CU_ASSERT_EQUAL(rows[i].errors[0].number,
				rows[i].family == TIMER_FD ? EMFILE : EINVAL);
		CU_ASSERT_EQUAL(rows[i].errors[0].count, rows[i].failed);
	}
	CU_ASSERT_TRUE(rows[count - 5].has_pid);
	rows = seen_rows(BY_COMM, 3);
	CU_ASSERT_EQUAL(rows[1].failed, MANY / 2);
	CU_ASSERT_EQUAL(rows[2].failed, MANY / 2);
	CU_ASSERT_EQUAL(stats_total(seen_stats)->failed, MANY);
	CU_ASSERT_EQUAL(stats_total(seen_stats)->timers, 1);
	seen_end();
}

/* Many that live cannot be folded; to look for some each time would take for ever. */
static void many_alive(void)
{
	struct timespec before, after;
	const struct stat_row *total;

	seen_begin();
	seen_scene.histograms = 0;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	for (int32_t i = 0; i < 2 * MANY; i++)
		make(100 + i % 100, "app", i / 100, CLOCK_MONOTONIC, SIGUSR1);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	total = stats_total(seen_stats);
	CU_ASSERT_TRUE(total->timers == 2 * MANY && total->created == 2 * MANY);
	/* it takes some tenths; a walk for each takes a minute */
	CU_ASSERT_TRUE(after.tv_sec - before.tv_sec < 10);
	CU_ASSERT_EQUAL(seen_rows(BY_COMM, 1)->timers, 2 * MANY);
	lives_free(feed_lives);
	feed_begin();
	seen_end();
}

/* --- counted by the kernel -------------------------------------------------------------- */

static struct stat_row counted_row(int32_t pid, int32_t id)
{
	struct stat_row row = { .has_pid = true,
				.pid = pid,
				.has_comm = true,
				.comm = "app",
				.has_family = true,
				.family = TIMER_POSIX,
				.has_id = true,
				.id = id,
				.timers = 1,
				.calls = 10,
				.arms = 7,
				.one_shot = 4,
				.periodic = 3,
				.absolute = 2,
				.disarms = 1,
				.failed = 2,
				.errors = { { EINVAL, 2 } },
				.events = EVENT_BIT(EVENT_TIMER_SETTIME) };

	return row;
}

static void counted(void)
{
	struct stat_row row = counted_row(5, 1);
	const struct stat_row *rows;

	seen_begin();
	/* no rows but these: what else there may have been is not known */
	seen_scene.events = EVENT_BIT(EVENT_TIMER_SETTIME);
	stats_reset(seen_stats);
	stats_set_span(seen_stats, 0, 2 * NSEC_PER_SEC);
	CU_ASSERT_EQUAL(stats_add(seen_stats, &row), 0);
	/* the span is what stats_set_span said */
	CU_ASSERT_EQUAL(stats_total(seen_stats)->seconds, 2);
	row = counted_row(5, 1);
	strcpy(row.comm, "renamed");
	CU_ASSERT_EQUAL(stats_add(seen_stats, &row), 0);
	row = counted_row(6, 1);
	CU_ASSERT_EQUAL(stats_add(seen_stats, &row), 0);
	row = counted_row(6, 0);
	row.has_id = false;
	row.timers = 0;
	CU_ASSERT_EQUAL(stats_add(seen_stats, &row), 0);
	rows = seen_rows(BY_TIMER, 3);
	seen_expect(&rows[0], "pid=5 comm=renamed timer=1 timers=1 calls=20 failed=4 "
			      "errors=EINVAL:4 arms=14 disarms=2 one_shot=8 periodic=6 absolute=4");
	seen_expect(&rows[1], "pid=6 comm=app timer=1 timers=1 calls=10 failed=2 "
			      "errors=EINVAL:2 arms=7 disarms=1 one_shot=4 periodic=3 absolute=2");
	seen_expect(&rows[2], "pid=6 comm=app calls=10 failed=2 "
			      "errors=EINVAL:2 arms=7 disarms=1 one_shot=4 periodic=3 absolute=2");
	CU_ASSERT_EQUAL(stats_total(seen_stats)->timers, 2);
	seen_expect(stats_total(seen_stats),
		    "timers=2 calls=40 failed=8 errors=EINVAL:8 arms=28 disarms=4 one_shot=16 "
		    "periodic=12 absolute=8");
	for (size_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(rows[i].events, EVENT_BIT(EVENT_TIMER_SETTIME));
	/* to which nothing happens is not told again */
	stats_reset(seen_stats);
	seen_rows(BY_TIMER, 0);
	row = counted_row(5, 1);
	CU_ASSERT_EQUAL(stats_add(seen_stats, &row), 0);
	CU_ASSERT_EQUAL(seen_rows(BY_TIMER, 1)->timers, 1);
	seen_end();
}

/* What the kernel counts is known of such a row, and nothing else. */
static void known_of_counted(void)
{
	struct stat_row row = counted_row(5, 1);
	size_t known = 0;

	row.seconds = 1;
	row.end_ns = 1;
	for (size_t i = 0; i < stat_fields.count; i++) {
		const struct field *field = &stat_fields.fields[i];
		struct field_value value;

		field_get(field, &row, &value);
		known += value.known;
		if (strcmp(field->name, "event") != 0)
			CU_ASSERT_EQUAL(value.known, stat_field_counted(field));
	}
	CU_ASSERT_EQUAL(known, 19);
	/* each name but once, and as people write it */
	for (size_t i = 0; i < stat_fields.count; i++)
		CU_ASSERT_PTR_EQUAL(fields_find(&stat_fields, stat_fields.fields[i].name,
						strlen(stat_fields.fields[i].name)),
				    &stat_fields.fields[i]);
	CU_ASSERT_STRING_EQUAL(fields_find(&stat_fields, "late.p99", 8)->name, "late_ns_p99");
}

int suite_stats_groups(void)
{
	CU_pSuite suite = CU_add_suite("stats_groups", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, in_common) || !CU_ADD_TEST(suite, names_of_groups) ||
	    !CU_ADD_TEST(suite, intersections) || !CU_ADD_TEST(suite, worth_showing) ||
	    !CU_ADD_TEST(suite, tables) || !CU_ADD_TEST(suite, after_reset) ||
	    !CU_ADD_TEST(suite, folded) || !CU_ADD_TEST(suite, folded_loose) ||
	    !CU_ADD_TEST(suite, many_alive) || !CU_ADD_TEST(suite, counted) ||
	    !CU_ADD_TEST(suite, known_of_counted))
		return (int)CU_get_error();
	return 0;
}
