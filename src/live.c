/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/clocks.h"
#include "timersnoop/host.h"
#include "timersnoop/procfs.h"

struct live {
	struct kernel_features features;
	struct session *session;
	struct capture *capture;
	struct recording_stream *streams;
	size_t stream_count;
	struct decoder *decoder;
	struct merge *merge;
	uint64_t since_ns;
};

static int learn_format(struct live *live, const struct meaning *means, const char *system,
			const char *event, struct error *err)
{
	char *format = session_format(live->session, system, event);
	int status;

	if (!format)
		return error_errno(err, errno, "cannot read the format of %s:%s", system, event);
	status = decoder_add(live->decoder, means, system, format, err);
	free(format);
	return status;
}

static int learn_formats(struct live *live, struct error *err)
{
	const struct probe_plan *plan = session_plan(live->session);
	int status = 0;

	live->decoder = decoder_new(sizeof(long));
	if (!live->decoder)
		return error_errno(err, ENOMEM, "event formats");
	for (size_t i = 0; i < plan->probe_count && status == 0; i++)
		if (!probe_has_triggers(plan, i))
			status = learn_format(live, &plan->probes[i].means,
					      session_group(live->session), plan->probes[i].event,
					      err);
	for (size_t i = 0; i < plan->event_count && status == 0; i++)
		if (!plan_event_repeated(plan, i) && !plan->events[i].trigger[0])
			status = learn_format(live, &plan->events[i].means, plan->events[i].system,
					      plan->events[i].event, err);
	return status;
}

static int open_pipes(struct live *live, struct error *err)
{
	struct tracefs_instance *instances[SESSION_INSTANCES];
	size_t count = session_instances(live->session, instances);
	const int *cpus;
	int status = capture_open(&live->capture, instances, count, err);

	if (status < 0)
		return status;
	cpus = capture_cpus(live->capture, &count);
	live->merge = merge_new(cpus, count, capture_page_size(live->capture), sizeof(long),
				capture_read, live->capture);
	live->streams = calloc(count, sizeof(*live->streams));
	live->stream_count = count;
	if (!live->merge || !live->streams)
		return error_errno(err, ENOMEM, "CPUs");
	for (size_t i = 0; i < count; i++)
		live->streams[i] =
			(struct recording_stream){ .cpu = cpus[i],
						   .buffer = capture_instance(live->capture, i) };
	return 0;
}

int live_open(struct live **out, const struct live_request *request, struct error *err)
{
	struct live *live = calloc(1, sizeof(*live));
	int status;

	*out = NULL;
	if (!live)
		return error_errno(err, ENOMEM, "trace");
	status = host_features(&live->features, &request->session.wishes, err);
	if (status == 0 && request->decide)
		status = request->decide(request->context, &live->features, err);
	if (status == 0)
		status = session_open(&live->session, &request->session, &live->features, err);
	if (status == 0)
		status = learn_formats(live, err);
	if (status == 0)
		status = open_pipes(live, err);
	if (status < 0) {
		struct error left;

		if (live_close(live, &left) < 0)
			error_besides(err, &left);
		return status;
	}
	*out = live;
	return 0;
}

int live_close(struct live *live, struct error *err)
{
	int status;

	if (!live)
		return 0;
	merge_free(live->merge);
	free(live->streams);
	/* An instance with an open pipe cannot be removed. */
	capture_close(live->capture);
	decoder_free(live->decoder);
	status = session_close(live->session, err);
	free(live);
	return status;
}

int live_lookup(void *context, int32_t tid, struct task *task)
{
	struct procfs_task seen;
	int status = procfs_task(tid, &seen);

	(void)context;
	if (status == 0)
		*task = tasks_seen(&seen);
	return status;
}

struct scan {
	struct tasks *tasks;
	bool follow; /* note what is new, for the instance's pids */
	int32_t *added;
	size_t count;
};

static int scan_task(void *context, const struct procfs_task *seen)
{
	struct scan *scan = context;
	struct task task = tasks_seen(seen);
	bool known = tasks_find(scan->tasks, task.tid) != NULL;
	int32_t *larger;

	if (tasks_learn(scan->tasks, &task) < 0)
		return -ENOMEM;
	if (!scan->follow || known)
		return 0;
	larger = realloc(scan->added, (scan->count + 1) * sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	scan->added = larger;
	scan->added[scan->count++] = task.tid;
	return 0;
}

/*
 * A thread made between the listing and its parent's entry in set_event_pid
 * is not followed by event-fork: list again until nothing new turns up. All of
 * a listing at once, since each write waits for grace periods.
 */
static int follow_process(struct live *live, struct scan *scan, int32_t pid, struct error *err)
{
	int status;

	do {
		scan->count = 0;
		status = procfs_threads(pid, scan_task, scan);
		if (status == -ESRCH)
			return 0;
		if (status < 0)
			return error_errno(err, -status, "cannot list the threads of %d", pid);
		if (scan->count)
			status = session_follow(live->session, scan->added, scan->count, err);
	} while (status == 0 && scan->count);
	return status;
}

static int scan_tasks(struct live *live, const struct live_request *request, struct tasks *tasks,
		      struct error *err)
{
	struct scan scan = { .tasks = tasks, .follow = request->pid_count > 0 };
	int status = 0;

	if (!request->pid_count) {
		status = procfs_threads(0, scan_task, &scan);
		if (status < 0)
			error_errno(err, -status, "cannot list the running tasks");
	}
	for (size_t i = 0; i < request->pid_count && status == 0; i++)
		status = follow_process(live, &scan, request->pids[i], err);
	free(scan.added);
	return status;
}

int live_start(struct live *live, const struct live_request *request, struct tasks *tasks,
	       bool *filtered, struct error *err)
{
	int status = 0;

	/* Pids first: an instance without any records everybody. Then whatever
	 * changes among tasks is recorded, then they are listed: none is missed. */
	if (request->pid_count)
		status = session_follow(live->session, request->pids, request->pid_count, err);
	if (status == 0)
		status = session_watch_tasks(live->session, err);
	if (status == 0)
		status = scan_tasks(live, request, tasks, err);
	*filtered = status == 0 && request->filter &&
		    session_filter(live->session, request->filter, err) == 0;
	if (status == 0)
		status = session_enable(live->session, err);
	live->since_ns = clocks_now();
	if (status == 0)
		status = session_enable_entries(live->session, err);
	if (status == 0)
		status = session_guard(live->session, err);
	return status;
}

uint64_t live_since(const struct live *live)
{
	return live->since_ns;
}

const struct recording_stream *live_streams(const struct live *live, size_t *count)
{
	*count = live->stream_count;
	return live->streams;
}

struct session *live_session(const struct live *live)
{
	return live->session;
}

struct capture *live_capture(const struct live *live)
{
	return live->capture;
}

struct decoder *live_decoder(const struct live *live)
{
	return live->decoder;
}

void live_keep_decoder(struct live *live)
{
	live->decoder = NULL;
}

struct merge *live_merge(const struct live *live)
{
	return live->merge;
}

const struct kernel_features *live_features(const struct live *live)
{
	return &live->features;
}
