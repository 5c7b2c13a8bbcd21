/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of calls, and of every use at any length, by the formats of real kernels. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "decodes.h"
#include "fixtures.h"
#include "suites.h"

static void read_entries(void)
{
	begin_raw("create_enter");
	raw_put(&raw, "clock", (uint32_t)-6);
	raw_put(&raw, "new", 0x7ffc00001000);
	raw_put(&raw, "old", 0x7ffc00002000);
	expect_read(USE_ENTRY);
	CU_ASSERT_EQUAL(record.event, EVENT_TIMER_CREATE);
	CU_ASSERT_EQUAL(record.entry.abi, ABI_64);
	CU_ASSERT_EQUAL(record.entry.clock, -6);
	CU_ASSERT_EQUAL(record.entry.new_ptr, 0x7ffc00001000);
	CU_ASSERT_EQUAL(record.entry.old_ptr, 0x7ffc00002000);
	/* what the call does not have */
	CU_ASSERT_EQUAL(record.entry.id, 0);
	CU_ASSERT_EQUAL(record.entry.flags, 0);
	CU_ASSERT_EQUAL(record.entry.seconds, 0);
	end_raw();

	begin_raw("fd_create_enter_ia32");
	raw_put(&raw, "clock", 9);
	raw_put(&raw, "flags", 0x80800);
	expect_read(USE_ENTRY);
	CU_ASSERT_EQUAL(record.event, EVENT_TIMERFD_CREATE);
	CU_ASSERT_EQUAL(record.entry.abi, ABI_32);
	CU_ASSERT_EQUAL(record.entry.clock, 9);
	CU_ASSERT_EQUAL(record.entry.flags, 0x80800);
	CU_ASSERT_EQUAL(record.entry.new_ptr, 0);
	end_raw();

	begin_raw("setitimer_enter_ia32_time32");
	raw_put(&raw, "id", 2);
	raw_put(&raw, "new", 0xfffff000);
	raw_put(&raw, "old", 0);
	expect_read(USE_ENTRY);
	CU_ASSERT_EQUAL(record.event, EVENT_SETITIMER);
	CU_ASSERT_EQUAL(record.entry.abi, ABI_32_TIME32);
	CU_ASSERT_EQUAL(record.entry.id, 2);
	CU_ASSERT_EQUAL(record.entry.new_ptr, 0xfffff000);
	CU_ASSERT_EQUAL(record.entry.old_ptr, 0);
	end_raw();

	begin_raw("alarm_enter");
	raw_put(&raw, "seconds", UINT32_MAX);
	expect_read(USE_ENTRY);
	CU_ASSERT_EQUAL(record.event, EVENT_ALARM);
	CU_ASSERT_EQUAL(record.entry.seconds, UINT32_MAX);
	CU_ASSERT_EQUAL(record.entry.id, 0);
	end_raw();
}

static void entries(void)
{
	each_kernel(read_entries);
}

/* Every call's entry and return, by all ways in, is known as what it is. */
static void read_all_calls(void)
{
	struct probe_plan plan;

	fixture_plan(series, &fixture_everything, &plan);
	for (size_t i = 0; i < plan.probe_count; i++) {
		const struct meaning *means = &plan.probes[i].means;

		if (means->use != USE_ENTRY && means->use != USE_RETURN)
			continue;
		begin_raw(plan.probes[i].event);
		if (means->use == USE_RETURN)
			raw_put(&raw, "ret", (uint64_t)-14);
		expect_read(means->use);
		CU_ASSERT_EQUAL(record.event, means->event);
		if (means->use == USE_RETURN) {
			CU_ASSERT_EQUAL(record.ret.abi, means->abi);
			CU_ASSERT_EQUAL(record.ret.ret, -14);
		} else {
			CU_ASSERT_EQUAL(record.entry.abi, means->abi);
		}
		end_raw();
	}
}

static void all_calls(void)
{
	each_kernel(read_all_calls);
}

static void put_spec(const char *field)
{
	for (unsigned i = 0; i < 4; i++)
		raw_put_word(&raw, field, i, (int64_t)i - 2);
}

static void expect_spec(const struct itimerspec_seen *seen)
{
	CU_ASSERT_EQUAL(seen->from, FROM_KERNEL);
	CU_ASSERT_EQUAL(seen->interval.sec, -2);
	CU_ASSERT_EQUAL(seen->interval.nsec, -1);
	CU_ASSERT_EQUAL(seen->value.sec, 0);
	CU_ASSERT_EQUAL(seen->value.nsec, 1);
}

static void read_copies(void)
{
	begin_raw("fd_settime_new");
	raw_put(&raw, "id", 5);
	raw_put(&raw, "flags", 3);
	put_spec("new");
	expect_read(USE_COPY);
	CU_ASSERT_EQUAL(record.event, EVENT_TIMERFD_SETTIME);
	CU_ASSERT_TRUE(record.copy.has_id && record.copy.has_flags);
	CU_ASSERT_EQUAL(record.copy.id, 5);
	CU_ASSERT_EQUAL(record.copy.flags, 3);
	CU_ASSERT_EQUAL(record.copy.old_at, -1);
	expect_spec(&record.copy.value);
	end_raw();

	/* the old value will be 40 bytes above the stack pointer, when the return
	 * address is gone from it */
	begin_raw("setitimer_new");
	raw_put(&raw, "id", 1);
	raw_put(&raw, "sp", 0xffffc90000001000);
	raw_put(&raw, "at", 0xffffc90000001030);
	put_spec("new");
	expect_read(USE_COPY);
	CU_ASSERT_EQUAL(record.event, EVENT_SETITIMER);
	CU_ASSERT_TRUE(record.copy.has_id);
	CU_ASSERT_FALSE(record.copy.has_flags);
	CU_ASSERT_EQUAL(record.copy.id, 1);
	CU_ASSERT_EQUAL(record.copy.old_at, 40);
	expect_spec(&record.copy.value);
	raw_put(&raw, "at", 0); /* NULL: it is not wanted */
	expect_read(USE_COPY);
	CU_ASSERT_EQUAL(record.copy.old_at, -1);
	raw_put(&raw, "at", 0xffffc90000000000); /* below: nowhere */
	expect_read(USE_COPY);
	CU_ASSERT_TRUE(record.copy.old_at < 0);
	end_raw();

	begin_raw("getitimer_at");
	raw_put(&raw, "id", 2);
	raw_put(&raw, "sp", 0xffffc90000001000);
	raw_put(&raw, "at", 0xffffc90000001008);
	expect_read(USE_OLD_AT);
	CU_ASSERT_EQUAL(record.event, EVENT_GETITIMER);
	CU_ASSERT_EQUAL(record.copy.id, 2);
	CU_ASSERT_EQUAL(record.copy.old_at, 0);
	end_raw();
}

static void copies(void)
{
	each_kernel(read_copies);
}

static void read_stacks(void)
{
	static const char *const events[] = { "setitimer_old", "getitimer_value" };

	for (int i = 0; i < 2; i++) {
		begin_raw(events[i]);
		for (unsigned word = 0; word < STACK_WORDS; word++)
			raw_put_word(&raw, "stack", word, (int64_t)word - 7);
		expect_read(USE_STACK);
		for (int word = 0; word < STACK_WORDS; word++)
			CU_ASSERT_EQUAL(record.stack[word], word - 7);
		end_raw();
	}
	if (!has("waited"))
		return;
	begin_raw("waited");
	raw_put(&raw, "ret", SIGUSR1);
	for (unsigned word = 0; word < STACK_WORDS; word++)
		raw_put_word(&raw, "stack", word, (int64_t)word - 7);
	expect_read(USE_WAITED);
	CU_ASSERT_EQUAL(record.waited.signo, SIGUSR1);
	for (int word = 0; word < STACK_WORDS; word++)
		CU_ASSERT_EQUAL(record.waited.stack[word], word - 7);
	end_raw();
	begin_raw("wait");
	raw_put(&raw, "sp", 0xffffc90000001000);
	raw_put(&raw, "at", 0xffffc90000001018);
	expect_read(USE_WAIT);
	CU_ASSERT_EQUAL(record.copy.old_at, 16);
	end_raw();
}

static void stacks(void)
{
	each_kernel(read_stacks);
}

static void read_creations(void)
{
	begin_raw("try_create_sigevent");
	raw_put(&raw, "clock", (uint32_t)-2);
	raw_put(&raw, "event", 0xffffc90000001000);
	raw_put(&raw, "value", UINT64_MAX - 1);
	raw_put(&raw, "signo", 10);
	raw_put(&raw, "notify", 4);
	raw_put(&raw, "thread", 4243);
	expect_read(USE_SIGEVENT);
	CU_ASSERT_EQUAL(record.create.clock, -2);
	CU_ASSERT_EQUAL(record.create.sigevent.from, FROM_KERNEL);
	CU_ASSERT_EQUAL(record.create.sigevent.value, UINT64_MAX - 1);
	CU_ASSERT_EQUAL(record.create.sigevent.signo, 10);
	CU_ASSERT_EQUAL(record.create.sigevent.notify, 4);
	CU_ASSERT_EQUAL(record.create.sigevent.tid, 4243);
	raw_put(&raw, "event", 0); /* NULL: what was read through it is garbage */
	expect_read(USE_SIGEVENT);
	CU_ASSERT_EQUAL(record.create.clock, -2);
	CU_ASSERT_EQUAL(record.create.sigevent.from, FROM_NONE);
	CU_ASSERT_EQUAL(record.create.sigevent.signo, 0);
	end_raw();

	begin_raw(has("create_id") ? "create_id" : "create_id_cpu");
	raw_put(&raw, "timer", 0xffff888000001000);
	raw_put(&raw, "id", INT32_MAX);
	expect_read(USE_MADE);
	CU_ASSERT_EQUAL(record.event, EVENT_TIMER_CREATE);
	CU_ASSERT_EQUAL(record.object.timer, 0xffff888000001000);
	CU_ASSERT_EQUAL(record.object.id, INT32_MAX);
	end_raw();

	begin_raw("anon_inode_getfile");
	raw_put(&raw, "timer", 0xffff888000002000);
	expect_read(USE_FILE);
	CU_ASSERT_EQUAL(record.event, EVENT_TIMERFD_CREATE);
	CU_ASSERT_EQUAL(record.object.timer, 0xffff888000002000);
	end_raw();

	begin_raw("release");
	raw_put(&raw, "timer", 0xffff888000002000);
	expect_read(USE_RELEASE);
	CU_ASSERT_EQUAL(record.object.timer, 0xffff888000002000);
	end_raw();
}

static void creations(void)
{
	each_kernel(read_creations);
}

/* Every event of every plan, at every length: never a byte behind the record, nor is one that
 * is too short for its fields taken. */
static void read_any_length(void)
{
	struct probe_plan plan;

	fixture_plan(series, &fixture_everything, &plan);
	for (size_t i = 0; i < plan.probe_count + plan.event_count; i++) {
		int last = -EBADMSG;

		begin_raw(i < plan.probe_count ? plan.probes[i].event
					       : plan.events[i - plan.probe_count].event);
		for (unsigned size = 0; size <= raw.size + 16; size++) {
			int status = read_size(size);

			CU_ASSERT_TRUE(status == -EBADMSG || status == 1);
			CU_ASSERT_TRUE(status >= last); /* long enough once, so ever after */
			last = status;
		}
		CU_ASSERT_EQUAL(read_size(7), -EBADMSG);
		CU_ASSERT_EQUAL(last, 1);
		end_raw();
	}
}

static void any_length(void)
{
	each_kernel(read_any_length);
}

int suite_decode_kinds(void)
{
	CU_pSuite suite = CU_add_suite("decode_kinds", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, entries) || !CU_ADD_TEST(suite, all_calls) ||
	    !CU_ADD_TEST(suite, copies) || !CU_ADD_TEST(suite, stacks) ||
	    !CU_ADD_TEST(suite, creations) || !CU_ADD_TEST(suite, any_length))
		return (int)CU_get_error();
	return 0;
}
