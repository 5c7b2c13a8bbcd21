/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line an event of the kernel's timers. Columns as in out_text.c: no field holds
 * white space, none is empty, "-" is a value that is not there.
 */
#include <stdio.h>
#include <string.h>

#include "timersnoop/line.h"
#include "timersnoop/out_kernel.h"
#include "timersnoop/out_rows.h"
#include "timersnoop/out_text.h"

enum column {
	COLUMN_CPU,
	COLUMN_PID,
	COLUMN_COMM,
	COLUMN_EVENT,
	COLUMN_CALLBACK,
	COLUMN_COUNT,
};

static const struct {
	const char *title;
	const char *field;
	uint8_t width; /* to start with: longer ones widen it from there on */
	bool right;
} columns[COLUMN_COUNT] = {
	[COLUMN_CPU] = { "CPU", "cpu", 3, true },
	[COLUMN_PID] = { "PID", "pid", 7, true },
	[COLUMN_COMM] = { "COMM", "comm", 11, false },
	[COLUMN_EVENT] = { "EVENT", "event", 14, false },
	[COLUMN_CALLBACK] = { "CALLBACK", "callback", 16, false },
};

/* The longest is a function's name, of which each byte may become four. */
#define CELL_MAX (4 * SYMBOL_NAME_MAX + LINE_SLACK)
/* A field that is longer than this pushes its own line only. */
#define WIDTH_GROWN_MAX 28

/* What follows from the kind of an event, key=value, with ',' between. */
static const struct {
	const char *key, *field;
	uint32_t events; /* that it is shown of */
	bool wide;       /* only with -w */
} details[] = {
#define OF(kind) KERNEL_EVENT_BIT(KERNEL_EVENT_##kind)
#define STARTS (OF(TIMER_START) | OF(HRTIMER_START))
#define EXPIRES (OF(TIMER_EXPIRE) | OF(HRTIMER_EXPIRE))
	{ "timeout", "timeout_ns", STARTS, false },
	{ "jiffies", "timeout_jiffies", STARTS, false },
	{ "slack", "slack_ns", STARTS, false },
	{ "late", "late_ns", EXPIRES, false },
	{ "jiffies", "late_jiffies", EXPIRES, false },
	{ "run", "run_ns", EXPIRES, false },
	{ "replaces", "replaces", STARTS, false },
	{ "rearmed", "rearmed", STARTS, false },
	{ "immediate", "immediate", STARTS | EXPIRES, false },
	{ "deferrable", "deferrable", STARTS, false },
	{ "pinned", "pinned", STARTS, true },
	{ "irqsafe", "irqsafe", STARTS, true },
	{ "absolute", "absolute", STARTS, true },
	{ "soft", "soft", STARTS, true },
	{ "beyond", "beyond_ns", EXPIRES, true },
	{ "migrated", "migrated", EXPIRES, false },
	{ "by", "waker", OF(WAKEUP), false },
	{ "idle", "idle_ns", OF(WAKEUP), false },
	{ "idle", "is_idle", OF(BASE_IDLE) | OF(CPU_IDLE), false },
	{ "stopped", "is_idle", OF(TICK_STOP), false },
	{ "for", "dependency", OF(TICK_STOP), false },
	{ "pid", "armed_pid", EXPIRES | OF(WAKEUP) | OF(TIMER_CANCEL) | OF(HRTIMER_CANCEL), false },
	{ "comm", "armed_comm", EXPIRES | OF(WAKEUP) | OF(TIMER_CANCEL) | OF(HRTIMER_CANCEL),
	  false },
	{ "caller", "caller", STARTS | EXPIRES | OF(WAKEUP), false },
	{ "timer", "timer", KERNEL_EVENTS_ALL, true },
};

static const struct field *field_named(const char *name)
{
	return fields_find(&kernel_event_fields, name, strlen(name));
}

/* One word; "-" for what is not known. */
static char *put_value(char *at, const struct field *field, const struct kernel_event *event)
{
	struct field_value value;

	field_get(field, event, &value);
	if (!value.known)
		return line_byte(at, '-');
	switch (field->kind) {
	case FIELD_TEXT:
		return out_text_name(at, value.text);
	case FIELD_DURATION:
		return at + timerspec_format_short(at, value.number);
	case FIELD_COUNT:
		return line_u64(at, value.count);
	case FIELD_ADDRESS:
		return line_hex(at, value.count);
	default:
		return line_s64(at, value.number);
	}
}

static size_t width_of(const struct out_style *style, enum column column, size_t length)
{
	size_t width = columns[column].width;

	if (!style->cache)
		return width;
	if (style->cache->widths[column] > width)
		width = style->cache->widths[column];
	if (length > width && length <= WIDTH_GROWN_MAX) {
		style->cache->widths[column] = (uint8_t)length;
		width = length;
	}
	return width;
}

static char *put_column(char *at, const struct out_style *style, enum column column,
			const char *text, size_t length)
{
	size_t width = width_of(style, column, length);

	if (columns[column].right)
		at = line_pad(at, length, width);
	memcpy(at, text, length);
	at += length;
	if (!columns[column].right)
		at = line_pad(at, length, width);
	return line_byte(at, ' ');
}

static char *put_details(char *at, const struct out_style *style, const struct kernel_event *event)
{
	const char *begin = at;

	for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
		const struct field *field = field_named(details[i].field);
		struct field_value value;

		if (!(details[i].events & KERNEL_EVENT_BIT(event->kind)) ||
		    (details[i].wide && !style->wide))
			continue;
		field_get(field, event, &value);
		/* What is so is worth a word; what is not, is not. */
		if (!value.known || (value.text && strcmp(value.text, "NONE") == 0) ||
		    (field->kind == FIELD_BOOL && !value.number &&
		     strcmp(field->name, "is_idle") != 0))
			continue;
		if (at != begin)
			*at++ = ',';
		at = line_text(at, details[i].key);
		if (field->kind == FIELD_BOOL && strcmp(field->name, "is_idle") == 0)
			at = line_text(at, value.number ? "=yes" : "=no");
		else if (field->kind != FIELD_BOOL)
			at = put_value(line_byte(at, '='), field, event);
	}
	return at == begin ? line_byte(at, '-') : at;
}

static void text_event(struct sink *sink, const struct out_style *style,
		       const struct kernel_event *event)
{
	char *at = sink_line(sink), *begin = at;
	char cell[CELL_MAX];

	if (event->loss) {
		sink_line_end(sink, out_loss(at, event->loss));
		return;
	}
	if (style->time != TIME_NONE) {
		at = out_time(at, style, event->change->ts, out_text_time_width(style));
		at = line_pad(at, (size_t)(at - begin), out_text_time_width(style) + 1);
	}
	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		at = put_column(
			at, style, (enum column)i, cell,
			(size_t)(put_value(cell, field_named(columns[i].field), event) - cell));
	sink_line_end(sink, line_byte(put_details(at, style, event), '\n'));
}

/* Those that were asked for, or all. */
static const struct fields_chosen *chosen_of(const struct out_style *style,
					     struct fields_chosen *all)
{
	if (style->fields)
		return style->fields;
	all->count = 0;
	for (size_t i = 0; i < kernel_event_fields.count; i++)
		all->list[all->count++] = &kernel_event_fields.fields[i];
	return all;
}

void out_kernel_header(struct sink *sink, const struct out_style *style)
{
	struct fields_chosen all;
	char *at;

	if (style->format != OUT_TEXT) {
		out_rows_header(sink, style, chosen_of(style, &all));
		return;
	}
	at = sink_line(sink);
	if (style->time != TIME_NONE)
		at = line_pad(line_text(at, "TIME"), 4, out_text_time_width(style) + 1);
	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		at = put_column(at, style, (enum column)i, columns[i].title,
				strlen(columns[i].title));
	sink_line_end(sink, line_text(at, "DETAILS\n"));
}

void out_kernel_event(struct sink *sink, const struct out_style *style,
		      const struct kernel_event *event)
{
	struct fields_chosen all;

	if (style->format == OUT_TEXT)
		text_event(sink, style, event);
	else
		out_rows_row(sink, style, chosen_of(style, &all), event, false);
}
