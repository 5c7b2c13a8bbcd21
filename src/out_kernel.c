/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables and histograms of the kernel's timers. */
#include "timersnoop/out_kernel.h"

#include <stdio.h>
#include <string.h>

#include "timersnoop/line.h"
#include "timersnoop/out_findings.h"
#include "timersnoop/out_histogram.h"
#include "timersnoop/out_rows.h"
#include "timersnoop/out_table.h"

/* What a row is of, in this order. */
static const struct {
	enum kernel_by by;
	struct out_column columns[3];
} identities[] = {
	{ KERNEL_BY_CPU, { { "cpu", "CPU" } } },
	{ KERNEL_BY_PROCESS, { { "pid", "PID" }, { "comm", "COMM" } } },
	{ KERNEL_BY_COMM, { { "comm", "COMM" } } },
	{ KERNEL_BY_CALLBACK, { { "callback", "CALLBACK" } } },
	{ KERNEL_BY_MECHANISM, { { "mechanism", "MECHANISM" } } },
	{ KERNEL_BY_MODULE, { { "module", "MODULE" } } },
	{ KERNEL_BY_CALLER, { { "caller", "CALLER" } } },
	{ KERNEL_BY_TIMER, { { "timer", "TIMER" } } },
};

static const struct out_column mechanism[] = { { "mechanism", "MECHANISM" }, { NULL, NULL } };

static const struct out_column figures[] = {
	{ "started", "STARTED" },    { "replaced", "REPL" }, { "cancelled", "CANCEL" },
	{ "fired", "FIRED" },        { "pending", "PEND" },  { "timeout_ns_median", "TIMEOUT" },
	{ "late_ns_p99", "LATE99" }, { NULL, NULL },
};

static const struct out_column wide_figures[] = {
	{ "module", "MODULE" },
	{ "kind", "KIND" },
	{ "timers", "TIMERS" },
	{ "started", "STARTED" },
	{ "older", "OLDER" },
	{ "replaced", "REPL" },
	{ "cancelled", "CANCEL" },
	{ "fired", "FIRED" },
	{ "fired_percent", "FIRED%" },
	{ "pending", "PEND" },
	{ "rearmed", "REARMED" },
	{ "from_interrupt", "FROM-IRQ" },
	{ "timeout_ns_min", "TIMEOUT-MIN" },
	{ "timeout_ns_median", "TIMEOUT" },
	{ "timeout_ns_max", "TIMEOUT-MAX" },
	{ "timeout_jiffies_median", "JIFFIES" },
	{ "late_ns_median", "LATE" },
	{ "late_ns_p99", "LATE99" },
	{ "late_ns_max", "LATE-MAX" },
	{ "beyond_ns_p99", "BEYOND99" },
	{ "beyond_ns_max", "BEYOND-MAX" },
	{ "run_ns_median", "RUN" },
	{ "run_ns_p99", "RUN99" },
	{ "run_ns_max", "RUN-MAX" },
	{ "deferrable", "DEFER" },
	{ "pinned", "PINNED" },
	{ "irqsafe", "IRQSAFE" },
	{ "soft", "SOFT" },
	{ "cpus", "CPUS" },
	{ "migrations", "MIGRATED" },
	{ "rate", "RATE/s" },
	{ NULL, NULL },
};

/* Which timers wake idle CPUs. */
static const struct out_column wake_figures[] = {
	{ "kind", "KIND" },
	{ "wakeups", "WAKEUPS" },
	{ "wakeup_rate", "WAKE/s" },
	{ "alongside", "ALONG" },
	{ "deferrable", "DEFER" },
	{ "fired", "FIRED" },
	{ "timeout_ns_median", "TIMEOUT" },
	{ NULL, NULL },
};

/* What the kernel counts. */
static const struct out_column counted_figures[] = {
	{ "started", "STARTED" },
	{ "fired", "FIRED" },
	{ "rate", "RATE/s" },
	{ NULL, NULL },
};

static const struct out_column cpu_columns[] = {
	{ "cpu", "CPU" },
	{ "idle_periods", "IDLE-PERIODS" },
	{ "idle_ns", "IDLE" },
	{ "by_timer", "TIMER" },
	{ "by_tick", "TICK" },
	{ "by_other", "OTHER-IRQ" },
	{ "by_none", "NO-IRQ" },
	{ "rate", "RATE/s" },
	{ "tick_stopped", "TICKLESS" },
	{ "tick_kept", "TICK-KEPT" },
	{ "tick_kept_by", "KEPT-BY" },
	{ NULL, NULL },
};

static const struct out_column *columns_for(const struct out_style *style,
					    const struct kernel_row *total)
{
	if (total->counted)
		return counted_figures;
	if (total->wakes && !style->wide)
		return wake_figures;
	return style->wide ? wide_figures : figures;
}

static void put_summary(struct sink *sink, const struct out_style *style,
			const struct figures_table *table)
{
	const struct kernel_row *total = table->total;
	char *at = sink_line(sink);

	at = out_table_span(at, style, table, total->seconds, total->end_ns);
	at = out_table_many(line_byte(at, ' '), total->started, "arm", "arms");
	if (total->older)
		at = line_text(line_u64(line_text(at, " and "), total->older), " from before");
	at = out_table_many(line_text(at, ", "), total->fired, "expiry", "expiries");
	if (table->counted)
		at = line_text(at, ", counted by the kernel");
	if (total->wakes)
		at = out_table_many(line_text(at, ", "), total->wakeups,
				    "idle period ended by a timer", "idle periods ended by timers");
	sink_line_end(sink, line_byte(at, '\n'));
}

void out_kernel_text(struct sink *sink, const struct out_style *style,
		     const struct figures_table *table)
{
	const struct kernel_row *total = table->total;
	struct out_layout layout = { .count = 0 };

	put_summary(sink, style, table);
	for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++)
		if (table->by & identities[i].by)
			out_table_add(&layout, &kernel_fields, identities[i].columns);
	if (table->by & KERNEL_BY_CALLBACK && (!total->wakes || style->wide))
		out_table_add(&layout, &kernel_fields, mechanism);
	out_table_add(&layout, &kernel_fields, columns_for(style, total));
	if (total->wakes && style->wide)
		out_table_add(&layout, &kernel_fields, wake_figures);
	out_table_text(sink, style, &layout, table);
}

/* Every field of an idle CPU. */
static void cpu_rows(struct sink *sink, const struct out_style *style,
		     const struct kernel_row *total)
{
	struct fields_chosen all = { .count = 0 };

	for (size_t i = 0; i < kernel_cpu_fields.count; i++)
		all.list[all.count++] = &kernel_cpu_fields.fields[i];
	for (size_t i = 0; i < total->cpu_row_count; i++)
		out_rows_row(sink, style, &all, &total->cpu_rows[i], false);
}

static void cpu_table(struct sink *sink, const struct out_style *style,
		      const struct kernel_row *total)
{
	const void *rows[KERNEL_CPUS_MAX];
	struct figures_table table = { .rows = rows };
	struct out_layout layout = { .count = 0 };

	for (size_t i = 0; i < total->cpu_row_count && i < KERNEL_CPUS_MAX; i++)
		rows[table.count++] = &total->cpu_rows[i];
	if (!table.count)
		return;
	sink_line_end(sink, line_text(sink_line(sink), "\n"));
	sink_line_end(sink, line_text(sink_line(sink), "What ended the idle periods of CPUs\n"));
	out_table_add(&layout, &kernel_cpu_fields, cpu_columns);
	out_table_text(sink, style, &layout, &table);
}

void out_kernel_more(struct sink *sink, const struct out_style *style, const void *of)
{
	const struct kernel_row *total = of;

	if (!total->wakes)
		return;
	if (style->format == OUT_JSON)
		cpu_rows(sink, style, total);
	else if (style->format == OUT_TEXT)
		cpu_table(sink, style, total);
}

/* --- histograms ------------------------------------------------------------------------- */

static const char *const titles[KERNEL_HISTOGRAM_COUNT] = {
	[KERNEL_HISTOGRAM_TIMEOUT] = "from arming to the instant asked for",
	[KERNEL_HISTOGRAM_LATE] = "lateness of expiries",
	[KERNEL_HISTOGRAM_RUN] = "run time of callbacks",
};

/* Fields that say what a row is of. */
static const char *const identity_fields[] = { "callback", "mechanism", "module", "pid",
					       "comm",     "cpu",       "caller", "timer" };
#define IDENTITY_FIELDS (sizeof(identity_fields) / sizeof(identity_fields[0]))

/* "hrtimer_wakeup hrtimer 4242 app"; nothing for all. */
static void name_row(char *text, size_t size, const struct kernel_row *row)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < IDENTITY_FIELDS && used < size && !row->sum; i++) {
		const struct field *field =
			fields_find(&kernel_fields, identity_fields[i], strlen(identity_fields[i]));
		struct field_value value;
		char shown[4 * SYMBOL_NAME_MAX + LINE_SLACK];

		field_get(field, row, &value);
		if (!value.known)
			continue;
		if (field->kind == FIELD_TEXT)
			*out_text_name(shown, value.text) = '\0';
		else if (field->kind == FIELD_ADDRESS)
			*line_hex(shown, value.count) = '\0';
		else
			*line_s64(shown, value.number) = '\0';
		used += (size_t)snprintf(text + used, size - used, "%s%.100s", used ? " " : "",
					 shown);
	}
}

static void histogram_json(struct sink *sink, const struct kernel_row *row,
			   enum kernel_histogram_of of, const struct histogram *histogram)
{
	char *at = line_text(sink_line(sink), "{\"event\":\"hist\"");

	at = out_findings_json_text(at, "hist", kernel_histogram_name(of));
	for (size_t i = 0; i < IDENTITY_FIELDS; i++) {
		const struct field *field =
			fields_find(&kernel_fields, identity_fields[i], strlen(identity_fields[i]));
		struct field_value value;
		char number[LINE_NUMBER_MAX];

		field_get(field, row, &value);
		value.known &= !row->sum;
		if (field->kind == FIELD_NUMBER) {
			at = line_text(line_text(line_text(at, ",\""), field->name), "\":");
			at = value.known ? line_s64(at, value.number) : line_text(at, "null");
			continue;
		}
		if (field->kind == FIELD_ADDRESS)
			*line_hex(number, value.count) = '\0';
		at = out_findings_json_text(at, field->name,
					    !value.known                   ? NULL
					    : field->kind == FIELD_ADDRESS ? number
									   : value.text);
	}
	at = out_histogram_json(at, histogram);
	sink_line_end(sink, line_text(at, "}\n"));
}

void out_kernel_histograms(struct sink *sink, const struct out_style *style, const void *of_row,
			   uint32_t by, uint32_t kinds)
{
	static const struct histogram empty[KERNEL_HISTOGRAM_COUNT];
	const struct kernel_row *row = of_row;
	const struct histogram *histograms = row->histograms ? row->histograms : empty;
	char name[400];

	(void)by;
	name_row(name, sizeof(name), row);
	for (unsigned of = 0; of < KERNEL_HISTOGRAM_COUNT; of++) {
		if (!(kinds & 1u << of))
			continue;
		if (style->format == OUT_JSON)
			histogram_json(sink, row, (enum kernel_histogram_of)of, &histograms[of]);
		else if (style->format == OUT_TEXT)
			out_histogram_text(sink, titles[of], name, &histograms[of]);
	}
}
