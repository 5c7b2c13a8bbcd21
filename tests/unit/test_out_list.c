/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "suites.h"
#include "timersnoop/out_list.h"

static const struct existing_timer rows[] = {
	{ .process = { .tgid = 7, .comm = "app" },
	  .timer = { .family = TIMER_POSIX,
		     .id = 0,
		     .clock = 1,
		     .posix = { SIGEV_SIGNAL, SIGALRM, 7, 0 } } },
	{ .process = { .tgid = 7, .comm = "app" },
	  .timer = { .family = TIMER_POSIX,
		     .id = 12,
		     .clock = -2,
		     .posix = { SIGEV_THREAD_ID, 35, 70001, 0xffffffffffffffff } } },
	{ .process = { .tgid = 7, .comm = "app" },
	  .timer = { .family = TIMER_POSIX,
		     .id = 13,
		     .clock = -33942,
		     .posix = { SIGEV_NONE, 99, 7, 0x10 } } },
	{ .process = { .tgid = 4242, .comm = "a \"b\",\\" },
	  .timer = { .family = TIMER_FD,
		     .id = 5,
		     .clock = 7,
		     .timerfd = { .flags = 3,
				  .value = { 1, 500000000 },
				  .interval = { 0, 1000 } } } },
	{ .process = { .tgid = 4242, .comm = "" },
	  .timer = { .family = TIMER_FD, .id = 6, .clock = 0, .timerfd = { .ticks = 2 } } },
	{ .process = { .tgid = 4242, .ns_tgid = 8, .comm = "" },
	  .timer = { .family = TIMER_FD, .id = 7, .clock = 0 } },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void expect(const struct out_style *style, size_t count, const char *expected)
{
	int fd = memfd_create("out", 0);
	struct sink *sink = sink_new(fd, -1);
	char written[8192];
	ssize_t size;

	out_list(sink, style, rows, count);
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	CU_ASSERT_EQUAL(sink_error(sink), 0);
	size = pread(fd, written, sizeof(written) - 1, 0);
	written[size > 0 ? size : 0] = '\0';
	CU_ASSERT_STRING_EQUAL(written, expected);
	if (strcmp(written, expected) != 0)
		fprintf(stderr, "\nwritten:\n%sexpected:\n%s", written, expected);
	sink_free(sink);
	close(fd);
}

static void text(void)
{
	const struct out_style style = { .format = OUT_TEXT, .header = true };

	expect(&style, ROWS,
	       "PID  COMM          FAMILY  ID CLOCK             "
	       "        NOTIFY           VALUE    INTERVAL\n"
	       "7    app           posix    0 MONOTONIC         "
	       "        SIGALRM          -        -\n"
	       "7    app           posix   12 THREAD_CPUTIME_ID "
	       "        SIGRTMIN+1/70001 -        -\n"
	       "7    app           posix   13 process_CPU_clock_"
	       "of_4242 none             -        -\n"
	       "4242 a\\040\"b\",\\134 timerfd  5 BOOTTIME      "
	       "            -                1.5s     1us\n"
	       "4242 -             timerfd  6 REALTIME          "
	       "        -                expired  once\n"
	       "4242 -             timerfd  7 REALTIME          "
	       "        -                disarmed -\n");
}

static void text_narrow(void)
{
	struct out_style style = { .format = OUT_TEXT };

	expect(&style, 1, "7 app posix 0 MONOTONIC SIGALRM - -\n");
	expect(&style, 0, "");
	style.header = true;
	expect(&style, 0, "PID COMM FAMILY ID CLOCK NOTIFY VALUE INTERVAL\n");
	style.wide = true;
	expect(&style, 1,
	       "PID COMM FAMILY ID CLOCK     NOTIFY  SIGEV-VALUE FLAGS TICKS VALUE INTERVAL\n"
	       "7   app  posix   0 MONOTONIC SIGALRM 0x0         -         - -     -\n");
}

static void json(void)
{
	const struct out_style style = { .format = OUT_JSON, .header = true };

	expect(&style, ROWS,
	       "{\"event\":\"timer\",\"pid\":7,\"comm\":\"app\",\"family\":\"posix\","
	       "\"timer_id\":0,\"clock\":\"CLOCK_MONOTONIC\",\"notify\":\"SIGEV_SIGNAL\","
	       "\"signo\":14,\"signal\":\"SIGALRM\",\"sigev_value\":\"0x0\"}\n"
	       "{\"event\":\"timer\",\"pid\":7,\"comm\":\"app\",\"family\":\"posix\","
	       "\"timer_id\":12,\"clock\":\"CLOCK_THREAD_CPUTIME_ID\","
	       "\"notify\":\"SIGEV_THREAD_ID\",\"signo\":35,\"signal\":\"SIGRTMIN+1\","
	       "\"target_tid\":70001,\"sigev_value\":\"0xffffffffffffffff\"}\n"
	       "{\"event\":\"timer\",\"pid\":7,\"comm\":\"app\",\"family\":\"posix\","
	       "\"timer_id\":13,\"clock\":\"process CPU clock of 4242\","
	       "\"notify\":\"SIGEV_NONE\",\"sigev_value\":\"0x10\"}\n"
	       "{\"event\":\"timerfd\",\"pid\":4242,\"comm\":\"a \\\"b\\\",\\\\\","
	       "\"family\":\"timerfd\",\"fd\":5,\"clock\":\"CLOCK_BOOTTIME\",\"flags\":3,"
	       "\"flag_names\":[\"TFD_TIMER_ABSTIME\",\"TFD_TIMER_CANCEL_ON_SET\"],"
	       "\"value\":{\"sec\":1,\"nsec\":500000000},\"interval\":{\"sec\":0,\"nsec\":1000},"
	       "\"ticks\":0}\n"
	       "{\"event\":\"timerfd\",\"pid\":4242,\"comm\":\"\",\"family\":\"timerfd\",\"fd\":6,"
	       "\"clock\":\"CLOCK_REALTIME\",\"flags\":0,\"flag_names\":[],"
	       "\"value\":{\"sec\":0,\"nsec\":0},\"interval\":{\"sec\":0,\"nsec\":0},\"ticks\":2}\n"
	       "{\"event\":\"timerfd\",\"pid\":4242,\"ns_pid\":8,\"comm\":\"\",\"family\":"
	       "\"timerfd\",\"fd\":7,"
	       "\"clock\":\"CLOCK_REALTIME\",\"flags\":0,\"flag_names\":[],"
	       "\"value\":{\"sec\":0,\"nsec\":0},\"interval\":{\"sec\":0,\"nsec\":0},"
	       "\"ticks\":0}\n");
}

static void csv(void)
{
	const struct out_style style = { .format = OUT_CSV, .header = true };
	const struct out_style bare = { .format = OUT_CSV };

	expect(&style, ROWS - 2,
	       "event,pid,comm,family,timer_id,fd,clock,notify,signo,signal,target_tid,"
	       "sigev_value,flags,flag_names,value_sec,value_nsec,interval_sec,interval_nsec,"
	       "ticks\n"
	       "timer,7,app,posix,0,,CLOCK_MONOTONIC,SIGEV_SIGNAL,14,SIGALRM,,0x0,,,,,,,\n"
	       "timer,7,app,posix,12,,CLOCK_THREAD_CPUTIME_ID,SIGEV_THREAD_ID,35,SIGRTMIN+1,70001,"
	       "0xffffffffffffffff,,,,,,,\n"
	       "timer,7,app,posix,13,,process CPU clock of 4242,SIGEV_NONE,,,,0x10,,,,,,,\n"
	       "timerfd,4242,\"a \"\"b\"\",\\\",timerfd,,5,CLOCK_BOOTTIME,,,,,,3,"
	       "TFD_TIMER_ABSTIME|TFD_TIMER_CANCEL_ON_SET,1,500000000,0,1000,0\n");
	expect(&bare, 1,
	       "timer,7,app,posix,0,,CLOCK_MONOTONIC,SIGEV_SIGNAL,14,SIGALRM,,0x0,,,,,,,\n");
}

int suite_out_list(void)
{
	CU_pSuite suite = CU_add_suite("out_list", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, text) || !CU_ADD_TEST(suite, text_narrow) ||
	    !CU_ADD_TEST(suite, json) || !CU_ADD_TEST(suite, csv))
		return CU_get_error();
	return 0;
}
