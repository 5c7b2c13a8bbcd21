/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/out_stat.h"

#include <stdio.h>
#include <string.h>

#include "timersnoop/line.h"
#include "timersnoop/out_findings.h"
#include "timersnoop/out_histogram.h"
#include "timersnoop/out_table.h"

/* What a row is of, by grouping. */
static const struct out_column identities[BY_COUNT][4] = {
	[BY_TIMER] = { { "pid", "PID" }, { "comm", "COMM" }, { "timer", "TIMER" } },
	[BY_PROCESS] = { { "pid", "PID" }, { "comm", "COMM" }, { "timers", "TIMERS" } },
	[BY_COMM] = { { "comm", "COMM" }, { "timers", "TIMERS" } },
	[BY_SIGNAL] = { { "signal", "SIGNAL" }, { "timers", "TIMERS" } },
	[BY_CLOCK] = { { "clock", "CLOCK" }, { "timers", "TIMERS" } },
};

static const struct out_column figures[] = {
	{ "arms", "ARMS" },
	{ "expiries", "EXPIRED" },
	{ "overruns", "OVERRUN" },
	{ "failed", "FAILED" },
	{ "value_ns_median", "VALUE" },
	{ "observed_interval_ns_median", "EVERY" },
	{ "late_ns_p99", "LATE99" },
	{ "rate", "RATE/s" },
	{ NULL, NULL },
};

static const struct out_column wide_figures[] = {
	{ "clock", "CLOCK" },
	{ "signal", "SIGNAL" },
	{ "calls", "CALLS" },
	{ "arms", "ARMS" },
	{ "disarms", "DISARMS" },
	{ "replaced", "REPLACED" },
	{ "periodic", "PERIODIC" },
	{ "absolute", "ABSOLUTE" },
	{ "expiries", "EXPIRED" },
	{ "overruns", "OVERRUN" },
	{ "failed", "FAILED" },
	{ "errors", "ERRORS" },
	{ "value_ns_min", "VALUE-MIN" },
	{ "value_ns_median", "VALUE" },
	{ "value_ns_max", "VALUE-MAX" },
	{ "interval_ns_median", "INTERVAL" },
	{ "observed_interval_ns_min", "EVERY-MIN" },
	{ "observed_interval_ns_median", "EVERY" },
	{ "observed_interval_ns_max", "EVERY-MAX" },
	{ "late_ns_median", "LATE" },
	{ "late_ns_p99", "LATE99" },
	{ "late_ns_max", "LATE-MAX" },
	{ "signal_latency_ns_median", "SIGNAL-AFTER" },
	{ "signal_latency_ns_p99", "AFTER99" },
	{ "duration_ns_median", "CALL" },
	{ "duration_ns_p99", "CALL99" },
	{ "rate", "RATE/s" },
	{ NULL, NULL },
};

/* What the kernel counts. */
static const struct out_column counted_figures[] = {
	{ "arms", "ARMS" },     { "disarms", "DISARMS" }, { "failed", "FAILED" },
	{ "errors", "ERRORS" }, { "rate", "RATE/s" },     { NULL, NULL },
};

static const struct out_column wide_counted_figures[] = {
	{ "arms", "ARMS" },         { "disarms", "DISARMS" },   { "one_shot", "ONE-SHOT" },
	{ "periodic", "PERIODIC" }, { "absolute", "ABSOLUTE" }, { "failed", "FAILED" },
	{ "errors", "ERRORS" },     { "rate", "RATE/s" },       { NULL, NULL },
};

/* "2.00s: 20 calls, 18 expiries, 3 timers" */
static void put_summary(struct sink *sink, const struct out_style *style,
			const struct figures_table *table)
{
	const struct stat_row *total = table->total;
	char *at = out_table_span(sink_line(sink), style, table, total->seconds, total->end_ns);

	if (total->events & EVENTS_CALLS)
		at = out_table_many(line_byte(at, ' '), total->calls, "call", "calls");
	if (total->failed)
		at = line_text(line_u64(line_text(at, " ("), total->failed), " failed)");
	if (total->events & EVENTS_CALLS)
		*at++ = ',';
	if (total->events & EVENTS_EXPIRE)
		at = line_byte(
			out_table_many(line_byte(at, ' '), total->expiries, "expiry", "expiries"),
			',');
	if (table->counted)
		at = line_text(at, " counted by the kernel");
	else
		at = out_table_many(line_byte(at, ' '), total->timers, "timer", "timers");
	sink_line_end(sink, line_byte(at, '\n'));
}

void out_stat_text(struct sink *sink, const struct out_style *style,
		   const struct figures_table *table)
{
	const struct out_column *columns = style->wide ? wide_figures : figures;
	struct out_layout layout = { .count = 0 };

	put_summary(sink, style, table);
	if (table->counted)
		columns = style->wide ? wide_counted_figures : counted_figures;
	out_table_add(&layout, &stat_fields, identities[table->by]);
	out_table_add(&layout, &stat_fields, columns);
	out_table_text(sink, style, &layout, table);
}

/* --- distributions ----------------------------------------------------------------- */

static const char *const histogram_titles[HISTOGRAM_COUNT] = {
	[HISTOGRAM_VALUE] = "value asked for, of relative arms",
	[HISTOGRAM_INTERVAL] = "interval asked for, of periodic arms",
	[HISTOGRAM_LATE] = "lateness of expiries",
	[HISTOGRAM_SIGNAL] = "from expiry to the delivery of its signal",
	[HISTOGRAM_DURATION] = "duration of system calls",
};

/* What a row is of; nothing for all. */
static void subject_of(struct finding *subject, const struct stat_row *row)
{
	*subject = (struct finding){ .has_process = row->has_pid || row->has_comm,
				     .pid = row->has_pid ? row->pid : 0 };
	if (row->sum)
		subject->has_process = false;
	memcpy(subject->comm, row->comm, sizeof(subject->comm));
	subject->has_timer = !row->sum && stat_row_timer(row, subject->timer);
}

/* ,"signal":"SIGALRM" */
static char *json_field(char *at, const char *name, const struct stat_row *row)
{
	struct field_value value;

	field_get(fields_find(&stat_fields, name, strlen(name)), row, &value);
	return out_findings_json_text(at, name, value.known ? value.text : NULL);
}

static void histogram_json(struct sink *sink, const struct stat_row *row, enum histogram_of of)
{
	char *at = sink_line(sink);
	struct finding subject;

	subject_of(&subject, row);
	at = line_text(line_text(at, "{\"event\":\"hist\",\"hist\":\""), histogram_name(of));
	at = out_findings_json_subject(line_byte(at, '"'), &subject);
	at = json_field(json_field(at, "signal", row), "clock", row);
	at = out_histogram_json(at, &row->histograms[of]);
	sink_line_end(sink, line_text(at, "}\n"));
}

/* What a row is of, as the title of its distribution. */
static void name_row(char text[OUT_FINDINGS_SUBJECT_MAX], const struct stat_row *row,
		     enum stat_by by)
{
	const char *key = by == BY_SIGNAL ? "signal" : by == BY_CLOCK ? "clock" : NULL;
	struct field_value value;
	struct finding subject;

	subject_of(&subject, row);
	out_findings_subject(text, &subject);
	if (!key || row->sum)
		return;
	field_get(fields_find(&stat_fields, key, strlen(key)), row, &value);
	snprintf(text, OUT_FINDINGS_SUBJECT_MAX, "%s %s", key,
		 value.known ? value.text : "not known");
}

static void histogram_text(struct sink *sink, const struct stat_row *row, enum stat_by by,
			   enum histogram_of of)
{
	char name[OUT_FINDINGS_SUBJECT_MAX];

	name_row(name, row, by);
	out_histogram_text(sink, histogram_titles[of], name, &row->histograms[of]);
}

void out_stat_histograms(struct sink *sink, const struct out_style *style,
			 const struct stat_row *row, enum stat_by by, uint32_t kinds)
{
	static const struct histogram empty[HISTOGRAM_COUNT];
	struct stat_row shown = *row;

	if (!shown.histograms)
		shown.histograms = (struct histogram *)empty;
	for (unsigned of = 0; of < HISTOGRAM_COUNT; of++) {
		if (!(kinds & HISTOGRAM_BIT(of)))
			continue;
		if (style->format == OUT_JSON)
			histogram_json(sink, &shown, (enum histogram_of)of);
		else if (style->format == OUT_TEXT)
			histogram_text(sink, &shown, by, (enum histogram_of)of);
	}
}
