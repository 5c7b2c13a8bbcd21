/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace.dat, out and in again; those of kernels are test_replay_kernels.c's. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixtures.h"
#include "pages.h"
#include "replayed.h"
#include "suites.h"
#include "timersnoop/recording.h"

static const char header_page[] = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
				  "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n";

static const struct recording_format formats[] = {
	{ "timersnoop", "name: settime_enter\nID: 7\n" },
	{ "sched", "name: sched_process_exit\nID: 8\n" },
	{ "timersnoop", "name: settime_exit\nID: 9\n" },
};

/* Two CPUs of two instances; CPU 1 of the first has nothing. */
static const struct recording_stream streams[] = {
	{ 0, 0, 2 * IMAGE_SIZE },
	{ 1, 0, 0 },
	{ 0, 1, IMAGE_SIZE },
	{ 3, 1, IMAGE_SIZE },
};

static const char *const stats[] = { "CPU: 0\noverrun: 1\n", "CPU: 1\noverrun: 2\n" };

static struct recording_head make_head(void)
{
	return (struct recording_head){
		.page_size = IMAGE_SIZE,
		.header_page = header_page,
		.header_event = "# compressed entry header\n",
		.formats = formats,
		.format_count = 3,
		.kallsyms = "ffffffff81000000 t something\n",
		.cmdlines = "12 app\n13 a b\n",
		.clock = "mono",
		.uname = "Linux 6.1 x86_64",
		.version = "timersnoop",
		.cpu_stats = stats,
		.cpu_stat_count = 2,
		.scene = "what else there is\n",
		.buffers = { "", "interrupts" },
		.buffer_count = 2,
		.streams = streams,
		.stream_count = 4,
	};
}

/* Pages that begin with their stream's number and their own. */
static int copy(void *context, size_t stream, int fd)
{
	CU_ASSERT_PTR_NULL(context);
	for (uint64_t i = 0; i < streams[stream].bytes / IMAGE_SIZE; i++) {
		uint8_t page[IMAGE_SIZE] = { (uint8_t)stream, (uint8_t)i };

		if (write(fd, page, sizeof(page)) != sizeof(page))
			return -errno;
	}
	return 0;
}

static char seen[512];

static int take_format(void *context, const char *system, const char *format, struct error *err)
{
	CU_ASSERT_PTR_EQUAL(context, seen);
	CU_ASSERT_PTR_NOT_NULL(err);
	snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%s %.*s\n", system,
		 (int)strcspn(format, "\n"), format);
	return 0;
}

static int refuse_format(void *context, const char *system, const char *format, struct error *err)
{
	(void)context;
	(void)system;
	(void)format;
	return error_set(err, ENOTSUP, "no");
}

static int write_recording(const struct recording_head *head)
{
	int fd = replayed_file("", 0);

	CU_ASSERT_EQUAL_FATAL(recording_write(fd, head, copy, NULL), 0);
	return fd;
}

static void there_and_back(void)
{
	const struct recording_head head = make_head();
	int fd = write_recording(&head);
	struct recording *recording;
	const struct recording_stream *back;
	uint8_t page[IMAGE_SIZE];
	struct error err;
	size_t count;
	int64_t date;

	seen[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(recording_open(&recording, fd, take_format, seen, &err), 0);
	CU_ASSERT_STRING_EQUAL(seen, "timersnoop name: settime_enter\n"
				     "timersnoop name: settime_exit\n"
				     "sched name: sched_process_exit\n");
	CU_ASSERT_STRING_EQUAL(recording_clock(recording), "mono");
	CU_ASSERT_STRING_EQUAL(recording_uname(recording), "Linux 6.1 x86_64");
	CU_ASSERT_STRING_EQUAL(recording_cmdlines(recording), "12 app\n13 a b\n");
	CU_ASSERT_STRING_EQUAL(recording_kallsyms(recording), head.kallsyms);
	CU_ASSERT_STRING_EQUAL(recording_stats(recording),
			       "CPU: 0\noverrun: 1\n\nCPU: 1\noverrun: 2\n\n");
	CU_ASSERT_EQUAL(recording_long_size(recording), 8);
	CU_ASSERT_EQUAL(recording_page_size(recording), IMAGE_SIZE);
	CU_ASSERT_FALSE(recording_date(recording, &date));
	CU_ASSERT_NSTRING_EQUAL(recording_scene(recording, &count), "what else there is\n", 19);
	CU_ASSERT_EQUAL(count, 19);
	back = recording_streams(recording, &count);
	CU_ASSERT_EQUAL_FATAL(count, 3); /* those with pages */
	for (size_t i = 0, from = 0; i < count; i++, from++) {
		while (!streams[from].bytes)
			from++;
		CU_ASSERT_EQUAL(back[i].cpu, streams[from].cpu);
		CU_ASSERT_EQUAL(back[i].buffer, streams[from].buffer);
		for (uint64_t j = 0; j < streams[from].bytes / IMAGE_SIZE; j++) {
			CU_ASSERT_EQUAL(recording_read(recording, i, page, sizeof(page)),
					IMAGE_SIZE);
			CU_ASSERT_EQUAL(page[0], from);
			CU_ASSERT_EQUAL(page[1], j);
		}
		CU_ASSERT_EQUAL(recording_read(recording, i, page, sizeof(page)), 0);
	}
	recording_close(recording);
	close(fd);
	recording_close(NULL);
}

/* Pages begin where they can be mapped, of any size. */
static void alignment(void)
{
	struct recording_head head = make_head();
	uint8_t byte;
	int fd = write_recording(&head);

	CU_ASSERT_EQUAL(lseek(fd, 0, SEEK_END) % IMAGE_SIZE, 0);
	/* the last stream's page is the last of the file */
	CU_ASSERT_EQUAL(pread(fd, &byte, 1, lseek(fd, 0, SEEK_END) - IMAGE_SIZE), 1);
	CU_ASSERT_EQUAL(byte, 3);
	close(fd);
	head.page_size = 4 * IMAGE_SIZE;
	head.stream_count = 0;
	head.buffer_count = 1;
	fd = write_recording(&head);
	CU_ASSERT_TRUE(lseek(fd, 0, SEEK_END) > 300);
	close(fd);
}

/* The kernel's longs, not those of whoever wrote the file. */
static void long_sizes(void)
{
	struct recording_head head = make_head();
	struct recording *recording;
	struct error err;
	int fd;

	head.header_page = "\tfield: local_t commit;\toffset:8;\tsize:4;\tsigned:1;\n";
	fd = write_recording(&head);
	CU_ASSERT_EQUAL_FATAL(recording_open(&recording, fd, take_format, seen, &err), 0);
	CU_ASSERT_EQUAL(recording_long_size(recording), 4);
	recording_close(recording);
	close(fd);
	head.header_page = "\tfield: local_t commit;\toffset:4;\tsize:8;\tsigned:1;\n";
	fd = write_recording(&head);
	CU_ASSERT_EQUAL(recording_open(&recording, fd, take_format, seen, &err), -EBADMSG);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "header is not as any kernel has it"));
	close(fd);
}

static void errors(void)
{
	const struct recording_head head = make_head();
	struct recording *recording;
	struct error err;
	int fd = write_recording(&head), full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	CU_ASSERT_EQUAL(recording_open(&recording, fd, refuse_format, NULL, &err), -ENOTSUP);
	CU_ASSERT_STRING_EQUAL(err.text, "no");
	CU_ASSERT_PTR_NULL(recording);
	CU_ASSERT_EQUAL(recording_write(full, &head, copy, NULL), -ENOSPC);
	CU_ASSERT_EQUAL(recording_open(&recording, full, take_format, seen, &err), -EINVAL);
	close(full);
	CU_ASSERT_EQUAL(recording_open(&recording, -1, take_format, seen, &err), -EBADF);
	close(fd);
}

/* While it is read somebody makes it shorter. */
static void cut_meanwhile(void)
{
	const struct recording_head head = make_head();
	int fd = write_recording(&head);
	struct recording *recording;
	uint8_t page[IMAGE_SIZE];
	struct error err;

	seen[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(recording_open(&recording, fd, take_format, seen, &err), 0);
	CU_ASSERT_EQUAL(ftruncate(fd, 1000), 0);
	CU_ASSERT_EQUAL(recording_read(recording, 0, page, sizeof(page)), -EIO);
	CU_ASSERT_EQUAL(recording_error(recording)->code, EIO);
	recording_close(recording);
	close(fd);
}

/* Where the recording tells how long its kallsyms is. */
static off_t kallsyms_at(int fd, const char *kallsyms)
{
	char bytes[4096];
	ssize_t got = pread(fd, bytes, sizeof(bytes), 0);
	const char *found;

	CU_ASSERT_FATAL(got > 0);
	found = memmem(bytes, (size_t)got, kallsyms, strlen(kallsyms));
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	return found - bytes - 4;
}

/* It is as long as it says, and no longer than the file or a sane text. */
static void kallsyms_lengths(void)
{
	static const struct {
		uint32_t length;
		off_t file_size; /* 0: as it is */
		const char *said;
	} cases[] = {
		{ 0xffffffff, 0, "it is cut short, or damaged: more than its" },
		{ 64 << 20, 0, "it is cut short, or damaged: more than its" },
		{ (64 << 20) + 1, 1 << 27, "a text of 67108865 bytes" },
		{ 0xffffffff, 1LL << 33, "a text of 4294967295 bytes" },
		/* all that comes behind is text then, or the text is what comes behind */
		{ 64 << 20, 1 << 27, "it holds no records" },
		{ 0, 0, "it is cut short, or damaged: more than its" },
	};
	const struct recording_head head = make_head();
	struct recording *recording;
	struct error err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd = write_recording(&head);
		off_t at = kallsyms_at(fd, head.kallsyms);

		CU_ASSERT_EQUAL(pwrite(fd, &cases[i].length, 4, at), 4);
		if (cases[i].file_size)
			CU_ASSERT_EQUAL(ftruncate(fd, cases[i].file_size), 0);
		seen[0] = '\0';
		CU_ASSERT_TRUE(recording_open(&recording, fd, take_format, seen, &err) < 0);
		CU_ASSERT_PTR_NULL(recording);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].said));
		close(fd);
	}
}

/* One that has none, one with bytes that are no text. */
static void kallsyms_contents(void)
{
	struct recording_head head = make_head();
	struct recording *recording;
	struct error err;
	int fd;

	head.kallsyms = "";
	fd = write_recording(&head);
	seen[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(recording_open(&recording, fd, take_format, seen, &err), 0);
	CU_ASSERT_STRING_EQUAL(recording_kallsyms(recording), "");
	recording_close(recording);
	close(fd);

	head.kallsyms = "ffffffff81000000 t one\n\377\033[0m@\nffffffff81000010 t two\n";
	fd = write_recording(&head);
	/* What is behind a NUL nobody sees. */
	CU_ASSERT_EQUAL(pwrite(fd, "", 1, kallsyms_at(fd, head.kallsyms) + 4 + 28), 1);
	seen[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(recording_open(&recording, fd, take_format, seen, &err), 0);
	CU_ASSERT_STRING_EQUAL(recording_kallsyms(recording),
			       "ffffffff81000000 t one\n\377\033[0m");
	recording_close(recording);
	close(fd);
}

static int pass_format(void *context, const char *system, const char *format, struct error *err)
{
	(void)context;
	(void)system;
	(void)format;
	(void)err;
	return 0;
}

/* A version 7 recording, which trace-cmd has made of one of version 6, has the same. */
static void kallsyms_of_versions(void)
{
	for (int i = 0; i < FIXTURE_SERIES; i++) {
		static const char *const names[] = { "calls.dat", "calls-7.dat" };
		char *texts[2];

		for (int j = 0; j < 2; j++) {
			size_t size;
			char *bytes = fixture_read(fixture_series[i], names[j], &size);
			int fd = replayed_file(bytes, size);
			struct recording *recording;
			struct error err;

			CU_ASSERT_EQUAL_FATAL(
				recording_open(&recording, fd, pass_format, NULL, &err), 0);
			texts[j] = strdup(recording_kallsyms(recording));
			recording_close(recording);
			close(fd);
			free(bytes);
		}
		CU_ASSERT_PTR_NOT_NULL(strstr(texts[0], " t __x64_sys_timer_settime\n"));
		CU_ASSERT_STRING_EQUAL(texts[0], texts[1]);
		free(texts[0]);
		free(texts[1]);
	}
}

int suite_recording(void)
{
	CU_pSuite suite = CU_add_suite("recording", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, there_and_back) || !CU_ADD_TEST(suite, alignment) ||
	    !CU_ADD_TEST(suite, long_sizes) || !CU_ADD_TEST(suite, errors) ||
	    !CU_ADD_TEST(suite, cut_meanwhile) || !CU_ADD_TEST(suite, kallsyms_lengths) ||
	    !CU_ADD_TEST(suite, kallsyms_contents) || !CU_ADD_TEST(suite, kallsyms_of_versions))
		return (int)CU_get_error();
	return 0;
}
