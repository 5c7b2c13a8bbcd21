/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers by the addresses of their hrtimers; expiries whose probe was missed. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "seen_timers.h"
#include "suites.h"
#include "timersnoop/procfs_timers.h"

#define EXPIRE(address, at) hrtimer_of(USE_HRTIMER_EXPIRE, address, at)
#define START(address, at) hrtimer_of(USE_HRTIMER_START, address, at)

static void timerfd_by_its_creation(void)
{
	const struct occurrence *one;

	begin_timers();
	call_fd_create(5, CLOCK_REALTIME, ADDRESS);
	take(fd_expiry_of(ADDRESS, now - 3 * US, 4 * MS));
	one = expect_one(EVENT_TIMERFD_EXPIRE);
	CU_ASSERT_EQUAL(one->pid, PID);
	CU_ASSERT_EQUAL(one->tid, PID);
	CU_ASSERT_TRUE(one->has_id && one->traced && one->has_asked && one->has_interval);
	CU_ASSERT_EQUAL(one->id, 5);
	CU_ASSERT_EQUAL(one->clock, CLOCK_MONOTONIC); /* the kernel's own word */
	CU_ASSERT_EQUAL(one->late_ns, 3 * US);
	CU_ASSERT_EQUAL(one->interval_ns, 4 * MS);
	CU_ASSERT_EQUAL(one->armed_by, ARMED_UNKNOWN);
	end_timers(0, 0);
}

/* The hrtimer that is armed while a call has its copy is the timer's. */
static void timerfd_by_its_start(void)
{
	begin_timers();
	take_as(PID, entry_of(EVENT_TIMERFD_SETTIME, 5));
	take_as(PID, START(ADDRESS + 64, now)); /* before the copy: of something else */
	take_as(PID, copy_of(EVENT_TIMERFD_SETTIME, 5, 0, spec_of(FROM_KERNEL, 0, MS)));
	take_as(PID, START(ADDRESS, now + MS));
	take_as(PID, return_of(EVENT_TIMERFD_SETTIME, 0));
	take_as(PID, START(ADDRESS + 128, now)); /* and behind the call */
	take(fd_expiry_of(ADDRESS, now + MS, 0));
	expect_expiry(PID, 5, ARMED_BY_USER);
	for (uint64_t other = 64; other <= 128; other += 64) {
		take(fd_expiry_of(ADDRESS + other, now + MS, 0));
		CU_ASSERT_FALSE(expect_one(EVENT_TIMERFD_EXPIRE)->has_id);
	}
	end_timers(0, 0);
}

/* One that nobody has told of is told as such. */
static void timerfd_of_nobody(void)
{
	const struct occurrence *one;

	begin_timers();
	take(fd_expiry_of(ADDRESS, now - 3 * US, 4 * MS));
	one = expect_one(EVENT_TIMERFD_EXPIRE);
	CU_ASSERT_FALSE(one->has_id || one->traced);
	CU_ASSERT_EQUAL(one->pid, 0);
	CU_ASSERT_EQUAL(one->tid, 0);
	CU_ASSERT_EQUAL(one->armed_by, ARMED_UNKNOWN);
	CU_ASSERT_TRUE(one->has_asked && one->has_clock && one->has_interval);
	CU_ASSERT_EQUAL(one->late_ns, 3 * US);
	/* an address that a POSIX timer had is none of a timerfd */
	take(expiry_of(PID, 1, ADDRESS, now, 0));
	expect_one(EVENT_TIMER_EXPIRE);
	take(fd_expiry_of(ADDRESS, now, 0));
	CU_ASSERT_FALSE(expect_one(EVENT_TIMERFD_EXPIRE)->has_id);
	end_timers(0, 0);
}

static void released(void)
{
	int32_t pid = 0, fd = 0;

	begin_timers();
	call_fd_create(5, CLOCK_MONOTONIC, ADDRESS);
	CU_ASSERT_TRUE(timers_closed(timers, ADDRESS, &pid, &fd));
	CU_ASSERT_EQUAL(pid, PID);
	CU_ASSERT_EQUAL(fd, 5);
	CU_ASSERT_FALSE(timers_closed(timers, ADDRESS + 64, &pid, &fd));
	CU_ASSERT_FALSE(timers_closed(timers, 0, &pid, &fd));
	take_as(OTHER, release_of(ADDRESS + 64));
	CU_ASSERT_TRUE(timers_closed(timers, ADDRESS, &pid, &fd));
	take_as(OTHER, release_of(ADDRESS)); /* whoever has closed the last one */
	CU_ASSERT_FALSE(timers_closed(timers, ADDRESS, &pid, &fd));
	take(fd_expiry_of(ADDRESS, now, 0));
	CU_ASSERT_FALSE(expect_one(EVENT_TIMERFD_EXPIRE)->has_id);
	/* the address of a POSIX timer is not for a release to take */
	take(expiry_of(PID, 1, ADDRESS, now, 0));
	CU_ASSERT_FALSE(timers_closed(timers, ADDRESS, &pid, &fd));
	take_as(OTHER, release_of(ADDRESS));
	take(EXPIRE(ADDRESS, now));
	take(itimer_of(ITIMER_PROF, OTHER));
	CU_ASSERT_EQUAL(expect_told(3)[1].id, 1);
	end_timers(0, 0);
}

/* The same number, of another timerfd; and the same memory for another one. */
static void descriptors_again(void)
{
	begin_timers();
	call_fd_create(5, CLOCK_MONOTONIC, ADDRESS);
	call_arm(EVENT_TIMERFD_SETTIME, 5, 0, MS, MS);
	call_fd_create(5, CLOCK_MONOTONIC, ADDRESS + 64);
	take(fd_expiry_of(ADDRESS, now, MS));
	CU_ASSERT_FALSE(expect_one(EVENT_TIMERFD_EXPIRE)->has_id);
	take(fd_expiry_of(ADDRESS + 64, now, MS));
	expect_expiry(PID, 5, ARMED_UNKNOWN); /* nothing of the first one is left */
	call_fd_create(6, CLOCK_MONOTONIC, ADDRESS + 64);
	take(fd_expiry_of(ADDRESS + 64, now, 0));
	expect_expiry(PID, 6, ARMED_UNKNOWN);
	/* one that failed takes nothing */
	take_as(PID, entry_of(EVENT_TIMERFD_CREATE, 0));
	take_as(PID, file_of(ADDRESS + 64));
	take_as(PID, return_of(EVENT_TIMERFD_CREATE, -EMFILE));
	take(fd_expiry_of(ADDRESS + 64, now, 0));
	expect_expiry(PID, 6, ARMED_UNKNOWN);
	end_timers(0, 0);
}

static void real_itimers(void)
{
	const struct occurrence *one;

	begin_timers();
	call_arm(EVENT_SETITIMER, ITIMER_REAL, 0, 4 * MS, 5 * MS);
	take(real_expiry_of(PID, ADDRESS, now + 5 * MS, 4 * MS));
	one = expect_one(EVENT_ITIMER_EXPIRE);
	CU_ASSERT_EQUAL(one->id, ITIMER_REAL);
	CU_ASSERT_EQUAL(one->pid, PID);
	CU_ASSERT_EQUAL(one->clock, CLOCK_MONOTONIC);
	CU_ASSERT_TRUE(one->has_clock && one->has_asked && one->traced);
	CU_ASSERT_EQUAL(one->armed_by, ARMED_BY_USER);
	CU_ASSERT_EQUAL(one->interval_ns, 4 * MS);
	/* by alarm, which sets the same timer */
	take_as(PID, entry_of(EVENT_ALARM, 0));
	take_as(PID, copy_of(EVENT_SETITIMER, 0, 0, spec_of(FROM_KERNEL, 0, NSEC_PER_SEC)));
	take_as(PID, START(ADDRESS, now + NSEC_PER_SEC));
	take_as(PID, return_of(EVENT_ALARM, 0));
	take(EXPIRE(ADDRESS, now));
	take(real_expiry_of(PID, ADDRESS, now + NSEC_PER_SEC, 0));
	expect_expiry(PID, ITIMER_REAL, ARMED_BY_USER);
	/* without its address, or its process's number */
	take(real_expiry_of(PID, 0, now, 0));
	expect_expiry(PID, ITIMER_REAL, ARMED_UNKNOWN);
	end_timers(0, 0);
}

/* CPU time has no clock that lateness could be told on. */
static void virtual_itimers(void)
{
	const struct occurrence *one;

	begin_timers();
	take_as(PID, itimer_of(ITIMER_VIRTUAL, PID));
	one = expect_one(EVENT_ITIMER_EXPIRE);
	CU_ASSERT_EQUAL(one->id, ITIMER_VIRTUAL);
	CU_ASSERT_FALSE(one->has_clock || one->has_asked || one->has_interval || one->traced);
	call_arm(EVENT_SETITIMER, ITIMER_VIRTUAL, 0, 4 * MS, 5 * MS);
	take_as(PID, itimer_of(ITIMER_VIRTUAL, PID));
	one = expect_one(EVENT_ITIMER_EXPIRE);
	CU_ASSERT_TRUE(one->has_interval && one->traced);
	CU_ASSERT_EQUAL(one->interval_ns, 4 * MS);
	end_timers(0, 0);
}

/* The probe comes behind the tracepoint: that is one expiry. */
static void both_came(void)
{
	begin_timers();
	call_settime(1, 0, 0, MS);
	take(EXPIRE(ADDRESS, now));
	expect_nothing();
	take(expiry_of(PID, 1, ADDRESS, now + MS, 0));
	expect_expiry(PID, 1, ARMED_BY_USER);
	take(queue_of(PID, 1));
	take(signal_of(PID, SIGUSR1, SI_TIMER, 0));
	expect_signal(EVENT_SIGNAL_GENERATE, 1, SIGNAL_DELIVERED);
	end_timers(0, 0);
}

static void arm_by_start(enum event event, int32_t id, uint64_t address, int64_t at)
{
	take_as(PID, entry_of(event, id));
	take_as(PID, copy_of(event, id, 0, spec_of(FROM_KERNEL, 3 * MS, MS)));
	take_as(PID, START(address, at));
	take_as(PID, return_of(event, 0));
}

/* The probe was missed, of a timer whose address is known: what comes next shows it. */
static void missed_probe(void)
{
	static const struct {
		enum event call, expiry;
		enum timer_family family;
	} cases[] = {
		{ EVENT_TIMER_SETTIME, EVENT_TIMER_EXPIRE, TIMER_POSIX },
		{ EVENT_TIMERFD_SETTIME, EVENT_TIMERFD_EXPIRE, TIMER_FD },
		{ EVENT_SETITIMER, EVENT_ITIMER_EXPIRE, TIMER_ITIMER },
	};

	for (size_t i = 0; i < 3; i++) {
		const struct occurrence *one;
		int64_t entered;

		begin_timers();
		arm_by_start(cases[i].call, 0, ADDRESS, now + MS);
		now += MS;
		entered = now;
		take(EXPIRE(ADDRESS, now - 500));
		take_on(2, signal_of(OTHER, SIGCHLD, SI_TIMER, 1)); /* on another CPU */
		CU_ASSERT_EQUAL(expect_told(1)->event, EVENT_SIGNAL_GENERATE);
		take(EXPIRE(ADDRESS + 64, now)); /* of nobody */
		one = expect_told(1);
		CU_ASSERT_EQUAL(one->event, cases[i].expiry);
		CU_ASSERT_EQUAL(one->family, cases[i].family);
		CU_ASSERT_EQUAL(one->ts, (uint64_t)entered);
		CU_ASSERT_EQUAL(one->cpu, 1);
		CU_ASSERT_EQUAL(one->pid, PID);
		CU_ASSERT_EQUAL(one->tid, PID);
		CU_ASSERT_TRUE(one->has_id && one->traced && one->has_asked && one->has_interval);
		CU_ASSERT_EQUAL(one->asked_ns, BEGINNING + MS);
		CU_ASSERT_EQUAL(one->asked_clock, CLOCK_MONOTONIC);
		CU_ASSERT_EQUAL(one->late_ns, entered - 500 - one->asked_ns);
		CU_ASSERT_EQUAL(one->interval_ns, 3 * MS);
		CU_ASSERT_EQUAL(one->armed_by, ARMED_BY_USER);
		/* the signal on CPU 2; behind the expiry of nobody nothing came */
		end_timers(0, 1);
	}
}

/* By a probe of another timer on that CPU, too; and by the end. */
static void missed_before_another(void)
{
	const struct occurrence *both;

	begin_timers();
	arm_by_start(EVENT_TIMER_SETTIME, 1, ADDRESS, now + MS);
	take(EXPIRE(ADDRESS, now));
	take(expiry_of(PID, 2, ADDRESS + 64, now, 0));
	both = expect_told(2);
	CU_ASSERT_EQUAL(both[0].id, 1);
	CU_ASSERT_EQUAL(both[1].id, 2);
	take_as(PID, START(ADDRESS, now + MS)); /* it is armed again, by the kernel */
	take(EXPIRE(ADDRESS, now));
	expect_nothing();
	CU_ASSERT_EQUAL(timers_finish(timers), 0);
	expect_expiry(PID, 1, ARMED_BY_KERNEL);
	end_timers(0, 0);
}

/* Without a start that was seen, nobody knows for when. */
static void missed_without_a_start(void)
{
	const struct occurrence *one;

	begin_timers();
	take(expiry_of(PID, 1, ADDRESS, now, 3 * MS));
	expect_one(EVENT_TIMER_EXPIRE);
	take(EXPIRE(ADDRESS, now));
	take(itimer_of(1, OTHER));
	one = expect_told(2);
	CU_ASSERT_EQUAL(one->id, 1);
	CU_ASSERT_FALSE(one->has_asked || one->has_interval || one->traced);
	CU_ASSERT_EQUAL(one->armed_by, ARMED_UNKNOWN);
	end_timers(0, 0);
}

/* A start is good for one expiry: when the next one is lost, nobody knows for when that was. */
static void start_of_one_expiry(void)
{
	begin_timers();
	take(expiry_of(PID, 1, ADDRESS, now, 3 * MS));
	expect_one(EVENT_TIMER_EXPIRE);
	take_as(PID, START(ADDRESS, now + MS));
	take(EXPIRE(ADDRESS, now));
	take(EXPIRE(ADDRESS, now));
	CU_ASSERT_TRUE(expect_told(1)->has_asked);
	take(itimer_of(1, OTHER));
	CU_ASSERT_FALSE(expect_told(2)->has_asked);
	end_timers(0, 0);
}

/* It is armed anew on another CPU before more is seen of this one. */
static void started_elsewhere(void)
{
	const struct occurrence *one;
	int64_t second;

	begin_timers();
	arm_by_start(EVENT_TIMER_SETTIME, 1, ADDRESS, now + MS);
	take(EXPIRE(ADDRESS, now));
	second = now + 9 * MS;
	take_on(2, START(ADDRESS, second));
	take(itimer_of(ITIMER_PROF, OTHER));
	one = expect_told(2);
	CU_ASSERT_EQUAL(one->id, 1);
	CU_ASSERT_TRUE(one->has_asked);
	CU_ASSERT_EQUAL(one->asked_ns, BEGINNING + MS);
	take(EXPIRE(ADDRESS, now));
	take(itimer_of(ITIMER_PROF, OTHER));
	CU_ASSERT_EQUAL(expect_told(2)->asked_ns, second);
	end_timers(0, 0);
}

/* Where it_real_fn() cannot be probed, the tracepoint behind its hrtimer's tells. */
static void real_itimer_by_its_tracepoint(void)
{
	begin_timers();
	take(EXPIRE(ADDRESS, now)); /* of an address that is not known */
	take(itimer_of(ITIMER_REAL, PID));
	expect_expiry(PID, ITIMER_REAL, ARMED_UNKNOWN);
	CU_ASSERT_EQUAL(timers_missed(timers), 0);
	arm_by_start(EVENT_SETITIMER, ITIMER_REAL, ADDRESS, now + MS);
	take(EXPIRE(ADDRESS, now)); /* and of one that is */
	take(itimer_of(ITIMER_REAL, PID));
	expect_expiry(PID, ITIMER_REAL, ARMED_BY_USER);
	/* those of CPU time have no hrtimer: what comes before them is another's */
	take(EXPIRE(ADDRESS, now));
	take(itimer_of(ITIMER_PROF, PID));
	CU_ASSERT_EQUAL(expect_told(2)->id, ITIMER_REAL);
	end_timers(0, 0);
}

/* Its signal tells of the expiry, too. */
static void signal_of_a_missed_one(void)
{
	begin_timers();
	take(expiry_of(THREAD, 1, ADDRESS, now, 3 * MS));
	expect_told(1);
	take(EXPIRE(ADDRESS, now));
	take(queue_of(THREAD, 1));
	CU_ASSERT_EQUAL(happened[0].tid, PID);
	CU_ASSERT_EQUAL(happened[0].pid, PID);
	expect_expiry(PID, 1, ARMED_UNKNOWN); /* one, not another by the queue */
	take(signal_of(THREAD, SIGUSR1, SI_TIMER, 0));
	CU_ASSERT_TRUE(expect_signal(EVENT_SIGNAL_GENERATE, 1, SIGNAL_DELIVERED)->has_after);
	end_timers(0, 0);
}

/* On CLOCK_REALTIME the hrtimer's time is another one than the trace clock's. */
static void missed_on_another_clock(void)
{
	const int64_t ahead = 1700000000 * NSEC_PER_SEC;
	const struct occurrence *one;

	begin_timers();
	call_create(1, CLOCK_REALTIME);
	arm_by_start(EVENT_TIMER_SETTIME, 1, ADDRESS, now + ahead);
	take(EXPIRE(ADDRESS, now + ahead));
	take(itimer_of(1, OTHER));
	one = expect_told(2);
	CU_ASSERT_EQUAL(one->asked_clock, CLOCK_REALTIME);
	CU_ASSERT_EQUAL(one->clock, CLOCK_REALTIME);
	CU_ASSERT_EQUAL(one->asked_ns, BEGINNING + ahead + 3 * US);
	CU_ASSERT_EQUAL(one->late_ns, 4 * US);
	end_timers(0, 0);
}

static void unknown_addresses(void)
{
	begin_timers();
	take(EXPIRE(ADDRESS, now));
	take(EXPIRE(ADDRESS + 64, now));
	CU_ASSERT_EQUAL(timers_missed(timers), 1);
	take(fd_expiry_of(ADDRESS + 64, now, 0)); /* its probe comes */
	CU_ASSERT_EQUAL(timers_missed(timers), 1);
	expect_one(EVENT_TIMERFD_EXPIRE);
	take(EXPIRE(0, now));
	/* recording has stopped before its probe */
	end_timers(0, 1);
}

/* What was half seen before a gap is not told behind it. */
static void losses(void)
{
	begin_timers();
	arm_by_start(EVENT_TIMER_SETTIME, 1, ADDRESS, now + MS);
	take(EXPIRE(ADDRESS, now));
	timers_lost(timers, 2); /* elsewhere */
	timers_lost(timers, 1);
	timers_lost(timers, 1000);
	take(itimer_of(1, OTHER));
	expect_one(EVENT_ITIMER_EXPIRE);
	/* nor is a signal behind it that of the expiry before it */
	take(expiry_of(PID, 1, ADDRESS, now, 0));
	take(queue_of(PID, 1));
	expect_told(1);
	timers_lost(timers, 1);
	take(signal_of(PID, SIGUSR1, SI_TIMER, 0));
	expect_signal(EVENT_SIGNAL_GENERATE, -1, SIGNAL_DELIVERED);
	end_timers(0, 1);
}

/* A process's timers end with it, with exec only those that it does not keep. */
static void forgotten(void)
{
	begin_timers();
	for (int exec = 1; exec >= 0; exec--) {
		call_settime(1, 0, 3 * MS, MS);
		call_fd_create(5, CLOCK_MONOTONIC, ADDRESS);
		call_arm(EVENT_SETITIMER, ITIMER_PROF, 0, 3 * MS, MS);
		take(expiry_of(PID + 4096, 1, ADDRESS + 64, now, 0)); /* in its bucket */
		expect_one(EVENT_TIMER_EXPIRE);
		timers_forget(timers, PID, exec);
		timers_forget(timers, 999, false);
		take(expiry_of(PID, 1, ADDRESS + 128, now + MS, 3 * MS));
		expect_expiry(PID, 1, ARMED_UNKNOWN);
		take_as(PID, itimer_of(ITIMER_PROF, PID));
		expect_expiry(PID, ITIMER_PROF, exec ? ARMED_BY_USER : ARMED_UNKNOWN);
		take(fd_expiry_of(ADDRESS, now, 0));
		CU_ASSERT_EQUAL(expect_one(EVENT_TIMERFD_EXPIRE)->has_id, exec);
		take(EXPIRE(ADDRESS + 64, now));
		take(itimer_of(1, OTHER));
		CU_ASSERT_EQUAL(expect_told(2)->pid, PID + 4096);
		timers_forget(timers, PID, false);
		timers_forget(timers, PID + 4096, false);
	}
	end_timers(0, 0);
}

static void exist(int32_t fd, int32_t clock, int64_t left_ns, int64_t interval_ns)
{
	const struct procfs_timer timer = {
		.family = TIMER_FD,
		.id = fd,
		.clock = clock,
		.timerfd = { .value = { left_ns / NSEC_PER_SEC, left_ns % NSEC_PER_SEC },
			     .interval = { interval_ns / NSEC_PER_SEC,
					   interval_ns % NSEC_PER_SEC } },
	};

	CU_ASSERT_EQUAL(timers_existing(timers, OTHER, &timer, (uint64_t)now, (uint64_t)now + US),
			0);
}

static void expect_existing(uint64_t address, int64_t asked, int64_t interval, int32_t fd)
{
	const struct occurrence *one;

	take(fd_expiry_of(address, asked, interval));
	one = expect_one(EVENT_TIMERFD_EXPIRE);
	CU_ASSERT_EQUAL(one->has_id, fd >= 0);
	if (fd < 0)
		return;
	CU_ASSERT_EQUAL(one->id, fd);
	CU_ASSERT_EQUAL(one->pid, OTHER);
	CU_ASSERT_TRUE(one->traced);
}

/* A timerfd that only /proc has told of is known by when it expires. */
static void existing_timerfds(void)
{
	const int64_t at = BEGINNING;

	begin_timers();
	exist(5, CLOCK_MONOTONIC, 10 * MS, 0);
	exist(6, CLOCK_MONOTONIC, 20 * MS, 7 * MS);
	exist(7, CLOCK_MONOTONIC, 30 * MS, 0);
	exist(8, CLOCK_MONOTONIC, 30 * MS + US, 0); /* just as the one before */
	exist(9, CLOCK_MONOTONIC, 0, 0);            /* not armed */
	exist(10, CLOCK_BOOTTIME, 50 * MS, 0);
	expect_existing(ADDRESS, at + 9 * MS, 0, -1);
	expect_existing(ADDRESS, at + 10 * MS + 10 * US, 0, -1);
	expect_existing(ADDRESS, at + 10 * MS, 5, -1);
	expect_existing(ADDRESS, at + 50 * MS, 0, -1); /* of another clock */
	expect_existing(ADDRESS, at + 10 * MS + 500, 0, 5);
	expect_existing(ADDRESS, at + 999 * MS, 0, 5); /* by its address, from then on */
	expect_existing(ADDRESS + 64, at + 10 * MS, 0, -1);
	/* some periods later, since it was not read meanwhile */
	expect_existing(ADDRESS + 128, at + 20 * MS + 21 * MS, 7 * MS, 6);
	/* two fit: nobody can say which */
	expect_existing(ADDRESS + 256, at + 30 * MS + US, 0, -1);
	expect_existing(ADDRESS + 512, at, 0, -1);
	end_timers(0, 0);
}

/* Once it is set, what /proc has told means nothing any more. */
static void existing_and_set(void)
{
	begin_timers();
	CU_ASSERT_EQUAL(timers_existing(timers, PID,
					&(struct procfs_timer){ .family = TIMER_FD,
								.id = 5,
								.clock = CLOCK_MONOTONIC,
								.timerfd = { .value = { 1, 0 } } },
					(uint64_t)now, (uint64_t)now + US),
			0);
	arm_by_start(EVENT_TIMERFD_SETTIME, 5, ADDRESS, now + MS);
	take(fd_expiry_of(ADDRESS + 64, BEGINNING + NSEC_PER_SEC, 0));
	CU_ASSERT_FALSE(expect_one(EVENT_TIMERFD_EXPIRE)->has_id);
	take(fd_expiry_of(ADDRESS, now, 0));
	CU_ASSERT_EQUAL(expect_one(EVENT_TIMERFD_EXPIRE)->id, 5);
	end_timers(0, 0);
}

/* Of a process that is followed, an expiry that cannot be told apart is told as missed. */
static void existing_and_overdue(void)
{
	const struct timers_scene followed = { .followed = true };
	const struct procfs_timer one = { .family = TIMER_FD,
					  .id = 5,
					  .clock = CLOCK_MONOTONIC,
					  .timerfd = { .value = { 1, 0 } } };
	struct record release = { .kind = USE_RELEASE, .tid = OTHER, .object = { ADDRESS + 1, 0 } };

	/* two fit, of which one has expired; what is overdue then is another */
	begin_timers();
	timers_set_scene(timers, &followed);
	exist(5, CLOCK_MONOTONIC, 30 * MS, 0);
	exist(6, CLOCK_MONOTONIC, 30 * MS, 0);
	exist(7, CLOCK_MONOTONIC, 50 * MS, 0);
	take(fd_expiry_of(ADDRESS, BEGINNING + 30 * MS, 0));
	CU_ASSERT_EQUAL(timers_missed(timers), 1);
	now += 3 * NSEC_PER_SEC;
	take(fd_expiry_of(ADDRESS + 64, BEGINNING, 0));
	end_timers(2, 1 + 1);

	/* one that is set, or disarmed, is not waited for; but if it was late by then */
	for (int late = 0; late < 2; late++) {
		begin_timers();
		timers_set_scene(timers, &followed);
		CU_ASSERT_EQUAL(
			timers_existing(timers, PID, &one, (uint64_t)now, (uint64_t)now + US), 0);
		now += late * 5 * NSEC_PER_SEC;
		call_arm(EVENT_TIMERFD_SETTIME, 5, 0, 0, 0);
		now += 5 * NSEC_PER_SEC;
		take(fd_expiry_of(ADDRESS, BEGINNING, 0));
		end_timers(1, (uint64_t)late);
	}

	/* somebody else's were seen, one is still to come, one was closed */
	for (int closed = 0; closed < 2; closed++) {
		begin_timers();
		timers_set_scene(timers, &followed);
		exist(5, CLOCK_MONOTONIC, 30 * MS, 0);
		now += 3 * NSEC_PER_SEC;
		if (closed)
			take_as(OTHER, release);
		exist(6, CLOCK_MONOTONIC, NSEC_PER_SEC, 0);
		take(fd_expiry_of(ADDRESS, BEGINNING, 0));
		end_timers(1, !closed);
	}

	/* everybody is shown: it is shown without its process */
	begin_timers();
	exist(5, CLOCK_MONOTONIC, 30 * MS, 0);
	exist(6, CLOCK_MONOTONIC, 30 * MS, 0);
	now += 3 * NSEC_PER_SEC;
	take(fd_expiry_of(ADDRESS, BEGINNING + 30 * MS, 0));
	end_timers(1, 0);
}

int suite_timers_backup(void)
{
	CU_pSuite suite = CU_add_suite("timers_backup", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, timerfd_by_its_creation) ||
	    !CU_ADD_TEST(suite, timerfd_by_its_start) || !CU_ADD_TEST(suite, timerfd_of_nobody) ||
	    !CU_ADD_TEST(suite, released) || !CU_ADD_TEST(suite, descriptors_again) ||
	    !CU_ADD_TEST(suite, real_itimers) || !CU_ADD_TEST(suite, virtual_itimers) ||
	    !CU_ADD_TEST(suite, both_came) || !CU_ADD_TEST(suite, missed_probe) ||
	    !CU_ADD_TEST(suite, missed_before_another) ||
	    !CU_ADD_TEST(suite, missed_without_a_start) ||
	    !CU_ADD_TEST(suite, start_of_one_expiry) || !CU_ADD_TEST(suite, started_elsewhere) ||
	    !CU_ADD_TEST(suite, real_itimer_by_its_tracepoint) ||
	    !CU_ADD_TEST(suite, signal_of_a_missed_one) ||
	    !CU_ADD_TEST(suite, missed_on_another_clock) ||
	    !CU_ADD_TEST(suite, unknown_addresses) || !CU_ADD_TEST(suite, losses) ||
	    !CU_ADD_TEST(suite, forgotten) || !CU_ADD_TEST(suite, existing_timerfds) ||
	    !CU_ADD_TEST(suite, existing_and_set) || !CU_ADD_TEST(suite, existing_and_overdue))
		return (int)CU_get_error();
	return 0;
}
