/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/decode_fields.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

/* The header that all records begin with (struct trace_entry). */
#define RECORD_MIN 8

static void place_number(struct field *field)
{
	unsigned end = field->offset + field->size;
	unsigned bits = 8U * field->size;

	if (field->size != 1 && field->size != 2 && field->size != 4 && field->size != 8)
		return;
	field->at = (uint16_t)(end - RECORD_MIN);
	field->shift = (uint8_t)(64 - bits);
	field->mask = field->is_signed || bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

static bool find_field(struct binding *binding, struct tep_event *event, const char *name,
		       struct field *field)
{
	struct tep_format_field *found = tep_find_any_field(event, name);

	/* All but the header is behind it, and its last is the thread. */
	if (!found || found->offset < 0 || found->size <= 0 ||
	    found->offset + found->size < RECORD_MIN || found->offset + found->size > UINT16_MAX)
		return false;
	field->offset = (uint16_t)found->offset;
	field->size = (uint16_t)found->size;
	field->is_signed = found->flags & TEP_FIELD_IS_SIGNED;
	field->dynamic = found->flags & TEP_FIELD_IS_DYNAMIC;
	place_number(field);
	if (binding->min_size < (unsigned)(found->offset + found->size))
		binding->min_size = (unsigned)(found->offset + found->size);
	return true;
}

/* `array` or, where the kernel has no array arguments, ARRAY_is, _in, _vs, _vn. */
static int find_spec(struct binding *binding, struct tep_event *event, const char *array,
		     struct error *err)
{
	static const char *const suffixes[] = { "_is", "_in", "_vs", "_vn" };
	struct spec_fields *spec = &binding->spec;

	if (find_field(binding, event, array, &spec->array)) {
		if (spec->array.size == 4 * sizeof(int64_t) && !spec->array.dynamic)
			return 0;
		return error_set(err, EINVAL, "field '%s' of %s:%s is not four s64", array,
				 event->system, event->name);
	}
	for (int i = 0; i < 4; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%s%s", array, suffixes[i]);
		if (!find_field(binding, event, name, &spec->part[i]))
			return error_set(err, EINVAL,
					 "the format of %s:%s has neither '%s' nor '%s'",
					 event->system, event->name, array, name);
	}
	return 0;
}

static int check_stack(const struct binding *b, const struct tep_event *event, struct error *err)
{
	if (b->stack.size == STACK_WORDS * sizeof(int64_t) && !b->stack.dynamic)
		return 0;
	return error_set(err, EINVAL, "field 'stack' of %s:%s is not %d s64", event->system,
			 event->name, STACK_WORDS);
}

/* clang-format off */
#define WANTED(use, name, member) { use, name, offsetof(struct binding, member), false }
#define MAY_HAVE(use, name, member) { use, name, offsetof(struct binding, member), true }
/* clang-format on */

/* Which fields the records of each use have. */
static const struct {
	enum probe_use use;
	const char *name;
	size_t at; /* in struct binding */
	bool optional;
} wanted[] = {
	/* each call has some of these */
	MAY_HAVE(USE_ENTRY, "args", args),
	MAY_HAVE(USE_ENTRY, "id", id),
	MAY_HAVE(USE_ENTRY, "clock", clock),
	MAY_HAVE(USE_ENTRY, "flags", flags),
	MAY_HAVE(USE_ENTRY, "new", new_ptr),
	MAY_HAVE(USE_ENTRY, "old", old_ptr),
	MAY_HAVE(USE_ENTRY, "seconds", seconds),
	MAY_HAVE(USE_ENTRY, "pstate", pstate),
	WANTED(USE_RETURN, "ret", ret),
	WANTED(USE_WHOLE, "ret", ret),
	MAY_HAVE(USE_WHOLE, "args", args),
	MAY_HAVE(USE_WHOLE, "id", id),
	MAY_HAVE(USE_WHOLE, "flags", flags),
	MAY_HAVE(USE_WHOLE, "new", new_ptr),
	WANTED(USE_WHOLE, "old", old_ptr),
	MAY_HAVE(USE_WHOLE, "pstate", pstate),
	MAY_HAVE(USE_COPY, "id", id),
	MAY_HAVE(USE_COPY, "flags", flags),
	MAY_HAVE(USE_COPY, "at", at),
	MAY_HAVE(USE_COPY, "sp", sp),
	MAY_HAVE(USE_COPY, "frame", frame),
	WANTED(USE_COPIED, "ret", ret),
	MAY_HAVE(USE_USER, "ptr", pointer),
	WANTED(USE_USER, "first", first),
	WANTED(USE_USER, "last1", last[0]),
	WANTED(USE_USER, "last2", last[1]),
	WANTED(USE_USER, "last3", last[2]),
	WANTED(USE_USER, "last4", last[3]),
	WANTED(USE_OLD_AT, "id", id),
	WANTED(USE_OLD_AT, "at", at),
	MAY_HAVE(USE_OLD_AT, "sp", sp),
	MAY_HAVE(USE_OLD_AT, "frame", frame),
	WANTED(USE_STACK, "stack", stack),
	WANTED(USE_SIGEVENT, "clock", clock),
	WANTED(USE_SIGEVENT, "event", pointer),
	WANTED(USE_SIGEVENT, "value", value),
	WANTED(USE_SIGEVENT, "signo", signo),
	WANTED(USE_SIGEVENT, "notify", notify),
	WANTED(USE_SIGEVENT, "thread", thread),
	WANTED(USE_MADE, "timer", timer),
	WANTED(USE_MADE, "id", id),
	WANTED(USE_FILE, "timer", timer),
	/* see also needs_identity() */
	MAY_HAVE(USE_EXPIRY, "timer", timer),
	MAY_HAVE(USE_EXPIRY, "id", id),
	MAY_HAVE(USE_EXPIRY, "pid", pid),
	MAY_HAVE(USE_EXPIRY, "clock", clock),
	MAY_HAVE(USE_EXPIRY, "interval", interval),
	MAY_HAVE(USE_EXPIRY, "asked", asked),
	MAY_HAVE(USE_EXPIRY, "ahead", ahead),
	MAY_HAVE(USE_EXPIRY, "base", base),
	MAY_HAVE(USE_EXPIRY, "alarm_asked", alarm_asked),
	MAY_HAVE(USE_EXPIRY, "alarm_ahead", alarm_ahead),
	MAY_HAVE(USE_EXPIRY, "alarm_base", alarm_base),
	WANTED(USE_SIGNAL, "sig", signo),
	WANTED(USE_SIGNAL, "code", code),
	WANTED(USE_SIGNAL, "pid", pid),
	WANTED(USE_SIGNAL, "group", group),
	WANTED(USE_SIGNAL, "result", result),
	WANTED(USE_DELIVER, "sig", signo),
	WANTED(USE_DELIVER, "code", code),
	WANTED(USE_DELIVER, "sa_handler", handler),
	WANTED(USE_HANDLED, "sig", signo),
	WANTED(USE_HANDLED, "code", code),
	WANTED(USE_HANDLED, "id", id),
	WANTED(USE_HANDLED, "overrun", overrun),
	WANTED(USE_HANDLED, "value", value),
	WANTED(USE_WAIT, "at", at),
	MAY_HAVE(USE_WAIT, "sp", sp),
	MAY_HAVE(USE_WAIT, "frame", frame),
	WANTED(USE_WAITED, "ret", ret),
	WANTED(USE_WAITED, "stack", stack),
	WANTED(USE_ITIMER_EXPIRE, "which", id),
	WANTED(USE_ITIMER_EXPIRE, "pid", pid),
	WANTED(USE_HRTIMER_START, "hrtimer", timer),
	WANTED(USE_HRTIMER_START, "softexpires", asked),
	MAY_HAVE(USE_HRTIMER_START, "function", function),
	MAY_HAVE(USE_HRTIMER_START, "expires", expires),
	MAY_HAVE(USE_HRTIMER_START, "mode", mode),
	MAY_HAVE(USE_HRTIMER_START, "was_armed", was_armed),
	WANTED(USE_HRTIMER_EXPIRE, "hrtimer", timer),
	WANTED(USE_HRTIMER_EXPIRE, "now", asked),
	MAY_HAVE(USE_HRTIMER_EXPIRE, "function", function),
	WANTED(USE_HRTIMER_EXPIRED, "hrtimer", timer),
	WANTED(USE_RELEASE, "timer", timer),
	WANTED(USE_HRTIMER_SETUP, "hrtimer", timer),
	WANTED(USE_HRTIMER_SETUP, "clockid", clock),
	WANTED(USE_HRTIMER_SETUP, "mode", mode),
	WANTED(USE_HRTIMER_CANCEL, "hrtimer", timer),
	WANTED(USE_HRTIMER_EXIT, "hrtimer", timer),
	WANTED(USE_TIMER_INIT, "timer", timer),
	WANTED(USE_TIMER_START, "timer", timer),
	WANTED(USE_TIMER_START, "function", function),
	WANTED(USE_TIMER_START, "expires", expires),
	WANTED(USE_TIMER_START, "now", now),
	WANTED(USE_TIMER_START, "flags", flags),
	/* from 6.9 on */
	MAY_HAVE(USE_TIMER_START, "bucket_expiry", bucket),
	WANTED(USE_TIMER_CANCEL, "timer", timer),
	WANTED(USE_TIMER_EXPIRE, "timer", timer),
	WANTED(USE_TIMER_EXPIRE, "function", function),
	WANTED(USE_TIMER_EXPIRE, "now", now),
	WANTED(USE_TIMER_EXIT, "timer", timer),
	WANTED(USE_OWNER, "timer", timer),
	WANTED(USE_OWNER, "pid", pid),
	MAY_HAVE(USE_CALLER, "timer", timer),
	WANTED(USE_CALLER, "caller", caller),
	WANTED(USE_TICK_STOP, "success", state),
	WANTED(USE_TICK_STOP, "dependency", flags),
	WANTED(USE_BASE_IDLE, "is_idle", state),
	WANTED(USE_BASE_IDLE, "cpu", id),
	WANTED(USE_CPU_IDLE, "state", state),
	WANTED(USE_CPU_IDLE, "cpu_id", id),
	WANTED(USE_NEW_TASK, "pid", task),
	WANTED(USE_NEW_TASK, "comm", comm),
	WANTED(USE_NEW_TASK, "clone_flags", clone_flags),
	/* task_rename lost its pid in some kernel: it is the running task's. */
	MAY_HAVE(USE_RENAME, "pid", task),
	WANTED(USE_RENAME, "newcomm", comm),
	WANTED(USE_EXEC, "old_pid", task),
	WANTED(USE_EXIT, "pid", task),
	MAY_HAVE(USE_EXIT, "group_dead", group_dead),
	WANTED(USE_CREDS, "uid", uid),
};

/* Uses whose records have the same fields. */
static enum probe_use fields_of(enum probe_use use)
{
	switch (use) {
	case USE_USER_BEFORE:
	case USE_USER_AFTER:
	case USE_USER_OLD:
		return USE_USER;
	case USE_QUEUE:
		return USE_EXPIRY;
	case USE_FETCHED:
	case USE_SIGNALFD:
		return USE_HANDLED;
	default:
		return use;
	}
}

static int missing(const struct tep_event *event, const char *name, struct error *err)
{
	return error_set(err, EINVAL, "the format of %s:%s has no field '%s'", event->system,
			 event->name, name);
}

static void find_irq_flags(struct binding *binding, struct tep_event *event)
{
	const struct tep_format_field *found = tep_find_any_field(event, "common_flags");

	if (found && found->offset > 0 && found->offset < RECORD_MIN && found->size == 1)
		binding->irq_flags_at = (uint16_t)found->offset;
}

static int find_fields(struct binding *binding, struct tep_event *event, struct error *err)
{
	enum probe_use use = fields_of(binding->means.use);

	binding->min_size = RECORD_MIN;
	if (!find_field(binding, event, "common_pid", &binding->tid))
		return missing(event, "common_pid", err);
	find_irq_flags(binding, event);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		struct field *field = (struct field *)((char *)binding + wanted[i].at);

		if (wanted[i].use == use && !find_field(binding, event, wanted[i].name, field) &&
		    !wanted[i].optional)
			return missing(event, wanted[i].name, err);
	}
	binding->rare = binding->clock.size || binding->seconds.size;
	return 0;
}

/* All three in one, or each by itself; of an entry, what its call has. */
static int check_args(const struct binding *b, const struct tep_event *event, struct error *err)
{
	if (b->means.use == USE_ENTRY && !b->args.size)
		return 0;
	if (b->args.size == 3 * sizeof(uint64_t) && !b->args.dynamic)
		return 0;
	if (!b->args.size && b->id.size && b->flags.size && b->new_ptr.size)
		return 0;
	return missing(event, "args", err);
}

/* A timerfd is known by its address, other timers by whom they belong to. */
static int needs_identity(const struct binding *binding, const struct tep_event *event,
			  struct error *err)
{
	bool fd = binding->means.use == USE_EXPIRY && binding->means.event == EVENT_TIMERFD_EXPIRE;

	if (fd ? binding->timer.size : binding->pid.size)
		return 0;
	return missing(event, fd ? "timer" : "pid", err);
}

/* The stack pointer at entry, by one of its names. */
static int needs_stack(const struct binding *b, const struct tep_event *event, struct error *err)
{
	return b->sp.size || b->frame.size ? 0 : missing(event, "sp", err);
}

int decode_bind(struct binding *binding, struct tep_event *event, struct error *err)
{
	int status = find_fields(binding, event, err);

	if (status < 0)
		return status;
	switch (fields_of(binding->means.use)) {
	case USE_COPY:
	case USE_COPIED:
		return find_spec(binding, event, "new", err);
	case USE_USER:
		return find_spec(binding, event, "user", err);
	case USE_OLD:
		return find_spec(binding, event, "old", err);
	case USE_OLD_AT:
	case USE_WAIT:
		return needs_stack(binding, event, err);
	case USE_STACK:
	case USE_WAITED:
		return check_stack(binding, event, err);
	case USE_ENTRY:
	case USE_WHOLE:
		return check_args(binding, event, err);
	case USE_EXPIRY:
		return needs_identity(binding, event, err);
	default:
		return 0;
	}
}
