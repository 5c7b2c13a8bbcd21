/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which figures are known by which events, and what little tells of a timer. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "seen_stats.h"
#include "suites.h"

#define BIT(name) EVENT_BIT(EVENT_##name)
#define ITIMER_SETS (BIT(SETITIMER) | BIT(ALARM))
#define EXPIRES (BIT(TIMER_EXPIRE) | BIT(TIMERFD_EXPIRE) | BIT(ITIMER_EXPIRE))

/* What tells each of a POSIX timer, a timerfd and an itimer, all of these; 0: there is none. */
static const struct {
	const char *name;
	uint32_t events[TIMER_FAMILIES];
} masks[] = {
	{ "created", { BIT(TIMER_CREATE), BIT(TIMERFD_CREATE), 0 } },
	{ "deleted", { BIT(TIMER_DELETE), BIT(TIMERFD_CREATE), 0 } },
	{ "arms", { BIT(TIMER_SETTIME), BIT(TIMERFD_SETTIME), ITIMER_SETS } },
	{ "disarms", { BIT(TIMER_SETTIME), BIT(TIMERFD_SETTIME), ITIMER_SETS } },
	{ "one_shot", { BIT(TIMER_SETTIME), BIT(TIMERFD_SETTIME), ITIMER_SETS } },
	{ "periodic", { BIT(TIMER_SETTIME), BIT(TIMERFD_SETTIME), ITIMER_SETS } },
	{ "absolute", { BIT(TIMER_SETTIME), BIT(TIMERFD_SETTIME), ITIMER_SETS } },
	{ "replaced",
	  { BIT(TIMER_SETTIME) | BIT(TIMER_EXPIRE), BIT(TIMERFD_SETTIME) | BIT(TIMERFD_EXPIRE),
	    ITIMER_SETS | BIT(ITIMER_EXPIRE) } },
	{ "gettimes", { BIT(TIMER_GETTIME), BIT(TIMERFD_GETTIME), BIT(GETITIMER) } },
	{ "getoverruns", { BIT(TIMER_GETOVERRUN), 0, 0 } },
	{ "expiries", { BIT(TIMER_EXPIRE), BIT(TIMERFD_EXPIRE), BIT(ITIMER_EXPIRE) } },
	{ "rearmed", { BIT(TIMER_EXPIRE), BIT(TIMERFD_EXPIRE), BIT(ITIMER_EXPIRE) } },
	{ "overruns", { BIT(SIGNAL_DELIVER), BIT(TIMERFD_EXPIRE), BIT(ITIMER_EXPIRE) } },
	{ "signals_sent", { BIT(SIGNAL_GENERATE), 0, BIT(SIGNAL_GENERATE) } },
	{ "signals_taken", { BIT(SIGNAL_DELIVER), 0, BIT(SIGNAL_DELIVER) } },
	{ "signals_pending", { BIT(SIGNAL_GENERATE), 0, BIT(SIGNAL_GENERATE) } },
	{ "signals_ignored", { BIT(SIGNAL_GENERATE), 0, BIT(SIGNAL_GENERATE) } },
	{ "signals_lost", { BIT(SIGNAL_GENERATE), 0, BIT(SIGNAL_GENERATE) } },
};
#define MASKS (sizeof(masks) / sizeof(masks[0]))

static const struct field *field_of(const char *name)
{
	const struct field *field = fields_find(&stat_fields, name, strlen(name));

	CU_ASSERT_PTR_NOT_NULL_FATAL(field);
	return field;
}

static bool is_known(const struct field *field, const struct stat_row *row)
{
	struct field_value value;

	field_get(field, row, &value);
	return value.known;
}

static bool is_masked(const char *name)
{
	for (size_t i = 0; i < MASKS; i++)
		if (strcmp(masks[i].name, name) == 0)
			return true;
	return false;
}

static void expect_known(const char *name, const struct stat_row *row, bool known)
{
	CU_ASSERT_EQUAL(is_known(field_of(name), row), known);
	if (is_known(field_of(name), row) != known)
		fprintf(stderr, "\n%s of family %d by 0x%x\n", name,
			row->has_family ? (int)row->family : -1, row->events);
}

/* Of one family, each by all but one event, and by its own alone. */
static void by_event(void)
{
	for (size_t i = 0; i < MASKS; i++)
		for (unsigned family = 0; family < TIMER_FAMILIES; family++) {
			uint32_t needed = masks[i].events[family];
			struct stat_row row = { .has_family = true,
						.family = (enum timer_family)family };

			for (unsigned event = 0; event < EVENT_COUNT; event++) {
				row.events = EVENTS_ALL & ~EVENT_BIT(event);
				expect_known(masks[i].name, &row, !(needed & EVENT_BIT(event)));
				row.events = needed & ~EVENT_BIT(event);
				expect_known(masks[i].name, &row, !(needed & EVENT_BIT(event)));
			}
			row.events = needed;
			expect_known(masks[i].name, &row, true);
			row.events = 0;
			expect_known(masks[i].name, &row, !needed);
		}
}

/* Of a row of several families: what is looked for of each must tell it. */
static void by_families(void)
{
	struct stat_row row = { .events = EVENTS_ALL };

	for (size_t i = 0; i < MASKS; i++)
		expect_known(masks[i].name, &row, true);
	row.events = BIT(TIMER_SETTIME);
	expect_known("arms", &row, true);
	expect_known("expiries", &row, false);
	expect_known("created", &row, false);
	row.events = BIT(TIMER_SETTIME) | BIT(TIMERFD_EXPIRE);
	expect_known("arms", &row, false);
	expect_known("expiries", &row, false);
	row.events = EXPIRES;
	expect_known("expiries", &row, true);
	expect_known("overruns", &row, false);
	row.events |= BIT(SIGNAL_DELIVER);
	expect_known("overruns", &row, true);
	/* timerfds have no signals */
	row.events = BIT(SIGNAL_GENERATE) | BIT(TIMERFD_EXPIRE);
	expect_known("signals_sent", &row, true);
	/* calls are known by any */
	expect_known("calls", &row, false);
	expect_known("failed", &row, false);
	row.events = BIT(GETITIMER);
	expect_known("calls", &row, true);
	expect_known("failed", &row, true);
	row.events = 0;
	for (size_t i = 0; i < MASKS; i++)
		expect_known(masks[i].name, &row, false);
}

/* Whatever else a row has is known by itself. */
static void by_no_event(void)
{
	struct stat_row none = { .end_ns = 1, .seconds = 1 }, all = none;

	all.events = EVENTS_ALL;
	for (size_t i = 0; i < stat_fields.count; i++) {
		const struct field *field = &stat_fields.fields[i];

		bool of_calls =
			strcmp(field->name, "calls") == 0 || strcmp(field->name, "failed") == 0;

		CU_ASSERT_EQUAL(is_known(field, &none) != is_known(field, &all),
				of_calls || is_masked(field->name));
	}
}

/* Of arms the kernel may have counted how many, and not of which kind. */
static void by_kind(void)
{
	static const char *const kinds[] = { "one_shot", "periodic", "absolute" };
	const struct stat_row row = { .events = EVENTS_ALL, .no_kinds = true };

	for (size_t i = 0; i < MASKS; i++) {
		bool kind = false;

		for (size_t j = 0; j < sizeof(kinds) / sizeof(kinds[0]); j++)
			kind |= strcmp(kinds[j], masks[i].name) == 0;
		CU_ASSERT_EQUAL(is_known(field_of(masks[i].name), &row), !kind);
	}
}

/* What is looked for is known of each row and of all, however often it begins anew. */
static void of_rows(void)
{
	static const uint32_t sets[] = { EVENTS_ALL, EVENTS_CALLS, EXPIRES, BIT(TIMER_SETTIME) };

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		struct stats_scene scene;
		struct stats *stats;

		seen_begin();
		scene = seen_scene;
		scene.events = sets[i];
		stats = stats_new(&scene);
		CU_ASSERT_PTR_NOT_NULL_FATAL(stats);
		CU_ASSERT_EQUAL(stats_total(stats)->events, sets[i]);
		stats_free(stats);
		seen_scene.events = sets[i];
		for (int turn = 0; turn < 2; turn++) {
			stats_reset(seen_stats);
			feed_settime(1, 5 * MS, 0);
			feed_simple(EVENT_TIMER_DELETE, 2, -EINVAL);
			CU_ASSERT_EQUAL(stats_total(seen_stats)->events, sets[i]);
			for (enum stat_by by = BY_TIMER; by < BY_COUNT; by++) {
				size_t count;
				struct stat_row *rows = stats_rows(seen_stats, by, &count);

				CU_ASSERT_TRUE(count > 0);
				for (size_t row = 0; row < count; row++)
					CU_ASSERT_EQUAL(rows[row].events, sets[i]);
				stats_rows_free(rows, count);
			}
		}
		seen_end();
	}
}

/* The timer is set when the old value cannot be written: it fails, and it arms. */
static void failed_late(void)
{
	static const struct {
		enum event event;
		int64_t value;
		bool copied;
		int error;
		uint64_t arms, disarms;
	} cases[] = {
		{ EVENT_TIMER_SETTIME, 5 * MS, true, EFAULT, 1, 0 },
		{ EVENT_TIMER_SETTIME, 0, true, EFAULT, 0, 1 },
		{ EVENT_TIMERFD_SETTIME, 5 * MS, true, EFAULT, 1, 0 },
		{ EVENT_TIMERFD_SETTIME, 0, true, EFAULT, 0, 1 },
		{ EVENT_SETITIMER, 5 * MS, true, EFAULT, 1, 0 },
		{ EVENT_SETITIMER, 0, true, EFAULT, 0, 1 },
		/* it did not come so far */
		{ EVENT_TIMER_SETTIME, 5 * MS, false, EFAULT, 0, 0 },
		{ EVENT_TIMER_SETTIME, 5 * MS, true, EINVAL, 0, 0 },
		{ EVENT_TIMERFD_SETTIME, 0, false, EFAULT, 0, 0 },
		{ EVENT_TIMERFD_SETTIME, 0, true, EINVAL, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct stat_row *total;
		struct call call;

		seen_begin();
		call = feed_setting(cases[i].event, 0, cases[i].value, 0);
		if (cases[i].event == EVENT_TIMERFD_SETTIME)
			feed_take(FEED_PID,
				  feed_creation(EVENT_TIMERFD_CREATE, 0, CLOCK_MONOTONIC));
		else
			feed_take(FEED_PID, feed_setting(cases[i].event, ITIMER_REAL, MS, 0));
		stats_reset(seen_stats);
		call.ret = -cases[i].error;
		if (!cases[i].copied)
			call.new_value.from = FROM_NONE;
		feed_take(FEED_PID, call);
		total = stats_total(seen_stats);
		CU_ASSERT_EQUAL(total->calls, 1);
		CU_ASSERT_EQUAL(total->arms, cases[i].arms);
		CU_ASSERT_EQUAL(total->disarms, cases[i].disarms);
		CU_ASSERT_EQUAL(total->failed, 1);
		seen_end();
	}
}

/* Of what was there before, its closing may be all that is heard; of its process, nothing. */
static void closed_unheard(void)
{
	struct caller who = feed_caller(FEED_PID, "old");
	struct procfs_timer timer = { .family = TIMER_FD, .id = 3, .clock = CLOCK_BOOTTIME };

	for (int resets = 0; resets < 2; resets++) {
		seen_begin();
		CU_ASSERT_EQUAL(lives_existing(feed_lives, &who, &timer, feed_now), 0);
		seen_rows(BY_TIMER, 0);
		if (resets)
			stats_reset(seen_stats);
		lives_closed(feed_lives, FEED_PID, 3, feed_now);
		seen_expect(seen_rows(BY_TIMER, 1),
			    "pid=42 comm=old timer=fd3 clock=CLOCK_BOOTTIME signal=none timers=1 "
			    "deleted=1");
		CU_ASSERT_EQUAL(stats_total(seen_stats)->timers, 1);
		CU_ASSERT_EQUAL(stats_total(seen_stats)->deleted, 1);
		seen_end();
	}
	seen_begin();
	CU_ASSERT_EQUAL(lives_existing(feed_lives, &who, &timer, feed_now), 0);
	lives_exit(feed_lives, FEED_PID, feed_now);
	seen_rows(BY_TIMER, 0);
	CU_ASSERT_EQUAL(stats_total(seen_stats)->timers, 0);
	CU_ASSERT_EQUAL(stats_total(seen_stats)->deleted, 0);
	seen_end();
}

/* One that was armed too late is not served late. */
static void late_of_past(void)
{
	struct occurrence past;
	const struct stat_row *row;

	seen_begin();
	past = feed_expiry(EVENT_TIMER_EXPIRE, 1, (int64_t)feed_now, 0);
	past.past = true;
	past.late_ns = 900 * MS;
	feed_occur(past);
	row = seen_rows(BY_TIMER, 1);
	CU_ASSERT_TRUE(row->expiries == 1 && row->late.count == 0);
	CU_ASSERT_EQUAL(row->evidence.late, 0);
	CU_ASSERT_PTR_NULL(row->histograms);
	past.past = false;
	feed_occur(past);
	row = seen_rows(BY_TIMER, 1);
	CU_ASSERT_TRUE(row->expiries == 2 && row->late.count == 1);
	CU_ASSERT_TRUE(row->late.min == 900 * MS && row->evidence.late == 1);
	CU_ASSERT_EQUAL(histogram_total(&row->histograms[HISTOGRAM_LATE]), 1);
	seen_end();
}

int suite_stats_events(void)
{
	CU_pSuite suite = CU_add_suite("stats_events", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, by_event) || !CU_ADD_TEST(suite, by_families) ||
	    !CU_ADD_TEST(suite, by_no_event) || !CU_ADD_TEST(suite, by_kind) ||
	    !CU_ADD_TEST(suite, of_rows) || !CU_ADD_TEST(suite, failed_late) ||
	    !CU_ADD_TEST(suite, closed_unheard) || !CU_ADD_TEST(suite, late_of_past))
		return (int)CU_get_error();
	return 0;
}
