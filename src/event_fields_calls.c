/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only calls have. */
#include <time.h>

#include "timersnoop/event_fields_parts.h"
#include "timersnoop/line.h"

static const struct call *call_of(const void *of)
{
	return event_row(of)->call;
}

/* Whether it has flags, and they were seen. */
static const struct flag_name *flags_of(const struct call *call)
{
	return call && call->has_args ? out_forms[call->event].flags : NULL;
}

void event_flags(const void *of, struct field_value *value)
{
	const struct call *call = call_of(of);

	if (flags_of(call))
		event_number(value, true, call->flags);
}

void event_flag_names(const void *of, struct field_value *value)
{
	const struct call *call = call_of(of);

	if (!flags_of(call))
		return;
	timerspec_flags(value->buffer, sizeof(value->buffer), flags_of(call), call->flags, "");
	event_text(value, value->buffer);
}

void event_abi(const void *of, struct field_value *value)
{
	const struct call *call = call_of(of);

	if (call && call->abi != ABI_UNKNOWN)
		event_text(value, call->abi == ABI_64 ? "64" : "32");
}

void event_time_bits(const void *of, struct field_value *value)
{
	const struct call *call = call_of(of);

	if (call && call->abi != ABI_UNKNOWN)
		event_number(value, true, call->abi == ABI_32_TIME32 ? 32 : 64);
}

/* A sigevent's pointer has a field of its own, a new ID's has not. */
void event_new_ptr(const void *of, struct field_value *value)
{
	const struct call *call = call_of(of);

	if (call && out_forms[call->event].has_new && !out_forms[call->event].creates)
		event_count(value, call->has_pointers, call->new_ptr);
}

void event_old_ptr(const void *of, struct field_value *value)
{
	const struct call *call = call_of(of);

	if (call && out_forms[call->event].has_old)
		event_count(value, call->has_pointers, call->old_ptr);
}

static const struct itimerspec_seen nothing = { .from = FROM_NONE };

static const struct itimerspec_seen *new_of(const void *of)
{
	return call_of(of) ? &call_of(of)->new_value : &nothing;
}

static const struct itimerspec_seen *old_of(const void *of)
{
	return call_of(of) ? &call_of(of)->old_value : &nothing;
}

void event_new_value_sec(const void *of, struct field_value *value)
{
	event_number(value, new_of(of)->from != FROM_NONE, new_of(of)->value.sec);
}

void event_new_value_nsec(const void *of, struct field_value *value)
{
	event_number(value, new_of(of)->from != FROM_NONE, new_of(of)->value.nsec);
}

void event_new_interval_sec(const void *of, struct field_value *value)
{
	event_number(value, new_of(of)->from != FROM_NONE, new_of(of)->interval.sec);
}

void event_new_interval_nsec(const void *of, struct field_value *value)
{
	event_number(value, new_of(of)->from != FROM_NONE, new_of(of)->interval.nsec);
}

void event_new_from(const void *of, struct field_value *value)
{
	event_text(value, out_source(new_of(of)->from));
}

void event_old_value_sec(const void *of, struct field_value *value)
{
	event_number(value, old_of(of)->from != FROM_NONE, old_of(of)->value.sec);
}

void event_old_value_nsec(const void *of, struct field_value *value)
{
	event_number(value, old_of(of)->from != FROM_NONE, old_of(of)->value.nsec);
}

void event_old_interval_sec(const void *of, struct field_value *value)
{
	event_number(value, old_of(of)->from != FROM_NONE, old_of(of)->interval.sec);
}

void event_old_interval_nsec(const void *of, struct field_value *value)
{
	event_number(value, old_of(of)->from != FROM_NONE, old_of(of)->interval.nsec);
}

void event_old_from(const void *of, struct field_value *value)
{
	event_text(value, out_source(old_of(of)->from));
}

/* The same in nanoseconds. */
static void nanoseconds(struct field_value *value, enum value_source from, struct timerspec ts)
{
	if (from != FROM_NONE)
		event_number(value, true, timerspec_ns(ts));
}

void event_value(const void *of, struct field_value *value)
{
	nanoseconds(value, new_of(of)->from, new_of(of)->value);
}

void event_new_interval(const void *of, struct field_value *value)
{
	nanoseconds(value, new_of(of)->from, new_of(of)->interval);
}

void event_old_value(const void *of, struct field_value *value)
{
	nanoseconds(value, old_of(of)->from, old_of(of)->value);
}

void event_old_interval(const void *of, struct field_value *value)
{
	nanoseconds(value, old_of(of)->from, old_of(of)->interval);
}

static bool has_returned(const struct call *call)
{
	return call && !(call->missing & CALL_NO_RETURN);
}

void event_ret(const void *of, struct field_value *value)
{
	if (has_returned(call_of(of)))
		event_number(value, true, call_of(of)->ret);
}

void event_error(const void *of, struct field_value *value)
{
	const struct call *call = call_of(of);

	if (has_returned(call) && call->ret < 0)
		event_written(value, out_error(value->buffer, call->ret));
}

void event_failed(const void *of, struct field_value *value)
{
	if (has_returned(call_of(of)))
		event_number(value, true, call_of(of)->ret < 0);
}

void event_duration(const void *of, struct field_value *value)
{
	if (call_of(of))
		value->known = out_duration(call_of(of), &value->number);
}

void event_incomplete(const void *of, struct field_value *value)
{
	static const char *const parts[] = {
		[CALL_NO_ENTRY] = "entry",
		[CALL_NO_RETURN] = "return",
		[CALL_NO_ENTRY | CALL_NO_RETURN] = "entry|return",
		[CALL_NO_COPY] = "copy", /* told by the return alone, of an entry */
	};

	if (call_of(of))
		event_text(value, parts[call_of(of)->missing]);
}

void event_seconds(const void *of, struct field_value *value)
{
	const struct call *call = call_of(of);

	if (call && call->event == EVENT_ALARM)
		event_number(value, call->has_args, call->seconds);
}

/* How the timer that is made tells of its expiries. */
static struct out_sigevent sigevent_of(const void *of)
{
	const struct call *call = call_of(of);

	if (call && call->event == EVENT_TIMER_CREATE)
		return out_sigevent(call);
	return (struct out_sigevent){ .from = NULL };
}

void event_sigevent_ptr(const void *of, struct field_value *value)
{
	const struct call *call = call_of(of);

	if (call && call->event == EVENT_TIMER_CREATE)
		event_count(value, call->has_pointers, call->new_ptr);
}

void event_sigevent_notify(const void *of, struct field_value *value)
{
	struct out_sigevent sigevent = sigevent_of(of);

	if (sigevent.from)
		event_written(value, out_notify(value->buffer, sigevent.notify));
}

void event_sigevent_signo(const void *of, struct field_value *value)
{
	struct out_sigevent sigevent = sigevent_of(of);

	event_number(value, sigevent.from, sigevent.signo);
}

void event_sigevent_value(const void *of, struct field_value *value)
{
	struct out_sigevent sigevent = sigevent_of(of);

	event_count(value, sigevent.from && sigevent.has_value, sigevent.value);
}

void event_sigevent_tid(const void *of, struct field_value *value)
{
	struct out_sigevent sigevent = sigevent_of(of);

	event_number(value, sigevent.from && sigevent.has_tid, sigevent.tid);
}

void event_sigevent_from(const void *of, struct field_value *value)
{
	event_text(value, sigevent_of(of).from);
}

void event_changed(const void *of, struct field_value *value)
{
	const struct call *call = call_of(of);

	if (!call || !(call->changed || out_toctou(call)))
		return;
	timerspec_flags(value->buffer, sizeof(value->buffer), out_changes, call->changed, "");
	event_text(value, value->buffer);
}

/* Only POSIX timers and timerfds can be set to an instant. */
void event_absolute(const void *of, struct field_value *value)
{
	const struct call *call = call_of(of);

	if (call && out_forms[call->event].sets)
		event_number(value, call->has_args || !out_forms[call->event].flags,
			     out_forms[call->event].flags && call->flags & TIMER_ABSTIME);
}
