/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/live_recording.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "timersnoop/host.h"
#include "timersnoop/kernel_recorded.h"
#include "timersnoop/memfile.h"
#include "timersnoop/page.h"
#include "timersnoop/procfs.h"

struct live_recording {
	const struct options *options;
	struct live *live;
	struct recorder *recorder;
	int status;                             /* of what it did last */
	struct decoder *decoder, *kept_decoder; /* borrowed; and since gathering its own */
	struct tasks *early; /* who was there before the first page that is kept */
	/* What pages that are not kept have told of tasks, as yet in no order. */
	struct record *changes;
	size_t change_count, change_room;
	struct page *page;
	size_t page_size;
	/* what the kernel tells */
	struct recording_format formats[PLAN_FORMATS_MAX];
	size_t format_count;
	struct recording_stream *streams;
	size_t stream_count, first_streams; /* all, and those of the first instance */
	char **stats;                       /* of these */
	char *header_page, *header_event, *kallsyms, *cmdlines;
	struct symbols *symbols; /* of the kernel's timers: all, and which of them are kept */
	struct kernel_recorded *recorded;
};

static int keep(void *context, size_t stream, const void *page, size_t size)
{
	struct live_recording *recording = context;
	int status = recorder_take(recording->recorder, stream, page, size);

	if (status < 0)
		recording->status = status;
	return status;
}

int live_recording_error(const struct live_recording *recording, struct error *err)
{
	const char *output = recording->options->output;

	if (recording->status < 0) {
		error_errno(err, -recording->status, "cannot keep what is recorded");
		error_hint(err, "it is kept %s%s until it is written, see RECORDINGS in the manual",
			   output ? "beside " : "where temporary files are", output ? output : "");
	}
	return recording->status;
}

static int compare_changes(const void *a, const void *b)
{
	const struct record *one = a, *other = b;

	return one->ts < other->ts ? -1 : one->ts > other->ts;
}

/* Takes all changes before this time, in their order. */
static int take_changes(struct live_recording *recording, uint64_t before_ns)
{
	size_t done = 0;
	int status = 0;

	if (!recording->change_count)
		return 0;
	qsort(recording->changes, recording->change_count, sizeof(*recording->changes),
	      compare_changes);
	while (done < recording->change_count && recording->changes[done].ts < before_ns &&
	       status == 0)
		status = tasks_record(recording->early, &recording->changes[done++]);
	recording->change_count -= done;
	memmove(recording->changes, recording->changes + done,
		recording->change_count * sizeof(*recording->changes));
	return status;
}

/* A CPU's pages go before or after another's: what they tell has to wait until
 * nothing older can come. */
static int add_change(struct live_recording *recording, const struct record *record)
{
	size_t room = recording->change_room ? 2 * recording->change_room : 256;
	struct record *larger;
	int status;

	if (probe_use_tells_of_timers(record->kind))
		return 0;
	if (recording->change_count == recording->change_room) {
		status = take_changes(recording, recorder_horizon(recording->recorder));
		if (status < 0)
			return status;
		/* Sorted again only when as many as are left have come. */
		if (2 * recording->change_count >= recording->change_room) {
			larger = realloc(recording->changes, room * sizeof(*larger));
			if (!larger)
				return -ENOMEM;
			recording->changes = larger;
			recording->change_room = room;
		}
	}
	recording->changes[recording->change_count++] = *record;
	return 0;
}

/* What a page that is not kept told of tasks is still known. */
static int take_dropped(void *context, size_t stream, void *bytes, size_t size)
{
	struct live_recording *recording = context;
	struct raw_event event = { .cpu = recording->streams[stream].cpu };
	struct record record;
	int status = 0;

	if (page_load(recording->page, bytes, size) < 0)
		return 0;
	while (status == 0 && (event.data = page_next(recording->page, &event.ts, &event.size)))
		if (decoder_read(recording->decoder, &event, &record) > 0)
			status = add_change(recording, &record);
	return status;
}

static int copy_streams(struct live_recording *recording)
{
	const struct recording_stream *streams =
		live_streams(recording->live, &recording->stream_count);

	recording->streams = calloc(recording->stream_count, sizeof(*streams));
	if (!recording->streams)
		return -ENOMEM;
	memcpy(recording->streams, streams, recording->stream_count * sizeof(*streams));
	while (recording->first_streams < recording->stream_count &&
	       !streams[recording->first_streams].buffer)
		recording->first_streams++;
	return 0;
}

int live_recording_new(struct live_recording **out, const struct options *options,
		       struct live *live, struct error *err)
{
	struct live_recording *recording = calloc(1, sizeof(*recording));
	struct recorder_request request = { .page_size = capture_page_size(live_capture(live)),
					    .near = options->output,
					    .ring_bytes = options->ring_bytes,
					    .ring_ns = options->ring_ns,
					    .dropped = take_dropped,
					    .context = recording };
	int status = 0;

	*out = NULL;
	if (!recording)
		return error_errno(err, ENOMEM, "recording");
	recording->options = options;
	recording->live = live;
	recording->page_size = request.page_size;
	recording->decoder = live_decoder(live);
	live_streams(live, &request.stream_count);
	recording->page = page_new(sizeof(long));
	recording->early = tasks_new();
	if (copy_streams(recording) < 0 || !recording->page || !recording->early)
		status = error_errno(err, ENOMEM, "recording");
	if (status == 0)
		status = recorder_new(&recording->recorder, &request, err);
	if (status < 0) {
		live_recording_free(recording);
		return status;
	}
	capture_keep(live_capture(live), keep, recording);
	*out = recording;
	return 0;
}

void live_recording_free(struct live_recording *recording)
{
	if (!recording)
		return;
	recorder_free(recording->recorder);
	decoder_free(recording->kept_decoder);
	tasks_free(recording->early);
	free(recording->changes);
	page_free(recording->page);
	for (size_t i = 0; i < recording->format_count; i++) {
		free((char *)recording->formats[i].system);
		free((char *)recording->formats[i].text);
	}
	for (size_t i = 0; recording->stats && i < recording->first_streams; i++)
		free(recording->stats[i]);
	free(recording->stats);
	free(recording->streams);
	free(recording->header_page);
	free(recording->header_event);
	free(recording->kallsyms);
	free(recording->cmdlines);
	symbols_free(recording->symbols);
	kernel_recorded_free(recording->recorded);
	free(recording);
}

static int learn(void *context, const struct task *task)
{
	return tasks_learn(context, task);
}

int live_recording_begin(struct live_recording *recording, const struct tasks *tasks,
			 struct error *err)
{
	int status = tasks_walk(tasks, learn, recording->early);

	return status < 0 ? error_errno(err, -status, "tasks") : 0;
}

/* What each record that is kept tells of tasks, in their order. */
static int walk_records(struct live_recording *recording, struct tasks *tasks,
			int (*take)(struct live_recording *recording, struct tasks *tasks,
				    const struct record *record))
{
	int *cpus = calloc(recording->stream_count, sizeof(*cpus));
	struct merge *merge = NULL;
	struct merged merged;
	struct record record;
	int status = cpus ? 0 : -ENOMEM;

	for (size_t i = 0; cpus && i < recording->stream_count; i++)
		cpus[i] = recording->streams[i].cpu;
	if (status == 0)
		merge = merge_new(cpus, recording->stream_count, recording->page_size, sizeof(long),
				  recorder_read, recording->recorder);
	if (status == 0 && !merge)
		status = -ENOMEM;
	if (status == 0)
		status = recorder_rewind(recording->recorder);
	if (status == 0)
		merge_begin(merge, UINT64_MAX);
	while (status == 0 && (status = merge_next(merge, &merged)) > 0) {
		status = 0;
		if (merged.kind == MERGE_EVENT &&
		    decoder_read(recording->decoder, &merged.event, &record) > 0)
			status = take(recording, tasks, &record);
	}
	merge_free(merge);
	free(cpus);
	return status;
}

/* --- the scene -------------------------------------------------------------- */

/* What is kept of the time of which not everything is. */
static int learn_before(struct live_recording *recording, struct tasks *unused,
			const struct record *record)
{
	(void)unused;
	return record->ts < recorder_since(recording->recorder) ? add_change(recording, record) : 0;
}

static int add_early(void *context, const struct task *task)
{
	struct scene *scene = context;

	return scene_add_task(&scene->tasks, task);
}

struct changes {
	struct scene *scene;
	const struct tasks *early;
};

/* Who is new, or goes by another name, since. */
static int add_other(void *context, const struct procfs_task *seen)
{
	struct changes *changes = context;
	const struct task *before = tasks_find(changes->early, seen->tid);
	struct task task = tasks_seen(seen);

	if (before && before->tgid == task.tgid && before->uid == task.uid &&
	    strcmp(before->comm, task.comm) == 0)
		return 0;
	return scene_add_task(&changes->scene->later, &task);
}

/* What /proc told of timers at first need not be so when the first page begins. */
static int renew_existing(const struct live_recording *recording, struct scene *scene)
{
	const struct options *options = recording->options;
	int status;

	existing_free(&scene->existing);
	status = existing_add_all(&scene->existing, options->pids, options->pid_count);
	for (size_t i = 0; i < scene->existing.count; i++) {
		struct existing_timer *one = &scene->existing.timers[i];

		/* From later on than the pages: when it expires is not known. */
		if (one->timer.family == TIMER_FD)
			one->timer.timerfd.value = (struct timerspec){ 0 };
		one->earliest_ns = one->latest_ns = scene->since_ns;
	}
	return status;
}

static int cut_scene(struct live_recording *recording, struct scene *scene)
{
	uint64_t since_ns = recorder_since(recording->recorder);

	if (since_ns < scene->since_ns)
		return 0;
	scene->cut = true;
	scene->since_ns = since_ns;
	/* It was counted of each stream, in their order. */
	for (size_t i = 0; i < scene->lost_count; i++) {
		uint64_t dropped = recorder_dropped_loss(recording->recorder, i);

		uint64_t *lost = &scene->lost[i].records;

		*lost -= dropped < *lost ? dropped : *lost;
	}
	return scene->existing.count ? renew_existing(recording, scene) : 0;
}

static int complete_scene(struct live_recording *recording, struct scene *scene, bool looked)
{
	struct changes changes = { scene, recording->early };
	int status = 0;

	if (recorder_since(recording->recorder))
		status = walk_records(recording, NULL, learn_before);
	if (status == 0)
		status = take_changes(recording, UINT64_MAX);
	if (status == 0)
		status = tasks_walk(recording->early, add_early, scene);

	/* Of those that are followed, records tell. */
	if (status == 0 && !looked && !scene->followed)
		status = procfs_threads(0, add_other, &changes);
	return status ? status : cut_scene(recording, scene);
}

static int describe_plan(const struct probe_plan *plan, struct scene *scene)
{
	struct memfile file = { .size = 0 };
	FILE *to = memfile_open(&file);
	int status;

	for (size_t i = 0; to && i < plan->probe_count; i++) {
		char text[PROBE_TEXT_MAX];

		probe_text(text, &plan->probes[i], PLAN_GROUP);
		fprintf(to, "%s\n", text);
	}
	status = memfile_close(&file, to);
	scene->plan = file.text;
	return status;
}

/* --- what the kernel tells ---------------------------------------------------- */

static int take_format(struct live_recording *recording, const char *system, const char *event,
		       const char *as, struct error *err)
{
	char *text = session_format(live_session(recording->live), system, event);

	if (!text)
		return error_errno(err, errno, "cannot read the format of %s:%s", system, event);
	/* The plan goes with the session. */
	recording->formats[recording->format_count] =
		(struct recording_format){ strdup(as), recording_format_text(text) };
	free(text);
	text = (char *)recording->formats[recording->format_count].text;
	as = recording->formats[recording->format_count++].system;
	return text && as ? 0 : error_errno(err, ENOMEM, "recording");
}

static int take_formats(struct live_recording *recording, struct error *err)
{
	const struct session *session = live_session(recording->live);
	const struct probe_plan *plan = session_plan(session);
	int status = 0;

	/* By the same name in each recording. */
	for (size_t i = 0; i < plan->probe_count && status == 0; i++)
		status = take_format(recording, session_group(session), plan->probes[i].event,
				     PLAN_GROUP, err);
	for (size_t i = 0; i < plan->event_count && status == 0; i++)
		if (!plan_event_repeated(plan, i))
			status = take_format(recording, plan->events[i].system,
					     plan->events[i].event, plan->events[i].system, err);
	return status;
}

static int take_file(char **text, struct tracefs_instance *instance, const char *file,
		     struct error *err)
{
	*text = tracefs_instance_file_read(instance, file, NULL);
	return *text ? 0 : error_errno(err, errno ? errno : EIO, "cannot read %s", file);
}

static int take_stats(struct live_recording *recording, struct error *err)
{
	struct tracefs_instance *instances[SESSION_INSTANCES];
	int status = 0;

	session_instances(live_session(recording->live), instances);
	recording->stats = calloc(recording->first_streams, sizeof(*recording->stats));
	if (!recording->stats)
		return error_errno(err, ENOMEM, "recording");
	for (size_t i = 0; i < recording->first_streams && status == 0; i++) {
		int cpu = recording->streams[i].cpu;
		char file[64], *text;

		snprintf(file, sizeof(file), "per_cpu/cpu%d/stats", cpu);
		status = take_file(&text, instances[0], file, err);
		if (status < 0)
			break;
		if (asprintf(&recording->stats[i], "CPU: %d\n%s", cpu, text) < 0) {
			recording->stats[i] = NULL;
			status = error_errno(err, ENOMEM, "recording");
		}
		free(text);
	}
	return status;
}

/* All that records of the kernel's timers may name, until it is known what they do. */
static int read_functions(struct live_recording *recording)
{
	struct error unused;

	recording->symbols = symbols_new();
	recording->recorded = kernel_recorded_new();
	if (!recording->symbols || !recording->recorded)
		return -ENOMEM;
	return host_symbols(recording->symbols, &unused);
}

/* What records named. */
static int describe_functions(struct live_recording *recording)
{
	if (recording->symbols)
		recording->kallsyms = kernel_recorded_text(recording->recorded, recording->symbols);
	return recording->kallsyms ? 0 : -ENOMEM;
}

/* Those functions that a plan may have to do with. */
static int describe_symbols(struct live_recording *recording)
{
	const struct kernel_features *features = live_features(recording->live);
	struct memfile file = { .size = 0 };
	FILE *to = memfile_open(&file);
	int status;

	for (size_t i = 0; to && i < features->symbol_count; i++)
		if (features->symbols[i].address)
			fprintf(to, "%016" PRIx64 " t %s\n", features->symbols[i].address,
				features->symbols[i].name);
	status = memfile_close(&file, to);
	recording->kallsyms = file.text;
	return status;
}

static int print_cmdline(void *context, const struct task *task)
{
	char comm[sizeof(task->comm)];

	memcpy(comm, task->comm, sizeof(comm));
	for (char *at = comm; *at; at++)
		if (*at == '\n')
			*at = '?';
	if (*comm)
		fprintf(context, "%" PRId32 " %s\n", task->tid, comm);
	return 0;
}

/* What a record names: a task, functions. */
static int learn_name(struct live_recording *recording, struct tasks *names,
		      const struct record *record)
{
	struct task task = { .tid = record->task.tid };

	if (recording->recorded && probe_use_tells_of_timers(record->kind))
		return kernel_recorded_take(recording->recorded, record);
	if (record->kind != USE_NEW_TASK && record->kind != USE_RENAME)
		return 0;
	memcpy(task.comm, record->task.comm, sizeof(task.comm));
	return tasks_learn(names, &task);
}

/* What each was called last. */
static int describe_cmdlines(struct live_recording *recording)
{
	struct tasks *names = tasks_new();
	struct memfile file = { .size = 0 };
	FILE *to = memfile_open(&file);
	int status = names && to ? 0 : -ENOMEM;

	if (status == 0)
		status = tasks_walk(recording->early, learn, names);
	if (status == 0)
		status = walk_records(recording, names, learn_name);
	if (status == 0)
		tasks_walk(names, print_cmdline, to);
	if (memfile_close(&file, to) < 0)
		status = -ENOMEM;
	recording->cmdlines = file.text;
	tasks_free(names);
	return status;
}

int live_recording_gather(struct live_recording *recording, struct scene *scene, struct error *err)
{
	int status = describe_plan(session_plan(live_session(recording->live)), scene);

	if (status == 0)
		status = recording->options->kernel ? read_functions(recording)
						    : describe_symbols(recording);
	if (status < 0)
		return error_errno(err, -status, "cannot complete the recording");
	status = take_formats(recording, err);
	if (status == 0)
		status = take_file(&recording->header_page, NULL, "events/header_page", err);
	if (status == 0)
		status = take_file(&recording->header_event, NULL, "events/header_event", err);
	if (status == 0)
		status = take_stats(recording, err);
	/* It is needed still when the rest is gone. */
	live_keep_decoder(recording->live);
	recording->kept_decoder = recording->decoder;
	return status;
}

int live_recording_complete(struct live_recording *recording, struct scene *scene, bool looked)
{
	int status = complete_scene(recording, scene, looked);

	if (status == 0)
		status = describe_cmdlines(recording);
	return status ? status : describe_functions(recording);
}

int live_recording_write(struct live_recording *recording, const struct scene *scene, int fd)
{
	struct recording_head head = {
		.page_size = recording->page_size,
		.header_page = recording->header_page,
		.header_event = recording->header_event,
		.formats = recording->formats,
		.format_count = recording->format_count,
		.kallsyms = recording->kallsyms,
		.cmdlines = recording->cmdlines,
		.clock = "mono",
		.version = "timersnoop " TIMERSNOOP_VERSION,
		.cpu_stats = (const char *const *)recording->stats,
		.cpu_stat_count = recording->first_streams,
		.buffers = { "", "interrupts" },
		.buffer_count = recording->stream_count > recording->first_streams ? 2 : 1,
		.streams = recording->streams,
		.stream_count = recording->stream_count,
	};
	char *text = scene_text(scene), release[200];
	struct utsname name;
	int status;

	if (!text)
		return -ENOMEM;
	uname(&name);
	snprintf(release, sizeof(release), "%s %s %s", name.sysname, name.release, name.machine);
	head.uname = release;
	head.scene = text;
	for (size_t i = 0; i < recording->stream_count; i++)
		recording->streams[i].bytes = recorder_bytes(recording->recorder, i);
	status = recording_write(fd, &head, recorder_copy, recording->recorder);
	free(text);
	return status;
}

void live_recording_totals(const struct live_recording *recording, struct recorder_totals *totals)
{
	recorder_totals(recording->recorder, totals);
}
