/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New values that are told as they have been copied in, by a function that other system
 * calls use as well: planned, decoded, and put together. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <string.h>

#include "format_texts.h"
#include "plans.h"
#include "records.h"
#include "seen_calls.h"
#include "suites.h"

static const struct probe *expect_copied(const char *event, const char *symbol)
{
	const struct probe *probe = find_event(event);

	CU_ASSERT_PTR_NOT_NULL_FATAL(probe);
	CU_ASSERT_STRING_EQUAL(probe->symbol, symbol);
	CU_ASSERT_STRING_EQUAL(probe->args, "ret=$retval:s32 new=+24($stack):s64[4]");
	CU_ASSERT_EQUAL(probe->means.use, USE_COPIED);
	CU_ASSERT_EQUAL(probe->means.event, EVENT_TIMER_SETTIME);
	CU_ASSERT_TRUE(probe->kretprobe);
	CU_ASSERT_STRING_EQUAL(probe->filter, "");
	return probe;
}

static void planned(void)
{
	describe();
	kernel.copied_at = 24;
	make_whole();
	/* one that sees all calls is cheaper */
	CU_ASSERT_PTR_NOT_NULL(find("do_timer_settime"));
	CU_ASSERT_PTR_NULL(find_event("settime_copied"));

	/* and tells that a call is under way, which the entry must tell now */
	CU_ASSERT_PTR_NOT_NULL(find_event("settime_call"));
	CU_ASSERT_EQUAL_FATAL(refuse("do_timer_settime", "no"), 0);
	CU_ASSERT_PTR_NULL(find_event("settime_call"));
	CU_ASSERT_PTR_NOT_NULL(find_event("settime_enter"));
	expect_copied("settime_copied", "get_itimerspec64");
	expect_copied("settime_copied_time32", "get_old_itimerspec32");
	CU_ASSERT_EQUAL(plan.new_from, FROM_KERNEL);
	CU_ASSERT_EQUAL(plan.refused_new_from, FROM_KERNEL);
	CU_ASSERT_EQUAL(plan.note_count, 0);
	CU_ASSERT_PTR_NULL(find_event("settime_new"));
	CU_ASSERT_PTR_NULL(find_event("try_settime_user"));

	/* both or none */
	CU_ASSERT_EQUAL_FATAL(refuse("get_old_itimerspec32", "no"), 0);
	CU_ASSERT_PTR_NULL(find_event("settime_copied"));
	CU_ASSERT_PTR_NOT_NULL(find("do_timer_settime.part.0"));
	CU_ASSERT_PTR_NOT_NULL(find_event("try_settime_user"));
	CU_ASSERT_EQUAL(plan.refused_new_from, FROM_USER);
}

static void planned_without(void)
{
	describe();
	kernel.copied_at = 24;
	kernel.arrays = false;
	make_whole();
	CU_ASSERT_EQUAL_FATAL(refuse("do_timer_settime", "no"), 0);
	CU_ASSERT_PTR_NULL(find_event("settime_copied"));

	/* nobody has 32-bit times */
	describe();
	kernel.copied_at = 24;
	kernel.symbols[kernel.symbol_count++] =
		(struct feature_symbol){ "__ia32_sys_timer_settime32", 0, 0 };
	kernel.symbols[kernel.symbol_count++] =
		(struct feature_symbol){ "get_old_itimerspec32", 0, 0 };
	make_whole();
	CU_ASSERT_EQUAL_FATAL(refuse("do_timer_settime", "no"), 0);
	expect_copied("settime_copied", "get_itimerspec64");
	CU_ASSERT_PTR_NULL(find_event("settime_copied_time32"));
	CU_ASSERT_EQUAL(plan.refused_new_from, FROM_KERNEL);
}

static struct decoder *decoder;

static void add(enum probe_use use, enum call_abi abi, const char *format)
{
	const struct meaning means = { use, EVENT_TIMER_SETTIME, abi };

	CU_ASSERT_EQUAL(decoder_add(decoder, &means, "timersnoop", format, &err), 0);
}

static struct record read_bytes(const uint8_t *bytes, unsigned size)
{
	const struct raw_event event = { .ts = 9, .size = size, .data = bytes };
	struct record record;

	memset(&record, 0xff, sizeof(record));
	CU_ASSERT_EQUAL_FATAL(decoder_read(decoder, &event, &record), 1);
	return record;
}

#define RETURNED(type, size)                                                                       \
	FIELD("unsigned long", "__probe_func", 8, 8, 0)                                            \
	FIELD("unsigned long", "__probe_ret_ip", 16, 8, 0) FIELD(type, "ret", 24, size, 1)

static void decoded(void)
{
	static const char copied[] =
		FORMAT("settime_copied", 13, RETURNED("s32", 4) FIELD("s64", "new[]", 28, 32, 1));
	static const char leave[] = FORMAT("settime_exit", 14, RETURNED("s64", 8));
	const int64_t words[] = { 1, 2, 3, -4 };
	uint8_t bytes[60] = { 14 };
	struct record record;
	const int32_t fault = -EFAULT;

	decoder = decoder_new(8);
	CU_ASSERT_PTR_NOT_NULL_FATAL(decoder);
	add(USE_RETURN, ABI_64, leave);
	CU_ASSERT_FALSE(read_bytes(bytes, 32).ret.copied);
	add(USE_COPIED, ABI_UNKNOWN, copied);
	CU_ASSERT_TRUE(read_bytes(bytes, 32).ret.copied);

	bytes[0] = 13;
	memcpy(bytes + 28, words, sizeof(words));
	record = read_bytes(bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(record.kind, USE_COPIED);
	CU_ASSERT_EQUAL(record.event, EVENT_TIMER_SETTIME);
	CU_ASSERT_FALSE(record.copy.has_id || record.copy.has_flags || record.copy.first);
	CU_ASSERT_EQUAL(record.copy.value.from, FROM_KERNEL);
	CU_ASSERT_EQUAL(record.copy.value.interval.sec, 1);
	CU_ASSERT_EQUAL(record.copy.value.interval.nsec, 2);
	CU_ASSERT_EQUAL(record.copy.value.value.sec, 3);
	CU_ASSERT_EQUAL(record.copy.value.value.nsec, -4);
	/* what the copy was to replace is still there */
	memcpy(bytes + 24, &fault, sizeof(fault));
	CU_ASSERT_EQUAL(read_bytes(bytes, sizeof(bytes)).copy.value.from, FROM_NONE);
	decoder_free(decoder);
}

static struct record copied_of(enum value_source from)
{
	return (struct record){ .kind = USE_COPIED,
				.event = EVENT_TIMER_SETTIME,
				.cpu = 1,
				.copy = { .value = spec_of(from, MS, 2 * MS), .old_at = -1 } };
}

/* Of a plan that must have it. */
static struct record leave(int64_t ret)
{
	struct record record = return_of(EVENT_TIMER_SETTIME, ret);

	record.ret.copied = true;
	return record;
}

static void whole(void)
{
	begin_calls();
	give(entry_of(EVENT_TIMER_SETTIME, 3));
	CU_ASSERT_FALSE(calls_open(calls, TID)->arms);
	give(copied_of(FROM_KERNEL));
	CU_ASSERT_TRUE(calls_open(calls, TID)->arms);
	give(leave(-EINVAL));
	CU_ASSERT_EQUAL(seen[0].missing, 0);
	CU_ASSERT_EQUAL(seen[0].timer_id, 3);
	expect_spec(&seen[0].new_value, FROM_KERNEL, MS, 2 * MS);

	/* the copy failed: whatever is told of it is nobody's */
	give(entry_of(EVENT_TIMER_SETTIME, 3));
	give(copied_of(FROM_NONE));
	CU_ASSERT_FALSE(calls_open(calls, TID)->arms);
	give(leave(-EFAULT));
	end_calls(2);
	CU_ASSERT_EQUAL(seen[1].missing, 0);
	expect_no_spec(&seen[1].new_value);
}

static void of_others(void)
{
	begin_calls();
	/* the same function copies what timerfd_settime(2) is given */
	give(entry_of(EVENT_TIMERFD_SETTIME, 5));
	give(copied_of(FROM_KERNEL));
	give(return_of(EVENT_TIMERFD_SETTIME, 0));
	expect_no_spec(&seen[0].new_value);
	CU_ASSERT_FALSE(seen[0].arms);
	/* and what calls are given that are not traced */
	give(copied_of(FROM_KERNEL));
	CU_ASSERT_PTR_NULL(calls_open(calls, TID));
	end_calls(1);
}

static void not_seen(void)
{
	struct record null = entry_of(EVENT_TIMER_SETTIME, 3);

	begin_calls();
	give(entry_of(EVENT_TIMER_SETTIME, 3));
	give(leave(0));
	CU_ASSERT_EQUAL(seen[0].missing, CALL_NO_COPY);
	CU_ASSERT_EQUAL(seen[0].ret, 0);
	expect_no_spec(&seen[0].new_value);
	give(entry_of(EVENT_TIMER_SETTIME, 3));
	give(leave(-EINVAL));
	CU_ASSERT_EQUAL(seen[1].missing, CALL_NO_COPY);
	/* there was nothing to copy */
	null.entry.new_ptr = 0;
	give(null);
	give(leave(-EINVAL));
	CU_ASSERT_EQUAL(seen[2].missing, 0);
	give(entry_of(EVENT_TIMER_SETTIME, 3));
	give(leave(-EFAULT));
	CU_ASSERT_EQUAL(seen[3].missing, 0);
	/* of a plan that has no such probe, and of a call whose arguments are not known */
	give(entry_of(EVENT_TIMER_SETTIME, 3));
	give(return_of(EVENT_TIMER_SETTIME, 0));
	CU_ASSERT_EQUAL(seen[4].missing, 0);
	give(leave(0));
	end_calls(6);
	CU_ASSERT_EQUAL(seen[5].missing, CALL_NO_ENTRY);
}

/* A second copy is another call's, whose entry was missed like the first one's return. */
static void two_calls(void)
{
	begin_calls();
	give(entry_of(EVENT_TIMER_SETTIME, 3));
	give(copied_of(FROM_KERNEL));
	give(copied_of(FROM_KERNEL));
	CU_ASSERT_EQUAL(seen[0].missing, CALL_NO_RETURN);
	expect_spec(&seen[0].new_value, FROM_KERNEL, MS, 2 * MS);
	CU_ASSERT_PTR_NULL(calls_open(calls, TID));
	give(leave(0));
	end_calls(2);
	CU_ASSERT_EQUAL(seen[1].missing, CALL_NO_ENTRY);
	expect_no_spec(&seen[1].new_value);
}

int suite_calls_copied(void)
{
	CU_pSuite suite = CU_add_suite("calls_copied", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, planned) || !CU_ADD_TEST(suite, planned_without) ||
	    !CU_ADD_TEST(suite, decoded) || !CU_ADD_TEST(suite, whole) ||
	    !CU_ADD_TEST(suite, of_others) || !CU_ADD_TEST(suite, not_seen) ||
	    !CU_ADD_TEST(suite, two_calls))
		return (int)CU_get_error();
	return 0;
}
