/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recordings of the kernel's timers that are cut short or changed: figures that add up, or an
 * error that says so.
 */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixtures.h"
#include "replayed.h"
#include "suites.h"
#include "timersnoop/commands.h"
#include "timersnoop/replay.h"

static char *bytes;
static size_t size, head; /* of the recording, and of all before its first page */
static char written[4096];

/* What the figures are asked for, and events; with all that may go wrong in them. */
static const char *const asked[] = {
	"--by mechanism --top 0 --hist timeout,late,run --format json "
	"--fields started,older,fired,cancelled,replaced,pending,unknown",
	"--wakeups --callers --by process,caller,timer --top 1 --format json "
	"--fields started,older,fired,cancelled,replaced,pending,unknown",
	"-e all --callers -q",
};

/* As cmd_replay does. */
static int learn(struct show *show, struct replay *replay, struct error *err)
{
	struct symbols *symbols = symbols_new();
	const char *text = replay_kallsyms(replay);

	CU_ASSERT_PTR_NOT_NULL_FATAL(symbols);
	CU_ASSERT_EQUAL(symbols_add(symbols, text, strlen(text)), 0);
	CU_ASSERT_EQUAL(symbols_end(symbols), 0);
	return show_set_symbols(show, symbols, err);
}

static void keep(int out)
{
	ssize_t length = pread(out, written, sizeof(written) - 1, 0);

	written[length > 0 ? length : 0] = '\0';
}

/* What `words` ask for goes to `written`: 0, or -1 with `err`. */
static int show_file(int fd, const char *words, struct error *err)
{
	char name[] = "timersnoop", command[] = "kernel", input[] = "-i", file[] = "x";
	char *argv[24] = { name, command, input, file }, *copy = strdup(words);
	struct options options;
	struct show show = { .out_fd = replayed_file("", 0) };
	struct replay *replay = NULL;
	int argc = 4, status;

	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	CU_ASSERT_EQUAL_FATAL(options_parse(&options, argc, argv, err), 0);
	CU_ASSERT_EQUAL_FATAL(show_select(&show, &options, err), 0);
	if (!options.quiet)
		show.sink = sink_new(show.out_fd, -1);
	status = replay_open(&replay, fd, true, &show.scene, err);
	if (status == 0)
		status = learn(&show, replay, err);
	if (status == 0)
		status = replay_show(replay, &show, NULL, NULL, err);
	if (show.sink)
		sink_flush(show.sink);
	keep(show.out_fd);
	show_free(&show);
	close(show.out_fd);
	replay_close(replay);
	options_free(&options);
	free(copy);
	return status < 0 ? -1 : 0;
}

/* Each row that was written; how many there are. */
static size_t expect_balance(void)
{
	size_t rows = 0;

	/* others are histograms, or the last one, which is cut */
	for (const char *line = written; line; line = strchr(line, '\n')) {
		unsigned long long of[7];

		line += *line == '\n';
		if (sscanf(line,
			   "{\"started\":%llu,\"older\":%llu,\"fired\":%llu,\"cancelled\":%llu,"
			   "\"replaced\":%llu,\"pending\":%llu,\"unknown\":%llu}",
			   &of[0], &of[1], &of[2], &of[3], &of[4], &of[5], &of[6]) != 7)
			continue;
		rows++;
		CU_ASSERT_EQUAL(of[0] + of[1], of[2] + of[3] + of[4] + of[5] + of[6]);
	}
	return rows;
}

static void read_recording(const char *series, const char *name)
{
	char *clock;

	bytes = fixture_read(series, name, &size);
	clock = memmem(bytes, size, "flyrecord", 9);
	CU_ASSERT_PTR_NOT_NULL_FATAL(clock);
	clock = memmem(clock, size - (size_t)(clock - bytes), "[mono]", 6);
	CU_ASSERT_PTR_NOT_NULL_FATAL(clock);
	head = (size_t)(clock - bytes) + 6;
}

static bool show_each(int fd)
{
	bool shown = true;

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct error err = { .code = 0 };

		if (show_file(fd, asked[i], &err) == 0) {
			expect_balance();
			continue;
		}
		shown = false;
		CU_ASSERT_TRUE(err.code > 0);
		CU_ASSERT_TRUE(strlen(err.text) > 8);
	}
	return shown;
}

static void whole(void)
{
	struct error err;

	for (int i = 0; i < FIXTURE_SERIES; i++) {
		int fd;

		read_recording(fixture_series[i], "kernel.dat");
		fd = replayed_file(bytes, size);
		CU_ASSERT_TRUE(show_each(fd));
		CU_ASSERT_EQUAL(show_file(fd, asked[0], &err), 0);
		CU_ASSERT_EQUAL(expect_balance(), 2);
		close(fd);
		free(bytes);
	}
}

/* Each page is wanted, and so is all before. */
static void cut_short(void)
{
	for (int i = 0; i < FIXTURE_SERIES; i++) {
		struct error err;
		int fd;

		read_recording(fixture_series[i], "kernel-command.dat");
		fd = replayed_file(bytes, size);
		for (size_t left = size - 1; left > 600; left -= 587) {
			CU_ASSERT_EQUAL_FATAL(ftruncate(fd, (off_t)left), 0);
			memset(&err, 0, sizeof(err));
			if (show_file(fd, asked[left % 3], &err) == 0)
				continue;
			CU_ASSERT_TRUE(strlen(err.text) > 8);
			if (left >= head)
				CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "is cut short, or damaged: "
									"the pages of CPU"));
		}
		close(fd);
		free(bytes);
	}
}

/* So many bytes of it, in two ways; at the places from `first` on. */
static void change_bytes(const char *series, const char *name, bool pages, size_t step)
{
	static const unsigned char changes[] = { 0xff, 0x01 };
	size_t end;
	int fd;

	read_recording(series, name);
	fd = replayed_file(bytes, size);
	end = pages ? size : head;
	for (size_t at = pages ? head : 0, i = 0; at < end; at += step, i++) {
		char byte = (char)(bytes[at] ^ changes[i % 2]);

		CU_ASSERT_EQUAL(pwrite(fd, &byte, 1, (off_t)at), 1);
		show_each(fd);
		CU_ASSERT_EQUAL(pwrite(fd, &bytes[at], 1, (off_t)at), 1);
	}
	close(fd);
	free(bytes);
}

static void changed_head(void)
{
	change_bytes("5.10", "kernel-command.dat", false, 53);
	change_bytes("7.2", "kernel.dat", false, 307);
}

static void changed_pages(void)
{
	for (int i = 0; i < FIXTURE_SERIES; i++)
		change_bytes(fixture_series[i], "kernel-command.dat", true, 83);
	change_bytes("6.12", "kernel.dat", true, 907);
}

/* A run of bytes that are any: whatever comes of it adds up. */
static void garbage(void)
{
	unsigned seed = 1;

	for (int i = 0; i < FIXTURE_SERIES; i++) {
		int fd;

		read_recording(fixture_series[i], "kernel.dat");
		fd = replayed_file(bytes, size);
		for (unsigned round = 0; round < 12; round++) {
			char some[24];
			size_t at = head + (size_t)round * ((size - head) / 13);

			for (size_t j = 0; j < sizeof(some); j++) {
				seed = seed * 1103515245 + 12345;
				some[j] = (char)(seed >> 16);
			}
			/* they stay, the more the worse */
			CU_ASSERT_EQUAL(pwrite(fd, some, sizeof(some), (off_t)at),
					(ssize_t)sizeof(some));
			show_each(fd);
		}
		close(fd);
		free(bytes);
	}
}

int suite_replay_kernel_hostile(void)
{
	CU_pSuite suite = CU_add_suite("replay_kernel_hostile", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, whole) || !CU_ADD_TEST(suite, cut_short) ||
	    !CU_ADD_TEST(suite, changed_head) || !CU_ADD_TEST(suite, changed_pages) ||
	    !CU_ADD_TEST(suite, garbage))
		return (int)CU_get_error();
	return 0;
}
