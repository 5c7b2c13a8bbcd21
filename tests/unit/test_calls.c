/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "suites.h"
#include "timersnoop/calls.h"

#define SINCE (1000 * (uint64_t)NSEC_PER_SEC)
#define LATER (SINCE + 10 * (uint64_t)NSEC_PER_SEC) /* long after tracing began */
#define SEEN_MAX 1000

static struct calls *calls;
static struct call seen[SEEN_MAX];
static size_t seen_count;
static uint64_t incomplete_count;

static void receive(void *context, const struct call *call)
{
	CU_ASSERT_PTR_EQUAL(context, &calls);
	CU_ASSERT_FATAL(seen_count < SEEN_MAX);
	seen[seen_count++] = *call;
	incomplete_count += call->missing != 0;
}

static void begin(void)
{
	seen_count = 0;
	incomplete_count = 0;
	calls = calls_new(SINCE, receive, &calls);
	CU_ASSERT_PTR_NOT_NULL_FATAL(calls);
}

static void end(uint64_t incomplete, uint64_t in_flight)
{
	CU_ASSERT_EQUAL(incomplete_count, incomplete);
	CU_ASSERT_EQUAL(calls_in_flight(calls), in_flight);
	calls_free(calls);
}

static void take(struct record record, int32_t tid, uint64_t ts)
{
	record.tid = tid;
	record.ts = ts;
	CU_ASSERT_EQUAL(calls_record(calls, &record), 0);
}

static const struct record entry = {
	.kind = USE_ENTRY,
	.cpu = 1,
	.event = EVENT_TIMER_SETTIME,
	.entry = { .abi = ABI_64, .id = 3, .flags = 1, .new_ptr = 0x1000, .old_ptr = 0x2000 },
};
static const struct record copy = {
	.kind = USE_COPY,
	.cpu = 1,
	.event = EVENT_TIMER_SETTIME,
	.copy = { .has_id = true,
		  .id = 3,
		  .has_flags = true,
		  .old_at = -1,
		  .flags = 1,
		  .value = { FROM_KERNEL, { 1, 500 }, { 2, 750 } } },
};
static const struct record user = {
	.kind = USE_USER,
	.cpu = 1,
	.event = EVENT_TIMER_SETTIME,
	.user = { FROM_USER, { 5, 6 }, { 7, 8 } },
};
static const struct record old = {
	.kind = USE_OLD,
	.cpu = 1,
	.old = { FROM_KERNEL, { 0, 500 }, { 0, 997866370 } },
};
static const struct record ret = {
	.kind = USE_RETURN, .event = EVENT_TIMER_SETTIME, .cpu = 1, .ret = { .abi = ABI_64 }
};

static struct record on_cpu(struct record record, int cpu)
{
	record.cpu = cpu;
	return record;
}

static struct record entry_of(int32_t timer_id, enum call_abi abi)
{
	struct record record = entry;

	record.entry.id = timer_id;
	record.entry.abi = abi;
	return record;
}

static struct record copy_of(int32_t timer_id, uint32_t flags)
{
	struct record record = copy;

	record.copy.id = timer_id;
	record.copy.flags = flags;
	return record;
}

static struct record returns(int64_t result, enum call_abi abi)
{
	struct record record = ret;

	record.ret.ret = result;
	record.ret.abi = abi;
	return record;
}

static struct record exit_of(int32_t tid)
{
	return (struct record){ .kind = USE_EXIT, .cpu = 1, .task = { .tid = tid } };
}

static void expect_value(const struct itimerspec_seen *value, enum value_source from, int64_t is,
			 int64_t in, int64_t vs, int64_t vn)
{
	CU_ASSERT_EQUAL(value->from, from);
	CU_ASSERT_EQUAL(value->interval.sec, is);
	CU_ASSERT_EQUAL(value->interval.nsec, in);
	CU_ASSERT_EQUAL(value->value.sec, vs);
	CU_ASSERT_EQUAL(value->value.nsec, vn);
}

static void whole_call(void)
{
	begin();
	take(on_cpu(entry, 4), 10, LATER);
	take(copy, 10, LATER + 1);
	take(old, 10, LATER + 2);
	CU_ASSERT_EQUAL(seen_count, 0);
	take(returns(-14, ABI_64), 10, LATER + 3);
	CU_ASSERT_EQUAL_FATAL(seen_count, 1);
	CU_ASSERT_EQUAL(seen[0].start_ns, LATER);
	CU_ASSERT_EQUAL(seen[0].end_ns, LATER + 3);
	CU_ASSERT_EQUAL(seen[0].cpu, 4);
	CU_ASSERT_EQUAL(seen[0].tid, 10);
	CU_ASSERT_EQUAL(seen[0].missing, 0);
	CU_ASSERT_EQUAL(seen[0].abi, ABI_64);
	CU_ASSERT_TRUE(seen[0].has_args && seen[0].has_pointers);
	CU_ASSERT_EQUAL(seen[0].timer_id, 3);
	CU_ASSERT_EQUAL(seen[0].flags, 1);
	CU_ASSERT_EQUAL(seen[0].new_ptr, 0x1000);
	CU_ASSERT_EQUAL(seen[0].old_ptr, 0x2000);
	expect_value(&seen[0].new_value, FROM_KERNEL, 1, 500, 2, 750);
	expect_value(&seen[0].old_value, FROM_KERNEL, 0, 500, 0, 997866370);
	CU_ASSERT_EQUAL(seen[0].ret, -14);
	end(0, 0);
}

/* Nothing of one call is left in the next that takes its place. */
static void bare_call_after_a_full_one(void)
{
	begin();
	take(entry, 10, LATER);
	take(copy, 10, LATER + 1);
	take(old, 10, LATER + 2);
	take(ret, 10, LATER + 3);
	take(entry, 11, LATER + 4);
	take(returns(-22, ABI_64), 11, LATER + 5);
	CU_ASSERT_EQUAL_FATAL(seen_count, 2);
	CU_ASSERT_EQUAL(seen[1].new_value.from, FROM_NONE);
	CU_ASSERT_EQUAL(seen[1].old_value.from, FROM_NONE);
	CU_ASSERT_EQUAL(seen[1].ret, -22);
	end(0, 0);
}

static void interleaved_threads(void)
{
	const struct record steps[] = { entry, copy, old, ret };

	begin();
	/* 256 apart: they share a bucket */
	for (int step = 0; step < 4; step++)
		for (int32_t i = 0; i < 600; i++) {
			struct record record = steps[step];

			if (step == 0)
				record.entry.new_ptr = (uint64_t)i;
			if (step == 1)
				record.copy.value.value.sec = i;
			if (step == 2)
				record.old.value.nsec = i;
			take(record, 1 + i % 3 + i / 3 * 256, LATER + (uint64_t)(step * 600 + i));
		}
	CU_ASSERT_EQUAL_FATAL(seen_count, 600);
	for (int i = 0; i < 600; i++) {
		CU_ASSERT_EQUAL(seen[i].tid, 1 + i % 3 + i / 3 * 256);
		CU_ASSERT_EQUAL(seen[i].missing, 0);
		CU_ASSERT_EQUAL(seen[i].new_ptr, (uint64_t)i);
		CU_ASSERT_EQUAL(seen[i].new_value.value.sec, i);
		CU_ASSERT_EQUAL(seen[i].old_value.value.nsec, i);
		CU_ASSERT_EQUAL(seen[i].end_ns - seen[i].start_ns, 1800);
	}
	end(0, 0);
}

static void entry_without_return(void)
{
	begin();
	take(entry, 10, LATER);
	take(copy, 10, LATER + 1);
	take(entry_of(4, ABI_32), 10, LATER + 2);
	CU_ASSERT_EQUAL_FATAL(seen_count, 1);
	CU_ASSERT_EQUAL(seen[0].missing, CALL_NO_RETURN);
	CU_ASSERT_EQUAL(seen[0].end_ns, 0);
	CU_ASSERT_EQUAL(seen[0].timer_id, 3);
	take(returns(0, ABI_32), 10, LATER + 3);
	CU_ASSERT_EQUAL_FATAL(seen_count, 2);
	CU_ASSERT_EQUAL(seen[1].missing, 0);
	CU_ASSERT_EQUAL(seen[1].timer_id, 4);
	CU_ASSERT_EQUAL(seen[1].new_value.from, FROM_NONE);
	end(1, 0);
}

/* The return and the next entry were lost: the copy tells by id, flags, or being second. */
static void copy_of_another_call(void)
{
	static const struct {
		int32_t timer_id;
		uint32_t flags;
		bool second;
	} cases[] = { { 9, 1, false }, { 3, 0, false }, { 3, 1, true } };

	for (size_t i = 0; i < 3; i++) {
		begin();
		take(entry, 10, LATER);
		if (cases[i].second)
			take(copy, 10, LATER + 1);
		take(on_cpu(copy_of(cases[i].timer_id, cases[i].flags), 2), 10, LATER + 2);
		CU_ASSERT_EQUAL_FATAL(seen_count, 1);
		CU_ASSERT_EQUAL(seen[0].missing, CALL_NO_RETURN);
		take(ret, 10, LATER + 3);
		CU_ASSERT_EQUAL_FATAL(seen_count, 2);
		CU_ASSERT_EQUAL(seen[1].missing, CALL_NO_ENTRY);
		CU_ASSERT_TRUE(seen[1].has_args);
		CU_ASSERT_FALSE(seen[1].has_pointers);
		CU_ASSERT_EQUAL(seen[1].timer_id, cases[i].timer_id);
		CU_ASSERT_EQUAL(seen[1].flags, cases[i].flags);
		CU_ASSERT_EQUAL(seen[1].start_ns, LATER + 2);
		CU_ASSERT_EQUAL(seen[1].cpu, 2);
		expect_value(&seen[1].new_value, FROM_KERNEL, 1, 500, 2, 750);
		end(2, 0);
	}
}

/* One that is hooked deeper, by clock, does not know the id. */
static void copy_without_id(void)
{
	struct record record = copy_of(0, 7);

	record.copy.has_id = false;
	begin();
	take(entry, 10, LATER);
	take(record, 10, LATER + 1);
	take(ret, 10, LATER + 2);
	CU_ASSERT_EQUAL_FATAL(seen_count, 1);
	CU_ASSERT_EQUAL(seen[0].timer_id, 3);
	CU_ASSERT_EQUAL(seen[0].flags, 1);
	expect_value(&seen[0].new_value, FROM_KERNEL, 1, 500, 2, 750);
	/* nor can a call be named by it */
	take(record, 11, LATER + 3);
	take(ret, 11, LATER + 4);
	CU_ASSERT_EQUAL_FATAL(seen_count, 2);
	CU_ASSERT_FALSE(seen[1].has_args);
	CU_ASSERT_EQUAL(seen[1].missing, CALL_NO_ENTRY);
	end(1, 0);
}

/* Within a second of the beginning the entry may have been before it. */
static void headless_calls(void)
{
	const uint64_t second = NSEC_PER_SEC;

	begin();
	take(copy, 10, SINCE + 5);
	take(ret, 10, SINCE + 6);
	take(ret, 11, SINCE + second - 1);
	CU_ASSERT_EQUAL(seen_count, 0);
	CU_ASSERT_EQUAL(calls_in_flight(calls), 2);
	take(ret, 11, SINCE + second);
	CU_ASSERT_EQUAL_FATAL(seen_count, 1);
	CU_ASSERT_EQUAL(seen[0].missing, CALL_NO_ENTRY);
	CU_ASSERT_EQUAL(seen[0].abi, ABI_64);
	CU_ASSERT_FALSE(seen[0].has_args || seen[0].has_pointers);
	CU_ASSERT_EQUAL(seen[0].start_ns, SINCE + second);
	CU_ASSERT_EQUAL(seen[0].end_ns, SINCE + second);
	take(copy, 12, LATER);
	take(old, 12, LATER + 1);
	take(returns(-1, ABI_32), 12, LATER + 2);
	CU_ASSERT_EQUAL_FATAL(seen_count, 2);
	CU_ASSERT_EQUAL(seen[1].missing, CALL_NO_ENTRY);
	CU_ASSERT_EQUAL(seen[1].abi, ABI_32);
	CU_ASSERT_EQUAL(seen[1].old_value.from, FROM_KERNEL);
	end(2, 2);
}

/* Neither half was seen, only the kernel's copy. */
static void copy_alone(void)
{
	begin();
	take(copy, 10, LATER);
	take(entry, 10, LATER + 1);
	CU_ASSERT_EQUAL_FATAL(seen_count, 1);
	CU_ASSERT_EQUAL(seen[0].missing, CALL_NO_ENTRY | CALL_NO_RETURN);
	take(ret, 10, LATER + 2);
	CU_ASSERT_EQUAL(seen_count, 2);
	end(1, 0);
}

static void before_tracing(void)
{
	begin();
	take(entry, 10, SINCE - 1);
	take(copy, 10, SINCE + 1);
	take(ret, 10, SINCE + 2);
	take(entry, 11, SINCE - 1); /* its return never comes */
	take(entry, 11, SINCE);
	take(ret, 11, SINCE + 3);
	CU_ASSERT_EQUAL_FATAL(seen_count, 1);
	CU_ASSERT_EQUAL(seen[0].start_ns, SINCE);
	end(0, 2);
}

static void user_values(void)
{
	begin();
	/* accepted: the kernel's copy counts */
	take(entry, 10, LATER);
	take(user, 10, LATER + 1);
	take(copy, 10, LATER + 2);
	take(user, 10, LATER + 3); /* read by something else that the call does */
	take(ret, 10, LATER + 4);
	CU_ASSERT_EQUAL_FATAL(seen_count, 1);
	expect_value(&seen[0].new_value, FROM_KERNEL, 1, 500, 2, 750);
	/* refused before the kernel's copy is seen */
	take(entry, 10, LATER + 5);
	take(user, 10, LATER + 6);
	take(returns(-22, ABI_64), 10, LATER + 7);
	CU_ASSERT_EQUAL_FATAL(seen_count, 2);
	expect_value(&seen[1].new_value, FROM_USER, 5, 6, 7, 8);
	/* of timerfd_settime, which is no call of ours */
	take(user, 10, LATER + 8);
	take(entry, 10, LATER + 9);
	take(returns(-22, ABI_64), 10, LATER + 10);
	CU_ASSERT_EQUAL_FATAL(seen_count, 3);
	CU_ASSERT_EQUAL(seen[2].new_value.from, FROM_NONE);
	end(0, 0);
}

/* get_timespec64() takes the upper half of a 32-bit caller's tv_nsec for padding. */
static void user_padding(void)
{
	struct record padded = user;

	padded.user.value.nsec |= 0x7654321000000000;
	padded.user.interval.nsec = -1;
	begin();
	take(entry_of(1, ABI_32), 10, LATER);
	take(padded, 10, LATER + 1);
	take(returns(-22, ABI_32), 10, LATER + 2);
	CU_ASSERT_EQUAL_FATAL(seen_count, 1);
	expect_value(&seen[0].new_value, FROM_USER, 5, UINT32_MAX, 7, 8);
	take(entry_of(1, ABI_64), 10, LATER + 3);
	take(padded, 10, LATER + 4);
	take(returns(-22, ABI_64), 10, LATER + 5);
	CU_ASSERT_EQUAL_FATAL(seen_count, 2);
	expect_value(&seen[1].new_value, FROM_USER, 5, -1, 7, 0x7654321000000008);
	end(0, 0);
}

/* timer_gettime and others write an itimerspec through the same function. */
static void old_values_of_other_calls(void)
{
	begin();
	take(old, 10, LATER);
	take(entry, 10, LATER + 1);
	take(old, 11, LATER + 2);
	take(ret, 10, LATER + 3);
	take(old, 10, LATER + 4);
	take(ret, 11, LATER + 5);
	CU_ASSERT_EQUAL_FATAL(seen_count, 2);
	CU_ASSERT_EQUAL(seen[0].old_value.from, FROM_NONE);
	CU_ASSERT_EQUAL(seen[1].old_value.from, FROM_NONE);
	CU_ASSERT_EQUAL(seen[1].missing, CALL_NO_ENTRY);
	end(1, 0);
}

/* The return of another entry point is that of another call. */
static void return_of_another_abi(void)
{
	begin();
	take(entry_of(3, ABI_64), 10, LATER);
	take(returns(-1, ABI_32_TIME32), 10, LATER + 1);
	CU_ASSERT_EQUAL_FATAL(seen_count, 2);
	CU_ASSERT_EQUAL(seen[0].missing, CALL_NO_RETURN);
	CU_ASSERT_EQUAL(seen[0].abi, ABI_64);
	CU_ASSERT_EQUAL(seen[1].missing, CALL_NO_ENTRY);
	CU_ASSERT_EQUAL(seen[1].abi, ABI_32_TIME32);
	CU_ASSERT_EQUAL(seen[1].ret, -1);
	CU_ASSERT_FALSE(seen[1].has_args);
	end(2, 0);
}

static void lost_on_a_cpu(void)
{
	begin();
	take(on_cpu(entry, 1), 10, LATER);
	take(on_cpu(entry, 2), 11, LATER);
	take(on_cpu(entry, 1), 12, LATER); /* goes over to CPU 2 */
	take(on_cpu(copy, 2), 12, LATER + 1);
	take(on_cpu(entry, 2), 266, LATER); /* shares the bucket of 10 */
	take(on_cpu(copy, 1), 14, LATER);   /* headless */
	calls_lost(calls, 3);
	CU_ASSERT_EQUAL(seen_count, 0);
	calls_lost(calls, 1);
	CU_ASSERT_EQUAL_FATAL(seen_count, 2);
	CU_ASSERT_EQUAL(seen[0].tid, 10);
	CU_ASSERT_EQUAL(seen[0].missing, CALL_NO_RETURN);
	CU_ASSERT_EQUAL(seen[1].tid, 14);
	CU_ASSERT_EQUAL(seen[1].missing, CALL_NO_ENTRY | CALL_NO_RETURN);
	take(ret, 11, LATER + 2);
	take(ret, 12, LATER + 3);
	take(ret, 266, LATER + 3);
	CU_ASSERT_EQUAL_FATAL(seen_count, 5);
	for (int i = 2; i < 5; i++)
		CU_ASSERT_EQUAL(seen[i].missing, 0);
	end(2, 0);
}

/* After a gap a half that comes early was torn off by it. */
static void torn_early(void)
{
	begin();
	take(ret, 10, SINCE + 1);
	calls_lost(calls, 0);
	take(ret, 11, SINCE + 2);
	CU_ASSERT_EQUAL_FATAL(seen_count, 1);
	CU_ASSERT_EQUAL(seen[0].tid, 11);
	CU_ASSERT_EQUAL(seen[0].missing, CALL_NO_ENTRY);
	end(1, 1);
}

static void exits(void)
{
	begin();
	take(entry, 10, LATER);
	take(entry, 11, LATER);
	take(entry, 12, SINCE - 5);
	take(exit_of(10), 10, LATER + 1);
	CU_ASSERT_EQUAL_FATAL(seen_count, 1);
	CU_ASSERT_EQUAL(seen[0].tid, 10);
	CU_ASSERT_EQUAL(seen[0].missing, CALL_NO_RETURN);
	take(exit_of(12), 12, LATER + 1);
	take(exit_of(13), 13, LATER + 1); /* without a call */
	/* the tid is used again */
	take(entry, 10, LATER + 2);
	take(ret, 10, LATER + 3);
	take(ret, 11, LATER + 4);
	CU_ASSERT_EQUAL_FATAL(seen_count, 3);
	CU_ASSERT_EQUAL(seen[1].missing, 0);
	CU_ASSERT_EQUAL(seen[2].missing, 0);
	end(1, 1);
}

static void records_of_tasks(void)
{
	static const enum probe_use kinds[] = { USE_NEW_TASK, USE_RENAME, USE_EXEC, USE_CREDS };
	struct record record = { .task = { .tid = 10 } };

	begin();
	take(entry, 10, LATER);
	for (int i = 0; i < 4; i++) {
		record.kind = kinds[i];
		take(record, 10, LATER + 1);
	}
	take(ret, 10, LATER + 2);
	CU_ASSERT_EQUAL_FATAL(seen_count, 1);
	CU_ASSERT_EQUAL(seen[0].missing, 0);
	end(0, 0);
}

static void finish(void)
{
	const uint64_t second = NSEC_PER_SEC;

	begin();
	take(entry, 10, LATER);
	take(copy, 266, LATER + 1); /* headless, in the same bucket */
	take(entry, 11, LATER + second + 1);
	take(entry, 12, LATER + 2 * second);
	take(entry, 13, LATER + second); /* just too old */
	calls_finish(calls, LATER + 2 * second);
	CU_ASSERT_EQUAL(seen_count, 3);
	for (size_t i = 0; i < seen_count; i++)
		CU_ASSERT_EQUAL(seen[i].missing,
				CALL_NO_RETURN | (seen[i].tid == 266 ? CALL_NO_ENTRY : 0u));
	CU_ASSERT_EQUAL(calls_in_flight(calls), 2);
	calls_finish(calls, LATER + 9 * second);
	CU_ASSERT_EQUAL(seen_count, 3);
	end(3, 2);
	begin();
	calls_finish(calls, LATER);
	end(0, 0);
	calls_free(NULL);
}

/* The sanitizers see whether open calls, and those that wait to be used again, are freed. */
static void freed_while_open(void)
{
	begin();
	for (int32_t tid = 1; tid < 2000; tid++) {
		take(entry, tid, LATER);
		if (tid % 4 == 0)
			take(ret, tid, LATER + 1);
	}
	CU_ASSERT_EQUAL(seen_count, 499);
	end(0, 0);
}

int suite_calls(void)
{
	CU_pSuite suite = CU_add_suite("calls", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, whole_call) ||
	    !CU_ADD_TEST(suite, bare_call_after_a_full_one) ||
	    !CU_ADD_TEST(suite, interleaved_threads) || !CU_ADD_TEST(suite, entry_without_return) ||
	    !CU_ADD_TEST(suite, copy_of_another_call) || !CU_ADD_TEST(suite, copy_without_id) ||
	    !CU_ADD_TEST(suite, headless_calls) || !CU_ADD_TEST(suite, copy_alone) ||
	    !CU_ADD_TEST(suite, before_tracing) || !CU_ADD_TEST(suite, user_values) ||
	    !CU_ADD_TEST(suite, user_padding) || !CU_ADD_TEST(suite, old_values_of_other_calls) ||
	    !CU_ADD_TEST(suite, return_of_another_abi) || !CU_ADD_TEST(suite, lost_on_a_cpu) ||
	    !CU_ADD_TEST(suite, exits) || !CU_ADD_TEST(suite, torn_early) ||
	    !CU_ADD_TEST(suite, records_of_tasks) || !CU_ADD_TEST(suite, finish) ||
	    !CU_ADD_TEST(suite, freed_while_open))
		return (int)CU_get_error();
	return 0;
}
