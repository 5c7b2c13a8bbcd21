/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What calls, expiries and signals do not have in common with each other. */
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "timersnoop/line.h"
#include "timersnoop/out_text.h"

/* Begins a pair of the details that began at `from`. */
static char *details_key(char *at, const char *from, const char *key)
{
	if (at != from)
		*at++ = ',';
	return line_text(at, key);
}

char *out_text_id(char *at, enum timer_family family, int32_t id)
{
	if (family == TIMER_POSIX)
		return line_s64(at, id);
	if (family == TIMER_FD)
		return line_s64(line_text(at, "fd"), id);
	switch (id) {
	case ITIMER_REAL:
		return line_text(at, "real");
	case ITIMER_VIRTUAL:
		return line_text(at, "virtual");
	case ITIMER_PROF:
		return line_text(at, "prof");
	default:
		return line_s64(line_text(at, "itimer"), id);
	}
}

char *out_text_clock(char *at, int32_t clock)
{
	static const char prefix[] = "CLOCK_";
	char name[TIMERSPEC_TEXT_MAX];
	const char *from = name;

	timerspec_clock(name, clock);
	if (strncmp(name, prefix, sizeof(prefix) - 1) == 0)
		from += sizeof(prefix) - 1;
	for (; *from; from++)
		*at++ = (char)(*from == ' ' ? '_' : *from);
	return at;
}

static char *details_notify(char *at, const struct out_sigevent *sigevent)
{
	switch (sigevent->notify) {
	case SIGEV_NONE:
		return line_text(at, "none");
	case SIGEV_THREAD:
		return line_text(at, "thread");
	case SIGEV_SIGNAL:
	case SIGEV_THREAD_ID:
		at = out_signal(at, sigevent->signo);
		break;
	default:
		return line_s64(at, sigevent->notify);
	}
	if (sigevent->has_tid)
		at = line_s64(line_byte(at, '/'), sigevent->tid);
	return strcmp(sigevent->from, "default") == 0 ? line_text(at, "(default)") : at;
}

/* What a timer_create or a timerfd_create made. */
static char *details_created(char *at, const char *from, const struct call *call)
{
	struct out_sigevent sigevent;

	if (call->has_args)
		at = out_text_clock(details_key(at, from, "clock="), call->clock);
	if (call->event != EVENT_TIMER_CREATE)
		return at;
	sigevent = out_sigevent(call);
	if (!sigevent.from)
		return at;
	at = details_notify(details_key(at, from, "notify="), &sigevent);
	if (sigevent.has_value)
		at = line_hex(details_key(at, from, "sigev_value="), sigevent.value);
	return at;
}

static char *details_old(char *at, const struct itimerspec_seen *seen)
{
	at = out_text_old_value(at, seen);
	if (timerspec_zero(seen->value) && timerspec_zero(seen->interval))
		return at;
	return out_text_interval(line_byte(at, '/'), seen);
}

static char *details_changed(char *at, const struct out_style *style, unsigned changed)
{
	char text[2 * TIMERSPEC_TEXT_MAX];
	char *end = line_text(text, "changed=");

	end += timerspec_flags(end, TIMERSPEC_TEXT_MAX, out_changes, changed, "");
	return out_text_colored(at, style, TEXT_YELLOW, text, (size_t)(end - text));
}

/* Who it is in a PID namespace of its own. */
static char *details_ns(char *at, const char *from, const struct caller *caller)
{
	if (caller->ns_pid)
		at = line_s64(details_key(at, from, "ns_pid="), caller->ns_pid);
	if (caller->ns_tid && caller->ns_tid != caller->ns_pid)
		at = line_s64(details_key(at, from, "ns_tid="), caller->ns_tid);
	return at == from ? line_byte(at, '-') : at;
}

char *out_text_call_details(char *at, const struct out_style *style, const struct caller *caller,
			    const struct call *call)
{
	const struct out_form *form = &out_forms[call->event];
	const char *from = at;

	if (form->creates)
		at = details_created(at, from, call);
	/* wide lines have columns for it */
	if (form->sets && !style->wide && call->old_value.from != FROM_NONE)
		at = details_old(details_key(at, from, "old="), &call->old_value);
	if (call->changed)
		at = details_changed(details_key(at, from, ""), style, call->changed);
	return details_ns(at, from, caller);
}

/* CPU time does not come late: it is looked at when the clock ticks. */
static bool details_cpu_clock(const struct occurrence *occurrence)
{
	if (occurrence->has_clock)
		return timerspec_cpu_clock(occurrence->clock);
	return occurrence->family == TIMER_ITIMER && occurrence->has_id &&
	       occurrence->id != ITIMER_REAL;
}

static char *details_expiry(char *at, const char *from, const struct occurrence *occurrence)
{
	const char *armed_by = out_armed_by(occurrence->armed_by);

	if (occurrence->has_asked) {
		at = details_key(at, from, "late=");
		at += timerspec_format_ns(at, occurrence->late_ns);
	} else if (details_cpu_clock(occurrence)) {
		at = details_key(at, from, "cpu-clock");
	}
	if (occurrence->has_clock)
		at = out_text_clock(details_key(at, from, "clock="), occurrence->clock);
	if (armed_by)
		at = line_text(details_key(at, from, "armed="), armed_by);
	return at;
}

static char *details_signal(char *at, const char *from, const struct occurrence *occurrence)
{
	at = out_signal(details_key(at, from, "signal="), occurrence->signo);
	at = details_key(at, from, "result=");
	at = line_text(at, signal_result_name(occurrence->result));
	/* a delivery is told of in the thread's own line */
	if (occurrence->event == EVENT_SIGNAL_GENERATE && occurrence->target_tid)
		at = line_s64(details_key(at, from, "to="), occurrence->target_tid);
	if (occurrence->has_overrun)
		at = line_s64(details_key(at, from, "overrun="), occurrence->overrun);
	if (!occurrence->has_after)
		return at;
	at = details_key(at, from, "after=");
	return at + timerspec_format_ns(at, occurrence->after_ns);
}

char *out_text_occurrence_details(char *at, const struct caller *caller,
				  const struct occurrence *occurrence)
{
	const char *from = at;

	if (EVENT_BIT(occurrence->event) & EVENTS_SIGNAL)
		at = details_signal(at, from, occurrence);
	else
		at = details_expiry(at, from, occurrence);
	return details_ns(at, from, caller);
}
