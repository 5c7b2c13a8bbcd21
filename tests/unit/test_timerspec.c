/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "suites.h"
#include "timersnoop/line.h"
#include "timersnoop/timerspec.h"

static void expect_format(int64_t sec, int64_t nsec, const char *expected)
{
	char text[TIMERSPEC_TEXT_MAX];
	size_t length = timerspec_format(text, (struct timerspec){ sec, nsec });

	CU_ASSERT_STRING_EQUAL(text, expected);
	CU_ASSERT_EQUAL(length, strlen(expected));
}

static void test_format(void)
{
	expect_format(2, 750, "2.00000075s");
	expect_format(0, 500, "500ns");
	expect_format(0, 1, "1ns");
	expect_format(0, 999, "999ns");
	expect_format(0, 1000, "1us");
	expect_format(0, 1234, "1.234us");
	expect_format(0, 10010, "10.01us");
	expect_format(0, 999999, "999.999us");
	expect_format(0, 1000000, "1ms");
	expect_format(0, 1000001, "1.000001ms");
	expect_format(0, 997866370, "997.86637ms");
	expect_format(0, 999999999, "999.999999ms");
	expect_format(1, 0, "1s");
	expect_format(1, 1, "1.000000001s");
	expect_format(3600, 0, "3600s");
	expect_format(0, 0, "0s");
	expect_format(INT64_MAX, 999999999, "9223372036854775807.999999999s");
}

static void test_format_refused(void)
{
	expect_format(1, 2000000000, "1s+2000000000ns");
	expect_format(0, NSEC_PER_SEC, "0s+1000000000ns");
	expect_format(0, -1, "0s-1ns");
	expect_format(-5, 0, "-5s+0ns");
	expect_format(INT64_MIN, INT64_MIN, "-9223372036854775808s-9223372036854775808ns");
	expect_format(INT64_MAX, INT64_MAX, "9223372036854775807s+9223372036854775807ns");
}

static void expect_format_ns(int64_t ns, const char *expected)
{
	char text[TIMERSPEC_TEXT_MAX];
	size_t length = timerspec_format_ns(text, ns);

	CU_ASSERT_STRING_EQUAL(text, expected);
	CU_ASSERT_EQUAL(length, strlen(expected));
}

static void test_format_ns(void)
{
	expect_format_ns(0, "0s");
	expect_format_ns(1500, "1.5us");
	expect_format_ns(-1500, "-1.5us");
	expect_format_ns(-NSEC_PER_SEC, "-1s");
	expect_format_ns(INT64_MAX, "9223372036.854775807s");
	expect_format_ns(INT64_MIN, "-9223372036.854775808s");
}

/* Three digits, in the largest unit that leaves one before the point when rounded. */
static void test_format_short(void)
{
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "0s" },
		{ 1, "1ns" },
		{ 999, "999ns" },
		{ 1000, "1.00us" },
		{ 1004, "1.00us" },
		{ 1006, "1.01us" },
		{ 9994, "9.99us" },
		{ 9996, "10.0us" },
		{ 99940, "99.9us" },
		{ 99960, "100us" },
		{ 997866, "998us" },
		{ 999499, "999us" },
		{ 999500, "1.00ms" },
		{ 999999, "1.00ms" },
		{ 1250000, "1.25ms" },
		{ 999499999, "999ms" },
		{ 999500000, "1.00s" },
		{ 12345678901, "12.3s" },
		{ 3600 * NSEC_PER_SEC, "3600s" },
		{ INT64_MAX, "9223372037s" },
		{ -1, "-1ns" },
		{ -1500, "-1.50us" },
		{ -999960, "-1.00ms" },
		{ INT64_MIN, "-9223372037s" },
	};
	char text[TIMERSPEC_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t length = timerspec_format_short(text, cases[i].ns);

		CU_ASSERT_STRING_EQUAL(text, cases[i].text);
		CU_ASSERT_EQUAL(length, strlen(cases[i].text));
	}
}

static void test_valid(void)
{
	CU_ASSERT_TRUE(timerspec_valid((struct timerspec){ 0, 0 }));
	CU_ASSERT_TRUE(timerspec_valid((struct timerspec){ INT64_MAX, 999999999 }));
	CU_ASSERT_FALSE(timerspec_valid((struct timerspec){ 0, NSEC_PER_SEC }));
	CU_ASSERT_FALSE(timerspec_valid((struct timerspec){ 0, -1 }));
	CU_ASSERT_FALSE(timerspec_valid((struct timerspec){ -1, 0 }));
	CU_ASSERT_TRUE(timerspec_zero((struct timerspec){ 0, 0 }));
	CU_ASSERT_FALSE(timerspec_zero((struct timerspec){ 0, 1 }));
	CU_ASSERT_FALSE(timerspec_zero((struct timerspec){ 1, 0 }));
}

static void test_ns(void)
{
	CU_ASSERT_EQUAL(timerspec_ns((struct timerspec){ 0, 0 }), 0);
	CU_ASSERT_EQUAL(timerspec_ns((struct timerspec){ 2, 750 }), 2 * NSEC_PER_SEC + 750);
	/* as a caller gave it, whether the kernel would take it or not */
	CU_ASSERT_EQUAL(timerspec_ns((struct timerspec){ 1, 2 * NSEC_PER_SEC }), 3 * NSEC_PER_SEC);
	CU_ASSERT_EQUAL(timerspec_ns((struct timerspec){ -1, 1 }), 1 - NSEC_PER_SEC);
	CU_ASSERT_EQUAL(timerspec_ns((struct timerspec){ 0, INT64_MIN }), INT64_MIN);
	/* the most and the least there is, and a nanosecond beyond */
	CU_ASSERT_EQUAL(timerspec_ns((struct timerspec){ 9223372036, 854775807 }), INT64_MAX);
	CU_ASSERT_EQUAL(timerspec_ns((struct timerspec){ 9223372036, 854775808 }), INT64_MAX);
	CU_ASSERT_EQUAL(timerspec_ns((struct timerspec){ INT64_MAX, 0 }), INT64_MAX);
	CU_ASSERT_EQUAL(timerspec_ns((struct timerspec){ -9223372036, -854775808 }), INT64_MIN);
	CU_ASSERT_EQUAL(timerspec_ns((struct timerspec){ -9223372036, -854775809 }), INT64_MIN);
	CU_ASSERT_EQUAL(timerspec_ns((struct timerspec){ INT64_MIN, 0 }), INT64_MIN);
}

static void expect_parse(const char *text, int64_t expected)
{
	int64_t ns = -1;

	CU_ASSERT_EQUAL(timerspec_parse(text, &ns), 0);
	CU_ASSERT_EQUAL(ns, expected);
}

static void expect_refused(const char *text, int error)
{
	int64_t ns = 42;

	CU_ASSERT_EQUAL(timerspec_parse(text, &ns), error);
	CU_ASSERT_EQUAL(ns, 42);
}

static void test_parse(void)
{
	expect_parse("0", 0);
	expect_parse("1", NSEC_PER_SEC);
	expect_parse("1.5", 1500000000);
	expect_parse(".5s", 500000000);
	expect_parse("100ns", 100);
	expect_parse("1.234us", 1234);
	expect_parse("250ms", 250000000);
	expect_parse("2m", 120 * NSEC_PER_SEC);
	expect_parse("1.5h", 5400 * NSEC_PER_SEC);
	expect_parse("1d", 86400 * NSEC_PER_SEC);
	expect_parse("0.000000000005h", 18);
	expect_parse("0.0000000000025h", 9);
	expect_parse("1.00000000000000000000000000", NSEC_PER_SEC);
	expect_parse("007s", 7 * NSEC_PER_SEC);
	expect_parse("9223372036.854775807s", INT64_MAX);
	expect_parse("9223372036854775807ns", INT64_MAX);
	expect_refused("", -EINVAL);
	expect_refused(".", -EINVAL);
	expect_refused("5.", -EINVAL);
	expect_refused("s", -EINVAL);
	expect_refused("1 s", -EINVAL);
	expect_refused(" 1", -EINVAL);
	expect_refused("-1", -EINVAL);
	expect_refused("+1", -EINVAL);
	expect_refused("1e3", -EINVAL);
	expect_refused("1.2.3", -EINVAL);
	expect_refused("0x10", -EINVAL);
	expect_refused("1S", -EINVAL);
	expect_refused("0.5ns", -ERANGE);
	expect_refused("1.0000000001", -ERANGE);
	expect_refused("0.0000000000000000000000001s", -ERANGE);
	expect_refused("9223372036.854775808s", -ERANGE);
	expect_refused("9223372036854775808ns", -ERANGE);
	expect_refused("106752d", -ERANGE);
	expect_refused("99999999999999999999999", -ERANGE);
}

static void test_round_trip(void)
{
	char text[TIMERSPEC_TEXT_MAX];
	uint64_t number = 1;
	int64_t ns;
	unsigned i;

	for (i = 0; i < 20000; i++) {
		number = number * 6364136223846793005ULL + 1442695040888963407ULL;
		timerspec_format_ns(text, (int64_t)(number >> (1 + i % 63)));
		CU_ASSERT_EQUAL(timerspec_parse(text, &ns), 0);
		CU_ASSERT_EQUAL(ns, (int64_t)(number >> (1 + i % 63)));
	}
}

static void test_flags(void)
{
	char text[TIMERSPEC_TEXT_MAX];

	timerspec_flags(text, sizeof(text), timer_settime_flags, 0, "relative");
	CU_ASSERT_STRING_EQUAL(text, "relative");
	timerspec_flags(text, sizeof(text), timer_settime_flags, 1, "relative");
	CU_ASSERT_STRING_EQUAL(text, "TIMER_ABSTIME");
	timerspec_flags(text, sizeof(text), timer_settime_flags, 7, "relative");
	CU_ASSERT_STRING_EQUAL(text, "TIMER_ABSTIME|0x6");
	timerspec_flags(text, sizeof(text), timer_settime_flags, 0xfffffffe, "relative");
	CU_ASSERT_STRING_EQUAL(text, "0xfffffffe");
	CU_ASSERT_EQUAL(timerspec_flags(text, 6, timer_settime_flags, 7, ""), 5);
	CU_ASSERT_STRING_EQUAL(text, "TIMER");
	CU_ASSERT_EQUAL(timerspec_flags(text, 0, timer_settime_flags, 7, ""), 0);
}

static void test_errno_name(void)
{
	CU_ASSERT_STRING_EQUAL(timerspec_errno_name(EINVAL), "EINVAL");
	CU_ASSERT_STRING_EQUAL(timerspec_errno_name(EAGAIN), "EAGAIN");
	CU_ASSERT_STRING_EQUAL(timerspec_errno_name(512), "ERESTARTSYS");
	CU_ASSERT_STRING_EQUAL(timerspec_errno_name(516), "ERESTART_RESTARTBLOCK");
	CU_ASSERT_PTR_NULL(timerspec_errno_name(0));
	CU_ASSERT_PTR_NULL(timerspec_errno_name(-EINVAL));
	CU_ASSERT_PTR_NULL(timerspec_errno_name(511));
	CU_ASSERT_PTR_NULL(timerspec_errno_name(4095));
}

static void expect_number(uint64_t number)
{
	char text[LINE_NUMBER_MAX + 1], expected[32];

	*line_u64(text, number) = '\0';
	snprintf(expected, sizeof(expected), "%llu", (unsigned long long)number);
	CU_ASSERT_STRING_EQUAL(text, expected);
	*line_s64(text, (int64_t)number) = '\0';
	snprintf(expected, sizeof(expected), "%lld", (long long)number);
	CU_ASSERT_STRING_EQUAL(text, expected);
	*line_hex(text, number) = '\0';
	snprintf(expected, sizeof(expected), "0x%llx", (unsigned long long)number);
	CU_ASSERT_STRING_EQUAL(text, expected);
	*line_digits(text, (uint32_t)(number % NSEC_PER_SEC), 9) = '\0';
	snprintf(expected, sizeof(expected), "%09u", (unsigned)(number % NSEC_PER_SEC));
	CU_ASSERT_STRING_EQUAL(text, expected);
	*line_digits(text, (uint32_t)(number % 1000), 3) = '\0';
	snprintf(expected, sizeof(expected), "%03u", (unsigned)(number % 1000));
	CU_ASSERT_STRING_EQUAL(text, expected);
}

static void test_numbers(void)
{
	uint64_t number = 1, power;
	unsigned i;

	for (power = 1, i = 0; i < 20; i++, power *= 10) {
		expect_number(power - 1);
		expect_number(power);
	}
	for (i = 0; i < 64; i++) {
		expect_number(1ULL << i);
		expect_number((1ULL << i) - 1);
	}
	expect_number(UINT64_MAX);
	for (i = 0; i < 20000; i++) {
		number = number * 6364136223846793005ULL + 1442695040888963407ULL;
		expect_number(number >> (i % 64));
	}
}

static void test_pad(void)
{
	char text[64];
	size_t width;

	for (width = 0; width < 20; width++) {
		memset(text, 'x', sizeof(text));
		*line_pad(text, 3, width) = '\0';
		CU_ASSERT_EQUAL(strlen(text), width > 3 ? width - 3 : 0);
		CU_ASSERT_EQUAL(strspn(text, " "), strlen(text));
	}
}

int suite_timerspec(void)
{
	CU_pSuite suite = CU_add_suite("timerspec", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, test_format) ||
	    !CU_ADD_TEST(suite, test_format_refused) || !CU_ADD_TEST(suite, test_format_ns) ||
	    !CU_ADD_TEST(suite, test_format_short) || !CU_ADD_TEST(suite, test_valid) ||
	    !CU_ADD_TEST(suite, test_ns) || !CU_ADD_TEST(suite, test_parse) ||
	    !CU_ADD_TEST(suite, test_round_trip) || !CU_ADD_TEST(suite, test_flags) ||
	    !CU_ADD_TEST(suite, test_errno_name) || !CU_ADD_TEST(suite, test_numbers) ||
	    !CU_ADD_TEST(suite, test_pad))
		return (int)CU_get_error();
	return 0;
}
