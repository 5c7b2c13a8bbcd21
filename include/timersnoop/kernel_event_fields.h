/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_event_fields: what can be asked of one event of the kernel's timers, by name. Pure. */
#ifndef TIMERSNOOP_KERNEL_EVENT_FIELDS_H
#define TIMERSNOOP_KERNEL_EVENT_FIELDS_H

#include "timersnoop/fields.h"
#include "timersnoop/kernel_events.h"
#include "timersnoop/kernel_timers.h"
#include "timersnoop/out.h"
#include "timersnoop/symbols.h"

/* All that there is of one. Everything is borrowed. */
struct kernel_event {
	const struct out_style *style;
	enum kernel_event_kind kind;
	const struct kernel_change *change; /* NULL: it is a loss */
	const struct loss *loss;            /* NULL: it is a change */
	const struct caller *who;           /* who ran then; NULL: an interrupt, or not known */
	const struct symbols *symbols;
};

/* Which event a change is shown as; false: none. */
bool kernel_event_kind_of(const struct kernel_change *change, enum kernel_event_kind *kind);
/* "timer", "tick", "other", "none" */
const char *kernel_waker_name(enum kernel_waker waker);

extern const struct field_table kernel_event_fields;

#endif
