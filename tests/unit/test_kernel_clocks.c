/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <string.h>
#include <time.h>

#include "records.h"
#include "suites.h"
#include "timersnoop/kernel_clocks.h"

#define TICK (4 * MS)

static struct kernel_clocks clocks;

static void begin(void)
{
	kernel_clocks_begin(&clocks, TICK, NULL, 0);
}

static void expect_at(uint64_t jiffies, int64_t expected)
{
	int64_t ns = -1;

	CU_ASSERT_TRUE(kernel_clocks_jiffy_at(&clocks, jiffies, &ns));
	CU_ASSERT_EQUAL(ns, expected);
}

static void expect_unknown(uint64_t jiffies)
{
	int64_t ns;

	CU_ASSERT_FALSE(kernel_clocks_jiffy_at(&clocks, jiffies, &ns));
}

/* A jiffy began when it was seen, or before. */
static void when_a_jiffy_begins(void)
{
	begin();
	expect_unknown(1000);
	kernel_clocks_jiffy(&clocks, 1000, 500 * MS);
	expect_at(1000, 500 * MS);
	expect_at(1001, 504 * MS);
	expect_at(1250, 1500 * MS);
	expect_at(990, 460 * MS);
	/* later in that jiffy, or in another one: nothing new */
	kernel_clocks_jiffy(&clocks, 1000, 502 * MS);
	kernel_clocks_jiffy(&clocks, 1001, 507 * MS);
	kernel_clocks_jiffy(&clocks, 1002, 508 * MS);
	expect_at(1000, 500 * MS);
	/* it had begun by then: so all began earlier */
	kernel_clocks_jiffy(&clocks, 1010, 539 * MS);
	expect_at(1010, 539 * MS);
	expect_at(1000, 499 * MS);
	kernel_clocks_jiffy(&clocks, 1010, 539 * MS - 1);
	expect_at(1010, 539 * MS - 1);
	/* of another CPU, whose record comes late, of an earlier jiffy */
	kernel_clocks_jiffy(&clocks, 1005, 518 * MS);
	expect_at(1010, 538 * MS);
}

/* They begin 5 minutes before they overflow 32 bits, and go on in 64. */
static void jiffies_of_32_bits(void)
{
	begin();
	kernel_clocks_jiffy(&clocks, 4294967290, 100 * MS);
	expect_at(4294967300, 140 * MS);
	kernel_clocks_jiffy(&clocks, UINT64_MAX, 90 * MS);
	/* as of the difference, modulo 2^64 */
	begin();
	kernel_clocks_jiffy(&clocks, UINT64_MAX - 1, 100 * MS);
	expect_at(2, 116 * MS);
	kernel_clocks_jiffy(&clocks, 2, 115 * MS);
	expect_at(UINT64_MAX - 1, 99 * MS);
}

static void jiffies_of_no_length(void)
{
	kernel_clocks_begin(&clocks, 0, NULL, 0);
	kernel_clocks_jiffy(&clocks, 1000, 500 * MS);
	expect_unknown(1000);
	begin();
	clocks.no_times = true;
	kernel_clocks_jiffy(&clocks, 1000, 500 * MS);
	expect_unknown(1000);
	memset(&clocks, 0, sizeof(clocks));
	kernel_clocks_jiffy(&clocks, 1000, 500 * MS);
	expect_unknown(1000);
}

/* What does not fit in 64 bits is not known. */
static void jiffies_far_away(void)
{
	begin();
	kernel_clocks_jiffy(&clocks, 0, TICK);
	expect_unknown(INT64_MAX);
	expect_unknown((uint64_t)INT64_MIN);
	expect_unknown(INT64_MAX / TICK + 1);
	expect_unknown(INT64_MAX / TICK);
	expect_at(INT64_MAX / TICK - 1, INT64_MAX / TICK * TICK);
	expect_at((uint64_t)-2, -TICK);
	/* nor does it change what is */
	kernel_clocks_jiffy(&clocks, INT64_MAX, 0);
	kernel_clocks_jiffy(&clocks, (uint64_t)INT64_MIN, 0);
	expect_at(0, TICK);
	kernel_clocks_begin(&clocks, INT64_MAX, NULL, 0);
	kernel_clocks_jiffy(&clocks, 0, UINT64_MAX);
	expect_at(1, INT64_MAX - 1);
	expect_unknown(2);
	expect_at((uint64_t)-1, -INT64_MAX - 1);
	expect_unknown((uint64_t)-2);
}

static void differences(void)
{
	CU_ASSERT_EQUAL(kernel_clocks_minus(5, 7), -2);
	CU_ASSERT_EQUAL(kernel_clocks_minus(INT64_MIN, 0), INT64_MIN);
	CU_ASSERT_EQUAL(kernel_clocks_minus(INT64_MIN, 1), INT64_MIN);
	CU_ASSERT_EQUAL(kernel_clocks_minus(INT64_MIN, INT64_MAX), INT64_MIN);
	CU_ASSERT_EQUAL(kernel_clocks_minus(0, INT64_MIN), INT64_MAX);
	CU_ASSERT_EQUAL(kernel_clocks_minus(INT64_MAX, -1), INT64_MAX);
	CU_ASSERT_EQUAL(kernel_clocks_minus(INT64_MAX, INT64_MIN), INT64_MAX);
	CU_ASSERT_EQUAL(kernel_clocks_minus(-1, INT64_MAX), INT64_MIN);
	CU_ASSERT_EQUAL(kernel_clocks_minus(INT64_MIN, INT64_MIN), 0);
}

static const struct scene_ahead usual[] = { { CLOCK_REALTIME, 1700000000000000000 },
					    { CLOCK_BOOTTIME, 0 },
					    { CLOCK_TAI, 1700000037000000000 } };

static void begin_usual(void)
{
	kernel_clocks_begin(&clocks, TICK, usual, 3);
}

static void which_clock(void)
{
	size_t index = 99;

	begin_usual();
	CU_ASSERT_EQUAL(clocks.count, 4);
	CU_ASSERT_TRUE(kernel_clocks_find(&clocks, CLOCK_MONOTONIC, &index));
	CU_ASSERT_EQUAL(index, 0);
	CU_ASSERT_EQUAL(kernel_clocks_ahead(&clocks, 0), 0);
	CU_ASSERT_TRUE(kernel_clocks_find(&clocks, CLOCK_TAI, &index));
	CU_ASSERT_EQUAL(index, 3);
	CU_ASSERT_EQUAL(kernel_clocks_ahead(&clocks, 3), usual[2].ns);
	CU_ASSERT_FALSE(kernel_clocks_find(&clocks, CLOCK_REALTIME_ALARM, &index));
	/* the nearest, at whatever time */
	CU_ASSERT_EQUAL(kernel_clocks_guess(&clocks, 5000 * MS, 5000 * MS), 0);
	CU_ASSERT_EQUAL(kernel_clocks_guess(&clocks, 86400000 * MS, 5000 * MS), 0);
	CU_ASSERT_EQUAL(kernel_clocks_guess(&clocks, 0, 5000 * MS), 0);
	CU_ASSERT_EQUAL(kernel_clocks_guess(&clocks, usual[0].ns + 9000 * MS, 5000 * MS), 1);
	CU_ASSERT_EQUAL(kernel_clocks_guess(&clocks, usual[2].ns + 9000 * MS, 5000 * MS), 3);
	CU_ASSERT_EQUAL(kernel_clocks_guess(&clocks, usual[0].ns + 1000 * MS, 9000 * MS), 1);
	/* halfway: the first */
	CU_ASSERT_EQUAL(kernel_clocks_guess(&clocks, usual[0].ns + 18500 * MS, 0), 1);
	CU_ASSERT_EQUAL(kernel_clocks_guess(&clocks, usual[0].ns + 18500 * MS + 1, 0), 3);
	CU_ASSERT_EQUAL(kernel_clocks_guess(&clocks, INT64_MAX, 5000 * MS), 3);
	CU_ASSERT_EQUAL(kernel_clocks_guess(&clocks, INT64_MIN, 5000 * MS), 0);
	CU_ASSERT_TRUE(kernel_clocks_guess(&clocks, INT64_MIN, UINT64_MAX) < 4);
}

static void too_many_clocks(void)
{
	struct scene_ahead many[KERNEL_CLOCKS_MAX + 3];
	size_t index;

	for (int i = 0; i < KERNEL_CLOCKS_MAX + 3; i++)
		many[i] = (struct scene_ahead){ 100 + i, i };
	kernel_clocks_begin(&clocks, TICK, many, KERNEL_CLOCKS_MAX + 3);
	CU_ASSERT_EQUAL(clocks.count, KERNEL_CLOCKS_MAX);
	CU_ASSERT_TRUE(kernel_clocks_find(&clocks, 100 + SCENE_CLOCKS - 1, &index));
	CU_ASSERT_FALSE(kernel_clocks_find(&clocks, 100 + SCENE_CLOCKS, &index));
}

/* What a clock showed was read a little before: the farthest it was ahead is right, until
 * it was set. */
static void clocks_that_are_set(void)
{
	const int64_t ahead = usual[0].ns;
	const uint64_t ts = 5000 * MS;
	const int64_t now = ahead + 5000 * MS;

	begin_usual();
	kernel_clocks_seen(&clocks, 1, now - 3 * US, ts);
	CU_ASSERT_EQUAL(kernel_clocks_ahead(&clocks, 1), ahead);
	kernel_clocks_seen(&clocks, 1, now + 3 * US, ts);
	CU_ASSERT_EQUAL(kernel_clocks_ahead(&clocks, 1), ahead + 3 * US);
	kernel_clocks_seen(&clocks, 1, now + 3600000 * MS, ts);
	CU_ASSERT_EQUAL(kernel_clocks_ahead(&clocks, 1), ahead + 3600000 * MS);
	/* backwards: as far as no interrupt is late */
	kernel_clocks_seen(&clocks, 1, now + 3599900 * MS, ts);
	CU_ASSERT_EQUAL(kernel_clocks_ahead(&clocks, 1), ahead + 3600000 * MS);
	kernel_clocks_seen(&clocks, 1, now + 3599900 * MS - 1, ts);
	CU_ASSERT_EQUAL(kernel_clocks_ahead(&clocks, 1), ahead + 3599900 * MS - 1);
	kernel_clocks_seen(&clocks, 1, 0, ts);
	CU_ASSERT_EQUAL(kernel_clocks_ahead(&clocks, 1), -5000 * MS);
	/* the others stay, and the trace clock's own cannot be set */
	CU_ASSERT_EQUAL(kernel_clocks_ahead(&clocks, 3), usual[2].ns);
	kernel_clocks_seen(&clocks, 0, 0, ts);
	CU_ASSERT_EQUAL(kernel_clocks_ahead(&clocks, 0), 0);
	kernel_clocks_seen(&clocks, 0, INT64_MAX, ts);
	CU_ASSERT_EQUAL(kernel_clocks_ahead(&clocks, 0), 0);
}

/* Whatever a recording has. */
static void extreme_clocks(void)
{
	static const int64_t numbers[] = { INT64_MIN, INT64_MIN + 1, -1,       0,
					   1,         INT64_MAX - 1, INT64_MAX };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		for (size_t j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++) {
			const struct scene_ahead ahead = { CLOCK_REALTIME, numbers[i] };
			int64_t at;

			kernel_clocks_begin(&clocks, numbers[j], &ahead, 1);
			CU_ASSERT_TRUE(
				kernel_clocks_guess(&clocks, numbers[j], (uint64_t)numbers[i]) < 2);
			kernel_clocks_seen(&clocks, 1, numbers[j], (uint64_t)numbers[i]);
			kernel_clocks_jiffy(&clocks, (uint64_t)numbers[i], (uint64_t)numbers[j]);
			kernel_clocks_jiffy(&clocks, (uint64_t)numbers[j], (uint64_t)numbers[i]);
			kernel_clocks_jiffy_at(&clocks, (uint64_t)numbers[j], &at);
			kernel_clocks_due((uint64_t)numbers[i], (unsigned)numbers[j]);
		}
	}
}

/* Of each level of the wheel the first slot behind the expiry. */
static void when_the_wheel_looks(void)
{
	/* what Linux 6.12 and 7.2 said: expires, flags, bucket_expiry */
	static const struct {
		uint64_t expires;
		uint32_t flags;
		uint64_t bucket;
	} seen[] = {
		{ 4294893432, 239075329, 4294893433 }, { 4294893439, 0, 4294893440 },
		{ 4294893503, 524288, 4294893504 },    { 4294893555, 533725184, 4294893560 },
		{ 4294893663, 318767105, 4294893664 }, { 4294893750, 367525888, 4294893752 },
		{ 4294893831, 407896065, 4294893832 }, { 4294894766, 618659841, 4294894784 },
	};

	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
		CU_ASSERT_EQUAL(kernel_clocks_due(seen[i].expires, seen[i].flags >> 22),
				seen[i].bucket);
	CU_ASSERT_EQUAL(kernel_clocks_due(1000, 0), 1001);
	CU_ASSERT_EQUAL(kernel_clocks_due(1000, 63), 1001);
	CU_ASSERT_EQUAL(kernel_clocks_due(1000, 64), 1008);
	CU_ASSERT_EQUAL(kernel_clocks_due(1007, 64), 1008);
	CU_ASSERT_EQUAL(kernel_clocks_due(1008, 127), 1016);
	CU_ASSERT_EQUAL(kernel_clocks_due(1000, 128), 1024);
	CU_ASSERT_EQUAL(kernel_clocks_due(1000, 64 * 8), 1 << 24);
	/* no wheel has more levels */
	CU_ASSERT_EQUAL(kernel_clocks_due(1000, 64 * 9), 1 << 24);
	CU_ASSERT_EQUAL(kernel_clocks_due(1000, UINT32_MAX), 1 << 24);
	CU_ASSERT_EQUAL(kernel_clocks_due(UINT64_MAX, 0), 0);
}

int suite_kernel_clocks(void)
{
	CU_pSuite suite = CU_add_suite("kernel_clocks", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, when_a_jiffy_begins) ||
	    !CU_ADD_TEST(suite, jiffies_of_32_bits) || !CU_ADD_TEST(suite, jiffies_of_no_length) ||
	    !CU_ADD_TEST(suite, jiffies_far_away) || !CU_ADD_TEST(suite, differences) ||
	    !CU_ADD_TEST(suite, which_clock) || !CU_ADD_TEST(suite, too_many_clocks) ||
	    !CU_ADD_TEST(suite, clocks_that_are_set) || !CU_ADD_TEST(suite, extreme_clocks) ||
	    !CU_ADD_TEST(suite, when_the_wheel_looks))
		return (int)CU_get_error();
	return 0;
}
