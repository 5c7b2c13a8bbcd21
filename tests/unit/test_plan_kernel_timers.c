/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is recorded of the kernel's own timers. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plans.h"
#include "suites.h"

#define IRQ "common_flags & 24"
#define ONE 0xffffffff81000010ULL
#define F1 "function == 0xffffffff81000010"
#define F2 "function == 0xffffffffc0400000"

static const uint64_t functions[] = {
	ONE,     0xffffffffc0400000, ONE + 2, ONE + 3, ONE + 4, ONE + 5, ONE + 6, ONE + 7, ONE + 8,
	ONE + 9,
};

/* A kernel with all there is, and only the kernel's own timers are wished for. */
static void describe_kernel(void)
{
	describe();
	list_symbols();
	for (int i = 0; i < FEATURE_EVENTS; i++)
		kernel.events[i] = true;
	wishes = (struct plan_wishes){ .kernel = true };
}

/* The plan has this event `nth` (from 0), with this filter. */
static void expect_nth(const char *name, unsigned nth, bool anywhere, const char *filter)
{
	for (size_t i = 0; i < plan.event_count; i++) {
		const struct plan_event *event = &plan.events[i];

		if (strcmp(event->event, name) != 0 || nth--)
			continue;
		CU_ASSERT_EQUAL(event->anywhere, anywhere);
		CU_ASSERT_STRING_EQUAL(event->filter, filter);
		if (strcmp(event->filter, filter) != 0)
			fprintf(stderr, "\n  %s: %s\n  expected: %s", name, event->filter, filter);
		return;
	}
	CU_FAIL("the plan has the event");
}

/* Just once. */
static void expect_event(const char *name, const char *filter)
{
	unsigned count = 0;

	for (size_t i = 0; i < plan.event_count; i++)
		count += strcmp(plan.events[i].event, name) == 0;
	CU_ASSERT_EQUAL(count, 1);
	expect_nth(name, 0, true, filter);
}

static const struct {
	const char *event;
	enum probe_use use;
} plain[] = {
	{ "timer_init", USE_TIMER_INIT },
	{ "timer_start", USE_TIMER_START },
	{ "timer_cancel", USE_TIMER_CANCEL },
	{ "timer_expire_entry", USE_TIMER_EXPIRE },
	{ "timer_expire_exit", USE_TIMER_EXIT },
	{ "hrtimer_init", USE_HRTIMER_SETUP },
	{ "hrtimer_setup", USE_HRTIMER_SETUP },
	{ "hrtimer_start", USE_HRTIMER_START },
	{ "hrtimer_start_expired", USE_HRTIMER_EXPIRED },
	{ "hrtimer_cancel", USE_HRTIMER_CANCEL },
	{ "hrtimer_expire_entry", USE_HRTIMER_EXPIRE },
	{ "hrtimer_expire_exit", USE_HRTIMER_EXIT },
	{ "tick_stop", USE_TICK_STOP },
	{ "timer_base_idle", USE_BASE_IDLE },
};

static void whole_plan(void)
{
	describe_kernel();
	make_whole();
	NO_NOTES();
	CU_ASSERT_EQUAL(plan.probe_count, 0);
	CU_ASSERT_EQUAL(plan.event_count, sizeof(plain) / sizeof(plain[0]) + 4);
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		expect_event(plain[i].event, "");
		CU_ASSERT_EQUAL(plan.events[i].means.use, plain[i].use);
		CU_ASSERT_STRING_EQUAL(plan.events[i].event, plain[i].event);
		CU_ASSERT_STRING_EQUAL(plan.events[i].system, "timer");
		CU_ASSERT_STRING_EQUAL(plan.events[i].trigger, "");
	}
	/* who is who */
	for (size_t i = 0; i < 4; i++)
		CU_ASSERT_FALSE(plan.events[sizeof(plain) / sizeof(plain[0]) + i].anywhere);
	CU_ASSERT_EQUAL(plan.new_from, FROM_NONE);
	CU_ASSERT_EQUAL(plan.trigger_count, 0);
}

/* Only what tells the function can be filtered by it. */
static void of_some_callbacks(void)
{
	static const char *const none[] = { "timer_init",          "timer_cancel",
					    "timer_expire_exit",   "hrtimer_setup",
					    "hrtimer_cancel",      "hrtimer_start_expired",
					    "hrtimer_expire_exit", "tick_stop" };
	static const char *const some[] = { "timer_start", "timer_expire_entry", "hrtimer_start",
					    "hrtimer_expire_entry" };
	char all[512] = "(" F1 " || " F2;

	describe_kernel();
	wishes.functions = functions;
	wishes.function_count = 1;
	make_whole();
	for (size_t i = 0; i < 4; i++)
		expect_event(some[i], "(" F1 ")");
	wishes.function_count = 2;
	make_whole();
	for (size_t i = 0; i < 4; i++)
		expect_event(some[i], "(" F1 " || " F2 ")");
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		expect_event(none[i], "");
	/* as many as there is room for; of more all are recorded */
	for (int i = 2; i < 9; i++)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), " || function == 0x%llx",
			 (unsigned long long)functions[i]);
	strcat(all, ")");
	wishes.function_count = 9;
	make_whole();
	expect_event("hrtimer_start", all);
	wishes.function_count = 10;
	make_whole();
	expect_event("hrtimer_start", "");
	/* what wakes a CPU may be any */
	wishes.function_count = 1;
	wishes.wakeups = true;
	make_whole();
	for (size_t i = 0; i < 4; i++)
		expect_event(some[i], "");
}

/* What interrupts arm goes on for whom it was: it is recorded, whoever they interrupt. */
static void of_some_armers(void)
{
	describe_kernel();
	wishes.armers = "comm == \"a\" || comm == \"b\"";
	make_whole();
	for (int i = 0; i < 2; i++)
		expect_event(i ? "timer_start" : "hrtimer_start",
			     "(comm == \"a\" || comm == \"b\" || " IRQ ")");
	for (int i = 0; i < 2; i++)
		expect_event(i ? "timer_expire_entry" : "hrtimer_expire_entry", "");
	wishes.functions = functions;
	wishes.function_count = 2;
	make_whole();
	expect_event("timer_start",
		     "(" F1 " || " F2 ") && (comm == \"a\" || comm == \"b\" || " IRQ ")");
	expect_event("hrtimer_expire_entry", "(" F1 " || " F2 ")");
	wishes.wakeups = true;
	make_whole();
	expect_event("timer_start", "");
}

/* In their own instance, which knows whom it follows. */
static void of_some_processes(void)
{
	describe_kernel();
	wishes.followed = true;
	make_whole();
	for (int i = 0; i < 2; i++) {
		expect_nth(i ? "timer_start" : "hrtimer_start", 0, false, "!(" IRQ ")");
		expect_nth(i ? "timer_start" : "hrtimer_start", 1, true, IRQ);
	}
	expect_event("timer_cancel", "");
	expect_event("timer_init", "");
	wishes.functions = functions;
	wishes.function_count = 1;
	wishes.armers = "comm == \"a\"";
	make_whole();
	expect_nth("timer_start", 0, false, "(" F1 ") && !(" IRQ ") && (comm == \"a\")");
	expect_nth("timer_start", 1, true, "(" F1 ") && " IRQ);
	expect_event("timer_expire_entry", "(" F1 ")");
	wishes.wakeups = true;
	make_whole();
	expect_event("timer_start", "");
	expect_event("hrtimer_start", "");
}

/* Names that do not fit are left out: more passes. Nothing is ever recorded twice for it. */
static void of_too_many_armers(void)
{
	char armers[3 * 512];

	for (size_t length = 1; length < sizeof(armers); length++) {
		for (unsigned count = 0; count <= 10; count += count == 9 ? 1 : 9) {
			const char *filter;
			size_t end;

			memset(armers, 'x', length);
			armers[length] = '\0';
			describe_kernel();
			wishes.armers = armers;
			wishes.functions = functions;
			wishes.function_count = count;
			CU_ASSERT_EQUAL_FATAL(make(), 0);
			filter = find_tracepoint("timer_start")->filter;
			end = strlen(filter);
			CU_ASSERT_TRUE(end < sizeof(plan.events[0].filter));
			/* whole, or not at all */
			CU_ASSERT_EQUAL(strstr(filter, armers) != NULL,
					strstr(filter, IRQ) != NULL);
			CU_ASSERT_TRUE(!end || filter[end - 1] == ')');
			CU_ASSERT_EQUAL(strstr(filter, F1) != NULL, count == 9);
			wishes.followed = true;
			CU_ASSERT_EQUAL_FATAL(make(), 0);
			filter = find_tracepoint("timer_start")->filter;
			CU_ASSERT_PTR_NOT_NULL(strstr(filter, "!(" IRQ ")"));
			CU_ASSERT_EQUAL(filter[strlen(filter) - 1], ')');
		}
	}
	describe_kernel();
	armers[511 - strlen("( || " IRQ ")")] = '\0';
	wishes.armers = armers;
	make();
	CU_ASSERT_EQUAL(strlen(find_tracepoint("timer_start")->filter), 511);
	armers[511 - strlen("( || " IRQ ")")] = 'x';
	armers[512 - strlen("( || " IRQ ")")] = '\0';
	make();
	expect_event("timer_start", "");
}

/* Each tracepoint that a kernel may lack, and what is said of it. */
static void missing_tracepoints(void)
{
	static const struct {
		enum feature_event feature;
		const char *event, *note;
	} missing[] = {
		{ FEATURE_HRTIMER_INIT, "hrtimer_init", NULL },
		{ FEATURE_HRTIMER_SETUP, "hrtimer_setup", NULL },
		{ FEATURE_HRTIMER_START_EXPIRED, "hrtimer_start_expired", NULL },
		{ FEATURE_TICK_STOP, "tick_stop",
		  "what keeps an idle CPU's tick is not known: this kernel has no tick_stop" },
		{ FEATURE_TIMER_BASE_IDLE, "timer_base_idle", NULL },
		{ FEATURE_LOCAL_TIMER, "local_timer_entry", NULL },
		{ FEATURE_RESCHEDULE, "reschedule_entry", NULL },
		{ FEATURE_CALL_FUNCTION, "call_function_entry", NULL },
		{ FEATURE_CALL_FUNCTION_SINGLE, "call_function_single_entry", NULL },
		{ FEATURE_IRQ_WORK, "irq_work_entry", NULL },
		{ FEATURE_IRQ_HANDLER, "irq_handler_entry", NULL },
	};

	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		size_t count;

		describe_kernel();
		wishes.wakeups = true;
		make_whole();
		count = plan.event_count;
		CU_ASSERT_PTR_NOT_NULL(find_tracepoint(missing[i].event));
		kernel.events[missing[i].feature] = false;
		make_whole();
		CU_ASSERT_EQUAL(plan.event_count, count - 1);
		CU_ASSERT_PTR_NULL(find_tracepoint(missing[i].event));
		if (missing[i].note)
			NOTES(missing[i].note);
		else
			NO_NOTES();
	}
}

static void impossible(void)
{
	describe_kernel();
	kernel.events[FEATURE_TIMER_START] = false;
	CU_ASSERT_EQUAL(make(), -ENOTSUP);
	CU_ASSERT_STRING_EQUAL(err.text, "this kernel has no tracepoints of its timers "
					 "(events/timer of tracefs)");
	describe_kernel();
	kernel.events[FEATURE_HRTIMER_START] = false;
	CU_ASSERT_EQUAL(make(), -ENOTSUP);
	describe_kernel();
	kernel.events[FEATURE_CPU_IDLE] = false;
	make_whole();
	wishes.wakeups = true;
	CU_ASSERT_EQUAL(make(), -ENOTSUP);
	CU_ASSERT_STRING_EQUAL(err.text, "--wakeups: this kernel does not tell when CPUs are idle "
					 "(no tracepoint power:cpu_idle)");
	/* tracepoints alone need no arguments of functions */
	describe_kernel();
	kernel.arg_n = false;
	make_whole();
	wishes.wakeups = true;
	make_whole();
	CU_ASSERT_EQUAL(plan.probe_count, 0);
	wishes.callers = true;
	CU_ASSERT_EQUAL(make(), -ENOTSUP);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "$argN"));
}

static void wakeups(void)
{
	static const struct {
		const char *system, *event;
		enum probe_use use;
	} events[] = {
		{ "power", "cpu_idle", USE_CPU_IDLE },
		{ "irq_vectors", "local_timer_entry", USE_TIMER_IRQ },
		{ "irq_vectors", "reschedule_entry", USE_OTHER_IRQ },
		{ "irq_vectors", "call_function_entry", USE_OTHER_IRQ },
		{ "irq_vectors", "call_function_single_entry", USE_OTHER_IRQ },
		{ "irq_vectors", "irq_work_entry", USE_OTHER_IRQ },
		{ "irq", "irq_handler_entry", USE_OTHER_IRQ },
	};

	describe_kernel();
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		wishes.wakeups = false;
		make_whole();
		CU_ASSERT_PTR_NULL(find_tracepoint(events[i].event));
		wishes.wakeups = true;
		make_whole();
		expect_event(events[i].event, "");
		CU_ASSERT_STRING_EQUAL(find_tracepoint(events[i].event)->system, events[i].system);
		CU_ASSERT_EQUAL(find_tracepoint(events[i].event)->means.use, events[i].use);
	}
	/* elsewhere than on x86 there are no irq_vectors */
	kernel.events[FEATURE_LOCAL_TIMER] = kernel.events[FEATURE_RESCHEDULE] = false;
	make_whole();
	NOTES("what wakes a CPU beside timers is not known: this kernel has no irq_vectors");
	wishes.wakeups = false;
	make_whole();
	NO_NOTES();
}

/* Whose timers from before are: what their callbacks know, if type data tells where. */
static void owners(void)
{
	static const struct {
		const char *event, *symbol, *args;
		enum feature_offset needs[3];
	} probes[] = {
		{ "try_owner_hrtimer_wakeup",
		  "hrtimer_wakeup",
		  "timer=$arg1:x64 pid=+88(+72($arg1)):s32",
		  { OFFSET_SLEEPER_TASK, OFFSET_TASK_PID, OFFSET_TASK_PID } },
		{ "try_owner_process_timeout",
		  "process_timeout",
		  "timer=$arg1:x64 pid=+88(+80($arg1)):s32",
		  { OFFSET_TIMEOUT_TASK, OFFSET_TASK_PID, OFFSET_TASK_PID } },
		{ "try_owner_posix_timer_fn",
		  "posix_timer_fn",
		  "timer=$arg1:x64 pid=+44(-32($arg1)):s32",
		  { OFFSET_ITIMER_PID, OFFSET_ITIMER_IT, OFFSET_PID_NUMBERS } },
		{ "try_owner_it_real_fn",
		  "it_real_fn",
		  "timer=$arg1:x64 pid=+44(+58($arg1)):s32",
		  { OFFSET_SIGNAL_REAL, OFFSET_SIGNAL_PIDS, OFFSET_PID_NUMBERS } },
	};

	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		describe_kernel();
		kernel.offset[OFFSET_SLEEPER_TASK] = 72;
		kernel.offset[OFFSET_TIMEOUT_TASK] = 80;
		kernel.offset[OFFSET_TASK_PID] = 88;
		kernel.offset[OFFSET_ITIMER_PID] = 16;
		kernel.offset[OFFSET_ITIMER_IT] = 48;
		kernel.offset[OFFSET_PID_NUMBERS] = 44;
		kernel.offset[OFFSET_SIGNAL_REAL] = 50;
		kernel.offset[OFFSET_SIGNAL_PIDS] = 100;
		make_whole();
		expect_none(probes[i].event);
		wishes.wakeups = true;
		make_whole();
		CU_ASSERT_EQUAL(plan.probe_count, 4);
		expect_probe(probes[i].event, probes[i].symbol, USE_OWNER, 0, probes[i].args);
		CU_ASSERT_TRUE(find_event(probes[i].event)->anywhere);
		for (int j = 0; j < 3; j++) {
			int kept = kernel.offset[probes[i].needs[j]];

			kernel.offset[probes[i].needs[j]] = -1;
			make_whole();
			expect_none(probes[i].event);
			kernel.offset[probes[i].needs[j]] = kept;
		}
		/* 0 is an offset, too */
		for (int j = 0; j < OFFSET_COUNT; j++)
			kernel.offset[j] = 0;
		make_whole();
		CU_ASSERT_EQUAL(plan.probe_count, 4);
		set_symbol(probes[i].symbol, 0);
		make_whole();
		expect_none(probes[i].event);
		NO_NOTES();
	}
}

static void callers(void)
{
	static const char *const symbols[] = { "mod_timer",
					       "mod_timer_pending",
					       "timer_reduce",
					       "add_timer",
					       "add_timer_on",
					       "add_timer_local",
					       "add_timer_global",
					       "hrtimer_start_range_ns",
					       "hrtimer_start_range_ns_user",
					       "hrtimer_sleeper_start_expires" };
	static const char note[] =
		"which function arms a timer is not known: none that does can be probed";

	for (int arm64 = 0; arm64 < 2; arm64++) {
		describe_kernel();
		wishes.callers = true;
		if (arm64)
			strcpy(kernel.machine, "aarch64");
		make_whole();
		NO_NOTES();
		CU_ASSERT_EQUAL(plan.probe_count, 11);
		for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
			char event[64];

			snprintf(event, sizeof(event), "caller_%s", symbols[i]);
			expect_probe(event, symbols[i], USE_CALLER, 0,
				     arm64 ? "timer=$arg1:x64 caller=%lr:x64"
					   : "timer=$arg1:x64 caller=+0($stack):x64");
			CU_ASSERT_TRUE(find_event(event)->anywhere);
			set_symbol(symbols[i], 0);
			make_whole();
			expect_none(event);
			NO_NOTES();
			set_symbol(symbols[i], 1);
		}
		/* its timer is on its stack */
		expect_probe("caller_schedule_timeout", "schedule_timeout", USE_CALLER, 0,
			     arm64 ? "caller=%lr:x64" : "caller=+0($stack):x64");
		for (size_t i = 0; i < kernel.symbol_count; i++)
			kernel.symbols[i].count = 0;
		make_whole();
		CU_ASSERT_EQUAL(plan.probe_count, 0);
		NOTES(note);
	}
	/* where a function finds who called it is not known everywhere */
	describe_kernel();
	wishes.callers = true;
	strcpy(kernel.machine, "riscv64");
	make_whole();
	CU_ASSERT_EQUAL(plan.probe_count, 0);
	NOTES(note);
	/* what the kernel refuses is not planned again */
	describe_kernel();
	wishes.callers = true;
	make_whole();
	CU_ASSERT_EQUAL(refuse("mod_timer", "no"), 0);
	expect_none("caller_mod_timer");
	CU_ASSERT_EQUAL(plan.probe_count, 10);
}

/* The kernel counts by callback: nothing is recorded but who is who. */
static void counted(void)
{
	static const char *const events[] = { "timer_start", "timer_expire_entry", "hrtimer_start",
					      "hrtimer_expire_entry" };
	char text[TRIGGER_TEXT_MAX];

	describe_kernel();
	wishes.aggregate = true;
	make_whole();
	CU_ASSERT_EQUAL(plan.event_count, 4 + 4);
	CU_ASSERT_EQUAL(plan.probe_count, 0);
	for (size_t i = 0; i < 4; i++) {
		expect_event(events[i], "");
		CU_ASSERT_STRING_EQUAL(plan.events[i].trigger, "hist:keys=function:size=4096");
		CU_ASSERT_STRING_EQUAL(plan.events[4 + i].trigger, "");
		CU_ASSERT_EQUAL(plan_event_trigger(text, &plan.events[i], TRIGGER_COUNTS), 28);
		CU_ASSERT_STRING_EQUAL(text, "hist:keys=function:size=4096");
		plan_event_trigger(text, &plan.events[i], TRIGGER_PAUSES);
		CU_ASSERT_STRING_EQUAL(text, "hist:keys=function:size=4096:pause");
	}
	wishes.functions = functions;
	wishes.function_count = 1;
	make_whole();
	for (size_t i = 0; i < 4; i++) {
		expect_event(events[i], "(" F1 ")");
		plan_event_trigger(text, &plan.events[i], TRIGGER_PAUSES);
		CU_ASSERT_STRING_EQUAL(text, "hist:keys=function:size=4096:pause if (" F1 ")");
	}
}

/* With any wishes, and any two tracepoints missing, a plan is within its limits, and no event
 * is twice in one instance. */
static void limits(void)
{
	for (unsigned lack = 0; lack < FEATURE_EVENTS * FEATURE_EVENTS; lack++) {
		for (unsigned wish = 0; wish < 64; wish++) {
			describe_kernel();
			kernel.events[lack % FEATURE_EVENTS] = false;
			kernel.events[lack / FEATURE_EVENTS] = false;
			wishes.callers = wish & 1;
			wishes.wakeups = wish & 2;
			wishes.followed = wish & 4;
			wishes.functions = functions;
			wishes.function_count = wish & 8 ? 9 : 0;
			wishes.armers = wish & 16 ? "comm == \"fifteen letters\"" : NULL;
			wishes.user_ids = wish & 32;
			if (make() < 0)
				continue;
			check_limits();
			for (size_t i = 0; i < plan.event_count; i++)
				for (size_t j = 0; j < i; j++)
					CU_ASSERT_FALSE(strcmp(plan.events[i].event,
							       plan.events[j].event) == 0 &&
							plan.events[i].anywhere ==
								plan.events[j].anywhere);
		}
	}
}

int suite_plan_kernel_timers(void)
{
	CU_pSuite suite = CU_add_suite("plan_kernel_timers", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, whole_plan) || !CU_ADD_TEST(suite, of_some_callbacks) ||
	    !CU_ADD_TEST(suite, of_some_armers) || !CU_ADD_TEST(suite, of_some_processes) ||
	    !CU_ADD_TEST(suite, of_too_many_armers) || !CU_ADD_TEST(suite, missing_tracepoints) ||
	    !CU_ADD_TEST(suite, impossible) || !CU_ADD_TEST(suite, wakeups) ||
	    !CU_ADD_TEST(suite, owners) || !CU_ADD_TEST(suite, callers) ||
	    !CU_ADD_TEST(suite, counted) || !CU_ADD_TEST(suite, limits))
		return (int)CU_get_error();
	return 0;
}
