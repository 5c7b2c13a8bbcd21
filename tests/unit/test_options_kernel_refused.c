/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kernel and record --kernel refuse, and what other commands refuse of theirs. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>

#include "timersnoop/options.h"

#include "parsed.h"
#include "suites.h"

struct wrong {
	const char *args[7];
	const char *text;
	const char *hint;
};

static void refuse(const struct wrong *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CU_ASSERT_EQUAL(parse_words(cases[i].args), -EINVAL);
		CU_ASSERT_EQUAL(parsed_error.code, EINVAL);
		CU_ASSERT_STRING_EQUAL(parsed_error.text, cases[i].text);
		if (cases[i].hint)
			CU_ASSERT_STRING_EQUAL(parsed_error.hint, cases[i].hint);
		CU_ASSERT_PTR_NULL(parsed.storage);
		parsed_done();
	}
}

#define REFUSE(cases) refuse(cases, sizeof(cases) / sizeof((cases)[0]))

static void wrong_values(void)
{
	static const struct wrong cases[] = {
		{ { "kernel", "-e", "start,Start" },
		  "-e takes groups and events of the kernel's timers, not 'Start'",
		  "they are: timer_list, hrtimer, start, cancel, expire, idle, all, timer_init, "
		  "timer_start, timer_cancel, timer_expire, hrtimer_init, hrtimer_start, "
		  "hrtimer_cancel, hrtimer_expire, tick_stop, base_idle, cpu_idle, wakeup" },
		{ { "kernel", "--events", "calls" },
		  "--events: 'calls' is about timers of programs, which trace shows",
		  "timersnoop trace -e calls" },
		{ { "-e", "timer_settime", "kernel" },
		  "-e: 'timer_settime' is about timers of programs, which trace shows",
		  "timersnoop trace -e timer_settime" },
		{ { "-e", "calls,hrtimer" },
		  "-e: 'hrtimer' is about the kernel's own timers, which kernel shows",
		  "timersnoop kernel -e hrtimer" },
		{ { "stat", "-e", "wakeup" },
		  "-e: 'wakeup' is about the kernel's own timers, which kernel shows",
		  "timersnoop kernel -e wakeup" },
		{ { "kernel", "-e", "all," }, "-e: an empty item in 'all,'", "" },
		{ { "kernel", "--by", "callback,signal" },
		  "--by takes any of callback, module, mechanism, process, comm, cpu, caller, "
		  "timer, not 'signal'",
		  "" },
		{ { "kernel", "--by=" }, "--by: an empty item in ''", "" },
		{ { "stat", "--by", "callback" },
		  "--by takes timer, process, comm, signal or clock, not 'callback'",
		  "" },
		{ { "stat", "--by", "timer,comm" },
		  "--by takes timer, process, comm, signal or clock, not 'timer,comm'",
		  "" },
		{ { "kernel", "--hist", "value" },
		  "--hist takes timeout, late or run, not 'value'",
		  "" },
		{ { "stat", "--hist", "run" },
		  "--hist takes value, interval, late, signal or duration, not 'run'",
		  "" },
		{ { "kernel", "--fail-on", "leak" },
		  "--fail-on takes findings, not 'leak'",
		  "findings: any, warning, error, always-fires, slow-callback, every-jiffy, "
		  "keeps-awake, overdue, data-incomplete" },
		{ { "stat", "--fail-on", "overdue" },
		  "--fail-on takes findings, not 'overdue'",
		  NULL },
		{ { "kernel", "--limit", "late=1ms" },
		  "--limit has no limit 'late'",
		  "limits: fires, run, jiffies, awake, overdue" },
		{ { "kernel", "--limit", "overdue=" },
		  "--limit overdue takes a duration, such as 1ms, not ''",
		  "" },
		{ { "kernel", "--callback", "a b" },
		  "--callback takes names of functions, of letters, digits, '_', '.' and '$', with "
		  "'*' for any text, not 'a b'",
		  "" },
		{ { "kernel", "--callback", "f[0-9]" },
		  "--callback takes names of functions, of letters, digits, '_', '.' and '$', with "
		  "'*' for any text, not 'f[0-9]'",
		  "" },
		{ { "kernel", "--callback", "f,,g" }, "--callback: an empty item in 'f,,g'", "" },
		{ { "kernel", "--callback" }, "--callback needs an argument", NULL },
		{ { "kernel", "--cpu=" }, "--cpu: an empty item in ''", "" },
		{ { "kernel", "--cpu" }, "--cpu needs an argument", NULL },
		{ { "kernel", "--callers=yes" }, "--callers takes no argument", NULL },
		{ { "kernel", "--wakeups=yes" }, "--wakeups takes no argument", NULL },
		{ { "record", "--kernel=yes" }, "--kernel takes no argument", NULL },
		{ { "kernel", "--call", "f" },
		  "'--call' is short for more than one option",
		  "see 'timersnoop --help'" },
		/* what is wrong before the command's name does not hide it */
		{ { "-e", "start", "--nonsense", "kernel" }, "unknown option '--nonsense'", NULL },
	};

	REFUSE(cases);
}

/* What kernel does not take, and what of it does not go together. */
static void wrong_together(void)
{
	static const struct wrong cases[] = {
		{ { "kernel", "-u", "root" },
		  "kernel takes no --user, which is about timers of programs",
		  "" },
		{ { "kernel", "-x" },
		  "kernel takes no --failed, which is about timers of programs",
		  "" },
		{ { "kernel", "--lives" },
		  "kernel takes no --lives, which is about timers of programs",
		  "" },
		{ { "--toctou", "kernel", "-e", "all" },
		  "kernel takes no --toctou, which is about timers of programs",
		  "" },
		{ { "kernel", "--strace" },
		  "kernel takes no --strace, which is about timers of programs",
		  "" },
		{ { "kernel", "--format", "strace" }, "kernel takes no --format strace", "" },
		{ { "kernel", "-e", "all", "--format", "strace" },
		  "kernel takes no --format strace",
		  "" },
		{ { "kernel", "--print" }, "--print is about recording: see record", "" },
		{ { "kernel", "--ring", "1M" }, "--ring is about recording: see record", "" },
		{ { "kernel", "--kernel" },
		  "--kernel is about recording: see record",
		  "timersnoop kernel shows the kernel's own timers" },
		{ { "kernel", "--time", "wall" },
		  "--time is about lines of events, not about figures",
		  "add -e, which shows events" },
		{ { "kernel", "--by", "cpu,caller" },
		  "--by caller needs --callers, which finds them",
		  "" },
		{ { "kernel", "-c", "2" },
		  "-c counts tables: there is only one",
		  "add --interval; -d ends it after a time, --until by a condition" },
		{ { "kernel", "--live", "-q" }, "--live and -q exclude each other", "" },
		{ { "kernel", "--live", "--format", "json" },
		  "--live is for a terminal: it takes neither -o nor another --format",
		  "" },
		{ { "kernel", "--live", "--hist", "run" },
		  "--live draws one screen, which has no room for --hist",
		  "" },
		{ { "kernel", "--live", "-i", "x" },
		  "--live is about what happens now, not about a recording",
		  "" },
		{ { "kernel", "--hist", "run", "--format=csv" },
		  "--hist is drawn in text, or told in json",
		  "" },
		{ { "kernel", "-i", "x", "--aggregate", "kernel" },
		  "--aggregate kernel is about what happens now, not about a recording",
		  "" },
		{ { "kernel", "-p", "1", "--", "true" }, "-p and COMMAND exclude each other", "" },
		{ { "kernel", "--run-as" }, "--run-as needs a COMMAND", NULL },
		{ { "kernel", "-i", "x", "--", "true" },
		  "a recording is shown, and COMMAND is traced: one or the other",
		  "" },
		{ { "kernel", "-i", "x", "--dry-run" },
		  "--dry-run is about tracing, not about a recording",
		  "" },
		{ { "kernel", "-q", "-o", "x" },
		  "-q and -o exclude each other: -q writes nothing",
		  "" },
		{ { "kernel", "-qv" }, "-q and -v exclude each other", "" },
		{ { "kernel", "--fields", "pid", "--format=text" },
		  "--fields chooses columns of tsv, csv and json",
		  NULL },
		{ { "kernel", "-0", "--format=csv" },
		  "--null is about tsv, whose fields it ends",
		  "" },
		{ { "kernel", "--cleanup" }, "--cleanup takes no other command", "" },
		{ { "kernel", "stat" },
		  "'stat' is neither an option nor a command of timersnoop",
		  "to trace a program, put '--' before it: timersnoop kernel -- stat" },
	};

	REFUSE(cases);
}

/* Figures and events, one or the other. */
static void figures_or_events(void)
{
	static const char *const figures[][2] = {
		{ "--by", "callback" },   { "--sort", "fired" },     { "--top", "3" },
		{ "--interval", "1s" },   { "--live", NULL },        { "--hist", "run" },
		{ "--fail-on", "any" },   { "--expect", "fired>1" }, { "--until", "fired>1" },
		{ "--limit", "run=1ms" }, { "--aggregate", "user" },
	};
	char text[80];

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		CU_ASSERT_EQUAL(PARSE("kernel", "-e", "start", figures[i][0], figures[i][1]),
				-EINVAL);
		snprintf(text, sizeof(text), "%s is about figures, and -e shows events",
			 figures[i][0]);
		CU_ASSERT_STRING_EQUAL(parsed_error.text, text);
		CU_ASSERT_STRING_EQUAL(parsed_error.hint, "leave out -e for figures");
		parsed_done();
	}
}

/* Of no other command are these. */
static void other_commands(void)
{
	static const char *const commands[] = { "trace",  "stat", "report",
						"doctor", "list", "--cleanup" };
	static const char *const own[][2] = { { "--callback", "f" },
					      { "--cpu", "1" },
					      { "--callers", NULL },
					      { "--wakeups", NULL } };
	static const struct wrong cases[] = {
		{ { "--kernel" },
		  "--kernel is about recording: see record",
		  "timersnoop kernel shows the kernel's own timers" },
		{ { "stat", "--kernel" },
		  "--kernel is about recording: see record",
		  "timersnoop kernel shows the kernel's own timers" },
		{ { "list", "--kernel" }, "list takes no --kernel", "" },
		{ { "doctor", "--kernel" }, "doctor takes no --kernel", "" },
		{ { "--cleanup", "--kernel" }, "--cleanup takes no --kernel", "" },
	};
	char text[96];

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		for (size_t k = 0; k < sizeof(own) / sizeof(own[0]); k++) {
			CU_ASSERT_EQUAL(PARSE(commands[i], own[k][0], own[k][1]), -EINVAL);
			snprintf(text, sizeof(text),
				 "%s is about the kernel's own timers, which kernel shows",
				 own[k][0]);
			CU_ASSERT_STRING_EQUAL(parsed_error.text, text);
			snprintf(text, sizeof(text), "timersnoop kernel %s ...", own[k][0]);
			CU_ASSERT_STRING_EQUAL(parsed_error.hint, text);
			parsed_done();
		}
	}
	for (size_t k = 0; k < sizeof(own) / sizeof(own[0]); k++) {
		CU_ASSERT_EQUAL(PARSE("record", own[k][0], own[k][1]), -EINVAL);
		snprintf(text, sizeof(text),
			 "%s is about the kernel's own timers: record needs --kernel for it",
			 own[k][0]);
		CU_ASSERT_STRING_EQUAL(parsed_error.text, text);
		parsed_done();
	}
	REFUSE(cases);
}

static void recordings_refused(void)
{
	static const struct {
		const char *args[3];
		const char *name;
	} choosing[] = {
		{ { "-e", "timer_start" }, "events" },
		{ { "-u", "root" }, "user" },
		{ { "-x" }, "failed" },
		{ { "-c", "1" }, "count" },
		{ { "--where", "cpu == 1" }, "where" },
		{ { "--where", "help" }, "where" },
		{ { "--lives" }, "lives" },
		{ { "--toctou" }, "toctou" },
	};
	static const struct wrong cases[] = {
		{ { "record", "--kernel", "--print" },
		  "record --kernel takes no --print",
		  "timersnoop kernel -i FILE shows it afterwards" },
		{ { "record", "--kernel", "-w" },
		  "--wide: record shows nothing",
		  "give it when the recording is shown" },
		{ { "record", "--kernel", "--fields", "help" },
		  "--fields: record shows nothing",
		  "give it when the recording is shown" },
		{ { "record", "--by", "caller", "--kernel" },
		  "--by is about figures, which kernel shows",
		  "timersnoop kernel --by ..." },
		{ { "record", "--kernel", "-i", "x" }, "record takes no --input", "" },
		{ { "record", "--kernel", "--dry-run" },
		  "record takes no --dry-run: kernel has it",
		  "" },
		{ { "record", "--kernel", "-p1", "--", "true" },
		  "-p and COMMAND exclude each other",
		  "" },
	};
	char text[96];

	for (size_t i = 0; i < sizeof(choosing) / sizeof(choosing[0]); i++) {
		CU_ASSERT_EQUAL(
			PARSE("record", "--kernel", choosing[i].args[0], choosing[i].args[1]),
			-EINVAL);
		snprintf(text, sizeof(text),
			 "record --kernel takes no --%s: it records all of the kernel's timers",
			 choosing[i].name);
		CU_ASSERT_STRING_EQUAL(parsed_error.text, text);
		CU_ASSERT_STRING_EQUAL(parsed_error.hint,
				       "-p, -n, --callback and --cpu choose what is recorded");
		parsed_done();
	}
	REFUSE(cases);
}

int suite_options_kernel_refused(void)
{
	CU_pSuite suite = CU_add_suite("options that kernel refuses", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, wrong_values) || !CU_ADD_TEST(suite, wrong_together) ||
	    !CU_ADD_TEST(suite, figures_or_events) || !CU_ADD_TEST(suite, other_commands) ||
	    !CU_ADD_TEST(suite, recordings_refused))
		return CU_get_error();
	return 0;
}
