/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls without an entry: a copy, where there is one, and a return that tells the rest. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format_texts.h"
#include "records.h"
#include "seen_calls.h"
#include "suites.h"

/* As decode has it; without its id, as the copy needs none then. */
static struct record first_copy(void)
{
	struct record record =
		copy_of(EVENT_TIMER_SETTIME, 0, 0, spec_of(FROM_KERNEL, 5, 7 * (int64_t)MS));

	record.copy.has_id = record.copy.has_flags = false;
	record.copy.first = true;
	return record;
}

static struct record whole_of(int32_t id, uint64_t new_ptr, int64_t ret)
{
	struct record record = entry_of(EVENT_TIMER_SETTIME, id);

	record.kind = USE_WHOLE;
	record.entry.flags = 1;
	record.entry.new_ptr = new_ptr;
	record.entry.old_ptr = 0x2000;
	record.entry.ret = ret;
	return record;
}

static void whole_calls(void)
{
	uint64_t copied;

	begin_calls();
	give(first_copy());
	copied = calls_open(calls, TID)->start_ns;
	CU_ASSERT_TRUE(calls_open(calls, TID)->arms);
	give_as(TID + 1, first_copy());
	give(old_of(1, 2));
	give(whole_of(3, 0x1000, 0));
	give_as(TID + 1, whole_of(4, 0x1000, -EINVAL));
	end_calls(2);
	CU_ASSERT_EQUAL(seen[0].missing, 0);
	CU_ASSERT_FALSE(seen[0].no_start);
	CU_ASSERT_EQUAL(seen[0].start_ns, copied);
	CU_ASSERT_TRUE(seen[0].end_ns > copied);
	CU_ASSERT_TRUE(seen[0].has_args && seen[0].has_id && seen[0].has_pointers);
	CU_ASSERT_EQUAL(seen[0].timer_id, 3);
	CU_ASSERT_EQUAL(seen[0].flags, 1);
	CU_ASSERT_EQUAL(seen[0].new_ptr, 0x1000);
	CU_ASSERT_EQUAL(seen[0].old_ptr, 0x2000);
	CU_ASSERT_EQUAL(seen[0].new_value.from, FROM_KERNEL);
	CU_ASSERT_EQUAL(seen[0].old_value.from, FROM_KERNEL);
	CU_ASSERT_EQUAL(seen[1].timer_id, 4);
	CU_ASSERT_EQUAL(seen[1].ret, -EINVAL);
	CU_ASSERT_EQUAL(seen[1].missing, 0);
}

/* Nothing was copied: there is no value, and nobody knows when it began. */
static void refused_before_the_copy(void)
{
	begin_calls();
	give(whole_of(3, 0, -EINVAL));
	give(whole_of(3, 8, -EFAULT));
	/* these have been further, and that was lost */
	give(whole_of(3, 8, -EINVAL));
	give(whole_of(3, 8, 0));
	end_calls(4);
	for (int i = 0; i < 4; i++) {
		CU_ASSERT_TRUE(seen[i].no_start);
		CU_ASSERT_EQUAL(seen[i].start_ns, seen[i].end_ns);
		CU_ASSERT_EQUAL(seen[i].new_value.from, FROM_NONE);
		CU_ASSERT_EQUAL(seen[i].missing, i < 2 ? 0 : CALL_NO_ENTRY);
	}
}

/* Each copy begins a call: what is open then has lost its return. */
static void copy_after_copy(void)
{
	begin_calls();
	give(first_copy());
	give(first_copy());
	give(whole_of(3, 8, 0));
	give(first_copy());
	give(exit_of(TID));
	end_calls(3);
	CU_ASSERT_EQUAL(seen[0].missing, CALL_NO_RETURN);
	CU_ASSERT_EQUAL(seen[1].missing, 0);
	CU_ASSERT_EQUAL(seen[2].missing, CALL_NO_RETURN);
}

static void receive(void *context, const struct call *call)
{
	(void)call;
	++*(int *)context;
}

/* Just after tracing began the return may not have been probed yet. */
static void soon_after_the_beginning(void)
{
	const uint64_t since = 1000 * (uint64_t)NSEC_PER_SEC;
	struct record copy = first_copy(), whole = whole_of(3, 8, 0);
	int told = 0;
	struct calls *early = calls_new(since, receive, &told);

	CU_ASSERT_PTR_NOT_NULL_FATAL(early);
	copy.tid = whole.tid = TID;
	copy.ts = since - 1;
	CU_ASSERT_EQUAL(calls_record(early, &copy), 0);
	copy.ts = since + 1;
	CU_ASSERT_EQUAL(calls_record(early, &copy), 0); /* the one before is left out */
	copy.ts = since + 2;
	CU_ASSERT_EQUAL(calls_record(early, &copy), 0); /* and this one has no return */
	CU_ASSERT_EQUAL(told, 0);
	CU_ASSERT_EQUAL(calls_in_flight(early), 2);
	whole.ts = since + 3;
	CU_ASSERT_EQUAL(calls_record(early, &whole), 0);
	CU_ASSERT_EQUAL(told, 1);
	copy.ts = since - 1;
	CU_ASSERT_EQUAL(calls_record(early, &copy), 0);
	whole.ts = since + 4;
	CU_ASSERT_EQUAL(calls_record(early, &whole), 0); /* began before */
	CU_ASSERT_EQUAL(told, 1);
	CU_ASSERT_EQUAL(calls_in_flight(early), 3);
	calls_free(early);

	/* The records before were cut off with its copy among them; later that is a loss. */
	told = 0;
	early = calls_new(since, receive, &told);
	CU_ASSERT_PTR_NOT_NULL_FATAL(early);
	whole.ts = since + 1;
	CU_ASSERT_EQUAL(calls_record(early, &whole), 0);
	CU_ASSERT_EQUAL(told, 0);
	CU_ASSERT_EQUAL(calls_in_flight(early), 1);
	whole.ts = since + NSEC_PER_SEC / 100;
	CU_ASSERT_EQUAL(calls_record(early, &whole), 0);
	CU_ASSERT_EQUAL(told, 1);
	CU_ASSERT_EQUAL(calls_in_flight(early), 1);
	calls_free(early);
}

/* --- decoded ------------------------------------------------------------------------ */

#define RETURNED                                                                                   \
	FIELD("unsigned long", "__probe_func", 8, 8, 0)                                            \
	FIELD("unsigned long", "__probe_ret_ip", 16, 8, 0) FIELD("s64", "ret", 24, 8, 1)

static struct decoder *decoder;
static struct error err;

static int add(enum probe_use use, enum call_abi abi, const char *format)
{
	const struct meaning means = { use, EVENT_TIMER_SETTIME, abi };

	return decoder_add(decoder, &means, "timersnoop", format, &err);
}

static struct record read_bytes(const uint8_t *bytes, unsigned size)
{
	const struct raw_event event = { .ts = 9, .size = size, .data = bytes };
	struct record record;

	CU_ASSERT_EQUAL_FATAL(decoder_read(decoder, &event, &record), 1);
	return record;
}

static void decoded(void)
{
	uint8_t bytes[64] = { 11, 0 };
	const uint64_t words[] = { (uint64_t)-22, 0x7ffc1234, 0xffffffff00000001, 0xfffffffff,
				   0x7ffc5678 };
	const uint32_t halves[] = { (uint32_t)-3, 1, 0xfffef000, 0xfffef010 };
	struct record record;

	decoder = decoder_new(8);
	CU_ASSERT_PTR_NOT_NULL_FATAL(decoder);
	CU_ASSERT_EQUAL(add(USE_WHOLE, ABI_64,
			    FORMAT("settime_call", 11,
				   RETURNED FIELD("u64", "args[]", 32, 24, 0)
					   FIELD("u64", "old", 56, 8, 0))),
			0);
	memcpy(bytes + 24, words, sizeof(words));
	record = read_bytes(bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(record.kind, USE_WHOLE);
	CU_ASSERT_EQUAL(record.entry.abi, ABI_64);
	CU_ASSERT_EQUAL(record.entry.ret, -22);
	CU_ASSERT_EQUAL(record.entry.new_ptr, 0x7ffc1234);
	CU_ASSERT_EQUAL(record.entry.flags, 1); /* of a register only 32 bits count */
	CU_ASSERT_EQUAL(record.entry.id, -1);
	CU_ASSERT_EQUAL(record.entry.old_ptr, 0x7ffc5678);

	/* an entry may have the same */
	bytes[0] = 14;
	CU_ASSERT_EQUAL(add(USE_ENTRY, ABI_64,
			    FORMAT("settime_enter", 14,
				   FIELD("unsigned long", "__probe_ip", 8, 8, 0)
					   FIELD("u64", "args[]", 32, 24, 0)
						   FIELD("u64", "old", 56, 8, 0))),
			0);
	record = read_bytes(bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(record.kind, USE_ENTRY);
	CU_ASSERT_EQUAL(record.entry.new_ptr, 0x7ffc1234);
	CU_ASSERT_EQUAL(record.entry.flags, 1);
	CU_ASSERT_EQUAL(record.entry.id, -1);

	bytes[0] = 12;
	CU_ASSERT_EQUAL(
		add(USE_WHOLE, ABI_32,
		    FORMAT("settime_call_ia32", 12,
			   RETURNED FIELD("s32", "id", 32, 4, 1) FIELD("u32", "flags", 36, 4, 0)
				   FIELD("u32", "new", 40, 4, 0) FIELD("u32", "old", 44, 4, 0))),
		0);
	memcpy(bytes + 32, halves, sizeof(halves));
	record = read_bytes(bytes, 48);
	CU_ASSERT_EQUAL(record.entry.abi, ABI_32);
	CU_ASSERT_EQUAL(record.entry.ret, -22);
	CU_ASSERT_EQUAL(record.entry.id, -3);
	CU_ASSERT_EQUAL(record.entry.flags, 1);
	CU_ASSERT_EQUAL(record.entry.new_ptr, 0xfffef000);
	CU_ASSERT_EQUAL(record.entry.old_ptr, 0xfffef010);
	decoder_free(decoder);
}

static void formats_that_lack_something(void)
{
	decoder = decoder_new(8);
	CU_ASSERT_PTR_NOT_NULL_FATAL(decoder);
	CU_ASSERT_EQUAL(add(USE_WHOLE, ABI_64,
			    FORMAT("settime_call", 11, RETURNED FIELD("u64", "old", 32, 8, 0))),
			-EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "has no field 'args'"));
	CU_ASSERT_EQUAL(add(USE_WHOLE, ABI_64,
			    FORMAT("settime_call", 11,
				   RETURNED FIELD("u64", "args[]", 32, 16, 0)
					   FIELD("u64", "old", 48, 8, 0))),
			-EINVAL);
	CU_ASSERT_EQUAL(add(USE_WHOLE, ABI_64,
			    FORMAT("settime_call", 11, RETURNED FIELD("u64", "args[]", 32, 24, 0))),
			-EINVAL);
	decoder_free(decoder);
}

/* A copy begins its call if nothing before it can. */
static void copies_that_begin(void)
{
	static const char copy[] = FORMAT("settime_new", 13,
					  FIELD("unsigned long", "__probe_ip", 8, 8, 0)
						  FIELD("s64", "new[]", 16, 32, 1));
	static const char whole[] =
		FORMAT("settime_call", 11,
		       RETURNED FIELD("u64", "args[]", 32, 24, 0) FIELD("u64", "old", 56, 8, 0));
	static const char entry[] = FORMAT("settime_enter", 14, FIELD("s32", "id", 8, 4, 1));
	const uint8_t bytes[48] = { 13, 0 };

	decoder = decoder_new(8);
	CU_ASSERT_PTR_NOT_NULL_FATAL(decoder);
	CU_ASSERT_EQUAL(add(USE_COPY, ABI_UNKNOWN, copy), 0);
	CU_ASSERT_FALSE(read_bytes(bytes, sizeof(bytes)).copy.first);
	CU_ASSERT_EQUAL(add(USE_WHOLE, ABI_64, whole), 0);
	CU_ASSERT_TRUE(read_bytes(bytes, sizeof(bytes)).copy.first);
	/* as where somebody has recorded both */
	CU_ASSERT_EQUAL(add(USE_ENTRY, ABI_64, entry), 0);
	CU_ASSERT_FALSE(read_bytes(bytes, sizeof(bytes)).copy.first);
	decoder_free(decoder);
}

int suite_calls_whole(void)
{
	CU_pSuite suite = CU_add_suite("calls_whole", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, whole_calls) ||
	    !CU_ADD_TEST(suite, refused_before_the_copy) || !CU_ADD_TEST(suite, copy_after_copy) ||
	    !CU_ADD_TEST(suite, soon_after_the_beginning) || !CU_ADD_TEST(suite, decoded) ||
	    !CU_ADD_TEST(suite, formats_that_lack_something) ||
	    !CU_ADD_TEST(suite, copies_that_begin))
		return (int)CU_get_error();
	return 0;
}
