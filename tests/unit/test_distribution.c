/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "suites.h"
#include "timersnoop/distribution.h"

static struct distribution d;

static void add(int64_t ns)
{
	CU_ASSERT_EQUAL(distribution_add(&d, ns), 0);
}

static void empty(void)
{
	CU_ASSERT_EQUAL(d.count, 0);
	CU_ASSERT_PTR_NULL(d.steps);
	CU_ASSERT_EQUAL(distribution_quantile(&d, 0), 0);
	CU_ASSERT_EQUAL(distribution_quantile(&d, 500), 0);
	CU_ASSERT_EQUAL(distribution_quantile(&d, 1000), 0);
	distribution_free(&d);
}

static void one_value(void)
{
	static const int64_t values[] = { 0,         1,         -1,        63,
					  64,        -64,       123456789, -123456789,
					  INT64_MAX, INT64_MIN, INT32_MAX, INT64_MIN + 1,
					  1LL << 62 };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		add(values[i]);
		CU_ASSERT_EQUAL(d.count, 1);
		CU_ASSERT_EQUAL(d.min, values[i]);
		CU_ASSERT_EQUAL(d.max, values[i]);
		for (unsigned permille = 0; permille <= 1001; permille++)
			CU_ASSERT_EQUAL(distribution_quantile(&d, permille), values[i]);
		distribution_free(&d);
		CU_ASSERT_EQUAL(d.count, 0);
	}
}

/* Small values are exact, and so are the ranks. */
static void small_values(void)
{
	for (int64_t ns = 100; ns >= 1; ns--)
		add(ns);
	CU_ASSERT_EQUAL(d.count, 100);
	CU_ASSERT_EQUAL(d.min, 1);
	CU_ASSERT_EQUAL(d.max, 100);
	CU_ASSERT_EQUAL(distribution_quantile(&d, 0), 1);
	CU_ASSERT_EQUAL(distribution_quantile(&d, 10), 1);
	CU_ASSERT_EQUAL(distribution_quantile(&d, 11), 2);
	CU_ASSERT_EQUAL(distribution_quantile(&d, 500), 50);
	CU_ASSERT_EQUAL(distribution_quantile(&d, 501), 51);
	CU_ASSERT_EQUAL(distribution_quantile(&d, 990), 99);
	CU_ASSERT_EQUAL(distribution_quantile(&d, 991), 100);
	CU_ASSERT_EQUAL(distribution_quantile(&d, 1000), 100);
	distribution_free(&d);
}

static void negative_values(void)
{
	for (int64_t ns = -50; ns <= 50; ns++)
		add(ns);
	CU_ASSERT_EQUAL(d.min, -50);
	CU_ASSERT_EQUAL(d.max, 50);
	CU_ASSERT_EQUAL(distribution_quantile(&d, 500), 0);
	CU_ASSERT_EQUAL(distribution_quantile(&d, 250), -25);
	CU_ASSERT_EQUAL(distribution_quantile(&d, 750), 25);
	distribution_free(&d);
}

static void extremes(void)
{
	add(INT64_MAX);
	add(INT64_MIN);
	add(0);
	CU_ASSERT_EQUAL(d.min, INT64_MIN);
	CU_ASSERT_EQUAL(d.max, INT64_MAX);
	CU_ASSERT_EQUAL(distribution_quantile(&d, 500), 0);
	for (int i = 0; i < 4; i++) {
		add(INT64_MAX - i);
		add(INT64_MIN + i);
	}
	CU_ASSERT_TRUE(distribution_quantile(&d, 100) < INT64_MIN / 64 * 63);
	CU_ASSERT_TRUE(distribution_quantile(&d, 900) > INT64_MAX / 64 * 63);
	distribution_free(&d);
}

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

#define VALUES 20000

static int64_t sorted[VALUES];

/* Every permille is within 1/64 of what sorting gives. */
static int wrong_quantiles(void)
{
	int wrong = 0;

	qsort(sorted, VALUES, sizeof(sorted[0]), compare);
	wrong += d.min != sorted[0] || d.max != sorted[VALUES - 1];
	for (unsigned permille = 0; permille <= 1000; permille++) {
		unsigned rank = (VALUES * permille + 999) / 1000;
		int64_t exact = sorted[rank ? rank - 1 : 0];
		int64_t got = distribution_quantile(&d, permille);
		int64_t off = got > exact ? got - exact : exact - got;

		wrong += off > llabs(exact) / 64;
	}
	return wrong;
}

static void random_values(void)
{
	uint64_t seed = 88172645463325252ULL;

	for (int bits = 1; bits <= 63; bits++) {
		for (int i = 0; i < VALUES; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			/* of every magnitude up to that; half of the time negative too */
			sorted[i] =
				(int64_t)(seed >> (64 - bits)) >> (seed % 8 * (unsigned)bits / 8);
			if (bits % 2 && seed % 3 == 0)
				sorted[i] = -sorted[i];
			if (distribution_add(&d, sorted[i]) < 0)
				CU_FAIL_FATAL("out of memory");
		}
		CU_ASSERT_EQUAL(d.count, VALUES);
		CU_ASSERT_EQUAL(wrong_quantiles(), 0);
		distribution_free(&d);
	}
}

static bool same(const struct distribution *one, const struct distribution *other)
{
	bool equal = one->count == other->count;

	if (one->count && other->count)
		equal &= one->min == other->min && one->max == other->max;
	for (unsigned permille = 0; permille <= 1000; permille++)
		equal &= distribution_quantile(one, permille) ==
			 distribution_quantile(other, permille);
	return equal;
}

/* Put together it is as if all had been added to one. */
static void merged(void)
{
	struct distribution parts[3] = { { .count = 0 } }, sum = { .count = 0 };
	uint64_t seed = 1;

	for (int i = 0; i < 3000; i++) {
		int64_t ns;

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		ns = (int64_t)(seed >> 20) >> (seed % 40);
		ns = seed & 1 << 19 ? -ns : ns;
		add(ns);
		CU_ASSERT_EQUAL(distribution_add(&parts[i % 7 == 0 ? 0 : 1], ns), 0);
	}
	for (int i = 0; i < 3; i++) /* the last is empty */
		CU_ASSERT_EQUAL(distribution_merge(&sum, &parts[i]), 0);
	CU_ASSERT_EQUAL(sum.count, 3000);
	CU_ASSERT_TRUE(same(&sum, &d));
	CU_ASSERT_TRUE(parts[0].count == 429 && parts[1].count == 2571);
	/* into an empty one, and nothing into that: a copy of its own */
	distribution_free(&sum);
	CU_ASSERT_EQUAL(distribution_merge(&sum, &parts[2]), 0);
	CU_ASSERT_TRUE(sum.count == 0 && !sum.steps);
	CU_ASSERT_EQUAL(distribution_merge(&sum, &parts[0]), 0);
	CU_ASSERT_TRUE(same(&sum, &parts[0]));
	CU_ASSERT_PTR_NOT_EQUAL(sum.steps, parts[0].steps);
	for (int i = 0; i < 3; i++)
		distribution_free(&parts[i]);
	distribution_free(&sum);
	distribution_free(&d);
}

/* The extremes are exact whichever of both has them. */
static void merged_extremes(void)
{
	static const int64_t values[][2] = { { -7000001, 9000001 }, { 5, 6 }, { -1, 8000001 } };

	for (int first = 0; first < 3; first++)
		for (int second = 0; second < 3; second++) {
			struct distribution other = { .count = 0 };

			for (int i = 0; i < 2; i++) {
				add(values[first][i]);
				CU_ASSERT_EQUAL(distribution_add(&other, values[second][i]), 0);
			}
			CU_ASSERT_EQUAL(distribution_merge(&d, &other), 0);
			CU_ASSERT_EQUAL(d.count, 4);
			CU_ASSERT_EQUAL(d.min, values[first][0] < values[second][0]
						       ? values[first][0]
						       : values[second][0]);
			CU_ASSERT_EQUAL(d.max, values[first][1] > values[second][1]
						       ? values[first][1]
						       : values[second][1]);
			distribution_free(&other);
			distribution_free(&d);
		}
}

/* Nothing is left of what was there, but the memory. */
static void cleared(void)
{
	const struct distribution_steps *kept;
	struct distribution other = { .count = 0 };

	distribution_clear(&d); /* an empty one */
	CU_ASSERT_TRUE(d.count == 0 && !d.steps);
	for (int64_t ns = -100; ns <= 100; ns++)
		add(ns * 1000);
	kept = d.steps;
	distribution_clear(&d);
	CU_ASSERT_EQUAL(d.count, 0);
	CU_ASSERT_PTR_EQUAL(d.steps, kept);
	CU_ASSERT_EQUAL(distribution_quantile(&d, 500), 0);
	CU_ASSERT_EQUAL(distribution_merge(&other, &d), 0);
	CU_ASSERT_TRUE(other.count == 0 && !other.steps);
	add(70);
	add(50);
	add(60);
	CU_ASSERT_PTR_EQUAL(d.steps, kept);
	CU_ASSERT_TRUE(d.count == 3 && d.min == 50 && d.max == 70);
	CU_ASSERT_EQUAL(distribution_quantile(&d, 500), 60);
	distribution_free(&d);
}

int suite_distribution(void)
{
	CU_pSuite suite = CU_add_suite("distribution", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, empty) || !CU_ADD_TEST(suite, one_value) ||
	    !CU_ADD_TEST(suite, small_values) || !CU_ADD_TEST(suite, negative_values) ||
	    !CU_ADD_TEST(suite, extremes) || !CU_ADD_TEST(suite, random_values) ||
	    !CU_ADD_TEST(suite, merged) || !CU_ADD_TEST(suite, merged_extremes) ||
	    !CU_ADD_TEST(suite, cleared))
		return (int)CU_get_error();
	return 0;
}
