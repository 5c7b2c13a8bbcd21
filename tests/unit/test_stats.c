/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

#include "seen_stats.h"
#include "suites.h"

#define CHILD 50

static void create(enum event event, int32_t id)
{
	feed_take(FEED_PID, feed_creation(event, id, CLOCK_TAI));
}

static void create_posix(int32_t pid, const char *comm, int32_t id)
{
	struct call call = feed_creation(EVENT_TIMER_CREATE, id, CLOCK_MONOTONIC);

	call.sigevent = (struct sigevent_seen){ FROM_KERNEL, 0x4d, SIGUSR1, SIGEV_SIGNAL, 0 };
	feed_take_of(pid, comm, call);
}

static void nothing(void)
{
	seen_begin();
	seen_rows(BY_TIMER, 0);
	seen_expect(stats_total(seen_stats), "");
	seen_end();
	stats_free(NULL);
	stats_rows_free(NULL, 0);
}

/* One timer with all that can happen to it. */
static void whole_life(void)
{
	static const char expected[] =
		"pid=42 comm=app timer=7 clock=CLOCK_MONOTONIC signal=SIGUSR1 "
		"timers=1 created=1 deleted=1 calls=9 failed=1 errors=EFAULT:1 arms=2 disarms=1 "
		"one_shot=1 periodic=1 replaced=1 gettimes=1 getoverruns=2 expiries=3 rearmed=2 "
		"overruns=2 signals_taken=3 value_ns=5000000/5000000/9000000/9000000 "
		"interval_ns=3000000/3000000/3000000/3000000 "
		"observed_interval_ns=3000000/3000000/3000000/3000000 "
		"late_ns=2000/2000/2000/2000 signal_latency_ns=15000/15000/15000/15000 "
		"duration_ns=10000/10000/10000/10000";
	int64_t armed;

	seen_begin();
	create_posix(FEED_PID, "app", 7);
	feed_settime(7, 9 * MS, 0);
	feed_settime(7, 5 * MS, 3 * MS);
	armed = (int64_t)feed_now - 5 * US;
	feed_expire(7, armed + 5 * MS, 3 * MS, ARMED_BY_USER);
	feed_deliver(7, SIGNAL_HANDLER, 0);
	feed_expire(7, armed + 8 * MS, 3 * MS, ARMED_BY_KERNEL);
	feed_deliver(7, SIGNAL_HANDLER, 2);
	feed_expire(7, armed + 17 * MS, 3 * MS, ARMED_BY_KERNEL);
	feed_deliver(7, SIGNAL_WAITED, -1);
	feed_simple(EVENT_TIMER_GETTIME, 7, 0);
	feed_simple(EVENT_TIMER_GETTIME, 7, -EFAULT);
	feed_simple(EVENT_TIMER_GETOVERRUN, 7, 5);
	feed_simple(EVENT_TIMER_GETOVERRUN, 7, 2);
	feed_settime(7, 0, 3 * MS);
	feed_simple(EVENT_TIMER_DELETE, 7, 0);
	seen_finish();
	seen_expect(seen_rows(BY_TIMER, 1), expected);
	seen_expect(stats_total(seen_stats), strstr(expected, "timers=1"));
	seen_end();
}

/* What a row is of, by family. */
static void identities(void)
{
	static const struct {
		const char *field, *values[3];
	} cases[] = {
		{ "event", { "stat", "stat", "stat" } },
		{ "timer", { "7", "fd3", "prof" } },
		{ "family", { "posix", "timerfd", "itimer" } },
		{ "timer_id", { "7", "", "" } },
		{ "fd", { "", "3", "" } },
		{ "which", { "", "", "ITIMER_PROF" } },
		{ "clock", { "CLOCK_TAI", "CLOCK_TAI", "" } },
		{ "signal", { "", "none", "SIGPROF" } },
	};
	const struct stat_row *rows;

	seen_begin();
	create(EVENT_TIMER_CREATE, 7); /* its sigevent was not seen */
	create(EVENT_TIMERFD_CREATE, 3);
	feed_take(FEED_PID, feed_setting(EVENT_SETITIMER, ITIMER_PROF, 5 * MS, 0));
	rows = seen_rows(BY_TIMER, 3);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int row = 0; row < 3; row++) {
			const struct field *field =
				fields_find(&stat_fields, cases[i].field, strlen(cases[i].field));
			struct field_value value;
			char text[32];

			CU_ASSERT_PTR_NOT_NULL_FATAL(field);
			field_get(field, &rows[row], &value);
			snprintf(text, sizeof(text), "%lld", (long long)value.number);
			if (field->kind == FIELD_TEXT)
				snprintf(text, sizeof(text), "%s", value.text ? value.text : "");
			CU_ASSERT_EQUAL(value.known, cases[i].values[row][0] != '\0');
			if (value.known)
				CU_ASSERT_STRING_EQUAL(text, cases[i].values[row]);
		}
	seen_end();
}

/* The signals of itimers are known, those of timers that send none as well. */
static void signals_of_timers(void)
{
	struct call call;
	const struct stat_row *rows;

	seen_begin();
	feed_take(FEED_PID, feed_setting(EVENT_ALARM, 0, 5 * MS, 0));
	feed_take(FEED_PID, feed_setting(EVENT_SETITIMER, ITIMER_VIRTUAL, 5 * MS, 0));
	call = feed_creation(EVENT_TIMER_CREATE, 1, CLOCK_MONOTONIC);
	call.sigevent = (struct sigevent_seen){ FROM_KERNEL, 0, SIGUSR2, SIGEV_NONE, 0 };
	feed_take(FEED_PID, call);
	call = feed_creation(EVENT_TIMER_CREATE, 2, CLOCK_MONOTONIC);
	call.new_ptr = 0; /* the default one */
	feed_take(FEED_PID, call);
	rows = seen_rows(BY_SIGNAL, 3);
	CU_ASSERT_TRUE(rows[0].has_signal && rows[0].signal == 0 && rows[0].timers == 1);
	CU_ASSERT_TRUE(rows[1].signal == SIGALRM && rows[1].timers == 2);
	CU_ASSERT_TRUE(rows[2].signal == SIGVTALRM && rows[2].timers == 1);
	seen_end();
}

/* Each result in the figures that it belongs to. */
static void results_of_signals(void)
{
	static const char *const expected[SIGNAL_RESULTS] = {
		[SIGNAL_DELIVERED] = "signals_sent=1",
		[SIGNAL_IGNORED] = "signals_sent=1 signals_ignored=1",
		[SIGNAL_PENDING] = "signals_sent=1 signals_pending=1",
		[SIGNAL_LOST] = "signals_sent=1 signals_lost=1",
		[SIGNAL_HANDLER] = "signals_taken=1",
		[SIGNAL_DEFAULT] = "signals_taken=1",
		[SIGNAL_DROPPED] = "signals_ignored=1",
		[SIGNAL_WAITED] = "signals_taken=1",
		[SIGNAL_SIGNALFD] = "signals_taken=1",
	};
	char text[256];

	for (enum signal_result result = 0; result < SIGNAL_RESULTS; result++) {
		struct occurrence signal;

		seen_begin();
		create(EVENT_TIMER_CREATE, 1);
		signal = feed_expiry(result < SIGNAL_HANDLER ? EVENT_SIGNAL_GENERATE
							     : EVENT_SIGNAL_DELIVER,
				     1, (int64_t)feed_now, 0);
		signal.family = TIMER_POSIX;
		signal.result = result;
		feed_occur(signal);
		snprintf(text, sizeof(text),
			 "pid=42 comm=app timer=1 clock=CLOCK_TAI timers=1 created=1 calls=1 %s "
			 "duration_ns=10000/10000/10000/10000",
			 expected[result]);
		seen_expect(seen_rows(BY_TIMER, 1), text);
		seen_end();
	}
}

/* Instants are no values; halves of calls have no duration. */
static void what_is_measured(void)
{
	struct call call;
	struct occurrence expiry;

	seen_begin();
	create(EVENT_TIMER_CREATE, 1);
	call = feed_setting(EVENT_TIMER_SETTIME, 1, 2000 * MS, 7 * MS);
	call.flags = TIMER_ABSTIME;
	call.end_ns += 3 * US;
	feed_take(FEED_PID, call);
	expiry = feed_expiry(EVENT_TIMER_EXPIRE, 1, 2000 * MS, 7 * MS);
	expiry.late_ns = -300;
	feed_occur(expiry);
	expiry.has_asked = false;
	feed_occur(expiry);
	call = feed_call(EVENT_TIMER_GETTIME, 1);
	call.missing = CALL_NO_RETURN;
	call.end_ns = 0;
	feed_take(FEED_PID, call);
	seen_expect(seen_rows(BY_TIMER, 1),
		    "pid=42 comm=app timer=1 clock=CLOCK_TAI timers=1 created=1 calls=3 arms=1 "
		    "periodic=1 absolute=1 expiries=2 interval_ns=7000000/7000000/7000000/7000000 "
		    "late_ns=-300/-300/-300/-300 duration_ns=10000/10000/13000/13000 incomplete");
	seen_end();
}

/* Exactly what the distributions have, and of the chosen kinds alone. */
static void histograms(void)
{
	const struct stat_row *row;

	for (unsigned of = 0; of < HISTOGRAM_COUNT; of++) {
		seen_begin();
		seen_scene.histograms = HISTOGRAM_BIT(of);
		create_posix(FEED_PID, "app", 1);
		feed_settime(1, 5 * MS, 3 * MS);
		feed_expire(1, (int64_t)feed_now + 5 * MS, 3 * MS, ARMED_BY_USER);
		feed_deliver(1, SIGNAL_HANDLER, 0);
		row = seen_rows(BY_TIMER, 1);
		CU_ASSERT_PTR_NOT_NULL_FATAL(row->histograms);
		for (unsigned other = 0; other < HISTOGRAM_COUNT; other++)
			CU_ASSERT_EQUAL(histogram_total(&row->histograms[other]),
					other != of                ? 0
					: of == HISTOGRAM_DURATION ? 2
								   : 1);
		CU_ASSERT_EQUAL(row->histograms[HISTOGRAM_VALUE].rows[23], of == HISTOGRAM_VALUE);
		CU_ASSERT_EQUAL(row->histograms[HISTOGRAM_INTERVAL].rows[22],
				of == HISTOGRAM_INTERVAL);
		CU_ASSERT_EQUAL(row->histograms[HISTOGRAM_LATE].rows[11], of == HISTOGRAM_LATE);
		CU_ASSERT_EQUAL(row->histograms[HISTOGRAM_SIGNAL].rows[14], of == HISTOGRAM_SIGNAL);
		seen_end();
	}
	seen_begin();
	seen_scene.histograms = 0;
	feed_settime(1, 5 * MS, 3 * MS);
	CU_ASSERT_PTR_NULL(seen_rows(BY_TIMER, 1)->histograms);
	seen_end();
}

/* Refused calls for timers that are not known belong to their process alone. */
static void unattributed(void)
{
	const struct stat_row *rows;
	struct call call;

	seen_begin();
	feed_simple(EVENT_TIMER_SETTIME, 5, -EINVAL);
	feed_simple(EVENT_TIMER_DELETE, 6, -EINVAL);
	feed_simple(EVENT_TIMER_CREATE, 0, -EAGAIN);
	feed_simple(EVENT_TIMERFD_CREATE, 0, -EMFILE);
	feed_simple(EVENT_SETITIMER, 77, -EINVAL);
	call = feed_call(EVENT_TIMER_GETTIME, 9);
	feed_take_of(0, "", call); /* nobody knows whose */
	feed_settime(1, 5 * MS, 0);
	feed_simple(EVENT_TIMER_SETTIME, 1, -EINVAL); /* this one has a timer */
	rows = seen_rows(BY_TIMER, 5);
	seen_expect(&rows[0],
		    "pid=42 comm=app timer=1 timers=1 calls=2 failed=1 errors=EINVAL:1 arms=1 "
		    "one_shot=1 value_ns=5000000/5000000/5000000/5000000 "
		    "duration_ns=10000/10000/10000/10000");
	seen_expect(&rows[1], "pid=42 comm=app calls=3 failed=3 errors=EINVAL:2|EAGAIN:1 "
			      "duration_ns=10000/10000/10000/10000");
	seen_expect(&rows[2], "pid=42 comm=app calls=1 failed=1 errors=EMFILE:1 "
			      "duration_ns=10000/10000/10000/10000");
	seen_expect(&rows[3], "pid=42 comm=app calls=1 failed=1 errors=EINVAL:1 "
			      "duration_ns=10000/10000/10000/10000");
	seen_expect(&rows[4], "calls=1 duration_ns=10000/10000/10000/10000");
	CU_ASSERT_TRUE(rows[1].has_family && rows[1].family == TIMER_POSIX && !rows[1].has_id);
	CU_ASSERT_TRUE(rows[3].has_family && rows[3].family == TIMER_ITIMER);
	seen_rows(BY_PROCESS, 2);
	seen_end();
}

/* More kinds of errors than there is room for. */
static void errors(void)
{
	static const int numbers[] = { EINVAL, EFAULT, EBADF,  EMFILE, ENFILE,    ENOMEM,
				       ENODEV, EPERM,  EAGAIN, EAGAIN, EOPNOTSUPP };
	const struct stat_row *row;

	seen_begin();
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		feed_simple(EVENT_TIMER_CREATE, 0, -numbers[i]);
	for (int i = 0; i < 1000; i++)
		feed_simple(EVENT_TIMER_CREATE, 0, -EINVAL);
	row = seen_rows(BY_TIMER, 1);
	CU_ASSERT_EQUAL(row->failed, 1011);
	CU_ASSERT_EQUAL(row->other_errors, 3);
	CU_ASSERT_TRUE(row->errors[0].number == EINVAL && row->errors[0].count == 1001);
	CU_ASSERT_TRUE(row->errors[7].number == EPERM && row->errors[7].count == 1);
	/* what would not fit whole is left out */
	seen_expect(row, "pid=42 comm=app calls=1011 failed=1011 "
			 "errors=EINVAL:1001|EPERM:1|EBADF:1|ENOMEM:1|EFAULT:1|ENODEV:1|ENFILE:1 "
			 "duration_ns=10000/10000/10000/10000");
	seen_end();
}

/* An id that is used again is another timer, of the same row; a process, another row. */
static void reused(void)
{
	struct call call = feed_call(EVENT_TIMER_DELETE, 98);
	const struct stat_row *rows;

	seen_begin();
	for (int i = 0; i < 3; i++) {
		create_posix(FEED_PID, "app", 0);
		feed_settime(0, 5 * MS, 0);
		if (i < 2)
			feed_simple(EVENT_TIMER_DELETE, 0, 0);
	}
	create_posix(FEED_PID, "app", 0); /* its deletion was not seen */
	rows = seen_rows(BY_TIMER, 1);
	CU_ASSERT_TRUE(rows->timers == 4 && rows->created == 4 && rows->deleted == 2);
	CU_ASSERT_TRUE(rows->arms == 3 && rows->calls == 9);
	feed_simple(EVENT_TIMER_DELETE, 99, -EINVAL);
	lives_exit(feed_lives, FEED_PID, feed_now);
	/* the number is another process's now */
	call.ret = -EINVAL;
	create_posix(FEED_PID, "other", 0);
	feed_take_of(FEED_PID, "other", feed_setting(EVENT_TIMER_SETTIME, 0, 5 * MS, 0));
	call.start_ns = feed_now;
	call.end_ns = feed_now + 10 * US;
	feed_take_of(FEED_PID, "other", call);
	rows = seen_rows(BY_TIMER, 4);
	CU_ASSERT_TRUE(strcmp(rows[0].comm, "app") == 0 && rows[0].timers == 4);
	CU_ASSERT_TRUE(strcmp(rows[1].comm, "app") == 0 && !rows[1].has_id && rows[1].calls == 1);
	CU_ASSERT_TRUE(strcmp(rows[2].comm, "other") == 0 && rows[2].timers == 1);
	CU_ASSERT_TRUE(rows[2].calls == 2 && rows[2].deleted == 0);
	CU_ASSERT_TRUE(strcmp(rows[3].comm, "other") == 0 && !rows[3].has_id && rows[3].calls == 1);
	rows = seen_rows(BY_PROCESS, 2);
	CU_ASSERT_TRUE(rows[0].timers == 4 && rows[0].calls == 10 && rows[0].failed == 1);
	CU_ASSERT_TRUE(rows[1].timers == 1 && rows[1].calls == 3 && rows[1].failed == 1);
	seen_end();
}

/* What executes another program has other timers than before, but the same timerfds. */
static void executed(void)
{
	const struct stat_row *rows;

	seen_begin();
	create_posix(FEED_PID, "app", 0);
	create(EVENT_TIMERFD_CREATE, 3);
	lives_exec(feed_lives, FEED_PID, feed_now);
	create_posix(FEED_PID, "new", 0);
	feed_take_of(FEED_PID, "new", feed_setting(EVENT_TIMERFD_SETTIME, 3, 5 * MS, 0));
	rows = seen_rows(BY_TIMER, 3);
	CU_ASSERT_TRUE(strcmp(rows[0].comm, "app") == 0 && rows[0].family == TIMER_POSIX);
	CU_ASSERT_TRUE(rows[0].timers == 1 && rows[0].created == 1 && rows[0].deleted == 0);
	CU_ASSERT_TRUE(strcmp(rows[1].comm, "new") == 0 && rows[1].family == TIMER_POSIX);
	CU_ASSERT_TRUE(rows[1].timers == 1 && rows[1].created == 1);
	CU_ASSERT_TRUE(rows[2].family == TIMER_FD && rows[2].timers == 1 && rows[2].arms == 1);
	seen_end();
}

/* A child's timerfd counts when something happens to it. */
static void inherited(void)
{
	struct caller child = feed_caller(CHILD, "child");
	struct occurrence expiry;
	const struct stat_row *rows;

	seen_begin();
	create(EVENT_TIMERFD_CREATE, 3);
	create(EVENT_TIMERFD_CREATE, 4);
	create_posix(FEED_PID, "app", 0);
	CU_ASSERT_EQUAL(lives_fork(feed_lives, FEED_PID, &child, feed_now), 0);
	seen_rows(BY_TIMER, 3);
	expiry = feed_expiry(EVENT_TIMERFD_EXPIRE, 3, (int64_t)feed_now, 0);
	expiry.pid = CHILD;
	feed_occur(expiry);
	rows = seen_rows(BY_TIMER, 4);
	seen_expect(&rows[3], "pid=50 comm=child timer=fd3 clock=CLOCK_TAI signal=none timers=1 "
			      "expiries=1 late_ns=2000/2000/2000/2000");
	lives_closed(feed_lives, CHILD, 3, feed_now);
	lives_exit(feed_lives, CHILD, feed_now);
	lives_closed(feed_lives, FEED_PID, 4, feed_now);
	CU_ASSERT_EQUAL(seen_rows(BY_TIMER, 4)[3].deleted, 1);
	CU_ASSERT_EQUAL(stats_total(seen_stats)->deleted, 2);
	CU_ASSERT_EQUAL(stats_total(seen_stats)->created, 3);
	CU_ASSERT_EQUAL(stats_total(seen_stats)->timers, 4);
	seen_end();
}

/* Those that /proc told of are there when something happens to them. */
static void existing(void)
{
	struct caller who = feed_caller(FEED_PID, "old");
	struct procfs_timer timer = { .family = TIMER_POSIX,
				      .id = 2,
				      .clock = CLOCK_BOOTTIME,
				      .posix = { SIGEV_SIGNAL, SIGUSR2, FEED_PID, 5 } };

	seen_begin();
	CU_ASSERT_EQUAL(lives_existing(feed_lives, &who, &timer, feed_now), 0);
	timer.id = 3;
	CU_ASSERT_EQUAL(lives_existing(feed_lives, &who, &timer, feed_now), 0);
	feed_expire(2, (int64_t)feed_now, 0, ARMED_UNKNOWN);
	seen_expect(seen_rows(BY_TIMER, 1),
		    "pid=42 comm=old timer=2 clock=CLOCK_BOOTTIME signal=SIGUSR2 timers=1 "
		    "expiries=1 late_ns=2000/2000/2000/2000");
	seen_end();
}

/* What was lost makes figures of what was there incomplete. */
static void losses(void)
{
	const struct stat_row *rows;

	seen_begin();
	create_posix(FEED_PID, "app", 0);
	create_posix(FEED_PID, "app", 1);
	lives_lost(feed_lives);
	feed_settime(1, 5 * MS, 0);
	create_posix(FEED_PID, "app", 2);
	rows = seen_rows(BY_TIMER, 3);
	CU_ASSERT_TRUE(!rows[0].incomplete && rows[1].incomplete && !rows[2].incomplete);
	CU_ASSERT_TRUE(stats_total(seen_stats)->incomplete);
	seen_finish();
	CU_ASSERT_TRUE(seen_rows(BY_TIMER, 3)[0].incomplete);
	seen_end();
}

static void spans(void)
{
	static const struct {
		uint64_t from, to;
		int64_t span_ns;
		const char *rate;
	} cases[] = {
		{ 0, 0, 0, "-" },
		{ 500, 500, 0, "-" },
		{ 1000, 500, 0, "-" },
		{ 1000000000, 3000000000, 2000000000, "2.000" },
		/* to the nanosecond */
		{ 0, 1001000000, 1001000000, "3.996" },
		{ 7, 4000016, 4000009, "999.998" },
	};
	const struct field *span = fields_find(&stat_fields, "span", 4);
	const struct field *rate = fields_find(&stat_fields, "rate", 4);

	seen_begin();
	for (int i = 0; i < 3; i++)
		feed_simple(EVENT_TIMER_GETTIME, 1, 0);
	feed_expire(1, (int64_t)feed_now, 0, ARMED_UNKNOWN);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct stat_row *row;
		struct field_value value;
		char text[32] = "-";

		stats_set_span(seen_stats, cases[i].from, cases[i].to);
		row = seen_rows(BY_CLOCK, 1);
		field_get(span, row, &value);
		CU_ASSERT_EQUAL(value.number, cases[i].span_ns);
		field_get(span, stats_total(seen_stats), &value);
		CU_ASSERT_EQUAL(value.number, cases[i].span_ns);
		CU_ASSERT_EQUAL(stat_fields.seconds(row), row->seconds);
		CU_ASSERT_EQUAL(row->end_ns, cases[i].to);
		field_get(rate, row, &value);
		if (value.known)
			snprintf(text, sizeof(text), "%.3f", value.rate);
		CU_ASSERT_STRING_EQUAL(text, cases[i].rate);
	}
	seen_end();
}

int suite_stats(void)
{
	CU_pSuite suite = CU_add_suite("stats", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, nothing) || !CU_ADD_TEST(suite, whole_life) ||
	    !CU_ADD_TEST(suite, identities) || !CU_ADD_TEST(suite, signals_of_timers) ||
	    !CU_ADD_TEST(suite, results_of_signals) || !CU_ADD_TEST(suite, what_is_measured) ||
	    !CU_ADD_TEST(suite, histograms) || !CU_ADD_TEST(suite, unattributed) ||
	    !CU_ADD_TEST(suite, errors) || !CU_ADD_TEST(suite, reused) ||
	    !CU_ADD_TEST(suite, executed) || !CU_ADD_TEST(suite, inherited) ||
	    !CU_ADD_TEST(suite, existing) || !CU_ADD_TEST(suite, losses) ||
	    !CU_ADD_TEST(suite, spans))
		return (int)CU_get_error();
	return 0;
}
