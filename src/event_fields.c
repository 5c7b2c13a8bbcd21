/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/event_fields.h"

#include "timersnoop/event_fields_parts.h"
#include "timersnoop/line.h"
#include "timersnoop/out_text.h"

static void event_kind(const void *of, struct field_value *value)
{
	const struct event_row *row = event_row(of);

	if (row->call)
		event_text(value, event_name(row->call->event));
	else
		event_text(value, row->occurrence ? event_name(row->occurrence->event) : "lost");
}

/* Trace clock; 0 for what was lost at the end of the trace. */
static uint64_t ns_of(const struct event_row *row)
{
	if (row->call)
		return row->call->start_ns;
	return row->occurrence ? row->occurrence->ts : row->loss->ts;
}

static void event_time(const void *of, struct field_value *value)
{
	const struct event_row *row = event_row(of);
	uint64_t ns = ns_of(row);

	if (!row->style->no_wall && (ns || !row->loss))
		event_written(value, out_utc(value->buffer, row->style, ns));
}

static void event_mono(const void *of, struct field_value *value)
{
	uint64_t ns = ns_of(event_row(of));

	event_number(value, ns || !event_row(of)->loss, (int64_t)ns);
}

static void event_cpu(const void *of, struct field_value *value)
{
	const struct event_row *row = event_row(of);

	if (row->call)
		event_number(value, true, row->call->cpu);
	else if (row->occurrence)
		event_number(value, true, row->occurrence->cpu);
	else
		event_number(value, row->loss->cpu != LOSS_ANYWHERE, row->loss->cpu);
}

static void event_pid(const void *of, struct field_value *value)
{
	const struct caller *caller = event_row(of)->caller;

	if (caller)
		event_number(value, caller->pid, caller->pid);
}

static void event_tid(const void *of, struct field_value *value)
{
	const struct caller *caller = event_row(of)->caller;

	if (caller)
		event_number(value, true, caller->tid);
}

static void event_ns_pid(const void *of, struct field_value *value)
{
	const struct caller *caller = event_row(of)->caller;

	if (caller)
		event_number(value, caller->ns_pid, caller->ns_pid);
}

static void event_ns_tid(const void *of, struct field_value *value)
{
	const struct caller *caller = event_row(of)->caller;

	if (caller)
		event_number(value, caller->ns_tid, caller->ns_tid);
}

/* A name may be empty, of a task that is known. */
static void event_comm(const void *of, struct field_value *value)
{
	const struct caller *caller = event_row(of)->caller;

	if (caller && (caller->pid || caller->comm[0]))
		event_text(value, caller->comm);
}

static void event_lost(const void *of, struct field_value *value)
{
	const struct loss *loss = event_row(of)->loss;

	if (loss)
		event_count(value, loss->counted, loss->records);
}

struct timer_seen {
	bool known;
	enum timer_family family;
	int32_t id;
};

static struct timer_seen timer_of(const void *of)
{
	const struct event_row *row = event_row(of);

	if (row->call)
		return (struct timer_seen){ out_has_id(row->call), event_family(row->call->event),
					    row->call->timer_id };
	if (row->occurrence)
		return (struct timer_seen){ row->occurrence->has_id, row->occurrence->family,
					    row->occurrence->id };
	return (struct timer_seen){ .known = false };
}

static void event_timer_id(const void *of, struct field_value *value)
{
	struct timer_seen timer = timer_of(of);

	event_number(value, timer.known && timer.family == TIMER_POSIX, timer.id);
}

static void event_fd(const void *of, struct field_value *value)
{
	struct timer_seen timer = timer_of(of);

	event_number(value, timer.known && timer.family == TIMER_FD, timer.id);
}

static void event_which(const void *of, struct field_value *value)
{
	struct timer_seen timer = timer_of(of);

	if (timer.known && timer.family == TIMER_ITIMER)
		event_written(value, out_which(value->buffer, timer.id));
}

static void event_timer(const void *of, struct field_value *value)
{
	struct timer_seen timer = timer_of(of);

	if (timer.known)
		event_written(value, out_text_id(value->buffer, timer.family, timer.id));
}

static void event_timer_family(const void *of, struct field_value *value)
{
	if (!event_row(of)->loss)
		event_text(value, timer_family_name(timer_of(of).family));
}

/* Of a new timer, or of one that expired. */
static void event_clock_id(const void *of, struct field_value *value)
{
	const struct event_row *row = event_row(of);

	if (row->call && out_forms[row->call->event].creates)
		event_number(value, row->call->has_args, row->call->clock);
	if (row->occurrence && EVENT_BIT(row->occurrence->event) & EVENTS_EXPIRE)
		event_number(value, row->occurrence->has_clock, row->occurrence->clock);
}

static void event_clock(const void *of, struct field_value *value)
{
	event_clock_id(of, value);
	if (value->known)
		event_written(value, out_clock(value->buffer, (int32_t)value->number));
}

/* What timer_getoverrun returned, or came with a signal. */
static void event_overrun(const void *of, struct field_value *value)
{
	const struct event_row *row = event_row(of);
	const struct call *call = row->call;

	if (call && call->event == EVENT_TIMER_GETOVERRUN)
		event_number(value, !(call->missing & CALL_NO_RETURN) && call->ret >= 0, call->ret);
	if (row->occurrence && EVENT_BIT(row->occurrence->event) & EVENTS_SIGNAL)
		event_number(value, row->occurrence->has_overrun, row->occurrence->overrun);
}

/* What disarms a timer does not make it periodic, whatever the interval. */
static void event_periodic(const void *of, struct field_value *value)
{
	const struct event_row *row = event_row(of);

	if (row->call && row->call->new_value.from != FROM_NONE)
		event_number(value, true,
			     !timerspec_zero(row->call->new_value.value) &&
				     !timerspec_zero(row->call->new_value.interval));
	if (row->occurrence && EVENT_BIT(row->occurrence->event) & EVENTS_EXPIRE)
		event_number(value, row->occurrence->has_interval,
			     row->occurrence->interval_ns != 0);
}

/* At first the columns of timer_settime, behind `lost` those of other events. */
static const struct field fields[] = {
	{ "event", FIELD_TEXT, NULL, NULL, "its kind, as -e names it; \"lost\" for lost records",
	  event_kind },
	{ "time", FIELD_TEXT, NULL, NULL, "time of day, UTC", event_time },
	{ "mono_ns", FIELD_DURATION, NULL, NULL, "CLOCK_MONOTONIC; of a call when it began",
	  event_mono },
	{ "cpu", FIELD_NUMBER, NULL, NULL, "the CPU", event_cpu },
	{ "pid", FIELD_NUMBER, NULL, NULL, "process", event_pid },
	{ "tid", FIELD_NUMBER, NULL, "common_pid", "thread", event_tid },
	{ "comm", FIELD_TEXT, NULL, "comm", "its name at that time", event_comm },
	{ "timer_id", FIELD_NUMBER, NULL, NULL, "POSIX timer's ID", event_timer_id },
	{ "flags", FIELD_NUMBER, NULL, NULL, "flags of the call", event_flags },
	{ "flag_names", FIELD_TEXT, NULL, NULL, "the same by name, with | between",
	  event_flag_names },
	{ "abi", FIELD_TEXT, NULL, NULL, "64 or 32, of the caller", event_abi },
	{ "time_bits", FIELD_NUMBER, NULL, NULL, "width of its seconds: 64 or 32",
	  event_time_bits },
	{ "new_ptr", FIELD_ADDRESS, NULL, NULL, "where the new value is", event_new_ptr },
	{ "old_ptr", FIELD_ADDRESS, NULL, NULL, "where the old or current value goes to",
	  event_old_ptr },
	{ "new_value_sec", FIELD_NUMBER, NULL, NULL, "new value: seconds", event_new_value_sec },
	{ "new_value_nsec", FIELD_NUMBER, NULL, NULL, "new value: and nanoseconds",
	  event_new_value_nsec },
	{ "new_interval_sec", FIELD_NUMBER, NULL, NULL, "new interval: seconds",
	  event_new_interval_sec },
	{ "new_interval_nsec", FIELD_NUMBER, NULL, NULL, "new interval: and nanoseconds",
	  event_new_interval_nsec },
	{ "new_from", FIELD_TEXT, NULL, NULL, "whose copy was read: kernel or user",
	  event_new_from },
	{ "old_value_sec", FIELD_NUMBER, NULL, NULL, "old or current value: seconds",
	  event_old_value_sec },
	{ "old_value_nsec", FIELD_NUMBER, NULL, NULL, "old or current value: and nanoseconds",
	  event_old_value_nsec },
	{ "old_interval_sec", FIELD_NUMBER, NULL, NULL, "old or current interval: seconds",
	  event_old_interval_sec },
	{ "old_interval_nsec", FIELD_NUMBER, NULL, NULL, "old or current interval: and nanoseconds",
	  event_old_interval_nsec },
	{ "old_from", FIELD_TEXT, NULL, NULL, "whose copy was read: kernel or user",
	  event_old_from },
	{ "ret", FIELD_NUMBER, NULL, NULL, "what the call returned", event_ret },
	{ "error", FIELD_TEXT, NULL, NULL, "error by name, of a call that failed", event_error },
	{ "duration_ns", FIELD_DURATION, NULL, NULL, "how long the call took", event_duration },
	{ "incomplete", FIELD_TEXT, NULL, NULL, "halves of the call that were not seen",
	  event_incomplete },
	{ "lost", FIELD_COUNT, NULL, NULL, "records that were lost", event_lost },
	{ "fd", FIELD_NUMBER, NULL, NULL, "timerfd's descriptor", event_fd },
	{ "which", FIELD_TEXT, NULL, NULL, "ITIMER_REAL, ITIMER_VIRTUAL or ITIMER_PROF",
	  event_which },
	{ "clock", FIELD_TEXT, NULL, NULL, "the timer's clock", event_clock },
	{ "clock_id", FIELD_NUMBER, NULL, NULL, "the same as a number", event_clock_id },
	{ "seconds", FIELD_NUMBER, NULL, NULL, "argument of alarm", event_seconds },
	{ "sigevent_ptr", FIELD_ADDRESS, NULL, NULL, "where the sigevent is", event_sigevent_ptr },
	{ "sigevent_notify", FIELD_TEXT, NULL, NULL, "sigev_notify, by name",
	  event_sigevent_notify },
	{ "sigevent_signo", FIELD_NUMBER, NULL, NULL, "sigev_signo", event_sigevent_signo },
	{ "sigevent_value", FIELD_ADDRESS, NULL, NULL, "sigev_value, as the pointer",
	  event_sigevent_value },
	{ "sigevent_tid", FIELD_NUMBER, NULL, NULL, "sigev_notify_thread_id", event_sigevent_tid },
	{ "sigevent_from", FIELD_TEXT, NULL, NULL, "kernel or default", event_sigevent_from },
	{ "asked_ns", FIELD_DURATION, NULL, NULL, "the instant that an expiry was asked for",
	  event_asked },
	{ "asked_clock", FIELD_TEXT, NULL, NULL, "the clock of that instant", event_asked_clock },
	{ "late_ns", FIELD_DURATION, NULL, NULL, "how long after it", event_late },
	{ "interval_ns", FIELD_DURATION, NULL, NULL, "interval of the timer that expired",
	  event_interval },
	{ "armed_by", FIELD_TEXT, NULL, NULL, "user or kernel, of the expiry", event_armed_by },
	{ "signo", FIELD_NUMBER, NULL, NULL, "the signal", event_signo },
	{ "signal", FIELD_TEXT, NULL, NULL, "the same by name", event_signal },
	{ "result", FIELD_TEXT, NULL, NULL, "what became of the signal", event_result },
	{ "target_tid", FIELD_NUMBER, NULL, NULL, "the thread that it goes to", event_target_tid },
	{ "after_ns", FIELD_DURATION, NULL, NULL, "since the expiry", event_after },
	{ "overrun", FIELD_NUMBER, NULL, NULL, "overruns, as the process is told", event_overrun },
	{ "sigev_value", FIELD_ADDRESS, NULL, NULL, "si_value, as the pointer", event_sigev_value },
	{ "changed", FIELD_TEXT, NULL, NULL, "--toctou: which of the caller's memory changed",
	  event_changed },
	/* no columns, unless they are asked for */
	{ "timer", FIELD_TEXT, NULL, NULL, "the timer as text has it: 0, fd3, real", event_timer },
	{ "family", FIELD_TEXT, NULL, NULL, "posix, timerfd or itimer", event_timer_family },
	{ "value_ns", FIELD_DURATION, NULL, NULL, "new value", event_value },
	{ "new_interval_ns", FIELD_DURATION, NULL, NULL, "new interval", event_new_interval },
	{ "old_value_ns", FIELD_DURATION, NULL, NULL, "old or current value", event_old_value },
	{ "old_interval_ns", FIELD_DURATION, NULL, NULL, "old or current interval",
	  event_old_interval },
	{ "failed", FIELD_BOOL, NULL, NULL, "the call returned an error", event_failed },
	{ "absolute", FIELD_BOOL, NULL, NULL, "the new value is an instant", event_absolute },
	{ "periodic", FIELD_BOOL, NULL, NULL, "the timer was armed with an interval",
	  event_periodic },
	{ "ns_pid", FIELD_NUMBER, NULL, NULL,
	  "process in its own PID namespace, if that is another", event_ns_pid },
	{ "ns_tid", FIELD_NUMBER, NULL, NULL, "thread in its own PID namespace, if that is another",
	  event_ns_tid },
};

const struct field_table event_fields = {
	.fields = fields,
	.count = sizeof(fields) / sizeof(fields[0]),
};

#define TEN(from)                                                                                  \
	&fields[from], &fields[(from) + 1], &fields[(from) + 2], &fields[(from) + 3],              \
		&fields[(from) + 4], &fields[(from) + 5], &fields[(from) + 6],                     \
		&fields[(from) + 7], &fields[(from) + 8], &fields[(from) + 9]

/* Programs know them by their place: what comes later goes behind them. */
const struct fields_chosen event_columns = {
	.list = { TEN(0), TEN(10), TEN(20), TEN(30), TEN(40), &fields[50], &fields[51],
		  &fields[52] },
	.count = 53,
};
