/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_features: what tracefs README and kallsyms say, and which probes the
 * kernel refused -> a value that probe_plan reads. Pure: texts come in.
 */
#ifndef TIMERSNOOP_KERNEL_FEATURES_H
#define TIMERSNOOP_KERNEL_FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FEATURE_SYMBOLS_MAX 128
#define FEATURE_REFUSED_MAX 32

struct feature_symbol {
	const char *name; /* a literal of probe_plan_symbols() */
	unsigned count;   /* of functions that have it; more than 1 is ambiguous */
	uint64_t address; /* of the last one; 0: hidden (kptr_restrict), or not asked for */
};

struct feature_refusal {
	char symbol[64];
	char args[640]; /* the fetch-args it was refused with */
	char reason[200];
};

/* Where a member lies in a structure of the kernel: read from its type data. */
enum feature_offset {
	OFFSET_CRED_UID,
	OFFSET_ITIMER_ID, /* struct k_itimer, a POSIX timer */
	OFFSET_ITIMER_CLOCK,
	OFFSET_ITIMER_INTERVAL,
	OFFSET_ITIMER_PID,
	OFFSET_ITIMER_IT,     /* the hrtimer or the alarm in it */
	OFFSET_HRTIMER_ASKED, /* _softexpires */
	OFFSET_HRTIMER_BASE,
	OFFSET_BASE_OFFSET, /* struct hrtimer_clock_base: its clock minus CLOCK_MONOTONIC */
	OFFSET_BASE_CLOCK,
	OFFSET_ALARM_TIMER, /* struct alarm: its hrtimer */
	OFFSET_PID_NUMBERS, /* struct pid: the first is that of the first namespace */
	OFFSET_SIGNAL_REAL, /* struct signal_struct: the hrtimer of ITIMER_REAL */
	OFFSET_SIGNAL_INCR, /* and its interval */
	OFFSET_SIGNAL_PIDS,
	OFFSET_KSIGNAL_INFO,
	OFFSET_FILE_PRIVATE,
	OFFSET_TIMERFD_CLOCK,
	OFFSET_TIMERFD_INTERVAL,
	OFFSET_SLEEPER_TASK, /* struct hrtimer_sleeper: who sleeps */
	OFFSET_TIMEOUT_TASK, /* the same of schedule_timeout() */
	OFFSET_TASK_PID,
	OFFSET_COUNT,
};

/* Tracepoints that not every kernel has. */
enum feature_event {
	FEATURE_TIMER_START, /* and the others of timer_list and hrtimers */
	FEATURE_HRTIMER_START,
	FEATURE_HRTIMER_INIT, /* until 6.14 */
	FEATURE_HRTIMER_SETUP,
	FEATURE_HRTIMER_START_EXPIRED, /* from 7.1 on */
	FEATURE_TICK_STOP,
	FEATURE_TIMER_BASE_IDLE, /* from 6.9 on */
	FEATURE_CPU_IDLE,
	FEATURE_LOCAL_TIMER, /* x86: as an interrupt begins */
	FEATURE_RESCHEDULE,
	FEATURE_CALL_FUNCTION,
	FEATURE_CALL_FUNCTION_SINGLE,
	FEATURE_IRQ_WORK,
	FEATURE_IRQ_HANDLER,
	FEATURE_EVENTS,
};
extern const struct feature_event_name {
	const char *system;
	const char *event;
} feature_events[FEATURE_EVENTS];

struct kernel_features {
	char machine[65]; /* uname(2): "x86_64" */
	char release[65];
	bool arg_n;       /* $argN at function entry */
	bool user_memory; /* +u0(...): reads of user memory */
	bool ustring;     /* a string type that tells a failed read */
	bool arrays;      /* NAME=...:s64[4] */
	bool return_args; /* $argN in return probes: as they were at entry */
	bool hist;        /* hist triggers, with expressions as keys */
	/* For each name the kernel goes through all it has: probes are better made by address */
	bool by_address;
	bool events[FEATURE_EVENTS]; /* which tracepoints there are, of those that may be missing */
	/* The register that points at a system call's struct pt_regs when it
	 * returns, as a fetch-arg (calibrate.h); empty: not known */
	char registers_in[8];
	/* How far above the stack pointer the new value of timer_settime(2) lies when the
	 * function that copies it in returns (calibrate.h), in bytes; -1: not known */
	int copied_at;
	int offset[OFFSET_COUNT]; /* bytes; -1 when not known */
	struct feature_symbol symbols[FEATURE_SYMBOLS_MAX];
	size_t symbol_count;
	struct feature_refusal refused[FEATURE_REFUSED_MAX];
	size_t refused_count;
};

/* Reads the fetch-arg syntax out of the text of tracefs's README. */
void kernel_features_readme(struct kernel_features *features, const char *readme);

/*
 * Counts the `names` (ends with NULL; literals, kept by pointer) in text of
 * /proc/kallsyms; may be called once for each block that ends with a newline.
 */
void kernel_features_kallsyms(struct kernel_features *features, const char *text, size_t length,
			      const char *const *names);

/*
 * The same for symbols that are counted already: takes addresses alone. True once each of
 * the `names` (ends with NULL) that has one function has its address.
 */
bool kernel_features_addresses(struct kernel_features *features, const char *text, size_t length,
			       const char *const *names);

/* The structure and the member that an offset is of. */
struct feature_member {
	const char *structure;
	const char *member;
};
extern const struct feature_member feature_members[OFFSET_COUNT];

/* Reads all offsets out of type data (btf.h). What is not there stays -1. */
void kernel_features_types(struct kernel_features *features, const void *data, size_t size);
/* Nothing is known yet: every offset is -1. */
void kernel_features_init(struct kernel_features *features);

/* 0 when it is not known. */
uint64_t kernel_features_address(const struct kernel_features *features, const char *symbol);

/* May this symbol be probed: there, unique, not refused with these args? */
bool kernel_features_usable(const struct kernel_features *features, const char *symbol,
			    const char *args);
/* Is it known not to be in this kernel at all? */
bool kernel_features_absent(const struct kernel_features *features, const char *symbol);

/* What the kernel said when it refused a probe on this symbol, or NULL. */
const char *kernel_features_reason(const struct kernel_features *features, const char *symbol);

/* Notes that the kernel said no. -ENOSPC when too many were refused. */
int kernel_features_refuse(struct kernel_features *features, const char *symbol, const char *args,
			   const char *reason);

#endif
