/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Figures of recordings of real kernels, and the lives of their timers: both are the same. */
#include <CUnit/Basic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "replayed.h"
#include "suites.h"

/* The number behind a key of this line; -1: it is not there. */
static long long number_of(const char *line, const char *key)
{
	char wanted[64];
	const char *found;

	snprintf(wanted, sizeof(wanted), "\"%s\":", key);
	found = memmem(line, strcspn(line, "\n"), wanted, strlen(wanted));
	return found ? strtoll(found + strlen(wanted), NULL, 10) : -1;
}

/* Of a group, as late_ns. */
static long long member_of(const char *line, const char *group, const char *key)
{
	char wanted[64];
	const char *found;

	snprintf(wanted, sizeof(wanted), "\"%s\":{", group);
	found = memmem(line, strcspn(line, "\n"), wanted, strlen(wanted));
	return found ? number_of(found, key) : -1;
}

static bool is_event(const char *line, const char *event)
{
	char wanted[64];

	snprintf(wanted, sizeof(wanted), "{\"event\":\"%s\"", event);
	return strncmp(line, wanted, strlen(wanted)) == 0;
}

static const char *next_line(const char *line)
{
	return line + strcspn(line, "\n") + 1;
}

static const char *const sums[] = { "arms",     "disarms",     "one_shot", "periodic",
				    "absolute", "gettimes",    "expiries", "rearmed",
				    "overruns", "getoverruns", "replaced" };
#define SUMS (sizeof(sums) / sizeof(sums[0]))

struct figures {
	long long sums[SUMS], failed, timers;
	long long late_min, late_max;
	long long calls, refused, expiries, lates; /* by lines */
};

static void take_late(struct figures *figures, long long min, long long max)
{
	if (max >= 0 && (figures->late_max < 0 || max > figures->late_max))
		figures->late_max = max;
	if (max >= 0 && (figures->late_min < 0 || min < figures->late_min))
		figures->late_min = min;
}

static void take_life(struct figures *figures, const char *line)
{
	for (size_t i = 0; i < SUMS; i++)
		figures->sums[i] += number_of(line, sums[i]);
	figures->failed += number_of(line, "failed");
	figures->timers++;
	take_late(figures, member_of(line, "late_ns", "min"), member_of(line, "late_ns", "max"));
}

static bool has(const char *line, const char *text)
{
	return memmem(line, strcspn(line, "\n"), text, strlen(text));
}

static bool same_number(const char *line, const char *other, const char *key)
{
	return number_of(line, key) == number_of(other, key);
}

/* The call that armed what expires in this line: the last one before it. */
static const char *arm_of(const char *text, const char *expiry)
{
	long long ts = number_of(expiry, "mono_ns"), last = -1;
	const char *arm = NULL;

	for (const char *line = text; *line; line = next_line(line)) {
		long long start = number_of(line, "mono_ns");

		if (!has(line, "_settime\"") || number_of(line, "ret") || start > ts ||
		    start < last || !same_number(line, expiry, "pid") ||
		    !same_number(line, expiry, "fd") || !same_number(line, expiry, "timer_id"))
			continue;
		arm = line;
		last = start;
	}
	return arm;
}

/* It was armed for an instant before the call that did it. */
static bool is_past(const char *text, const char *expiry)
{
	long long instant = number_of(expiry, "mono_ns") - number_of(expiry, "late_ns");
	const char *arm = has(expiry, "\"armed_by\":\"user\"") ? arm_of(text, expiry) : NULL;
	long long start, end;

	if (!arm || number_of(arm, "flags") != 1)
		return false;
	start = number_of(arm, "mono_ns");
	end = start + number_of(arm, "duration_ns");
	CU_ASSERT_TRUE(instant < start || instant > end); /* else nobody can tell */
	return instant < start;
}

/* What was shown live while it was recorded: each event, and each life. */
static struct figures of_lives(const char *series)
{
	struct figures figures = { .late_min = -1, .late_max = -1 };
	struct figures served = figures, all = figures;
	size_t size;
	char *text = fixture_read(series, "lives.live.json", &size);

	for (const char *line = text; *line; line = next_line(line)) {
		long long late = number_of(line, "late_ns");

		if (is_event(line, "life")) {
			take_life(&figures, line);
		} else if (has(line, "_expire\"")) {
			figures.expiries++;
			if (has(line, "\"late_ns\":null"))
				continue;
			take_late(&all, late, late);
			if (is_past(text, line))
				continue;
			take_late(&served, late, late);
			figures.lates++;
		} else if (number_of(line, "duration_ns") >= 0) {
			figures.calls++;
			figures.refused += number_of(line, "ret") < 0;
		}
	}
	free(text);
	/* A life has all of them, also what it was armed for too late. */
	CU_ASSERT_EQUAL(figures.late_min, all.late_min);
	CU_ASSERT_EQUAL(figures.late_max, all.late_max);
	CU_ASSERT_TRUE(figures.lates < figures.expiries && served.late_max < all.late_max);
	figures.late_min = served.late_min;
	figures.late_max = served.late_max;
	return figures;
}

static struct replayed stat_of(const char *series, const char *words)
{
	char path[128], all[128];

	snprintf(path, sizeof(path), "tests/fixtures/%s/lives.dat", series);
	snprintf(all, sizeof(all), "--format json --top 0 --hist late %s", words);
	return replayed_stat(path, all);
}

/* All tables together are what there is, and none is longer than was asked for. */
static void compare(const struct figures *lives, const char *text, long long interval_ns)
{
	struct figures total = { .late_min = -1, .late_max = -1 }, rows = total;
	long long in_rows = 0, row_timers = 0;

	for (const char *line = text; *line; line = next_line(line)) {
		if (is_event(line, "total")) {
			for (size_t i = 0; i < SUMS; i++)
				total.sums[i] += number_of(line, sums[i]);
			total.failed += number_of(line, "failed");
			total.calls += number_of(line, "calls");
			take_late(&total, member_of(line, "late_ns", "min"),
				  member_of(line, "late_ns", "max"));
			CU_ASSERT_TRUE(number_of(line, "span_ns") <= interval_ns);
		} else if (is_event(line, "stat")) {
			take_life(&rows, line);
			in_rows += number_of(line, "calls");
			row_timers += number_of(line, "timers");
		} else if (is_event(line, "hist")) {
			total.lates += number_of(line, "total");
		}
	}
	for (size_t i = 0; i < SUMS; i++) {
		CU_ASSERT_EQUAL(total.sums[i], lives->sums[i]);
		CU_ASSERT_EQUAL(rows.sums[i], lives->sums[i]);
		if (total.sums[i] != lives->sums[i])
			fprintf(stderr, "\n%s: %lld, of lives %lld\n", sums[i], total.sums[i],
				lives->sums[i]);
	}
	CU_ASSERT_EQUAL(total.calls, lives->calls);
	CU_ASSERT_EQUAL(in_rows, lives->calls);
	CU_ASSERT_EQUAL(rows.late_min, lives->late_min);
	CU_ASSERT_EQUAL(rows.late_max, lives->late_max);
	CU_ASSERT_EQUAL(total.late_min, lives->late_min);
	CU_ASSERT_EQUAL(total.late_max, lives->late_max);
	CU_ASSERT_EQUAL(total.lates, lives->lates);
	/* refused calls of no timer are in no life */
	CU_ASSERT_EQUAL(total.failed, lives->refused);
	CU_ASSERT_EQUAL(rows.failed, lives->refused);
	CU_ASSERT_TRUE(total.failed >= lives->failed && lives->failed > 0);
	CU_ASSERT_TRUE(row_timers >= 1);
}

static void same_figures(void)
{
	static const char *const series[] = { "5.10", "6.1", "6.12", "7.2" };
	static const struct {
		const char *words;
		long long interval_ns;
	} words[] = {
		{ "", INT64_MAX },
		{ "--by process", INT64_MAX },
		{ "--by comm", INT64_MAX },
		{ "--by signal", INT64_MAX },
		{ "--by clock", INT64_MAX },
		{ "--interval 10ms", 10000000 },
		{ "--interval 1s", 1000000000 },
	};

	for (size_t i = 0; i < sizeof(series) / sizeof(series[0]); i++) {
		const struct figures lives = of_lives(series[i]);

		CU_ASSERT_TRUE(lives.timers > 3 && lives.calls > 10);
		CU_ASSERT_EQUAL(lives.expiries, lives.sums[6]);
		for (size_t j = 0; j < sizeof(words) / sizeof(words[0]); j++) {
			struct replayed said = stat_of(series[i], words[j].words);

			CU_ASSERT_EQUAL(said.status, 0);
			CU_ASSERT_STRING_EQUAL(said.err, "");
			compare(&lives, said.out, words[j].interval_ns);
			replayed_free(&said);
		}
	}
}

/* Statuses by what was found, expected, or seen at all. */
static void statuses(void)
{
	static const struct {
		const char *words;
		int status;
		const char *said;
	} cases[] = {
		{ "--fail-on calls-fail", 5, "timersnoop: found calls-fail: timers (" },
		{ "--fail-on calls-fail -q", 5, "" },
		{ "--expect arms>0", 0, "" },
		{ "--expect arms==0", 5, "timersnoop: expected 'arms==0': arms is " },
		{ "--expect arms>0 --expect lost>0", 2, "there is no field 'lost'" },
		{ "-p 1", 1, "" },
		{ "-p 1 --expect expiries>0", 5, "expiries is 0" },
		{ "--until arms>=1", 0, "" },
		{ "--interval 50ms -c 2", 0, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct replayed said = stat_of("7.2", cases[i].words);

		CU_ASSERT_EQUAL(said.status, cases[i].status);
		CU_ASSERT_PTR_NOT_NULL(strstr(said.err, cases[i].said));
		if (!cases[i].said[0])
			CU_ASSERT_STRING_EQUAL(said.err, "");
		replayed_free(&said);
	}
}

int suite_replay_stat(void)
{
	CU_pSuite suite = CU_add_suite("replay_stat", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, same_figures) || !CU_ADD_TEST(suite, statuses))
		return (int)CU_get_error();
	return 0;
}
