/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One JSON object (RFC 8259) a line. What is not known is null, or its key is
 * left out; `incomplete` is there only when a half of the call was not seen.
 *
 * Text must be Unicode and the name of a task is any bytes: valid UTF-8 stays
 * as it is, control characters become \u00XX, and so does a byte that is no
 * UTF-8, as if it were Latin-1. So "\u00ff" may be the byte 0xff.
 */
#include <signal.h>
#include <string.h>

#include "timersnoop/line.h"
#include "timersnoop/out.h"
#include "timersnoop/out_life.h"
#include "timersnoop/printable.h"

static char *out_json_unit(char *at, uint32_t unit)
{
	at = line_text(at, "\\u");
	for (int shift = 12; shift >= 0; shift -= 4)
		*at++ = "0123456789abcdef"[unit >> shift & 15];
	return at;
}

static char *out_json_escape(char *at, uint32_t character)
{
	if (character < 0x10000)
		return out_json_unit(at, character);
	at = out_json_unit(at, 0xd800 + ((character - 0x10000) >> 10));
	return out_json_unit(at, 0xdc00 + (character & 0x3ff));
}

/* The characters inside a string. What is not UTF-8 is taken for Latin-1. */
char *out_json_string(char *at, const char *text)
{
	while (*text) {
		uint32_t character = (unsigned char)*text;
		unsigned length = 1;

		if (character >= 0x20 && character < 0x7f) {
			if (*text == '"' || *text == '\\')
				*at++ = '\\';
			*at++ = *text;
		} else if (!(length = printable_character(text, &character)) ||
			   printable_acts(character)) {
			at = out_json_escape(at, length ? character : (unsigned char)*text);
			length = length ? length : 1;
		} else {
			memcpy(at, text, length);
			at += length;
		}
		text += length;
	}
	return at;
}

static char *out_json_names(char *at, const struct flag_name *names, uint32_t flags)
{
	*at++ = '[';
	for (; flags && names->name; names++) {
		if (!(flags & names->bit))
			continue;
		flags &= ~names->bit;
		at = line_byte(line_text(line_byte(at, '"'), names->name), '"');
		if (flags)
			*at++ = ',';
	}
	if (flags)
		at = line_byte(line_hex(line_byte(at, '"'), flags), '"');
	return line_byte(at, ']');
}

char *out_json_flags(char *at, const struct flag_name *names, uint32_t flags)
{
	if (!flags)
		return line_text(at, ",\"flags\":0,\"flag_names\":[]");
	at = line_u64(line_text(at, ",\"flags\":"), flags);
	return out_json_names(line_text(at, ",\"flag_names\":"), names, flags);
}

static char *out_json_abi(char *at, enum call_abi abi)
{
	switch (abi) {
	case ABI_64:
		return line_text(at, ",\"abi\":\"64\"");
	case ABI_32:
		return line_text(at, ",\"abi\":\"32\",\"time_bits\":64");
	case ABI_32_TIME32:
		return line_text(at, ",\"abi\":\"32\",\"time_bits\":32");
	case ABI_UNKNOWN:
		break;
	}
	return line_text(at, ",\"abi\":null");
}

static char *out_json_pointer(char *at, uint64_t pointer)
{
	if (!pointer)
		return line_text(at, "null");
	return line_byte(line_hex(line_byte(at, '"'), pointer), '"');
}

char *out_json_timerspec(char *at, struct timerspec ts)
{
	at = line_s64(line_text(at, "{\"sec\":"), ts.sec);
	return line_byte(line_s64(line_text(at, ",\"nsec\":"), ts.nsec), '}');
}

/* An object without its end. */
static char *out_json_spec(char *at, const struct itimerspec_seen *seen)
{
	at = out_json_timerspec(line_text(at, "{\"interval\":"), seen->interval);
	return out_json_timerspec(line_text(at, ",\"value\":"), seen->value);
}

static char *out_json_itimerspec(char *at, const struct itimerspec_seen *seen)
{
	if (seen->from == FROM_NONE)
		return line_text(at, "null");
	at = out_json_spec(at, seen);
	if (seen->from == FROM_KERNEL)
		return line_text(at, ",\"from\":\"kernel\"}");
	return line_text(at, ",\"from\":\"user\"}");
}

static char *out_json_result(char *at, const struct call *call)
{
	int64_t duration;

	if (call->missing & CALL_NO_RETURN) {
		at = line_text(at, ",\"ret\":null,\"error\":null,\"duration_ns\":");
	} else if (call->ret < 0) {
		at = line_s64(line_text(at, ",\"ret\":"), call->ret);
		at = out_error(line_text(at, ",\"error\":\""), call->ret);
		at = line_text(at, "\",\"duration_ns\":");
	} else {
		at = line_s64(line_text(at, ",\"ret\":"), call->ret);
		at = line_text(at, ",\"error\":null,\"duration_ns\":");
	}
	return out_duration(call, &duration) ? line_s64(at, duration) : line_text(at, "null");
}

static char *out_json_incomplete(char *at, unsigned missing)
{
	static const char *const parts[] = { "\"entry\"", "\"return\"", "\"copy\"" };
	const char *between = "";

	at = line_text(at, ",\"incomplete\":[");
	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!(missing & 1U << i))
			continue;
		at = line_text(line_text(at, between), parts[i]);
		between = ",";
	}
	return line_byte(at, ']');
}

static char *out_json_caller(char *at, const struct caller *caller)
{
	at = line_text(at, ",\"pid\":");
	at = caller->pid ? line_s64(at, caller->pid) : line_text(at, "null");
	at = line_s64(line_text(at, ",\"tid\":"), caller->tid);
	if (caller->ns_pid)
		at = line_s64(line_text(at, ",\"ns_pid\":"), caller->ns_pid);
	if (caller->ns_tid)
		at = line_s64(line_text(at, ",\"ns_tid\":"), caller->ns_tid);
	at = out_json_string(line_text(at, ",\"comm\":\""), caller->comm);
	return line_byte(at, '"');
}

static void out_json_header(struct sink *sink, const struct out_style *style)
{
	(void)sink;
	(void)style;
}

/* Wall time, quoted; null where it is not known. */
static char *out_json_time(char *at, const struct out_style *style, uint64_t ns)
{
	if (style->no_wall)
		return line_text(at, "null");
	return line_byte(out_utc(line_byte(at, '"'), style, ns), '"');
}

/* What every event begins with: what it is, and when it was. */
static char *out_json_moment(char *at, const struct out_style *style, enum event event, uint64_t ns)
{
	/* most lines are of this one: its name is copied with what is around it */
	if (event == EVENT_TIMER_SETTIME)
		at = line_text(at, "{\"event\":\"timer_settime\",\"time\":");
	else
		at = line_text(line_text(line_text(at, "{\"event\":\""), event_name(event)),
			       "\",\"time\":");
	at = out_json_time(at, style, ns);
	return line_u64(line_text(at, ",\"mono_ns\":"), ns);
}

static char *out_json_id(char *at, enum timer_family family, int32_t id)
{
	if (family == TIMER_POSIX)
		return line_s64(line_text(at, ",\"timer_id\":"), id);
	if (family == TIMER_FD)
		return line_s64(line_text(at, ",\"fd\":"), id);
	at = line_text(at, ",\"which\":");
	if (!timerspec_which(id))
		return line_s64(at, id);
	return line_byte(out_which(line_byte(at, '"'), id), '"');
}

static char *out_json_clock(char *at, int32_t clock)
{
	at = line_byte(out_clock(line_text(at, ",\"clock\":\""), clock), '"');
	return line_s64(line_text(at, ",\"clock_id\":"), clock);
}

/* The task whose CPU time is counted, where the clock names one. */
static char *out_json_clock_task(char *at, int32_t clock)
{
	bool thread;
	int32_t task = timerspec_clock_task(clock, &thread);

	if (!task)
		return at;
	at = thread ? line_text(at, ",\"clock_tid\":") : line_text(at, ",\"clock_pid\":");
	return line_s64(at, task);
}

/* What the call was given besides pointers. */
static char *out_json_arguments(char *at, const struct out_form *form, const struct call *call)
{
	if (out_has_id(call))
		at = out_json_id(at, event_family(call->event), call->timer_id);
	if (!call->has_args)
		return at;
	if (form->creates)
		at = out_json_clock_task(out_json_clock(at, call->clock), call->clock);
	if (form->flags)
		at = out_json_flags(at, form->flags, call->flags);
	if (call->event == EVENT_ALARM)
		at = line_u64(line_text(at, ",\"seconds\":"), call->seconds);
	return at;
}

static char *out_json_signal(char *at, int32_t signo)
{
	at = line_s64(line_text(at, ",\"signo\":"), signo);
	return line_byte(out_signal(line_text(at, ",\"signal\":\""), signo), '"');
}

static char *out_json_sigevent(char *at, const struct out_sigevent *sigevent)
{
	const char *notify = timerspec_notify(sigevent->notify);

	at = line_text(at, "{\"notify\":");
	if (notify)
		at = line_byte(line_text(line_byte(at, '"'), notify), '"');
	else
		at = line_s64(at, sigevent->notify);
	if (sigevent->notify != SIGEV_NONE)
		at = out_json_signal(at, sigevent->signo);
	else /* nothing is sent, whatever the number */
		at = line_text(line_s64(line_text(at, ",\"signo\":"), sigevent->signo),
			       ",\"signal\":null");
	at = line_text(at, ",\"value\":");
	if (sigevent->has_value)
		at = line_byte(line_hex(line_byte(at, '"'), sigevent->value), '"');
	else
		at = line_text(at, "null");
	at = line_text(at, ",\"tid\":");
	at = sigevent->has_tid ? line_s64(at, sigevent->tid) : line_text(at, "null");
	return line_text(line_text(line_text(at, ",\"from\":\""), sigevent->from), "\"}");
}

static char *out_json_pointers(char *at, const struct out_form *form, const struct call *call)
{
	if (!call->has_pointers)
		return at;
	if (form->sets && form->has_new) {
		at = out_json_pointer(line_text(at, ",\"new_ptr\":"), call->new_ptr);
		at = out_json_pointer(line_text(at, ",\"old_ptr\":"), call->old_ptr);
	} else if (form->reads) {
		at = out_json_pointer(line_text(at, ",\"current_ptr\":"), call->old_ptr);
	} else if (call->event == EVENT_TIMER_CREATE) {
		at = out_json_pointer(line_text(at, ",\"sigevent_ptr\":"), call->new_ptr);
		at = out_json_pointer(line_text(at, ",\"timer_id_ptr\":"), call->old_ptr);
	}
	return at;
}

static char *out_json_create(char *at, const struct call *call)
{
	struct out_sigevent sigevent = out_sigevent(call);

	at = line_text(at, ",\"sigevent\":");
	return sigevent.from ? out_json_sigevent(at, &sigevent) : line_text(at, "null");
}

/* What was where its pointers point to. */
static char *out_json_values(char *at, const struct out_form *form, const struct call *call)
{
	if (form->sets) {
		at = out_json_itimerspec(line_text(at, ",\"new\":"), &call->new_value);
		return out_json_itimerspec(line_text(at, ",\"old\":"), &call->old_value);
	}
	if (form->reads)
		return out_json_itimerspec(line_text(at, ",\"current\":"), &call->old_value);
	if (call->event == EVENT_TIMER_CREATE)
		return out_json_create(at, call);
	if (call->event != EVENT_TIMER_GETOVERRUN)
		return at;
	at = line_text(at, ",\"overrun\":");
	if (call->missing & CALL_NO_RETURN || call->ret < 0)
		return line_text(at, "null");
	return line_s64(at, call->ret);
}

/* Where the call was made, who made it, and what it was given. */
static char *out_json_subject(char *at, const struct caller *caller, const struct call *call)
{
	const struct out_form *form = &out_forms[call->event];

	at = line_s64(line_text(at, ",\"cpu\":"), call->cpu);
	at = out_json_caller(at, caller);
	at = out_json_arguments(at, form, call);
	at = out_json_abi(at, call->abi);
	return out_json_pointers(at, form, call);
}

/* The same of a call like one before it, as a rule the same timer's: most of a line. */
static char *out_json_known_subject(char *at, const struct out_style *style,
				    const struct caller *caller, const struct call *call)
{
	const struct out_subject subject = {
		.caller = *caller,
		.cpu = call->cpu,
		.event = call->event,
		.abi = call->abi,
		.timer_id = call->timer_id,
		.clock = call->clock,
		.flags = call->flags,
		.seconds = call->seconds,
		.has = call->has_id | call->has_args << 1 | call->has_pointers << 2,
		.new_ptr = call->new_ptr,
		.old_ptr = call->old_ptr,
	};
	struct out_known_subject *known;
	char *end;

	if (!style->cache)
		return out_json_subject(at, caller, call);
	known = &style->cache->subjects[((uint32_t)caller->tid + (uint32_t)call->timer_id) %
					OUT_CACHE_CALLERS];
	if (known->length && memcmp(&known->subject, &subject, sizeof(subject)) == 0) {
		memcpy(at, known->text, known->length);
		return at + known->length;
	}
	end = out_json_subject(at, caller, call);
	known->length = 0;
	if (end - at <= OUT_SUBJECT_MAX) {
		known->subject = subject;
		known->length = (uint32_t)(end - at);
		memcpy(known->text, at, known->length);
	}
	return end;
}

static char *out_json_user(char *at, const char *key, const struct itimerspec_seen *seen)
{
	if (seen->from == FROM_NONE)
		return at;
	return line_byte(out_json_spec(line_text(at, key), seen), '}');
}

/* What the caller's memory held, and how that differed from the kernel's copies. */
static char *out_json_toctou(char *at, const struct call *call)
{
	at = out_json_user(at, ",\"user_new_entry\":", &call->user_before);
	at = out_json_user(at, ",\"user_new_return\":", &call->user_after);
	at = out_json_user(at, ",\"user_old_return\":", &call->user_old);
	return out_json_names(line_text(at, ",\"changed\":"), out_changes, call->changed);
}

static void out_json_call(struct sink *sink, const struct out_style *style,
			  const struct caller *caller, const struct call *call)
{
	const struct out_form *form = &out_forms[call->event];
	char *at = sink_line(sink);

	at = out_json_moment(at, style, call->event, call->start_ns);
	at = out_json_known_subject(at, style, caller, call);
	at = out_json_values(at, form, call);
	if (out_toctou(call))
		at = out_json_toctou(at, call);
	at = out_json_result(at, call);
	if (call->missing)
		at = out_json_incomplete(at, call->missing);
	sink_line_end(sink, line_text(at, "}\n"));
}

static char *out_json_expiry(char *at, const struct occurrence *occurrence)
{
	const char *armed_by = out_armed_by(occurrence->armed_by);

	if (occurrence->has_clock)
		at = out_json_clock(at, occurrence->clock);
	if (occurrence->has_asked) {
		at = line_s64(line_text(at, ",\"asked_ns\":"), occurrence->asked_ns);
		at = line_text(at, ",\"asked_clock\":\"");
		at = out_clock(at, occurrence->asked_clock);
		at = line_s64(line_text(at, "\",\"late_ns\":"), occurrence->late_ns);
	} else {
		at = line_text(at, ",\"asked_ns\":null,\"asked_clock\":null,\"late_ns\":null");
	}
	if (occurrence->has_interval)
		at = line_s64(line_text(at, ",\"interval_ns\":"), occurrence->interval_ns);
	at = line_text(at, ",\"armed_by\":");
	if (!armed_by)
		return line_text(at, "null");
	return line_byte(line_text(line_byte(at, '"'), armed_by), '"');
}

static char *out_json_signaled(char *at, const struct occurrence *occurrence)
{
	bool delivered = occurrence->event == EVENT_SIGNAL_DELIVER;
	int32_t target = delivered ? occurrence->tid : occurrence->target_tid;

	at = out_json_signal(at, occurrence->signo);
	at = line_text(line_text(at, ",\"result\":\""), signal_result_name(occurrence->result));
	at = line_text(at, "\",\"target_tid\":");
	at = target ? line_s64(at, target) : line_text(at, "null");
	at = line_text(at, ",\"after_ns\":");
	at = occurrence->has_after ? line_s64(at, occurrence->after_ns) : line_text(at, "null");
	if (!delivered)
		return at;
	if (!occurrence->has_overrun)
		return line_text(at, ",\"overrun\":null,\"sigev_value\":null");
	at = line_s64(line_text(at, ",\"overrun\":"), occurrence->overrun);
	at = line_hex(line_text(at, ",\"sigev_value\":\""), occurrence->sigev_value);
	return line_byte(at, '"');
}

static void out_json_occurrence(struct sink *sink, const struct out_style *style,
				const struct caller *caller, const struct occurrence *occurrence)
{
	char *at = sink_line(sink);

	at = out_json_moment(at, style, occurrence->event, occurrence->ts);
	at = line_s64(line_text(at, ",\"cpu\":"), occurrence->cpu);
	at = out_json_caller(at, caller);
	if (occurrence->has_id)
		at = out_json_id(at, occurrence->family, occurrence->id);
	if (EVENT_BIT(occurrence->event) & EVENTS_SIGNAL)
		at = out_json_signaled(at, occurrence);
	else
		at = out_json_expiry(at, occurrence);
	sink_line_end(sink, line_text(at, "}\n"));
}

static void out_json_lost(struct sink *sink, const struct out_style *style, const struct loss *loss)
{
	char *at = sink_line(sink);

	at = line_text(at, "{\"event\":\"lost\",\"time\":");
	if (loss->ts) {
		at = out_json_time(at, style, loss->ts);
		at = line_u64(line_text(at, ",\"mono_ns\":"), loss->ts);
	} else {
		at = line_text(at, "null,\"mono_ns\":null");
	}
	at = line_text(at, ",\"cpu\":");
	at = loss->cpu == LOSS_ANYWHERE ? line_text(at, "null") : line_s64(at, loss->cpu);
	at = line_text(at, ",\"records\":");
	at = loss->counted ? line_u64(at, loss->records) : line_text(at, "null");
	sink_line_end(sink, line_text(at, "}\n"));
}

const struct out out_json = {
	.events = EVENTS_ALL,
	.header = out_json_header,
	.call = out_json_call,
	.occurrence = out_json_occurrence,
	.life = out_life_json,
	.lost = out_json_lost,
};
