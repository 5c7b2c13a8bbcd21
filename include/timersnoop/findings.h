/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * findings: what in the figures of timers is worth a person's attention: an id,
 * how bad it is, the evidence, and what to do. Pure.
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
	FINDING_DATA_INCOMPLETE, /* something was lost */
	FINDING_COUNT,
};

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };

/* What is known of a finding without any data. */
struct finding_kind {
	const char *id; /* "rearm-storm" */
	enum severity severity;
	const char *advice; /* a sentence that says what to do */
};
extern const struct finding_kind finding_kinds[FINDING_COUNT];

/* "info", "warning", "error" */
const char *severity_name(enum severity severity);

/* Sets of findings have a bit for each. */
#define FINDING_BIT(id) (1u << (id))
#define FINDINGS_ALL (FINDING_BIT(FINDING_COUNT) - 1)

/* An id, "any", "warning" (those and errors), "error" -> its findings; 0: none such. */
uint32_t findings_named(const char *name);
/* All names that findings_named takes: "any, warning, ..."; adds a NUL. */
#define FINDING_NAMES_MAX 320
void findings_names(char text[FINDING_NAMES_MAX]);

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
};
extern const struct finding_limits finding_limits_default;

/* "late=1ms": one of the names above. 0 or -EINVAL; `what` is the option's name. */
int findings_set_limit(struct finding_limits *limits, const char *text, const char *what,
		       struct error *err);

#endif
