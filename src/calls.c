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

struct open_call {
	struct call call;
	struct open_call *next;
	int last_cpu;
	bool copied;
	bool early; /* under way when tracing began or stopped */
};

struct calls {
	struct open_call *buckets[BUCKETS];
	struct open_call *spare;
	uint64_t since_ns;
	calls_receiver *receiver;
	void *context;
	uint64_t in_flight;
	bool lossy; /* records were lost: a half may be missing for that */
};

struct calls *calls_new(uint64_t since_ns, calls_receiver *receiver, void *context)
{
	struct calls *calls = calloc(1, sizeof(*calls));

	if (!calls)
		return NULL;
	calls->since_ns = since_ns;
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
	memset(open, 0, sizeof(*open));
	open->call.tid = record->tid;
	open->call.start_ns = record->ts;
	open->call.cpu = record->cpu;
	open->call.abi = ABI_UNKNOWN;
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

static void close_call(struct calls *calls, struct open_call **link, unsigned missing)
{
	struct open_call *open = *link;

	*link = open->next;
	open->call.missing |= missing;
	if (open->early) {
		calls->in_flight++;
	} else {
		calls->receiver(calls->context, &open->call);
	}
	open->next = calls->spare;
	calls->spare = open;
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
	open->call.abi = record->entry.abi;
	open->call.has_args = true;
	open->call.has_pointers = true;
	open->call.timer_id = record->entry.timer_id;
	open->call.flags = record->entry.flags;
	open->call.new_ptr = record->entry.new_ptr;
	open->call.old_ptr = record->entry.old_ptr;
	return 0;
}

/* Is this copy of another call than the open one, whose return was lost? */
static bool other_call(const struct open_call *open, const struct record *record)
{
	if (!record->copy.has_id)
		return false;
	return open->copied ||
	       (open->call.has_args && (open->call.timer_id != record->copy.timer_id ||
					open->call.flags != record->copy.flags));
}

static int take_copy(struct calls *calls, const struct record *record)
{
	struct open_call **link = find(calls, record->tid);
	struct open_call *open;

	if (*link && other_call(*link, record))
		close_call(calls, link, CALL_NO_RETURN);
	open = *link ? *link : open_headless(calls, link, record);
	if (!open)
		return -ENOMEM;
	open->last_cpu = record->cpu;
	open->copied = true;
	open->call.new_value = record->copy.value;
	if (!open->call.has_args && record->copy.has_id) {
		open->call.has_args = true;
		open->call.timer_id = record->copy.timer_id;
		open->call.flags = record->copy.flags;
	}
	return 0;
}

static void take_user(struct calls *calls, const struct record *record)
{
	struct open_call *open = *find(calls, record->tid);

	/* Other system calls read an itimerspec through the same function. */
	if (!open || open->copied)
		return;
	open->last_cpu = record->cpu;
	open->call.new_value = record->user;
	/* get_timespec64() takes the upper half for padding. */
	if (open->call.abi == ABI_32) {
		open->call.new_value.interval.nsec &= UINT32_MAX;
		open->call.new_value.value.nsec &= UINT32_MAX;
	}
}

static void take_old(struct calls *calls, const struct record *record)
{
	struct open_call *open = *find(calls, record->tid);

	/* Other system calls write an itimerspec through the same function; a
	 * call whose return was missed may still be open then. */
	if (!open || open->call.old_value.from != FROM_NONE ||
	    (open->call.has_pointers && !open->call.old_ptr))
		return;
	open->last_cpu = record->cpu;
	open->call.old_value = record->old;
}

static int take_return(struct calls *calls, const struct record *record)
{
	struct open_call **link = find(calls, record->tid);
	struct open_call *open = *link;

	if (open && !open->call.missing && open->call.abi != record->ret.abi)
		close_call(calls, link, CALL_NO_RETURN);
	open = *link ? *link : open_headless(calls, link, record);
	if (!open)
		return -ENOMEM;
	open->call.abi = record->ret.abi;
	open->call.ret = record->ret.ret;
	open->call.end_ns = record->ts;
	close_call(calls, find(calls, record->tid), 0);
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
	case RECORD_ENTRY:
		return take_entry(calls, record);
	case RECORD_COPY:
		return take_copy(calls, record);
	case RECORD_USER:
		take_user(calls, record);
		return 0;
	case RECORD_OLD:
		take_old(calls, record);
		return 0;
	case RECORD_RETURN:
		return take_return(calls, record);
	case RECORD_EXIT:
		take_exit(calls, record);
		return 0;
	default:
		return 0;
	}
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
