/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event_fields: what can be asked of one event that is shown: a call, an expiry, a
 * signal, or records that were lost. Pure.
 */
#ifndef TIMERSNOOP_EVENT_FIELDS_H
#define TIMERSNOOP_EVENT_FIELDS_H

#include "timersnoop/fields.h"
#include "timersnoop/out.h"

/* Exactly one of the last three is set; `caller` with the first two of them. */
struct event_row {
	const struct out_style *style;
	const struct caller *caller;
	const struct call *call;
	const struct occurrence *occurrence;
	const struct loss *loss;
};

/* About a struct event_row. What an event does not have is not known of it. */
extern const struct field_table event_fields;
/* Those that CSV and TSV have unless told otherwise. */
extern const struct fields_chosen event_columns;

#endif
