/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The notation of strace(1), as `strace -f -o FILE` writes it (6.1). It shows
 * what a process asked for; what only the kernel knows is in the other formats.
 */
#include <string.h>

#include "timersnoop/line.h"
#include "timersnoop/out.h"

/* strace -a: results stand in this column at the earliest */
#define STRACE_RESULT_COLUMN 40

static char *out_strace_timespec(char *at, struct timerspec ts)
{
	at = line_s64(line_text(at, "{tv_sec="), ts.sec);
	at = line_u64(line_text(at, ", tv_nsec="), (uint64_t)ts.nsec);
	return line_byte(at, '}');
}

static char *out_strace_itimerspec(char *at, const struct itimerspec_seen *seen)
{
	at = out_strace_timespec(line_text(at, "{it_interval="), seen->interval);
	at = out_strace_timespec(line_text(at, ", it_value="), seen->value);
	return line_byte(at, '}');
}

static char *out_strace_pointer(char *at, const struct call *call, uint64_t pointer)
{
	if (!call->has_pointers)
		return line_byte(at, '?');
	return pointer ? line_hex(at, pointer) : line_text(at, "NULL");
}

static char *out_strace_flags(char *at, uint32_t flags)
{
	char text[TIMERSPEC_TEXT_MAX];
	uint32_t known = 0;
	const struct flag_name *name;

	if (!flags)
		return line_byte(at, '0');
	for (name = timer_settime_flags; name->name; name++)
		known |= name->bit;
	timerspec_flags(text, sizeof(text), timer_settime_flags, flags, "0");
	at = line_text(at, text);
	return !(flags & known) ? line_text(at, " /* TIMER_??? */") : at;
}

static char *out_strace_arguments(char *at, const struct call *call)
{
	if (call->has_args) {
		at = line_text(line_s64(at, call->timer_id), ", ");
		at = out_strace_flags(at, call->flags);
	} else {
		at = line_text(at, "?, ?");
	}
	at = line_text(at, ", ");
	if (call->new_value.from != FROM_NONE)
		at = out_strace_itimerspec(at, &call->new_value);
	else
		at = out_strace_pointer(at, call, call->new_ptr);
	at = line_text(at, ", ");
	if (call->missing & CALL_NO_RETURN)
		return line_text(at, " <unfinished ...>");
	/* strace reads the old value after the call, and only when it succeeded */
	if (call->old_value.from != FROM_NONE && call->ret == 0 &&
	    (call->old_ptr || !call->has_pointers))
		return out_strace_itimerspec(at, &call->old_value);
	return out_strace_pointer(at, call, call->old_ptr);
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

static void out_strace_call(struct sink *sink, const struct out_style *style,
			    const struct caller *caller, const struct call *call)
{
	char *start = sink_line(sink);
	char *at = start;

	at = out_caller(at, style, caller, out_strace_caller);
	if (style->time != TIME_NONE)
		at = line_byte(out_time(at, style, call->start_ns, 13), ' ');
	/* the name of the system call that a 32-bit program made */
	at = line_text(at, call->abi == ABI_32 ? "timer_settime64(" : "timer_settime(");
	at = line_byte(out_strace_arguments(at, call), ')');
	at = line_pad(at, (size_t)(at - start), STRACE_RESULT_COLUMN - 1);
	at = line_text(at, " = ");
	at = out_strace_result(at, call);
	if (call->abi == ABI_32 || call->abi == ABI_32_TIME32)
		at = line_text(at, " /* 32-bit */");
	sink_line_end(sink, line_byte(at, '\n'));
}

static void out_strace_lost(struct sink *sink, const struct out_style *style,
			    const struct loss *loss)
{
	(void)style;
	sink_line_end(sink, out_loss(sink_line(sink), loss));
}

const struct out out_strace = {
	.header = out_strace_header,
	.call = out_strace_call,
	.lost = out_strace_lost,
};
