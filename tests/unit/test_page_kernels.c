/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages that real kernels wrote, through all pure rooms up to whole calls. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <traceevent/kbuffer.h>

#include "fixtures.h"
#include "pages.h"
#include "timersnoop/calls.h"
#include "timersnoop/decode.h"
#include "timersnoop/page.h"
#include "timersnoop/tasks.h"

/* The calls of the programs that record.sh ran, in their order. */
struct known_call {
	const char *comm;
	bool thread; /* not the first of its process */
	int32_t timer_id;
	uint32_t flags;
	struct itimerspec_seen value;
	bool has_old; /* a timer that was not armed */
	int64_t ret;
};

static const struct known_call known_calls[] = {
	{ "workload", false, 0, 0, { FROM_KERNEL, { 1, 500 }, { 2, 750 } }, false, 0 },
	{ "workload", false, 0, 0, { FROM_KERNEL, { 0, 0 }, { 0, 0 } }, false, 0 },
	{ "workload", false, 0, 1, { FROM_KERNEL, { 0, 0 }, { 100000, 0 } }, true, 0 },
	{ "workload", false, 0, 7, { FROM_KERNEL, { 0, 500 }, { 0, 0 } }, false, 0 },
	{ "workload", false, 0, 0, { FROM_KERNEL, { 0, 1500000 }, { 3600, 0 } }, false, 0 },
	{ "workload", false, 0, 0, { FROM_KERNEL, { 0, 0 }, { 1, 2000000000 } }, false, -EINVAL },
	{ "workload", false, 1000, 0, { FROM_KERNEL, { 0, 0 }, { 5, 0 } }, false, -EINVAL },
	{ "ticker", false, 0, 0, { FROM_KERNEL, { 0, 0 }, { 1000, 1 } }, false, 0 },
	{ "other", false, 0x7ffffff, 0, { FROM_KERNEL, { 0, 0 }, { 1000, 2 } }, false, -EINVAL },
	{ "other", true, 0, 0, { FROM_KERNEL, { 0, 0 }, { 7, 3 } }, false, 0 },
};

struct known_run {
	struct tasks *tasks;
	size_t seen;
	bool refused_by_user; /* the value of a refused call is the caller's */
};

static void expect_known_call(void *context, const struct call *call)
{
	struct known_run *run = context;
	const struct known_call *known = &known_calls[run->seen++];
	const struct task *task = tasks_find(run->tasks, call->tid);
	enum value_source from = FROM_KERNEL;

	CU_ASSERT_FATAL(run->seen <= sizeof(known_calls) / sizeof(known_calls[0]));
	CU_ASSERT_PTR_NOT_NULL_FATAL(task);
	CU_ASSERT_STRING_EQUAL(task->comm, known->comm);
	CU_ASSERT_EQUAL(task->tgid != task->tid, known->thread);
	CU_ASSERT_EQUAL(call->missing, 0);
	CU_ASSERT_EQUAL(call->abi, ABI_64);
	CU_ASSERT_EQUAL(call->timer_id, known->timer_id);
	CU_ASSERT_EQUAL(call->flags, known->flags);
	CU_ASSERT_NOT_EQUAL(call->new_ptr, 0);
	CU_ASSERT_EQUAL(call->old_ptr != 0, known->has_old);
	CU_ASSERT_EQUAL(call->ret, known->ret);
	CU_ASSERT_TRUE(call->end_ns > call->start_ns);
	if (run->refused_by_user && known->value.value.nsec > 999999999)
		from = FROM_USER;
	CU_ASSERT_EQUAL(call->new_value.from, from);
	CU_ASSERT_EQUAL(memcmp(&call->new_value.interval, &known->value.interval, 16), 0);
	CU_ASSERT_EQUAL(memcmp(&call->new_value.value, &known->value.value, 16), 0);
	CU_ASSERT_EQUAL(call->old_value.from, known->has_old ? FROM_KERNEL : FROM_NONE);
	CU_ASSERT_TRUE(timerspec_zero(call->old_value.value));
}

/* A page that a kernel wrote, through all rooms up to whole calls. */
static void expect_known_page(const char *series)
{
	struct known_run run = { .tasks = tasks_new(),
				 .refused_by_user = strcmp(series, "5.10") == 0 };
	struct calls *calls = calls_new(0, expect_known_call, &run);
	struct decoder *decoder = fixture_decoder(series);
	struct raw_event event = { .cpu = 0 };
	struct record record;
	struct page *page = page_new(8);
	uint64_t lost, last = 0;
	size_t size;
	char *bytes = fixture_read(series, "page.raw", &size);

	CU_ASSERT_EQUAL(size, IMAGE_SIZE);
	CU_ASSERT_PTR_NOT_NULL_FATAL(page);
	CU_ASSERT_EQUAL_FATAL(page_load(page, bytes, size), 0);
	CU_ASSERT_EQUAL(page_loss(page, &lost), PAGE_LOSS_NONE);
	while ((event.data = page_next(page, &event.ts, &event.size))) {
		CU_ASSERT_TRUE(event.ts > last);
		/* the program's pause of 200 ms does not fit the 27 bits of a delta */
		CU_ASSERT_TRUE(!last || event.ts - last < 1000000000);
		last = event.ts;
		CU_ASSERT_EQUAL_FATAL(decoder_read(decoder, &event, &record), 1);
		CU_ASSERT_EQUAL(calls_record(calls, &record), 0);
		CU_ASSERT_EQUAL(tasks_record(run.tasks, &record), 0);
	}
	CU_ASSERT_EQUAL(run.seen, sizeof(known_calls) / sizeof(known_calls[0]));
	CU_ASSERT_EQUAL(calls_in_flight(calls), 0);
	calls_free(calls);
	tasks_free(run.tasks);
	decoder_free(decoder);
	page_free(page);
	free(bytes);
}

static void page_of_5_10(void)
{
	expect_known_page("5.10");
}

static void page_of_6_1(void)
{
	expect_known_page("6.1");
}

static void page_of_6_12(void)
{
	expect_known_page("6.12");
}

static void page_of_7_2(void)
{
	expect_known_page("7.2");
}

/* libtraceevent finds the same events at the same times in a page. */
static void expect_same_walk(const char *series, const char *name)
{
	struct kbuffer *kbuffer = kbuffer_alloc(KBUFFER_LSIZE_8, KBUFFER_ENDIAN_SAME_AS_HOST);
	struct page *page = page_new(8);
	size_t size, events = 0;
	char *bytes = fixture_read(series, name, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(kbuffer);
	CU_ASSERT_PTR_NOT_NULL_FATAL(page);
	for (char *at = bytes; at < bytes + size; at += IMAGE_SIZE) {
		unsigned long long their_ts;
		const void *event, *theirs;
		unsigned length;
		uint64_t ts;

		CU_ASSERT_EQUAL_FATAL(page_load(page, at, IMAGE_SIZE), 0);
		CU_ASSERT_EQUAL_FATAL(kbuffer_load_subbuffer(kbuffer, at), 0);
		while ((event = page_next(page, &ts, &length))) {
			theirs = kbuffer_read_event(kbuffer, &their_ts);
			CU_ASSERT_PTR_EQUAL_FATAL(theirs, event);
			CU_ASSERT_EQUAL(ts, their_ts);
			CU_ASSERT_EQUAL(length, (unsigned)kbuffer_event_size(kbuffer));
			kbuffer_next_event(kbuffer, NULL);
			events++;
		}
		CU_ASSERT_PTR_NULL(kbuffer_read_event(kbuffer, &their_ts));
	}
	CU_ASSERT_TRUE(events > 30);
	page_free(page);
	kbuffer_free(kbuffer);
	free(bytes);
}

static void libtraceevent_agrees(void)
{
	for (int i = 0; i < FIXTURE_SERIES; i++) {
		expect_same_walk(fixture_series[i], "page.raw");
		expect_same_walk(fixture_series[i], "timers.raw");
	}
}

bool add_kernel_page_tests(CU_pSuite suite)
{
	return CU_ADD_TEST(suite, page_of_5_10) && CU_ADD_TEST(suite, page_of_6_1) &&
	       CU_ADD_TEST(suite, page_of_6_12) && CU_ADD_TEST(suite, page_of_7_2) &&
	       CU_ADD_TEST(suite, libtraceevent_agrees);
}
