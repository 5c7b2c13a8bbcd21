/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/live_kernel_counts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/aggregate.h"

/* What was counted of one callback by one event. */
struct count {
	size_t event;
	uint64_t function;
	uint64_t hits;
};

struct counts {
	struct count *list;
	size_t count, room;
};

struct live_kernel_counts {
	const struct live *live;
	const struct kernel_functions *functions;
	struct counts before; /* all that was read the last time, sorted */
	uint64_t dropped;     /* as of then */
};

/* --- who counts ------------------------------------------------------------------------ */

static bool refuse(char *why_not, size_t size, const char *reason)
{
	snprintf(why_not, size, "%s", reason);
	return false;
}

static bool names_only_counted(const struct report *report, char *why_not, size_t size)
{
	for (size_t i = 0; i < kernel_fields.count; i++) {
		const struct field *field = &kernel_fields.fields[i];

		if (kernel_field_counted(field) || !report_names(report, field))
			continue;
		snprintf(why_not, size, "the kernel does not count %s", field->name);
		return false;
	}
	return true;
}

static bool is_countable(const struct options *options, const struct report *report,
			 const struct kernel_features *features, char *why_not, size_t size)
{
	const uint32_t groups = KERNEL_BY_CALLBACK | KERNEL_BY_MODULE | KERNEL_BY_MECHANISM;

	if (!features->hist)
		return refuse(why_not, size, "this kernel has no hist triggers");
	if (options->kernel_by & ~groups)
		return refuse(why_not, size,
			      "the kernel counts by callback, module and mechanism only");
	if (options->argv || options->pid_count || options->name_count)
		return refuse(why_not, size, "the kernel cannot tell whose timers expire");
	if (options->cpus_given)
		return refuse(why_not, size, "the kernel does not count by CPU (--cpu)");
	if (options->wakeups || options->callers || options->histograms)
		return refuse(why_not, size, "the kernel counts arms and expiries only");
	if (options->until)
		return refuse(why_not, size, "--until looks at each event");
	if (options->fail_on & ~FINDING_BIT(FINDING_DATA_INCOMPLETE))
		return refuse(why_not, size, "findings need more than counts");
	if (options->aggregate == AGGREGATE_AUTO && !options->fields && !options->quiet)
		return refuse(why_not, size, "there is more to show without --fields");
	return names_only_counted(report, why_not, size);
}

int live_kernel_counts_choose(struct aggregate_choice *choice, const struct options *options,
			      const struct report *report, const struct kernel_features *features,
			      struct error *err)
{
	choice->wishes = (struct plan_wishes){ .kernel = true, .aggregate = true };
	choice->why_not[0] = choice->filter[0] = '\0';
	choice->kernel =
		options->aggregate != AGGREGATE_USER && !choice->impossible &&
		is_countable(options, report, features, choice->why_not, sizeof(choice->why_not));
	if (choice->kernel || options->aggregate != AGGREGATE_KERNEL)
		return 0;
	error_set(err, ENOTSUP, "the kernel cannot count this: %s", choice->why_not);
	error_hint(err, "leave out --aggregate kernel: user space counts anything");
	return -ENOTSUP;
}

/* --- reading ------------------------------------------------------------------------------ */

struct live_kernel_counts *live_kernel_counts_new(const struct live *live,
						  const struct kernel_functions *functions)
{
	struct live_kernel_counts *counts = calloc(1, sizeof(*counts));

	if (!counts)
		return NULL;
	counts->live = live;
	counts->functions = functions;
	return counts;
}

void live_kernel_counts_free(struct live_kernel_counts *counts)
{
	if (!counts)
		return;
	free(counts->before.list);
	free(counts);
}

static int add(struct counts *counts, const struct count *count)
{
	size_t room = counts->room ? 2 * counts->room : 256;
	struct count *larger;

	if (counts->count == counts->room) {
		larger = realloc(counts->list, room * sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		counts->list = larger;
		counts->room = room;
	}
	counts->list[counts->count++] = *count;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct count *one = a, *other = b;

	if (one->event != other->event)
		return one->event < other->event ? -1 : 1;
	return one->function < other->function ? -1 : one->function > other->function;
}

static int read_event(struct live_kernel_counts *counts, size_t event, struct counts *now,
		      uint64_t *dropped, struct error *err)
{
	const struct session *session = live_session(counts->live);
	char *text = session_event_hist(session, event);
	const char *at = text;
	struct aggregate_item item;
	int status = 0;

	if (!text)
		return error_errno(err, errno ? errno : EIO, "cannot read the counts of %s",
				   session_plan(session)->events[event].event);
	while (status == 0 && aggregate_next(&at, &item) != AGGREGATE_END) {
		const struct count count = { event, item.keys[0].value, item.count };

		if (item.kind == AGGREGATE_ENTRY && item.key_count == 1)
			status = add(now, &count);
		else if (item.kind == AGGREGATE_DROPPED)
			*dropped += item.count;
	}
	free(text);
	return status < 0 ? error_errno(err, ENOMEM, "counts") : 0;
}

/* What is new of it since the last time. */
static uint64_t since(const struct live_kernel_counts *counts, const struct count *count)
{
	const struct count *before =
		counts->before.count ? bsearch(count, counts->before.list, counts->before.count,
					       sizeof(*count), compare)
				     : NULL;

	return before && before->hits <= count->hits ? count->hits - before->hits : count->hits;
}

/* One callback's, for report_each. */
struct addition {
	struct kernel_arm arm;
	uint64_t started, fired;
};

static int take(void *stats, void *context)
{
	const struct addition *addition = context;

	return kernel_stats_add(stats, &addition->arm, addition->started, addition->fired);
}

static int add_to_report(const struct live_kernel_counts *counts, struct report *report,
			 const struct count *count)
{
	const struct probe_plan *plan = session_plan(live_session(counts->live));
	enum probe_use use = plan->events[count->event].means.use;
	bool hrtimer = use == USE_HRTIMER_START || use == USE_HRTIMER_EXPIRE;
	bool starts = use == USE_HRTIMER_START || use == USE_TIMER_START;
	uint64_t hits = since(counts, count);
	struct addition addition = {
		.arm = { .mechanism = hrtimer ? KERNEL_HRTIMER : KERNEL_TIMER_LIST,
			 .function = count->function },
		.started = starts ? hits : 0,
		.fired = starts ? 0 : hits,
	};

	/* Too many for the kernel's filter, it lets all pass. */
	if (!hits || !kernel_functions_choose(counts->functions, count->function))
		return 0;
	return report_each(report, take, &addition);
}

int live_kernel_counts_read(struct live_kernel_counts *counts, struct report *report,
			    uint64_t *dropped, struct error *err)
{
	const struct probe_plan *plan = session_plan(live_session(counts->live));
	struct counts now = { .count = 0 };
	uint64_t all_dropped = 0;
	int status = 0;

	for (size_t i = 0; i < plan->event_count && status == 0; i++)
		if (plan->events[i].trigger[0])
			status = read_event(counts, i, &now, &all_dropped, err);
	if (status == 0 && now.count)
		qsort(now.list, now.count, sizeof(*now.list), compare);
	for (size_t i = 0; i < now.count && status == 0; i++) {
		status = add_to_report(counts, report, &now.list[i]);
		if (status < 0)
			error_errno(err, ENOMEM, "counts");
	}
	if (status < 0) {
		free(now.list);
		return status;
	}
	*dropped += all_dropped - counts->dropped;
	counts->dropped = all_dropped;
	free(counts->before.list);
	counts->before = now;
	return 0;
}
