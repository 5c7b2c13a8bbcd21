/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/timerspec.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

#include "timersnoop/line.h"

const struct flag_name timer_settime_flags[] = {
	{ TIMER_ABSTIME, "TIMER_ABSTIME" },
	{ 0, NULL },
};

const struct flag_name timerfd_settime_flags[] = {
	{ TFD_TIMER_ABSTIME, "TFD_TIMER_ABSTIME" },
	{ TFD_TIMER_CANCEL_ON_SET, "TFD_TIMER_CANCEL_ON_SET" },
	{ 0, NULL },
};

const struct flag_name timerfd_create_flags[] = {
	{ TFD_CLOEXEC, "TFD_CLOEXEC" },
	{ TFD_NONBLOCK, "TFD_NONBLOCK" },
	{ 0, NULL },
};

/* The lowest bits of a negative clock id, and what they mean (linux/posix-timers.h). */
#define CPUCLOCK_WHICH 3
#define CPUCLOCK_PERTHREAD 4
enum { CPUCLOCK_PROF, CPUCLOCK_VIRT, CPUCLOCK_SCHED, CLOCKFD };

/* Signals from here to 64 are real-time ones to the kernel. */
#define KERNEL_SIGRTMIN 32

bool timerspec_valid(struct timerspec ts)
{
	return ts.sec >= 0 && ts.nsec >= 0 && ts.nsec < NSEC_PER_SEC;
}

int64_t timerspec_ns(struct timerspec ts)
{
	int64_t ns;

	if (__builtin_mul_overflow(ts.sec, NSEC_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, ts.nsec, &ns))
		return ts.sec < 0 ? INT64_MIN : INT64_MAX;
	return ns;
}

bool timerspec_zero(struct timerspec ts)
{
	return ts.sec == 0 && ts.nsec == 0;
}

/* whole.fraction, `digits` digits of it, without zeros at the end */
static char *timerspec_decimal(char *at, uint64_t whole, uint32_t fraction, unsigned digits)
{
	at = line_u64(at, whole);
	if (!fraction)
		return at;
	at = line_digits(line_byte(at, '.'), fraction, digits);
	while (at[-1] == '0')
		at--;
	return at;
}

static char *timerspec_duration(char *at, uint64_t sec, uint32_t nsec)
{
	if (sec || !nsec)
		return line_text(timerspec_decimal(at, sec, nsec, 9), "s");
	if (nsec >= 1000000)
		return line_text(timerspec_decimal(at, nsec / 1000000, nsec % 1000000, 6), "ms");
	if (nsec >= 1000)
		return line_text(timerspec_decimal(at, nsec / 1000, nsec % 1000, 3), "us");
	return line_text(line_u64(at, nsec), "ns");
}

size_t timerspec_format(char *text, struct timerspec ts)
{
	char *at = text;

	if (timerspec_valid(ts)) {
		at = timerspec_duration(at, (uint64_t)ts.sec, (uint32_t)ts.nsec);
	} else {
		at = line_text(line_s64(at, ts.sec), "s");
		if (ts.nsec >= 0)
			*at++ = '+';
		at = line_text(line_s64(at, ts.nsec), "ns");
	}
	*at = '\0';
	return (size_t)(at - text);
}

size_t timerspec_format_ns(char *text, int64_t ns)
{
	uint64_t size = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	char *at = text;

	if (ns < 0)
		*at++ = '-';
	at = timerspec_duration(at, size / NSEC_PER_SEC, (uint32_t)(size % NSEC_PER_SEC));
	*at = '\0';
	return (size_t)(at - text);
}

/* Nanoseconds in a unit, or 0 for no unit of ours. */
static uint64_t timerspec_unit(const char *text)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "", NSEC_PER_SEC },
		{ "ns", 1 },
		{ "us", 1000 },
		{ "ms", 1000000 },
		{ "s", NSEC_PER_SEC },
		{ "m", 60 * NSEC_PER_SEC },
		{ "h", 3600 * NSEC_PER_SEC },
		{ "d", 86400 * NSEC_PER_SEC },
	};
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(text, units[i].name) == 0)
			return units[i].ns;
	return 0;
}

/* 0.DIGITS of a unit in nanoseconds; false when that is no whole number. */
static bool timerspec_fraction(const char *digits, size_t count, uint64_t unit, uint64_t *ns)
{
	uint64_t number = 0, scale = 1, left = unit, rest, common;
	size_t i;

	while (count && digits[count - 1] == '0')
		count--;
	/* no unit is divisible by 2 or 5 often enough for more digits */
	if (count > 18)
		return false;
	for (i = 0; i < count; i++) {
		number = number * 10 + (uint64_t)(digits[i] - '0');
		scale *= 10;
	}
	for (common = scale; left; left = rest) {
		rest = common % left;
		common = left;
	}
	if (number % (scale / common))
		return false;
	*ns = number / (scale / common) * (unit / common);
	return true;
}

size_t timerspec_format_short(char *text, int64_t ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "s", 1e9 }, { "ms", 1e6 }, { "us", 1e3 }, { "ns", 1 } };
	double amount = ns < 0 ? -(double)ns : (double)ns;
	size_t i = 0;

	/* 999.96us is 1.00ms, not 1000us */
	while (ns && i < 3 && amount < units[i].ns * 0.9995)
		i++;
	amount /= units[i].ns;
	return (size_t)snprintf(text, TIMERSPEC_TEXT_MAX, "%s%.*f%s", ns < 0 ? "-" : "",
				i == 3 || !ns || amount >= 99.95 ? 0
				: amount >= 9.995                ? 1
								 : 2,
				amount, units[i].unit);
}

int timerspec_parse(const char *text, int64_t *ns)
{
	size_t whole_count = strspn(text, "0123456789");
	const char *fraction = text + whole_count;
	size_t fraction_count = 0;
	uint64_t unit, whole = 0, part = 0;
	size_t i;

	if (*fraction == '.') {
		fraction++;
		fraction_count = strspn(fraction, "0123456789");
		if (!fraction_count)
			return -EINVAL;
	}
	if (!whole_count && !fraction_count)
		return -EINVAL;
	unit = timerspec_unit(fraction + fraction_count);
	if (!unit)
		return -EINVAL;
	for (i = 0; i < whole_count; i++)
		if (__builtin_mul_overflow(whole, 10U, &whole) ||
		    __builtin_add_overflow(whole, (uint64_t)(text[i] - '0'), &whole))
			return -ERANGE;
	if (!timerspec_fraction(fraction, fraction_count, unit, &part) ||
	    __builtin_mul_overflow(whole, unit, &whole) ||
	    __builtin_add_overflow(whole, part, &whole) || whole > INT64_MAX)
		return -ERANGE;
	*ns = (int64_t)whole;
	return 0;
}

size_t timerspec_flags(char *text, size_t size, const struct flag_name *names, uint32_t flags,
		       const char *none)
{
	char joined[256];
	char *at = joined;
	size_t length;

	if (!flags)
		at = line_text(at, none);
	for (; names->name; names++) {
		if (!(flags & names->bit))
			continue;
		flags &= ~names->bit;
		at = line_text(at, names->name);
		if (flags)
			*at++ = '|';
	}
	if (flags)
		at = line_hex(at, flags);
	length = (size_t)(at - joined);
	if (!size)
		return 0;
	if (length > size - 1)
		length = size - 1;
	memcpy(text, joined, length);
	text[length] = '\0';
	return length;
}

/* Never meant to leave the kernel (linux/errno.h), so libc has no names. */
static const char *timerspec_kernel_errno(int number)
{
	switch (number) {
	case 512:
		return "ERESTARTSYS";
	case 513:
		return "ERESTARTNOINTR";
	case 514:
		return "ERESTARTNOHAND";
	case 515:
		return "ENOIOCTLCMD";
	case 516:
		return "ERESTART_RESTARTBLOCK";
	case 524:
		return "ENOTSUPP";
	default:
		return NULL;
	}
}

const char *timerspec_errno_name(int number)
{
	if (number <= 0)
		return NULL;
	if (number >= 512)
		return timerspec_kernel_errno(number);
	return strerrorname_np(number);
}

const char *timerspec_clock_name(int32_t clock)
{
	static const char *const names[] = {
		[CLOCK_REALTIME] = "CLOCK_REALTIME",
		[CLOCK_MONOTONIC] = "CLOCK_MONOTONIC",
		[CLOCK_PROCESS_CPUTIME_ID] = "CLOCK_PROCESS_CPUTIME_ID",
		[CLOCK_THREAD_CPUTIME_ID] = "CLOCK_THREAD_CPUTIME_ID",
		[CLOCK_MONOTONIC_RAW] = "CLOCK_MONOTONIC_RAW",
		[CLOCK_REALTIME_COARSE] = "CLOCK_REALTIME_COARSE",
		[CLOCK_MONOTONIC_COARSE] = "CLOCK_MONOTONIC_COARSE",
		[CLOCK_BOOTTIME] = "CLOCK_BOOTTIME",
		[CLOCK_REALTIME_ALARM] = "CLOCK_REALTIME_ALARM",
		[CLOCK_BOOTTIME_ALARM] = "CLOCK_BOOTTIME_ALARM",
		[10] = "CLOCK_SGI_CYCLE", /* gone since Linux 4.17, its number stays */
		[CLOCK_TAI] = "CLOCK_TAI",
	};

	return clock >= 0 && clock < (int32_t)(sizeof(names) / sizeof(names[0])) ? names[clock]
										 : NULL;
}

bool timerspec_cpu_clock(int32_t clock)
{
	if (clock >= 0)
		return clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
	return (clock & CPUCLOCK_WHICH) != CLOCKFD;
}

int32_t timerspec_clock_task(int32_t clock, bool *thread)
{
	*thread = clock & CPUCLOCK_PERTHREAD;
	return clock < 0 && timerspec_cpu_clock(clock) ? ~clock >> 3 : 0;
}

bool timerspec_alarm_clock(int32_t clock)
{
	return clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

int32_t timerspec_base_clock(int32_t clock)
{
	if (clock == CLOCK_REALTIME_ALARM)
		return CLOCK_REALTIME;
	return clock == CLOCK_BOOTTIME_ALARM ? CLOCK_BOOTTIME : clock;
}

int32_t timerspec_given_clock(int32_t clock)
{
	bool thread;

	if (clock >= 0 || !timerspec_cpu_clock(clock) || timerspec_clock_task(clock, &thread) ||
	    (clock & CPUCLOCK_WHICH) != CPUCLOCK_SCHED)
		return clock;
	return clock & CPUCLOCK_PERTHREAD ? CLOCK_THREAD_CPUTIME_ID : CLOCK_PROCESS_CPUTIME_ID;
}

const char *timerspec_which(int32_t which)
{
	static const char *const names[] = {
		[ITIMER_REAL] = "ITIMER_REAL",
		[ITIMER_VIRTUAL] = "ITIMER_VIRTUAL",
		[ITIMER_PROF] = "ITIMER_PROF",
	};

	return which >= 0 && which < (int32_t)(sizeof(names) / sizeof(names[0])) ? names[which]
										 : NULL;
}

static char *cpu_clock_text(char *at, int32_t clock)
{
	static const char *const suffixes[] = {
		[CPUCLOCK_PROF] = " (PROF)",
		[CPUCLOCK_VIRT] = " (VIRT)",
		[CPUCLOCK_SCHED] = "",
	};
	bool thread = clock & CPUCLOCK_PERTHREAD;
	int32_t which = clock & CPUCLOCK_WHICH;
	int32_t id = ~clock >> 3;

	if (!id && which == CPUCLOCK_SCHED)
		return line_text(at, timerspec_clock_name(thread ? CLOCK_THREAD_CPUTIME_ID
								 : CLOCK_PROCESS_CPUTIME_ID));
	at = line_text(at, thread ? "thread CPU clock of " : "process CPU clock of ");
	at = id ? line_s64(at, id) : line_text(at, "the caller");
	return line_text(at, suffixes[which]);
}

size_t timerspec_clock(char *text, int32_t clock)
{
	const char *name = timerspec_clock_name(clock);
	char *at = text;

	if (name)
		at = line_text(at, name);
	else if (clock >= 0 || (clock & 7) == (CPUCLOCK_PERTHREAD | CLOCKFD))
		at = line_s64(line_text(at, "clock "), clock);
	else if ((clock & 7) == CLOCKFD)
		at = line_s64(line_text(at, "dynamic clock of fd "), ~clock >> 3);
	else
		at = cpu_clock_text(at, clock);
	*at = '\0';
	return (size_t)(at - text);
}

const char *timerspec_notify(int32_t notify)
{
	switch (notify) {
	case SIGEV_SIGNAL:
		return "SIGEV_SIGNAL";
	case SIGEV_NONE:
		return "SIGEV_NONE";
	case SIGEV_THREAD:
		return "SIGEV_THREAD";
	case SIGEV_THREAD_ID:
		return "SIGEV_THREAD_ID";
	default:
		return NULL;
	}
}

size_t timerspec_signal(char *text, int32_t number)
{
	const char *name = number > 0 && number < KERNEL_SIGRTMIN ? sigabbrev_np(number) : NULL;
	char *at = text;

	if (name) {
		at = line_text(line_text(at, "SIG"), name);
	} else if (number >= KERNEL_SIGRTMIN && number < SIGRTMIN) {
		at = line_s64(line_text(at, "SIG"), number);
	} else if (number >= SIGRTMIN && number <= SIGRTMAX) {
		at = line_text(at, "SIGRTMIN");
		if (number > SIGRTMIN)
			at = line_s64(line_byte(at, '+'), number - SIGRTMIN);
	} else {
		at = line_s64(at, number);
	}
	*at = '\0';
	return (size_t)(at - text);
}
