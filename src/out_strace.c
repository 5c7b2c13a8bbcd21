/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The notation of strace(1), as `strace -f -o FILE` writes it (6.1). It shows
 * what a process asked for; what only the kernel knows is in the other formats.
 */
#include <signal.h>
#include <string.h>
#include <sys/timerfd.h>

#include "timersnoop/line.h"
#include "timersnoop/out.h"

/* strace -a: results stand in this column at the earliest */
#define STRACE_RESULT_COLUMN 40

/* What timerfd_create and timerfd_settime take, in one table. */
static const struct flag_name strace_timerfd_flags[] = {
	{ TFD_TIMER_ABSTIME, "TFD_TIMER_ABSTIME" },
	{ TFD_TIMER_CANCEL_ON_SET, "TFD_TIMER_CANCEL_ON_SET" },
	{ TFD_CLOEXEC, "TFD_CLOEXEC" },
	{ TFD_NONBLOCK, "TFD_NONBLOCK" },
	{ 0, NULL },
};

/* A time of an itimer has microseconds; one of 32 bits no more than those. */
static char *out_strace_time(char *at, const struct call *call, struct timerspec ts)
{
	bool micro = event_family(call->event) == TIMER_ITIMER;
	uint64_t part = (uint64_t)(micro ? ts.nsec / 1000 : ts.nsec);

	if (call->abi == ABI_32_TIME32 || (micro && call->abi == ABI_32))
		part = (uint32_t)part;
	at = line_s64(line_text(at, "{tv_sec="), ts.sec);
	at = micro ? line_text(at, ", tv_usec=") : line_text(at, ", tv_nsec=");
	return line_byte(line_u64(at, part), '}');
}

static char *out_strace_times(char *at, const struct call *call, const struct itimerspec_seen *seen)
{
	at = out_strace_time(line_text(at, "{it_interval="), call, seen->interval);
	at = out_strace_time(line_text(at, ", it_value="), call, seen->value);
	return line_byte(at, '}');
}

/* strace -X abbrev: 0x5 for what has no other name */
static char *out_strace_hex(char *at, uint64_t number)
{
	return number ? line_hex(at, number) : line_byte(at, '0');
}

static char *out_strace_address(char *at, uint64_t pointer)
{
	return pointer ? line_hex(at, pointer) : line_text(at, "NULL");
}

static char *out_strace_pointer(char *at, const struct call *call, uint64_t pointer)
{
	return call->has_pointers ? out_strace_address(at, pointer) : line_byte(at, '?');
}

static char *out_strace_named(char *at, const char *name, int32_t number, const char *unknown)
{
	if (name)
		return line_text(at, name);
	at = line_text(out_strace_hex(at, (uint32_t)number), " /* ");
	return line_text(line_text(at, unknown), " */");
}

static char *out_strace_flags(char *at, const struct call *call)
{
	bool posix = call->event == EVENT_TIMER_SETTIME;
	const struct flag_name *names = posix ? timer_settime_flags : strace_timerfd_flags;
	uint32_t known = 0;

	if (!call->has_args)
		return line_byte(at, '?');
	if (!call->flags)
		return line_byte(at, '0');
	for (const struct flag_name *name = names; name->name; name++)
		known |= name->bit;
	at += timerspec_flags(at, 2UL * TIMERSPEC_TEXT_MAX, names, call->flags, "0");
	if (call->flags & known)
		return at;
	return posix ? line_text(at, " /* TIMER_??? */") : line_text(at, " /* TFD_??? */");
}

/* The kernel's names, not those of libc. */
static char *out_strace_signal(char *at, int32_t signo)
{
	if (signo == SIGPOLL)
		return line_text(at, "SIGIO");
	if (signo < 32 || signo > 64)
		return out_signal(at, signo);
	return signo == 32 ? line_text(at, "SIGRTMIN")
			   : line_s64(line_text(at, "SIGRT_"), signo - 32);
}

static char *out_strace_sigevent(char *at, const struct call *call)
{
	const struct sigevent_seen *sigevent = &call->sigevent;
	const char *notify = timerspec_notify(sigevent->notify);

	if (sigevent->from == FROM_NONE)
		return out_strace_pointer(at, call, call->new_ptr);
	*at++ = '{';
	if (sigevent->value) {
		at = line_s64(line_text(at, "sigev_value={sival_int="), (int32_t)sigevent->value);
		at = line_hex(line_text(at, ", sival_ptr="), sigevent->value);
		at = line_text(at, "}, ");
	}
	at = line_text(at, "sigev_signo=");
	if (!notify || sigevent->notify == SIGEV_NONE)
		at = line_u64(at, (uint32_t)sigevent->signo);
	else
		at = out_strace_signal(at, sigevent->signo);
	at = line_text(at, ", sigev_notify=");
	at = out_strace_named(at, notify, sigevent->notify, "SIGEV_???");
	if (sigevent->notify == SIGEV_THREAD_ID)
		at = line_s64(line_text(at, ", sigev_notify_thread_id="), sigevent->tid);
	else if (sigevent->notify == SIGEV_THREAD) /* pointers that the kernel ignores */
		at = line_text(at, ", ...");
	return line_byte(at, '}');
}

/* A number, or what stands for it when the entry was not seen. */
static char *out_strace_number(char *at, const struct call *call, int64_t number)
{
	return call->has_args ? line_s64(at, number) : line_byte(at, '?');
}

static char *out_strace_clock(char *at, const struct call *call)
{
	if (!call->has_args)
		return line_byte(at, '?');
	return out_strace_named(at, timerspec_clock_name(call->clock), call->clock, "CLOCK_???");
}

/* Which timer it is. */
static char *out_strace_timer(char *at, const struct call *call)
{
	if (event_family(call->event) != TIMER_ITIMER || !call->has_args)
		return out_strace_number(at, call, call->timer_id);
	return out_strace_named(at, timerspec_which(call->timer_id), call->timer_id, "ITIMER_???");
}

static char *out_strace_new(char *at, const struct call *call)
{
	/* to setitimer, NULL is a value of zero */
	if (call->new_value.from != FROM_NONE && (call->new_ptr || !call->has_pointers))
		return out_strace_times(at, call, &call->new_value);
	return out_strace_pointer(at, call, call->new_ptr);
}

/* What the kernel writes: strace reads it after the call, and only when it succeeded. */
static char *out_strace_written(char *at, const struct call *call)
{
	bool there = call->ret == 0 && (call->old_ptr || !call->has_pointers);

	if (call->missing & CALL_NO_RETURN)
		return line_text(at, " <unfinished ...>");
	if (call->event == EVENT_TIMER_CREATE && there && call->has_id)
		return line_byte(line_s64(line_byte(at, '['), call->timer_id), ']');
	if (call->event != EVENT_TIMER_CREATE && there && call->old_value.from != FROM_NONE)
		return out_strace_times(at, call, &call->old_value);
	return out_strace_pointer(at, call, call->old_ptr);
}

static char *out_strace_arguments(char *at, const struct call *call)
{
	const struct out_form *form = &out_forms[call->event];

	if (call->event == EVENT_ALARM)
		return out_strace_number(at, call, call->seconds);
	at = form->creates ? out_strace_clock(at, call) : out_strace_timer(at, call);
	if (form->flags)
		at = out_strace_flags(line_text(at, ", "), call);
	if (call->event == EVENT_TIMER_CREATE)
		at = out_strace_sigevent(line_text(at, ", "), call);
	else if (form->has_new)
		at = out_strace_new(line_text(at, ", "), call);
	return form->has_old ? out_strace_written(line_text(at, ", "), call) : at;
}

static char *out_strace_result(char *at, const struct call *call)
{
	const char *reason;

	if (call->missing & CALL_NO_RETURN)
		return line_byte(at, '?');
	if (call->ret >= 0 || call->ret < -4095)
		return line_s64(at, call->ret);
	if (!timerspec_errno_name((int)-call->ret))
		return line_byte(out_error(line_text(at, "-1 (errno "), call->ret), ')');
	reason = strerrordesc_np((int)-call->ret);
	at = out_error(line_text(at, reason ? "-1 " : "? "), call->ret);
	if (reason)
		at = line_byte(line_text(line_text(at, " ("), reason), ')');
	return at;
}

static char *out_strace_caller(char *at, const struct out_style *style, const struct caller *caller)
{
	char *end = line_s64(at, caller->tid);

	(void)style;
	return line_byte(line_pad(end, (size_t)(end - at), 5), ' ');
}

static void out_strace_header(struct sink *sink, const struct out_style *style)
{
	(void)sink;
	(void)style;
}

static char *out_strace_start(char *at, const struct out_style *style, const struct caller *caller,
			      uint64_t ns)
{
	at = out_caller(at, style, caller, out_strace_caller);
	if (style->time != TIME_NONE)
		at = line_byte(out_time(at, style, ns, 13), ' ');
	return at;
}

/* The name of the system call that a 32-bit program made. */
static char *out_strace_name(char *at, const struct call *call)
{
	const struct out_form *form = &out_forms[call->event];

	at = line_text(at, event_name(call->event));
	if (call->abi == ABI_32 && (form->sets || form->reads) &&
	    event_family(call->event) != TIMER_ITIMER)
		at = line_text(at, "64");
	return line_byte(at, '(');
}

static void out_strace_call(struct sink *sink, const struct out_style *style,
			    const struct caller *caller, const struct call *call)
{
	char *start = sink_line(sink);
	char *at = out_strace_start(start, style, caller, call->start_ns);

	at = out_strace_name(at, call);
	at = line_byte(out_strace_arguments(at, call), ')');
	at = line_pad(at, (size_t)(at - start), STRACE_RESULT_COLUMN - 1);
	at = line_text(at, " = ");
	at = out_strace_result(at, call);
	if (call->abi == ABI_32 || call->abi == ABI_32_TIME32)
		at = line_text(at, " /* 32-bit */");
	sink_line_end(sink, line_byte(at, '\n'));
}

/* The siginfo of a POSIX timer, behind its si_code */
static char *out_strace_siginfo(char *at, const struct occurrence *occurrence)
{
	at = line_text(at, ", si_timerid=");
	if (occurrence->has_id)
		at = out_strace_hex(at, (uint32_t)occurrence->id);
	else
		*at++ = '?';
	if (!occurrence->has_overrun)
		return line_text(at, ", si_overrun=?, si_int=?, si_ptr=?");
	at = line_s64(line_text(at, ", si_overrun="), occurrence->overrun);
	at = line_s64(line_text(at, ", si_int="), (int32_t)occurrence->sigev_value);
	return out_strace_address(line_text(at, ", si_ptr="), occurrence->sigev_value);
}

/* strace tells of what stops its tracee, not of what a signalfd or sigwaitinfo fetches. */
static bool out_strace_shows(const struct occurrence *occurrence)
{
	return occurrence->event == EVENT_SIGNAL_DELIVER &&
	       (occurrence->result == SIGNAL_HANDLER || occurrence->result == SIGNAL_DEFAULT ||
		occurrence->result == SIGNAL_DROPPED);
}

static void out_strace_occurrence(struct sink *sink, const struct out_style *style,
				  const struct caller *caller, const struct occurrence *occurrence)
{
	char *at;

	if (!out_strace_shows(occurrence))
		return;
	at = out_strace_start(sink_line(sink), style, caller, occurrence->ts);
	at = out_strace_signal(line_text(at, "--- "), occurrence->signo);
	at = out_strace_signal(line_text(at, " {si_signo="), occurrence->signo);
	if (occurrence->family == TIMER_POSIX)
		at = out_strace_siginfo(line_text(at, ", si_code=SI_TIMER"), occurrence);
	else
		at = line_text(at, ", si_code=SI_KERNEL");
	sink_line_end(sink, line_text(at, "} ---\n"));
}

static void out_strace_lost(struct sink *sink, const struct out_style *style,
			    const struct loss *loss)
{
	(void)style;
	sink_line_end(sink, out_loss(sink_line(sink), loss));
}

const struct out out_strace = {
	.events = EVENTS_CALLS | EVENT_BIT(EVENT_SIGNAL_DELIVER),
	.header = out_strace_header,
	.call = out_strace_call,
	.occurrence = out_strace_occurrence,
	.shows = out_strace_shows,
	.lost = out_strace_lost,
};
