/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/existing.h"

#include <errno.h>
#include <stdlib.h>

#include "timersnoop/clocks.h"

static int add_timer(void *context, const struct procfs_timer *timer)
{
	struct existing *existing = context;
	size_t room = existing->room ? existing->room * 2 : 256;
	struct existing_timer *grown;

	if (existing->count == existing->room) {
		grown = realloc(existing->timers, room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		existing->timers = grown;
		existing->room = room;
	}
	existing->timers[existing->count++] =
		(struct existing_timer){ .process = existing->process, .timer = *timer };
	return 0;
}

int existing_add(struct existing *existing, const struct procfs_task *process)
{
	size_t first = existing->count;
	uint64_t earliest_ns = clocks_now(), latest_ns;
	int status;

	existing->process = *process;
	status = procfs_timers(process->tgid, add_timer, existing);
	latest_ns = clocks_now();
	for (; first < existing->count; first++) {
		existing->timers[first].earliest_ns = earliest_ns;
		existing->timers[first].latest_ns = latest_ns;
	}
	if (status == -EACCES)
		existing->denied++;
	return status == -EACCES || status == -ESRCH ? 0 : status;
}

static int add_process(void *context, const struct procfs_task *process)
{
	return existing_add(context, process);
}

int existing_add_all(struct existing *existing, const int32_t *pids, size_t count)
{
	struct procfs_task process;
	int status = 0;

	if (!count)
		return procfs_processes(add_process, existing);
	for (size_t i = 0; i < count && status == 0; i++)
		if (procfs_task(pids[i], &process) == 0)
			status = existing_add(existing, &process);
	return status;
}

void existing_free(struct existing *existing)
{
	free(existing->timers);
	*existing = (struct existing){ .count = 0 };
}
