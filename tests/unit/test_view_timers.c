/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What view makes of expiries and signals. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "suites.h"
#include "timersnoop/event_fields.h"
#include "views.h"

static void everything_of(void)
{
	call_view_settime(10, 1);
	expire_posix(10, 1);
	generate_signal(10, SIGUSR1, 0);
	deliver_signal(11, SIGUSR1, 0);
}

/* Each event has its bit; what others rest on is taken whether it is shown or not. */
static void masks(void)
{
	static const struct {
		uint32_t events;
		const char *expected;
	} cases[] = {
		{ EVENTS_ALL, "timer_settime 10 app 1; timer_expire 10 app 1; "
			      "signal_generate 10 app 1; signal_deliver 10 worker 1" },
		{ EVENTS_CALLS, "timer_settime 10 app 1" },
		{ EVENT_BIT(EVENT_TIMER_EXPIRE), "timer_expire 10 app 1" },
		{ EVENT_BIT(EVENT_TIMERFD_EXPIRE), "" },
		{ EVENT_BIT(EVENT_SIGNAL_GENERATE), "signal_generate 10 app 1" },
		{ EVENT_BIT(EVENT_SIGNAL_DELIVER), "signal_deliver 10 worker 1" },
		{ 0, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		prepare_view("7.2");
		request.events = cases[i].events;
		open_view();
		everything_of();
		end_view(cases[i].expected);
		CU_ASSERT_EQUAL(
			totals.matched,
			(uint64_t)__builtin_popcount(
				cases[i].events & (EVENT_BIT(EVENT_TIMER_SETTIME) |
						   EVENT_BIT(EVENT_TIMER_EXPIRE) | EVENTS_SIGNAL)));
		CU_ASSERT_EQUAL(totals.lives + totals.unattributed, 0);
	}
}

/* Of what happens to one timer that of which a condition holds. */
static void condition(void)
{
	struct expr *where = NULL;
	struct error err;

	CU_ASSERT_EQUAL_FATAL(
		expr_parse(&where, "signo == 10 || value >= 1s", &event_fields, "--where", &err),
		0);
	prepare_view("7.2");
	selection.where = where;
	request.events = EVENTS_ALL;
	open_view();
	everything_of();
	end_view("timer_settime 10 app 1; signal_generate 10 app 1; signal_deliver 10 worker 1");
	CU_ASSERT_EQUAL(totals.matched, 3);
	expr_free(where);
}

/* Whoever it belongs to must have been asked for: the process, as its threads. */
static void selections(void)
{
	static const int32_t pids[] = { 10 };
	static const uint32_t uids[] = { 1000 };
	static const char *const names[] = { "worker" };

	begin_view();
	selection.pids = pids;
	selection.pid_count = 1;
	everything_of();
	expire_posix(20, 1);
	end_view("timer_expire 10 app 1; signal_generate 10 app 1; signal_deliver 10 worker 1");
	begin_view();
	selection.uids = uids;
	selection.uid_count = 1;
	everything_of();
	expire_posix(20, 1);
	end_view("timer_expire 20 cron 1");
	begin_view();
	selection.names = names;
	selection.name_count = 1;
	everything_of();
	end_view("signal_deliver 10 worker 1");
}

/* -x is about calls: what the kernel does by itself cannot fail. */
static void failed_only(void)
{
	prepare_view("7.2");
	request.events = EVENTS_ALL;
	selection.failed = true;
	open_view();
	everything_of();
	plain_call(10, "delete", 4, -EINVAL);
	end_view("timer_delete 10 app 4");
	CU_ASSERT_EQUAL(totals.matched, 1);
}

static void counted(void)
{
	prepare_view("7.2");
	request.events = EVENTS_ALL;
	selection.count = 3;
	open_view();
	everything_of();
	CU_ASSERT_TRUE(view_done(view));
	everything_of();
	end_view("timer_settime 10 app 1; timer_expire 10 app 1; signal_generate 10 app 1");
	CU_ASSERT_EQUAL(totals.matched, 3);
}

static int lookups;

static int look_up(void *context, int32_t tid, struct task *task)
{
	(void)context;
	lookups++;
	if (tid != 77)
		return -ESRCH;
	*task = (struct task){ .tid = 77, .tgid = 77, .uid = 7, .comm = "late" };
	return 0;
}

/* With -p or a command expiries of others come, too: only those of processes that are known. */
static void followed(void)
{
	prepare_view("7.2");
	request.followed = true;
	open_view();
	view_set_lookup(view, look_up, NULL, NULL);
	lookups = 0;
	expire_posix(77, 1);
	generate_signal(77, SIGUSR1, 0);
	expire_posix(10, 1);
	expire_posix(11, 2); /* for a thread */
	generate_signal(11, SIGUSR1, 0);
	end_view("timer_expire 10 app 1; timer_expire 10 app 2; signal_generate 10 worker 2");
	CU_ASSERT_EQUAL(totals.matched, 3);
	CU_ASSERT_EQUAL(lookups, 0);
}

/* The first thread has ended, others have not: the timer is still the process's. */
static void leader_gone(void)
{
	prepare_view("6.1");
	request.followed = true;
	request.lives = true;
	open_view();
	call_view_settime(11, 1);
	about_task("sched_process_exit", 10, "pid", 10);
	expire_posix(10, 1);
	generate_signal(10, SIGUSR1, 0);
	deliver_signal(11, SIGUSR1, 0);
	timers_gone(11);
	about_task("sched_process_exit", 11, "pid", 11);
	view_finish(view, view_now);
	end_view("timer_expire 10  1; signal_generate 10  1; signal_deliver 10 worker 1; "
		 "life 10 worker 1 exit");
}

/* Without -p a process that nobody told of is asked for, once. */
static void looked_up(void)
{
	begin_view();
	view_set_lookup(view, look_up, NULL, NULL);
	lookups = 0;
	expire_posix(77, 1);
	generate_signal(77, SIGUSR1, 0);
	deliver_signal(77, SIGUSR1, 0);
	CU_ASSERT_EQUAL(lookups, 1);
	end_view("timer_expire 77 late 1; signal_generate 77 late 1; signal_deliver 77 late 1");
}

static int32_t asked_ns[8];
static int asked_ns_count;

/* A task in another PID namespace; 12 is gone, and its ID another's. */
static int ask_ns(void *context, int32_t tid, struct task *task)
{
	(void)context;
	asked_ns[asked_ns_count++ % 8] = tid;
	*task = (struct task){
		.tid = tid, .tgid = tid == 12 ? 99 : 10, .ns_tid = tid - 9, .ns_tgid = 1, .uid = 7
	};
	return tid == 10 ? 0 : tid == 12 ? 0 : -ESRCH;
}

/* No record tells what a task is called in its own PID namespace: it is asked for, once. */
static void namespaces(void)
{
	prepare_view("7.2");
	request.events = EVENTS_ALL;
	learn_task(12, 10, 0, "gone");
	open_view();
	asked_ns_count = 0;
	view_set_lookup(view, NULL, ask_ns, NULL);
	expire_posix(10, 1);
	expire_posix(10, 1);
	call_view_settime(10, 1);
	call_view_settime(11, 1);
	call_view_settime(11, 1);
	call_view_settime(12, 1);
	CU_ASSERT_EQUAL(asked_ns_count, 3);
	CU_ASSERT_EQUAL(asked_ns[0], 10);
	CU_ASSERT_EQUAL(asked_ns[1], 11);
	CU_ASSERT_EQUAL(tasks_find(request.tasks, 10)->ns_tid, 1);
	CU_ASSERT_EQUAL(tasks_find(request.tasks, 11)->ns_tid, 0);
	CU_ASSERT_EQUAL(asked_ns[2], 12);
	CU_ASSERT_EQUAL(tasks_find(request.tasks, 12)->ns_tid, 0);
	CU_ASSERT_EQUAL(tasks_find(request.tasks, 12)->ns_tgid, 0);
	end_view("timer_expire 10 app 1; timer_expire 10 app 1; timer_settime 10 app 1; "
		 "timer_settime 10 worker 1; timer_settime 10 worker 1; timer_settime 10 gone 1");
}

/* A loss between an expiry and its signal; and one that nobody knows. */
static void losses(void)
{
	begin_view();
	expire_posix(10, 1);
	lose_records();
	generate_signal(10, SIGUSR1, 0);
	end_view("timer_expire 10 app 1; lost   ; signal_generate 10 app ");
	CU_ASSERT_EQUAL(totals.unattributed, 1);
	CU_ASSERT_EQUAL(totals.lost, 3);
	CU_ASSERT_EQUAL(totals.matched, 2);
}

/* A handler whose siginfo has not come when the stream ends. */
static void finished(void)
{
	begin_view();
	expire_posix(10, 1);
	deliver_signal(11, SIGUSR1, 0x401000);
	view_finish(view, view_now);
	end_view("timer_expire 10 app 1; signal_deliver 10 worker ");
}

/* One that nobody can say whose it is counts from when all probes were on. */
static void unattributed(void)
{
	static const struct {
		uint64_t since;
		uint64_t unattributed;
	} cases[] = { { START - 100 * MS, 1 }, { START - 100 * MS + 1, 0 }, { START, 0 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		prepare_view("7.2");
		request.since_ns = cases[i].since;
		open_view();
		generate_signal(10, SIGUSR1, 0);
		end_view("signal_generate 10 app ");
		CU_ASSERT_EQUAL(totals.unattributed, cases[i].unattributed);
	}
}

/* Who is not known is nobody's process: least of all root's. */
static void of_no_user(void)
{
	static const uint32_t uids[] = { 0 };

	begin_view();
	selection.uids = uids;
	selection.uid_count = 1;
	request.events = EVENTS_ALL;
	view_free(view);
	open_view();
	expire_posix(77, 1);
	generate_signal(77, SIGUSR1, 0);
	call_view_settime(78, 1);
	expire_posix(10, 1);
	end_view("timer_expire 10 app 1");
	CU_ASSERT_EQUAL(totals.matched, 1);
}

static void take_fetched(int32_t tid, int32_t signo, int32_t id)
{
	struct raw raw;

	raw_begin(&raw, view_series, "signalfd_copyinfo", tid, 0);
	raw_put(&raw, "sig", (uint64_t)signo);
	raw_put(&raw, "code", (uint32_t)SI_TIMER);
	raw_put(&raw, "id", (uint64_t)id);
	take_raw(&raw);
}

/* What strace has no line for does not count as shown, either. */
static void no_line(void)
{
	prepare_view("7.2");
	request.events = EVENTS_ALL;
	view_style.format = OUT_STRACE;
	selection.count = 2;
	open_view();
	expire_posix(10, 1);
	generate_signal(10, SIGUSR1, 0);
	take_fetched(11, SIGUSR1, 1);
	view_totals(view, &totals);
	CU_ASSERT_EQUAL(totals.matched, 0);
	deliver_signal(11, SIGUSR1, 0);
	CU_ASSERT_FALSE(view_done(view));
	deliver_signal(11, SIGUSR1, 1);
	CU_ASSERT_TRUE(view_done(view));
	end_view(NULL);
	CU_ASSERT_EQUAL(totals.matched, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(view_written, " --- SIGUSR1 {"));
	CU_ASSERT_PTR_NULL(strstr(view_written, "signal_"));
}

static void set_fd(uint64_t address, uint64_t value)
{
	struct raw raw;

	raw_begin(&raw, view_series, "fd_settime_enter", 10, 0);
	raw_put(&raw, "id", 5);
	raw_put(&raw, "flags", 1);
	take_raw(&raw);
	raw_begin(&raw, view_series, "fd_settime_new", 10, 0);
	raw_put(&raw, "id", 5);
	raw_put(&raw, "flags", 1);
	raw_put_word(&raw, "new", 2, (int64_t)(value / NSEC_PER_SEC));
	raw_put_word(&raw, "new", 3, (int64_t)(value % NSEC_PER_SEC));
	take_raw(&raw);
	raw_begin(&raw, view_series, "hrtimer_start", 10, 0);
	raw_put(&raw, "hrtimer", address);
	raw_put(&raw, "softexpires", value);
	take_raw(&raw);
	raw_begin(&raw, view_series, "hrtimer_start_expired", 10, 0);
	raw_put(&raw, "hrtimer", address);
	take_raw(&raw);
	raw_begin(&raw, view_series, "fd_settime_exit", 10, 0);
	take_raw(&raw);
}

/* What view is told of clocks and of alarms reaches the timers. */
static void alarms_and_clocks(void)
{
	static const struct {
		int32_t clock;
		int offset;
	} cases[] = { { CLOCK_BOOTTIME, 0 }, { CLOCK_BOOTTIME_ALARM, 40 } };

	for (size_t i = 0; i < 2; i++) {
		prepare_view("7.2");
		request.alarm_offset = cases[i].offset;
		open_view();
		view_set_ahead(view, CLOCK_BOOTTIME, 5 * MS);
		create_view_fd(10, 5, cases[i].clock);
		set_fd(ADDRESS + 5 * 64 + (uint64_t)cases[i].offset, START);
		end_view("timerfd_expire 10 app 5");
		CU_ASSERT_PTR_NOT_NULL(strstr(view_written, "\"asked_clock\":\"CLOCK_BOOTTIME\""));
		CU_ASSERT_PTR_NOT_NULL(strstr(view_written, "\"late_ns\":5006000,"));
	}
	/* without timers there is nobody to be told */
	prepare_view("7.2");
	request.events = EVENTS_CALLS;
	open_view();
	view_set_ahead(view, CLOCK_BOOTTIME, 5 * MS);
	end_view("");
}

int suite_view_timers(void)
{
	CU_pSuite suite = CU_add_suite("view_timers", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, masks) || !CU_ADD_TEST(suite, condition) ||
	    !CU_ADD_TEST(suite, selections) || !CU_ADD_TEST(suite, failed_only) ||
	    !CU_ADD_TEST(suite, counted) || !CU_ADD_TEST(suite, followed) ||
	    !CU_ADD_TEST(suite, leader_gone) || !CU_ADD_TEST(suite, looked_up) ||
	    !CU_ADD_TEST(suite, namespaces) || !CU_ADD_TEST(suite, losses) ||
	    !CU_ADD_TEST(suite, finished) || !CU_ADD_TEST(suite, unattributed) ||
	    !CU_ADD_TEST(suite, of_no_user) || !CU_ADD_TEST(suite, no_line) ||
	    !CU_ADD_TEST(suite, alarms_and_clocks))
		return (int)CU_get_error();
	return 0;
}
