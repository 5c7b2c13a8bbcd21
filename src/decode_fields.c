/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/decode_fields.h"

#include <errno.h>
#include <stdio.h>

static bool find_field(struct binding *binding, struct tep_event *event, const char *name,
		       struct field *field)
{
	struct tep_format_field *found = tep_find_any_field(event, name);

	if (!found || found->offset < 0 || found->size <= 0 ||
	    found->offset + found->size > UINT16_MAX)
		return false;
	field->offset = (uint16_t)found->offset;
	field->size = (uint16_t)found->size;
	field->is_signed = found->flags & TEP_FIELD_IS_SIGNED;
	field->dynamic = found->flags & TEP_FIELD_IS_DYNAMIC;
	if (binding->min_size < (unsigned)(found->offset + found->size))
		binding->min_size = (unsigned)(found->offset + found->size);
	return true;
}

struct wanted {
	const char *name;
	struct field *field;
	bool optional;
};

static int find_fields(struct binding *binding, struct tep_event *event,
		       const struct wanted *wanted, struct error *err)
{
	for (; wanted->name; wanted++)
		if (!find_field(binding, event, wanted->name, wanted->field) && !wanted->optional)
			return error_set(err, EINVAL, "the format of %s:%s has no field '%s'",
					 event->system, event->name, wanted->name);
	return 0;
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

#define WANTED_MAX 10

static int bind_call(struct binding *b, struct tep_event *event, struct error *err)
{
	const struct wanted wanted[][WANTED_MAX] = {
		/* each call has some of these */
		[USE_ENTRY] = { { "id", &b->id, true },
				{ "clock", &b->clock, true },
				{ "flags", &b->flags, true },
				{ "new", &b->new_ptr, true },
				{ "old", &b->old_ptr, true },
				{ "seconds", &b->seconds, true } },
		[USE_RETURN] = { { "ret", &b->ret, false } },
		[USE_COPY] = { { "id", &b->id, true },
			       { "flags", &b->flags, true },
			       { "at", &b->at, true },
			       { "sp", &b->sp, true } },
		[USE_USER] = { { "ptr", &b->pointer, true },
			       { "first", &b->first, false },
			       { "last1", &b->last[0], false },
			       { "last2", &b->last[1], false },
			       { "last3", &b->last[2], false },
			       { "last4", &b->last[3], false } },
		[USE_OLD] = { { NULL, NULL, false } },
		[USE_OLD_AT] = { { "id", &b->id, false },
				 { "at", &b->at, false },
				 { "sp", &b->sp, false } },
		[USE_STACK] = { { "stack", &b->stack, false } },
		[USE_SIGEVENT] = { { "clock", &b->clock, false },
				   { "event", &b->pointer, false },
				   { "value", &b->value, false },
				   { "signo", &b->signo, false },
				   { "notify", &b->notify, false },
				   { "thread", &b->thread, false } },
		[USE_MADE] = { { "timer", &b->timer, false }, { "id", &b->id, false } },
		[USE_FILE] = { { "timer", &b->timer, false } },
	};
	enum probe_use use = b->means.use;
	int status;

	if (use == USE_USER_BEFORE || use == USE_USER_AFTER || use == USE_USER_OLD)
		use = USE_USER;
	status = find_fields(b, event, wanted[use], err);
	if (status < 0)
		return status;
	switch (use) {
	case USE_COPY:
		return find_spec(b, event, "new", err);
	case USE_USER:
		return find_spec(b, event, "user", err);
	case USE_OLD:
		return find_spec(b, event, "old", err);
	case USE_STACK:
		return check_stack(b, event, err);
	default:
		return 0;
	}
}

static int bind_timer(struct binding *b, struct tep_event *event, struct error *err)
{
	bool fd = b->means.use == USE_EXPIRY && b->means.event == EVENT_TIMERFD_EXPIRE;
	const struct wanted expiry[] = {
		{ "timer", &b->timer, !fd },
		{ "id", &b->id, true },
		{ "pid", &b->pid, fd },
		{ "clock", &b->clock, true },
		{ "interval", &b->interval, true },
		{ "asked", &b->asked, true },
		{ "ahead", &b->ahead, true },
		{ "base", &b->base, true },
		{ 0 },
	};
	const struct wanted signal[] = {
		{ "sig", &b->signo, false },
		{ "code", &b->code, false },
		{ "pid", &b->pid, false },
		{ "group", &b->group, false },
		{ "result", &b->result, false },
		{ "comm", &b->comm, false },
		{ 0 },
	};
	const struct wanted deliver[] = {
		{ "sig", &b->signo, false },
		{ "code", &b->code, false },
		{ "sa_handler", &b->handler, false },
		{ 0 },
	};
	const struct wanted info[] = {
		{ "sig", &b->signo, false },   { "code", &b->code, false },
		{ "id", &b->id, false },       { "overrun", &b->overrun, false },
		{ "value", &b->value, false }, { 0 },
	};
	const struct wanted itimer[] = {
		{ "which", &b->id, false },
		{ "pid", &b->pid, false },
		{ 0 },
	};
	const struct wanted start[] = { { "hrtimer", &b->timer, false },
					{ "softexpires", &b->asked, false },
					{ 0 } };
	const struct wanted expire[] = { { "hrtimer", &b->timer, false },
					 { "now", &b->asked, false },
					 { 0 } };
	const struct wanted wait[] = { { "at", &b->at, false }, { "sp", &b->sp, false }, { 0 } };
	const struct wanted waited[] = { { "ret", &b->ret, false },
					 { "stack", &b->stack, false },
					 { 0 } };
	const struct wanted release[] = { { "timer", &b->timer, false }, { 0 } };

	int status;

	switch (b->means.use) {
	case USE_EXPIRY:
	case USE_QUEUE:
		return find_fields(b, event, expiry, err);
	case USE_SIGNAL:
		return find_fields(b, event, signal, err);
	case USE_DELIVER:
		return find_fields(b, event, deliver, err);
	case USE_ITIMER_EXPIRE:
		return find_fields(b, event, itimer, err);
	case USE_HRTIMER_START:
		return find_fields(b, event, start, err);
	case USE_HRTIMER_EXPIRE:
		return find_fields(b, event, expire, err);
	case USE_WAIT:
		return find_fields(b, event, wait, err);
	case USE_WAITED:
		status = find_fields(b, event, waited, err);
		return status < 0 ? status : check_stack(b, event, err);
	case USE_RELEASE:
		return find_fields(b, event, release, err);
	default:
		return find_fields(b, event, info, err);
	}
}

static int bind_task(struct binding *b, struct tep_event *event, struct error *err)
{
	/* task_rename lost its pid in some kernel: it is the running task's. */
	const struct wanted wanted[USE_COUNT][4] = {
		[USE_NEW_TASK] = { { "pid", &b->task, false },
				   { "comm", &b->comm, false },
				   { "clone_flags", &b->clone_flags, false } },
		[USE_RENAME] = { { "pid", &b->task, true }, { "newcomm", &b->comm, false } },
		[USE_EXEC] = { { "old_pid", &b->task, false } },
		[USE_EXIT] = { { "pid", &b->task, false }, { "group_dead", &b->group_dead, true } },
		[USE_CREDS] = { { "uid", &b->uid, false } },
	};

	return find_fields(b, event, wanted[b->means.use], err);
}

int decode_bind(struct binding *binding, struct tep_event *event, struct error *err)
{
	const struct wanted common[] = { { "common_pid", &binding->tid, false },
					 { "common_flags", &binding->irq_flags, true },
					 { 0 } };
	int status = find_fields(binding, event, common, err);

	if (status < 0)
		return status;
	if (!probe_use_tells_of_timers(binding->means.use))
		return bind_task(binding, event, err);
	if (binding->means.use < USE_EXPIRY)
		return bind_call(binding, event, err);
	return bind_timer(binding, event, err);
}
