/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What records do not tell by themselves: when all probes were on, and who is followed. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "seen_timers.h"
#include "suites.h"

#define STALE (100 * MS) /* what a timer's signal takes at most */
#define STRANGER 77      /* nobody told of it */

static void begin_followed(void)
{
	begin_timers();
	timers_set_scene(timers, &(struct timers_scene){ .followed = true });
}

static void learn(int32_t tid, int32_t tgid)
{
	CU_ASSERT_EQUAL(tasks_learn(tasks, &(struct task){ .tid = tid, .tgid = tgid }), 0);
}

/* A signal without a sender counts from when what comes before it could be seen. */
static void missed_since(void)
{
	static const struct {
		int64_t after; /* the beginning */
		bool interrupt;
		uint64_t missed;
	} cases[] = { { 0, true, 0 },      { STALE - 1, true, 0 },  { STALE, true, 1 },
		      { STALE, false, 0 }, { 10 * STALE, true, 1 }, { 10 * STALE, false, 0 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct record record = signal_of(PID, SIGUSR1, SI_TIMER, 0);

		begin_timers();
		timers_set_scene(timers, &(struct timers_scene){ .since_ns = BEGINNING });
		now = BEGINNING + cases[i].after;
		if (cases[i].interrupt)
			take(record);
		else
			take_as(PID, record); /* rt_sigqueueinfo(2) */
		expect_signal(EVENT_SIGNAL_GENERATE, -1, SIGNAL_DELIVERED);
		end_timers(0, cases[i].missed);
	}
	/* an itimer's needs no sender */
	begin_timers();
	take(signal_of(PID, SIGALRM, SI_KERNEL, 0));
	expect_signal(EVENT_SIGNAL_GENERATE, ITIMER_REAL, SIGNAL_DELIVERED);
	end_timers(0, 0);
}

static void take_signal_after(int64_t ns, int32_t id)
{
	now += ns - US;
	take(signal_of(PID, SIGUSR1, SI_TIMER, 0));
	expect_signal(EVENT_SIGNAL_GENERATE, id, SIGNAL_DELIVERED);
}

/* A timer whose signal came to nothing is not the sender of a later one. */
static void stale_senders(void)
{
	begin_timers();
	take(expiry_of(PID, 3, ADDRESS, now, 0));
	take(queue_of(PID, 3));
	expect_told(1);
	take_signal_after(STALE, 3);
	take(expiry_of(PID, 3, ADDRESS, now, 0));
	take(queue_of(PID, 3));
	expect_told(1);
	take_signal_after(STALE + 1, -1);
	/* nor is what lies below one that has just sent */
	take(expiry_of(PID, 4, ADDRESS + 64, now, 0));
	take(queue_of(PID, 4));
	now += 2 * STALE;
	take(expiry_of(PID, 3, ADDRESS, now, 0));
	take(queue_of(PID, 3));
	expect_told(2);
	take_signal_after(US, 3);
	take_signal_after(US, -1);
	/* the expiry alone, without a sender */
	take(expiry_of(PID, 3, ADDRESS, now, 0));
	expect_told(1);
	take_signal_after(STALE, 3);
	take(expiry_of(PID, 3, ADDRESS, now, 0));
	expect_told(1);
	take_signal_after(STALE + 1, -1);
	end_timers(0, 3);
}

/* Of processes that nobody asked for, neither is told nor remembered what they do. */
static void strangers(void)
{
	struct record cpu_clock = full_queue_of(STRANGER, 4, 0, 5 * MS);
	const struct occurrence *one;

	cpu_clock.timer.has_asked = false;
	begin_followed();
	take(expiry_of(STRANGER, 3, ADDRESS, now, 4 * MS));
	expect_nothing();
	take(queue_of(STRANGER, 3));
	expect_nothing();
	take(signal_of(STRANGER, SIGUSR1, SI_TIMER, 0));
	one = expect_signal(EVENT_SIGNAL_GENERATE, 3, SIGNAL_DELIVERED);
	CU_ASSERT_EQUAL(one->pid, STRANGER);
	CU_ASSERT_FALSE(one->traced);
	take(cpu_clock);
	expect_nothing();
	take(signal_of(STRANGER, SIGUSR1, SI_TIMER, 0));
	expect_signal(EVENT_SIGNAL_GENERATE, 4, SIGNAL_DELIVERED);
	take(itimer_of(ITIMER_PROF, STRANGER));
	take(real_expiry_of(STRANGER, ADDRESS + 64, now, 4 * MS));
	expect_nothing();
	take(signal_of(STRANGER, SIGALRM, SI_KERNEL, 0));
	one = expect_signal(EVENT_SIGNAL_GENERATE, ITIMER_REAL, SIGNAL_DELIVERED);
	CU_ASSERT_FALSE(one->traced || one->has_after);
	/* nothing is left of all this */
	learn(STRANGER, STRANGER);
	take_as(STRANGER, deliver_of(SIGUSR1, SI_TIMER, 0));
	expect_signal(EVENT_SIGNAL_DELIVER, -1, SIGNAL_DEFAULT);
	take(expiry_of(STRANGER, 3, ADDRESS, now + 4 * MS, 4 * MS));
	expect_expiry(STRANGER, 3, ARMED_UNKNOWN);
	take(real_expiry_of(STRANGER, ADDRESS + 64, now + 4 * MS, 4 * MS));
	expect_expiry(STRANGER, ITIMER_REAL, ARMED_UNKNOWN);
	end_timers(0, 0);
}

/* Those that are known, by any of their threads. */
static void followed(void)
{
	begin_followed();
	take(expiry_of(THREAD, 3, ADDRESS, now, 4 * MS));
	expect_expiry(PID, 3, ARMED_UNKNOWN);
	take(queue_of(THREAD, 3));
	take(signal_of(THREAD, SIGUSR1, SI_TIMER, 0));
	CU_ASSERT_EQUAL(expect_signal(EVENT_SIGNAL_GENERATE, 3, SIGNAL_DELIVERED)->pid, PID);
	take(itimer_of(ITIMER_PROF, PID));
	expect_expiry(PID, ITIMER_PROF, ARMED_UNKNOWN);
	/* the zeroed scene is the default: everybody is */
	timers_set_scene(timers, &(struct timers_scene){ 0 });
	take(expiry_of(STRANGER, 3, ADDRESS + 64, now, 4 * MS));
	expect_expiry(STRANGER, 3, ARMED_UNKNOWN);
	end_timers(0, 0);
}

/* The thread that got the signal has ended: the timer, at its address, is still there. */
static void target_has_ended(void)
{
	for (int only = 0; only < 2; only++) {
		const struct occurrence *one;

		begin_timers();
		timers_set_scene(timers, &(struct timers_scene){ .followed = only });
		take(expiry_of(THREAD, 3, ADDRESS, now, 4 * MS));
		expect_expiry(PID, 3, ARMED_UNKNOWN);
		take_as(THREAD, exit_of(THREAD));
		take(expiry_of(THREAD, 3, ADDRESS, now, 4 * MS));
		one = expect_one(EVENT_TIMER_EXPIRE);
		CU_ASSERT_EQUAL(one->pid, PID);
		CU_ASSERT_EQUAL(one->tid, PID);
		CU_ASSERT_EQUAL(one->id, 3);
		/* another timer, or another place */
		take(expiry_of(THREAD, 4, ADDRESS, now, 4 * MS));
		take(expiry_of(THREAD, 3, ADDRESS + 64, now, 4 * MS));
		one = expect_told(only ? 0 : 2);
		for (int i = 0; i < 2 && !only; i++)
			CU_ASSERT_EQUAL(one[i].pid, THREAD);
		end_timers(0, 0);
	}
}

/* The probe of sending, which comes next, has only the thread: that is no second expiry. */
static void sent_to_an_ended_thread(void)
{
	begin_timers();
	take(expiry_of(THREAD, 3, ADDRESS, now, 4 * MS));
	take(queue_of(THREAD, 3));
	expect_told(1);
	take_as(THREAD, exit_of(THREAD));
	take(expiry_of(THREAD, 3, ADDRESS, now, 4 * MS));
	take(queue_of(THREAD, 3));
	expect_expiry(PID, 3, ARMED_UNKNOWN);
	end_timers(0, 0);
}

/* The first thread has ended, and the process's timers are its own as before. */
static void first_thread_has_ended(void)
{
	begin_followed();
	take_as(THREAD, entry_of(EVENT_SETITIMER, ITIMER_PROF));
	take_as(THREAD, copy_of(EVENT_SETITIMER, ITIMER_PROF, 0, spec_of(FROM_KERNEL, 0, MS)));
	take_as(THREAD, return_of(EVENT_SETITIMER, 0));
	call_settime(3, 0, 0, MS);
	take_as(PID, exit_of(PID));
	take(expiry_of(PID, 3, ADDRESS, now + MS, 0));
	expect_expiry(PID, 3, ARMED_BY_USER);
	take(queue_of(PID, 3));
	take(signal_of(PID, SIGUSR1, SI_TIMER, 0));
	CU_ASSERT_TRUE(expect_signal(EVENT_SIGNAL_GENERATE, 3, SIGNAL_DELIVERED)->traced);
	take_as(THREAD, deliver_of(SIGUSR1, SI_TIMER, 0));
	expect_signal(EVENT_SIGNAL_DELIVER, 3, SIGNAL_DEFAULT);
	take(itimer_of(ITIMER_PROF, PID));
	CU_ASSERT_TRUE(happened[0].traced);
	expect_expiry(PID, ITIMER_PROF, ARMED_BY_USER);
	end_timers(0, 0);
}

static void refused_call(int32_t id, bool starts)
{
	take_as(PID, entry_of(EVENT_TIMER_SETTIME, id));
	take_as(PID, copy_of(EVENT_TIMER_SETTIME, id, 0, spec_of(FROM_KERNEL, 0, MS)));
	if (starts)
		take_as(PID, hrtimer_of(USE_HRTIMER_START, ADDRESS, now + MS));
	take_as(PID, return_of(EVENT_TIMER_SETTIME, -EINVAL));
}

/* A refused call makes no timer of a number that there need not be, and takes none away. */
static void refused_numbers(void)
{
	const struct procfs_timer existing = { .family = TIMER_POSIX, .id = 5 };

	begin_followed();
	refused_call(3, false);
	call_create(4, CLOCK_MONOTONIC);
	refused_call(4, false);
	CU_ASSERT_EQUAL(timers_existing(timers, PID, &existing, (uint64_t)now, (uint64_t)now), 0);
	refused_call(5, false);
	call_settime(6, 0, 0, MS);
	refused_call(6, false);
	take(expiry_of(PID, 7, ADDRESS + 64, now, 0));
	expect_told(1);
	refused_call(7, false);
	refused_call(8, true);
	/* of a process that is not known any more, only what is remembered is told */
	take_as(PID, exit_of(PID));
	for (int32_t id = 3; id <= 8; id++) {
		take(expiry_of(PID, id, 0, now, 0));
		if (id == 3)
			expect_nothing();
		else
			CU_ASSERT_EQUAL(expect_one(EVENT_TIMER_EXPIRE)->id, id);
	}
	end_timers(0, 0);
}

/* One that was made, or was there, is its process's even before it is armed. */
static void ours(void)
{
	const struct procfs_timer existing = { .family = TIMER_POSIX, .id = 5 };

	begin_timers();
	call_create(4, CLOCK_MONOTONIC);
	CU_ASSERT_EQUAL(timers_existing(timers, PID, &existing, (uint64_t)now, (uint64_t)now), 0);
	for (int32_t id = 3; id <= 5; id++) {
		take(expiry_of(PID, id, ADDRESS + 64 * (uint64_t)id, now, 0));
		CU_ASSERT_EQUAL(expect_one(EVENT_TIMER_EXPIRE)->traced, id != 3);
	}
	end_timers(0, 0);
}

#define AHEAD (1700000000 * (int64_t)NSEC_PER_SEC)

/* Armed by a call whose copy comes 1 us after its entry. */
static struct record arm_for(int32_t id, int32_t clock, uint32_t flags, int64_t value,
			     int64_t interval, bool within)
{
	bool real = clock == CLOCK_REALTIME;
	struct record entry = entry_of(EVENT_TIMER_SETTIME, id);
	struct record record = expiry_of(PID, id, ADDRESS, value, interval);

	call_create(id, clock);
	now = BEGINNING + MS - US;
	entry.entry.flags = flags;
	take_as(PID, entry);
	take_as(PID,
		copy_of(EVENT_TIMER_SETTIME, id, flags, spec_of(FROM_KERNEL, interval, value)));
	if (!within)
		take_as(PID, return_of(EVENT_TIMER_SETTIME, 0));
	record.timer.clock = clock;
	record.timer.asked_clock = real && flags ? CLOCK_REALTIME : CLOCK_MONOTONIC;
	record.timer.ahead_ns = real && flags ? AHEAD : 0;
	if (!flags)
		record.timer.asked_ns = BEGINNING + MS + value;
	return record;
}

/* Of absolute arms, those for an instant before the kernel had its copy. */
static void armed_in_the_past(void)
{
	static const int32_t clocks[] = { CLOCK_MONOTONIC, CLOCK_REALTIME };
	static const struct {
		uint32_t flags;
		int64_t value; /* absolute: from the copy on */
		bool past;
	} cases[] = {
		{ TIMER_ABSTIME, -1, true },
		{ TIMER_ABSTIME, -BEGINNING / 2, true },
		{ TIMER_ABSTIME, 0, false },
		{ TIMER_ABSTIME, 1, false },
		{ TIMER_ABSTIME, MS, false },
		{ 0, 1, false },
		{ 0, MS, false },
	};

	for (size_t i = 0; i < 4 * sizeof(cases) / sizeof(cases[0]); i++) {
		int32_t clock = clocks[i & 1];
		bool within = i & 2, absolute = cases[i / 4].flags;
		int64_t base = clock == CLOCK_REALTIME ? AHEAD : 0;
		int64_t value = cases[i / 4].value + (absolute ? BEGINNING + MS + base : 0);
		struct record record;
		const struct occurrence *one;

		begin_timers();
		record = arm_for(1, clock, cases[i / 4].flags, value, 3 * MS, within);
		now += cases[i / 4].value > 0 ? cases[i / 4].value : 0;
		take(record);
		one = expect_one(EVENT_TIMER_EXPIRE);
		CU_ASSERT_EQUAL(one->armed_by, ARMED_BY_USER);
		CU_ASSERT_EQUAL(one->past, cases[i / 4].past);
		if (within)
			take_as(PID, return_of(EVENT_TIMER_SETTIME, 0));
		/* the kernel goes on by itself, whatever it was armed for first */
		record.timer.asked_ns += 3 * MS;
		take(record);
		one = expect_one(EVENT_TIMER_EXPIRE);
		CU_ASSERT_EQUAL(one->armed_by, ARMED_BY_KERNEL);
		CU_ASSERT_FALSE(one->past);
		end_timers(0, 0);
	}
}

/* Nobody knows it of those whose arm, or whose instant, was not seen. */
static void unknown_past(void)
{
	struct record record;

	begin_timers();
	take(expiry_of(PID, 3, ADDRESS, 1, 0));
	CU_ASSERT_FALSE(expect_one(EVENT_TIMER_EXPIRE)->past);
	record = arm_for(1, CLOCK_MONOTONIC, TIMER_ABSTIME, 1, 0, false);
	record.timer.has_asked = false;
	take(record);
	CU_ASSERT_FALSE(expect_one(EVENT_TIMER_EXPIRE)->past);
	end_timers(0, 0);
}

static void expect_time(int32_t clock, bool known, int64_t ahead)
{
	int64_t ns = 0;

	CU_ASSERT_EQUAL(timers_clock_at(timers, clock, (uint64_t)now, &ns), known);
	if (known)
		CU_ASSERT_EQUAL(ns, now + ahead);
}

/* The time of a clock, as far as anybody has told how far ahead it is. */
static void time_of_clocks(void)
{
	static const int32_t none[] = { INT32_MIN,
					-6,
					-1,
					16,
					4096,
					INT32_MAX,
					CLOCK_PROCESS_CPUTIME_ID,
					CLOCK_THREAD_CPUTIME_ID };
	struct record record = fd_expiry_of(ADDRESS + 64, now, 0);

	begin_timers();
	expect_time(CLOCK_MONOTONIC, true, 0);
	expect_time(CLOCK_REALTIME, false, 0);
	expect_time(CLOCK_BOOTTIME, false, 0);
	timers_set_ahead(timers, CLOCK_REALTIME, AHEAD);
	expect_time(CLOCK_REALTIME, true, AHEAD);
	expect_time(CLOCK_REALTIME_ALARM, true, AHEAD);
	expect_time(CLOCK_BOOTTIME_ALARM, false, 0);
	timers_set_ahead(timers, CLOCK_BOOTTIME, 7);
	expect_time(CLOCK_BOOTTIME, true, 7);
	expect_time(CLOCK_BOOTTIME_ALARM, true, 7);
	/* it was set back; and one that an expiry tells of */
	timers_set_ahead(timers, CLOCK_REALTIME, -AHEAD);
	expect_time(CLOCK_REALTIME, true, -AHEAD);
	expect_time(CLOCK_TAI, false, 0);
	record.timer.asked_clock = CLOCK_TAI;
	record.timer.ahead_ns = AHEAD + 37 * NSEC_PER_SEC;
	take(record);
	expect_told(1);
	expect_time(CLOCK_TAI, true, AHEAD + 37 * NSEC_PER_SEC);
	expect_time(CLOCK_MONOTONIC, true, 0);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		expect_time(none[i], false, 0);
	/* by another clock nobody knows */
	timers_set_scene(timers, &(struct timers_scene){ .other_clock = true });
	expect_time(CLOCK_MONOTONIC, false, 0);
	expect_time(CLOCK_REALTIME, false, 0);
	end_timers(0, 0);
}

int suite_timers_scene(void)
{
	CU_pSuite suite = CU_add_suite("timers_scene", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, missed_since) || !CU_ADD_TEST(suite, stale_senders) ||
	    !CU_ADD_TEST(suite, strangers) || !CU_ADD_TEST(suite, followed) ||
	    !CU_ADD_TEST(suite, target_has_ended) || !CU_ADD_TEST(suite, sent_to_an_ended_thread) ||
	    !CU_ADD_TEST(suite, first_thread_has_ended) || !CU_ADD_TEST(suite, refused_numbers) ||
	    !CU_ADD_TEST(suite, ours) || !CU_ADD_TEST(suite, armed_in_the_past) ||
	    !CU_ADD_TEST(suite, unknown_past) || !CU_ADD_TEST(suite, time_of_clocks))
		return (int)CU_get_error();
	return 0;
}
