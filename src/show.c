/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/show.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "timersnoop/commands.h"
#include "timersnoop/event_fields.h"
#include "timersnoop/kernel_event_fields.h"
#include "timersnoop/out_kernel.h"
#include "timersnoop/printable.h"

/* What is given by names of fields. */
static int select_fields(struct show *show, struct error *err)
{
	const struct options *options = show->options;
	int status = 0;

	const struct field_table *fields = options->kernel ? &kernel_event_fields : &event_fields;

	/* Their fields are others. */
	if (options->command == COMMAND_STAT)
		return report_new(&show->report, options, &stat_figures, err);
	if (options->command == COMMAND_KERNEL && !options->kernel_events)
		return report_new(&show->report, options, &kernel_figures, err);
	if (options->fields)
		status = fields_choose(&show->fields, fields, options->fields, "--fields", err);
	if (status == 0 && options->where)
		status = expr_parse(&show->where, options->where, fields, "--where", err);
	show->selection.where = show->where;
	return status;
}

int show_select(struct show *show, const struct options *options, struct error *err)
{
	int status = command_find_users(options, show->uids, err);

	show->options = options;
	show->selection = (struct selection){
		.pids = options->pids,
		.pid_count = options->pid_count,
		.names = options->names,
		.name_count = options->name_count,
		.uids = show->uids,
		.uid_count = options->user_count,
		.failed = options->failed,
		.count = options->count,
	};
	/* Of figures it counts tables. */
	if (options->command == COMMAND_STAT ||
	    (options->command == COMMAND_KERNEL && !options->kernel_events))
		show->selection.count = 0;
	if (status == 0 && options->live && !isatty(STDOUT_FILENO)) {
		error_set(err, EINVAL, "--live needs a terminal to draw on");
		error_hint(err, "--interval writes one table after the other");
		return -EINVAL;
	}
	return status < 0 ? status : select_fields(show, err);
}

static bool wants_color(const struct show *show)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (show->options->color != COLOR_AUTO)
		return show->options->color == COLOR_ALWAYS;
	return isatty(show->out_fd) && !(no_color && *no_color) &&
	       !(term && strcmp(term, "dumb") == 0);
}

static void set_style(struct show *show)
{
	const struct options *options = show->options;

	show->style = (struct out_style){
		.format = options->format,
		.time = options->time,
		.wide = options->wide,
		.color = wants_color(show),
		.header = options->header,
		.lives = options->lives && !options->events,
		.start_ns = show->scene.since_ns,
		.wall_offset_ns = show->scene.wall_count ? show->scene.wall[0].offset_ns : 0,
		.no_wall = !show->scene.wall_count,
		.null = options->null,
		.terminal = isatty(show->out_fd),
		.fields = show->fields.count ? &show->fields : NULL,
		.cache = &show->cache,
	};
}

static int add_existing(struct show *show)
{
	const struct existing *existing = &show->scene.existing;
	int status = 0;

	for (size_t i = 0; i < existing->count && status == 0; i++) {
		struct task task = tasks_seen(&existing->timers[i].process);

		status = view_existing(show->view, &task, &existing->timers[i]);
	}
	return status;
}

static int take_change(void *context, const struct life_change *change)
{
	return report_stat_change(context, change);
}

static int take_call(void *context, const struct caller *who, const struct call *call)
{
	return report_stat_call(context, who, call);
}

static int begin_report(struct show *show, const struct show_source *source)
{
	const struct options *options = show->options;
	const struct report_scene scene = { .figures = &show->stats,
					    .by = options->by,
					    .since_ns = show->scene.since_ns,
					    .sink = show->sink,
					    .style = &show->style,
					    .counted = show->counted };

	show->stats = (struct stats_scene){
		.limits = &options->limits,
		.tick_ns = show->scene.tick_ns,
		.clock_at = source->other_clock ? NULL : view_clock_at,
		.context = show->view,
		.histograms = options->histograms,
		.events = options->events,
		.no_kinds = show->counted && !report_stat_wants_kinds(show->report, options),
	};
	return report_begin(show->report, &scene);
}

static int make_view(struct show *show, const struct show_source *source, struct error *err)
{
	const struct scene *scene = &show->scene;
	const struct view_request request = {
		.selection = &show->selection,
		.decoder = source->decoder,
		.tasks = show->tasks,
		.sink = show->report ? NULL : show->sink,
		.watcher = show->report ? &show->watcher : NULL,
		.style = &show->style,
		.since_ns = scene->since_ns,
		.events = show->options->events,
		.lives = show->options->lives,
		.alarm_offset = scene->alarm_offset,
		.followed = scene->followed,
		.other_clock = source->other_clock,
	};
	int status;

	show->watcher = (struct view_watcher){ take_change, take_call, show->report };
	show->view = view_new(&request);
	if (!show->view || (show->report && begin_report(show, source) < 0))
		return error_errno(err, ENOMEM, "calls");
	view_set_lookup(show->view, source->lookup, source->lookup_ns, source->context);
	for (size_t i = 0; i < scene->ahead_count; i++)
		view_set_ahead(show->view, scene->ahead[i].clock, scene->ahead[i].ns);
	status = add_existing(show);
	return status < 0 ? error_errno(err, -status, "timers") : 0;
}

int show_set_symbols(struct show *show, struct symbols *symbols, struct error *err)
{
	const struct options *options = show->options;

	show->symbols = symbols;
	return kernel_functions_find(&show->functions, symbols, options->callbacks,
				     options->callback_count, options->input, err);
}

static int begin_kernel_report(struct show *show)
{
	const struct options *options = show->options;
	const struct report_scene scene = { .figures = &show->kernel_stats,
					    .by = options->kernel_by,
					    .since_ns = show->scene.since_ns,
					    .sink = show->sink,
					    .style = &show->style,
					    .counted = show->counted };

	show->kernel_stats = (struct kernel_stats_scene){
		.symbols = show->symbols,
		.by = options->kernel_by,
		.histograms = options->histograms,
		.limits = &options->limits,
		.tick_ns = show->scene.tick_ns,
		.wakes = options->wakeups,
		.counted = show->counted,
		.is_tick = kernel_functions_is_tick,
		.context = &show->functions,
	};
	return report_begin(show->report, &scene);
}

static int make_kernel_view(struct show *show, const struct show_source *source, struct error *err)
{
	const struct options *options = show->options;
	const struct kernel_view_request request = {
		.selection = &show->selection,
		.decoder = source->decoder,
		.tasks = show->tasks,
		.scene = &show->scene,
		.functions = &show->functions,
		.cpus = options->cpus_given ? options->cpus : NULL,
		.events = options->kernel_events,
		.sink = show->report ? NULL : show->sink,
		.style = &show->style,
		.report = show->report,
		.wakeups = options->wakeups,
		.other_clock = source->other_clock,
	};

	show->kernel = kernel_view_new(&request);
	if (!show->kernel || (show->report && begin_kernel_report(show) < 0))
		return error_errno(err, ENOMEM, "timers");
	kernel_view_set_lookup(show->kernel, source->lookup, source->context);
	return 0;
}

bool show_looks(const struct show *show)
{
	return show->view || show->kernel;
}

int show_begin(struct show *show, const struct show_source *source, struct error *err)
{
	const struct scene_tasks *tasks = &show->scene.tasks;
	int status = 0;

	show->selection.self = show->scene.self;
	show->streams = source->streams;
	show->stream_count = source->stream_count;
	show->counted_lost = calloc(source->stream_count + 1, sizeof(*show->counted_lost));
	if (!show->tasks)
		show->tasks = tasks_new();
	if (!show->tasks || !show->counted_lost)
		return error_errno(err, ENOMEM, "tasks");
	for (size_t i = 0; i < tasks->count && status == 0; i++)
		status = tasks_learn(show->tasks, &tasks->list[i]);
	if (status < 0)
		return error_errno(err, ENOMEM, "tasks");
	set_style(show);
	show->may_end = show->report || show->selection.count;
	return show->options->kernel ? make_kernel_view(show, source, err)
				     : make_view(show, source, err);
}

void show_header(const struct show *show)
{
	if (!show->sink || !show->style.header || show->report)
		return;
	if (show->options->kernel)
		out_kernel_header(show->sink, &show->style);
	else
		out_for(&show->style)->header(show->sink, &show->style);
}

int show_set_wall(struct show *show, uint64_t from_ns, int64_t offset_ns)
{
	int status = scene_add_wall(&show->scene, show->scene.wall_count ? from_ns : 0, offset_ns);

	if (status == 0) {
		show->plain_until = 0;
		show->wall = show->scene.wall_count - 1;
		show->style.wall_offset_ns = offset_ns;
	}
	return status;
}

/* The wall clock was set while it was recorded. */
static void follow_wall(struct show *show, uint64_t ts)
{
	const struct scene *scene = &show->scene;

	while (show->wall + 1 < scene->wall_count && scene->wall[show->wall + 1].from_ns <= ts)
		show->style.wall_offset_ns = scene->wall[++show->wall].offset_ns;
}

static int take(struct show *show, const struct merged *merged)
{
	return show->kernel ? kernel_view_take(show->kernel, merged)
			    : view_take(show->view, merged);
}

/* Until when events are just taken: no wall time, no table and no condition comes before. */
static uint64_t find_plain(const struct show *show)
{
	const struct scene *scene = &show->scene;
	uint64_t until = UINT64_MAX;

	if (show->report && !show->counted) {
		uint64_t due = report_due(show->report);

		if (due)
			until = due;
		if (report_asks(show->report))
			until = 0;
	}
	if (show->wall + 1 < scene->wall_count && scene->wall[show->wall + 1].from_ns < until)
		until = scene->wall[show->wall + 1].from_ns;
	return until;
}

/* Takes what may be the first of a new wall time, of a table, or before a cut. */
static int take_attentively(struct show *show, const struct merged *merged)
{
	const struct scene *scene = &show->scene;
	int status;

	if (merged->kind == MERGE_LOSS_COUNTED)
		show->counted_lost[merged->stream] += merged->lost;
	/* Of that time only a part was kept. */
	if (scene->cut && merged->event.ts && merged->event.ts < scene->since_ns)
		return 0;
	follow_wall(show, merged->event.ts);
	if (!show->report || show->counted)
		return take(show, merged);
	status = merged->event.ts ? report_pass(show->report, merged->event.ts) : 0;
	if (status < 0 || report_done(show->report))
		return status;
	status = take(show, merged);
	if (merged->event.ts)
		report_ask(show->report, merged->event.ts);
	return status;
}

int show_take_attentively(struct show *show, const struct merged *merged)
{
	int status = take_attentively(show, merged);

	if (merged->event.ts >= show->scene.since_ns)
		show->plain_until = find_plain(show);
	return status;
}

int show_pass(struct show *show, uint64_t ts)
{
	int status = show->report ? report_pass(show->report, ts) : 0;

	show->plain_until = 0;
	/* A rate changes when nothing happens, too. */
	if (status == 0 && show->report)
		report_ask(show->report, ts);
	return status;
}

uint64_t show_due(const struct show *show)
{
	return show->report ? report_due(show->report) : 0;
}

/* What the pages of that CPU told of. */
static uint64_t told(const struct show *show, const struct scene_lost *lost)
{
	for (size_t i = 0; i < show->stream_count; i++)
		if (show->streams[i].buffer == lost->instance && show->streams[i].cpu == lost->cpu)
			return show->counted_lost[i];
	return 0;
}

void show_untold_loss(struct show *show)
{
	for (size_t i = 0; i < show->scene.lost_count; i++) {
		const struct scene_lost *lost = &show->scene.lost[i];
		uint64_t before = told(show, lost);
		const struct loss loss = { .cpu = lost->cpu,
					   .counted = true,
					   .records = lost->records - before };

		if (lost->records > before && show->kernel)
			kernel_view_lost(show->kernel, &loss);
		else if (lost->records > before)
			view_lost(show->view, &loss);
	}
}

bool show_has_all(const struct show *show)
{
	return (show->view && view_done(show->view)) ||
	       (show->kernel && kernel_view_done(show->kernel)) ||
	       (show->report && report_done(show->report));
}

static bool is_incomplete(const struct show *show, const struct view_totals *totals)
{
	return totals->lost || totals->lost_unknown || totals->late || totals->uncounted ||
	       totals->incomplete || totals->unattributed || totals->odd || totals->malformed ||
	       show->scene.missed || show->scene.missed_unknown || show->scene.disturbed[0];
}

static void take_totals(const struct show *show, struct view_totals *totals)
{
	if (show->kernel)
		kernel_view_totals(show->kernel, totals);
	else
		view_totals(show->view, totals);
	totals->uncounted = show->uncounted;
	totals->late = show->late;
}

/* What others kept from being recorded: nobody knows what, and on which CPU. */
static void tell_disturbed(struct show *show)
{
	const struct loss loss = { .cpu = LOSS_ANYWHERE };

	if (!show->scene.disturbed[0] || show_has_all(show))
		return;
	if (show->kernel)
		kernel_view_lost(show->kernel, &loss);
	else
		view_lost(show->view, &loss);
}

int show_finish(struct show *show)
{
	struct diagnosis_loss loss = { .incomplete = false };
	struct view_totals totals;
	uint64_t end_ns = show->scene.end_ns;
	int status;

	tell_disturbed(show);
	status = show_pass(show, end_ns);
	if (status < 0)
		return status;
	if (show->report)
		report_ending(show->report, end_ns);
	status = show->kernel ? kernel_view_finish(show->kernel, end_ns)
			      : view_finish(show->view, end_ns);
	if (status < 0 || !show->report)
		return status;
	take_totals(show, &totals);
	loss.incomplete = is_incomplete(show, &totals);
	command_name_loss(loss.evidence, sizeof(loss.evidence), &totals, &show->scene);
	return report_finish(show->report, end_ns, &loss);
}

int show_status(const struct show *show)
{
	const struct options *options = show->options;
	const struct scene *scene = &show->scene;
	struct view_totals totals;
	bool incomplete = false;

	take_totals(show, &totals);
	if (options->verbose && totals.in_flight)
		tell("%llu calls were under way when tracing began or stopped",
		     (unsigned long long)totals.in_flight);
	if (is_incomplete(show, &totals)) {
		if (!options->quiet)
			command_tell_loss(&totals, scene, options->input);
		incomplete = true;
	}
	if (show->report && report_found(show->report)) {
		if (!options->quiet)
			report_tell(show->report);
		return incomplete && options->loss_status >= 0 ? EXIT_INCOMPLETE : EXIT_FOUND;
	}
	if (incomplete)
		return EXIT_INCOMPLETE;
	if (show->report)
		return report_any(show->report) ? EXIT_MATCHED : EXIT_NOTHING;
	return totals.matched || totals.lives ? EXIT_MATCHED : EXIT_NOTHING;
}

void show_free(struct show *show)
{
	free(show->counted_lost);
	report_free(show->report);
	expr_free(show->where);
	view_free(show->view);
	kernel_view_free(show->kernel);
	kernel_functions_free(&show->functions);
	symbols_free(show->symbols);
	tasks_free(show->tasks);
	sink_free(show->sink);
	scene_free(&show->scene);
}
