/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/decode.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <traceevent/event-parse.h>

#include "timersnoop/decode_fields.h"

struct decoder {
	struct tep_handle *tep;
	struct binding bindings[PLAN_FORMATS_MAX];
	size_t count;
	uint8_t by_type[UINT16_MAX + 1]; /* common_type -> 1 + index of the binding */
};

/* common_flags, enum trace_flag_type: hard interrupt, soft interrupt, NMI */
#define FLAGS_HARD (0x08 | 0x40)
#define FLAGS_INTERRUPT (0x10 | FLAGS_HARD)

_Static_assert(PLAN_FORMATS_MAX <= UINT8_MAX, "by_type holds every index");

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

static inline uint64_t load(const uint8_t *data, const struct field *field)
{
	uint64_t value;

	memcpy(&value, data + field->at, sizeof(value));
	/* arithmetic, so that a sign is kept; the mask takes it from who has none */
	return (uint64_t)((int64_t)value >> field->shift) & field->mask;
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

/* arm64, PSR_MODE32_BIT: the caller is a 32-bit program. */
#define PSTATE_32 0x10

/* Who came through an entry that is for one kind of callers, or for both. */
static enum call_abi caller_abi(const struct binding *b, const uint8_t *data)
{
	if (b->means.abi != ABI_UNKNOWN || !b->pstate.size)
		return b->means.abi;
	return load(data, &b->pstate) & PSTATE_32 ? ABI_32 : ABI_64;
}

static void read_entry(const struct binding *b, const uint8_t *data, unsigned size,
		       struct record *record)
{
	uint64_t args[3];

	(void)size;
	record->entry.abi = caller_abi(b, data);
	record->entry.ret = (int64_t)load(data, &b->ret);
	record->entry.old_ptr = load(data, &b->old_ptr);
	record->entry.clock = b->rare ? (int32_t)load(data, &b->clock) : 0;
	record->entry.seconds = b->rare ? (uint32_t)load(data, &b->seconds) : 0;
	if (b->args.size) {
		memcpy(args, data + b->args.offset, sizeof(args));
		record->entry.new_ptr = args[0];
		record->entry.flags = (uint32_t)args[1];
		record->entry.id = (int32_t)args[2];
		return;
	}
	record->entry.id = (int32_t)load(data, &b->id);
	record->entry.flags = (uint32_t)load(data, &b->flags);
	record->entry.new_ptr = load(data, &b->new_ptr);
}

static void read_return(const struct binding *b, const uint8_t *data, unsigned size,
			struct record *record)
{
	(void)size;
	record->ret.abi = b->means.abi;
	record->ret.copied = b->copied;
	record->ret.ret = (int64_t)load(data, &b->ret);
}

static void read_user(const struct binding *b, const uint8_t *data, unsigned size,
		      struct record *record)
{
	record->user.from = FROM_NONE;
	record->user_ptr = load(data, &b->pointer);
	if (was_read(b, data, size))
		load_spec(data, &b->spec, FROM_USER, &record->user);
}

/* From the stack pointer at return, which is behind the return address if that is on the
 * stack at entry. */
static int64_t stack_place(const struct binding *b, const uint8_t *data)
{
	uint64_t at = load(data, &b->at);

	if (!at)
		return -1;
	return (int64_t)(b->frame.size ? at - load(data, &b->frame)
				       : at - load(data, &b->sp) - sizeof(uint64_t));
}

static void read_copy(const struct binding *b, const uint8_t *data, unsigned size,
		      struct record *record)
{
	(void)size;
	record->copy.has_id = b->id.size != 0;
	record->copy.id = (int32_t)load(data, &b->id);
	record->copy.has_flags = b->flags.size != 0;
	record->copy.first = b->first_of_call;
	record->copy.flags = (uint32_t)load(data, &b->flags);
	record->copy.old_at = b->at.size ? stack_place(b, data) : -1;
	if (b->means.use == USE_COPY)
		load_spec(data, &b->spec, FROM_KERNEL, &record->copy.value);
}

/* What a copy that failed has left there is nobody's value. */
static void read_copied(const struct binding *b, const uint8_t *data, unsigned size,
			struct record *record)
{
	(void)size;
	record->copy.has_id = record->copy.has_flags = record->copy.first = false;
	record->copy.old_at = -1;
	record->copy.value.from = FROM_NONE;
	if (load(data, &b->ret) == 0)
		load_spec(data, &b->spec, FROM_KERNEL, &record->copy.value);
}

static void read_sigevent(const struct binding *b, const uint8_t *data, unsigned size,
			  struct record *record)
{
	(void)size;
	record->create.clock = (int32_t)load(data, &b->clock);
	record->create.sigevent = (struct sigevent_seen){ .from = FROM_NONE };
	if (load(data, &b->pointer))
		record->create.sigevent = (struct sigevent_seen){
			.from = FROM_KERNEL,
			.value = load(data, &b->value),
			.signo = (int32_t)load(data, &b->signo),
			.notify = (int32_t)load(data, &b->notify),
			.tid = (int32_t)load(data, &b->thread),
		};
}

static void read_old(const struct binding *b, const uint8_t *data, unsigned size,
		     struct record *record)
{
	(void)size;
	load_spec(data, &b->spec, FROM_KERNEL, &record->old);
}

static void read_stack(const struct binding *b, const uint8_t *data, unsigned size,
		       struct record *record)
{
	(void)size;
	memcpy(record->stack, data + b->stack.offset, sizeof(record->stack));
}

static void read_object(const struct binding *b, const uint8_t *data, unsigned size,
			struct record *record)
{
	(void)size;
	record->object.timer = load(data, &b->timer);
	record->object.id = (int32_t)load(data, &b->id);
}

/* A timer on an alarm clock has its hrtimer elsewhere; both are a union. */
static void read_asked(const struct binding *b, const uint8_t *data, struct record_timer *timer)
{
	bool alarm = b->alarm_asked.size && b->alarm_ahead.size && b->alarm_base.size &&
		     timer->has_clock && timerspec_alarm_clock(timer->clock);

	/* On a CPU clock it has none. */
	timer->has_asked = b->asked.size && b->ahead.size && b->base.size &&
			   !(timer->has_clock && timerspec_cpu_clock(timer->clock));
	timer->asked_ns = (int64_t)load(data, alarm ? &b->alarm_asked : &b->asked);
	timer->ahead_ns = (int64_t)load(data, alarm ? &b->alarm_ahead : &b->ahead);
	timer->asked_clock = (int32_t)load(data, alarm ? &b->alarm_base : &b->base);
}

static void read_expiry(const struct binding *b, const uint8_t *data, struct record *record)
{
	record->timer = (struct record_timer){
		.address = load(data, &b->timer),
		.has_id = b->id.size != 0,
		.id = (int32_t)load(data, &b->id),
		.pid = (int32_t)load(data, &b->pid),
		.has_clock = b->clock.size != 0,
		.clock = timerspec_given_clock((int32_t)load(data, &b->clock)),
		.has_interval = b->interval.size != 0,
		.interval_ns = (int64_t)load(data, &b->interval),
	};
	read_asked(b, data, &record->timer);
}

static void read_info(const struct binding *b, const uint8_t *data, struct record_siginfo *info)
{
	info->signo = (int32_t)load(data, &b->signo);
	info->code = (int32_t)load(data, &b->code);
	info->has_timer = b->overrun.size && info->code == SI_TIMER;
	info->id = info->has_timer ? (int32_t)load(data, &b->id) : 0;
	info->overrun = info->has_timer ? (int32_t)load(data, &b->overrun) : 0;
	info->value = info->has_timer ? load(data, &b->value) : 0;
}

/* A name, ended by NULs. */
static void read_comm(const struct binding *b, const uint8_t *data, unsigned size, char comm[16])
{
	unsigned length = 0;
	const char *text = b->comm.size ? locate(data, size, &b->comm, &length) : NULL;

	memset(comm, 0, 16);
	if (text)
		memcpy(comm, text, strnlen(text, length < 15 ? length : 15));
}

static void read_hrtimer(const struct binding *b, const uint8_t *data, struct record *record)
{
	record->hrtimer.address = load(data, &b->timer);
	record->hrtimer.ns = (int64_t)load(data, &b->asked);
	record->hrtimer.function = load(data, &b->function);
	record->hrtimer.latest_ns = (int64_t)load(data, &b->expires);
	record->hrtimer.mode = (uint32_t)load(data, &b->mode);
	record->hrtimer.clock = (int32_t)load(data, &b->clock);
	record->hrtimer.has_was_armed = b->was_armed.size != 0;
	record->hrtimer.was_armed = load(data, &b->was_armed);
}

static void read_timer_list(const struct binding *b, const uint8_t *data, struct record *record)
{
	record->timer_list.address = load(data, &b->timer);
	record->timer_list.function = load(data, &b->function);
	record->timer_list.expires = load(data, &b->expires);
	record->timer_list.now = load(data, &b->now);
	record->timer_list.has_bucket = b->bucket.size != 0;
	record->timer_list.bucket = load(data, &b->bucket);
	record->timer_list.flags = (uint32_t)load(data, &b->flags);
}

/* PWR_EVENT_EXIT, linux/cpuidle.h: it was idle until now. */
#define CPU_IDLE_EXIT UINT32_MAX

static void read_idle(const struct binding *b, const uint8_t *data, struct record *record)
{
	uint32_t state = (uint32_t)load(data, &b->state);

	record->idle.cpu = b->id.size ? (int32_t)load(data, &b->id) : record->cpu;
	record->idle.idle = b->means.use == USE_CPU_IDLE ? state != CPU_IDLE_EXIT : state != 0;
	record->idle.dependency = (int32_t)load(data, &b->flags);
}

/* The kernel's own timers, and CPUs that have nothing to do but these. */
static void read_kernel(const struct binding *b, const uint8_t *data, unsigned size,
			struct record *record)
{
	(void)size;
	switch (b->means.use) {
	case USE_HRTIMER_SETUP:
	case USE_HRTIMER_CANCEL:
	case USE_HRTIMER_EXIT:
		read_hrtimer(b, data, record);
		break;
	case USE_OWNER:
		record->owner.timer = load(data, &b->timer);
		record->owner.pid = (int32_t)load(data, &b->pid);
		break;
	case USE_CALLER:
		record->caller.timer = load(data, &b->timer);
		record->caller.address = load(data, &b->caller);
		break;
	case USE_TICK_STOP:
	case USE_BASE_IDLE:
	case USE_CPU_IDLE:
		read_idle(b, data, record);
		break;
	case USE_TIMER_IRQ:
	case USE_OTHER_IRQ:
		break;
	default:
		read_timer_list(b, data, record);
		break;
	}
}

static void read_timer(const struct binding *b, const uint8_t *data, unsigned size,
		       struct record *record)
{
	(void)size;
	switch (b->means.use) {
	case USE_EXPIRY:
	case USE_QUEUE:
		read_expiry(b, data, record);
		break;
	case USE_SIGNAL:
		read_info(b, data, &record->signal.info);
		record->signal.pid = (int32_t)load(data, &b->pid);
		record->signal.group = load(data, &b->group);
		record->signal.result = (int32_t)load(data, &b->result);
		break;
	case USE_DELIVER:
		read_info(b, data, &record->deliver.info);
		record->deliver.handler = load(data, &b->handler);
		break;
	case USE_ITIMER_EXPIRE:
		record->itimer.which = (int32_t)load(data, &b->id);
		record->itimer.pid = (int32_t)load(data, &b->pid);
		break;
	case USE_HRTIMER_START:
	case USE_HRTIMER_EXPIRE:
	case USE_HRTIMER_EXPIRED:
		read_hrtimer(b, data, record);
		break;
	case USE_WAIT:
		record->copy.old_at = stack_place(b, data);
		break;
	case USE_WAITED:
		memcpy(record->waited.stack, data + b->stack.offset, sizeof(record->waited.stack));
		record->waited.signo = (int32_t)load(data, &b->ret);
		break;
	default:
		read_info(b, data, &record->info);
		break;
	}
}

static void read_task(const struct binding *b, const uint8_t *data, unsigned size,
		      struct record *record)
{
	record->task.tid = b->task.size ? (int32_t)load(data, &b->task) : record->tid;
	record->task.thread = b->clone_flags.size && load(data, &b->clone_flags) & CLONE_THREAD;
	record->task.last = load(data, &b->group_dead);
	record->task.uid = (uint32_t)load(data, &b->uid);
	read_comm(b, data, size, record->task.comm);
}

static record_reader *reader_of(enum probe_use use)
{
	switch (use) {
	case USE_ENTRY:
	case USE_WHOLE:
		return read_entry;
	case USE_RETURN:
		return read_return;
	case USE_COPY:
	case USE_OLD_AT:
		return read_copy;
	case USE_COPIED:
		return read_copied;
	case USE_OLD:
		return read_old;
	case USE_STACK:
		return read_stack;
	case USE_SIGEVENT:
		return read_sigevent;
	case USE_MADE:
	case USE_FILE:
	case USE_RELEASE:
		return read_object;
	default:
		break;
	}
	if (!probe_use_tells_of_timers(use))
		return read_task;
	if (use < USE_EXPIRY)
		return read_user;
	return use < USE_HRTIMER_SETUP ? read_timer : read_kernel;
}

/* Which copies begin their call: those whose call has no entry. Which returns must have a
 * copy before them. */
static void find_parts(struct decoder *decoder)
{
	uint32_t whole = 0, entered = 0, copied = 0;

	for (size_t i = 0; i < decoder->count; i++) {
		const struct meaning *means = &decoder->bindings[i].means;

		if (means->use == USE_WHOLE)
			whole |= EVENT_BIT(means->event);
		else if (means->use == USE_ENTRY)
			entered |= EVENT_BIT(means->event);
		else if (means->use == USE_COPIED)
			copied |= EVENT_BIT(means->event);
	}
	for (size_t i = 0; i < decoder->count; i++) {
		struct binding *binding = &decoder->bindings[i];

		if (binding->means.use == USE_COPY)
			binding->first_of_call = whole & ~entered & EVENT_BIT(binding->means.event);
		else if (binding->means.use == USE_RETURN)
			binding->copied = copied & EVENT_BIT(binding->means.event);
	}
}

/*
 * libtraceevent follows a NULL pointer when an allocation fails while it reads a format, and
 * our probes would stay. So there is more than enough memory before it begins: the
 * allocator keeps what is freed here, at the end of its heap.
 */
#define FORMAT_NEEDS (64 << 10)

static bool there_is_memory(void)
{
	void *volatile room = malloc(FORMAT_NEEDS);

	if (!room)
		return false;
	free(room);
	return true;
}

int decoder_add(struct decoder *decoder, const struct meaning *means, const char *system,
		const char *format, struct error *err)
{
	struct binding *binding = &decoder->bindings[decoder->count];
	struct tep_event *event = NULL;
	char *checked;
	int status;

	if (decoder->count == PLAN_FORMATS_MAX)
		return error_set(err, ENOSPC, "more than %d events", PLAN_FORMATS_MAX);
	checked = decode_format(format);
	if (!checked)
		return errno == ENOMEM ? error_errno(err, ENOMEM, "event formats")
				       : error_set(err, EINVAL,
						   "an event format of %s cannot be read", system);
	if (!there_is_memory()) {
		free(checked);
		return error_errno(err, ENOMEM, "event formats");
	}
	status = tep_parse_format(decoder->tep, &event, checked, strlen(checked), system);
	free(checked);
	if (status || !event)
		return error_set(err, EINVAL, "an event format of %s cannot be read", system);
	memset(binding, 0, sizeof(*binding));
	binding->means = *means;
	binding->read = reader_of(means->use);
	status = decode_bind(binding, event, err);
	if (status < 0)
		return status;
	decoder->by_type[event->id] = (uint8_t)++decoder->count;
	find_parts(decoder);
	return 0;
}

int decoder_read(const struct decoder *decoder, const struct raw_event *event,
		 struct record *record)
{
	const uint8_t *data = event->data;
	const struct binding *b;
	unsigned flags = 0;
	uint16_t type;

	if (event->size < sizeof(type))
		return -EBADMSG;
	memcpy(&type, data, sizeof(type));
	if (!decoder->by_type[type])
		return 0;
	b = &decoder->bindings[decoder->by_type[type] - 1];
	if (event->size < b->min_size)
		return -EBADMSG;
	if (b->irq_flags_at)
		flags = data[b->irq_flags_at];
	record->kind = b->means.use;
	record->event = b->means.event;
	record->ts = event->ts;
	record->cpu = event->cpu;
	record->tid = (int32_t)load(data, &b->tid);
	record->interrupt = flags & FLAGS_INTERRUPT;
	record->hard = flags & FLAGS_HARD;
	b->read(b, data, event->size, record);
	return 1;
}
