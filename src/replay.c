/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/merge.h"

/* The format of an event that a plan may have. */
struct format {
	struct meaning means;
	char *system, *text;
};

/* What somebody was looked up as. */
struct lookup {
	const struct task *task;
	size_t turn;
};

struct replay {
	struct recording *recording;
	bool own;
	bool kernel; /* it is read for the kernel's timers */
	struct format formats[PLAN_FORMATS_MAX];
	size_t format_count;
	struct decoder *decoder;
	struct merge *merge;
	int *cpus;
	struct scene *scene;
	struct lookup *lookups;
};

/* Before it is known who made the recording: that is told behind the formats. */
static int take_format(void *context, const char *system, const char *text, struct error *err)
{
	struct replay *replay = context;
	struct format *format = &replay->formats[replay->format_count];
	char name[64];

	if (sscanf(text, "name: %63[A-Za-z0-9_]\n", name) != 1 ||
	    !probe_plan_meaning(system, name, &format->means))
		return 0;
	if (replay->format_count == PLAN_FORMATS_MAX)
		return error_set(err, EBADMSG, "it has more than %d events of timersnoop",
				 PLAN_FORMATS_MAX);
	format->system = strdup(system);
	format->text = strdup(text);
	replay->format_count++;
	return format->system && format->text ? 0 : error_errno(err, ENOMEM, "event formats");
}

/*
 * These three are filtered by function when timersnoop records them; what
 * others have recorded of them has to do with anything.
 */
static bool needs_filter(enum probe_use use)
{
	return use == USE_HRTIMER_START || use == USE_HRTIMER_EXPIRE || use == USE_HRTIMER_EXPIRED;
}

/* Of programs' timers these tell nothing. */
static bool is_of_others(enum probe_use use)
{
	return use >= USE_HRTIMER_SETUP && use < USE_NEW_TASK;
}

static int learn_formats(struct replay *replay, struct error *err)
{
	int status = 0;

	replay->decoder = decoder_new(recording_long_size(replay->recording));
	if (!replay->decoder)
		return error_errno(err, ENOMEM, "event formats");
	for (size_t i = 0; i < replay->format_count && status == 0; i++) {
		const struct format *format = &replay->formats[i];

		if (is_of_others(format->means.use) && !replay->kernel)
			continue;
		if (replay->own || replay->kernel || !needs_filter(format->means.use))
			status = decoder_add(replay->decoder, &format->means, format->system,
					     format->text, err);
	}
	return status;
}

static int make_merge(struct replay *replay, struct error *err)
{
	size_t count;
	const struct recording_stream *streams = recording_streams(replay->recording, &count);

	replay->cpus = calloc(count + 1, sizeof(*replay->cpus));
	if (!replay->cpus)
		return error_errno(err, ENOMEM, "CPUs");
	for (size_t i = 0; i < count; i++)
		replay->cpus[i] = streams[i].cpu;
	replay->merge = merge_new(replay->cpus, count, recording_page_size(replay->recording),
				  recording_long_size(replay->recording), recording_read,
				  replay->recording);
	return replay->merge ? 0 : error_errno(err, ENOMEM, "CPUs");
}

/* --- the scene of a recording that somebody else made --------------------------- */

/* What can be shown, by the events that are there. */
static void guess_events(const struct replay *replay, struct scene *scene)
{
	for (size_t i = 0; i < replay->format_count; i++) {
		const struct meaning *means = &replay->formats[i].means;

		switch (means->use) {
		case USE_ENTRY:
		case USE_EXPIRY:
			scene->events |= EVENT_BIT(means->event);
			break;
		case USE_SIGNAL:
			scene->events |= EVENT_BIT(EVENT_SIGNAL_GENERATE);
			break;
		case USE_DELIVER:
			scene->events |= EVENT_BIT(EVENT_SIGNAL_DELIVER);
			break;
		case USE_USER_BEFORE:
			scene->toctou = true;
			break;
		case USE_TIMERS_GONE:
			scene->lives = true;
			break;
		case USE_TIMER_START:
			scene->kernel = true;
			break;
		case USE_HRTIMER_START:
			/* Of programs' timers alone, it is filtered. */
			scene->kernel |= replay->kernel;
			break;
		case USE_CALLER:
			scene->callers = true;
			break;
		case USE_CPU_IDLE:
			scene->wakeups = true;
			break;
		default:
			break;
		}
	}
}

/* "PID COMM": which process a thread is of, nobody tells. */
static int guess_tasks(const struct replay *replay, struct scene *scene)
{
	const char *text = recording_cmdlines(replay->recording);
	int status = 0;

	while (*text && status == 0) {
		struct task task = { .uid = UINT32_MAX };
		size_t length = strcspn(text, "\n");
		char line[64];

		snprintf(line, sizeof(line), "%.*s", (int)(length < 63 ? length : 63), text);
		if (sscanf(line, "%" SCNd32 " %15[^\n]", &task.tid, task.comm) == 2 && task.tid > 0)
			status = scene_add_task(&scene->tasks, &task);
		text += length + (text[length] == '\n');
	}
	return status;
}

/* "CPU: 0\n...overrun: 3\ncommit overrun: 0\n...dropped events: 0\n" */
static int guess_losses(const struct replay *replay, struct scene *scene)
{
	static const char *const counters[] = { "overrun: %" SCNu64, "commit overrun: %" SCNu64,
						"dropped events: %" SCNu64 };
	struct scene_lost lost = { .cpu = -1 };
	const char *text = recording_stats(replay->recording);
	int status = 0;

	while (*text && status == 0) {
		size_t length = strcspn(text, "\n");
		uint64_t records;
		char line[64];
		int cpu;

		/* sscanf() looks for the end of all that it is given. */
		snprintf(line, sizeof(line), "%.*s", (int)(length < 63 ? length : 63), text);
		text += length + (text[length] == '\n');
		if (sscanf(line, "CPU: %d", &cpu) == 1) {
			if (lost.cpu >= 0)
				status = scene_add_lost(scene, &lost);
			lost = (struct scene_lost){ .cpu = cpu };
		}
		for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
			if (sscanf(line, counters[i], &records) == 1)
				lost.records += records;
	}
	return status == 0 && lost.cpu >= 0 ? scene_add_lost(scene, &lost) : status;
}

static int guess_scene(const struct replay *replay, struct scene *scene, struct error *err)
{
	int64_t offset_ns;
	int status;

	guess_events(replay, scene);
	if (!scene->events && !scene->kernel) {
		error_set(err, ENOTSUP, "it holds no events of timersnoop's probes");
		error_hint(err, "record it with 'timersnoop record', or with trace-cmd and the "
				"probes that 'timersnoop --dry-run' prints");
		return -ENOTSUP;
	}
	status = guess_tasks(replay, scene);
	if (status == 0)
		status = guess_losses(replay, scene);
	if (status == 0 && recording_date(replay->recording, &offset_ns))
		status = scene_add_wall(scene, 0, offset_ns);
	return status < 0 ? error_errno(err, -status, "tasks") : 0;
}

/* ------------------------------------------------------------------------------ */

static int make_scene(struct replay *replay, struct scene *scene, struct error *err)
{
	size_t size;
	const char *text = recording_scene(replay->recording, &size);

	replay->own = text;
	replay->scene = scene;
	return text ? scene_parse(scene, text, size, err) : guess_scene(replay, scene, err);
}

static int compare_lookups(const void *a, const void *b)
{
	const struct lookup *one = a, *other = b;

	if (one->task->tid != other->task->tid)
		return one->task->tid < other->task->tid ? -1 : 1;
	return one->task < other->task ? -1 : one->task > other->task;
}

/* By thread, and of one thread in their order. */
static int sort_lookups(struct replay *replay, struct error *err)
{
	const struct scene_tasks *later = &replay->scene->later;

	replay->lookups = calloc(later->count + 1, sizeof(*replay->lookups));
	if (!replay->lookups)
		return error_errno(err, ENOMEM, "tasks");
	for (size_t i = 0; i < later->count; i++)
		replay->lookups[i].task = &later->list[i];
	qsort(replay->lookups, later->count, sizeof(*replay->lookups), compare_lookups);
	return 0;
}

int replay_open(struct replay **out, int fd, bool kernel, struct scene *scene, struct error *err)
{
	struct replay *replay = calloc(1, sizeof(*replay));
	int status;

	*out = NULL;
	if (!replay)
		return error_errno(err, ENOMEM, "replay");
	replay->kernel = kernel;
	status = recording_open(&replay->recording, fd, take_format, replay, err);
	if (status == 0)
		status = make_scene(replay, scene, err);
	if (status == 0)
		status = learn_formats(replay, err);
	if (status == 0)
		status = sort_lookups(replay, err);
	if (status == 0)
		status = make_merge(replay, err);
	if (status < 0) {
		scene_free(scene);
		replay_close(replay);
		return status;
	}
	*out = replay;
	return 0;
}

void replay_close(struct replay *replay)
{
	if (!replay)
		return;
	for (size_t i = 0; i < replay->format_count; i++) {
		free(replay->formats[i].system);
		free(replay->formats[i].text);
	}
	merge_free(replay->merge);
	free(replay->cpus);
	free(replay->lookups);
	decoder_free(replay->decoder);
	recording_close(replay->recording);
	free(replay);
}

bool replay_is_own(const struct replay *replay)
{
	return replay->own;
}

const char *replay_kallsyms(const struct replay *replay)
{
	return recording_kallsyms(replay->recording);
}

const char *replay_clock(const struct replay *replay)
{
	return recording_clock(replay->recording);
}

/* As it was looked up when it was recorded, in the same order. */
static int look_up(void *context, int32_t tid, struct task *task)
{
	struct replay *replay = context;
	size_t first = 0, end = replay->scene->later.count, count = end;
	struct lookup *lookups = replay->lookups;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (lookups[middle].task->tid < tid)
			first = middle + 1;
		else
			end = middle;
	}
	if (first == count || lookups[first].task->tid != tid)
		return -ESRCH;
	/* The first of them knows whose turn it is; the last one has all that follow. */
	end = first + lookups[first].turn;
	*task = *lookups[end].task;
	if (end + 1 < count && lookups[end + 1].task->tid == tid)
		lookups[first].turn++;
	return 0;
}

static int begin(struct replay *replay, struct show *show, const struct merged *first, int more,
		 struct error *err)
{
	struct show_source source = { .decoder = replay->decoder,
				      .lookup = look_up,
				      .context = replay,
				      .other_clock = strcmp(replay_clock(replay), "mono") != 0 };

	source.streams = recording_streams(replay->recording, &source.stream_count);
	/* It began anywhere. */
	if (!replay->own && more > 0)
		show->scene.since_ns = first->event.ts;
	return show_begin(show, &source, err);
}

static int cannot_read(struct replay *replay, int status, struct error *err)
{
	const struct error *why = recording_error(replay->recording);

	if (why->code != -status)
		return error_errno(err, -status, "it cannot be read");
	*err = *why;
	return status;
}

/* To ask whether to stop takes as long as many an event. */
#define ASK_EVERY 256

/* The time up to which it is to be shown. */
static uint64_t limit_of(const struct show *show)
{
	uint64_t duration_ns = (uint64_t)show->options->duration_ns;

	return duration_ns ? show->scene.since_ns + duration_ns : UINT64_MAX;
}

int replay_show(struct replay *replay, struct show *show, replay_stop *stop, void *context,
		struct error *err)
{
	struct merged merged = { .lost = 0 };
	uint64_t last_ns = 0, limit, asked = 0;
	bool stopped = false;
	int more, status;

	merge_begin(replay->merge, UINT64_MAX);
	more = merge_next(replay->merge, &merged);
	status = begin(replay, show, &merged, more, err);
	if (status == 0)
		show_header(show);
	limit = limit_of(show);
	for (; status == 0 && more > 0; more = merge_next(replay->merge, &merged)) {
		last_ns = merged.event.ts ? merged.event.ts : last_ns;
		stopped = last_ns > limit || (stop && asked++ % ASK_EVERY == 0 && stop(context));
		if (stopped)
			break;
		status = show_take(show, &merged);
		if (status < 0)
			return error_errno(err, -status, "records");
		stopped = show_done(show);
		if (stopped)
			break;
	}
	show->late = merge_late(replay->merge);
	if (status == 0 && more < 0)
		status = cannot_read(replay, more, err);
	if (status < 0)
		return status;
	if (!stopped)
		show_untold_loss(show);
	if (!replay->own || stopped)
		show->scene.end_ns = last_ns < limit ? last_ns : limit;
	status = show_finish(show);
	return status < 0 ? error_errno(err, -status, "figures") : 0;
}
