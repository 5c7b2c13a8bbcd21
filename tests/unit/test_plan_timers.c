/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The probes of all events, and what stands in where one is missing. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fixtures.h"
#include "plans.h"
#include "suites.h"

#define SIGNALS "code == -2 || (code == 128 && (sig == 14 || sig == 26 || sig == 27))"
#define MONO() "asked=+56($arg1):s64 ahead=+72(+64($arg1)):s64 base=+80(+64($arg1)):s32"
#define SPEC(name, arg) name "=+0($arg" arg "):s64[4]"

/* A kernel with all names listed, and everything wished for. */
static void describe_all(void)
{
	describe();
	list_symbols();
	wishes = (struct plan_wishes){ .events = EVENTS_ALL, .lives = true, .user_ids = true };
}

/* Where return probes are given the arguments, timer_settime needs no entry. */
static void whole_returns(void)
{
	describe();
	make_whole();
	NO_NOTES();
	expect_probe("settime_call", "__x64_sys_timer_settime", USE_WHOLE, EVENT_TIMER_SETTIME,
		     "ret=$retval:s64 args=+96($arg1):x64[3] old=+56($arg1):x64");
	expect_probe("settime_call_ia32", "__ia32_sys_timer_settime", USE_WHOLE,
		     EVENT_TIMER_SETTIME,
		     "ret=$retval:s64 id=+40($arg1):s32 flags=+88($arg1):x32 new=+96($arg1):x32 "
		     "old=+104($arg1):x32");
	expect_none("settime_enter");
	expect_none("settime_exit");
	expect_probe("settime_new", "do_timer_settime", USE_COPY, EVENT_TIMER_SETTIME,
		     "new=+0($arg3):s64[4]");
	/* a register that is known to point at them is read faster */
	snprintf(kernel.registers_in, sizeof(kernel.registers_in), "%%bx");
	make_whole();
	expect_probe("settime_call", "__x64_sys_timer_settime", USE_WHOLE, EVENT_TIMER_SETTIME,
		     "ret=$retval:s64 args=+96(%bx):x64[3] old=+56(%bx):x64");
	/* an expiry comes before the return */
	describe();
	wishes.events |= EVENT_BIT(EVENT_TIMER_EXPIRE);
	make_whole();
	expect_probe("settime_new", "do_timer_settime", USE_COPY, EVENT_TIMER_SETTIME,
		     "id=$arg1:s32 flags=$arg2:x32 new=+0($arg3):s64[4]");
	CU_ASSERT_PTR_NOT_NULL(find_event("settime_call"));
}

static void expect_entry(void)
{
	make_whole();
	CU_ASSERT_PTR_NOT_NULL(find_event("settime_enter"));
	CU_ASSERT_PTR_NOT_NULL(find_event("settime_exit"));
	expect_none("settime_call");
	expect_none("settime_call_ia32");
}

static void no_whole_returns(void)
{
	describe();
	wishes.entries = true;
	expect_entry();
	describe();
	kernel.return_args = false;
	expect_entry();
	describe();
	kernel.arrays = false;
	expect_entry();
	/* nothing would tell when it began */
	describe();
	list_symbols();
	set_symbol("do_timer_settime", 0);
	expect_entry();
}

static void probes_of_calls(void)
{
	describe_all();
	wishes.entries = true;
	make_whole();
	NO_NOTES();
	expect_probe("create_enter", "__x64_sys_timer_create", USE_ENTRY, EVENT_TIMER_CREATE,
		     "clock=+112($arg1):s32 new=+104($arg1):x64 old=+96($arg1):x64");
	expect_probe("create_enter_ia32", "__ia32_compat_sys_timer_create", USE_ENTRY,
		     EVENT_TIMER_CREATE,
		     "clock=+40($arg1):s32 new=+88($arg1):x32 old=+96($arg1):x32");
	expect_probe("settime_enter_ia32_time32", "__ia32_sys_timer_settime32", USE_ENTRY,
		     EVENT_TIMER_SETTIME,
		     "id=+40($arg1):s32 flags=+88($arg1):x32 new=+96($arg1):x32 "
		     "old=+104($arg1):x32");
	expect_probe("fd_settime_enter", "__x64_sys_timerfd_settime", USE_ENTRY,
		     EVENT_TIMERFD_SETTIME, "args=+96($arg1):x64[3] old=+56($arg1):x64");
	expect_probe("gettime_enter", "__x64_sys_timer_gettime", USE_ENTRY, EVENT_TIMER_GETTIME,
		     "id=+112($arg1):s32 old=+104($arg1):x64");
	expect_probe("getoverrun_exit_ia32", "__ia32_sys_timer_getoverrun", USE_RETURN,
		     EVENT_TIMER_GETOVERRUN, "ret=$retval:s64");
	expect_probe("delete_enter", "__x64_sys_timer_delete", USE_ENTRY, EVENT_TIMER_DELETE,
		     "id=+112($arg1):s32");
	expect_probe("fd_create_enter", "__x64_sys_timerfd_create", USE_ENTRY, EVENT_TIMERFD_CREATE,
		     "clock=+112($arg1):s32 flags=+104($arg1):x32");
	expect_probe("fd_gettime_enter_ia32_time32", "__ia32_sys_timerfd_gettime32", USE_ENTRY,
		     EVENT_TIMERFD_GETTIME, "id=+40($arg1):s32 old=+88($arg1):x32");
	expect_probe("setitimer_enter", "__x64_sys_setitimer", USE_ENTRY, EVENT_SETITIMER,
		     "id=+112($arg1):s32 new=+104($arg1):x64 old=+96($arg1):x64");
	expect_probe("getitimer_enter_ia32_time32", "__ia32_compat_sys_getitimer", USE_ENTRY,
		     EVENT_GETITIMER, "id=+40($arg1):s32 old=+88($arg1):x32");
	expect_probe("alarm_enter", "__x64_sys_alarm", USE_ENTRY, EVENT_ALARM,
		     "seconds=+112($arg1):u32");
	CU_ASSERT_EQUAL(find_event("alarm_enter_ia32")->means.abi, ABI_32);
	CU_ASSERT_EQUAL(find_event("getitimer_exit_ia32_time32")->means.abi, ABI_32_TIME32);
	expect_none("setitimer_enter_ia32");
	expect_none("alarm_enter_ia32_time32");
}

static void copies_of_calls(void)
{
	describe_all();
	make_whole();
	expect_probe("settime_new", "do_timer_settime", USE_COPY, EVENT_TIMER_SETTIME,
		     "id=$arg1:s32 flags=$arg2:x32 " SPEC("new", "3"));
	expect_probe("fd_settime_new", "do_timerfd_settime", USE_COPY, EVENT_TIMERFD_SETTIME,
		     "id=$arg1:s32 flags=$arg2:x32 " SPEC("new", "3"));
	expect_probe("old", "put_itimerspec64", USE_OLD, 0, SPEC("old", "1"));
	expect_probe("try_create_sigevent", "do_timer_create", USE_SIGEVENT, EVENT_TIMER_CREATE,
		     "clock=$arg1:s32 event=$arg2:x64 value=+0($arg2):x64 signo=+8($arg2):s32 "
		     "notify=+12($arg2):s32 thread=+16($arg2):s32");
	expect_probe("create_id", "posix_timer_add_at", USE_MADE, EVENT_TIMER_CREATE,
		     "timer=$arg1:x64 id=$arg3:s32");
	expect_none("create_id_common");
	expect_probe("setitimer_new", "do_setitimer", USE_COPY, EVENT_SETITIMER,
		     "id=$arg1:s32 at=$arg3:x64 sp=$stack:x64 " SPEC("new", "2"));
	expect_probe("setitimer_old", "do_setitimer", USE_STACK, 0, "stack=+0($stack):s64[24]");
	CU_ASSERT_TRUE(find_event("setitimer_old")->kretprobe);
	expect_probe("getitimer_at", "do_getitimer", USE_OLD_AT, EVENT_GETITIMER,
		     "id=$arg1:s32 at=$arg2:x64 sp=$stack:x64");
	expect_probe("getitimer_value", "do_getitimer", USE_STACK, 0, "stack=+0($stack):s64[24]");
	/* only where ids cannot be seen at once */
	set_symbol("posix_timer_add_at", 0);
	make_whole();
	NO_NOTES();
	expect_probe("create_id_common", "common_timer_create", USE_MADE, EVENT_TIMER_CREATE,
		     "timer=$arg1:x64 id=+16($arg1):s32");
	expect_probe("create_id_cpu", "posix_cpu_timer_create", USE_MADE, EVENT_TIMER_CREATE,
		     "timer=$arg1:x64 id=+16($arg1):s32");
	expect_probe("create_id_alarm", "alarm_timer_create", USE_MADE, EVENT_TIMER_CREATE,
		     "timer=$arg1:x64 id=+16($arg1):s32");
}

static void probes_of_expiries(void)
{
	static const char timer[] = "id=-32($arg1):s32 clock=-24($arg1):s32 "
				    "interval=-16($arg1):s64 pid=+96(-8($arg1)):s32 ";
	static const char alarm[] = "asked=+144($arg1):s64 ahead=+72(+152($arg1)):s64 "
				    "base=+80(+152($arg1)):s32";
	static const char fd[] = "timer=$arg1:x64 clock=+144($arg1):s32 interval=+152($arg1):s64 ";
	char args[640];

	describe_all();
	make_whole();
	snprintf(args, sizeof(args), "timer=$arg1:x64 %s%s", timer, MONO());
	expect_probe("try_expire", "posix_timer_fn", USE_EXPIRY, EVENT_TIMER_EXPIRE, args);
	snprintf(args, sizeof(args), "timer=$arg1:x64 %s%s", timer, alarm);
	expect_probe("expire_alarm", "alarm_handle_timer", USE_EXPIRY, EVENT_TIMER_EXPIRE, args);
	expect_probe("try_queue", "posixtimer_send_sigqueue", USE_QUEUE, EVENT_TIMER_EXPIRE,
		     "id=+16($arg1):s32 clock=+24($arg1):s32 interval=+32($arg1):s64 "
		     "pid=+96(+40($arg1)):s32 asked=+104($arg1):s64 ahead=+72(+112($arg1)):s64 "
		     "base=+80(+112($arg1)):s32 alarm_asked=+192($arg1):s64 "
		     "alarm_ahead=+72(+200($arg1)):s64 alarm_base=+80(+200($arg1)):s32");
	snprintf(args, sizeof(args), "%s%s", fd, MONO());
	expect_probe("try_expire_fd", "timerfd_tmrproc", USE_EXPIRY, EVENT_TIMERFD_EXPIRE, args);
	snprintf(args, sizeof(args), "%s%s", fd, alarm);
	expect_probe("expire_fd_alarm", "timerfd_alarmproc", USE_EXPIRY, EVENT_TIMERFD_EXPIRE,
		     args);
	snprintf(args, sizeof(args), "%s%s",
		 "timer=$arg1:x64 interval=+8($arg1):s64 pid=+96(+24($arg1)):s32 ", MONO());
	expect_probe("try_expire_real", "it_real_fn", USE_EXPIRY, EVENT_ITIMER_EXPIRE, args);
	expect_probe("anon_inode_getfd", "anon_inode_getfd", USE_FILE, EVENT_TIMERFD_CREATE,
		     "timer=$arg3:x64");
	expect_probe("anon_inode_getfile", "anon_inode_getfile", USE_FILE, EVENT_TIMERFD_CREATE,
		     "timer=$arg3:x64");
	expect_probe("release", "timerfd_release", USE_RELEASE, EVENT_TIMERFD_CREATE,
		     "timer=+136($arg2):x64");
	expect_probe("timers_gone", "exit_itimers", USE_TIMERS_GONE, 0, "of=$arg1:x64");
	CU_ASSERT_STRING_EQUAL(find_tracepoint("itimer_expire")->filter, "which != 0");
	CU_ASSERT_EQUAL(find_tracepoint("itimer_expire")->means.use, USE_ITIMER_EXPIRE);
}

/* What comes from interrupts hits whatever task is running; and anybody may close a timerfd. */
static void anywhere(void)
{
	static const enum probe_use uses[] = { USE_EXPIRY,        USE_QUEUE,          USE_SIGNAL,
					       USE_ITIMER_EXPIRE, USE_HRTIMER_EXPIRE, USE_RELEASE };

	describe_all();
	make_whole();
	for (size_t i = 0; i < plan.probe_count + plan.event_count; i++) {
		bool probe = i < plan.probe_count, expected = false;
		enum probe_use use = probe ? plan.probes[i].means.use
					   : plan.events[i - plan.probe_count].means.use;
		bool is = probe ? plan.probes[i].anywhere
				: plan.events[i - plan.probe_count].anywhere;

		for (size_t j = 0; j < sizeof(uses) / sizeof(uses[0]); j++)
			expected = expected || use == uses[j];
		CU_ASSERT_EQUAL(is, expected);
	}
}

static void probes_of_signals(void)
{
	static const char info[] = "sig=+0($arg2):s32 code=+8($arg2):s32 id=+16($arg2):s32 "
				   "overrun=+20($arg2):s32 value=+24($arg2):x64";

	describe_all();
	make_whole();
	expect_probe("signal_setup_done", "signal_setup_done", USE_HANDLED, EVENT_SIGNAL_DELIVER,
		     "sig=+128($arg2):s32 code=+136($arg2):s32 id=+144($arg2):s32 "
		     "overrun=+148($arg2):s32 value=+152($arg2):x64");
	CU_ASSERT_STRING_EQUAL(find_event("signal_setup_done")->filter, SIGNALS);
	expect_probe("wait", "do_sigtimedwait", USE_WAIT, 0, "at=$arg2:x64 sp=$stack:x64");
	expect_probe("waited", "do_sigtimedwait", USE_WAITED, 0,
		     "ret=$retval:s32 stack=+0($stack):s64[24]");
	CU_ASSERT_STRING_EQUAL(find_event("waited")->filter, "ret > 0");
	expect_probe("signalfd_copyinfo", "signalfd_copyinfo", USE_SIGNALFD, EVENT_SIGNAL_DELIVER,
		     info);
	CU_ASSERT_STRING_EQUAL(find_event("signalfd_copyinfo")->filter, SIGNALS);
	expect_none("copy_siginfo_to_user");
	CU_ASSERT_STRING_EQUAL(find_tracepoint("signal_generate")->filter, SIGNALS);
	CU_ASSERT_STRING_EQUAL(find_tracepoint("signal_deliver")->filter, SIGNALS);
	/* a part of it goes by another name, so it is seen being copied out */
	set_symbol("do_sigtimedwait", 0);
	make_whole();
	NO_NOTES();
	expect_none("wait");
	expect_probe("copy_siginfo_to_user", "copy_siginfo_to_user", USE_FETCHED,
		     EVENT_SIGNAL_DELIVER, info);
	expect_probe("copy_siginfo_to_external32", "copy_siginfo_to_external32", USE_FETCHED,
		     EVENT_SIGNAL_DELIVER, info);
	/* only deliveries need them */
	wishes = (struct plan_wishes){ .events = EVENT_BIT(EVENT_SIGNAL_GENERATE) };
	make_whole();
	expect_none("signal_setup_done");
	expect_none("copy_siginfo_to_user");
	CU_ASSERT_PTR_NULL(find_tracepoint("signal_deliver"));
	CU_ASSERT_PTR_NOT_NULL(find_tracepoint("signal_generate"));
}

/* The functions of hrtimers, by their addresses in describe_all's kallsyms. */
static void filter_of(char *text, size_t size, const char *const *functions)
{
	size_t used = 0;

	for (; *functions; functions++)
		used += (size_t)snprintf(
			text + used, size - used, "%sfunction == 0x%llx", used ? " || " : "",
			(unsigned long long)kernel_features_address(&kernel, *functions));
}

/* The tracepoints that tell of missed probes, for just the timers that are wished for. */
static void backups(void)
{
	static const struct {
		uint32_t events;
		bool alarms; /* their expiries are not told of: others than timers have some */
		const char *functions[4];
	} cases[] = {
		{ EVENTS_EXPIRE, true, { "posix_timer_fn", "timerfd_tmrproc", "it_real_fn" } },
		{ EVENT_BIT(EVENT_TIMER_EXPIRE), true, { "posix_timer_fn" } },
		{ EVENT_BIT(EVENT_TIMERFD_EXPIRE), true, { "timerfd_tmrproc" } },
		{ EVENT_BIT(EVENT_ITIMER_EXPIRE), false, { "it_real_fn" } },
		{ EVENTS_SIGNAL, true, { "posix_timer_fn", "it_real_fn" } },
	};
	char filter[160], alarm[64], start[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		describe_all();
		wishes = (struct plan_wishes){ .events = cases[i].events };
		make_whole();
		NO_NOTES();
		filter_of(filter, sizeof(filter), cases[i].functions);
		filter_of(alarm, sizeof(alarm), (const char *const[]){ "alarmtimer_fired", NULL });
		snprintf(start, sizeof(start), "%s%s%s", filter, cases[i].alarms ? " || " : "",
			 cases[i].alarms ? alarm : "");
		CU_ASSERT_STRING_EQUAL(find_tracepoint("hrtimer_start")->filter, start);
		CU_ASSERT_STRING_EQUAL(find_tracepoint("hrtimer_expire_entry")->filter, filter);
		CU_ASSERT_EQUAL(find_event("try_expire") != NULL, i != 2 && i != 3);
		CU_ASSERT_EQUAL(find_event("try_expire_fd") != NULL, i == 0 || i == 2);
		CU_ASSERT_EQUAL(find_event("try_expire_real") != NULL, i != 1 && i != 2);
		expect_none("expire");
	}
}

/* From 7.2 on what is armed in the past need not be started. */
static void started_in_the_past(void)
{
	describe_all();
	make_whole();
	CU_ASSERT_PTR_NOT_NULL_FATAL(find_tracepoint("hrtimer_start_expired"));
	CU_ASSERT_EQUAL(find_tracepoint("hrtimer_start_expired")->means.use, USE_HRTIMER_EXPIRED);
	CU_ASSERT_STRING_EQUAL(find_tracepoint("hrtimer_start_expired")->system, "timer");
	CU_ASSERT_STRING_EQUAL(find_tracepoint("hrtimer_start_expired")->filter, "");
	kernel.events[FEATURE_HRTIMER_START_EXPIRED] = false;
	make_whole();
	NO_NOTES();
	CU_ASSERT_PTR_NULL(find_tracepoint("hrtimer_start_expired"));
	CU_ASSERT_PTR_NOT_NULL(find_tracepoint("hrtimer_expire_entry"));
	/* alarms' function need not be there */
	set_symbol("alarmtimer_fired", 0);
	make_whole();
	NO_NOTES();
	CU_ASSERT_STRING_EQUAL(find_tracepoint("hrtimer_start")->filter,
			       find_tracepoint("hrtimer_expire_entry")->filter);
}

/* Timers that are deleted must be forgotten, whoever asks for their expiries or signals. */
static void deletions(void)
{
	static const struct {
		uint32_t events;
		bool planned;
	} cases[] = {
		{ EVENT_BIT(EVENT_TIMER_EXPIRE), true },
		{ EVENT_BIT(EVENT_SIGNAL_GENERATE), true },
		{ EVENT_BIT(EVENT_SIGNAL_DELIVER), true },
		{ EVENT_BIT(EVENT_TIMERFD_EXPIRE), false },
		{ EVENT_BIT(EVENT_ITIMER_EXPIRE), false },
		{ EVENT_BIT(EVENT_TIMER_SETTIME), false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		describe_all();
		wishes = (struct plan_wishes){ .events = cases[i].events };
		make_whole();
		CU_ASSERT_EQUAL(find_event("delete_enter") != NULL, cases[i].planned);
		CU_ASSERT_EQUAL(find_event("delete_exit") != NULL, cases[i].planned);
		expect_none("gettime_enter");
	}
}

/* Addresses are hidden: nothing tells of missed probes, so their misses count. */
static void hidden_addresses(void)
{
	describe_all();
	for (size_t i = 0; i < kernel.symbol_count; i++)
		kernel.symbols[i].address = 0;
	make_whole();
	NOTES("of timerfds, those that are created from now on are known when they expire: the "
	      "kernel hides its addresses (kptr_restrict)");
	CU_ASSERT_PTR_NULL(find_tracepoint("hrtimer_start"));
	CU_ASSERT_PTR_NULL(find_tracepoint("hrtimer_expire_entry"));
	CU_ASSERT_PTR_NULL(find_tracepoint("hrtimer_start_expired"));
	CU_ASSERT_PTR_NOT_NULL(find_event("expire"));
	CU_ASSERT_PTR_NOT_NULL(find_event("queue"));
	CU_ASSERT_PTR_NOT_NULL(find_event("expire_fd"));
	CU_ASSERT_PTR_NOT_NULL(find_event("expire_real"));
	expect_none("try_expire");
}

/* A timerfd's expiry is told by its descriptor, which its calls tell. */
static void timerfds_rest_on_calls(void)
{
	describe_all();
	wishes = (struct plan_wishes){ .events = EVENT_BIT(EVENT_TIMERFD_EXPIRE) };
	make_whole();
	CU_ASSERT_PTR_NOT_NULL(find_event("fd_create_enter"));
	CU_ASSERT_PTR_NOT_NULL(find_event("fd_settime_new"));
	expect_none("fd_gettime_enter");
	expect_none("settime_enter");
	expect_none("create_enter");
	expect_none("setitimer_new");
}

/* Lives need everything, whatever is shown. */
static void lives_need_everything(void)
{
	size_t probes, events;

	describe_all();
	make_whole();
	probes = plan.probe_count;
	events = plan.event_count;
	wishes.events = 0;
	make_whole();
	CU_ASSERT_EQUAL(plan.probe_count, probes);
	CU_ASSERT_EQUAL(plan.event_count, events);
}

static void needs_types(void)
{
	static const struct {
		struct plan_wishes wishes;
		bool needs;
	} cases[] = {
		{ { .events = EVENT_BIT(EVENT_TIMER_SETTIME) }, false },
		{ { .events = EVENT_BIT(EVENT_TIMERFD_CREATE) }, false },
		{ { .events = EVENTS_CALLS & ~EVENT_BIT(EVENT_TIMER_CREATE), .toctou = true },
		  false },
		{ { .events = EVENT_BIT(EVENT_TIMER_CREATE) }, true },
		{ { .events = EVENT_BIT(EVENT_TIMERFD_EXPIRE) }, true },
		{ { .events = EVENT_BIT(EVENT_SIGNAL_DELIVER) }, true },
		{ { .events = EVENT_BIT(EVENT_ALARM), .user_ids = true }, true },
		{ { .events = EVENT_BIT(EVENT_ALARM), .lives = true }, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_EQUAL(probe_plan_needs_types(&cases[i].wishes), cases[i].needs);
}

/* A plan that is said to need no addresses is the same without them. */
static void needs_addresses(void)
{
	static struct kernel_features with, without;
	static struct probe_plan told, other;
	unsigned needing = 0;

	for (int series = 0; series < FIXTURE_SERIES; series++) {
		fixture_features(fixture_series[series], &with);
		without = with;
		for (size_t i = 0; i < without.symbol_count; i++)
			without.symbols[i].address = 0;
		for (int event = 0; event < 32 && EVENTS_ALL >> event; event++) {
			struct plan_wishes one = { .events = EVENTS_ALL & (1U << event) };

			CU_ASSERT_EQUAL_FATAL(probe_plan_make(&told, &with, &one, NULL), 0);
			CU_ASSERT_EQUAL_FATAL(probe_plan_make(&other, &without, &one, NULL), 0);
			if (probe_plan_needs_addresses(&one))
				needing += memcmp(&told, &other, sizeof(told)) != 0;
			else
				CU_ASSERT_EQUAL(memcmp(&told, &other, sizeof(told)), 0);
		}
	}
	CU_ASSERT_TRUE(needing > 0);
	CU_ASSERT_TRUE(probe_plan_needs_addresses(&(struct plan_wishes){ .lives = true }));
	CU_ASSERT_FALSE(probe_plan_needs_addresses(&(struct plan_wishes){ .kernel = true }));
}

int suite_plan_timers(void)
{
	CU_pSuite suite = CU_add_suite("plan_timers", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, probes_of_calls) || !CU_ADD_TEST(suite, whole_returns) ||
	    !CU_ADD_TEST(suite, no_whole_returns) || !CU_ADD_TEST(suite, copies_of_calls) ||
	    !CU_ADD_TEST(suite, probes_of_expiries) || !CU_ADD_TEST(suite, anywhere) ||
	    !CU_ADD_TEST(suite, probes_of_signals) || !CU_ADD_TEST(suite, backups) ||
	    !CU_ADD_TEST(suite, started_in_the_past) || !CU_ADD_TEST(suite, deletions) ||
	    !CU_ADD_TEST(suite, hidden_addresses) || !CU_ADD_TEST(suite, timerfds_rest_on_calls) ||
	    !CU_ADD_TEST(suite, lives_need_everything) || !CU_ADD_TEST(suite, needs_types) ||
	    !CU_ADD_TEST(suite, needs_addresses))
		return (int)CU_get_error();
	return 0;
}
