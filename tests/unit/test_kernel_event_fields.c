/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fields of one event of the kernel's timers are, and as which event it is shown. */
#include <CUnit/Basic.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kernel_fed.h"
#include "outs.h"
#include "records.h"
#include "suites.h"
#include "timersnoop/kernel_event_fields.h"

#define T1 0xffff888000001000ULL

static const struct caller app_thread = { .pid = 42, .tid = 43, .comm = "app" };

static size_t put_value(char *at, const struct field *field, const struct field_value *value)
{
	switch (field->kind) {
	case FIELD_COUNT:
		return (size_t)sprintf(at, " %s=%" PRIu64, field->name, value->count);
	case FIELD_ADDRESS:
		return (size_t)sprintf(at, " %s=0x%" PRIx64, field->name, value->count);
	case FIELD_TEXT:
		return (size_t)sprintf(at, " %s='%s'", field->name, value->text);
	case FIELD_BOOL:
		return (size_t)sprintf(at, " %s%s", value->number ? "" : "!", field->name);
	default:
		return (size_t)sprintf(at, " %s=%" PRId64, field->name, value->number);
	}
}

/* " name=value" of each field that is known; of those that are so or not, " name" or " !name". */
static void expect_fields(const struct kernel_event *of, const char *expected)
{
	struct symbols *symbols = fed_symbols();
	struct kernel_event event = *of;
	char found[4096] = "";
	size_t used = 0;

	event.symbols = symbols;
	for (size_t i = 0; i < kernel_event_fields.count; i++) {
		const struct field *field = &kernel_event_fields.fields[i];
		struct field_value value;

		field_get(field, &event, &value);
		if (value.known)
			used += put_value(found + used, field, &value);
	}
	symbols_free(symbols);
	CU_ASSERT_STRING_EQUAL(found, expected);
	if (strcmp(found, expected) != 0)
		fprintf(stderr, "\n  found:    %s\n  expected: %s\n", found, expected);
}

static void expect_change(const struct kernel_change *change, const struct caller *who,
			  const char *expected)
{
	struct kernel_event event = { .style = &plain, .change = change, .who = who };

	CU_ASSERT_TRUE(kernel_event_kind_of(change, &event.kind));
	expect_fields(&event, expected);
}

static struct kernel_change change_of(enum kernel_what what, const struct kernel_arm *arm)
{
	struct kernel_change change = fed_change_of(what, arm);

	change.ts = START_NS;
	return change;
}

static struct kernel_arm arm_of(struct kernel_arm arm)
{
	arm.ts = START_NS - 7;
	arm.cpu = 2;
	arm.caller = FN_SEND + 9;
	return arm;
}

/* --- kinds ----------------------------------------------------------------------------------- */

static void kinds(void)
{
	static const struct {
		enum kernel_what what;
		int arm; /* 0 none, 1 timer_list, 2 hrtimer */
		bool immediate, alongside;
		const char *name; /* NULL: it is not shown */
	} cases[] = {
		{ KERNEL_MADE, 1, false, false, "timer_init" },
		{ KERNEL_MADE, 2, false, false, "hrtimer_init" },
		{ KERNEL_STARTED, 1, false, false, "timer_start" },
		{ KERNEL_STARTED, 2, false, false, "hrtimer_start" },
		{ KERNEL_REPLACED, 1, false, false, NULL },
		{ KERNEL_REPLACED, 2, false, false, NULL },
		{ KERNEL_CANCELLED, 1, false, false, "timer_cancel" },
		{ KERNEL_CANCELLED, 2, false, false, "hrtimer_cancel" },
		{ KERNEL_FIRED, 1, false, false, NULL },
		{ KERNEL_FIRED, 2, false, false, NULL },
		{ KERNEL_FIRED, 2, true, false, "hrtimer_expire" },
		{ KERNEL_RAN, 1, false, false, "timer_expire" },
		{ KERNEL_RAN, 2, false, false, "hrtimer_expire" },
		{ KERNEL_VANISHED, 1, false, false, NULL },
		{ KERNEL_OWNED, 2, false, false, NULL },
		{ KERNEL_TICK_STOP, 0, false, false, "tick_stop" },
		{ KERNEL_BASE_IDLE, 0, false, false, "base_idle" },
		{ KERNEL_CPU_IDLE, 0, false, false, "cpu_idle" },
		{ KERNEL_WAKEUP, 0, false, false, "wakeup" },
		{ KERNEL_WAKEUP, 1, false, false, "wakeup" },
		{ KERNEL_WAKEUP, 2, false, true, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kernel_arm arm =
			cases[i].arm == 1 ? fed_list(FN_TCP, T1) : fed_hrtimer(FN_WAKE, T1);
		struct kernel_change change = change_of(cases[i].what, cases[i].arm ? &arm : NULL);
		enum kernel_event_kind kind = KERNEL_EVENT_COUNT;
		bool shown;

		arm.immediate = cases[i].immediate;
		change.alongside = cases[i].alongside;
		shown = kernel_event_kind_of(&change, &kind);
		CU_ASSERT_EQUAL(shown, cases[i].name != NULL);
		if (shown && cases[i].name)
			CU_ASSERT_STRING_EQUAL(kernel_event_name(kind), cases[i].name);
	}
	CU_ASSERT_STRING_EQUAL(kernel_waker_name(WAKER_TIMER), "timer");
	CU_ASSERT_STRING_EQUAL(kernel_waker_name(WAKER_TICK), "tick");
	CU_ASSERT_STRING_EQUAL(kernel_waker_name(WAKER_OTHER), "other");
	CU_ASSERT_STRING_EQUAL(kernel_waker_name(WAKER_NONE), "none");
}

/* --- arms ------------------------------------------------------------------------------------- */

#define AT " time='2026-11-21T12:00:00.123456789Z' mono_ns=100123456789 cpu=1"
#define BY_APP " pid=42 tid=43 comm='app'"
#define ARMED " armed_pid=42 armed_comm='app' armed_ns=100123456782 armed_cpu=2 caller='tcp_send'"

static void timer_list_arms(void)
{
	struct kernel_arm arm = arm_of(fed_list(FN_TCP, T1));
	struct kernel_change change = change_of(KERNEL_STARTED, &arm);

	arm.expires = 4294900000;
	arm.due = 4294900008;
	expect_change(&change, &app_thread,
		      " event='timer_start'" AT BY_APP
		      " mechanism='timer_list' callback='tcp_write_timer' module='kernel' "
		      "timer=0xffff888000001000" ARMED " timeout_ns=1000000000 "
		      "timeout_jiffies=250 expires_jiffies=4294900000 due_jiffies=4294900008 "
		      "!deferrable !pinned !irqsafe !replaces !rearmed !immediate "
		      "!from_interrupt");
	arm.flags = TIMER_FLAG_DEFERRABLE | TIMER_FLAG_PINNED | TIMER_FLAG_IRQSAFE;
	arm.replaces = arm.rearmed = arm.interrupt = true;
	arm.armer = ARMER_INTERRUPT;
	arm.has_timeout = false;
	arm.caller = FN_NOWHERE;
	arm.function = FN_POLL;
	change.interrupt = true;
	expect_change(&change, NULL,
		      " event='timer_start'" AT " comm='irq/softirq' mechanism='timer_list' "
		      "callback='drv_poll' module='drv' timer=0xffff888000001000 "
		      "armed_comm='irq/softirq' armed_ns=100123456782 armed_cpu=2 "
		      "caller='0xffffffff90000000' timeout_jiffies=250 "
		      "expires_jiffies=4294900000 due_jiffies=4294900008 deferrable pinned "
		      "irqsafe replaces rearmed !immediate from_interrupt");
	arm.armer = ARMER_UNKNOWN;
	arm.caller = 0;
	arm.function = FN_NOWHERE;
	change.interrupt = false;
	arm.flags = 0;
	expect_change(&change, NULL,
		      " event='timer_start'" AT " mechanism='timer_list' "
		      "callback='0xffffffff90000000' timer=0xffff888000001000 "
		      "armed_ns=100123456782 armed_cpu=2 timeout_jiffies=250 "
		      "expires_jiffies=4294900000 due_jiffies=4294900008 !deferrable !pinned "
		      "!irqsafe replaces rearmed !immediate from_interrupt");
}

static void hrtimer_arms(void)
{
	struct kernel_arm arm = arm_of(fed_hrtimer(FN_WAKE, T1));
	struct kernel_change change = change_of(KERNEL_STARTED, &arm);

	arm.asked_ns = 101123456782;
	arm.latest_ns = 101123506782;
	arm.mode = HRTIMER_MODE_RELATIVE | HRTIMER_MODE_SOFT;
	expect_change(&change, &app_thread,
		      " event='hrtimer_start'" AT BY_APP
		      " mechanism='hrtimer' callback='hrtimer_wakeup' module='kernel' "
		      "timer=0xffff888000001000" ARMED " timeout_ns=1000000000 "
		      "expires_ns=101123456782 slack_ns=50000 !pinned !absolute soft !replaces "
		      "!rearmed !immediate !from_interrupt");
	arm.mode = HRTIMER_MODE_PINNED;
	arm.asked_ns = INT64_MIN;
	arm.latest_ns = INT64_MAX;
	expect_change(&change, &app_thread,
		      " event='hrtimer_start'" AT BY_APP
		      " mechanism='hrtimer' callback='hrtimer_wakeup' module='kernel' "
		      "timer=0xffff888000001000" ARMED " timeout_ns=1000000000 "
		      "expires_ns=-9223372036854775808 slack_ns=9223372036854775807 pinned "
		      "absolute !soft !replaces !rearmed !immediate !from_interrupt");
	/* not queued: its mode and slack mean nothing */
	change = change_of(KERNEL_FIRED, &arm);
	arm.immediate = true;
	expect_change(&change, &app_thread,
		      " event='hrtimer_expire'" AT BY_APP
		      " mechanism='hrtimer' callback='hrtimer_wakeup' module='kernel' "
		      "timer=0xffff888000001000" ARMED " timeout_ns=1000000000 pinned !replaces "
		      "!rearmed immediate !from_interrupt");
}

/* Of an arm from before, as of what was only made, no more is known than whose it is. */
static void unknown_arms(void)
{
	struct kernel_arm arm = fed_older(arm_of(fed_list(FN_TCP, T1)));
	struct kernel_change change = change_of(KERNEL_CANCELLED, &arm);

	expect_change(&change, &app_thread,
		      " event='timer_cancel'" AT BY_APP " mechanism='timer_list' "
		      "callback='tcp_write_timer' module='kernel' timer=0xffff888000001000");
	arm.function = 0;
	expect_change(&change, &app_thread,
		      " event='timer_cancel'" AT BY_APP
		      " mechanism='timer_list' timer=0xffff888000001000");
	/* but for whose it is, which its callback may have told */
	arm.armer = ARMER_TASK;
	arm.who = app_thread;
	expect_change(&change, NULL,
		      " event='timer_cancel'" AT " mechanism='timer_list' "
		      "timer=0xffff888000001000 armed_pid=42 armed_comm='app'");
	arm.armer = ARMER_INTERRUPT;
	expect_change(&change, NULL,
		      " event='timer_cancel'" AT " mechanism='timer_list' "
		      "timer=0xffff888000001000 armed_comm='irq/softirq'");
	arm = arm_of(fed_hrtimer(0, T1));
	change.what = KERNEL_MADE;
	expect_change(&change, &app_thread,
		      " event='hrtimer_init'" AT BY_APP
		      " mechanism='hrtimer' timer=0xffff888000001000");
}

static void expiries(void)
{
	struct kernel_arm arm = arm_of(fed_list(FN_TCP, T1));
	struct kernel_change change = change_of(KERNEL_RAN, &arm);

	arm.has_timeout = false;
	arm.timeout_jiffies = 1;
	change.interrupt = true;
	expect_change(&change, NULL,
		      " event='timer_expire'" AT " comm='irq/softirq' mechanism='timer_list' "
		      "callback='tcp_write_timer' module='kernel' timer=0xffff888000001000" ARMED
		      " timeout_jiffies=1 expires_jiffies=0 due_jiffies=0 !deferrable !pinned "
		      "!irqsafe !replaces !rearmed !immediate !from_interrupt !migrated");
	change.has_late = change.has_beyond = change.has_jiffies = change.has_run = true;
	change.late_ns = 5;
	change.late_jiffies = 6;
	change.beyond_ns = -7;
	change.run_ns = 8;
	change.migrated = true;
	arm = fed_older(arm);
	/* what is not known to have been armed cannot have moved */
	expect_change(&change, NULL,
		      " event='timer_expire'" AT " comm='irq/softirq' mechanism='timer_list' "
		      "callback='tcp_write_timer' module='kernel' timer=0xffff888000001000 "
		      "late_ns=5 late_jiffies=6 beyond_ns=-7 run_ns=8");
	arm = arm_of(fed_hrtimer(FN_WAKE, T1));
	arm.asked_ns = arm.latest_ns = 1;
	change.has_jiffies = change.has_beyond = change.has_run = false;
	expect_change(&change, NULL,
		      " event='hrtimer_expire'" AT " comm='irq/softirq' mechanism='hrtimer' "
		      "callback='hrtimer_wakeup' module='kernel' timer=0xffff888000001000" ARMED
		      " timeout_ns=1000000000 expires_ns=1 slack_ns=0 !pinned !absolute !soft "
		      "!replaces !rearmed !immediate !from_interrupt late_ns=5 migrated");
}

/* --- idle CPUs ------------------------------------------------------------------------------- */

static void idle(void)
{
	static const struct caller swapper = { .comm = "swapper/1" };
	static const struct {
		int32_t dependency;
		const char *text;
	} dependencies[] = {
		{ 0, "NONE" },     { 1, "POSIX_TIMER" },    { 2, "PERF_EVENTS" },
		{ 4, "SCHED" },    { 8, "CLOCK_UNSTABLE" }, { 16, "RCU" },
		{ 32, "RCU_EXP" }, { 64, "OTHER" },         { 128, "OTHER" },
		{ 256, "NONE" },
	};
	struct kernel_arm arm = arm_of(fed_list(FN_TCP, T1));
	struct kernel_change change = change_of(KERNEL_TICK_STOP, NULL);

	change.tid = 0;
	for (size_t i = 0; i < sizeof(dependencies) / sizeof(dependencies[0]); i++) {
		char expected[200];

		change.dependency = dependencies[i].dependency;
		change.idle = !dependencies[i].dependency;
		snprintf(expected, sizeof(expected),
			 " event='tick_stop'" AT " pid=0 tid=0 comm='swapper/1' %sis_idle "
			 "dependency='%s'",
			 change.idle ? "" : "!", dependencies[i].text);
		expect_change(&change, &swapper, expected);
	}
	change.idle = true;
	change.what = KERNEL_BASE_IDLE;
	expect_change(&change, &swapper,
		      " event='base_idle'" AT " pid=0 tid=0 comm='swapper/1' is_idle");
	change.what = KERNEL_CPU_IDLE;
	change.idle = false;
	expect_change(&change, &swapper,
		      " event='cpu_idle'" AT " pid=0 tid=0 comm='swapper/1' !is_idle");
	change = change_of(KERNEL_WAKEUP, NULL);
	change.interrupt = true;
	change.idle_ns = 77;
	change.waker = WAKER_OTHER;
	expect_change(&change, NULL,
		      " event='wakeup'" AT " comm='irq/softirq' waker='other' idle_ns=77");
	change.arm = &arm;
	change.waker = WAKER_TIMER;
	expect_change(&change, NULL,
		      " event='wakeup'" AT " comm='irq/softirq' mechanism='timer_list' "
		      "callback='tcp_write_timer' module='kernel' timer=0xffff888000001000" ARMED
		      " timeout_ns=1000000000 timeout_jiffies=250 expires_jiffies=0 due_jiffies=0 "
		      "!deferrable !pinned !irqsafe !replaces !rearmed !immediate "
		      "!from_interrupt waker='timer' idle_ns=77");
}

/* --- the rest ---------------------------------------------------------------------------------- */

static void losses(void)
{
	struct loss loss = { .cpu = 3, .counted = true, .records = 12, .ts = START_NS };
	struct kernel_event event = { .style = &plain, .loss = &loss };
	struct out_style style = plain;

	expect_fields(&event, " event='lost' time='2026-11-21T12:00:00.123456789Z' "
			      "mono_ns=100123456789 cpu=3 lost=12");
	loss.counted = false;
	expect_fields(&event, " event='lost' time='2026-11-21T12:00:00.123456789Z' "
			      "mono_ns=100123456789 cpu=3");
	/* at the end of all, which has no time; or the time of day is not known */
	loss.ts = 0;
	expect_fields(&event, " event='lost' cpu=3");
	loss.ts = 5;
	style.no_wall = true;
	event.style = &style;
	expect_fields(&event, " event='lost' mono_ns=5 cpu=3");
}

static void no_wall(void)
{
	struct out_style style = plain;
	struct kernel_change change = change_of(KERNEL_CPU_IDLE, NULL);
	struct kernel_event event = { .style = &style, .change = &change };

	style.no_wall = true;
	event.kind = KERNEL_EVENT_CPU_IDLE;
	expect_fields(&event, " event='cpu_idle' mono_ns=100123456789 cpu=1 !is_idle");
}

int suite_kernel_event_fields(void)
{
	CU_pSuite suite = CU_add_suite("kernel_event_fields", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, kinds) || !CU_ADD_TEST(suite, timer_list_arms) ||
	    !CU_ADD_TEST(suite, hrtimer_arms) || !CU_ADD_TEST(suite, unknown_arms) ||
	    !CU_ADD_TEST(suite, expiries) || !CU_ADD_TEST(suite, idle) ||
	    !CU_ADD_TEST(suite, losses) || !CU_ADD_TEST(suite, no_wall))
		return (int)CU_get_error();
	return 0;
}
