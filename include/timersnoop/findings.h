/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * findings: what in figures of timers is worth a person's attention: an id, how bad
 * it is, the evidence, and what to do. Pure.
 */
#ifndef TIMERSNOOP_FINDINGS_H
#define TIMERSNOOP_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/error.h"

enum finding_id {
	FINDING_REARM_STORM,     /* armed again far more often than it expires */
	FINDING_TOO_SHORT,       /* shorter than its clock, or anybody, can serve */
	FINDING_PAST,            /* armed for an instant that had gone by */
	FINDING_OVERRUN,         /* expires faster than its signal, or its descriptor, is taken */
	FINDING_SIGNAL_BLOCKED,  /* its signal waits to be delivered */
	FINDING_SIGNAL_IGNORED,  /* its signal is ignored */
	FINDING_CALLS_FAIL,      /* refused calls */
	FINDING_BAD_VALUE,       /* refused for a value or nanoseconds out of range */
	FINDING_NEVER_ARMED,     /* made and never armed */
	FINDING_LEAK,            /* many made and never deleted */
	FINDING_ZERO_VALUE,      /* disarmed, but with an interval: perhaps meant to be armed */
	FINDING_LATE,            /* expires later than a bound */
	FINDING_WRONG_CLOCK,     /* an instant that makes sense on another clock only */
	FINDING_HERD,            /* many timers expire at one instant */
	FINDING_MEMORY_CHANGED,  /* the caller's memory changed under a call (--toctou) */
	FINDING_ALWAYS_FIRES,    /* of the kernel's timers: a callback whose timeouts all fire */
	FINDING_SLOW_CALLBACK,   /* one that runs long */
	FINDING_EVERY_JIFFY,     /* one that is armed for the next jiffy, again and again */
	FINDING_KEEPS_AWAKE,     /* one that often ends idle periods of a CPU */
	FINDING_OVERDUE,         /* one that begins beyond its time */
	FINDING_DATA_INCOMPLETE, /* something was lost */
	FINDING_COUNT,
};

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };

/* Whose figures: those of `stat`, of `kernel`; a bit each. */
enum finding_of { FINDING_OF_STAT = 1, FINDING_OF_KERNEL = 2, FINDING_OF_ALL = 3 };

/* What is known of a finding without any data. */
struct finding_kind {
	const char *id; /* "rearm-storm" */
	enum severity severity;
	enum finding_of of; /* all that have it */
	const char *advice; /* a sentence that says what to do */
};
extern const struct finding_kind finding_kinds[FINDING_COUNT];

/* "info", "warning", "error" */
const char *severity_name(enum severity severity);

/* Sets of findings have a bit for each. */
#define FINDING_BIT(id) (1u << (id))

/* Of those that `of` has: an id, "any", "warning" (those and errors), "error" -> its
 * findings; 0: none such. */
uint32_t findings_named(const char *name, enum finding_of of);
/* All names that findings_named takes: "any, warning, ..."; adds a NUL. */
#define FINDING_NAMES_MAX 320
void findings_names(char text[FINDING_NAMES_MAX], enum finding_of of);

/* --- limits -------------------------------------------------------------------------- */

/* From where on something is worth telling. */
struct finding_limits {
	uint64_t storm;     /* arms that were replaced before they expired, a second */
	int64_t short_ns;   /* a value or an interval below it is too short */
	uint64_t overruns;  /* of one timer */
	int64_t blocked_ns; /* that a signal waits for its delivery */
	uint64_t failures;  /* refused calls of one process */
	uint64_t leak;      /* timers of one process that were not deleted */
	int64_t late_ns;    /* 1 % of the expiries of a timer, or one of fewer, are later */
	uint64_t herd;      /* timers that expire within herd_ns */
	int64_t herd_ns;
	uint64_t fires;     /* starts of a callback of which none was cancelled */
	int64_t run_ns;     /* that a callback runs */
	uint64_t jiffies;   /* arms of a callback for the next jiffy, a second */
	uint64_t awake;     /* idle periods of a CPU that a callback ends, a second */
	int64_t overdue_ns; /* that a callback begins beyond its time */
};
extern const struct finding_limits finding_limits_default;

/* "late=1ms": one of the names that `of` has. 0 or -EINVAL; `what` is the option's name. */
int findings_set_limit(struct finding_limits *limits, const char *text, enum finding_of of,
		       const char *what, struct error *err);

/* --- what was found --------------------------------------------------------------------- */

/* One finding: of a timer, of several of one process, or of a callback or CPU of the kernel. */
struct finding {
	enum finding_id id;
	bool has_process; /* else it is of the whole machine, or of all that was traced */
	int32_t pid;
	char comm[16];
	uint64_t timers; /* that it is about; 0: of calls, not of a timer */
	bool has_timer;  /* which, when it is one */
	char timer[16];  /* "0", "fd3", "real" */
	bool has_callback;
	char callback[64];
	bool has_cpu;
	int32_t cpu;
	uint64_t count; /* how often */
	char evidence[256];
};

struct findings {
	struct finding *list;
	size_t count, room;
};

/* Not all there was has been seen: why, in words. */
struct diagnosis_loss {
	bool incomplete;
	char evidence[256];
};

/* A zeroed one more, valid until the next; NULL when out of memory. */
struct finding *findings_add(struct findings *findings);
/* And that something was lost, if so. 0 or -ENOMEM. */
int findings_add_loss(struct findings *findings, const struct diagnosis_loss *loss);
/* The gravest first, then by kind, process, callback and CPU. */
void findings_sort(struct findings *findings);
void findings_free(struct findings *findings);

#endif
