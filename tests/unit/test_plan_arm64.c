/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is different on arm64: entries that both kinds of callers come through, and where
 * the stack pointer is. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "format_texts.h"
#include "plans.h"
#include "records.h"
#include "seen_calls.h"
#include "suites.h"

static void describe_arm64(void)
{
	describe();
	snprintf(kernel.machine, sizeof(kernel.machine), "aarch64");
	list_symbols();
}

static void entries(void)
{
	describe_arm64();
	make_whole();
	NO_NOTES();
	expect_probe("settime_call_any", "__arm64_sys_timer_settime", USE_WHOLE,
		     EVENT_TIMER_SETTIME,
		     "ret=$retval:s64 id=+0($arg1):s32 flags=+8($arg1):x32 new=+16($arg1):x64 "
		     "old=+24($arg1):x64 pstate=+264($arg1):x64");
	CU_ASSERT_EQUAL(find_event("settime_call_any")->means.abi, ABI_UNKNOWN);
	CU_ASSERT_STRING_EQUAL(find_event("settime_call_any")->why,
			       "timer_settime: result, arguments and end, 64-bit and 32-bit "
			       "callers");
	expect_probe("settime_call_compat_time32", "__arm64_sys_timer_settime32", USE_WHOLE,
		     EVENT_TIMER_SETTIME,
		     "ret=$retval:s64 id=+0($arg1):s32 flags=+8($arg1):x32 new=+16($arg1):x32 "
		     "old=+24($arg1):x32");
	CU_ASSERT_EQUAL(find_event("settime_call_compat_time32")->means.abi, ABI_32_TIME32);
	/* each entry once */
	expect_none("settime_call");
	expect_none("settime_call_compat");
	for (enum call_abi abi = 0; abi < ABI_COUNT; abi++)
		CU_ASSERT_TRUE(plan.abi_seen[abi]);
}

static void all_calls(void)
{
	describe_arm64();
	wishes = (struct plan_wishes){ .events = EVENTS_ALL, .lives = true };
	make_whole();
	NO_NOTES();
	expect_probe("create_enter_compat", "__arm64_compat_sys_timer_create", USE_ENTRY,
		     EVENT_TIMER_CREATE,
		     "clock=+0($arg1):s32 new=+8($arg1):x32 old=+16($arg1):x32");
	expect_probe("delete_enter_any", "__arm64_sys_timer_delete", USE_ENTRY, EVENT_TIMER_DELETE,
		     "id=+0($arg1):s32 pstate=+264($arg1):x64");
	expect_probe("delete_exit_any", "__arm64_sys_timer_delete", USE_RETURN, EVENT_TIMER_DELETE,
		     "ret=$retval:s64");
	/* who is 64-bit for sure needs not tell */
	expect_probe("setitimer_enter", "__arm64_sys_setitimer", USE_ENTRY, EVENT_SETITIMER,
		     "id=+0($arg1):s32 new=+8($arg1):x64 old=+16($arg1):x64");
	expect_probe("getitimer_at", "do_getitimer", USE_OLD_AT, EVENT_GETITIMER,
		     "id=$arg1:s32 at=$arg2:x64 frame=$stack:x64");
	expect_probe("wait", "do_sigtimedwait", USE_WAIT, 0, "at=$arg2:x64 frame=$stack:x64");
	/* there is no such call */
	expect_none("alarm_enter");
}

static void no_compat(void)
{
	describe_arm64();
	set_symbol("__arm64_sys_timer_settime32", 0);
	make_whole();
	NOTES("no timer_settime by 32-bit callers, 32-bit times: __arm64_sys_timer_settime32 is "
	      "not in this kernel");
	CU_ASSERT_EQUAL(refuse("__arm64_sys_timer_settime", "no"), -ENOTSUP);
}

static void memory(void)
{
	describe_arm64();
	wishes.toctou = true;
	make_whole();
	NO_NOTES();
	CU_ASSERT_EQUAL(find_event("try_settime_before_any")->means.abi, ABI_UNKNOWN);
	CU_ASSERT_PTR_NOT_NULL(find_event("try_settime_after_any"));
	CU_ASSERT_PTR_NOT_NULL(find_event("try_settime_old_after_compat_time32"));
	CU_ASSERT_PTR_NOT_NULL(find_event("try_settime_exit_any"));
}

static void counted(void)
{
	describe_arm64();
	wishes.aggregate = true;
	make_whole();
	CU_ASSERT_STRING_EQUAL(find_event("tally_exit_any")->symbol, "__arm64_sys_timer_settime");
	CU_ASSERT_STRING_EQUAL(find_event("tally_exit_compat_time32")->symbol,
			       "__arm64_sys_timer_settime32");
	expect_none("tally_exit");
}

/* Whatever a plan calls it, a recording tells what it means. */
static void meanings(void)
{
	struct meaning means;

	describe_arm64();
	wishes = (struct plan_wishes){ .events = EVENTS_ALL, .lives = true, .toctou = true };
	make_whole();
	for (size_t i = 0; i < plan.probe_count; i++) {
		CU_ASSERT_TRUE_FATAL(
			probe_plan_meaning("timersnoop", plan.probes[i].event, &means));
		CU_ASSERT_EQUAL(means.use, plan.probes[i].means.use);
		CU_ASSERT_EQUAL(means.event, plan.probes[i].means.event);
		CU_ASSERT_EQUAL(means.abi, plan.probes[i].means.abi);
	}
}

static struct decoder *decoder;

static void add(const char *name, const char *format)
{
	struct meaning means;
	struct error error;

	CU_ASSERT_TRUE_FATAL(probe_plan_meaning("timersnoop", name, &means));
	CU_ASSERT_EQUAL_FATAL(decoder_add(decoder, &means, "timersnoop", format, &error), 0);
}

static struct record read_words(uint8_t type, uint64_t first, uint64_t second)
{
	uint8_t bytes[32] = { type, 0 };
	const struct raw_event event = { .ts = 9, .size = sizeof(bytes), .data = bytes };
	struct record read;

	memcpy(bytes + 16, &first, sizeof(first));
	memcpy(bytes + 24, &second, sizeof(second));
	CU_ASSERT_EQUAL_FATAL(decoder_read(decoder, &event, &read), 1);
	return read;
}

static void decoded(void)
{
	struct record read;

	decoder = decoder_new(8);
	CU_ASSERT_PTR_NOT_NULL_FATAL(decoder);
	add("delete_enter_any",
	    FORMAT("delete_enter_any", 11,
		   FIELD("unsigned long", "__probe_ip", 8, 8, 0) FIELD("s32", "id", 16, 4, 1)
			   FIELD("u64", "pstate", 24, 8, 0)));
	add("delete_exit_any",
	    FORMAT("delete_exit_any", 12,
		   FIELD("unsigned long", "__probe_func", 8, 8, 0) FIELD("s64", "ret", 16, 8, 1)));
	add("wait", FORMAT("wait", 13,
			   FIELD("unsigned long", "__probe_ip", 8, 8, 0)
				   FIELD("u64", "at", 16, 8, 0) FIELD("u64", "frame", 24, 8, 0)));
	/* N, Z, C and V are of no account */
	CU_ASSERT_EQUAL(read_words(11, 3, 0x60001000).entry.abi, ABI_64);
	read = read_words(11, 3, 0x60000010);
	CU_ASSERT_EQUAL(read.entry.abi, ABI_32);
	CU_ASSERT_EQUAL(read.entry.id, 3);
	CU_ASSERT_EQUAL(read_words(12, (uint64_t)-22, 0).ret.abi, ABI_UNKNOWN);
	/* there is no return address on the stack */
	CU_ASSERT_EQUAL(read_words(13, 0xffff800080003c20, 0xffff800080003c00).copy.old_at, 0x20);
	CU_ASSERT_EQUAL(read_words(13, 0, 0xffff800080003c00).copy.old_at, -1);
	decoder_free(decoder);
}

/* Of an entry that is shared, only the entry itself tells whose call it is. */
static void returns(void)
{
	struct record entry = entry_of(EVENT_TIMER_DELETE, 3),
		      ret = return_of(EVENT_TIMER_DELETE, 0);
	const struct call *call;

	entry.entry.abi = ABI_32;
	ret.ret.abi = ABI_UNKNOWN;
	begin_calls();
	give(entry);
	give(ret);
	call = end_calls(1);
	CU_ASSERT_EQUAL(call->abi, ABI_32);
	CU_ASSERT_EQUAL(call->missing, 0);

	/* its entry was lost */
	begin_calls();
	give(ret);
	call = end_calls(1);
	CU_ASSERT_EQUAL(call->abi, ABI_UNKNOWN);
	CU_ASSERT_EQUAL(call->missing, CALL_NO_ENTRY);
}

int suite_plan_arm64(void)
{
	CU_pSuite suite = CU_add_suite("plan_arm64", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, entries) || !CU_ADD_TEST(suite, all_calls) ||
	    !CU_ADD_TEST(suite, no_compat) || !CU_ADD_TEST(suite, memory) ||
	    !CU_ADD_TEST(suite, counted) || !CU_ADD_TEST(suite, meanings) ||
	    !CU_ADD_TEST(suite, decoded) || !CU_ADD_TEST(suite, returns))
		return (int)CU_get_error();
	return 0;
}
