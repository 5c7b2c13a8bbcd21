/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/out.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "timersnoop/line.h"

const struct out *out_for(const struct out_style *style)
{
	switch (style->format) {
	case OUT_STRACE:
		return &out_strace;
	case OUT_JSON:
		return style->fields ? &out_json_fields : &out_json;
	case OUT_CSV:
		return &out_csv;
	case OUT_TSV:
		return &out_tsv;
	case OUT_TEXT:
		break;
	}
	return &out_text;
}

typedef struct tm *out_calendar(const time_t *when, struct tm *tm);

/* The second that begins before `wall` ns. */
static void out_keep_second(struct out_second *kept, int64_t wall, out_calendar *calendar,
			    const char *format)
{
	int64_t rest = wall % NSEC_PER_SEC;
	time_t when;
	struct tm tm;

	/* before 1970 */
	if (rest < 0)
		rest += NSEC_PER_SEC;
	kept->begin_ns = wall - rest;
	when = (time_t)(kept->begin_ns / NSEC_PER_SEC);
	calendar(&when, &tm);
	kept->length = (uint32_t)strftime(kept->text, sizeof(kept->text), format, &tm);
}

/* A wall time's second as strftime(3) writes it, or as it was written last. *rest: ns in it. */
static char *out_second(char *at, const struct out_style *style, struct out_second *kept,
			uint64_t ns, uint32_t *rest, out_calendar *calendar, const char *format)
{
	struct out_second unkept = { .length = 0 };
	int64_t wall = (int64_t)(ns + (uint64_t)style->wall_offset_ns);

	if (!kept)
		kept = &unkept;
	if (!kept->length || (uint64_t)wall - (uint64_t)kept->begin_ns >= NSEC_PER_SEC)
		out_keep_second(kept, wall, calendar, format);
	*rest = (uint32_t)(wall - kept->begin_ns);
	memcpy(at, kept->text, sizeof(kept->text));
	return at + kept->length;
}

char *out_utc(char *at, const struct out_style *style, uint64_t ns)
{
	uint32_t rest;

	at = out_second(at, style, style->cache ? &style->cache->utc : NULL, ns, &rest, gmtime_r,
			"%Y-%m-%dT%H:%M:%S.");
	return line_byte(line_digits(at, rest, 9), 'Z');
}

static char *out_local(char *at, const struct out_style *style, uint64_t ns)
{
	uint32_t rest;

	at = out_second(at, style, style->cache ? &style->cache->local : NULL, ns, &rest,
			localtime_r, "%H:%M:%S.");
	return line_digits(at, rest / 1000, 6);
}

static char *out_relative(char *at, const struct out_style *style, uint64_t ns, size_t width)
{
	bool before = ns < style->start_ns;
	uint64_t us = (before ? style->start_ns - ns : ns - style->start_ns) / 1000;
	char text[LINE_NUMBER_MAX];
	char *end = text;
	size_t length;

	if (before)
		*end++ = '-';
	end = line_u64(end, us / 1000000);
	length = (size_t)(end - text);
	at = line_pad(at, length + 7, width);
	memcpy(at, text, length);
	return line_digits(line_byte(at + length, '.'), (uint32_t)(us % 1000000), 6);
}

char *out_time(char *at, const struct out_style *style, uint64_t ns, size_t width)
{
	switch (style->time) {
	case TIME_WALL:
		return out_local(at, style, ns);
	case TIME_MONO:
		at = line_byte(line_u64(at, ns / NSEC_PER_SEC), '.');
		return line_digits(at, (uint32_t)(ns % NSEC_PER_SEC), 9);
	case TIME_RELATIVE:
		return out_relative(at, style, ns, width);
	case TIME_NONE:
		break;
	}
	return at;
}

char *out_caller(char *at, const struct out_style *style, const struct caller *caller,
		 out_caller_writer *write)
{
	struct out_known_caller *known;
	char *end;

	if (!style->cache)
		return write(at, style, caller);
	known = &style->cache->callers[(uint32_t)caller->tid % OUT_CACHE_CALLERS];
	if (known->length && memcmp(&known->caller, caller, sizeof(*caller)) == 0) {
		memcpy(at, known->text, known->length);
		return at + known->length;
	}
	end = write(at, style, caller);
	known->caller = *caller;
	known->length = (uint32_t)(end - at);
	memcpy(known->text, at, known->length);
	return end;
}

char *out_error(char *at, int64_t ret)
{
	const char *name = ret >= -4095 ? timerspec_errno_name((int)-ret) : NULL;

	return name ? line_text(at, name) : line_u64(at, 0 - (uint64_t)ret);
}

bool out_duration(const struct call *call, int64_t *ns)
{
	if (call->missing & (CALL_NO_ENTRY | CALL_NO_RETURN) || call->no_start)
		return false;
	*ns = (int64_t)(call->end_ns - call->start_ns);
	return true;
}

const char *out_source(enum value_source from)
{
	switch (from) {
	case FROM_KERNEL:
		return "kernel";
	case FROM_USER:
		return "user";
	case FROM_NONE:
		break;
	}
	return NULL;
}

const struct out_form out_forms[EVENT_CALLS] = {
	[EVENT_TIMER_CREATE] = { .creates = true, .has_new = true, .has_old = true },
	[EVENT_TIMER_SETTIME] = { .sets = true,
				  .has_new = true,
				  .has_old = true,
				  .flags = timer_settime_flags },
	[EVENT_TIMER_GETTIME] = { .reads = true, .has_old = true },
	[EVENT_TIMERFD_CREATE] = { .creates = true, .flags = timerfd_create_flags },
	[EVENT_TIMERFD_SETTIME] = { .sets = true,
				    .has_new = true,
				    .has_old = true,
				    .flags = timerfd_settime_flags },
	[EVENT_TIMERFD_GETTIME] = { .reads = true, .has_old = true },
	[EVENT_SETITIMER] = { .sets = true, .has_new = true, .has_old = true },
	[EVENT_GETITIMER] = { .reads = true, .has_old = true },
	[EVENT_ALARM] = { .sets = true },
};

bool out_has_id(const struct call *call)
{
	if (out_forms[call->event].creates)
		return call->has_id;
	return call->has_args || call->event == EVENT_ALARM;
}

struct out_sigevent out_sigevent_seen(const struct sigevent_seen *seen)
{
	return (struct out_sigevent){
		.from = out_source(seen->from),
		.notify = seen->notify,
		.signo = seen->signo,
		.has_tid = seen->notify == SIGEV_THREAD_ID,
		.tid = seen->tid,
		.has_value = true,
		.value = seen->value,
	};
}

struct out_sigevent out_sigevent(const struct call *call)
{
	if (call->sigevent.from != FROM_NONE)
		return out_sigevent_seen(&call->sigevent);
	if (!call->has_pointers || call->new_ptr)
		return (struct out_sigevent){ .from = NULL };
	return (struct out_sigevent){
		.from = "default",
		.notify = SIGEV_SIGNAL,
		.signo = SIGALRM,
		.has_value = call->has_id,
		.value = (uint64_t)call->timer_id,
	};
}

const struct flag_name out_changes[] = {
	{ CHANGED_NEW_BEFORE, "new_before_copy" },
	{ CHANGED_NEW_AFTER, "new_after_copy" },
	{ CHANGED_OLD_AFTER, "old_after_write" },
	{ 0, NULL },
};

bool out_toctou(const struct call *call)
{
	return call->user_before.from != FROM_NONE || call->user_after.from != FROM_NONE ||
	       call->user_old.from != FROM_NONE;
}

const char *out_armed_by(enum armed_by armed_by)
{
	switch (armed_by) {
	case ARMED_BY_USER:
		return "user";
	case ARMED_BY_KERNEL:
		return "kernel";
	case ARMED_UNKNOWN:
		break;
	}
	return NULL;
}

char *out_clock(char *at, int32_t clock)
{
	return at + timerspec_clock(at, clock);
}

char *out_signal(char *at, int32_t signo)
{
	return at + timerspec_signal(at, signo);
}

char *out_which(char *at, int32_t which)
{
	const char *name = timerspec_which(which);

	return name ? line_text(at, name) : line_s64(at, which);
}

char *out_notify(char *at, int32_t notify)
{
	const char *name = timerspec_notify(notify);

	return name ? line_text(at, name) : line_s64(at, notify);
}

char *out_loss(char *at, const struct loss *loss)
{
	at = line_text(at, "# lost ");
	if (loss->counted)
		at = line_byte(line_u64(at, loss->records), ' ');
	at = line_text(at, "records");
	if (loss->cpu != LOSS_ANYWHERE)
		at = line_s64(line_text(at, " on CPU "), loss->cpu);
	if (!loss->counted)
		at = line_text(at, ", number unknown");
	return line_byte(at, '\n');
}
