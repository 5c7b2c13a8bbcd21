/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>

#include "pages.h"
#include "replayed.h"
#include "suites.h"
#include "timersnoop/page.h"
#include "timersnoop/recorder.h"

#define STREAMS 2

static struct recorder *recorder;
static struct recorder_totals totals;
static uint32_t dropped[64]; /* the first number of each page that went */
static size_t drops;

static uint32_t first_number(const void *bytes)
{
	uint32_t number;

	memcpy(&number, (const uint8_t *)bytes + 20, sizeof(number));
	return number;
}

static int take_dropped(void *context, size_t stream, void *page, size_t size)
{
	CU_ASSERT_PTR_EQUAL(context, dropped);
	CU_ASSERT_TRUE(stream < STREAMS);
	CU_ASSERT_EQUAL(size, IMAGE_SIZE);
	dropped[drops++] = first_number(page);
	return 0;
}

static void begin(uint64_t ring_bytes, int64_t ring_ns)
{
	const struct recorder_request request = { .stream_count = STREAMS,
						  .page_size = IMAGE_SIZE,
						  .ring_bytes = ring_bytes,
						  .ring_ns = ring_ns,
						  .dropped = take_dropped,
						  .context = dropped };
	struct error err;

	drops = 0;
	CU_ASSERT_EQUAL_FATAL(recorder_new(&recorder, &request, &err), 0);
}

/* A page from this time on, with so many events 10 apart, numbered from `first` on. */
static void make(struct image *image, uint64_t ts, uint32_t first, unsigned count)
{
	image_start(image, 8, ts);
	for (unsigned i = 0; i < count; i++)
		image_number(image, i ? 10 : 0, first + i);
}

static void take(size_t stream, uint64_t ts, uint32_t first, unsigned count)
{
	struct image image;

	make(&image, ts, first, count);
	image_end(&image, 0, 0);
	CU_ASSERT_EQUAL(recorder_take(recorder, stream, image.bytes, IMAGE_SIZE), 0);
}

/* A page as the kernel hands it out once it is full. */
#define FULL 500U

/* The numbers and times that a stream has, in order; their count. */
static size_t read_stream(size_t stream, uint32_t *numbers, uint64_t *times, size_t max)
{
	struct page *page = page_new(8);
	uint8_t bytes[IMAGE_SIZE];
	size_t count = 0;
	const void *event;
	unsigned size;
	int length;

	while ((length = recorder_read(recorder, stream, bytes, sizeof(bytes))) > 0) {
		CU_ASSERT_EQUAL(length, IMAGE_SIZE);
		CU_ASSERT_EQUAL(page_load(page, bytes, (size_t)length), 0);
		while (count < max && (event = page_next(page, &times[count], &size)))
			memcpy(&numbers[count++], event, sizeof(numbers[0]));
	}
	CU_ASSERT_EQUAL(length, 0);
	page_free(page);
	return count;
}

static void end(void)
{
	recorder_free(recorder);
}

/* Full pages stay as they are; each stream in its order. */
static void whole_pages(void)
{
	static uint32_t numbers[3000];
	static uint64_t times[3000];

	begin(0, 0);
	take(0, 1000, 0, FULL);
	take(1, 1500, 9000, FULL);
	take(0, 7000, FULL, FULL);
	recorder_totals(recorder, &totals);
	CU_ASSERT_EQUAL(totals.records, 3 * FULL);
	CU_ASSERT_EQUAL(totals.bytes, 3 * IMAGE_SIZE);
	CU_ASSERT_EQUAL(totals.lost + totals.dropped, 0);
	CU_ASSERT_EQUAL(recorder_since(recorder), 0);
	CU_ASSERT_EQUAL(recorder_bytes(recorder, 0), 2 * IMAGE_SIZE);
	CU_ASSERT_EQUAL(recorder_bytes(recorder, 1), IMAGE_SIZE);
	CU_ASSERT_EQUAL(recorder_rewind(recorder), 0);
	CU_ASSERT_EQUAL(read_stream(0, numbers, times, 3000), 2 * FULL);
	CU_ASSERT_EQUAL(numbers[FULL], FULL);
	CU_ASSERT_EQUAL(times[FULL], 7000);
	CU_ASSERT_EQUAL(read_stream(1, numbers, times, 3000), FULL);
	CU_ASSERT_EQUAL(numbers[0], 9000);
	end();
}

/* What comes in small pieces is put together, at the same times. */
static void small_pages(void)
{
	static uint32_t numbers[3000];
	static uint64_t times[3000];
	struct image image;
	size_t count;

	begin(0, 0);
	for (uint32_t i = 0; i < 300; i++)
		take(0, 1000 + i * 1000000000ULL, 2 * i, 2);
	recorder_totals(recorder, &totals);
	CU_ASSERT_EQUAL(totals.records, 600);
	/* 8 bytes an event, 8 a step of time */
	CU_ASSERT_EQUAL(totals.bytes, 2 * IMAGE_SIZE);
	CU_ASSERT_EQUAL(recorder_rewind(recorder), 0);
	count = read_stream(0, numbers, times, 3000);
	CU_ASSERT_EQUAL(count, 600);
	for (uint32_t i = 0; i < count; i++) {
		CU_ASSERT_EQUAL(numbers[i], i);
		CU_ASSERT_EQUAL(times[i], 1000 + i / 2 * 1000000000ULL + i % 2 * 10);
	}
	/* and goes on, although it was read meanwhile */
	take(0, 999000000000ULL, 600, 1);
	CU_ASSERT_EQUAL(recorder_rewind(recorder), 0);
	CU_ASSERT_EQUAL(read_stream(0, numbers, times, 3000), 601);
	/* a loss is told before its page: nothing goes before it */
	make(&image, 999500000000ULL, 601, 1);
	image_end(&image, IMAGE_MISSED | IMAGE_STORED, 33);
	CU_ASSERT_EQUAL(recorder_take(recorder, 0, image.bytes, IMAGE_SIZE), 0);
	/* one that is older than what it would follow is not put behind it */
	take(0, 1, 602, 1);
	/* discarded events have their time, too */
	make(&image, 999600000000ULL, 603, 1);
	image_padding(&image, 5, 4);
	image_end(&image, 0, 0);
	CU_ASSERT_EQUAL(recorder_take(recorder, 0, image.bytes, IMAGE_SIZE), 0);
	take(0, 999600000100ULL, 604, 1);
	recorder_totals(recorder, &totals);
	CU_ASSERT_EQUAL(totals.records, 605);
	CU_ASSERT_EQUAL(totals.lost, 33);
	CU_ASSERT_EQUAL(recorder_rewind(recorder), 0);
	CU_ASSERT_EQUAL(read_stream(0, numbers, times, 3000), 605);
	CU_ASSERT_EQUAL(times[601], 999500000000ULL);
	CU_ASSERT_EQUAL(times[602], 1);
	CU_ASSERT_EQUAL(times[604], 999600000100ULL);
	end();
}

/* A page that no kernel writes is kept; a short one is filled up. */
static void odd_pages(void)
{
	uint8_t bytes[IMAGE_SIZE], back[IMAGE_SIZE];
	struct image image;

	begin(0, 0);
	memset(bytes, 0xee, sizeof(bytes));
	CU_ASSERT_EQUAL(recorder_take(recorder, 0, bytes, sizeof(bytes)), 0);
	make(&image, 5, 7, 2);
	image_end(&image, 0, 0);
	CU_ASSERT_EQUAL(recorder_take(recorder, 0, image.bytes, 64), 0);
	CU_ASSERT_EQUAL(recorder_rewind(recorder), 0);
	CU_ASSERT_EQUAL(recorder_read(recorder, 0, back, sizeof(back)), IMAGE_SIZE);
	CU_ASSERT_EQUAL(memcmp(bytes, back, sizeof(bytes)), 0);
	CU_ASSERT_EQUAL(recorder_read(recorder, 0, back, sizeof(back)), IMAGE_SIZE);
	CU_ASSERT_EQUAL(memcmp(image.bytes, back, 32), 0);
	CU_ASSERT_EQUAL(back[IMAGE_SIZE - 1], 0);
	CU_ASSERT_EQUAL(recorder_read(recorder, 0, back, 100), 0);
	end();
}

/* The last so many bytes, of all streams together: what is over first goes first. */
static void ring_of_bytes(void)
{
	static uint32_t numbers[9000];
	static uint64_t times[9000];

	begin(6 * IMAGE_SIZE, 0);
	for (uint32_t i = 0; i < 10; i++) {
		take(0, 10000 + i * 10000, i * 1000, FULL);
		if (i % 3 == 0)
			take(1, 10500 + i * 10000, 100000 + i, FULL);
	}
	recorder_totals(recorder, &totals);
	CU_ASSERT_EQUAL(totals.bytes, 6 * IMAGE_SIZE);
	CU_ASSERT_EQUAL(totals.dropped, 14 - 6);
	CU_ASSERT_EQUAL(totals.records, 14 * FULL);
	CU_ASSERT_EQUAL(drops, 8);
	CU_ASSERT_EQUAL(dropped[0], 0);
	CU_ASSERT_EQUAL(dropped[1], 1000);
	for (size_t i = 1; i < drops; i++)
		CU_ASSERT_NOT_EQUAL(dropped[i], dropped[i - 1]);
	CU_ASSERT_EQUAL(recorder_rewind(recorder), 0);
	CU_ASSERT_EQUAL(read_stream(0, numbers, times, 9000) + read_stream(1, numbers, times, 9000),
			6 * FULL);
	/* all from there on is there */
	CU_ASSERT_TRUE(recorder_since(recorder) > 10000 && recorder_since(recorder) < 90000);
	end();
	/* fewer than a page of each stream cannot be */
	begin(1, 0);
	take(0, 1, 1, FULL);
	take(1, 2, 2, FULL);
	take(1, 9000, 3, FULL);
	take(1, 18000, 4, FULL);
	CU_ASSERT_EQUAL(drops, 0);
	take(0, 19000, 5, FULL);
	CU_ASSERT_EQUAL(drops, 1);
	end();
}

/* The last so many ns: a page of which a part is that young stays. */
static void ring_of_time(void)
{
	begin(0, 50000);
	for (uint32_t i = 0; i < 20; i++)
		take(0, 10000 + i * 10000, i, FULL);
	/* the newest began at 200000: what was over by 150000 is gone */
	CU_ASSERT_EQUAL(drops, 13);
	CU_ASSERT_EQUAL(dropped[12], 12);
	CU_ASSERT_EQUAL(recorder_since(recorder), 140001);
	/* another stream's time counts as well */
	take(1, 300000, 77, FULL);
	CU_ASSERT_EQUAL(drops, 19);
	recorder_totals(recorder, &totals);
	CU_ASSERT_EQUAL(totals.bytes, 2 * IMAGE_SIZE);
	end();
}

/* A CPU that has little to tell does not keep old pages, or what waits for them. */
static void ring_of_idle_cpu(void)
{
	begin(0, 50000);
	CU_ASSERT_EQUAL(recorder_horizon(recorder), 0);
	take(1, 1000, 50, 2);
	take(1, 2000, 52, 2); /* in one page, that ends at 2010 */
	take(0, 40000, 1, FULL);
	CU_ASSERT_EQUAL(recorder_horizon(recorder), 1000);
	CU_ASSERT_EQUAL(drops, 0);
	take(0, 52010, 2, FULL);
	CU_ASSERT_EQUAL(drops, 0);
	take(0, 52011, 3, FULL);
	CU_ASSERT_EQUAL(drops, 1);
	CU_ASSERT_EQUAL(dropped[0], 50);
	CU_ASSERT_EQUAL(recorder_since(recorder), 2011);
	CU_ASSERT_EQUAL(recorder_horizon(recorder), 40000);
	CU_ASSERT_EQUAL(recorder_bytes(recorder, 1), 0);
	/* and takes new ones */
	take(1, 60000, 54, 1);
	CU_ASSERT_EQUAL(recorder_bytes(recorder, 1), IMAGE_SIZE);
	end();
}

/* The same with a ring of bytes: its page goes when it is the oldest. */
static void ring_of_bytes_of_idle_cpu(void)
{
	begin(4 * IMAGE_SIZE, 0);
	take(1, 1000, 50, 2);
	for (uint32_t i = 0; i < 3; i++)
		take(0, 10000 + i * 10000, i, FULL);
	CU_ASSERT_EQUAL(drops, 0);
	CU_ASSERT_EQUAL(recorder_horizon(recorder), 1000);
	take(0, 40000, 3, FULL);
	CU_ASSERT_EQUAL(drops, 1);
	CU_ASSERT_EQUAL(dropped[0], 50);
	CU_ASSERT_EQUAL(recorder_since(recorder), 1011);
	CU_ASSERT_EQUAL(recorder_horizon(recorder), 10000);
	CU_ASSERT_EQUAL(recorder_bytes(recorder, 1), 0);
	/* and one that is not the oldest stays */
	take(1, 42000, 52, 2);
	CU_ASSERT_EQUAL(drops, 2);
	CU_ASSERT_EQUAL(dropped[1], 0);
	end();
}

/* What dropped pages told as lost is known; and slots are used again. */
static void ring_with_losses(void)
{
	struct image image;

	begin(4 * IMAGE_SIZE, 0);
	for (uint32_t i = 0; i < 40; i++) {
		make(&image, 10000 + i * 10000, i, FULL);
		image_end(&image, i % 2 ? IMAGE_MISSED | IMAGE_STORED : 0, 5);
		CU_ASSERT_EQUAL(recorder_take(recorder, 0, image.bytes, IMAGE_SIZE), 0);
	}
	recorder_totals(recorder, &totals);
	CU_ASSERT_EQUAL(totals.lost, 100);
	CU_ASSERT_EQUAL(recorder_dropped_loss(recorder, 0), 90);
	CU_ASSERT_EQUAL(recorder_dropped_loss(recorder, 1), 0);
	for (size_t i = 0; i < drops; i++)
		CU_ASSERT_EQUAL(dropped[i], i);
	end();
}

/* Into a file that has its own bytes before, and into a pipe. */
static void copies(void)
{
	uint8_t page[IMAGE_SIZE], back[IMAGE_SIZE];
	int fd = replayed_file("head", 4), pipe_fds[2];

	begin(0, 0);
	take(0, 1000, 1, FULL);
	take(1, 1000, 2, FULL);
	take(0, 9000, 3, FULL);
	take(0, 19000, 4, 1);
	CU_ASSERT_EQUAL(lseek(fd, 4, SEEK_SET), 4);
	CU_ASSERT_EQUAL(recorder_copy(recorder, 0, fd), 0);
	CU_ASSERT_EQUAL(recorder_bytes(recorder, 0), 3 * IMAGE_SIZE);
	CU_ASSERT_EQUAL(lseek(fd, 0, SEEK_CUR), 4 + 3 * IMAGE_SIZE);
	CU_ASSERT_EQUAL(pread(fd, back, sizeof(back), 4 + IMAGE_SIZE), IMAGE_SIZE);
	CU_ASSERT_EQUAL(first_number(back), 3);
	CU_ASSERT_EQUAL(pipe(pipe_fds), 0);
	CU_ASSERT_EQUAL(recorder_copy(recorder, 1, pipe_fds[1]), 0);
	CU_ASSERT_EQUAL(read(pipe_fds[0], page, sizeof(page)), IMAGE_SIZE);
	CU_ASSERT_EQUAL(first_number(page), 2);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	CU_ASSERT_EQUAL(recorder_copy(recorder, 1, -1), -EBADF);
	close(fd);
	end();
}

static void no_room(void)
{
	const struct rlimit small = { 300000, RLIM_INFINITY };
	const struct recorder_request nowhere = { .stream_count = 1,
						  .page_size = IMAGE_SIZE,
						  .near = "/no/such/directory/file" };
	struct rlimit before;
	struct image image;
	struct error err;
	int status = 0;

	CU_ASSERT_TRUE(recorder_new(&recorder, &nowhere, &err) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "cannot keep records in /no/such/directory"));
	CU_ASSERT_PTR_NULL(recorder);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	setrlimit(RLIMIT_FSIZE, &small);
	begin(0, 0);
	make(&image, 1, 1, FULL);
	image_end(&image, 0, 0);
	for (int i = 0; i < 200 && status == 0; i++)
		status = recorder_take(recorder, 0, image.bytes, IMAGE_SIZE);
	CU_ASSERT_EQUAL(status, -EFBIG);
	setrlimit(RLIMIT_FSIZE, &before);
	end();
	recorder_free(NULL);
}

int suite_recorder(void)
{
	CU_pSuite suite = CU_add_suite("recorder", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, whole_pages) || !CU_ADD_TEST(suite, small_pages) ||
	    !CU_ADD_TEST(suite, odd_pages) || !CU_ADD_TEST(suite, ring_of_bytes) ||
	    !CU_ADD_TEST(suite, ring_of_time) || !CU_ADD_TEST(suite, ring_of_idle_cpu) ||
	    !CU_ADD_TEST(suite, ring_of_bytes_of_idle_cpu) ||
	    !CU_ADD_TEST(suite, ring_with_losses) || !CU_ADD_TEST(suite, copies) ||
	    !CU_ADD_TEST(suite, no_room))
		return (int)CU_get_error();
	return 0;
}
