/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/calls.h"

struct view {
	const struct selection *selection;
	const struct decoder *decoder;
	struct tasks *tasks;
	struct calls *calls;
	struct sink *sink;
	const struct out_style *style;
	const struct out *out;
	view_lookup *lookup;
	struct view_totals totals;
	uint32_t losses; /* gaps so far: what is known of tasks is older than them */
};

static const struct task *task_of(struct view *view, int32_t tid, struct task *unknown)
{
	const struct task *task = tasks_find(view->tasks, tid);

	if (task && task->tgid && task->losses == view->losses)
		return task;
	memset(unknown, 0, sizeof(*unknown));
	if (view->lookup && view->lookup(tid, unknown) == 0) {
		unknown->losses = view->losses;
		if (tasks_learn(view->tasks, unknown) == 0)
			return unknown;
	}
	/* Gone: what was known before the gap is the best there is. */
	if (task && task->tgid) {
		*unknown = *task;
		unknown->losses = view->losses;
		return tasks_learn(view->tasks, unknown) == 0 ? unknown : task;
	}
	if (task)
		*unknown = *task;
	unknown->tid = tid;
	return unknown;
}

static void show_call(void *context, const struct call *call)
{
	struct view *view = context;
	struct task unknown;
	const struct task *task;
	struct caller caller;

	if (view_done(view))
		return;
	task = task_of(view, call->tid, &unknown);
	if (!selection_takes(view->selection, task, call))
		return;
	view->totals.matched++;
	if (call->missing)
		view->totals.incomplete++;
	if (!view->sink)
		return;
	caller.pid = task->tgid;
	caller.tid = call->tid;
	memcpy(caller.comm, task->comm, sizeof(caller.comm));
	view->out->call(view->sink, view->style, &caller, call);
}

struct view *view_new(const struct selection *selection, const struct decoder *decoder,
		      struct tasks *tasks, struct sink *sink, const struct out_style *style,
		      uint64_t since_ns)
{
	struct view *view = calloc(1, sizeof(*view));

	if (!view)
		return NULL;
	view->selection = selection;
	view->decoder = decoder;
	view->tasks = tasks;
	view->sink = sink;
	view->style = style;
	view->out = out_for(style->format);
	view->calls = calls_new(since_ns, show_call, view);
	if (!view->calls) {
		free(view);
		return NULL;
	}
	return view;
}

void view_free(struct view *view)
{
	if (!view)
		return;
	calls_free(view->calls);
	free(view);
}

void view_set_lookup(struct view *view, view_lookup *lookup)
{
	view->lookup = lookup;
}

void view_lost(struct view *view, const struct loss *loss)
{
	if (loss->counted)
		view->totals.lost += loss->records;
	else
		view->totals.lost_unknown++;
	if (view->sink)
		view->out->lost(view->sink, view->style, loss);
}

static int take_event(struct view *view, const struct raw_event *event)
{
	struct record record;
	int status = decoder_read(view->decoder, event, &record);

	if (status < 0)
		view->totals.malformed++;
	if (status <= 0)
		return 0;
	/* A call that ends with its task is told while the task is known. */
	status = calls_record(view->calls, &record);
	if (status == 0)
		status = tasks_record(view->tasks, &record);
	return status;
}

int view_take(struct view *view, const struct merged *merged)
{
	struct loss loss;

	if (merged->kind == MERGE_EVENT)
		return take_event(view, &merged->event);
	loss = (struct loss){ .cpu = merged->event.cpu,
			      .counted = merged->kind == MERGE_LOSS_COUNTED,
			      .records = merged->lost,
			      .ts = merged->event.ts };
	calls_lost(view->calls, loss.cpu);
	view->losses++;
	view_lost(view, &loss);
	return 0;
}

void view_finish(struct view *view, uint64_t now_ns)
{
	calls_finish(view->calls, now_ns);
}

void view_totals(const struct view *view, struct view_totals *totals)
{
	*totals = view->totals;
	totals->in_flight = calls_in_flight(view->calls);
}

bool view_done(const struct view *view)
{
	return view->selection->count && view->totals.matched >= view->selection->count;
}
