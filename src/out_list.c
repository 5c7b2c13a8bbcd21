/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same rules as for calls (out_text.c, out_json.c, out_csv.c): no text
 * field holds white space or is empty; in JSON what is not known is left out,
 * in CSV its field is empty.
 */
#include "timersnoop/out_list.h"

#include <signal.h>
#include <string.h>

#include "timersnoop/line.h"
#include "timersnoop/out_text.h"

enum list_column {
	LIST_PID,
	LIST_COMM,
	LIST_FAMILY,
	LIST_ID,
	LIST_CLOCK,
	LIST_NOTIFY,
	LIST_SIGEV_VALUE,
	LIST_FLAGS,
	LIST_TICKS,
	LIST_VALUE,
	LIST_INTERVAL,
	LIST_COLUMNS,
};

static const struct {
	const char *name;
	bool wide;  /* only there */
	bool right; /* set to the right */
} list_columns[LIST_COLUMNS] = {
	[LIST_PID] = { "PID", false, false },
	[LIST_COMM] = { "COMM", false, false },
	[LIST_FAMILY] = { "FAMILY", false, false },
	[LIST_ID] = { "ID", false, true },
	[LIST_CLOCK] = { "CLOCK", false, false },
	[LIST_NOTIFY] = { "NOTIFY", false, false },
	[LIST_SIGEV_VALUE] = { "SIGEV-VALUE", true, false },
	[LIST_FLAGS] = { "FLAGS", true, false },
	[LIST_TICKS] = { "TICKS", true, true },
	[LIST_VALUE] = { "VALUE", false, false },
	[LIST_INTERVAL] = { "INTERVAL", false, false },
};

/* A row's fields as strings. */
struct list_fields {
	char text[LIST_COLUMNS][2 * TIMERSPEC_TEXT_MAX];
};

static const char *out_list_family(const struct procfs_timer *timer)
{
	return timer->family == TIMER_POSIX ? "posix" : "timerfd";
}

/* A timer that only counts (SIGEV_NONE) keeps a number, but sends no signal. */
static bool out_list_signals(const struct procfs_timer *timer)
{
	return timer->posix.notify != SIGEV_NONE;
}

/* The thread that gets the signal, or 0: any of the process's, or none that /proc can name. */
static int32_t out_list_target(const struct procfs_timer *timer)
{
	return timer->posix.notify & SIGEV_THREAD_ID ? timer->posix.target : 0;
}

static void out_list_posix_fields(struct list_fields *fields, const struct procfs_timer *timer)
{
	char *at = fields->text[LIST_NOTIFY];

	if (!out_list_signals(timer))
		at = line_text(at, "none");
	else
		at += timerspec_signal(at, timer->posix.signo);
	if (out_list_target(timer))
		at = line_s64(line_byte(at, '/'), out_list_target(timer));
	*at = '\0';
	*line_hex(fields->text[LIST_SIGEV_VALUE], timer->posix.sigev_value) = '\0';
}

static void out_list_timerfd_fields(struct list_fields *fields, const struct procfs_timer *timer)
{
	bool waits = !timerspec_zero(timer->timerfd.value);
	bool again = !timerspec_zero(timer->timerfd.interval);

	timerspec_flags(fields->text[LIST_FLAGS], TIMERSPEC_TEXT_MAX, timerfd_settime_flags,
			timer->timerfd.flags, "relative");
	*line_u64(fields->text[LIST_TICKS], timer->timerfd.ticks) = '\0';
	if (waits)
		timerspec_format(fields->text[LIST_VALUE], timer->timerfd.value);
	else
		strcpy(fields->text[LIST_VALUE], timer->timerfd.ticks ? "expired" : "disarmed");
	if (again)
		timerspec_format(fields->text[LIST_INTERVAL], timer->timerfd.interval);
	else if (waits || timer->timerfd.ticks)
		strcpy(fields->text[LIST_INTERVAL], "once");
}

static void out_list_fields(struct list_fields *fields, const struct existing_timer *row)
{
	for (size_t i = 0; i < LIST_COLUMNS; i++)
		strcpy(fields->text[i], "-");
	*line_s64(fields->text[LIST_PID], row->process.tgid) = '\0';
	*out_text_name(fields->text[LIST_COMM], row->process.comm) = '\0';
	strcpy(fields->text[LIST_FAMILY], out_list_family(&row->timer));
	*line_s64(fields->text[LIST_ID], row->timer.id) = '\0';
	*out_text_clock(fields->text[LIST_CLOCK], row->timer.clock) = '\0';
	if (row->timer.family == TIMER_POSIX)
		out_list_posix_fields(fields, &row->timer);
	else
		out_list_timerfd_fields(fields, &row->timer);
}

static void out_list_widen(size_t *widths, const struct list_fields *fields)
{
	for (size_t i = 0; i < LIST_COLUMNS; i++) {
		size_t length = strlen(fields->text[i]);

		if (length > widths[i])
			widths[i] = length;
	}
}

static void out_list_line(struct sink *sink, const struct out_style *style, const size_t *widths,
			  const struct list_fields *fields)
{
	char *at = sink_line(sink);

	for (size_t i = 0; i < LIST_COLUMNS; i++) {
		size_t length = strlen(fields->text[i]);

		if (list_columns[i].wide && !style->wide)
			continue;
		if (list_columns[i].right)
			at = line_pad(at, length, widths[i]);
		memcpy(at, fields->text[i], length);
		at += length;
		if (i == LIST_COLUMNS - 1)
			break;
		if (!list_columns[i].right)
			at = line_pad(at, length, widths[i]);
		*at++ = ' ';
	}
	sink_line_end(sink, line_byte(at, '\n'));
}

/* Twice over the rows: all must be seen before the first can be written. */
static void out_list_text(struct sink *sink, const struct out_style *style,
			  const struct existing_timer *rows, size_t count)
{
	size_t widths[LIST_COLUMNS] = { 0 };
	struct list_fields header = { 0 }, fields = { 0 };

	for (size_t i = 0; i < LIST_COLUMNS; i++)
		strcpy(header.text[i], list_columns[i].name);
	if (style->header)
		out_list_widen(widths, &header);
	for (size_t i = 0; i < count; i++) {
		out_list_fields(&fields, &rows[i]);
		out_list_widen(widths, &fields);
	}
	if (style->header)
		out_list_line(sink, style, widths, &header);
	for (size_t i = 0; i < count; i++) {
		out_list_fields(&fields, &rows[i]);
		out_list_line(sink, style, widths, &fields);
	}
}

static char *out_list_json_posix(char *at, const struct procfs_timer *timer)
{
	const char *notify = timerspec_notify(timer->posix.notify);

	if (notify)
		at = line_byte(line_text(line_text(at, ",\"notify\":\""), notify), '"');
	if (out_list_signals(timer)) {
		at = line_s64(line_text(at, ",\"signo\":"), timer->posix.signo);
		at = line_text(at, ",\"signal\":\"");
		at += timerspec_signal(at, timer->posix.signo);
		*at++ = '"';
	}
	if (out_list_target(timer))
		at = line_s64(line_text(at, ",\"target_tid\":"), out_list_target(timer));
	at = line_hex(line_text(at, ",\"sigev_value\":\""), timer->posix.sigev_value);
	return line_byte(at, '"');
}

static char *out_list_json_timerfd(char *at, const struct procfs_timer *timer)
{
	at = out_json_flags(at, timerfd_settime_flags, timer->timerfd.flags);
	at = out_json_timerspec(line_text(at, ",\"value\":"), timer->timerfd.value);
	at = out_json_timerspec(line_text(at, ",\"interval\":"), timer->timerfd.interval);
	return line_u64(line_text(at, ",\"ticks\":"), timer->timerfd.ticks);
}

static void out_list_json(struct sink *sink, const struct existing_timer *row)
{
	bool posix = row->timer.family == TIMER_POSIX;
	char *at = sink_line(sink);

	at = line_text(at, "{\"event\":\"");
	at = posix ? line_text(at, "timer") : line_text(at, "timerfd");
	at = line_s64(line_text(at, "\",\"pid\":"), row->process.tgid);
	if (row->process.ns_tgid)
		at = line_s64(line_text(at, ",\"ns_pid\":"), row->process.ns_tgid);
	at = out_json_string(line_text(at, ",\"comm\":\""), row->process.comm);
	at = line_text(line_text(at, "\",\"family\":\""), out_list_family(&row->timer));
	at = posix ? line_text(at, "\",\"timer_id\":") : line_text(at, "\",\"fd\":");
	at = line_text(line_s64(at, row->timer.id), ",\"clock\":\"");
	at += timerspec_clock(at, row->timer.clock);
	*at++ = '"';
	if (posix)
		at = out_list_json_posix(at, &row->timer);
	else
		at = out_list_json_timerfd(at, &row->timer);
	sink_line_end(sink, line_text(at, "}\n"));
}

static const char out_list_csv_columns[] =
	"event,pid,comm,family,timer_id,fd,clock,notify,signo,signal,target_tid,sigev_value,"
	"flags,flag_names,value_sec,value_nsec,interval_sec,interval_nsec,ticks\n";

/* notify to sigev_value, each with its comma */
static char *out_list_csv_posix(char *at, const struct procfs_timer *timer)
{
	const char *notify = timerspec_notify(timer->posix.notify);

	if (notify)
		at = line_text(at, notify);
	*at++ = ',';
	if (out_list_signals(timer)) {
		at = line_byte(line_s64(at, timer->posix.signo), ',');
		at += timerspec_signal(at, timer->posix.signo);
		*at++ = ',';
	} else {
		at = line_text(at, ",,");
	}
	if (out_list_target(timer))
		at = line_s64(at, out_list_target(timer));
	return line_byte(line_hex(line_byte(at, ','), timer->posix.sigev_value), ',');
}

/* flags to ticks */
static char *out_list_csv_timerfd(char *at, const struct procfs_timer *timer)
{
	at = line_byte(line_u64(at, timer->timerfd.flags), ',');
	at += timerspec_flags(at, TIMERSPEC_TEXT_MAX, timerfd_settime_flags, timer->timerfd.flags,
			      "");
	at = line_byte(line_s64(line_byte(at, ','), timer->timerfd.value.sec), ',');
	at = line_byte(line_s64(at, timer->timerfd.value.nsec), ',');
	at = line_byte(line_s64(at, timer->timerfd.interval.sec), ',');
	at = line_byte(line_s64(at, timer->timerfd.interval.nsec), ',');
	return line_u64(at, timer->timerfd.ticks);
}

static void out_list_csv(struct sink *sink, const struct out_style *style,
			 const struct existing_timer *row)
{
	bool posix = row->timer.family == TIMER_POSIX;
	char *at = sink_line(sink);

	at = posix ? line_text(at, "timer,") : line_text(at, "timerfd,");
	at = line_byte(line_s64(at, row->process.tgid), ',');
	at = line_byte(out_csv_name(at, style, row->process.comm), ',');
	at = line_byte(line_text(at, out_list_family(&row->timer)), ',');
	if (!posix)
		*at++ = ',';
	at = line_s64(at, row->timer.id);
	at = posix ? line_text(at, ",,") : line_byte(at, ',');
	at += timerspec_clock(at, row->timer.clock);
	*at++ = ',';
	if (posix)
		at = line_text(out_list_csv_posix(at, &row->timer), ",,,,,,");
	else
		at = out_list_csv_timerfd(line_text(at, ",,,,,"), &row->timer);
	sink_line_end(sink, line_byte(at, '\n'));
}

void out_list(struct sink *sink, const struct out_style *style, const struct existing_timer *rows,
	      size_t count)
{
	if (style->format == OUT_CSV && style->header)
		sink_line_end(sink, line_text(sink_line(sink), out_list_csv_columns));
	if (style->format != OUT_CSV && style->format != OUT_JSON)
		out_list_text(sink, style, rows, count);
	else
		for (size_t i = 0; i < count; i++)
			if (style->format == OUT_CSV)
				out_list_csv(sink, style, &rows[i]);
			else
				out_list_json(sink, &rows[i]);
}
