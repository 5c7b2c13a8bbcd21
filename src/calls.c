/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 256 /* as many calls are open at a time as threads are in one */

/*
 * A call takes microseconds, or as long as its memory takes to be paged in.
 * One that was open for longer than this when tracing began or stopped has
 * lost its other half.
 */
#define CALL_LONGEST_NS (1 * (uint64_t)NSEC_PER_SEC)

/* From the kernel's copy of a value to the return of the call: nothing is waited for there, but
 * another task may run, or a virtual CPU stand still. */
#define COPY_TO_RETURN_NS ((uint64_t)NSEC_PER_SEC / 100)

struct open_call {
	struct call call;
	struct open_call *next;
	int last_cpu;
	bool copied;
	bool early;     /* under way when tracing began or stopped */
	bool unsure;    /* it is early, too, if its return does not come */
	int64_t old_at; /* as copy.old_at of struct record */
};

struct calls {
	struct open_call *buckets[BUCKETS];
	struct open_call *spare;
	uint64_t since_ns;
	calls_receiver *receiver;
	void *context;
	uint64_t in_flight;
	bool lossy; /* records were lost: a half may be missing for that */
	/* sizeof(struct open_call): by a size that the compiler knows it is cleared word by
	 * word, which takes three times as many instructions as memset(3) */
	size_t open_size;
};

struct calls *calls_new(uint64_t since_ns, calls_receiver *receiver, void *context)
{
	struct calls *calls = calloc(1, sizeof(*calls));

	if (!calls)
		return NULL;
	calls->since_ns = since_ns;
	calls->open_size = sizeof(struct open_call);
	calls->receiver = receiver;
	calls->context = context;
	return calls;
}

static void free_list(struct open_call *open)
{
	while (open) {
		struct open_call *next = open->next;

		free(open);
		open = next;
	}
}

void calls_free(struct calls *calls)
{
	if (!calls)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		free_list(calls->buckets[i]);
	free_list(calls->spare);
	free(calls);
}

static struct open_call **find(struct calls *calls, int32_t tid)
{
	struct open_call **link = &calls->buckets[(uint32_t)tid % BUCKETS];

	while (*link && (*link)->call.tid != tid)
		link = &(*link)->next;
	return link;
}

static struct open_call *open_call(struct calls *calls, struct open_call **link,
				   const struct record *record)
{
	struct open_call *open = calls->spare;

	if (open)
		calls->spare = open->next;
	else
		open = malloc(sizeof(*open));
	if (!open)
		return NULL;
	memset(open, 0, calls->open_size);
	open->call.tid = record->tid;
	open->call.start_ns = record->ts;
	open->call.cpu = record->cpu;
	open->call.event = record->event;
	open->call.abi = ABI_UNKNOWN;
	open->old_at = -1;
	open->next = *link;
	*link = open;
	return open;
}

/* Opens a call whose entry was not seen. */
static struct open_call *open_headless(struct calls *calls, struct open_call **link,
				       const struct record *record)
{
	struct open_call *open = open_call(calls, link, record);

	if (!open)
		return NULL;
	open->call.missing = CALL_NO_ENTRY;
	open->early = !calls->lossy && record->ts < calls->since_ns + CALL_LONGEST_NS;
	return open;
}

/* Opens a call that has no entry, at its first probe. */
static struct open_call *open_at_copy(struct calls *calls, struct open_call **link,
				      const struct record *record)
{
	struct open_call *open = open_call(calls, link, record);

	if (!open)
		return NULL;
	open->early = record->ts < calls->since_ns;
	/* Its return was perhaps not probed yet when it began. */
	open->unsure = !calls->lossy && record->ts < calls->since_ns + CALL_LONGEST_NS;
	return open;
}

static bool differs(const struct itimerspec_seen *user, const struct itimerspec_seen *kernel)
{
	return user->from != FROM_NONE && kernel->from == FROM_KERNEL &&
	       (user->value.sec != kernel->value.sec || user->value.nsec != kernel->value.nsec ||
		user->interval.sec != kernel->interval.sec ||
		user->interval.nsec != kernel->interval.nsec);
}

/* The kernel has written the old value over the new one, as it was asked to. */
static bool overwritten(const struct call *call)
{
	uint64_t distance = call->new_ptr > call->old_ptr ? call->new_ptr - call->old_ptr
							  : call->old_ptr - call->new_ptr;

	return call->old_value.from != FROM_NONE &&
	       distance < (call->abi == ABI_32_TIME32 ? 16 : 32);
}

static void compare_memory(struct call *call)
{
	if (differs(&call->user_before, &call->new_value))
		call->changed |= CHANGED_NEW_BEFORE;
	if (differs(&call->user_after, &call->new_value) && !overwritten(call))
		call->changed |= CHANGED_NEW_AFTER;
	if (call->ret == 0 && differs(&call->user_old, &call->old_value))
		call->changed |= CHANGED_OLD_AFTER;
}

/* What only the result tells. */
static void complete(struct call *call)
{
	bool failed = call->ret < 0;

	switch (call->event) {
	case EVENT_TIMER_CREATE:
		call->has_id &= !failed;
		break;
	case EVENT_TIMERFD_CREATE:
		call->has_id = !failed;
		call->timer_id = failed ? 0 : (int32_t)call->ret;
		break;
	case EVENT_SETITIMER:
	case EVENT_GETITIMER:
		/* An unknown timer: nothing was filled in on the stack. */
		if (call->ret == -EINVAL)
			call->old_value.from = FROM_NONE;
		break;
	default:
		break;
	}
	compare_memory(call);
}

static void close_call(struct calls *calls, struct open_call **link, unsigned missing)
{
	struct open_call *open = *link;

	*link = open->next;
	open->call.missing |= missing;
	if (!(open->call.missing & CALL_NO_RETURN))
		complete(&open->call);
	if (open->early || (open->unsure && open->call.missing & CALL_NO_RETURN)) {
		calls->in_flight++;
	} else {
		calls->receiver(calls->context, &open->call);
	}
	open->next = calls->spare;
	calls->spare = open;
}

/* Does the call name its timer by an argument? */
static bool names_timer(enum event event)
{
	return event != EVENT_TIMER_CREATE && event != EVENT_TIMERFD_CREATE;
}

static void take_arguments(struct call *call, const struct record *record)
{
	call->abi = record->entry.abi;
	call->has_args = true;
	call->has_pointers = true;
	call->has_id = names_timer(record->event);
	call->timer_id = record->entry.id;
	call->clock = record->entry.clock;
	call->flags = record->entry.flags;
	call->seconds = record->entry.seconds;
	call->new_ptr = record->entry.new_ptr;
	call->old_ptr = record->entry.old_ptr;
}

static int take_entry(struct calls *calls, const struct record *record)
{
	struct open_call **link = find(calls, record->tid);
	struct open_call *open;

	if (*link)
		close_call(calls, link, CALL_NO_RETURN);
	open = open_call(calls, link, record);
	if (!open)
		return -ENOMEM;
	open->early = record->ts < calls->since_ns;
	open->last_cpu = record->cpu;
	take_arguments(&open->call, record);
	return 0;
}

/* alarm(2) is served by the same function as setitimer(2). */
static bool same_event(const struct open_call *open, const struct record *record)
{
	return open->call.event == record->event ||
	       (open->call.event == EVENT_ALARM && record->event == EVENT_SETITIMER);
}

/* Is this copy of another call than the open one, whose return was lost? */
static bool other_call(const struct open_call *open, const struct record *record)
{
	if (!same_event(open, record))
		return true;
	if (!record->copy.has_id)
		return false;
	return open->copied ||
	       (open->call.has_args &&
		(open->call.timer_id != record->copy.id ||
		 (record->copy.has_flags && open->call.flags != record->copy.flags)));
}

static int take_copy(struct calls *calls, const struct record *record)
{
	struct open_call **link = find(calls, record->tid);
	struct open_call *open;

	if (*link && (record->copy.first || other_call(*link, record))) {
		close_call(calls, link, CALL_NO_RETURN);
		link = find(calls, record->tid);
	}
	open = *link;
	if (!open)
		open = record->copy.first ? open_at_copy(calls, link, record)
					  : open_headless(calls, link, record);
	if (!open)
		return -ENOMEM;
	open->last_cpu = record->cpu;
	open->copied = true;
	open->old_at = record->copy.old_at;
	if (record->kind == USE_COPY) {
		open->call.arms = true;
		open->call.new_value = record->copy.value;
	}
	if (!open->call.has_args && record->copy.has_id) {
		open->call.has_args = true;
		open->call.has_id = true;
		open->call.timer_id = record->copy.id;
		open->call.flags = record->copy.flags;
	}
	return 0;
}

/* A call whose return and whose next call's entry were missed is still open at the next copy. */
static void take_copied(struct calls *calls, const struct record *record)
{
	struct open_call **link = find(calls, record->tid);
	struct open_call *open = *link;

	/* Other system calls copy an itimerspec by the same function. */
	if (!open || !same_event(open, record) || record->copy.value.from == FROM_NONE)
		return;
	if (open->copied) {
		close_call(calls, link, CALL_NO_RETURN);
		return;
	}
	open->last_cpu = record->cpu;
	open->copied = true;
	open->call.arms = true;
	open->call.new_value = record->copy.value;
}

static struct itimerspec_seen user_value(const struct open_call *open, const struct record *record)
{
	struct itimerspec_seen user = record->user;

	/* get_timespec64() takes the upper half for padding. */
	if (open->call.abi == ABI_32) {
		user.interval.nsec &= UINT32_MAX;
		user.value.nsec &= UINT32_MAX;
	}
	return user;
}

static void take_user(struct calls *calls, const struct record *record)
{
	struct open_call *open = *find(calls, record->tid);

	/* Other system calls read an itimerspec through the same function. */
	if (!open || open->copied || !same_event(open, record))
		return;
	open->last_cpu = record->cpu;
	open->call.new_value = user_value(open, record);
}

/* The return probes of one function run in no order that is promised: what
 * comes behind the call's end is too late, and the next call's entry is not. */
static void take_memory(struct calls *calls, const struct record *record)
{
	struct open_call *open = *find(calls, record->tid);

	if (!open || !same_event(open, record) || !open->call.has_pointers ||
	    record->user_ptr !=
		    (record->kind == USE_USER_OLD ? open->call.old_ptr : open->call.new_ptr))
		return;
	open->last_cpu = record->cpu;
	if (record->kind == USE_USER_BEFORE)
		open->call.user_before = user_value(open, record);
	else if (record->kind == USE_USER_AFTER)
		open->call.user_after = user_value(open, record);
	else
		open->call.user_old = user_value(open, record);
}

/* Calls whose old or current value goes through put_itimerspec64(). */
static bool writes_itimerspec(enum event event)
{
	return event == EVENT_TIMER_SETTIME || event == EVENT_TIMER_GETTIME ||
	       event == EVENT_TIMERFD_SETTIME || event == EVENT_TIMERFD_GETTIME;
}

static void take_old(struct calls *calls, const struct record *record)
{
	struct open_call *open = *find(calls, record->tid);

	/* Other system calls write an itimerspec through the same function; a
	 * call whose return was missed may still be open then. */
	if (!open || !writes_itimerspec(open->call.event) ||
	    open->call.old_value.from != FROM_NONE ||
	    (open->call.has_pointers && !open->call.old_ptr))
		return;
	open->last_cpu = record->cpu;
	open->call.old_value = record->old;
}

static void take_stack(struct calls *calls, const struct record *record)
{
	struct open_call *open = *find(calls, record->tid);
	const int64_t *words;

	if (!open || open->old_at < 0 || open->old_at % (int64_t)sizeof(*words) ||
	    open->old_at / (int64_t)sizeof(*words) > STACK_WORDS - 4)
		return;
	words = record->stack + open->old_at / (int64_t)sizeof(*words);
	open->last_cpu = record->cpu;
	open->call.old_value = (struct itimerspec_seen){ .from = FROM_KERNEL,
							 .interval = { words[0], words[1] },
							 .value = { words[2], words[3] } };
}

/* What the kernel made in this call. */
static void take_made(struct calls *calls, const struct record *record)
{
	struct open_call *open = *find(calls, record->tid);

	if (!open || !same_event(open, record))
		return;
	open->last_cpu = record->cpu;
	if (record->kind == USE_SIGEVENT) {
		open->call.clock = record->create.clock;
		open->call.sigevent = record->create.sigevent;
		return;
	}
	open->call.timer = record->object.timer;
	if (record->kind == USE_MADE) {
		open->call.has_id = true;
		open->call.timer_id = record->object.id;
	}
}

/* Can it have come to nothing before the kernel had its copy of the new value? */
static bool refused_early(int64_t ret, uint64_t new_ptr)
{
	return ret == -EFAULT || (ret == -EINVAL && !new_ptr);
}

static int take_return(struct calls *calls, const struct record *record)
{
	struct open_call **link = find(calls, record->tid);
	struct open_call *open = *link;

	/* What looked like setitimer(2) without its entry was alarm(2). */
	if (open && open->call.missing && open->call.event == EVENT_SETITIMER &&
	    record->event == EVENT_ALARM)
		open->call.event = EVENT_ALARM;
	if (open && (open->call.event != record->event ||
		     (!open->call.missing && record->ret.abi != ABI_UNKNOWN &&
		      open->call.abi != record->ret.abi))) {
		close_call(calls, link, CALL_NO_RETURN);
		link = find(calls, record->tid);
	}
	open = *link ? *link : open_headless(calls, link, record);
	if (!open)
		return -ENOMEM;
	if (record->ret.copied && !open->copied && open->call.has_pointers &&
	    !refused_early(record->ret.ret, open->call.new_ptr))
		open->call.missing |= CALL_NO_COPY;
	if (record->ret.abi != ABI_UNKNOWN)
		open->call.abi = record->ret.abi;
	open->call.ret = record->ret.ret;
	open->call.end_ns = record->ts;
	close_call(calls, link, 0);
	return 0;
}

/* Of a call without an entry: it is whole, if the probe before has not lost its part. */
static int take_whole(struct calls *calls, const struct record *record)
{
	struct open_call **link = find(calls, record->tid);
	struct open_call *open;

	if (*link && (*link)->call.event != record->event) {
		close_call(calls, link, CALL_NO_RETURN);
		link = find(calls, record->tid);
	}
	open = *link ? *link : open_call(calls, link, record);
	if (!open)
		return -ENOMEM;
	if (!open->copied) {
		open->call.no_start = true;
		open->early = record->ts < calls->since_ns;
		if (!refused_early(record->entry.ret, record->entry.new_ptr)) {
			open->call.missing |= CALL_NO_ENTRY;
			open->early |=
				!calls->lossy && record->ts < calls->since_ns + COPY_TO_RETURN_NS;
		}
	}
	take_arguments(&open->call, record);
	open->call.ret = record->entry.ret;
	open->call.end_ns = record->ts;
	close_call(calls, link, 0);
	return 0;
}

/* A task returns from its call before it can exit, whatever kills it. */
static void take_exit(struct calls *calls, const struct record *record)
{
	struct open_call **link = find(calls, record->task.tid);

	if (*link)
		close_call(calls, link, CALL_NO_RETURN);
}

int calls_record(struct calls *calls, const struct record *record)
{
	switch (record->kind) {
	case USE_ENTRY:
		return take_entry(calls, record);
	case USE_COPY:
	case USE_OLD_AT:
		return take_copy(calls, record);
	case USE_COPIED:
		take_copied(calls, record);
		return 0;
	case USE_USER:
		take_user(calls, record);
		return 0;
	case USE_USER_BEFORE:
	case USE_USER_AFTER:
	case USE_USER_OLD:
		take_memory(calls, record);
		return 0;
	case USE_OLD:
		take_old(calls, record);
		return 0;
	case USE_STACK:
		take_stack(calls, record);
		return 0;
	case USE_SIGEVENT:
	case USE_MADE:
	case USE_FILE:
		take_made(calls, record);
		return 0;
	case USE_RETURN:
		return take_return(calls, record);
	case USE_WHOLE:
		return take_whole(calls, record);
	case USE_EXIT:
		take_exit(calls, record);
		return 0;
	default:
		return 0;
	}
}

const struct call *calls_open(const struct calls *calls, int32_t tid)
{
	const struct open_call *open = calls->buckets[(uint32_t)tid % BUCKETS];

	while (open && open->call.tid != tid)
		open = open->next;
	return open ? &open->call : NULL;
}

void calls_lost(struct calls *calls, int cpu)
{
	calls->lossy = true;
	for (size_t i = 0; i < BUCKETS; i++) {
		struct open_call **link = &calls->buckets[i];

		while (*link) {
			if ((*link)->last_cpu == cpu)
				close_call(calls, link, CALL_NO_RETURN);
			else
				link = &(*link)->next;
		}
	}
}

void calls_finish(struct calls *calls, uint64_t now_ns)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		while (calls->buckets[i]) {
			struct open_call *open = calls->buckets[i];

			if (now_ns - open->call.start_ns < CALL_LONGEST_NS)
				open->early = true;
			close_call(calls, &calls->buckets[i], CALL_NO_RETURN);
		}
	}
}

uint64_t calls_in_flight(const struct calls *calls)
{
	return calls->in_flight;
}

bool calls_set_anyhow(const struct call *call)
{
	return call->new_value.from == FROM_KERNEL &&
	       (call->ret == -EFAULT ||
		(call->ret == -ECANCELED && call->event == EVENT_TIMERFD_SETTIME));
}
