/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diagnosis: figures of timers -> findings, with their evidence in words. Pure.
 */
#ifndef TIMERSNOOP_DIAGNOSIS_H
#define TIMERSNOOP_DIAGNOSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/findings.h"
#include "timersnoop/stats.h"

/* One finding: of a timer, or of several of one process. */
struct finding {
	enum finding_id id;
	bool has_process; /* else it is of the whole machine, or of all that was traced */
	int32_t pid;
	char comm[16];
	uint64_t timers;            /* that it is about; 0: of calls, not of a timer */
	bool has_timer;             /* which, when it is one */
	char timer[STAT_TIMER_MAX]; /* "0", "fd3", "real" */
	uint64_t count;             /* how often */
	char evidence[256];
};

struct findings {
	struct finding *list; /* the gravest first, then by kind and process */
	size_t count, room;
};

/* Not all there was has been seen: why, in words. */
struct diagnosis_loss {
	bool incomplete;
	char evidence[256];
};

/* Fills a zeroed `findings`, to be freed by findings_free: 0 or -ENOMEM. */
int diagnose(struct findings *findings, const struct stats *stats,
	     const struct finding_limits *limits, const struct diagnosis_loss *loss);
void findings_free(struct findings *findings);

#endif
