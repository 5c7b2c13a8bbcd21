/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals that a thread waits for: their siginfo on the stack, or as it is copied out. */
#include <CUnit/Basic.h>
#include <signal.h>
#include <sys/time.h>

#include "seen_timers.h"
#include "suites.h"

static void send(int32_t id, int32_t signo)
{
	take(expiry_of(PID, id, ADDRESS + 64 * (uint64_t)id, now, 0));
	take(queue_of(PID, id));
	take(signal_of(PID, signo, SI_TIMER, 0));
	expect_told(2);
}

static const struct occurrence *expect_fetched(int32_t id, enum signal_result result)
{
	const struct occurrence *one = expect_signal(EVENT_SIGNAL_DELIVER, id, result);

	CU_ASSERT_EQUAL(one->pid, PID);
	CU_ASSERT_EQUAL(one->tid, THREAD);
	CU_ASSERT_EQUAL(one->target_tid, THREAD);
	CU_ASSERT_TRUE(one->has_after);
	return one;
}

static void on_the_stack(void)
{
	static const int64_t places[] = { 0, 8, (STACK_WORDS - 4) * 8 };

	for (size_t i = 0; i < 3; i++) {
		const struct occurrence *one;

		begin_timers();
		take_as(THREAD, wait_of(places[i]));
		send(3, SIGUSR1);
		send(4, SIGUSR1);
		take_as(THREAD, waited_of(places[i], SIGUSR1, 4, 5, 0xfeedface00000001));
		one = expect_fetched(4, SIGNAL_WAITED);
		CU_ASSERT_EQUAL(one->signo, SIGUSR1);
		CU_ASSERT_TRUE(one->has_overrun);
		CU_ASSERT_EQUAL(one->overrun, 5);
		CU_ASSERT_EQUAL(one->sigev_value, 0xfeedface00000001);
		CU_ASSERT_EQUAL(one->after_ns, 3 * US);
		/* once */
		take_as(THREAD, wait_of(places[i]));
		take_as(THREAD, waited_of(places[i], SIGUSR1, 4, 5, 1));
		end_timers(0, 0);
	}
}

/* Not where words are, or beyond what was read, or another signal than was returned. */
static void not_on_the_stack(void)
{
	static const int64_t places[] = {
		-1, -8, 4, (STACK_WORDS - 3) * 8, STACK_WORDS * 8, INT64_MAX - 7
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		begin_timers();
		send(3, SIGUSR1);
		take_as(THREAD, wait_of(places[i]));
		take_as(THREAD, waited_of(0, SIGUSR1, 3, 0, 0));
		end_timers(0, 0);
	}
	begin_timers();
	send(3, SIGUSR1);
	take_as(THREAD, wait_of(16));
	take_as(THREAD, waited_of(8, SIGUSR1, 3, 0, 0));
	end_timers(0, 0);
}

/* kill(2) sends the same number, and the timer's is still pending. */
static void not_of_a_timer(void)
{
	struct record record = waited_of(8, SIGUSR1, 3, 0, 0);

	begin_timers();
	send(3, SIGUSR1);
	record.waited.stack[2] = SI_USER;
	take_as(THREAD, wait_of(8));
	take_as(THREAD, record);
	expect_nothing();
	take_as(THREAD, wait_of(8));
	take_as(THREAD, waited_of(8, SIGUSR1, 3, 0, 0));
	expect_fetched(3, SIGNAL_WAITED);
	end_timers(0, 0);
}

static void itimer_on_the_stack(void)
{
	struct record record = waited_of(8, SIGALRM, 0, 0, 0);
	const struct occurrence *one;

	record.waited.stack[2] = SI_KERNEL;
	begin_timers();
	take(real_expiry_of(PID, ADDRESS, now, 0));
	take(signal_of(PID, SIGALRM, SI_KERNEL, 0));
	expect_told(2);
	take_as(THREAD, wait_of(8));
	take_as(THREAD, record);
	one = expect_fetched(ITIMER_REAL, SIGNAL_WAITED);
	CU_ASSERT_EQUAL(one->family, TIMER_ITIMER);
	CU_ASSERT_FALSE(one->has_overrun);
	end_timers(0, 0);
}

/* It has waited since before tracing began: the pending one is guessed. */
static void waited_from_before(void)
{
	const struct occurrence *one;

	begin_timers();
	send(3, SIGUSR1);
	send(4, SIGUSR1);
	take_as(THREAD, waited_of(8, SIGUSR1, 4, 5, 1));
	one = expect_fetched(3, SIGNAL_WAITED);
	CU_ASSERT_FALSE(one->has_overrun);
	take_as(THREAD, waited_of(8, SIGUSR2, 4, 5, 1)); /* nothing is pending */
	end_timers(0, 0);
}

/* Many wait at a time, and some again without having got one. */
static void many_wait(void)
{
	begin_timers();
	for (int32_t tid = 1000; tid < 1100; tid++)
		take_as(tid, wait_of(0));
	for (int32_t tid = 1000; tid < 1100; tid++)
		take_as(tid, wait_of(8));
	take_as(THREAD, wait_of(16));
	send(3, SIGUSR1);
	take_as(1050, waited_of(8, SIGUSR1, 3, 0, 0)); /* of another process */
	expect_nothing();
	take_as(THREAD, waited_of(16, SIGUSR1, 3, 0, 0));
	expect_fetched(3, SIGNAL_WAITED);
	end_timers(0, 0);
}

static void as_it_is_copied(void)
{
	static const struct {
		enum probe_use use;
		enum signal_result result;
	} cases[] = { { USE_FETCHED, SIGNAL_WAITED }, { USE_SIGNALFD, SIGNAL_SIGNALFD } };

	for (size_t i = 0; i < 2; i++) {
		const struct occurrence *one;

		begin_timers();
		send(3, SIGUSR1);
		take_as(THREAD, info_of(cases[i].use, SIGUSR1, 3, 2, 0xabc));
		one = expect_fetched(3, cases[i].result);
		CU_ASSERT_EQUAL(one->overrun, 2);
		CU_ASSERT_EQUAL(one->sigev_value, 0xabc);
		CU_ASSERT_EQUAL(one->after_ns, 3 * US);
		/* ptrace(2) and others show it again */
		take_as(THREAD, info_of(cases[i].use, SIGUSR1, 3, 2, 0xabc));
		expect_nothing();
		take(real_expiry_of(PID, ADDRESS, now, 0));
		take(signal_of(PID, SIGALRM, SI_KERNEL, 0));
		expect_told(2);
		take_as(THREAD, kernel_info_of(cases[i].use, SIGALRM));
		CU_ASSERT_EQUAL(expect_fetched(ITIMER_REAL, cases[i].result)->family, TIMER_ITIMER);
		end_timers(0, 0);
	}
}

/* A tracer looks at what another process is to get: that is no delivery. */
static void a_tracer_looks(void)
{
	begin_timers();
	send(3, SIGUSR1);
	take_as(OTHER, info_of(USE_FETCHED, SIGUSR1, 3, 2, 0xabc));
	take_as(PID, deliver_of(SIGUSR1, SI_TIMER, 0x401000));
	take_as(OTHER, info_of(USE_FETCHED, SIGUSR1, 3, 2, 0xabc));
	expect_nothing();
	take_as(PID, info_of(USE_HANDLED, SIGUSR1, 3, 2, 0xabc));
	expect_signal(EVENT_SIGNAL_DELIVER, 3, SIGNAL_HANDLER);
	/* even if it has a timer of that number itself */
	take(expiry_of(OTHER, 3, ADDRESS, now, 0));
	expect_told(1);
	send(3, SIGUSR1);
	take_as(OTHER, info_of(USE_FETCHED, SIGUSR1, 3, 2, 0xabc));
	end_timers(0, 0);
}

int suite_timers_waits(void)
{
	CU_pSuite suite = CU_add_suite("timers_waits", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, on_the_stack) || !CU_ADD_TEST(suite, not_on_the_stack) ||
	    !CU_ADD_TEST(suite, not_of_a_timer) || !CU_ADD_TEST(suite, itimer_on_the_stack) ||
	    !CU_ADD_TEST(suite, waited_from_before) || !CU_ADD_TEST(suite, many_wait) ||
	    !CU_ADD_TEST(suite, as_it_is_copied) || !CU_ADD_TEST(suite, a_tracer_looks))
		return (int)CU_get_error();
	return 0;
}
