/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/kernel_view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/kernel_wakeups.h"
#include "timersnoop/out_kernel.h"

struct kernel_view {
	struct kernel_view_request request;
	struct task_lookup lookup;
	struct kernel_timers *timers;
	struct kernel_wakeups *wakeups; /* NULL: not asked for */
	struct view_totals totals;
	bool hard; /* the record at hand is of a hard interrupt */
};

static bool selects_tasks(const struct kernel_view *view)
{
	const struct selection *selection = view->request.selection;

	return view->request.scene->followed || selection->pid_count || selection->name_count;
}

/* Is it asked for? */
static bool takes(const struct kernel_view *view, const struct kernel_change *change)
{
	const struct kernel_arm *arm = change->arm;

	/* Of CPUs that are idle. */
	if (!arm)
		return true;
	if (!kernel_functions_choose(view->request.functions, arm->function))
		return false;
	/* What we do ourselves is no business of anybody's, unless it keeps a CPU awake. */
	if (arm->older || change->what == KERNEL_MADE || change->what == KERNEL_WAKEUP)
		return arm->selected || !selects_tasks(view);
	return arm->selected;
}

static struct caller idle_task(int cpu)
{
	struct caller caller = { .pid = 0 };

	snprintf(caller.comm, sizeof(caller.comm), "swapper/%d", cpu);
	return caller;
}

/* One that has ended was, as a rule, its process's first thread. */
static void guess_process(struct caller *who)
{
	if (!who->pid)
		who->pid = who->tid;
}

/* Who ran then; false: an interrupt did. */
static bool find_runner(struct kernel_view *view, const struct kernel_change *change,
			struct caller *who)
{
	struct task unknown;

	if (change->interrupt)
		return false;
	if (!change->tid) {
		*who = idle_task(change->cpu);
		return true;
	}
	*who = task_lookup_thread(task_lookup_find(&view->lookup, change->tid, &unknown),
				  change->tid);
	guess_process(who);
	return true;
}

static void show_event(struct kernel_view *view, const struct kernel_change *change)
{
	const struct kernel_view_request *request = &view->request;
	struct caller who;
	struct kernel_event event = { .style = request->style,
				      .change = change,
				      .symbols = request->functions->symbols };

	if (!kernel_event_kind_of(change, &event.kind) ||
	    !(request->events & KERNEL_EVENT_BIT(event.kind)) || kernel_view_done(view))
		return;
	if (find_runner(view, change, &who))
		event.who = &who;
	if (request->selection->where && expr_ask(request->selection->where, &event) != EXPR_YES)
		return;
	view->totals.matched++;
	if (request->sink)
		out_kernel_event(request->sink, request->style, &event);
}

static int tell(void *context, const struct kernel_change *change)
{
	struct kernel_view *view = context;
	struct kernel_change nameless;

	if (takes(view, change)) {
		show_event(view, change);
		return view->request.report ? report_kernel_change(view->request.report, change)
					    : 0;
	}
	/* Whoever woke it, the CPU had been idle. */
	if (change->what != KERNEL_WAKEUP || change->alongside || !view->request.report)
		return 0;
	nameless = *change;
	nameless.arm = NULL;
	return report_kernel_change(view->request.report, &nameless);
}

static int take_change(void *context, const struct kernel_change *change)
{
	struct kernel_view *view = context;
	bool tick;
	int status = 0;

	if (view->wakeups && change->arm) {
		tick = kernel_functions_is_tick((void *)view->request.functions,
						change->arm->function);
		status = kernel_wakeups_change(view->wakeups, change, view->hard, tick);
	}
	return status < 0 ? status : tell(view, change);
}

struct kernel_view *kernel_view_new(const struct kernel_view_request *request)
{
	const struct scene *recorded = request->scene;
	const struct kernel_scene scene = { .since_ns = recorded->since_ns,
					    .tick_ns = recorded->tick_ns,
					    .partial = request->cpus || recorded->chosen,
					    .other_clock = request->other_clock,
					    .ahead = recorded->ahead,
					    .ahead_count = recorded->ahead_count,
					    .is_wrapper = kernel_functions_is_wrapper,
					    .is_sleep = kernel_functions_is_sleep,
					    .context = (void *)request->functions };
	struct kernel_view *view = calloc(1, sizeof(*view));

	if (!view)
		return NULL;
	view->request = *request;
	view->lookup.tasks = request->tasks;
	view->timers = kernel_timers_new(&scene, take_change, view);
	if (request->wakeups)
		view->wakeups = kernel_wakeups_new(tell, view);
	if (view->timers && (!request->wakeups || view->wakeups))
		return view;
	kernel_view_free(view);
	return NULL;
}

void kernel_view_free(struct kernel_view *view)
{
	if (!view)
		return;
	kernel_wakeups_free(view->wakeups);
	kernel_timers_free(view->timers);
	free(view);
}

void kernel_view_set_lookup(struct kernel_view *view, task_asker *ask, void *context)
{
	/* Of those that are followed, records tell. */
	if (view->request.scene->followed)
		return;
	view->lookup.ask = ask;
	view->lookup.context = context;
}

void kernel_view_lost(struct kernel_view *view, const struct loss *loss)
{
	const struct kernel_event event = { .style = view->request.style,
					    .loss = loss,
					    .symbols = view->request.functions->symbols };

	if (loss->counted)
		view->totals.lost += loss->records;
	else if (loss->cpu != LOSS_ANYWHERE) /* the ring buffer's */
		view->totals.lost_unknown++;
	if (view->request.report)
		report_kernel_lost(view->request.report);
	if (view->request.sink && view->request.events)
		out_kernel_event(view->request.sink, view->request.style, &event);
}

/* --- records ------------------------------------------------------------------------ */

/* By its thread, or by its process. */
static struct kernel_runner runner_named(struct kernel_view *view, int32_t tid)
{
	struct kernel_runner runner = { .armer = ARMER_TASK };
	const struct task *task;
	struct task unknown;

	if (view->request.scene->followed && !tasks_find(view->lookup.tasks, tid)) {
		runner.armer = ARMER_UNKNOWN;
		return runner;
	}
	task = task_lookup_find(&view->lookup, tid, &unknown);
	runner.who = task_lookup_process(&view->lookup, task);
	runner.who.tid = tid;
	guess_process(&runner.who);
	runner.selected = selection_takes_task(view->request.selection, task);
	return runner;
}

static struct kernel_runner runner_of(struct kernel_view *view, const struct record *record)
{
	struct kernel_runner runner = { .armer = ARMER_INTERRUPT };

	if (record->kind == USE_OWNER)
		return runner_named(view, record->owner.pid);
	runner.selected = !selects_tasks(view);
	if (record->interrupt)
		return runner;
	if (record->tid)
		return runner_named(view, record->tid);
	runner.armer = ARMER_TASK;
	runner.who = idle_task(record->cpu);
	return runner;
}

static int take_record(struct kernel_view *view, const struct record *record)
{
	struct kernel_runner runner = { .armer = ARMER_UNKNOWN };
	int status = 0;

	if (record->ts < view->request.scene->since_ns)
		return 0;
	view->hard = record->hard;
	if (view->wakeups)
		status = kernel_wakeups_record(view->wakeups, record);
	if (kernel_timers_asks_runner(record))
		runner = runner_of(view, record);
	return status < 0 ? status : kernel_timers_take(view->timers, record, &runner);
}

static int take_event(struct kernel_view *view, const struct raw_event *event)
{
	const uint64_t *cpus = view->request.cpus;
	struct record record;
	int status = decoder_read(view->request.decoder, event, &record);

	if (status < 0)
		view->totals.malformed++;
	if (status <= 0)
		return 0;
	if (!probe_use_tells_of_timers(record.kind))
		return tasks_record(view->lookup.tasks, &record);
	if (cpus && (event->cpu < 0 || event->cpu >= KERNEL_CPUS_MAX ||
		     !(cpus[event->cpu / 64] >> event->cpu % 64 & 1)))
		return 0;
	return take_record(view, &record);
}

int kernel_view_take(struct kernel_view *view, const struct merged *merged)
{
	struct loss loss;

	if (merged->kind == MERGE_EVENT)
		return take_event(view, &merged->event);
	loss = view_loss(merged);
	kernel_timers_lost(view->timers);
	if (view->wakeups)
		kernel_wakeups_lost(view->wakeups);
	view->lookup.losses++;
	kernel_view_lost(view, &loss);
	return 0;
}

int kernel_view_finish(struct kernel_view *view, uint64_t now_ns)
{
	int status = kernel_timers_finish(view->timers, now_ns);

	if (status == 0 && view->wakeups)
		status = kernel_wakeups_finish(view->wakeups);
	return status;
}

void kernel_view_totals(const struct kernel_view *view, struct view_totals *totals)
{
	*totals = view->totals;
	totals->odd = kernel_timers_odd(view->timers);
}

bool kernel_view_done(const struct kernel_view *view)
{
	uint64_t count = view->request.selection->count;

	return count && view->totals.matched >= count;
}
