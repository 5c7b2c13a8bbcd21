/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recordings of real kernels, shown by the command. What was shown live while
 * they were made comes with them; UPDATE=1 writes the rest of what is expected
 * anew.
 */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixtures.h"
#include "replayed.h"
#include "suites.h"

static const struct shown {
	const char *recording, *words, *expected;
	int status;
	const char *said; /* on standard error; NULL: nothing */
} shown[] = {
	/* as it was live */
	{ "lives.dat", "-e all --lives --format json", "lives.live.json", 0, NULL },
	{ "toctou.dat", "-e settime --format json", "toctou.live.json", 0, NULL },
	{ "loss.dat", "-e timer_settime", "loss.live.txt", 4, "records lost by the ring buffer" },
	/* whatever else one may want of the same recording */
	{ "lives.dat", "-e all", "lives.txt", 0, NULL },
	{ "lives.dat", "-e all --format csv", "lives.csv", 0, NULL },
	{ "lives.dat", "--lives", "lives.lives.txt", 0, NULL },
	{ "lives.dat", "--strace", "lives.strace.txt", 0, NULL },
	{ "calls.dat", "", "calls.txt", 0, NULL },
	{ "calls.dat", "-w --time mono", "calls.wide.txt", 0, NULL },
	{ "calls.dat", "--format json", "calls.json", 0, NULL },
	{ "calls.dat", "-x --no-header --time none", "calls.failed.txt", 0, NULL },
	{ "toctou.dat", "", "toctou.txt", 0, NULL },
	{ "loss.dat", "--format json -c 40", "loss.json", 4, "records lost" },
	/* the same, compressed, in sections */
	{ "calls-7.dat", "--format json", "calls.json", 0, NULL },
};

static void expect_shown(const char *series, const struct shown *one)
{
	const char *update = getenv("UPDATE");
	char path[128], *expected;
	struct replayed report;
	size_t size;

	snprintf(path, sizeof(path), "tests/fixtures/%s/%s", series, one->recording);
	report = replayed_run(path, one->words);
	if (update && *update && !strstr(one->expected, ".live."))
		fixture_write(series, one->expected, report.out);
	expected = fixture_read(series, one->expected, &size);
	CU_ASSERT_EQUAL(report.status, one->status);
	CU_ASSERT_STRING_EQUAL(report.out, expected);
	if (one->said)
		CU_ASSERT_PTR_NOT_NULL(strstr(report.err, one->said))
	else
		CU_ASSERT_STRING_EQUAL(report.err, "");
	if (strcmp(report.out, expected) != 0)
		fprintf(stderr, "\n%s %s is not %s:\n%s%.2000s", path, one->words, one->expected,
			report.err, report.out);
	free(expected);
	replayed_free(&report);
}

static void expect_series(const char *series)
{
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		expect_shown(series, &shown[i]);
}

static void recordings_of_5_10(void)
{
	expect_series("5.10");
}

static void recordings_of_6_1(void)
{
	expect_series("6.1");
}

static void recordings_of_6_12(void)
{
	expect_series("6.12");
}

static void recordings_of_7_2(void)
{
	expect_series("7.2");
}

/* How a question that a recording cannot answer is answered. */
static void what_was_not_recorded(void)
{
	static const struct {
		const char *recording, *words;
		int status;
		const char *said;
	} cases[] = {
		{ "calls.dat", "-e expire", 2, "it was recorded without timer_expire" },
		{ "calls.dat", "--lives", 2, "it was recorded without --lives" },
		{ "calls.dat", "--toctou", 2, "it was recorded without --toctou" },
		{ "calls.dat", "-p 1", 1, "" },
		{ "calls.dat", "-n nobody", 1, "" },
		{ "calls.dat", "-u no-such-user", 2, "no user 'no-such-user'" },
		{ "calls.dat", "-d 1ns", 1, "" },
		{ "calls.dat", "-d 10s", 0, "" },
		{ "loss.dat", "--loss-status 7", 7, "records lost" },
		{ "loss.dat", "-q", 4, "" },
		{ "formats", "", 3, "formats: it is no trace.dat recording" },
		{ "nothing", "", 3, "cannot read tests/fixtures/7.2/nothing: No such file" },
		{ ".", "", 3, "it is a directory" },
		{ "calls.dat", "-e all --no-header", 0,
		  "note: tests/fixtures/7.2/calls.dat: it was recorded without timer_create, " },
		{ "calls.dat", "-e expire", 2,
		  "without timer_expire, timerfd_expire, itimer_expire" },
		{ "calls.dat", "-o tests/fixtures/7.2/calls.dat", 2,
		  "calls.dat: it is what the output is written to" },
		{ "lives.dat", "-e expire -x", 2, "-x shows calls that failed" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char path[128];
		struct replayed report;

		snprintf(path, sizeof(path), "tests/fixtures/7.2/%s", cases[i].recording);
		report = replayed_run(path, cases[i].words);
		CU_ASSERT_EQUAL(report.status, cases[i].status);
		CU_ASSERT_PTR_NOT_NULL(strstr(report.err, cases[i].said));
		if (!cases[i].said[0])
			CU_ASSERT_STRING_EQUAL(report.err, "");
		replayed_free(&report);
	}
}

/* A recording without timersnoop's own option, as somebody else would make it. */
static int open_foreign(const char *name)
{
	static const char word[] = "timersnoop scene 1";
	size_t size;
	char *bytes = fixture_read("7.2", name, &size);
	char *scene = memmem(bytes, size, word, strlen(word));
	int fd;

	CU_ASSERT_PTR_NOT_NULL_FATAL(scene);
	/* before it the option's number, and its size in 4 bytes */
	CU_ASSERT_EQUAL(memcmp(scene - 6, "\x73\x74", 2), 0);
	scene[-6] = 0x7f;
	fd = replayed_file(bytes, size);
	free(bytes);
	return fd;
}

static struct replayed report_foreign(const char *name, const char *words)
{
	char path[64];
	int fd = open_foreign(name);
	struct replayed report;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	report = replayed_run(path, words);
	close(fd);
	return report;
}

/* The calls are the same; what nobody tells of is left out, and said. */
static void recordings_of_others(void)
{
	static const char *const values[] = {
		"\"comm\":\"workload\"",
		"\"value\":{\"sec\":2,\"nsec\":750}",
		"\"error\":\"EINVAL\"",
		"{\"event\":\"timer_settime\",\"time\":null,\"mono_ns\":",
	};
	struct replayed report = report_foreign("calls.dat", "--format json");

	CU_ASSERT_EQUAL(report.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(report.err, "timersnoop did not record it"));
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(report.out, values[i]));
	replayed_free(&report);
	report = report_foreign("calls.dat", "--time wall");
	CU_ASSERT_EQUAL(report.status, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(report.err, "does not tell what time of day"));
	replayed_free(&report);
	/* its own count of what was lost is known */
	report = report_foreign("loss.dat", "-q");
	CU_ASSERT_EQUAL(report.status, 4);
	replayed_free(&report);
	report = report_foreign("calls.dat", "--strace --time wall");
	CU_ASSERT_EQUAL(report.status, 2);
	replayed_free(&report);
	report = report_foreign("calls.dat", "-d 10s -p 1");
	CU_ASSERT_EQUAL(report.status, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(report.err, "processes and users are known only"));
	replayed_free(&report);
	report = report_foreign("calls.dat", "-d 10s --no-header");
	CU_ASSERT_EQUAL(report.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(report.out, "workload settime"));
	replayed_free(&report);
	report = report_foreign("lives.dat", "-e expire --format json");
	CU_ASSERT_EQUAL(report.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(report.out, "\"event\":\"timerfd_expire\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(report.out, "\"late_ns\":"));
	replayed_free(&report);
}

int suite_replay_kernels(void)
{
	CU_pSuite suite = CU_add_suite("replay_kernels", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, recordings_of_5_10) ||
	    !CU_ADD_TEST(suite, recordings_of_6_1) || !CU_ADD_TEST(suite, recordings_of_6_12) ||
	    !CU_ADD_TEST(suite, recordings_of_7_2) || !CU_ADD_TEST(suite, what_was_not_recorded) ||
	    !CU_ADD_TEST(suite, recordings_of_others))
		return (int)CU_get_error();
	return 0;
}
