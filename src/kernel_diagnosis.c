/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/kernel_diagnosis.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "timersnoop/diagnosis_parts.h"

/* One in so many is what the 99th percentile leaves out. */
#define SHARE 100

/* Whoever takes these means them to expire: a sleep, work that is put off. */
static bool is_meant_to_fire(const struct kernel_row *row)
{
	static const char *const callbacks[] = { "process_timeout", "delayed_work_timer_fn",
						 "kthread_delayed_work_timer_fn" };

	for (size_t i = 0; i < sizeof(callbacks) / sizeof(callbacks[0]); i++)
		if (row->callback.name && strcmp(row->callback.name, callbacks[i]) == 0)
			return true;
	return false;
}

/* Armed by others than its own callback, with time to spare, and never called off. */
static bool always_fires(const struct kernel_row *row, const struct finding_limits *limits)
{
	return row->mechanism == KERNEL_TIMER_LIST && row->fired >= limits->fires &&
	       row->evidence.outside >= limits->fires && !row->cancelled && !row->replaced &&
	       row->evidence.outside * 2 > row->started && !is_meant_to_fire(row);
}

static bool every_jiffy(const struct kernel_row *row, const struct finding_limits *limits)
{
	uint64_t span_ns = row->evidence.last_ns - row->evidence.first_ns;

	return row->mechanism == KERNEL_TIMER_LIST && row->evidence.next_jiffy >= limits->jiffies &&
	       (double)row->evidence.next_jiffy * 1e9 >= (double)limits->jiffies * (double)span_ns;
}

/* It goes on where others have woken the CPU; why it cannot stop is found of the CPU. */
static bool is_tick(const struct kernel_row *row)
{
	const char *kind = kernel_timer_kind(row->callback.name);

	return kind && strcmp(kind, "tick") == 0;
}

/* How often; 0: not at all, or not often enough to be told. */
static uint64_t how_often(enum finding_id id, const struct kernel_row *row,
			  const struct finding_limits *limits)
{
	const struct kernel_evidence *evidence = &row->evidence;

	switch (id) {
	case FINDING_ALWAYS_FIRES:
		return always_fires(row, limits) ? row->fired : 0;
	case FINDING_SLOW_CALLBACK:
		return evidence->slow * SHARE >= row->run.count ? evidence->slow : 0;
	case FINDING_EVERY_JIFFY:
		return every_jiffy(row, limits) ? evidence->next_jiffy : 0;
	case FINDING_KEEPS_AWAKE:
		return !is_tick(row) && row->seconds > 0 && row->wakeups >= limits->awake &&
				       (double)row->wakeups >= (double)limits->awake * row->seconds
			       ? row->wakeups
			       : 0;
	case FINDING_OVERDUE:
		return evidence->overdue * SHARE >= row->beyond.count ? evidence->overdue : 0;
	default:
		return 0;
	}
}

static void say_evidence(struct finding *finding, const struct kernel_row *row,
			 const struct finding_limits *limits)
{
	char one[TIMERSPEC_TEXT_MAX], other[TIMERSPEC_TEXT_MAX];
	char *text = finding->evidence;
	size_t size = sizeof(finding->evidence);

	switch (finding->id) {
	case FINDING_ALWAYS_FIRES:
		say(text, size,
		    "armed %" PRIu64 " times, never cancelled; of those that ended, all "
		    "expired",
		    row->started);
		if (row->timeout.count)
			say(text, size, ", after %s in the median",
			    duration(one, distribution_quantile(&row->timeout, 500)));
		break;
	case FINDING_SLOW_CALLBACK:
		say(text, size,
		    "its callback ran for more than %s %" PRIu64 " of %" PRIu64
		    " times, for %s at most",
		    duration(one, limits->run_ns), finding->count, row->run.count,
		    duration(other, row->run.max));
		break;
	case FINDING_EVERY_JIFFY:
		say(text, size, "armed %" PRIu64 " times for a jiffy or less, %.0f times a second",
		    finding->count,
		    row->evidence.last_ns > row->evidence.first_ns
			    ? (double)finding->count * 1e9 /
				      (double)(row->evidence.last_ns - row->evidence.first_ns)
			    : (double)finding->count);
		break;
	case FINDING_KEEPS_AWAKE:
		say(text, size, "ended %" PRIu64 " idle periods, %.1f a second", finding->count,
		    (double)finding->count / row->seconds);
		break;
	default:
		say(text, size,
		    "began more than %s beyond its time %" PRIu64 " of %" PRIu64
		    " times, %s at most",
		    duration(one, limits->overdue_ns), finding->count, row->beyond.count,
		    duration(other, row->beyond.max));
		break;
	}
}

static void name_callback(struct finding *finding, const struct kernel_row *row)
{
	if (!row->callback.name && !row->function)
		return;
	finding->has_callback = true;
	if (row->callback.name)
		snprintf(finding->callback, sizeof(finding->callback), "%s", row->callback.name);
	else
		snprintf(finding->callback, sizeof(finding->callback), "0x%" PRIx64, row->function);
}

static int look(struct findings *findings, const struct kernel_row *row,
		const struct finding_limits *limits)
{
	for (unsigned id = FINDING_ALWAYS_FIRES; id <= FINDING_OVERDUE; id++) {
		uint64_t count = how_often((enum finding_id)id, row, limits);
		struct finding *finding = count ? findings_add(findings) : NULL;

		if (!count)
			continue;
		if (!finding)
			return -ENOMEM;
		finding->id = (enum finding_id)id;
		finding->count = count;
		finding->timers = row->timers;
		name_callback(finding, row);
		say_evidence(finding, row, limits);
	}
	return 0;
}

/* An idle CPU whose tick cannot be stopped is woken by each. */
static int look_at_cpu(struct findings *findings, const struct kernel_cpu_row *cpu,
		       const struct finding_limits *limits)
{
	struct field_value kept;
	struct finding *finding;

	if (cpu->tick_kept < limits->awake || cpu->seconds <= 0 ||
	    (double)cpu->tick_kept < (double)limits->awake * cpu->seconds)
		return 0;
	finding = findings_add(findings);
	if (!finding)
		return -ENOMEM;
	finding->id = FINDING_KEEPS_AWAKE;
	finding->has_cpu = true;
	finding->cpu = cpu->cpu;
	finding->count = cpu->tick_kept;
	say(finding->evidence, sizeof(finding->evidence),
	    "its tick could not be stopped %" PRIu64 " %s", cpu->tick_kept, times(cpu->tick_kept));
	field_get(fields_find(&kernel_cpu_fields, "tick_kept_by", strlen("tick_kept_by")), cpu,
		  &kept);
	if (kept.known)
		say(finding->evidence, sizeof(finding->evidence), ", for %s", kept.text);
	return 0;
}

int kernel_diagnose(struct findings *findings, const struct kernel_stats *stats,
		    const struct finding_limits *limits, const struct diagnosis_loss *loss)
{
	size_t count, cpu_count;
	struct kernel_row *rows = kernel_stats_callbacks(stats, &count);
	const struct kernel_cpu_row *cpus = kernel_stats_cpus(stats, &cpu_count);
	int status = rows ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && status == 0; i++)
		status = look(findings, &rows[i], limits);
	for (size_t i = 0; i < cpu_count && status == 0; i++)
		status = look_at_cpu(findings, &cpus[i], limits);
	kernel_stats_rows_free(rows);
	if (status == 0)
		status = findings_add_loss(findings, loss);
	if (status == 0)
		findings_sort(findings);
	return status;
}
