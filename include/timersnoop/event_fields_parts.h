/* SPDX-License-Identifier: GPL-2.0-or-later */
/* event_fields_parts: the getters of event_fields' table, for its sources alone. */
#ifndef TIMERSNOOP_EVENT_FIELDS_PARTS_H
#define TIMERSNOOP_EVENT_FIELDS_PARTS_H

#include "timersnoop/event_fields.h"

typedef void event_getter(const void *of, struct field_value *value);

/* Of calls. */
event_getter event_flags, event_flag_names, event_abi, event_time_bits, event_new_ptr,
	event_old_ptr, event_new_value_sec, event_new_value_nsec, event_new_interval_sec,
	event_new_interval_nsec, event_new_from, event_old_value_sec, event_old_value_nsec,
	event_old_interval_sec, event_old_interval_nsec, event_old_from, event_ret, event_error,
	event_duration, event_incomplete, event_seconds, event_sigevent_ptr, event_sigevent_notify,
	event_sigevent_signo, event_sigevent_value, event_sigevent_tid, event_sigevent_from,
	event_changed, event_value, event_new_interval, event_old_value, event_old_interval,
	event_failed, event_absolute;

/* Of expiries and signals. */
event_getter event_asked, event_asked_clock, event_late, event_interval, event_armed_by,
	event_signo, event_signal, event_result, event_target_tid, event_after, event_sigev_value;

static inline const struct event_row *event_row(const void *of)
{
	return of;
}

static inline void event_number(struct field_value *value, bool known, int64_t number)
{
	value->known = known;
	value->number = number;
}

static inline void event_count(struct field_value *value, bool known, uint64_t count)
{
	value->known = known;
	value->count = count;
}

/* NULL: not known. */
static inline void event_text(struct field_value *value, const char *text)
{
	value->known = text;
	value->text = text;
}

/* What was written into the buffer, up to `end`. */
static inline void event_written(struct field_value *value, char *end)
{
	*end = '\0';
	event_text(value, value->buffer);
}

#endif
