/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/out_stat.h"

#include <stdio.h>
#include <string.h>

#include "timersnoop/line.h"
#include "timersnoop/out_rows.h"
#include "timersnoop/out_text.h"

#define CELL_MAX 72
#define COLUMNS_MAX 48
#define BAR_WIDTH 40
/* Of an expectation's text: each byte may become six, and there is more in its line. */
#define EXPECTATION_MAX 800
/* So many rows with nothing are drawn, to show how far apart others are; more are not. */
#define EMPTY_ROWS 4

/* A column of the text table. */
struct column {
	const char *field;
	const char *title;
};

/* What a row is of, by grouping. */
static const struct column identities[BY_COUNT][4] = {
	[BY_TIMER] = { { "pid", "PID" }, { "comm", "COMM" }, { "timer", "TIMER" } },
	[BY_PROCESS] = { { "pid", "PID" }, { "comm", "COMM" }, { "timers", "TIMERS" } },
	[BY_COMM] = { { "comm", "COMM" }, { "timers", "TIMERS" } },
	[BY_SIGNAL] = { { "signal", "SIGNAL" }, { "timers", "TIMERS" } },
	[BY_CLOCK] = { { "clock", "CLOCK" }, { "timers", "TIMERS" } },
};

static const struct column figures[] = {
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

static const struct column wide_figures[] = {
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
static const struct column counted_figures[] = {
	{ "arms", "ARMS" },     { "disarms", "DISARMS" }, { "failed", "FAILED" },
	{ "errors", "ERRORS" }, { "rate", "RATE/s" },     { NULL, NULL },
};

static const struct column wide_counted_figures[] = {
	{ "arms", "ARMS" },         { "disarms", "DISARMS" },   { "one_shot", "ONE-SHOT" },
	{ "periodic", "PERIODIC" }, { "absolute", "ABSOLUTE" }, { "failed", "FAILED" },
	{ "errors", "ERRORS" },     { "rate", "RATE/s" },       { NULL, NULL },
};

static size_t cell_rate(char *cell, double rate)
{
	return (size_t)sprintf(cell, "%.*f", rate >= 99.95 ? 0 : rate >= 9.995 ? 1 : 2, rate);
}

/* As it is shown in a table; "-" for what is not known. Returns its length. */
static size_t cell_of(char cell[CELL_MAX], const struct field *field, const struct stat_row *row)
{
	struct field_value value;
	const char *text;

	field_get(field, row, &value);
	if (!value.known)
		return (size_t)sprintf(cell, "-");
	switch (field->kind) {
	case FIELD_COUNT:
		return (size_t)sprintf(cell, "%llu", (unsigned long long)value.count);
	case FIELD_DURATION:
		return timerspec_format_short(cell, value.number);
	case FIELD_RATE:
		return cell_rate(cell, value.rate);
	case FIELD_TEXT:
		if (strcmp(field->name, "comm") == 0)
			return (size_t)(out_text_name(cell, value.text) - cell);
		text = strncmp(value.text, "CLOCK_", 6) == 0 ? value.text + 6 : value.text;
		return (size_t)snprintf(cell, CELL_MAX, "%s", text);
	default:
		return (size_t)sprintf(cell, "%lld", (long long)value.number);
	}
}

struct layout {
	const struct field *fields[COLUMNS_MAX];
	const char *titles[COLUMNS_MAX];
	size_t widths[COLUMNS_MAX];
	size_t count;
};

static bool has_column(const struct layout *layout, const char *title)
{
	for (size_t i = 0; i < layout->count; i++)
		if (strcmp(layout->titles[i], title) == 0)
			return true;
	return false;
}

static void add_columns(struct layout *layout, const struct column *columns, size_t most)
{
	for (size_t i = 0; i < most && columns[i].field; i++) {
		size_t at = layout->count;

		/* What rows are of comes first, and once. */
		if (has_column(layout, columns[i].title))
			continue;
		layout->count++;

		layout->fields[at] =
			fields_find(&stat_fields, columns[i].field, strlen(columns[i].field));
		layout->titles[at] = columns[i].title;
		layout->widths[at] = strlen(columns[i].title);
	}
}

static void lay_out(struct layout *layout, const struct out_style *style,
		    const struct stat_table *table)
{
	const struct column *columns = style->wide ? wide_figures : figures;
	char cell[CELL_MAX];

	*layout = (struct layout){ .count = 0 };
	if (table->counted)
		columns = style->wide ? wide_counted_figures : counted_figures;
	add_columns(layout, identities[table->by], 4);
	add_columns(layout, columns, COLUMNS_MAX);
	for (size_t row = 0; row < table->count; row++)
		for (size_t i = 0; i < layout->count; i++) {
			size_t length = cell_of(cell, layout->fields[i], &table->rows[row]);

			if (length > layout->widths[i])
				layout->widths[i] = length;
		}
}

/* Text to the left, figures to the right; no spaces behind the last. */
static char *put_cell(char *at, const struct layout *layout, size_t i, const char *cell,
		      size_t length)
{
	bool left = layout->fields[i]->kind == FIELD_TEXT;

	if (i)
		*at++ = ' ';
	if (!left)
		at = line_pad(at, length, layout->widths[i]);
	memcpy(at, cell, length);
	at += length;
	return left && i + 1 < layout->count ? line_pad(at, length, layout->widths[i]) : at;
}

static char *say_many(char *at, uint64_t count, const char *one, const char *many)
{
	at = line_byte(line_u64(at, count), ' ');
	return line_text(at, count == 1 ? one : many);
}

/* "2.00s: 20 calls, 18 expiries, 3 timers" */
static void put_summary(struct sink *sink, const struct out_style *style,
			const struct stat_table *table)
{
	const struct stat_row *total = table->total;
	char *at = sink_line(sink);

	if (table->timed && style->no_wall == false) {
		struct out_style wall = *style;

		wall.time = TIME_WALL;
		at = line_text(out_time(at, &wall, total->end_ns, 0), "  ");
	}
	at += timerspec_format_short(at, (int64_t)(total->seconds * 1e9));
	*at++ = ':';
	if (total->events & EVENTS_CALLS)
		at = say_many(line_byte(at, ' '), total->calls, "call", "calls");
	if (total->failed)
		at = line_text(line_u64(line_text(at, " ("), total->failed), " failed)");
	if (total->events & EVENTS_CALLS)
		*at++ = ',';
	if (total->events & EVENTS_EXPIRE)
		at = line_byte(say_many(line_byte(at, ' '), total->expiries, "expiry", "expiries"),
			       ',');
	if (table->counted)
		at = line_text(at, " counted by the kernel");
	else
		at = say_many(line_byte(at, ' '), total->timers, "timer", "timers");
	sink_line_end(sink, line_byte(at, '\n'));
}

static void put_text(struct sink *sink, const struct out_style *style,
		     const struct stat_table *table)
{
	struct layout layout;
	char cell[CELL_MAX];
	char *at;

	put_summary(sink, style, table);
	if (!table->count)
		return;
	lay_out(&layout, style, table);
	if (style->header) {
		at = sink_line(sink);
		for (size_t i = 0; i < layout.count; i++)
			at = put_cell(at, &layout, i, layout.titles[i], strlen(layout.titles[i]));
		sink_line_end(sink, line_byte(at, '\n'));
	}
	for (size_t row = 0; row < table->count; row++) {
		at = sink_line(sink);
		for (size_t i = 0; i < layout.count; i++) {
			size_t length = cell_of(cell, layout.fields[i], &table->rows[row]);

			at = put_cell(at, &layout, i, cell, length);
		}
		sink_line_end(sink, line_byte(at, '\n'));
	}
	if (!table->hidden)
		return;
	at = line_text(sink_line(sink), "and ");
	at = say_many(at, table->hidden, "more row", "more rows");
	sink_line_end(sink, line_text(at, ": --top 0 shows all\n"));
}

/* All, or but what only tells rows from other objects. */
static struct fields_chosen all_fields(bool with_event)
{
	struct fields_chosen chosen = { .count = 0 };

	for (size_t i = !with_event; i < stat_fields.count; i++)
		chosen.list[chosen.count++] = &stat_fields.fields[i];
	return chosen;
}

void out_stat_header(struct sink *sink, const struct out_style *style,
		     const struct fields_chosen *fields)
{
	const struct fields_chosen all = all_fields(false);

	if (style->format == OUT_CSV || style->format == OUT_TSV)
		out_rows_header(sink, style, fields ? fields : &all);
}

void out_stat_table(struct sink *sink, const struct out_style *style,
		    const struct stat_table *table)
{
	bool json = style->format == OUT_JSON;
	const struct fields_chosen all = all_fields(json);

	if (style->format == OUT_TEXT) {
		put_text(sink, style, table);
		return;
	}
	for (size_t i = 0; i < table->count; i++)
		out_rows_row(sink, style, table->fields ? table->fields : &all, &table->rows[i],
			     !table->fields);
	if (json && !table->fields)
		out_rows_row(sink, style, &all, table->total, true);
}

/* --- distributions ----------------------------------------------------------------- */

static const char *const histogram_titles[HISTOGRAM_COUNT] = {
	[HISTOGRAM_VALUE] = "value asked for, of relative arms",
	[HISTOGRAM_INTERVAL] = "interval asked for, of periodic arms",
	[HISTOGRAM_LATE] = "lateness of expiries",
	[HISTOGRAM_SIGNAL] = "from expiry to the delivery of its signal",
	[HISTOGRAM_DURATION] = "duration of system calls",
};

/* "pid":1,"comm":"app","timer":"0" or " of app (1) timer 0"; nothing for all. */
static void subject_of(struct finding *subject, const struct stat_row *row)
{
	*subject = (struct finding){ .has_process = row->has_pid || row->has_comm,
				     .pid = row->has_pid ? row->pid : 0 };
	if (row->sum)
		subject->has_process = false;
	memcpy(subject->comm, row->comm, sizeof(subject->comm));
	subject->has_timer = !row->sum && stat_row_timer(row, subject->timer);
}

void out_stat_subject(char text[OUT_STAT_SUBJECT_MAX], const struct finding *finding)
{
	char comm[OUT_CALLER_MAX];
	size_t used;

	*out_text_name(comm, finding->comm) = '\0';
	text[0] = '\0';
	if (!finding->has_process)
		return;
	used = (size_t)snprintf(text, OUT_STAT_SUBJECT_MAX, "%.100s", comm);
	if (finding->pid)
		used += (size_t)snprintf(text + used, OUT_STAT_SUBJECT_MAX - used, " (%d)",
					 finding->pid);
	if (finding->has_timer)
		snprintf(text + used, OUT_STAT_SUBJECT_MAX - used, " timer %s", finding->timer);
	else if (finding->timers > 1)
		snprintf(text + used, OUT_STAT_SUBJECT_MAX - used, ", %llu timers",
			 (unsigned long long)finding->timers);
}

static char *json_text(char *at, const char *key, const char *text)
{
	at = line_text(line_text(line_text(at, ",\""), key), "\":");
	if (!text)
		return line_text(at, "null");
	return line_byte(out_json_string(line_byte(at, '"'), text), '"');
}

static char *json_subject(char *at, const struct finding *of)
{
	at = line_text(at, ",\"pid\":");
	at = of->has_process && of->pid ? line_s64(at, of->pid) : line_text(at, "null");
	at = line_text(at, ",\"comm\":");
	if (of->has_process)
		at = line_byte(out_json_string(line_byte(at, '"'), of->comm), '"');
	else
		at = line_text(at, "null");
	at = line_text(at, ",\"timer\":");
	if (!of->has_timer)
		return line_text(at, "null");
	return line_byte(line_text(line_byte(at, '"'), of->timer), '"');
}

/* ,"signal":"SIGALRM" */
static char *json_field(char *at, const char *name, const struct stat_row *row)
{
	struct field_value value;

	field_get(fields_find(&stat_fields, name, strlen(name)), row, &value);
	return json_text(at, name, value.known ? value.text : NULL);
}

static void histogram_json(struct sink *sink, const struct stat_row *row, enum histogram_of of)
{
	const struct histogram *histogram = &row->histograms[of];
	char *at = sink_line(sink);
	struct finding subject;
	bool first = true;

	subject_of(&subject, row);
	at = line_text(line_text(at, "{\"event\":\"hist\",\"hist\":\""), histogram_name(of));
	at = json_subject(line_byte(at, '"'), &subject);
	at = json_field(json_field(at, "signal", row), "clock", row);
	at = line_u64(line_text(at, ",\"unit\":\"ns\",\"total\":"), histogram_total(histogram));
	at = line_text(at, ",\"buckets\":[");
	for (unsigned i = 0; i < HISTOGRAM_ROWS; i++) {
		if (!histogram->rows[i])
			continue;
		if (!first)
			*at++ = ',';
		first = false;
		at = line_text(at, "{\"from\":");
		at = i ? line_s64(at, histogram_from(i)) : line_text(at, "null");
		at = line_s64(line_text(at, ",\"to\":"), histogram_to(i));
		at = line_byte(line_u64(line_text(at, ",\"count\":"), histogram->rows[i]), '}');
	}
	sink_line_end(sink, line_text(at, "]}\n"));
}

static char *put_right(char *at, int64_t number, size_t width)
{
	char digits[LINE_NUMBER_MAX];
	size_t length = (size_t)(line_s64(digits, number) - digits);

	at = line_pad(at, length, width);
	memcpy(at, digits, length);
	return at + length;
}

/* "      513 -> 1024       : 12       |****      |" */
static void histogram_line(struct sink *sink, unsigned row, uint64_t count, uint64_t most)
{
	size_t stars = (size_t)((double)count / (double)most * BAR_WIDTH + 0.5);
	char *at = put_right(sink_line(sink), row ? histogram_from(row) : 0, 20);
	char *from = line_text(at, " -> ");

	at = line_s64(from, histogram_to(row));
	at = line_text(line_pad(at, (size_t)(at - from), 20), " : ");
	from = at;
	at = line_u64(at, count);
	at = line_text(line_pad(at, (size_t)(at - from), 9), "|");
	memset(at, '*', stars);
	memset(at + stars, ' ', BAR_WIDTH - stars);
	sink_line_end(sink, line_text(at + BAR_WIDTH, "|\n"));
}

/* How many rows from this one on have nothing, when others come behind them. */
static unsigned empty_from(const struct histogram *histogram, unsigned row)
{
	unsigned end = row;

	while (end < HISTOGRAM_ROWS && !histogram->rows[end])
		end++;
	return end - row;
}

/* In the place of rows that have nothing, below the arrows. */
static char *put_dots(char *at)
{
	return line_text(line_pad(at, 0, 21), "...");
}

/* What a row is of, as the title of its distribution. */
static void name_row(char text[OUT_STAT_SUBJECT_MAX], const struct stat_row *row, enum stat_by by)
{
	const char *key = by == BY_SIGNAL ? "signal" : by == BY_CLOCK ? "clock" : NULL;
	struct field_value value;
	struct finding subject;

	subject_of(&subject, row);
	out_stat_subject(text, &subject);
	if (!key || row->sum)
		return;
	field_get(fields_find(&stat_fields, key, strlen(key)), row, &value);
	snprintf(text, OUT_STAT_SUBJECT_MAX, "%s %s", key, value.known ? value.text : "not known");
}

static void histogram_text(struct sink *sink, const struct stat_row *row, enum stat_by by,
			   enum histogram_of of)
{
	const struct histogram *histogram = &row->histograms[of];
	unsigned first = HISTOGRAM_ROWS, last = 0;
	char name[OUT_STAT_SUBJECT_MAX];
	uint64_t most = 0;
	char *at;

	for (unsigned i = 0; i < HISTOGRAM_ROWS; i++) {
		if (!histogram->rows[i])
			continue;
		first = first < i ? first : i;
		last = i;
		most = histogram->rows[i] > most ? histogram->rows[i] : most;
	}
	name_row(name, row, by);
	at = line_text(line_byte(sink_line(sink), '\n'), histogram_titles[of]);
	if (name[0])
		at = line_text(line_text(at, ": "), name);
	sink_line_end(sink, line_byte(at, '\n'));
	if (!most) {
		sink_line_end(sink, line_text(sink_line(sink), "    none\n"));
		return;
	}
	at = line_text(sink_line(sink), "               nsecs                       : count    "
					"distribution\n");
	sink_line_end(sink, at);
	for (unsigned i = first; i <= last; i++) {
		unsigned empty = empty_from(histogram, i);

		if (empty <= EMPTY_ROWS) {
			histogram_line(sink, i, histogram->rows[i], most);
			continue;
		}
		sink_line_end(sink, line_text(put_dots(sink_line(sink)), "\n"));
		i += empty - 1;
	}
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

/* --- findings ----------------------------------------------------------------------- */

static void finding_json(struct sink *sink, const struct finding *finding)
{
	const struct finding_kind *kind = &finding_kinds[finding->id];
	char *at = line_text(sink_line(sink), "{\"event\":\"finding\"");

	at = json_text(at, "id", kind->id);
	at = json_text(at, "severity", severity_name(kind->severity));
	at = json_subject(at, finding);
	at = line_u64(line_text(at, ",\"timers\":"), finding->timers);
	at = line_u64(line_text(at, ",\"count\":"), finding->count);
	at = json_text(at, "evidence", finding->evidence);
	at = json_text(at, "advice", kind->advice);
	sink_line_end(sink, line_text(at, "}\n"));
}

/* "warning rearm-storm: app (4242) timer 0" and, below, what was seen and what to do */
static void finding_text(struct sink *sink, const struct out_style *style,
			 const struct finding *finding)
{
	static const enum text_color colors[] = { TEXT_PLAIN, TEXT_YELLOW, TEXT_RED };
	const struct finding_kind *kind = &finding_kinds[finding->id];
	const char *severity = severity_name(kind->severity);
	char subject[OUT_STAT_SUBJECT_MAX];
	char *at = sink_line(sink);

	out_stat_subject(subject, finding);
	at = out_text_colored(at, style, colors[kind->severity], severity, strlen(severity));
	at = line_text(line_byte(at, ' '), kind->id);
	if (subject[0])
		at = line_text(line_text(at, ": "), subject);
	sink_line_end(sink, line_byte(at, '\n'));
	at = line_text(line_text(sink_line(sink), "  seen: "), finding->evidence);
	sink_line_end(sink, line_byte(at, '\n'));
	at = line_text(line_text(sink_line(sink), "  do:   "), kind->advice);
	sink_line_end(sink, line_byte(at, '\n'));
}

void out_stat_findings(struct sink *sink, const struct out_style *style,
		       const struct findings *findings)
{
	if (style->format == OUT_TEXT && findings->count)
		sink_line_end(sink, line_byte(sink_line(sink), '\n'));
	for (size_t i = 0; i < findings->count; i++) {
		if (style->format == OUT_JSON)
			finding_json(sink, &findings->list[i]);
		else if (style->format == OUT_TEXT)
			finding_text(sink, style, &findings->list[i]);
	}
}

void out_stat_expectation(struct sink *sink, const struct out_style *style, const char *text,
			  const char *why)
{
	char shown[EXPECTATION_MAX];
	char *at;

	if (style->format != OUT_JSON)
		return;
	snprintf(shown, sizeof(shown), "%s", text);
	at = json_text(line_text(sink_line(sink), "{\"event\":\"expectation\""), "expect", shown);
	at = line_text(line_text(at, ",\"holds\":"), why ? "false" : "true");
	sink_line_end(sink, line_text(json_text(at, "why", why), "}\n"));
}
