/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/diagnosis.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "timersnoop/diagnosis_parts.h"
#include "timersnoop/stats_parts.h"

_Static_assert(sizeof(((struct finding *)0)->timer) == STAT_TIMER_MAX, "room for any timer");

/* Expiries of a timer beside which its overruns count. */
#define OVERRUN_SHARE 10
/* One late expiry in so many is what the 99th percentile leaves out. */
#define LATE_SHARE 100

static bool is_storm(const struct stat_row *row, const struct finding_limits *limits)
{
	uint64_t span_ns = row->evidence.last_arm_ns - row->evidence.first_arm_ns;

	/* Of timers that are put together, none need be so. */
	return row->has_id &&
	       stat_knows(FIGURE_REPLACED, row->events, row->has_family, row->family) &&
	       row->replaced >= limits->storm && row->replaced / 10 >= row->expiries &&
	       (double)row->replaced * 1e9 >= (double)limits->storm * (double)span_ns;
}

/* How often; 0: not at all, or not often enough to be told. */
static uint64_t how_often(enum finding_id id, const struct stat_row *row,
			  const struct finding_limits *limits)
{
	const struct stat_evidence *evidence = &row->evidence;
	uint64_t ignored = row->signals[SIGNAL_IGNORED] + row->signals[SIGNAL_DROPPED];

	switch (id) {
	case FINDING_REARM_STORM:
		return is_storm(row, limits) ? row->replaced : 0;
	case FINDING_TOO_SHORT:
		return evidence->too_short;
	case FINDING_PAST:
		return evidence->past;
	case FINDING_OVERRUN:
		return row->has_id && row->overruns >= limits->overruns &&
				       row->overruns >= row->expiries / OVERRUN_SHARE
			       ? row->overruns
			       : 0;
	case FINDING_SIGNAL_BLOCKED:
		return evidence->blocked;
	case FINDING_SIGNAL_IGNORED:
		return ignored;
	case FINDING_CALLS_FAIL:
		return row->failed - evidence->bad_values;
	case FINDING_BAD_VALUE:
		return evidence->bad_values;
	case FINDING_NEVER_ARMED:
		return evidence->unarmed;
	case FINDING_LEAK:
		return evidence->undeleted;
	case FINDING_ZERO_VALUE:
		return evidence->zero_value;
	case FINDING_LATE:
		return evidence->late * LATE_SHARE >= row->late.count ? evidence->late : 0;
	case FINDING_WRONG_CLOCK:
		return evidence->wrong_clock;
	case FINDING_MEMORY_CHANGED:
		return evidence->changed;
	default:
		return 0;
	}
}

/* Of all of one process together: is it often enough? */
static bool is_enough(enum finding_id id, uint64_t count, const struct finding_limits *limits)
{
	if (id == FINDING_CALLS_FAIL)
		return count >= limits->failures;
	if (id == FINDING_LEAK)
		return count >= limits->leak;
	return count > 0;
}

static void say_signal(char *text, size_t size, const struct stat_row *row)
{
	char name[TIMERSPEC_TEXT_MAX];

	timerspec_signal(name, row->signal);
	if (row->has_signal && row->signal)
		say(text, size, " (%s)", name);
}

static void say_failures(char *text, size_t size, const struct stat_row *row)
{
	const struct stat_evidence *evidence = &row->evidence;
	uint64_t failed = row->failed - evidence->bad_values;
	const char *name = timerspec_errno_name(evidence->fault_errno);

	say(text, size, "%" PRIu64 " %s refused", failed, failed == 1 ? "call was" : "calls were");
	if (!evidence->has_fault)
		return;
	say(text, size, "%s %s with %s%s%s", failed > 1 ? ", the last one" : ",",
	    event_name(evidence->fault_event), name ? name : "an error",
	    evidence->fault[0] ? ": " : "", evidence->fault);
}

static void say_arms(enum finding_id id, char *text, size_t size, const struct stat_row *row,
		     const struct finding_limits *limits)
{
	const struct stat_evidence *evidence = &row->evidence;
	char one[TIMERSPEC_TEXT_MAX], other[TIMERSPEC_TEXT_MAX];

	switch (id) {
	case FINDING_REARM_STORM:
		say(text, size,
		    "armed %" PRIu64 " times in %s, %" PRIu64 " of these ended by the next before "
		    "they expired; %" PRIu64 " expiries",
		    row->arms,
		    duration(one, (int64_t)(evidence->last_arm_ns - evidence->first_arm_ns)),
		    row->replaced, row->expiries);
		break;
	case FINDING_TOO_SHORT:
		say(text, size,
		    "armed %" PRIu64 " %s for a value or an interval of as little as %s, less than "
		    "%s",
		    evidence->too_short, times(evidence->too_short),
		    duration(one, evidence->shortest_ns),
		    evidence->shortest_ns < limits->short_ns ? duration(other, limits->short_ns)
							     : "a tick, by which it is counted");
		break;
	case FINDING_PAST:
		say(text, size,
		    "armed %" PRIu64 " %s for an instant that had gone by, up to %s ago",
		    evidence->past, times(evidence->past),
		    duration(one, evidence->longest_past_ns));
		break;
	case FINDING_WRONG_CLOCK:
		timerspec_clock(one, row->clock);
		timerspec_clock(other, evidence->right_clock);
		say(text, size,
		    "armed %" PRIu64
		    " %s for an instant that makes no sense on %s, and would on %s",
		    evidence->wrong_clock, times(evidence->wrong_clock),
		    row->has_clock ? one : "its clock",
		    evidence->right_clock >= 0 ? other : "another");
		break;
	default:
		say(text, size,
		    "disarmed %" PRIu64 " %s by a value of zero with an interval that is not",
		    evidence->zero_value, times(evidence->zero_value));
		break;
	}
}

static void say_expiries(enum finding_id id, char *text, size_t size, const struct stat_row *row,
			 const struct finding_limits *limits)
{
	const struct stat_evidence *evidence = &row->evidence;
	uint64_t ignored = row->signals[SIGNAL_IGNORED] + row->signals[SIGNAL_DROPPED];
	char one[TIMERSPEC_TEXT_MAX], other[TIMERSPEC_TEXT_MAX];

	switch (id) {
	case FINDING_OVERRUN:
		say(text, size,
		    "%" PRIu64 " periods had no expiry of their own, %" PRIu64 " had one",
		    row->overruns, row->expiries);
		if (row->interval.count)
			say(text, size, "; asked for every %s",
			    duration(one, distribution_quantile(&row->interval, 500)));
		if (row->signal_after.count)
			say(text, size, "; its signal took %s to be delivered (median)",
			    duration(one, distribution_quantile(&row->signal_after, 500)));
		break;
	case FINDING_SIGNAL_BLOCKED:
		say(text, size, "its signal");
		say_signal(text, size, row);
		say(text, size, " waited longer than %s %" PRIu64 " %s, up to %s",
		    duration(one, limits->blocked_ns), evidence->blocked, times(evidence->blocked),
		    duration(other, evidence->longest_blocked_ns));
		break;
	case FINDING_SIGNAL_IGNORED:
		say(text, size, "its signal");
		say_signal(text, size, row);
		say(text, size, " was ignored %" PRIu64 " %s", ignored, times(ignored));
		break;
	default:
		say(text, size, "%" PRIu64 " of %" PRIu64 " expiries were later than %s, up to %s",
		    evidence->late, row->late.count, duration(one, limits->late_ns),
		    duration(other, row->late.max));
		say(text, size,
		    "; for %" PRIu64 " of these the CPU was idle, for %" PRIu64 " it was not",
		    evidence->late_idle, evidence->late - evidence->late_idle);
		break;
	}
}

static void say_evidence(struct finding *finding, const struct stat_row *row,
			 const struct finding_limits *limits)
{
	const struct stat_evidence *evidence = &row->evidence;
	size_t size = sizeof(finding->evidence);
	char *text = finding->evidence;

	switch (finding->id) {
	case FINDING_REARM_STORM:
	case FINDING_TOO_SHORT:
	case FINDING_PAST:
	case FINDING_WRONG_CLOCK:
	case FINDING_ZERO_VALUE:
		say_arms(finding->id, text, size, row, limits);
		break;
	case FINDING_OVERRUN:
	case FINDING_SIGNAL_BLOCKED:
	case FINDING_SIGNAL_IGNORED:
	case FINDING_LATE:
		say_expiries(finding->id, text, size, row, limits);
		break;
	case FINDING_CALLS_FAIL:
		say_failures(text, size, row);
		break;
	case FINDING_BAD_VALUE:
		say(text, size, "%" PRIu64 " %s for a value or nanoseconds out of range",
		    evidence->bad_values,
		    evidence->bad_values == 1 ? "call was refused" : "calls were refused");
		break;
	case FINDING_NEVER_ARMED:
		say(text, size, "%" PRIu64 " %s made and never armed", evidence->unarmed,
		    evidence->unarmed == 1 ? "timer was" : "timers were");
		break;
	case FINDING_LEAK:
		say(text, size, "%" PRIu64 " %s made and not deleted", evidence->undeleted,
		    evidence->undeleted == 1 ? "timer was" : "timers were");
		break;
	default:
		say(text, size, "memory changed under %" PRIu64 " %s", evidence->changed,
		    evidence->changed == 1 ? "call" : "calls");
		break;
	}
}

static bool same_process(const struct stat_row *a, const struct stat_row *b)
{
	return a->has_pid == b->has_pid && a->pid == b->pid && strcmp(a->comm, b->comm) == 0;
}

/* One finding of one process, whose rows these are. */
static int look(struct findings *findings, enum finding_id id, const struct stat_row *rows,
		size_t count, const struct finding_limits *limits)
{
	struct stat_row all = stat_row_bare(&rows[0]);
	const struct stat_row *only = NULL;
	struct finding *finding;
	uint64_t often = 0, timers = 0;
	int status = 0;

	for (size_t i = 0; i < count && status == 0; i++) {
		uint64_t more = how_often(id, &rows[i], limits);

		if (!more)
			continue;
		if (!often)
			all = stat_row_bare(&rows[i]);
		else
			stat_row_intersect(&all, &rows[i]);
		only = often ? NULL : &rows[i];
		often += more;
		timers += rows[i].has_id ? 1 : rows[i].timers;
		status = stat_row_merge(&all, &rows[i]);
	}
	if (status == 0 && is_enough(id, often, limits)) {
		finding = findings_add(findings);
		if (!finding) {
			status = -ENOMEM;
		} else {
			finding->id = id;
			finding->has_process = rows[0].has_pid || rows[0].comm[0];
			finding->pid = rows[0].has_pid ? rows[0].pid : 0;
			memcpy(finding->comm, rows[0].comm, sizeof(finding->comm));
			finding->timers = timers;
			finding->count = often;
			if (only)
				finding->has_timer = stat_row_timer(only, finding->timer);
			say_evidence(finding, &all, limits);
		}
	}
	stat_row_free(&all);
	return status;
}

static int look_at_all(struct findings *findings, const struct stat_row *rows, size_t count,
		       const struct finding_limits *limits)
{
	size_t from = 0, to;
	int status = 0;

	for (; from < count && status == 0; from = to) {
		for (to = from + 1; to < count && same_process(&rows[from], &rows[to]); to++)
			;
		for (unsigned id = 0; id < FINDING_COUNT && status == 0; id++)
			status =
				look(findings, (enum finding_id)id, &rows[from], to - from, limits);
	}
	return status;
}

/* What is of no process. */
static int look_around(struct findings *findings, const struct stats *stats,
		       const struct finding_limits *limits, const struct diagnosis_loss *loss)
{
	struct finding *finding;
	struct stats_herd herd;
	char text[TIMERSPEC_TEXT_MAX];

	stats_herd(stats, &herd);
	if (herd.most >= limits->herd) {
		finding = findings_add(findings);
		if (!finding)
			return -ENOMEM;
		finding->id = FINDING_HERD;
		finding->timers = herd.most;
		finding->count = herd.times;
		say(finding->evidence, sizeof(finding->evidence),
		    "%" PRIu64 " timers were to expire within %s, and %" PRIu64 " or more %" PRIu64
		    " %s",
		    herd.most, duration(text, limits->herd_ns), limits->herd, herd.times,
		    times(herd.times));
	}
	return findings_add_loss(findings, loss);
}

int diagnose(struct findings *findings, const struct stats *stats,
	     const struct finding_limits *limits, const struct diagnosis_loss *loss)
{
	size_t count;
	struct stat_row *rows = stats_rows(stats, BY_TIMER, &count);
	int status = rows ? look_at_all(findings, rows, count, limits) : -ENOMEM;

	stats_rows_free(rows, count);
	if (status == 0)
		status = look_around(findings, stats, limits, loss);
	if (status == 0)
		findings_sort(findings);
	return status;
}
