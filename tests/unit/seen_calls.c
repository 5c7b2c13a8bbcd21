/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "seen_calls.h"

#include <CUnit/Basic.h>

#include "records.h"

struct calls *calls;
struct call seen[SEEN_MAX];
size_t seen_count;
static uint64_t now;

static void receive(void *context, const struct call *call)
{
	CU_ASSERT_PTR_EQUAL(context, &calls);
	CU_ASSERT_FATAL(seen_count < SEEN_MAX);
	seen[seen_count++] = *call;
}

void begin_calls(void)
{
	seen_count = 0;
	now = 100 * (uint64_t)NSEC_PER_SEC;
	calls = calls_new(0, receive, &calls);
	CU_ASSERT_PTR_NOT_NULL_FATAL(calls);
}

void give_as(int32_t tid, struct record record)
{
	record.tid = tid;
	record.ts = now += 10;
	CU_ASSERT_EQUAL(calls_record(calls, &record), 0);
}

void give(struct record record)
{
	give_as(TID, record);
}

const struct call *end_calls(size_t count)
{
	CU_ASSERT_EQUAL(calls_in_flight(calls), 0);
	calls_finish(calls, now + 2 * (uint64_t)NSEC_PER_SEC);
	calls_free(calls);
	CU_ASSERT_EQUAL_FATAL(seen_count, count);
	return &seen[count ? count - 1 : 0];
}

void expect_spec(const struct itimerspec_seen *spec, enum value_source from, int64_t interval_ns,
		 int64_t value_ns)
{
	const struct itimerspec_seen wanted = spec_of(from, interval_ns, value_ns);

	CU_ASSERT_EQUAL(spec->from, from);
	CU_ASSERT_EQUAL(spec->interval.sec, wanted.interval.sec);
	CU_ASSERT_EQUAL(spec->interval.nsec, wanted.interval.nsec);
	CU_ASSERT_EQUAL(spec->value.sec, wanted.value.sec);
	CU_ASSERT_EQUAL(spec->value.nsec, wanted.value.nsec);
}

void expect_no_spec(const struct itimerspec_seen *spec)
{
	CU_ASSERT_EQUAL(spec->from, FROM_NONE);
}
