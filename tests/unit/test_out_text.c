/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "outs.h"

static void lines(void)
{
	struct caller thread = { .pid = 4242, .tid = 4243, .comm = "a\tb\033[31m\\\377 " };
	struct caller unknown = { .tid = 4243 };
	struct out_style style = plain;
	struct call call;

	style.header = true;
	expect_header(&out_text, &plain, "");
	expect_header(&out_text, &style,
		      "       TIME PID/TID COMM     EVENT   ID FLAGS    VALUE  INTERVAL "
		      "RET TOOK     DETAILS\n");
	expect_call(&out_text, &plain, &app, &usual,
		    "   1.123456 4242    app      settime  0 relative 10ms   once     "
		    "0   1.234us  -\n");
	call = with_old();
	expect_call(
		&out_text, &plain, &thread, &call,
		"   1.123456 4242/4243 a\\011b\\033[31m\\134\\377\\040 settime  0 TIMER_ABSTIME "
		"2.00000075s 1.0000005s 0   1.234us  old=997.86637ms/500ns\n");
	call = refused();
	expect_call(&out_text, &plain, &unknown, &call,
		    "   1.123456 -/4243  -        settime -1 0x6      -5s+2000000000ns~ "
		    "-9223372036854775808s+9223372036854775807ns -EINVAL 1.234us  -\n");
	call = without_return();
	expect_call(&out_text, &plain, &app, &call,
		    "   1.123456 4242    app      settime  0 relative 10ms   once     ?   ?        "
		    "-\n");
	call = without_entry();
	expect_call(&out_text, &plain, &app, &call,
		    "   1.123456 4242    app      settime  0 relative 10ms   once     0   ?        "
		    "-\n");
	call = bare(CALL_NO_ENTRY);
	call.ret = -4000;
	expect_call(&out_text, &plain, &app, &call,
		    "   1.123456 4242    app      settime  - -        -      -        "
		    "-4000 ?        -\n");
}

/* Below 80 columns: a relative time of up to three hours, large ids, a long name. */
static void fits_80_columns(void)
{
	struct caller caller = { .pid = 4194303, .tid = 4194303, .comm = "systemd-" };
	struct out_style style = plain;
	struct call call = usual;
	int fd;
	struct sink *sink = open_sink(&fd);

	style.header = true;
	call.start_ns = style.start_ns + 9999 * (uint64_t)NSEC_PER_SEC;
	call.end_ns = call.start_ns + 99999;
	call.timer_id = 99;
	call.new_value.interval.nsec = 100000000;
	out_text.header(sink, &style);
	out_text.call(sink, &style, &caller, &call);
	expect(sink, fd,
	       "       TIME PID/TID COMM     EVENT   ID FLAGS    VALUE  INTERVAL RET TOOK     "
	       "DETAILS\n"
	       "9999.000000 4194303 systemd- settime 99 relative 10ms   100ms    0   99.999us -\n");
	/* the header is longer, by a name for what is mostly absent */
	CU_ASSERT_TRUE(strlen(strchr(written, '\n') + 1) <= 80);
}

static void expect_old(struct timerspec value, struct timerspec interval, const char *expected)
{
	struct call call = usual;
	char line[256];

	call.old_value = (struct itimerspec_seen){ FROM_KERNEL, interval, value };
	snprintf(line, sizeof(line),
		 "   1.123456 4242    app      settime  0 relative 10ms   once     0   1.234us  "
		 "old=%s\n",
		 expected);
	expect_call(&out_text, &plain, &app, &call, line);
}

static void values(void)
{
	struct call call = usual;

	expect_old((struct timerspec){ 2, 0 }, (struct timerspec){ 0, 0 }, "2s/once");
	expect_old((struct timerspec){ 0, 0 }, (struct timerspec){ 0, 0 }, "disarmed");
	expect_old((struct timerspec){ 0, 0 }, (struct timerspec){ 1, 0 }, "disarmed/1s");
	call.new_value = (struct itimerspec_seen){ FROM_USER, { 0, 0 }, { 0, 0 } };
	expect_call(&out_text, &plain, &app, &call,
		    "   1.123456 4242    app      settime  0 relative disarm~ -        "
		    "0   1.234us  -\n");
	call.new_value.interval.sec = 1;
	expect_call(&out_text, &plain, &app, &call,
		    "   1.123456 4242    app      settime  0 relative disarm~ 1s       "
		    "0   1.234us  -\n");
}

static void times(void)
{
	struct out_style style = plain;
	struct call call = usual;

	setenv("TZ", "UTC-1", 1);
	tzset();
	style.header = true;
	style.time = TIME_WALL;
	expect_call(&out_text, &style, &app, &usual,
		    "13:00:00.123456 4242    app      settime  0 "
		    "relative 10ms   once     0   1.234us  -\n");
	unsetenv("TZ");
	tzset();
	style.time = TIME_MONO;
	expect_header(&out_text, &style,
		      "TIME             PID/TID COMM     EVENT   ID FLAGS    "
		      "VALUE  INTERVAL RET TOOK     DETAILS\n");
	expect_call(&out_text, &style, &app, &usual,
		    "100.123456789    4242    app      settime  0 "
		    "relative 10ms   once     0   1.234us  -\n");
	style.time = TIME_NONE;
	expect_header(
		&out_text, &style,
		"PID/TID COMM     EVENT   ID FLAGS    VALUE  INTERVAL RET TOOK     DETAILS\n");
	expect_call(&out_text, &style, &app, &usual,
		    "4242    app      settime  0 relative 10ms   once     0   1.234us  -\n");
	style.time = TIME_RELATIVE;
	call.start_ns = style.start_ns - 1500;
	call.end_ns = call.start_ns + 1000;
	expect_call(&out_text, &style, &app, &call,
		    "  -0.000001 4242    app      settime  0 "
		    "relative 10ms   once     0   1us      -\n");
}

static void wide(void)
{
	struct out_style style = plain;
	struct call call = with_old();

	style.wide = true;
	style.header = true;
	expect_header(&out_text, &style,
		      "       TIME PID     TID     COMM     CPU ABI EVENT   ID FLAGS    "
		      "VALUE  INTERVAL FROM   NEW-PTR        OLD-PTR        "
		      "RET TOOK     OLD-VALUE    OLD-INTERVAL DETAILS\n");
	expect_call(&out_text, &style, &app, &call,
		    "   1.123456 4242    4242    app        1 64  settime  0 TIMER_ABSTIME "
		    "2.00000075s 1.0000005s kernel 0x7ffc12345678 0x7ffc12345698 "
		    "0   1.234us  997.86637ms  500ns        -\n");
	call = refused();
	call.abi = ABI_32_TIME32;
	call.new_value = (struct itimerspec_seen){ FROM_USER, { 0, 0 }, { 1, -1 } };
	call.old_ptr = 0;
	expect_call(&out_text, &style, &app, &call,
		    "   1.123456 4242    4242    app        1 32t32 settime -1 0x6      1s-1ns "
		    "once     user   0x7ffc12345678 NULL           "
		    "-EINVAL 1.234us  -            -            -\n");
	call = bare(CALL_NO_ENTRY);
	expect_call(
		&out_text, &style, &app, &call,
		"   1.123456 4242    4242    app        1 -   settime  - -        -      -        "
		"-      -              -              0   ?        -            -            -\n");
}

static void color(void)
{
	struct out_style style = plain;
	struct call call = usual;

	style.color = true;
	style.header = true;
	style.time = TIME_NONE;
	expect_header(&out_text, &style,
		      "\033[1mPID/TID COMM     EVENT   ID FLAGS    VALUE  INTERVAL "
		      "RET TOOK     DETAILS\033[0m\n");
	expect_call(&out_text, &style, &app, &call,
		    "4242    app      settime  0 relative 10ms   once     0   1.234us  -\n");
	call.ret = -EINVAL;
	expect_call(&out_text, &style, &app, &call,
		    "4242    app      settime  0 relative 10ms   "
		    "once     \033[31m-EINVAL\033[0m 1.234us  -\n");
	call = without_return();
	expect_call(&out_text, &style, &app, &call,
		    "4242    app      settime  0 relative 10ms   "
		    "once     \033[33m?\033[0m   ?        -\n");
}

/* With a cache a field that does not fit widens its column for all later lines. */
static void widening(void)
{
	static struct out_cache cache;
	struct caller other = { .pid = 4242, .tid = 4243, .comm = "fifteen-bytes-x" };
	struct out_style style = plain;
	struct call call = with_old();
	int fd;
	struct sink *sink = open_sink(&fd);

	memset(&cache, 0, sizeof(cache));
	style.cache = &cache;
	style.time = TIME_NONE;
	style.header = true;
	out_text.header(sink, &style);
	out_text.call(sink, &style, &app, &usual);
	out_text.call(sink, &style, &other, &call); /* wider in many columns */
	out_text.call(sink, &style, &app, &usual);  /* known before, and padded anew */
	call = refused();
	call.new_value = usual.new_value;
	out_text.call(sink, &style, &app, &call); /* wider in the result */
	out_text.call(sink, &style, &app, &usual);
	out_text.call(sink, &style, &other, &usual);
	expect(sink, fd,
	       "PID/TID COMM     EVENT   ID FLAGS    VALUE  INTERVAL RET TOOK     DETAILS\n"
	       "4242    app      settime  0 relative 10ms   once     0   1.234us  -\n"
	       "4242/4243 fifteen-bytes-x settime  0 TIMER_ABSTIME 2.00000075s 1.0000005s "
	       "0   1.234us  old=997.86637ms/500ns\n"
	       "4242      app             settime  0 relative      10ms        once       "
	       "0   1.234us  -\n"
	       "4242      app             settime -1 0x6           10ms        once       "
	       "-EINVAL 1.234us  -\n"
	       "4242      app             settime  0 relative      10ms        once       "
	       "0       1.234us  -\n"
	       "4242/4243 fifteen-bytes-x settime  0 relative      10ms        once       "
	       "0       1.234us  -\n");
}

/* A field of more than 24 bytes pushes its own line, and leaves the column. */
static void widening_ends(void)
{
	static struct out_cache cache;
	struct out_style style = plain;
	struct call call = usual;
	int fd;
	struct sink *sink = open_sink(&fd);

	memset(&cache, 0, sizeof(cache));
	style.cache = &cache;
	style.time = TIME_NONE;
	call.new_value.value = (struct timerspec){ 10000000000000, 123456789 };
	out_text.call(sink, &style, &app, &call); /* 25 bytes */
	out_text.call(sink, &style, &app, &usual);
	call.new_value.value.sec /= 10;
	out_text.call(sink, &style, &app, &call); /* 24 */
	out_text.call(sink, &style, &app, &usual);
	expect(sink, fd,
	       "4242    app      settime  0 relative 10000000000000.123456789s once     0   "
	       "1.234us  -\n"
	       "4242    app      settime  0 relative 10ms   once     0   1.234us  -\n"
	       "4242    app      settime  0 relative 1000000000000.123456789s once     0   1.234us "
	       " -\n"
	       "4242    app      settime  0 relative 10ms                     once     "
	       "0   1.234us  -\n");
}

/* The same in wide lines and in colour, which has no width. */
static void widening_wide(void)
{
	static struct out_cache cache;
	struct out_style style = plain;
	struct call call = refused();
	int fd;
	struct sink *sink = open_sink(&fd);

	memset(&cache, 0, sizeof(cache));
	style.cache = &cache;
	style.time = TIME_NONE;
	style.wide = style.color = true;
	call.cpu = 1023;
	call.abi = ABI_32;
	call.new_value = usual.new_value;
	out_text.call(sink, &style, &app, &call);
	out_text.call(sink, &style, &app, &usual);
	expect(sink, fd,
	       "4242    4242    app      1023 32t64 settime -1 0x6      10ms   once     kernel "
	       "0x7ffc12345678 0xffffffffffffffff \033[31m-EINVAL\033[0m 1.234us  -            -   "
	       "         -\n"
	       "4242    4242    app         1 64    settime  0 relative 10ms   once     kernel "
	       "0x7ffc12345678 NULL               0       1.234us  -            -            -\n");
}

bool add_text_tests(CU_pSuite suite)
{
	return CU_add_test(suite, "text: lines", lines) &&
	       CU_add_test(suite, "text: fits 80 columns", fits_80_columns) &&
	       CU_add_test(suite, "text: values", values) &&
	       CU_add_test(suite, "text: times", times) && CU_add_test(suite, "text: wide", wide) &&
	       CU_add_test(suite, "text: color", color) &&
	       CU_add_test(suite, "text: widening", widening) &&
	       CU_add_test(suite, "text: widening ends", widening_ends) &&
	       CU_add_test(suite, "text: widening wide", widening_wide);
}
