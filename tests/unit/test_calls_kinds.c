/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every call that there is, and what each is put together from. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <string.h>

#include "records.h"
#include "seen_calls.h"
#include "suites.h"

static const struct record sigevent = {
	.kind = USE_SIGEVENT,
	.event = EVENT_TIMER_CREATE,
	.cpu = 1,
	.create = { .clock = 7, .sigevent = { FROM_KERNEL, 0xfeedface, 10, 4, 4243 } },
};

static struct record create_entry(void)
{
	struct record record = entry_of(EVENT_TIMER_CREATE, 0);

	record.entry.clock = 7;
	return record;
}

static void create(void)
{
	const struct call *call;

	begin_calls();
	give(create_entry());
	give(sigevent);
	give(made_of(3, 0xffff888000001000));
	give(return_of(EVENT_TIMER_CREATE, 0));
	call = end_calls(1);
	CU_ASSERT_EQUAL(call->event, EVENT_TIMER_CREATE);
	CU_ASSERT_EQUAL(call->missing, 0);
	CU_ASSERT_TRUE(call->has_args && call->has_pointers && call->has_id);
	CU_ASSERT_FALSE(call->arms);
	CU_ASSERT_EQUAL(call->timer_id, 3);
	CU_ASSERT_EQUAL(call->clock, 7);
	CU_ASSERT_EQUAL(call->new_ptr, 0x1000);
	CU_ASSERT_EQUAL(call->old_ptr, 0x2000);
	CU_ASSERT_EQUAL(call->timer, 0xffff888000001000);
	CU_ASSERT_EQUAL(call->sigevent.from, FROM_KERNEL);
	CU_ASSERT_EQUAL(call->sigevent.value, 0xfeedface);
	CU_ASSERT_EQUAL(call->sigevent.signo, 10);
	CU_ASSERT_EQUAL(call->sigevent.notify, 4);
	CU_ASSERT_EQUAL(call->sigevent.tid, 4243);
	CU_ASSERT_EQUAL(call->ret, 0);
	expect_no_spec(&call->new_value);
	expect_no_spec(&call->old_value);
}

/* Each id that is taken already is tried, and seen: the last one is it. */
static void create_tries_ids(void)
{
	const struct call *call;

	begin_calls();
	give(create_entry());
	for (int32_t id = 5; id < 9; id++)
		give(made_of(id, 0xffff888000001000));
	give(return_of(EVENT_TIMER_CREATE, 0));
	call = end_calls(1);
	CU_ASSERT_TRUE(call->has_id);
	CU_ASSERT_EQUAL(call->timer_id, 8);
	CU_ASSERT_EQUAL(call->sigevent.from, FROM_NONE);
}

static void create_fails(void)
{
	const struct call *call;

	begin_calls();
	/* after its id was made: it could not be written, or the sigevent was wrong */
	give(create_entry());
	give(sigevent);
	give(made_of(5, 0xffff888000001000));
	give(return_of(EVENT_TIMER_CREATE, -EFAULT));
	/* and before */
	give(create_entry());
	give(return_of(EVENT_TIMER_CREATE, -EINVAL));
	/* nobody could read its id */
	give(create_entry());
	give(return_of(EVENT_TIMER_CREATE, 0));
	call = end_calls(3);
	CU_ASSERT_FALSE(seen[0].has_id || seen[1].has_id || seen[2].has_id);
	CU_ASSERT_EQUAL(seen[0].ret, -EFAULT);
	CU_ASSERT_EQUAL(seen[0].sigevent.from, FROM_KERNEL);
	CU_ASSERT_EQUAL(seen[1].ret, -EINVAL);
	CU_ASSERT_EQUAL(seen[1].timer, 0);
	CU_ASSERT_EQUAL(seen[1].sigevent.from, FROM_NONE);
	CU_ASSERT_EQUAL(call->ret, 0);
}

/* What is made outside of a call, or in another one, is nobody's. */
static void made_for_others(void)
{
	begin_calls();
	give(made_of(5, 0x1234));
	give(sigevent);
	give(file_of(0x1234));
	give(entry_of(EVENT_TIMER_SETTIME, 1));
	give(made_of(5, 0x1234));
	give(sigevent);
	give(file_of(0x1234));
	give_as(TID + 1, made_of(6, 0x1234));
	give(return_of(EVENT_TIMER_SETTIME, 0));
	give(create_entry());
	give(file_of(0x1234));
	give(return_of(EVENT_TIMER_CREATE, 0));
	end_calls(2);
	CU_ASSERT_EQUAL(seen[0].timer_id, 1);
	CU_ASSERT_EQUAL(seen[0].timer, 0);
	CU_ASSERT_EQUAL(seen[0].sigevent.from, FROM_NONE);
	CU_ASSERT_EQUAL(seen[0].missing, 0);
	CU_ASSERT_EQUAL(seen[1].timer, 0);
	CU_ASSERT_FALSE(seen[1].has_id);
}

/* Nothing opens a call but its entry, a copy and a return. */
static void create_without_entry(void)
{
	const struct call *call;

	begin_calls();
	give(sigevent);
	give(made_of(5, 0x1234));
	give(return_of(EVENT_TIMER_CREATE, 0));
	call = end_calls(1);
	CU_ASSERT_EQUAL(call->missing, CALL_NO_ENTRY);
	CU_ASSERT_FALSE(call->has_id || call->has_args || call->has_pointers);
}

static void fd_create(void)
{
	struct record entry = entry_of(EVENT_TIMERFD_CREATE, 0);

	entry.entry.clock = 1;
	entry.entry.flags = 0x80800;
	begin_calls();
	give(entry);
	give(file_of(0xffff888000002000));
	give(return_of(EVENT_TIMERFD_CREATE, 5));
	give(entry);
	give(return_of(EVENT_TIMERFD_CREATE, -EMFILE));
	give(entry);
	give(return_of(EVENT_TIMERFD_CREATE, 0)); /* standard input was closed */
	give(entry);
	end_calls(4);
	CU_ASSERT_TRUE(seen[0].has_id);
	CU_ASSERT_EQUAL(seen[0].timer_id, 5);
	CU_ASSERT_EQUAL(seen[0].clock, 1);
	CU_ASSERT_EQUAL(seen[0].flags, 0x80800);
	CU_ASSERT_EQUAL(seen[0].timer, 0xffff888000002000);
	CU_ASSERT_EQUAL(seen[0].ret, 5);
	CU_ASSERT_FALSE(seen[1].has_id);
	CU_ASSERT_EQUAL(seen[1].timer, 0);
	CU_ASSERT_EQUAL(seen[1].ret, -EMFILE);
	CU_ASSERT_TRUE(seen[2].has_id);
	CU_ASSERT_EQUAL(seen[2].timer_id, 0);
	CU_ASSERT_FALSE(seen[3].has_id);
	CU_ASSERT_EQUAL(seen[3].missing, CALL_NO_RETURN);
}

/* A call that only its return tells of has its new descriptor nevertheless. */
static void fd_create_without_entry(void)
{
	const struct call *call;

	begin_calls();
	give(return_of(EVENT_TIMERFD_CREATE, 6));
	call = end_calls(1);
	CU_ASSERT_EQUAL(call->missing, CALL_NO_ENTRY);
	CU_ASSERT_FALSE(call->has_args);
	CU_ASSERT_TRUE(call->has_id);
	CU_ASSERT_EQUAL(call->timer_id, 6);
}

static void gettimes(void)
{
	static const enum event events[] = { EVENT_TIMER_GETTIME, EVENT_TIMERFD_GETTIME };

	for (size_t i = 0; i < 2; i++) {
		struct record null = entry_of(events[i], 4);

		null.entry.old_ptr = 0;
		begin_calls();
		give(entry_of(events[i], 4));
		give(old_of(5 * MS, 3 * MS));
		give(old_of(7 * MS, 7 * MS)); /* what else the call may write */
		give(return_of(events[i], 0));
		give(null);
		give(old_of(5 * MS, 3 * MS));
		give(return_of(events[i], -EFAULT));
		end_calls(2);
		CU_ASSERT_EQUAL(seen[0].event, events[i]);
		CU_ASSERT_TRUE(seen[0].has_id);
		CU_ASSERT_EQUAL(seen[0].timer_id, 4);
		CU_ASSERT_EQUAL(seen[0].old_ptr, 0x2000);
		expect_spec(&seen[0].old_value, FROM_KERNEL, 5 * MS, 3 * MS);
		expect_no_spec(&seen[0].new_value);
		expect_no_spec(&seen[1].old_value);
		CU_ASSERT_EQUAL(seen[1].ret, -EFAULT);
	}
}

static void calls_by_id(void)
{
	static const enum event events[] = { EVENT_TIMER_GETOVERRUN, EVENT_TIMER_DELETE };

	for (size_t i = 0; i < 2; i++) {
		begin_calls();
		give(entry_of(events[i], -9));
		give(old_of(5 * MS, 3 * MS)); /* of nobody */
		give(return_of(events[i], 4));
		end_calls(1);
		CU_ASSERT_EQUAL(seen[0].event, events[i]);
		CU_ASSERT_TRUE(seen[0].has_id && seen[0].has_args);
		CU_ASSERT_EQUAL(seen[0].timer_id, -9);
		CU_ASSERT_EQUAL(seen[0].ret, 4);
		expect_no_spec(&seen[0].old_value);
	}
}

/* Other system calls write an itimerspec by the same function, and so do some of ours. */
static void foreign_old_values(void)
{
	static const enum event events[] = { EVENT_TIMER_CREATE, EVENT_TIMERFD_CREATE,
					     EVENT_TIMER_DELETE, EVENT_TIMER_GETOVERRUN,
					     EVENT_SETITIMER,    EVENT_GETITIMER,
					     EVENT_ALARM };

	begin_calls();
	for (size_t i = 0; i < 7; i++) {
		give(entry_of(events[i], 1));
		give(old_of(5 * MS, 3 * MS));
		give(return_of(events[i], 1));
		expect_no_spec(&seen[i].old_value);
	}
	end_calls(7);
}

/* The stack when do_setitimer() or do_getitimer() returns: a value from word `at` on. */
static struct record stack_of(enum event event, size_t at, struct itimerspec_seen value)
{
	struct record record = { .kind = USE_STACK, .event = event, .cpu = 1 };

	memset(record.stack, 0xa5, sizeof(record.stack));
	record.stack[at] = value.interval.sec;
	record.stack[at + 1] = value.interval.nsec;
	record.stack[at + 2] = value.value.sec;
	record.stack[at + 3] = value.value.nsec;
	return record;
}

static struct record itimer_copy(int32_t which, int64_t old_at)
{
	struct record record =
		copy_of(EVENT_SETITIMER, which, 0, spec_of(FROM_KERNEL, 40 * MS, 15 * MS));

	record.copy.old_at = old_at;
	return record;
}

static struct record get_at(int32_t which, int64_t old_at)
{
	struct record record = itimer_copy(which, old_at);

	record.kind = USE_OLD_AT;
	record.event = EVENT_GETITIMER;
	record.copy.value.from = FROM_NONE;
	return record;
}

static void setitimer_call(void)
{
	const struct call *call;

	begin_calls();
	give(entry_of(EVENT_SETITIMER, 2));
	give(itimer_copy(2, 32));
	give(stack_of(EVENT_SETITIMER, 4, spec_of(FROM_KERNEL, 7 * MS, 3 * MS)));
	give(return_of(EVENT_SETITIMER, 0));
	call = end_calls(1);
	CU_ASSERT_EQUAL(call->event, EVENT_SETITIMER);
	CU_ASSERT_EQUAL(call->missing, 0);
	CU_ASSERT_TRUE(call->arms && call->has_id);
	CU_ASSERT_EQUAL(call->timer_id, 2);
	CU_ASSERT_EQUAL(call->flags, 0);
	expect_spec(&call->new_value, FROM_KERNEL, 40 * MS, 15 * MS);
	expect_spec(&call->old_value, FROM_KERNEL, 7 * MS, 3 * MS);
}

static void getitimer_call(void)
{
	const struct call *call;

	begin_calls();
	give(entry_of(EVENT_GETITIMER, 1));
	give(get_at(1, 0));
	give(stack_of(EVENT_GETITIMER, 0, spec_of(FROM_KERNEL, 7 * MS, 3 * MS)));
	give(return_of(EVENT_GETITIMER, 0));
	call = end_calls(1);
	CU_ASSERT_EQUAL(call->timer_id, 1);
	CU_ASSERT_FALSE(call->arms);
	expect_no_spec(&call->new_value);
	expect_spec(&call->old_value, FROM_KERNEL, 7 * MS, 3 * MS);
}

/* An unknown timer: what is on the stack is garbage. Of a value that could not be written the
 * kernel's copy is true. */
static void itimers_that_fail(void)
{
	static const int64_t results[] = { -EINVAL, -EFAULT };

	for (size_t i = 0; i < 2; i++) {
		begin_calls();
		give(entry_of(EVENT_GETITIMER, 5));
		give(get_at(5, 0));
		give(stack_of(EVENT_GETITIMER, 0, spec_of(FROM_KERNEL, 7 * MS, 3 * MS)));
		give(return_of(EVENT_GETITIMER, results[i]));
		give(entry_of(EVENT_SETITIMER, 5));
		give(itimer_copy(5, 32));
		give(stack_of(EVENT_SETITIMER, 4, spec_of(FROM_KERNEL, 7 * MS, 3 * MS)));
		give(return_of(EVENT_SETITIMER, results[i]));
		end_calls(2);
		for (size_t j = 0; j < 2; j++) {
			CU_ASSERT_EQUAL(seen[j].ret, results[i]);
			if (results[i] == -EINVAL)
				expect_no_spec(&seen[j].old_value);
			else
				expect_spec(&seen[j].old_value, FROM_KERNEL, 7 * MS, 3 * MS);
		}
		expect_spec(&seen[1].new_value, FROM_KERNEL, 40 * MS, 15 * MS);
	}
}

/* What lies beside the window, or in it but not where words do, is not there. */
static void stack_windows(void)
{
	static const struct {
		int64_t at;
		size_t word; /* STACK_WORDS: not seen */
	} cases[] = {
		{ 0, 0 },
		{ 8, 1 },
		{ (STACK_WORDS - 4) * 8, STACK_WORDS - 4 },
		{ (STACK_WORDS - 3) * 8, STACK_WORDS },
		{ (STACK_WORDS - 4) * 8 + 4, STACK_WORDS },
		{ 4, STACK_WORDS },
		{ 1, STACK_WORDS },
		{ -1, STACK_WORDS },
		{ -8, STACK_WORDS },
		{ STACK_WORDS * 8, STACK_WORDS },
		{ INT64_MAX - 7, STACK_WORDS },
		{ INT64_MIN, STACK_WORDS },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t word = cases[i].word == STACK_WORDS ? 0 : cases[i].word;

		begin_calls();
		give(entry_of(EVENT_SETITIMER, 0));
		give(itimer_copy(0, cases[i].at));
		give(stack_of(EVENT_SETITIMER, word, spec_of(FROM_KERNEL, 7 * MS, 3 * MS)));
		give(return_of(EVENT_SETITIMER, 0));
		end_calls(1);
		if (cases[i].word == STACK_WORDS)
			expect_no_spec(&seen[0].old_value);
		else
			expect_spec(&seen[0].old_value, FROM_KERNEL, 7 * MS, 3 * MS);
	}
	/* a stack of nobody, and of a call that has not said where */
	begin_calls();
	give(stack_of(EVENT_SETITIMER, 0, spec_of(FROM_KERNEL, 7 * MS, 3 * MS)));
	give(entry_of(EVENT_SETITIMER, 0));
	give(stack_of(EVENT_SETITIMER, 0, spec_of(FROM_KERNEL, 7 * MS, 3 * MS)));
	give(return_of(EVENT_SETITIMER, 0));
	end_calls(1);
	expect_no_spec(&seen[0].old_value);
}

/* alarm(2) is served by do_setitimer(), whose records say setitimer. */
static void alarm_call(void)
{
	struct record entry = entry_of(EVENT_ALARM, 0);
	const struct call *call;

	entry.entry.seconds = 100;
	entry.entry.new_ptr = entry.entry.old_ptr = 0;
	begin_calls();
	give(entry);
	give(itimer_copy(0, 32));
	give(stack_of(EVENT_SETITIMER, 4, spec_of(FROM_KERNEL, 0, 2500 * MS)));
	give(return_of(EVENT_ALARM, 3));
	call = end_calls(1);
	CU_ASSERT_EQUAL(call->event, EVENT_ALARM);
	CU_ASSERT_EQUAL(call->missing, 0);
	CU_ASSERT_TRUE(call->arms && call->has_args);
	CU_ASSERT_EQUAL(call->seconds, 100);
	CU_ASSERT_EQUAL(call->timer_id, 0);
	CU_ASSERT_EQUAL(call->ret, 3);
	expect_spec(&call->new_value, FROM_KERNEL, 40 * MS, 15 * MS);
	expect_spec(&call->old_value, FROM_KERNEL, 0, 2500 * MS);
}

/* Its entry was lost: the records of do_setitimer() are those of the alarm that returns. */
static void alarm_without_entry(void)
{
	const struct call *call;

	begin_calls();
	give(itimer_copy(0, 32));
	give(stack_of(EVENT_SETITIMER, 4, spec_of(FROM_KERNEL, 0, 2500 * MS)));
	give(return_of(EVENT_ALARM, 3));
	call = end_calls(1);
	CU_ASSERT_EQUAL(call->event, EVENT_ALARM);
	CU_ASSERT_EQUAL(call->missing, CALL_NO_ENTRY);
	CU_ASSERT_EQUAL(call->ret, 3);
	expect_spec(&call->new_value, FROM_KERNEL, 40 * MS, 15 * MS);
}

/* The return of a system call is not that of another one. */
static void returns_of_others(void)
{
	begin_calls();
	give(entry_of(EVENT_TIMER_SETTIME, 1));
	give(return_of(EVENT_TIMER_GETTIME, 0));
	give(entry_of(EVENT_ALARM, 0));
	give(return_of(EVENT_SETITIMER, 0));
	give(entry_of(EVENT_SETITIMER, 0));
	give(copy_of(EVENT_TIMER_SETTIME, 0, 0, spec_of(FROM_KERNEL, 0, MS)));
	give(return_of(EVENT_TIMER_SETTIME, 0));
	end_calls(6);
	for (size_t i = 0; i < 6; i += 2) {
		CU_ASSERT_EQUAL(seen[i].missing, CALL_NO_RETURN);
		CU_ASSERT_EQUAL(seen[i + 1].missing, CALL_NO_ENTRY);
		CU_ASSERT_NOT_EQUAL(seen[i].event, seen[i + 1].event);
	}
	expect_no_spec(&seen[4].new_value);
	expect_spec(&seen[5].new_value, FROM_KERNEL, 0, MS);
}

/* timerfd_settime reads an itimerspec through the same function. */
static void user_values_of_timerfds(void)
{
	begin_calls();
	give(entry_of(EVENT_TIMERFD_SETTIME, 1));
	give(user_of(USE_USER, EVENT_TIMER_SETTIME, spec_of(FROM_USER, 0, MS)));
	give(return_of(EVENT_TIMERFD_SETTIME, -EINVAL));
	end_calls(1);
	expect_no_spec(&seen[0].new_value);
}

int suite_calls_kinds(void)
{
	CU_pSuite suite = CU_add_suite("calls_kinds", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, create) || !CU_ADD_TEST(suite, create_tries_ids) ||
	    !CU_ADD_TEST(suite, create_fails) || !CU_ADD_TEST(suite, made_for_others) ||
	    !CU_ADD_TEST(suite, create_without_entry) || !CU_ADD_TEST(suite, fd_create) ||
	    !CU_ADD_TEST(suite, fd_create_without_entry) || !CU_ADD_TEST(suite, gettimes) ||
	    !CU_ADD_TEST(suite, calls_by_id) || !CU_ADD_TEST(suite, foreign_old_values) ||
	    !CU_ADD_TEST(suite, setitimer_call) || !CU_ADD_TEST(suite, getitimer_call) ||
	    !CU_ADD_TEST(suite, itimers_that_fail) || !CU_ADD_TEST(suite, stack_windows) ||
	    !CU_ADD_TEST(suite, alarm_call) || !CU_ADD_TEST(suite, alarm_without_entry) ||
	    !CU_ADD_TEST(suite, returns_of_others) || !CU_ADD_TEST(suite, user_values_of_timerfds))
		return (int)CU_get_error();
	return 0;
}
