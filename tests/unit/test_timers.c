/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expiries, and who armed them. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "seen_timers.h"
#include "suites.h"

static void names_of_results(void)
{
	static const char *const names[] = { "delivered", "ignored", "pending",
					     "lost",      "handler", "default",
					     "dropped",   "sigwait", "signalfd" };

	for (int i = 0; i < SIGNAL_RESULTS; i++)
		CU_ASSERT_STRING_EQUAL(signal_result_name((enum signal_result)i), names[i]);
	timers_free(NULL);
}

/* All that is known of one. */
static void whole_expiry(void)
{
	struct record record = expiry_of(PID, 3, ADDRESS, 0, 7 * MS);
	const struct occurrence *one;

	begin_timers();
	call_create(3, CLOCK_REALTIME);
	call_settime(3, 0, 7 * MS, 5 * MS);
	record.timer.clock = CLOCK_REALTIME;
	record.timer.ahead_ns = 1000;
	record.timer.asked_ns = now + 5 * MS + 1000;
	record.timer.asked_clock = CLOCK_MONOTONIC;
	now += 6 * MS;
	take(record);
	one = expect_one(EVENT_TIMER_EXPIRE);
	CU_ASSERT_EQUAL(one->ts, (uint64_t)now - US);
	CU_ASSERT_EQUAL(one->pid, PID);
	CU_ASSERT_EQUAL(one->tid, PID);
	CU_ASSERT_EQUAL(one->id, 3);
	CU_ASSERT_TRUE(one->has_id && one->traced && one->has_clock && one->has_asked &&
		       one->has_interval);
	CU_ASSERT_EQUAL(one->clock, CLOCK_REALTIME);
	CU_ASSERT_EQUAL(one->asked_ns, record.timer.asked_ns);
	CU_ASSERT_EQUAL(one->asked_clock, CLOCK_MONOTONIC);
	CU_ASSERT_EQUAL(one->late_ns, MS);
	CU_ASSERT_EQUAL(one->interval_ns, 7 * MS);
	CU_ASSERT_EQUAL(one->armed_by, ARMED_BY_USER);
	end_timers(0, 0);
}

/* Whatever thread gets its signal, the timer is its process's. */
static void thread_of_an_expiry(void)
{
	const struct occurrence *one;

	begin_timers();
	take(expiry_of(THREAD, 3, ADDRESS, BEGINNING, 0));
	one = expect_one(EVENT_TIMER_EXPIRE);
	CU_ASSERT_EQUAL(one->pid, PID);
	CU_ASSERT_EQUAL(one->tid, PID);
	CU_ASSERT_FALSE(one->traced);
	CU_ASSERT_EQUAL(one->armed_by, ARMED_UNKNOWN);
	/* a process that nobody told of */
	take(expiry_of(77, 3, ADDRESS + 64, BEGINNING, 0));
	one = expect_one(EVENT_TIMER_EXPIRE);
	CU_ASSERT_EQUAL(one->pid, 77);
	CU_ASSERT_EQUAL(one->tid, 77);
	CU_ASSERT_EQUAL(one->id, 3);
	end_timers(0, 0);
}

/* The first by the user, those behind it by the interval. */
static void periodic_expiries(void)
{
	int64_t asked;

	begin_timers();
	call_settime(1, 0, 4 * MS, 5 * MS);
	asked = now + 5 * MS;
	for (int i = 0; i < 4; i++) {
		now = asked + US;
		take(expiry_of(PID, 1, ADDRESS, asked, 4 * MS));
		expect_expiry(PID, 1, i ? ARMED_BY_KERNEL : ARMED_BY_USER);
		asked += 4 * MS;
	}
	/* armed again, it is the user's again; disarmed, and armed without a call */
	call_settime(1, 0, 0, 5 * MS);
	take(expiry_of(PID, 1, ADDRESS, now + 5 * MS, 0));
	expect_expiry(PID, 1, ARMED_BY_USER);
	take(expiry_of(PID, 1, ADDRESS, now + 9 * MS, 0));
	expect_expiry(PID, 1, ARMED_UNKNOWN);
	call_settime(1, 0, 0, 0);
	take(expiry_of(PID, 1, ADDRESS, now + 9 * MS, 0));
	expect_expiry(PID, 1, ARMED_UNKNOWN);
	end_timers(0, 0);
}

/* Its call was not seen: the next period after the last is the kernel's. */
static void periods_of_older_timers(void)
{
	const int64_t at = BEGINNING + 50 * MS;

	begin_timers();
	take(expiry_of(PID, 1, ADDRESS, at, 4 * MS));
	expect_expiry(PID, 1, ARMED_UNKNOWN);
	take(expiry_of(PID, 1, ADDRESS, at + 4 * MS, 4 * MS));
	expect_expiry(PID, 1, ARMED_BY_KERNEL);
	take(expiry_of(PID, 1, ADDRESS, at + 16 * MS, 4 * MS)); /* overruns */
	expect_expiry(PID, 1, ARMED_BY_KERNEL);
	take(expiry_of(PID, 1, ADDRESS, at + 16 * MS, 4 * MS));
	expect_expiry(PID, 1, ARMED_UNKNOWN); /* the same instant */
	take(expiry_of(PID, 1, ADDRESS, at + 21 * MS, 4 * MS));
	expect_expiry(PID, 1, ARMED_UNKNOWN); /* no multiple */
	take(expiry_of(PID, 1, ADDRESS, at + 17 * MS, 4 * MS));
	expect_expiry(PID, 1, ARMED_UNKNOWN); /* backwards */
	take(expiry_of(PID, 1, ADDRESS, at + 30 * MS, 0));
	expect_expiry(PID, 1, ARMED_UNKNOWN); /* one-shot */
	end_timers(0, 0);
}

static void take_open(int32_t id, uint32_t flags, int64_t interval_ns, int64_t value_ns)
{
	struct record entry = entry_of(EVENT_TIMER_SETTIME, id);

	entry.entry.flags = flags;
	take_as(PID, entry);
	take_as(PID, copy_of(EVENT_TIMER_SETTIME, id, flags,
			     spec_of(FROM_KERNEL, interval_ns, value_ns)));
}

/* The timer expires before its call returns, by what the call asked for. */
static void before_the_call_returns(void)
{
	for (int absolute = 0; absolute < 2; absolute++) {
		const struct occurrence *one;
		int64_t asked;

		begin_timers();
		take_open(1, (uint32_t)absolute, 9 * MS, absolute ? BEGINNING + MS : 100);
		asked = absolute ? BEGINNING + MS : now + 100;
		take(expiry_of(PID, 1, ADDRESS, asked, 9 * MS));
		one = expect_told(1);
		CU_ASSERT_EQUAL(one->armed_by, ARMED_BY_USER);
		CU_ASSERT_TRUE(one->traced);
		take_as(PID, return_of(EVENT_TIMER_SETTIME, 0));
		/* and is not armed anew by the return */
		take(expiry_of(PID, 1, ADDRESS, asked + 9 * MS, 9 * MS));
		expect_expiry(PID, 1, ARMED_BY_KERNEL);
		end_timers(0, 0);
	}
}

/* What was armed before may still expire while the next call is under way. */
static void of_the_arm_before(void)
{
	for (int absolute = 0; absolute < 2; absolute++) {
		int64_t asked;

		begin_timers();
		call_settime(1, 0, 3 * MS, 5 * MS);
		asked = now + 5 * MS;
		now = asked + US;
		take(expiry_of(PID, 1, ADDRESS, asked, 3 * MS));
		expect_expiry(PID, 1, ARMED_BY_USER);
		now = asked + 3 * MS;
		take_open(1, (uint32_t)absolute, 0, absolute ? asked + 4 * MS : MS);
		take(expiry_of(PID, 1, ADDRESS, asked + 3 * MS, 3 * MS));
		expect_expiry(PID, 1, ARMED_BY_KERNEL);
		take_as(PID, return_of(EVENT_TIMER_SETTIME, 0));
		take(expiry_of(PID, 1, ADDRESS, asked + 4 * MS + 10 * US, 0));
		expect_expiry(PID, 1, ARMED_BY_USER);
		end_timers(0, 0);
	}
}

/* ITIMER_VIRTUAL and _PROF do not tell when they were to expire. */
static void without_an_instant(void)
{
	begin_timers();
	take_as(PID, entry_of(EVENT_SETITIMER, ITIMER_PROF));
	take_as(PID, copy_of(EVENT_SETITIMER, ITIMER_PROF, 0, spec_of(FROM_KERNEL, 0, MS)));
	take_as(PID, itimer_of(ITIMER_PROF, PID)); /* before it returns */
	expect_expiry(PID, ITIMER_PROF, ARMED_BY_USER);
	take_as(PID, return_of(EVENT_SETITIMER, 0));
	call_arm(EVENT_SETITIMER, ITIMER_PROF, 0, 2 * MS, 2 * MS);
	take_as(PID, itimer_of(ITIMER_PROF, PID));
	expect_expiry(PID, ITIMER_PROF, ARMED_BY_USER);
	take_as(PID, itimer_of(ITIMER_PROF, PID));
	expect_expiry(PID, ITIMER_PROF, ARMED_BY_KERNEL);
	/* of a periodic one nobody can say: the one before is likelier */
	take_as(PID, entry_of(EVENT_SETITIMER, ITIMER_PROF));
	take_as(PID, copy_of(EVENT_SETITIMER, ITIMER_PROF, 0, spec_of(FROM_KERNEL, 0, MS)));
	take_as(PID, itimer_of(ITIMER_PROF, PID));
	expect_expiry(PID, ITIMER_PROF, ARMED_BY_KERNEL);
	take_as(PID, return_of(EVENT_SETITIMER, 0));
	take_as(PID, itimer_of(ITIMER_PROF, PID));
	expect_expiry(PID, ITIMER_PROF, ARMED_BY_USER);
	/* disarming makes nothing expire */
	take_as(PID, entry_of(EVENT_SETITIMER, ITIMER_PROF));
	take_as(PID, copy_of(EVENT_SETITIMER, ITIMER_PROF, 0, spec_of(FROM_KERNEL, 0, 0)));
	take_as(PID, itimer_of(ITIMER_PROF, PID));
	expect_expiry(PID, ITIMER_PROF, ARMED_UNKNOWN);
	take_as(PID, return_of(EVENT_SETITIMER, 0));
	end_timers(0, 0);
}

static void expect_late_arm(int64_t ret, enum armed_by by)
{
	begin_timers();
	call_settime(1, 0, 3 * MS, 5 * MS);
	take(expiry_of(PID, 1, ADDRESS, now + 5 * MS, 3 * MS));
	happened_count = 0;
	take_open(1, 0, 0, 7 * MS);
	take_as(PID, return_of(EVENT_TIMER_SETTIME, ret));
	take(expiry_of(PID, 1, ADDRESS, now + 9 * MS, 3 * MS));
	expect_expiry(PID, 1, by);
	end_timers(0, 0);
}

/* A refused call arms nothing; one that could not write the old value does. */
static void refused_calls(void)
{
	struct record user = user_of(USE_USER, EVENT_TIMER_SETTIME, spec_of(FROM_USER, 0, 9 * MS));

	expect_late_arm(-EINVAL, ARMED_BY_KERNEL);
	expect_late_arm(-EFAULT, ARMED_BY_USER);
	expect_late_arm(0, ARMED_BY_USER);
	/* what only the caller's memory tells of was refused with EFAULT, too */
	begin_timers();
	take_as(PID, entry_of(EVENT_TIMER_SETTIME, 1));
	take_as(PID, user);
	take_as(PID, return_of(EVENT_TIMER_SETTIME, -EFAULT));
	take(expiry_of(PID, 1, ADDRESS, now, 0));
	CU_ASSERT_FALSE(happened[0].traced);
	expect_expiry(PID, 1, ARMED_UNKNOWN);
	/* where there is no kernel's copy, the caller's value arms */
	take_as(PID, entry_of(EVENT_TIMER_SETTIME, 1));
	take_as(PID, user);
	take_as(PID, return_of(EVENT_TIMER_SETTIME, 0));
	take(expiry_of(PID, 1, ADDRESS, now + 9 * MS, 0));
	CU_ASSERT_TRUE(happened[0].traced);
	expect_expiry(PID, 1, ARMED_BY_USER);
	end_timers(0, 0);
}

/* do_timer_settime() cannot be probed: the functions of clocks are, which are not given an id. */
static void copies_without_an_id(void)
{
	struct record copy =
		copy_of(EVENT_TIMER_SETTIME, 0, 1, spec_of(FROM_KERNEL, 0, BEGINNING + 9 * MS));
	struct record entry = entry_of(EVENT_TIMER_SETTIME, 5);

	copy.copy.has_id = false;
	entry.entry.flags = 1;
	begin_timers();
	take_as(PID, entry);
	take_as(PID, copy);
	take(expiry_of(PID, 0, ADDRESS, BEGINNING + 9 * MS, 0));
	expect_expiry(PID, 0, ARMED_UNKNOWN); /* of another timer */
	take(expiry_of(PID, 5, ADDRESS + 64, BEGINNING + 9 * MS, 0));
	expect_expiry(PID, 5, ARMED_BY_USER);
	take_as(PID, return_of(EVENT_TIMER_SETTIME, 0));
	end_timers(0, 0);
}

/* Each timer of each process is its own, whatever they share. */
static void timers_of_one_number(void)
{
	begin_timers();
	call_settime(1, 0, 0, 5 * MS);
	call_arm(EVENT_TIMERFD_SETTIME, 1, 0, 0, 5 * MS);
	call_arm(EVENT_SETITIMER, 1, 0, 0, 5 * MS);
	take(expiry_of(OTHER, 1, ADDRESS + 64, now, 0));
	CU_ASSERT_FALSE(happened[0].traced);
	expect_expiry(OTHER, 1, ARMED_UNKNOWN);
	take(expiry_of(PID, 2, ADDRESS + 128, now, 0));
	expect_expiry(PID, 2, ARMED_UNKNOWN);
	take(expiry_of(PID, 1, ADDRESS, now + 5 * MS, 0));
	CU_ASSERT_EQUAL(happened[0].family, TIMER_POSIX);
	expect_expiry(PID, 1, ARMED_BY_USER);
	take_as(PID, itimer_of(ITIMER_VIRTUAL, PID));
	CU_ASSERT_EQUAL(happened[0].family, TIMER_ITIMER);
	expect_expiry(PID, ITIMER_VIRTUAL, ARMED_BY_USER);
	end_timers(0, 0);
}

/* By a thread for its process. */
static void armed_by_a_thread(void)
{
	begin_timers();
	take_as(THREAD, entry_of(EVENT_TIMER_SETTIME, 1));
	take_as(THREAD, copy_of(EVENT_TIMER_SETTIME, 1, 0, spec_of(FROM_KERNEL, 0, MS)));
	take_as(THREAD, return_of(EVENT_TIMER_SETTIME, 0));
	take(expiry_of(PID, 1, ADDRESS, now + MS, 0));
	expect_expiry(PID, 1, ARMED_BY_USER);
	end_timers(0, 0);
}

static void created_and_deleted(void)
{
	begin_timers();
	call_create(1, CLOCK_BOOTTIME);
	call_settime(1, 0, 4 * MS, 5 * MS);
	take(expiry_of(PID, 1, ADDRESS, now + 5 * MS, 4 * MS));
	expect_expiry(PID, 1, ARMED_BY_USER);
	call_delete(1);
	call_create(1, CLOCK_MONOTONIC); /* its id is used again */
	take(expiry_of(PID, 1, ADDRESS, now + 9 * MS, 4 * MS));
	CU_ASSERT_TRUE(happened[0].traced);
	CU_ASSERT_EQUAL(happened[0].clock, CLOCK_MONOTONIC);
	expect_expiry(PID, 1, ARMED_UNKNOWN);
	/* a delete that was refused deletes nothing */
	call_settime(1, 0, 4 * MS, 5 * MS);
	take_as(PID, entry_of(EVENT_TIMER_DELETE, 1));
	take_as(PID, return_of(EVENT_TIMER_DELETE, -EINVAL));
	take(expiry_of(PID, 1, ADDRESS, now + 5 * MS, 4 * MS));
	expect_expiry(PID, 1, ARMED_BY_USER);
	/* created again without its end being seen */
	call_create(1, CLOCK_MONOTONIC);
	take(expiry_of(PID, 1, ADDRESS, now + 9 * MS, 4 * MS));
	expect_expiry(PID, 1, ARMED_UNKNOWN);
	end_timers(0, 0);
}

/* A call whose return was lost: its arm may be in force, or the one before it. */
static void calls_without_return(void)
{
	begin_timers();
	take_open(1, 0, 0, 5 * MS);
	take_as(PID, entry_of(EVENT_TIMER_GETTIME, 1));
	take_as(PID, return_of(EVENT_TIMER_GETTIME, 0));
	take(expiry_of(PID, 1, ADDRESS, now + 5 * MS, 0));
	expect_one(EVENT_TIMER_EXPIRE);
	end_timers(0, 0);
}

/* Whatever that call did: an expiry of a one-shot timer is not that of an interval. */
static void return_lost_of_a_periodic_timer(void)
{
	begin_timers();
	call_settime(1, 0, 3 * MS, 5 * MS);
	take(expiry_of(PID, 1, ADDRESS, now + 5 * MS, 3 * MS));
	expect_expiry(PID, 1, ARMED_BY_USER);
	take_open(1, 0, 0, 7 * MS);
	take_as(PID, entry_of(EVENT_TIMER_GETTIME, 1));
	take_as(PID, return_of(EVENT_TIMER_GETTIME, 0));
	now += 20 * MS;
	take(expiry_of(PID, 1, ADDRESS, now - MS, 0));
	CU_ASSERT_NOT_EQUAL(happened[0].armed_by, ARMED_BY_KERNEL);
	expect_one(EVENT_TIMER_EXPIRE);
	end_timers(0, 0);
}

static void huge_values(void)
{
	const struct itimerspec_seen most = { FROM_KERNEL,
					      { INT64_MAX, 999999999 },
					      { INT64_MAX, 999999999 } };
	const struct occurrence *one;

	begin_timers();
	take_as(PID, entry_of(EVENT_TIMERFD_SETTIME, 1));
	take_as(PID, copy_of(EVENT_TIMERFD_SETTIME, 1, 0, most));
	take_as(PID, hrtimer_of(USE_HRTIMER_START, ADDRESS, INT64_MAX));
	take_as(PID, return_of(EVENT_TIMERFD_SETTIME, 0));
	take(hrtimer_of(USE_HRTIMER_EXPIRE, ADDRESS, now));
	expect_nothing();
	take(itimer_of(1, OTHER));
	one = expect_told(2);
	CU_ASSERT_EQUAL(one->interval_ns, INT64_MAX);
	CU_ASSERT_EQUAL(one->asked_ns, INT64_MAX);
	end_timers(0, 0);
}

int suite_timers(void)
{
	CU_pSuite suite = CU_add_suite("timers", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, names_of_results) || !CU_ADD_TEST(suite, whole_expiry) ||
	    !CU_ADD_TEST(suite, thread_of_an_expiry) || !CU_ADD_TEST(suite, periodic_expiries) ||
	    !CU_ADD_TEST(suite, periods_of_older_timers) ||
	    !CU_ADD_TEST(suite, before_the_call_returns) ||
	    !CU_ADD_TEST(suite, of_the_arm_before) || !CU_ADD_TEST(suite, without_an_instant) ||
	    !CU_ADD_TEST(suite, refused_calls) || !CU_ADD_TEST(suite, copies_without_an_id) ||
	    !CU_ADD_TEST(suite, timers_of_one_number) || !CU_ADD_TEST(suite, armed_by_a_thread) ||
	    !CU_ADD_TEST(suite, created_and_deleted) || !CU_ADD_TEST(suite, calls_without_return) ||
	    !CU_ADD_TEST(suite, return_lost_of_a_periodic_timer) ||
	    !CU_ADD_TEST(suite, huge_values))
		return (int)CU_get_error();
	return 0;
}
