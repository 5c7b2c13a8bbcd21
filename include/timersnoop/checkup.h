/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * checkup: what doctor looked at and what came of it, as a value, as text and as one
 * JSON object. Pure but for the stream it is written to.
 */
#ifndef TIMERSNOOP_CHECKUP_H
#define TIMERSNOOP_CHECKUP_H

#include <stdbool.h>
#include <stdio.h>

#include "timersnoop/error.h"
#include "timersnoop/kernel_features.h"
#include "timersnoop/privilege.h"
#include "timersnoop/probe_plan.h"

/* In the order in which a trace needs them. */
enum check_id {
	CHECK_TRACEFS,
	CHECK_PERMISSION,
	CHECK_LOCKDOWN,
	CHECK_KPROBE_EVENTS,
	CHECK_KPROBES_ON,
	CHECK_PID_NAMESPACE,
	CHECK_LEFTOVERS,
	CHECK_FUNCTIONS,
	CHECK_ADDRESSES,
	CHECK_TYPES,
	CHECK_INSTANCE,
	CHECK_PROBES,
	CHECK_CALL,
	CHECK_UNDONE,
	CHECKS,
};

enum check_state {
	CHECK_NOT_MADE, /* something before it failed */
	CHECK_OK,
	CHECK_LIMITED, /* tracing works, and shows less */
	CHECK_FAILED,
};

struct check {
	enum check_state state;
	char found[512]; /* what there is, or why not; or empty */
	char hint[256];  /* what to do; or empty */
};

struct checkup_library {
	const char *name;
	const char *built; /* the version that was compiled with */
	char loaded[64];   /* the file that is in use; empty: not known */
};
#define CHECKUP_LIBRARIES 2

struct checkup {
	char release[65], machine[65]; /* uname(2) */
	struct checkup_library libraries[CHECKUP_LIBRARIES];
	struct check checks[CHECKS];
	bool planned; /* these two are there */
	struct kernel_features features;
	struct probe_plan plan;
	struct privilege_state given_up; /* if CHECK_CALL is not CHECK_NOT_MADE */
	bool can_trace;
	struct error error; /* unless can_trace: what kept it from that */
	int status;         /* the exit status */
};

/* "kprobe_events" */
extern const char *const checkup_names[CHECKS];

/* Says of a check what was found; `format` may be NULL. Clears the hint. */
void checkup_found(struct checkup *checkup, enum check_id id, enum check_state state,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same with a sentence and a hint. */
void checkup_error(struct checkup *checkup, enum check_id id, enum check_state state,
		   const struct error *err);
/* What the features say of functions, addresses and types; `kptr_restrict`: -1 if not known. */
void checkup_features(struct checkup *checkup, int kptr_restrict);

/* The checks as lines of text. */
void checkup_text(FILE *to, const struct checkup *checkup);
/* All of it as one line. */
void checkup_json(FILE *to, const struct checkup *checkup);

#endif
