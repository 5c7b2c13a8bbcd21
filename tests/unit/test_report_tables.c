/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rows tables have, in which order, and how they are written. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "figured.h"
#include "suites.h"

/*
 * Three timers: 1 is armed 3 times and expires twice, 2 is only read, fd 3 is made and
 * refused once; and a call that belongs to none.
 */
static void play(void)
{
	struct call call;

	for (int i = 0; i < 3; i++) {
		feed_settime(1, (5 + i) * MS, 0);
		if (i < 2)
			feed_expire(1, (int64_t)feed_now - 5 * US + (5 + i) * MS, 0, ARMED_BY_USER);
	}
	for (int i = 0; i < 4; i++)
		feed_simple(EVENT_TIMER_GETTIME, 2, 0);
	feed_take_of(7, "zoo", feed_creation(EVENT_TIMERFD_CREATE, 3, CLOCK_REALTIME));
	call = feed_call(EVENT_TIMERFD_SETTIME, 3);
	call.ret = -EINVAL;
	call.flags = 8;
	feed_take_of(7, "zoo", call);
	call = feed_call(EVENT_TIMER_DELETE, 9);
	call.ret = -EINVAL;
	feed_take_of(8, "ant", call);
}

/* What `words` show of it, as TSV without a header. */
static void expect_rows(const char *words, const char *expected)
{
	char all[256];

	snprintf(all, sizeof(all), "--no-header %s", words);
	figured_begin(all);
	play();
	figured_finish(2000);
	figured_expect(expected);
	figured_end("");
}

static void orders(void)
{
	/* the most active first, and of equals as they are grouped */
	expect_rows("--fields pid,timer,calls,expiries",
		    "42\t1\t3\t2\n42\t2\t4\t0\n7\tfd3\t2\t0\n8\t\t1\t0\n");
	expect_rows("--fields calls,timer --sort calls", "4\t2\n3\t1\n2\tfd3\n1\t\n");
	expect_rows("--fields calls,timer --sort -calls", "4\t2\n3\t1\n2\tfd3\n1\t\n");
	expect_rows("--fields calls,timer --sort +calls", "1\t\n2\tfd3\n3\t1\n4\t2\n");
	/* of equals, the one that is grouped first, whichever way */
	expect_rows("--fields pid,timer --sort expiries", "42\t1\n7\tfd3\n8\t\n42\t2\n");
	expect_rows("--fields pid,timer --sort +expiries", "7\tfd3\n8\t\n42\t2\n42\t1\n");
	/* text from A on; what is not known comes last */
	expect_rows("--fields comm,calls --sort comm", "ant\t1\napp\t3\napp\t4\nzoo\t2\n");
	expect_rows("--fields comm,calls --sort -comm", "zoo\t2\napp\t3\napp\t4\nant\t1\n");
	expect_rows("--fields timer,calls --sort timer", "1\t3\n2\t4\nfd3\t2\n\t1\n");
	expect_rows("--fields timer,calls --sort -timer", "fd3\t2\n2\t4\n1\t3\n\t1\n");
	expect_rows("--fields late_ns_max,calls --sort late.max --top 1", "2000\t3\n");
	expect_rows("--fields late_ns_max,calls --sort +late.max --top 1", "2000\t3\n");
	expect_rows("--fields timer,calls --sort rate", "1\t3\n2\t4\nfd3\t2\n\t1\n");
	expect_rows("--fields timer,calls --sort +rate", "\t1\nfd3\t2\n2\t4\n1\t3\n");
	expect_rows("--fields pid,calls --sort pid", "42\t3\n42\t4\n8\t1\n7\t2\n");
	expect_rows("--fields pid,calls --sort +value.min", "42\t3\n7\t2\n8\t1\n42\t4\n");
}

static void chosen_rows(void)
{
	expect_rows("--fields timer --top 2", "1\n2\n");
	expect_rows("--fields timer --top 0", "1\n2\nfd3\n\n");
	expect_rows("--fields timer,calls --where calls>2", "1\t3\n2\t4\n");
	expect_rows("--fields timer,calls --where calls>2 --top 1 --sort calls", "2\t4\n");
	expect_rows("--fields timer,calls --where late.max>1ns", "1\t3\n"); /* and is known */
	expect_rows("--fields timer,calls --where calls>99", "");
	expect_rows("--fields comm,timers,calls --by comm --where comm!='app'",
		    "zoo\t1\t2\nant\t0\t1\n");
	expect_rows("--fields clock,timers --by clock --sort timers",
		    "CLOCK_REALTIME\t1\nCLOCK_BOOTTIME\t1\n\t1\n");
}

static void text(void)
{
	static const char total[] = "1.00s: 10 calls (2 failed), 2 expiries, 3 timers\n";
	char expected[1024];

	figured_begin("");
	play();
	figured_finish(2000);
	snprintf(expected, sizeof(expected), "%s%s", total,
		 "PID COMM TIMER ARMS EXPIRED OVERRUN FAILED  VALUE EVERY LATE99 RATE/s\n"
		 " 42 app  1        3       2       0      0 6.00ms     - 2.00us   5.00\n"
		 " 42 app  2        0       0       0      0      -     -      -   4.00\n"
		 "  7 zoo  fd3      0       0       0      1      -     -      -   2.00\n"
		 "  8 ant  -        0       0       0      1      -     -      -   1.00\n"
		 "\n");
	CU_ASSERT_EQUAL(strncmp(figured_written, expected, strlen(expected)), 0);
	if (strncmp(figured_written, expected, strlen(expected)) != 0)
		fprintf(stderr, "\n%s", figured_written);
	figured_end("");
	figured_begin("--by process --top 2 --fail-on past");
	play();
	figured_finish(2000);
	snprintf(expected, sizeof(expected), "%s%s", total,
		 "PID COMM TIMERS ARMS EXPIRED OVERRUN FAILED  VALUE EVERY LATE99 RATE/s\n"
		 " 42 app       2    3       2       0      0 6.00ms     - 2.00us   9.00\n"
		 "  7 zoo       1    0       0       0      1      -     -      -   2.00\n"
		 "and 1 more row: --top 0 shows all\n"
		 "\n");
	CU_ASSERT_EQUAL(strncmp(figured_written, expected, strlen(expected)), 0);
	if (strncmp(figured_written, expected, strlen(expected)) != 0)
		fprintf(stderr, "\n%s", figured_written);
	figured_end("");
}

/* Of the first line that has this title, how often it has it. */
static size_t titles(const char *title)
{
	const char *line = strstr(figured_written, title);
	size_t count = 0;

	while (line && line > figured_written && line[-1] != '\n')
		line--;
	for (const char *at = line; at && at < line + strcspn(line, "\n"); at++)
		count += strncmp(at, title, strlen(title)) == 0 && (at == line || at[-1] == ' ') &&
			 strchr(" \n", at[strlen(title)]);
	return count;
}

/* What rows are of comes first, and is not among their figures once more. */
static void wide(void)
{
	static const struct {
		const char *words, *title, *begins;
	} cases[] = {
		{ "-w --by clock", "CLOCK", "\nCLOCK TIMERS SIGNAL CALLS ARMS " },
		{ "-w --by signal", "SIGNAL", "\nSIGNAL TIMERS CLOCK CALLS ARMS " },
		{ "-w --by comm", "CLOCK", "\nCOMM TIMERS CLOCK SIGNAL CALLS ARMS " },
		{ "-w", "TIMER", "\nPID COMM TIMER CLOCK SIGNAL CALLS ARMS " },
	};
	char squeezed[sizeof(figured_written)];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *to = squeezed;

		figured_begin(cases[i].words);
		play();
		figured_finish(2000);
		CU_ASSERT_EQUAL(titles(cases[i].title), 1);
		for (const char *at = figured_written; *at; at++)
			if (*at != ' ' || to[-1] != ' ')
				*to++ = *at;
		*to = '\0';
		CU_ASSERT_PTR_NOT_NULL(strstr(squeezed, cases[i].begins));
		figured_end("");
	}
}

static void rows_for_programs(void)
{
	figured_begin("--format csv --fields timer,comm,calls,late.max,rate,incomplete --top 2");
	play();
	figured_finish(2000);
	figured_expect("timer,comm,calls,late_ns_max,rate,incomplete\n"
		       "1,app,3,2000,5,false\n"
		       "2,app,4,,4,false\n");
	figured_end("");
	figured_begin("--format tsv --top 1");
	play();
	figured_finish(2000);
	CU_ASSERT_PTR_NOT_NULL(strstr(figured_written, "pid\tcomm\ttimer\tfamily\t"));
	CU_ASSERT_PTR_NOT_NULL(strstr(figured_written, "\n42\tapp\t1\tposix\t1\t\t\t"));
	CU_ASSERT_PTR_NULL(strstr(figured_written, "total"));
	figured_expect_last(0, "");
	figured_end("");
	figured_begin("-0 --fields timer,calls");
	play();
	figured_finish(2000);
	CU_ASSERT_EQUAL(memcmp(figured_written, "1\0003\0002\0004\0fd3\0002\0\0001\0\0", 18), 0);
	figured_end("");
}

/* Groups of fields are objects; the sum of all comes last, before what was found. */
static void json(void)
{
	static const char figures[] =
		"\"timers\":1,\"created\":0,\"deleted\":0,\"calls\":3,\"failed\":0,"
		"\"errors\":null,\"arms\":3,\"disarms\":0,\"one_shot\":3,\"periodic\":0,"
		"\"absolute\":0,\"replaced\":0,\"gettimes\":0,\"getoverruns\":0,\"expiries\":2,"
		"\"rearmed\":0,\"overruns\":0,\"signals_sent\":0,\"signals_taken\":0,"
		"\"signals_pending\":0,\"signals_ignored\":0,\"signals_lost\":0,"
		"\"value_ns\":{\"min\":5000000,\"median\":5996544,\"p99\":7000000,"
		"\"max\":7000000},\"interval_ns\":null,\"observed_interval_ns\":null,"
		"\"late_ns\":{\"min\":2000,\"median\":2000,\"p99\":2000,\"max\":2000},"
		"\"signal_latency_ns\":null,\"duration_ns\":{\"min\":10000,\"median\":10000,"
		"\"p99\":10000,\"max\":10000},\"rate\":2.5,\"span_ns\":2000000000,"
		"\"mono_ns\":3000000000,\"incomplete\":false}\n";
	char expected[2048];

	figured_begin("--format json --top 1");
	play();
	figured_finish(3000);
	snprintf(expected, sizeof(expected), "%s%s",
		 "{\"event\":\"stat\",\"pid\":42,\"comm\":\"app\",\"timer\":\"1\","
		 "\"family\":\"posix\",\"timer_id\":1,\"fd\":null,\"which\":null,"
		 "\"clock\":\"CLOCK_BOOTTIME\",\"signal\":null,",
		 figures);
	CU_ASSERT_EQUAL(strncmp(figured_written, expected, strlen(expected)), 0);
	if (strncmp(figured_written, expected, strlen(expected)) != 0)
		fprintf(stderr, "\n%s", figured_written);
	CU_ASSERT_PTR_NOT_NULL(strstr(
		figured_written,
		"\n{\"event\":\"total\",\"pid\":null,\"comm\":null,\"timer\":null,\"family\":null,"
		"\"timer_id\":null,\"fd\":null,\"which\":null,\"clock\":null,\"signal\":null,"
		"\"timers\":3,\"created\":1,\"deleted\":0,\"calls\":10,\"failed\":2,"
		"\"errors\":\"EINVAL:2\",\"arms\":3,"));
	figured_expect_last(
		2, "{\"event\":\"finding\",\"id\":\"calls-fail\",\"severity\":\"error\",\"pid\":8,"
		   "\"comm\":\"ant\",\"timer\":null,\"timers\":0,\"count\":1,\"evidence\":\"1 call "
		   "was refused, timer_delete with EINVAL: there is no timer 9\",\"advice\":\"look "
		   "at what the program does with the result; trace -x shows each such call\"}\n"
		   "{\"event\":\"finding\",\"id\":\"never-armed\",\"severity\":\"info\",\"pid\":7,"
		   "\"comm\":\"zoo\",\"timer\":\"fd3\",\"timers\":1,\"count\":1,\"evidence\":\"1 "
		   "timer was made and never armed\",\"advice\":\"arm it, or make it only when it "
		   "is needed\"}\n");
	figured_end("");
}

static void histograms(void)
{
	figured_begin("--no-header --hist value,late --where calls>99");
	for (int i = 0; i < 8; i++)
		feed_settime(1, i < 5 ? 1000 : 3000, 0);
	figured_finish(2000);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(figured_written,
		       "\nvalue asked for, of relative arms\n"
		       "               nsecs                       : count    distribution\n"
		       "                 513 -> 1024                 : 5        "
		       "|****************************************|\n"
		       "                1025 -> 2048                 : 0        "
		       "|                                        |\n"
		       "                2049 -> 4096                 : 3        "
		       "|************************                |\n"
		       "\nlateness of expiries\n"
		       "    none\n"));
	figured_end("");
	/* of each row, where rows were asked for */
	figured_begin("--no-header --hist value --by timer");
	feed_settime(1, 1, 0);
	feed_settime(2, 2, 0);
	figured_finish(2000);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(figured_written, "\nvalue asked for, of relative arms: app (42) timer 1\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(figured_written, "\n                   0 -> 1 "));
	CU_ASSERT_PTR_NOT_NULL(strstr(figured_written, "relative arms: app (42) timer 2\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(figured_written, "\n                   2 -> 2 "));
	figured_end("");
	figured_begin("--format json --hist value,late --limit short=1ns");
	for (int i = 0; i < 8; i++)
		feed_settime(1, i < 5 ? 1 : 3000, 0);
	figured_finish(2000);
	figured_expect_last(2, "{\"event\":\"hist\",\"hist\":\"value\",\"pid\":null,\"comm\":null,"
			       "\"timer\":null,\"signal\":null,\"clock\":null,\"unit\":\"ns\","
			       "\"total\":8,\"buckets\":["
			       "{\"from\":null,\"to\":1,\"count\":5},"
			       "{\"from\":2049,\"to\":4096,\"count\":3}]}\n"
			       "{\"event\":\"hist\",\"hist\":\"late\",\"pid\":null,\"comm\":null,"
			       "\"timer\":null,\"signal\":null,\"clock\":null,\"unit\":\"ns\","
			       "\"total\":0,\"buckets\":[]}\n");
	figured_end("");
}

int suite_report_tables(void)
{
	CU_pSuite suite = CU_add_suite("report_tables", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, orders) || !CU_ADD_TEST(suite, chosen_rows) ||
	    !CU_ADD_TEST(suite, text) || !CU_ADD_TEST(suite, wide) ||
	    !CU_ADD_TEST(suite, rows_for_programs) || !CU_ADD_TEST(suite, json) ||
	    !CU_ADD_TEST(suite, histograms))
		return (int)CU_get_error();
	return 0;
}
