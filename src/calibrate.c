/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/calibrate.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timersnoop/probe_group.h"

#define SYMBOL "__x64_sys_timer_settime"

/* What is tried: probes, the call that they are to see, and what to make of that. */
struct trial {
	const struct probe *probes;
	size_t count;
	void (*call)(void *context);
	int (*find)(const char *text, const void *context, struct kernel_features *features);
	void *context;
};

/* System V ABI, AMD64: what calls preserve. */
static const struct probe register_probes[] = {
	{ .event = "calibrate_enter", .symbol = SYMBOL, .args = "regs=$arg1:x64" },
	{ .event = "calibrate_exit",
	  .symbol = SYMBOL,
	  .kretprobe = true,
	  .args = "bx=%bx:x64 bp=%bp:x64 r12=%r12:x64 r13=%r13:x64 r14=%r14:x64 r15=%r15:x64" },
};

/* "... regs=0xffff980340253f58", then "... bx=0x16 bp=0xffff980340253f58 ..." */
static int find_register(const char *text, const void *context, struct kernel_features *features)
{
	static const char *const names[] = { "bx", "bp", "r12", "r13", "r14", "r15" };
	const char *enter = strstr(text, " regs=0x");
	const char *leave = enter ? strchr(enter, '\n') : NULL;
	char wanted[48];

	(void)context;
	for (size_t i = 0; leave && i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(wanted, sizeof(wanted), " %s=%.*s", names[i],
			 (int)strcspn(enter + strlen(" regs="), " \n"), enter + strlen(" regs="));
		if (!strstr(leave, wanted))
			continue;
		snprintf(features->registers_in, sizeof(features->registers_in), "%%%s", names[i]);
		return 0;
	}
	return -ENODATA;
}

/* It does nothing: there is no such timer, and no value for it. */
static void call_for_nothing(void *context)
{
	(void)context;
	syscall(SYS_timer_settime, -1, 0, NULL, NULL);
}

/* What a value begins with; its fourth number tells the callers' kinds apart. */
static const int32_t marks[3] = { 0x5ca1ab1e, 0x0b5e55ed, 0x1ce1ce1c };

/* Callers that there may be; of the last two, whether this kernel serves any. */
enum { CALLER_64, CALLER_32, CALLER_32_TIME32, CALLERS };

/* Shared with a child. */
struct values {
	int64_t wide[CALLERS][4];
	int32_t narrow[4];
	bool served;
};

#ifdef __x86_64__
/* arch/x86/entry/syscalls/syscall_32.tbl */
#define TIMER_SETTIME_32 409
#define TIMER_SETTIME_32_TIME32 260

/* As a 32-bit program does it; where the kernel serves none it is a fault. */
static void call_by_32_bits(long number, const void *value)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(-1L), "c"(0L), "d"(value), "S"(0L)
			 : "memory", "r8", "r9", "r10", "r11");
}

static void call_as_others(struct values *values)
{
	pid_t child = fork();

	if (child == 0) {
		/* Of a signal that has a handler the kernel's log does not tell. */
		signal(SIGSEGV, _exit);
		call_by_32_bits(TIMER_SETTIME_32, values->wide[CALLER_32]);
		call_by_32_bits(TIMER_SETTIME_32_TIME32, values->narrow);
		values->served = true;
		_exit(0);
	}
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

#define LOW_MEMORY MAP_32BIT
#else
static void call_as_others(struct values *values)
{
	(void)values;
}

#define LOW_MEMORY 0
#endif

/* None of them does anything: there is no such timer. */
static void call_with_values(void *context)
{
	struct values *values = context;

	for (int i = 0; i < CALLERS; i++)
		memcpy(values->wide[i], (int64_t[]){ marks[0], marks[1], marks[2], i },
		       sizeof(values->wide[i]));
	memcpy(values->narrow, marks, sizeof(marks));
	values->narrow[3] = CALLER_32_TIME32;
	syscall(SYS_timer_settime, -1, 0, values->wide[CALLER_64], NULL);
	call_as_others(values);
}

static const struct probe copy_probes[] = {
	{ .event = "calibrate_copy",
	  .symbol = "get_itimerspec64",
	  .kretprobe = true,
	  .args = "stack=+0($stack):x64[16]" },
	{ .event = "calibrate_copy_time32",
	  .symbol = "get_old_itimerspec32",
	  .kretprobe = true,
	  .args = "stack=+0($stack):x64[16]" },
};

/* "... stack={0x206,0x5ca1ab1e,...}": how many words before the value, or -ENODATA. */
static int find_value(const char *text, int caller)
{
	char wanted[80];
	const char *at;
	int words = 0;

	snprintf(wanted, sizeof(wanted), "0x%" PRIx32 ",0x%" PRIx32 ",0x%" PRIx32 ",0x%x", marks[0],
		 marks[1], marks[2], (unsigned)caller);
	at = strstr(text, wanted);
	for (; at && at > text && *at != '{'; at--)
		words += *at == ',';
	return at ? words : -ENODATA;
}

static int find_copy(const char *text, const void *context, struct kernel_features *features)
{
	const struct values *values = context;
	int words = find_value(text, CALLER_64);
	bool alike = !values->served || (find_value(text, CALLER_32) == words &&
					 find_value(text, CALLER_32_TIME32) == words);

	if (words < 0 || !alike)
		return -ENODATA;
	features->copied_at = words * (int)sizeof(int64_t);
	return 0;
}

static int try_call(struct tracefs_instance *instance, const char *group, const struct trial *trial,
		    struct kernel_features *features, struct error *err)
{
	char *text;
	int status;

	for (size_t i = 0; i < trial->count; i++)
		if (tracefs_event_file_write(instance, group, trial->probes[i].event, "enable",
					     "1") < 0)
			return error_errno(err, errno, "cannot enable the event %s",
					   trial->probes[i].event);
	trial->call(trial->context);
	for (size_t i = 0; i < trial->count; i++)
		tracefs_event_file_write(instance, group, trial->probes[i].event, "enable", "0");
	text = tracefs_instance_file_read(instance, "trace", NULL);
	status = text ? trial->find(text, trial->context, features) : -ENODATA;
	free(text);
	return status < 0 ? error_set(err, -status, "a call of our own was not seen") : 0;
}

static int run_trial(struct tracefs_instance *instance, const char *group,
		     const struct trial *trial, struct kernel_features *features, struct error *err)
{
	struct probe_plan *plan = calloc(1, sizeof(*plan));
	const struct probe *refused;
	int status;

	if (!plan)
		return error_errno(err, ENOMEM, "probes");
	for (size_t i = 0; i < trial->count; i++) {
		struct probe *probe = &plan->probes[plan->probe_count++];

		*probe = trial->probes[i];
		if (features->by_address)
			probe->address = kernel_features_address(features, probe->symbol);
	}
	status = probe_group_add(group, plan, &refused, err);
	free(plan);
	if (status == 0)
		status = try_call(instance, group, trial, features, err);
	for (size_t i = 0; i < trial->count; i++) {
		int removed =
			probe_group_remove_probe(group, &trial->probes[i], status ? NULL : err);

		status = status ? status : removed;
	}
	return status;
}

int calibrate_registers(struct tracefs_instance *instance, const char *group,
			struct kernel_features *features, struct error *err)
{
	const struct trial trial = {
		.probes = register_probes,
		.count = sizeof(register_probes) / sizeof(register_probes[0]),
		.call = call_for_nothing,
		.find = find_register,
	};

	return run_trial(instance, group, &trial, features, err);
}

int calibrate_copy(struct tracefs_instance *instance, const char *group,
		   struct kernel_features *features, struct error *err)
{
	struct values *values = mmap(NULL, sizeof(*values), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS | LOW_MEMORY, -1, 0);
	const struct trial trial = {
		.probes = copy_probes,
		.count = sizeof(copy_probes) / sizeof(copy_probes[0]),
		.call = call_with_values,
		.find = find_copy,
		.context = values,
	};
	int status;

	if (values == MAP_FAILED)
		return error_errno(err, errno, "memory that 32-bit programs reach");
	status = run_trial(instance, group, &trial, features, err);
	munmap(values, sizeof(*values));
	return status;
}
