/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe_plan: what this kernel can do -> which probes, each as text, with the
 * reason. Pure: nothing is written to tracefs here.
 */
#ifndef TIMERSNOOP_PROBE_PLAN_H
#define TIMERSNOOP_PROBE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "timersnoop/error.h"
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
	USE_ENTRY,
	USE_RETURN,
	USE_COPY,
	USE_USER,
	USE_OLD,
	USE_NEW_TASK,
	USE_RENAME,
	USE_EXEC,
	USE_EXIT,
	USE_CREDS,
	USE_COUNT,
};

/*
 * Events whose missed hits mean nothing: before Linux 5.14 a read of user
 * memory that fails in a probe counts as one (kprobe_fault_handler()).
 */
#define USER_PROBES "settime_user"

#define PLAN_PROBES_MAX 16
#define PLAN_EVENTS_MAX 8
#define PLAN_NOTES_MAX 16 /* more than any plan has */
#define PROBE_TEXT_MAX 1024

/* One kprobe or kretprobe event. */
struct probe {
	enum probe_use use;
	enum call_abi abi; /* of an entry and a return */
	bool kretprobe;
	char event[40];
	char symbol[64];
	char args[640]; /* fetch-args, separated by one space */
	char why[120];  /* the reason for it, for doctor and -v */
};

/* One of the kernel's own tracepoints. */
struct plan_event {
	enum probe_use use;
	char system[16];
	char event[32];
	char why[80];
};

struct probe_plan {
	struct probe probes[PLAN_PROBES_MAX];
	size_t probe_count;
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
	bool user_ids; /* follow changes of the real user id */
};

/*
 * Makes the plan for these features. Probes listed as refused in them are
 * not planned again: the next best stands in. -ENOTSUP, with the reason, when
 * no plan can show a call.
 */
int probe_plan_make(struct probe_plan *plan, const struct kernel_features *features,
		    const struct plan_wishes *wishes, struct error *err);

/*
 * Writes "p:GROUP/EVENT SYMBOL ARGS" (tracefs kprobe_events syntax,
 * Documentation/trace/kprobetrace.rst), no newline. Returns the length.
 */
size_t probe_text(char text[PROBE_TEXT_MAX], const struct probe *probe, const char *group);

/* The names a plan may ask for, to look up in kallsyms; ends with NULL. */
const char *const *probe_plan_symbols(void);

#endif
