/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only expiries and signals have. */
#include "timersnoop/event_fields_parts.h"

static const struct occurrence *expiry_of(const void *of)
{
	const struct occurrence *occurrence = event_row(of)->occurrence;

	return occurrence && EVENT_BIT(occurrence->event) & EVENTS_EXPIRE ? occurrence : NULL;
}

static const struct occurrence *signal_of(const void *of)
{
	const struct occurrence *occurrence = event_row(of)->occurrence;

	return occurrence && EVENT_BIT(occurrence->event) & EVENTS_SIGNAL ? occurrence : NULL;
}

void event_asked(const void *of, struct field_value *value)
{
	const struct occurrence *expiry = expiry_of(of);

	if (expiry)
		event_number(value, expiry->has_asked, expiry->asked_ns);
}

void event_asked_clock(const void *of, struct field_value *value)
{
	const struct occurrence *expiry = expiry_of(of);

	if (expiry && expiry->has_asked)
		event_written(value, out_clock(value->buffer, expiry->asked_clock));
}

void event_late(const void *of, struct field_value *value)
{
	const struct occurrence *expiry = expiry_of(of);

	if (expiry)
		event_number(value, expiry->has_asked, expiry->late_ns);
}

void event_interval(const void *of, struct field_value *value)
{
	const struct occurrence *expiry = expiry_of(of);

	if (expiry)
		event_number(value, expiry->has_interval, expiry->interval_ns);
}

void event_armed_by(const void *of, struct field_value *value)
{
	const struct occurrence *expiry = expiry_of(of);

	if (expiry)
		event_text(value, out_armed_by(expiry->armed_by));
}

void event_signo(const void *of, struct field_value *value)
{
	const struct occurrence *signal = signal_of(of);

	if (signal)
		event_number(value, true, signal->signo);
}

void event_signal(const void *of, struct field_value *value)
{
	const struct occurrence *signal = signal_of(of);

	if (signal)
		event_written(value, out_signal(value->buffer, signal->signo));
}

void event_result(const void *of, struct field_value *value)
{
	const struct occurrence *signal = signal_of(of);

	if (signal)
		event_text(value, signal_result_name(signal->result));
}

void event_target_tid(const void *of, struct field_value *value)
{
	const struct occurrence *signal = signal_of(of);

	if (signal)
		value->number =
			signal->event == EVENT_SIGNAL_DELIVER ? signal->tid : signal->target_tid;
	value->known = value->number;
}

void event_after(const void *of, struct field_value *value)
{
	const struct occurrence *signal = signal_of(of);

	if (signal)
		event_number(value, signal->has_after, signal->after_ns);
}

void event_sigev_value(const void *of, struct field_value *value)
{
	const struct occurrence *signal = signal_of(of);

	if (signal)
		event_count(value, signal->has_overrun, signal->sigev_value);
}
