/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "suites.h"
#include "timersnoop/line.h"
#include "timersnoop/sink.h"

static void put_line(struct sink *sink, unsigned number, size_t length)
{
	char *from = sink_line(sink);
	char *at = line_u64(from, number);

	at = line_pad(at, (size_t)(at - from), length - 1);
	sink_line_end(sink, line_byte(at, '\n'));
}

/* Whether `bytes` are put_line's lines from number `first` on; their count. */
static unsigned check_lines(const char *bytes, size_t size, unsigned first)
{
	const char *end = bytes + size;
	unsigned count = 0;

	while (bytes < end) {
		CU_ASSERT_EQUAL(strtoul(bytes, NULL, 10), first + count);
		bytes = memchr(bytes, '\n', (size_t)(end - bytes));
		if (!bytes) {
			CU_FAIL("a line without an end");
			break;
		}
		bytes++;
		count++;
	}
	return count;
}

static void test_file(void)
{
	static char bytes[400000];
	int fd = memfd_create("sink", 0);
	struct sink *sink = sink_new(fd, -1);
	ssize_t size;
	unsigned i;

	put_line(sink, 7, 10);
	CU_ASSERT_EQUAL(sink_settle(sink), 0);
	CU_ASSERT_EQUAL(lseek(fd, 0, SEEK_CUR), 0);
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	size = pread(fd, bytes, sizeof(bytes), 0);
	CU_ASSERT_EQUAL(size, 10);
	CU_ASSERT_NSTRING_EQUAL(bytes, "7        \n", 10);

	CU_ASSERT_EQUAL(ftruncate(fd, 0), 0);
	CU_ASSERT_EQUAL(lseek(fd, 0, SEEK_SET), 0);
	for (i = 0; i < 3000; i++) {
		put_line(sink, i, 20 + i % 173);
		size = pread(fd, bytes, sizeof(bytes), 0);
		if (size > 0)
			CU_ASSERT_EQUAL(bytes[size - 1], '\n');
	}
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	size = pread(fd, bytes, sizeof(bytes), 0);
	CU_ASSERT_EQUAL(check_lines(bytes, (size_t)size, 0), 3000);
	CU_ASSERT_EQUAL(sink_error(sink), 0);
	CU_ASSERT_EQUAL(sink_dropped_lines(sink), 0);
	sink_free(sink);
	close(fd);
}

/* A pipe in packet mode (pipe(2)) gives one read for each write. */
static void test_pipe_chunks(void)
{
	static char bytes[65536];
	int fds[2];
	struct sink *sink;
	unsigned i, count = 0;
	ssize_t size;

	CU_ASSERT_EQUAL_FATAL(pipe2(fds, O_DIRECT | O_NONBLOCK), 0);
	sink = sink_new(fds[1], -1);
	for (i = 0; i < 150; i++) {
		put_line(sink, i, 120 + i);
		if (i % 50 == 49)
			CU_ASSERT_EQUAL(sink_settle(sink), 0);
	}
	while ((size = read(fds[0], bytes, sizeof(bytes))) > 0) {
		CU_ASSERT_TRUE(size <= PIPE_BUF);
		CU_ASSERT_EQUAL(bytes[size - 1], '\n');
		count += check_lines(bytes, (size_t)size, count);
	}
	CU_ASSERT_EQUAL(count, 150);
	CU_ASSERT_EQUAL(sink_error(sink), 0);
	sink_free(sink);
	close(fds[0]);
	close(fds[1]);
}

static void test_pipe_long_line(void)
{
	static char bytes[65536];
	int fds[2];
	struct sink *sink;
	ssize_t size, all = 0;

	CU_ASSERT_EQUAL_FATAL(pipe2(fds, O_DIRECT | O_NONBLOCK), 0);
	sink = sink_new(fds[1], -1);
	put_line(sink, 0, 100);
	put_line(sink, 1, 6000);
	put_line(sink, 2, 100);
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	while ((size = read(fds[0], bytes + all, PIPE_BUF)) > 0)
		all += size;
	CU_ASSERT_EQUAL(all, 6200);
	CU_ASSERT_EQUAL(check_lines(bytes, (size_t)all, 0), 3);
	sink_free(sink);
	close(fds[0]);
	close(fds[1]);
}

struct slow_reader {
	int fd;
	size_t size;
	char bytes[2000000];
};

static void *read_slowly(void *argument)
{
	struct slow_reader *reader = argument;
	ssize_t size;

	do {
		usleep(200);
		size = read(reader->fd, reader->bytes + reader->size, 10000);
		if (size > 0)
			reader->size += (size_t)size;
	} while (size > 0);
	return NULL;
}

static void expect_all_read(int write_fd, int read_fd)
{
	static struct slow_reader reader;
	struct sink *sink = sink_new(write_fd, -1);
	pthread_t thread;
	unsigned i;

	reader.fd = read_fd;
	reader.size = 0;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, read_slowly, &reader), 0);
	for (i = 0; i < 5000; i++)
		put_line(sink, i, 100 + i % 200);
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	CU_ASSERT_EQUAL(sink_dropped_lines(sink), 0);
	close(write_fd);
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(check_lines(reader.bytes, reader.size, 0), 5000);
	sink_free(sink);
	close(read_fd);
}

static void test_slow_reader(void)
{
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	expect_all_read(fds[1], fds[0]);
	CU_ASSERT_EQUAL_FATAL(pipe2(fds, O_NONBLOCK), 0);
	fcntl(fds[0], F_SETFL, 0);
	expect_all_read(fds[1], fds[0]);
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	expect_all_read(fds[1], fds[0]);
}

static void test_interrupted(bool nonblocking)
{
	static char bytes[400000];
	int fds[2], interrupt = eventfd(0, EFD_NONBLOCK);
	uint64_t dropped;
	struct sink *sink;
	unsigned i, count;
	size_t all = 0;
	ssize_t size;
	eventfd_t value;

	CU_ASSERT_EQUAL_FATAL(pipe2(fds, nonblocking ? O_NONBLOCK : 0), 0);
	fcntl(fds[1], F_SETPIPE_SZ, 4096);
	sink = sink_new(fds[1], interrupt);
	eventfd_write(interrupt, 1);
	for (i = 0; i < 2000; i++)
		put_line(sink, i, 100);
	CU_ASSERT_EQUAL(sink_settle(sink), -EINTR);
	CU_ASSERT_EQUAL(sink_flush(sink), -EINTR);
	dropped = sink_dropped_lines(sink);
	CU_ASSERT_TRUE(dropped > 0);
	CU_ASSERT_EQUAL(sink_error(sink), -EINTR);
	/* the reader comes back, and what was kept still follows */
	eventfd_read(interrupt, &value);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	while ((size = read(fds[0], bytes + all, sizeof(bytes) - all)) > 0)
		all += (size_t)size;
	count = check_lines(bytes, all, 0);
	CU_ASSERT_EQUAL(count + dropped, 2000);
	CU_ASSERT_TRUE(all >= 65536);
	sink_free(sink);
	close(fds[0]);
	close(fds[1]);
	close(interrupt);
}

static void test_interrupted_blocking(void)
{
	test_interrupted(false);
}

static void test_interrupted_nonblocking(void)
{
	test_interrupted(true);
}

static uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void expect_deadline(struct sink *sink, int64_t from_now_ns)
{
	uint64_t start = monotonic_ns(), took;
	uint64_t deadline = start + (uint64_t)from_now_ns;

	sink_set_deadline(sink, deadline);
	CU_ASSERT_EQUAL(sink_flush(sink), -EINTR);
	CU_ASSERT_TRUE(sink_interrupted(sink));
	took = monotonic_ns() - start;
	CU_ASSERT_TRUE(from_now_ns <= 0 || took >= (uint64_t)from_now_ns);
	CU_ASSERT_TRUE(took < 5000000000); /* it does not wait for ever */
}

/* Nobody reads, and time is up, or will be soon: what was not written is kept. */
static void test_deadline(void)
{
	static char bytes[65536];
	int fds[2], size;
	unsigned lines;
	ssize_t got;
	struct sink *sink;

	CU_ASSERT_EQUAL_FATAL(pipe2(fds, O_NONBLOCK), 0);
	size = fcntl(fds[1], F_SETPIPE_SZ, 4096);
	CU_ASSERT_EQUAL_FATAL(write(fds[1], bytes, (size_t)size), size);
	sink = sink_new(fds[1], -1);
	for (lines = 0; lines < 10; lines++)
		put_line(sink, lines, 100);
	expect_deadline(sink, -1000000);
	expect_deadline(sink, -(int64_t)monotonic_ns() + 1); /* long ago */
	expect_deadline(sink, 20000000);
	/* no reason to stop where there is room */
	CU_ASSERT_EQUAL_FATAL(read(fds[0], bytes, sizeof(bytes)), size);
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	CU_ASSERT_FALSE(sink_interrupted(sink));
	got = read(fds[0], bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(got, 1000);
	CU_ASSERT_EQUAL(check_lines(bytes, (size_t)got, 0), lines);
	CU_ASSERT_EQUAL(sink_dropped_lines(sink), 0);
	/* given up for good */
	memset(bytes, '.', sizeof(bytes));
	CU_ASSERT_EQUAL(write(fds[1], bytes, (size_t)size), size);
	put_line(sink, 0, 100);
	expect_deadline(sink, -1000000);
	CU_ASSERT_EQUAL(sink_abandon(sink), -EINTR);
	CU_ASSERT_EQUAL(sink_dropped_lines(sink), 1);
	sink_free(sink);
	close(fds[0]);
	close(fds[1]);
}

/* Another descriptor to wait for takes the deadline's place. */
static void test_deadline_replaced(void)
{
	const struct itimerspec soon = { .it_value = { .tv_nsec = 20000000 } };
	int fds[2], size, interrupt = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	static char bytes[65536];
	struct sink *sink;
	uint64_t start;

	CU_ASSERT_EQUAL_FATAL(pipe2(fds, O_NONBLOCK), 0);
	size = fcntl(fds[1], F_SETPIPE_SZ, 4096);
	CU_ASSERT_EQUAL_FATAL(write(fds[1], bytes, (size_t)size), size);
	sink = sink_new(fds[1], -1);
	put_line(sink, 0, 100);
	start = monotonic_ns();
	expect_deadline(sink, -1000000);
	sink_set_interrupt(sink, interrupt);
	CU_ASSERT_FALSE(sink_interrupted(sink));
	CU_ASSERT_EQUAL_FATAL(timerfd_settime(interrupt, 0, &soon, NULL), 0);
	CU_ASSERT_EQUAL(sink_flush(sink), -EINTR);
	CU_ASSERT_TRUE(monotonic_ns() - start >= 20000000);
	CU_ASSERT_TRUE(sink_interrupted(sink));
	CU_ASSERT_EQUAL(read(fds[0], bytes, sizeof(bytes)), size);
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	sink_free(sink);
	close(fds[0]);
	close(fds[1]);
	close(interrupt);
}

/* A signal that waits is no reason to stop while the reader reads. */
static void test_interrupt_without_blocking(void)
{
	int fds[2], interrupt = eventfd(1, EFD_NONBLOCK);
	struct sink *sink;

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	sink = sink_new(fds[1], interrupt);
	put_line(sink, 0, 100);
	CU_ASSERT_EQUAL(sink_settle(sink), 0);
	sink_free(sink);
	close(fds[0]);
	close(fds[1]);
	close(interrupt);
}

static void expect_final(int fd, int error)
{
	struct sink *sink = sink_new(fd, -1);
	unsigned i;

	for (i = 0; i < 1000; i++)
		put_line(sink, i, 100);
	CU_ASSERT_EQUAL(sink_flush(sink), error);
	CU_ASSERT_EQUAL(sink_settle(sink), error);
	CU_ASSERT_EQUAL(sink_error(sink), error);
	put_line(sink, i, 100);
	CU_ASSERT_EQUAL(sink_flush(sink), error);
	CU_ASSERT_EQUAL(sink_dropped_lines(sink), 1001);
	sink_free(sink);
}

static void test_final_errors(void)
{
	void (*handler)(int) = signal(SIGPIPE, SIG_IGN);
	int fds[2], fd;

	fd = open("/dev/full", O_WRONLY);
	expect_final(fd, -ENOSPC);
	close(fd);
	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	close(fds[0]);
	expect_final(fds[1], -EPIPE);
	close(fds[1]);
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	close(fds[0]);
	expect_final(fds[1], -EPIPE);
	close(fds[1]);
	expect_final(fds[1], -EBADF);
	signal(SIGPIPE, handler);
}

int suite_sink(void)
{
	CU_pSuite suite = CU_add_suite("sink", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, test_file) || !CU_ADD_TEST(suite, test_pipe_chunks) ||
	    !CU_ADD_TEST(suite, test_pipe_long_line) || !CU_ADD_TEST(suite, test_slow_reader) ||
	    !CU_ADD_TEST(suite, test_interrupted_blocking) ||
	    !CU_ADD_TEST(suite, test_interrupted_nonblocking) ||
	    !CU_ADD_TEST(suite, test_deadline) || !CU_ADD_TEST(suite, test_deadline_replaced) ||
	    !CU_ADD_TEST(suite, test_interrupt_without_blocking) ||
	    !CU_ADD_TEST(suite, test_final_errors))
		return (int)CU_get_error();
	return 0;
}
