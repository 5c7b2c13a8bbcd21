/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "seen_stats.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct stats *seen_stats;
struct finding_limits seen_limits;
struct stats_scene seen_scene;
int64_t seen_wall_ns;

static struct stat_row *rows;
static size_t row_count;
static uint64_t began;
static bool finished;

static bool clock_at(void *context, int32_t clock, uint64_t ts, int64_t *ns)
{
	CU_ASSERT_PTR_EQUAL(context, &seen_scene);
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return false;
	*ns = (int64_t)ts + (clock == CLOCK_REALTIME ? seen_wall_ns : 0);
	return true;
}

static int take_change(void *context, const struct life_change *change)
{
	return stats_change(context, change);
}

static int take_call(void *context, const struct caller *who, const struct call *call)
{
	return stats_call(context, who, call);
}

void seen_begin(void)
{
	seen_limits = finding_limits_default;
	seen_wall_ns = 1795000000 * NSEC_PER_SEC;
	seen_scene = (struct stats_scene){ .limits = &seen_limits,
					   .clock_at = clock_at,
					   .context = &seen_scene,
					   .histograms = HISTOGRAM_BIT(HISTOGRAM_COUNT) - 1,
					   .events = EVENTS_ALL };
	seen_stats = stats_new(&seen_scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(seen_stats);
	feed_begin_watched(take_change, take_call, seen_stats);
	began = feed_now;
	finished = false;
}

void seen_finish(void)
{
	stats_set_span(seen_stats, began, feed_now);
	lives_finish(feed_lives);
	lives_free(feed_lives);
	finished = true;
}

static void free_rows(void)
{
	stats_rows_free(rows, row_count);
	rows = NULL;
	row_count = 0;
}

void seen_end(void)
{
	if (!finished)
		seen_finish();
	seen_compare_sums();
	free_rows();
	stats_free(seen_stats);
}

const struct stat_row *seen_rows(enum stat_by by, size_t expected)
{
	free_rows();
	rows = stats_rows(seen_stats, by, &row_count);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rows);
	CU_ASSERT_EQUAL_FATAL(row_count, expected);
	return rows;
}

/* --- sums --------------------------------------------------------------------------- */

static const struct distribution *distribution_at(const struct stat_row *row, unsigned i)
{
	const struct distribution *const all[] = {
		&row->value, &row->interval,     &row->observed,
		&row->late,  &row->signal_after, &row->duration
	};

	return i < sizeof(all) / sizeof(all[0]) ? all[i] : NULL;
}

static uint64_t errors_of(const struct stat_row *row)
{
	uint64_t sum = row->other_errors;

	for (size_t i = 0; i < STAT_ERRORS; i++)
		sum += row->errors[i].count;
	return sum;
}

static uint64_t histogram_of(const struct stat_row *row, unsigned of, unsigned at)
{
	return row->histograms ? row->histograms[of].rows[at] : 0;
}

static void compare_counts(const struct stat_row *list, size_t count, const struct stat_row *total)
{
	for (size_t i = 0; i < stat_fields.count; i++) {
		const struct field *field = &stat_fields.fields[i];
		struct field_value value;
		uint64_t sum = 0;

		if (field->kind != FIELD_COUNT || strcmp(field->name, "mono_ns") == 0)
			continue;
		for (size_t row = 0; row < count; row++) {
			field_get(field, &list[row], &value);
			sum += value.count;
		}
		field_get(field, total, &value);
		/* those to which nothing has happened have no row */
		if (strcmp(field->name, "timers") == 0)
			CU_ASSERT_TRUE(sum <= value.count)
		else
			CU_ASSERT_EQUAL(sum, value.count);
		if (sum != value.count && strcmp(field->name, "timers") != 0)
			fprintf(stderr, "\n%s: rows %llu, total %llu\n", field->name,
				(unsigned long long)sum, (unsigned long long)value.count);
	}
}

static void compare_durations(const struct stat_row *list, size_t count,
			      const struct stat_row *total)
{
	for (unsigned i = 0; distribution_at(total, i); i++) {
		const struct distribution *whole = distribution_at(total, i);
		struct distribution sum = { .count = 0 };

		for (size_t row = 0; row < count; row++)
			CU_ASSERT_EQUAL(distribution_merge(&sum, distribution_at(&list[row], i)),
					0);
		CU_ASSERT_EQUAL(sum.count, whole->count);
		CU_ASSERT_TRUE(!sum.count || (sum.min == whole->min && sum.max == whole->max));
		for (unsigned permille = 100; permille < 1000; permille += 100)
			CU_ASSERT_EQUAL(distribution_quantile(&sum, permille),
					distribution_quantile(whole, permille));
		distribution_free(&sum);
	}
	for (unsigned i = 0; i < HISTOGRAM_COUNT * HISTOGRAM_ROWS; i++) {
		unsigned of = i / HISTOGRAM_ROWS, at = i % HISTOGRAM_ROWS;
		uint64_t sum = 0;

		for (size_t row = 0; row < count; row++)
			sum += histogram_of(&list[row], of, at);
		CU_ASSERT_EQUAL(sum, histogram_of(total, of, at));
	}
}

void seen_compare_sums(void)
{
	const struct stat_row *total = stats_total(seen_stats);

	for (enum stat_by by = BY_TIMER; by < BY_COUNT; by++) {
		size_t count;
		struct stat_row *list = stats_rows(seen_stats, by, &count);
		uint64_t errors = 0;
		bool incomplete = false;

		CU_ASSERT_PTR_NOT_NULL_FATAL(list);
		compare_counts(list, count, total);
		compare_durations(list, count, total);
		for (size_t row = 0; row < count; row++) {
			errors += errors_of(&list[row]);
			incomplete |= list[row].incomplete;
			CU_ASSERT_EQUAL(list[row].seconds, total->seconds);
			CU_ASSERT_EQUAL(list[row].end_ns, total->end_ns);
			CU_ASSERT_FALSE(list[row].sum);
		}
		CU_ASSERT_EQUAL(errors, errors_of(total));
		CU_ASSERT_EQUAL(incomplete, total->incomplete);
		CU_ASSERT_TRUE(total->sum);
		stats_rows_free(list, count);
	}
}

/* --- in words ------------------------------------------------------------------------ */

static bool is_left_out(const char *name)
{
	static const char *const names[] = { "event", "family", "timer_id", "fd",
					     "which", "rate",   "span_ns",  "mono_ns" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Of a group each but the first is behind a '/'. */
static int put(char *text, const struct field *field, const struct stat_row *row, bool first)
{
	struct field_value value;

	field_get(field, row, &value);
	if (!value.known || is_left_out(field->name))
		return 0;
	switch (field->kind) {
	case FIELD_COUNT:
		return value.count ? sprintf(text, " %s=%llu", field->name,
					     (unsigned long long)value.count)
				   : 0;
	case FIELD_TEXT:
		return sprintf(text, " %s=%s", field->name, value.text);
	case FIELD_BOOL:
		return value.number ? sprintf(text, " %s", field->name) : 0;
	default:
		if (!field->group)
			return sprintf(text, " %s=%lld", field->name, (long long)value.number);
		return first ? sprintf(text, " %s=%lld", field->group, (long long)value.number)
			     : sprintf(text, "/%lld", (long long)value.number);
	}
}

void seen_expect(const struct stat_row *row, const char *expected)
{
	char text[4096] = "";
	char *at = text;

	for (size_t i = 0; i < stat_fields.count; i++) {
		const struct field *field = &stat_fields.fields[i];

		at += put(at, field, row, !i || !field->group || field[-1].group != field->group);
	}
	CU_ASSERT_STRING_EQUAL(text + (text[0] != '\0'), expected);
	if (strcmp(text + (text[0] != '\0'), expected) != 0)
		fprintf(stderr, "\n  seen:     %s\n  expected: %s\n", text + 1, expected);
}
