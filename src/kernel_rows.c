/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be asked of the figures of the kernel's timers, and of idle CPUs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "timersnoop/kernel_stats.h"

/* enum tick_dep_bits, linux/tick.h */
const char *kernel_tick_dependency(unsigned bit)
{
	static const char *const names[] = { "POSIX_TIMER",    "PERF_EVENTS", "SCHED",
					     "CLOCK_UNSTABLE", "RCU",         "RCU_EXP" };

	return bit < sizeof(names) / sizeof(names[0]) ? names[bit] : "OTHER";
}

/* Defines get_NAME. */
#define GET(name, ...)                                                                             \
	static void get_##name(const void *of, struct field_value *value)                          \
	{                                                                                          \
		const struct kernel_row *row = of;                                                 \
                                                                                                   \
		__VA_ARGS__                                                                        \
	}
/* What the kernel counts, and what it does not. */
#define GET_COUNTED(name) GET(name, value->known = true; value->count = row->name;)
#define GET_COUNT(name) GET(name, value->known = !row->counted; value->count = row->name;)
#define GET_WAKE(name) GET(name, value->known = row->wakes; value->count = row->name;)
#define GET_QUANTILES(name)                                                                        \
	GET(name##_min, value->known = row->name.count; value->number = row->name.min;)            \
	GET(name##_median, value->known = row->name.count;                                         \
	    value->number = distribution_quantile(&row->name, 500);)                               \
	GET(name##_p99, value->known = row->name.count;                                            \
	    value->number = distribution_quantile(&row->name, 990);)                               \
	GET(name##_max, value->known = row->name.count; value->number = row->name.max;)

GET(event, value->known = true; value->text = row->sum ? "total" : "kernel";)

static void get_function(struct field_value *value, const struct symbol *symbol, uint64_t address)
{
	value->known = symbol->name || address;
	value->text = symbol->name;
	if (!symbol->name) {
		snprintf(value->buffer, sizeof(value->buffer), "0x%" PRIx64, address);
		value->text = value->buffer;
	}
}

static void get_callback(const void *of, struct field_value *value)
{
	const struct kernel_row *row = of;

	if (row->by & KERNEL_BY_CALLBACK)
		get_function(value, &row->callback, row->function);
}

static void get_module(const void *of, struct field_value *value)
{
	const struct kernel_row *row = of;
	bool known = row->callback.module || row->callback.name ||
		     (!(row->by & KERNEL_BY_CALLBACK) && row->function);

	value->known = row->by & (KERNEL_BY_CALLBACK | KERNEL_BY_MODULE) && known;
	value->text = row->callback.module ? row->callback.module : "kernel";
}

GET(mechanism, value->known = row->has_mechanism;
    value->text = row->has_mechanism ? kernel_mechanism_name(row->mechanism) : NULL;)
static void get_kind(const void *of, struct field_value *value)
{
	const struct kernel_row *row = of;

	value->text = kernel_timer_kind(row->callback.name);
	value->known = value->text;
}

GET(pid, value->known = row->by & KERNEL_BY_PROCESS && row->armer == ARMER_TASK;
    value->number = row->pid;)

static void get_comm(const void *of, struct field_value *value)
{
	const struct kernel_row *row = of;

	value->known =
		row->by & (KERNEL_BY_PROCESS | KERNEL_BY_COMM) && row->armer != ARMER_UNKNOWN;
	value->text = row->armer == ARMER_INTERRUPT ? "irq/softirq" : row->comm;
}

GET(cpu, value->known = row->cpu >= 0; value->number = row->cpu;)

static void get_caller(const void *of, struct field_value *value)
{
	const struct kernel_row *row = of;

	if (row->by & KERNEL_BY_CALLER)
		get_function(value, &row->caller_symbol, row->caller);
}

GET(timer, value->known = row->address; value->count = row->address;)
GET(timers, value->known = !row->counted && !row->timers_unknown && !row->sum;
    value->count = row->timers;)
GET_COUNTED(started)
GET_COUNT(older)
GET_COUNT(replaced)
GET_COUNT(cancelled)
GET_COUNTED(fired)
GET_COUNT(pending)
GET_COUNT(unknown)
GET(fired_percent, uint64_t ended = row->fired + row->cancelled + row->replaced + row->unknown;
    value->known = !row->counted && ended;
    value->count = ended ? (uint64_t)((double)row->fired * 100 / (double)ended) : 0;)
GET_COUNT(rearmed)
GET_COUNT(past)
GET_COUNT(immediate)
GET_COUNT(from_interrupt)
GET_COUNT(deferrable)
GET_COUNT(pinned)
GET_COUNT(irqsafe)
GET_COUNT(absolute)
GET_COUNT(soft)
GET_COUNT(migrations)

static void get_cpus(const void *of, struct field_value *value)
{
	const struct kernel_row *row = of;

	value->known = !row->counted;
	for (size_t i = 0; i < sizeof(row->cpus) / sizeof(row->cpus[0]); i++)
		value->count += (uint64_t)__builtin_popcountll(row->cpus[i]);
}

#define GET_RATE(name, count)                                                                      \
	GET(name, value->known = row->seconds > 0;                                                 \
	    value->rate = row->seconds > 0 ? (double)row->count / row->seconds : 0;)

GET_RATE(rate, started)
GET_RATE(fired_rate, fired)
GET_QUANTILES(timeout)
GET_QUANTILES(timeout_jiffies)
GET_QUANTILES(late)
GET_QUANTILES(late_jiffies)
GET_QUANTILES(beyond)
GET_QUANTILES(run)
GET_WAKE(wakeups)
GET_WAKE(alongside)
GET(wakeup_rate, value->known = row->wakes && row->seconds > 0;
    value->rate = row->seconds > 0 ? (double)row->wakeups / row->seconds : 0;)
GET(seconds, value->known = true; value->number = (int64_t)(row->seconds * 1e9 + 0.5);)
GET(mono, value->known = row->end_ns; value->number = (int64_t)row->end_ns;)
GET(incomplete, value->known = true; value->number = row->incomplete;)

#define QUANTILES(name, kind, get, what)                                                              \
	{ name "_min", kind, name, NULL, what ", the least", get_##get##_min },                       \
		{ name "_median", kind, name, NULL, what ", the median", get_##get##_median },        \
		{ name "_p99", kind, name, NULL, what ", what 99 % do not exceed", get_##get##_p99 }, \
	{                                                                                             \
		name "_max", kind, name, NULL, what ", the greatest", get_##get##_max                 \
	}

static const struct field fields[] = {
	{ "event", FIELD_TEXT, NULL, NULL, "kernel; of the sum of all: total", get_event },
	{ "callback", FIELD_TEXT, NULL, NULL, "function that is called when it expires",
	  get_callback },
	{ "module", FIELD_TEXT, NULL, NULL, "that it is in; kernel", get_module },
	{ "mechanism", FIELD_TEXT, NULL, NULL, "timer_list, hrtimer", get_mechanism },
	{ "kind", FIELD_TEXT, NULL, NULL,
	  "what it is for: sleep, posix, timerfd, itimer, alarm, work, tick", get_kind },
	{ "pid", FIELD_NUMBER, NULL, NULL, "process that armed it", get_pid },
	{ "comm", FIELD_TEXT, NULL, NULL, "its name; irq/softirq", get_comm },
	{ "cpu", FIELD_NUMBER, NULL, NULL, "CPU on which it was armed", get_cpu },
	{ "caller", FIELD_TEXT, NULL, NULL, "function that armed it (--callers)", get_caller },
	{ "timer", FIELD_ADDRESS, NULL, NULL, "address of the timer", get_timer },
	{ "timers", FIELD_COUNT, NULL, NULL, "timers that the row is about", get_timers },
	{ "started", FIELD_COUNT, NULL, NULL, "arms", get_started },
	{ "older", FIELD_COUNT, NULL, NULL, "arms from before, whose end was seen", get_older },
	{ "replaced", FIELD_COUNT, NULL, NULL, "armed anew while pending", get_replaced },
	{ "cancelled", FIELD_COUNT, NULL, NULL, "cancelled while pending", get_cancelled },
	{ "fired", FIELD_COUNT, NULL, NULL, "expired", get_fired },
	{ "pending", FIELD_COUNT, NULL, NULL, "pending at the end", get_pending },
	{ "unknown", FIELD_COUNT, NULL, NULL, "whose end was lost", get_unknown },
	{ "fired_percent", FIELD_COUNT, NULL, NULL, "share of those that ended, in percent",
	  get_fired_percent },
	{ "rearmed", FIELD_COUNT, NULL, NULL, "arms by its own callback", get_rearmed },
	{ "past", FIELD_COUNT, NULL, NULL, "arms for an instant that had gone by: not in late",
	  get_past },
	{ "immediate", FIELD_COUNT, NULL, NULL, "of these, not queued at all", get_immediate },
	{ "from_interrupt", FIELD_COUNT, NULL, NULL, "arms in interrupt context",
	  get_from_interrupt },
	{ "deferrable", FIELD_COUNT, NULL, NULL, "arms that do not wake an idle CPU",
	  get_deferrable },
	{ "pinned", FIELD_COUNT, NULL, NULL, "arms that stay on their CPU", get_pinned },
	{ "irqsafe", FIELD_COUNT, NULL, NULL, "arms whose callback runs with interrupts off",
	  get_irqsafe },
	{ "absolute", FIELD_COUNT, NULL, NULL, "hrtimers: arms for an instant", get_absolute },
	{ "soft", FIELD_COUNT, NULL, NULL, "hrtimers: arms whose callback runs in softirq",
	  get_soft },
	{ "cpus", FIELD_COUNT, NULL, NULL, "CPUs on which its callback ran", get_cpus },
	{ "migrations", FIELD_COUNT, NULL, NULL, "expired on another CPU than armed",
	  get_migrations },
	{ "rate", FIELD_RATE, NULL, NULL, "arms a second", get_rate },
	{ "fired_rate", FIELD_RATE, NULL, NULL, "expiries a second", get_fired_rate },
	QUANTILES("timeout_ns", FIELD_DURATION, timeout, "from arming to expiry, as asked"),
	QUANTILES("timeout_jiffies", FIELD_NUMBER, timeout_jiffies, "the same, timer_list"),
	QUANTILES("late_ns", FIELD_DURATION, late, "after the instant asked for"),
	QUANTILES("late_jiffies", FIELD_NUMBER, late_jiffies, "the same, timer_list"),
	QUANTILES("beyond_ns", FIELD_DURATION, beyond, "beyond what wheel or slack allow"),
	QUANTILES("run_ns", FIELD_DURATION, run, "run time of its callback"),
	{ "wakeups", FIELD_COUNT, NULL, NULL, "idle periods that it ended (--wakeups)",
	  get_wakeups },
	{ "wakeup_rate", FIELD_RATE, NULL, NULL, "the same a second", get_wakeup_rate },
	{ "alongside", FIELD_COUNT, NULL, NULL, "expired when something else had woken the CPU",
	  get_alongside },
	{ "span_ns", FIELD_DURATION, NULL, NULL, "that the row is about", get_seconds },
	{ "mono_ns", FIELD_DURATION, NULL, NULL, "when that ended, CLOCK_MONOTONIC", get_mono },
	{ "incomplete", FIELD_BOOL, NULL, NULL, "records were lost: may be wrong", get_incomplete },
};

static double seconds_of(const void *of)
{
	return ((const struct kernel_row *)of)->seconds;
}

const struct field_table kernel_fields = { fields, sizeof(fields) / sizeof(fields[0]), seconds_of };

bool kernel_field_counted(const struct field *field)
{
	static const char *const names[] = { "event",     "kind",      "callback", "module",
					     "mechanism", "pid",       "comm",     "started",
					     "fired",     "rate",      "span_ns",  "fired_rate",
					     "mono_ns",   "incomplete" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], field->name) == 0)
			return true;
	return false;
}

/* --- idle CPUs ------------------------------------------------------------------------- */

#define GET_CPU(name, ...)                                                                         \
	static void get_cpu_##name(const void *of, struct field_value *value)                      \
	{                                                                                          \
		const struct kernel_cpu_row *row = of;                                             \
                                                                                                   \
		value->known = true;                                                               \
		__VA_ARGS__                                                                        \
	}

GET_CPU(event, value->text = "cpu"; (void)row;)
GET_CPU(number, value->number = row->cpu;)
GET_CPU(periods, value->count = row->periods;)
GET_CPU(timer, value->count = row->by[WAKER_TIMER];)
GET_CPU(tick, value->count = row->by[WAKER_TICK];)
GET_CPU(other, value->count = row->by[WAKER_OTHER];)
GET_CPU(none, value->count = row->by[WAKER_NONE];)
GET_CPU(idle, value->number = row->idle_ns;)
GET_CPU(stopped, value->count = row->tick_stopped;)
GET_CPU(kept, value->count = row->tick_kept;)
GET_CPU(rate, value->known = row->seconds > 0;
	value->rate = row->seconds > 0 ? (double)row->periods / row->seconds : 0;)

/* "SCHED:3|RCU:1" */
static void get_cpu_kept_by(const void *of, struct field_value *value)
{
	const struct kernel_cpu_row *row = of;
	size_t used = 0;

	for (unsigned bit = 0; bit < KERNEL_TICK_DEPENDENCIES; bit++)
		if (row->kept_by[bit] && used < sizeof(value->buffer))
			used += (size_t)snprintf(value->buffer + used, sizeof(value->buffer) - used,
						 "%s%s:%" PRIu64, used ? "|" : "",
						 kernel_tick_dependency(bit), row->kept_by[bit]);
	value->known = used;
	value->text = value->buffer;
}

static const struct field cpu_fields[] = {
	{ "event", FIELD_TEXT, NULL, NULL, "cpu", get_cpu_event },
	{ "cpu", FIELD_NUMBER, NULL, NULL, "its number", get_cpu_number },
	{ "idle_periods", FIELD_COUNT, NULL, NULL, "that ended", get_cpu_periods },
	{ "by_timer", FIELD_COUNT, NULL, NULL, "ended by a timer", get_cpu_timer },
	{ "by_tick", FIELD_COUNT, NULL, NULL, "by the periodic tick", get_cpu_tick },
	{ "by_other", FIELD_COUNT, NULL, NULL, "by another interrupt", get_cpu_other },
	{ "by_none", FIELD_COUNT, NULL, NULL, "by none: another CPU had work for it",
	  get_cpu_none },
	{ "rate", FIELD_RATE, NULL, NULL, "idle periods that ended a second", get_cpu_rate },
	{ "idle_ns", FIELD_DURATION, NULL, NULL, "time in these", get_cpu_idle },
	{ "tick_stopped", FIELD_COUNT, NULL, NULL, "times that the tick was stopped",
	  get_cpu_stopped },
	{ "tick_kept", FIELD_COUNT, NULL, NULL, "times that it could not be", get_cpu_kept },
	{ "tick_kept_by", FIELD_TEXT, NULL, NULL, "for what: SCHED:3|RCU:1", get_cpu_kept_by },
};

const struct field_table kernel_cpu_fields = { cpu_fields,
					       sizeof(cpu_fields) / sizeof(cpu_fields[0]), NULL };
