/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <stdint.h>
#include <string.h>

#include "suites.h"
#include "timersnoop/histogram.h"

static void edges(void)
{
	static const struct {
		int64_t ns;
		unsigned row;
	} cases[] = {
		{ INT64_MIN, 0 }, { -1, 0 },    { 0, 0 },          { 1, 0 }, { 2, 1 },
		{ 3, 2 },         { 4, 2 },     { 5, 3 },          { 8, 3 }, { 9, 4 },
		{ 1024, 10 },     { 1025, 11 }, { INT64_MAX, 63 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_EQUAL(histogram_row(cases[i].ns), cases[i].row);
	for (unsigned power = 2; power < 63; power++) {
		int64_t ns = (int64_t)1 << power;

		CU_ASSERT_EQUAL(histogram_row(ns - 1), power);
		CU_ASSERT_EQUAL(histogram_row(ns), power);
		CU_ASSERT_EQUAL(histogram_row(ns + 1), power + 1);
	}
}

/* A row ends where it says, and the next one begins behind it. */
static void bounds(void)
{
	CU_ASSERT_EQUAL(histogram_from(0), INT64_MIN);
	CU_ASSERT_EQUAL(histogram_to(0), 1);
	CU_ASSERT_EQUAL(histogram_from(1), 2);
	CU_ASSERT_EQUAL(histogram_to(1), 2);
	CU_ASSERT_EQUAL(histogram_from(10), 513);
	CU_ASSERT_EQUAL(histogram_to(10), 1024);
	CU_ASSERT_EQUAL(histogram_to(HISTOGRAM_ROWS - 1), INT64_MAX);
	for (unsigned row = 0; row < HISTOGRAM_ROWS; row++) {
		CU_ASSERT_EQUAL(histogram_row(histogram_from(row)), row);
		CU_ASSERT_EQUAL(histogram_row(histogram_to(row)), row);
		if (row)
			CU_ASSERT_EQUAL(histogram_from(row), histogram_to(row - 1) + 1);
	}
}

static void sums(void)
{
	struct histogram one = { { 0 } }, other = { { 0 } };

	CU_ASSERT_EQUAL(histogram_total(&one), 0);
	histogram_add(&one, -5);
	histogram_add(&one, 1000);
	histogram_add(&one, 1000);
	histogram_add(&other, 1024);
	histogram_add(&other, INT64_MAX);
	CU_ASSERT_EQUAL(histogram_total(&one), 3);
	histogram_merge(&one, &other);
	CU_ASSERT_EQUAL(histogram_total(&one), 5);
	CU_ASSERT_EQUAL(histogram_total(&other), 2);
	CU_ASSERT_EQUAL(one.rows[0], 1);
	CU_ASSERT_EQUAL(one.rows[10], 3);
	CU_ASSERT_EQUAL(one.rows[63], 1);
}

static void names(void)
{
	static const char *const expected[] = { "value", "interval", "late", "signal", "duration" };

	CU_ASSERT_EQUAL(HISTOGRAM_COUNT, sizeof(expected) / sizeof(expected[0]));
	for (unsigned of = 0; of < HISTOGRAM_COUNT; of++) {
		CU_ASSERT_STRING_EQUAL(histogram_name(of), expected[of]);
		CU_ASSERT_EQUAL(histograms_named(expected[of]), HISTOGRAM_BIT(of));
	}
	CU_ASSERT_EQUAL(histograms_named(""), 0);
	CU_ASSERT_EQUAL(histograms_named("lat"), 0);
	CU_ASSERT_EQUAL(histograms_named("latent"), 0);
	CU_ASSERT_EQUAL(histograms_named("Late"), 0);
}

int suite_histogram(void)
{
	CU_pSuite suite = CU_add_suite("histogram", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, edges) || !CU_ADD_TEST(suite, bounds) ||
	    !CU_ADD_TEST(suite, sums) || !CU_ADD_TEST(suite, names))
		return (int)CU_get_error();
	return 0;
}
