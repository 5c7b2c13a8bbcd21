/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timersnoop/clocks.h"
#include "timersnoop/commands.h"
#include "timersnoop/existing.h"
#include "timersnoop/host.h"
#include "timersnoop/launch.h"
#include "timersnoop/live.h"
#include "timersnoop/live_recording.h"
#include "timersnoop/live_scene.h"
#include "timersnoop/show.h"
#include "timersnoop/wakeups.h"

/*
 * While calls keep coming they are read in batches: after a round with this
 * many, the next one waits a little, which people do not notice and the ring
 * buffer easily holds.
 */
#define BUSY_ROUND 32
#define BUSY_PAUSE_NS (5 * 1000000LL)
/*
 * Of what is recorded alone, the kernel wakes us for half a buffer. Where it
 * does so for less, a pause makes fewer and fuller pages of it.
 */
#define BULK_PAGES 16
#define BULK_PAUSE_NS (50 * 1000000LL)
/* One stream does not keep the others waiting. */
#define DRAIN_PAGES 1024

struct trace {
	const struct options *options;
	struct show show;
	char filter[FILTER_TEXT_MAX];
	unsigned filtered; /* enum filter_part bits: what is in it */
	struct live_request request;
	struct live *live;
	struct live_recording *recording; /* NULL: it is only shown */
	int recording_fd;
	struct wakeups *wakeups;
	struct launch_signals signals_before;
	struct launch_identity identity; /* COMMAND's */
	struct launch *launch;
	int32_t launched;
	enum {
		COMMAND_WAITS, /* or there is none */
		COMMAND_RUNS,
		COMMAND_ENDED,     /* by itself */
		COMMAND_WAS_ENDED, /* because tracing was over */
	} command;
	bool made;     /* the file of -o; nothing is in it as yet */
	bool progress; /* is told as it goes */
	bool begun;    /* something may have been written */
	bool whole;    /* traced to its end: what is shown is what there was */
	bool closed;   /* nobody reads the output any more */
	bool cut;      /* a signal came while it was written */
	int signals;   /* that came to us alone, with COMMAND */
};

static void note(const struct trace *trace, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void note(const struct trace *trace, const char *format, ...)
{
	va_list args;

	if (trace->options->quiet)
		return;
	fputs("timersnoop: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static int resolve(struct trace *trace, struct error *err)
{
	const struct options *options = trace->options;
	int status = command_check_pids(options, err);

	if (status == 0)
		status = show_select(&trace->show, options, err);
	if (status == 0 && options->run_as)
		status = launch_identity(&trace->identity, options->run_as_user, err);
	return status;
}

static bool records(const struct trace *trace)
{
	return trace->options->command == COMMAND_RECORD;
}

/* What is recorded need not be looked at. */
static bool looks(const struct trace *trace)
{
	return !records(trace) || trace->options->print || trace->options->count;
}

/* COMMAND is made before anything of the trace is open, so it inherits none. */
static int prepare_command(struct trace *trace, struct error *err)
{
	int status;

	if (!trace->options->argv)
		return 0;
	status = launch_start(&trace->launch, trace->options->argv, &trace->identity,
			      &trace->signals_before, err);
	if (status == 0) {
		trace->launched = launch_pid(trace->launch);
		wakeups_add_command(trace->wakeups, launch_fd(trace->launch));
	}
	return status;
}

static void describe(const struct trace *trace)
{
	const struct kernel_features *features = live_features(trace->live);
	const struct probe_plan *plan = session_plan(live_session(trace->live));
	const char *group = session_group(live_session(trace->live));

	for (size_t i = 0; i < features->refused_count; i++)
		note(trace, "refused: %s: %s", features->refused[i].symbol,
		     features->refused[i].reason);
	for (size_t i = 0; i < plan->probe_count; i++) {
		char text[PROBE_TEXT_MAX];

		probe_text(text, &plan->probes[i], group);
		note(trace, "probe: %s (%s)", text, plan->probes[i].why);
	}
	for (size_t i = 0; i < plan->note_count; i++)
		note(trace, "note: %s", plan->notes[i]);
}

static int watch_processes(struct trace *trace, struct error *err)
{
	for (size_t i = 0; i < trace->options->pid_count; i++) {
		int status = wakeups_add_process(trace->wakeups, trace->options->pids[i]);

		if (status < 0 && status != -ESRCH)
			return error_errno(err, -status, "cannot watch process %d",
					   trace->options->pids[i]);
	}
	if (wakeups_add_capture(trace->wakeups, live_capture(trace->live)) < 0)
		return error_errno(err, ENOMEM, "pipes");
	if (trace->show.sink)
		wakeups_add_output(trace->wakeups, trace->show.out_fd);
	return 0;
}

/* What leads to a timer's expiry may be done by a thread of any name. */
static bool filters_calls(struct trace *trace)
{
	const struct plan_wishes wishes = command_wishes(trace->options);
	struct selection selection = trace->show.selection;

	/* It chooses what is shown, not what is recorded. */
	if (records(trace))
		selection.where = NULL;
	if (!wishes.lives && !(wishes.events & (EVENTS_EXPIRE | EVENTS_SIGNAL)))
		trace->filtered =
			selection_filter(&selection, trace->filter, sizeof(trace->filter));
	return trace->filtered;
}

/* Who drops what was not asked for. */
static void tell_filter(const struct trace *trace)
{
	const struct options *options = trace->options;

	if (options->verbose && options->name_count)
		note(trace, "names are filtered %s",
		     trace->filtered & FILTER_NAMES ? "in the kernel" : "in user space");
	else if (records(trace) && options->name_count && !(trace->filtered & FILTER_NAMES))
		note(trace, "all names are recorded: give -n again when it is shown");
	if (options->verbose && options->where && trace->filtered & FILTER_WHERE)
		note(trace, "--where: the kernel lets pass what is %s", trace->filter);
	else if (options->verbose && options->where)
		note(trace, "--where is filtered in user space");
}

static int open_live(struct trace *trace, struct error *err)
{
	const struct options *options = trace->options;
	unsigned swept = 0;
	int status = host_tracefs(err);

	if (status < 0)
		return status;
	status = session_sweep(&swept, err);
	if (status < 0)
		note(trace, "what an earlier run left behind stays: %s", err->text);
	else if (swept && options->verbose)
		note(trace, "swept what %u earlier run%s left behind", swept,
		     swept == 1 ? "" : "s");
	trace->request = (struct live_request){
		.session = { .wishes = command_wishes(options),
			     .follows = trace->launch || options->pid_count,
			     .in_bulk = !looks(trace),
			     .buffer_bytes = options->buffer_bytes },
		.pids = trace->launch ? &trace->launched : options->pids,
		.pid_count = trace->launch ? 1 : options->pid_count,
		.filter = filters_calls(trace) ? trace->filter : NULL,
	};
	status = live_open(&trace->live, &trace->request, err);
	if (status == 0 && records(trace))
		status = live_recording_new(&trace->recording, options, trace->live, err);
	return status;
}

/* Whoever is looked up while it is recorded is found again in the recording. */
static int look_up(void *context, int32_t tid, struct task *task)
{
	struct trace *trace = context;
	int status = live_lookup(NULL, tid, task);

	if (status == 0 && records(trace))
		status = scene_add_task(&trace->show.scene.later, task);
	return status;
}

static int begin_show(struct trace *trace, struct error *err)
{
	struct show_source source = { .decoder = live_decoder(trace->live),
				      .lookup = look_up,
				      .context = trace };
	int status;

	source.streams = live_streams(trace->live, &source.stream_count);
	status = show_begin(&trace->show, &source, err);
	/* It has taken them; a recording that is cut has others. */
	if (!records(trace))
		existing_free(&trace->show.scene.existing);
	return status;
}

/* No timer of our own, which would be among those that are shown. */
static void set_deadline(struct trace *trace, uint64_t deadline_ns)
{
	wakeups_set_deadline(trace->wakeups, deadline_ns);
	if (trace->show.sink)
		sink_set_deadline(trace->show.sink, deadline_ns);
}

static int start_live(struct trace *trace, struct error *err)
{
	const struct options *options = trace->options;
	bool filtered = false;
	int status;

	if (options->verbose)
		describe(trace);
	trace->show.tasks = tasks_new();
	if (!trace->show.tasks)
		return error_errno(err, ENOMEM, "tasks");
	status = live_start(trace->live, &trace->request, trace->show.tasks, &filtered, err);
	if (status < 0)
		return status;
	if (!filtered)
		trace->filtered = 0;
	tell_filter(trace);
	status = live_scene_begin(&trace->show, trace->live, &trace->request, err);
	if (status == 0 && trace->recording)
		status = live_recording_begin(trace->recording, trace->show.tasks, err);
	if (status == 0 && looks(trace))
		status = begin_show(trace, err);
	if (status < 0)
		return status;
	if (options->duration_ns)
		set_deadline(trace, live_since(trace->live) + (uint64_t)options->duration_ns);
	return watch_processes(trace, err);
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
	/* Of what waits, some may be from before. */
	if (status >= 0 && limit != UINT64_MAX && !merge_waiting(merge))
		status = show_pass(&trace->show, limit);
	return status < 0 ? status : shown;
}

/* A table is due also when nothing happens. */
static void set_tick(struct trace *trace)
{
	uint64_t due = show_due(&trace->show), now = clocks_now();

	if (due)
		wakeups_set_tick(trace->wakeups, due > now ? (int64_t)(due - now) : 1);
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
		fprintf(stderr, ", for %s\n",
			trace->options->output ? trace->options->output : "standard output");
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

/* What to wait for behind a round that showed so many: ns, or -1. */
static int64_t pause_after(const struct trace *trace, long count)
{
	if (!trace->show.view)
		return count > 0 && count < BULK_PAGES ? BULK_PAUSE_NS
		       : count >= DRAIN_PAGES          ? 0
						       : -1;
	if (merge_waiting(live_merge(trace->live)))
		return 0;
	return count >= BUSY_ROUND ? BUSY_PAUSE_NS : -1;
}

/* Or what was read could not be kept. */
static int cannot_read(const struct trace *trace, int status, struct error *err)
{
	if (trace->recording && live_recording_error(trace->recording, err) < 0)
		return -err->code;
	return error_errno(err, -status, "cannot read the trace");
}

static int follow_stream(struct trace *trace, struct error *err)
{
	struct sink *sink = trace->show.sink;
	bool over = false;

	while (!over && !show_done(&trace->show)) {
		long count = trace->show.view ? show_round(trace, clocks_now())
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
		why = wakeups_wait(trace->wakeups, why == -EINTR ? 0 : pause_after(trace, count));
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
	bool done = show_done(show);
	long count = 0;
	int status;

	/* From here on only a signal keeps it from waiting for its reader. */
	if (show->sink)
		sink_set_interrupt(show->sink, wakeups_signal_fd(trace->wakeups));
	if (show->view && !done)
		count = show_round(trace, UINT64_MAX);
	trace->cut = show->sink && sink_interrupted(show->sink);
	/* What is not shown is recorded all the same. */
	if (trace->recording && count >= 0)
		count = drain_round(trace, true);
	status = live_scene_lost(&show->scene, trace->live, err);
	if (show->view && !done && count >= 0 && status == 0)
		show_untold_loss(show);
	show->scene.end_ns = clocks_now();
	return count < 0 ? cannot_read(trace, (int)count, err) : status;
}

/* Stops recording, then shows the rest, before anything is taken away. */
static int finish_stream(struct trace *trace, struct error *err)
{
	struct scene *scene = &trace->show.scene;
	struct error missing;
	int status = session_stop(live_session(trace->live), err);

	if (status == 0)
		status = show_rest(trace, err);
	if (status < 0)
		return status;
	if (session_missed(live_session(trace->live), &scene->missed, &missing) < 0) {
		note(trace, "%s", missing.text);
		scene->missed_unknown = true;
	}
	if (trace->show.view && show_finish(&trace->show) < 0)
		return error_errno(err, ENOMEM, "figures");
	tell_progress(trace, true);
	if (!trace->recording)
		return 0;
	return live_recording_gather(trace->recording, scene, err);
}

/* By the ring buffer's own count, if nobody looked at what was recorded. */
static int status_of_recording(const struct trace *trace)
{
	const struct scene *scene = &trace->show.scene;
	struct view_totals totals = { 0 };

	for (size_t i = 0; i < scene->lost_count; i++)
		totals.lost += scene->lost[i].records;
	if (!totals.lost && !scene->missed && !scene->missed_unknown)
		return EXIT_MATCHED;
	if (!trace->options->quiet)
		command_tell_loss(&totals, scene->missed, scene->missed_unknown, false);
	return EXIT_INCOMPLETE;
}

/* Tracing ended first: COMMAND is asked to end, and made to by another signal. */
static void end_command(struct trace *trace)
{
	int from_terminal;

	wakeups_set_deadline(trace->wakeups, 0);
	launch_signal(trace->launch, SIGTERM);
	launch_signal(trace->launch, SIGCONT);
	while (trace->command == COMMAND_RUNS) {
		int why = wakeups_wait(trace->wakeups, INT64_MAX);

		if (why < 0 || why & WAKE_COMMAND)
			trace->command = COMMAND_WAS_ENDED;
		else if (why & WAKE_SIGNAL && wakeups_signal(trace->wakeups, &from_terminal))
			launch_signal(trace->launch, SIGKILL);
	}
	launch_wait(trace->launch);
}

/* Which of the statuses counts: ours, loss's, or COMMAND's own. */
static int final_status(struct trace *trace, int status)
{
	int ended;

	if (trace->command == COMMAND_RUNS)
		end_command(trace);
	if (status == EXIT_INCOMPLETE && trace->options->loss_status >= 0)
		return trace->options->loss_status;
	if (trace->command != COMMAND_ENDED || status == EXIT_FAILED)
		return status;
	ended = launch_wait(trace->launch);
	if (ended == 0 && status == EXIT_FOUND)
		return status;
	return WIFSIGNALED(ended) ? command_die_of(WTERMSIG(ended)) : WEXITSTATUS(ended);
}

static void free_trace(struct trace *trace)
{
	live_recording_free(trace->recording);
	show_free(&trace->show);
	launch_free(trace->launch);
	wakeups_free(trace->wakeups);
}

/* Before signals are blocked: to open a pipe may take until it is read. */
static int open_outputs(struct trace *trace, struct error *err)
{
	int fd = command_open_output(trace->options, &trace->made, err);

	trace->show.out_fd = records(trace) ? STDOUT_FILENO : fd;
	trace->recording_fd = fd;
	if (fd < 0 || !records(trace) || !isatty(fd))
		return fd < 0 ? fd : 0;
	error_set(err, EINVAL, "a recording is not written to a terminal");
	error_hint(err, "take -o FILE");
	return -EINVAL;
}

static int prepare(struct trace *trace, struct error *err)
{
	bool shows = records(trace) ? trace->options->print : !trace->options->quiet;
	int status = open_outputs(trace, err);

	if (status < 0)
		return status;
	status = wakeups_new(&trace->wakeups, &trace->signals_before, err);
	if (status < 0)
		return status;
	if (shows)
		trace->show.sink = sink_new(trace->show.out_fd, wakeups_urgent_fd(trace->wakeups));
	if (shows && !trace->show.sink)
		return error_errno(err, ENOMEM, "output");
	trace->progress =
		records(trace) && !shows && !trace->options->quiet && isatty(STDERR_FILENO);
	/* So that a wall clock that is set is noticed, too. */
	if (!looks(trace))
		wakeups_set_tick(trace->wakeups, NSEC_PER_SEC);
	return prepare_command(trace, err);
}

/* From the first record to the last. An exit status. */
static int run(struct trace *trace, struct error *err)
{
	const struct show *show = &trace->show;
	int status;

	/* What was there before is lost only for something that takes its place. */
	if (trace->launch) {
		status = launch_go(trace->launch, err);
		if (status < 0)
			return command_fail(launch_exit_status(-status), err);
		trace->command = COMMAND_RUNS;
	}
	trace->begun = true;
	if (!records(trace) && command_empty_output(trace->options, show->out_fd, err) < 0)
		return command_fail(EXIT_FAILED, err);
	if (show->sink && show->style.header && !show->report)
		out_for(&show->style)->header(show->sink, &show->style);
	if (!trace->launch && !trace->options->quiet && isatty(STDERR_FILENO))
		note(trace, "%s timers; Ctrl-C ends it",
		     records(trace) ? "recording"
		     : show->report ? "watching"
				    : "tracing");
	status = follow_stream(trace, err);
	if (status == 0)
		status = finish_stream(trace, err);
	if (status < 0)
		return command_fail(EXIT_FAILED, err);
	trace->whole = true;
	return EXIT_MATCHED;
}

/*
 * Nothing is probed any more, and the recording is of no use in part: any signal
 * may end us now, as it may have to when nobody reads a pipe.
 */
static int write_recording(struct trace *trace, struct error *err)
{
	const struct options *options = trace->options;
	int fd = trace->recording_fd, status;

	if (trace->command == COMMAND_RUNS)
		end_command(trace);
	sigprocmask(SIG_SETMASK, &trace->signals_before.mask, NULL);
	status = live_recording_complete(trace->recording, &trace->show.scene, looks(trace));
	if (status < 0)
		return error_errno(err, -status, "cannot complete the recording");
	if (command_empty_output(options, fd, err) < 0)
		return -err->code;
	status = live_recording_write(trace->recording, &trace->show.scene, fd);
	/* Some file systems tell of a full disk only now. */
	if (status == 0 && options->output && close(fd) < 0)
		status = -errno;
	if (status == 0)
		return 0;
	error_errno(err, -status, "cannot write %s",
		    options->output ? options->output : "standard output");
	error_hint(err, "what is there of the recording is of no use");
	return status;
}

/* What may take as long as a reader likes, once nothing is probed any more. */
static int finish(struct trace *trace, struct error *err)
{
	struct show *show = &trace->show;
	struct options output = *trace->options;
	int status = 0;

	wakeups_add_output(trace->wakeups, -1);
	if (trace->recording)
		output.output = NULL;
	/* Whoever closed the pipe has all that was wanted. */
	if (!trace->closed)
		status = command_finish_output(&output, show->sink, show->out_fd, err);
	if (status == 0 && trace->cut && !trace->closed)
		status = error_set(err, EINTR,
				   "a signal came before all was written: lines are missing");
	if (status < 0)
		command_fail(EXIT_FAILED, err);
	if (trace->recording && write_recording(trace, err) < 0)
		status = command_fail(EXIT_FAILED, err);
	if (status != 0)
		return EXIT_FAILED;
	return show->view ? show_status(show) : status_of_recording(trace);
}

int cmd_trace(const struct options *options)
{
	struct trace trace = { .options = options };
	struct error err;
	int status;

	if (resolve(&trace, &err) < 0) {
		show_free(&trace.show);
		return command_fail(err.code == ENOMEM ? EXIT_FAILED : EXIT_USAGE, &err);
	}
	if (prepare(&trace, &err) < 0) {
		status = command_fail(EXIT_FAILED, &err);
	} else if (open_live(&trace, &err) < 0) {
		status = command_fail(
			options->argv || err.code == ENOMEM ? EXIT_FAILED : EXIT_CANNOT, &err);
	} else if (start_live(&trace, &err) < 0) {
		status = command_fail(EXIT_FAILED, &err);
	} else {
		status = run(&trace, &err);
	}
	if (live_close(trace.live, &err) < 0)
		status = command_fail(EXIT_FAILED, &err);
	/* Nothing came of it: nobody should find a file. */
	if (trace.made && !trace.begun)
		unlink(options->output);
	if (trace.whole && status != EXIT_FAILED)
		status = finish(&trace, &err);
	status = final_status(&trace, status);
	free_trace(&trace);
	return status;
}
