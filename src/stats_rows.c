/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of figures: put together, and what can be asked of them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/line.h"
#include "timersnoop/out.h"
#include "timersnoop/stats_parts.h"

struct histogram *stat_row_histograms(struct stat_row *row)
{
	if (!row->histograms)
		row->histograms = calloc(HISTOGRAM_COUNT, sizeof(*row->histograms));
	return row->histograms;
}

static int merge_distributions(struct stat_row *into, const struct stat_row *from)
{
	struct distribution *const to[] = { &into->value, &into->interval,     &into->observed,
					    &into->late,  &into->signal_after, &into->duration };
	const struct distribution *const of[] = { &from->value,        &from->interval,
						  &from->observed,     &from->late,
						  &from->signal_after, &from->duration };

	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++)
		if (distribution_merge(to[i], of[i]) < 0)
			return -ENOMEM;
	if (!from->histograms)
		return 0;
	if (!stat_row_histograms(into))
		return -ENOMEM;
	for (unsigned i = 0; i < HISTOGRAM_COUNT; i++)
		histogram_merge(&into->histograms[i], &from->histograms[i]);
	return 0;
}

static void raise(int64_t *most, int64_t other)
{
	if (other > *most)
		*most = other;
}

static void merge_evidence(struct stat_evidence *into, const struct stat_evidence *from)
{
	if (from->too_short && (!into->too_short || from->shortest_ns < into->shortest_ns))
		into->shortest_ns = from->shortest_ns;
	into->too_short += from->too_short;
	into->past += from->past;
	raise(&into->longest_past_ns, from->longest_past_ns);
	if (from->wrong_clock)
		into->right_clock = into->wrong_clock && into->right_clock != from->right_clock
					    ? -1
					    : from->right_clock;
	into->wrong_clock += from->wrong_clock;
	into->zero_value += from->zero_value;
	if (from->first_arm_ns && (!into->first_arm_ns || from->first_arm_ns < into->first_arm_ns))
		into->first_arm_ns = from->first_arm_ns;
	if (from->last_arm_ns > into->last_arm_ns)
		into->last_arm_ns = from->last_arm_ns;
	into->late += from->late;
	into->late_idle += from->late_idle;
	into->blocked += from->blocked;
	raise(&into->longest_blocked_ns, from->longest_blocked_ns);
	into->changed += from->changed;
	into->bad_values += from->bad_values;
	into->unarmed += from->unarmed;
	into->undeleted += from->undeleted;
	if (!from->has_fault || (into->has_fault && from->fault_ns < into->fault_ns))
		return;
	into->has_fault = true;
	into->fault_ns = from->fault_ns;
	into->fault_event = from->fault_event;
	into->fault_errno = from->fault_errno;
	memcpy(into->fault, from->fault, sizeof(into->fault));
}

void stat_row_error(struct stat_row *row, int32_t number, uint64_t count)
{
	for (size_t i = 0; i < STAT_ERRORS; i++) {
		if (row->errors[i].count && row->errors[i].number != number)
			continue;
		row->errors[i].number = number;
		row->errors[i].count += count;
		return;
	}
	row->other_errors += count;
}

int stat_row_merge(struct stat_row *into, const struct stat_row *from)
{
	into->timers += from->timers;
	into->created += from->created;
	into->deleted += from->deleted;
	into->calls += from->calls;
	into->failed += from->failed;
	into->arms += from->arms;
	into->disarms += from->disarms;
	into->one_shot += from->one_shot;
	into->periodic += from->periodic;
	into->absolute += from->absolute;
	into->replaced += from->replaced;
	into->gettimes += from->gettimes;
	into->getoverruns += from->getoverruns;
	into->expiries += from->expiries;
	into->rearmed += from->rearmed;
	into->overruns += from->overruns;
	for (int result = 0; result < SIGNAL_RESULTS; result++)
		into->signals[result] += from->signals[result];
	for (size_t i = 0; i < STAT_ERRORS && from->errors[i].count; i++)
		stat_row_error(into, from->errors[i].number, from->errors[i].count);
	into->other_errors += from->other_errors;
	into->incomplete |= from->incomplete;
	into->no_kinds |= from->no_kinds;
	merge_evidence(&into->evidence, &from->evidence);
	return merge_distributions(into, from);
}

void stat_row_intersect(struct stat_row *into, const struct stat_row *from)
{
	into->has_pid &= from->has_pid && from->pid == into->pid;
	into->has_comm &= from->has_comm && strcmp(from->comm, into->comm) == 0;
	into->has_family &= from->has_family && from->family == into->family;
	into->has_id &= from->has_id && from->id == into->id;
	into->has_clock &= from->has_clock && from->clock == into->clock;
	into->has_signal &= from->has_signal && from->signal == into->signal;
}

void stat_row_free(struct stat_row *row)
{
	distribution_free(&row->value);
	distribution_free(&row->interval);
	distribution_free(&row->observed);
	distribution_free(&row->late);
	distribution_free(&row->signal_after);
	distribution_free(&row->duration);
	free(row->histograms);
	row->histograms = NULL;
}

bool stat_row_any(const struct stat_row *row)
{
	uint64_t signals = 0;

	for (int result = 0; result < SIGNAL_RESULTS; result++)
		signals |= row->signals[result];
	return row->calls || row->expiries || signals || row->created || row->deleted;
}

/* --- fields ---------------------------------------------------------------------- */

/* What tells each figure, all of these, by family; 0: there is none of it. */
static const uint32_t tells[FIGURE_COUNT][TIMER_FAMILIES] = {
	[FIGURE_CREATED] = { EVENT_BIT(EVENT_TIMER_CREATE), EVENT_BIT(EVENT_TIMERFD_CREATE), 0 },
	[FIGURE_DELETED] = { EVENT_BIT(EVENT_TIMER_DELETE), EVENT_BIT(EVENT_TIMERFD_CREATE), 0 },
	[FIGURE_SETS] = { EVENT_BIT(EVENT_TIMER_SETTIME), EVENT_BIT(EVENT_TIMERFD_SETTIME),
			  EVENT_BIT(EVENT_SETITIMER) | EVENT_BIT(EVENT_ALARM) },
	[FIGURE_READS] = { EVENT_BIT(EVENT_TIMER_GETTIME), EVENT_BIT(EVENT_TIMERFD_GETTIME),
			   EVENT_BIT(EVENT_GETITIMER) },
	[FIGURE_GETOVERRUNS] = { EVENT_BIT(EVENT_TIMER_GETOVERRUN), 0, 0 },
	[FIGURE_EXPIRIES] = { EVENT_BIT(EVENT_TIMER_EXPIRE), EVENT_BIT(EVENT_TIMERFD_EXPIRE),
			      EVENT_BIT(EVENT_ITIMER_EXPIRE) },
	[FIGURE_REPLACED] = { EVENT_BIT(EVENT_TIMER_SETTIME) | EVENT_BIT(EVENT_TIMER_EXPIRE),
			      EVENT_BIT(EVENT_TIMERFD_SETTIME) | EVENT_BIT(EVENT_TIMERFD_EXPIRE),
			      EVENT_BIT(EVENT_SETITIMER) | EVENT_BIT(EVENT_ALARM) |
				      EVENT_BIT(EVENT_ITIMER_EXPIRE) },
	[FIGURE_OVERRUNS] = { EVENT_BIT(EVENT_SIGNAL_DELIVER), EVENT_BIT(EVENT_TIMERFD_EXPIRE),
			      EVENT_BIT(EVENT_ITIMER_EXPIRE) },
	[FIGURE_SENT] = { EVENT_BIT(EVENT_SIGNAL_GENERATE), 0, EVENT_BIT(EVENT_SIGNAL_GENERATE) },
	[FIGURE_TAKEN] = { EVENT_BIT(EVENT_SIGNAL_DELIVER), 0, EVENT_BIT(EVENT_SIGNAL_DELIVER) },
};

/* Is anything of this family looked for? */
static bool looks_for(uint32_t events, enum timer_family family)
{
	for (enum event event = 0; event < EVENT_SIGNAL_GENERATE; event++)
		if (events & EVENT_BIT(event) && event_family(event) == family)
			return true;
	return events & EVENTS_SIGNAL && family != TIMER_FD;
}

bool stat_knows(enum stat_figure figure, uint32_t events, bool has_family, enum timer_family family)
{
	bool any = false;

	if (has_family)
		return (events & tells[figure][family]) == tells[figure][family];
	for (unsigned of = 0; of < TIMER_FAMILIES; of++) {
		uint32_t needed = tells[figure][of];

		if (!needed || !looks_for(events, (enum timer_family)of))
			continue;
		if ((events & needed) != needed)
			return false;
		any = true;
	}
	return any;
}

/* Defines get_NAME. */
#define GET(name, ...)                                                                             \
	static void get_##name(const void *of, struct field_value *value)                          \
	{                                                                                          \
		const struct stat_row *row = of;                                                   \
                                                                                                   \
		__VA_ARGS__                                                                        \
	}
#define KNOWN(figure) stat_knows(figure, row->events, row->has_family, row->family)
#define GET_SUM(name, figure, sum) GET(name, value->known = KNOWN(figure); value->count = (sum);)
#define GET_COUNT(name, figure) GET_SUM(name, figure, row->name)
#define GET_KIND(name)                                                                             \
	GET(name, value->known = !row->no_kinds && KNOWN(FIGURE_SETS); value->count = row->name;)
#define GET_CALLS(name)                                                                            \
	GET(name, value->known = row->events & EVENTS_CALLS; value->count = row->name;)

#define GET_QUANTILES(name, of_what)                                                               \
	GET(name##_min, value->known = row->of_what.count; value->number = row->of_what.min;)      \
	GET(name##_median, value->known = row->of_what.count;                                      \
	    value->number = distribution_quantile(&row->of_what, 500);)                            \
	GET(name##_p99, value->known = row->of_what.count;                                         \
	    value->number = distribution_quantile(&row->of_what, 990);)                            \
	GET(name##_max, value->known = row->of_what.count; value->number = row->of_what.max;)

GET(event, value->known = true; value->text = row->sum ? "total" : "stat";)
GET(pid, value->known = row->has_pid; value->number = row->pid;)
GET(comm, value->known = row->has_comm; value->text = row->comm;)
GET(family, value->known = row->has_family;
    value->text = row->has_family ? timer_family_name(row->family) : NULL;)
GET(timer_id, value->known = row->has_id && row->has_family && row->family == TIMER_POSIX;
    value->number = row->id;)
GET(fd, value->known = row->has_id && row->has_family && row->family == TIMER_FD;
    value->number = row->id;)

static void get_which(const void *of, struct field_value *value)
{
	const struct stat_row *row = of;

	value->known = row->has_id && row->has_family && row->family == TIMER_ITIMER;
	*out_which(value->buffer, row->id) = '\0';
	value->text = value->buffer;
}

bool stat_row_timer(const struct stat_row *row, char text[STAT_TIMER_MAX])
{
	static const char *const itimers[] = { "real", "virtual", "prof" };

	if (!row->has_id || !row->has_family)
		return false;
	if (row->family == TIMER_ITIMER && (uint32_t)row->id < 3)
		snprintf(text, STAT_TIMER_MAX, "%s", itimers[row->id]);
	else
		snprintf(text, STAT_TIMER_MAX, "%s%d", row->family == TIMER_FD ? "fd" : "",
			 row->id);
	return true;
}

GET(timer, value->known = stat_row_timer(row, value->buffer); value->text = value->buffer;)

static void get_clock(const void *of, struct field_value *value)
{
	const struct stat_row *row = of;

	value->known = row->has_clock;
	value->text = value->buffer;
	timerspec_clock(value->buffer, row->clock);
}

static void get_signal(const void *of, struct field_value *value)
{
	const struct stat_row *row = of;

	value->known = row->has_signal;
	value->text = row->signal ? value->buffer : "none";
	timerspec_signal(value->buffer, row->signal);
}

static int compare_errors(const void *a, const void *b)
{
	const struct stat_error *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->number > y->number) - (x->number < y->number);
}

/* "EINVAL:3|EFAULT:1", the most frequent first. */
static void get_errors(const void *of, struct field_value *value)
{
	const struct stat_row *row = of;
	struct stat_error errors[STAT_ERRORS];
	size_t used = 0;

	value->known = row->errors[0].count;
	value->text = value->buffer;
	memcpy(errors, row->errors, sizeof(errors));
	qsort(errors, STAT_ERRORS, sizeof(errors[0]), compare_errors);
	for (size_t i = 0; i < STAT_ERRORS && errors[i].count; i++) {
		const char *name = timerspec_errno_name(errors[i].number);
		char number[16];
		int length;

		snprintf(number, sizeof(number), "%d", errors[i].number);
		length = snprintf(value->buffer + used, sizeof(value->buffer) - used, "%s%s:%llu",
				  i ? "|" : "", name ? name : number,
				  (unsigned long long)errors[i].count);
		if ((size_t)length >= sizeof(value->buffer) - used) {
			/* One that does not fit is not cut in two. */
			value->buffer[used] = '\0';
			return;
		}
		used += (size_t)length;
	}
}

GET(timers, value->known = true; value->count = row->timers;)
GET_COUNT(created, FIGURE_CREATED)
GET_COUNT(deleted, FIGURE_DELETED)
GET_CALLS(calls)
GET_CALLS(failed)
GET_COUNT(arms, FIGURE_SETS)
GET_COUNT(disarms, FIGURE_SETS)
GET_KIND(one_shot)
GET_KIND(periodic)
GET_KIND(absolute)
GET_COUNT(replaced, FIGURE_REPLACED)
GET_COUNT(gettimes, FIGURE_READS)
GET_COUNT(getoverruns, FIGURE_GETOVERRUNS)
GET_COUNT(expiries, FIGURE_EXPIRIES)
GET_COUNT(rearmed, FIGURE_EXPIRIES)
GET_COUNT(overruns, FIGURE_OVERRUNS)
GET_SUM(signals_sent, FIGURE_SENT,
	row->signals[SIGNAL_DELIVERED] + row->signals[SIGNAL_IGNORED] +
		row->signals[SIGNAL_PENDING] + row->signals[SIGNAL_LOST])
GET_SUM(signals_taken, FIGURE_TAKEN,
	row->signals[SIGNAL_HANDLER] + row->signals[SIGNAL_DEFAULT] + row->signals[SIGNAL_WAITED] +
		row->signals[SIGNAL_SIGNALFD])
GET_SUM(signals_pending, FIGURE_SENT, row->signals[SIGNAL_PENDING])
GET_SUM(signals_ignored, FIGURE_SENT, row->signals[SIGNAL_IGNORED] + row->signals[SIGNAL_DROPPED])
GET_SUM(signals_lost, FIGURE_SENT, row->signals[SIGNAL_LOST])
GET_QUANTILES(value, value)
GET_QUANTILES(interval, interval)
GET_QUANTILES(observed, observed)
GET_QUANTILES(late, late)
GET_QUANTILES(signal_after, signal_after)
GET_QUANTILES(duration, duration)
GET(rate, value->known = row->seconds > 0;
    value->rate = row->seconds > 0 ? (double)(row->calls + row->expiries) / row->seconds : 0;)
GET(seconds, value->known = true; value->number = (int64_t)(row->seconds * 1e9 + 0.5);)
GET(mono, value->known = row->end_ns; value->number = (int64_t)row->end_ns;)
GET(incomplete, value->known = true; value->number = row->incomplete;)

#define QUANTILES(name, get, what)                                                                 \
	{ name "_ns_min", FIELD_DURATION, name "_ns", NULL, what ", the least", get_##get##_min }, \
		{ name "_ns_median",   FIELD_DURATION,    name "_ns", NULL,                        \
		  what ", the median", get_##get##_median },                                       \
		{ name "_ns_p99",                                                                  \
		  FIELD_DURATION,                                                                  \
		  name "_ns",                                                                      \
		  NULL,                                                                            \
		  what ", what 99 % do not exceed",                                                \
		  get_##get##_p99 },                                                               \
	{                                                                                          \
		name "_ns_max", FIELD_DURATION, name "_ns", NULL, what ", the greatest",           \
			get_##get##_max                                                            \
	}

static const struct field fields[] = {
	{ "event", FIELD_TEXT, NULL, NULL, "stat; of the sum of all: total", get_event },
	{ "pid", FIELD_NUMBER, NULL, NULL, "the process", get_pid },
	{ "comm", FIELD_TEXT, NULL, NULL, "its name", get_comm },
	{ "timer", FIELD_TEXT, NULL, NULL, "0, fd3, real: as in text", get_timer },
	{ "family", FIELD_TEXT, NULL, NULL, "posix, timerfd, itimer", get_family },
	{ "timer_id", FIELD_NUMBER, NULL, NULL, "of a POSIX timer", get_timer_id },
	{ "fd", FIELD_NUMBER, NULL, NULL, "of a timerfd", get_fd },
	{ "which", FIELD_TEXT, NULL, NULL, "ITIMER_REAL and so on", get_which },
	{ "clock", FIELD_TEXT, NULL, NULL, "CLOCK_MONOTONIC and so on", get_clock },
	{ "signal", FIELD_TEXT, NULL, NULL, "that it sends; none", get_signal },
	{ "timers", FIELD_COUNT, NULL, NULL, "timers that the row is about", get_timers },
	{ "created", FIELD_COUNT, NULL, NULL, "timers that were made", get_created },
	{ "deleted", FIELD_COUNT, NULL, NULL, "timers deleted, timerfds closed", get_deleted },
	{ "calls", FIELD_COUNT, NULL, NULL, "system calls", get_calls },
	{ "failed", FIELD_COUNT, NULL, NULL, "refused ones", get_failed },
	{ "errors", FIELD_TEXT, NULL, NULL, "these by errno: EINVAL:3|EFAULT:1", get_errors },
	{ "arms", FIELD_COUNT, NULL, NULL, "accepted calls with a value", get_arms },
	{ "disarms", FIELD_COUNT, NULL, NULL, "accepted calls with none", get_disarms },
	{ "one_shot", FIELD_COUNT, NULL, NULL, "arms without an interval", get_one_shot },
	{ "periodic", FIELD_COUNT, NULL, NULL, "arms with one", get_periodic },
	{ "absolute", FIELD_COUNT, NULL, NULL, "arms for an instant", get_absolute },
	{ "replaced", FIELD_COUNT, NULL, NULL, "arms ended by the next before they expired",
	  get_replaced },
	{ "gettimes", FIELD_COUNT, NULL, NULL, "times that it was read", get_gettimes },
	{ "getoverruns", FIELD_COUNT, NULL, NULL, "times that its overruns were", get_getoverruns },
	{ "expiries", FIELD_COUNT, NULL, NULL, "expiries", get_expiries },
	{ "rearmed", FIELD_COUNT, NULL, NULL, "of these, by the interval", get_rearmed },
	{ "overruns", FIELD_COUNT, NULL, NULL, "periods without an expiry of their own",
	  get_overruns },
	{ "signals_sent", FIELD_COUNT, NULL, NULL, "signals generated", get_signals_sent },
	{ "signals_taken", FIELD_COUNT, NULL, NULL, "handled, waited for, or deadly",
	  get_signals_taken },
	{ "signals_pending", FIELD_COUNT, NULL, NULL, "while the one before was pending",
	  get_signals_pending },
	{ "signals_ignored", FIELD_COUNT, NULL, NULL, "ignored", get_signals_ignored },
	{ "signals_lost", FIELD_COUNT, NULL, NULL, "for want of memory", get_signals_lost },
	QUANTILES("value", value, "asked value of relative arms"),
	QUANTILES("interval", interval, "asked interval"),
	QUANTILES("observed_interval", observed, "time between expiries"),
	QUANTILES("late", late, "lateness of expiries"),
	QUANTILES("signal_latency", signal_after, "from expiry to delivery"),
	QUANTILES("duration", duration, "duration of system calls"),
	{ "rate", FIELD_RATE, NULL, NULL, "calls and expiries a second", get_rate },
	{ "span_ns", FIELD_DURATION, NULL, NULL, "that the row is about", get_seconds },
	{ "mono_ns", FIELD_DURATION, NULL, NULL, "when that ended, CLOCK_MONOTONIC", get_mono },
	{ "incomplete", FIELD_BOOL, NULL, NULL, "records were lost: may be too low",
	  get_incomplete },
};

static double seconds_of(const void *of)
{
	return ((const struct stat_row *)of)->seconds;
}

const struct field_table stat_fields = { fields, sizeof(fields) / sizeof(fields[0]), seconds_of };

bool stat_field_counted(const struct field *field)
{
	static const char *const names[] = { "pid",      "comm",      "timer",   "family",
					     "timer_id", "timers",    "calls",   "failed",
					     "errors",   "arms",      "disarms", "one_shot",
					     "periodic", "absolute",  "rate",    "span_ns",
					     "mono_ns",  "incomplete" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], field->name) == 0)
			return true;
	return false;
}
