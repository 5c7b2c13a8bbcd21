/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace is begun: COMMAND, the probes, who is watched. */
#include <errno.h>
#include <string.h>

#include "timersnoop/clocks.h"
#include "timersnoop/existing.h"
#include "timersnoop/host.h"
#include "timersnoop/live_scene.h"
#include "timersnoop/trace_parts.h"

int trace_prepare_command(struct trace *trace, struct error *err)
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
		trace_note(trace, "refused: %s: %s", features->refused[i].symbol,
			   features->refused[i].reason);
	for (size_t i = 0; i < plan->probe_count; i++) {
		char text[PROBE_TEXT_MAX];

		probe_text(text, &plan->probes[i], group);
		trace_note(trace, "probe: %s (%s)", text, plan->probes[i].why);
	}
	for (size_t i = 0; i < plan->event_count; i++) {
		const struct plan_event *event = &plan->events[i];

		trace_note(trace, "event: %s:%s%s%s%s%s (%s)", event->system, event->event,
			   event->trigger[0] ? ", counted by " : "", event->trigger,
			   event->filter[0] ? ", filter " : "", event->filter, event->why);
	}
	for (size_t i = 0; i < plan->note_count; i++)
		trace_note(trace, "note: %s", plan->notes[i]);
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
	if (trace_records(trace))
		selection.where = NULL;
	if (!wishes.kernel && !wishes.lives && !(wishes.events & (EVENTS_EXPIRE | EVENTS_SIGNAL)))
		trace->filtered =
			selection_filter(&selection, trace->filter, sizeof(trace->filter));
	return trace->filtered;
}

/* Who drops what was not asked for. */
static void tell_filter(const struct trace *trace)
{
	const struct options *options = trace->options;

	if (options->verbose && options->name_count)
		trace_note(trace, "names are filtered %s",
			   trace->filtered & FILTER_NAMES ? "in the kernel" : "in user space");
	else if (trace_records(trace) && options->name_count && !(trace->filtered & FILTER_NAMES))
		trace_note(trace, "all names are recorded: give -n again when it is shown");
	if (options->verbose && options->where && trace->filtered & FILTER_WHERE)
		trace_note(trace, "--where: the kernel lets pass what is %s", trace->filter);
	else if (options->verbose && options->where)
		trace_note(trace, "--where is filtered in user space");
}

/* Who counts: the kernel, if it can and may. */
static int decide(void *context, const struct kernel_features *features, struct error *err)
{
	struct trace *trace = context;
	const struct options *options = trace->options;
	struct session_request *session = &trace->request.session;
	struct aggregate_choice choice = { .impossible = trace->uncountable };
	int status = options->kernel ? live_kernel_counts_choose(&choice, options,
								 trace->show.report, features, err)
				     : live_aggregate_choose(&choice, options, trace->show.report,
							     features, err);

	if (status < 0)
		return status;
	if (options->verbose && choice.kernel)
		trace_note(trace, "counted by the kernel");
	else if (options->verbose && choice.why_not[0])
		trace_note(trace, "counted in user space: %s", choice.why_not);
	session->wishes.aggregate = false;
	if (!choice.kernel)
		return 0;
	/* Which callbacks, it was told before. */
	choice.wishes.functions = session->wishes.functions;
	choice.wishes.function_count = session->wishes.function_count;
	session->wishes = choice.wishes;
	session->in_bulk = true;
	memcpy(trace->filter, choice.filter, sizeof(trace->filter));
	trace->filtered = choice.filter[0] ? FILTER_NAMES : 0;
	trace->request.filter = trace->filtered ? trace->filter : NULL;
	trace->show.counted = true;
	return 0;
}

/* Of the kernel's timers: what the kernel is to leave out. */
static void choose_kernel(struct trace *trace)
{
	const struct options *options = trace->options;
	struct session_request *session = &trace->request.session;

	if (options->cpus_given) {
		session->cpus = options->cpus;
		session->cpu_words = OPTION_CPU_WORDS;
	}
	command_kernel_wishes(&trace->show, &session->wishes, trace->filter);
	trace->filtered = session->wishes.armers && !options->wakeups ? FILTER_NAMES : 0;
}

/*
 * Whoever reads each record as it comes arms timers and wakes CPUs itself, with records
 * of that to be read.
 */
static bool reads_in_bulk(const struct options *options)
{
	return options->kernel && (!options->kernel_events || options->wakeups);
}

static int make_live(struct trace *trace, struct error *err)
{
	const struct options *options = trace->options;
	int status;

	trace->request = (struct live_request){
		.session = { .wishes = command_wishes(options),
			     .follows = trace->launch || options->pid_count,
			     .in_bulk = !trace_looks(trace) || reads_in_bulk(options),
			     .buffer_bytes = options->buffer_bytes },
		.pids = trace->launch ? &trace->launched : options->pids,
		.pid_count = trace->launch ? 1 : options->pid_count,
		.filter = filters_calls(trace) ? trace->filter : NULL,
		.decide = trace->show.report ? decide : NULL,
		.context = trace,
	};
	if (options->kernel)
		choose_kernel(trace);
	status = live_open(&trace->live, &trace->request, err);
	if (status == 0 && trace->show.counted && options->kernel)
		trace->counts = live_kernel_counts_new(trace->live, &trace->show.functions);
	else if (status == 0 && trace->show.counted)
		trace->aggregate = live_aggregate_new(trace->live);
	if (status == 0 && trace->show.counted && !trace->counts && !trace->aggregate)
		status = error_errno(err, ENOMEM, "counts");
	return status;
}

int trace_open_live(struct trace *trace, struct error *err)
{
	const struct options *options = trace->options;
	unsigned swept = 0;
	int status = host_tracefs(err);

	if (status < 0)
		return status;
	status = session_sweep(&swept, err);
	if (status < 0)
		trace_note(trace, "what an earlier run left behind stays: %s", err->text);
	else if (swept && options->verbose)
		trace_note(trace, "swept what %u earlier run%s left behind", swept,
			   swept == 1 ? "" : "s");
	status = make_live(trace, err);
	if (status == -ENOTSUP && trace->show.counted && options->aggregate == AGGREGATE_AUTO) {
		trace->show.counted = false;
		trace->uncountable = true;
		status = make_live(trace, err);
	}
	if (status == 0 && trace_records(trace))
		status = live_recording_new(&trace->recording, options, trace->live, err);
	return status;
}

/* Whoever is looked up while it is recorded is found again in the recording. */
static int look_up(void *context, int32_t tid, struct task *task)
{
	struct trace *trace = context;
	int status = live_lookup(NULL, tid, task);

	if (status == 0 && trace_records(trace))
		status = scene_add_task(&trace->show.scene.later, task);
	return status;
}

static int note_task(void *context, const struct tasks *tasks, const struct record *record)
{
	return live_aggregate_record(context, tasks, record);
}

static int begin_show(struct trace *trace, struct error *err)
{
	struct show_source source = { .decoder = live_decoder(trace->live),
				      .lookup = look_up,
				      .lookup_ns = live_lookup,
				      .context = trace };
	int status;

	source.streams = live_streams(trace->live, &source.stream_count);
	status = show_begin(&trace->show, &source, err);
	if (status == 0 && trace->aggregate)
		view_set_listener(trace->show.view, note_task, trace->aggregate);
	/* It has taken them; a recording that is cut has others. */
	if (!trace_records(trace))
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

int trace_start_live(struct trace *trace, struct error *err)
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
	if (!filtered && trace->aggregate && trace->request.filter)
		return error_set(err, ENOTSUP,
				 "the kernel does not take the filter of -n: add --aggregate user");
	if (!filtered && !options->kernel)
		trace->filtered = 0;
	tell_filter(trace);
	status = live_scene_begin(&trace->show, trace->live, &trace->request, err);
	if (status == 0 && trace->recording)
		status = live_recording_begin(trace->recording, trace->show.tasks, err);
	if (status == 0 && trace_looks(trace))
		status = begin_show(trace, err);
	if (status < 0)
		return status;
	if (options->duration_ns)
		set_deadline(trace, live_since(trace->live) + (uint64_t)options->duration_ns);
	return watch_processes(trace, err);
}
