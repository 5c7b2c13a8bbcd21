/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timerfds that have expired when they are armed; and alarms, which hold their hrtimer. */
#include <CUnit/Basic.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "seen_timers.h"
#include "suites.h"

#define EXPIRE(address, at) hrtimer_of(USE_HRTIMER_EXPIRE, address, at)
#define EXPIRED(address) hrtimer_of(USE_HRTIMER_EXPIRED, address, 0)
#define START(address, at) hrtimer_of(USE_HRTIMER_START, address, at)

#define FD 5
#define AHEAD (1700000000 * (int64_t)NSEC_PER_SEC)
#define OFFSET 40 /* of the hrtimer in an alarm */

static void begin_offset(void)
{
	begin_timers();
	timers_set_scene(timers, &(struct timers_scene){ .alarm_offset = OFFSET });
}

/* Within a call, whose end comes later. */
static void arm_in_the_past(uint64_t address, uint32_t flags, int64_t value, int64_t at)
{
	struct record entry = entry_of(EVENT_TIMERFD_SETTIME, FD);

	entry.entry.flags = flags;
	take_as(PID, entry);
	take_as(PID,
		copy_of(EVENT_TIMERFD_SETTIME, FD, flags, spec_of(FROM_KERNEL, 3 * MS, value)));
	take_as(PID, START(address, at));
	expect_nothing();
	take_as(PID, EXPIRED(address));
}

static const struct occurrence *expect_expired(int32_t clock)
{
	const struct occurrence *one = expect_one(EVENT_TIMERFD_EXPIRE);

	CU_ASSERT_EQUAL(one->ts, (uint64_t)now - US);
	CU_ASSERT_EQUAL(one->pid, PID);
	CU_ASSERT_EQUAL(one->tid, PID);
	CU_ASSERT_TRUE(one->has_id && one->traced && one->has_clock && one->has_interval);
	CU_ASSERT_EQUAL(one->id, FD);
	CU_ASSERT_EQUAL(one->clock, clock);
	CU_ASSERT_EQUAL(one->interval_ns, 3 * MS);
	CU_ASSERT_EQUAL(one->armed_by, ARMED_BY_USER);
	return one;
}

static const struct {
	int32_t clock, base;
	int64_t ahead;
} clocks[] = {
	{ CLOCK_REALTIME, CLOCK_REALTIME, AHEAD },
	{ CLOCK_MONOTONIC, CLOCK_MONOTONIC, 0 },
	{ CLOCK_BOOTTIME, CLOCK_BOOTTIME, 50 * MS },
	{ CLOCK_TAI, CLOCK_TAI, AHEAD + 37 * NSEC_PER_SEC },
	{ CLOCK_REALTIME_ALARM, CLOCK_REALTIME, AHEAD },
	{ CLOCK_BOOTTIME_ALARM, CLOCK_BOOTTIME, 50 * MS },
};

static uint64_t address_on(int32_t clock)
{
	return timerspec_alarm_clock(clock) ? ADDRESS + OFFSET : ADDRESS;
}

static void absolute_ones(void)
{
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		const struct occurrence *one;
		int64_t value = BEGINNING - 7 * MS + clocks[i].ahead;

		begin_offset();
		timers_set_ahead(timers, clocks[i].base, clocks[i].ahead);
		call_fd_create(FD, clocks[i].clock, ADDRESS);
		arm_in_the_past(address_on(clocks[i].clock), 1, value, value);
		one = expect_expired(clocks[i].clock);
		CU_ASSERT_TRUE(one->has_asked);
		CU_ASSERT_EQUAL(one->asked_clock, clocks[i].base);
		CU_ASSERT_EQUAL(one->asked_ns, value);
		CU_ASSERT_EQUAL(one->late_ns, (int64_t)one->ts - (BEGINNING - 7 * MS));
		/* a start is good for one */
		take_as(PID, EXPIRED(address_on(clocks[i].clock)));
		take_as(PID, return_of(EVENT_TIMERFD_SETTIME, 0));
		expect_nothing();
		end_timers(0, 0);
	}
}

/* A relative timer of CLOCK_REALTIME runs on CLOCK_MONOTONIC, those of other clocks on theirs. */
static void relative_ones(void)
{
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		bool real = clocks[i].clock == CLOCK_REALTIME;
		int64_t ahead = real ? 0 : clocks[i].ahead, at;
		const struct occurrence *one;

		begin_offset();
		timers_set_ahead(timers, clocks[i].base, clocks[i].ahead);
		call_fd_create(FD, clocks[i].clock, ADDRESS);
		at = now + US + 1; /* its copy is seen then */
		arm_in_the_past(address_on(clocks[i].clock), 0, 1, at + ahead);
		one = expect_expired(clocks[i].clock);
		CU_ASSERT_TRUE(one->has_asked);
		CU_ASSERT_EQUAL(one->asked_clock, real ? CLOCK_MONOTONIC : clocks[i].base);
		CU_ASSERT_EQUAL(one->asked_ns, at + ahead);
		CU_ASSERT_EQUAL(one->late_ns, 2 * US - 1);
		end_timers(0, 0);
	}
}

static void expect_asked(int32_t clock, bool known)
{
	const struct occurrence *one;

	call_fd_create(FD, clock, ADDRESS);
	arm_in_the_past(ADDRESS, 1, 99, 99);
	one = expect_expired(clock);
	CU_ASSERT_EQUAL(one->has_asked, known);
	if (known)
		CU_ASSERT_EQUAL(one->late_ns, (int64_t)one->ts - (99 - AHEAD));
	take_as(PID, return_of(EVENT_TIMERFD_SETTIME, 0));
	call_fd_create(FD, clock, 0); /* another one, from now on */
}

/* How far a clock is ahead is told, or learned by any expiry on it. */
static void how_far_ahead(void)
{
	struct record expiries[] = { fd_expiry_of(ADDRESS + 64, 0, 0),
				     expiry_of(PID, 1, ADDRESS + 128, 0, 0),
				     full_queue_of(PID, 2, 0, 0) };

	for (size_t i = 0; i < sizeof(expiries) / sizeof(expiries[0]); i++) {
		expiries[i].timer.asked_clock = CLOCK_TAI;
		expiries[i].timer.ahead_ns = AHEAD;
		begin_timers();
		expect_asked(CLOCK_TAI, false);
		take(expiries[i]);
		expect_told(1);
		expect_asked(CLOCK_TAI, true);
		expect_asked(CLOCK_BOOTTIME, false);
		/* it was set meanwhile */
		timers_set_ahead(timers, CLOCK_TAI, AHEAD + MS);
		timers_set_ahead(timers, CLOCK_TAI, AHEAD);
		expect_asked(CLOCK_TAI, true);
		end_timers(0, 0);
	}
	/* what has not said when it was to expire tells of no clock */
	begin_timers();
	expiries[0].timer.has_asked = false;
	take(expiries[0]);
	expect_told(1);
	expect_asked(CLOCK_TAI, false);
	end_timers(0, 0);
}

/* Numbers that no clock has are anything, and may come with any record. */
static void no_such_clocks(void)
{
	static const int32_t numbers[] = { INT32_MIN, -6, -1, 16, 17, 4096, INT32_MAX };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct record record = fd_expiry_of(ADDRESS + 64, now, 0);

		begin_timers();
		timers_set_ahead(timers, numbers[i], AHEAD);
		record.timer.asked_clock = numbers[i];
		record.timer.ahead_ns = AHEAD;
		take(record);
		expect_one(EVENT_TIMERFD_EXPIRE);
		expect_asked(numbers[i], false);
		end_timers(0, 0);
	}
	/* the last one that there is room for */
	begin_timers();
	timers_set_ahead(timers, 15, AHEAD);
	expect_asked(15, true);
	end_timers(0, 0);
}

/* A timerfd that another process made: nobody knows which clock an instant is on. */
static void no_clock(void)
{
	const struct occurrence *one;

	begin_timers();
	arm_in_the_past(ADDRESS, 1, BEGINNING + AHEAD, BEGINNING + AHEAD);
	one = expect_one(EVENT_TIMERFD_EXPIRE);
	CU_ASSERT_EQUAL(one->pid, PID);
	CU_ASSERT_TRUE(one->has_id && one->traced);
	CU_ASSERT_FALSE(one->has_clock || one->has_asked);
	CU_ASSERT_EQUAL(one->armed_by, ARMED_BY_USER);
	end_timers(0, 0);
}

/* Nothing tells of a hrtimer's function: only those that are timerfds' are told. */
static void no_timerfds(void)
{
	begin_timers();
	take_as(PID, EXPIRED(ADDRESS)); /* of nobody */
	take_as(PID, EXPIRED(0));
	call_fd_create(FD, CLOCK_MONOTONIC, ADDRESS);
	take_as(PID, EXPIRED(ADDRESS)); /* not armed */
	take_as(PID, START(ADDRESS, now));
	take_as(OTHER, release_of(ADDRESS));
	take_as(PID, EXPIRED(ADDRESS)); /* closed */
	expect_nothing();
	take_as(PID, entry_of(EVENT_SETITIMER, ITIMER_REAL));
	take_as(PID, copy_of(EVENT_SETITIMER, ITIMER_REAL, 0, spec_of(FROM_KERNEL, 0, 1)));
	take_as(PID, START(ADDRESS + 64, now));
	take_as(PID, EXPIRED(ADDRESS + 64));
	take_as(PID, return_of(EVENT_SETITIMER, 0));
	expect_nothing();
	/* of a POSIX timer the signal tells, which is sent within the call */
	take_as(PID, entry_of(EVENT_TIMER_SETTIME, 3));
	take_as(PID, copy_of(EVENT_TIMER_SETTIME, 3, 1, spec_of(FROM_KERNEL, 0, 1)));
	take_as(PID, START(ADDRESS + 128, 1));
	take_as(PID, EXPIRED(ADDRESS + 128));
	expect_nothing();
	take_as(PID, full_queue_of(PID, 3, 1, 0));
	expect_expiry(PID, 3, ARMED_BY_USER);
	take_as(PID, signal_of(PID, SIGUSR1, SI_TIMER, 0));
	expect_signal(EVENT_SIGNAL_GENERATE, 3, SIGNAL_DELIVERED);
	take_as(PID, return_of(EVENT_TIMER_SETTIME, 0));
	end_timers(0, 0);
}

/* read(2) arms a periodic one for its next period, which may be over, too. */
static void armed_by_a_read(void)
{
	const int64_t value = BEGINNING - 7 * MS + AHEAD;
	const struct occurrence *one;

	begin_timers();
	timers_set_ahead(timers, CLOCK_REALTIME, AHEAD);
	call_fd_create(FD, CLOCK_REALTIME, ADDRESS);
	arm_in_the_past(ADDRESS, 1, value, value);
	take_as(PID, return_of(EVENT_TIMERFD_SETTIME, 0));
	expect_told(1);
	take_as(PID, START(ADDRESS, value + 3 * MS));
	take_as(PID, EXPIRED(ADDRESS));
	one = expect_one(EVENT_TIMERFD_EXPIRE);
	CU_ASSERT_EQUAL(one->armed_by, ARMED_BY_KERNEL);
	CU_ASSERT_EQUAL(one->asked_clock, CLOCK_REALTIME);
	CU_ASSERT_EQUAL(one->asked_ns, value + 3 * MS);
	CU_ASSERT_EQUAL(one->late_ns, (int64_t)one->ts - (BEGINNING - 4 * MS));
	/* a timerfd that only /proc has told of, which is relative */
	CU_ASSERT_EQUAL(timers_existing(timers, OTHER,
					&(struct procfs_timer){ .family = TIMER_FD,
								.id = 6,
								.clock = CLOCK_REALTIME },
					(uint64_t)now, (uint64_t)now),
			0);
	take_as(OTHER, entry_of(EVENT_TIMERFD_SETTIME, 6));
	take_as(OTHER, copy_of(EVENT_TIMERFD_SETTIME, 6, 0, spec_of(FROM_KERNEL, 0, 1)));
	take_as(OTHER, START(ADDRESS + 64, now));
	take_as(OTHER, EXPIRED(ADDRESS + 64));
	one = expect_one(EVENT_TIMERFD_EXPIRE);
	CU_ASSERT_EQUAL(one->pid, OTHER);
	CU_ASSERT_TRUE(one->traced);
	CU_ASSERT_EQUAL(one->asked_clock, CLOCK_MONOTONIC);
	end_timers(0, 0);
}

/* --- alarms ------------------------------------------------------------------ */

static void arm_alarm(int32_t clock)
{
	call_create(1, clock);
	take_as(PID, entry_of(EVENT_TIMER_SETTIME, 1));
	take_as(PID, copy_of(EVENT_TIMER_SETTIME, 1, 0, spec_of(FROM_KERNEL, 3 * MS, MS)));
	take_as(PID, START(ADDRESS + OFFSET, now + AHEAD + MS));
	take_as(PID, return_of(EVENT_TIMER_SETTIME, 0));
}

/* The probe tells of the alarm, tracepoints of the hrtimer in it: that is one timer. */
static void alarms(void)
{
	struct record expiry;

	begin_offset();
	arm_alarm(CLOCK_REALTIME_ALARM);
	take(EXPIRE(ADDRESS + OFFSET, now + AHEAD));
	expect_nothing();
	expiry = expiry_of(PID, 1, ADDRESS, now + AHEAD, 3 * MS);
	expiry.timer.ahead_ns = AHEAD;
	expiry.timer.asked_clock = CLOCK_REALTIME;
	take(expiry);
	expect_expiry(PID, 1, ARMED_BY_USER);
	/* by its address, whoever gets the signal */
	expiry.timer.pid = 77;
	take(expiry);
	expect_expiry(PID, 1, ARMED_BY_KERNEL);
	end_timers(0, 0);
}

static void missed_alarm(void)
{
	const struct occurrence *one;
	int64_t asked, entered;

	begin_offset();
	arm_alarm(CLOCK_REALTIME_ALARM);
	take(START(ADDRESS + OFFSET, now + AHEAD + 5 * MS)); /* anew, by the kernel */
	asked = now - US + AHEAD + 5 * MS;
	now += 6 * MS;
	entered = now;
	take(EXPIRE(ADDRESS + OFFSET, now + AHEAD));
	take(itimer_of(ITIMER_PROF, OTHER));
	one = expect_told(2);
	CU_ASSERT_EQUAL(one->event, EVENT_TIMER_EXPIRE);
	CU_ASSERT_EQUAL(one->id, 1);
	CU_ASSERT_EQUAL(one->clock, CLOCK_REALTIME_ALARM);
	CU_ASSERT_TRUE(one->has_asked);
	CU_ASSERT_EQUAL(one->asked_clock, CLOCK_REALTIME);
	CU_ASSERT_EQUAL(one->asked_ns, asked);
	CU_ASSERT_EQUAL(one->late_ns, entered + AHEAD - asked);
	end_timers(0, 0);
}

/* Behind the address of a timer that has no alarm lies nothing of it. */
static void no_alarms(void)
{
	begin_offset();
	call_create(1, CLOCK_REALTIME);
	call_settime(1, 0, 0, MS);
	take(expiry_of(PID, 1, ADDRESS, now, 0));
	expect_told(1);
	take(EXPIRE(ADDRESS + OFFSET, now));
	take(itimer_of(ITIMER_PROF, OTHER));
	CU_ASSERT_EQUAL(expect_told(1)->event, EVENT_ITIMER_EXPIRE);
	CU_ASSERT_EQUAL(timers_missed(timers), 1);
	call_fd_create(FD, CLOCK_BOOTTIME, ADDRESS + 256);
	take_as(PID, START(ADDRESS + 256 + OFFSET, now));
	take_as(PID, EXPIRED(ADDRESS + 256 + OFFSET));
	expect_nothing();
	/* nor is an alarm itself an hrtimer, when nobody knows where that is */
	timers_set_scene(timers, &(struct timers_scene){ 0 });
	call_fd_create(FD, CLOCK_BOOTTIME_ALARM, ADDRESS + 512);
	take_as(PID, START(ADDRESS + 512 + OFFSET, now));
	take_as(PID, EXPIRED(ADDRESS + 512 + OFFSET));
	expect_nothing();
	end_timers(0, 1);
}

int suite_timers_expired(void)
{
	CU_pSuite suite = CU_add_suite("timers_expired", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, absolute_ones) || !CU_ADD_TEST(suite, relative_ones) ||
	    !CU_ADD_TEST(suite, how_far_ahead) || !CU_ADD_TEST(suite, no_such_clocks) ||
	    !CU_ADD_TEST(suite, no_clock) || !CU_ADD_TEST(suite, no_timerfds) ||
	    !CU_ADD_TEST(suite, armed_by_a_read) || !CU_ADD_TEST(suite, alarms) ||
	    !CU_ADD_TEST(suite, missed_alarm) || !CU_ADD_TEST(suite, no_alarms))
		return (int)CU_get_error();
	return 0;
}
