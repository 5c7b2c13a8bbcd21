/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/task_lookup.h"

#include <string.h>

const struct task *task_lookup_ns(struct task_lookup *lookup, const struct task *task)
{
	struct task more = *task, seen = { .tgid = 0 };

	if (task->ns_known || !lookup->ask_ns)
		return task;
	more.ns_known = true;
	/* Its ID may be another's by now. */
	if (lookup->ask_ns(lookup->context, task->tid, &seen) == 0 && seen.tgid == task->tgid) {
		more.ns_tid = seen.ns_tid;
		more.ns_tgid = seen.ns_tgid;
	}
	return tasks_learn(lookup->tasks, &more) == 0 ? tasks_find(lookup->tasks, more.tid) : task;
}

const struct task *task_lookup_find(struct task_lookup *lookup, int32_t tid, struct task *unknown)
{
	const struct task *task = tasks_find(lookup->tasks, tid);

	if (task && task->tgid && task->losses == lookup->losses)
		return task_lookup_ns(lookup, task);
	memset(unknown, 0, sizeof(*unknown));
	unknown->uid = UINT32_MAX;
	if (lookup->ask && lookup->ask(lookup->context, tid, unknown) == 0) {
		unknown->losses = lookup->losses;
		if (tasks_learn(lookup->tasks, unknown) == 0)
			return unknown;
	}
	/* Gone: what was known before the gap is the best there is. */
	if (task && task->tgid) {
		*unknown = *task;
		unknown->losses = lookup->losses;
		return tasks_learn(lookup->tasks, unknown) == 0 ? unknown : task;
	}
	if (task)
		*unknown = *task;
	unknown->tid = tid;
	return unknown;
}

struct caller task_lookup_thread(const struct task *task, int32_t tid)
{
	struct caller caller = { .pid = task->tgid,
				 .tid = tid,
				 .ns_pid = task->ns_tgid,
				 .ns_tid = tid == task->tid ? task->ns_tid : 0 };

	memcpy(caller.comm, task->comm, sizeof(caller.comm));
	return caller;
}

struct caller task_lookup_process(const struct task_lookup *lookup, const struct task *task)
{
	const struct task *first = tasks_find(lookup->tasks, task->tgid);

	return task_lookup_thread(first && first->tgid ? first : task, task->tgid);
}
