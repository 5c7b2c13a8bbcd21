/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers' signals: sent, ignored, lost; taken by handlers and by who waits for them. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "seen_timers.h"
#include "suites.h"

#define HANDLER 0x401000
#define IGNORE 1ULL /* SIG_IGN */

/* An expiry of a timer of process PID and its signal, which is now pending. */
static void expire_and_send(int32_t id, int32_t signo)
{
	take(expiry_of(PID, id, ADDRESS + 64 * (uint64_t)id, now, 0));
	take(queue_of(PID, id));
	take(signal_of(PID, signo, SI_TIMER, 0));
	expect_told(2);
}

static void generated(void)
{
	static const struct {
		int32_t result;
		enum signal_result expected;
	} cases[] = { { 0, SIGNAL_DELIVERED }, { 1, SIGNAL_IGNORED }, { 2, SIGNAL_PENDING },
		      { 3, SIGNAL_LOST },      { 4, SIGNAL_LOST },    { 77, SIGNAL_LOST } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct occurrence *one;
		int64_t expired;

		begin_timers();
		call_settime(3, 0, 0, MS);
		expired = now;
		take(expiry_of(PID, 3, ADDRESS, now, 0));
		take(queue_of(PID, 3));
		expect_one(EVENT_TIMER_EXPIRE);
		take(signal_of(PID, SIGUSR2, SI_TIMER, cases[i].result));
		one = expect_signal(EVENT_SIGNAL_GENERATE, 3, cases[i].expected);
		CU_ASSERT_EQUAL(one->pid, PID);
		CU_ASSERT_EQUAL(one->tid, PID);
		CU_ASSERT_EQUAL(one->target_tid, 0);
		CU_ASSERT_EQUAL(one->family, TIMER_POSIX);
		CU_ASSERT_EQUAL(one->signo, SIGUSR2);
		CU_ASSERT_TRUE(one->traced && one->has_after);
		CU_ASSERT_EQUAL(one->after_ns, (int64_t)one->ts - expired);
		CU_ASSERT_FALSE(one->has_overrun || one->has_asked || one->has_interval);
		/* only what was queued can be delivered */
		take_as(PID, deliver_of(SIGUSR2, SI_TIMER, 0));
		one = expect_signal(EVENT_SIGNAL_DELIVER, i ? -1 : 3, SIGNAL_DEFAULT);
		CU_ASSERT_EQUAL(one->has_after, i == 0);
		end_timers(0, 0);
	}
}

static void thread_directed(void)
{
	struct record record = signal_of(THREAD, SIGUSR1, SI_TIMER, 0);
	const struct occurrence *one;

	record.signal.group = false;
	begin_timers();
	take(expiry_of(THREAD, 3, ADDRESS, now, 0));
	take(queue_of(THREAD, 3));
	expect_told(1);
	take(record);
	one = expect_signal(EVENT_SIGNAL_GENERATE, 3, SIGNAL_DELIVERED);
	CU_ASSERT_EQUAL(one->pid, PID);
	CU_ASSERT_EQUAL(one->tid, THREAD);
	CU_ASSERT_EQUAL(one->target_tid, THREAD);
	take_as(THREAD, deliver_of(SIGUSR1, SI_TIMER, 0));
	one = expect_signal(EVENT_SIGNAL_DELIVER, 3, SIGNAL_DEFAULT);
	CU_ASSERT_EQUAL(one->pid, PID);
	CU_ASSERT_EQUAL(one->tid, THREAD);
	end_timers(0, 0);
}

/* The probe of sending was missed: the expiry just before it tells whose it is. */
static void without_a_queue(void)
{
	const struct occurrence *one;

	begin_timers();
	take(expiry_of(PID, 3, ADDRESS, now, 0));
	expect_told(1);
	take(signal_of(PID, SIGUSR1, SI_TIMER, 0));
	one = expect_signal(EVENT_SIGNAL_GENERATE, 3, SIGNAL_DELIVERED);
	CU_ASSERT_TRUE(one->has_after);
	CU_ASSERT_EQUAL(one->after_ns, US);
	/* once: the next one is nobody's */
	take(signal_of(PID, SIGUSR1, SI_TIMER, 0));
	one = expect_signal(EVENT_SIGNAL_GENERATE, -1, SIGNAL_DELIVERED);
	CU_ASSERT_FALSE(one->has_after || one->traced);
	CU_ASSERT_EQUAL(one->pid, PID);
	/* nor is one on another CPU */
	take(expiry_of(PID, 3, ADDRESS, now, 0));
	expect_told(1);
	take_on(2, signal_of(PID, SIGUSR1, SI_TIMER, 0));
	CU_ASSERT_FALSE(expect_told(1)->has_id);
	end_timers(0, 2);
}

/* An interrupt comes between sending and what becomes of it. */
static void nested_sending(void)
{
	begin_timers();
	take_as(PID, queue_of(PID, 7)); /* on a CPU clock: an expiry, too */
	expect_expiry(PID, 7, ARMED_UNKNOWN);
	take(expiry_of(PID, 3, ADDRESS, now, 0));
	take(queue_of(PID, 3));
	expect_told(1);
	take(signal_of(PID, SIGUSR1, SI_TIMER, 0));
	expect_signal(EVENT_SIGNAL_GENERATE, 3, SIGNAL_DELIVERED);
	take_as(PID, signal_of(PID, SIGUSR2, SI_TIMER, 2));
	expect_signal(EVENT_SIGNAL_GENERATE, 7, SIGNAL_PENDING);
	/* more than there can be: the oldest one's fate was not told */
	for (int32_t id = 0; id < 9; id++)
		take(queue_of(PID, id));
	expect_told(9);
	for (int32_t id = 8; id > 4; id--) {
		take(signal_of(PID, SIGUSR1, SI_TIMER, 0));
		expect_signal(EVENT_SIGNAL_GENERATE, id, SIGNAL_DELIVERED);
	}
	take(signal_of(PID, SIGUSR1, SI_TIMER, 0));
	expect_signal(EVENT_SIGNAL_GENERATE, -1, SIGNAL_DELIVERED);
	end_timers(0, 1);
}

/* CPU clocks expire where the task runs: sending tells of it, and not for when it was. */
static void cpu_clocks(void)
{
	struct record record = full_queue_of(PID, 4, 0, 5 * MS);
	const struct occurrence *one;

	record.timer.clock = -6;
	record.timer.has_asked = false; /* decode leaves it out */
	begin_timers();
	call_create(4, CLOCK_PROCESS_CPUTIME_ID);
	call_settime(4, 0, 5 * MS, 20 * MS);
	for (int i = 0; i < 3; i++) {
		take_as(THREAD, record);
		one = expect_one(EVENT_TIMER_EXPIRE);
		CU_ASSERT_EQUAL(one->id, 4);
		CU_ASSERT_EQUAL(one->clock, -6);
		CU_ASSERT_FALSE(one->has_asked);
		CU_ASSERT_EQUAL(one->interval_ns, 5 * MS);
		CU_ASSERT_EQUAL(one->armed_by, i ? ARMED_BY_KERNEL : ARMED_BY_USER);
		take_as(THREAD, signal_of(PID, SIGPROF, SI_TIMER, i ? 2 : 0));
		one = expect_signal(EVENT_SIGNAL_GENERATE, 4,
				    i ? SIGNAL_PENDING : SIGNAL_DELIVERED);
		CU_ASSERT_EQUAL(one->after_ns, US);
	}
	end_timers(0, 0);
}

/* From 6.13 on a signal that is no longer ignored is sent again, without an expiry. */
static void sent_again(void)
{
	const int64_t asked = BEGINNING + 5 * MS;
	const struct occurrence *one;

	begin_timers();
	take(expiry_of(PID, 3, ADDRESS, asked, 4 * MS));
	take(full_queue_of(PID, 3, asked, 4 * MS));
	expect_one(EVENT_TIMER_EXPIRE);
	take(signal_of(PID, SIGUSR1, SI_TIMER, 1));
	expect_signal(EVENT_SIGNAL_GENERATE, 3, SIGNAL_IGNORED);
	/* sigaction(2) of some thread; the timer was not armed again meanwhile */
	take_as(THREAD, full_queue_of(PID, 3, asked, 4 * MS));
	expect_nothing();
	take_as(THREAD, signal_of(PID, SIGUSR1, SI_TIMER, 0));
	one = expect_signal(EVENT_SIGNAL_GENERATE, 3, SIGNAL_DELIVERED);
	CU_ASSERT_TRUE(one->has_after);
	/* for another instant it is an expiry that no other probe saw */
	take(full_queue_of(PID, 3, asked + 4 * MS, 4 * MS));
	expect_expiry(PID, 3, ARMED_BY_KERNEL);
	end_timers(0, 0);
}

/* Armed for a time that is over: it expires, and sends, within the call. */
static void in_the_past(void)
{
	begin_timers();
	for (int i = 0; i < 2; i++) { /* the same instant, once more */
		struct record entry = entry_of(EVENT_TIMER_SETTIME, 3);

		entry.entry.flags = 1;
		take_as(PID, entry);
		take_as(PID, copy_of(EVENT_TIMER_SETTIME, 3, 1, spec_of(FROM_KERNEL, 0, 1)));
		take_as(PID, full_queue_of(PID, 3, 1, 0));
		expect_expiry(PID, 3, ARMED_BY_USER);
		take_as(PID, signal_of(PID, SIGUSR1, SI_TIMER, i ? 2 : 0));
		expect_signal(EVENT_SIGNAL_GENERATE, 3, i ? SIGNAL_PENDING : SIGNAL_DELIVERED);
		take_as(PID, return_of(EVENT_TIMER_SETTIME, 0));
	}
	end_timers(0, 0);
}

static void itimer_signals(void)
{
	static const struct {
		int32_t which, signo;
	} cases[] = { { ITIMER_REAL, SIGALRM },
		      { ITIMER_VIRTUAL, SIGVTALRM },
		      { ITIMER_PROF, SIGPROF } };

	for (size_t i = 0; i < 3; i++) {
		const struct occurrence *one;

		begin_timers();
		call_arm(EVENT_SETITIMER, cases[i].which, 0, 0, MS);
		if (i)
			take(itimer_of(cases[i].which, PID));
		else
			take(real_expiry_of(PID, ADDRESS, now, 0));
		expect_told(1);
		take(signal_of(PID, cases[i].signo, SI_KERNEL, 0));
		one = expect_signal(EVENT_SIGNAL_GENERATE, cases[i].which, SIGNAL_DELIVERED);
		CU_ASSERT_EQUAL(one->family, TIMER_ITIMER);
		CU_ASSERT_EQUAL(one->after_ns, US);
		CU_ASSERT_TRUE(one->traced);
		take_as(PID, deliver_of(cases[i].signo, SI_KERNEL, HANDLER));
		take_as(PID, kernel_info_of(USE_HANDLED, cases[i].signo));
		one = expect_signal(EVENT_SIGNAL_DELIVER, cases[i].which, SIGNAL_HANDLER);
		CU_ASSERT_EQUAL(one->family, TIMER_ITIMER);
		CU_ASSERT_FALSE(one->has_overrun);
		CU_ASSERT_EQUAL(one->after_ns, 2 * US);
		/* nobody saw an expiry of this one */
		take(signal_of(OTHER, cases[i].signo, SI_KERNEL, 1));
		one = expect_signal(EVENT_SIGNAL_GENERATE, cases[i].which, SIGNAL_IGNORED);
		CU_ASSERT_FALSE(one->has_after || one->traced);
		end_timers(0, 0);
	}
}

/* A handler: the thread takes the signal, and then its siginfo is seen. */
static void to_a_handler(void)
{
	const struct occurrence *one;
	int64_t taken;

	begin_timers();
	call_settime(3, 0, 4 * MS, MS);
	expire_and_send(3, SIGUSR1);
	taken = now;
	take_as(THREAD, deliver_of(SIGUSR1, SI_TIMER, HANDLER));
	expect_nothing();
	/* interrupts come between, and are not what the thread does */
	take_as(THREAD, expiry_of(OTHER, 1, ADDRESS, now, 0));
	take_as(THREAD, queue_of(OTHER, 1));
	take_as(THREAD, signal_of(OTHER, SIGUSR1, SI_TIMER, 0));
	take_as(THREAD, itimer_of(1, OTHER));
	expect_told(3);
	take_as(THREAD, info_of(USE_FETCHED, SIGUSR1, 3, 9, 0xabc)); /* into its frame */
	expect_nothing();
	take_as(THREAD, info_of(USE_HANDLED, SIGUSR1, 3, 9, 0xabc));
	one = expect_signal(EVENT_SIGNAL_DELIVER, 3, SIGNAL_HANDLER);
	CU_ASSERT_EQUAL(one->ts, (uint64_t)taken);
	CU_ASSERT_EQUAL(one->pid, PID);
	CU_ASSERT_EQUAL(one->tid, THREAD);
	CU_ASSERT_EQUAL(one->target_tid, THREAD);
	CU_ASSERT_EQUAL(one->signo, SIGUSR1);
	CU_ASSERT_TRUE(one->traced && one->has_after && one->has_overrun);
	CU_ASSERT_EQUAL(one->after_ns, 3 * US);
	CU_ASSERT_EQUAL(one->overrun, 9);
	CU_ASSERT_EQUAL(one->sigev_value, 0xabc);
	/* a siginfo without its signal is nobody's */
	take_as(THREAD, info_of(USE_HANDLED, SIGUSR1, 3, 9, 0xabc));
	end_timers(0, 0);
}

/* Two timers with one signal: siginfo tells which; without it the older one is guessed. */
static void which_of_two(void)
{
	begin_timers();
	expire_and_send(3, SIGUSR1);
	expire_and_send(4, SIGUSR1);
	expire_and_send(5, SIGUSR2);
	take_as(PID, deliver_of(SIGUSR1, SI_TIMER, HANDLER));
	take_as(PID, info_of(USE_HANDLED, SIGUSR1, 4, 0, 4));
	expect_signal(EVENT_SIGNAL_DELIVER, 4, SIGNAL_HANDLER);
	expire_and_send(4, SIGUSR1);
	take_as(PID, deliver_of(SIGUSR1, SI_TIMER, 0));
	CU_ASSERT_FALSE(happened[0].has_overrun);
	expect_signal(EVENT_SIGNAL_DELIVER, 3, SIGNAL_DEFAULT);
	take_as(PID, deliver_of(SIGUSR1, SI_TIMER, IGNORE));
	expect_signal(EVENT_SIGNAL_DELIVER, 4, SIGNAL_DROPPED);
	take_as(PID, deliver_of(SIGUSR1, SI_TIMER, IGNORE));
	expect_signal(EVENT_SIGNAL_DELIVER, -1, SIGNAL_DROPPED);
	take_as(OTHER, deliver_of(SIGUSR2, SI_TIMER, IGNORE)); /* of another process */
	expect_signal(EVENT_SIGNAL_DELIVER, -1, SIGNAL_DROPPED);
	/* one that siginfo names, and nobody else: it is named, if not known */
	take_as(PID, deliver_of(SIGUSR2, SI_TIMER, HANDLER));
	take_as(PID, info_of(USE_HANDLED, SIGUSR2, 99, 1, 0));
	CU_ASSERT_FALSE(happened[0].traced || happened[0].has_after);
	expect_signal(EVENT_SIGNAL_DELIVER, 99, SIGNAL_HANDLER);
	end_timers(0, 0);
}

/* Its siginfo did not come: whatever the thread does next shows it. */
static void settled_by_the_next(void)
{
	const struct record next[] = { entry_of(EVENT_TIMER_GETTIME, 1),
				       deliver_of(SIGUSR2, SI_TIMER, HANDLER), wait_of(8),
				       release_of(ADDRESS), exit_of(THREAD) };

	for (size_t i = 0; i < sizeof(next) / sizeof(next[0]); i++) {
		const struct occurrence *one;
		int64_t taken;

		begin_timers();
		expire_and_send(3, SIGUSR1);
		taken = now;
		take_as(THREAD, deliver_of(SIGUSR1, SI_TIMER, HANDLER));
		take_as(PID, entry_of(EVENT_TIMER_GETTIME, 1)); /* another thread */
		expect_nothing();
		take_as(THREAD, next[i]);
		one = expect_signal(EVENT_SIGNAL_DELIVER, 3, SIGNAL_HANDLER);
		CU_ASSERT_EQUAL(one->ts, (uint64_t)taken);
		CU_ASSERT_EQUAL(one->tid, THREAD);
		CU_ASSERT_TRUE(one->has_after);
		CU_ASSERT_FALSE(one->has_overrun);
		end_timers(i == 1, 0); /* the second signal is still to be told */
	}
}

/* One that was ignored for a while is queued again without a word. */
static void queued_again(void)
{
	const struct occurrence *one;
	int64_t expired;

	begin_timers();
	take_as(PID, deliver_of(SIGVTALRM, SI_KERNEL, 0));
	CU_ASSERT_FALSE(
		expect_signal(EVENT_SIGNAL_DELIVER, ITIMER_VIRTUAL, SIGNAL_DEFAULT)->has_after);
	call_settime(3, 0, 0, MS);
	take_as(PID, deliver_of(SIGUSR1, SI_TIMER, HANDLER));
	take_as(PID, info_of(USE_HANDLED, SIGUSR1, 3, 0, 0));
	CU_ASSERT_FALSE(expect_signal(EVENT_SIGNAL_DELIVER, 3, SIGNAL_HANDLER)->has_after);
	expired = now;
	take(expiry_of(PID, 3, ADDRESS, now, 0));
	take(queue_of(PID, 3));
	take(signal_of(PID, SIGUSR1, SI_TIMER, 1));
	expect_told(2);
	now += 700 * MS;
	take_as(PID, deliver_of(SIGUSR1, SI_TIMER, HANDLER));
	take_as(PID, info_of(USE_HANDLED, SIGUSR1, 3, 2, 0));
	one = expect_signal(EVENT_SIGNAL_DELIVER, 3, SIGNAL_HANDLER);
	CU_ASSERT_TRUE(one->has_after && one->traced);
	CU_ASSERT_EQUAL(one->after_ns, (int64_t)one->ts - expired);
	/* and an itimer's */
	expired = now;
	take(itimer_of(ITIMER_PROF, PID));
	take(signal_of(PID, SIGPROF, SI_KERNEL, 1));
	expect_told(2);
	take_as(PID, deliver_of(SIGPROF, SI_KERNEL, 0));
	one = expect_signal(EVENT_SIGNAL_DELIVER, ITIMER_PROF, SIGNAL_DEFAULT);
	CU_ASSERT_TRUE(one->has_after);
	CU_ASSERT_EQUAL(one->after_ns, (int64_t)one->ts - expired);
	end_timers(0, 0);
}

/* While a handler is set up the timer sends its next one: each has its own expiry. */
static void sent_meanwhile(void)
{
	for (int seen = 0; seen < 2; seen++) {
		const struct occurrence *one;
		int64_t first, second;

		begin_timers();
		first = now;
		expire_and_send(3, SIGUSR1);
		take_as(THREAD, deliver_of(SIGUSR1, SI_TIMER, HANDLER));
		now += 5 * MS;
		second = now;
		expire_and_send(3, SIGUSR1);
		if (seen)
			take_as(THREAD, info_of(USE_HANDLED, SIGUSR1, 3, 0, 0));
		else
			take_as(THREAD, entry_of(EVENT_TIMER_GETTIME, 3));
		one = expect_signal(EVENT_SIGNAL_DELIVER, 3, SIGNAL_HANDLER);
		CU_ASSERT_TRUE(one->has_after);
		CU_ASSERT_EQUAL(one->after_ns, (int64_t)one->ts - first);
		take_as(THREAD, deliver_of(SIGUSR1, SI_TIMER, 0));
		one = expect_signal(EVENT_SIGNAL_DELIVER, 3, SIGNAL_DEFAULT);
		CU_ASSERT_TRUE(one->has_after);
		CU_ASSERT_EQUAL(one->after_ns, (int64_t)one->ts - second);
		end_timers(0, 0);
	}
}

/* By the end, and by a loss on its CPU. */
static void settled_at_last(void)
{
	begin_timers();
	for (int32_t tid = 1000; tid < 1100; tid++)
		take_as(tid, deliver_of(SIGUSR1, SI_TIMER, HANDLER));
	expect_nothing();
	timers_lost(timers, 0);
	expect_nothing();
	for (int32_t tid = 1000; tid < 1050; tid++) {
		take_as(tid, info_of(USE_HANDLED, SIGUSR1, 3, 0, 0));
		CU_ASSERT_EQUAL(happened[0].tid, tid);
		expect_signal(EVENT_SIGNAL_DELIVER, 3, SIGNAL_HANDLER);
	}
	end_timers(50, 0);
	begin_timers();
	take_as(THREAD, deliver_of(SIGUSR1, SI_TIMER, HANDLER));
	timers_lost(timers, 1);
	expect_signal(EVENT_SIGNAL_DELIVER, -1, SIGNAL_HANDLER);
	end_timers(0, 0);
}

int suite_timers_signals(void)
{
	CU_pSuite suite = CU_add_suite("timers_signals", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, generated) || !CU_ADD_TEST(suite, thread_directed) ||
	    !CU_ADD_TEST(suite, without_a_queue) || !CU_ADD_TEST(suite, nested_sending) ||
	    !CU_ADD_TEST(suite, cpu_clocks) || !CU_ADD_TEST(suite, sent_again) ||
	    !CU_ADD_TEST(suite, in_the_past) || !CU_ADD_TEST(suite, itimer_signals) ||
	    !CU_ADD_TEST(suite, to_a_handler) || !CU_ADD_TEST(suite, which_of_two) ||
	    !CU_ADD_TEST(suite, queued_again) || !CU_ADD_TEST(suite, sent_meanwhile) ||
	    !CU_ADD_TEST(suite, settled_by_the_next) || !CU_ADD_TEST(suite, settled_at_last))
		return (int)CU_get_error();
	return 0;
}
