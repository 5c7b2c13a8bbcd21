/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace goes on: what is read, in rounds, and what ends it. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "timersnoop/clocks.h"
#include "timersnoop/live_scene.h"
#include "timersnoop/printable.h"
#include "timersnoop/trace_parts.h"

/*
 * While calls keep coming they are read in batches: after a round with this many, or one
 * that had not to be waited for, the next one waits a little, which people do not notice
 * and the ring buffer easily holds. Whoever is woken for each record, and at once, costs
 * ten times as much.
 */
#define BUSY_ROUND 32
#define BUSY_PAUSE_NS (5 * 1000000LL)
/*
 * Of what is recorded alone, the kernel wakes us for half a buffer. Where it
 * does so for less, a pause makes fewer and fuller pages of it.
 */
#define BULK_PAGES 16
#define BULK_RECORDS 1024
#define BULK_PAUSE_NS (50 * 1000000LL)
/*
 * A CPU that has taken a record's time may be interrupted before it commits it. Where
 * rounds are a pause apart, the last of what there is waits for the next one: it costs
 * nothing, and what is committed late is in order all the same.
 */
#define SETTLE_NS (2 * 1000000LL)
/* Between two looks at the kernel's own timers. */
#define KERNEL_PAUSE_NS (50 * 1000000LL)
#define KERNEL_BULK_PAUSE_NS (500 * 1000000LL)
/* One stream does not keep the others waiting. */
#define DRAIN_PAGES 1024

static int add_row(void *context, struct stat_row *row)
{
	return report_stat_add(context, row);
}

/* What the kernel has counted since the last time. */
static int read_counts(struct trace *trace, struct error *err)
{
	if (trace->counts)
		return live_kernel_counts_read(trace->counts, trace->show.report,
					       &trace->show.uncounted, err);
	return live_aggregate_read(trace->aggregate, trace->show.tasks, add_row, trace->show.report,
				   &trace->show.uncounted, err);
}

/* All up to `limit` has been told: tables that are due are shown. */
static int pass(struct trace *trace, uint64_t limit)
{
	uint64_t due = show_due(&trace->show);
	int status = 0;

	if (trace->show.counted && due && due <= limit)
		status = read_counts(trace, &trace->uncounted);
	return status < 0 ? status : show_pass(&trace->show, limit);
}

static uint64_t round_limit(const struct trace *trace)
{
	uint64_t now = clocks_now();

	return trace->rested && trace->waited_ns >= SETTLE_NS ? now - SETTLE_NS : now;
}

/* Shows everything up to `limit`. The number of records, or -errno. */
static long show_round(struct trace *trace, uint64_t limit)
{
	struct merge *merge = live_merge(trace->live);
	struct sink *sink = trace->show.sink;
	struct merged merged;
	long shown = 0;
	int status = live_scene_clocks(&trace->show);

	merge_begin(merge, limit);
	while (status >= 0 && (status = merge_next(merge, &merged)) > 0) {
		status = show_take(&trace->show, &merged);
		if (status < 0)
			return status;
		shown++;
		if (show_done(&trace->show) || (sink && sink_interrupted(sink)))
			break;
	}
	trace->show.late = merge_late(merge);
	/* Of what waits, some may be from before. */
	if (status >= 0 && limit != UINT64_MAX && !merge_waiting(merge))
		status = pass(trace, limit);
	return status < 0 ? status : shown;
}

/* A table is due also when nothing happens, and a rate changes. */
static void set_tick(struct trace *trace)
{
	uint64_t due = show_due(&trace->show), now = clocks_now();

	if (due)
		wakeups_set_tick(trace->wakeups, due > now ? (int64_t)(due - now) : 1);
	else if ((trace->show.report && report_asks_time(trace->show.report)) ||
		 trace->options->kernel_events || (trace->show.counted && trace->options->until))
		wakeups_set_tick(trace->wakeups, NSEC_PER_SEC);
}

/* Reads what is to be recorded and not looked at. The number of pages, or -errno. */
static long drain_round(struct trace *trace, bool all)
{
	struct capture *capture = live_capture(trace->live);
	size_t count, size = capture_page_size(capture);
	int length = 1, status = live_scene_clocks(&trace->show);
	void *page = malloc(size);
	long pages = 0;

	capture_cpus(capture, &count);
	if (!page)
		status = -ENOMEM;
	for (size_t i = 0; i < count && status == 0; i++, length = 1)
		for (long read = 0; length > 0 && (all || read < DRAIN_PAGES); read++, pages++) {
			length = capture_read(capture, i, page, size);
			status = length < 0 ? length : 0;
		}
	free(page);
	return status < 0 ? status : pages - (long)count;
}

static void tell_name(const char *output)
{
	char name[4 * PATH_MAX + 1]; /* it could be opened */

	printable_copy(name, output ? output : "standard output");
	fprintf(stderr, ", for %s\n", name);
}

static void tell_progress(struct trace *trace, bool last)
{
	struct recorder_totals totals;

	if (!trace->progress)
		return;
	live_recording_totals(trace->recording, &totals);
	fprintf(stderr, "\rtimersnoop: %llu records, %.1f MiB", (unsigned long long)totals.records,
		(double)totals.bytes / (1 << 20));
	if (totals.lost)
		fprintf(stderr, ", %llu lost", (unsigned long long)totals.lost);
	if (last)
		tell_name(trace->options->output);
	else
		fputs("  ", stderr);
}

/* A signal to us alone is meant for COMMAND too; from the terminal it has it already. */
static bool take_signal(struct trace *trace)
{
	int from_terminal = 0;
	int signal = wakeups_signal(trace->wakeups, &from_terminal);

	if (!signal)
		return false;
	if (!trace->launch)
		return true;
	if (from_terminal)
		return false;
	if (trace->signals++)
		return true;
	launch_signal(trace->launch, signal);
	return false;
}

/* Does this end the trace? */
static bool is_over(struct trace *trace, int why)
{
	bool over = why & (WAKE_GONE | WAKE_DEADLINE);

	if (why & WAKE_SIGNAL)
		over |= take_signal(trace);
	if (why & WAKE_COMMAND) {
		trace->command = COMMAND_ENDED;
		over = true;
	}
	if (why & WAKE_CLOSED) {
		trace->closed = true;
		over = true;
	}
	return over;
}

/*
 * What we do is among the records of the kernel's timers, and wakes CPUs: not to read them
 * for ever. In bulk the kernel wakes us for half a buffer; where it does so for less
 * (before 6.1), a pause is between.
 */
static int64_t kernel_pause(struct trace *trace, long count)
{
	uint64_t due = show_due(&trace->show), now = clocks_now();

	if (!trace->request.session.in_bulk)
		return KERNEL_PAUSE_NS;
	trace->paused = !trace->paused && count > 0 &&
			count < (show_looks(&trace->show) ? BULK_RECORDS : BULK_PAGES);
	if (!trace->paused)
		return -1;
	if (due && due < now + KERNEL_BULK_PAUSE_NS)
		return due > now ? (int64_t)(due - now) : 0;
	return KERNEL_BULK_PAUSE_NS;
}

/* What to wait for behind a round that showed so many: ns, or -1. */
static int64_t pause_after(struct trace *trace, long count)
{
	if (trace->options->kernel)
		return kernel_pause(trace, count);
	if (!show_looks(&trace->show))
		return count > 0 && count < BULK_PAGES ? BULK_PAUSE_NS
		       : count >= DRAIN_PAGES          ? 0
						       : -1;
	return count >= BUSY_ROUND || (count > 0 && trace->waited_ns < BUSY_PAUSE_NS) ||
			       merge_waiting(live_merge(trace->live))
		       ? BUSY_PAUSE_NS
		       : -1;
}

static int wait_for_more(struct trace *trace, int64_t longest_ns)
{
	uint64_t began = clocks_now();
	int why = wakeups_wait(trace->wakeups, longest_ns);

	trace->rested = longest_ns > 0;
	trace->waited_ns = (int64_t)(clocks_now() - began);
	return why;
}

/* Or what was read could not be kept. */
static int cannot_read(const struct trace *trace, int status, struct error *err)
{
	if (trace->uncounted.code) {
		*err = trace->uncounted;
		return status;
	}
	if (trace->recording && live_recording_error(trace->recording, err) < 0)
		return -err->code;
	return error_errno(err, -status, "cannot read the trace");
}

int trace_follow_stream(struct trace *trace, struct error *err)
{
	struct sink *sink = trace->show.sink;
	bool over = false;

	while (!over && !show_done(&trace->show)) {
		long count = show_looks(&trace->show) ? show_round(trace, round_limit(trace))
						      : drain_round(trace, false);
		int why = 0;

		if (count < 0)
			return cannot_read(trace, (int)count, err);
		tell_progress(trace, false);
		if (sink)
			why = sink_settle(sink);
		if (why < 0 && why != -EINTR)
			return 0; /* told when the output is finished */
		if (show_done(&trace->show))
			return 0;
		set_tick(trace);
		/* An interrupted write goes on after what interrupted it. */
		why = wait_for_more(trace, why == -EINTR ? 0 : pause_after(trace, count));
		if (why < 0)
			return error_errno(err, -why, "cannot wait for the trace");
		over = is_over(trace, why);
	}
	return 0;
}

/* The rest of what is there, now that no more comes. */
static int show_rest(struct trace *trace, struct error *err)
{
	struct show *show = &trace->show;
	bool done = show_done(show), drained = false;
	long count = 0;
	int status;

	/* From here on only a signal keeps it from waiting for its reader. */
	if (show->sink)
		sink_set_interrupt(show->sink, wakeups_signal_fd(trace->wakeups));
	if (show_looks(show) && !done)
		count = show_round(trace, UINT64_MAX);
	trace->cut = show->sink && sink_interrupted(show->sink);
	drained = show_looks(show) && !done && !show_done(show) && !trace->cut;
	/* What is not shown is recorded all the same. */
	if (trace->recording && count >= 0)
		count = drain_round(trace, true);
	drained |= trace->recording != NULL;
	status = live_scene_lost(&show->scene, trace->live, drained, err);
	if (show_looks(show) && !done && count >= 0 && status == 0)
		show_untold_loss(show);
	return count < 0 ? cannot_read(trace, (int)count, err) : status;
}

int trace_finish_stream(struct trace *trace, struct error *err)
{
	struct scene *scene = &trace->show.scene;
	struct error missing;
	int status;

	session_disturbed(live_session(trace->live), scene->disturbed, sizeof(scene->disturbed));
	status = session_stop(live_session(trace->live), err);

	/* What is read now came before. */
	scene->end_ns = clocks_now();
	if (status == 0)
		status = show_rest(trace, err);
	if (status < 0)
		return status;
	if (session_missed(live_session(trace->live), &scene->missed, &missing) < 0) {
		trace_note(trace, "%s", missing.text);
		scene->missed_unknown = true;
	}
	if (trace->show.counted && read_counts(trace, err) < 0)
		return -err->code;
	if (show_looks(&trace->show) && show_finish(&trace->show) < 0)
		return error_errno(err, ENOMEM, "figures");
	tell_progress(trace, true);
	if (!trace->recording)
		return 0;
	return live_recording_gather(trace->recording, scene, err);
}
