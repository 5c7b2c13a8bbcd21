/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of kernel and of record --kernel. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "timersnoop/events.h"
#include "timersnoop/options.h"

#include "parsed.h"
#include "suites.h"

static void defaults(void)
{
	CU_ASSERT_EQUAL_FATAL(PARSE("kernel"), 0);
	CU_ASSERT_EQUAL(parsed.command, COMMAND_KERNEL);
	CU_ASSERT_TRUE(parsed.kernel);
	CU_ASSERT_EQUAL(parsed.kernel_events, 0);
	CU_ASSERT_EQUAL(parsed.kernel_by, KERNEL_BY_CALLBACK);
	CU_ASSERT_FALSE(parsed.callers || parsed.wakeups || parsed.cpus_given);
	CU_ASSERT_FALSE(parsed.by_given || parsed.top_given || parsed.live || parsed.lives);
	CU_ASSERT_FALSE(parsed.probed_lives || parsed.default_events);
	CU_ASSERT_EQUAL(parsed.events | parsed.probed_events, 0);
	CU_ASSERT_EQUAL(parsed.callback_count + parsed.expect_count + parsed.count, 0);
	CU_ASSERT_EQUAL(parsed.histograms | parsed.fail_on, 0);
	CU_ASSERT_EQUAL(parsed.format, OUT_TEXT);
	CU_ASSERT_EQUAL(parsed.time, TIME_RELATIVE);
	CU_ASSERT_EQUAL(parsed.aggregate, AGGREGATE_AUTO);
	CU_ASSERT_PTR_NULL(parsed.output);
	CU_ASSERT_EQUAL(memcmp(&parsed.limits, &finding_limits_default, sizeof(parsed.limits)), 0);
	for (size_t i = 0; i < OPTION_CPU_WORDS; i++)
		CU_ASSERT_EQUAL(parsed.cpus[i], 0);
	parsed_done();
	CU_ASSERT_EQUAL_FATAL(PARSE("stat"), 0);
	CU_ASSERT_FALSE(parsed.kernel || parsed.wakeups);
	CU_ASSERT_EQUAL(parsed.kernel_by | parsed.kernel_events, 0);
	parsed_done();
}

static void values(void)
{
	CU_ASSERT_EQUAL_FATAL(PARSE("kernel", "--sort", "+fired", "--top=0", "--interval", "10ms",
				    "-c2", "--expect", "fired < 10", "--until=started > 1",
				    "--where", "pending == 0"),
			      0);
	CU_ASSERT_STRING_EQUAL(parsed.sort, "+fired");
	CU_ASSERT_TRUE(parsed.top_given);
	CU_ASSERT_EQUAL(parsed.interval_ns, 10000000);
	CU_ASSERT_EQUAL(parsed.count, 2);
	CU_ASSERT_EQUAL_FATAL(parsed.expect_count, 1);
	CU_ASSERT_STRING_EQUAL(parsed.expects[0], "fired < 10");
	CU_ASSERT_STRING_EQUAL(parsed.until, "started > 1");
	CU_ASSERT_STRING_EQUAL(parsed.where, "pending == 0");
	parsed_done();
	CU_ASSERT_EQUAL_FATAL(PARSE("kernel", "--hist", "run,late", "--hist=timeout", "--fail-on",
				    "overdue,data-incomplete", "--limit", "run=2ms,fires=7",
				    "--aggregate=kernel", "-p1", "-nsh"),
			      0);
	CU_ASSERT_EQUAL(parsed.histograms, (1u << KERNEL_HISTOGRAM_COUNT) - 1);
	CU_ASSERT_EQUAL(parsed.fail_on,
			FINDING_BIT(FINDING_OVERDUE) | FINDING_BIT(FINDING_DATA_INCOMPLETE));
	CU_ASSERT_EQUAL(parsed.limits.run_ns, 2000000);
	CU_ASSERT_EQUAL(parsed.limits.fires, 7);
	CU_ASSERT_EQUAL(parsed.limits.late_ns, finding_limits_default.late_ns);
	CU_ASSERT_EQUAL(parsed.aggregate, AGGREGATE_KERNEL);
	CU_ASSERT_EQUAL(parsed.pid_count + parsed.name_count, 2);
	parsed_done();
	CU_ASSERT_EQUAL_FATAL(
		PARSE("kernel", "--live", "--callers", "--run-as=nobody", "--", "stat", "--by"), 0);
	CU_ASSERT_TRUE(parsed.live && parsed.callers && parsed.run_as);
	CU_ASSERT_PTR_NOT_NULL_FATAL(parsed.argv);
	CU_ASSERT_STRING_EQUAL(parsed.argv[0], "stat");
	parsed_done();
	CU_ASSERT_EQUAL_FATAL(PARSE("kernel", "-i", "x.dat", "--aggregate", "user", "--cpu", "1"),
			      0);
	CU_ASSERT_STRING_EQUAL(parsed.input, "x.dat");
	parsed_done();
}

static void events(void)
{
	static const struct {
		const char *args[8];
		uint32_t events;
		bool wakeups;
	} cases[] = {
		{ { "kernel", "-e", "all" }, KERNEL_EVENTS_ALL, true },
		{ { "kernel", "-etimer_start" },
		  KERNEL_EVENT_BIT(KERNEL_EVENT_TIMER_START),
		  false },
		{ { "kernel", "--events=tick_stop,base_idle" },
		  KERNEL_EVENT_BIT(KERNEL_EVENT_TICK_STOP) |
			  KERNEL_EVENT_BIT(KERNEL_EVENT_BASE_IDLE),
		  false },
		{ { "kernel", "-e", "wakeup" }, KERNEL_EVENT_BIT(KERNEL_EVENT_WAKEUP), true },
		{ { "kernel", "-e", "cpu_idle" }, KERNEL_EVENT_BIT(KERNEL_EVENT_CPU_IDLE), true },
		{ { "kernel", "-e", "start,cpu_idle" },
		  KERNEL_EVENT_BIT(KERNEL_EVENT_TIMER_START) |
			  KERNEL_EVENT_BIT(KERNEL_EVENT_HRTIMER_START) |
			  KERNEL_EVENT_BIT(KERNEL_EVENT_CPU_IDLE),
		  true },
		{ { "kernel", "-e", "hrtimer_init", "--wakeups" },
		  KERNEL_EVENT_BIT(KERNEL_EVENT_HRTIMER_INIT),
		  true },
		/* also names that programs' events have, the command behind them */
		{ { "-e", "timer_expire", "-v", "-e", "wakeup", "kernel" },
		  KERNEL_EVENT_BIT(KERNEL_EVENT_TIMER_EXPIRE) |
			  KERNEL_EVENT_BIT(KERNEL_EVENT_WAKEUP),
		  true },
		{ { "kernel", "-e", "expire", "-c", "3" },
		  KERNEL_EVENT_BIT(KERNEL_EVENT_TIMER_EXPIRE) |
			  KERNEL_EVENT_BIT(KERNEL_EVENT_HRTIMER_EXPIRE),
		  false },
		{ { "kernel", "-e", "cancel", "--time", "wall", "--where", "cpu == 0" },
		  KERNEL_EVENT_BIT(KERNEL_EVENT_TIMER_CANCEL) |
			  KERNEL_EVENT_BIT(KERNEL_EVENT_HRTIMER_CANCEL),
		  false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL_FATAL(parse_words(cases[i].args), 0);
		CU_ASSERT_EQUAL(parsed.command, COMMAND_KERNEL);
		CU_ASSERT_EQUAL(parsed.kernel_events, cases[i].events);
		CU_ASSERT_EQUAL(parsed.wakeups, cases[i].wakeups);
		CU_ASSERT_EQUAL(parsed.events | parsed.probed_events, 0);
		parsed_done();
	}
}

static void rows(void)
{
	static const struct {
		const char *args[8];
		uint32_t by;
		bool given;
	} cases[] = {
		{ { "kernel", "--wakeups" }, KERNEL_BY_CALLBACK | KERNEL_BY_PROCESS, false },
		{ { "kernel", "--wakeups", "--by", "callback" }, KERNEL_BY_CALLBACK, true },
		{ { "kernel", "--by", "cpu", "--wakeups" }, KERNEL_BY_CPU, true },
		{ { "kernel", "--by=module,mechanism,comm", "--by", "module,timer" },
		  KERNEL_BY_MODULE | KERNEL_BY_MECHANISM | KERNEL_BY_COMM | KERNEL_BY_TIMER |
			  KERNEL_BY_CALLBACK,
		  true },
		{ { "--by", "caller,process", "--callers", "kernel" },
		  KERNEL_BY_CALLER | KERNEL_BY_PROCESS,
		  true },
		{ { "kernel", "--by", "caller", "--callers" }, KERNEL_BY_CALLER, true },
		{ { "kernel", "--callers" }, KERNEL_BY_CALLBACK | KERNEL_BY_CALLER, false },
		{ { "kernel", "--callers", "--by", "callback" }, KERNEL_BY_CALLBACK, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL_FATAL(parse_words(cases[i].args), 0);
		CU_ASSERT_EQUAL(parsed.kernel_by, cases[i].by);
		CU_ASSERT_EQUAL(parsed.by_given, cases[i].given);
		parsed_done();
	}
}

/* What a list means follows from the command, wherever that is named. */
static void command_behind(void)
{
	CU_ASSERT_EQUAL_FATAL(PARSE("--hist", "run", "--fail-on", "every-jiffy", "--limit=awake=1",
				    "kernel", "--by", "comm"),
			      0);
	CU_ASSERT_EQUAL(parsed.histograms, 1u << KERNEL_HISTOGRAM_RUN);
	CU_ASSERT_EQUAL(parsed.fail_on, FINDING_BIT(FINDING_EVERY_JIFFY));
	CU_ASSERT_EQUAL(parsed.limits.awake, 1);
	parsed_done();
	CU_ASSERT_EQUAL_FATAL(PARSE("--hist", "signal", "--by", "clock", "stat"), 0);
	CU_ASSERT_EQUAL(parsed.histograms, HISTOGRAM_BIT(HISTOGRAM_SIGNAL));
	CU_ASSERT_EQUAL(parsed.by, BY_CLOCK);
	parsed_done();
	/* a word that is something else */
	CU_ASSERT_EQUAL_FATAL(PARSE("-n", "kernel", "-e", "calls"), 0);
	CU_ASSERT_FALSE(parsed.kernel);
	CU_ASSERT_EQUAL(parsed.events, EVENTS_CALLS);
	parsed_done();
	CU_ASSERT_EQUAL_FATAL(PARSE("-e", "calls", "--", "kernel"), 0);
	CU_ASSERT_FALSE(parsed.kernel);
	parsed_done();
	CU_ASSERT_EQUAL_FATAL(PARSE("-e", "calls", "report", "kernel"), 0);
	CU_ASSERT_FALSE(parsed.kernel);
	CU_ASSERT_STRING_EQUAL(parsed.input, "kernel");
	parsed_done();
	CU_ASSERT_EQUAL_FATAL(PARSE("-o", "--", "-e", "start", "kernel"), 0);
	CU_ASSERT_TRUE(parsed.kernel);
	CU_ASSERT_STRING_EQUAL(parsed.output, "--");
	parsed_done();
}

static bool has_cpu(unsigned cpu)
{
	return parsed.cpus[cpu / 64] >> cpu % 64 & 1;
}

static unsigned count_cpus(void)
{
	unsigned count = 0;

	for (unsigned cpu = 0; cpu < OPTION_CPUS_MAX; cpu++)
		count += has_cpu(cpu);
	return count;
}

static void cpus(void)
{
	static const struct {
		const char *text;
		unsigned first, last, count;
	} cases[] = {
		{ "0", 0, 0, 1 },
		{ "0-3,7", 0, 7, 5 },
		{ "7,0-3", 0, 7, 5 },
		{ "5-5,5", 5, 5, 1 },
		{ "60-70", 60, 70, 11 },
		{ "1023", 1023, 1023, 1 },
		{ "0-1023", 0, 1023, 1024 },
		{ "007", 7, 7, 1 },
	};
	static const char *const bad[] = {
		"1024",
		"3-1",
		"-1",
		"1-",
		"-",
		"0-1024",
		"x",
		"1-2-3",
		"1:2",
		" 1",
		"1 ",
		"+1",
		"0x1",
		"18446744073709551617",
		"0--1",
		"all",
		"00000000000000001",
		"1-18446744073709551617",
	};
	char text[160];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL_FATAL(PARSE("kernel", "--cpu", cases[i].text), 0);
		CU_ASSERT_TRUE(parsed.cpus_given);
		CU_ASSERT_TRUE(has_cpu(cases[i].first) && has_cpu(cases[i].last));
		CU_ASSERT_EQUAL(count_cpus(), cases[i].count);
		parsed_done();
	}
	CU_ASSERT_EQUAL_FATAL(PARSE("kernel", "--cpu", "1", "--cpu=64-65"), 0);
	CU_ASSERT_TRUE(has_cpu(1) && has_cpu(64) && has_cpu(65));
	CU_ASSERT_EQUAL(count_cpus(), 3);
	parsed_done();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(PARSE("kernel", "--cpu", bad[i]), -EINVAL);
		snprintf(text, sizeof(text),
			 "--cpu takes CPUs from 0 to 1023 and ranges of them, such as 0-3,7, not "
			 "'%s'",
			 bad[i]);
		CU_ASSERT_STRING_EQUAL(parsed_error.text, text);
		parsed_done();
	}
}

static void callbacks(void)
{
	/* the longest that there is, and one byte more */
	char longest[66] = "", text[8 * OPTION_LIST_MAX] = "f0", more[16];

	CU_ASSERT_EQUAL_FATAL(PARSE("kernel", "--callback", "tcp_*,process_timeout", "--callback",
				    "*", "--callback=f.isra.0,$x.llvm.123,process_timeout"),
			      0);
	CU_ASSERT_EQUAL_FATAL(parsed.callback_count, 5);
	CU_ASSERT_STRING_EQUAL(parsed.callbacks[0], "tcp_*");
	CU_ASSERT_STRING_EQUAL(parsed.callbacks[1], "process_timeout");
	CU_ASSERT_STRING_EQUAL(parsed.callbacks[2], "*");
	CU_ASSERT_STRING_EQUAL(parsed.callbacks[3], "f.isra.0");
	CU_ASSERT_STRING_EQUAL(parsed.callbacks[4], "$x.llvm.123");
	parsed_done();
	memset(longest, 'a', 63);
	CU_ASSERT_EQUAL_FATAL(PARSE("kernel", "--callback", longest), 0);
	CU_ASSERT_STRING_EQUAL(parsed.callbacks[0], longest);
	parsed_done();
	longest[63] = 'a';
	CU_ASSERT_EQUAL(PARSE("kernel", "--callback", longest), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(parsed_error.text, "--callback: a name of at most 63 bytes, not 'aa"));
	parsed_done();
	for (int i = 1; i < OPTION_LIST_MAX; i++) {
		snprintf(more, sizeof(more), ",f%d", i);
		strcat(text, more);
	}
	CU_ASSERT_EQUAL_FATAL(PARSE("kernel", "--callback", text, "--callback", "f0"), 0);
	CU_ASSERT_EQUAL(parsed.callback_count, OPTION_LIST_MAX);
	parsed_done();
	CU_ASSERT_EQUAL(PARSE("kernel", "--callback", text, "--callback", "g"), -EINVAL);
	CU_ASSERT_STRING_EQUAL(parsed_error.text, "--callback takes at most 64 items");
	parsed_done();
}

static void recordings(void)
{
	CU_ASSERT_EQUAL_FATAL(PARSE("record", "--kernel"), 0);
	CU_ASSERT_EQUAL(parsed.command, COMMAND_RECORD);
	CU_ASSERT_TRUE(parsed.kernel);
	CU_ASSERT_STRING_EQUAL(parsed.output, "timersnoop.dat");
	CU_ASSERT_EQUAL(parsed.kernel_events | parsed.events | parsed.probed_events, 0);
	CU_ASSERT_FALSE(parsed.probed_lives || parsed.callers || parsed.wakeups);
	parsed_done();
	CU_ASSERT_EQUAL_FATAL(PARSE("--callers", "record", "--wakeups", "--callback=f", "--cpu=2",
				    "--ring", "16M", "-o-", "--kern", "-q", "--", "kernel"),
			      0);
	CU_ASSERT_TRUE(parsed.kernel && parsed.callers && parsed.wakeups && parsed.quiet);
	CU_ASSERT_TRUE(parsed.cpus_given && has_cpu(2));
	CU_ASSERT_EQUAL(parsed.callback_count, 1);
	CU_ASSERT_EQUAL(parsed.ring_bytes, 16 << 20);
	CU_ASSERT_PTR_NULL(parsed.output);
	CU_ASSERT_PTR_NOT_NULL(parsed.argv);
	parsed_done();
	CU_ASSERT_EQUAL_FATAL(PARSE("record"), 0);
	CU_ASSERT_FALSE(parsed.kernel);
	parsed_done();
}

static void forms(void)
{
	static const struct {
		const char *args[6];
		enum out_format format;
		bool ask;
	} cases[] = {
		{ { "kernel", "--fields", "callback,fired" }, OUT_TSV, false },
		{ { "--fields=callback", "kernel", "--format", "csv" }, OUT_CSV, false },
		{ { "kernel", "-0" }, OUT_TSV, false },
		{ { "kernel", "--format=json", "--hist", "run" }, OUT_JSON, false },
		{ { "kernel", "-e", "all", "--fields", "callback" }, OUT_TSV, false },
		{ { "kernel", "--fields", "help" }, OUT_TSV, true },
		{ { "kernel", "--where", "help" }, OUT_TEXT, true },
		{ { "kernel", "-e", "start", "--where=help" }, OUT_TEXT, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL_FATAL(parse_words(cases[i].args), 0);
		CU_ASSERT_EQUAL(parsed.format, cases[i].format);
		CU_ASSERT_EQUAL(options_ask_fields(&parsed), cases[i].ask);
		parsed_done();
	}
}

static void help_text(void)
{
	static const char *const named[] = {
		"timersnoop kernel [-i FILE] [OPTION...]",
		"\n      --callback NAME",
		"\n      --cpu LIST",
		"\n      --callers",
		"\n      --wakeups",
		"\n      --kernel",
		"timeout, late, run\n",
	};
	const char *part = strstr(options_help, "The kernel's own timers (kernel");
	char text[96];

	CU_ASSERT_PTR_NOT_NULL_FATAL(part);
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(options_help, named[i]));
	for (const struct kernel_event_group *group = kernel_event_groups; group->name; group++) {
		snprintf(text, sizeof(text), "\n%30s%-10s  %s\n", "", group->name, group->what);
		CU_ASSERT_PTR_NOT_NULL(strstr(part, text));
	}
	for (unsigned kind = 0; kind < KERNEL_EVENT_COUNT; kind++) {
		snprintf(text, sizeof(text), " %s",
			 kernel_event_name((enum kernel_event_kind)kind));
		CU_ASSERT_PTR_NOT_NULL(strstr(part, text));
	}
}

int suite_options_kernel(void)
{
	CU_pSuite suite = CU_add_suite("options of kernel", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, defaults) || !CU_ADD_TEST(suite, values) ||
	    !CU_ADD_TEST(suite, events) || !CU_ADD_TEST(suite, rows) ||
	    !CU_ADD_TEST(suite, command_behind) || !CU_ADD_TEST(suite, cpus) ||
	    !CU_ADD_TEST(suite, callbacks) || !CU_ADD_TEST(suite, recordings) ||
	    !CU_ADD_TEST(suite, forms) || !CU_ADD_TEST(suite, help_text))
		return CU_get_error();
	return 0;
}
