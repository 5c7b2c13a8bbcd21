/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "outs.h"
#include "suites.h"

static struct occurrence expiry(enum event event, int32_t id)
{
	return (struct occurrence){
		.event = event,
		.ts = START_NS,
		.cpu = 1,
		.pid = 4242,
		.tid = 4242,
		.family = event_family(event),
		.has_id = true,
		.id = id,
		.has_clock = true,
		.clock = CLOCK_MONOTONIC,
		.has_asked = true,
		.asked_ns = START_NS - 15200,
		.asked_clock = CLOCK_MONOTONIC,
		.late_ns = 15200,
		.has_interval = true,
		.interval_ns = 3000000,
		.armed_by = ARMED_BY_KERNEL,
	};
}

/* Nothing but that it has happened. */
static struct occurrence bare_of(enum event event)
{
	return (struct occurrence){
		.event = event,
		.ts = START_NS,
		.cpu = 1,
		.tid = 4242,
		.family = event_family(event),
	};
}

static struct occurrence signal_of(enum event event, enum signal_result result)
{
	struct occurrence occurrence = bare_of(event);

	occurrence.has_id = true;
	occurrence.signo = SIGUSR1;
	occurrence.result = result;
	occurrence.has_after = true;
	occurrence.after_ns = 12000;
	return occurrence;
}

static struct occurrence delivery(enum signal_result result)
{
	struct occurrence occurrence = signal_of(EVENT_SIGNAL_DELIVER, result);

	occurrence.has_overrun = true;
	occurrence.overrun = 5;
	occurrence.sigev_value = 0x4d;
	return occurrence;
}

static void expect_text(const struct occurrence *occurrence, const char *expected)
{
	struct out_style style = plain;

	style.time = TIME_NONE;
	expect_occurrence(&out_text, &style, occurrence, expected);
}

/* What follows `comm`. */
static void expect_json(const struct occurrence *occurrence, const char *expected)
{
	char line[1024];

	snprintf(
		line, sizeof(line),
		"{\"event\":\"%s\",\"time\":\"2026-11-21T12:00:00.123456789Z\","
		"\"mono_ns\":100123456789,\"cpu\":1,\"pid\":4242,\"tid\":%d,\"comm\":\"app\",%s}\n",
		event_name(occurrence->event), occurrence->tid, expected);
	expect_occurrence(&out_json, &plain, occurrence, line);
}

#define CSV_CALLER                                                                                 \
	" time=2026-11-21T12:00:00.123456789Z mono_ns=100123456789 cpu=1 pid=4242 tid=4242 "       \
	"comm=app "

static void expiries_text(void)
{
	struct occurrence occurrence = expiry(EVENT_TIMER_EXPIRE, 0);
	struct out_style style = plain;

	expect_text(&occurrence,
		    "4242    app      expire   0 -        -      3ms      -   -        "
		    "late=15.2us,clock=MONOTONIC,armed=kernel\n");
	style.wide = true;
	expect_occurrence(&out_text, &style, &occurrence,
			  "   1.123456 4242    4242    app        1 -   expire   0 -        -      "
			  "3ms      -      -              -              -   -        "
			  "-            -            late=15.2us,clock=MONOTONIC,armed=kernel\n");
	occurrence = expiry(EVENT_TIMERFD_EXPIRE, 3);
	occurrence.interval_ns = 0;
	occurrence.armed_by = ARMED_BY_USER;
	occurrence.late_ns = -5;
	expect_text(&occurrence,
		    "4242    app      expire  fd3 -        -      once     -   -        "
		    "late=-5ns,clock=MONOTONIC,armed=user\n");
	/* CPU time is not late */
	occurrence = expiry(EVENT_TIMER_EXPIRE, 0);
	occurrence.has_asked = false;
	occurrence.clock = -6;
	occurrence.armed_by = ARMED_UNKNOWN;
	expect_text(&occurrence,
		    "4242    app      expire   0 -        -      3ms      -   -        "
		    "cpu-clock,clock=PROCESS_CPUTIME_ID\n");
	occurrence = bare_of(EVENT_ITIMER_EXPIRE);
	occurrence.has_id = true;
	occurrence.id = ITIMER_VIRTUAL;
	expect_text(&occurrence, "4242    app      expire  virtual -        -      -        "
				 "-   -        cpu-clock\n");
	occurrence.id = ITIMER_REAL;
	expect_text(&occurrence, "4242    app      expire  real -        -      -        "
				 "-   -        -\n");
	occurrence = bare_of(EVENT_TIMER_EXPIRE);
	expect_text(&occurrence,
		    "4242    app      expire   - -        -      -        -   -        "
		    "-\n");
}

static void expiries_json(void)
{
	struct occurrence occurrence = expiry(EVENT_TIMER_EXPIRE, 0);

	occurrence.clock = CLOCK_REALTIME;
	expect_json(&occurrence, "\"timer_id\":0,\"clock\":\"CLOCK_REALTIME\",\"clock_id\":0,"
				 "\"asked_ns\":100123441589,\"asked_clock\":\"CLOCK_MONOTONIC\","
				 "\"late_ns\":15200,\"interval_ns\":3000000,"
				 "\"armed_by\":\"kernel\"");
	occurrence = expiry(EVENT_TIMERFD_EXPIRE, 3);
	occurrence.interval_ns = 0;
	occurrence.armed_by = ARMED_BY_USER;
	expect_json(&occurrence, "\"fd\":3,\"clock\":\"CLOCK_MONOTONIC\",\"clock_id\":1,"
				 "\"asked_ns\":100123441589,\"asked_clock\":\"CLOCK_MONOTONIC\","
				 "\"late_ns\":15200,\"interval_ns\":0,\"armed_by\":\"user\"");
	occurrence = bare_of(EVENT_ITIMER_EXPIRE);
	expect_json(&occurrence, "\"asked_ns\":null,\"asked_clock\":null,\"late_ns\":null,"
				 "\"armed_by\":null");
	occurrence.has_id = true;
	occurrence.id = ITIMER_PROF;
	expect_json(&occurrence, "\"which\":\"ITIMER_PROF\",\"asked_ns\":null,"
				 "\"asked_clock\":null,\"late_ns\":null,\"armed_by\":null");
}

static void expiries_csv(void)
{
	struct occurrence occurrence = expiry(EVENT_TIMER_EXPIRE, 0);

	expect_csv_occurrence(&occurrence, "event=timer_expire" CSV_CALLER
					   "timer_id=0 clock=CLOCK_MONOTONIC clock_id=1 "
					   "asked_ns=100123441589 asked_clock=CLOCK_MONOTONIC "
					   "late_ns=15200 interval_ns=3000000 armed_by=kernel");
	occurrence = expiry(EVENT_TIMERFD_EXPIRE, 3);
	occurrence.interval_ns = 0;
	occurrence.has_asked = occurrence.has_clock = false;
	expect_csv_occurrence(&occurrence, "event=timerfd_expire" CSV_CALLER
					   "fd=3 interval_ns=0 armed_by=kernel");
	occurrence = bare_of(EVENT_ITIMER_EXPIRE);
	occurrence.has_id = true;
	expect_csv_occurrence(&occurrence, "event=itimer_expire" CSV_CALLER "which=ITIMER_REAL");
}

static void signals_text(void)
{
	struct occurrence occurrence = signal_of(EVENT_SIGNAL_GENERATE, SIGNAL_DELIVERED);

	occurrence.target_tid = 4243;
	expect_text(&occurrence,
		    "4242    app      signal   0 -        -      -        -   -        "
		    "signal=SIGUSR1,result=delivered,to=4243,after=12us\n");
	occurrence.target_tid = 0;
	occurrence.has_after = false;
	occurrence.result = SIGNAL_PENDING;
	occurrence.has_id = false;
	expect_text(&occurrence,
		    "4242    app      signal   - -        -      -        -   -        "
		    "signal=SIGUSR1,result=pending\n");
	occurrence = delivery(SIGNAL_HANDLER);
	occurrence.tid = occurrence.target_tid = 4243;
	expect_text(&occurrence,
		    "4242/4243 app      deliver  0 -        -      -        "
		    "-   -        signal=SIGUSR1,result=handler,overrun=5,after=12us\n");
	occurrence = signal_of(EVENT_SIGNAL_DELIVER, SIGNAL_WAITED);
	occurrence.family = TIMER_ITIMER;
	occurrence.signo = SIGALRM;
	expect_text(&occurrence, "4242    app      deliver real -        -      -        "
				 "-   -        signal=SIGALRM,result=sigwait,after=12us\n");
}

static void signals_json(void)
{
	struct occurrence occurrence = signal_of(EVENT_SIGNAL_GENERATE, SIGNAL_LOST);

	expect_json(&occurrence, "\"timer_id\":0,\"signo\":10,\"signal\":\"SIGUSR1\","
				 "\"result\":\"lost\",\"target_tid\":null,\"after_ns\":12000");
	occurrence.target_tid = 4243;
	occurrence.has_after = occurrence.has_id = false;
	occurrence.signo = 0;
	expect_json(&occurrence, "\"signo\":0,\"signal\":\"0\",\"result\":\"lost\","
				 "\"target_tid\":4243,\"after_ns\":null");
	occurrence = delivery(SIGNAL_SIGNALFD);
	occurrence.tid = 4243;
	expect_json(&occurrence, "\"timer_id\":0,\"signo\":10,\"signal\":\"SIGUSR1\","
				 "\"result\":\"signalfd\",\"target_tid\":4243,\"after_ns\":12000,"
				 "\"overrun\":5,\"sigev_value\":\"0x4d\"");
	occurrence = signal_of(EVENT_SIGNAL_DELIVER, SIGNAL_DEFAULT);
	occurrence.family = TIMER_ITIMER;
	expect_json(&occurrence, "\"which\":\"ITIMER_REAL\",\"signo\":10,\"signal\":\"SIGUSR1\","
				 "\"result\":\"default\",\"target_tid\":4242,\"after_ns\":12000,"
				 "\"overrun\":null,\"sigev_value\":null");
}

static void signals_csv(void)
{
	struct occurrence occurrence = signal_of(EVENT_SIGNAL_GENERATE, SIGNAL_IGNORED);

	expect_csv_occurrence(&occurrence, "event=signal_generate" CSV_CALLER
					   "timer_id=0 signo=10 signal=SIGUSR1 result=ignored "
					   "after_ns=12000");
	occurrence = delivery(SIGNAL_DROPPED);
	expect_csv_occurrence(&occurrence, "event=signal_deliver" CSV_CALLER
					   "timer_id=0 signo=10 signal=SIGUSR1 result=dropped "
					   "target_tid=4242 after_ns=12000 overrun=5 "
					   "sigev_value=0x4d");
	occurrence = bare_of(EVENT_SIGNAL_DELIVER);
	occurrence.family = TIMER_ITIMER;
	occurrence.has_id = true;
	occurrence.id = ITIMER_VIRTUAL;
	expect_csv_occurrence(&occurrence, "event=signal_deliver" CSV_CALLER
					   "which=ITIMER_VIRTUAL signo=0 signal=0 result=delivered "
					   "target_tid=4242");
}

static void expect_strace(const struct occurrence *occurrence, const char *expected)
{
	struct out_style style = plain;

	style.time = TIME_NONE;
	expect_occurrence(&out_strace, &style, occurrence, expected);
}

/* As strace 6.1 has written for the same signals; it knows nothing of the rest. */
static void strace(void)
{
	struct occurrence occurrence = delivery(SIGNAL_HANDLER);

	occurrence.id = 0x44;
	expect_strace(&occurrence, "4242  --- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_TIMER, "
				   "si_timerid=0x44, si_overrun=5, si_int=77, si_ptr=0x4d} ---\n");
	occurrence = delivery(SIGNAL_DEFAULT);
	occurrence.signo = 36;
	occurrence.overrun = 0;
	occurrence.sigev_value = 0x1ffffffff;
	expect_strace(&occurrence, "4242  --- SIGRT_4 {si_signo=SIGRT_4, si_code=SI_TIMER, "
				   "si_timerid=0, si_overrun=0, si_int=-1, si_ptr=0x1ffffffff} "
				   "---\n");
	occurrence = delivery(SIGNAL_DROPPED);
	occurrence.sigev_value = 0;
	expect_strace(&occurrence, "4242  --- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_TIMER, "
				   "si_timerid=0, si_overrun=5, si_int=0, si_ptr=NULL} ---\n");
	occurrence.has_id = occurrence.has_overrun = false;
	expect_strace(&occurrence, "4242  --- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_TIMER, "
				   "si_timerid=?, si_overrun=?, si_int=?, si_ptr=?} ---\n");
	occurrence = signal_of(EVENT_SIGNAL_DELIVER, SIGNAL_HANDLER);
	occurrence.family = TIMER_ITIMER;
	occurrence.signo = SIGALRM;
	expect_strace(&occurrence, "4242  --- SIGALRM {si_signo=SIGALRM, si_code=SI_KERNEL} ---\n");
	expect_occurrence(&out_strace, &plain, &occurrence,
			  "4242       1.123456 --- SIGALRM {si_signo=SIGALRM, si_code=SI_KERNEL} "
			  "---\n");
	occurrence.result = SIGNAL_WAITED;
	expect_strace(&occurrence, "");
	occurrence = signal_of(EVENT_SIGNAL_GENERATE, SIGNAL_DELIVERED);
	expect_strace(&occurrence, "");
	occurrence = expiry(EVENT_TIMER_EXPIRE, 0);
	expect_strace(&occurrence, "");
}

/* What a format has no line for it says so of. */
static void shown(void)
{
	const struct occurrence occurrences[] = {
		delivery(SIGNAL_HANDLER),     delivery(SIGNAL_DEFAULT),
		delivery(SIGNAL_DROPPED),     delivery(SIGNAL_WAITED),
		delivery(SIGNAL_SIGNALFD),    signal_of(EVENT_SIGNAL_GENERATE, SIGNAL_DELIVERED),
		expiry(EVENT_TIMER_EXPIRE, 0)
	};

	for (size_t i = 0; i < sizeof(occurrences) / sizeof(occurrences[0]); i++)
		CU_ASSERT_EQUAL(out_strace.shows(&occurrences[i]), i < 3);
	CU_ASSERT_PTR_NULL(out_text.shows);
	CU_ASSERT_PTR_NULL(out_json.shows);
	CU_ASSERT_PTR_NULL(out_csv.shows);
}

int suite_out_occurrences(void)
{
	CU_pSuite suite = CU_add_suite("out_occurrences", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, expiries_text) || !CU_ADD_TEST(suite, expiries_json) ||
	    !CU_ADD_TEST(suite, expiries_csv) || !CU_ADD_TEST(suite, signals_text) ||
	    !CU_ADD_TEST(suite, signals_json) || !CU_ADD_TEST(suite, signals_csv) ||
	    !CU_ADD_TEST(suite, strace) || !CU_ADD_TEST(suite, shown))
		return (int)CU_get_error();
	return 0;
}
