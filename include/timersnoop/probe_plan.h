/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe_plan: what this kernel can do -> which probes, each as text, with the
 * reason. Pure: nothing is written to tracefs here.
 */
#ifndef TIMERSNOOP_PROBE_PLAN_H
#define TIMERSNOOP_PROBE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/aggregate.h"
#include "timersnoop/error.h"
#include "timersnoop/events.h"
#include "timersnoop/kernel_features.h"
#include "timersnoop/timerspec.h"

/* Through which system call entry a program came. */
enum call_abi {
	ABI_64,        /* 64-bit entry, 64-bit times */
	ABI_32,        /* 32-bit entry, 64-bit times (timer_settime64) */
	ABI_32_TIME32, /* 32-bit entry, 32-bit times */
	ABI_COUNT,
	ABI_UNKNOWN = ABI_COUNT,
};

/* What the records of an event mean. */
enum probe_use {
	/* calls */
	USE_ENTRY,
	USE_RETURN,
	USE_WHOLE,    /* the return and the arguments: of a call whose entry is not probed */
	USE_COPY,     /* the kernel's copy of a new value */
	USE_COPIED,   /* the same, just made by a function that other calls use as well */
	USE_USER,     /* the caller's new value, as it is about to be copied */
	USE_OLD,      /* the kernel's old value, as it is about to be written */
	USE_OLD_AT,   /* where on the stack the kernel will leave an old value */
	USE_STACK,    /* the stack, when it has done so */
	USE_SIGEVENT, /* the kernel's copy of a sigevent */
	USE_MADE,     /* a new POSIX timer and its id */
	USE_FILE,     /* what a new file without a name is for: perhaps a timerfd */
	/* the caller's memory, for --toctou */
	USE_USER_BEFORE, /* new, at entry */
	USE_USER_AFTER,  /* new, at return */
	USE_USER_OLD,    /* old, at return */
	USE_TALLY,       /* counted where it happens, by triggers: it has no records */
	/* timers */
	USE_EXPIRY,
	USE_QUEUE,           /* a POSIX timer sends its signal */
	USE_SIGNAL,          /* what became of it */
	USE_DELIVER,         /* a thread takes a signal */
	USE_HANDLED,         /* a handler is set up for one, with its siginfo */
	USE_FETCHED,         /* siginfo is copied out: to a handler, or to who waited */
	USE_SIGNALFD,        /* siginfo is read from a signalfd */
	USE_WAIT,            /* a thread waits for a signal: where on the stack siginfo will be */
	USE_WAITED,          /* the stack, when it got one */
	USE_ITIMER_EXPIRE,   /* ITIMER_VIRTUAL or ITIMER_PROF */
	USE_HRTIMER_START,   /* the hrtimer of a timer is armed */
	USE_HRTIMER_EXPIRE,  /* and expires: a probe that should follow may be missed */
	USE_HRTIMER_EXPIRED, /* it had expired when it was armed, and is not started */
	USE_RELEASE,         /* the last descriptor of a timerfd is closed */
	/* the kernel's own timers, besides USE_HRTIMER_START, _EXPIRE and _EXPIRED */
	USE_HRTIMER_SETUP,
	USE_HRTIMER_CANCEL, /* of one that was armed */
	USE_HRTIMER_EXIT,   /* its callback returns */
	USE_TIMER_INIT,     /* the same of timer_list timers */
	USE_TIMER_START,
	USE_TIMER_CANCEL, /* it is pending no more: cancelled, armed anew, or about to expire */
	USE_TIMER_EXPIRE,
	USE_TIMER_EXIT,
	USE_OWNER,     /* whose timer it is whose callback has begun */
	USE_CALLER,    /* who is about to arm one */
	USE_TICK_STOP, /* an idle CPU is to go without its tick */
	USE_BASE_IDLE, /* its timer_list timers become others' business, or its own again */
	USE_CPU_IDLE,  /* it goes idle, or is so no more */
	USE_TIMER_IRQ, /* its clock event device interrupts */
	USE_OTHER_IRQ, /* anything else does */
	/* tasks */
	USE_NEW_TASK,
	USE_RENAME,
	USE_EXEC,
	USE_EXIT,
	USE_CREDS,
	USE_TIMERS_GONE, /* a process's timers are deleted: it ends, or executes */
	USE_COUNT,
};

struct meaning {
	enum probe_use use;
	enum event event; /* which call, of the uses for calls; which expiry, of USE_EXPIRY */
	enum call_abi abi;
};

/*
 * Events whose missed hits mean nothing: before Linux 5.14 a read that fails
 * in a probe counts as one (kprobe_fault_handler()).
 */
#define TRY_PREFIX "try_"

#define PLAN_PROBES_MAX 128
#define PLAN_EVENTS_MAX 32
#define PLAN_FORMATS_MAX (PLAN_PROBES_MAX + PLAN_EVENTS_MAX)
#define PLAN_NOTES_MAX 64 /* more than any plan has */
#define PLAN_TRIGGERS_MAX 48
#define PROBE_TEXT_MAX 1024
#define TRIGGER_TEXT_MAX 2048
/* Values of 8 bytes that USE_STACK takes from the stack. */
#define STACK_WORDS 24

/* One kprobe or kretprobe event. */
struct probe {
	struct meaning means;
	bool kretprobe;
	bool anywhere; /* hits in whatever task was interrupted: no pid filter may drop it */
	char event[40];
	char symbol[64];
	uint64_t address; /* of the symbol, when it is to be made by that; else 0 */
	char args[640];   /* fetch-args, separated by one space */
	char filter[160]; /* the event's filter; empty: none */
	char why[120];    /* the reason for it, for doctor and -v */
};

/* One of the kernel's own tracepoints. */
struct plan_event {
	struct meaning means;
	bool anywhere;
	char system[16];
	char event[32];
	char filter[512];
	/* "hist:keys=function:size=4096": the kernel counts what passes the filter, and records
	 * none of it. Empty: none. */
	char trigger[64];
	char why[80];
};

/*
 * What the kernel counts of a probe's hits (a hist trigger). An event that has one is
 * not enabled: nothing of it gets into the ring buffer.
 */
struct plan_trigger {
	size_t probe; /* of the plan; its tables come in the order of its triggers */
	struct aggregate_table table;
	unsigned size; /* entries */
	char keys[64];
	char filter[128];
};

struct probe_plan {
	struct probe probes[PLAN_PROBES_MAX];
	size_t probe_count;
	struct plan_trigger triggers[PLAN_TRIGGERS_MAX];
	size_t trigger_count;
	struct plan_event events[PLAN_EVENTS_MAX];
	size_t event_count;
	/* Whose memory the new value of an accepted call comes from, and that
	 * of a call refused for its value. */
	enum value_source new_from;
	enum value_source refused_new_from;
	enum value_source old_from;
	bool abi_seen[ABI_COUNT];
	/* What this plan will not show, a sentence each. */
	char notes[PLAN_NOTES_MAX][160];
	size_t note_count;
};

/* What a plan is for. */
struct plan_wishes {
	uint32_t events; /* that are to be told of, a bit each (events.h) */
	bool lives;      /* also when timers and their processes end */
	bool user_ids;   /* follow changes of the real user id */
	bool toctou;     /* compare the caller's memory with the kernel's copies */
	bool entries;    /* probe the entry of every call, also where its return tells all of it */
	/* Count in the kernel instead of telling: accepted arms and disarms of POSIX
	 * timers by thread and timer, refused calls by thread and error. */
	bool aggregate;
	bool aggregate_kinds; /* arms also as one-shot or periodic, relative or absolute */
	uint32_t histograms;  /* and these, a bit each: HISTOGRAM_VALUE, HISTOGRAM_INTERVAL */
	/* The kernel's own timers instead of programs' calls. */
	bool kernel;
	bool callers;              /* and which function arms them */
	bool wakeups;              /* and what ends the idle periods of CPUs */
	bool followed;             /* only of some processes: see session_follow */
	const uint64_t *functions; /* only these callbacks; borrowed */
	size_t function_count;     /* 0: all */
	const char *armers;        /* a filter of tasks that arm, or NULL */
};

/* Does the plan depend on offsets from type data? */
bool probe_plan_needs_types(const struct plan_wishes *wishes);
/* Does a plan for this have the addresses of probe_plan_addressed() in filters? */
bool probe_plan_needs_addresses(const struct plan_wishes *wishes);

/*
 * Makes the plan for these features. Probes listed as refused in them are
 * not planned again: the next best stands in. -ENOTSUP, with the reason, when
 * what was wished for cannot be shown at all.
 */
int probe_plan_make(struct probe_plan *plan, const struct kernel_features *features,
		    const struct plan_wishes *wishes, struct error *err);

/* What the groups of probes are called, as such or with "_..." behind. */
#define PLAN_GROUP "timersnoop"
bool probe_plan_group(const char *system);
/*
 * The inverse of a plan: what the records of an event mean, by its system (of a
 * probe its group) and its name. False: it is in no plan.
 */
bool probe_plan_meaning(const char *system, const char *event, struct meaning *means);

/* Is it about calls or timers, and not about tasks? */
static inline bool probe_use_tells_of_timers(enum probe_use use)
{
	return use < USE_NEW_TASK;
}

/*
 * Writes "p:GROUP/EVENT SYMBOL ARGS" (tracefs kprobe_events syntax,
 * Documentation/trace/kprobetrace.rst), no newline. Returns the length.
 */
size_t probe_text(char text[PROBE_TEXT_MAX], const struct probe *probe, const char *group);
/* The same as the kernel is told it: by address, and then with registers, if it has one. */
size_t probe_definition(char text[PROBE_TEXT_MAX], const struct probe *probe, const char *group);

/* Is an event in the plan already, before this one? In another instance, with another filter. */
bool plan_event_repeated(const struct probe_plan *plan, size_t event);

/* Is it counted by triggers, and never recorded? */
bool probe_has_triggers(const struct probe_plan *plan, size_t probe);

/* What a trigger is to do. */
enum trigger_state { TRIGGER_COUNTS, TRIGGER_PAUSES };

/*
 * Writes "hist:keys=... if FILTER" for the file `trigger` of its event, no newline;
 * `filter` is one more condition, or NULL. Returns the length; 0: no room for it.
 */
size_t trigger_text(char text[TRIGGER_TEXT_MAX], const struct plan_trigger *trigger,
		    const char *filter, enum trigger_state state);

/* The same for a tracepoint's own trigger, of which there is one. */
size_t plan_event_trigger(char text[TRIGGER_TEXT_MAX], const struct plan_event *event,
			  enum trigger_state state);

/* The names a plan may ask for on a machine (uname(2)), to look up in kallsyms; ends with
 * NULL. */
const char *const *probe_plan_symbols(const char *machine);
/* Those of them whose addresses may be needed; ends with NULL. */
const char *const *probe_plan_addressed(void);

#endif
