/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own timers: its tracepoints, and probes that tell which function arms them.
 *
 * Of some processes only what they arm is recorded: in their own instance, which looks
 * at the task that is running. What interrupts arm goes on from there, and is in the other
 * instance, as is all that becomes of timers.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "timersnoop/plan_parts.h"

/* In interrupt context, hard or soft: see FLAGS_INTERRUPT of decode.c. */
#define INTERRUPT "common_flags & 24"

/*
 * Functions that arm a timer, by whom they are called. One may call another: the
 * first of them has the answer.
 */
const char *const plan_kernel_symbols[] = {
	"mod_timer",
	"mod_timer_pending",
	"timer_reduce",
	"add_timer",
	"add_timer_on",
	"add_timer_local",
	"add_timer_global",
	"schedule_timeout", /* its timer is on its stack */
	"hrtimer_start_range_ns",
	"hrtimer_start_range_ns_user",
	"hrtimer_sleeper_start_expires",
	NULL,
};

/* Callbacks of timers that know whose they are, besides those that other plans probe. */
const char *const plan_kernel_callbacks[] = { "hrtimer_wakeup", "process_timeout", NULL };

struct tracepoint {
	enum feature_event needs; /* FEATURE_EVENTS: its mechanism has it for sure */
	enum probe_use use;
	const char *system;
	const char *event;
	const char *why;
	bool callback; /* it tells the function that is called */
	bool arms;
};

static const struct tracepoint timer_list[] = {
	{ FEATURE_EVENTS, USE_TIMER_INIT, "timer", "timer_init", "addresses that are used again",
	  false, false },
	{ FEATURE_EVENTS, USE_TIMER_START, "timer", "timer_start", "timers that are armed", true,
	  true },
	{ FEATURE_EVENTS, USE_TIMER_CANCEL, "timer", "timer_cancel", "and end, or are armed anew",
	  false, false },
	{ FEATURE_EVENTS, USE_TIMER_EXPIRE, "timer", "timer_expire_entry", "callbacks that run",
	  true, false },
	{ FEATURE_EVENTS, USE_TIMER_EXIT, "timer", "timer_expire_exit", "and for how long", false,
	  false },
};

static const struct tracepoint hrtimer[] = {
	{ FEATURE_HRTIMER_INIT, USE_HRTIMER_SETUP, "timer", "hrtimer_init",
	  "clocks, and addresses that are used again", false, false },
	{ FEATURE_HRTIMER_SETUP, USE_HRTIMER_SETUP, "timer", "hrtimer_setup",
	  "clocks, and addresses that are used again", false, false },
	{ FEATURE_EVENTS, USE_HRTIMER_START, "timer", "hrtimer_start", "timers that are armed",
	  true, true },
	{ FEATURE_HRTIMER_START_EXPIRED, USE_HRTIMER_EXPIRED, "timer", "hrtimer_start_expired",
	  "those that had expired by then", false, false },
	{ FEATURE_EVENTS, USE_HRTIMER_CANCEL, "timer", "hrtimer_cancel", "those that are cancelled",
	  false, false },
	{ FEATURE_EVENTS, USE_HRTIMER_EXPIRE, "timer", "hrtimer_expire_entry", "callbacks that run",
	  true, false },
	{ FEATURE_EVENTS, USE_HRTIMER_EXIT, "timer", "hrtimer_expire_exit", "and for how long",
	  false, false },
};

/* The tick and the wheel of an idle CPU; rare events. */
static const struct tracepoint idle[] = {
	{ FEATURE_TICK_STOP, USE_TICK_STOP, "timer", "tick_stop",
	  "idle CPUs without a tick, or why they have one", false, false },
	{ FEATURE_TIMER_BASE_IDLE, USE_BASE_IDLE, "timer", "timer_base_idle",
	  "idle CPUs whose timers others look after", false, false },
};

static const struct tracepoint wakeups[] = {
	{ FEATURE_CPU_IDLE, USE_CPU_IDLE, "power", "cpu_idle", "when CPUs are idle", false, false },
	{ FEATURE_LOCAL_TIMER, USE_TIMER_IRQ, "irq_vectors", "local_timer_entry",
	  "timer interrupts", false, false },
	{ FEATURE_RESCHEDULE, USE_OTHER_IRQ, "irq_vectors", "reschedule_entry",
	  "other things that wake a CPU", false, false },
	{ FEATURE_CALL_FUNCTION, USE_OTHER_IRQ, "irq_vectors", "call_function_entry",
	  "other things that wake a CPU", false, false },
	{ FEATURE_CALL_FUNCTION_SINGLE, USE_OTHER_IRQ, "irq_vectors", "call_function_single_entry",
	  "other things that wake a CPU", false, false },
	{ FEATURE_IRQ_WORK, USE_OTHER_IRQ, "irq_vectors", "irq_work_entry",
	  "other things that wake a CPU", false, false },
	{ FEATURE_IRQ_HANDLER, USE_OTHER_IRQ, "irq", "irq_handler_entry",
	  "other things that wake a CPU", false, false },
};

/* A filter of conditions that are joined by &&. */
struct conditions {
	char text[sizeof(((struct plan_event *)NULL)->filter)];
};

/* One that does not fit is left out: more passes then, which is sorted out later. */
static void __attribute__((format(printf, 2, 3)))
add_condition(struct conditions *to, const char *format, ...)
{
	const size_t used = strlen(to->text), size = sizeof(to->text);
	size_t length =
		used + (size_t)snprintf(to->text + used, size - used, "%s", used ? " && " : "");
	va_list values;

	va_start(values, format);
	if (length < size)
		length += (size_t)vsnprintf(to->text + length, size - length, format, values);
	va_end(values);
	if (length >= size)
		to->text[used] = '\0';
}

/* "(function == 0x... || ...)"; empty: none is asked for, or they are too many. */
static void callback_condition(const struct plan_maker *maker, struct conditions *to)
{
	const struct plan_wishes *wishes = maker->wishes;
	char text[320] = "(";
	size_t used = 1;

	/* What wakes a CPU may be any. */
	if (!wishes->function_count || wishes->wakeups)
		return;
	for (size_t i = 0; i < wishes->function_count; i++) {
		int length = snprintf(text + used, sizeof(text) - used, "%sfunction == 0x%" PRIx64,
				      i ? " || " : "", wishes->functions[i]);

		if ((size_t)length + 2 > sizeof(text) - used)
			return;
		used += (size_t)length;
	}
	text[used++] = ')';
	text[used] = '\0';
	add_condition(to, "%s", text);
}

static void add_event(struct plan_maker *maker, const struct tracepoint *tracepoint, bool anywhere,
		      const struct conditions *conditions)
{
	struct plan_event event = { .means = { .use = tracepoint->use }, .anywhere = anywhere };

	snprintf(event.system, sizeof(event.system), "%s", tracepoint->system);
	snprintf(event.event, sizeof(event.event), "%s", tracepoint->event);
	snprintf(event.why, sizeof(event.why), "%s", tracepoint->why);
	memcpy(event.filter, conditions->text, sizeof(event.filter));
	plan_event(maker, &event);
}

/* What interrupts arm need not be for anybody who is asked for. */
static bool selects_armers(const struct plan_maker *maker)
{
	return !maker->wishes->wakeups && (maker->wishes->followed || maker->wishes->armers);
}

static void plan_arms(struct plan_maker *maker, const struct tracepoint *tracepoint)
{
	struct conditions all = { "" }, tasks = { "" }, interrupts = { "" };

	callback_condition(maker, &all);
	if (!selects_armers(maker)) {
		add_event(maker, tracepoint, true, &all);
		return;
	}
	tasks = interrupts = all;
	if (!maker->wishes->followed) {
		add_condition(&tasks, "(%s || " INTERRUPT ")", maker->wishes->armers);
		add_event(maker, tracepoint, true, &tasks);
		return;
	}
	/* That no arm is recorded in both instances comes first. */
	add_condition(&tasks, "!(" INTERRUPT ")");
	add_condition(&interrupts, INTERRUPT);
	if (maker->wishes->armers)
		add_condition(&tasks, "(%s)", maker->wishes->armers);
	add_event(maker, tracepoint, false, &tasks);
	add_event(maker, tracepoint, true, &interrupts);
}

static void plan_tracepoints(struct plan_maker *maker, const struct tracepoint *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct conditions conditions = { "" };

		if (list[i].needs != FEATURE_EVENTS && !maker->features->events[list[i].needs])
			continue;
		if (list[i].arms) {
			plan_arms(maker, &list[i]);
			continue;
		}
		if (list[i].callback)
			callback_condition(maker, &conditions);
		add_event(maker, &list[i], true, &conditions);
	}
}

/* What tells the function that is called can be counted by it, where it happens. */
static void plan_counts(struct plan_maker *maker, const struct tracepoint *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct conditions conditions = { "" };

		if (!list[i].callback)
			continue;
		callback_condition(maker, &conditions);
		add_event(maker, &list[i], true, &conditions);
		snprintf(maker->plan->events[maker->plan->event_count - 1].trigger,
			 sizeof(maker->plan->events[0].trigger), "hist:keys=function:size=4096");
	}
}

static void plan_callers(struct plan_maker *maker)
{
	const char *address = maker->arch ? maker->arch->return_address : NULL;
	bool any = false;

	for (const char *const *name = plan_kernel_symbols; address && *name; name++) {
		struct probe probe = { .means = { .use = USE_CALLER }, .anywhere = true };
		bool on_stack = strcmp(*name, "schedule_timeout") == 0;
		char event[sizeof(probe.event)];

		snprintf(event, sizeof(event), PLAN_CALLER_PREFIX "%s", *name);
		any |= plan_probe(maker, &probe, event, *name, "who arms timers", "%scaller=%s:x64",
				  on_stack ? "" : "timer=$arg1:x64 ", address);
	}
	if (!any)
		plan_note(maker, "which function arms a timer is not known: none that does can be "
				 "probed");
}

/* Misses mean no more than that nobody is named. */
static void plan_owner(struct plan_maker *maker, const char *callback, const char *pid)
{
	struct probe probe = { .means = { .use = USE_OWNER }, .anywhere = true };
	char event[sizeof(probe.event)];

	snprintf(event, sizeof(event), TRY_PREFIX PLAN_OWNER_PREFIX "%s", callback);
	plan_probe(maker, &probe, event, callback, "whose timers from before tracing are",
		   "timer=$arg1:x64 pid=%s:s32", pid);
}

/* Timers that were armed before tracing began tell whom they serve. */
static void plan_owners(struct plan_maker *maker)
{
	const int *offset = maker->features->offset;
	int it = offset[OFFSET_ITIMER_IT], real = offset[OFFSET_SIGNAL_REAL];
	int task = offset[OFFSET_TASK_PID], number = offset[OFFSET_PID_NUMBERS];
	char pid[64];

	if (!maker->features->arg_n)
		return;
	if (offset[OFFSET_SLEEPER_TASK] >= 0 && task >= 0) {
		snprintf(pid, sizeof(pid), "+%d(+%d($arg1))", task, offset[OFFSET_SLEEPER_TASK]);
		plan_owner(maker, "hrtimer_wakeup", pid);
	}
	if (offset[OFFSET_TIMEOUT_TASK] >= 0 && task >= 0) {
		snprintf(pid, sizeof(pid), "+%d(+%d($arg1))", task, offset[OFFSET_TIMEOUT_TASK]);
		plan_owner(maker, "process_timeout", pid);
	}
	if (it >= 0 && offset[OFFSET_ITIMER_PID] >= 0 && number >= 0) {
		snprintf(pid, sizeof(pid), "+%d(%+d($arg1))", number,
			 offset[OFFSET_ITIMER_PID] - it);
		plan_owner(maker, "posix_timer_fn", pid);
	}
	/* signal->pids[PIDTYPE_TGID], the second */
	if (real >= 0 && offset[OFFSET_SIGNAL_PIDS] >= 0 && number >= 0) {
		snprintf(pid, sizeof(pid), "+%d(%+d($arg1))", number,
			 offset[OFFSET_SIGNAL_PIDS] + 8 - real);
		plan_owner(maker, "it_real_fn", pid);
	}
}

static void tell_limits(struct plan_maker *maker)
{
	const bool *events = maker->features->events;

	if (!events[FEATURE_TICK_STOP])
		plan_note(maker, "what keeps an idle CPU's tick is not known: this kernel has no "
				 "tick_stop");
	if (maker->wishes->wakeups && !events[FEATURE_LOCAL_TIMER] && !events[FEATURE_RESCHEDULE])
		plan_note(maker, "what wakes a CPU beside timers is not known: this kernel has no "
				 "irq_vectors");
}

int plan_kernel(struct plan_maker *maker, struct error *err)
{
	const bool *events = maker->features->events;

	if (!events[FEATURE_TIMER_START] || !events[FEATURE_HRTIMER_START])
		return error_set(err, ENOTSUP,
				 "this kernel has no tracepoints of its timers "
				 "(events/timer of tracefs)");
	if (maker->wishes->wakeups && !events[FEATURE_CPU_IDLE])
		return error_set(err, ENOTSUP,
				 "--wakeups: this kernel does not tell when CPUs are idle (no "
				 "tracepoint power:cpu_idle)");
	if (maker->wishes->aggregate) {
		plan_counts(maker, timer_list, sizeof(timer_list) / sizeof(timer_list[0]));
		plan_counts(maker, hrtimer, sizeof(hrtimer) / sizeof(hrtimer[0]));
		return 0;
	}
	plan_tracepoints(maker, timer_list, sizeof(timer_list) / sizeof(timer_list[0]));
	plan_tracepoints(maker, hrtimer, sizeof(hrtimer) / sizeof(hrtimer[0]));
	plan_tracepoints(maker, idle, sizeof(idle) / sizeof(idle[0]));
	if (maker->wishes->wakeups) {
		plan_tracepoints(maker, wakeups, sizeof(wakeups) / sizeof(wakeups[0]));
		plan_owners(maker);
	}
	if (maker->wishes->callers)
		plan_callers(maker);
	tell_limits(maker);
	return 0;
}
