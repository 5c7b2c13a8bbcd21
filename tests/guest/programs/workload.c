/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes timer_settime calls and keeps an account of them, to be compared with
 * what a tracer saw:
 *
 *	workload [-o FILE] [-e STATUS] [-w] WHAT [NUMBER...]
 *
 *	known		a few calls that tests know by heart
 *	calls		every clock, flags, small and huge values, old or not
 *	errors		every way to fail, also in memory nobody has touched
 *	compat		the two 32-bit system calls (entries.h)
 *	registers	32-bit calls with bits that do not count: the upper halves of
 *			registers, padding in structs
 *	threads N M	N threads make M calls each
 *	tree D W N	processes D deep, W wide, of N calls each; some of them exec
 *	short N		N processes or threads which end right after their only call
 *	execthread	a thread that is not the leader executes `workload calls`
 *	rename		calls under several names, odd ones too
 *	loop N		N calls as fast as they go, without an account
 *
 * The account is one JSON object for each call, appended to FILE (standard
 * output without -o) by a single write(), right after the call. Its keys are
 * those of timersnoop, except:
 *
 *	before, after	CLOCK_MONOTONIC around the call, in nanoseconds
 *	wall		CLOCK_REALTIME before it, in nanoseconds
 *	old_near	the old value a moment before the call, for calls which let
 *			the kernel see it but could not have it
 *
 * "new" is what the kernel must have seen, null where it can see nothing; "old"
 * is what the program found in its memory after a call that succeeded.
 *
 * System calls are made directly, because libc has ideas of its own about
 * timer IDs. With -w it begins when a line, or the end, comes on standard input.
 * The program ends with STATUS, or 99 when it could not do its work.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "entries.h"

#define PAGE 4096
#define FAR 100000 /* seconds: no timer of ours expires by itself */
/* A fault in a file maps up to so many bytes around it, if they are in the cache. */
#define FAULT_AROUND 0x10000

/* struct itimerspec and struct __kernel_itimerspec, with widths of our own */
struct spec {
	int64_t interval_sec, interval_nsec, value_sec, value_nsec;
};

/* struct old_itimerspec32 */
struct spec32 {
	int32_t interval_sec, interval_nsec, value_sec, value_nsec;
};

struct call {
	enum abi abi;
	uint64_t id, flags; /* whole registers */
	uint64_t new, old;
	const struct spec *seen; /* what the kernel sees behind new */
	bool near;
};

/* Two values in pages that nobody touches before the kernel does. */
#define CONST_GOOD                                                                                 \
	{                                                                                          \
		7, 77, FAR + 7, 777                                                                \
	}
#define CONST_BAD                                                                                  \
	{                                                                                          \
		8, 88, FAR + 8, 1888888888                                                         \
	}
struct lonely {
	char before[2 * FAULT_AROUND];
	struct spec spec;
	char after[2 * FAULT_AROUND];
};
static const struct lonely lonely_good = { .spec = CONST_GOOD };
static const struct lonely lonely_bad = { .spec = CONST_BAD };

static int account;
static const char *account_path = "/dev/stdout";
static char *status_text = "0";
static char self[PATH_MAX];
/* The thread's name as JSON has it, where it is not plain text. */
static __thread const char *comm_json;

static void die(const char *what)
{
	fprintf(stderr, "workload: %s: %s\n", what, strerror(errno));
	_exit(99);
}

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* The account. */

struct line {
	char text[1024];
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

static void add_pointer(struct line *line, const char *key, uint64_t pointer)
{
	if (pointer)
		add(line, ",\"%s\":\"0x%" PRIx64 "\"", key, pointer);
	else
		add(line, ",\"%s\":null", key);
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

static void add_caller(struct line *line)
{
	char comm[16];

	prctl(PR_GET_NAME, comm);
	add(line, "{\"pid\":%d,\"tid\":%ld,\"comm\":\"%s\"", getpid(), syscall(SYS_gettid),
	    comm_json ? comm_json : comm);
}

static void add_call(struct line *line, const struct call *call)
{
	/* a 32-bit call does not see the upper half of a register */
	uint64_t mask = call->abi == ABI_64 ? UINT64_MAX : UINT32_MAX;

	add(line, ",\"timer_id\":%d,\"flags\":%u", (int)call->id, (unsigned)call->flags);
	add_pointer(line, "new_ptr", call->new &mask);
	add_pointer(line, "old_ptr", call->old & mask);
	if (call->abi == ABI_64)
		add(line, ",\"abi\":\"64\"");
	else
		add(line, ",\"abi\":\"32\",\"time_bits\":%d", call->abi == ABI_32 ? 64 : 32);
	add_spec(line, "new", call->seen);
}

static void put(struct line *line)
{
	add(line, "}\n");
	if (write(account, line->text, line->length) != (ssize_t)line->length)
		die("account");
}

/* The calls. */

static long enter(const struct call *call)
{
	static const int numbers[] = ENTRIES(SYS_timer_settime, 409, 260, 409, 258);

	if (call->abi != ABI_64)
		return narrow_call(numbers[call->abi], call->id, call->flags, call->new, call->old);
	if (syscall(SYS_timer_settime, call->id, call->flags, call->new, call->old))
		return -errno;
	return 0;
}

/* What is left, with 64-bit times. */
static void look(const struct call *call, struct spec *left)
{
	static const int numbers[] = ENTRIES(SYS_timer_gettime, 408, 0, 408, 0);

	if (syscall(numbers[ABI_PLAIN], (long)call->id, left))
		die("timer_gettime");
}

/* What the kernel left in memory. */
static struct spec read_old(const struct call *call)
{
	const struct spec32 *narrow = (const void *)(uintptr_t)(uint32_t)call->old;

	if (call->abi == ABI_64)
		return *(const struct spec *)(uintptr_t)call->old;
	if (call->abi == ABI_32)
		return *(const struct spec *)(uintptr_t)(uint32_t)call->old;
	return (struct spec){ narrow->interval_sec, narrow->interval_nsec, narrow->value_sec,
			      narrow->value_nsec };
}

static long settime(const struct call *call)
{
	struct line line = { .length = 0 };
	uint64_t before, wall, after;
	struct spec old, near;
	long ret;

	if (call->near)
		look(call, &near);
	wall = now(CLOCK_REALTIME);
	before = now(CLOCK_MONOTONIC);
	ret = enter(call);
	after = now(CLOCK_MONOTONIC);

	add_caller(&line);
	add_call(&line, call);
	if (!ret && call->old)
		old = read_old(call);
	add_spec(&line, "old", !ret && call->old ? &old : NULL);
	if (call->near)
		add_spec(&line, "old_near", &near);
	add(&line, ",\"ret\":%ld,\"before\":%" PRIu64 ",\"after\":%" PRIu64 ",\"wall\":%" PRIu64,
	    ret, before, after, wall);
	put(&line);
	return ret;
}

static int try_create(clockid_t clock, int notify)
{
	struct sigevent event = { .sigev_notify = notify, .sigev_signo = SIGUSR1 };
	int id;

	return syscall(SYS_timer_create, clock, &event, &id) ? -1 : id;
}

static int create(clockid_t clock)
{
	int id = try_create(clock, SIGEV_NONE);

	if (id < 0)
		die("timer_create");
	return id;
}

/* The plain call: a struct of our own, which the kernel can read and write. */
static void set(int id, unsigned flags, struct spec spec, bool want_old)
{
	struct spec old = { -1, -1, -1, -1 };
	struct call call = { .abi = ABI_PLAIN,
			     .id = (unsigned)id,
			     .flags = flags,
			     .new = (uintptr_t)&spec,
			     .old = want_old ? (uintptr_t)&old : 0,
			     .seen = &spec };

	settime(&call);
}

/* Memory with properties. */

static void *map(size_t size, int protection, int flags, int fd)
{
	void *at = mmap(NULL, size, protection, MAP_PRIVATE | flags, fd, 0);

	if (at == MAP_FAILED)
		die("mmap");
	return at;
}

/* The end of a page behind which there is nothing. */
static char *edge(int flags)
{
	char *at = map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1);

	munmap(at + PAGE, PAGE);
	return at + PAGE;
}

static void *readonly(int flags)
{
	return map(PAGE, PROT_READ, MAP_ANONYMOUS | flags, -1);
}

/* A page of a file, which holds `bytes` and is in no page table yet. */
static void *untouched(const void *bytes, size_t size, int flags)
{
	int fd = memfd_create("untouched", 0);
	void *at;

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || ftruncate(fd, PAGE))
		die("memfd");
	at = map(PAGE, PROT_READ | PROT_WRITE, flags, fd);
	close(fd);
	return at;
}

/* calls */

/* See accuracy_formats.sh. */
static void known(void)
{
	int id = try_create(CLOCK_MONOTONIC, SIGEV_SIGNAL);

	set(id, 0, (struct spec){ 1, 500, 2, 750 }, false);
	set(id, 0, (struct spec){ 0, 0, 0, 0 }, false);
	set(id, TIMER_ABSTIME, (struct spec){ 0, 0, FAR, 0 }, true);
	set(id, TIMER_ABSTIME | 6, (struct spec){ 0, 500, 0, 0 }, false);
	set(id, 0, (struct spec){ 0, 1500000, 3600, 0 }, false);
	set(id, 0, (struct spec){ 0, 0, 1, 2000000000 }, false);
	set(id + 1000, 0, (struct spec){ 0, 0, 5, 0 }, false);
}

static void huge_values(int id)
{
	const int64_t ktime_max = INT64_MAX / 1000000000;
	const int64_t secs[] = { ktime_max - 1, ktime_max, ktime_max + 1, INT64_MAX - 1,
				 INT64_MAX,     INT32_MAX, UINT32_MAX };
	unsigned i;

	for (i = 0; i < sizeof(secs) / sizeof(secs[0]); i++) {
		set(id, 0, (struct spec){ secs[i], 999999999, secs[i], 999999999 }, i & 1);
		set(id, TIMER_ABSTIME, (struct spec){ 0, 1, secs[i], 0 }, !(i & 1));
	}
	set(id, 0, (struct spec){ 0, 0, 0, 0 }, true);
}

static void on_clock(clockid_t clock, int notify)
{
	int64_t later = (int64_t)(now(clock) / 1000000000) + FAR;
	int id = try_create(clock, notify);

	if (id < 0)
		return; /* there are alarm clocks only where something can ring */
	set(id, 0, (struct spec){ 0, 0, FAR, 1 }, false);
	set(id, 0, (struct spec){ 1, 500, FAR, 750 }, true);
	set(id, TIMER_ABSTIME, (struct spec){ 0, 1, later, 999999999 }, true);
	set(id, 2, (struct spec){ FAR, 0, FAR, 0 }, true);
	set(id, 6, (struct spec){ 0, 0, FAR, 6 }, false);
	set(id, UINT32_MAX, (struct spec){ 0, 0, later, 0 }, true);
	set(id, 0x80000000, (struct spec){ 0, 0, FAR, 0 }, true);
	set(id, 0, (struct spec){ 5, 5, 0, 0 }, true);
	set(id, 0, (struct spec){ 0, 0, 0, 0 }, true);
	set(id, 0, (struct spec){ 0, 0, 0, 500 }, false);
	set(id, TIMER_ABSTIME, (struct spec){ 0, 0, 0, 1 }, true);
	set(id, TIMER_ABSTIME, (struct spec){ FAR, 0, 1, 0 }, true);
	huge_values(id);
}

/* The kernel looks at half of the registers of ID and flags. */
static void upper_halves(void)
{
	struct spec spec = { 0, 0, FAR, 11 };
	struct call call = { .id = (unsigned)create(CLOCK_MONOTONIC) | 0xdead00000000,
			     .flags = TIMER_ABSTIME | 0xbeef00000000,
			     .new = (uintptr_t)&spec,
			     .seen = &spec };

	settime(&call);
}

static void calls(void)
{
	static const clockid_t clocks[] = {
		CLOCK_REALTIME,           CLOCK_MONOTONIC,
		CLOCK_BOOTTIME,           CLOCK_TAI,
		CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
		CLOCK_REALTIME_ALARM,     CLOCK_BOOTTIME_ALARM,
	};
	unsigned i;

	for (i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
		on_clock(clocks[i], SIGEV_NONE);
	on_clock(CLOCK_MONOTONIC, SIGEV_SIGNAL);
	on_clock(CLOCK_REALTIME, SIGEV_SIGNAL);
	upper_halves();
}

/* errors */

static void bad_new_pointers(int id, struct spec *old)
{
	struct spec spec = { 0, 0, FAR, 20 };
	char *end = edge(0);
	const uint64_t pointers[] = {
		0,
		8,
		(uintptr_t)end,
		0x7ffffffff000,
		0x8000000000000000,
		0xffff888000000000,
		UINT64_MAX,
		(uintptr_t)memcpy(end - 16, &spec, 16),
	};
	struct call call = { .id = (unsigned)id, .old = (uintptr_t)old };
	unsigned i;

	for (i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
		call.new = pointers[i];
		settime(&call);
	}
	/* and one that just fits */
	call.new = (uintptr_t)memcpy(end - sizeof(spec), &spec, sizeof(spec));
	call.seen = &spec;
	settime(&call);
}

/* The timer is armed, and then the old value has nowhere to go. */
static void bad_old_pointers(int id)
{
	struct spec spec = { 9, 9, FAR, 30 };
	const uint64_t pointers[] = {
		8,
		(uintptr_t)readonly(0),
		0x8000000000000000,
		0xffff888000000000,
		(uintptr_t)edge(0) - 16,
		0x7ffffffff000,
	};
	struct call call = {
		.id = (unsigned)id, .new = (uintptr_t)&spec, .seen = &spec, .near = true
	};
	unsigned i;

	for (i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
		spec.value_sec++;
		call.old = pointers[i];
		settime(&call);
	}
}

static void bad_values(int id)
{
	static const struct spec specs[] = {
		{ 0, 0, 1, 2000000000 }, { 0, 0, 1, 1000000000 }, { 0, 0, 1, -1 },
		{ 0, 2000000000, 1, 0 }, { 0, -1, 1, 0 },         { 0, 0, -1, 0 },
		{ -1, 0, 1, 0 },         { 0, 0, INT64_MIN, 0 },  { 0, INT64_MAX, 0, INT64_MIN },
		{ -1, -1, -1, -1 },      { 0, 1000000000, 0, 0 },
	};
	unsigned i;

	for (i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		set(id, 0, specs[i], i & 1);
		set(id, TIMER_ABSTIME, specs[i], !(i & 1));
	}
}

static void unknown_ids(void)
{
	static const int ids[] = { 99999, -1, INT32_MAX, INT32_MIN };
	unsigned i;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		set(ids[i], 0, (struct spec){ 0, 0, FAR, 40 }, i & 1);
		set(ids[i], 0, (struct spec){ 0, 0, FAR, 1000000000 }, !(i & 1));
	}
}

/* The old value replaces the new one, or a half of it. */
static void overlapping(int id)
{
	struct spec memory[2], seen = { 3, 4, FAR, 50 };
	struct call call = { .id = (unsigned)id, .new = (uintptr_t)memory, .seen = &seen };
	size_t shift;

	for (shift = 0; shift <= sizeof(seen); shift += 8) {
		memcpy(memory, &seen, sizeof(seen));
		call.old = (uintptr_t)memory + shift;
		settime(&call);
	}
}

static void untouched_memory(int id)
{
	static const struct spec good = CONST_GOOD, bad = CONST_BAD, zero;
	struct call call = { .id = (unsigned)id };

	call.new = (uintptr_t)&lonely_good.spec;
	call.seen = &good;
	settime(&call);
	call.new = (uintptr_t)untouched(&good, sizeof(good), 0);
	settime(&call);
	call.new = (uintptr_t)&lonely_bad.spec;
	call.seen = &bad;
	settime(&call);
	call.new = (uintptr_t)untouched(&bad, sizeof(bad), 0);
	settime(&call);
	/* zeros, from the page that everybody shares */
	call.new = (uintptr_t)map(PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS, -1);
	call.seen = &zero;
	settime(&call);
	/* here it is the old value that finds no page yet */
	call.old = (uintptr_t)map(PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS, -1);
	settime(&call);
}

/* A timer on the CPU time of a process that is gone: ESRCH. */
static void dead_clock(void)
{
	pid_t child = fork();
	int id;

	if (!child) {
		pause();
		_exit(0);
	}
	id = create((clockid_t)(~(unsigned)child << 3 | 2));
	set(id, 0, (struct spec){ 0, 0, FAR, 60 }, true);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	set(id, 0, (struct spec){ 0, 0, FAR, 61 }, true);
}

static void errors(void)
{
	int id = create(CLOCK_MONOTONIC);
	struct spec old;

	set(id, 0, (struct spec){ 1, 1, FAR, 0 }, false);
	unknown_ids();
	bad_new_pointers(id, NULL);
	bad_new_pointers(id, &old);
	bad_old_pointers(id);
	bad_values(id);
	overlapping(id);
	untouched_memory(id);
	dead_clock();
	/* and nothing of all that broke the timer */
	set(id, 0, (struct spec){ 0, 0, 0, 0 }, true);
}

/* compat */

static struct spec32 narrow(struct spec spec)
{
	return (struct spec32){ (int32_t)spec.interval_sec, (int32_t)spec.interval_nsec,
				(int32_t)spec.value_sec, (int32_t)spec.value_nsec };
}

/* Puts a spec into memory in the layout of an ABI. */
static void store(enum abi abi, void *at, const struct spec *spec)
{
	struct spec32 small = narrow(*spec);

	if (abi == ABI_32_TIME32)
		memcpy(at, &small, sizeof(small));
	else
		memcpy(at, spec, sizeof(*spec));
}

static size_t spec_size(enum abi abi)
{
	return abi == ABI_32_TIME32 ? sizeof(struct spec32) : sizeof(struct spec);
}

/* As set(), by a 32-bit call with its structs in `page`. */
static void set32(enum abi abi, char *page, int id, unsigned flags, struct spec spec, bool want_old)
{
	struct call call = { .abi = abi,
			     .id = (unsigned)id,
			     .flags = flags,
			     .new = (uintptr_t)page,
			     .old = want_old ? (uintptr_t)page + 64 : 0,
			     .seen = &spec };

	store(abi, page, &spec);
	settime(&call);
}

static void compat_values(enum abi abi, char *page, int id)
{
	static const struct spec specs[] = {
		{ 0, 0, FAR, 1 },        { 1, 500, FAR, 750 },    { FAR, 0, INT32_MAX, 999999999 },
		{ 0, 0, 1, 2000000000 }, { 0, 1000000000, 1, 0 }, { 0, 0, -1, 0 },
		{ -1, 0, 1, 0 },         { 5, 5, 0, 0 },          { 0, 0, 0, 0 },
	};
	unsigned i;

	for (i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		set32(abi, page, id, 0, specs[i], i & 1);
		set32(abi, page, id, TIMER_ABSTIME | (i & 6), specs[i], !(i & 1));
	}
	set32(abi, page, 99999, 0, specs[0], true);
	set32(abi, page, -1, 0, specs[0], false);
}

static void compat_pointers(enum abi abi, char *page, int id)
{
	struct spec spec = { 2, 3, FAR, 4 };
	size_t half = spec_size(abi) / 2;
	char *end = edge(MAP_LOW);
	const uint64_t bad[] = { 0, 8, (uintptr_t)end, (uintptr_t)memcpy(end - half, &spec, half),
				 UINT32_MAX };
	struct call call = { .abi = abi, .id = (unsigned)id };
	unsigned i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		call.new = bad[i];
		settime(&call);
	}
	store(abi, page, &spec);
	call.new = (uintptr_t)page;
	call.seen = &spec;
	call.near = true;
	for (i = 1; i < sizeof(bad) / sizeof(bad[0]); i++) {
		call.old = bad[i];
		settime(&call);
	}
	call.old = (uintptr_t)readonly(MAP_LOW);
	settime(&call);
}

/* Only the lower half of each register is an argument. */
static void compat_registers(enum abi abi, char *page, int id)
{
	struct spec spec = { 5, 6, FAR, 7 };
	struct call call = { .abi = abi,
			     .id = (unsigned)id | 0xdead00000000,
			     .flags = 0xbeef00000000,
			     .new = (uintptr_t)page | 0xfeed00000000,
			     .old = ((uintptr_t)page + 64) | 0xf00d00000000,
			     .seen = &spec };

	store(abi, page, &spec);
	settime(&call);
}

static void compat_untouched(enum abi abi, int id)
{
	static const struct spec good = CONST_GOOD, bad = CONST_BAD;
	struct call call = { .abi = abi, .id = (unsigned)id };
	struct spec bytes;

	store(abi, &bytes, &good);
	call.new = (uintptr_t)untouched(&bytes, spec_size(abi), MAP_LOW);
	call.seen = &good;
	settime(&call);
	store(abi, &bytes, &bad);
	call.new = (uintptr_t)untouched(&bytes, spec_size(abi), MAP_LOW);
	call.seen = &bad;
	settime(&call);
}

/* 32-bit programs have padding above their nanoseconds; the kernel drops it. */
static void compat_padding(char *page, int id)
{
	struct spec seen[] = { { 1, 2, FAR, 3 }, { 1, 2, FAR, UINT32_MAX } };
	struct call call = { .abi = ABI_32, .id = (unsigned)id, .new = (uintptr_t)page };
	struct spec passed;
	unsigned i;

	for (i = 0; i < 2; i++) {
		passed = seen[i];
		passed.interval_nsec |= 0x1234567800000000;
		passed.value_nsec |= (int64_t)0xffffffff00000000;
		store(ABI_32, page, &passed);
		call.seen = &seen[i];
		settime(&call);
	}
}

/* Where this program has no such calls. */
static void leave_to_narrow(char *what)
{
	char *const arguments[] = { "workload32", "-o", (char *)account_path, "-e", status_text,
				    what,         NULL };

	if (!leave_to(arguments[0], arguments, atoi(status_text)))
		die(arguments[0]);
	set(create(CLOCK_MONOTONIC), 0, (struct spec){ 0, 0, FAR, 9 }, true);
}

static void compat(void)
{
	char *page = map(PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_LOW, -1);
	int id = create(CLOCK_MONOTONIC);
	enum abi abi;

	for (abi = ABI_32; abi <= ABI_32_TIME32; abi++) {
		compat_values(abi, page, id);
		compat_pointers(abi, page, id);
		compat_untouched(abi, id);
		/* the program's own in between */
		set(id, 0, (struct spec){ 0, 0, FAR, 8 }, true);
	}
}

static void registers(void)
{
	char *page = map(PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_LOW, -1);
	int id = create(CLOCK_MONOTONIC);

	/* A 32-bit program has none that are wider than its calls. */
	if (ABI_PLAIN == ABI_64) {
		compat_registers(ABI_32, page, id);
		compat_registers(ABI_32_TIME32, page, id);
	}
	compat_padding(page, id);
}

/* threads */

struct worker {
	pthread_t thread;
	int index, calls;
};

static void *work(void *argument)
{
	const struct worker *worker = argument;
	int id = create(CLOCK_MONOTONIC), i;
	char name[16];

	snprintf(name, sizeof(name), "t%d", worker->index);
	prctl(PR_SET_NAME, name);
	for (i = 0; i < worker->calls; i++)
		set(id, i % 7 == 3, (struct spec){ worker->index, i, FAR + i, worker->index },
		    i & 1);
	return NULL;
}

static void threads(int count, int n)
{
	struct worker *workers = calloc((size_t)count, sizeof(*workers));
	int i;

	for (i = 0; i < count; i++) {
		workers[i].index = i;
		workers[i].calls = n;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			die("pthread_create");
	}
	for (i = 0; i < count; i++)
		pthread_join(workers[i].thread, NULL);
	free(workers);
}

/* tree and the others that fork */

static void execute(const char *what, char *const numbers[3])
{
	execl(self, "workload", "-o", account_path, "-e", status_text, what, numbers[0], numbers[1],
	      numbers[2], NULL);
	die("exec");
}

static void execute_tree(int depth, int width, int n)
{
	char text[3][16];

	snprintf(text[0], sizeof(text[0]), "%d", depth);
	snprintf(text[1], sizeof(text[1]), "%d", width);
	snprintf(text[2], sizeof(text[2]), "%d", n);
	execute("tree", (char *const[]){ text[0], text[1], text[2] });
}

static void tree(int depth, int width, int n)
{
	int id = create(CLOCK_MONOTONIC), i;

	for (i = 0; i < n; i++)
		set(id, 0, (struct spec){ depth, i, FAR, getpid() }, i & 1);
	for (i = 0; depth && i < width; i++) {
		if (fork())
			continue;
		if (i & 1)
			execute_tree(depth - 1, width, n);
		tree(depth - 1, width, n);
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
}

static void *only_call(void *unused)
{
	set(create(CLOCK_MONOTONIC), 0, (struct spec){ 0, 0, FAR, getpid() }, true);
	return unused;
}

/* One call, in one of three ways, and gone. */
static void be_short(int way)
{
	pthread_t thread;

	if (way == 0) {
		only_call(NULL);
	} else if (way == 1) {
		set(99999, 0, (struct spec){ 0, 0, FAR, getpid() }, false);
	} else {
		pthread_create(&thread, NULL, only_call, NULL);
		pthread_join(thread, NULL);
	}
	_exit(0);
}

static void short_lived(int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (!fork())
			be_short(i % 3);
		/* some at the same time */
		while (waitpid(-1, NULL, i % 4 ? WNOHANG : 0) > 0)
			;
	}
	while (wait(NULL) > 0)
		;
}

/* execthread */

static void *executor(void *unused)
{
	set(create(CLOCK_MONOTONIC), 0, (struct spec){ 0, 0, FAR, 71 }, false);
	execute("calls", (char *const[]){ NULL, NULL, NULL });
	return unused;
}

static void execthread(void)
{
	pthread_t thread;

	set(create(CLOCK_MONOTONIC), 0, (struct spec){ 0, 0, FAR, 70 }, false);
	pthread_create(&thread, NULL, executor, NULL);
	pthread_join(thread, NULL);
}

/* rename */

static void rename_myself(void)
{
	static const struct {
		const char *name, *json;
	} names[] = {
		{ "plain", "plain" },
		{ "two words", "two words" },
		{ "15-characters-x", "15-characters-x" },
		{ "quote\"s", "quote\\\"s" },
		{ "back\\slash", "back\\\\slash" },
		{ "new\nline", "new\\nline" },
		{ "tab\there", "tab\\there" },
		{ "\033[31mred", "\\u001b[31mred" },
		{ "del\177", "del\\u007f" },
		{ "not\377utf8", "not\\u00ffutf8" },
		{ "c1\302\205x", "c1\\u0085x" },
		{ "\343\202\277\343\202\244\343\203\236", "\343\202\277\343\202\244\343\203\236" },
		{ "cut \303", "cut \\u00c3" },
		{ "long \300\200", "long \\u00c0\\u0080" },
		{ "a,b;{}'$(x)`", "a,b;{}'$(x)`" },
		{ " ", " " },
		{ "", "" },
	};
	int id = create(CLOCK_MONOTONIC);
	unsigned i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		prctl(PR_SET_NAME, names[i].name);
		comm_json = names[i].json;
		set(id, 0, (struct spec){ 0, 0, FAR, i }, false);
	}
}

/* loop */

static void loop(int n)
{
	int id = create(CLOCK_MONOTONIC), i;
	struct spec spec = { 0, 0, FAR, 0 };

	for (i = 0; i < n; i++) {
		spec.value_nsec = i;
		if (syscall(SYS_timer_settime, id, 0, &spec, NULL))
			die("timer_settime");
	}
	printf("%d calls\n", n);
}

static void perform(const char *what, const int numbers[3])
{
	if (!strcmp(what, "known"))
		known();
	else if (!strcmp(what, "calls"))
		calls();
	else if (!strcmp(what, "errors"))
		errors();
	else if (!strcmp(what, "compat"))
		reaches_narrow() ? compat() : leave_to_narrow("compat");
	else if (!strcmp(what, "registers"))
		reaches_narrow() ? registers() : leave_to_narrow("registers");
	else if (!strcmp(what, "threads"))
		threads(numbers[0], numbers[1]);
	else if (!strcmp(what, "tree"))
		tree(numbers[0], numbers[1], numbers[2]);
	else if (!strcmp(what, "short"))
		short_lived(numbers[0]);
	else if (!strcmp(what, "execthread"))
		execthread();
	else if (!strcmp(what, "rename"))
		rename_myself();
	else if (!strcmp(what, "loop"))
		loop(numbers[0]);
	else
		errno = EINVAL, die(what);
}

/* The signals of timers stay pending. */
static void block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

int main(int argc, char **argv)
{
	int numbers[3] = { 1, 1, 1 }, option, i;
	bool wait_for_line = false;

	while ((option = getopt(argc, argv, "+o:e:w")) != -1) {
		if (option == 'o')
			account_path = optarg;
		else if (option == 'e')
			status_text = optarg;
		else if (option == 'w')
			wait_for_line = true;
		else
			return 99;
	}
	if (optind == argc || readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 99;
	account = open(account_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (account < 0)
		die(account_path);
	for (i = 0; i < 3 && optind + 1 + i < argc; i++)
		numbers[i] = atoi(argv[optind + 1 + i]);
	block_signals();
	while (wait_for_line && getchar() != '\n' && !feof(stdin))
		;
	perform(argv[optind], numbers);
	return atoi(status_text);
}
