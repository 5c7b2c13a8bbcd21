/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/tasks.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 1024 /* a power of two, as every later one */

/* Open addressing with linear probing; tid 0 (idle, never traced) is empty. */
struct tasks {
	struct task *slots;
	size_t capacity;
	size_t count;
	uint64_t changes;
};

struct task tasks_seen(const struct procfs_task *seen)
{
	struct task task = { .tid = seen->tid,
			     .tgid = seen->tgid,
			     .ns_tid = seen->ns_tid,
			     .ns_tgid = seen->ns_tgid,
			     .ns_known = true,
			     .uid = seen->uid };

	memcpy(task.comm, seen->comm, sizeof(task.comm));
	return task;
}

struct tasks *tasks_new(void)
{
	struct tasks *tasks = calloc(1, sizeof(*tasks));

	if (!tasks)
		return NULL;
	tasks->capacity = FIRST_CAPACITY;
	tasks->slots = calloc(tasks->capacity, sizeof(*tasks->slots));
	if (!tasks->slots) {
		free(tasks);
		return NULL;
	}
	return tasks;
}

void tasks_free(struct tasks *tasks)
{
	if (!tasks)
		return;
	free(tasks->slots);
	free(tasks);
}

static size_t home(const struct tasks *tasks, int32_t tid)
{
	return (size_t)((uint32_t)tid * 2654435769U) & (tasks->capacity - 1);
}

/* The slot that holds the tid, or the empty one where it would go. */
static struct task *slot(const struct tasks *tasks, int32_t tid)
{
	size_t at = home(tasks, tid);

	while (tasks->slots[at].tid && tasks->slots[at].tid != tid)
		at = (at + 1) & (tasks->capacity - 1);
	return &tasks->slots[at];
}

static int grow(struct tasks *tasks)
{
	struct tasks larger = { .capacity = tasks->capacity * 2,
				.count = tasks->count,
				.changes = tasks->changes };

	larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < tasks->capacity; i++)
		if (tasks->slots[i].tid)
			*slot(&larger, tasks->slots[i].tid) = tasks->slots[i];
	free(tasks->slots);
	*tasks = larger;
	return 0;
}

int tasks_learn(struct tasks *tasks, const struct task *task)
{
	struct task *place;

	if (task->tid <= 0)
		return 0;
	tasks->changes++;
	place = slot(tasks, task->tid);
	if (!place->tid) {
		if (2 * (tasks->count + 1) > tasks->capacity) {
			if (grow(tasks) < 0)
				return -ENOMEM;
			place = slot(tasks, task->tid);
		}
		tasks->count++;
	}
	*place = *task;
	return 0;
}

static void forget(struct tasks *tasks, int32_t tid)
{
	struct task *place = slot(tasks, tid);
	size_t mask = tasks->capacity - 1;
	size_t hole, next;

	if (tid <= 0 || !place->tid)
		return;
	tasks->changes++;
	hole = (size_t)(place - tasks->slots);
	/* Close the gap: whatever probed past it moves up. */
	for (next = (hole + 1) & mask; tasks->slots[next].tid; next = (next + 1) & mask) {
		size_t wanted = home(tasks, tasks->slots[next].tid);

		if (((next - wanted) & mask) >= ((next - hole) & mask)) {
			tasks->slots[hole] = tasks->slots[next];
			hole = next;
		}
	}
	tasks->slots[hole].tid = 0;
	tasks->count--;
}

uint64_t tasks_changes(const struct tasks *tasks)
{
	return tasks->changes;
}

const struct task *tasks_find(const struct tasks *tasks, int32_t tid)
{
	const struct task *task = slot(tasks, tid);

	return tid > 0 && task->tid ? task : NULL;
}

int tasks_walk(const struct tasks *tasks, int (*each)(void *context, const struct task *task),
	       void *context)
{
	int status = 0;

	for (size_t i = 0; i < tasks->capacity && status == 0; i++)
		if (tasks->slots[i].tid)
			status = each(context, &tasks->slots[i]);
	return status;
}

int32_t tasks_process(const struct tasks *tasks, int32_t tid)
{
	const struct task *task = tasks_find(tasks, tid);

	return task && task->tgid ? task->tgid : tid;
}

static int take_new_task(struct tasks *tasks, const struct record *record)
{
	const struct task *parent = tasks_find(tasks, record->tid);
	struct task task = { .tid = record->task.tid, .tgid = record->task.tid };

	if (record->task.thread && parent) {
		task.tgid = parent->tgid;
		task.ns_tgid = parent->ns_tgid;
		/* Threads of one process are in one namespace. */
		task.ns_known = parent->ns_known && !parent->ns_tgid;
	}
	if (record->task.thread && !parent)
		task.tgid = 0; /* a thread of a process that is not known */
	task.uid = parent ? parent->uid : UINT32_MAX;
	memcpy(task.comm, record->task.comm, sizeof(task.comm));
	return tasks_learn(tasks, &task);
}

static int take_rename(struct tasks *tasks, const struct record *record)
{
	const struct task *known = tasks_find(tasks, record->task.tid);
	/* A thread other than the first that calls execve gets the process's
	 * id, whose own task has exited by then. */
	struct task task = { .tid = record->task.tid, .tgid = record->task.tid, .uid = UINT32_MAX };

	if (known)
		task = *known;
	memcpy(task.comm, record->task.comm, sizeof(task.comm));
	return tasks_learn(tasks, &task);
}

static int take_exec(struct tasks *tasks, const struct record *record)
{
	const struct task *now = tasks_find(tasks, record->tid);
	const struct task *before = tasks_find(tasks, record->task.tid);
	struct task task = { .tid = record->tid, .tgid = record->tid, .uid = UINT32_MAX };

	if (now)
		task = *now;
	if (before)
		task.uid = before->uid;
	task.tgid = record->tid;
	task.timers_gone = false;
	if (record->task.tid != record->tid)
		forget(tasks, record->task.tid);
	return tasks_learn(tasks, &task);
}

/* exec deletes the timers, too: what comes next tells. */
static int take_timers_gone(struct tasks *tasks, const struct record *record)
{
	const struct task *known = tasks_find(tasks, record->tid);
	struct task task;

	if (!known)
		return 0;
	task = *known;
	task.timers_gone = true;
	return tasks_learn(tasks, &task);
}

static int take_creds(struct tasks *tasks, const struct record *record)
{
	const struct task *known = tasks_find(tasks, record->tid);
	struct task task;

	if (!known)
		return 0;
	task = *known;
	task.uid = record->task.uid;
	return tasks_learn(tasks, &task);
}

int tasks_record(struct tasks *tasks, const struct record *record)
{
	switch (record->kind) {
	case USE_NEW_TASK:
		return take_new_task(tasks, record);
	case USE_RENAME:
		return take_rename(tasks, record);
	case USE_EXEC:
		return take_exec(tasks, record);
	case USE_EXIT:
		forget(tasks, record->task.tid);
		return 0;
	case USE_CREDS:
		return take_creds(tasks, record);
	case USE_TIMERS_GONE:
		return take_timers_gone(tasks, record);
	default:
		return 0;
	}
}
