/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Comma-separated values, quoted as in RFC 4180 where needed, lines ended by
 * '\n' alone. What is not known is an empty field; a NULL pointer is 0x0.
 * Rows with the event "lost" tell how many records are missing in `lost`,
 * which is empty when nobody knows.
 */
#include <string.h>

#include "timersnoop/line.h"
#include "timersnoop/out.h"

static const char out_csv_columns[] =
	"event,time,mono_ns,cpu,pid,tid,comm,timer_id,flags,flag_names,abi,time_bits,"
	"new_ptr,old_ptr,new_value_sec,new_value_nsec,new_interval_sec,new_interval_nsec,new_from,"
	"old_value_sec,old_value_nsec,old_interval_sec,old_interval_nsec,old_from,"
	"ret,error,duration_ns,incomplete,lost\n";

/* Every field below is written with the comma that ends it. */

char *out_csv_name(char *at, const char *comm)
{
	if (!comm[strcspn(comm, ",\"\r\n")])
		return line_byte(line_text(at, comm), ',');
	*at++ = '"';
	for (; *comm; comm++) {
		if (*comm == '"')
			*at++ = '"';
		*at++ = *comm;
	}
	return line_text(at, "\",");
}

static char *out_csv_caller(char *at, const struct out_style *style, const struct caller *caller)
{
	(void)style;
	if (caller->pid)
		at = line_s64(at, caller->pid);
	at = line_byte(line_s64(line_byte(at, ','), caller->tid), ',');
	return out_csv_name(at, caller->comm);
}

static char *out_csv_arguments(char *at, const struct call *call)
{
	char names[TIMERSPEC_TEXT_MAX];

	if (!call->has_args)
		return line_text(at, ",,,");
	at = line_byte(line_s64(at, call->timer_id), ',');
	if (!call->flags)
		return line_text(at, "0,,");
	at = line_byte(line_u64(at, call->flags), ',');
	timerspec_flags(names, sizeof(names), timer_settime_flags, call->flags, "");
	return line_byte(line_text(at, names), ',');
}

static char *out_csv_abi(char *at, enum call_abi abi)
{
	switch (abi) {
	case ABI_64:
		return line_text(at, "64,64,");
	case ABI_32:
		return line_text(at, "32,64,");
	case ABI_32_TIME32:
		return line_text(at, "32,32,");
	case ABI_UNKNOWN:
		break;
	}
	return line_text(at, ",,");
}

static char *out_csv_pointers(char *at, const struct call *call)
{
	if (!call->has_pointers)
		return line_text(at, ",,");
	at = line_byte(line_hex(at, call->new_ptr), ',');
	return line_byte(line_hex(at, call->old_ptr), ',');
}

static char *out_csv_itimerspec(char *at, const struct itimerspec_seen *seen)
{
	if (seen->from == FROM_NONE)
		return line_text(at, ",,,,,");
	at = line_byte(line_s64(at, seen->value.sec), ',');
	at = line_byte(line_s64(at, seen->value.nsec), ',');
	at = line_byte(line_s64(at, seen->interval.sec), ',');
	at = line_byte(line_s64(at, seen->interval.nsec), ',');
	return line_text(at, seen->from == FROM_KERNEL ? "kernel," : "user,");
}

static char *out_csv_result(char *at, const struct call *call)
{
	int64_t duration;

	if (!(call->missing & CALL_NO_RETURN))
		at = line_s64(at, call->ret);
	*at++ = ',';
	if (!(call->missing & CALL_NO_RETURN) && call->ret < 0)
		at = out_error(at, call->ret);
	*at++ = ',';
	if (out_duration(call, &duration))
		at = line_s64(at, duration);
	*at++ = ',';
	if (call->missing & CALL_NO_ENTRY)
		at = line_text(at, "entry");
	if ((call->missing & CALL_NO_ENTRY) && (call->missing & CALL_NO_RETURN))
		*at++ = '|';
	if (call->missing & CALL_NO_RETURN)
		at = line_text(at, "return");
	return line_byte(at, ',');
}

static void out_csv_header(struct sink *sink, const struct out_style *style)
{
	if (style->header)
		sink_line_end(sink, line_text(sink_line(sink), out_csv_columns));
}

static void out_csv_call(struct sink *sink, const struct out_style *style,
			 const struct caller *caller, const struct call *call)
{
	char *at = sink_line(sink);

	at = line_text(at, "timer_settime,");
	at = line_byte(out_utc(at, style, call->start_ns), ',');
	at = line_byte(line_u64(at, call->start_ns), ',');
	at = line_byte(line_s64(at, call->cpu), ',');
	at = out_caller(at, style, caller, out_csv_caller);
	at = out_csv_arguments(at, call);
	at = out_csv_abi(at, call->abi);
	at = out_csv_pointers(at, call);
	at = out_csv_itimerspec(at, &call->new_value);
	at = out_csv_itimerspec(at, &call->old_value);
	at = out_csv_result(at, call);
	sink_line_end(sink, line_byte(at, '\n'));
}

static void out_csv_lost(struct sink *sink, const struct out_style *style, const struct loss *loss)
{
	char *at = sink_line(sink);

	at = line_text(at, "lost,");
	if (loss->ts) {
		at = line_byte(out_utc(at, style, loss->ts), ',');
		at = line_u64(at, loss->ts);
	} else {
		*at++ = ',';
	}
	at = line_s64(line_byte(at, ','), loss->cpu);
	/* from pid to incomplete */
	at = line_text(at, ",,,,,,,,,,,,,,,,,,,,,,,,,");
	if (loss->counted)
		at = line_u64(at, loss->records);
	sink_line_end(sink, line_byte(at, '\n'));
}

const struct out out_csv = {
	.header = out_csv_header,
	.call = out_csv_call,
	.lost = out_csv_lost,
};
