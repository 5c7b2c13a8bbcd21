/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pages.h"
#include "suites.h"
#include "timersnoop/merge.h"

#define CPUS_MAX 64
#define PAGES_MAX 40

/* What a CPU's pipe gives, page by page; length 0: nothing for once. */
struct pipe_end {
	struct image *pages[PAGES_MAX];
	int lengths[PAGES_MAX]; /* or -errno */
	size_t count, next;
	void *buffer; /* where the merge wants it */
};

static struct pipe_end pipes[CPUS_MAX];
static struct merge *merge;
static struct merged merged;

static int read_page(void *context, size_t stream, void *buffer, size_t size)
{
	struct pipe_end *end = (struct pipe_end *)context + stream;
	int length;

	CU_ASSERT_EQUAL(size, IMAGE_SIZE);
	/* one page of memory for each CPU, always the same */
	CU_ASSERT_TRUE(!end->buffer || end->buffer == buffer);
	end->buffer = buffer;
	if (end->next == end->count)
		return 0;
	length = end->lengths[end->next];
	if (length > 0)
		memcpy(buffer, end->pages[end->next]->bytes, (size_t)length);
	end->next++;
	return length;
}

static void begin(size_t cpus)
{
	int numbers[CPUS_MAX] = { 0 };

	for (size_t i = 0; i < cpus; i++)
		numbers[i] = (int)i;
	memset(pipes, 0, sizeof(pipes));
	merge = merge_new(numbers, cpus, IMAGE_SIZE, 8, read_page, pipes);
	CU_ASSERT_PTR_NOT_NULL_FATAL(merge);
}

static void end(void)
{
	merge_free(merge);
	for (size_t cpu = 0; cpu < CPUS_MAX; cpu++)
		for (size_t i = 0; i < pipes[cpu].count; i++)
			free(pipes[cpu].pages[i]);
}

/* A page to come from a CPU, its data not ended. */
static struct image *new_page(size_t cpu, uint64_t ts)
{
	struct pipe_end *pipe = &pipes[cpu];
	struct image *image = malloc(sizeof(*image));

	CU_ASSERT_FATAL(pipe->count < PAGES_MAX);
	image_start(image, 8, ts);
	pipe->pages[pipe->count] = image;
	pipe->lengths[pipe->count++] = IMAGE_SIZE;
	return image;
}

/* A page of events at `times` (ends with 0), each telling its CPU. */
static void add_page(size_t cpu, const uint64_t *times, uint32_t flags, uint64_t lost)
{
	struct image *image = new_page(cpu, *times);
	uint64_t last = *times;

	for (; *times; times++) {
		image_number(image, (uint32_t)(*times - last), (uint32_t)cpu);
		last = *times;
	}
	image_end(image, flags, lost);
}

#define TIMES(...) ((const uint64_t[]){ __VA_ARGS__, 0 })

/* The reader says this once instead of a page. */
static void add_answer(size_t cpu, int answer)
{
	struct pipe_end *pipe = &pipes[cpu];

	pipe->pages[pipe->count] = NULL;
	pipe->lengths[pipe->count++] = answer;
}

static void expect_event(int cpu, uint64_t ts)
{
	uint32_t number;

	CU_ASSERT_EQUAL_FATAL(merge_next(merge, &merged), 1);
	CU_ASSERT_EQUAL_FATAL(merged.kind, MERGE_EVENT);
	CU_ASSERT_EQUAL(merged.event.cpu, cpu);
	CU_ASSERT_EQUAL(merged.event.ts, ts);
	CU_ASSERT_EQUAL(merged.lost, 0);
	CU_ASSERT_EQUAL_FATAL(merged.event.size, sizeof(number));
	memcpy(&number, merged.event.data, sizeof(number));
	CU_ASSERT_EQUAL(number, (uint32_t)cpu);
}

static void expect_lost(int cpu, uint64_t ts, enum merge_kind kind, uint64_t lost)
{
	CU_ASSERT_EQUAL_FATAL(merge_next(merge, &merged), 1);
	CU_ASSERT_EQUAL(merged.kind, kind);
	CU_ASSERT_EQUAL(merged.event.cpu, cpu);
	CU_ASSERT_EQUAL(merged.event.ts, ts);
	CU_ASSERT_EQUAL(merged.lost, lost);
}

static void expect_over(void)
{
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(merge_next(merge, &merged), 0);
}

static void by_time(void)
{
	begin(3);
	add_page(0, TIMES(10, 40, 70), 0, 0);
	add_page(1, TIMES(20, 30), 0, 0);
	add_page(1, TIMES(60, 90), 0, 0);
	add_page(2, TIMES(50, 80), 0, 0);
	merge_begin(merge, UINT64_MAX);
	expect_event(0, 10);
	expect_event(1, 20);
	expect_event(1, 30);
	expect_event(0, 40);
	expect_event(2, 50);
	expect_event(1, 60);
	expect_event(0, 70);
	expect_event(2, 80);
	expect_event(1, 90);
	expect_over();
	CU_ASSERT_FALSE(merge_waiting(merge));
	end();
}

static void at_one_time_by_cpu(void)
{
	begin(5);
	for (size_t cpu = 5; cpu-- > 0;)
		add_page(cpu, TIMES(10, 10, 20), 0, 0);
	merge_begin(merge, UINT64_MAX);
	for (int cpu = 0; cpu < 5; cpu++) {
		expect_event(cpu, 10);
		expect_event(cpu, 10);
	}
	for (int cpu = 0; cpu < 5; cpu++)
		expect_event(cpu, 20);
	expect_over();
	end();
}

static void begin_streams(const int *numbers, size_t count)
{
	memset(pipes, 0, sizeof(pipes));
	merge = merge_new(numbers, count, IMAGE_SIZE, 8, read_page, pipes);
	CU_ASSERT_PTR_NOT_NULL_FATAL(merge);
}

/* The next event is this CPU's, by this stream. */
static void expect_stream(size_t stream, int cpu, uint64_t ts)
{
	uint32_t number;

	CU_ASSERT_EQUAL_FATAL(merge_next(merge, &merged), 1);
	CU_ASSERT_EQUAL_FATAL(merged.kind, MERGE_EVENT);
	CU_ASSERT_EQUAL(merged.stream, stream);
	CU_ASSERT_EQUAL(merged.event.cpu, cpu);
	CU_ASSERT_EQUAL(merged.event.ts, ts);
	memcpy(&number, merged.event.data, sizeof(number));
	CU_ASSERT_EQUAL(number, (uint32_t)stream);
}

/* CPUs' numbers may have holes, and stand in any order: that of the list counts. */
static void numbers_of_cpus(void)
{
	static const int numbers[] = { 9, 3 };

	begin_streams(numbers, 2);
	add_page(0, TIMES(5, 7), 0, 0);
	add_page(1, TIMES(5, 6), 0, 0);
	merge_begin(merge, UINT64_MAX);
	expect_stream(0, 9, 5);
	expect_stream(1, 3, 5);
	expect_stream(1, 3, 6);
	expect_stream(0, 9, 7);
	expect_over();
	end();
}

/* As of an instance and its companion: CPUs 0 and 1, twice. */
static void two_streams_of_a_cpu(void)
{
	static const int numbers[] = { 0, 1, 0, 1 };

	begin_streams(numbers, 4);
	add_page(0, TIMES(10, 20, 30), 0, 0);
	add_page(2, TIMES(10, 15), 0, 0);
	add_page(2, TIMES(20, 40), IMAGE_MISSED | IMAGE_STORED, 4);
	add_page(3, TIMES(12), IMAGE_MISSED, 0);
	merge_begin(merge, 30);
	expect_stream(0, 0, 10);
	expect_stream(2, 0, 10);
	expect_lost(1, 12, MERGE_LOSS_UNKNOWN, 0);
	CU_ASSERT_EQUAL(merged.stream, 3);
	expect_stream(3, 1, 12);
	expect_stream(2, 0, 15);
	expect_stream(0, 0, 20);
	expect_lost(0, 20, MERGE_LOSS_COUNTED, 4);
	CU_ASSERT_EQUAL(merged.stream, 2);
	expect_stream(2, 0, 20);
	expect_stream(0, 0, 30);
	expect_over();
	/* the other stream of a CPU that is dry may go on */
	add_page(2, TIMES(45), 0, 0);
	image_end(new_page(1, 50), IMAGE_MISSED | IMAGE_STORED, 7);
	merge_begin(merge, UINT64_MAX);
	expect_stream(2, 0, 40);
	expect_stream(2, 0, 45);
	expect_lost(1, 0, MERGE_LOSS_COUNTED, 7);
	CU_ASSERT_EQUAL(merged.stream, 1);
	expect_over();
	end();
}

static void nothing_at_all(void)
{
	begin(0);
	merge_begin(merge, UINT64_MAX);
	expect_over();
	end();
	begin(2);
	CU_ASSERT_EQUAL(merge_next(merge, &merged), 0); /* no round has begun */
	merge_begin(merge, 100);
	expect_over();
	CU_ASSERT_FALSE(merge_waiting(merge));
	end();
	merge_free(NULL);
}

static void limits(void)
{
	begin(2);
	add_page(0, TIMES(10, 20, 30), 0, 0);
	add_page(1, TIMES(15, 25), 0, 0);
	merge_begin(merge, 20);
	expect_event(0, 10);
	expect_event(1, 15);
	expect_event(0, 20); /* the limit is still in */
	expect_over();
	CU_ASSERT_TRUE(merge_waiting(merge));
	merge_begin(merge, 24);
	expect_over();
	CU_ASSERT_TRUE(merge_waiting(merge));
	merge_begin(merge, 29);
	expect_event(1, 25);
	expect_over();
	CU_ASSERT_TRUE(merge_waiting(merge));
	merge_begin(merge, 30);
	expect_event(0, 30);
	expect_over();
	CU_ASSERT_FALSE(merge_waiting(merge));
	end();
}

/* What comes while a round goes on waits for the next one, on a CPU that was dry. */
static void dry_streams(void)
{
	begin(2);
	add_page(0, TIMES(10, 30), 0, 0);
	add_answer(1, 0);
	add_page(1, TIMES(20), 0, 0);
	merge_begin(merge, 100);
	expect_event(0, 10);
	expect_event(0, 30);
	expect_over();
	CU_ASSERT_EQUAL(pipes[1].next, 1); /* asked once a round */
	add_page(0, TIMES(40), 0, 0);
	merge_begin(merge, 100);
	expect_event(1, 20);
	expect_event(0, 40);
	expect_over();
	CU_ASSERT_FALSE(merge_waiting(merge));
	end();
}

/* A stream goes on in the middle of a round as long as it has pages. */
static void pages_without_events(void)
{
	begin(2);
	for (int i = 0; i < 3; i++) {
		image_end(new_page(0, 5), 0, 0);
		image_padding(new_page(0, 5), 1, 16);
		image_end(pipes[0].pages[pipes[0].count - 1], 0, 0);
	}
	add_page(0, TIMES(10), 0, 0);
	image_end(new_page(0, 15), 0, 0);
	add_page(0, TIMES(30), 0, 0);
	add_page(1, TIMES(20), 0, 0);
	merge_begin(merge, UINT64_MAX);
	expect_event(0, 10);
	expect_event(1, 20);
	expect_event(0, 30);
	expect_over();
	end();
}

static void many_cpus(void)
{
	uint64_t last = 0, times[65];
	uint32_t seed = 7;
	size_t seen = 0, of_cpu[CPUS_MAX] = { 0 };

	begin(CPUS_MAX);
	for (size_t cpu = 0; cpu < CPUS_MAX; cpu++) {
		uint64_t ts = 1 + cpu % 5;

		for (int i = 0; i < 10; i++) {
			size_t count = 1 + (seed >> 16) % 64;

			for (size_t j = 0; j < count; j++) {
				seed = seed * 1664525 + 1013904223;
				times[j] = ts += seed >> 28;
			}
			times[count] = 0;
			of_cpu[cpu] += count;
			add_page(cpu, times, 0, 0);
		}
	}
	merge_begin(merge, UINT64_MAX);
	while (merge_next(merge, &merged) == 1) {
		CU_ASSERT_EQUAL_FATAL(merged.kind, MERGE_EVENT);
		CU_ASSERT_TRUE(merged.event.ts >= last);
		last = merged.event.ts;
		of_cpu[merged.event.cpu]--;
		seen++;
	}
	for (size_t cpu = 0; cpu < CPUS_MAX; cpu++)
		CU_ASSERT_EQUAL(of_cpu[cpu], 0);
	CU_ASSERT_TRUE(seen > 5000);
	end();
}

static void counted_loss(void)
{
	begin(2);
	add_page(0, TIMES(10), 0, 0);
	add_page(0, TIMES(40, 60), IMAGE_MISSED | IMAGE_STORED, 5);
	add_page(1, TIMES(30, 50), 0, 0);
	merge_begin(merge, UINT64_MAX);
	expect_event(0, 10);
	expect_event(1, 30);
	expect_lost(0, 40, MERGE_LOSS_COUNTED, 5);
	expect_event(0, 40);
	expect_event(1, 50);
	expect_event(0, 60);
	expect_over();
	end();
}

static void unknown_loss(void)
{
	begin(2);
	add_page(0, TIMES(10), IMAGE_MISSED, 0);
	add_page(1, TIMES(5), 0, 0);
	merge_begin(merge, UINT64_MAX);
	expect_event(1, 5);
	expect_lost(0, 10, MERGE_LOSS_UNKNOWN, 0);
	expect_event(0, 10);
	expect_over();
	end();
}

/* Two before one event: numbers add up, not knowing outweighs them. */
static void losses_in_a_row(void)
{
	static const struct {
		uint32_t first, second;
		enum merge_kind kind;
		uint64_t lost;
	} cases[] = {
		{ IMAGE_STORED, IMAGE_STORED, MERGE_LOSS_COUNTED, 12 },
		{ 0, IMAGE_STORED, MERGE_LOSS_UNKNOWN, 0 },
		{ IMAGE_STORED, 0, MERGE_LOSS_UNKNOWN, 0 },
		{ 0, 0, MERGE_LOSS_UNKNOWN, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(1);
		image_end(new_page(0, 5), IMAGE_MISSED | cases[i].first, 5);
		add_page(0, TIMES(10), IMAGE_MISSED | cases[i].second, 7);
		add_page(0, TIMES(20), IMAGE_MISSED | IMAGE_STORED, 1);
		merge_begin(merge, UINT64_MAX);
		expect_lost(0, 10, cases[i].kind, cases[i].lost);
		expect_event(0, 10);
		expect_lost(0, 20, MERGE_LOSS_COUNTED, 1); /* nothing of the first is left */
		expect_event(0, 20);
		expect_over();
		end();
	}
}

static void damaged_page(void)
{
	begin(2);
	add_page(0, TIMES(10), 0, 0);
	add_page(0, TIMES(20, 30), 0, 0);
	pipes[0].pages[1]->bytes[11] = 0x07; /* more than a page */
	add_page(0, TIMES(40), 0, 0);
	add_page(1, TIMES(35, 45), 0, 0);
	merge_begin(merge, UINT64_MAX);
	expect_event(0, 10);
	expect_event(1, 35);
	expect_lost(0, 40, MERGE_LOSS_UNKNOWN, 0);
	expect_event(0, 40);
	expect_event(1, 45);
	expect_over();
	end();
}

static void short_page(void)
{
	begin(1);
	add_page(0, TIMES(10, 20), 0, 0);
	pipes[0].lengths[0] = 7;
	add_page(0, TIMES(30), 0, 0);
	/* of a page no more was read than it holds */
	pipes[0].lengths[1] = 16 + 8;
	merge_begin(merge, UINT64_MAX);
	expect_lost(0, 30, MERGE_LOSS_UNKNOWN, 0);
	expect_event(0, 30);
	expect_over();
	end();
}

/* With no event behind it a loss waits for one, and is told at the end of the stream. */
static void loss_at_the_end(void)
{
	begin(3);
	add_page(0, TIMES(10), 0, 0);
	image_end(new_page(0, 20), IMAGE_MISSED | IMAGE_STORED, 3);
	image_end(new_page(2, 20), IMAGE_MISSED, 0);
	add_page(1, TIMES(30), 0, 0);
	merge_begin(merge, 100);
	expect_event(0, 10);
	expect_event(1, 30);
	expect_over();
	merge_begin(merge, 200);
	expect_over();
	merge_begin(merge, UINT64_MAX);
	expect_lost(0, 0, MERGE_LOSS_COUNTED, 3);
	expect_lost(2, 0, MERGE_LOSS_UNKNOWN, 0);
	expect_over();
	end();
}

/* A loss past the limit waits with its event, and is told once. */
static void loss_past_the_limit(void)
{
	begin(1);
	add_page(0, TIMES(50), IMAGE_MISSED | IMAGE_STORED, 3);
	merge_begin(merge, 40);
	expect_over();
	CU_ASSERT_TRUE(merge_waiting(merge));
	merge_begin(merge, 60);
	expect_lost(0, 50, MERGE_LOSS_COUNTED, 3);
	merge_begin(merge, 70); /* between the loss and its event */
	expect_event(0, 50);
	expect_over();
	end();
}

/* Committed when its round was over. */
static void late_events(void)
{
	begin(2);
	add_page(0, TIMES(10, 30), 0, 0);
	add_answer(1, 0);
	add_page(1, TIMES(20, 25, 30, 40), 0, 0);
	add_page(0, TIMES(35), 0, 0);
	merge_begin(merge, 30);
	expect_event(0, 10);
	expect_event(0, 30);
	expect_over();
	CU_ASSERT_EQUAL(merge_late(merge), 0);
	merge_begin(merge, 50);
	expect_event(1, 20);
	CU_ASSERT_EQUAL(merge_late(merge), 1);
	expect_event(1, 25);
	CU_ASSERT_EQUAL(merge_late(merge), 2);
	expect_event(1, 30); /* at one time there is no order */
	expect_event(0, 35);
	expect_event(1, 40);
	expect_over();
	CU_ASSERT_EQUAL(merge_late(merge), 2);
	end();
}

static void reader_fails(void)
{
	begin(2);
	add_answer(0, -EIO);
	add_page(0, TIMES(10), 0, 0);
	add_answer(0, -ENODEV);
	add_page(0, TIMES(30), 0, 0);
	add_page(1, TIMES(20, 40), 0, 0);
	merge_begin(merge, UINT64_MAX);
	CU_ASSERT_EQUAL(merge_next(merge, &merged), -EIO);
	/* the caller may go on; nothing that was read is lost */
	merge_begin(merge, UINT64_MAX);
	expect_event(0, 10);
	CU_ASSERT_EQUAL(merge_next(merge, &merged), -ENODEV);
	merge_begin(merge, UINT64_MAX);
	expect_event(1, 20);
	expect_event(0, 30);
	expect_event(1, 40);
	expect_over();
	end();
}

/* The data of an event stays until the next one is asked for. */
static void data_is_kept(void)
{
	begin(2);
	add_page(0, TIMES(10), 0, 0);
	add_page(0, TIMES(11), 0, 0);
	add_page(1, TIMES(12), 0, 0);
	merge_begin(merge, UINT64_MAX);
	expect_event(0, 10);
	CU_ASSERT_EQUAL(pipes[0].next, 1); /* nothing was read over it */
	CU_ASSERT_EQUAL(((const uint8_t *)merged.event.data)[0], 0);
	expect_event(0, 11);
	expect_event(1, 12);
	expect_over();
	end();
}

int suite_merge(void)
{
	CU_pSuite suite = CU_add_suite("merge", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, by_time) || !CU_ADD_TEST(suite, at_one_time_by_cpu) ||
	    !CU_ADD_TEST(suite, numbers_of_cpus) || !CU_ADD_TEST(suite, two_streams_of_a_cpu) ||
	    !CU_ADD_TEST(suite, nothing_at_all) || !CU_ADD_TEST(suite, limits) ||
	    !CU_ADD_TEST(suite, dry_streams) || !CU_ADD_TEST(suite, pages_without_events) ||
	    !CU_ADD_TEST(suite, many_cpus) || !CU_ADD_TEST(suite, counted_loss) ||
	    !CU_ADD_TEST(suite, unknown_loss) || !CU_ADD_TEST(suite, losses_in_a_row) ||
	    !CU_ADD_TEST(suite, damaged_page) || !CU_ADD_TEST(suite, short_page) ||
	    !CU_ADD_TEST(suite, loss_at_the_end) || !CU_ADD_TEST(suite, loss_past_the_limit) ||
	    !CU_ADD_TEST(suite, late_events) || !CU_ADD_TEST(suite, reader_fails) ||
	    !CU_ADD_TEST(suite, data_is_kept))
		return (int)CU_get_error();
	return 0;
}
