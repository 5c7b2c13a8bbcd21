/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each kind of call is written as, but for timer_settime (test_out.c, test_out_text.c). */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

#include "outs.h"
#include "suites.h"

/* linux/posix-timers.h */
#define CPU_CLOCK(task, bits) ((int32_t)(~(uint32_t)(task) << 3 | (bits)))

/* What a JSON object of a successful call ends with. */
#define JSON_DONE ",\"ret\":0,\"error\":null,\"duration_ns\":1234"

static const struct itimerspec_seen five_ms = { FROM_KERNEL, { 0, 3000000 }, { 0, 5000000 } };
static const struct itimerspec_seen disarmed = { FROM_KERNEL, { 0, 0 }, { 0, 0 } };

static void expect_text(const struct call *call, const char *expected)
{
	struct out_style style = plain;

	style.time = TIME_NONE;
	expect_call(&out_text, &style, &app, call, expected);
}

/* What follows `comm`. */
static void expect_json(const struct call *call, const char *expected)
{
	char line[2048];

	snprintf(line, sizeof(line),
		 "{\"event\":\"%s\",\"time\":\"2026-11-21T12:00:00.123456789Z\","
		 "\"mono_ns\":100123456789,\"cpu\":1,\"pid\":4242,\"tid\":4242,\"comm\":\"app\",%s}"
		 "\n",
		 event_name(call->event), expected);
	expect_call(&out_json, &plain, &app, call, line);
}

static void expect_strace(const struct call *call, const char *expected)
{
	struct out_style style = plain;
	char line[1024];

	style.time = TIME_NONE;
	snprintf(line, sizeof(line), "4242  %s\n", expected);
	expect_call(&out_strace, &style, &app, call, line);
}

#define CSV_CALL                                                                                   \
	" time=2026-11-21T12:00:00.123456789Z mono_ns=100123456789 cpu=1 pid=4242 tid=4242 "       \
	"comm=app "
#define CSV_64 "abi=64 time_bits=64 "

static struct call with_notify(int32_t notify, int32_t signo)
{
	struct call call = created(EVENT_TIMER_CREATE, 3);

	call.sigevent.notify = notify;
	call.sigevent.signo = signo;
	return call;
}

/* Without a sigevent, as the kernel then has it. */
static struct call by_default(void)
{
	struct call call = created(EVENT_TIMER_CREATE, 7);

	call.new_ptr = 0;
	call.sigevent = (struct sigevent_seen){ .from = FROM_NONE };
	return call;
}

static struct call uncreated(void)
{
	struct call call = by_default();

	call.has_id = false;
	call.ret = -EINVAL;
	return call;
}

static void create_text(void)
{
	struct call call = created(EVENT_TIMER_CREATE, 3);
	struct out_style style = plain;

	expect_text(&call, "4242    app      create   3 -        -      -        0   1.234us  "
			   "clock=MONOTONIC,notify=SIGUSR1,sigev_value=0x4d\n");
	style.wide = true;
	style.time = TIME_NONE;
	expect_call(&out_text, &style, &app, &call,
		    "4242    4242    app        1 64  create   3 -        -      -        "
		    "kernel 0x7ffc12345678 0x7ffc12345698 0   1.234us  -            -            "
		    "clock=MONOTONIC,notify=SIGUSR1,sigev_value=0x4d\n");
#define CREATED(id) "4242    app      create  " id " -        -      -        0   1.234us  "
	call = with_notify(SIGEV_THREAD_ID, SIGRTMIN + 2);
	call.clock = -6;
	expect_text(&call, CREATED(" 3") "clock=PROCESS_CPUTIME_ID,notify=SIGRTMIN+2/4243,"
					 "sigev_value=0x4d\n");
	call = with_notify(SIGEV_NONE, 0);
	call.clock = CPU_CLOCK(4242, 4 | 1);
	expect_text(&call, CREATED(" 3") "clock=thread_CPU_clock_of_4242_(VIRT),notify=none,"
					 "sigev_value=0x4d\n");
	call = with_notify(SIGEV_THREAD, SIGUSR1);
	expect_text(&call, CREATED(" 3") "clock=MONOTONIC,notify=thread,sigev_value=0x4d\n");
	call = with_notify(3, SIGUSR1);
	expect_text(&call, CREATED(" 3") "clock=MONOTONIC,notify=3,sigev_value=0x4d\n");
	call = by_default();
	expect_text(&call, CREATED(" 7") "clock=MONOTONIC,notify=SIGALRM(default),"
					 "sigev_value=0x7\n");
	call = uncreated();
	call.clock = 12;
	expect_text(&call, "4242    app      create   - -        -      -        -EINVAL 1.234us  "
			   "clock=clock_12,notify=SIGALRM(default)\n");
	call = whole(EVENT_TIMER_CREATE);
	call.missing = CALL_NO_ENTRY;
	call.has_args = call.has_pointers = false;
	expect_text(&call, "4242    app      create   - -        -      -        0   ?        -\n");
}

static void create_json(void)
{
	struct call call = created(EVENT_TIMER_CREATE, 3);

#define JSON_CREATE                                                                                \
	"\"timer_id\":3,\"clock\":\"CLOCK_MONOTONIC\",\"clock_id\":1,\"abi\":\"64\","              \
	"\"sigevent_ptr\":\"0x7ffc12345678\",\"timer_id_ptr\":\"0x7ffc12345698\",\"sigevent\":"
	expect_json(&call,
		    JSON_CREATE "{\"notify\":\"SIGEV_SIGNAL\",\"signo\":10,\"signal\":\"SIGUSR1\","
				"\"value\":\"0x4d\",\"tid\":null,\"from\":\"kernel\"}" JSON_DONE);
	call = with_notify(SIGEV_THREAD_ID, 32);
	expect_json(&call,
		    JSON_CREATE "{\"notify\":\"SIGEV_THREAD_ID\",\"signo\":32,\"signal\":\"SIG32\","
				"\"value\":\"0x4d\",\"tid\":4243,\"from\":\"kernel\"}" JSON_DONE);
	call = with_notify(SIGEV_NONE, -1);
	expect_json(&call,
		    JSON_CREATE "{\"notify\":\"SIGEV_NONE\",\"signo\":-1,\"signal\":null,"
				"\"value\":\"0x4d\",\"tid\":null,\"from\":\"kernel\"}" JSON_DONE);
	call = with_notify(-5, 99);
	expect_json(&call,
		    JSON_CREATE "{\"notify\":-5,\"signo\":99,\"signal\":\"99\","
				"\"value\":\"0x4d\",\"tid\":null,\"from\":\"kernel\"}" JSON_DONE);
	call.sigevent.from = FROM_NONE;
	expect_json(&call, JSON_CREATE "null" JSON_DONE);
	call = by_default();
	call.clock = CPU_CLOCK(4242, 4 | 2);
	expect_json(&call, "\"timer_id\":7,\"clock\":\"thread CPU clock of 4242\","
			   "\"clock_id\":-33938,\"clock_tid\":4242,\"abi\":\"64\","
			   "\"sigevent_ptr\":null,\"timer_id_ptr\":\"0x7ffc12345698\","
			   "\"sigevent\":{\"notify\":\"SIGEV_SIGNAL\",\"signo\":14,"
			   "\"signal\":\"SIGALRM\",\"value\":\"0x7\",\"tid\":null,"
			   "\"from\":\"default\"}" JSON_DONE);
	call = uncreated();
	call.clock = CPU_CLOCK(4242, 0);
	expect_json(&call, "\"clock\":\"process CPU clock of 4242 (PROF)\",\"clock_id\":-33944,"
			   "\"clock_pid\":4242,\"abi\":\"64\",\"sigevent_ptr\":null,"
			   "\"timer_id_ptr\":\"0x7ffc12345698\","
			   "\"sigevent\":{\"notify\":\"SIGEV_SIGNAL\",\"signo\":14,"
			   "\"signal\":\"SIGALRM\",\"value\":null,\"tid\":null,"
			   "\"from\":\"default\"},"
			   "\"ret\":-22,\"error\":\"EINVAL\",\"duration_ns\":1234");
	call = whole(EVENT_TIMER_CREATE);
	call.missing = CALL_NO_ENTRY | CALL_NO_RETURN;
	call.abi = ABI_UNKNOWN;
	call.has_args = call.has_pointers = false;
	expect_json(&call, "\"abi\":null,\"sigevent\":null,\"ret\":null,\"error\":null,"
			   "\"duration_ns\":null,\"incomplete\":[\"entry\",\"return\"]");
}

static void create_csv(void)
{
	struct call call = with_notify(SIGEV_THREAD_ID, SIGUSR1);

	expect_csv_call(&call,
			"event=timer_create" CSV_CALL "timer_id=3 " CSV_64
			"old_ptr=0x7ffc12345698 ret=0 duration_ns=1234 clock=CLOCK_MONOTONIC "
			"clock_id=1 sigevent_ptr=0x7ffc12345678 sigevent_notify=SIGEV_THREAD_ID "
			"sigevent_signo=10 sigevent_value=0x4d sigevent_tid=4243 "
			"sigevent_from=kernel");
	call = uncreated();
	call.clock = -1;
	expect_csv_call(&call,
			"event=timer_create" CSV_CALL CSV_64
			"old_ptr=0x7ffc12345698 ret=-22 error=EINVAL duration_ns=1234 "
			"clock=clock -1 clock_id=-1 sigevent_ptr=0x0 "
			"sigevent_notify=SIGEV_SIGNAL sigevent_signo=14 sigevent_from=default");
	call = whole(EVENT_TIMER_CREATE);
	call.missing = CALL_NO_ENTRY;
	call.has_args = call.has_pointers = false;
	expect_csv_call(&call, "event=timer_create" CSV_CALL CSV_64 "ret=0 incomplete=entry");
}

/* As strace 6.1 has written for the same calls. */
static void create_strace(void)
{
	struct call call = created(EVENT_TIMER_CREATE, 30);

#define STRACE_VALUE "{sigev_value={sival_int=77, sival_ptr=0x4d}, "
	expect_strace(&call, "timer_create(CLOCK_MONOTONIC, " STRACE_VALUE
			     "sigev_signo=SIGUSR1, sigev_notify=SIGEV_SIGNAL}, [30]) = 0");
	call = with_notify(SIGEV_THREAD_ID, SIGUSR1);
	expect_strace(&call, "timer_create(CLOCK_MONOTONIC, " STRACE_VALUE
			     "sigev_signo=SIGUSR1, sigev_notify=SIGEV_THREAD_ID, "
			     "sigev_notify_thread_id=4243}, [3]) = 0");
	call = with_notify(SIGEV_NONE, -3);
	call.sigevent.value = UINT64_MAX;
	expect_strace(&call, "timer_create(CLOCK_MONOTONIC, "
			     "{sigev_value={sival_int=-1, sival_ptr=0xffffffffffffffff}, "
			     "sigev_signo=4294967293, sigev_notify=SIGEV_NONE}, [3]) = 0");
	call.sigevent = (struct sigevent_seen){ .from = FROM_KERNEL, .signo = SIGPOLL };
	expect_strace(&call, "timer_create(CLOCK_MONOTONIC, "
			     "{sigev_signo=SIGIO, sigev_notify=SIGEV_SIGNAL}, [3]) = 0");
	call = with_notify(SIGEV_SIGNAL, 32);
	call.sigevent.value = 0x1ffffffff;
	expect_strace(&call, "timer_create(CLOCK_MONOTONIC, "
			     "{sigev_value={sival_int=-1, sival_ptr=0x1ffffffff}, "
			     "sigev_signo=SIGRTMIN, sigev_notify=SIGEV_SIGNAL}, [3]) = 0");
	call = with_notify(SIGEV_THREAD, 64);
	expect_strace(&call, "timer_create(CLOCK_MONOTONIC, " STRACE_VALUE
			     "sigev_signo=SIGRT_32, sigev_notify=SIGEV_THREAD, ...}, [3]) = 0");
	call = with_notify(3, SIGUSR1);
	call.ret = -EINVAL;
	call.has_id = false;
	expect_strace(&call, "timer_create(CLOCK_MONOTONIC, " STRACE_VALUE
			     "sigev_signo=10, sigev_notify=0x3 /* SIGEV_??? */}, "
			     "0x7ffc12345698) = -1 EINVAL (Invalid argument)");
	call.sigevent.notify = SIGEV_SIGNAL;
	call.sigevent.signo = -1;
	call.clock = CLOCK_TAI;
	expect_strace(&call, "timer_create(CLOCK_TAI, " STRACE_VALUE
			     "sigev_signo=-1, sigev_notify=SIGEV_SIGNAL}, "
			     "0x7ffc12345698) = -1 EINVAL (Invalid argument)");
	call.sigevent.from = FROM_NONE;
	call.new_ptr = call.old_ptr = 1;
	call.clock = -6;
	call.ret = -EFAULT;
	expect_strace(&call, "timer_create(0xfffffffa /* CLOCK_??? */, 0x1, 0x1) "
			     "= -1 EFAULT (Bad address)");
	call = by_default();
	call.clock = 12;
	expect_strace(&call, "timer_create(0xc /* CLOCK_??? */, NULL, [7]) = 0");
	call.missing = CALL_NO_RETURN;
	expect_strace(&call, "timer_create(0xc /* CLOCK_??? */, NULL,  <unfinished ...>) = ?");
	call = whole(EVENT_TIMER_CREATE);
	call.missing = CALL_NO_ENTRY;
	call.has_args = call.has_pointers = false;
	expect_strace(&call, "timer_create(?, ?, ?)             = 0");
}

/* The calls that name a POSIX timer, and no more than that. */
static void id_only(void)
{
	struct call call = whole(EVENT_TIMER_GETOVERRUN);

	call.timer_id = 69;
	call.ret = 5;
	expect_text(&call, "4242    app      overrun 69 -        -      -        5   1.234us  -\n");
	expect_json(&call, "\"timer_id\":69,\"abi\":\"64\",\"overrun\":5,\"ret\":5,\"error\":null,"
			   "\"duration_ns\":1234");
	expect_csv_call(&call, "event=timer_getoverrun" CSV_CALL "timer_id=69 " CSV_64
			       "ret=5 duration_ns=1234 overrun=5");
	expect_strace(&call, "timer_getoverrun(69)              = 5");
	call.ret = -EINVAL;
	call.timer_id = -1;
	expect_json(&call, "\"timer_id\":-1,\"abi\":\"64\",\"overrun\":null,\"ret\":-22,"
			   "\"error\":\"EINVAL\",\"duration_ns\":1234");
	expect_csv_call(&call, "event=timer_getoverrun" CSV_CALL "timer_id=-1 " CSV_64
			       "ret=-22 error=EINVAL duration_ns=1234");
	expect_strace(&call, "timer_getoverrun(-1)              = -1 EINVAL (Invalid argument)");
	call = whole(EVENT_TIMER_DELETE);
	call.timer_id = 69;
	expect_text(&call, "4242    app      delete  69 -        -      -        0   1.234us  -\n");
	expect_json(&call, "\"timer_id\":69,\"abi\":\"64\"" JSON_DONE);
	expect_csv_call(&call, "event=timer_delete" CSV_CALL "timer_id=69 " CSV_64
			       "ret=0 duration_ns=1234");
	expect_strace(&call, "timer_delete(69)                  = 0");
	call.missing = CALL_NO_RETURN;
	expect_strace(&call, "timer_delete(69)                  = ?");
	call.missing = CALL_NO_ENTRY;
	call.has_args = false;
	call.abi = ABI_32;
	expect_strace(&call, "timer_delete(?)                   = 0 /* 32-bit */");
}

static void gettime(void)
{
	struct call call = whole(EVENT_TIMER_GETTIME);

	call.timer_id = 68;
	call.old_ptr = 0x7ffc12345678;
	call.old_value = five_ms;
	expect_text(&call, "4242    app      gettime 68 -        5ms    3ms      0   1.234us  -\n");
	expect_json(&call, "\"timer_id\":68,\"abi\":\"64\",\"current_ptr\":\"0x7ffc12345678\","
			   "\"current\":{\"interval\":{\"sec\":0,\"nsec\":3000000},"
			   "\"value\":{\"sec\":0,\"nsec\":5000000},\"from\":\"kernel\"}" JSON_DONE);
	expect_csv_call(&call, "event=timer_gettime" CSV_CALL "timer_id=68 " CSV_64
			       "old_ptr=0x7ffc12345678 old_value_sec=0 old_value_nsec=5000000 "
			       "old_interval_sec=0 old_interval_nsec=3000000 old_from=kernel "
			       "ret=0 duration_ns=1234");
	expect_strace(&call, "timer_gettime(68, {it_interval={tv_sec=0, tv_nsec=3000000}, "
			     "it_value={tv_sec=0, tv_nsec=5000000}}) = 0");
	call.abi = ABI_32;
	call.old_value = disarmed;
	expect_text(&call, "4242    app      gettime 68 -        disarmed -        "
			   "0   1.234us  -\n");
	expect_strace(&call, "timer_gettime64(68, {it_interval={tv_sec=0, tv_nsec=0}, "
			     "it_value={tv_sec=0, tv_nsec=0}}) = 0 /* 32-bit */");
	call = whole(EVENT_TIMERFD_GETTIME);
	call.timer_id = -1;
	call.ret = -EBADF;
	expect_text(&call, "4242    app      gettime fd-1 -        -      -        "
			   "-EBADF 1.234us  -\n");
	expect_json(&call, "\"fd\":-1,\"abi\":\"64\",\"current_ptr\":null,\"current\":null,"
			   "\"ret\":-9,\"error\":\"EBADF\",\"duration_ns\":1234");
	expect_csv_call(&call, "event=timerfd_gettime" CSV_CALL CSV_64
			       "old_ptr=0x0 ret=-9 error=EBADF duration_ns=1234 fd=-1");
	expect_strace(&call, "timerfd_gettime(-1, NULL)         "
			     "= -1 EBADF (Bad file descriptor)");
	call = whole(EVENT_GETITIMER);
	call.old_ptr = 1;
	call.old_value = (struct itimerspec_seen){ FROM_KERNEL, { 1, 0 }, { 5, 199873000 } };
	expect_text(&call, "4242    app      gettime real -        5.199873s 1s       "
			   "0   1.234us  -\n");
	expect_json(&call,
		    "\"which\":\"ITIMER_REAL\",\"abi\":\"64\",\"current_ptr\":\"0x1\","
		    "\"current\":{\"interval\":{\"sec\":1,\"nsec\":0},"
		    "\"value\":{\"sec\":5,\"nsec\":199873000},\"from\":\"kernel\"}" JSON_DONE);
	expect_strace(&call, "getitimer(ITIMER_REAL, {it_interval={tv_sec=1, tv_usec=0}, "
			     "it_value={tv_sec=5, tv_usec=199873}}) = 0");
	call.timer_id = 77;
	call.ret = -EINVAL;
	call.old_value.from = FROM_NONE;
	expect_text(&call, "4242    app      gettime itimer77 -        -      -        "
			   "-EINVAL 1.234us  -\n");
	expect_json(&call, "\"which\":77,\"abi\":\"64\",\"current_ptr\":\"0x1\",\"current\":null,"
			   "\"ret\":-22,\"error\":\"EINVAL\",\"duration_ns\":1234");
	expect_csv_call(&call, "event=getitimer" CSV_CALL CSV_64
			       "old_ptr=0x1 ret=-22 error=EINVAL duration_ns=1234 which=77");
	expect_strace(&call, "getitimer(0x4d /* ITIMER_??? */, 0x1) "
			     "= -1 EINVAL (Invalid argument)");
}

static void timerfd_create_call(void)
{
	struct call call = created(EVENT_TIMERFD_CREATE, 3);

	expect_text(&call, "4242    app      create  fd3 -        -      -        3   1.234us  "
			   "clock=MONOTONIC\n");
	expect_json(&call, "\"fd\":3,\"clock\":\"CLOCK_MONOTONIC\",\"clock_id\":1,\"flags\":0,"
			   "\"flag_names\":[],\"abi\":\"64\",\"ret\":3,\"error\":null,"
			   "\"duration_ns\":1234");
	expect_csv_call(&call, "event=timerfd_create" CSV_CALL "flags=0 " CSV_64
			       "ret=3 duration_ns=1234 fd=3 clock=CLOCK_MONOTONIC clock_id=1");
	expect_strace(&call, "timerfd_create(CLOCK_MONOTONIC, 0) = 3");
	call.flags = TFD_CLOEXEC | TFD_NONBLOCK;
	expect_text(&call, "4242    app      create  fd3 TFD_CLOEXEC|TFD_NONBLOCK -      -        "
			   "3   1.234us  clock=MONOTONIC\n");
	expect_strace(&call, "timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC|TFD_NONBLOCK) = 3");
	call.flags = TFD_NONBLOCK | 7;
	call.has_id = false;
	call.ret = -EINVAL;
	expect_text(&call, "4242    app      create   - TFD_NONBLOCK|0x7 -      -        "
			   "-EINVAL 1.234us  clock=MONOTONIC\n");
	expect_json(&call, "\"clock\":\"CLOCK_MONOTONIC\",\"clock_id\":1,\"flags\":2055,"
			   "\"flag_names\":[\"TFD_NONBLOCK\",\"0x7\"],\"abi\":\"64\",\"ret\":-22,"
			   "\"error\":\"EINVAL\",\"duration_ns\":1234");
	expect_csv_call(&call,
			"event=timerfd_create" CSV_CALL
			"flags=2055 flag_names=TFD_NONBLOCK|0x7 " CSV_64
			"ret=-22 error=EINVAL duration_ns=1234 clock=CLOCK_MONOTONIC clock_id=1");
	call.flags = UINT32_MAX;
	call.clock = INT32_MIN;
	expect_strace(&call, "timerfd_create(0x80000000 /* CLOCK_??? */, "
			     "TFD_TIMER_ABSTIME|TFD_TIMER_CANCEL_ON_SET|TFD_CLOEXEC|TFD_NONBLOCK|"
			     "0xfff7f7fc) = -1 EINVAL (Invalid argument)");
	call.missing = CALL_NO_RETURN;
	call.flags = 4;
	expect_strace(&call, "timerfd_create(0x80000000 /* CLOCK_??? */, 0x4 /* TFD_??? */) = ?");
}

static void timerfd_settime_call(void)
{
	struct call call = whole(EVENT_TIMERFD_SETTIME);

	call.timer_id = 13;
	call.flags = 3;
	call.new_ptr = 0x7ffc12345678;
	call.old_ptr = 0x7ffc12345698;
	call.new_value = five_ms;
	call.old_value = disarmed;
	expect_text(&call, "4242    app      settime fd13 "
			   "TFD_TIMER_ABSTIME|TFD_TIMER_CANCEL_ON_SET 5ms    3ms      0   1.234us  "
			   "old=disarmed\n");
	expect_json(&call, "\"fd\":13,\"flags\":3,\"flag_names\":[\"TFD_TIMER_ABSTIME\","
			   "\"TFD_TIMER_CANCEL_ON_SET\"],\"abi\":\"64\","
			   "\"new_ptr\":\"0x7ffc12345678\",\"old_ptr\":\"0x7ffc12345698\","
			   "\"new\":{\"interval\":{\"sec\":0,\"nsec\":3000000},"
			   "\"value\":{\"sec\":0,\"nsec\":5000000},\"from\":\"kernel\"},"
			   "\"old\":{\"interval\":{\"sec\":0,\"nsec\":0},"
			   "\"value\":{\"sec\":0,\"nsec\":0},\"from\":\"kernel\"}" JSON_DONE);
	expect_csv_call(&call,
			"event=timerfd_settime" CSV_CALL
			"flags=3 flag_names=TFD_TIMER_ABSTIME|TFD_TIMER_CANCEL_ON_SET " CSV_64
			"new_ptr=0x7ffc12345678 old_ptr=0x7ffc12345698 new_value_sec=0 "
			"new_value_nsec=5000000 new_interval_sec=0 new_interval_nsec=3000000 "
			"new_from=kernel old_value_sec=0 old_value_nsec=0 old_interval_sec=0 "
			"old_interval_nsec=0 old_from=kernel ret=0 duration_ns=1234 fd=13");
	call.flags = 4;
	call.abi = ABI_32;
	expect_strace(&call, "timerfd_settime64(13, 0x4 /* TFD_??? */, "
			     "{it_interval={tv_sec=0, tv_nsec=3000000}, "
			     "it_value={tv_sec=0, tv_nsec=5000000}}, "
			     "{it_interval={tv_sec=0, tv_nsec=0}, it_value={tv_sec=0, tv_nsec=0}}) "
			     "= 0 /* 32-bit */");
	/* -1 in 32 bits is no longer number than they hold */
	call.abi = ABI_32_TIME32;
	call.flags = 0;
	call.new_value = (struct itimerspec_seen){ FROM_USER, { 0, -1 }, { -5, 2000000000 } };
	call.ret = -EINVAL;
	expect_strace(&call, "timerfd_settime(13, 0, {it_interval={tv_sec=0, tv_nsec=4294967295}, "
			     "it_value={tv_sec=-5, tv_nsec=2000000000}}, 0x7ffc12345698) "
			     "= -1 EINVAL (Invalid argument) /* 32-bit */");
	expect_text(&call, "4242    app      settime fd13 relative -5s+2000000000ns~ 0s-1ns   "
			   "-EINVAL 1.234us  old=disarmed\n");
}

static void setitimer_call(void)
{
	struct call call = whole(EVENT_SETITIMER);

	call.timer_id = ITIMER_PROF;
	call.new_ptr = 0x7ffc12345678;
	call.old_ptr = 0x7ffc12345698;
	call.new_value = five_ms;
	call.old_value = (struct itimerspec_seen){ FROM_KERNEL, { 0, 0 }, { 0, 4702000 } };
	expect_text(&call, "4242    app      settime prof -        5ms    3ms      0   1.234us  "
			   "old=4.702ms/once\n");
	expect_json(&call, "\"which\":\"ITIMER_PROF\",\"abi\":\"64\","
			   "\"new_ptr\":\"0x7ffc12345678\",\"old_ptr\":\"0x7ffc12345698\","
			   "\"new\":{\"interval\":{\"sec\":0,\"nsec\":3000000},"
			   "\"value\":{\"sec\":0,\"nsec\":5000000},\"from\":\"kernel\"},"
			   "\"old\":{\"interval\":{\"sec\":0,\"nsec\":0},"
			   "\"value\":{\"sec\":0,\"nsec\":4702000},\"from\":\"kernel\"}" JSON_DONE);
	expect_csv_call(&call,
			"event=setitimer" CSV_CALL CSV_64
			"new_ptr=0x7ffc12345678 old_ptr=0x7ffc12345698 new_value_sec=0 "
			"new_value_nsec=5000000 new_interval_sec=0 new_interval_nsec=3000000 "
			"new_from=kernel old_value_sec=0 old_value_nsec=4702000 old_interval_sec=0 "
			"old_interval_nsec=0 old_from=kernel ret=0 duration_ns=1234 "
			"which=ITIMER_PROF");
	call.timer_id = ITIMER_REAL;
	expect_strace(&call,
		      "setitimer(ITIMER_REAL, {it_interval={tv_sec=0, tv_usec=3000}, "
		      "it_value={tv_sec=0, tv_usec=5000}}, "
		      "{it_interval={tv_sec=0, tv_usec=0}, it_value={tv_sec=0, tv_usec=4702}}) "
		      "= 0");
	/* NULL disarms */
	call.new_ptr = 0;
	call.new_value = disarmed;
	expect_text(&call, "4242    app      settime real -        disarm -        0   1.234us  "
			   "old=4.702ms/once\n");
	expect_strace(&call,
		      "setitimer(ITIMER_REAL, NULL, "
		      "{it_interval={tv_sec=0, tv_usec=0}, it_value={tv_sec=0, tv_usec=4702}}) "
		      "= 0");
	call.timer_id = -1;
	call.new_ptr = 1;
	call.new_value = (struct itimerspec_seen){ FROM_USER, { 0, -1000 }, { -5, 2000000000000 } };
	call.ret = -EINVAL;
	call.old_value.from = FROM_NONE;
	expect_text(&call, "4242    app      settime itimer-1 -        -5s+2000000000000ns~ "
			   "0s-1000ns -EINVAL 1.234us  -\n");
	expect_strace(&call, "setitimer(0xffffffff /* ITIMER_??? */, "
			     "{it_interval={tv_sec=0, tv_usec=18446744073709551615}, "
			     "it_value={tv_sec=-5, tv_usec=2000000000}}, 0x7ffc12345698) "
			     "= -1 EINVAL (Invalid argument)");
	call.missing = CALL_NO_ENTRY;
	call.has_args = call.has_pointers = false;
	call.new_value.from = FROM_NONE;
	expect_strace(&call, "setitimer(?, ?, ?)                = -1 EINVAL (Invalid argument)");
}

static void alarm_call(void)
{
	struct call call = whole(EVENT_ALARM);

	call.seconds = 4000000000;
	call.ret = 5;
	call.new_value = (struct itimerspec_seen){ FROM_KERNEL, { 0, 0 }, { 4000000000, 0 } };
	call.old_value = (struct itimerspec_seen){ FROM_KERNEL, { 0, 0 }, { 4, 700000000 } };
	expect_text(&call, "4242    app      alarm   real -        4000000000s once     "
			   "5   1.234us  old=4.7s/once\n");
	expect_json(&call, "\"which\":\"ITIMER_REAL\",\"seconds\":4000000000,\"abi\":\"64\","
			   "\"new\":{\"interval\":{\"sec\":0,\"nsec\":0},"
			   "\"value\":{\"sec\":4000000000,\"nsec\":0},\"from\":\"kernel\"},"
			   "\"old\":{\"interval\":{\"sec\":0,\"nsec\":0},"
			   "\"value\":{\"sec\":4,\"nsec\":700000000},\"from\":\"kernel\"},"
			   "\"ret\":5,\"error\":null,\"duration_ns\":1234");
	expect_csv_call(&call, "event=alarm" CSV_CALL CSV_64
			       "new_value_sec=4000000000 new_value_nsec=0 new_interval_sec=0 "
			       "new_interval_nsec=0 new_from=kernel old_value_sec=4 "
			       "old_value_nsec=700000000 old_interval_sec=0 old_interval_nsec=0 "
			       "old_from=kernel ret=5 duration_ns=1234 which=ITIMER_REAL "
			       "seconds=4000000000");
	expect_strace(&call, "alarm(4000000000)                 = 5");
	call.ret = 4000000000;
	expect_strace(&call, "alarm(4000000000)                 = 4000000000");
	call = whole(EVENT_ALARM);
	expect_text(&call,
		    "4242    app      alarm   real -        disarm -        0   1.234us  -\n");
	call.missing = CALL_NO_ENTRY;
	call.has_args = call.has_pointers = false;
	expect_text(&call,
		    "4242    app      alarm   real -        -      -        0   ?        -\n");
	expect_json(&call, "\"which\":\"ITIMER_REAL\",\"abi\":\"64\",\"new\":null,\"old\":null,"
			   "\"ret\":0,\"error\":null,\"duration_ns\":null,"
			   "\"incomplete\":[\"entry\"]");
	expect_csv_call(&call, "event=alarm" CSV_CALL CSV_64 "ret=0 incomplete=entry "
			       "which=ITIMER_REAL");
	expect_strace(&call, "alarm(?)                          = 0");
}

/* --toctou: the caller's memory, and that it changed. */
static void toctou(void)
{
	struct call call = usual;
	struct out_style style = plain;

	call.user_before = (struct itimerspec_seen){ FROM_USER, { 0, 0 }, { 1, 0 } };
	call.user_after = call.user_before;
#define JSON_USUAL                                                                                 \
	"\"timer_id\":0,\"flags\":0,\"flag_names\":[],\"abi\":\"64\","                             \
	"\"new_ptr\":\"0x7ffc12345678\",\"old_ptr\":null,"                                         \
	"\"new\":{\"interval\":{\"sec\":0,\"nsec\":0},\"value\":{\"sec\":0,\"nsec\":10000000},"    \
	"\"from\":\"kernel\"},\"old\":null,"                                                       \
	"\"user_new_entry\":{\"interval\":{\"sec\":0,\"nsec\":0},\"value\":{\"sec\":1,\"nsec\":0}" \
	"},"
	expect_json(&call, JSON_USUAL "\"user_new_return\":{\"interval\":{\"sec\":0,\"nsec\":0},"
				      "\"value\":{\"sec\":1,\"nsec\":0}},\"changed\":[]" JSON_DONE);
	expect_text(&call, "4242    app      settime  0 relative 10ms   once     0   1.234us  -\n");
	call.user_after.from = FROM_NONE;
	call.user_old = (struct itimerspec_seen){ FROM_USER, { 2, 0 }, { 3, 4 } };
	call.changed = CHANGED_NEW_BEFORE | CHANGED_OLD_AFTER;
	expect_json(&call, JSON_USUAL "\"user_old_return\":{\"interval\":{\"sec\":2,\"nsec\":0},"
				      "\"value\":{\"sec\":3,\"nsec\":4}},\"changed\":["
				      "\"new_before_copy\",\"old_after_write\"]" JSON_DONE);
	expect_csv_call(&call, "event=timer_settime" CSV_CALL "timer_id=0 flags=0 " CSV_64
			       "new_ptr=0x7ffc12345678 old_ptr=0x0 new_value_sec=0 "
			       "new_value_nsec=10000000 new_interval_sec=0 new_interval_nsec=0 "
			       "new_from=kernel ret=0 duration_ns=1234 "
			       "changed=new_before_copy|old_after_write");
	call.old_value = disarmed;
	style.color = true;
	style.time = TIME_NONE;
	expect_call(
		&out_text, &style, &app, &call,
		"4242    app      settime  0 relative 10ms   once     0   1.234us  old=disarmed,"
		"\033[33mchanged=new_before_copy|old_after_write\033[0m\n");
	call.changed = CHANGED_NEW_AFTER;
	call.old_value.from = FROM_NONE;
	expect_text(&call, "4242    app      settime  0 relative 10ms   once     0   1.234us  "
			   "changed=new_after_copy\n");
}

int suite_out_calls(void)
{
	CU_pSuite suite = CU_add_suite("out_calls", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, create_text) || !CU_ADD_TEST(suite, create_json) ||
	    !CU_ADD_TEST(suite, create_csv) || !CU_ADD_TEST(suite, create_strace) ||
	    !CU_ADD_TEST(suite, id_only) || !CU_ADD_TEST(suite, gettime) ||
	    !CU_ADD_TEST(suite, timerfd_create_call) || !CU_ADD_TEST(suite, timerfd_settime_call) ||
	    !CU_ADD_TEST(suite, setitimer_call) || !CU_ADD_TEST(suite, alarm_call) ||
	    !CU_ADD_TEST(suite, toctou))
		return (int)CU_get_error();
	return 0;
}
