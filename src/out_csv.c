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
#include "timersnoop/out_life.h"

/* At first the columns of timer_settime, behind `lost` those of other events. */
static const char out_csv_columns[] =
	"event,time,mono_ns,cpu,pid,tid,comm,timer_id,flags,flag_names,abi,time_bits,"
	"new_ptr,old_ptr,new_value_sec,new_value_nsec,new_interval_sec,new_interval_nsec,new_from,"
	"old_value_sec,old_value_nsec,old_interval_sec,old_interval_nsec,old_from,"
	"ret,error,duration_ns,incomplete,lost,"
	"fd,which,clock,clock_id,seconds,sigevent_ptr,sigevent_notify,sigevent_signo,"
	"sigevent_value,sigevent_tid,sigevent_from,asked_ns,asked_clock,late_ns,interval_ns,"
	"armed_by,signo,signal,result,target_tid,after_ns,overrun,sigev_value,changed\n";

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

/* timer_id */
static char *out_csv_posix_id(char *at, enum timer_family family, bool has_id, int32_t id)
{
	if (has_id && family == TIMER_POSIX)
		at = line_s64(at, id);
	return line_byte(at, ',');
}

/* fd and which */
static char *out_csv_other_id(char *at, enum timer_family family, bool has_id, int32_t id)
{
	if (has_id && family == TIMER_FD)
		at = line_s64(at, id);
	*at++ = ',';
	if (has_id && family == TIMER_ITIMER)
		at = out_which(at, id);
	return line_byte(at, ',');
}

static char *out_csv_clock(char *at, bool known, int32_t clock)
{
	if (!known)
		return line_text(at, ",,");
	return line_byte(line_s64(line_byte(out_clock(at, clock), ','), clock), ',');
}

static char *out_csv_flags(char *at, const struct call *call)
{
	const struct flag_name *names = out_forms[call->event].flags;

	if (!names || !call->has_args)
		return line_text(at, ",,");
	if (!call->flags)
		return line_text(at, "0,,");
	at = line_byte(line_u64(at, call->flags), ',');
	at += timerspec_flags(at, TIMERSPEC_TEXT_MAX, names, call->flags, "");
	return line_byte(at, ',');
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

static char *out_csv_pointer(char *at, bool known, uint64_t pointer)
{
	if (known)
		at = line_hex(at, pointer);
	return line_byte(at, ',');
}

/* A sigevent's pointer has a column of its own, a new ID's has not. */
static char *out_csv_pointers(char *at, const struct call *call)
{
	const struct out_form *form = &out_forms[call->event];

	at = out_csv_pointer(at, call->has_pointers && form->has_new && !form->creates,
			     call->new_ptr);
	return out_csv_pointer(at, call->has_pointers && form->has_old, call->old_ptr);
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

/* sigevent_ptr to sigevent_from */
static char *out_csv_sigevent(char *at, const struct call *call)
{
	struct out_sigevent sigevent = out_sigevent(call);

	at = out_csv_pointer(at, call->has_pointers, call->new_ptr);
	if (!sigevent.from)
		return line_text(at, ",,,,,");
	at = line_byte(out_notify(at, sigevent.notify), ',');
	at = line_byte(line_s64(at, sigevent.signo), ',');
	at = out_csv_pointer(at, sigevent.has_value, sigevent.value);
	if (sigevent.has_tid)
		at = line_s64(at, sigevent.tid);
	return line_byte(line_text(line_byte(at, ','), sigevent.from), ',');
}

/* What timer_settime does not have, behind `lost`. */
static char *out_csv_call_rest(char *at, const struct call *call)
{
	const struct out_form *form = &out_forms[call->event];

	at = out_csv_other_id(at, event_family(call->event), out_has_id(call), call->timer_id);
	at = out_csv_clock(at, form->creates && call->has_args, call->clock);
	if (call->event == EVENT_ALARM && call->has_args)
		at = line_u64(at, call->seconds);
	*at++ = ',';
	if (call->event == EVENT_TIMER_CREATE)
		at = out_csv_sigevent(at, call);
	else
		at = line_text(at, ",,,,,,");
	/* asked_ns to after_ns */
	at = line_text(at, ",,,,,,,,,,");
	if (call->event == EVENT_TIMER_GETOVERRUN && !(call->missing & CALL_NO_RETURN) &&
	    call->ret >= 0)
		at = line_s64(at, call->ret);
	at = line_text(at, ",,");
	return at + timerspec_flags(at, TIMERSPEC_TEXT_MAX, out_changes, call->changed, "");
}

/* event to comm */
static char *out_csv_start(char *at, const struct out_style *style, const struct caller *caller,
			   enum event event, uint64_t ns, int cpu)
{
	at = line_byte(line_text(at, event_name(event)), ',');
	if (!style->no_wall)
		at = out_utc(at, style, ns);
	at = line_byte(line_u64(line_byte(at, ','), ns), ',');
	at = line_byte(line_s64(at, cpu), ',');
	return out_caller(at, style, caller, out_csv_caller);
}

static void out_csv_call(struct sink *sink, const struct out_style *style,
			 const struct caller *caller, const struct call *call)
{
	char *at = sink_line(sink);

	at = out_csv_start(at, style, caller, call->event, call->start_ns, call->cpu);
	at = out_csv_posix_id(at, event_family(call->event), out_has_id(call), call->timer_id);
	at = out_csv_flags(at, call);
	at = out_csv_abi(at, call->abi);
	at = out_csv_pointers(at, call);
	at = out_csv_itimerspec(at, &call->new_value);
	at = out_csv_itimerspec(at, &call->old_value);
	at = line_byte(out_csv_result(at, call), ',');
	if (call->event == EVENT_TIMER_SETTIME && !call->changed)
		at = line_text(at, ",,,,,,,,,,,,,,,,,,,,,,,");
	else
		at = out_csv_call_rest(at, call);
	sink_line_end(sink, line_byte(at, '\n'));
}

/* asked_ns to armed_by, and none of those of signals */
static char *out_csv_expiry(char *at, const struct occurrence *occurrence)
{
	const char *armed_by = out_armed_by(occurrence->armed_by);

	if (occurrence->has_asked) {
		at = line_byte(line_s64(at, occurrence->asked_ns), ',');
		at = line_byte(out_clock(at, occurrence->asked_clock), ',');
		at = line_byte(line_s64(at, occurrence->late_ns), ',');
	} else {
		at = line_text(at, ",,,");
	}
	if (occurrence->has_interval)
		at = line_s64(at, occurrence->interval_ns);
	*at++ = ',';
	if (armed_by)
		at = line_text(at, armed_by);
	return line_text(at, ",,,,,,,,");
}

/* None of an expiry's; signo to sigev_value */
static char *out_csv_signal(char *at, const struct occurrence *occurrence)
{
	bool delivered = occurrence->event == EVENT_SIGNAL_DELIVER;
	int32_t target = delivered ? occurrence->tid : occurrence->target_tid;

	at = line_byte(line_s64(line_text(at, ",,,,,"), occurrence->signo), ',');
	at = line_byte(out_signal(at, occurrence->signo), ',');
	at = line_byte(line_text(at, signal_result_name(occurrence->result)), ',');
	if (target)
		at = line_s64(at, target);
	*at++ = ',';
	if (occurrence->has_after)
		at = line_s64(at, occurrence->after_ns);
	*at++ = ',';
	if (!occurrence->has_overrun)
		return line_text(at, ",,");
	at = line_byte(line_s64(at, occurrence->overrun), ',');
	return line_byte(line_hex(at, occurrence->sigev_value), ',');
}

static void out_csv_occurrence(struct sink *sink, const struct out_style *style,
			       const struct caller *caller, const struct occurrence *occurrence)
{
	enum timer_family family = occurrence->family;
	char *at = sink_line(sink);

	at = out_csv_start(at, style, caller, occurrence->event, occurrence->ts, occurrence->cpu);
	at = out_csv_posix_id(at, family, occurrence->has_id, occurrence->id);
	/* flags to lost */
	at = line_text(at, ",,,,,,,,,,,,,,,,,,,,,");
	at = out_csv_other_id(at, family, occurrence->has_id, occurrence->id);
	if (EVENT_BIT(occurrence->event) & EVENTS_SIGNAL) {
		/* clock to sigevent_from */
		at = out_csv_signal(line_text(at, ",,,,,,,,,"), occurrence);
	} else {
		at = out_csv_clock(at, occurrence->has_clock, occurrence->clock);
		at = out_csv_expiry(line_text(at, ",,,,,,,"), occurrence);
	}
	sink_line_end(sink, line_byte(at, '\n'));
}

static void out_csv_header(struct sink *sink, const struct out_style *style)
{
	if (!style->header)
		return;
	if (style->lives)
		out_life_csv_header(sink);
	else
		sink_line_end(sink, line_text(sink_line(sink), out_csv_columns));
}

static void out_csv_lost(struct sink *sink, const struct out_style *style, const struct loss *loss)
{
	char *at;

	if (style->lives) {
		out_life_csv_lost(sink, loss);
		return;
	}
	at = line_text(sink_line(sink), "lost,");
	if (loss->ts) {
		if (!style->no_wall)
			at = out_utc(at, style, loss->ts);
		at = line_u64(line_byte(at, ','), loss->ts);
	} else {
		*at++ = ',';
	}
	at = line_s64(line_byte(at, ','), loss->cpu);
	/* from pid to incomplete */
	at = line_text(at, ",,,,,,,,,,,,,,,,,,,,,,,,,");
	if (loss->counted)
		at = line_u64(at, loss->records);
	/* from fd to changed */
	at = line_text(at, ",,,,,,,,,,,,,,,,,,,,,,,,");
	sink_line_end(sink, line_byte(at, '\n'));
}

const struct out out_csv = {
	.events = EVENTS_ALL,
	.header = out_csv_header,
	.call = out_csv_call,
	.occurrence = out_csv_occurrence,
	.life = out_life_csv,
	.lost = out_csv_lost,
};
