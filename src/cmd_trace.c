/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "timersnoop/commands.h"
#include "timersnoop/existing.h"
#include "timersnoop/host.h"
#include "timersnoop/launch.h"
#include "timersnoop/live.h"
#include "timersnoop/view.h"
#include "timersnoop/wakeups.h"

/*
 * While calls keep coming they are read in batches: after a round with this
 * many, the next one waits a little, which people do not notice and the ring
 * buffer easily holds.
 */
#define BUSY_ROUND 32
#define BUSY_PAUSE_NS (5 * 1000000LL)

struct trace {
	const struct options *options;
	struct selection selection;
	uint32_t uids[OPTION_LIST_MAX];
	char filter[FILTER_TEXT_MAX];
	struct live_request request;
	struct live *live;
	struct tasks *tasks;
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
	struct view *view;
	struct existing existing; /* timers, before tracing began */
	struct sink *sink;
	int out_fd;
	bool recorded; /* to its end: what is in the view is what there was */
	bool closed;   /* nobody reads the output any more */
	bool cut;      /* a signal came while it was written */
	struct out_style style;
	struct out_cache cache;
	uint64_t *counted_lost; /* by stream: what its pages told of */
	uint64_t missed;
	bool missed_unknown;
	int signals; /* that came to us alone, with COMMAND */
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
		status = command_find_users(options, trace->uids, err);
	if (status == 0 && options->run_as)
		status = launch_identity(&trace->identity, options->run_as_user, err);
	trace->selection = (struct selection){
		.pids = options->pids,
		.pid_count = options->pid_count,
		.names = options->names,
		.name_count = options->name_count,
		.uids = trace->uids,
		.uid_count = options->user_count,
		.self = getpid(),
		.failed = options->failed,
		.count = options->count,
	};
	return status;
}

static bool wants_color(const struct trace *trace)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (trace->options->color != COLOR_AUTO)
		return trace->options->color == COLOR_ALWAYS;
	return isatty(trace->out_fd) && !(no_color && *no_color) &&
	       !(term && strcmp(term, "dumb") == 0);
}

/* The wall clock may be set, and CLOCK_MONOTONIC stands still in suspend; what
 * reading one after the other costs is no reason to change. */
static void set_clocks(struct trace *trace)
{
	struct timespec wall, mono;
	int64_t offset;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_REALTIME, &wall);
	offset = (wall.tv_sec - mono.tv_sec) * NSEC_PER_SEC + (wall.tv_nsec - mono.tv_nsec);
	if (llabs(offset - trace->style.wall_offset_ns) > NSEC_PER_SEC / 1000)
		trace->style.wall_offset_ns = offset;
}

static void set_style(struct trace *trace)
{
	trace->style = (struct out_style){
		.format = trace->options->format,
		.time = trace->options->time,
		.wide = trace->options->wide,
		.color = wants_color(trace),
		.header = trace->options->header,
		.lives = trace->options->lives && !trace->options->events,
		.start_ns = live_since(trace->live),
		.cache = &trace->cache,
	};
	set_clocks(trace);
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
	if (trace->sink)
		wakeups_add_output(trace->wakeups, trace->out_fd);
	return 0;
}

/* What leads to a timer's expiry may be done by a thread of any name. */
static bool filters_calls(struct trace *trace)
{
	const struct options *options = trace->options;

	return !options->lives && !(options->events & (EVENTS_EXPIRE | EVENTS_SIGNAL)) &&
	       selection_filter(&trace->selection, trace->filter, sizeof(trace->filter));
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
			     .buffer_bytes = options->buffer_bytes },
		.pids = trace->launch ? &trace->launched : options->pids,
		.pid_count = trace->launch ? 1 : options->pid_count,
		.filter = filters_calls(trace) ? trace->filter : NULL,
	};
	return live_open(&trace->live, &trace->request, err);
}

/* How far the clocks of timers are ahead of the trace clock. */
static void tell_clocks(struct trace *trace)
{
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_TAI };
	struct timespec now, mono;

	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		clock_gettime(CLOCK_MONOTONIC, &mono);
		if (clock_gettime(clocks[i], &now) == 0)
			view_set_ahead(trace->view, clocks[i],
				       (now.tv_sec - mono.tv_sec) * NSEC_PER_SEC +
					       (now.tv_nsec - mono.tv_nsec));
	}
}

static int make_view(struct trace *trace, struct error *err)
{
	const struct view_request request = {
		.selection = &trace->selection,
		.decoder = live_decoder(trace->live),
		.tasks = trace->tasks,
		.sink = trace->sink,
		.style = &trace->style,
		.since_ns = live_since(trace->live),
		.events = trace->options->events,
		.lives = trace->options->lives,
		.alarm_offset = live_features(trace->live)->offset[OFFSET_ALARM_TIMER],
		.followed = trace->request.pid_count > 0,
	};
	int status = 0;

	trace->view = view_new(&request);
	if (!trace->view)
		return error_errno(err, ENOMEM, "calls");
	view_set_lookup(trace->view, live_lookup);
	tell_clocks(trace);
	for (size_t i = 0; i < trace->existing.count && status == 0; i++) {
		const struct existing_timer *existing = &trace->existing.timers[i];
		struct task task = live_task(&existing->process);

		status = view_existing(trace->view, &task, existing);
	}
	existing_free(&trace->existing);
	return status < 0 ? error_errno(err, -status, "timers") : 0;
}

/* No timer of our own, which would be among those that are shown. */
static void set_deadline(struct trace *trace, uint64_t deadline_ns)
{
	wakeups_set_deadline(trace->wakeups, deadline_ns);
	if (trace->sink)
		sink_set_deadline(trace->sink, deadline_ns);
}

static int start_live(struct trace *trace, struct error *err)
{
	const struct options *options = trace->options;
	bool filtered = false;
	size_t streams;
	int status;

	if (options->verbose)
		describe(trace);
	capture_cpus(live_capture(trace->live), &streams);
	trace->counted_lost = calloc(streams, sizeof(*trace->counted_lost));
	trace->tasks = tasks_new();
	if (!trace->tasks || !trace->counted_lost)
		return error_errno(err, ENOMEM, "tasks");
	status = live_start(trace->live, &trace->request, trace->tasks, &filtered, err);
	if (status < 0)
		return status;
	if (options->verbose && options->name_count)
		note(trace, "names are filtered %s", filtered ? "in the kernel" : "in user space");
	/* COMMAND has none yet. Only now: what is made from here on is seen. */
	status = (options->lives || options->events & EVENTS_EXPIRE) && !trace->launch
			 ? existing_add_all(&trace->existing, options->pids, options->pid_count)
			 : 0;
	if (status < 0)
		return error_errno(err, -status, "cannot read timers in /proc");
	set_style(trace);
	status = make_view(trace, err);
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
	struct merged merged;
	long records = 0;
	int status;

	set_clocks(trace);
	merge_begin(merge, limit);
	while ((status = merge_next(merge, &merged)) > 0) {
		if (merged.kind == MERGE_LOSS_COUNTED)
			trace->counted_lost[merged.stream] += merged.lost;
		status = view_take(trace->view, &merged);
		if (status < 0)
			return status;
		records++;
		if (view_done(trace->view) || (trace->sink && sink_interrupted(trace->sink)))
			break;
	}
	return status < 0 ? status : records;
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

static int follow_stream(struct trace *trace, struct error *err)
{
	bool over = false;

	while (!over && !view_done(trace->view)) {
		long records = show_round(trace, live_now());
		int64_t sleep = -1;
		int why;

		if (records < 0)
			return error_errno(err, (int)-records, "cannot read the trace");
		why = trace->sink ? sink_settle(trace->sink) : 0;
		if (why < 0 && why != -EINTR)
			return 0; /* told when the output is finished */
		/* An interrupted write goes on after what interrupted it. */
		if (why == -EINTR || merge_waiting(live_merge(trace->live)))
			sleep = 0;
		else if (records >= BUSY_ROUND)
			sleep = BUSY_PAUSE_NS;
		if (view_done(trace->view))
			return 0;
		why = wakeups_wait(trace->wakeups, sleep);
		if (why < 0)
			return error_errno(err, -why, "cannot wait for the trace");
		over = is_over(trace, why);
	}
	return 0;
}

/* What the ring buffer counts as lost beyond what its pages told. */
static int tell_untold_loss(struct trace *trace, struct error *err)
{
	struct capture *capture = live_capture(trace->live);
	size_t count;
	const int *cpus = capture_cpus(capture, &count);

	for (size_t i = 0; i < count; i++) {
		struct loss loss = { .cpu = cpus[i], .counted = true };
		int status = capture_lost(capture, i, &loss.records, err);

		if (status < 0)
			return status;
		if (loss.records <= trace->counted_lost[i])
			continue;
		loss.records -= trace->counted_lost[i];
		view_lost(trace->view, &loss);
	}
	return 0;
}

/* Stops recording, then shows the rest, before anything is taken away. */
static int finish_stream(struct trace *trace, struct error *err)
{
	int status = session_stop(live_session(trace->live), err);
	long records = 0;

	if (status < 0)
		return status;
	/* From here on only a signal keeps it from waiting for its reader. */
	if (trace->sink)
		sink_set_interrupt(trace->sink, wakeups_signal_fd(trace->wakeups));
	if (!view_done(trace->view)) {
		records = show_round(trace, UINT64_MAX);
		trace->cut = trace->sink && sink_interrupted(trace->sink);
		if (records >= 0)
			status = tell_untold_loss(trace, err);
	}
	view_finish(trace->view, live_now());
	if (records < 0)
		return error_errno(err, (int)-records, "cannot read the trace");
	if (session_missed(live_session(trace->live), &trace->missed, err) < 0) {
		note(trace, "%s", err->text);
		trace->missed_unknown = true;
	}
	return status;
}

static int status_of_data(const struct trace *trace)
{
	struct view_totals totals;

	view_totals(trace->view, &totals);
	if (trace->options->verbose && totals.in_flight)
		note(trace, "%llu calls were under way when tracing began or stopped",
		     (unsigned long long)totals.in_flight);
	if (totals.lost || totals.lost_unknown || totals.incomplete || totals.unattributed ||
	    totals.malformed || trace->missed || trace->missed_unknown) {
		if (!trace->options->quiet)
			command_tell_loss(&totals, trace->missed, trace->missed_unknown);
		return EXIT_INCOMPLETE;
	}
	return totals.matched || totals.lives ? EXIT_MATCHED : EXIT_NOTHING;
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
	return WIFSIGNALED(ended) ? command_die_of(WTERMSIG(ended)) : WEXITSTATUS(ended);
}

static void free_trace(struct trace *trace)
{
	free(trace->counted_lost);
	existing_free(&trace->existing);
	view_free(trace->view);
	tasks_free(trace->tasks);
	sink_free(trace->sink);
	launch_free(trace->launch);
	wakeups_free(trace->wakeups);
}

static int prepare(struct trace *trace, struct error *err)
{
	int status;

	/* Before signals are blocked: to open a pipe may take until it is read. */
	trace->out_fd = command_open_output(trace->options, err);
	if (trace->out_fd < 0)
		return trace->out_fd;
	status = wakeups_new(&trace->wakeups, &trace->signals_before, err);
	if (status < 0)
		return status;
	if (!trace->options->quiet)
		trace->sink = sink_new(trace->out_fd, wakeups_urgent_fd(trace->wakeups));
	if (!trace->options->quiet && !trace->sink)
		return error_errno(err, ENOMEM, "output");
	return prepare_command(trace, err);
}

/* From the first record to the last. An exit status. */
static int run(struct trace *trace, struct error *err)
{
	int status;

	status = command_empty_output(trace->options, trace->out_fd, err);
	if (status < 0)
		return command_fail(EXIT_FAILED, err);
	if (trace->sink && trace->style.header)
		out_for(trace->style.format)->header(trace->sink, &trace->style);
	if (trace->launch) {
		status = launch_go(trace->launch, err);
		if (status < 0)
			return command_fail(launch_exit_status(-status), err);
		trace->command = COMMAND_RUNS;
	} else if (!trace->options->quiet && isatty(STDERR_FILENO)) {
		note(trace, "tracing timers; Ctrl-C ends it");
	}
	status = follow_stream(trace, err);
	if (status == 0)
		status = finish_stream(trace, err);
	if (status < 0)
		return command_fail(EXIT_FAILED, err);
	trace->recorded = true;
	return EXIT_MATCHED;
}

/* What may take as long as a reader likes, once nothing is probed any more. */
static int finish(struct trace *trace, struct error *err)
{
	int status = 0;

	wakeups_add_output(trace->wakeups, -1);
	/* Whoever closed the pipe has all that was wanted. */
	if (!trace->closed)
		status = command_finish_output(trace->options, trace->sink, trace->out_fd, err);
	if (status == 0 && trace->cut && !trace->closed)
		status = error_set(err, EINTR,
				   "a signal came before all was written: lines are missing");
	if (status < 0)
		return command_fail(EXIT_FAILED, err);
	return status_of_data(trace);
}

int cmd_trace(const struct options *options)
{
	struct trace trace = { .options = options };
	struct error err;
	int status;

	if (resolve(&trace, &err) < 0)
		return command_fail(EXIT_USAGE, &err);
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
	if (trace.recorded && status != EXIT_FAILED)
		status = finish(&trace, &err);
	status = final_status(&trace, status);
	free_trace(&trace);
	return status;
}
