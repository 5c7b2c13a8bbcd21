/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "format_texts.h"
#include "suites.h"
#include "timersnoop/decode.h"

#define TID 4242

static struct decoder *decoder;
static struct record record;
static struct error err;

/* The record that a test builds. */
static uint8_t bytes[256];
static unsigned length;

static void put(unsigned offset, unsigned size, uint64_t value)
{
	memcpy(bytes + offset, &value, size);
}

static void begin(uint16_t type, unsigned size)
{
	memset(bytes, 0xa5, sizeof(bytes));
	put(0, 2, type);
	put(4, 4, TID);
	length = size;
}

/* Reads a copy of just `size` bytes, so that a read behind them is found out. */
static int read_bytes(unsigned size)
{
	struct raw_event event = { .ts = 99, .cpu = 3, .size = size };
	void *copy = malloc(size ? size : 1);
	int status;

	memcpy(copy, bytes, size);
	event.data = copy;
	memset(&record, 0x5a, sizeof(record));
	status = decoder_read(decoder, &event, &record);
	free(copy);
	return status;
}

static void expect_read(enum probe_use kind)
{
	CU_ASSERT_EQUAL_FATAL(read_bytes(length), 1);
	CU_ASSERT_EQUAL(record.kind, kind);
	CU_ASSERT_EQUAL(record.ts, 99);
	CU_ASSERT_EQUAL(record.cpu, 3);
	CU_ASSERT_EQUAL(record.tid, TID);
}

/* One byte less than its format needs. */
static void expect_too_short(void)
{
	CU_ASSERT_EQUAL(read_bytes(length - 1), -EBADMSG);
}

static void expect_spec(const struct itimerspec_seen *seen, enum value_source from, int64_t is,
			int64_t in, int64_t vs, int64_t vn)
{
	CU_ASSERT_EQUAL(seen->from, from);
	CU_ASSERT_EQUAL(seen->interval.sec, is);
	CU_ASSERT_EQUAL(seen->interval.nsec, in);
	CU_ASSERT_EQUAL(seen->value.sec, vs);
	CU_ASSERT_EQUAL(seen->value.nsec, vn);
}

static int add(enum probe_use use, const char *format)
{
	const struct meaning means = { .use = use, .event = EVENT_TIMER_SETTIME, .abi = ABI_64 };

	memset(&err, 0, sizeof(err));
	return decoder_add(decoder, &means, "timersnoop", format, &err);
}

static void each_kernel(void (*test)(const char *series))
{
	for (int i = 0; i < FIXTURE_SERIES; i++) {
		decoder = fixture_decoder(fixture_series[i]);
		test(fixture_series[i]);
		decoder_free(decoder);
	}
}

static void read_entries(const char *series)
{
	begin(fixture_event_id(series, "settime_enter"), 40);
	put(16, 4, (uint32_t)-7);
	put(20, 4, 0x80000001);
	put(24, 8, 0x7ffc12345678);
	put(32, 8, UINT64_MAX);
	expect_read(USE_ENTRY);
	CU_ASSERT_EQUAL(record.entry.abi, ABI_64);
	CU_ASSERT_EQUAL(record.entry.id, -7);
	CU_ASSERT_EQUAL(record.entry.flags, 0x80000001);
	CU_ASSERT_EQUAL(record.entry.new_ptr, 0x7ffc12345678);
	CU_ASSERT_EQUAL(record.entry.old_ptr, UINT64_MAX);
	expect_too_short();

	/* a pointer of 32 bits has no sign */
	begin(fixture_event_id(series, "settime_enter_ia32"), 32);
	put(16, 4, INT32_MAX);
	put(20, 4, 0);
	put(24, 4, 0xfffef000);
	put(28, 4, 0);
	expect_read(USE_ENTRY);
	CU_ASSERT_EQUAL(record.entry.abi, ABI_32);
	CU_ASSERT_EQUAL(record.entry.id, INT32_MAX);
	CU_ASSERT_EQUAL(record.entry.new_ptr, 0xfffef000);
	CU_ASSERT_EQUAL(record.entry.old_ptr, 0);
	expect_too_short();
	put(0, 2, fixture_event_id(series, "settime_enter_ia32_time32"));
	expect_read(USE_ENTRY);
	CU_ASSERT_EQUAL(record.entry.abi, ABI_32_TIME32);
}

static void entries(void)
{
	each_kernel(read_entries);
}

static void read_returns(const char *series)
{
	static const char *const events[] = { "settime_exit", "settime_exit_ia32",
					      "settime_exit_ia32_time32" };

	for (int i = 0; i < ABI_COUNT; i++) {
		begin(fixture_event_id(series, events[i]), 32);
		put(24, 8, (uint64_t)-22);
		expect_read(USE_RETURN);
		CU_ASSERT_EQUAL(record.ret.abi, (enum call_abi)i);
		CU_ASSERT_EQUAL(record.ret.ret, -22);
		expect_too_short();
	}
}

static void returns(void)
{
	each_kernel(read_returns);
}

static void read_values(const char *series)
{
	static const char *const old[] = { "old", "old_time32" };

	begin(fixture_event_id(series, "settime_new"), 56);
	put(16, 4, (uint32_t)-1);
	put(20, 4, UINT32_MAX);
	put(24, 8, 1);
	put(32, 8, (uint64_t)INT64_MIN);
	put(40, 8, (uint64_t)-3);
	put(48, 8, INT64_MAX);
	expect_read(USE_COPY);
	CU_ASSERT_TRUE(record.copy.has_id);
	CU_ASSERT_EQUAL(record.copy.id, -1);
	CU_ASSERT_EQUAL(record.copy.flags, UINT32_MAX);
	expect_spec(&record.copy.value, FROM_KERNEL, 1, INT64_MIN, -3, INT64_MAX);
	expect_too_short();

	for (int i = 0; i < 2; i++) {
		begin(fixture_event_id(series, old[i]), 48);
		put(16, 8, 5);
		put(24, 8, 6);
		put(32, 8, 7);
		put(40, 8, 999999999);
		expect_read(USE_OLD);
		expect_spec(&record.old, FROM_KERNEL, 5, 6, 7, 999999999);
		expect_too_short();
	}
}

static void values(void)
{
	each_kernel(read_values);
}

/* task_newtask's flags were an unsigned long, then a u64: the same place. */
static void read_tasks(const char *series)
{
	begin(fixture_event_id(series, "task_newtask"), 44);
	put(8, 4, 4243);
	memcpy(bytes + 12, "fifteen-bytes-x", 16);
	put(32, 8, CLONE_VM | CLONE_THREAD);
	expect_read(USE_NEW_TASK);
	CU_ASSERT_EQUAL(record.task.tid, 4243);
	CU_ASSERT_TRUE(record.task.thread);
	CU_ASSERT_STRING_EQUAL(record.task.comm, "fifteen-bytes-x");
	put(32, 8, SIGCHLD);
	expect_read(USE_NEW_TASK);
	CU_ASSERT_FALSE(record.task.thread);

	begin(fixture_event_id(series, "sched_process_exit"), 36);
	put(24, 4, 4243);
	expect_read(USE_EXIT);
	CU_ASSERT_EQUAL(record.task.tid, 4243);

	begin(fixture_event_id(series, "sched_process_exec"), 24);
	put(12, 4, TID);
	put(16, 4, 4243);
	expect_read(USE_EXEC);
	CU_ASSERT_EQUAL(record.task.tid, 4243);

	begin(fixture_event_id(series, "task_creds"), 20);
	put(16, 4, 4000000000);
	expect_read(USE_CREDS);
	CU_ASSERT_EQUAL(record.task.uid, 4000000000);
	expect_too_short();
}

static void tasks(void)
{
	each_kernel(read_tasks);
}

static void read_renames(const char *series)
{
	begin(fixture_event_id(series, "task_rename"), 48);
	put(8, 4, 4243);
	memcpy(bytes + 12, "before", 7);
	memcpy(bytes + 28, "after", 6);
	expect_read(USE_RENAME);
	CU_ASSERT_EQUAL(record.task.tid, 4243);
	CU_ASSERT_STRING_EQUAL(record.task.comm, "after");
	/* every byte behind the name is the same from record to record */
	CU_ASSERT_EQUAL(memcmp(record.task.comm, "after\0\0\0\0\0\0\0\0\0\0", 16), 0);
	/* a name without its end keeps 15 bytes */
	memset(bytes + 28, 'n', 16);
	expect_read(USE_RENAME);
	CU_ASSERT_STRING_EQUAL(record.task.comm, "nnnnnnnnnnnnnnn");
}

static void renames(void)
{
	each_kernel(read_renames);
}

static void four_fields(void)
{
	decoder = decoder_new(8);
	CU_ASSERT_EQUAL(
		add(USE_COPY,
		    FORMAT("n", 700,
			   FIELD("u32", "flags", 8, 4, 0) FIELD("s64", "new_is", 16, 8, 1)
				   FIELD("s64", "new_in", 24, 8, 1) FIELD("s64", "new_vs", 32, 8, 1)
					   FIELD("s64", "new_vn", 40, 8, 1))),
		0);
	begin(700, 48);
	put(8, 4, 1);
	put(16, 8, 1);
	put(24, 8, (uint64_t)-2);
	put(32, 8, 3);
	put(40, 8, 4);
	expect_read(USE_COPY);
	CU_ASSERT_FALSE(record.copy.has_id); /* of a k_itimer, which has no id field here */
	CU_ASSERT_EQUAL(record.copy.flags, 1);
	expect_spec(&record.copy.value, FROM_KERNEL, 1, -2, 3, 4);
	expect_too_short();
	decoder_free(decoder);
}

/* Where a string lies, as a __data_loc says it. */
#define PLACE(offset, size) ((uint32_t)(size) << 16 | (offset))

/* How a kernel writes a string that is empty, and one that it could not read. */
enum strings {
	EMPTY_AS_FAULT, /* 5.10 to 6.12: both have no length, but of an empty one there is room */
	EMPTY_AS_NUL,   /* 6.13 and later: an empty one has its NUL */
	FAULT_AS_TEXT,  /* the text "(fault)" for what could not be read */
	STRINGS_COUNT,
};

#define FAULT (-1) /* as the length of a string */

/* Puts a string of so many bytes, before its NUL, behind the record. */
static void add_string(enum strings strings, unsigned place, int size)
{
	static unsigned end;

	if (place == 32) { /* the first one */
		end = 52;
		length = 52;
	}
	if (size == FAULT && strings != FAULT_AS_TEXT) {
		put(place, 4, PLACE(end, 0));
		return;
	}
	if (size == 0 && strings == EMPTY_AS_FAULT) {
		put(place, 4, PLACE(end, 0));
		length++;
		return;
	}
	if (size == FAULT) {
		size = sizeof("(fault)") - 1;
		memcpy(bytes + end, "(fault)", 8);
	} else {
		memset(bytes + end, 'u', (size_t)size);
		bytes[end + (unsigned)size] = '\0';
	}
	put(place, 4, PLACE(end, (unsigned)size + 1));
	end += (unsigned)size + 1;
	length += (unsigned)size + 1;
}

/* Fields of 32 bits; the caller's first byte as a string, and four times the last. */
static void begin_user(enum strings strings, int first, int last)
{
	begin(fixture_event_id("5.10", "try_settime_user_time32"), 0);
	put(16, 4, 1);
	put(20, 4, (uint32_t)-2);
	put(24, 4, (uint32_t)INT32_MIN);
	put(28, 4, INT32_MAX);
	add_string(strings, 32, first);
	for (unsigned place = 36; place < 52; place += 4)
		add_string(strings, place, last);
	length = (length + 3) / 4 * 4; /* events are words */
}

/* Bytes that nobody read are somebody else's: they are never shown. */
static void user_values(void)
{
	decoder = fixture_decoder("5.10");
	for (int strings = 0; strings < STRINGS_COUNT; strings++)
		for (int first = FAULT; first < 10; first++)
			for (int last = FAULT; last < 10; last++) {
				begin_user((enum strings)strings, first, last);
				expect_read(USE_USER);
				if (first == FAULT || last == FAULT) {
					CU_ASSERT_EQUAL(record.user.from, FROM_NONE);
					continue;
				}
				expect_spec(&record.user, FROM_USER, 1, -2, INT32_MIN, INT32_MAX);
			}
	decoder_free(decoder);
}

static void user_values_of_64_bits(void)
{
	decoder = fixture_decoder("5.10");
	begin(fixture_event_id("5.10", "try_settime_user"), 68 + 8);
	put(16, 8, 1);
	put(24, 8, 500);
	put(32, 8, (uint64_t)-2);
	put(40, 8, 750);
	for (unsigned place = 48; place < 68; place += 4)
		put(place, 4, PLACE(68, 0));
	expect_read(USE_USER);
	expect_spec(&record.user, FROM_USER, 1, 500, -2, 750);
	length -= 4;
	expect_read(USE_USER);
	CU_ASSERT_EQUAL(record.user.from, FROM_NONE);
	decoder_free(decoder);
}

/* A string of the caller that only looks like the kernel's word for a fault. */
static void texts_like_a_fault(void)
{
	static const char *const texts[] = { "(faulu)", "(FAULT)", "fault()" };

	decoder = fixture_decoder("5.10");
	for (int i = 0; i < 3; i++) {
		begin_user(EMPTY_AS_NUL, 7, 7);
		for (unsigned at = 52; at < 92; at += 8)
			memcpy(bytes + at, texts[i], 8);
		expect_read(USE_USER);
		CU_ASSERT_EQUAL(record.user.from, FROM_USER);
	}
	decoder_free(decoder);
}

static void strings_out_of_the_record(void)
{
	static const uint32_t places[] = {
		PLACE(62, 3),      PLACE(63, 2),     PLACE(64, 1),      PLACE(65, 1),
		PLACE(0xffff, 1),  PLACE(0, 0xffff), PLACE(52, 0x8000), PLACE(0xffff, 0xffff),
		PLACE(0xfff0, 16), PLACE(65, 0),
	};

	decoder = fixture_decoder("5.10");
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		for (unsigned place = 32; place <= 36; place += 4) {
			begin_user(EMPTY_AS_NUL, 1, 1);
			CU_ASSERT_EQUAL(length, 64);
			put(place, 4, places[i]);
			expect_read(USE_USER);
			CU_ASSERT_EQUAL(record.user.from, FROM_NONE);
		}
	}
	decoder_free(decoder);
}

static void dynamic_names(void)
{
	decoder = decoder_new(8);
	CU_ASSERT_EQUAL(add(USE_RENAME, FORMAT("task_rename", 701,
					       FIELD("__data_loc char[]", "newcomm", 8, 4, 0))),
			0);
	begin(701, 20);
	memcpy(bytes + 12, "app", 4);
	put(8, 4, PLACE(12, 4));
	expect_read(USE_RENAME);
	CU_ASSERT_EQUAL(record.task.tid, TID); /* without a pid it is the running task's */
	CU_ASSERT_STRING_EQUAL(record.task.comm, "app");
	put(8, 4, PLACE(12, 9));
	expect_read(USE_RENAME);
	CU_ASSERT_STRING_EQUAL(record.task.comm, "");
	decoder_free(decoder);
}

static void unknown_types(void)
{
	decoder = decoder_new(8);
	for (unsigned type = 0; type <= UINT16_MAX; type += 257) {
		begin((uint16_t)type, 64);
		CU_ASSERT_EQUAL(read_bytes(64), 0);
	}
	/* too short for its own type */
	CU_ASSERT_EQUAL(read_bytes(1), -EBADMSG);
	CU_ASSERT_EQUAL(read_bytes(0), -EBADMSG);
	decoder_free(decoder);
	decoder_free(NULL);
}

/* Every event of a plan, at every length: never a byte behind the record. */
static void any_length(void)
{
	static const char *const events[] = { "settime_enter", "settime_exit",
					      "settime_new",   "try_settime_user",
					      "old",           "task_newtask",
					      "task_rename",   "sched_process_exec",
					      "task_creds",    "try_settime_user_time32" };

	decoder = fixture_decoder("5.10");
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		int last = -EBADMSG;

		begin(fixture_event_id("5.10", events[i]), 128);
		for (unsigned size = 0; size <= 128; size++) {
			int status = read_bytes(size);

			CU_ASSERT_TRUE(status == -EBADMSG || status == 1);
			CU_ASSERT_TRUE(status >= last); /* long enough once, so ever after */
			last = status;
		}
		CU_ASSERT_EQUAL(last, 1);
	}
	decoder_free(decoder);
}

int suite_decode(void)
{
	CU_pSuite suite = CU_add_suite("decode", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, entries) || !CU_ADD_TEST(suite, returns) ||
	    !CU_ADD_TEST(suite, values) || !CU_ADD_TEST(suite, tasks) ||
	    !CU_ADD_TEST(suite, renames) || !CU_ADD_TEST(suite, four_fields) ||
	    !CU_ADD_TEST(suite, user_values) || !CU_ADD_TEST(suite, user_values_of_64_bits) ||
	    !CU_ADD_TEST(suite, texts_like_a_fault) ||
	    !CU_ADD_TEST(suite, strings_out_of_the_record) || !CU_ADD_TEST(suite, dynamic_names) ||
	    !CU_ADD_TEST(suite, unknown_types) || !CU_ADD_TEST(suite, any_length))
		return (int)CU_get_error();
	return 0;
}
