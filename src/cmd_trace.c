/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <tracefs.h>
#include <unistd.h>

#include "timersnoop/printable.h"
#include "timersnoop/privilege.h"
#include "timersnoop/trace_parts.h"

void trace_note(const struct trace *trace, const char *format, ...)
{
	va_list args;

	if (trace->options->quiet)
		return;
	va_start(args, format);
	tell_args(format, args);
	va_end(args);
}

static int resolve(struct trace *trace, struct error *err)
{
	const struct options *options = trace->options;
	int status = command_check_pids(options, err);

	if (status == 0)
		status = command_check_cpus(options, err);
	if (status == 0)
		status = show_select(&trace->show, options, err);
	if (status == 0 && options->kernel)
		status = command_learn_functions(&trace->show, err);
	if (status == 0 && options->run_as)
		status = launch_identity(&trace->identity, options->run_as_user, err);
	return status;
}

bool trace_records(const struct trace *trace)
{
	return trace->options->command == COMMAND_RECORD;
}

bool trace_looks(const struct trace *trace)
{
	return !trace_records(trace) || trace->options->print || trace->options->count;
}

/* By the ring buffer's own count, if nobody looked at what was recorded. */
static int status_of_recording(const struct trace *trace)
{
	const struct scene *scene = &trace->show.scene;
	struct view_totals totals = { 0 };

	for (size_t i = 0; i < scene->lost_count; i++)
		totals.lost += scene->lost[i].records;
	if (!totals.lost && !scene->missed && !scene->missed_unknown && !scene->disturbed[0])
		return EXIT_MATCHED;
	if (!trace->options->quiet)
		command_tell_loss(&totals, scene, false);
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
	live_aggregate_free(trace->aggregate);
	live_kernel_counts_free(trace->counts);
	show_free(&trace->show);
	launch_free(trace->launch);
	wakeups_free(trace->wakeups);
}

/* Before signals are blocked: to open a pipe may take until it is read. */
static int open_outputs(struct trace *trace, struct error *err)
{
	int status = command_open_output(trace->options, &trace->output, err);

	if (status < 0)
		return status;
	trace->show.out_fd = trace_records(trace) ? STDOUT_FILENO : trace->output.fd;
	if (!trace_records(trace) || !isatty(trace->output.fd))
		return 0;
	error_set(err, EINVAL, "a recording is not written to a terminal");
	error_hint(err, "take -o FILE");
	return -EINVAL;
}

static int prepare(struct trace *trace, struct error *err)
{
	bool shows = trace_records(trace) ? trace->options->print : !trace->options->quiet;
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
		trace_records(trace) && !shows && !trace->options->quiet && isatty(STDERR_FILENO);
	/* What is not looked at as it comes is read seldom, and wall times follow the clock. */
	status = trace_looks(trace) ? 0 : wakeups_watch_clock(trace->wakeups);
	if (status < 0)
		return error_errno(err, -status, "cannot watch the clock");
	if (trace->progress)
		wakeups_set_tick(trace->wakeups, NSEC_PER_SEC);
	return trace_prepare_command(trace, err);
}

/*
 * What the reader takes at once is written before the clean-up, which waits for grace
 * periods. The rest comes behind it: nothing stays probed for a reader that is slow.
 */
static void write_at_once(struct trace *trace)
{
	struct sink *sink = trace->show.sink;

	if (!sink || trace->closed)
		return;
	sink_set_deadline(sink, 1); /* long past: it never waits */
	sink_flush(sink);           /* its error is kept, for finish() */
	sink_set_interrupt(sink, wakeups_signal_fd(trace->wakeups));
}

/*
 * Programs that call without pause on every CPU leave a reader of their own weight less
 * than it takes to keep up. Whoever has chosen a niceness keeps it; so does COMMAND.
 */
#define READER_NICE (-10)

static void take_precedence(void)
{
	if (privilege_is_lent())
		return;
	errno = 0;
	if (getpriority(PRIO_PROCESS, 0) == 0 && errno == 0)
		setpriority(PRIO_PROCESS, 0, READER_NICE);
}

/*
 * All is open, and COMMAND is a process of its own: from here on bytes are read that other
 * programs had a part in.
 */
static void give_up_privileges(const struct trace *trace)
{
	const struct options *options = trace->options;
	const struct privilege_request request = {
		.use = PRIVILEGE_LIVE,
		.tracefs = tracefs_tracing_dir(),
		.command = trace->launched,
		/* In the end it is asked again what there is. */
		.symbols = options->kernel && trace_records(trace),
		.others = options->ring_bytes || options->ring_ns,
	};
	struct privilege_state state;

	privilege_drop(&request, &state);
	if (options->verbose && !state.files)
		trace_note(trace, "files are not confined: %s", state.files_why_not);
	if (options->verbose && !state.calls)
		trace_note(trace, "system calls are not confined: %s", state.calls_why_not);
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
	output_file_keep(&trace->output);
	if (!trace_records(trace) && command_empty_output(trace->options, show->out_fd, err) < 0)
		return command_fail(EXIT_FAILED, err);
	show_header(show);
	if (!trace->launch && !trace->options->quiet && isatty(STDERR_FILENO))
		trace_note(trace, "%s timers; Ctrl-C ends it",
			   trace_records(trace) ? "recording"
			   : show->report       ? "watching"
						: "tracing");
	status = trace_follow_stream(trace, err);
	if (status == 0)
		status = trace_finish_stream(trace, err);
	if (status < 0)
		return command_fail(EXIT_FAILED, err);
	write_at_once(trace);
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
	int fd = trace->output.fd, status;

	if (trace->command == COMMAND_RUNS)
		end_command(trace);
	sigprocmask(SIG_SETMASK, &trace->signals_before.mask, NULL);
	status = live_recording_complete(trace->recording, &trace->show.scene, trace_looks(trace));
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
	return show_looks(show) ? show_status(show) : status_of_recording(trace);
}

int cmd_trace(const struct options *options)
{
	struct trace trace = { .options = options };
	struct error err;
	int status;

	if (resolve(&trace, &err) < 0) {
		show_free(&trace.show);
		return command_fail(err.code == ENOMEM    ? EXIT_FAILED
				    : err.code != ENOTSUP ? EXIT_USAGE
				    : options->argv       ? EXIT_FAILED
							  : EXIT_CANNOT,
				    &err);
	}
	if (prepare(&trace, &err) < 0) {
		status = command_fail(EXIT_FAILED, &err);
	} else if (trace_open_live(&trace, &err) < 0) {
		status = command_fail(
			options->argv || err.code == ENOMEM ? EXIT_FAILED : EXIT_CANNOT, &err);
	} else if (trace_start_live(&trace, &err) < 0) {
		status = command_fail(EXIT_FAILED, &err);
	} else {
		take_precedence();
		give_up_privileges(&trace);
		status = run(&trace, &err);
	}
	if (live_close(trace.live, &err) < 0)
		status = command_fail(EXIT_FAILED, &err);
	/* Nothing came of it: nobody should find a file. */
	output_file_drop(&trace.output);
	if (trace.whole && status != EXIT_FAILED)
		status = finish(&trace, &err);
	status = final_status(&trace, status);
	free_trace(&trace);
	return status;
}
