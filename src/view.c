/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/calls.h"
#include "timersnoop/event_fields.h"
#include "timersnoop/lives.h"
#include "timersnoop/timers.h"

#define KNOWN_TASKS 64 /* a power of two */

/* What a thread's calls are asked each time, as long as nothing changes among tasks. */
struct known_task {
	uint64_t changes; /* of the tasks, when this was so */
	uint32_t losses;
	bool known; /* something is here */
	bool taken; /* by the selection's lists */
	struct caller thread, process;
};

struct view {
	struct view_request request;
	struct known_task known[KNOWN_TASKS]; /* by thread */
	struct task_lookup lookup;
	struct tasks *tasks;
	struct calls *calls;
	struct timers *timers; /* NULL: neither expiries nor signals nor lives */
	struct lives *lives;   /* NULL: not asked for */
	struct sink *sink;
	const struct out_style *style;
	const struct out *out;
	view_listener *listener;
	void *listener_context;
	struct view_totals totals;
	int status; /* of what the receivers did */
};

static const struct task *task_of(struct view *view, int32_t tid, struct task *unknown)
{
	return task_lookup_find(&view->lookup, tid, unknown);
}

static void fail_with(struct view *view, int status)
{
	if (status < 0 && view->status == 0)
		view->status = status;
}

/* What is not known to be so is not shown. */
static bool is_wanted(const struct view *view, const struct event_row *row)
{
	const struct expr *where = view->request.selection->where;

	return !where || expr_ask(where, row) == EXPR_YES;
}

/* Who called, by the stream, the selection, and what was asked for at need. */
static const struct known_task *who_called(struct view *view, int32_t tid)
{
	struct known_task *known = &view->known[(uint32_t)tid % KNOWN_TASKS];
	const struct task *task;
	struct task unknown;

	if (known->known && known->thread.tid == tid && known->losses == view->lookup.losses &&
	    known->changes == tasks_changes(view->tasks))
		return known;
	task = task_of(view, tid, &unknown);
	known->taken = selection_takes_task(view->request.selection, task);
	known->thread = task_lookup_thread(task, tid);
	known->process = task_lookup_process(&view->lookup, task);
	known->losses = view->lookup.losses;
	/* What is not known is asked again: it may be known then. */
	known->known = known->thread.pid;
	known->changes = tasks_changes(view->tasks);
	return known;
}

static void tell_call(struct view *view, const struct caller *caller, const struct call *call)
{
	const struct event_row row = { .style = view->style, .caller = caller, .call = call };

	if (view_done(view) || !(view->request.events & EVENT_BIT(call->event)) ||
	    !selection_takes_call(view->request.selection, call) || !is_wanted(view, &row))
		return;
	view->totals.matched++;
	if (call->missing)
		view->totals.incomplete++;
	if (view->sink)
		view->out->call(view->sink, view->style, caller, call);
}

static void show_call(void *context, const struct call *call)
{
	struct view *view = context;
	const struct view_watcher *watcher = view->request.watcher;
	const struct known_task *who = who_called(view, call->tid);

	if (view->timers)
		fail_with(view, timers_call(view->timers, who->thread.pid, call));
	if (!who->taken)
		return;
	if (view->lives)
		fail_with(view, lives_call(view->lives, &who->process, call));
	if (watcher && view->request.events & EVENT_BIT(call->event))
		fail_with(view, watcher->call(watcher->context, &who->process, call));
	tell_call(view, &who->thread, call);
}

/* Whose timer it is: the thread that gets the signal, or else its process. */
static const struct task *task_of_occurrence(struct view *view, const struct occurrence *occurrence,
					     struct task *unknown)
{
	const struct task *task = tasks_find(view->tasks, occurrence->tid);

	if (!task)
		task = tasks_find(view->tasks, occurrence->pid);
	if (task && task->tgid)
		return task_lookup_ns(&view->lookup, task);
	if (view->request.followed && !occurrence->traced)
		return NULL;
	memset(unknown, 0, sizeof(*unknown));
	unknown->uid = UINT32_MAX;
	unknown->tid = occurrence->tid;
	unknown->tgid = occurrence->pid;
	if (view->request.followed || occurrence->pid <= 0)
		return unknown;
	return task_of(view, occurrence->pid, unknown);
}

static void show_occurrence(void *context, const struct occurrence *occurrence)
{
	struct view *view = context;
	struct task unknown;
	const struct task *task = task_of_occurrence(view, occurrence, &unknown);
	struct caller caller;
	const struct event_row row = { .style = view->style,
				       .caller = &caller,
				       .occurrence = occurrence };

	if (!task || !selection_takes_task(view->request.selection, task))
		return;
	caller = task_lookup_thread(task, occurrence->tid);
	if (!caller.pid)
		caller.pid = occurrence->pid;
	if (view->lives) {
		struct caller process = task_lookup_process(&view->lookup, task);

		process.pid = caller.pid;
		fail_with(view, lives_occurrence(view->lives, &process, occurrence));
	}
	if (view_done(view) || !(view->request.events & EVENT_BIT(occurrence->event)) ||
	    view->request.selection->failed ||
	    (view->out->shows && !view->out->shows(occurrence)) || !is_wanted(view, &row))
		return;
	view->totals.matched++;
	if (view->sink)
		view->out->occurrence(view->sink, view->style, &caller, occurrence);
}

static void show_life(void *context, const struct life *life)
{
	struct view *view = context;

	view->totals.lives++;
	if (view->sink && view->out->life)
		view->out->life(view->sink, view->style, life);
}

static int watch_life(void *context, const struct life_change *change)
{
	struct view *view = context;
	const struct view_watcher *watcher = view->request.watcher;
	uint32_t events = view->request.events;
	const struct call *call = change->call;
	const struct occurrence *occurrence = change->occurrence;

	if ((call && !(events & EVENT_BIT(call->event))) ||
	    (occurrence && !(events & EVENT_BIT(occurrence->event))))
		return 0;
	return watcher->change(watcher->context, change);
}

bool view_clock_at(void *view, int32_t clock, uint64_t ts, int64_t *ns)
{
	const struct view *of = view;

	return of->timers && timers_clock_at(of->timers, clock, ts, ns);
}

static void set_scene(struct view *view)
{
	const struct timers_scene scene = { .since_ns = view->request.since_ns,
					    .followed = view->request.followed,
					    .alarm_offset = view->request.alarm_offset,
					    .other_clock = view->request.other_clock };

	timers_set_scene(view->timers, &scene);
}

struct view *view_new(const struct view_request *request)
{
	struct view *view = calloc(1, sizeof(*view));
	bool timers = request->lives || request->events & (EVENTS_EXPIRE | EVENTS_SIGNAL);

	if (!view)
		return NULL;
	view->request = *request;
	view->tasks = request->tasks;
	view->lookup.tasks = request->tasks;
	view->sink = request->sink;
	view->style = request->style;
	view->out = out_for(request->style);
	view->request.events &= view->out->events;
	view->calls = calls_new(request->since_ns, show_call, view);
	if (view->calls && timers)
		view->timers = timers_new(view->calls, view->tasks, show_occurrence, view);
	if (view->timers)
		set_scene(view);
	if (view->timers && request->watcher)
		view->lives = lives_new_watched(watch_life, view);
	else if (view->timers && request->lives)
		view->lives = lives_new(show_life, view);
	if (!view->calls || (timers && !view->timers) || (request->lives && !view->lives)) {
		view_free(view);
		return NULL;
	}
	return view;
}

void view_free(struct view *view)
{
	if (!view)
		return;
	lives_free(view->lives);
	timers_free(view->timers);
	calls_free(view->calls);
	free(view);
}

int view_existing(struct view *view, const struct task *process,
		  const struct existing_timer *existing)
{
	struct caller caller = task_lookup_thread(process, process->tgid);
	int status = 0;

	if (view->timers)
		status = timers_existing(view->timers, process->tgid, &existing->timer,
					 existing->earliest_ns, existing->latest_ns);
	if (status < 0 || !view->lives || !selection_takes_task(view->request.selection, process))
		return status;
	return lives_existing(view->lives, &caller, &existing->timer, existing->earliest_ns);
}

void view_set_ahead(struct view *view, int32_t clock, int64_t ns)
{
	if (view->timers)
		timers_set_ahead(view->timers, clock, ns);
}

void view_set_lookup(struct view *view, task_asker *ask, task_asker *ask_ns, void *context)
{
	view->lookup.ask = ask;
	/* Only for who sees it. */
	if (view->sink || view->request.selection->where)
		view->lookup.ask_ns = ask_ns;
	view->lookup.context = context;
}

void view_set_listener(struct view *view, view_listener *listener, void *context)
{
	view->listener = listener;
	view->listener_context = context;
}

void view_lost(struct view *view, const struct loss *loss)
{
	if (loss->counted)
		view->totals.lost += loss->records;
	else if (loss->cpu != LOSS_ANYWHERE) /* the ring buffer's */
		view->totals.lost_unknown++;
	if (view->lives)
		lives_lost(view->lives);
	if (view->sink)
		view->out->lost(view->sink, view->style, loss);
}

/* The process of `tid` is over, or has become another program. */
static void end_timers(struct view *view, const struct record *record, int32_t tid, bool exec)
{
	int32_t pid = tasks_process(view->tasks, tid);

	if (view->lives && exec)
		lives_exec(view->lives, pid, record->ts);
	else if (view->lives)
		lives_exit(view->lives, pid, record->ts);
	timers_forget(view->timers, pid, exec);
}

static bool is_last(const struct view *view, const struct record *record)
{
	const struct task *task = tasks_find(view->tasks, record->task.tid);

	return record->task.last || (task && task->timers_gone);
}

/* What a change among tasks means for their timers; before `tasks` takes it. */
static int take_change(struct view *view, const struct record *record)
{
	const struct task *parent;
	struct caller child;
	int32_t fd, pid;

	switch (record->kind) {
	case USE_NEW_TASK:
		parent = tasks_find(view->tasks, record->tid);
		if (record->task.thread || !parent || !view->lives)
			return 0;
		child = (struct caller){ .pid = record->task.tid, .tid = record->task.tid };
		memcpy(child.comm, record->task.comm, sizeof(child.comm));
		return lives_fork(view->lives, parent->tgid, &child, record->ts);
	case USE_EXEC:
		end_timers(view, record, record->tid, true);
		return 0;
	case USE_EXIT:
		if (is_last(view, record))
			end_timers(view, record, record->task.tid, false);
		return 0;
	case USE_RELEASE:
		if (view->lives && timers_closed(view->timers, record->object.timer, &pid, &fd))
			lives_closed(view->lives, pid, fd, record->ts);
		return 0;
	default:
		return 0;
	}
}

/* Timers' processes are told of by threads: these must be known. */
static void look_up(struct view *view, const struct record *record)
{
	struct task unknown;

	if (record->kind == USE_COPY || record->kind == USE_COPIED || record->kind == USE_DELIVER ||
	    record->kind == USE_HANDLED || record->kind == USE_FETCHED ||
	    record->kind == USE_SIGNALFD)
		task_of(view, record->tid, &unknown);
	else if ((record->kind == USE_QUEUE || record->kind == USE_EXPIRY) && record->timer.pid &&
		 !view->request.followed)
		task_of(view, record->timer.pid, &unknown);
}

/* Probes are enabled one after the other: before all are, chains have gaps. */
static bool too_early(const struct view *view, const struct record *record)
{
	return record->kind >= USE_EXPIRY && record->kind < USE_NEW_TASK &&
	       record->ts < view->request.since_ns;
}

static int take_timers(struct view *view, const struct record *record)
{
	int status;

	if (too_early(view, record))
		return 0;
	look_up(view, record);
	status = take_change(view, record);
	return status < 0 ? status : timers_record(view->timers, record);
}

static int take_task(struct view *view, const struct record *record)
{
	/* A call that ends with its task is told while the task is known. */
	int status = calls_record(view->calls, record);

	if (status == 0 && view->timers)
		status = take_timers(view, record);
	if (status == 0 && view->listener)
		status = view->listener(view->listener_context, view->tasks, record);
	return status == 0 ? tasks_record(view->tasks, record) : status;
}

int view_take_event(struct view *view, const struct raw_event *event)
{
	struct record record;
	int status = decoder_read(view->request.decoder, event, &record);

	if (status < 0)
		view->totals.malformed++;
	if (status <= 0)
		return 0;
	if (!probe_use_tells_of_timers(record.kind)) {
		status = take_task(view, &record);
	} else {
		status = calls_record(view->calls, &record);
		if (status == 0 && view->timers)
			status = take_timers(view, &record);
	}
	return status < 0 ? status : view->status;
}

struct loss view_loss(const struct merged *merged)
{
	return (struct loss){ .cpu = merged->event.cpu,
			      .counted = merged->kind == MERGE_LOSS_COUNTED,
			      .records = merged->lost,
			      .ts = merged->event.ts };
}

int view_take(struct view *view, const struct merged *merged)
{
	struct loss loss;

	if (merged->kind == MERGE_EVENT)
		return view_take_event(view, &merged->event);
	loss = view_loss(merged);
	calls_lost(view->calls, loss.cpu);
	if (view->timers)
		timers_lost(view->timers, loss.cpu);
	view->lookup.losses++;
	view_lost(view, &loss);
	return view->status;
}

int view_finish(struct view *view, uint64_t now_ns)
{
	calls_finish(view->calls, now_ns);
	if (view->timers)
		fail_with(view, timers_finish(view->timers));
	if (view->lives)
		fail_with(view, lives_finish(view->lives));
	return view->status;
}

void view_totals(const struct view *view, struct view_totals *totals)
{
	*totals = view->totals;
	totals->in_flight = calls_in_flight(view->calls);
	totals->unattributed = view->timers ? timers_missed(view->timers) : 0;
}

bool view_done(const struct view *view)
{
	uint64_t count = view->request.selection->count;

	return count && view->totals.matched >= count;
}
