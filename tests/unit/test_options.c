/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/events.h"
#include "timersnoop/options.h"

#include "parsed.h"
#include "suites.h"

static void defaults(void)
{
	CU_ASSERT_EQUAL_FATAL(parse_words((const char *const[]){ NULL }), 0);
	CU_ASSERT_EQUAL(parsed.command, COMMAND_TRACE);
	CU_ASSERT_EQUAL(parsed.pid_count + parsed.name_count + parsed.user_count, 0);
	CU_ASSERT_FALSE(parsed.failed || parsed.run_as || parsed.wide || parsed.quiet);
	CU_ASSERT_FALSE(parsed.dry_run || parsed.lives || parsed.toctou);
	CU_ASSERT_EQUAL(parsed.events, EVENTS_CALLS);
	CU_ASSERT_TRUE(parsed.header);
	CU_ASSERT_EQUAL(parsed.verbose, 0);
	CU_ASSERT_PTR_NULL(parsed.argv);
	CU_ASSERT_PTR_NULL(parsed.output);
	CU_ASSERT_EQUAL(parsed.count, 0);
	CU_ASSERT_EQUAL(parsed.duration_ns, 0);
	CU_ASSERT_EQUAL(parsed.format, OUT_TEXT);
	CU_ASSERT_EQUAL(parsed.time, TIME_RELATIVE);
	CU_ASSERT_EQUAL(parsed.color, COLOR_AUTO);
	CU_ASSERT_EQUAL(parsed.buffer_bytes, 4 << 20);
	CU_ASSERT_EQUAL(parsed.loss_status, -1);
	parsed_done();
}

static void lists(void)
{
	CU_ASSERT_EQUAL_FATAL(PARSE("-p", "12,7", "--pid=2147483647", "-p7", "-n", "a b,c\n",
				    "--name", "fifteen-bytes-x", "-uroot,0", "-u", "nobody"),
			      0);
	CU_ASSERT_EQUAL_FATAL(parsed.pid_count, 3);
	CU_ASSERT_EQUAL(parsed.pids[0], 12);
	CU_ASSERT_EQUAL(parsed.pids[1], 7);
	CU_ASSERT_EQUAL(parsed.pids[2], 2147483647);
	CU_ASSERT_EQUAL_FATAL(parsed.name_count, 3);
	CU_ASSERT_STRING_EQUAL(parsed.names[0], "a b");
	CU_ASSERT_STRING_EQUAL(parsed.names[1], "c\n");
	CU_ASSERT_STRING_EQUAL(parsed.names[2], "fifteen-bytes-x");
	CU_ASSERT_EQUAL_FATAL(parsed.user_count, 3);
	CU_ASSERT_STRING_EQUAL(parsed.users[0], "root");
	CU_ASSERT_STRING_EQUAL(parsed.users[1], "0");
	CU_ASSERT_STRING_EQUAL(parsed.users[2], "nobody");
	parsed_done();
}

static void list_is_bounded(void)
{
	char text[1024] = "1";

	for (int i = 2; i <= OPTION_LIST_MAX; i++)
		sprintf(text + strlen(text), ",%d", i);
	CU_ASSERT_EQUAL_FATAL(PARSE("-p", text), 0);
	CU_ASSERT_EQUAL(parsed.pid_count, OPTION_LIST_MAX);
	parsed_done();
	CU_ASSERT_EQUAL_FATAL(PARSE("-p", text, "-p", "64,65"), -EINVAL);
	CU_ASSERT_STRING_EQUAL(parsed_error.text, "-p takes at most 64 items");
	parsed_done();
}

static void values(void)
{
	CU_ASSERT_EQUAL_FATAL(PARSE("-c", "18446744073709551615", "-d", "500ms", "-o", "a", "-x",
				    "--buffer-size", "64K", "--loss-status", "255"),
			      0);
	CU_ASSERT_EQUAL(parsed.count, UINT64_MAX);
	CU_ASSERT_EQUAL(parsed.duration_ns, 500000000);
	CU_ASSERT_STRING_EQUAL(parsed.output, "a");
	CU_ASSERT_TRUE(parsed.failed);
	CU_ASSERT_EQUAL(parsed.buffer_bytes, 65536);
	CU_ASSERT_EQUAL(parsed.loss_status, 255);
	parsed_done();

	CU_ASSERT_EQUAL_FATAL(
		PARSE("--buffer-size=1g", "-wvv", "--no-header", "--dry-run", "--color=never"), 0);
	CU_ASSERT_EQUAL(parsed.buffer_bytes, 1 << 30);
	CU_ASSERT_TRUE(parsed.wide && parsed.dry_run);
	CU_ASSERT_FALSE(parsed.header);
	CU_ASSERT_EQUAL(parsed.verbose, 2);
	CU_ASSERT_EQUAL(parsed.color, COLOR_NEVER);
	parsed_done();

	CU_ASSERT_EQUAL_FATAL(PARSE("--buffer-size=65536", "-q"), 0);
	CU_ASSERT_EQUAL(parsed.buffer_bytes, 65536);
	CU_ASSERT_TRUE(parsed.quiet);
	parsed_done();
}

/* The last of several counts, and chosen fields stay JSON. */
static void json(void)
{
	CU_ASSERT_EQUAL(PARSE("--format", "csv", "--json", "--fields", "pid"), 0);
	CU_ASSERT_EQUAL(parsed.format, OUT_JSON);
	parsed_done();
	CU_ASSERT_EQUAL(PARSE("--json", "--format", "csv"), 0);
	CU_ASSERT_EQUAL(parsed.format, OUT_CSV);
	parsed_done();
	CU_ASSERT_EQUAL(PARSE("stat", "--json"), 0);
	CU_ASSERT_EQUAL(parsed.format, OUT_JSON);
	parsed_done();
	CU_ASSERT_EQUAL(PARSE("record", "--json"), -EINVAL);
	CU_ASSERT_STRING_EQUAL(parsed_error.text, "--json: record shows nothing");
	parsed_done();
}

static void events(void)
{
	static const struct {
		const char *args[7];
		uint32_t events;
	} cases[] = {
		{ { "-e", "all" }, EVENTS_ALL },
		{ { "-ealarm" }, EVENT_BIT(EVENT_ALARM) },
		{ { "--events=expire,signal" }, EVENTS_EXPIRE | EVENTS_SIGNAL },
		{ { "-e", "alarm,alarm", "--events", "getitimer", "-e", "signal_deliver" },
		  EVENT_BIT(EVENT_ALARM) | EVENT_BIT(EVENT_GETITIMER) |
			  EVENT_BIT(EVENT_SIGNAL_DELIVER) },
		{ { "-e", "calls,timer_create" }, EVENTS_CALLS },
		{ { "-x", "-c1", "--strace" }, EVENTS_CALLS },
		{ { "-x", "-e", "expire,alarm" }, EVENTS_EXPIRE | EVENT_BIT(EVENT_ALARM) },
		{ { "--strace", "-e", "signal" }, EVENTS_SIGNAL },
		{ { "-c", "1", "-e", "signal" }, EVENTS_SIGNAL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL_FATAL(parse_words(cases[i].args), 0);
		CU_ASSERT_EQUAL(parsed.events, cases[i].events);
		CU_ASSERT_FALSE(parsed.lives || parsed.toctou);
		parsed_done();
	}
}

static void lives(void)
{
	CU_ASSERT_EQUAL_FATAL(PARSE("--lives"), 0);
	CU_ASSERT_TRUE(parsed.lives);
	CU_ASSERT_EQUAL(parsed.events, 0);
	parsed_done();
	CU_ASSERT_EQUAL_FATAL(PARSE("-e", "alarm", "--lives", "-c2", "-x"), 0);
	CU_ASSERT_TRUE(parsed.lives);
	CU_ASSERT_EQUAL(parsed.events, EVENT_BIT(EVENT_ALARM));
	parsed_done();
	CU_ASSERT_EQUAL_FATAL(PARSE("--strace", "--lives", "--format=csv"), 0);
	CU_ASSERT_EQUAL(parsed.format, OUT_CSV);
	parsed_done();
}

static void toctou(void)
{
	CU_ASSERT_EQUAL_FATAL(PARSE("--toctou"), 0);
	CU_ASSERT_TRUE(parsed.toctou);
	CU_ASSERT_EQUAL(parsed.events, EVENTS_CALLS);
	parsed_done();
	CU_ASSERT_EQUAL_FATAL(PARSE("--toctou", "-e", "expire,timerfd_settime", "--lives"), 0);
	CU_ASSERT_TRUE(parsed.toctou && parsed.lives);
	parsed_done();
	CU_ASSERT_EQUAL_FATAL(PARSE("-x", "--toctou", "-e", "timer_settime"), 0);
	CU_ASSERT_TRUE(parsed.toctou);
	parsed_done();
}

/* The message must tell all there is: nothing of it may be cut. */
static void wrong_event(void)
{
	CU_ASSERT_EQUAL(PARSE("-e", "alarm,Alarm"), -EINVAL);
	CU_ASSERT_STRING_EQUAL(parsed_error.text,
			       "-e takes events and groups (calls, expire, signal, "
			       "posix, timerfd, itimer, settime, all), not 'Alarm'");
	CU_ASSERT_STRING_EQUAL(parsed_error.hint,
			       "events: timer_create, timer_settime, timer_gettime, "
			       "timer_getoverrun, timer_delete, timerfd_create, timerfd_settime, "
			       "timerfd_gettime, setitimer, getitimer, alarm, timer_expire, "
			       "timerfd_expire, itimer_expire, signal_generate, signal_deliver");
	parsed_done();
	CU_ASSERT_EQUAL(PARSE("--events="), -EINVAL);
	CU_ASSERT_STRING_EQUAL(parsed_error.text, "--events: an empty item in ''");
	parsed_done();
	CU_ASSERT_EQUAL(PARSE("-e", "all,"), -EINVAL);
	CU_ASSERT_STRING_EQUAL(parsed_error.text, "-e: an empty item in 'all,'");
	parsed_done();
}

/* What is right by itself and makes no sense together. */
static void wrong_together(void)
{
	static const struct {
		const char *args[6];
		const char *text;
	} cases[] = {
		{ { "--lives", "--strace" },
		  "--lives takes no strace notation, which has nothing for a life" },
		{ { "-e", "calls", "--lives", "--format", "strace" },
		  "--lives takes no strace notation, which has nothing for a life" },
		{ { "--toctou", "--strace" },
		  "--toctou takes no strace notation, which has nothing for it" },
		{ { "--strace", "-e", "expire,signal_generate" },
		  "strace's notation has calls and delivered signals: no such event is shown" },
		{ { "--toctou", "-e", "timer_create,setitimer,expire" },
		  "--toctou is about timer_settime and timerfd_settime: neither is shown" },
		{ { "--toctou", "--lives" },
		  "--toctou is about timer_settime and timerfd_settime: neither is shown" },
		{ { "-x", "-e", "expire,signal" },
		  "-x shows calls that failed: no call is among the events" },
		{ { "-x", "--lives" }, "-x shows calls that failed: no call is among the events" },
		{ { "--lives", "-c", "3" }, "-c counts lines of events: --lives alone shows none" },
		{ { "doctor", "-e", "all" }, "doctor takes no --events" },
		{ { "doctor", "--lives" }, "doctor takes no --lives" },
		{ { "doctor", "--toctou" }, "doctor takes no --toctou" },
		{ { "list", "-eall" }, "list takes no --events" },
		{ { "list", "--lives" }, "list takes no --lives" },
		{ { "list", "--toctou" }, "list takes no --toctou" },
		{ { "--cleanup", "-e", "all" }, "--cleanup takes no --events" },
		{ { "--lives", "--cleanup" }, "--cleanup takes no --lives" },
		{ { "--cleanup", "--toctou" }, "--cleanup takes no --toctou" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(parse_words(cases[i].args), -EINVAL);
		CU_ASSERT_STRING_EQUAL(parsed_error.text, cases[i].text);
		CU_ASSERT_PTR_NULL(parsed.storage);
		parsed_done();
	}
}

static void last_one_wins(void)
{
	CU_ASSERT_EQUAL_FATAL(PARSE("-c1", "-c", "2", "-o", "a", "-o-", "--strace", "--format",
				    "json", "--time=none", "--time=wall", "-d1", "-d2s"),
			      0);
	CU_ASSERT_EQUAL(parsed.count, 2);
	CU_ASSERT_PTR_NULL(parsed.output);
	CU_ASSERT_EQUAL(parsed.format, OUT_JSON);
	CU_ASSERT_EQUAL(parsed.time, TIME_WALL);
	CU_ASSERT_EQUAL(parsed.duration_ns, 2000000000);
	parsed_done();
}

static void time_follows_format(void)
{
	CU_ASSERT_EQUAL_FATAL(PARSE("--strace"), 0);
	CU_ASSERT_EQUAL(parsed.format, OUT_STRACE);
	CU_ASSERT_EQUAL(parsed.time, TIME_NONE);
	parsed_done();
	CU_ASSERT_EQUAL_FATAL(PARSE("--time", "mono", "--format=strace"), 0);
	CU_ASSERT_EQUAL(parsed.time, TIME_MONO);
	parsed_done();
	CU_ASSERT_EQUAL_FATAL(PARSE("--strace", "--format", "text"), 0);
	CU_ASSERT_EQUAL(parsed.time, TIME_RELATIVE);
	parsed_done();
}

static void commands(void)
{
	static const struct {
		const char *args[4];
		enum command command;
	} cases[] = {
		{ { "trace" }, COMMAND_TRACE },
		{ { "-v", "trace", "-x" }, COMMAND_TRACE },
		{ { "doctor" }, COMMAND_DOCTOR },
		{ { "-v", "doctor", "-v" }, COMMAND_DOCTOR },
		{ { "doctor", "--json" }, COMMAND_DOCTOR },
		{ { "--format", "json", "doctor" }, COMMAND_DOCTOR },
		{ { "list", "--json" }, COMMAND_LIST },
		{ { "list" }, COMMAND_LIST },
		{ { "-q", "list" }, COMMAND_LIST },
		{ { "list", "-vw", "--no-header" }, COMMAND_LIST },
		{ { "list", "--format=json", "-p1,2" }, COMMAND_LIST },
		{ { "list", "-nsh", "-uroot" }, COMMAND_LIST },
		{ { "stat" }, COMMAND_STAT },
		{ { "record" }, COMMAND_RECORD },
		{ { "report" }, COMMAND_TRACE },
		{ { "kernel" }, COMMAND_KERNEL },
		{ { "-v", "kernel" }, COMMAND_KERNEL },
		{ { "--cleanup" }, COMMAND_CLEANUP },
		{ { "-q", "--cleanup" }, COMMAND_CLEANUP },
		{ { "help" }, COMMAND_HELP },
		{ { "-h" }, COMMAND_HELP },
		{ { "doctor", "--help", "--nonsense" }, COMMAND_HELP },
		{ { "--version" }, COMMAND_VERSION },
		{ { "-V" }, COMMAND_VERSION },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL_FATAL(parse_words(cases[i].args), 0);
		CU_ASSERT_EQUAL(parsed.command, cases[i].command);
		parsed_done();
	}
}

static void command_line(void)
{
	CU_ASSERT_EQUAL_FATAL(PARSE("-x", "trace", "-c", "3", "--run-as", "--", "ls", "-l", "--"),
			      0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(parsed.argv);
	CU_ASSERT_STRING_EQUAL(parsed.argv[0], "ls");
	CU_ASSERT_STRING_EQUAL(parsed.argv[1], "-l");
	CU_ASSERT_STRING_EQUAL(parsed.argv[2], "--");
	CU_ASSERT_PTR_NULL(parsed.argv[3]);
	CU_ASSERT_TRUE(parsed.run_as);
	CU_ASSERT_PTR_NULL(parsed.run_as_user);
	CU_ASSERT_EQUAL(parsed.verbose, 0);
	parsed_done();

	CU_ASSERT_EQUAL_FATAL(PARSE("--run-as=nobody", "-o", "--", "--", "stat"), 0);
	CU_ASSERT_STRING_EQUAL(parsed.run_as_user, "nobody");
	CU_ASSERT_STRING_EQUAL(parsed.output, "--");
	CU_ASSERT_STRING_EQUAL(parsed.argv[0], "stat");
	parsed_done();
}

static void wrong(void)
{
	static const struct {
		const char *args[6];
		const char *text;
	} cases[] = {
		{ { "-c", "0" }, "-c takes a whole number from 1 up, not '0'" },
		{ { "--count", "0" }, "--count takes a whole number from 1 up, not '0'" },
		{ { "--count=+1" }, "--count takes a whole number from 1 up, not '+1'" },
		{ { "-c", " 1" }, "-c takes a whole number from 1 up, not ' 1'" },
		{ { "-c", "1x" }, "-c takes a whole number from 1 up, not '1x'" },
		{ { "-xc", "" }, "-c takes a whole number from 1 up, not ''" },
		{ { "-c", "18446744073709551616" },
		  "-c takes a whole number from 1 up, not '18446744073709551616'" },
		{ { "-p", "0" }, "-p takes process ids, whole numbers from 1 up, not '0'" },
		{ { "-p", "2147483648" },
		  "-p takes process ids, whole numbers from 1 up, not '2147483648'" },
		{ { "-p", "1,-2" }, "-p takes process ids, whole numbers from 1 up, not '-2'" },
		{ { "-p", "1,,2" }, "-p: an empty item in '1,,2'" },
		{ { "--name", "" }, "--name: an empty item in ''" },
		{ { "-u", "root," }, "-u: an empty item in 'root,'" },
		{ { "-n", "fifteen-bytes-xy" },
		  "-n: the kernel keeps 15 bytes of a name: use 'fifteen-bytes-x'" },
		{ { "-d", "0" },
		  "-d takes a duration above zero, such as 500ms, 10s or 2m, not '0'" },
		{ { "-d", "soon" },
		  "-d takes a duration above zero, such as 500ms, 10s or 2m, not 'soon'" },
		{ { "-d", "9999999999999s" },
		  "-d takes a duration that fits 64 bits of whole nanoseconds, not "
		  "'9999999999999s'" },
		{ { "--format", "xml" },
		  "--format takes text, json, csv, tsv or strace, not 'xml'" },
		{ { "--time=" }, "--time takes wall, mono, relative or none, not ''" },
		{ { "--color=yes" }, "--color takes auto, always or never, not 'yes'" },
		{ { "--buffer-size", "63K" },
		  "--buffer-size takes a size from 64K to 1G, such as 512K or 16M, not '63K'" },
		{ { "--buffer-size", "2G" },
		  "--buffer-size takes a size from 64K to 1G, such as 512K or 16M, not '2G'" },
		{ { "--buffer-size", "99999999999999999999999999M" },
		  "--buffer-size takes a size from 64K to 1G, such as 512K or 16M, not "
		  "'99999999999999999999999999M'" },
		{ { "--buffer-size", "K" },
		  "--buffer-size takes a size from 64K to 1G, such as 512K or 16M, not 'K'" },
		{ { "--buffer-size", "" },
		  "--buffer-size takes a size from 64K to 1G, such as 512K or 16M, not ''" },
		{ { "--buffer-size", "1 " },
		  "--buffer-size takes a size from 64K to 1G, such as 512K or 16M, not '1 '" },
		{ { "--loss-status", "0" },
		  "--loss-status takes a whole number from 1 to 255, not '0'" },
		{ { "--loss-status", "256" },
		  "--loss-status takes a whole number from 1 to 255, not '256'" },
		{ { "-o", "" }, "-o takes the name of a file, not ''" },
		{ { "--run-as=", "--", "ls" }, "--run-as takes a user, not ''" },
		{ { "--run-as" }, "--run-as needs a COMMAND" },
		{ { "-p", "1", "--", "ls" }, "-p and COMMAND exclude each other" },
		{ { "-qv" }, "-q and -v exclude each other" },
		{ { "-q", "-o", "f" }, "-q and -o exclude each other: -q writes nothing" },
		{ { "--" }, "COMMAND is missing behind '--'" },
		{ { "doctor", "-c", "1" }, "doctor takes no --count" },
		{ { "doctor", "--strace" }, "doctor takes no --strace" },
		{ { "doctor", "--format", "csv" }, "doctor takes --format text or json" },
		{ { "--cleanup", "--json" }, "--cleanup takes no --json" },
		{ { "doctor", "--cleanup" }, "doctor takes no --cleanup" },
		{ { "doctor", "--", "ls" }, "doctor takes no COMMAND" },
		{ { "list", "-x" }, "list takes no --failed" },
		{ { "list", "-d", "1s" }, "list takes no --duration" },
		{ { "list", "--time", "mono" }, "list takes no --time" },
		{ { "list", "--dry-run" }, "list takes no --dry-run" },
		{ { "list", "--cleanup" }, "list takes no --cleanup" },
		{ { "list", "--strace" }, "list takes no --strace" },
		{ { "list", "--format", "strace" }, "list takes no --format strace" },
		{ { "list", "--", "ls" }, "list takes no COMMAND" },
		{ { "list", "-q", "-o", "f" }, "-q and -o exclude each other: -q writes nothing" },
		{ { "--cleanup", "-x" }, "--cleanup takes no --failed" },
		{ { "--cleanup", "--", "ls" }, "--cleanup takes no COMMAND" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(parse_words(cases[i].args), -EINVAL);
		CU_ASSERT_EQUAL(parsed_error.code, EINVAL);
		CU_ASSERT_STRING_EQUAL(parsed_error.text, cases[i].text);
		CU_ASSERT_PTR_NULL(parsed.storage);
		parsed_done();
	}
}

static void wrong_options(void)
{
	static const struct {
		const char *args[4];
		const char *text;
	} cases[] = {
		{ { "-Z" }, "unknown option '-Z'" },
		{ { "-xZw" }, "unknown option '-Z'" },
		{ { "-x\xc3\xa9" }, "unknown option '-x\xc3\xa9'" },
		{ { "--nonsense=3" }, "unknown option '--nonsense'" },
		{ { "-x", "--co=1" }, "'--co' is short for more than one option" },
		{ { "--wide=3" }, "--wide takes no argument" },
		{ { "-x", "-c" }, "-c needs an argument" },
		{ { "--count" }, "--count needs an argument" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(parse_words(cases[i].args), -EINVAL);
		CU_ASSERT_STRING_EQUAL(parsed_error.text, cases[i].text);
		CU_ASSERT_STRING_EQUAL(parsed_error.hint, "see 'timersnoop --help'");
		parsed_done();
	}
}

static void wrong_words(void)
{
	CU_ASSERT_EQUAL(PARSE("sleep", "1"), -EINVAL);
	CU_ASSERT_STRING_EQUAL(parsed_error.text,
			       "'sleep' is neither an option nor a command of timersnoop");
	CU_ASSERT_STRING_EQUAL(parsed_error.hint,
			       "to trace a program, put '--' before it: timersnoop -- sleep");
	parsed_done();
	CU_ASSERT_EQUAL(PARSE("trace", "doctor"), -EINVAL);
	CU_ASSERT_STRING_EQUAL(parsed_error.text,
			       "'doctor' is neither an option nor a command of timersnoop");
	parsed_done();
	CU_ASSERT_EQUAL(PARSE("doctor", "-"), -EINVAL);
	parsed_done();
}

static void no_arguments_at_all(void)
{
	char *argv[] = { NULL };

	CU_ASSERT_EQUAL_FATAL(options_parse(&parsed, 0, argv, NULL), 0);
	CU_ASSERT_EQUAL(parsed.command, COMMAND_TRACE);
	options_free(&parsed);
	options_free(&parsed);
	options_free(NULL);
}

static void help_text(void)
{
	static const char *const named[] = {
		"timersnoop list",
		"-p, --pid",
		"-n, --name",
		"-u, --user",
		"-e, --events",
		"--lives",
		"--toctou",
		"-x, --failed",
		"--run-as[=USER]",
		"-c, --count",
		"-d, --duration",
		"-o, --output",
		"--format",
		"--strace",
		"--time",
		"-w, --wide",
		"--no-header",
		"--color",
		"-q, --quiet",
		"-v, --verbose",
		"--dry-run",
		"--buffer-size",
		"--loss-status",
		"--cleanup",
		"-h, --help",
		"-V, --version",
		"Exit status:",
		"125",
		"126",
		"127",
		"Examples:",
	};
	const char *line = options_help;
	char text[96];
	size_t length;

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		CU_ASSERT_PTR_NOT_NULL(strstr(options_help, named[i]));
	}
	for (const struct event_group *group = event_groups; group->name; group++) {
		snprintf(text, sizeof(text), "\n%30s%-7s  %s\n", "", group->name, group->what);
		CU_ASSERT_PTR_NOT_NULL(strstr(options_help, text));
	}
	for (int event = 0; event < EVENT_COUNT; event++) {
		snprintf(text, sizeof(text), " %s", event_name((enum event)event));
		CU_ASSERT_PTR_NOT_NULL(strstr(options_help, text));
	}
	for (; *line; line += length + 1) {
		length = strcspn(line, "\n");
		CU_ASSERT_TRUE(length <= 80);
		CU_ASSERT_EQUAL_FATAL(line[length], '\n');
	}
}

int suite_options(void)
{
	CU_pSuite suite = CU_add_suite("options", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, defaults) || !CU_ADD_TEST(suite, lists) ||
	    !CU_ADD_TEST(suite, list_is_bounded) || !CU_ADD_TEST(suite, values) ||
	    !CU_ADD_TEST(suite, json) || !CU_ADD_TEST(suite, events) ||
	    !CU_ADD_TEST(suite, lives) || !CU_ADD_TEST(suite, toctou) ||
	    !CU_ADD_TEST(suite, wrong_event) || !CU_ADD_TEST(suite, wrong_together) ||
	    !CU_ADD_TEST(suite, last_one_wins) || !CU_ADD_TEST(suite, time_follows_format) ||
	    !CU_ADD_TEST(suite, commands) || !CU_ADD_TEST(suite, command_line) ||
	    !CU_ADD_TEST(suite, wrong) || !CU_ADD_TEST(suite, wrong_options) ||
	    !CU_ADD_TEST(suite, wrong_words) || !CU_ADD_TEST(suite, no_arguments_at_all) ||
	    !CU_ADD_TEST(suite, help_text))
		return CU_get_error();
	return 0;
}
