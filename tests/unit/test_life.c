/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

#include "feed.h"
#include "suites.h"

static void whole_life(void)
{
	struct call call;
	const struct life *life;
	int64_t armed;

	feed_begin();
	call = feed_creation(EVENT_TIMER_CREATE, 7, CLOCK_TAI);
	call.sigevent = (struct sigevent_seen){ FROM_KERNEL, 0x4d, SIGUSR1, SIGEV_SIGNAL, 0 };
	feed_take(FEED_PID, call);
	feed_settime(7, 5 * MS, 3 * MS);
	armed = (int64_t)feed_now - 5 * US;
	feed_expire(7, armed + 5 * MS, 3 * MS, ARMED_BY_USER);
	feed_deliver(7, SIGNAL_HANDLER, 0);
	feed_expire(7, armed + 8 * MS, 3 * MS, ARMED_BY_KERNEL);
	feed_deliver(7, SIGNAL_HANDLER, 2);
	feed_expire(7, armed + 17 * MS, 3 * MS, ARMED_BY_KERNEL);
	feed_deliver(7, SIGNAL_SIGNALFD, -1);
	feed_simple(EVENT_TIMER_GETTIME, 7, 0);
	feed_simple(EVENT_TIMER_GETTIME, 7, -EFAULT);
	feed_simple(EVENT_TIMER_GETOVERRUN, 7, 5);
	feed_simple(EVENT_TIMER_GETOVERRUN, 7, 2);
	feed_settime(7, 0, 3 * MS);
	feed_simple(EVENT_TIMER_DELETE, 7, 0);
	life = feed_end(1);
	CU_ASSERT_TRUE(life->pid == FEED_PID && life->family == TIMER_POSIX && life->id == 7);
	CU_ASSERT_STRING_EQUAL(life->comm, "app");
	CU_ASSERT_TRUE(life->origin == ORIGIN_CREATED && life->end == END_DELETED);
	CU_ASSERT_TRUE(life->born_ns == 1000 * MS && life->end_ns == feed_now);
	CU_ASSERT_TRUE(life->created_tid == FEED_PID + 1 && !life->incomplete);
	CU_ASSERT_TRUE(life->has_clock && life->clock == CLOCK_TAI);
	CU_ASSERT_TRUE(life->has_sigevent && life->sigevent.value == 0x4d);
	CU_ASSERT_TRUE(life->arms == 1 && life->disarms == 1 && life->periodic == 1);
	CU_ASSERT_TRUE(life->one_shot == 0 && life->absolute == 0 && life->failed == 1);
	CU_ASSERT_TRUE(life->gettimes == 1 && life->getoverruns == 2);
	CU_ASSERT_EQUAL(life->last_getoverrun, 2);
	CU_ASSERT_TRUE(life->has_value && life->value_ns == 5 * MS);
	CU_ASSERT_EQUAL(life->interval_ns, 3 * MS);
	CU_ASSERT_TRUE(life->expiries == 3 && life->rearmed == 2 && life->replaced == 0);
	CU_ASSERT_EQUAL(life->overruns, 2);
	CU_ASSERT_TRUE(life->late.count == 3 && life->late.max == 2 * US);
	CU_ASSERT_EQUAL(life->observed.count, 2);
	CU_ASSERT_TRUE(life->observed.min == 3 * MS && life->observed.max == 3 * MS);
	CU_ASSERT_TRUE(life->signals[SIGNAL_HANDLER] == 2 && life->signals[SIGNAL_SIGNALFD] == 1);
	CU_ASSERT_TRUE(life->signal_after.count == 3 && life->signal_after.min == 15 * US);
}

static void default_sigevent(void)
{
	struct call call;
	const struct life *life;

	feed_begin();
	call = feed_creation(EVENT_TIMER_CREATE, 9, CLOCK_MONOTONIC);
	feed_take(FEED_PID, call); /* its sigevent was not seen */
	call.timer_id = 3;
	call.new_ptr = 0;
	feed_take(FEED_PID, call);
	life = feed_end(2);
	CU_ASSERT_TRUE(told[0].id == 3 && told[0].has_sigevent);
	CU_ASSERT_TRUE(told[0].sigevent.from == FROM_KERNEL && told[0].sigevent.signo == SIGALRM);
	CU_ASSERT_TRUE(told[0].sigevent.notify == SIGEV_SIGNAL && told[0].sigevent.value == 3);
	CU_ASSERT_TRUE(life->id == 9 && !life->has_sigevent);
	CU_ASSERT_TRUE(life->end == END_OPEN && life->end_ns == 0 && life->last_getoverrun == -1);
}

/* Refused calls of unknown timers make none up; others do. */
static void found(void)
{
	struct call call;

	feed_begin();
	feed_simple(EVENT_TIMER_SETTIME, 5, -EINVAL);
	feed_simple(EVENT_TIMER_DELETE, 5, -EINVAL);
	feed_simple(EVENT_TIMER_CREATE, 5, -EAGAIN);
	feed_simple(EVENT_TIMERFD_CREATE, 0, -EMFILE);
	feed_simple(EVENT_SETITIMER, 77, -EINVAL);
	call = feed_call(EVENT_TIMER_GETTIME, 0);
	call.has_id = false;
	feed_take(FEED_PID, call);
	call.has_id = true;
	feed_take(0, call);
	feed_deliver(6, SIGNAL_HANDLER, 0); /* of a timer that may have been deleted */
	feed_end(0);
	feed_begin();
	feed_settime(1, 1 * MS, 0);
	feed_simple(EVENT_TIMER_SETTIME, 1, -EINVAL);
	feed_expire(2, (int64_t)feed_now, 5, ARMED_BY_KERNEL);
	feed_simple(EVENT_TIMER_DELETE, 3, 0);
	call = feed_call(EVENT_TIMER_GETTIME, 4);
	call.missing = CALL_NO_RETURN;
	call.end_ns = 0;
	feed_take(FEED_PID, call);
	call = feed_creation(EVENT_TIMER_CREATE, 5, CLOCK_TAI);
	call.missing = CALL_NO_RETURN;
	feed_take(FEED_PID, call);
	feed_end(5);
	CU_ASSERT_TRUE(told[0].id == 3 && told[0].end == END_DELETED);
	CU_ASSERT_TRUE(told[1].origin == ORIGIN_FOUND && told[1].born_ns == 1000 * MS);
	CU_ASSERT_TRUE(told[1].failed == 1 && told[1].arms == 1 && !told[1].incomplete);
	CU_ASSERT_TRUE(told[2].expiries == 1 && told[2].rearmed == 1 && told[2].arms == 0);
	CU_ASSERT_TRUE(told[2].has_clock && told[2].clock == CLOCK_BOOTTIME);
	CU_ASSERT_TRUE(told[3].gettimes == 0 && told[3].incomplete);
	CU_ASSERT_TRUE(told[4].origin == ORIGIN_CREATED && told[4].incomplete);
}

static void replaced_arms(void)
{
	struct call call;
	const struct life *life;

	feed_begin();
	feed_settime(1, 50 * MS, 0);
	feed_settime(1, 50 * MS, 0);                  /* replaces */
	feed_settime(1, 0, 0);                        /* replaces */
	feed_settime(1, 0, 0);                        /* nothing to replace */
	feed_settime(1, 50 * MS, 50 * MS);            /* nothing */
	feed_simple(EVENT_TIMER_SETTIME, 1, -EINVAL); /* changes nothing */
	feed_expire(1, (int64_t)feed_now - 5 * US + 50 * MS, 50 * MS, ARMED_BY_USER);
	feed_settime(1, 50 * MS, 0); /* has expired once */
	call = feed_setting(EVENT_TIMER_SETTIME, 1, 50 * MS, 0);
	call.missing = CALL_NO_RETURN;
	feed_take(FEED_PID, call);
	feed_settime(1, 50 * MS, 0); /* nobody knows what that call did */
	call = feed_setting(EVENT_TIMER_SETTIME, 1, 0, 0);
	call.ret = -EFAULT; /* for the old value, when this one was set */
	feed_take(FEED_PID, call);
	feed_settime(1, 50 * MS, 0); /* nothing */
	feed_simple(EVENT_TIMER_DELETE, 1, 0);
	life = feed_end(1);
	CU_ASSERT_TRUE(life->arms == 6 && life->disarms == 3 && life->failed == 2);
	CU_ASSERT_TRUE(life->replaced == 3 && life->incomplete);
}

/* Arms `value` and expires 3 us into the call, before its return is heard of. */
static void early(int64_t value, int64_t interval, bool absolute, bool has_asked)
{
	struct call call = feed_setting(EVENT_TIMER_SETTIME, 1, value, interval);
	int64_t asked = (int64_t)feed_now + 1 * US + (absolute ? 0 : value);
	struct occurrence expiry = feed_expiry(EVENT_TIMER_EXPIRE, 1, asked, interval);

	expiry.has_asked = has_asked;
	expiry.armed_by = has_asked ? ARMED_BY_USER : ARMED_UNKNOWN;
	if (absolute) {
		call.flags = TFD_TIMER_ABSTIME;
		call.new_value.value = feed_spec(asked);
	}
	feed_occur(expiry);
	feed_take(FEED_PID, call);
}

static void early_expiries(void)
{
	const struct life *life;

	feed_begin();
	early(500, 0, false, true); /* never heard of before */
	early(500, 0, false, true);
	early(0, 0, true, true);
	early(500, 0, false, false);
	feed_settime(1, 50 * MS, 0);
	early(500, 1 * MS, false, true); /* replaces, and goes on */
	feed_expire(1, (int64_t)feed_now - 8 * US + 1 * MS, 1 * MS, ARMED_BY_KERNEL);
	feed_settime(1, 0, 0);
	life = feed_end(1);
	CU_ASSERT_TRUE(life->arms == 6 && life->expiries == 6 && life->disarms == 1);
	CU_ASSERT_TRUE(life->absolute == 1 && life->replaced == 1);
	CU_ASSERT_EQUAL(life->born_ns, 1000 * MS);
	CU_ASSERT_EQUAL(life->observed.count, 1);
}

/* An arm's expiry can come while the next call is under way and has not set it yet. */
static void late_expiries(void)
{
	struct call call;
	struct occurrence expiry;
	const struct life *life;
	int64_t asked;

	feed_begin();
	feed_settime(1, 50 * MS, 0);
	asked = (int64_t)feed_now - 5 * US + 50 * MS;
	feed_now = (uint64_t)asked + 1 * US;
	call = feed_setting(EVENT_TIMER_SETTIME, 1, 50 * MS, 0);
	feed_expire(1, asked, 0, ARMED_BY_USER);
	feed_take(FEED_PID, call);   /* has not expired */
	feed_settime(1, 60 * MS, 0); /* replaces */
	feed_settime(1, 1, 0);       /* replaces */
	feed_now += 1 * MS;
	/* the same without the instant, as of CPU clocks: of the arm that was there */
	call = feed_setting(EVENT_TIMER_SETTIME, 1, 50 * MS, 0);
	expiry = feed_expiry(EVENT_TIMER_EXPIRE, 1, (int64_t)feed_now, 0);
	expiry.has_asked = false;
	expiry.armed_by = ARMED_UNKNOWN;
	feed_occur(expiry);
	feed_take(FEED_PID, call);
	feed_settime(1, 0, 0); /* replaces */
	life = feed_end(1);
	CU_ASSERT_TRUE(life->expiries == 2 && life->arms == 5 && life->replaced == 3);
	CU_ASSERT_EQUAL(life->late.count, 1);
}

/* In a time namespace no instant is the one that was asked for. */
static void time_namespace(void)
{
	struct call call;
	const struct life *life;

	feed_begin();
	for (int i = 0; i < 3; i++) {
		call = feed_setting(EVENT_TIMER_SETTIME, 1, 77777 * MS, 0);
		call.flags = TFD_TIMER_ABSTIME;
		feed_take(FEED_PID, call);
		feed_expire(1, (int64_t)feed_now + 5 * MS, 0, ARMED_BY_USER);
	}
	call.start_ns = feed_now;
	call.end_ns = feed_now + 10 * US;
	feed_expire(1, (int64_t)feed_now + 1 * US, 0, ARMED_BY_USER);
	feed_take(FEED_PID, call);
	feed_settime(1, 0, 0);
	life = feed_end(1);
	CU_ASSERT_TRUE(life->arms == 4 && life->absolute == 4 && life->replaced == 0);
}

/* The kernel has no expiries for these; only time tells. */
static void sigev_none(void)
{
	struct call call;
	const struct life *life;

	feed_begin();
	call = feed_creation(EVENT_TIMER_CREATE, 1, CLOCK_MONOTONIC);
	call.sigevent = (struct sigevent_seen){ .from = FROM_KERNEL, .notify = SIGEV_NONE };
	feed_take(FEED_PID, call);
	feed_settime(1, 5 * MS, 0);
	feed_now += 6 * MS;
	feed_settime(1, 5 * MS, 0);
	feed_settime(1, 0, 0); /* replaces */
	life = feed_end(1);
	CU_ASSERT_TRUE(life->arms == 2 && life->replaced == 1 && life->expiries == 0);
}

static void timerfd_figures(void)
{
	struct call call;
	const struct life *life;
	int64_t asked;
	struct occurrence expiry;

	feed_begin();
	feed_take(FEED_PID, feed_creation(EVENT_TIMERFD_CREATE, 3, CLOCK_BOOTTIME));
	call = feed_setting(EVENT_TIMERFD_SETTIME, 3, 1 * MS, 10 * MS);
	asked = (int64_t)feed_now + 5 * US + 1 * MS;
	feed_take(FEED_PID, call);
	feed_occur(feed_expiry(EVENT_TIMERFD_EXPIRE, 3, asked, 10 * MS));
	/* read late: three periods have no expiry of their own */
	expiry = feed_expiry(EVENT_TIMERFD_EXPIRE, 3, asked + 40 * MS, 10 * MS);
	expiry.armed_by = ARMED_BY_KERNEL;
	expiry.ts += 400 * US;
	feed_occur(expiry);
	/* by whom is not known: its instant tells */
	expiry = feed_expiry(EVENT_TIMERFD_EXPIRE, 3, asked + 60 * MS, 10 * MS);
	expiry.armed_by = ARMED_UNKNOWN;
	expiry.ts += 400 * US;
	feed_occur(expiry);
	feed_simple(EVENT_TIMERFD_GETTIME, 3, 0);
	feed_simple(EVENT_TIMERFD_SETTIME, 3, -EINVAL);
	lives_closed(feed_lives, FEED_PID, 4, feed_now);
	lives_closed(feed_lives, FEED_PID + 1, 3, feed_now);
	CU_ASSERT_EQUAL(told_count, 0);
	lives_closed(feed_lives, FEED_PID, 3, feed_now);
	life = feed_end(1);
	CU_ASSERT_TRUE(life->family == TIMER_FD && life->end == END_CLOSED &&
		       life->end_ns == feed_now);
	CU_ASSERT_TRUE(life->expiries == 3 && life->rearmed == 1 && life->overruns == 4);
	CU_ASSERT_TRUE(life->observed.count == 2 && life->observed.max == 10 * MS + 100 * US);
	CU_ASSERT_EQUAL(told_median[0], 10 * MS);
	CU_ASSERT_TRUE(life->failed == 1 && life->gettimes == 1);
}

/* Another arm begins another series, also where its instants would fit. */
static void series(void)
{
	const struct life *life;
	int64_t armed;

	feed_begin();
	for (int i = 0; i < 2; i++) {
		feed_settime(1, 5 * MS, 5 * MS);
		armed = (int64_t)feed_now - 5 * US;
		feed_expire(1, armed + 5 * MS, 5 * MS, ARMED_BY_USER);
		feed_expire(1, armed + 10 * MS, 5 * MS, ARMED_BY_KERNEL);
		feed_deliver(1, SIGNAL_HANDLER, 1);
	}
	/* instants at the ends of what can be counted */
	feed_expire(1, INT64_MAX - 5 * US, 1, ARMED_BY_KERNEL);
	feed_expire(1, INT64_MIN, 1, ARMED_BY_KERNEL);
	feed_expire(1, INT64_MAX - 5 * US, 1, ARMED_UNKNOWN);
	life = feed_end(1);
	CU_ASSERT_TRUE(life->expiries == 7 && life->overruns == 2);
	CU_ASSERT_EQUAL(life->observed.count, 2);
}

static void itimers(void)
{
	struct call call;

	feed_begin();
	call = feed_setting(EVENT_ALARM, 0, 5 * NSEC_PER_SEC, 0);
	call.seconds = 5;
	feed_take(FEED_PID, call);
	call = feed_call(EVENT_ALARM, 0);
	call.seconds = 7;
	call.ret = 5;
	feed_take(FEED_PID, call); /* replaces */
	call.seconds = 0;
	call.ret = 7;
	feed_take(FEED_PID, call); /* replaces */
	feed_take(FEED_PID, feed_setting(EVENT_SETITIMER, ITIMER_PROF, 10 * MS, 10 * MS));
	call = feed_call(EVENT_SETITIMER, ITIMER_VIRTUAL);
	call.new_ptr = 0;
	feed_take(FEED_PID, call);
	call.new_ptr = 1;
	feed_take(FEED_PID, call); /* what it set was not seen */
	feed_simple(EVENT_GETITIMER, ITIMER_VIRTUAL, 0);
	lives_exec(feed_lives, FEED_PID, feed_now);
	CU_ASSERT_EQUAL(told_count, 0);
	lives_exit(feed_lives, FEED_PID, feed_now);
	feed_end(3);
	CU_ASSERT_TRUE(told[0].id == ITIMER_REAL && told[0].arms == 2 && told[0].disarms == 1);
	CU_ASSERT_TRUE(told[0].replaced == 2 && told[0].value_ns == 7 * NSEC_PER_SEC);
	CU_ASSERT_TRUE(told[0].has_clock && told[0].clock == CLOCK_MONOTONIC);
	CU_ASSERT_TRUE(told[0].one_shot == 2 && told[0].end == END_EXIT);
	CU_ASSERT_TRUE(told[1].id == ITIMER_PROF && !told[1].has_clock && told[1].periodic == 1);
	CU_ASSERT_TRUE(told[2].disarms == 1 && told[2].incomplete && told[2].gettimes == 1);
}

int suite_life(void)
{
	CU_pSuite suite = CU_add_suite("life", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, whole_life) || !CU_ADD_TEST(suite, default_sigevent) ||
	    !CU_ADD_TEST(suite, found) || !CU_ADD_TEST(suite, replaced_arms) ||
	    !CU_ADD_TEST(suite, early_expiries) || !CU_ADD_TEST(suite, late_expiries) ||
	    !CU_ADD_TEST(suite, time_namespace) || !CU_ADD_TEST(suite, sigev_none) ||
	    !CU_ADD_TEST(suite, timerfd_figures) || !CU_ADD_TEST(suite, series) ||
	    !CU_ADD_TEST(suite, itimers))
		return (int)CU_get_error();
	return 0;
}
