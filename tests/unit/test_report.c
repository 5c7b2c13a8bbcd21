/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When tables come, what ends it, and what is said in the end. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "figured.h"
#include "suites.h"

/* Armed, expired and delivered: 2 calls of the first, 1 of each other time. */
static void one_expiry(int32_t id)
{
	int64_t armed;

	feed_settime(id, 5 * MS, 0);
	armed = (int64_t)feed_now - 5 * US;
	feed_expire(id, armed + 5 * MS, 0, ARMED_BY_USER);
}

/* Between events time is told to pass, as a trace does. */
static void pass(uint64_t now_ms)
{
	CU_ASSERT_EQUAL(report_pass(figured, now_ms * MS), 0);
	feed_now = now_ms * MS > feed_now ? now_ms * MS : feed_now;
}

/* The same, and what has come until then is asked about. */
static void ask(uint64_t now_ms)
{
	pass(now_ms);
	report_ask(figured, now_ms * MS);
}

static void due_times(void)
{
	figured_begin("--interval 100ms --format tsv --no-header "
		      "--fields mono_ns,span_ns,timer,calls");
	CU_ASSERT_EQUAL(report_due(figured), 1100 * MS);
	one_expiry(1);
	pass(1099);
	CU_ASSERT_EQUAL(report_due(figured), 1100 * MS);
	pass(1100);
	CU_ASSERT_EQUAL(report_due(figured), 1200 * MS);
	/* a time without anything, and one that ends late */
	pass(1250);
	CU_ASSERT_EQUAL(report_due(figured), 1300 * MS);
	one_expiry(1);
	one_expiry(2);
	pass(1390);
	one_expiry(2);
	figured_finish(1450);
	figured_expect("1100000000\t100000000\t1\t1\n"
		       "1300000000\t100000000\t1\t1\n"
		       "1300000000\t100000000\t2\t1\n"
		       "1400000000\t100000000\t2\t1\n");
	CU_ASSERT_TRUE(report_any(figured));
	CU_ASSERT_FALSE(report_found(figured));
	figured_end("");
}

/* Text tells when there was nothing; the last table is as long as it is. */
static void empty_tables(void)
{
	figured_begin("--interval 100ms --no-header");
	pass(1100);
	one_expiry(1);
	pass(1200);
	figured_finish(1230);
	figured_expect("100ms: 0 calls, 0 expiries, 0 timers\n"
		       "100ms: 1 call, 1 expiry, 1 timer\n"
		       "42 app 1 1 1 0 0 5.00ms - 2.00us 20.0\n"
		       "30.0ms: 0 calls, 0 expiries, 0 timers\n");
	figured_end("");
	/* none that is empty for want of time */
	figured_begin("--interval 100ms --no-header");
	pass(1100);
	figured_finish(1100);
	figured_expect("100ms: 0 calls, 0 expiries, 0 timers\n");
	CU_ASSERT_FALSE(report_any(figured));
	figured_end("");
	/* but the only one is */
	figured_begin("--no-header");
	CU_ASSERT_EQUAL(report_due(figured), 0);
	figured_finish(1000);
	figured_expect("0s: 0 calls, 0 expiries, 0 timers\n");
	figured_end("");
}

static void so_many_tables(void)
{
	figured_begin("--interval 100ms -c 2 --no-header");
	pass(1150);
	CU_ASSERT_FALSE(report_done(figured));
	pass(1500);
	CU_ASSERT_TRUE(report_done(figured));
	one_expiry(1);
	pass(1900);
	figured_finish(2000);
	figured_expect("100ms: 0 calls, 0 expiries, 0 timers\n"
		       "100ms: 0 calls, 0 expiries, 0 timers\n");
	figured_end("");
}

/* Time that jumps makes no tables without end. */
static void jumps(void)
{
	static const struct {
		uint64_t tables; /* that went by */
		bool shown;
	} cases[] = {
		{ 100000, true }, { 100001, true }, { 100002, false }, { 1000000000, false }
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t now_ms = 1000 + 10 * cases[i].tables;

		figured_begin("--interval 10ms -q -c 100000");
		CU_ASSERT_EQUAL(report_pass(figured, now_ms * MS + 1), 0);
		CU_ASSERT_EQUAL(report_done(figured), cases[i].shown);
		figured_finish(now_ms);
		figured_end("");
	}
	/* what came before is in the table of its time, and those that are left out are
	 * none of those that were asked for */
	figured_begin("--interval 10ms -c 3 --no-header");
	one_expiry(1);
	pass(1000 + 10 * 100002);
	CU_ASSERT_FALSE(report_done(figured));
	pass(1000 + 10 * 100003);
	CU_ASSERT_FALSE(report_done(figured));
	pass(1000 + 10 * 100004);
	CU_ASSERT_TRUE(report_done(figured));
	figured_finish(1000 + 10 * 100009);
	figured_expect("10.0ms: 1 call, 1 expiry, 1 timer\n"
		       "42 app 1 1 1 0 0 5.00ms - 2.00us 200\n"
		       "10.0ms: 0 calls, 0 expiries, 0 timers\n"
		       "10.0ms: 0 calls, 0 expiries, 0 timers\n");
	figured_end("");
}

/* A condition on all there is, asked when something has come. */
static void until(void)
{
	figured_begin("--until expiries>=2 --interval 1s --no-header");
	ask(1001);
	one_expiry(1);
	ask(1020);
	CU_ASSERT_FALSE(report_done(figured));
	one_expiry(2);
	CU_ASSERT_FALSE(report_done(figured));
	/* tables that are due do not ask */
	pass(1040);
	CU_ASSERT_FALSE(report_done(figured));
	ask(1040);
	CU_ASSERT_TRUE(report_done(figured));
	figured_finish(1040);
	figured_expect("40.0ms: 2 calls, 2 expiries, 2 timers\n"
		       "42 app 1 1 1 0 0 5.00ms - 2.00us 50.0\n"
		       "42 app 2 1 1 0 0 5.00ms - 2.00us 50.0\n");
	figured_end("");
	/* since it began, not since the last table; and once it holds, it does */
	figured_begin("--until 'expiries>=2' --interval 10ms -q");
	one_expiry(1);
	ask(1020);
	one_expiry(1);
	ask(1040);
	CU_ASSERT_TRUE(report_done(figured));
	figured_finish(1050);
	figured_expect("");
	figured_end("");
	/* by the time that has passed */
	figured_begin("--until calls<3/s -q");
	feed_settime(1, 5 * MS, 0);
	ask(1100);
	CU_ASSERT_FALSE(report_done(figured));
	feed_settime(1, 0, 0);
	ask(2000);
	CU_ASSERT_TRUE(report_done(figured));
	figured_finish(2000);
	figured_end("");
}

static void expectations(void)
{
	figured_begin("--expect 'arms<=1' --expect late.max<1us --expect 'signals_lost==0' "
		      "--expect 'arms<1/s' --expect signal_latency.max<1s --format json --top 1 "
		      "--by clock");
	one_expiry(1);
	figured_finish(1500);
	CU_ASSERT_TRUE(report_found(figured));
	figured_expect_last(
		5,
		"{\"event\":\"expectation\",\"expect\":\"arms<=1\",\"holds\":true,\"why\":null}\n"
		"{\"event\":\"expectation\",\"expect\":\"late.max<1us\",\"holds\":false,"
		"\"why\":\"late_ns_max is 2us, 1us above 1us\"}\n"
		"{\"event\":\"expectation\",\"expect\":\"signals_lost==0\",\"holds\":true,"
		"\"why\":null}\n"
		"{\"event\":\"expectation\",\"expect\":\"arms<1/s\",\"holds\":false,"
		"\"why\":\"arms is 2/s, 1/s above 1/s\"}\n"
		"{\"event\":\"expectation\",\"expect\":\"signal_latency.max<1s\","
		"\"holds\":false,\"why\":\"signal_latency_ns_max is not known\"}\n");
	figured_end("timersnoop: expected 'late.max<1us': late_ns_max is 2us, 1us above 1us\n"
		    "timersnoop: expected 'arms<1/s': arms is 2/s, 1/s above 1/s\n"
		    "timersnoop: expected 'signal_latency.max<1s': signal_latency_ns_max is not "
		    "known\n");
	/* of all the time, also when tables are of a part of it */
	figured_begin("--expect arms==3 --interval 10ms -q");
	for (int i = 0; i < 3; i++) {
		one_expiry(i);
		pass(1020 + 10 * (uint64_t)i);
	}
	figured_finish(1500);
	CU_ASSERT_FALSE(report_found(figured));
	figured_end("");
}

/* What is found is told; what the status is about, as well where errors go. */
static void findings(void)
{
	static const char found[] =
		"\nerror calls-fail: app (42) timer 1\n"
		"  seen: 1 call was refused, timer_gettime with EFAULT: curr_value points where "
		"nothing can be written\n"
		"  do:   look at what the program does with the result; trace -x shows each such "
		"call\n"
		"warning zero-value: app (42) timer 1\n"
		"  seen: disarmed 1 time by a value of zero with an interval that is not\n"
		"  do:   it_value arms a timer, it_interval alone does not: set it_value, too\n";
	static const struct {
		const char *words;
		bool found;
		const char *told;
	} cases[] = {
		{ "", false, "" },
		{ "--fail-on past,leak", false, "" },
		{ "--fail-on error", true,
		  "timersnoop: found calls-fail: app (42) timer 1: 1 call was refused, "
		  "timer_gettime with EFAULT: curr_value points where nothing can be written\n" },
		{ "--fail-on past,zero-value", true,
		  "timersnoop: found zero-value: app (42) timer 1: disarmed 1 time by a value of "
		  "zero with an interval that is not\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char words[128];

		snprintf(words, sizeof(words), "--no-header %s", cases[i].words);
		figured_begin(words);
		feed_simple(EVENT_TIMER_GETTIME, 1, 0);
		feed_simple(EVENT_TIMER_GETTIME, 1, -EFAULT);
		feed_settime(1, 0, 5);
		figured_finish(2000);
		CU_ASSERT_EQUAL(report_found(figured), cases[i].found);
		figured_expect_last(6, strchr(found + 1, 'e'));
		CU_ASSERT_PTR_NOT_NULL(strstr(figured_written, found));
		figured_end(cases[i].told);
	}
	figured_begin("--fields failed --format json");
	feed_simple(EVENT_TIMER_GETTIME, 1, -EFAULT);
	figured_finish(2000);
	figured_expect("{\"failed\":1}\n");
	figured_end("");
	/* chosen fields are for programs: nothing else is among them */
	figured_begin("--fields failed --no-header --fail-on any --expect failed==0");
	feed_simple(EVENT_TIMER_GETTIME, 1, -EFAULT);
	figured_finish(2000);
	figured_expect("1\n");
	CU_ASSERT_TRUE(report_found(figured));
	figured_end("timersnoop: found calls-fail: app (42): 1 call was refused, timer_gettime "
		    "with EFAULT: curr_value points where nothing can be written\n"
		    "timersnoop: expected 'failed==0': failed is 1, 1 above 0\n");
}

static void add_counted(void)
{
	struct stat_row row = { .has_pid = true,
				.pid = 5,
				.has_comm = true,
				.comm = "app",
				.has_family = true,
				.has_id = true,
				.id = 1,
				.timers = 1,
				.calls = 7,
				.arms = 7,
				.events = EVENT_BIT(EVENT_TIMER_SETTIME) };

	CU_ASSERT_EQUAL(report_stat_add(figured, &row), 0);
}

/* Figures that the kernel counted, as they come: in each table, and of all the time. */
static void counted(void)
{
	figured_begin("-e timer_settime --until arms>=14 --interval 100ms --no-header "
		      "--fields timer,timers,arms,expiries");
	add_counted();
	pass(1100);
	CU_ASSERT_FALSE(report_done(figured));
	pass(1200);
	add_counted();
	ask(1210);
	CU_ASSERT_TRUE(report_done(figured));
	figured_finish(1250);
	figured_expect("1\t1\t7\t\n1\t1\t7\t\n");
	figured_end("");
}

/* A loss is a finding of no process. */
static void incomplete(void)
{
	figured_begin("--format json --fail-on data-incomplete --top 0 --where calls==99");
	figured_loss = (struct diagnosis_loss){ true, "12 records were lost" };
	feed_simple(EVENT_TIMER_GETTIME, 1, 0);
	figured_finish(2000);
	figured_expect_last(
		1, "{\"event\":\"finding\",\"id\":\"data-incomplete\",\"severity\":\"warning\","
		   "\"pid\":null,\"comm\":null,\"timer\":null,\"timers\":0,\"count\":1,"
		   "\"evidence\":\"12 records were lost\",\"advice\":\"take a larger "
		   "--buffer-size, fewer processes (-p, -n), or --aggregate user where the kernel "
		   "counts: figures may be too low\"}\n");
	CU_ASSERT_TRUE(report_found(figured));
	figured_end("timersnoop: found data-incomplete: 12 records were lost\n");
}

/* What ends with the trace is still counted, by its end. */
static void at_the_end(void)
{
	struct occurrence signal;

	figured_begin("--no-header --fields calls --fail-on never-armed,signal-blocked,leak "
		      "--limit leak=1");
	feed_take(FEED_PID, feed_creation(EVENT_TIMER_CREATE, 1, CLOCK_MONOTONIC));
	signal = feed_expiry(EVENT_SIGNAL_GENERATE, 1, (int64_t)feed_now, 0);
	signal.result = SIGNAL_DELIVERED;
	feed_occur(signal);
	figured_finish((uint64_t)(signal.ts / MS) + 1150);
	figured_end("timersnoop: found signal-blocked: app (42) timer 1: its signal waited longer "
		    "than 100ms 1 time, up to 1.15s\n"
		    "timersnoop: found leak: app (42) timer 1: 1 timer was made and not deleted\n"
		    "timersnoop: found never-armed: app (42) timer 1: 1 timer was made and never "
		    "armed\n");
}

static void wrong_usage(void)
{
	static const struct {
		const char *words, *said;
	} cases[] = {
		{ "--sort calls,arms", "--sort takes one field, not 'calls,arms'" },
		{ "--sort -calls,arms", "--sort takes one field, not 'calls,arms'" },
		{ "--sort cals", "--sort: no field 'cals'; did you mean 'calls'?" },
		{ "--fields pid,cals", "--fields: no field 'cals'; did you mean 'calls'?" },
		{ "--where cals>1", "--where: there is no field 'cals'" },
		{ "--until cals>1", "--until: there is no field 'cals'" },
		{ "--expect arms>1 --expect cals>1", "--expect: there is no field 'cals'" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };

		CU_ASSERT_EQUAL(figured_refuse(cases[i].words, &err), -EINVAL);
		CU_ASSERT_EQUAL(strncmp(err.text, cases[i].said, strlen(cases[i].said)), 0);
		if (strncmp(err.text, cases[i].said, strlen(cases[i].said)) != 0)
			fprintf(stderr, "\n%s\n", err.text);
	}
	report_free(NULL);
}

int suite_report(void)
{
	CU_pSuite suite = CU_add_suite("report", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, due_times) || !CU_ADD_TEST(suite, empty_tables) ||
	    !CU_ADD_TEST(suite, so_many_tables) || !CU_ADD_TEST(suite, jumps) ||
	    !CU_ADD_TEST(suite, until) || !CU_ADD_TEST(suite, expectations) ||
	    !CU_ADD_TEST(suite, findings) || !CU_ADD_TEST(suite, incomplete) ||
	    !CU_ADD_TEST(suite, counted) || !CU_ADD_TEST(suite, at_the_end) ||
	    !CU_ADD_TEST(suite, wrong_usage))
		return (int)CU_get_error();
	return 0;
}
