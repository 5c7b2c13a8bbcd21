/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Columns for people, and for cut(1) and awk(1): no field holds white space,
 * none is empty, and no line ends in a space. "-" is a value that is not there
 * or was not seen, "?" one that never came. A value with "~" behind it was read
 * from the caller's memory, before the kernel made its own copy.
 */
#include <string.h>

#include "timersnoop/line.h"
#include "timersnoop/out_life.h"
#include "timersnoop/out_text.h"

enum text_column {
	COLUMN_TIME,
	COLUMN_PID,
	COLUMN_TID,
	COLUMN_COMM,
	COLUMN_CPU,
	COLUMN_ABI,
	COLUMN_EVENT,
	COLUMN_ID,
	COLUMN_FLAGS,
	COLUMN_VALUE,
	COLUMN_INTERVAL,
	COLUMN_FROM,
	COLUMN_NEW_PTR,
	COLUMN_OLD_PTR,
	COLUMN_RET,
	COLUMN_TOOK,
	COLUMN_OLD,
	COLUMN_OLD_INTERVAL,
	COLUMN_COUNT,
};

/* Widths to start with: they keep a usual line, with relative times, below 80
 * columns. DETAILS stand last, since they are mostly absent and else long. */
static const uint8_t out_text_widths[COLUMN_COUNT] = {
	[COLUMN_PID] = 7,      [COLUMN_TID] = 7,           [COLUMN_COMM] = 8,
	[COLUMN_CPU] = 3,      [COLUMN_ABI] = 3,           [COLUMN_EVENT] = 7,
	[COLUMN_ID] = 2,       [COLUMN_FLAGS] = 8,         [COLUMN_VALUE] = 6,
	[COLUMN_INTERVAL] = 8, [COLUMN_FROM] = 6,          [COLUMN_RET] = 3,
	[COLUMN_TOOK] = 8,     [COLUMN_NEW_PTR] = 14,      [COLUMN_OLD_PTR] = 14,
	[COLUMN_OLD] = 12,     [COLUMN_OLD_INTERVAL] = 12,
};

/* A field that is longer than this pushes its own line only. */
#define WIDTH_GROWN_MAX 24

_Static_assert(COLUMN_COUNT <= OUT_COLUMNS_MAX, "out_cache holds the width of every column");

/* A field that does not fit widens its column from that line on. */
static size_t out_text_width(const struct out_style *style, enum text_column column, size_t length)
{
	size_t width = out_text_widths[column];

	if (!style->cache)
		return width;
	if (style->cache->widths[column] > width)
		width = style->cache->widths[column];
	if (length > width && length <= WIDTH_GROWN_MAX) {
		style->cache->widths[column] = (uint8_t)length;
		width = length;
		/* Callers are kept with the padding that they had. */
		if (column <= COLUMN_COMM)
			memset(style->cache->callers, 0, sizeof(style->cache->callers));
	}
	return width;
}

/* Ends a field that began at `from`: its column's width and one space. */
static char *out_text_end(char *at, const char *from, const struct out_style *style,
			  enum text_column column)
{
	size_t length = (size_t)(at - from);

	return line_byte(line_pad(at, length, out_text_width(style, column, length)), ' ');
}

static char *out_text_field(char *at, const char *text, const struct out_style *style,
			    enum text_column column)
{
	return out_text_end(line_text(at, text), at, style, column);
}

/* The same, set to the right. */
static char *out_text_right(char *at, const char *text, size_t length,
			    const struct out_style *style, enum text_column column)
{
	at = line_pad(at, length, out_text_width(style, column, length));
	memcpy(at, text, length);
	return line_byte(at + length, ' ');
}

static char *out_text_number(char *at, int64_t number, const struct out_style *style,
			     enum text_column column)
{
	char text[LINE_NUMBER_MAX];

	return out_text_right(at, text, (size_t)(line_s64(text, number) - text), style, column);
}

char *out_text_colored(char *at, const struct out_style *style, enum text_color color,
		       const char *text, size_t length)
{
	static const char *const codes[] = {
		[TEXT_BOLD] = "\033[1m",
		[TEXT_RED] = "\033[31m",
		[TEXT_YELLOW] = "\033[33m",
	};
	bool colored = style->color && color != TEXT_PLAIN;

	if (colored)
		at = line_text(at, codes[color]);
	memcpy(at, text, length);
	at += length;
	return colored ? line_text(at, "\033[0m") : at;
}

size_t out_text_time_width(const struct out_style *style)
{
	switch (style->time) {
	case TIME_WALL:
		return 15;
	case TIME_MONO:
		return 16;
	case TIME_RELATIVE:
		return 11;
	case TIME_NONE:
		break;
	}
	return 0;
}

static char *out_text_time(char *at, const struct out_style *style, uint64_t ns)
{
	size_t width = out_text_time_width(style);
	char *end;

	if (!width)
		return at;
	end = out_time(at, style, ns, width);
	return line_byte(line_pad(end, (size_t)(end - at), width), ' ');
}

/* Octal as in strace(1): a name can neither make fields nor command a terminal. */
char *out_text_name(char *at, const char *comm)
{
	const char *from = at;
	unsigned char byte;

	for (; *comm; comm++) {
		byte = (unsigned char)*comm;
		if (byte > 0x20 && byte < 0x7f && byte != '\\') {
			*at++ = (char)byte;
			continue;
		}
		*at++ = '\\';
		*at++ = (char)('0' + (byte >> 6));
		*at++ = (char)('0' + ((byte >> 3) & 7));
		*at++ = (char)('0' + (byte & 7));
	}
	if (at == from)
		*at++ = '-';
	return at;
}

static char *out_text_comm(char *at, const struct out_style *style, const char *comm)
{
	return out_text_end(out_text_name(at, comm), at, style, COLUMN_COMM);
}

static char *out_text_caller(char *at, const struct out_style *style, const struct caller *caller)
{
	const char *from = at;

	at = caller->pid ? line_s64(at, caller->pid) : line_byte(at, '-');
	if (style->wide) {
		at = out_text_end(at, from, style, COLUMN_PID);
		at = out_text_end(line_s64(at, caller->tid), at, style, COLUMN_TID);
		return out_text_comm(at, style, caller->comm);
	}
	if (caller->tid != caller->pid)
		at = line_s64(line_byte(at, '/'), caller->tid);
	at = out_text_end(at, from, style, COLUMN_PID);
	return out_text_comm(at, style, caller->comm);
}

static const char *out_text_abi(enum call_abi abi)
{
	switch (abi) {
	case ABI_64:
		return "64";
	case ABI_32:
		return "32t64";
	case ABI_32_TIME32:
		return "32t32";
	case ABI_UNKNOWN:
		break;
	}
	return "-";
}

static char *out_text_timer(char *at, const struct out_style *style, enum timer_family family,
			    bool has_id, int32_t id)
{
	char text[TIMERSPEC_TEXT_MAX];

	if (!has_id)
		return out_text_right(at, "-", 1, style, COLUMN_ID);
	if (family == TIMER_POSIX)
		return out_text_number(at, id, style, COLUMN_ID);
	return out_text_right(at, text, (size_t)(out_text_id(text, family, id) - text), style,
			      COLUMN_ID);
}

static char *out_text_flags(char *at, const struct out_style *style, const struct call *call)
{
	const struct out_form *form = &out_forms[call->event];
	char flags[TIMERSPEC_TEXT_MAX];

	if (!call->has_args || !form->flags)
		return out_text_field(at, "-", style, COLUMN_FLAGS);
	if (!call->flags)
		return out_text_field(at, form->sets ? "relative" : "-", style, COLUMN_FLAGS);
	timerspec_flags(flags, sizeof(flags), form->flags, call->flags, "");
	return out_text_field(at, flags, style, COLUMN_FLAGS);
}

char *out_text_duration(char *at, struct timerspec ts, const char *zero)
{
	return timerspec_zero(ts) ? line_text(at, zero) : at + timerspec_format(at, ts);
}

char *out_text_interval(char *at, const struct itimerspec_seen *seen)
{
	if (seen->from == FROM_NONE ||
	    (timerspec_zero(seen->value) && timerspec_zero(seen->interval)))
		return line_byte(at, '-');
	return out_text_duration(at, seen->interval, "once");
}

char *out_text_old_value(char *at, const struct itimerspec_seen *seen)
{
	if (seen->from == FROM_NONE)
		return line_byte(at, '-');
	return out_text_duration(at, seen->value, "disarmed");
}

/* VALUE and INTERVAL: what is set or, by calls that only read, what there is. */
static char *out_text_value(char *at, const struct out_style *style,
			    const struct itimerspec_seen *seen, const char *zero)
{
	const char *from = at;

	if (seen->from == FROM_NONE)
		at = line_byte(at, '-');
	else
		at = out_text_duration(at, seen->value, zero);
	if (seen->from == FROM_USER && !style->wide)
		*at++ = '~';
	at = out_text_end(at, from, style, COLUMN_VALUE);
	return out_text_end(out_text_interval(at, seen), at, style, COLUMN_INTERVAL);
}

static char *out_text_pointer(char *at, bool known, uint64_t pointer, const struct out_style *style,
			      enum text_column column)
{
	const char *from = at;

	if (!known)
		at = line_byte(at, '-');
	else if (!pointer)
		at = line_text(at, "NULL");
	else
		at = line_hex(at, pointer);
	return out_text_end(at, from, style, column);
}

/* What the wide lines show between INTERVAL and RET. */
static char *out_text_wide(char *at, const struct out_style *style, const struct call *call,
			   enum value_source from)
{
	const struct out_form *form = &out_forms[call->event];
	const char *source = out_source(from);

	at = out_text_field(at, source ? source : "-", style, COLUMN_FROM);
	at = out_text_pointer(at, call->has_pointers && form->has_new, call->new_ptr, style,
			      COLUMN_NEW_PTR);
	return out_text_pointer(at, call->has_pointers && form->has_old, call->old_ptr, style,
				COLUMN_OLD_PTR);
}

/* From VALUE to what is before RET. */
static char *out_text_values(char *at, const struct out_style *style, const struct call *call)
{
	const struct itimerspec_seen alarm = { .from = FROM_KERNEL,
					       .value = { .sec = call->seconds } };
	const struct itimerspec_seen *seen = &call->new_value;
	enum value_source from;

	if (out_forms[call->event].reads)
		seen = &call->old_value;
	else if (call->event == EVENT_ALARM && call->has_args)
		seen = &alarm;
	from = call->event == EVENT_TIMER_CREATE ? call->sigevent.from : seen->from;
	at = out_text_value(at, style, seen, out_forms[call->event].reads ? "disarmed" : "disarm");
	return style->wide ? out_text_wide(at, style, call, from) : at;
}

static char *out_text_result(char *at, const struct out_style *style, const struct call *call)
{
	char text[TIMERSPEC_TEXT_MAX];
	enum text_color color = TEXT_PLAIN;
	char *end = text;
	size_t length;

	if (call->missing & CALL_NO_RETURN) {
		*end++ = '?';
		color = TEXT_YELLOW;
	} else if (call->ret < 0) {
		end = out_error(line_byte(end, '-'), call->ret);
		color = TEXT_RED;
	} else {
		end = line_s64(end, call->ret);
	}
	at = out_text_colored(at, style, color, text, (size_t)(end - text));
	/* colours have no width */
	length = (size_t)(end - text);
	return line_byte(line_pad(at, length, out_text_width(style, COLUMN_RET, length)), ' ');
}

static char *out_text_took(char *at, const struct out_style *style, const struct call *call)
{
	const char *from = at;
	int64_t duration;

	if (out_duration(call, &duration))
		at += timerspec_format_ns(at, duration);
	else
		at = line_byte(at, '?');
	return out_text_end(at, from, style, COLUMN_TOOK);
}

static char *out_text_columns(char *at, const struct out_style *style)
{
	size_t width = out_text_time_width(style);

	if (style->time == TIME_RELATIVE)
		at = line_text(line_pad(at, 4, width), "TIME ");
	else if (width)
		at = line_byte(line_pad(line_text(at, "TIME"), 4, width), ' ');
	at = out_text_field(at, style->wide ? "PID" : "PID/TID", style, COLUMN_PID);
	if (style->wide)
		at = out_text_field(at, "TID", style, COLUMN_TID);
	at = out_text_field(at, "COMM", style, COLUMN_COMM);
	if (style->wide) {
		at = out_text_right(at, "CPU", 3, style, COLUMN_CPU);
		at = out_text_field(at, "ABI", style, COLUMN_ABI);
	}
	at = out_text_field(at, "EVENT", style, COLUMN_EVENT);
	at = out_text_right(at, "ID", 2, style, COLUMN_ID);
	at = out_text_field(at, "FLAGS", style, COLUMN_FLAGS);
	at = out_text_field(at, "VALUE", style, COLUMN_VALUE);
	at = out_text_field(at, "INTERVAL", style, COLUMN_INTERVAL);
	if (style->wide) {
		at = out_text_field(at, "FROM", style, COLUMN_FROM);
		at = out_text_field(at, "NEW-PTR", style, COLUMN_NEW_PTR);
		at = out_text_field(at, "OLD-PTR", style, COLUMN_OLD_PTR);
	}
	at = out_text_field(at, "RET", style, COLUMN_RET);
	at = out_text_field(at, "TOOK", style, COLUMN_TOOK);
	if (style->wide) {
		at = out_text_field(at, "OLD-VALUE", style, COLUMN_OLD);
		at = out_text_field(at, "OLD-INTERVAL", style, COLUMN_OLD_INTERVAL);
	}
	return line_text(at, "DETAILS");
}

static void out_text_header(struct sink *sink, const struct out_style *style)
{
	char columns[OUT_COLUMNS_MAX * (WIDTH_GROWN_MAX + 1)];
	size_t length;
	char *at;

	/* the blocks of lives have none */
	if (!style->header || style->lives)
		return;
	length = (size_t)(out_text_columns(columns, style) - columns);
	at = out_text_colored(sink_line(sink), style, TEXT_BOLD, columns, length);
	sink_line_end(sink, line_byte(at, '\n'));
}

/* From TIME to ID. */
static char *out_text_start(char *at, const struct out_style *style, const struct caller *caller,
			    uint64_t ns, int cpu, const char *abi, enum event event)
{
	at = out_text_time(at, style, ns);
	at = out_caller(at, style, caller, out_text_caller);
	if (style->wide) {
		at = out_text_number(at, cpu, style, COLUMN_CPU);
		at = out_text_field(at, abi, style, COLUMN_ABI);
	}
	return out_text_field(at, event_verb(event), style, COLUMN_EVENT);
}

static void out_text_call(struct sink *sink, const struct out_style *style,
			  const struct caller *caller, const struct call *call)
{
	static const struct itimerspec_seen none = { .from = FROM_NONE };
	const struct itimerspec_seen *old = &none;
	char *at = sink_line(sink);

	at = out_text_start(at, style, caller, call->start_ns, call->cpu, out_text_abi(call->abi),
			    call->event);
	at = out_text_timer(at, style, event_family(call->event), out_has_id(call), call->timer_id);
	at = out_text_flags(at, style, call);
	at = out_text_values(at, style, call);
	at = out_text_result(at, style, call);
	at = out_text_took(at, style, call);
	if (style->wide) {
		if (out_forms[call->event].sets)
			old = &call->old_value;
		at = out_text_end(out_text_old_value(at, old), at, style, COLUMN_OLD);
		at = out_text_end(out_text_interval(at, old), at, style, COLUMN_OLD_INTERVAL);
	}
	at = out_text_call_details(at, style, caller, call);
	sink_line_end(sink, line_byte(at, '\n'));
}

/* Columns that nothing but calls has. */
static char *out_text_none(char *at, const struct out_style *style, enum text_column from,
			   enum text_column to)
{
	for (enum text_column column = from; column <= to; column++)
		at = out_text_field(at, "-", style, column);
	return at;
}

static void out_text_occurrence(struct sink *sink, const struct out_style *style,
				const struct caller *caller, const struct occurrence *occurrence)
{
	char interval[TIMERSPEC_TEXT_MAX] = "-";
	char *at = sink_line(sink);

	at = out_text_start(at, style, caller, occurrence->ts, occurrence->cpu, "-",
			    occurrence->event);
	at = out_text_timer(at, style, occurrence->family, occurrence->has_id, occurrence->id);
	at = out_text_none(at, style, COLUMN_FLAGS, COLUMN_VALUE);
	if (occurrence->has_interval && occurrence->interval_ns)
		timerspec_format_ns(interval, occurrence->interval_ns);
	else if (occurrence->has_interval)
		strcpy(interval, "once");
	at = out_text_field(at, interval, style, COLUMN_INTERVAL);
	if (style->wide)
		at = out_text_none(at, style, COLUMN_FROM, COLUMN_OLD_PTR);
	at = out_text_none(at, style, COLUMN_RET, COLUMN_TOOK);
	if (style->wide)
		at = out_text_none(at, style, COLUMN_OLD, COLUMN_OLD_INTERVAL);
	sink_line_end(sink, line_byte(out_text_occurrence_details(at, caller, occurrence), '\n'));
}

static void out_text_lost(struct sink *sink, const struct out_style *style, const struct loss *loss)
{
	char text[128];
	char *at = out_loss(text, loss);

	/* without its newline, which is no part of the colour */
	at = out_text_colored(sink_line(sink), style, TEXT_YELLOW, text, (size_t)(at - text) - 1);
	sink_line_end(sink, line_byte(at, '\n'));
}

const struct out out_text = {
	.events = EVENTS_ALL,
	.header = out_text_header,
	.call = out_text_call,
	.occurrence = out_text_occurrence,
	.life = out_life_text,
	.lost = out_text_lost,
};
