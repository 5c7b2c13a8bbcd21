/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/live_aggregate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/aggregate.h"

struct live_aggregate {
	const struct live *live;
	struct aggregate_counts before; /* all that was read the last time, sorted */
	uint64_t dropped;               /* as of then */
	struct tasks *gone;             /* who has ended since then */
};

static bool refuse(char *why_not, size_t size, const char *reason)
{
	snprintf(why_not, size, "%s", reason);
	return false;
}

static bool answers(const struct options *options, const struct kernel_features *features,
		    char *why_not, size_t size)
{
	const uint32_t counted = HISTOGRAM_BIT(HISTOGRAM_VALUE) | HISTOGRAM_BIT(HISTOGRAM_INTERVAL);

	if (!features->hist)
		return refuse(why_not, size, "this kernel has no hist triggers");
	if (features->offset[OFFSET_ITIMER_ID] < 0)
		return refuse(why_not, size, "this kernel has no type data");
	if (options->events != EVENT_BIT(EVENT_TIMER_SETTIME))
		return refuse(why_not, size,
			      "the kernel counts timer_settime only (-e timer_settime)");
	if (options->by != BY_TIMER && options->by != BY_PROCESS && options->by != BY_COMM)
		return refuse(why_not, size, "the kernel counts by timer, process or comm only");
	if (options->histograms & ~counted)
		return refuse(why_not, size,
			      "the kernel has histograms of values and intervals only");
	if (options->user_count)
		return refuse(why_not, size, "the kernel does not count by user (-u)");
	if (options->toctou)
		return refuse(why_not, size, "the kernel does not compare memory (--toctou)");
	return true;
}

static bool is_countable(struct aggregate_choice *choice, const struct options *options,
			 const struct report *report, const struct kernel_features *features)
{
	const struct selection names = { .names = options->names,
					 .name_count = options->name_count };
	const size_t size = sizeof(choice->why_not);
	char *why_not = choice->why_not;

	if (choice->impossible)
		return refuse(why_not, size, "it did not take the probes");
	if (!answers(options, features, why_not, size) ||
	    !report_stat_countable(report, options, why_not, size))
		return false;
	if (options->name_count &&
	    !selection_filter(&names, choice->filter, sizeof(choice->filter)))
		return refuse(why_not, size, "it cannot filter these names");
	return true;
}

int live_aggregate_choose(struct aggregate_choice *choice, const struct options *options,
			  const struct report *report, const struct kernel_features *features,
			  struct error *err)
{
	choice->wishes =
		(struct plan_wishes){ .events = options->events,
				      .aggregate = true,
				      .aggregate_kinds = report_stat_wants_kinds(report, options),
				      .histograms = options->histograms };
	choice->why_not[0] = '\0';
	choice->filter[0] = '\0';
	choice->kernel = options->aggregate != AGGREGATE_USER &&
			 is_countable(choice, options, report, features);
	if (choice->kernel || options->aggregate != AGGREGATE_KERNEL)
		return 0;
	error_set(err, ENOTSUP, "the kernel cannot count this: %s", choice->why_not);
	error_hint(err, "leave out --aggregate kernel: user space counts anything");
	return -ENOTSUP;
}

struct live_aggregate *live_aggregate_new(const struct live *live)
{
	struct live_aggregate *aggregate = calloc(1, sizeof(*aggregate));

	if (!aggregate)
		return NULL;
	aggregate->live = live;
	aggregate->gone = tasks_new();
	if (!aggregate->gone) {
		free(aggregate);
		return NULL;
	}
	return aggregate;
}

void live_aggregate_free(struct live_aggregate *aggregate)
{
	if (!aggregate)
		return;
	aggregate_free(&aggregate->before);
	tasks_free(aggregate->gone);
	free(aggregate);
}

int live_aggregate_record(struct live_aggregate *aggregate, const struct tasks *tasks,
			  const struct record *record)
{
	const struct task *task = NULL;

	if (record->kind == USE_EXIT)
		task = tasks_find(tasks, record->task.tid);
	return task ? tasks_learn(aggregate->gone, task) : 0;
}

/* --- reading ---------------------------------------------------------------------- */

static int read_probe(struct live_aggregate *aggregate, size_t probe,
		      struct aggregate_counts *counts, uint64_t *dropped, struct error *err)
{
	const struct session *session = live_session(aggregate->live);
	const struct probe_plan *plan = session_plan(session);
	struct aggregate_table tables[PLAN_TRIGGERS_MAX];
	size_t count = 0;
	char *text;
	int status;

	for (size_t i = 0; i < plan->trigger_count; i++)
		if (plan->triggers[i].probe == probe)
			tables[count++] = plan->triggers[i].table;
	text = session_hist(session, probe);
	if (!text)
		return error_errno(err, errno ? errno : EIO, "cannot read the counts of %s",
				   plan->probes[probe].event);
	status = aggregate_read(counts, text, tables, count, dropped);
	if (status < 0)
		error_errno(err, -status, "cannot read the counts of %s",
			    plan->probes[probe].event);
	free(text);
	return status;
}

static int read_all(struct live_aggregate *aggregate, struct aggregate_counts *counts,
		    uint64_t *dropped, struct error *err)
{
	const struct probe_plan *plan = session_plan(live_session(aggregate->live));
	int status = 0;

	for (size_t i = 0; i < plan->probe_count && status == 0; i++)
		if (probe_has_triggers(plan, i))
			status = read_probe(aggregate, i, counts, dropped, err);
	aggregate_sort(counts);
	aggregate_arms(counts, &aggregate->before);
	return status;
}

/* The same, all of it once more. */
static int copy(struct aggregate_counts *to, const struct aggregate_counts *from)
{
	to->list = malloc((from->count + 1) * sizeof(*to->list));
	if (!to->list)
		return -ENOMEM;
	if (from->count)
		memcpy(to->list, from->list, from->count * sizeof(*to->list));
	to->count = from->count;
	to->capacity = from->count + 1;
	return 0;
}

/* --- rows ------------------------------------------------------------------------- */

static const struct task *find_task(const struct live_aggregate *aggregate,
				    const struct tasks *tasks, int32_t tid)
{
	const struct task *task = tasks_find(tasks, tid);

	return task ? task : tasks_find(aggregate->gone, tid);
}

/* A process goes by the name of its first thread. */
static void name_row(const struct live_aggregate *aggregate, const struct tasks *tasks,
		     struct stat_row *row, int32_t tid)
{
	const struct task *task = find_task(aggregate, tasks, tid);
	const struct task *first;
	struct task seen;

	/* It was made since the records were read. */
	if (!task && live_lookup(NULL, tid, &seen) == 0)
		task = &seen;
	first = task ? find_task(aggregate, tasks, task->tgid) : NULL;

	if (first && first->comm[0])
		memcpy(row->comm, first->comm, sizeof(row->comm));
	else if (task)
		memcpy(row->comm, task->comm, sizeof(row->comm));
	row->has_pid = row->has_comm = row->has_family = true;
	row->family = TIMER_POSIX;
	row->pid = task && task->tgid ? task->tgid : tid;
}

static int add_histogram(struct stat_row *row, enum histogram_of of,
			 const struct aggregate_count *count)
{
	if (!stat_row_histograms(row))
		return -ENOMEM;
	row->histograms[of].rows[count->row] += count->count;
	return 0;
}

static int add_count(struct stat_row *row, const struct aggregate_count *count, bool kinds)
{
	switch (count->what) {
	case COUNT_ARM:
		row->calls += count->count;
		row->arms += count->count;
		if (kinds && count->number & COUNT_KIND_PERIODIC)
			row->periodic += count->count;
		else if (kinds)
			row->one_shot += count->count;
		if (count->number & COUNT_KIND_ABSOLUTE)
			row->absolute += count->count;
		return 0;
	case COUNT_DISARM:
		row->calls += count->count;
		row->disarms += count->count;
		return 0;
	case COUNT_REFUSED:
		row->calls += count->count;
		row->failed += count->count;
		stat_row_error(row, count->number, count->count);
		return 0;
	case COUNT_VALUE:
		return add_histogram(row, HISTOGRAM_VALUE, count);
	case COUNT_INTERVAL:
		return add_histogram(row, HISTOGRAM_INTERVAL, count);
	case COUNT_SET:
	case COUNT_SET_ZERO:
	case COUNT_AGAIN:
		return 0;
	}
	return 0;
}

/* Are they of one row? */
static bool same_row(const struct aggregate_count *a, const struct aggregate_count *b)
{
	return a->tid == b->tid && a->has_id == b->has_id && a->id == b->id;
}

/* Which of arms are told apart, the tables of the plan say. */
static bool knows_kinds(const struct session *session)
{
	const struct probe_plan *plan = session_plan(session);

	for (size_t i = 0; i < plan->trigger_count; i++)
		if (plan->triggers[i].table.what == COUNT_ARM &&
		    plan->triggers[i].table.number & COUNT_KIND_PERIODIC)
			return true;
	return false;
}

static int add_rows(const struct live_aggregate *aggregate, const struct tasks *tasks,
		    const struct aggregate_counts *counts, live_aggregate_adder *add, void *context)
{
	bool kinds = knows_kinds(live_session(aggregate->live));
	int status = 0;

	for (size_t i = 0, end; i < counts->count && status == 0; i = end) {
		const struct aggregate_count *first = &counts->list[i];
		struct stat_row row = { .has_id = first->has_id,
					.id = first->id,
					.timers = first->has_id,
					.no_kinds = !kinds };

		for (end = i; end < counts->count && same_row(first, &counts->list[end]); end++)
			if (counts->list[end].count && status == 0)
				status = add_count(&row, &counts->list[end], kinds);
		if (status == 0 && (row.calls || row.histograms)) {
			name_row(aggregate, tasks, &row, first->tid);
			status = add(context, &row);
		}
		free(row.histograms);
	}
	return status;
}

int live_aggregate_read(struct live_aggregate *aggregate, const struct tasks *tasks,
			live_aggregate_adder *add, void *context, uint64_t *dropped,
			struct error *err)
{
	struct aggregate_counts now = { .count = 0 }, fresh = { .count = 0 };
	struct tasks *gone = tasks_new();
	uint64_t full = 0;
	int status = gone ? 0 : error_errno(err, ENOMEM, "counts");

	if (status == 0)
		status = read_all(aggregate, &now, &full, err);
	if (status == 0 && copy(&fresh, &now) < 0)
		status = error_errno(err, ENOMEM, "counts");
	if (status == 0) {
		aggregate_subtract(&fresh, &aggregate->before);
		*dropped += aggregate_correct(&fresh) + (full - aggregate->dropped);
		aggregate->dropped = full;
		if (add_rows(aggregate, tasks, &fresh, add, context) < 0)
			status = error_errno(err, ENOMEM, "counts");
	}
	aggregate_free(&fresh);
	if (status < 0) {
		aggregate_free(&now);
		tasks_free(gone);
		return status;
	}
	aggregate_free(&aggregate->before);
	aggregate->before = now;
	/* All that they did has been read. */
	tasks_free(aggregate->gone);
	aggregate->gone = gone;
	return 0;
}
