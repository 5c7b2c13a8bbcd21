/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recordings that are cut short or changed: a right answer, or an error that says so. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixtures.h"
#include "replayed.h"
#include "suites.h"
#include "timersnoop/commands.h"
#include "timersnoop/replay.h"

static char *bytes;
static size_t size, head; /* of the recording, and of all before its first page */

/* Shows the file to nobody: the matched events, or -1 with `err`. */
static long count_events(int fd, struct error *err)
{
	char name[] = "timersnoop";
	char *argv[] = { name, NULL };
	struct options options;
	struct show show = { .out_fd = STDOUT_FILENO };
	struct replay *replay = NULL;
	struct view_totals totals = { 0 };
	int status;

	CU_ASSERT_EQUAL_FATAL(options_parse(&options, 1, argv, err), 0);
	CU_ASSERT_EQUAL_FATAL(show_select(&show, &options, err), 0);
	status = replay_open(&replay, fd, false, &show.scene, err);
	if (status == 0)
		status = replay_show(replay, &show, NULL, NULL, err);
	if (status == 0)
		view_totals(show.view, &totals);
	show_free(&show);
	replay_close(replay);
	options_free(&options);
	return status < 0 ? -1 : (long)totals.matched;
}

static void read_recording(const char *name)
{
	char *clock;

	bytes = fixture_read("7.2", name, &size);
	/* Of version 6 the clock's name comes last; 7 is as it pleases. */
	head = size;
	clock = memmem(bytes, size, "flyrecord", 9);
	if (clock)
		clock = memmem(clock, size - (size_t)(clock - bytes), "[mono]", 6);
	if (clock)
		head = (size_t)(clock - bytes) + 6;
	CU_ASSERT_EQUAL(clock != NULL, strcmp(name, "calls.dat") == 0);
}

static void expect_error(const struct error *err)
{
	CU_ASSERT_TRUE(err->code > 0);
	CU_ASSERT_TRUE(strlen(err->text) > 8);
}

/* Without its last bytes it has all its events, or it is refused. */
static void cut_at_every_byte(void)
{
	static const char *const recordings[] = { "calls.dat", "calls-7.dat" };
	struct error err;

	for (size_t i = 0; i < sizeof(recordings) / sizeof(recordings[0]); i++) {
		long all;
		int fd;

		read_recording(recordings[i]);
		fd = replayed_file(bytes, size);
		all = count_events(fd, &err);
		CU_ASSERT_EQUAL(all, 7);
		for (size_t left = size; left-- > 0;) {
			long count;

			CU_ASSERT_EQUAL_FATAL(ftruncate(fd, (off_t)left), 0);
			memset(&err, 0, sizeof(err));
			count = count_events(fd, &err);
			if (count < 0)
				expect_error(&err);
			/* each page is one that is wanted */
			if (left >= head && i == 0 && count < 0)
				CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "is cut short, or damaged: "
									"the pages of CPU"));
			if (count >= 0)
				CU_ASSERT_EQUAL(count, all);
		}
		close(fd);
		free(bytes);
	}
}

/* Each byte before the pages, changed in two ways. */
static void every_byte_changed(void)
{
	static const char *const recordings[] = { "calls.dat", "calls-7.dat" };
	static const unsigned char changes[] = { 0xff, 0x01 };
	struct error err;

	for (size_t i = 0; i < sizeof(recordings) / sizeof(recordings[0]); i++) {
		int fd;

		read_recording(recordings[i]);
		fd = replayed_file(bytes, size);
		for (size_t at = 0; at < head; at++)
			for (size_t j = 0; j < sizeof(changes); j++) {
				char byte = (char)(bytes[at] ^ changes[j]);

				CU_ASSERT_EQUAL(pwrite(fd, &byte, 1, (off_t)at), 1);
				memset(&err, 0, sizeof(err));
				if (count_events(fd, &err) < 0)
					expect_error(&err);
				CU_ASSERT_EQUAL(pwrite(fd, &bytes[at], 1, (off_t)at), 1);
			}
		close(fd);
		free(bytes);
	}
}

/* What is said of some that are damaged just so. */
static void what_is_said(void)
{
	static const struct {
		size_t at;
		const char *with;
		size_t length;
		const char *said;
	} cases[] = {
		{ 0, "\x18", 1, "it is no trace.dat recording" },
		{ 10, "5", 1, "it is of version 5: versions 6 and 7 can be read" },
		{ 12, "\x01", 1, "it comes from a machine of the other byte order" },
		{ 13, "\x05", 1, "longs of 5 bytes" },
		{ 14, "\x01\x10", 2, "pages of 4097 bytes" },
		{ 18, "header_bage", 11, "no 'header_page' there" },
		{ 30, "\xff\xff\xff\xff\xff\xff\xff\x7f", 8, "it is cut short, or damaged" },
	};
	struct error err;

	read_recording("calls.dat");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd = replayed_file(bytes, size);

		CU_ASSERT_EQUAL(pwrite(fd, cases[i].with, cases[i].length, (off_t)cases[i].at),
				(ssize_t)cases[i].length);
		CU_ASSERT_EQUAL(count_events(fd, &err), -1);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].said));
		if (!strstr(err.text, cases[i].said))
			fprintf(stderr, "\nsaid: %s\n", err.text);
		close(fd);
	}
	free(bytes);
}

int suite_replay_hostile(void)
{
	CU_pSuite suite = CU_add_suite("replay_hostile", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, cut_at_every_byte) ||
	    !CU_ADD_TEST(suite, every_byte_changed) || !CU_ADD_TEST(suite, what_is_said))
		return (int)CU_get_error();
	return 0;
}
