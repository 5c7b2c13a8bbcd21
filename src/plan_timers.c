/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The probes of what the kernel does by itself: expiries, signals, ends. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "timersnoop/plan_parts.h"

/* Timers' signals: SI_TIMER; and SI_KERNEL with those that only itimers send. */
#define SIGNAL_FILTER "code == -2 || (code == 128 && (sig == 14 || sig == 26 || sig == 27))"

/* siginfo(LP64): si_signo, si_code, and of SI_TIMER si_timerid, si_overrun, si_value */
#define SIGINFO_ARGS                                                                               \
	"sig=+%d(%s):s32 code=+%d(%s):s32 id=+%d(%s):s32 overrun=+%d(%s):s32 value=+%d(%s):x64"

/* struct sigqueue up to 6.12: siginfo behind list and flags; its si_timerid */
#define SIGQUEUE_ID 40

const char *const plan_timers_symbols[] = {
	"posix_timer_fn",
	"alarm_handle_timer",
	"alarmtimer_fired",
	"send_sigqueue",
	"posixtimer_send_sigqueue",
	"timerfd_tmrproc",
	"timerfd_alarmproc",
	"anon_inode_getfd",
	"anon_inode_getfile",
	"anon_inode_getfile_fmode",
	"timerfd_release",
	"it_real_fn",
	"signal_setup_done",
	"copy_siginfo_to_user",
	"copy_siginfo_to_external32",
	"signalfd_copyinfo",
	"do_sigtimedwait",
	"exit_itimers",
	NULL,
};

/* Callbacks of hrtimers. */
const char *const plan_timers_addressed[] = { "posix_timer_fn", "timerfd_tmrproc", "it_real_fn",
					      "alarmtimer_fired", NULL };

/*
 * What the hrtimer `at` bytes from argument 1 knows: the instant it was to
 * expire at, the clock of its base and that clock's offset from
 * CLOCK_MONOTONIC, which the trace clock is.
 */
static void named_args(const int *offset, char *text, size_t size, const char *prefix, int at)
{
	snprintf(text, size,
		 "%sasked=%+d($arg1):s64 %sahead=+%d(%+d($arg1)):s64 %sbase=+%d(%+d($arg1)):s32",
		 prefix, at + offset[OFFSET_HRTIMER_ASKED], prefix, offset[OFFSET_BASE_OFFSET],
		 at + offset[OFFSET_HRTIMER_BASE], prefix, offset[OFFSET_BASE_CLOCK],
		 at + offset[OFFSET_HRTIMER_BASE]);
}

static void hrtimer_args(const int *offset, char *text, size_t size, int at)
{
	named_args(offset, text, size, "", at);
}

/* What a POSIX timer (struct k_itimer) `at` bytes from argument 1 knows. */
static void timer_args(const int *offset, char *text, size_t size, int at)
{
	snprintf(text, size,
		 "id=%+d($arg1):s32 clock=%+d($arg1):s32 interval=%+d($arg1):s64 "
		 "pid=+%d(%+d($arg1)):s32",
		 at + offset[OFFSET_ITIMER_ID], at + offset[OFFSET_ITIMER_CLOCK],
		 at + offset[OFFSET_ITIMER_INTERVAL], offset[OFFSET_PID_NUMBERS],
		 at + offset[OFFSET_ITIMER_PID]);
}

/* The functions of the hrtimers that `events` are about; or `alarms` of alarm clocks too. */
static void hrtimer_filter(const struct plan_maker *maker, bool alarms, char *text, size_t size)
{
	static const uint32_t events[] = {
		EVENT_BIT(EVENT_TIMER_EXPIRE) | EVENTS_SIGNAL,
		EVENT_BIT(EVENT_TIMERFD_EXPIRE),
		EVENT_BIT(EVENT_ITIMER_EXPIRE) | EVENTS_SIGNAL,
		EVENT_BIT(EVENT_TIMER_EXPIRE) | EVENT_BIT(EVENT_TIMERFD_EXPIRE) | EVENTS_SIGNAL,
	};
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]) - !alarms; i++) {
		const char *function = plan_timers_addressed[i];
		uint64_t address = kernel_features_address(maker->features, function);

		if (!plan_wants(maker, events[i]) ||
		    kernel_features_absent(maker->features, function))
			continue;
		if (!address) {
			text[0] = '\0';
			return;
		}
		used += (size_t)snprintf(text + used, size - used, "%sfunction == 0x%llx",
					 used ? " || " : "", (unsigned long long)address);
	}
}

/*
 * A kprobe is missed when an interrupt comes while another one is being
 * handled, as just after a timer was armed for a time that is close. Tracepoints
 * are not: these tell of expiries whose probe was missed, if they are of a timer
 * whose hrtimer was seen before.
 */
static bool plan_hrtimers(struct plan_maker *maker)
{
	struct plan_event start = { .means = { .use = USE_HRTIMER_START },
				    .system = "timer",
				    .event = "hrtimer_start",
				    .why = "which timer's hrtimer is armed, and for when" };
	struct plan_event expire = { .means = { .use = USE_HRTIMER_EXPIRE },
				     .anywhere = true,
				     .system = "timer",
				     .event = "hrtimer_expire_entry",
				     .why = "expiries whose probe is missed" };

	/* What is armed for a time that has passed need not be started at all. */
	static const struct plan_event expired = { .means = { .use = USE_HRTIMER_EXPIRED },
						   .system = "timer",
						   .event = "hrtimer_start_expired",
						   .why = "timers that have expired when they "
							  "are armed" };

	hrtimer_filter(maker, true, start.filter, sizeof(start.filter));
	/* Alarms are not timers' alone: nothing would follow the expiry of others. */
	hrtimer_filter(maker, false, expire.filter, sizeof(expire.filter));
	if (!start.filter[0] || !expire.filter[0]) {
		plan_note(maker, "of timerfds, those that are created from now on are known when "
				 "they expire: the kernel hides its addresses (kptr_restrict)");
		return false;
	}
	plan_event(maker, &start);
	plan_event(maker, &expire);
	if (maker->features->events[FEATURE_HRTIMER_START_EXPIRED])
		plan_event(maker, &expired);
	return true;
}

/* The name of an event whose missed hits the tracepoints tell of. */
static const char *backed(const struct plan_maker *maker, const char *tried)
{
	return maker->backed ? tried : tried + strlen(TRY_PREFIX);
}

static void plan_expiry(struct plan_maker *maker)
{
	const int *offset = maker->features->offset;
	int it = offset[OFFSET_ITIMER_IT], alarm = offset[OFFSET_ALARM_TIMER];
	struct probe probe = { .means = { USE_EXPIRY, EVENT_TIMER_EXPIRE, ABI_UNKNOWN },
			       .anywhere = true };
	struct probe queue = { .means = { USE_QUEUE, EVENT_TIMER_EXPIRE, ABI_UNKNOWN },
			       .anywhere = true };
	const char *name = backed(maker, TRY_PREFIX "queue");
	char timer[200], hrtimer[200], alarm_hrtimer[200];

	/* Both are given the timer within struct k_itimer. */
	timer_args(offset, timer, sizeof(timer), -it);
	hrtimer_args(offset, hrtimer, sizeof(hrtimer), 0);
	if (!plan_probe(maker, &probe, backed(maker, TRY_PREFIX "expire"), "posix_timer_fn",
			"expiries of POSIX timers", "timer=$arg1:x64 %s %s", timer, hrtimer))
		plan_note(maker, "no expiries of POSIX timers: posix_timer_fn cannot be probed");
	hrtimer_args(offset, hrtimer, sizeof(hrtimer), alarm);
	if (!plan_probe(maker, &probe, "expire_alarm", "alarm_handle_timer",
			"expiries of POSIX timers on alarm clocks", "timer=$arg1:x64 %s %s", timer,
			hrtimer))
		plan_note(maker, "no expiries on alarm clocks: alarm_handle_timer cannot be "
				 "probed");
	/* From 6.13 on it is given the timer itself. */
	timer_args(offset, timer, sizeof(timer), 0);
	hrtimer_args(offset, hrtimer, sizeof(hrtimer), it);
	named_args(offset, alarm_hrtimer, sizeof(alarm_hrtimer), "alarm_", it + alarm);
	if (!plan_probe(maker, &queue, name, "posixtimer_send_sigqueue",
			"timers that send a signal; expiries on CPU clocks, and of timers "
			"armed in the past",
			"%s %s %s", timer, hrtimer, alarm_hrtimer) &&
	    !plan_probe(maker, &queue, name, "send_sigqueue",
			"timers that send a signal; expiries on CPU clocks",
			"id=+%d($arg1):s32 pid=+%d($arg2):s32", SIGQUEUE_ID,
			offset[OFFSET_PID_NUMBERS]))
		plan_note(maker, "no expiries on CPU clocks: send_sigqueue cannot be probed");
}

/* A timerfd's address is that of its hrtimer, and of its alarm: they come first. */
static void plan_timerfd(struct plan_maker *maker)
{
	static const char *const files[] = { "anon_inode_getfd", "anon_inode_getfile",
					     "anon_inode_getfile_fmode" };
	const int *offset = maker->features->offset;
	struct probe probe = { .means = { USE_EXPIRY, EVENT_TIMERFD_EXPIRE, ABI_UNKNOWN },
			       .anywhere = true };
	struct probe file = { .means = { USE_FILE, EVENT_TIMERFD_CREATE, ABI_UNKNOWN } };
	/* Whoever closes the last descriptor need not be followed. */
	struct probe release = { .means = { USE_RELEASE, EVENT_TIMERFD_CREATE, ABI_UNKNOWN },
				 .anywhere = true };
	char hrtimer[200];
	int files_seen = 0;

	hrtimer_args(offset, hrtimer, sizeof(hrtimer), 0);
	if (!plan_probe(maker, &probe, backed(maker, TRY_PREFIX "expire_fd"), "timerfd_tmrproc",
			"expiries of timerfds",
			"timer=$arg1:x64 clock=+%d($arg1):s32 interval=+%d($arg1):s64 %s",
			offset[OFFSET_TIMERFD_CLOCK], offset[OFFSET_TIMERFD_INTERVAL], hrtimer))
		plan_note(maker, "no expiries of timerfds: timerfd_tmrproc cannot be probed");
	hrtimer_args(offset, hrtimer, sizeof(hrtimer), offset[OFFSET_ALARM_TIMER]);
	if (!plan_probe(maker, &probe, "expire_fd_alarm", "timerfd_alarmproc",
			"expiries of timerfds on alarm clocks",
			"timer=$arg1:x64 clock=+%d($arg1):s32 interval=+%d($arg1):s64 %s",
			offset[OFFSET_TIMERFD_CLOCK], offset[OFFSET_TIMERFD_INTERVAL], hrtimer))
		plan_note(maker, "no expiries of timerfds on alarm clocks: timerfd_alarmproc "
				 "cannot be probed");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!kernel_features_absent(maker->features, files[i]))
			files_seen += plan_probe(maker, &file, files[i], files[i],
						 "the address of a new timerfd", "timer=$arg3:x64");
	if (!files_seen)
		plan_note(maker, "which timerfd expires is known once it was armed");
	if (offset[OFFSET_FILE_PRIVATE] < 0 ||
	    !plan_probe(maker, &release, "release", "timerfd_release", "timerfds that are closed",
			"timer=+%d($arg2):x64", offset[OFFSET_FILE_PRIVATE]))
		plan_note(maker, "timerfds that are closed are not told of: timerfd_release cannot "
				 "be read");
}

static void plan_itimer(struct plan_maker *maker)
{
	const int *offset = maker->features->offset;
	int real = offset[OFFSET_SIGNAL_REAL];
	struct probe probe = { .means = { USE_EXPIRY, EVENT_ITIMER_EXPIRE, ABI_UNKNOWN },
			       .anywhere = true };
	struct plan_event expire = { .means = { .use = USE_ITIMER_EXPIRE },
				     .anywhere = true,
				     .system = "timer",
				     .event = "itimer_expire",
				     .why = "expiries of itimers" };
	char hrtimer[200];

	hrtimer_args(offset, hrtimer, sizeof(hrtimer), 0);
	/* signal->pids[PIDTYPE_TGID], the second */
	if (real >= 0 && offset[OFFSET_SIGNAL_PIDS] >= 0 && offset[OFFSET_SIGNAL_INCR] >= 0 &&
	    plan_probe(maker, &probe, backed(maker, TRY_PREFIX "expire_real"), "it_real_fn",
		       "expiries of ITIMER_REAL",
		       "timer=$arg1:x64 interval=%+d($arg1):s64 pid=+%d(%+d($arg1)):s32 %s",
		       offset[OFFSET_SIGNAL_INCR] - real, offset[OFFSET_PID_NUMBERS],
		       offset[OFFSET_SIGNAL_PIDS] + 8 - real, hrtimer))
		snprintf(expire.filter, sizeof(expire.filter), "which != 0");
	else
		plan_note(maker, "how late ITIMER_REAL expires is not known: it_real_fn cannot be "
				 "read");
	plan_event(maker, &expire);
}

static bool plan_siginfo(struct plan_maker *maker, enum probe_use use, const char *symbol,
			 const char *why, const char *pointer, int at)
{
	struct probe probe = { .means = { use, EVENT_SIGNAL_DELIVER, ABI_UNKNOWN },
			       .filter = SIGNAL_FILTER };

	return plan_probe(maker, &probe, symbol, symbol, why, SIGINFO_ARGS, at, pointer, at + 8,
			  pointer, at + 16, pointer, at + 20, pointer, at + 24, pointer);
}

/*
 * Who waits for a signal gets its siginfo on the kernel's stack first; where a
 * part of the function goes by another name, it can be seen being copied out,
 * unless the compiler made the copying a part of it (5.10).
 */
static void plan_waits(struct plan_maker *maker)
{
	struct probe wait = { .means = { .use = USE_WAIT } };
	struct probe waited = { .means = { .use = USE_WAITED },
				.kretprobe = true,
				.filter = "ret > 0" };
	char args[64];

	snprintf(args, sizeof(args), "ret=$retval:s32 stack=+0($stack):s64[%d]", STACK_WORDS);
	if (!kernel_features_absent(maker->features, "do_sigtimedwait") &&
	    maker->features->arrays &&
	    plan_probe(maker, &wait, "wait", "do_sigtimedwait", "threads that wait for a signal",
		       "at=$arg2:x64 %s", maker->arch->stack) &&
	    plan_probe(maker, &waited, "waited", "do_sigtimedwait",
		       "signals that sigwaitinfo "
		       "fetches",
		       "%s", args))
		return;
	if (!plan_siginfo(maker, USE_FETCHED, "copy_siginfo_to_user",
			  "signals that sigwaitinfo fetches", "$arg2", 0))
		plan_note(maker, "signals that are waited for are not shown as delivered: "
				 "copy_siginfo_to_user cannot be probed");
	if (!kernel_features_absent(maker->features, "copy_siginfo_to_external32"))
		plan_siginfo(maker, USE_FETCHED, "copy_siginfo_to_external32",
			     "signals that 32-bit callers fetch", "$arg2", 0);
}

static void plan_signals(struct plan_maker *maker)
{
	static const struct plan_event generate = { .means = { .use = USE_SIGNAL },
						    .anywhere = true,
						    .system = "signal",
						    .event = "signal_generate",
						    .filter = SIGNAL_FILTER,
						    .why = "what became of a timer's signal" };
	static const struct plan_event deliver = { .means = { .use = USE_DELIVER },
						   .system = "signal",
						   .event = "signal_deliver",
						   .filter = SIGNAL_FILTER,
						   .why = "threads that take one" };
	int info = maker->features->offset[OFFSET_KSIGNAL_INFO];

	plan_event(maker, &generate);
	if (!plan_wants(maker, EVENT_BIT(EVENT_SIGNAL_DELIVER)))
		return;
	plan_event(maker, &deliver);
	if (info < 0 || !plan_siginfo(maker, USE_HANDLED, "signal_setup_done",
				      "which timer's signal a handler gets", "$arg2", info))
		plan_note(maker, "which of several timers with one signal a handler gets is "
				 "guessed, its overruns are not shown: signal_setup_done cannot "
				 "be read");
	plan_waits(maker);
	if (!plan_siginfo(maker, USE_SIGNALFD, "signalfd_copyinfo",
			  "signals that a signalfd fetches", "$arg2", 0))
		plan_note(maker, "signals that a signalfd fetches are not shown as delivered: "
				 "signalfd_copyinfo cannot be probed");
}

static bool has_types(const struct kernel_features *features)
{
	static const enum feature_offset needed[] = {
		OFFSET_ITIMER_ID,        OFFSET_ITIMER_CLOCK, OFFSET_ITIMER_INTERVAL,
		OFFSET_ITIMER_PID,       OFFSET_ITIMER_IT,    OFFSET_HRTIMER_ASKED,
		OFFSET_HRTIMER_BASE,     OFFSET_BASE_OFFSET,  OFFSET_BASE_CLOCK,
		OFFSET_ALARM_TIMER,      OFFSET_PID_NUMBERS,  OFFSET_TIMERFD_CLOCK,
		OFFSET_TIMERFD_INTERVAL,
	};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (features->offset[needed[i]] < 0)
			return false;
	return true;
}

int plan_timers(struct plan_maker *maker, struct error *err)
{
	struct probe gone = { .means = { .use = USE_TIMERS_GONE } };

	if (!maker->wishes->lives && !plan_wants(maker, EVENTS_EXPIRE | EVENTS_SIGNAL))
		return 0;
	if (!plan_probe(maker, &gone, "timers_gone", "exit_itimers",
			"processes that end or execute another program", "of=$arg1:x64"))
		plan_note(maker, "the end of a process may not be seen: exit_itimers cannot be "
				 "probed");
	if (!has_types(maker->features)) {
		if (!maker->wishes->lives && !(maker->wishes->events & EVENTS_CALLS)) {
			error_set(err, ENOTSUP,
				  "expiries and signals cannot be shown: this kernel "
				  "has no type data of its timers");
			error_hint(err, "it needs CONFIG_DEBUG_INFO_BTF=y "
					"(/sys/kernel/btf/vmlinux); -e calls works without");
			return -ENOTSUP;
		}
		plan_note(maker, "no expiries and no signals: this kernel has no type data of its "
				 "timers (/sys/kernel/btf/vmlinux)");
		return 0;
	}
	maker->backed = plan_hrtimers(maker);
	if (plan_wants(maker, EVENT_BIT(EVENT_TIMER_EXPIRE) | EVENTS_SIGNAL))
		plan_expiry(maker);
	if (plan_wants(maker, EVENT_BIT(EVENT_TIMERFD_EXPIRE)))
		plan_timerfd(maker);
	if (plan_wants(maker, EVENT_BIT(EVENT_ITIMER_EXPIRE) | EVENTS_SIGNAL))
		plan_itimer(maker);
	if (plan_wants(maker, EVENTS_SIGNAL))
		plan_signals(maker);
	return 0;
}
