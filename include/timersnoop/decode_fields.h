/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode_fields: where the fields of an event lie. For decode's sources alone. */
#ifndef TIMERSNOOP_DECODE_FIELDS_H
#define TIMERSNOOP_DECODE_FIELDS_H

#include <stdbool.h>
#include <stdint.h>
#include <traceevent/event-parse.h>

#include "timersnoop/error.h"
#include "timersnoop/probe_plan.h"

/* A field's place in a record; size 0 means that the event has no such field. */
struct field {
	uint16_t offset;
	uint16_t size;
	bool is_signed;
	bool dynamic; /* a __data_loc: length << 16 | offset */
	/*
	 * How a number is taken out of the 8 bytes that end with it, without asking for its
	 * size: every record is as long at least. All 0 of a field that is missing, or is
	 * no number: it reads as 0.
	 */
	uint16_t at;
	uint8_t shift;
	uint64_t mask;
};

/* An itimerspec, as one array (interval first) or as four fields. */
struct spec_fields {
	struct field array;
	struct field part[4]; /* interval sec, nsec, value sec, nsec */
};

struct binding;
struct record;
typedef void record_reader(const struct binding *binding, const uint8_t *data, unsigned size,
			   struct record *record);

/* Only the fields that its use needs are filled. */
struct binding {
	struct meaning means;
	record_reader *read; /* what is behind the header */
	unsigned min_size;
	uint16_t irq_flags_at; /* one byte; 0: there is none */
	bool first_of_call;    /* of USE_COPY: the call has no entry */
	bool copied;           /* of USE_RETURN: USE_COPIED comes before */
	bool rare;             /* of USE_ENTRY: there are arguments that few calls have */
	struct field tid;
	struct field id, clock, flags, seconds, new_ptr, old_ptr, ret;
	struct field args; /* new, flags and id, 8 bytes each */
	struct spec_fields spec;
	struct field first, last[4]; /* strings that tell whether user memory was read */
	struct field pstate;         /* tells callers apart that come through one entry */
	struct field at, sp, frame, stack;
	struct field pointer, value, signo, notify, thread;
	struct field timer, interval, pid, asked, ahead, base;
	struct field alarm_asked, alarm_ahead, alarm_base;
	struct field code, overrun, group, result, handler;
	struct field task, comm, clone_flags, uid, group_dead;
	struct field function, expires, now, bucket, mode, was_armed, caller, state;
};

/* A format's text as libtraceevent may see it; the caller frees. NULL with errno: EINVAL
 * for one that no kernel writes, or ENOMEM. */
char *decode_format(const char *format);

/* Finds the fields that binding->means needs. -EINVAL with the name of one that is missing. */
int decode_bind(struct binding *binding, struct tep_event *event, struct error *err);

#endif
