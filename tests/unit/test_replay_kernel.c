/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recordings of the timers of real kernels, shown by the command; UPDATE=1 writes anew what
 * is expected. What cannot be shown of them, and of others.
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
} shown[] = {
	{ "kernel.dat", "", "kernel.txt" },
	{ "kernel.dat", "-w", "kernel.wide.txt" },
	{ "kernel.dat", "--wakeups", "kernel.wakeups.txt" },
	{ "kernel.dat", "--wakeups --by callback --hist late --format json", "kernel.json" },
	{ "kernel.dat", "--callers --by callback,caller --format csv", "kernel.csv" },
	{ "kernel.dat", "-e all --callers -c 200", "kernel.events.txt" },
	{ "kernel-command.dat", "-e timer_list,hrtimer -w --time mono", "kernel-command.txt" },
};

static void expect_shown(const char *series, const struct shown *one)
{
	const char *update = getenv("UPDATE");
	char path[128], *expected;
	struct replayed said;
	size_t size;

	snprintf(path, sizeof(path), "tests/fixtures/%s/%s", series, one->recording);
	said = replayed_kernel(path, one->words);
	if (update && *update)
		fixture_write(series, one->expected, said.out);
	expected = fixture_read(series, one->expected, &size);
	CU_ASSERT_EQUAL(said.status, 0);
	CU_ASSERT_STRING_EQUAL(said.out, expected);
	CU_ASSERT_STRING_EQUAL(said.err, "");
	if (strcmp(said.out, expected) != 0)
		fprintf(stderr, "\n%s %s is not %s:\n%s%.2000s", path, one->words, one->expected,
			said.err, said.out);
	free(expected);
	replayed_free(&said);
}

static void expect_series(const char *series)
{
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		expect_shown(series, &shown[i]);
}

static void timers_of_5_10(void)
{
	expect_series("5.10");
}

static void timers_of_6_1(void)
{
	expect_series("6.1");
}

static void timers_of_6_12(void)
{
	expect_series("6.12");
}

static void timers_of_7_2(void)
{
	expect_series("7.2");
}

/* --- what cannot be shown -------------------------------------------------------------------- */

enum how { AS_KERNEL, AS_STAT, AS_REPORT };

static struct replayed run(enum how how, const char *recording, const char *words)
{
	char path[128];

	snprintf(path, sizeof(path), "tests/fixtures/7.2/%s", recording);
	return how == AS_KERNEL ? replayed_kernel(path, words)
	       : how == AS_STAT ? replayed_stat(path, words)
				: replayed_run(path, words);
}

static void what_was_not_recorded(void)
{
	static const struct {
		enum how how;
		const char *recording, *words;
		int status;
		const char *said;
	} cases[] = {
		{ AS_KERNEL, "calls.dat", "", 2, "it was recorded without the kernel's timers" },
		{ AS_KERNEL, "lives.dat", "-e all", 2, "without the kernel's timers" },
		{ AS_KERNEL, "calls-7.dat", "-q", 2, "see --kernel of record" },
		{ AS_REPORT, "kernel.dat", "", 2, "it is about the kernel's own timers" },
		{ AS_REPORT, "kernel.dat", "-e all", 2, "see 'timersnoop kernel -i FILE'" },
		{ AS_REPORT, "kernel.dat", "--lives", 2, "it is about the kernel's own timers" },
		{ AS_STAT, "kernel.dat", "", 2, "it is about the kernel's own timers" },
		{ AS_STAT, "kernel-command.dat", "", 2, "it is about the kernel's own timers" },
		{ AS_KERNEL, "kernel-command.dat", "--wakeups", 2,
		  "kernel-command.dat: it was recorded without --wakeups" },
		{ AS_KERNEL, "kernel-command.dat", "--callers", 2,
		  "kernel-command.dat: it was recorded without --callers" },
		{ AS_KERNEL, "kernel-command.dat", "-e wakeup", 2, "recorded without --wakeups" },
		{ AS_KERNEL, "kernel-command.dat", "-e tick_stop", 0, "" },
		{ AS_KERNEL, "formats", "", 3, "formats: it is no trace.dat recording" },
		{ AS_KERNEL, "nothing", "", 3, "cannot read tests/fixtures/7.2/nothing" },
		{ AS_KERNEL, "kernel.dat", "-o tests/fixtures/7.2/kernel.dat", 2,
		  "it is what the output is written to" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct replayed said = run(cases[i].how, cases[i].recording, cases[i].words);

		CU_ASSERT_EQUAL(said.status, cases[i].status);
		CU_ASSERT_PTR_NOT_NULL(strstr(said.err, cases[i].said));
		if (!cases[i].said[0])
			CU_ASSERT_STRING_EQUAL(said.err, "");
		if (said.status != cases[i].status || !strstr(said.err, cases[i].said))
			fprintf(stderr, "\n%s %s: %d %s", cases[i].recording, cases[i].words,
				said.status, said.err);
		replayed_free(&said);
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
		{ "-p 1", 1, "" },
		{ "-n nobody", 1, "" },
		{ "-n ktimers", 0, "" },
		{ "-n ktimers -e tick_stop -d 1ns", 1, "" },
		{ "-e hrtimer_start -c 3", 0, "" },
		{ "--cpu 0", 0, "" },
		{ "--cpu 1", 0, "" },
		{ "--cpu 7", 1, "" },
		{ "--callback tcp_write_timer", 0, "" },
		{ "--callback tcp_*,process_timeout", 0, "" },
		/* which functions the kernel has, a recording does not tell */
		{ "--callback it_real_fm", 1,
		  "note: tests/fixtures/7.2/kernel.dat: none of its timers has such a callback" },
		{ "--callback it_real_fm -q", 1, "" },
		{ "--callback it_real_fn,nowhere", 0, "" },
		{ "--fail-on data-incomplete", 0, "" },
		{ "--wakeups --fail-on keeps-awake --limit awake=1", 5,
		  "timersnoop: found keeps-awake: callback " },
		{ "--fail-on slow-callback --limit run=1ns -q", 5, "" },
		{ "--expect started>100", 0, "" },
		{ "--expect started<100", 5, "timersnoop: expected 'started<100': started is " },
		{ "--expect started>0 --where nowhere==1", 2, "there is no field 'nowhere'" },
		{ "--until fired>=10", 0, "" },
		{ "--interval 100ms -c 2", 0, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct replayed said = run(AS_KERNEL, "kernel.dat", cases[i].words);

		CU_ASSERT_EQUAL(said.status, cases[i].status);
		CU_ASSERT_PTR_NOT_NULL(strstr(said.err, cases[i].said));
		if (!cases[i].said[0])
			CU_ASSERT_STRING_EQUAL(said.err, "");
		if (said.status != cases[i].status || !strstr(said.err, cases[i].said))
			fprintf(stderr, "\n%s: %d %s", cases[i].words, said.status, said.err);
		replayed_free(&said);
	}
}

/* --- recordings of others ---------------------------------------------------------------------- */

/* One without timersnoop's own option. */
static int open_foreign(const char *series, const char *name)
{
	static const char word[] = "timersnoop scene 1";
	size_t size;
	char *bytes = fixture_read(series, name, &size);
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

/* Of one without timer_list timers, hrtimers. */
static void only_hrtimers(void)
{
	static const char word[] = "timersnoop scene 1";
	size_t size;
	char *bytes = fixture_read("6.12", "kernel.dat", &size), path[64];
	char *name = memmem(bytes, size, "name: timer_start\n", 18);
	char *scene = memmem(bytes, size, word, strlen(word));
	struct replayed said;
	int fd;

	CU_ASSERT_TRUE_FATAL(name && scene);
	name[6] = 'x';
	scene[-6] = 0x7f;
	fd = replayed_file(bytes, size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	said = replayed_kernel(path, "--by mechanism --fields mechanism,started --sort started");
	CU_ASSERT_EQUAL(strncmp(said.out, "mechanism\tstarted\nhrtimer\t", 26), 0);
	replayed_free(&said);
	close(fd);
	free(bytes);
}

/* Losses that only the ring buffer's own count tells of. */
static void untold_losses(void)
{
	size_t size;
	char *bytes = fixture_read("7.2", "kernel.dat", &size), path[64];
	char *lost = memmem(bytes, size, "\nlost 0 1 0\n", 12);
	struct replayed said;
	int fd;

	CU_ASSERT_PTR_NOT_NULL_FATAL(lost);
	lost[10] = '9';
	fd = replayed_file(bytes, size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	said = replayed_kernel(path, "--fail-on data-incomplete");
	CU_ASSERT_EQUAL(said.status, 5);
	CU_ASSERT_PTR_NOT_NULL(strstr(said.err, "9 records lost by the ring buffer"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said.out, "\nwarning data-incomplete\n"));
	replayed_free(&said);
	said = replayed_kernel(path, "-e tick_stop");
	CU_ASSERT_EQUAL(said.status, 4);
	CU_ASSERT_PTR_NOT_NULL(strstr(said.out, "\n# lost 9 records on CPU 1\n"));
	replayed_free(&said);
	said = replayed_kernel(path, "--by module --format json --loss-status 7");
	CU_ASSERT_EQUAL(said.status, 7);
	CU_ASSERT_PTR_NOT_NULL(strstr(said.out, "\"incomplete\":true}\n"));
	CU_ASSERT_PTR_NULL(strstr(said.out, "\"incomplete\":false"));
	replayed_free(&said);
	close(fd);
	free(bytes);
}

/* What nobody tells of is left out. */
static void recordings_of_others(void)
{
	for (int i = 0; i < FIXTURE_SERIES; i++) {
		int fd = open_foreign(fixture_series[i], "kernel.dat");
		struct replayed said;
		char path[64];

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		said = replayed_kernel(path, "--wakeups --callers --by callback,comm,caller "
					     "--format json");
		CU_ASSERT_EQUAL(said.status, 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(said.err, "timersnoop did not record it"));
		CU_ASSERT_PTR_NOT_NULL(
			strstr(said.out, "\"callback\":\"tcp_write_timer\",\"module\":\"kernel\""));
		CU_ASSERT_PTR_NOT_NULL(strstr(said.out, "\"comm\":\"ktimers\""));
		CU_ASSERT_PTR_NOT_NULL(strstr(said.out, "{\"event\":\"cpu\""));
		CU_ASSERT_PTR_NOT_NULL(strstr(said.out, "\"caller\":\"do_nanosleep\""));
		replayed_free(&said);
		/* programs' timers it has none of, though hrtimers there are */
		said = replayed_run(path, "");
		CU_ASSERT_EQUAL(said.status, 2);
		replayed_free(&said);
		close(fd);
		/* nor has one of programs' timers any of the kernel's */
		fd = open_foreign(fixture_series[i], "calls.dat");
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		said = replayed_kernel(path, "");
		CU_ASSERT_EQUAL(said.status, 2);
		CU_ASSERT_PTR_NOT_NULL(
			strstr(said.err, "it was recorded without the kernel's timers"));
		replayed_free(&said);
		close(fd);
	}
}

int suite_replay_kernel(void)
{
	CU_pSuite suite = CU_add_suite("replay_kernel", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, timers_of_5_10) || !CU_ADD_TEST(suite, timers_of_6_1) ||
	    !CU_ADD_TEST(suite, timers_of_6_12) || !CU_ADD_TEST(suite, timers_of_7_2) ||
	    !CU_ADD_TEST(suite, what_was_not_recorded) || !CU_ADD_TEST(suite, statuses) ||
	    !CU_ADD_TEST(suite, recordings_of_others) || !CU_ADD_TEST(suite, only_hrtimers) ||
	    !CU_ADD_TEST(suite, untold_losses))
		return (int)CU_get_error();
	return 0;
}
