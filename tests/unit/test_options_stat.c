/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of stat, and those that choose fields and events. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/events.h"
#include "timersnoop/options.h"

#include "parsed.h"
#include "suites.h"

static void stat_defaults(void)
{
	CU_ASSERT_EQUAL_FATAL(PARSE("stat"), 0);
	CU_ASSERT_EQUAL(parsed.command, COMMAND_STAT);
	CU_ASSERT_EQUAL(parsed.events, EVENTS_ALL);
	CU_ASSERT_TRUE(parsed.default_events);
	CU_ASSERT_EQUAL(parsed.by, BY_TIMER);
	CU_ASSERT_FALSE(parsed.by_given || parsed.top_given || parsed.live || parsed.null);
	CU_ASSERT_EQUAL(parsed.interval_ns, 0);
	CU_ASSERT_EQUAL(parsed.histograms, 0);
	CU_ASSERT_EQUAL(parsed.fail_on, 0);
	CU_ASSERT_EQUAL(parsed.expect_count, 0);
	CU_ASSERT_PTR_NULL(parsed.where);
	CU_ASSERT_PTR_NULL(parsed.until);
	CU_ASSERT_PTR_NULL(parsed.sort);
	CU_ASSERT_PTR_NULL(parsed.fields);
	CU_ASSERT_EQUAL(parsed.aggregate, AGGREGATE_AUTO);
	CU_ASSERT_EQUAL(parsed.format, OUT_TEXT);
	CU_ASSERT_EQUAL(memcmp(&parsed.limits, &finding_limits_default, sizeof(parsed.limits)), 0);
	parsed_done();
}

static void stat_values(void)
{
	CU_ASSERT_EQUAL_FATAL(PARSE("stat", "--by=process", "--sort", "+late.p99", "--top", "0",
				    "--interval", "500ms", "-c", "3"),
			      0);
	CU_ASSERT_EQUAL(parsed.by, BY_PROCESS);
	CU_ASSERT_TRUE(parsed.by_given && parsed.top_given);
	CU_ASSERT_STRING_EQUAL(parsed.sort, "+late.p99");
	CU_ASSERT_EQUAL(parsed.top, 0);
	CU_ASSERT_EQUAL(parsed.interval_ns, 500000000);
	CU_ASSERT_EQUAL(parsed.count, 3);
	parsed_done();

	CU_ASSERT_EQUAL_FATAL(PARSE("stat", "--expect", "arms < 10", "--expect=failed == 0",
				    "--until", "expiries >= 1", "--where", "arms > 1", "-esettime"),
			      0);
	CU_ASSERT_EQUAL_FATAL(parsed.expect_count, 2);
	CU_ASSERT_STRING_EQUAL(parsed.expects[0], "arms < 10");
	CU_ASSERT_STRING_EQUAL(parsed.expects[1], "failed == 0");
	CU_ASSERT_STRING_EQUAL(parsed.until, "expiries >= 1");
	CU_ASSERT_STRING_EQUAL(parsed.where, "arms > 1");
	CU_ASSERT_EQUAL(parsed.events, events_named("settime"));
	CU_ASSERT_FALSE(parsed.default_events);
	parsed_done();

	CU_ASSERT_EQUAL_FATAL(PARSE("stat", "--live", "-c", "2", "--aggregate", "kernel"), 0);
	CU_ASSERT_TRUE(parsed.live);
	CU_ASSERT_EQUAL(parsed.aggregate, AGGREGATE_KERNEL);
	parsed_done();
}

static void stat_lists(void)
{
	CU_ASSERT_EQUAL_FATAL(PARSE("stat", "--hist", "late,value", "--hist=duration", "--fail-on",
				    "error,leak", "--fail-on", "herd"),
			      0);
	CU_ASSERT_EQUAL(parsed.histograms, HISTOGRAM_BIT(HISTOGRAM_LATE) |
						   HISTOGRAM_BIT(HISTOGRAM_VALUE) |
						   HISTOGRAM_BIT(HISTOGRAM_DURATION));
	CU_ASSERT_EQUAL(parsed.fail_on, findings_named("error", FINDING_OF_STAT) |
						FINDING_BIT(FINDING_LEAK) |
						FINDING_BIT(FINDING_HERD));
	parsed_done();

	CU_ASSERT_EQUAL_FATAL(PARSE("stat", "--limit", "late=1ms,storm=7", "--limit=herd-time=2us",
				    "--limit", "late=2ms"),
			      0);
	CU_ASSERT_EQUAL(parsed.limits.late_ns, 2000000);
	CU_ASSERT_EQUAL(parsed.limits.storm, 7);
	CU_ASSERT_EQUAL(parsed.limits.herd_ns, 2000);
	CU_ASSERT_EQUAL(parsed.limits.leak, finding_limits_default.leak);
	parsed_done();
}

/* Whoever chooses fields has a program that reads them. */
static void form_of_fields(void)
{
	static const struct {
		const char *args[6];
		enum out_format format;
		bool null;
	} cases[] = {
		{ { "--fields", "pid,comm" }, OUT_TSV, false },
		{ { "stat", "--fields=pid" }, OUT_TSV, false },
		{ { "--fields", "pid", "--format", "csv" }, OUT_CSV, false },
		{ { "--format=json", "stat", "--fields", "pid" }, OUT_JSON, false },
		{ { "-0" }, OUT_TSV, true },
		{ { "stat", "--null", "--fields", "pid" }, OUT_TSV, true },
		{ { "--format", "tsv" }, OUT_TSV, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL_FATAL(parse_words(cases[i].args), 0);
		CU_ASSERT_EQUAL(parsed.format, cases[i].format);
		CU_ASSERT_EQUAL(parsed.null, cases[i].null);
		parsed_done();
	}
}

static void stat_wrong_values(void)
{
	static const struct {
		const char *args[4];
		const char *text;
	} cases[] = {
		{ { "stat", "--by", "user" },
		  "--by takes timer, process, comm, signal or clock, not 'user'" },
		{ { "stat", "--by" }, "--by needs an argument" },
		{ { "stat", "--top", "-1" }, "--top takes a whole number from 0 up, not '-1'" },
		{ { "stat", "--top=" }, "--top takes a whole number from 0 up, not ''" },
		{ { "stat", "--sort", "" }, "--sort takes the name of a field, not ''" },
		{ { "stat", "--fields=" }, "--fields takes names of fields, not ''" },
		{ { "--where", "" }, "--where takes a condition, not ''" },
		{ { "stat", "--until", "" }, "--until takes a condition, not ''" },
		{ { "stat", "--expect", "" }, "--expect takes a condition, not ''" },
		{ { "stat", "--interval", "0" },
		  "--interval takes a duration above zero, such as 500ms, 10s or 2m, not '0'" },
		{ { "stat", "--interval", "5ms" }, "--interval takes 10ms or more, not '5ms'" },
		{ { "stat", "--interval=9999999ns" },
		  "--interval takes 10ms or more, not '9999999ns'" },
		{ { "stat", "--hist", "lateness" },
		  "--hist takes value, interval, late, signal or duration, not 'lateness'" },
		{ { "stat", "--hist", "late,,value" }, "--hist: an empty item in 'late,,value'" },
		{ { "stat", "--fail-on", "storm" }, "--fail-on takes findings, not 'storm'" },
		{ { "stat", "--fail-on", "Error" }, "--fail-on takes findings, not 'Error'" },
		{ { "stat", "--limit", "latest=1ms" }, "--limit has no limit 'latest'" },
		{ { "stat", "--limit", "late" },
		  "--limit late takes a duration, such as 1ms, not ''" },
		{ { "stat", "--limit", "late=x" },
		  "--limit late takes a duration, such as 1ms, not 'x'" },
		{ { "stat", "--limit", "storm=0" },
		  "--limit storm takes a whole number from 1 up, not '0'" },
		{ { "stat", "--limit", "storm=-1" },
		  "--limit storm takes a whole number from 1 up, not '-1'" },
		{ { "stat", "--aggregate", "both" },
		  "--aggregate takes auto, kernel or user, not 'both'" },
		{ { "--format", "xml" },
		  "--format takes text, json, csv, tsv or strace, not 'xml'" },
		{ { "--null=yes" }, "--null takes no argument" },
		{ { "stat", "--live=2s" }, "--live takes no argument" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(parse_words(cases[i].args), -EINVAL);
		CU_ASSERT_STRING_EQUAL(parsed_error.text, cases[i].text);
		parsed_done();
	}
}

static void stat_and_others(void)
{
	static const struct {
		const char *args[6];
		const char *text;
	} cases[] = {
		{ { "--by", "comm" }, "--by is about figures, which stat shows" },
		{ { "--expect", "arms < 1" }, "--expect is about figures, which stat shows" },
		{ { "report", "--fail-on", "any" },
		  "--fail-on is about figures, which stat shows" },
		{ { "record", "--hist", "late" }, "--hist is about figures, which stat shows" },
		{ { "list", "--sort", "pid" }, "list takes no --sort" },
		{ { "list", "--fields", "pid" }, "list takes no --fields" },
		{ { "doctor", "--where", "pid == 1" }, "doctor takes no --where" },
		{ { "list", "--format", "tsv" }, "list takes no --format tsv" },
		{ { "stat", "-x" }, "stat takes no --failed, which is about lines" },
		{ { "stat", "--lives" }, "stat takes no --lives, which is about lines" },
		{ { "stat", "--time", "wall" }, "stat takes no --time, which is about lines" },
		{ { "stat", "--strace" }, "stat takes no --strace, which is about lines" },
		{ { "stat", "--format", "strace" }, "stat takes no --format strace" },
		{ { "stat", "--print" }, "--print is about recording: see record" },
		{ { "stat", "-c", "2" }, "-c counts tables: there is only one" },
		{ { "stat", "--live", "-q" }, "--live and -q exclude each other" },
		{ { "stat", "--live", "-o", "x" },
		  "--live is for a terminal: it takes neither -o nor another --format" },
		{ { "stat", "--live", "-i", "x" },
		  "--live is about what happens now, not about a recording" },
		{ { "stat", "-q", "-o", "x" }, "-q and -o exclude each other: -q writes nothing" },
		{ { "stat", "-p", "1", "--", "true" }, "-p and COMMAND exclude each other" },
		{ { "--fields", "pid", "--format", "text" },
		  "--fields chooses columns of tsv, csv and json" },
		{ { "-0", "--format", "csv" }, "--null is about tsv, whose fields it ends" },
		{ { "--lives", "--fields", "pid" },
		  "--fields is about events, and --lives has columns of its own" },
		{ { "--lives", "--where", "pid == 1" },
		  "--where is about events, and --lives has none; see stat" },
		{ { "record", "--where", "pid == 1" },
		  "--where chooses what is shown or counted, not what is recorded" },
		{ { "record", "--fields", "pid" }, "--fields: record shows nothing" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(parse_words(cases[i].args), -EINVAL);
		CU_ASSERT_STRING_EQUAL(parsed_error.text, cases[i].text);
		parsed_done();
	}
}

/* What is given twice counts once. */
static void stat_bounds(void)
{
	char text[32];
	char *words[OPTION_LIST_MAX + 4] = { strdup("timersnoop"), strdup("stat") };
	int count = 2;

	while (count < OPTION_LIST_MAX + 3) {
		snprintf(text, sizeof(text), "--expect=arms < %d", count);
		words[count++] = strdup(text);
	}
	CU_ASSERT_EQUAL(options_parse(&parsed, count, words, &parsed_error), -EINVAL);
	CU_ASSERT_STRING_EQUAL(parsed_error.text, "--expect takes at most 64 items");
	CU_ASSERT_EQUAL_FATAL(options_parse(&parsed, count - 1, words, &parsed_error), 0);
	CU_ASSERT_EQUAL(parsed.expect_count, OPTION_LIST_MAX);
	options_free(&parsed);
	while (count)
		free(words[--count]);
}

static void stat_command_line(void)
{
	CU_ASSERT_EQUAL_FATAL(PARSE("-d1s", "stat", "--expect", "--", "--", "true", "--by"), 0);
	CU_ASSERT_EQUAL_FATAL(parsed.expect_count, 1);
	CU_ASSERT_STRING_EQUAL(parsed.expects[0], "--");
	CU_ASSERT_PTR_NOT_NULL_FATAL(parsed.argv);
	CU_ASSERT_STRING_EQUAL(parsed.argv[0], "true");
	CU_ASSERT_STRING_EQUAL(parsed.argv[1], "--by");
	parsed_done();
	CU_ASSERT_EQUAL(PARSE("stat", "./app"), -EINVAL);
	CU_ASSERT_STRING_EQUAL(parsed_error.text,
			       "'./app' is neither an option nor a command of timersnoop");
	CU_ASSERT_STRING_EQUAL(parsed_error.hint,
			       "to trace a program, put '--' before it: timersnoop stat -- ./app");
	parsed_done();
	CU_ASSERT_EQUAL_FATAL(PARSE("stat", "-i", "x.dat", "--hist", "late"), 0);
	CU_ASSERT_STRING_EQUAL(parsed.input, "x.dat");
	parsed_done();
	/* the least that there is */
	CU_ASSERT_EQUAL_FATAL(PARSE("stat", "--interval", "10ms"), 0);
	CU_ASSERT_EQUAL(parsed.interval_ns, 10000000);
	parsed_done();
}

int suite_options_stat(void)
{
	CU_pSuite suite = CU_add_suite("options of stat", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, stat_defaults) || !CU_ADD_TEST(suite, stat_values) ||
	    !CU_ADD_TEST(suite, stat_lists) || !CU_ADD_TEST(suite, form_of_fields) ||
	    !CU_ADD_TEST(suite, stat_wrong_values) || !CU_ADD_TEST(suite, stat_and_others) ||
	    !CU_ADD_TEST(suite, stat_bounds) || !CU_ADD_TEST(suite, stat_command_line))
		return CU_get_error();
	return 0;
}
