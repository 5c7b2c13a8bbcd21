/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What programs that live with timers share: each system call on a timer, made
 * directly and told in an account, to be compared with what a tracer saw.
 *
 * The account is one JSON object a line, appended to a file by a single write(),
 * right after what it tells of:
 *
 * - each call, with the keys and values that timersnoop gives it
 * - "handled": a signal that came; "how" as in timersnoop's "result", the rest
 *   as in siginfo_t
 * - "read": a read of a timerfd, and the "count" that it returned
 * - "leftover": a signal that was pending when its timer was disarmed, and that
 *   the kernel then took back
 * - "closed": a file descriptor
 * - "exec": the process is about to execute another program
 * - "ready": the moment when a program waits to go on
 *
 * Keys that begin with "_" are no facts of the call: _before and _after, some
 * clocks around it in nanoseconds; _mono, CLOCK_MONOTONIC after all else; _part, only some of the keys are known;
 * _refused, the kernel must refuse these times.
 *
 * Of what a program expects of the kernel it makes sure itself, and ends with
 * 99 when it is not so.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "entries.h"

/* No program needs all of this. */
#pragma GCC diagnostic ignored "-Wunused-function"

#define PAGE 4096
#define MS 1000000ll
#define SECOND (1000 * MS)
#define FAR (100000 * SECOND) /* no timer of ours expires by itself */

enum family { POSIX, FD, ITIMER };

/* System calls, see entries.h. */
struct numbers {
	const char *event;
	int of[3];
};
static const struct numbers nr_create = { "timer_create",
					  ENTRIES(SYS_timer_create, 259, 259, 257, 257) };
static const struct numbers nr_overrun = { "timer_getoverrun",
					   ENTRIES(SYS_timer_getoverrun, 262, 262, 260, 260) };
static const struct numbers nr_delete = { "timer_delete",
					  ENTRIES(SYS_timer_delete, 263, 263, 261, 261) };
static const struct numbers nr_fd = { "timerfd_create",
				      ENTRIES(SYS_timerfd_create, 322, 322, 350, 350) };
/* by enum family */
static const struct numbers nr_set[] = {
	{ "timer_settime", ENTRIES(SYS_timer_settime, 409, 260, 409, 258) },
	{ "timerfd_settime", ENTRIES(SYS_timerfd_settime, 411, 325, 411, 353) },
	{ "setitimer", ENTRIES(SYS_setitimer, 104, 104, 104, 104) },
};
static const struct numbers nr_get[] = {
	{ "timer_gettime", ENTRIES(SYS_timer_gettime, 408, 261, 408, 259) },
	{ "timerfd_gettime", ENTRIES(SYS_timerfd_gettime, 410, 326, 410, 354) },
	{ "getitimer", ENTRIES(SYS_getitimer, 105, 105, 105, 105) },
};

static int account;
static const char *account_path = "/dev/stdout";
static char *low; /* memory below 4 GiB */

static void die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	_exit(99);
}

static void expect(bool so, const char *what)
{
	if (so)
		return;
	fprintf(stderr, "%s: not so: %s\n", program_invocation_short_name, what);
	_exit(99);
}

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

static void nap(int64_t ns)
{
	struct timespec ts = { ns / SECOND, ns % SECOND };

	while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
		;
}

/* The account. */

struct line {
	char text[2048];
	size_t length;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line->length += (size_t)vsnprintf(line->text + line->length,
					  sizeof(line->text) - line->length, format, args);
	va_end(args);
}

static void put(struct line *line)
{
	add(line, "}\n");
	if (write(account, line->text, line->length) != (ssize_t)line->length)
		die("account");
}

static void add_event(struct line *line, const char *event)
{
	char comm[16];

	line->length = 0;
	prctl(PR_GET_NAME, comm);
	add(line, "{\"event\":\"%s\",\"pid\":%d,\"tid\":%ld,\"comm\":\"%s\"", event, getpid(),
	    syscall(SYS_gettid), comm);
}

static void add_pointer(struct line *line, const char *key, uint64_t pointer)
{
	if (pointer)
		add(line, ",\"%s\":\"0x%" PRIx64 "\"", key, pointer);
	else
		add(line, ",\"%s\":null", key);
}

struct moment {
	int64_t mono, real, boot, tai;
};

static struct moment moment(void)
{
	return (struct moment){ now(CLOCK_MONOTONIC), now(CLOCK_REALTIME), now(CLOCK_BOOTTIME),
				now(CLOCK_TAI) };
}

static void add_moment(struct line *line, const char *key, const struct moment *at)
{
	add(line, ",\"%s\":{\"CLOCK_MONOTONIC\":%" PRId64 ",\"CLOCK_REALTIME\":%" PRId64, key,
	    at->mono, at->real);
	add(line, ",\"CLOCK_BOOTTIME\":%" PRId64 ",\"CLOCK_TAI\":%" PRId64 "}", at->boot, at->tai);
}

/* A call under way: what was there before it, and then its account. */
struct made {
	struct line line;
	struct moment before, after;
	long ret;
};

/* Makes the call, and begins its account. */
static void make(struct made *made, const struct numbers *numbers, enum abi abi, uint64_t a,
		 uint64_t b, uint64_t c, uint64_t d)
{
	made->before = moment();
	if (abi == ABI_64) {
		made->ret = syscall(numbers->of[abi], a, b, c, d);
		if (made->ret < 0)
			made->ret = -errno;
	} else {
		made->ret = narrow_call(numbers->of[abi], a, b, c, d);
	}
	made->after = moment();
	add_event(&made->line, numbers->event);
	add(&made->line, ",\"abi\":\"%s\"", abi == ABI_64 ? "64" : "32");
}

static long finish(struct made *made)
{
	add(&made->line, ",\"ret\":%ld", made->ret);
	add_moment(&made->line, "_before", &made->before);
	add_moment(&made->line, "_after", &made->after);
	put(&made->line);
	return made->ret;
}

/* Names, as timersnoop has them. */

static const char *signal_name(int signo)
{
	static char numbered[16];

	switch (signo) {
	case SIGUSR1:
		return "SIGUSR1";
	case SIGUSR2:
		return "SIGUSR2";
	case SIGALRM:
		return "SIGALRM";
	case SIGVTALRM:
		return "SIGVTALRM";
	case SIGPROF:
		return "SIGPROF";
	case 36:
		return "SIGRTMIN+2";
	}
	snprintf(numbered, sizeof(numbered), "%d", signo);
	return numbered;
}

static const char *notify_name(int notify)
{
	static char numbered[16];

	switch (notify) {
	case SIGEV_SIGNAL:
		return "\"SIGEV_SIGNAL\"";
	case SIGEV_NONE:
		return "\"SIGEV_NONE\"";
	case SIGEV_THREAD:
		return "\"SIGEV_THREAD\"";
	case SIGEV_THREAD_ID:
		return "\"SIGEV_THREAD_ID\"";
	}
	snprintf(numbered, sizeof(numbered), "%d", notify);
	return numbered;
}

static void add_clock(struct line *line, clockid_t clock)
{
	static const char *const names[] = {
		"CLOCK_REALTIME",          "CLOCK_MONOTONIC",     "CLOCK_PROCESS_CPUTIME_ID",
		"CLOCK_THREAD_CPUTIME_ID", "CLOCK_MONOTONIC_RAW", "CLOCK_REALTIME_COARSE",
		"CLOCK_MONOTONIC_COARSE",  "CLOCK_BOOTTIME",      "CLOCK_REALTIME_ALARM",
		"CLOCK_BOOTTIME_ALARM",    "CLOCK_SGI_CYCLE",     "CLOCK_TAI",
	};
	bool thread = clock & 4;

	add(line, ",\"clock_id\":%d,\"clock\":", clock);
	if (clock < 0)
		add(line, "\"%s CPU clock of %d\",\"%s\":%d", thread ? "thread" : "process",
		    ~clock >> 3, thread ? "clock_tid" : "clock_pid", ~clock >> 3);
	else if (clock < (int)(sizeof(names) / sizeof(names[0])))
		add(line, "\"%s\"", names[clock]);
	else
		add(line, "\"clock %d\"", clock);
}

/* The calls. */

/* All that a sigevent says to the kernel. */
struct event {
	int notify, signo;
	uint64_t value;
	int tid;
};

struct create {
	enum abi abi;
	clockid_t clock;
	uint64_t event, id;       /* pointers */
	const struct event *seen; /* what the kernel sees behind event */
};

static void store_event(enum abi abi, void *at, const struct event *event)
{
	struct sigevent wide = { .sigev_value = { .sival_ptr = (void *)(uintptr_t)event->value },
				 .sigev_signo = event->signo,
				 .sigev_notify = event->notify };
	int32_t narrow[16] = { (int32_t)event->value, event->signo, event->notify, event->tid };

	wide._sigev_un._tid = event->tid;
	if (abi == ABI_64)
		memcpy(at, &wide, sizeof(wide));
	else
		memcpy(at, narrow, sizeof(narrow));
}

static void add_sigevent(struct line *line, const struct event *event, const char *from)
{
	add(line,
	    ",\"sigevent\":{\"notify\":%s,\"signo\":%d,\"signal\":", notify_name(event->notify),
	    event->signo);
	if (event->notify == SIGEV_NONE)
		add(line, "null");
	else
		add(line, "\"%s\"", signal_name(event->signo));
	if (*from == 'd' && (int)event->value < 0)
		add(line, ",\"value\":null");
	else
		add(line, ",\"value\":\"0x%" PRIx64 "\"", event->value);
	if (event->notify == SIGEV_THREAD_ID)
		add(line, ",\"tid\":%d,\"from\":\"%s\"}", event->tid, from);
	else
		add(line, ",\"tid\":null,\"from\":\"%s\"}", from);
}

/* The new timer's id, or a negative errno. */
static int create(const struct create *call)
{
	struct event fallback = { SIGEV_SIGNAL, SIGALRM, UINT64_MAX, 0 };
	struct made made;
	int id = -1;

	make(&made, &nr_create, call->abi, (uint64_t)call->clock, call->event, call->id, 0);
	if (!made.ret)
		id = *(const int *)(uintptr_t)call->id;
	if (id >= 0)
		add(&made.line, ",\"timer_id\":%d", id);
	add_clock(&made.line, call->clock);
	add_pointer(&made.line, "sigevent_ptr", call->event);
	add_pointer(&made.line, "timer_id_ptr", call->id);
	fallback.value = (uint64_t)(int64_t)id;
	if (call->seen)
		add_sigevent(&made.line, call->seen, "kernel");
	else if (!call->event)
		add_sigevent(&made.line, &fallback, "default");
	else
		add(&made.line, ",\"sigevent\":null");
	finish(&made);
	return made.ret ? (int)made.ret : id;
}

/* The plain call: everything in memory that the kernel can use. */
static int try_timer(enum abi abi, clockid_t clock, const struct event *event)
{
	uint64_t words[8];
	int id = -1;
	struct create call = { .abi = abi, .clock = clock, .seen = event };
	char *at = abi == ABI_64 ? (char *)words : low;

	if (event) {
		store_event(abi, at, event);
		call.event = (uintptr_t)at;
	}
	call.id = abi == ABI_64 ? (uintptr_t)&id : (uintptr_t)low + 128;
	return create(&call);
}

static int timer(clockid_t clock, int signo, uint64_t value)
{
	int id = try_timer(ABI_PLAIN, clock, &(struct event){ SIGEV_SIGNAL, signo, value, 0 });

	expect(id >= 0, "timer_create");
	return id;
}

static long getoverrun(enum abi abi, int id)
{
	struct made made;

	make(&made, &nr_overrun, abi, (unsigned)id, 0, 0, 0);
	add(&made.line, ",\"timer_id\":%d", id);
	if (made.ret >= 0)
		add(&made.line, ",\"overrun\":%ld", made.ret);
	else
		add(&made.line, ",\"overrun\":null");
	return finish(&made);
}

static long delete (enum abi abi, int id)
{
	struct made made;

	make(&made, &nr_delete, abi, (unsigned)id, 0, 0, 0);
	add(&made.line, ",\"timer_id\":%d", id);
	return finish(&made);
}

static void add_flags(struct line *line, unsigned flags)
{
	add(line, ",\"flags\":%u", flags);
}

static int try_fd(enum abi abi, clockid_t clock, unsigned flags)
{
	struct made made;

	make(&made, &nr_fd, abi, (uint64_t)clock, flags, 0, 0);
	if (made.ret >= 0)
		add(&made.line, ",\"fd\":%ld", made.ret);
	add_clock(&made.line, clock);
	add_flags(&made.line, flags);
	return (int)finish(&made);
}

static int timerfd(clockid_t clock)
{
	int fd = try_fd(ABI_PLAIN, clock, 0);

	expect(fd >= 0, "timerfd_create");
	return fd;
}

static void close_fd(int fd)
{
	const struct moment before = moment();
	struct moment after;
	struct line line;

	if (close(fd))
		die("close");
	after = moment();
	add_event(&line, "closed");
	add(&line, ",\"fd\":%d", fd);
	add_moment(&line, "_before", &before);
	add_moment(&line, "_after", &after);
	put(&line);
}

/* Something has just happened. */
static void note(const char *event)
{
	struct line line;

	add_event(&line, event);
	add(&line, ",\"_mono\":%" PRId64, now(CLOCK_MONOTONIC));
	put(&line);
}

/* Values. */

struct spec {
	int64_t interval_sec, interval_nsec, value_sec, value_nsec;
};

static struct spec spec_of(int64_t value, int64_t interval)
{
	return (struct spec){ interval / SECOND, interval % SECOND, value / SECOND,
			      value % SECOND };
}

static void store(enum family family, enum abi abi, void *at, const struct spec *spec)
{
	const int64_t unit = family == ITIMER ? 1000 : 1;
	const int64_t wide[] = { spec->interval_sec, spec->interval_nsec / unit, spec->value_sec,
				 spec->value_nsec / unit };
	int32_t narrow[4];
	int i;

	for (i = 0; i < 4; i++)
		narrow[i] = (int32_t)wide[i];
	if (abi == ABI_64 || (abi == ABI_32 && family != ITIMER))
		memcpy(at, wide, sizeof(wide));
	else
		memcpy(at, narrow, sizeof(narrow));
}

static struct spec load(enum family family, enum abi abi, const void *at)
{
	const int64_t unit = family == ITIMER ? 1000 : 1;
	const int64_t *wide = at;
	const int32_t *narrow = at;

	if (abi == ABI_64 || (abi == ABI_32 && family != ITIMER))
		return (struct spec){ wide[0], wide[1] * unit, wide[2], wide[3] * unit };
	return (struct spec){ narrow[0], narrow[1] * unit, narrow[2], narrow[3] * unit };
}

static void add_spec(struct line *line, const char *key, const struct spec *spec)
{
	if (!spec) {
		add(line, ",\"%s\":null", key);
		return;
	}
	add(line, ",\"%s\":{\"interval\":{\"sec\":%" PRId64 ",\"nsec\":%" PRId64 "}", key,
	    spec->interval_sec, spec->interval_nsec);
	add(line, ",\"value\":{\"sec\":%" PRId64 ",\"nsec\":%" PRId64 "}}", spec->value_sec,
	    spec->value_nsec);
}

static bool refused(const struct spec *spec)
{
	return spec && (spec->value_sec < 0 || spec->interval_sec < 0 ||
			(uint64_t)spec->value_nsec >= (uint64_t)SECOND ||
			(uint64_t)spec->interval_nsec >= (uint64_t)SECOND);
}

static void add_id(struct line *line, enum family family, enum abi abi, int id)
{
	static const char *const which[] = { "ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF" };

	if (abi != ABI_64)
		add(line, ",\"time_bits\":%d", abi == ABI_32 && family != ITIMER ? 64 : 32);
	if (family != ITIMER)
		add(line, ",\"%s\":%d", family == POSIX ? "timer_id" : "fd", id);
	else if (id >= 0 && id < 3)
		add(line, ",\"which\":\"%s\"", which[id]);
	else
		add(line, ",\"which\":%d", id);
}

struct set {
	enum family family;
	enum abi abi;
	int id;
	unsigned flags;
	uint64_t new, old;
	const struct spec *seen; /* what the kernel sees behind new */
};

static long settime(const struct set *call)
{
	const bool itimer = call->family == ITIMER;
	struct made made;
	struct spec old;

	if (itimer)
		make(&made, &nr_set[ITIMER], call->abi, (unsigned)call->id, call->new, call->old,
		     0);
	else
		make(&made, &nr_set[call->family], call->abi, (unsigned)call->id, call->flags,
		     call->new, call->old);
	if (!made.ret && call->old)
		old = load(call->family, call->abi, (const void *)(uintptr_t)call->old);
	add_id(&made.line, call->family, call->abi, call->id);
	if (!itimer)
		add_flags(&made.line, call->flags);
	add_pointer(&made.line, "new_ptr", call->new);
	add_pointer(&made.line, "old_ptr", call->old);
	add_spec(&made.line, "new", call->seen);
	add_spec(&made.line, "old", !made.ret && call->old ? &old : NULL);
	if (refused(call->seen))
		add(&made.line, ",\"_refused\":true");
	return finish(&made);
}

static long gettime_into(enum family family, enum abi abi, int id, uint64_t pointer)
{
	struct made made;
	struct spec current;

	make(&made, &nr_get[family], abi, (unsigned)id, pointer, 0, 0);
	if (!made.ret)
		current = load(family, abi, (const void *)(uintptr_t)pointer);
	add_id(&made.line, family, abi, id);
	add_pointer(&made.line, "current_ptr", pointer);
	add_spec(&made.line, "current", made.ret ? NULL : &current);
	return finish(&made);
}

static long gettime(enum family family, enum abi abi, int id)
{
	struct spec current;

	return gettime_into(family, abi, id, abi == ABI_64 ? (uintptr_t)&current : (uintptr_t)low);
}

/* The plain call: structs of our own, which the kernel can read and write. */
static long set_spec(enum family family, enum abi abi, int id, unsigned flags, struct spec spec,
		     bool want_old)
{
	struct spec new, old = { -1, -1, -1, -1 };
	char *new_at = abi == ABI_64 ? (char *)&new : low;
	char *old_at = abi == ABI_64 ? (char *)&old : low + 64;

	store(family, abi, new_at, &spec);
	return settime(&(struct set){ .family = family,
				      .abi = abi,
				      .id = id,
				      .flags = flags,
				      .new = (uintptr_t)new_at,
				      .old = want_old ? (uintptr_t)old_at : 0,
				      .seen = &spec });
}

static void arm(enum family family, int id, unsigned flags, int64_t value, int64_t interval)
{
	expect(!set_spec(family, ABI_PLAIN, id, flags, spec_of(value, interval), true), "armed");
}

static void disarm(enum family family, int id)
{
	arm(family, id, 0, 0, 0);
}

/* Newer architectures have no such call. */
#ifdef SYS_alarm
static long set_alarm(enum abi abi, unsigned seconds)
{
	static const struct numbers nr_alarm = { "alarm", { SYS_alarm, 27, 27 } };
	struct spec new = { 0, 0, seconds, 0 };
	struct made made;

	make(&made, &nr_alarm, abi, seconds, 0, 0, 0);
	add(&made.line, ",\"which\":\"ITIMER_REAL\",\"seconds\":%u", seconds);
	add_spec(&made.line, "new", &new);
	return finish(&made);
}
#endif

/* Those that wake the machine exist only where something can ring. */
static bool may_be_absent(clockid_t clock)
{
	return clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

/* The time on this clock, also where nothing can ring. */
static int64_t time_on(clockid_t clock)
{
	if (clock == CLOCK_REALTIME_ALARM)
		return now(CLOCK_REALTIME);
	return now(clock == CLOCK_BOOTTIME_ALARM ? CLOCK_BOOTTIME : clock);
}

/* timerfd_create(2) takes the first five, timer_create(2) all. */
static const clockid_t wall_clocks[] = {
	CLOCK_REALTIME,       CLOCK_MONOTONIC,      CLOCK_BOOTTIME,
	CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM, CLOCK_TAI,
};
#define FD_CLOCKS 5
#define WALL_CLOCKS 6

/* Opens the account; its arguments are `[-o FILE] WHAT...`, WHAT begins at the index returned. */
static int open_account(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+o:")) != -1) {
		if (option != 'o')
			exit(99);
		account_path = optarg;
	}
	account = open(account_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (account < 0)
		die(account_path);
	low = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOW, -1,
		   0);
	if (low == MAP_FAILED)
		die("mmap");
	return optind;
}

struct deed {
	const char *what;
	void (*perform)(void);
};

/* Does what the words say, one after the other. */
static void perform(const struct deed *deeds, char *const *words)
{
	const struct deed *deed;

	for (; *words; words++) {
		for (deed = deeds; deed->what && strcmp(deed->what, *words) != 0; deed++)
			;
		expect(deed->what, *words);
		deed->perform();
	}
}

#endif
