/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The call that a thread is in; and the caller's memory, compared (--toctou). */
#include <CUnit/Basic.h>
#include <errno.h>

#include "records.h"
#include "seen_calls.h"
#include "suites.h"

static void open_calls(void)
{
	const struct call *open;

	begin_calls();
	CU_ASSERT_PTR_NULL(calls_open(calls, TID));
	give(entry_of(EVENT_TIMER_SETTIME, 3));
	give_as(TID + 256, entry_of(EVENT_ALARM, 0)); /* in the same bucket */
	open = calls_open(calls, TID);
	CU_ASSERT_PTR_NOT_NULL_FATAL(open);
	CU_ASSERT_EQUAL(open->tid, TID);
	CU_ASSERT_EQUAL(open->event, EVENT_TIMER_SETTIME);
	CU_ASSERT_EQUAL(open->timer_id, 3);
	CU_ASSERT_TRUE(open->has_id);
	CU_ASSERT_FALSE(open->arms);
	give(copy_of(EVENT_TIMER_SETTIME, 3, 0, spec_of(FROM_KERNEL, 0, MS)));
	CU_ASSERT_TRUE(calls_open(calls, TID)->arms);
	CU_ASSERT_EQUAL(calls_open(calls, TID + 256)->event, EVENT_ALARM);
	CU_ASSERT_PTR_NULL(calls_open(calls, TID + 512));
	give(return_of(EVENT_TIMER_SETTIME, 0));
	CU_ASSERT_PTR_NULL(calls_open(calls, TID));
	give_as(TID + 256, exit_of(TID + 256));
	CU_ASSERT_PTR_NULL(calls_open(calls, TID + 256));
	end_calls(2);
}

/* A call is given up for a copy, or a return, of the next one, whose entry was lost: that one
 * is the thread's own, and not that of a thread which happens to be in the same bucket. */
static void threads_of_one_bucket(void)
{
	const struct call *open;

	begin_calls();
	give(entry_of(EVENT_TIMER_SETTIME, 3));
	give_as(TID + 256, entry_of(EVENT_ALARM, 0));
	give(copy_of(EVENT_TIMER_SETTIME, 4, 1, spec_of(FROM_KERNEL, 0, MS)));
	open = calls_open(calls, TID);
	CU_ASSERT_PTR_NOT_NULL(open);
	CU_ASSERT_FALSE(calls_open(calls, TID + 256)->arms);
	if (!open) { /* what comes would end the program */
		end_calls(2);
		return;
	}
	CU_ASSERT_EQUAL(open->missing, CALL_NO_ENTRY);
	CU_ASSERT_TRUE(open->arms && open->has_id);
	CU_ASSERT_EQUAL(open->timer_id, 4);
	give(return_of(EVENT_TIMER_GETTIME, 0));
	CU_ASSERT_EQUAL(seen_count, 3);
	give_as(TID + 256, return_of(EVENT_ALARM, 0));
	end_calls(4);
	CU_ASSERT_EQUAL(seen[1].missing, CALL_NO_ENTRY | CALL_NO_RETURN);
	CU_ASSERT_EQUAL(seen[2].event, EVENT_TIMER_GETTIME);
	CU_ASSERT_EQUAL(seen[2].tid, TID);
	CU_ASSERT_EQUAL(seen[3].missing, 0);
}

/* --toctou */

static const enum event compared[] = { EVENT_TIMER_SETTIME, EVENT_TIMERFD_SETTIME };

struct memory {
	int64_t before, kernel, after; /* the new value; 0: not read */
	int64_t old, old_after;
	uint64_t old_ptr;
	int64_t ret;
	unsigned changed;
};

static void take_user(enum probe_use use, enum event event, int64_t ns, uint64_t at)
{
	/* what could not be read is told, too */
	struct record record = user_of(use, event, spec_of(ns ? FROM_USER : FROM_NONE, 0, ns));

	record.user_ptr = at;
	give(record);
}

static void expect_changes(enum event event, const struct memory *memory)
{
	struct record entry = entry_of(event, 1);

	entry.entry.old_ptr = memory->old_ptr;
	begin_calls();
	give(entry);
	take_user(USE_USER_BEFORE, event, memory->before, 0x1000);
	if (memory->kernel)
		give(copy_of(event, 1, 0, spec_of(FROM_KERNEL, 0, memory->kernel)));
	if (memory->old)
		give(old_of(0, memory->old));
	take_user(USE_USER_AFTER, event, memory->after, 0x1000);
	take_user(USE_USER_OLD, event, memory->old_after, memory->old_ptr);
	give(return_of(event, memory->ret));
	end_calls(1);
	CU_ASSERT_EQUAL(seen[0].missing, 0);
	CU_ASSERT_EQUAL(seen[0].changed, memory->changed);
	expect_spec(&seen[0].user_before, memory->before ? FROM_USER : FROM_NONE, 0,
		    memory->before);
	expect_spec(&seen[0].user_after, memory->after ? FROM_USER : FROM_NONE, 0, memory->after);
	expect_spec(&seen[0].user_old, memory->old_after ? FROM_USER : FROM_NONE, 0,
		    memory->old_after);
}

static void changed_memory(void)
{
	static const struct memory cases[] = {
		{ 1, 1, 1, 5, 5, 0x2000, 0, 0 },
		{ 2, 1, 1, 5, 5, 0x2000, 0, CHANGED_NEW_BEFORE },
		{ 1, 1, 2, 5, 5, 0x2000, 0, CHANGED_NEW_AFTER },
		{ 1, 1, 1, 5, 6, 0x2000, 0, CHANGED_OLD_AFTER },
		{ 2, 1, 3, 5, 6, 0x2000, 0,
		  CHANGED_NEW_BEFORE | CHANGED_NEW_AFTER | CHANGED_OLD_AFTER },
		/* not read, or not known to the kernel: nothing to compare */
		{ 0, 1, 0, 5, 0, 0x2000, 0, 0 },
		{ 2, 0, 3, 0, 6, 0x2000, 0, 0 },
		/* refused: the old value was not written */
		{ 2, 1, 1, 0, 6, 0x2000, -EINVAL, CHANGED_NEW_BEFORE },
		{ 1, 1, 1, 5, 6, 0x2000, -EFAULT, 0 },
		/* the old value was written over the new one */
		{ 1, 1, 5, 5, 5, 0x1000, 0, 0 },
		{ 1, 1, 5, 5, 5, 0x1000 + 31, 0, 0 },
		{ 1, 1, 5, 5, 5, 0x1000 - 31, 0, 0 },
		{ 1, 1, 5, 5, 5, 0x1000 + 32, 0, CHANGED_NEW_AFTER },
		{ 1, 1, 5, 5, 5, 0x1000 - 32, 0, CHANGED_NEW_AFTER },
		{ 2, 1, 5, 5, 5, 0x1000, 0, CHANGED_NEW_BEFORE },
		/* or would have been */
		{ 1, 1, 5, 0, 0, 0x1000, -EINVAL, CHANGED_NEW_AFTER },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t j = 0; j < 2; j++)
			expect_changes(compared[j], &cases[i]);
}

/* Two 32-bit itimerspecs are 16 bytes each. */
static void overwritten_by_abi(void)
{
	static const struct {
		enum call_abi abi;
		int64_t distance;
		unsigned changed;
	} cases[] = { { ABI_32_TIME32, 0, 0 },
		      { ABI_32_TIME32, 15, 0 },
		      { ABI_32_TIME32, -15, 0 },
		      { ABI_32_TIME32, 16, CHANGED_NEW_AFTER },
		      { ABI_32_TIME32, -16, CHANGED_NEW_AFTER },
		      { ABI_32, 16, 0 },
		      { ABI_32, -31, 0 },
		      { ABI_32, 32, CHANGED_NEW_AFTER },
		      { ABI_64, -16, 0 },
		      { ABI_64, 32, CHANGED_NEW_AFTER } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct record entry = entry_of(EVENT_TIMER_SETTIME, 1);
		struct record ret = return_of(EVENT_TIMER_SETTIME, 0);

		entry.entry.abi = ret.ret.abi = cases[i].abi;
		entry.entry.old_ptr = (uint64_t)(0x1000 + cases[i].distance);
		begin_calls();
		give(entry);
		give(copy_of(EVENT_TIMER_SETTIME, 1, 0, spec_of(FROM_KERNEL, 0, 1)));
		give(old_of(0, 5));
		take_user(USE_USER_AFTER, EVENT_TIMER_SETTIME, 5, 0x1000);
		give(ret);
		end_calls(1);
		CU_ASSERT_EQUAL(seen[0].changed, cases[i].changed);
	}
}

/* Any of the four numbers. */
static void changed_parts(void)
{
	for (int part = 0; part < 4; part++) {
		struct itimerspec_seen value = spec_of(FROM_USER, 3 * MS, 5 * MS);

		value.interval.sec += part == 0;
		value.interval.nsec += part == 1;
		value.value.sec += part == 2;
		value.value.nsec += part == 3;
		begin_calls();
		give(entry_of(EVENT_TIMER_SETTIME, 1));
		give(user_of(USE_USER_BEFORE, EVENT_TIMER_SETTIME, value));
		give(copy_of(EVENT_TIMER_SETTIME, 1, 0, spec_of(FROM_KERNEL, 3 * MS, 5 * MS)));
		give(return_of(EVENT_TIMER_SETTIME, 0));
		end_calls(1);
		CU_ASSERT_EQUAL(seen[0].changed, CHANGED_NEW_BEFORE);
	}
}

/* The upper half of a 32-bit caller's tv_nsec is padding, of which the kernel makes nothing. */
static void padding_is_no_change(void)
{
	struct itimerspec_seen padded = spec_of(FROM_USER, 3 * MS, 5 * MS);
	struct record entry = entry_of(EVENT_TIMER_SETTIME, 1);
	struct record ret = return_of(EVENT_TIMER_SETTIME, 0);

	padded.interval.nsec |= 0x7654321000000000;
	padded.value.nsec |= INT64_MIN;
	entry.entry.abi = ret.ret.abi = ABI_32;
	begin_calls();
	give(entry);
	give(user_of(USE_USER_BEFORE, EVENT_TIMER_SETTIME, padded));
	give(copy_of(EVENT_TIMER_SETTIME, 1, 0, spec_of(FROM_KERNEL, 3 * MS, 5 * MS)));
	give(user_of(USE_USER_AFTER, EVENT_TIMER_SETTIME, padded));
	give(ret);
	end_calls(1);
	CU_ASSERT_EQUAL(seen[0].changed, 0);
	expect_spec(&seen[0].user_before, FROM_USER, 3 * MS, 5 * MS);
}

/* Read where the call's memory is not, by a register that was not what it was thought to be. */
static void memory_elsewhere(void)
{
	begin_calls();
	give(entry_of(EVENT_TIMER_SETTIME, 1));
	take_user(USE_USER_BEFORE, EVENT_TIMER_SETTIME, 5, 0x1001);
	give(copy_of(EVENT_TIMER_SETTIME, 1, 0, spec_of(FROM_KERNEL, 0, 2)));
	give(old_of(0, 3));
	take_user(USE_USER_AFTER, EVENT_TIMER_SETTIME, 5, 0x2000);
	take_user(USE_USER_OLD, EVENT_TIMER_SETTIME, 5, 0x1000);
	give(return_of(EVENT_TIMER_SETTIME, 0));
	end_calls(1);
	CU_ASSERT_EQUAL(seen[0].changed, 0);
	expect_no_spec(&seen[0].user_before);
	expect_no_spec(&seen[0].user_after);
	expect_no_spec(&seen[0].user_old);
}

/* Behind the call's end, in another call, in none. */
static void memory_of_others(void)
{
	begin_calls();
	take_user(USE_USER_BEFORE, EVENT_TIMER_SETTIME, 1, 0x1000);
	give(entry_of(EVENT_TIMER_SETTIME, 1));
	take_user(USE_USER_BEFORE, EVENT_TIMERFD_SETTIME, 1, 0x1000);
	give(copy_of(EVENT_TIMER_SETTIME, 1, 0, spec_of(FROM_KERNEL, 0, 2)));
	give(return_of(EVENT_TIMER_SETTIME, 0));
	take_user(USE_USER_AFTER, EVENT_TIMER_SETTIME, 1, 0x1000);
	give(entry_of(EVENT_TIMER_SETTIME, 1));
	give(return_of(EVENT_TIMER_SETTIME, 0));
	end_calls(2);
	for (size_t i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(seen[i].changed, 0);
		expect_no_spec(&seen[i].user_before);
		expect_no_spec(&seen[i].user_after);
	}
}

int suite_calls_memory(void)
{
	CU_pSuite suite = CU_add_suite("calls_memory", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, open_calls) ||
	    !CU_ADD_TEST(suite, threads_of_one_bucket) || !CU_ADD_TEST(suite, changed_memory) ||
	    !CU_ADD_TEST(suite, overwritten_by_abi) || !CU_ADD_TEST(suite, changed_parts) ||
	    !CU_ADD_TEST(suite, padding_is_no_change) || !CU_ADD_TEST(suite, memory_of_others) ||
	    !CU_ADD_TEST(suite, memory_elsewhere))
		return (int)CU_get_error();
	return 0;
}
