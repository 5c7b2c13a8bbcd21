/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/kernel_event_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "timersnoop/kernel_clocks.h"
#include "timersnoop/kernel_stats.h"
#include "timersnoop/line.h"

bool kernel_event_kind_of(const struct kernel_change *change, enum kernel_event_kind *kind)
{
	bool hrtimer = change->arm && change->arm->mechanism == KERNEL_HRTIMER;

	switch (change->what) {
	case KERNEL_MADE:
		*kind = hrtimer ? KERNEL_EVENT_HRTIMER_INIT : KERNEL_EVENT_TIMER_INIT;
		return true;
	case KERNEL_STARTED:
		*kind = hrtimer ? KERNEL_EVENT_HRTIMER_START : KERNEL_EVENT_TIMER_START;
		return true;
	case KERNEL_CANCELLED:
		*kind = hrtimer ? KERNEL_EVENT_HRTIMER_CANCEL : KERNEL_EVENT_TIMER_CANCEL;
		return true;
	case KERNEL_RAN:
		*kind = hrtimer ? KERNEL_EVENT_HRTIMER_EXPIRE : KERNEL_EVENT_TIMER_EXPIRE;
		return true;
	case KERNEL_FIRED:
		/* It has no callback to wait for. */
		*kind = KERNEL_EVENT_HRTIMER_EXPIRE;
		return hrtimer && change->arm->immediate;
	case KERNEL_TICK_STOP:
		*kind = KERNEL_EVENT_TICK_STOP;
		return true;
	case KERNEL_BASE_IDLE:
		*kind = KERNEL_EVENT_BASE_IDLE;
		return true;
	case KERNEL_CPU_IDLE:
		*kind = KERNEL_EVENT_CPU_IDLE;
		return true;
	case KERNEL_WAKEUP:
		*kind = KERNEL_EVENT_WAKEUP;
		return !change->alongside;
	default:
		return false;
	}
}

const char *kernel_waker_name(enum kernel_waker waker)
{
	static const char *const names[WAKER_COUNT] = { "timer", "tick", "other", "none" };

	return names[waker];
}

static const struct kernel_event *event_of(const void *of)
{
	return of;
}

/* The arm that it is about; NULL: none. */
static const struct kernel_arm *arm_of(const void *of)
{
	const struct kernel_event *event = of;

	return event->change ? event->change->arm : NULL;
}

/* What is known of when it was armed; NULL: nothing is. */
static const struct kernel_arm *known_arm(const void *of)
{
	const struct kernel_arm *arm = arm_of(of);

	return arm && !arm->older && event_of(of)->change->what != KERNEL_MADE ? arm : NULL;
}

static uint64_t ns_of(const struct kernel_event *event)
{
	return event->change ? event->change->ts : event->loss->ts;
}

static void get_event(const void *of, struct field_value *value)
{
	value->known = true;
	value->text = event_of(of)->change ? kernel_event_name(event_of(of)->kind) : "lost";
}

static void get_time(const void *of, struct field_value *value)
{
	const struct kernel_event *event = of;

	if (event->style->no_wall || !ns_of(event))
		return;
	*out_utc(value->buffer, event->style, ns_of(event)) = '\0';
	value->known = true;
	value->text = value->buffer;
}

static void get_mono(const void *of, struct field_value *value)
{
	value->number = (int64_t)ns_of(of);
	value->known = value->number;
}

static void get_cpu(const void *of, struct field_value *value)
{
	const struct kernel_event *event = of;

	value->number = event->change ? event->change->cpu : event->loss->cpu;
	value->known = value->number != LOSS_ANYWHERE;
}

static void get_pid(const void *of, struct field_value *value)
{
	const struct caller *who = event_of(of)->who;

	value->known = who;
	value->number = who ? who->pid : 0;
}

static void get_tid(const void *of, struct field_value *value)
{
	const struct caller *who = event_of(of)->who;

	value->known = who;
	value->number = who ? who->tid : 0;
}

static void get_comm(const void *of, struct field_value *value)
{
	const struct kernel_event *event = of;

	if (event->who)
		value->text = event->who->comm;
	else if (event->change && event->change->interrupt)
		value->text = "irq/softirq";
	value->known = value->text;
}

static void get_mechanism(const void *of, struct field_value *value)
{
	const struct kernel_arm *arm = arm_of(of);

	value->known = arm;
	value->text = arm ? kernel_mechanism_name(arm->mechanism) : NULL;
}

static void get_function(const void *of, struct field_value *value, uint64_t address)
{
	struct symbol symbol;

	if (!address)
		return;
	value->known = true;
	if (symbols_find(event_of(of)->symbols, address, &symbol)) {
		value->text = symbol.name;
		return;
	}
	snprintf(value->buffer, sizeof(value->buffer), "0x%" PRIx64, address);
	value->text = value->buffer;
}

static void get_callback(const void *of, struct field_value *value)
{
	if (arm_of(of))
		get_function(of, value, arm_of(of)->function);
}

static void get_module(const void *of, struct field_value *value)
{
	struct symbol symbol;

	if (!arm_of(of) || !symbols_find(event_of(of)->symbols, arm_of(of)->function, &symbol))
		return;
	value->known = true;
	value->text = symbol.module ? symbol.module : "kernel";
}

static void get_caller(const void *of, struct field_value *value)
{
	if (known_arm(of))
		get_function(of, value, known_arm(of)->caller);
}

/* Defines get_NAME of an event whose arm is known. */
#define GET_ARM(name, ...)                                                                         \
	static void get_##name(const void *of, struct field_value *value)                          \
	{                                                                                          \
		const struct kernel_arm *arm = known_arm(of);                                      \
                                                                                                   \
		if (arm) {                                                                         \
			value->known = true;                                                       \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
#define GET_LIST(name, ...)                                                                        \
	GET_ARM(name, value->known = arm->mechanism == KERNEL_TIMER_LIST; __VA_ARGS__)
#define GET_HRTIMER(name, ...)                                                                     \
	GET_ARM(name, value->known = arm->mechanism == KERNEL_HRTIMER && !arm->immediate;          \
		__VA_ARGS__)

static void get_timer(const void *of, struct field_value *value)
{
	value->known = arm_of(of);
	value->count = arm_of(of) ? arm_of(of)->address : 0;
}

/* Of an older arm, too, it may be known whose it is; NULL: nobody is named. */
static const struct kernel_arm *named_arm(const void *of)
{
	const struct kernel_arm *arm = arm_of(of);

	return arm && event_of(of)->change->what != KERNEL_MADE && arm->armer != ARMER_UNKNOWN
		       ? arm
		       : NULL;
}

static void get_armed_pid(const void *of, struct field_value *value)
{
	const struct kernel_arm *arm = named_arm(of);

	value->known = arm && arm->armer == ARMER_TASK;
	value->number = value->known ? arm->who.pid : 0;
}

static void get_armed_comm(const void *of, struct field_value *value)
{
	const struct kernel_arm *arm = named_arm(of);

	value->known = arm;
	value->text = arm && arm->armer == ARMER_TASK ? arm->who.comm : "irq/softirq";
}

GET_ARM(armed_mono, value->number = (int64_t)arm->ts;)
GET_ARM(armed_cpu, value->number = arm->cpu;)
GET_ARM(timeout, value->known = arm->has_timeout; value->number = arm->timeout_ns;)
GET_LIST(timeout_jiffies, value->number = arm->timeout_jiffies;)
GET_LIST(expires_jiffies, value->number = (int64_t)arm->expires;)
GET_LIST(due_jiffies, value->number = (int64_t)arm->due;)
GET_HRTIMER(expires, value->number = arm->asked_ns;)
GET_HRTIMER(slack, value->number = kernel_clocks_minus(arm->latest_ns, arm->asked_ns);)
GET_LIST(deferrable, value->number = (arm->flags & TIMER_FLAG_DEFERRABLE) != 0;)
GET_ARM(pinned, value->number = arm->mechanism == KERNEL_TIMER_LIST
					? (arm->flags & TIMER_FLAG_PINNED) != 0
					: (arm->mode & HRTIMER_MODE_PINNED) != 0;)
GET_LIST(irqsafe, value->number = (arm->flags & TIMER_FLAG_IRQSAFE) != 0;)
GET_HRTIMER(absolute, value->number = !(arm->mode & HRTIMER_MODE_RELATIVE);)
GET_HRTIMER(soft, value->number = (arm->mode & HRTIMER_MODE_SOFT) != 0;)
GET_ARM(replaces, value->number = arm->replaces;)
GET_ARM(rearmed, value->number = arm->rearmed;)
GET_ARM(immediate, value->number = arm->immediate;)
GET_ARM(from_interrupt, value->number = arm->interrupt;)

/* Defines get_NAME of a change. */
#define GET_CHANGE(name, ...)                                                                      \
	static void get_##name(const void *of, struct field_value *value)                          \
	{                                                                                          \
		const struct kernel_change *change = event_of(of)->change;                         \
                                                                                                   \
		if (change) {                                                                      \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

GET_CHANGE(late, value->known = change->has_late; value->number = change->late_ns;)
GET_CHANGE(late_jiffies, value->known = change->has_jiffies; value->number = change->late_jiffies;)
GET_CHANGE(beyond, value->known = change->has_beyond; value->number = change->beyond_ns;)
GET_CHANGE(run, value->known = change->has_run; value->number = change->run_ns;)
GET_CHANGE(migrated, value->known = change->what == KERNEL_RAN && known_arm(of);
	   value->number = change->migrated;)
GET_CHANGE(waker, value->known = change->what == KERNEL_WAKEUP;
	   value->text = kernel_waker_name(change->waker);)
GET_CHANGE(idle_ns, value->known = change->what == KERNEL_WAKEUP; value->number = change->idle_ns;)
GET_CHANGE(idle, value->known = change->what == KERNEL_TICK_STOP ||
				change->what == KERNEL_BASE_IDLE || change->what == KERNEL_CPU_IDLE;
	   value->number = change->idle;)

static void get_dependency(const void *of, struct field_value *value)
{
	const struct kernel_change *change = event_of(of)->change;

	if (!change || change->what != KERNEL_TICK_STOP)
		return;
	value->known = true;
	value->text = "NONE";
	for (unsigned bit = 0; bit < KERNEL_TICK_DEPENDENCIES; bit++)
		if ((uint32_t)change->dependency >> bit & 1)
			value->text = kernel_tick_dependency(bit);
}

static void get_lost(const void *of, struct field_value *value)
{
	const struct loss *loss = event_of(of)->loss;

	value->known = loss && loss->counted;
	value->count = value->known ? loss->records : 0;
}

static const struct field fields[] = {
	{ "event", FIELD_TEXT, NULL, NULL, "its kind, as -e names it; \"lost\" for lost records",
	  get_event },
	{ "time", FIELD_TEXT, NULL, NULL, "time of day, UTC", get_time },
	{ "mono_ns", FIELD_DURATION, NULL, NULL,
	  "CLOCK_MONOTONIC; of an expiry: when its "
	  "callback was called",
	  get_mono },
	{ "cpu", FIELD_NUMBER, NULL, NULL, "the CPU", get_cpu },
	{ "pid", FIELD_NUMBER, NULL, NULL, "process that ran", get_pid },
	{ "tid", FIELD_NUMBER, NULL, NULL, "its thread", get_tid },
	{ "comm", FIELD_TEXT, NULL, NULL, "its name; irq/softirq", get_comm },
	{ "mechanism", FIELD_TEXT, NULL, NULL, "timer_list, hrtimer", get_mechanism },
	{ "callback", FIELD_TEXT, NULL, NULL, "function that is called when it expires",
	  get_callback },
	{ "module", FIELD_TEXT, NULL, NULL, "that it is in; kernel", get_module },
	{ "timer", FIELD_ADDRESS, NULL, NULL, "address of the timer", get_timer },
	{ "armed_pid", FIELD_NUMBER, NULL, NULL, "process that armed it", get_armed_pid },
	{ "armed_comm", FIELD_TEXT, NULL, NULL, "its name; irq/softirq", get_armed_comm },
	{ "armed_ns", FIELD_DURATION, NULL, NULL, "when, CLOCK_MONOTONIC", get_armed_mono },
	{ "armed_cpu", FIELD_NUMBER, NULL, NULL, "on which CPU", get_armed_cpu },
	{ "caller", FIELD_TEXT, NULL, NULL, "function that armed it (--callers)", get_caller },
	{ "timeout_ns", FIELD_DURATION, NULL, NULL, "from arming to expiry, as asked",
	  get_timeout },
	{ "timeout_jiffies", FIELD_NUMBER, NULL, NULL, "the same, timer_list",
	  get_timeout_jiffies },
	{ "expires_jiffies", FIELD_NUMBER, NULL, NULL, "when it is to expire, timer_list",
	  get_expires_jiffies },
	{ "due_jiffies", FIELD_NUMBER, NULL, NULL, "when its wheel looks at it", get_due_jiffies },
	{ "expires_ns", FIELD_DURATION, NULL, NULL, "when it is to expire, hrtimer: on its clock",
	  get_expires },
	{ "slack_ns", FIELD_DURATION, NULL, NULL, "that it may be later", get_slack },
	{ "deferrable", FIELD_BOOL, NULL, NULL, "it does not wake an idle CPU", get_deferrable },
	{ "pinned", FIELD_BOOL, NULL, NULL, "it stays on its CPU", get_pinned },
	{ "irqsafe", FIELD_BOOL, NULL, NULL, "its callback runs with interrupts off", get_irqsafe },
	{ "absolute", FIELD_BOOL, NULL, NULL, "hrtimer: armed for an instant", get_absolute },
	{ "soft", FIELD_BOOL, NULL, NULL, "hrtimer: its callback runs in softirq", get_soft },
	{ "replaces", FIELD_BOOL, NULL, NULL, "it was pending, and is armed anew", get_replaces },
	{ "rearmed", FIELD_BOOL, NULL, NULL, "by its own callback", get_rearmed },
	{ "immediate", FIELD_BOOL, NULL, NULL, "it had expired by then: not queued",
	  get_immediate },
	{ "from_interrupt", FIELD_BOOL, NULL, NULL, "armed in interrupt context",
	  get_from_interrupt },
	{ "late_ns", FIELD_DURATION, NULL, NULL, "after the instant asked for", get_late },
	{ "late_jiffies", FIELD_NUMBER, NULL, NULL, "the same, timer_list", get_late_jiffies },
	{ "beyond_ns", FIELD_DURATION, NULL, NULL, "beyond what wheel or slack allow", get_beyond },
	{ "run_ns", FIELD_DURATION, NULL, NULL, "run time of its callback", get_run },
	{ "migrated", FIELD_BOOL, NULL, NULL, "expired on another CPU than armed", get_migrated },
	{ "waker", FIELD_TEXT, NULL, NULL, "what ended an idle period: timer, tick, other, none",
	  get_waker },
	{ "idle_ns", FIELD_DURATION, NULL, NULL, "how long that was", get_idle_ns },
	{ "is_idle", FIELD_BOOL, NULL, NULL, "the CPU is idle from now on; its tick was stopped",
	  get_idle },
	{ "dependency", FIELD_TEXT, NULL, NULL, "what keeps its tick", get_dependency },
	{ "lost", FIELD_COUNT, NULL, NULL, "records that were lost", get_lost },
};

const struct field_table kernel_event_fields = { fields, sizeof(fields) / sizeof(fields[0]), NULL };
