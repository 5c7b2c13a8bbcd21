/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/decode.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <traceevent/event-parse.h>

/* A field's place in a record; size 0 means that the event has no such field. */
struct field {
	uint16_t offset;
	uint16_t size;
	bool is_signed;
	bool dynamic; /* a __data_loc: length << 16 | offset */
};

/* An itimerspec, as one array (interval first) or as four fields. */
struct spec_fields {
	struct field array;
	struct field part[4]; /* interval sec, nsec, value sec, nsec */
};

struct binding {
	enum probe_use use;
	enum call_abi abi;
	unsigned min_size;
	struct field tid;
	struct field id, flags, new_ptr, old_ptr, ret;
	struct spec_fields spec;
	struct field first, last[4]; /* strings that tell whether user memory was read */
	struct field task, comm, clone_flags, uid;
};

#define BINDINGS_MAX 32

struct decoder {
	struct tep_handle *tep;
	struct binding bindings[BINDINGS_MAX];
	size_t count;
	uint8_t by_type[UINT16_MAX + 1]; /* common_type -> 1 + index of the binding */
};

struct decoder *decoder_new(int long_size)
{
	struct decoder *decoder = calloc(1, sizeof(*decoder));

	if (!decoder)
		return NULL;
	decoder->tep = tep_alloc();
	if (!decoder->tep) {
		free(decoder);
		return NULL;
	}
	tep_set_long_size(decoder->tep, long_size);
	tep_set_loglevel(TEP_LOG_NONE);
	return decoder;
}

void decoder_free(struct decoder *decoder)
{
	if (!decoder)
		return;
	tep_free(decoder->tep);
	free(decoder);
}

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

static int bind_entry(struct binding *b, struct tep_event *event, struct error *err)
{
	const struct wanted wanted[] = {
		{ "id", &b->id, false },
		{ "flags", &b->flags, false },
		{ "new", &b->new_ptr, false },
		{ "old", &b->old_ptr, false },
		{ 0 },
	};

	return find_fields(b, event, wanted, err);
}

static int bind_user(struct binding *b, struct tep_event *event, struct error *err)
{
	const struct wanted wanted[] = {
		{ "first", &b->first, false },   { "last1", &b->last[0], false },
		{ "last2", &b->last[1], false }, { "last3", &b->last[2], false },
		{ "last4", &b->last[3], false }, { 0 },
	};
	int status = find_fields(b, event, wanted, err);

	return status ? status : find_spec(b, event, "user", err);
}

static int bind_copy(struct binding *b, struct tep_event *event, struct error *err)
{
	const struct wanted wanted[] = {
		{ "id", &b->id, true },
		{ "flags", &b->flags, false },
		{ 0 },
	};
	int status = find_fields(b, event, wanted, err);

	return status ? status : find_spec(b, event, "new", err);
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
		[USE_EXIT] = { { "pid", &b->task, false } },
		[USE_CREDS] = { { "uid", &b->uid, false } },
	};

	return find_fields(b, event, wanted[b->use], err);
}

static int bind(struct binding *binding, struct tep_event *event, struct error *err)
{
	const struct wanted tid[] = { { "common_pid", &binding->tid, false }, { 0 } };
	const struct wanted ret[] = { { "ret", &binding->ret, false }, { 0 } };
	int status = find_fields(binding, event, tid, err);

	if (status)
		return status;
	switch (binding->use) {
	case USE_ENTRY:
		return bind_entry(binding, event, err);
	case USE_RETURN:
		return find_fields(binding, event, ret, err);
	case USE_COPY:
		return bind_copy(binding, event, err);
	case USE_USER:
		return bind_user(binding, event, err);
	case USE_OLD:
		return find_spec(binding, event, "old", err);
	default:
		return bind_task(binding, event, err);
	}
}

int decoder_add(struct decoder *decoder, enum probe_use use, enum call_abi abi, const char *system,
		const char *format, struct error *err)
{
	struct binding *binding = &decoder->bindings[decoder->count];
	struct tep_event *event = NULL;
	int status;

	if (decoder->count == BINDINGS_MAX)
		return error_set(err, ENOSPC, "more than %d events", BINDINGS_MAX);
	/* libtraceevent 1.7.1 runs off the end of a text that is cut in its fields. */
	if (!strstr(format, "\nprint fmt:"))
		return error_set(err, EINVAL, "an event format of %s is not whole", system);
	if (tep_parse_format(decoder->tep, &event, format, strlen(format), system) || !event)
		return error_set(err, EINVAL, "an event format of %s cannot be read", system);
	memset(binding, 0, sizeof(*binding));
	binding->use = use;
	binding->abi = abi;
	status = bind(binding, event, err);
	if (status == 0 && (event->id < 0 || event->id > UINT16_MAX))
		status = error_set(err, EINVAL, "%s:%s has the id %d", system, event->name,
				   event->id);
	if (status == 0)
		decoder->by_type[event->id] = (uint8_t)++decoder->count;
	return status;
}

static uint64_t load(const uint8_t *data, const struct field *field)
{
	const uint8_t *at = data + field->offset;

	switch (field->size) {
	case 1:
		return field->is_signed ? (uint64_t)(int8_t)*at : *at;
	case 2: {
		uint16_t value;

		memcpy(&value, at, sizeof(value));
		return field->is_signed ? (uint64_t)(int16_t)value : value;
	}
	case 4: {
		uint32_t value;

		memcpy(&value, at, sizeof(value));
		return field->is_signed ? (uint64_t)(int32_t)value : value;
	}
	case 8: {
		uint64_t value;

		memcpy(&value, at, sizeof(value));
		return value;
	}
	}
	return 0;
}

static void load_spec(const uint8_t *data, const struct spec_fields *fields, enum value_source from,
		      struct itimerspec_seen *spec)
{
	int64_t part[4];

	if (fields->array.size)
		memcpy(part, data + fields->array.offset, sizeof(part));
	else
		for (int i = 0; i < 4; i++)
			part[i] = (int64_t)load(data, &fields->part[i]);
	spec->from = from;
	spec->interval = (struct timerspec){ part[0], part[1] };
	spec->value = (struct timerspec){ part[2], part[3] };
}

/* Where a string lies in the record; NULL when it leads out of it. */
static const char *locate(const uint8_t *data, unsigned size, const struct field *field,
			  unsigned *length)
{
	uint32_t place;

	if (!field->dynamic) {
		*length = field->size;
		return (const char *)data + field->offset;
	}
	place = (uint32_t)load(data, field);
	*length = place >> 16;
	if ((place & 0xffff) + *length > size)
		return NULL;
	return (const char *)data + (place & 0xffff);
}

/* A string's length with its NUL; -1 for the text that newer kernels store
 * when they could not read it. */
static int read_length(const uint8_t *data, unsigned size, const struct field *field)
{
	static const char fault[] = "(fault)";
	unsigned length;
	const char *text = locate(data, size, field, &length);

	if (!text || (length == sizeof(fault) && memcmp(text, fault, length) == 0))
		return -1;
	return (int)length;
}

/*
 * Was the caller's struct readable? Its last byte was read four times, so that
 * each string which is empty, and not unreadable, makes the record longer
 * (see probe_plan.c).
 */
static bool was_read(const struct binding *b, const uint8_t *data, unsigned size)
{
	int first = read_length(data, size, &b->first);
	int last = read_length(data, size, &b->last[0]);
	unsigned reserved;

	if (first < 0 || last < 0)
		return false;
	if (first && last)
		return true;
	reserved = (unsigned)(first ? first : 1) + 4 * (unsigned)(last ? last : 1);
	return size - b->min_size == (reserved + 3) / 4 * 4;
}

static void read_entry(const struct binding *b, const uint8_t *data, struct record *record)
{
	record->kind = RECORD_ENTRY;
	record->entry.abi = b->abi;
	record->entry.timer_id = (int32_t)load(data, &b->id);
	record->entry.flags = (uint32_t)load(data, &b->flags);
	record->entry.new_ptr = load(data, &b->new_ptr);
	record->entry.old_ptr = load(data, &b->old_ptr);
}

static void read_user(const struct binding *b, const uint8_t *data, unsigned size,
		      struct record *record)
{
	record->kind = RECORD_USER;
	record->user.from = FROM_NONE;
	if (was_read(b, data, size))
		load_spec(data, &b->spec, FROM_USER, &record->user);
}

static void read_copy(const struct binding *b, const uint8_t *data, struct record *record)
{
	record->kind = RECORD_COPY;
	record->copy.has_id = b->id.size != 0;
	record->copy.timer_id = (int32_t)load(data, &b->id);
	record->copy.flags = (uint32_t)load(data, &b->flags);
	load_spec(data, &b->spec, FROM_KERNEL, &record->copy.value);
}

static void read_task(const struct binding *b, const uint8_t *data, unsigned size,
		      struct record *record)
{
	static const enum record_kind kinds[USE_COUNT] = {
		[USE_NEW_TASK] = RECORD_NEW_TASK, [USE_RENAME] = RECORD_RENAME,
		[USE_EXEC] = RECORD_EXEC,         [USE_EXIT] = RECORD_EXIT,
		[USE_CREDS] = RECORD_CREDS,
	};
	unsigned length = 0;
	const char *comm = b->comm.size ? locate(data, size, &b->comm, &length) : NULL;

	record->kind = kinds[b->use];
	record->task.tid = b->task.size ? (int32_t)load(data, &b->task) : record->tid;
	record->task.thread = b->clone_flags.size && load(data, &b->clone_flags) & CLONE_THREAD;
	record->task.uid = (uint32_t)load(data, &b->uid);
	memset(record->task.comm, 0, sizeof(record->task.comm));
	if (comm) {
		if (length > sizeof(record->task.comm) - 1)
			length = sizeof(record->task.comm) - 1;
		memcpy(record->task.comm, comm, strnlen(comm, length));
	}
}

int decoder_read(const struct decoder *decoder, const struct raw_event *event,
		 struct record *record)
{
	const uint8_t *data = event->data;
	const struct binding *b;
	uint16_t type;

	if (event->size < sizeof(type))
		return -EBADMSG;
	memcpy(&type, data, sizeof(type));
	if (!decoder->by_type[type])
		return 0;
	b = &decoder->bindings[decoder->by_type[type] - 1];
	if (event->size < b->min_size)
		return -EBADMSG;
	record->ts = event->ts;
	record->cpu = event->cpu;
	record->tid = (int32_t)load(data, &b->tid);
	switch (b->use) {
	case USE_ENTRY:
		read_entry(b, data, record);
		break;
	case USE_USER:
		read_user(b, data, event->size, record);
		break;
	case USE_RETURN:
		record->kind = RECORD_RETURN;
		record->ret.abi = b->abi;
		record->ret.ret = (int64_t)load(data, &b->ret);
		break;
	case USE_COPY:
		read_copy(b, data, record);
		break;
	case USE_OLD:
		record->kind = RECORD_OLD;
		load_spec(data, &b->spec, FROM_KERNEL, &record->old);
		break;
	default:
		read_task(b, data, event->size, record);
		break;
	}
	return 1;
}
